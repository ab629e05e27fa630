"""Lines without a place that stand in front of the line that has one: ``val loss 10.9`` before ``step 0 | loss 11.0``.

What was measured before anything was counted belongs to the beginning. If the log then counts from 0, lines of this
kind may stand in front of the step they belong to, each time, or behind it, when the first alone was measured ahead of
the training. Which of both it is shows in the distances between them: a training measures at even ones.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise

from mltui.parsers.plans.group import Group
from mltui.parsers.plans.plan import Line, Plan

#: Kinds of lines that may wait for a place.
_LIMIT = 256
#: Lines of a kind by which it is settled where they stand.
_ENOUGH = 3


@dataclass(slots=True)
class First:
    """The first line of its kind, which came before anything was counted."""

    line: Line
    axis: str = ""
    """What the first count behind it counted."""
    leads: bool = False
    """The first count behind it was 0, in a line that also measures."""
    shared: tuple[int, ...] = ()
    """Which of its values are of series that lines of another kind tell, which has begun."""


@dataclass(slots=True)
class Doubt:
    """The first lines of a kind that stand either in front of their step or behind it; the very first stands at 0."""

    axis: str
    lines: list[Line]
    behind: list[float] = field(default_factory=lambda: [0.0])
    """Where the log stood when each came."""
    ahead: list[float] = field(default_factory=lambda: [0.0])
    """Where it stood next; one less while that is not known of the last."""
    placed: int = 0
    """So many have been reported."""

    @property
    def waits(self) -> bool:
        """Nothing was counted since the last line."""
        return len(self.ahead) < len(self.lines)

    @property
    def settled(self) -> bool:
        """There are enough lines to know."""
        return len(self.ahead) == _ENOUGH

    def keep(self, line: Line, behind: float) -> None:
        """Keep a line that came while the log stood at ``behind``."""
        self.lines.append(line)
        self.behind.append(behind)

    def arrive(self, ahead: float) -> None:
        """The log stood at ``ahead`` next, after the last line."""
        self.ahead.append(ahead)

    def take_first(self) -> Line | None:
        """The very first line, once: it is known where it stands."""
        if self.placed:
            return None
        self.placed = 1
        return self.lines[0]

    def positions(self) -> tuple[list[float], bool]:
        """Where the lines stand, and whether that is in front of their step."""
        ahead = [*self.ahead, self.behind[-1]] if self.waits else self.ahead
        leads = _even(ahead) or not _even(self.behind)
        return (ahead, True) if leads else (self.behind, False)


def _even(places: list[float]) -> bool:
    steps = [after - before for before, after in pairwise(places)]
    return max(steps) - min(steps) < 1e-6 * max(steps)


class Ahead:
    """Keeps lines that came too early to be placed."""

    def __init__(self) -> None:
        self._firsts: dict[int, First] = {}
        self._unplaced = 0
        self._waiting: dict[int, Line] = {}

    def keep(self, line: Line) -> None:
        """Keep the first line of its kind."""
        if len(self._firsts) < _LIMIT and not self.keeps(line.plan.group):
            self._firsts[id(line.plan.group)] = First(line)
            self._unplaced += 1

    def keeps(self, group: Group) -> bool:
        """Whether the first line of this kind is kept."""
        return id(group) in self._firsts

    def take_unplaced(self) -> list[Line]:
        """The first lines of their kinds, if nothing was counted since; they are forgotten here."""
        lines = [first.line for first in self._firsts.values() if not first.axis]
        for line in lines:
            self.first_of(line.plan.group)
        return lines

    def first_of(self, group: Group) -> First | None:
        """The first line of this kind, if it was kept; it is forgotten here."""
        found = self._firsts.pop(id(group), None)
        if found is not None and not found.axis:
            self._unplaced -= 1
        return found

    def meet(self, plan: Plan) -> bool:
        """A kind of line begins that counts; whether the first line of another kind tells an evaluation of it."""
        for first in self._firsts.values():
            before = first.line.plan
            begun = [series for series, _ in plan.evaluations if series.last is None]
            if begun and before.group is not plan.group and not before.group.sentences:
                first.shared = tuple(i for i, entry in enumerate(before.entries) if entry.series in begun)
        return any(first.shared for first in self._firsts.values())

    def take_shared(self) -> list[First]:
        """The first lines that tell a series of another kind of line; they are forgotten here."""
        taken = [first for first in self._firsts.values() if first.shared]
        for first in taken:
            self.first_of(first.line.plan.group)
        return taken

    def wait(self, line: Line) -> Line | None:
        """Keep a line until the next line that counts; gives one of its kind that waited already."""
        before = self._waiting.get(id(line.plan.group))
        self._waiting[id(line.plan.group)] = line
        return before

    def arrived(self, axis: str, x: float, measures: bool) -> list[Line]:
        """The log has said where it stands; the lines that waited for that."""
        if self._unplaced:
            self._unplaced = 0
            for first in self._firsts.values():
                if not first.axis:
                    first.axis, first.leads = axis, measures and x == 0
        if not self._waiting:
            return []
        found, self._waiting = list(self._waiting.values()), {}
        return found
