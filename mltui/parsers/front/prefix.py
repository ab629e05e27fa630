"""What a logger puts in front of a line: time, level, module. None of it names a metric.

One list serves all lines: ``split_prefix`` finds where a line of names and numbers begins, and ``outer.py`` takes off
what stands in front of tables, boxes and blocks. There only what nothing but a logger writes counts (``SURE``): a date
or a time alone may be a table's first column.
"""

from __future__ import annotations

import re
from functools import lru_cache

from mltui.domain.words import SCOPE_WORDS
from mltui.parsers.words.vocabulary import COUNTERS, COUNTING, PARTS, REPEATS

_LEVEL = "(?:DEBUG|INFO|SUCCESS|WARNING|WARN|ERROR|CRITICAL|NOTICE|TRACE|FATAL)"
#: What prints lines into the system's log that are about the system itself.
SYSTEM = r"(?:systemd|CRON|sshd|chronyd|dockerd|containerd|kubelet)\[\d+\]:"
_ANY_LEVEL = f"(?:{_LEVEL}|debug|info|warning|warn|error)"
# An error that is measured: no level.
_MEASURED = r"(?i:error):?\s*(?:=\s*)?[-+]?\d*\.\d|error(?:\s*=|\s+rate\b)"
_TIME = r"\d\d:\d\d(?::\d\d(?:[.,]\d+)?|(?!:\d\d))(?:\s?[AP]M)?"
_DATE = (
    r"(?:\d{4}[-/.]\d\d?[-/.]\d\d?|\d\d?[-/.]\d\d?[-/.]\d{4}|\d\d[-/]\d\d(?:/\d\d)?(?=\s\d\d:\d\d)"
    r"|\d{1,2}-[A-Z][a-z]{2}-\d{2,4}"
    r"|(?:[A-Z][a-z]{2}\s)?[A-Z][a-z]{2}\s+\d{1,2}(?=\s\d\d:\d\d)|\d{1,2}\s[A-Z][a-z]{2}(?:\s\d{4}|(?=\s\d\d:\d\d)))"
)
_ZONE = r"(?:Z|\s?[+-]\d\d:?\d\d|\s(?:UTC|GMT)\b|\s\d{4}(?=\s))"
_MOMENT = rf"(?:{_DATE}(?:[T,]|,?\s)){_TIME}{_ZONE}?"
# What files with data in them end with: such a name says of what a line speaks.
_DATA = "wav|flac|mp3|mp4|jpe?g|png|gif|bmp|tiff?|txt|csv|tsv|jsonl?|pdf|xml|npy|npz"
_MODULE = rf"(?!\S{{1,200}}\.(?:{_DATA}):)\w+(?:\.\w+)+"
_FILE = r"(?:\w+/)*[\w.]+\.py"
# A logger's name; one that says of which data a line speaks is more than that.
_NAME = rf"(?!(?i:{'|'.join(sorted(SCOPE_WORDS.keys() | PARTS))})\b)[A-Za-z_][\w.]*"
# A process or a thread: ``pid=4711``, ``Thread-7``.
_OWN = (
    r"(?:[pt]id(?:[=:]\s?|\s)\d{1,16}|[PT]ID(?:[=:]\s?|\s)\d{1,16}"
    r"|(?:[a-z]+-\d+-)?[Tt]hread-\d+|\w*(?:Thread|Process)(?:-\d+)?)"
)
_NO_COUNTER = rf"(?!(?i:{'|'.join(sorted(REPEATS | COUNTERS.keys()))})[:\s])"
_NO_PART = rf"(?!(?i:{'|'.join(sorted(PARTS))})\b)"
#: Items that nothing but a logger writes.
SURE = rf"""
    (?:[A-Z][a-z]{{2}}\s+\d{{1,2}}|{_DATE})[T\s]{_TIME}\S*\s[\w.-]+\s(?!{SYSTEM})[\w./-]+\[\d+\]: # host train[7]:
  | {_DATE}T{_TIME}\S*\s(?:stdout|stderr)\s[FP](?=\s)                      # a Kubernetes node's log
  # I1122 13:40:00.123456 1400 train.py:87], I20261122 13:40:00 1400 dinov2 helpers.py:103]
  | \[?[IWEFD](?:\d{{4}}|\d{{8}})\s{_TIME}\s+\d+\s(?:[^\]\s]+|[\w.-]+\s[^\]\s]+:\d+)\]
  | \[?[IWEF]\s{_DATE}\s{_TIME}\]                                          # [I 2026-11-22 13:40:00,123]
  | \[{_DATE}:{_TIME}:{_ANY_LEVEL}:[\w.:]+\]                               # [2026-11-22:13:40:00:INFO:trainer:log]
  | \[\d{{4}}\s{_TIME}\s@?[\w./-]+(?::\d+)?\]                              # [1126 13:40:00 @monitor.py:476]
  | \[[\w.-]+\](?=\s\[?{_DATE}[T\s]{_TIME})                                # [host] in front of the date
  # [4711:MainThread]
  | [\[({{](?:\d{{1,16}}[:/\s-])?(?:{_OWN}|\d{{10,16}})(?:[:/,\s-]{{1,2}}(?:{_OWN}|\d{{1,16}})){{0,4}}\s*[\])}}]
  | \[\d{{1,16}}:\d{{5,16}}\] | \d{{1,8}}:\d{{10,16}}(?=\s) | \d{{10,16}}(?=\s)
  | (?:[pt]id|PID|TID)(?:[=:]|\s)\d{{1,16}}(?=[\s:|-])
  | \d{{2,8}}(?=(?:\s|\s?[-|,]\s?)(?!(?:ERROR|TRACE):?\s*[-+.]?\d){_LEVEL}\b)         # 4711 INFO, 4711 - INFO
  | {_LEVEL}(?::\d+:{_NAME}:|\|\d+\|{_NAME}\|)                             # INFO:4711:trainer:
  | {_LEVEL}\s+\d+\s---\s\[[^\[\]]{{1,60}}\]\s[\w.$]+\s*(?=:)                  # INFO 4711 --- [main] c.f.Trainer   :
  | {_MOMENT}\s+\d+\s+\d+\s[VDIWEF]\s[\w.-]+\s*(?=:)                     # 11-26 10:02:13.123  4711  4733 I Trainer :
  | \[(?:{_MOMENT}:\s)?{_LEVEL}/[\w-]+\] | [\w-]+\.py\[\d+\]:                # [INFO/Process-1], train.py[87]:
  | \[{_MOMENT}(?:\s[\w./-]+){{0,3}}\] | \({_MOMENT}\) | <{_MOMENT}> | {_MOMENT}
  | \[{_TIME}\] | {_TIME}(?=\s(?:-|\||\[?{_LEVEL}\b)) | \d+:\d\d:\d\d(?=\s-\s)    # the last: since the start
  | (?<=\])\[(?:\d{{3,8}}|{_NAME})\](?=\s?\[{_LEVEL}\])                    # the module, glued to time and level
  | (?<=\])\[\d{{3,8}}\] | \[\d{{3,8}}\](?=\s\[?{_ANY_LEVEL}\b)   # the process
  | {_LEVEL}:{_NO_PART}[A-Za-z_][\w.-]*:(?=\S|\s\s|(?<=:root:)\s)                   # INFO:trainer:
  | {_LEVEL}\s*[|-]\s(?!(?i:{COUNTING})\w*:)[A-Za-z_][\w.]*:\d{{1,5}}\s[|-](?=\s)   # INFO | train:24 |
  | {_LEVEL}\s[|-]\s(?:__\w+__|{_MODULE})\s[|-](?=\s)                        # INFO - __main__ -
  | \[\s?{_LEVEL}\s*\] | {_LEVEL}(?=[\s:|\]-]|$)
  | {_NAME}(?=\s(?:[-|]\s)?(?!(?:ERROR|TRACE):?\s*[-+.]?\d){_LEVEL}\b)               # trainer INFO, trainer - INFO
  | [\[(]{_FILE}[:\s]\d+(?::\w+)?[\])] | {_FILE}:\d+(?::\w+)?(?:\]|(?=\s-))      # (train.py 87), logging.py:96:log_dist
  | (?:{_TIME},)?{_NAME}:\d+(?=\s\[?{_LEVEL}\b)                            # 13:40:00,agent:11 INFO
  | \[1\]\s"(?=[^"]*"$)                                                     # as R prints a text
  | {_NAME}:(?:[A-Za-z_]\w*|<module>):\d+(?=\s-)                           # __main__:train:42
"""
# What a title begins with: ``*****``.
_DRAWN = r"(?:\[|[*=]{2,9}\s)"
# In front of a line of names and numbers these are a logger's too.
_LOOSE = rf"""
    \((?:[\w./-]+:|{_NO_COUNTER}[\w./-]+\s)\d+\)                            # (run:735), (main.py 200)
  | [\[(<]?{_DATE}[T\s]?(?:{_TIME})?{_ZONE}?(?=[\s\]|,:)>-]|$)
  | [\[(]?{_TIME}(?=[\s\]|,)>-]|$)
  | [\[(<]?\s?(?!{_MEASURED}){_ANY_LEVEL}\s*[\])>]?(?=[\s:|\]-]|$)
  | [\[(]?{_FILE}:\d+(?::\w+)?[\])]?(?=[\s:|\]-])                          # train.py:87
  | [\[(]?(?:__\w+__|(?<![^\s|\[-]){_MODULE})(?=\s[|-]\s+{_DRAWN}?[A-Za-z]|[\])]|:\s?[A-Za-z])  # __main__, d2.utils
  | [\s|:\])>-]+(?<![-+])
  | -\s
"""
_PART = re.compile(f"{SURE}|{_LOOSE}", re.VERBOSE)
_LONGEST = 400


@lru_cache(maxsize=8)
def split_prefix(text: str) -> int:
    """Where the line proper begins in ``text``; several stations ask that of one line."""
    start = 0
    while start < _LONGEST:
        part = _PART.match(text, start)
        if part is None or part.end() == start:
            break
        start = part.end()
    return _keep_opening(text, start)


def _keep_opening(text: str, start: int) -> int:
    """``start``, moved back over the bars that the line begins with: they belong to what follows."""
    while start > 0 and text[start - 1] == "|" and not text[:start].strip(" |"):
        start -= 1
    return start
