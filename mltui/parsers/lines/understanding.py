"""Lines of a new shape: what they are and what they say, so that all others of that shape are read as they are."""

from __future__ import annotations

import re
from typing import NamedTuple

from mltui.parsers.front.prefix import split_prefix
from mltui.parsers.judgement.beside import take_all_joined, take_joined
from mltui.parsers.judgement.judge import Judge
from mltui.parsers.lines.headings import counted_scope, counts_training, heading_scope
from mltui.parsers.lines.kinds import LineKind, kind_of
from mltui.parsers.lines.shapes import NOTHING, ObjectKind, Shape, ShapeMemory, byte_span
from mltui.parsers.lines.structured import Structured
from mltui.parsers.lines.tabular import Tabular
from mltui.parsers.lines.wrapped import before_warning
from mltui.parsers.records import objects
from mltui.parsers.records.history import curve_of_list, history
from mltui.parsers.records.numbered import tokens_of
from mltui.parsers.records.pairs import item_of, read_pairs
from mltui.parsers.records.record import Record
from mltui.parsers.records.thousands import Thousands
from mltui.parsers.records.unnamed import grows
from mltui.parsers.words.tokens import READ_LIMIT, Token, text_of
from mltui.parsers.words.values import FACTORS, Numbers, Span
from mltui.parsers.words.vocabulary import WHO

_DIGIT = re.compile(r"\d")
# A name and what was measured, with its mean or by how much it changed in brackets: ``| > log_mle: 0.377  (0.495)``.
_NAMED_VALUE = re.compile(
    r"[\s|>*-]*[A-Za-z_][\w/.-]*\s?[:=]\s*-?\d+\.\d+(?:e[-+]?\d+)?\s*(?:\([-+]?[\d.e+-]+%?\))?\s*"
)


class Around(NamedTuple):
    """What stands around a text, as far as that changes what it says."""

    heading: str = ""
    """The scope of the heading above it."""
    figures: bool = False
    """By the lines above it holds nothing but figures that are measured."""
    joins: bool = False
    """The line above it in the same block holds a value."""
    bar: bool = False
    """It is what a progress bar says."""


class LineRead(NamedTuple):
    """A line of names beside numbers, before it is judged."""

    start: int
    """Where the line proper begins, behind what a logger put in front."""
    tokens: list[Token]
    record: Record
    literal: list[Span]
    """Where digits stand that belong to names."""

    @property
    def numbers(self) -> list[Token]:
        """Its numbers: the fields of the record say which is whose."""
        return [token for token in self.tokens if token.kind == "number"]


def read_line(text: str, thousands: Thousands, begins: int = 0) -> LineRead:
    """Read the line that ``begins`` there in ``text``; what the log shows of its ``thousands`` is noted."""
    start = begins + split_prefix(text[begins:])
    tokens = tokens_of(text[start:], thousands)
    record = read_pairs(text[start:], tokens)
    record.item, at = item_of(text, record)
    literal = [(t.start + start, t.end + start) for t in tokens if t.kind == "word" and _DIGIT.search(t.text)]
    literal += [(a + start, b + start) for a, b in record.literal]
    if _DIGIT.search(record.item):
        literal.append((at, at + len(record.item)))
    read = LineRead(start, tokens, record, literal)
    of_file = bool(tokens) and tokens[0].kind == "noise" and tokens[0].text[0].isalpha()  # "a1.wav: wer 0.31"
    record.bare = text[:1] not in (" ", "\t") and len(read.numbers) == len(record.fields) and not of_file
    record.numbers = tuple([t.text for t in read.numbers]) if record.source else ()
    return read


def _kind_among(line: str, around: Around) -> LineKind:
    """The kind of a line that stands there; among values another one needs no word of the field."""
    if around.bar or around.figures:
        return "pairs"
    kind = kind_of(line, line.encode())
    return "pairs" if kind == "nothing" and around.joins and _NAMED_VALUE.fullmatch(line) else kind


