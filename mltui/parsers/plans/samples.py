"""Counters that count samples although the log steps in batches: ``[640/60000 (1%)]``.

Many scripts print ``batch_index * len(batch)`` of the data set's size. The batch size itself is not printed, but it
follows from the first distance, which is a round number of batches of a size that is a power of two, and from the
percentage, which is taken of the batches. The last line of an epoch, whose batch is smaller, has a false sample
count; its percentage is right.
"""

from __future__ import annotations

import math

_INTERVALS = (10, 100, 1, 50, 20, 200, 5, 25, 500, 1000)


def batch_size(samples: float, total: float, percent: float | None) -> float:
    """The batch size that explains ``samples`` of ``total`` at ``percent``; 0 if they are not samples."""
    if not 0 < samples <= total or not 500 <= total < 1e12:
        return 0.0
    for interval in _INTERVALS[:3] if percent is None else _INTERVALS:
        size = samples / interval
        if size < (16 if percent is None else 8) or not size.is_integer() or int(size) & (int(size) - 1):
            continue
        if percent is None or abs(100 * interval / math.ceil(total / size) - percent) <= 0.5001:
            return size
    return 0.0
