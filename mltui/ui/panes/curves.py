"""The curves pane: a grid of charts, one a metric, as many as there is room for."""

from __future__ import annotations

import time
from textwrap import wrap
from typing import TYPE_CHECKING, Any, ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Grid, Horizontal
from textual.message import Message
from textual.widget import Widget

from mltui.storage.chart_choices import ChartChoice
from mltui.ui.command import Command, bindings, without
from mltui.ui.commands import PANES, TYPING, command
from mltui.ui.panes.curves_choosing import NO_CURVES, ChoosesCharts
from mltui.ui.panes.curves_models import ChartModels
from mltui.ui.presentation.chart_selection import looked_at
from mltui.ui.widgets.lines import Line, LinesWidget, Span

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mltui.domain.curve import XAxis
    from mltui.ui.presentation.charts import ChartGroup
    from mltui.ui.presentation.marks import ComparedRun
    from mltui.ui.presentation.places import Places
    from mltui.ui.widgets.line_chart import LineChart

#: The least room in which a chart is worth looking at, in cells, and the most charts drawn at once.
_WIDTH, _HEIGHT, _MOST = 44, 9, 9
#: Points may come by the thousand a second; live charts are drawn anew no more often than this.
_REDRAW_S = 0.4


class Waiting(LinesWidget, can_focus=True):
    """What stands in the place of the charts while there is none."""


