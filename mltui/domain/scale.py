"""Axes: where a value lies between two limits, which ticks an axis shows and how they are written.

Everything here takes any finite float, up to the largest ones and down to denormals, and gives finite answers.
"""

from __future__ import annotations

import math
import time as clock
from collections.abc import Iterable
from typing import NamedTuple

from mltui.domain.figures import format_value, short_exponent

HUGE = 1.7e308
"""Limits stay below this, so that adding a margin cannot reach infinity."""
FAR = 1_000_000
"""No place on an axis is further away than this from its start."""
_TIME_STEPS = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400)
_SUFFIXES = ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k"))


class Scale(NamedTuple):
    """An axis from ``low`` to ``high`` (``low < high``, both finite; both above zero where it is logarithmic)."""

    low: float
    high: float
    log: bool = False

    def position(self, value: float) -> float:
        """``value`` as a share of the axis: 0 at ``low``, 1 at ``high``; outside it lies below 0 or above 1."""
        if self.log:
            low = math.log10(self.low)
            return (math.log10(max(value, 5e-324)) - low) / (math.log10(self.high) - low)
        span = self.high - self.low
        if span < HUGE:
            return _bounded((value - self.low) / span)
        return _bounded((value / 4 - self.low / 4) / (self.high / 4 - self.low / 4))

    def indexes(self, values: Iterable[float], last: int) -> list[int]:
        """For each value the nearest of ``last + 1`` places: 0 at ``low``, ``last`` at ``high``.

        Values outside the scale get places outside, as far as :data:`FAR`.
        """
        low, span = self.low, self.high - self.low
        if self.log or span >= HUGE:
            places = [self.position(v) * last + 0.5 for v in values]
        else:
            places = [(v - low) / span * last + 0.5 for v in values]
        if places and min(places) > -FAR and max(places) < FAR:
            return list(map(math.floor, places))
        return [math.floor(p) if -FAR < p < FAR else (FAR if p > 0 else -FAR) for p in places]

    def value(self, position: float) -> float:
        """The value at a share of the axis: the inverse of :meth:`position`, kept finite."""
        if self.log:
            low, high = math.log10(self.low), math.log10(self.high)
            return float(10.0 ** min(max(low + position * (high - low), -323.0), 308.0))
        span = self.high - self.low
        if span < HUGE:
            return _bounded(self.low + span * position)
        return _bounded((self.low / 4 + (self.high / 4 - self.low / 4) * position) * 4)

    def zoomed(self, factor: float, around: float = 0.5) -> Scale:
        """The part of the axis that is ``factor`` as long, with the value at share ``around`` kept in its place."""
        low, high = self.value(around - around * factor), self.value(around + (1 - around) * factor)
        return Scale(low, high, self.log) if low < high else self

    def shifted(self, share: float) -> Scale:
        """The axis moved by a share of its length, its length kept."""
        low, high = self.value(share), self.value(1 + share)
        return Scale(low, high, self.log) if low < high else self


def _bounded(value: float) -> float:
    return min(max(value, -HUGE), HUGE)


def fit(low: float, high: float, log: bool = False, margin: float = 0.0) -> Scale:
    """The scale that shows ``low`` to ``high`` with a share ``margin`` left free at both ends.

    One value alone is put in the middle, zero alone at the low end; on a logarithmic axis what is not above zero counts
    as the smallest decade.
    """
    low, high = _bounded(min(low, high)), _bounded(max(low, high))
    if log:
        high = max(high, 1e-300)
        low = low if low > 0 else high / 1000
        if low >= high / 1.0001:
            low, high = low / 2, min(high * 2, HUGE)
        return Scale(low, high, True).zoomed(1 + 2 * margin) if margin else Scale(low, high, True)
    if high - low <= abs(high) * 1e-14:
        pad = abs(high) * 0.1
        # A little below the middle, where rounding cannot put the value and its tick into different rows.
        return Scale(_bounded(low - pad), _bounded(high + 1.01 * pad)) if pad > 1e-300 else Scale(0.0, 1.0)
    if high - low < 1e-300:
        return Scale(low - 1e-300, high + 1e-300)
    return Scale(low, high).zoomed(1 + 2 * margin) if margin else Scale(low, high)


