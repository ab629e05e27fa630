"""What a scalar without quotes is, by YAML's 1.2 core schema; numbers remember how they are written."""

from __future__ import annotations

import re

_INT = re.compile(r"[-+]?(0|[1-9][0-9]*)")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_SPECIAL_FLOAT = re.compile(r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")
_CONSTANTS: dict[str, bool | None] = {
    "true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False,
    "null": None, "Null": None, "NULL": None, "~": None, "": None,
}  # fmt: skip


class WrittenInt(int):
    """A whole number that remembers how it was written."""

    text: str

    def __str__(self) -> str:
        return self.text


class WrittenFloat(float):
    """A number that remembers how it was written: ``1e-3`` and ``1.10`` reach a command unchanged."""

    text: str

    def __str__(self) -> str:
        return self.text


def reads_as(text: str) -> object:
    """What a scalar without quotes is: a truth value, nothing, a number that remembers its spelling, or text."""
    if text in _CONSTANTS:
        return _CONSTANTS[text]
    if _INT.fullmatch(text) and len(text) <= 20:
        whole = WrittenInt(text)
        whole.text = text
        return whole
    special = _SPECIAL_FLOAT.fullmatch(text)
    if special or _FLOAT.fullmatch(text):
        # A number with leading zeros, such as an octal mode or an id, is text.
        if re.match(r"[-+]?0\d", text):
            return text
        number = WrittenFloat(text.replace(".", "", 1) if special else text)
        number.text = text
        return number
    return text
