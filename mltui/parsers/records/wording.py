"""Words of a line: units behind numbers, values that are no numbers, and all others, which gather in the phrase."""

from __future__ import annotations

import re
from itertools import pairwise, takewhile

from mltui.domain.words import scope_of, word_set
from mltui.parsers.records.names import SCOPE_KEYS, known, may_be_in, measures
from mltui.parsers.records.record import Field, Nameless, new_field
from mltui.parsers.records.walk import Bracket, Walk
from mltui.parsers.words.everyday import is_error
from mltui.parsers.words.roles import Role, role_of
from mltui.parsers.words.tokens import WRAPPER, Token
from mltui.parsers.words.units import MONEY, SIZE_UNITS, TIME_UNITS, VALUE_UNITS, is_physical
from mltui.parsers.words.vocabulary import ABOUT, is_piece

_WRAPPER = re.compile(WRAPPER)
# In front of a measure, or behind it: it is told of each class.
_PER_CLASS = re.compile(r"per\b|class|each$", re.I)
_PAST = word_set("""
    best last previous
""")
_BATCHES = {
    **dict.fromkeys(("batch", "batches", "minibatches"), "batch"),
    **dict.fromkeys(("iter", "iters", "iterations", "it", "its"), "iteration"),
    **dict.fromkeys(("step", "steps"), "step"),
    "epochs": "epoch",
}
# Behind what is counted: "3 epochs done."
_DONE = word_set("""
    done finished completed complete
""")
# Behind the numbers of texts: "a loss of 12.5 million dollars".
_MAGNITUDES = word_set("""
    hundred thousand million billion trillion
""")


def take_word(walk: Walk, token: Token) -> None:
    """Read a word."""
    if walk.after_number() and any(reads(walk, token) for reads in (_is_counted, _is_unit, _ends_range)):
        return
    if token.text[0].isupper() and walk.touches_number(token):
        walk.boundary()  # Another message begins behind the number without a line end.
    if walk.separator and walk.phrase:
        if _WRAPPER.fullmatch(token.text) and (opening := walk.next()) and opening.text == "(":
            walk.go_to(opening)
            walk.brackets.append(Bracket.WRAP)
            return
        _take_text(walk, token)
        return
    walk.phrase.append(token.text)


def _is_counted(walk: Walk, token: Token) -> bool:
    """Whether the word says what the number without a name before it counts.

    ``10/80 batches``, ``1.50 epochs: ``, ``50 steps   1.68 bits_per_char``.
    """
    last, following, text = walk.last, walk.next(), token.text.lower()
    if not isinstance(last, Nameless) or text not in _BATCHES:
        return False
    ends = following is not None and following.text in ":="
    if not (last.place == "start" and (ends or _begins_row(walk))) if last.total is None else ends:
        return False
    walk.record.nameless.remove(last)
    walk.last = new_field(_BATCHES[text], last.index, decimal=last.decimal, label=walk.label)
    walk.last.total = last.total
    walk.record.fields.append(walk.last)
    return True


def _begins_row(walk: Walk) -> bool:
    """Whether the word behind a count ends a column, or a sentence, in front of what is measured.

    ``50 steps | loss 0.5``, ``3 epochs done. loss=0.5``.
    """
    last, behind, word = walk.last, walk.tokens[walk.i + 1 : walk.i + 2], walk.tokens[walk.i].text.lower()
    if not behind or not isinstance(last, Nameless) or last.decimal:
        return False
    column = (behind[0].kind == "gap" or behind[0].text in "|;") and word != "epochs"
    ends = column or behind[0].text.lower() in _DONE
    return ends and any(token.kind == "word" and measures(token.text) for token in walk.tokens[walk.i :])


