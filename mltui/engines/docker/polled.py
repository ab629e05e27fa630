"""The log of a Podman container, looked at again and again: Podman's own follower loses lines.

Once the container has ended it leaves out each line that its reader is not ready for in that moment (Podman's library
``nxadm/tail``, ``sendLine``), and where it sees the end of the file within a line, what is written meanwhile. Its
``tail`` joins pieces of lines that do not belong together (Podman 4.3), and its time stamps may be whole seconds, by
which equal lines cannot be told apart. Exact is a log that is read from its beginning, or from a time on, up to where
it ends now, but for that very end, which may be torn: what is new is taken when two looks in turn agree about it.
"""

from __future__ import annotations

import math
import threading
import time
from collections import deque
from collections.abc import Generator, Iterable, Iterator, Sequence
from itertools import groupby
from typing import Protocol

from mltui.engines.base import LogChunk
from mltui.engines.docker.skipped import Frame, Part
from mltui.engines.docker.values import seconds

#: Seconds between two looks at a log that grows, and at one that does not.
_OFTEN_S, _SELDOM_S = 0.25, 1.0
#: Between two looks it rests so many times as long as one takes, which is the longer the longer the log is: Podman
#: reads all of it.
_SHARE = 5.0
#: Looks begin so many seconds before the newest line; what is older no second look has to confirm.
_OLD_S = 2
#: Characters of a time stamp up to its second.
_SECOND = len("2026-01-01T00:00:00")


class Source(Protocol):
    """The container whose log is looked at."""

    def read(self, part: Part) -> Iterable[Frame]:
        """A part of the log, up to where it ends now. What a terminal got is one line a frame, without a time."""

    def ended(self) -> bool:
        """The container has ended: its log is all there."""

    def close(self) -> None:
        """End what is being read."""


class PolledLog:
    """An open log; see ``engines.base.LogStream``."""

    def __init__(self, source: Source, *, follow: bool, tail: int | None = None) -> None:
        self._source = source
        self._follow = follow
        self._tail = tail
        self._since: float | None = None
        """Looks begin here; all that is older has been given."""
        self._given: list[int] = []
        """What has been given from there on, a hash a frame."""
        self._seen: list[int] = []
        """What the last look found from there on."""
        self._closed = threading.Event()

    def close(self) -> None:
        """End the iteration, from any thread."""
        self._closed.set()
        self._source.close()

    def __iter__(self) -> Iterator[LogChunk]:
        yield from self._first_look()
        pause = _OFTEN_S
        while self._follow and not self._closed.is_set():
            began = time.monotonic()
            ended = self._source.ended()
            frames = self._look(ended)
            keys = list(map(hash, frames))
            if self._closed.is_set():
                return
            whole = ended and keys == self._seen
            news = yield from self._take(frames, keys)
            if whole:
                return
            pause = _OFTEN_S if news else min(_SELDOM_S, pause * 1.5)
            if not ended:
                self._closed.wait(max(pause, _SHARE * (time.monotonic() - began)))

    def _first_look(self) -> Iterator[LogChunk]:
        """Give what is old; all of it, where nothing is to follow."""
        recent: deque[Frame] = deque()
        if self._tail is None:
            yield from _chunks(self._old(self._source.read(Part()), recent))
        else:
            recent.extend(self._last_lines(self._tail))
        if not self._follow:
            yield from _chunks(recent)
        self._seen.extend(map(hash, recent))

    def _old(self, frames: Iterable[Frame], recent: deque[Frame]) -> Iterator[Frame]:
        """Those that are old as they come; the others are in ``recent`` in the end."""
        second = b""
        for frame in frames:
            recent.append(frame)
            if frame.stamp[:_SECOND] != second:
                second = frame.stamp[:_SECOND]
                self._since = _horizon(frame)
                while _is_older(recent[0], self._since):
                    yield recent.popleft()

    def _last_lines(self, count: int) -> Sequence[Frame]:
        """The last ``count`` lines; what is before them counts as given."""
        rough = list(self._source.read(Part(tail=count)))
        if len(rough) >= count > 0:
            self._since = _horizon(rough[0])
        frames = list(self._source.read(Part(since=self._since)))
        begin = _begin_of_last(frames, count)
        self._given = list(map(hash, frames[:begin]))
        self._seen = self._given[:]
        return frames[begin:]

    def _look(self, ended: bool) -> list[Frame]:
        frames = list(self._source.read(Part(since=self._since)))
        if frames and not ended and not frames[-1].stamp and not frames[-1].data.endswith((b"\r", b"\n")):
            # A terminal's last line may go on.
            frames.pop()
        return frames

    def _take(self, frames: Sequence[Frame], keys: list[int]) -> Generator[LogChunk, None, bool]:
        """Give what this look and the last one agree about; whether that was something new."""
        agreed = _common(self._seen, keys)
        same = keys == self._seen
        self._seen = keys
        before = _common(self._given, keys[:agreed])
        if before < len(self._given):
            if before == agreed and not same:
                # Less than there was: a look that broke off.
                return False
            # The file was begun anew, as it had grown too big.
            yield LogChunk(1, b"", None, lost=True)
            before = 0
        yield from _chunks(frames[before:agreed])
        self._given = keys[:agreed]
        self._let_go_of_old(frames)
        return agreed > before

    def _let_go_of_old(self, frames: Sequence[Frame]) -> None:
        """The next look begins later."""
        count = len(self._given)
        since = _horizon(frames[count - 1]) if count else None
        if since is None or (self._since is not None and since <= self._since):
            return
        old = next((at for at in range(count) if not _is_older(frames[at], since)), count)
        self._since = since
        self._given, self._seen = self._given[old:], self._seen[old:]


def _horizon(newest: Frame) -> float | None:
    """What was printed before this is old; a whole second, since stamps may be that."""
    time = seconds(newest.stamp.decode("ascii", "replace"))
    return None if time is None else math.floor(time) - _OLD_S


def _is_older(frame: Frame, horizon: float | None) -> bool:
    time = seconds(frame.stamp.decode("ascii", "replace"))
    return time is not None and horizon is not None and time < horizon


def _begin_of_last(frames: Sequence[Frame], count: int) -> int:
    """Where the last ``count`` lines begin; a long line has several frames, and the last may have no end yet."""
    for at in range(len(frames) - 1, -1, -1):
        count -= at == len(frames) - 1 or frames[at].data.endswith(b"\n")
        if count < 0:
            return at + 1
    return 0


def _common(one: Sequence[int], other: Sequence[int]) -> int:
    """How many they have in common from the beginning on."""
    size = min(len(one), len(other))
    if one[:size] == other[:size]:
        return size
    return next(at for at in range(size) if one[at] != other[at])


def _chunks(frames: Iterable[Frame]) -> Iterator[LogChunk]:
    """Frames of one stream and one second are one chunk."""
    for _, group in groupby(frames, key=lambda frame: (frame.stream, frame.stamp[:_SECOND])):
        found = list(group)
        when = seconds(found[0].stamp.decode("ascii", "replace"))
        yield LogChunk(found[0].stream, b"".join(frame.data for frame in found), when)
