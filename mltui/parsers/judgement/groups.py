"""The kinds of lines there are, each made when its first line is judged."""

from __future__ import annotations

from mltui.parsers.judgement.counters import Said
from mltui.parsers.plans.group import Group, Hold, Standing, Until
from mltui.parsers.records.record import Field
from mltui.parsers.words.roles import Role, is_exploration, is_gradient_norm

#: Kinds of lines that are looked at to know what is told again.
_REPEATED = 8
#: Kinds of lines that are kept, of the log and of each of those that print into it; with more, all are made anew.
_GROUPS, _GROUPS_OF_ONE = 8192, 256


class Groups:
    """Finds the group of a line by the names of its values and by what it counts."""

    def __init__(self, who: str = "") -> None:
        """``who`` prints the lines, if one of several does."""
        self._most = _GROUPS_OF_ONE if who else _GROUPS
        self._groups: dict[tuple[object, ...], Group] = {}
        self._with_name: dict[str, list[Group]] = {}
        """The same, by each of their names."""

    def group_for(self, said: Said, names: list[str], values: list[Field]) -> Group:
        """The group of the lines with these ``names`` that count in the same way."""
        epoch, inner = said.counters.epoch, said.counters.inner
        record = said.record
        key = (*names, epoch and epoch.axis, inner and inner.axis, record.running_mean, record.sentence)
        found = self._groups.get(key)
        if found is None:
            if len(self._groups) >= self._most:
                self._groups.clear()
                self._with_name.clear()
            alike = self._with_all(names)
            earlier = [group for group in alike if group.seen.count]
            found = self._groups[key] = _new_group(said, values, names, earlier[:_REPEATED])
            found.counters = key[len(names) :]
            more = len(set(names))
            whole = (other for other in alike if len(set(other.names)) > more and other.counters == found.counters)
            if (first := next(whole, None)) is not None:
                found.inner = first.inner  # A line that was broken off, or has some of the values alone.
            for name in () if record.sentence else names:
                self._with_name.setdefault(name, []).append(found)
        return found

    def rename(self, group: Group, part: str) -> None:
        """A kind of line turned out to be of one of several, ``part``: those that are called so are of it."""
        self._groups.pop((*group.names, *group.counters), None)
        group.names = tuple(f"{part} {name}" for name in group.names)
        self._groups[(*group.names, *group.counters)] = group
        for name in group.names:
            self._with_name.setdefault(name, []).append(group)

    def _with_all(self, names: list[str]) -> list[Group]:
        """The groups that have all these ``names``, the first made first."""
        # The rarest name is looked up: thousands of kinds may share one, as the loss beside the norms of all weights.
        rarest = min((self._with_name.get(name, []) for name in names), key=len, default=[])
        return [group for group in rarest if set(names).issubset(group.names)]

    def counting(self, said: Said, scope: str) -> Group:
        """The group of the lines that measure nothing and count in the same way, of that ``scope``."""
        epoch, inner = said.counters.epoch, said.counters.inner
        key = (None, scope, epoch and epoch.axis, inner and inner.axis, inner and inner.total is None)
        found = self._groups.get(key)
        if found is None:
            found = self._groups[key] = Group()
        return found


def _new_group(said: Said, values: list[Field], names: list[str], earlier: list[Group]) -> Group:
    """A kind of line; its points are held back where it does not say where it stands, or measures nothing."""
    strong = any(f.role is Role.METRIC for f in values)
    norms = all(is_gradient_norm(f.name) or is_exploration(f.name) for f in values)
    rates = not norms and all(f.role is Role.SCHEDULE for f in values)
    standing = Standing(needs_place=rates and not said.placed)
    return Group(tuple(names), earlier, said.record.sentence, hold=Hold(_until(said, strong, rates)), standing=standing)


def _until(said: Said, strong: bool, rates: bool) -> Until | None:
    """What the points of lines wait for that measure (``strong``), or tell nothing but ``rates``."""
    if said.record.sentence or said.record.sets or said.record.sums_up:
        return Until.IT_RECURS
    if said.placed and strong:
        return Until.OTHERS_SPEAK if said.counters.bracketed else None
    if rates and said.counters.any:
        return Until.ANYTHING_IS_MEASURED
    return Until.IT_RECURS if rates or said.counters.any else Until.TRAINING_GOES_ON
