"""The gauges pane: what the selected run and the machine use of what they may; enlarged, their past too."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.widget import Widget

from mltui.ui.command import Command, bindings, without
from mltui.ui.commands import PANES
from mltui.ui.panes.base import Pane
from mltui.ui.widgets.gauges import Gauges
from mltui.ui.widgets.lines import Line
from mltui.ui.widgets.scrolling import HoldsLines

if TYPE_CHECKING:
    from mltui.ui.presentation.gauge_board import GaugeBoard
    from mltui.ui.presentation.gauges import Window

#: How long a history may be, in minutes.
SPANS = (1, 5, 15, 60)


class GaugesPane(HoldsLines, Pane):
    """A title and gauges."""

    KEY = "7"
    TITLE = "Use / limit"
    BINDINGS: ClassVar[list[BindingType]] = [*bindings(PANES["gauges"])]

    def __init__(self) -> None:
        super().__init__("gauges")
        self.view: Gauges = Gauges()
        self._minutes = SPANS[1]

    def compose(self) -> ComposeResult:
        """Title and gauges."""
        yield self.title_bar
        yield self.view

    def on_mount(self) -> None:
        """Say how long the history is."""
        self.retitle()

    @property
    def target(self) -> Widget:
        """The gauges."""
        return self.view

    @property
    def table_width(self) -> int:
        """Columns for the table."""
        return self.view.scrollable_content_region.width

    def window(self, now: float) -> Window:
        """The part of the past that is shown, in as many slices as there is room for."""
        from mltui.ui.presentation.gauges import Window

        self.view.full = self.has_class("-big")
        return Window(60.0 * self._minutes, self.view.slices, now, self.view.full)

    def show(self, board: GaugeBoard) -> None:
        """Show these."""
        self.view.show(board.gauges, board.table, board.after)

    def title_texts(self) -> tuple[Line, Line]:
        """How long the history is."""
        return (), [(f"{self._minutes} min", "dim")]

    @property
    def footer(self) -> tuple[Command, ...]:
        """Enlarged there is no more to enlarge; the way back is told by the app."""
        return without(super().footer, "gauges.enlarge") if self.has_class("-big") else super().footer

    def action_span(self) -> None:
        """The next longer history, or the shortest again."""
        self._minutes = SPANS[(SPANS.index(self._minutes) + 1) % len(SPANS)]
        self.retitle()
        self.cockpit_app.main.refresh_gauges()

    def action_enlarge(self) -> None:
        """All the screen for the gauges, or back."""
        self.cockpit_app.action_enlarge()
