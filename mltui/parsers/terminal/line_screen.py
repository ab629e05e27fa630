"""What a terminal shows of the bytes of a program, line by line: for the log pane.

It applies carriage return, backspace, cursor movement and erasure, and gives finished lines, plus the line that is
being drawn now. The metric reader looks at the same bytes in another way, see ``frames.py``.

Bytes may be split anywhere; they cost linear time and bounded memory, and no bytes raise. A wide character counts as
one column here; programs that draw over themselves use narrow ones.
"""

from __future__ import annotations

import codecs
import re

#: Characters kept of one line; what comes behind them is cut.
LINE_LIMIT = 65536
#: Ends a line that was cut.
CUT_MARK = " … (cut)"
#: Rows above the bottom that a program may still draw on; a live table of ranks or bars is rarely taller.
WINDOW = 64
#: An escape sequence longer than this is noise.
_ESCAPE_LIMIT = 4096

# Everything that keeps a line from being plain: controls but tab and newline, and marks that reorder text.
_UNPLAIN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2028\u2029\u2066-\u2069]")
_TOKEN = re.compile(
    r"(?P<text>[^\x00-\x08\x0a-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2028\u2029\u2066-\u2069]+)"
    r"|(?P<line>\n)|(?P<return>\r)|(?P<back>\x08+)"
    r"|(?:\x1b\[|\x9b)(?P<args>[0-?]*)[ -/]*(?P<command>[@-~])"
    r"|(?:\x1b\]|\x9d)[^\x07\x1b\x9c\n]*(?:\x07|\x1b\\|\x9c)?"
    r"|(?:\x1b[PX^_]|[\x90\x98\x9e\x9f])[^\x1b\x9c\n]*(?:\x1b\\|\x9c)?"
    r"|\x1b[ -/]*[0-~]?"
    r"|.",
    re.DOTALL,
)
_PARTIAL = re.compile(
    r"(?:(?:\x1b\[|\x9b)[0-?]*[ -/]*|(?:\x1b\]|\x9d)[^\x07\x1b\x9c\n]*|(?:\x1b[PX^_]|[\x90\x98\x9e\x9f])[^\x1b\x9c\n]*"
    r"|\x1b[ -/]*)"
)
_INTRODUCER = re.compile("[\x1b\x90\x98\x9b\x9d\x9e\x9f]")


class _Row:
    """One row of the screen: its cells, and whether they changed since the row was last given out."""

    __slots__ = ("cells", "cut", "drawn_over", "touched")

    def __init__(self, cells: list[str]) -> None:
        self.cells = cells
        self.touched = False
        self.drawn_over = False
        self.cut = False

    def text(self) -> str:
        """The row as one line; blanks that only wipe what was there are left out."""
        line = "".join(self.cells)
        if self.drawn_over:
            line = line.rstrip(" ")
        return line + CUT_MARK if self.cut else line

    def write(self, column: int, text: str) -> int:
        """Draw ``text`` from ``column`` on and return the column behind it."""
        cells, end = self.cells, column + len(text)
        if end > LINE_LIMIT:
            self.cut = True
            text = text[: max(0, LINE_LIMIT - column)]
            end = column + len(text)
        if column > len(cells):
            cells.extend(" " * (column - len(cells)))
        if column < len(cells):
            self.drawn_over = True
        cells[column:end] = text
        self.touched = True
        return end

    def erase(self, start: int, end: int | None = None) -> None:
        """Wipe the cells from ``start`` to ``end`` (to the end of the row by default)."""
        if end is None or end >= len(self.cells):
            del self.cells[start:]
        else:
            self.cells[start:end] = " " * (end - start)
        self.touched = self.drawn_over = True


