"""Lines that are made of fields, where all words in front of a number name it: ``it 3: foo 0.5, bar baz 0.6``.

Elsewhere words in front of a number that have no sign behind them are a name only if the field knows them, since most
of them are prose. Here the form of the whole line says it: it goes on with a few words and a number, over and over, and
holds nothing else. A name is of one word, or set apart from the others by the same mark wherever the line counts; where
it does not, it ends with a word that measures.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from itertools import pairwise
from typing import NamedTuple

from mltui.domain.words import scope_of, word_set
from mltui.parsers.records.names import STOP, measures
from mltui.parsers.records.record import is_decimal
from mltui.parsers.records.surroundings import OF_SENTENCES
from mltui.parsers.words.everyday import is_everyday
from mltui.parsers.words.roles import Role, counter_of, role_of
from mltui.parsers.words.tokens import Token
from mltui.parsers.words.units import SIZE_UNITS, TIME_UNITS, VALUE_UNITS, is_physical

# A line is a text with a letter for each token: "c" counts, "o" is of, "k" took, "s" another word of sentences, "l" a
# part of the data in front of a colon, "w" any other word; "n" is a whole number, "d" another, "v" and "p" are units
# behind them, in which quality and what is predicted are measured; "t" is how long or how much, "u" its unit, "x" a
# date or a duration; "b" is a row of dots or dashes, "g" blanks, and a mark stands for itself.
_LETTERS = {"of": "o", "took": "k"}
_BRACKET = r"(?:\([^()]*\))?"
# How far it is: ``epoch 3/10 (1.2 s):``, ``[upd 40 of 120] validation:``, ``[3/10]``, ``[tag]iter 3``, ``ep 3 in 2s:``.
_COUNTED = re.compile(
    rf"(?:\[w\])?(?:(?:[^\w:=/()]?[\[(]?w?c[:=#]?n(?:[/o]n)?[\])]?{_BRACKET})+|[\[(]n/n[\])])(?:[wlsk]{{0,3}}(?:tu?)?:)?"
)
# A name and its number, or what is no value: how long it took, or another counter.
_FIELD = re.compile(
    r"(?:([wcol]{0,3}[wl])[:=]?[^a-z:=/()\[\],;|]?([nd])[vp]?(?:±[nd][vp]?)?"
    rf"|[wcol]{{0,3}}[:=]?(?:tu?(?:±tu?)?|x)|c[:=#]?[nd](?:/n)?|k[ndt]u?){_BRACKET}(?:stu?)?"
)
# A mark between two fields, or a row of it, and on which part of the data the next ones were measured.
_BETWEEN = re.compile(r"(?:([^ac-fh-z:=()\[\]{}<>\"'#~+*.!?&%])\1*)?(?:l:(?![nd]))?")
# Marks that may stand beside each other in a line of short names.
_MIXED = frozenset(["", "g", "b", "|", "-", ";", "│"])
# So many numbers with names make a line of short ones; so many values, one of longer names that no mark sets apart.
_MANY = 3
# With more of them a line is made of them, whatever stands behind a comma: ``…, Thu Nov 26``.
_ENOUGH = 4
# What is counted where a line without a word of the field is no game's, film's or machine's.
_OF_TRAININGS = word_set("epoch batch step iteration update timestep episode")


class _Field(NamedTuple):
    """A name, and a number behind it that may be a value."""

    name: list[str]
    number: int
    """Which token that is."""
    decimal: bool

    @property
    def is_short(self) -> bool:
        """The name is of one word, but for a part of the data in front of it and measures behind it."""
        return all(scope_of(before) or measures(word) for before, word in pairwise(self.name))

    @property
    def may_be_value(self) -> bool:
        """It looks measured, and its name says nothing else."""
        return self.decimal and role_of(" ".join(self.name)) in (Role.METRIC, Role.SCHEDULE, Role.UNKNOWN)


@dataclass(slots=True)
class _Form:
    """What a line goes on with, if that is nothing but fields."""

    fields: list[_Field] = field(default_factory=list)
    pairs: int = 0
    """How many of its numbers have names, those of counters and times among them."""
    marks: set[str] = field(default_factory=set)
    """What sets the fields apart."""

    @property
    def alike(self) -> bool:
        """The fields are set apart by one mark, or by none."""
        return len(self.marks) < 2

    @property
    def values(self) -> int:
        """How many of the fields may be values."""
        return sum(each.may_be_value for each in self.fields)


def named_by_form(tokens: list[Token]) -> frozenset[int]:
    """Which of a line's ``tokens`` are numbers whose names are all the words between them and what stands before."""
    letters, places = _letters(tokens)
    counted = _COUNTED.match(letters)
    form = _form_of(letters, counted.end() if counted else 0, tokens, places)
    if counted is None:
        apart = form.alike and any(form.marks) and form.values and len(form.fields) > 1
        return frozenset(each.number for each in form.fields if apart and measures(each.name[-1]))
    counts = [found[0] for place in places[: counted.end()] if (found := counter_of(tokens[place].text))]
    named = _is_of_short_names(form, counts) or _is_of_names_alike(form, counts, of_nature="p" in letters)
    return frozenset(each.number for each in form.fields if named)


