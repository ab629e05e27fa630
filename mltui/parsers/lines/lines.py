"""Finished lines: which kind each is, and what it says.

A line's shape is the line with every digit replaced by 0. Lines of one shape have their numbers in the same places, so
that a shape is understood once, and after that its lines cost a dictionary look-up and a few slices.
"""

from __future__ import annotations

import re

from mltui.parsers.judgement.judge import Judge
from mltui.parsers.lines.headings import Heading, heading_of, indent_of
from mltui.parsers.lines.histories import Histories
from mltui.parsers.lines.kinds import LineKind
from mltui.parsers.lines.shapes import Shape, ShapeMemory, Steady
from mltui.parsers.lines.silent_blocks import BLOCKS, behind, goes_on, has_end
from mltui.parsers.lines.tabular import Tabular
from mltui.parsers.lines.understanding import Around, Understanding
from mltui.parsers.lines.wrapped import under_its_name
from mltui.parsers.plans.plan import Plan
from mltui.parsers.points.epochs import EpochBar
from mltui.parsers.points.points import Points
from mltui.parsers.points.successive import LONGEST_HEADING
from mltui.parsers.records.cells import BAR_MARKS
from mltui.parsers.records.tables import read_groups, title_of
from mltui.parsers.words.keys import key_of
from mltui.parsers.words.tokens import READ_LIMIT, text_of, without_bulk
from mltui.parsers.words.values import Numbers, short_values_of, values_of

_BLANK = (b" ", b"\t")
# Nothing but names and measured numbers, indented: ``rpn_cls: 0.57, rpn_box: 0.11, rcnn_cls 1.14``.
_FIGURES = re.compile(
    rb"[ \t]+(?=\w+ ?[:=])(?:[A-Za-z_]\w*(?: ?[:=] ?| )-?\d+\.\d+(?:e[-+]\d+)?(?:,[ \t]*|[ \t]*\|[ \t]*|[ \t]+|$)){3,}"
)
# How a box's rows and the rules between them begin.
_IN_BOX = tuple(mark.encode() for mark in BAR_MARKS + "├┝┠┣╞╟╠┡")
#: Lines that are read whole only where they may tell curves.
_LONG = 65536
#: Kinds of lines that are rows of a table.
_ROWS = frozenset(["row", "labelled", "remarked"])


def bar_key(text: bytes) -> bytes:
    """The shape of what a progress bar says as a key: no other line has it."""
    return b"\r" + key_of(text)


