"""The viewer's thread for files: the list of runs, the selected view, runs to be taken up."""

from __future__ import annotations

import contextlib
import sqlite3
import threading
from collections.abc import Iterator

import pytest

from mltui.domain.run import Run, RunState
from mltui.runtime import watcher as watcher_module
from mltui.runtime.run_view import RunView
from mltui.runtime.watcher import Watcher
from mltui.storage.history import RunDatabase
from mltui.storage.log_file import LogWriter
from tests.runtime.conftest import HOLD, Runs, until


@pytest.fixture
def watcher(local_runs: Runs) -> Iterator[Watcher]:
    """One that watches."""
    watcher = Watcher(local_runs.launcher)
    watcher.start()
    until(lambda: watcher.version)
    yield watcher
    watcher.close()
    watcher._thread.join(30)
    assert not watcher._thread.is_alive()


def add(runs: Runs, run_id: str, state: RunState = RunState.FINISHED) -> None:
    """A run with one line of log."""
    runs.launcher.folder(run_id).make()
    with LogWriter(runs.launcher.folder(run_id).path) as log:
        log.append(1, run_id.encode() + b"\n", 1.0)
    runs.database.add(Run(run_id, "p", "", "local", "", state=state))


def tick(watcher: Watcher) -> None:
    """Wait until it has looked at everything once more."""
    for _ in range(2):
        watcher._wake.set()
        until(lambda: not watcher._wake.is_set(), period=0.002)


def test_its_version_changes_exactly_with_the_list(local_runs: Runs, watcher: Watcher) -> None:
    """Also when another process writes."""
    before = watcher.version
    tick(watcher)
    assert watcher.version == before
    add(local_runs, "aaaa2222")
    until(lambda: watcher.version, lambda version: version == before + 1)
    assert [run.id for run in watcher.runs] == ["aaaa2222"]
    other = RunDatabase(local_runs.database.path)
    other.update("aaaa2222", detail="from elsewhere")
    until(lambda: watcher.runs[0].detail == "from elsewhere")
    after = watcher.version
    tick(watcher)
    assert watcher.version == after
    other.close()


def test_what_is_looked_at_is_kept_up(local_runs: Runs, watcher: Watcher) -> None:
    """Switching to and fro shows each run's own log, a return finds the same view."""
    for run_id in ("aaaa2222", "bbbb2222"):
        add(local_runs, run_id)
    first = watcher.look_at_run("aaaa2222")
    until(lambda: [line.text for line in first.log.lines] == ["aaaa2222"])
    second = watcher.look_at_run("bbbb2222")
    assert watcher.view is second
    until(lambda: [line.text for line in second.log.lines] == ["bbbb2222"])
    assert watcher.look_at_run("aaaa2222") is first
    with LogWriter(local_runs.launcher.folder("aaaa2222").path) as log:
        log.append(1, b"more\n", 2.0)
    until(lambda: [line.text for line in first.log.lines] == ["aaaa2222", "more"])


def test_views_that_are_not_looked_at_any_more_are_closed(local_runs: Runs, watcher: Watcher) -> None:
    """A few are kept for a quick return; the others let go of their files."""
    views = []
    for letter in "abcdefgh":
        add(local_runs, f"{letter}aaa2222")
        views.append(watcher.look_at_run(f"{letter}aaa2222"))
        until(lambda: views[-1].log.lines)
    tick(watcher)
    assert [view._log is None for view in views] == [True] * 4 + [False] * 4


def test_a_removed_run_is_let_go_of(local_runs: Runs, watcher: Watcher) -> None:
    """Dropping it closes its view; another's stays."""
    for run_id in ("aaaa2222", "bbbb2222"):
        add(local_runs, run_id)
    first, second = watcher.look_at_run("aaaa2222"), watcher.look_at_run("bbbb2222")
    until(lambda: second.log.lines)
    local_runs.launcher.remove(local_runs.database.get("aaaa2222"))
    watcher.drop("aaaa2222")
    assert watcher.view is second
    watcher.drop("bbbb2222")
    watcher.drop("bbbb2222")
    assert watcher.view is None
    tick(watcher)
    assert (first._log, second._log) == (None, None)
    until(lambda: [run.id for run in watcher.runs] == ["bbbb2222"])


