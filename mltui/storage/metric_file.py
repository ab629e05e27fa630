"""The points of a run on disk: one file that only grows, followed by any number of readers.

Format, little-endian: the magic ``mltui-m1``, then frames of u32 length, u32 CRC-32 and ``length`` bytes of payload.
A payload begins with a byte: ``S`` declares a series (JSON ``[id, name, axis, kind]``); ``P`` holds points (u16
series, u8 encoding, u32 n, then the columns x, value and time). Encoding 0 is three arrays of f64. A frame cut off by
a crash fails its length or checksum; readers stop in front of it.

A run that is taken up again has its log read from the start. Its points go to a new file beside the old, which takes
the old one's place once it has everything that the old one had, so that no reader sees a curve shrink.
"""

from __future__ import annotations

import json
import os
import struct
import zlib
from array import array
from collections.abc import Callable, Iterator
from pathlib import Path

from mltui.domain.metric import MetricKind, MetricPoint, SeriesKey

MAGIC = b"mltui-m1"
_FRAME = struct.Struct("<II")
_POINTS = struct.Struct("<cHBI")
_READ = 1 << 22
#: Points of one series that make a frame of their own before the flush is due, to bound what is held in memory.
_BATCH = 4096

Columns = tuple["array[float]", "array[float]", "array[float]"]


class MetricWriter:
    """Appends points; they are held until ``flush``, which the caller does a few times a second."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._new: Path | None = path.with_name(path.name + ".new") if path.exists() else None
        self._file = os.open(self._new or path, os.O_CREAT | os.O_RDWR | os.O_TRUNC | os.O_APPEND, 0o600)
        self._ids: dict[SeriesKey, int] = {}
        self._held: dict[int, Columns] = {}
        self._frames: list[bytes] = [MAGIC]

    @property
    def holds(self) -> bool:
        """Something waits to be written."""
        return bool(self._held or self._frames or self._new)

    def publish(self) -> None:
        """Flush, and put a file that was written anew into the old one's place."""
        self.flush()
        if self._new:
            os.replace(self._new, self._path)
            self._new = None

    def add(self, point: MetricPoint, time: float) -> None:
        """Hold one point, read at ``time``."""
        key = SeriesKey(point.name, point.axis, point.kind)
        number = self._ids.get(key)
        if number is None:
            number = self._ids[key] = len(self._ids)
            declaration = json.dumps([number, key.name, key.axis, key.kind.value])
            self._frames.append(_frame(b"S" + declaration.encode()))
        columns = self._held.get(number)
        if columns is None:
            columns = self._held[number] = (array("d"), array("d"), array("d"))
        columns[0].append(point.x)
        columns[1].append(point.value)
        columns[2].append(time)
        if len(columns[0]) >= _BATCH:
            self._frames.append(_points_frame(number, self._held.pop(number)))

    def flush(self) -> None:
        """Write what is held; after an ``OSError`` (a full disk) it is still held, and the next flush tries again."""
        self._frames.extend(_points_frame(number, columns) for number, columns in self._held.items())
        self._held.clear()
        if not self._frames:
            return
        size = os.fstat(self._file).st_size
        blob = memoryview(b"".join(self._frames))
        try:
            while blob:
                blob = blob[os.write(self._file, blob) :]
        except OSError:
            os.ftruncate(self._file, size)
            raise
        self._frames.clear()

    def close(self) -> None:
        """Publish and close; after an ``OSError`` it is still open, and may be closed again."""
        self.publish()
        os.close(self._file)


def _frame(payload: bytes) -> bytes:
    return _FRAME.pack(len(payload), zlib.crc32(payload)) + payload


def _points_frame(number: int, columns: Columns) -> bytes:
    head = _POINTS.pack(b"P", number, 0, len(columns[0]))
    return _frame(head + b"".join(column.tobytes() for column in columns))


class MetricReaderFile:
    """Follows a metric file: ``poll`` hands over what has come since.

    ``begin`` is called when the file was written anew (its run was taken up again), before its points come.
    """

    def __init__(self, path: Path, take: Callable[[SeriesKey, Columns], None], begin: Callable[[], None]) -> None:
        self._path = path
        self._take = take
        self._begin = begin
        self._file = -1
        self._offset = 0
        self._keys: dict[int, SeriesKey] = {}

    def poll(self) -> bool:
        """Read on; tells whether anything came. A file that is not there yet has nothing."""
        if not self._same_file():
            return False
        came = False
        for payload in self._payloads():
            self._handle(payload)
            came = True
        return came

    def _same_file(self) -> bool:
        """The file is open and begins as it must; the old one is let go of when another has taken its place."""
        try:
            found = os.stat(self._path).st_ino
            if self._file >= 0 and os.fstat(self._file).st_ino != found:
                self.close()
                self._begin()
            if self._file < 0:
                self._file = os.open(self._path, os.O_RDONLY)
        except OSError:
            # The run was removed: what was read of it stays.
            return False
        if self._offset == 0:
            if os.pread(self._file, len(MAGIC), 0) != MAGIC:
                return False
            self._offset = len(MAGIC)
        return True

    def _payloads(self) -> Iterator[bytes]:
        while True:
            data = os.pread(self._file, _READ, self._offset)
            at = 0
            while at + _FRAME.size <= len(data):
                length, crc = _FRAME.unpack_from(data, at)
                payload = data[at + _FRAME.size : at + _FRAME.size + length]
                if len(payload) < length or zlib.crc32(payload) != crc:
                    break
                at += _FRAME.size + length
                self._offset += _FRAME.size + length
                yield payload
            if at == 0 or len(data) < _READ:
                return

    def _handle(self, payload: bytes) -> None:
        if payload[:1] == b"S":
            number, name, axis, kind = json.loads(payload[1:])
            self._keys[number] = SeriesKey(name, axis, MetricKind(kind))
            return
        _, number, _, count = _POINTS.unpack_from(payload)
        columns: Columns = (array("d"), array("d"), array("d"))
        for i, column in enumerate(columns):
            start = _POINTS.size + 8 * count * i
            column.frombytes(payload[start : start + 8 * count])
        if number in self._keys:
            self._take(self._keys[number], columns)

    def close(self) -> None:
        """Close the file; a later ``poll`` reads it from its start."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1
        self._offset = 0
        self._keys.clear()
