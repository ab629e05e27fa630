"""The editor of a profile: form and text, two views of one thing; what is wrong, and the command it stands for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar, Literal, cast

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical
from textual.screen import ModalScreen
from textual.timer import Timer

from mltui.domain.figures import counted
from mltui.domain.text import one_line
from mltui.ui.command import bindings
from mltui.ui.presentation.profile_form import FormRow, about_lines
from mltui.ui.screen_commands import EDITOR, FORM
from mltui.ui.screens.editor_below import Below
from mltui.ui.screens.editor_disk import OnDisk
from mltui.ui.screens.editor_form import FormCommands
from mltui.ui.screens.editor_profile import EditedProfile
from mltui.ui.screens.editor_saving import Saving
from mltui.ui.widgets.bars import KeyBar, TopBar
from mltui.ui.widgets.form_table import FormTable
from mltui.ui.widgets.lines import LinesWidget, Span
from mltui.ui.widgets.text_view import TextView, folded
from mltui.ui.widgets.yaml_area import YamlArea

if TYPE_CHECKING:
    from mltui.storage.profile_files import FileText
    from mltui.ui.app import MltuiApp

#: The file is looked at so often.
_LOOK_S = 1.0
#: The form follows the text's cursor when that has not moved for so long.
_REST_S = 0.15


class FormView(FormTable):
    """The form; its keys are letters, which count here alone."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings(FORM)]


