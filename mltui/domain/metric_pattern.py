"""What a profile's own pattern for metrics must be like."""

from __future__ import annotations

import re

#: Named groups that say where a value belongs; every other named group is a metric of that name.
PLACES = frozenset({"step", "epoch", "iteration", "batch", "x"})


def pattern_fault(pattern: str) -> str:
    """Why ``pattern`` cannot be used, in one sentence; empty when it can."""
    try:
        groups = set(re.compile(pattern).groupindex)
    except (re.error, OverflowError, RecursionError) as error:
        return f"not a regular expression: {error}"
    if ("name" in groups) != ("value" in groups):
        return "the groups 'name' and 'value' belong together, one is missing"
    if not groups - PLACES:
        return "needs a named group for the metric, such as (?P<loss>[-\\d.e+]+)"
    return ""
