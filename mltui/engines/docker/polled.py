"""The log of a Podman container, looked at again and again: Podman's own follower loses lines.

Once the container has ended it leaves out each line that its reader is not ready for in that moment (Podman's library
``nxadm/tail``, ``sendLine``), and where it sees the end of the file within a line, what is written meanwhile. Its
``tail`` joins pieces of lines in a wrong order, and is busy for minutes over a bar of 100 MB (Podman 4.3). Its time
stamps may be whole seconds, by which equal lines cannot be told apart. Exact is a log that is read from its beginning,
or from a second on, up to where it ends now, but for that very end, which may be torn: the last piece is taken when
another follows it, or when the next look ends with it too. What a look brings is passed on as it comes; of the newest
seconds the hashes are kept.
"""

from __future__ import annotations

import math
import threading
import time
from array import array
from collections import deque
from collections.abc import Generator, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Protocol

from mltui.engines.base import LogChunk
from mltui.engines.docker.skipped import Frame, Part
from mltui.engines.docker.values import seconds

#: Seconds between two looks at a log that grows, and at one that does not.
_OFTEN_S, _SELDOM_S = 0.25, 1.0
#: Between two looks it rests so many times as long as one takes, which is the longer the longer the log is: Podman
#: reads all of it.
_SHARE = 5.0
#: Looks begin so many seconds before the newest line: a clock that is set back by less hides nothing.
_OLD_S = 2
#: Characters of a time stamp up to its second.
_SECOND = len("2026-01-01T00:00:00")
#: Bytes that the last lines take in memory at most, since one that is drawn over for hours is long, and what a frame
#: takes beside its bytes.
_MOST_LAST, _FRAME = 16 << 20, 200
#: Bytes of a chunk, about.
_CHUNK = 1 << 18


class Source(Protocol):
    """The container whose log is looked at."""

    def read(self, part: Part) -> Iterable[Frame]:
        """A part of the log, up to where it ends now."""

    def ended(self) -> bool:
        """The container has ended: its log is all there."""

    def close(self) -> None:
        """End what is being read."""


class _BegunAnew(Exception):
    """The log has no longer what has been given of it: its file had grown too big."""


@dataclass(slots=True)
class _Second:
    """What has been given of one second."""

    time: float | None
    """Seconds since 1970."""
    keys: array[int] = field(default_factory=lambda: array("q"))
    """A hash for each of its frames."""


