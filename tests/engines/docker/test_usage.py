"""Live use of containers, against the engine's own stats."""

from __future__ import annotations

import os
import threading
from pathlib import Path
from types import SimpleNamespace

import pytest

from mltui.domain.launch import Mount, MountType, Resources
from mltui.engines.docker import DockerEngine, cgroups, usage
from mltui.engines.docker.allowance import Allowance, allowance, count_cpus
from mltui.engines.docker.cgroups import Bounds, Cgroup, find_cgroup
from mltui.engines.docker.kept_file import KeptFile, read_file
from mltui.engines.docker.shm import SharedMemory
from mltui.engines.docker.usage_sources import CgroupSource, stats_usage
from tests.conftest import TestEngine
from tests.contracts.conftest import Rig, until

MB = 1 << 20
#: So little that also a machine with much else to do gives it: what holds a loop back is this limit.
CORES = 0.1


@pytest.fixture
def busy(rig: Rig) -> str:
    """A container that keeps a tenth of a core, 8 MB of memory and 4 MB of page cache."""
    script = (
        "head -c 8388608 /dev/urandom > /mem/held; head -c 4194304 /dev/urandom > /outputs/file; "
        "cat /outputs/file > /dev/null; echo ready; while :; do :; done"
    )
    scratch = Mount("/mem", type=MountType.TMPFS, size=16 * MB)
    spec = rig.spec(script, resources=Resources(cpus=CORES, memory=64 * MB))
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
    assert CORES / 3 < ours.cpu < 1.35 * CORES
    assert ours.memory == pytest.approx(memory["usage"] - inactive, abs=MB)
    assert 8 * MB < ours.memory < memory["usage"]
    assert (ours.cpu_limit, ours.memory_limit) == (CORES, memory["limit"])
    assert ours.pids == stats["pids_stats"]["current"]
    held, held_before = cpu["throttling_data"], before["throttling_data"]
    periods = held["periods"] - held_before["periods"]
    assert ours.throttled == pytest.approx(
        (held["throttled_periods"] - held_before["throttled_periods"]) / periods, abs=0.4
    )
    assert ours.throttled
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


def test_shared_memory_requests_and_limits(rig: Rig) -> None:
    """Use and size of the container's own ``/dev/shm``; what it was promised; how many processes it may have."""
    script = "head -c 5242880 /dev/zero > /dev/shm/batch; echo ready; sleep 600"
    asked = Resources(cpus=0.5, memory=64 * MB, cpus_request=0.25, memory_request=32 * MB, pids=50)
    container = rig.create(rig.spec(script, resources=asked, shm_size=16 * MB))
    stream = rig.engine.attach(container)
    rig.engine.start(container)
    next(iter(stream))
    now = rig.engine.usage([container])[container]
    assert (now.shm, now.shm_size) == (5 * MB, 16 * MB)
    assert (now.cpu_request, now.memory_request) == (0.25, 32 * MB)
    assert (now.cpu_limit, now.memory_limit, now.pids_limit) == (0.5, 64 * MB, 50)
    assert now.unread == {}


def test_the_machines_network_and_shared_memory_are_not_the_containers(rig: Rig) -> None:
    """They are left out, and why is said."""
    container = rig.create(rig.spec("sleep 600", network_mode="host", ipc="host"))
    rig.engine.start(container)
    now = rig.engine.usage([container])[container]
    assert (now.net_rx, now.shm) == (None, None)
    assert set(now.unread) == {"net_rx", "net_tx", "shm", "shm_size"}


