"""Real failures of real runs, known for what they are, with the change that cures them."""

from __future__ import annotations

import math
import socket
from pathlib import Path

import pytest

from mltui.domain.diagnosis import ChangeRule, Diagnosis, Kind
from mltui.domain.metric import MetricPoint, MetricStore
from mltui.domain.run import Run, RunState
from mltui.runtime import diagnosis
from mltui.runtime.diagnosis import Report
from mltui.runtime.profile_fix import prepare_fix
from mltui.storage.profiles import ProfileRepository
from mltui.storage.sample_file import SampleWriter
from tests.runtime.conftest import HOLD, Runs, until
from tests.support import images
from tests.support.dockerd import PrivateDockerd


def _report(runs: Runs, run: Run) -> Report:
    return diagnosis.report(run, runs.launcher.folder(run.id))


def _cause(runs: Runs, script: str | None = None, **keys: object) -> tuple[str, dict[str, object]]:
    """The id of the diagnosis of a script that fails, and the change it offers."""
    done = runs.run(script, **keys)
    assert done.state is RunState.FAILED
    found = _report(runs, done)
    assert found.diagnosis is not None
    assert found.diagnosis.evidence
    return found.diagnosis.id, {".".join(map(str, change.path)): change.value for change in found.changes}


_EAT = "head -c 200m /dev/zero | tail >/dev/null"


def test_a_run_killed_at_its_memory_limit(docker_runs: Runs) -> None:
    """The kernel's report is the evidence; twice the limit is the change."""
    name, changes = _cause(docker_runs, f"exec sh -c '{_EAT}; exit 137'", mem_limit="32m", init=False)
    assert name == "memory-limit"
    assert changes == {"mem_limit": "64m"}


def test_a_run_that_somebody_kills(docker_runs: Runs) -> None:
    """SIGKILL from outside, with memory to spare: no memory limit is blamed."""
    run = docker_runs.launch(f"echo up; {HOLD}", mem_limit="256m")
    docker_runs.printed(run, b"up")
    docker_runs.engine.kill(docker_runs.now(run).container_id)
    done = docker_runs.ended(run)
    found = _report(docker_runs, done)
    assert done.exit_code == 137
    assert found.diagnosis is not None
    assert found.diagnosis.id == "killed"
    assert not found.changes


def test_a_run_that_the_user_stops_is_no_failure(runs: Runs) -> None:
    """Stopped through mltui: no diagnosis, whatever its code."""
    run = runs.launch(f"trap 'exit 1' TERM; echo up; {HOLD}")
    runs.printed(run, b"up")
    runs.launcher.kill(runs.now(run))
    done = runs.ended(run)
    assert done.state is RunState.STOPPED
    assert _report(runs, done).diagnosis is None


def test_commands_that_cannot_be_run(docker_runs: Runs) -> None:
    """127 and 126, from the engine and from a shell, which name the program."""
    assert _cause(docker_runs, None, command=["no-such-program"])[0] == "program-not-found"
    assert _cause(docker_runs, "no-such-program")[0] == "program-not-found"
    assert _cause(docker_runs, "/etc/hostname")[0] in ("command-not-executable", "permission-denied")


def test_a_port_that_another_container_has(docker_runs: Runs) -> None:
    """The next port is offered, in the form in which the profile has it."""
    first = docker_runs.launch(HOLD, ports=["18555:80"])
    until(lambda: docker_runs.now(first).state, lambda state: state is RunState.RUNNING)
    name, changes = _cause(docker_runs, "true", name="second", ports=["9:9", "127.0.0.1:18555:80"])
    docker_runs.go(first)
    docker_runs.ended(first)
    assert name == "port-taken"
    assert changes == {"ports.1": "127.0.0.1:18556:80"}


def test_shared_memory_that_is_too_small(docker_runs: Runs) -> None:
    """/dev/shm written until it is full: more of it is offered."""
    name, changes = _cause(docker_runs, "dd if=/dev/zero of=/dev/shm/blob bs=1M count=20", shm_size="8m")
    assert name == "shared-memory-full"
    assert changes == {"shm_size": "8g"}


