"""Screens over the main one: a question, a text, the keys."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from mltui.domain.text import clean
from mltui.ui.command import Command, bindings
from mltui.ui.commands import key_of
from mltui.ui.screen_commands import DIALOG, QUESTION
from mltui.ui.screens.reading import ReadingScreen
from mltui.ui.widgets.lines import Line, columns, cut
from mltui.ui.widgets.text_view import folded


class ConfirmScreen(ModalScreen[bool]):
    """Asks before something is ended or deleted; the answer is ``True`` only for yes."""

    DEFAULT_CSS = """
    ConfirmScreen { align: center middle; }
    ConfirmScreen > Vertical { width: auto; max-width: 90%; height: auto; max-height: 90%; border: round $warning;
        background: $surface; padding: 1 2; }
    ConfirmScreen Static { width: auto; max-width: 100%; height: auto; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [*bindings(QUESTION)]

    def __init__(self, question: str, verb: str) -> None:
        super().__init__()
        self._question = clean(question)
        self._verb = verb

    def compose(self) -> ComposeResult:
        """The question and the two keys."""
        with Vertical():
            yield Static(Content(self._question))
            keys = {"yes": key_of("question.yes"), "no": key_of("question.no")}
            text = "\n[b $accent]$yes[/] $verb    [b $accent]$no[/] Leave it"
            yield Static(Content.from_markup(text, verb=self._verb, **keys))

    def action_answer(self, yes: bool) -> None:
        """Answer."""
        self.dismiss(yes)


class TextScreen(ReadingScreen[None]):
    """A text to read, scroll and copy."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings(DIALOG)]

    def __init__(self, title: str, lines: Sequence[Line]) -> None:
        super().__init__(title, DIALOG)
        self._lines = lines

    def on_resize(self) -> None:
        """Fold the text into the room it has."""
        self.call_after_refresh(self._fold)

    def _fold(self) -> None:
        view = self.view
        width = view.scrollable_content_region.width
        lines = folded(self._lines, width)
        if len(lines) > view.scrollable_content_region.height and not view.show_vertical_scrollbar:
            # There will be a bar.
            lines = folded(self._lines, width - view.styles.scrollbar_size_vertical)
        view.show(lines)

    def action_close(self) -> None:
        """Go back."""
        self.dismiss(None)

    def action_copy(self) -> None:
        """Copy all of it."""
        self.app.copy_to_clipboard("\n".join("".join(text for text, _ in line) for line in self._lines))
        self.app.notify("Copied.", timeout=2)


def help_lines(places: Sequence[tuple[str, Sequence[Command]]]) -> list[Line]:
    """Every key of the places, with its sentence."""
    lines: list[Line] = []
    every = [command for _, commands in places for command in commands]
    keys = min(max(columns(command.every_key) for command in every), 24) + 1
    names = max(columns(command.title) for command in every) + 1
    for title, commands in places:
        lines.append([(title.capitalize(), "title")])
        for command in commands:
            key, name = cut(command.every_key, keys), cut(command.title, names)
            lines.append([("  ", "text"), (key, "key"), (name, "strong"), (command.help, "dim")])
        lines.append([])
    other = f"Other keys: {key_of('app.settings')} opens the settings, where a command's key is pressed anew."
    return [*lines, [(other, "dim")]]
