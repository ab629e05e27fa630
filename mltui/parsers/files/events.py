"""TensorBoard event files: bytes in, scalars out, and the way back; without TensorFlow.

A file is a row of records (TFRecord): u64 length, masked CRC-32C of the length, data, masked CRC-32C of the data. The
data is a protobuf message ``Event`` (``tensorflow/core/util/event.proto``) with the fields wall_time = 1, step = 2 and
summary = 5, a list of values with tag = 1, simple_value = 2, tensor = 8 and metadata = 9
(``tensorflow/core/framework/summary.proto``). Scalars are simple values (PyTorch, TensorFlow 1) or tensors of one
number (Keras, TensorFlow 2). Everything else (images, histograms, texts) is passed over.
"""

from __future__ import annotations

import struct
from array import array
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import BinaryIO, NamedTuple

from mltui.domain.metric import Axis, MetricKind, MetricPoint, Series, SeriesKey
from mltui.parsers.words.roles import Role, role_of

_HEAD = struct.Struct("<QI")
_CRC = struct.Struct("<I")
_DOUBLE = struct.Struct("<d")
_FLOAT = struct.Struct("<f")
#: A scalar takes a few hundred bytes at most; longer records are pictures and the like, and are not kept in memory.
_LONGEST = 1 << 16
_TAGS = 10_000
#: Names that frameworks write for TensorBoard's own use.
_NO_METRICS = frozenset({"hp_metric"})

_Field = tuple[int, "int | bytes"]


class Scalar(NamedTuple):
    """One value of an event file."""

    tag: str
    step: int
    value: float
    time: float
    """Seconds since 1970."""


class EventReader:
    """Reads one event file from its first byte on; a record that is not complete yet is waited for."""

    def __init__(self) -> None:
        self._rest = b""
        self._skip = 0
        self._others: set[str] = set()
        self.damaged = False
        """A record's length is not what was written: nothing more is read."""

    def feed(self, data: bytes) -> list[Scalar]:
        """The scalars that ``data`` completes."""
        data = self._rest + data
        at, found = 0, []
        while not self.damaged:
            if self._skip:
                passed = min(self._skip, len(data) - at)
                at, self._skip = at + passed, self._skip - passed
            if len(data) - at < _HEAD.size:
                break
            length, crc = _HEAD.unpack_from(data, at)
            if crc != masked_crc(data[at : at + 8]):
                self.damaged = True
            elif length > _LONGEST:
                self._skip = _HEAD.size + length + _CRC.size
            elif len(data) - at < _HEAD.size + length + _CRC.size:
                break
            else:
                found.extend(self._scalars(data[at + _HEAD.size : at + _HEAD.size + length]))
                at += _HEAD.size + length + _CRC.size
        self._rest = b"" if self.damaged else data[at:]
        return found

    def _scalars(self, event: bytes) -> list[Scalar]:
        try:
            return list(self._read_event(event))
        except (ValueError, IndexError, struct.error):
            # A message of another kind than it should be; the next record stands on its own.
            return []

    def _read_event(self, event: bytes) -> Iterator[Scalar]:
        time, step, summaries = 0.0, 0, []
        for number, value in _fields(event):
            if number == 1 and isinstance(value, bytes):
                (time,) = _DOUBLE.unpack(value)
            elif number == 2 and isinstance(value, int):
                step = value - (1 << 64) if value >> 63 else value
            elif number == 5 and isinstance(value, bytes):
                summaries.append(value)
        for summary in summaries:
            for number, value in _fields(summary):
                if number == 1 and isinstance(value, bytes):
                    tag, scalar = self._read_value(value)
                    if scalar is not None:
                        yield Scalar(tag, step, scalar, time)

    def _read_value(self, message: bytes) -> tuple[str, float | None]:
        tag, scalar = "", None
        for number, value in _fields(message):
            if not isinstance(value, bytes):
                continue
            if number == 1:
                tag = value.decode("utf-8", "replace")
            elif number == 2:
                (scalar,) = _FLOAT.unpack(value)
            elif number == 8:
                scalar = _one_number(value)
            elif number == 9 and _plugin(value) not in ("", "scalars") and len(self._others) < _TAGS:
                # Told with the first value of a tag only.
                self._others.add(tag)
        return tag, None if tag in self._others else scalar


def scalar_point(scalar: Scalar) -> MetricPoint | None:
    """The point of a curve that a scalar is; ``None`` for counters, times and sizes."""
    role = role_of(scalar.tag)
    if role in (Role.COUNTER, Role.OTHER) or scalar.tag in _NO_METRICS:
        return None
    # What Keras calls so has the epoch in the place of the step.
    axis = "epoch" if scalar.tag.startswith("epoch_") else "step"
    kind = role.kind
    return MetricPoint(scalar.tag, axis, float(scalar.step), scalar.value, kind)


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
        shift += 7
        if shift > 63:
            raise ValueError("a number of more than 64 bits")


