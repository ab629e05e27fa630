"""What a whole training came to, told once as dictionaries of lists: ``{'loss': [0.9, 0.5], 'val_loss': [0.8, 0.6]}``.

The lists of a dictionary are as long as each other, and one of them is a loss. Dictionaries may stand in others, whose
keys say of what they are: ``{'train': {'loss': …}, 'val': {'loss': …}}``; of a fold each counts by itself:
``{'fold_1': {'loss': …}}``, ``Fold 1: {'loss': …}``; a list of them tells one training each. Values may be those of
numpy and torch, ``np.float64(0.5)``. A list alone is a curve if its name says so: ``train_losses = [0.9, 0.5, 0.4]``.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from mltui.domain.metric import TRAINING
from mltui.domain.words import LOSSES, RETURNS, REWARDS, word_set, words
from mltui.parsers.words.roles import Role, counter_of, role_of
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
# What stands in front of a list alone.
_NAME = re.compile(r"\s{0,20}([A-Za-z][\w .-]{0,60})\s{0,20}[:=]\s{0,20}(?=\[)")
# What the name of a list alone says that it is: several values, or the history of one.
_SEVERAL = word_set("losses accs accuracies errors rewards returns scores")
_LISTED = word_set("history hist curve list log")
# A list of several dictionaries.
_OPENS_LIST = re.compile(r"\[\s{0,20}(?=\{)")

# A whole curve, and with its name: ``'accuracy': [(1, 0.86), (2, 0.87), (3, 0.89)]``.
_PAIRS = re.compile(r"\[\(\d+, [^()]*\)(?:, *\(\d+, [^()]*\)){2,}\]")
_CURVE = re.compile(r"([A-Za-z][\w ./@-]{0,60})['\"]?\s*[:=]\s*\[(\(\d+, [^()\[\]]*\)(?:, *\(\d+, [^()\[\]]*\))*)\]")
_PAIR = re.compile(rf"\((\d+), *['\"]?({NUMBER})['\"]?\)")
# Whose returns are no agent's, and whose losses no training's.
_OF_SHARES = word_set("""
    portfolio share shares stock stocks asset assets market fund strategy benchmark price excess daily weekly monthly
    annual annualized yearly
""")


class Curve(NamedTuple):
    """A series of a history."""

    part: str
    """The fold or training that it is of, if the history tells several: ``fold 2``."""
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
    if "[" not in text:
        return []
    if (at := text.find("{")) < 0:
        return curve_of_list(text)
    opens = _OPENS_LIST.search(text, max(0, at - 21), at + 1)
    heading = _HEADING.fullmatch(text[: opens.start() if opens else at].strip())
    if heading is None or (heading[1] and not _OF_TRAINING.search(heading[1])):
        return []
    try:
        found = _Reading(text, at if opens is None else opens.start()).trainings()
    except _NoHistory:
        return []
    fold = _FOLD.search(heading[1] or "")
    parts = [f"{TRAINING} {i}" for i in range(1, len(found) + 1)] if len(found) > 1 else [_fold(fold)]
    curves = [_curves(each, part) for part, told in zip(parts, found, strict=True) for each in told if each.lists]
    return [curve for told in curves for curve in told] if all(curves) else []


def curve_of_list(text: str) -> list[Curve]:
    """The curve that ``text`` tells as a list with a name that says so: ``train_losses = [0.9, 0.5, 0.4]``."""
    found = _NAME.match(text)
    said = words(found[1]) if found else ()
    counter = counter_of(said[-1]) if said[-2:-1] == ("per",) else None
    each = counter is not None and counter[1] != "fold"  # "loss per epoch", but no "loss per class" or "per fold"
    if found is None or not (each or said[-1] in _SEVERAL | _LISTED):
        return []
    name = found[1].strip()
    if said[-1] in _LISTED:
        name = name.rstrip(" _.-")[: -len(said[-1])].rstrip(" _.-")
    if role_of(name) is not Role.METRIC:
        return []
    try:
        ((told,),) = _Reading(f"{{'{name}': {text[found.end() :]}}}", 0).trainings()
    except _NoHistory:
        return []
    values = told.lists.get(name, [])
    points = [(float(x), value) for x, value in enumerate(values, 1)]
    return [Curve("", "iteration", name, points)] if len(points) > _MANY else []


def is_objective(name: str) -> bool:
    """Whether ``name`` says what a training makes small or great: a list of these alone is one's curve.

    Shares have returns and losses, too: ``portfolio returns``, ``monthly losses``.
    """
    said = words(name)
    traded = not (RETURNS | LOSSES).isdisjoint(said) and not _OF_SHARES.isdisjoint(said)
    return not traded and not (LOSSES | REWARDS).isdisjoint(said)


def _fold(found: re.Match[str] | None) -> str:
    return f"fold {int(found[1])}" if found else ""


class _NoHistory(Exception):
    """The text is no history."""


class _Reading:
    """Reads dictionaries of lists, or a list of such, from ``text[at:]`` to its end."""

    def __init__(self, text: str, at: int) -> None:
        self._text = text
        self._at = at
        self._found: list[_Lists] = []
        self._match = self._next()

    def trainings(self) -> list[list[_Lists]]:
        """All dictionaries that have lists, the outer ones first, of each training that is told."""
        several, told = self._is("["), list[list[_Lists]]()
        while not told or (several and self._is(",")):
            self._take("{")
            self._found = []
            self._dictionary([])
            told.append(self._found)
        if several:
            self._take("]")
        if self._match is not None or self._text[self._at :].strip():
            raise _NoHistory
        return told

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


def _curves(told: _Lists, part: str) -> list[Curve]:
    """The curves of one dictionary, of ``part`` if its keys say of no other; none where it is no history."""
    listed = {key: values for key, values in told.lists.items() if values}
    length = max(map(len, listed.values()), default=0)
    losses = any(not LOSSES.isdisjoint(words(key)[-1:]) for key in listed)
    whole = length > 1 and (len(listed) > 1 or length >= _MANY) and {len(v) for v in listed.values()} == {length}
    if not whole or not losses or any(map(counter_of, told.single)):
        return []
    folds = [_fold(found) for key in told.keys if (found := _FOLD.fullmatch(key))]
    of = [key for key in told.keys if not _FOLD.fullmatch(key)]
    counter = next((key for key in listed if counter_of(key)), "")
    places = listed.pop(counter, [float(x) for x in range(1, length + 1)])
    return [
        Curve(
            folds[-1] if folds else part,
            counter or "iteration",
            " ".join([*of, key]),
            list(zip(places, values, strict=True)),
        )
        for key, values in listed.items()
    ]
