"""Where the values of placed lines end up, which are news, which are held back: ``Points`` alone, without any text.

A log is written as lines of counters and values, ``epoch=1 batch=3/10 loss=2.5``. In front of a line may stand how it
was printed: ``~`` (drawn over by the next), ``summary`` (reported only once it recurs), ``setting`` (a curve only at
epochs). ``Epoch 2`` and ``under step=3`` are lines of counters alone; ``live`` and ``still`` begin and end what is
drawn over and over.
"""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from mltui.domain.metric import MetricKind, MetricPoint
from mltui.parsers.config import MetricConfig
from mltui.parsers.plans.group import Group, Hold, Standing, Until
from mltui.parsers.plans.plan import Counter, Entry, Plan
from mltui.parsers.points.points import Points
from mltui.parsers.words.vocabulary import Way

_COUNTERS: dict[str, Way] = {"epoch": "epoch", "batch": "batch", "step": "step", "trial": "step", "fold": "fold"}
_ITEM = re.compile(r"(\w+)=([^/\s]+)(?:/(\S+))?")


class Log:
    """Turns the lines of a case into plans and numbers, and these into points."""

    def __init__(self, config: MetricConfig | None = None) -> None:
        self.points = Points(config or MetricConfig())
        self.plans: dict[tuple[str, ...], Plan] = {}

    def read(self, line: str) -> None:
        """Report one line."""
        context = self.points.context
        if line in ("live", "still"):
            self.points.set_live(line == "live")
        elif line.startswith("Epoch "):
            context.enter_epoch(float(line.split()[1]), header=True)
            context.leave_block()
            self.points.arrived("epoch", float(line.split()[1]), measures=False)
        elif line.startswith("under "):
            axis, x = line.removeprefix("under ").split("=")
            context.enter_block(Plan(Group(), inner=Counter(axis, "step", 0)), (float(x),))
            self.points.arrived(axis, float(x), measures=False)
        else:
            self._read_values(line)

    def _read_values(self, line: str) -> None:
        items = _ITEM.findall(line)
        plan = self._plan(line.partition(" ")[0], items)
        numbers = tuple(float(text) for _, value, total in items for text in (value, total) if text)
        if plan.fold is not None:
            self.points.context.enter_fold(plan.fold.axis, numbers[plan.fold.index])
        self.points.read(plan, numbers, redrawn=line.startswith("~"))

    def _plan(self, how: str, items: list[tuple[str, str, str]]) -> Plan:
        key = tuple(name for name, _, _ in items)
        if key in self.plans:
            return self.plans[key]
        names = tuple(name for name in key if name not in _COUNTERS)
        alike = [plan.group for plan in self.plans.values() if set(names) <= set(plan.group.names)]
        counters: dict[str, Counter] = {}
        entries, index = [], 0
        for name, _, total in items:
            if name in _COUNTERS:
                role = name if name in ("epoch", "fold") else "inner"
                counters[role] = Counter(name, _COUNTERS[name], index, index + 1 if total else None)
            elif series := self.points.series_for(name, MetricKind.METRIC):
                entries.append(Entry(series, index, schedule=name == "lr"))
            index += 2 if total else 1
        plan = self.plans[key] = Plan(Group(names=names, repeats=alike), entries, **counters)
        if not plan.counts:
            plan.group.hold = Hold(Until.IT_RECURS if how in ("summary", "setting") else Until.TRAINING_GOES_ON)
            plan.group.standing = Standing(needs_place=how == "setting")
        return plan

    def close(self) -> list[MetricPoint]:
        """All points, when the log has ended."""
        self.points.close()
        return self.points.take()


def table_of(points: list[MetricPoint]) -> list[str]:
    """The points, one series a line: ``loss step 10:2.5 20:2.1``."""
    table: dict[str, str] = {}
    for p in points:
        head = f"{p.name} {p.axis}" if p.kind is MetricKind.METRIC else f"{p.kind} {p.name} {p.axis}"
        table[head] = f"{table.get(head, head)} {p.x:g}:{p.value:g}"
    return list(table.values())


def points_of(lines: str, config: MetricConfig | None = None) -> list[str]:
    log = Log(config)
    for line in lines.split("; "):
        log.read(line)
    return table_of(log.close())


