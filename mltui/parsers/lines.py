"""Finished lines: which kind each is, and what it says.

A line's shape is the line with every digit replaced by 0. Lines of one shape have their numbers in the same places, so
that a shape is understood once, and after that its lines cost a dictionary look-up and a few slices.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise

from mltui.parsers.epochs import EpochBar
from mltui.parsers.plan import Plan
from mltui.parsers.points import Points
from mltui.parsers.prefix import split_prefix
from mltui.parsers.records import objects, tables
from mltui.parsers.records.pairs import read_pairs
from mltui.parsers.records.record import Record, new_field
from mltui.parsers.roles import Judge
from mltui.parsers.shapes import NOTHING, Shape, ShapeMemory, key_of
from mltui.parsers.tokens import tokenize, value_of
from mltui.parsers.vocabulary import (
    COUNTERS,
    METRIC_WORDS,
    SCHEDULE_WORDS,
    SCOPE_WORDS,
    scope_of,
)

#: Longer lines are read up to here: what prints its metrics puts them in front.
READ_LIMIT = 4096
#: Units that belong to a counter's number: ``step:2K``.
_THOUSANDS = ("k", "K", "M")
#: Names in the kinds of JSON objects that are kept.
_OBJECT_NAMES = 50_000

_WORD = re.compile(rb"[A-Za-z]+")
_CAMEL = re.compile(rb"[a-z][A-Z]")
_GATE = frozenset(
    word.encode()
    for word in {
        *METRIC_WORDS,
        *SCHEDULE_WORDS,
        *SCOPE_WORDS,
        *COUNTERS,
        "learning",
        "rank",
        "steps",
        "batches",
        "class",
        "trace",
    }
)
_HAS_VALUE = re.compile(rb"[0-9]|\b(?:nan|inf)\b", re.I)
_NUMERIC_START = re.compile(rb"[\s|\xe2\x94\x82\x83]*(?:[-+.]?[0-9]|all\b)")
_EXCEPTION = re.compile(r"[\w.]*(?:Error|Exception|Warning|Interrupt)\b\s*(?::|\()|.*\b\w*Warning: ")
# Program text, as tracebacks, tests and editors print it: keywords, comparisons, calls without arguments, test names.
_CODE = re.compile(
    r"\s*(?:>>> |\.\.\. |E\s{3,}(?:assert|\+|\w*Error)|@\w|#\s?\w+ = "
    r"|(?:if|elif|assert|return|while|def|class|import|raise|yield|lambda|del) )"
    r"|.*(?:[\w)\]] ?(?:[=!<>]=|:=) ?[\w(\[-]|\bself\.|\w\(\)|\.py::|\bSELECT .*\bFROM |\bWHERE .* (?:=|IN) )"
)
_FINAL_SECTION = re.compile(r"\*{3,}.*\bmetrics\b.*\*{3,}", re.I)
_SECTION_LINE = re.compile(r"\s+\S+\s+=\s")
_HEADING = re.compile(
    r"(?:[-=*#>\s]*)(?:\w+\s+){0,2}\w+\s?:(?:\s*[-=*#]*)"
    r"|[-=*#>\s]*(?i:(?:start(?:ing)?|begin|running)?\s*(?:eval\w*|valid\w*|test\w*)\s*(?:begin\w*|start\w*)?)"
    r"\s*(?:\.{2,}|…|:)?[-=*#<\s]*"
)
_BAR = re.compile("[|│┃]")
_INNER_RANK = re.compile(rb"(?<=[^\s\[])(?=\[rank\s?\d+\]:)", re.I)
_NUMBER_ONLY = re.compile(r"([-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?|[-+]?(?:nan|inf))\s?%?", re.I)


@dataclass(slots=True)
class _Heading:
    """A line that says of what the lines under it speak: the ones indented deeper, else all up to a blank line."""

    scope: str = ""
    indent: int = 0
    spoken: bool = False
    """It is a sentence (``Eval begin...``): it holds until the training goes on."""
    deeper: bool | None = None

    @property
    def loose(self) -> bool:
        """Nothing but the training's going on shows its end."""
        return bool(self.scope) and (self.spoken or self.deeper is False)

    def follow(self, frame: bytes) -> None:
        """Forget the scope if ``frame`` no longer stands under the heading."""
        if self.spoken:
            return
        if not frame.strip():
            self.scope = ""
            return
        indent = len(frame) - len(frame.lstrip())
        if self.deeper is None:
            self.deeper = indent > self.indent
        if self.deeper and indent <= self.indent:
            self.scope = ""


