"""Following a run: until it ends, in place on a terminal, in lines elsewhere, as JSON lines for programs."""

from __future__ import annotations

import re
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Protocol

from mltui.cli.diagnosis import print_report, report_value
from mltui.cli.live import LiveDisplay
from mltui.cli.output import is_terminal, paint, print_json, say
from mltui.cli.runs import elapsed, outputs_text, run_value
from mltui.domain.errors import NotFound
from mltui.domain.figures import format_duration, format_value
from mltui.domain.metric import MetricPoint, MetricStore, SeriesKey
from mltui.domain.run import Run, RunState
from mltui.domain.text import clean, one_line
from mltui.runtime.export import in_order, point_value
from mltui.runtime.metric_summary import best_text, key_series, of_kind, x_text
from mltui.runtime.run_view import RunView
from mltui.storage.locations import full_disk

if TYPE_CHECKING:
    from mltui.runtime.launcher import Launcher
    from mltui.storage.run_folder import RunFolder

DETACHED = 130
_TICK_S = 0.1
#: A supervisor writes the last points a moment after the run's end; one that hangs is not waited for.
COMPLETE_S = 10.0
#: Lines are printed at most so often, and at most so many at once: a log of thousands of steps a second stays readable.
_PERIOD_S = 1.0
_LINES = 3
#: News of a build that takes minutes; of something under way whose figures alone changed.
_NEWS_S, _MORE_S = 2.0, 10.0
_NUMBERS = re.compile(r"[\d.]+")
_VALUES = 12
_LAST_LINES = 10


class Display(Protocol):
    """Shows a run while it goes on."""

    def update(self, run: Run, view: RunView) -> None:
        """Show what has come; called ten times a second."""

    def close(self, run: Run, view: RunView) -> None:
        """Show the rest."""


def announce(run: Run) -> None:
    """Say what was launched, where and why there, and that a local process is not kept apart from the machine."""
    where = "as a process of this machine, without isolation" if run.engine == "local" else f"on {run.engine}"
    print(f"Run {run.id} of {run.profile} {where}. {one_line(run.notes)}".rstrip(), flush=True)


def follow(launcher: Launcher, run: Run, *, plain: bool = False, as_json: bool = False) -> int:
    """Follow to the end and tell it; returns the exit code. Ctrl-C detaches."""
    view = RunView(launcher.folder(run.id))
    display = _display(launcher, run, plain=plain, as_json=as_json)
    try:
        now = _watch(launcher, run.id, view, display, lambda state: not state.active)
        display.close(now, view)
    except KeyboardInterrupt:
        return detached(run)
    finally:
        view.close()
    if as_json:
        told = report_value(now, launcher.folder(run.id), view.metrics)
        print_json({"event": "ended"} | run_value(launcher, now) | told)
    else:
        _tell_end(launcher.folder(run.id), now, view)
    return end_code(now)


def detached(run: Run) -> int:
    """Say that the run goes on and how to stop it; the exit code of a follower that was left."""
    say(f"\nDetached: run {run.id} goes on. Watch: mltui logs {run.id} -f, or mltui. Stop: mltui stop {run.id}")
    return DETACHED


def end_code(run: Run) -> int:
    """0 for a run that finished, 1 for any other end."""
    return 0 if run.state is RunState.FINISHED else 1


def wait_until_started(launcher: Launcher, run: Run, *, plain: bool) -> Run:
    """Follow until the run is running or has ended already; returns it as it is then."""
    view = RunView(launcher.folder(run.id))
    display = _display(launcher, run, plain=plain, as_json=False)
    try:
        now = _watch(launcher, run.id, view, display, lambda state: state not in (RunState.PENDING, RunState.BUILDING))
    finally:
        view.close()
    if isinstance(display, LiveDisplay):
        display.erase()
    return now


def _display(launcher: Launcher, run: Run, *, plain: bool, as_json: bool) -> Display:
    if as_json:
        return JsonDisplay(launcher, run)
    if plain or not is_terminal(sys.stdout):
        print(f"Stop it: mltui stop {run.id}", flush=True)
        return PlainDisplay(run)
    return LiveDisplay(f"Ctrl-C detaches, the run goes on.  Stop it: mltui stop {run.id}")


def _watch(launcher: Launcher, run_id: str, view: RunView, display: Display, done: Callable[[RunState], bool]) -> Run:
    ended = 0.0
    while True:
        run = launcher.database.get(run_id)
        if run is None:
            raise NotFound(f"Run {run_id} was removed meanwhile.")
        complete = run.state.active or not launcher.folder(run_id).supervised
        if run.state.active:
            run = replace(run, detail=full_disk(launcher.home) or run.detail)
        view.poll()
        display.update(run, view)
        if done(run.state):
            ended = ended or time.monotonic()
            if complete or time.monotonic() - ended > COMPLETE_S:
                return run
        time.sleep(_TICK_S)


