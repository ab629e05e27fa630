"""The life of a process of the local engine: real processes, real signals."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from mltui.domain.errors import EngineError, GpuUnavailable, NotFound, StartError
from mltui.domain.launch import GpuRequest, LaunchSpec, Mount, MountType, Port, Resources, Ulimit
from mltui.engines.base import Engine, ListsContainers, ListsImages, ReportsUsage
from mltui.engines.local import LocalEngine
from tests.engines.local.local_runs import Started, until

Run = Callable[..., Started]
Spec = Callable[..., LaunchSpec]


def test_the_engine_meets_its_protocols(engine: LocalEngine) -> None:
    """What viewers ask for is there."""
    for protocol in (Engine, ListsContainers, ListsImages, ReportsUsage):
        assert isinstance(engine, protocol)


def test_info_says_that_nothing_is_isolated(engine: LocalEngine) -> None:
    """The screen can warn from it."""
    info = engine.info()
    assert (info.engine, info.product, info.isolated, info.local) == (
        "local", "processes of this machine", False, True,
    )  # fmt: skip
    assert info.cpus == os.cpu_count()
    assert info.memory == psutil.virtual_memory().total


@pytest.mark.parametrize("code", [0, 1, 3, 255])
def test_the_exit_code_is_the_commands(engine: LocalEngine, run: Run, code: int) -> None:
    """It is known as soon as the log has ended, with the times."""
    started = run("sh", "-c", f"exit {code}")
    before = time.time()
    started.output()
    status = engine.inspect(started.id)
    assert (status.state, status.exit_code, status.ended) == ("exited", code, True)
    assert status.started is not None
    assert status.finished is not None
    assert before - 60 < status.started <= status.finished <= time.time()


def test_a_command_ended_by_a_signal_has_the_shells_code(engine: LocalEngine, run: Run) -> None:
    """128 and the signal's number, as Docker has it; a signal from outside is no lack of memory."""
    started = run("sh", "-c", "kill -KILL $$")
    started.output()
    assert engine.inspect(started.id).exit_code == 137
    assert engine.inspect(started.id).oom_killed is False


def test_states_go_from_created_over_running_to_exited(engine: LocalEngine, spec: Spec) -> None:
    """As Docker names them; the sentence of the list says so too."""
    launch = spec("sh", "-c", "read line < gate; exit 0")
    os.mkfifo(Path(launch.project) / "gate")
    process = engine.create(launch, engine.prepare(launch, lambda _: None))
    assert (engine.inspect(process).state, engine.containers()[0].status) == ("created", "Created")
    engine.start(process)
    assert engine.inspect(process).state == "running"
    assert engine.containers()[0].status.startswith("Up ")
    (Path(launch.project) / "gate").write_text("go\n")
    list(engine.logs(process))
    assert engine.inspect(process).state == "exited"
    assert engine.containers()[0].status.startswith("Exited (0)")


def test_the_command_runs_in_the_project(run: Run, spec: Spec) -> None:
    """Relative paths of a profile's command work."""
    assert run("pwd").output().decode().strip() == os.path.realpath(spec("x").project)


def test_python_is_the_environments(run: Run, root: Path) -> None:
    """Not the one mltui runs on: what mltui needs must not leak into a run."""
    code = "import sys, importlib.util as u; print(sys.prefix, u.find_spec('psutil'))"
    prefix, psutil_there = run("python", "-c", code).output().decode().split()
    assert Path(prefix).parent == root / "environments"
    assert psutil_there == "None"