class ProfileEditor(ModalScreen[bool]):
    """Answers whether something was saved.

    The screen lays out the views and knows which has the focus. ``profile`` is what is edited, ``commands`` what the
    form's keys do to it, ``saving`` the way to the file and out, ``disk`` what became of the file meanwhile, ``under``
    what is shown below.
    """

    DEFAULT_CSS = """
    ProfileEditor { background: $background; }
    ProfileEditor #views { height: 1fr; }
    ProfileEditor #form { width: 46%; padding: 0 1 0 0; }
    ProfileEditor #text { width: 1fr; }
    ProfileEditor FormView { height: 1fr; background: $background; scrollbar-color: $foreground 25%;
        scrollbar-background: $background; }
    ProfileEditor YamlArea { scrollbar-corner-color: $background; }
    ProfileEditor #about { height: 2; }
    ProfileEditor #below { height: 1; }
    ProfileEditor #under { height: 30%; min-height: 9; }
    ProfileEditor.-short #under { height: 5; min-height: 5; }
    ProfileEditor.-tall #about { height: 3; }
    ProfileEditor.-narrow #form { width: 1fr; padding: 0; }
    ProfileEditor.-narrow #text { display: none; }
    ProfileEditor.-narrow.-in-text #text { display: block; }
    ProfileEditor.-narrow.-in-text #form { display: none; }
    """
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (100, "-broad")]  # noqa: RUF012 - Textual's own type
    VERTICAL_BREAKPOINTS = [(0, "-short"), (30, "-tall")]  # noqa: RUF012 - Textual's own type
    BINDINGS: ClassVar[list[BindingType]] = [*bindings(EDITOR)]

    def __init__(self, read: FileText) -> None:
        super().__init__()
        self._rest: Timer | None = None
        self.top = TopBar()
        self.form = FormView(self._offers, id="rows")
        self.about = LinesWidget(id="about")
        self.area = YamlArea(self._edited, id="area")
        self.below = LinesWidget(id="below")
        self.panel = TextView(id="panel")
        self.keys = KeyBar()
        self.profile = EditedProfile(self, read)
        self.commands = FormCommands(self, self.profile)
        self.disk = OnDisk(self, self.profile)
        self.saving = Saving(self, self.profile, self.disk)
        self.under = Below(self, self.profile)

    @property
    def mltui(self) -> MltuiApp:
        """The app, by its own type."""
        return cast("MltuiApp", self.app)

    def compose(self) -> ComposeResult:
        """Title, the two views, the panel, the keys."""
        yield self.top
        with Horizontal(id="views"):
            with Vertical(id="form"):
                yield self.form
                yield self.about
            with Vertical(id="text"):
                yield self.area
        with Vertical(id="under"):
            yield self.below
            yield self.panel
        yield self.keys

    def on_mount(self) -> None:
        """Show the text at once; the form when it is understood."""
        self.panel.can_focus = False
        self.profile.open(self.profile.read)
        self.form.focus()
        self.set_interval(_LOOK_S, self.disk.look)
        self._show_keys()

    def on_unmount(self) -> None:
        """Check no more."""
        self.profile.close()

    @property
    def unsaved(self) -> str:
        """The text, where it is not the file's."""
        return self.profile.text if self.profile.changed else ""

    # -- what the views tell ------------------------------------------------------------------------------------------

    def _edited(self) -> None:
        self.profile.edited()

    def _offers(self, row: FormRow, text: str) -> Sequence[str]:
        return self.commands.offers(row, text)

    def on_form_table_typed(self, message: FormTable.Typed) -> None:
        """A value is typed in the form."""
        self.commands.typed(message)

    def on_form_table_told(self, message: FormTable.Told) -> None:
        """All that was typed in the form before has been told."""
        self.profile.told(message.then)

    def on_list_table_highlighted(self, message: FormTable.Highlighted) -> None:
        """Say what the field is, and show where it stands in the text."""
        self._show_about()
        self._follow_form()

    def on_descendant_focus(self) -> None:
        """The keys are those of the view."""
        self.set_class(self.focused is self.area, "-in-text")
        self._show_keys()
        self._show_about()

    def on_resize(self) -> None:
        """Fold the panel into the room it has."""
        self.call_after_refresh(self.under.show)

    # -- what is shown ------------------------------------------------------------------------------------------------

    def show_draft(self) -> None:
        """The text was found to say something else."""
        self.show_top()
        self._show_about()
        self._follow_form()
        self.under.show()
        self.under.rest()

    def show_top(self) -> None:
        """The file, and in what state it is."""
        profile = self.profile
        left: list[Span] = [(" Edit ", "title"), (one_line(str(profile.read.path), 300), "text")]
        count = len(profile.problems)
        right: list[Span] = [(f"{counted(count, 'problem')} " if count else "✓ valid ", "error" if count else "ok")]
        if profile.draft is None:
            right = [("checking … ", "dim")]
        if self.disk.state:
            right.insert(0, (f"{self.disk.state}  ", "warn"))
        if profile.changed:
            # At this end a long path cannot push it out.
            right.insert(0, ("● not saved  ", "accent"))
        self.top.show(left, right)

    def _show_keys(self) -> None:
        """The keys of the view that has the focus."""
        own = [command for command in FORM if command.footer] if self.focused is self.form else []
        always = [command for command in EDITOR if command.footer]
        # Those that matter most come first: where there is little room the others are in the help.
        self.keys.show((*own[:3], *always, *own[3:]))

    def _show_about(self) -> None:
        row = self.form.current
        lines, draft = about_lines(row, self.commands.field(row)), self.profile.draft
        if draft is not None and draft.document is None:
            lines[1] = [("No YAML now: the form shows what it said before.", "warn")]
        if self.form.typing and self.form.candidates:
            lines[1] = [("tab ", "key"), (one_line("  ".join(self.form.candidates[:12]), 400), "alt")]
        room = self.about.size
        self.about.show_lines(folded(lines, room.width)[: room.height] if room.width else lines)

    def _follow_form(self) -> None:
        """While the form has the focus the text shows the place of its row."""
        row = self.form.current
        if self.focused is self.form and row is not None and row.said and not row.heading:
            place = self.profile.place_of(row.path)
            if place is not None:
                self.area.follow(*place)

    def on_text_area_selection_changed(self) -> None:
        """The form goes to the row of the place in the text, when the cursor rests there."""
        if self._rest:
            self._rest.stop()
        if self.focused is self.area:
            self._rest = self.set_timer(_REST_S, self._follow_text)

    def _follow_text(self) -> None:
        if self.focused is self.area:
            key = self.profile.row_at(self.area.cursor_location[0] + 1)
            if key:
                self.form.select(key)

    def go_to_text(self, line: int, column: int) -> None:
        """Put the cursor on a place of the text, both from 1."""
        self.add_class("-in-text")
        self.area.focus()
        self.area.go_to(line, column)

    # -- commands of the form -----------------------------------------------------------------------------------------

    def action_choose(self) -> None:
        """Type the value; of what has entries, show them or not."""
        self.commands.choose()

    def action_step(self, by: int) -> None:
        """The next value; of what has entries, unfold or fold."""
        self.commands.step(by)

    def action_add(self) -> None:
        """Add an entry to the list or mapping that the cursor is on or in."""
        self.commands.add()

    def action_remove(self) -> None:
        """Take the key or the entry out of the file."""
        self.commands.remove()

    def action_move(self, by: Literal[-1, 1]) -> None:
        """Change the order of a list."""
        self.commands.move(by)

    def action_rename(self) -> None:
        """Another name for a name of one's own."""
        self.commands.rename()

    def action_find(self) -> None:
        """Go to a field by letters of its name, or add it."""
        self.commands.find()

    def action_show_in_text(self) -> None:
        """Go to where the field stands in the text."""
        self.commands.show_in_text()

    # -- commands of the editor ---------------------------------------------------------------------------------------

    def action_switch(self) -> None:
        """The other view."""
        if self.focused is self.area:
            self.remove_class("-in-text")
            self.form.focus()
        else:
            self.add_class("-in-text")
            self.area.focus()

    def action_next_problem(self) -> None:
        """Go to the next thing that is wrong, in the text."""
        problems = self.profile.own_problems
        if not problems:
            return
        row, column = self.area.cursor_location
        here = (row + 1, column + 1) if self.focused is self.area else (0, 0)
        found = next((p for p in problems if (p.line, p.column) > here), problems[0])
        self.go_to_text(found.line, found.column)

    def action_undo(self) -> None:
        """Take the last change back, once it is made."""
        self.profile.when_settled(self.area.undo)

    def action_redo(self) -> None:
        """Do it again."""
        self.profile.when_settled(self.area.redo)

    def action_panel(self) -> None:
        """The command, or what is wrong."""
        self.under.switch()

    def action_scroll_panel(self, pages: int) -> None:
        """Scroll what is below."""
        self.panel.action_page(pages)

    def action_copy(self) -> None:
        """Copy the command."""
        self.under.copy()

    def action_help(self) -> None:
        """Every key of the editor."""
        from mltui.ui.screens.dialogs import help_lines

        self.mltui.show_text("Keys", help_lines([("the form", FORM), ("the editor", EDITOR)]))

    def action_save(self) -> None:
        """Show what changed, then save."""
        if self.form.typing:
            self.form.end(keep=True)
        self.profile.when_settled(self.saving.save)

    def action_outside(self) -> None:
        """Open the text in the person's editor, and take in what comes back."""
        if self.form.typing:
            self.form.end(keep=True)
        self.profile.when_settled(self.saving.edit_outside)

    def action_close(self) -> None:
        """Leave; ask what to do with what is not saved."""
        if self.form.typing:
            self.form.end(keep=False)
            return
        self.profile.when_settled(self.saving.leave)