class Lines:
    """Reads finished lines, and the texts of bars, into points."""

    def __init__(self, points: Points) -> None:
        self.points = points
        self.judge = Judge(points)
        self.epochs = EpochBar(points)
        self._memory = ShapeMemory()
        self._object_names = 0
        self._objects: dict[tuple[object, ...], Plan | None] = {}
        self._header: tables.Header | None = None
        self._rows: dict[tuple[str, ...], Plan | None] = {}
        self._box: list[tuple[str, str]] = []
        self._box_prefix = ""
        self._splits: list[str] = []
        """Columns of a table of metrics by split that is being read."""
        self._tracing = False
        self._section = False
        self._heading = _Heading()
        self._frame = b""

    def read(self, frame: bytes, final: bool = True) -> None:
        """Read one line."""
        self._frame = frame
        if self._tracing or self._section or self._box or self._heading.scope:
            frame = self._in_block(frame)
        if frame[:2] == b'{"' and self._read_object(frame):
            return
        if self._splits and self._read_splits(frame):
            return
        shape = self.shape_of(frame)
        kind = shape.kind
        if kind == "nothing":
            return
        if kind == "plan" and shape.plan is not None:
            numbers = values_of(frame, shape.spans)
            if shape.plan.keras:
                self.epochs.read(shape.plan, numbers, final)
            else:
                self.apply(shape.plan, numbers)
        else:
            self._special(shape, frame)

    def close(self) -> None:
        """Read what was still open when the log ended."""
        self.epochs.flush()
        self._flush_box()

    # Understanding.

    def shape_of(self, frame: bytes, bar: bool = False) -> Shape:
        """What ``frame`` is; ``bar``: it is what a progress bar says, its own counter left out."""
        key = key_of(frame)
        if bar:
            key = b"\r" + key
        elif self._heading.scope:
            key = self._heading.scope.encode() + b"\n" + key
        return self._memory.find(frame, key) or self._understand(frame, key, bar)

    def _understand(self, frame: bytes, key: bytes, bar: bool) -> Shape:
        text = frame[:READ_LIMIT].decode("utf-8", "replace")
        shape, literal = self._judge_pairs(text, bar) if bar else self._judge_text(text, frame)
        if len(frame) <= READ_LIMIT and (text.isascii() or text.encode() == frame):
            self._memory.keep(frame, key, shape, [_byte_span(text, a, b) for a, b in literal])
        return shape

    def _judge_text(self, text: str, frame: bytes) -> tuple[Shape, list[tuple[int, int]]]:
        """The shape of a line, and where it holds names with digits in them."""
        if not _may_matter(frame):
            return self._judge_plain(text, frame), []
        if text.startswith("Traceback (most recent call last)"):
            return Shape("trace"), []
        if _EXCEPTION.match(text) or _CODE.match(text):
            return NOTHING, []
        if _FINAL_SECTION.search(text):
            return Shape("section"), []
        if tables.is_rule(text):
            return Shape("rule"), []
        if not _HAS_VALUE.search(text[split_prefix(text)[1] :].encode()) and tables.read_splits(_table_part(text)):
            return Shape("splits"), []
        box = _box_row(text)
        if box and (not box[1] or _NUMBER_ONLY.fullmatch(box[1])):
            return Shape("box"), [(0, len(text))] if any(c.isdigit() for c in box[0]) else []
        if _NUMERIC_START.match(frame) and tables.row_cells(text):
            return Shape("row"), []
        if _INNER_RANK.search(frame):
            return Shape("split"), []
        if _heading_scope(text) and not _HAS_VALUE.search(frame):
            return Shape("scope"), []
        if tables.read_header(text) is not None and not _HAS_VALUE.search(
            re.sub(rb"[A-Za-z_@-]\d+(?:-\d+)?", b"", frame)
        ):
            return Shape("header"), [(0, len(text))] if any(c.isdigit() for c in text) else []
        return self._judge_pairs(text)

    def _judge_plain(self, text: str, frame: bytes) -> Shape:
        """Lines without a word of the field: rules, rows of numbers."""
        if tables.is_rule(text):
            return Shape("rule")
        if _NUMERIC_START.match(frame) and tables.row_cells(text):
            return Shape("row")
        box = _box_row(text)
        return Shape("box") if box and (not box[1] or _NUMBER_ONLY.fullmatch(box[1])) else NOTHING

    def _judge_pairs(self, text: str, bar: bool = False) -> tuple[Shape, list[tuple[int, int]]]:
        rank, start = split_prefix(text)
        tokens = tokenize(text[start:])
        record = read_pairs(text[start:], tokens)
        literal = [
            (t.start + start, t.end + start) for t in tokens if t.kind == "word" and any(c.isdigit() for c in t.text)
        ]
        if rank:
            literal.append((0, start))
        numbers = [t for t in tokens if t.kind == "number"]
        rank_field = next((f for f in record.fields if f.name.lower() in ("rank", "client") and f.explicit), None)
        if rank_field is not None and not rank:
            token = numbers[rank_field.index]
            rank = f"{rank_field.name} {token.text}"
            literal.append((token.start + start, token.end + start))
        if self._heading.scope and not bar:
            record.heading = self._heading.scope
        plan = self.judge.plan(record, rank, bar)
        if plan is None:
            scope = _heading_scope(text)
            return (Shape("scope") if scope else NOTHING), []
        needed = [numbers[i] for i in plan.use_only()]
        spans = [_byte_span(text, t.start + start, t.end + start + (t.unit in _THOUSANDS)) for t in needed]
        return Shape("plan", plan, spans), literal

    # Lines that change how others are read.

    def _special(self, shape: Shape, frame: bytes) -> None:
        kind = shape.kind
        if kind == "row":
            self._read_row(shape, frame)
            return
        text = frame[:READ_LIMIT].decode("utf-8", "replace")
        if kind == "header":
            self.read_header(text)
        elif kind == "rule":
            if self._header is not None:
                tables.apply_rule(self._header, text)
        elif kind == "box":
            self._read_box(text)
        elif kind == "splits":
            self._splits = tables.read_splits(_table_part(text))
        elif kind == "split":
            cuts = [found.start() for found in _INNER_RANK.finditer(frame)]
            for a, b in pairwise([0, *cuts, len(frame)]):
                self.read(frame[a:b])
        elif kind == "trace":
            self._tracing = True
        elif kind == "section":
            self._section = True
        elif kind == "scope":
            self._heading = _Heading(_heading_scope(text), len(text) - len(text.lstrip()), ":" not in text)

    def _in_block(self, frame: bytes) -> bytes:
        """``frame``, or nothing if the block it stands in says nothing."""
        if self._tracing:
            self._tracing = not frame.strip() or frame[:1] in b" \t"
            return b""
        if self._section:
            self._section = bool(_SECTION_LINE.match(frame[:200].decode("utf-8", "replace")))
            if self._section:
                return b""
        if self._box and not frame.lstrip().startswith((b"|", b"\xe2\x94\x82", b"\xe2\x94\x83")):
            self._flush_box()
        self._heading.follow(frame)
        return frame

    def _read_object(self, frame: bytes) -> bool:
        found = objects.parse_object(frame)
        if found is None:
            return False
        names, values, scopes = objects.flatten(found)
        key = (*names, *scopes.items())
        if key not in self._objects:
            self._object_names += len(key)
            if self._object_names > _OBJECT_NAMES:
                self._object_names = 0
                self._objects.clear()
            decimals = [not value.is_integer() for value in values]
            self._objects[key] = self.judge.plan(objects.object_record(names, decimals, scopes))
        plan = self._objects[key]
        if plan is not None:
            self.apply(plan, values)
        return True

    # Tables.

    def read_header(self, text: str) -> bool:
        """Take ``text`` as a table's header if it is one."""
        if self._header is not None and self._header.text == tables.header_text(text):
            return True
        header = tables.read_header(text)
        if header is not None:
            self._header = header
            self._rows.clear()
        return header is not None

    def row_plan(self, frame: bytes) -> tuple[Plan, list[tuple[int, int]]] | None:
        """How to read a row of numbers under the current header: its plan and where its numbers stand, in bytes."""
        if self._header is None:
            return None
        text = frame[:READ_LIMIT].decode("utf-8", "replace")
        cells = tables.row_cells(text)
        names = None if cells is None else tables.assign(self._header, cells)
        if cells is None or names is None:
            return None
        present = [(name, cell) for name, cell in zip(names, cells, strict=True) if name and cell.number is not None]
        key = tuple(name for name, _ in present)
        if key not in self._rows:
            self._rows[key] = self.judge.plan(tables.table_record(list(key), [cell.text for _, cell in present]))
        plan = self._rows[key]
        spans = [_byte_span(text, *cell.number) for _, cell in present if cell.number is not None]
        return None if plan is None else (plan, spans)

    def _read_row(self, shape: Shape, frame: bytes) -> None:
        if shape.header is not self._header:
            shape.header = self._header
            shape.plan, shape.spans = self.row_plan(frame) or (None, [])
        if shape.plan is not None and shape.plan.entries:
            self.apply(shape.plan, values_of(frame, shape.spans))

    def _read_splits(self, frame: bytes) -> bool:
        """Read a row of a table of metrics by split; the first other line ends the table."""
        text = _table_part(frame[:READ_LIMIT].decode("utf-8", "replace"))
        if not text.strip() or tables.is_rule(text):
            return True
        found = tables.split_values(text, self._splits)
        if found is None:
            self._splits = []
            return False
        name, values = found
        record = Record()
        shown = [(split, value) for split, value in zip(self._splits, values, strict=True) if value]
        for i, (split, value) in enumerate(shown):
            record.fields.append(new_field(f"{split} {name}", i, value))
        if plan := self.judge.plan(record):
            self.apply(plan, [float(value) for _, value in shown])
        return True

    def _read_box(self, text: str) -> None:
        box = _box_row(text)
        if box is None:
            return
        name, value = box
        if not value:
            self._box_prefix = name if name.endswith("/") else ""
            self._box.append(("", ""))
        elif len(self._box) < 256:
            self._box.append((self._box_prefix + name, value))

    def _flush_box(self) -> None:
        rows, self._box, self._box_prefix = [r for r in self._box if r[0]], [], ""
        record = Record()
        values: list[float] = []
        for name, value in rows:
            if found := _NUMBER_ONLY.fullmatch(value):
                record.fields.append(new_field(name, len(values), found[1]))
                values.append(float(found[1]))
        if plan := self.judge.plan(record):
            # A table that does not count is a summary, until another one like it comes.
            plan.group.context_releases = False
            self.apply(plan, values)

    # Applying.

    def apply(self, plan: Plan, numbers: list[float]) -> None:
        """Report the values of a line of this plan."""
        points = self.points
        if plan.lost:
            points.dropped += plan.lost
        if plan.fold is not None:
            points.context.fold = numbers[plan.fold.index]
        if not plan.entries:
            self._note_position(plan, None if plan.epoch is None else numbers[plan.epoch.index], numbers)
        elif not (self._heading.loose and self._ends_heading(plan, numbers)):
            points.read(plan, numbers)

    def _ends_heading(self, plan: Plan, numbers: list[float]) -> bool:
        """Whether the line shows that the training went on; then the heading is forgotten and the line read again."""
        context = self.points.context
        moved = plan.epoch is not None and numbers[plan.epoch.index] != context.epoch
        if plan.inner is not None and plan.inner.axis == context.axis and context.x is not None:
            moved = moved or numbers[plan.inner.index] > context.x
        if moved:
            self._heading = _Heading()
            self.read(self._frame)
        return moved

    def _note_position(self, plan: Plan, epoch: float | None, numbers: list[float]) -> None:
        context = self.points.context
        context.position = None
        if plan.inner is not None:
            total = None if plan.inner.total is None else numbers[plan.inner.total]
            context.position = self.points.resolve(plan.group, epoch, numbers[plan.inner.index], total, plan.inner)
            if epoch is not None:
                context.set_epoch(epoch)
        elif epoch is not None and plan.epoch is not None:
            if plan.epoch.total is not None or epoch != context.epoch:
                self.epochs.open()
                if self._heading.spoken:
                    self._heading = _Heading()
            context.set_epoch(epoch, header=True)