def _is_unit(walk: Walk, token: Token) -> bool:
    """Whether the word says in what the number before it is measured, or what it counts."""
    last, text, following = walk.last, token.text, walk.next()
    value = walk.next(2)
    signed = following is not None and following.text in ":="
    names_value = signed and value is not None and value.kind == "number"  # "0.3 min: 0.1 max: 0.9"
    spent = isinstance(last, Nameless) and last.decimal and not last.first and text in TIME_UNITS and not names_value
    if (signed and not spent) or _names_next(walk, text) or _is_whose(walk, token):
        return False
    near = [token.kind for token in walk.tokens[walk.i - 1 : walk.i + 2 : 2]]
    if len(text) == 1 and near == ["gap", "word"] and following is not None and measures(following.text):
        return False  # "D loss: 1.4  G loss: 0.7"
    if following is not None and following.kind == "number" and "/s" in text and isinstance(last, Field):
        # As in "loss 0.5 tokens/s 1003": where each name stands before its value it is the next one's.
        return last.role is Role.THROUGHPUT
    if isinstance(last, Nameless) and last.total is not None and (is_piece(text) or text.lower() == "workers"):
        walk.record.nameless.remove(last)
        walk.last = None
        return True
    if spent and isinstance(last, Nameless):
        walk.record.nameless.remove(last)
        walk.last = None
        return True
    if isinstance(last, Field) and not last.unit and (text in TIME_UNITS or text in SIZE_UNITS or "/s" in text):
        last.unit = text
        if last.role is not Role.COUNTER and not may_be_in(last.name, text):
            last.role = Role.THROUGHPUT if "/s" in text else Role.OTHER
        return True
    if isinstance(last, Field) and not last.unit and text in MONEY:
        last.unit = text
        return True
    if isinstance(last, Field) and text in _MAGNITUDES:
        last.role = Role.OTHER
        return True
    return text in VALUE_UNITS or (isinstance(last, Field) and is_physical(text) and may_be_in(last.name, text))


def _ends_range(walk: Walk, token: Token) -> bool:
    """Take ``steps 1 to 100`` as standing at its end."""
    end = walk.next()
    return token.text == "to" and end is not None and end.text.isdigit() and walk.take_end_of_range(end)


def _names_next(walk: Walk, text: str) -> bool:
    """Whether a word that may be a unit names what stands behind it: ``ppl 9.8 bpc 1.4``."""
    if text not in VALUE_UNITS or not measures(text):
        return False
    following, value = walk.next(), walk.next(2)
    if following is not None and (following.kind == "arrow" or following.text in ("is", "~")):
        following = value
    return following is not None and following.kind == "number"


def _is_whose(walk: Walk, token: Token) -> bool:
    """Whether the letter behind a loss says whose the next one is: ``D loss: 0.5 G loss: 0.7``."""
    last, following = walk.last, walk.next()
    loss = isinstance(last, Field) and last.role is Role.METRIC and not is_error(last.name, of_model=False)
    return loss and len(token.text) == 1 and token.text.isupper() and following is not None and measures(following.text)


def _take_text(walk: Walk, token: Token) -> None:
    """Read a word behind a separator as the value of what the phrase names: ``split=valid``."""
    key = walk.phrase[-1].lower()
    walk.note_past(walk.phrase)
    if walk.brackets and not _PAST.isdisjoint(w.lower() for w in walk.phrase):
        walk.brackets[-1] = Bracket.SETTINGS  # "(best: epoch 3, loss 0.31)" says what was.
    if key in SCOPE_KEYS and scope_of(token.text):
        walk.record.scope = token.text
        walk.clear()
    elif walk.separator == "=":
        walk.note_source([token.text])
        walk.clear()
    else:
        if measure := _measure_of_parts(walk):
            walk.outer = measure
        elif not walk.record.fields and not walk.record.lead and len(walk.phrase) <= 3:
            walk.record.lead = " ".join(walk.phrase)
        walk.note_source(walk.phrase)
        walk.note_said()
        walk.close_label()
        walk.phrase, walk.separator = [token.text], ""


def _parts_told(rest: list[Token]) -> list[str]:
    """The parts of the data that a line goes on with, ``train=0.5, val=0.6``, as far as it tells nothing else."""
    names = [name.text for name, sign in pairwise(rest) if name.kind == "word" and sign.text in ":="]
    return list(takewhile(lambda name: role_of(name) is Role.SCOPE, names))


def _measure_of_parts(walk: Walk) -> str:
    """The measure in front of a colon whose parts stand behind it: ``Dice per organ: liver: 0.91, spleen: 0.82``."""
    phrase, rest = walk.phrase, walk.tokens[walk.i :]
    end = next((i for i, word in enumerate(phrase) if word.lower() in ABOUT), len(phrase))
    signs = ":=" if any(_PER_CLASS.match(word) for word in phrase) else ":"
    names = [name.text for name, sign in pairwise(rest) if name.kind == "word" and sign.text in signs]
    apart = len(names) > 1 and all(role_of(name) is Role.UNKNOWN for name in names)
    apart = apart or len(_parts_told(rest)) > 1
    if walk.brackets or walk.outer or not apart or not end or not measures(phrase[end - 1]):
        return ""
    return " ".join(phrase[:end]) if all(map(known, phrase[:end])) else ""
