"""A series that its log tells by the step, drawn over epochs."""

from __future__ import annotations

import math
from array import array
from bisect import bisect_right
from itertools import islice, pairwise
from operator import gt

from mltui.domain.metric import Axis, Series, SeriesKey

#: What was foreseen as exactly as this, in epochs, stays where it is.
_EXACT = 1e-6


class OverEpochs:
    """Follows a series over steps and gives its points over epochs, in fractions of them.

    ``places`` are those at which the log tells both (``MetricKind.EPOCHS``). From one to the next epochs go on evenly;
    behind the last they do at the pace of those before it, up to the end of the epoch. Where it turns out to have been
    another pace, all points are placed anew.
    """

    def __init__(self, source: Series, places: Series) -> None:
        self._key = SeriesKey(source.name, Axis("epoch", Axis.of(source.key.axis).fold).text, source.key.kind)
        self._source, self._places = source, places
        self._ends: list[tuple[float, float]] = []
        """Step and epochs of each place: where steps begin anew with each epoch, its last step."""
        self._steps: list[float] = []
        self._epochs: list[float] = []
        """The same of places that lie ahead of all before them."""
        self._seen = self._falls = 0
        """Points that were looked at, and how often the steps went back in them."""
        self._begin()

    def _begin(self) -> None:
        self.series = Series(self._key)
        """The points over epochs; same values and times. Another object when they are placed anew."""
        self._pass = 0
        """In which pass over the steps the last point is."""
        self._foreseen = -math.inf
        """The farthest step behind all places."""

    @property
    def known(self) -> bool:
        """Every point has a place."""
        return len(self._ends) > 1 and (not self._anew or self._falls < len(self._ends))

    @property
    def _anew(self) -> bool:
        """Steps begin anew with each epoch."""
        onward, back = len(self._steps) - 2, len(self._ends) - len(self._steps)
        return back > onward or (onward == 0 and self._falls > 0)

    def catch_up(self) -> None:
        """Place what has come since the last call."""
        stop, anew = len(self._source), self._anew
        moves = self._take_places()
        self._falls += len(_falls(self._source.x, self._seen, stop))
        self._seen = stop
        if moves or anew != self._anew:
            self._begin()
        start = len(self.series)
        if start < stop and self.known:
            self._place(start, stop)

    def _place(self, start: int, stop: int) -> None:
        source, x = self._source, array("d")
        cuts = _falls(source.x, start, stop)
        self._pass += start in cuts
        place = self._within if self._anew else self._along
        for number, (a, b) in enumerate(pairwise([start, *(cut for cut in cuts if cut > start), stop])):
            self._pass += number > 0
            x.extend(place(source.x[a:b]))
        self.series.extend(x, source.value[start:stop], source.time[start:stop])

    def _take_places(self) -> bool:
        """Take in the places that were told since the last time; whether points have to move for them."""
        moves, anew = False, self._anew
        for i in range(len(self._ends), len(self._places)):
            step, epochs = self._places.x[i], self._places.value[i]
            moves = moves or not self._was_foreseen(step, epochs)
            self._ends.append((step, epochs))
            if not self._steps or step > self._steps[-1]:
                self._steps.append(step)
                self._epochs.append(epochs)
        return moves or anew != self._anew

    def _was_foreseen(self, step: float, epochs: float) -> bool:
        """Whether the points that stand behind the last place fit the next one."""
        if len(self._ends) < 2:
            return True
        if self._anew:
            return self._pass < len(self._ends) - 1 or step == self._ends[-1][0]
        return self._foreseen <= self._steps[-1] or abs(self._along(array("d", [step]))[0] - epochs) <= _EXACT

    def _within(self, steps: array[float]) -> list[float]:
        """Places in the epoch that is as old as the steps' pass."""
        at = self._pass
        done = self._ends[at][1]
        last, end = self._ends[at + 1] if at + 1 < len(self._ends) else (self._ends[-1][0], done + 1)
        pace = (end - done) / last if last > 0 else 0.0
        return [min(done + step * pace, end) for step in steps]

    def _along(self, steps: array[float]) -> list[float]:
        """Places on the way from one known place to the next."""
        found: list[float] = []
        at = 0
        while at < len(steps):
            to = bisect_right(self._steps, steps[at])
            left = min(max(to - 1, 0), len(self._steps) - 2)
            stop = bisect_right(steps, self._steps[to], at) if to < len(self._steps) else len(steps)
            (a, b), (done, more) = self._steps[left : left + 2], self._epochs[left : left + 2]
            pace, most = (more - done) / (b - a), math.inf
            if to == len(self._steps):
                self._foreseen = max(self._foreseen, steps[-1])
                most = math.floor(more) + 1
            found += [min(done + (step - a) * pace, most) for step in steps[at:stop]]
            at = stop
        return found


def _falls(steps: array[float], start: int, stop: int) -> list[int]:
    """Which of the points from ``start`` on stand at a smaller step than the one before them."""
    first = max(start, 1)
    known = steps[first - 1 : stop]
    return [i for i, fell in enumerate(map(gt, known, islice(known, 1, None)), first) if fell]
