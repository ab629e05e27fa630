"""Which of a line's counters is x: the epoch's, one inside of it, one that runs on, or a number without a name."""

from __future__ import annotations

from dataclasses import dataclass

from mltui.domain.metric import STAGES
from mltui.domain.words import scope_of, words
from mltui.parsers.plans.plan import Counter
from mltui.parsers.records.record import Field, Nameless, Record
from mltui.parsers.words.everyday import is_everyday
from mltui.parsers.words.roles import Role, counter_of, is_evaluation
from mltui.parsers.words.vocabulary import COUNTERS, REPEATS, SAMPLES

# What "steps" so far are called: "Total steps: 1000".
_SO_FAR = frozenset(["total", "env", "environment", "training", "agent"])
# Letters for the number of a step.
_TIMES = frozenset("tTnki")
# Letters of counters in front of a line whose names are letters: ``E: 4  I: 400  R: 931.4``.
_RUNS_ON, _IS_EPOCH = "I", "E"
# Beside these a number without a name counts.
_COMPANY = (Role.METRIC, Role.SCHEDULE, Role.SCOPE)
#: Any counter is preferred to none.
_NONE = 99


class Counters:
    """The counters of a record, told apart. ``wanted`` is the word that counts by the profile, if it names one.

    ``bar``: a progress bar shows the record.
    """

    def __init__(self, record: Record, wanted: str, bar: bool) -> None:
        self.epoch: Counter | None = None
        self.inner: Counter | None = None
        self.fold: Counter | None = None
        self.percent: int | None = None
        self.size: int | None = None
        """How many steps the epoch has."""
        self.bracketed = False
        """The only counter is a number in brackets in front, without a name: it may be that of the process."""
        self._coarse = False
        """The inner counter is written in whole thousands, ``Step: 0k``: another one says more."""
        self._preference = _NONE
        """How far in front the inner counter stands of others, see ``_preference``; below 0 the profile names it."""
        self._plural = False
        """The inner counter is "steps": "Epoch: 1, Steps: 265" says how many steps the epoch has."""
        self._fraction = False
        """The epoch is told with its fraction, ``0.775``."""
        measured = False
        for found in record.fields:
            measured = measured or found.role is Role.METRIC
            if measured and self.inner is not None and found.name.lower() == "steps":
                continue  # "Iteration 3: reward 12.5, steps: 2048" says how many they were.
            if wanted and found.name.lower() == wanted.lower():
                self.epoch, self.inner, self._preference = None, Counter(wanted, "step", found.index, found.total), -1
            elif found.role is Role.COUNTER and self._preference >= 0:
                self._take(found)
        if self.epoch is not None and self._plural:
            self.size = self.inner.index if self.inner is not None else None
            self.inner, self._preference = None, _NONE
        if self._plural and (episode := next((f for f in record.fields if f.name.lower() == "episode"), None)):
            self.inner, self._preference = Counter("episode", "step", episode.index, episode.total), 0
        if self.epoch is not None and self.inner is not None and self.inner.axis == "trial":
            self.fold, self.inner, self._preference = self.fold or self.inner, None, _NONE
        if self.epoch is not None and self.inner is not None and not bar:
            self._take_rounds(self.epoch, self.inner)
        self._take_run(record)
        if self._preference >= 0:
            self._take_nameless(record, bar)
        if not self.any:
            self._take_first_field(record)

    @property
    def any(self) -> bool:
        """The line says where it stands."""
        return self.epoch is not None or self.inner is not None

    def _take(self, found: Field) -> None:
        axis, way = counter_of(found.name) or ("step", "step")
        counter = Counter(axis, way, found.index, found.total)
        if way == "epoch":
            self.epoch = self.epoch or counter
            self._fraction = self._fraction or found.decimal
        elif way == "fold":
            self.fold = self.fold or counter
        else:
            preference = _preference(found.name, axis)
            if preference < self._preference:
                self.inner, self._preference = counter, preference
                self._coarse = bool(found.unit) and found.unit in "kKM" and not found.decimal
                counter.evaluates = way == "step" and is_evaluation(found.name if scope_of(found.name) else found.label)
                self._plural = found.name.lower() == "steps"

    def _take_rounds(self, epoch: Counter, inner: Counter) -> None:
        """Take epochs behind the round of several trainers as those inside of it: ``Round 3, epoch 1``."""
        if inner.axis == "round" and inner.index < epoch.index:
            self.epoch = Counter("round", "epoch", inner.index, inner.total)
            self.inner = Counter("epoch", "epoch", epoch.index, epoch.total)

    def _take_run(self, record: Record) -> None:
        """Take the number of a run, with which the line begins, or of a stage in any place: each counts anew."""
        counter = self.epoch or self.inner
        if self.fold is not None or counter is None:
            return
        for found in record.fields:
            name, in_front = found.name.lower(), found is record.fields[0] and found.index < counter.index
            if name in (REPEATS if in_front else STAGES) and (in_front or found.explicit) and not found.decimal:
                self.fold = Counter(name, "fold", found.index, found.total)
                return

    def _take_first_field(self, record: Record) -> None:
        """Take "Total steps: 1000" in front of what is measured as the steps so far, "t=1000" and "n = 10 / 20" too.

        So are "Epochs 100. Error: 0.2" those so far.
        """
        first = record.fields[0] if record.fields else None
        measures = any(f.role is Role.METRIC for f in record.fields)
        if first is None or first.decimal or not first.explicit or not measures:
            return
        if counts := _letters_in_front(record):
            by_letter = {f.name: Counter("step", "step", f.index, f.total) for f in counts}
            self.inner = by_letter.get(_RUNS_ON) or Counter("episode", "step", first.index, first.total)
            return
        if first.total is not None and SAMPLES.issuperset(words(first.name)):
            self.inner = Counter("batch", "batch", first.index, first.total)
            return  # "data=512/20480" is what an epoch works through.
        if first.label:
            return  # "split train: n=33749" says how many there are.
        everyday = all(is_everyday(f.name) for f in record.fields if f.role is Role.METRIC)
        if first.name == "n" and first.total is None and everyday:
            return  # "{'n': 12, 'mean_score': 0.5}" says of how many.
        if first.name in _TIMES or (len(first.name) == 1 and first.total is not None):
            self.inner = Counter("step", "step", first.index, first.total)
            return
        *before, last = words(first.name) or ("",)
        axis, way = COUNTERS.get(last) or COUNTERS.get(last.removesuffix("s")) or ("", "")
        if way == "epoch" and not before and last[-1:] == "s":
            self.epoch = Counter(axis, way, first.index, first.total)
        elif way == "step" and axis != "percent" and last[-1:] == "s" and _SO_FAR.issuperset(before):
            self.inner = Counter(axis, way, first.index, first.total)

    def _take_nameless(self, record: Record, bar: bool) -> None:
        """Take numbers without a name, by where they stand in the line."""
        places = [n for n in record.nameless if n.place != "plain" or n.total is not None or n.first]
        found = [n for n in places if (n.total is not None or not n.decimal) and not (n.place == "tag" and self.any)]
        if not found or (self.inner is not None and not self._coarse):
            return
        leading = self._leading(found)
        if self._fraction and found[0].first and found[0].total is not None:
            # "31/80 (epoch 0.775)" says the same twice.
            self.epoch, self.inner = None, Counter("step", "step", found[0].index, found[0].total)
        elif found[0].place == "scope":
            self.epoch = self.epoch or Counter("epoch", "epoch", found[0].index)
            self._take_batch(found[1:], record)
        elif len(leading) >= 2 and self.epoch is None:
            self._take_pair(leading[0], leading[1], record)
        elif leading and self.epoch is None and not record.running_mean:
            self._take_first(leading[0], record, bar)
        else:
            self._take_batch(found, record)

    def _leading(self, found: list[Nameless]) -> list[Nameless]:
        """Those in front of all else; where nothing counts the epochs, also two such as ``loss [3][10/80]``."""
        leading, pair = [n for n in found if n.first], found[:2]
        if leading or self.epoch is not None or len(pair) < 2:
            return leading
        return pair if pair[0].place == "bracket" and pair[1].total is not None else []

    def _take_pair(self, outer: Nameless, inner: Nameless, record: Record) -> None:
        """Take two numbers as the epoch's and one inside of it: ``[3][10/80]``, or ``3 1000`` in front of a line."""
        self.epoch = Counter("epoch", "epoch", outer.index, outer.total)
        if inner.total is None and evaluates(record):
            return
        if outer.place == "start" and inner.total is None:
            self.inner = Counter("step", "step", inner.index)
        else:
            self._take_batch([inner], record)

    def _take_batch(self, found: list[Nameless], record: Record) -> None:
        """Take the first number as the batch; "Epoch(val) [1][500]" says on how many it was measured."""
        if found and (found[0].total is not None or (self.epoch is not None and not evaluates(record))):
            self.inner = Counter("batch", "batch", found[0].index, found[0].total)
            self.percent = found[0].percent

    def _take_first(self, found: Nameless, record: Record, bar: bool) -> None:
        if found.total is not None and (bar or evaluates(record)):  # A bar counts what is inside of that itself.
            self.epoch = Counter("epoch", "epoch", found.index, found.total)
        elif found.total is not None:
            self.inner = Counter("step", "step", found.index, found.total)
        elif not found.decimal and (_is_place(record) or _has_company(record)):
            self.inner = Counter("iteration", "step", found.index)
            self.bracketed = found.place == "bracket"


