"""From columns of values to lines in dots: the guard in front of the drawing library.

Whatever the values were, every vertex that leaves here is a whole dot inside the canvas.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from mltui.domain.curve import Column
from mltui.domain.scale import Scale
from mltui.ui.widgets.chart_model import Vertex

_FAR = 1_000_000
"""Dots beyond which a value outside the canvas is no further away."""


class Stroke(NamedTuple):
    """The dots of one column: where the curve comes in and goes out, and how far up and down it went."""

    x: int
    entry: int
    top: int
    bottom: int
    leave: int


def dot(value: float, scale: Scale, dots: int) -> int:
    """The row of dots of a value: 0 at the scale's high end, ``dots - 1`` at its low end, outside beyond these."""
    row = (1.0 - scale.position(value)) * (dots - 1) + 0.5
    return int(min(max(row, -_FAR), _FAR) // 1)


def strokes(columns: Sequence[Column], scale: Scale, dots: int) -> list[Stroke]:
    """Each column in dots, on an axis of ``dots`` rows."""
    found = []
    for c in columns:
        if c.low == c.high:
            row = dot(c.low, scale, dots)
            found.append(Stroke(c.at, row, row, row, row))
        else:
            entry, top, bottom, leave = (dot(v, scale, dots) for v in (c.first, c.high, c.low, c.last))
            found.append(Stroke(c.at, entry, top, bottom, leave))
    return found


def line(path: Sequence[Stroke], width: int, height: int) -> list[Vertex]:
    """The vertices that show ``path`` on a canvas of ``width`` × ``height`` dots, with as few of them as do.

    Columns whose strokes touch are not joined by another line: the eye sees none, and the picture costs half.
    """
    found: list[Vertex] = []
    before: Stroke | None = None
    for stroke in path:
        if before is not None and not _touch(before, stroke):
            _join(found, before, stroke, height - 1)
        _draw(found, stroke, height - 1)
        before = stroke
    return [v for v in found if 0 <= v.x < width]


def _touch(a: Stroke, b: Stroke) -> bool:
    return b.x - a.x <= 1 and a.top - 1 <= b.bottom and b.top - 1 <= a.bottom


def _draw(found: list[Vertex], stroke: Stroke, last: int) -> None:
    top, bottom = max(stroke.top, 0), min(stroke.bottom, last)
    if top > bottom:
        return
    here = found[-1] if found else None
    if top == bottom:
        if here is None or (here.x, here.y) != (stroke.x, top):
            found.append(Vertex(stroke.x, top, False))
        return
    joined = here is not None and here.x == stroke.x and top <= here.y <= bottom
    found.append(Vertex(stroke.x, top, joined))
    found.append(Vertex(stroke.x, bottom, True))


def _join(found: list[Vertex], a: Stroke, b: Stroke, last: int) -> None:
    """The line from where ``a`` goes out to where ``b`` comes in, cut to the canvas's rows."""
    start, stop = _cut(a.x, a.leave, b.x, b.entry, last), _cut(b.x, b.entry, a.x, a.leave, last)
    if start is None or stop is None:
        return
    if not found or (found[-1].x, found[-1].y) != start:
        found.append(Vertex(*start, False))
    found.append(Vertex(*stop, True))


def _cut(x: int, y: int, other_x: int, other_y: int, last: int) -> tuple[int, int] | None:
    """The end at ``x, y`` of a line, moved along it to the nearest canvas row; ``None`` if the line misses them all."""
    if 0 <= y <= last:
        return x, y
    edge = 0 if y < 0 else last
    if (y < 0) == (other_y < 0) and (y > last) == (other_y > last):
        return None
    return x + round((other_x - x) * (edge - y) / (other_y - y)), edge
