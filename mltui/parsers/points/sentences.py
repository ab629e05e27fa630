"""Sentences on what a metric came to, ``val_loss improved from 0.9 to 0.8``: they count where no other line tells that.

They have a kind of line of their own, whose ``Group`` says so. A sentence moves nothing. Two are a curve: the first one
waits, as ``Held`` has it, and is let go once another line tells its metric, since the line of the epoch may stand
behind the sentence.
"""

from __future__ import annotations

from collections.abc import Iterable

from mltui.parsers.plans.group import Group
from mltui.parsers.plans.likeness import Spoken, is_same
from mltui.parsers.plans.plan import Plan, Series
from mltui.parsers.points.context import Context
from mltui.parsers.words.values import Numbers


def place_of(plan: Plan, numbers: Numbers, context: Context) -> tuple[str, float] | None:
    """Axis and x of a sentence by its own counter; ``None`` where the lines around it say that."""
    counter = plan.inner if plan.inner is not None and plan.inner.way == "step" else plan.epoch
    return None if counter is None else (context.axis_in_fold(counter.axis), numbers[counter.index])


def is_told(plan: Plan, numbers: Numbers, series: Iterable[Series], held: Iterable[Group]) -> bool:
    """Whether lines of another kind tell what a sentence does, or told its value last; what waits is let go then.

    ``series`` are all there are, ``held`` the kinds of lines whose points are held back.
    """
    group, entry = plan.group, plan.entries[0]
    if group.told_elsewhere:
        return True
    name, value, hold = entry.series.name, numbers[entry.index], group.hold
    others = [each.last for each in series if each.last is not None and each.teller is not group]
    waiting = [point for other in held if other is not group for point in other.hold.points]
    group.told_elsewhere = Spoken(point.name for point in others).may_be(name)
    if group.told_elsewhere or Spoken(point.name for point in waiting).may_be(name):
        hold.points.clear()
        return True
    hold.points = [point for point in hold.points if not any(is_same(point.value, p.value) for p in others)]
    return any(is_same(value, point.value) for point in others)