class CurvesPane(ChoosesCharts):
    """Charts of the runs that are looked at; they are looked at in the same way (zoom, x axis, crosshair)."""

    KEY = "5"
    TITLE = "Curves"
    DEFAULT_CSS = "CurvesPane > Horizontal { height: 1fr; }"
    BINDINGS: ClassVar[list[BindingType]] = [*bindings(PANES["curves"])]

    class OfferChanged(Message):
        """Other keys are of use now: one chart has all the room or shares it again, charts have come or gone."""

    def __init__(self) -> None:
        super().__init__("curves")
        self._grid = Grid(id="charts")
        self._grid.display = False
        self._waiting = Waiting(id="waiting")
        self._charts: list[LineChart] = []
        self._runs: tuple[ComparedRun, ...] = ()
        self._said = ""
        self._models = ChartModels()
        self._over: tuple[XAxis, Places] | None = None
        """What the x axis shows, and where series stand along it."""
        self._seen: object = None
        self._series: object = None
        self._placed: tuple[object, ...] = ()
        self._drawn = 0.0
        self._with_system = True
        """Charts of CPU, memory and GPU stand behind those of the metrics."""
        self._single = ""
        """Key of the chart that has all the room; empty: the grid."""

    def compose(self) -> ComposeResult:
        """Title, list of charts, grid."""
        yield self.title_bar
        with Horizontal():
            yield self._picker
            yield self._waiting
            yield self._grid

    @property
    def target(self) -> Widget:
        """The first chart, or what stands in its place."""
        return next(iter(self._shown()), self._waiting) if self._selection.wanted else self._waiting

    # -- what is shown ------------------------------------------------------------------------------------------------

    def show(self, runs: Sequence[ComparedRun], waiting: str) -> None:
        """Show the series of ``runs``; ``waiting`` is what is said while there is none.

        The first one is the run that is looked at; what was pinned and hidden for its profile counts.
        """
        profile = runs[0].profile if runs else ""
        if [run.store for run in self._runs[:1]] != [run.store for run in runs[:1]]:
            self._forget()
        if profile != self._profile:
            self._profile, self._selection.choice = profile, ChartChoice()
            self._load_choice(profile)
        if (tuple(runs), waiting) != (self._runs, self._said):
            self._runs, self._said, self._seen = tuple(runs), waiting, None
        self.sync()

    def _forget(self) -> None:
        """Let go of what belonged to another run."""
        self._first, self._series, self._seen, self._placed = 0, None, None, ()
        self._over = None
        self._models.forget_run()

    def sync(self) -> None:
        """Draw what is new, if anything is and the last time is not just now."""
        versions = tuple((run.store.version, run.system.version if run.system else -1) for run in self._runs)
        now = time.monotonic()
        if versions == self._seen or (self._seen is not None and now - self._drawn < _REDRAW_S):
            return
        self._seen, self._drawn = versions, now
        self._regroup()
        for chart in self._charts:
            if chart.display:
                chart.poll()
        if self._picker.display:
            self._list()

    def _regroup(self) -> None:
        """Find the charts anew where there are other series than before."""
        stores = [store for run in self._runs for store in (run.store, run.system) if store]
        series = [
            # Few places suffice to find others by.
            [(id(s), min(len(s), 4)) for s in (*store.series.values(), *store.places.values())]
            for store in stores
        ]
        places = self._places()
        seen = (self._runs, series, self._with_system, places)
        if (*seen, places.catch_up()) != self._series:
            groups = self._groups(places)
            if bool(groups) != bool(self._selection.groups):
                self.post_message(self.OfferChanged())
            self._selection.groups = groups
            self._series = (*seen, places.state)
        self._arrange()

    def _places(self) -> Places:
        """Where series stand along the x axis that is looked at."""
        x_axis = self._models.x_axis
        if self._over is None or self._over[0] is not x_axis:
            from mltui.ui.presentation.places import places_of

            self._over = x_axis, places_of(x_axis)
        return self._over[1]

    def _groups(self, places: Places) -> list[ChartGroup]:
        """The charts of all there is."""
        if not any(run.store.series or (run.system and run.system.series) for run in self._runs):
            return []
        from mltui.ui.presentation.charts import axes_of, group_all

        self._models.offer(axes_of(self._runs))
        places.renew()
        return group_all(self._runs, places, system=self._with_system)

    def _arrange(self) -> None:
        """Show what choice and query ask for."""
        self._selection.arrange()
        self._say_why_empty()
        if self._single not in self._selection.order:
            # Over another x axis the metric may share the chart of another part of the data.
            metric = self._single.rpartition("/")[0]
            self._single = next((group.key for group in self._selection.wanted if group.metric == metric), "")
        self._place()
        self.retitle()

    def on_resize(self) -> None:
        """Make as many charts as now fit."""
        self._say_why_empty()
        self._place()

    def _say_why_empty(self) -> None:
        """What stands in the place of charts, in as many lines as the pane needs for it."""
        lines = wrap(self._selection.why_empty(self._said), max(20, self.size.width - 4))
        self._waiting.show_lines([[], *([(f"  {line}", "dim")] for line in lines)])

    def _place(self) -> None:
        """Give each chart its group; only when the groups or the room changed."""
        columns, rows = self._shape()
        self._first = max(0, min(self._first, len(self._selection.wanted) - 1))
        shown = self._page(columns * rows)
        placed = (columns, rows, shown, self._picker.display)
        if placed == self._placed:
            return
        self._placed = placed
        focused = self._chart_with_focus() is not None or self._waiting.has_focus
        self._grid.display, self._waiting.display = bool(shown), not shown
        self._grid.styles.grid_size_columns = columns
        self._grid.styles.grid_size_rows = rows
        self._make_charts(len(shown))
        for i, chart in enumerate(self._charts):
            chart.display = i < len(shown)
            chart.one_of_several = len(shown) > 1
            if chart.display:
                chart.show_model(self._models.of(shown[i]))
        if focused and self._chart_with_focus() is None:
            self.call_after_refresh(self._take_focus)
        self.retitle()

    def _take_focus(self) -> None:
        """The focus goes on from a chart that has no room any more, or from what stood in the place of charts."""
        if not self._picker.has_focus and (self.screen.focused in (None, self._waiting, *self._charts)):
            self.screen.set_focus(self.target)

    def _page(self, room: int) -> list[ChartGroup]:
        """The charts to show now: the one that has all the room, or as many as there is room for."""
        if self._single:
            return [group for group in self._selection.wanted if group.key == self._single]
        return self._selection.wanted[self._first : self._first + room]

    def _make_charts(self, count: int) -> None:
        if len(self._charts) >= count:
            return
        from mltui.ui.widgets.line_chart import LineChart

        new = [LineChart() for _ in range(count - len(self._charts))]
        self._charts += new
        self._grid.mount(*new)

    def _shape(self) -> tuple[int, int]:
        wanted = min(_MOST, max(1, len(self._selection.wanted)))
        if self._single:
            return 1, 1
        width, height = self.size.width, self.size.height - 1
        if self._picker.display:
            width -= self._size_picker()
        rows = min(max(1, height // _HEIGHT), wanted)
        columns = min(max(1, width // _WIDTH), -(-wanted // rows))
        # Fewer rows, where a column more holds the rest: wide and tall charts are read more easily than many.
        return columns, min(rows, -(-wanted // columns))

    def _size_picker(self) -> int:
        """Give the list its part of the width; as many columns."""
        wide = min(36, max(18, self.size.width * 2 // 5))
        self._picker.styles.width = wide
        return wide + 1

    # -- the title ----------------------------------------------------------------------------------------------------

    def title_texts(self) -> tuple[Line, Line]:
        """The filter, the runs compared, and which of the charts are shown, where not all are."""
        left: list[Span] = []
        if self._selection.query or self._picker.display:
            left.append((f"/{self._selection.query}{'▏' if self._picker.display else ''} ", "accent"))
        if len(self._runs) > 1:
            left.append((f"{len(self._runs)} runs ", "primary"))
        if count := sum(run.store.left_out for run in self._runs):
            left.append((f"{count:,} values left out ", "warn"))
        chart = self._chart
        said = looked_at(chart.model.view, chart.model.axes) if chart else ""
        first = self._selection.order.index(self._single) if self._single else self._first
        counted = self._selection.counted(first, len(self._shown()), picking=self._picker.display)
        return [*left, (f"{said} ", "alt")] if said else left, counted

    # -- choosing -----------------------------------------------------------------------------------------------------

    async def action_clear(self) -> None:
        """Undo the last narrowing: the filter, the one chart; then leave the pane."""
        if self._selection.query:
            self._selection.query = ""
            self._arrange()
        elif self._single:
            self.action_single()
        else:
            await self.app.run_action("app.back")

    def action_pin(self) -> None:
        """Put the chart first, hide it, or neither, in turn."""
        group = self._group_with_focus()
        if group is None:
            return
        self._toggle(group.key)
        state = self._selection.state(group.key) or "shown"
        said = "hidden; / lists it, space shows it again" if state == "hidden" else state
        self.app.notify(f"{group.title}: {said}.", timeout=3, markup=False)

    def action_system(self) -> None:
        """Show or hide the charts of CPU, memory and GPU."""
        if not any(run.system and run.system.series for run in self._runs):
            self.app.notify("There are no samples of what it used.", timeout=3)
            return
        self._with_system = not self._with_system
        self._regroup()

    def action_export(self) -> None:
        """Ask for a format and a place, and write."""
        if not self._selection.groups:
            self.app.notify(NO_CURVES, timeout=3)
            return
        from mltui.ui.panes.curves_export import ask_and_write

        models = [chart.model for chart in self._shown()]
        ask_and_write(self.cockpit_app, self._runs, models, self._shape()[0])

    # -- one chart, other charts --------------------------------------------------------------------------------------

    def _shown(self) -> list[LineChart]:
        return [chart for chart in self._charts if chart.display]

    def _chart_with_focus(self) -> LineChart | None:
        return next((chart for chart in self._shown() if chart.has_focus), None)

    @property
    def _chart(self) -> LineChart | None:
        """The chart that has the focus, else the first."""
        shown = self._shown()
        return self._chart_with_focus() or (shown[0] if shown else None)

    def _group_with_focus(self) -> ChartGroup | None:
        chart = self._chart
        model = chart.model if chart else None
        return next((g for g in self._selection.wanted if self._models.get(g.key) is model), None)

    def on_line_chart_view_changed(self, message: LineChart.ViewChanged) -> None:
        """All charts are looked at in the same way; only the height of each is its own."""
        x_axis = self._models.x_axis
        self._models.look_at(message.chart.model)
        if x_axis is not self._models.x_axis:
            self._regroup()
        for chart in self._shown():
            if chart is not message.chart:
                chart.look_like(message.chart)
        self.retitle()

    def action_charts(self, steps: int) -> None:
        """Show the next or the previous charts."""
        if self._single:
            keys = self._selection.order
            at = keys.index(self._single) + steps
            self._single = keys[max(0, min(at, len(keys) - 1))]
        else:
            columns, rows = self._shape()
            to = self._first + steps * columns * rows
            self._first = to if 0 <= to < len(self._selection.wanted) else self._first if to > 0 else 0
        self._place()

    def action_next_chart(self, steps: int) -> None:
        """Give the next or the previous chart the focus, on the next page where this one ends."""
        shown, chart = self._shown(), self._chart
        if chart is None:
            return
        at = shown.index(chart) + steps
        if self._single or not 0 <= at < len(shown):
            before = self._placed
            self.action_charts(steps)
            if self._placed == before:
                return
            shown = self._shown()
            at = 0 if steps > 0 else len(shown) - 1
        self.screen.set_focus(shown[at])

    @property
    def footer(self) -> tuple[Command, ...]:
        """Of one chart alone, the way back to all of them comes first; where there is none, there is nothing to do."""
        shown = super().footer
        if not self._selection.groups:
            return ()
        if not self._single:
            return shown
        return (command("curves.clear"), *without(shown, "curves.single"))

    @property
    def typing(self) -> tuple[Command, ...]:
        """While charts are looked for by name."""
        return TYPING["charts"] if self._picker.display else ()

    def action_single(self) -> None:
        """Show one chart in all the room, or the grid again."""
        group = self._group_with_focus()
        if group is None:
            return
        self._single = "" if self._single else group.key
        columns, rows = self._shape()
        at = self._selection.order.index(group.key)
        if not self._single:
            self._first = at // (columns * rows) * columns * rows
        self._place()
        self.screen.set_focus(self._charts[0 if self._single else at - self._first])
        self.post_message(self.OfferChanged())

    async def action_chart(self, action: str, *arguments: Any) -> None:  # noqa: ANN401 - each action has its own
        """Ask the chart that has the focus."""
        if self._chart is not None:
            getattr(self._chart, f"action_{action}")(*arguments)
