"""From records to points: where a value belongs (x), and whether it is news.

A `Group` is one kind of line (the same names again and again) and remembers what it needs to place the next line of
its kind.
"""

from __future__ import annotations

import fnmatch

from mltui.domain.metric import MetricKind, MetricPoint
from mltui.parsers.ahead import Ahead, Doubt
from mltui.parsers.config import MetricConfig
from mltui.parsers.context import Context
from mltui.parsers.plan import RUNNING, Counter, Group, Plan, Series
from mltui.parsers.samples import in_batches
from mltui.parsers.vocabulary import scope_of

_new = tuple.__new__

#: Names beyond this are not reported but counted as dropped: a log that makes new names is not plotting curves.
SERIES_LIMIT = 2000
#: Records that are remembered, over all kinds of lines, to know a repeated one.
_SEEN_LIMIT = 50_000
#: By so much of a value a rounded one may differ from it.
_ROUNDED = 1e-3
#: Points of values that never change that wait for a change, over all series.
_CONSTANT_LIMIT = 100_000


class Points:
    """Turns placed values into points, once each."""

    def __init__(self, config: MetricConfig) -> None:
        self.config = config
        self.context = Context()
        self.out: list[MetricPoint] = []
        self.dropped = 0
        self.series: dict[tuple[str, MetricKind], Series] = {}
        self._held: list[Group] = []
        self._ahead = Ahead()
        self._doubted: list[Group] = []
        self._remembering: list[Group] = []
        self._remembered = 0
        self._waiting = 0
        self.live = False
        """Lines are drawn over and over: the newest of a kind may not be complete."""
        self._newest: dict[int, tuple[Plan, str, float, list[float]]] = {}

    def series_for(self, name: str, kind: MetricKind) -> Series | None:
        """The series of that name, or ``None`` when there are too many."""
        found = self.series.get((name, kind))
        if found is None:
            if len(self.series) >= SERIES_LIMIT:
                return None
            found = self.series[name, kind] = Series(name, kind, self._wanted(name))
            found.evaluates = scope_of(name) in ("val", "test")
        return found

    def _wanted(self, name: str) -> bool:
        lower, config = name.lower(), self.config
        if any(fnmatch.fnmatchcase(lower, glob.lower()) for glob in config.drop):
            return False
        return not config.keep or any(fnmatch.fnmatchcase(lower, glob.lower()) for glob in config.keep)

    def read(self, plan: Plan, numbers: list[float], redrawn: bool = False) -> None:
        """Report the values of a line of this plan where its counters, or else the context, place it.

        ``numbers`` are the line's, as ``plan`` counts them. A ``redrawn`` line is drawn over by the next: it may go on
        showing the last evaluation's values.
        """
        context, counter = self.context, plan.inner
        epoch = None if plan.epoch is None else numbers[plan.epoch.index]
        if counter is None:
            if epoch is None:
                if len(plan.entries) > 1 and not plan.group.by_count and self._repeats(plan, numbers):
                    return
                if plan.fold is not None and context.position is None:
                    self.place(plan, "fold", numbers[plan.fold.index], numbers, redrawn)
                    return
                if self._comes_early(plan, numbers):
                    return
                axis, x = self._by_context(plan.group)
                if plan.group.needs_place and not context.stands_under and not axis.startswith("epoch"):
                    return
                self.place(plan, axis, x, numbers, redrawn)
                return
            axis, x = context.axis_in_fold("epoch"), epoch
            if plan.size is not None:
                context.size = numbers[plan.size]
        else:
            axis, x = self._counted(plan, counter, epoch, numbers)
        context.position = None
        if epoch is not None and epoch != context.epoch:
            context.set_epoch(epoch)
        if x != context.x or axis != context.axis:
            context.axis, context.x = axis, x
            context.advances += 1
            context.runs += axis == "trial"
            self.arrived(axis, x, True)
        if self._held:
            self.training_went_on()
        if self.live:
            self._place_live(plan, axis, x, numbers)
        else:
            self.place(plan, axis, x, numbers, redrawn)

    def _counted(self, plan: Plan, counter: Counter, epoch: float | None, numbers: list[float]) -> tuple[str, float]:
        """Axis and x of a line that counts inside of its epoch, or without one."""
        context = self.context
        total = None if counter.total is None else numbers[counter.total]
        inner = numbers[counter.index]
        if counter.way != "batch":
            context.total = total
        elif total is not None and total != context.total:
            percent = None if plan.percent is None else numbers[plan.percent]
            inner, total = in_batches(plan.group, inner, total, percent)
        return context.resolve(plan.group, epoch, inner, total, counter)

    def arrived(self, axis: str, x: float, measures: bool) -> None:
        """The log has said where it stands, in a line that ``measures`` or only counts."""
        for plan, numbers in self._ahead.arrived(axis, x, measures):
            self.place(plan, axis, x, numbers)
        for group in self._doubted[:]:
            self._learn(group, axis, x)

    def _comes_early(self, plan: Plan, numbers: list[float]) -> bool:
        """Whether a line without a place has to wait for the next line that has one."""
        group, context = plan.group, self.context
        if group.doubt is not None:
            return self._doubt(plan, numbers)
        if group.count:
            pass
        elif context.nowhere and (group.needs_count or not self._ahead.keeps(group)):
            self._ahead.keep(plan, numbers)
            return True
        elif (first := self._ahead.first_of(group)) is not None:
            if first.leads:
                group.doubt = Doubt(first.axis, [(first.plan, first.numbers)])
                self._doubted.append(group)
                return self._doubt(plan, numbers)
            group.by_count = not first.axis
            self.place(first.plan, first.axis or "count", 0.0 if first.axis else 1.0, first.numbers)
            group.last_x = None if first.axis else group.last_x
        if group.leads and (before := self._ahead.wait(plan, numbers)) is not None:
            self.place(*self._here(group, before))
        return group.leads

    def _here(self, group: Group, line: tuple[Plan, list[float]]) -> tuple[Plan, str, float, list[float]]:
        axis, x = self._by_context(group)
        return line[0], axis, x, line[1]

    def _doubt(self, plan: Plan, numbers: list[float]) -> bool:
        """Keep a line of a kind of which it is not known where it stands; ``False`` where that is nowhere."""
        group, context = plan.group, self.context
        doubt = group.doubt
        if doubt is None or doubt.waits or context.axis != doubt.axis or context.x is None:
            self._settle(group, counted=True)
            return False
        doubt.lines.append((plan, numbers))
        doubt.behind.append(context.x)
        return True

    def _learn(self, group: Group, axis: str, x: float) -> None:
        """The log has said where it stands after a line that it is not known of."""
        doubt = group.doubt
        if doubt is None or not doubt.waits:
            return
        if axis != doubt.axis or x <= doubt.ahead[-1]:
            self._settle(group, counted=True)
            return
        doubt.ahead.append(x)
        if doubt.settled:
            self._settle(group)
        elif not doubt.placed:
            doubt.placed = 1
            self.place(doubt.lines[0][0], doubt.axis, 0.0, doubt.lines[0][1])

    def _settle(self, group: Group, *, counted: bool = False) -> None:
        """Report the lines that were kept, where they turned out to stand or as they are ``counted``."""
        doubt, group.doubt = group.doubt, None
        self._doubted.remove(group)
        if doubt is None:
            return
        if counted:
            group.by_count = True
            places, axis = [group.count + i + 1.0 for i in range(len(doubt.lines) - doubt.placed)], "count"
        else:
            places, group.leads = doubt.places()
            places, axis = places[doubt.placed :], doubt.axis
        for (plan, numbers), x in zip(doubt.lines[doubt.placed :], places, strict=True):
            self.place(plan, axis, x, numbers)

    def _repeats(self, plan: Plan, numbers: list[float]) -> bool:
        """Whether a line without a place says what the last line of its kind said at the same place."""
        group, context = plan.group, self.context
        if group.last_x is None or (context.epoch is not None and context.epoch > group.last_x):
            return False
        if context.x is not None and context.axis == group.axis and context.x - group.last_x > 0.5 * group.stride:
            return False  # It was measured anew, and came out the same.
        return self._is_known(plan, group.last_x, numbers)

    def _by_context(self, group: Group) -> tuple[str, float]:
        """Where a line stands that does not say so: where the log was last, else it is counted."""
        context = self.context
        if context.position is not None:
            return context.position
        if not group.by_count:
            within = group.count > 0 and not group.axis.startswith("epoch")
            if context.epoch is not None and not within and (group.last_x != context.epoch or group.count == 0):
                group.inside = None if context.x is None else (context.axis, context.x)
                return context.axis_in_fold("epoch"), context.epoch
            if context.x is not None and (group.last_x != context.x or group.count == 0) and context.axis != "epoch":
                return context.axis, context.x
            # A second line at the same place: what moves the training on does not move these lines on. And the first
            # line before anything was placed: these lines come in front of those that say where.
            group.by_count = True
            self._move_held(group, "count", 1.0)
        return "count", group.count + 1.0

    def _move_held(self, group: Group, axis: str, x: float) -> None:
        """Place the line that is still held back elsewhere: others of its kind have shown where they stand."""
        if group.held and group.last_x is not None:
            group.held = [point._replace(axis=axis, x=x) for point in group.held]
            group.seen = {x: group.seen.get(group.last_x, [])}
            group.first_x = group.last_x = x
            group.axis = axis

    def place(self, plan: Plan, axis: str, x: float, numbers: list[float], redrawn: bool = False) -> None:
        """Report a line's values at ``x``, unless the same line was read before; for the rest see ``read``."""
        if x - x != 0:
            return
        group = plan.group
        values = [numbers[entry.index] for entry in plan.entries]
        last = group.last_x
        if group.repeats and any(_tells(other, axis, x, group.names, values) for other in group.repeats):
            return
        if last is not None and x <= last and self._comes_again(plan, axis, x, last, numbers, values):
            return
        if group.again is not None:
            self._begin_anew(group, x)
            last = group.last_x
        if group.first_x is None:
            group.first_x = x
        self._remember(group, x, values)
        group.stride, group.axis = x - (last or 0.0), axis
        group.last_x = x
        group.count += 1
        stale = redrawn and _is_stale(plan, values)
        out = self.out if group.released else group.held
        for entry, value in zip(plan.entries, values, strict=True):
            series = entry.series
            if series.wanted and (not entry.schedule or self._changed(series, axis, x, value, out)):
                point = _new(MetricPoint, (series.name, axis, x, value, series.kind))
                told = series.last
                if told is not None and told[2] == x and _is_again(told, point, series.teller is group):
                    continue
                if stale and series.evaluates:
                    continue
                if group.released:
                    series.last, series.teller = point, group
                out.append(point)
        if not group.released:
            self._hold(group)

    def _comes_again(
        self, plan: Plan, axis: str, x: float, last: float, numbers: list[float], values: list[float]
    ) -> bool:
        """Whether a line that is not beyond the last one of its kind was read before."""
        group = plan.group
        if group.run != self.context.runs:
            group.run = self.context.runs
            group.seen.clear()
        if group.seen.get(x) == values:
            # The same line again; but one that begins anew may begin with it.
            group.again = (plan, axis, numbers) if x == group.first_x and x < last else None
            return True
        if x < last and x == group.first_x:
            group.seen.clear()  # It counts anew: a fold, a candidate, another run.
        return False

    def set_live(self, live: bool) -> None:
        """Lines are now drawn over and over, or no longer."""
        self.live = live
        while not live and self._newest:
            self.place(*self._newest.pop(next(iter(self._newest))))

    def _place_live(self, plan: Plan, axis: str, x: float, numbers: list[float]) -> None:
        """Keep a line that may be drawn again with other values until another one follows."""
        key = id(plan.group)
        newest = self._newest.get(key)
        if newest is not None and x < newest[2] and self._is_known(plan, x, numbers):
            return
        if newest is not None and (x, axis) != (newest[2], newest[1]):
            self.place(*self._newest.pop(key))
        names = {entry.series.name for entry in plan.entries}
        for other, (less, at, where, _) in list(self._newest.items()):
            if (where, at) == (x, axis) and names.issuperset(entry.series.name for entry in less.entries):
                del self._newest[other]  # The same row with fewer of its columns filled.
        self._newest[key] = (plan, axis, x, numbers)

    def _is_known(self, plan: Plan, x: float, numbers: list[float]) -> bool:
        return plan.group.seen.get(x) == [numbers[entry.index] for entry in plan.entries]

    def _begin_anew(self, group: Group, x: float) -> None:
        """The first line came again: if other values follow it than before, it was the first of another run."""
        again, group.again = group.again, None
        if again is not None and x in group.seen:
            group.seen.clear()
            self.place(again[0], again[1], group.first_x or 0.0, again[2])

    def running(self, name: str, x: float, value: float) -> None:
        """Report what a bar shows on the way to the epoch's value of ``name``."""
        series = self.series_for(name, RUNNING)
        if series is not None and series.wanted and x - x == 0:
            self.out.append(_new(MetricPoint, (name, "epoch", x, value, RUNNING)))

    def of_epoch(self, series: Series, epoch: float, value: float) -> None:
        """Report an epoch's value that a bar showed."""
        point = MetricPoint(series.name, self.context.axis_in_fold("epoch"), epoch, value, series.kind)
        if series.wanted and epoch - epoch == 0 and series.last != point:
            series.last = point
            self.out.append(point)

    def _remember(self, group: Group, x: float, values: list[float]) -> None:
        if not group.seen:
            self._remembering.append(group)
        group.seen[x] = values
        self._remembered += 1
        if self._remembered > _SEEN_LIMIT:
            self._remembered = 0
            for known in self._remembering:
                known.seen.clear()
            self._remembering.clear()

    def _changed(self, series: Series, axis: str, x: float, value: float, out: list[MetricPoint]) -> bool:
        """Whether a schedule has ever changed; when it does, the points that waited are reported first."""
        if series.waiting is None and series.constant is None:
            series.constant, series.waiting = value, [(axis, x)]
            return False
        if series.waiting is None:
            return True
        if value == series.constant:
            if self._waiting < _CONSTANT_LIMIT:
                self._waiting += 1
                series.waiting.append((axis, x))
            return False
        constant = series.constant or 0.0
        out.extend(MetricPoint(series.name, a, at, constant, series.kind) for a, at in series.waiting)
        self._waiting -= len(series.waiting) - 1
        series.waiting = None
        return True

    # Values that may be a curve or a single result.

    def _hold(self, group: Group) -> None:
        if group.count >= 2:
            self._release(group)
        elif group not in self._held:
            group.held_advances = self.context.advances
            self._held.append(group)

    def _release(self, group: Group) -> None:
        names = {point.name for point in group.held}
        # Lines that happened to show more of the values, or fewer, are of the same kind.
        alike = [other for other in self._held if not names.isdisjoint(point.name for point in other.held)]
        released = [group, *(other for other in alike if other is not group)]
        held = [point for each in released for point in each.held if self._is_news(point)]
        if len(released) > 1 and len({point.axis for point in held}) == 1:
            held.sort(key=lambda point: point.x)
        self.out.extend(held)
        for each in released:
            each.released = True
            each.held.clear()
        self._held = [other for other in self._held if not other.released]

    def _is_news(self, point: MetricPoint) -> bool:
        """Whether no other line has told a point while it was held back."""
        return self.series[point.name, point.kind].last != point

    def training_went_on(self) -> None:
        """Report what was held back: it stood in the middle of a training, so it was no final result."""
        for group in list(self._held):
            if group.context_releases and 0 < group.held_advances < self.context.advances:
                context, inside = self.context, group.inside
                if inside is not None and context.epoch == group.last_x and context.axis == inside[0] != "epoch":
                    self._move_held(group, *inside)  # The same epoch goes on: it was measured inside of it.
                self._release(group)

    def close(self) -> None:
        """The log ended: what stood alone after a single epoch is reported, what followed many is a final result."""
        self.set_live(False)
        if self.context.x is not None:
            self.arrived(self.context.axis, self.context.x, True)
        for group in self._doubted[:]:
            self._settle(group)
        if self.context.advances == 1:
            for group in list(self._held):
                if group.context_releases and group.held_advances == 1:
                    self._release(group)
        self._held.clear()


