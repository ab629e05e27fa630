"""A series that the log and a file of the run both tell is recorded once.

Log and file seldom agree on anything but the values: the log has ``loss: 0.5481`` at epoch 2 where the event file has
``train/epoch_loss`` 0.54810595 at step 1. Two series are the same if their names are of the same words (but for those
that say of which part of the data, how often or on average: train, epoch, mean …) and their values are,

- one after the other from the first on, at whatever x; or
- of one x axis, where both have a point, which is at nearly each x of the one that has fewer (counted from 0 by one and
  from 1 by the other, perhaps).

Values agree if the log's is the file's with its last printed digit one off at most, whether the log prints a number of
digits behind the point or of digits that count; percents are taken as shares.
Of two that agree one after the other the log's is recorded, else the one with more points. It is judged by the first
thousand points of each; a file's points wait a moment before they are recorded, since the log may lag behind.
"""

from __future__ import annotations

import math
from array import array
from collections.abc import Iterator
from enum import Enum
from functools import lru_cache
from typing import TYPE_CHECKING

from mltui.domain.metric import MetricPoint, SeriesKey
from mltui.domain.words import AVERAGED, PERIODS, SCOPE_WORDS, SYNONYMS, says_learning_rate, scope_of, word_set, words

if TYPE_CHECKING:
    from mltui.storage.metric_writer import MetricWriter

#: Points of a series that are compared.
_COMPARED = 1000
#: Points at the same x, and different values among them, from which on two series are the same.
_HITS, _DIFFERENT = 8, 3
#: The share of a file's points that a log of more points has to have: a bar leaves out steps now and then.
_MOST = 0.75
#: Points of a file that wait at most.
_WAITING = 50_000
#: Seconds that a file's first points wait for the log.
_WAIT_S = 3.0
#: Seconds that a file may be ahead of a log of the same values, and the points that are no lead.
_LEAD_S, _LEAD = 30.0, 2
#: Digits that count from which on a value is known by them.
_COUNTING = 3
#: What a float of 4 bytes may be off by.
_SHORT = 2e-7
# Words that say how often a metric is logged or what of it, not which metric it is.
_BESIDE = (
    SCOPE_WORDS.keys() | PERIODS | AVERAGED | word_set("batch iteration iterations iter vs averaged total running")
)
LOG = "log"


class Verdict(Enum):
    """What two series are to each other."""

    UNKNOWN = "unknown"
    SAME = "same"
    AHEAD = "ahead"
    """They agree so far, and the second has much more."""
    FINER = "finer"
    """The second has every point of the first, and more."""
    DIFFERENT = "different"


class _Told:
    """The first points of a series, and who tells it."""

    def __init__(self, key: SeriesKey, source: str, name: str) -> None:
        self.key = key
        self.source = source
        self.words = meaning(name)
        self.scope = scope_of(name) or scope_of(key.name)
        self.x: array[float] = array("d")
        self.value: array[float] = array("d")
        self.hidden = False
        """A file tells it with more points."""
        self._behind = self._counting = self._looked = 0

    def keep(self, x: float, value: float) -> None:
        self.x.append(x)
        self.value.append(value)

    @property
    def digits(self) -> tuple[int, int]:
        """How many digits its values have behind the point, and that count, at most: some have lost their zeros."""
        for value in self.value[self._looked :]:
            behind, counting = digits(value)
            self._behind, self._counting = max(self._behind, behind), max(self._counting, counting)
        self._looked = len(self.value)
        return self._behind, self._counting

    def may_be(self, other: _Told) -> bool:
        """The names allow it."""
        scopes = {self.scope, other.scope}
        return self.words == other.words and not ("train" in scopes and len(scopes - {"train", ""}) > 0)


