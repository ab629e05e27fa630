"""Progress bars: every frame of tqdm, Keras and their like."""

from __future__ import annotations

from mltui.parsers.lines import Lines
from mltui.parsers.points import Points


class Bars:
    def __init__(self, points: Points, lines: Lines) -> None:
        self.points = points
        self.lines = lines

    def read(self, frame: bytes, final: bool) -> bytes | None:
        return frame

    def close(self) -> None:
        pass