def test_a_bus_error_of_shared_memory(docker_runs: Runs) -> None:
    """The exit code of SIGBUS alone says where to look."""
    name, changes = _cause(docker_runs, "kill -BUS $$", shm_size="64m")
    assert name == "bus-error"
    assert changes == {"shm_size": "8g"}


def test_a_small_tmpfs_that_is_full(docker_runs: Runs) -> None:
    """The line names a path of the tmpfs: that, not the disk, is full."""
    name, _ = _cause(docker_runs, "dd if=/dev/zero of=/scratch/blob bs=1M count=20", tmpfs=["/scratch:size=4m"])
    assert name == "disk-full-tmpfs"


def test_too_many_open_files(docker_runs: Runs) -> None:
    """A program that may open few files: the limit is raised."""
    files = " ".join(f"/tmp/{n}" for n in range(60))
    name, changes = _cause(docker_runs, f"echo x | tee {files}", ulimits={"nofile": {"soft": 40, "hard": 40}})
    assert name == "too-many-files"
    assert changes == {"ulimits.nofile": 65536}


def test_a_runtime_that_the_engine_does_not_have(docker_runs: Runs) -> None:
    """``runtime: nvidia`` without the toolkit: the key that asks for GPUs without it is offered."""
    name, changes = _cause(docker_runs, "true", runtime="nvidia")
    assert name == "no-nvidia-runtime"
    assert changes == {"runtime": None, "gpus": "auto"}


@pytest.mark.parametrize(
    ("fault", "name"),
    [
        ("nvidia-container-cli: initialization error: nvml error: driver not loaded", "no-nvidia-driver"),
        ("nvidia-container-cli: initialization error: nvml error: driver/library version mismatch",
         "driver-library-mismatch"),
        ("nvidia-container-cli: requirement error: unsatisfied condition: cuda>=12.4, please update your driver",
         "image-needs-newer-driver"),
        ("nvidia-container-cli: container error: cgroup subsystem devices not found", "toolkit-too-old-for-cgroup2"),
    ],
)  # fmt: skip
def test_what_a_gpu_hook_complains_of(
    docker_runs: Runs, private_dockerd: PrivateDockerd, fault: str, name: str
) -> None:
    """The words of NVIDIA's hook, through the engine and mltui's own sentence, are known."""
    with private_dockerd.failing_gpus(fault):
        assert _cause(docker_runs, "true", gpus="all")[0] == name


def test_an_engine_without_a_hook_for_gpus(private_dockerd: PrivateDockerd, mltui_home: Path, tmp_path: Path) -> None:
    """A real engine that has no way to give GPUs."""
    bare = PrivateDockerd(hook=False)
    try:
        bare.start()
        images.load_busybox(bare.url)
        runs = Runs(mltui_home, tmp_path, "docker", bare.url, images.BUSYBOX)
        assert _cause(runs, "true", gpus="all")[0] == "no-gpu-driver-in-engine"
        runs.clear()
    finally:
        bare.stop()


def test_the_last_words_are_not_a_cosmetic_line(runs: Runs) -> None:
    """A failure that nobody knows says so, with the line that matters."""
    script = "echo 'ValueError: labels are wrong'; echo 'groups: cannot find name for group ID 7'; exit 4"
    done = runs.run(script)
    found = _report(runs, done).diagnosis
    assert found is not None
    assert not found.known
    assert found.evidence == ("It ended with exit code 4.", "ValueError: labels are wrong")


