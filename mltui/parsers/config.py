"""What a profile may say about reading its metrics; nothing of it is needed for logs that print them plainly."""

from __future__ import annotations

from dataclasses import dataclass

from mltui.domain.metric_pattern import pattern_fault


@dataclass(frozen=True, slots=True)
class MetricConfig:
    """How to read a log when the reader's own understanding is not enough. ``errors`` checks it.

    ``patterns`` are regular expressions searched in every line. A named group is a metric of that name (``__`` in a
    group's name stands for ``/``), but for the groups ``step``, ``epoch``, ``iteration``, ``batch`` and ``x``, which
    say where the values belong, and ``name`` with ``value``, which take the metric's name from the log. A line that a
    pattern matches is read by the pattern alone.

    ``keep`` and ``drop`` are globs of metric names, without regard to case: with ``keep``, only what matches is
    reported; what matches ``drop`` never is. ``x`` is the word of the log that counts (``step``, ``epoch`` …).
    """

    patterns: tuple[str, ...] = ()
    keep: tuple[str, ...] = ()
    drop: tuple[str, ...] = ()
    x: str = ""

    def errors(self) -> list[tuple[str, str]]:
        """What is wrong, as pairs of where (``patterns[1]``) and one sentence; empty when it can be used."""
        faults = ((f"patterns[{i}]", pattern_fault(pattern)) for i, pattern in enumerate(self.patterns))
        return [(where, said) for where, said in faults if said]
