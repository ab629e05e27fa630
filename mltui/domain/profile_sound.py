"""What is sound of a profile that is not: the rest of its data, which can be looked at all the same."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from mltui.domain.profile import Profile
from mltui.domain.profile_faults import Path

#: Fields whose entries have names and stand each for itself.
BY_NAME = frozenset({"params", "environment", "labels"})
#: Of lists with gaps: their paths, and for each entry that is left its index in what is written.
Indexes = Mapping[Path, tuple[int, ...]]


@dataclass(frozen=True)
class Sound:
    """A profile of the sound parts of data; all else in it is as if it were not written."""

    profile: Profile
    indexes: Indexes = field(default_factory=dict)
    """Of the lists that have gaps, in the data that was validated."""
    left_out: Indexes = field(default_factory=dict)
    """The same for what had been left out before."""

    def written(self, path: Path) -> Path:
        """Where that which is at ``path`` of the profile stands in what is written."""
        return as_written(as_written(path, self.indexes), self.left_out)


def as_written(path: Path, indexes: Indexes) -> Path:
    """A path of data with gaps as the path of the same in data without."""
    if not indexes:
        return path
    found: Path = ()
    for part in path:
        left = indexes.get(found)
        found = (*found, left[part] if left is not None and isinstance(part, int) else part)
    return found


def unit_of(path: Path, data: Mapping[str, Any]) -> Path:
    """What is left out for a fault at ``path``: the smallest part around it without which the rest still means what it
    says. Such are an entry of a list, an entry with a name of its own, a key of ``deploy``, else a whole field."""
    index = next((at for at, part in enumerate(path) if isinstance(part, int)), None)
    if index is not None:
        return path[: index + 1]
    if path[:1] == ("deploy",):
        return path
    return path[:2] if path[0] in BY_NAME and isinstance(data[str(path[0])], dict) else path[:1]


def without(data: Mapping[str, Any], paths: Iterable[Path]) -> tuple[dict[str, Any], Indexes]:
    """``data`` without what is at ``paths``, and which entries the lists have that have gaps now."""
    indexes: dict[Path, tuple[int, ...]] = {}
    tree: dict[Any, Any] = {}
    for path in paths:
        _grow(tree, path)
    return _pruned(data, tree, (), indexes), indexes


def _grow(tree: dict[Any, Any], path: Path) -> None:
    """Note ``path``: at its end stands ``None``, and nothing below that counts."""
    for part in path[:-1]:
        tree = tree.setdefault(part, {})
        if tree is None:
            return
    tree[path[-1]] = None


def _pruned(value: Any, tree: dict[Any, Any], at: Path, indexes: dict[Path, tuple[int, ...]]) -> Any:  # noqa: ANN401
    items: Iterable[tuple[Any, Any]] = value.items() if isinstance(value, dict) else enumerate(value)
    kept = {
        key: _pruned(inner, tree[key], (*at, key), indexes) if tree.get(key) else inner
        for key, inner in items
        if tree.get(key, "") is not None
    }
    if isinstance(value, dict):
        return kept
    if len(kept) < len(value):
        indexes[at] = tuple(kept)
    return list(kept.values())
