"""The log of a run as it was received: the bytes in one file, and beside it which stream they came from and when.

``log`` holds the bytes of stdout and stderr in the order received, untouched, so that any tool can read it.
``log.index`` holds 20-byte records, little-endian: u64 offset in ``log``, f64 seconds since 1970, u32 stream; each
says "from this offset on, the bytes came from this stream at this time". A record is written when the stream changes,
a tenth of a second has passed or the clock was set back. Both files only grow: any number of readers can follow them.
"""

from __future__ import annotations

import os
import struct
from bisect import bisect_right
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

_ENTRY = struct.Struct("<QdI")
_TICK = 0.1
_READ = 1 << 20
_NEAR = 1 << 16
_ENTRIES = 512


class LogPiece(NamedTuple):
    """Consecutive bytes of one stream."""

    stream: int
    data: bytes
    time: float


class LogWriter:
    """Appends to a run's log; there is one writer a run, held by the run's lock.

    Opened again after a crash, it cuts away what of the index is not whole or lies behind the end of the log.
    """

    def __init__(self, folder: Path) -> None:
        self._log = os.open(folder / "log", os.O_CREAT | os.O_RDWR | os.O_APPEND, 0o600)
        self._index = os.open(folder / "log.index", os.O_CREAT | os.O_RDWR | os.O_APPEND, 0o600)
        self.size = os.fstat(self._log).st_size
        self._stream = 0
        self._time = 0.0
        self._recover()

    def _recover(self) -> None:
        size = os.fstat(self._index).st_size
        entries = size // _ENTRY.size
        while entries:
            offset, _, _ = _ENTRY.unpack(os.pread(self._index, _ENTRY.size, (entries - 1) * _ENTRY.size))
            if offset <= self.size:
                break
            entries -= 1
        if entries * _ENTRY.size != size:
            os.ftruncate(self._index, entries * _ENTRY.size)

    def append(self, stream: int, data: bytes, time: float) -> None:
        """Append ``data`` of ``stream``, received at ``time``.

        After an ``OSError`` (a full disk) a part of ``data`` may have been written: the files say how much.
        """
        try:
            # A clock that was set back is a new time too.
            if stream != self._stream or not 0 <= time - self._time < _TICK:
                _write_all(self._index, _ENTRY.pack(self.size, time, stream))
                self._stream, self._time = stream, time
            _write_all(self._log, data)
        except OSError:
            self._stream = 0
            self.size = os.fstat(self._log).st_size
            self._recover()
            raise
        self.size += len(data)

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
        self._next: deque[tuple[int, float, int]] = deque()
        self._at = 0
        self.offset = 0
        """Offset in ``log`` of the next byte that ``pieces`` yields."""

    @property
    def size(self) -> int:
        """Bytes in the log now."""
        return os.fstat(self._log).st_size

    def skip_line(self) -> None:
        """Go on behind the next line's end, where one is near: the place may be within a line."""
        found = os.pread(self._log, _NEAR, self.offset).find(b"\n")
        if found >= 0:
            self.skip_to(self.offset + found + 1)

    def rewind(self) -> None:
        """Go back to the log's start."""
        self._entry = (0, 0.0, 1)
        self._next.clear()
        self._at = self.offset = 0

    def skip_to(self, offset: int) -> None:
        """Go on at ``offset`` (forward only), with the stream and time that hold there."""
        self.offset = max(self.offset, offset)
        # A run of days has millions of records, in the order of their offsets.
        first, count = self._at // _ENTRY.size, os.fstat(self._index).st_size // _ENTRY.size
        behind = bisect_right(range(count), self.offset, lo=min(first, count), key=self._offset_of)
        if behind > first:
            self._next.clear()
            self._at = (behind - 1) * _ENTRY.size
        self._settle()

    def _offset_of(self, number: int) -> int:
        """The offset that a record of the index is for; endless for one that has just been cut away."""
        raw = os.pread(self._index, _ENTRY.size, number * _ENTRY.size)
        return int(_ENTRY.unpack(raw)[0]) if len(raw) == _ENTRY.size else 1 << 64

    def pieces(self, limit: int | None = None) -> Iterator[LogPiece]:
        """What has come since, up to ``limit`` bytes, in pieces of one stream; ends at the present end."""
        end = self.size if limit is None else min(self.size, self.offset + limit)
        while self.offset < end:
            self._settle()
            upto = min(end, self._next[0][0]) if self._next else end
            data = os.pread(self._log, min(upto - self.offset, _READ), self.offset)
            if not data:
                return
            self.offset += len(data)
            yield LogPiece(self._entry[2], data, self._entry[1])

    def _settle(self) -> None:
        """Make ``_entry`` the index record that holds at ``offset``, and ``_next`` those after it."""
        while self._next or self._read_entries():
            if self._next[0][0] > self.offset:
                return
            self._entry = self._next.popleft()

    def _read_entries(self) -> bool:
        raw = os.pread(self._index, _ENTRIES * _ENTRY.size, self._at)
        whole = len(raw) // _ENTRY.size * _ENTRY.size
        self._next.extend(_ENTRY.iter_unpack(raw[:whole]))
        self._at += whole
        return whole > 0

    def close(self) -> None:
        """Close the files."""
        os.close(self._log)
        os.close(self._index)

    def __enter__(self) -> LogReader:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
