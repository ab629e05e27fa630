"""Metric points and the series they form."""

from __future__ import annotations

import math
import re
from array import array
from enum import StrEnum
from functools import lru_cache
from typing import NamedTuple


class MetricKind(StrEnum):
    """What a number of a log is."""

    METRIC = "metric"
    """A value of the training: a point of a curve."""
    RUNNING = "running"
    """A value that a progress bar shows on the way to a metric, such as the mean loss so far in this epoch."""
    THROUGHPUT = "throughput"
    """Samples, tokens or steps per second."""
    SYSTEM = "system"
    """What the run used of the machine: no number of its log."""
    PLACE = "place"
    """No value: the step (``x``) at which a point that is told by the epoch (``value``) was printed."""
    EPOCHS = "epochs"
    """No value: a point at ``x`` is the first of its series in another epoch; how many were done there (``value``)."""
    LEFT_OUT = "left out"
    """No value: how many values of the log (``value``) have been left out, up to the last such point."""


#: Series of a log, and series of a run's files, that are kept; values of any others are left out, and counted.
SERIES_LIMIT = 2000
#: Ranks, tasks or services that a log tells apart; values of any others are left out, and counted.
SOURCE_LIMIT = 256
#: Values of curves that are told whole, in a line each, that wait for the log's end; those told later are left out.
WHOLE_LIMIT = 10_000


#: What an x may count on which a training does not get on: it begins anew with each epoch, or each kind of line has its
#: own.
_NO_STEPS = frozenset(["epoch", "batch", "count", "fold", "task", "trial"])


class Axis(NamedTuple):
    """What an x counts, taken apart: ``epoch (fold 2)`` counts epochs, and each fold of it anew."""

    counts: str
    """``step``, ``epoch``, ``iteration`` …: the log's own word."""
    fold: str = ""
    """``fold 2``, ``run 2``, ``stage 2``, of a fold ``fold 1, stage 2``, of a search ``trial 7``, one of several
    trainings ``training resnet50``, or empty."""

    @classmethod
    def of(cls, text: str) -> Axis:
        """The axis that a point names."""
        return _axis(text)

    @property
    def counts_steps(self) -> bool:
        """Whether a training gets on along it, by whatever it calls its steps."""
        return self.counts not in _NO_STEPS

    @property
    def text(self) -> str:
        """As points name it."""
        return f"{self.counts} ({self.fold})" if self.fold else self.counts


#: What stands in front of the name of one of several trainings in one log, as ``Axis.fold`` has it.
TRAINING = "training"
#: The same for what may be a part of one training.
STAGES = frozenset(["stage", "phase"])
_PART = r"[^\W\d_]+ -?\d[\d.]*(?:e[-+]\d+)?"
_FOLD = re.compile(rf"(.*) \(({_PART}(?:, {_PART})?|{TRAINING} [^()]+)\)", re.DOTALL)


@lru_cache(maxsize=4096)
def _axis(text: str) -> Axis:
    found = _FOLD.fullmatch(text)
    return Axis(found[1], found[2]) if found else Axis(text)


class MetricPoint(NamedTuple):
    """One value read out of a log."""

    name: str
    """The metric's name as the log has it, its scope in front or behind (``val_loss``, ``[rank0] loss``)."""
    axis: str
    """What ``x`` counts: ``step``, ``epoch``, ``iteration`` … or ``count`` where the log prints no x; see ``Axis``."""
    x: float
    value: float
    """May be NaN or infinite."""
    kind: MetricKind = MetricKind.METRIC


class SeriesKey(NamedTuple):
    """What makes two points belong to one curve."""

    name: str
    axis: str
    kind: MetricKind = MetricKind.METRIC


