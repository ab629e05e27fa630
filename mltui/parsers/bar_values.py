"""The values beside a bar: which are the step's, which the epoch's, and at which frame they are reported."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from math import isnan
from typing import NamedTuple

from mltui.domain.words import scope_of, words
from mltui.parsers.plan import Entry, Plan, getter
from mltui.parsers.points import Points
from mltui.parsers.unchanged import Unchanged
from mltui.parsers.values import Numbers


class Drawing(NamedTuple):
    """One frame of a bar that shows values."""

    plan: Plan
    numbers: Numbers
    done: float
    total: float
    """0 for a bar without an end."""
    by_epoch: bool
    """The bar counts epochs."""
    checks: bool
    """It runs over validation or test data."""

    def with_only(self, at: tuple[int, ...]) -> Drawing:
        """The frame as if it had shown those of its values alone that are ``at`` these places, not all."""
        return self._replace(plan=self.plan.with_only(at))

    @property
    def full(self) -> bool:
        """The bar has come to its end."""
        return self.done >= self.total > 0


class _Sorted(NamedTuple):
    """Values of which it is known for good which are a step's and which an epoch's."""

    signature: tuple[object, ...]
    """Of the plans that have such values."""
    steps: tuple[int, ...]
    """Which of them are a step's."""
    in_epoch: bool
    """It is so in an epoch; where none is known all are a step's."""
    names: tuple[str, ...]
    others: Callable[[Numbers], Numbers]
    """Gets the others."""


