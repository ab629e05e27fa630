"""Trainings one after the other in one log, each under a line that says which it is: ``=== Training resnet50 ===``.

No list of such lines is needed. Where a log begins to count anew, a line above that is like one above the first
training but for some of its words, or a number, is a heading; what differs is what the training is called. Its values
are told apart as those of a fold are: ``epoch (training resnet50)``. The first one has no such name, as its values are
reported before another one shows that there are several.
"""

from __future__ import annotations

import re
from collections import Counter, deque

from mltui.parsers.prefix import split_prefix
from mltui.parsers.tokens import text_of

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
    r"(?:\w+=)?[\d.,]+(?:[kKMGT]?i?B|[kKMG]|[mµn]?s|min|h|%|it/s)|\d{5,}|\d+[.,]\d+.*|.*\d:\d\d.*|\d+[-/]\d+[-/]\d+|.*/.*/.*"
    r"|\.?/.*|(?:max\w*|\w*epochs?|\w*steps)=.*|[0-9a-f]{7,}|0x[0-9a-f]+"
)


class Successive:
    """The lines that measured nothing since something was measured, and the headings found among them."""

    def __init__(self) -> None:
        self.lines: deque[bytes] = deque(maxlen=_LINES)
        self._above_first: list[str] | None = None
        """The lines above the first training."""
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

    def begin_anew(self) -> str:
        """What the training is called that begins here, if one of the lines in front of it is its heading."""
        above = self._above()
        others = [line for line in self._above_first or () if line not in above]
        self.go_on()
        if self._count >= _TRAININGS:
            return ""
        begins = Counter(line.split()[0] for line in {*others, *above} if line)
        others = [line for line in others if line and begins[line.split()[0]] <= _MANY]  # What is in front of all.
        pairs = [(-i, other, line) for i, line in enumerate(above) for other in others]
        found = [(*_likeness(other, line), i, _difference(other, line)) for i, other, line in pairs]
        best = max((each for each in found if each[-1] and any(each[:-2])), default=None)
        self._count += best is not None
        return best[-1] if best else ""

    def _above(self) -> list[str]:
        texts = [text_of(line) for line in self.lines]
        return [text[split_prefix(text) :].strip() for text in texts]


def _likeness(first: str, second: str) -> tuple[bool, bool, bool]:
    """How surely two lines are headings of one kind: drawn as such, of the same form, with words in common."""
    drawn, also = _DRAWN.match(first), _DRAWN.match(second)
    if (drawn and drawn[1][:2]) != (also and also[1][:2]):
        return False, False, False
    form = _WORD.sub("w", first) == _WORD.sub("w", second)
    words, others = _words(first), _words(second)
    begun = words[:1] == others[:1] and first.count(":") == second.count(":")
    common = sum(word in words for word in others)
    if not (drawn and form) and not (begun and (":" in first or common * 3 >= len(others))):
        return False, False, False
    return drawn is not None, form, begun


def _words(text: str) -> list[str]:
    return [chunk.strip(_MARKS) for chunk in _CHUNK.findall(text)]


def _difference(first: str, second: str) -> str:
    """What ``second`` says that ``first`` does not: its own words, a number with the word in front of it."""
    known, said, length = set(_words(first)), _words(second), 0
    parts: list[str] = []
    for i, chunk in enumerate(said):
        length += len(chunk) + 1
        if parts and (length > _NAME_LENGTH or f"{parts[-1]}: " in second):
            break  # "Phase 2/2: fine-tuning all layers"
        if not chunk or chunk in known:
            continue
        number = _NUMBER.fullmatch(chunk)
        if _PASSING.fullmatch(chunk) or (number and i > 3):
            break  # "Number of parameters: 7850"
        if number:
            parts += said[max(i - 1, 0) : i]
        parts.append(chunk)
    return " ".join(parts)[:_NAME_LENGTH]