class Series:
    """The points of one curve, in the order read, in three flat arrays of 8-byte floats.

    ``version`` grows with every change, so that a reader can ask "anything new?" for the price of an integer.
    """

    __slots__ = ("_best_max", "_best_min", "key", "nonfinite", "time", "value", "version", "x")

    def __init__(self, key: SeriesKey) -> None:
        self.key = key
        self.x: array[float] = array("d")
        self.value: array[float] = array("d")
        self.time: array[float] = array("d")
        """Seconds since 1970 at which each point was read."""
        self.nonfinite: list[int] = []
        """Indexes of values that are NaN or infinite."""
        self.version = 0
        self._best_min = -1
        self._best_max = -1

    def __len__(self) -> int:
        # The array that grows last, so that a reader in another thread never sees half a point.
        return len(self.time)

    @property
    def name(self) -> str:
        """The metric's name."""
        return self.key.name

    @property
    def last(self) -> float | None:
        """The newest value, ``None`` for an empty series."""
        return self.value[-1] if self.value else None

    @property
    def argmin(self) -> int | None:
        """Index of the smallest finite value, the first of equals."""
        return self._best_min if self._best_min >= 0 else None

    @property
    def argmax(self) -> int | None:
        """Index of the greatest finite value, the first of equals."""
        return self._best_max if self._best_max >= 0 else None

    def add(self, x: float, value: float, time: float) -> None:
        """Append one point."""
        i = len(self.value)
        self.x.append(x)
        self.value.append(value)
        self.time.append(time)
        if math.isfinite(value):
            if self._best_min < 0 or value < self.value[self._best_min]:
                self._best_min = i
            if self._best_max < 0 or value > self.value[self._best_max]:
                self._best_max = i
        else:
            self.nonfinite.append(i)
        self.version += 1

    def extend(self, x: array[float], value: array[float], time: array[float]) -> None:
        """Append many points at once; the three arrays have the same length."""
        base = len(self.value)
        self.x.extend(x)
        self.value.extend(value)
        self.time.extend(time)
        finite = value
        if not math.isfinite(sum(value)):
            self.nonfinite.extend(base + i for i, v in enumerate(value) if not math.isfinite(v))
            finite = array("d", (v for v in value if math.isfinite(v)))
        if finite:
            low, high = min(finite), max(finite)
            if self._best_min < 0 or low < self.value[self._best_min]:
                self._best_min = base + value.index(low)
            if self._best_max < 0 or high > self.value[self._best_max]:
                self._best_max = base + value.index(high)
        self.version += 1


class MetricStore:
    """All series of one run, by key, in the order in which they first appeared."""

    def __init__(self) -> None:
        self.series: dict[SeriesKey, Series] = {}
        self.places: dict[SeriesKey, Series] = {}
        """Where series that are told by the epoch stand on the steps of their training, by their names; which points of
        those that are told by the step are the first in an epoch."""
        self.version = 0
        """Grows with every change of any series."""
        self.left_out = 0
        """Values that are in no series, since there are too many of them."""

    def get(self, key: SeriesKey) -> Series:
        """The series of ``key``, or the places of that kind, made if it is new."""
        place = key.kind in (MetricKind.PLACE, MetricKind.EPOCHS)
        found = (self.places if place else self.series).get(key)
        if found is None:
            found = Series(key)
            # A new dictionary: another thread may be going through the old one.
            if place:
                self.places = {**self.places, key: found}
            else:
                self.series = {**self.series, key: found}
        return found

    def add(self, point: MetricPoint, time: float) -> None:
        """Append a point that was read at ``time`` (seconds since 1970)."""
        if point.kind is MetricKind.LEFT_OUT:
            self._leave_out(point.value)
        else:
            self.get(SeriesKey(point.name, point.axis, point.kind)).add(point.x, point.value, time)
        self.version += 1

    def extend(self, key: SeriesKey, x: array[float], value: array[float], time: array[float]) -> None:
        """Append many points of one series, in three arrays of the same length."""
        if key.kind is MetricKind.LEFT_OUT:
            self._leave_out(value[-1])
        else:
            self.get(key).extend(x, value, time)
        self.version += 1

    def _leave_out(self, count: float) -> None:
        # A damaged file may hold any number.
        if math.isfinite(count) and count > self.left_out:
            self.left_out = int(count)

    def clear(self) -> None:
        """Forget everything; the version still grows."""
        self.series = {}
        self.places = {}
        self.left_out = 0
        self.version += 1


def left_out_text(values: int) -> str:
    """What is said of values that are left out: how many, and why."""
    limits = f"{SERIES_LIMIT:,} series, {SOURCE_LIMIT} ranks or {WHOLE_LIMIT:,} values told at once"
    return f"{values:,} values left out: more than {limits}"
