"""Progress bars: every frame of tqdm, Rich and their like.

A frame is what the bar is about (``Epoch 2/6``), how far it is (``5/22``) and what it shows beside that
(``loss=2.21``). What it shows comes in two sorts: values of the step at hand, and values of a whole epoch
(``val_loss``, ``loss_epoch``), which a bar goes on showing all through the next epoch: these count once, when they
change.
"""

from __future__ import annotations

import re
from itertools import count
from typing import NamedTuple

from mltui.parsers.bars.bar_state import Bar, Layout
from mltui.parsers.bars.bar_values import BarValues
from mltui.parsers.front.known import Known
from mltui.parsers.lines.lines import Lines, bar_key
from mltui.parsers.lines.shapes import Shape
from mltui.parsers.points.points import Points
from mltui.parsers.words.keys import key_of
from mltui.parsers.words.roles import is_evaluation
from mltui.parsers.words.tokens import text_of
from mltui.parsers.words.values import Numbers, Span, cut_at, short_values_of, values_of

# A number is tried from its first digit only: a long one costs linear time.
_TQDM = re.compile(
    rb"(?:(?<!\d)\d+%\|[^|]*\||\|[^|]*\|)\s*([\d.]+[kMGT]?)/([\d.]+[kMGT]?|\?)\s*"
    rb"\[[\d:. ]+<([^\[\]]*(?:\[[^\[\]]{0,40}\][^\[\]]*){0,8})(\]?)"
)
_ENDLESS = re.compile(rb"(?<!\S)(\d+)(?:it|[a-z]+) \[\d+:\d+(?::\d\d)?, ([^\]]*)(\]?)")
# The counter in front of the bar, the values behind it: ``[7/19]  37%|###, loss=2.27 [00:00<00:01]``.
_COUNTED = re.compile(rb"\[(\d+)/(\d+)\]\s+\d+%\|[^|\[,]{0,400}(?:, ([^\[]{0,400})|())\[[\d:]+<[\d:?]+\]")
# Without time and rate: ``ep 1 |####      | 9/30 , loss=1.1``, `` 30%|###| 9/30 loss=1.1``. The bars of alive-progress
# have something that moves in front of the counter: ``ep 1 |###   | ▂▄▆ 9/30 [30%] in 0s (~1s, 9.9/s) loss=1.1``; those
# of progressbar2 say `` 30% |###   | 9 of 30 loss: 1.1``.
_TIMELESS = re.compile(
    rb"(?:(?<!\d)\d+%\|(?:\xe2\x96[\x80-\x9f]|[# ])*|(?<=[^|\s]) ?\|(?:\xe2\x96[\x80-\x9f]|[# ]){6,})\|"
    rb"\s*(?:\S{1,16} (?=\d+/\d+ \[\d+%\] in ))?(\d+)(?:/| of +)(\d+)(?![\w.%/])"
    rb"(?: \[\d+%\] in \S+ (?:\([^()]*\))?)?[ ,]*(?![ ,])([^|\[]*)$"
)
# As progressbar2 draws them by itself, `` 30% (9 of 30) |###   | Elapsed Time: 0:00:01 ETA:  0:00:02,
# loss: 1.1``, and with its pieces in another order: ``9 of 30  30% |###   | loss: 1.1 ETA:  0:00:02``.
_OF_TOTAL = re.compile(
    rb"(?:(?<!\d)\d+% +)?(?:\((\d+) of (\d+)\)|(?<![\d.])(\d+) of (\d+) +\d+%) \|[# ]*\|\s*"
    rb"(?:Elapsed Time:\s+[\d:]+\s*)?(?:(?:ETA|Time):\s+[-\d:]+)?[ ,]*(.*?)(?:(?<=\S)\s+(?:ETA|Time):\s+[-\d:]+|$)"
)
# A run of line-drawing characters is tried from its beginning only: a long one costs linear time.
_DRAWN = re.compile(
    rb"(?<![\x80-\xbf])(?<![\x80-\xbf] )(?:\xe2[\x94-\x96][\x80-\xbf]){5}(?:\xe2[\x94-\x96][\x80-\xbf]| (?=\xe2))*"
    rb"\s+(?:\d+%\s+)?(\d+)/(\d+)\s(.*)"
)
# The first step of such a bar may be the half of a line: ``╸━━━━``.
_MAY_BE_DRAWN = re.compile(rb" \xe2[\x94\x95]").search
# What Keras draws: the counter stands in front of the bar.
_KERAS = re.compile(rb"\s*\d+/(?:\d+|Unknown)\s+\xe2\x94")
# A name that was cut off at the edge of its column.
_CUT_OFF = re.compile(rb"(?<!\S)(\S+)\xe2\x80\xa6")
# Behind a bar, how fast it goes and how long: ``1.3it/s 1.5s<0.6s``.
_PACE = re.compile(rb"\s*(?:[\d.]+[kM]?(?:it/s|s/it|[A-Za-z]{1,9}/s)\s*)?(?:[\d.:]+s?(?:<[\d.:]+s?)?\s*)?")
_PERCENT = re.compile(rb"(?<!\d)\d+%\s*$")
#: Blanks in front of a line that continues the last column of a bar.
_WRAPPED = 20
_DIGIT = re.compile(rb"\d")
_LETTERS = re.compile(rb"[A-Za-z]{2}")
_DECIMAL = re.compile(rb"\d\.\d")
#: Bars that are kept, of the log and of each of those that print into it.
_BARS, _BARS_OF_ONE = 512, 64
#: What a bar is about that says nothing of it, but runs in an epoch behind another one like it: validation data.
_SECOND = b"val"
#: Bytes that a form takes, and a description.
_FORM_SIZE, _DESCRIPTION_SIZE = 1000, 150
# A single byte is found much faster by its number.
_BAR, _SLASH = b"|/"
# What a bar is filled with.
_FILL = "█▉▊▋▌▍▎▏# ".encode()


