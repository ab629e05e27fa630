"""The user's settings as a form: what can be chosen, and the keys of every command."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from mltui.domain.settings import Refresh, Settings
from mltui.domain.text import one_line
from mltui.domain.units import number_text, parse_duration
from mltui.ui.command import Command, written
from mltui.ui.commands import places
from mltui.ui.keymap import check_keymap, keys_by_command, read_key
from mltui.ui.presentation.fields import Field, Heading, Item, step_choice

if TYPE_CHECKING:
    from pydantic.fields import FieldInfo

_ASK = ("always", "removing")


class SettingsForm:
    """The fields for ``settings``. A field's key is the path of the setting in the file, with blanks between."""

    def __init__(self, settings: Settings, themes: tuple[str, ...], engines: tuple[str, ...]) -> None:
        self._settings = settings
        self._keys = keys_by_command(settings.keymap)
        self._fields = {
            "Screen": [self._choice("theme", themes), self._choice("ask", _ASK)],
            "Work": [self._choice("engine", ("", *engines), "what answers"), self._folders()],
            "How often": [self._duration(name) for name in Refresh.model_fields],
        }

    def items(self, query: str = "") -> list[Item]:
        """The fields that fit ``query``, with their headings."""
        found: list[Item] = []
        groups = [*self._fields.items(), *((f"Keys: {place}", self._key_fields(place)) for place, _ in places())]
        for title, fields in groups:
            fitting = [
                one for one in fields if query.casefold() in f"{title} {one.title} {one.text} {one.help}".casefold()
            ]
            found += [Heading(title), *fitting] if fitting else []
        return found

    def value(self, field: Field) -> object:
        """What is written into the file for a field; ``None``: nothing, it has its default."""
        if not field.changed:
            return None
        if field.is_key:
            keys = field.text.split()
            return keys[0] if len(keys) == 1 else keys
        if field.key == "profile_folders":
            folders = [part.strip() for part in field.text.split(",") if part.strip()]
            return folders[0] if len(folders) == 1 else folders
        return field.text

    def _choice(self, name: str, choices: tuple[str, ...], none: str = "–") -> Field:
        info = Settings.model_fields[name]
        text = getattr(self._settings, name)

        def check(text: str) -> str:
            known = ", ".join(filter(None, choices))
            return "" if text in choices else f"expected one of {known}, found {one_line(text, 40)!r}"

        return _field(name, info, text, str(info.default), none=none, check=check, step=step_choice(choices))

    def _folders(self) -> Field:
        name = "profile_folders"
        return _field(name, Settings.model_fields[name], ", ".join(self._settings.profile_folders), "", none="none")

    def _duration(self, name: str) -> Field:
        info = Refresh.model_fields[name]

        def check(text: str) -> str:
            from mltui.domain.settings import check_settings

            _, faults = check_settings({"refresh": {name: text}})
            return faults[0].message if faults else ""

        def step(text: str, by: int) -> str:
            changed = seconds_text(parse_duration(text) * (2 if by > 0 else 0.5)) if not check(text) else text
            return text if check(changed) else changed

        now = seconds_text(getattr(self._settings.refresh, name))
        default = seconds_text(float(info.default))
        return _field(f"refresh {name}", info, now, default, check=check, step=step, digits=True)

    def _key_fields(self, place: str) -> list[Field]:
        return [self._key_field(one) for name, commands in places() if name == place for one in commands]

    def _key_field(self, one: Command) -> Field:
        now = self._keys.get(one.id, one.keys)
        return Field(
            f"keymap {one.id}", one.id, _keys_text(now), _keys_text(one.keys), "none", one_line(one.help, 120),
            check=self._key_check(one), is_key=True,
        )  # fmt: skip

    def _key_check(self, one: Command) -> Callable[[str], str]:
        def check(text: str) -> str:
            keys = tuple(text.split())
            if set(map(str.casefold, keys)) == set(
                map(str.casefold, _keys_text(self._keys.get(one.id, one.keys)).split())
            ):
                return ""
            try:
                wanted = {read_key(key) for key in keys}
            except ValueError as error:
                return str(error)
            if wanted == set(one.keys.split(",")):
                rest = {name: given for name, given in self._settings.keymap.items() if name != one.id}
            else:
                rest = {**self._settings.keymap, one.id: keys}
            faults = check_keymap(rest)
            return faults[0][1] if faults else ""

        return check


def _keys_text(keys: str) -> str:
    return " ".join(written(key) for key in filter(None, keys.split(",")))


def seconds_text(seconds: float) -> str:
    """``200ms`` below a second, else ``2s``."""
    return f"{seconds * 1000:.0f}ms" if seconds < 1 else f"{number_text(round(seconds, 3))}s"


def _field(name: str, info: FieldInfo, text: str, default: str, **more: Any) -> Field:  # noqa: ANN401 - as Field has them
    return Field(name, info.title or name, text, default, help=info.description or "", **more)
