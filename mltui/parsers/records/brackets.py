"""Brackets in a line: values beside a value, conditions of a name, tags, groups of fields, settings."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise

from mltui.domain.words import scope_of
from mltui.parsers.records.names import NO_TAGS, SETTINGS, known, may_be_in, measures, says_unit
from mltui.parsers.records.numbers import EXTENT, take_named
from mltui.parsers.records.record import Field, Nameless, new_field
from mltui.parsers.records.walk import Bracket, Walk
from mltui.parsers.words.roles import Role, counter_of, role_of
from mltui.parsers.words.tokens import NUMBER, Token
from mltui.parsers.words.units import TIME_UNITS
from mltui.parsers.words.vocabulary import MEANS, STATISTICS

_SINGLE_PAIR = re.compile(rf"\[\(\d+, *(['\"]?){NUMBER}\1\)\]")


def open_bracket(walk: Walk, token: Token) -> None:
    """Read a bracket that opens, and all of it where that says what it is."""
    following = walk.next()
    if following is not None and following.text in TIME_UNITS and walk.after_number() and _is_unit(walk):
        return
    _OPEN[token.text](walk, token)


def _open(walk: Walk, bracket: Bracket) -> None:
    """Fields of their own begin."""
    walk.brackets.append(bracket)
    walk.boundary()


def _open_round(walk: Walk, token: Token) -> None:
    if walk.after_number() and _holds_value(walk):
        _take_beside(walk)
    elif _says_scope_of_last(walk):
        pass
    elif walk.separator:
        if _completes_names(walk):
            walk.outer = " ".join(walk.phrase)
            walk.brackets.append(Bracket.GROUP)
            walk.clear()
        else:
            walk.brackets.append(Bracket.WRAP)
    elif not walk.phrase:
        _open_part(walk, Bracket.PART)
    elif _begins_with_count(walk):
        walk.separator = ":"
        walk.brackets.append(Bracket.PART)
    elif not (_holds_only_value(walk) or _holds_values(walk) or _belongs_to_name(walk)):
        previous = walk.previous()
        touching = previous is not None and previous.end == token.start
        walk.cut_off = list(walk.phrase)
        called = touching and role_of(walk.phrase[-1]) is not Role.METRIC and not _shows_result(walk)
        _open(walk, Bracket.CALL if called else Bracket.PART)


def _shows_result(walk: Walk) -> bool:
    """Whether a class's name is all that stands in front, and a counter in it: ``EpochResult(epoch=1, loss=0.5)``."""
    first, sign = walk.next(), walk.next(2)
    if first is None or sign is None or sign.text != "=" or counter_of(first.text) is None:
        return False
    return walk.i == 1 and walk.phrase[0][0].isupper()


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


def _says_scope_of_last(walk: Walk) -> bool:
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


def _open_square(walk: Walk, token: Token) -> None:
    if _says_scope_of_last(walk):
        return
    if walk.phrase and not walk.separator and _pass_index(walk):
        return
    if walk.separator and _is_single_pair(walk, token):
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
    if last and _needs_name(walk) and measures(last):
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


# Brackets behind a number.


def _is_unit(walk: Walk) -> bool:
    """Take ``[sec]`` behind a number as its unit."""
    closing = walk.next(2)
    if closing is None or closing.text not in ")]":
        return False
    unit = walk.tokens[walk.i + 1].text
    if isinstance(walk.last, Field) and not may_be_in(walk.last.name, unit):
        walk.last.role = Role.OTHER
    walk.go_to(closing)
    return True


def _holds_value(walk: Walk) -> bool:
    """Whether a bracket behind a number holds another one: ``0.81 (0.79)``, ``0.81 (avg 0.79)``."""
    following = walk.next()
    if following is None:
        return False
    if following.kind == "word" and following.text.lower() in MEANS:
        behind = walk.next(2)
        behind = walk.next(3) if behind is not None and behind.text in ":=" else behind
        return behind is not None and behind.kind == "number"
    return following.kind == "number"


