"""Which series over epochs share a chart with the training's series over steps.

A loss per step and its validation per epoch are one metric: over time they share a chart as they are, over steps where
the log tells at which step each epoch's value was printed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from mltui.domain.metric import MetricKind, MetricStore, Series, SeriesKey
from mltui.domain.metric_name import MetricName, Scope
from mltui.domain.placed import Placed

_EPOCH = "epoch"
Place = Callable[[MetricStore, Series, Series], Series | None]
"""Gives a series over epochs as it is drawn beside one over steps of the same run; ``None`` where it cannot be."""


def apart(_store: MetricStore, _epochs: Series, _steps: Series) -> None:
    """No series is drawn beside one of another axis."""


def as_they_are(_store: MetricStore, epochs: Series, _steps: Series) -> Series:
    """Where x is time, every series is drawn as it is."""
    return epochs


class BySteps:
    """Puts series over epochs where the steps of their training stood; each is kept, and grows with its source."""

    def __init__(self) -> None:
        self._placed: dict[tuple[int, int], Placed] = {}

    def __call__(self, store: MetricStore, epochs: Series, steps: Series) -> Series | None:
        """The points of ``epochs`` over steps; ``None`` where the log does not tell where they stand."""
        places = store.places.get(SeriesKey(epochs.name, steps.key.axis, MetricKind.PLACE))
        if places is None:
            return None
        # What is kept holds on to both series, so that no other one can have their ids.
        placed = self._placed.setdefault((id(epochs), id(places)), Placed(epochs, places, steps))
        placed.catch_up()
        return placed.series if placed.known and len(placed.series) else None

    def catch_up(self) -> tuple[bool, ...]:
        """Take in the newest points; tells of each series whether there is something of it to draw over steps."""
        for placed in self._placed.values():
            placed.catch_up()
        return tuple(placed.known and len(placed.series) > 0 for placed in self._placed.values())

    def clear(self) -> None:
        """Let go of all series."""
        self._placed.clear()


def joinable(charts: Mapping[str, Sequence[MetricName]]) -> tuple[str, str] | None:
    """The axis of steps and that of epochs of a metric whose series, by their axis, may share a chart.

    They may where each axis has other parts of the data: a training that is told by the step and by the epoch is read
    more easily in two charts.
    """
    steps = [axis for axis in charts if axis != _EPOCH]
    if len(steps) != 1 or _EPOCH not in charts:
        return None
    here, there = ({_part(name) for name in charts[axis]} for axis in (steps[0], _EPOCH))
    return None if here & there else (steps[0], _EPOCH)


def _part(name: MetricName) -> tuple[str, Scope]:
    return name.source, name.scope or Scope.TRAIN
