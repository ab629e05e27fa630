"""One run from its launch to its end, through a real supervisor process, on both engines."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
from functools import partial
from pathlib import Path

import docker
import pytest

from mltui.domain.errors import UsageError
from mltui.domain.run import RunState
from mltui.runtime.starting import Wish
from mltui.storage.profiles import load_profile
from tests.runtime.conftest import HOLD, Runs, states, until
from tests.runtime.test_engine_restart import own_engine
from tests.support.images import BUSYBOX

TRAIN = 'for i in 1 2 3; do echo "step $i - loss: 0.$((9-i))"; echo "warning $i" >&2; done; printf unfinished'


def test_a_run_passes_through_its_states_and_its_record_is_whole(runs: Runs) -> None:
    """Pending, building, running, finished; log, points, exit code and times are all there."""
    seen = states(runs.home)
    run = runs.launch(TRAIN)
    assert run.state is RunState.PENDING
    done = runs.ended(run)
    assert seen(run) == ["building", "running", "finished"]
    assert (done.exit_code, done.reason, done.detail) == (0, "", "")
    assert run.created <= done.started <= done.finished
    assert runs.log(run) == {
        1: b"".join(b"step %d - loss: 0.%d\n" % (i, 9 - i) for i in (1, 2, 3)) + b"unfinished",
        2: b"warning 1\nwarning 2\nwarning 3\n",
    }
    assert runs.points(run) == {"loss": [(1, 0.8), (2, 0.7), (3, 0.6)]}
    assert runs.launcher.folder(run.id).supervisor_log.read_text() == ""


def test_the_supervisor_is_nobodys_child(runs: Runs) -> None:
    """It has a session of its own, no terminal, few files; it holds the lock while it lives and leaves no zombie."""
    before = _zombies()
    run = runs.launch(HOLD)
    until(lambda: runs.now(run).state, lambda state: state is RunState.RUNNING)
    pid = runs.supervisor(run)
    assert pid is not None
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    assert int(fields[1]) != os.getpid()
    assert int(fields[3]) == pid
    assert fields[4] == "0"
    assert runs.launcher.folder(run.id).supervised
    # While it starts another program, more of them are open.
    files = until(lambda: _open_files(pid), lambda files: files.count("/dev/null") == 1)
    assert files.count(str(runs.launcher.folder(run.id).path / "lock")) == 1
    assert len(files) < 24
    runs.go(run)
    runs.ended(run)
    until(lambda: not runs.launcher.folder(run.id).supervised)
    assert _zombies() <= before


def _open_files(pid: int) -> list[str]:
    """Those of a process, but for what is closed meanwhile."""
    files = []
    for number in os.listdir(f"/proc/{pid}/fd"):
        with contextlib.suppress(FileNotFoundError):
            files.append(os.readlink(f"/proc/{pid}/fd/{number}"))
    return files


def _zombies() -> set[Path]:
    """Those of this process."""
    return {path for path in Path("/proc").glob("[0-9]*/stat") if _parent_of_zombie(path) == os.getpid()}


def _parent_of_zombie(path: Path) -> int:
    try:
        fields = path.read_text().rpartition(")")[2].split()
    except OSError:
        return 0
    return int(fields[1]) if fields[0] == "Z" else 0


def test_a_launch_leaves_no_open_file_behind(runs: Runs) -> None:
    """Launching keeps neither the lock nor a pipe open in the launching process."""
    runs.run("true")
    before = sorted(os.listdir("/proc/self/fd"))
    runs.run("true")
    assert sorted(os.listdir("/proc/self/fd")) == before


def test_secrets_are_nowhere_on_disk(runs: Runs, monkeypatch: pytest.MonkeyPatch) -> None:
    """A secret of the caller's environment reaches the run and no file of the home, nor the run's command."""
    secret = "s3cr3t-4242-never-written"
    monkeypatch.setenv("DEMO_TOKEN", secret)
    monkeypatch.setenv("DEMO_PASSWORD", secret + "-too")
    monkeypatch.setenv("DEMO_LOGIN", secret + "-as-well")
    run = runs.launch(
        f'[ "$DEMO_TOKEN" = {secret[:6]}"{secret[6:]}" ] && echo it came; {HOLD}',
        environment={"DEMO_TOKEN": None, "LOGIN": "user:${DEMO_PASSWORD}"},
        secrets=["DEMO_LOGIN"],
    )
    runs.printed(run, b"it came")
    assert secret not in runs.now(run).command
    assert "-e DEMO_TOKEN" in runs.now(run).command
    _assert_absent(runs.home, secret)
    if runs.engine_name == "docker":
        # An engine has to know the environment that it gives; nothing else of the container says a word of it.
        with contextlib.closing(docker.APIClient(base_url=runs.endpoint)) as api:
            told = api.inspect_container(runs.now(run).container_id)
        given = told["Config"].pop("Env")
        assert f"DEMO_TOKEN={secret}" in given
        assert secret not in json.dumps(told)
    runs.go(run)
    assert runs.ended(run).state is RunState.FINISHED
    _assert_absent(runs.home, secret)


def _assert_absent(folder: Path, secret: str) -> None:
    for path in folder.rglob("*"):
        if path.is_file():
            assert secret.encode() not in path.read_bytes(), path


def test_a_failing_command(runs: Runs) -> None:
    """Its code and where to look."""
    done = runs.run("echo going wrong >&2; exit 3")
    assert (done.state, done.reason, done.exit_code) == (RunState.FAILED, "exit", 3)
    assert done.detail == "The command failed (exit 3)."
    assert runs.log(done)[2] == b"going wrong\n"


def test_a_command_that_does_not_exist(runs: Runs) -> None:
    """Exit code 127, one sentence, and the name that was not found."""
    done = runs.run(None, command=["no-such-program", "--fast"])
    assert (done.state, done.exit_code) == (RunState.FAILED, 127)
    assert "no-such-program" in done.detail + runs.raw(done).decode()
    assert done.hint


def test_an_image_that_cannot_be_had(docker_runs: Runs) -> None:
    """One sentence with the cure."""
    done = docker_runs.run("true", image="mltui-test/no-such-image:1")
    assert (done.state, done.reason) == (RunState.FAILED, "image")
    assert "mltui-test/no-such-image:1 was not pulled" in done.detail
    assert done.hint


def test_a_build_that_fails(docker_runs: Runs) -> None:
    """The step that failed in the sentence, its last words in build.log."""
    folder = docker_runs.folder / "demo"
    folder.mkdir()
    (folder / "Dockerfile").write_text(f"FROM {BUSYBOX}\nRUN echo the reason of it; exit 9\n")
    done = docker_runs.run("true", image="mltui-test/broken", build=".")
    assert (done.state, done.reason) == (RunState.FAILED, "image")
    assert "(RUN echo the reason of it; exit 9)" in done.detail
    log = docker_runs.launcher.folder(done.id).build_log.read_text()
    assert "the reason of it\n" in log
    assert "exit code 9" in done.detail


def test_gpus_that_are_not_there(local_runs: Runs) -> None:
    """The reason is the GPU, with the cure, and nothing was started."""
    if Path("/dev/nvidia0").exists():
        pytest.skip("this machine has a GPU")
    done = local_runs.run("true", gpus="all")
    assert (done.state, done.reason) == (RunState.FAILED, "gpu")
    assert done.hint
    assert local_runs.engine.find(done.id) is None


def test_gpus_that_the_driver_refuses(docker_runs: Runs, private_dockerd) -> None:
    """What the driver said becomes one sentence, the reason is the GPU and no container stays."""
    with private_dockerd.failing_gpus("nvidia-container-cli: initialization error: nvml error: driver not loaded"):
        done = docker_runs.run("true", gpus="all")
    assert (done.state, done.reason) == (RunState.FAILED, "gpu")
    assert "driver" in done.detail
    assert docker_runs.engine.find(done.id) is None


def test_stop_while_building(docker_runs: Runs) -> None:
    """A run that is stopped during a silent build step ends stopped, without a container."""
    folder = docker_runs.folder / "demo"
    folder.mkdir()
    (folder / "Dockerfile").write_text(f"FROM {BUSYBOX}\nRUN sleep 600\n")
    run = docker_runs.launch("true", image="mltui-test/slow", build=".")
    until(lambda: docker_runs.now(run).detail.startswith("2/3 "))
    docker_runs.launcher.stop(docker_runs.now(run))
    done = docker_runs.ended(run)
    assert (done.state, done.reason) == (RunState.STOPPED, "stopped")
    assert docker_runs.engine.find(run.id) is None


def test_stop_while_running(runs: Runs) -> None:
    """The command gets its signal, its last words are kept, the run is stopped."""
    run = runs.launch('trap "echo checkpoint saved; exit 0" TERM; echo ready; while :; do sleep 0.02; done')
    runs.printed(run, b"ready")
    runs.launcher.stop(runs.now(run))
    done = runs.ended(run)
    assert (done.state, done.reason, done.detail) == (RunState.STOPPED, "stopped", "Stopped on request.")
    assert runs.log(run)[1] == b"ready\ncheckpoint saved\n"


def test_kill(runs: Runs) -> None:
    """A command that ignores the stop signal is ended at once."""
    run = runs.launch('trap "" TERM; echo ready; while :; do sleep 0.02; done')
    runs.printed(run, b"ready")
    runs.launcher.kill(runs.now(run))
    done = runs.ended(run)
    assert (done.state, done.exit_code) == (RunState.STOPPED, 137)


def test_killed_by_somebody_else(runs: Runs) -> None:
    """SIGKILL that was not asked for is a failure, and not called out of memory."""
    run = runs.launch("echo ready; while :; do sleep 0.02; done")
    runs.printed(run, b"ready")
    runs.engine.kill(runs.now(run).container_id)
    done = runs.ended(run)
    assert (done.state, done.exit_code, done.oom_killed) == (RunState.FAILED, 137, False)
    assert "SIGKILL" in done.detail


def test_out_of_memory(docker_runs: Runs) -> None:
    """Exit code 137, the engine's flag, the limit in the sentence and what to change."""
    done = docker_runs.run("tail /dev/zero", mem_limit="16m")
    assert (done.state, done.reason, done.exit_code, done.oom_killed) == (RunState.FAILED, "oom", 137, True)
    assert "16.0 MiB" in done.detail
    assert "mem_limit" in done.hint


