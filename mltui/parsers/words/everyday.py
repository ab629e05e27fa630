"""The words of other programs: which numbers a log may tell that trains nothing, or that compares finished models.

An error, a score or a rate is told by any program; a loss or a reward by a training alone, unless it stands beside what
a service, a sensor or a trade tells. How good a model is, is told of finished models, too.
"""

from __future__ import annotations

from collections.abc import Iterable

from mltui.domain.words import (
    ERRORS,
    LOSSES,
    METRIC_WORDS,
    MORE_IS_BETTER,
    SCOPE_WORDS,
    without_digits,
    word_set,
    words,
)
from mltui.parsers.words.roles import FOLDER, thing_measured
from mltui.parsers.words.units import MONEY
from mltui.parsers.words.vocabulary import (
    HOW_OFTEN,
    OBJECTIVES,
    PARTS,
    PERCENTILES,
    QUALIFIERS,
    REQUEST_RATES,
    RESPONSE_TIMES,
)

# What a program returned, or how often it went wrong, if it is whole.
_CODES = QUALIFIERS | ERRORS | word_set("ret quality")
# Names that are made of these words alone are told by any program.
_EVERYDAY = (
    _CODES
    | HOW_OFTEN
    | word_set("""
    rate score scores cost distance similarity coverage diversity gap sharpe entropy variance target
""")
)
# What may be told of anything: the word in front of it says of what.
_OF_ANYTHING = ERRORS | word_set("score")
# In front of these words only a training has.
_OF_TRAININGS = METRIC_WORDS.union(SCOPE_WORDS) - _EVERYDAY
# How far predictions are off, in the unit of what is predicted.
_DISTANCES = ERRORS | word_set("mae mse rmse medae mpjpe epe ade fde rpe")
# How far off a model is in one of its outputs.
_OF_OUTPUTS = LOSSES | _DISTANCES | word_set("acc accuracy")
# How good a model is, trained or not.
_MERITS = (MORE_IS_BETTER | word_set("wer cer")) - OBJECTIVES
# What only services and machines tell of themselves.
_OF_SERVICES = PERCENTILES | RESPONSE_TIMES | REQUEST_RATES
_OF_SERVICES |= word_set("requests replicas uptime setpoint iowait idle")
# What only simulations and sensors measure.
_OF_NATURE = word_set("""
    temp press pressure humidity wind voltage lat lon latitude longitude altitude poteng kineng toteng
""")
# What only trades and banks tell.
_OF_BUSINESS = frozenset(map(str.lower, MONEY)) | word_set("""
    profit pnl equity price drawdown sharpe fees hashrate
""")
# What only other programs tell beside each other: of a price in a span of time, and of a disk.
_TOGETHER = (word_set("open high low close"), word_set("read write seek"))


def is_everyday(name: str) -> bool:
    """Whether programs that train nothing have numbers of that ``name``, too: ``error rate``, ``drift_score``."""
    parts = tuple(word for word in words(FOLDER.sub("", name)) if not word.isdigit())
    if parts[-1:] == ("rate",):
        parts = parts[-2:]  # In front of a rate stands of what it is: "Per-position acceptance rate".
    elif not _OF_ANYTHING.isdisjoint(parts[-1:]) and _OF_TRAININGS.isdisjoint(without_digits(parts)):
        parts = parts[-1:]  # "drift_score", "sensor error" are no training's own, "f1_score" is.
    elif parts[:1] and parts[0] in PARTS:
        parts = parts[1:] or parts  # Services have a "server error" too.
    return _EVERYDAY.issuperset(parts)


def judges_models(name: str) -> bool:
    """Whether ``name`` says how good a model is, as finished ones are compared by, and not what it is trained for."""
    own = without_digits(words(name))
    return not own.isdisjoint(_MERITS) and own.isdisjoint(OBJECTIVES)


def is_of_service(name: str) -> bool:
    """Whether only a service or a machine tells a number of that ``name``, of itself: ``latency``, ``replicas``."""
    return not _OF_SERVICES.isdisjoint(words(name))


def is_of_nature(name: str) -> bool:
    """Whether only a simulation or a sensor tells a number of that ``name``: ``pressure``."""
    return not _OF_NATURE.isdisjoint(words(name))


def is_of_business(name: str) -> bool:
    """Whether only a trade or a bank tells a number of that ``name``, what is made or lost: ``profit``, ``usd``."""
    return not _OF_BUSINESS.isdisjoint(words(name))


def is_of_model(name: str) -> bool:
    """Whether ``name`` says how far off a model is in what it predicts: ``price_mae``; ``profit_loss`` is a balance."""
    parts = words(name)
    told = len(parts) > 1 and parts[-1] in _OF_OUTPUTS and parts[-2:] != ("profit", "loss")
    return told or bool(thing_measured(name))


def are_of_others(names: Iterable[str]) -> bool:
    """Whether only a trade, a machine, a simulation or a sensor tells numbers of these ``names`` beside each other."""
    said = [name.lower() for name in names]
    foreign = sum(is_of_nature(name) or is_of_service(name) for name in said)
    return foreign > 1 or foreign == len(said) or any(each.issubset(said) for each in _TOGETHER)


def is_error(name: str, of_model: bool) -> bool:
    """Whether ``name`` says how far off something is: ``of_model``, in a word that no other program has."""
    own = set(words(name)) & _DISTANCES
    return bool(own - ERRORS if of_model else own)


def may_be_code(name: str) -> bool:
    """Whether a whole number of that ``name`` may be what a program returned, or how often it went wrong."""
    return _CODES.issuperset(words(name))
