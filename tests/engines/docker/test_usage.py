"""Live use of containers, against the engine's own stats."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from mltui.domain.launch import Mount, MountType, Resources
from mltui.engines.docker import DockerEngine, cgroups, usage
from mltui.engines.docker.cgroups import Cgroup, find_cgroup
from mltui.engines.docker.usage import CgroupSource, count_cpus, limits, stats_usage
from tests.conftest import TestEngine
from tests.contracts.conftest import Rig, until

MB = 1 << 20


@pytest.fixture
def busy(rig: Rig) -> str:
    """A container that keeps a fifth of a core, 8 MB of memory and 4 MB of page cache."""
    script = (
        "head -c 8388608 /dev/urandom > /mem/held; head -c 4194304 /dev/urandom > /outputs/file; "
        "cat /outputs/file > /dev/null; echo ready; while :; do :; done"
    )
    scratch = Mount("/mem", type=MountType.TMPFS, size=16 * MB)
    spec = rig.spec(script, resources=Resources(cpus=0.2, memory=64 * MB))
    container = rig.create(rig.spec(script, resources=spec.resources, mounts=(*spec.mounts, scratch)))
    stream = rig.engine.attach(container)
    rig.engine.start(container)
    next(iter(stream))
    return container


def test_equal_to_docker_stats(rig: Rig, busy: str) -> None:
    """CPU and memory are what the docker command computes from the engine's stats of the same seconds."""
    rig.engine.usage([busy])
    with rig.engine._client.call("-") as api:
        stats = api.stats(busy, stream=False)
    ours = rig.engine.usage([busy])[busy]
    cpu, before = stats["cpu_stats"], stats["precpu_stats"]
    busy_share = cpu["cpu_usage"]["total_usage"] - before["cpu_usage"]["total_usage"]
    shown_cpu = busy_share / (cpu["system_cpu_usage"] - before["system_cpu_usage"]) * cpu["online_cpus"]
    memory = stats["memory_stats"]
    inactive = memory["stats"].get("total_inactive_file", memory["stats"].get("inactive_file"))
    assert ours.cpu == pytest.approx(shown_cpu, rel=0.35)
    assert ours.cpu == pytest.approx(0.2, rel=0.35)
    assert ours.memory == pytest.approx(memory["usage"] - inactive, abs=MB)
    assert 8 * MB < ours.memory < memory["usage"]
    assert (ours.cpu_limit, ours.memory_limit) == (0.2, memory["limit"])
    assert ours.pids == stats["pids_stats"]["current"]
    assert ours.net_rx == pytest.approx(sum(one["rx_bytes"] for one in stats["networks"].values()), abs=4096)