@dataclass(slots=True)
class Bar:
    """A bar that is drawn again and again. It changes itself alone, by its methods."""

    done: float = -1.0
    """Its own counter in the last frame."""
    complete: bool = False
    """That frame was full."""
    step: float = 0.0
    """The step that the last values belong to; a bar's counter may lag behind its values."""
    draws: int = 0
    """How often it was drawn since its counter last moved."""
    again: bool = False
    """Its counter in the last frame was what it had been in the one before."""
    epoch: float | None = None
    previous: float | None = None
    """The epoch before."""
    begun: bool = False
    """It has moved since this epoch's beginning."""
    run: int = 1
    """How often it began anew."""
    entries: dict[str, Entry] = field(default_factory=dict)
    """Of these, the values of an epoch."""
    reported: dict[str, float] = field(default_factory=dict)
    """The epoch for which each of them was last reported."""
    fresh: bool = False
    """The last frame showed values of a step that are others than before."""
    unchanged: Unchanged = field(default_factory=Unchanged)
    shown: Drawing | None = None
    """The last values of a step."""
    _reported_draw: int = 0
    """Which of its drawings the last step was reported of, where the counter lags behind the values; else 0."""
    _moving: set[str] = field(default_factory=set)
    """Names whose values changed on the way: they are a step's, not an epoch's."""
    _settled: set[str] = field(default_factory=set)
    """Names without a word that says so, whose values have changed between epochs alone, or joined others that a bar
    had shown on the way only when it was full."""
    _values: dict[str, float] = field(default_factory=dict)
    """What it showed last, by name, but for what it has ``_shown``."""
    _sorted: _Sorted | None = None
    """What is known of the values of the last frame, if that is known for good, or of one before."""
    _shown: Numbers = ()
    """The values of the last frame, if they are so known."""

    def starts_over(self, done: float, epoch: float | None) -> bool:
        """Whether a frame begins another run, by its counter or by the ``epoch`` that it names."""
        return done < self.done or (epoch is not None and self.epoch is not None and epoch != self.epoch)

    def begin_again(self) -> None:
        """Another run begins."""
        self.run += 1
        self.step, self.done, self.again = 0.0, -1.0, False

    def enter(self, epoch: float | None, done: float) -> None:
        """The frame at hand is one of ``epoch``, ``done`` steps into it."""
        if epoch != self.epoch:
            self.previous, self.epoch, self.begun = self.epoch, epoch, False
        self.begun = self.begun or done > 0

    def count_draw(self, done: float) -> None:
        """It is drawn with its counter at ``done``."""
        self.again = done == self.done
        self.draws = self.draws + 1 if self.again else 1

    def move(self, done: float, total: float) -> None:
        """Its counter is at ``done``."""
        self.done, self.complete = done, done >= total > 0

    @property
    def values(self) -> dict[str, float]:
        """What it showed last, by name."""
        if self._shown and self._sorted is not None:
            self._values.update(zip(self._sorted.names, self._shown, strict=True))
        return self._values

    def show(self, drawing: Drawing) -> set[str]:
        """It shows the values of a frame; the names of those that are others than before."""
        values, numbers, new = self.values, drawing.numbers, set()
        joins = drawing.full and bool(values)
        for entry in drawing.plan.entries:
            name, value = entry.series.name, numbers[entry.index]
            if values.get(name) != value:
                if joins and name not in values:
                    self._settled.add(name)
                new.add(name)
                values[name] = value
        self._shown = ()
        return new

    def sort(self, drawing: Drawing, steps: tuple[int, ...]) -> None:
        """In the frame shown last the values ``steps`` were a step's: note it if that never changes."""
        plan, in_epoch = drawing.plan, self.epoch is not None
        if self._sorted is None or self._sorted[:3] != (plan.signature, steps, in_epoch):
            if in_epoch and (drawing.checks or not all(map(self._is_sorted, plan.entries))):
                return
            names = tuple([entry.series.name for entry in plan.entries])
            others = getter([i for i in range(len(names)) if i not in steps])
            self._sorted = _Sorted(plan.signature, steps, in_epoch, names, others)
        self._shown = plan.values_of(drawing.numbers)

    def _is_sorted(self, entry: Entry) -> bool:
        """Whether a value that was taken for a step's, or an epoch's, is so in all frames; see ``settles``."""
        series = entry.series
        return entry.schedule or series.of_epoch or series.name in self._moving or _is_step(series.name)

    def go_on(self, drawing: Drawing, epoch: float | None) -> tuple[int, ...] | None:
        """Show a frame of the same run and epoch as the last, in which nothing else than values of a step can be new.

        Which of its values these are; ``None`` if it may be another sort of frame, and was not shown.
        """
        plan, numbers, done, total, _, _ = drawing
        known, before = self._sorted, self._shown
        if known is None or not before or plan.signature != known.signature or epoch != self.epoch or done < self.done:
            return None
        values = plan.values_of(numbers)
        if len(known.steps) < len(values) and known.others(values) != known.others(before):
            return None
        self._shown = values
        self.fresh = values != before
        self.again = again = done == self.done
        self.draws = self.draws + 1 if again else 1
        self.begun = self.begun or done > 0
        self.done, self.complete = done, done >= total > 0
        return known.steps

    def take_for_epoch(self, entry: Entry) -> None:
        """The value is one of an epoch."""
        self.entries[entry.series.name] = entry

    def note_reported(self, name: str, epoch: float) -> None:
        """A value was reported for an epoch."""
        self.reported[name] = epoch

    def settles(self, name: str, new: bool, drawing: Drawing) -> bool:
        """Whether a value whose name does not say so is an epoch's: it changes when an epoch ends, and only then."""
        if name in self._moving:
            return False
        if new and 0 < drawing.done < drawing.total:
            self._moving.add(name)
            self._settled.discard(name)
            return False
        if _is_step(name):
            return False
        if new and (
            (not self.begun and self.previous is not None)
            or (drawing.full and any(entry.series.of_epoch for entry in drawing.plan.entries))
        ):
            self._settled.add(name)
        return name in self._settled

    def came_late(self) -> None:
        """It shows the last epoch's values, so those of a step are that epoch's last step's."""
        self.step = -1.0

    def lags(self, done: float, total: float) -> bool:
        """Whether its counter is behind its values: the same ones drawn twice in a row are two steps."""
        behind = done < self.step or self.draws == self._reported_draw
        return behind and self.again and self.step < total

    def advance(self, step: float, drawing: Drawing) -> None:
        """The values of a step were drawn."""
        _, _, done, total, _, _ = drawing
        self.step = step if not total or step < total else total
        self._reported_draw = self.draws if done < self.step else 0
        self.shown = drawing

    def stay(self, step: float) -> None:
        """The last values were those of a later step, too."""
        self.step = step

    def unreported(self, epoch: float) -> list[str]:
        """Values of ``epoch`` that did not change, although others did that were measured with them."""
        measured = {scope_of(name) for name, at in self.reported.items() if at == epoch}
        return [name for name in self.entries if self.reported.get(name) != epoch and scope_of(name) in measured]


