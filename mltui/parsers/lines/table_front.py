"""Learns what stands in front of all lines of a table, whatever it is: ``[12.3s] epoch  loss``, ``* | epoch | loss |``.

A line may end in a header, and the next one begin in the same way and end in a row of that header. Then what both begin
with is no part of the table, and it is taken off all lines of tables from then on. Names and numbers in it may tell who
prints the table: one such is learnt, so that the tables of several are not mixed.
"""

from __future__ import annotations

import re

from mltui.parsers.lines.kinds import in_table
from mltui.parsers.records import rows, tables
from mltui.parsers.records.cells import BAR_MARKS, HAS_VALUE, row_cells
from mltui.parsers.words.roles import Role, counter_of, role_of
from mltui.parsers.words.tokens import text_of
from mltui.parsers.words.vocabulary import PARTS, REPEATS

# Where what stands in front may end.
_ENDS = re.compile(r"(?<=\S) |(?<=[>:\])])(?=\S)")
_LONGEST, _MOST = 80, 16
# How a rule ends, and a row.
_RULE_END = re.compile(rb"(?:[-=+|]|\xe2[\x94\x95][\x80-\xbf]){4}\s*$")
_ROW_END = re.compile(rb"(?:[\d%)|*]|\xe2[\x94\x95][\x80-\xbf])\s*$")
# What another line may have otherwise: blanks, digits of a time, the number of a line in a file.
_CHANGING = re.compile(r"(?P<blanks> +(?=\S))|\d+(?=[.:]\d)|(?<=\d[.:])\d+|(?<=\w:)\d+")
# A word; what a file is called says nothing.
_WORD = re.compile(r"[^\W\d_]+\b(?!\.\w)")
_SETTING = re.compile(r"\w=")
# The edge of the table itself.
_EDGE = re.compile(rf"[\s{BAR_MARKS}\u2500-\u257f]+")


class TableFront:
    """What stands in front of tables, as far as lines have shown it."""

    def __init__(self) -> None:
        self._known: list[re.Pattern[str]] = []
        self._named = False
        """One of these names something."""
        self._above = b""
        """The last line that may end in a header."""

    def peel(self, line: bytes, named: bool) -> tuple[bytes, bytes]:
        """The header above ``line``, if that has shown only now what stands in front of both, and ``line`` without it.

        The header is empty where there is none, or it was known already. Where a name was taken off in front of other
        lines, and not of this one (``named``), a name that stands here is another's.
        """
        above = self._above
        if not _RULE_END.search(line):
            self._above = line
        if not self._known and not _ROW_END.search(line):
            return b"", line
        text = text_of(line)
        for known in self._known:
            found = known.match(text)
            if found is not None and in_table(text[found.end() :]):
                return b"", text[found.end() :].encode()
        alike = above[:1] == line[:1] or (above[:1].isdigit() and line[:1].isdigit())
        begins = self._learn(text_of(above), text, named) if alike else None
        if begins is None:
            return b"", line
        return text_of(above)[begins[0] :].encode(), text[begins[1] :].encode()

    def _learn(self, above: str, text: str, other: bool) -> tuple[int, int] | None:
        """Where a header in the line above and its row in ``text`` begin, if the same stands in front of both.

        If that names something, there must be no ``other`` name.
        """
        begins = None
        for end in _ENDS.finditer(above, 1, _LONGEST):
            if HAS_VALUE.search(above, end.end()):
                continue
            pattern = _pattern_of(above[: end.end()])
            found = pattern.match(text)
            if found is None:
                break
            if _is_row_under(above[end.end() :], text[found.end() :]):
                begins, known = (end.end(), found.end()), pattern
        if begins is None or len(self._known) == _MOST:
            return None
        front = above[: begins[0]]
        if _EDGE.fullmatch(front) or _tells_of_table(front):
            return None
        named = any(map(str.isalnum, _CHANGING.sub("", front)))
        if named and (other or self._named):
            return None
        self._known.append(known)
        self._named = self._named or named
        return begins


def _pattern_of(front: str) -> re.Pattern[str]:
    """What lines begin with that begin like ``front``, but for times."""
    parts, begins = [], 0
    for changing in _CHANGING.finditer(front):
        parts += [re.escape(front[begins : changing.start()]), " +" if changing["blanks"] else r"\d+"]
        begins = changing.end()
    return re.compile("".join([*parts, re.escape(front[begins:])]))


def _is_row_under(above: str, text: str) -> bool:
    """Whether ``above``, which holds no value, is a header, and ``text`` a row of numbers under it."""
    header = tables.read_header(above)
    cells = None if header is None else row_cells(text)
    return header is not None and cells is not None and rows.assign(header, cells) is not None


def _tells_of_table(front: str) -> bool:
    """Whether ``front`` says of what the table is: a part of the data or the model, a setting, a fold."""
    names = {name.lower() for name in _WORD.findall(front)}
    told = any(role_of(name) not in (Role.UNKNOWN, Role.OTHER) or counter_of(name) for name in names)
    return told or _SETTING.search(front) is not None or not names.isdisjoint(PARTS | REPEATS)