def _is_of_short_names(form: _Form, counts: list[str]) -> bool:
    """Whether a line that ``counts`` is made of short names: ``iter 1 act 5.0 pre 1.3``."""
    several = form.pairs + max(len(counts), 1) >= _MANY and form.marks <= _MIXED
    return several and all(each.is_short for each in form.fields) and bool(counts or _measures(form, counts))


def _is_of_names_alike(form: _Form, counts: list[str], of_nature: bool) -> bool:
    """Whether a line that ``counts`` is made of values that one mark sets apart: ``it 3: pull force 0.5, push 0.6``.

    ``of_nature``: it tells something in a unit of what is measured there.
    """
    if not form.alike or form.values < 2:
        return False
    trains = not (_OF_TRAININGS.isdisjoint(counts) or of_nature)
    return _measures(form, counts) or (trains and (any(form.marks) or len(form.fields) >= _MANY))


def _measures(form: _Form, counts: list[str]) -> bool:
    """Whether a field is measured by its words; where nothing is counted any program has a ``score 0.7``."""
    said = (word for each in form.fields for word in each.name)
    return any(measures(word) and (counts or not is_everyday(word)) for word in said)


def _form_of(letters: str, start: int, tokens: list[Token], places: list[int]) -> _Form:
    """The fields that a line goes on with at letter ``start``; none if it holds anything else."""
    form = _Form()
    mark = _BETWEEN.match(letters, start)
    while mark is not None and (found := _FIELD.match(letters, mark.end())):
        if found[0][0] in "wcolk":
            if form.pairs and found[0][0] != "k":
                form.marks.add(mark[1] or "")
            form.pairs += 1
        if found[1]:
            name = [tokens[i].text for i in places[found.start(1) : found.end(1)]]
            form.fields.append(_Field(name, places[found.start(2)], found[2] == "d"))
        mark = _BETWEEN.match(letters, found.end())
        remark = form.pairs > _ENOUGH and mark is not None and mark[1] == "," and "," not in form.marks
        if mark is not None and (mark.end() == len(letters) or remark):
            return form
    return _Form()


def _letters(tokens: list[Token]) -> tuple[str, list[int]]:
    """The letters of ``tokens``, but for blanks beside marks and numbers, and which token each of them stands for."""
    kinds = [token.kind for token in tokens]
    letters, places = "", []
    for i, kind in enumerate(kinds):
        around = {kinds[i - 1], *kinds[i + 1 : i + 2]}
        if kind != "gap" or (i and around <= {"word", "number", "noise"} and kinds[i + 1 : i + 2] != ["number"]):
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
    if word.lower() in _LETTERS:
        return _LETTERS[word.lower()]
    if counter_of(word):
        return "c"
    if scope_of(word) and behind and behind[0].text == ":":
        return "l"
    return "s" if word.lower() in STOP | OF_SENTENCES else "w"
