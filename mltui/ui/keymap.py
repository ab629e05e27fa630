"""The user's keymap: keys by the command's id, checked against every other key of the same place.

A name is a command's id (``runs.stop``) or ``*.down`` for all commands called so. The keys given are the command's;
arrows, ``home``, ``end`` and the page keys stay beside them, so that every list can always be walked, and so does
``escape`` where it is the way out of a screen. No key at all (``[]``) leaves the command to the palette.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping
from functools import cache

from textual.keys import KEY_NAME_REPLACEMENTS, Keys

from mltui.domain.text import one_line
from mltui.ui.command import Command, written
from mltui.ui.commands import APP, places
from mltui.ui.screen_commands import SCREENS, TOGETHER, TYPED_IN

Keymap = Mapping[str, tuple[str, ...]]
#: Path in the settings' data, and what is wrong there.
Fault = tuple[tuple[str | int, ...], str]

_STAYING = frozenset({"up", "down", "left", "right", "home", "end", "pageup", "pagedown"})
_MODIFIERS = ("ctrl", "alt", "shift", "super", "hyper", "meta")
_WORDS = {
    "esc": "escape", "del": "delete", "ins": "insert", "return": "enter", "pgup": "pageup", "pgdn": "pagedown",
    "page_up": "pageup", "page_down": "pagedown", "dot": "full_stop", "↑": "up", "↓": "down", "←": "left",
    "→": "right", "⌫": "backspace",
}  # fmt: skip
_NAMED = frozenset(key.value for key in Keys if "+" not in key.value and not key.value.startswith("<"))
#: What a terminal sends for two keys alike: the key that is pressed → the one that a program sees.
_SAME = {"ctrl+i": "tab", "ctrl+m": "enter", "ctrl+left_square_bracket": "escape"}


def read_key(text: str) -> str:
    """The key that ``text`` means, by Textual's name. Raises ``ValueError`` with what is wrong."""
    # The last plus may be the key itself: ``+``, ``ctrl++``.
    before, plus, base = text[:-1].rpartition("+")
    base += text[-1:]
    modifiers = before.lower().split("+") if plus else []
    if wrong := [modifier for modifier in modifiers if modifier not in _MODIFIERS]:
        raise ValueError(f"{one_line(wrong[0], 20)!r} is no modifier: there are {', '.join(_MODIFIERS)}")
    name = _base_key(base)
    if modifiers == ["shift"] and len(name) == 1:
        return name.upper()
    key = "+".join([*modifiers, name.lower() if modifiers else name])
    if key in _SAME:
        raise ValueError(f"a terminal cannot tell {key} from {_SAME[key]}: write {_SAME[key]}")
    return key


def _base_key(text: str) -> str:
    if len(text) == 1 and text not in _WORDS:
        return text if text.isalnum() else _character_name(text)
    name = _WORDS.get(text.lower(), text.lower())
    if name in _NAMED or name in written_names():
        return name
    from difflib import get_close_matches

    near = get_close_matches(name, sorted(_NAMED | set(_WORDS)), 1, 0.6)
    hint = f"; did you mean {near[0]}?" if near else ": write a character, or a name such as enter, f5 or ctrl+x"
    raise ValueError(f"there is no key {one_line(text, 20)!r}{hint}")


def _character_name(character: str) -> str:
    """Textual's name of a character that is no letter or digit: its Unicode name, with a few shorter ones."""
    if character == " ":
        return "space"
    name = unicodedata.name(character, "").lower().replace("-", "_").replace(" ", "_")
    if not name or not character.isprintable():
        raise ValueError("a character that no key has")
    return KEY_NAME_REPLACEMENTS.get(name, name)


def written_names() -> frozenset[str]:
    """Names of the characters of a usual keyboard, which may be written out too: ``slash``, ``question_mark``."""
    return frozenset(map(_character_name, "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~"))


def keys_by_command(keymap: Keymap) -> dict[str, str]:
    """Keys, comma separated, of every command that ``keymap`` gives others than its own. It has been checked."""
    found = {}
    for name in sorted(keymap, key=lambda name: not name.startswith("*.")):
        for one in _meant(name):
            keys = _with_staying(one, [read_key(text) for text in keymap[name]])
            if set(keys) != set(one.keys.split(",")):
                found[one.id] = ",".join(keys)
    return found


