"""Which charts are wanted: what a filter leaves, and what is pinned and hidden, which is kept for each profile."""

from __future__ import annotations

from functools import partial

from mltui.storage.chart_choices import ChartChoice, ChartChoices
from mltui.ui.panes.base import Pane
from mltui.ui.presentation.chart_selection import ChartSelection
from mltui.ui.widgets.metric_picker import MetricPicker

NO_CURVES = "There are no curves yet."


class ChoosesCharts(Pane):
    """A pane of charts among which a person chooses."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self._selection = ChartSelection()
        self._picker = MetricPicker()
        self._profile = ""
        self._first = 0
        """Number of the first chart that is shown."""

    def _arrange(self) -> None:
        """Show what choice and query ask for."""
        raise NotImplementedError

    def _place(self) -> None:
        """Give each chart its group; only when the groups or the room changed."""
        raise NotImplementedError

    def _load_choice(self, profile: str) -> None:
        if profile:
            self.run_worker(partial(self._read_choice, profile), thread=True, group="charts", exit_on_error=False)

    def _read_choice(self, profile: str) -> None:
        from mltui.storage.locations import home

        choice = ChartChoices(home()).load(profile)
        self.app.call_from_thread(self._choose, profile, choice)

    def _choose(self, profile: str, choice: ChartChoice) -> None:
        if profile == self._profile and choice != self._selection.choice:
            self._selection.choice = choice
            self._arrange()

    def _keep_choice(self) -> None:
        from mltui.storage.locations import home

        save = partial(ChartChoices(home()).save, self._profile, self._selection.choice)
        if self._profile:
            self.run_worker(save, thread=True, group="charts-save", exit_on_error=False)

    def action_filter(self) -> None:
        """Type a filter."""
        if not self._selection.groups:
            self.app.notify(NO_CURVES, timeout=3)
            return
        self._picker.open(self._selection.query)
        self._list()
        self._place()

    def _list(self) -> None:
        """Give the list its rows."""
        self._picker.update(self._selection.rows())

    def on_metric_picker_query_changed(self, message: MetricPicker.QueryChanged) -> None:
        """Narrow the grid while the filter is typed."""
        self._selection.query, self._first = message.query, 0
        self._list()
        self._picker.move(0)
        self._arrange()

    def on_metric_picker_toggled(self, message: MetricPicker.Toggled) -> None:
        """Pin, hide or neither."""
        self._toggle(message.key)

    def _toggle(self, key: str) -> None:
        self._selection.choice = self._selection.choice.cycled(key)
        self._keep_choice()
        if self._picker.display:
            self._list()
        self._arrange()

    def on_metric_picker_closed(self, message: MetricPicker.Closed) -> None:
        """Back to the charts."""
        self._picker.display = False
        self._selection.query = self._selection.query if message.kept else ""
        self._arrange()
        self.screen.set_focus(self.target)
        self.retitle()
