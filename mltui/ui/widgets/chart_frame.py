"""The picture of a chart as rows of styled text: legend, axes, grid and marks around and over the drawn curves."""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from typing import NamedTuple

from rich.cells import cell_len, set_cell_size
from rich.style import Style

from mltui.domain.curve import Drawn, Trace, XAxis, downsample, quantile_limits, sample
from mltui.domain.scale import Scale, Tick, clock_ticks, duration_ticks, fit, nice_step, ticks
from mltui.ui import palette
from mltui.ui.widgets.chart_legend import Span, header, index_at, width_of
from mltui.ui.widgets.chart_model import HOLLOW, Canvas, ChartModel, CurveStyle, Look, Plotted
from mltui.ui.widgets.chart_raster import BLANK, Dots, dot, ink, strokes

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
    return Picture([_fill(row, width) for row in [*head, *body, *foot]], geometry)


def x_limits(model: ChartModel) -> Scale | None:
    """The x axis: the window where one is set, moved to the end where it follows; ``None`` without any point."""
    view, full = model.view, full_x_limits(model)
    if view.x_window is None or full is None:
        return full
    low, high = view.x_window
    if view.follow:
        low, high = low + (full.high - high), full.high
    return fit(low, high, full.log)


def full_x_limits(model: ChartModel) -> Scale | None:
    """The x axis from the first point to the last; ``None`` without any point."""
    axis = model.view.x_axis
    log = model.view.log_x and axis is XAxis.LOGGED
    low, high = math.inf, -math.inf
    for plotted in model.curves:
        xs = plotted.trace.x(axis)
        for a, b in plotted.trace.sweeps(axis):
            first = bisect_right(xs, 0.0, a, b) if log else a
            if first < b:
                low, high = min(low, xs[first]), max(high, xs[b - 1])
    if low > high:
        return None
    if low == high and not log:
        low, high = low - 1, high + 1
    return fit(low, high if log else _with_room(low, high, 0.0 if axis is XAxis.LOGGED else low), log)


def _with_room(low: float, high: float, zero: float) -> float:
    """``high`` moved to the next round place from ``zero``, a sixteenth of the axis at most.

    A live curve then grows into free space instead of being squeezed, and redrawn, with each of its points.
    """
    step = nice_step(high / 40 - low / 40)
    rounded = zero + math.ceil((high - zero) / step - 1e-9) * step if 1e-200 < step < 1e200 else high
    return rounded if high < rounded < high + 3 * step else high


def y_limits(model: ChartModel, x: Scale) -> Scale:
    """The y axis: the window where one is set, else what the curves span within ``x``, outliers cut where asked."""
    view = model.view
    return full_y_limits(model, x) if view.y_window is None else fit(*view.y_window, view.log_y)


def full_y_limits(model: ChartModel, x: Scale) -> Scale:
    """The y axis that shows all there is within ``x``, but for outliers where these are left out."""
    view = model.view
    low, high = math.inf, -math.inf
    samples: list[float] = []
    for plotted in model.curves:
        trace = plotted.main if view.smoothing else plotted.trace
        for a, b in ranges_within(trace, view.x_axis, x):
            least, most = trace.extremes.of_range(a, b)
            if view.log_y and least <= 0:
                least = min((v for v in sample(trace.series.value, a, b) if v > 0), default=math.inf)
                most = most if most > 0 else -math.inf
            low, high = min(low, least), max(high, most)
            samples.extend(sample(trace.series.value, a, b) if view.clip else ())
    clipped = quantile_limits(v for v in samples if v > 0 or not view.log_y)
    if clipped is not None:
        low, high = max(low, clipped[0]), min(high, clipped[1])
    return fit(low, high, view.log_y, 0.02) if low <= high else fit(0.0, 1.0, view.log_y)


def ranges_within(trace: Trace, axis: XAxis, x: Scale) -> list[tuple[int, int]]:
    """Index ranges of the points inside the x axis, with their neighbours where none is inside."""
    xs, found = trace.x(axis), []
    for a, b in trace.sweeps(axis):
        start, stop = bisect_left(xs, x.low, a, b), bisect_right(xs, x.high, a, b)
        if start == stop and a < start < b:
            start, stop = start - 1, stop + 1
        if start < stop:
            found.append((start, stop))
    return found


