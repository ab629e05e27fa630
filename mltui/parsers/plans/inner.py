"""What a kind of line counts inside of its epochs: steps or samples, and whether from the beginning in each.

Many scripts print ``batch_index * len(batch)`` of the data set's size. That a counter counts samples shows in its first
distance and in the percentage beside it, see ``samples.py``.
"""

from __future__ import annotations

from dataclasses import dataclass

from mltui.parsers.plans.samples import batch_size
from mltui.parsers.words.vocabulary import Way


@dataclass(slots=True)
class InnerCounter:
    """The counter beside the epoch's, as the lines of one kind have shown it so far."""

    size: float = 0.0
    """How many steps an epoch has, by its total; 0 if it has told none."""
    ever_full: bool = True
    """It has always been full (``[4/4]``)."""
    _passed: float = 0.0
    """Steps of the passes before the one at hand, where nothing tells the epochs."""
    _reached: float = 0.0
    """Where in its pass the last line stood, if nothing tells the epochs."""
    told_behind: bool | None = False
    """Its epochs are told behind it; ``None`` while no line came behind the first that was."""
    _epoch: float | None = None
    _last: float = -1.0
    """Where the last line stood."""
    _next: float = 0.0
    """Where the line behind it would stand in its pass, if no epoch has been told."""
    _total: float | None = None
    """Of how many that was."""
    _per_epoch: bool | None = None
    """It begins anew with each epoch; ``None`` while only one was seen."""
    _twins: bool = True
    """It has always been the epoch's own number."""
    _from_zero: bool = False
    _still: float | None = None
    """What it was in the last line, where it may be the length of an evaluation."""
    _batch: float | None = None
    """How many samples it counts a batch, 0 if it counts none; ``None`` while that is not known."""

    def in_batches(self, value: float, total: float, percent: float | None) -> tuple[float, float]:
        """Counter and total in batches, if it counts samples; else as they are."""
        if self._batch is None:
            if value <= 0:
                return value, total
            self._batch = batch_size(value, total, percent)
        size = self._batch
        if not size or not 0 <= value <= total < 1e12:
            return value, total
        batch, batches = value / size, -(-total // size)
        if percent is not None and (value % size or batch < self._last) and 0 <= percent <= 100:
            return float(round(percent / 100 * batches)), batches
        return batch, batches

    def is_whole(self, value: float, total: float) -> bool:
        """Whether lines of passes that nothing counts have all been full, that at ``value`` too."""
        return value == total and self._reached in (0, total)

    def passed(self, value: float, total: float) -> float:
        """How many steps were in the passes before that of a line at ``value``: it starts over once one was done."""
        if value <= self._reached / 2 and self._reached > total / 2:
            self._passed += total
        self._reached = value
        return self._passed

    def stands_still(self, value: float, x: float | None) -> bool:
        """Whether a counter without a total is as in the line before, or in the first one far behind ``x``."""
        before, self._still = self._still, value
        if before is not None:
            return value == before
        return x is not None and 1 < value <= x / 2

    def precede(self, value: float) -> None:
        """Learn from a line at ``value`` that came before any epoch was told."""
        if value != self._last:  # Else another process told the same.
            self._next = 2 * value - max(self._last, 0.0)
        self.told_behind, self._last = None, value

    def is_of_next(self, value: float, total: float | None, way: Way) -> bool:
        """Whether a line at ``value`` is of the epoch behind the one that was told: it began anew behind the first.

        One that counts the steps of all epochs begins anew too, where the training does, amid what it counts.
        """
        if self.told_behind is None:
            was_over = way == "batch" or self._last == 0 or (total is not None and self._next >= total)
            self.told_behind = value <= self._last and was_over
            self._per_epoch = self.told_behind or None
        return bool(self.told_behind)

    def sums_up(self, value: float, total: float | None) -> bool:
        """Whether the line at hand sums up its epoch, as all before it did: its counter is full."""
        self.ever_full = self.ever_full and value == total
        return self.ever_full

    def follow(self, epoch: float, value: float, total: float | None, way: Way, count: int) -> bool:
        """Learn from a line at ``value`` of ``epoch``, and tell whether it counts from the beginning in each.

        ``count`` of its kind came before it. "2/5 * Epoch 2" counts the epochs twice.
        """
        if epoch == self._epoch and total == self._total and value and value != total:  # It goes on in its epoch.
            self._twins, self._last = False, value
            return way == "batch" if self._per_epoch is None else self._per_epoch
        if value == 0:
            self._from_zero = True
        if value != epoch or epoch == self._epoch:
            self._twins = False
        if self._epoch is not None and epoch > self._epoch:
            if value <= self._last:
                self._per_epoch = True
                if way == "epoch" and total is None:  # "Round 3, epoch 1": a round has as many as the last one.
                    self.size = self._last + self._from_zero
                if value == self._last and way == "step" and count == 1 and total is None:
                    self.size = value  # One line an epoch, "epoch: 2 step: 625": it stands at the epoch's end.
            elif way == "step" or self._per_epoch is None:
                self._per_epoch = False
        if total is not None:
            # A counter that begins at 0 and reaches its "total" shows the last index, not how many there are.
            whole = total + 1
            self.size = whole if self.size == whole or (self._from_zero and value == total) else total
        self._epoch, self._last, self._total = epoch, value, total
        if self._twins:
            return False
        return way == "batch" if self._per_epoch is None else self._per_epoch
