"""What surrounds a place in a line: whether the words there name the number behind them, by the marks around both."""

from __future__ import annotations

from mltui.domain.words import scope_of, word_set, words
from mltui.parsers.records.cursor import Cursor
from mltui.parsers.records.names import STOP, known, measures
from mltui.parsers.records.record import Field, Nameless
from mltui.parsers.records.walk import Walk
from mltui.parsers.words.everyday import is_everyday
from mltui.parsers.words.roles import Role, counter_of, role_of
from mltui.parsers.words.tokens import Token
from mltui.parsers.words.units import VALUE_UNITS
from mltui.parsers.words.vocabulary import BATCHES, MEANS, STATISTICS, WHO

#: Words between names and numbers of a sentence.
OF_SENTENCES = word_set("""
    in at of on to is was after for with from by and took
""")

# Marks between fields.
_BETWEEN = ",;|-*·•&▸▹►▶›»"
# Behind these marks a number goes on.
_GOES_ON = "/:=[]{}"
# What is written with a point, and no sentence ends there.
_SHORTENED = frozenset(["vs", "approx"])


def words_behind(at: Cursor) -> tuple[list[Token], str]:
    """The words behind the token at hand, and the mark behind them."""
    found: list[Token] = []
    for token in at.tokens[at.i + 1 : at.i + 6]:
        if token.kind != "word":
            return found, token.text
        found.append(token)
    return found, ""


def value_follows(at: Cursor) -> bool:
    """Whether behind the number at hand stand a separator and one measured number, the line's last."""
    sign, value, behind = at.next(), at.next(2), at.next(3)
    if sign is None or value is None or sign.text not in ":=":
        return False
    return value.kind == "number" and "." in value.text and not value.unit.strip(" %") and behind is None


def counts_things(at: Cursor) -> bool:
    """Whether right behind the number at hand stands what there are so many of: ``343 batches/epoch``."""
    behind = at.tokens[at.i + 1] if at.i + 1 < len(at.tokens) else None
    if behind is None or behind.kind != "word":
        return False
    return role_of(behind.text) is Role.OTHER or not BATCHES.keys().isdisjoint(words(behind.text)[:1])


def between_marks(walk: Walk, token: Token) -> bool:
    """Whether a few words that name a measure have a field of their own.

    They end with it, ``| Policy loss -0.03 |``, or say behind it of what it is: ``, test error of best model 53.2 %``.
    A line that is nothing else begins with a part of the data: ``training adv accuracy 36.06%``.
    What they stand behind may be the last field too: ``update 40 policy loss -0.01 value loss 0.4``.
    """
    phrase = walk.phrase
    before = walk.i - len(phrase) - 1
    of = phrase.index("of") if "of" in phrase[1:] else 0
    named = measures(phrase[of - 1]) or (not of and (phrase[0].lower() in MEANS or _is_of_part(walk)))
    if not 1 < len(phrase) < (7 if of else 4) or "." not in token.text or not named:
        return False
    plain = all(w.isidentifier() and (w.lower() not in STOP or w == "of") for w in phrase)
    if not plain:
        return False
    if all(each.kind == "gap" for each in walk.tokens[: before + 1]):
        return bool(scope_of(phrase[0])) and not of and walk.next() is None
    return walk.tokens[before].kind == "gap" or walk.tokens[before].text in ",;|(" or _goes_on(walk, before)


def _is_of_part(walk: Walk) -> bool:
    """Whether two words are a part of the data and another one, in a line that counts: ``, val top3 0.57``."""
    part, *rest = walk.phrase
    return len(rest) == 1 and bool(scope_of(part)) and any(f.counts for f in walk.record.fields)


def _goes_on(walk: Walk, before: int) -> bool:
    """Whether the phrase may name a number right behind another one or its bracket, in a line that counts."""
    token, last = walk.tokens[before], walk.last
    first = isinstance(last, Nameless) and last.first and last.place != "plain"
    counts = any(f.counts for f in walk.record.fields)
    # What any program tells of things that it numbers: ``[3/24] blur score 0.7``.
    if not (counts or (first and not is_everyday(walk.phrase[-1]))) or not (
        first or last is None or isinstance(last, Field)
    ):
        return False
    joins = any(w.lower() in OF_SENTENCES for w in walk.phrase)
    return measures(walk.phrase[-1]) and not joins and (token.kind == "number" or token.text in ":])")


