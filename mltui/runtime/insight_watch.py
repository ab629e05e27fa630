"""What the figures of a running run mean, kept up while it is looked at."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from mltui.domain.insights import Insight, InsightTracker, Loss, Observed, insights
from mltui.domain.metric import MetricKind, MetricStore
from mltui.domain.run import Run, RunState

if TYPE_CHECKING:
    from mltui.runtime.run_view import RunView

#: Lines of the log whose times tell its rhythm.
_LINES = 200
#: Lines that come within so many seconds of one another are one moment.
_MOMENT_S = 0.2


class InsightWatch:
    """One run at a time: another one is judged from its own figures alone."""

    def __init__(self) -> None:
        self._run_id = ""
        self._tracker = InsightTracker()
        self.all: tuple[Insight, ...] = ()
        """What holds now, shown or not."""

    def update(self, run: Run, view: RunView, now: float) -> tuple[Insight, ...]:
        """What to show of ``run`` at ``now``; nothing of a run that does not run."""
        if run.id != self._run_id:
            self._run_id, self._tracker = run.id, InsightTracker()
        if run.state is not RunState.RUNNING or run.started is None:
            self.all = ()
            return ()
        self.all = insights(observe(run, view, now))
        return self._tracker.update(now, self.all)


def observe(run: Run, view: RunView, now: float) -> Observed:
    """What is known of a running run."""
    return Observed(
        now=now,
        started=run.started or now,
        names=tuple(view.samples.names),
        rows=view.samples.rows,
        activity=tuple(_moments(view)),
        losses=tuple(_losses(view.metrics)),
        has_gpus=run.has_gpus,
    )


def _moments(view: RunView) -> Iterator[float]:
    """When the last lines came; a bar that is drawn again and again counts as well."""
    before = 0.0
    for line in list(view.log.lines)[-_LINES:]:
        if line.time - before >= _MOMENT_S:
            before = line.time
            yield line.time
    if view.last_output - before >= _MOMENT_S:
        yield view.last_output


def _losses(metrics: MetricStore) -> Iterator[Loss]:
    for series in list(metrics.series.values()):
        if series.key.kind is not MetricKind.METRIC or "loss" not in series.name.lower() or not len(series):
            continue
        bad, at = series.nonfinite, len(series) - 1
        count = 0
        while count < len(bad) and bad[-1 - count] == at - count:
            count += 1
        yield Loss(series.name, series.key.axis, series.x[at - count + 1] if count else 0.0, count)
