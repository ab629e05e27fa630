"""One progress bar as its frames have shown it: where it is, what it shows, and which of that is an epoch's."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple

from mltui.domain.words import scope_of, words
from mltui.parsers.bars.unchanged import Unchanged
from mltui.parsers.plans.plan import Entry, Plan, getter
from mltui.parsers.words.values import Numbers


@dataclass(slots=True, eq=False)
class Layout:
    """What the numbers in a bar's frames are."""

    plan: Plan
    """What they say, but for how far the bar is."""
    done: int
    """Which of them says that, …"""
    total: int | None
    """… and which of how many; ``None`` for a bar without an end."""
    by_epoch: bool
    """The bar counts epochs."""
    checks: bool
    """It runs over validation or test data."""


class Drawing(NamedTuple):
    """One frame of a bar that shows values."""

    layout: Layout
    plan: Plan
    """That of the layout, or of some of its values."""
    numbers: Numbers

    @property
    def done(self) -> float:
        """How far the bar is, …"""
        return self.numbers[self.layout.done]

    @property
    def total(self) -> float:
        """… and of how many; 0 for a bar without an end."""
        return 0.0 if self.layout.total is None else self.numbers[self.layout.total]

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
    others: Callable[[Numbers], Numbers] | None
    """Gets the others, if there are any."""


