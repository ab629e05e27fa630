"""The dialog that makes a profile of a pasted ``docker run`` line or Compose file, and shows live what it becomes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, cast

from textual import events
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.timer import Timer
from textual.widgets import TextArea

from mltui.domain.errors import UsageError
from mltui.domain.text import clean, one_line
from mltui.ui.command import bindings
from mltui.ui.presentation.import_preview import (
    profile_text_lines,
    profile_title,
    report_lines,
    report_title,
    state_line,
)
from mltui.ui.screen_commands import IMPORT
from mltui.ui.screens.prompts import PromptScreen, answer_from
from mltui.ui.widgets.bars import KeyBar
from mltui.ui.widgets.lines import LinesWidget
from mltui.ui.widgets.scrolling import HoldsLines, ScrollsLines
from mltui.ui.widgets.text_view import TextView, folded

if TYPE_CHECKING:
    from mltui.runtime.import_preview import Importer, Preview
    from mltui.ui.app import MltuiApp

#: What the text becomes is worked out when nothing was typed for so long.
_REST_S = 0.15


class PasteArea(TextArea):
    """Takes what is pasted or typed: cleaned, and no more than can be a profile."""

    DEFAULT_CSS = """
    PasteArea { border: none; padding: 0; background: $surface; scrollbar-size-vertical: 1;
        scrollbar-size-horizontal: 1; scrollbar-color: $foreground 25%; scrollbar-background: $surface; }
    PasteArea:focus { border: none; }
    PasteArea .text-area--cursor-line { background: $primary 8%; }
    """
    ALLOW_SELECT: ClassVar[bool] = False

    def __init__(self, text: str) -> None:
        super().__init__(text, id="area", soft_wrap=True, tab_behavior="focus")
        self.pasted = bool(text)
        """What changed the text last was a paste: then it is whole."""

    async def _on_paste(self, event: events.Paste) -> None:
        """Put in what is pasted, cleaned."""
        event.stop()
        event.prevent_default()
        self.put(event.text)

    async def _on_key(self, event: events.Key) -> None:
        """What is typed is no paste; enter is the dialog's where the text is whole, else it begins a line.

        That is decided here, in the order of the keys: a terminal without bracketed paste types what is pasted.
        """
        if event.key == "enter" and (self.pasted or _is_whole(self.text)):
            event.prevent_default()
        elif event.is_printable or event.key == "enter":
            self.pasted = False

    def put(self, text: str) -> None:
        """Put a text where typing goes on; one that is too long is refused."""
        try:
            put = taken(text, self.text)
        except UsageError as error:
            cast("MltuiApp", self.app).say_error(error)
            return
        if result := self._replace_via_keyboard(put, *self.selection):
            self.move_cursor(result.end_location)
        self.pasted = True


def _is_whole(text: str) -> bool:
    """A typed text that nothing has to follow: the path of a file, or a line that does not go on."""
    from mltui.storage.profile_import import is_command, names_a_file

    one = "\n" not in text and not text.endswith("\\")
    return not text.strip() or (one and (is_command(text) or names_a_file(text)))


def taken(text: str, there: str = "") -> str:
    """A pasted text without what would steer the terminal; terminals send its line ends as returns.

    Raises ``UsageError`` for one that is too long, with what is ``there`` before it.
    """
    from mltui.storage.profile_import import refuse_long

    text = text.replace("\r\n", "\n").replace("\r", "\n")
    refuse_long(there + text)
    text = clean(text).expandtabs(8)
    refuse_long(there + text)
    return text


class ImportScreen(HoldsLines, ModalScreen[Path]):
    """Answers the file of the profile that was written, or nothing. ``text`` is what was pasted already."""

    DEFAULT_CSS = """
    ImportScreen { align: center middle; }
    ImportScreen > Vertical { width: 96%; height: 96%; border: round $primary; background: $background; padding: 0 1; }
    ImportScreen LinesWidget { height: 1; }
    ImportScreen #views { height: 1fr; }
    ImportScreen #pasted { width: 50%; padding: 0 2 0 0; }
    ImportScreen #becomes { width: 1fr; }
    ImportScreen PasteArea { height: 2fr; }
    ImportScreen #report { height: 3fr; }
    ImportScreen TextView:focus { background: $primary 8%; }
    ImportScreen.-short > Vertical { width: 100%; height: 100%; }
    ImportScreen.-narrow #views { layout: vertical; }
    ImportScreen.-narrow #pasted { width: 1fr; height: 11; padding: 0; }
    ImportScreen.-narrow #becomes { height: 1fr; }
    """
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (100, "-broad")]  # noqa: RUF012 - Textual's own type
    VERTICAL_BREAKPOINTS = [(0, "-short"), (30, "-tall")]  # noqa: RUF012 - Textual's own type
    BINDINGS: ClassVar[list[BindingType]] = [*bindings(IMPORT)]

    def __init__(self, importer: Importer, text: str = "") -> None:
        super().__init__()
        self._importer = importer
        self._preview: Preview | None = None
        self._cycle: list[str] = []
        """The paths that fitted what was typed, one of which tab has put in."""
        self._service = ""
        self._go = False
        """Enter was pressed before it was known what the text becomes."""
        self._writing = False
        """A profile is on its way to the disk: the dialog ends with it."""
        self._timer: Timer | None = None
        self.area = PasteArea(text)
        self.state = LinesWidget(id="state")
        self.profile_title = LinesWidget()
        self.profile = TextView(id="profile")
        self.report_title = LinesWidget()
        self.report = TextView(id="report")
        self.keys = KeyBar()

    @property
    def view(self) -> ScrollsLines:  # type: ignore[override]
        """The text that scrolls: the one with the focus."""
        return self.report if self.focused is self.report else self.profile

    @property
    def mltui(self) -> MltuiApp:
        """The app, by its own type."""
        return cast("MltuiApp", self.app)

    def compose(self) -> ComposeResult:
        """What was pasted, what it becomes, what is not in it as it was."""
        with Vertical() as box:
            box.border_title = Content("Import a profile")
            yield self.state
            with Horizontal(id="views"):
                with Vertical(id="pasted"):
                    yield self.area
                    yield self.report_title
                    yield self.report
                with Vertical(id="becomes"):
                    yield self.profile_title
                    yield self.profile
            yield self.keys

    def on_mount(self) -> None:
        """The keys go to the text."""
        self.area.focus()
        self.area.move_cursor(self.area.document.end)
        self._show()
        self._look()

    # -- what it becomes ----------------------------------------------------------------------------------------------

    def on_text_area_changed(self, message: TextArea.Changed) -> None:
        """Work out what it becomes, when it rests; at once what was pasted."""
        message.stop()
        self._go = False
        if self._timer:
            self._timer.stop()
        if self.area.pasted:
            self._look()
        else:
            self._timer = self.set_timer(_REST_S, self._look)

    def _look(self) -> None:
        text, service = self.area.text, self._service

        def show(preview: Preview) -> None:
            if not self.is_attached or (text, service) != (self.area.text, self._service):
                return
            self._preview = preview
            self._show()
            if self._go:
                self.action_take()

        self.mltui.do("", lambda: self._importer.preview(text, service), then=show)

    @property
    def _now(self) -> Preview | None:
        """What the text becomes, where that is known already."""
        return self._preview if self._preview and self._preview.text == self.area.text else None

    def _show(self) -> None:
        preview = self._preview
        self.state.show_lines([state_line(preview)])
        self.profile_title.show_lines([profile_title(preview)])
        lines = profile_text_lines(preview)
        if preview and preview.error:
            lines = folded(lines, self.profile.outer_size.width - 1)
        if lines != self.profile.lines:
            self.profile.show(lines)
            # The comment at the top says what the report says: what is looked for is below.
            keys = (at for at, line in enumerate(lines) if line and not line[0][0].startswith("#"))
            self.call_after_refresh(self.profile.go_to, next(keys, 0))
        self.report_title.show_lines([report_title(preview)])
        # One column is the scrollbar's, there or not.
        width = self.report.outer_size.width - 1
        self.report.show(folded(report_lines(preview), width) if width > 0 else [])
        several = preview is not None and len(preview.services) > 1
        self.keys.show(tuple(c for c in IMPORT if c.footer and (several or c.id != "import.service")))

    def on_resize(self) -> None:
        """Fold the report into the room it has."""
        self.call_after_refresh(self._show)

    # -- commands -----------------------------------------------------------------------------------------------------

    def action_take(self) -> None:
        """Ask for a name and write it."""
        preview = self._now
        if self._writing:
            self.app.bell()
            return
        self._go = preview is None and bool(self.area.text.strip())
        if preview is None:
            return
        if preview.draft is None:
            self.app.bell()
            return
        self._ask_name(preview, preview.draft.name)

    def _ask_name(self, preview: Preview, name: str) -> None:
        from mltui.ui.profile_acts import free_name

        place = self._importer.place

        def named(name: str | None) -> None:
            if name:
                self._write(preview, name)

        about = f"in {one_line(str(place), 200)}"
        self.app.push_screen(PromptScreen("Name of the profile", text=name, about=about, check=free_name(place)), named)

    def _write(self, preview: Preview, name: str) -> None:
        def written(path: Path) -> None:
            answer_from(self, path)

        def failed() -> None:
            self._writing = False

        self._writing = True
        self.mltui.do("", lambda: self._importer.write(preview, name), then=written, failed=failed, keys_wait=True)

    def action_next(self, steps: int) -> None:
        """Complete a path that is typed; else go on to the next text."""
        text = self.area.text.strip()
        if len(self._cycle) > 1 and text in self._cycle:
            # Of several that fit the next one; behind the last it goes on.
            wanted = next(iter(self._cycle[self._cycle.index(text) + 1 :]), "")
        else:
            offers = self._now.offers if self._now else ()
            self._cycle = [offer for offer in offers if offer.startswith(text)] or list(offers[:1])
            wanted = _common(self._cycle, text) if self._cycle else ""
        if steps > 0 and self.focused is self.area and wanted:
            self.area.pasted = False
            self.area.replace(wanted, (0, 0), self.area.document.end)
            return
        self.focus_next() if steps > 0 else self.focus_previous()

    def action_service(self, steps: int) -> None:
        """Take the next service of the file."""
        preview = self._now
        if preview is None or len(preview.services) < 2:
            self.app.bell()
            return
        at = preview.services.index(preview.service)
        self._service = preview.services[(at + steps) % len(preview.services)]
        self._look()

    def action_help(self) -> None:
        """Every key of the dialog."""
        from mltui.ui.screens.dialogs import help_lines

        self.mltui.show_text("Keys", help_lines([("importing a profile", IMPORT)]))

    def action_close(self) -> None:
        """Write nothing; what is being written already is answered when it is."""
        if self._writing:
            self.app.bell()
            return
        self.dismiss(None)


def _common(offers: Sequence[str], typed: str) -> str:
    """What all offers have in common, else the first; more than is typed already."""
    first, last = min(offers), max(offers)
    same = first[: next((at for at, letter in enumerate(first) if last[at : at + 1] != letter), len(first))]
    return same if len(same) > len(typed) else offers[0]
