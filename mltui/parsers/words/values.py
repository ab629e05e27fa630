"""The numbers of a line: cut out of its bytes where they are known to stand, and read as values."""

from __future__ import annotations

import math
from collections.abc import Callable
from struct import Struct
from typing import Any

#: Where a piece of a line begins, and where it ends.
Span = tuple[int, int]
#: The numbers of a line, in the order in which they stand there.
Numbers = tuple[float, ...]
#: Gives the numbers of a line of a known shape, as the texts that stand there.
Cut = Callable[[bytes], tuple[Any, ...]]

#: What may stand between the thousands of a number, beside a blank; the last three are blanks that do not break.
BETWEEN_THOUSANDS = ",_'\u00a0\u2009\u202f"
_PLAIN = str.maketrans("−Ddf", "-eee", BETWEEN_THOUSANDS + " ")
#: What stands right behind a number for its zeros.
FACTORS = {"k": 1e3, "K": 1e3, "M": 1e6, "G": 1e9, "T": 1e12}


def value_of(text: str | bytes) -> float:
    """The number that ``text`` stands for; NaN if it stands for none."""
    try:
        return float(text)
    except ValueError:
        plain = text.decode("utf-8", "replace") if isinstance(text, bytes) else text
        factor = FACTORS.get(plain[-1:], 0.0)
        try:
            return float((plain[:-1] if factor else plain).translate(_PLAIN)) * (factor or 1.0)
        except ValueError:
            return math.nan


def cut_at(spans: list[Span]) -> Cut:
    """What cuts the pieces at ``spans``, which follow each other, out of a line."""
    if not spans:
        return _cut_nothing
    pieces, end = [], 0
    for a, b in spans:
        pieces.append(f"{a - end}x{b - a}s")
        end = b
    return Struct("".join(pieces)).unpack_from


def _cut_nothing(_: bytes) -> tuple[Any, ...]:
    return ()


def values_of(frame: bytes, cut: Cut) -> Numbers:
    """The numbers that stand in ``frame`` where ``cut`` cuts."""
    try:
        return tuple(map(float, cut(frame)))
    except ValueError:
        return tuple(map(value_of, cut(frame)))


class _Texts(dict[bytes, float]):
    """The numbers of short texts, which come again and again: to look one up is cheaper than to read it."""

    def __missing__(self, text: bytes) -> float:
        value = float(text)
        if len(text) <= _SHORT and value == value:
            if len(self) >= _SHORT_TEXTS:
                self.clear()
            self[text] = value
        return value


#: So many bytes are short, and so many such texts are kept.
_SHORT, _SHORT_TEXTS = 5, 8192
_short = _Texts().__getitem__


def short_values_of(frame: bytes, cut: Cut) -> Numbers:
    """What ``values_of`` gives, where most numbers are short, as in bars."""
    try:
        return tuple(map(_short, cut(frame)))
    except ValueError:
        return tuple(map(value_of, cut(frame)))
