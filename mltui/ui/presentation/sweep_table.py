"""The runs of a sweep beside what they reached: which values are best is what a sweep is for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from mltui.domain.figures import format_value
from mltui.domain.metric_name import Goal, goal_of_series
from mltui.domain.text import one_line
from mltui.runtime.metric_summary import best, best_text
from mltui.ui.presentation.run import time_text
from mltui.ui.widgets.lines import Line, columns, cut

if TYPE_CHECKING:
    from mltui.domain.metric import Series
    from mltui.domain.run import Run
    from mltui.ui.presentation.sweep import Sweep


def sweep_lines(sweep: Sweep, metrics: Mapping[str, Series], now: float) -> list[Line]:
    """The sweep as a table: a line a run, with what differs, how it stands, and by its id the metric that matters most.

    Runs whose best value is the best of all are marked, where the metric's name says what is good.
    """
    facts = (("sweep", sweep.id), ("profile", one_line(sweep.profile, 80)), ("runs", str(len(sweep.runs))))
    lines: list[Line] = [[(f"{name:<10} ", "text"), (value, "text")] for name, value in facts]
    heads = ("run", *(one_line(name, 40) for name in sweep.differing), "state", "took", "metric", "last", "best")
    winners = _winners(metrics)
    rows = [_run_cells(sweep, run, metrics.get(run.id), now) for run in sweep.runs]
    widths = [max(map(columns, column)) for column in zip(heads, *rows, strict=True)]
    lines += [[], [("  " + "  ".join(map(cut, heads, widths)), "dim")]]
    for run, cells in zip(sweep.runs, rows, strict=True):
        best = run.id in winners
        line = "  ".join(map(cut, cells, widths))
        lines.append([("★ " if best else "  ", "ok"), (line, "strong" if best else "text")])
    if not winners:
        return [*lines, [], []]
    metric = one_line(metrics[min(winners)].name, 60)
    return [*lines, [], [("★ ", "ok"), (f"the best {metric} of these runs", "dim")]]


def _run_cells(sweep: Sweep, run: Run, series: Series | None, now: float) -> tuple[str, ...]:
    values = (one_line(str(run.params.get(name, "–")), 20) for name in sweep.differing)
    reached = ("–", "–", "–")
    if series:
        reached = (one_line(series.name, 30), format_value(series.last), one_line(best_text(series), 60))
    return (run.id, *values, run.state.value, time_text(run, now), *reached)


def _winners(metrics: Mapping[str, Series]) -> frozenset[str]:
    """The runs with the best value; none where their metrics differ, or nobody knows what is good."""
    keys = {series.key for series in metrics.values()}
    found = {run: one.value for run, series in metrics.items() if (one := best(series))}
    if len(keys) != 1 or len(found) < 2:
        return frozenset()
    choose = max if goal_of_series(keys.pop()) is Goal.MAX else min
    return frozenset(run for run, value in found.items() if value == choose(found.values()))
