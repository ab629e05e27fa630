"""Series over steps, drawn over the epochs that were done."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mltui.domain.metric import MetricKind, Series, SeriesKey
from mltui.domain.over_epochs import OverEpochs, Parts, sizes


class Told:
    """A series and which of its points are the first in another epoch, told bit by bit."""

    def __init__(self, axis: str = "step") -> None:
        self.steps = Series(SeriesKey("loss", axis))
        self.places = Series(SeriesKey("loss", axis, MetricKind.EPOCHS))
        self.parts = Parts(self.steps, self.places)
        self.over = OverEpochs(self.steps)

    def tell(self, done: float | None, *steps: float) -> None:
        """So many epochs were done at the first of these steps; ``None``: nothing is told of that."""
        if done is not None:
            self.places.add(steps[0], done, 0.0)
        for step in steps:
            self.steps.add(step, 1 / (len(self.steps) + 1), float(len(self.steps)))

    @property
    def size(self) -> float | None:
        """Steps of an epoch, by this series alone."""
        self.parts.catch_up()
        return sizes([self.parts])[0]

    @property
    def epochs(self) -> list[float]:
        """Where the points stand; nothing where that is not known."""
        size = self.size
        if size is None:
            return []
        return list((self.over.within(self.parts) if self.parts.anew else self.over.along(size)).x)

    @property
    def at_once(self) -> list[float]:
        """The same, of one who comes to it now."""
        fresh = Told()
        fresh.parts, fresh.over = Parts(self.steps, self.places), OverEpochs(self.steps)
        fresh.steps = self.steps
        return fresh.epochs


def told(*epochs: Sequence[float], first: float = 0) -> Told:
    """A series whose epochs have these steps."""
    found = Told()
    for done, steps in enumerate(epochs):
        found.tell(done + first, *steps)
    return found


@pytest.mark.parametrize(
    ("epochs", "size"),
    [
        pytest.param([range(1, 11), range(11, 21), range(21, 25)], 10, id="every step, from 1"),
        pytest.param([range(10), range(10, 20), range(20, 25)], 10, id="every step, from 0"),
        pytest.param([range(10, 101, 10), range(110, 201, 10)], 100, id="each tenth, from 10"),
        pytest.param([range(0, 100, 10), range(100, 200, 10)], 100, id="each tenth, from 0"),
        pytest.param([[0], [200], [400, 600]], 200, id="less than one line an epoch"),
        pytest.param([[100], [200], [300]], 100, id="one line an epoch, at its end"),
        pytest.param([[50, 100], [150, 200], [250, 300, 350], [400, 450]], 117, id="120 that no line hits"),
    ],
)
def test_how_many_steps_an_epoch_has(epochs: list[Sequence[float]], size: float) -> None:
    """The number for which the last step of each is in it still, and the first of the next is not."""
    assert told(*epochs).size == size


def test_points_stand_at_the_share_of_the_epochs_that_was_done() -> None:
    """Values and times are the source's; a fold keeps its name."""
    found = told([25, 50, 75, 100], [125, 200], [250])
    assert found.epochs == [0.25, 0.5, 0.75, 1, 1.25, 2, 2.5]
    assert (list(found.over.series.value), list(found.over.series.time)) == (
        list(found.steps.value),
        list(found.steps.time),
    )
    fold = Told("step (fold 2)")
    assert fold.over.along(2.0).key == SeriesKey("loss", "epochs (fold 2)")


def test_one_epoch_has_no_length_before_it_has_ended() -> None:
    """Unless the log tells fractions of it, or counts on after a resume does it have one."""
    assert told([10, 20, 30]).epochs == []
    found = Told()
    found.tell(0.25, 10, 20)
    assert found.epochs == [0.25, 0.5]
    assert told([410, 500], [510], first=4).size == 100


def test_steps_told_in_front_of_their_epoch_are_of_the_first() -> None:
    """A log that tells its epochs behind their steps says nothing of them before."""
    found = Told()
    found.tell(math.nan, 10, 20, 30)
    assert found.epochs == []
    found.tell(1, 40, 50)
    assert found.epochs == pytest.approx([1 / 3, 2 / 3, 1, 4 / 3, 5 / 3])


def test_an_epoch_that_turns_out_longer_moves_all_points() -> None:
    """Where the length was right the series stays the same object, so that what a chart knows of it holds."""
    found = told([50], [110])
    assert found.size == 55
    before = found.over.along(55)
    found.tell(None, 190)
    assert found.size == 95
    assert found.over.along(95) is not before
    assert found.over.along(95) is found.over.along(95)


def test_steps_that_begin_anew_with_each_epoch_are_of_the_one_in_which_they_were_told() -> None:
    """Also while one runs, whose end is not known; a series may begin late."""
    assert told([40, 80], [40]).epochs == [0.5, 1, 1.5]
    assert told([40, 80], [40, 80], [20, 60]).epochs == [0.5, 1, 1.5, 2, 2.25, 2.75]
    assert told([40, 80], [40, 80], first=1).epochs == [1.5, 2, 2.5, 3]


@pytest.mark.parametrize(
    "epochs",
    [
        pytest.param([range(10, 101, 10), range(10, 31, 10), range(40, 101, 10)], id="anew once"),
        pytest.param([range(10, 101, 10), range(110, 121, 10), range(130, 301, 10)], id="epochs of different length"),
    ],
)
def test_where_no_length_fits_nothing_is_placed(epochs: list[Sequence[float]]) -> None:
    """No place is better than a wrong one."""
    assert told(*epochs).epochs == []