def test_only_a_clean_environment_is_passed_on(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """The caller's own variables stay with the caller; certificates and the launch's own go along."""
    monkeypatch.setenv("PRIVATE_TOKEN", "t0p")
    monkeypatch.setenv("PYTHONPATH", "/somewhere")
    monkeypatch.setenv("SSL_CERT_FILE", "/etc/ssl/ca.crt")
    output = run("env", environment={"EPOCHS": "3"}).output().decode()
    variables = dict(line.split("=", 1) for line in output.splitlines())
    assert (variables["EPOCHS"], variables["SSL_CERT_FILE"]) == ("3", "/etc/ssl/ca.crt")
    assert variables["PYTHONUNBUFFERED"] == "1"
    assert not {"PRIVATE_TOKEN", "PYTHONPATH"} & set(variables)


def test_a_secret_reaches_the_process_and_never_the_disk(run: Run, engine: LocalEngine, root: Path) -> None:
    """Neither its variable nor its place in the command is written anywhere."""
    secret = "s3cr3t-" + "x" * 20
    started = run(
        "sh", "-c", f'test "$KEY" = {secret} && echo same', environment={"KEY": secret}, secrets=frozenset({"KEY"})
    )
    assert started.output() == b"same\n"
    files = [path for path in root.rglob("*") if path.is_file()]
    assert any(path.name == "record.json" for path in files)
    assert [path for path in files if secret.encode() in path.read_bytes()] == []
    assert "KEY" in engine.details(started.id)["environment"]
    assert secret not in json.dumps(engine.details(started.id))


def test_stop_lets_the_command_end_in_its_own_way(engine: LocalEngine, run: Run) -> None:
    """The stop signal goes to the command alone, so that it can save and end what it started itself."""
    started = run("sh", "-c", "trap 'echo saved; exit 5' TERM; echo ready; while :; do sleep 0.05; done")
    log = engine.logs(started.id)
    until(log, b"ready")
    engine.stop(started.id, grace=20)
    assert engine.inspect(started.id).exit_code == 5
    assert started.output() == b"ready\nsaved\n"


def test_stop_sends_the_signal_that_the_profile_names(engine: LocalEngine, run: Run) -> None:
    """In Docker's short form too."""
    started = run("sh", "-c", "trap 'exit 7' INT; echo ready; while :; do sleep 0.05; done", stop_signal="INT")
    until(engine.logs(started.id), b"ready")
    engine.stop(started.id, grace=20)
    assert engine.inspect(started.id).exit_code == 7


def test_stop_kills_what_does_not_listen(engine: LocalEngine, run: Run) -> None:
    """After the grace period, with exit code 137."""
    started = run("sh", "-c", "trap '' TERM; echo ready; while :; do sleep 0.05; done")
    until(engine.logs(started.id), b"ready")
    engine.stop(started.id, grace=0.1)
    status = engine.inspect(started.id)
    assert (status.exit_code, status.oom_killed) == (137, False)


def test_stop_of_an_ended_process_changes_nothing(engine: LocalEngine, run: Run) -> None:
    """As with Docker."""
    started = run("true")
    started.output()
    engine.stop(started.id)
    assert engine.inspect(started.id).exit_code == 0


def test_the_end_of_the_command_ends_all_it_started(engine: LocalEngine, run: Run) -> None:
    """Also what went into a session of its own, as torchrun's workers do: nothing keeps a GPU after the run."""
    started = run("sh", "-c", "sleep 1000 & setsid sleep 1001 & setsid setsid sleep 1002 & echo $$; exec sleep 1003")
    until(engine.logs(started.id), b"\n")
    command = json.loads((engine._processes.get(started.id).folder / "process").read_text())
    tree = psutil.Process(command["shim"]).children(recursive=True)
    while len(tree) < 4:
        tree = psutil.Process(command["shim"]).children(recursive=True)
    engine.kill(started.id)
    assert engine.inspect(started.id).exit_code == 137
    assert not any(process.is_running() and process.status() != psutil.STATUS_ZOMBIE for process in tree)


def test_kill_refuses_what_does_not_run(engine: LocalEngine, run: Run) -> None:
    """With one sentence."""
    started = run("true")
    started.output()
    with pytest.raises(EngineError, match="is not running"):
        engine.kill(started.id)


def test_a_missing_command_leaves_nothing_behind(engine: LocalEngine, run: Run, root: Path) -> None:
    """Exit code 127 and the name that was not found."""
    with pytest.raises(StartError, match=r"'trian\.py' cannot be started: No such file") as caught:
        run("trian.py")
    assert caught.value.exit_code == 127
    assert engine.containers() == ()
    assert list((root / "processes").iterdir()) == []


def test_a_command_that_may_not_be_run_has_code_126(run: Run, spec: Spec) -> None:
    """As a shell has it."""
    (Path(spec("x").project) / "data.txt").write_text("no program\n")
    with pytest.raises(StartError, match="Permission denied") as caught:
        run("./data.txt")
    assert caught.value.exit_code == 126


def test_check_refuses_before_anything_is_made(engine: LocalEngine, spec: Spec, root: Path) -> None:
    """A launch without a command, a project that is gone."""
    with pytest.raises(StartError, match="says no command"):
        engine.check(spec())
    with pytest.raises(StartError, match="is not there"):
        engine.check(spec("true", project="/no/such/folder"))
    assert not root.exists()


def test_an_unknown_stop_signal_is_refused(engine: LocalEngine, run: Run) -> None:
    """When it is created, not when it is to be stopped."""
    with pytest.raises(StartError, match="no signal 'SIGNOPE'"):
        run("true", stop_signal="SIGNOPE")
    assert engine.containers() == ()


def test_a_process_is_found_by_its_run(engine: LocalEngine, run: Run, root: Path) -> None:
    """By another engine on the same folder too, and no other run is."""
    started = run("true", run_id="abc")
    started.output()
    found = LocalEngine(root).find("abc")
    assert found is not None
    assert (found.id, found.labels["mltui.run"]) == (started.id, "abc")
    assert engine.find("abcd") is None
    assert engine.containers()[0].run_id == "abc"


def test_remove_takes_the_log_along(engine: LocalEngine, run: Run, root: Path) -> None:
    """A running process only by force; after that it is unknown."""
    started = run("sleep", "1000")
    with pytest.raises(EngineError, match="is running"):
        engine.remove(started.id)
    engine.remove(started.id, force=True)
    for call in (engine.inspect, engine.remove, engine.logs, engine.stop, engine.details):
        with pytest.raises(NotFound):
            call(started.id)
    assert list((root / "processes").iterdir()) == []


@pytest.mark.parametrize("name", ["", "nope", "..", "../processes", "a/b", "\x00"])
def test_ids_that_are_none_are_not_found(engine: LocalEngine, name: str) -> None:
    """No id leads out of the engine's folder."""
    with pytest.raises(NotFound):
        engine.inspect(name)


def test_a_process_cannot_be_started_twice(engine: LocalEngine, run: Run) -> None:
    """Its variables are gone by then; the error says to start a new run."""
    started = run("true")
    started.output()
    with pytest.raises(StartError, match="started before"):
        engine.start(started.id)
    assert engine.inspect(started.id).exit_code == 0


def test_usage_counts_the_whole_tree(engine: LocalEngine, run: Run) -> None:
    """A busy child counts as about one core; the limits are the machine's; ended processes are left out."""
    loop = "x = bytearray(64 << 20); print('ready', flush=True)\nwhile True: pass"
    started = run("sh", "-c", f'python -c "{loop}"; true')
    until(engine.logs(started.id), b"ready")
    first = engine.usage([started.id])[started.id]
    assert first.cpu is None
    time.sleep(1)  # a CPU figure is the mean of a time, so some must pass
    usage = engine.usage([started.id, "unknown"])[started.id]
    assert usage.cpu is not None
    assert 0.05 < usage.cpu < 1.5
    assert usage.cpu_limit == os.cpu_count()
    assert usage.memory is not None
    assert 64 << 20 < usage.memory < 256 << 20
    assert usage.memory_limit == psutil.virtual_memory().total
    assert usage.pids == 2
    assert (usage.net_rx, usage.net_tx) == (None, None)
    engine.kill(started.id)
    assert engine.usage([started.id]) == {}


def test_usage_looks_at_those_alone_that_it_is_asked_for(
    engine: LocalEngine, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A home with thousands of ended processes costs nothing each second."""
    ended, started = run("true"), run("sleep", "60")
    ended.output()
    seen: list[str] = []
    load = engine._processes._load
    monkeypatch.setattr(engine._processes, "_load", lambda one: (seen.append(one), load(one))[1])
    assert list(engine.usage([started.id, "../x", started.id])) == [started.id]
    assert seen == [started.id]
    engine.kill(started.id)


@pytest.mark.skipif(
    not os.path.exists(f"/proc/{os.getpid()}/task/{os.getpid()}/children"), reason="the system does not tell children"
)
def test_usage_looks_at_the_run_alone(engine: LocalEngine, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """The other processes of the machine cost nothing; a child that a thread has started is the run's all the same."""
    code = (
        "import subprocess, threading\n"
        "threading.Thread(target=lambda: subprocess.Popen(['sleep', '99']).wait()).start()\n"
        "print('ready', flush=True)\n"
    )
    started = run("python", "-c", code)
    until(engine.logs(started.id), b"ready")

    def every_process(*_: object) -> None:
        raise AssertionError("looked at every process of the machine")

    monkeypatch.setattr(psutil, "process_iter", every_process)
    monkeypatch.setattr(psutil, "pids", every_process)
    # The command with two threads, and the thread's child once it is there.
    while engine.usage([started.id])[started.id].pids != 3:
        time.sleep(0.01)
    engine.kill(started.id)


def test_what_has_no_effect_is_named(engine: LocalEngine, spec: Spec) -> None:
    """One sentence for each, none for a plain launch."""
    assert engine.limits_not_enforced(spec("true")) == ()
    held = spec(
        "true", resources=Resources(cpus=1, memory=1 << 30, pids=64), network_mode="none", read_only=True,
        user="1234:1234", tty=True, ports=(Port(80, 8080), Port(90, 90)), ulimits=(Ulimit("locks", -1, -1),),
    )  # fmt: skip
    sentences = "\n".join(engine.limits_not_enforced(held))
    for word in ("memory limit", "CPU limit", "processes", "network", "read-only", "user 1234", "terminal", "8080"):
        assert word in sentences
    assert "90" not in sentences


def test_ulimits_are_set_as_far_as_the_machine_allows(run: Run) -> None:
    """The soft limit is what the profile says; an unlimited one is at most the machine's."""
    output = run("sh", "-c", "ulimit -Sn; ulimit -Sl", ulimits=(Ulimit("nofile", 77, 99), Ulimit("memlock", -1, -1)))
    files, locked = output.output().split()
    assert files == b"77"
    assert locked == b"unlimited" or int(locked) > 0


def test_paths_of_the_container_stand_for_places_here(run: Run, tmp_path: Path) -> None:
    """The target of a mount is its source, in the command and in the variables."""
    outputs = tmp_path / "outputs"
    outputs.mkdir()
    started = run(
        "sh", "-c", "echo whole > /outputs/model && echo $MLTUI_OUTPUTS",
        mounts=(Mount("/outputs", str(outputs)),), environment={"MLTUI_OUTPUTS": "/outputs"},
    )  # fmt: skip
    assert started.output().decode().strip() == str(outputs)
    assert (outputs / "model").read_text() == "whole\n"


def test_a_named_volume_stays_from_run_to_run(run: Run) -> None:
    """It is a folder of the engine's own."""
    cache = (Mount("/cache", "shared", MountType.VOLUME),)
    run("sh", "-c", "echo kept > /cache/file", mounts=cache).output()
    assert run("cat", "/cache/file", mounts=cache).output() == b"kept\n"


def test_gpus_without_a_driver_are_refused_with_the_cure(
    engine: LocalEngine, spec: Spec, driver: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And CPU is offered."""
    driver.unlink()
    with pytest.raises(GpuUnavailable, match="no NVIDIA driver answers") as caught:
        engine.check(spec("true", gpus=GpuRequest(all=True)))
    assert "CPU" in caught.value.hint
    assert engine.info().gpus is False


def test_gpus_that_are_there_are_given_and_no_others(engine: LocalEngine, spec: Spec, run: Run, driver: Path) -> None:
    """By index or UUID; a launch that asks for none sees none."""
    second = "GPU-00000001-0000-0000-0000-000000000000"
    assert engine.info().gpus is True
    for asked, seen in (
        (GpuRequest(device_ids=("1",)), "1"), (GpuRequest(device_ids=(second,)), second),
        (GpuRequest(count=2), "0,1"), (GpuRequest(), ""),
    ):  # fmt: skip
        engine.check(spec("true", gpus=asked))
        assert run("sh", "-c", 'printf "%s" "$CUDA_VISIBLE_DEVICES"', gpus=asked).output().decode() == seen
    for asked in (GpuRequest(device_ids=("2",)), GpuRequest(device_ids=("GPU-9",)), GpuRequest(count=3)):
        with pytest.raises(GpuUnavailable, match="has 2"):
            engine.check(spec("true", gpus=asked))


def test_signals_for_the_shim_do_not_touch_the_run(engine: LocalEngine, run: Run, spec: Spec) -> None:
    """A hang-up, an interrupt or a plain kill of the shim: the run goes on and its end is still recorded."""
    gate = Path(spec("x").project) / "gate"
    os.mkfifo(gate)
    started = run("sh", "-c", "echo ready; read line < gate; exit 4")
    until(engine.logs(started.id), b"ready")
    shim = json.loads((engine._processes.get(started.id).folder / "process").read_text())["shim"]
    for number in (signal.SIGHUP, signal.SIGINT, signal.SIGTERM):
        os.kill(shim, number)
    gate.write_text("go\n")
    started.output()
    assert engine.inspect(started.id).exit_code == 4


def test_a_removed_environment_is_said(engine: LocalEngine, spec: Spec) -> None:
    """Between preparing and creating; nothing is created."""
    launch = spec("true")
    image = engine.prepare(launch, lambda _: None)
    engine.remove_image(image.id)
    with pytest.raises(NotFound, match="no environment"):
        engine.create(launch, image)
    assert engine.containers() == ()


def test_the_working_folder_may_be_one_of_the_project(run: Run, spec: Spec) -> None:
    """A relative one; one that is only in the container means the project."""
    project = Path(spec("x").project)
    (project / "src").mkdir()
    assert run("pwd", working_dir="src").output().decode().strip() == os.path.realpath(project / "src")
    assert run("pwd", working_dir="/app").output().decode().strip() == os.path.realpath(project)


def test_two_engines_see_the_same_processes(engine: LocalEngine, run: Run, root: Path) -> None:
    """One may stop what the other started."""
    started = run("sleep", "1000")
    other = LocalEngine(root)
    other.stop(started.id, grace=5)
    assert replace(other.inspect(started.id), labels={}) == replace(engine.inspect(started.id), labels={})
    assert engine.inspect(started.id).exit_code == 143
