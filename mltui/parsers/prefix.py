"""What a logger puts in front of a line: time, level, module. None of it names a metric."""

from __future__ import annotations

import re

LEVEL = "(?:DEBUG|INFO|WARNING|WARN|ERROR|CRITICAL|NOTICE|TRACE|FATAL)"
#: What prints lines into the system's log that are about the system itself.
SYSTEM = r"(?:systemd|CRON|sshd|chronyd|dockerd|containerd|kubelet)\[\d+\]:"
_LEVEL = f"(?:{LEVEL}|debug|info|warning|warn|error)"
TIME = r"\d\d:\d\d(?::\d\d(?:[.,]\d+)?)?(?:\s?[AP]M)?"
DATE = (
    r"(?:\d{4}[-/.]\d\d?[-/.]\d\d?|\d\d?[-/.]\d\d?[-/.]\d{4}|\d\d/\d\d(?:/\d\d)?(?=\s\d\d:\d\d)"
    r"|(?:[A-Z][a-z]{2}\s)?[A-Z][a-z]{2}\s+\d{1,2}(?=\s\d\d:\d\d)|\d{1,2}\s[A-Z][a-z]{2}(?:\s\d{4}|(?=\s\d\d:\d\d)))"
)
_PART = re.compile(
    rf"""
      \[?[IWEFD]\d{{4}}\s{TIME}\s+\d+\s[^\]\s]+\]            # I1122 13:40:00.123456 1400 train.py:87]
    | \[?[IWEF]\s{DATE}\s{TIME}\]                           # [I 2026-11-22 13:40:00,123]
    | \[{DATE}[T\s]{TIME}\s[\w./-]+\]                       # [2026-11-22 13:40:00 swin_tiny]
    | \[{DATE}:{TIME}:{_LEVEL}:[\w.:]+\]                       # [2026-11-22:13:40:00:INFO:trainer:log]
    | \[\d{{4}}\s{TIME}\s@?[\w./-]+(?::\d+)?\]              # [1126 13:40:00 @monitor.py:476]
    | (?<=\])\[\d{{3,8}}\]|\[\d{{3,8}}\](?=\s\[?{_LEVEL}\b)       # the process, behind the time or before the level
    | \([\w./-]+[:\s]\d+\)                                    # (trainer.py:735), (main.py 200)
    | \[[\w.-]+\](?=\s\[?{DATE}[T\s]{TIME})                 # [host] in front of the date
    | (?:[A-Z][a-z]{{2}}\s+\d{{1,2}}|{DATE})[T\s]{TIME}\S*\s[\w.-]+\s[\w./-]+\[\d+\]:  # syslog: host program[87]:
    | {DATE}T{TIME}\S*\s(?:stdout|stderr)\s[FP]\s             # a Kubernetes node's log
    | [\[(<]?{DATE}[T\s]?(?:{TIME}(?:\s\d{{4}}(?=\s))?)?(?:Z|\s?[+-]\d\d:?\d\d)?(?=[\s\]|,:)>-]|$)
    | [\[(]?{TIME}(?=[\s\]|,)>-]|$)
    | \d+:\d\d:\d\d(?=\s-\s)                                  # since the start
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
_LONGEST = 400


def split_prefix(text: str) -> int:
    """Where the line proper begins in ``text``."""
    start = 0
    while start < _LONGEST:
        part = _PART.match(text, start)
        if part is None or part.end() == start:
            break
        start = part.end()
    return _keep_opening(text, start)


def _keep_opening(text: str, start: int) -> int:
    """``start``, moved back over a bracket or sign that belongs to what follows."""
    while start > 0 and text[start - 1] in "|" and not text[:start].strip(" |"):
        start -= 1
    return start