class _Drawn(NamedTuple):
    """Where in a frame a bar says what, in the order in which it stands there."""

    about: Span
    """What it is about, in front of it."""
    done: Span
    total: Span | None
    """``None`` for a bar without an end."""
    shown: Span
    """What it shows beside how far it is."""
    end: int
    by_epoch: bool = False
    """Its rate counts epochs."""


class _Form:
    """How bars of one shape are drawn: where in the frame they say what, and what follows from the shape alone."""

    __slots__ = (
        *("_counts", "about", "behind", "by_epoch", "checks", "counts", "cut", "in_table", "key", "layout", "name"),
        *("shape", "shown", "silent"),
    )

    def __init__(self, frame: bytes, drawn: _Drawn) -> None:
        self.about, self.shown = drawn.about, drawn.shown
        about, shown = self.texts(frame)
        self._counts = [drawn.done] if drawn.total is None else [drawn.done, drawn.total]
        self.counts = cut_at(self._counts)
        """Cuts out how far it is, and of how many if it says so."""
        self.behind = drawn.end if frame[drawn.end :].strip() else None
        """Where it ends, if something else stands behind it."""
        self.by_epoch = drawn.by_epoch or about.lower().startswith(b"epochs")
        """It counts epochs."""
        self.checks = is_evaluation(_DECIMAL.split(about, maxsplit=1)[0].decode("utf-8", "replace"))
        """It runs over validation or test data: so it says in front of all that it measures."""
        self.in_table = bool(about) and not _LETTERS.search(about) and b"|" not in about
        """What it is about is no more than numbers: they may be the row of a table."""
        self.name = about.translate(None, b"0123456789+-. ")
        """What it is about without digits and blanks: frames of one name are the same bar's."""
        self.silent = about if not shown and not _DIGIT.search(about) else None
        """What it is about, if frames of this form say nothing else."""
        self.key = bar_key(about + b", " + shown)
        """The shape of what it says, without how far it is."""
        self.shape: Shape | None = None
        """What that shape is, once it is known by its key alone."""
        self.layout: Layout | None = None
        """What its numbers are then, …"""
        self.cut = self.counts
        """… which this cuts out: those of the shape's plan, with how far it is between those in front and behind."""

    def texts(self, frame: bytes) -> tuple[bytes, bytes]:
        """What a ``frame`` of this form is about, and what it shows."""
        (a, b), (c, d) = self.about, self.shown
        return frame[a:b], frame[c:d]

    def learn(self, shape: Shape | None) -> None:
        """What frames of this form say is of this ``shape``: all their numbers can be cut out at once from now on."""
        if shape is None or shape.plan is None or shape.plan.inner is not None or self.in_table:
            return  # What stands in front of it may be something else.
        start, end = self.about[0], self.about[1] - self.about[0]  # In the text of the shape; behind it stands ", ".
        to_shown = self.shown[0] - end - 2
        about = [(a + start, b + start) for a, b in shape.spans if b <= end]
        shown = [(a + to_shown, b + to_shown) for a, b in shape.spans if b > end]
        self.shape, self.cut = shape, cut_at([*about, *self._counts, *shown])
        plan = shape.plan.with_more(len(shape.spans), len(about), len(self._counts))
        total = len(about) + 1 if len(self._counts) == 2 else None
        self.layout = Layout(plan, len(about), total, self.by_epoch, self.checks)


