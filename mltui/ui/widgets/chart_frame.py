"""The picture of a chart as rows of styled text: legend, axes, grid and marks around and over the drawn curves."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache
from itertools import compress
from operator import is_not
from typing import NamedTuple

from rich.cells import cell_len, set_cell_size
from rich.style import Style

from mltui.domain.curve import Drawn, Trace, downsample, finite_before, sample
from mltui.domain.scale import Scale, ticks
from mltui.ui import palette
from mltui.ui.widgets.chart_axes import has_place, x_limits, x_ticks, y_limits
from mltui.ui.widgets.chart_legend import Span, header, index_at, width_of
from mltui.ui.widgets.chart_model import HOLLOW, Canvas, ChartModel, CurveStyle, Look, Plotted
from mltui.ui.widgets.chart_raster import CHARS, Dots, dot, ink, turns

MIN_WIDTH, MIN_HEIGHT = 16, 5
_GAPS_PER_COLUMN = 4
NO_STYLE = Style()
_BOLD = Style(bold=True)
_PALE = 0.4
"""How far the training part of a run's curves goes towards the background, beside its validation."""


class Geometry(NamedTuple):
    """Where things are in a picture, in cells, and which values its axes span."""

    left: int
    """First column of the canvas."""
    top: int
    """First row of the canvas."""
    width: int
    height: int
    x: Scale
    y: Scale

    def column_of(self, x: float) -> int:
        """The canvas cell column of an x (may lie outside the canvas)."""
        return self.x.indexes((x,), 2 * self.width - 1)[0] // 2

    def row_of(self, value: float) -> int:
        """The canvas cell row of a value (may lie outside the canvas)."""
        return dot(value, self.y, 4 * self.height) // 4

    def x_at(self, column: float) -> float:
        """The x at the middle of a canvas cell column."""
        return self.x.value((2 * column + 0.5) / (2 * self.width - 1))


class Picture(NamedTuple):
    """A finished frame."""

    rows: list[list[Span]]
    geometry: Geometry | None
    """``None`` where there was nothing to draw, or no room."""

    def text(self) -> list[str]:
        """The rows without their colours."""
        return ["".join(span.text for span in row) for row in self.rows]


def paint(model: ChartModel, width: int, height: int, look: Look, canvas: Canvas) -> Picture:
    """The chart on ``width`` × ``height`` cells; every row is exactly that wide."""
    if width < MIN_WIDTH or height < MIN_HEIGHT:
        return _message(f"too small: {MIN_WIDTH}x{MIN_HEIGHT} at least", width, height, look)
    model.catch_up()
    limits = x_limits(model)
    if limits is None:
        return _empty(model, width, height, look)
    head = header(model, width, height, look)
    geometry, y_ticks = _lay_out(model, limits, width, height, len(head))
    drawn = [_reduce(plotted, model, geometry) for plotted in model.curves]
    cells = _Cells(geometry, look)
    cells.grid(y_ticks)
    cells.curves(model, drawn, canvas)
    cells.marks(model)
    body = _with_y_axis(cells.rows(), y_ticks, geometry, look)
    foot = _x_axis(model, geometry, width, look, _note(drawn))
    above, below = ([_fill(row, width) for row in rows] for rows in (head, foot))
    return Picture([*above, *body, *below], geometry)