WHERE = {
    "at its own step": ("step=10 loss=2.5; step=20 loss=2.1", ["loss step 10:2.5 20:2.1"]),
    "at its own epoch": ("epoch=1 loss=2.5; epoch=2 loss=2.1", ["loss epoch 1:2.5 2:2.1"]),
    "at the epochs before and the batch in this one": (
        "epoch=1 batch=5/10 loss=3; epoch=1 batch=10/10 loss=2; epoch=2 batch=5/10 loss=1",
        ["loss step 5:3 10:2 15:1"],
    ),
    "at epochs that count from 0": ("epoch=0 batch=5/10 loss=3; epoch=1 batch=5/10 loss=1", ["loss step 5:3 15:1"]),
    "at the epoch, when its batch is always the last": (
        "epoch=1 batch=4/4 loss=3; epoch=2 batch=4/4 loss=2",
        ["loss epoch 1:3 2:2"],
    ),
    "at a batch that does not begin anew with the epoch": (
        "epoch=1 batch=5 loss=3; epoch=2 batch=15 loss=2; epoch=3 batch=25 loss=1",
        ["loss batch 5:3 15:2 25:1"],
    ),
    "at the step alone, when that is not of the epoch": (
        "epoch=1 step=5 loss=3; epoch=1 step=10 loss=2; epoch=2 step=15 loss=1",
        ["loss step 5:3 10:2 15:1"],
    ),
    "at the epoch's own number, when both counters are the same": (
        "epoch=1 step=1/5 loss=3; epoch=2 step=2/5 loss=2",
        ["loss step 1:3 2:2"],
    ),
    "at batches, when the counter counts samples": (
        "epoch=1 batch=640/60000 loss=2; epoch=1 batch=1280/60000 loss=1",
        ["loss step 10:2 20:1"],
    ),
    "in its fold": (
        "fold=1 epoch=1 loss=3; fold=2 epoch=1 loss=2",
        ["loss epoch (fold 1) 1:3", "loss epoch (fold 2) 1:2"],
    ),
    "at the fold, when nothing else counts": ("fold=1 score=0.5; fold=2 score=0.6", ["score fold 1:0.5 2:0.6"]),
    "at the last step, when it has none": (
        "step=10 loss=3; val=0.5; step=20 loss=2; val=0.4",
        ["loss step 10:3 20:2", "val step 10:0.5 20:0.4"],
    ),
    "at the epoch of the heading": ("Epoch 1; val=0.5; Epoch 2; val=0.4", ["val epoch 1:0.5 2:0.4"]),
    "at the batch of the heading's epoch": (
        "Epoch 1; batch=5/10 loss=3; batch=10/10 loss=2; Epoch 2; batch=5/10 loss=1",
        ["loss step 5:3 10:2 15:1"],
    ),
    "under a line of counters": ("under step=3; val=0.5; under step=6; val=0.4", ["val step 3:0.5 6:0.4"]),
    "by its count, when nothing counts": ("loss=3; loss=2; loss=1", ["loss count 1:3 2:2 3:1"]),
    "by its count, when several stand at one place": (
        "step=10 loss=3; val=0.5; val=0.4",
        ["loss step 10:3", "val count 1:0.5 2:0.4"],
    ),
    "nowhere, when x is no number": ("step=nan loss=3; step=inf loss=2", []),
    "at the beginning, when it came before anything was counted": (
        "val=9; step=1 loss=3; val=8; step=2 loss=2",
        ["loss step 1:3 2:2", "val step 0:9 1:8"],
    ),
    "at the step that follows, when the first stood in front of 0": (
        "val=9; step=0 loss=4; val=8; step=10 loss=3; val=7; step=20 loss=2; val=6; step=30 loss=1",
        ["loss step 0:4 10:3 20:2 30:1", "val step 0:9 10:8 20:7 30:6"],
    ),
    "at the step before, when only that makes even distances": (
        "val=9; step=0 loss=4; step=10 loss=3; val=8; step=11 loss=3; step=20 loss=2; val=7; step=23 loss=1",
        ["loss step 0:4 10:3 11:3 20:2 23:1", "val step 0:9 10:8 20:7"],
    ),
    "at epochs only, when it may be a setting": (
        "setting lr=1; step=1 loss=3; setting lr=2; step=2 loss=2; setting lr=3",
        ["loss step 1:3 2:2"],
    ),
    "as it was last, while it is drawn over and over": (
        "live; step=1 loss=3; step=1 loss=2; step=2 loss=1; still; step=3 loss=0",
        ["loss step 1:2 2:1 3:0"],
    ),
}