class Tick(NamedTuple):
    """A place on an axis and what is written there."""

    value: float
    label: str


def ticks(scale: Scale, count: int) -> list[Tick]:
    """About ``count`` round values inside the scale, written as short as their distance allows."""
    if scale.log:
        return _log_ticks(scale, count)
    return _linear_ticks(scale, nice_step(scale.high / max(count, 1) - scale.low / max(count, 1)))


def nice_step(raw: float) -> float:
    """The smallest of 1, 2, 5 × a power of ten that is not below ``raw`` (above zero)."""
    if not 1e-290 < raw < HUGE:
        return raw
    power = 10.0 ** math.floor(math.log10(raw))
    return next((f * power for f in (1.0, 2.0, 5.0) if f * power >= raw * 0.999), 10.0 * power)


def _linear_ticks(scale: Scale, step: float) -> list[Tick]:
    if step <= 0:
        return []
    first, last = math.ceil(scale.low / step - 1e-9), math.floor(scale.high / step + 1e-9)
    values = [k * step for k in range(first, min(last, first + 100) + 1)]
    values = [0.0 if abs(v) < step / 2 else v for v in values if math.isfinite(v)]
    found = [Tick(v, format_tick(v, step)) for v in values]
    if any("e-" in tick.label for tick in found):
        # One way of writing for all: ``1e-3`` over ``5e-4``.
        found = [Tick(v, _exponential(v, step) if v else "0") for v in values]
    return _distinct(found)


def _log_ticks(scale: Scale, count: int) -> list[Tick]:
    low, high = math.floor(math.log10(scale.low)), math.ceil(math.log10(scale.high))
    stride = max(1, math.ceil((high - low) / max(count, 1)))
    factors = (1, 2, 5) if (high - low) * 2 <= count else (1,)
    values = [float(f"{f}e{k}") for k in range(low, high + 1, stride) for f in factors if -300 < k < 308]
    inside = [v for v in values if scale.low * 0.9999 <= v <= scale.high * 1.0001]
    if len(inside) < 2 and scale.high < 100 * scale.low:
        step = nice_step((scale.high - scale.low) / max(count, 1))
        return [t for t in _linear_ticks(Scale(scale.low, scale.high), step) if t.value >= scale.low]
    return [Tick(v, format_tick(v, v)) for v in inside]


def _distinct(found: list[Tick]) -> list[Tick]:
    """Ticks whose text is that of their neighbour (closer than a float can tell) say nothing: they go."""
    return [t for i, t in enumerate(found) if i == 0 or t.label != found[i - 1].label]


def format_tick(value: float, step: float) -> str:
    """``value`` with the digits that ticks ``step`` apart need: ``0.25``, ``1500``, ``20k``, ``3e-5``."""
    if value == 0:
        return "0"
    size = abs(value)
    if size >= 1e15 or size < 1e-3:
        return _exponential(value, step)
    decimals = max(0, min(15, -math.floor(math.log10(max(step, 1e-300)) + 1e-9)))
    plain = f"{value:.{decimals}f}"
    if size < 10_000:
        return plain
    for unit, suffix in _SUFFIXES:
        if size >= unit:
            decimals = max(0, min(15, -math.floor(math.log10(step / unit) + 1e-9)))
            scaled = f"{value / unit:.{decimals}f}{suffix}"
            return scaled if len(scaled) < len(plain) else plain
    return plain


def _exponential(value: float, step: float) -> str:
    digits = max(0, min(15, math.floor(math.log10(abs(value))) - math.floor(math.log10(max(step, 1e-300)) + 1e-9)))
    return short_exponent(f"{value:.{digits}e}")


