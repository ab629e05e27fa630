"""Curves that are told whole, in one line: what a training came to, or each fold, where nothing else tells it."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from mltui.domain.metric import SERIES_LIMIT, WHOLE_LIMIT
from mltui.parsers.judgement.judge import Judge
from mltui.parsers.plans.plan import Plan
from mltui.parsers.records.history import Curve, curves, history, is_objective
from mltui.parsers.records.record import Record, new_field
from mltui.parsers.words.values import Numbers


class _Waiting(NamedTuple):
    """A history that waits until the log ends."""

    curves: list[Curve]
    heading: str
    training: str
    """What the training is called, if it is not the first."""


class Histories:
    """Reads whole curves, point by point as if each stood in a line of its own."""

    def __init__(self, judge: Judge, apply: Callable[[Plan, Numbers], None]) -> None:
        """``apply`` reports the values of one such line."""
        self._judge = judge
        self._points = judge.points
        self._apply = apply
        self._told: set[tuple[str, str]] = set()
        """The fold and name of each curve that a history told."""
        self._waiting: dict[tuple[str, ...], list[_Waiting]] = {}
        """The histories that are of no fold, by the names of their curves: one of each training."""
        self._many: set[tuple[str, ...]] = set()
        """The names of such histories that came again with other values: each tells a part of a training."""
        self._last: list[Curve] = []
        """The last one that did not wait, since there were too many values."""

    def read(self, text: str, heading: str) -> None:
        """Read the curves in ``text``, which stands under a ``heading``."""
        for name, pairs in curves(text):
            self._read_curve("iteration", name, pairs, heading)
        self.read_history(text, heading)

    def read_history(self, text: str, heading: str) -> bool:
        """Read what trainings came to, each once, if the log told nothing of them on the way.

        Whether ``text`` is such a history, read or not.
        """
        found = history(text)
        if found and self.reads:
            in_fold = bool(self._points.context.fold)
            self._read_each([curve for curve in found if in_fold or curve.part], heading)
            self._wait([curve for curve in found if not (in_fold or curve.part)], heading)
        return bool(found)

    @property
    def reads(self) -> bool:
        """What a history tells may be a curve: nothing else has told any."""
        return bool(self._told or self._waiting) or self._has_told_nothing()

    def close(self) -> None:
        """Read what waited: nothing has shown that it tells a part of a training."""
        lengths = {len(each.curves[0].points) for each in self._all_waiting() if is_objective(each.curves[0].name)}
        told = [e for e in self._all_waiting() if len(e.curves) > 1 or len(e.curves[0].points) in lengths]
        self._read_trainings(told)
        self._waiting.clear()

    def _wait(self, found: list[Curve], heading: str) -> None:
        """Keep a history of no fold until the log ends: one with the same names and other values refutes both.

        One that goes on where the last one ended, or says the same, takes its place; one under a heading that is like
        the first one's tells another training.
        """
        names = tuple(curve.name for curve in found)
        if not found or names in self._many:
            return
        if ("", names[0]) in self._told:
            self._drop(found)
            return
        successive = self._points.context.successive
        told = self._waiting.pop(names, [])
        goes_on = bool(told) and all(map(_goes_on, told[-1].curves, found))
        training = successive.begin_anew() if told and not goes_on else ""
        if told and not (goes_on or training):
            if len(self._many) < SERIES_LIMIT:
                self._many.add(names)
            return
        if not told:
            successive.go_on()
        kept = [*(told[:-1] if goes_on else told), _Waiting(found, heading, told[-1].training if goes_on else training)]
        if sum(_count(each.curves) for each in [*kept, *self._all_waiting()]) > WHOLE_LIMIT:
            self._read_trainings(kept)
            self._last = found
        else:
            self._waiting[names] = kept

    def _drop(self, found: list[Curve]) -> None:
        """Count what a history tells that is not read, but for what the last one told, too."""
        again = [curve.name for curve in self._last] == [curve.name for curve in found]
        again = again and all(map(_goes_on, self._last, found))
        self._points.dropped += _count(found) - (_count(self._last) if again else 0)
        self._last = found

    def _all_waiting(self) -> list[_Waiting]:
        return [each for told in self._waiting.values() for each in told]

    def _read_trainings(self, told: list[_Waiting]) -> None:
        """Read histories, each as one of its training."""
        context = self._points.context
        before = context.fold
        for each in told:
            context.fold = before
            if each.training:
                context.enter_training(each.training)
            self._read_each(each.curves, each.heading)
        context.fold = before

    def _read_each(self, found: list[Curve], heading: str) -> None:
        context = self._points.context
        for part, counter, name, pairs in found:
            if part:
                before = context.fold
                word, _, number = part.partition(" ")
                context.enter_fold(word, float(number))
                if context.fold != before:
                    context.begin_attempt()
            key = context.fold, name
            if key not in self._told and len(self._told) < SERIES_LIMIT:
                self._told.add(key)
                self._read_curve(counter, name, pairs, heading)

    def _read_curve(self, counter: str, name: str, pairs: list[tuple[float, float]], heading: str) -> None:
        fields = [new_field(counter, 0, decimal=False), new_field(name, 1, decimal=True)]
        plan = self._judge.plan(Record(fields, heading=heading))
        if plan is not None:
            for pair in pairs:
                self._apply(plan, pair)

    def _has_told_nothing(self) -> bool:
        """Whether the log has counted and measured nothing: what it lists at its end was told nowhere else."""
        points = self._points
        told = points.news.held.groups or any(series.last is not None for series in points.series.values())
        return points.context.nowhere and not told


def _count(curves: list[Curve]) -> int:
    """How many values ``curves`` have."""
    return sum(len(curve.points) for curve in curves)


def _goes_on(last: Curve, curve: Curve) -> bool:
    """Whether ``curve`` begins with all that the ``last`` one of its name told; NaN is as NaN."""
    return repr(curve.points).startswith(repr(last.points)[:-1])
