"""Profiles validated one after another, as they are while one is typed: what has not changed is not looked at again.

That a part has not changed is known by its being the same object. Every field of a profile is validated by itself, and
every entry of those in ``_BY_ENTRY``: what one is found to be depends on no other, and stays so when they change.
"""

from __future__ import annotations

import operator
from collections.abc import Mapping
from typing import Any, NamedTuple

from mltui.domain.profile import Profile
from mltui.domain.profile_check import MOST_FAULTS, Fault, validated

#: Fields that are long, and whose entries stand each for itself.
_BY_ENTRY = frozenset({"params", "environment", "labels"})


def same_objects(old: Any, new: Any) -> Any:  # noqa: ANN401 - any YAML value
    """``new``, with the objects of ``old`` wherever both say the same, to the letter."""
    if old is new or type(old) is not type(new):
        return new
    if isinstance(new, dict):
        inner = {key: same_objects(old.get(key), value) for key, value in new.items()}
        unchanged = len(old) == len(new) and all(map(operator.is_, inner.values(), old.values()))
        return old if unchanged and list(old) == list(new) else inner
    if isinstance(new, list):
        items = [same_objects(was, value) for was, value in zip(old, new, strict=False)] + new[len(old) :]
        return old if len(old) == len(new) and all(map(operator.is_, items, old)) else items
    return old if str(old) == str(new) else new


class _Part(NamedTuple):
    """A field, or an entry of one, and what was found out about it."""

    raw: object
    faults: tuple[Fault, ...]
    value: Any
    """Of a sound one; of one that is as good as absent nothing."""
    said: bool
    entries: Mapping[str, _Part]


class Revalidation:
    """``validated`` for one state of a profile after the other."""

    def __init__(self) -> None:
        self._parts: dict[str, _Part] = {}
        self._data: Mapping[str, Any] = {}

    def __call__(self, data: Mapping[str, Any]) -> tuple[Profile | None, list[Fault]]:
        """The same as ``validated(data)``."""
        data = self._data = same_objects(self._data, data)
        known, self._parts = self._parts, {}
        for key, raw in data.items():
            part = known.get(key)
            self._parts[key] = part if part is not None and part.raw is raw else _part(key, raw, part)
        faults = [fault for part in self._parts.values() for fault in part.faults]
        if len(faults) >= MOST_FAULTS:
            # How many are named, and what is said of the others, depends on all of them.
            return validated(data)
        if faults:
            return None, faults
        values = {key: part.value for key, part in self._parts.items() if part.said}
        return Profile.model_construct(_fields_set=set(values), **values), []


def _part(key: str, raw: object, known: _Part | None) -> _Part:
    if key not in _BY_ENTRY or not isinstance(raw, dict):
        return _validated_part(key, raw)
    before = known.entries if known else {}
    entries: dict[str, _Part] = {}
    for name, inner in raw.items():
        entry = before.get(name)
        if entry is None or entry.raw is not inner:
            entry = _validated_part(key, {name: inner}, name)
        entries[name] = entry
    wrong = {name: raw[name] for name, entry in entries.items() if entry.faults}
    faults = tuple(fault for entry in entries.values() for fault in entry.faults)
    if len(wrong) > 1:
        # Of names that are wrong the first one alone is said, and none where a value is: together they are as always.
        faults = tuple(validated({key: wrong})[1])
    value = {} if faults else {name: entry.value for name, entry in entries.items()}
    return _Part(raw, faults, value, True, entries)


def _validated_part(key: str, raw: object, name: str | None = None) -> _Part:
    """What a field is found to be, or the only entry of it."""
    profile, faults = validated({key: raw})
    said = profile is not None and key in profile.model_fields_set
    value = getattr(profile, key) if said else None
    if name is None:
        return _Part(raw, tuple(faults), value, said, {})
    assert isinstance(raw, dict)
    return _Part(raw[name], tuple(faults), value[name] if value else None, said, {})
