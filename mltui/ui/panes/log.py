"""The log pane: the end of what the run prints, or how its image is made."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.widget import Widget

from mltui.ui.commands import PANES, bindings
from mltui.ui.panes.base import Pane
from mltui.ui.widgets.lines import Line
from mltui.ui.widgets.log_view import LogView
from mltui.ui.widgets.scrolling import HoldsLines

if TYPE_CHECKING:
    from mltui.domain.log import LogBuffer


class LogPane(HoldsLines, Pane):
    """A log and whether it follows."""

    KEY = "6"
    TITLE = "Log"
    BINDINGS: ClassVar[list[BindingType]] = [*bindings(PANES["log"])]

    def __init__(self) -> None:
        super().__init__("log")
        self.view: LogView = LogView()
        self._what = ""

    def compose(self) -> ComposeResult:
        """Title and log."""
        yield self.title_bar
        yield self.view

    @property
    def target(self) -> Widget:
        """The log."""
        return self.view

    def show(self, buffer: LogBuffer, what: str = "", message: str = "") -> None:
        """Show ``buffer``; ``what`` says what log it is where that is not plain."""
        if what != self._what:
            self._what = what
            self.retitle()
        self.view.show(buffer, message)

    def title_texts(self) -> tuple[Line, Line]:
        """What log it is, and whether it stands still."""
        left: Line = [(self._what, "dim")] if self._what else ()
        return left, () if self.view.follow else [("standing still, ", "warn"), ("f", "key"), (" follows", "dim")]

    def on_log_view_follow_changed(self) -> None:
        """The title says so."""
        self.retitle()

    def action_follow(self) -> None:
        """Follow or stand still."""
        self.view.action_follow(self.retitle)
