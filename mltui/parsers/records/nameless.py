"""Numbers that nothing in front of them names: those of ``[10/80]``, further values of a list, ``0.87 accuracy``."""

from __future__ import annotations

from mltui.domain.words import scope_of
from mltui.parsers.records.names import known, measures
from mltui.parsers.records.record import Nameless, Place, is_decimal
from mltui.parsers.records.surroundings import counts_things, words_behind
from mltui.parsers.records.walk import Bracket, Walk
from mltui.parsers.words.roles import Role, counter_of
from mltui.parsers.words.tokens import Token
from mltui.parsers.words.units import VALUE_UNITS

#: Stands for the total where Keras does not know it.
_ENDLESS = "/Unknown"
# Marks behind a count in front of a line.
_BEHIND_COUNT = "|:;,-·"


def take_nameless(walk: Walk, token: Token) -> None:
    """Read a number that nothing names, such as those of ``[10/80]``."""
    unit = token.unit
    if unit and counter_of(unit):
        walk.add(unit, token, True)
        return
    shared = "%" in unit and not (_scope_behind(walk) or named_behind(walk, token))
    if (unit not in VALUE_UNITS or shared) and unit != _ENDLESS:
        walk.last = None
        return
    if walk.brackets and walk.brackets[-1] is Bracket.VALUE and _more_of(walk, token):
        return
    place = _place(walk)
    if place == "scope" and counts_things(walk):
        walk.last = None
        return  # "train: 4215 examples" says how many there are.
    decimal = is_decimal(token.text) or "%" in unit
    walk.last = Nameless(walk.number, None, place, _is_first(walk, token, place), decimal=decimal)
    walk.record.nameless.append(walk.last)


def named_behind(walk: Walk, token: Token) -> bool:
    """Whether known words behind a measured number name it: ``achieves 0.87 accuracy (…``, ``87% val accuracy``."""
    behind, _ = words_behind(walk)
    last = next((i for i, word in enumerate(behind[:3]) if measures(word.text)), None)
    if last is None or not ("." in token.text or "%" in token.unit) or not token.text[-1:].isdigit():
        return False
    follows = walk.next(last + 2)
    named = all(known(word.text) for word in behind[: last + 1])
    return named and (follows is None or (follows.kind != "number" and follows.text not in ":="))


def _scope_behind(walk: Walk) -> bool:
    """Whether behind the number at hand stands on which part of the data it was measured: ``60.2% (val)``."""
    bracket, word = walk.next(), walk.next(2)
    return bracket is not None and bracket.text == "(" and word is not None and bool(scope_of(word.text))


def _place(walk: Walk) -> Place:
    if walk.brackets and walk.brackets[-1] in (Bracket.LIST, Bracket.VALUE):
        return "bracket"
    if walk.phrase:
        return "scope"
    if walk.previous_text() == "<" and walk.next_text() == ">":
        return "bracket"  # "<10> LL/token: -8.9"
    return "start" if walk.previous() is None else "plain"


def _is_first(walk: Walk, token: Token, place: Place) -> bool:
    """Whether nothing but numbers without a name stands before the number at hand, in a place where it may count."""
    record = walk.record
    if record.fields or walk.label or not all(n.first for n in record.nameless):
        return False
    if not record.nameless and not all(_is_ornament(t) for t in _but_tag(walk.tokens[: walk.i])):
        return False
    previous = walk.previous()
    if previous is not None and previous.text == "#":
        return token.text.isdigit() and previous.end == token.start and walk.next_kind() != "number"
    if previous is not None and not record.nameless and place == "plain" and token.text.isdigit():
        behind = walk.tokens[walk.i + 1 : walk.i + 2]  # "* 200 | loss 0.5"
        return bool(behind) and (behind[0].kind == "gap" or behind[0].text in _BEHIND_COUNT)
    second = token.text.isdigit() and len(record.nameless) > 0
    behind_bracket = second and walk.previous_text() == "]"
    behind_first = second and walk.after_number() and walk.next_kind() == "word"  # "0 10 lr - 0.001 loss - 0.5"
    return place != "plain" or previous is None or previous.text in "|{" or behind_bracket or behind_first


def _but_tag(tokens: list[Token]) -> list[Token]:
    """The ``tokens`` but for a word in brackets in front: ``[trainer] [200] loss 0.5``."""
    tagged = "".join(token.text for token in tokens[:3:2]) in ("[]", "()") and tokens[1].kind == "word"
    return tokens[3:] if tagged else tokens


def _is_ornament(token: Token) -> bool:
    """Whether a token may stand in front of a line's first number: ``* [200]``, ``#200``."""
    return token.kind in ("gap", "bar", "arrow") or (token.kind == "mark" and token.text not in "(:=\"'")


def _more_of(walk: Walk, token: Token) -> bool:
    """Take a further value of a list, ``values: [0.36, 1.5]`` or ``[0.36 1.5]``, as a series of its own."""
    first, previous = walk.record.fields[-1] if walk.record.fields else None, walk.previous()
    if first is None or first.role is Role.COUNTER or previous is None:
        return False
    if not (previous.text == "," or (previous.kind == "number" and first.role is Role.METRIC)):
        return False
    base = first.name.removesuffix(f" ({walk.listed})") if walk.listed > 1 else first.name
    walk.listed += 1
    walk.add(f"{base} ({walk.listed})", token, True)
    return True
