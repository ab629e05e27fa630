"""Lines that are made of nothing but names with a number behind each, where a name need not be a known one."""

from __future__ import annotations

from mltui.domain.words import scope_of, word_set
from mltui.parsers.records.names import STOP, known, measures
from mltui.parsers.records.surroundings import OF_SENTENCES
from mltui.parsers.words.everyday import is_everyday
from mltui.parsers.words.roles import counter_of
from mltui.parsers.words.tokens import Token
from mltui.parsers.words.units import TIME_UNITS
from mltui.parsers.words.vocabulary import PARTS

# Between a counter and how long that took.
_OF_DURATIONS = word_set("done finished complete completed in")
# Marks between the parts of a line that is made of pairs.
_BETWEEN_PARTS = frozenset(["|", "-", ";", "│"])
# With so many names and numbers, a line is made of them.
_MANY_PAIRS = 4


def alternates(tokens: list[Token]) -> bool:
    """Whether a line is made of nothing but names with a number behind each: ``iter 1 act 5.0 value loss 1.3``.

    A name of several words ends with one that measures, or is another one of a part of the data, ``val top3 0.57``.
    Where there are many of them, a comma and a remark may stand behind: ``step 1 lr 1 ppl 9.6 gN 6.1, Thu Nov 26``.
    """
    pairs, named = 0, ""
    tag = [token.text for token in tokens[:3:2]] == ["[", "]"]  # ``[LibLinear]iter 1 act 5.0``
    tokens = _from_counter(tokens[3:] if tag else tokens)
    if counted := _bracket_in_front(tokens):
        pairs, tokens = 1, tokens[counted:]
    elif not tokens or counter_of(tokens[0].text) is None:
        return False
    measured = not counted
    bracketed, of = False, False
    for token in tokens:
        if of or (token.text == "/" and pairs and not named):
            of = token.text == "/"  # "epoch 1/5" has a total.
            if not of and token.kind != "number":
                return False
        elif bracketed or token.text == "(":
            bracketed = token.text != ")"  # "(best 71.7)" is said beside the others.
        elif token.kind == "number" and (named or token.unit in TIME_UNITS):
            pairs, named = pairs + bool(named), ""
        elif _stands_between(token, named, pairs):
            named = "" if token.text == ":" else named
        elif token.kind == "word" and _may_go_on(named, token.text):
            named = token.text
            measured = measured or (measures(named) and not is_everyday(named))
        elif token.text == "," and pairs > _MANY_PAIRS:
            break
        else:
            return False
    return pairs > 2 and not named and measured


def _bracket_in_front(tokens: list[Token]) -> int:
    """How many ``tokens`` are a counted bracket in front of a line: ``[ 12/ 50] L_rec 0.5 L_perc 0.2``."""
    near = [(i, token) for i, token in enumerate(tokens[:9]) if token.kind != "gap"][:5]
    marks = "".join("0" if token.kind == "number" else token.text for _, token in near)
    return near[4][0] + 1 if marks == "[0/0]" else 0


def _from_counter(tokens: list[Token]) -> list[Token]:
    """The ``tokens`` but for ornaments, and a word that says of which of several a line is: ``>>> critic ep 20``."""
    start = next((i for i, token in enumerate(tokens) if token.kind == "word"), 0)
    ornaments = all(token.kind in ("gap", "arrow", "bar") or token.text in ">*-#" for token in tokens[:start])
    tokens = tokens[start:] if ornaments else tokens
    words_in_front = [token for token in tokens[:3] if token.kind != "gap"][:2]
    if len(words_in_front) < 2 or not all(token.kind == "word" for token in words_in_front):
        return tokens
    who, counter = words_in_front
    word = who.text.lower()
    said = word not in PARTS and (word in STOP | OF_SENTENCES or known(word) or counter_of(word))
    return tokens if said or not counter_of(counter.text) else tokens[tokens.index(counter) :]


def _stands_between(token: Token, named: str, pairs: int) -> bool:
    """Whether a token stands between pairs, behind what was ``named``: ``epoch 1 done in 3.2s: loss 0.5 | val: …``."""
    if token.kind == "gap" or not pairs:
        return token.kind == "gap"
    if token.text == ":":
        return not named or bool(scope_of(named))
    return not named and (token.text in _BETWEEN_PARTS or token.text.lower() in _OF_DURATIONS)


def _may_go_on(named: str, word: str) -> bool:
    """Whether a name that begins with ``named`` may go on with ``word``."""
    if word.lower() in OF_SENTENCES and word.lower() != "took":
        return False
    return not named or measures(word) or (bool(scope_of(named)) and named.isalpha() and not counter_of(word))
