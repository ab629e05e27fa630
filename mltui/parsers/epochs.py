"""Bars whose values are means since the epoch began, as Keras draws them: an epoch's last frame alone is its point."""

from __future__ import annotations

from mltui.parsers.plan import Plan
from mltui.parsers.points import Points
from mltui.parsers.values import Numbers


class EpochBar:
    """Follows one bar at a time through its epoch.

    A line ``Epoch 2/30`` opens an epoch. Frames on the way are running points at ``epoch - 1 + done/total``, so that
    they meet the epoch's own point at its end. A bar that fills without such a line before it is an evaluation: no
    point.
    """

    def __init__(self, points: Points) -> None:
        self.points = points
        self._in_epoch = False
        self._pending: tuple[Plan, float, Numbers] | None = None
        self._complete: list[set[str]] = []
        """Which values the bars of whole epochs had, the newest last."""
        self._last: tuple[float, Numbers] | None = None

    def begin_epoch(self) -> None:
        """An epoch begins."""
        self.flush()
        self._in_epoch = True

    def read(self, plan: Plan, numbers: Numbers, final: bool) -> None:
        """Read one frame."""
        epoch = self.points.context.epoch
        if plan.inner is None or plan.inner.total is None or epoch is None:
            return
        done, total = numbers[plan.inner.index], numbers[plan.inner.total]
        if not self._in_epoch or not total:
            return
        if not (done >= total and final):
            self._run(plan, epoch - 1 + min(1.0, done / total), numbers)
            return
        names = {e.series.name for e in plan.entries}
        if self._pending is not None and not names >= {e.series.name for e in self._pending[0].entries}:
            return
        self._pending = (plan, epoch, numbers)
        if names in self._complete:
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
        names = {e.series.name for e in plan.entries}
        if names not in self._complete:
            self._complete = [*self._complete[-7:], names]
        plan.group.hold.until = None
        self.points.news.report(plan, self.points.context.axis_in_fold("epoch"), epoch, numbers)
        self.points.news.training_went_on()
