"""What a phrase of a line says: the name of the number behind it, or prose."""

from __future__ import annotations

import re

from mltui.domain.words import scope_of, word_set, words
from mltui.parsers.words.everyday import is_error
from mltui.parsers.words.roles import Role, counter_of, role_of
from mltui.parsers.words.units import MONEY, SIZE_UNITS, TIME_UNITS, VALUE_UNITS, is_physical
from mltui.parsers.words.vocabulary import EXAMPLES, IDENTIFIERS, PARTS, QUALIFIERS, WHO, is_piece

STOP = word_set("""
    finished with and a an the is was has got achieved reached new had by current ended done completed
    complete results result info of at end start yields gives
""")
#: Words in brackets, and in front of a colon, that tell no series apart.
NO_TAGS = word_set("""
    main trainer log logs logger info metrics metric progress status result results summary report system master
    root app model best new start end done ok stdout stderr pipeline worker
""")
#: Keys whose value, a text, may say of which of several things an object speaks.
SOURCE_KEYS = WHO | word_set("""
    model dataset task env algo algorithm method variant arch experiment exp run name host corpus
""")
#: Keys whose value says of what data a line speaks: ``split=valid``.
SCOPE_KEYS = word_set("""
    split phase mode stage set subset partition prefix
""")
#: What is in brackets behind these was set.
SETTINGS = word_set("""
    params parameters config args hparams hyperparameters settings kwargs options parameter
""")
# Words that say what is done with the data, and of which only where nothing else does.
_DOING = word_set("""
    eval evaluation evaluating validate validating
""")

# In front of the data that something was measured on.
_ON = word_set("on over for")

#: A counter is named within so many words; phrases of prose are longer.
_COUNTER_WORDS = 16
# What may stand in capitals without being a name.
_LOUD = NO_TAGS | STOP | word_set("debug warn warning error critical notice trace fatal phase mode")
# What tells one of very many things from the others, in the spelling of programs.
_IDENTIFIER = re.compile(r"(?=[^\W_]{0,40}\d)(?=\d{0,40}[A-Za-z])[^\W_]{4,40}(?:-[^\W_]{2,40}){0,8}")
_DATA_SET = re.compile(r"(?=(?:.*[A-Z]){3})(?=.*[-\d]|[A-Z]{4,8}$)[A-Z][\w-]+$")


def is_data_set(word: str) -> bool:
    """Whether ``word`` looks like what a set of data is called: ``STS-B``, ``MRPC``, ``CIFAR10``."""
    return _DATA_SET.match(word) is not None and word.lower() not in _LOUD and not (known(word) or counter_of(word))


def identifies(key: str, value: str) -> bool:
    """Whether ``value`` tells one of very many things from the others: ``id=2e219e``, but no run from another one.

    Of a piece of data, ``file=cat.png``, any text does.
    """
    said = words(key)
    if not said or not SOURCE_KEYS.isdisjoint(said):
        return False
    if is_piece(said[-1]) or said[-1] in EXAMPLES:
        return not value.lstrip("-").isdigit()
    return said[-1] in IDENTIFIERS and _IDENTIFIER.fullmatch(value) is not None


def may_be_in(name: str, unit: str) -> bool:
    """Whether what is called ``name`` may be measured in ``unit``: an error is in that of what is predicted."""
    if unit in VALUE_UNITS:
        return True
    if unit in TIME_UNITS and unit != "m":
        return is_error(name, of_model=True)
    return is_error(name, of_model=False) and (is_physical(unit) or not (unit in SIZE_UNITS or "/" in unit))


def says_unit(name: str, inner: str) -> bool:
    """Whether what is in brackets behind ``name`` is a unit that it may be measured in: ``RMSE (m)``, ``mae [EUR]``."""
    unit = is_physical(inner) or inner in TIME_UNITS or inner in VALUE_UNITS or inner in MONEY
    return unit and measures(name) and may_be_in(name, inner)


def measures(word: str) -> bool:
    """Whether ``word`` by itself says what is measured."""
    return role_of(word) is Role.METRIC


def scope_word(phrase: list[str]) -> str:
    """The word of ``phrase`` that says of what data it speaks; what is done with them goes behind: ``eval dev``."""
    found = [word for word in phrase if scope_of(word)]
    return next((word for word in found if word.lower() not in _DOING), found[0] if found else "")


def _is_of(parts: list[str], i: int) -> bool:
    """Whether word ``i`` is the "of" of a name: ``Std of Reward``, ``test error of best model``."""
    return i > 0 and parts[i].lower() == "of" and (parts[i - 1].lower() in QUALIFIERS or measures(parts[i - 1]))


