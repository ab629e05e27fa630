"""Which numbers of a record are points, and which of its counters is x: the judgement, made once per kind of line."""

from __future__ import annotations

from mltui.parsers.group import Group, Hold, Standing, Until
from mltui.parsers.plan import METRIC, THROUGHPUT, Counter, Entry, Plan
from mltui.parsers.points import Points
from mltui.parsers.records.names import STATISTICS
from mltui.parsers.records.record import Field, Nameless, Record
from mltui.parsers.vocabulary import (
    COUNTERS,
    PARTS,
    Role,
    counter_of,
    is_everyday,
    is_gradient_norm,
    is_learning_rate,
    is_setting,
    may_be_code,
    role_of,
    scope_of,
    words,
)

_SEARCHES = frozenset(["generation", "gen"])
_SO_FAR = frozenset(["total", "env", "environment", "training", "agent"])
# Beside these a number without a name counts.
_COMPANY = (Role.METRIC, Role.SCHEDULE, Role.SCOPE)
#: Kinds of lines that are looked at to know what is told again.
_REPEATED = 8
#: Names whose values are known to be measured.
_MEASURED = 8192


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
        self._first_tag = ""
        self._places: dict[str, str] = {}
        """What counts each of them: the epochs, or what runs inside of them."""

    def plan(self, record: Record, rank: str = "", bar: bool = False) -> Plan | None:
        """The plan for lines like ``record``, ``None`` if they say nothing of a training."""
        rank = rank or self.who
        if _sums_up(record):
            return None
        if record.past and self.points.series:
            return None  # The best so far, told again.
        if record.recalls and not bar:
            return None
        counters = _Counters(record, self.points.config.x)
        if not record.row:
            for each in record.fields:
                each.decimal = each.decimal or (each.label, each.name) in self._measured
        accepted = _accepted(record, counters.any or bar)
        if len(self._measured) < _MEASURED:
            self._measured.update((f.label, f.name) for f in accepted if f.decimal and f.role is not Role.SCHEDULE)
        if bar and not counters.any and all(f.role in (Role.UNKNOWN, Role.THROUGHPUT) for f in accepted):
            accepted = []  # What a bar shows of any other work.
        if bar and not accepted and not counters.any:
            accepted = [f for f in record.fields if "best" in words(f.name) and f.explicit and f.decimal]
            for each in accepted:
                each.role = Role.METRIC  # All that a search shows of its trials.
        if not accepted:
            return self._counting_plan(counters, record)
        ends = record.closes and not counters.any
        known = {name for name, _ in self.points.series} if ends else set[str]()
        plan = self._fill(record, accepted, counters, rank, bar)
        if ends and known.issuperset(e.series.name for e in plan.entries):
            return None  # What the curves came to, told again.
        return plan if plan.entries or plan.lost or plan.counts else None

    def join(self, record: Record) -> None:
        """Take the one figure of a line as measured: the line above it in the block is."""
        found = record.fields[0] if len(record.fields) == 1 and not record.nameless else None
        if found is not None and found.role in (Role.UNKNOWN, Role.SCHEDULE):
            fits = found.explicit and found.decimal and not found.unit
            found.role = Role.METRIC if fits else found.role

    def _counting_plan(self, counters: _Counters, record: Record) -> Plan | None:
        if not counters.any and counters.fold is None:
            return None
        plan = Plan(Group(), [], counters.epoch, counters.inner, counters.fold)
        plan.scope = next((f.label for f in record.fields if scope_of(f.label)), "")
        plan.evaluates = counters.epoch is None and any(
            scope_of(f.label or f.name) in ("val", "test") for f in record.fields
        )
        return plan

    def _fill(self, record: Record, accepted: list[Field], counters: _Counters, rank: str, bar: bool) -> Plan:
        plan = Plan(Group(), [], counters.epoch, counters.inner, counters.fold, counters.percent, record.running_mean)
        plan.size = counters.size
        plan.evaluates = counters.epoch is None and _evaluates(record)
        bare = any(not f.explicit for f in accepted) or bool(rank) or bar
        stated = not rank and not bar
        tag = self._tag(record)
        names: list[str] = []
        for found in accepted:
            kind = THROUGHPUT if found.role is Role.THROUGHPUT else METRIC
            for suffix, index in _values(found):
                name = tag + _full_name(found, record, rank, suffix)
                if name in names:
                    continue
                if not (plan.counts or bar) and name in self._counted and (lead := record.lead or record.about):
                    name = f"{lead} {name}"
                name = self._by_place(name, plan, rank)
                names.append(name)
                series = self.points.series_for(name, kind)
                if series is not None and (plan.counts or bar):
                    self._counted.add(name)
                if series is None:
                    plan.lost += 1
                else:
                    set_once = bare and not (stated and found.explicit and is_learning_rate(found.name))
                    plan.entries.append(Entry(series, index, set_once and found.role is Role.SCHEDULE))
        plan.group = self._group(plan, names, accepted, bar)
        measured = [f for f in accepted if f.role is Role.METRIC]
        plan.group.standing.demand_count(record.row or all(is_everyday(f.name) for f in measured), record.row)
        return plan

    def _tag(self, record: Record) -> str:
        """What the tag in front of the line adds to its names: nothing, as long as all lines have the same."""
        tag = record.tag
        if not tag:
            return ""
        self._first_tag = self._first_tag or tag
        return f"{tag} " if tag != self._first_tag or tag.lower() in PARTS else ""

    def _by_place(self, name: str, plan: Plan, rank: str) -> str:
        """``name``, told apart from the series of that name that is counted in the other way."""
        if not plan.counts or plan.running_mean:
            return name
        place = "epoch" if plan.inner is None else plan.inner.axis
        first = self._places.setdefault(name, place)
        if (first == "epoch") == (place == "epoch"):
            return name
        return f"{rank} {place}{name.removeprefix(rank)}" if rank else f"{place} {name}"

    def _group(self, plan: Plan, names: list[str], accepted: list[Field], bar: bool) -> Group:
        key = (*names, plan.epoch and plan.epoch.axis, plan.inner and plan.inner.axis, plan.running_mean)
        found = self.groups.get(key)
        if found is None:
            if len(self.groups) > 8192:
                self.groups.clear()
                self._with_name.clear()
            alike = self._with_name.get(names[0], ()) if names else ()
            earlier = [group for group in alike if group.seen.count and set(names).issubset(group.names)]
            places = plan.counts or bar
            strong = any(f.role is Role.METRIC for f in accepted)
            norms = all(is_gradient_norm(f.name) for f in accepted)
            rates = not norms and all(f.role is Role.SCHEDULE for f in accepted)
            until = None
            if not (places and strong):
                until = Until.IT_RECURS if plan.counts or rates else Until.TRAINING_GOES_ON
            standing = Standing(needs_place=rates and not places)
            found = Group(tuple(names), earlier[:_REPEATED], hold=Hold(until), standing=standing)
            self.groups[key] = found
            for name in names:
                self._with_name.setdefault(name, []).append(found)
        return found


