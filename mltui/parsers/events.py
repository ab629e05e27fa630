"""TensorBoard event files, read live while they grow and written for export, without TensorFlow.

An event file is a row of TFRecords: length (uint64), its checksum (uint32), data, the data's checksum (uint32), all
little endian; checksums are CRC-32C, masked as TensorFlow does. The data is an ``Event`` message of
tensorflow/core/util/event.proto in protobuf wire format; of it only scalars are read, in the three ways in which they
are written (``simple_value``, ``tensor_content``, ``float_val`` and its like).
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from mltui.domain.metric import MetricPoint

#: No scalar's record is longer; a length beyond it is damage.
_RECORD_LIMIT = 64 * 1024 * 1024
_BLOCK = 4 * 1024 * 1024
_FLOAT, _DOUBLE, _INT32, _HALF, _INT64 = 1, 2, 3, 19, 9
_CONTENT = {_FLOAT: "<f", _DOUBLE: "<d", _INT32: "<i", _INT64: "<q", _HALF: "<e"}


class Scalar(NamedTuple):
    """One value of an event file. ``run`` is the folder the file lies in, relative to the folder that was searched."""

    run: str
    tag: str
    step: int
    wall_time: float
    """Seconds since 1970."""
    value: float

    @property
    def point(self) -> MetricPoint:
        """The scalar as a point; its name is the tag, its run in front."""
        name = f"{self.run}/{self.tag}" if self.run not in ("", ".") else self.tag
        return MetricPoint(name, "step", float(self.step), self.value)


class EventFile:
    """One event file that another process may still be writing."""

    def __init__(self, path: Path, run: str = "") -> None:
        self.path = path
        self.run = run
        self.damaged = False
        """The file holds something that is no record; what stands behind it is not read."""
        self._offset = 0
        self._plugins: dict[str, str] = {}

    def poll(self) -> list[Scalar]:
        """The scalars that were written since the last call; a half-written record waits for the next one."""
        found: list[Scalar] = []
        if self.damaged:
            return found
        try:
            with self.path.open("rb") as file:
                file.seek(self._offset)
                pending = b""
                while block := file.read(_BLOCK):
                    pending += block
                    used = self._take(pending, found)
                    self._offset += used
                    pending = pending[used:]
                    if self.damaged:
                        break
        except OSError:
            return found
        return found

    def _take(self, data: bytes, found: list[Scalar]) -> int:
        """Read the whole records at the beginning of ``data`` and return how many bytes they are."""
        at, size = 0, len(data)
        while at + 12 <= size:
            length, checksum = struct.unpack_from("<QI", data, at)
            if length > _RECORD_LIMIT or checksum != masked_crc(data[at : at + 8]):
                self.damaged = True
                break
            if at + 16 + length > size:
                break
            try:
                found.extend(self._scalars(data[at + 12 : at + 12 + length]))
            except (ValueError, IndexError, struct.error):
                self.damaged = True
                break
            at += 16 + length
        return at

    def _scalars(self, event: bytes) -> Iterator[Scalar]:
        wall_time, step, summary = 0.0, 0, b""
        for number, kind, value in fields(event):
            if number == 1 and kind == 1:
                wall_time = struct.unpack("<d", value)[0]
            elif number == 2 and kind == 0:
                step = value if value < 1 << 63 else value - (1 << 64)
            elif number == 5 and kind == 2:
                summary = value
        for number, kind, value in fields(summary):
            if number == 1 and kind == 2 and (scalar := self._value(value)) is not None:
                yield Scalar(self.run, scalar[0], step, wall_time, scalar[1])

    def _value(self, message: bytes) -> tuple[str, float] | None:
        tag, number = "", None
        for field, kind, value in fields(message):
            if field == 1 and kind == 2:
                tag = value.decode("utf-8", "replace")
            elif field == 2 and kind == 5:
                number = struct.unpack("<f", value)[0]
            elif field == 8 and kind == 2:
                number = tensor_value(value)
            elif field == 9 and kind == 2:
                self._plugins[tag] = _plugin(value)
        if number is None or self._plugins.get(tag, "scalars") not in ("scalars", ""):
            return None
        return tag, number


class EventFolder:
    """All event files under a folder, with those that appear later."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._files: dict[Path, EventFile] = {}

    def poll(self) -> list[Scalar]:
        """The scalars that were written since the last call, file by file in the order of their names."""
        for path in sorted(self.folder.rglob("*tfevents*")):
            if path not in self._files and path.is_file():
                run = path.parent.relative_to(self.folder).as_posix()
                self._files[path] = EventFile(path, "" if run == "." else run)
        return [scalar for path in sorted(self._files) for scalar in self._files[path].poll()]


