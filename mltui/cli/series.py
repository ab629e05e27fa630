"""A table with a line for each series."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from mltui.cli.output import print_table
from mltui.domain.figures import format_count, format_value
from mltui.runtime.metric_summary import best_text, x_text

if TYPE_CHECKING:
    from mltui.domain.metric import Series


def print_series(found: Sequence[Series]) -> None:
    """The last and the best value of each; its kind too where they are of several, which may share a name."""
    several = len({series.key.kind for series in found}) > 1
    heads = ("METRIC", *(("KIND",) if several else ()), "POINTS", "AT", "LAST", "BEST", "")
    rows = [
        (
            series.name,
            *((series.key.kind,) if several else ()),
            format_count(len(series)),
            x_text(series.key.axis, series.x[-1]),
            format_value(series.last),
            best_text(series),
            f"{len(series.nonfinite)} not finite" if series.nonfinite else "",
        )
        for series in found
    ]
    print_table(heads, rows, right="POINTS LAST")