def test_remove_takes_container_folder_and_row(runs: Runs) -> None:
    """Nothing is left of a removed run; an active one is refused."""
    run = runs.launch(HOLD)
    until(lambda: runs.now(run).state, lambda state: state is RunState.RUNNING)
    with pytest.raises(UsageError, match="Stop it first"):
        runs.launcher.remove(runs.now(run))
    runs.go(run)
    runs.launcher.remove(runs.ended(run))
    assert runs.engine.find(run.id) is None
    assert not runs.launcher.folder(run.id).path.exists()
    assert runs.database.get(run.id) is None


def deleted(home: Path) -> None:
    """Delete it, whatever a supervisor writes into it meanwhile."""
    until(lambda: shutil.rmtree(home, ignore_errors=True) or not home.exists())


def test_a_supervisor_does_not_outlive_its_home(docker_runs: Runs) -> None:
    """Somebody deletes mltui's files: when the container has ended, so does the supervisor."""
    run = docker_runs.launch(f"echo ready; {HOLD}; for i in 1 2 3; do echo loss: $i; done")
    docker_runs.printed(run, b"ready")
    docker_runs.database.close()
    deleted(docker_runs.home)
    docker_runs.engine.kill(docker_runs.engine.find(run.id).id)
    until(lambda: docker_runs.supervisor(run), lambda pid: pid is None)


