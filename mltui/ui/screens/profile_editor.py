"""The editor of a profile: form and text, two views of one thing; what is wrong, and the command it stands for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, cast

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical
from textual.screen import Screen
from textual.timer import Timer

from mltui.domain.errors import EditError, MltuiError
from mltui.domain.run import new_run_id
from mltui.domain.schema import Kind, SchemaField, profile_schema
from mltui.domain.text import clean, one_line
from mltui.ui.commands import EDITOR, FORM, bindings
from mltui.ui.presentation.profile_form import FormMaker, FormRow, Path, ProfileForm, about_lines, key_of_path
from mltui.ui.screens.prompts import ChoiceScreen, DiffScreen, Offer, PromptScreen
from mltui.ui.widgets.bars import KeyBar, TopBar
from mltui.ui.widgets.form_table import FormTable
from mltui.ui.widgets.lines import Line, LinesWidget, Span
from mltui.ui.widgets.text_view import TextView, folded
from mltui.ui.widgets.yaml_area import YamlArea, why_not_kept

if TYPE_CHECKING:
    from mltui.runtime.cockpit import Explanation
    from mltui.runtime.profile_draft import Change, Draft
    from mltui.storage.profile_files import FileText
    from mltui.ui.app import MltuiApp

#: The command is worked out when nothing was typed for so long; a file is looked at so often.
_REST_S = 0.25
_LOOK_S = 1.0


class FormView(FormTable):
    """The form; its keys are letters, which count here alone."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings(FORM)]


