"""What a whole training came to, told once as dictionaries of lists: ``{'loss': [0.9, 0.5], 'val_loss': [0.8, 0.6]}``.

The lists of a dictionary are as long as each other, and one of them is a loss. Dictionaries may stand in others, whose
keys say of what they are: ``{'train': {'loss': …}, 'val': {'loss': …}}``; of a fold each counts by itself:
``{'fold_1': {'loss': …}}``, ``Fold 1: {'loss': …}``. Values may be those of numpy and torch, ``np.float64(0.5)``.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from mltui.domain.words import LOSSES, words
from mltui.parsers.words.roles import counter_of
from mltui.parsers.words.tokens import NUMBER, WRAPPER
from mltui.parsers.words.values import value_of

_TOKEN = re.compile(
    rf"""\s*(?:
        (?P<mark>[{{}}\[\]:,])
      | '(?P<single>[^'\\]{{0,80}})' | "(?P<double>[^"\\]{{0,80}})"
      | (?P<number>{NUMBER}|-?(?:inf|nan|NaN|Infinity))(?![\w.])
      | {WRAPPER}\(\s*(?P<inner>{NUMBER}|-?(?:inf|nan))(?:,[^()]{{0,80}})?\)
      | (?P<none>None|null|True|true|False|false)\b
    )""",
    re.VERBOSE,
)
# What may stand in front of the first bracket: ``Training history:``, ``Fold 1 history =``.
_HEADING = re.compile(r"([A-Za-z][\w #-]{0,40})?\s{0,20}[:=]?")
_OF_TRAINING = re.compile(r"history|fold|train|fit|result|metric|losses|log|curve", re.I)
_FOLD = re.compile(r"fold[ _#-]{0,2}(\d{1,3})\b", re.I)
_DEEPEST = 3
# So many values alone are a curve; of fewer, several lists have to be told.
_MANY = 3

# A whole curve, and with its name: ``'accuracy': [(1, 0.86), (2, 0.87), (3, 0.89)]``.
_PAIRS = re.compile(r"\[\(\d+, [^()]*\)(?:, *\(\d+, [^()]*\)){2,}\]")
_CURVE = re.compile(r"([A-Za-z][\w ./@-]{0,60})['\"]?\s*[:=]\s*\[(\(\d+, [^()\[\]]*\)(?:, *\(\d+, [^()\[\]]*\))*)\]")
_PAIR = re.compile(rf"\((\d+), *['\"]?({NUMBER})['\"]?\)")


class Curve(NamedTuple):
    """A series of a history."""

    fold: int | None
    counter: str
    """What is counted: the name of a list beside it, or iterations."""
    name: str
    points: list[tuple[float, float]]
    """Where each value stands, and what it is."""


class _Lists(NamedTuple):
    """A dictionary: its lists, and what else it holds."""

    keys: list[str]
    """Those of the dictionaries around it."""
    lists: dict[str, list[float]]
    single: list[str]
    """The keys of single values."""


def tells_curves(text: str) -> bool:
    """Whether ``text`` tells whole curves, each as pairs of x and value or as the lists of a history."""
    return _PAIRS.search(text) is not None or bool(history(text))


def curves(text: str) -> list[tuple[str, list[tuple[float, float]]]]:
    """Whole curves in one line, each a name with its pairs of x and value: ``'acc': [(1, 0.86), (2, 0.87)]``."""
    return [
        (found[1], [(float(x), value_of(value)) for x, value in _PAIR.findall(found[2])])
        for found in _CURVE.finditer(text)
    ]


def history(text: str) -> list[Curve]:
    """The curves of whole trainings that ``text`` tells; none if it tells anything else."""
    at = text.find("{") if "[" in text else -1
    heading = _HEADING.fullmatch(text[:at].strip()) if at >= 0 else None
    if heading is None or (heading[1] and not _OF_TRAINING.search(heading[1])):
        return []
    try:
        found = _Reading(text, at).dictionaries()
    except _NoHistory:
        return []
    fold = _FOLD.search(heading[1] or "")
    curves = [_curves(each, int(fold[1]) if fold else None) for each in found if each.lists]
    return [curve for told in curves for curve in told] if all(curves) else []


class _NoHistory(Exception):
    """The text is no history."""


class _Reading:
    """Reads dictionaries of lists, from ``text[at:]`` to its end."""

    def __init__(self, text: str, at: int) -> None:
        self._text = text
        self._at = at
        self._found: list[_Lists] = []
        self._match = self._next()

    def dictionaries(self) -> list[_Lists]:
        """All that have lists, the outer ones first."""
        self._take("{")
        self._dictionary([])
        if self._match is not None or self._text[self._at :].strip():
            raise _NoHistory
        return self._found

    def _next(self) -> re.Match[str] | None:
        found = _TOKEN.match(self._text, self._at)
        if found is not None:
            self._at = found.end()
        return found

    def _go(self) -> re.Match[str]:
        found = self._match
        if found is None:
            raise _NoHistory
        self._match = self._next()
        return found

    def _is(self, mark: str) -> bool:
        if self._match is None or self._match["mark"] != mark:
            return False
        self._match = self._next()
        return True

    def _take(self, mark: str) -> None:
        if not self._is(mark):
            raise _NoHistory

    def _dictionary(self, keys: list[str]) -> None:
        """Read what stands behind the bracket of a dictionary in those of ``keys``."""
        if len(keys) > _DEEPEST:
            raise _NoHistory
        own = _Lists(keys, {}, [])
        self._found.append(own)
        while not self._is("}"):
            key = _text_of(self._go())
            self._take(":")
            if self._is("{"):
                self._dictionary([*keys, key])
            elif self._is("["):
                own.lists[key] = self._list()
            elif self._go()["mark"]:
                raise _NoHistory
            else:
                own.single.append(key)
            if not self._is(","):
                self._take("}")
                return

    def _list(self) -> list[float]:
        values: list[float] = []
        while not self._is("]"):
            found = self._go()
            number = found["number"] or found["inner"]
            if number is None:
                raise _NoHistory
            values.append(value_of(number))
            if not self._is(","):
                self._take("]")
                break
        return values


def _text_of(token: re.Match[str]) -> str:
    text = token["single"] or token["double"] or token["number"]
    if not text:
        raise _NoHistory
    return text


def _curves(told: _Lists, fold: int | None) -> list[Curve]:
    """The curves of one dictionary, of ``fold`` if its keys say of no other; none where it is no history."""
    listed = {key: values for key, values in told.lists.items() if values}
    length = max(map(len, listed.values()), default=0)
    losses = any(not LOSSES.isdisjoint(words(key)[-1:]) for key in listed)
    whole = length > 1 and (len(listed) > 1 or length >= _MANY) and {len(v) for v in listed.values()} == {length}
    if not whole or not losses or any(map(counter_of, told.single)):
        return []
    folds = [int(found[1]) for key in told.keys if (found := _FOLD.fullmatch(key))]
    of = [key for key in told.keys if not _FOLD.fullmatch(key)]
    counter = next((key for key in listed if counter_of(key)), "")
    places = listed.pop(counter, [float(x) for x in range(1, length + 1)])
    return [
        Curve(
            folds[-1] if folds else fold,
            counter or "iteration",
            " ".join([*of, key]),
            list(zip(places, values, strict=True)),
        )
        for key, values in listed.items()
    ]
