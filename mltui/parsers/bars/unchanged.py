"""Steps at which a bar showed what it had shown a step before.

A bar that is given the mean loss after each step prints three digits of it, and these stay the same for some steps:
each of them is a point. A bar that is given it after every tenth step shows the same nine times more: none of these is
one. Which it is can be told by the steps at which values change: two in a row are seen of the first sort alone.
"""

from __future__ import annotations

#: So many steps without a change are taken for steps of their own before two changes in a row were seen.
_FEW = 4
#: So often values have to change in two steps in a row.
_IN_A_ROW = 2


class Unchanged:
    """The steps of one bar at which its values stayed the same. Steps are given in ascending order until ``end``."""

    def __init__(self) -> None:
        self._at: float | None = None
        """The step of the last change."""
        self.settled = False
        """Each step is a point, changed or not: some values changed in steps that follow each other."""
        self._in_a_row = 0
        self._steady = 0.0
        """How many steps lay between changes, as long as it was always as many; 0 before there were any, else -1."""
        self.waiting: list[float] = []
        """Steps of which it is not known yet; the last one may still be drawn again with other values."""

    def still(self, step: float) -> list[float]:
        """The bar has moved on to ``step`` and shows the same values; the steps that are points for certain."""
        waiting = self.waiting
        if self.settled:
            self.waiting = [step]
            return waiting
        if len(waiting) <= _FEW:
            waiting.append(step)
        return []

    def changed(self, step: float) -> list[float]:
        """The values changed at ``step``; the steps before it that are points as well."""
        waiting, self.waiting = self.waiting, []
        if waiting and waiting[-1] == step:
            waiting.pop()  # The counter was drawn before the values were.
        if self.settled:  # It stays so.
            return waiting
        gap = 0.0 if self._at is None else step - self._at
        self._at = step
        if gap == 1:
            self._in_a_row += 1
            self.settled = self._in_a_row >= _IN_A_ROW
        regular, first = self._steady == gap > 2, not self._steady
        if gap:
            self._steady = gap if first or regular else -1.0
        if self.settled or (len(waiting) <= _FEW and not regular):
            return waiting
        return []

    def end(self) -> list[float]:
        """The bar ended or starts over; the steps at its end that are points."""
        waiting, self.waiting, self._at = self.waiting, [], None
        return waiting if self.settled else []
