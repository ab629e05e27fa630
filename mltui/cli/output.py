"""How the command line writes: tables, JSON lines and colours; whatever it writes is safe for a terminal."""

from __future__ import annotations

import os
import shutil
import sys
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from typing import TextIO

from mltui.domain.json_text import json_text
from mltui.domain.text import clean, one_line

_SGR = {"bold": "1", "dim": "2", "red": "31", "green": "32", "yellow": "33", "blue": "34", "cyan": "36"}
#: Columns of a name that is not cut for the sake of others.
_LONG = 24
STATE_COLOURS = {
    "pending": "dim", "building": "yellow", "running": "cyan", "finished": "green",
    "failed": "red", "stopped": "yellow", "lost": "red",
}  # fmt: skip


def coloured(stream: TextIO) -> bool:
    """Colours are wanted there: it is a terminal that has them, and ``NO_COLOR`` is not set."""
    return is_terminal(stream) and not os.environ.get("NO_COLOR")


def is_terminal(stream: TextIO) -> bool:
    """A terminal that understands control sequences."""
    return stream.isatty() and os.environ.get("TERM", "") not in ("", "dumb")


def paint(text: str, colour: str, stream: TextIO | None = None) -> str:
    """``text`` in ``colour`` where the stream (default: stdout) shows colours."""
    if not colour or not coloured(stream or sys.stdout):
        return text
    return f"\x1b[{_SGR[colour]}m{text}\x1b[0m"


def width(text: str) -> int:
    """Columns that ``text`` takes on a terminal."""
    if text.isascii():
        return len(text)
    return sum(0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def cut(text: str, columns: int) -> str:
    """``text`` in at most ``columns`` columns, ending in an ellipsis when something was cut off."""
    if width(text) <= columns:
        return text
    kept = ""
    for character in text:
        if width(kept + character) >= columns:
            break
        kept += character
    return kept + "…" if columns > 0 else ""


def terminal_columns() -> int:
    """Columns of the terminal."""
    return shutil.get_terminal_size((80, 24)).columns


def print_table(headers: Sequence[str], rows: Iterable[Sequence[str]], right: str = "", states: str = "") -> None:
    """Print rows below headers; columns named in ``right`` are flush right, those in ``states`` coloured as states.

    On a terminal a long name is cut where the others need its room, columns that do not fit are left out from the
    right, and the last one is cut at the edge; elsewhere nothing is.
    """
    cells = [[one_line(cell) for cell in row] for row in rows]
    wide = [max(width(row[i]) for row in [list(headers), *cells]) for i in range(len(headers))]
    edge = terminal_columns() if sys.stdout.isatty() else 0
    widest = max(range(len(wide)), key=wide.__getitem__)
    over = sum(wide) + 2 * (len(wide) - 1) - edge
    if edge and over > 0 and wide[widest] > _LONG and widest < len(wide) - 1:
        wide[widest] = max(wide[widest] - over, _LONG)
        cells = [[cut(cell, wide[i]) for i, cell in enumerate(row)] for row in cells]
    count = _fitting(headers, wide, edge)
    headers, cells = headers[:count], [row[:count] for row in cells]
    print(paint(_row(headers, wide, headers, right, edge), "bold"))
    for row in cells:
        line = _row(row, wide, headers, right, edge)
        for header, cell in zip(headers, row, strict=True):
            if header == states and cell in STATE_COLOURS:
                line = line.replace(f" {cell} ", f" {paint(cell, STATE_COLOURS[cell])} ", 1)
        print(line)


def _fitting(headers: Sequence[str], wide: Sequence[int], edge: int) -> int:
    """How many columns are shown: not those at the end of which less than a header's word would be seen."""
    count = len(headers)
    while edge and count > 1 and sum(wide[: count - 1]) + 2 * (count - 1) + len(headers[count - 1]) > edge:
        count -= 1
    return count


def _row(cells: Sequence[str], wide: Sequence[int], headers: Sequence[str], right: str, edge: int) -> str:
    padded = []
    for cell, columns, header in zip(cells, wide, headers, strict=False):
        space = " " * (columns - width(cell))
        padded.append(space + cell if header in right.split() else cell + space)
    line = "  ".join(padded).rstrip()
    return cut(line, edge) if edge else line


def print_json(value: Mapping[str, object]) -> None:
    """One JSON object on a line of its own."""
    print(json_text(value))


def say(text: str) -> None:
    """A remark for the person, on stderr, so that the output stays clean."""
    print(clean(text), file=sys.stderr, flush=True)


def confirmed(question: str, *, yes: bool) -> bool:
    """The person agrees; without a terminal to ask at, the command itself is taken as agreement."""
    if yes or not (sys.stdin.isatty() and sys.stderr.isatty()):
        return True
    print(f"{clean(question)} [y/N] ", end="", file=sys.stderr, flush=True)
    return sys.stdin.readline().strip().lower() in ("y", "yes")
