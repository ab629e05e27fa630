"""Bytes of a log in, metric points out.

``MetricReader`` cuts the bytes into frames, finds out what kind each frame is, and hands it to the reader of that kind.
What a frame's shape means is worked out once and remembered: the next line that differs only in its digits is read by
the same plan.
"""

from __future__ import annotations

from mltui.domain.metric import MetricPoint
from mltui.parsers.bars import Bars
from mltui.parsers.blocks import Blocks
from mltui.parsers.config import MetricConfig
from mltui.parsers.lines import Lines
from mltui.parsers.outer import Outer
from mltui.parsers.patterns import Patterns
from mltui.parsers.points import Points
from mltui.parsers.terminal import LIVE, STILL, Frames


class MetricReader:
    """Reads the metrics out of one run's log, from its first byte on.

    Points come in the order read. Points of kind RUNNING are what a bar showed on the way to an epoch's value;
    THROUGHPUT is work per second. Any bytes are accepted; memory is bounded by the number of series and of line shapes
    kept.
    """

    def __init__(self, config: MetricConfig | None = None) -> None:
        self.config = config or MetricConfig()
        self._points = Points(self.config)
        self._lines = Lines(self._points)
        self._bars = Bars(self._points, self._lines)
        self._outer = Outer()
        self._blocks = Blocks()
        self._patterns = Patterns(self._points) if self.config.patterns else None
        self._frames: dict[int, Frames] = {}

    @property
    def dropped(self) -> int:
        """Values that were not reported because the log has too many series."""
        return self._points.dropped

    def feed(self, data: bytes, stream: int = 1) -> list[MetricPoint]:
        """The points that ``data`` completes; ``stream`` is 1 for stdout, 2 for stderr."""
        frames = self._frames.get(stream)
        if frames is None:
            frames = self._frames[stream] = Frames()
        for text, final in frames.feed(data):
            self._read(text, final)
        return self._take()

    def close(self) -> list[MetricPoint]:
        """The points that were pending when the log ended."""
        for frames in self._frames.values():
            for text, final in frames.close():
                self._read(text, final)
        self._bars.finish()
        for line in self._blocks.close():
            self._lines.read(line)
        self._lines.close()
        self._points.close()
        return self._take()

    def _take(self) -> list[MetricPoint]:
        out = self._points.out
        self._points.out = []
        return out

    def _read(self, frame: bytes, final: bool) -> None:
        if frame in (LIVE, STILL):
            self._points.set_live(frame == LIVE)
            return
        if not frame.isascii():
            # Places are counted in bytes: what is no UTF-8 is replaced before anything is counted.
            frame = frame.decode("utf-8", "replace").encode()
        if self._patterns is not None and self._patterns.read(frame):
            return
        rest = self._bars.read(frame, final)
        if rest is not None:
            if not final:
                self._lines.read(rest, final)
                return
            for line in self._blocks.feed(self._outer.peel(rest)):
                self._lines.read(line)
