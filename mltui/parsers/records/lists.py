"""Values whose names stand in front of all of them, ``loss, acc = (0.5, 0.9)``, or in turn with them: ``loss, 0.5``.

Also pairs of a name and its value: ``[('loss', 0.5), ('acc', 0.9)]``.
"""

from __future__ import annotations

import re

from mltui.parsers.records.names import known, measures
from mltui.parsers.words.tokens import NUMBER, Token

# Names and numbers in turn, with one mark between all of them: ``('epoch', 0, 'loss', 2.3)``, ``epoch;1;loss;0.9``,
# ``epoch 1, loss, 0.9, acc, 0.6``.
_IN_TURN = re.compile(
    r"\s*(?:[^\W\d]\w* \d+[,;]\s*)?"
    rf"[(\[]?(?:(['\"]?)[^\W\d](?:[\w ./@-]{{0,40}}[\w./@-])?\1\s*[,;]\s*(?:{NUMBER}|nan|inf)(?:\s?%)?\s*"
    r"(?:[,;]\s*|(?:[)\]]\s*)?$)){2,}"
)
# A line may count in more words; then one name and its value suffice: ``epoch 1, phase train, step 10, loss, 0.84``.
_BEHIND_COUNTS = re.compile(
    rf"((?:\s*[^\W\d]\w*(?: [^\W\d]\w*)*(?: \d+)?,)+)\s*([^\W\d]\w*),\s*(?:{NUMBER}|nan|inf)\s*"
)
_COUNT = re.compile(r" \d+,")
# Names in a bracket, and their values in another: ``(epoch, loss) = (1, 0.9)``.
_TUPLES = re.compile(r"\s*\([A-Za-z]\w*(?:, ?\w+)+\)\s*=\s*\([^()]*\)\s*")
# The same behind what all of them are, ``best_value (random, EI) = (1.78, 2.31)``, or before it: ``(train, val) loss``.
_EACH = re.compile(
    r"(?:\b([A-Za-z]\w*) ?)?\(([A-Za-z]\w*(?:, ?[A-Za-z]\w*)+)\)(?: ([A-Za-z]\w*))?"
    rf"(?: ?=|:) ?\(({NUMBER}(?:, ?{NUMBER})+)\)"
)
# Pairs of names and values, each in brackets: ``[('loss', 0.5), ('acc', 0.9)]``.
_PAIR = re.compile(rf"[(\[]\s?(['\"])([^\W\d][\w ./@-]{{0,60}})\1\s?,\s?(?:{NUMBER}|nan|inf)\s?[)\]]")

# What stands around many of them.
_OF_PAIRS = re.compile(r"(?:OrderedDict|dict_items)\(\[(?=\()")


def paired(text: str, tokens: list[Token]) -> list[Token]:
    """The ``tokens`` with a sign between each name and its number, where names and numbers come in turn."""
    if text.count(",") < 2 and text.count(";") < 2:
        return tokens
    if _TUPLES.fullmatch(text):
        return [token for token in tokens if token.text not in "()"]
    if told := list(_EACH.finditer(text)):
        for each in told:
            tokens = _told_each(each, tokens)
        return tokens
    pairs = list(_PAIR.finditer(text))
    if len(pairs) > 1 and _measured(pairs, tokens):
        around = [found.span() for found in _OF_PAIRS.finditer(text)]
        inside = [token for token in tokens if not any(start <= token.start < end for start, end in around)]
        return _without_brackets([pair.span() for pair in pairs], inside)
    if ":" in text or "=" in text or not (_IN_TURN.fullmatch(text) or _measures_behind_counts(text)):
        return tokens
    behind = [*tokens[1:], tokens[-1]]
    turns = [mark.text in ",;" and number.kind == "number" for mark, number in zip(tokens, behind, strict=True)]
    return [token._replace(text=":") if turn else token for token, turn in zip(tokens, turns, strict=True)]


def _measures_behind_counts(text: str) -> bool:
    found = _BEHIND_COUNTS.fullmatch(text)
    return found is not None and measures(found[2]) and _COUNT.search(found[1]) is not None


def _measured(pairs: list[re.Match[str]], tokens: list[Token]) -> bool:
    """Whether one of the ``pairs`` measures, or else nothing in the line: ``loss 3.3 top tokens [('the', 0.12), …``."""
    start, end = pairs[0].start(), pairs[-1].end()
    return any(measures(pair[2]) for pair in pairs) or not any(
        measures(token.text) for token in tokens if not start <= token.start < end
    )


def _without_brackets(pairs: list[tuple[int, int]], tokens: list[Token]) -> list[Token]:
    """The ``tokens`` with a sign between the name and the value of each of the ``pairs``, and nothing around them."""
    found: list[Token] = []
    for token in tokens:
        if not any(start <= token.start < end for start, end in pairs):
            found.append(token)
        elif token.kind != "mark" or token.text == ",":
            found.append(token._replace(text=":") if token.text == "," else token)
    return found


def _told_each(said: re.Match[str], tokens: list[Token]) -> list[Token]:
    """The ``tokens`` of what all of them are, and of each one's name and value: ``best_value random = 1.78``, …"""
    inside = [token for token in tokens if said.start() <= token.start < said.end()]
    names = [token for token in inside if token.kind == "word" and said.start(2) <= token.start < said.end(2)]
    values = [token for token in inside if token.kind == "number"]
    marks = {token.text: token for token in reversed(inside) if token.kind == "mark"}
    sign = marks.get("=") or marks.get(":")
    front, behind = ([t for t in inside if said.start(n) <= t.start < said.end(n)] for n in (1, 3))
    whole = 0 < len(names) == len(values) and (front or behind) and "," in marks
    if not whole or sign is None:
        return tokens  # Some of it is noise, as what stands in quotes.
    each = zip(names, values, strict=True)
    told = [part for name, value in each for part in (*front, name, *behind, sign, value, marks[","])]
    first = tokens.index(inside[0])
    return tokens[:first] + told[:-1] + tokens[first + len(inside) :]


def names_before(tokens: list[Token], i: int) -> list[str]:
    """The names in front of the separator ``i``, if they are a list of names of the field."""
    names: list[str] = []
    phrase: list[str] = []
    for token in reversed(tokens[:i]):
        if token.kind == "word" and len(phrase) < 3:
            phrase.insert(0, token.text)
        elif token.text == "," and phrase:
            names.insert(0, " ".join(phrase))
            phrase = []
        elif token.text not in "()[]":
            break
    if phrase:
        names.insert(0, " ".join(phrase))
    return names if len(names) > 1 and all(known(name.split()[-1]) for name in names) else []


def numbers_behind(tokens: list[Token], i: int) -> list[Token]:
    """The numbers of the list behind the separator ``i``."""
    found: list[Token] = []
    comma = True
    for token in tokens[i + 1 :]:
        if token.kind == "number" and comma:
            found.append(token)
            comma = False
        elif token.text == "," and not comma:
            comma = True
        elif token.kind != "gap" and not (token.text in "([" and not found):
            break
    return found
