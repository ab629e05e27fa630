"""Which values are news: a log shows many of them again and again."""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Set
from math import inf, isfinite

from mltui.domain.metric import SERIES_LIMIT, Axis, MetricKind, MetricPoint
from mltui.parsers.config import MetricConfig
from mltui.parsers.plans.group import Group, Seen
from mltui.parsers.plans.likeness import is_again, is_rounded, is_told_by_others
from mltui.parsers.plans.plan import RUNNING, PlacedLine, Plan, Series
from mltui.parsers.points.context import Context
from mltui.parsers.points.held import Held
from mltui.parsers.points.sentences import is_told
from mltui.parsers.words.roles import is_evaluation, is_of_epoch
from mltui.parsers.words.values import Numbers

_new = tuple.__new__

#: Series beyond the limit whose names have no number and at most one folder: a log tells its ``loss`` behind the norms
#: of all its weights.
_PLAIN_MORE = 100
_PLAIN = re.compile(r"[^\d/.]+(?:[/.][^\d/.]+)?")
#: Records that are remembered, over all kinds of lines, to know a repeated one.
_SEEN_LIMIT = 50_000
#: Where so many lines of a kind stood where the one before did, and told something else, one that tells what was told
#: once is not the best model's: several print their steps, and values come again by chance.
_TWICE = 3
#: Points of values that never change that wait for a change, over all series.
_CONSTANT_LIMIT = 100_000


#: A line of a plan that is the first in another epoch, or of those of its series alone that have these names; where it
#: is, as axis and x, and how many epochs are done there: NaN where nobody knows.
Turn = tuple[Plan, Set[str] | None, str, float, float]


