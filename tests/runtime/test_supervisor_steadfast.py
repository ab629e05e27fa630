"""What does not end a run: an engine that refuses, a log that cannot be read, a fault of ours, a restart."""

from __future__ import annotations

import pickle
import sys
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from mltui import plugins
from mltui.domain.errors import EngineError
from mltui.domain.run import Run, RunState
from mltui.engines.base import Restarts
from mltui.parsers.reader import MetricReader
from mltui.plugins import make_engine
from mltui.runtime import patience, supervisor_process
from tests.runtime.conftest import HOLD, Runs, until


class Faulty:
    """A real engine of which some calls fail, as long as the test says so; it notes what it was asked for."""

    def __init__(self, engine: Any, faults: dict[str, Exception], asked: set[str]) -> None:
        self._engine = engine
        self._faults = faults
        self._asked = asked

    @property
    def __class__(self) -> type:
        """It passes for the engine, also where a protocol's check looks for no attributes that are made up."""
        return type(self._engine)

    def __getattr__(self, name: str) -> Any:
        self._asked.add(name)
        if name in self._faults:
            raise self._faults[name]
        return getattr(self._engine, name)


@pytest.fixture
def taken_up(
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Callable[..., threading.Thread]]:
    """Takes a run up in this process, where its engine can be made to fail."""
    switch = sys.getswitchinterval()
    monkeypatch.setattr(supervisor_process, "_FAILED_S", (0.05,))
    monkeypatch.setattr(patience, "_BACKOFF_S", (0.05,))
    threads: list[threading.Thread] = []

    def take_up(runs: Runs, run: Run, faults: dict[str, Exception], asked: set[str] | None = None) -> threading.Thread:
        asked = set() if asked is None else asked
        monkeypatch.setattr(plugins, "make_engine", lambda *args: Faulty(make_engine(*args), faults, asked))
        folder = runs.launcher.folder(run.id)
        arguments = (runs.home, run.id, folder, pickle.dumps((None, None)))
        thread = threading.Thread(target=supervisor_process._run, args=arguments, daemon=True)
        threads.append(thread)
        thread.start()
        return thread

    yield take_up
    for thread in threads:
        thread.join(60)
        assert not thread.is_alive()
    sys.setswitchinterval(switch)


def left_alone(runs: Runs, script: str) -> Run:
    run = runs.launch(script)
    runs.printed(run, b"one")
    runs.kill_supervisor(run)
    return run


@pytest.mark.parametrize("call", ["inspect", "find", "logs"])
def test_an_engine_that_refuses_ends_no_run(local_runs: Runs, taken_up, call: str) -> None:
    """The record says what the engine said, and goes on when it is over."""
    run = left_alone(local_runs, f"echo one; {HOLD}; echo two")
    faults: dict[str, Exception] = {call: EngineError("Something is broken in the engine.")}
    taken_up(local_runs, run, faults)
    if call == "inspect":
        # Asked for only when the log has ended.
        local_runs.go(run)
    now = until(lambda: local_runs.now(run), lambda now: "Something is broken" in now.detail)
    assert now.state is RunState.RUNNING
    faults.clear()
    until(lambda: local_runs.now(run).detail, lambda detail: not detail)
    local_runs.go(run)
    until(lambda: local_runs.now(run).state is RunState.FINISHED)
    assert local_runs.log(run)[1] == b"one\ntwo\n"


def test_a_log_that_can_never_be_read(local_runs: Runs, taken_up) -> None:
    """The run is waited for all the same, and its log says what is missing."""
    run = left_alone(local_runs, f"echo one; {HOLD}; echo two; exit 3")
    taken_up(local_runs, run, {"logs": EngineError("configured logging driver does not support reading")})
    until(lambda: "does not support reading" in local_runs.now(run).detail)
    local_runs.go(run)
    done = until(lambda: local_runs.now(run), lambda now: not now.state.active)
    assert (done.state, done.exit_code) == (RunState.FAILED, 3)
    assert local_runs.log(run) == {1: b"one\n", 2: b"[mltui] The rest of the log could not be read.\n"}


def test_an_engine_that_keeps_no_log(docker_runs: Runs) -> None:
    """A run without an engine's log is taken up too, and ends as its container does."""
    run = docker_runs.launch(f"echo one; {HOLD}; exit 3", logging={"driver": "none"})
    docker_runs.printed(run, b"one")
    docker_runs.kill_supervisor(run)
    docker_runs.launcher.adopt()
    now = until(lambda: docker_runs.now(run), lambda now: "does not support reading" in now.detail)
    assert now.state is RunState.RUNNING
    docker_runs.go(run)
    done = docker_runs.ended(run)
    assert (done.state, done.exit_code) == (RunState.FAILED, 3)