def test_a_supervisor_waits_for_no_engine_without_a_home(dockerd, mltui_home: Path, tmp_path: Path) -> None:
    """Neither for an engine that is away."""
    for engine, runs in own_engine(mltui_home, tmp_path):
        run = runs.launch(f"echo ready; {HOLD}")
        runs.printed(run, b"ready")
        engine.kill()
        runs.database.close()
        deleted(runs.home)
        until(partial(runs.supervisor, run), lambda pid: pid is None)


def test_rerun_uses_the_profile_as_it_was(runs: Runs) -> None:
    """The kept copy counts, with the same changes, even when the file is another by now."""
    first = runs.launch("echo rate ${rate}".replace("${rate}", "@"), params={"rate": 0.1})
    runs.ended(first)
    profile = runs.folder / "demo/profile.yaml"
    profile.write_text(profile.read_text().replace("echo rate @", "echo rate ${rate}"))
    second = runs.launcher.launch(load_profile(profile), Wish({"rate": "0.5"}))
    runs.launched.append(second)
    second = runs.ended(second)
    assert runs.log(second)[1] == b"rate 0.5\n"
    profile.write_text("image: something-else\ngpus: none\n")
    third = runs.launcher.rerun(second)
    runs.launched.append(third)
    assert runs.ended(third).params == second.params
    assert runs.log(third)[1] == b"rate 0.5\n"
    assert third.profile_path == second.profile_path


def test_a_run_stopped_in_the_moment_it_starts_does_not_run_on(runs: Runs) -> None:
    """A stop that arrives at any moment of the launch ends the run as stopped."""
    run = runs.launch('trap "exit 0" TERM; while :; do sleep 0.02; done')
    runs.launcher.stop(run)
    assert runs.ended(run).state is RunState.STOPPED
