"""Whether two lines tell the same: one may round its values, show them in percent, or call them by fewer words."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from math import isfinite

from mltui.domain.metric import MetricPoint
from mltui.domain.words import SCOPE_WORDS, SYNONYMS, scope_of, words
from mltui.parsers.plans.group import Group
from mltui.parsers.words.values import Numbers
from mltui.parsers.words.vocabulary import QUALIFIERS

#: By so much of a value a rounded one may differ from it.
_ROUNDED = 1e-3


def is_told_by_others(group: Group, axis: str, x: float, values: Numbers) -> bool:
    """Whether a line of another kind had these values at ``x``."""
    return any(_tells(other, axis, x, group.names, values) for other in group.repeats)


def _tells(group: Group, axis: str, x: float, names: tuple[str, ...], values: Numbers) -> bool:
    """Whether a line of ``group`` had these values at ``x``, but for what rounding makes of them."""
    if axis != group.seen.axis and "iteration" not in (axis, group.seen.axis):
        return False  # A trial's number is no epoch's; numbers without a name may be anything's.
    known = group.seen.values.get(x)
    if known is None or len(known) != len(group.names):
        return False  # Of a bar some of the values may have been an epoch's, or of series beyond the limit.
    told = dict(zip(group.names, known, strict=True))  # Without some of the names if it was renamed since.
    return all(name in told and is_close(value, told[name]) for name, value in zip(names, values, strict=True))


def is_again(last: MetricPoint, axis: str, value: float, alike: bool) -> bool:
    """Whether a ``value`` at the x of the ``last`` point is that again; another kind, not ``alike``, may round it."""
    return axis == last.axis and (value == last.value if alike else is_close(value, last.value))


class Spoken:
    """Of which series sentences may be: they say less of their names than other lines do."""

    def __init__(self, names: Iterable[str]) -> None:
        subjects = [_subject(name) for name in names]
        self._subjects = {*subjects, *((said, "") for said, _ in subjects)}

    def may_be(self, name: str) -> bool:
        """Whether a sentence on ``name`` may be about one of them."""
        return _subject(name) in self._subjects


@lru_cache(maxsize=4096)
def _subject(name: str) -> tuple[frozenset[str], str]:
    """What a series measures, in the words that sentences have for it too, and of what."""
    said = {SYNONYMS.get(word, word) for word in words(name)}
    return frozenset(said - SCOPE_WORDS.keys() - QUALIFIERS), scope_of(name)


def is_same(value: float, told: float) -> bool:
    """Whether ``value`` is what was ``told``, be it as a share or in percent."""
    return any(is_close(value * factor, told) for factor in (1, 100, 0.01))


def is_rounded(value: float, told: float) -> bool:
    """Whether ``value`` is what was ``told``, or what is left of it with as many decimals as it has."""
    if value == told or not isfinite(value):
        return value == told or (value != value and told != told)
    decimals = repr(value).partition(".")[2]
    return decimals.isdigit() and abs(value - told) <= 0.50001 * 10.0 ** -len(decimals)


def is_close(value: float, told: float) -> bool:
    """Whether ``value`` is what was ``told``, but for rounding."""
    return value == told or abs(value - told) <= _ROUNDED * abs(told) or (value != value and told != told)
