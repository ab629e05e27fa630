"""Progress bars: every frame of tqdm, Rich and their like.

A frame is what the bar is about (``Epoch 2/6``), how far it is (``5/22``) and what it shows beside that
(``loss=2.21``). What it shows comes in two sorts: values of the step at hand, and values of a whole epoch
(``val_loss``, ``loss_epoch``), which a bar goes on showing all through the next epoch: these count once, when they
change.
"""

from __future__ import annotations

import re
from itertools import count

from mltui.parsers.bar_values import Bar, BarValues, Drawing
from mltui.parsers.lines import Lines
from mltui.parsers.plan import Plan
from mltui.parsers.points import Points
from mltui.parsers.tokens import text_of, value_of, values_of
from mltui.parsers.vocabulary import is_evaluation

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
_DESCRIPTIONS = 4096
_BARS = 512


class Bars:
    """Finds bars in frames and reads what they show."""

    def __init__(self, points: Points, lines: Lines) -> None:
        self.points = points
        self.lines = lines
        self._bars: dict[bytes, Bar] = {}
        self._plain: set[bytes] = set()
        self._values = BarValues(points)
        """To be called for a line that is no bar and is read past the bars."""
        self._wrapped: list[bytes] = []
        """A drawn bar that waits for the lines into which its last column may be wrapped."""

    def read(self, frame: bytes) -> bytes | None:
        """Read the bar in ``frame``; what stands behind it is returned, or the frame itself if there is none."""
        if self._wrapped:
            if frame[:_WRAPPED] == b" " * _WRAPPED and frame.strip() and len(self._wrapped) < 64:
                cell, _, message = frame.strip().partition(b"    ")
                self._wrapped.append(cell)
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
            self._wrapped = [frame]
            return None
        else:
            self._values.interrupt()
            return frame
        rest = frame[found.end() :]
        return rest if rest.strip() else None

    @property
    def idle(self) -> bool:
        """No bar waits for wrapped lines."""
        return not self._wrapped

    def close(self) -> None:
        """Read the bar that was still waiting for wrapped lines."""
        frame, self._wrapped = b" ".join(self._wrapped), []
        if found := _DRAWN.search(frame):
            about = _PERCENT.sub(b"", frame[: found.start()])
            shown = b"" if _PACE.fullmatch(found[3]) else found[3]
            self._read_frame(about, _tell_apart(shown), _count(found[1]), _count(found[2]), b"")

    def finish(self) -> None:
        """Read what was still open when the log ended."""
        self.close()
        for bar in self._bars.values():
            self._values.finish(bar)

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
                epoch = values_of(text, shape.spans)[plan.epoch.index]
                self._values.read_epoch(self._bar(about), epoch, done, total)
            return
        numbers = values_of(text, shape.spans)
        if plan.inner is not None and not (plan.inner.way == "batch" and plan.inner.total is None and total):
            self.lines.apply(plan, numbers)
            return
        by_epoch = b"epoch" in rate or about.lower().startswith(b"epochs")
        checks = is_evaluation(about.decode("utf-8", "replace"))
        self._values.read(self._bar(about), Drawing(plan, numbers, done, total, by_epoch, checks))

    def _note_description(self, about: bytes, shown: bytes, plan: Plan | None, numbers: list[float]) -> None:
        if plan is not None:
            self.lines.apply(plan, numbers)
        elif not shown and not self.lines.tables.read_header(text_of(about), bar=True):
            if len(self._plain) > _DESCRIPTIONS:
                self._plain.clear()
            if len(about) < 256:
                self._plain.add(about)

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
                self.points.news.report_running(entry.series.name, x, numbers[entry.index])
        return True


def _tell_apart(shown: bytes) -> bytes:
    """``shown`` with names that were cut off to the same counted: ``val_loss/dataloa… 0.44 val_loss/dataloa… 0.80``."""
    names = _CUT_OFF.findall(shown)
    if len(set(names)) == len(names):
        return shown
    counts = {name: count() for name in names if names.count(name) > 1}
    return _CUT_OFF.sub(lambda cut: b"%s_%d" % (cut[1], next(counts[cut[1]])) if cut[1] in counts else cut[0], shown)


def _count(text: bytes) -> float:
    """The counter of a bar, which may be shortened (``1.2k``)."""
    if text[-1:].isalpha():
        return value_of(text[:-1]) * {b"k": 1e3, b"M": 1e6, b"G": 1e9, b"T": 1e12}.get(text[-1:], 1.0)
    return 0.0 if text == b"?" else value_of(text)
