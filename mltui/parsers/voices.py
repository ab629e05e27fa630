"""Who prints a line, where several processes write into one log: ranks, tasks of srun, services of Compose.

What each of them prints is read as if it stood alone, so that tables, blocks and headings of one are not torn apart by
the lines of another.
"""

from __future__ import annotations

import re
from itertools import pairwise

from mltui.parsers.prefix import split_prefix

# In front of the line, with one blank behind it: what follows may be indented.
_RANK = re.compile(
    rb"(?:(\[(?:rank|gpu|proc|process|node|worker|replica|trainer)\s?[:=_]?\s?\d+\]):?|\[(default\d+)\]:"
    rb"|((?:rank|process|client|gpu|chain) ?\d+)\s?[:|>](?!\d)|(chain \[\d+\])"
    rb"|\[\d+,(\d+)\]<std(?:out|err)>:|\((\w+ pid=\d+)[^)]*\)"
    rb"|\((\d+)/\d+\)(?= (?:epoch|step|iter)))\ ?",
    re.I,
)
_COMPOSE = re.compile(rb"([A-Za-z][\w.-]*-\d+)\s+\| ?")
# ``3: step 10``: srun's number of the task that prints the line.
_TASK = re.compile(rb" {0,3}(\d{1,4}): ")
_COUNTED = re.compile(
    r"\W?(?:train\w*|global)?[ _]?(?:epoch|step|iter|iteration|update|round|episode)\W{0,4}(\d+)", re.I
)
# How a line begins that may say it, for a first look.
_MAY_SAY = re.compile(rb"[\[(]|[rRpPcCgG]|[ \d]{1,7}: |[A-Za-z][\w.-]*-\d+\s+\|")
#: Where a line of another rank begins in the middle of a line.
_INNER = re.compile(rb"(?<=[^\s\[])(?=\[rank\s?\d+\]:)", re.I)
#: In so many bytes at the beginning of a line it says who prints.
_BEGINNING = 64
_TASKS = 4096


class Voices:
    """Tells apart who prints."""

    def __init__(self) -> None:
        self._tasks: set[bytes] = set()
        """Numbers in front of lines that stand for the tasks that print them."""

    def split(self, frame: bytes) -> list[tuple[str, bytes]]:
        """``frame`` as pieces with who prints each of them; nothing if it does not say."""
        if not _MAY_SAY.match(frame) and b"[rank" not in frame:
            return []
        if b"[rank" in frame and (cuts := [found.start() for found in _INNER.finditer(frame)]):
            pieces = [frame[a:b] for a, b in pairwise([0, *cuts, len(frame)])]
            return [pair for piece in pieces for pair in self._one(piece) or [("", piece)]]
        return self._one(frame)

    def _one(self, frame: bytes) -> list[tuple[str, bytes]]:
        first, found = frame[:1], None
        if first in b"[(rRpPcCgG":
            found = _RANK.match(frame)
        elif b": " in frame[:9] and (task := _TASK.match(frame)) and self._is_task(task[1], frame[task.end() :]):
            found = task
        if found is None and b"|" in frame[:_BEGINNING]:
            found = _COMPOSE.match(frame)
        if found is None and b"[rank" in frame[1:_BEGINNING]:
            found = _RANK.match(frame, split_prefix(frame[:_BEGINNING].decode("ascii", "replace")))
        if found is None:
            return []
        who = next(g for g in found.groups() if g is not None).decode("utf-8", "replace")
        return [(f"[rank{int(who)}]" if who.isdigit() else who, frame[found.end() :])]

    def _is_task(self, number: bytes, rest: bytes) -> bool:
        """Whether the number in front of a line is the task's: behind it stands a counter that says something else."""
        if number in self._tasks:
            return True
        text = rest[:400].decode("utf-8", "replace")
        counted = _COUNTED.match(text, split_prefix(text))
        # A training that numbers its own lines goes on beyond 1; a task may well be in the epoch of its number.
        if counted is None or (counted[1] == number.decode() and int(number) > 1) or len(self._tasks) > _TASKS:
            return False
        self._tasks.add(number)
        return True
