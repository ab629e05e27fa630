"""Runs that wait for GPUs, on a real engine that sets GPUs up for real, with the simulated driver telling who is on
them.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from mltui.domain.run import Run, RunState
from mltui.runtime.starting import Wish
from tests.runtime.conftest import HOLD, Runs, until
from tests.support.dockerd import PrivateDockerd
from tests.support.nvml.simulated import board, write

ROOT = Path(__file__).parents[2]
UUIDS = tuple(str(board(index)["uuid"]) for index in range(2))
#: Idle, as ``board`` itself is not.
IDLE = {"mem_used": 0, "util": 0}
SEES = "echo gpus=$NVIDIA_VISIBLE_DEVICES; "


def going(runs: Runs, run: Run) -> Run:
    """The run once it runs."""
    return until(lambda: runs.now(run), lambda now: now.state is RunState.RUNNING)


def waiting(runs: Runs, run: Run, text: str = "Waits for") -> Run:
    """The run once its record says that it waits, and for what."""
    return until(lambda: runs.now(run), lambda now: now.waits and text in now.detail)


def test_a_free_gpu_is_taken_by_its_uuid_and_why_is_said(gpu_runs: Runs) -> None:
    """At once: record, container and the docker line name it."""
    run = gpu_runs.launch(SEES + HOLD, gpus="auto")
    assert run.gpus == UUIDS[:1]
    assert run.notes == "GPU 0: 80.0 of 80.0 GiB free, 0 %, nobody on it."
    assert f"device={UUIDS[0]}" in run.command
    gpu_runs.go(run)
    done = gpu_runs.ended(run)
    assert (done.state, done.gpus) == (RunState.FINISHED, UUIDS[:1])
    assert gpu_runs.log(run)[1] == f"gpus={UUIDS[0]}\n".encode()


def test_a_third_run_waits_for_two_gpus_and_takes_the_one_that_becomes_free(gpu_runs: Runs) -> None:
    """It says its place and who has the GPUs; nothing of it exists on the engine before."""
    first, second, third = (gpu_runs.launch(SEES + HOLD, gpus="auto") for _ in range(3))
    assert {first.gpus, second.gpus} == {UUIDS[:1], UUIDS[1:]}
    assert (third.state, third.gpus, third.notes) == (RunState.PENDING, (), "")
    holders = f"GPU 0 is held by run {first.id} (demo), GPU 1 by run {second.id} (demo)"
    assert third.detail == f"Waits for a GPU: place 1 of 1; {holders}"
    going(gpu_runs, first)
    assert gpu_runs.engine.find(third.id) is None
    gpu_runs.go(first)
    now = going(gpu_runs, third)
    assert now.gpus == first.gpus
    assert now.notes.startswith("GPU 0: ")
    assert f"device={first.gpus[0]}" in now.command
    for run in (second, third):
        gpu_runs.go(run)
        gpu_runs.ended(run)
    assert gpu_runs.log(third)[1] == f"gpus={first.gpus[0]}\n".encode()


def test_a_process_of_somebody_else_is_waited_for(gpu_runs: Runs, gpus: Path) -> None:
    """Whoever it is; the text follows what changes."""
    alien = {"mem_used": 40 << 30, "procs": f"{os.getpid()}:{40 << 30}"}
    write(gpus, board(0) | alien, board(1) | IDLE | {"error": 15})
    run = gpu_runs.launch(SEES, gpus=1)
    assert f"place 1 of 1; GPU 0 is held by process {os.getpid()} (" in run.detail
    write(gpus, board(0) | IDLE | {"util": 70}, board(1) | IDLE | {"error": 15})
    waiting(gpu_runs, run, "somebody who is not seen here (80.0 of 80.0 GiB free, 70 %)")
    write(gpus, board(0) | IDLE, board(1) | IDLE | {"error": 15})
    assert gpu_runs.ended(run).gpus == UUIDS[:1]


def test_who_names_a_gpu_does_not_wait(gpu_runs: Runs) -> None:
    """It gets it, its record has it by UUID, and says who is on it; others keep off."""
    first = gpu_runs.launch(HOLD, gpus="auto")
    named = gpu_runs.launch(SEES + HOLD, gpus=["0"])
    assert named.notes == f"It insists on its GPUs: GPU 0 is held by run {first.id} (demo)."
    assert (named.gpus, named.state) == (UUIDS[:1], RunState.PENDING)
    going(gpu_runs, named)
    everything = gpu_runs.launch(HOLD, gpus="all")
    assert everything.gpus == UUIDS
    waits = gpu_runs.launch("true", gpus="auto")
    assert f"GPU 1 by run {everything.id}" in waits.detail
    for run in (first, named, everything):
        gpu_runs.go(run)
    assert gpu_runs.ended(waits).state is RunState.FINISHED


def test_a_waiting_run_is_stopped(gpu_runs: Runs) -> None:
    """It ends before it started, and those behind it move up."""
    holder = gpu_runs.launch(HOLD, gpus=2)
    first, second = gpu_runs.launch("true", gpus="auto"), gpu_runs.launch("true", gpus="auto")
    assert "place 2 of 2" in second.detail
    gpu_runs.launcher.stop(first)
    done = gpu_runs.ended(first)
    assert (done.state, done.detail) == (RunState.STOPPED, "Stopped before it started.")
    waiting(gpu_runs, second, "place 1 of 1")
    gpu_runs.go(holder)
    assert gpu_runs.ended(second).state is RunState.FINISHED


def test_a_killed_supervisor_of_a_waiting_run(gpu_runs: Runs) -> None:
    """The run is taken up again, keeps its place and starts as it would have, with its own parameters."""
    holder = gpu_runs.launch(HOLD, gpus=2)
    profile = gpu_runs.profile(SEES + "echo lr=${lr}".replace("$", ""), gpus="auto", params={"lr": 0.5})
    run = gpu_runs.launcher.launch(profile, Wish({"lr": "0.25"}))
    gpu_runs.launched.append(run)
    behind = gpu_runs.launch("true", gpus="auto")
    gpu_runs.kill_supervisor(run)
    until(lambda: gpu_runs.launcher.folder(run.id).supervised)
    assert "place 1 of 2" in waiting(gpu_runs, run).detail
    gpu_runs.go(holder)
    done = gpu_runs.ended(run)
    assert (done.state, done.gpus, done.params) == (RunState.FINISHED, UUIDS[:1], {"lr": 0.25})
    assert b"gpus=" + UUIDS[0].encode() in gpu_runs.log(run)[1]
    assert gpu_runs.ended(behind).state is RunState.FINISHED


def test_everybody_is_killed_while_a_run_waits(gpu_runs: Runs) -> None:
    """Viewers come back later, as after a reboot: the claim of the run that has vanished is given back."""
    holder = gpu_runs.launch(HOLD, gpus=2)
    run = gpu_runs.launch(SEES, gpus="auto")
    container = going(gpu_runs, holder).container_id
    gpu_runs.kill_supervisor(run)
    gpu_runs.kill_supervisor(holder)
    gpu_runs.engine.remove(container, force=True)
    gpu_runs.open()
    assert gpu_runs.launcher.adopt() == 2
    assert gpu_runs.ended(holder).state is RunState.LOST
    assert gpu_runs.ended(run).state is RunState.FINISHED


def test_a_secret_is_taken_from_whoever_takes_the_run_up(gpu_runs: Runs, monkeypatch: pytest.MonkeyPatch) -> None:
    """It was never stored, which the record says; without it the run fails with a sentence."""
    monkeypatch.setenv("WANDB_API_KEY", "first")
    keys = {"gpus": "auto", "environment": ["WANDB_API_KEY"]}
    holder = gpu_runs.launch(HOLD, gpus=2)
    runs = [gpu_runs.launch("echo $WANDB_API_KEY", **keys) for _ in range(2)]
    # While they are stopped none takes up the other before this process does.
    for run in runs:
        os.kill(gpu_runs.supervisor(run) or 0, signal.SIGSTOP)
    monkeypatch.setenv("WANDB_API_KEY", "second")
    gpu_runs.kill_supervisor(runs[0])
    gpu_runs.launcher.adopt()
    os.kill(gpu_runs.supervisor(runs[0]) or 0, signal.SIGSTOP)
    monkeypatch.delenv("WANDB_API_KEY")
    gpu_runs.kill_supervisor(runs[1])
    gpu_runs.launcher.adopt()
    os.kill(gpu_runs.supervisor(runs[0]) or 0, signal.SIGCONT)
    failed = gpu_runs.ended(runs[1])
    assert failed.state is RunState.FAILED
    assert "without the environment of its launch" in failed.detail
    assert "WANDB_API_KEY is taken from your environment and is not set there" in failed.detail
    assert failed.hint == f"Launch it again from where it has that: mltui rerun {runs[1].id}"
    gpu_runs.go(holder)
    done = gpu_runs.ended(runs[0])
    assert gpu_runs.log(runs[0])[1] == b"second\n"
    assert "which gave its own WANDB_API_KEY in place of those of the launch" in done.notes
    assert "second" not in "".join(map(str, (done.notes, done.command, done.detail)))


def test_a_claim_is_given_back_when_a_run_fails(gpu_runs: Runs, private_dockerd: PrivateDockerd) -> None:
    """Also before its container started."""
    with private_dockerd.failing_gpus("nvidia-container-cli: initialization error: nvml error: driver not loaded"):
        failed = gpu_runs.ended(gpu_runs.launch("true", gpus=2))
    assert (failed.state, failed.reason, failed.gpus) == (RunState.FAILED, "gpu", UUIDS)
    assert gpu_runs.launch("true", gpus=2).gpus == UUIDS


@contextlib.contextmanager
def other_mltui(runs: Runs, profile: Path, count: int) -> Iterator[subprocess.Popen[bytes]]:
    """Another mltui of the same home, that launches so many runs when it is told to."""
    script = (
        "import sys\nfrom pathlib import Path\nfrom mltui.engines.base import EngineChoice\n"
        "from mltui.plugins import make_engine\nfrom mltui.runtime.launcher import Launcher\n"
        "from mltui.storage.history import RunDatabase\nfrom mltui.storage.profiles import load_profile\n"
        "home, url, path, count = Path(sys.argv[1]), *sys.argv[2:]\nengine = make_engine('docker', url)\n"
        "choose = lambda wish: EngineChoice(engine, engine.info())\n"
        "launcher = Launcher(home, RunDatabase(home / 'runs.db'), choose, make_engine)\n"
        "profile = load_profile(path)\nsys.stdin.readline()\n"
        "for _ in range(int(count)):\n    print(launcher.launch(profile).id, flush=True)\n"
    )
    command = [sys.executable, "-c", script, str(runs.home), runs.endpoint, str(profile), str(count)]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def test_eight_runs_of_two_mltui_on_two_gpus_never_overlap(gpu_runs: Runs) -> None:
    """Each has a GPU of its own for as long as it runs, and each of them gets one."""
    profile = gpu_runs.profile(SEES + "sleep 0.3", gpus="auto").path
    assert profile
    with other_mltui(gpu_runs, profile, 4) as one, other_mltui(gpu_runs, profile, 4) as other:
        for process in (one, other):
            assert process.stdin
            process.stdin.write(b"\n")
            process.stdin.flush()
        ids = [line.decode() for process in (one, other) for line in (process.communicate()[0]).splitlines()]
    runs = [run for run in gpu_runs.database.runs() if run.id in ids]
    gpu_runs.launched += runs
    assert len(runs) == 8
    done = [gpu_runs.ended(run) for run in runs]
    assert {run.state for run in done} == {RunState.FINISHED}
    for uuid in UUIDS:
        spans = sorted((run.started or 0, run.finished or 0) for run in done if run.gpus == (uuid,))
        assert spans
        assert all(end <= begin for (_, end), (begin, _) in itertools.pairwise(spans))
    seen = [gpu_runs.log(run)[1].decode().strip() for run in done]
    assert seen == [f"gpus={run.gpus[0]}" for run in done]


def test_the_order_of_a_sweep_on_the_gpus(gpu_runs: Runs) -> None:
    """As many at once as there are GPUs, in the order of the values."""
    profile = gpu_runs.profile(HOLD, gpus="auto", params={"lr": 0.5})
    runs = gpu_runs.launcher.launch_sweep(profile, Wish(), {"lr": ("1", "2", "3", "4")})
    gpu_runs.launched += runs
    assert [bool(run.gpus) for run in runs] == [True, True, False, False]
    gpu_runs.go(runs[0])
    going(gpu_runs, runs[2])
    assert gpu_runs.now(runs[3]).waits
    for run in runs[1:]:
        gpu_runs.go(run)
    assert {gpu_runs.ended(run).state for run in runs} == {RunState.FINISHED}


def test_a_sweep_on_the_cpu_goes_one_after_another(local_runs: Runs) -> None:
    """In the order of the values; a run that is killed lets the next one go."""
    profile = local_runs.profile(HOLD, params={"lr": 0.5})
    runs = local_runs.launcher.launch_sweep(profile, Wish(), {"lr": ("1", "2", "3")})
    local_runs.launched += runs
    going(local_runs, runs[0])
    assert local_runs.now(runs[1]).detail == "Waits for its turn in the sweep, one after another: place 1 of 2"
    local_runs.launcher.kill(local_runs.now(runs[0]))
    local_runs.ended(runs[0])
    going(local_runs, runs[1])
    assert local_runs.now(runs[2]).waits
    for run in runs[1:]:
        local_runs.go(run)
        assert local_runs.ended(run).state is RunState.FINISHED


def test_two_at_a_time(local_runs: Runs) -> None:
    """``parallel`` says how many go on at once."""
    profile = local_runs.profile(HOLD, params={"lr": 0.5})
    runs = local_runs.launcher.launch_sweep(profile, Wish(), {"lr": ("1", "2", "3")}, parallel=2)
    local_runs.launched += runs
    for run in runs[:2]:
        going(local_runs, run)
    assert local_runs.now(runs[2]).waits
    local_runs.go(runs[1])
    going(local_runs, runs[2])
    for run in runs:
        local_runs.go(run)