class ProfileEditor(Screen[bool]):
    """Answers whether something was saved."""

    DEFAULT_CSS = """
    ProfileEditor { background: $background; }
    ProfileEditor #views { height: 1fr; }
    ProfileEditor #form { width: 46%; padding: 0 1 0 0; }
    ProfileEditor #text { width: 1fr; }
    ProfileEditor FormView { height: 1fr; background: $background; scrollbar-color: $panel-lighten-2;
        scrollbar-background: $background; }
    ProfileEditor YamlArea { scrollbar-corner-color: $background; }
    ProfileEditor #about { height: 2; }
    ProfileEditor #below { height: 1; }
    ProfileEditor #under { height: 9; }
    ProfileEditor.-short #under { height: 5; }
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
        self._read = read
        self._draft: Draft | None = None
        self._form = ProfileForm()
        self._forms = FormMaker()
        self._unfolded: frozenset[Path] = frozenset()
        self._command = True
        """Below is the command; else what is wrong."""
        self._explained: Explanation | None = None
        self._shown_command: tuple[Explanation | None, bool, int] | None = None
        self._command_lines: Sequence[Line] = ()
        """The command folded, for what is in ``_shown_command``."""
        self._timer: Timer | None = None
        self._changed_on_disk = False
        self._saved = False
        self._run_id = new_run_id()
        self._typings = 0
        """How often typing in the form has ended: what is typed then is another change."""
        self._wanted: Path | None = None
        """Where the cursor of the form goes when its row is there."""
        self.top = TopBar()
        self.form = FormView(self._offers, id="rows")
        self.about = LinesWidget(id="about")
        self.area = YamlArea(self._edited, id="area")
        self.below = LinesWidget(id="below")
        self.panel = TextView(id="panel")
        self.keys = KeyBar()

    @property
    def mltui(self) -> MltuiApp:
        """The app, by its own type."""
        return cast("MltuiApp", self.app)

    @property
    def changed(self) -> bool:
        """The text is not the file's."""
        return self.text != self._read.text

    @property
    def text(self) -> str:
        """The text that is edited; the file's own where the text area cannot hold it."""
        return self._read.text if self.area.read_only else self.area.text

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
        self._open(self._read)
        self.form.focus()
        self.set_interval(_LOOK_S, self._look_at_disk)
        self._show_keys()

    def on_unmount(self) -> None:
        """Check no more."""
        self._drafting.close()

    def _open(self, read: FileText) -> None:
        """Edit this file: what is checked and what is offered go by its place."""
        from mltui.runtime.completions import Completions
        from mltui.runtime.profile_draft import Drafting

        self._completions = Completions(self.mltui.cockpit, read.path.parent)
        self._drafting = Drafting(read.path, self._report, self._refuse, self.mltui.cockpit.named_profile)
        self._draft = None
        self._load(read)

    def _load(self, read: FileText) -> None:
        self._read = read
        self.area.read_only = not self.area.show(read.text)
        if self.area.read_only:
            self.mltui.say_error(self._why_not_edited())
        self._changed_on_disk = False
        self._drafting.take(read.text)
        self._show_top()

    def _why_not_edited(self) -> MltuiError:
        return MltuiError(
            f"{one_line(self._read.path.name, 60)} {why_not_kept(self._read.text)}", "Use your own editor: ctrl+o."
        )

    # -- one text, two views ------------------------------------------------------------------------------------------

    def _edited(self) -> None:
        """The text is another one: it is checked, and the form follows."""
        text = self.text
        self._show_top()
        if self._draft is not None and text == self._draft.text:
            return
        draft = self._drafting.take_at_once(text)
        if draft is None:
            self._drafting.take(text)
        else:
            self._take(draft, self._form_of(draft), None)

    def _form_of(self, draft: Draft) -> ProfileForm | None:
        """What it says as a form; ``None`` where it is no YAML."""
        if draft.document is None:
            return None
        problems = {problem.path: problem.message for problem in reversed(draft.problems)}
        return self._forms.make(draft.data, problems, self._unfolded)

    def _report(self, draft: Draft, before: str | None) -> None:
        """Called in the drafting thread: the form is made there too."""
        form = self._form_of(draft)
        if self.is_attached:
            self.app.call_from_thread(self._take, draft, form, before)

    def _refuse(self, error: EditError) -> None:
        if self.is_attached:
            self.app.call_from_thread(self.mltui.say_error, error)

    def _take(self, draft: Draft, form: ProfileForm | None, before: str | None) -> None:
        """Show a state, unless the text has moved on meanwhile: then its own is on the way."""
        if before is not None and self.text != before:
            return
        if before is None and self.text != draft.text:
            return
        self._draft = draft
        if before is not None:
            self.area.change_to(draft.text, whole_step=not self.form.typing)
        if form is None:
            self.form.empty = "The text is no YAML: mend it there (tab)."
            self.form.refresh()
        else:
            self._form = form
            self.form.show(form.rows)
            if self._wanted is not None and self.form.select(key_of_path(self._wanted)):
                self._wanted = None
        self.area.mark([p for p in draft.problems if p.file == str(self._read.path)])
        self._show_top()
        self._show_about()
        self._show_below()
        self._rest()

    def _change(self, change: Change, typing: str = "") -> None:
        if self.area.read_only:
            self.app.bell()
            return
        self._drafting.change(change, typing)

    def _when_settled(self, then: Callable[[], None]) -> None:
        """Do ``then`` when all keys that were pressed before are in the text.

        They may still wait in the focused view, on their way from the form to this screen, or in the drafting thread:
        the request goes the same way behind them.
        """
        view = self.focused or self.form
        view.call_later(lambda: self.form.post_message(FormTable.Told(then)))

    def on_form_table_told(self, message: FormTable.Told) -> None:
        """Behind what was typed comes what was asked for after it."""

        def go_on() -> None:
            # Of two requests in a row the first may have opened a question, or have left.
            if self.is_attached and self.is_current:
                message.then()

        def tell() -> None:
            if self.is_attached:
                self.app.call_from_thread(go_on)

        self._drafting.when_done(tell)

    def _refold(self) -> None:
        """Show other entries of the same text."""
        form = self._form_of(self._draft) if self._draft else None
        if form is not None:
            self._form = form
            self.form.show(self._form.rows)
            if self._wanted is not None and self.form.select(key_of_path(self._wanted)):
                self._wanted = None

    # -- what is shown ------------------------------------------------------------------------------------------------

    def _show_top(self) -> None:
        left: list[Span] = [(" Edit ", "title"), (one_line(str(self._read.path), 300), "text")]
        count = len(self._draft.problems) if self._draft else 0
        right: list[Span] = [(f"{count} wrong " if count else "✓ sound ", "error" if count else "ok")]
        if self._draft is None:
            right = [("checking … ", "dim")]
        if self._changed_on_disk:
            right.insert(0, ("changed on disk  ", "warn"))
        if self.changed:
            # At this end a long path cannot push it out.
            right.insert(0, ("● not saved  ", "accent"))
        self.top.show(left, right)

    def _show_keys(self) -> None:
        """The keys of the view that has the focus."""
        own = [command for command in FORM if command.footer] if self.focused is self.form else []
        always = [command for command in EDITOR if command.footer]
        # Those that matter most come first: where there is little room the others are in the help.
        self.keys.show((*own[:3], *always, *own[3:]))

    def on_descendant_focus(self) -> None:
        """The keys are those of the view."""
        self.set_class(self.focused is self.area, "-in-text")
        self._show_keys()
        self._show_about()

    def on_list_table_highlighted(self, message: FormTable.Highlighted) -> None:
        """Say what the field is."""
        self._show_about()

    def _field(self, row: FormRow | None) -> SchemaField | None:
        return self._form.fields.get(row.key) if row else None

    def _show_about(self) -> None:
        row = self.form.current
        lines = about_lines(row, self._field(row))
        if self.form.typing and self.form.candidates:
            lines[1] = [("tab ", "key"), (one_line("  ".join(self.form.candidates[:12]), 400), "alt")]
        self.about.show_lines(lines)

    def _show_below(self) -> None:
        """The title of the panel, and what is in it."""
        draft = self._draft
        problems = draft.problems if draft else ()
        if problems and not self._command:
            self._show_problems()
            return
        title: list[Span] = [("─ ", "faint"), ("The command it stands for", "strong" if self._command else "dim")]
        if problems:
            title += [("  ! ", "error"), (one_line(_where(problems[0]), 300), "error")]
        self.below.show_lines([title])
        found = self._explained
        if not self._command:
            self.panel.show([[("Nothing is wrong.", "ok")]])
            return
        sound = draft is not None and draft.profile is not None
        width = self.panel.scrollable_content_region.width or 80
        first = len(self.panel.lines) < 2
        if (found, sound, width) != self._shown_command:
            self._shown_command = (found, sound, width)
            self._command_lines = folded(_command_lines(found, sound=sound), width)
        self.panel.show(self._command_lines, top=False)
        if first:
            # The build is above: what is looked for is how it runs.
            runs = (at for at, line in enumerate(self._command_lines) if line and line[0][0].startswith("docker run"))
            self.panel.go_to(next(runs, 0))

    def _show_problems(self) -> None:
        draft = self._draft
        problems = draft.problems if draft else ()
        self.below.show_lines(
            [[("─ ", "faint"), (f"{len(problems)} wrong", "error"), ("  f8 goes to the next", "dim")]]
        )
        lines: list[Line] = [
            [(f"{p.line:>4}:{p.column:<3} ", "dim"), (f"{p.path}  " if p.path else "", "strong"), (p.message, "error")]
            for p in problems
        ]
        self.panel.show(folded(lines, self.panel.scrollable_content_region.width or 80), top=False)

    def on_resize(self) -> None:
        """Fold the panel into the room it has."""
        self.call_after_refresh(self._show_below)

    def _rest(self) -> None:
        if self._timer:
            self._timer.stop()
        self._timer = self.set_timer(_REST_S, self._explain)

    def _explain(self) -> None:
        """Work out the command for what is sound, in a thread."""
        draft = self._draft
        if draft is None or draft.profile is None:
            return
        profile, cockpit, run_id = draft.profile, self.mltui.cockpit, self._run_id

        def show(found: Explanation) -> None:
            if self.is_attached and self._draft is draft:
                self._explained = found
                self._show_below()

        self.mltui.do("", lambda: cockpit.explain_profile(profile, run_id=run_id), then=show)

    # -- typing in the form -------------------------------------------------------------------------------------------

    def _offers(self, row: FormRow, text: str) -> Sequence[str]:
        return self._completions.offers(self._field(row), text)

    def on_form_table_typed(self, message: FormTable.Typed) -> None:
        """Each letter is in the text at once; given up, it is as it was."""
        row, text = message.row, message.text
        typing = f"{row.key} {self._typings}"
        if message.done or message.given_up:
            self._typings += 1
        unchanged = message.done and text == (row.written if row.said else "")
        # A value that is empty for the moment is being typed anew: its row stays until it is taken.
        if message.given_up or unchanged or not (text or message.done):
            self._change(lambda document: document, typing)
        else:
            self._change(_setting(row.path, text, profile_schema().at(*row.path)), typing)

    def action_choose(self) -> None:
        """Type the value; of what has entries, show them or not."""
        row = self.form.current
        if row is None or row.heading:
            return
        known = self._field(row)
        if row.collection:
            self._fold(row.path)
        elif row.several_lines:
            self.action_show_in_text()
        elif not row.said and known is not None and known.kind in (Kind.LIST, Kind.MAP, Kind.SECTION):
            self.action_add()
        elif known is not None and known.kind is Kind.BOOL and row.said:
            self.action_step(1)
        else:
            self.form.begin()

    def _fold(self, path: Path) -> None:
        self._unfolded = self._unfolded ^ {path}
        self._refold()

    def action_step(self, by: int) -> None:
        """The next value; of what has entries, unfold or fold."""
        from mltui.ui.presentation.form_values import default_of_param, next_value

        row = self.form.current
        if row is None or row.heading:
            return
        if row.collection:
            if row.folded == (by > 0):
                self._fold(row.path)
            return
        known = self._field(row)
        document = self._draft.document if self._draft else None
        param = document.get(row.path[:-1]) if document and len(row.path) == 3 else None
        bounded = known
        if known and known.path == ("params", "*", "default") and isinstance(param, dict):
            bounded = default_of_param(known, param)
        wanted = next_value(row.written, by, bounded)
        if wanted != row.written and not row.several_lines:
            self._change(_setting(row.path, wanted, known))

    def action_remove(self) -> None:
        """Take the key or the entry out of the file; undo brings it back."""
        row = self.form.current
        if row is not None and row.said and not row.heading:
            self._change(lambda document: document.remove(row.path))

    def action_rename(self) -> None:
        """Another name for a name of one's own."""
        row = self.form.current
        if row is None or not row.said or not row.path or not isinstance(row.path[-1], str):
            self.app.bell()
            return
        path, old = row.path, row.path[-1]

        def named(name: str | None) -> None:
            if name and name != old:
                self._wanted = (*path[:-1], name)
                self._change(lambda document: document.rename_key(path, name))

        self.app.push_screen(PromptScreen(f"Another name for {old}", text=old), named)

    def action_add(self) -> None:
        """Add an entry to the list or mapping that the cursor is on or in."""
        row = self.form.current
        if row is None:
            return
        path = row.path
        known = self._field(row)
        if not (row.collection or (known and not row.said and known.kind in (Kind.LIST, Kind.MAP, Kind.SECTION))):
            path = path[:-1]
        value = self._draft.document.get(path) if self._draft and self._draft.document else None
        known = self._form.fields.get(key_of_path(path)) if path else None
        if not path:
            self.action_find()
        elif isinstance(value, list) or (value is None and known and known.kind is Kind.LIST):
            self._add_item(path, known)
        elif known is not None and known.kind is Kind.SECTION:
            self._add_key(path, known, value)
        else:
            self._add_pair(path, known, value)

    def _add_item(self, path: Path, known: SchemaField | None) -> None:
        item = known.item if known else None
        offers = [Offer(text) for text in self._completions.offers(item, "")]
        examples = f"such as {', '.join(item.examples[:2])}" if item and item.examples else ""

        there = self._draft.document.get(path) if self._draft and self._draft.document else None
        count = len(there) if isinstance(there, list) else 0

        def added(text: str | None) -> None:
            if text:
                from mltui.ui.presentation.form_values import typed_value

                value = typed_value(text, item, None)
                self._wanted = (*path, count)
                self._unfold(path)
                self._change(lambda document: document.append(path, value))

        self.app.push_screen(PromptScreen(f"New entry of {key_of_path(path)}", offers, about=examples), added)

    def _add_pair(self, path: Path, known: SchemaField | None, value: Any) -> None:  # noqa: ANN401 - any YAML value
        taken = list(value) if isinstance(value, dict) else []
        offers = [Offer(name, "of your environment") for name in self._completions.names(known, taken)]

        def check(text: str) -> str:
            name = text.partition("=")[0].strip()
            return f"there is a {name} already" if name in taken else ""

        def added(text: str | None) -> None:
            if text:
                name, equals, rest = (part.strip() for part in text.partition("="))
                self._wanted = (*path, name)
                self._unfold(path)
                item = known.item if known else None
                self._change(_setting((*path, name), rest if equals else None, item))

        about = (
            "NAME=value; a name alone takes the caller's" if known and known.names is Kind.VARIABLE else "name=value"
        )
        self.app.push_screen(PromptScreen(f"New entry of {key_of_path(path)}", offers, about=about, check=check), added)

    def _add_key(self, path: Path, known: SchemaField, value: Any) -> None:  # noqa: ANN401 - any YAML value
        taken = value if isinstance(value, dict) else {}
        offers = [Offer(one.key, one.help) for one in known.fields if one.key not in taken]

        def chosen(key: str | None) -> None:
            field = known.at(key) if key else None
            if key and field:
                self._begin_field((*path, key), field)

        self.app.push_screen(PromptScreen(f"Key of {key_of_path(path)}", offers, free=False), chosen)

    def action_find(self) -> None:
        """Go to a field by letters of its name; one that the profile does not say is added."""
        schema = profile_schema()
        rows = {row.key: row for row in self._form.rows if not row.heading}
        offers = [Offer(one.key, f"{one.title}. {one.help}") for one in schema.fields]
        offers += [Offer(row.key, row.value) for row in rows.values() if len(row.path) > 1]

        def chosen(key: str | None) -> None:
            if not key:
                return
            if key in rows:
                self.form.select(key)
                if not rows[key].said:
                    self.action_choose()
                return
            field = schema.at(key)
            if field:
                self._begin_field((key,), field)

        self.app.push_screen(PromptScreen("Field", offers, free=False), chosen)

    def _begin_field(self, path: Path, known: SchemaField) -> None:
        """Say a field that is not said yet: ask for its value."""
        if known.kind in (Kind.MAP, Kind.SECTION, Kind.LIST) and not known.forms:
            if known.kind is Kind.SECTION:
                self._add_key(path, known, None)
            elif known.kind is Kind.MAP:
                self._add_pair(path, known, None)
            else:
                self._add_item(path, known)
            return
        if known.kind is Kind.BOOL:
            self._wanted = path
            self._unfold(path[:-1])
            self._change(_setting(path, "false" if known.default is True else "true", known))
            return

        def valued(text: str | None) -> None:
            if text:
                self._wanted = path
                self._unfold(path[:-1])
                value: object = [text] if known.kind is Kind.LIST else text
                self._change(_setting(path, value, known))

        offers = [Offer(text) for text in self._completions.offers(known, "")]
        prompt = PromptScreen(f"{key_of_path(path)}: {known.title}", offers, about=known.help)
        self.app.push_screen(prompt, valued)

    def _unfold(self, path: Path) -> None:
        """Show the entries at ``path``, and of all above it."""
        wanted = {path[:length] for length in range(2, len(path) + 1)}
        self._unfolded = (self._unfolded | wanted) - {path[:1]}

    # -- commands -----------------------------------------------------------------------------------------------------

    def action_switch(self) -> None:
        """The other view."""
        if self.focused is self.area:
            self.remove_class("-in-text")
            self.form.focus()
        else:
            self.add_class("-in-text")
            self.area.focus()

    def action_show_in_text(self) -> None:
        """Go to where the field stands in the text."""
        row, draft = self.form.current, self._draft
        if row is None or not row.said or draft is None or draft.document is None:
            self.app.bell()
            return
        line, column = draft.document.source.place(row.path)
        self.add_class("-in-text")
        self.area.focus()
        self.area.go_to(line, column)

    def action_next_problem(self) -> None:
        """Go to the next thing that is wrong, in the text."""
        problems = [p for p in (self._draft.problems if self._draft else ()) if p.file == str(self._read.path)]
        if not problems:
            return
        row, column = self.area.cursor_location
        here = (row + 1, column + 1) if self.focused is self.area else (0, 0)
        found = next((p for p in problems if (p.line, p.column) > here), problems[0])
        self.add_class("-in-text")
        self.area.focus()
        self.area.go_to(found.line, found.column)

    def action_undo(self) -> None:
        """Take the last change back."""
        self.area.undo()

    def action_redo(self) -> None:
        """Do it again."""
        self.area.redo()

    def action_panel(self) -> None:
        """The command, or what is wrong."""
        self._command = not self._command
        self._show_below()

    def action_scroll_panel(self, pages: int) -> None:
        """Scroll what is below."""
        self.panel.action_page(pages)

    def action_copy(self) -> None:
        """Copy the command."""
        if self._explained and self._explained.command:
            self.app.copy_to_clipboard(self._explained.command)
            self.app.notify("Copied.", timeout=2)

    def action_help(self) -> None:
        """Every key of the editor."""
        from mltui.ui.screens.dialogs import help_lines

        self.mltui.show_text("Keys", help_lines([("the form", FORM), ("the editor", EDITOR)]))

    # -- saving and leaving -------------------------------------------------------------------------------------------

    def _look_at_disk(self) -> None:
        from mltui.storage.profile_files import changed_on_disk

        read = self._read

        def tell(changed: bool) -> None:
            if self.is_attached and read is self._read and changed != self._changed_on_disk:
                self._changed_on_disk = changed
                self._show_top()

        self.mltui.do("", lambda: changed_on_disk(read), then=tell)

    def action_save(self) -> None:
        """Show what changed, then save."""
        if self.form.typing:
            self.form.end(keep=True)
        self._when_settled(self._save)

    def _save(self, *, leave: bool = False) -> None:
        from mltui.runtime.profile_draft import diff_of

        if self.area.read_only:
            self.mltui.say_error(self._why_not_edited())
            return
        if not self.changed:
            self.app.notify("There is nothing to save.", timeout=2)
            return
        if not self.mltui.may_act("save"):
            return
        count = len(self._draft.problems) if self._draft else 0
        warning = f"{count} wrong in it: it cannot be launched until that is mended." if count else ""
        diff = diff_of(self._read.text, self.text, self._read.path.name)
        text = self.text

        def answered(save: bool | None) -> None:
            if save:
                self._write(text, leave=leave)

        self.app.push_screen(DiffScreen(f"Save {self._read.path.name}?", diff, warning), answered)

    def _write(self, text: str, *, overwrite: bool = False, leave: bool = False) -> None:
        from mltui.storage import profile_files as files

        read = self._read

        def write() -> FileText | files.FileChanged:
            try:
                return files.save_text(read, text, overwrite=overwrite)
            except files.FileChanged as changed:
                return changed

        def written(result: FileText | files.FileChanged) -> None:
            if isinstance(result, files.FileChanged):
                self._ask_about_disk(result, text, leave=leave)
                return
            self._read, self._saved, self._changed_on_disk = result, True, False
            if self.area.read_only:
                self._load(result)
            self._show_top()
            self.app.notify(f"Saved {one_line(read.path.name, 60)}.", timeout=2, markup=False)
            if leave:
                self.dismiss(True)

        self.mltui.do("", write, then=written)

    def _ask_about_disk(self, error: MltuiError, text: str, *, leave: bool) -> None:
        answers = (("o", "Overwrite it with yours"), ("r", "Reload it: yours can be had back with undo"),
                   ("a", "Save yours as another profile"))  # fmt: skip

        def answered(answer: str | None) -> None:
            if answer == "o":
                self._write(text, overwrite=True, leave=leave)
            elif answer == "r":
                self._reload()
            elif answer == "a":
                self._save_as(text)

        self.app.push_screen(ChoiceScreen([error.message], answers), answered)

    def _reload(self) -> None:
        from mltui.storage.profile_files import read_text

        path = self._read.path

        def take(read: FileText) -> None:
            self._read, self._changed_on_disk = read, False
            self.area.change_to(read.text, whole_step=True)
            if self.area.read_only or self.changed:
                self._load(read)
            self._show_top()

        self.mltui.do("", lambda: read_text(path), then=take)

    def _save_as(self, text: str) -> None:
        """Put the text beside the file, under another name."""
        from mltui.storage import profile_files as files

        read = self._read

        def named(name: str | None) -> None:
            if name:
                self.mltui.do("", lambda: files.save_as(read, text, name), then=saved)

        def saved(new: FileText) -> None:
            self._saved = True
            self._drafting.close()
            self._open(new)

        about = "a profile beside it, with what is in its folder"
        self.app.push_screen(PromptScreen("Save as", about=about, check=files.check_name), named)

    def action_close(self) -> None:
        """Leave; ask what to do with what is not saved."""
        if self.form.typing:
            self.form.end(keep=False)
            return
        self._when_settled(self._close)

    def _close(self) -> None:
        if not self.changed:
            self.dismiss(self._saved)
            return

        def answered(answer: str | None) -> None:
            if answer == "s":
                self._save(leave=True)
            elif answer == "d":
                self.dismiss(self._saved)

        said = [f"{self._read.path.name} has changes that are not saved."]
        self.app.push_screen(ChoiceScreen(said, (("s", "Save them"), ("d", "Drop them"))), answered)

    def action_outside(self) -> None:
        """Open the text in the person's editor, and take in what comes back."""
        if self.form.typing:
            self.form.end(keep=True)
        self._when_settled(self._outside)

    def _outside(self) -> None:
        from mltui.ui.outside_editor import edit_outside

        try:
            text = edit_outside(self.mltui, self.text, self._read.path.suffix)
        except MltuiError as error:
            self.mltui.say_error(error)
            return
        if self.area.read_only:
            if text != self._read.text:
                self._write(text)
            return
        self.area.change_to(text, whole_step=True)