class _FromFile(_Told):
    """A series of a file, with what of it waits."""

    def __init__(self, key: SeriesKey, source: str, name: str) -> None:
        super().__init__(key, source, name)
        self.own = key
        """As the file has it; ``key`` is as it is recorded."""
        self.time: array[float] = array("d")
        self.shown = False
        self.same = False
        self.final = False
        self.written = 0
        self.began = self.agreed = 0.0
        self.compared = -1


@lru_cache(maxsize=4096)
def meaning(name: str) -> frozenset[str]:
    """The words of a name by which it is compared."""
    found = [word for word in words(name) if word not in _BESIDE]
    if says_learning_rate(tuple(found)):
        found = [word for word in found if word not in ("learning", "rate")] + ["lr"]
    return frozenset(SYNONYMS.get(word, word) for word in found)


class OnceEach:
    """Stands before the writer of a run's points and lets each series through once."""

    def __init__(self, writer: MetricWriter) -> None:
        self._writer = writer
        self._log: dict[SeriesKey, _Told] = {}
        self._files: dict[tuple[str, SeriesKey], _FromFile] = {}
        self._owners: dict[SeriesKey, str] = {}

    def from_log(self, point: MetricPoint, time: float) -> None:
        """A point of the log."""
        name, axis, x, value, kind = point
        told = self._log.get(SeriesKey(name, axis, kind))
        if told is None:
            told = self._begin_log(SeriesKey(name, axis, kind))
        if len(told.x) < _COMPARED:
            told.keep(x, value)
        if not told.hidden:
            self._writer.add(point if told.key.name == name else point._replace(name=told.key.name), time)

    def _begin_log(self, key: SeriesKey) -> _Told:
        own = key
        for other in self._files.values():
            if other.shown and other.key == key:
                if other.final:
                    own = key._replace(name=f"[{LOG}] {key.name}")
                else:
                    # It is judged again, beside the log, and finds another name if it is another series.
                    self._hide(other)
        self._owners[own] = LOG
        told = self._log[key] = _Told(own, LOG, key.name)
        return told

    def from_file(self, source: str, name: str, point: MetricPoint, time: float) -> None:
        """A point of the file ``source``, in which its series is called ``name``."""
        key = SeriesKey(point.name, point.axis, point.kind)
        told = self._files.get((source, key))
        if told is None:
            told = self._files[source, key] = _FromFile(key, source, name)
            told.began = time
        if told.final:
            if told.shown:
                self._writer.add(point._replace(name=told.key.name), time)
            return
        told.keep(point.x, point.value)
        told.time.append(time)
        if len(told.x) >= _WAITING:
            self._settle(told, math.inf)

    def settle(self, now: float, *, wait: bool = True) -> None:
        """Decide what can be decided at the time ``now``; at the end of the run that is never (infinity).

        Without ``wait`` points of a file that are new are not held back until the log has had its time.
        """
        for told in self._files.values():
            if not told.final:
                self._settle(told, now, wait=wait)

    def _settle(self, told: _FromFile, now: float, *, wait: bool = True) -> None:
        self._judge(told, now, waited=not wait or now - told.began >= _WAIT_S)
        if told.shown:
            self._write(told)
        if len(told.x) >= _COMPARED and now - told.began >= _WAIT_S:
            told.final = True
            for column in (told.x, told.value, told.time):
                del column[_COMPARED:]

    def _judge(self, told: _FromFile, now: float, *, waited: bool) -> None:
        others = [other for other in self._others(told) if other.may_be(told)]
        seen = sum(len(other.x) for other in others) + len(told.x)
        if seen == told.compared and (told.shown or told.same or not waited):
            return
        told.compared = seen
        found = [(compare(other, told), other) for other in others]
        verdicts = [verdict for verdict, _ in found]
        if Verdict.SAME in verdicts:
            told.same, told.agreed = True, now
            self._hide(told)
            return
        if told.same and Verdict.AHEAD in verdicts and now - told.agreed < _LEAD_S:
            # What the log has not told by then it does not tell.
            told.compared = -1
            return
        told.same = False
        for verdict, other in found:
            if verdict is Verdict.FINER and other.source == LOG:
                other.hidden = True
                self._writer.withdraw(other.key)
        if waited and not told.shown:
            self._show(told)

    def _others(self, told: _FromFile) -> Iterator[_Told]:
        kind = told.key.kind
        files = (other for other in self._files.values() if other.shown and other is not told)
        yield from (other for other in (*self._log.values(), *files) if other.key.kind is kind and not other.hidden)

    def _show(self, told: _FromFile) -> None:
        for name in (told.own.name, f"[{told.source}] {told.own.name}"):
            told.key = told.own._replace(name=name)
            if self._owners.setdefault(told.key, told.source) == told.source:
                break
        told.shown, told.written = True, 0

    def _hide(self, told: _FromFile) -> None:
        if told.shown:
            told.shown = False
            self._writer.withdraw(told.key)
            self._owners.pop(told.key, None)

    def _write(self, told: _FromFile) -> None:
        name, axis, kind = told.key
        for i in range(told.written, len(told.x)):
            self._writer.add(MetricPoint(name, axis, told.x[i], told.value[i], kind), told.time[i])
        told.written = len(told.x)


