"""What is done to profiles from their list: edited, made, copied, renamed, deleted."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from mltui.domain.errors import UsageError
from mltui.domain.text import one_line

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from mltui.storage.extenders import Extender
    from mltui.storage.profile_files import FileText
    from mltui.storage.profiles import ProfileEntry
    from mltui.ui.app import MltuiApp


#: Stands among the templates for what is none.
_IMPORT = "import"
#: Of more profiles than these only the number is said.
_MOST_NAMED = 5


def open_editor(app: MltuiApp, path: Path) -> None:
    """Open the editor on a profile's file."""
    from mltui.storage.profile_files import read_text

    def show(read: FileText) -> None:
        from mltui.ui.screens.profile_editor import ProfileEditor

        app.push_screen(ProfileEditor(read), lambda saved: _reload(app) if saved else None)

    app.do("", lambda: read_text(path), then=show, keys_wait=True)


def _reload(app: MltuiApp, then: Callable[[], None] | None = None) -> None:
    """Read the list of profiles again at once, without waiting for the next look at the disk."""
    app.do("", app.cockpit.reload_profiles, then=lambda _: then() if then else None)


def _show_in_list(app: MltuiApp, path: Path) -> None:
    def select() -> None:
        app.main.tick()
        app.main.profiles.table.select(str(path))

    _reload(app, select)


def ask_new(app: MltuiApp) -> None:
    """Ask for a template and a name; make the profile and open it."""
    from mltui.storage import profile_files as files
    from mltui.ui.screens.prompts import Offer, PromptScreen

    if not app.may_act("make profiles"):
        return
    offers = [Offer(one.name, one.description) for one in files.templates()]
    offers.append(Offer(_IMPORT, "A docker run line or a service of a Compose file, pasted"))
    place = files.place_for_new()

    def named(template: str, name: str | None) -> None:
        if not name:
            return

        def show(path: Path) -> None:
            _show_in_list(app, path)
            open_editor(app, path)

        app.do("", lambda: files.new_profile(name, template, place), then=show, keys_wait=True)

    def chosen(template: str | None) -> None:
        if template == _IMPORT:
            ask_import(app)
        elif template:
            about = f"in {one_line(str(place), 200)}"
            prompt = PromptScreen(f"Name of the new profile ({template})", about=about, check=free_name(place))
            app.push_screen(prompt, lambda name: named(template, name))

    app.push_screen(PromptScreen("New profile from a template", offers, free=False), chosen)


def ask_import(app: MltuiApp, text: str = "") -> None:
    """Open the dialog that makes a profile of ``text``, or of what is pasted there; then open the profile."""
    from mltui.runtime.import_preview import Importer
    from mltui.storage import profile_files as files
    from mltui.ui.screens.import_profile import ImportScreen, taken

    if not app.may_act("make profiles"):
        return
    try:
        text = taken(text)
    except UsageError as error:
        app.say_error(error)
        return

    def written(path: Path | None) -> None:
        if path is not None:
            _show_in_list(app, path)
            open_editor(app, path)

    importer = Importer(Path.cwd(), files.place_for_new(), app.cockpit.named_profile)
    app.push_screen(ImportScreen(importer, text), written)


def ask_duplicate(app: MltuiApp, entry: ProfileEntry) -> None:
    """Ask for a name, and copy the profile under it."""
    from mltui.storage import profile_files as files
    from mltui.ui.screens.prompts import PromptScreen

    if not app.may_act("copy profiles"):
        return

    def named(name: str | None) -> None:
        if name:
            app.do(
                "",
                lambda: files.duplicate(entry.path, name),
                then=lambda path: _show_in_list(app, path),
                keys_wait=True,
            )

    title = f"Copy {one_line(entry.name, 80)} as"
    app.push_screen(PromptScreen(title, text=f"{entry.name}-2"[:63], check=files.check_name), named)


