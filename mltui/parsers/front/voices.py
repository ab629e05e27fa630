"""Who prints a line, where several write into one log: ranks, tasks of srun, services of Compose, files under ``tail``.

What each of them prints is read as if it stood alone, so that tables, blocks and headings of one are not torn apart by
the lines of another.
"""

from __future__ import annotations

import re
from itertools import pairwise

from mltui.parsers.budget import Budget
from mltui.parsers.front.known import TASK, Known
from mltui.parsers.front.prefix import split_prefix
from mltui.parsers.words.vocabulary import CHAINS, COUNTING, PROCESSES, RUNS, WHO

# What there are several of, in square brackets, in round ones and in front of a colon.
_IN_SQUARE, _IN_ROUND, _IN_FRONT = (
    f"(?:{'|'.join(sorted(words))})".encode()
    for words in (WHO | PROCESSES | RUNS, WHO | RUNS, WHO | PROCESSES | CHAINS)
)
# Some words say it in brackets alone.
_RANK_FORM = (
    rb"(?:(\[" + _IN_SQUARE + rb"\s?[:=_]?\s?\d+\]):?|\[(default\d+)\]:"
    rb"|(\(" + _IN_ROUND + rb"[ =]\d+\)):?"
    rb"|\[pod/([\w.-]+(?:/[\w.-]+)?)\]"
    rb"|(" + _IN_FRONT + rb" ?\d+)\s?[:|>](?!\d)|(chain \[\d+\])"
    rb"|\[\d+,(\d+)\]<std(?:out|err)>:|\((\w+ pid=\d+)[^)]*\)"
    rb"|\((\d+)/\d+\)(?= (?:" + COUNTING.encode() + rb")))"
)
_COMPOSE_FORM = rb"(?!(?i:" + COUNTING.encode() + rb"|ep|batch)-)([A-Za-z][\w.-]*-\d+)\s+\|"
# In front of the line, with one blank behind it: what follows may be indented.
_RANK, _COMPOSE = re.compile(_RANK_FORM + rb"\ ?", re.I), re.compile(_COMPOSE_FORM + rb"\ ?")
# The same behind what a logger puts in front.
_LATER = re.compile(rb"(?<=[\s|:>)\]-])(?:" + _RANK_FORM + rb"|" + _COMPOSE_FORM + rb")", re.I)
# What ``tail`` puts in front of the lines of each of several files.
_FILE = re.compile(rb"==> (?=\S*[/.])(?=\S*[A-Za-z])\S+ <==")
_FOLDERS = frozenset([".", "log", "logs", "out", "output", "outputs"])
_COUNTED = re.compile(rf"\W?(?:train\w*|global)?[ _]?(?:{COUNTING}|update)\W{{0,4}}(\d+)", re.I)
# What counts by itself how far it is in its epoch needs no number in front that counts: ``Train Epoch: 1 [160/640``.
_PLACED = re.compile(r"\W{0,3}\d+/\d+")
# A dictionary that says how far in an epoch it stands: a number in front of it counts nothing.
_COUNTS_ITSELF = re.compile(rb"""\{['"].{0,400}?['"]epoch['"]: ?\d+\.\d""")
# How what ``_RANK`` finds begins; and how any line that may say who prints it, for a first look.
_RANK_BEGINS = "".join(sorted({word[0] for word in (*WHO, *PROCESSES, *CHAINS)})).encode()
_RANK_BEGINS += _RANK_BEGINS.upper() + b"[("
_MAY_SAY = re.compile(rb"[" + re.escape(_RANK_BEGINS) + rb"]|[ \d]{1,7}: |\d{1,8}\t|==> |[A-Za-z][\w.-]*-\d+\s+\|")
#: Where a line of another rank begins in the middle of a line; without a colon it stands behind a number.
_INNER = re.compile(rb"\[(?<=[^\s\[]\[)(?i:rank)\s?\d+\]:|\[(?<=\d\[)(?i:rank)\s?\d+\](?= )")
#: In so many bytes at the beginning of a line it says who prints.
_BEGINNING = 120
#: Tasks, and names of who prints, that are kept.
_TASKS, _NAMES = 4096, 4096
# A single byte is found much faster by its number.
_BRACKET, _BAR = b"[|"

