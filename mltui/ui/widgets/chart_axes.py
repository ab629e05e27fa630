"""What the axes of a chart span, and where their ticks are."""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right

from mltui.domain.curve import Trace, XAxis, quantile_limits, sample
from mltui.domain.scale import Scale, Tick, clock_ticks, duration_ticks, fit, nice_step, ticks
from mltui.ui.widgets.chart_model import ChartModel, View


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
    log = model.view.logarithmic_x
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
        zero = model.start if axis is XAxis.RELATIVE else 0.0
        low, high = (max(low - 1, zero) if low >= zero else low - 1), high + 1
    return fit(low, high if log else _with_room(low, high, low if axis.by_time else 0.0), log)


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
    """The y axis that shows all there is within ``x``, but for outliers where these are left out.

    Smooth curves are shown whole, and of the raw ones behind them what fits, as TensorBoard does: one spike would make
    flat what is to be looked at.
    """
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
            edges = _edges(trace, view, x, a, b)
            low, high = min(low, least, *edges), max(high, most, *edges)
            samples.extend(sample(trace.series.value, a, b) if view.clip else ())
    clipped = quantile_limits(v for v in samples if v > 0 or not view.log_y)
    if clipped is not None:
        low, high = max(low, clipped[0]), min(high, clipped[1])
    return fit(low, high, view.log_y, 0.02) if low <= high else fit(0.0, 1.0, view.log_y)


def has_place(model: ChartModel, y: Scale) -> bool:
    """Whether any value has a place on the axis: where none has, its limits and ticks mean nothing."""
    tops = (p.curve.series.value[p.curve.series.argmax] for p in model.curves if p.curve.series.argmax is not None)
    return any(top > 0 or not y.log for top in tops)


def _edges(trace: Trace, view: View, x: Scale, a: int, b: int) -> list[float]:
    """Where the curve, of whose points those from ``a`` to ``b`` are inside the x axis, comes in and goes out."""
    xs, values, found = trace.x(view.x_axis), trace.series.value, []
    for at, edge in ((a, x.low), (b, x.high)):
        if not 0 < at < len(values) or not xs[at - 1] < edge < xs[at] or (x.log and xs[at - 1] <= 0):
            continue
        before, after = values[at - 1], values[at]
        share = Scale(xs[at - 1], xs[at], x.log).position(edge)
        if not math.isfinite(before) or not math.isfinite(after):
            continue
        if not view.log_y:
            found.append(before * (1 - share) + after * share)
        elif min(before, after) > 0:
            found.append(before ** (1 - share) * after**share)
    return found


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
    spans = scale.high - scale.low >= 2 and not (scale.log and scale.low < 1)
    if len(whole) >= 2 and (spans or _counted(model)):
        return whole
    return found


def _counted(model: ChartModel) -> bool:
    """Whether x is a whole number wherever one looks."""
    return all(
        float(x).is_integer()
        for p in model.curves
        for x in sample(p.trace.x(model.view.x_axis), 0, len(p.curve.series), 100)
    )
