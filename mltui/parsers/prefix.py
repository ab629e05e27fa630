"""What a logger puts in front of a line: time, level, module, process. None of it names a metric."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import NamedTuple

LEVEL = "(?:DEBUG|INFO|WARNING|WARN|ERROR|CRITICAL|NOTICE|TRACE|FATAL)"
_LEVEL = f"(?:{LEVEL}|debug|info|warning|warn|error)"
TIME = r"\d\d:\d\d(?::\d\d(?:[.,]\d+)?)?(?:\s?[AP]M)?"
DATE = (
    r"(?:\d{4}[-/.]\d\d?[-/.]\d\d?|\d\d?[-/.]\d\d?[-/.]\d{4}|\d\d/\d\d(?=\s\d\d:\d\d)"
    r"|(?:[A-Z][a-z]{2}\s)?[A-Z][a-z]{2}\s+\d{1,2}(?=\s\d\d:\d\d)|\d{1,2}\s[A-Z][a-z]{2}(?:\s\d{4}|(?=\s\d\d:\d\d)))"
)
_PART = re.compile(
    rf"""
      \[?[IWEFD]\d{{4}}\s{TIME}\s+\d+\s[^\]\s]+\]            # I1122 13:40:00.123456 1400 train.py:87]
    | \[?[IWEF]\s{DATE}\s{TIME}\]                           # [I 2026-11-22 13:40:00,123]
    | \[{DATE}[T\s]{TIME}\s[\w./-]+\]                       # [2026-11-22 13:40:00 swin_tiny]
    | \[{DATE}:{TIME}:{_LEVEL}:[\w.:]+\]                       # [2026-11-22:13:40:00:INFO:trainer:log]
    | \([\w./-]+[:\s]\d+\)                                    # (trainer.py:735), (main.py 200)
    | \[[\w.-]+\](?=\s\[?{DATE}[T\s]{TIME})                 # [host] in front of the date
    | (?:[A-Z][a-z]{{2}}\s+\d{{1,2}}|{DATE})[T\s]{TIME}\S*\s[\w.-]+\s[\w./-]+\[\d+\]:  # syslog: host program[87]:
    | {DATE}T{TIME}\S*\s(?:stdout|stderr)\s[FP]\s             # a Kubernetes node's log
    | [\[(<]?{DATE}[T\s]?(?:{TIME})?(?:Z|\s?[+-]\d\d:?\d\d)?(?=[\s\]|,:)>-]|$)
    | [\[(]?{TIME}(?=[\s\]|,)>-]|$)
    | {_LEVEL}:[\w.]+:(?=\S)                                  # INFO:trainer:
    | [\[(<]?\s?{_LEVEL}\s*[\])>]?(?=[\s:|\]-]|$)
    | [\[(]?(?:\w+/)*[\w.]+\.py:\d+(?::\w+)?[\])]?(?=[\s:|\]-])  # train.py:87, logging.py:96:log_dist
    | [A-Za-z_][\w.]*:(?:[A-Za-z_]\w*|<module>):\d+(?=\s-)                             # __main__:train:42
    | [\[(]?(?:__\w+__|(?<![^\s|\[-])\w+(?:\.\w+)+)(?=\s[|-]\s+[A-Za-z]|[\])]|:\s?[A-Za-z])  # __main__, d2.utils.events
    | [\s|:\])>-]+(?<![-+])
    | -\s
    """,
    re.VERBOSE,
)
_COMPOSE = re.compile(r"([A-Za-z][\w.-]*-\d+)\s+\| ")
_RANK = re.compile(
    r"(?:(\[(?:rank|gpu|proc|process|node|worker|replica|trainer)\s?[:=_]?\s?\d+\]):?|\[(default\d+)\]:"
    r"|((?:rank|process|client|gpu) ?\d+)\s?[:|>](?!\d)|\[1,(\d+)\]<std(?:out|err)>:|\((\w+ pid=\d+)[^)]*\))\s*",
    re.I,
)
# ``3: step 10``: srun's number of the task that prints the line.
_TASK = re.compile(r" {0,3}(\d{1,4}): +(?=\S)")
_COUNTED = re.compile(
    r"\W?(?:train\w*|global)?[ _]?(?:epoch|step|iter|iteration|update|round|episode)\W{0,4}(\d+)", re.I
)
_LONGEST = 400


class Prefix(NamedTuple):
    """What stands in front of a line."""

    who: str
    """Who prints the line (``[rank0]``, ``trainer-1``); empty if it does not say."""
    said: tuple[int, int]
    """Where it says so."""
    start: int
    """Where the line proper begins."""


def split_prefix(text: str, tasks: Collection[str] = ()) -> Prefix:
    """The prefix of ``text``; ``tasks`` are numbers that are known to stand for tasks where a line begins with them."""
    who, said, start = "", (0, 0), 0
    if compose := _COMPOSE.match(text):
        who, said, start = compose[1], (0, compose.end()), compose.end()
    elif (task := _TASK.match(text)) and (task[1] in tasks or task_of(text)):
        who, said, start = f"[rank{task[1]}]", (0, task.end()), task.end()
    while start < _LONGEST:
        if rank := _RANK.match(text, start):
            found = next(g for g in rank.groups() if g is not None)
            who, said, start = (f"[rank{found}]" if found.isdigit() else found), rank.span(), rank.end()
            continue
        part = _PART.match(text, start)
        if part is None or part.end() == start:
            break
        start = part.end()
    return Prefix(who, said, _keep_opening(text, start))


def task_of(text: str) -> str:
    """The number of the task that prints the line: it stands in front of a counter that says something else."""
    found = _TASK.match(text)
    if found is None:
        return ""
    counted = _COUNTED.match(text, split_prefix(text[found.end() :]).start + found.end())
    # A training that numbers its own lines goes on beyond 1; a task may well be in the epoch of its number.
    return found[1] if counted and (counted[1] != found[1] or int(found[1]) < 2) else ""


def _keep_opening(text: str, start: int) -> int:
    """``start``, moved back over a bracket or sign that belongs to what follows."""
    while start > 0 and text[start - 1] in "|" and not text[:start].strip(" |"):
        start -= 1
    return start
