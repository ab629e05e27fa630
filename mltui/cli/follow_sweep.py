"""Following the runs of a sweep: a line a run, in place on a terminal; elsewhere a line whenever one changes."""

from __future__ import annotations

import shutil
import sys
import time
from collections.abc import Sequence, Set
from typing import TYPE_CHECKING, Protocol

from mltui.cli.diagnosis import report_value
from mltui.cli.follow import COMPLETE_S, DETACHED, News, end_code
from mltui.cli.live import LiveLines
from mltui.cli.output import STATE_COLOURS, cut, is_terminal, paint, print_json, say, width
from mltui.cli.runs import elapsed, run_value
from mltui.domain.errors import NotFound
from mltui.domain.figures import format_duration, format_value
from mltui.domain.metric import MetricStore
from mltui.domain.run import Run, RunState
from mltui.domain.text import one_line
from mltui.runtime.export import point_value
from mltui.runtime.metric_summary import best_text, key_series
from mltui.runtime.run_view import RunView

if TYPE_CHECKING:
    from mltui.runtime.launcher import Launcher

_TICK_S = 0.25


class SweepDisplay(Protocol):
    """Shows the runs of a sweep while they go on."""

    def update(self, runs: Sequence[Run], stores: dict[str, MetricStore], done: Set[str]) -> None:
        """Show the runs as they are now, with what is read out of each that has started; of those that are ``done``
        no more will come."""

    def close(self) -> None:
        """Show no more."""


def follow_sweep(launcher: Launcher, runs: Sequence[Run], *, plain: bool = False, as_json: bool = False) -> int:
    """Follow all of them to their ends; returns 0 when every run finished, else 1. Ctrl-C detaches."""
    group_id = runs[0].group_id
    display = _display(launcher, runs, plain=plain, as_json=as_json)
    followed = _Followed(launcher, runs)
    try:
        while True:
            now = followed.poll()
            display.update(now, followed.stores, followed.done)
            if followed.complete:
                break
            time.sleep(_TICK_S)
    except KeyboardInterrupt:
        say(f"\nDetached: the sweep goes on. Watch: mltui. Stop: mltui stop --group {group_id}")
        return DETACHED
    finally:
        followed.close()
        display.close()
    if not as_json:
        _tell_end(now)
    return max(map(end_code, now))


def _tell_end(runs: Sequence[Run]) -> None:
    states = [run.state for run in runs]
    counts = ", ".join(f"{states.count(state)} {state.value}" for state in dict.fromkeys(states))
    print(f"Sweep {runs[0].group_id}: {counts}. Side by side: mltui runs --group {runs[0].group_id}")


def _display(launcher: Launcher, runs: Sequence[Run], *, plain: bool, as_json: bool) -> SweepDisplay:
    if as_json:
        return JsonSweep(launcher, runs)
    stop = f"Stop it: mltui stop --group {runs[0].group_id}"
    if plain or not is_terminal(sys.stdout):
        print(stop, flush=True)
        return PlainSweep(runs)
    return LiveSweep(runs, f"Ctrl-C detaches, the sweep goes on.  {stop}")


class _Followed:
    """The runs as they are, and the metrics of those that have started."""

    def __init__(self, launcher: Launcher, runs: Sequence[Run]) -> None:
        self._launcher = launcher
        self._ids = [run.id for run in runs]
        self._views: dict[str, RunView] = {}
        self._ended: dict[str, float] = {}
        self.done: set[str] = set()
        """Ids of those that have ended, with the whole record read, or as much of it as was waited for."""
        self.stores: dict[str, MetricStore] = {}

    @property
    def complete(self) -> bool:
        """Every run has ended, with its whole record read."""
        return len(self.done) == len(self._ids)

    def poll(self) -> list[Run]:
        """Read what is new."""
        return [self._poll(run_id) for run_id in self._ids]

    def _poll(self, run_id: str) -> Run:
        run = self._launcher.database.get(run_id)
        if run is None:
            raise NotFound(f"Run {run_id} was removed meanwhile.")
        folder = self._launcher.folder(run_id)
        whole = not run.state.active and self._is_whole(run_id)
        if run.state not in (RunState.PENDING, RunState.BUILDING) and run_id not in self.done:
            view = self._views.setdefault(run_id, RunView(folder))
            view.poll_metrics()
            self.stores[run_id] = view.metrics
        if whole and run_id not in self.done:
            self.done.add(run_id)
            if run_id in self._views:
                self._views.pop(run_id).close()
        return run

    def _is_whole(self, run_id: str) -> bool:
        """Its supervisor has written all of its record, or takes too long."""
        since = self._ended.setdefault(run_id, time.monotonic())
        return not self._launcher.folder(run_id).supervised or time.monotonic() - since > COMPLETE_S

    def close(self) -> None:
        """Close what is still open."""
        for view in self._views.values():
            view.close()


