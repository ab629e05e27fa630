"""Brackets behind a phrase: its values, the rest of a name, or what completes the names inside."""

from __future__ import annotations

import re

from mltui.domain.words import scope_of
from mltui.parsers.records.counts import EXTENT
from mltui.parsers.records.names import known, measures, says_unit
from mltui.parsers.records.numbers import take_named
from mltui.parsers.records.walk import Bracket, Walk
from mltui.parsers.words.roles import counter_of
from mltui.parsers.words.tokens import NUMBER, Token
from mltui.parsers.words.vocabulary import MEANS, STATISTICS

_SINGLE_PAIR = re.compile(rf"\[\(\d+, *(['\"]?){NUMBER}\1\)\]")


def shows_result(walk: Walk) -> bool:
    """Whether a class's name is all that stands in front, and a counter in it: ``EpochResult(epoch=1, loss=0.5)``."""
    first, sign = walk.next(), walk.next(2)
    if first is None or sign is None or sign.text != "=" or counter_of(first.text) is None:
        return False
    return walk.i == 1 and walk.phrase[0][0].isupper()


def needs_name(walk: Walk) -> bool:
    """Whether the names in a dictionary need what stands in front of it: ``Losses {'ner': 12.3}``."""
    first = next((token.text for token in walk.tokens[walk.i + 1 : walk.i + 3] if token.kind == "word"), "")
    return bool(first) and not measures(first)


def completes_names(walk: Walk) -> bool:
    """Whether the phrase names what a bracket holds by scope: ``accuracy: (train=0.92, test=0.85)``."""
    following, behind = walk.next(), walk.next(2)
    if following is None or following.kind != "word" or behind is None or behind.text not in ":=":
        return False
    by_scope = bool(scope_of(following.text)) and measures(walk.phrase[-1])
    return by_scope or following.text.lower() in STATISTICS


def begins_with_count(walk: Walk) -> bool:
    """Whether the bracket behind a counter begins with its number: ``Step... (20 | Loss: 2.9)``, ``Epoch(3): loss``.

    ``batch(32)`` says how large one is.
    """
    count, mark = walk.next(), walk.next(2)
    if count is None or mark is None or not count.text.isdigit() or count.unit or len(walk.phrase) > 1:
        return False
    counted = counter_of(walk.phrase[-1])
    if mark.text == ")":
        return counted is not None and counted[1] != "batch" and not walk.record.fields
    return mark.text in "/|," and counted is not None


def take_only_value(walk: Walk) -> bool:
    """Open a bracket behind a name that holds nothing but its value: ``Gen. (+0.95)``."""
    inner = [token for token in walk.tokens[walk.i + 1 : walk.i + 5] if token.kind != "gap"][:2]
    if len(inner) < 2 or inner[0].kind != "number" or inner[1].text != ")":
        return False
    if "." not in inner[0].text or inner[0].unit.strip(" %"):
        return False
    walk.separator = ":"
    walk.brackets.append(Bracket.VALUE)
    return True


def take_values(walk: Walk) -> bool:
    """Open a bracket behind a scope that holds what was measured there: ``train (1.06, 0.82) val (0.83, 0.90)``."""
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


def take_into_name(walk: Walk) -> bool:
    """Take ``(ms)`` of ``time per iteration (ms): 5`` or ``(train)`` of ``Epoch(train)`` as part of the phrase."""
    if _take_as_it_is(walk):
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


def _take_as_it_is(walk: Walk) -> bool:
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


def take_single_pair(walk: Walk, opening: Token) -> bool:
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


def pass_index(walk: Walk) -> bool:
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
