"""What of a log is new when an engine tells it again from its start, as it does to whoever takes a run up again.

An engine's log is not the record's double. json-file, Docker's usual one, replaces bytes that are not UTF-8, one by
one, and breaks characters where it cuts a line longer than 16 KiB; it forgets its oldest files when it grows; what was
printed in the instant in which an engine crashed may be in the record only. So each stream is aligned line by line, by
the ASCII bytes, which no engine changes: a line of the replay that is in the record (at or behind the place reached)
is left out, and the first one that is not is new. Where the replay does not go on exactly where the record ends, a line
in the log says that something may be missing. A line ends here with a carriage return too: a bar that is drawn over for
hours is many lines.
"""

from __future__ import annotations

import re
from array import array
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from zlib import crc32

from mltui.engines.base import LogChunk
from mltui.storage.log_file import LogReader

#: What is written where lines were lost; it holds no number that could be taken for a metric.
GAP = b"[mltui] Lines may be missing here, the engine's log does not go on where this record ended.\n"

_NOT_ASCII = bytes(range(0x80, 0x100))
_NOT_ASCII_RUN = re.compile(rb"[\x80-\xff]*")
_ESCAPED = re.compile("[\udc80-\udcff]")
_ENDS = bytes.maketrans(b"\r", b"\n")


class _Recorded:
    """The record of one stream: a key for every finished line, and the line begun behind them."""

    __slots__ = ("crc", "end", "keys", "last", "size")

    def __init__(self) -> None:
        self.keys: array[int] = array("Q")
        self.last = b""
        """Its last byte."""
        self._begin()

    def _begin(self) -> None:
        self.size = 0
        self.crc = 0
        self.end = b""

    def add(self, data: bytes) -> None:
        """Go on with ``data``."""
        self.last = data[-1:] or self.last
        *finished, rest = _lines(data)
        if finished:
            self._go_on(finished[0])
            self.keys.append(self.crc | self.size << 32)
            self.keys.extend(map(_key, finished[1:]))
            self._begin()
        self._go_on(rest)

    def _go_on(self, part: bytes) -> None:
        plain = _ascii(part)
        self.size += len(plain)
        self.crc = crc32(plain, self.crc)
        self.end = part[_last_ascii(part) :] if plain else self.end + part

    @property
    def begun(self) -> bool:
        """The record ends within a line."""
        return bool(self.size or self.end)


class _Stream:
    """The replay of one stream."""

    def __init__(self, recorded: _Recorded, line: Callable[[int], bytes]) -> None:
        self._recorded = recorded
        self._recorded_line = line
        """Reads one line of the record."""
        self._at = 0
        """Finished lines of the record that the replay has come past."""
        self._line = bytearray()
        """The line of the replay that is not finished yet."""
        self._past = not recorded.keys and not recorded.begun
        self._torn = False
        """A line has been left out of which the replay has the beginning only."""

    def rest(self, data: bytes) -> bytes:
        """What of ``data``, with what was kept of earlier calls, is new."""
        if self._past:
            return data
        *finished, rest = _lines(data)
        begun = len(self._line)
        if finished:
            finished[0] = bytes(self._line) + finished[0]
            self._line.clear()
        known = self._known(finished)
        for i in range(known, len(finished)):
            new = self._new_of(finished[i])
            if new is not None:
                return new + data[sum(map(len, finished[: i + 1])) + i - begun :]
        self._line += rest
        return self._new_of_begun()

    def _known(self, lines: list[bytes]) -> int:
        """How many of ``lines`` are the next of the record; all or none, the usual case made fast."""
        keys = array("Q", map(_key, lines))
        if keys != self._recorded.keys[self._at : self._at + len(keys)]:
            return 0
        self._at += len(keys)
        return len(keys)

    def _new_of(self, line: bytes) -> bytes | None:
        """What is new of a whole line; ``None``: nothing."""
        keys = self._recorded.keys
        if self._at < len(keys):
            try:
                self._at = keys.index(_key(line), self._at) + 1
            except ValueError:
                return None if self._is_torn(line) else self._gap() + line
            return None
        if not self._recorded.begun:
            self._past = True
            return line
        cut = self._end_of_begun(line, whole=True)
        if cut is None:
            return None if self._is_torn(line) else self._gap() + line
        self._past = True
        return line[cut:]

    def _is_torn(self, line: bytes) -> bool:
        """It is the beginning of the next line: the engine did not keep the rest, as it does with what it cuts."""
        self._torn = not self._torn and _ascii(self._recorded_line(self._at)).startswith(_ascii(line))
        return self._torn

    def _new_of_begun(self) -> bytes:
        """What is new of a line that has no end yet: only behind all of the record can that be said."""
        if self._at < len(self._recorded.keys) or len(self._line) < max(self._recorded.size, 1):
            return b""
        cut = self._end_of_begun(bytes(self._line), whole=False)
        if cut is None:
            return b""
        self._past = True
        return bytes(self._line[cut:])

    def _end_of_begun(self, line: bytes, *, whole: bool) -> int | None:
        """Where in ``line`` the record's begun line ends; ``None`` when it is another line, or too short yet."""
        recorded = self._recorded
        cut = _behind_ascii(line, recorded.size)
        if cut is None or crc32(_ascii(line[:cut])) != recorded.crc:
            return None
        if line.startswith(recorded.end, cut):
            return cut + len(recorded.end)
        there = _NOT_ASCII_RUN.match(line, cut)
        most = there.end() if there else cut
        if most == len(line) and not whole:
            return None
        return min(most, cut + len(as_told(recorded.end)))

    def _gap(self) -> bytes:
        self._past = True
        return (b"" if self._recorded.last in (b"", b"\n") else b"\n") + GAP

    def finish(self) -> bytes:
        """What is new of a last line without an end; one that is shorter than what the record has there is not."""
        keys = self._recorded.keys
        there = keys[self._at] >> 32 if self._at < len(keys) else self._recorded.size
        reached = self._at or not keys
        if self._past or not self._line or (reached and len(_ascii(self._line)) <= there):
            return b""
        return self._new_of(bytes(self._line)) or b""


