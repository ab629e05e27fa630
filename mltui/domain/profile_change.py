"""From the cure of a failure to what is to be changed in a profile: a path and its new value.

Rules of a ``ChangeRule``:

- ``set``: the value as it is; with ``only``, where one of these stands;
- ``remove``: the key goes, where it is there; with ``value``, where that is its value;
- ``add``: an entry more in a list that does not have it;
- ``grow``: at least twice what it was and at least ``value``, up to a figure (``cap``); sizes, durations and counts;
- ``shrink``: a parameter's default divided by ``value``;
- ``next_port``: the next port that is free, in the entry of ``ports`` that has the taken one, or in a variable.

A change whose place is not there, or which says what the profile says already, is none.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from mltui.domain.diagnosis import ChangeRule, Diagnosis
from mltui.domain.units import parse_duration, parse_size, size_text

Path = tuple[str | int, ...]

#: What these are where a profile does not say: they can be added. A limit that a profile does not set is not added.
_DEFAULTS = {"shm_size": 2 << 30, "ulimits": 1024, "stop_grace_period": 30}
_GROWTH = 2
_SIZES = ("shm_size", "mem_limit", "memory")
#: A size is rounded up to whole ones of these.
_GIB, _MIB = 1 << 30, 1 << 20


class ProfileChange(NamedTuple):
    """One change of a profile's file."""

    path: Path
    value: object
    """What stands there then; ``None``: the key is removed."""
    was: object = None

    def __str__(self) -> str:
        name = ".".join(map(str, self.path))
        return f"{name}: {_flat(self.value)}" if self.value is not None else f"without {name}"


def _flat(value: object) -> str:
    return (
        ", ".join(map(str, value)) if isinstance(value, list) else str(value).lower() if value is True else str(value)
    )


def _no_port(_first: int) -> int | None:
    return None


def profile_changes(
    diagnosis: Diagnosis,
    data: Mapping[str, Any],
    figures: Mapping[str, float],
    free_port: Callable[[int], int | None] = _no_port,
) -> tuple[ProfileChange, ...]:
    """What the diagnosis would change in a profile whose file says ``data``; empty where it changes nothing.

    ``free_port`` gives the first port from its argument on that nobody listens at.
    """
    changes: list[ProfileChange] = []
    for rule in diagnosis.changes:
        made = _make(rule, data, figures, diagnosis.words, free_port)
        if made is not None and made.value != made.was:
            changes.append(made)
    return tuple(changes)


def _make(
    rule: ChangeRule,
    data: Mapping[str, Any],
    figures: Mapping[str, float],
    words: Mapping[str, str],
    free_port: Callable[[int], int | None],
) -> ProfileChange | None:
    path, was = _place(rule, data)
    if rule.rule == "remove":
        wanted = was is not None and (rule.value is None or was == rule.value)
        return ProfileChange(path, None, was) if wanted else None
    if rule.rule == "set":
        return ProfileChange(path, rule.value, was) if not rule.only or was in rule.only else None
    if rule.rule == "add":
        have = list(was) if isinstance(was, list) else []
        return ProfileChange(path, have if rule.value in have else [*have, rule.value], was)
    if rule.rule == "shrink":
        return _shrunk(path, was, rule)
    if rule.rule == "next_port":
        return _next_port(path, was, rule, words, free_port)
    return _grown(path, was, rule, figures)


def _place(rule: ChangeRule, data: Mapping[str, Any]) -> tuple[Path, object]:
    """The first of the rule's paths that is there, else its first."""
    paths = [tuple(path.split(".")) for path in rule.path.split("|")]
    for path in paths:
        found, value = _at(path, data)
        if value is not None:
            return found, value
    return paths[0], None


def _at(path: Path, data: Any) -> tuple[Path, object]:  # noqa: ANN401 - what YAML gives
    """The value at ``path``; variables written as a list (``- NAME=VALUE``) are found by their names too."""
    for key in path:
        if isinstance(data, Mapping) and key in data:
            data = data[key]
        elif isinstance(data, list):
            entries = (entry.partition("=") for entry in data if isinstance(entry, str))
            data = next((value for name, _, value in entries if name == key), None)
        else:
            return path, None
    return path, data


def _grown(path: Path, was: object, rule: ChangeRule, figures: Mapping[str, float]) -> ProfileChange | None:
    key = str(path[-1])
    read = parse_size if key in _SIZES else parse_duration if key == "stop_grace_period" else _count
    default = next((size for name, size in _DEFAULTS.items() if name in path), None)
    if was is None and default is None:
        return None
    try:
        now = float(read(_plain(was))) if was is not None else float(default or 0)
    except (ValueError, TypeError):
        return None
    if now < 0:
        # No limit at all is not the cause.
        return None
    least = float(read(str(rule.value))) if rule.value is not None else 0.0
    wanted = max(_GROWTH * now, least)
    cap = figures.get(rule.cap)
    if cap:
        wanted = min(wanted, cap)
    if wanted <= now:
        return None
    return ProfileChange(path, _written(key, wanted), was)


def _plain(value: object) -> str:
    """A limit in its short form: of soft and hard the hard one."""
    return str(value.get("hard", value)) if isinstance(value, Mapping) else str(value)


def _count(text: str) -> int:
    return int(text)


def _written(key: str, wanted: float) -> object:
    if key in _SIZES:
        unit = _GIB if wanted >= 4 * _GIB else _MIB
        return size_text(int(wanted) // unit * unit or int(wanted))
    return f"{wanted:.0f}s" if key == "stop_grace_period" else int(wanted)


def _shrunk(path: Path, was: object, rule: ChangeRule) -> ProfileChange | None:
    """A parameter's default, in its short form or its long one."""
    if isinstance(was, Mapping):
        path, was = (*path, "default"), was.get("default")
    by = rule.value if isinstance(rule.value, int) else 2
    if isinstance(was, bool) or not isinstance(was, int | float | str):
        return None
    try:
        number = float(was)
    except ValueError:
        return None
    if re.fullmatch(r"\d+", str(was)):
        return ProfileChange(path, int(number) // by, was) if int(number) >= by else None
    return ProfileChange(path, float(f"{number / by:.6g}"), was)


def _next_port(
    path: Path, was: object, rule: ChangeRule, words: Mapping[str, str], free_port: Callable[[int], int | None]
) -> ProfileChange | None:
    if path[-1] != "ports":
        first = int(str(was if str(was).isdigit() else rule.value))
        free = free_port(first + 1)
        return ProfileChange(path, str(free), was) if free else None
    taken = words.get("port", "")
    free = free_port(int(taken) + 1) if taken.isdigit() else None
    if not free or not isinstance(was, Sequence):
        return None
    for at, entry in enumerate(was):
        for place, new in _moved(entry, taken, str(free)):
            return ProfileChange((*path, at, *place), new, entry)
    return None


def _moved(entry: object, taken: str, free: str) -> Iterator[tuple[Path, object]]:
    """An entry of ``ports`` with another port of the machine, in each form that Compose has."""
    if isinstance(entry, Mapping):
        if str(entry.get("published", "")) == taken:
            yield ("published",), free if isinstance(entry["published"], str) else int(free)
        return
    text, slash, protocol = str(entry).partition("/")
    parts = text.split(":")
    if len(parts) > 1 and parts[-2] == taken:
        yield (), ":".join([*parts[:-2], free, parts[-1]]) + slash + protocol