class Understanding:
    """Understands lines, and remembers in ``memory`` what their shapes mean."""

    def __init__(self, judge: Judge, tables: Tabular, memory: ShapeMemory) -> None:
        self._judge = judge
        self._tables = tables
        self._memory = memory
        self._structured = Structured(judge)
        self._thousands = Thousands()
        self._version = 0
        """The judge's version when what is remembered was judged."""

    def understand(self, frame: bytes, key: bytes, around: Around) -> Shape:
        """What ``frame`` is, whose shape ``key`` is not known."""
        self._thousands.doubtful = False
        is_object = frame[:2] == b'{"' and not around.bar
        message = objects.message_of(text_of(frame)) if is_object else None
        is_object = is_object and not history(text_of(frame))
        if is_object and message is None and (found := self._structured.understand(frame, key)) is not None:
            shape, numbered = found
            if numbered is not None:
                self._memory.keep(frame, key, shape, numbered)
            return shape
        text = text_of(frame)
        if b"Warning: " in frame:
            text = before_warning(text)
        begins, ends = message or (0, len(text))
        text, line = text[:ends], text[begins:ends]
        kind = _kind_among(line, around)
        is_list = kind == "listed" and curve_of_list(line)
        if is_list and not self._judge.points.context.nowhere:
            kind = "pairs"  # In a log that counts they are values of where it stands.
        if message is not None and kind != "pairs":
            kind = "nothing"  # A table's row is no message.
        if kind == "pairs" and self._tables.repeats_name(line):
            kind = "labelled"
        if kind in ("pairs", "labelled", "remarked") or (kind == "row" and grows(text)):
            shape, literal = self._judge_pairs(text, around, begins)
            if kind != "pairs":
                shape = Shape(kind, shape.plan, shape.spans)
        else:
            shape = NOTHING if kind == "nothing" else Shape(kind)
            literal = [(0, len(text))] if kind == "header" and _DIGIT.search(text) else []
        self.learn()
        if is_list:
            shape.steady = False
        elif self._thousands.doubtful and shape is not NOTHING:
            shape.steady = False  # The next line like it may show how to read them both.
        elif len(frame) <= READ_LIMIT and (text.isascii() or text.encode() == frame):
            self._memory.keep(frame, key, shape, [byte_span(text, a, b) for a, b in literal])
        return shape

    def judge_object(self, kind: ObjectKind, whole: tuple[bool, ...], numbers: Numbers) -> None:
        """Find the plan of objects of a kind of whose ``numbers`` these are ``whole``."""
        plan = self._structured.judge(kind, whole, numbers)
        self.learn()
        kind.plans[whole] = plan

    def learn(self) -> None:
        """Let go of what lines were taken for, if the judge has learnt more by the last one that was judged."""
        if self._version != self._judge.version:
            self._memory.clear()
            self._structured.forget()
            self._version = self._judge.version

    def _judge_pairs(self, text: str, around: Around, begins: int) -> tuple[Shape, list[Span]]:
        """What names beside numbers are, behind ``begins``, and where digits stand that belong to names."""
        read = read_line(text, self._thousands, begins)
        start, record, literal, numbers = read.start, read.record, read.literal, read.numbers
        who, name = "", self._who_of(record, numbers)
        if name is not None:
            who = f"{name[0]} {name[1].text}"
            literal.append((name[1].start + start, name[1].end + start))
        record.heading = around.heading or record.heading
        if around.joins:
            take_joined(record)
        if around.figures:
            take_all_joined(record)
        plan = self._judge.plan(record, who, around.bar)
        if plan is None:
            return (Shape("scope") if heading_scope(text[start:]) else NOTHING), []
        if not (plan.entries or around.bar):
            plan.heads = counted_scope(text[start:])
            plan.evaluates = plan.evaluates and not (plan.heads and counts_training(text))
        plan, used = plan.narrowed()
        needed = [numbers[i] for i in used]
        spans = [byte_span(text, t.start + start, t.end + start + (t.unit in FACTORS)) for t in needed]
        return Shape("plan", plan, spans), literal

    def _who_of(self, record: Record, numbers: list[Token]) -> tuple[str, Token] | None:
        """Which of several prints a line, if it says so and nothing else does: the word for it, and the number."""
        if self._judge.who or record.item:
            return None
        said = next((f for f in record.fields if f.name.lower() in WHO and f.explicit and not f.decimal), None)
        return None if said is None else (said.name, numbers[said.index])
