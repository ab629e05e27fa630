"""What a point says besides its value."""

from __future__ import annotations

import pytest

from mltui.domain.metric import Axis


@pytest.mark.parametrize(
    ("text", "counts", "fold"),
    [
        ("epoch", "epoch", ""), ("epoch (fold 2)", "epoch", "fold 2"), ("step (fold 0.5)", "step", "fold 0.5"),
        ("global step (k)", "global step (k)", ""), ("a (b) (fold 1)", "a (b)", "fold 1"), ("", "", ""),
    ],
)  # fmt: skip
def test_an_axis_is_what_it_counts_and_its_fold(text: str, counts: str, fold: str) -> None:
    """Only a fold is taken off: a log's own word may have brackets."""
    assert Axis.of(text) == (counts, fold)
    assert Axis.of(text).text == text
