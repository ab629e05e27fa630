"""Which numbers of a record are points, and which of its counters is x: the judgement, made once per kind of line."""

from __future__ import annotations

from dataclasses import dataclass

from mltui.parsers.company import accepted, compared, shown_by_bar
from mltui.parsers.counters import Counters, evaluates
from mltui.parsers.group import Group, Hold, Standing, Until
from mltui.parsers.plan import Entry, Plan
from mltui.parsers.points import Points
from mltui.parsers.records.record import Field, Record
from mltui.parsers.titles import full_name, values_of_field
from mltui.parsers.vocabulary import PARTS, Role, is_everyday, is_gradient_norm, is_learning_rate, scope_of, words

# What is a value once it is known not to be a whole number.
_MAY_BE_WHOLE = (Role.METRIC, Role.SCOPE, Role.UNKNOWN)
#: Kinds of lines that are looked at to know what is told again.
_REPEATED = 8
#: Names whose values are known to be measured.
_MEASURED = 8192
#: Kinds of lines that are kept; with more, all are forgotten and made anew.
_GROUPS = 8192


@dataclass(frozen=True, slots=True)
class _Said:
    """A line that is to be judged."""

    record: Record
    counters: Counters
    rank: str
    """Which of several processes printed it; it stands in front of every name."""
    bar: bool
    """A progress bar shows it."""

    @property
    def placed(self) -> bool:
        """It says where it stands, or its bar does."""
        return self.counters.any or self.bar


class Judge:
    """Makes plans, and keeps the groups that lines of one kind share."""

    def __init__(self, points: Points, who: str = "") -> None:
        self.points = points
        self.who = who
        """Who prints the lines; it stands in front of every name."""
        self.groups: dict[tuple[object, ...], Group] = {}
        self._with_name: dict[str, list[Group]] = {}
        """The same, by each of their names."""
        self._counted: set[str] = set()
        """Names of series that have their own counters in the line."""
        self._measured: set[tuple[str, str]] = set()
        """Labels and names of values that were written with a point once: later they may happen to be whole."""
        self._whole: set[tuple[str, str]] = set()
        """The same of values that are no points, since they have been whole so far."""
        self._led: set[str] = set()
        """Names that stand in front of a line without a counter, and have none elsewhere so far."""
        self.version = 0
        """Grows when something is learnt by which lines that were judged before would be judged otherwise."""
        self._first_tag = ""
        self._axes: dict[str, str] = {}
        """What counts each series: the epochs, or what runs inside of them."""

    def plan(self, record: Record, rank: str = "", bar: bool = False) -> Plan | None:
        """The plan for lines like ``record``, ``None`` if they say nothing of a training.

        ``rank`` says which of several processes printed the line, if it does; ``bar``: a progress bar shows it.
        """
        if _tells_the_end(record) or self._tells_again(record, bar):
            return None
        compared(record)
        said = _Said(record, Counters(record, self.points.config.x), rank or self.who, bar)
        self._recall_measured(record)
        whole = [f for f in record.fields if not f.decimal and f.role in _MAY_BE_WHOLE and not record.row]
        values = accepted(record, said.placed)
        self._remember_measured(values)
        self._remember_whole([f for f in whole if f not in values])
        if bar and not said.counters.any:
            values = shown_by_bar(record, values)
        if not values:
            return _counting_plan(said)
        ends = record.closes and not said.counters.any
        known = {name for name, _ in self.points.series} if ends else set[str]()
        plan = self._fill(said, values)
        if ends and known.issuperset(e.series.name for e in plan.entries):
            return None  # What the curves came to, told again.
        return plan if plan.entries or plan.lost or plan.counts else None

    def _tells_again(self, record: Record, bar: bool) -> bool:
        """Whether a line tells the best so far again, or what a checkpoint held that was loaded."""
        return bool(record.past and self.points.series) or (record.recalls and not bar)

    def _recall_measured(self, record: Record) -> None:
        """Take as measured what was once written with a point; a table's columns were looked at as a whole."""
        for each in () if record.row else record.fields:
            each.decimal = each.decimal or (each.label, each.name) in self._measured

    def _remember_measured(self, values: list[Field]) -> None:
        if len(self._measured) < _MEASURED:
            found = {(f.label, f.name) for f in values if f.decimal and f.role is not Role.SCHEDULE}
            self._measured |= found
            if not found.isdisjoint(self._whole):
                self._whole -= found
                self.version += 1

    def _remember_whole(self, left: list[Field]) -> None:
        """Note what is no value only since it is a whole number: one day it may be written with a point."""
        if len(self._whole) < _MEASURED:
            self._whole.update((f.label, f.name) for f in left)

    def _fill(self, said: _Said, values: list[Field]) -> Plan:
        """The plan of a line that has ``values``."""
        record, counters = said.record, said.counters
        plan = Plan(Group(), [], counters.epoch, counters.inner, counters.fold, counters.percent, record.running_mean)
        plan.size = counters.size
        plan.evaluates = counters.epoch is None and evaluates(record)
        bare = any(not f.explicit for f in values) or bool(said.rank) or said.bar
        stated = not said.rank and not said.bar
        tag = self._tag(record)
        names: list[str] = []
        for found in values:
            for suffix, index in values_of_field(found):
                name = tag + full_name(found, record, said.rank, suffix)
                if name in names:
                    continue
                names.append(name := self._told_apart(name, said))
                series = self.points.series_for(name, found.role.kind)
                if series is None:
                    plan.lost += 1
                    continue
                if said.placed and not record.retells:
                    self._remember_counted(name)
                set_once = bare and not (stated and found.explicit and is_learning_rate(found.name))
                scheduled = found.learnt or (set_once and found.role is Role.SCHEDULE)
                plan.entries.append(Entry(series, index, scheduled))
        plan.group = self._group(said, names, values)
        measured = [f for f in values if f.role is Role.METRIC]
        plan.group.standing.demand_count(record.row or all(is_everyday(f.name) for f in measured), record.row)
        return plan

    def _tag(self, record: Record) -> str:
        """What the tag in front of the line adds to its names: nothing, as long as all lines have the same."""
        tag = record.tag
        if not tag:
            return ""
        self._first_tag = self._first_tag or tag
        return f"{tag} " if tag != self._first_tag or tag.lower() in PARTS else ""

    def _remember_counted(self, name: str) -> None:
        """Note a series that has its own counters: lines that only have its name behind others are another's."""
        self._counted.add(name)
        if name in self._led:
            self._led.discard(name)
            self.version += 1

    def _told_apart(self, name: str, said: _Said) -> str:
        """``name``, told apart from the series of that name that is counted in another way, or at all."""
        record, rank = said.record, said.rank
        if record.retells:
            return name
        if not said.placed and (lead := record.lead or record.about):
            if name in self._counted:
                name = f"{lead} {name}"
            elif len(self._led) < _MEASURED:
                self._led.add(name)
        if not said.counters.any or record.running_mean:
            return name
        axis = "epoch" if said.counters.inner is None else said.counters.inner.axis
        first = self._axes.setdefault(name, axis)
        if (first == "epoch") == (axis == "epoch"):
            return name
        return f"{rank} {axis}{name.removeprefix(rank)}" if rank else f"{axis} {name}"

    def _group(self, said: _Said, names: list[str], values: list[Field]) -> Group:
        """The group of the lines with these ``names`` that count in the same way."""
        epoch, inner = said.counters.epoch, said.counters.inner
        record = said.record
        key = (*names, epoch and epoch.axis, inner and inner.axis, record.running_mean, record.retells)
        found = self.groups.get(key)
        if found is None:
            if len(self.groups) > _GROUPS:
                self.groups.clear()
                self._with_name.clear()
            alike = self._with_name.get(names[0], ()) if names else ()
            earlier = [group for group in alike if group.seen.count and set(names).issubset(group.names)]
            found = self.groups[key] = _new_group(said, values, names, earlier[:_REPEATED])
            for name in () if record.retells else names:
                self._with_name.setdefault(name, []).append(found)
        return found


