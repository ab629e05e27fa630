"""The values last used for launching each profile: one small JSON file beside the runs.

::

    launches.json   {"profiles": {"/home/ada/mnist/profile.yaml": {"params": {"lr": "0.1, 0.01"}, "gpus": "1"}}}

Only what differs from the profile is in it, as typed. What a secret is called is never in it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from mltui.domain.secret_names import is_secret_name
from mltui.storage.habits import Habits


@dataclass(frozen=True)
class LaunchValues:
    """What a launch changed, as typed."""

    params: Mapping[str, str] = field(default_factory=dict)
    resources: Mapping[str, str] = field(default_factory=dict)
    """``gpus``, ``engine``, ``cpus``, ``mem_limit``, ``shm_size``."""


class LaunchHabits:
    """The values of every profile, by its file. All calls touch the disk: make them off the screen's loop."""

    def __init__(self, home: Path) -> None:
        self._habits = Habits(home / "launches.json")

    def load(self, profile: Path) -> LaunchValues:
        """What was used last."""
        entry = self._habits.load(str(profile))
        return LaunchValues(_named_texts(entry.get("params")), _named_texts(entry.get("resources")))

    def save(self, profile: Path, values: LaunchValues) -> None:
        """Keep what was used."""
        params = {name: text for name, text in values.params.items() if not is_secret_name(name)}
        entry = {"params": params, "resources": dict(values.resources)}
        self._habits.save(str(profile), {key: found for key, found in entry.items() if found})

    def move(self, old: Path, new: Path) -> None:
        """The profile's file has another path now."""
        self._habits.move(str(old), str(new))


def _named_texts(value: object) -> dict[str, str]:
    return {k: v for k, v in value.items() if isinstance(v, str)} if isinstance(value, dict) else {}
