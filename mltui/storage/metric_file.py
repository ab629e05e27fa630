"""The points of a run on disk: a file that only grows, and a small one beside it for what has just come.

``metrics`` begins with the magic ``mltui-m2`` and 8 random bytes, its id. Frames follow, little-endian: u32 length,
u32 CRC-32 and ``length`` bytes of payload, whose first byte says what it is:

- ``S`` declares a series: JSON ``[number, name, axis, kind]``;
- ``D`` withdraws one: u16 number. Its points count no more, wherever they stand;
- ``B`` is a block: many points in few bytes, see ``columns``.

``metrics.tail`` holds the points that make no block yet, so that a run that prints a value a minute is on disk at once
and still takes little room. It begins with the magic ``mltui-t2``, the id of its ``metrics`` and the number of blocks
that it follows (u32); its frames are ``S`` and ``P``: for each series u16 number, u32 n and n floats each of x, value
and time. A block with the points of the tail is written first, and only then does the tail go: a tail is read only
where exactly so many blocks stand before it, so nobody ever sees a point twice or misses one. A frame cut off by a
crash fails its length or checksum; readers stop in front of it.

A run that is taken up again has its log read from the start. Its points go to a new file beside the old, which takes
the old one's place once it has everything that the old one had, so that no reader sees a curve shrink. Where that never
comes, the one with more points stays.

Times are kept to the millisecond, everything else bit by bit.
"""

from __future__ import annotations

import contextlib
import json
import os
import struct
import zlib
from array import array
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from mltui.domain.metric import MetricKind, MetricPoint, SeriesKey
from mltui.storage.columns import Columns, pack_block, unpack_block
from mltui.storage.frames import FRAME, append, frame

MAGIC = b"mltui-m2"
_TAIL_MAGIC = b"mltui-t2"
_ID = 8
_TAIL_HEAD = struct.Struct(f"<{len(_TAIL_MAGIC)}s{_ID}sI")
_TAIL_SERIES = struct.Struct("<HI")
_NUMBER = struct.Struct("<H")
_READ = 1 << 22
#: Points that make a block: enough to compress well, few enough for the tail to be read in no time.
_BLOCK = 16_384
#: Points that a block has at most: less than one read, however badly they compress.
_MOST = 131_072

Held = dict[int, Columns]


def _tail_path(path: Path) -> Path:
    return path.with_name(path.name + ".tail")


class MetricWriter:
    """Appends points; they are held until ``flush``, which the caller does a few times a second."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._new: Path | None = path.with_name(path.name + ".new") if path.exists() else None
        self._file = os.open(self._new or path, os.O_CREAT | os.O_RDWR | os.O_TRUNC | os.O_APPEND, 0o600)
        self._tail = -1
        self._id = os.urandom(_ID)
        self._blocks = 0
        self._ids: dict[SeriesKey, int] = {}
        self._made = 0
        self._held: Held = {}
        """Points that are not on disk."""
        self._loose: Held = {}
        """Points that are in the tail."""
        self._frames: list[bytes] = [MAGIC + self._id]
        """What is to be written to the file in any case, and what only with the next block or in the tail."""
        self._block_frames: list[bytes] = []
        self._tail_frames: list[bytes] = []
        self._time = self._rounded = 0.0

    @property
    def holds(self) -> bool:
        """Something waits to be written."""
        return bool(self._held or self._frames or self._new)

    @property
    def anew(self) -> bool:
        """It is written beside an old file, whose place it has not taken yet."""
        return self._new is not None

    def publish(self) -> None:
        """Flush, and put a file that was written anew into the old one's place."""
        if not self._new:
            self.flush()
            return
        self._fold()
        os.replace(self._new, self._path)
        self._new = None
        self._drop_tail()

    def add(self, point: MetricPoint, time: float) -> None:
        """Hold one point, read at ``time``."""
        name, axis, x, value, kind = point
        number = self._ids.get(SeriesKey(name, axis, kind))
        if number is None:
            number = self._declare(SeriesKey(name, axis, kind))
        if time != self._time:
            self._time, self._rounded = time, round(time, 3)
        columns = self._held.get(number)
        if columns is None:
            columns = self._held[number] = (array("d"), array("d"), array("d"))
        columns[0].append(x)
        columns[1].append(value)
        columns[2].append(self._rounded)

    def _declare(self, key: SeriesKey) -> int:
        number = self._ids[key] = self._made
        self._made += 1
        declaration = json.dumps([number, key.name, key.axis, key.kind.value])
        declared = frame(b"S" + declaration.encode())
        self._block_frames.append(declared)
        self._tail_frames.append(declared)
        return number

    def withdraw(self, key: SeriesKey) -> None:
        """Take a series back with all its points; points of that key that are added later begin it anew."""
        number = self._ids.pop(key, None)
        if number is not None:
            self._held.pop(number, None)
            self._loose.pop(number, None)
            self._frames.append(frame(b"D" + _NUMBER.pack(number)))

    def flush(self) -> None:
        """Write what is held; after an ``OSError`` (a full disk) it is still held, and the next flush tries again."""
        waiting = _count(self._held)
        if _count(self._loose) + waiting >= _BLOCK:
            self._fold()
        elif not self._new:
            self._append_frames()
            if waiting:
                self._append_to_tail()

    def _fold(self) -> None:
        """Make blocks of the tail and of what is held."""
        loose, held = self._loose, self._held
        groups = [_joined(loose, held)]
        if _count(groups[0]) > _MOST:
            groups = [loose, *_split(held)]
        blocks = [frame(b"B" + pack_block(sorted(group.items()))) for group in groups if group]
        if not blocks:
            self._append_frames()
            return
        # Else a power cut might leave neither tail nor block.
        self._append_frames([*self._block_frames, *blocks], durable=True)
        self._blocks += len(blocks)
        self._held, self._loose = {}, {}
        self._block_frames.clear()
        self._tail_frames.clear()
        self._drop_tail()

    def _append_frames(self, more: Sequence[bytes] = (), *, durable: bool = False) -> None:
        if self._frames or more:
            append(self._file, b"".join([*self._frames, *more]), durable=durable)
            self._frames.clear()

    def _append_to_tail(self) -> None:
        if self._tail < 0:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(_tail_path(self._path))
            self._tail = os.open(_tail_path(self._path), os.O_CREAT | os.O_EXCL | os.O_RDWR | os.O_APPEND, 0o600)
        head = b"" if os.fstat(self._tail).st_size else _TAIL_HEAD.pack(_TAIL_MAGIC, self._id, self._blocks)
        points = frame(b"P" + _loose_payload(self._held))
        append(self._tail, b"".join([head, *self._tail_frames, points]))
        self._tail_frames.clear()
        self._loose = _joined(self._loose, self._held)
        self._held = {}

    def _drop_tail(self) -> None:
        if self._tail >= 0:
            os.close(self._tail)
            self._tail = -1
        if not self._new:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(_tail_path(self._path))

    def close(self, *, whole: bool = True) -> None:
        """Publish and close, all in blocks; after an ``OSError`` it is still open, and may be closed again.

        Not ``whole``: what an old file had may not all have been added again.
        """
        if self._new and not whole:
            self._fold()
            if points_in(self._new) < points_in(self._path):
                self._new.unlink(missing_ok=True)
                os.close(self._file)
                return
        self.publish()
        self._fold()
        os.close(self._file)