class LineScreen:
    """A terminal that gives its lines out once they are finished.

    Rows above the bottom stay open for programs that move the cursor up; a row that changed after it was given out is
    given out again when the screen next moves on. A line is cut behind ``LINE_LIMIT`` characters, and marked.
    """

    def __init__(self) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._held = ""
        self._rows = [_Row([])]
        self._row = 0
        self._column = 0
        self._redrawn = False

    def feed(self, data: bytes) -> list[str]:
        """The lines that ``data`` finishes, clean text without control characters (tabs stay)."""
        text = self._held + self._decoder.decode(data)
        self._held = ""
        if "\r\n" in text:
            text = text.replace("\r\n", "\n")
        text = self._hold_partial(text)
        finished: list[str] = []
        *lines, rest = text.split("\n")
        plain = not _UNPLAIN.search(text)
        for line in lines:
            if self._at_fresh_bottom() and (plain or not _UNPLAIN.search(line)):
                self._pass_plain(line, finished)
            else:
                self._draw(line)
                self._line_feed(finished)
        self._draw(rest)
        return finished

    @property
    def pending(self) -> str:
        """The line that is being drawn now."""
        return self._rows[self._row].text()

    def close(self) -> list[str]:
        """The lines that were still open when the output ended."""
        rest = self._held + self._decoder.decode(b"", True)
        self._held = ""
        self._draw(rest.rstrip("\x1b"))
        texts = [row.text() for row in self._rows if row.touched]
        self._rows, self._row, self._column, self._redrawn = [_Row([])], 0, 0, False
        return [text for text in texts if text.strip()]

    def _hold_partial(self, text: str) -> str:
        """``text`` without an escape sequence at its end that is not complete yet; that waits for the next bytes."""
        tail = text[-_ESCAPE_LIMIT:]
        if not _INTRODUCER.search(tail):
            return text
        start = max(tail.rfind(mark) for mark in "\x1b\x90\x98\x9b\x9d\x9e\x9f")
        if not _PARTIAL.fullmatch(tail, start):
            return text
        self._held = tail[start:]
        return text[: len(text) - len(self._held)]

    def _at_fresh_bottom(self) -> bool:
        return not self._redrawn and self._row == len(self._rows) - 1 and not self._rows[-1].cells

    def _pass_plain(self, line: str, finished: list[str]) -> None:
        if len(line) > LINE_LIMIT:
            line = line[:LINE_LIMIT] + CUT_MARK
        finished.append(line)
        self._rows[-1].cells = list(line) if len(line) < 1024 else [line]
        self._next_row()

    def _next_row(self) -> None:
        self._rows[-1].touched = False
        self._rows.append(_Row([]))
        if len(self._rows) > WINDOW:
            del self._rows[0]
        self._row, self._column = len(self._rows) - 1, 0

    def _line_feed(self, finished: list[str]) -> None:
        if self._row < len(self._rows) - 1:
            self._row, self._column = self._row + 1, 0
            return
        if self._redrawn:
            for row in self._rows[:-1]:
                if row.touched and (text := row.text()).strip():
                    finished.append(text)
                row.touched = False
            self._redrawn = False
        finished.append(self._rows[-1].text())
        self._next_row()

    def _draw(self, text: str) -> None:
        for token in _TOKEN.finditer(text):
            kind = token.lastgroup
            if kind == "text":
                self._column = self._rows[self._row].write(self._column, token.group())
                self._redrawn = self._redrawn or self._row < len(self._rows) - 1
            elif kind == "return":
                self._column = 0
            elif kind == "back":
                self._column = max(0, self._column - len(token.group()))
            elif kind == "command":
                self._control(token["command"], token["args"])

    def _control(self, command: str, args: str) -> None:
        """Apply one CSI sequence (ECMA-48); those that do not move or erase (colours, modes) change nothing here."""
        first = args.split(";")[0]
        count = int(first) if first.isdigit() and len(first) < 6 else 0
        row = self._rows[self._row]
        if command in "ABEF":
            self._move_row(-max(1, count) if command in "AF" else max(1, count))
            if command in "EF":
                self._column = 0
        elif command == "C":
            self._column = min(LINE_LIMIT, self._column + max(1, count))
        elif command == "D":
            self._column = max(0, self._column - max(1, count))
        elif command in "G`":
            self._column = min(LINE_LIMIT, max(0, count - 1))
        elif command in "KJ":
            self._erase(row, count)
        elif command == "P":
            del row.cells[self._column : self._column + max(1, count)]
        elif command == "X" and self._column < len(row.cells):
            row.erase(self._column, self._column + max(1, count))

    def _move_row(self, by: int) -> None:
        self._row = min(len(self._rows) - 1, max(0, self._row + by))

    def _erase(self, row: _Row, mode: int) -> None:
        if mode == 0:
            row.erase(min(self._column, len(row.cells)))
        elif mode == 1:
            row.erase(0, self._column + 1)
        else:
            row.erase(0)
        self._redrawn = self._redrawn or self._row < len(self._rows) - 1
