"""What lines of one shape mean, remembered.

Lines of one shape hold their numbers in the same places, lines of one form (``keys.py``) the same numbers in other
widths. A line of a known shape costs a look-up; one of a known form costs finding its runs of digits; only a new form
has to be understood. Names may hold digits themselves (``top1``, ``[rank0]``); their text is compared.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections import deque
from dataclasses import dataclass, field
from itertools import pairwise
from operator import itemgetter
from typing import NamedTuple

from mltui.parsers.budget import Budget
from mltui.parsers.lines.kinds import LineKind
from mltui.parsers.plans.plan import Plan
from mltui.parsers.records.tables import Header
from mltui.parsers.words.keys import form_of
from mltui.parsers.words.values import Cut, Span, cut_at

_RUN = re.compile(rb"[0-9]+")
# One number or two, depending on the width: such a line has no form.
_GROUPED = re.compile(rb"0,0")
#: Bytes that a shape takes beside its key, and a plan, and each of their numbers.
_SHAPE, _PLAN, _PLACE, _VALUE = 250, 1200, 130, 300
_STEADY = 300
_VARIANTS = 256
_FORMS = 16
_RECENT = 8


@dataclass(slots=True)
class ObjectKind:
    """Objects with the same numbers, whose plan may depend on which of them are whole."""

    names: list[str]
    scopes: dict[str, str]
    sample: bool
    """They are pieces of data."""
    who: str
    """Who of several prints them, if they say so: ``rank 1``."""
    source: str
    """The texts that may say of what they speak."""
    identified: bool
    """Each says of which of very many things it speaks."""
    plans: dict[tuple[bool, ...], Plan | None] = field(default_factory=dict)
    """By which of the numbers are whole."""
    recent: deque[int] = field(default_factory=lambda: deque(maxlen=_RECENT))
    """The hashes of the last forms of such objects that had to be understood."""


class Named(NamedTuple):
    """The texts of names that hold digits, and where in a line they stand."""

    texts: tuple[bytes, ...]
    spans: list[Span]


@dataclass(slots=True)
class Shape:
    """What a line is. ``kind`` is plan, object, or one of those that ``kinds.kind_of`` names."""

    kind: LineKind
    plan: Plan | None = None
    spans: list[Span] = field(default_factory=list)
    """Where the numbers that the plan needs stand, in bytes."""
    object: ObjectKind | None = None
    """For an object, what tells its plan."""
    cut: Cut = field(init=False)
    """Cuts the numbers out."""
    header: Header | None = None
    """For a row, the header that ``row`` was found under."""
    row: tuple[Plan, Cut] | None = None
    steady: bool = field(init=False)
    """It says nothing, or no more than where its lines stand and what they measure."""
    named: Named | None = None
    """Its names that hold digits, which other lines with the same key may have others of."""

    def __post_init__(self) -> None:
        self.cut = cut_at(self.spans)
        self.steady = self.kind == "nothing" or (self.kind == "plan" and self.plan is not None and self.plan.steady)

    def stand_under(self, header: Header | None, row: tuple[Plan, Cut] | None) -> None:
        """It is a ``row`` under this ``header``, or none."""
        self.header, self.row = header, row
        self.steady = self.kind == "row" and row is not None and row[0].steady and not (header and header.supports)


@dataclass(slots=True)
class Steady:
    """How lines of one shape are read, with what stands in front of them, where nothing is open that changes it."""

    plan: Plan | None
    """``None`` where they say nothing."""
    cut: Cut
    header: Header | None = None
    """The table's that they are rows of, if they are."""
    start: int = 0
    """Where they begin, if they say nothing."""
    known: bool = True
    """It holds until all that is known of shapes is forgotten."""
    names: tuple[bytes, ...] = ()
    """Their names that hold digits: lines with others are not read by this."""
    cut_names: Cut | None = None
    """Cuts these out, if there are any."""


@dataclass(slots=True)
class _Variants:
    """Shapes whose names hold digits: told apart by the text at ``spans``."""

    spans: list[Span]
    shapes: dict[tuple[bytes, ...], Shape] = field(default_factory=dict)


@dataclass(slots=True)
class _Form:
    """A plan for lines of one form. Places are counted in runs of digits, with the bytes before and behind them."""

    shape: Shape
    spans: list[tuple[int, int, int, int]]
    literals: list[tuple[tuple[int, int, int, int], bytes]]


NOTHING = Shape("nothing")


