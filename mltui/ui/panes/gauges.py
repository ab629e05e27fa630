"""The gauges pane: what the selected run and the machine use, of what they may."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.widget import Widget

from mltui.ui.panes.base import Pane
from mltui.ui.widgets.gauges import Gauge, Gauges


class GaugesPane(Pane):
    """A title and gauges; it takes no focus."""

    KEY = ""
    TITLE = "Use / limit"
    BINDINGS: ClassVar = []

    def __init__(self) -> None:
        super().__init__("gauges")
        self._gauges = Gauges()

    def compose(self) -> ComposeResult:
        """Title and gauges."""
        yield self.title_bar
        yield self._gauges

    @property
    def target(self) -> Widget:
        """Nothing in it takes the focus."""
        return self

    def show(self, gauges: Sequence[Gauge]) -> None:
        """Show these."""
        self._gauges.show(gauges)
