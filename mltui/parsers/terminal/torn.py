"""The last line of a log that has no end: a program that was killed may have been in the middle of a number.

Such a line is known by those of the log that begin like it and go on: what stands in front of where it breaks off is
read as theirs is.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from mltui.parsers.words.keys import form_of, key_of

_LAST_VALUE = re.compile(rb"(?<![\w.])[-+]?\d[\d.]*(?:e[-+]?\d*)?$")
_LAST_DIGITS = re.compile(rb"0*$")


def whole_values(line: bytes, shapes: Iterable[bytes]) -> bytes:
    """``line`` without the number it ends with, if all lines like it go on there; ``shapes`` are those of the log."""
    value = _LAST_VALUE.search(line)
    return line[: value.start()] if value is not None and rests(line, shapes) else line


def rests(line: bytes, shapes: Iterable[bytes]) -> list[tuple[bytes, bytes]]:
    """The ``shapes`` that begin like ``line``, and what each has behind that; none if one of them ends there."""
    key = key_of(line)
    form, digits = form_of(key), _last_digits(key)
    alike = list(_alike(form, shapes))
    return alike if all(rest or _last_digits(shape) > digits for shape, rest in alike) else []


def _alike(form: bytes, shapes: Iterable[bytes]) -> Iterator[tuple[bytes, bytes]]:
    for shape in shapes:
        known = form_of(shape)
        if known.startswith(form):
            yield shape, known[len(form) :]


def _last_digits(shape: bytes) -> int:
    found = _LAST_DIGITS.search(shape)
    return 0 if found is None else len(found.group())
