"""The profile that is edited: its file, its text, what was found out about that, and the form that it makes."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from mltui.domain.errors import EditError, MltuiError
from mltui.domain.text import one_line
from mltui.ui.presentation.profile_form import FormMaker, Inherited, Path, ProfileForm, key_of_path
from mltui.ui.widgets.form_table import FormTable
from mltui.ui.widgets.yaml_area import why_not_kept

if TYPE_CHECKING:
    from mltui.domain.errors import Problem
    from mltui.runtime.completions import Completions
    from mltui.runtime.profile_draft import Change, Draft, Drafting
    from mltui.storage.profile_files import FileText
    from mltui.storage.yaml_nodes import Source
    from mltui.ui.screens.profile_editor import ProfileEditor


class EditedProfile:
    """Keeps the text area and the form one thing: what is typed in one is in the other, checked.

    A small change of the text is checked at once, before it is drawn; all else in a thread, whose states are shown
    unless the text has gone on meanwhile.
    """

    completions: Completions
    _drafting: Drafting

    def __init__(self, screen: ProfileEditor, read: FileText) -> None:
        self._screen = screen
        self._area, self._table = screen.area, screen.form
        self.read = read
        """The file as it was read, or as it was saved last."""
        self.draft: Draft | None = None
        """What the text was found to say; ``None`` until that is known."""
        self.form = ProfileForm()
        self.unfolded: frozenset[Path] = frozenset()
        self._forms = FormMaker()
        self._wanted: Path | None = None
        """Where the cursor of the form goes when its row is there."""

    # -- the file -----------------------------------------------------------------------------------------------------

    def open(self, read: FileText) -> None:
        """Edit this file: what is checked and what is offered go by its place."""
        from mltui.runtime.completions import Completions
        from mltui.runtime.profile_draft import Drafting

        cockpit = self._screen.mltui.cockpit
        self.completions = Completions(cockpit, read.path.parent)
        self._drafting = Drafting(read.path, self._report, self._refuse, cockpit.named_profile)
        self.draft = None
        self.load(read)

    def load(self, read: FileText) -> None:
        """Show the file's text, with nothing to undo."""
        self.read = read
        self._area.read_only = not self._area.show(read.text)
        if self._area.read_only:
            self._screen.mltui.say_error(self.why_not_edited())
        self._drafting.take(read.text)
        self._screen.show_top()

    def close(self) -> None:
        """Check no more."""
        self._drafting.close()

    @property
    def text(self) -> str:
        """The text that is edited; the file's own where the text area cannot hold it."""
        return self.read.text if self._area.read_only else self._area.text

    @property
    def changed(self) -> bool:
        """The text is not the file's."""
        return self.text != self.read.text

    @property
    def name(self) -> str:
        """The file's name, to be shown."""
        return one_line(self.read.path.name, 60)

    def why_not_edited(self) -> MltuiError:
        """Why the text is only shown."""
        return MltuiError(f"{self.name} {why_not_kept(self.read.text)}", "Use your own editor: ctrl+o.")

    # -- form and text ------------------------------------------------------------------------------------------------

    @property
    def _source(self) -> Source | None:
        """Where things stand in the text; ``None`` while it has gone on, or is no YAML."""
        draft = self.draft
        return draft.document.source if draft and draft.document and draft.text == self.text else None

    def place_of(self, path: Path) -> tuple[int, int] | None:
        """Line and column of the value at ``path``, where that is known."""
        source = self._source
        return source.place(path) if source else None

    def row_at(self, line: int) -> str:
        """The key of the form's row that stands at a line of the text, or is the last one before it."""
        source, found, best = self._source, "", (0, 0)
        for row in self.form.rows if source else ():
            if row.said and not row.heading and source is not None:
                place = source.place(row.path, key=isinstance(row.path[-1], str))
                if place[0] <= line and place >= best:
                    found, best = row.key, place
        return found

    # -- what is found out about the text -----------------------------------------------------------------------------

    @property
    def problems(self) -> tuple[Problem, ...]:
        """Everything wrong with it, and with the files that it extends."""
        return self.draft.problems if self.draft else ()

    @property
    def own_problems(self) -> list[Problem]:
        """What is wrong in the text itself."""
        return [problem for problem in self.problems if problem.file == str(self.read.path)]

    def edited(self) -> None:
        """The text is another one."""
        text = self.text
        if self.draft is None or text != self.draft.text:
            draft = self._drafting.take_at_once(text)
            if draft is not None:
                self._take(draft, self._form_of(draft), None)
                return
            self._drafting.take(text)
        self._screen.show_top()

    def _report(self, draft: Draft, before: str | None) -> None:
        """Called in the drafting thread: the form is made there too."""
        form = self._form_of(draft)
        if self._screen.is_attached:
            self._screen.app.call_from_thread(self._take, draft, form, before)

    def _refuse(self, error: EditError) -> None:
        def say() -> None:
            self._table.show(self.form.rows)
            self._screen.mltui.say_error(error)

        if self._screen.is_attached:
            self._screen.app.call_from_thread(say)

    def _form_of(self, draft: Draft) -> ProfileForm | None:
        """What it says as a form; ``None`` where it is no YAML."""
        if draft.document is None:
            return None
        problems = {problem.path: problem.message for problem in reversed(draft.problems)}
        if draft.whole is None:
            return self._forms.make(draft.data, problems, self.unfolded)
        return self._forms.make(draft.data, problems, self.unfolded, Inherited(draft.whole.data, draft.origin_of))

    def _take(self, draft: Draft, form: ProfileForm | None, before: str | None) -> None:
        """Show a state, unless the text has moved on meanwhile: then its own is on the way."""
        if self.text != (draft.text if before is None else before):
            return
        self.draft = draft
        if before is not None:
            self._area.change_to(draft.text, whole_step=not self._table.typing)
        if form is None:
            self._table.empty = "The text is no YAML: mend it there (tab)."
            self._table.refresh()
        else:
            self._show_form(form)
        self._area.mark(self.own_problems)
        self._screen.show_draft()

    def _show_form(self, form: ProfileForm) -> None:
        self.form = form
        self._table.show(form.rows)
        if self._wanted is not None and self._table.select(key_of_path(self._wanted)):
            self._wanted = None

    # -- changes that the form asks for -------------------------------------------------------------------------------

    def change(self, change: Change, typing: str = "", *, then_at: Path | None = None) -> None:
        """Change the text by its data; of one ``typing`` each change starts from before the first.

        ``then_at``: where the form's cursor goes when that is there.
        """
        if self._area.read_only:
            self._screen.app.bell()
            return
        if then_at is not None:
            self._wanted = then_at
        self._drafting.change(change, typing)

    def when_settled(self, then: Callable[[], None]) -> None:
        """Do ``then`` when all keys that were pressed before are in the text.

        They may still wait in the focused view, on their way from the form to the screen, or in the drafting thread:
        the request goes the same way behind them.
        """
        view, release = self._screen.focused or self._table, self._screen.mltui.typeahead.hold()

        def do_and_release() -> None:
            try:
                # What was asked for before may have opened a question, or have left.
                if self._screen.is_attached and self._screen.is_current:
                    then()
            finally:
                release()

        view.call_later(lambda: self._table.post_message(FormTable.Told(do_and_release)))

    def told(self, then: Callable[[], None]) -> None:
        """Behind what was typed, and the changes that it made, comes what was asked for after it."""

        def go_on() -> None:
            if self._screen.is_attached:
                self._screen.app.call_from_thread(then)

        self._drafting.when_done(go_on)

    def fold(self, path: Path) -> None:
        """Show or hide the entries at ``path``."""
        self.unfolded = self.unfolded ^ {path}
        form = self._form_of(self.draft) if self.draft else None
        if form is not None:
            self._show_form(form)

    def unfold(self, path: Path) -> None:
        """Show the entries at ``path``, and of all above it, with the next change."""
        wanted = {path[:length] for length in range(2, len(path) + 1)}
        self.unfolded = (self.unfolded | wanted) - {path[:1]}
