"""How far the context of a build is on its way to the engine, in words for a line that changes."""

from __future__ import annotations

import os
from typing import IO

from mltui.domain.figures import format_bytes

#: Bytes of a context from which on it is said how many they are, and how to have fewer.
LARGE = 100 << 20
KEEP_OUT = ".dockerignore keeps out what the build does not need"


class Sending:
    """A context of ``size`` bytes that is packed into an archive, which is then read piece by piece as it is sent.

    Written and asked by different threads: each figure is one number.
    """

    def __init__(self, size: int) -> None:
        self._size = size
        self._archive: IO[bytes] | None = None
        self._length = self._sent = 0

    @property
    def announcement(self) -> str:
        """A line for the build's log; empty for a context that is gone in a moment."""
        return f"The build context has {format_bytes(self._size)} ({KEEP_OUT})." if self._size >= LARGE else ""

    def pack_into(self, archive: IO[bytes]) -> IO[bytes]:
        """The archive, whose growth is watched from now on."""
        self._archive = archive
        return archive

    def begin(self) -> int:
        """The archive is packed and is sent from its beginning; its length."""
        assert self._archive is not None
        self._length = self._archive.seek(0, os.SEEK_END)
        self._archive.seek(0)
        return self._length

    def read(self, size: int = -1) -> bytes:
        """The next piece of the archive, for whoever sends it."""
        assert self._archive is not None
        data = self._archive.read(size)
        self._sent += len(data)
        return data

    def now(self) -> tuple[str, float | None]:
        """What is under way, and the share of it that is done; empty for a small context and where all is sent."""
        if self._size < LARGE or self._archive is None:
            return "", None
        if not self._length:
            done = os.fstat(self._archive.fileno()).st_size if not self._archive.closed else 0
            return self._words("Packing", done, self._size)
        return ("", None) if self._sent >= self._length else self._words("Sending", self._sent, self._length)

    def _words(self, doing: str, done: int, total: int) -> tuple[str, float]:
        said = f"{doing} the build context: {format_bytes(min(done, total))} of {format_bytes(total)}; {KEEP_OUT}"
        return said, min(1.0, done / total)