class PolledLog:
    """An open log; see ``engines.base.LogStream``."""

    def __init__(self, source: Source, *, follow: bool, tail: int | None = None) -> None:
        self._source = source
        self._follow = follow
        self._tail = tail
        self._since: float | None = None
        """Looks begin here; all that is older has been given."""
        self._given: dict[bytes, _Second] = {}
        """What has been given from there on, second by second."""
        self._missing = 0
        """So many frames of that the last look did not have."""
        self._held: Frame | None = None
        """The last frame of the last look, if that has not been given."""
        self._same = False
        """The last look ended as the one before it."""
        self._cut = False
        """Of the last lines that are wanted the first are left out, for their size; nobody has been told."""
        self._closed = threading.Event()

    def close(self) -> None:
        """End the iteration, from any thread."""
        self._closed.set()
        self._source.close()

    def __iter__(self) -> Iterator[LogChunk]:
        pause, before = _OFTEN_S, -1
        while not self._closed.is_set():
            began = time.monotonic()
            ended = self._follow and self._source.ended()
            try:
                news = yield from self._look()
            except _BegunAnew:
                self._given, self._held = {}, None
                yield _GAP
                continue
            if not self._follow or self._closed.is_set():
                return
            if ended and self._same and self._missing == before:
                if self._missing:
                    yield _GAP
                return
            before = self._missing
            pause = _OFTEN_S if news or not self._same else min(_SELDOM_S, pause * 1.5)
            if not ended:
                self._closed.wait(max(pause, _SHARE * (time.monotonic() - began)))

    def _look(self) -> Generator[LogChunk, None, bool]:
        """Give what is new and surely right; whether there was any."""
        frames, news = self._frames(), False
        if self._cut:
            self._cut = False
            yield _GAP
        for chunk in _chunks(self._sure(frames)):
            news = True
            yield chunk
        return news

    def _frames(self) -> Iterator[Frame]:
        """The frames that have not been given; the first time but the last lines, if no more are wanted."""
        if self._tail is None:
            return self._new(self._source.read(Part(since=self._since)))
        count, self._tail = self._tail, None
        return self._last(count, self._source.read(Part()))

    def _new(self, frames: Iterable[Frame]) -> Iterator[Frame]:
        """Those behind all that has been given."""
        at = dict.fromkeys(self._given, 0)
        self._missing = sum(len(given.keys) for given in self._given.values())
        for frame in frames:
            if not self._missing:
                yield frame
                continue
            second = frame.stamp[:_SECOND]
            given = self._given.get(second)
            if given is None or given.keys[at[second] : at[second] + 1] != array("q", [hash(frame)]):
                raise _BegunAnew
            at[second] += 1
            self._missing -= 1

    def _last(self, count: int, frames: Iterable[Frame]) -> Iterator[Frame]:
        """The last ``count`` lines; what is before them counts as given. A long line has several frames."""
        kept: deque[Frame] = deque()
        lines = size = 0
        for frame in frames:
            kept.append(frame)
            lines += _ends(frame)
            size += len(frame.data) + _FRAME
            while kept and ((more := lines + (not _ends(frame)) > count) or size > _MOST_LAST):
                self._cut = not more
                old = kept.popleft()
                lines -= _ends(old)
                size -= len(old.data) + _FRAME
                self._note(old)
        return iter(kept)

    def _sure(self, frames: Iterable[Frame]) -> Iterator[Frame]:
        """All but the last one, unless the last look ended with it too; the end of a look that is the only one too."""
        last, news = None, False
        for frame in frames:
            if last is not None:
                self._note(last)
                yield last
                news = True
            last = frame
        self._same = not news and last == self._held
        self._held = last
        if last is not None and (self._same or not self._follow):
            self._held = None
            self._note(last)
            yield last

    def _note(self, frame: Frame) -> None:
        """It counts as given; when it begins a second, the next look begins later."""
        second = frame.stamp[:_SECOND]
        given = self._given.get(second)
        if given is None:
            given = _Second(_time(frame.stamp))
            self._look_later(_horizon(given.time))
            if _is_older(given, self._since):
                return
            self._given[second] = given
        given.keys.append(hash(frame))

    def _look_later(self, since: float | None) -> None:
        if since is not None and (self._since is None or since > self._since):
            self._since = since
            self._given = {at: one for at, one in self._given.items() if not _is_older(one, since)}


_GAP = LogChunk(1, b"", None, lost=True)


def _time(stamp: bytes) -> float | None:
    """The whole second of a time stamp, since 1970; Podman 4.3 tells no more of it."""
    time = seconds(stamp.decode("ascii", "replace"))
    return None if time is None else math.floor(time)


def _horizon(newest: float | None) -> float | None:
    """What was printed before this is old."""
    return None if newest is None else newest - _OLD_S


def _is_older(given: _Second, horizon: float | None) -> bool:
    return given.time is not None and horizon is not None and given.time < horizon


def _ends(frame: Frame) -> bool:
    return frame.data.endswith(b"\n")


def _chunks(frames: Iterable[Frame]) -> Iterator[LogChunk]:
    """Frames of one stream and one second are one chunk, up to a size."""
    parts: list[bytes] = []
    first, size = Frame(1, b"", b""), 0
    for frame in frames:
        if parts and (size >= _CHUNK or frame.stream != first.stream or frame.stamp[:_SECOND] != first.stamp[:_SECOND]):
            yield _chunk(first, parts)
            parts, size = [], 0
        if not parts:
            first = frame
        parts.append(frame.data)
        size += len(frame.data)
    if parts:
        yield _chunk(first, parts)


def _chunk(first: Frame, parts: list[bytes]) -> LogChunk:
    return LogChunk(first.stream, b"".join(parts), seconds(first.stamp.decode("ascii", "replace")))
