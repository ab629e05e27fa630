"""Where series stand along the x axis that a person chose, and which of them share a chart there.

A loss per step and its validation per epoch are one metric. Over time they share a chart as they are; over what the log
counts, over steps and over epochs where the log tells at which step each epoch's value was printed, or how many epochs
were done at which steps.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from mltui.domain.curve import XAxis
from mltui.domain.metric import Axis, MetricKind, MetricStore, Series, SeriesKey
from mltui.domain.metric_name import MetricName, Scope, parse_name
from mltui.domain.over_epochs import EPOCHS, OverEpochs, Parts, sizes
from mltui.domain.placed import Placed

_EPOCH = "epoch"
_EVALUATIONS = (Scope.VALIDATION, Scope.TEST)


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
        return self.state

    @property
    def state(self) -> tuple[object, ...]:
        """The same of the last time that series were drawn, without a look at what has come since."""
        return ()

    def renew(self) -> None:
        """The charts are grouped anew: what is not drawn in them again need not be known any more."""


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
        self._before: dict[tuple[int, int], Placed] = {}
        self._told: dict[tuple[int, int], bool] = {}

    def beside(self, store: MetricStore, epochs: Series, steps: Series) -> Series | None:
        """The points of ``epochs`` over steps; ``None`` where the log does not tell where they stand."""
        places = store.places.get(SeriesKey(epochs.name, steps.key.axis, MetricKind.PLACE))
        return None if places is None else self._follow(epochs, places, steps)

    def _follow(self, epochs: Series, places: Series, steps: Series) -> Series | None:
        # What is kept holds on to both series, so that no other one can have their ids.
        key = id(epochs), id(places)
        placed = self._placed.get(key) or self._before.get(key) or Placed(epochs, places, steps)
        self._placed[key] = placed
        return placed.series if self._is_told(key) else None

    def _is_told(self, key: tuple[int, int]) -> bool:
        placed = self._placed[key]
        placed.catch_up()
        told = self._told[key] = placed.known and len(placed.series) > 0
        return told

    def catch_up(self) -> tuple[object, ...]:
        """Take in the newest points; tells of each series whether there is something of it to draw over steps."""
        for key in self._placed:
            self._is_told(key)
        return self.state

    @property
    def state(self) -> tuple[object, ...]:
        """The same of the last time."""
        return tuple(self._told.values())

    def renew(self) -> None:
        """Let go of what was not drawn since the last time."""
        self._placed, self._before, self._told = {}, self._placed, {}


class OverSteps(BySteps):
    """All charts over steps, as far as the log tells where their epochs stand."""

    by_one = True

    def __init__(self) -> None:
        super().__init__()
        self._axes: dict[int, tuple[Mapping[SeriesKey, Series], dict[str, list[Series]]]] = {}
        """Of a store, by its id, the series it had, and the first of each axis of steps, by fold."""

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
            first: dict[str, Series] = {}
            for series in store.series.values():
                first.setdefault(series.key.axis, series)
            known = self._axes[id(store)] = store.series, {}
            for axis, steps in first.items():
                if Axis.of(axis).counts_steps:
                    known[1].setdefault(Axis.of(axis).fold, []).append(steps)
        return known[1]

    def renew(self) -> None:
        """Let go of what was not drawn since the last time."""
        super().renew()
        self._axes.clear()


class ByEpochs(Places):
    """All charts over the epochs that were done, as far as the log tells how many were at the steps of a series."""

    by_one = True

    def __init__(self) -> None:
        self._drawn: dict[int, tuple[MetricStore, Series]] = {}
        self._last: dict[int, int] = {}
        self._parts: dict[int, Parts] = {}
        self._over: dict[int, OverEpochs] = {}
        self._before: tuple[dict[int, Parts], dict[int, OverEpochs]] = {}, {}
        # By the id of a series; what is kept holds on to it, so that no other one can have that.
        self._stores: dict[int, _Sizes] = {}

    def beside(self, store: MetricStore, epochs: Series, steps: Series) -> Series | None:
        """Where it stands among the epochs that were done, if the steps have places there."""
        return None if self.drawn(store, steps) is steps else self.drawn(store, epochs)

    def drawn(self, store: MetricStore, series: Series) -> Series:
        """What is told by the step, in fractions of epochs; what is told by the epoch, where that was done."""
        if Axis.of(series.key.axis).counts == EPOCHS:
            return series  # It has been asked for already.
        self._drawn[id(series)] = store, series
        return self._draw(store, series)

    def _draw(self, store: MetricStore, series: Series) -> Series:
        drawn = self._placed(store, series)
        self._last[id(series)] = id(drawn)
        return drawn

    def _placed(self, store: MetricStore, series: Series) -> Series:
        axis = series.key.axis
        if Axis.of(axis).counts == _EPOCH:
            return self._over_of(series).moved(self._sizes(store).shift)
        size = self._sizes(store).of(series)
        if size is None:
            return series
        over, parts = self._over_of(series), self._parts.get(id(series))
        ends = parse_name(series.name).scope in _EVALUATIONS and size != self._sizes(store).longest
        if parts and parts.anew:
            return over.within(parts, ends=ends)
        return over.at_ends(size, from_zero=parts.range.from_zero) if parts and ends else over.along(size)

    def _over_of(self, series: Series) -> OverEpochs:
        key = id(series)
        over = self._over[key] = self._over.get(key) or self._before[1].get(key) or OverEpochs(series)
        return over

    def _sizes(self, store: MetricStore) -> _Sizes:
        found = self._stores.get(id(store))
        if found is None:
            found = self._stores[id(store)] = _Sizes(store, self._parts_of)
        return found

    def _parts_of(self, series: Series, places: Series) -> Parts:
        key = id(series)
        parts = self._parts[key] = self._parts.get(key) or self._before[0].get(key) or Parts(series, places)
        parts.catch_up()
        return parts

    def catch_up(self) -> tuple[object, ...]:
        """Take in the newest points; tells of each series in which object it is drawn."""
        self._stores.clear()
        for store, series in self._drawn.values():
            self._draw(store, series)
        return self.state

    @property
    def state(self) -> tuple[object, ...]:
        """In which object each series was drawn last."""
        return tuple(self._last.values())

    def renew(self) -> None:
        """Let go of what was not drawn since the last time."""
        self._before = self._parts, self._over
        self._drawn, self._last, self._parts, self._over = {}, {}, {}, {}
        self._stores.clear()


class _Sizes:
    """How many steps the epochs of a run have by each of its series, as of now."""

    def __init__(self, store: MetricStore, parts_of: Callable[[Series, Series], Parts]) -> None:
        self._of: dict[int, float | None] = {}
        self._axis = ""
        self.longest: float | None = None
        """That by the series with the most points: the training's."""
        self.shift = _shift(store)
        """By how much the number of an epoch is less than that of those done at its end."""
        by_counter: dict[str, list[Parts]] = {}
        for key, series in store.series.items():
            places = store.places.get(SeriesKey(key.name, key.axis, MetricKind.EPOCHS))
            if places is not None and key.kind is not MetricKind.SYSTEM:
                # What the epochs of a fold have is known by those of the one before.
                by_counter.setdefault(Axis.of(key.axis).counts, []).append(parts_of(series, places))
        most = 0
        for every in by_counter.values():
            for parts, size in zip(every, sizes(every), strict=True):
                self._of[id(parts.source)] = size
                if size is not None and parts.seen > most:
                    most, self.longest, self._axis = parts.seen, size, "" if parts.anew else parts.source.key.axis

    def of(self, series: Series) -> float | None:
        """Steps of an epoch by a series; what the machine was used for stands on the axis of what was measured."""
        if series.key.kind is MetricKind.SYSTEM:
            return self.longest if series.key.axis == self._axis else None
        return self._of.get(id(series))


def _shift(store: MetricStore) -> float:
    """1 where a run counts its epochs from 0, and tells their values when they are done; else 0."""
    placed = [places for key, places in store.places.items() if key.kind is MetricKind.PLACE and len(places)]
    if placed:  # What was printed in front of all steps, as a first evaluation is, has none of these.
        return float(any(places.value[0] == 0 for places in placed))
    by_epoch = [s for s in store.series.values() if Axis.of(s.key.axis).counts == _EPOCH and len(s)]
    return float(bool(by_epoch) and all(series.x[0] == 0 for series in by_epoch))


def tells_epochs(store: MetricStore) -> bool:
    """Whether a run tells of any series how many epochs were done at its steps."""
    for key, places in list(store.places.items()):
        series = store.series.get(SeriesKey(key.name, key.axis))
        if key.kind is MetricKind.EPOCHS and series is not None and any(value > 0 for value in places.value):
            parts = Parts(series, places)
            parts.catch_up()
            if parts.anew or parts.tells:
                return True
    return False


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
