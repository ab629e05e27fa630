"""Profiles validated, at once or one after another as they are while one is typed: what has not changed is not looked
at again.

That a part has not changed is known by its being the same object. Every field of a profile is validated by itself, and
every entry of those in ``BY_NAME``: what one is found to be depends on no other, and stays so when they change. So the
sound parts are known beside those that are not.
"""

from __future__ import annotations

import operator
from collections.abc import Mapping
from typing import Any, NamedTuple

from pydantic import ValidationError

from mltui.domain.profile import Profile
from mltui.domain.profile_faults import Fault, FieldError, errors_of, faults_of, unknown_key
from mltui.domain.profile_sound import BY_NAME, Indexes, Sound, as_written, unit_of, without

#: A field that is still not sound when so often all that is wrong in it was left out, is left out whole.
_MOST_ROUNDS = 10


class Validated(NamedTuple):
    """What is wrong with the fields of a profile, and what of them is sound."""

    faults: list[Fault]
    sound: Sound


def validated(data: Mapping[str, Any]) -> Validated:
    """Each field of ``data`` looked at by itself."""
    try:
        return Validated([], Sound(Profile.model_validate(dict(data))))
    except ValidationError:
        return Revalidation()(data)


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
    errors: tuple[FieldError, ...]
    said: bool
    """Something of it is sound, and not as good as absent."""
    value: Any
    """That."""
    indexes: Indexes
    entries: Mapping[str, _Part]


class Revalidation:
    """``validated`` for one state of a profile after the other."""

    def __init__(self) -> None:
        self._parts: dict[str, _Part] = {}
        self._data: Mapping[str, Any] = {}

    def __call__(self, data: Mapping[str, Any]) -> Validated:
        """The same as ``validated(data)``."""
        data = self._data = same_objects(self._data, data)
        known, self._parts = self._parts, {}
        for key, raw in data.items():
            part = known.get(key)
            self._parts[key] = part if part is not None and part.raw is raw else _part(key, raw, part)
        parts = self._parts.values()
        values = {key: part.value for key, part in self._parts.items() if part.said}
        indexes = {path: left for part in parts for path, left in part.indexes.items()}
        profile = Profile.model_construct(_fields_set=set(values), **values)
        return Validated(faults_of([error for part in parts for error in part.errors]), Sound(profile, indexes))


def _part(key: str, raw: object, known: _Part | None) -> _Part:
    if key not in BY_NAME or not isinstance(raw, dict):
        return _field(key, raw)
    before = known.entries if known else {}
    entries: dict[str, _Part] = {}
    for name, inner in raw.items():
        entry = before.get(name)
        if entry is None or entry.raw is not inner:
            field = _field(key, {name: inner})
            entry = field._replace(raw=inner, value=field.value.get(name) if field.said else None)
        entries[name] = entry
    errors = tuple(error for entry in entries.values() for error in entry.errors)
    value = {name: entry.value for name, entry in entries.items() if not entry.errors}
    return _Part(raw, errors, True, value, {}, entries)


def _field(key: str, raw: object) -> _Part:
    """What a field is found to be. Some faults show only when others are not there."""
    data: dict[str, Any] = {key: raw}
    indexes: Indexes = {}
    errors: list[FieldError] = []
    for _ in range(_MOST_ROUNDS):
        try:
            profile = Profile.model_validate(data)
        except ValidationError as error:
            errors += [one.at(as_written(one.path, indexes)) for one in errors_of(error, data, unknown_key)]
            data, indexes = without({key: raw}, [unit_of(one.path, {key: raw}) for one in errors])
        else:
            said = key in profile.model_fields_set
            return _Part(raw, tuple(errors), said, getattr(profile, key) if said else None, indexes, {})
    return _Part(raw, tuple(errors), False, None, {}, {})