class Bars:
    """Finds bars in frames and reads what they show."""

    def __init__(self, points: Points, lines: Lines, who: str = "") -> None:
        self.points = points
        self.lines = lines
        self._bars: dict[bytes, Bar] = {}
        self._most = _BARS_OF_ONE if who else _BARS
        self._forms: Known[_Form] = Known(points.budget, _FORM_SIZE)
        self._plain: set[bytes] = set()
        self._first_total = 0.0
        """Of bars without a name two run in each epoch: how far the first one goes, or 0 while there is one alone."""
        self._share = points.budget.share(self._plain.clear)
        self._values = BarValues(points)
        self._shape = lines.known_shape
        self.drawing = False
        """The last line was a bar."""
        self.waiting: list[bytes] = []
        """A drawn bar that waits for the lines into which its last column may be wrapped."""

    def read_known(self, frame: bytes, key: bytes) -> bytes | None:
        """Read the bar in ``frame`` if its shape ``key`` is known to have one.

        What stands behind it is returned, or the frame itself if nothing is known of it.
        """
        form = self._forms.get(key)
        if form is None or self.waiting:
            return frame
        layout = form.layout
        if layout is not None and self._shape(form.key) is form.shape and (form.name or not self._first_total):
            self.drawing = True  # Nearly all frames.
            if layout.plan.entries:
                bar = self._bars.get(form.name) or self._bar(form.name)
                if not self._values.read(bar, layout, short_values_of(frame, form.cut), not form.name):
                    self._first_total = bar.total
                    self._read_frame(frame, form)
            else:
                self._read_epoch(form, layout, short_values_of(frame, form.cut))
        elif form.silent in self._plain:
            self.drawing = True
        else:
            self._read_frame(frame, form)
        return None if form.behind is None else frame[form.behind :]

    def read(self, frame: bytes) -> bytes | None:
        """Read the bar in ``frame``; what stands behind it is returned, or the frame itself if there is none."""
        if self.waiting:
            if frame[:_WRAPPED] == b" " * _WRAPPED and frame.strip() and len(self.waiting) < 64:
                cell, _, message = frame.strip().partition(b"    ")
                self.waiting.append(cell)
                if not message:
                    return None
                self._read_waiting()
                return message.lstrip()  # It was printed where the bar's last column ends.
            self._read_waiting()
        drawn = _find(frame)
        if drawn is None:
            if not frame.isascii() and _MAY_BE_DRAWN(frame) and not _KERAS.match(frame) and _DRAWN.search(frame):
                self.drawing, self.waiting = True, [frame]
                return None
            self.interrupt(frame)
            return frame
        form = _Form(frame, drawn)
        self._forms.keep(key_of(frame), form)
        self._read_frame(frame, form)
        return None if form.behind is None else frame[form.behind :]

    def interrupt(self, line: bytes) -> None:
        """A ``line`` that is no bar was read."""
        self.drawing = False
        self._values.interrupt()
        if line.strip():
            self._values.end_check()

    def close(self) -> None:
        """Read what was still open when the log ended."""
        self._read_waiting()
        for bar in self._bars.values():
            self._values.finish(bar)

    def _read_waiting(self) -> None:
        """Read the bar that was still waiting for wrapped lines."""
        frame, self.waiting = b" ".join(self.waiting), []
        if found := _DRAWN.search(frame):
            frame = frame[: found.start(3)] + (b"" if _PACE.fullmatch(found[3]) else _tell_apart(found[3]))
            about = _stripped(frame, 0, len(_PERCENT.sub(b"", frame[: found.start()])))
            end = len(frame)
            drawn = _Drawn(about, found.span(1), found.span(2), (found.start(3), end), end)
            self._read_frame(frame, _Form(frame, drawn))

    def _read_frame(self, frame: bytes, form: _Form) -> None:
        self.drawing = True
        about, shown = form.texts(frame)
        if not shown and about in self._plain:
            return
        counts = values_of(frame, form.counts)
        done, total = counts if len(counts) == 2 else (counts[0], 0.0)
        if form.in_table and self._read_row(about, done, total):
            return
        name, key, checks = form.name, form.key, form.checks
        if not name and self._first_total not in (0.0, total):
            name = about = _SECOND
            key, checks = bar_key(about + b", " + shown), True
        text = about + b", " + shown
        shape = self.lines.shape_of_bar(text, key)
        plan, numbers = shape.plan, values_of(text, shape.cut)
        if plan is None:
            self._note_description(about, shown)
        elif plan.inner is not None and not (
            plan.entries and plan.inner.way == "batch" and plan.inner.total is None and total
        ):
            self.lines.apply(plan, numbers)
        else:
            at = len(numbers)
            layout = Layout(plan, at, at + 1, form.by_epoch, checks)
            if plan.entries:
                bar = self._bar(name)
                if not self._values.read(bar, layout, (*numbers, done, total), not (name or self._first_total)):
                    self._first_total = bar.total
                    self._read_frame(frame, form)
            else:
                self._read_epoch(form, layout, (*numbers, done, total))
        form.learn(self._shape(form.key))

    def _read_epoch(self, form: _Form, layout: Layout, numbers: Numbers) -> None:
        """Read a frame that shows no values, but may say in which epoch it is."""
        plan = layout.plan
        self.lines.apply(plan, numbers)
        if plan.epoch is not None:
            total = 0.0 if layout.total is None else numbers[layout.total]
            self._values.read_epoch(self._bar(form.name), numbers[plan.epoch.index], numbers[layout.done], total)

    def _note_description(self, about: bytes, shown: bytes) -> None:
        if not shown and not self.lines.read_header_of_bar(text_of(about)) and len(about) < 256:
            self._share.take(len(about) + _DESCRIPTION_SIZE)
            self._plain.add(about)

    def _bar(self, name: bytes) -> Bar:
        found = self._bars.get(name)
        if found is None:
            if len(self._bars) >= self._most:
                self._bars.clear()
            found = self._bars[name] = Bar(fold=self.points.context.fold)
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


