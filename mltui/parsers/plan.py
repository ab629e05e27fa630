"""What the reader knows of one kind of line: its series, its counters, and what it has seen of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from mltui.domain.metric import MetricKind, MetricPoint
from mltui.parsers.vocabulary import Way

if TYPE_CHECKING:
    from mltui.parsers.ahead import Doubt

METRIC, RUNNING, THROUGHPUT = MetricKind.METRIC, MetricKind.RUNNING, MetricKind.THROUGHPUT


@dataclass(slots=True)
class Series:
    """One curve as far as the reader has to know it."""

    name: str
    kind: MetricKind
    wanted: bool = True
    last: MetricPoint | None = None
    """Its last point, to know one that another line tells again."""
    evaluates: bool = False
    """It is measured on validation or test data."""
    teller: Group | None = None
    """The kind of line that told its last point."""
    constant: float | None = None
    """Value of a schedule that has not changed yet; its points wait in ``waiting``."""
    waiting: list[tuple[str, float]] | None = None

    def told(self, value: float) -> bool:
        """Whether its last point had this value."""
        return self.last is not None and self.last.value == value


@dataclass(slots=True)
class Counter:
    """A counter of a line: what it counts (``axis``), how (``way``), and which numbers of the line are its own."""

    axis: str
    way: Way
    index: int
    total: int | None = None


@dataclass(slots=True)
class Group:
    """One kind of line."""

    released: bool = True
    """Its points are reported at once; else they wait in ``held`` for a sign that they are a curve."""
    context_releases: bool = True
    needs_place: bool = False
    """Its lines are a curve only where the log counts epochs; elsewhere they are settings."""
    needs_count: bool = False
    """Its lines are a curve only where the log counts anything: any program may print them."""
    held: list[MetricPoint] = field(default_factory=list)
    held_advances: int = -1
    again: tuple[Plan, str, list[float]] | None = None
    """Its first line came again at the end of what is here: another run, or all of it drawn anew."""
    names: tuple[str, ...] = ()
    repeats: list[Group] = field(default_factory=list)
    """Other kinds of lines that tell the same series: at the end a log may tell its curves again."""
    seen: dict[float, list[float]] = field(default_factory=dict)
    """The last values at each x, to know a repeated line."""
    first_x: float | None = None
    last_x: float | None = None
    stride: float = 0.0
    """How far its last line was from the one before."""
    axis: str = ""
    run: int = 0
    """In which trial its last line stood."""
    count: int = 0
    inside: tuple[str, float] | None = None
    """Where inside of its epoch its last line stood that was placed by epoch."""
    by_count: bool = False
    """Its lines have no place in the log's own counting: they are counted."""
    leads: bool = False
    """Its lines have no place and stand in front of the line that has."""
    doubt: Doubt | None = None
    """Its first lines, while it is not known whether they stand there."""
    last_epoch: float | None = None
    last_inner: float = -1.0
    per_epoch: bool | None = None
    twins: bool = True
    """Its inner counter has always been its epoch."""
    inner_zero: bool = False
    whole: bool | None = None
    """Its inner counter is always full (``[4/4]``): lines of this kind sum up an epoch."""
    size: float = 0.0
    """Inner counts per epoch."""
    sample_batch: float | None = None


@dataclass(slots=True)
class Entry:
    """One series of a line: its value is number ``index``."""

    series: Series
    index: int
    schedule: bool = False
    """It is set by a schedule, and a curve only once it changes."""


@dataclass(slots=True)
class Plan:
    """How to read every line of one kind."""

    group: Group
    entries: list[Entry] = field(default_factory=list)
    epoch: Counter | None = None
    inner: Counter | None = None
    fold: Counter | None = None
    percent: int | None = None
    """The percentage beside the inner counter, which tells samples from batches."""
    running_mean: bool = False
    """Its values are means since the epoch began, as in the bars that Keras draws."""
    evaluates: bool = False
    """Its counter runs over the data of an evaluation: ``[Eval batch=1/2]``."""
    size: int | None = None
    """The number of steps in the epoch."""
    scope: str = ""
    """Of what a line of counters alone speaks."""
    lost: int = 0
    """Values a line of this kind has that belong to series beyond the limit."""

    @property
    def counts(self) -> bool:
        """The line says where it stands."""
        return self.epoch is not None or self.inner is not None

    def use_only(self) -> list[int]:
        """The numbers of the line that are needed, in order; from now on the plan counts these alone."""
        counters = [c for c in (self.epoch, self.inner, self.fold) if c is not None]
        used = {c.index for c in counters} | {c.total for c in counters if c.total is not None}
        used |= {e.index for e in self.entries} | {index for index in (self.percent, self.size) if index is not None}
        order = sorted(used)
        place = {index: i for i, index in enumerate(order)}
        for counter in counters:
            counter.index = place[counter.index]
            counter.total = None if counter.total is None else place[counter.total]
        for entry in self.entries:
            entry.index = place[entry.index]
        self.percent = None if self.percent is None else place[self.percent]
        self.size = None if self.size is None else place[self.size]
        return order
