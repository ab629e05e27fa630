"""A series that its log tells by the epoch, put where its training's steps stood."""

from __future__ import annotations

from mltui.domain.metric import Series, SeriesKey


class Placed:
    """Follows a series over epochs and gives its points over steps, as far as the log's order tells where they stand.

    ``places`` has a point for each of them (``MetricKind.PLACE``): of the same time, its value the point's x. What was
    printed before the training's first step stands at that step.
    """

    def __init__(self, source: Series, places: Series, steps: Series) -> None:
        self.series = Series(SeriesKey(source.name, places.key.axis, source.key.kind))
        """The points over steps; same values and times."""
        self.known = True
        """All points have a place; steps that begin anew with each epoch are none to place an epoch by."""
        self._source, self._places, self._steps = source, places, steps
        self._at = 0
        self._before: tuple[float, float] | None = None

    def catch_up(self) -> None:
        """Place what has come since the last call; a point whose place has not come yet waits for it."""
        source, places = self._source, self._places
        while self.known and len(self.series) < len(source) and self._at < len(places):
            i = len(self.series)
            epoch, time = source.x[i], source.time[i]
            step = self._next(epoch, time)
            if step is None:
                self.known = False
            else:
                self.series.add(step, source.value[i], time)

    def _next(self, epoch: float, time: float) -> float | None:
        places, at = self._places, self._at
        if (places.value[at], places.time[at]) == (epoch, time):
            step, before = places.x[at], self._before
            self._at, self._before = at + 1, (epoch, step)
            return None if before is not None and epoch > before[0] and step <= before[1] else step
        early = at == 0 and len(self._steps) and time <= self._steps.time[0]
        return self._steps.x[0] if early else None
