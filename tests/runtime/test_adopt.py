"""Runs whose supervisor was killed are taken up again: no gap, nothing doubled, the right end."""

from __future__ import annotations

import concurrent.futures
import contextlib
import dataclasses
import os
import signal
from pathlib import Path

import pytest

from mltui.domain.errors import StorageError
from mltui.domain.run import RunState
from mltui.engines.local.shim import _PIPE_SIZE
from mltui.plugins import make_engine
from mltui.runtime.launcher import Launcher
from mltui.runtime.replay import GAP
from mltui.runtime.run_view import RunView
from mltui.storage.history import RunDatabase
from tests.runtime.conftest import HOLD, Runs, until
from tests.support.images import BUSYBOX

#: Prints points and words on both streams, waits, and prints more.
TWO_PARTS = (
    'say() { echo "step $1 - loss: 0.$1"; echo "warn $1" >&2; }; '
    f"for i in 1 2 3; do say $i; done; printf begun; {HOLD}; echo ' and ended'; for i in 4 5 6; do say $i; done; exit 4"
)
OUT = b"".join(b"step %d - loss: 0.%d\n" % (i, i) + b"begun and ended\n" * (i == 3) for i in range(1, 7))
ERR = b"".join(b"warn %d\n" % i for i in range(1, 7))
POINTS = {"loss": [(i, i / 10) for i in range(1, 7)]}


def halfway(runs: Runs, **keys: object):
    run = runs.launch(TWO_PARTS, **keys)
    runs.printed(run, b"begun")
    until(lambda: len(runs.points(run).get("loss", ())), lambda count: count == 3)
    return run


def assert_whole(runs: Runs, run) -> None:
    done = runs.ended(run)
    assert (done.state, done.exit_code) == (RunState.FAILED, 4)
    assert runs.log(run) == {1: OUT, 2: ERR}
    assert runs.points(run) == POINTS
    assert runs.launcher.folder(run.id).supervisor_log.read_text() == ""


def test_the_supervisor_is_killed_in_mid_run(runs: Runs) -> None:
    """Another one takes over where the record stopped, also within a line."""
    run = halfway(runs)
    runs.kill_supervisor(run)
    assert runs.launcher.adopt() == 1
    assert runs.launcher.adopt() == 0
    runs.go(run)
    assert_whole(runs, run)


def test_it_is_killed_again_and_again(runs: Runs) -> None:
    """Any number of times, at whatever point of taking over."""
    run = halfway(runs)
    for _ in range(4):
        runs.kill_supervisor(run)
        runs.launcher.adopt()
    runs.go(run)
    runs.kill_supervisor(run)
    runs.launcher.adopt()
    assert_whole(runs, run)


def test_the_container_ends_while_nobody_watches(runs: Runs) -> None:
    """What it printed meanwhile, its code and its times are the engine's."""
    run = halfway(runs)
    runs.kill_supervisor(run)
    runs.go(run)
    until(lambda: runs.engine.find(run.id).ended)
    runs.launcher.adopt()
    assert_whole(runs, run)


def test_a_flood_that_waits_for_somebody_to_take_it_goes_on(local_runs: Runs) -> None:
    """Shim and supervisor killed: the command waits when its pipe is full, and the next viewer has it go on."""
    runs, script = local_runs, "i=0; while [ $i -lt 60000 ]; do echo words of line $i of a flood; i=$((i+1)); done"
    run = runs.launch(f"echo begun; {HOLD}; {script}")
    runs.printed(run, b"begun")
    process = runs.engine._processes.get(runs.now(run).container_id)
    runs.kill_supervisor(run)
    os.kill(process.pids[1], signal.SIGKILL)
    until(lambda: not process.relayed)
    runs.go(run)
    # What the shim does not take stays in the pipe; the command cannot have come to its end.
    printed = b"begun\n" + b"".join(b"words of line %d of a flood\n" % i for i in range(60000))
    assert len(printed) > 3 * _PIPE_SIZE // 2
    assert process.state == "running"
    assert runs.launcher.adopt() == 1
    done = runs.ended(run)
    same = runs.log(run)[1] == printed
    assert same
    assert (done.state, done.exit_code) == (RunState.LOST, None)


