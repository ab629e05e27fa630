"""What a running training's figures mean: one sentence each, with the figures behind it, and silence where all is well.

Every rule looks at means, medians or minima over minutes, never at single samples, and wants a fair time to pass first:
a false alarm costs more trust than a late one.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from statistics import median
from typing import NamedTuple

from mltui.domain.figures import format_bytes, format_cores, format_duration, format_percent
from mltui.domain.samples import SampleRow
from mltui.domain.scale import format_x
from mltui.domain.text import one_line


class InsightKind(StrEnum):
    """What is meant, the most urgent first."""

    DIVERGED = "diverged"
    MEMORY_SOON = "memory soon full"
    STALLED = "stalled"
    GPU_UNUSED = "gpu unused"
    INPUT_BOUND = "input-bound"
    THROTTLED = "throttled"
    LEAK = "leak"


class Insight(NamedTuple):
    """One thing to know."""

    kind: InsightKind
    text: str
    figures: str
    """What it was concluded from."""


class Loss(NamedTuple):
    """The end of a series that is to fall."""

    name: str
    axis: str
    since: float
    """x of the first of the last values that are all NaN or infinite."""
    values: int
    """How many these are; 0 for a series that is well."""


@dataclass(frozen=True, slots=True)
class Observed:
    """What is known of a running run at ``now``; times are seconds since 1970."""

    now: float
    started: float
    names: Sequence[str] = ()
    """Columns of ``rows``: ``run.memory``, ``gpu.<uuid>.utilization``."""
    rows: Sequence[SampleRow] = ()
    activity: Sequence[float] = ()
    """When it printed something, in order; the newest of them."""
    losses: Sequence[Loss] = ()
    has_gpus: bool = False


#: Seconds that "lately" is, and samples that must be there for it.
_LATELY_S, _LATELY_N = 60.0, 40
#: Input-bound: the GPU below, the CPU at least at these shares.
_GPU_WAITS, _CPU_FULL = 0.4, 0.9
#: Throttled in at least this share of the time slices.
_THROTTLED = 0.25
#: A GPU that after so long was never above this was not used.
_FAIR_S, _USED = 300.0, 0.01
#: Memory: what is looked at, from which share on, and how soon it must be full.
_TREND_S, _FULL_FROM, _SOON_S = 240.0, 0.6, 900.0
#: A leak: least time it is looked for in, parts of that time, least growth (share of the memory at its start).
_LEAK_S, _LEAK_PARTS, _LEAK_GROWTH = 1_800.0, 6, 0.1
#: Stalled: silent for so many of its usual and of its longest pauses, and seconds at least.
_USUAL, _LONGEST, _SILENT_S, _RHYTHM = 10.0, 3.0, 60.0, 6
#: Values in a row that must be no numbers.
_NO_NUMBERS = 2


def insights(observed: Observed) -> tuple[Insight, ...]:
    """All that holds now, the most urgent first. A CPU limit that makes the GPU wait is said once."""
    found = [one for rule in _RULES if (one := rule(observed)) is not None]
    kinds = {one.kind for one in found}
    hidden = {InsightKind.THROTTLED} if InsightKind.INPUT_BOUND in kinds else set()
    hidden |= {InsightKind.LEAK} if InsightKind.MEMORY_SOON in kinds else set()
    return tuple(one for one in found if one.kind not in hidden)


def _columns(observed: Observed, wanted: Callable[[str], bool]) -> list[int]:
    return [at for at, name in enumerate(observed.names) if wanted(name)]


def _values(observed: Observed, name: str, seconds: float) -> list[tuple[float, float]]:
    """Time and value of a column in the last ``seconds``, what could not be read left out."""
    columns = _columns(observed, lambda one: one == name)
    if not columns:
        return []
    at, since = columns[0], observed.now - seconds
    rows = _since(observed.rows, since)
    return [(row.time, row.mean[at]) for row in rows if at < len(row.mean) and not math.isnan(row.mean[at])]


def _since(rows: Sequence[SampleRow], since: float) -> Iterator[SampleRow]:
    first = len(rows)
    while first > 0 and rows[first - 1].time >= since:
        first -= 1
    return (rows[at] for at in range(first, len(rows)))


def _lately(observed: Observed, name: str) -> float | None:
    """The mean of the last minute, where it was sampled for long enough."""
    values = [value for _, value in _values(observed, name, _LATELY_S)]
    return sum(values) / len(values) if len(values) >= _LATELY_N else None


def _last(observed: Observed, name: str) -> float | None:
    values = _values(observed, name, _LATELY_S)
    return values[-1][1] if values else None


def _gpus(observed: Observed) -> list[str]:
    return [name for name in observed.names if name.startswith("gpu.") and name.endswith(".utilization")]


def _input_bound(observed: Observed) -> Insight | None:
    shares = [share for name in _gpus(observed) if (share := _lately(observed, name)) is not None]
    cpu, limit = _lately(observed, "run.cpu"), _last(observed, "run.cpu_limit")
    if not shares or cpu is None or not limit:
        return None
    gpu = sum(shares) / len(shares)
    if gpu >= _GPU_WAITS or cpu / limit < _CPU_FULL:
        return None
    figures = (
        f"last minute: GPU {format_percent(gpu)}, CPU {format_cores(cpu)} / {format_cores(limit)} cores "
        f"= {format_percent(cpu / limit)}"
    )
    return Insight(InsightKind.INPUT_BOUND, "Input-bound: the GPU waits for the CPU", figures)


def _throttled(observed: Observed) -> Insight | None:
    share, limit = _lately(observed, "run.throttled"), _last(observed, "run.cpu_limit")
    if share is None or share < _THROTTLED:
        return None
    figures = f"in {format_percent(share)} of the last minute's time slices, limit {format_cores(limit)} cores"
    return Insight(InsightKind.THROTTLED, "Held back at its CPU limit", figures)


def _gpu_unused(observed: Observed) -> Insight | None:
    names = _gpus(observed)
    ran = observed.now - observed.started
    if not (observed.has_gpus and names and observed.rows) or ran < _FAIR_S:
        return None
    if observed.rows[0].time - observed.started > _FAIR_S:
        # It was not sampled from its start: it may have used them before.
        return None
    columns = _columns(observed, lambda name: name in names)
    peak = max((row.peak[at] for row in observed.rows for at in columns if at < len(row.peak)), default=math.nan)
    if math.isnan(peak) or peak > _USED:
        return None
    which = "Its GPU was" if len(names) == 1 else f"None of its {len(names)} GPUs was"
    tail = "never used yet" if len(names) == 1 else "used yet"
    return Insight(
        InsightKind.GPU_UNUSED, f"{which} {tail}", f"{format_percent(peak)} at most in {format_duration(ran)}"
    )


def _memory_soon(observed: Observed) -> Insight | None:
    values = _values(observed, "run.memory", _TREND_S)
    limit = _last(observed, "run.memory_limit")
    if not limit or len(values) < 2 * _LATELY_N or values[-1][0] - values[0][0] < _TREND_S / 2:
        return None
    now, pace = values[-1][1], _pace(values)
    if pace is None or now / limit < _FULL_FROM:
        return None
    left = max(0.0, limit - now) / pace
    if left > _SOON_S:
        return None
    figures = (
        f"{format_bytes(now)} / {format_bytes(limit)} = {format_percent(now / limit)}, "
        f"+{format_bytes(60 * pace)} a minute"
    )
    return Insight(InsightKind.MEMORY_SOON, f"Memory is full in about {format_duration(left)} at this rate", figures)


def _pace(values: Sequence[tuple[float, float]]) -> float | None:
    """Growth a second where the medians of three thirds rise alike, and with them what is used at least.

    A step, a saw or a curve that flattens is no pace.
    """
    third = len(values) // 3
    parts = [values[:third], values[third : 2 * third], values[2 * third :]]
    middle = [median(value for _, value in part) for part in parts]
    first, second = middle[1] - middle[0], middle[2] - middle[1]
    seconds = median(time for time, _ in parts[2]) - median(time for time, _ in parts[0])
    least = [min(value for _, value in part) for part in parts]
    floor = min(least[1] - least[0], least[2] - least[1])
    if seconds <= 0 or min(first, second) <= 0 or min(first, second, 2 * floor) < 0.4 * max(first, second):
        return None
    return (first + second) / seconds


def _leak(observed: Observed) -> Insight | None:
    since = observed.started + 0.2 * (observed.now - observed.started)
    values = _values(observed, "run.memory", observed.now - since)
    if not values or values[-1][0] - values[0][0] < _LEAK_S:
        return None
    # The least of each part: what a leak leaves behind, whatever is used and given back in between.
    length = (values[-1][0] - values[0][0]) / _LEAK_PARTS
    parts: list[list[float]] = [[] for _ in range(_LEAK_PARTS)]
    for time, value in values:
        parts[min(_LEAK_PARTS - 1, int((time - values[0][0]) / length))].append(value)
    if not all(parts):
        return None
    least = [min(part) for part in parts]
    steps = [after - before for before, after in itertools.pairwise(least)]
    growth = least[-1] - least[0]
    if min(steps) <= 0 or growth < _LEAK_GROWTH * least[0] or min(steps[-2:]) < 0.5 * growth / len(steps):
        return None
    took = length * (_LEAK_PARTS - 1)
    figures = f"+{format_bytes(growth)} in {format_duration(took)}, now {format_bytes(values[-1][1])}"
    return Insight(InsightKind.LEAK, "Memory grows steadily, as with a leak", figures)


def _stalled(observed: Observed) -> Insight | None:
    times = observed.activity
    pauses = [after - before for before, after in itertools.pairwise(times) if after > before]
    if len(pauses) < _RHYTHM:
        return None
    usual, longest = median(pauses), max(pauses)
    silent = observed.now - times[-1]
    if silent < max(_SILENT_S, _USUAL * usual, _LONGEST * longest):
        return None
    cpu = _lately(observed, "run.cpu")
    busy = f", CPU {format_cores(cpu)} cores" if cpu is not None else ""
    figures = f"before, every {max(1, round(usual))} s and after {format_duration(longest)} at most{busy}"
    return Insight(InsightKind.STALLED, f"It has printed nothing for {format_duration(silent)}", figures)


def _diverged(observed: Observed) -> Insight | None:
    for loss in observed.losses:
        if loss.values >= _NO_NUMBERS:
            text = f"{one_line(loss.name, 30)} is not finite: the training diverged"
            figures = f"since {one_line(loss.axis, 12)} {format_x(loss.since)}, {loss.values} values"
            return Insight(InsightKind.DIVERGED, text, figures)
    return None


_RULES = (_diverged, _memory_soon, _stalled, _gpu_unused, _input_bound, _throttled, _leak)


@dataclass(slots=True)
class _Held:
    insight: Insight
    first: float
    last: float
    shown: bool = False
    told: float = 0.0


@dataclass(slots=True)
class InsightTracker:
    """Makes what holds now into what is shown: after it has held for a while, until it has not for a while."""

    settle_s: float = 10.0
    linger_s: float = 30.0
    refresh_s: float = 5.0
    """The figures of what is shown change no more often than this."""
    most: int = 2
    _held: dict[InsightKind, _Held] = field(default_factory=dict)

    def update(self, now: float, found: Iterable[Insight]) -> tuple[Insight, ...]:
        """What to show at ``now``, the most urgent first; ``found`` is what holds."""
        for insight in found:
            held = self._held.get(insight.kind)
            if held is None:
                held = self._held[insight.kind] = _Held(insight, now, now)
            held.last = now
            if now - held.told >= self.refresh_s or not held.shown:
                held.insight, held.told = insight, now
        for kind, held in list(self._held.items()):
            # What comes and goes never settles; what is shown stays for a while.
            if held.last < now and (not held.shown or now - held.last > self.linger_s):
                del self._held[kind]
            elif now - held.first >= self.settle_s:
                held.shown = True
        shown = [held.insight for kind in InsightKind if (held := self._held.get(kind)) and held.shown]
        return tuple(shown[: self.most])
