"""What a plan says of the numbers of its lines."""

from __future__ import annotations

from dataclasses import replace

from mltui.domain.metric import MetricKind
from mltui.parsers.plans.group import Group
from mltui.parsers.plans.plan import Counter, Entry, Plan, Series


def test_a_narrowed_plan_finds_the_same_values_among_fewer_numbers() -> None:
    """The numbers that it needs are named in order; the plan it was made of stays as it was."""
    loss, rate = Series("loss", MetricKind.METRIC), Series("lr", MetricKind.METRIC)
    epoch, batch = Counter("epoch", "epoch", 5), Counter("batch", "batch", 1, total=2)
    plan = Plan(Group(), [Entry(loss, 7), Entry(rate, 4, schedule=True)], epoch, batch, percent=9)
    before = replace(plan, entries=[replace(entry) for entry in plan.entries])
    numbers = tuple(float(i) for i in range(10))

    narrowed, used = plan.narrowed()

    assert used == [1, 2, 4, 5, 7, 9]
    few = tuple(numbers[i] for i in used)
    assert narrowed.values_of(few) == plan.values_of(numbers) == (7, 4)
    assert narrowed.epoch_of(few) == 5
    assert narrowed.inner is not None
    assert narrowed.inner.total_of(few) == 2
    assert narrowed.percent is not None
    assert few[narrowed.percent] == 9
    assert narrowed.group is plan.group
    assert plan == before
