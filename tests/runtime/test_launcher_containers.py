"""Containers and the runs they belong to: ended together, taken up by their owner, never removed by surprise."""

from __future__ import annotations

import dataclasses
import os

import pytest

from mltui.domain.container import Container
from mltui.domain.errors import EngineError, UsageError
from mltui.domain.run import Run, RunState
from tests.runtime.conftest import HOLD, Runs, until


def container_of(runs: Runs, run: Run) -> Container:
    return next(one for one in runs.engine.containers() if one.run_id == run.id)


def running(runs: Runs) -> Run:
    run = runs.launch(f"echo ready; {HOLD}")
    runs.printed(run, b"ready")
    return until(lambda: runs.now(run), lambda now: now.state is RunState.RUNNING)


def test_an_ended_run_whose_container_runs_again_is_not_removed_by_surprise(docker_runs: Runs) -> None:
    """Only by force."""
    runs = docker_runs
    run = runs.launch('[ -e "$MLTUI_OUTPUTS/again" ] && sleep 1000; touch "$MLTUI_OUTPUTS/again"')
    done = runs.ended(run)
    runs.engine.restart(done.container_id)
    with pytest.raises(UsageError, match="is running"):
        runs.launcher.remove(done)
    assert runs.engine.inspect(done.container_id).state == "running"
    assert runs.launcher.folder(run.id).path.exists()
    runs.launcher.remove(done, force=True)
    assert runs.engine.find(run.id) is None
    assert runs.database.get(run.id) is None


@pytest.mark.parametrize("how", ["stop", "kill"])
def test_a_container_ends_as_its_run(runs: Runs, how: str) -> None:
    """The record says that a person ended it."""
    run = running(runs)
    runs.launcher.end_container(runs.engine, container_of(runs, run), how, *([0] if how == "stop" else []))
    assert runs.ended(run).state is RunState.STOPPED
    assert runs.now(run).detail.endswith(" on request.")


def test_a_running_container_is_removed_by_force_as_its_run_ends(runs: Runs) -> None:
    """Its run is stopped, with its record whole, and not lost."""
    run = running(runs)
    container = container_of(runs, run)
    with pytest.raises(EngineError, match="is running"):
        runs.launcher.remove_container(runs.engine, container)
    assert runs.now(run).state is RunState.RUNNING
    runs.launcher.remove_container(runs.engine, container, force=True)
    done = runs.ended(run)
    assert (done.state, done.exit_code) == (RunState.STOPPED, 137)
    assert runs.engine.find(run.id) is None


def test_a_run_that_is_lost_says_so_in_words(runs: Runs) -> None:
    """No id of a container, which says nothing to anybody."""
    run = running(runs)
    supervisor = runs.supervisor(run)
    os.kill(supervisor, 19)
    runs.engine.remove(run.container_id, force=True)
    os.kill(supervisor, 18)
    done = runs.ended(run)
    assert (done.state, done.detail) == (RunState.LOST, "Its container was removed while it ran.")


def test_runs_of_others_are_left_alone(runs: Runs) -> None:
    """Whose label names another user stays a container; one without the label counts as one's own."""
    done = runs.run("true")
    found = container_of(runs, done)
    assert found.labels["mltui.owner"] == str(os.getuid())
    runs.launcher.forget(done)
    other = dataclasses.replace(found, labels={**found.labels, "mltui.owner": str(os.getuid() + 1)})
    assert runs.launcher.discover([other], runs.engine_name, runs.endpoint) == 0
    assert not runs.launcher.folder(done.id).path.exists()
    unnamed = {name: value for name, value in found.labels.items() if name != "mltui.owner"}
    nobodys = dataclasses.replace(found, labels=unnamed)
    assert runs.launcher.discover([nobodys], runs.engine_name, runs.endpoint) == 1


def test_a_run_that_is_found_ended_is_not_shown_as_running(runs: Runs) -> None:
    """Not even until it is taken up, which tells how it ended."""
    done = runs.run("echo all of it; exit 3")
    runs.launcher.forget(done)
    assert runs.launcher.discover(runs.engine.containers(), runs.engine_name, runs.endpoint) == 1
    assert runs.now(done).state is RunState.PENDING
    assert "being taken up" in runs.now(done).detail
    assert runs.launcher.adopt() == 1
    again = runs.ended(done)
    assert (again.state, again.exit_code) == (RunState.FAILED, 3)
    assert runs.log(done)[1] == b"all of it\n"


def test_a_restart_from_here_ends_no_run(docker_runs: Runs) -> None:
    """Though its command answers the stop with its last words and the exit code of success."""
    runs = docker_runs
    mark = '[ -e "$MLTUI_OUTPUTS/again" ] && echo again; touch "$MLTUI_OUTPUTS/again"'
    run = runs.launch(f'trap "echo saved; exit 0" TERM; echo ready; {mark}; {HOLD}')
    runs.printed(run, b"ready")
    until(lambda: runs.now(run).state is RunState.RUNNING)
    runs.launcher.restart_container(runs.engine, container_of(runs, run))
    runs.printed(run, b"again")
    assert runs.now(run).state is RunState.RUNNING
    assert not runs.launcher.folder(run.id).being_restarted
    runs.go(run)
    assert runs.ended(run).state is RunState.FINISHED
    assert runs.log(run)[1] == b"ready\nsaved\nready\nagain\n"


def test_an_ended_run_goes_on_when_its_container_is_started_again(docker_runs: Runs) -> None:
    """Its record is opened, with a mark in the log; a list that is a moment old opens nothing."""
    runs = docker_runs
    run = runs.launch(f'[ -e "$MLTUI_OUTPUTS/again" ] || exec touch "$MLTUI_OUTPUTS/again"; echo anew; {HOLD}; exit 3')
    done = runs.ended(run)
    assert done.state is RunState.FINISHED
    stale = dataclasses.replace(container_of(runs, run), state="running")
    assert runs.launcher.discover([stale], runs.engine_name, runs.endpoint) == 0
    runs.engine.restart(done.container_id)
    assert runs.launcher.discover(runs.engine.containers(), runs.engine_name, runs.endpoint) == 1
    assert runs.now(run).goes_on
    assert runs.launcher.adopt() == 1
    runs.printed(run, b"[mltui] The container was started again.\nanew\n")
    runs.go(run)
    again = runs.ended(run)
    assert (again.state, again.exit_code, again.started) == (RunState.FAILED, 3, done.started)
    assert again.finished > done.finished
    assert runs.launcher.discover(runs.engine.containers(), runs.engine_name, runs.endpoint) == 0