class Lines:
    """Reads finished lines, and the texts of bars, into points: those of one that prints, ``who``."""

    def __init__(self, points: Points, who: str = "") -> None:
        self.points = points
        self.judge = Judge(points, who)
        self.epochs = EpochBar(points)
        self._memory = ShapeMemory(points.budget)
        self._known = self._memory.plain
        """Of these shapes the ones that are found by their key alone: nearly all."""
        self.known_shape = self._known.get
        """What is known by a key alone, if anything is: a line's, or that of what a bar says."""
        self.steady = self._memory.steady
        """How lines of a steady shape are read."""
        self.tables = Tabular(self.judge, self.apply)
        self._histories = Histories(self.judge, self.apply)
        self._understanding = Understanding(self.judge, self.tables, self._memory)
        self._silent: LineKind | None = None
        """The kind of block that is being printed, if it is one that says nothing of the training."""
        self._heading = Heading()
        self._frame = b""
        self._overdrawn = b""
        """The last line that another one was drawn over."""
        self._open = False
        """Something that began above may go on in the line that comes; set by whatever begins."""
        self._within_epoch = False
        """The last line of counters alone told a batch of the epoch at hand: it holds up to a blank line."""
        self._measures = False
        """The line at hand is one of a block, and holds a value."""
        self._beneath_value = False
        """The line above was one."""
        self._indented = False
        """The line at hand begins with a blank."""
        self._beneath = False
        """Nothing but indented lines has come since a line that counts and measures."""

    @property
    def quiet(self) -> bool:
        """Nothing is open that may change what a steady line says, wherever it stands."""
        return not (self._open or self._overdrawn) and self.points.context.position is None

    def read_steady(self, steady: Steady, frame: bytes) -> bool:
        """Read a finished line as ``steady`` says; ``False`` if something is open that may change what it says."""
        if self._open or not (steady.plan is None or self.quiet):
            return False
        return self.read_quietly(steady, frame)

    def read_quietly(self, steady: Steady, frame: bytes) -> bool:
        """The same where nothing is; ``False`` if it stands under another table's header, or has other names."""
        points, tables, plan = self.points, self.tables, steady.plan
        if not steady.known:
            return False
        if plan is None:
            self._beneath = False
            self._note_above(frame[steady.start :])
            return True
        if steady.cut_names is not None and steady.cut_names(frame) != steady.names:
            return False
        if steady.header is None:
            self._beneath, tables.under_header = True, False
        elif steady.header is tables.header:
            self._beneath = self._beneath and frame[:1] in _BLANK
        else:
            return False
        try:  # ``values_of`` written out: nearly all lines are read here.
            numbers = tuple(map(float, steady.cut(frame)))
        except ValueError:
            numbers = values_of(frame, steady.cut)
        points.read_placed(plan, numbers)
        return True

    def read(self, frame: bytes, final: bool = True, key: bytes | None = None) -> Shape | None:
        """Read one line; ``key`` is its shape, if that is known.

        Its shape is returned if finished lines like it may be read by ``read_steady`` from now on.
        """
        if key is None:
            frame = self._shortened(frame) if len(frame) > READ_LIMIT else frame
            key = key_of(frame)
        self._indented, alone = frame[:1] in _BLANK, not self._open
        if self._open:
            rest = self._go_on(frame)
            if rest is None:
                return None
            frame, key = rest, self._key_of(rest)
            self._indented = frame[:1] in _BLANK
        else:
            self._frame = frame
        if not self._indented:
            self._beneath = False
        elif self._beneath and _FIGURES.fullmatch(frame):
            self._read_beneath(frame)
            return None
        shape = self._known.get(key) or self._memory.find(frame, key) or self._understand(frame, key)
        kind = shape.kind
        if kind == "nothing":
            self._note_above(frame)
        elif kind == "plan":
            self._read_plan(shape, frame, final)
        elif kind == "object":
            self._read_object(shape, frame)
        elif kind in _ROWS:
            if not self.tables.read_row(shape, frame) and shape.plan is not None:
                self._read_plan(shape, frame, final)
            self._understanding.learn()
        else:
            self._open = True
            if kind != "listed":
                self._note_above(frame)
            self._special(kind, text_of(frame))
        is_steady = alone and shape.steady and not (self._indented and kind != "row")
        return shape if is_steady else None

    def _read_plan(self, shape: Shape, frame: bytes, final: bool) -> None:
        plan = shape.plan
        if plan is None:
            return
        self.tables.under_header = False
        if plan.entries:
            if self._indented or self.points.context.position is not None:
                self._measures = self._open = True
            if plan.counts:
                self._beneath = not self._indented
        if plan.may_head:
            self._note_above(frame)
        self.points.context.indented = self._indented
        numbers = (values_of if plan.entries else short_values_of)(frame, shape.cut)
        if plan.running_mean:
            self.epochs.read(plan, numbers, final)
        elif frame != self._overdrawn:
            self.apply(plan, numbers, redrawn=not final)
        self._overdrawn = b"" if final else frame

    def _read_object(self, shape: Shape, frame: bytes) -> None:
        numbers, kind = values_of(frame, shape.cut), shape.object
        if kind is None:
            return
        whole = tuple(map(float.is_integer, numbers))
        try:
            plan = kind.plans[whole]
        except KeyError:
            self._understanding.judge_object(kind, whole, numbers)
            plan = kind.plans[whole]
        if plan is not None:
            self.apply(plan, numbers)

    def _read_beneath(self, frame: bytes) -> None:
        """Read a line of figures that goes on with the one above it, which says where it stands."""
        key, context = b"\t" + key_of(frame), self.points.context
        shape = self._memory.find(frame, key) or self._understand(frame, key, beneath=True)
        if shape.plan is not None and context.x is not None:
            context.enter(context.axis, context.x)
            self.apply(shape.plan, values_of(frame, shape.cut))
            context.leave_block()

    def _note_above(self, frame: bytes) -> None:
        """Keep a line that measures nothing: it may be the heading of a training."""
        if len(frame) < LONGEST_HEADING:
            self.points.context.successive.lines.append(frame)

    def read_torn(self, line: bytes, rest: bytes) -> bool:
        """Read the values of ``line``, of which ``rest`` is missing; ``False`` where it is not known how that is read.

        What it breaks off in is no value; where it stands has to be said in front of that.
        """
        whole = line + rest
        shape = self._memory.find(whole, self._key_of(whole))
        if self._open or shape is None or shape.kind != "plan" or shape.plan is None or shape.plan.running_mean:
            return False
        plan, told = shape.plan, {i for i, (_, end) in enumerate(shape.spans) if end < len(line)}
        entries = {entry.index for entry in plan.entries}
        if not entries & told or not told >= set(range(len(shape.spans))) - entries:
            return False
        at = tuple(i for i, entry in enumerate(plan.entries) if entry.index in told)
        self.apply(plan.with_only(at), values_of(whole, shape.cut))
        return True

    # What goes on in the lines behind it.

    def read_header_of_bar(self, text: str) -> bool:
        """Take what stands in front of a bar as a table's header, if it is one."""
        self._open = True
        return self.tables.read_header(text, bar=True)

    def _go_on(self, frame: bytes) -> bytes | None:
        """Read a line with what began above; what is left to be read of it, nothing where a block is silent."""
        tables, above, self._frame = self.tables, self._frame, frame
        self._beneath_value, self._measures = self._measures, False
        if self._beneath_value and (whole := under_its_name(above, frame)) is not None:
            self._frame = frame = whole
        if self._silent or tables.box or self._heading.scope:
            frame = self._in_block(frame)
        if self._within_epoch and not frame:
            self._within_epoch = False
            self.points.context.leave_block()
        tables.follow_title(frame)
        if tables.header_goes_on and tables.stack(text_of(frame)):
            return None
        if tables.metrics and frame[:2] != b'{"' and tables.read_metrics(text_of(frame)):
            return None
        self._open = bool(
            self._beneath_value or self._silent or tables.open or self._heading.scope or self._within_epoch
        )
        return frame

    def close(self) -> None:
        """Read what was still open when the log ended."""
        self.epochs.flush()
        self.tables.flush_box()
        self._histories.close()

    # Understanding.

    def shape_of_bar(self, text: bytes, key: bytes) -> Shape:
        """What a progress bar says, its own counter left out; ``key`` is its ``bar_key``."""
        return self._memory.find(text, key) or self._understanding.understand(text, key, Around(bar=True))

    def _key_of(self, frame: bytes) -> bytes:
        """The shape of ``frame`` under the heading that it stands under."""
        scope = self._heading.scope
        return scope.encode() + b"\n" + key_of(frame) if scope else key_of(frame)

    def _understand(self, frame: bytes, key: bytes, beneath: bool = False) -> Shape:
        in_block = frame[:1] in _BLANK or self.points.context.position is not None
        heading = self._heading
        return self._understanding.understand(
            frame, key, Around(heading.scope, beneath or heading.of_each, self._beneath_value and in_block)
        )

    # Lines that change how others are read.

    def _special(self, kind: LineKind, text: str) -> None:
        if kind == "header":
            self.tables.read_header(text)
        elif kind == "title":
            self.tables.title_above = title_of(text)
        elif kind == "groups":
            self.tables.groups = read_groups(text)
        elif kind == "rule":
            self.tables.read_rule(text)
        elif kind == "box":
            self.tables.read_box(text)
        elif kind == "metrics":
            self.tables.read_metrics_header(text)
            self.tables.groups = read_groups(text)
        elif kind == "listed":
            self._histories.read(text, self._heading.scope)
        elif kind in BLOCKS:
            self._silent = kind
            if kind == "trace":
                self.points.context.begin_attempt()
        elif kind == "scope":
            self._heading = heading_of(text, self.points.context.x, self.points.context.axis)

    def _shortened(self, frame: bytes) -> bytes:
        """What is left to be read of a long line."""
        may_tell = len(frame) < _LONG or self._histories.reads
        told = may_tell and self._histories.read_history(frame.decode("utf-8", "replace"), self._heading.scope)
        return b"" if told else without_bulk(frame)

    def _in_block(self, frame: bytes) -> bytes:
        """``frame``, or nothing if the block it stands in says nothing."""
        if self._silent:
            block, inside = self._silent, goes_on(self._silent, frame)
            self._silent = block if inside else behind(block, frame)
            if inside or has_end(block):
                return b""
        outside = self.tables.box and not frame.lstrip().startswith(_IN_BOX)
        if outside and (not frame.strip() or self._matters(frame)):
            self.tables.flush_box()  # A warning that says nothing may stand in the middle of it.
        self._heading.follow(frame)
        return frame

    def _matters(self, frame: bytes) -> bool:
        key = self._key_of(frame)
        return (self._memory.find(frame, key) or self._understand(frame, key)).kind != "nothing"

    # Applying.

    def apply(self, plan: Plan, numbers: Numbers, redrawn: bool = False) -> None:
        """Report the values of a line of this plan; ``redrawn``: the next one is drawn over it."""
        if not plan.direct and self._note(plan, numbers):
            return
        if not (self._heading.scope and self._heading.loose and self._ends_heading(plan, numbers)):
            self.points.read(plan, numbers, redrawn)

    def _note(self, plan: Plan, numbers: Numbers) -> bool:
        """Note what a line says beside its values; whether nothing is left to be said of these."""
        points = self.points
        points.dropped += plan.lost
        if plan.fold is not None:
            points.context.enter_part(plan, plan.fold, numbers)
        if plan.entries and not plan.group.sentences:
            if plan.of_classes and not self._heading.scope:
                indent = indent_of(self._frame)
                self._heading = Heading(plan.of_classes, indent, x=points.context.x, strict=True, each=True)
                self._open = True
            return False
        self._note_position(plan, plan.epoch_of(numbers), numbers)
        if plan.entries:
            points.read_sentence(plan, numbers)
        return True

    def _ends_heading(self, plan: Plan, numbers: Numbers) -> bool:
        """Whether the line shows that the training went on; then the heading is forgotten and the line read again."""
        context = self.points.context
        heading, inner = self._heading, plan.inner
        moved = plan.epoch is not None and (heading.counts or numbers[plan.epoch.index] != context.epoch)
        if inner is not None and heading.x is not None and inner.axis == (heading.axis or context.axis):
            moved = moved or numbers[inner.index] > heading.x
        elif inner is not None:
            begins = heading.x is None and heading.counts and inner.way == "step"
            moved = moved or heading.answered or begins
        heading.answered = heading.answered or not plan.counts
        if moved:
            self._heading = Heading()
            self.read(self._frame)
        return moved

    def _note_position(self, plan: Plan, epoch: float | None, numbers: Numbers) -> None:
        context = self.points.context
        if plan.scope and self._frame.rstrip()[-1:] == b":":
            indent = len(self._frame) - len(self._frame.lstrip())
            self._heading = Heading(plan.scope, indent, x=context.x, strict=True)
            self._open = True
        before = context.x
        self._note_place(plan, epoch, numbers)
        if plan.heads:
            spoken = self._frame.rstrip()[-1:] != b":"
            self._heading = Heading(plan.heads, indent_of(self._frame), spoken, before, counts=True)
            self._open = True

    def _note_place(self, plan: Plan, epoch: float | None, numbers: Numbers) -> None:
        """Note where a line says that the training stands."""
        context = self.points.context
        if self._is_beside(plan, numbers):
            return
        if (block := context.enter_block(plan, numbers)) is not None and plan.inner is not None:
            self._within_epoch = plan.inner.way == "batch" and epoch is None and context.header
            self._open = self._open or self._within_epoch
            if self._heading.answered:
                self._heading = Heading()
            self.points.arrived(*block, measures=False)
            if epoch is not None:
                context.enter_epoch(epoch)
        elif epoch is not None and plan.epoch is not None:
            if plan.epoch.total is not None or epoch != context.epoch:
                self.epochs.begin_epoch(ends=plan.ends)
                if self._heading.spoken or self._heading.answered:
                    self._heading = Heading()
            if epoch != context.epoch and not self.points.series:
                context.successive.go_on()  # Nothing was measured yet: it is no second training that begins here.
            context.enter_epoch(epoch, header=True, ends=plan.ends)
            self.points.arrived("epoch", epoch, measures=False, ends=plan.ends)
            if plan.ends:
                self.epochs.end_epoch(epoch)

    def _is_beside(self, plan: Plan, numbers: Numbers) -> bool:
        """Whether a counter alone does not move what follows: it is an evaluation's, or one of those in a block.

        So is that of batches that are all done, ``343/343 batches finished``.
        """
        if plan.evaluates:
            return True
        if plan.ends and plan.epoch is None and plan.inner is not None and plan.inner.way == "batch":
            return plan.inner.total_of(numbers) == numbers[plan.inner.index]
        context = self.points.context
        if not context.firm or context.position is None or self._frame[:1] not in _BLANK:
            return False
        counters = [c for c in (plan.epoch, plan.inner) if c is not None]
        return len(counters) == 1 and counters[0].total is None
