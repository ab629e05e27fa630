"""Words of a line: units behind numbers, values that are no numbers, and all others, which gather in the phrase."""

from __future__ import annotations

import re
from itertools import pairwise, takewhile

from mltui.domain.words import scope_of, word_set
from mltui.parsers.records.names import SCOPE_KEYS, known, may_be_in, measures
from mltui.parsers.records.record import Field, Nameless, new_field
from mltui.parsers.records.walk import Bracket, Walk
from mltui.parsers.words.everyday import is_error, is_everyday
from mltui.parsers.words.roles import Role, role_of
from mltui.parsers.words.tokens import WRAPPER, Token
from mltui.parsers.words.units import MONEY, SIZE_UNITS, TIME_UNITS, VALUE_UNITS, is_physical
from mltui.parsers.words.vocabulary import ABOUT, BATCHES, LIMITS, OVER, is_piece

_WRAPPER = re.compile(WRAPPER)
# In front of a measure, or behind it: it is told of each class.
_PER_CLASS = re.compile(r"per\b|class|each$", re.I)
_PAST = word_set("""
    best last previous
""")
# What a number in front of a word counts.
_COUNTED = BATCHES | {"batch": "batch", "iter": "iteration", "it": "iteration", "step": "step", "epochs": "epoch"}
# Of so many in all, these say nothing of where the training stands.
_NO_PLACES = word_set("""
    workers correct right wrong solved
""")
# Behind the numbers of texts: "a loss of 12.5 million dollars".
_MAGNITUDES = word_set("""
    hundred thousand million billion trillion
""")


def take_word(walk: Walk, token: Token) -> None:
    """Read a word."""
    if walk.after_number() and any(reads(walk, token) for reads in (_is_counted, _is_unit, _ends_range)):
        return
    if isinstance(walk.last, Field) and _compares(walk, token):
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


def _compares(walk: Walk, token: Token) -> bool:
    """Pass over what the value in front is compared with: ``iou 0.51 vs 0.7``, ``acc 0.81 vs baseline 0.7``.

    What is told of another part of the data is no limit: ``train acc 0.8 vs. test acc 0.7``.
    """
    if token.text.lower() not in ("vs", "versus") or not walk.after_number():
        return False
    if walk.next_text() == "." and (point := walk.next()):
        walk.go_to(point)
    behind, limit = walk.next(), walk.next(2)
    if behind is not None and behind.text.lower() in LIMITS and limit is not None and limit.kind == "number":
        walk.go_to(behind)
    walk.skip_next = walk.next_kind() == "number"
    return walk.skip_next or (behind is not None and bool(scope_of(behind.text)))


def _is_counted(walk: Walk, token: Token) -> bool:
    """Whether the word says what the number without a name before it counts.

    ``10/80 batches``, ``1.50 epochs: ``, ``50 steps   1.68 bits_per_char``.
    """
    last, following, text = walk.last, walk.next(), token.text.lower()
    if not isinstance(last, Nameless) or text not in _COUNTED:
        return False
    ends = following is not None and following.text in ":="
    if not (last.place == "start" and (ends or _begins_row(walk))) if last.total is None else ends:
        return False
    walk.record.nameless.remove(last)
    walk.last = new_field(_COUNTED[text], last.index, decimal=last.decimal, label=walk.label)
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
    ends = column or behind[0].text.lower() in OVER
    return ends and any(token.kind == "word" and measures(token.text) for token in walk.tokens[walk.i :])


def _is_unit(walk: Walk, token: Token) -> bool:
    """Whether the word says in what the number before it is measured, or what it counts."""
    last, text = walk.last, token.text
    if _begins_name(walk, token):
        return False
    if isinstance(last, Nameless) and (_is_spent(walk, text) or _are_pieces(last, text)):
        walk.record.nameless.remove(last)
        walk.last = None
        return True
    return (isinstance(last, Field) and _take_unit(last, text)) or text in VALUE_UNITS


def _begins_name(walk: Walk, token: Token) -> bool:
    """Whether a word that may be a unit belongs to the name of the number behind it."""
    last, text, following = walk.last, token.text, walk.next()
    if following is None:
        return False
    if following.text in ":=" and not _is_spent(walk, text):
        return True
    if _names_next(walk, text) or _is_whose(walk, token):
        return True
    near = [each.kind for each in walk.tokens[walk.i - 1 : walk.i + 2 : 2]]
    if len(text) == 1 and near == ["gap", "word"] and measures(following.text):
        return True  # "D loss: 1.4  G loss: 0.7"
    # As in "loss 0.5 tokens/s 1003": where each name stands before its value it is the next one's.
    rate = following.kind == "number" and "/s" in text
    return rate and isinstance(last, Field) and last.role is not Role.THROUGHPUT


def _is_spent(walk: Walk, text: str) -> bool:
    """Whether a number without a name is how long something took: ``0.3 min``, but for ``0.3 min: 0.1``."""
    last, sign, value = walk.last, walk.next(), walk.next(2)
    if not isinstance(last, Nameless) or not last.decimal or last.first or text not in TIME_UNITS:
        return False
    return sign is None or sign.text not in ":=" or value is None or value.kind != "number"


def _are_pieces(last: Nameless, text: str) -> bool:
    """Whether a number is that of so many pieces of data, workers, right answers: ``3/8 files``, ``91/100 correct``."""
    return last.total is not None and (is_piece(text) or text.lower() in _NO_PLACES)


def _take_unit(found: Field, text: str) -> bool:
    """Take a word as the unit of a field, if it is one: of what is measured an error may have those of time."""
    if text in _MAGNITUDES:
        found.role = Role.OTHER
        return True
    rate = "/s" in text
    if found.unit:
        return (rate and found.role is Role.THROUGHPUT) or (is_physical(text) and may_be_in(found.name, text))
    if text in TIME_UNITS or text in SIZE_UNITS or rate:
        found.unit = text
        if found.role is not Role.COUNTER and not may_be_in(found.name, text):
            found.role = Role.THROUGHPUT if rate else Role.OTHER
        return True
    if text in MONEY:
        found.unit = text
        return True
    return is_physical(text) and may_be_in(found.name, text)


def _ends_range(walk: Walk, token: Token) -> bool:
    """Take ``steps 1 to 100`` as standing at its end."""
    end = walk.next()
    return token.text == "to" and end is not None and end.text.isdigit() and walk.take_end_of_range(end)


def _names_next(walk: Walk, text: str) -> bool:
    """Whether a word that may be a unit names what stands behind it: ``ppl 9.8 bpc 1.4``, ``loss 1.7 min 0.9``."""
    if not (text in VALUE_UNITS and measures(text)) and not _is_no_unit_of(walk.last, text):
        return False
    following, value = walk.next(), walk.next(2)
    if following is not None and (following.kind == "arrow" or following.text in ("is", "~")):
        following = value
    return following is not None and following.kind == "number"


def _is_no_unit_of(last: Field | Nameless | None, text: str) -> bool:
    """Whether ``text`` is a unit of times or sizes, in which what a training alone tells is not measured.

    One letter is no name.
    """
    if not isinstance(last, Field) or last.role is not Role.METRIC or is_everyday(last.name):
        return False
    return len(text) > 1 and text in TIME_UNITS | SIZE_UNITS and not may_be_in(last.name, text)


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