def _fields(data: bytes) -> Iterator[_Field]:
    """A message's fields; fixed and counted ones as their bytes. Raises ``ValueError`` or ``IndexError``."""
    at, end = 0, len(data)
    while at < end:
        key, at = _varint(data, at)
        wire = key & 7
        if wire == 0:
            value, at = _varint(data, at)
            yield key >> 3, value
            continue
        if wire == 2:
            length, at = _varint(data, at)
        elif wire in (1, 5):
            length = 8 if wire == 1 else 4
        else:
            raise ValueError("an unknown kind of field")
        if at + length > end:
            raise ValueError("a field longer than its message")
        yield key >> 3, data[at : at + length]
        at += length


#: ``DataType`` of ``types.proto``: how a number of ``tensor_content`` is unpacked, and where else it may stand.
_TYPES = {1: "<f", 2: "<d", 3: "<i", 9: "<q", 19: "<e"}
_VALUE_FIELDS = {5: "<f", 6: "<d"}


def _one_number(tensor: bytes) -> float | None:
    """The number of a tensor that has one; ``None`` for any other."""
    kind, found = 0, []
    for number, value in _fields(tensor):
        if number == 1 and isinstance(value, int):
            kind = value
        elif number == 4 and isinstance(value, bytes) and kind in _TYPES:
            if len(value) != struct.calcsize(_TYPES[kind]):
                return None
            found.append(float(struct.unpack(_TYPES[kind], value)[0]))
        elif number in _VALUE_FIELDS and isinstance(value, bytes):
            if len(value) != struct.calcsize(_VALUE_FIELDS[number]):
                return None
            found.append(float(struct.unpack(_VALUE_FIELDS[number], value)[0]))
    return found[0] if len(found) == 1 else None


def _plugin(metadata: bytes) -> str:
    for number, value in _fields(metadata):
        if number == 1 and isinstance(value, bytes):
            for inner, name in _fields(value):
                if inner == 1 and isinstance(name, bytes):
                    return name.decode("utf-8", "replace")
    return ""


@cache
def _crc_table() -> array[int]:
    """CRC-32C (Castagnoli, polynomial 0x1EDC6F41, reflected) of each byte."""
    table = array("I")
    for byte in range(256):
        for _ in range(8):
            byte = byte >> 1 ^ (0x82F63B78 if byte & 1 else 0)
        table.append(byte)
    return table


def masked_crc(data: bytes) -> int:
    """CRC-32C of ``data``, turned and shifted as TFRecord has it (``tensorflow/core/lib/hash/crc32c.h``)."""
    table, crc = _crc_table(), 0xFFFFFFFF
    for byte in data:
        crc = table[(crc ^ byte) & 0xFF] ^ crc >> 8
    crc ^= 0xFFFFFFFF
    return ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF


def write_events(path: Path, series: Sequence[Series]) -> None:
    """Write the series as an event file that TensorBoard opens; each is a tag of its name (see :func:`tags`).

    TensorBoard finds files that have ``tfevents`` in their name. It knows whole steps only: a series with a fraction
    in its x has its points counted. Values become floats of 4 bytes. Raises ``OSError``.
    """
    with path.open("wb") as file:
        _write_record(file, b"\x09" + _DOUBLE.pack(0) + _counted(3, b"brain.Event:2"))
        for one, name in zip(series, tags([one.key for one in series]), strict=True):
            tag = _counted(1, name.encode("utf-8", "replace"))
            whole = has_whole_steps(one)
            for i, (x, value, time) in enumerate(zip(one.x, one.value, one.time, strict=True)):
                step = _varint_bytes(int(x) & (1 << 64) - 1 if whole else i)
                summary = _counted(1, tag + b"\x15" + _FLOAT.pack(_short(value)))
                _write_record(file, b"\x09" + _DOUBLE.pack(time) + b"\x10" + step + _counted(5, summary))


def has_whole_steps(series: Series) -> bool:
    """Whether every x of the series can be a step of an event file."""
    return all(x.is_integer() and abs(x) < 1 << 62 for x in series.x)


def tags(keys: Sequence[SeriesKey]) -> list[str]:
    """A tag for each series: its name, and where others have that too what else tells it from these.

    ``loss (fold 2)``, ``loss (running)``, ``loss (epoch)``.
    """
    found = [key.name for key in keys]
    for level in (_fold_and_kind, _axis_and_kind):
        counts = Counter(found)
        found = [tag if counts[tag] < 2 else level(key) for tag, key in zip(found, keys, strict=True)]
    return found


def _fold_and_kind(key: SeriesKey) -> str:
    return _with(key.name, Axis.of(key.axis).fold, key.kind)


def _axis_and_kind(key: SeriesKey) -> str:
    return _with(key.name, key.axis, key.kind)


def _with(name: str, *parts: str) -> str:
    said = ", ".join(part for part in parts if part and part != MetricKind.METRIC)
    return f"{name} ({said})" if said else name


def _short(value: float) -> float:
    """The float of 4 bytes next to ``value``: an infinity where it is out of reach."""
    return array("f", (value,))[0]


def _write_record(file: BinaryIO, data: bytes) -> None:
    length = struct.pack("<Q", len(data))
    file.write(length + _CRC.pack(masked_crc(length)) + data + _CRC.pack(masked_crc(data)))


def _varint_bytes(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def _counted(number: int, data: bytes) -> bytes:
    """A field of counted bytes."""
    return bytes((number << 3 | 2,)) + _varint_bytes(len(data)) + data
