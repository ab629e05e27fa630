"""Where the steps of a training stood when its log told a value by the epoch.

A training that prints ``step=400 loss=0.31`` and then ``epoch 1: val_loss=0.35`` has told that the first epoch ended
behind step 400: the order of its lines says so, and nothing has to be reckoned. That is noted beside the point, so that
a chart over steps can show both.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from mltui.domain.metric import Axis, MetricKind, MetricPoint
from mltui.domain.metric_name import Scope, parse_name

#: Axes on which a training does not get on: they begin anew with each epoch, or each kind of line has its own.
_NO_STEPS = ("batch", "count", "fold", "task", "trial")
_LIMIT = 4096
"""So many series are followed: as many as a reader tells apart."""


class _Where:
    """Where the training is, by the newest point of a metric that is told by the step."""

    __slots__ = ("axis", "x")

    def __init__(self) -> None:
        self.axis = ""
        self.x = 0.0


class EpochPlaces:
    """Asked about each point of a log in the order in which they were printed."""

    def __init__(self) -> None:
        self._metrics: dict[tuple[str, str], _Where] = {}
        self._known: dict[tuple[str, str], tuple[_Where, bool]] = {}
        """By name and axis of a series: its metric's place, and whether it is told by the epoch."""

    def of(self, point: MetricPoint) -> MetricPoint | None:
        """The place of a point that is told by the epoch, if its metric's training was told by the step before it.

        Its name is the point's, its x the step, and its value the point's x.
        """
        name, axis, x, _, kind = point
        if kind is not MetricKind.METRIC:
            return None
        found = self._known.get((name, axis))
        if found is None:
            if len(self._known) >= _LIMIT:
                return None
            found = self._known[name, axis] = self._begin(name, axis)
        where, by_epoch = found
        if not by_epoch:
            where.axis, where.x = axis, x
            return None
        return MetricPoint(name, where.axis, where.x, x, MetricKind.PLACE) if where.axis else None

    def among(self, points: Iterable[MetricPoint]) -> Iterator[MetricPoint]:
        """The points, each behind its place if it has one."""
        for point in points:
            place = self.of(point)
            if place is not None:
                yield place
            yield point

    def _begin(self, name: str, axis: str) -> tuple[_Where, bool]:
        metric, scope, _ = parse_name(name)
        counted, fold = Axis.of(axis)
        where = self._metrics.setdefault((metric, fold), _Where())
        if counted == "epoch":
            return where, True
        steps = scope in (None, Scope.TRAIN) and counted not in _NO_STEPS
        return (where if steps else _Where()), False
