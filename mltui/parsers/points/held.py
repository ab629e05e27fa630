"""Values that may be a curve or a single result: they wait for a sign of which they are."""

from __future__ import annotations

from mltui.domain.metric import Axis, MetricKind, MetricPoint
from mltui.parsers.plans.group import Group, Until
from mltui.parsers.plans.plan import Series
from mltui.parsers.points.context import OF_FOLDS, Context, place_of_fold

#: What ends when the training goes on.
_WAITING = (Until.TRAINING_GOES_ON, Until.OTHERS_SPEAK)
#: Points of rates that are held back, over all kinds of lines.
_MOST = 10_000
#: Kinds of lines that are held back, more than there are series; beyond, what the first of them told is forgotten.
_KINDS = 4096


class Held:
    """The groups whose points are held back; what is left here when the log ends is a result, and no curve."""

    def __init__(self, series: dict[tuple[str, MetricKind], Series]) -> None:
        self._series = series
        self.groups: list[Group] = []
        self._passed = True
        """The training has gone on behind all that wait for that."""

    def hold(self, group: Group, context: Context) -> list[MetricPoint]:
        """Hold the points of a group that is not to report at once; those that are to be reported now."""
        waits = group.hold.until is Until.ANYTHING_IS_MEASURED and not self._is_anything_measured(group)
        if (group.recurs and not waits) or self._goes_on(group):
            return self.release(group)
        if group not in self.groups:
            group.hold.advances, group.hold.training = context.advances, context
            self.groups.append(group)
            self._passed = False
            if len(self.groups) > _KINDS:
                self.groups.pop(0).hold.points.clear()
        return []

    def _goes_on(self, group: Group) -> bool:
        """Whether a line says itself in which fold or task it stands, and goes on with curves over these."""
        last = [self._series[point.name, point.kind].last for point in group.hold.points if point.axis in OF_FOLDS]
        return any(point is not None and point.axis in OF_FOLDS for point in last)

    def release(self, group: Group) -> list[MetricPoint]:
        """The points of a group that is known to be a curve."""
        names = {point.name for point in group.hold.points}
        # Lines that happened to show more of the values, or fewer, are of the same kind.
        alike = [other for other in self.groups if _is_alike(other, group, names)]
        released = [group, *(other for other in alike if other is not group)]
        held = dict.fromkeys(point for each in released for point in each.hold.points)  # Each once.
        points = [point for point in held if self._is_news(point)]
        if len(released) > 1 and len({point.axis for point in points}) == 1:
            points.sort(key=lambda point: point.x)
        for each in released:
            for point in each.hold.points:
                self._series[point.name, point.kind].tell(point, each)
            each.hold.release()
            each.run = None
        self.groups = [other for other in self.groups if other.hold.until is not None]
        return points

    def training_went_on(self, context: Context) -> list[MetricPoint]:
        """The points of what stood in the middle of the training, so that it was no final result."""
        points: list[MetricPoint] = []
        if self._passed:
            return points
        for group in self.groups[:]:
            if group.hold.until in _WAITING and 0 < group.hold.advances < context.advances:
                inside = group.standing.inside if group.hold.training is context else None
                if inside is not None and context.epoch == group.seen.last_x and context.goes_on(*inside):
                    group.move_held(*inside)  # The same epoch goes on: it was measured inside of it.
                elif (fold := place_of_fold(Axis.of(group.seen.axis).fold)) and Axis.of(
                    group.seen.axis
                ).fold != context.fold:
                    group.standing.of_fold = True
                    group.move_held(*fold)
                points += self.release(group)
        waits = (g.hold.until in _WAITING and g.hold.advances >= context.advances for g in self.groups)
        self._passed = not any(waits)
        return points

    def went_on_with(self, group: Group, context: Context) -> list[MetricPoint]:
        """The points of lines that stood in the middle of the training, with some of the values of ``group``."""
        if self._passed:
            return []
        parts = [
            other
            for other in self.groups
            if other.hold.until is Until.TRAINING_GOES_ON
            and 0 < other.hold.advances < context.advances
            and set(other.names) < set(group.names)
        ]
        return [point for other in parts for point in self.release(other)]

    def close(self, context: Context) -> list[MetricPoint]:
        """The log ended: the points of what stood alone, where the training had only begun."""
        points: list[MetricPoint] = []
        for group in self.groups[:]:
            begun = context.advances == 1 and group.hold.until is Until.TRAINING_GOES_ON and group.hold.advances == 1
            if group.standing.perhaps_by_count:
                group.count_held()  # No third one stood elsewhere.
            if begun or group.hold.until is Until.OTHERS_SPEAK or group.standing.perhaps_by_count:
                points += self.release(group)
        self.groups.clear()
        return points

    def _is_anything_measured(self, group: Group) -> bool:
        """Whether the log has told a value of anything; so it does where ``group`` comes too often to be kept."""
        many = len(group.hold.points) > _MOST // (len(self.groups) or 1)
        return many or any(series.last is not None for series in self._series.values())

    def _is_news(self, point: MetricPoint) -> bool:
        """Whether no other line has told a point while it was held back."""
        return self._series[point.name, point.kind].last != point


def _is_alike(other: Group, group: Group, names: set[str]) -> bool:
    """Whether what is held of another group belongs to the series of ``names`` as the points of ``group`` do."""
    return other.sentences == group.sentences and not names.isdisjoint(point.name for point in other.hold.points)
