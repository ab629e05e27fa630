"""The app: it wires settings, theme, screen and clock, and runs what panes ask for off the screen's loop."""

from __future__ import annotations

import asyncio
import gc
import signal
import sys
import threading
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from rich.console import RenderableType
from rich.text import Text
from textual import events
from textual.app import SystemCommand
from textual.binding import BindingType
from textual.command import Provider
from textual.filter import LineFilter
from textual.screen import Screen
from textual.timer import Timer

from mltui.domain.errors import MltuiError, UsageError
from mltui.domain.options import AppOptions
from mltui.domain.text import clean, one_line
from mltui.ui.app_commands import AppCommands
from mltui.ui.command import bindings
from mltui.ui.commands import APP, command
from mltui.ui.failures import Failures
from mltui.ui.few_colours import NearestColours, ReadableColours
from mltui.ui.repaint import in_parts
from mltui.ui.screens.main import MainScreen
from mltui.ui.theme import DARK, LIGHT, theme_named
from mltui.ui.typeahead import Typeahead
from mltui.ui.user_settings import UserSettings, settings_file

if TYPE_CHECKING:
    from mltui.domain.run import Run
    from mltui.runtime.cockpit import Cockpit
    from mltui.storage.settings import LoadedSettings
    from mltui.ui.widgets.lines import Line

T = TypeVar("T")


#: The names of profiles take so many seconds to be drawn at most.
_DRAWN_S = 0.2
#: So many seconds after the first frame, what the app keeps (modules, lists, a chart) is there.
_LOADED_S = 5.0
#: News wait for so many ticks for what a key has changed.
_LATE_TICKS = 2
#: Exit code of a program that SIGTERM ended.
_TERMINATED = 128 + signal.SIGTERM


def _offered_commands() -> type[Provider]:
    """What the palette looks in, loaded when it opens."""
    from mltui.ui.command_search import OfferedCommands

    return OfferedCommands