def _is_stale(plan: Plan, values: list[float]) -> bool:
    """Whether all that a line shows of an evaluation is as it was, in more than one value: none was measured since."""
    pairs = zip(plan.entries, values, strict=True)
    told = [entry.series.told(value) for entry, value in pairs if entry.series.evaluates]
    return len(told) > 1 and all(told)


def _tells(group: Group, axis: str, x: float, names: tuple[str, ...], values: list[float]) -> bool:
    """Whether a line of ``group`` had these values at ``x``, but for what rounding makes of them."""
    if axis != group.axis and "iteration" not in (axis, group.axis):
        return False  # A trial's number is no epoch's; numbers without a name may be anything's.
    known = group.seen.get(x)
    if known is None:
        return False
    told = [known[group.names.index(name)] for name in names]
    return all(_is_close(a, b) for a, b in zip(values, told, strict=True))


def _is_again(told: MetricPoint, point: MetricPoint, alike: bool) -> bool:
    """Whether ``point`` is the last one again; a line of another kind, not ``alike``, may round its value."""
    same = point[3] == told[3] if alike else _is_close(point[3], told[3])
    return same and point[1] == told[1] and point[2] == told[2]


def _is_close(value: float, told: float) -> bool:
    """Whether ``value`` is what was ``told``, but for rounding."""
    return value == told or abs(value - told) <= _ROUNDED * abs(told) or (value != value and told != told)