NEWS = {
    "the same line again is none": ("step=1 loss=3; step=1 loss=3", ["loss step 1:3"]),
    "another value at the same place is": ("step=1 loss=3; step=1 loss=2", ["loss step 1:3 1:2"]),
    "a curve told again at the end is none": (
        "step=1 loss=3; step=2 loss=2; step=1 loss=3; step=2 loss=2",
        ["loss step 1:3 2:2"],
    ),
    "a curve that begins anew with the same value is, from there on": (
        "step=1 loss=3; step=2 loss=2; step=1 loss=3; step=2 loss=1",
        ["loss step 1:3 2:2 1:3 2:1"],
    ),
    "a curve that begins anew with another value is": (
        "step=1 loss=3; step=2 loss=2; step=1 loss=4; step=2 loss=2",
        ["loss step 1:3 2:2 1:4 2:2"],
    ),
    "the same line in another trial is": (
        "trial=1 best=5; step=1 loss=3; step=2 loss=2; trial=2 best=4; step=1 loss=3; step=2 loss=2",
        ["best trial 1:5 2:4", "loss step 1:3 2:2 1:3 2:2"],
    ),
    "a value that another kind of line rounds is none": (
        "step=1 acc=0.5 loss=2.7183; step=1 loss=2.718; step=2 acc=0.6 loss=1.5; step=2 loss=1.5",
        ["acc step 1:0.5 2:0.6", "loss step 1:2.7183 2:1.5"],
    ),
    "what another kind of line told long ago is none": (
        "step=1 acc=0.5 loss=3; step=2 acc=0.6 loss=2; step=1 loss=3; step=2 loss=2",
        ["acc step 1:0.5 2:0.6", "loss step 1:3 2:2"],
    ),
    "an unplaced line again is none": (
        "Epoch 1; val=0.5 f1=0.3; val=0.5 f1=0.3; Epoch 2; val=0.4 f1=0.2",
        ["val epoch 1:0.5 2:0.4", "f1 epoch 1:0.3 2:0.2"],
    ),
    "an unplaced line that was measured anew is": (
        "step=10 loss=3; val=0.5 f1=0.3; step=20 loss=2; val=0.5 f1=0.3",
        ["loss step 10:3 20:2", "val step 10:0.5 20:0.5", "f1 step 10:0.3 20:0.3"],
    ),
    "a schedule that never changes is none": ("step=1 loss=3 lr=0.1; step=2 loss=2 lr=0.1", ["loss step 1:3 2:2"]),
    "a schedule that changes is, from the beginning": (
        "step=1 loss=3 lr=0.1; step=2 loss=2 lr=0.1; step=3 loss=1 lr=0.01",
        ["loss step 1:3 2:2 3:1", "lr step 1:0.1 2:0.1 3:0.01"],
    ),
    "an evaluation that a drawn line goes on showing is none": (
        "~ step=1 loss=3 val_loss=1 val_acc=0.5; ~ step=2 loss=2 val_loss=1 val_acc=0.5",
        ["loss step 1:3 2:2", "val_loss step 1:1", "val_acc step 1:0.5"],
    ),
    "the same evaluation in a line of its own is": (
        "step=1 loss=3 val_loss=1 val_acc=0.5; step=2 loss=2 val_loss=1 val_acc=0.5",
        ["loss step 1:3 2:2", "val_loss step 1:1 2:1", "val_acc step 1:0.5 2:0.5"],
    ),
    "a row that is drawn again with fewer columns is none": (
        "live; step=1 loss=3; step=1 loss=3 acc=0.5; still",
        ["loss step 1:3", "acc step 1:0.5"],
    ),
}

