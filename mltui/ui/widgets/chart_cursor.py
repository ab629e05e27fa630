"""Moving through a chart: zoom, pan, and the crosshair; each function gives the view that results."""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import replace
from typing import Literal, NamedTuple

from mltui.domain.curve import XAxis, interpolate, nearest, sample
from mltui.domain.figures import format_value
from mltui.domain.scale import Scale
from mltui.ui.widgets.chart_axes import full_x_limits, full_y_limits, ranges_within, x_limits, y_limits
from mltui.ui.widgets.chart_frame import Geometry
from mltui.ui.widgets.chart_legend import best_curve, best_index, format_place, index_at
from mltui.ui.widgets.chart_model import ChartModel, Plotted, View

_NARROWEST = 1e-9
"""The smallest share of the whole x axis that zooming reaches."""


Place = Literal["best", "min", "max", "first", "last", "nan"]
"""A notable point of a curve."""
_NONFINITE_VISITED = 10_000


class Value(NamedTuple):
    """What one curve has at the crosshair."""

    label: str
    x: float
    """Where its nearest point is."""
    value: float


class Reading(NamedTuple):
    """What the crosshair reads."""

    place: str
    """``epoch 4``, ``2m30s``."""
    x: float
    values: tuple[Value, ...]
    smoothed: bool = False

    def text(self) -> str:
        """One line, for the clipboard."""
        return "  ".join([self.place, *(_named(v.label, v.value, self.smoothed) for v in self.values)])


def _named(label: str, value: float, smoothed: bool) -> str:
    text = f"{value:.10g}" if math.isfinite(value) else format_value(value)
    return f"{label} {text}" + (" smoothed" if smoothed else "")


def reading(model: ChartModel) -> Reading | None:
    """The value of every curve at the crosshair; ``None`` without one."""
    if model.view.cursor is None:
        return None
    found = []
    for plotted in model.strong:
        at = index_at(plotted, model)
        if at is not None:
            x = float(plotted.trace.x(model.view.x_axis)[at])
            found.append(Value(plotted.curve.label, x, plotted.main.series.value[at]))
    place = format_place(model.view.cursor, model)
    return Reading(place, model.view.cursor, tuple(found), model.view.smoothing > 0)


def reading_text(model: ChartModel) -> str:
    """What a person copies: the place and values at the crosshair, or the newest of each curve without one."""
    found = reading(model)
    if found is not None:
        return found.text()
    newest = ((p.curve.label, p.main.series.value) for p in model.strong)
    smoothed = model.view.smoothing > 0
    return "  ".join(_named(label, values[-1], smoothed) for label, values in newest if len(values))


def zoom(model: ChartModel, factor: float, around: float | None = None) -> View:
    """Show a part ``factor`` as long of the x axis, around a share of it.

    By default that is where the crosshair stands, else the end while it is followed, else the middle.
    """
    now, full = x_limits(model), full_x_limits(model)
    if now is None or full is None:
        return model.view
    if around is None:
        around = _anchor(model, now)
    low, high = _within(now.zoomed(factor, min(max(around, 0.0), 1.0)), full)
    if full.position(high) - full.position(low) < _NARROWEST:
        return model.view
    return _windowed(model.view, low, high, full)


def _anchor(model: ChartModel, now: Scale) -> float:
    if model.view.cursor is not None and 0 <= now.position(model.view.cursor) <= 1:
        return now.position(model.view.cursor)
    return 1.0 if model.view.follow else 0.5


def pan(model: ChartModel, share: float) -> View:
    """Move the shown part by a share of its length, as far as there is something to see."""
    now, full = x_limits(model), full_x_limits(model)
    if now is None or full is None or model.view.x_window is None:
        return model.view
    before, after = full.position(now.low), full.position(now.high)
    step = min(max(share * (after - before), -before), 1.0 - after)
    view = replace(model.view, follow=model.view.follow and share > 0)
    return _windowed(view, full.value(before + step), full.value(after + step), full)


def _within(part: Scale, full: Scale) -> tuple[float, float]:
    return max(part.low, full.low), min(part.high, full.high)


def _windowed(view: View, low: float, high: float, full: Scale) -> View:
    """The view of ``low`` to ``high``: no window where that is everything; following where it reaches the end."""
    begins, ends = full.position(low) <= 1e-9, full.position(high) >= 1 - 1e-9
    return replace(view, x_window=None if begins and ends else (low, high), follow=ends)