class MltuiApp(AppCommands):
    """The cockpit."""

    TITLE = "mltui"
    CSS_PATH: ClassVar = "styles/main.tcss"
    ENABLE_COMMAND_PALETTE = True
    COMMANDS: ClassVar = {_offered_commands}
    BINDINGS: ClassVar[list[BindingType]] = [*bindings(APP)]
    COMMAND_PALETTE_BINDING = "ctrl+p"

    def __init__(self, options: AppOptions | None = None) -> None:
        super().__init__()
        self.options = options or AppOptions()
        self.register_theme(DARK)
        self.register_theme(LIGHT)
        self._few_colours = (
            NearestColours(enabled=self.console.color_system == "256"),
            ReadableColours(enabled=self.console.color_system == "standard"),
        )
        self.theme = wanted if (wanted := theme_named(self.options.theme)) in self.available_themes else DARK.name
        self._cockpit: Cockpit | None = None
        self._clock: Timer | None = None
        self._late = 0
        """Ticks that gave way to keys."""
        self._waiting: list[Callable[[], None]] = []
        """What was asked for before the cockpit was there."""
        self.main = MainScreen(self.options)
        self.failures = Failures(self)
        self.user = UserSettings(self)
        self.typeahead = Typeahead(self, super().on_event)

    def on_mount(self) -> None:
        """Everything that takes time begins after the first frame."""
        if not self.is_headless:
            # The terminal is left as it was found, whoever ends the app.
            asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, self.exit, None, _TERMINATED)
        # What the shell has written meanwhile is where the app was.
        self.app_resume_signal.subscribe(self, lambda _: self.refresh(layout=True))
        self.call_after_refresh(self._begin)

    def _display(self, screen: Screen[object], renderable: RenderableType | None) -> None:
        super()._display(screen, in_parts(renderable))

    def get_line_filters(self) -> Sequence[LineFilter]:
        """What is drawn passes these last: a terminal with few colours gets the nearest it has."""
        return [*super().get_line_filters(), *(one for one in self._few_colours if one.enabled)]

    def get_default_screen(self) -> Screen[Any]:
        """The main screen is the first: another beneath it would be laid out and drawn for nothing."""
        return self.main

    async def on_event(self, event: events.Event) -> None:
        """Keys and pasted texts act one after the other."""
        if isinstance(event, events.Key | events.Paste) and not event.is_forwarded:
            await self.typeahead.take(event)
        else:
            await super().on_event(event)

    def _begin(self) -> None:
        if not gc.isenabled():
            self.set_timer(_LOADED_S, _collect_garbage)
        # The run database may lie on a slow disk, or be held by a writer: the screen is there meanwhile.
        self.run_worker(self._open_cockpit, thread=True, exit_on_error=True)

    def _open_cockpit(self) -> None:
        # The names of profiles are there long before all that reads and checks them is loaded.
        from mltui.storage.profiles import ProfileRepository

        names, _ = ProfileRepository(self.options.profile_folders).list_within(0)
        drawn = threading.Event()

        def show() -> None:
            self.main.profiles.show(names)
            self.call_after_refresh(drawn.set)

        self.call_from_thread(show)
        # What is loaded next would take turns with drawing them.
        drawn.wait(_DRAWN_S)
        from mltui.runtime.cockpit import Cockpit

        self.main.load()
        try:
            cockpit = Cockpit(self.options, settings_file(), names, self.user.engine)
        except MltuiError as error:
            self.call_from_thread(self.exit, return_code=1, message=clean(str(error)))
        else:
            self.call_from_thread(self._take, cockpit)

    def _take(self, cockpit: Cockpit) -> None:
        self._cockpit = cockpit
        self.main.begin(cockpit)
        cockpit.start()
        self._tick()
        waiting, self._waiting = self._waiting, []
        for act in waiting:
            act()

    @property
    def ready(self) -> bool:
        """The cockpit is there; until then names of profiles are all there is."""
        return self._cockpit is not None

    def when_ready(self, act: Callable[[], None]) -> None:
        """Do it now, or as soon as the cockpit is there."""
        if self.ready:
            act()
        else:
            self._waiting.append(act)

    @property
    def cockpit(self) -> Cockpit:
        """Everything that is shown and acted through; there from the first frame on."""
        assert self._cockpit is not None
        return self._cockpit

    def _tick(self) -> None:
        """The clock that looks for news, as often as the user wants; nothing is drawn when there is none."""
        loaded = self.cockpit.loaded
        self.user.take(loaded)
        period = loaded.settings.refresh.screen
        if self._clock is None or self._clock._interval != period:
            if self._clock:
                self._clock.stop()
            self._clock = self.set_interval(period, self._tick)
        # On a busy machine a frame of a log's flood would take a key's time.
        if self.typeahead.showing and self._late < _LATE_TICKS:
            self._late += 1
        else:
            self._late = 0
            self.main.tick()

    def set_keys(self, keymap: dict[str, str]) -> None:
        """Bind these keys, by the command's id, instead of its own."""
        self._keymap = self._normalize_keymap(keymap)
        if self.is_running:
            self.refresh_bindings()

    def on_unmount(self) -> None:
        """Stop looking; runs go on."""
        if self._cockpit:
            self._cockpit.close()

    def get_system_commands(self, screen: Screen[Any]) -> Iterable[SystemCommand]:
        """What the palette offers."""
        from mltui.ui.offered import offered_on

        return offered_on(self, screen)

    def _fatal_error(self) -> None:
        """End with one sentence."""
        from mltui.ui.fatal import last_words

        self.bell()
        self.panic(Text(last_words([screen for stack in self._screen_stacks.values() for screen in stack])))

    # -- what panes ask for -------------------------------------------------------------------------------------------

    def may_act(self, what: str) -> bool:
        """In read-only mode nothing is launched, stopped or removed."""
        if self.options.read_only:
            self.say_error(UsageError(f"This is read-only: it does not {what}.", "Start mltui without --read-only."))
        return not self.options.read_only

    def do(
        self,
        doing: str,
        act: Callable[[], T],
        then: Callable[[T], None] | None = None,
        failed: Callable[[], None] | None = None,
        *,
        keys_wait: bool = False,
    ) -> None:
        """Run ``act`` in a thread; ``doing`` is said at once, an error when it ends; ``then`` gets its result, or
        ``failed`` is called. ``keys_wait``: the keys that are pressed meanwhile are meant for what comes of it."""
        if doing:
            self.notify(one_line(doing) + " …", timeout=2, markup=False)
        release = self.typeahead.hold() if keys_wait else None

        def work() -> None:
            try:
                act_and_tell()
            finally:
                if release:
                    self.call_from_thread(release)

        def act_and_tell() -> None:
            try:
                result = act()
            except MltuiError as error:
                self.call_from_thread(self.say_error, error)
            except Exception as error:
                said = f"mltui failed at that, by its own fault: {type(error).__name__}: {one_line(str(error), 200)}."
                self.call_from_thread(self.say_error, MltuiError(said, "Please report it."))
            else:
                if then:
                    self.call_from_thread(then, result)
                return
            if failed:
                self.call_from_thread(failed)

        self.run_worker(work, thread=True, group="acts", exit_on_error=True)

    def ask(self, question: str, verb: str, doing: str, act: Callable[[], None]) -> None:
        """Ask first, then do it."""
        from mltui.ui.screens.dialogs import ConfirmScreen

        if not self.may_act(verb.lower()):
            return
        if self.cockpit.loaded.settings.ask == "removing" and verb not in ("Remove", "Delete"):
            self.do(doing, act)
            return

        def answered(yes: bool | None) -> None:
            if yes:
                self.do(doing, act)

        self.push_screen(ConfirmScreen(question, verb), answered)

    def say_error(self, error: MltuiError) -> None:
        """Show an error: what happened, and what to do."""
        text = clean(error.message) + (f"\n→ {clean(error.hint)}" if error.hint else "")
        self.notify(text, severity="error", timeout=8, markup=False)

    def say_settings_problems(self, loaded: LoadedSettings) -> None:
        """Show what is wrong with the settings file: the first of it, and where."""
        if loaded.problems:
            more = len(loaded.problems) - 1
            rest = f" {more} more: mltui settings check." if more else " The rest of the settings holds."
            self.say_error(MltuiError(str(loaded.problems[0]), rest.strip()))

    def show_text(self, title: str, text: str | list[Line]) -> None:
        """Show a text over the screen."""
        from mltui.ui.screens.dialogs import TextScreen
        from mltui.ui.widgets.text_view import plain

        self.push_screen(TextScreen(title, plain(clean(text)) if isinstance(text, str) else text))

    def show_new_run(self, run: Run) -> None:
        """Go to a run that was just launched."""
        self.main.show_run(run)

    def show_keys(self) -> None:
        """The footer shows the keys of the place."""
        place = self.main.place
        pane = self.main.pane(place) if place else None
        if pane and pane.typing:
            self.main.keys.show(pane.typing)
            return
        here = pane.footer if pane else ()
        if self.main.has_class("-enlarged"):
            # The way out of what fills the screen comes first.
            here = (back := command("app.back"), *(one for one in here if one.key != back.key))
        commands = [*here, *(one for one in APP if one.footer)]
        if self.options.read_only:
            commands = [one for one in commands if not (one.acts or one.dangerous)]
        self.main.keys.show(tuple(commands))


def _collect_garbage() -> None:
    """Look for garbage from now on, among what is made from now on: a pass over all there is holds keys up 40 ms."""
    gc.freeze()
    gc.enable()


def run_app(options: AppOptions) -> int:
    """Show the app until it is left; the exit code of the program."""
    # The screen's loop takes turns with threads that read and sample; it must not wait 5 ms for each turn.
    sys.setswitchinterval(0.001)
    app = MltuiApp(options)
    if options.theme and theme_named(options.theme) not in app.available_themes:
        themes = ", ".join(sorted(app.available_themes))
        raise UsageError(f"There is no theme {one_line(options.theme, 40)!r}.", f"There are: {themes}.")
    app.run()
    return app.return_code or 0
