"""Trainings one after the other in one log, each under a line that says which it is: ``=== Training resnet50 ===``.

No list of such lines is needed. Where a log begins to count anew, a line above that is like one above the first
training but for some of its words, or a number, is a heading; what differs is what the training is called. Its values
are told apart as those of a fold are: ``epoch (training resnet50)``. The first one has no such name, as its values are
reported before another one shows that there are several.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict, deque
from functools import lru_cache
from itertools import groupby
from typing import NamedTuple

from mltui.domain.metric import STAGES
from mltui.domain.words import words
from mltui.parsers.front.prefix import split_prefix
from mltui.parsers.words import units
from mltui.parsers.words.keys import key_of
from mltui.parsers.words.roles import Role, role_of
from mltui.parsers.words.tokens import text_of
from mltui.parsers.words.vocabulary import HYPERPARAMETERS

#: How long in bytes a heading may be.
LONGEST_HEADING = 120
#: Lines above a training that are compared, and how many trainings are told apart.
_LINES, _TRAININGS = 64, 256
_NAME_LENGTH = 40
#: What more lines than these begin with is a logger's.
_MANY = 4

# How a line begins that is drawn as a heading.
_DRAWN = re.compile(r"\s*([-=*#~+_]{2,}|[#>▶►●■•](?= )|\[)\s*(?=\w)")
_MARKS = "-=*#~+_<>▶►●■•|:;,.!'\"…"
_CHUNK = re.compile(r"[^\s\[\](){}|,;]+")
_WORD = re.compile(r"\w+")
_NUMBER = re.compile(r"[-#]?\d[\d.]*(?:e-?\d+)?(?:/\d+)?")
# What differs from time to time, and names nothing: a time, a size, a date, a place on the disk.
_PASSING = re.compile(
    rf"(?:\w+=)?[\d.,]+(?:{units.TOUCHING}|%)|"
    r"\d{5,}|\d+[.,]\d+.*|.*\d:\d\d.*|\d+[-/]\d+[-/]\d+|.*/.*/.*"
    r"|\.?/.*|(?:max\w*|\w*epochs?|\w*steps)=.*|[0-9a-f]{7,}|0x[0-9a-f]+"
)


class _Line(NamedTuple):
    """A line without what a logger put in front, and what of it is compared."""

    text: str
    drawn: str
    """How it is drawn as a heading, if it is."""
    words: tuple[str, ...]
    begins: tuple[object, ...]
    """Equal for lines that begin with the same word."""


class Successive:
    """The lines that measured nothing since something was measured, and the headings found among them."""

    def __init__(self) -> None:
        self.lines: deque[bytes] = deque(maxlen=_LINES)
        self._above_first: list[_Line] | None = None
        """The lines above the first training."""
        self._above_last: list[_Line] = []
        """The lines above the last one that has a name."""
        self._in_vain: tuple[bytes, ...] = ()
        """The shapes of the lines that were compared last, and found to be no heading."""
        self._title = ""
        """What the training is called whose stages may follow."""
        self._count = 0

    def go_on(self) -> str:
        """The training goes on: what stood in front of it is no heading of another one."""
        if self._above_first is None:
            self._above_first = self._above()
        self.lines.clear()
        return ""

    def leave_to_folds(self) -> None:
        """The log numbers what it counts anew itself."""
        self._count = _TRAININGS

    def within(self, name: str) -> str:
        """The full name of a training: a stage is a part of the one above it: ``resnet50, Stage 2``."""
        if STAGES.isdisjoint(words(name)[:1]):
            self._title = name
            return name
        return f"{self._title}, {name}" if self._title else name

    def begin_anew(self) -> str:
        """What the training is called that begins here, if one of the lines in front of it is its heading."""
        shapes = tuple(map(key_of, self.lines))
        if self._count >= _TRAININGS or shapes == self._in_vain:
            return self.go_on()
        above = self._above()
        known = set(above)
        first, last = (
            [line for line in lines if line not in known] for lines in (self._above_first or (), self._above_last)
        )
        others = first or last  # The first one may come again.
        self.go_on()
        if not others:
            return ""
        begins = Counter(line.text.split()[0] for line in {*others, *known} if line.text)
        alike = defaultdict[tuple[object, ...], list[_Line]](list)
        for other in others:
            if other.text and begins[other.text.split()[0]] <= _MANY:  # Else it is what is in front of all.
                alike[other.begins].append(other)
                if other.drawn:
                    alike[other.drawn, _form_of(other.text)].append(other)
        pairs = [
            (likeness, -i, other, line)
            for i, line in enumerate(above)
            for other in [*alike[line.begins], *(alike[line.drawn, _form_of(line.text)] if line.drawn else ())]
            if any(likeness := _likeness(other, line))
        ]
        pairs.sort(key=_rank, reverse=True)
        for _, best in groupby(pairs, _rank):
            if name := max(_difference(other, line) for _, _, other, line in best):
                self._count += 1
                self._above_last = above
                return name
        self._in_vain = shapes
        return ""

    def _above(self) -> list[_Line]:
        return [_compared(line) for line in self.lines]


@lru_cache(maxsize=4 * _LINES)
def _compared(line: bytes) -> _Line:
    whole, start = text_of(line), _length_of_prefix(key_of(line))
    text = whole[start if _WORD.search(whole, 0, start) else 0 :].strip()  # "--- lr=0.1 ---" has no logger's prefix.
    drawn = _DRAWN.match(text)
    said = tuple(filter(None, [chunk.strip(_MARKS) for chunk in _CHUNK.findall(text)]))
    mark = drawn[1][:2] if drawn else ""
    return _Line(text, mark, said, (mark, said[:1], text.count(":")))


@lru_cache(maxsize=4 * _LINES)
def _length_of_prefix(key: bytes) -> int:
    """How long what a logger put in front is, in lines of one shape."""
    return split_prefix(text_of(key))


@lru_cache(maxsize=4 * _LINES)
def _form_of(text: str) -> str:
    """A line's marks, without its words."""
    return _WORD.sub("w", text)


