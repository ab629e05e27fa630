"""Reading the points of a run as they come, see ``metric_format``."""

from __future__ import annotations

import json
import os
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

from mltui.domain.metric import MetricKind, SeriesKey
from mltui.storage.columns import Columns, unpack_block
from mltui.storage.frames import FRAME
from mltui.storage.metric_format import ID, MAGIC, NUMBER, TAIL_HEAD, TAIL_MAGIC, loose_points, sliced, tail_path

_READ = 1 << 22


_KINDS = frozenset(MetricKind)


class _Frames:
    """An open file of frames, read as far as they are whole."""

    def __init__(self, file: int, offset: int) -> None:
        self.file = file
        self.offset = offset

    def read(self) -> Iterator[list[bytes]]:
        """The payloads that have come since, some at a time."""
        while True:
            data = os.pread(self.file, _READ, self.offset)
            found, at = [], 0
            while at + FRAME.size <= len(data):
                length, crc = FRAME.unpack_from(data, at)
                payload = data[at + FRAME.size : at + FRAME.size + length]
                if len(payload) < length or zlib.crc32(payload) != crc:
                    break
                at += FRAME.size + length
                found.append(payload)
            self.offset += at
            if found:
                yield found
            if at == 0 or len(data) < _READ:
                return

    def close(self) -> None:
        os.close(self.file)


class MetricReaderFile:
    """Follows a metric file: ``poll`` hands over what has come since.

    ``begin`` is called before its points come again from the start: when the file was written anew (its run was taken
    up again), or when a series was withdrawn whose points were handed over.
    """

    def __init__(self, path: Path, take: Callable[[SeriesKey, Columns], None], begin: Callable[[], None]) -> None:
        self._path = path
        self._take = take
        self._begin = begin
        self._id = b""
        self._main: _Frames | None = None
        self._tail: _Frames | None = None
        self._keys: dict[int, SeriesKey] = {}
        self._given: set[int] = set()
        self._withdrawn: set[int] = set()
        self._blocks = 0
        self._taken: dict[int, int] = {}
        """How many points of each series were taken from the tail: the next block begins with them."""

    def poll(self) -> bool:
        """Read on; tells whether anything came. A file that is not there yet has nothing."""
        # Where another file takes the place of this one just now, the tail of this is gone.
        return self._read_on() or (self._is_replaced() and self._read_on())

    def _read_on(self) -> bool:
        if not self._open():
            return False
        came = self._read_blocks()
        while not self._open_tail():
            # There is no tail, or it follows a block that has just been made.
            if not self._read_blocks():
                return came
            came = True
        return self._read_tail() or came

    def _is_replaced(self) -> bool:
        try:
            return self._main is not None and os.fstat(self._main.file).st_ino != os.stat(self._path).st_ino
        except OSError:
            return False

    def _open(self) -> bool:
        """The file is open and begins as it must; it is read anew when another has taken its place, or when its writer
        took back an end that the disk refused after it had been read.
        """
        try:
            found = os.stat(self._path)
            if self._main and (os.fstat(self._main.file).st_ino != found.st_ino or found.st_size < self._main.offset):
                self.close()
                self._begin()
            if self._main is None:
                self._open_main()
        except OSError:
            # The run was removed: what was read of it stays.
            return False
        return self._main is not None

    def _open_main(self) -> None:
        file = os.open(self._path, os.O_RDONLY)
        head = os.pread(file, len(MAGIC) + ID, 0)
        if len(head) < len(MAGIC) + ID or not head.startswith(MAGIC):
            os.close(file)
            return
        self._id = head[len(MAGIC) :]
        self._main = _Frames(file, len(head))

    def _open_tail(self) -> bool:
        """Whether there is a tail that follows the blocks that were read; it is open then."""
        if self._tail:
            return True
        try:
            file = os.open(tail_path(self._path), os.O_RDONLY)
        except OSError:
            return False
        head = os.pread(file, TAIL_HEAD.size, 0)
        fits = head == TAIL_HEAD.pack(TAIL_MAGIC, self._id, self._blocks)
        if fits:
            self._tail = _Frames(file, TAIL_HEAD.size)
        else:
            os.close(file)
        return fits

    def _read_blocks(self) -> bool:
        came = False
        for payloads in self._main.read() if self._main else ():
            came = True
            gone = {NUMBER.unpack(payload[1:])[0] for payload in payloads if payload[:1] == b"D"}
            self._withdrawn |= gone
            if gone & self._given:
                self._begin_again()
                return True
            for payload in payloads:
                self._handle(payload)
        return came

    def _begin_again(self) -> None:
        withdrawn = self._withdrawn
        self.close()
        self._withdrawn = withdrawn
        self._begin()
        if self._open():
            self._read_blocks()

    def _handle(self, payload: bytes) -> None:
        if payload[:1] == b"S":
            number, name, axis, kind = json.loads(payload[1:])
            if kind in _KINDS:  # A later mltui may have more.
                self._keys[number] = SeriesKey(name, axis, MetricKind(kind))
        elif payload[:1] == b"B":
            for number, columns in unpack_block(payload[1:]):
                taken = self._taken.get(number, 0)
                self._give(number, sliced(columns, taken) if taken else columns)
            self._blocks += 1
            self._taken.clear()
            self._close_tail()
        elif payload[:1] == b"P":
            for number, columns in loose_points(payload):
                self._taken[number] = self._taken.get(number, 0) + len(columns[0])
                self._give(number, columns)

    def _read_tail(self) -> bool:
        came = False
        for payloads in self._tail.read() if self._tail else ():
            came = True
            for payload in payloads:
                self._handle(payload)
        return came

    def _give(self, number: int, columns: Columns) -> None:
        key = self._keys.get(number)
        if key is not None and number not in self._withdrawn and columns[0]:
            self._given.add(number)
            self._take(key, columns)

    def _close_tail(self) -> None:
        if self._tail:
            self._tail.close()
            self._tail = None

    def close(self) -> None:
        """Close the files; a later ``poll`` reads them from their start."""
        self._close_tail()
        if self._main:
            self._main.close()
            self._main = None
        self._blocks = 0
        for kept in (self._keys, self._given, self._taken):
            kept.clear()
        self._withdrawn = set()


def points_in(path: Path) -> int:
    """How many points the file at ``path`` has for who reads it now."""
    found: list[int] = []
    reader = MetricReaderFile(path, lambda _, columns: found.append(len(columns[0])), found.clear)
    try:
        reader.poll()
    finally:
        reader.close()
    return sum(found)
