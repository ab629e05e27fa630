"""From columns of values to ink in dots: the guard in front of the drawing library.

Whatever the values were, every dot that leaves here is a whole number inside the canvas.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache

from mltui.domain.curve import Drawn
from mltui.domain.scale import Scale
from mltui.ui.widgets.chart_model import Vertex

_DOT = ((0x01, 0x02, 0x04, 0x40), (0x08, 0x10, 0x20, 0x80))
"""The bits that the dots of a cell have in a braille character: left column from the top, right column from the top."""
_SHORT = 4
"""Lines of so few columns of dots are sooner drawn than handed to the drawing library."""
_HIDDEN = 4
"""A curve that others cover in so many columns one after the other shows through."""


def _braille(left: int, right: int) -> str:
    """The character whose four dots on either side are the bits of these numbers, bit 0 the topmost."""
    bits = (
        bit for dots, column in zip((left, right), _DOT, strict=True) for y, bit in enumerate(column) if dots >> y & 1
    )
    return chr(0x2800 + sum(bits))


CHARS = [[_braille(left, right) for right in range(16)] for left in range(16)]
"""The braille characters, by the dots of their left and of their right column."""
_SIDES = {char: (left, right) for left, row in enumerate(CHARS) for right, char in enumerate(row)}
_INKED = re.compile("[\u2801-\u28ff]+")


def dot(value: float, scale: Scale, dots: int) -> int:
    """The row of dots of a value: 0 at the scale's high end, ``dots - 1`` at its low end, outside beyond these."""
    return dots - 1 - scale.indexes((value,), dots - 1)[0]


def ink(stretches: Iterable[Drawn], scale: Scale, dots: Dots) -> list[Vertex]:
    """Put the stretches of one curve, cut to the canvas, into its dots; gives the lines that are to be drawn yet.

    A column is a stroke. Strokes that touch are not joined by a line: the eye sees none. A line that is higher than
    wide, or short, is made of strokes too. The drawing library, for which a line costs as much as a dozen strokes, is
    left with the long ones.
    """
    vertices: list[Vertex] = []
    for stretch in stretches:
        at, tops, bottoms = stretch.at, _rows(stretch.high, scale, dots), _rows(stretch.low, scale, dots)
        _strokes(dots, at, tops, bottoms)
        apart = [
            i
            for i, (x, top, bottom, next_x, next_top, next_bottom) in enumerate(
                zip(at, tops, bottoms, at[1:], tops[1:], bottoms[1:], strict=False)
            )
            if next_x - x > 1 or top - 1 > next_bottom or next_top - 1 > bottom
        ]
        leaves = _rows([stretch.last[i] for i in apart], scale, dots)
        entries = _rows([stretch.first[i + 1] for i in apart], scale, dots)
        for i, leave, entry in zip(apart, leaves, entries, strict=True):
            _join(dots, vertices, at[i], leave, at[i + 1], entry)
    return vertices


def _rows(values: Sequence[float], scale: Scale, dots: Dots) -> list[int]:
    """The row of dots of each value, which may lie outside the canvas."""
    last = 4 * dots.height - 1
    return [last - up for up in scale.indexes(values, last)]


def _strokes(dots: Dots, at: Sequence[int], tops: Sequence[int], bottoms: Sequence[int]) -> None:
    """What of these strokes lies on the canvas."""
    columns, last = dots.columns, 4 * dots.height - 1
    for x, top, bottom in zip(at, tops, bottoms, strict=True):
        if top <= last and bottom >= 0:
            columns[x] |= (2 << (bottom if bottom < last else last)) - (1 << (top if top > 0 else 0))


