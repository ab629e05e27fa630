"""Series over steps, drawn over epochs."""

from __future__ import annotations

import random
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mltui.domain.metric import MetricKind, Series, SeriesKey
from mltui.domain.over_epochs import EpochScale, OverEpochs


class Told:
    """A series and what its log tells of steps and epochs, told bit by bit."""

    def __init__(self, axis: str = "step") -> None:
        self.steps = Series(SeriesKey("loss", axis))
        self.places = Series(SeriesKey("", axis, MetricKind.EPOCHS))
        self.scale = EpochScale(self.places)
        self.over = OverEpochs(self.steps, self.scale)

    def tell(self, steps: Sequence[float] = (), places: Sequence[tuple[float, float]] = ()) -> list[float]:
        """Epochs of all points so far, when these have come."""
        for step, epochs in places:
            self.places.add(step, epochs, 0.0)
        for step in steps:
            self.steps.add(step, 1 / (len(self.steps) + 1), float(len(self.steps)))
        self.scale.catch_up()
        self.over.catch_up()
        return list(self.over.series.x)


def at_once(told: Told) -> list[float]:
    """The same, of one who comes to it now."""
    scale = EpochScale(told.places)
    scale.catch_up()
    over = OverEpochs(told.steps, scale)
    over.catch_up()
    assert over.known is told.over.known
    return list(over.series.x)


def test_points_lie_evenly_between_the_places_that_are_known() -> None:
    """Values and times are the source's; a fold keeps its name."""
    told = Told("step (fold 2)")
    assert told.tell([0, 25, 50, 75, 100, 140, 180], [(0, 0), (100, 1), (180, 2)]) == [0, 0.25, 0.5, 0.75, 1, 1.5, 2]
    series = told.over.series
    assert series.key == SeriesKey("loss", "epoch (fold 2)")
    assert (list(series.value), list(series.time)) == (list(told.steps.value), list(told.steps.time))


def test_nothing_is_placed_by_one_place() -> None:
    """The first epoch has no length before it has ended."""
    told = Told()
    assert told.tell([10, 20], [(0, 0)]) == []
    assert not told.over.known
    assert told.tell([30, 40], [(30, 1)]) == pytest.approx([1 / 3, 2 / 3, 1, 4 / 3])


def test_the_newest_epoch_goes_on_at_the_pace_of_the_last_and_is_placed_anew_if_that_was_wrong() -> None:
    """Where it was right the series stays the same object, so that what a chart knows of it holds."""
    told = Told()
    assert told.tell([50, 100, 150], [(0, 0), (100, 1)]) == [0.5, 1, 1.5]
    before = told.over.series
    assert told.tell([250], [(200, 2)])[-1] == 2.5
    assert told.over.series is before
    assert told.tell([300], [(250, 3)]) == [0.5, 1, 1.5, 3, 4]
    assert told.over.series is not before


def test_steps_that_begin_anew_with_each_epoch_are_of_the_epoch_as_old_as_their_pass() -> None:
    """Also while the second one runs, of which no end is known."""
    told = Told()
    assert told.tell([40, 80], [(0, 0)]) == []
    assert told.tell([40], [(80, 1)]) == [0.5, 1, 1.5]
    assert told.tell([80, 30, 60], [(80, 2)]) == [0.5, 1, 1.5, 2, 2.375, 2.75]
    assert told.tell([], [(60, 3)]) == [0.5, 1, 1.5, 2, 2.5, 3]
    assert told.over.known
    assert told.tell([30, 60], []) == [0.5, 1, 1.5, 2, 2.5, 3, 3.5, 4]
    told.tell([30], [])
    assert not told.over.known, "a pass more than epochs"


def test_an_attempt_that_goes_back_stands_where_the_first_one_did() -> None:
    """Steps that fall back once do not begin anew with each epoch."""
    told = Told()
    places = [(0.0, 0.0), (100.0, 1.0), (200.0, 2.0), (300.0, 3.0)]
    assert told.tell([100, 200, 250, 150, 300], places) == [1, 2, 2.5, 1.5, 3]


def test_fractions_that_every_line_tells_are_taken_as_they_are() -> None:
    """Rounded ones too: nothing is smoothed."""
    told = Told()
    shown = [(float(i), round(i / 70, 2)) for i in range(1, 300)]
    assert told.tell([step for step, _ in shown], shown) == [epochs for _, epochs in shown]


@given(st.randoms(use_true_random=False), st.booleans(), st.integers(1, 6))
def test_bit_by_bit_is_as_at_once(rng: random.Random, anew: bool, epochs: int) -> None:
    """However points and places come in turn, each where it belongs by what is known at the end."""
    told, step, places, events = Told(), 0.0, [(0.0, 0.0)], []
    for epoch in range(epochs):
        size = rng.choice([20, 20, 20, 30])
        start = 0.0 if anew else step
        events += [("step", start + inner) for inner in range(10, size + 1, 10)]
        step = start + size
        places.append((step, epoch + 1.0))
        events.append(("place", places[-1]))
    told.tell(places=[(0.0, 0.0)])
    while events:
        count = rng.randint(1, 5)
        part, events = events[:count], events[count:]
        for kind, what in part:
            told.tell([what], []) if kind == "step" else told.tell([], [what])
        assert told.tell() == pytest.approx(at_once(told))
    if epochs > 1 or not anew:
        assert told.over.known
        assert told.tell()[-1] == pytest.approx(epochs)


@given(
    st.lists(st.floats(allow_nan=False, allow_infinity=False), max_size=30),
    st.lists(st.tuples(st.floats(allow_nan=False, allow_infinity=False), st.floats(-1e9, 1e9)), max_size=30),
)
def test_any_numbers_are_placed_without_an_error(steps: list[float], places: list[tuple[float, float]]) -> None:
    """A damaged record may hold any."""
    told = Told()
    assert len(told.tell(steps, places)) in (0, len(steps))
