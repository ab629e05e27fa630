"""Numbers are cut out of a line of a known shape and read, or looked up where they are short."""

from __future__ import annotations

import math

import pytest

from mltui.parsers.words import values
from mltui.parsers.words.values import cut_at, short_values_of, values_of


def test_short_numbers_that_are_looked_up_are_those_that_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """Seen for the first time or again, whatever their length, and after more of them than are kept."""
    monkeypatch.setattr(values, "_SHORT_TEXTS", 3)
    lines = [b"12 0.25 3.000001", b"12 1e-3 -2.00001", b" 7 1.2k 1.000000", b"12 0.25 3.000001", b"99 .125 -inf    "]
    cut = cut_at([(0, 2), (3, 7), (8, 16)])
    for line in lines * 2:
        assert short_values_of(line, cut) == values_of(line, cut)
    assert short_values_of(b"12 0.25 3.000001", cut) == (12.0, 0.25, 3.000001)


def test_no_two_nan_are_the_same() -> None:
    """A value that is not a number is another one in each line, looked up or read."""
    cut = cut_at([(0, 3)])
    first, second = short_values_of(b"nan", cut), short_values_of(b"nan", cut)
    assert math.isnan(first[0])
    assert first != second
