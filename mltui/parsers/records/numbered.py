"""Numbers that belong to names: ``Top 5 accuracy: 0.91``, ``loss 1: 0.5, loss 2: 0.6``, ``recall @ 20: 0.31``."""

from __future__ import annotations

from typing import NamedTuple

from mltui.parsers.records.names import STOP, known, measures
from mltui.parsers.records.thousands import Thousands
from mltui.parsers.words.roles import counter_of
from mltui.parsers.words.tokens import Token, tokenize
from mltui.parsers.words.vocabulary import MEANS, OF_FIRST

_IN_FRONT = frozenset(["of", "at", "for", "a", "@", "#"])
_CLOSING = {"(": ")", "[": "]"}
# So many are ranked at most, where no sign says that a name ends behind the number.
_MAX_FIRST = 1000
_DIGITS = 6
# A number alone that is greater says where the line stands.
_MAX_ALONE = 20
_MAX_WORDS = 4


class _Numbered(NamedTuple):
    """A name that a number is part of: the tokens from ``start`` to ``end``, and what it says beside the number."""

    start: int
    end: int
    number: str
    said: tuple[str, ...]
    sure: bool
    """Nothing else than a name looks like it."""


def tokens_of(text: str, thousands: Thousands) -> list[Token]:
    """The tokens of ``text``; a name that numbers are part of is one word, ``thousands`` with blanks are a number."""
    tokens = thousands.joined(text, tokenize(text))
    numbers_at = [i for i, token in enumerate(tokens) if token.kind == "number"]
    if "@" not in text:
        numbers_at = [i for i in numbers_at if tokens[i].text.isdigit()]  # Others are part of ``mAP@0.5`` alone.
    found = [name for i in numbers_at if (name := _name_at(tokens, i))]
    numbers: dict[tuple[str, ...], set[str]] = {}
    for name in found:
        numbers.setdefault(name.said, set()).add(name.number)
    for name in reversed([n for n in found if n.sure or len(numbers[n.said]) > 1]):
        first, last = tokens[name.start], tokens[name.end - 1]
        tokens[name.start : name.end] = [Token("word", text[first.start : last.end], first.start, last.end)]
    return tokens


def _name_at(tokens: list[Token], i: int) -> _Numbered | None:
    """The name that number ``i`` may be part of: words in front of it, and a value behind it or behind more words."""
    if _is_joined(tokens, i):
        end = _end_of_words(tokens, i + 2)
        return _Numbered(i, end, "", (), True) if _has_value(tokens, end) else None
    before, behind = _around(tokens, i)
    start = before
    while start > 0 and before - start < _MAX_WORDS and _is_word(tokens[start - 1]):
        start -= 1
    end = _end_of_words(tokens, behind)
    left, right = [t.text for t in tokens[start:before]], [t.text for t in tokens[behind:end]]
    number = tokens[i]
    whole = number.text.isdigit() and len(number.text) <= _DIGITS
    if not left or number.unit or not (whole or left[-1] == "@") or not _has_value(tokens, end):
        return None
    said = [word.lower() for word in left + right]
    if any((counter_of(word) and word != "task") or (word in STOP and word not in _IN_FRONT) for word in said):
        return None
    of = next((word.lower() for word in reversed(left) if word.lower() not in _IN_FRONT), "")
    signed = tokens[end].text in ":="
    of_first = (of == "top" or (of in OF_FIRST and not right)) and (signed or float(number.text) <= _MAX_FIRST)
    named = right if right else left
    if any(map(measures, left if right else right)) or not (of_first or any(map(measures, named))):
        return None  # "recall 1 precision 0.5"
    alone = not right and signed and float(number.text) <= _MAX_ALONE and _counts(tokens[:start])
    of_last = bool(right) and signed and of in MEANS  # "avg 5 reward: 18.5"
    return _Numbered(start, end, number.text, (*left, "", *right), of_first or alone or of_last)


def _counts(tokens: list[Token]) -> bool:
    """Whether these tokens say where the line stands: then the number in ``Epoch 3: loss 1: 0.5`` need not."""
    return any(token.kind == "word" and counter_of(token.text) for token in tokens)


def _is_joined(tokens: list[Token], i: int) -> bool:
    """Whether number ``i`` begins a word, and a measure stands behind: ``5-shot acc``, ``1-NN accuracy``."""
    near = tokens[i : i + 4]
    if i > 0 and counter_of(tokens[i - 1].text):
        return False
    if len(near) < 4 or [t.kind for t in near] != ["number", "mark", "word", "word"] or near[1].text != "-":
        return False
    number, dash, word, measure = near
    touching = number.end == dash.start and dash.end == word.start
    return (
        touching
        and number.text.isdigit()
        and not (known(word.text) or counter_of(word.text))
        and measures(measure.text)
    )


def _around(tokens: list[Token], i: int) -> tuple[int, int]:
    """Where the words in front of number ``i`` end and those behind it begin: beyond ``[1]`` or ``(k=1)`` around it."""
    start = i - 2 if i > 2 and tokens[i - 1].text == "=" and tokens[i - 2].kind == "word" else i
    opening = tokens[start - 1].text if start > 0 else ""
    if opening in _CLOSING and i + 1 < len(tokens) and tokens[i + 1].text == _CLOSING[opening]:
        return start - 1, i + 2
    return i, i + 1


def _end_of_words(tokens: list[Token], start: int) -> int:
    end = start
    while end < len(tokens) and end - start < _MAX_WORDS and _is_word(tokens[end]):
        end += 1
    return end


def _is_word(token: Token) -> bool:
    return token.kind == "word" or token.text in "@#"


def _has_value(tokens: list[Token], i: int) -> bool:
    """Whether a value begins at token ``i``: a number with a sign in front of it, or one with a point."""
    near = tokens[i : i + 2]
    if near and near[0].text in ":=":
        return len(near) > 1 and near[1].kind == "number"
    return bool(near) and near[0].kind == "number" and "." in near[0].text