def _byte_span(text: str, start: int, end: int) -> tuple[int, int]:
    if text.isascii():
        return start, end
    a = len(text[:start].encode())
    return a, a + len(text[start:end].encode())


def _box_row(text: str) -> tuple[str, str] | None:
    """Name and value of a table row of two columns, ``| ep_rew_mean | 22.2 |``."""
    parts = _BAR.split(text, 4)
    if len(parts) != 4 or parts[0].strip() or parts[3].strip():
        return None
    name = parts[1].strip()
    return (name, parts[2].strip()) if any(c.isalpha() for c in name) else None


def _table_part(text: str) -> str:
    """What a logger wrote in front of a table's line left out."""
    return text[split_prefix(text)[1] :]


def values_of(frame: bytes, spans: list[tuple[int, int]]) -> list[float]:
    """The numbers of ``frame`` at ``spans``."""
    try:
        return [float(frame[a:b]) for a, b in spans]
    except ValueError:
        return [value_of(frame[a:b]) for a, b in spans]


def _may_matter(frame: bytes) -> bool:
    """Whether the line holds a word of the field at all; most lines of most logs do not."""
    if not _GATE.isdisjoint(_WORD.findall(frame.lower())):
        return True
    return _CAMEL.search(frame) is not None


def _heading_scope(text: str) -> str:
    """The scope that a heading such as ``Validation:`` or ``Eval begin...`` sets for the lines under it."""
    text = text.strip()
    if text[-1:] == "{":
        text = text.rstrip("{ ").replace('"', "")
    found = _HEADING.fullmatch(text)
    word = "" if found is None else next((w for w in re.findall(r"[A-Za-z]+", text) if scope_of(w)), "")
    return word