@pytest.mark.parametrize("call", ["inspect", "find", "logs"])
def test_a_fault_of_ours_ends_no_run(local_runs: Runs, taken_up, call: str) -> None:
    """The supervisor tries again, ever more rarely, and the record says so meanwhile."""
    run = left_alone(local_runs, f"echo one; {HOLD}; echo two")
    faults: dict[str, Exception] = {call: RuntimeError("a bug")}
    taken_up(local_runs, run, faults)
    now = until(lambda: local_runs.now(run), lambda now: "a bug" in now.detail)
    assert now.state is RunState.RUNNING
    assert "taken up again" in now.hint
    faults.clear()
    local_runs.go(run)
    until(lambda: local_runs.now(run).state is RunState.FINISHED)
    assert local_runs.now(run).detail == ""
    assert local_runs.log(run)[1] == b"one\ntwo\n"


def test_a_fault_in_reading_metrics_is_noted(local_runs: Runs, taken_up, monkeypatch: pytest.MonkeyPatch) -> None:
    """The log goes on to be recorded, the points that were there stay, and the record says why there are no more."""
    run = local_runs.launch(f"echo step 1 - loss: 0.5; {HOLD}; echo two")
    until(lambda: local_runs.points(run))
    local_runs.kill_supervisor(run)

    def fail(*_: object) -> None:
        raise RuntimeError("a bug")

    monkeypatch.setattr(MetricReader, "feed", fail)
    taken_up(local_runs, run, {})
    local_runs.go(run)
    done = until(lambda: local_runs.now(run), lambda now: not now.state.active)
    assert "not read to the end, by a fault of mltui (RuntimeError)" in done.notes
    assert local_runs.log(run)[1] == b"step 1 - loss: 0.5\ntwo\n"
    assert len(local_runs.points(run)["loss"]) == 1


@pytest.mark.parametrize("trap", ["", 'trap "echo saved; exit 143" TERM; '])
def test_a_container_that_is_restarted_is_followed_on(docker_runs: Runs, trap: str) -> None:
    """By whomever: the record goes on behind a line that says so, nothing is doubled, the end is the last one."""
    script = f'{trap}n=$(cat "$MLTUI_OUTPUTS/n" 2>/dev/null || echo 0); n=$((n+1)); echo $n > "$MLTUI_OUTPUTS/n"; '
    run = docker_runs.launch(
        f"{script}echo step $n - loss: 0.$n; echo words >&2; {HOLD}; echo done", stop_grace_period="1s"
    )
    docker_runs.printed(run, b"step 1")
    first = until(lambda: docker_runs.now(run), lambda now: now.state is RunState.RUNNING)
    assert isinstance(docker_runs.engine, Restarts)
    docker_runs.engine.restart(first.container_id)
    docker_runs.printed(run, b"step 2")
    assert docker_runs.now(run).state is RunState.RUNNING
    docker_runs.go(run)
    done = docker_runs.ended(run)
    assert (done.state, done.exit_code) == (RunState.FINISHED, 0)
    assert done.started == pytest.approx(first.started, abs=1)
    saved = b"saved\n" if trap else b""
    assert docker_runs.log(run) == {
        1: b"step 1 - loss: 0.1\n" + saved + b"step 2 - loss: 0.2\ndone\n",
        2: b"words\n[mltui] The container was started again.\nwords\n",
    }


def test_a_command_that_calls_its_restart_a_success_is_followed_on(docker_runs: Runs, taken_up) -> None:
    """Exit code 0 after a signal of the engine is waited out: the container may be started again in a moment."""
    run = left_alone(docker_runs, f'trap "echo saved; exit 0" TERM; echo one; {HOLD}; echo done')
    asked: set[str] = set()
    taken_up(docker_runs, run, {}, asked)
    until(lambda: "logs" in asked)
    container = docker_runs.now(run).container_id
    docker_runs.engine.stop(container)
    until(lambda: "told_to_end" in asked)
    docker_runs.engine.start(container)
    until(lambda: docker_runs.log(run)[1], lambda log: log == b"one\nsaved\none\n")
    docker_runs.go(run)
    until(lambda: docker_runs.now(run).state is RunState.FINISHED)
    assert docker_runs.log(run) == {1: b"one\nsaved\none\ndone\n", 2: b"[mltui] The container was started again.\n"}
