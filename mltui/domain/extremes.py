"""The lowest and highest value of any range of a series that grows, without looking at each of its values again."""

from __future__ import annotations

import math
from array import array
from bisect import bisect_left
from collections.abc import Sequence
from itertools import pairwise

BLOCK = 16
"""Points per block of the finest level; a column is built from blocks at most a quarter of its size."""
FAN_OUT = 4


class Extremes:
    """Lowest and highest finite value of any range of a growing array, from blocks of blocks.

    Costs a sixteenth of the array's own memory per level and 0.1 µs per appended point; a range of any length is
    answered from a handful of blocks.
    """

    def __init__(self, values: array[float], nonfinite: Sequence[int]) -> None:
        self._values = values
        self._nonfinite = nonfinite
        self._low: list[array[float]] = [array("d")]
        self._high: list[array[float]] = [array("d")]

    def catch_up(self) -> None:
        """Take in what was appended since the last call."""
        done, whole = len(self._low[0]) * BLOCK, len(self._values) // BLOCK * BLOCK
        if whole <= done:
            return
        parts = [self._values[done + k : whole : BLOCK] for k in range(BLOCK)]
        low, high = list(map(min, *parts)), list(map(max, *parts))
        # min and max depend on the order around a NaN: blocks with one are done again, one value at a time.
        bad = self._nonfinite[bisect_left(self._nonfinite, done) : bisect_left(self._nonfinite, whole)]
        for b in {(i - done) // BLOCK for i in bad}:
            low[b], high[b] = _finite_extremes(self._values[done + b * BLOCK : done + (b + 1) * BLOCK])
        self._low[0].extend(low)
        self._high[0].extend(high)
        self._raise_levels()

    def _raise_levels(self) -> None:
        level = 0
        while True:
            low, high = self._low[level], self._high[level]
            if len(self._low) == level + 1:
                if len(low) < FAN_OUT * FAN_OUT:
                    return
                self._low.append(array("d"))
                self._high.append(array("d"))
            done, whole = len(self._low[level + 1]) * FAN_OUT, len(low) // FAN_OUT * FAN_OUT
            if whole > done:
                self._low[level + 1].extend(map(min, *(low[done + k : whole : FAN_OUT] for k in range(FAN_OUT))))
                self._high[level + 1].extend(map(max, *(high[done + k : whole : FAN_OUT] for k in range(FAN_OUT))))
            level += 1

    def between(self, edges: Sequence[int], size: int) -> tuple[list[float], list[float]]:
        """Lowest and highest finite values from each of the ascending ``edges`` to the next; inf and -inf without any.

        Ranges much longer than a block, which ``size`` says of most of them, are told from whole blocks, their edges
        moved to the next block (a quarter of a range at most).
        """
        level, block = self._block_for(size)
        if level < 0:
            return self._between_points(edges, size)
        lows, highs = self._low[level], self._high[level]
        bounds = [edge // block for edge in edges]
        low: list[Sequence[float]] = [lows[a:b] for a, b in pairwise(bounds)]
        high: list[Sequence[float]] = [highs[a:b] for a, b in pairwise(bounds)]
        for i, (a, b) in enumerate(pairwise(bounds)):
            if b - a < 4 or b >= len(lows):
                least, most = self.of_range(a * block, edges[i + 1])
                low[i], high[i] = [least], [most]
        return list(map(min, low)), list(map(max, high))

    def _between_points(self, edges: Sequence[int], size: int) -> tuple[list[float], list[float]]:
        """The same for short ranges, exactly."""
        if self._nonfinite_within(edges[0], edges[-1]):
            found = [self.of_range(a, b) for a, b in pairwise(edges)]
            return [low for low, _ in found], [high for _, high in found]
        low = high = [self._values[a:b] for a, b in pairwise(edges)]
        if size >= 2 * BLOCK:
            low, high = low[:], high[:]
            for i, (a, b) in enumerate(pairwise(edges)):
                first, last = -(-a // BLOCK), b // BLOCK
                if first < last <= len(self._low[0]):
                    ends = self._values[a : first * BLOCK] + self._values[last * BLOCK : b]
                    low[i], high[i] = ends + self._low[0][first:last], ends + self._high[0][first:last]
        return list(map(min, low)), list(map(max, high))

    def _nonfinite_within(self, start: int, stop: int) -> bool:
        return bisect_left(self._nonfinite, start) < bisect_left(self._nonfinite, stop)

    def _block_for(self, size: int) -> tuple[int, int]:
        """Level and block length to use for ranges of about ``size`` points; level -1 means the points themselves."""
        level, block = -1, 1
        length = BLOCK
        while level + 1 < len(self._low) and length * 4 <= size:
            level, block = level + 1, length
            length *= FAN_OUT
        return level, block

    def of_range(self, start: int, stop: int) -> tuple[float, float]:
        """Extremes of the finite values of a range, exactly; (inf, -inf) where there are none."""
        if stop - start <= BLOCK:
            return _finite_extremes(self._values[start:stop])
        low, high = math.inf, -math.inf
        while start < stop:
            level, block = self._widest(start, stop)
            if level < 0:
                end = min(stop, (start // BLOCK + 1) * BLOCK)
                a, b = _finite_extremes(self._values[start:end])
            else:
                end = start + block
                a, b = self._low[level][start // block], self._high[level][start // block]
            low, high, start = min(low, a), max(high, b), end
        return low, high

    def _widest(self, start: int, stop: int) -> tuple[int, int]:
        found, level, block = (-1, 1), 0, BLOCK
        while level < len(self._low) and start % block == 0 and start + block <= stop:
            if start // block >= len(self._low[level]):
                break
            found = (level, block)
            level, block = level + 1, block * FAN_OUT
        return found


def _finite_extremes(values: Sequence[float]) -> tuple[float, float]:
    # A sum is finite only where all its parts are; adding them up is quicker than asking each.
    finite = values if math.isfinite(sum(values)) else [v for v in values if math.isfinite(v)]
    return (min(finite), max(finite)) if finite else (math.inf, -math.inf)
