"""Ranges of a sweep: which numbers they are, and what is said of those that are none."""

from __future__ import annotations

import math
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mltui.domain.param import Param
from mltui.domain.value_range import MOST_VALUES, range_values


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("1..5", "1 2 3 4 5"),
        (" 1 .. 10 .. 3 ", "1 4 7 10"),
        ("1..9..3", "1 4 7"),
        ("10..1..3", "10 7 4 1"),
        ("-2..2", "-2 -1 0 1 2"),
        ("7..7", "7"),
        ("16..256..x2", "16 32 64 128 256"),
        ("12345678901234567..12345678901234568", "12345678901234567 12345678901234568"),
        ("100000000000000000000..200000000000000000000..x2", "100000000000000000000 200000000000000000000"),
        ("0.1..0.5..0.1", "0.1 0.2 0.3 0.4 0.5"),
        ("0.3..0.1..0.1", "0.3 0.2 0.1"),
        ("1e-4..1e-1..x10", "0.0001 0.001 0.01 0.1"),
        ("0.1..1e-4..x10", "0.1 0.01 0.001 0.0001"),
        ("1..0.1..x3", "1 0.333333333333333 0.111111111111111"),
        ("1..10..x1.5", "1 1.5 2.25 3.375 5.0625 7.59375"),
    ],
)
def test_both_ends_count_and_no_value_drifts(text: str, values: str) -> None:
    """A step is added and a factor multiplied, exactly, from the first to the last."""
    assert range_values(text, whole="." not in text.replace("..", "") and "e" not in text) == tuple(values.split())


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("1..", "expected a range such as 1..5"),
        ("1...5", "expected a range"),
        ("1..5..", "expected a range"),
        ("a..b", "expected a range"),
        ("nan..inf", "expected a range"),
        ("1..5..2..3", "expected a range"),
        ("1..5..0", "needs a step above 0"),
        ("5..1..-1", "goes down where its first is the larger"),
        ("0..8..x2", "its ends have to be above 0"),
        ("1..8..x1", "its factor above 1"),
        ("1..201", "has more than 200 values"),
        ("1e400..1e401..x10", "too large or too small"),
        ("1e-401..1e-400..x10", "too large or too small"),
        ("1..1e300..1", "has more than 200 values"),
        ("1..1" + "0" * 100_000, "expected a range"),
    ],
)
def test_what_is_no_range_is_one_sentence(text: str, said: str) -> None:
    """Whatever is wrong with it, in bounded time."""
    with pytest.raises(ValueError, match=said) as raised:
        range_values(text, whole=True)
    assert len(str(raised.value)) < 200


def test_a_range_of_numbers_that_are_not_whole_says_its_step() -> None:
    """Nobody can know it."""
    with pytest.raises(ValueError, match=r"needs a step: 0\.\.1\.\.0\.1"):
        range_values("0..1", whole=False)


def test_values_are_those_of_the_parameter() -> None:
    """A number within a range that its parameter does not take is told as any other."""
    param = Param.model_validate({"default": 1, "min": 1, "max": 4})
    assert param.values("1..3..0.5, 9") == ("1", "1.5", "2", "2.5", "3", "9")
    with pytest.raises(ValueError, match=r"expected a whole number, found '1\.5'"):
        param.parse("1.5")


@given(st.floats(-1e6, 1e6), st.floats(-1e6, 1e6), st.floats(1e-3, 1e6))
def test_every_value_is_between_the_ends(first: float, last: float, step: float) -> None:
    """The first is the first, each is a step further, and none is beyond the last."""
    try:
        values = [float(value) for value in range_values(f"{first:.6f}..{last:.6f}..{step:.6f}", whole=False)]
    except ValueError as error:
        assert str(MOST_VALUES) in str(error)  # noqa: PT017 - either outcome is right
        return
    low, high = sorted((round(first, 6), round(last, 6)))
    assert math.isclose(values[0], round(first, 6), abs_tol=1e-9)
    assert all(low - 1e-9 <= value <= high + 1e-9 for value in values)
    assert all(math.isclose(abs(b - a), round(step, 6), abs_tol=1e-8, rel_tol=1e-9) for a, b in pairwise(values))
