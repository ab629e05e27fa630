"""Series that a log tells by the step, drawn over epochs."""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from itertools import islice, pairwise
from operator import gt
from typing import NamedTuple

from mltui.domain.metric import Axis, Series, SeriesKey


class _Line(NamedTuple):
    """How epochs go on from a step."""

    step: float
    epochs: float
    pace: float
    """Epochs a step."""

    def at(self, step: float) -> float:
        """The epochs done at a step."""
        return self.epochs + (step - self.step) * self.pace


#: What was foreseen as exactly as this, in epochs, stays where it is.
_EXACT = 1e-6


class EpochScale:
    """How many epochs were done at the steps of an axis.

    ``places`` are those at which the log tells both (``MetricKind.EPOCHS``). From one to the next epochs go on evenly;
    behind the last they do at the pace of those before it.
    """

    def __init__(self, places: Series) -> None:
        self.steps: array[float] = array("d")
        self.epochs: array[float] = array("d")
        """The places that lie ahead of all before them."""
        self.last_steps: array[float] = array("d")
        self.done: array[float] = array("d")
        """All places. Where steps begin anew with each epoch that is the last step of each."""
        self._places = places

    def __len__(self) -> int:
        return len(self.done)

    @property
    def _returned(self) -> int:
        """How many places do not lie ahead of all before them."""
        return len(self) - len(self.steps)

    def catch_up(self) -> None:
        """Take in what has been told since the last call."""
        start, stop = len(self), len(self._places)
        for step, epochs in zip(self._places.x[start:stop], self._places.value[start:stop], strict=True):
            if not self.steps or step > self.steps[-1]:
                self.steps.append(step)
                self.epochs.append(epochs)
            self.last_steps.append(step)
            self.done.append(epochs)

    def begins_anew(self, passes: int) -> bool:
        """Whether steps that were passed so often begin anew with each epoch."""
        return passes > 1 and passes >= len(self) - 1 and (self._returned > 0 or len(self) == 2)

    def tells(self, passes: int) -> bool:
        """Whether all steps that were passed so often have a place."""
        if self.begins_anew(passes):
            return passes <= len(self)
        return len(self) > 1 and self._returned <= len(self.steps) - 2

    def ahead(self, *, anew: bool) -> _Line:
        """How they are foreseen to go on behind the last place, where steps go on or begin ``anew``."""
        if anew:
            last = self.last_steps[-1]
            return _Line(0.0, self.done[-1], 1 / last if last > 0 else 0.0)
        return self._line(len(self.steps) - 1)

    def along(self, steps: array[float]) -> Sequence[float]:
        """Places of ascending steps that go on over all epochs."""
        at = bisect_left(self.steps, steps[0])
        if self.steps[at : at + len(steps)] == steps:
            return self.epochs[at : at + len(steps)]
        found: list[float] = []
        at = 0
        while at < len(steps):
            to = bisect_right(self.steps, steps[at])
            stop = bisect_right(steps, self.steps[to], at) if to < len(self.steps) else len(steps)
            step, epochs, pace = self._line(max(to, 1))
            found += [epochs + (each - step) * pace for each in steps[at:stop]]
            at = stop
        return found

    def _line(self, to: int) -> _Line:
        """The line to a place, or from the last one on, at the pace of that to it."""
        before = min(to, len(self.steps) - 1) - 1
        (a, b), (done, more) = self.steps[before : before + 2], self.epochs[before : before + 2]
        pace = (more - done) / (b - a)
        return _Line(a, done, pace) if to < len(self.steps) else _Line(b, more, pace)

    def within(self, epoch: int, steps: array[float]) -> Sequence[float]:
        """Places of the steps of one epoch, by its number from 0 on, that begin anew with it."""
        if epoch + 1 == len(self):
            line = self.ahead(anew=True)
        else:
            last, done = self.last_steps[epoch + 1], self.done[epoch]
            line = _Line(0.0, done, (self.done[epoch + 1] - done) / last if last > 0 else 0.0)
        return [line.epochs + step * line.pace for step in steps]


class OverEpochs:
    """Follows a series over steps and gives its points over epochs, in fractions of them.

    Where the pace of the newest epoch turns out to have been another than foreseen, all points are placed anew.
    """

    def __init__(self, source: Series, scale: EpochScale) -> None:
        self._key = SeriesKey(source.name, Axis("epoch", Axis.of(source.key.axis).fold).text, source.key.kind)
        self._source, self._scale = source, scale
        self._seen = 0
        self._passes = 1
        """How often the steps have begun, in the points seen."""
        self._begin()

    def _begin(self) -> None:
        self.series = Series(self._key)
        """The points over epochs; same values and times. Another object when they are placed anew."""
        self._pass = 0
        """In which pass over the steps the last point is."""
        self._used = len(self._scale)
        """How many places the points stand by."""
        self._anew = self._scale.begins_anew(self._passes)
        self._foreseen: _Line | None = None
        """Where points stand that are behind the last place."""

    @property
    def known(self) -> bool:
        """Every point has a place."""
        return self._scale.tells(self._passes)

    def catch_up(self) -> None:
        """Place what has come since the last call; the scale has been caught up."""
        scale, stop = self._scale, len(self._source)
        self._passes += len(_falls(self._source.x, self._seen, stop))
        self._seen = stop
        if self._anew is not scale.begins_anew(self._passes) or self._was_elsewhere():
            self._begin()
        self._used = len(scale)
        if self.known and len(self.series) < stop:
            self._place(len(self.series), stop)

    def _was_elsewhere(self) -> bool:
        """Whether places have come that points stand behind, and are not where they were foreseen."""
        scale, line = self._scale, self._foreseen
        if line is None or self._used == len(scale):
            return False
        self._foreseen = None
        last = self._used + 1 if self._anew else len(scale)
        told = zip(scale.last_steps[self._used : last], scale.done[self._used : last], strict=True)
        return any(abs(line.at(step) - epochs) > _EXACT for step, epochs in told)

    def _place(self, start: int, stop: int) -> None:
        source, scale, x = self._source, self._scale, array("d")
        cuts = _falls(source.x, start, stop) if self._passes > 1 else []
        self._pass += start in cuts
        for number, (a, b) in enumerate(pairwise([start, *(cut for cut in cuts if cut > start), stop])):
            self._pass += number > 0
            steps = source.x[a:b]
            x.extend(scale.within(self._pass, steps) if self._anew else scale.along(steps))
            if self._pass == len(scale) - 1 if self._anew else steps[-1] > scale.steps[-1]:
                self._foreseen = scale.ahead(anew=self._anew)
        self.series.extend(x, source.value[start:stop], source.time[start:stop])


def _falls(steps: array[float], start: int, stop: int) -> list[int]:
    """Which of the points from ``start`` on stand at a smaller step than the one before them."""
    first = max(start, 1)
    known = steps[first - 1 : stop]
    if True not in map(gt, known, islice(known, 1, None)):
        return []
    return [i for i, fell in enumerate(map(gt, known, islice(known, 1, None)), first) if fell]
