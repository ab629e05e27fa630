"""JSON objects, one a line: keys may be nested (``{"metrics": {"accuracy": 0.9}}`` is ``metrics.accuracy``)."""

from __future__ import annotations

import json
import re
from typing import Any

from mltui.domain.words import scope_of
from mltui.parsers.records.names import SCOPE_KEYS, SETTINGS, SOURCE_KEYS, identifies
from mltui.parsers.records.record import Record, new_field
from mltui.parsers.words.roles import Role, counter_of, role_of
from mltui.parsers.words.values import Span
from mltui.parsers.words.vocabulary import TEXTS, WHO

_NO_METRICS = SETTINGS | {"metadata", "env", "system"}
_CONTENT = TEXTS | {"raw_content", "url"}
# Keys of the name of what an object tells.
_NAMES = frozenset(["name", "metric", "key", "tag", "class", "class_name", "label", "category"])
_DEPTH = 4
_LISTED = 256
_LONGEST = 64
_DIGIT = re.compile(r"\d")
# A name and its number, and a name that holds digits, in an object without escapes.
_PAIR = re.compile(rb'"([^"]*)"\s*:\s*(-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?|NaN|-?Infinity)(?=[\s,}\]])')
_NUMBERED = re.compile(rb'"[^"\d]*\d[^"]*"(?=\s*:)')
# A text with digits that may say of what the object speaks.
_SOURCE = re.compile(rf'(?i:"(?:{"|".join(sorted(SOURCE_KEYS))})")\s*:\s*("[^"]*\d[^"]*")'.encode())

# A line of a log in an object, without what needs an escape but for its end.
_MESSAGE = re.compile(r'"(?:message|msg|log)"\s*:\s*"([^"\\]*)(?:\\r)?(?:\\n)?"')


def parse_object(text: str | bytes) -> dict[str, Any] | None:
    """The JSON object that ``text`` is, or ``None``."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def message_of(text: str) -> tuple[int, int] | None:
    """Where in ``text``, an object that measures nothing by itself, the line stands that it carries.

    Loggers and Docker write such: ``{"levelname": "INFO", "message": "epoch 1 loss 0.5"}``, ``{"log": "...", ...}``.
    """
    message = _MESSAGE.search(text)
    if message is None or not any(c.isdigit() for c in message[1]) or (found := parse_object(text)) is None:
        return None
    names, _, _ = flatten(found)
    return None if any(role_of(name) is Role.METRIC for name in names) else message.span(1)


def is_sample(found: dict[str, Any]) -> bool:
    """Whether the object is a piece of data (a page, a question with its answer) with what was measured on it."""
    return any(isinstance(value, str) and ("://" in value or key.lower() in _CONTENT) for key, value in found.items())


def index_of_who(names: list[str], values: list[float]) -> int | None:
    """Which number says who of several prints the object, as in ``{"rank": 1, "loss": 0.5}``."""
    return next((i for i, name in enumerate(names) if name.lower() in WHO and values[i].is_integer()), None)


def is_identified(found: dict[str, Any]) -> bool:
    """Whether the object says of which of very many things it speaks: ``{"id": "2e219e", "score": 0.5}``."""
    return any(isinstance(value, str) and identifies(key, value) for key, value in found.items())


def texts_of_source(found: dict[str, Any]) -> str:
    """The texts that may say of what the object speaks: ``{"model": "resnet18", "loss": 0.5}``."""
    texts = [value for key, value in found.items() if key.lower() in SOURCE_KEYS and isinstance(value, str)]
    return " ".join(text for text in texts if len(text) < _LONGEST)


def flatten(found: dict[str, Any]) -> tuple[list[str], list[float], dict[str, str]]:
    """The object's numbers by their dotted names, and its strings under scope keys."""
    names: list[str] = []
    values: list[float] = []
    scopes: dict[str, str] = {}
    _flatten(found, "", _DEPTH, names, values, scopes)
    if any(counter_of(name) for name in names):
        _flatten_lists(found, "", _DEPTH, names, values)
    if "value" in names and (named := _named(found)):
        names[names.index("value")] = named
    return names, values, scopes