@dataclass(frozen=True, slots=True)
class Said:
    """A line that is to be judged."""

    record: Record
    counters: Counters
    who: str
    """Who of several prints it, if anything says so: it stands in front of every name."""
    bar: bool
    """A progress bar shows it."""

    @property
    def placed(self) -> bool:
        """It says where it stands, or its bar does."""
        return self.counters.any or self.bar


def _has_company(record: Record) -> bool:
    """Whether beside a number without a name stands what is measured."""
    return any(f.role in _COMPANY and (f.decimal or f.explicit) for f in record.fields)


def _is_place(record: Record) -> bool:
    """Whether a line is a bracket with a count and what is set there, and no more: ``[20, 0.0001]``."""
    bracket = record.nameless
    return (
        not record.fields
        and len(bracket) == 2
        and bracket[0].place == bracket[1].place == "bracket"
        and bracket[1].decimal
    )


def _letters_in_front(record: Record) -> list[Field]:
    """The whole numbers in front whose names are the letters of counters."""
    whole = [f for f in record.fields if f.explicit and not f.decimal]
    return [f for f, first in zip(whole, record.fields, strict=False) if f is first and f.name in (_IS_EPOCH, _RUNS_ON)]


def evaluates(record: Record) -> bool:
    """Whether a line speaks of validation or test data."""
    return any(is_evaluation(f.name) or is_evaluation(f.label) for f in record.fields)


def _preference(name: str, axis: str) -> int:
    """Which of several counters is x: the smaller number."""
    parts = words(name)
    if "global" in parts or "total" in parts:
        return 0
    order = ("step", "iteration", "update", "timestep", "batch", "frame", "episode")
    return 1 + order.index(axis) if axis in order else 9