def _part_of(name: str, suffix: str, count: int) -> str:
    """The name of one of ``count`` values behind a name with slashes: ``loss (train/val)``, ``mean/median reward``."""
    which = int(suffix.strip(" ()") or 1) - 1
    said = name.split()
    at = next((i for i, word in enumerate(said) if len(word.split("/")) == count), None)
    if at is None:
        return ""
    parts = said[at].split("/")
    if at and all(scope_of(part) for part in parts):
        return " ".join([parts[which], *said[:at], *said[at + 1 :]])
    return " ".join([*said[:at], parts[which], *said[at + 1 :]])


def _sums_up(record: Record) -> bool:
    """Whether a line tells how long the training took: what stands there is the end of it, and no step's."""
    timed = any(words(f.name)[:2] == ("train", "runtime") for f in record.fields)
    return timed and not any(f.role is Role.SCHEDULE for f in record.fields)


def _values(found: Field) -> list[tuple[str, int]]:
    """The numbers of a field that are values, each with what its series' name adds."""
    if found.percent is not None:
        return [("", found.percent)]
    values = [("", found.index)]
    if found.mean is not None:
        values.append((" (avg)", found.mean))
    values += [(f" ({i + 2})", index) for i, index in enumerate(found.more)]
    return values


def _full_name(found: Field, record: Record, rank: str, suffix: str) -> str:
    label = record.scope or found.label or record.heading
    name = found.name
    if found.more and (part := _part_of(name, suffix, len(found.more) + 1)):
        name, suffix = part, ""
    if name == "value" and role_of(label) is Role.METRIC:
        name = label  # "round 3: 0.5" under "History (loss, distributed):"
    if label and not scope_of(name) and label.lower() not in name.lower():
        name = f"{label} {name}"
    if record.lead and role_of(record.lead) is Role.METRIC and not record.scope:
        name = f"{record.lead} {name}"  # "Cosine-Similarity: Pearson: 0.81"
    if record.item and record.item.lower() not in name.lower():
        name = f"{record.item} {name}"
    if record.starred:
        name = f"* {name}"
    return f"{rank} {name}{suffix}" if rank else name + suffix