class News:
    """The points of a store that have not been taken yet."""

    def __init__(self) -> None:
        self._taken: dict[SeriesKey, int] = {}

    def take(self, store: MetricStore) -> list[MetricPoint]:
        """What has come since, in the order read."""
        parts = []
        for series in of_kind(store):
            seen, count = self._taken.get(series.key, 0), len(series)
            if count > seen:
                parts.append((series, seen, count))
                self._taken[series.key] = count
        return list(in_order(parts))


class JsonDisplay:
    """One object a line: ``launched``, each point, ``ended``."""

    def __init__(self, launcher: Launcher, run: Run) -> None:
        self._news = News()
        print_json({"event": "launched"} | run_value(launcher, run))
        sys.stdout.flush()

    def update(self, run: Run, view: RunView) -> None:
        """Print new points."""
        for point in self._news.take(view.metrics):
            print_json({"event": "point"} | point_value(point))
        sys.stdout.flush()

    def close(self, run: Run, view: RunView) -> None:
        """Nothing is held back."""


class PlainDisplay:
    """Lines that only ever append: for files, pipes and slow links."""

    def __init__(self, run: Run) -> None:
        self._news = News()
        self._state = run.state
        self._detail = ""
        self._told = 0.0
        self._printed = 0.0

    def update(self, run: Run, view: RunView) -> None:
        """Print what is new, at a pace that can be read."""
        now = time.monotonic()
        if run.state is not self._state and run.state.active:
            self._state = run.state
            once = ", once: later runs find it made" if run.state is RunState.BUILDING else ""
            print(f"{run.state.value}{once}", flush=True)
        same = _NUMBERS.sub("", run.detail) == _NUMBERS.sub("", self._detail)
        if run.state.active and run.detail != self._detail and now - self._told > (_MORE_S if same else _NEWS_S):
            self._detail, self._told = run.detail, now
            if run.detail and (run.state is not RunState.PENDING or run.waits):
                print(f"{self._clock(run)}{one_line(run.detail, 400 if run.waits else 120)}", flush=True)
        if now - self._printed > _PERIOD_S:
            self._printed = now
            self._print_points(run, view)

    def close(self, run: Run, view: RunView) -> None:
        """Print the points that came last."""
        self._print_points(run, view)

    def _print_points(self, run: Run, view: RunView) -> None:
        groups = _by_x(self._news.take(view.metrics))
        if len(groups) > _LINES:
            left_out = sum(map(len, groups[:-_LINES]))
            print(f"{self._clock(run)}… {left_out} points not printed (all of them: mltui metrics {run.id})")
        for group in groups[-_LINES:]:
            print(f"{self._clock(run)}{_points_text(group)}")
        if groups:
            sys.stdout.flush()

    def _clock(self, run: Run) -> str:
        return f"{format_duration(elapsed(run) if run.started else time.time() - run.created):>7}  "


def _by_x(points: Sequence[MetricPoint]) -> list[list[MetricPoint]]:
    """Points of one x that follow one another belong on one line."""
    groups: list[list[MetricPoint]] = []
    for point in points:
        if groups and groups[-1][0].axis == point.axis and groups[-1][0].x == point.x:
            groups[-1].append(point)
        else:
            groups.append([point])
    return groups


def _points_text(group: Sequence[MetricPoint]) -> str:
    values = "  ".join(f"{one_line(point.name, 60)} {format_value(point.value)}" for point in group[:_VALUES])
    more = f"  and {len(group) - _VALUES} more" if len(group) > _VALUES else ""
    return f"{one_line(x_text(group[0].axis, group[0].x))}  {values}{more}"


def _tell_end(folder: RunFolder, run: Run, view: RunView) -> None:
    colour = "green" if run.state is RunState.FINISHED else "yellow" if run.state is RunState.STOPPED else "red"
    took = f" after {format_duration(elapsed(run))}" if run.started else ""
    print(paint(f"Run {run.id} {run.state}{took}.", colour) + (f" {one_line(run.detail)}" if run.detail else ""))
    if run.hint and run.state is not RunState.FAILED:
        print(one_line(run.hint))
    series = key_series(view.metrics)
    if series:
        print(f"{one_line(series.name)}: last {format_value(series.last)}, best {one_line(best_text(series))}")
    if run.state is RunState.FAILED:
        _print_last_lines(run, view)
        print_report(run, folder, view.metrics)
    if (outputs := outputs_text(folder)) != "empty":
        print(f"Outputs: {clean(str(folder.outputs))} ({outputs})")
    sys.stdout.flush()


def _print_last_lines(run: Run, view: RunView) -> None:
    buffer, option = (view.log, "") if run.started else (view.build, " --build")
    lines = [line.text for line in buffer.lines if line.text.strip()][-_LAST_LINES:]
    for line in lines:
        print(f"  {one_line(line, 400)}")
    if lines:
        print(f"All of it: mltui logs {run.id}{option}")