def format_x(value: float) -> str:
    """An x as it was logged: whole numbers without a point, others with four decimals, or four significant ones."""
    if not math.isfinite(value):
        return format_value(value)
    if value == int(value) and abs(value) < 1e15:
        return str(int(value))
    if not 1e-3 <= abs(value) < 1e6:
        return short_exponent(f"{value:.3e}")
    decimals = max(4, 3 - math.floor(math.log10(abs(value))))
    return f"{value:.{decimals}f}".rstrip("0").rstrip(".")


def format_elapsed(seconds: float, step: float | None = None) -> str:
    """A place on an axis of time: ``45s``, ``1m30s``, ``2h05m``, ``3d04h``, two units at most, and a sign.

    Ticks, which are ``step`` seconds apart, have all the units and digits that tell one from the next.
    """
    if not math.isfinite(seconds):
        return format_value(seconds)
    digits = (1 if abs(seconds) < 10 else 0) if step is None else _fraction(step)
    rest = rounded = round(min(abs(seconds), 1e12), digits)
    parts: list[str] = []
    for unit, name in ((86400, "d"), (3600, "h"), (60, "m")):
        count, rest = divmod(rest, unit)
        if count or parts:
            parts.append(f"{count:02.0f}{name}" if parts else f"{count:.0f}{name}")
    rest = round(rest, digits)
    digits = 0 if rest == int(rest) else digits
    parts.append(f"{rest:0{digits + 2 + bool(digits)}.{digits}f}s" if parts else f"{rest:.{digits}f}s")
    parts = parts[: 2 if step is None else len(parts)]
    while len(parts) > 1 and not parts[-1][:-1].strip("0"):
        parts.pop()
    return ("-" if seconds < 0 < rounded else "") + "".join(parts)


def format_clock(seconds: float, step: float = 1.0) -> str:
    """A wall time (seconds since 1970) in the local zone, with seconds, and parts of them, only where ticks ``step``
    seconds apart need them."""
    digits = _fraction(step)
    try:
        whole, part = divmod(round(seconds * 10**digits), 10**digits)
        parts = clock.localtime(whole)
    except (OverflowError, ValueError, OSError):
        return format_value(seconds)
    if step >= 86400:
        return clock.strftime("%m-%d", parts)
    text = clock.strftime("%H:%M" if step >= 60 else "%H:%M:%S", parts)
    return f"{text}.{part:0{digits}d}" if digits else text


def _fraction(step: float) -> int:
    """Digits behind the point of a second that ticks ``step`` seconds apart need."""
    return max(0, min(6, -math.floor(math.log10(max(step, 1e-300)) + 1e-9)))


def duration_ticks(scale: Scale, count: int) -> list[Tick]:
    """Ticks of an axis of seconds, at round seconds, minutes, hours or days."""
    step = _time_step(scale, count)
    return _distinct([Tick(t.value, format_elapsed(t.value, step)) for t in _linear_ticks(scale, step)])


def clock_ticks(scale: Scale, count: int) -> list[Tick]:
    """Ticks of an axis of wall times, at round local times."""
    step = _time_step(scale, count)
    zone = _ahead_of_utc(scale.low) if step > 60 else 0
    local = Scale(scale.low + zone, scale.high + zone)
    found = (tick.value - zone for tick in _linear_ticks(local, step))
    return _distinct([Tick(value, format_clock(value, step)) for value in found])


def _ahead_of_utc(seconds: float) -> int:
    """Seconds by which the local zone is ahead of UTC at that time."""
    try:
        return clock.localtime(seconds).tm_gmtoff
    except (OverflowError, ValueError, OSError):
        return 0


def _time_step(scale: Scale, count: int) -> float:
    """Round seconds, minutes, hours or days between about ``count`` ticks."""
    raw = (scale.high - scale.low) / max(count, 1)
    if raw < 1 or raw > 86400:
        return nice_step(raw) if raw < 1 else 86400 * nice_step(raw / 86400)
    return float(next((s for s in _TIME_STEPS if s >= raw), _TIME_STEPS[-1]))
