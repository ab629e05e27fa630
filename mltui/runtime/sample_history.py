"""An hour of figures in little memory: each sample for the last minutes, the largest of every few seconds before."""

from __future__ import annotations

import math
from array import array
from collections.abc import Iterable, Iterator, Sequence
from operator import attrgetter
from typing import NamedTuple

#: Samples kept one by one: five minutes at one a second.
FINE = 300
#: Seconds that one coarse row stands for, and how many are kept: one hour.
STEP_S = 5.0
COARSE = 720


class Series(NamedTuple):
    """One figure over a window of time, in slices of equal length, oldest first."""

    values: tuple[float | None, ...]
    """The largest value in each slice; ``None`` where there was none."""
    step: float
    """Seconds of a slice."""
    peak: float | None
    """The largest value in the window."""

    @property
    def known(self) -> tuple[float, ...]:
        """The values there are."""
        return tuple(value for value in self.values if value is not None)


NOTHING = Series((), 1.0, None)


class SampleHistory:
    """The past of some figures of samples that carry a ``time``; a figure that is not known then is ``None``."""

    def __init__(self, figures: Sequence[str]) -> None:
        """``figures`` are attributes of the samples, dotted for an attribute of an attribute."""
        self.figures = tuple(figures)
        self._read = attrgetter("time", *self.figures)
        self._fine = _Rows(len(self.figures), FINE)
        self._coarse = _Rows(len(self.figures), COARSE)
        self._open: tuple[float, list[float]] | None = None

    def __len__(self) -> int:
        return len(self._fine)

    def add(self, sample: object) -> None:
        """Take a sample in; they come in the order of their times."""
        time, *values = self._read(sample)
        row = [math.nan if value is None else float(value) for value in values]
        self._fine.add(time, row)
        start = time - time % STEP_S
        if self._open is None or self._open[0] != start:
            if self._open is not None:
                self._coarse.add(*self._open)
            self._open = (start, row)
        else:
            self._open = (start, [_larger(a, b) for a, b in zip(self._open[1], row, strict=True)])

    def points(self, figure: str, since: float) -> Iterator[tuple[float, float]]:
        """Time and value from ``since`` on, as fine as they are kept; what was not known is left out."""
        column = self.figures.index(figure)
        fine_from = self._fine.first_time()
        if since < fine_from:
            yield from self._coarse.column(column, since, fine_from - STEP_S)
        yield from self._fine.column(column, since, math.inf)

    def series(self, figure: str, window: float, slices: int, now: float) -> Series:
        """The last ``window`` seconds until ``now`` in at most ``slices`` slices.

        Slices begin at whole multiples of their length, so that a value stays in its slice while time goes on.
        """
        step = max(window / max(1, slices), 0.001)
        first = math.floor((now - window) / step) + 1
        found: list[float | None] = [None] * (math.floor(now / step) - first + 1)
        peak: float | None = None
        for time, value in self.points(figure, first * step):
            at = math.floor(time / step) - first
            if 0 <= at < len(found):
                known = found[at]
                found[at] = value if known is None else max(known, value)
                peak = value if peak is None else max(peak, value)
        return Series(tuple(found), step, peak)


class _Rows:
    """The last so many rows of numbers, in two flat arrays: a list of lists would take ten times the memory."""

    def __init__(self, width: int, most: int) -> None:
        self._width, self._most = width, most
        self._times = array("d")
        self._values = array("f")
        self._next = 0
        """Where the next row goes once all places are taken: that of the oldest."""

    def __len__(self) -> int:
        return len(self._times)

    def add(self, time: float, row: Iterable[float]) -> None:
        if len(self._times) < self._most:
            # Values first: a reader in another thread counts the times.
            self._values.extend(row)
            self._times.append(time)
            return
        at = self._next
        self._values[at * self._width : (at + 1) * self._width] = array("f", row)
        self._times[at] = time
        self._next = (at + 1) % self._most

    def first_time(self) -> float:
        """Time of the oldest row; endless where there is none."""
        return self._times[self._next % len(self._times)] if self._times else math.inf

    def column(self, column: int, since: float, until: float) -> Iterator[tuple[float, float]]:
        """Time and value of one column, oldest first."""
        times, values, width = self._times, self._values, self._width
        count, start = len(times), self._next
        for i in range(count):
            at = (start + i) % count
            if since <= times[at] < until:
                value = values[at * width + column]
                if value == value:
                    yield times[at], value


def _larger(a: float, b: float) -> float:
    """The larger one, where one may be unknown."""
    return b if a != a or b > a else a
