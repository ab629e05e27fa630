"""A small JSON file of what a person is used to: an entry for each name, the oldest going where there are very many.

It holds habits, not data: a file that cannot be read counts as empty, and one that cannot be written is left as it is.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Mapping
from pathlib import Path

_MOST_ENTRIES = 500
_MOST_BYTES = 1 << 20


class Habits:
    """The entries of one file, under ``profiles``. All calls touch the disk: make them off the screen's loop."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def load(self, name: str) -> dict[str, object]:
        """The entry of a name; empty where there is none."""
        entry = self._read().get(name)
        return entry if isinstance(entry, dict) else {}

    def save(self, name: str, entry: Mapping[str, object]) -> None:
        """Keep the entry of a name; an empty one is none."""
        import json

        entries = self._read()
        entries.pop(name, None)
        if entry:
            entries[name] = dict(entry)
        kept = dict(list(entries.items())[-_MOST_ENTRIES:])
        keep(self._path, json.dumps({"profiles": kept}, indent=1))

    def move(self, old: str, new: str) -> None:
        """What was known under ``old`` is known under ``new``."""
        if entry := self.load(old):
            self.save(new, entry)
            self.save(old, {})

    def _read(self) -> dict[str, object]:
        import json

        try:
            with self._path.open(encoding="utf-8") as file:
                found = json.loads(file.read(_MOST_BYTES))
        except (OSError, ValueError, RecursionError):
            return {}
        entries = found.get("profiles") if isinstance(found, dict) else None
        return entries if isinstance(entries, dict) else {}


def keep(path: Path, text: str) -> None:
    """Make ``text`` what the file has, in one step, so that another viewer never reads half of it; what cannot be
    written is done without.
    """
    new = path.with_name(f"{path.name}.{os.getpid()}")
    with contextlib.suppress(OSError, UnicodeEncodeError):
        with open(new, "w", encoding="utf-8", opener=lambda path, flags: os.open(path, flags, 0o600)) as file:
            file.write(text)
        os.replace(new, path)


def texts(value: object) -> list[str]:
    """The texts of a list that was read; none of what is no list."""
    return [text for text in value if isinstance(text, str)] if isinstance(value, list) else []
