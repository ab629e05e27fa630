"""JSON objects, one a line: what is read at places that are known is what is read of the object as a whole."""

from __future__ import annotations

import json
import random

import pytest

from mltui.parsers.lines.shapes import ShapeMemory
from mltui.parsers.reader import MetricReader
from mltui.parsers.records.objects import flatten, places


def places_in(line: str) -> tuple[list[str], list[str]] | None:
    """The texts of the numbers and the names with digits that are found at known places."""
    names, values, scopes = flatten(json.loads(line))
    found = places(line.encode(), names, values, scopes)
    if found is None:
        return None
    return [line[a:b] for a, b in found[0]], [line[a:b] for a, b in found[1]]


@pytest.mark.parametrize(
    ("line", "numbers", "numbered"),
    [
        ('{"step": 5, "loss": 0.5}', ["5", "0.5"], []),
        ('{"step":5,"loss":-1.5e-05,"at":"2026-11-22T13:14:52"}', ["5", "-1.5e-05"], []),
        (
            '{"a": {"top1": 0.5, "top5": 0.75}, "x2": null, "t": "is 3: 4"}',
            ["0.5", "0.75"],
            ['"top1"', '"top5"', '"x2"'],
        ),
        ('{"loss": NaN, "best": -Infinity, "split": "valid"}', ["NaN", "-Infinity"], []),
        ('{"step": 5, "t": ":", "list": [1, 2], "loss": 1}', ["5", "1"], []),
    ],
)
def test_numbers_of_an_object_have_places(line: str, numbers: list[str], numbered: list[str]) -> None:
    """They are those of the object, in its order; names that hold digits are told, since others may stand there."""
    assert places_in(line) == (numbers, numbered)


@pytest.mark.parametrize(
    "line",
    [
        '{"loss": "0.5"}',  # A text that is a number.
        '{"step": 5, "config": {"lr": 0.1}}',  # Settings that are left out.
        '{"all": [{"loss": 0.5}]}',
        '{"loss": 0.5, "loss": 0.4}',
        '{"t": "\\"loss\\": 5", "loss": 0.4}',
        '{"split": "valid_1", "loss": 0.4}',  # A scope that may be another one.
        '{"t": ": 5, ", "loss": 0.4}',
    ],
)
def test_an_object_whose_numbers_are_not_plain_has_none(line: str) -> None:
    """It is read as a whole each time."""
    assert places_in(line) is None


def logs() -> list[str]:
    """Logs of objects that have the same names and other numbers, whole ones among them."""
    chance, found = random.Random(1), []
    forms = [
        '{{"step": {n}, "epoch": {e}, "loss": {a}, "metrics": {{"top1": {b}, "top5": {c}}}, "split": "{s}"}}',
        '{{"epoch": {e}.0, "eval_loss": {a}, "lr": {b}, "t": "at {n} of {e}"}}',
        '{{"iter{e}": {n}, "x": "{a}", "loss": {b}}}',
        '{{"event": "{t}", "step": {n}, "loss": {a}, "acc": {b}}}',
        '{{"step": {n}, "loss": {a}, "acc": {b}, "text": "{t}"}}',
    ]
    for form in forms:
        lines = []
        for n in range(60):
            numbers = [chance.choice([repr(chance.random()), "1.0", "0", "2e-05", "NaN", "-3.25"]) for _ in range(3)]
            a, b, c = numbers
            text = chance.choice(["train", "a b", "x: 5", 'q\\"', "é"])
            split = chance.choice(["train", "valid", "valid_1"])
            lines.append(form.format(n=n * 10, e=n // 9, a=a, b=b, c=c, s=split, t=text))
        found.append("\n".join(lines) + "\n")
    return found


@pytest.mark.interpreted
@pytest.mark.parametrize("log", logs())
def test_objects_that_are_remembered_say_what_they_say_as_a_whole(log: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The memory of objects is for speed: without it the points are the same."""

    def points() -> list[str]:
        reader = MetricReader()
        return [repr(point) for point in reader.feed(log.encode()) + reader.close()]

    remembered = points()
    monkeypatch.setattr(ShapeMemory, "keep", lambda *_: None)
    assert remembered == points() != []
