"""What is drawn of a series: its unbroken stretches, its extremes per column, its smoothed form, its nearest point.

Nothing here knows of a terminal. A column is a strip of the x axis as wide as one dot of the picture; a column
keeps its first, lowest, highest and last value, so no extreme is lost however many points share it
("M4", Jugel et al., VLDB 2014).
"""

from __future__ import annotations

import math
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from enum import StrEnum
from functools import lru_cache
from itertools import compress, islice, pairwise
from operator import gt
from typing import NamedTuple, TypeVar, overload

from mltui.domain.extremes import Extremes
from mltui.domain.metric import Series
from mltui.domain.scale import Scale

_T = TypeVar("_T")
MAX_SWEEPS = 32
"""An x that falls back more often than this is no axis to draw along: points are then placed by their order."""


class XAxis(StrEnum):
    """What a chart's x axis shows."""

    LOGGED = "logged"
    """The step, epoch … that the log gave each series by."""
    STEPS = "steps"
    """Steps, also of what the log gave by the epoch."""
    EPOCHS = "epochs"
    """Epochs that were done, with fractions, also of what the log gave by the step."""
    RELATIVE = "relative"
    """Seconds since the first point that the chart shows."""
    WALL = "wall"
    """The time of day at which a point was read."""

    @property
    def by_time(self) -> bool:
        """It shows times; else what the series on it count."""
        return self in (XAxis.RELATIVE, XAxis.WALL)


class Drawn(NamedTuple):
    """One unbroken stretch of a curve, reduced to columns: which ones, and of the points in each four values."""

    at: list[int]
    """The columns that have points, counted from the left."""
    first: list[float]
    low: list[float]
    high: list[float]
    last: list[float]
    points: int
    """How many points the columns stand for."""

    @property
    def reduced(self) -> bool:
        """Whether the columns show less than every point: some column had more points than it can tell."""
        if not len(self.at) < self.points <= 4 * len(self.at):
            return self.points > len(self.at)
        return self.points > sum(map(len, map(set, zip(self.first, self.low, self.high, self.last, strict=True))))


class Shifted(Sequence[float]):
    """The times of a growing series, each ``shift`` seconds earlier, without a copy of them."""

    def __init__(self, times: array[float], shift: float) -> None:
        self._times = times
        self._shift = shift

    def __len__(self) -> int:
        return len(self._times)

    @overload
    def __getitem__(self, at: int) -> float: ...
    @overload
    def __getitem__(self, at: slice) -> list[float]: ...
    def __getitem__(self, at: int | slice) -> float | list[float]:
        if isinstance(at, slice):
            return [time - self._shift for time in self._times[at]]
        return self._times[at] - self._shift


class Trace:
    """A series as a chart needs it: indexed, cut where it must not be joined, and kept up to date as it grows."""

    def __init__(self, series: Series, shift: float = 0.0) -> None:
        self.series = series
        self.shift = shift
        """Seconds that the relative axis takes off its times, so that runs of different days begin together."""
        self.extremes = Extremes(series.value, series.nonfinite)
        self._falls: dict[bool, list[int]] = {False: [], True: []}
        self._usable = {False: True, True: True}
        self._seen = 0

    def catch_up(self) -> None:
        """Take in the points appended since the last call; costs nothing when there are none."""
        n = len(self.series)
        if n == self._seen:
            return
        self.extremes.catch_up()
        start = max(self._seen - 1, 0)
        for by_time, xs in ((False, self.series.x), (True, self.series.time)):
            fresh = xs[start:n]
            self._usable[by_time] &= math.isfinite(sum(fresh))
            if True in map(gt, fresh, islice(fresh, 1, None)):
                steps = enumerate(map(gt, fresh, islice(fresh, 1, None)), start + 1)
                self._falls[by_time].extend(i for i, fell in steps if fell)
        self._seen = n

    def ordered(self, axis: XAxis) -> bool:
        """Whether the axis is finite and runs forward often enough to draw along it."""
        by_time = axis.by_time
        return self._usable[by_time] and len(self._falls[by_time]) <= MAX_SWEEPS

    def x(self, axis: XAxis) -> Sequence[float]:
        """The x of every point: logged, or its time in seconds since 1970; the order where ``x`` cannot be used."""
        if not self.ordered(axis):
            return range(len(self.series))
        if not axis.by_time:
            return self.series.x
        return Shifted(self.series.time, self.shift) if self.shift and axis is XAxis.RELATIVE else self.series.time

    def sweeps(self, axis: XAxis) -> Iterator[tuple[int, int]]:
        """Index ranges along which x never falls: one for each pass that a log makes over the same steps."""
        if not self.ordered(axis):
            yield 0, len(self.series)
            return
        cuts = [0, *self._falls[axis.by_time], len(self.series)]
        yield from ((a, b) for a, b in pairwise(cuts) if a < b)

    def stretches(self, axis: XAxis, low: float, high: float, limit: int) -> Iterator[tuple[int, int]]:
        """Index ranges that can be drawn without lifting the pen and reach into ``low`` … ``high``.

        A range has one more point at both ends where there is one, so that a line leaves the picture in the right
        direction. With more than ``limit`` gaps the gaps are finer than the picture, and are not cut out.
        """
        xs, bad = self.x(axis), self.series.nonfinite
        for a, b in self.sweeps(axis):
            start, stop = bisect_left(xs, low, a, b), bisect_right(xs, high, a, b)
            start, stop = max(a, start - 1), min(b, stop + 1)
            gaps = bad[bisect_left(bad, start) : bisect_left(bad, stop)]
            yield from split(start, stop, gaps if len(gaps) <= limit else ())


