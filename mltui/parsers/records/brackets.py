"""Brackets in a line: what one is for by what stands in front of it, and what the word in one says of the line."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

from mltui.domain.words import scope_of
from mltui.parsers.records.bracketed_names import (
    begins_with_count,
    completes_names,
    needs_name,
    pass_index,
    shows_result,
    take_into_name,
    take_only_value,
    take_single_pair,
    take_values,
)
from mltui.parsers.records.bracketed_values import holds_value, take_beside, take_scope_of_last, take_unit
from mltui.parsers.records.names import NO_TAGS, SETTINGS, measures
from mltui.parsers.records.record import Field, Nameless
from mltui.parsers.records.walk import Bracket, Walk
from mltui.parsers.words.roles import Role, role_of
from mltui.parsers.words.tokens import Token
from mltui.parsers.words.units import TIME_UNITS


def open_bracket(walk: Walk, token: Token) -> None:
    """Read a bracket that opens, and all of it where that says what it is."""
    following = walk.next()
    if following is not None and following.text in TIME_UNITS and walk.after_number() and take_unit(walk):
        return
    _OPEN[token.text](walk, token)


def _open(walk: Walk, bracket: Bracket) -> None:
    """Fields of their own begin."""
    walk.brackets.append(bracket)
    walk.boundary()


def _open_round(walk: Walk, token: Token) -> None:
    if walk.after_number() and holds_value(walk):
        take_beside(walk)
    elif take_scope_of_last(walk):
        pass
    elif walk.separator:
        if completes_names(walk):
            walk.outer = " ".join(walk.phrase)
            walk.brackets.append(Bracket.GROUP)
            walk.clear()
        else:
            walk.brackets.append(Bracket.WRAP)
    elif not walk.phrase:
        _open_part(walk, Bracket.PART)
    elif begins_with_count(walk):
        walk.separator = ":"
        walk.brackets.append(Bracket.PART)
    elif not (take_only_value(walk) or take_values(walk) or take_into_name(walk)):
        previous = walk.previous()
        touching = previous is not None and previous.end == token.start
        walk.cut_off = list(walk.phrase)
        called = touching and role_of(walk.phrase[-1]) is not Role.METRIC and not shows_result(walk)
        _open(walk, Bracket.CALL if called else Bracket.PART)


def _open_part(walk: Walk, otherwise: Bracket) -> None:
    """Names stand in the bracket: behind the value of a part of the data they are of that, else as ``otherwise``."""
    last, mark = walk.last, walk.next(2)
    named = walk.after_number() and walk.next_kind() == "word" and mark is not None and mark.text not in ")]"
    if not (named and isinstance(last, Field) and last.role is Role.SCOPE and last.decimal):
        _open(walk, otherwise)
        return
    walk.labels.append((walk.label, walk.inherited))
    _open(walk, Bracket.OF_PART)
    walk.label, walk.inherited = last.name, ""


def _open_square(walk: Walk, token: Token) -> None:
    if take_scope_of_last(walk):
        return
    if walk.phrase and not walk.separator and pass_index(walk):
        return
    if walk.separator and take_single_pair(walk, token):
        return
    if walk.phrase and walk.next_kind() == "number":
        walk.separator = walk.separator or "["
        walk.brackets.append(Bracket.VALUE)
        walk.listed = 1
        return
    if walk.phrase and not walk.separator and measures(walk.phrase[-1]):
        walk.outer = walk.phrase[-1]
    _open_part(walk, Bracket.LIST)


def _open_curly(walk: Walk, token: Token) -> None:
    walk.labels.append((walk.label, walk.inherited))
    last = walk.phrase[-1] if walk.phrase else ""
    if last and needs_name(walk) and measures(last):
        walk.outer = last
    _open(walk, Bracket.SETTINGS if last.lower() in SETTINGS else Bracket.PART)


_OPEN: dict[str, Callable[[Walk, Token], None]] = {"(": _open_round, "[": _open_square, "{": _open_curly}


def close_bracket(walk: Walk, token: Token) -> None:
    """Read a bracket that closes."""
    if token.text in "]}":
        walk.outer = ""
    if token.text == "]":
        _take_tag(walk)
    if walk.brackets:
        closed = walk.brackets.pop()
        if closed in (Bracket.VALUE, Bracket.WRAP):
            return
        if closed is Bracket.GROUP:
            walk.outer = ""
        if closed is Bracket.OF_PART:
            walk.boundary()
            walk.label, walk.inherited = walk.labels.pop()
        if token.text == "]" and _names_next_value(walk):
            walk.separator = ":"
            return
    walk.boundary()
    if token.text == "}" and walk.labels:
        before = walk.labels.pop()
        if walk.labels:  # ``{'val': {'loss': 0.5}, 'lr': 0.1}``: the rate is no validation's.
            walk.label, walk.inherited = before


def _names_next_value(walk: Walk) -> bool:
    """Whether the bracket holds a part of the data, and its value stands behind it: ``[train] 0.53 [val] 0.61``."""
    value = walk.next()
    part = len(walk.phrase) == 1 and not walk.separator and bool(scope_of(walk.phrase[0]))
    return part and walk.record.counts and value is not None and value.kind == "number" and "." in value.text


def _take_tag(walk: Walk) -> None:
    """Take the first ``[student]`` of a line as what it is about."""
    record = walk.record
    if len(walk.phrase) == 1 and not (record.tag or record.fields or record.nameless or walk.separator):
        word, counted = walk.phrase[0], _count_behind_tag(walk)
        plain = word.isascii() and (word.isalpha() or (counted is not None and word.isidentifier()))
        if plain and word.lower() not in NO_TAGS and role_of(word) is Role.UNKNOWN:
            record.tag = word
            if counted is not None:
                record.nameless.append(Nameless(walk.pass_number(counted), None, "tag", True))
                walk.i += 1


def _count_behind_tag(walk: Walk) -> Token | None:
    """The count in a bracket that touches the tag and the name behind both: ``[lfw][500]Accuracy: 0.77``."""
    near = walk.tokens[walk.i : walk.i + 5]
    if [token.text for token in near[:2]] != ["]", "["] or len(near) < 5 or near[3].text != "]":
        return None
    touching = all(a.end == b.start for a, b in pairwise(near))
    return near[2] if touching and near[2].text.isdigit() and near[4].kind == "word" else None