class News:
    """Turns lines whose place is known into points, once each."""

    def __init__(self, config: MetricConfig) -> None:
        self.context = Context()
        """Where the training of the one stands that prints at the moment."""
        self.out: list[MetricPoint] = []
        self.turns: list[Turn] = []
        """Which lines were the first in another epoch."""
        self.series: dict[tuple[str, MetricKind], Series] = {}
        self._running: dict[str, Series] = {}
        """Those of them that bars show on the way, by name."""
        self.held = Held(self.series)
        self._config = config
        self._remembering: list[Seen] = []
        self._remembered = 0
        self._waiting = 0

    def series_for(self, name: str, kind: MetricKind) -> Series | None:
        """The series of that name, or ``None`` when there are too many."""
        found = self.series.get((name, kind))
        if found is None:
            if len(self.series) >= SERIES_LIMIT + _PLAIN_MORE * bool(_PLAIN.fullmatch(name)):
                return None
            found = self.series[name, kind] = Series(
                name, kind, self._wanted(name), is_evaluation(name), is_of_epoch(name)
            )
        return found

    def _wanted(self, name: str) -> bool:
        lower, config = name.lower(), self._config
        if any(fnmatch.fnmatchcase(lower, glob.lower()) for glob in config.drop):
            return False
        return not config.keep or any(fnmatch.fnmatchcase(lower, glob.lower()) for glob in config.keep)

    # Lines.

    def report(self, plan: Plan, axis: str, x: float, numbers: Numbers, redrawn: bool = False) -> None:
        """Report a line's values at ``x``, unless the same line was read before; for the rest see ``Points.read``."""
        group = plan.group
        seen = group.seen
        last_x = seen.last_x
        if group.run is not plan.series or last_x is None or not last_x < x < inf:
            self._report_other(plan, axis, x, numbers, redrawn)
            return
        # All of it is news. What ``Seen.add`` does is written out, since nearly all lines are reported here.
        known = seen.values
        if not known:
            self._remembering.append(seen)
        known[x] = plan.values_of(numbers)
        seen.before_last, seen.last_x, seen.axis = last_x, x, axis
        seen.count += 1
        self._remembered += 1
        if self._remembered > _SEEN_LIMIT:
            self._forget()
        if redrawn and plan.evaluations:
            self._make_points(plan, axis, x, numbers, _is_stale(plan, numbers))
            return
        out, new, point_type = self.out, _new, MetricPoint
        for series, index in plan.told_at:
            series.last = point = new(point_type, (series.name, axis, x, numbers[index], series.kind))
            out.append(point)
        if self.context.turns != group.turns:
            self._turn(plan, axis, x, numbers)

    def _report_other(self, plan: Plan, axis: str, x: float, numbers: Numbers, redrawn: bool) -> None:
        """Report a line that may have been read before, or told by others, as a whole or in part."""
        seen, values = plan.group.seen, plan.values_of(numbers)
        if self._was_read(plan, axis, x, numbers, values):
            return
        if not seen.values:
            self._remembering.append(seen)
        seen.add(axis, x, values)
        self._remembered += 1
        if self._remembered > _SEEN_LIMIT:
            self._forget()
        self._make_points(plan, axis, x, numbers, redrawn and _is_stale(plan, numbers))

    def _was_read(self, plan: Plan, axis: str, x: float, numbers: Numbers, values: Numbers) -> bool:
        """Whether a line was read before, or told by others; or it has no place."""
        group = plan.group
        seen = group.seen
        if not isfinite(x):
            return True
        if group.sentences and is_told(plan, numbers, self.series.values(), self.held.groups):
            return True
        if group.repeats and is_told_by_others(group, axis, x, values):
            return True
        if seen.last_x is not None and x <= seen.last_x and self._comes_again(plan, axis, x, numbers, values):
            return True
        if seen.again is not None:
            self._begin_anew(seen, x)
        return False

    def _make_points(self, plan: Plan, axis: str, x: float, numbers: Numbers, stale: bool) -> None:
        """The points of a line that was not read before; some of its values may be those of lines of other kinds.

        In a ``stale`` line those of an evaluation are the last one's.
        """
        group = plan.group
        at_once = group.hold.until is None
        out = self.out if at_once else group.hold.points
        told = 0
        for series, index, schedule in plan.told:
            value, last = numbers[index], series.last
            if schedule and not (series.varies or self._changes(series, axis, x, value, out)):
                continue
            if last is not None and last[2] == x and is_again(last, axis, value, series.teller is group):
                continue
            if stale and series.evaluates:
                continue
            point = _new(MetricPoint, (series.name, axis, x, value, series.kind))
            if at_once:
                series.tell(point, group)
            out.append(point)
            told += 1
        if at_once and told and self.context.turns != group.turns:
            self._turn(plan, axis, x, numbers, {point.name for point in out[-told:]})
        is_run = at_once and told == len(plan.entries) and not (group.repeats or group.sentences)
        group.run = plan.series if is_run else None
        if not at_once:
            self.out += self.held.hold(group, self.context)

    def _turn(self, plan: Plan, axis: str, x: float, numbers: Numbers, names: Set[str] | None = None) -> None:
        """Points at ``x`` of the plan's series, or of those with these ``names``, are in another epoch."""
        context, epoch = self.context, plan.epoch_of(numbers)
        done, again = context.done(epoch), False
        if context.reckoned and done <= (told := x / context.reckoned) <= done + 1:
            done, again = told, told.is_integer()  # The next line tells a fraction, which says more.
        if not again and (epoch is None or epoch == context.epoch):  # Else a later line said so already.
            plan.group.turns = context.turns
        self.turns.append((plan, names, axis, x, done))

    def _comes_again(self, plan: Plan, axis: str, x: float, numbers: Numbers, values: Numbers) -> bool:
        """Whether a line that is not beyond the last one of its kind was read before."""
        seen = plan.group.seen
        seen.enter_trial(self.context.trials)
        plan.group.run = None
        if seen.knows(x, values):
            seen.recall(PlacedLine(plan, axis, x, numbers))
            return True
        if x == seen.last_x:
            if seen.twice < _TWICE and _was_told(plan, seen, values):
                return True
            seen.twice += 1
        if seen.returns_to(x):
            seen.forget()  # It counts anew: a fold, a candidate, another run.
        return False

    def _begin_anew(self, seen: Seen, x: float) -> None:
        """The first line came again: if other values follow it than before, it was the first of another run."""
        again = seen.take_again()
        if again is not None and x in seen.values:
            seen.forget()
            self.report(*again)

    def _forget(self) -> None:
        """Let go of all lines: from now on none that was read before is known."""
        self._remembered = 0
        for known in self._remembering:
            known.forget()
        self._remembering.clear()

    def _changes(self, series: Series, axis: str, x: float, value: float, out: list[MetricPoint]) -> bool:
        """Whether a schedule has another value than always; then the points that waited are reported first."""
        if series.constant is None:
            series.constant = value
            series.waiting.append((axis, x))
            return False
        constant = series.constant
        if value == constant:
            if self._waiting < _CONSTANT_LIMIT:
                self._waiting += 1
                series.waiting.append((axis, x))
            return False
        out.extend(MetricPoint(series.name, a, at, constant, series.kind) for a, at in series.waiting)
        self._waiting -= len(series.waiting) - 1
        series.waiting.clear()
        series.varies = True
        return True

    # What bars show.

    def report_running(self, name: str, x: float, value: float) -> None:
        """Report what a bar shows on the way to the epoch's value of ``name``."""
        series = self._running.get(name)
        if series is None and (series := self.series_for(name, RUNNING)) is not None:
            self._running[name] = series
        if series is not None and series.wanted and isfinite(x):
            self.out.append(_new(MetricPoint, (name, "epoch", x, value, RUNNING)))

    def report_measured(self, series: Series, axis: str, x: float, value: float) -> None:
        """Report a value that a bar showed of an epoch, or of the step behind which it was measured."""
        point = MetricPoint(series.name, axis, x, value, series.kind)
        last = series.last
        again = last is not None and last[1:3] == point[1:3] and is_rounded(value, last.value)
        if series.wanted and isfinite(x) and not again:
            series.tell(point, None)
            self.out.append(point)

    # What was held back.

    def training_went_on(self) -> None:
        """Report what was held back in the middle of the training."""
        self.out += self.held.training_went_on(self.context)

    def went_on_with(self, group: Group) -> None:
        """Report what was held back of lines that show some of the values of ``group``, whose next line has come."""
        self.out += self.held.went_on_with(group, self.context)

    def release(self, group: Group) -> None:
        """Report what was held back of a kind of line: it is known now what it is called."""
        self.out += self.held.release(group)

    def close(self) -> None:
        """The log ended: what was held back is reported, or a final result."""
        self.out += self.held.close(self.context)


