"""Several runs looked at together: the watcher keeps the series of each up to date."""

from __future__ import annotations

import threading
from pathlib import Path

from mltui.domain.metric import MetricPoint
from mltui.engines.base import EngineChoice
from mltui.plugins import make_engine
from mltui.runtime.launcher import Launcher
from mltui.runtime.watcher import Watcher
from mltui.storage.history import RunDatabase
from mltui.storage.metric_writer import MetricWriter


def no_engine(wish: str) -> EngineChoice:
    """Looking at records needs none."""
    raise AssertionError(wish)


def watcher_of(home: Path) -> tuple[Watcher, dict[str, MetricWriter]]:
    """A watcher, and runs a to j that are being written."""
    launcher = Launcher(home, RunDatabase(home / "runs.db"), no_engine, make_engine)
    writers = {}
    for run_id in "abcdefghij":
        folder = launcher.folder(run_id)
        folder.make()
        writers[run_id] = MetricWriter(folder.metrics)
    return Watcher(launcher), writers


def write(writer: MetricWriter, x: float) -> None:
    """One more point, on disk."""
    writer.add(MetricPoint("loss", "step", x, 1 / (x + 1)), 1e9 + x)
    writer.flush()


def counts(views: dict[str, object]) -> dict[str, int]:
    """Points read of each run."""
    return {key: sum(map(len, view.metrics.series.values())) for key, view in views.items()}  # type: ignore[attr-defined]


def test_compared_runs_grow_while_another_is_looked_at(mltui_home: Path) -> None:
    """Every poll reads on in all of them; one that is let go of is read no more."""
    watcher, writers = watcher_of(mltui_home)
    watcher.look_at_run("a")
    views = watcher.compare(("b", "c"))
    for x in (0.0, 1.0):
        for run_id in "abc":
            write(writers[run_id], x)
        watcher._poll_view()
    assert counts(views) == {"b": 2, "c": 2}
    kept = watcher.compare(("c",))
    assert kept["c"] is views["c"]
    write(writers["b"], 2.0)
    write(writers["c"], 2.0)
    watcher._poll_view()
    assert counts(views) == {"b": 2, "c": 3}


def test_a_run_keeps_its_view_when_it_is_marked_and_looked_at(mltui_home: Path) -> None:
    """Its points are read once, whichever came first."""
    watcher, writers = watcher_of(mltui_home)
    write(writers["a"], 0.0)
    seen = watcher.look_at_run("a")
    assert watcher.compare(("a", "b"))["a"] is seen
    assert watcher.look_at_run("b") is watcher.compare(("a", "b"))["b"]
    watcher._poll_view()
    assert counts({"a": seen}) == {"a": 1}
    watcher.compare(())
    assert watcher.look_at_run("a") is seen


def test_views_of_runs_looked_at_long_ago_are_closed_and_those_compared_are_not(mltui_home: Path) -> None:
    """Going through the list lets go of what nobody compares."""
    watcher, _ = watcher_of(mltui_home)
    views = watcher.compare(("a", "b"))
    for run_id in "cdefghij":
        watcher.look_at_run(run_id)
    assert len(watcher._views) <= 5
    assert watcher.compare(("a", "b")) == views
    watcher.drop("a")
    assert watcher.compare(("b",)) == {"b": views["b"]}
    watcher._poll_view()
    assert not watcher._retired


def test_the_thread_reads_compared_runs(mltui_home: Path) -> None:
    """The watcher's own thread does so until it is closed."""
    watcher, writers = watcher_of(mltui_home)
    views = watcher.compare(("a",))
    watcher.start()
    write(writers["a"], 0.0)
    came = threading.Event()
    for _ in range(200):
        if counts(views) == {"a": 1}:
            came.set()
            break
        threading.Event().wait(0.05)
    watcher.close()
    watcher._thread.join(10)
    assert came.is_set()