def _accepted(record: Record, counts: bool) -> list[Field]:
    """The fields that are values of the training, judged by the company they keep."""
    strong = [f for f in record.fields if f.role is Role.METRIC]
    if counts and not _trains(record) and all(may_be_code(f.name) and not f.decimal for f in strong):
        for each in strong:
            each.role = Role.OTHER
        strong = []
    scopes = [f for f in record.fields if f.role is Role.SCOPE and f.decimal]
    if counts and not strong and not scopes:
        searches = any(f.role is Role.COUNTER and f.name.lower() in _SEARCHES for f in record.fields)
        best = [f for f in record.fields if "best" in words(f.name) and f.decimal]
        # "best loss: 0.3" beside a generation, or "Global best: 0.3" beside anything that counts.
        strong = best if searches else [f for f in best if f.explicit and words(f.name)[-1] == "best"]
        for each in strong:
            each.role = Role.METRIC  # What a search has come to.
    if not strong and not scopes and any(is_setting(f.name) for f in record.fields) and _sets(record):
        return []
    if len({f.name for f in scopes}) < 2:
        scopes = [f for f in scopes if f.explicit]  # One word in front of a number may be prose.
    if not strong and not counts:
        rates = [f for f in record.fields if f.explicit and f.decimal and is_learning_rate(f.name)]
        norms = [f for f in record.fields if f.decimal and is_gradient_norm(f.name)]
        timed = [f for f in record.fields if f.role is not Role.OTHER]
        return next((found for found in (rates, norms) if found and found == timed), [])
    if not strong and not scopes and not any(f.role in (Role.UNKNOWN, Role.SCHEDULE) for f in record.fields):
        return []
    rewarded = any({"reward", "rewards", "rew", "return", "returns"} & set(words(f.name)) for f in strong)
    for each in record.fields:
        if rewarded and each.role in (Role.OTHER, Role.UNKNOWN) and _is_length(set(words(each.name))):
            each.role = Role.METRIC  # Beside a reward it is an episode's length.
    unknown = sum(f.role is Role.UNKNOWN and f.explicit and f.decimal for f in record.fields)
    found = [f for f in record.fields if _is_value(f, counts or bool(strong), bool(strong) or unknown > 1)]
    measured = sum(f.role is Role.METRIC for f in found)
    return found if counts or (record.row and measured > 2) or any(_weighs(f) for f in found) else []


def _sets(record: Record) -> bool:
    """Whether a learning rate stands in the line: beside settings it is one."""
    return any(is_learning_rate(f.name) for f in record.fields)


def _trains(record: Record) -> bool:
    """Whether the line counts what only a training counts."""
    return any(f.counts and f.counts[0] in ("epoch", "episode") for f in record.fields)


def _is_length(said: set[str]) -> bool:
    return bool({"len", "length"} & said) or said >= {"step", "count"}


def _weighs(found: Field) -> bool:
    """Whether a metric may stand in a line that does not say where: it looks measured, not set or counted."""
    if found.role is not Role.METRIC:
        return False
    measured = found.decimal or found.percent is not None or found.total is not None or "%" in found.unit
    return measured or (found.explicit and bool({"reward", "return", "score"} & set(words(found.name))))


def _is_value(found: Field, company: bool, letters: bool) -> bool:
    """Whether a field is a value in the ``company`` that it keeps; ``letters`` may be names there."""
    role = found.role
    if role is Role.METRIC:
        return True
    if not company:
        return False
    if role is Role.SCHEDULE or role is Role.THROUGHPUT:
        return True
    if role is Role.SCOPE:
        return found.decimal
    if role is not Role.UNKNOWN or not found.explicit or found.unit.strip() not in ("", "%"):
        return False
    if not found.decimal and not STATISTICS.issuperset(words(found.name)):
        return False
    return letters or len(found.name) > 1