class Replay:
    """Leaves out of a replayed log what the log in ``folder`` has."""

    def __init__(self, folder: Path) -> None:
        recorded: dict[int, _Recorded] = {}
        with LogReader(folder) as log:
            for piece in log.pieces():
                recorded.setdefault(piece.stream, _Recorded()).add(piece.data)
        self._streams = {
            stream: _Stream(lines, partial(_recorded_line, folder, stream)) for stream, lines in recorded.items()
        }

    def rest(self, chunk: LogChunk) -> LogChunk:
        """``chunk`` with only its new bytes."""
        stream = self._streams.get(chunk.stream)
        return chunk if stream is None else chunk._replace(data=stream.rest(chunk.data))

    def finish(self) -> Iterator[LogChunk]:
        """What was held back, when the replay has come to the log's end."""
        for number, stream in self._streams.items():
            if data := stream.finish():
                yield LogChunk(number, data)


def _recorded_line(folder: Path, stream: int, number: int) -> bytes:
    """A line of the record of a stream, counted from 0."""
    line = bytearray()
    with LogReader(folder) as log:
        for piece in log.pieces():
            if piece.stream != stream:
                continue
            *finished, rest = _lines(piece.data)
            if finished:
                finished[0] = bytes(line) + finished[0]
                line.clear()
            if number < len(finished):
                return finished[number]
            number -= len(finished)
            line += rest
    return bytes(line)


def as_told(data: bytes) -> bytes:
    """``data`` as json-file tells it: every byte that is not part of a character replaced by U+FFFD."""
    return _ESCAPED.sub("\ufffd", data.decode("utf-8", "surrogateescape")).encode()


def _lines(data: bytes) -> list[bytes]:
    """The lines that end in ``data``, and the one behind them."""
    return data.translate(_ENDS).split(b"\n")


def _ascii(data: bytes | bytearray) -> bytes | bytearray:
    return data if data.isascii() else data.translate(None, _NOT_ASCII)


def _key(line: bytes) -> int:
    plain = _ascii(line)
    return crc32(plain) | len(plain) << 32


def _last_ascii(data: bytes) -> int:
    """The place behind the last ASCII byte."""
    return len(data.rstrip(_NOT_ASCII))


def _behind_ascii(line: bytes, count: int) -> int | None:
    """The place behind the first ``count`` ASCII bytes; ``None`` when there are not so many."""
    at = 0
    while count:
        step = line[at : at + count]
        if not step:
            return None
        at += len(step)
        count -= len(_ascii(step))
    return at
