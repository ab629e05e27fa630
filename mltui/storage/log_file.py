"""The log of a run as it was received: the bytes in one file, and beside it which stream they came from and when.

``log`` holds the bytes of stdout and stderr in the order received, untouched, so that any tool can read it.
``log.index`` holds 20-byte records, little-endian: u64 offset in ``log``, f64 seconds since 1970, u32 stream; each
says "from this offset on, the bytes came from this stream at this time". A record is written when the stream changes
or a tenth of a second has passed. Both files only grow, so any number of readers can follow them.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

_ENTRY = struct.Struct("<QdI")
_TICK = 0.1
_READ = 1 << 20


class LogPiece(NamedTuple):
    """Consecutive bytes of one stream."""

    stream: int
    data: bytes
    time: float


class StreamPosition:
    """How far one stream has come: finished lines, and the bytes of the line that is not finished yet."""

    __slots__ = ("lines", "tail")

    def __init__(self) -> None:
        self.lines = 0
        self.tail = bytearray()

    def advance(self, data: bytes) -> None:
        """Count ``data``."""
        newlines = data.count(b"\n")
        if newlines:
            self.lines += newlines
            self.tail = bytearray(data[data.rindex(b"\n") + 1 :])
        else:
            self.tail += data


class LogWriter:
    """Appends to a run's log; there is one writer a run, held by the run's lock.

    ``positions`` says how far each stream has come, counted from the files when they are opened again.
    """

    def __init__(self, folder: Path) -> None:
        self._log = os.open(folder / "log", os.O_CREAT | os.O_RDWR | os.O_APPEND, 0o600)
        self._index = os.open(folder / "log.index", os.O_CREAT | os.O_RDWR | os.O_APPEND, 0o600)
        self.size = os.fstat(self._log).st_size
        self.positions: dict[int, StreamPosition] = {}
        self._stream = 0
        self._time = 0.0
        self._recover(folder)

    def _recover(self, folder: Path) -> None:
        whole = os.fstat(self._index).st_size // _ENTRY.size * _ENTRY.size
        os.ftruncate(self._index, whole)
        if self.size:
            with LogReader(folder) as reader:
                for piece in reader.pieces():
                    self._position(piece.stream).advance(piece.data)

    def _position(self, stream: int) -> StreamPosition:
        return self.positions.setdefault(stream, StreamPosition())

    def append(self, stream: int, data: bytes, time: float) -> None:
        """Append ``data`` of ``stream``, received at ``time``; an ``OSError`` (a full disk) leaves nothing half done."""
        try:
            if stream != self._stream or time - self._time >= _TICK:
                _write_all(self._index, _ENTRY.pack(self.size, time, stream))
                self._stream, self._time = stream, time
            _write_all(self._log, data)
        except OSError:
            os.ftruncate(self._log, self.size)
            os.ftruncate(self._index, os.fstat(self._index).st_size // _ENTRY.size * _ENTRY.size)
            self._stream = 0
            raise
        self.size += len(data)
        self._position(stream).advance(data)

    def close(self) -> None:
        """Close the files."""
        os.close(self._log)
        os.close(self._index)

    def __enter__(self) -> LogWriter:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _write_all(fd: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(fd, view) :]


class LogReader:
    """Follows a run's log, from its start or near its end, while it grows."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._log = os.open(folder / "log", os.O_RDONLY)
        try:
            self._index = os.open(folder / "log.index", os.O_RDONLY)
        except OSError:
            os.close(self._log)
            raise
        self._entry = (0, 0.0, 1)
        self._next: tuple[int, float, int] | None = None
        self._at = 0
        self.offset = 0
        """Offset in ``log`` of the next byte that ``pieces`` yields."""

    @property
    def size(self) -> int:
        """Bytes in the log now."""
        return os.fstat(self._log).st_size

    def skip_to(self, offset: int) -> None:
        """Go on at ``offset`` (forward only), with the stream and time that hold there."""
        self.offset = max(self.offset, offset)
        self._settle()

    def pieces(self, limit: int | None = None) -> Iterator[LogPiece]:
        """What has come since, up to ``limit`` bytes, in pieces of one stream; ends at the present end."""
        end = self.size if limit is None else min(self.size, self.offset + limit)
        while self.offset < end:
            self._settle()
            upto = min(end, self._next[0]) if self._next else end
            data = os.pread(self._log, min(upto - self.offset, _READ), self.offset)
            if not data:
                return
            self.offset += len(data)
            yield LogPiece(self._entry[2], data, self._entry[1])

    def _settle(self) -> None:
        """Make ``_entry`` the index record that holds at ``offset``, and ``_next`` the one after it."""
        while True:
            if self._next is None:
                raw = os.pread(self._index, _ENTRY.size, self._at)
                if len(raw) < _ENTRY.size:
                    return
                self._next = _ENTRY.unpack(raw)
                self._at += _ENTRY.size
            if self._next[0] > self.offset:
                return
            self._entry, self._next = self._next, None

    def close(self) -> None:
        """Close the files."""
        os.close(self._log)
        os.close(self._index)

    def __enter__(self) -> LogReader:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
