"""Bytes of a log in, metric points out.

``MetricReader`` cuts the bytes into frames, finds out what kind each frame is, and hands it to the reader of that kind.
What a frame's shape means is worked out once and remembered: the next line that differs only in its digits is read by
the same plan.
"""

from __future__ import annotations

import re
from dataclasses import replace

from mltui.domain.metric import SOURCE_LIMIT, MetricPoint
from mltui.parsers.bars import Bars
from mltui.parsers.blocks import Blocks
from mltui.parsers.config import MetricConfig
from mltui.parsers.context import Context
from mltui.parsers.decimals import Decimals
from mltui.parsers.lines import Lines
from mltui.parsers.outer import Outer
from mltui.parsers.patterns import Patterns
from mltui.parsers.points import Points
from mltui.parsers.shapes import key_of
from mltui.parsers.terminal import LIVE, STILL, Frames
from mltui.parsers.voices import Voices

#: Shapes of lines that are kept, and how long they may be.
_PLAIN = 8192
_LONGEST = 512
# It begins with a number that no date or time goes on with.
_NUMBERED = re.compile(rb"\s*[-+.]?\d+(?![-/:.\d]|\d*[-/:]\d)")


class _Voice:
    """What is known of the lines of one that prints."""

    def __init__(self, points: Points, who: str = "") -> None:
        self.who = who
        self.points = points
        self.lines = Lines(points, who)
        self.bars = Bars(points, self.lines)
        self.outer = Outer()
        self.blocks = Blocks()
        self.context = Context()
        """Where its training stands."""

    @property
    def idle(self) -> bool:
        """Nothing waits for the line that comes."""
        return self.bars.idle and self.blocks.idle

    def read(self, line: bytes) -> None:
        """Read a finished line without its prefix."""
        for each in self.blocks.feed(line):
            self.lines.read(each)

    def close(self) -> None:
        """Read what was still open when the log ended."""
        self.bars.finish()
        for line in self.blocks.close():
            self.lines.read(line)
        self.lines.close()


class MetricReader:
    """Reads the metrics out of one run's log, from its first byte on.

    The points of one series come in the order in which the log tells them. A point may come later than those of lines
    further down, where only these show where it stands or that it is part of a curve: the first values of a learning
    rate, what was evaluated once, lines that may be drawn again.

    Points of kind RUNNING are what a bar showed on the way to an epoch's value; THROUGHPUT is work per second. Any
    bytes are accepted; memory is bounded by the number of series and of line shapes kept.
    """

    def __init__(self, config: MetricConfig | None = None) -> None:
        """``config``: what a profile says of its log; raises ``re.error`` where a pattern of it is none."""
        self.config = config or MetricConfig()
        self._points = Points(self.config)
        self._decimals = Decimals()
        self._split = Voices().split
        self._speaking = _Voice(self._points)
        self._voices = {"": self._speaking}
        self._others: _Voice | None = None
        """All that print beyond the limit: what they say is counted, and not reported."""
        self._left_out = 0
        self._patterns = Patterns(self._points) if self.config.patterns else None
        self._frames: dict[int, Frames] = {}
        self._plain: dict[bytes, int] = {}
        """Shapes of lines that nobody is named in, and no bar, with the length of their prefix.

        This and ``_calm`` are for speed: without them the points are the same.
        """
        self._calm = True
        """The last line was one that nobody is named in, and no bar, and left nothing that waits for the next one."""

    @property
    def dropped(self) -> int:
        """Values that were not reported because the log has too many series, or too many print into it."""
        others = 0 if self._others is None else self._others.points.dropped
        return self._points.dropped + self._left_out + others

    def feed(self, data: bytes, stream: int = 1) -> list[MetricPoint]:
        """The points that ``data`` completes; the lines of each ``stream`` (1: stdout, 2: stderr) are put together."""
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
        for who in list(self._voices):
            self._listen_to(who).close()
        self._points.close()
        if self._others is not None:
            self._others.close()
            self._others.points.close()
        return self._take()

    def _take(self) -> list[MetricPoint]:
        if self._others is not None:
            self._left_out += len(self._others.points.take())
        return self._points.take()

    def _read(self, frame: bytes, final: bool) -> None:
        if frame in (LIVE, STILL):
            self._points.set_live(frame == LIVE)
            return
        if self._patterns is not None and self._patterns.read(frame):
            return
        if self._decimals.commas:
            frame = self._decimals.plain(frame)
        if final:
            if self._calm and self._read_plain(frame):
                return
            if not self._decimals.commas:
                frame = self._decimals.plain(frame)
        pieces = self._split(frame)
        if not pieces:
            self._read_of("", frame, final)
        for who, piece in pieces:
            self._read_of(who, piece, final)

    def _read_plain(self, frame: bytes) -> bool:
        """Read a line of a shape that needs no look at who prints it, at bars, prefixes and blocks."""
        key = key_of(frame)
        start = self._plain.get(key)
        if start is None:
            return False
        lines = self._speaking.lines
        if start:
            lines.read(frame[start:], key=key[start:])
        else:
            lines.read(frame, key=key)
        return True

    def _read_of(self, who: str, frame: bytes, final: bool) -> None:
        voice = self._listen_to(who)
        rest = voice.bars.read(frame)
        calm, self._calm = self._calm, not who and rest is frame and voice.idle
        if rest is None:
            return
        if not final:
            voice.lines.read(rest, final)
            return
        learnt = voice.outer.learnt
        line = voice.outer.peel(rest)
        if voice.outer.learnt > learnt:
            self._plain.clear()  # The same may stand in front of lines that seemed to have no prefix.
        pieces = self._split(line) if line is not frame and not who else []
        for other, piece in pieces:
            self._listen_to(other).read(piece)
        if not pieces:
            voice.read(line)
        self._calm = not who and rest is frame and not pieces and voice.idle
        if calm and self._calm and frame.endswith(line) and _is_plain(frame) and _is_plain(line):
            self._keep(frame, len(frame) - len(line))

    def _keep(self, frame: bytes, start: int) -> None:
        if len(self._plain) >= _PLAIN:
            self._plain.clear()
        self._plain[key_of(frame)] = start

    def _listen_to(self, who: str) -> _Voice:
        """The voice of ``who``; where it stands is what it said itself, or else what was said last."""
        if who == self._speaking.who:
            return self._speaking
        voice = self._voices.get(who)
        if voice is None:
            if len(self._voices) > SOURCE_LIMIT:
                self._others = self._others or _Voice(Points(self.config), who)
                return self._others
            voice = self._voices[who] = _Voice(self._points, who)
        before, self._speaking = self._speaking, voice
        before.context = self._points.context
        if not voice.context.said:
            voice.context = replace(before.context, said=False)
        self._points.follow(voice.context)
        return voice


def _is_plain(line: bytes) -> bool:
    """Whether nothing but its shape says how a line begins: a number there may be a task's, or a table's."""
    return len(line) < _LONGEST and not _NUMBERED.match(line)
