"""What a run's curves say in one line each, beside its record."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mltui.domain.figures import counted, format_value
from mltui.domain.text import one_line
from mltui.runtime.metric_summary import best, best_text, of_kind
from mltui.ui.widgets.lines import Line, columns, cut

if TYPE_CHECKING:
    from mltui.domain.metric import MetricStore

#: So many metrics are told of; the curves have all of them.
_MOST = 20


def metric_lines(store: MetricStore) -> list[Line]:
    """Last and best value of each metric, in the order in which they came; empty where there is none."""
    found = of_kind(store)
    if not found:
        return []
    rows = [
        (one_line(s.name, 40), format_value(s.last), f"best {one_line(best_text(s), 60)}" if best(s) else "")
        for s in found[:_MOST]
    ]
    widths = [max(map(columns, column)) for column in zip(*rows, strict=True)]
    lines: list[Line] = [[("what it reached", "strong")]]
    for (name, last, achieved), series in zip(rows, found, strict=False):
        cells = (f"  {cut(name, widths[0])}  ", f"{last:>{widths[1]}}", f"  {cut(achieved, widths[2])}")
        points = counted(len(series), "point")
        lines.append([(cells[0], "text"), (cells[1], "strong"), (cells[2], "dim"), (f"  {points}", "dim")])
    if len(found) > _MOST:
        lines.append([(f"  and {counted(len(found) - _MOST, 'more metric')}: see the curves", "dim")])
    return [*lines, []]
