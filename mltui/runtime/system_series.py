"""What a run used, as curves beside those of its log: on the same x, found through the times of the points."""

from __future__ import annotations

import math
from array import array
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from mltui.domain.metric import MetricKind, MetricStore, Series, SeriesKey
from mltui.domain.samples import SampleRow, device_number
from mltui.storage.sample_file import SampleReader

_GIB, _MIB = float(1 << 30), float(1 << 20)


class _Figure(NamedTuple):
    column: str
    unit: float
    """What one unit of the curve is."""
    least: float = 0.0
    """A curve that never gets above this says nothing, in units of the curve."""


#: Name of a curve → figure of the samples. ``A · B``: curve B of chart A.
_RUN = {
    "CPU cores": _Figure("run.cpu", 1.0),
    "memory GiB": _Figure("run.memory", _GIB),
    "throttled %": _Figure("run.throttled", 0.01, 1.0),
    "disk MiB/s · read": _Figure("run.disk_read_rate", _MIB, 1.0),
    "disk MiB/s · written": _Figure("run.disk_write_rate", _MIB, 1.0),
    "network MiB/s · in": _Figure("run.net_rx_rate", _MIB, 1.0),
    "network MiB/s · out": _Figure("run.net_tx_rate", _MIB, 1.0),
    "machine CPU cores": _Figure("host.cpu", 1.0),
    "machine memory GiB": _Figure("host.memory", _GIB),
}
_GPU = {
    "GPU %": _Figure("utilization", 0.01),
    "GPU memory GiB": _Figure("memory_used", _GIB),
    "GPU power W": _Figure("power", 1.0),
    "GPU °C": _Figure("temperature", 1.0),
}
#: One sample is no curve.
_CURVE = 2
#: x of a run that prints no metric.
SECONDS = "seconds"


class _Column(NamedTuple):
    name: str
    at: int
    figure: _Figure


class SystemSeries:
    """Keeps ``store`` up with the samples: a curve a figure, in the order in which their charts stand."""

    def __init__(self) -> None:
        self.store = MetricStore()
        self._taken = 0
        self._renewed = -1
        self._columns: list[_Column] = []
        self._drawn: set[_Column] = set()
        """The curves in which there is something to see."""
        self._names = 0
        self._reference: Series | None = None
        self._x = -math.inf

    def update(self, samples: SampleReader, metrics: MetricStore) -> None:
        """Take what has come; all of it anew where rows were joined or another x is the run's."""
        reference = self._choose(metrics)
        if samples.renewed != self._renewed or reference is not self._reference or len(samples.names) != self._names:
            self._renewed, self._reference, self._names = samples.renewed, reference, len(samples.names)
            self._columns = list(_columns(samples))
            self._taken, self._x = 0, -math.inf
            self.store.clear()
            self._drawn = set()
        rows = samples.rows[self._taken :]
        if not rows or len(samples.rows) < _CURVE:
            return
        more = {column for column in self._columns if column not in self._drawn and _worth_drawing(column, rows)}
        if more:
            # From the start on, as what was there before it got worth a curve belongs to it.
            self._drawn |= more
            self._taken, self._x, rows = 0, -math.inf, samples.rows
            self.store.clear()
        x = array("d", self._places(rows, samples.rows[0].time))
        times = array("d", (row.time for row in rows))
        axis = reference.key.axis if reference else SECONDS
        for column in (one for one in self._columns if one in self._drawn):
            at, unit = column.at, column.figure.unit
            value = array("d", (row.mean[at] / unit if at < len(row.mean) else math.nan for row in rows))
            known = [i for i, one in enumerate(value) if not math.isnan(one)]
            key = SeriesKey(column.name, axis, MetricKind.SYSTEM)
            if not known:
                continue
            series = self.store.get(key)
            if len(known) == len(value):
                series.extend(x, value, times)
            else:
                series.extend(*(array("d", (one[i] for i in known)) for one in (x, value, times)))
        self._taken = len(samples.rows)
        self.store.version += 1

    def _choose(self, metrics: MetricStore) -> Series | None:
        """The series whose x the samples are placed on: the one with the most points, and then it stays."""
        found = [s for s in list(metrics.series.values()) if s.key.kind is MetricKind.METRIC and len(s)]
        kept = next((one for one in found if one is self._reference and len(one) > 1), None)
        return kept or max(found, key=len, default=None)

    def _places(self, rows: Sequence[SampleRow], began: float) -> Iterator[float]:
        """An x for each row, which never goes back."""
        for row in rows:
            x = place(self._reference, row.time, began) if self._reference else row.time - began
            self._x = max(self._x, x)
            yield self._x


def _worth_drawing(column: _Column, rows: Sequence[SampleRow]) -> bool:
    """There is something to see in it."""
    least, at = column.figure.least * column.figure.unit, column.at
    known = (row.peak[at] for row in rows if at < len(row.peak) and not math.isnan(row.peak[at]))
    return any(value > least or not least for value in known)


def place(reference: Series, time: float, began: float) -> float:
    """Where on the x axis of ``reference`` a moment lies.

    Between two points it is in proportion to the time. Before the first it leads there from zero at ``began``; behind
    the last it goes on at the pace of all, one step at most: a run that stands still is not drawn as one that goes on.
    """
    count = len(reference)
    after = bisect_right(reference.time, time, 0, count)
    if after == 0:
        first, at = reference.x[0], reference.time[0]
        share = (time - began) / (at - began) if at > began else 1.0
        return first * max(0.0, share) if first > 0 else first
    if after < count:
        t0, t1 = reference.time[after - 1], reference.time[after]
        x0, x1 = reference.x[after - 1], reference.x[after]
        return x0 + (x1 - x0) * (time - t0) / (t1 - t0) if t1 > t0 else x1
    span = reference.time[count - 1] - reference.time[0]
    step = (reference.x[count - 1] - reference.x[0]) / max(1, count - 1)
    ahead = (time - reference.time[count - 1]) / span * step * (count - 1) if span > 0 else 0.0
    return reference.x[count - 1] + max(0.0, min(ahead, step))


def _columns(samples: SampleReader) -> Iterator[_Column]:
    """The curves that there is something to draw of: of a GPU those it has, of disk and network those with traffic."""
    at = {name: number for number, name in enumerate(samples.names)}
    uuids = list(dict.fromkeys(name[4:].rpartition(".")[0] for name in samples.names if name.startswith("gpu.")))
    for name, figure in _GPU.items():
        for uuid in uuids:
            column = at.get(f"gpu.{uuid}.{figure.column}")
            if column is not None:
                number = device_number(samples.names, samples.rows, uuid)
                yield _Column(f"{name} · {number}", column, figure)
    for name, figure in _RUN.items():
        if figure.column in at:
            yield _Column(name, at[figure.column], figure)
