"""Lines whose epoch is told under them, in one that says that it is over: ``AUC: 0.92`` above ``*** Epoch=1 end ***``.

So it is in a log that counted nothing before the first such line. What comes a second time before the next one stands
behind the training, but for the lines of the last epoch: it may have been the training's end that ended it.
"""

from __future__ import annotations

from mltui.parsers.plans.group import Group
from mltui.parsers.plans.plan import Line


class Ended:
    """Keeps lines until their epoch is over."""

    def __init__(self) -> None:
        self._groups: list[Group] = []
        self._waiting: dict[int, Line] = {}

    @property
    def any(self) -> bool:
        """Epochs are told under their lines."""
        return bool(self._groups)

    @property
    def waiting(self) -> bool:
        """An epoch is not over."""
        return bool(self._waiting)

    def begin(self, group: Group) -> None:
        """Lines of this kind stand above the end of their epoch."""
        group.standing.ended = True
        self._groups.append(group)

    def leave(self, group: Group) -> None:
        """Several lines of this kind came in one epoch: they have another place."""
        group.standing.ended = False
        self._groups.remove(group)
        self._waiting.pop(id(group), None)

    def leave_all(self) -> list[Line]:
        """The lines that waited, none of which waits from now on."""
        for group in self._groups[:]:
            group.standing.ended = False
        self._groups.clear()
        return self.take()

    def wait(self, line: Line) -> Line | None:
        """Keep a line; gives one of its kind that waited already."""
        before = self._waiting.get(id(line.plan.group))
        self._waiting[id(line.plan.group)] = line
        return before

    @property
    def whole(self) -> bool:
        """All that is told of an epoch has been told of the one at hand."""
        return len(self._waiting) == len(self._groups) > 0

    def take(self) -> list[Line]:
        """The lines of the epoch that is over."""
        lines, self._waiting = list(self._waiting.values()), {}
        return lines
