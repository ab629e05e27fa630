"""Charts as an SVG picture: the same curves, axes and legend as on the screen, in lines instead of cells.

The picture needs nothing but itself: no script, no style sheet, no font from elsewhere.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from html import escape
from typing import NamedTuple

from mltui.domain.curve import Trace, XAxis, downsample, finite_before, sample
from mltui.domain.figures import format_value
from mltui.domain.metric import Series
from mltui.domain.scale import Scale, Tick, ticks
from mltui.domain.text import one_line
from mltui.ui import palette
from mltui.ui.widgets.chart_axes import has_place, x_limits, x_ticks, y_limits
from mltui.ui.widgets.chart_legend import best_index, format_place, own_look, shortened
from mltui.ui.widgets.chart_model import LABEL_LENGTH, ChartModel, CurveStyle, Plotted

WIDTH, HEIGHT = 760, 440
"""Of one chart, in pixels."""
_BACKGROUND, _TEXT, _MUTED, _GRID, _ALARM = "#ffffff", "#1f2730", "#66707c", "#e3e6ea", "#c62828"
_FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, Helvetica, Arial, sans-serif"
_LETTER = 6.7
"""Pixels that a letter of the legend takes at most, on average."""
_TITLE = 60
"""Cells of a terminal that a title may take: beside it the legend says how many curves it leaves out."""
_LEGEND_TOP, _ROW = 58.0, 20
_LEGEND_ROWS, _MOST_ROWS = 4, 8
"""Rows of a legend that says all there is to say, and of one that says less."""
_POINTS_SHOWN = 60
_FORBIDDEN = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class _Box(NamedTuple):
    """The canvas of a chart, and what its axes span."""

    left: float
    top: float
    width: float
    height: float
    x: Scale
    y: Scale

    def x_of(self, value: float) -> float:
        return self.left + self.width * min(max(self.x.position(value), -2.0), 3.0)

    def y_of(self, value: float) -> float:
        return self.top + self.height * (1 - min(max(self.y.position(value), -2.0), 3.0))


def svg(models: Sequence[ChartModel], columns: int = 1, name: str = "") -> str:
    """The charts in a grid of ``columns``, as the text of an SVG file; ``name`` is the picture's title for readers."""
    columns = max(1, min(columns, len(models)))
    rows = math.ceil(len(models) / columns) or 1
    width, height = columns * WIDTH, rows * HEIGHT
    body = [
        f'<g transform="translate({i % columns * WIDTH},{i // columns * HEIGHT})">\n{_chart(model, i)}\n</g>'
        for i, model in enumerate(models)
    ]
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}"'
            f' font-family="{_FONT}" font-size="12">',
            f"<title>{escape(_FORBIDDEN.sub('', one_line(name or 'curves', 200)))}</title>",
            f'<rect width="{width}" height="{height}" fill="{_BACKGROUND}"/>',
            *body,
            "</svg>\n",
        ]
    )


def _chart(model: ChartModel, number: int) -> str:
    model.catch_up()
    parts = [_text(24, 34, shortened(model.title, _TITLE), 17, _TEXT, weight=600)]
    x = x_limits(model)
    if x is None:
        return "\n".join([*parts, _text(WIDTH / 2, HEIGHT / 2, model.why_empty, 13, _MUTED, "middle")])
    legend, below = _legend(model)
    y = y_limits(model, x)
    y_ticks = ticks(y, 6) if has_place(model, y) else []
    left = 30 + 7.0 * max((len(tick.label) for tick in y_ticks), default=1)
    box = _Box(left, below, WIDTH - left - 28, HEIGHT - below - 52, x, y)
    clip = f"canvas-{number}"
    parts += [*legend, *_grid(model, box, y_ticks)]
    parts.append(
        f'<clipPath id="{clip}"><rect x="{box.left:.1f}" y="{box.top - 6:.1f}" width="{box.width + 6:.1f}"'
        f' height="{box.height + 12:.1f}"/></clipPath>'
    )
    parts.append(f'<g clip-path="url(#{clip})" fill="none" stroke-linejoin="round" stroke-linecap="round">')
    parts += _curves(model, box)
    parts.append("</g>")
    return "\n".join(parts)


