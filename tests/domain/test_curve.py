"""Curves: columns keep extremes, gaps are cut, smoothing is TensorBoard's, scales stay finite."""

from __future__ import annotations

import math
import random
import re
import time
from array import array
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mltui.domain.curve import (
    MAX_SWEEPS,
    Smoother,
    Trace,
    XAxis,
    downsample,
    finite_before,
    interpolate,
    nearest,
    quantile_limits,
    split,
)
from mltui.domain.extremes import Extremes
from mltui.domain.metric import Series, SeriesKey
from mltui.domain.scale import (
    HUGE,
    Scale,
    clock_ticks,
    duration_ticks,
    fit,
    format_elapsed,
    format_tick,
    format_x,
    nice_step,
    ticks,
)

anything = st.floats(width=64)
finite = st.floats(-HUGE, HUGE)


def series_of(values, xs=None, axis="step"):
    made = Series(SeriesKey("loss", axis))
    for i, value in enumerate(values):
        made.add(float(i if xs is None else xs[i]), value, 1.7e9 + i)
    return made


def traced(values, xs=None):
    trace = Trace(series_of(values, xs))
    trace.catch_up()
    return trace


def drawn(trace, columns=50, low=None, high=None):
    xs = trace.series.x
    scale = fit(xs[0] if low is None else low, xs[-1] if high is None else high)
    stretches = trace.stretches(XAxis.LOGGED, scale.low, scale.high, 1000)
    return [downsample(trace, XAxis.LOGGED, a, b, scale, columns) for a, b in stretches]


def test_a_spike_of_one_point_among_a_million_survives():
    values = array("d", bytes(8 * 1_000_000))
    values[777_777], values[5] = 9.0, -3.0
    series = Series(SeriesKey("loss", "step"))
    series.extend(array("d", range(1_000_000)), values, array("d", range(1_000_000)))
    trace = Trace(series)
    trace.catch_up()
    (found,) = drawn(trace, 240)
    assert max(found.high) == 9.0
    assert min(found.low) == -3.0
    assert found.reduced
    assert found.points == 1_000_000


def test_few_points_are_all_drawn_and_nothing_is_called_reduced():
    (found,) = drawn(traced([3.0, 1.0, 2.0]))
    assert found.low == [3.0, 1.0, 2.0]
    assert found.at == [0, 25, 49]
    assert not found.reduced


@given(st.lists(finite, min_size=2, max_size=2000), st.integers(2, 40))
def test_every_column_keeps_first_low_high_and_last_of_its_points(values, columns):
    found = drawn(traced(values), columns)
    assert min(low for d in found for low in d.low) == min(values)
    assert max(high for d in found for high in d.high) == max(values)
    assert found[0].first[0] == values[0]
    for d in found:
        told = zip(d.first, d.low, d.high, d.last, strict=True)
        assert all(low <= first <= high and low <= last <= high for first, low, high, last in told)
        assert d.at == sorted(set(d.at))


@pytest.mark.parametrize("spread", [0.0, 1e-9, 0.4, 30.0])
@pytest.mark.parametrize("far", [1.0, 1e-200, 1e200])
def test_points_fall_into_the_nearest_column_however_evenly_they_stand(spread, far):
    rng = random.Random(0)
    xs = sorted(far * (i + rng.uniform(0, spread)) for i in range(500))
    values = [rng.random() for _ in xs]
    (found,) = drawn(traced(values, xs), 40)
    places = fit(xs[0], xs[-1]).indexes(xs, 39)
    assert found.at == sorted(set(places))
    assert found.high == [max(v for v, at in zip(values, places, strict=True) if at == k) for k in found.at]


@given(st.lists(anything, max_size=600), st.data())
def test_extremes_of_any_range_are_those_of_its_finite_values(values, data):
    series = series_of([])
    extremes = Extremes(series.value, series.nonfinite)
    for value in values:
        series.add(0.0, value, 0.0)
        if data.draw(st.booleans()) or len(values) < 100:
            extremes.catch_up()
    extremes.catch_up()
    start = data.draw(st.integers(0, len(values)))
    stop = data.draw(st.integers(start, len(values)))
    inside = [v for v in values[start:stop] if math.isfinite(v)]
    assert extremes.of_range(start, stop) == (min(inside, default=math.inf), max(inside, default=-math.inf))


@given(st.lists(finite, max_size=900), st.lists(st.integers(0, 900)), st.lists(st.integers(0, 900), max_size=2))
def test_extremes_of_short_ranges_are_those_of_each_of_them(values, cuts, gaps):
    values = [math.nan if i in gaps else value for i, value in enumerate(values)]
    series = series_of(values)
    extremes = Extremes(series.value, series.nonfinite)
    extremes.catch_up()
    edges = sorted({0, len(values), *(cut for cut in cuts if cut < len(values))})
    found = list(zip(*extremes.between(edges, 40), strict=True))
    assert found == [extremes.of_range(a, b) for a, b in pairwise(edges)]


