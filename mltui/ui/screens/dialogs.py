"""Screens over the main one: a question, a text, the keys."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from mltui.domain.log import LogBuffer, LogLine
from mltui.domain.text import clean
from mltui.ui.commands import Command
from mltui.ui.widgets.bars import KeyBar
from mltui.ui.widgets.log_view import LogView

_BACK = Command("dialog.close", "escape,q", "close", "Close", "Go back.", shown="esc")
_COPY = Command("dialog.copy", "y,c", "copy", "Copy", "Copy the text to the clipboard (OSC 52).")
_SCROLL = Command("dialog.scroll", "down,j", "scroll(1)", "Scroll", "Scroll.", shown="↑ ↓")


class ConfirmScreen(ModalScreen[bool]):
    """Asks before something is ended or deleted; the answer is ``True`` only for y."""

    DEFAULT_CSS = """
    ConfirmScreen { align: center middle; }
    ConfirmScreen > Vertical { width: auto; max-width: 90%; height: auto; max-height: 90%; border: round $warning;
        background: $surface; padding: 1 2; }
    ConfirmScreen Static { width: auto; max-width: 100%; height: auto; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", "answer(True)", "Yes"),
        Binding("n,escape,q", "answer(False)", "No"),
    ]

    def __init__(self, question: str, verb: str) -> None:
        super().__init__()
        self._question = clean(question)
        self._verb = verb

    def compose(self) -> ComposeResult:
        """The question and the two keys."""
        with Vertical():
            yield Static(Content(self._question))
            yield Static(Content.from_markup("\n[b $accent]y[/] $verb    [b $accent]n[/] Leave it", verb=self._verb))

    def action_answer(self, yes: bool) -> None:
        """Answer."""
        self.dismiss(yes)


class TextScreen(ModalScreen[None]):
    """A text to read, scroll and copy."""

    DEFAULT_CSS = """
    TextScreen { align: center middle; }
    TextScreen > Vertical { width: 92%; height: 88%; border: round $primary; background: $surface; }
    TextScreen LogView { height: 1fr; background: $surface; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        _BACK.binding(),
        _COPY.binding(),
        Binding("down,j", "scroll(1)", show=False),
        Binding("up,k", "scroll(-1)", show=False),
        Binding("pagedown,space,ctrl+d", "page(1)", show=False),
        Binding("pageup,ctrl+u", "page(-1)", show=False),
        Binding("home,g", "edge(False)", show=False),
        Binding("end,G", "edge(True)", show=False),
        Binding("right,l", "sideways(1)", show=False),
        Binding("left,h", "sideways(-1)", show=False),
    ]

    def __init__(self, title: str, text: str) -> None:
        super().__init__()
        self._title = title
        self._text = clean(text)
        self._view = LogView()

    def compose(self) -> ComposeResult:
        """Title, text, keys."""
        with Vertical() as box:
            box.border_title = Content(self._title)
            yield self._view
            bar = KeyBar()
            yield bar
        bar.show((_BACK, _COPY, _SCROLL))

    def on_mount(self) -> None:
        """Show the text from its start."""
        buffer = LogBuffer(limit=100_000)
        buffer.extend([LogLine(line) for line in self._text.splitlines()])
        self._view.show(buffer)
        self._view.follow = False
        self._view.focus()
        self.call_after_refresh(self._view.action_edge, False)

    def action_close(self) -> None:
        """Go back."""
        self.dismiss(None)

    def action_copy(self) -> None:
        """Copy all of it."""
        self.app.copy_to_clipboard(self._text)
        self.app.notify("Copied.", timeout=2)

    def action_scroll(self, steps: int) -> None:
        """Scroll by lines."""
        self._view.action_cursor(steps)

    def action_page(self, pages: int) -> None:
        """Scroll by screens."""
        self._view.action_page(pages)

    def action_edge(self, last: bool) -> None:
        """Scroll to an end."""
        self._view.action_edge(last)

    def action_sideways(self, steps: int) -> None:
        """Scroll to the side."""
        self._view.action_sideways(steps)


def help_text(places: Sequence[tuple[str, Sequence[Command]]]) -> str:
    """Every key of the places, with its sentence."""
    lines: list[str] = []
    for title, commands in places:
        lines += [title.upper(), ""]
        lines += [f"  {_keys(command):<14} {command.title:<16} {command.help}" for command in commands]
        lines.append("")
    return "\n".join(lines)


def _keys(command: Command) -> str:
    return command.key
