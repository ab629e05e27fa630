"""Bytes of a log in, metric points out.

``MetricReader`` cuts the bytes into frames, finds out what kind each frame is, and hands it to the reader of that kind.
What a frame's shape means is worked out once and remembered: the next line that differs only in its digits is read by
the same plan.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from mltui.domain.metric import SOURCE_LIMIT, MetricPoint
from mltui.parsers.bars.bars import Bars, unfilled
from mltui.parsers.config import MetricConfig
from mltui.parsers.front.known import Known
from mltui.parsers.front.voices import Voices
from mltui.parsers.lines.blocks import Blocks, may_be_in_block, opens_block
from mltui.parsers.lines.lines import Lines
from mltui.parsers.lines.outer import Outer
from mltui.parsers.lines.shapes import Steady
from mltui.parsers.lines.table_front import TableFront
from mltui.parsers.patterns import Patterns
from mltui.parsers.points.context import Context
from mltui.parsers.points.news import Turn, epochs_of
from mltui.parsers.points.points import Points
from mltui.parsers.terminal.decimals import Decimals
from mltui.parsers.terminal.frames import LIVE, STILL, Frames
from mltui.parsers.terminal.torn import rests, whole_values
from mltui.parsers.words.keys import DIGITS, key_of

# A single byte is found much faster by its number.
_BAR, _PERCENT = b"|%"


@dataclass(slots=True)
class _Way:
    """What is known of a line by its shape, if it has no bar."""

    start: int
    """The length of its prefix."""
    in_block: bool
    """It may be one of a block."""
    opens_block: bool
    """The next one may begin a block."""
    steady: Steady | None = None
    """How it is read where nothing is open, if it takes no more than that: nearly all lines."""
    alone: Steady | None = None
    """The same, if it may not be one of a block either."""


_WAY_SIZE = 96


def _behind_bar(key: bytes) -> bytes:
    """The shape of what stands behind a bar: by itself it might be a bar, too."""
    return b"\r" + key


class _Voice:
    """What is known of the lines of one that prints."""

    def __init__(self, points: Points, who: str = "") -> None:
        self.who = who
        self.points = points
        self.lines = Lines(points, who)
        self.bars = Bars(points, self.lines, who)
        self.outer = Outer(points.budget, who)
        self.table_front = TableFront()
        self.blocks = Blocks()
        self.context = Context()
        """Where its training stands."""
        self._finished: Known[_Way] = Known(points.budget, _WAY_SIZE)
        self._drawn: Known[_Way] = Known(points.budget, _WAY_SIZE)
        """Shapes of lines that ended, and of those that were drawn over. Without them the points are the same."""
        self.way = self._finished.get
        """What is known of lines that ended, by their shape."""
        self.read_quietly = self.lines.read_quietly

    @property
    def idle(self) -> bool:
        """Nothing waits for the line that comes."""
        return not (self.bars.waiting or self.blocks.waiting)

    @property
    def quiet(self) -> bool:
        """Nothing has come that changes how the next line is read, nor is anybody named in it."""
        return not (self.who or self.bars.drawing or self.blocks.waiting) and self.lines.quiet

    def read_known(self, line: bytes, key: bytes, final: bool) -> bytes | None:
        """Read ``line`` as far as it is known by its shape what it is: a bar, or one that needs no closer look.

        What is left to be read is returned: the line itself where nothing is known, what stands behind a bar, or
        nothing.
        """
        bars, blocks, way = self.bars, self.blocks, self._finished.get(key) if final else self._drawn.get(key)
        if blocks.waiting and not final:
            self._read_all(blocks.interrupt())
        if way is None:
            rest = bars.read_known(line, key)
            if rest is None or rest is line:
                return rest
            line, key = rest, key[-len(rest) :]
            way = (self._finished if final else self._drawn).get(_behind_bar(key))
            if way is None:
                return line
        elif bars.drawing:
            if bars.waiting:
                return line
            bars.interrupt(line)
        if final:
            if blocks.waiting or (way.in_block and blocks.begins):
                return line
            blocks.begins = way.opens_block
            if way.steady is not None and self.lines.read_steady(way.steady, line):
                return None
        start = way.start
        if start:
            line, key = line[start:], key[start:]
        shape = self.lines.read(line, final, key)
        if shape is not None and final and (way.steady is None or not way.steady.known):
            way.steady = self.lines.steady(shape, start)
            way.alone = None if way.in_block else way.steady
        return None

    def read(self, line: bytes) -> None:
        """Read a finished line without its prefix."""
        self._read_all(self.blocks.feed(line))

    def peel(self, frame: bytes) -> bytes:
        """``frame`` without what loggers put in front."""
        learnt = self.outer.learnt
        line = self.outer.peel(frame)
        header, line = self.table_front.peel(line, self.outer.named and line == frame)
        if header or self.outer.learnt > learnt:
            self._finished.forget()  # The same may stand in front of lines that seemed to have no prefix.
        if header:
            self.lines.read(header)
        return line

    def keep(self, key: bytes, start: int, line: bytes, final: bool) -> None:
        """Remember of the shape ``key`` that ``line`` is read of it, from ``start`` on, where nothing waits for it."""
        shapes = self._finished if final else self._drawn
        shapes.keep(key, _Way(start, may_be_in_block(line), opens_block(line)))

    def read_last(self, frame: bytes) -> bool:
        """Read the last line of the log, which has no end, as far as it goes, if lines of the log begin like it."""
        if not self.idle:
            return False
        for shape, rest in rests(frame, self._finished):
            way = self._finished.get(shape)
            start = len(frame) if way is None else way.start
            if key_of(frame[:start]) == shape[:start] and self.lines.read_torn(frame[start:], rest):
                return True
        return False

    def whole(self, frame: bytes) -> bytes:
        """The last line of the log, which has no end, without the number that it was broken off in."""
        return whole_values(frame, self._finished)

    def close(self) -> None:
        """Read what was still open when the log ended."""
        self.bars.close()
        self._read_all(self.blocks.close())
        self.lines.close()

    def _read_all(self, lines: list[bytes]) -> None:
        for line in lines:
            self.lines.read(line)


class MetricReader:
    """Reads the metrics out of one run's log, from its first byte on.

    The points of one series come in the order in which the log tells them. A point may come later than those of lines
    further down, where only these show where it stands or that it is part of a curve: the first values of a learning
    rate, what was evaluated once, lines that may be drawn again.

    Points of kind RUNNING are what a bar showed on the way to an epoch's value; THROUGHPUT is work per second. Any
    bytes are accepted; memory is bounded by the number of series and a budget for what is known by shape.
    """

    def __init__(self, config: MetricConfig | None = None) -> None:
        """``config``: what a profile says of its log; raises ``re.error`` where a pattern of it is none."""
        self.config = config or MetricConfig()
        self._points = Points(self.config)
        self._decimals = Decimals()
        self._who = Voices(self._points.budget)
        self._speaking = _Voice(self._points)
        self._voices = {"": self._speaking}
        self._others: _Voice | None = None
        """All that print beyond the limit: what they say is counted, and not reported."""
        self._left_out = 0
        self._patterns = Patterns(self._points) if self.config.patterns else None
        self._frames: dict[int, Frames] = {}
        self._turns: list[Turn] = []
        self._epochs: list[MetricPoint] = []

    @property
    def epochs(self) -> list[MetricPoint]:
        """Of the points that the last ``feed`` or ``close`` gave, those that begin another epoch of their series.

        They come in their order; the value is how many epochs were done there, with its fraction if that is told. Steps
        that the log counts in other ways than this series tell nothing of it.
        """
        if self._turns:
            self._epochs, self._turns = epochs_of(self._turns), []
        return self._epochs

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
        self._read(frames.feed(data))
        return self._take()

    def close(self) -> list[MetricPoint]:
        """The points that were pending when the log ended."""
        for frames in self._frames.values():
            for text, final in frames.close():
                if self._patterns is not None or not self._speaking.read_last(text):
                    self._read([(self._speaking.whole(text), final)])
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
            self._others.points.take_turns()
        self._turns, self._epochs = self._points.take_turns(), []
        return self._points.take()

    def _read(self, frames: Iterable[tuple[bytes, bool]]) -> None:
        patterns, decimals, quiet = self._patterns, self._decimals, False
        for frame, final in frames:
            if patterns is not None and frame not in (LIVE, STILL) and patterns.read(frame):
                quiet = False
                continue
            if decimals.commas:
                frame = decimals.plain(frame)
            if _BAR in frame and _PERCENT in frame:
                frame = unfilled(frame)
            key, voice = frame.translate(DIGITS), self._speaking
            if (
                final
                and (way := voice.way(key)) is not None
                and (steady := way.alone) is not None
                and (quiet or voice.quiet)
                and voice.read_quietly(steady, frame)
            ):
                quiet, voice.blocks.begins = True, way.opens_block
                continue  # Nearly all lines.
            quiet = False
            # Where nobody was named so far, a known shape names nobody either.
            rest = frame if voice.who else voice.read_known(frame, key, final)
            if rest is None:
                pass
            elif rest is not frame:
                self._read_new(voice, rest, final, behind_bar=True)
            elif self._who.knows(key):
                self._read_whose(frame, key, final)
            else:
                self._read_named(frame, final)

    def _read_named(self, frame: bytes, final: bool) -> None:
        """Read what may begin with the name of who prints it, or be several such lines."""
        if frame in (LIVE, STILL):
            self._points.set_live(frame == LIVE)
            return
        for line in self._who.cut(frame):
            self._read_whose(line, key_of(line), final)

    def _read_whose(self, line: bytes, key: bytes, final: bool) -> None:
        """Read one line, which may say who prints it."""
        who, start = self._who.who(line, key)
        self._read_of(who, line[start:], key[start:], final)

    def _read_of(self, who: str, line: bytes, key: bytes, final: bool) -> None:
        """Read what ``who`` prints."""
        voice = self._speaking if who == self._speaking.who else self._listen_to(who)
        rest = voice.read_known(line, key, final)
        if rest is not None:
            self._read_new(voice, rest, final, behind_bar=rest is not line)

    def _read_new(self, voice: _Voice, frame: bytes, final: bool, behind_bar: bool) -> None:
        """Read a line of a shape of which it is not known whether it is a bar, or what stands in front of it."""
        if final and not self._decimals.commas:
            frame = self._decimals.plain(frame)
        was_idle = voice.idle
        rest = frame if behind_bar else voice.bars.read(frame)
        if rest is None:
            return
        key, behind_bar = key_of(rest), behind_bar or rest is not frame
        if final:
            who, start = self._who.who(rest, key) if behind_bar and not voice.who else ("", 0)
            if start:
                self._read_of(who, rest[start:], key[start:], final)
                return
            line = voice.peel(rest)
            voice.read(line)
        else:
            line = rest
            voice.lines.read(line, final)
        if was_idle and voice.idle and rest.endswith(line):
            voice.keep(_behind_bar(key) if behind_bar else key, len(rest) - len(line), line, final)

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
            voice.context = before.context.beside()
        self._points.follow(voice.context)
        return voice