def test_a_flood_that_the_engine_forgot_in_part_says_where(docker_runs: Runs) -> None:
    """Docker's follower leaves out files of a log that rotates faster than it is read: each such place has its mark."""
    runs, count = docker_runs, 100_000
    followed = HOLD.replace("go", "followed")
    # A file of the log takes longer than the shortest hole that is seen.
    lines = f"for at in $(seq 0 1000 {count - 1}); do seq $((at + 1)) $((at + 1000)); sleep 0.02; done"
    flood = f'echo begun; {followed}; echo followed; {HOLD}; {lines}; touch "$MLTUI_OUTPUTS/flooded"; echo done'
    small = {"driver": "json-file", "options": {"max-size": "1m", "max-file": "2"}}
    run = runs.launch(flood, logging=small)
    runs.printed(run, b"begun")
    runs.kill_supervisor(run)
    assert runs.launcher.adopt() == 1
    supervisor = until(lambda: runs.supervisor(run))
    (runs.launcher.folder(run.id).outputs / "followed").touch()
    runs.printed(run, b"followed")
    os.kill(supervisor, signal.SIGSTOP)
    runs.go(run)
    until(lambda: (runs.launcher.folder(run.id).outputs / "flooded").exists())
    os.kill(supervisor, signal.SIGCONT)
    assert runs.ended(run).state is RunState.FINISHED
    first, *parts, last = runs.log(run)[1].removesuffix(b"done\n").partition(b"followed\n")[2].split(GAP)
    spans = [list(map(int, part.split())) for part in (first, *parts, last)]
    assert all(span == list(range(span[0], span[-1] + 1)) for span in spans if span)
    assert spans[-1][-1] == count


def test_the_container_is_removed_while_nobody_watches(runs: Runs) -> None:
    """The run is lost, what was recorded is kept."""
    run = halfway(runs)
    runs.kill_supervisor(run)
    runs.engine.remove(runs.now(run).container_id, force=True)
    runs.launcher.adopt()
    done = runs.ended(run)
    assert (done.state, done.reason, done.detail) == (RunState.LOST, "lost", "Its container vanished.")
    assert runs.points(run) == {"loss": POINTS["loss"][:3]}
    assert b"begun" in runs.log(run)[1]


def test_the_container_is_removed_under_the_supervisors_eyes(runs: Runs) -> None:
    """A run whose container vanishes is lost, and keeps what was recorded."""
    run = halfway(runs)
    runs.engine.remove(runs.now(run).container_id, force=True)
    done = runs.ended(run)
    assert done.state in (RunState.LOST, RunState.FAILED)
    assert b"begun" in runs.log(run)[1]


def test_stopped_while_nobody_watches(runs: Runs) -> None:
    """A stop needs no supervisor; the one that comes later calls the run stopped."""
    run = runs.launch('trap "echo saved; exit 0" TERM; echo ready; while :; do sleep 0.02; done')
    runs.printed(run, b"ready")
    runs.kill_supervisor(run)
    runs.launcher.stop(runs.now(run))
    runs.launcher.adopt()
    assert runs.ended(run).state is RunState.STOPPED
    assert runs.log(run)[1] == b"ready\nsaved\n"


def test_killed_during_the_build(docker_runs: Runs) -> None:
    """Nothing was started, and the record says so."""
    folder = docker_runs.folder / "demo"
    folder.mkdir()
    (folder / "Dockerfile").write_text(f"FROM {BUSYBOX}\nRUN sleep 600\n")
    run = docker_runs.launch("true", image="mltui-test/slow", build=".")
    until(lambda: docker_runs.now(run).detail.startswith("2/3 "))
    docker_runs.kill_supervisor(run)
    docker_runs.launcher.adopt()
    done = docker_runs.ended(run)
    assert (done.state, done.detail) == (RunState.LOST, "It was interrupted before it started.")


def test_stopped_after_the_supervisor_was_killed_during_the_build(docker_runs: Runs) -> None:
    """A stop that was asked for is what the record tells."""
    folder = docker_runs.folder / "demo"
    folder.mkdir()
    (folder / "Dockerfile").write_text(f"FROM {BUSYBOX}\nRUN sleep 600\n")
    run = docker_runs.launch("true", image="mltui-test/slow", build=".")
    until(lambda: docker_runs.now(run).detail.startswith("2/3 "))
    docker_runs.kill_supervisor(run)
    docker_runs.launcher.stop(docker_runs.now(run))
    docker_runs.launcher.adopt()
    assert docker_runs.ended(run).state is RunState.STOPPED


def test_two_viewers_take_up_one_run(runs: Runs) -> None:
    """One of them wins; there is one supervisor."""
    run = halfway(runs)
    runs.kill_supervisor(run)
    viewers = [Launcher(runs.home, runs.database, runs.choose, runs.launcher._engine) for _ in range(6)]
    with concurrent.futures.ThreadPoolExecutor(6) as pool:
        assert sum(pool.map(Launcher.adopt, viewers)) == 1
    pids = [pid for pid in os.listdir("/proc") if pid.isdigit() and _supervises(pid, run.id)]
    assert len(pids) == 1
    runs.go(run)
    assert_whole(runs, run)


def _supervises(pid: str, run_id: str) -> bool:
    try:
        words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except OSError:
        return False
    return b"mltui.runtime.supervisor_process" in words and run_id.encode() in words