def _text(
    x: float, y: float, text: str, size: int, color: str, anchor: str = "start", weight: int = 400, style: str = ""
) -> str:
    shown = escape(_FORBIDDEN.sub("", text))
    style = f' font-style="{style}"' if style else ""
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" fill="{color}" text-anchor="{anchor}"'
        f' font-weight="{weight}"{style} xml:space="preserve">{shown}</text>'
    )


def _color(plotted: Plotted) -> str:
    color = palette.readable(plotted.color, _BACKGROUND)
    return palette.blend(color, _BACKGROUND, 0.4) if plotted.curve.pale else color


def _legend(model: ChartModel) -> tuple[list[str], float]:
    """The entries of the curves, row by row, and where the canvas may begin below them.

    Of curves that have no room for all that there is to say each has its name and last value.
    """
    shown = model.strong
    entries = [_entry(plotted, model) for plotted in shown]
    places = _places(entries)
    if places[-1][1] >= _LEGEND_ROWS:
        entries = [_entry(plotted, model, brief=True) for plotted in shown]
        places = _places(entries)
    parts: list[str] = []
    for plotted, (label, note, alarm), (x, row) in zip(shown, entries, places, strict=True):
        if row >= _MOST_ROWS:
            more = sum(row >= _MOST_ROWS for _, row in places)
            parts.append(_text(WIDTH - 24, 34, f"and {more} more", 12, _MUTED, "end"))
            break
        y, color = _LEGEND_TOP + _ROW * row, _color(plotted)
        parts.append(f'<path d="M{x:.1f} {y - 4:.1f}h16" stroke="{color}" stroke-width="3" stroke-linecap="round"/>')
        tail = f'<tspan fill="{_MUTED}">{escape(_FORBIDDEN.sub("", note))}</tspan>'
        tail += f'<tspan fill="{_ALARM}">{escape(_FORBIDDEN.sub("", alarm))}</tspan>' if alarm else ""
        entry = _text(x + 22, y, label, 12, _TEXT, weight=600)
        parts.append(entry.removesuffix("</text>") + f'<tspan font-weight="400">{tail}</tspan></text>')
    return parts, _LEGEND_TOP + _ROW * min(places[-1][1], _MOST_ROWS - 1) + 16


def _places(entries: Sequence[tuple[str, str, str]]) -> list[tuple[float, int]]:
    """How far from the left, and in which row, each entry stands."""
    found: list[tuple[float, int]] = []
    x, row = 24.0, 0
    for entry in entries:
        wide = 30 + _LETTER * sum(map(len, entry))
        if x > 24 and x + wide > WIDTH - 24:
            x, row = 24.0, row + 1
        found.append((x, row))
        x += wide + 14
    return found


def _entry(plotted: Plotted, model: ChartModel, *, brief: bool = False) -> tuple[str, str, str]:
    """A curve's name; its last and best value; what was no number. A brief one has the name and the last value."""
    values, best = plotted.main.series.value, best_index(plotted)
    label = shortened(plotted.curve.label, LABEL_LENGTH)
    note = f"  {format_value(values[-1])}" if len(values) else ""
    if brief:
        return label, note, ""
    if note and plotted.smooth_trace:
        note += f" smoothed, raw {format_value(plotted.trace.series.value[-1])}"
    if best is not None and len(values) > 1:
        value = format_value(plotted.curve.series.value[best])
        place = format_place(plotted.trace.x(model.view.x_axis)[best], model)
        note += f"  peak {value}" if plotted.curve.peak else f"  best {value} at {place}"
    bad = len(plotted.curve.series.nonfinite)
    return label, note, f"  {bad} not finite" if bad else ""