def _lay_out(model: ChartModel, x: Scale, width: int, height: int, header_rows: int) -> tuple[Geometry, dict[int, str]]:
    plot_height = height - header_rows - 2
    y = y_limits(model, x)
    count = max(2, min(plot_height // 2, 8))
    # One tick alone is no scale: where round values are that far apart, there are some between them.
    marked = next((some for some in (ticks(y, count), ticks(y, 2 * count)) if len(some) > 1), ticks(y, count))
    found = [tick for tick in marked if len(tick.label) <= max(6, width // 4)]
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
        pale = [(p, d.main) for p, d in pairs if p.curve.style is CurveStyle.FAINT]
        for plotted, stretches in [*pale, *((p, d.raw) for p, d in pairs)]:
            self._lay(stretches, self._style_of(plotted, True), canvas)
        for plotted, drawing in pairs:
            if plotted.curve.style is CurveStyle.LINE:
                self._lay(drawing.main, self._style_of(plotted, False), canvas)

    def _lay(self, stretches: Sequence[Drawn], style: Style, canvas: Canvas) -> None:
        """One curve over what is there; a cell has one colour, so it shows the dots of its topmost curve alone."""
        if not stretches:
            return
        geometry = self._geometry
        width, height = geometry.width, geometry.height
        found = ink([strokes(d.columns, geometry.y, 4 * height) for d in stretches], 4 * height)
        dots = Dots(width, height)
        dots.add_rows(canvas(width, height, found.vertices) if found.vertices else ())
        dots.add_bars(found.bars)
        for y, row in enumerate(dots.rows()):
            if any(row):
                text, styles = self._text[y], self._style[y]
                for x, bits in enumerate(row):
                    if bits:
                        text[x], styles[x] = chr(BLANK + bits), style

    def _style_of(self, plotted: Plotted, faint: bool) -> Style:
        background = self._look.background
        color = palette.readable(plotted.color, background)
        color = palette.blend(color, background, _PALE) if plotted.curve.pale else color
        return Style(color=palette.faint(color, background) if faint else color)

    def marks(self, model: ChartModel) -> None:
        """The newest point of every curve, the places of values that are no number, the crosshair."""
        if model.view.cursor is not None:
            self._crosshair(model, self._geometry.column_of(model.view.cursor))
        for plotted in model.back_to_front():
            if plotted.curve.style is CurveStyle.LINE:
                self._points(plotted, model)
                self._newest(plotted, model)
                self._nonfinite(plotted, model)
                self._read_points(plotted, model)

    def _points(self, plotted: Plotted, model: ChartModel) -> None:
        """A hollow mark at every point of a curve that has few of them: that is all that was measured."""
        xs, values, geometry = plotted.trace.x(model.view.x_axis), plotted.main.series.value, self._geometry
        if len(values) * 8 <= geometry.width:
            for x, value in zip(xs, values, strict=True):
                if math.isfinite(value):
                    glyph, style = HOLLOW.get(plotted.glyph, plotted.glyph), self._style_of(plotted, False)
                    self.put(geometry.column_of(x), geometry.row_of(value), glyph, style)

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
        before = next((values[i] for i in range(index - 1, max(index - 50, -1), -1) if math.isfinite(values[i])), None)
        return last if before is None else min(max(self._geometry.row_of(before), 0), last)

    def _crosshair(self, model: ChartModel, column: int) -> None:
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


def _merge(text: Sequence[str], styles: Sequence[Style]) -> list[Span]:
    spans, start, current = [], 0, styles[0]
    for at, style in enumerate(styles):
        if style is not current:
            spans.append(Span("".join(text[start:at]), current))
            start, current = at, style
    spans.append(Span("".join(text[start:]), current))
    return spans


def _with_y_axis(rows: list[list[Span]], labels: dict[int, str], geometry: Geometry, look: Look) -> list[list[Span]]:
    left = geometry.left
    return [
        [Span(labels.get(i, "").rjust(left - 1), look.muted), Span("┤" if i in labels else "│", look.frame), *row]
        for i, row in enumerate(rows)
    ]


def _x_axis(model: ChartModel, geometry: Geometry, width: int, look: Look, note: str) -> list[list[Span]]:
    labels, rule = [" "] * width, ["─"] * geometry.width
    free_from = 0
    for tick in x_ticks(model, geometry.x, min(max(1, geometry.width // 7), 10)):
        column = geometry.column_of(tick.value)
        at = min(max(geometry.left + column - len(tick.label) // 2, 0), width - len(tick.label))
        if at >= free_from and 0 <= column < geometry.width:
            labels[at : at + len(tick.label)] = tick.label
            rule[column] = "┬"
            free_from = at + len(tick.label) + 2
    line = "".join(rule)
    note = note if 2 * len(note) <= geometry.width else note and "reduced"
    if note and len(note) + 12 <= geometry.width:
        line = line[: -len(note) - 4] + f" {note} ──"
    return [
        [Span(" " * (geometry.left - 1), NO_STYLE), Span("└" + line, look.frame)],
        _named("".join(labels), model.axis_name, look),
    ]


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


def x_ticks(model: ChartModel, scale: Scale, count: int) -> list[Tick]:
    """Ticks of the x axis in the units of what it shows."""
    if model.view.x_axis is XAxis.WALL:
        return clock_ticks(scale, count)
    if model.view.x_axis is XAxis.RELATIVE:
        start = model.start
        shifted = Scale(scale.low - start, scale.high - start)
        return [Tick(t.value + start, t.label) for t in duration_ticks(shifted, count)]
    found = ticks(scale, count)
    if all(float(t.value).is_integer() for t in found):
        return found
    whole = [Tick(t.value, f"{t.value:.0f}") for t in found if float(t.value).is_integer()]
    # Whole steps and epochs, where there are two of them to read the axis by or nothing lies between them.
    if len(whole) >= 2 and (scale.high - scale.low >= 2 or _counted(model)):
        return whole
    return found


def _counted(model: ChartModel) -> bool:
    """Whether x is a whole number wherever one looks."""
    return all(
        float(x).is_integer()
        for p in model.curves
        for x in sample(p.trace.x(model.view.x_axis), 0, len(p.curve.series), 100)
    )


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
    text = model.waiting[:width]
    blank[max(at, 0)] = _fill([Span(" " * ((width - len(text)) // 2), NO_STYLE), Span(text, look.muted)], width)
    return Picture([*(_fill(row, width) for row in head), *blank], None)


def _message(text: str, width: int, height: int, look: Look) -> Picture:
    rows = [_fill([], width) for _ in range(height)]
    if rows:
        rows[(height - 1) // 2] = _fill([Span(text[:width].center(width), look.muted)], width)
    return Picture(rows, None)
