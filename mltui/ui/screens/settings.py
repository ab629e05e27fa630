"""The settings screen: a form of the user's settings file, and a key for every command."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, cast

from textual import events
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen

from mltui.domain.text import one_line
from mltui.ui.command import bindings
from mltui.ui.screen_commands import SETTINGS
from mltui.ui.screens.form_keys import FormKeys
from mltui.ui.widgets.bars import KeyBar
from mltui.ui.widgets.field_table import FieldTable
from mltui.ui.widgets.lines import Line, LinesWidget
from mltui.ui.widgets.text_view import folded

if TYPE_CHECKING:
    from mltui.storage.settings import LoadedSettings
    from mltui.ui.app import MltuiApp
    from mltui.ui.presentation.settings_form import SettingsForm

#: How often it is looked whether the file says something else.
_LOOK_S = 0.1


#: Lines above the form, as many as its style has.
_FACTS = 8


class SettingsScreen(FormKeys, ModalScreen[None]):
    """Each change is in the file at once, and holds at once; comments and order of the file stay."""

    DEFAULT_CSS = """
    SettingsScreen { align: center middle; }
    SettingsScreen > Vertical { width: 96%; height: 96%; border: round $primary; background: $background;
        padding: 0 1; }
    SettingsScreen #remark { height: 2; }
    SettingsScreen #facts { height: auto; max-height: 8; }
    SettingsScreen FieldTable { height: 1fr; margin: 1 0 0 0; }
    SettingsScreen.-short > Vertical { width: 100%; height: 100%; }
    """
    VERTICAL_BREAKPOINTS = [(0, "-short"), (30, "-tall")]  # noqa: RUF012 - Textual's own type
    BINDINGS: ClassVar[list[BindingType]] = [*bindings(SETTINGS)]
    SHOWN = SETTINGS

    def __init__(self) -> None:
        super().__init__()
        self.facts = LinesWidget(id="facts")
        self.remark = LinesWidget(id="remark")
        self.table = FieldTable(names=24, empty="nothing fits", tall=True)
        self.keys = KeyBar()
        self._form: SettingsForm | None = None
        self._loaded: LoadedSettings | None = None
        self._query = ""
        self._finding = False

    @property
    def mltui(self) -> MltuiApp:
        """The app, by its own type."""
        return cast("MltuiApp", self.app)

    def compose(self) -> ComposeResult:
        """Where they are and what is wrong, the form, the keys."""
        with Vertical() as box:
            box.border_title = Content("Settings")
            yield self.facts
            yield self.table
            yield self.remark
            yield self.keys

    def on_mount(self) -> None:
        """Show what holds, and go on to."""
        self.show_keys()
        self.table.focus()
        self._look()
        self.set_interval(_LOOK_S, self._look)

    def _look(self) -> None:
        """Show the settings again when they are others; not under somebody's fingers."""
        loaded = self.mltui.cockpit.loaded
        if loaded is self._loaded or self.table.typing:
            return
        from mltui.plugins import engine_names
        from mltui.ui.presentation.settings_form import SettingsForm
        from mltui.ui.user_settings import themes

        self._loaded = loaded
        self._form = SettingsForm(loaded.settings, themes(), engine_names())
        self.keys.refresh()
        self._show()

    def _show(self) -> None:
        if self._form:
            self.table.show(self._form.items(self._query), stay=True)
        self._show_facts()

    def _show_facts(self) -> None:
        path = self.mltui.cockpit.settings_path
        lines: list[Line] = [[(one_line(str(path), 300), "text")]]
        if not path.exists():
            lines.append([("The file is made with the first change.", "dim")])
        if self._finding or self._query:
            lines.append([("/", "key"), (self._query, "accent"), ("▏" if self._finding else "", "key")])
        self.facts.show_lines([*lines, *self._problem_lines(self.facts.size.width or 80, _FACTS - len(lines))])

    def _problem_lines(self, width: int, room: int) -> list[Line]:
        """What is wrong with the file, on ``room`` lines, and how much more there is."""
        problems = self._loaded.problems if self._loaded else ()
        lines: list[Line] = []
        for number, problem in enumerate(problems):
            said = f"{problem.path}: {problem.message}" if problem.path else problem.message
            more = folded([[(f"line {problem.line}: ", "error"), (one_line(said, 300), "error")]], width)
            last = number == len(problems) - 1
            if len(lines) + len(more) + (not last) > room:
                return [*lines, [(f"{len(problems) - number} more: mltui settings check lists all of them.", "error")]]
            lines += more
        return lines

    def on_resize(self) -> None:
        """Fold the texts into the room they have."""
        self.call_after_refresh(self._show_facts)

    def on_field_table_shown(self) -> None:
        """What the row under the cursor has no room for is said below."""
        self.show_keys()
        width = self.remark.size.width
        self.remark.show_lines(folded([self.table.remark()], width)[:2] if width else ())

    def on_field_table_changed(self, message: FieldTable.Changed) -> None:
        """Write it into the file, unless something is wrong with it."""
        field, form = message.field, self._form
        if form is None or field.problem:
            return
        path, value, cockpit = tuple(field.key.split(" ", 1)), form.value(field), self.mltui.cockpit
        self.mltui.do("", lambda: cockpit.change_setting(path, value), failed=self._again)

    def _again(self) -> None:
        """What could not be written is not shown as if it were."""
        self._loaded = None

    def on_list_table_chosen(self, message: FieldTable.Chosen) -> None:
        """A click on the row under the cursor changes it."""
        message.stop()
        self.action_change()

    def on_key(self, event: events.Key) -> None:
        """While something is looked for, keys are what it is called."""
        if not self._finding:
            return
        if event.key in ("enter", "tab", "down", "escape"):
            self._finding = self.table.passive = False
            self._query = "" if event.key == "escape" else self._query
        elif event.key == "backspace":
            self._query = self._query[:-1]
        elif event.is_printable and event.character:
            self._query += event.character
        else:
            return
        event.stop()
        event.prevent_default()
        self._show()

    # -- commands -----------------------------------------------------------------------------------------------------

    def action_change(self) -> None:
        """Press the new key of a command, or type the value."""
        field = self.table.field
        if field and field.is_key:
            self.table.await_key()
        else:
            self.table.begin()

    def action_filter(self) -> None:
        """Begin to type what is looked for."""
        self._finding = self.table.passive = True
        self._show_facts()

    def action_copy(self) -> None:
        """Copy the path of the file."""
        self.app.copy_to_clipboard(str(self.mltui.cockpit.settings_path))
        self.app.notify("Copied.", timeout=2)

    def action_help(self) -> None:
        """Every key of the form."""
        from mltui.ui.screens.dialogs import help_lines

        self.mltui.show_text("Keys", help_lines([("the settings", SETTINGS)]))

    def action_close(self) -> None:
        """Show all again, or go back."""
        if self._query:
            self._query = ""
            self._show()
        else:
            self.dismiss()
