"""Limits of runs changed while they go on, on the real engines."""

from __future__ import annotations

from dataclasses import replace

import pytest

from mltui.domain.container import Limits
from mltui.domain.errors import EngineError
from mltui.domain.run import Run, RunState
from mltui.runtime.limits import limits_now
from tests.runtime.conftest import HOLD, Runs, until

MIB = 1 << 20


def running(runs: Runs, script: str, **keys: object) -> Run:
    """A run once it has printed that it is there."""
    run = runs.launch(f"echo ready; {script}", **keys)
    runs.printed(run, b"ready")
    return until(lambda: runs.now(run), lambda now: now.state is RunState.RUNNING)


def test_a_change_is_recorded_and_the_gauges_follow(docker_runs: Runs) -> None:
    """What was before and after stands in the run's record; use is measured against the new limit."""
    run = running(docker_runs, HOLD, mem_limit="256m", cpus=0.5)
    now = docker_runs.launcher.limits_now(run)
    assert now.limits == Limits(0.5, 256 * MIB, None)
    assert now.usage
    assert now.usage.memory
    # A viewer may still hold the run as it was before its container was there.
    before = replace(run, state=RunState.PENDING, container_id="")
    assert docker_runs.launcher.limits_now(before).limits == now.limits
    changes = docker_runs.launcher.change_limits(before, Limits(cpus=1.0, memory=128 * MIB, pids=64))
    assert [(one.what, one.before, one.after) for one in changes] == [
        ("cpus", 0.5, 1.0), ("memory", 256 * MIB, 128 * MIB), ("pids", None, 64),
    ]  # fmt: skip
    assert docker_runs.now(run).changes == changes
    assert all(run.created < one.time for one in changes)
    usage = limits_now(docker_runs.engine, run.container_id).usage
    assert usage
    assert (usage.cpu_limit, usage.memory_limit, usage.pids_limit) == (1.0, 128 * MIB, 64)
    assert limits_now(docker_runs.engine, run.container_id, sampled=usage).usage is usage
    assert docker_runs.launcher.change_limits(run, Limits(pids=64)) == ()
    docker_runs.go(run)
    assert len(docker_runs.ended(run).changes) == 3


def test_use_is_told_by_an_engine_that_tells_it_late(docker_runs: Runs, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the control groups are another machine's, the first figures take the engine a second."""
    monkeypatch.setattr("mltui.engines.docker.usage.find_cgroup", lambda *args, **kwargs: None)
    run = running(docker_runs, HOLD)
    usage = docker_runs.launcher.limits_now(run).usage
    assert usage
    assert usage.cpu is not None
    assert usage.pids
    docker_runs.go(run)


def test_the_end_speaks_of_the_limit_that_it_had_then(docker_runs: Runs) -> None:
    """A run that is killed at a limit that was changed names the new one."""
    run = running(docker_runs, f"{HOLD}; tail /dev/zero", mem_limit="256m")
    docker_runs.launcher.change_limits(run, Limits(memory=32 * MIB))
    docker_runs.go(run)
    done = docker_runs.ended(run)
    assert (done.state, done.reason) == (RunState.FAILED, "oom")
    assert "32.0 MiB" in done.detail


def test_memory_that_is_in_use_is_not_taken_back(docker_runs: Runs) -> None:
    """Either the kernel refuses, which is said and recorded as no change, or the run is killed at the new limit."""
    run = running(docker_runs, f"head -c 60000000 /dev/zero > /dev/shm/x; echo full; {HOLD}", user="0:0")
    docker_runs.printed(run, b"full")
    refused = ""
    try:
        docker_runs.launcher.change_limits(run, Limits(memory=8 * MIB))
    except EngineError as error:
        refused = error.message
    if not refused:
        assert docker_runs.ended(run).reason == "oom"
        return
    assert "uses more than 8.00 MiB" in refused
    assert docker_runs.now(run).changes == ()
    docker_runs.launcher.kill(docker_runs.now(run))
    docker_runs.ended(run)


def test_where_there_is_nothing_to_change(local_runs: Runs) -> None:
    """A local process has no limits; a run that has ended is past changing."""
    run = running(local_runs, HOLD)
    for call in (local_runs.launcher.limits_now, lambda run: local_runs.launcher.change_limits(run, Limits(pids=5))):
        with pytest.raises(EngineError, match="has no limits that could be changed"):
            call(run)
    local_runs.go(run)
    local_runs.ended(run)
