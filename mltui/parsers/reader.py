"""Bytes of a log in, metric points out."""

from __future__ import annotations

import re

from mltui.domain.metric import MetricPoint
from mltui.parsers.config import MetricConfig
from mltui.parsers.terminal import Frames

_PAIR = re.compile(r"([A-Za-z_][\w/@.-]*)\s*[:=]\s*([-+]?\d*\.?\d+(?:[eE][-+]?\d+)?)")


class MetricReader:
    """Reads the metrics out of one run's log, from its first byte on."""

    def __init__(self, config: MetricConfig | None = None) -> None:
        self.config = config or MetricConfig()
        self.dropped = 0
        """Points that were not reported because the log has too many series."""
        self._frames: dict[int, Frames] = {}
        self._epoch = 0.0

    def feed(self, data: bytes, stream: int = 1) -> list[MetricPoint]:
        """The points that ``data`` completes, in the order read; ``stream`` is 1 for stdout, 2 for stderr."""
        frames = self._frames.setdefault(stream, Frames())
        return [point for text, final in frames.feed(data) for point in self._read(text, final)]

    def close(self) -> list[MetricPoint]:
        """The points that were pending when the log ended."""
        return [
            p for frames in self._frames.values() for text, final in frames.close() for p in self._read(text, final)
        ]

    def _read(self, frame: bytes, final: bool) -> list[MetricPoint]:
        text = frame.decode("utf-8", "replace")
        if found := re.match(r"Epoch (\d+)/\d+", text):
            self._epoch = float(found[1])
        pairs = [(k, float(v)) for k, v in _PAIR.findall(text)] if final else []
        return [MetricPoint(k, "epoch", self._epoch, v) for k, v in pairs if "loss" in k or "acc" in k]
