"""Writing the points of a run, see ``metric_format``."""

from __future__ import annotations

import contextlib
import json
import os
from array import array
from collections.abc import Iterator, Sequence
from pathlib import Path

from mltui.domain.metric import MetricPoint, SeriesKey
from mltui.storage.columns import Columns, pack_block
from mltui.storage.frames import append, frame
from mltui.storage.metric_format import ID, MAGIC, NUMBER, TAIL_HEAD, TAIL_MAGIC, loose_payload, sliced, tail_path
from mltui.storage.metric_reader import points_in

#: Points that make a block: enough to compress well, few enough for the tail to be read in no time.
_BLOCK = 16_384
#: Points that a block has at most: less than one read, however badly they compress.
_MOST = 131_072

Held = dict[int, Columns]


class MetricWriter:
    """Appends points; they are held until ``flush``, which the caller does a few times a second."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._new: Path | None = path.with_name(path.name + ".new") if path.exists() else None
        self._file = os.open(self._new or path, os.O_CREAT | os.O_RDWR | os.O_TRUNC | os.O_APPEND, 0o600)
        self._tail = -1
        self._id = os.urandom(ID)
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
            self._frames.append(frame(b"D" + NUMBER.pack(number)))

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
                os.unlink(tail_path(self._path))
            self._tail = os.open(tail_path(self._path), os.O_CREAT | os.O_EXCL | os.O_RDWR | os.O_APPEND, 0o600)
        head = b"" if os.fstat(self._tail).st_size else TAIL_HEAD.pack(TAIL_MAGIC, self._id, self._blocks)
        points = frame(b"P" + loose_payload(self._held))
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
                os.unlink(tail_path(self._path))

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
        part = {number: sliced(columns, start, start + length) for number, columns in held.items()}
        yield {number: columns for number, columns in part.items() if columns[0]}