def ask_rename(app: MltuiApp, entry: ProfileEntry) -> None:
    """Ask for another name for the profile."""
    from mltui.storage import profile_files as files
    from mltui.ui.screens.prompts import PromptScreen

    if not app.may_act("rename profiles"):
        return

    def named(name: str | None) -> None:
        if name and name != entry.name:
            app.do(
                "",
                lambda: app.cockpit.extenders(entry.path),
                then=lambda others: _rename(app, entry, name, others),
                keys_wait=True,
            )

    title = f"Another name for {one_line(entry.name, 80)}"
    app.push_screen(PromptScreen(title, text=entry.name, check=files.check_name), named)


def _rename(app: MltuiApp, entry: ProfileEntry, name: str, others: Sequence[Extender]) -> None:
    """Rename it; where other profiles name it, ask what becomes of them."""
    from mltui.ui.screens.prompts import ChoiceScreen

    naming = [other for other in others if other.direct]

    def renamed(path: Path) -> None:
        _show_in_list(app, path)

    def alone(path: Path) -> None:
        renamed(path)
        if naming:
            said = ", ".join(one_line(str(other.path), 200) for other in naming[:_MOST_NAMED])
            told = f"These extend {one_line(entry.name, 80)}, which is not there any more: {said}"
            app.notify(told, severity="warning", markup=False)

    def answered(answer: str | None) -> None:
        if answer == "y":
            app.do("", lambda: app.cockpit.rename_profile(entry, name, naming), then=renamed)
        elif answer == "o":
            app.do("", lambda: app.cockpit.rename_profile(entry, name), then=alone)

    if not naming:
        answered("o")
        return
    them, verb = ("it", "extends") if len(naming) == 1 else ("them", "extend")
    said = [f"{_named(naming)} {verb} {one_line(entry.name, 80)}, and would not find it under another name."]
    said.append(f"The new name can be written in {them} too: every other byte there stays as it is.")
    answers = (("y", f"Rename it, and write {one_line(name, 30)} in {them}"), ("o", "Rename it alone"))
    app.push_screen(ChoiceScreen(said, answers), answered)


def _named(others: Sequence[Extender]) -> str:
    """Their names, of many the first ones."""
    names = [one_line(other.name, 80) for other in others[:_MOST_NAMED]]
    more = [f"{len(others) - _MOST_NAMED} more"] if len(others) > _MOST_NAMED else []
    *first, last = [*names, *more]
    return f"{', '.join(first)} and {last}" if first else last


def ask_delete(app: MltuiApp, entry: ProfileEntry) -> None:
    """Ask, saying what goes and who goes without it, and delete the profile's file."""
    from mltui.storage import profile_files as files

    def delete() -> None:
        files.delete(entry.path)
        app.cockpit.reload_profiles()

    def look() -> tuple[str, tuple[Extender, ...]]:
        return files.what_goes(entry.path), app.cockpit.extenders(entry.path)

    def ask(found: tuple[str, tuple[Extender, ...]]) -> None:
        goes, others = found
        verb = "extends" if len(others) == 1 else "extend"
        without = f"\n{_named(others)} {verb} it, and cannot be used without it." if others else ""
        app.ask(f"Delete the profile {one_line(entry.name, 80)}?\n{goes}{without}", "Delete", "", delete)

    app.do("", look, then=ask, keys_wait=True)


def free_name(place: Path) -> Callable[[str], str]:
    """Says why a new profile of the folder ``place`` cannot have a name; nothing where it can."""
    from mltui.storage.profile_files import check_name
    from mltui.storage.profiles import FILE_NAMES

    def check(name: str) -> str:
        if why := check_name(name):
            # Of such a name the disk is not asked: it may be longer than any file's.
            return why
        if (place / name).is_dir() and not any((place / name / one).exists() for one in FILE_NAMES):
            return f"there is a folder {name} already, without a profile"
        taken = any((place / f"{name}{suffix}").exists() for suffix in ("", ".yaml", ".yml"))
        return f"there is a {name} already" if taken else ""

    return check
