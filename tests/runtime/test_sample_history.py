"""An hour of figures in bounded memory."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from mltui.runtime.sample_history import COARSE, FINE, STEP_S, SampleHistory


@dataclass(frozen=True)
class Inner:
    """What is below a sample."""

    deep: float | None = None


@dataclass(frozen=True)
class Sample:
    """Figures at a time."""

    time: float
    a: float | None = None
    b: float | None = None
    inner: Inner = field(default_factory=Inner)


def filled(seconds: int, start: float = 1000.0) -> SampleHistory:
    """A sample a second; ``a`` counts up, ``b`` is known for every other one."""
    history = SampleHistory(("a", "b"))
    for i in range(seconds):
        history.add(Sample(start + i, float(i), None if i % 2 else 1.0))
    return history


def test_the_last_minutes_are_kept_one_by_one() -> None:
    """In slices of the length that is asked for, each with its largest value."""
    series = filled(60).series("a", 60, 12, 1059.0)
    assert series.step == 5
    assert series.values[-1] == 59
    assert series.values[0] == 4
    assert series.peak == 59
    assert len(series.values) == 12


def test_a_slice_keeps_its_values_while_time_goes_on() -> None:
    """Slices begin at whole multiples of their length: nothing flickers."""
    history = filled(100)
    first = history.series("a", 50, 10, 1093.0).values
    second = history.series("a", 50, 10, 1094.9).values
    assert first[:-1] == second[:-1]


def test_what_was_not_known_is_left_out() -> None:
    """A slice without any is unknown; the others have what there was."""
    history = SampleHistory(("a", "inner.deep"))
    history.add(Sample(1000.0, None, inner=Inner(5.0)))
    history.add(Sample(1010.0, 2.0))
    series = history.series("a", 20, 4, 1010.0)
    assert series.values == (None, None, None, 2.0)
    assert series.known == (2.0,)
    assert list(history.points("inner.deep", 0)) == [(1000.0, 5.0)]


def test_a_peak_outlives_the_thinning() -> None:
    """Older samples are the largest of every few seconds."""
    history = SampleHistory(("a",))
    for i in range(3000):
        history.add(Sample(float(i), 100.0 if i == 123 else 1.0))
    series = history.series("a", 3600, 60, 2999.0)
    assert series.peak == 100
    assert None not in series.values[-40:]


def test_memory_is_bounded() -> None:
    """After many hours there are as many rows as at the first."""
    history = filled(FINE * 3 + int(COARSE * STEP_S) * 2)
    assert len(history) == FINE
    assert len(history._coarse) == COARSE
    last = FINE * 3 + int(COARSE * STEP_S) * 2 - 1
    points = [value for _, value in history.points("a", 0)]
    assert points == sorted(points)
    assert points[-1] == last
    assert history.series("a", 3600, 60, 1000.0 + last).peak == last


def test_no_time_is_told_twice() -> None:
    """Where fine and coarse meet, each second is in one of them."""
    history = filled(FINE + 200)
    times = [time for time, _ in history.points("a", 0)]
    assert times == sorted(set(times))


@pytest.mark.parametrize("history", [SampleHistory(("a",)), filled(0)])
def test_nothing_yet(history: SampleHistory) -> None:
    """No sample is no peak."""
    series = history.series("a", 60, 10, 1000.0)
    assert series.known == ()
    assert series.peak is None
