"""Logs of many frameworks and what they say: one file a case, the log first, then its points.

In the files ``␍`` stands for carriage return, ``␛`` for escape and ``␈`` for backspace. Points are written as
``kind | name | axis | x:value x:value …``, in the order in which the series appear.
"""

from __future__ import annotations

import random
import re
from pathlib import Path

import pytest

from mltui.domain.metric import MetricPoint
from mltui.parsers.bars.bar_state import Bar
from mltui.parsers.front.known import Known
from mltui.parsers.lines.lines import Lines
from mltui.parsers.lines.shapes import ShapeMemory
from mltui.parsers.plans.group import Group
from mltui.parsers.points.unplaced import Unplaced
from mltui.parsers.reader import MetricReader

CASES = sorted((Path(__file__).parent / "cases").glob("*.txt"))
_MARK = "===== points =====\n"
# Lines that are drawn over, or say who prints them.
_DRAWN_OR_NAMED = re.compile(r"␍|\[rank|^ {0,3}\d+: ", re.M)
_CONTROLS = str.maketrans({"␍": "\r", "␛": "\x1b", "␈": "\b"})


def load(path: Path) -> tuple[bytes, dict[tuple[str, str, str], list[str]]]:
    log, _, table = path.read_text().partition(_MARK)
    expected = {}
    for line in table.splitlines():
        kind, name, axis, points = line.split(" | ")
        expected[kind, name, axis] = points.split()
    return log.translate(_CONTROLS).encode(), expected


def read(log: bytes, sizes: list[int]) -> list[MetricPoint]:
    reader, points, at = MetricReader(), [], 0
    for size in sizes:
        points += reader.feed(log[at : at + size])
        at += size
    return points + reader.feed(log[at:]) + reader.close()


def table_of(points: list[MetricPoint]) -> dict[tuple[str, str, str], list[str]]:
    table: dict[tuple[str, str, str], list[str]] = {}
    for p in points:
        x = str(int(p.x)) if p.x.is_integer() else repr(p.x)
        table.setdefault((str(p.kind), p.name, p.axis), []).append(f"{x}:{p.value!r}")
    return table


@pytest.mark.parametrize("path", CASES, ids=lambda p: p.stem)
def test_a_log_gives_exactly_its_points(path: Path) -> None:
    """Names, axes, positions and values are those of the table, and nothing else is reported."""
    log, expected = load(path)
    assert list(table_of(read(log, [])).items()) == list(expected.items())


@pytest.mark.parametrize("path", CASES, ids=lambda p: p.stem)
def test_where_the_bytes_are_split_does_not_matter(path: Path) -> None:
    """The same points come out of pieces of any size, even of single bytes."""
    log, _ = load(path)
    whole = table_of(read(log, []))
    random_sizes = random.Random(path.stem).choices(range(1, 40), k=len(log))
    assert table_of(read(log, random_sizes)) == whole
    assert table_of(read(log, [1] * len(log))) == whole


@pytest.mark.parametrize("path", CASES, ids=lambda p: p.stem)
def test_a_terminal_between_program_and_reader_changes_nothing(path: Path) -> None:
    """A pseudo-terminal writes a line end as ``\\r\\n``; the points are the same."""
    log, expected = load(path)
    assert table_of(read(log.replace(b"\n", b"\r\n"), [])) == expected


@pytest.mark.interpreted
@pytest.mark.parametrize("path", CASES, ids=lambda p: p.stem)
def test_what_lines_are_remembered_changes_nothing(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The memory of what lines are and mean is for speed: without it the points are the same."""
    monkeypatch.setattr(ShapeMemory, "keep", lambda *_: None)
    monkeypatch.setattr(Known, "keep", lambda *_: None)
    log, expected = load(path)
    assert table_of(read(log, [])) == expected


@pytest.mark.interpreted
@pytest.mark.parametrize(
    "path", [path for path in CASES if _DRAWN_OR_NAMED.search(path.read_text())], ids=lambda p: p.stem
)
def test_bars_and_named_lines_are_known_by_their_shape(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same lines with other digits go the short way of what is known; the long way gives the same points."""
    log, _ = load(path)
    digits = b"123456789"
    again = log.translate(bytes.maketrans(digits, bytes(random.Random(path.stem).sample(digits, len(digits)))))
    short = table_of(read(log + again, []))
    with monkeypatch.context() as patch:
        patch.setattr(Bar, "go_on", lambda *_: None)  # Each state of a bar is looked at as if it began another run.
        assert table_of(read(log + again, [])) == short
    monkeypatch.setattr(Known, "keep", lambda *_: None)
    assert table_of(read(log + again, [])) == short


@pytest.mark.interpreted
@pytest.mark.parametrize("path", CASES[1::3], ids=lambda p: p.stem)
def test_lines_that_nothing_waits_for_need_no_look_at_what_waits(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """To know that nothing is open, and nothing without its place, is for speed: a look at each line says the same."""
    always = property(lambda _: True, lambda *_: None)
    monkeypatch.setattr(Lines, "_open", always, raising=False)
    monkeypatch.setattr(Unplaced, "waits", always, raising=False)
    log, expected = load(path)
    assert table_of(read(log, [])) == expected


@pytest.mark.interpreted
@pytest.mark.parametrize("path", CASES[2::3], ids=lambda p: p.stem)
def test_lines_of_a_run_are_news_without_a_look_at_what_was_told(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """To know that lines of a kind go on is for speed: values that are compared with those told before say the same."""
    monkeypatch.setattr(Group, "run", property(lambda _: None, lambda *_: None))
    log, expected = load(path)
    assert table_of(read(log, [])) == expected


def test_the_cases_are_there() -> None:
    """The table of cases is not empty by accident."""
    assert len(CASES) >= 80
