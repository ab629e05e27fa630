"""The runs that a person marked for comparison: each keeps the colour and the mark it got."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

from mltui.domain.run import Run
from mltui.domain.text import one_line
from mltui.ui.presentation.run import differing_params

if TYPE_CHECKING:
    from mltui.domain.metric import MetricStore

MOST = 8
"""So many runs have a colour of their own."""
SELECTED_GLYPH = "◉"
"""The run under the cursor, where it is not marked itself, in :data:`mltui.ui.palette.NEUTRAL`."""
_GLYPHS = "●▲■◆▼★◢▰"
_LABEL = 12


class Mark(NamedTuple):
    """How a marked run is shown in the list and in the charts."""

    color: str
    glyph: str


class ComparedRun(NamedTuple):
    """One of the runs whose curves share the charts."""

    id: str
    label: str
    """Short, and not that of another one."""
    color: str
    glyph: str
    store: MetricStore
    profile: str = ""
    system: MetricStore | None = None
    """What it used of the machine, on the x of ``store``."""


class RunMarks:
    """Marked runs by id, in the order in which they were marked."""

    def __init__(self) -> None:
        self._marks: dict[str, Mark] = {}

    def __len__(self) -> int:
        return len(self._marks)

    def __iter__(self) -> Iterator[str]:
        return iter(self._marks)

    def of(self, run_id: str) -> Mark | None:
        """The mark of a run, ``None`` where it has none."""
        return self._marks.get(run_id)

    @property
    def ids(self) -> tuple[str, ...]:
        """The marked runs."""
        return tuple(self._marks)

    def toggle(self, run_id: str) -> bool:
        """Mark a run, or take its mark away; ``False`` where all colours are taken.

        The colour depends on the id alone where it is free, so that a run looks the same next time.
        """
        from mltui.ui import palette

        if self._marks.pop(run_id, None) is not None:
            return True
        taken = {mark.color for mark in self._marks.values()}
        free = next((color for color in palette.series_colors(run_id) if color not in taken), None)
        if free is None:
            return False
        self._marks[run_id] = Mark(free, _GLYPHS[palette.SERIES.index(free)])
        return True

    def clear(self) -> bool:
        """Take all marks away; ``False`` where there was none."""
        had = bool(self._marks)
        self._marks.clear()
        return had

    def keep(self, run_ids: Iterable[str]) -> bool:
        """Forget marks of runs that are gone; ``True`` where there were such."""
        gone = self._marks.keys() - set(run_ids)
        for run_id in gone:
            del self._marks[run_id]
        return bool(gone)


def run_labels(runs: Sequence[Run]) -> list[str]:
    """Short names that tell runs apart: in a sweep its values, else the profile's name; where a profile ran twice what
    differs between these runs, as the list has it, or the id's first letters where that is long or nothing."""
    if len(runs) > 1 and runs[0].group_id and len({run.group_id for run in runs}) == 1:
        by = differing_params(runs)
        values = [one_line(",".join(str(run.params.get(name, "–")) for name in by), _LABEL) for run in runs]
        if len(set(values)) == len(values):
            return values
    names = [one_line(run.profile, _LABEL) for run in runs]
    return [name if names.count(name) == 1 else _told_apart(run, runs) for name, run in zip(names, runs, strict=True)]


def _told_apart(run: Run, runs: Sequence[Run]) -> str:
    alike = [other for other in runs if other.profile == run.profile]
    by = differing_params(alike)
    labels = [",".join(f"{name}={other.params.get(name, '–')}" for name in by) for other in alike]
    fit = all(label == one_line(label, _LABEL) for label in labels) and len(set(labels)) == len(labels)
    return labels[alike.index(run)] if fit else _short(run, runs)


def _short(run: Run, runs: Sequence[Run]) -> str:
    """As many letters of the id as no other run begins with, four at least."""
    for length in range(4, len(run.id)):
        if sum(other.id.startswith(run.id[:length]) for other in runs) == 1:
            return run.id[:length]
    return run.id
