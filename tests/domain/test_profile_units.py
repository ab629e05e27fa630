"""Sizes, CPUs and durations as Compose and Kubernetes write them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mltui.domain.units import number_text, parse_cpus, parse_duration, parse_size, size_text


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("0", 0),
        ("1048576", 1048576),
        ("512b", 512),
        ("64k", 65536),
        ("64kb", 65536),
        ("512m", 512 << 20),
        ("512MB", 512 << 20),
        ("512Mi", 512 << 20),
        ("2g", 2 << 30),
        ("2GiB", 2 << 30),
        ("1.5g", 3 << 29),
        ("1t", 1 << 40),
        (" 2 g ", 2 << 30),
    ],
)
def test_sizes_count_in_1024_as_docker_does(text, size):
    """Every spelling of Docker, Compose and Kubernetes gives bytes."""
    assert parse_size(text) == size


@pytest.mark.parametrize("text", ["", "g", "2x", "-1", "2 2g", "1e9", "0x10", "2mm", "nan"])
def test_what_is_no_size_is_refused_with_an_example(text):
    """The error shows what a size looks like."""
    with pytest.raises(ValueError, match="such as 512m"):
        parse_size(text)


@pytest.mark.parametrize("parse", [parse_size, parse_cpus, parse_duration])
@pytest.mark.parametrize("text", ["9" * 100_000, "9" * 100_000 + "g", "1." + "9" * 100_000, "1h" * 100_000])
def test_endless_numbers_are_refused_in_a_short_sentence(parse, text):
    """As they would overflow, or fill the screen."""
    with pytest.raises(ValueError, match="expected a") as caught:
        parse(text)
    assert len(str(caught.value)) < 150


@pytest.mark.parametrize(("text", "cores"), [("2", 2), ("1.5", 1.5), (".5", 0.5), ("500m", 0.5), ("0.01", 0.01)])
def test_cpus_are_cores_or_thousandths(text, cores):
    """A plain number is cores, Kubernetes' m is thousandths."""
    assert parse_cpus(text) == cores


@pytest.mark.parametrize("text", ["", "0", "-1", "two", "1k", "0m"])
def test_no_cpus_are_refused(text):
    """Nothing and less are no number of CPUs."""
    with pytest.raises(ValueError, match="number of CPUs"):
        parse_cpus(text)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("30s", 30), ("1m30s", 90), ("1h5m30s20ms", 3930.02), ("500ms", 0.5), ("10", 10), ("1.5s", 1.5)],
)
def test_durations_add_up(text, seconds):
    """Compose's durations, and a bare number of seconds."""
    assert parse_duration(text) == pytest.approx(seconds)


@pytest.mark.parametrize("text", ["", "s", "30 s", "5d", "-1s"])
def test_what_is_no_duration_is_refused(text):
    """The error shows what a duration looks like."""
    with pytest.raises(ValueError, match="such as 30s"):
        parse_duration(text)


@given(st.integers(min_value=0, max_value=1 << 50))
def test_a_size_is_read_back_as_it_was(size):
    """The text that goes into a docker line stands for exactly the same bytes."""
    assert parse_size(size_text(size)) == size


@pytest.mark.parametrize(("number", "text"), [(2.0, "2"), (1.5, "1.5"), (0.01, "0.01")])
def test_numbers_are_written_plainly(number, text):
    """Whole numbers have no point."""
    assert number_text(number) == text