def _is_step(name: str) -> bool:
    """Whether a name says that its values are a step's."""
    return words(name)[-1:] == ("step",)


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

    def interrupt(self) -> None:
        """A line that is no bar was read."""
        self._last = None

    def read(self, bar: Bar, drawing: Drawing) -> None:
        """Read a frame that shows values."""
        plan, numbers, _, _, _, _ = drawing
        context = self._news.context
        named = None if plan.epoch is None else numbers[plan.epoch.index]
        epoch = named if named is not None else context.epoch if context.header else None
        steps = bar.go_on(drawing, epoch)
        if steps is None:
            self._read_other(bar, drawing, epoch, named)
            return
        if named is not None:
            context.enter_epoch(named)
            self._points.arrived("epoch", named, measures=False)
        self._report_steps(bar, drawing, steps)

    def _read_other(self, bar: Bar, drawing: Drawing, epoch: float | None, named: float | None) -> None:
        """Read a frame of another run or epoch than the last one was, or with other values than a step's."""
        plan, numbers, done = drawing.plan, drawing.numbers, drawing.done
        if named is not None and bar.epoch is not None and named < bar.epoch and drawing.full:
            return  # A finished bar that stays on the screen and is drawn again with it.
        bar.count_draw(done)
        self._finish_before(bar, done, named)
        if done == 0 and _is_preset(plan.values_of(numbers)):
            bar.move(0.0, 0.0)
            return  # Nothing has been measured yet.
        bar.enter(epoch, done)
        if named is not None:
            self._news.context.enter_epoch(named)
            self._points.arrived("epoch", named, measures=False)
        steps = self._report_epoch_values(bar, drawing, epoch)
        bar.sort(drawing, steps)
        bar.move(done, drawing.total)
        self._report_steps(bar, drawing, steps)

    def read_epoch(self, bar: Bar, epoch: float, done: float, total: float) -> None:
        """A frame without values: the epoch that the values in the next frames may still speak of."""
        self._finish_before(bar, done, epoch)
        bar.enter(epoch, done)
        bar.move(done, total)

    def _finish_before(self, bar: Bar, done: float, epoch: float | None) -> None:
        """Finish the run of which the last frame was, if the one at hand begins another."""
        if bar.starts_over(done, epoch):
            self.finish(bar)

    def finish(self, bar: Bar) -> None:
        """The bar's run is over: an epoch value that was measured anew and came out the same is a point too."""
        if bar.complete and bar.epoch is not None:
            self._report_unchanged(bar, bar.epoch)
        self._report_stayed(bar, bar.unchanged.end())
        bar.begin_again()

    # Values of epochs.

    def _report_epoch_values(self, bar: Bar, drawing: Drawing, epoch: float | None) -> tuple[int, ...]:
        """Report the values of the epoch; which of all are the step's."""
        new, plan = bar.show(drawing), drawing.plan
        if epoch is None:
            bar.fresh = bool(new)
            return tuple(range(len(plan.entries)))
        steps: list[int] = []
        late = False
        # At the very beginning of a bar it is the last epoch's, or a sanity check's if there was none.
        at = epoch if bar.begun else bar.previous
        for i, entry in enumerate(plan.entries):
            series = entry.series
            if drawing.checks:
                bar.take_for_epoch(entry)
                self._report_checked(bar, drawing, series.name, epoch)
            elif series.of_epoch or (not entry.schedule and bar.settles(series.name, series.name in new, drawing)):
                bar.take_for_epoch(entry)
                if series.name in new and at is not None:
                    self._report_epoch(bar, series.name, at)
                    late = late or at != epoch
            else:
                steps.append(i)
        if late and bar.previous is not None:
            self._report_unchanged(bar, bar.previous)
            bar.came_late()
        bar.fresh = any(plan.entries[i].series.name in new for i in steps)
        return tuple(steps)

    def _report_checked(self, bar: Bar, drawing: Drawing, name: str, epoch: float) -> None:
        """A value of a bar over validation data: the mean so far, and the epoch's value when the bar is full."""
        share = drawing.done / drawing.total if drawing.total else 0.0
        if share < 1:
            self._news.report_running(name, epoch - 1 + share, bar.values[name])
        elif bar.reported.get(name) != epoch:
            self._report_epoch(bar, name, epoch)

    def _report_unchanged(self, bar: Bar, epoch: float) -> None:
        """Values of ``epoch`` that did not change are points where others of that evaluation are."""
        for name in bar.unreported(epoch):
            self._report_epoch(bar, name, epoch)

    def _report_epoch(self, bar: Bar, name: str, epoch: float) -> None:
        bar.note_reported(name, epoch)
        self._news.report_epoch(bar.entries[name].series, epoch, bar.values[name])

    # Values of steps.

    def _report_steps(self, bar: Bar, drawing: Drawing, steps: tuple[int, ...]) -> None:
        """Report the values ``steps`` if they are new, or another step's; elsewhere it is a redrawn frame."""
        plan, _, done, total, _, _ = drawing
        another = bar.fresh or (self._last is bar and bar.lags(done, total))
        self._last = bar
        if not steps:
            return
        if another:
            step = bar.step + 1
            if done > step:
                step = done
            if stayed := bar.unchanged.changed(step):
                self._report_stayed(bar, stayed)
            bar.advance(step, drawing if len(steps) == len(plan.entries) else drawing.with_only(steps))
            self._report_step(bar)
            if self._news.held.groups:
                self._news.training_went_on()
        elif done > bar.step and bar.draws == 1:
            self._report_stayed(bar, bar.unchanged.still(done))

    def _report_stayed(self, bar: Bar, steps: list[float]) -> None:
        """The values of the last step were those of ``steps`` after it, too."""
        for step in steps:
            bar.stay(step)
            self._report_step(bar)

    def _report_step(self, bar: Bar) -> None:
        """Report the values shown at the bar's step."""
        if bar.shown is None:
            return
        plan, numbers, _, total, by_epoch, _ = bar.shown
        news, x = self._news, bar.step
        context = news.context
        axis = "epoch" if by_epoch else "step"
        if context.fold:
            axis = context.axis_in_fold(axis)
        if by_epoch:
            context.enter_epoch(x)
        else:
            epoch = None if plan.epoch is None else bar.epoch
            x += total * (bar.run - 1 if epoch is None else context.epoch_index(epoch))
            context.reach(axis, x)
        news.report(plan, axis, x, numbers, redrawn=True)