def _named(found: dict[str, Any]) -> str:
    """What an object calls its value, ``{"name": "loss", "value": 0.5}``, or what it tells of: ``"class": "road"``."""
    texts = ((key, value) for key, value in found.items() if isinstance(value, str) and len(value) < _LONGEST)
    return next((value for key, value in texts if key.lower() in _NAMES), "")


def _flatten_lists(found: dict[str, Any], prefix: str, depth: int, names: list[str], values: list[float]) -> None:
    """The numbers of objects in lists that each have a name: ``"metrics": [{"name": "loss", "value": 0.5}, …]``."""
    for key, value in found.items():
        if isinstance(value, dict) and depth:
            _flatten_lists(value, f"{prefix}{key}.", depth - 1, names, values)
        parts = value if isinstance(value, list) and len(value) <= _LISTED else []
        for part in parts if all(isinstance(part, dict) and _named(part) for part in parts) else ():
            told = {k: v for k, v in part.items() if type(v) in (float, int)}
            names += [_named(part) if k == "value" else f"{prefix}{_named(part)}.{k}" for k in told]
            values += map(_number, told.values())


def _flatten(
    found: dict[str, Any], prefix: str, depth: int, names: list[str], values: list[float], scopes: dict[str, str]
) -> None:
    for key, value in found.items():
        if type(value) is list and len(value) == 1 and type(value[0]) in (float, int):
            value = value[0]  # As an array of one value is printed: {"loss": [0.43]}.
        kind = type(value)
        if kind is float or kind is int:
            names.append(prefix + str(key))
            values.append(_number(value))
        elif kind is str:
            _flatten_text(prefix + str(key), value, names, values, scopes)
        elif kind is dict and depth and str(key).lower() not in _NO_METRICS:
            _flatten(value, f"{prefix}{key}.", depth - 1, names, values, scopes)


def _number(value: float) -> float:
    try:
        return float(value)
    except OverflowError:
        return float("inf")


def _flatten_text(name: str, value: str, names: list[str], values: list[float], scopes: dict[str, str]) -> None:
    if len(value) < 32 and (value[:1].isdigit() or value[:1] in "-+.nNiI"):
        try:
            number = float(value)
        except ValueError:
            return
        names.append(name)
        values.append(number)
    elif name.lower() in SCOPE_KEYS and len(value) < 32 and scope_of(value):
        scopes[name] = value


def places(
    line: bytes, names: list[str], values: list[float], scopes: dict[str, str]
) -> tuple[list[Span], list[Span]] | None:
    """Where in ``line`` its numbers stand, and the names and texts that hold digits; ``None`` if that is not plain.

    It is where the line's pairs of a name and a number, read by themselves, are those of the object one by one.
    """
    if b"\\" in line or b"[{" in line or any(char.isdigit() for scope in scopes.values() for char in scope):
        return None
    pairs = list(_PAIR.finditer(line))
    read = [(pair[1].decode("utf-8", "replace"), repr(float(pair[2]))) for pair in pairs]
    if len(read) != len(names) or not all(
        (name.endswith(key) or (key == "value" and not _DIGIT.search(name))) and number == repr(value)
        for (key, number), name, value in zip(read, names, values, strict=True)
    ):
        return None
    literal = [name.span() for name in _NUMBERED.finditer(line)] + [text.span(1) for text in _SOURCE.finditer(line)]
    return [pair.span(2) for pair in pairs], literal


def object_record(names: list[str], whole: tuple[bool, ...], scopes: dict[str, str], source: str = "") -> Record:
    """The record of an object with these ``names``, whose numbers are ``whole`` or not; ``i`` is that of name ``i``."""
    record = Record(scope=next(iter(scopes.values()), ""), source=source)
    for i, name in enumerate(names):
        record.fields.append(new_field(name, i, decimal=not whole[i]))
    return record