def zoom_y(model: ChartModel, factor: float) -> View:
    """Show a part ``factor`` as high of the y axis.

    Zooming in goes to the value at the crosshair, else to the median of what is in sight: a spike does not draw it into
    the empty room below.
    """
    x = x_limits(model)
    if x is None:
        return model.view
    now = y_limits(model, x)
    middle, half = 0.5, factor / 2
    if factor < 1:
        middle = now.position(_value_in_sight(model, x, now))
        # Nothing that was out of sight comes in, unless the crosshair's value was.
        middle = min(max(middle, half), 1 - half) if 0 <= middle <= 1 else middle
    low, high = now.value(middle - half), now.value(middle + half)
    return replace(model.view, y_window=(low, high)) if low < high else model.view


def _value_in_sight(model: ChartModel, x: Scale, y: Scale) -> float:
    """The value that a person looks at: see :func:`zoom_y`; the middle of the axis where no value is in sight."""
    read = [found.value for found in _read(model) if math.isfinite(found.value) and (found.value > 0 or not y.log)]
    if read:
        return next((value for value in read if y.low <= value <= y.high), read[0])
    seen: list[float] = []
    for trace in (plotted.main for plotted in model.strong):
        for a, b in ranges_within(trace, model.view.x_axis, x):
            seen.extend(value for value in sample(trace.series.value, a, b) if y.low <= value <= y.high)
    return sorted(seen)[len(seen) // 2] if seen else y.value(0.5)


def _read(model: ChartModel) -> tuple[Value, ...]:
    """What the crosshair reads, the curve that it walks along first."""
    found, main = reading(model), _main_curve(model)
    values = found.values if found else ()
    return tuple(sorted(values, key=lambda value: main is None or value.label != main.curve.label))


def pan_y(model: ChartModel, share: float) -> View:
    """Move the shown part by a share of its height; up above zero, as far as there is something to see."""
    x = x_limits(model)
    if x is None or model.view.y_window is None:
        return model.view
    now, full = y_limits(model, x), full_y_limits(model, x)
    below, above = full.position(now.low), full.position(now.high)
    least, most = sorted((-below, 1.0 - above))
    step = min(max(share * (above - below), least), most)
    return replace(model.view, y_window=(full.value(below + step), full.value(above + step)))


def step(model: ChartModel, geometry: Geometry, direction: int) -> View:
    """Move the crosshair along the first curve: to its next point, or the next one that lies in another cell."""
    plotted = _main_curve(model)
    if plotted is None:
        return model.view
    if model.view.cursor is None:
        return _at(model, geometry, _last_visible(plotted, model, geometry))
    xs, cursor = _ordered_x(plotted, model), model.view.cursor
    here = geometry.column_of(cursor)
    target = geometry.x_at(here + direction)
    if direction > 0:
        i = min(max(bisect_right(xs, cursor), bisect_left(xs, target)), len(xs) - 1)
    else:
        i = max(min(bisect_left(xs, cursor), bisect_right(xs, target)) - 1, 0)
    return _at(model, geometry, xs[i]) if 0 <= i < len(xs) else model.view


def place(model: ChartModel, geometry: Geometry, column: int) -> View:
    """Put the crosshair on the first curve's point nearest to a canvas cell column."""
    plotted = _main_curve(model)
    if plotted is None:
        return model.view
    xs, x = _ordered_x(plotted, model), geometry.x_at(column)
    i = bisect_left(xs, x)
    near = [xs[k] for k in (i - 1, i) if 0 <= k < len(xs)]
    return _at(model, geometry, min(near, key=lambda v: abs(v - x)))


def jump(model: ChartModel, geometry: Geometry, where: Place) -> View:
    """Put the crosshair on a notable point; the view as it is where there is none.

    The best value is that of validation, where there is one, and of all runs where several are compared; the next NaN
    or infinity that of any curve, the first again after the last; the others are those of the curve with the most
    points.
    """
    if where == "nan":
        return _to_nonfinite(model, geometry)
    plotted = best_curve(model) if where == "best" else _main_curve(model)
    if plotted is None:
        return model.view
    series, last = plotted.curve.series, len(plotted.curve.series) - 1
    index = {
        "best": best_index(plotted), "min": series.argmin, "max": series.argmax, "first": 0, "last": last,
    }[where]  # fmt: skip
    return model.view if index is None else _at(model, geometry, plotted.trace.x(model.view.x_axis)[index])


def _to_nonfinite(model: ChartModel, geometry: Geometry) -> View:
    axis = model.view.x_axis
    places = sorted({p.trace.x(axis)[i] for p in model.strong for i in p.curve.series.nonfinite[:_NONFINITE_VISITED]})
    if not places:
        return model.view
    after = bisect_right(places, model.view.cursor) if model.view.cursor is not None else 0
    return _at(model, geometry, places[after % len(places)])


def _at(model: ChartModel, geometry: Geometry, x: float) -> View:
    """The crosshair at ``x``, the shown part moved there if it lies outside."""
    view = replace(model.view, cursor=float(x))
    if view.x_window is None or 0 <= geometry.x.position(x) <= 1:
        return view
    moved = geometry.x.shifted(geometry.x.position(x) - 0.5)
    full = full_x_limits(model) or moved
    return _windowed(view, *_within(moved, full), full)


def _main_curve(model: ChartModel) -> Plotted | None:
    """The curve that the crosshair walks along: the one with the most points among those drawn strongly."""
    found = [p for p in model.strong if len(p.curve.series)]
    return max(found, key=lambda p: len(p.curve.series), default=None)


def _ordered_x(plotted: Plotted, model: ChartModel) -> Sequence[float]:
    """The curve's x in ascending order, from the newest pass over it where there are several."""
    xs = plotted.trace.x(model.view.x_axis)
    passes = list(plotted.trace.sweeps(model.view.x_axis))
    return xs if len(passes) < 2 else sorted(xs)


def _last_visible(plotted: Plotted, model: ChartModel, geometry: Geometry) -> float:
    xs = _ordered_x(plotted, model)
    return xs[max(bisect_right(xs, geometry.x.high) - 1, 0)]


def whole(view: View) -> View:
    """Everything in sight again: both axes whole, the end followed."""
    return replace(view, x_window=None, y_window=None, follow=True)


def next_axis(view: View, axes: Sequence[XAxis]) -> View:
    """The next meaning of the x axis, of ``axes``: as logged, steps, epochs, time since the start, time of day."""
    every = list(XAxis)
    at = every.index(view.x_axis)
    following = next(axis for axis in every[at + 1 :] + every[: at + 1] if axis in axes)
    return replace(view, x_axis=following, x_window=None, cursor=None, follow=True)


def smoother(view: View, steps: int) -> View:
    """More or less smoothing, in the steps 0, 0.5, 0.6 … 0.9, 0.95, 0.99."""
    levels = (0.0, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99)
    nearest = min(range(len(levels)), key=lambda i: abs(levels[i] - view.smoothing))
    return replace(view, smoothing=levels[min(max(nearest + steps, 0), len(levels) - 1)])


def translate(source: ChartModel, target: ChartModel) -> View:
    """The place and part of the x axis that ``source`` shows, for ``target``, whose y axis stays its own.

    Where the log gives the two charts different axes (steps here, epochs there), a place is found again by the time at
    which it was reached.
    """
    view = replace(source.view, log_y=target.view.log_y, y_window=target.view.y_window)
    if view.x_axis.by_time or source.axis_name == target.axis_name:
        return view
    here, there = _main_curve(source), _main_curve(target)
    if here is None or there is None or not (_told_by_time(here) and _told_by_time(there)):
        return replace(view, x_window=None, cursor=None)

    def found(x: float) -> float:
        time = _along(here.curve.series.x, here.curve.series.time, x)
        return _along(there.curve.series.time, there.curve.series.x, time)

    window = view.x_window and (found(view.x_window[0]), found(view.x_window[1]))
    window = window if window and window[0] < window[1] else None
    return replace(view, x_window=window, cursor=None if view.cursor is None else found(view.cursor))


def _told_by_time(plotted: Plotted) -> bool:
    """Whether the points of a curve were read at different times."""
    times = plotted.curve.series.time
    return len(times) < 2 or times[0] < times[-1]


def _along(xs: Sequence[float], values: Sequence[float], x: float) -> float:
    """The value at ``x`` on the line through points in ascending order, its ends beyond them."""
    at = interpolate(xs, values, x)
    if at is not None:
        return at
    near = nearest(xs, x)
    return values[near] if near is not None else x
