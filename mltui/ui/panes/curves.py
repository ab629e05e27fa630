"""The curves pane: a grid of charts, one a metric, as many as there is room for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Grid
from textual.widget import Widget

from mltui.ui.commands import PANES, bindings
from mltui.ui.panes.base import Pane
from mltui.ui.widgets.lines import Line, LinesWidget

if TYPE_CHECKING:
    from mltui.domain.metric import MetricStore
    from mltui.ui.presentation.charts import ChartGroup
    from mltui.ui.widgets.line_chart import LineChart

#: The least room in which a chart is worth looking at, in cells, and the most charts drawn at once.
_WIDTH, _HEIGHT, _MOST = 44, 9, 9


class Waiting(LinesWidget, can_focus=True):
    """What stands in the place of the charts while there is none."""


class CurvesPane(Pane):
    """Charts of the run that is looked at; they are looked at in the same way (zoom, x axis, crosshair)."""

    KEY = "5"
    TITLE = "Curves"
    BINDINGS: ClassVar[list[BindingType]] = [*bindings(PANES["curves"])]

    def __init__(self) -> None:
        super().__init__("curves")
        self._grid = Grid(id="charts")
        self._grid.display = False
        self._waiting = Waiting(id="waiting")
        self._charts: list[LineChart] = []
        self._store: MetricStore | None = None
        self._seen = -1
        self._placed: tuple[object, ...] = ()
        self._groups: list[ChartGroup] = []
        self._first = 0
        self._single = False

    def compose(self) -> ComposeResult:
        """Title and grid."""
        yield self.title_bar
        yield self._waiting
        yield self._grid

    @property
    def target(self) -> Widget:
        """The first chart, or what stands in its place."""
        return self._charts[0] if self._groups and self._charts else self._waiting

    def show(self, store: MetricStore | None, waiting: str) -> None:
        """Show the series of ``store``; ``waiting`` is what is said while there is none."""
        self._waiting.show_lines([[], [(f"  {waiting}", "dim")]])
        if store is not self._store:
            self._store, self._seen, self._placed, self._first = store, -1, (), 0
        self.sync()

    def sync(self) -> None:
        """Draw what is new, if anything is."""
        version = self._store.version if self._store else 0
        if version == self._seen:
            return
        self._seen = version
        if self._store and self._store.series:
            from mltui.ui.presentation.charts import group_series

            self._groups = group_series(self._store)
        else:
            self._groups = []
        self._place()
        for chart in self._charts:
            if chart.display:
                chart.poll()

    def on_resize(self) -> None:
        """Make as many charts as now fit."""
        self._place()

    def _place(self) -> None:
        """Give each chart its group; only when the groups or the room changed."""
        columns, rows = self._shape()
        room = columns * rows
        self._first = max(0, min(self._first, len(self._groups) - 1))
        shown = self._groups[self._first : self._first + room]
        placed = (columns, rows, *((g.key, tuple(id(c.series) for c in g.curves)) for g in shown))
        if placed == self._placed:
            return
        self._placed = placed
        focused = self.has_focus_within
        self._grid.display, self._waiting.display = bool(shown), not shown
        self._grid.styles.grid_size_columns = columns
        self._grid.styles.grid_size_rows = rows
        self._make_charts(len(shown))
        for i, chart in enumerate(self._charts):
            chart.display = i < len(shown)
            chart.show(shown[i].curves if chart.display else (), title=shown[i].title if chart.display else "")
        if focused and not self.has_focus_within:
            self.screen.set_focus(self.target)
        self.retitle()

    def _make_charts(self, count: int) -> None:
        if len(self._charts) >= count:
            return
        from mltui.ui.widgets.line_chart import LineChart

        new = [LineChart() for _ in range(count - len(self._charts))]
        self._charts += new
        self._grid.mount(*new)

    def _shape(self) -> tuple[int, int]:
        wanted = min(_MOST, max(1, len(self._groups)))
        if self._single:
            return 1, 1
        width, height = self.size.width, self.size.height - 1
        rows = min(max(1, height // _HEIGHT), wanted)
        columns = min(max(1, width // _WIDTH), -(-wanted // rows))
        # Fewer rows, where a column more holds the rest: wide and tall charts are read more easily than many.
        return columns, min(rows, -(-wanted // columns))

    def title_texts(self) -> tuple[Line, Line]:
        """Which of the charts are shown, where not all are."""
        shown = sum(1 for chart in self._charts if chart.display)
        total = len(self._groups)
        if total <= shown:
            return (), ()
        which = f"{self._first + 1}–{self._first + shown} of {total}  "
        return (), [(which, "dim"), ("[ ]", "key"), (" more", "dim")]

    @property
    def _chart(self) -> LineChart | None:
        """The chart that has the focus, else the first."""
        shown = [chart for chart in self._charts if chart.display]
        return next((chart for chart in shown if chart.has_focus), shown[0] if shown else None)

    def on_line_chart_view_changed(self, message: LineChart.ViewChanged) -> None:
        """All charts are looked at in the same way; only the height of each is its own."""
        for chart in self._charts:
            if chart is not message.chart and chart.display:
                chart.look_like(message.chart)

    def action_charts(self, steps: int) -> None:
        """Show the next or the previous charts."""
        columns, rows = self._shape()
        self._first = max(0, min(self._first + steps * columns * rows, len(self._groups) - 1))
        self._place()

    def action_single(self) -> None:
        """Show one chart in all the room, or the grid again."""
        chart = self._chart
        if chart is None:
            return
        if not self._single:
            self._first += self._charts.index(chart)
        self._single = not self._single
        self._first = 0 if not self._single else self._first
        self._place()
        self.screen.set_focus(self._charts[0])

    async def action_chart(self, action: str, *arguments: Any) -> None:  # noqa: ANN401 - each action has its own
        """Ask the chart that has the focus."""
        if self._chart is not None:
            getattr(self._chart, f"action_{action}")(*arguments)
