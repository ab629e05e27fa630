"""``mltui runs``, ``show``, ``stop`` and ``kill``."""

from __future__ import annotations

import os
import sys
import time
from argparse import Namespace
from collections.abc import Iterator, Sequence
from contextlib import closing, suppress
from dataclasses import asdict
from typing import TYPE_CHECKING

from mltui.cli.diagnosis import print_report, report_value
from mltui.cli.output import STATE_COLOURS, paint, print_json, print_table, say
from mltui.cli.series import print_series
from mltui.cli.session import open_launcher
from mltui.domain.errors import MltuiError, NotFound, UsageError
from mltui.domain.figures import UNKNOWN, counted, format_bytes, format_duration, format_value
from mltui.domain.limits import change_text
from mltui.domain.metric import left_out_text
from mltui.domain.scale import format_x
from mltui.domain.text import clean, one_line
from mltui.domain.used import Used, used, used_cells
from mltui.runtime.metric_summary import best, key_series, of_kind, read_metrics
from mltui.storage.locations import full_disk
from mltui.storage.sample_file import SampleReader

if TYPE_CHECKING:
    from mltui.domain.metric import MetricStore
    from mltui.domain.run import Run
    from mltui.runtime.launcher import Launcher
    from mltui.storage.run_folder import RunFolder

#: How long after its engine said so a run's record may take to say that it ended.
_RECORD_S = 15.0


def list_runs(args: Namespace) -> int:
    """Print the newest runs."""
    launcher = open_launcher(args)
    runs = (
        launcher.database.group(args.group)
        if args.group is not None
        else launcher.database.runs(limit=sys.maxsize if args.all else args.limit)
    )
    if args.json:
        for run in runs:
            print_json(run_value(launcher, run))
    elif args.group is not None:
        _print_sweep(launcher, runs)
    elif runs:
        headers = ("RUN", "PROFILE", "STATE", "AGE", "TOOK", "METRIC", "LAST", "BEST @ X", "ENGINE")
        print_table(headers, (_row(launcher, run) for run in runs), right="AGE TOOK LAST", states="STATE")
        _say_full_disk(launcher, runs)
    else:
        say("There is no run yet. Start one with: mltui run PROFILE, or mltui demo")
    return 0


def _say_full_disk(launcher: Launcher, runs: Sequence[Run]) -> None:
    """Runs that go on stand still where nothing can be recorded."""
    if any(run.state.active for run in runs) and (full := full_disk(launcher.home)):
        say(full)


def _row(launcher: Launcher, run: Run) -> tuple[str, ...]:
    series = key_series(read_metrics(launcher.folder(run.id)))
    found = best(series) if series else None
    metric = (series.name, format_value(series.last)) if series else ("", "")
    where = f"{format_value(found.value)} @ {format_x(found.x)}" if found else ""
    age, took = format_duration(time.time() - run.created), format_duration(elapsed(run))
    return (run.id, run.profile, run.state.value, age, took, *metric, where, run.engine)


def _print_sweep(launcher: Launcher, runs: Sequence[Run]) -> None:
    """The runs beside the values that differ between them."""
    names = [name for name in runs[0].params if len({repr(run.params.get(name)) for run in runs}) > 1]
    rows = []
    for run in runs:
        run_id, _, state, _, took, *rest = _row(launcher, run)
        rows.append((run_id, *(one_line(str(run.params.get(name, "")), 40) for name in names), state, took, *rest))
    print_table(("RUN", *names, "STATE", "TOOK", "METRIC", "LAST", "BEST @ X", "ENGINE"), rows, "TOOK LAST", "STATE")


def elapsed(run: Run) -> float | None:
    """Seconds that it ran, or has run until now; ``None`` for one that never started."""
    if run.started is None:
        return None
    return (run.finished or time.time()) - run.started


def run_value(launcher: Launcher, run: Run) -> dict[str, object]:
    """A run's record as JSON has it, with the folder of its outputs and the metric that matters most."""
    folder = launcher.folder(run.id)
    store = read_metrics(folder)
    series = key_series(store)
    summary = metric_values(store)
    return asdict(run) | {
        "duration": elapsed(run),
        "outputs": str(folder.outputs),
        "metric": next((one for one in summary if series and one["name"] == series.name), None),
        "metrics": summary,
        "values_left_out": store.left_out,
    }


def metric_values(store: MetricStore) -> list[dict[str, object]]:
    """One object a series: how many points, the last and the best."""
    values: list[dict[str, object]] = []
    for series in of_kind(store):
        found = best(series)
        values.append(
            {
                "name": series.name,
                "axis": series.key.axis,
                "points": len(series),
                "x": series.x[-1],
                "last": series.last,
                "best": found.value if found else None,
                "best_x": found.x if found else None,
            }
        )
    return values


def show(args: Namespace) -> int:
    """Print all that is known of a run."""
    launcher = open_launcher(args)
    run = launcher.database.find(args.run)
    folder = launcher.folder(run.id)
    store = read_metrics(folder)
    _say_full_disk(launcher, [run])
    if args.json:
        print_json(run_value(launcher, run) | _used_value(run, folder) | report_value(run, folder, store))
        return 0
    for name, text in _facts(folder, run):
        colour = STATE_COLOURS[run.state.value] if name == "state" else ""
        print(f"{paint(f'{name:<10}', 'bold')} {paint(clean(text), colour)}")
    print_report(run, folder, store)
    _print_metrics(store)
    _print_used(_used(run, folder))
    if run.command:
        print(f"\n{paint(run.command_title, 'bold')}\n{clean(run.command)}")
    return 0