HELD = {
    "a result after the training is left out": ("step=1 loss=3; step=2 loss=2; val=0.9", ["loss step 1:3 2:2"]),
    "the training goes on": ("step=1 loss=3; val=0.9; step=2 loss=2", ["loss step 1:3 2:2", "val step 1:0.9"]),
    "a summary waits, although the training goes on": (
        "step=1 loss=3; summary val=0.9; step=2 loss=2",
        ["loss step 1:3 2:2"],
    ),
    "a summary recurs": (
        "step=1 loss=3; summary val=0.9; step=2 loss=2; summary val=0.8",
        ["loss step 1:3 2:2", "val step 1:0.9 2:0.8"],
    ),
    "a line with more of the same values recurs": (
        "step=1 loss=3; summary val=5; step=2 loss=2; summary val=4 f1=1; step=3 loss=1; summary val=3 f1=2",
        ["loss step 1:3 2:2 3:1", "val step 1:5 2:4 3:3", "f1 step 2:1 3:2"],
    ),
    "the log ends, and one place was all it had": ("step=1 loss=3; val=0.9", ["loss step 1:3", "val step 1:0.9"]),
    "the epoch goes on that it was measured in": (
        "Epoch 1; batch=5/10 loss=3; val=0.9; batch=10/10 loss=2; Epoch 2; batch=5/10 loss=1",
        ["loss step 5:3 10:2 15:1", "val step 5:0.9"],
    ),
}


@pytest.mark.parametrize(("log", "expected"), WHERE.values(), ids=WHERE)
def test_a_value_stands(log: str, expected: list[str]) -> None:
    """x is the line's own counter, or else what the lines around it say of its place."""
    assert points_of(log) == expected


@pytest.mark.parametrize(("log", "expected"), NEWS.values(), ids=NEWS)
def test_news_is_what_was_not_told(log: str, expected: list[str]) -> None:
    """A value is reported once, however often the log shows it; what is measured anew is reported anew."""
    assert points_of(log) == expected


@pytest.mark.parametrize(("log", "expected"), HELD.values(), ids=HELD)
def test_a_line_without_a_place_is_held_back_until(log: str, expected: list[str]) -> None:
    """A value that comes once, after the training, is a result; one in its middle, or that recurs, is a curve."""
    assert points_of(log) == expected


def test_points_of_a_held_line_are_handed_over_when_it_is_known_to_be_a_curve() -> None:
    """What is reported late stands at its own place all the same."""
    log = Log()
    for line in ("step=1 loss=3", "val=0.9", "step=2 loss=2"):
        log.read(line)
    assert [(p.name, p.x) for p in log.close()] == [("loss", 1), ("val", 1), ("loss", 2)]


def test_what_the_profile_drops_is_not_reported() -> None:
    """``drop`` and ``keep`` hold for whole series, whatever the letters' case."""
    log = "step=1 loss=3 acc=1; step=2 loss=2 acc=2"
    assert points_of(log, MetricConfig(drop=("ACC",))) == ["loss step 1:3 2:2"]
    assert points_of(log, MetricConfig(keep=("a*",))) == ["acc step 1:1 2:2"]


def test_a_bars_value_of_the_epoch_is_reported_when_it_changes() -> None:
    """A bar goes on showing it; what it shows on the way is of kind RUNNING, at a place that is a number."""
    log = Log()
    series = log.points.series_for("val", MetricKind.METRIC)
    assert series is not None
    log.points.news.report_running("val", 0.5, 4.0)
    log.points.news.report_running("val", float("nan"), 4.0)
    for epoch, value in ((1, 3.0), (1, 3.0), (2, 3.0), (float("inf"), 2.0)):
        log.points.news.report_measured(series, "epoch", epoch, value)
    assert table_of(log.close()) == ["running val epoch 0.5:4", "val epoch 1:3 2:3"]


def test_a_line_that_showed_some_of_its_values_tells_nothing_of_the_others() -> None:
    """Of a bar's values some may be the epoch's; lines of other kinds are compared with whole lines alone."""
    log = Log()
    log.read("step=1 acc=0.5 loss=3")
    (whole,) = log.plans.values()
    log.points.news.report(replace(whole, entries=whole.entries[:1]), "step", 2, (2, 0.6, 2))
    log.read("step=2 loss=2")
    assert table_of(log.close()) == ["acc step 1:0.5 2:0.6", "loss step 1:3 2:2"]
