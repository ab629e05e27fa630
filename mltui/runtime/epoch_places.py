"""Where the steps of a training stood when its log told a value by the epoch.

A training that prints ``step=400 loss=0.31`` and then ``epoch 1: val_loss=0.35`` has told that the first epoch ended
behind step 400: the order of its lines says so, and nothing has to be reckoned. That is noted beside the point, so that
a chart over steps can show both. Of a metric that is told by the epoch alone the steps of the others tell it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from mltui.domain.metric import Axis, MetricKind, MetricPoint
from mltui.domain.metric_name import Scope, parse_name

_LIMIT = 4096
"""So many series are followed: as many as a reader tells apart."""


class _Where:
    """Where the training is, by the newest point of a metric that is told by the step."""

    __slots__ = ("axis", "fold", "x")

    def __init__(self, fold: _Fold) -> None:
        self.fold = fold
        self.axis = ""
        self.x = 0.0


class _Fold:
    """The metric of a fold that was told by the step last."""

    __slots__ = ("newest",)

    def __init__(self) -> None:
        self.newest: _Where | None = None


class EpochPlaces:
    """Asked about each point of a log in the order in which they were printed."""

    def __init__(self) -> None:
        self._folds: dict[str, _Fold] = {}
        self._metrics: dict[tuple[str, str], _Where] = {}
        self._known: dict[tuple[str, str], tuple[_Where, bool]] = {}
        """By name and axis of a series: its metric's place, and whether it is told by the epoch."""

    def of(self, point: MetricPoint) -> MetricPoint | None:
        """The place of a point that is told by the epoch, if its metric, or else any, was told by the step before it.

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
            where.axis, where.x, where.fold.newest = axis, x, where
            return None
        place = where if where.axis else where.fold.newest
        return MetricPoint(name, place.axis, place.x, x, MetricKind.PLACE) if place else None

    def among(self, points: Iterable[MetricPoint]) -> Iterator[MetricPoint]:
        """The points, each behind its place if it has one."""
        for point in points:
            place = self.of(point)
            if place is not None:
                yield place
            yield point

    def _begin(self, name: str, axis: str) -> tuple[_Where, bool]:
        metric, scope, _ = parse_name(name)
        of = Axis.of(axis)
        known = self._folds.setdefault(of.fold, _Fold())
        where = self._metrics.setdefault((metric, of.fold), _Where(known))
        if of.counts == "epoch":
            return where, True
        steps = scope in (None, Scope.TRAIN) and of.counts_steps
        return (where if steps else _Where(_Fold())), False