def _facts(folder: RunFolder, run: Run) -> Iterator[tuple[str, str]]:
    yield "run", run.id
    yield "profile", f"{run.profile}  {run.profile_path}".rstrip()
    yield "state", f"{run.state.value}: {one_line(run.detail)}" if run.detail else run.state.value
    if run.hint:
        yield "", run.hint
    if run.exit_code is not None:
        yield "exit code", str(run.exit_code)
    if run.notes:
        yield "decided", one_line(run.notes)
    yield "engine", f"{run.engine}  {run.endpoint}".rstrip()
    yield "image", f"{run.image}  {run.image_id[:19]}".rstrip()
    yield "container", f"{run.container_name}  {run.container_id[:12]}" if run.container_id else "none"
    yield "gpus", run.gpus_title
    if run.group_id:
        yield "sweep", run.group_id
    for change in run.changes:
        yield "changed", f"{_moment(change.time)}  {change_text(change)}"
    yield "created", _moment(run.created)
    yield "started", _moment(run.started)
    yield "finished", _moment(run.finished)
    yield "took", format_duration(elapsed(run))
    yield "params", _params(run)
    yield "outputs", f"{folder.outputs}  {outputs_text(folder)}"


def _moment(seconds: float | None) -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(seconds)) if seconds else UNKNOWN


def _params(run: Run) -> str:
    """``epochs=5  batch_size=64*``: a star marks what the launch changed."""
    values = (f"{name}={value}{'*' if name in run.overrides else ''}" for name, value in run.params.items())
    return "  ".join(values) or "none"


def outputs_text(folder: RunFolder) -> str:
    """``3 files, 1.2 MiB``."""
    files, size = 0, 0
    for within, _, names in os.walk(folder.outputs):
        for name in names:
            # A training that goes on may take it away, or give it its final name, in this moment.
            with suppress(OSError):
                size += os.lstat(os.path.join(within, name)).st_size
                files += 1
    return f"{counted(files, 'file')}, {format_bytes(size)}" if files else "empty"


def _used(run: Run, folder: RunFolder) -> list[Used]:
    """What it used, of a run that has ended."""
    if run.state.active:
        return []
    with closing(SampleReader(folder.samples)) as samples:
        samples.poll()
    return used(samples.names, samples.rows)


def _used_value(run: Run, folder: RunFolder) -> dict[str, object]:
    figures = ("what", "unit", "average", "peak", "limit")
    return {"used": [{name: getattr(one, name) for name in figures} for one in _used(run, folder)]}


def _print_used(found: Sequence[Used]) -> None:
    if found:
        print()
        print_table(("USED", "AVERAGE", "", "PEAK", "", ""), used_cells(found), right="AVERAGE PEAK")


def _print_metrics(store: MetricStore) -> None:
    found = of_kind(store)
    if not found:
        return
    print()
    print_series(found)
    if store.left_out:
        print(left_out_text(store.left_out))


def stop(args: Namespace) -> int:
    """Ask a run to end and wait until it has."""
    if (args.run is None) == (args.group is None):
        raise UsageError("mltui stop needs a RUN or --group ID.", "For example: mltui stop last")
    if args.group is not None:
        return _stop_sweep(args)
    launcher, run = _active(args)
    launcher.stop(run, args.grace)
    return _tell_end(launcher, run)


def _stop_sweep(args: Namespace) -> int:
    launcher = open_launcher(args)
    runs = [run for run in launcher.database.group(args.group) if run.state.active]
    if not runs:
        raise MltuiError("All runs of the sweep have ended already.")
    failures = launcher.end_all(runs, grace=args.grace)
    for failure in failures:
        say(f"mltui: {failure}")
    return max([_tell_end(launcher, run) for run in runs] + [1 if failures else 0])


def kill(args: Namespace) -> int:
    """End a run at once."""
    launcher, run = _active(args)
    launcher.kill(run)
    return _tell_end(launcher, run)


def _active(args: Namespace) -> tuple[Launcher, Run]:
    launcher = open_launcher(args)
    run = launcher.database.find(args.run)
    if not run.state.active:
        raise MltuiError(f"Run {run.id} has ended already: {run.state}.")
    return launcher, run


def _tell_end(launcher: Launcher, run: Run) -> int:
    now = wait_for_end(launcher, run)
    if now.state.active:
        say(f"Run {run.id} was asked to end and is still {now.state}. Watch it with: mltui show {run.id}")
        return 1
    print(f"Run {run.id} {now.state}.")
    return 0


def wait_for_end(launcher: Launcher, run: Run) -> Run:
    """The run once its record says that it ended, or as it is when that takes too long."""
    end = time.monotonic() + _RECORD_S
    while True:
        now = launcher.database.get(run.id)
        if now is None:
            raise NotFound(f"Run {run.id} was removed meanwhile.")
        if not now.state.active or time.monotonic() > end:
            return now
        time.sleep(0.05)
