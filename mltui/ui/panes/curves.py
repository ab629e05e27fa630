"""The curves pane: a grid of charts, one a metric, as many as there is room for."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Grid
from textual.widget import Widget

from mltui.ui.commands import PANES, bindings
from mltui.ui.panes.base import Pane
from mltui.ui.presentation.charts import ChartGroup, group_series
from mltui.ui.widgets.line_chart import LineChart
from mltui.ui.widgets.lines import Line

if TYPE_CHECKING:
    from mltui.domain.metric import MetricStore

#: The least room in which a chart is worth looking at, in cells, and the most charts drawn at once.
_WIDTH, _HEIGHT, _MOST = 44, 9, 9


class CurvesPane(Pane):
    """Charts of the run that is looked at."""

    KEY = "5"
    TITLE = "Curves"
    BINDINGS: ClassVar[list[BindingType]] = [*bindings(PANES["curves"])]
    can_focus = True

    def __init__(self) -> None:
        super().__init__("curves")
        self._grid = Grid(id="charts")
        self._charts: list[LineChart] = []
        self._store: MetricStore | None = None
        self._seen = -1
        self._keys: tuple[object, ...] = ()
        self._groups: list[ChartGroup] = []
        self._first = 0
        self._single = False
        self._waiting = ""

    def compose(self) -> ComposeResult:
        """Title and grid."""
        yield self.title_bar
        yield self._grid

    @property
    def target(self) -> Widget:
        """The chart that has the cursor, or the pane while there is none."""
        return self._charts[0] if self._charts and self._charts[0].is_attached else self

    def show(self, store: MetricStore | None, waiting: str) -> None:
        """Show the series of ``store``; ``waiting`` is what is said while there is none."""
        if store is not self._store:
            self._store, self._seen, self._keys, self._first = store, -1, (), 0
        if waiting != self._waiting:
            self._waiting, self._keys = waiting, ()
        self.sync()

    def sync(self) -> None:
        """Draw what is new, if anything is."""
        version = self._store.version if self._store else 0
        if version == self._seen and self._keys:
            return
        self._seen = version
        self._groups = group_series(self._store) if self._store else []
        self._place()
        for chart in self._charts:
            chart.poll()

    def on_resize(self) -> None:
        """Make as many charts as now fit."""
        self._keys = ()
        self.sync()

    def _place(self) -> None:
        """Give each chart its group; only when the groups or the room changed."""
        columns, rows = self._shape()
        room = columns * rows
        self._first = max(0, min(self._first, len(self._groups) - room))
        shown = self._groups[self._first : self._first + room]
        keys = (columns, rows, self._waiting, *((g.key, len(g.curves)) for g in shown))
        if keys == self._keys:
            return
        self._keys = keys
        self._grid.styles.grid_size_columns = columns
        self._grid.styles.grid_size_rows = rows
        count = max(1, len(shown))
        while len(self._charts) < count:
            chart = LineChart()
            self._charts.append(chart)
            self._grid.mount(chart)
        for i, chart in enumerate(self._charts):
            chart.display = i < count
            if i < len(shown):
                chart.show(shown[i].curves, title=shown[i].title)
            elif i == 0:
                chart.show((), title="", waiting=self._waiting)
        self.retitle()

    def _shape(self) -> tuple[int, int]:
        wanted = min(_MOST, max(1, len(self._groups)))
        if self._single:
            return 1, 1
        width, height = self.size.width, self.size.height - 1
        most_rows = max(1, height // _HEIGHT)
        rows = min(most_rows, wanted)
        columns = min(max(1, width // _WIDTH), -(-wanted // rows))
        # A second column is better filled by fewer rows: charts are read more easily wide and tall than many.
        rows = min(rows, -(-wanted // columns))
        return columns, rows

    def title_texts(self) -> tuple[Line, Line]:
        """Which of the charts are shown, where not all are."""
        shown = sum(1 for chart in self._charts if chart.display)
        total = len(self._groups)
        if total <= shown:
            return (), ()
        return (), [(f"{self._first + 1}–{self._first + shown} of {total}  ", "dim"), ("[ ]", "key"), (" more", "dim")]

    def action_charts(self, steps: int) -> None:
        """Show the next or the previous charts."""
        columns, rows = self._shape()
        self._first = max(0, min(self._first + steps * columns * rows, len(self._groups) - 1))
        self._keys = ()
        self._place()

    def action_single(self) -> None:
        """Show one chart in all the room, or the grid again."""
        self._single = not self._single
        if self._single and self.app.focused in self._charts:
            self._first += self._charts.index(self.app.focused)
        self._keys = ()
        self._place()
