"""Figures as people read them."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mltui.domain import figures

UNKNOWN = [None, math.nan, math.inf]


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (0, "0 B"), (999, "999 B"), (1000, "0.98 KiB"), (1024, "1.00 KiB"), (1536, "1.50 KiB"), (10_240, "10.0 KiB"),
        (512 << 20, "512 MiB"), (1023 << 20, "1.00 GiB"), (1_572_864_000, "1.46 GiB"), (2 << 40, "2.00 TiB"),
        (3 << 50, "3.00 PiB"), (5 << 60, "5120 PiB"), (10_474_000, "9.99 MiB"), (10_484_000, "10.0 MiB"),
    ],
)  # fmt: skip
def test_bytes(count: int, text: str) -> None:
    """Three figures and a binary unit."""
    assert figures.format_bytes(count) == text


@given(st.floats(0, 2**59))
def test_bytes_have_three_figures(count: float) -> None:
    """Whatever the size, also where rounding adds a figure."""
    number, unit = figures.format_bytes(count).split()
    assert unit == "B" or len(number.replace(".", "")) == 3


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0s"), (7.9, "7s"), (59.99, "59s"), (60, "1m 00s"), (200, "3m 20s"), (3599, "59m 59s"), (3900, "1h 05m"),
     (86_399, "23h 59m"), (183_600, "2d 03h"), (-5, "0s")],
)  # fmt: skip
def test_durations(seconds: float, text: str) -> None:
    """Two units at most."""
    assert figures.format_duration(seconds) == text


@pytest.mark.parametrize(
    ("ratio", "text"),
    [(0, "0 %"), (0.0001, "<0.1 %"), (0.001, "0.1 %"), (0.012, "1.2 %"), (0.0994, "9.9 %"), (0.0996, "10 %"),
     (0.5, "50 %"), (1, "100 %"), (1.7, "170 %")],
)  # fmt: skip
def test_shares(ratio: float, text: str) -> None:
    """Little is not shown as nothing."""
    assert figures.format_percent(ratio) == text


@pytest.mark.parametrize(
    ("cores", "text"), [(0, "0"), (0.004, "<0.01"), (0.03, "0.03"), (1.5, "1.5"), (2, "2"), (64, "64"), (9.999, "10")]
)
def test_cores(cores: float, text: str) -> None:
    """No zeros at the end."""
    assert figures.format_cores(cores) == text


def test_cores_are_one_or_several_by_what_is_written() -> None:
    assert [figures.cores_text(cores) for cores in (1, 0.999, 0.99, 1.5)] == [
        "1 core", "1 core", "0.99 cores", "1.5 cores",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0"), (-0.0, "0"), (3.0, "3"), (-17.0, "-17"), (0.5, "0.5000"), (0.123456, "0.1235"), (2.302585, "2.303"),
        (123.456, "123.5"), (9999.4, "9999"), (12_345.6, "12346"), (123_456.7, "123457"), (1_234_567.0, "1.235e6"),
        (0.000123, "1.23e-4"), (1e-7, "1e-7"), (-2.5, "-2.500"), (9.99999, "10.00"), (0.0123456, "0.01235"),
        (math.nan, "NaN"), (math.inf, "∞"), (-math.inf, "-∞"),
        (None, "–"), (1e300, "1e300"), (999_999.5, "1e6"),
    ],
)  # fmt: skip
def test_values(value: float | None, text: str) -> None:
    """Four figures where they fit; what is no number is called so."""
    assert figures.format_value(value) == text


@given(st.floats())
def test_values_are_short(value: float) -> None:
    """A column of eleven characters holds every value there is; numbers of usual size take eight."""
    text = figures.format_value(value)
    assert len(text) <= 11
    assert not 0.001 <= abs(value) < 999_999 or len(text.lstrip("-")) <= 8


@pytest.mark.parametrize("unknown", UNKNOWN)
def test_what_is_not_known_is_a_dash(unknown: float | None) -> None:
    """Never a zero."""
    for form in (figures.format_bytes, figures.format_duration, figures.format_percent, figures.format_cores):
        assert form(unknown) == "–"


def test_counts() -> None:
    """With separators."""
    assert figures.format_count(1204) == "1,204"