class JsonSweep:
    """One object a line, each with its run: ``launched``, each point, ``ended``."""

    def __init__(self, launcher: Launcher, runs: Sequence[Run]) -> None:
        self._launcher = launcher
        self._news = {run.id: News() for run in runs}
        self._active = {run.id for run in runs}
        for run in runs:
            print_json({"event": "launched"} | run_value(launcher, run))
        sys.stdout.flush()

    def update(self, runs: Sequence[Run], stores: dict[str, MetricStore], done: Set[str]) -> None:
        """Print new points, and runs that ended."""
        for run in runs:
            if run.id in stores:
                for point in self._news[run.id].take(stores[run.id]):
                    print_json({"event": "point", "run": run.id} | point_value(point))
            if run.id in done and run.id in self._active:
                self._active.remove(run.id)
                told = report_value(run, self._launcher.folder(run.id), stores.get(run.id, MetricStore()))
                print_json({"event": "ended"} | run_value(self._launcher, run) | told)
        sys.stdout.flush()

    def close(self) -> None:
        """Nothing is held back."""


class PlainSweep:
    """A line whenever a run changes its state, or what it waits for first in the queue: for files and pipes."""

    def __init__(self, runs: Sequence[Run]) -> None:
        self._states: dict[str, RunState] = {}
        self._names = _names(runs)

    def update(self, runs: Sequence[Run], stores: dict[str, MetricStore], done: Set[str]) -> None:
        """Print what has changed."""
        for run in runs:
            if self._states.get(run.id) is not run.state:
                self._states[run.id] = run.state
                print("  ".join(filter(None, (self._names[run.id], run.state.value, _said(run, stores)))), flush=True)

    def close(self) -> None:
        """Nothing is held back."""


class LiveSweep(LiveLines):
    """A block of lines that changes in place; runs that go on come before those that wait or have ended."""

    def __init__(self, runs: Sequence[Run], footer: str) -> None:
        super().__init__()
        self._names = _names(runs)
        self._footer = footer

    def update(self, runs: Sequence[Run], stores: dict[str, MetricStore], done: Set[str]) -> None:
        """Draw the runs as they are."""
        columns, rows = shutil.get_terminal_size((80, 24))
        shown = sorted(runs, key=_interest)[: max(1, rows - 4)]
        lines = [self._line(run, stores, columns - 1) for run in runs if run in shown]
        if len(shown) < len(runs):
            lines.append(f"… and {len(runs) - len(shown)} more, which wait or have ended")
        self.draw([*lines, paint(cut(self._footer, columns - 1), "dim")])

    def _line(self, run: Run, stores: dict[str, MetricStore], columns: int) -> str:
        name, state = self._names[run.id], run.state.value
        rest = cut(_said(run, stores), max(0, columns - width(name) - len(state) - 4))
        return f"{name}  {paint(state, STATE_COLOURS[state])}  {rest}".rstrip()

    def close(self) -> None:
        """Leave the lines, without the footer."""
        self.draw(self.shown[:-1])


def _interest(run: Run) -> tuple[bool, bool]:
    return not run.state.active, run.state is RunState.PENDING


def _names(runs: Sequence[Run]) -> dict[str, str]:
    """Id and what differs between the runs: ``k3xw7pqa  lr=0.1``, all equally wide."""
    differing = [name for name in runs[0].params if len({repr(run.params.get(name)) for run in runs}) > 1]
    names = {
        run.id: f"{run.id}  {one_line(' '.join(f'{name}={run.params.get(name)}' for name in differing), 60)}"
        for run in runs
    }
    wide = max(map(width, names.values()))
    return {run_id: name + " " * (wide - width(name)) for run_id, name in names.items()}


def _said(run: Run, stores: dict[str, MetricStore]) -> str:
    """What there is to say of a run beside its state: what it waits for, how long it runs, how good it is."""
    if run.state in (RunState.PENDING, RunState.BUILDING):
        return one_line(run.detail)
    series = key_series(stores[run.id]) if run.id in stores else None
    figures = ""
    if series:
        figures = f"{one_line(series.name, 32)} {format_value(series.last)}, best {one_line(best_text(series), 40)}"
    parts = [format_duration(elapsed(run)) if run.started else "", figures]
    if run.state is not RunState.FINISHED:
        parts.append(one_line(run.detail))
    return "  ".join(filter(None, parts))
