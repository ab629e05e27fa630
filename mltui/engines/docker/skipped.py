"""Lines that Docker's follower of a log leaves out without a word, found by their time stamps.

The follower of json-file reads one file to its end and goes on with the newest. In a flood that it is too slow for, in
a log that rotates (``max-size``), there are more files between the two, or were (Docker 20.10, ``logfile.go``). What is
seen of that is a moment without a line, while the follower is behind; whether lines are missing there the engine's log
says, which is read from its end, and, where that does not reach back far enough, from that moment on. Where the log
no longer has it, lines may be missing. While the follower still reads what was printed before it came, every line is
behind by less than the one before: nothing is seen then.

A follower of any log may end with the container before it has told all, or give up at a line that is half written when
it looks (Docker 20.10 tries that a number of times only, which a busy machine outlasts): what the log has behind its
last line, and the pieces behind its last piece of a long one, are told in the end.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import closing
from itertools import chain, groupby, islice
from typing import NamedTuple

from mltui.engines.base import LogChunk
from mltui.engines.docker.values import seconds

#: So many lines of the log's end are looked through; Docker finds them from behind, in a fraction of a second.
TAIL = 20_000
#: Seconds without a line that are looked into, and how far behind the follower has to be for that.
_EMPTY_S = 0.1
_BEHIND_S = 0.1
#: So long after lines were missed it is not asked again: all moments without a line count as such.
_TRUST_S = 5.0
#: Lines of a chunk, at most.
_AT_ONCE = 2_000
#: Behind all time stamps.
_NEVER = b"\xff"


class Frame(NamedTuple):
    """One line with its time stamp, or a piece of a long line."""

    stream: int
    stamp: bytes
    data: bytes


class Part(NamedTuple):
    """A part of a log: its last lines, or all from some time on (seconds since 1970)."""

    tail: int | None = None
    since: float | None = None


ALL = Part()

#: Opens a part of the log, with time stamps, and gives it in blocks.
Read = Callable[[Part], Generator[bytes, None, None]]


class SkipWatch:
    """Watches the frames of one log, of which ``followed`` was asked for; ``read`` opens it once more."""

    def __init__(self, read: Read, followed: Part = ALL, *, rotates: bool = True) -> None:
        self._read = read
        self._followed = followed
        self._rotates = rotates
        self._least = math.inf
        """The least age of a line when it came: what the clocks of the two machines differ by, at most."""
        self._age = 0.0
        self._missed = -math.inf
        self._first = b""
        """The time stamp of the first frame: where last lines alone were asked for, what is before it is not missed."""
        self.alike = {1: 0, 2: 0}
        """So many frames of each stream came with its newest time stamp: pieces of a long line share theirs."""
        self.given = {1: b"", 2: b""}
        """The time stamp of the last line of each stream that was given as missed. Streams need not be in step: the
        follower may come to it yet."""
        self.closed = False
        """Nobody wants to know any more."""

    def missed(self, newest: Mapping[int, bytes], now: bytes) -> Iterator[LogChunk]:
        """What belongs before the frame of time ``now``, the first of its tenth of a second: nothing as a rule.

        ``newest`` has the time stamps of the last frame of each stream.
        """
        if self._followed.tail is not None:
            self._first = self._first or now
        if not self._rotates:
            return
        before, arrived = max(newest.values()), time.time()
        this = seconds(now.decode("ascii", "replace")) or arrived
        age, self._age = self._age, arrived - this
        behind, self._least = age - self._least, min(self._least, self._age)
        last = seconds(before.decode("ascii", "replace"))
        if last is None or this - last < _EMPTY_S or behind < _BEHIND_S:
            return
        if arrived - self._missed > _TRUST_S:
            yield from self._between(newest, now, this)
        else:
            yield LogChunk(1, b"", this, lost=True)

    def rest(self, newest: Mapping[int, bytes]) -> Iterator[LogChunk]:
        """What is behind the last frame: a follower that is behind ends with the container, in the middle."""
        if not self.closed:
            yield from self._between(newest, _NEVER, None)

    def _between(self, newest: Mapping[int, bytes], now: bytes, at: float | None) -> Iterator[LogChunk]:
        """The lines between two moments that the log has, behind a mark where it does not reach back that far."""
        asked, missing = time.time(), False
        source, reaches = self._from(max(newest.values()))
        missed = (frame for frame in self._behind(newest, source) if frame.stamp < now)
        for stream, group in groupby(missed, key=lambda frame: frame.stream):
            while not self.closed and (lines := list(islice(group, _AT_ONCE))):
                missing = True
                self.given[stream] = lines[-1].stamp
                if not reaches:
                    yield self._lost(at)
                    reaches = True
                when = seconds(lines[0].stamp.decode("ascii", "replace"))
                yield LogChunk(stream, b"".join(line.data for line in lines), when)
        if not reaches and now != _NEVER:
            missing = True
            yield self._lost(at)
        # What asking took makes nobody late; nor is one late who has missed nothing.
        self._least = (self._least if missing else self._age) + time.time() - asked

    def _behind(self, newest: Mapping[int, bytes], source: Iterator[Frame]) -> Iterator[Frame]:
        """The frames that are behind the newest of their stream, and behind all that was given as missed."""
        known = {stream: max(stamp, self.given[stream], self._first) for stream, stamp in newest.items()}
        alike = {stream: count for stream, count in self.alike.items() if newest[stream] == known[stream]}
        for frame in source:
            if frame.stamp == known[frame.stream] and frame.stream in alike:
                alike[frame.stream] -= 1
                if alike[frame.stream] < 0:
                    yield frame
            elif frame.stamp > known[frame.stream]:
                yield frame

    def _from(self, before: bytes) -> tuple[Iterator[Frame], bool]:
        """The log from ``before`` on, or as much as there is; whether it reaches back that far."""
        if not before:
            return frames(self._read(self._followed)), True
        end = frames(self._read(Part(tail=TAIL)))
        first = next(end, None)
        if first is None or first.stamp <= before:
            return chain([first] if first else [], end), first is not None
        with closing(self._read(ALL)) as whole:
            oldest = next(frames(whole), None)
        since = seconds(before.decode("ascii", "replace"))
        if oldest is None or oldest.stamp > before or since is None:
            return chain([first], end), False
        return frames(self._read(Part(since=since - _EMPTY_S))), True

    def _lost(self, at: float | None) -> LogChunk:
        self._missed = time.time()
        return LogChunk(1, b"", at, lost=True)


def frames(blocks: Iterator[bytes]) -> Iterator[Frame]:
    """The frames of a log with time stamps."""
    rest = b""
    for block in blocks:
        data, at = rest + block, 0
        while at + 8 <= len(data):
            start = at + 8
            stop = start + int.from_bytes(data[at + 4 : start], "big")
            if stop > len(data):
                break
            stamp, _, text = data[start:stop].partition(b" ")
            yield Frame(2 if data[at] == 2 else 1, stamp, text)
            at = stop
        rest = data[at:]
