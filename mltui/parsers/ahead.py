"""Lines without a place that stand in front of the line that has one: ``val loss 10.9`` before ``step 0 | loss 11.0``.

What was measured before anything was counted belongs to the beginning. If the log then counts from 0, lines of this
kind stand in front of the step they belong to, each time; else they stand behind it.
"""

from __future__ import annotations

from dataclasses import dataclass

from mltui.parsers.plan import Group, Plan

#: Kinds of lines that may wait for a place.
_LIMIT = 256


@dataclass(slots=True)
class First:
    """The first line of its kind, which came before anything was counted."""

    plan: Plan
    numbers: list[float]
    axis: str = ""
    leads: bool = False
    """The first count behind it was 0, in a line that also measures."""


class Ahead:
    """Keeps lines that came too early to be placed."""

    def __init__(self) -> None:
        self._firsts: dict[int, First] = {}
        self._unplaced = 0
        self._waiting: list[tuple[Plan, list[float]]] = []

    def keep(self, plan: Plan, numbers: list[float]) -> None:
        """Keep the first line of its kind."""
        if len(self._firsts) < _LIMIT:
            self._firsts[id(plan.group)] = First(plan, numbers)
            self._unplaced += 1

    def first_of(self, group: Group) -> First | None:
        """The first line of this kind, if it was kept; it is forgotten here."""
        found = self._firsts.pop(id(group), None)
        if found is not None and not found.axis:
            self._unplaced -= 1
        return found

    def wait(self, plan: Plan, numbers: list[float]) -> None:
        """Keep a line until the next line that counts."""
        self._waiting.append((plan, numbers))

    def arrived(self, axis: str, x: float, measures: bool) -> list[tuple[Plan, list[float]]]:
        """The log has said where it stands; the lines that waited for that."""
        if self._unplaced:
            self._unplaced = 0
            for first in self._firsts.values():
                if not first.axis:
                    first.axis, first.leads = axis, measures and x == 0
        if not self._waiting:
            return []
        found, self._waiting = self._waiting, []
        return found
