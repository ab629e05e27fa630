"""Which numbers of a record are points, and which of its counters is x: the judgement, made once per kind of line."""

from __future__ import annotations

from itertools import takewhile

from mltui.domain.words import scope_of, words
from mltui.parsers.judgement.beside import take_compared, take_sized, take_target
from mltui.parsers.judgement.company import accepted, shown_by_bar
from mltui.parsers.judgement.counters import Counters, Said, evaluates
from mltui.parsers.judgement.groups import Groups
from mltui.parsers.judgement.measured import Measured
from mltui.parsers.judgement.sources import Source, Sources, source_of
from mltui.parsers.judgement.titles import Titles, full_name, values_of_field
from mltui.parsers.judgement.trials import take_set, tries_threshold
from mltui.parsers.plans.group import Group, Until
from mltui.parsers.plans.likeness import Spoken
from mltui.parsers.plans.plan import Entry, Plan
from mltui.parsers.points.points import Points
from mltui.parsers.records.record import Field, Record
from mltui.parsers.words.everyday import is_everyday, judges_models
from mltui.parsers.words.roles import Role, is_evaluation, is_learning_rate, mean_of_classes


class Judge:
    """Makes plans, and remembers what the lines have taught of their names."""

    def __init__(self, points: Points, who: str = "") -> None:
        self.points = points
        self.who = who
        """Who prints the lines; it stands in front of every name."""
        self._measured = Measured(who)
        self._titles = Titles(who)
        self._groups = Groups(who)
        self._sources = Sources()

    @property
    def version(self) -> int:
        """Grows when something is learnt by which lines that were judged before would be judged otherwise."""
        return self._measured.version + self._titles.version + self._sources.version

    def plan(self, record: Record, who: str = "", bar: bool = False) -> Plan | None:
        """The plan for lines like ``record``, ``None`` if they say nothing of a training.

        ``who`` of several prints the line, if it says so; ``bar``: a progress bar shows it.
        """
        if _tells_the_end(record) or self._tells_again(record, bar):
            return None
        take_compared(record)
        take_sized(record)
        take_target(record)
        take_set(record)
        # What a bar counts beside itself under the heading of an epoch is inside of that.
        counters = Counters(record, self.points.config.x, bar and not self.points.context.header)
        said = Said(record, counters, who or self.who, bar)
        whole = self._measured.recall(record)
        values = accepted(record, said.placed)
        self._measured.learn(values, whole)
        if bar and not said.counters.any:
            values = shown_by_bar(record, values)
        if not values:
            return self._counting_plan(said)
        ends = record.closes and not said.counters.any
        known = Spoken(name for name, _ in self.points.series) if ends else None
        plan = self._fill(said, values)
        if known is not None and not plan.group.standing.closes:
            if all(known.may_be(entry.series.name) for entry in plan.entries):
                return None  # What the curves came to, told again.
            plan.group.standing.closes = True
        return plan if plan.entries or plan.lost or plan.counts else None

    def _tells_again(self, record: Record, bar: bool) -> bool:
        """Whether a line tells the best so far again, or what a checkpoint held that was loaded."""
        # "Fold 1 best auc: 0.99" is its score.
        return bool(record.past and self.points.series and not record.of_fold) or (record.recalls and not bar)

    def _fill(self, said: Said, values: list[Field]) -> Plan:
        """The plan of a line that has ``values``."""
        record, counters = said.record, said.counters
        measured = [f for f in values if f.role is Role.METRIC]
        tag = self._titles.tag(record)
        numbers = [(found, suffix, index) for found in values for suffix, index in values_of_field(found)]
        plain = [tag + full_name(found, record, said.who, suffix) for found, suffix, _ in numbers]
        context = self.points.context
        led = not said.placed and self._titles.are_counted(plain)
        source = source_of(said, plain, values, () if led else context.now)
        part = self._name_source(source, said)
        names: list[str] = []
        entries: list[Entry] = []
        lost = 0
        for (found, _, index), name in zip(numbers, plain, strict=True):
            if part + name in names:
                continue
            names.append(name := self._titles.tell_apart(part + name, said, led))
            series = self.points.series_for(name, found.role.kind)
            if series is None:
                lost += 1
                continue
            if said.placed and not (record.sentence or record.heading):
                self._titles.learn_counted(name)
            entries.append(Entry(series, index, self._waits_for_change(found, said, values)))
        group = self._groups.group_for(said, names, values)
        if source is not None and not said.bar:
            self._note_source(source, group, said)
        trains = bool(measured) and any(f.role is Role.SCHEDULE for f in record.fields)
        everyday = not trains and (tries_threshold(record) or all(is_everyday(f.name) for f in measured))
        group.standing.needs_count = record.row or everyday
        group.standing.compares = not trains and _compares(record, measured, names)
        group.standing.sets = trains and not said.placed
        group.standing.starred = record.starred and not said.placed
        group.standing.by_count = group.standing.by_count or (record.ends_run and not said.placed)
        of = mean_of_classes(names[0]) if len(names) == 1 and not (said.bar or record.row) else ""
        counted = counters.epoch, counters.inner, counters.fold, counters.percent
        plan = Plan(group, entries, *counted, lost=lost, of_classes=of)
        plan.running_mean, plan.size, plan.bracketed = record.running_mean, counters.size, counters.bracketed
        plan.evaluates = counters.epoch is None and evaluates(record)
        self.points.meet(plan)
        return plan

    def _counting_plan(self, said: Said) -> Plan | None:
        """The plan of a line that measures nothing: what it counts, if anything."""
        counters, fields = said.counters, said.record.fields
        if not counters.any and counters.fold is None:
            return None
        if not fields and any(n.place == "start" and n.total is None for n in said.record.nameless):
            return None  # "16 | 32 | units" is a row of a table.
        if said.record.running_mean and counters.epoch is None:
            return None  # A bar that shows no values is no training's: ``model.predict`` in a callback of Keras.
        counts = min((c.index for c in (counters.epoch, counters.inner) if c is not None), default=0)
        if counters.fold is None and any("best" in words(f.name) and f.index < counts for f in fields):
            return None  # "best loss: 0.31 at epoch 3" tells again where it was.
        scope = next((f.label for f in fields if scope_of(f.label)), said.record.ends_with)
        evaluates = counters.epoch is None and any(is_evaluation(f.label or f.name) for f in fields)
        plan = Plan(self._groups.counting(said, scope), [], counters.epoch, counters.inner, counters.fold)
        plan.scope, plan.evaluates, plan.ends = scope, evaluates, said.record.ends
        return plan

    def _name_source(self, source: Source | None, said: Said) -> str:
        """What tells a line's series from those of other sources, in front of their names.

        Once that is known, the points of the first source, which waited for it, are called so, and reported if they
        had a place.
        """
        if source is None:
            return ""
        if said.bar:
            name = self._sources.name_in_bar(source)
            return f"{name} " if name else ""
        if (other := self._sources.compare(source)) is not None:
            group, name = other
            series = [self.points.series_for(f"{name} {point.name}", point.kind) for point in group.hold.points]
            if name and None not in series:
                group.hold.rename(name)
                self._groups.rename(group, name)
            if said.placed:
                self.points.news.release(group)
            else:
                self._wait_to_recur(group)
        name = self._sources.name(source)
        return f"{name} " if name else ""

    def _note_source(self, source: Source, group: Group, said: Said) -> None:
        """Keep what a line told: the first one of its source waits for others that show what it is called."""
        self._sources.note(source, group)
        apart = self._sources.are_apart(source)
        if apart and not said.placed:
            self._wait_to_recur(group)
        elif said.placed and group.hold.until is None and not group.seen.count and not apart:
            group.hold.until = Until.OTHERS_SPEAK

    def _wait_to_recur(self, group: Group) -> None:
        """Lines of several things are curves if each recurs: samples may come once. Those of folds end each of them."""
        if not self.points.context.fold:
            group.hold.wait_to_recur()

    def _waits_for_change(self, found: Field, said: Said, values: list[Field]) -> bool:
        """Whether one of a line's ``values`` is a setting until it changes: what is learnt, and what may be set once.

        A schedule may be where names have no signs, or a rank or a bar tells it; a learning rate that a line states,
        or tells with what it measures at each step, or that is a curve already, is one of the line's values.
        """
        if found.learnt or found.role is not Role.SCHEDULE:
            return found.learnt
        if said.who or said.bar:
            return True
        if all(f.explicit for f in values):
            return False
        beside = said.placed and any(f.role is Role.METRIC for f in values)
        return not (is_learning_rate(found.name) and (found.explicit or beside or self._tells_rates()))

    def _tells_rates(self) -> bool:
        """Whether a learning rate is a curve already: one that another line tells is one too, if it changes or not."""
        return any(known.last is not None and is_learning_rate(known.name) for known in self.points.series.values())


def _compares(record: Record, measured: list[Field], names: list[str]) -> bool:
    """Whether a line may be one of a comparison of models: all that it tells is how good one is, and of which it tells.

    ``names`` are those of its series; a log that also says on which part of the data tells of a training. In front of
    what is measured stands with what a model was made, if the line says it.
    """
    front = takewhile(lambda f: f.role is not Role.METRIC, record.fields)
    if record.bare and not record.source and all(f.role is Role.OTHER for f in front):
        return False
    return not any(map(scope_of, names)) and all(judges_models(f.name) or is_everyday(f.name) for f in measured)


def _tells_the_end(record: Record) -> bool:
    """Whether a line tells how long the training took: what stands there is the end of it, and no step's."""
    # As transformers' Trainer ends with: {'train_runtime': 12.3, 'train_loss': 0.5 …}.
    timed = any(words(f.name)[:2] == ("train", "runtime") for f in record.fields)
    return timed and not any(f.role is Role.SCHEDULE for f in record.fields)
