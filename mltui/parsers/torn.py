"""The last line of a log that has no end: a program that was killed may have been in the middle of a number."""

from __future__ import annotations

import re
from collections.abc import Iterable

from mltui.parsers.shapes import key_of

_LAST_VALUE = re.compile(rb"(?<![\w.])[-+]?\d[\d.]*(?:e[-+]?\d*)?$")
_LAST_DIGITS = re.compile(rb"0*$")
_DIGITS = re.compile(rb"0+")


def whole_values(line: bytes, shapes: Iterable[bytes]) -> bytes:
    """``line`` without the number it ends with, if all lines like it go on there; ``shapes`` are those of the log."""
    value = _LAST_VALUE.search(line)
    return line[: value.start()] if value is not None and _is_torn(key_of(line), shapes) else line


def _is_torn(key: bytes, shapes: Iterable[bytes]) -> bool:
    """Whether lines of these ``shapes`` begin like one of shape ``key``, and each of them has more behind that."""
    form, digits = _DIGITS.sub(b"0", key), _last_digits(key)
    whole = [(_DIGITS.sub(b"0", shape), shape) for shape in shapes]
    alike = [(known, shape) for known, shape in whole if known.startswith(form)]
    return bool(alike) and all(len(known) > len(form) or _last_digits(shape) > digits for known, shape in alike)


def _last_digits(shape: bytes) -> int:
    found = _LAST_DIGITS.search(shape)
    return 0 if found is None else len(found.group())