def points_in(path: Path) -> int:
    """How many points the file at ``path`` has for who reads it now."""
    found: list[int] = []
    reader = MetricReaderFile(path, lambda _, columns: found.append(len(columns[0])), found.clear)
    try:
        reader.poll()
    finally:
        reader.close()
    return sum(found)


def _count(held: Held) -> int:
    return sum(len(columns[0]) for columns in held.values())


def _joined(first: Held, then: Held) -> Held:
    """The points of both, as new columns where both have some."""
    both = {**first, **then}
    for number in first.keys() & then.keys():
        (x, value, time), more = first[number], then[number]
        both[number] = (x + more[0], value + more[1], time + more[2])
    return both


def _split(held: Held) -> Iterator[Held]:
    """The points in groups of at most ``_MOST``."""
    length = max(1, _MOST // max(1, len(held)))
    for start in range(0, max(len(columns[0]) for columns in held.values()), length):
        part = {number: _sliced(columns, start, start + length) for number, columns in held.items()}
        yield {number: columns for number, columns in part.items() if columns[0]}


def _sliced(columns: Columns, start: int, stop: int | None = None) -> Columns:
    return columns[0][start:stop], columns[1][start:stop], columns[2][start:stop]


def _loose_payload(held: Held) -> bytes:
    parts = []
    for number, columns in held.items():
        count = len(columns[0])
        parts.append(_TAIL_SERIES.pack(number, count))
        parts.extend(struct.pack(f"<{count}d", *column) for column in columns)
    return b"".join(parts)


def _loose_points(payload: bytes) -> Iterator[tuple[int, Columns]]:
    at = 1
    while at < len(payload):
        number, count = _TAIL_SERIES.unpack_from(payload, at)
        numbers = array("d", struct.unpack_from(f"<{3 * count}d", payload, at + _TAIL_SERIES.size))
        yield number, (numbers[:count], numbers[count : 2 * count], numbers[2 * count :])
        at += _TAIL_SERIES.size + 24 * count


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
        if not self._open():
            return False
        came = self._read_blocks()
        while not self._open_tail():
            # There is no tail, or it follows a block that has just been made.
            if not self._read_blocks():
                return came
            came = True
        return self._read_tail() or came

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
        head = os.pread(file, len(MAGIC) + _ID, 0)
        if len(head) < len(MAGIC) + _ID or not head.startswith(MAGIC):
            os.close(file)
            return
        self._id = head[len(MAGIC) :]
        self._main = _Frames(file, len(head))

    def _open_tail(self) -> bool:
        """Whether there is a tail that follows the blocks that were read; it is open then."""
        if self._tail:
            return True
        try:
            file = os.open(_tail_path(self._path), os.O_RDONLY)
        except OSError:
            return False
        head = os.pread(file, _TAIL_HEAD.size, 0)
        fits = head == _TAIL_HEAD.pack(_TAIL_MAGIC, self._id, self._blocks)
        if fits:
            self._tail = _Frames(file, _TAIL_HEAD.size)
        else:
            os.close(file)
        return fits

    def _read_blocks(self) -> bool:
        came = False
        for payloads in self._main.read() if self._main else ():
            came = True
            gone = {_NUMBER.unpack(payload[1:])[0] for payload in payloads if payload[:1] == b"D"}
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
            self._keys[number] = SeriesKey(name, axis, MetricKind(kind))
        elif payload[:1] == b"B":
            for number, columns in unpack_block(payload[1:]):
                taken = self._taken.get(number, 0)
                self._give(number, _sliced(columns, taken) if taken else columns)
            self._blocks += 1
            self._taken.clear()
            self._close_tail()
        elif payload[:1] == b"P":
            for number, columns in _loose_points(payload):
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
