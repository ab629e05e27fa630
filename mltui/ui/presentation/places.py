"""Where series stand along the x axis that a person chose, and which of them share a chart there.

A loss per step and its validation per epoch are one metric. Over time they share a chart as they are; over what the log
counts, over steps and over epochs where the log tells at which step each epoch's value was printed, or how many epochs
were done at which steps.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from mltui.domain.curve import XAxis
from mltui.domain.metric import NO_STEPS, Axis, MetricKind, MetricStore, Series, SeriesKey
from mltui.domain.metric_name import MetricName, Scope
from mltui.domain.over_epochs import EpochScale, OverEpochs
from mltui.domain.placed import Placed

_EPOCH = "epoch"


class Places:
    """The places that the log gave: series of other axes have charts of their own."""

    by_one = False
    """The axis is one for all charts, as far as their series have places there."""

    def beside(self, _store: MetricStore, _epochs: Series, _steps: Series) -> Series | None:
        """A series over epochs as it is drawn beside one over steps of the same run; ``None`` where it cannot be."""
        return None

    def drawn(self, _store: MetricStore, series: Series) -> Series:
        """A series of a run as it is drawn: where it has no place, as the log has it."""
        return series

    def counted(self, series: Series) -> str:
        """What the x of a series counts that is drawn."""
        return Axis.of(series.key.axis).counts

    def catch_up(self) -> tuple[object, ...]:
        """Take in the newest points; what is given is another where other series are to be drawn than before."""
        return ()


class OverTime(Places):
    """Every series is drawn as it is, beside all others."""

    by_one = True

    def counted(self, _series: Series) -> str:
        """Seconds."""
        return "time"

    def beside(self, _store: MetricStore, epochs: Series, _steps: Series) -> Series:
        """As it is."""
        return epochs


class BySteps(Places):
    """As the log has it, and what is told by the epoch beside its training's steps, where it has a place there.

    Each series that is placed is kept, and grows with its source.
    """

    def __init__(self) -> None:
        self._placed: dict[tuple[int, int], Placed] = {}

    def beside(self, store: MetricStore, epochs: Series, steps: Series) -> Series | None:
        """The points of ``epochs`` over steps; ``None`` where the log does not tell where they stand."""
        places = store.places.get(SeriesKey(epochs.name, steps.key.axis, MetricKind.PLACE))
        return None if places is None else self._follow(epochs, places, steps)

    def _follow(self, epochs: Series, places: Series, steps: Series) -> Series | None:
        # What is kept holds on to both series, so that no other one can have their ids.
        placed = self._placed.setdefault((id(epochs), id(places)), Placed(epochs, places, steps))
        placed.catch_up()
        return placed.series if placed.known and len(placed.series) else None

    def catch_up(self) -> tuple[object, ...]:
        """Take in the newest points; tells of each series whether there is something of it to draw over steps."""
        for placed in self._placed.values():
            placed.catch_up()
        return tuple(placed.known and len(placed.series) > 0 for placed in self._placed.values())


class OverSteps(BySteps):
    """All charts over steps, as far as the log tells where their epochs stand."""

    by_one = True

    def __init__(self) -> None:
        super().__init__()
        self._axes: dict[int, tuple[Mapping[SeriesKey, Series], dict[str, list[Series]]]] = {}
        """Of a store, by its id, the series it had, and one of them for each axis of steps, by fold."""

    def drawn(self, store: MetricStore, series: Series) -> Series:
        """What is told by the epoch, over the steps of any metric."""
        counts, fold = Axis.of(series.key.axis)
        if series.key.kind is not MetricKind.METRIC or counts != _EPOCH:
            return series
        placed = (self.beside(store, series, steps) for steps in self._steps_of(store).get(fold, ()))
        return next((found for found in placed if found), series)

    def _steps_of(self, store: MetricStore) -> dict[str, list[Series]]:
        known = self._axes.get(id(store))
        if known is None or known[0] is not store.series:
            known = self._axes[id(store)] = store.series, {}
            for axis, steps in {series.key.axis: series for series in store.series.values()}.items():
                counts, fold = Axis.of(axis)
                if counts not in NO_STEPS:
                    known[1].setdefault(fold, []).append(steps)
        return known[1]


class ByEpochs(Places):
    """All charts over epochs, as far as the log tells how many were done at their steps."""

    by_one = True

    def __init__(self) -> None:
        self._scales: dict[int, tuple[Series, EpochScale]] = {}
        self._over: dict[int, tuple[Series, OverEpochs]] = {}
        # Both by the id of a series; what is kept holds on to it, so that no other one can have that.

    def beside(self, store: MetricStore, epochs: Series, steps: Series) -> Series | None:
        """As it is, where the steps have places over epochs."""
        return None if self.drawn(store, steps) is steps else epochs

    def drawn(self, store: MetricStore, series: Series) -> Series:
        """What is told by the step, in fractions of epochs."""
        places = store.places.get(SeriesKey("", series.key.axis, MetricKind.EPOCHS))
        if places is None:
            return series
        _, scale = self._scales.setdefault(id(places), (places, EpochScale(places)))
        scale.catch_up()
        _, over = self._over.setdefault(id(series), (series, OverEpochs(series, scale)))
        over.catch_up()
        return over.series if over.known else series

    def catch_up(self) -> tuple[object, ...]:
        """Take in the newest points; tells of each series whether, and in which object, it is drawn over epochs."""
        for _, scale in self._scales.values():
            scale.catch_up()
        for _, over in self._over.values():
            over.catch_up()
        return tuple((over.known, id(over.series)) for _, over in self._over.values())


def tells_epochs(store: MetricStore) -> bool:
    """Whether a run tells at two steps of a series or more how many epochs were done."""
    told = {key.axis for key, places in store.places.items() if key.kind is MetricKind.EPOCHS and len(places) > 1}
    return any(key.axis in told for key in list(store.series))


def places_of(axis: XAxis) -> Places:
    """The places of an x axis, which find out about series anew."""
    if axis.by_time:
        return OverTime()
    return {XAxis.STEPS: OverSteps, XAxis.EPOCHS: ByEpochs}.get(axis, BySteps)()


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
