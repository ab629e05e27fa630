"""How a line is read of which it is known what it says: which of its numbers are values, and which place them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from operator import itemgetter
from typing import NamedTuple

from mltui.domain.metric import MetricKind, MetricPoint
from mltui.parsers.plans.group import Group
from mltui.parsers.words.roles import is_learning_rate
from mltui.parsers.words.values import Numbers
from mltui.parsers.words.vocabulary import Way

METRIC, RUNNING, THROUGHPUT = MetricKind.METRIC, MetricKind.RUNNING, MetricKind.THROUGHPUT


@dataclass(slots=True, eq=False)
class Series:
    """One curve as far as the reader has to know it; what it remembers is written by ``News`` alone."""

    name: str
    kind: MetricKind
    wanted: bool = True
    """The profile keeps it."""
    evaluates: bool = False
    """It is measured on validation or test data."""
    of_epoch: bool = False
    """Its values are of a whole epoch."""
    last: MetricPoint | None = None
    """Its last point, to know one that another line tells again."""
    teller: Group | None = None
    """The kind of line that told its last point."""
    turned: tuple[str, float] | None = None
    """The axis of its last point that was the first in an epoch, and how many were done there."""
    varies: bool = False
    """It is a schedule that has changed once."""
    constant: float | None = None
    """Before that, its value; its points wait in ``waiting``."""
    waiting: list[tuple[str, float]] = field(default_factory=list)

    def told(self, value: float) -> bool:
        """Whether its last point had this value."""
        return self.last is not None and self.last.value == value

    def tell(self, point: MetricPoint, teller: Group | None) -> None:
        """Lines of the kind ``teller`` told its last point, or else a bar did."""
        if self.teller is not None and self.teller is not teller:
            self.teller.run = None
        self.last, self.teller = point, teller or self.teller


@dataclass(slots=True)
class Counter:
    """A counter of a line: what it counts (``axis``), how (``way``), and which numbers of the line are its own."""

    axis: str
    way: Way
    index: int
    total: int | None = None
    evaluates: bool = False
    """It is named an evaluation's own: ``Iter(val) [5]``, ``Test Episodes: 10``."""

    def at(self, places: dict[int, int]) -> Counter:
        """The same where numbers stand at other ``places``."""
        total = None if self.total is None else places[self.total]
        return Counter(self.axis, self.way, places[self.index], total, self.evaluates)

    def total_of(self, numbers: Numbers) -> float | None:
        """Of how many it counts, if the line says so."""
        return None if self.total is None else numbers[self.total]


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
    bracketed: bool = False
    """It is counted by a number in brackets alone, which may be that of the process: ``[4711] loss: 0.5``."""
    scope: str = ""
    """Of what a line of counters alone speaks."""
    heads: str = ""
    """Such a line is the heading of what is measured on these data, in the lines under it."""
    ends: bool = False
    """Such a line tells that what it counts is over: ``Sampling after epoch 3``."""
    lost: int = 0
    """Values a line of this kind has that belong to series beyond the limit."""
    of_classes: str = ""
    """Its one value is the mean over classes of this, which lines under it may tell of each."""
    counts: bool = field(init=False)
    """The line says where it stands."""
    direct: bool = field(init=False)
    """It says nothing else but what its values are."""
    may_head: bool = field(init=False)
    """It measures nothing and counts no epochs: it may be the heading of what follows."""
    signature: tuple[object, ...] = field(init=False, repr=False, compare=False)
    """What the series of its entries are called, and which a schedule sets."""
    values_of: Callable[[Numbers], Numbers] = field(init=False, repr=False, compare=False)
    """The values of its entries among the numbers of a line."""
    series: tuple[Series, ...] = field(init=False, repr=False, compare=False)
    """The series of its entries; the same tuple in all plans of a kind that have the same."""
    told_at: tuple[tuple[Series, int], ...] = field(init=False, repr=False, compare=False)
    """The series and index of each entry whose series the profile keeps."""
    told: tuple[tuple[Series, int, bool], ...] = field(init=False, repr=False, compare=False)
    """The series, index and schedule of each entry whose series the profile keeps."""
    names: frozenset[str] = field(init=False, repr=False, compare=False)
    """What its series are called."""
    evaluations: tuple[tuple[Series, int], ...] = field(init=False, repr=False, compare=False)
    """The series and index of each entry that is measured on validation or test data."""
    _part: tuple[tuple[int, ...], Plan] | None = field(init=False, default=None, compare=False)
    """The last one that ``with_only`` gave."""
    _moved: tuple[tuple[int, int, int], Plan] | None = field(init=False, default=None, compare=False)
    """The last one that ``with_more`` gave."""

    def __post_init__(self) -> None:
        self.counts = self.epoch is not None or self.inner is not None
        plain = not (self.lost or self.of_classes or self.group.sentences)
        self.direct = bool(self.entries) and plain and self.fold is None
        rates = all(is_learning_rate(entry.series.name) for entry in self.entries)
        self.may_head = self.epoch is None and rates and not (self.entries and self.counts)
        self.signature = *(e.series.name for e in self.entries), *(e.schedule for e in self.entries)
        self.values_of = getter([entry.index for entry in self.entries])
        self.series = self.group.same(tuple(e.series for e in self.entries))
        self.names = frozenset(e.series.name for e in self.entries)
        self.told_at = tuple((e.series, e.index) for e in self.entries if e.series.wanted)
        self.told = tuple((e.series, e.index, e.schedule) for e in self.entries if e.series.wanted)
        self.evaluations = tuple((e.series, e.index) for e in self.entries if e.series.evaluates)

    @property
    def steady(self) -> bool:
        """Its lines say where they stand and what they measure, and nothing else."""
        return self.direct and self.counts and not (self.running_mean or self.may_count_evaluation)

    @property
    def may_count_evaluation(self) -> bool:
        """Its counter may run over other data than the training's, by what it is called or of how many it counts."""
        return self.evaluates and self.inner is not None and (self.inner.evaluates or self.inner.total is not None)

    def epoch_of(self, numbers: Numbers) -> float | None:
        """The epoch that a line says it stands in."""
        return None if self.epoch is None else numbers[self.epoch.index]

    def with_only(self, at: tuple[int, ...]) -> Plan:
        """The plan of a line that has only those values of it that are ``at`` these places of its entries."""
        if self._part is None or self._part[0] != at:
            self._part = at, replace(self, entries=[self.entries[i] for i in at])
        return self._part[1]

    def narrowed(self) -> tuple[Plan, list[int]]:
        """A plan that counts the numbers alone which this one needs, and which these are, in order."""
        counters = [c for c in (self.epoch, self.inner, self.fold) if c is not None]
        used = {index for c in counters for index in (c.index, c.total)} | {self.percent, self.size}
        order = sorted({index for index in used if index is not None} | {entry.index for entry in self.entries})
        return self._at({index: i for i, index in enumerate(order)}), order

    def with_more(self, numbers: int, first: int, more: int) -> Plan:
        """The plan of a line with so many ``numbers`` where so many ``more`` stand in front of the ``first`` one."""
        if self._moved is None or self._moved[0] != (numbers, first, more):
            plan = self._at({i: i if i < first else i + more for i in range(numbers)})
            plan.signature = self.signature  # The same tuple, which is found to be the same at once.
            self._moved = (numbers, first, more), plan
        return self._moved[1]

    def _at(self, at: dict[int, int]) -> Plan:
        """The plan of a line where numbers stand at other places."""

        def moved(counter: Counter | None) -> Counter | None:
            return None if counter is None else counter.at(at)

        return Plan(
            self.group,
            [Entry(entry.series, at[entry.index], entry.schedule) for entry in self.entries],
            moved(self.epoch),
            moved(self.inner),
            moved(self.fold),
            None if self.percent is None else at[self.percent],
            self.running_mean,
            self.evaluates,
            None if self.size is None else at[self.size],
            self.bracketed,
            self.scope,
            self.heads,
            self.ends,
            self.lost,
            self.of_classes,
        )


def getter(indexes: list[int]) -> Callable[[Numbers], Numbers]:
    """What gets the numbers at ``indexes``."""
    first = indexes[0] if indexes else 0
    if indexes == list(range(first, first + len(indexes))):
        return itemgetter(slice(first, first + len(indexes)))
    return itemgetter(*indexes)


class Line(NamedTuple):
    """A line of a known kind."""

    plan: Plan
    numbers: Numbers


class PlacedLine(NamedTuple):
    """A line of a known kind that stands at ``x`` of ``axis``."""

    plan: Plan
    axis: str
    x: float
    numbers: Numbers
