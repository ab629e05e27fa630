"""Numbers of a line: values of what the phrase before them names, counters, or numbers without a name."""

from __future__ import annotations

from itertools import pairwise

from mltui.domain.words import LOSSES, SCOPE_WORDS, scope_of
from mltui.parsers.records.by_form import named_by_form
from mltui.parsers.records.counts import (
    counts_in_front,
    take_both_counts,
    take_count_after,
    take_count_inside,
    take_count_into_name,
    take_counter,
)
from mltui.parsers.records.nameless import named_behind, take_nameless
from mltui.parsers.records.names import STOP, known, measures, name_of
from mltui.parsers.records.record import Nameless, is_decimal
from mltui.parsers.records.surroundings import OF_SENTENCES, between_marks, comes_to_share, says_who, stands_alone
from mltui.parsers.records.walk import Bracket, Walk
from mltui.parsers.words.roles import Role, counter_of, is_learning_rate, role_of
from mltui.parsers.words.tokens import Token
from mltui.parsers.words.units import VALUE_UNITS
from mltui.parsers.words.vocabulary import PARTS

# What a word in front of a number is only a name for where it has a field of its own.
_MAY_BE_NAMES = (Role.SCOPE, Role.UNKNOWN, Role.OTHER)


def take_number(walk: Walk, token: Token) -> None:
    """Read a number."""
    walk.number += 1
    if walk.skip_next:
        walk.skip_next = False
        return
    if walk.phrase[-1:] == ["is"] and token.text[-1:].isalpha() and not walk.separator:
        walk.clear()  # "loss is nan" is a sentence.
        return
    if _tells_loss_of_things(walk):
        walk.clear()
        return
    if walk.phrase == ["or"] and not walk.separator:
        walk.clear()  # "mAP = 0.6569, or 65.69 %" says the same again.
        return
    if walk.phrase:
        _understand_sentence(walk)
    if walk.phrase and not walk.separator and take_count_into_name(walk, token):
        return
    if take_count_after(walk, token) or take_count_inside(walk, token) or take_both_counts(walk, token):
        pass
    elif walk.phrase:
        take_named(walk, token)
    elif walk.waiting_name and not (isinstance(walk.last, Nameless) or _says_how_many(walk)):
        walk.add(walk.waiting_name, token, True)
        walk.waiting_name = ""
    else:
        take_nameless(walk, token)
    walk.clear()


def _understand_sentence(walk: Walk) -> None:
    """Find the name in a sentence that ends with a number: ``Updating learning rate to 5e-05``, ``loss is 0.5``."""
    phrase = walk.phrase
    if phrase[-2:] == ["is", "now"]:
        phrase.pop()
    if phrase[-3:] == ["learning", "rate", "to"] and not walk.record.fields:
        walk.phrase, walk.separator = phrase[-3:-1], ":"
    elif walk.waiting_name and phrase in (["is"], ["was"]):
        walk.clear()  # "Loss after epoch 1 is 0.5"
    elif not walk.separator and _ends_with_verb(walk) and not (phrase[-1] == "of" and _says_how_many(walk)):
        walk.separator = "is"


def _ends_with_verb(walk: Walk) -> bool:
    """Whether a name and ``is`` stand in front of the number: one that measures, or any in a line that counts."""
    phrase = walk.phrase
    if len(phrase) < 2 or phrase[-1].lower() not in ("is", "of"):
        return False
    return (
        measures(phrase[-2])
        or is_learning_rate(" ".join(phrase[-3:-1]))
        or (len(phrase) == 2 and phrase[-1] == "is" and walk.record.counts)
    )


def _tells_loss_of_things(walk: Walk) -> bool:
    """Whether a line that counts and measures nothing says how many were lost: ``The loss of 12 men in 1914``."""
    said = [word.lower() for word in walk.phrase[-2:]]
    begins = not (walk.record.fields or walk.record.nameless or walk.separator)
    if not begins or len(said) < 2 or said[0] not in LOSSES or said[1] != "of" or not _says_how_many(walk):
        return False
    behind = pairwise(walk.tokens[walk.i :])
    return not any(number.kind == "number" and counter_of(word.text) for word, number in behind)


def _says_how_many(walk: Walk) -> bool:
    """Whether behind a whole number stands what there are so many of: ``the loss of 12 men``."""
    number, behind = walk.tokens[walk.i], walk.next()
    if not number.text.isdigit() or number.unit or behind is None or behind.kind != "word":
        return False
    word = behind.text.lower()
    said = word in OF_SENTENCES | VALUE_UNITS | STOP or word == "percent"
    return word.isalpha() and not (said or known(word) or counter_of(word))


def take_named(walk: Walk, token: Token) -> None:
    """Read a number as the value of what the phrase names."""
    name, left, explicit = _name(walk, token)
    if not name:
        if isinstance(walk.last, Nameless):
            walk.name_behind(walk.last)
        walk.close_label()
        if not (walk.brackets or walk.separator) and walk.last is None and named_behind(walk, token):
            walk.clear()
            take_nameless(walk, token)
            return
    if Bracket.CALL in walk.brackets or Bracket.SETTINGS in walk.brackets or not name:
        walk.last = None
        return
    # "Val steps: 4" says how many there are, not of what the values behind it speak.
    many = name.lower() in ("steps", "batches")
    if not many and (found := next((w for w in left if w.lower() in SCOPE_WORDS or scope_of(w)), "")):
        walk.label = found
    if counter_of(name):
        take_counter(walk, name, left, token)
    elif role_of(name) is Role.SCOPE and not is_decimal(token.text) and walk.separator == "=":
        walk.last = None  # "train=455 val=114" says how many there are.
    elif role_of(name) is Role.SCOPE and not is_decimal(token.text) and not token.unit:
        walk.label = name.split()[-1]
        if walk.previous_text() == "@":
            walk.add("step", token, True)  # "eval @ 1500: loss 0.31"
        else:
            take_nameless(walk, token)
    else:
        first, *more = name.split()
        walk.add(name, token, explicit)
        if more and (scope_of(first) or first.lower() in PARTS):
            # Where each name says its scope itself, one that does not has none.
            walk.inherited = "" if walk.inherited == first else first
        elif more and not scope_of(walk.inherited):
            walk.inherited = ""


def _name(walk: Walk, token: Token) -> tuple[str, list[str], bool]:
    """The name in the phrase, the words before it, and whether the line says that it is the number's name."""
    explicit = walk.separator in (":", "=", "is", "[")
    if not explicit and says_who(walk, token):
        return walk.phrase[0], [], True
    name, left = name_of(walk.phrase, explicit)
    if len(name) == 1 and not explicit:
        name = ""
    if (not name or role_of(name) in _MAY_BE_NAMES) and stands_alone(walk, token):
        return walk.phrase[0], [], True
    if not name and len(walk.phrase) == 1 and comes_to_share(walk):
        return walk.phrase[0], [], True
    if not name and counts_in_front(walk, token):
        return walk.phrase[-1], walk.phrase[:-1], True  # "Training phase 2, epoch 3"
    if not name and between_marks(walk, token):
        return " ".join(walk.phrase), [], True
    settled = counter_of(name) or (known(name) and role_of(name) is not Role.UNKNOWN) if name else None
    if not (explicit or settled) and _is_named_by_form(walk):
        return " ".join(walk.phrase), [], True
    return name, left, explicit


def _is_named_by_form(walk: Walk) -> bool:
    """Whether all words in front of the number are its name, since the whole line is made of such fields."""
    if walk.named is None:
        walk.named = named_by_form(walk.tokens)
    return walk.i in walk.named
