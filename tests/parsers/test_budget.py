"""What the reader remembers of a log's shapes is bounded, whoever prints them, and changes no point when it is lost."""

from __future__ import annotations

import gc
import tracemalloc
from pathlib import Path

import pytest

from mltui.parsers import budget
from mltui.parsers.points import held as held_back
from mltui.parsers.reader import MetricReader
from tests.parsers.test_cases import CASES, load, read, table_of

#: Too little for one line: whatever is remembered is forgotten at once.
_NEARLY_NOTHING = 100


def word(number: int) -> str:
    """A word of its own for each number, without digits."""
    return "x" + "".join("klmnopqr"[number >> shift & 7] for shift in (12, 9, 6, 3, 0))


# Lines, each of another shape.
NEW_SHAPES = {
    "noise": lambda i: f"{word(i)} did {i} things to {word(i + 7)} and went on\n",
    "values": lambda i: f"step {i} {word(i)} | loss 0.{i}1 | acc 0.{i}2\n",
    "many values": lambda i: (
        f"step {i} {word(i)} " + " ".join(f"{c}_loss=0.{i}{n}" for n, c in enumerate("abcdefgh")) + "\n"
    ),
    "bar": lambda i: f"{word(i)}:  45%|████▌     | {i}/900 [00:01<00:02, 9.81it/s, loss=0.{i}3]\r",
    "bar without values": lambda i: f"{word(i)}:  45%|████▌     | {i}/900 [00:01<00:02, 9.81it/s]\r",
    "object": lambda i: f'{{"step": {i}, "loss": 0.{i}1, "{word(i)}": "{word(i)}"}}\n',
}


def held(kind: str, count: int) -> tuple[int, int]:
    """What the memories of a reader hold of so many lines of a ``kind``, in bytes: as counted, and as measured."""
    line, reader = NEW_SHAPES[kind], MetricReader()
    log = "".join(f"[rank{i % 4}]: {line(i)}" if i % 2 else line(i) for i in range(count)).encode()
    reader.feed(log[:200])
    memories = reader._points.budget
    gc.collect()
    tracemalloc.start()
    try:
        before = memories.spent
        reader.feed(log[200:])
        spent = memories.spent - before
        full = _traced()
        memories.forget()
        return spent, full - _traced()
    finally:
        tracemalloc.stop()


def _traced() -> int:
    gc.collect()
    return tracemalloc.get_traced_memory()[0]


@pytest.mark.parametrize("kind", NEW_SHAPES)
def test_what_is_remembered_takes_no_more_than_is_counted(kind: str) -> None:
    """The estimate is not below what is held in truth, and not far above it."""
    counted, measured = held(kind, 24)
    assert counted / 4 < measured < counted


def test_all_that_print_share_one_budget(monkeypatch: pytest.MonkeyPatch) -> None:
    """A log of ever new shapes holds no more of them when hundreds print it: all of them forget."""
    monkeypatch.setattr(budget, "LIMIT", 40_000)
    reader, most = MetricReader(), 0
    for i in range(200):
        reader.feed(f"[rank{i % 100}]: {NEW_SHAPES['noise'](i)}".encode())
        most = max(most, reader._points.budget.spent)
    assert 30_000 < most <= 40_000


@pytest.mark.parametrize("path", CASES[2::6], ids=lambda p: p.stem)
def test_what_is_forgotten_changes_nothing(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the budget is spent with every line, the points are the same."""
    monkeypatch.setattr(budget, "LIMIT", _NEARLY_NOTHING)
    log, expected = load(path)
    assert table_of(read(log, [])) == expected


def test_kinds_of_lines_that_are_held_back_are_bounded_and_the_last_ones_are_curves_still(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(held_back, "_KINDS", 8)
    reader, lines = MetricReader(), [f"{word(i)} loss: 0.{i}5\n" for i in range(10, 50)]
    points = reader.feed("".join(["Epoch 1: acc: 0.5\n", *lines]).encode())
    assert len(reader._points.news.held.groups) == 8
    points += reader.feed("".join(lines[-8:]).replace("5\n", "6\n").encode()) + reader.close()
    assert [(p.name, p.value) for p in points if p.name.startswith(word(49))] == [
        (f"{word(49)} loss", 0.495),
        (f"{word(49)} loss", 0.496),
    ]
    assert not any(p.name.startswith(word(10)) for p in points)
