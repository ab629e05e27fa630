"""Whether a line may say anything of a training at all, by a first look: most lines of most logs do not."""

from __future__ import annotations

import re

from mltui.domain.words import JOINED_ENDS, METRIC_WORDS, SCOPE_WORDS, word_set
from mltui.parsers.records.unnamed import may_be_unnamed
from mltui.parsers.words.tokens import text_of
from mltui.parsers.words.vocabulary import COUNTERS, SCHEDULE_WORDS

_WORD = re.compile(rb"[A-Za-z]+")
_ANY_WORD = re.compile(r"[^\W\d_]+")
_JOINED_ENDS = tuple(end.encode() for end in JOINED_ENDS)
_CAMEL = re.compile(rb"[a-z][A-Z]|[A-Z]{2}[a-z]{2}")
# Words of the field; a task is only one by its number.
_GATE = frozenset(
    word.encode()
    for word in METRIC_WORDS
    | SCHEDULE_WORDS
    | SCOPE_WORDS.keys()
    | (COUNTERS.keys() - {"task"})
    | word_set("""
    learning episodic gradient metrics best rank steps batches class traceback function dep baselines diff ranking
    leaderboard top r
""")
)
# Names that are one letter but for their digits, ``f1 = 0.8``, and those of the first so many: ``hits@10``.
_LETTERS = "|".join(sorted(word for word in METRIC_WORDS if len(word) == 2 and word[1].isdigit()))
# How the mean over classes was taken, behind such a name: ``F1 (macro): 0.8``.
_KIND = r"(?:\s?\([a-z][a-z -]{0,24}\)|\s(?:macro|micro|weighted)\b)"
_SHORT = re.compile(
    rf"[a-z]@\d{{1,3}}(?![\w.@/-])|(?<![a-z0-9])(?:{_LETTERS})(?:@[\d.:-]{{1,9}})?['\"]?{_KIND}?\s{{0,24}}(?:[:=~]|[-=]>|→|➜|⇒|is\b|[-+]?\d+\.\d)".encode()
)
# Words of the field in scripts that put no blanks between words.
_UNSPACED = re.compile("|".join(sorted(w for w in METRIC_WORDS if "\u3040" <= w[0] <= "\u9fff")).encode())
# A task by its number: other programs have tasks, too.
_TASK = re.compile(rb"\btask[ _#:]{0,2}\d")


def may_matter(frame: bytes) -> bool:
    """Whether the line ``frame`` holds a word of the field, or has the form of a line that measures without one."""
    lower = frame.lower()
    found = _WORD.findall(lower)
    if not _GATE.isdisjoint(found) or any(word.endswith(_JOINED_ENDS) for word in found) or _SHORT.search(lower):
        return True
    if not frame.isascii():
        if not _GATE.isdisjoint(w.encode() for w in _ANY_WORD.findall(text_of(frame).lower())):
            return True
        if _UNSPACED.search(frame):
            return True
    if _TASK.search(lower):
        return True
    return _CAMEL.search(frame) is not None or may_be_unnamed(frame)