def _lay_out(model: ChartModel, x: Scale, width: int, height: int, header_rows: int) -> tuple[Geometry, dict[int, str]]:
    plot_height = height - header_rows - 2
    y = y_limits(model, x)
    count = max(2, min(plot_height // 2, 8))
    # One tick alone is no scale: where round values are that far apart, there are some between them.
    marked = next((some for some in (ticks(y, count), ticks(y, 2 * count)) if len(some) > 1), ticks(y, count))
    found = [tick for tick in marked if has_place(model, y) and len(tick.label) <= max(6, width // 4)]
    left = max((len(t.label) for t in found), default=1) + 1
    geometry = Geometry(left, header_rows, max(width - left - 1, 4), plot_height, x, y)
    rows = {geometry.row_of(t.value): t.label for t in found}
    return geometry, {row: label for row, label in rows.items() if 0 <= row < plot_height}


class _Drawing(NamedTuple):
    """The stretches of one curve, and of its raw line where it is smoothed."""

    main: list[Drawn]
    raw: list[Drawn]


def _reduce(plotted: Plotted, model: ChartModel, geometry: Geometry) -> _Drawing:
    main = _stretches(plotted.main, model, geometry)
    return _Drawing(main, _stretches(plotted.trace, model, geometry) if plotted.smooth_trace else [])


def _stretches(trace: Trace, model: ChartModel, geometry: Geometry) -> list[Drawn]:
    axis, x, columns = model.view.x_axis, geometry.x, 2 * geometry.width
    found = trace.stretches(axis, x.low, x.high, _GAPS_PER_COLUMN * columns)
    return [downsample(trace, axis, a, b, x, columns) for a, b in found]


def _note(drawn: Sequence[_Drawing]) -> str:
    stretches = [d for drawing in drawn for d in (drawing.raw or drawing.main)]
    if not any(d.reduced for d in stretches):
        return ""
    return f"{sum(d.points for d in stretches):,} points reduced, extremes kept"


class _Cells:
    """The canvas cell by cell: curves laid over the grid, marks over the curves."""

    def __init__(self, geometry: Geometry, look: Look) -> None:
        self._geometry, self._look = geometry, look
        self._text = [[" "] * geometry.width for _ in range(geometry.height)]
        self._style: list[list[Style]] = [[NO_STYLE] * geometry.width for _ in range(geometry.height)]

    def put(self, column: int, row: int, text: str, style: Style) -> None:
        """One character, if it lies on the canvas."""
        if 0 <= column < self._geometry.width and 0 <= row < self._geometry.height:
            self._text[row][column], self._style[row][column] = text, style

    def grid(self, rows: dict[int, str]) -> None:
        """A faint line at every tick, where there is room for more than the curves."""
        width = self._geometry.width
        for row in rows if self._geometry.height >= 8 else ():
            self._text[row], self._style[row] = ["┈"] * width, [self._look.grid] * width

    def curves(self, model: ChartModel, drawn: Sequence[_Drawing], canvas: Canvas) -> None:
        """All curves, the faint ones first, so that the others lie over them."""
        found = {id(p): drawing for p, drawing in zip(model.curves, drawn, strict=True)}
        pairs = [(p, found[id(p)]) for p in model.back_to_front()]
        behind = [(p, d.main) for p, d in pairs if p.curve.style is CurveStyle.FAINT]
        behind += [(p, d.raw) for p, d in pairs if d.raw]
        lines = [(p, d.main) for p, d in pairs if p.curve.style is CurveStyle.LINE]
        styles = [self._style_of(p, True) for p, _ in behind] + [self._style_of(p, False) for p, _ in lines]
        layers = self._layers([d for _, d in [*behind, *lines]], canvas)
        self._lay([*zip(layers, styles, strict=True)], len(behind))

    def _layers(self, curves: Sequence[Sequence[Drawn]], canvas: Canvas) -> list[Dots]:
        """The dots of every curve."""
        width, height, y = self._geometry.width, self._geometry.height, self._geometry.y
        layers = [Dots(width, height) for _ in curves]
        vertices = [ink(stretches, y, dots) for dots, stretches in zip(layers, curves, strict=True)]
        for dots, rows in zip(layers, canvas(width, height, vertices), strict=True):
            dots.add_rows(rows)
        return layers

    def _lay(self, layers: Sequence[tuple[Dots, Style]], behind: int) -> None:
        """Curves over what is there, the last one on top, those up to ``behind`` never in front of another.

        A cell has one colour, so it shows the dots of its topmost curve alone.
        """
        taken = [dots.taken() for dots, _ in layers]
        from_top = range(len(layers) - 1, -1, -1)
        for x, turn in enumerate(turns(taken[behind:]) or [None] * self._geometry.width):
            covered = 0
            for number in from_top if turn is None else (behind + turn, *from_top):
                seen = taken[number][x] & ~covered
                if seen:
                    covered |= seen
                    self._ink(x, seen, *layers[number])

    def _ink(self, x: int, cells: int, dots: Dots, style: Style) -> None:
        """Those cells of a column that a curve has: bit 4·y for row y."""
        left, right = dots.columns[2 * x : 2 * x + 2]
        text, styles = self._text, self._style
        while cells:
            bit = cells.bit_length() - 1
            cells ^= 1 << bit
            y = bit // 4
            text[y][x], styles[y][x] = CHARS[left >> bit & 15][right >> bit & 15], style

    def _style_of(self, plotted: Plotted, faint: bool) -> Style:
        return _style_of(plotted.color, plotted.curve.pale, faint, self._look.background)

    def marks(self, model: ChartModel) -> None:
        """The newest point of every curve, the places of values that are no number, the crosshair."""
        if model.view.cursor is not None:
            self._crosshair(self._geometry.column_of(model.view.cursor))
        for plotted in model.back_to_front():
            if plotted.curve.style is CurveStyle.LINE:
                self._points(plotted, model)
                self._newest(plotted, model)
                self._nonfinite(plotted, model)
                self._read_points(plotted, model)

    def _points(self, plotted: Plotted, model: ChartModel) -> None:
        """A hollow mark at every point of a curve that has few of them: that is all that was measured."""
        xs, values, geometry = plotted.trace.x(model.view.x_axis), plotted.main.series.value, self._geometry
        # A mark that stands for another curve, as the training part of compared runs has it, is not taken.
        taken = {p.glyph for p in model.curves}
        hollow = HOLLOW.get(plotted.glyph, plotted.glyph)
        glyph = plotted.glyph if hollow in taken else hollow
        if len(values) * 8 <= geometry.width:
            for x, value in zip(xs, values, strict=True):
                if math.isfinite(value):
                    self.put(geometry.column_of(x), geometry.row_of(value), glyph, self._style_of(plotted, False))

    def _newest(self, plotted: Plotted, model: ChartModel) -> None:
        xs, values = plotted.trace.x(model.view.x_axis), plotted.main.series.value
        if not len(values) or not math.isfinite(values[-1]):
            return
        column, row = self._geometry.column_of(xs[-1]), self._geometry.row_of(values[-1])
        self.put(column, row, plotted.glyph, self._style_of(plotted, False))

    def _nonfinite(self, plotted: Plotted, model: ChartModel) -> None:
        """``✕`` in the cell where a value was NaN or infinite: on the curve for NaN, at the edge for infinity."""
        geometry, xs, bad = self._geometry, plotted.trace.x(model.view.x_axis), plotted.curve.series.nonfinite
        done: set[int] = set()
        for i in (*bad[:1], *sample(bad, 0, len(bad), 4 * geometry.width)):
            column = geometry.column_of(xs[i])
            if column not in done:
                done.add(column)
                self.put(column, self._row_of_nonfinite(plotted, i), "✕", self._look.alarm)

    def _row_of_nonfinite(self, plotted: Plotted, index: int) -> int:
        values, last = plotted.curve.series.value, self._geometry.height - 1
        if math.isinf(values[index]):
            return 0 if values[index] > 0 else last
        before = finite_before(plotted.curve.series, index)
        return last if before is None else min(max(self._geometry.row_of(before), 0), last)

    def _crosshair(self, column: int) -> None:
        for row in range(self._geometry.height):
            self.put(column, row, "│", self._look.muted)

    def _read_points(self, plotted: Plotted, model: ChartModel) -> None:
        """The point of a curve that the crosshair reads."""
        at = index_at(plotted, model)
        if at is not None and math.isfinite(value := plotted.main.series.value[at]):
            column = self._geometry.column_of(plotted.trace.x(model.view.x_axis)[at])
            self.put(column, self._geometry.row_of(value), plotted.glyph, self._style_of(plotted, False) + _BOLD)

    def rows(self) -> list[list[Span]]:
        """The canvas as spans, equal neighbours together."""
        return [_merge(text, style) for text, style in zip(self._text, self._style, strict=True)]


@lru_cache(maxsize=256)
def _style_of(color: str, pale: bool, faint: bool, background: str) -> Style:
    """How a curve is drawn: always the same object, by which neighbours of one style are known."""
    color = palette.readable(color, background)
    color = palette.blend(color, background, _PALE) if pale else color
    return Style(color=palette.faint(color, background) if faint else color)


def _merge(text: Sequence[str], styles: Sequence[Style]) -> list[Span]:
    row, width = "".join(text), len(text)
    cuts = [*compress(range(1, width), map(is_not, styles, styles[1:])), width]
    return [Span(row[a:b], styles[a]) for a, b in zip([0, *cuts], cuts, strict=False)]


def _with_y_axis(rows: list[list[Span]], labels: dict[int, str], geometry: Geometry, look: Look) -> list[list[Span]]:
    """The rows with the axis in front, and the column behind them that is left free."""
    left = geometry.left
    return [
        [
            Span(labels.get(i, "").rjust(left - 1), look.muted),
            Span("┤" if i in labels else "│", look.frame),
            *row,
            Span(" ", NO_STYLE),
        ]
        for i, row in enumerate(rows)
    ]


def _x_axis(model: ChartModel, geometry: Geometry, width: int, look: Look, note: str) -> list[list[Span]]:
    name, most = model.axis_name, min(max(1, geometry.width // 7), 10)
    labels, line = _x_labels(model, geometry, width, most)
    # The name stands at the end of the axis: rather fewer ticks than the name between two of them.
    for count in (most * 2 // 3, most // 2, most // 3) if not _ends_with_room(labels, name) else ():
        fewer = _x_labels(model, geometry, width, count)
        if _ends_with_room(fewer[0], name) and len(fewer[0].split()) > 1:
            labels, line = fewer
            break
    note = note if 2 * len(note) <= geometry.width else note and "reduced"
    if note and len(note) + 12 <= geometry.width:
        line = line[: -len(note) - 4] + f" {note} ──"
    return [
        [Span(" " * (geometry.left - 1), NO_STYLE), Span("└" + line, look.frame)],
        _named(labels, name, look),
    ]


def _x_labels(model: ChartModel, geometry: Geometry, width: int, count: int) -> tuple[str, str]:
    """The labels of about ``count`` ticks, and the line above with the ticks."""
    labels, rule = [" "] * width, ["─"] * geometry.width
    free_from = 0
    for tick in x_ticks(model, geometry.x, max(1, count)):
        column = geometry.column_of(tick.value)
        at = min(max(geometry.left + column - len(tick.label) // 2, 0), width - len(tick.label))
        if at >= free_from and 0 <= column < geometry.width:
            labels[at : at + len(tick.label)] = tick.label
            rule[column] = "┬"
            free_from = at + len(tick.label) + 2
    return "".join(labels), "".join(rule)


def _ends_with_room(labels: str, name: str) -> bool:
    """Whether the axis's name has room in front of the last label, or behind it."""
    at = labels.rfind(" " * (len(name) + 2))
    return at >= 0 and len(labels[at:].split()) <= 1


def _named(labels: str, name: str, look: Look) -> list[Span]:
    """The tick labels with the axis's name in the last gap that has room for it."""
    at = labels.rfind(" " * (len(name) + 2))
    if at < 0:
        return [Span(labels, look.muted)]
    end = at + 1 + len(name)
    return [
        Span(labels[: at + 1], look.muted),
        Span(name, look.muted + Style(italic=True)),
        Span(labels[end:], look.muted),
    ]


def _fill(row: list[Span], width: int) -> list[Span]:
    """The row made exactly ``width`` cells wide."""
    missing = width - width_of(row)
    if missing >= 0:
        return [*row, Span(" " * missing, NO_STYLE)] if missing else row
    cut, room = [], width
    for text, style in row:
        cut.append(Span(set_cell_size(text, min(room, cell_len(text))), style))
        room -= width_of(cut[-1:])
    return [span for span in cut if span.text]


def _empty(model: ChartModel, width: int, height: int, look: Look) -> Picture:
    head = header(model, width, height, look)[:1]
    blank = [_fill([], width) for _ in range(height - len(head))]
    at = (height - 1) // 2 - len(head)
    text = model.why_empty[:width]
    blank[max(at, 0)] = _fill([Span(" " * ((width - len(text)) // 2), NO_STYLE), Span(text, look.muted)], width)
    return Picture([*(_fill(row, width) for row in head), *blank], None)


def _message(text: str, width: int, height: int, look: Look) -> Picture:
    rows = [_fill([], width) for _ in range(height)]
    if rows:
        rows[(height - 1) // 2] = _fill([Span(text[:width].center(width), look.muted)], width)
    return Picture(rows, None)