class ShapeMemory:
    """The shapes and forms seen so far, within a ``budget``: when that is spent, all are forgotten and learnt anew."""

    def __init__(self, budget: Budget) -> None:
        self._share = budget.share(self._forget)
        self.plain: dict[bytes, Shape] = {}
        """Shapes by their key alone, to be looked at first; it stays the same dictionary."""
        self._steady: list[Steady] = []
        self._variants: dict[bytes, _Variants] = {}
        self._forms: dict[bytes, list[_Form]] = {}

    def find(self, frame: bytes, key: bytes) -> Shape | None:
        """What ``frame`` of this ``key`` is, if a line like it was kept."""
        variants = self._variants.get(key)
        if variants is None:
            return self.plain.get(key) or self._find_form(frame, key)
        names = tuple([frame[a:b] for a, b in variants.spans])
        return variants.shapes.get(names) or self._find_form(frame, key)

    def _find_form(self, frame: bytes, key: bytes) -> Shape | None:
        forms = self._forms.get(form_of(key))
        if forms is None:
            return None
        runs = [found.span() for found in _RUN.finditer(frame)]
        for form in forms:
            literal = [_span_at(place, runs) for place, _ in form.literals]
            if all(frame[a:b] == text for (a, b), (_, text) in zip(literal, form.literals, strict=True)):
                shape = form.shape
                if shape is not NOTHING:
                    spans = [_span_at(place, runs) for place in form.spans]
                    shape = Shape(shape.kind, shape.plan, spans, shape.object)
                self._keep_shape(frame, key, shape, literal)
                return shape
        return None

    def keep(self, frame: bytes, key: bytes, shape: Shape, literals: list[Span]) -> None:
        """Remember what ``frame`` is; ``literals`` are the places of its names that hold digits."""
        if shape.plan is not None:
            self._share.take(_PLAN + _VALUE * len(shape.spans))
        self._keep_shape(frame, key, shape, literals)
        if (shape is NOTHING or shape.kind in ("plan", "object")) and not _GROUPED.search(key):
            self._keep_form(frame, key, shape, literals)

    def steady(self, shape: Shape, start: int) -> Steady | None:
        """How lines are read that are of this steady ``shape`` from ``start`` on."""
        if shape.kind == "nothing":
            steady = Steady(None, shape.cut, start=start)
        elif shape.row is None:
            steady = Steady(shape.plan, cut_at(_moved(shape.spans, start)))
            if shape.named is not None:
                steady.names, steady.cut_names = shape.named.texts, cut_at(_moved(shape.named.spans, start))
        elif start:
            return None
        else:
            steady = Steady(*shape.row, shape.header)
        self._share.take(_STEADY + _PLACE * len(shape.spans))
        self._steady.append(steady)
        return steady

    def clear(self) -> None:
        """Forget everything."""
        self._share.clear()

    def _forget(self) -> None:
        self.plain.clear()
        for steady in self._steady:
            steady.known = False
        self._steady.clear()
        self._variants.clear()
        self._forms.clear()

    def _keep_shape(self, frame: bytes, key: bytes, shape: Shape, literals: list[Span]) -> None:
        self._share.take(len(key) + _SHAPE + _PLACE * (len(shape.spans) + len(literals)))
        if not literals or shape is NOTHING:
            self.plain[key] = shape
            self._variants.pop(key, None)
            return
        self.plain.pop(key, None)
        literals = sorted(literals)
        names = tuple([frame[a:b] for a, b in literals])
        shape.named = Named(names, literals)
        shape.steady = shape.steady and all(end <= start for (_, end), (start, _) in pairwise(literals))
        variants = self._variants.get(key)
        if variants is None or variants.spans != literals:
            variants = self._variants[key] = _Variants(literals)
        if len(variants.shapes) < _VARIANTS:
            variants.shapes[names] = shape

    def _keep_form(self, frame: bytes, key: bytes, shape: Shape, literals: list[Span]) -> None:
        runs = [found.span() for found in _RUN.finditer(frame)] if shape.spans or literals else []
        spans = [_anchor(span, runs) for span in shape.spans]
        places = [_anchor(span, runs) for span in literals]
        if None in spans or None in places:
            return
        named = [(place, frame[a:b]) for place, (a, b) in zip(places, literals, strict=True) if place is not None]
        form, known = form_of(key), _Form(shape, [span for span in spans if span is not None], named)
        if len(self._forms.get(form, ())) < _FORMS:
            self._share.take(len(form) + _SHAPE)
            self._forms.setdefault(form, []).append(known)


def _moved(spans: list[Span], by: int) -> list[Span]:
    return [(a + by, b + by) for a, b in spans]


def _anchor(span: Span, runs: list[Span]) -> tuple[int, int, int, int] | None:
    """``span`` by its first and last run of digits, with the bytes in front of the one and behind the other."""
    first = bisect_left(runs, span[0], key=itemgetter(0))
    last = bisect_right(runs, span[1], lo=first, key=itemgetter(1)) - 1
    if last < first:
        return None
    return first, runs[first][0] - span[0], last, span[1] - runs[last][1]


def _span_at(anchor: tuple[int, int, int, int], runs: list[Span]) -> Span:
    first, before, last, behind = anchor
    return runs[first][0] - before, runs[last][1] + behind


def byte_span(text: str, start: int, end: int) -> Span:
    """The place of ``text[start:end]`` in bytes."""
    if text.isascii():
        return start, end
    a = len(text[:start].encode())
    return a, a + len(text[start:end].encode())