def test_an_attempt_that_goes_back_stands_where_the_first_one_did() -> None:
    """Its steps are counted like those of the first."""
    found = told([50, 100], [150, 200], [250])
    found.tell(1, 150, 200)
    found.tell(2, 250, 300)
    assert found.epochs == [0.5, 1, 1.5, 2, 2.5, 1.5, 2, 2.5, 3]


def test_series_that_agree_have_one_length_and_others_have_their_own() -> None:
    """Batches and the optimizer's steps may both be called steps; an evaluation counts its own."""
    coarse, fine = told([100], [200], [300]), told(range(10, 121, 10), range(130, 241, 10), range(250, 361, 10))
    optimizer, evaluation, alone = told([30], [60], [90]), told([1, 2], [1, 2], [1, 2]), told([5, 7])
    every = [coarse, fine, optimizer, evaluation, alone]
    for one in every:
        one.parts.catch_up()
    assert sizes([one.parts for one in every]) == [120, 120, 30, 2, 120]
    assert [one.size for one in every] == [100, 120, 30, 2, None]


def test_an_evaluation_that_counts_its_own_steps_stands_at_the_end_of_its_epoch() -> None:
    """All of it is of what the training had come to."""
    over = told([1, 2], [3, 4])
    assert list(over.over.at_ends(2, from_zero=False).x) == [1, 1, 2, 2]
    over = told([0, 1], [2, 3])
    assert list(over.over.at_ends(2, from_zero=True).x) == [1, 1, 2, 2]
    anew = told([1, 2], [1, 2], [1, 2])
    anew.parts.catch_up()
    assert list(anew.over.within(anew.parts, ends=True).x) == [1, 1, 2, 2, 3, 3]


def test_points_that_are_placed_in_another_way_are_placed_anew() -> None:
    """Whatever figures the two ways have in common."""
    found = told([1, 2], [1, 2], [1, 2])
    found.parts.catch_up()
    found.parts.version = 1
    assert list(found.over.within(found.parts, ends=True).x) == [1, 1, 2, 2, 3, 3]
    assert list(found.over.at_ends(2, from_zero=True).x) == [1, 2, 1, 2, 1, 2]


def test_what_was_measured_before_the_first_epoch_stands_at_its_beginning() -> None:
    """A first evaluation, by steps that begin anew; it says nothing of how many there are."""
    found = Told()
    found.tell(math.nan, 1, 2)
    found.tell(0, 1, 2)
    assert found.epochs == []
    found.tell(1, 1, 2)
    assert found.epochs == [0, 0, 0.5, 1, 1.5, 2]


def test_a_fraction_is_not_added_to_steps_that_begin_anew() -> None:
    """It says where in the epoch the line stood, and so does its step."""
    found = Told()
    for epoch in range(3):
        found.tell(epoch + 0.25, 25, 50, 75, 100)
    assert found.epochs == [0.25, 0.5, 0.75, 1, 1.25, 1.5, 1.75, 2, 2.25, 2.5, 2.75, 3]


def test_a_place_that_says_nothing_is_passed_by() -> None:
    """What is told behind it is looked for behind it, though its step came in front of it, too."""
    found = told([50, 100], [150])
    found.tell(math.nan, 100, 200)
    found.tell(2, 100, 210)
    assert found.size is None
    assert [part.start for part in found.parts.parts] == [0, 2, 5]
    version = found.parts.version
    found.parts.catch_up()
    assert found.parts.version == version == 0


def test_a_part_of_which_nothing_is_told_goes_on_with_the_one_before() -> None:
    """A fold that is entered again says no epoch at first."""
    found = told([50, 100], [150])
    found.tell(math.nan, 200)
    assert found.epochs == [0.5, 1, 1.5, 2]


def test_a_place_that_comes_behind_its_points_moves_them() -> None:
    """Who looks at a series while it is written may see the points first."""
    found = told([40, 80], [40, 80])
    found.steps.extend(*(type(found.steps.x)("d", values) for values in ([40.0, 80.0], [1.0, 1.0], [0.0, 0.0])))
    found.parts.catch_up()
    found.places.add(40, 2, 0.0)
    assert found.epochs == found.at_once == [0.5, 1, 1.5, 2, 2.5, 3]


@given(st.randoms(use_true_random=False), st.booleans(), st.integers(1, 6), st.integers(1, 30), st.integers(1, 12))
def test_bit_by_bit_is_as_at_once(rng: random.Random, anew: bool, epochs: int, size: int, interval: int) -> None:
    """However the points come; where all epochs have as many steps the last one is known to an interval."""
    found = Told()
    for epoch in range(epochs):
        steps = [s if anew else epoch * size + s for s in range(1, size + 1) if (epoch * size + s) % interval == 0]
        while steps:
            part, steps = steps[: (count := rng.randint(1, 5))], steps[count:]
            is_first = not any(p == epoch for p in found.places.value)
            found.tell(epoch if is_first else None, *map(float, part))
            assert found.epochs in ([], found.at_once)
    if not anew and interval == 1 and epochs > 1:
        assert found.epochs[-1] == epochs


@given(
    st.lists(st.floats(allow_nan=False, allow_infinity=False), max_size=30),
    st.lists(st.tuples(st.integers(0, 29), st.floats()), max_size=30),
)
def test_any_numbers_are_placed_without_an_error(steps: list[float], places: list[tuple[int, float]]) -> None:
    """A damaged record may hold any."""
    found = Told()
    for at, done in places:
        found.places.add(steps[at] if at < len(steps) else 0.5, done, 0.0)
    found.tell(None, *steps)
    assert len(found.epochs) in (0, len(steps))
    if found.parts.anew:
        assert len(found.over.within(found.parts, ends=True)) == len(steps)
    elif found.size:
        assert len(found.over.at_ends(found.size, from_zero=found.parts.range.from_zero)) == len(steps)