def _join(dots: Dots, vertices: list[Vertex], x0: int, y0: int, x1: int, y1: int) -> None:
    """The line from ``x0, y0`` to ``x1, y1`` on its right, cut to the canvas's rows."""
    last = 4 * dots.height - 1
    if not (0 <= y0 <= last and 0 <= y1 <= last):
        start, stop = _cut(x0, y0, x1, y1, last), _cut(x1, y1, x0, y0, last)
        if start is None or stop is None:
            return
        (x0, y0), (x1, y1) = start, stop
    wide, rise = x1 - x0, y1 - y0
    if wide <= _SHORT or abs(rise) > wide:
        top = min(y0, y1)
        for x, bits in enumerate(_line(wide, rise), x0):
            dots.columns[x] |= bits << top
        return
    here = vertices[-1] if vertices else None
    if here is None or (here.x, here.y) != (x0, y0):
        vertices.append(Vertex(x0, y0, False))
    vertices.append(Vertex(x1, y1, True))


@lru_cache(maxsize=1024)
def _line(wide: int, rise: int) -> list[int]:
    """The dots of a line's columns, bit 0 for the row of its topmost dot: most charts have few kinds of short lines."""
    bars, top = _steep(wide, rise) if abs(rise) > wide else _flat(wide, rise), min(0, rise)
    return [(2 << bottom - top) - (1 << above - top) for above, bottom in bars]


def _flat(wide: int, rise: int) -> Iterator[tuple[int, int]]:
    """A line from row 0 that is wider than high as a dot in each of its columns, the lower one of two as near."""
    for i in range(wide + 1):
        y = (2 * i * rise + wide) // (2 * wide) if wide else 0
        yield y, y


def _steep(wide: int, rise: int) -> Iterator[tuple[int, int]]:
    """A line from row 0 that is higher than wide as one stroke in each of its columns: the top and bottom of each."""
    at, step = 0, 1 if rise > 0 else -1
    for i in range(wide + 1):
        end = rise if i == wide else round(rise * (i + 0.5) / wide)
        yield min(at, end), max(at, end)
        at = end + step if end != rise else rise


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
        self.height = height
        self.columns = [0] * (2 * width)
        """Each column of dots as a number: bit 0 is its topmost dot."""

    def add_rows(self, rows: Sequence[str]) -> None:
        """The braille characters of a drawn canvas."""
        for y, row in enumerate(rows):
            for run in _INKED.finditer(row):
                for x, char in enumerate(run.group(), run.start()):
                    left, right = _SIDES[char]
                    self.columns[2 * x] |= left << 4 * y
                    self.columns[2 * x + 1] |= right << 4 * y

    def taken(self) -> list[int]:
        """The cells of each column of cells that have dots: bit 4·y for the one in row y."""
        corners = int("1" * self.height, 16)
        found = []
        for left, right in zip(self.columns[::2], self.columns[1::2], strict=True):
            dots = left | right
            dots |= dots >> 1
            found.append((dots | dots >> 2) & corners)
        return found


def turns(layers: Sequence[Sequence[int]]) -> list[int | None]:
    """Of curves that lie one over the other, the last on top: which one comes to the front in each column, if any does.

    Given are the cells that each takes (:meth:`Dots.taken`). A cell has one colour. Where a curve has no cell left for
    a stretch, it and those that cover it take turns, a column each: two curves that run together are both seen, as
    dotted lines.
    """
    hidden: list[list[int]] = [[] for _ in layers[0]] if layers else []
    above = [0] * len(hidden)
    for number in range(len(layers) - 1, -1, -1):
        stretch: list[int] = []
        for x, taken in enumerate([*layers[number], 0]):
            if taken and not taken & ~above[x]:
                stretch.append(x)
                continue
            if len(stretch) >= _HIDDEN:
                for column in stretch:
                    hidden[column].append(number)
            stretch.clear()
        above = [cells | taken for cells, taken in zip(above, layers[number], strict=True)]
    turn = (x % (len(numbers) + 1) for x, numbers in enumerate(hidden))
    return [numbers[at - 1] if at else None for at, numbers in zip(turn, hidden, strict=True)]
