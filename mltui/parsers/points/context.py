"""Where the training stands, by what the log has said, and so where a line with counters stands."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from functools import lru_cache
from math import isfinite, nan
from operator import attrgetter

from mltui.domain.metric import STAGES, TRAINING, Axis
from mltui.parsers.plans.plan import Counter, Plan
from mltui.parsers.points.successive import Successive
from mltui.parsers.words.roles import counter_of
from mltui.parsers.words.values import Numbers

#: What a log counts whose parts count anew, by numbers.
OF_FOLDS = ("fold", "task")
#: So many stages are told apart.
_STAGES = 256
#: A number in front of lines that is not greater counts.
_ANY_STEP = 99


@dataclass(slots=True)
class Context:
    """Where the training stands, by what the log has said last.

    What is given by name alone is each one's own where several print into one log; the rest all of them know.
    """

    epoch: float | None = None
    zero_based: bool = False
    """Epochs count from 0: one was."""
    header: bool = False
    """The epoch comes from a line of its own (``Epoch 1/30``), so what follows counts inside of it."""
    indented: bool = False
    """The line at hand begins with a blank."""
    over: bool = False
    """A line of its own said that the epoch is over: what follows may be the next one's."""
    axis: str = ""
    x: float | None = None
    """Where the last line stood that measured something and counted, on ``axis``."""
    position: tuple[str, float] | None = None
    """Where a line of counters alone (``[epoch=1][batch=20/100]:``) put the lines under it."""
    firm: bool = False
    """That line also said of how many: it opens a block, in which a counter alone is one more figure."""
    fold: str = ""
    """In which fold the training is."""
    enters_fold: bool = False
    """No epoch has been told in it yet."""
    fold_ends: bool = False
    """Folds are told behind their epochs."""
    fold_over: bool = False
    """The fold was told behind its epochs, in a line on what it came to: when epochs begin anew it is the next one."""
    outer: str = ""
    """The last fold or training that was entered, of whose stages these are."""
    stage: str = ""
    """The last stage that was entered."""
    stages: dict[str, str] = field(default_factory=dict, kw_only=True)
    """What is in ``fold`` in each of its stages: what was there before, or the stage too where it counts anew."""
    process: float | None = None
    """A number in brackets in front of lines that turned out to be that of the process."""
    total: float | None = None
    """Of how many the last counter of steps was."""
    size: float = 0.0
    """How many steps an epoch has, where a line says so."""
    reckoned: float = 0.0
    """How many it has by the line at hand, if its place was reckoned from one inside of its epoch; else 0."""
    blocks: int = 0
    """How many lines of counters alone have put others under them."""
    trials: int = 0
    """How many trials have been told of, and attempts that broke off: what comes again in the next one is news."""
    advances: int = 0
    """How often the training went on."""
    returns: int = 0
    """How often the log went back to an epoch behind the first, or an attempt broke off: epochs are told again then."""
    evaluated: int = -1
    """What ``advances`` was when an evaluation last counted: if it still is, what follows may sum that up."""
    first_epoch: float | None = None
    """The first that was counted."""
    turns: int = 0
    """How often another epoch or fold was told; of epochs with fractions, how often another whole one."""
    closes: bool = False
    """Epochs are told behind their steps, ``Epoch 1: val_loss 0.5``."""
    fractions: bool = False
    """Epochs are told with fractions: ``0.25``."""
    told_fraction: float = 0.0
    """The last one that was told as another."""
    successive: Successive = field(default_factory=Successive, kw_only=True)
    said: bool = field(default=False, kw_only=True)
    """It was said by the one whose context this is, not by another that prints into the same log."""

    @property
    def nowhere(self) -> bool:
        """Nothing has been counted yet."""
        return self.epoch is None and self.x is None and self.position is None

    @property
    def now(self) -> tuple[str, ...]:
        """What is the same while the training does not go on; nothing before anything was counted."""
        return () if self.nowhere else (str(self.advances), str(self.x))

    @property
    def only_works(self) -> bool:
        """Nothing was counted but batches, in lines that measure nothing: any program does its work in some."""
        return self.position is not None and self.position[0] == "batch" and self.epoch is None and self.x is None

    @property
    def in_block(self) -> bool:
        """Whether a line without counters belongs to the line of counters above it."""
        return self.position is not None and (self.firm or self.position[0] != "trial")

    @property
    def beneath_epoch(self) -> bool:
        """Whether the line at hand is one of those that stand indented beneath the line of their epoch."""
        return self.indented and self.header and not self.over

    def counts_evaluation(self, plan: Plan, numbers: Numbers) -> bool:
        """Whether a counter runs over other data than the training's does.

        It is full, ``Iter(val) [20/20]``, or an evaluation's own that is always the same, or far behind the training's:
        ``Test Episodes: 10``.
        """
        if plan.inner is None:
            return False
        total = plan.inner.total_of(numbers)
        if plan.inner.evaluates and total is None:
            return plan.group.inner.stands_still(numbers[plan.inner.index], self.x)
        if plan.inner.way == "batch" and plan.epoch is None and self.epoch is None and total is not None:
            return self.axis == "batch" and plan.group.inner.is_whole(numbers[plan.inner.index], total)
        if total is None or self.total is None or total == self.total:
            return False
        return numbers[plan.inner.index] == total and self.axis == plan.inner.axis

    def stands_still(self, plan: Plan, x: float, numbers: Numbers) -> bool:
        """Whether the number in brackets by which a line stands at ``x`` is that of the process.

        Three lines of its kind have the same one, and measure anew; a step is told by two of them at most.
        """
        group, seen = plan.group, plan.group.seen
        if self.process is None and seen.ends_at(x) and x > _ANY_STEP and not seen.knows(x, plan.values_of(numbers)):
            if seen.count == 2 and group.standing.perhaps_by_count and group.hold.points:
                self.process = x
            group.standing.perhaps_by_count = seen.count == 1
        if x != self.process:
            return False
        if not group.standing.by_count:
            group.standing.by_count = True
            group.count_held()
        return True

    def beside(self) -> Context:
        """The context of another that prints into the same log and has said nothing of itself."""
        return Context(*_shared(self))

    # What the log says of where it stands.

    def begin_attempt(self) -> None:
        """What goes on may tell again what was told: behind an error that ended the program, or in another fold."""
        self.trials += 1
        self.returns += 1

    def enter_part(self, plan: Plan, fold: Counter, numbers: Numbers) -> None:
        """A line says by ``fold`` in which fold, trial or stage it is."""
        word, number = fold.axis, numbers[fold.index]
        if word in STAGES:
            step = None if plan.inner is None else numbers[plan.inner.index]
            self.enter_stage(word, number, plan.epoch_of(numbers), step)
        else:
            self.enter_fold(word, number, measures=bool(plan.entries) and not plan.counts)

    def enter_fold(self, word: str, number: float, measures: bool = False) -> None:
        """The log says in which fold it is, or in which trial of a search; a line that ``measures`` may end it."""
        fold = f"{word} {number:g}"
        self._enter_outer(fold, may_end=measures and word in OF_FOLDS)
        self.fold = fold
        self.successive.leave_to_folds()

    def enter_stage(self, word: str, number: float, epoch: float | None, step: float | None) -> None:
        """The log says in which stage it is, which begins at ``epoch``, or at a ``step`` where it counts no epochs."""
        self.stage = f"{word} {number:g}"
        if self.stage not in self.stages and len(self.stages) < _STAGES:
            self.successive.go_on()  # What stands above it is a heading of the stage.
            first = bool(self.outer) and not self.stages
            at, last = (step, self.x) if epoch is None else (epoch, self.epoch)
            goes_on = first or at is None or last is None or at > last
            self.stages[self.stage] = self.fold if goes_on else self._anew
        self.fold = self.stages.get(self.stage, self._anew)

    @property
    def _anew(self) -> str:
        """What tells the stage from those that were before it."""
        return ", ".join(filter(None, (self.outer, self.stage)))

    def _enter_outer(self, fold: str, *, may_end: bool) -> None:
        first = not self.outer and (not self.fold or bool(self.stages)) and self.first_epoch is not None
        ends = may_end and (self.fold_ends or first)
        if ends or fold != self.outer:
            self.fold_over = self.fold_ends = ends
        if fold != self.outer:
            self.outer, self.stages, self.enters_fold = fold, {}, True
            self.turns += 1

    def enter_epoch(self, epoch: float, header: bool = False, ends: bool = False, within: bool = False) -> None:
        """The log says in which epoch it is, or which one ``ends``; a line ``within`` it counts its steps.

        Epochs count from 0 if one ever was 0.
        """
        if not isfinite(epoch):
            return
        self.said = True
        if epoch == 0:
            self.zero_based = True
        if self.fold_over:
            self._leave_fold(epoch)
        if epoch != self.epoch:
            if self.successive.lines:
                self._read_above(self.first_epoch is not None and epoch <= self.first_epoch)
            self.advances += 1
            if self.first_epoch is not None and self.epoch is not None and self.first_epoch < epoch < self.epoch:
                self.returns += 1
            self._turn(epoch)
            self.epoch = epoch
            if self.first_epoch is None:
                steps = bool(self.x) and Axis.of(self.axis).counts_steps
                self.closes = steps and (ends or not (header or within))
                self.first_epoch = epoch
        self.header, self.over, self.enters_fold = header, ends, False

    def _turn(self, epoch: float) -> None:
        """Another epoch is told; one among fractions counts where these go on to another whole one, or have doubled."""
        whole = epoch.is_integer()
        self.fractions = self.fractions or not whole
        # A whole number among fractions may be the end of an epoch or the beginning of one. A fraction that has doubled
        # says more of how many steps an epoch has.
        if not self.fractions or (
            not whole and (epoch >= 2 * self.told_fraction or epoch // 1 != self.told_fraction // 1)
        ):
            self.turns += 1
            self.told_fraction = 0.0 if whole else epoch

    def enter_block(self, plan: Plan, numbers: Numbers) -> tuple[str, float] | None:
        """A line of counters alone puts the lines under it at axis and x; ``None`` where only an epoch is counted."""
        self.position = None
        if plan.inner is not None:
            total = plan.inner.total_of(numbers)
            self.firm = total is not None
            self.blocks += 1
            self.position = self._resolve(plan, plan.epoch_of(numbers), numbers[plan.inner.index], total, plan.inner)
        return self.position

    def enter(self, axis: str, x: float) -> None:
        """What follows stands at ``x``."""
        self.position = axis, x
        self.blocks += 1

    def leave_block(self) -> None:
        """What follows does not stand under a line of counters."""
        self.position = None

    def follow(self, plan: Plan, numbers: Numbers) -> tuple[str, float, bool]:
        """A line counts and measures: axis and x by its own counters, and whether the log was elsewhere before."""
        counter, epoch = plan.inner, None
        if plan.epoch is not None:
            epoch = numbers[plan.epoch.index]
            if self.fold_over:
                self._leave_fold(epoch)
        if counter is None:
            axis, x = self.axis_in_fold("epoch"), 0.0 if epoch is None else epoch
            if plan.size is not None:
                self.size = numbers[plan.size]
        elif counter.way == "batch":
            axis, x = self._in_batches(plan, epoch, counter, numbers)
        else:
            axis, x = counter.axis, numbers[counter.index]
            self.total = total = None if counter.total is None else numbers[counter.total]
            if epoch is not None or self.header or (total is not None and self._may_be_behind(plan, x)):
                axis, x = self._resolve(plan, epoch, x, total, counter)
            else:  # As in ``_resolve``: it says all itself.
                self.said, self.reckoned = True, 0.0
                if self.fold:
                    axis = self.axis_in_fold(axis)
        self.position = None
        if self.successive.lines and self._read_above(self._returns(epoch, x, plan)):
            axis = self.axis_in_fold(Axis.of(axis).counts)
        if epoch is not None and epoch != self.epoch:
            self.enter_epoch(epoch, within=counter is not None)
        if (x == self.x and axis == self.axis) or not isfinite(x):  # "Episode: nan" is no place.
            return axis, x, False
        self.axis, self.x = axis, x
        self.advances += 1
        if axis == "trial":
            self.trials += 1
        return axis, x, True

    def _may_be_behind(self, plan: Plan, value: float) -> bool:
        """Whether a line that counts the steps of something may be of an epoch behind the one that was told last.

        Before any is told it is only noted how far it is.
        """
        if self.epoch is None:
            plan.group.inner.precede(value)
            return False
        return plan.group.inner.told_behind is not False

    def _in_batches(self, plan: Plan, epoch: float | None, counter: Counter, numbers: Numbers) -> tuple[str, float]:
        """Axis and x of a line that counts batches, or samples."""
        value, total = numbers[counter.index], counter.total_of(numbers)
        if total is not None and total != self.total:
            percent = None if plan.percent is None else numbers[plan.percent]
            value, total = plan.group.inner.in_batches(value, total, percent)
        return self._resolve(plan, epoch, value, total, counter)

    def _leave_fold(self, epoch: float) -> None:
        """Behind what a fold came to stands ``epoch``: of the next one, if the epochs begin anew there."""
        self.fold_over, place = False, place_of_fold(self.outer)
        if place is not None and self.first_epoch is not None and epoch <= self.first_epoch:
            word, number = place
            self.fold = self.outer = f"{word} {number + 1:g}"
            self.stages = {}
        else:
            self.fold_ends = False

    def _returns(self, epoch: float | None, x: float, plan: Plan) -> bool:
        """Whether a line stands where the first of its kind did, and that of its training, or in front of these."""
        epoch, first_x = self.epoch if epoch is None else epoch, plan.group.seen.first_x
        anew = epoch is None or self.first_epoch is None or epoch <= self.first_epoch
        return anew and first_x is not None and x <= first_x

    def _read_above(self, anew: bool) -> bool:
        """The training goes on, or begins ``anew``; whether a line above was the heading of another one."""
        name = self.successive.begin_anew() if anew else self.successive.go_on()
        if not name or self._is_beyond(name):
            return False
        self.enter_training(self.successive.within(name))
        return True

    def _is_beyond(self, name: str) -> bool:
        """Whether a heading says how far the training is by now, above what is told again: ``Results at step 200``."""
        counted, _, number = name.rpartition(" ")
        counter = counter_of(counted)
        same = counter is not None and self.x is not None and counter[0] == Axis.of(self.axis).counts
        return same and number.isdigit() and float(number) > (self.x or 0.0)

    def enter_training(self, name: str) -> None:
        """Another training begins, which is called so."""
        self.fold = self.outer = f"{TRAINING} {name}"
        self.stages = {self.stage: self.fold} if self.stage else {}
        self.trials += 1

    def reach(self, axis: str, x: float) -> None:
        """A bar is at ``x``: what is printed between its steps stands there, if that is a place."""
        if isfinite(x):
            self.axis, self.x = axis, x

    # What follows from it.

    def done(self, epoch: float | None) -> float:
        """How many epochs are done in a line that says it stands in ``epoch``, or says nothing; NaN: nobody knows."""
        if self.fractions:
            return nan if epoch is None or epoch.is_integer() else epoch
        if self.enters_fold:
            return 0.0 if self.closes else nan
        epoch = self.epoch if epoch is None else epoch
        return nan if epoch is None else self.epoch_index(epoch) + self.closes

    def goes_on(self, axis: str, x: float) -> bool:
        """Whether the log counts on from ``x`` inside of an epoch, and has not begun anew since."""
        return self.axis == axis != "epoch" and self.x is not None and self.x >= x

    def epoch_index(self, epoch: float) -> float:
        """How many epochs were complete before ``epoch`` began."""
        return epoch if self.zero_based else epoch - 1 if epoch > 1 else 0.0

    def axis_in_fold(self, axis: str) -> str:
        """``axis``, told apart by fold or trial: each counts anew. What counts the trials is one curve over all."""
        return axis if not self.fold or axis == "trial" else _in_fold(axis, self.fold)

    def _resolve(
        self, plan: Plan, epoch: float | None, value: float, total: float | None, counter: Counter
    ) -> tuple[str, float]:
        """Axis and x of a line whose ``counter`` is at ``value``, perhaps of an ``epoch``."""
        self.said = self.said or epoch is not None or not self.header  # The header may be another's.
        inner = plan.group.inner
        if epoch is None:
            if counter.way == "batch" or (self.header and total is not None):
                epoch = self.epoch
            if self.epoch is None:
                if counter.way == "batch" or total is not None:
                    inner.precede(value)
            elif (self.over or not self.header) and inner.is_of_next(value, total, counter.way):
                # "Epoch 1: val loss 0.5" stood under its batches.
                epoch = self.first_epoch if self.enters_fold else self.epoch + 1
            if epoch is None:
                if counter.way == "batch" and total:
                    value += inner.passed(value, total)
                return self.axis_in_fold(counter.axis) if self.fold else counter.axis, value
        if epoch == 0:
            self.zero_based = True
        if inner.ever_full and inner.sums_up(value, total):
            return self.axis_in_fold("epoch"), epoch
        axis, size = counter.axis, self.size
        self.reckoned = 0.0
        if inner.follow(epoch, value, total, counter.way, plan.group.seen.count) and (size := inner.size or size):
            self.reckoned = size
            value += self.epoch_index(epoch) * size
        if counter.way == "batch" and inner.size:
            axis = "step"
        return self.axis_in_fold(axis) if self.fold else axis, value


_shared = attrgetter(*(each.name for each in fields(Context) if not each.kw_only))


@lru_cache(maxsize=256)
def _in_fold(axis: str, fold: str) -> str:
    return Axis(axis, fold).text


def place_of_fold(fold: str) -> tuple[str, float] | None:
    """Where a fold or a task stands among the others, as axis and x; other parts of a log have no order."""
    word, _, number = fold.partition(" ")
    return (word, float(number)) if word in OF_FOLDS and "," not in number else None
