"""The log pane: the end of what the run prints, or how its image is made."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.widget import Widget

from mltui.domain.figures import format_count
from mltui.domain.log_search import REACH
from mltui.ui.command import Command, bindings
from mltui.ui.commands import PANES, TYPING, key_of
from mltui.ui.panes.base import Pane
from mltui.ui.widgets.lines import Line, Span
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
        """What log it is, what is searched in it, and whether it stands still."""
        view = self.view
        what: list[Span] = [(self._what, "dim")] if self._what else []
        if view.search or view.typing:
            what += [(f"{' ' if what else ''}/{view.search.text}{'▏' if view.typing else ''}", "accent")]
        if view.search and (view.only or not view.follow):
            return what, self._found()
        return what, () if view.follow else [
            ("standing still, ", "warn"),
            (key_of("log.follow"), "key"),
            (" follows", "dim"),
        ]

    @property
    def typing(self) -> tuple[Command, ...]:
        """While a search is typed."""
        return TYPING["log"] if self.view.typing else ()

    def _found(self) -> Line:
        """How many lines have what is searched, and how to go on."""
        view = self.view
        others: Line = [("  ", "dim"), (key_of("log.only"), "key"), (" all" if view.only else " only these", "dim")]
        if view.only:
            return [("these lines only", "warn"), *others]
        if view.searching:
            return [(f"{format_count(len(view.hits))} found, searching …" if view.hits else "searching …", "dim")]
        if not view.hits:
            reach = f" in its first {format_count(REACH)} characters" if view.cut_short else ""
            return [(f"no line has it{reach}", "warn")]
        at: Line = [(format_count(view.hit + 1), "text"), (f" of {format_count(len(view.hits))}", "dim")]
        if view.typing:
            return at
        keys: Line = [("  ", "dim"), (f"{key_of('log.later')} {key_of('log.earlier')}", "key"), (" go on", "dim")]
        return [*at, *keys, *others]

    def on_log_view_follow_changed(self) -> None:
        """The title says so."""
        self.retitle()

    def on_types_search_search_changed(self) -> None:
        """The title says so."""
        self.retitle()

    def action_follow(self) -> None:
        """Follow or stand still."""
        self.view.action_follow(self.retitle)

    def action_search(self) -> None:
        """Type what is searched."""
        self.view.action_search()

    def action_hit(self, steps: int) -> None:
        """Go to another line that has it."""
        self.view.action_hit(steps)

    def action_only(self) -> None:
        """Show only the lines that have it, or all."""
        self.view.action_only()

    async def action_clear(self) -> None:
        """Clear the search, else leave the pane."""
        if not self.view.clear_search():
            await self.app.run_action("app.back")
