"""Progress bars: every frame of tqdm, Rich and their like.

A frame is what the bar is about (``Epoch 2/6``), how far it is (``5/22``) and what it shows beside that
(``loss=2.21``). What it shows comes in two sorts: values of the step at hand, and values of a whole epoch
(``val_loss``, ``loss_epoch``), which a bar goes on showing all through the next epoch: these count once, when they
change.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from itertools import count

from mltui.parsers.lines import Lines
from mltui.parsers.plan import Entry, Plan
from mltui.parsers.points import Points
from mltui.parsers.tokens import text_of, value_of, values_of
from mltui.parsers.unchanged import Unchanged
from mltui.parsers.vocabulary import scope_of, words

_TQDM = re.compile(
    rb"(?:\d+%\|[^|]*\||\|[^|]*\|)\s*([\d.]+[kMGT]?)/([\d.]+[kMGT]?|\?)\s*"
    rb"\[[\d:. ]+<([^\[\]]*(?:\[[^\[\]]{0,40}\][^\[\]]*){0,8})(\]?)"
)
_ENDLESS = re.compile(rb"(?<!\S)(\d+)(?:it|[a-z]+) \[\d+:\d+(?::\d\d)?, ([^\]]*)(\]?)")
# The counter in front of the bar, the values behind it: ``[7/19]  37%|###, loss=2.27 [00:00<00:01]``.
_COUNTED = re.compile(rb"\[(\d+)/(\d+)\]\s+\d+%\|[^|\[,]{0,400}(?:, ([^\[]{0,400}))?\[[\d:]+<[\d:?]+\]")
# A run of line-drawing characters is tried from its beginning only: a long one costs linear time.
_DRAWN = re.compile(
    rb"(?<![\x80-\xbf])(?<![\x80-\xbf] )(?:\xe2[\x94-\x96][\x80-\xbf]){5}(?:\xe2[\x94-\x96][\x80-\xbf]| (?=\xe2))*"
    rb"\s+(?:\d+%\s+)?(\d+)/(\d+)\s(.*)"
)
# What Keras draws: the counter stands in front of the bar.
_KERAS = re.compile(rb"\s*\d+/(?:\d+|Unknown)\s+\xe2\x94")
# A name that was cut off at the edge of its column.
_CUT_OFF = re.compile(rb"(\S+)\xe2\x80\xa6")
# Behind a bar, how fast it goes and how long: ``1.3it/s 1.5s<0.6s``.
_PACE = re.compile(rb"\s*(?:[\d.]+[kM]?(?:it/s|s/it|[A-Za-z]{1,9}/s))?\s*(?:[\d.:]+s?(?:<[\d.:]+s?)?)?\s*")
_PERCENT = re.compile(rb"\d+%\s*$")
#: Blanks in front of a line that continues the last column of a bar.
_WRAPPED = 20
_LETTERS = re.compile(rb"[A-Za-z]{2}")
_PER_EPOCH = re.compile(rb"\bepochs?\b|Epochs\b", re.I)
_DESCRIPTIONS = 4096
_BARS = 512


@dataclass(slots=True)
class Bar:
    """A bar that is drawn again and again."""

    done: float = -1.0
    """Its own counter in the last frame."""
    step: float = 0.0
    """The step that the last values belong to; a bar's counter may lag behind its values."""
    draws: int = 0
    """How often it was drawn since its counter last moved."""
    reported_draw: int = 0
    """Which of these drawings the last step was reported of, where the counter lags behind the values; else 0."""
    epoch: float | None = None
    previous: float | None = None
    """The epoch before."""
    begun: bool = False
    """It has moved since this epoch's beginning."""
    run: int = 1
    """How often it began anew."""
    complete: bool = False
    values: dict[str, float] = field(default_factory=dict)
    reported: dict[str, float] = field(default_factory=dict)
    """The epoch for which each epoch value was last reported."""
    entries: dict[str, tuple[Plan, Entry]] = field(default_factory=dict)
    moving: set[str] = field(default_factory=set)
    """Names whose values changed on the way: they are a step's, not an epoch's."""
    settled: set[str] = field(default_factory=set)
    """Names without a word that says so, whose values have changed between epochs alone."""
    unchanged: Unchanged = field(default_factory=Unchanged)
    shown: tuple[Plan, list[float], float, bool] | None = None
    """The last values of a step: their plan, the numbers, the bar's total, whether it counts epochs."""

    def enter(self, epoch: float | None, done: float) -> None:
        """The frame at hand is one of ``epoch``, ``done`` steps into it."""
        if epoch != self.epoch:
            self.previous, self.epoch, self.begun = self.epoch, epoch, False
        self.begun = self.begun or done > 0