@dataclass(slots=True)
class Bar:
    """A bar that is drawn again and again. It changes itself alone, by its methods."""

    done: float = -1.0
    """Its own counter in the last frame."""
    total: float = 0.0
    """Of how many; 0 for a bar without an end."""
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
    """How often it began anew in its fold."""
    fold: str = ""
    """In which fold or training it runs."""
    size: float = 0.0
    """Its last end; one that is passed is no longer drawn: ``88/88``, ``90it``."""
    steps_told: int = 0
    """How many steps of this epoch were reported."""
    first: Drawing | None = None
    """The first step, which was not reported yet: the bar may turn out to count the epochs."""
    over_epochs: bool = False
    """It counts the epochs that it names, or goes on in each of them once: its values are theirs."""
    runs_on: bool = False
    """It goes on from epoch to epoch, through the steps of all."""
    entries: dict[str, Entry] = field(default_factory=dict)
    """Of these, the values of an epoch."""
    reported: dict[str, float] = field(default_factory=dict)
    """The epoch for which each of them was last reported."""
    checks: bool = False
    """Its values are those of evaluations, one in each run."""
    fresh: bool = False
    """The last frame showed values of a step that are others than before."""
    steps_each_draw: bool = False
    """Each time that it is drawn it shows another step: two in a row showed other values at the same count."""
    unchanged: Unchanged = field(default_factory=Unchanged)
    shown: Drawing | None = None
    """The last values of a step."""
    _reported_draw: int = 0
    """Which of its drawings the last step was reported of, where the counter lags behind the values; else 0."""
    _moving: set[str] = field(default_factory=set)
    """Names whose values changed on the way: they are a step's, not an epoch's."""
    _of_epoch: set[str] = field(default_factory=set)
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
        if self.runs_on:
            return done < self.done
        return done < self.done or (epoch is not None and self.epoch is not None and epoch != self.epoch)

    def passes_epoch(self, epoch: float | None, done: float) -> bool:
        """Whether a frame names a later epoch than the last one, but the bar has not begun anew with that."""
        later = epoch is not None and self.epoch is not None and epoch > self.epoch
        return later and self.run == 1 and self.steps_told > 0 and not self.complete and done > 0 and done >= self.done

    def pass_epoch(self) -> None:
        """It does: what it counts are the epochs, if it told one step in the one that is over, or the steps of all."""
        if self.steps_told > 1:
            self.runs_on = True
        else:
            self.over_epochs, self._sorted, self._shown = True, None, ()
            self.shown = self.first or self.shown

    def gives_way(self, drawing: Drawing, epoch: float | None) -> bool:
        """Whether a frame is another bar's, which runs behind this one in the same epoch: over other data."""
        ended = self.complete and epoch is not None and epoch == self.epoch and not (self.over_epochs or self.runs_on)
        return ended and drawing.done < self.done and 0 < drawing.total != self.total

    def differs(self, drawing: Drawing) -> bool:
        """Whether a frame shows other values than the last one: it is not only drawn again."""
        values, numbers = self.values, drawing.numbers
        return any(values.get(e.series.name) != numbers[e.index] for e in drawing.plan.entries)

    def begin_again(self, fold: str) -> None:
        """Another run begins, in this ``fold``."""
        self.run = self.run + 1 if fold == self.fold else 1
        self.fold = fold
        if self.checks:
            self.reported.clear()
        self.step, self.done, self.again = 0.0, -1.0, False

    def enter(self, epoch: float | None, done: float) -> None:
        """The frame at hand is one of ``epoch``, ``done`` steps into it."""
        if epoch != self.epoch:
            self.previous, self.epoch, self.begun, self.steps_told = self.epoch, epoch, False, 0
        self.begun = self.begun or done > 0

    def count_draw(self, done: float) -> None:
        """It is drawn with its counter at ``done``."""
        self.again = done == self.done
        self.draws = self.draws + 1 if self.again else 1

    def move(self, done: float, total: float) -> None:
        """Its counter is at ``done``."""
        self.done, self.total, self.size = done, total, total or self.size

    @property
    def checks_at_steps(self) -> bool:
        """Its first evaluation came before any epoch was told: the epochs are told behind their steps."""
        return self.checks and self.epoch is None

    @property
    def complete(self) -> bool:
        """The last frame was full."""
        return self.done >= self.total > 0

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
                    self._of_epoch.add(name)
                new.add(name)
                values[name] = value
        self._shown = ()
        return new

    def sort(self, drawing: Drawing, steps: tuple[int, ...]) -> None:
        """In the frame shown last the values ``steps`` were a step's: note it if that never changes."""
        plan, in_epoch = drawing.plan, self.epoch is not None
        if self._sorted is None or self._sorted[:3] != (plan.signature, steps, in_epoch):
            for_good = not drawing.layout.checks and all(map(self._is_sorted, plan.entries))
            if (in_epoch or not steps) and not for_good:
                return
            names = tuple([entry.series.name for entry in plan.entries])
            others = [i for i in range(len(names)) if i not in steps]
            self._sorted = _Sorted(plan.signature, steps, in_epoch, names, getter(others) if others else None)
        self._shown = plan.values_of(drawing.numbers)

    def _is_sorted(self, entry: Entry) -> bool:
        """Whether a value that was taken for a step's, or an epoch's, is so in all frames."""
        series = entry.series
        return entry.schedule or series.of_epoch or series.name in self._moving or _is_step(series.name)

    def go_on(self, layout: Layout, numbers: Numbers, epoch: float | None) -> tuple[int, ...] | None:
        """Show a frame of the same run and epoch as the last, in which nothing else than values of a step can be new.

        Which of its values these are; ``None`` if it may be another sort of frame, and was not shown. What
        ``count_draw``, ``enter`` and ``move`` do is written out, since nearly all frames of bars come here.
        """
        plan, done, known, before = layout.plan, numbers[layout.done], self._sorted, self._shown
        if known is None or not before or epoch != self.epoch or done < self.done:
            return None
        if plan.signature is not known.signature and plan.signature != known.signature:
            return None
        values, others = plan.values_of(numbers), known.others
        if others is not None and others(values) != others(before):
            return None
        self._shown = values
        self.fresh = values != before
        self.again = again = done == self.done
        self.draws = self.draws + 1 if again else 1
        if not self.begun:
            self.begun = done > 0
        self.done, self.total = done, 0.0 if layout.total is None else numbers[layout.total]
        return known.steps

    def take_for_epoch(self, entry: Entry) -> None:
        """The value is one of an epoch."""
        self.entries[entry.series.name] = entry

    def note_reported(self, name: str, epoch: float) -> None:
        """A value was reported for an epoch."""
        self.reported[name] = epoch

    def changes_with_epoch(self, name: str, new: bool, drawing: Drawing) -> bool:
        """Whether a value whose name does not say so is an epoch's: it changes when an epoch ends, and only then."""
        if name in self._moving:
            return False
        if new and 0 < drawing.done < drawing.total:
            self._moving.add(name)
            self._of_epoch.discard(name)
            return False
        if _is_step(name):
            return False
        if new and (
            (not self.begun and self.previous is not None)
            or (drawing.full and any(entry.series.of_epoch for entry in drawing.plan.entries))
        ):
            self._of_epoch.add(name)
        return name in self._of_epoch

    def came_late(self) -> None:
        """It shows the last epoch's values, so those of a step are that epoch's last step's."""
        self.step = -1.0

    def lags(self) -> bool:
        """Whether its counter is behind its values: the same ones drawn twice in a row are two steps."""
        behind = (self.steps_each_draw and self.done < self.step) or self.draws == self._reported_draw
        return behind and self.again and self.step < self.total

    def advance(self, step: float, drawing: Drawing) -> None:
        """The values of a step were drawn."""
        self.steps_each_draw = self.steps_each_draw or (self.fresh and 0 < self._reported_draw == self.draws - 1)
        if step > self.total > 0:
            step = self.total
        self.step = step
        self.steps_told += 1
        self._reported_draw = self.draws if self.done < step else 0
        self.shown = drawing

    def forget_first(self) -> None:
        """What was shown first is no step's."""
        self.first = self.shown = None
        self.step, self.steps_told = 0.0, 0

    def keep(self, drawing: Drawing | None) -> None:
        """The values of an epoch were drawn, or else reported."""
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
