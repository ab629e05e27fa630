"""The words of other programs: which numbers a log may tell that trains nothing, or that compares finished models.

An error, a score or a rate is told by any program; a loss or a reward by a training alone, unless it stands beside what
a service, a sensor or a trade tells. How good a model is, is told of finished models, too.
"""

from __future__ import annotations

from mltui.domain.words import METRIC_WORDS, MORE_IS_BETTER, SCOPE_WORDS, without_digits, word_set, words
from mltui.parsers.roles import FOLDER
from mltui.parsers.vocabulary import PARTS, PERCENTILES, QUALIFIERS

# What may be a code or a count of mistakes if it is whole.
_CODES = QUALIFIERS | word_set("ret err error errors quality erreur errore błąd fehler")
# What any program may tell of.
_EVERYDAY = _CODES | word_set("""
    rate score scores cost distance similarity coverage gap sharpe entropy variance
    success win failure detection acceptance completion collision target
""")
# Words that no other program has in front of a score.
_OWN = (METRIC_WORDS | SCOPE_WORDS.keys()) - _EVERYDAY
# How far predictions are off: they have the same unit.
_ERRORS = word_set("err error errors mae mse rmse medae mpjpe epe ade fde rpe")
# What is said of anything, as the word in front of it tells.
_ANYTHINGS = (("score",), ("error",), ("err",))
# What is made small or great in a training, and tells of one wherever it stands.
_TRAINED_ON = word_set("""
    loss losses cost reward rewards rew ret return returns likelihood loglik ll logprob elbo objective fitness
""")
# How good a model is, trained or not.
_MERITS = (MORE_IS_BETTER | word_set("wer cer")) - _TRAINED_ON
# What only services and machines tell of themselves.
_OF_SERVICES = PERCENTILES | word_set("latency ping jitter rtt qps rps requests replicas uptime setpoint")
# What only simulations and sensors measure.
_OF_NATURE = word_set("""
    temp press pressure humidity voltage poteng kineng toteng
""")
# What only trades and banks tell.
_OF_BUSINESS = word_set("""
    profit pnl equity price drawdown sharpe fees hashrate btc eth usd eur
""")


def is_everyday(name: str) -> bool:
    """Whether programs that train nothing have numbers of that ``name`` too."""
    parts = tuple(word for word in words(FOLDER.sub("", name)) if not word.isdigit())
    if parts[-1:] == ("rate",):
        parts = parts[-2:]  # In front of a rate stands of what it is: "Per-position acceptance rate".
    elif parts[-1:] in _ANYTHINGS and _OWN.isdisjoint(without_digits(parts)):
        parts = parts[-1:]  # "drift_score", "sensor error" are no training's own, "f1_score" is.
    elif parts[:1] and parts[0] in PARTS:
        parts = parts[1:] or parts  # Services have a "server error" too.
    return _EVERYDAY.issuperset(parts)


def judges_models(name: str) -> bool:
    """Whether ``name`` says how good a model is, which trained ones are compared by, too."""
    own = without_digits(words(name))
    return not own.isdisjoint(_MERITS) and own.isdisjoint(_TRAINED_ON)


def is_of_service(name: str) -> bool:
    """Whether a service tells its users' numbers so, and no training its steps'."""
    return not _OF_SERVICES.isdisjoint(words(name))


def is_of_nature(name: str) -> bool:
    """Whether a simulation or a sensor measures what is called so."""
    return not _OF_NATURE.isdisjoint(words(name))


def is_of_business(name: str) -> bool:
    """Whether what is called so is money that is made or lost."""
    return not _OF_BUSINESS.isdisjoint(words(name))


def is_error(name: str, of_model: bool) -> bool:
    """Whether ``name`` says how far off something is: ``of_model``, in a word that no other program has."""
    own = set(words(name)) & _ERRORS
    return bool(own - _EVERYDAY if of_model else own)


def may_be_code(name: str) -> bool:
    """Whether a whole number of that ``name`` may be what a program returned, or how often it failed."""
    return _CODES.issuperset(words(name))
