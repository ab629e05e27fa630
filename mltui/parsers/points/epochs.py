"""Bars whose values are means since the epoch began, as Keras draws them: an epoch's last frame alone is its point."""

from __future__ import annotations

from mltui.parsers.plans.plan import Plan
from mltui.parsers.points.points import Points
from mltui.parsers.words.values import Numbers


class EpochBar:
    """Follows one bar at a time through its epoch.

    A line ``Epoch 2/30`` opens an epoch. Frames on the way are running points at ``epoch - 1 + done/total``, so that
    they meet the epoch's own point at its end. A bar that fills without such a line before it is an evaluation: no
    point. Where the first bar filled before any epoch was told, and the line under it says that an epoch is over,
    ``Sampling after epoch 0``, each bar is of the epoch in the line under it.
    """

    def __init__(self, points: Points) -> None:
        self.points = points
        self._in_epoch = False
        self._pending: tuple[Plan, float, Numbers] | None = None
        self._complete: list[frozenset[str]] = []
        """Which values the bars of whole epochs had, the newest last."""
        self._last: tuple[float, Numbers] | None = None
        self._ahead: tuple[Plan, Numbers] | None = None
        """The full bar whose epoch may be told in a line under it."""
        self._told_under = False
        """Each bar's epoch is told under it."""

    def begin_epoch(self, ends: bool) -> None:
        """A line counts an epoch that begins, or that ``ends``."""
        self.flush()
        self._told_under = self._told_under or (ends and self._ahead is not None)
        self._in_epoch = not self._told_under
        if not ends:
            self._ahead = None

    def end_epoch(self, epoch: float) -> None:
        """A line says that ``epoch`` is over."""
        ahead, self._ahead = self._ahead, None
        if ahead is not None:
            self._report(ahead[0], epoch, ahead[1])

    def read(self, plan: Plan, numbers: Numbers, final: bool) -> None:
        """Read one frame."""
        epoch = self.points.context.epoch
        if plan.inner is None or plan.inner.total is None or not numbers[plan.inner.total]:
            return
        done, total = numbers[plan.inner.index], numbers[plan.inner.total]
        full = done >= total and final
        if full and (epoch is None or self._told_under):
            self._ahead = self._ahead or (plan, numbers)
        elif full and self._in_epoch and epoch is not None:
            self._fill(plan, epoch, numbers)
        elif not full and epoch is not None and (self._in_epoch or self._told_under):
            self._run(plan, (epoch if self._told_under else epoch - 1) + min(1.0, done / total), numbers)

    def _fill(self, plan: Plan, epoch: float, numbers: Numbers) -> None:
        """Keep the last frame of ``epoch``; a bar of its validation may follow, which shows more values."""
        if self._pending is not None and not plan.names >= self._pending[0].names:
            return
        self._pending = (plan, epoch, numbers)
        if plan.names in self._complete:
            self.flush()

    def _run(self, plan: Plan, x: float, numbers: Numbers) -> None:
        frame = x, plan.values_of(numbers)
        if frame == self._last:
            return
        self._last = frame
        for entry in plan.entries:
            self.points.news.report_running(entry.series.name, x, numbers[entry.index])

    def flush(self) -> None:
        """The epoch is over: report its values."""
        if self._pending is None:
            return
        plan, epoch, numbers = self._pending
        self._pending, self._in_epoch = None, False
        if plan.names not in self._complete:
            self._complete = [*self._complete[-7:], plan.names]
        self._report(plan, epoch, numbers)

    def _report(self, plan: Plan, epoch: float, numbers: Numbers) -> None:
        plan.group.hold.until = None
        self.points.news.report(plan, self.points.context.axis_in_fold("epoch"), epoch, numbers)
        self.points.news.training_went_on()