@pytest.mark.parametrize(
    ("name", "values", "said", "cause"),
    [
        ("loss", (1.0, math.nan), "", "not-finite"),
        ("iou", (1.0, math.inf), "ValueError: the loss is NaN", "not-finite"),
        ("loss", (math.nan, 1.0), "", "unknown"),
        ("loss", (math.nan, math.nan), "", "not-finite"),
        ("iou", (math.nan, math.nan), "", "unknown"),
        ("loss", (1.0, math.nan), "KeyError: 'model'", "unknown"),
    ],
    ids=["nothing said", "said", "finite again", "a loss from the start", "never defined", "another error"],
)
def test_curves_that_end_in_no_number_are_the_cause_where_nothing_else_is(
    local_runs: Runs, name: str, values: tuple[float, ...], said: str, cause: str
) -> None:
    """It is worth knowing in any case; it is blamed where the end of the log does not say something else."""
    done = local_runs.run(f'echo "{said}"; exit 3')
    store = MetricStore()
    for step, value in enumerate(values):
        store.add(MetricPoint(name, "step", step, value), float(step))
    found = diagnosis.report(done, local_runs.launcher.folder(done.id), store)
    assert found.diagnosis is not None
    assert found.diagnosis.id == cause
    assert "It ended with exit code 3." in found.diagnosis.evidence
    assert [one.id for one, _ in found.advice] == (["not-finite"] if cause == "unknown" else [])


def test_output_that_comes_all_at_the_end(local_runs: Runs) -> None:
    """The figures of when it printed first and how long it ran are there."""
    done = local_runs.run("sleep 0.4; echo now")
    evidence = diagnosis.gather(done, local_runs.launcher.folder(done.id))
    assert evidence.figures["ran_s"] > 0.3
    assert evidence.figures["silent_share"] > 0.5


def test_the_last_samples_are_evidence(local_runs: Runs) -> None:
    """An engine that reports no kill at the limit (Podman): the figures before the end say it."""
    done = local_runs.run("kill -KILL $$", mem_limit="1g")
    writer = SampleWriter(local_runs.launcher.folder(done.id).samples)
    for share in (0.4, 0.7, 0.99):
        writer.add(
            done.finished or 0.0, {"run.memory": share * (1 << 30), "host.memory": 4e9, "host.memory_total": 9e9}
        )
    writer.close()
    found = _report(local_runs, done)
    assert found.diagnosis is not None
    assert found.diagnosis.id == "memory-limit-by-figures"
    assert "1.00 GiB, 99 %" in found.diagnosis.evidence[0]
    assert [str(change) for change in found.changes] == ["mem_limit: 2g"]


def test_a_free_port_is_one_that_nobody_has() -> None:
    """A port that is listened at is passed over."""
    with socket.socket() as taken:
        taken.bind(("0.0.0.0", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert diagnosis.free_port(port) != port


def test_an_engines_words_are_known_alone(tmp_path: Path) -> None:
    """For the doctor: the same table reads what an engine answers."""
    found = diagnosis.known_words("permission denied while trying to connect to the Docker daemon socket at x")
    assert found is not None
    assert found.id == "engine-permission"
    assert diagnosis.known_words("all is well") is None
    zombies = diagnosis.known_figure("zombie_count", 40)
    assert zombies is not None
    assert zombies.id == "zombies"
    assert diagnosis.known_figure("zombie_count", 1) is None


def test_a_fix_grows_what_the_profile_inherits(local_runs: Runs, tmp_path: Path) -> None:
    """The card and the file go from one value, that of the profile with all it extends; its own file is changed."""
    (tmp_path / "base.yaml").write_text("image: x\nshm_size: 16g\n")
    own = tmp_path / "own.yaml"
    own.write_text("extends: base.yaml # the usual\n")
    run = Run("abcd2345", "own", str(own), "local", "", state=RunState.FAILED)
    found = Diagnosis("shm", Kind.FAILURE, "", (), "", (ChangeRule("shm_size", "grow", "8g"),))
    fix = prepare_fix(local_runs.launcher, run, found, {})
    assert fix.after == "extends: base.yaml # the usual\nshm_size: 32g\n"
    elsewhere = ProfileRepository(further=[tmp_path / "far"])
    (tmp_path / "far").mkdir()
    (tmp_path / "base.yaml").rename(tmp_path / "far" / "base.yaml")
    own.write_text("extends: base # by its name, in a folder of the settings\n")
    fix = prepare_fix(local_runs.launcher, run, found, {}, elsewhere.named)
    assert fix.after.endswith("\nshm_size: 32g\n")
