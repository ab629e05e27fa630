"""Which charts are shown, and in which order: what was pinned, hidden and typed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mltui.storage.chart_choices import ChartChoice
from mltui.ui.widgets.lines import Span
from mltui.ui.widgets.metric_picker import MetricRow

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mltui.domain.curve import XAxis
    from mltui.ui.presentation.charts import ChartGroup
    from mltui.ui.widgets.chart_model import View


def looked_at(view: View, axes: Sequence[XAxis]) -> str:
    """What a person must know to read all charts right: ``log x, smoothed 0.9``; empty for a plain view.

    What is one chart's alone (its y axis) is said at that chart. Of the ``axes`` that x may show those of time say it
    themselves.
    """
    said = [
        (f"over {view.x_axis}", view.x_axis in ("steps", "epochs") and view.x_axis in axes),
        ("log x", view.logarithmic_x),
        (f"smoothed {view.smoothing:g}", view.smoothing > 0),
        ("outliers left out", view.clip),
        ("part of x", view.x_window is not None),
    ]
    return ", ".join(text for text, holds in said if holds)


class ChartSelection:
    """The charts that there are, and what a person wants of them."""

    def __init__(self) -> None:
        self.groups: list[ChartGroup] = []
        self.choice = ChartChoice()
        self.query = ""
        self.wanted: list[ChartGroup] = []
        """What choice and query leave, in the order shown: the best fit first, else pinned ones first."""

    def arrange(self) -> None:
        """Find what is wanted now."""
        order = {key: at for at, key in enumerate(self.choice.pinned)}
        shown = [group for group in self.groups if group.key not in self.choice.hidden]
        shown.sort(key=lambda group: order.get(group.key, len(order)))
        if self.query:
            fits = [(found.score, group) for group in shown if (found := group.fits(self.query))]
            shown = [group for _, group in sorted(fits, key=lambda fit: -fit[0])]
        self.wanted = shown

    @property
    def order(self) -> list[str]:
        """The keys of the wanted charts."""
        return [group.key for group in self.wanted]

    @property
    def hidden(self) -> int:
        """How many charts of these are hidden."""
        return sum(1 for group in self.groups if group.key in self.choice.hidden)

    def state(self, key: str) -> str:
        """``pinned``, ``hidden`` or nothing."""
        if key in self.choice.hidden:
            return "hidden"
        return "pinned" if key in self.choice.pinned else ""

    def rows(self) -> list[MetricRow]:
        """Every chart that fits the query, for the list: the best fit first, hidden ones last."""
        from mltui.domain.figures import format_value

        rows: list[tuple[tuple[bool, float, int], MetricRow]] = []
        for at, group in enumerate(self.groups):
            found = group.fits(self.query) if self.query else None
            if self.query and found is None:
                continue
            state, last = self.state(group.key), group.curves[-1].series.last
            value = "" if last is None else format_value(last, 3)
            row = MetricRow(group.key, group.title, value, state, found.places if found else ())
            rows.append(((state == "hidden", -found.score if found else 0.0, at), row))
        return [row for _, row in sorted(rows)]

    def counted(self, first: int, shown: int, *, picking: bool) -> list[Span]:
        """Which of the charts are ``shown`` from the ``first`` on, where that is not all; while one is picked, how many
        fit."""
        hidden, total = self.hidden, len(self.wanted)
        aside: list[Span] = [(f"  {hidden} hidden", "dim")] if hidden else []
        if picking:
            return [(f"{total} of {len(self.groups)}", "dim"), *aside]
        if total <= shown:
            return aside
        which = f"{first + 1}" if shown == 1 else f"{first + 1}–{first + shown}"
        return [(f"{which} of {total}  ", "dim"), ("[ ]", "key"), (" more", "dim"), *aside]

    def why_empty(self, said: str) -> str:
        """What stands in the place of the charts: ``said`` where there is none."""
        if self.groups and self.query:
            return f"No chart fits /{self.query}"
        if self.groups:
            return f"All {len(self.groups)} charts are hidden: / lists them, space shows one."
        return said
