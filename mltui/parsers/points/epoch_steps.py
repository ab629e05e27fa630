"""How many epochs were done at which steps, where a log tells both: then its curves can be drawn over either."""

from __future__ import annotations

from math import isfinite

from mltui.domain.metric import NO_STEPS, SOURCE_LIMIT, Axis, MetricKind, MetricPoint


class EpochSteps:
    """Collects places at which both are known, on each axis those that one of all that print into the log tells."""

    def __init__(self) -> None:
        self.out: list[MetricPoint] = []
        """What was told since the last time: ``x`` is the step, ``value`` how many epochs were done there."""
        self._last: dict[str, tuple[object, float]] = {}
        """Who tells it of an axis, and how many epochs were the last."""

    def tell(self, teller: object, axis: str, step: float, epochs: float) -> None:
        """At ``step`` of ``axis`` so many ``epochs`` were done; an attempt that goes back tells nothing new."""
        if not isfinite(step) or not isfinite(epochs):
            return
        if axis not in self._last:
            if Axis.of(axis).counts in NO_STEPS or len(self._last) >= SOURCE_LIMIT:
                return
            if epochs == 1 and step > 0:
                self._add(axis, 0.0, 0.0)
        else:
            known, done = self._last[axis]
            if teller is not known or epochs <= done:
                return
        self._last[axis] = teller, epochs
        self._add(axis, step, epochs)

    def take(self) -> list[MetricPoint]:
        """What was told since the last time."""
        out, self.out = self.out, []
        return out

    def _add(self, axis: str, step: float, epochs: float) -> None:
        self.out.append(MetricPoint("", axis, step, epochs, MetricKind.EPOCHS))
