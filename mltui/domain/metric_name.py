"""What a metric's name says: which metric, of which part of the data, and whether less of it is better."""

from __future__ import annotations

import re
from enum import StrEnum
from functools import lru_cache
from typing import NamedTuple

from mltui.domain.metric import MetricKind, SeriesKey
from mltui.domain.words import AVERAGED, PERIODS, SCOPE_WORDS, SYNONYMS, better_end, says_learning_rate, words


class Scope(StrEnum):
    """The part of the data that a metric was measured on."""

    TRAIN = "train"
    VALIDATION = "val"
    TEST = "test"


class Goal(StrEnum):
    """Which end of a metric is the good one."""

    MIN = "min"
    MAX = "max"


class MetricName(NamedTuple):
    """A name taken apart: ``[rank0] val_loss`` is metric ``loss``, scope validation, source ``rank0``."""

    metric: str
    scope: Scope | None
    source: str
    """Rank, fold or other prefix that tells several makers of one metric apart; empty for the usual one."""


_BRACKET = re.compile(r"^\s*[\[(<]([^\])>]*)[\])>]\s*")
_SOURCE = re.compile(r"^(?:rank|fold|worker|gpu|node)[ _:=-]?\d+$", re.IGNORECASE)
_PARTS = re.compile(r"[\s/_.:\-]+")
_POSSESSIVE = re.compile(r"(?<=\w)'s\b")
"""LightGBM writes ``valid_0's l2``."""
_VALID_SET = re.compile(r"^(valid|train|eval|test)_\d+$", re.IGNORECASE)


@lru_cache(maxsize=4096)
def parse_name(name: str) -> MetricName:
    """``name`` taken apart; words about the scope may stand in front or behind.

    They are set off by ``_ / . : -`` or a blank, or written as one with the metric (``valLoss``, ``trainloss``).
    """
    source = ""
    while found := _BRACKET.match(name):
        inner = found.group(1).strip()
        source = source or ("" if inner.lower() in SCOPE_WORDS else inner)
        name = f"{inner}_{name[found.end() :]}" if inner.lower() in SCOPE_WORDS else name[found.end() :]
    parts = [w for w in _PARTS.split(_POSSESSIVE.sub("", name.strip())) if w]
    scope, parts = _take_scope(parts)
    if len(parts) > 1 and _SOURCE.match(parts[0]):
        source, parts = parts[0], parts[1:]
        scope, parts = (scope, parts) if scope else _take_scope(parts)
    if len(parts) > 1 and parts[-1].lower() in PERIODS:
        parts = parts[:-1]
    if len(parts) > 1 and parts[0].lower() in PERIODS:
        parts = parts[1:]
    if scope in (Scope.VALIDATION, Scope.TEST) and parts[1:] in (["loss"], ["Loss"]) and parts[0].lower() in AVERAGED:
        parts = parts[1:]
    metric = "_".join(parts).lower() or name.strip()
    return MetricName(SYNONYMS.get(metric, metric), scope, source)


def _take_scope(parts: list[str]) -> tuple[Scope | None, list[str]]:
    """The scope that a name's parts begin or end with, and the other parts."""
    if len(parts) > 2 and parts[1].isdigit() and _VALID_SET.match(f"{parts[0]}_{parts[1]}"):
        return _scope(parts[0]), parts[2:]
    for at, rest in ((0, parts[1:]), (-1, parts[:-1])):
        if rest and (scope := _scope(parts[at])):
            return scope, rest
    return _take_joined(parts)


def _take_joined(parts: list[str]) -> tuple[Scope | None, list[str]]:
    """The scope that is written as one with the first or last part: ``valLoss``, ``accTrain``, ``训练损失``."""
    if not parts:
        return None, parts
    first, last = words(parts[0]), words(parts[-1])
    if len(first) > 1 and (scope := _scope(first[0])):
        rest = parts[0][len(first[0]) :] if parts[0].lower().startswith(first[0]) else ""
        return scope, ["".join(first[1:]) if not rest.isascii() else rest, *parts[1:]]
    if len(last) > 1 and (scope := _scope(last[-1])) and parts[-1].lower().endswith(last[-1]):
        return scope, [*parts[:-1], parts[-1][: -len(last[-1])]]
    return None, parts


def _scope(word: str) -> Scope | None:
    found = SCOPE_WORDS.get(word.lower())
    return Scope(found) if found else None


def goal_of(metric: str) -> Goal | None:
    """Which end of a metric is the good one by its name, ``None`` where the name says nothing (an entropy, a norm)."""
    return {-1: Goal.MIN, 1: Goal.MAX}.get(better_end(metric))


def goal_of_series(key: SeriesKey) -> Goal | None:
    """The good end of a series by its name and kind: more throughput is better."""
    return Goal.MAX if key.kind is MetricKind.THROUGHPUT else goal_of(parse_name(key.name).metric)


def is_learning_rate(metric: str) -> bool:
    """Whether the metric is an optimiser's learning rate: a setting that the log repeats rather than a result."""
    return says_learning_rate(words(metric)) and goal_of(metric) is None
