"""The title row of a chart: its name, and of every curve the last value, the best one, and what was no number."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from typing import NamedTuple

from rich.cells import cell_len, set_cell_size
from rich.style import Style

from mltui.domain.curve import Trace, XAxis, nearest
from mltui.domain.figures import format_value
from mltui.domain.metric import Series
from mltui.domain.metric_name import Goal
from mltui.domain.scale import format_clock, format_elapsed, format_x
from mltui.domain.text import one_line
from mltui.ui import palette
from mltui.ui.widgets.chart_model import HOLLOW, LABEL_LENGTH, ChartModel, Look, Plotted

_BOLD = Style(bold=True)
_GAP = "   "
_DETAIL = "  "
"""In front of what an entry says beside its value."""
_ENTRY = 12
"""Cells that a mark and a value take behind a title."""
_NAME = 8
"""So much of a chart's name is always shown."""
_BEST, _PLACED, _FULL = 4, 5, 6
"""Detail of an entry with the best value; with its place; with that of the axis's name."""
_NONFINITE_TOLD = 10_000
"""So many values that are no number are told apart by kind; a run that prints nothing else has no curve anyway."""


class Span(NamedTuple):
    """Text of one style within a row."""

    text: str
    style: Style


def width_of(row: Sequence[Span]) -> int:
    """Cells that a row takes."""
    return sum(cell_len(span.text) for span in row)


def header(model: ChartModel, width: int, height: int, look: Look) -> list[list[Span]]:
    """The title and the legend: as much detail, on as many rows, as the chart's size allows."""
    most_rows = 1 if height < 10 else 2 if height < 14 else 3 if height < 20 else 4
    title = _title_spans(model, look, width if most_rows > 1 else width - _ENTRY)
    shown = model.strong
    tries = [*_tries(shown)]
    for legend in tries:
        pack = partial(_pack, title, width=width, most_rows=most_rows, gap=legend.gap)
        rows = pack(legend.entries(model, look))
        if rows is not None:
            return _with_bests(legend, model, look, pack) or rows
    return [_cut(title, [*tries[-1].entries(model, look)], width, look)]


class _Legend(NamedTuple):
    """What a legend may say."""

    curves: list[Plotted]
    hint: bool
    """The marks of compared runs are explained."""
    detail: int
    gap: str
    short: bool
    """The part of the data, which stands behind the name of a run, is left out."""

    def entries(self, model: ChartModel, look: Look) -> Iterator[list[Span]]:
        """One after the other, since there is seldom room for all."""
        yield from (self.entry(p, model, look, self.detail) for p in self.curves)
        if self.hint:
            yield _behind(model.strong, look)

    def entry(self, plotted: Plotted, model: ChartModel, look: Look, detail: int) -> list[Span]:
        """What is said of a curve in so much detail."""
        return _entry(plotted, model, look, detail, 3 if self.gap == " " else 4, short=self.short)


def _tries(shown: list[Plotted]) -> Iterator[_Legend]:
    """What a legend may say, the most first: which curves, whether their marks are explained, detail and gap."""
    front = [p for p in shown if p.glyph not in HOLLOW.values()]
    values = [(detail, _GAP) for detail in range(_FULL, 0, -1)] + [(1, " ")]
    for detail, gap in values:
        yield _Legend(shown, False, detail, gap, False)
    if not front or len(front) == len(shown):
        yield _Legend(shown, False, 0, _GAP, False)
        return
    for detail, gap in values:
        yield _Legend(front, True, detail, gap, True)
    for detail, gap in values[-2:]:
        yield _Legend(front, False, detail, gap, True)
    yield _Legend(front, True, 0, _GAP, True)
    yield _Legend(front, False, 0, _GAP, True)


def _with_bests(
    legend: _Legend,
    model: ChartModel,
    look: Look,
    pack: Callable[[Iterable[list[Span]]], list[list[Span]] | None],
) -> list[list[Span]] | None:
    """The legend with the best value, and its place, of as many curves as have room for it, that of the best one first.

    ``None`` where there is no room for any, or all have theirs.
    """
    if not 0 < legend.detail < _PLACED or model.view.cursor is not None:
        return None
    entries, rows = list(legend.entries(model, look)), None
    for plotted in _from_best(model):
        at = next((i for i, shown in enumerate(legend.curves) if shown is plotted), None)
        if at is None:
            continue
        for detail in range(_PLACED, max(legend.detail, _BEST - 1), -1):
            fuller = [*entries[:at], legend.entry(plotted, model, look, detail), *entries[at + 1 :]]
            packed = pack(fuller)
            if packed is not None:
                entries, rows = fuller, packed
                break
        else:
            # No curve tells its best value where a better curve has no room for its own.
            if legend.detail < _BEST:
                break
    return rows