def _new_group(said: _Said, values: list[Field], names: list[str], earlier: list[Group]) -> Group:
    """A kind of line; its points are held back where it does not say where it stands, or measures nothing."""
    strong = any(f.role is Role.METRIC for f in values)
    norms = all(is_gradient_norm(f.name) for f in values)
    rates = not norms and all(f.role is Role.SCHEDULE for f in values)
    retells = said.record.retells
    until = None
    if not (said.placed and strong) or retells:
        until = Until.IT_RECURS if said.counters.any or rates or retells else Until.TRAINING_GOES_ON
    standing = Standing(needs_place=rates and not said.placed)
    return Group(tuple(names), earlier, retells, hold=Hold(until), standing=standing)


def _counting_plan(said: _Said) -> Plan | None:
    """The plan of a line that measures nothing: what it counts, if anything."""
    counters, fields = said.counters, said.record.fields
    if not counters.any and counters.fold is None:
        return None
    plan = Plan(Group(), [], counters.epoch, counters.inner, counters.fold)
    plan.scope = next((f.label for f in fields if scope_of(f.label)), "")
    plan.evaluates = counters.epoch is None and any(scope_of(f.label or f.name) in ("val", "test") for f in fields)
    return plan


def _tells_the_end(record: Record) -> bool:
    """Whether a line tells how long the training took: what stands there is the end of it, and no step's."""
    # As transformers' Trainer ends with: {'train_runtime': 12.3, 'train_loss': 0.5 …}.
    timed = any(words(f.name)[:2] == ("train", "runtime") for f in record.fields)
    return timed and not any(f.role is Role.SCHEDULE for f in record.fields)
