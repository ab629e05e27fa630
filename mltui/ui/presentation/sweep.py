"""Sweeps in the list of runs: the runs of one group together below a line of their own, each told by what differs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence, Set
from dataclasses import dataclass

from mltui.domain.run import Run
from mltui.domain.text import one_line
from mltui.ui.presentation.run import SIGNS, differing_params
from mltui.ui.widgets.lines import Line, Span, spread

_KEY = "sweep "


@dataclass(frozen=True)
class Sweep:
    """The runs of one group, in the order of their launch."""

    id: str
    runs: tuple[Run, ...]
    differing: tuple[str, ...]
    """Parameters in which they differ."""

    @property
    def key(self) -> str:
        """The key of its line in the list; no run's id is like it."""
        return _KEY + self.id

    @property
    def profile(self) -> str:
        """The profile's name."""
        return self.runs[0].profile

    def values(self, run: Run, *, brief: bool = False) -> str:
        """What tells a run from the others: ``epochs=3 lr=0.01``, or ``3,0.01``."""
        told = ((name, run.params.get(name, "–")) for name in self.differing)
        text = ",".join(str(value) for _, value in told) if brief else " ".join(f"{n}={value}" for n, value in told)
        return one_line(text, 120)


@dataclass(frozen=True)
class Listed:
    """A line of the list: a run, alone or of a sweep, or a sweep itself."""

    run: Run | None = None
    sweep: Sweep | None = None

    @property
    def key(self) -> str:
        """Its key in the list."""
        return self.run.id if self.run else self.sweep.key if self.sweep else ""


def listed(runs: Iterable[Run], folded: Set[str]) -> list[Listed]:
    """The lines for ``runs``, newest first: a sweep stands where its newest run would, its runs below it unless it is
    ``folded``. A run whose others are gone stands alone."""
    runs = list(runs)
    members: dict[str, list[Run]] = {}
    for run in runs:
        if run.group_id:
            members.setdefault(run.group_id, []).append(run)
    found: list[Listed] = []
    done: set[str] = set()
    for run in runs:
        group = members.get(run.group_id, ())
        if len(group) < 2:
            found.append(Listed(run))
        elif run.group_id not in done:
            done.add(run.group_id)
            sweep = _sweep(run.group_id, group)
            found.append(Listed(sweep=sweep))
            if run.group_id not in folded:
                found += [Listed(member, sweep) for member in sweep.runs]
    return found


def _sweep(group_id: str, runs: Sequence[Run]) -> Sweep:
    ordered = tuple(sorted(runs, key=lambda run: (run.created, run.id)))
    return Sweep(group_id, ordered, differing_params(ordered))


def sweep_line(sweep: Sweep, width: int, *, folded: bool) -> Line:
    """``▾ mnist-mlp  3 runs by lr`` and how they stand: ``✓2 ●1``."""
    left: list[Span] = [("▸ " if folded else "▾ ", "alt"), (one_line(sweep.profile, 80), "strong")]
    by = f" by {one_line(', '.join(sweep.differing), 60)}" if sweep.differing else ""
    left.append((f"  {len(sweep.runs)} runs{by}", "dim"))
    states = Counter(run.state for run in sweep.runs)
    right: list[Span] = []
    for state, (sign, role) in SIGNS.items():
        if states[state]:
            right += [(f" {sign}{states[state]}", role)]
    return spread(left, right, width)


def sweep_headline(sweep: Sweep, width: int) -> list[Line]:
    """The lines above the curves of a sweep: what it is, and the values it tries."""
    tried = (f"{name} = {', '.join(dict.fromkeys(str(run.params.get(name, '–')) for run in sweep.runs))}"
             for name in sweep.differing)  # fmt: skip
    return [[("≡ ", "alt"), *sweep_line(sweep, width, folded=False)[1:]], [(one_line("   ".join(tried), 300), "text")]]
