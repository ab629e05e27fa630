"""What stands in front of the lines of a log: times, levels, modules, as loggers, Docker and the system write them.

It is taken off before anything else is looked at, so that tables, blocks and headings look as if they were printed
without it: the first blank behind it belongs to it, further ones do not. In front of a row of numbers it is only taken
off if a line of words stood behind the same; else it may be the table's first column.

The branches of a tree that is drawn (``│   └── loss: 0.5``) are no more than an indent.
"""

from __future__ import annotations

import re

from mltui.parsers.prefix import DATE, LEVEL, SYSTEM, TIME
from mltui.parsers.shapes import key_of

_MOMENT = rf"(?:{DATE}(?:[T,]|,?\ )){TIME}(?:Z|\ ?[+-]\d\d:?\d\d|\ \d{{4}}(?=\s))?"
_ITEM = rf"""(?:
    (?:[A-Z][a-z]{{2}}\s+\d{{1,2}}|{DATE})[T ]{TIME}\S*\ [\w.-]+\ (?!{SYSTEM})[\w./-]+\[\d+\]: # syslog: host train[87]:
  | {DATE}T{TIME}\S*\ (?:stdout|stderr)\ [FP]                                         # a Kubernetes node's log
  | \[?[IWEFD]\d{{4}}\s{TIME}\s+\d+\s[^\]\s]+\]                                       # I1122 13:40:00 1400 train.py:87]
  | {_MOMENT}|\[{_MOMENT}(?:\ [\w./-]+)?\](?:\[\d{{3,8}}\])?|\({_MOMENT}\)|<{_MOMENT}>
  | \[{TIME}\]
  | {TIME}(?=\ (?:-|\||\[?{LEVEL}\b))|\d+:\d\d:\d\d(?=\ -\ )
  | {LEVEL}:[A-Za-z_][\w.]*:                                                          # INFO:trainer
  | \[\s?{LEVEL}\s*\]|{LEVEL}\b
  | [A-Za-z_][\w.]*(?=\ {LEVEL}\b)                                                    # trainer INFO
  | \(\w+\.py[ :]\d+\)|[\[(](?:\w+/)*[\w.]+\.py:\d+(?::\w+)?[\])]|(?:\w+/)*[\w.]+\.py:\d+(?::\w+)?(?=\ -)
  | [A-Za-z_][\w.]*(?=:\ [|+])                                                         # trainer, in front of a table
  | [A-Za-z_][\w.]*:(?:[A-Za-z_]\w*|<module>):\d+(?=\ -)                              # __main__:train:42
)"""
_SEPARATOR = r"(?:(?<=\w:)|\ {0,9}-(?:\ |$)|\ ?:(?:\ |$)|:(?=\S)|[ \t]|$)"
# A bar behind a bracket is a table's own, and so is each in a line that ends with one.
_BAR = r"(?<![\])>])\ {0,9}\|(?:\ |$)"
_OUTER = re.compile(rf"(?:{_ITEM}(?:{_BAR}|{_SEPARATOR}))+".encode(), re.VERBOSE)
_BEFORE_TABLE = re.compile(rf"(?:{_ITEM}(?:{_BAR}|{_SEPARATOR}))*{_ITEM}{_SEPARATOR}".encode(), re.VERBOSE)
# How such a line may begin, for a first look.
_BEGINS = frozenset(b"0123456789[(<") | {ord(c) for c in "IWEFDCNTJASMO_"} | frozenset(range(97, 123))
_BRANCH = re.compile(" *(?:(?:│|[|]) +)*(?:(?:├|└)(?:─){1,2}|[|`]--) ".encode())
_NUMBERS = re.compile(rb"[-\s|,;%*+.\d:eEnaif/]*$")
# By so many bytes at its beginning a line is known again.
_HEAD = 24
_KNOWN = 4096


class Outer:
    """Takes off what stands in front of the lines."""

    def __init__(self) -> None:
        self._shapes: dict[bytes, bytes] = {}
        """By the beginning of a line, with its digits as 0, the same of the prefix; empty where there is none."""
        self._prefixes: set[bytes] = set()
        """The prefixes that stood in front of words."""

    def peel(self, frame: bytes) -> bytes:
        """``frame`` without its prefix."""
        if not frame or frame[0] not in _BEGINS:
            branch = _BRANCH.match(frame) if b"\xe2\x94\x80 " in frame or b"-- " in frame else None
            return b" " * len(branch.group().decode()) + frame[branch.end() :] if branch else frame
        table = frame[-1] == 124 or frame[-2:] == b"| "
        head = key_of(frame[:_HEAD]) + b"|" if table else key_of(frame[:_HEAD])
        shape = self._shapes.get(head)
        if shape == b"":
            return frame
        if shape is not None and key_of(frame[: len(shape)]) == shape:
            return frame[len(shape) :]
        found = (_BEFORE_TABLE if table else _OUTER).match(frame)
        if found is None:
            if b"00:00" not in head:  # What follows a time may still be a prefix in another line.
                self._keep(head, b"")
            return frame
        shape = key_of(found.group())
        if _NUMBERS.match(frame, found.end()) and shape not in self._prefixes:
            return frame
        self._keep(head, shape)
        return frame[found.end() :]

    def _keep(self, head: bytes, shape: bytes) -> None:
        if len(self._shapes) >= _KNOWN:
            self._shapes.clear()
            self._prefixes.clear()
        self._shapes[head] = shape
        self._prefixes.add(shape)
