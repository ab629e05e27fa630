"""Series that a log tells by the step, drawn over the epochs that were done.

Of each series the log tells which of its points is the first in another epoch (``MetricKind.EPOCHS``). How many steps
an epoch has follows from that: of the points between two such places the last is in the epoch still, and the first
behind it is not. Where no number of steps fits all places, a series has no place over epochs.
"""

from __future__ import annotations

import math
from array import array
from bisect import bisect_left
from collections.abc import Sequence
from typing import NamedTuple

from mltui.domain.metric import Axis, Series, SeriesKey

#: So little behind the end of an epoch is its end.
_EXACT = 1e-9
EPOCHS = "epochs"
"""What the x of a series counts that is drawn over epochs: those that were done."""


class Range(NamedTuple):
    """How many steps an epoch may have, by what is known."""

    low: float = 0.0
    high: float = math.inf
    likely: float = 0.0
    """The number by the last fraction of an epoch that was told; 0: none was."""
    from_zero: bool = False
    """Steps count from 0: the first of an epoch is a multiple of it."""

    def both(self, other: Range) -> Range:
        """What both allow."""
        return Range(
            max(self.low, other.low),
            min(self.high, other.high),
            other.likely or self.likely,
            self.from_zero or other.from_zero,
        )

    @property
    def possible(self) -> bool:
        """There is such a number."""
        return self.low <= self.high and self.high > 0 and self.low < math.inf

    @property
    def size(self) -> float:
        """The number that is taken: a whole one if any fits.

        By whole epochs it is the least, since a log that prints each tenth step prints the last of most epochs; where
        steps count from 0, the most, as it prints the first then.
        """
        end = self.high if self.from_zero and self.high < math.inf else self.low
        whole = round(self.likely) if self.likely else math.floor(end) if end == self.high else math.ceil(end)
        if whole > 0 and self.low <= whole <= self.high:
            return float(whole)
        return min(max(self.likely, self.low), self.high)


class Part(NamedTuple):
    """Points of a series in one epoch, or between two places at which its log told a fraction."""

    start: int
    """The first point."""
    done: float
    """How many epochs were done there; NaN: none was told yet."""


class Parts:
    """A series over steps, in parts by the epochs in which its log told them."""

    def __init__(self, source: Series, places: Series) -> None:
        self.source = source
        self._places = places
        self.version = 0
        """Grows where points turned out to be of another part."""
        self._begin_again()

    def _begin_again(self) -> None:
        self.parts: list[Part] = []
        self.range = Range()
        """How many steps an epoch has, where they go on over all epochs."""
        self.longest = 0.0
        """The last step of any epoch, where they begin anew with each."""
        self.seen = 0
        """Points that were looked at."""
        self._taken = self._behind = self._returned = 0
        """Places that were taken, the point behind the last, and parts that begin at no later step than the one before
        ended."""
        self._last = -math.inf
        """The last step of the newest part."""

    def catch_up(self) -> None:
        """Take in what has come since the last call."""
        if not self._follow():
            self._begin_again()
            self.version += 1
            self._follow()

    def _follow(self) -> bool:
        """Take in what is new; ``False`` where a place came behind points that are of its part."""
        xs, stop = self.source.x, len(self.source)
        for at in range(self._taken, len(self._places)):
            step, done = self._places.x[at], self._places.value[at]
            # A step may come again within an epoch, as those of an evaluation do.
            read = bisect_left(self.source.time, self._places.time[at], self._behind, stop)
            try:
                start = xs.index(step, read, stop)
            except ValueError:
                continue  # Its point has not come yet.
            if start < self.seen:
                return False
            self._go_to(start)
            self._begin(start, step, done)
            self._go_to(start + 1)
            self._taken, self._behind = at + 1, start + 1
        self._go_to(stop)
        return True

    def _begin(self, start: int, step: float, done: float) -> None:
        """A part begins, and with it ends the one before."""
        if not math.isfinite(done):
            if self.parts:
                return
            done = math.nan
        if self.parts:
            self._returned += step <= self._last
            if done == 1 and math.isnan(self.parts[-1].done):
                # Epochs are told behind their steps: those in front were of the first.
                first = self.parts[-1].start
                self.parts[-1] = Part(first, 0.0)
                self.range = self.range.both(Range(self._last, from_zero=self.source.x[first] == 0))
        self.parts.append(Part(start if self.parts else 0, done))
        self.range = self.range.both(_range_of(step, done))
        self._last = -math.inf

    def _go_to(self, stop: int) -> None:
        """Look at the points up to ``stop``, all of one part."""
        if stop <= self.seen:
            return
        self._last = max(self._last, max(self.source.x[self.seen : stop]))
        self.seen = stop
        if self.parts and (done := self.parts[-1].done).is_integer() and done >= 0:
            self.range = self.range.both(Range(self._last / (done + 1)))
        self.longest = max(self.longest, self._last)

    @property
    def anew(self) -> bool:
        """Steps begin anew with each epoch."""
        return 0 < self._returned == len(self.parts) - 1 and not self.range.possible and self.longest > 0

    @property
    def tells(self) -> bool:
        """It tells by itself how many steps an epoch has, if they go on over all of them."""
        ends = self.range.high < math.inf or self.range.likely > 0
        return ends and self.range.possible and 0 < self.range.size < math.inf