def compare(log: _Told, file: _Told) -> Verdict:
    """What the series of a log and one of a file are to each other, as far as they have come."""
    if not log.x or not file.x:
        return Verdict.UNKNOWN
    for scale in (1.0, 100.0):
        agree = _Agree(log.digits, scale)
        in_turn = all(map(agree, log.value, file.value))
        if in_turn and min(_COMPARED, len(file.x)) <= 1.25 * len(log.x) + _LEAD:
            return Verdict.SAME
        for shift in (0.0, 1.0) if log.key.axis == file.key.axis else ():
            found = _compare_by_x(log, file, agree, shift)
            if found is not Verdict.DIFFERENT:
                return found
        if in_turn:
            return Verdict.AHEAD
    return Verdict.DIFFERENT


class _Agree:
    """Whether a printed value is that of a file, ``scale`` times as great."""

    def __init__(self, digits: tuple[int, int], scale: float) -> None:
        behind, counting = digits
        self._last = 1.001 * 10.0**-behind
        self._share = 1.001 * 10.0 ** (1 - counting) if counting >= _COUNTING else 0.0
        self._scale = scale

    def __call__(self, printed: float, value: float) -> bool:
        value *= self._scale
        off = abs(printed - value)
        if off <= self._last + _SHORT * abs(value) or printed == value or (printed != printed and value != value):
            return True
        return math.isfinite(off) and off <= self._share * 10.0 ** math.floor(math.log10(max(abs(printed), 1e-300)))


def _compare_by_x(log: _Told, file: _Told, agree: _Agree, shift: float) -> Verdict:
    """By the points at the same x, as far as both have come."""
    end = min(max(log.x), max(file.x) + shift)
    ours = {x: v for x, v in zip(log.x, log.value, strict=True) if x <= end}
    theirs = {x + shift: v for x, v in zip(file.x, file.value, strict=True) if x + shift <= end}
    shared = ours.keys() & theirs.keys()
    if len(shared) < _HITS or len({ours[x] for x in shared}) < _DIFFERENT:
        return Verdict.DIFFERENT
    if not all(agree(ours[x], theirs[x]) for x in shared):
        return Verdict.DIFFERENT
    if len(theirs) <= len(ours) and len(shared) >= _MOST * len(theirs):
        return Verdict.SAME
    return Verdict.FINER if len(shared) == len(ours) else Verdict.DIFFERENT


def digits(value: float) -> tuple[int, int]:
    """The digits that a float, as written shortest, has behind the point, and those that count."""
    mantissa, _, exponent = repr(abs(value)).partition("e")
    whole, _, fraction = mantissa.partition(".")
    fraction = fraction.rstrip("0")
    if not whole.isdigit():
        return 0, 0
    return max(0, len(fraction) - int(exponent or 0)), len((whole + fraction).strip("0"))
