"""What a metric's name says: which metric, of which part of the data, and whether less of it is better."""

from __future__ import annotations

import re
from enum import StrEnum
from functools import lru_cache
from typing import NamedTuple


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


_SCOPES = {
    "train": Scope.TRAIN, "training": Scope.TRAIN, "tr": Scope.TRAIN,
    "val": Scope.VALIDATION, "valid": Scope.VALIDATION, "validation": Scope.VALIDATION, "eval": Scope.VALIDATION,
    "evaluation": Scope.VALIDATION, "dev": Scope.VALIDATION,
    "test": Scope.TEST, "testing": Scope.TEST,
}  # fmt: skip
_BRACKET = re.compile(r"^\s*[\[(<]([^\])>]*)[\])>]\s*")
_SOURCE = re.compile(r"^(?:rank|fold|worker|gpu|node)[ _:=-]?\d+$", re.IGNORECASE)
_WORDS = re.compile(r"[\s/_.:\-]+")
_POSSESSIVE = re.compile(r"(?<=\w)'s\b")
"""LightGBM writes ``valid_0's l2``."""
_VALID_SET = re.compile(r"^(valid|train|eval|test)_\d+$", re.IGNORECASE)
_PERIODS = {"epoch", "step"}
"""How often a metric is logged, where a name begins or ends with it (``train_loss_epoch``): its x says that too."""
_AVERAGED = {"average", "avg", "mean"}
"""A loss over a validation set is one, be it said (PyTorch's MNIST: ``Test set: Average loss``) or not."""
_SYNONYMS = {"acc": "accuracy", "learning_rate": "lr", "learningrate": "lr"}
_MAX_WORDS = re.compile(
    r"acc|auc|auroc|f1|fbeta|precision|recall|iou|dice|map\b|bleu|rouge|score|r2|psnr|ssim|reward|return|likelihood"
    r"|top\d|hit|ndcg|mrr|kappa|mcc|correct|win|success",
)


@lru_cache(maxsize=4096)
def parse_name(name: str) -> MetricName:
    """``name`` taken apart; words about the scope may stand in front or behind, set off by ``_ / . : -`` or a blank."""
    source = ""
    while found := _BRACKET.match(name):
        inner = found.group(1).strip()
        source = source or ("" if inner.lower() in _SCOPES else inner)
        name = f"{inner}_{name[found.end() :]}" if inner.lower() in _SCOPES else name[found.end() :]
    words = [w for w in _WORDS.split(_POSSESSIVE.sub("", name.strip())) if w]
    scope, words = _take_scope(words)
    if len(words) > 1 and _SOURCE.match(words[0]):
        source, words = words[0], words[1:]
        scope, words = (scope, words) if scope else _take_scope(words)
    if len(words) > 1 and words[-1].lower() in _PERIODS:
        words = words[:-1]
    if len(words) > 1 and words[0].lower() in _PERIODS:
        words = words[1:]
    if scope in (Scope.VALIDATION, Scope.TEST) and words[1:] in (["loss"], ["Loss"]) and words[0].lower() in _AVERAGED:
        words = words[1:]
    metric = "_".join(words).lower() or name.strip()
    return MetricName(_SYNONYMS.get(metric, metric), scope, source)


def _take_scope(words: list[str]) -> tuple[Scope | None, list[str]]:
    if len(words) > 2 and words[1].isdigit() and _VALID_SET.match(f"{words[0]}_{words[1]}"):
        return _SCOPES[words[0].lower()], words[2:]
    for at in (0, -1):
        if len(words) > 1 and words[at].lower() in _SCOPES:
            return _SCOPES[words[at].lower()], words[1:] if at == 0 else words[:-1]
    return None, words


def goal_of(metric: str) -> Goal:
    """Whether the best value of a metric is its greatest; by name, the smallest where the name says nothing."""
    lowered = metric.lower()
    if "loss" in lowered or "error" in lowered or "perplexity" in lowered:
        return Goal.MIN
    return Goal.MAX if _MAX_WORDS.search(lowered) else Goal.MIN


def is_learning_rate(metric: str) -> bool:
    """Whether the metric is an optimiser's learning rate: a setting that the log repeats rather than a result."""
    return metric in {"lr", "learning_rate"} or metric.startswith("lr_") or metric.endswith("_lr")
