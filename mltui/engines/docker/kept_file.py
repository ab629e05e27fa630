"""A file of the kernel's that is read again and again: opening it costs five times what reading it does."""

from __future__ import annotations

import os
import resource
from typing import ClassVar

#: What one read takes in at most; larger files come in several.
_PIECE = 1 << 14


class KeptFile:
    """Kept open from its first reading on, as long as few enough are; else opened for each."""

    open_count: ClassVar[int] = 0
    """How many are open now, of all."""

    def __init__(self, path: str) -> None:
        self.path = path
        self._file = -1

    def read(self) -> bytes:
        """The whole file as it is now; raises ``OSError`` when what it tells of is gone."""
        if self._file < 0:
            file = os.open(self.path, os.O_RDONLY | os.O_CLOEXEC)
            if KeptFile.open_count >= _most():
                return _whole_and_close(file)
            self._file = file
            KeptFile.open_count += 1
        return _whole(self._file)

    def number(self) -> int:
        """The number that is all there is in it; ``ValueError`` where it is none."""
        return int(self.read())

    def close(self) -> None:
        """Let go of it; it may be read again."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1
            KeptFile.open_count -= 1


def _most() -> int:
    """Half of the files that this process may have open."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return (soft if soft >= 0 else 1 << 16) // 2


def _whole(file: int) -> bytes:
    """The kernel gives what it writes on the fly in pieces, some shorter than asked for; an empty one is the end."""
    first = os.pread(file, _PIECE, 0)
    pieces, at = [first], len(first)
    while piece := os.pread(file, _PIECE, at):
        pieces.append(piece)
        at += len(piece)
    return first if len(pieces) == 1 else b"".join(pieces)


def _whole_and_close(file: int) -> bytes:
    try:
        return _whole(file)
    finally:
        os.close(file)


def read_file(path: str) -> bytes:
    """The whole of a file that is not read often."""
    return _whole_and_close(os.open(path, os.O_RDONLY | os.O_CLOEXEC))