def _rank(pair: tuple[tuple[bool, bool, bool], int, _Line, _Line]) -> tuple[tuple[bool, bool, bool], int]:
    return pair[:2]


def _likeness(first: _Line, second: _Line) -> tuple[bool, bool, bool]:
    """How surely two lines are headings of one kind: drawn as such, of the same form, with words in common."""
    if first.drawn != second.drawn:
        return False, False, False
    form, begun = _form_of(first.text) == _form_of(second.text), first.begins == second.begins
    if not (first.drawn and form) and not (begun and (":" in first.text or _share_words(first, second))):
        return False, False, False
    return bool(first.drawn), form, begun


def _is_set(word: str) -> bool:
    """Whether ``word`` names what a training is given."""
    return role_of(word) is Role.SCHEDULE or not HYPERPARAMETERS.isdisjoint(words(word))


def _share_words(first: _Line, second: _Line) -> bool:
    return sum(word in first.words for word in second.words) * 3 >= len(second.words)


@lru_cache(maxsize=4 * _LINES)
def _difference(first: _Line, second: _Line) -> str:
    """What ``second`` says that ``first`` does not: its own words, a number with the word in front of it."""
    known, said, length = set(first.words), second.words, 0
    alike = len(first.words) == len(said)  # "Stage 1 of 2", "Stage 2 of 2"
    parts: list[str] = []
    for i, chunk in enumerate(said):
        length += len(chunk) + 1
        if parts and (length > _NAME_LENGTH or f"{parts[-1]}: " in second.text):
            break  # "Phase 2/2: fine-tuning all layers"
        number = _NUMBER.fullmatch(chunk)
        if not chunk or (first.words[i] == chunk if number and alike else chunk in known):
            continue
        is_set = number and i and _is_set(said[i - 1])  # "Training with lr 0.01"
        if not is_set and (_PASSING.fullmatch(chunk) or (number and i > 3)):
            break  # "Number of parameters: 7850"
        if number:
            parts += said[max(i - 1, 0) : i]
        parts.append(chunk)
    return " ".join(parts)[:_NAME_LENGTH]
