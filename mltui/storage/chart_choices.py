"""Which charts a person pinned or hid, by profile: one small JSON file beside the runs.

::

    charts.json   {"profiles": {"mnist-mlp": {"pinned": ["metric/loss/epoch"], "hidden": ["metric/lr/step"]}}}

It holds habits, not data: a file that cannot be read counts as empty, and one that cannot be written is left as it is.
"""

from __future__ import annotations

import contextlib
import os
from dataclasses import dataclass
from pathlib import Path

_MOST_PROFILES = 500
_MOST_BYTES = 1 << 20


@dataclass(frozen=True)
class ChartChoice:
    """What was chosen for the charts of one profile, by the charts' keys."""

    pinned: tuple[str, ...] = ()
    """Shown first, in this order."""
    hidden: frozenset[str] = frozenset()

    def cycled(self, key: str) -> ChartChoice:
        """The next choice for a chart: pinned, hidden, neither."""
        if key in self.pinned:
            return ChartChoice(tuple(k for k in self.pinned if k != key), self.hidden | {key})
        if key in self.hidden:
            return ChartChoice(self.pinned, self.hidden - {key})
        return ChartChoice((*self.pinned, key), self.hidden)


class ChartChoices:
    """The choices of every profile. Both calls touch the disk: make them off the screen's loop."""

    def __init__(self, home: Path) -> None:
        self._path = home / "charts.json"

    def load(self, profile: str) -> ChartChoice:
        """What was chosen for a profile; nothing where the file does not say."""
        entry = self._read().get(profile)
        if not isinstance(entry, dict):
            return ChartChoice()
        return ChartChoice(tuple(_texts(entry.get("pinned"))), frozenset(_texts(entry.get("hidden"))))

    def save(self, profile: str, choice: ChartChoice) -> None:
        """Keep what was chosen for a profile; the oldest profiles go where there are very many."""
        import json

        profiles = self._read()
        profiles.pop(profile, None)
        if choice.pinned or choice.hidden:
            profiles[profile] = {"pinned": list(choice.pinned), "hidden": sorted(choice.hidden)}
        kept = dict(list(profiles.items())[-_MOST_PROFILES:])
        with contextlib.suppress(OSError):
            self._write(json.dumps({"profiles": kept}, indent=1))

    def _read(self) -> dict[str, object]:
        import json

        try:
            with self._path.open(encoding="utf-8") as file:
                found = json.loads(file.read(_MOST_BYTES))
        except (OSError, ValueError, RecursionError):
            return {}
        profiles = found.get("profiles") if isinstance(found, dict) else None
        return profiles if isinstance(profiles, dict) else {}

    def _write(self, text: str) -> None:
        """In one step, so that another viewer never reads half a file."""
        new = self._path.with_name(f"{self._path.name}.{os.getpid()}")
        new.write_text(text, encoding="utf-8")
        os.replace(new, self._path)


def _texts(value: object) -> list[str]:
    return [text for text in value if isinstance(text, str)] if isinstance(value, list) else []
