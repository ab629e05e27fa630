"""What a command is: its keys, what it does, and how a person reads of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from textual.binding import Binding


@dataclass(frozen=True)
class Command:
    """One command."""

    id: str
    """Stable name, by which a keymap refers to it."""
    keys: str
    """Keys, comma separated, the one that is shown first."""
    action: str
    title: str
    """One or two words for the footer and the palette."""
    help: str
    """One sentence for the help and the palette."""
    footer: bool = False
    dangerous: bool = False
    """It ends or deletes something: it asks, and is absent in read-only mode."""
    acts: bool = False
    """It changes something outside the viewer: absent in read-only mode."""
    palette: bool = True
    shown: str = ""
    """How the keys are written, where that is not the first of ``keys``."""

    @property
    def keys_now(self) -> tuple[str, ...]:
        """The keys that count: the user's where the keymap names the command, else ``keys``."""
        return tuple(filter(None, _users.get(self.id, self.keys).split(",")))

    @property
    def key(self) -> str:
        """The key as a person writes it; empty where the user gave it none."""
        if self.shown and self.id not in _users:
            return self.shown
        return written(self.keys_now[0]) if self.keys_now else ""

    @property
    def every_key(self) -> str:
        """All its keys as a person writes them, for the help."""
        return " ".join(map(written, self.keys_now))

    def binding(self) -> Binding:
        """The Textual binding."""
        return Binding(self.keys, self.action, self.title, show=self.footer, tooltip=self.help, id=self.id)


#: Keys that the user's keymap gives to commands, by the command's id, as ``Command.keys`` are.
_users: dict[str, str] = {}


def use_keys(keys: Mapping[str, str]) -> None:
    """Take these keys for the commands with these ids, and their own for all others."""
    _users.clear()
    _users.update(keys)


def written(key: str) -> str:
    """A key as a person writes it."""
    before, plus, name = key.rpartition("+")
    return before + plus + _WRITTEN.get(name, name)


_WRITTEN = {
    "question_mark": "?",
    "slash": "/",
    "plus": "+",
    "equals_sign": "=",
    "left": "←",
    "right": "→",
    "escape": "esc",
    "down": "↓",
    "up": "↑",
    "right_square_bracket": "]",
    "left_square_bracket": "[",
    "full_stop": ".",
    "comma": ",",
    "greater_than_sign": ">",
    "less_than_sign": "<",
    "minus": "-",
    "ampersand": "&",
    "colon": ":",
    "pagedown": "pgdn",
    "pageup": "pgup",
    "delete": "del",
    "backspace": "⌫",
}


def moves(place: str, what: str) -> tuple[Command, ...]:
    """Commands that move in a place of many ``what``."""
    return (
        Command(f"{place}.down", "down,j", "cursor(1)", "Down", f"Next {what}.", palette=False, shown="↓ j"),
        Command(f"{place}.up", "up,k", "cursor(-1)", "Up", f"Previous {what}.", palette=False, shown="↑ k"),
        Command(f"{place}.page_down", "pagedown,ctrl+d", "page(1)", "Page down", "A screen down.", palette=False),
        Command(f"{place}.page_up", "pageup,ctrl+u", "page(-1)", "Page up", "A screen up.", palette=False),
        Command(f"{place}.first", "home,g", "edge(False)", "First", f"First {what}.", palette=False),
        Command(f"{place}.last", "end,G", "edge(True)", "Last", f"Last {what}.", palette=False),
    )


#: Keys of a place with long lines.
SIDEWAYS = (
    Command("text.right", "right,l", "sideways(1)", "Right", "Show what long lines have further right.", palette=False),
    Command("text.left", "left,h", "sideways(-1)", "Left", "Back to the left.", palette=False),
)


def without(commands: Iterable[Command], *ids: str) -> tuple[Command, ...]:
    """The ``commands`` but those of these ``ids``, which are not possible just now."""
    return tuple(one for one in commands if one.id not in ids)


def bindings(commands: tuple[Command, ...]) -> list[Binding]:
    """Bindings of ``commands``, for a widget's ``BINDINGS``."""
    return [command.binding() for command in commands]
