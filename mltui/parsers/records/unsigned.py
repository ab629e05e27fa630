"""Names of any words without a sign behind them, in lines made of such fields: ``it 3: foo 0.5, bar baz 0.6``.

Elsewhere words in front of a number are a name only if the field knows them, since most of them are prose. Here the
form of the whole line says it: it counts, and goes on with a few words and a number, over and over, set apart by the
same mark, or by none. Where it does not count, a name ends with a word that measures.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from mltui.domain.words import word_set
from mltui.parsers.records.names import STOP, measures
from mltui.parsers.records.record import is_decimal
from mltui.parsers.records.surroundings import OF_SENTENCES
from mltui.parsers.words.everyday import is_everyday
from mltui.parsers.words.roles import Role, counter_of, role_of
from mltui.parsers.words.tokens import Token
from mltui.parsers.words.units import SIZE_UNITS, TIME_UNITS, VALUE_UNITS, is_physical

# A line is a text with a letter for each token: "c" counts, "o" is of, "s" a word of sentences, "w" another; "n" is a
# whole number, "d" another, "v" and "p" are units behind them, in which quality and what is predicted are measured;
# "t" is how long or how much, "u" its unit, "x" a date or a duration; "b" is a row of dots or dashes, "g" blanks, and a
# mark stands for itself.
_BRACKET = r"(?:\([^()]*\))?"
# How far it is: ``epoch 3/10 (1.2 s):``, ``[upd 40 of 120] validation:``, ``[3/10]``.
_COUNTED = re.compile(rf"(?:(?:[^\w:=/()]?[\[(]?w?c[:=#]?n(?:[/o]n)?[\])]?{_BRACKET})+|[\[(]n/n[\])])(?:[ws]{{0,3}}:)?")
_FIELD = re.compile(
    r"(?:([wco]{0,3}w)[:=]?[^a-z:=/()\[\],;|]?([nd])[vp]?(?:±[nd][vp]?)?|[wco]{0,3}[:=]?(?:tu?(?:±tu?)?|x))"
    rf"{_BRACKET}(?:stu?)?"
)
_BETWEEN = re.compile(r"[^ac-fh-z:=()\[\]{}<>\"'#~+*.!?&%]?")
# So many values that no word of the field names make a line that no mark sets apart.
_MANY = 3
# What is counted where a line without a word of the field is no game's, film's or machine's.
_OF_TRAININGS = word_set("epoch batch step iteration update timestep episode")


class _Unsigned(NamedTuple):
    """A field: the places of the letters of its name, and that of its number's."""

    start: int
    end: int
    number: int


def named_without_signs(tokens: list[Token]) -> frozenset[int]:
    """Which of a line's ``tokens`` are numbers whose names are all the words between them and what stands before."""
    letters, places = _letters(tokens)
    counted = _COUNTED.match(letters)
    fields, between = _fields(letters, counted.end() if counted else 0)
    names = {places[each.number]: [tokens[i].text for i in places[each.start : each.end]] for each in fields}
    values = [each for each in fields if letters[each.number] == "d" and _may_be_value(names[places[each.number]])]
    if len(values) < 2 - (counted is None):
        return frozenset()
    if counted is None:
        measured = [number for number, name in names.items() if measures(name[-1])]
        return frozenset(measured if between and len(fields) > 1 else ())
    counts = [found[0] for place in places[: counted.end()] if (found := counter_of(tokens[place].text))]
    if any(measures(word) and (counts or not is_everyday(word)) for name in names.values() for word in name):
        return frozenset(names)  # "[3/24] blur score 0.7, noise 0.2" is told of things.
    trains = not _OF_TRAININGS.isdisjoint(counts)
    return frozenset(names if trains and "p" not in letters and (between or len(names) >= _MANY) else ())


def _may_be_value(name: list[str]) -> bool:
    return role_of(" ".join(name)) in (Role.METRIC, Role.SCHEDULE, Role.UNKNOWN)


def _letters(tokens: list[Token]) -> tuple[str, list[int]]:
    """The letters of ``tokens``, but for blanks beside marks, and which token each of them stands for."""
    kinds = [token.kind for token in tokens]
    letters, places = "", []
    for i, kind in enumerate(kinds):
        if kind != "gap" or (i and {kinds[i - 1], *kinds[i + 1 : i + 2]} <= {"word", "number", "noise"}):
            letters += _letter(tokens, i)
            places.append(i)
    return letters.rstrip("g"), places


def _letter(tokens: list[Token], i: int) -> str:
    token, behind = tokens[i], tokens[i + 1 : i + 2]
    match token.kind:
        case "word":
            return _letter_of_word(tokens, i)
        case "number":
            timed = behind and behind[0].kind == "word" and _letter_of_word(tokens, i + 1) == "u"
            if timed or token.unit.strip() not in VALUE_UNITS:
                return "t"
            return "d" if is_decimal(token.text) else "n"
        case "mark":
            return token.text
        case "bar":
            return "b" if token.text[0] in ".-" else "?"
        case "plusminus":
            return "±"
        case "arrow":
            return "→"
        case "gap":
            return "g"
        case "noise":
            return "x"


def _letter_of_word(tokens: list[Token], i: int) -> str:
    word, behind = tokens[i].text, tokens[i + 1 : i + 2]
    after_number = i > 0 and tokens[i - 1].kind == "number" and not (behind and behind[0].kind == "number")
    if after_number and (word in TIME_UNITS or word in SIZE_UNITS or "/" in word):
        return "u"
    if after_number and (word in VALUE_UNITS or is_physical(word)):
        return "v" if word in VALUE_UNITS else "p"
    if word.lower() == "of":
        return "o"
    if counter_of(word):
        return "c"
    return "s" if word.lower() in STOP | OF_SENTENCES else "w"


def _fields(letters: str, start: int) -> tuple[list[_Unsigned], str]:
    """The fields that a line goes on with at ``start``, and the mark between them; none if it holds anything else."""
    found: list[_Unsigned] = []
    marks: set[str] = set()
    mark = _BETWEEN.match(letters, start)
    while mark is not None and (field := _FIELD.match(letters, mark.end())):
        if field[1]:
            if found:
                marks.add(mark[0])
            found.append(_Unsigned(*field.span(1), field.start(2)))
        mark = _BETWEEN.match(letters, field.end())
        if mark is not None and mark.end() == len(letters):
            return (found, "".join(marks)) if len(marks) < 2 else ([], "")
    return [], ""
