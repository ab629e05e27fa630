"""What a run used over time: rows of samples by name, thinned with age, and what is to be said of them in figures."""

from __future__ import annotations

import math
from array import array
from collections.abc import Sequence
from typing import NamedTuple

#: Age in seconds from which on rows are joined, and seconds of a joined row.
STEPS = ((600.0, 10.0), (7_200.0, 60.0), (86_400.0, 600.0))
#: Rows of a run at most.
MOST = 8_192


class SampleRow(NamedTuple):
    """The samples of one moment, or of a stretch that ends at ``time``."""

    time: float
    samples: int
    mean: array[float]
    """By column, in 4 bytes each; NaN where nothing was read."""
    peak: array[float]
    """The greatest values; the same as ``mean`` for a row of one sample."""


class Summary(NamedTuple):
    """One figure over a whole run."""

    average: float
    """By time: each sample counts alike."""
    peak: float
    last: float


def summary(names: Sequence[str], rows: Sequence[SampleRow], name: str) -> Summary | None:
    """Average, greatest and last value of a column; ``None`` where nothing of it was read."""
    if name not in names:
        return None
    at = names.index(name)
    total, weight, peak, last = 0.0, 0, -math.inf, math.nan
    for row in rows:
        if at < len(row.mean) and not math.isnan(row.mean[at]):
            total += row.samples * row.mean[at]
            weight += row.samples
            peak, last = max(peak, row.peak[at]), row.mean[at]
    return Summary(total / weight, peak, last) if weight else None


def thinned(rows: Sequence[SampleRow], now: float) -> list[SampleRow]:
    """``rows`` (the oldest first) as coarse as their age at ``now`` allows, and no more than ``MOST``.

    The first one stays as it is: it tells when the run began to be measured, from which times are counted.
    """
    factor = 1.0
    while True:
        joined = [*rows[:1], *_joined(rows[1:], now, factor)]
        if len(joined) <= MOST:
            return joined
        factor *= 2


def device_number(names: Sequence[str], rows: Sequence[SampleRow], uuid: str) -> str:
    """What the GPU is called beside others, ``0`` or ``0:1`` for a part of one, as it was when it was first seen."""
    known = [_first(names, rows, f"gpu.{uuid}.{figure}") for figure in ("index", "part")]
    if known[0] is None:
        return uuid[:8]
    return ":".join(f"{number:.0f}" for number in known if number is not None)


def _first(names: Sequence[str], rows: Sequence[SampleRow], name: str) -> float | None:
    at = next((at for at, one in enumerate(names) if one == name), None)
    known = (row.mean[at] for row in rows if at is not None and at < len(row.mean))
    return next((one for one in known if not math.isnan(one)), None)


def _joined(rows: Sequence[SampleRow], now: float, factor: float) -> list[SampleRow]:
    out: list[SampleRow] = []
    group: list[SampleRow] = []
    key: tuple[float, float] | None = None
    for row in rows:
        # Rows of the future were written before a clock was set back.
        age = abs(now - row.time)
        step = _step(age) * factor if age > STEPS[0][0] else 0.0
        this = (step, math.floor(row.time / step)) if step else None
        if group and (this is None or this != key):
            out.append(_merge(group))
            group = []
        if this is None:
            out.append(row)
        else:
            group.append(row)
        key = this
    if group:
        out.append(_merge(group))
    return out


def _step(age: float) -> float:
    return next((step for older, step in reversed(STEPS) if age > older), 1.0)


def _merge(group: Sequence[SampleRow]) -> SampleRow:
    if len(group) == 1:
        return group[0]
    width = max(len(row.mean) for row in group)
    mean, peak = array("f"), array("f")
    for at in range(width):
        known = [(row.samples, row.mean[at], row.peak[at]) for row in group if at < len(row.mean)]
        known = [one for one in known if not math.isnan(one[1])]
        weight = sum(count for count, _, _ in known)
        mean.append(sum(count * value for count, value, _ in known) / weight if weight else math.nan)
        peak.append(max((high for _, _, high in known), default=math.nan))
    return SampleRow(group[-1].time, sum(row.samples for row in group), mean, peak)
