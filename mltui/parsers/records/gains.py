"""Sentences on what a metric came to, as those print them who save what is best.

They begin with its name (``val_loss improved from 0.8 to 0.4``, ``Validation loss decreased (0.8 --> 0.4)``, ``Metric
val_loss improved. New best score: 0.4``), or end with its name and value (``New best model! val_loss: 0.4``).
"""

from __future__ import annotations

from itertools import pairwise, takewhile

from mltui.domain.words import word_set, words
from mltui.parsers.records.names import known
from mltui.parsers.records.record import Field, Record, new_field
from mltui.parsers.words.roles import Role, role_of
from mltui.parsers.words.tokens import Token
from mltui.parsers.words.vocabulary import AIMS, SAVES

_CHANGES = word_set("improved decreased increased reduced dropped rose fell went changed moved")
_REACHES = "reached"
# It came to no more than the best so far.
_FAILS = word_set("not improve")
# Between name and verb, and between verb and value.
_HELPING = word_set("has have was")
_LEADING = word_set("from by to none null")
_GOOD = word_set("best better")
_FOUND = SAVES - {"wrote", "writing"} | word_set("new found updated")
# Beside a name that is its own.
_BEST = word_set("new best better metric of value model")
_CHECKPOINT = "checkpoint"
_SAVED = word_set("checkpoint model weights snapshot")
_MARKS = frozenset("'\"`*")


def read_gain(tokens: list[Token], said: list[str], record: Record) -> None:
    """Make ``record`` one of what a metric came to, if its line is a sentence on that; ``said`` are its words."""
    if _FAILS.issubset(said):
        record.fields = [f for f in record.fields if not AIMS.issuperset(words(f.name))]  # "(target: 0.5)"
    changed = _REACHES in said or not _CHANGES.isdisjoint(said)
    if not changed and _SAVED.isdisjoint(said) and (_GOOD.isdisjoint(said) or _FOUND.isdisjoint(said)):
        return
    tokens = [token for token in tokens if token.kind != "gap"]
    found = (_changed(tokens) if changed else None) or _best(tokens, record)
    if found is not None:
        record.fields = [f for f in record.fields if f.counts and f.index < found.index] + [found]
        record.nameless = []
        record.past = record.recalls = False
        record.sentence = True


def _changed(tokens: list[Token]) -> Field | None:
    """The field of a sentence that says so with a verb."""
    said = (i for i, token in enumerate(tokens) if token.kind == "word" and i > 0)
    at = next((i for i in said if tokens[i].text.lower() in _CHANGES or tokens[i].text == _REACHES), 0)
    name = _name_before(tokens[:at])
    value = _value_behind(tokens[at:]) if name else None
    if value is None or role_of(name) is not Role.METRIC:
        return None
    before = sum(token.kind == "number" for token in takewhile(lambda token: token is not value, tokens))
    return new_field(name, before, decimal=True, unit=value.unit)


def _name_before(tokens: list[Token]) -> str:
    """The known words that ``tokens`` end with."""
    plain = [token.text for token in tokens if token.text not in _MARKS]
    while plain and plain[-1].lower() in _HELPING:
        plain.pop()
    name = list(takewhile(known, reversed(plain)))[::-1]
    return " ".join(name[1:] if len(name) > 1 and name[0].lower() == "metric" else name)


def _value_behind(tokens: list[Token]) -> Token | None:
    """The number that the verb at the beginning of ``tokens`` leads to."""
    verb, behind = tokens[0].text.lower(), tokens[1:]
    if verb == _REACHES:
        return behind[0] if behind and behind[0].kind == "number" else None
    for sign, value in pairwise(behind):
        if value.kind == "number" and _leads_to(sign):
            return value
        if sign.kind == "word" and sign.text.lower() not in _LEADING:
            break
    said = [token.text.lower() for token in behind]
    best = next((i for i in range(1, len(said)) if said[i] == "best" and said[i - 1] == "new"), len(said))
    rest = behind[best : best + 4]
    return next((b for a, b in pairwise(rest) if a.text in ":=" and b.kind == "number"), None)


def _leads_to(sign: Token) -> bool:
    return sign.kind == "arrow" or sign.text.lower() == "to" or (sign.kind == "bar" and sign.text[-1] == ">")


def _best(tokens: list[Token], record: Record) -> Field | None:
    """The one metric of a sentence that says first that it is a new best, that the best was saved, or what was."""
    measured = [f for f in record.fields if f.role is Role.METRIC or "best" in f.name.lower().split()]
    if len(measured) != 1 or measured[0].total is not None or measured[0].more:
        return None
    found = measured[0]
    if any(f is not found and f.explicit and f.decimal and not f.counts for f in record.fields):
        return None  # A line of figures that ends with the best.
    numbers = [i for i, token in enumerate(tokens) if token.kind == "number"]
    said = [token.text.lower() for token in tokens[: numbers[found.index]] if token.kind == "word"]
    if (_GOOD.isdisjoint(said) or _FOUND.isdisjoint(said)) and not _is_of_checkpoint(tokens):
        return None
    name = " ".join(w for w in found.name.split() if w.lower() not in _BEST)
    if role_of(name) is not Role.METRIC or not (found.decimal or found.unit):
        return None
    behind = tokens[numbers[found.index] + 1 :][:2]
    improved = len(behind) == 2 and _leads_to(behind[0]) and behind[1].kind == "number"  # "val_f1 0.51 -> 0.63"
    return new_field(name, found.index + improved, decimal=True, label=found.label, unit=found.unit)


def _is_of_checkpoint(tokens: list[Token]) -> bool:
    """Whether the sentence says what a checkpoint holds: ``Checkpoint: epoch 3, val_loss 0.31``.

    So does one on its saving: ``Saved checkpoint last.pt (epoch 3 @ 150 updates, score 2.441)``, ``Saving model (val
    loss 0.8)``.
    """
    said = [token.text.lower() for token in tokens[:4] if token.kind == "word"]
    saved = not (_SAVED.isdisjoint(said) or SAVES.isdisjoint(said[:1]))
    return saved or any(a.text.lower() == _CHECKPOINT and b.text == ":" for a, b in pairwise(tokens[:3]))
