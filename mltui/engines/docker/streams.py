"""Logs: live output through attach, recorded output through the engine's log, both in big blocks.

Without a TTY the engine sends frames: one byte for the stream, three of zero, four for the size (big-endian), then the
bytes (Docker Engine API, "Attach to a container", stream format). With a TTY it sends the bytes as they are.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Generator, Iterator, Mapping
from typing import Any

from mltui.domain.errors import EngineError
from mltui.engines.base import LogChunk, LogStream
from mltui.engines.docker.client import PATIENT, DockerClient
from mltui.engines.docker.polled import PolledLog
from mltui.engines.docker.skipped import Frame, Part, SkipWatch, frames
from mltui.engines.docker.values import container_status, log_rotates, seconds
from mltui.engines.docker.wire import EngineStream

#: Characters of a time stamp up to its tenth of a second; lines that share them go into one chunk.
_TENTH = len("2026-01-01T00:00:00.0")


class DockerLogStream:
    """An open log; see ``engines.base.LogStream``."""

    def __init__(
        self,
        source: EngineStream,
        *,
        tty: bool,
        stamped: bool = False,
        watch: SkipWatch | None = None,
        again: Callable[[], Iterator[bytes]] | None = None,
    ) -> None:
        self._source = source
        self._tty = tty
        self._stamped = stamped and not tty
        self._watch = watch
        self._again = again
        """Reads all of a terminal's log once more, for what its follower left out at the end."""
        self._closed = False

    def __iter__(self) -> Iterator[LogChunk]:
        blocks = self._source.blocks()
        if self._tty:
            return (LogChunk(1, block) for block in self._whole(blocks))
        return stamped_chunks(blocks, self._watch) if self._stamped else chunks(blocks)

    def _whole(self, blocks: Iterator[bytes]) -> Iterator[bytes]:
        given = 0
        for block in blocks:
            given += len(block)
            yield block
        for block in self._again() if self._again and not self._closed else ():
            if self._closed:
                return
            if rest := block[given:]:
                yield rest
            given = max(given - len(block), 0)

    def close(self) -> None:
        """End the iteration, from any thread."""
        self._closed = True
        if self._watch:
            self._watch.closed = True
        self._source.close()


class PodmanLog:
    """A Podman container's log, to be looked at; see ``polled.Source``.

    Podman's own API tells the pieces that a terminal got one by one, each in a frame with its time stamp; Docker's,
    which Podman speaks too, would run them together.
    """

    def __init__(self, client: DockerClient, container_id: str) -> None:
        self._client = client
        self._id = container_id
        self._closed = False
        self._open: EngineStream | None = None

    def read(self, part: Part) -> Iterator[Frame]:
        """A part of the log, up to where it ends now."""
        # It answers only when it comes to a line that is asked for; before that it can be closed too.
        self._open = source = _log_source(self._client, self._id, part, follow=False, stamped=True, silent=True)
        if self._closed:
            source.close()
        return frames(source.blocks())

    def ended(self) -> bool:
        """The container has ended."""
        path = f"/containers/{self._id}/json"
        return container_status(self._client.get(path, what=f"The log of {self._id[:12]} cannot be followed")).ended

    def close(self) -> None:
        """End what is being read."""
        self._closed = True
        if self._open:
            self._open.close()


def open_log(client: DockerClient, raw: Mapping[str, Any], *, follow: bool, tail: int | None) -> LogStream:
    """The recorded log of the container that ``raw`` describes, see ``engines.base.Engine.logs``."""
    if client.podman:
        return PolledLog(PodmanLog(client, str(raw["Id"])), follow=follow, tail=tail)
    container_id, tty = str(raw["Id"]), container_status(raw).tty
    lines = Part(tail=tail)
    source = _log_source(client, container_id, lines, follow=follow, stamped=not tty)

    def read(part: Part) -> Generator[bytes, None, None]:
        with contextlib.suppress(EngineError):
            yield from _log_source(client, container_id, part, follow=False, stamped=not tty).blocks()

    rotates = log_rotates(raw)
    if not tty:
        watch = SkipWatch(read, lines, rotates=rotates) if follow else None
        return DockerLogStream(source, tty=False, stamped=True, watch=watch)
    # Bytes without time stamps are known by their number, where the log still has the first of them.
    counted = follow and tail is None and not rotates
    return DockerLogStream(source, tty=True, again=(lambda: read(lines)) if counted else None)


