"""What the commands of the app do."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from textual.app import App

from mltui.domain.errors import MltuiError, UsageError
from mltui.domain.options import AppOptions
from mltui.ui.commands import APP, PANES, key_of
from mltui.ui.failures import Failures
from mltui.ui.screens.main import PANES as PANE_NAMES
from mltui.ui.screens.main import MainScreen
from mltui.ui.theme import DARK, LIGHT

if TYPE_CHECKING:
    from mltui.runtime.checkup import Finding
    from mltui.runtime.cockpit import Cockpit
    from mltui.ui.widgets.lines import Line

T = TypeVar("T")
#: Panes on the right: going back from them leads to the lists.
_ON_THE_RIGHT = ("curves", "log", "gauges", "detail")


class AppCommands(App[None]):
    """The actions of ``commands.APP``."""

    options: AppOptions
    main: MainScreen
    failures: Failures
    _cockpit: Cockpit | None = None

    def do(self, doing: str, act: Callable[[], T], then: Callable[[T], None] | None = None) -> None:
        """Run ``act`` in a thread."""
        raise NotImplementedError

    def say_error(self, error: MltuiError) -> None:
        """Show an error: what happened, and what to do."""
        raise NotImplementedError

    def show_text(self, title: str, text: str | list[Line]) -> None:
        """Show a text over the screen."""
        raise NotImplementedError

    def show_keys(self) -> None:
        """The footer shows the keys of the place."""
        raise NotImplementedError

    def jump(self, name: str) -> None:
        """Give a pane the focus."""
        if self.main.has_class("-enlarged"):
            self.action_enlarge()
        if name == "gauges":
            self.main.leave_details()
        self.main.set_focus(self.main.pane(name).target)

    # -- commands -----------------------------------------------------------------------------------------------------

    def action_jump(self, name: str) -> None:
        """Give a pane the focus."""
        self.jump(name)

    def action_next_pane(self, steps: int) -> None:
        """Give the next pane the focus."""
        names = self.main.pane_names()
        place = self.main.place
        at = names.index(place) if place in names else 0
        self.jump(names[(at + steps) % len(names)])

    def action_enlarge(self) -> None:
        """One pane has the whole screen, or all have their place again."""
        main = self.main
        was = main.has_class("-enlarged")
        place = main.place
        for pane in PANE_NAMES:
            main.pane(pane).remove_class("-big")
        main.remove_class("-enlarged", "-enlarged-left", "-enlarged-right", "-enlarged-log")
        if was or not place:
            self.show_keys()
            return
        right = place in _ON_THE_RIGHT
        main.pane(place).add_class("-big")
        main.add_class("-enlarged", "-enlarged-right" if right else "-enlarged-left")
        main.set_class(place == "log", "-enlarged-log")
        self.show_keys()
        if place == "gauges":
            main.refresh_gauges()

    async def action_back(self) -> None:
        """Undo the last narrowing: the enlarged pane, the filter, then the place."""
        main = self.main
        if main.has_class("-enlarged"):
            self.action_enlarge()
            return
        place = main.place
        if place in _ON_THE_RIGHT:
            self.jump("profiles" if place == "detail" else "runs")
            return
        if place:
            table = getattr(main.pane(place), "table", None)
            if table is not None and table.clear_filter():
                main.pane(place).retitle()

    def action_help(self) -> None:
        """Every key of the place."""
        from mltui.ui.screens.dialogs import help_lines

        place = self.main.place
        here = [(place, PANES[place])] if place in PANES else []
        self.show_text("Keys", help_lines([*here, ("everywhere", APP)]))

    def action_help_quit(self) -> None:
        """A person who presses ctrl+c wants to leave, or to copy."""
        self.notify(f"{key_of('app.quit')} leaves mltui; runs go on.", timeout=3)

    def action_palette(self) -> None:
        """Find a command by name."""
        self.action_command_palette()

    def action_fix(self) -> None:
        """Show what cures the failed run."""
        run = self.main.selected_run
        if run is None:
            self.say_error(UsageError("No run is selected.", f"{key_of('app.fix')} is for a run that failed."))
        else:
            self.failures.fix(run)

    def action_doctor(self) -> None:
        """Check this machine and its engine."""
        from mltui.ui.presentation.doctor import finding_lines

        def examine() -> tuple[Finding, ...]:
            from mltui.runtime.doctor import examine

            return examine(self.options.engine, self.options.endpoint)

        self.do("Checking", examine, then=lambda found: self.show_text("Doctor", finding_lines(found)))

    def action_fold_card(self) -> None:
        """Fold or unfold the card of the failed run."""
        self.main.card.fold()

    def action_settings(self) -> None:
        """The user's settings."""
        from mltui.ui.screens.settings import SettingsScreen

        if self._cockpit:
            self.push_screen(SettingsScreen())

    def action_next_theme(self) -> None:
        """Dark or light."""
        self.theme = LIGHT.name if self.theme == DARK.name else DARK.name

    def action_refresh_lists(self) -> None:
        """Ask the engine again; where none answered, look for one again."""
        cockpit = self._cockpit
        if cockpit is None:
            return
        if cockpit.catalog is None or (cockpit.choice is not None and cockpit.choice.reason):
            cockpit.connect()
        else:
            cockpit.catalog.refresh()