def unfilled(frame: bytes) -> bytes:
    """``frame`` with its bar drawn empty, so that all states of a bar have one shape."""
    before, _, rest = frame.partition(b"|")
    fill, end, behind = rest.partition(b"|")
    is_bar = end and before[-1:] == b"%" and not fill.strip(_FILL)
    return before + b"||" + behind if is_bar else frame


def _find(frame: bytes) -> _Drawn | None:
    """The bar in ``frame``, if there is one."""
    if _BAR in frame and (found := _TQDM.search(frame)):
        start, end = found.span(3)
        paced = frame.find(b", ", start, end)
        rate, shown = _beside(frame, paced + 2 if paced >= 0 else end, end, cut_off=not found[4])
        total = None if found[2] == b"?" else found.span(2)
    elif _BAR in frame and (found := _COUNTED.search(frame)):
        rate, shown, total = b"", _stripped(frame, *found.span(found.lastindex or 0)), found.span(2)
    elif _BAR in frame and (found := _TIMELESS.search(frame)):
        rate, shown, total = b"", _stripped(frame, *found.span(3)), found.span(2)
    elif _BAR in frame and (found := _OF_TOTAL.search(frame)):
        at = 1 if found[1] is not None else 3
        shown = _stripped(frame, *found.span(5))
        return _Drawn(_stripped(frame, 0, found.start()), found.span(at), found.span(at + 1), shown, found.end())
    elif _SLASH in frame and (found := _ENDLESS.search(frame)) and b"/s" in found[2]:
        rate, shown = _beside(frame, *found.span(2), cut_off=not found[3])
        total = None
    else:
        return None
    return _Drawn(_stripped(frame, 0, found.start()), found.span(1), total, shown, found.end(), b"epoch" in rate)


def _beside(frame: bytes, start: int, end: int, cut_off: bool) -> tuple[bytes, Span]:
    """The rate that begins at ``start``, and where the values behind it stand.

    Where they are ``cut_off`` at the terminal's edge, the last one may be half a number, and is left out.
    """
    comma = frame.find(b", ", start, end)
    if comma < 0:
        return frame[start:end], (end, end)
    if cut_off:
        end = max(comma + 2, frame.rfind(b", ", comma + 2, end))
    return frame[start:comma], (comma + 2, end)


def _stripped(frame: bytes, start: int, end: int) -> Span:
    """Where ``frame[start:end]`` stands without the blanks around it."""
    text = frame[start:end]
    start += len(text) - len(text.lstrip())
    return start, start + len(text.strip())


def _tell_apart(shown: bytes) -> bytes:
    """``shown`` with names that were cut off to the same counted: ``val_loss/dataloa… 0.44 val_loss/dataloa… 0.80``."""
    names = _CUT_OFF.findall(shown)
    if len(set(names)) == len(names):
        return shown
    counts = {name: count() for name in names if names.count(name) > 1}
    return _CUT_OFF.sub(lambda cut: b"%s_%d" % (cut[1], next(counts[cut[1]])) if cut[1] in counts else cut[0], shown)
