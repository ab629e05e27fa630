"""Telling news from what was seen already."""

from __future__ import annotations


class News:
    """Remembers, by name, the state that was last looked at."""

    def __init__(self) -> None:
        self._seen: dict[str, object] = {}

    def has(self, name: str, state: object) -> bool:
        """Whether ``state`` is another than the last time this was asked for ``name``; the first time it is."""
        if self._seen.get(name, self) == state:
            return False
        self._seen[name] = state
        return True