def test_a_live_change_of_a_limit_is_seen(rig: Rig, busy: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """What ``docker update`` sets is the limit that is shown next."""
    monkeypatch.setattr("mltui.engines.docker.usage_sources._BOUNDS_PERIOD", 0.0)
    assert rig.engine.usage([busy])[busy].memory_limit == 64 * MB
    with rig.engine._client.call("-") as api:
        api.update_container(busy, mem_limit=96 * MB, memswap_limit=96 * MB)
    assert rig.engine.usage([busy])[busy].memory_limit == 96 * MB


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
    assert KeptFile.open_count == 0
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
    assert read_file("/proc/self/maps").splitlines()[-1] == whole.splitlines()[-1]


def test_a_kept_file_is_read_as_it_is_now(tmp_path: Path) -> None:
    """However large it becomes; closed, it is no longer counted and can be read again."""
    path, before = tmp_path / "file", KeptFile.open_count
    path.write_bytes(b"12\n")
    kept = KeptFile(str(path))
    assert kept.number() == 12
    path.write_bytes(b"x" * 100_000)
    assert kept.read() == b"x" * 100_000
    assert KeptFile.open_count == before + 1
    kept.close()
    kept.close()
    assert KeptFile.open_count == before
    path.write_bytes(b"7")
    assert kept.number() == 7
    kept.close()


def test_only_so_many_files_are_kept_open(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Above half of what the process may open they are opened anew for each reading."""
    monkeypatch.setattr("mltui.engines.docker.kept_file.resource.getrlimit", lambda _: (2 * KeptFile.open_count, 0))
    (tmp_path / "file").write_bytes(b"3")
    before, kept = KeptFile.open_count, KeptFile(str(tmp_path / "file"))
    assert kept.number() == kept.number() == 3
    assert KeptFile.open_count == before


#: Files of version 2 of control groups in the kernel's form (``admin-guide/cgroup-v2``), as of a container under
#: ``--cpus 1.5 --memory 512m --pids-limit 200``.
VERSION_2 = {
    "cpu.stat": (
        "usage_usec 2500000\nuser_usec 2000000\nsystem_usec 500000\n"
        "nr_periods 40\nnr_throttled 10\nthrottled_usec 350000\nnr_bursts 0\nburst_usec 0\n"
    ),
    "cpu.max": "150000 100000\n",
    "memory.current": "104857600\n",
    "memory.stat": (
        "anon 52428800\nfile 50000000\nkernel 1048576\nkernel_stack 65536\npagetables 131072\nshmem 4096\n"
        "inactive_anon 0\nactive_anon 52428800\ninactive_file 20971520\nactive_file 10\nunevictable 0\n"
    ),
    "memory.max": "536870912\n",
    "pids.current": "7\n",
    "pids.max": "200\n",
    "io.stat": (
        "254:0 rbytes=1000 wbytes=2000 rios=1 wios=2 dbytes=0 dios=0\n"
        "259:0 rbytes=10 wbytes=20 rios=1 wios=1 dbytes=0 dios=0\n"
    ),
}
MACHINE = Allowance(4.0, 8 << 30, 4.0, 8 << 30)


@pytest.fixture
def unified(tmp_path: Path) -> Path:
    """The folder of one container under version 2."""
    for name, text in VERSION_2.items():
        (tmp_path / name).write_text(text)
    return tmp_path


def source(folder: Path) -> CgroupSource:
    """Usage read from ``folder``; a shared memory is not at hand there."""
    return CgroupSource(Cgroup({"": str(folder)}), MACHINE, SharedMemory(0, "a test"))


def test_version_2(unified: Path) -> None:
    """The files of version 2: microseconds, inactive cache left out, several disks added up."""
    reading = Cgroup({"": str(unified)}).read()
    assert reading.cpu == 2.5
    assert reading.memory == 80 * MB
    assert (reading.pids, reading.periods, reading.throttled) == (7, 40, 10)
    assert (reading.disk_read, reading.disk_write) == (1010, 2020)
    assert (reading.net_rx, reading.net_tx) == (None, None)


def test_limits_of_version_2(unified: Path) -> None:
    """A quota is so many microseconds of each period; ``max`` is no limit."""
    files = Cgroup({"": str(unified)})
    assert files.bounds() == Bounds(1.5, 512 * MB, 200)
    (unified / "cpu.max").write_text("max 100000\n")
    (unified / "memory.max").write_text("max\n")
    (unified / "pids.max").write_text("max\n")
    assert files.bounds() == Bounds(None, None, None)


def test_limits_of_version_1(tmp_path: Path) -> None:
    """-1 is no quota, and a number near 2^63 no limit of memory."""
    texts = {
        "cpu.cfs_quota_us": "20000\n", "cpu.cfs_period_us": "100000\n", "memory.limit_in_bytes": "67108864\n",
        "pids.max": "max\n",
    }  # fmt: skip
    for name, text in texts.items():
        (tmp_path / name).write_text(text)
    files = Cgroup(dict.fromkeys(("cpu", "cpuacct", "memory", "pids", "blkio"), str(tmp_path)))
    assert files.bounds() == Bounds(0.2, 64 * MB, None)
    (tmp_path / "cpu.cfs_quota_us").write_text("-1\n")
    (tmp_path / "memory.limit_in_bytes").write_text("9223372036854771712\n")
    assert files.bounds() == Bounds(None, None, None)


def at(monkeypatch: pytest.MonkeyPatch, *seconds: float) -> None:
    """Let the readings that follow be made at these times."""
    clock = iter(seconds)
    # That module's clock alone: other threads of the tests look at theirs.
    monkeypatch.setattr(cgroups, "time", SimpleNamespace(monotonic=lambda: next(clock)))


def test_cpu_is_the_mean_since_the_last_call(unified: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By the readings' own times; asked again at once the figure stands, and a counter that went back gives none."""
    at(monkeypatch, 10.0, 12.0, 12.05, 13.0)
    reads, cpu = source(unified), []
    for usec in (1_000_000, 2_500_000, 2_600_000, 100_000):
        (unified / "cpu.stat").write_text(f"usage_usec {usec}\n")
        cpu.append(reads.read().cpu)
    assert cpu == [None, 0.75, 0.75, None]


def test_throttling_is_the_share_of_time_slices(unified: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of those since the last call; none of none when it slept, and unknown where the kernel counts none."""
    at(monkeypatch, 1.0, 2.0, 3.0, 4.0)
    reads, shares = source(unified), []
    for counts in ("nr_periods 40\nnr_throttled 10", "nr_periods 50\nnr_throttled 18", "nr_periods 50\nnr_throttled 18",
                   "nr_periods 0\nnr_throttled 0"):  # fmt: skip
        (unified / "cpu.stat").write_text(f"usage_usec 1000000\n{counts}\n")
        shares.append(reads.read().throttled)
    assert shares == [None, 0.8, 0.0, None]


def test_disk_rates_are_bytes_a_second(unified: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Since the last call, all disks together."""
    at(monkeypatch, 1.0, 3.0)
    reads = source(unified)
    assert reads.read().disk_read_rate is None
    (unified / "io.stat").write_text("254:0 rbytes=5010 wbytes=2020 rios=1 wios=2 dbytes=0 dios=0\n")
    now = reads.read()
    assert (now.disk_read_rate, now.disk_write_rate) == (2000, 0)


def test_a_limit_changed_while_it_runs_is_seen(unified: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Within seconds; it is never more than the machine has."""
    at(monkeypatch, 1.0, 2.0, 7.0, 13.0)
    reads = source(unified)
    first = reads.read()
    assert (first.cpu_limit, first.memory_limit, first.pids_limit) == (1.5, 512 * MB, 200)
    (unified / "cpu.max").write_text("300000 100000\n")
    reads.read()
    assert reads.read().cpu_limit == 3.0
    (unified / "cpu.max").write_text("max 100000\n")
    (unified / "memory.max").write_text("max\n")
    last = reads.read()
    assert (last.cpu_limit, last.memory_limit) == (4.0, 8 << 30)


def test_limits_are_the_containers_or_the_machines() -> None:
    """Cores as a number, as a quota or as a set of CPUs; else all there are."""

    def limits(**host: object) -> tuple[float, float]:
        found = allowance({"HostConfig": host}, 8.0, 32.0)
        return found.cpus, found.memory

    assert limits(NanoCpus=1_500_000_000, Memory=5) == (1.5, 5.0)
    assert limits(CpuQuota=50_000) == (0.5, 32.0)
    assert limits(CpusetCpus="0-2,5") == (4.0, 32.0)
    assert limits() == (8.0, 32.0)
    assert count_cpus("3") == 1


def test_what_is_promised_is_told_from_what_is_allowed() -> None:
    """Shares are cores times 1024, as Kubernetes sets them; what was not asked for is not promised."""
    asked = {"HostConfig": {"CpuShares": 512, "MemoryReservation": 100, "PidsLimit": 64}}
    found = allowance(asked, 8.0, 32.0)
    assert (found.cpu_request, found.memory_request, found.pids, found.cpus) == (0.5, 100.0, 64, 8.0)
    nothing = allowance({"HostConfig": {"CpuShares": 0, "MemoryReservation": 0, "PidsLimit": None}}, 8.0, 32.0)
    assert (nothing.cpu_request, nothing.memory_request, nothing.pids) == (None, None, None)


def test_what_it_shares_is_not_counted_as_its_own() -> None:
    """And the reason is said."""
    shared = allowance({"HostConfig": {"NetworkMode": "host", "IpcMode": "host"}}, 1, 1).unread
    assert shared["net_rx"] == "the machine's"
    assert shared["shm"] == "the machine's"
    joined = allowance({"HostConfig": {"NetworkMode": "container:abc", "IpcMode": "container:abc"}}, 1, 1).unread
    assert joined["net_tx"] == "another container's"
    assert joined["shm_size"] == "another container's"
    assert allowance({"HostConfig": {"NetworkMode": "default", "IpcMode": "private"}}, 1, 1).unread == {}


def test_a_folder_in_the_place_of_shared_memory_is_not_read() -> None:
    """This machine's root is no shared memory; a process that is not there has none."""
    assert SharedMemory(2**22 + 1).unread == "it has no /dev/shm"
    assert SharedMemory(2**22 + 1).read() == (None, None)


def sampled(second: int, used: int, **more: object) -> dict[str, object]:
    """One sample of an engine's stats."""
    return {
        "read": f"2026-01-01T00:00:{second:02d}.5Z",
        "cpu_stats": {"cpu_usage": {"total_usage": used}},
        "memory_stats": {"usage": 100, "limit": 1000},
        "blkio_stats": {"io_service_bytes_recursive": None},
        "pids_stats": {"current": 3},
        **more,
    }


def test_podmans_sample() -> None:
    """Podman has no earlier sample and null lists: CPU comes from two samples, disk is nothing."""
    first, second = sampled(1, 0), sampled(3, 3_000_000_000)
    assert stats_usage(first, None, MACHINE).cpu is None
    found = stats_usage(second, first, MACHINE)
    assert (found.cpu, found.memory, found.memory_limit, found.pids, found.disk_read) == (1.5, 100, 1000, 3, 0)


def test_a_stream_tells_rates_limits_and_throttling() -> None:
    """By the samples' own times; shared memory is not in it, which is said."""

    def of(second: int, received: int, periods: int) -> dict[str, object]:
        slices = {"periods": periods, "throttled_periods": periods // 2, "throttled_time": 1}
        cpu = {"cpu_usage": {"total_usage": second * 10**9}, "throttling_data": slices}
        networks = {"eth0": {"rx_bytes": received, "tx_bytes": 0}, "eth1": {"rx_bytes": 0, "tx_bytes": 0}}
        pids = {"current": 3, "limit": 18446744073709551615}
        return sampled(second, 0, cpu_stats=cpu, networks=networks, pids_stats=pids)

    found = stats_usage(of(5, 3000, 60), of(3, 1000, 20), MACHINE)
    assert (found.cpu, found.net_rx, found.net_rx_rate, found.throttled, found.pids_limit) == (1, 3000, 1000, 0.5, None)
    assert (found.shm, found.unread["shm"]) == (None, "the engine's figures do not tell it")


def test_a_process_that_ends_is_not_taken_for_the_whole_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """The kernel moves it out of its groups one by one; what is left of them is no ground for a figure."""
    mounts = {name: (f"/sys/fs/cgroup/{name}", "/") for name in ("memory", "cpuacct", "pids")}
    monkeypatch.setattr(cgroups, "cgroup_mounts", lambda: mounts)
    text = "4:memory:/\n3:cpuacct:/docker/abc\n2:pids:/docker/abc\n"
    monkeypatch.setattr(cgroups, "_text", lambda path: text)
    assert cgroups.find_cgroup(1, "abc") is None
