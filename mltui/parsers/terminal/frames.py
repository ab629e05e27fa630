"""What the metric reader sees of a terminal: every state that a progress bar had, one by one.

Between two line ends, carriage returns or jumps of the cursor stands one such frame, without what an earlier state left
behind on the screen. It is cut out of the bytes, which are cheaper to split than text: a line that holds no number is
never decoded. What a terminal shows in the end is another view of the same bytes, see ``line_screen.py``.

Bytes may be split anywhere; they cost linear time and bounded memory, and no bytes raise.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator

#: Bytes that are kept of one line; what comes behind them is cut.
LINE_LIMIT = 1 << 18
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
# A jump over several lines, which are drawn anew; and any jump over several, which is found much faster.
_MAY_JUMP = re.compile(rb"\x1b\[(?:[2-9]|[1-9]\d)[AF]")
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
    """``text`` as a terminal shows it: behind backspaces it goes on over what stands there."""
    text = text.rstrip(b"\x08")
    if _BACKSPACE not in text:
        return text
    shown: list[str] = []
    at = 0
    for part in re.split(r"(\x08+)", _within_limit(text).decode()):
        if part[:1] == "\x08":
            at = max(0, at - len(part))
        else:
            shown[at : at + len(part)] = part
            at += len(part)
    return "".join(shown).encode()


def _as_latin(error: UnicodeError) -> tuple[str, int]:
    """What stands for bytes that are no UTF-8: one or two in a word are its letters in Latin-1, as in ``Époque``."""
    assert isinstance(error, UnicodeDecodeError)
    text, start, end = error.object, error.start, error.end
    begin, stop = start, end
    while begin > start - 2 and begin > 0 and text[begin - 1] > 0x7F:
        begin -= 1
    while stop < end + 2 and stop < len(text) and text[stop] > 0x7F:
        stop += 1
    in_word = stop - begin < 3 and any(
        byte.isalpha() for byte in (text[max(begin - 1, 0) : begin], text[stop : stop + 1])
    )
    letters = text[start:end].decode("latin-1") if in_word else ""
    return letters if letters.isalpha() else "\ufffd", end


codecs.register_error("mltui-latin", _as_latin)


def _as_utf8(text: bytes) -> bytes:
    """``text`` with what is no UTF-8 replaced."""
    try:
        text.decode()
    except UnicodeDecodeError:
        return text.decode("utf-8", "mltui-latin").encode()
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
            if _MAY_JUMP.search(block):
                block = _JUMP.sub(LIVE + rb"\1\n", block)
            block = block.removeprefix(begun)
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
