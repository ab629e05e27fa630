"""What a run used over time, on disk: samples by name, thinned with age, in a file of bounded size.

``samples`` begins with the magic ``mltui-s1``. Frames follow, little-endian: u32 length, u32 CRC-32 and ``length``
bytes of payload, whose first byte says what it is:

- ``N`` names columns: a JSON list, which continues the list so far;
- ``R`` is a row: f64 time (seconds since 1970), u32 number of samples in it, then for each column f32 mean and, where
  the row has more than one sample, f32 greatest value. NaN stands for what could not be read.

A frame cut off by a crash fails its length or checksum: readers stop in front of it, and the next writer cuts it off
and goes on, so that a torn end never costs more than itself.

A row is one sample at first. Rows older than ten minutes are joined to rows of 10 s, older than two hours to rows of 60
s, older than a day to rows of 600 s: means are weighted, and the greatest value of all samples is kept, so that no peak
is lost. The first row stays as it is, for it says when the run began. A run of two hours has 1,260 rows, one of a day
2,580, and none more than 8,192: beyond that the steps double. The thinned file is written beside the old one and takes
its place.
"""

from __future__ import annotations

import json
import math
import os
import struct
import zlib
from array import array
from collections.abc import Mapping
from pathlib import Path

from mltui.domain.samples import SampleRow, thinned
from mltui.storage.frames import FRAME, append, frame

MAGIC = b"mltui-s1"
_ROW = struct.Struct("<dI")
#: Rows that come before it is thinned again.
THIN_EVERY = 600


class SampleWriter:
    """Appends a row a call, at once; rows that are there already stay. Raises ``OSError`` when the disk is full."""

    def __init__(self, path: Path) -> None:
        self._path = path
        names, self._rows, size = _read_all(path)
        self._columns = {name: at for at, name in enumerate(names)}
        self._file = os.open(path, os.O_CREAT | os.O_RDWR | os.O_APPEND | os.O_CLOEXEC, 0o600)
        if size:
            os.ftruncate(self._file, size)
        else:
            os.ftruncate(self._file, 0)
            append(self._file, MAGIC)
        self._since = len(self._rows)

    def add(self, time: float, values: Mapping[str, float | None]) -> None:
        """Append what was measured at ``time``; a column that is new is named first."""
        new = [name for name in values if name not in self._columns]
        columns = self._columns | {name: len(self._columns) + at for at, name in enumerate(new)}
        mean = array("f", [math.nan]) * len(columns)
        for name, value in values.items():
            if value is not None:
                mean[columns[name]] = _single(value)
        row = SampleRow(time, 1, mean, mean)
        named = frame(b"N" + json.dumps(new).encode()) if new else b""
        append(self._file, named + _row_frame(row))
        self._columns = columns
        self._rows.append(row)
        self._since += 1
        if self._since >= THIN_EVERY:
            self._since = 0
            self._thin(time)

    def _thin(self, now: float) -> None:
        rows = thinned(self._rows, now)
        if len(rows) == len(self._rows):
            return
        new = self._path.with_name(self._path.name + ".new")
        file = os.open(new, os.O_CREAT | os.O_TRUNC | os.O_RDWR | os.O_APPEND | os.O_CLOEXEC, 0o600)
        try:
            names = frame(b"N" + json.dumps(list(self._columns)).encode())
            append(file, b"".join([MAGIC, names, *map(_row_frame, rows)]))
            os.replace(new, self._path)
        except OSError:
            os.close(file)
            raise
        os.close(self._file)
        self._file, self._rows = file, rows

    def close(self) -> None:
        """Close the file."""
        os.close(self._file)


class SampleReader:
    """Follows a file of samples: ``poll`` takes what has come since; a file that was thinned is read anew."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file = -1
        self._inode = 0
        self._offset = 0
        self.names: list[str] = []
        self.rows: list[SampleRow] = []
        self.version = 0
        """Grows with every row that came."""
        self.renewed = 0
        """Grows when the rows begin anew."""

    def poll(self) -> bool:
        """Read on; tells whether anything came."""
        try:
            found = os.stat(self._path)
        except OSError:
            return False
        if found.st_ino != self._inode:
            self.close()
            try:
                self._file = os.open(self._path, os.O_RDONLY | os.O_CLOEXEC)
            except OSError:
                return False
            self._inode, self._offset = os.fstat(self._file).st_ino, 0
            self.names, self.rows = [], []
            self.renewed += 1
        if found.st_size <= self._offset:
            return False
        data = os.pread(self._file, max(0, os.fstat(self._file).st_size - self._offset), self._offset)
        return self._take(data)

    def _take(self, data: bytes) -> bool:
        start = 0
        if self._offset == 0:
            if not data.startswith(MAGIC):
                return False
            start = len(MAGIC)
        before = len(self.rows)
        self._offset += _take_frames(data, start, self.names, self.rows)
        self.version += len(self.rows) > before
        return len(self.rows) > before

    def close(self) -> None:
        """Close the file; what was read stays."""
        if self._file >= 0:
            os.close(self._file)
        self._file, self._inode = -1, 0


def _row_frame(row: SampleRow) -> bytes:
    width = len(row.mean)
    parts = [b"R", _ROW.pack(row.time, row.samples), struct.pack(f"<{width}f", *row.mean)]
    if row.samples > 1:
        parts.append(struct.pack(f"<{width}f", *row.peak))
    return frame(b"".join(parts))


def _single(value: float) -> float:
    """What fits 4 bytes; greater ones are no measure of anything."""
    return value if abs(value) < 3e38 else math.nan


def _take_frame(payload: bytes, names: list[str], rows: list[SampleRow]) -> None:
    if payload[:1] == b"N":
        names.extend(map(str, json.loads(payload[1:])))
    elif payload[:1] == b"R":
        time, count = _ROW.unpack_from(payload, 1)
        width = (len(payload) - 1 - _ROW.size) // (8 if count > 1 else 4)
        at = 1 + _ROW.size
        mean = array("f", struct.unpack_from(f"<{width}f", payload, at))
        peak = array("f", struct.unpack_from(f"<{width}f", payload, at + 4 * width)) if count > 1 else mean
        rows.append(SampleRow(time, count, mean, peak))


def _take_frames(data: bytes, at: int, names: list[str], rows: list[SampleRow]) -> int:
    """Take the whole frames of ``data`` from ``at`` on; returns the place behind the last of them."""
    while at + FRAME.size <= len(data):
        length, crc = FRAME.unpack_from(data, at)
        payload = data[at + FRAME.size : at + FRAME.size + length]
        if not payload or len(payload) < length or zlib.crc32(payload) != crc:
            break
        at += FRAME.size + length
        _take_frame(payload, names, rows)
    return at


def _read_all(path: Path) -> tuple[list[str], list[SampleRow], int]:
    """Names, rows and how many bytes of the file are whole; nothing for a file that is not there or is another."""
    try:
        data = path.read_bytes()
    except OSError:
        return [], [], 0
    if not data.startswith(MAGIC):
        return [], [], 0
    names: list[str] = []
    rows: list[SampleRow] = []
    end = _take_frames(data, len(MAGIC), names, rows)
    return names, rows, end