def split(start: int, stop: int, gaps: Iterable[int]) -> Iterator[tuple[int, int]]:
    """The ranges left of ``start`` … ``stop`` when the indexes ``gaps`` (ascending) are taken out."""
    for gap in gaps:
        if start < gap:
            yield start, gap
        start = gap + 1
    if start < stop:
        yield start, stop


def downsample(trace: Trace, axis: XAxis, start: int, stop: int, scale: Scale, columns: int) -> Drawn:
    """The points ``start`` to ``stop`` of a stretch as at most ``columns`` columns of ``scale``, in order of x.

    Column ``k`` is centred at share ``k / (columns - 1)`` of the scale. Points beyond the ends of the scale are
    replaced by the place where the line to them crosses the end.
    """
    xs, values = trace.x(axis), trace.series.value
    inner_start, inner_stop = bisect_left(xs, scale.low, start, stop), bisect_right(xs, scale.high, start, stop)
    place = _by_point if inner_stop - inner_start <= 2 * columns else _by_column
    at, edges = place(xs, inner_start, inner_stop, scale, columns)
    found = _tell(trace, at, edges, (inner_stop - inner_start) // columns)
    entry = _crossing(xs, values, inner_start - 1, inner_start, start, stop, scale, 0.0)
    leave = _crossing(xs, values, inner_stop - 1, inner_stop, start, stop, scale, 1.0)
    if entry is not None and (not found.at or found.at[0] > 0):
        found = _joined(_end(0, entry), found)
    if leave is not None and (not found.at or found.at[-1] < columns - 1):
        found = _joined(found, _end(columns - 1, leave))
    return found


def _end(at: int, value: float) -> Drawn:
    """Where a stretch enters or leaves the picture between two of its points."""
    return Drawn([at], [value], [value], [value], [value], 0)


def _joined(left: Drawn, right: Drawn) -> Drawn:
    """Two parts of a stretch as one."""
    return Drawn(
        left.at + right.at,
        left.first + right.first,
        left.low + right.low,
        left.high + right.high,
        left.last + right.last,
        left.points + right.points,
    )


def _crossing(
    xs: Sequence[float], values: Sequence[float], left: int, right: int, start: int, stop: int, scale: Scale, at: float
) -> float | None:
    """The value where the line from point ``left`` to point ``right`` crosses an end of the scale, if it does."""
    if left < start or right >= stop:
        return None
    if not (math.isfinite(values[left]) and math.isfinite(values[right])):
        return None
    a, b = scale.position(xs[left]), scale.position(xs[right])
    if not (a <= at <= b and a < b):
        return None
    share = (at - a) / (b - a)
    return values[left] * (1 - share) + values[right] * share


def _by_point(xs: Sequence[float], start: int, stop: int, scale: Scale, columns: int) -> tuple[list[int], list[int]]:
    """The columns that have points, and where the points of each begin, found point by point; at last the end."""
    ends = dict(zip(scale.indexes(xs[start:stop], columns - 1), range(start + 1, stop + 1), strict=True))
    return list(ends), [start, *ends.values()]


@lru_cache(maxsize=16)
def _borders(scale: Scale, columns: int) -> list[float]:
    """Where each column ends and the next begins: the same for all curves of a picture."""
    return [scale.value((k + 0.5) / (columns - 1)) for k in range(columns - 1)]


def _by_column(xs: Sequence[float], start: int, stop: int, scale: Scale, columns: int) -> tuple[list[int], list[int]]:
    """The same found column by column."""
    edges = [start, *_after(xs, _borders(scale, columns), start, stop), stop]
    at = [k for k, (a, b) in enumerate(pairwise(edges)) if a < b]
    return at, [*(edges[k] for k in at), stop]


def _after(xs: Sequence[float], borders: Sequence[float], start: int, stop: int) -> list[int]:
    """Of the points ``start`` to ``stop`` the first that is not left of each border: what ``bisect_left`` finds.

    Points that stand evenly, as steps do, are found by counting, which takes half as long among 20,000 and a fifth
    among a million.
    """
    first, step = xs[start], (xs[stop - 1] - xs[start]) / (stop - 1 - start)
    if not 1e-100 < step < 1e100 or max(abs(first), abs(borders[0]), abs(borders[-1])) > 1e100:
        return [bisect_left(xs, border, start, stop) for border in borders]
    found = []
    for border in borders:
        at = start + math.ceil((border - first) / step)
        counted = start < at < stop and xs[at - 1] < border <= xs[at]
        found.append(at if counted else bisect_left(xs, border, start, stop))
    return found


def _tell(trace: Trace, at: list[int], edges: list[int], size: int) -> Drawn:
    """Of each column the values of its points, which are those from one edge to the next, about ``size`` of them.

    Columns without a finite value are left out.
    """
    values, (low, high) = trace.series.value, trace.extremes.between(edges, size)
    first = [v if a <= v <= b else a for v, a, b in zip([values[i] for i in edges[:-1]], low, high, strict=True)]
    last = [v if a <= v <= b else b for v, a, b in zip([values[i - 1] for i in edges[1:]], low, high, strict=True)]
    if math.inf in low:
        told = [value < math.inf for value in low]
        at, first, last = list(compress(at, told)), list(compress(first, told)), list(compress(last, told))
        low, high = list(compress(low, told)), list(compress(high, told))
    return Drawn(at, first, low, high, last, edges[-1] - edges[0])


class Smoother:
    """The exponential moving average of a growing series, debiased, as TensorBoard computes it.

    With weight ``w`` in [0, 1): ``s = w·s + (1 − w)·v`` from ``s = 0``, shown as ``s / (1 − wⁿ)`` after ``n`` finite
    values; values that are not finite stay as they are and do not count; a constant series stays as it is
    (TensorBoard's scalar card, ``classicSmoothing``).
    """

    def __init__(self, series: Series, weight: float) -> None:
        self.weight = min(max(weight, 0.0), 0.999999)
        self.source = series
        self.series = Series(series.key)
        """The smoothed series; same x and times."""
        self._sum, self._decay = 0.0, 1.0

    def catch_up(self) -> Series:
        """Smooth what was appended to the source since the last call; gives :attr:`series`."""
        n, stop = len(self.series), len(self.source)
        if n < stop:
            fresh = array("d", self._smooth(self.source.value[n:stop]))
            self.series.extend(self.source.x[n:stop], fresh, self.source.time[n:stop])
        return self.series

    def _smooth(self, values: Sequence[float]) -> Iterator[float]:
        weight, total, decay = self.weight, self._sum, self._decay
        constant = self.source.argmin == self.source.argmax
        for value in values:
            if value - value != 0.0:
                yield value
                continue
            total = total * weight + (1 - weight) * value
            decay *= weight
            yield value if constant else total / (1 - decay)
        self._sum, self._decay = total, decay


def quantile_limits(samples: Iterable[float], share: float = 0.05) -> tuple[float, float] | None:
    """Limits that leave outliers out: the ``share`` and ``1 − share`` quantiles, widened by half their distance.

    Values within the widened limits keep their own extremes, so that a curve without outliers is shown whole.
    ``None`` without a finite value.
    """
    ordered = sorted(v for v in samples if math.isfinite(v))
    if not ordered:
        return None
    last = len(ordered) - 1
    low, high = ordered[math.floor(last * share)], ordered[math.ceil(last * (1 - share))]
    reach = (high / 2 - low / 2) or math.inf
    inside = [v for v in ordered if low - reach <= v <= high + reach]
    return inside[0], inside[-1]


def finite_before(series: Series, index: int) -> float | None:
    """The newest finite value before the one at ``index``, which is not finite; ``None`` where there is none."""
    bad = series.nonfinite
    at = bisect_left(bad, index)
    # Those that follow each other up to it are as far from their places in the list as it is.
    begins = bisect_left(range(at + 1), index - at, key=lambda i: bad[i] - i)
    return series.value[bad[begins] - 1] if bad[begins] else None


def sample(values: Sequence[_T], start: int, stop: int, count: int = 1000) -> Sequence[_T]:
    """About ``count`` evenly spaced values of a range."""
    return values[start : stop : max(1, (stop - start) // count)]


def nearest(xs: Sequence[float], x: float, start: int = 0, stop: int | None = None) -> int | None:
    """Index of the point nearest to ``x`` in ascending ``xs`` (the later of two as near), ``None`` for none."""
    stop = len(xs) if stop is None else stop
    if start >= stop:
        return None
    right = bisect_right(xs, x, start, stop)
    if right == start:
        return start
    if right == stop or x - xs[right - 1] < xs[right] - x:
        return right - 1
    return right


def interpolate(xs: Sequence[float], values: Sequence[float], x: float) -> float | None:
    """The value at ``x`` on the line between its two neighbours, ``None`` outside the points or beside a gap."""
    right = bisect_left(xs, x)
    if right < len(xs) and xs[right] == x:
        return values[right] if math.isfinite(values[right]) else None
    if not 0 < right < len(xs):
        return None
    left = right - 1
    share = (x - xs[left]) / (xs[right] - xs[left])
    value = values[left] * (1 - share) + values[right] * share
    return value if math.isfinite(value) else None