def test_a_viewer_sees_the_curve_grow_only(runs: Runs) -> None:
    """While a run is taken up again its curve is never shorter than it was."""
    run = halfway(runs)
    view = RunView(runs.launcher.folder(run.id))
    view.poll()
    runs.kill_supervisor(run)
    runs.launcher.adopt()
    runs.go(run)
    lengths = [3]

    def length() -> int:
        view.poll()
        (series,) = view.metrics.series.values()
        lengths.append(len(series))
        return len(series)

    until(length, lambda count: count == 6, period=0.001)
    assert lengths == sorted(lengths)
    view.close()
    assert_whole(runs, run)


def test_its_metrics_are_read_as_the_profile_says(runs: Runs) -> None:
    """A run that is taken up is read by the patterns of its profile, as before."""
    run = runs.launch(
        f"echo 'at 1 goodness=<5>'; {HOLD}; echo 'at 2 goodness=<7>'",
        metrics={"patterns": [r"at (?P<step>\d+) goodness=<(?P<goodness>\d+)>"]},
    )
    until(lambda: runs.points(run), lambda points: points == {"goodness": [(1, 5)]})
    runs.kill_supervisor(run)
    runs.launcher.adopt()
    runs.go(run)
    runs.ended(run)
    assert runs.points(run) == {"goodness": [(1, 5), (2, 7)]}


def test_a_home_that_lost_its_database(runs: Runs) -> None:
    """The containers' labels bring the runs back, each with its whole curve and log."""
    run = halfway(runs)
    runs.kill_supervisor(run)
    runs.database.close()
    for path in (*runs.home.glob("runs.db*"), *runs.launcher.folder(run.id).path.glob("log*")):
        path.unlink()
    runs.open()
    assert runs.launcher.discover(runs.engine.containers(), runs.engine_name, runs.endpoint) == 1
    assert runs.launcher.discover(runs.engine.containers(), runs.engine_name, runs.endpoint) == 0
    assert runs.launcher.adopt() == 1
    until(lambda: runs.points(run), lambda points: len(points.get("loss", ())) == 3)
    assert runs.now(run).profile == "demo"
    runs.go(run)
    assert_whole(runs, run)
    assert runs.now(run).started


@pytest.mark.docker
def test_a_run_of_another_home_keeps_its_outputs_params_and_profile(docker_runs: Runs, tmp_path: Path) -> None:
    """Found by its label it names the outputs where its container has them; removing it here leaves them there."""
    run = docker_runs.run('echo model > "$MLTUI_OUTPUTS/model"', params={"lr": 0.5, "name": "x"})
    outputs = docker_runs.launcher.folder(run.id).outputs
    home = tmp_path / "other"
    with contextlib.closing(RunDatabase(home / "runs.db")) as database:
        other = Launcher(home, database, docker_runs.choose, make_engine)
        assert other.discover(docker_runs.engine.containers(), docker_runs.engine_name, docker_runs.endpoint) == 1
        found, folder = database.find(run.id), other.folder(run.id)
        assert found.params == {"lr": 0.5, "name": "x"}
        assert folder.outputs == outputs
        assert folder.outputs_elsewhere
        assert folder.profile.read_text() == docker_runs.launcher.folder(run.id).profile.read_text()
        folder.make()
        other.forget(dataclasses.replace(found, state=RunState.LOST))
    assert (outputs / "model").read_text() == "model\n"


def test_a_removed_run_does_not_come_back(runs: Runs) -> None:
    """A list of containers from before the removal brings no record back."""
    run = runs.run("echo done")
    listed = runs.engine.containers()
    assert run.id in [container.run_id for container in listed]
    runs.launcher.remove(run)
    assert runs.launcher.discover(listed, runs.engine_name, runs.endpoint) == 0
    assert not runs.database.runs()


def test_labels_that_are_no_run_ids_are_left_alone(runs: Runs) -> None:
    """An id becomes the name of a folder: what does not look like one is not taken up."""
    run = runs.run("true")
    (found,) = [c for c in runs.engine.containers() if c.run_id == run.id]
    for odd in ("", "../../x", "a/b", "abcdefghi", "abc\x1b[2Jx", "äbcdefgh"):
        assert runs.launcher.discover([dataclasses.replace(found, run_id=odd)], runs.engine_name, runs.endpoint) == 0


def test_one_run_that_cannot_be_taken_up_does_not_keep_the_others(local_runs: Runs) -> None:
    """Every run is tried before the failure is told."""
    runs = local_runs
    first, second = runs.launch(HOLD), halfway(runs)
    until(lambda: runs.now(first).state, lambda state: state is RunState.RUNNING)
    runs.go(first)
    for run in (first, second):
        # The first may end by itself meanwhile.
        if pid := runs.supervisor(run):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
    until(lambda: runs.launcher.folder(second.id).supervised, lambda held: not held)
    runs.database.update(first.id, state=RunState.RUNNING, id="blocked2")
    (runs.home / "runs/blocked2").write_text("a file where a folder should be")
    with pytest.raises(StorageError, match="blocked2"):
        runs.launcher.adopt()
    runs.go(second)
    assert_whole(runs, second)
