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
from mltui.parsers.lines.shapes import Shape
from mltui.parsers.lines.structured import Structured
from mltui.parsers.lines.understanding import read_line
from mltui.parsers.lines.wrapped import before_warning
from mltui.parsers.plans.plan import Plan
from mltui.parsers.points.points import Points
from mltui.parsers.reader import MetricReader
from mltui.parsers.records import objects
from mltui.parsers.records.cells import GAPPED, MAX_COLUMNS, SEPARATOR, pieces_of, split_by
from mltui.parsers.records.history import history
from mltui.parsers.records.record import Record
from mltui.parsers.records.thousands import Thousands
from mltui.parsers.terminal.frames import LIVE, STILL, Frames
from mltui.parsers.words.keys import key_of
from mltui.parsers.words.tokens import READ_LIMIT, text_of, without_bulk
from mltui.parsers.words.values import values_of


class Explainer:
    """Goes the way of ``MetricReader`` with each line once more, beside a reader that reads the log as ever."""

    def __init__(self, config: MetricConfig | None = None) -> None:
        points = Points(config or MetricConfig())
        self._reader = MetricReader(config)
        self._frames, self._voices, self._outer = Frames(), Voices(points.budget), Outer(points.budget)
        self._bars, self._judge = Bars(points, Lines(points)), Judge(points)
        self._structured = Structured(self._judge)
        self._blocks, self._thousands = Blocks(), Thousands()

    def explain(self, log: Iterable[bytes]) -> Iterator[str]:
        """Each line of ``log`` with its stations beneath it, the last of them the points that it completed."""
        for line in log:
            yield from self._frames_in(self._frames.feed(line))
            yield from _points(self._reader.feed(line))
        yield from self._frames_in(self._frames.close())
        for each in self._blocks.close():
            yield text_of(each)
            yield from _beneath(self._kind(each))
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
                    yield from self._kind(each)

    def _kind(self, line: bytes) -> Iterator[tuple[str, str]]:
        """What a line is, and what it says if it is no table's."""
        told = without_bulk(line) if len(line) > READ_LIMIT else line
        yield "unread", "long lists and texts" if len(told) < len(line) else ""
        text = text_of(told)
        message = objects.message_of(text) if told[:2] == b'{"' else None
        if message is not None:
            text = text[slice(*message)]
            yield "message", text
        elif told[:2] == b'{"' and not history(text) and (found := self._structured.understand(told, key_of(told))):
            yield "kind", "object"
            yield from self._object(told, found[0])
            return
        yield "unread", f"what stands behind its first {READ_LIMIT:,} bytes" if len(told) > READ_LIMIT else ""
        text = before_warning(text)
        kind = kind_of(text, text.encode())
        if message is not None and kind != "pairs":
            kind = "nothing"  # A table's row is no message.
        yield "kind", kind
        if kind in ("pairs", "labelled", "remarked"):
            yield from self._understood(text)
        if kind in ("pairs", "nothing") and _columns(text) > MAX_COLUMNS:
            yield "unread", f"more columns than the {MAX_COLUMNS} of a table"

    def _object(self, line: bytes, shape: Shape) -> Iterator[tuple[str, str]]:
        """What a JSON object says, by its keys."""
        kind, numbers = shape.object, values_of(line, shape.cut)
        if kind is not None:
            whole = tuple(map(float.is_integer, numbers))
            record = objects.object_record(kind.names, whole, kind.scopes, kind.source)
            yield "fields", "; ".join(_fields(record, [f"{number:.15g}" for number in numbers]))
            yield "plan", _plan(self._structured.judge(kind, whole, numbers))

    def _understood(self, text: str) -> Iterator[tuple[str, str]]:
        """What a line says that is no table's: names beside numbers."""
        read = read_line(text, self._thousands)
        yield "logger", repr(text[: read.start]) if read.start else ""
        yield "tokens", "  ".join(f"{token.kind}:{token.text}{token.unit}" for token in read.tokens)
        yield "fields", "; ".join(_fields(read.record, [number.text for number in read.numbers]))
        yield "plan", _plan(self._judge.plan(read.record))


def _beneath(stations: Iterable[tuple[str, str]]) -> Iterator[str]:
    return (f"    {name:9} {said}" for name, said in stations if said)


def _columns(text: str) -> int:
    """How many cells ``text`` has, if it is a table's."""
    return len(split_by(text, SEPARATOR) if SEPARATOR.search(text) else pieces_of(GAPPED, text))


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