def _is_letter(parts: list[str], explicit: bool) -> bool:
    """Whether a name ends with the letter of one of several: ``Loss A: 0.5, Loss B: 0.6``."""
    return explicit and parts[-1] == "A" and len(parts) > 1


def known(word: str) -> bool:
    """Whether ``word`` belongs to the names of the field."""
    lower = word.lower()
    return (
        all(part in QUALIFIERS for part in lower.split("/"))
        or lower.startswith("per-")
        or bool(scope_of(word))
        or lower in PARTS
        or role_of(word) in (Role.METRIC, Role.SCHEDULE, Role.THROUGHPUT)
    )


def inside(outer: str, name: str) -> str:
    """The full name of ``name`` in a bracket behind ``outer``: one that says all of the other stands for both."""
    own, around = set(words(name)), set(words(outer))
    if not outer or own >= around:
        return name
    return outer if own <= around else f"{outer} {name}"


def name_of(phrase: list[str], explicit: bool) -> tuple[str, list[str]]:
    """The name at the end of ``phrase``, and the words before it. An empty name: the phrase is prose.

    ``explicit``: the line says that a name stands there, by a colon or its form; else its words have to be known.
    """
    parts = list(phrase)
    while len(parts) > explicit and parts[-1].lower() in ("is", "of", "was", "a") and not _is_letter(parts, explicit):
        parts.pop()
    if counted := _counter_at_end(parts, explicit):
        return counted
    if on_data := _on_data(parts, explicit):
        return on_data
    if explicit and len(parts) - (cut := _end_of_sentence(parts)) <= 4:
        return " ".join(parts[cut:]), parts[:cut]
    return _known_at_end(parts, explicit)


def _counter_at_end(parts: list[str], explicit: bool) -> tuple[str, list[str]] | None:
    near = max(0, len(parts) - _COUNTER_WORDS)
    start = next((i for i in range(near, len(parts)) if counter_of(" ".join(parts[i:]))), None)
    if start is None:
        return None
    if explicit and any(measures(w) for w in parts[:start]):
        return " ".join(parts), []  # "Training acc over epoch: 0.75" names a metric, not an epoch.
    return " ".join(parts[start:]), parts[:start]


def _on_data(parts: list[str], explicit: bool) -> tuple[str, list[str]] | None:
    """The name of what was measured on a part of the data: ``Accuracy on the validation set: 0.5``, ``loss on dev 1``.

    In front of a sign ``loss on dev`` is a name as it is.
    """
    at = next((i for i in range(1, len(parts) - 1) if parts[i].lower() in _ON and measures(parts[i - 1])), 0)
    the = parts[at + 1].lower() == "the" if at else False
    data = parts[at + 1 + the : at + 4]
    if not at or the < explicit or len(parts) > at + 4 or not data or not scope_of(data[0]) or measures(data[-1]):
        return None
    start = at - 1
    while start > 0 and known(parts[start - 1]):
        start -= 1
    return " ".join([data[0], *parts[start:at]]), parts[:start]


def _end_of_sentence(parts: list[str]) -> int:
    """Where a name may begin: behind the last word that is in no name."""
    ends = [i + 1 for i, w in enumerate(parts[:-1]) if w.lower() in STOP and not (_is_of(parts, i) or (i and w == "A"))]
    cut = max(ends, default=0)
    # "Current best" beside "Global best"
    return cut - 1 if cut and parts[cut:] == ["best"] else cut


def _known_at_end(parts: list[str], explicit: bool) -> tuple[str, list[str]]:
    """The name that the known words at the end are, if those before it may stand in front of a name."""
    rate = len(parts) > 1 and words(parts[-1]) in (("rate",), ("rates",)) and known(" ".join(parts[-2:]))
    whose = len(parts) > 1 and len(parts[-1]) == 1 and parts[-1].isupper() and measures(parts[-2])  # "Loss D 0.5"
    if not (rate or explicit or whose or (parts and (known(parts[-1]) or role_of(parts[-1]) is Role.OTHER))):
        return "", parts
    start = len(parts) - 1 - rate
    while start > 0 and known(parts[start - 1]):
        start -= 1
    if start < len(parts) - 1 and parts[start].lower() == "the":
        start += 1  # "the training loss was 0.5"
    left = parts[:start]
    prose = any(w.lower() not in STOP and not scope_of(w) and not counter_of(w) for w in left)
    return ("", parts) if prose and not explicit else (" ".join(parts[start:]), left)