def test_selecting_waits_for_no_poll(local_runs: Runs, watcher: Watcher, monkeypatch: pytest.MonkeyPatch) -> None:
    """While one view reads for long another can be selected at once."""
    reading, go_on = threading.Event(), threading.Event()

    class Slow(RunView):
        def poll(self) -> bool:
            reading.set()
            return bool(go_on.wait(60)) and False

    with monkeypatch.context() as patch:
        patch.setattr(watcher_module, "RunView", Slow)
        watcher.look_at_run("aaaa2222")
    assert reading.wait(30)
    selected = threading.Thread(target=lambda: watcher.look_at_run("bbbb2222"), daemon=True)
    selected.start()
    selected.join(30)
    waited = selected.is_alive()
    go_on.set()
    assert not waited


def test_a_database_that_fails_is_said_once(local_runs: Runs, watcher: Watcher) -> None:
    """The sentence stays, the list stays, and the version grows once."""
    add(local_runs, "aaaa2222")
    until(lambda: watcher.runs)
    before = watcher.version
    local_runs.database.close()
    until(lambda: watcher.error)
    assert "cannot be used" in watcher.error
    tick(watcher)
    assert watcher.version == before + 1
    assert len(watcher.runs) == 1


def test_runs_without_a_supervisor_are_taken_up(local_runs: Runs, watcher: Watcher) -> None:
    """Also those whose record is gone, from the engine's list."""
    runs = local_runs
    run = runs.launch(f"echo one; {HOLD}; echo two")
    runs.printed(run, b"one")
    runs.kill_supervisor(run)
    until(lambda: runs.supervisor(run))
    runs.printed(run, b"one")
    runs.kill_supervisor(run)
    runs.database.remove(run.id)
    watcher.containers = runs.engine.containers
    watcher.engine = (runs.engine_name, runs.endpoint)
    until(lambda: runs.database.get(run.id))
    until(lambda: runs.supervisor(run))
    runs.go(run)
    assert runs.ended(run).state is RunState.FINISHED
    assert runs.log(run)[1] == b"one\ntwo\n"


def test_a_fault_of_ours_is_said_and_ends_nothing(
    local_runs: Runs, watcher: Watcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The runs are watched on when it is over."""

    def broken() -> tuple[int, int]:
        raise RuntimeError("a \x1bbug")

    with monkeypatch.context() as patch:
        patch.setattr(local_runs.database, "version", broken)
        until(lambda: watcher.error)
        assert "RuntimeError" in watcher.error
        assert "\x1b" not in watcher.error
    until(lambda: not watcher.error)
    add(local_runs, "aaaa2222")
    until(lambda: [run.id for run in watcher.runs] == ["aaaa2222"])


def test_a_run_that_cannot_be_understood_is_said(local_runs: Runs, watcher: Watcher) -> None:
    """The others are listed."""
    add(local_runs, "aaaa2222")
    add(local_runs, "bbbb2222")
    with contextlib.closing(sqlite3.connect(local_runs.database.path)) as db, db:
        db.execute("UPDATE runs SET state = 'sleeping' WHERE id = 'bbbb2222'")
    until(lambda: "bbbb2222" in watcher.error)
    assert [run.id for run in watcher.runs] == ["aaaa2222"]


def test_a_view_that_follows_nothing_any_more_is_made_anew(local_runs: Runs, watcher: Watcher) -> None:
    """A container that could not be read is tried again when somebody returns to it."""
    first = watcher.look_at_container(local_runs.engine, "0123456789ab")
    until(lambda: first.ended)
    assert watcher.look_at_container(local_runs.engine, "0123456789ab") is not first
    until(lambda: watcher.view.ended)