#: Where in a line the name of who prints it begins and ends, and where what they print begins.
_Place = tuple[int, int, int]
_NOBODY: _Place = 0, 0, 0
_PLACE_SIZE = 64


class Voices:
    """Tells apart who prints."""

    def __init__(self, budget: Budget) -> None:
        self._tasks: set[bytes] = set()
        """Numbers in front of lines that stand for the tasks that print them."""
        self._places: Known[_Place] = Known(budget, _PLACE_SIZE)
        self.knows = self._places.get
        """Where lines of a shape say who prints them, if it is known: they are one line each."""
        self._names: dict[bytes, str] = {}
        self._file = ""
        """The file whose lines ``tail`` prints."""

    def cut(self, frame: bytes) -> list[bytes]:
        """The lines in ``frame``: several ranks may have printed into one."""
        if _BRACKET not in frame:
            return [frame]
        cuts = [found.start() for found in _INNER.finditer(frame)]
        return [frame[a:b] for a, b in pairwise([0, *cuts, len(frame)])]

    def who(self, line: bytes, key: bytes) -> tuple[str, int]:
        """Who prints ``line`` of the shape ``key``, empty if nothing says so, and where in it that begins."""
        place = self._places.get(key)
        if place is None:
            place = self._find(line)
            self._places.keep(key, place)
        start, end, begins = place
        if not begins:
            return self._file, 0
        name = self._name(line[start:end])
        if line[:4] == b"==> ":
            self._file = name
        return name, begins

    def _find(self, line: bytes) -> _Place:
        place = self._find_in_front(line) if _MAY_SAY.match(line) else _NOBODY
        if not place[2] and (later := _LATER.search(line, 1, _BEGINNING)):
            begins = split_prefix(line[:_BEGINNING].decode("ascii", "replace"))
            begins = min(begins, later.start())
            place = _place_of(_RANK.match(line, begins) or _COMPOSE.match(line, begins))
        return place

    def _find_in_front(self, line: bytes) -> _Place:
        first, found = line[:1], None
        if first in _RANK_BEGINS:
            found = _RANK.match(line)
        elif task := TASK.match(line):
            if self._is_task(task[1] or task[2], line[task.end() :]):
                found = task
            elif _COUNTS_ITSELF.match(line, task.end()):
                return 0, 0, task.end()
        elif first == b"=":
            found = _FILE.fullmatch(line)
        return _place_of(_COMPOSE.match(line) if found is None and _BAR in line[:_BEGINNING] else found)

    def _name(self, said: bytes) -> str:
        name = self._names.get(said)
        if name is None:
            if len(self._names) > _NAMES:
                self._names.clear()
            name = self._names[said] = _name_of(said.decode("utf-8", "replace"))
        return name

    def _is_task(self, number: bytes, rest: bytes) -> bool:
        """Whether the number in front of a line is the task's: behind it stands a counter that says something else."""
        if number in self._tasks:
            return True
        text = rest[:400].decode("utf-8", "replace")
        counted = _COUNTED.match(text, split_prefix(text))
        # A training that numbers its own lines goes on beyond 1; a task may well be in the epoch of its number.
        if counted is None or (counted[1] == number.decode() and int(number) > 1) or len(self._tasks) > _TASKS:
            return False
        if number[-1:] == b"\t" and not _PLACED.match(text, counted.end()):
            return False
        self._tasks.add(number)
        return True


def _place_of(found: re.Match[bytes] | None) -> _Place:
    return _NOBODY if found is None else (*found.span(found.lastindex or 0), found.end())


def _name_of(said: str) -> str:
    """What who prints is called: a task or process by its number, a file by its name, without what says nothing."""
    if said.isdigit():
        return f"[rank{int(said)}]"
    if said[-1:] == "\t":
        return f"[pid {said[:-1]}]"
    if said[:4] != "==> ":
        return said
    *folders, name = said[4:-4].split("/")
    return "/".join([*(folder for folder in folders[-1:] if folder not in _FOLDERS), name.rpartition(".")[0] or name])