class Bars:
    """Finds bars in frames and reads what they show."""

    def __init__(self, points: Points, lines: Lines) -> None:
        self.points = points
        self.lines = lines
        self._bars: dict[bytes, Bar] = {}
        self._plain: set[bytes] = set()
        self._last: Bar | None = None
        """The bar that the last frame belonged to, if that frame was a bar."""
        self._open: list[bytes] = []
        """A drawn bar that waits for the lines into which its last column may be wrapped."""

    def read(self, frame: bytes, final: bool) -> bytes | None:
        """Read the bar in ``frame``; what stands behind it is returned, or the frame itself if there is none."""
        if self._open:
            if frame[:_WRAPPED] == b" " * _WRAPPED and frame.strip() and len(self._open) < 64:
                cell, _, message = frame.strip().partition(b"    ")
                self._open.append(cell)
                if not message:
                    return None
                self.close()
                return message.lstrip()  # It was printed where the bar's last column ends.
            self.close()
        if b"|" in frame and (found := _TQDM.search(frame)):
            self._read_tqdm(frame[: found.start()], found[1], found[2], found[3], found[4] == b"]")
        elif b"%|" in frame and (found := _COUNTED.search(frame)):
            self._read_frame(frame[: found.start()], (found[3] or b"").strip(), _count(found[1]), _count(found[2]), b"")
        elif b"/s" in frame and (found := _ENDLESS.search(frame)) and b"/s" in found[2]:
            self._read_tqdm(frame[: found.start()], found[1], b"?", b"0, " + found[2], found[3] == b"]")
        elif b" \xe2\x94" in frame and not _KERAS.match(frame) and _DRAWN.search(frame):
            self._open = [frame]
            return None
        else:
            self._last = None
            return frame
        rest = frame[found.end() :]
        return rest if rest.strip() else None

    def interrupt(self) -> None:
        """A line that is no bar was read past the bars."""
        self._last = None

    @property
    def idle(self) -> bool:
        """No bar waits for wrapped lines."""
        return not self._open

    def close(self) -> None:
        """Read the bar that was still waiting for wrapped lines."""
        frame, self._open = b" ".join(self._open), []
        if found := _DRAWN.search(frame):
            about = _PERCENT.sub(b"", frame[: found.start()])
            shown = b"" if _PACE.fullmatch(found[3]) else found[3]
            self._read_frame(about, _tell_apart(shown), _count(found[1]), _count(found[2]), b"")

    def finish(self) -> None:
        """Read what was still open when the log ended."""
        self.close()
        for bar in self._bars.values():
            self._begin_again(bar)

    def _read_tqdm(self, about: bytes, done: bytes, total: bytes, rest: bytes, closed: bool) -> None:
        parts = rest.split(b", ", 2)
        postfix = parts[2] if len(parts) > 2 else b""
        if not closed:
            # Cut at the terminal's edge: the last value may be half a number.
            postfix = postfix.rpartition(b", ")[0]
        rate = parts[1] if len(parts) > 1 else b""
        self._read_frame(about, postfix, _count(done), _count(total), rate)

    def _read_frame(self, about: bytes, shown: bytes, done: float, total: float, rate: bytes) -> None:
        about = about.strip()
        if not shown and about in self._plain:
            return
        if not _LETTERS.search(about) and about and b"|" not in about and self._read_row(about, done, total):
            return
        text = about + b", " + shown
        shape = self.lines.shape_of(text, bar=True)
        plan = shape.plan
        if plan is None or not plan.entries:
            self._note_description(about, shown, plan, values_of(text, shape.spans))
            if plan is not None and plan.epoch is not None and plan.inner is None:
                self._note_epoch(self._bar(about), values_of(text, shape.spans)[plan.epoch.index], done, total)
            return
        numbers = values_of(text, shape.spans)
        if plan.inner is not None and not (plan.inner.way == "batch" and plan.inner.total is None and total):
            self.lines.apply(plan, numbers)
            return
        by_epoch = b"epoch" in rate or about.lower().startswith(b"epochs")
        checks = scope_of(about.decode("utf-8", "replace")) in ("val", "test")
        self._read_values(self._bar(about), plan, numbers, done, total, by_epoch, checks)

    def _note_description(self, about: bytes, shown: bytes, plan: Plan | None, numbers: list[float]) -> None:
        if plan is not None:
            self.lines.apply(plan, numbers)
        elif not shown and not self.lines.tables.read_header(text_of(about), bar=True):
            if len(self._plain) > _DESCRIPTIONS:
                self._plain.clear()
            if len(about) < 256:
                self._plain.add(about)

    def _note_epoch(self, bar: Bar, epoch: float, done: float, total: float) -> None:
        """A frame without values: the epoch that the values in the next frames may still speak of."""
        if done < bar.done or (bar.epoch is not None and epoch != bar.epoch):
            self._begin_again(bar)
        bar.enter(epoch, done)
        bar.done, bar.complete = done, bool(total) and done >= total

    def _bar(self, about: bytes) -> Bar:
        key = about.translate(None, b"0123456789+-.")
        found = self._bars.get(key)
        if found is None:
            if len(self._bars) > _BARS:
                self._bars.clear()
            found = self._bars[key] = Bar()
        return found

    # Rows of a table in front of a bar: the last frame's row is the epoch's.

    def _read_row(self, about: bytes, done: float, total: float) -> bool:
        about = about.rstrip(b": ")
        found = self.lines.tables.row_plan(text_of(about), bar=True)
        if found is None or not found[0].entries:
            return False
        plan = found[0]
        numbers = values_of(about, found[1])
        if plan.epoch is None or done >= total:
            self.lines.apply(plan, numbers)
            return True
        if total:
            x = numbers[plan.epoch.index] - 1 + done / total
            for entry in plan.entries:
                self.points.report_running(entry.series.name, x, numbers[entry.index])
        return True

    # Values beside a bar.

    def _read_values(
        self, bar: Bar, plan: Plan, numbers: list[float], done: float, total: float, by_epoch: bool, checks: bool
    ) -> None:
        context = self.points.context
        epoch = plan.epoch_of(numbers) if plan.epoch is not None else context.epoch if context.header else None
        if (
            plan.epoch is not None
            and bar.epoch is not None
            and epoch is not None
            and epoch < bar.epoch
            and done >= total > 0
        ):
            return  # A finished bar that stays on the screen and is drawn again with it.
        bar.draws = bar.draws + 1 if done == bar.done else 1
        if done == 0 and not bar.values and not any(numbers[entry.index] for entry in plan.entries):
            bar.done = 0.0
            return  # Nothing has been measured yet.
        if done < bar.done or (plan.epoch is not None and bar.epoch is not None and epoch != bar.epoch):
            self._begin_again(bar)
        bar.enter(epoch, done)
        if epoch is not None and plan.epoch is not None:
            context.enter_epoch(epoch)
            self.points.arrived("epoch", epoch, measures=False)
        steps: list[Entry] = []
        news, late = False, False
        for entry in plan.entries:
            name, value = entry.series.name, numbers[entry.index]
            new = bar.values.get(name) != value
            bar.values[name] = value
            if epoch is not None and checks:
                self._checked_value(bar, plan, entry, value, epoch, done / total if total else 0.0)
            elif epoch is not None and (_of_epoch(name) or _settles(bar, plan, name, new, done, total)):
                bar.entries[name] = (plan, entry)
                # At the very beginning of a bar it is the last epoch's, or a sanity check's if there was none.
                at = epoch if bar.begun else bar.previous
                if new and at is not None:
                    self._epoch_value(bar, name, value, at)
                    late = late or at != epoch
            else:
                steps.append(entry)
                news = news or new
        if late and bar.previous is not None:
            self._same_again(bar, bar.previous)
            bar.step = -1.0  # What it shows of a step is late too: it is the last epoch's last step.
        # Where the counter lags behind the values, the same values drawn twice in a row are two steps; elsewhere they
        # are a redrawn frame.
        lags = done < bar.step or bar.draws == bar.reported_draw
        again = self._last is bar and done == bar.done and bar.step < total and lags
        self._last = bar
        bar.done, bar.complete = done, bool(total) and done >= total
        if steps and (news or again):
            self._stayed(bar, bar.unchanged.changed(max(done, bar.step + 1)))
            self._step_values(bar, plan, steps, numbers, done, total, by_epoch)
            bar.reported_draw = bar.draws if done < bar.step else 0
        elif steps and done > bar.step and bar.draws == 1:
            self._stayed(bar, bar.unchanged.still(done))

    def _checked_value(self, bar: Bar, plan: Plan, entry: Entry, value: float, epoch: float, share: float) -> None:
        """A value of a bar over validation data: the mean so far, and the epoch's value when the bar is full."""
        name = entry.series.name
        bar.entries[name] = (plan, entry)
        if share < 1:
            self.points.report_running(name, epoch - 1 + share, value)
        elif bar.reported.get(name) != epoch:
            self._epoch_value(bar, name, value, epoch)

    def _begin_again(self, bar: Bar) -> None:
        """The bar starts over: an epoch value that was measured anew and came out the same is a point too."""
        changed = {scope_of(name) for name, at in bar.reported.items() if at == bar.epoch}
        for name in bar.entries if bar.complete and bar.epoch is not None else ():
            if bar.reported.get(name) != bar.epoch and scope_of(name) in changed and bar.epoch is not None:
                self._epoch_value(bar, name, bar.values[name], bar.epoch)
        self._stayed(bar, bar.unchanged.end())
        bar.run += 1
        bar.step = 0.0
        bar.done = -1.0

    def _same_again(self, bar: Bar, epoch: float) -> None:
        """The values of ``epoch`` came late, with the next one's first frame: those that did not change are points."""
        changed = {scope_of(name) for name, at in bar.reported.items() if at == epoch}
        for name in bar.entries:
            if bar.reported.get(name) != epoch and scope_of(name) in changed:
                self._epoch_value(bar, name, bar.values[name], epoch)

    def _epoch_value(self, bar: Bar, name: str, value: float, epoch: float) -> None:
        bar.reported[name] = epoch
        self.points.report_epoch(bar.entries[name][1].series, epoch, value)

    def _step_values(
        self, bar: Bar, plan: Plan, steps: list[Entry], numbers: list[float], done: float, total: float, by_epoch: bool
    ) -> None:
        bar.step = max(done, bar.step + 1)
        if total:
            bar.step = min(bar.step, total)
        shown = plan if len(steps) == len(plan.entries) else replace(plan, entries=steps)
        bar.shown = (shown, numbers, total, by_epoch)
        self._place(bar, bar.step)
        self.points.training_went_on()

    def _stayed(self, bar: Bar, steps: list[float]) -> None:
        """The values of the last step were those of ``steps`` after it, too."""
        for step in steps if bar.shown else ():
            bar.step = step
            self._place(bar, step)

    def _place(self, bar: Bar, step: float) -> None:
        """Report the values shown at a step of the bar's run."""
        if bar.shown is None:
            return
        plan, numbers, total, by_epoch = bar.shown
        context = self.points.context
        index = bar.run - 1 if plan.epoch is None or bar.epoch is None else context.epoch_index(bar.epoch)
        x = step if by_epoch else index * total + step
        axis = context.axis_in_fold("epoch" if by_epoch else "step")
        if by_epoch:
            context.enter_epoch(x)
        else:
            context.reach(axis, x)
        self.points.report(plan, axis, x, numbers, redrawn=True)


