"""Curves that are told whole, in one line: what a training came to, or each fold, where nothing else tells it."""

from __future__ import annotations

from collections.abc import Callable

from mltui.domain.metric import SERIES_LIMIT
from mltui.parsers.judge import Judge
from mltui.parsers.plan import Plan
from mltui.parsers.records.history import Curve, curves, history
from mltui.parsers.records.record import Record, new_field
from mltui.parsers.values import Numbers


class Histories:
    """Reads whole curves, point by point as if each stood in a line of its own."""

    def __init__(self, judge: Judge, apply: Callable[[Plan, Numbers], None]) -> None:
        """``apply`` reports the values of one such line."""
        self._judge = judge
        self._points = judge.points
        self._apply = apply
        self._told: set[tuple[str, str]] = set()
        """The fold and name of each curve that a history told."""

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
        if found and (self._told or self._has_told_nothing()):
            self._read_each(found, heading)
        return bool(found)

    def _read_each(self, found: list[Curve], heading: str) -> None:
        context = self._points.context
        for fold, counter, name, pairs in found:
            if fold is not None:
                before = context.fold
                context.enter_fold("fold", float(fold))
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
