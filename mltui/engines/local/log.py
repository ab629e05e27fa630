"""Reading what a process has written: both streams merged, from the start or the last lines, and as it grows.

The shim's ``order`` file says how the streams grew; what it has not noted yet is read directly, the stream written to
last coming last. Each stream's own bytes are always whole and in order.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from threading import Event
from time import monotonic
from typing import NamedTuple

from mltui.engines.base import LogChunk
from mltui.engines.local.process import Process
from mltui.engines.local.shim import ORDER, STREAMS

# Bytes read at a time.
_BLOCK = 1 << 18
# Seconds between two looks: at first after new output, and at most in a silence.
_EAGER, _IDLE = 0.01, 0.05
# Seconds between two looks whether a process ended without a word; that costs more than a look at the files.
_CHECK = 0.5


class Piece(NamedTuple):
    """A part of one stream."""

    stream: int
    start: int
    end: int
    time: float | None


class ProcessLog:
    """The output of one process as a stream of chunks; see ``LogStream``."""

    def __init__(self, process: Process, *, follow: bool = True, tail: int | None = None) -> None:
        self._process = process
        self._follow = follow
        self._tail = tail
        self._closed = Event()
        self._offsets = dict.fromkeys(STREAMS, 0)
        self._noted = 0
        """Bytes of the order file that have been read."""
        self._next_check = 0.0
        self._pipes: list[int] = []

    def close(self) -> None:
        """End the iteration."""
        self._closed.set()

    def __iter__(self) -> Iterator[LogChunk]:
        try:
            self._files = {n: os.open(self._process.folder / name, os.O_RDONLY) for n, name in STREAMS.items()}
            self._order = os.open(self._process.folder / "order", os.O_RDONLY)
            if self._follow and not self._process.ended:
                self._pipes = [
                    os.open(self._process.folder / f"{name}.pipe", os.O_RDONLY | os.O_NONBLOCK)
                    for name in STREAMS.values()
                ]
        except FileNotFoundError:
            return
        try:
            if self._tail is not None:
                self._skip_to_tail(self._tail)
            yield from self._chunks()
        finally:
            self._close_pipes()
            for file in (*self._files.values(), self._order):
                os.close(file)

    def _chunks(self) -> Iterator[LogChunk]:
        pause = _EAGER
        while not self._closed.is_set():
            # Asked before reading: what was written until then is in the files and is read below.
            ended = not self._follow or self._ended()
            read = False
            for piece in self._new_pieces():
                read = True
                yield from self._read(piece)
            if ended:
                return
            pause = _EAGER if read else min(pause * 1.25, _IDLE)
            self._closed.wait(pause)

    def _ended(self) -> bool:
        if os.path.exists(self._process.folder / "exit"):
            return True
        if monotonic() < self._next_check:
            return False
        self._next_check = monotonic() + _CHECK
        return self._ended_unseen()

    def _ended_unseen(self) -> bool:
        """It ended without a witness, or its folder is gone. A run whose shim was killed is given a new one.

        The pipes are open here: what was in them when the command ended is still there, and is fetched once.
        """
        state = self._process.state
        if state == "created" or self._process.relayed:
            return not self._process.folder.exists()
        if state == "running" or self._pipes:
            self._process.take_over()
            if state != "running":
                self._close_pipes()
            return False
        return True

    def _close_pipes(self) -> None:
        while self._pipes:
            os.close(self._pipes.pop())

    def _new_pieces(self) -> list[Piece]:
        """What has grown since the last look, in the order it came."""
        return _pieces(self._new_notes(), self._states(), self._offsets)

    def _new_notes(self) -> list[tuple[float, int, int]]:
        data = os.pread(self._order, os.fstat(self._order).st_size - self._noted, self._noted)
        whole = len(data) - len(data) % ORDER.size
        self._noted += whole
        return list(ORDER.iter_unpack(data[:whole]))

    def _states(self) -> dict[int, os.stat_result]:
        return {n: os.fstat(fd) for n, fd in self._files.items()}

    def _read(self, piece: Piece) -> Iterator[LogChunk]:
        for start in range(piece.start, piece.end, _BLOCK):
            if self._closed.is_set():
                return
            data = os.pread(self._files[piece.stream], min(_BLOCK, piece.end - start), start)
            self._offsets[piece.stream] = start + len(data)
            yield LogChunk(piece.stream, data, piece.time)

    def _skip_to_tail(self, lines: int) -> None:
        """Start where the last ``lines`` lines begin, counted by their ends over both streams as they are merged."""
        pieces = self._new_pieces()
        self._noted = 0  # the notes are needed again, to merge what is read from here on
        for piece in pieces:
            self._offsets[piece.stream] = piece.end
        begun = dict(self._offsets)
        for piece in reversed(pieces if lines > 0 else []):
            for end in _line_ends(self._files[piece.stream], piece, last=piece.end == begun[piece.stream]):
                if lines == 0:
                    self._cut(piece.stream, end, begun)
                    return
                lines -= 1
            self._offsets[piece.stream] = piece.start

    def _cut(self, stream: int, end: int, ends: dict[int, int]) -> None:
        """Begin ``stream`` behind a line's end, and the other at the start of the line that the cut would split."""
        for other, offset in self._offsets.items():
            if other != stream and offset < ends[other]:
                self._offsets[other] = _line_start(self._files[other], offset)
        self._offsets[stream] = end


def _pieces(
    notes: list[tuple[float, int, int]], states: dict[int, os.stat_result], offsets: dict[int, int]
) -> list[Piece]:
    """Merge the streams: as noted, then what is beyond the notes, oldest last write first."""
    beyond = [(None, n, state.st_size) for n, state in sorted(states.items(), key=lambda item: item[1].st_mtime_ns)]
    seen, pieces = dict(offsets), []
    for time, stream, size in (*notes, *beyond):
        end = min(size, states[stream].st_size)
        if end > seen[stream]:
            pieces.append(Piece(stream, seen[stream], end, time))
            seen[stream] = end
    return pieces


def _line_ends(file: int, piece: Piece, last: bool) -> Iterator[int]:
    """Places behind the line ends of a piece, the last first; ``last``: what is unfinished at its end counts too."""
    end = piece.end
    if last and os.pread(file, 1, end - 1) != b"\n":
        yield end
    while end > piece.start:
        begin = max(piece.start, end - _BLOCK)
        data = os.pread(file, end - begin, begin)
        stop = len(data)
        while (stop := data.rfind(b"\n", 0, stop)) >= 0:
            yield begin + stop + 1
        end = begin


def _line_start(file: int, offset: int) -> int:
    """Where the line begins that is going on at ``offset``."""
    end = offset
    while end > 0:
        begin = max(0, end - _BLOCK)
        found = os.pread(file, end - begin, begin).rfind(b"\n")
        if found >= 0:
            return begin + found + 1
        end = begin
    return 0