def _grid(model: ChartModel, box: _Box, y_ticks: Sequence[Tick]) -> Iterator[str]:
    bottom, right = box.top + box.height, box.left + box.width
    for tick in y_ticks:
        y = box.y_of(tick.value)
        if box.top - 0.5 <= y <= bottom + 0.5:
            yield f'<path d="M{box.left:.1f} {y:.1f}H{right:.1f}" stroke="{_GRID}"/>'
            yield _text(box.left - 8, y + 4, tick.label, 12, _MUTED, "end")
    free = 0.0
    for tick in x_ticks(model, box.x, 8):
        x = box.x_of(tick.value)
        half = 0.5 * _LETTER * len(tick.label)
        if box.left - 0.5 <= x <= right + 0.5 and x - half >= free:
            yield f'<path d="M{x:.1f} {bottom:.1f}v5" stroke="{_MUTED}"/>'
            yield _text(x, bottom + 20, tick.label, 12, _MUTED, "middle")
            free = x + half + 10
    yield f'<path d="M{box.left:.1f} {bottom:.1f}H{right:.1f}" stroke="{_MUTED}"/>'
    yield _text((box.left + right) / 2, bottom + 40, _axis_text(model), 12, _MUTED, "middle", style="italic")


def _axis_text(model: ChartModel) -> str:
    """What the x axis shows, and how the curves are looked at where that is not plain."""
    view = model.view
    said = [model.axis_name if view.x_axis is not XAxis.RELATIVE else "time since the start"]
    said += ["log x"] if view.logarithmic_x else []
    said += [own] if (own := own_look(model)) else []
    said += [f"smoothed {view.smoothing:g}"] if view.smoothing else []
    said += ["outliers left out"] if view.clip else []
    return ", ".join(said)


def _curves(model: ChartModel, box: _Box) -> Iterator[str]:
    order = model.back_to_front()
    for plotted in order:
        faint = plotted.curve.style is CurveStyle.FAINT
        if plotted.smooth_trace or faint:
            yield _path(plotted, plotted.trace, model, box, 1.2, 0.3)
    for plotted in order:
        if plotted.curve.style is CurveStyle.LINE:
            yield _path(plotted, plotted.main, model, box, 2.0, 1.0)
            yield from _marks(plotted, model, box)


def _path(plotted: Plotted, trace: Trace, model: ChartModel, box: _Box, width: float, opacity: float) -> str:
    """One curve as one path: every extreme of every half pixel is on it."""
    axis, columns = model.view.x_axis, max(2, int(2 * box.width))
    steps: list[str] = []
    for a, b in trace.stretches(axis, box.x.low, box.x.high, 4 * columns):
        pen = "M"
        drawn = downsample(trace, axis, a, b, box.x, columns)
        for at, *values in zip(drawn.at, drawn.first, drawn.low, drawn.high, drawn.last, strict=True):
            x = box.left + box.width * at / (columns - 1)
            for value in dict.fromkeys(values):
                steps.append(f"{pen}{x:.1f} {box.y_of(value):.1f}")
                pen = "L"
    return f'<path d="{"".join(steps)}" stroke="{_color(plotted)}" stroke-width="{width}" stroke-opacity="{opacity}"/>'


def _marks(plotted: Plotted, model: ChartModel, box: _Box) -> Iterator[str]:
    """Few points one by one, the newest one, and the places of values that are no number."""
    xs, values, color = plotted.trace.x(model.view.x_axis), plotted.main.series.value, _color(plotted)
    count = min(len(xs), len(values))
    few = range(count) if count <= _POINTS_SHOWN else (count - 1,)
    for i in few:
        if math.isfinite(values[i]) and -0.01 <= box.x.position(xs[i]) <= 1.01:
            x, y, radius = box.x_of(xs[i]), box.y_of(values[i]), 3.5 if i == count - 1 else 2.0
            yield f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{radius}" fill="{color}"/>'
    bad = plotted.curve.series.nonfinite
    for i in sample(bad, 0, len(bad), 200):
        if -0.01 <= box.x.position(xs[i]) <= 1.01:
            x, y = box.x_of(xs[i]), box.y_of(_near(plotted.curve.series, i, box.y))
            yield f'<path d="M{x - 3:.1f} {y - 3:.1f}l6 6m0 -6l-6 6" stroke="{_ALARM}" stroke-width="1.6"/>'


def _near(series: Series, index: int, y: Scale) -> float:
    """Where the mark of a value that is no number stands: at the edge for infinity, beside the curve for NaN."""
    if math.isinf(series.value[index]):
        return y.high if series.value[index] > 0 else y.low
    before = finite_before(series, index)
    return y.low if before is None else before
