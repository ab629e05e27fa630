"""A block of lines on a terminal that changes in place: a run's state, and a line for each metric."""

from __future__ import annotations

import shutil
import sys
import time
from typing import TYPE_CHECKING

from mltui.cli.output import STATE_COLOURS, cut, paint, width
from mltui.cli.runs import elapsed
from mltui.domain.figures import format_duration, format_value
from mltui.domain.metric import MetricKind, MetricStore, Series
from mltui.domain.run import Run
from mltui.domain.text import one_line
from mltui.runtime.metric_summary import best_text, of_kind, x_text

if TYPE_CHECKING:
    from mltui.runtime.run_view import RunView

#: Of a series' name so much is shown.
_NAME = 32


class LiveLines:
    """Lines on a terminal that change in place; only those that changed are written again."""

    def __init__(self) -> None:
        self.shown: list[str] = []
        """The lines as they stand there."""

    def draw(self, lines: list[str]) -> None:
        """Go up to the block's first line and write those that differ; what is left over below is erased."""
        if lines == self.shown:
            return
        out = [f"\x1b[{len(self.shown)}A"] if self.shown else []
        for at, line in enumerate(lines):
            same = at < len(self.shown) and self.shown[at] == line
            out.append("\r\n" if same else f"\r\x1b[K{line}\r\n")
        if len(lines) < len(self.shown):
            out.append("\x1b[J")
        sys.stdout.write("".join(out))
        sys.stdout.flush()
        self.shown = lines


class LiveDisplay(LiveLines):
    """A run's state, and a line for each metric."""

    def __init__(self, footer: str) -> None:
        super().__init__()
        self._footer = footer

    def update(self, run: Run, view: RunView) -> None:
        """Show the run as it is now."""
        columns, rows = shutil.get_terminal_size((80, 24))
        self.draw([*block(run, view.metrics, columns, rows - 3), paint(cut(self._footer, columns - 1), "dim")])

    def close(self, run: Run, view: RunView) -> None:
        """Leave the metrics where they are, without the footer."""
        columns, rows = shutil.get_terminal_size((80, 24))
        self.draw(block(run, view.metrics, columns, rows - 3)[1:])

    def erase(self) -> None:
        """Leave nothing."""
        self.draw([])


def block(run: Run, store: MetricStore, columns: int, rows: int) -> list[str]:
    """The lines that show a run in ``columns`` by ``rows``."""
    return [_head(run, columns), *_metric_lines(store, columns - 1, max(1, rows))]


def _head(run: Run, columns: int) -> str:
    took = format_duration(elapsed(run) if run.started else time.time() - run.created)
    parts = f"{run.id}  {run.profile}  {run.engine}  "
    state = f"{run.state.value} {took}"
    detail = cut(one_line(run.detail), max(0, columns - 3 - width(parts) - width(state))) if run.state.active else ""
    return f"{parts}{paint(state, STATE_COLOURS[run.state.value])}  {detail}".rstrip()


def _metric_lines(store: MetricStore, columns: int, rows: int) -> list[str]:
    found = of_kind(store) or of_kind(store, MetricKind.RUNNING)
    names = [one_line(series.name, _NAME) for series in found]
    wide = max(map(width, names), default=0)
    lines = [
        cut(f"  {name}{' ' * (wide - width(name))}  {_figures(series)}", columns)
        for name, series in zip(names[:rows], found, strict=False)
    ]
    if len(found) > rows:
        lines[-1] = f"  … and {len(found) - rows + 1} more series"
    return lines


def _figures(series: Series) -> str:
    value = f"{format_value(series.last):>9}"
    where = one_line(x_text(series.key.axis, series.x[-1]), 20)
    if series.key.kind is MetricKind.RUNNING:
        return f"{value}  so far"
    return f"{value}  best {one_line(best_text(series), 40):<22}  {where}"