def test_extremes_grow_with_the_series_as_if_built_at_once():
    rng = random.Random(0)
    values = [rng.gauss(0, 1) if rng.random() > 0.01 else math.nan for _ in range(5000)]
    series, grown = series_of([]), None
    grown = Extremes(series.value, series.nonfinite)
    for i, value in enumerate(values):
        series.add(i, value, i)
        if i % 37 == 0:
            grown.catch_up()
    grown.catch_up()
    whole = Extremes(series.value, series.nonfinite)
    whole.catch_up()
    for start, stop in [(0, 5000), (3, 4999), (1000, 1001), (17, 2345), (4096, 5000)]:
        assert grown.of_range(start, stop) == whole.of_range(start, stop)


def test_a_curve_is_cut_at_values_that_are_no_number():
    assert list(split(0, 5, [1, 4])) == [(0, 1), (2, 4)]
    assert len(drawn(traced([1.0, 2.0, math.nan, 4.0, 5.0]))) == 2


def test_a_run_that_starts_over_draws_its_second_pass_over_the_first():
    trace = traced([3.0, 2.0, 1.0, 9.0, 8.0, 7.0], xs=[1, 2, 3, 1, 2, 3])
    assert list(trace.sweeps(XAxis.LOGGED)) == [(0, 3), (3, 6)]
    assert list(trace.sweeps(XAxis.RELATIVE)) == [(0, 6)]
    assert len(drawn(trace, low=1, high=3)) == 2


def test_an_x_that_keeps_falling_back_is_replaced_by_the_order_of_the_points():
    trace = traced([0.0] * (2 * MAX_SWEEPS + 4), xs=[0, 1] * (MAX_SWEEPS + 2))
    assert not trace.ordered(XAxis.LOGGED)
    assert list(trace.x(XAxis.LOGGED)) == list(range(2 * MAX_SWEEPS + 4))


def test_an_x_that_is_no_number_is_replaced_by_the_order_of_the_points():
    assert not traced([1.0, 2.0], xs=[0.0, math.nan]).ordered(XAxis.LOGGED)


def test_a_line_that_leaves_the_window_goes_to_the_point_beyond_it():
    (found,) = drawn(traced([0.0, 10.0, 0.0]), columns=11, low=0.5, high=1.5)
    assert (found.at[0], found.low[0]) == (0, 5.0)
    assert (found.at[-1], found.low[-1]) == (10, 5.0)
    assert found.points == 1


def test_smoothing_is_the_debiased_average_of_tensorboard():
    # By hand: s1 = .5*4 = 2, s2 = 1 + .5*2 = 2, s3 = 1 + .5*8 = 5; divided by 1 - .5^n.
    assert list(Smoother(series_of([4.0, 2.0, 8.0]), 0.5).catch_up().value) == pytest.approx([4.0, 2 / 0.75, 5 / 0.875])


def test_smoothing_passes_values_over_that_are_no_number():
    found = Smoother(series_of([4.0, math.nan, 2.0]), 0.5).catch_up().value
    assert math.isnan(found[1])
    assert found[2] == pytest.approx(2 / 0.75)


def test_smoothing_leaves_a_constant_series_alone():
    assert list(Smoother(series_of([0.1] * 5), 0.9).catch_up().value) == [0.1] * 5


def test_smoothing_as_the_series_grows_gives_what_smoothing_at_once_gives():
    rng = random.Random(1)
    source = series_of([rng.random() for _ in range(10)])
    live = Smoother(source, 0.9)
    live.catch_up()
    for i in range(50):
        source.add(10 + i, rng.random(), 0)
        live.catch_up()
    assert list(live.series.value) == pytest.approx(list(Smoother(source, 0.9).catch_up().value))


def test_outliers_are_left_out_of_the_limits_and_nothing_else_is():
    assert quantile_limits([*range(100), 10_000]) == (0, 99)
    assert quantile_limits([1.0, 2.0, 3.0]) == (1.0, 3.0)
    assert quantile_limits([math.nan]) is None


def test_nearest_and_interpolated_values_at_a_place():
    assert nearest([1, 2, 10], 5) == 1
    assert nearest([1, 2, 10], 9) == 2
    assert nearest([], 1) is None
    assert interpolate([0, 10], [0.0, 5.0], 4) == 2.0
    assert interpolate([0, 10], [0.0, 5.0], 11) is None
    assert interpolate([0, 10, 20], [0.0, math.nan, 5.0], 15) is None


@given(finite, finite, st.booleans(), st.sampled_from([0.0, 0.02]))
def test_any_two_limits_make_a_finite_scale_with_both_inside(a, b, log, margin):
    scale = fit(a, b, log, margin)
    assert scale.low < scale.high
    assert all(map(math.isfinite, scale))
    for value in (a, b):
        if not log:
            assert -1e-6 <= scale.position(value) <= 1 + 1e-6
        assert math.isfinite(scale.position(value))
    assert all(math.isfinite(scale.value(p)) for p in (-5.0, 0.0, 0.5, 1.0, 5.0))