class _Counters:
    """The counters of a record, told apart."""

    def __init__(self, record: Record, wanted: str) -> None:
        self.epoch: Counter | None = None
        self.inner: Counter | None = None
        self.fold: Counter | None = None
        self.percent: int | None = None
        self.size: int | None = None
        """How many steps the epoch has."""
        self._rank = 99
        self._plural = False
        self._fraction = False
        for found in record.fields:
            if wanted and found.name.lower() == wanted.lower():
                self.epoch, self.inner, self._rank = None, Counter(wanted, "step", found.index, found.total), -1
            elif found.role is Role.COUNTER and self._rank >= 0:
                self._take(found)
        if self.epoch is not None and self._plural:
            self.size = self.inner.index if self.inner is not None else None
            self.inner, self._rank = None, 99
        if self._plural and (episode := next((f for f in record.fields if f.name.lower() == "episode"), None)):
            self.inner, self._rank = Counter("episode", "step", episode.index, episode.total), 0
        if self._rank >= 0:
            self._take_nameless(record)
        if not self.any:
            self._take_plural(record)

    @property
    def any(self) -> bool:
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
            rank = _preference(found.name, axis)
            if rank < self._rank:
                self.inner, self._rank = counter, rank
                # "Epoch: 1, Steps: 265" says how many steps the epoch has.
                self._plural = found.name.lower() == "steps"

    def _take_plural(self, record: Record) -> None:
        """Take "Total steps: 1000" in front of what is measured as the steps so far."""
        first = record.fields[0] if record.fields else None
        measures = any(f.role is Role.METRIC for f in record.fields)
        if first is None or first.decimal or not first.explicit or not measures:
            return
        *before, last = words(first.name) or ("",)
        axis, way = COUNTERS.get(last) or COUNTERS.get(last.removesuffix("s")) or ("", "")
        if way == "step" and axis != "percent" and last[-1:] == "s" and _SO_FAR.issuperset(before):
            self.inner = Counter(axis, way, first.index, first.total)

    def _take_nameless(self, record: Record) -> None:
        found = [n for n in record.nameless if n.place != "plain" or n.total is not None or n.first]
        if not found or self.inner is not None:
            return
        if self._fraction and found[0].first and found[0].total is not None:
            # "31/80 (epoch 0.775)" says the same twice.
            self.epoch, self.inner = None, Counter("step", "step", found[0].index, found[0].total)
            return
        first = [n for n in found if n.first]
        if (
            not first
            and self.epoch is None
            and len(found) > 1
            and found[1].total is not None
            and found[0].place == "bracket"
        ):
            first = found[:2]
        if found[0].place == "scope":
            self.epoch = self.epoch or Counter("epoch", "epoch", found[0].index)
            found = found[1:]
        elif len(first) >= 2 and self.epoch is None:
            self.epoch = Counter("epoch", "epoch", first[0].index, first[0].total)
            if first[1].total is None and _evaluates(record):
                return
            if first[0].place == "start" and first[1].total is None:
                self.inner = Counter("step", "step", first[1].index)
                return
            found = first[1:2]
        elif first and self.epoch is None and not record.running_mean:
            self._take_first(first[0], record)
            return
        # "Epoch(val) [1][500]" says on how many it was measured.
        if found and (found[0].total is not None or (self.epoch is not None and not _evaluates(record))):
            self._take_batch(found[0])

    def _take_batch(self, found: Nameless) -> None:
        self.inner = Counter("batch", "batch", found.index, found.total)
        self.percent = found.percent

    def _take_first(self, found: Nameless, record: Record) -> None:
        if found.total is not None and _evaluates(record):
            self.epoch = Counter("epoch", "epoch", found.index, found.total)
        elif found.total is not None:
            self.inner = Counter("step", "step", found.index, found.total)
        elif not found.decimal and any(f.role in _COMPANY and (f.decimal or f.explicit) for f in record.fields):
            self.inner = Counter("iteration", "step", found.index)


def _evaluates(record: Record) -> bool:
    """Whether a line speaks of validation or test data."""
    return any(scope_of(f.name) in ("val", "test") or (f.label and scope_of(f.label) != "train") for f in record.fields)


def _preference(name: str, axis: str) -> int:
    """Which of several counters is x: the smaller number."""
    parts = words(name)
    if "global" in parts or "total" in parts:
        return 0
    order = ("step", "iteration", "update", "timestep", "batch", "frame", "episode")
    return 1 + order.index(axis) if axis in order else 9