def _setting(path: Path, text: object, known: SchemaField | None) -> Change:
    """The change that puts what was typed at ``path``; an empty text takes an optional key away."""
    from mltui.ui.presentation.form_values import typed_value

    def change(document: Any) -> Any:  # noqa: ANN401 - a YamlDocument, of a module that is imported late
        if not isinstance(text, str):
            return document.set(path, text)
        old = document.get(path)
        value = typed_value(text, known, old)
        if text == "" and known is not None and known.key != "*":
            return document.remove(path) if old is not None else document
        return document.set(path, value)

    return change


def _command_lines(found: Explanation | None, *, sound: bool) -> list[Line]:
    """The command that a profile stands for; dim where the text has gone on and is not sound now."""
    if found is None:
        return [[("working it out …", "dim")]] if sound else [[("nothing sound yet", "dim")]]
    if found.problem:
        return [[(one_line(found.problem, 400), "warn")]]
    lines: list[Line] = [[(clean(line), "text" if sound else "dim")] for line in found.command.split("\n")]
    return [*lines, *([("# ", "dim"), (one_line(note, 300), "dim")] for note in found.notes)]


def _where(problem: Any) -> str:  # noqa: ANN401 - a Problem
    return f"line {problem.line}: {problem.path + ': ' if problem.path else ''}{problem.message}"
