"""The user's settings in the app: what only the app can check, and what each change means for the screen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mltui.domain.text import one_line
from mltui.storage.last_start import LastStart, keep_last_start, read_last_start
from mltui.ui.command import use_keys
from mltui.ui.theme import DARK, LIGHT

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from mltui.domain.profile_faults import Fault
    from mltui.domain.settings import Settings
    from mltui.storage.settings import LoadedSettings, SettingsFile
    from mltui.ui.app import MltuiApp


def settings_file() -> SettingsFile:
    """The user's settings file, checked for names of themes, engines and commands too."""
    from mltui.storage.settings import SettingsFile

    return SettingsFile(further=check_names)


def themes() -> tuple[str, ...]:
    """Every theme there is, mltui's own first."""
    from textual.theme import BUILTIN_THEMES

    return (DARK.name, LIGHT.name, *sorted(BUILTIN_THEMES))


def check_names(settings: Settings) -> list[Fault]:
    """What is wrong with names of themes, engines, commands and keys."""
    from mltui.domain.profile_faults import Fault
    from mltui.plugins import engine_names
    from mltui.ui.keymap import check_keymap

    faults = [Fault(*found) for found in check_keymap(settings.keymap)]
    for key, value, known in (("theme", settings.theme, themes()), ("engine", settings.engine, ("", *engine_names()))):
        if value not in known:
            faults.append(Fault((key,), f"there is no {key} {one_line(value, 40)!r}; {_nearest(value, known)}"))
    return faults


def _nearest(value: str, known: Iterable[str]) -> str:
    from difflib import get_close_matches

    near = get_close_matches(value, known, 1, 0.5)
    return f"did you mean {near[0]}?" if near else f"there are {', '.join(filter(None, known))}"


class UserSettings:
    """Brings settings to the screen: first those of the last start, then those of the file, then each change."""

    def __init__(self, app: MltuiApp) -> None:
        self._app = app
        self._taken: LoadedSettings | None = None
        self._theme = ""
        """The theme that the settings named last; a switch by key holds until they name another one."""
        self._last = read_last_start()
        self._take_keys(self._last.keys)
        self._take_theme(self._last.theme or DARK.name)

    @property
    def engine(self) -> str:
        """The engine that they named when they were read last."""
        return self._last.engine

    def _take_theme(self, name: str) -> None:
        if name != self._theme and not self._app.options.theme and name in self._app.available_themes:
            self._app.theme = name
        self._theme = name

    def _take_keys(self, keys: Mapping[str, str]) -> None:
        use_keys(keys)
        # For Textual a command without a key has one that nobody can press.
        self._app.set_keys({command_id: value or "<none>" for command_id, value in keys.items()})

    def take(self, loaded: LoadedSettings) -> None:
        """Show what ``loaded`` says, unless it is what is shown; what is wrong with the file is said once."""
        if loaded is self._taken:
            return
        from mltui.ui.keymap import keys_by_command

        first, self._taken = self._taken is None, loaded
        self._take_theme(loaded.settings.theme)
        keys = keys_by_command(loaded.settings.keymap)
        if keys != self._last.keys:
            self._take_keys(keys)
            self._app.main.keys.refresh()
        now = LastStart(loaded.settings.theme, keys, loaded.settings.engine)
        if first or now != self._last:
            self._last = now
            self._app.do("", lambda: keep_last_start(now))
        self._app.say_settings_problems(loaded)