def _behind(shown: Sequence[Plotted], look: Look) -> list[Span]:
    """What the marks of compared runs stand for, in one entry: ``◆ val  ◇ train``."""
    said: dict[str, dict[str, None]] = {"◆": {}, "◇": {}}
    for plotted in shown:
        if plotted.curve.part:
            said["◇" if plotted.glyph in HOLLOW.values() else "◆"][plotted.curve.part] = None
    return [Span("  ".join(f"{glyph} {', '.join(parts)}" for glyph, parts in said.items() if parts), look.muted)]


def _title_spans(model: ChartModel, look: Look, room: int) -> list[Span]:
    """The title, and what is this chart's alone of how it is looked at: the name cut so that ``room`` cells hold all.

    The title of the chart with the focus is marked by an arrow, for terminals without colours too.
    """
    own = f" {own_look(model)}".rstrip()
    arrow = "▸" if look.focused else ""
    title = arrow + _title(model, room - cell_len(arrow + own))
    spans = [Span(title, look.title if look.focused else look.text + _BOLD)] if title else []
    return [*spans, Span(own, look.muted)] if own else spans


def own_look(model: ChartModel) -> str:
    """How a chart is looked at where the charts beside it are not: ``log y, part of y``; empty for a plain one."""
    view = model.view
    below = ["values"] if view.log_y and any(_reaches_zero(p.curve.series) for p in model.curves) else []
    below += ["x"] if view.logarithmic_x and model.starts_at_zero else []
    said = [
        ("log y", view.log_y),
        (f"{' and '.join(below)} ≤ 0 left out", below),
        ("part of y", view.y_window is not None),
    ]
    return ", ".join(text for text, holds in said if holds)


def _reaches_zero(series: Series) -> bool:
    """Whether some value has no place on a logarithmic axis."""
    return series.argmin is not None and series.value[series.argmin] <= 0


def _title(model: ChartModel, room: int) -> str:
    """The chart's name, and where the crosshair stands."""
    place = "" if model.view.cursor is None else f" @ {format_place(model.view.cursor, model)}"
    return f"{shortened(model.title, max(room - cell_len(place), _NAME))}{place}".strip()


def shortened(text: str, cells: int) -> str:
    """The text, its end cut off where it is wider than so many cells of a terminal."""
    return text if cell_len(text) <= cells else set_cell_size(text, cells - 1).rstrip(" …") + "…"


def _pack(
    title: list[Span], entries: Iterable[list[Span]], width: int, most_rows: int, gap: str
) -> list[list[Span]] | None:
    """The entries in as few rows as hold them, ``None`` if that is too many; one that fills a row goes on below."""
    rows, used = [list(title)], width_of(title)
    indent = [Span("  ", Style())] if title else []
    for entry in entries:
        before = [Span(gap, Style())] if rows[-1] else []
        cells = [cell_len(span.text) for span in entry]
        if used + width_of(before) + sum(cells) > width:
            rows.append([])
            before, used = indent, 0
        rows[-1] += before
        used += width_of(before)
        for span, wide in zip(entry, cells, strict=True):
            if span.text.startswith(_DETAIL) and used + wide > width:
                rows.append(list(indent))
                used = width_of(indent)
            rows[-1].append(span)
            used += wide
        if used > width or len(rows) > most_rows:
            return None
    return rows


def _cut(row: list[Span], entries: list[list[Span]], width: int, look: Look) -> list[Span]:
    """What fits, and how many curves did not."""
    rest = len(entries)
    for entry in entries:
        more = f" +{rest - 1}"
        if width_of(row) + 1 + width_of(entry) + (len(more) if rest > 1 else 0) > width:
            break
        row = [*row, Span(" ", Style()), *entry]
        rest -= 1
    row = [*row, Span(f" +{rest}", look.muted)] if rest else row
    if width_of(row) <= width:
        return row
    return [Span(set_cell_size("".join(s.text for s in row), width - 1) + "…", row[0].style)]


def _entry(
    plotted: Plotted, model: ChartModel, look: Look, detail: int, digits: int, *, short: bool = False
) -> list[Span]:
    """Glyph and label; detail 1 adds the value, 2 what was no number, 3 its place, and so on up to :data:`_FULL`.

    A smoothed value is called so as soon as one that is not stands beside it.
    """
    label = plotted.curve.label.removesuffix(f" {plotted.curve.part}") if short else plotted.curve.label
    # A pale line is told by its hollow mark; words are as readable as any.
    color = Style(color=palette.readable(plotted.color, look.background))
    spans = [Span(plotted.glyph, color)]
    if plotted.curve.label != model.title:
        spans.append(Span(f" {one_line(label, LABEL_LENGTH)}", color))
    if detail >= 1:
        spans.append(Span(f" {_value_text(plotted.main, plotted, model, digits)}", look.text + _BOLD))
    if detail >= _BEST and plotted.smooth_trace:
        raw = _value_text(plotted.trace, plotted, model, digits)
        spans += [Span(" smoothed", look.muted), Span(f"{_DETAIL}raw {raw}", look.muted)]
    if detail >= 2 and plotted.curve.series.nonfinite:
        spans.append(Span(f"{_DETAIL}✕ {_nonfinite_text(plotted, model, detail >= 3)}", look.alarm))
    if detail >= _BEST and model.view.cursor is None:
        spans += [Span(text, look.muted) for text in _best_text(plotted, model, detail, digits)]
    return spans


