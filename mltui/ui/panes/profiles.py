"""The profiles pane: pick one, open its launch form, or launch it at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual import events
from textual.binding import BindingType

from mltui.domain.errors import MltuiError
from mltui.domain.text import one_line
from mltui.ui.command import Command, bindings, without
from mltui.ui.commands import PANES, key_of
from mltui.ui.panes.base import ListPane
from mltui.ui.profile_acts import ask_delete, ask_duplicate, ask_import, ask_new, ask_rename, open_editor
from mltui.ui.widgets.lines import Line, Span
from mltui.ui.widgets.list_table import ListTable

if TYPE_CHECKING:
    from mltui.domain.run import Run
    from mltui.runtime.starting import Wish
    from mltui.storage.profiles import ProfileEntry


#: From here on a row has room for tags.
_WIDE = 60


class ProfilesPane(ListPane["ProfileEntry"]):
    """Lists profiles; enter opens the launch form."""

    KEY = "1"
    TITLE = "Profiles"
    EMPTY = "reading …"
    ROWLESS = ("profiles.new", "profiles.import")
    BINDINGS: ClassVar[list[BindingType]] = [*bindings(PANES["profiles"])]

    def __init__(self) -> None:
        super().__init__("profiles", lambda p: str(p.path), profile_line, _searched)

    @property
    def footer(self) -> tuple[Command, ...]:
        """What is wrong can be mended and stands for no command."""
        entry: ProfileEntry | None = super().current()
        broken = entry is not None and bool(entry.problem)
        return without(super().footer, "profiles.open", "profiles.inspect") if broken else super().footer

    def on_list_table_chosen(self, message: ListTable.Chosen) -> None:
        """Open the launch form."""
        message.stop()
        self.cockpit_app.when_ready(self._open_form)

    def current(self) -> ProfileEntry | None:
        """The row under the cursor, once something can be done with it."""
        entry: ProfileEntry | None = super().current()
        return entry if self.cockpit_app.ready else None

    def _open_form(self) -> None:
        from mltui.ui.screens.launch import LaunchScreen

        if isinstance(self.app.screen, LaunchScreen):
            # Enter was pressed again before the form had the keys.
            self.app.screen.action_go()
            return
        entry = self._usable()
        if entry is not None:
            self.app.push_screen(LaunchScreen(entry))

    def _usable(self) -> ProfileEntry | None:
        """The profile under the cursor, if it can be launched; else why not is said."""
        entry: ProfileEntry | None = self.current()
        if entry is None or not self.cockpit_app.may_act("launch"):
            return None
        if entry.problem:
            self.cockpit_app.say_error(
                MltuiError(str(entry.problem), f"{key_of('profiles.edit')} opens it in the editor.")
            )
            return None
        return entry

    def launch(self, gpus: str | None = None) -> None:
        """Launch the profile under the cursor, with ``gpus`` instead of the profile's own."""
        entry = self._usable()
        if entry is None:
            return
        path = entry.path
        cockpit = self.cockpit_app.cockpit

        def start() -> Run:
            from mltui.runtime.starting import Wish

            wish: Wish = Wish(gpus=gpus)
            return cockpit.launcher.launch(cockpit.read_profile(path), wish)

        self.cockpit_app.do(f"Launching {entry.name}", start, then=self.cockpit_app.show_new_run)

    def action_edit(self) -> None:
        """Open the editor."""
        entry: ProfileEntry | None = self.current()
        if entry is not None:
            open_editor(self.cockpit_app, entry.path)

    def action_new(self) -> None:
        """Make a profile from a template, and open it."""
        ask_new(self.cockpit_app)

    def action_import(self) -> None:
        """Make a profile of a line or a Compose file that is pasted."""
        self.cockpit_app.when_ready(lambda: ask_import(self.cockpit_app))

    def on_paste(self, event: events.Paste) -> None:
        """What is pasted into the list is to be a profile."""
        event.stop()
        if event.text.strip():
            self.cockpit_app.when_ready(lambda: ask_import(self.cockpit_app, event.text))

    def action_duplicate(self) -> None:
        """Copy the profile under another name."""
        entry: ProfileEntry | None = self.current()
        if entry is not None:
            ask_duplicate(self.cockpit_app, entry)

    def action_rename(self) -> None:
        """Give the profile another name."""
        entry: ProfileEntry | None = self.current()
        if entry is not None:
            ask_rename(self.cockpit_app, entry)

    def action_delete(self) -> None:
        """Delete the profile's file, after asking."""
        entry: ProfileEntry | None = self.current()
        if entry is not None:
            ask_delete(self.cockpit_app, entry)

    def action_launch(self) -> None:
        """Launch at once."""
        self.launch()

    def action_launch_cpu(self) -> None:
        """Launch without a GPU."""
        self.launch("none")

    def action_copy(self) -> None:
        """Copy the command that the details show."""
        self.cockpit_app.main.detail.action_copy()

    def action_inspect(self) -> None:
        """Show the command that the profile stands for."""
        entry: ProfileEntry | None = self.current()
        if entry is None:
            return
        path = entry.path
        cockpit = self.cockpit_app.cockpit

        def plan() -> str:
            from mltui.runtime.docker_command import docker_command
            from mltui.runtime.starting import Wish

            with cockpit.launcher.plan(cockpit.read_profile(path), Wish()) as planned:
                resolution, choice = planned
            where = f"# on {choice.info.where}"
            notes = "".join(f"\n# {note}" for note in filter(None, (choice.reason, *resolution.warnings)))
            return f"{where}{notes}\n{docker_command(resolution.spec)}"

        title = f"{entry.name}: what it stands for"
        self.cockpit_app.do("", plan, then=lambda text: self.cockpit_app.show_text(title, text), keys_wait=True)


def _searched(entry: ProfileEntry) -> str:
    """What a filter looks at: the name, the tags, and what it is about."""
    return f"{entry.name} {' '.join(f'#{tag}' for tag in entry.tags)} {entry.description}"


def profile_line(entry: ProfileEntry, width: int) -> Line:
    """A row of the list."""
    if entry.problem:
        return [
            ("! ", "error"),
            (one_line(entry.name, 80), "error"),
            (f"  {one_line(entry.problem.message, 200)}", "dim"),
        ]
    line: list[Span] = [("  ", "text"), (one_line(entry.name, 80), "text")]
    if width >= _WIDE and entry.tags:
        line.append((f"  {' '.join(f'#{tag}' for tag in entry.tags)}", "alt"))
    if width > 20 and entry.description:
        line.append((f"  {one_line(entry.description, 200)}", "dim"))
    return line