def _log_source(
    client: DockerClient, container_id: str, part: Part, *, follow: bool, stamped: bool, silent: bool = False
) -> EngineStream:
    wanted = {"tail": "all" if part.tail is None else part.tail}
    if part.since is not None:
        # Podman may take none but whole seconds.
        wanted["since"] = f"{part.since:.6f}".rstrip("0").rstrip(".")
    return client.stream(
        "GET",
        f"/containers/{container_id}/logs",
        {"stdout": 1, "stderr": 1, "follow": int(follow), "timestamps": int(stamped), **wanted},
        what=f"The log of {container_id[:12]} cannot be read",
        timeout=PATIENT,
        silent=silent or follow,
        own=client.podman,
    )


def chunks(blocks: Iterator[bytes]) -> Iterator[LogChunk]:
    """The payload of the frames, as it comes: a frame need not be complete, and those of one stream are merged."""
    header, stream, missing = b"", 1, 0
    parts: list[bytes] = []
    for block in blocks:
        at, end = 0, len(block)
        while at < end:
            if missing:
                part = block[at : at + missing]
                parts.append(part)
                at += len(part)
                missing -= len(part)
                continue
            need = 8 - len(header)
            header += block[at : at + need]
            at += need
            if len(header) < 8:
                break
            kind = 2 if header[0] == 2 else 1
            if kind != stream and parts:
                yield LogChunk(stream, b"".join(parts))
                parts = []
            stream, missing, header = kind, int.from_bytes(header[4:8], "big"), b""
        if parts:
            yield LogChunk(stream, b"".join(parts))
            parts = []


def stamped_chunks(blocks: Iterator[bytes], watch: SkipWatch | None = None) -> Iterator[LogChunk]:
    """The payload of frames that each begin with a time stamp and a space, which are taken off.

    A frame is one line or, where the engine cut a line longer than 16 KiB, a piece of it. Frames of one stream and one
    tenth of a second are merged. Engines tell some lines again when their log goes on in a new file (seen on Docker
    20.10); these are known by their time stamps, which have nanoseconds and never run back within a stream. What is
    left out ``watch`` looks for.
    """
    rest = b""
    newest = {1: b"", 2: b""}
    last = {1: b"", 2: b""}
    given = watch.given if watch else {1: b"", 2: b""}
    alike = watch.alike if watch else {1: 0, 2: 0}
    again = False
    for block in blocks:
        data = rest + block if rest else block
        at, end = 0, len(data)
        stream, tenth, stamp = 1, b"", b""
        parts: list[bytes] = []
        while at + 8 <= end:
            start = at + 8
            stop = start + int.from_bytes(data[at + 4 : start], "big")
            if stop > end:
                break
            kind = 2 if data[at] == 2 else 1
            space = data.find(b" ", start, stop)
            at, now, frame = stop, data[start:space], data[start:stop]
            again = (
                now < newest[kind]
                or now <= given[kind]
                or (now == newest[kind] and (again or (frame == last[kind] and frame[-1:] == b"\n")))
            )
            if again:
                continue
            if kind != stream or data[start : start + _TENTH] != tenth:
                if parts:
                    yield _stamped(stream, stamp, parts)
                parts = []
                if watch:
                    yield from watch.missed(newest, now)
                stream, tenth, stamp = kind, data[start : start + _TENTH], now
            alike[kind] = alike[kind] + 1 if now == newest[kind] else 1
            newest[kind], last[kind] = now, frame
            parts.append(data[space + 1 : stop])
        if parts:
            yield _stamped(stream, stamp, parts)
        rest = data[at:]
    if watch:
        yield from watch.rest(newest)


def _stamped(stream: int, stamp: bytes, parts: list[bytes]) -> LogChunk:
    return LogChunk(stream, b"".join(parts), seconds(stamp.decode("ascii", "replace")))