def _range_of(step: float, done: float) -> Range:
    """What the first step in another epoch says, where so many were done."""
    if done == 0:
        return Range(from_zero=step == 0)
    if not done > 0:
        return Range()
    if done.is_integer():
        return Range(0.0, step / done)
    half = 0.5 * 10.0 ** -min(_decimals(done), 12)
    likely = step / done
    high = step / (done - half) if done > half else math.inf
    return Range(step / (done + half), high, likely if 0 < likely < math.inf else 0.0)


def _decimals(value: float) -> int:
    """Digits behind the point of a number as it is printed."""
    return len(repr(value).partition(".")[2].partition("e")[0])


def sizes(every: Sequence[Parts]) -> list[float | None]:
    """Of each series the number of steps of an epoch, if anything tells it; the same of all that agree on one.

    A log may count batches in one line and steps of the optimizer in another, on axes of the same name.
    """
    found: list[Range] = []
    joined: dict[int, int] = {}
    for i in sorted(range(len(every)), key=lambda i: (not every[i].tells, -len(every[i].parts))):
        parts = every[i]
        for at, known in enumerate(found):
            if (both := known.both(parts.range)).possible and not parts.anew:
                found[at], joined[i] = both, at
                break
        else:
            if parts.tells and not parts.anew:
                joined[i] = len(found)
                found.append(parts.range)
    return [
        parts.longest if parts.anew else found[joined[i]].size if i in joined else None for i, parts in enumerate(every)
    ]


class OverEpochs:
    """Follows a series and gives its points over the epochs that were done, in fractions of them."""

    def __init__(self, source: Series) -> None:
        fold = Axis.of(source.key.axis).fold
        self._key = SeriesKey(source.name, Axis(EPOCHS, fold).text, source.key.kind)
        self._source = source
        self._by: tuple[object, ...] = ()
        self.series = Series(self._key)
        """Same values and times. Another object when its points were placed anew."""

    def along(self, size: float) -> Series:
        """The points, where steps go on over epochs of this ``size``."""
        self._renew("along", size)
        start, stop = len(self.series), len(self._source)
        return self._extend(stop, [step / size for step in self._source.x[start:stop]])

    def within(self, parts: Parts, *, ends: bool = False) -> Series:
        """The points that ``parts`` has seen, where steps begin anew with each of them.

        They go through their epoch, or all stand where it ``ends``.
        """
        size, told, stop = parts.longest, parts.parts, parts.seen
        self._renew("within", size, parts.version, ends)
        for i, part in enumerate(told):
            start, end = max(len(self.series), part.start), told[i + 1].start if i + 1 < len(told) else stop
            if start < end and math.isnan(part.done):  # Before the training, as a first evaluation is.
                self._extend(end, [math.floor(told[i + 1].done) if i + 1 < len(told) else 0.0] * (end - start))
            elif start < end:
                done = math.floor(part.done)
                self._extend(end, [done + (ends or step / size) for step in self._source.x[start:end]])
        return self.series

    def at_ends(self, size: float, *, from_zero: bool) -> Series:
        """The points, each at the end of its epoch of this ``size``: an evaluation's, which goes on by itself.

        Where steps count from 0, step ``size`` is the first of the second epoch, else the last of the first.
        """
        self._renew("at ends", size, from_zero)
        start, stop = len(self.series), len(self._source)
        back = -_EXACT if from_zero else _EXACT
        shares = [step / size - back for step in self._source.x[start:stop]]
        return self._extend(stop, [at // 1.0 + 1.0 if from_zero else -(-at // 1.0) for at in shares])

    def moved(self, epochs: float) -> Series:
        """The points of a series over epochs, moved by so many."""
        self._renew("moved", epochs)
        start, stop = len(self.series), len(self._source)
        return self._extend(stop, [x + epochs for x in self._source.x[start:stop]])

    def _renew(self, *by: object) -> None:
        """Place all points anew where they are placed in another way, or by other figures, than before."""
        if by != self._by:
            self._by, self.series = by, Series(self._key)

    def _extend(self, stop: int, x: list[float]) -> Series:
        if x:
            source, start = self._source, len(self.series)
            self.series.extend(array("d", x), source.value[start:stop], source.time[start:stop])
        return self.series
