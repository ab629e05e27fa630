"""Values whose names stand in front of all of them, ``loss, acc = (0.5, 0.9)``, or in turn with them: ``loss, 0.5``."""

from __future__ import annotations

import re

from mltui.parsers.records.names import known
from mltui.parsers.tokens import NUMBER, Token

# Names and numbers in turn, with one mark between all of them: ``('epoch', 0, 'loss', 2.3)``, ``epoch;1;loss;0.9``.
_IN_TURN = re.compile(
    rf"\s*[(\[]?(?:(['\"]?)[^\W\d](?:[\w ./@-]{{0,40}}[\w./@-])?\1\s*[,;]\s*(?:{NUMBER}|nan|inf)(?:\s?%)?\s*"
    r"(?:[,;]\s*|(?:[)\]]\s*)?$)){2,}"
)
# Names in a bracket, and their values in another: ``(epoch, loss) = (1, 0.9)``.
_TUPLES = re.compile(r"\s*\([A-Za-z]\w*(?:, ?\w+)+\)\s*=\s*\([^()]*\)\s*")


def paired(text: str, tokens: list[Token]) -> list[Token]:
    """The ``tokens`` with a sign between each name and its number, where names and numbers come in turn."""
    if text.count(",") < 2 and text.count(";") < 2:
        return tokens
    if _TUPLES.fullmatch(text):
        return [token for token in tokens if token.text not in "()"]
    if ":" in text or "=" in text or _IN_TURN.fullmatch(text) is None:
        return tokens
    behind = [*tokens[1:], tokens[-1]]
    turns = [mark.text in ",;" and number.kind == "number" for mark, number in zip(tokens, behind, strict=True)]
    return [token._replace(text=":") if turn else token for token, turn in zip(tokens, turns, strict=True)]


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