def test_a_remote_engines_stream_says_the_same(
    rig: Rig, busy: str, dockerd: TestEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the control groups cannot be read, the engine's stream gives the same figures."""
    rig.engine.usage([busy])
    monkeypatch.setattr(usage, "find_cgroup", lambda *args, **kwargs: None)
    remote = DockerEngine(dockerd.url)
    first = until(lambda: remote.usage([busy]).get(busy), lambda now: now is not None and now.cpu is not None)
    here = rig.engine.usage([busy])[busy]
    assert first is not None
    assert first.cpu == pytest.approx(here.cpu, rel=0.5)
    assert first.memory == pytest.approx(here.memory, abs=2 * MB)
    assert (first.cpu_limit, first.memory_limit, first.pids) == (here.cpu_limit, here.memory_limit, here.pids)
    (thread,) = (thread for thread in threading.enumerate() if thread.name == "stats")
    remote.usage([])
    thread.join(10)
    assert not thread.is_alive()
    remote.close()


def test_a_stream_ends_with_its_container(
    rig: Rig, busy: str, dockerd: TestEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An ended container has no usage, though the engine's stream would go on."""
    monkeypatch.setattr(usage, "find_cgroup", lambda *args, **kwargs: None)
    remote = DockerEngine(dockerd.url)
    until(lambda: remote.usage([busy]), bool)
    rig.engine.kill(busy)
    rig.ended(busy)
    until(lambda: remote.usage([busy]), lambda found: not found)
    remote.close()


def test_found_again_after_a_restart(rig: Rig, busy: str) -> None:
    """A restarted container has a new process; its usage goes on."""
    rig.engine.usage([busy])
    rig.engine.kill(busy)
    rig.ended(busy)
    assert rig.engine.usage([busy]) == {}
    rig.engine.restart(busy)
    assert until(lambda: rig.engine.usage([busy]).get(busy), bool)


def test_a_process_of_another_machine_is_not_taken_for_ours() -> None:
    """A process number is believed only when its control group names the container."""
    assert find_cgroup(os.getpid(), "f" * 64) is None
    assert find_cgroup(2**22 + 1, "f" * 64) is None


@pytest.mark.skipif(not Path("/proc/self/maps").exists(), reason="no /proc here")
def test_a_file_of_the_kernels_is_read_to_its_end() -> None:
    """It comes in pieces of about a page: a machine with many mounts has its control groups in a later one."""
    whole = Path("/proc/self/maps").read_bytes()
    assert len(whole) > 1 << 13
    assert cgroups._bytes("/proc/self/maps").splitlines()[-1] == whole.splitlines()[-1]


@pytest.fixture
def unified(tmp_path: Path) -> Cgroup:
    """Files of version 2 of control groups, as the kernel writes them."""
    texts = {
        "cpu.stat": "usage_usec 2500000\nuser_usec 2000000\nsystem_usec 500000\n",
        "memory.current": "104857600\n",
        "memory.stat": "anon 52428800\nfile 50000000\ninactive_anon 0\ninactive_file 20971520\nactive_file 10\n",
        "memory.max": "max\n",
        "pids.current": "7\n",
        "io.stat": "254:0 rbytes=1000 wbytes=2000 rios=1 wios=2 dbytes=0 dios=0\n259:0 rbytes=10 wbytes=20 rios=1\n",
    }
    for name, text in texts.items():
        (tmp_path / name).write_text(text)
    names = ("cpu.stat", "memory.current", "memory.stat", "memory.max", "pids.current", "io.stat")
    return Cgroup(True, *(str(tmp_path / name) for name in names), net="")


def test_version_2(unified: Cgroup) -> None:
    """The files of version 2: microseconds, ``max`` for no limit, inactive cache left out."""
    reading = unified.read()
    assert reading.cpu == 2.5
    assert reading.memory == 80 * MB
    assert (reading.memory_limit, reading.pids) == (None, 7)
    assert (reading.disk_read, reading.disk_write) == (1010, 2020)
    Path(unified.memory_limit).write_text("209715200\n")
    assert unified.read().memory_limit == 200 * MB


def test_cpu_is_the_mean_since_the_last_call(unified: Cgroup, monkeypatch: pytest.MonkeyPatch) -> None:
    """By the readings' own times; asked again at once the figure stands, and a counter that went back gives none."""
    clock = iter([10.0, 12.0, 12.05, 13.0])
    monkeypatch.setattr("mltui.engines.docker.cgroups.time.monotonic", lambda: next(clock))
    source = CgroupSource(unified, 2.0, 1 << 30)
    cpu = []
    for usec in (1_000_000, 2_500_000, 2_600_000, 100_000):
        Path(unified.cpu).write_text(f"usage_usec {usec}\n")
        cpu.append(source.read().cpu)
    assert cpu == [None, 0.75, 0.75, None]


def test_limits_are_the_containers_or_the_machines() -> None:
    """Cores as a number, as a quota or as a set of CPUs; else all there are."""
    machine = (8.0, 32.0)
    assert limits({"HostConfig": {"NanoCpus": 1_500_000_000, "Memory": 5}}, *machine) == (1.5, 5.0)
    assert limits({"HostConfig": {"CpuQuota": 50_000}}, *machine) == (0.5, 32.0)
    assert limits({"HostConfig": {"CpusetCpus": "0-2,5"}}, *machine) == (4.0, 32.0)
    assert limits({}, *machine) == machine
    assert count_cpus("3") == 1


def test_podmans_sample() -> None:
    """Podman has no earlier sample and null lists: CPU comes from two samples, disk is nothing."""

    def sample(second: int, used: int) -> dict[str, object]:
        return {
            "read": f"2026-01-01T00:00:{second:02d}.5Z",
            "cpu_stats": {"cpu_usage": {"total_usage": used}},
            "memory_stats": {"usage": 100, "limit": 1000},
            "blkio_stats": {"io_service_bytes_recursive": None},
            "pids_stats": {"current": 3},
        }

    first, second = sample(1, 0), sample(3, 3_000_000_000)
    assert stats_usage(first, None, 4, 0).cpu is None
    found = stats_usage(second, first, 4, 0)
    assert (found.cpu, found.memory, found.memory_limit, found.pids, found.disk_read) == (1.5, 100, 1000, 3, 0)