def _with_staying(one: Command, keys: list[str]) -> list[str]:
    own = [key for key in one.keys.split(",") if key in _STAYING or (key == "escape" and one.id in _ways_out())]
    return list(dict.fromkeys([*keys, *own]))


@cache
def _ways_out() -> frozenset[str]:
    """What leaves a screen over the main one."""
    return frozenset(one.id for commands in SCREENS.values() for one in commands if "escape" in one.keys.split(","))


def _meant(name: str) -> Iterator[Command]:
    """The commands that a name of the keymap stands for."""
    tail = name.removeprefix("*")
    seen: set[str] = set()
    for _, commands in places():
        for one in commands:
            if (one.id == name or (tail != name and one.id.endswith(tail))) and one.id not in seen:
                seen.add(one.id)
                yield one


def check_keymap(keymap: Keymap) -> list[Fault]:
    """Everything wrong with a keymap: unknown commands and keys, and keys that would mean two things in one place."""
    faults = list(_misspelled(keymap))
    if faults:
        wrong = {path[1] for path, _ in faults}
        keymap = {name: keys for name, keys in keymap.items() if name not in wrong}
    return [*faults, *_typed(keymap), *_conflicts(keymap)]


def _misspelled(keymap: Keymap) -> Iterator[Fault]:
    for name, keys in keymap.items():
        if not any(_meant(name)):
            yield ("keymap", name), _unknown_command(name)
            continue
        for index, text in enumerate(keys):
            try:
                read_key(text)
            except ValueError as error:
                yield ("keymap", name, *([index] if len(keys) > 1 else [])), str(error)


def _typed(keymap: Keymap) -> Iterator[Fault]:
    """Characters for commands of a place where they are typed: the one or the other could not be."""
    typed_in = {one.id for place in TYPED_IN for one in SCREENS[place]}
    for name, keys in keymap.items():
        for one in _meant(name):
            wrong = next((key for key in map(read_key, keys) if _is_typed(key) and not _own(one, key)), None)
            if one.id in typed_in and wrong:
                yield (
                    ("keymap", name),
                    f"{written(wrong)} is typed where {_called(one)} counts: give it one with ctrl, or f5",
                )
                break


def _is_typed(key: str) -> bool:
    return len(key) == 1 or key in written_names() or key in ("space", "enter", "tab", "backspace", "delete")


def _unknown_command(name: str) -> str:
    from difflib import get_close_matches

    known = [one.id for _, commands in places() for one in commands]
    tails = [f"*.{one.rpartition('.')[2]}" for one in known]
    near = get_close_matches(name, [*known, *tails], 1, 0.6)
    hint = f"did you mean {near[0]}?" if near else "mltui settings keys lists them"
    return f"there is no command {one_line(name, 60)!r}; {hint}"


def _conflicts(keymap: Keymap) -> Iterator[Fault]:
    given = keys_by_command(keymap)
    names = {one.id: name for name in keymap for one in _meant(name) if one.id in given}
    said: set[tuple[str, str, str]] = set()
    for place, commands in places():
        around = SCREENS[TOGETHER[place]] if place in TOGETHER else () if place in SCREENS or place == "app" else APP
        reached = (*commands, *around)
        for key, first, second in _shared_keys(reached, given):
            if (key, first.id, second.id) in said:
                continue
            said.add((key, first.id, second.id))
            # The one that was changed is the one to change again; of two, the later one.
            at = second if second.id in given else first
            message = (
                f"{written(key)} would be the key of both {_called(first)} and {_called(second)}: give one another"
            )
            yield ("keymap", names[at.id]), message


def _shared_keys(commands: tuple[Command, ...], given: Mapping[str, str]) -> Iterator[tuple[str, Command, Command]]:
    """Keys that two commands have and that at least one of them has from the user."""
    owners: dict[str, Command] = {}
    for one in commands:
        for key in filter(None, given.get(one.id, one.keys).split(",")):
            other = owners.setdefault(key, one)
            if other is not one and not (_own(one, key) and _own(other, key)):
                yield key, other, one


def _own(one: Command, key: str) -> bool:
    return key in one.keys.split(",")


def _called(one: Command) -> str:
    return f"{one.id} ({one.title})"
