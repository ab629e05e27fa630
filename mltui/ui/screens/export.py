"""Asks what the curves are to be written as, and where."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar, NamedTuple

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from mltui.domain.text import one_line
from mltui.ui.command import bindings
from mltui.ui.commands import key_of
from mltui.ui.screen_commands import EXPORT

_CHOICES = (
    ("export.csv", "CSV", "a row a point"),
    ("export.jsonl", "JSON lines", "an object a point"),
    ("export.tensorboard", "TensorBoard", "a folder with an event file"),
    ("export.svg", "SVG", "the picture of the charts that are shown"),
)


class ExportWish(NamedTuple):
    """What was chosen."""

    form: str
    """``csv``, ``jsonl``, ``tensorboard`` or ``svg``."""
    folder: Path


class ExportScreen(ModalScreen[ExportWish]):
    """One key a format; ``o`` goes through the places."""

    DEFAULT_CSS = """
    ExportScreen { align: center middle; }
    ExportScreen > Vertical { width: auto; max-width: 90%; height: auto; max-height: 90%; border: round $primary;
        background: $surface; padding: 1 2; }
    ExportScreen Static { width: auto; max-width: 100%; height: auto; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [*bindings(EXPORT)]

    def __init__(self, what: str, folders: tuple[Path, ...]) -> None:
        super().__init__()
        self._what = one_line(what, 200)
        self._folders = folders
        self._at = 0
        self._place = Static(self._place_text())

    def compose(self) -> ComposeResult:
        """What, where, the keys."""
        with Vertical() as box:
            box.border_title = Content("Export")
            yield Static(Content(f"{self._what}\n"))
            for command_id, name, text in _CHOICES:
                line = f"[b $accent]$key[/] {name:<12} [$foreground 60%]{text}[/]"
                yield Static(Content.from_markup(line, key=key_of(command_id)))
            yield self._place

    def _place_text(self) -> Content:
        text = "\n[b $accent]$place[/] elsewhere   " if len(self._folders) > 1 else "\n"
        values = {"place": key_of("export.place"), "back": key_of("export.close")}
        folder = str(self._folders[self._at])
        return Content.from_markup(f"\ninto $folder{text}[b $accent]$back[/] back", folder=folder, **values)

    def action_place(self) -> None:
        """The next folder."""
        self._at = (self._at + 1) % len(self._folders)
        self._place.update(self._place_text())

    def action_write(self, form: str) -> None:
        """Choose a format."""
        self.dismiss(ExportWish(form, self._folders[self._at]))

    def action_close(self) -> None:
        """Write nothing."""
        self.dismiss(None)