def _take_beside(walk: Walk) -> None:
    """Read ``(0.79)`` or ``(93%)`` behind a value; nothing else in such brackets is read."""
    last, first = walk.last, True
    below_zero = walk.previous_text()[:1] in ("-", "−")
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
        if isinstance(last, Nameless) or not last.decimal or last.total is not None or walk.next_kind() != "word":
            last.percent = walk.number
        elif name := _share_of(walk):
            walk.record.fields.append(Field(name, Role.METRIC, walk.number, label=last.label))
    elif isinstance(last, Field) and last.decimal and not (token.text.isdigit() or token.unit):
        last.mean = walk.number if walk.next_kind() != "word" else None  # "(2.1 s)" is another figure.
        if "ema" in (each.text.lower() for each in walk.tokens[walk.i - 2 : walk.i]):
            last.mean_kind = "ema"


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


# Brackets behind a phrase.


def _needs_name(walk: Walk) -> bool:
    """Whether the names in a dictionary need what stands in front of it: ``Losses {'ner': 12.3}``."""
    first = next((token.text for token in walk.tokens[walk.i + 1 : walk.i + 3] if token.kind == "word"), "")
    return bool(first) and not measures(first)


def _completes_names(walk: Walk) -> bool:
    """Whether the phrase names what a bracket holds by scope: ``accuracy: (train=0.92, test=0.85)``."""
    following, behind = walk.next(), walk.next(2)
    if following is None or following.kind != "word" or behind is None or behind.text not in ":=":
        return False
    by_scope = bool(scope_of(following.text)) and measures(walk.phrase[-1])
    return by_scope or following.text.lower() in STATISTICS


def _begins_with_count(walk: Walk) -> bool:
    """Whether the bracket behind a counter begins with its number, and goes on: ``Step... (20 | Loss: 2.9)``."""
    count, mark = walk.next(), walk.next(2)
    if count is None or mark is None or not count.text.isdigit() or count.unit or len(walk.phrase) > 1:
        return False
    return mark.text in "/|," and counter_of(walk.phrase[-1]) is not None


def _holds_only_value(walk: Walk) -> bool:
    """Whether the bracket behind a name holds nothing but its value: ``Gen. (+0.95)``."""
    inner = [token for token in walk.tokens[walk.i + 1 : walk.i + 5] if token.kind != "gap"][:2]
    if len(inner) < 2 or inner[0].kind != "number" or inner[1].text != ")":
        return False
    if "." not in inner[0].text or inner[0].unit.strip(" %"):
        return False
    walk.separator = ":"
    walk.brackets.append(Bracket.VALUE)
    return True


def _holds_values(walk: Walk) -> bool:
    """Whether the bracket behind a scope holds what was measured there: ``train (1.06, 0.82) val (0.83, 0.90)``."""
    texts = [token.text for token in walk.tokens[walk.i + 1 :]]
    inner = texts[: texts.index(")")] if ")" in texts else []
    values = inner[::2]
    if not scope_of(walk.phrase[-1]) or len(values) < 2 or set(inner[1::2]) != {","}:
        return False
    if not all("." in value and value[-1].isdigit() for value in values):
        return False
    walk.separator = ":"
    walk.brackets.append(Bracket.VALUE)
    walk.listed = 1
    return True


def _belongs_to_name(walk: Walk) -> bool:
    """Take ``(ms)`` of ``time per iteration (ms): 5`` or ``(train)`` of ``Epoch(train)`` as part of the phrase."""
    if _says_more(walk):
        return True
    inner: list[str] = []
    for j in range(walk.i + 1, min(walk.i + 5, len(walk.tokens))):
        token = walk.tokens[j]
        if token.text == ")" and inner:
            if len(inner) == 1 and scope_of(inner[0]) and counter_of(" ".join(walk.phrase)):
                walk.label = inner[0]
            else:
                walk.phrase.extend(inner)
            walk.i = j
            return True
        if token.kind not in ("word", "mark") or token.text in "=:([{":
            return False
        if token.kind == "word":
            inner.append(token.text)
    return False