def stands_alone(walk: Walk, token: Token) -> bool:
    """Whether one word and its number are between marks, ``| foo 0.31 |``: a name, whatever it says."""
    tokens, phrase = walk.tokens, walk.phrase
    at = walk.i
    name = at - 1 - (tokens[at - 1].kind == "gap")  # "| R  169.38 |"
    before = tokens[name - 1] if name > 0 and tokens[name].kind == "word" else None
    behind = tokens[at + 1] if at + 1 < len(tokens) else None
    if behind is not None and behind.kind == "word" and behind.text in VALUE_UNITS:
        behind = tokens[at + 2] if at + 2 < len(tokens) else None  # "| EPE 2.087 px |"
    behind = None if at + 2 == len(tokens) and behind is not None and behind.kind == "gap" else behind
    if (
        len(phrase) != 1
        or before is None
        or "." not in token.text
        or token.unit.strip(" %")
        or phrase[0].lower() in STOP
    ):
        return False
    closed = behind is None or behind.kind == "gap" or (behind.kind == "mark" and behind.text not in _GOES_ON)
    if behind is None and isinstance(walk.last, Field) and walk.last.counts and before.kind == "number":
        return phrase[0].isalpha()  # "iter 10 value 0.31"
    opens = before.text == "(" or (before.text == ":" and isinstance(walk.last, Field) and bool(walk.last.counts))
    listed = opens and behind is not None and behind.text in ",;|"  # "(cls 0.55, box 0.48)", "round 1: a 3.2, b 4.1"
    return closed and (before.kind == "gap" or before.text in _BETWEEN or listed)


def says_who(walk: Walk, token: Token) -> bool:
    """Whether a word and its whole number say of whom the line speaks: ``| agent 0 |``, ``step 1 worker 0 loss: 0.5``.

    They stand between marks, or in front of a measure.
    """
    tokens, phrase = walk.tokens, walk.phrase
    if len(phrase) != 1 or phrase[0].lower() not in WHO or not token.text.isdigit() or token.unit:
        return False
    at = walk.i
    before, behind = tokens[max(at - 2, 0) : at - 1], tokens[at + 1 : at + 2]
    if not before and behind and counter_of(behind[0].text):
        return True  # "Rank 0 epoch 1 loss 0.5"
    if behind and behind[0].kind == "word" and measures(behind[0].text):
        return not before or before[0].kind in ("number", "gap", "mark")
    return all(each.kind == "gap" or each.text in ",;|:-" for each in (*before, *behind))


def comes_to_share(at: Cursor) -> bool:
    """Whether behind the count at hand stands of how many, and their share: ``correct 109/120 = 90.83%``."""
    slash, total, sign, share = (at.next(ahead) for ahead in range(1, 5))
    said = "".join(each.text for each in (slash, sign) if each is not None)
    return said == "/=" and total is not None and total.text.isdigit() and share is not None and "." in share.text


def abbreviates(at: Cursor, token: Token) -> bool:
    """Whether the point ends a shortened word (``acc.: 54``, ``Ep. 1``) and not a sentence."""
    previous, following = at.previous(), at.next()
    if previous is None or following is None or previous.kind != "word" or previous.end != token.start:
        return False
    said = previous.text.lower()
    short = len(said) < 4 and (scope_of(said) or said in STATISTICS)
    if following.kind == "word" and (said in _SHORTENED or short):
        return True
    if _shortens(previous.text) and following.text.islower() and measures(following.text):
        return (sign := at.next(2)) is not None and sign.text in ":="  # "adv. loss: 0.5"
    return following.text in ":=(" or (following.kind == "number" and len(previous.text) <= 4)


def _shortens(word: str) -> bool:
    """Whether ``word`` may be the beginning of one that says which loss it is."""
    return len(word) < 6 and word.islower() and not (word in STOP or known(word))


def value_in_next_cell(walk: Walk) -> bool:
    """Whether what is measured stands in front of the bar and its value behind it, in a line that counts."""
    following = walk.next()
    behind_value = isinstance(walk.last, Nameless) and walk.last.decimal  # "| 2.0907 loss | 0.182 acc"
    named = bool(walk.phrase) and not (walk.separator or behind_value) and measures(walk.phrase[-1])
    decimal = following is not None and following.kind == "number" and "." in following.text
    return named and decimal and any(f.counts for f in walk.record.fields)
