"""What a point says besides its value."""

from __future__ import annotations

import math

import pytest

from mltui.domain.metric import Axis, MetricKind, MetricPoint, MetricStore


@pytest.mark.parametrize(
    ("text", "counts", "fold"),
    [
        ("epoch", "epoch", ""), ("epoch (fold 2)", "epoch", "fold 2"), ("step (fold 0.5)", "step", "fold 0.5"),
        ("epoch (training Two-layer MLP)", "epoch", "training Two-layer MLP"),
        ("global step (k)", "global step (k)", ""), ("a (b) (fold 1)", "a (b)", "fold 1"), ("", "", ""),
        ("epoch (run 12)", "epoch", "run 12"), ("step (phase 2)", "step", "phase 2"), ("epoch (ms)", "epoch (ms)", ""),
        ("step (seed 1e+06)", "step", "seed 1e+06"), ("epoch (fold 1, stage 2)", "epoch", "fold 1, stage 2"),
    ],
)  # fmt: skip
def test_an_axis_is_what_it_counts_and_its_fold(text: str, counts: str, fold: str) -> None:
    """Only a fold is taken off: a log's own word may have brackets."""
    assert Axis.of(text) == (counts, fold)
    assert Axis.of(text).text == text


def test_how_many_values_are_left_out_is_no_less_whatever_a_damaged_file_says() -> None:
    """What is no number, or less than before, changes nothing."""
    store = MetricStore()
    for count in (5.0, math.nan, math.inf, -1.0, 7.0, 3.0):
        store.add(MetricPoint("", "", 0.0, count, MetricKind.LEFT_OUT), 1.0)
    assert store.left_out == 7
