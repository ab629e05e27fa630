"""The file under the editor: another program may write it meanwhile, and neither side's work is lost unasked."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from mltui.domain.errors import StorageError
from mltui.ui.commands import key_of
from mltui.ui.screens.prompts import ChoiceScreen, DiffScreen

if TYPE_CHECKING:
    from mltui.storage.profile_files import FileText
    from mltui.ui.screens.editor_profile import EditedProfile
    from mltui.ui.screens.profile_editor import ProfileEditor


def look_at(read: FileText) -> FileText | StorageError:
    """The file of ``read`` as it is now, ``read`` itself where it is the same. Reads it: for a thread."""
    from mltui.storage.profile_files import as_it_is_now

    try:
        return as_it_is_now(read)
    except StorageError as error:
        return error


class OnDisk:
    """Looks at the file, takes in what changed where nothing is lost by it, and else asks."""

    def __init__(self, screen: ProfileEditor, profile: EditedProfile) -> None:
        self._screen = screen
        self._profile = profile
        self._seen: tuple[FileText, FileText | StorageError] = (profile.read, profile.read)
        """The file as it was read or saved, and as it was seen last since then."""

    def saw(self, now: FileText | StorageError) -> None:
        """The file is this one now."""
        self._seen = (self._profile.read, now)

    @property
    def now(self) -> FileText | StorageError:
        """The file as it was seen last."""
        read, now = self._seen
        return now if read is self._profile.read else self._profile.read

    @property
    def state(self) -> str:
        """What became of the file since it was read; empty: nothing."""
        now = self.now
        if now is self._profile.read:
            return ""
        if isinstance(now, StorageError):
            return "cannot be read on disk"
        return "changed on disk" if now.digest else "gone from disk"

    def look(self) -> None:
        """Look at the file, and say what became of it."""
        read = self._profile.read

        def tell(now: FileText | StorageError) -> None:
            if not self._screen.is_attached or read is not self._profile.read:
                return
            before = self.state
            self.saw(now)
            if self.state and not self._profile.changed:
                # What the form has asked for may still be on its way into the text.
                self._profile.when_settled(self._take_in)
            if self.state != before:
                self._screen.show_top()
                if self.state and self._profile.changed:
                    said = f"{self._profile.name}: {self.state}. {key_of('editor.save')} shows the difference and asks."
                    self._screen.app.notify(said, severity="warning", timeout=8, markup=False)

        self._screen.mltui.do("", lambda: look_at(read), then=tell)

    def _take_in(self) -> None:
        """Show the file as it is now, where there is nothing of one's own that is not saved."""
        now = self.now
        if not self.state or self._profile.changed or isinstance(now, StorageError) or not now.digest:
            return
        self.reload(now)
        self._screen.app.notify(
            f"{self._profile.name} changed on disk and is read again; undo shows it as it was.", markup=False
        )

    def reload(self, now: FileText) -> None:
        """Show this text of the file; what stood there can be had back with undo."""
        profile, area = self._profile, self._screen.area
        profile.read = now
        area.change_to(now.text, whole_step=True)
        if area.read_only or profile.changed:
            profile.load(now)
        self._screen.show_top()

    def ask(
        self,
        text: str,
        warnings: tuple[str, ...],
        write: Callable[[FileText | None], None],
        save_as: Callable[[], None],
    ) -> None:
        """Ask what becomes of ``text`` and of a file that is another one now. ``write`` gets the file that it goes
        over, as it has been shown, or ``None`` where that cannot be shown; ``save_as`` puts it elsewhere."""
        from mltui.runtime.profile_draft import diff_of

        now, name = self.now, self._profile.name
        there = None if isinstance(now, StorageError) else now
        changed = there is not None and bool(there.digest)
        said = f"{name}: {self.state} since it was read." if there else str(now)
        answers = [("o", "Overwrite it with yours: shows first what goes" if changed else "Write it with your text")]
        answers += [("r", "Reload it: yours can be had back with undo")] if changed else []

        def answered(answer: str | None) -> None:
            if answer == "a":
                save_as()
            elif answer == "r" and there is not None:
                self.reload(there)
            elif answer == "o" and there is not None and changed:
                diff = diff_of(there.text, text, there.path.name)
                lost = "It changed on disk since it was read: what it says there in lines with - goes."
                screen = DiffScreen(f"Overwrite {name}?", diff, lost, *warnings)
                self._screen.app.push_screen(screen, lambda sure: write(there) if sure else None)
            elif answer == "o":
                write(there)

        self._screen.app.push_screen(ChoiceScreen([said], (*answers, ("a", "Save yours as another profile"))), answered)
