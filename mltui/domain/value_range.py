"""Ranges of numbers as a person writes them for a sweep: ``1..5``, ``0.1..0.5..0.1``, ``1e-4..1e-1..x10``.

``FIRST..LAST..STEP`` is from FIRST on, STEP further each time, up to LAST and LAST itself where it is hit; so are the
ranges of shells (``{1..10..3}``) and of Optuna, whose ends both count. ``xFACTOR`` in the place of STEP multiplies:
even steps on a logarithmic scale. Whole numbers go by 1 without a step. From a larger FIRST it goes down. No number is
written like that, so that a range cannot be taken for a value.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from decimal import Decimal, localcontext
from operator import add, mul, sub, truediv

from mltui.domain.text import one_line

#: A sweep has no more runs either.
MOST_VALUES = 200
_NUMBER = r"[-+]?\d{1,40}(?:\.\d{1,40})?(?:[eE][-+]?\d{1,3})?"
_RANGE = re.compile(rf"\s*({_NUMBER})\s*\.\.\s*({_NUMBER})\s*(?:\.\.\s*(x?)\s*({_NUMBER})\s*)?")
#: More digits than a float has, so that each value is the float that is nearest to what is meant.
_DIGITS = 30
#: From here on the whole numbers of a float are written with an exponent.
_LONG = Decimal("1e20")


def looks_like_range(text: str) -> bool:
    """It is meant as a range, sound or not."""
    return ".." in text


def range_values(text: str, *, whole: bool) -> tuple[str, ...]:
    """The numbers of a range as they would be typed; ``whole``: those of a parameter of whole numbers.

    Raises ``ValueError`` with what is wrong, also for more than ``MOST_VALUES``.
    """
    match = _RANGE.fullmatch(text)
    if match is None:
        example = "1..5 or 16..256..x2" if whole else "0.1..0.5..0.1 or 1e-4..1e-1..x10"
        raise ValueError(f"expected a range such as {example}, found {one_line(text, 60)!r}")
    with localcontext() as context:
        context.prec = _DIGITS
        first, last = Decimal(match[1]), Decimal(match[2])
        if match[4] is None and not whole:
            raise ValueError(
                f"the range {_shown(text)} needs a step: {match[1]}..{match[2]}..0.1, or ..x10 to multiply"
            )
        if not (_is_held(first) and _is_held(last)):
            raise ValueError(f"the range {_shown(text)} has numbers that are too large or too small for a computer")
        step, times = Decimal(match[4] or 1), bool(match[3])
        if times and (step <= 1 or first <= 0 or last <= 0):
            raise ValueError(f"the range {_shown(text)} multiplies: its ends have to be above 0, its factor above 1")
        if step <= 0:
            raise ValueError(
                f"the range {_shown(text)} needs a step above 0; it goes down where its first is the larger"
            )
        values = tuple(_written(value, whole) for value in _steps(first, last, step, times))
    if len(values) > MOST_VALUES:
        raise ValueError(f"the range {_shown(text)} has more than {MOST_VALUES} values, the most of a sweep")
    return values


def _steps(first: Decimal, last: Decimal, step: Decimal, times: bool) -> Iterator[Decimal]:
    """The values, one more than are allowed at the most."""
    up = first <= last
    go_on = (mul if up else truediv) if times else add if up else sub
    value = first
    for _ in range(MOST_VALUES + 1):
        yield value
        value = go_on(value, step)
        # A value a hair beyond the end, by division, is the end.
        if (value - last if up else last - value) > abs(last) * Decimal("1e-20"):
            return


def _is_held(value: Decimal) -> bool:
    """A float can say it: it is neither infinite there nor 0."""
    held = float(value)
    return math.isfinite(held) and (held != 0 or value == 0)


def _written(value: Decimal, whole: bool) -> str:
    """``0.001``, ``100``, ``1e-07``: whole numbers with all their digits, others with those that a float has."""
    if value == value.to_integral_value() and (whole or abs(value) < _LONG):
        return str(int(value))
    return repr(float(f"{value:.15g}"))


def _shown(text: str) -> str:
    return one_line(text, 60)
