"""Processes on GPUs by name."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from mltui.domain.container import Container
from mltui.domain.device import DeviceProcess
from mltui.domain.run import LABEL_OWNER
from mltui.engines.docker import DockerEngine
from mltui.runtime import gpu_holders
from mltui.runtime.gpu_holders import HolderReader, ProcessFacts, container_of, name_holders, read_facts
from tests.runtime.conftest import HOLD, Runs

ID, OTHER = "ab" * 32, "cd" * 32
TRAIN = Container(ID, "mltui-mnist-abcd2345", "tf", "running", labels={LABEL_OWNER: "0"}, run_id="abcd2345")


def process(pid: int, memory: float | None = 5.0) -> DeviceProcess:
    """On GPU 0."""
    return DeviceProcess(0, "GPU-a", pid, memory)


@pytest.mark.parametrize(
    "cgroup",
    [
        f"12:memory:/docker/{ID}\n0::/system.slice/docker.service\n",
        f"0::/system.slice/docker-{ID}.scope\n",
        f"0::/user.slice/user-1000.slice/user@1000.service/user.slice/docker-{ID}.scope\n",
        f"0::/machine.slice/libpod-{ID}.scope/container\n",
        f"4:devices:/libpod_parent/libpod-{ID}\n",
        f"0::/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod7d.slice/cri-containerd-{ID}.scope\n",
        f"9:memory:/kubepods/besteffort/pod12ab/{ID}\n",
        f"0::/../docker-{ID}.scope\n",
    ],
    ids=["v1 cgroupfs", "v2 systemd", "rootless", "podman", "podman v1", "kubernetes", "kubernetes v1", "namespace"],
)
def test_the_container_of_a_process(cgroup: str) -> None:
    """In every form that engines and init systems write."""
    assert container_of(cgroup) == ID


@pytest.mark.parametrize("cgroup", ["", "0::/\n", "0::/user.slice/user-1000.slice/session-3.scope\n", f"0::/{ID}ff\n"])
def test_a_process_in_no_container(cgroup: str) -> None:
    """A longer number is no id."""
    assert container_of(cgroup) == ""


def test_of_containers_in_containers_the_known_one_counts() -> None:
    """Else the innermost, which is where the process is."""
    nested = f"0::/docker/{ID}/docker/{OTHER}\n"
    assert container_of(nested) == OTHER
    assert container_of(nested, {ID: TRAIN}) == ID


def test_a_container_of_ours_gives_name_run_and_user() -> None:
    """The user is the one who launched it, whoever the process runs as."""
    facts = {41: ProcessFacts(uid=1000, command="python train.py", cgroup=f"0::/docker-{ID}.scope")}
    (one,) = name_holders([process(41)], facts, {ID: TRAIN}, {})
    assert (one.container, one.run_id, one.user, one.name) == (TRAIN.name, "abcd2345", "root", TRAIN.name)
    assert (one.memory, one.command, one.problem) == (5.0, "python train.py", "")


def test_a_container_of_nobody_we_know_has_its_id() -> None:
    """Such as one of another engine; the user is the process's."""
    facts = {41: ProcessFacts(uid=0, command="python", cgroup=f"0::/libpod-{OTHER}.scope")}
    (one,) = name_holders([process(41)], facts, {ID: TRAIN}, {})
    assert (one.container, one.run_id, one.user) == (OTHER[:12], "", "root")


def test_a_local_run_is_found_by_the_tree_of_its_processes() -> None:
    """A worker's worker belongs to the run too."""
    row = Container("0123456789ab", "mltui-tiny-wxyz6789", "env", "running", run_id="wxyz6789")
    facts = {41: ProcessFacts(uid=0, command="python", cgroup="0::/\n", parents=(40, 39))}
    (one,) = name_holders([process(41)], facts, {row.id: row}, {39: row.id})
    assert (one.container_id, one.run_id) == (row.id, "wxyz6789")


def test_a_hidden_process_says_why_it_has_no_name() -> None:
    """It is shown nevertheless: it holds memory."""
    (one,) = name_holders([process(41)], {41: ProcessFacts(problem="hidden")}, {}, {})
    assert (one.name, one.problem, one.memory) == ("process 41", "hidden", 5.0)


def test_control_characters_of_a_command_are_cleaned() -> None:
    """Anybody can name a process."""
    (one,) = name_holders([process(41)], {41: ProcessFacts(uid=0, command="py\x1b]0;owned\x07thon")}, {}, {})
    assert one.command == "python"


def test_a_process_of_this_machine() -> None:
    """Its user, its program with the script, its ancestors."""
    code = "import sys; print(flush=True); sys.stdin.read()"
    with subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        assert child.stdout
        child.stdout.readline()
        facts = read_facts(child.pid)
        child.communicate()
    assert facts.uid == os.getuid()
    assert facts.command.startswith("python")
    assert facts.parents[0] == os.getpid()
    assert facts.problem == ""


def test_a_process_that_cannot_be_seen() -> None:
    """It ended, or is hidden from this user."""
    assert read_facts(2**22 + 1).problem == "its process is not visible to this user"


def test_in_a_container_the_numbers_are_anothers(monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that happens to have the number there is not taken for it."""
    monkeypatch.setattr(gpu_holders, "_sees_the_machines_processes", lambda: False)
    assert "runs in a container" in read_facts(os.getpid()).problem


def test_facts_are_read_once_while_a_process_is_there() -> None:
    """And again when it has gone and its number came back."""
    read: list[int] = []

    def facts(pid: int) -> ProcessFacts:
        read.append(pid)
        return ProcessFacts(uid=0, cgroup=f"0::/docker-{ID}.scope")

    reader = HolderReader(lambda: [TRAIN], lambda: pytest.fail("no process is outside of a container"), facts)
    assert [one.container for one in reader.name((process(41), process(42)))] == [TRAIN.name] * 2
    reader.name((process(41),))
    assert sorted(read) == [41, 42]
    assert reader.name(()) == ()
    reader.name((process(41),))
    assert sorted(read) == [41, 41, 42]


@pytest.fixture
def reader(runs: Runs) -> HolderReader:
    """Names by the engine of ``runs``."""
    engine = runs.engine
    local = engine.first_processes if hasattr(engine, "first_processes") else dict
    return HolderReader(engine.containers, local)  # type: ignore[attr-defined]


def test_a_real_run_is_named(runs: Runs, reader: HolderReader) -> None:
    """By either engine: the number that a driver would tell of it leads to its container and its run."""
    run = runs.launch(f"echo ready; {HOLD}")
    runs.printed(run, b"ready")
    container = runs.now(run).container_id
    if isinstance(runs.engine, DockerEngine):
        pid = runs.engine.details(container)["State"]["Pid"]
    else:
        pid = next(pid for pid, id_ in runs.engine.first_processes().items() if id_ == container)  # type: ignore[attr-defined]
    (one,) = reader.name((process(pid),))
    assert (one.container_id, one.run_id, one.problem) == (container, run.id, "")
    runs.go(run)
    runs.ended(run)
