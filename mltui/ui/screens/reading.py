"""A text in a frame over the screen below, with the keys of its place under it."""

from __future__ import annotations

from collections.abc import Iterable

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen, ScreenResultType

from mltui.domain.text import one_line
from mltui.ui.command import Command
from mltui.ui.widgets.bars import KeyBar
from mltui.ui.widgets.scrolling import HoldsLines
from mltui.ui.widgets.text_view import TextView


class ReadingScreen(HoldsLines, ModalScreen[ScreenResultType]):
    """Shows what a subclass puts into ``view``, which has the focus; ``commands`` are the keys that are told."""

    DEFAULT_CSS = """
    ReadingScreen { align: center middle; }
    ReadingScreen > Vertical { width: 94%; height: 90%; border: round $primary; background: $surface;
        padding: 0 0 0 1; }
    ReadingScreen TextView { background: $surface; }
    """

    def __init__(self, title: str, commands: Iterable[Command]) -> None:
        super().__init__()
        self._title = one_line(title, 100)
        self._commands = tuple(command for command in commands if command.footer)
        self.view: TextView = TextView()

    def compose(self) -> ComposeResult:
        """Title, text, keys."""
        bar = KeyBar()
        with Vertical() as box:
            box.border_title = Content(self._title)
            yield self.view
            yield bar
        bar.show(self._commands)

    def on_mount(self) -> None:
        """The keys go to the text."""
        self.view.focus()
