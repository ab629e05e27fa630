"""Lines that do not say where they stand: the lines around them do."""

from __future__ import annotations

from mltui.domain.metric import Axis, MetricKind
from mltui.parsers.plans.ahead import Ahead, Doubt, First
from mltui.parsers.plans.group import Group, Hold, Until
from mltui.parsers.plans.likeness import is_close
from mltui.parsers.plans.plan import Entry, Line, Plan
from mltui.parsers.points.context import place_of_fold
from mltui.parsers.points.ended import Ended
from mltui.parsers.points.news import News
from mltui.parsers.words.roles import Role, is_learning_rate, role_of
from mltui.parsers.words.values import Numbers

#: A kind of line of which so many came by the epoch comes once in each.
_REGULAR = 3


class Unplaced:
    """Places lines without a counter of their own, see the states of ``Group``, and hands them on as ``News``."""

    def __init__(self, news: News) -> None:
        self.waits = False
        """A line waits until the log says where it stands."""
        self._trains = False
        """A line came that no other program has."""
        self._news = news
        self._ahead = Ahead()
        self._ended = Ended()
        self._doubted: list[Group] = []

    def read(self, plan: Plan, numbers: Numbers, redrawn: bool) -> None:
        """Report a line where the log was last, or keep it until the log says where it is."""
        plan = self._of_lines_above(plan) if plan.group.standing.starred else plan
        news, group = self._news, plan.group
        if len(plan.entries) > 1 and not group.standing.by_count and self._repeats(plan, numbers):
            return
        if plan.fold is not None and news.context.position is None:
            news.report(plan, plan.fold.axis, numbers[plan.fold.index], numbers, redrawn)
            return
        everyday = self._needs_count(group)
        if self._waits(plan, numbers) or (everyday and news.context.only_works):
            return
        if (everyday or self._tells_of_settings(plan)) and self._lists_things(group):
            return
        self._notice_return(group)
        if self._is_beyond(group):
            return
        if news.context.position is not None:
            self._enter_block(plan, numbers)
        axis, x = self._locate(group)
        if group.standing.needs_place and not news.context.in_block and Axis.of(axis).counts != "epoch":
            return
        news.report(plan, axis, x, numbers, redrawn)

    def arrived(self, axis: str, x: float, measures: bool, ends: bool = False) -> None:
        """The log has said where it stands, in a line that ``measures`` or only counts, or says that ``x`` is over."""
        if not self.waits:
            return
        if ends:
            self._end(axis, x)
        elif self._ended.any and not measures and Axis.of(axis).counts == "epoch":
            self._begin(axis, x)
        for plan, numbers in self._ahead.arrived(axis, x, measures):
            if plan.group.standing.opens:
                self._report_above(plan, numbers)
            else:
                self._news.report(plan, axis, x, numbers)
        for group in self._doubted[:]:
            self._learn(group, axis, x)
        self.waits = bool(self._doubted or self._ended.any)

    def meet(self, plan: Plan) -> None:
        """A kind of line was understood for the first time."""
        if plan.counts and self._ahead.meet(plan):
            axis = "epoch" if plan.inner is None else plan.inner.axis
            for first in self._ahead.take_shared():
                self._report_shared(first, self._news.context.axis_in_fold(axis))

    def close(self) -> None:
        """The log ended: what is still in doubt is settled by what is known."""
        for group in self._doubted[:]:
            self._settle(group)
        self._end_last()

    def _of_lines_above(self, plan: Plan) -> Plan:
        """The plan of a line with a star, which sums up the lines above it.

        Where such lines stand below those of the training and below those of an evaluation, ``Test: [3/9] Acc@1 62.8``,
        they are two: what the first one did not sum up stands in front of the other's names.
        """
        context, standing = self._news.context, plan.group.standing
        evaluated = context.evaluated == context.advances
        if standing.evaluated is None:
            standing.evaluated = evaluated
        if evaluated == standing.evaluated:
            return plan
        scope, entries = "test" if evaluated else "train", list[Entry]()
        for entry in plan.entries:
            series = self._news.series_for(f"{scope} {entry.series.name}", entry.series.kind)
            if series is not None:
                entries.append(Entry(series, entry.index, entry.schedule))
        if standing.other is None:
            hold = Hold(Until.TRAINING_GOES_ON)
            standing.other = Group(tuple(entry.series.name for entry in entries), hold=hold)
        return Plan(standing.other, entries)

    def _repeats(self, plan: Plan, numbers: Numbers) -> bool:
        """Whether a line says what the last line of its kind said at the same place, perhaps with more digits."""
        context, seen = self._news.context, plan.group.seen
        if seen.last_x is None or (context.epoch is not None and context.epoch > seen.last_x):
            return False
        if context.position is not None and context.position[0] == seen.axis and context.position[1] > seen.last_x:
            return False
        if context.x is not None and context.axis == seen.axis and context.x - seen.last_x > 0.5 * seen.stride:
            return False  # It was measured anew, and came out the same.
        known, values = seen.values.get(seen.last_x), plan.values_of(numbers)
        if known is None or len(known) != len(values):
            return False  # A bar told some of them alone.
        return all(map(is_close, values, known))

    def _lists_things(self, group: Group) -> bool:
        """Whether lines that any program may print are of things: the training has not moved on between two."""
        context, hold, seen = self._news.context, group.hold, group.seen
        if context.position is not None:
            moved = not seen.ends_at(context.position[1])
        else:  # Bars only show where the training is.
            moved = context.goes_on(seen.axis, seen.last_x or 0.0) and not seen.ends_at(context.x)
        if hold.until is not None and hold.advances == context.advances and not moved:
            group.list_things()
        return group.standing.things

    @staticmethod
    def _tells_of_settings(plan: Plan) -> bool:
        """Whether a line says to what a setting came: what it measures beside that is counted in other lines."""
        group = plan.group
        if not group.standing.sets:
            return False
        told = [e.series for e in plan.entries if e.series.kind is MetricKind.METRIC]
        return all(s.last is not None and s.teller is not group for s in told if not is_learning_rate(s.name))

    def _needs_count(self, group: Group) -> bool:
        """Whether lines are a curve only where the log counts: how good a model is, also where a loss is told."""
        return group.standing.needs_count or (group.standing.compares and not self._trains)

    def _notice_return(self, group: Group) -> None:
        """Where the log came back to the epoch of the last line of this kind, the next one is not that once more."""
        context, standing = self._news.context, group.standing
        if standing.returns != context.returns:
            standing.returns = context.returns
            if group.seen.ends_at(context.epoch):
                group.seen.last_x = None

    def _is_beyond(self, group: Group) -> bool:
        """Whether a line comes again at one place, where one came at each: it is of the best model, once all is done.

        If the same happens at a later one they are no results, and are counted from then on.
        """
        context, seen, standing = self._news.context, group.seen, group.standing
        by_epoch = seen.axis == context.axis_in_fold("epoch") and seen.stride == 1.0
        at = context.epoch if by_epoch else context.x if seen.axis == context.axis else None
        once = seen.count >= _REGULAR and at is not None and seen.ends_at(at)
        if standing.by_count or context.position is not None or not once:
            return False
        before, standing.beyond = standing.beyond, seen.last_x
        return before in (None, seen.last_x)

    def _enter_block(self, plan: Plan, numbers: Numbers) -> None:
        """Note in which block a line stands; a second one of its kind there has another place than the block's."""
        context, group = self._news.context, plan.group
        standing, seen = group.standing, group.seen
        again = standing.block == context.blocks and seen.count == 1
        if again and seen.last_x is not None and not seen.knows(seen.last_x, plan.values_of(numbers)):
            standing.passes_blocks = standing.by_count = True
            group.move_held("count", 1.0)
        standing.block = context.blocks

    def _locate(self, group: Group) -> tuple[str, float]:
        """Where a line stands: where the log was last, else it is counted."""
        context, seen = self._news.context, group.seen
        if context.position is not None and not group.standing.passes_blocks:
            return context.position
        if group.standing.of_fold and (fold := place_of_fold(context.fold)):
            return fold
        if not group.standing.by_count:
            before = Axis.of(seen.axis)
            within = seen.count > 0 and before.counts != "epoch"
            another = before.fold != context.fold
            if context.epoch is not None and not within and (another or not seen.ends_at(context.epoch)):
                group.standing.inside = None if context.x is None else (context.axis, context.x)
                group.standing.in_epoch = not context.over
                return context.axis_in_fold("epoch"), context.epoch
            if context.x is not None and (another or not seen.ends_at(context.x)) and context.axis != "epoch":
                inside = group.standing.inside
                if seen.ends_at(context.epoch) and not another and inside is not None and inside[0] == context.axis:
                    group.move_held(*inside)  # The second one of its epoch: the first stood inside of it, too.
                return context.axis, context.x
            # A second line at the same place: what moves the training on does not move these lines on. And the first
            # line before anything was placed: these lines come in front of those that say where.
            group.standing.by_count = True
            group.move_held("count", 1.0)
        return "count", seen.count + 1.0

    # Lines in front of the one that has their place.

    def _waits(self, plan: Plan, numbers: Numbers) -> bool:
        """Whether a line has to wait for the next line that has a place."""
        group = plan.group
        standing = group.standing
        if standing.doubt is not None:
            return self._doubt(Line(plan, numbers))
        if not group.seen.count:
            self.waits = True
            alone = self._needs_count(group)
            self._trains = self._trains or not alone
            if self._ended.waiting and not standing.ended:
                self._ended.begin(group)
            if self._news.context.nowhere and (alone or not self._ahead.keeps(group)):
                self._ahead.keep(Line(plan, numbers))
                return True
            if (first := self._ahead.first_of(group)) is not None:
                if first.leads:
                    standing.doubt = Doubt(first.axis, [first.line])
                    self._doubted.append(group)
                    return self._doubt(Line(plan, numbers))
                self._follow_first(group, first)
        if not (standing.ended or standing.by_count) and self._is_of_next(group):
            self._ended.begin(group)
        if standing.ended:
            return self._wait_for_end(Line(plan, numbers))
        if not standing.leads:
            return False
        self.waits = True
        if (before := self._ahead.wait(Line(plan, numbers))) is not None:
            self._news.report(before.plan, *self._locate(group), before.numbers)
        return True

    def _follow_first(self, group: Group, first: First) -> None:
        """Learn from the second line of a kind, whose ``first`` came before anything was counted, where that stood."""
        if not (group.standing.needs_place and first.axis and self._in_first_epoch()):
            self._report_first(group, first)
        elif not self._news.context.beneath_epoch:  # There a rate is the epoch's own, and the first was a setting.
            group.standing.leads = group.standing.opens = True
            self._report_above(*first.line)

    def _end(self, axis: str, x: float) -> None:
        """Report what stands above the line that says that ``x`` is over."""
        for line in self._ahead.take_unplaced():
            self._ended.begin(line.plan.group)
            self._ended.wait(line)
        for plan, numbers in self._ended.take():
            self._news.report(plan, axis, x, numbers)

    def _begin(self, axis: str, x: float) -> None:
        """The epochs are told above their lines, too."""
        for plan, numbers in self._ended.leave_all():
            self._news.report(plan, axis, x, numbers)

    def _is_of_next(self, group: Group) -> bool:
        """Whether an epoch is over, and lines of this kind stood in front of that."""
        context, seen = self._news.context, group.seen
        of_epoch = seen.axis == context.axis_in_fold("epoch") and context.position is None
        return context.over and of_epoch and group.standing.in_epoch and seen.ends_at(context.epoch)

    def _wait_for_end(self, line: Line) -> bool:
        """Keep a line until its epoch is over; ``False`` where several of its kind come in one."""
        group, self.waits = line.plan.group, True
        if self._ended.whole and group.seen.count:
            self._end_last()
        before = self._ended.wait(line)
        if before is None or group.seen.count:
            return True
        self._ended.leave(group)
        group.standing.by_count = True
        self._news.report(before.plan, "count", 1.0, before.numbers)
        return False

    def _end_last(self) -> None:
        """Report the lines of an epoch of which nothing says that it is over, if all is told of it."""
        context = self._news.context
        if self._ended.whole and context.epoch is not None:
            for plan, numbers in self._ended.take():
                self._news.report(plan, context.axis_in_fold("epoch"), context.epoch + 1, numbers)

    def _in_first_epoch(self) -> bool:
        """Whether one epoch was told: a rate that comes again then is of the next, and behind several another run's."""
        context = self._news.context
        return context.epoch is not None and context.epoch == context.first_epoch

    def _report_above(self, plan: Plan, numbers: Numbers) -> None:
        """Report a line that stood above the lines of the epoch at hand, unless one stood above its like before."""
        context, group = self._news.context, plan.group
        if context.epoch is None or group.standing.things or group.seen.ends_at(context.epoch):
            group.list_things()  # It was set for a training of one epoch.
        else:
            self._news.report(plan, context.axis_in_fold("epoch"), context.epoch, numbers)

    def _report_first(self, group: Group, first: First) -> None:
        """Report the line that came before anything was counted, at the beginning of what was counted since."""
        plan, numbers = first.line
        if group.standing.needs_count and all(role_of(name) is Role.SCOPE for name in group.names):
            return  # "train: 0.8" says how the data are split.
        if first.axis:
            self._news.report(plan, first.axis, 0.0, numbers)
            group.seen.last_x = None  # It does not count for where the next one stands,
            if not group.standing.needs_place:
                group.hold.advances = 0  # nor was it told where the training is.
        else:
            group.standing.by_count = True
            self._news.report(plan, "count", 1.0, numbers)

    def _report_shared(self, first: First, axis: str) -> None:
        """Report what came before anything was counted, and lines of another kind tell from now on."""
        plan, numbers = first.line
        plan.group.hold.until = None
        self._news.report(plan.with_only(first.shared), axis, 0.0, numbers)
        plan.group.seen.last_x = None  # It does not count for where the next one stands.

    def _doubt(self, line: Line) -> bool:
        """Keep a line of a kind of which it is not known where it stands; ``False`` where that is nowhere."""
        group, context = line.plan.group, self._news.context
        doubt = group.standing.doubt
        if doubt is None or doubt.waits or context.axis != doubt.axis or context.x is None:
            self._settle_by_count(group)
            return False
        doubt.keep(line, context.x)
        return True

    def _learn(self, group: Group, axis: str, x: float) -> None:
        """The log has said where it stands after a line that it is not known of."""
        doubt = group.standing.doubt
        if doubt is None or not doubt.waits:
            return
        if axis != doubt.axis or x <= doubt.ahead[-1]:
            self._settle_by_count(group)
            return
        doubt.arrive(x)
        if doubt.settled:
            self._settle(group)
        elif first := doubt.take_first():
            self._news.report(first.plan, doubt.axis, 0.0, first.numbers)

    def _settle(self, group: Group) -> None:
        """Report the lines that were kept, where they turned out to stand."""
        if (doubt := self._end_doubt(group)) is not None:
            stand_at, leads = doubt.positions()
            group.standing.leads = leads
            for (plan, numbers), x in zip(doubt.lines[doubt.placed :], stand_at[doubt.placed :], strict=True):
                self._news.report(plan, doubt.axis, x, numbers)

    def _settle_by_count(self, group: Group) -> None:
        """Report the lines that were kept by their count: they stand neither in front of what counts nor behind."""
        if (doubt := self._end_doubt(group)) is not None:
            group.standing.by_count = True
            for x, (plan, numbers) in enumerate(doubt.lines[doubt.placed :], group.seen.count + 1):
                self._news.report(plan, "count", float(x), numbers)

    def _end_doubt(self, group: Group) -> Doubt | None:
        self._doubted.remove(group)
        doubt, group.standing.doubt = group.standing.doubt, None
        return doubt