def fields(message: bytes) -> Iterator[tuple[int, int, Any]]:
    """The fields of a protobuf message: number, wire type, and value (an int for a varint, else bytes).

    Raises ``ValueError`` or ``IndexError`` for what is no message.
    """
    at, size = 0, len(message)
    while at < size:
        key, at = _varint(message, at)
        kind = key & 7
        if kind == 0:
            value, at = _varint(message, at)
            yield key >> 3, kind, value
            continue
        if kind == 2:
            length, at = _varint(message, at)
        elif kind in (1, 5):
            length = 8 if kind == 1 else 4
        else:
            raise ValueError(f"wire type {kind}")
        if at + length > size:
            raise ValueError("a field is longer than its message")
        yield key >> 3, kind, message[at : at + length]
        at += length


def _varint(message: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = message[at]
        at += 1
        value |= (byte & 127) << shift
        if byte < 128:
            return value, at
        shift += 7
        if shift > 63:
            raise ValueError("a number is too long")


def tensor_value(message: bytes) -> float | None:
    """The number of a ``TensorProto`` that holds exactly one."""
    dtype, content, listed = 0, b"", b""
    for field, kind, value in fields(message):
        if field == 1 and kind == 0:
            dtype = value
        elif field == 4 and kind == 2:
            content = value
        elif field in (5, 6) and kind in (1, 2, 5):
            listed += value
        elif field in (7, 10) and kind == 0:
            return float(value)
        elif field in (7, 10) and kind == 2:
            number, end = _varint(value, 0)
            return float(number) if end == len(value) else None
    form = _CONTENT.get(dtype)
    if form is None:
        return None
    data = content or listed
    return float(struct.unpack(form, data)[0]) if len(data) == struct.calcsize(form) else None


def _plugin(metadata: bytes) -> str:
    """The name of the plugin that a ``SummaryMetadata`` is for: ``scalars``, ``histograms``, ``text`` …"""
    for field, kind, value in fields(metadata):
        if field == 1 and kind == 2:
            for inner, inner_kind, name in fields(value):
                if inner == 1 and inner_kind == 2:
                    return str(name.decode("utf-8", "replace"))
    return ""


def _crc_table() -> list[int]:
    table = []
    for byte in range(256):
        for _ in range(8):
            byte = byte >> 1 ^ (0x82F63B78 if byte & 1 else 0)
        table.append(byte)
    return table


_CRC = _crc_table()


def masked_crc(data: bytes) -> int:
    """The CRC-32C of ``data``, rotated and shifted as TensorFlow stores it."""
    crc = 0xFFFFFFFF
    for byte in data:
        crc = _CRC[(crc ^ byte) & 255] ^ crc >> 8
    crc ^= 0xFFFFFFFF
    return ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF


def encode_record(data: bytes) -> bytes:
    """``data`` as one TFRecord."""
    length = struct.pack("<Q", len(data))
    return length + struct.pack("<I", masked_crc(length)) + data + struct.pack("<I", masked_crc(data))


def encode_scalar(tag: str, step: int, wall_time: float, value: float) -> bytes:
    """One scalar as an event file's record, in the form that every version of TensorBoard reads."""
    name = tag.encode()
    inner = b"\x0a" + _encode_varint(len(name)) + name + b"\x15" + struct.pack("<f", value)
    summary = b"\x0a" + _encode_varint(len(inner)) + inner
    event = b"\x09" + struct.pack("<d", wall_time) + b"\x10" + _encode_varint(step & (1 << 64) - 1)
    return encode_record(event + b"\x2a" + _encode_varint(len(summary)) + summary)


def encode_head(wall_time: float) -> bytes:
    """The record with which an event file begins."""
    return encode_record(b"\x09" + struct.pack("<d", wall_time) + b"\x1a\x0dbrain.Event:2")


def _encode_varint(value: int) -> bytes:
    encoded = bytearray()
    while value > 127:
        encoded.append(value & 127 | 128)
        value >>= 7
    encoded.append(value)
    return bytes(encoded)
