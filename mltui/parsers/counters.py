"""Which of a line's counters is x: the epoch's, one inside of it, one that runs on, or a number without a name."""

from __future__ import annotations

from dataclasses import dataclass

from mltui.parsers.plan import Counter
from mltui.parsers.records.record import Field, Nameless, Record
from mltui.parsers.vocabulary import COUNTERS, Role, counter_of, scope_of, words

# What "steps" so far are called: "Total steps: 1000".
_SO_FAR = frozenset(["total", "env", "environment", "training", "agent"])
# Letters for the number of a step.
_TIMES = frozenset("tTnki")
# Beside these a number without a name counts.
_COMPANY = (Role.METRIC, Role.SCHEDULE, Role.SCOPE)


class Counters:
    """The counters of a record, told apart. ``wanted`` is the word that counts by the profile, if it names one."""

    def __init__(self, record: Record, wanted: str) -> None:
        self.epoch: Counter | None = None
        self.inner: Counter | None = None
        self.fold: Counter | None = None
        self.percent: int | None = None
        self.size: int | None = None
        """How many steps the epoch has."""
        self._coarse = False
        """The inner counter is written in whole thousands, ``Step: 0k``: another one says more."""
        self._rank = 99
        self._plural = False
        self._fraction = False
        for found in record.fields:
            if wanted and found.name.lower() == wanted.lower():
                self.epoch, self.inner, self._rank = None, Counter(wanted, "step", found.index, found.total), -1
            elif found.role is Role.COUNTER and self._rank >= 0:
                self._take(found)
        if self.epoch is not None and self._plural:
            self.size = self.inner.index if self.inner is not None else None
            self.inner, self._rank = None, 99
        if self._plural and (episode := next((f for f in record.fields if f.name.lower() == "episode"), None)):
            self.inner, self._rank = Counter("episode", "step", episode.index, episode.total), 0
        if self._rank >= 0:
            self._take_nameless(record)
        if not self.any:
            self._take_first_field(record)

    @property
    def any(self) -> bool:
        return self.epoch is not None or self.inner is not None

    def _take(self, found: Field) -> None:
        axis, way = counter_of(found.name) or ("step", "step")
        counter = Counter(axis, way, found.index, found.total)
        if way == "epoch":
            self.epoch = self.epoch or counter
            self._fraction = self._fraction or found.decimal
        elif way == "fold":
            self.fold = self.fold or counter
        else:
            rank = _preference(found.name, axis)
            if rank < self._rank:
                self.inner, self._rank = counter, rank
                self._coarse = bool(found.unit) and found.unit in "kKM" and not found.decimal
                counter.evaluates = way == "step" and (scope_of(found.name) or scope_of(found.label)) in ("val", "test")
                # "Epoch: 1, Steps: 265" says how many steps the epoch has.
                self._plural = found.name.lower() == "steps"

    def _take_first_field(self, record: Record) -> None:
        """Take "Total steps: 1000" in front of what is measured as the steps so far, "t=1000" and "n = 10 / 20" too."""
        first = record.fields[0] if record.fields else None
        measures = any(f.role is Role.METRIC for f in record.fields)
        if first is None or first.decimal or not first.explicit or not measures:
            return
        if first.name in _TIMES or (len(first.name) == 1 and first.total is not None):
            self.inner = Counter("step", "step", first.index, first.total)
            return
        *before, last = words(first.name) or ("",)
        axis, way = COUNTERS.get(last) or COUNTERS.get(last.removesuffix("s")) or ("", "")
        if way == "step" and axis != "percent" and last[-1:] == "s" and _SO_FAR.issuperset(before):
            self.inner = Counter(axis, way, first.index, first.total)

    def _take_nameless(self, record: Record) -> None:
        places = [n for n in record.nameless if n.place != "plain" or n.total is not None or n.first]
        found = [n for n in places if n.total is not None or not n.decimal]
        if not found or (self.inner is not None and not self._coarse):
            return
        if self._fraction and found[0].first and found[0].total is not None:
            # "31/80 (epoch 0.775)" says the same twice.
            self.epoch, self.inner = None, Counter("step", "step", found[0].index, found[0].total)
            return
        first = [n for n in found if n.first]
        if (
            not first
            and self.epoch is None
            and len(found) > 1
            and found[1].total is not None
            and found[0].place == "bracket"
        ):
            first = found[:2]
        if found[0].place == "scope":
            self.epoch = self.epoch or Counter("epoch", "epoch", found[0].index)
            found = found[1:]
        elif len(first) >= 2 and self.epoch is None:
            self.epoch = Counter("epoch", "epoch", first[0].index, first[0].total)
            if first[1].total is None and evaluates(record):
                return
            if first[0].place == "start" and first[1].total is None:
                self.inner = Counter("step", "step", first[1].index)
                return
            found = first[1:2]
        elif first and self.epoch is None and not record.running_mean:
            self._take_first(first[0], record)
            return
        # "Epoch(val) [1][500]" says on how many it was measured.
        if found and (found[0].total is not None or (self.epoch is not None and not evaluates(record))):
            self._take_batch(found[0])

    def _take_batch(self, found: Nameless) -> None:
        self.inner = Counter("batch", "batch", found.index, found.total)
        self.percent = found.percent

    def _take_first(self, found: Nameless, record: Record) -> None:
        if found.total is not None and evaluates(record):
            self.epoch = Counter("epoch", "epoch", found.index, found.total)
        elif found.total is not None:
            self.inner = Counter("step", "step", found.index, found.total)
        elif not found.decimal and any(f.role in _COMPANY and (f.decimal or f.explicit) for f in record.fields):
            self.inner = Counter("iteration", "step", found.index)


@dataclass(frozen=True, slots=True)
class Said:
    """A line that is to be judged."""

    record: Record
    counters: Counters
    rank: str
    """Which of several processes printed it; it stands in front of every name."""
    bar: bool
    """A progress bar shows it."""

    @property
    def placed(self) -> bool:
        """It says where it stands, or its bar does."""
        return self.counters.any or self.bar


def evaluates(record: Record) -> bool:
    """Whether a line speaks of validation or test data."""
    return any(scope_of(f.name) in ("val", "test") or (f.label and scope_of(f.label) != "train") for f in record.fields)


def _preference(name: str, axis: str) -> int:
    """Which of several counters is x: the smaller number."""
    parts = words(name)
    if "global" in parts or "total" in parts:
        return 0
    order = ("step", "iteration", "update", "timestep", "batch", "frame", "episode")
    return 1 + order.index(axis) if axis in order else 9
