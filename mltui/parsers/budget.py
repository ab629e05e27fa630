"""How much the memories of one reader may hold together, over all that print into its log.

What they know by shape is for speed: a log of ever new shapes, printed by one or by hundreds, makes all of them forget
and learn anew, so that the reader's memory stays bounded and its points are the same.
"""

from __future__ import annotations

from collections.abc import Callable

#: Bytes, by estimates that are rather too high than too low (see ``tests/parsers/test_budget.py``).
LIMIT = 16_000_000


class Budget:
    """What all memories of one reader hold."""

    def __init__(self) -> None:
        self.spent = 0
        self._shares: list[Share] = []

    def share(self, forget: Callable[[], None]) -> Share:
        """The part of one memory, which is told to ``forget`` all that it holds when nothing is left."""
        share = Share(self, forget)
        self._shares.append(share)
        return share

    def spend(self, size: int) -> None:
        """So many bytes are held more, or fewer: before they are too many, all is forgotten."""
        if self.spent + size > LIMIT:
            self.forget()
        self.spent += size

    def forget(self) -> None:
        """All memories let go of all."""
        self.spent = 0
        for share in self._shares:
            share.end()


class Share:
    """What one memory holds of a budget."""

    def __init__(self, budget: Budget, forget: Callable[[], None]) -> None:
        self._budget, self._forget = budget, forget
        self._held = 0

    def take(self, size: int) -> None:
        """So many bytes are about to be held more: all memories may be told to forget first."""
        self._budget.spend(size)
        self._held += size

    def clear(self) -> None:
        """The memory forgets by itself."""
        held, self._held = self._held, 0
        self._budget.spend(-held)
        self._forget()

    def end(self) -> None:
        """The budget is spent."""
        self._held = 0
        self._forget()
