"""The values beside a bar: at which frame they are reported, as the step's or as the epoch's."""

from __future__ import annotations

from math import isnan

from mltui.parsers.bars.bar_state import Bar, Drawing, Layout
from mltui.parsers.points.points import Points
from mltui.parsers.words.values import Numbers

_new = tuple.__new__


def _is_preset(values: Numbers) -> bool:
    """Whether what a bar shows before its first step was measured nowhere: NaN or 0."""
    return all(value == 0 or isnan(value) for value in values)


class BarValues:
    """Reports what bars show, each value once."""

    def __init__(self, points: Points) -> None:
        self._points = points
        self._news = points.news
        self._last: Bar | None = None
        """The bar that the last frame belonged to, if that frame was a bar."""
        self._checked: tuple[Bar, set[str], float] | None = None
        """A full bar over validation data whose values are those of the frame before: they may still change."""

    def interrupt(self) -> None:
        """A line that is no bar was read."""
        self._last = None

    def read(self, bar: Bar, layout: Layout, numbers: Numbers, alone: bool = False) -> bool:
        """Read a frame that shows values; ``False`` if it is not the bar's, which is ``alone`` in having no name."""
        plan, context = layout.plan, self._news.context
        named = None if plan.epoch is None else numbers[plan.epoch.index]
        epoch = named
        if named is None and (context.header or layout.checks) and not bar.checks_at_steps:
            epoch = context.epoch
        steps = bar.go_on(layout, numbers, epoch)
        if steps is None:
            drawing = Drawing(layout, plan, numbers)
            if alone and bar.gives_way(drawing, epoch):
                return False
            self._read_other(bar, drawing, epoch, named)
            return True
        if named is not None:
            if named != context.epoch or context.header or not context.said:
                context.enter_epoch(named, within=True)
            self._points.arrived("epoch", named, measures=False)
        self._report_steps(bar, layout, numbers, steps)
        return True

    def _read_other(self, bar: Bar, drawing: Drawing, epoch: float | None, named: float | None) -> None:
        """Read a frame of another run or epoch than the last one was, or with other values than a step's."""
        if self._checked is not None and self._checked[0] is not bar:
            self.end_check()
        plan, numbers, done = drawing.plan, drawing.numbers, drawing.done
        if named is not None and bar.epoch is not None and named < bar.epoch and drawing.full:
            return  # A finished bar that stays on the screen and is drawn again with it.
        runs_over = bar.over_epochs or bar.runs_on
        if not (runs_over or drawing.layout.by_epoch or drawing.layout.checks) and bar.passes_epoch(named, done):
            bar.pass_epoch()
        if bar.over_epochs and named is not None:
            self._read_over_epochs(bar, drawing, named)
            return
        bar.count_draw(done)
        self._finish_before(bar, done, epoch if bar.complete and bar.differs(drawing) else named)
        if plan.fold is not None:
            self._news.context.enter_part(plan, plan.fold, numbers)
        if done == 0 and _is_preset(plan.values_of(numbers)):
            bar.move(0.0, 0.0)
            return  # Nothing has been measured yet.
        bar.enter(epoch, done)
        if named is not None:
            self._enter_epoch(named)
        steps = self._report_epoch_values(bar, drawing, epoch)
        bar.sort(drawing, steps)
        bar.move(done, drawing.total)
        self._report_steps(bar, drawing.layout, numbers, steps)

    def _enter_epoch(self, named: float) -> None:
        """A frame names its epoch."""
        self._news.context.enter_epoch(named, within=True)
        self._points.arrived("epoch", named, measures=False)

    def read_epoch(self, bar: Bar, epoch: float, done: float, total: float) -> None:
        """A frame without values: the epoch that the values in the next frames may still speak of."""
        if bar.first is not None and bar.first.done == 0 and bar.epoch == epoch:
            bar.forget_first()  # It is gone with the first step, and so of a check before the training.
        self.end_check()
        self._finish_before(bar, done, epoch)
        bar.enter(epoch, done)
        bar.move(done, total)

    def _finish_before(self, bar: Bar, done: float, epoch: float | None) -> None:
        """Finish the run of which the last frame was, if the one at hand begins another."""
        if bar.starts_over(done, epoch):
            self.finish(bar)

    def finish(self, bar: Bar) -> None:
        """The bar's run is over: an epoch value that was measured anew and came out the same is a point too."""
        self.end_check()
        if bar.over_epochs:
            self._report_over_epochs(bar)
            return
        if bar.first is not None:
            self._report_first(bar)
        if bar.complete and bar.epoch is not None:
            self._report_unchanged(bar, bar.epoch)
        self._report_stayed(bar, bar.unchanged.end())
        bar.begin_again(self._news.context.fold)

    # Bars that count the epochs which they name.

    def _read_over_epochs(self, bar: Bar, drawing: Drawing, named: float) -> None:
        """Read a frame of such a bar: what it shows last in an epoch is the epoch's, since its name changes first."""
        shown, bar.first = bar.shown, None
        if named != bar.epoch:
            self._report_over_epochs(bar)
            bar.enter(named, drawing.done)
            self._enter_epoch(named)
        again = shown is not None and drawing.plan.values_of(drawing.numbers) == shown.plan.values_of(shown.numbers)
        bar.keep(drawing)
        if named == bar.epoch and again and drawing.done > bar.done:
            self._report_over_epochs(bar)
        bar.move(drawing.done, drawing.total)

    def _report_over_epochs(self, bar: Bar) -> None:
        """Report what such a bar showed of the epoch."""
        if bar.shown is not None and bar.epoch is not None:
            axis = self._news.context.axis_in_fold("epoch")
            self._news.report(bar.shown.plan, axis, bar.epoch, bar.shown.numbers, redrawn=True)
        bar.keep(None)

    # Values of epochs.

    def _report_epoch_values(self, bar: Bar, drawing: Drawing, epoch: float | None) -> tuple[int, ...]:
        """Report the values of the epoch; which of all are the step's."""
        new, plan = bar.show(drawing), drawing.plan
        checks = drawing.layout.checks
        place = epoch
        if epoch is None and checks and not bar.step and (bar.checks or bar.run == 1):
            place = self._news.context.x
        if place is None or drawing.layout.by_epoch:
            bar.fresh = bool(new)
            return tuple(range(len(plan.entries)))
        steps: list[int] = []
        late = False
        # At the very beginning of a bar it is the last epoch's, or a sanity check's if there was none.
        at = place if bar.begun else bar.previous
        for i, entry in enumerate(plan.entries):
            series = entry.series
            if checks:
                bar.take_for_epoch(entry)
                bar.checks = True
                self._report_checked(bar, drawing, series.name, place, series.name in new)
            elif series.of_epoch or (
                not entry.schedule and bar.changes_with_epoch(series.name, series.name in new, drawing)
            ):
                bar.take_for_epoch(entry)
                if series.name in new and at is not None:
                    self._report_epoch(bar, series.name, at)
                    late = late or at != place
            else:
                steps.append(i)
        if late and bar.previous is not None:
            self._report_unchanged(bar, bar.previous)
            bar.came_late()
        bar.fresh = any(plan.entries[i].series.name in new for i in steps)
        return tuple(steps)

    def _report_checked(self, bar: Bar, drawing: Drawing, name: str, place: float, new: bool) -> None:
        """A value of a bar over validation data: the mean so far, and that of the epoch or step when the bar is full.

        One that is not ``new`` then may be drawn once more: the counter moved before the value did.
        """
        share = drawing.done / drawing.total if drawing.total else 0.0
        if share < 1:
            if bar.epoch is not None:
                self._news.report_running(name, place - 1 + share, bar.values[name])
        elif bar.reported.get(name) != place:
            if new:
                self._report_epoch(bar, name, place)
            elif self._checked is None:
                self._checked = bar, {name}, place
            else:
                self._checked[1].add(name)

    def end_check(self) -> None:
        """Report the values of a full bar over validation data: no other frame of it has come."""
        if self._checked is not None:
            (bar, names, place), self._checked = self._checked, None
            for name in bar.entries:
                if name in names and bar.reported.get(name) != place:
                    self._report_epoch(bar, name, place)

    def _report_unchanged(self, bar: Bar, epoch: float) -> None:
        """Values of ``epoch`` that did not change are points where others of that evaluation are."""
        for name in bar.unreported(epoch):
            self._report_epoch(bar, name, epoch)

    def _report_epoch(self, bar: Bar, name: str, place: float) -> None:
        bar.note_reported(name, place)
        context = self._news.context
        axis = context.axis if bar.epoch is None else context.axis_in_fold("epoch")
        self._news.report_measured(bar.entries[name].series, axis, place, bar.values[name])

    # Values of steps.

    def _report_steps(self, bar: Bar, layout: Layout, numbers: Numbers, steps: tuple[int, ...]) -> None:
        """Report the values ``steps`` if they are new, or another step's; elsewhere it is a redrawn frame."""
        plan, done = layout.plan, bar.done
        another = bar.fresh or (self._last is bar and bar.lags())
        self._last = bar
        if not steps:
            return
        if another:
            if bar.first is not None:
                self._report_first(bar)
            step = bar.step + 1
            if done > step:
                step = done
            unchanged = bar.unchanged
            if (unchanged.waiting or not unchanged.settled) and (stayed := unchanged.changed(step)):
                self._report_stayed(bar, stayed)
            part = plan if len(steps) == len(plan.entries) else plan.with_only(steps)
            bar.advance(step, _new(Drawing, (layout, part, numbers)))
            if bar.run == 1 and bar.steps_told == 1 and bar.previous is None and plan.epoch is not None and bar.total:
                bar.first = Drawing(layout, plan, numbers)
                return
            self._report_step(bar)
            if self._news.held.groups:
                self._news.training_went_on()
        elif done > bar.step and bar.draws == 1 and bar.first is None:
            self._report_stayed(bar, bar.unchanged.still(done))

    def _report_first(self, bar: Bar) -> None:
        """Report the first step: the bar counts steps, since others of its epoch follow, or its epoch is over."""
        bar.first = None
        self._report_step(bar)

    def _report_stayed(self, bar: Bar, steps: list[float]) -> None:
        """The values of the last step were those of ``steps`` after it, too."""
        for step in steps:
            bar.stay(step)
            self._report_step(bar)

    def _report_step(self, bar: Bar) -> None:
        """Report the values shown at the bar's step."""
        if bar.shown is None:
            return
        layout, plan, numbers = bar.shown
        news, x, by_epoch = self._news, bar.step, layout.by_epoch
        context = news.context
        axis = "epoch" if by_epoch else "step"
        if context.fold:
            axis = context.axis_in_fold(axis)
        if by_epoch:
            context.enter_epoch(x)
        else:
            epoch = None if plan.epoch is None else bar.epoch
            context.reckoned = 0.0
            if not bar.runs_on:
                total = 0.0 if layout.total is None else numbers[layout.total]
                context.reckoned = total or bar.size
                x += context.reckoned * (bar.run - 1 if epoch is None else context.epoch_index(epoch))
            context.reach(axis, x)
        news.report(plan, axis, x, numbers, redrawn=True)
