"""What becomes of each line of a log, step by step: for whoever adds a format, or wonders where a value went."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from mltui.domain.metric import MetricPoint
from mltui.parsers.bars.bars import Bars
from mltui.parsers.config import MetricConfig
from mltui.parsers.front.voices import Voices
from mltui.parsers.judgement.judge import Judge
from mltui.parsers.lines.blocks import Blocks
from mltui.parsers.lines.kinds import kind_of
from mltui.parsers.lines.lines import Lines
from mltui.parsers.lines.outer import Outer
from mltui.parsers.lines.understanding import read_line
from mltui.parsers.lines.wrapped import before_warning
from mltui.parsers.plans.plan import Plan
from mltui.parsers.points.points import Points
from mltui.parsers.reader import MetricReader
from mltui.parsers.records.record import Record
from mltui.parsers.records.thousands import Thousands
from mltui.parsers.terminal.frames import LIVE, STILL, Frames
from mltui.parsers.words.keys import key_of
from mltui.parsers.words.tokens import text_of


class Explainer:
    """Goes the way of ``MetricReader`` with each line once more, beside a reader that reads the log as ever."""

    def __init__(self, config: MetricConfig | None = None) -> None:
        points = Points(config or MetricConfig())
        self._reader = MetricReader(config)
        self._frames, self._voices, self._outer = Frames(), Voices(points.budget), Outer(points.budget)
        self._bars, self._judge = Bars(points, Lines(points)), Judge(points)
        self._blocks, self._thousands = Blocks(), Thousands()

    def explain(self, log: Iterable[bytes]) -> Iterator[str]:
        """Each line of ``log`` with its stations beneath it, the last of them the points that it completed."""
        for line in log:
            yield from self._frames_in(self._frames.feed(line))
            yield from _points(self._reader.feed(line))
        yield from self._frames_in(self._frames.close())
        for each in self._blocks.close():
            yield text_of(each)
            yield from _beneath(self._kind(before_warning(text_of(each))))
        yield from _points(self._reader.close())

    def _frames_in(self, frames: Iterable[tuple[bytes, bool]]) -> Iterator[str]:
        for frame, _ in frames:
            if frame.strip() and frame not in (LIVE, STILL):
                yield text_of(frame)
                yield from _beneath(self._stations(frame))

    def _stations(self, frame: bytes) -> Iterator[tuple[str, str]]:
        for piece in self._voices.cut(frame):
            who, start = self._voices.who(piece, key_of(piece))
            yield "who", who
            piece = piece[start:]
            rest = self._bars.read(piece)
            yield "bar", "" if rest is piece else "yes: see bars.py"
            if rest is not None:
                line = self._outer.peel(rest)
                yield "prefix", repr(text_of(rest[: len(rest) - len(line)])) if line != rest else ""
                whole = self._blocks.feed(line)
                yield "block", "" if whole else "waits for the lines that go on with it"
                for each in whole:
                    yield "block", text_of(each) if each != line else ""
                    yield from self._kind(before_warning(text_of(each)))

    def _kind(self, text: str) -> Iterator[tuple[str, str]]:
        yield "kind", (kind := kind_of(text, text.encode()))
        if kind in ("pairs", "labelled", "remarked"):
            yield from self._understood(text)

    def _understood(self, text: str) -> Iterator[tuple[str, str]]:
        """What a line says that is no table's: names beside numbers."""
        read = read_line(text, self._thousands)
        yield "logger", repr(text[: read.start]) if read.start else ""
        yield "tokens", "  ".join(f"{token.kind}:{token.text}{token.unit}" for token in read.tokens)
        yield "fields", "; ".join(_fields(read.record, [number.text for number in read.numbers]))
        yield "plan", _plan(self._judge.plan(read.record))


def _beneath(stations: Iterable[tuple[str, str]]) -> Iterator[str]:
    return (f"    {name:9} {said}" for name, said in stations if said)


def _fields(record: Record, numbers: list[str]) -> Iterator[str]:
    for field in record.fields:
        yield f"{field.label} {field.name} = {numbers[field.index]}{field.unit} ({field.role.value})".strip()
    for one in record.nameless:
        yield f"without a name: {numbers[one.index]} ({one.place})"


def _plan(plan: Plan | None) -> str:
    if plan is None:
        return "none: it says nothing of a training"
    counters = ", ".join(counter.axis for counter in (plan.epoch, plan.inner, plan.fold) if counter is not None)
    values = ", ".join(entry.series.name for entry in plan.entries)
    return f"x: {counters or 'where the log was last'}; values: {values or 'none'}"


def _points(points: Iterable[MetricPoint]) -> Iterator[str]:
    return (f"    -> {p.kind} {p.name}, {p.axis} {p.x:g}: {p.value:g}" for p in points)
