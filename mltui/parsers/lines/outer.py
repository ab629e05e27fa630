"""Takes off what loggers, Docker and the system put in front of the lines of a log (see ``prefix.py``).

That is done before anything else is looked at, so that tables, blocks and headings look as if they were printed without
it: the first blank behind it belongs to it, further ones do not. In front of a row of numbers it is only taken off if a
line of words stood behind the same; else it may be the table's first column.

A name by itself (``trainer: ``, ``[student] ``) says what a line is about. It is what prints the lines once a table's
header or box stands behind it, and then it is taken off too; so is a time without a date.

The branches of a tree that is drawn (``│   └── loss: 0.5``) are no more than an indent.
"""

from __future__ import annotations

import re

from mltui.parsers.budget import Budget
from mltui.parsers.front.prefix import SURE
from mltui.parsers.lines.blocks import opens_dictionary
from mltui.parsers.lines.kinds import begins_table
from mltui.parsers.words.keys import key_of
from mltui.parsers.words.roles import Role, role_of
from mltui.parsers.words.vocabulary import PARTS

_SEPARATOR = r"(?:(?<=\w:)|(?<=\])(?=[\[(])|\ {0,9}-(?:\ |$)|\ ?:(?:\ |$)|:(?=\S)|[ \t]|$)"
# A bar behind a bracket is a table's own, and so is each in a line that ends with one.
_BAR = r"(?<![\])>])\ {0,9}\|(?:\ |$)"
_OUTER = re.compile(rf"(?:(?:{SURE})(?:{_BAR}|{_SEPARATOR}))+".encode(), re.VERBOSE)
_BEFORE_TABLE = re.compile(rf"(?:(?:{SURE})(?:{_BAR}|{_SEPARATOR}))*(?:{SURE}){_SEPARATOR}".encode(), re.VERBOSE)
# The name of what prints, how far it is, ``[------]``, ``[   5%   ]``, or nothing but the time.
_NAMED = re.compile(
    rb"\s*(?:(\[[A-Za-z]\w*\]):?|([A-Za-z_][\w.]*)(?::| -(?= [^-]))|\[(?:-{4,}|\s*\d+%\s*)\]"
    rb"|(\d\d:\d\d:\d\d(?:[.,]\d{3,6})?))\ (?=\s*\S)"
)
# With these a line begins that is indented, a table's or a tree's: nothing is in front of it.
_BARE = frozenset(b" \t|`\xe2")
_BRANCH = re.compile(" *(?:(?:│|[|]) +)*(?:(?:├|└)(?:─){1,2}|[|`]--) ".encode())
# Nothing but numbers, or numbers between tabs and a remark.
_NUMBERS = re.compile(rb"[-\s|,;%*+.\d:eEnaif/]*$|(?:[-+.\d:eEnaif%]*\t){2,}[^\t]*$")
# By so many bytes at its beginning a line is known again.
_HEAD = 24
#: Bytes that what is known by a beginning takes beside it.
_ENTRY = 150
#: Prefixes that are kept, of the log and of each of those that print into it.
_PREFIXES, _PREFIXES_OF_ONE = 4096, 256
_NAMES = 64


class Outer:
    """Takes off what stands in front of the lines, of the log or of ``who`` prints into it."""

    def __init__(self, budget: Budget, who: str = "") -> None:
        self._shapes: dict[bytes, bytes] = {}
        """By the beginning of a line, with its digits as 0, the same of the prefix; empty where there is none."""
        self._share = budget.share(self._shapes.clear)
        self._most = _PREFIXES_OF_ONE if who else _PREFIXES
        self._prefixes: set[bytes] = set()
        """The prefixes that stood in front of words."""
        self._doubted: set[bytes] = set()
        """Those that stood in front of numbers, and of no words so far."""
        self._names: set[bytes] = set()
        """The names that stood in front of a table."""
        self.named = False
        """One of these names what prints, and is neither a time nor how far it is."""
        self.learnt = 0
        """Grows when something is known to be a prefix that was left in front of lines until then."""

    def peel(self, frame: bytes) -> bytes:
        """``frame`` without its prefix."""
        if not frame or frame[0] in _BARE:
            branch = _BRANCH.match(frame)
            return b" " * len(branch.group().decode()) + frame[branch.end() :] if branch else frame
        start = self._length(frame)
        named = _NAMED.match(frame, start)
        if named is not None and self._is_known(named, frame[named.end() :], start > 0):
            return frame[named.end() :]
        return frame[start:] if start else frame

    def _length(self, frame: bytes) -> int:
        """The length of what nothing but a logger writes in front of a line."""
        table = frame[-1] == 124 or frame[-2:] == b"| "
        head = key_of(frame[:_HEAD]) + b"|" if table else key_of(frame[:_HEAD])
        shape = self._shapes.get(head)
        if shape is not None and key_of(frame[: len(shape)]) == shape:
            return len(shape)
        found = (_BEFORE_TABLE if table else _OUTER).match(frame)
        if found is None:
            if b"00:00" not in head:  # What follows a time may still be a prefix in another line.
                self._keep(head, b"")
            return 0
        shape = key_of(found.group())
        if shape not in self._prefixes:
            if _NUMBERS.match(frame, found.end()):
                self._doubt(shape)
                return 0
            self._learn(shape)
        self._keep(head, shape)
        return found.end()

    def _keep(self, head: bytes, shape: bytes) -> None:
        self._share.take(_HEAD + _ENTRY)
        self._shapes[head] = shape

    def _doubt(self, shape: bytes) -> None:
        if len(self._doubted) < self._most:
            self._doubted.add(shape)

    def _learn(self, shape: bytes) -> None:
        if len(self._prefixes) < self._most:
            self._prefixes.add(shape)
            self.learnt += shape in self._doubted

    def _is_known(self, named: re.Match[bytes], line: bytes, logged: bool) -> bool:
        """Whether a name is that of what prints: a table or a block stands behind it, now or before.

        A second name, where no logger put anything else in front (``logged``), may tell two tables apart.
        """
        name = named[1] or named[2] or key_of(named[3] or b"%")
        if name in self._names:
            return True
        word = name.strip(b"[]").decode()
        if (self._names and not logged and name != b"%" and not named[3]) or len(self._names) >= _NAMES:
            return False
        if (
            word.lower() in PARTS
            or role_of(word) not in (Role.UNKNOWN, Role.OTHER)
            or not (begins_table(line) or opens_dictionary(line))
        ):
            return False
        self._names.add(name)
        self.named = self.named or bool(named[1] or named[2])
        self.learnt += 1
        return True
