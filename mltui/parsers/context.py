"""Where the training stands, by what the log has said, and so where a line with counters stands."""

from __future__ import annotations

from dataclasses import dataclass

from mltui.parsers.plan import Counter, Group


@dataclass(slots=True)
class Context:
    """Where the training stands, by what the log has said last."""

    epoch: float | None = None
    zero_based: bool = False
    header: bool = False
    """The epoch comes from a line of its own (``Epoch 1/30``), so what follows counts inside of it."""
    fresh: bool = False
    """No bar has finished since that line."""
    axis: str = ""
    x: float | None = None
    position: tuple[str, float] | None = None
    """Where a line of counters alone (``[epoch=1][batch=20/100]:``) put the lines under it."""
    firm: bool = False
    """That line also said of how many: it opens a block, in which a counter alone is one more figure."""
    indented: bool = False
    """The line at hand stands deeper than the margin."""
    fold: float | None = None
    total: float | None = None
    """Of how many the last counter of steps was."""
    size: float = 0.0
    """How many steps an epoch has, where a line says so."""
    runs: int = 0
    """How many trials have been told of."""
    advances: int = 0
    """How often the training went on."""
    said: bool = False
    """It was said by the one whose context this is, not by another that prints into the same log."""

    @property
    def nowhere(self) -> bool:
        """Nothing has been counted yet."""
        return self.epoch is None and self.x is None and self.position is None

    @property
    def stands_under(self) -> bool:
        """The line at hand belongs to the line of counters above it."""
        return self.position is not None and (self.firm or (self.indented and self.position[0] != "trial"))

    def set_epoch(self, epoch: float, header: bool = False) -> None:
        """The log says in which epoch it is; epochs count from 0 if one ever was 0."""
        if epoch - epoch != 0:
            return
        self.said = True
        if epoch == 0:
            self.zero_based = True
        if epoch != self.epoch:
            self.advances += 1
            self.epoch = epoch
        self.header = header

    def epoch_index(self, epoch: float) -> float:
        """How many epochs were complete before ``epoch`` began."""
        return epoch if self.zero_based else max(0.0, epoch - 1)

    def axis_in_fold(self, axis: str) -> str:
        """``axis``, told apart by fold: each fold counts anew."""
        return axis if self.fold is None else f"{axis} (fold {self.fold:g})"

    def resolve(
        self, group: Group, epoch: float | None, inner: float, total: float | None, counter: Counter
    ) -> tuple[str, float]:
        """Axis and x of a line with an ``inner`` counter, and perhaps an ``epoch``."""
        self.said = True
        if epoch is None and (counter.way == "batch" or (self.header and total is not None)):
            epoch = self.epoch
        if epoch is None:
            return self.axis_in_fold(counter.axis), inner
        if epoch == 0:
            self.zero_based = True
        if group.whole is not False:
            group.whole = inner == total
            if group.whole:
                return self.axis_in_fold("epoch"), epoch
        return self._resolve_inner(group, epoch, inner, total, counter)

    def _resolve_inner(
        self, group: Group, epoch: float, inner: float, total: float | None, counter: Counter
    ) -> tuple[str, float]:
        if inner == 0:
            group.inner_zero = True
        if inner != epoch or (group.last_epoch is not None and epoch == group.last_epoch):
            group.twins = False
        if group.last_epoch is not None and epoch > group.last_epoch:
            if inner <= group.last_inner:
                group.per_epoch = True
                if inner == group.last_inner and counter.way == "step" and group.count == 1 and total is None:
                    group.size = inner  # One line an epoch, "epoch: 2 step: 625": it stands at the epoch's end.
            elif counter.way == "step" or group.per_epoch is None:
                group.per_epoch = False
        if total is not None:
            # A counter that begins at 0 and reaches its "total" shows the last index, not how many there are.
            whole = total + 1
            group.size = whole if group.size == whole or (group.inner_zero and inner == total) else total
        group.last_epoch, group.last_inner = epoch, inner
        per_epoch = group.per_epoch if group.per_epoch is not None else counter.way == "batch"
        axis = "step" if counter.way == "batch" and group.size else counter.axis
        size = group.size or self.size
        if not per_epoch or not size or group.twins:  # "2/5 * Epoch 2" counts the epochs twice.
            return self.axis_in_fold(axis), inner
        return self.axis_in_fold(axis), self.epoch_index(epoch) * size + inner
