"""Which charts a person pinned or hid, by profile: one small JSON file beside the runs.

::

    charts.json   {"profiles": {"mnist-mlp": {"pinned": ["metric/loss/epoch"], "hidden": ["metric/lr/step"]}}}

See ``habits`` for what becomes of a damaged file.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from mltui.storage.habits import Habits, texts


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
    """The choices of every profile. All calls touch the disk: make them off the screen's loop."""

    def __init__(self, home: Path) -> None:
        self._habits = Habits(home / "charts.json")

    def load(self, profile: str) -> ChartChoice:
        """What was chosen for a profile; nothing where the file does not say."""
        entry = self._habits.load(profile)
        return ChartChoice(tuple(texts(entry.get("pinned"))), frozenset(texts(entry.get("hidden"))))

    def save(self, profile: str, choice: ChartChoice) -> None:
        """Keep what was chosen for a profile."""
        entry = {"pinned": list(choice.pinned), "hidden": sorted(choice.hidden)}
        self._habits.save(profile, entry if choice.pinned or choice.hidden else {})

    def move(self, old: str, new: str) -> None:
        """The profile has another name now."""
        self._habits.move(old, new)