@given(st.lists(st.sampled_from([1.0, 2.0, math.nan, math.inf]), max_size=40))
def test_the_finite_value_before_one_that_is_not(values):
    series = Series(SeriesKey("loss", "step"))
    for i, value in enumerate(values):
        series.add(float(i), value, 0.0)
    for i in series.nonfinite:
        assert finite_before(series, i) == next((v for v in reversed(values[:i]) if math.isfinite(v)), None)


def test_a_value_alone_is_in_the_middle_and_nothing_at_all_at_the_foot():
    """What is counted or lost is never below zero."""
    assert fit(0.25, 0.25).position(0.25) == pytest.approx(0.5, abs=0.01)
    assert fit(-3.0, -3.0).position(-3.0) == pytest.approx(0.5, abs=0.01)
    assert fit(0.0, 0.0) == Scale(0.0, 1.0)
    assert fit(-0.0, 0.0, margin=0.02) == Scale(0.0, 1.0)


@given(finite, finite, st.booleans(), st.integers(1, 12))
def test_ticks_of_any_scale_are_few_finite_distinct_and_short(a, b, log, count):
    scale = fit(a, b, log)
    found = ticks(scale, count)
    assert len(found) <= 3 * count + 3
    labels = [t.label for t in found]
    assert len(set(labels)) == len(labels)
    assert all(math.isfinite(t.value) and -0.01 <= scale.position(t.value) <= 1.01 for t in found)
    assert all(len(label) <= 24 for label in labels)
    assert len(duration_ticks(scale, count)) < 110
    assert len(clock_ticks(scale, count)) < 110


@pytest.mark.parametrize(
    ("low", "high", "count", "labels"),
    [
        (0, 20_000, 5, ["0", "5000", "10k", "15k", "20k"]),
        (0.03, 2.9, 6, ["0.5", "1.0", "1.5", "2.0", "2.5"]),
        (-1, 1, 4, ["-1.0", "-0.5", "0", "0.5", "1.0"]),
        (1e-5, 4e-5, 4, ["1e-5", "2e-5", "3e-5", "4e-5"]),
        (0, 3e6, 3, ["0", "1M", "2M", "3M"]),
        (0, 1e-3, 3, ["0", "5e-4", "1e-3"]),
    ],
)
def test_ticks_are_round_and_written_short(low, high, count, labels):
    assert [t.label for t in ticks(Scale(low, high), count)] == labels


def test_a_logarithmic_axis_is_read_in_decades():
    assert [t.label for t in ticks(Scale(1e-4, 10, True), 6)] == ["1e-4", "0.001", "0.01", "0.1", "1", "10"]


@given(st.floats(0, 1e6), st.floats(1e-3, 3e5), st.integers(2, 9))
def test_a_tick_of_time_stands_where_it_says(low, length, count):
    """Also between seconds, and hours after the start."""
    units = {"d": 86400, "h": 3600, "m": 60, "s": 1}
    for value, label in duration_ticks(Scale(low, low + length), count):
        said = sum(float(number) * units[unit] for number, unit in re.findall(r"([\d.]+)([dhms])", label))
        assert said == pytest.approx(value, abs=length / 1000)


@pytest.fixture
def kolkata(monkeypatch):
    """A zone that is half an hour off."""
    monkeypatch.setenv("TZ", "Asia/Kolkata")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.usefixtures("kolkata")
@pytest.mark.parametrize("length", [0.5, 2, 30, 600, 7200, 40_000])
def test_a_tick_of_the_clock_stands_at_the_round_local_time_that_it_says(length):
    begin = 1_700_000_000.3
    found = clock_ticks(Scale(begin, begin + length), 6)
    assert len(found) > 1
    for value, label in found:
        hours, minutes, *seconds = map(float, label.split(":"))
        said = 3600 * hours + 60 * minutes + sum(seconds)
        assert said == pytest.approx((value + 5.5 * 3600) % 86400, abs=length / 1000)


def test_numbers_are_written_as_people_read_them():
    assert [format_elapsed(s) for s in (-1e-5, 0.25, -3, 3599.8)] == ["0s", "0.2s", "-3s", "1h"]
    assert [format_elapsed(s) for s in (0, 45, 90, 7500, 273_600)] == ["0s", "45s", "1m30s", "2h05m", "3d04h"]
    assert format_tick(0.25, 0.05) == "0.25"
    assert nice_step(0.3) == 0.5


@pytest.mark.parametrize(
    ("x", "text"),
    [
        (3.0, "3"), (-20.0, "-20"), (0.25, "0.25"), (12.34567, "12.3457"), (1234.5, "1234.5"), (0.00125, "0.00125"),
        (-0.0234567, "-0.02346"), (0.000125, "1.25e-4"), (1.5e7 + 0.5, "1.5e7"),
    ],
)  # fmt: skip
def test_an_x_is_written_as_it_was_logged(x, text):
    assert format_x(x) == text
