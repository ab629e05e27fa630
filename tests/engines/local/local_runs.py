"""What tests of the local engine read of a process."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from mltui.engines.base import LogStream


@dataclass(frozen=True)
class Started:
    """A process that runs, and its log attached before it did."""

    id: str
    log: LogStream

    def output(self, stream: int = 0) -> bytes:
        """All it writes until it ends, of one stream or (0) of both."""
        return joined(self.log, stream)


def joined(log: LogStream, stream: int = 0) -> bytes:
    """The bytes of a log, of one stream or (0) of both."""
    return b"".join(chunk.data for chunk in log if stream in (0, chunk.stream))


def until(log: LogStream, text: bytes) -> None:
    """Read a log until ``text`` has come."""
    seen = b""
    for chunk in log:
        seen += chunk.data
        if text in seen:
            return
    pytest.fail(f"{text!r} did not come, only {seen!r}")
