"""What a terminal makes of the bytes of a program, line by line.

Two views of the same bytes:

- `LineScreen` is the terminal of the log pane: it applies carriage return, backspace, cursor movement and erasure and
  gives finished lines, plus the line that is being drawn now.
- `Frames` is what the metric reader looks at: every state that a progress bar had between two carriage returns, one
  by one, without what an earlier state left behind on the screen.

Both take bytes split anywhere, cost linear time and bounded memory, and never raise. A wide character counts as one
column here; programs that draw over themselves use narrow ones.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator

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


# The reader's view works on bytes: they are cheaper to split, and a line that holds no number is never decoded.
_COLOUR = re.compile(rb"\x1b\[[0-9;]*m")
_CSI = re.compile(rb"\x1b\[([0-?]*)[ -/]*([@-~])")
# A text that nothing ends, a title or the like, ends with its line: bytes are cut there.
_OTHER_ESCAPE = re.compile(
    rb"\x1b\][^\x07\x1b\r\n]*(?:\x07|\x1b\\)?|\x1b[PX^_][^\x1b\r\n]*(?:\x1b\\)?|\x1b[ -/]*[0-~]?|\x1b"
)
_BREAK = b"\r"
# A single byte is found much faster by its number.
_RETURN, _BACKSPACE = b"\r\b"
# A program that draws over several lines hides the cursor for as long as it does.
_CURSOR = re.compile(rb"\x1b(?<![^\n]\x1b)\[\?25([lh])")
# A jump over several lines, which are drawn anew.
_JUMP = re.compile(rb"^\r*(?:\x1b\[2?K\r*)?\x1b\[([2-9]|[1-9]\d)[AF]", re.M)
#: A frame of its own: from here on lines are drawn again and again.
LIVE = b"\x0e"
#: A frame of its own: what was drawn last stays.
STILL = b"\x0f"


def _plain_csi(found: re.Match[bytes]) -> bytes:
    """What a CSI sequence leaves in the text: a break where the cursor goes elsewhere, blanks where it skips cells."""
    command = found[2]
    if command in b"ABEFGHd`":
        return _BREAK
    if command == b"C":
        return b" " * min(int(found[1] or b"1"), 512) if (found[1] or b"1").isdigit() else b" "
    return b""


def _apply_backspaces(text: bytes) -> bytes:
    """``text`` with every backspace applied to the character before it; those at its end do not erase."""
    text = text.rstrip(b"\x08")
    if _BACKSPACE not in text:
        return text
    text = _within_limit(text).rstrip(b"\x08")
    kept = bytearray()
    for part in re.split(rb"(\x08+)", text):
        if part[:1] != b"\x08":
            kept += part
        else:
            before = kept.decode()
            kept = bytearray(before[: -len(part)].encode() if len(part) < len(before) else b"")
    return bytes(kept)


def _as_utf8(text: bytes) -> bytes:
    """``text`` with what is no UTF-8 replaced."""
    try:
        text.decode()
    except UnicodeDecodeError:
        return text.decode("utf-8", "replace").encode()
    return text


def _states(lines: list[bytes], drawing: bytes) -> tuple[list[bytes], list[bool]]:
    """The states of ``lines`` that may have been drawn over, and whether each is its line's last.

    ``drawing`` is a line that is not finished: what stands behind its last return is no state yet.
    """
    texts: list[bytes] = []
    final: list[bool] = []
    for line in lines:
        states = line.rstrip(b"\r").split(b"\r") if _RETURN in line else [line]
        texts += states
        final += [False] * (len(states) - 1)
        final.append(True)
    states = drawing.split(b"\r")[:-1]
    return texts + states, final + [False] * len(states)


def _within_limit(text: bytes) -> bytes:
    """``text`` without what is beyond the limit of a line."""
    return text if len(text) <= LINE_LIMIT else text[:LINE_LIMIT].decode("utf-8", "ignore").encode()


def _begun_by(before: bytes, block: bytes) -> bytes:
    """What of a line has come, for what is asked of it: nothing, ``\\r`` where it was returns, or else ``-\\r``."""
    if block[-1:] == b"\n":
        return b""
    start = block.rfind(b"\n") + 1
    said = block[start:] if start else before + block
    return b"-\r" if said.strip(b"\r") else b"\r"


class Frames:
    """Splits bytes into frames: what was written between two line ends, carriage returns or jumps of the cursor.

    ``feed`` gives pairs of text (bytes of UTF-8: what is none in the log is replaced) and whether a newline ended it.
    The frames ``LIVE`` and ``STILL`` are no text: they enclose what a program draws over and over.
    """

    def __init__(self) -> None:
        self._tail = bytearray()
        self._begun = b""
        """What stands in front of the bytes that come, in their line: nothing, returns, or anything else."""
        self._hidden = False
        """The cursor is."""
        self._rows = self._left = 0
        """How many lines the last jump went up, and how many of these have not been drawn anew yet."""

    def feed(self, data: bytes) -> Iterator[tuple[bytes, bool]]:
        """The frames that ``data`` completes."""
        if self._tail[-1:] == b"\r":
            waiting = len(self._tail) - len(self._tail.rstrip(b"\r"))
            data = b"\r" * waiting + data
            del self._tail[-waiting:]
        if b"\n" not in data and b"\r" not in data:
            self._keep(data)
            return iter(())
        end = max(data.rfind(b"\n"), data.rfind(b"\r"))
        if end == len(data) - 1 and data[end] == 13:
            # Returns at the very end may be half of "\r\n": they wait, so that the frame is known to be final or not.
            end = len(data.rstrip(b"\r"))
            end = max(data.rfind(b"\n", 0, end), data.rfind(b"\r", 0, end))
            if end < 0:
                self._keep(data)
                return iter(())
        block = bytes(self._tail) + data[: end + 1]
        self._tail.clear()
        self._keep(data[end + 1 :])
        return self._split(block)

    def close(self) -> Iterator[tuple[bytes, bool]]:
        """The frame that was still being drawn when the output ended."""
        block = bytes(self._tail)
        self._tail.clear()
        return self._split(block + b"\n") if block.strip() else iter(())

    def _keep(self, data: bytes) -> None:
        room = LINE_LIMIT - len(self._tail)
        self._tail += data[:room] if room > 0 else b""
        if data[-1:] == b"\r" and self._tail[-1:] != b"\r":
            self._tail += b"\r"

    def _split(self, block: bytes) -> Iterator[tuple[bytes, bool]]:
        if not block.isascii():
            block = _as_utf8(block)
        if b"\r\n" in block:
            block = block.replace(b"\r\n", b"\n")
        if b"\x1b" in block:
            block = _COLOUR.sub(b"", block)
        begun, self._begun = self._begun, _begun_by(self._begun, block)
        if b"\x1b" in block:
            block = _CURSOR.sub(lambda found: (LIVE if found[1] == b"l" else STILL) + b"\n", begun + block)
            block = _JUMP.sub(LIVE + rb"\1\n", block).removeprefix(begun)
            block = _OTHER_ESCAPE.sub(b"", _CSI.sub(_plain_csi, block))
        erases = b"\x08" in block
        lines = block.split(b"\n")
        drawing = lines.pop()
        texts, final = _states(lines, drawing) if b"\r" in block else (lines, [True] * len(lines))
        if erases:
            texts = list(map(_apply_backspaces, texts))
        if len(block) > LINE_LIMIT and max(map(len, lines), default=0) > LINE_LIMIT:
            texts = list(map(_within_limit, texts))
        frames = zip(texts, final, strict=True)
        return self._enclose(frames) if self._rows or LIVE in block else frames

    def _enclose(self, frames: Iterator[tuple[bytes, bool]]) -> Iterator[tuple[bytes, bool]]:
        """``frames`` with those that say where lines are drawn over by jumps: up to one that is below them."""
        enclosed: list[tuple[bytes, bool]] = []
        for text, final in frames:
            if text in (LIVE, STILL):
                self._hidden, self._rows = text == LIVE, 0
            elif text[:1] == LIVE and text[1:].isdigit():
                if not (self._rows or self._hidden):
                    enclosed.append((LIVE, True))
                self._rows = self._left = 0 if self._hidden else int(text[1:])
                continue
            elif final and self._rows:
                if not self._left:
                    enclosed.append((STILL, True))
                    self._rows = 0
                self._left -= 1
            enclosed.append((text, final))
        return iter(enclosed)