def _says_more(walk: Walk) -> bool:
    """Take ``(last 10)`` of ``Reward (last 10): 67.3`` or ``(m)`` of ``RMSE (m) 3.2`` as it is."""
    tokens, last = walk.tokens, walk.phrase[-1]
    near = range(walk.i + 1, min(walk.i + 7, len(tokens) - 1))
    end = next((j for j in near if tokens[j].text in "()=:"), 0)
    inner = tokens[walk.i + 1 : end]
    if not end or tokens[end].text != ")" or not known(last) or scope_of(last):
        return False
    if tokens[end + 1].kind != "number" and tokens[end + 1].text not in ":=":
        return False
    unit = says_unit(last, walk.text[tokens[walk.i].end : tokens[end].start])
    window = _says_window(walk, inner, tokens[end + 1])
    if not (unit or window or _says_of_what(inner, tokens[end + 1])):
        return False
    start, stop = tokens[walk.i].start, tokens[end].end
    walk.phrase[-1] += f" {walk.text[start:stop]}"
    walk.measured = window or measures(last)
    walk.separator = ":" if window else walk.separator
    walk.record.literal.append((start, stop))
    walk.number += sum(token.kind == "number" for token in inner)
    walk.i = end
    return True


def _says_window(walk: Walk, inner: list[Token], behind: Token) -> bool:
    """Whether a bracket says of how many a mean is, in front of its value: ``Avg(100) 12.31``."""
    touching = walk.tokens[walk.i - 1].end == walk.tokens[walk.i].start
    whole = len(inner) == 1 and inner[0].text.isdigit() and not inner[0].unit
    return whole and touching and walk.phrase[-1].lower() in MEANS and behind.kind == "number" and "." in behind.text


def _says_of_what(inner: list[Token], behind: Token) -> bool:
    """Whether a bracket that holds ``inner`` says of what a measure is, in front of a separator: ``(last 10)``."""
    if behind.kind == "number" or all(token.text.isalpha() for token in inner):
        return False
    return inner[0].text.lower() in EXTENT or not any(counter_of(t.text) or scope_of(t.text) for t in inner)


def _is_single_pair(walk: Walk, opening: Token) -> bool:
    """Read the value of a list of one pair, ``[(0, '-1.667')]``: the index in front of it says nothing."""
    found = _SINGLE_PAIR.match(walk.text, opening.start)
    if found is None:
        return False
    inside = [token for token in walk.tokens[walk.i :] if token.start < found.end()]
    index, value = (token for token in inside if token.kind == "number")
    walk.record.literal.append((index.start, index.end))
    walk.number += 2
    walk.i += len(inside) - 1
    take_named(walk, value)
    walk.clear()
    return True


def _pass_index(walk: Walk) -> bool:
    """Pass over a bracket whose value stands behind it.

    ``[381-400]`` of ``avg. loss [381-400]: 75.2`` says nothing that the name has to say; what ``AP @[ IoU=0.50 ] =
    0.61`` holds belongs to the name.
    """
    tokens = walk.tokens
    near = range(walk.i + 1, min(walk.i + 40, len(tokens)))
    end = next((j for j in near if tokens[j].text in "[]"), 0)
    if not end or end + 1 >= len(tokens) or tokens[end + 1].text not in ":=":
        return False
    said = [token.text for token in tokens[walk.i : end] if token.kind == "word"]
    if any(counter_of(word) for word in said) or (said in ([], ["of"]) and counter_of(walk.phrase[-1])):
        return False  # "Minibatch[ 1- 200]: loss = 0.5", "Epoch[1 of 6]: loss = 0.5"
    if said:
        start, stop = tokens[walk.i].end, tokens[end].start
        walk.measured = says_unit(walk.phrase[-1], walk.text[start:stop])
        walk.phrase.append(" ".join(walk.text[start:stop].replace("|", " ").split()).replace("= ", "="))
        walk.record.literal.append((start, stop))
    walk.number += sum(token.kind == "number" for token in tokens[walk.i : end])
    walk.i = end
    return True
