"""Brackets behind a number: its unit, its mean or share, the part of the data that it was measured on."""

from __future__ import annotations

from dataclasses import replace

from mltui.domain.words import scope_of, words
from mltui.parsers.records.names import may_be_in, measures
from mltui.parsers.records.record import Field, Nameless, new_field
from mltui.parsers.records.walk import Walk
from mltui.parsers.words.roles import Role
from mltui.parsers.words.tokens import Token
from mltui.parsers.words.vocabulary import MEANS

# What else than the mean stands behind a value, by the word in front of it.
_KINDS = {"ema": "ema", "median": "median", "cumulative": "cumulative", "cum": "cumulative"}


def take_unit(walk: Walk) -> bool:
    """Take ``[sec]`` behind a number as its unit."""
    closing = walk.next(2)
    if closing is None or closing.text not in ")]":
        return False
    unit = walk.tokens[walk.i + 1].text
    if isinstance(walk.last, Field) and not may_be_in(walk.last.name, unit):
        walk.last.role = Role.OTHER
    walk.go_to(closing)
    return True


def take_scope_of_last(walk: Walk) -> bool:
    """Take ``(train)`` or ``[train]`` behind a value as the part of the data that it was measured on."""
    word, closing = walk.next(), walk.next(2)
    if not walk.after_number() or word is None or closing is None or closing.text not in ")]":
        return False
    if not scope_of(word.text):
        return False
    behind = walk.next(3)
    part, end = walk.tokens[-2:]
    ends_so = end.text == "]" and bool(scope_of(part.text))  # "loss 0.5 [train] 0.6 [val]"
    if closing.text == "]" and behind is not None and behind.kind in ("word", "number") and not ends_so:
        return False  # "[train] loss=0.5 [val] loss=0.6"
    last, fields = walk.last, walk.record.fields
    if isinstance(last, Nameless) and last.decimal:
        before = fields[-1] if fields else None
        if before is not None and scope_of(before.label) and before.role is not Role.SCOPE:
            found = replace(before, index=last.index)  # "loss 0.91 (train) 0.95 (val)"
        elif walk.record.counts and not last.first:
            found = new_field(word.text, last.index, decimal=True)  # "Epoch 1: 0.91 (train) 0.95 (val)"
        else:
            return False
        walk.record.nameless.remove(last)
        last = walk.last = found
        fields.append(found)
    if not isinstance(last, Field) or last.counts:
        return False
    last.label = word.text
    walk.go_to(closing)
    return True


def holds_value(walk: Walk) -> bool:
    """Whether a bracket behind a number holds another one: ``0.81 (0.79)``, ``0.81 (avg 0.79)``."""
    following = walk.next()
    if following is None:
        return False
    if following.kind == "word" and (following.text.lower() in MEANS or following.text.lower() in _KINDS):
        behind = walk.next(2)
        behind = walk.next(3) if behind is not None and behind.text in ":=" else behind
        return behind is not None and behind.kind == "number"
    return following.kind == "number"


def take_beside(walk: Walk) -> None:
    """Read ``(0.79)`` or ``(93%)`` behind a value; nothing else in such brackets is read."""
    last, first = walk.last, True
    of_mean = isinstance(last, Field) and not MEANS.isdisjoint(words(last.name))  # It has no mean of its own.
    below_zero = walk.previous_text()[:1] in ("-", "−") and not of_mean
    while walk.i + 1 < len(walk.tokens) and walk.tokens[walk.i].text != ")":
        walk.i += 1
        token = walk.tokens[walk.i]
        if token.kind == "number":
            walk.number += 1
            changes = token.text[0] == "+" or (token.text[0] in "-−" and not below_zero)
            if first and last is not None and not changes:  # "(+0.02)" is by how much it changed.
                _take_first_beside(walk, last, token)
            first = False


def _take_first_beside(walk: Walk, last: Field | Nameless, token: Token) -> None:
    """Read the first number in a bracket behind ``last``: its share, its mean, or a further count."""
    if isinstance(last, Field) and last.counts and (total := _total_behind(walk, token)):
        # "Epoch: 1/6 (3/20)" is the third of twenty batches.
        walk.record.nameless.append(Nameless(walk.number, walk.pass_number(total), "bracket", False))
    elif "%" in token.unit:
        if isinstance(last, Field) and last.decimal and "%" in last.unit and walk.next_kind() != "word":
            last.mean = walk.number  # "Acc: 21.59% (16.89%)"
        elif isinstance(last, Nameless) or not last.decimal or last.total is not None or walk.next_kind() != "word":
            last.percent = walk.number
        elif name := _share_of(walk):
            walk.record.fields.append(Field(name, Role.METRIC, walk.number, label=last.label))
    elif isinstance(last, Field) and last.decimal and not (token.text.isdigit() or token.unit):
        last.mean = walk.number if walk.next_kind() != "word" else None  # "(2.1 s)" is another figure.
        said = (each.text.lower() for each in walk.tokens[walk.i - 2 : walk.i])
        last.mean_kind = next((_KINDS[word] for word in said if word in _KINDS), last.mean_kind)


def _share_of(walk: Walk) -> str:
    """What a share in a bracket is of, by its last word: ``0.3912 (87.5% of 120 correct)``, ``0.31 (90.1% acc)``."""
    rest = [token.text for token in walk.tokens[walk.i + 1 :]]
    name = rest[rest.index(")") - 1] if ")" in rest else ""
    return name if name == "correct" or measures(name) else ""


def _total_behind(walk: Walk, token: Token) -> Token | None:
    """The whole number behind a slash behind the number at hand, of which it is one."""
    slash, total = walk.next(), walk.next(2)
    if slash is None or total is None or slash.text != "/" or total.kind != "number":
        return None
    goes_on = any(each.kind == "word" and each.start > total.end for each in walk.tokens)
    return total if goes_on and token.text.isdigit() and total.text.isdigit() and not total.unit else None
