"""Lines that a program draws over and over: the newest of a kind may not be complete."""

from __future__ import annotations

from mltui.parsers.plans.plan import PlacedLine

#: Kinds of lines that are kept; a program that draws more than a screen of them does not draw them again.
_KINDS = 256


class Live:
    """Keeps the newest line of each kind until another one follows it."""

    def __init__(self) -> None:
        self._newest: dict[int, PlacedLine] = {}

    def draw(self, line: PlacedLine) -> PlacedLine | None:
        """Keep a line that may be drawn again with other values; the one before, if that is finished now."""
        plan, axis, x, numbers = line
        key = id(plan.group)
        before = self._newest.get(key)
        if before is not None and x < before.x and plan.group.seen.knows(x, plan.values_of(numbers)):
            return None
        finished = None
        if before is not None and (x, axis) != (before.x, before.axis):
            finished = self._newest.pop(key)
        names = {entry.series.name for entry in plan.entries}
        for other, drawn in list(self._newest.items()):
            if (drawn.axis, drawn.x) == (axis, x) and names.issuperset(e.series.name for e in drawn.plan.entries):
                del self._newest[other]  # The same row with fewer of its columns filled.
        self._newest[key] = line
        if finished is None and len(self._newest) > _KINDS:
            finished = self._newest.pop(next(iter(self._newest)))
        return finished

    def take(self) -> list[PlacedLine]:
        """The newest lines: nothing is drawn over any more."""
        lines = list(self._newest.values())
        self._newest.clear()
        return lines