def _value_text(trace: Trace, plotted: Plotted, model: ChartModel, digits: int) -> str:
    """The newest value of ``trace``, or the one at the crosshair."""
    values = trace.series.value
    if not len(values):
        return "–"
    if model.view.cursor is None:
        return format_value(values[-1], digits)
    at = index_at(plotted, model)
    return "–" if at is None else format_value(values[at], digits)


def index_at(plotted: Plotted, model: ChartModel) -> int | None:
    """The point nearest to the crosshair, in the newest pass over its x; ``None`` where the curve has none there.

    A curve that ended has no value far behind its end: further than its points stand apart.
    """
    axis, cursor = model.view.x_axis, model.view.cursor
    if cursor is None:
        return None
    xs = plotted.trace.x(axis)
    passes = [(a, b) for a, b in plotted.trace.sweeps(axis) if xs[a] <= cursor <= xs[b - 1]]
    if not passes:
        passes = list(plotted.trace.sweeps(axis))[-1:]
    if not passes or _beyond(cursor, xs, *passes[-1]):
        return None
    return nearest(xs, cursor, *passes[-1])


def _beyond(x: float, xs: Sequence[float], start: int, stop: int) -> bool:
    """Whether ``x`` lies further outside the points than these stand apart."""
    first, last = xs[start], xs[stop - 1]
    apart = (last - first) / (stop - start - 1) if first < last else math.inf
    return x > last + apart or x < first - apart


def best_index(plotted: Plotted) -> int | None:
    """Index of the best value, by the curve's goal; ``None`` without a goal or a finite value."""
    series = plotted.curve.series
    if plotted.curve.goal is None:
        return None
    return series.argmax if plotted.curve.goal is Goal.MAX else series.argmin


def best_curve(model: ChartModel) -> Plotted | None:
    """The curve with the best value: of one run the one drawn last, of several the best of their last ones."""
    return next(iter(_from_best(model)), None)


def _from_best(model: ChartModel) -> list[Plotted]:
    """The curves that have a best value, in the order of what a person wants to know: see :func:`best_curve`."""
    found = [p for p in model.strong if best_index(p) is not None]
    if not any(p.curve.glyph for p in found):
        return found[::-1]
    return sorted(found, key=lambda p: (p.glyph in HOLLOW.values(), -_goodness(p)))


def _goodness(plotted: Plotted) -> float:
    value = plotted.curve.series.value[best_index(plotted) or 0]
    return value if plotted.curve.goal is Goal.MAX else -value


def format_place(x: float, model: ChartModel) -> str:
    """An x with the name of its axis: ``epoch 4``, ``2m30s``, ``14:05:10``."""
    if model.view.x_axis is XAxis.RELATIVE:
        return format_elapsed(x - model.start)
    if model.view.x_axis is XAxis.WALL:
        return format_clock(x)
    return f"{model.axis_name} {format_x(x)}"


def _best_text(plotted: Plotted, model: ChartModel, detail: int, digits: int) -> list[str]:
    best = best_index(plotted)
    if best is None or len(plotted.curve.series) < 2:
        return []
    if plotted.curve.peak:
        # Where it was lies somewhere between the points of the log.
        return [f"{_DETAIL}peak {format_value(plotted.curve.series.value[best], digits)}"]
    text = f"{_DETAIL}best {format_value(plotted.curve.series.value[best], digits)}"
    if detail < _PLACED:
        return [text]
    axis = model.view.x_axis
    x = plotted.trace.x(axis)[best]
    return [f"{text} @ {format_place(x, model) if detail >= _FULL or axis.by_time else format_x(x)}"]


def _nonfinite_text(plotted: Plotted, model: ChartModel, placed: bool) -> str:
    """``NaN at step 120``, with how many there are; NaN and infinity each with the place of its first."""
    series, xs = plotted.curve.series, plotted.trace.x(model.view.x_axis)
    places: dict[str, list[int]] = {}
    for i in series.nonfinite[:_NONFINITE_TOLD]:
        places.setdefault(format_value(series.value[i]), []).append(i)
    if not placed:
        return " ".join(f"{len(found)} {kind}" for kind, found in places.items())
    return ", ".join(_first_place(kind, found, xs, model) for kind, found in places.items())


def _first_place(kind: str, found: Sequence[int], xs: Sequence[float], model: ChartModel) -> str:
    more = "" if len(found) == 1 else f" (×{len(found)}{'+' if len(found) >= _NONFINITE_TOLD else ''})"
    return f"{kind} at {format_place(xs[found[0]], model)}{more}"
