"""What became of each part of a service or a command line that was made a profile."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from mltui.domain.secret_text import masked

Path = tuple[str | int, ...]


class Change(StrEnum):
    """What became of a part of a service."""

    LEFT_OUT = "left out"
    CHANGED = "changed"
    DIFFERS = "differs"
    """It is in the profile as it was, and means something else there."""

    @property
    def heading(self) -> str:
        """The title over a list of such."""
        return _HEADINGS[self]


_HEADINGS = {
    Change.LEFT_OUT: "Left out, since a profile has no place for it",
    Change.CHANGED: "Said otherwise",
    Change.DIFFERS: "Does something else than before",
}


@dataclass(frozen=True, slots=True)
class Remark:
    """What became of one part of a service that is not in the profile as it was."""

    change: Change
    path: Path
    """Where it stands in the service; a single word for what the service does not say."""
    message: str

    def __str__(self) -> str:
        return f"{'.'.join(map(str, self.path))}: {self.message}"


@dataclass(frozen=True, slots=True)
class Imported:
    """A profile that was something else."""

    name: str
    data: dict[str, Any]
    """The keys of the profile, in the order of a form."""
    remarks: tuple[Remark, ...] = ()


def without_secrets(remarks: Iterable[Remark]) -> tuple[Remark, ...]:
    """The remarks, once each, with no secret in the words that they are about."""
    shown = (
        replace(one, path=tuple(masked(part) if isinstance(part, str) else part for part in one.path))
        for one in remarks
    )
    return tuple(dict.fromkeys(shown))


class Notes:
    """Collects remarks."""

    def __init__(self) -> None:
        self.found: list[Remark] = []

    def left_out(self, path: Path, why: str) -> None:
        """It has no place in a profile."""
        self.found.append(Remark(Change.LEFT_OUT, path, why))

    def changed(self, path: Path, how: str) -> None:
        """It is said in another way."""
        self.found.append(Remark(Change.CHANGED, path, how))

    def differs(self, path: Path, how: str) -> None:
        """It is as it was and does something else."""
        self.found.append(Remark(Change.DIFFERS, path, how))
