"""From columns of values to ink in dots: the guard in front of the drawing library.

Whatever the values were, every dot that leaves here is a whole number inside the canvas.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from mltui.domain.curve import Column
from mltui.domain.scale import Scale
from mltui.ui.widgets.chart_model import Vertex

BLANK = 0x2800
"""The braille character without dots; the bits of its code above this are the dots."""
_DOT = ((0x01, 0x02, 0x04, 0x40), (0x08, 0x10, 0x20, 0x80))
"""The bit of each dot of a cell: left column from the top, right column from the top."""
_HIDDEN = 4
"""A curve that others cover in so many columns one after the other shows through."""
_INKED = re.compile("[\u2801-\u28ff]+")


class Stroke(NamedTuple):
    """The dots of one column: where the curve comes in and goes out, and how far up and down it went."""

    x: int
    entry: int
    top: int
    bottom: int
    leave: int


class Ink(NamedTuple):
    """What a curve puts on the canvas: strokes of whole columns, and lines between those that do not touch."""

    vertices: list[Vertex]
    bars: list[tuple[int, int, int]]
    """Column, top and bottom of each stroke."""


def dot(value: float, scale: Scale, dots: int) -> int:
    """The row of dots of a value: 0 at the scale's high end, ``dots - 1`` at its low end, outside beyond these."""
    return dots - 1 - scale.indexes((value,), dots - 1)[0]


def strokes(columns: Sequence[Column], scale: Scale, dots: int) -> list[Stroke]:
    """Each column in dots, on an axis of ``dots`` rows."""
    last = dots - 1
    at, first, low, high, leave = zip(*columns, strict=True) if columns else ((),) * 5
    entry, bottom, top, end = (scale.indexes(values, last) for values in (first, low, high, leave))
    places = zip(at, entry, top, bottom, end, strict=True)
    return [Stroke(x, last - a, last - t, last - b, last - z) for x, a, t, b, z in places]


def ink(paths: Iterable[Sequence[Stroke]], height: int) -> Ink:
    """The ink of the stretches of one curve on a canvas of ``height`` dots, cut to it.

    Columns whose strokes touch are not joined by a line: the eye sees none. A line that is higher than wide is made of
    strokes too. The drawing library, which takes a microsecond a dot, is left with lines of few dots.
    """
    found = Ink([], [])
    for path in paths:
        before: Stroke | None = None
        for stroke in path:
            if before is not None and not _touch(before, stroke):
                _join(found, before, stroke, height - 1)
            if stroke.top < height and stroke.bottom >= 0:
                found.bars.append((stroke.x, max(stroke.top, 0), min(stroke.bottom, height - 1)))
            before = stroke
    return found


def _touch(a: Stroke, b: Stroke) -> bool:
    return b.x - a.x <= 1 and a.top - 1 <= b.bottom and b.top - 1 <= a.bottom


def _join(found: Ink, a: Stroke, b: Stroke, last: int) -> None:
    """The line from where ``a`` goes out to where ``b`` comes in, cut to the canvas's rows."""
    start, stop = _cut(a.x, a.leave, b.x, b.entry, last), _cut(b.x, b.entry, a.x, a.leave, last)
    if start is None or stop is None:
        return
    if abs(stop[1] - start[1]) > stop[0] - start[0]:
        found.bars.extend(_steep(*start, *stop))
        return
    here = found.vertices[-1] if found.vertices else None
    if here is None or (here.x, here.y) != start:
        found.vertices.append(Vertex(*start, False))
    found.vertices.append(Vertex(*stop, True))


def _steep(x0: int, y0: int, x1: int, y1: int) -> Iterator[tuple[int, int, int]]:
    """A line that is higher than wide as one vertical stroke in each of its columns."""
    wide, step = x1 - x0, 1 if y1 > y0 else -1
    at = y0
    for i in range(wide + 1):
        end = y1 if i == wide else y0 + round((y1 - y0) * (i + 0.5) / wide)
        yield x0 + i, min(at, end), max(at, end)
        at = end + step if end != y1 else y1


def _cut(x: int, y: int, other_x: int, other_y: int, last: int) -> tuple[int, int] | None:
    """The end at ``x, y`` of a line, moved along it to the nearest canvas row; ``None`` if the line misses them all."""
    if 0 <= y <= last:
        return x, y
    edge = 0 if y < 0 else last
    if (y < 0) == (other_y < 0) and (y > last) == (other_y > last):
        return None
    return x + round((other_x - x) * (edge - y) / (other_y - y)), edge


class Dots:
    """The dots of one curve on ``width`` × ``height`` cells."""

    def __init__(self, width: int, height: int) -> None:
        self.columns = [[0] * height for _ in range(width)]
        """The dots of every cell, as the bits of a braille character, column by column from the top."""
        self.taken = [0] * width
        """The cells of each column that have dots: bit 0 is the topmost."""

    def add_rows(self, rows: Sequence[str]) -> None:
        """The braille characters of a drawn canvas."""
        for y, row in enumerate(rows):
            for run in _INKED.finditer(row):
                for x, char in enumerate(run.group(), run.start()):
                    self.columns[x][y] |= ord(char) - BLANK
                    self.taken[x] |= 1 << y

    def add_bars(self, bars: Iterable[tuple[int, int, int]]) -> None:
        """Vertical strokes: column, top and bottom in dots, all inside the canvas."""
        for x, top, bottom in bars:
            bits, column = _DOT[x & 1], self.columns[x >> 1]
            first, last = top >> 2, bottom >> 2
            self.taken[x >> 1] |= (2 << last) - (1 << first)
            if first == last:
                column[first] |= sum(bits[top & 3 : (bottom & 3) + 1])
                continue
            column[first] |= sum(bits[top & 3 :])
            column[last] |= sum(bits[: (bottom & 3) + 1])
            whole = sum(bits)
            column[first + 1 : last] = [cell | whole for cell in column[first + 1 : last]]

    def rows(self) -> list[tuple[int, ...]]:
        """The dots of every cell, as the bits of a braille character, row by row."""
        return list(zip(*self.columns, strict=True))


def turns(layers: Sequence[Dots]) -> list[list[int]]:
    """Of curves that lie one over the other, the first at the back: in which columns each is to be drawn in front.

    A cell has one colour. Where a curve has no cell left for a stretch, it and those that cover it take turns, a column
    each: two curves that run together are both seen, as dotted lines.
    """
    found: list[list[int]] = [[] for _ in layers]
    hidden: list[list[int]] = [[] for _ in layers[0].taken] if layers else []
    above = [0] * len(hidden)
    for number in range(len(layers) - 1, -1, -1):
        stretch: list[int] = []
        for x, taken in enumerate([*layers[number].taken, 0]):
            if taken and not taken & ~above[x]:
                stretch.append(x)
                continue
            if len(stretch) >= _HIDDEN:
                for column in stretch:
                    hidden[column].append(number)
            stretch.clear()
        above = [cells | taken for cells, taken in zip(above, layers[number].taken, strict=True)]
    for x, numbers in enumerate(hidden):
        turn = x % (len(numbers) + 1)
        if turn:
            found[numbers[turn - 1]].append(x)
    return found
