"""Saving what was edited, leaving, and the person's own editor: nobody's work is lost on the way."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from textual.app import SuspendNotSupported

from mltui.domain.errors import MltuiError, StorageError, UsageError
from mltui.domain.figures import counted
from mltui.ui.screens.editor_below import where_and_what
from mltui.ui.screens.editor_disk import OnDisk, look_at
from mltui.ui.screens.prompts import ChoiceScreen, DiffScreen, PromptScreen, answer_from
from mltui.ui.widgets.yaml_area import why_not_kept

if TYPE_CHECKING:
    from mltui.storage.profile_files import FileText
    from mltui.ui.app import MltuiApp
    from mltui.ui.screens.editor_profile import EditedProfile
    from mltui.ui.screens.profile_editor import ProfileEditor


class Saving:
    """Brings the text into the file, and a file that changed meanwhile to the person."""

    def __init__(self, screen: ProfileEditor, profile: EditedProfile, disk: OnDisk) -> None:
        self._screen = screen
        self._profile = profile
        self._disk = disk
        self._saved = False
        """Something was: who opened the editor reads the profiles again."""
        self._writing = False
        """The text is on its way to the file."""
        self._next: Callable[[], None] | None = None
        """What was asked for meanwhile, to be done then."""

    @property
    def _app(self) -> MltuiApp:
        return self._screen.mltui

    # -- saving -------------------------------------------------------------------------------------------------------

    def save(self, *, leave: bool = False) -> None:
        """Show what changed, then save; with ``leave`` the editor is left then."""
        from mltui.runtime.profile_draft import diff_of

        profile = self._profile
        if self._writing:
            self._next = lambda: self.save(leave=leave)
            return
        if self._screen.area.read_only:
            self._app.say_error(profile.why_not_edited())
            return
        if not profile.changed and not self._disk.state:
            self._app.notify("There is nothing to save.", timeout=2)
            return
        if not self._app.may_act("save"):
            return
        text = profile.text
        if self._disk.state:
            self._ask_about_disk(text, leave=leave)
            return
        diff = diff_of(profile.read.text, text, profile.read.path.name)

        def answered(save: bool | None) -> None:
            if save:
                self._write(text, profile.read, leave=leave)

        self._app.push_screen(DiffScreen(f"Save {profile.name}?", diff, *self._warning()), answered)

    def _warning(self) -> tuple[str, ...]:
        """What to know before the text is saved as it is."""
        draft, problems = self._profile.draft, self._profile.problems
        if not draft or not problems:
            return ()
        first = where_and_what(problems[0]) + (f"; {len(problems) - 1} more" if len(problems) > 1 else "")
        if draft.document is None:
            return "This is no YAML: saved all the same, it cannot be launched.", first
        return f"{counted(len(problems), 'problem')}: saved like this, it cannot be launched.", first

    def _write(self, text: str, over: FileText | None, *, leave: bool = False) -> None:
        """Write it in the place of ``over``; ``None``: of whatever is there."""
        from mltui.storage import profile_files as files

        read = self._profile.read

        def write() -> tuple[bool, FileText | StorageError]:
            try:
                return True, files.save_text(over or read, text, overwrite=over is None)
            except files.FileChanged:
                return False, look_at(over or read)

        def written(result: tuple[bool, FileText | StorageError]) -> None:
            self._writing = False
            saved, now = result
            if not saved or isinstance(now, StorageError):
                self._next = None
                self._disk.saw(now)
                self._ask_about_disk(text, leave=leave)
                return
            self._is_saved(now)
            # What was typed meanwhile is asked about.
            then, self._next = self._next or (self.leave if leave else None), None
            if then:
                self._profile.when_settled(then)

        def failed() -> None:
            self._writing, self._next = False, None

        self._writing = True
        self._app.do("", write, then=written, failed=failed)

    def _is_saved(self, result: FileText) -> None:
        profile = self._profile
        profile.read, self._saved = result, True
        self._screen.show_top()
        self._app.notify(f"Saved {profile.name}.", timeout=2, markup=False)

    def _ask_about_disk(self, text: str, *, leave: bool) -> None:
        self._disk.ask(
            text, self._warning(), lambda over: self._write(text, over, leave=leave), lambda: self._save_as(text)
        )

    def _save_as(self, text: str) -> None:
        """Put the text beside the file, under another name."""
        from mltui.storage import profile_files as files

        read = self._profile.read

        def named(name: str | None) -> None:
            if name:
                self._app.do("", lambda: files.save_as(read, text, name), then=saved, keys_wait=True)

        def saved(new: FileText) -> None:
            self._saved = True
            self._profile.close()
            self._profile.open(new)

        about = "a profile beside it, with what is in its folder"
        self._app.push_screen(PromptScreen("Save as", about=about, check=files.check_name), named)

    # -- leaving ------------------------------------------------------------------------------------------------------

    def leave(self) -> None:
        """Leave; ask what to do with what is not saved. What is being written is waited for."""
        if self._writing:
            self._next = self.leave
            return
        if not self._profile.changed:
            answer_from(self._screen, self._saved)
            return

        def answered(answer: str | None) -> None:
            if answer == "s":
                self.save(leave=True)
            elif answer == "d":
                self._screen.dismiss(self._saved)

        said = [f"{self._profile.name} has changes that are not saved."]
        self._app.push_screen(ChoiceScreen(said, (("s", "Save them"), ("d", "Drop them"))), answered)

    # -- the person's own editor --------------------------------------------------------------------------------------

    def edit_outside(self) -> None:
        """Open the text in the person's editor, and take in what comes back."""
        from mltui.runtime.outside_editor import editor_copy

        profile, said = self._profile, list[str]()
        try:
            with editor_copy(profile.text, profile.read.path.suffix, said.append) as copy:
                self._take_in(copy.edit(_lent_terminal(self._app)))
        except MltuiError as error:
            self._app.say_error(error)
        for sentence in said:
            self._app.notify(sentence, timeout=30, markup=False)

    def _take_in(self, text: str) -> None:
        """Show what the editor left. Raises ``MltuiError`` where it can neither be shown nor saved."""
        from mltui.storage.profile_files import save_text

        profile, area = self._profile, self._screen.area
        if text == profile.text:
            return
        if not area.read_only:
            area.change_to(text, whole_step=True)
            # Whatever line ends the editor wrote, the file's own stay.
            if area.text.replace("\r\n", "\n") == text.replace("\r\n", "\n"):
                return
            area.undo()
            raise MltuiError(f"It cannot be taken in: it {why_not_kept(text)}")
        # What the area cannot hold is in no other place than the copy, until it is in the file.
        if self._app.options.read_only:
            raise UsageError("This is read-only: it does not save.", "Start mltui without --read-only.")
        self._is_saved(save_text(profile.read, text))
        profile.load(profile.read)


@contextmanager
def _lent_terminal(app: MltuiApp) -> Iterator[None]:
    """The terminal for another program, while the app stands still."""
    try:
        with app.suspend():
            yield
    except SuspendNotSupported as error:
        raise UsageError("No other program can have this terminal now.") from error