def _tell_apart(shown: bytes) -> bytes:
    """``shown`` with names that were cut off to the same counted: ``val_loss/dataloa… 0.44 val_loss/dataloa… 0.80``."""
    names = _CUT_OFF.findall(shown)
    if len(set(names)) == len(names):
        return shown
    counts = {name: count() for name in names if names.count(name) > 1}
    return _CUT_OFF.sub(lambda cut: b"%s_%d" % (cut[1], next(counts[cut[1]])) if cut[1] in counts else cut[0], shown)


def _settles(bar: Bar, plan: Plan, name: str, new: bool, done: float, total: float) -> bool:
    """Whether a value whose name does not say so is an epoch's: it changes when an epoch ends, and only then."""
    if new and 0 < done < total:
        bar.moving.add(name)
        bar.settled.discard(name)
    if name in bar.moving or words(name)[-1:] == ("step",):
        return False
    if new and (
        (not bar.begun and bar.previous is not None)
        or (done >= total > 0 and any(_of_epoch(entry.series.name) for entry in plan.entries))
    ):
        bar.settled.add(name)
    return name in bar.settled


def _of_epoch(name: str) -> bool:
    return scope_of(name) in ("val", "test") or words(name)[-1:] == ("epoch",)


def _count(text: bytes) -> float:
    """The counter of a bar, which may be shortened (``1.2k``)."""
    if text[-1:].isalpha():
        return value_of(text[:-1]) * {b"k": 1e3, b"M": 1e6, b"G": 1e9, b"T": 1e12}.get(text[-1:], 1.0)
    return 0.0 if text == b"?" else value_of(text)