def _was_told(plan: Plan, seen: Seen, values: Numbers) -> bool:
    """Whether what a line measures, more than one thing, is what an earlier one did: the best model evaluated again."""
    measured = [i for i, entry in enumerate(plan.entries) if entry.series.kind is MetricKind.METRIC]
    return len(measured) > 1 and any(
        all(is_rounded(told[i], values[i]) for i in measured) for told in seen.values.values()
    )


def _is_stale(plan: Plan, numbers: Numbers) -> bool:
    """Whether all that a line shows of an evaluation is as it was, in more than one value: none was measured since."""
    if len(plan.evaluations) < 2:
        return False
    held = {point.name: point.value for point in plan.group.hold.points}
    return all(held.get(s.name) == numbers[index] or s.told(numbers[index]) for s, index in plan.evaluations)


def epochs_of(turns: list[Turn]) -> list[MetricPoint]:
    """The first points of series over steps in another epoch, each with the epochs that were done as its value."""
    epochs = list[MetricPoint]()
    for plan, names, axis, x, done in turns:
        if not Axis.of(axis).counts_steps:
            continue
        turned = axis, done
        for series, _ in plan.told_at:
            last = series.turned
            known = last == turned or (done != done and last is not None and last[0] == axis)
            if not known and (names is None or series.name in names):
                series.turned = turned
                epochs.append(MetricPoint(series.name, axis, x, done, MetricKind.EPOCHS))
    return epochs
