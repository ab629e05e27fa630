"""The detail pane: in the place of curves and log, what a profile or an image is."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.widget import Widget

from mltui.ui.command import bindings
from mltui.ui.commands import PANES
from mltui.ui.panes.base import Pane
from mltui.ui.widgets.lines import Line
from mltui.ui.widgets.scrolling import HoldsLines
from mltui.ui.widgets.text_view import TextView, folded


class DetailPane(HoldsLines, Pane):
    """A text about what the cursor is on."""

    KEY = "5"
    TITLE = "Details"
    BINDINGS: ClassVar[list[BindingType]] = [*bindings(PANES["detail"])]

    def __init__(self) -> None:
        super().__init__("detail")
        self.view: TextView = TextView()
        self.copyable = ""
        """What the copy key takes."""
        self._lines: list[Line] = []

    def compose(self) -> ComposeResult:
        """Title and text."""
        yield self.title_bar
        yield self.view

    @property
    def target(self) -> Widget:
        """The text."""
        return self.view

    def show(self, lines: list[Line], copyable: str = "") -> None:
        """Show ``lines``."""
        self.copyable = copyable
        self._lines = lines
        self._fold()

    def on_resize(self) -> None:
        """Fold the text into the room it has."""
        self.call_after_refresh(self._fold)

    def _fold(self) -> None:
        self.view.show(folded(self._lines, self.view.scrollable_content_region.width or 80))

    def action_copy(self) -> None:
        """Copy the command."""
        if self.copyable:
            self.app.copy_to_clipboard(self.copyable)
            self.app.notify("Copied.", timeout=2)
        else:
            self.app.notify("There is no command to copy.", timeout=2)
