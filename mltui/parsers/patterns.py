"""Lines read by the regular expressions of a profile."""

from __future__ import annotations

import re

from mltui.domain.metric_pattern import PLACES
from mltui.parsers.plans.group import Group
from mltui.parsers.plans.plan import METRIC, Counter, Entry, Plan
from mltui.parsers.points.points import Points
from mltui.parsers.words.tokens import text_of
from mltui.parsers.words.values import value_of


class Patterns:
    """Tries the patterns in their order; the first that matches a line reads it."""

    def __init__(self, points: Points) -> None:
        self.points = points
        self._patterns = [re.compile(pattern) for pattern in points.config.patterns]
        self._plans: dict[tuple[str, ...], Plan | None] = {}

    def read(self, frame: bytes) -> bool:
        """Whether a pattern matched ``frame``; its points are reported."""
        text = text_of(frame)
        for pattern in self._patterns:
            if found := pattern.search(text):
                groups = {name: value for name, value in found.groupdict().items() if value is not None}
                self._report(groups)
                return True
        return False

    def _report(self, groups: dict[str, str]) -> None:
        name, value = groups.pop("name", None), groups.pop("value", None)
        if name is not None and value is not None:
            groups[name] = value
        key = tuple(groups)
        if key not in self._plans and len(self._plans) < 4096:
            self._plans[key] = self._plan(list(groups))
        plan = self._plans.get(key)
        if plan is not None:
            self.points.dropped += plan.lost
            self.points.read(plan, tuple(value_of(v.strip().rstrip("%")) for v in groups.values()))

    def _plan(self, names: list[str]) -> Plan | None:
        epoch = next((Counter("epoch", "epoch", i) for i, name in enumerate(names) if name == "epoch"), None)
        inner = [Counter(name, "step", i) for i, name in enumerate(names) if name in PLACES and name != "epoch"]
        entries, lost = [], 0
        for i, name in enumerate(names):
            if name == "epoch" or name in PLACES:
                continue
            if series := self.points.series_for(name.replace("__", "/"), METRIC):
                entries.append(Entry(series, i))
            else:
                lost += 1
        return Plan(Group(), entries, epoch, inner[-1] if inner else None, lost=lost) if entries else None
