"""The doctor: every check ends, whatever hangs, and says what to do."""

from __future__ import annotations

import contextlib
import io
import os
import shutil
import socket
import tarfile
import threading
from collections.abc import Iterable
from pathlib import Path

import pytest

from mltui.domain.device import DeviceSample
from mltui.engines.base import EngineInfo
from mltui.engines.docker import DockerEngine, endpoint
from mltui.monitors import host
from mltui.monitors.nvidia import NvidiaMonitor
from mltui.runtime import checkup, doctor, doctor_engine, doctor_gpus
from mltui.runtime.checkup import Check, Finding, Verdict
from mltui.runtime.doctor_probe import probe
from mltui.storage.history import RunDatabase
from tests.support import images
from tests.support.dockerd import PrivateDockerd
from tests.support.nvml.simulated import board, write

_INFO = EngineInfo(
    engine="docker", product="Docker Engine", version="24", endpoint="unix:///x", context="default", host="box", cpus=8,
    memory=64 << 30, gpus=True, isolated=True, local=False,
    details={"API": "1.43", "cgroup version": "2", "cgroup driver": "systemd", "runtimes": "nvidia, runc"},
)  # fmt: skip


def _by_check(findings: Iterable[Finding]) -> dict[str, Finding]:
    return {finding.check: finding for finding in findings}


def test_a_check_that_hangs_fails_alone() -> None:
    """The others' findings are there, in order; the one that hangs is said not to have answered."""
    never = threading.Event()

    def hang() -> Iterable[Finding]:
        never.wait()
        return ()

    good = Finding("good", Verdict.OK, "fine")
    found = checkup.run_checks([Check("hangs", hang, "wake it"), Check("good", lambda: [good])], deadline=0.2)
    never.set()
    assert found == (Finding("hangs", Verdict.FAIL, "no answer within 0.2 s", "wake it"), good)


def test_a_check_that_breaks_is_a_finding() -> None:
    """An error in a check is reported as that check's failure."""

    def broken() -> Iterable[Finding]:
        raise RuntimeError("boom")

    [found] = checkup.run_checks([Check("broken", broken)])
    assert found.verdict is Verdict.FAIL
    assert "boom" in found.evidence


def test_an_engine_that_accepts_and_never_answers_does_not_hold_it_up(tmp_path: Path) -> None:
    """A socket behind which nobody speaks: a verdict comes within the deadline and names the engine's check."""
    with socket.socket(socket.AF_UNIX) as silent:
        silent.bind(str(tmp_path / "s"))
        silent.listen()
        found = _by_check(doctor.examine("docker", f"unix://{tmp_path}/s", deadline=1.0))
    assert found["engine"].verdict is Verdict.FAIL
    assert found["engine"].cure
    assert found["mltui"].verdict is Verdict.OK


def test_no_engine_is_a_warning_with_the_cure(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Without a container engine the local one works, so that is no failure; an engine that was asked for is one."""
    monkeypatch.delenv("DOCKER_HOST", raising=False)
    monkeypatch.setattr(endpoint, "DEFAULT_SOCKET", f"{tmp_path}/none.sock")
    monkeypatch.setattr(endpoint, "_sockets", lambda env: iter(()))
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    [found] = doctor_engine.check_engine()
    assert found.verdict is Verdict.WARN
    assert "none.sock" in found.evidence
    assert found.cure
    [asked] = doctor_engine.check_engine("docker")
    assert asked.verdict is Verdict.FAIL
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/none.sock")
    [named] = doctor_engine.check_engine()
    assert named.verdict is Verdict.FAIL
    assert "until then" not in named.cure


def test_home_that_cannot_be_written_to(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A home below a file fails, with the variable that names another."""
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("MLTUI_HOME", str(tmp_path / "file" / "home"))
    [found] = doctor.check_home()
    assert found.verdict is Verdict.FAIL
    assert "MLTUI_HOME" in found.cure


def test_a_run_database_that_is_damaged(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Said with what to do; one that is whole, or not there yet, is well."""
    monkeypatch.setenv("MLTUI_HOME", str(tmp_path))
    assert "run database" not in _by_check(doctor.check_home())
    RunDatabase(tmp_path / "runs.db").close()
    assert _by_check(doctor.check_home())["run database"].verdict is Verdict.OK
    (tmp_path / "runs.db").write_bytes(b"\x5a" * 9000)
    found = _by_check(doctor.check_home())
    assert found["home"].verdict is Verdict.OK
    assert found["run database"].verdict is Verdict.FAIL
    assert "mv " in found["run database"].cure


@pytest.mark.parametrize("nvidia", [False, True])
def test_engine_facts_are_judged(monkeypatch: pytest.MonkeyPatch, nvidia: bool) -> None:
    """A remote engine's facts are shown, and not judged by this machine's GPUs; its disk cannot be seen from here."""
    monkeypatch.setattr(doctor_engine, "has_nvidia", lambda: nvidia)
    found = _by_check(doctor_engine.engine_findings(_INFO))
    assert found["cgroup"] == Finding("cgroup", Verdict.OK, "cgroup v2, driver systemd, storage ?")
    assert found["engine disk"].verdict is Verdict.INFO
    assert found["engine GPUs"].verdict is Verdict.OK
    rootless = _INFO._replace(details={**_INFO.details, "cgroup driver": "none"})
    assert _by_check(doctor_engine.engine_findings(rootless))["cgroup"].verdict is Verdict.WARN


@pytest.mark.parametrize("nvidia", [False, True])
def test_systemd_may_take_gpus_from_containers(monkeypatch: pytest.MonkeyPatch, nvidia: bool) -> None:
    """Said of an engine on this machine where there are any, with what to do."""
    monkeypatch.setattr(doctor_engine, "has_nvidia", lambda: nvidia)
    found = _by_check(doctor_engine.engine_findings(_INFO._replace(local=True)))["cgroup"]
    assert (found.verdict is Verdict.WARN) == nvidia
    assert bool(found.cure) == nvidia


class _Monitor:
    """Two GPUs, one of which fell off the bus."""

    name = "simulated"

    def probe(self) -> str | None:
        return None

    def sample(self) -> tuple[DeviceSample, ...]:
        fine = DeviceSample(0.0, 0, "GPU-a", "H100", memory_used=1 << 30, memory_total=80 << 30)
        return fine, DeviceSample(0.0, 1, "GPU-b", "H100", error="GPU is lost")

    def close(self) -> None:
        pass


def test_a_lost_gpu_is_a_failure_beside_the_others() -> None:
    """Each GPU has a verdict of its own."""
    fine, lost, _ = doctor_gpus.gpu_findings(_Monitor())
    assert fine.verdict is Verdict.OK
    assert "1.00 GiB of 80.0 GiB" in fine.evidence
    assert lost.verdict is Verdict.FAIL
    assert "GPU is lost" in lost.evidence


def test_a_full_disk_fails_and_a_filling_one_warns(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The verdict follows the free space."""
    verdicts = []
    for free in (500 << 20, 5 << 30, 50 << 30):
        monkeypatch.setattr(host, "disk_room", lambda _, free=free: host.DiskRoom(free, 100 << 30, 50 << 30))
        found = checkup.disk("disk", tmp_path, "clean up")
        verdicts.append(found.verdict)
    assert found.evidence == f"50.0 GiB free of 100 GiB at {tmp_path}; 50.0 GiB more are kept back for root"
    assert verdicts == [Verdict.FAIL, Verdict.WARN, Verdict.OK]


def test_what_was_found_before_a_check_hung_is_kept() -> None:
    """Of an engine that stops answering midway what it said until then is there."""
    never = threading.Event()

    def halfway() -> Iterable[Finding]:
        yield Finding("engine", Verdict.OK, "answers")
        never.wait()

    found = checkup.run_checks([Check("engine", halfway, "wake it")], deadline=0.2)
    never.set()
    assert [one.verdict for one in found] == [Verdict.OK, Verdict.FAIL]


def test_rootless_and_podman_are_said() -> None:
    """What is other there stands in words; whether GPUs matter depends on the machine."""
    rootless = _INFO._replace(details={**_INFO.details, "rootless": "yes"})
    assert "rootless" in _by_check(doctor_engine.engine_findings(rootless))["engine kind"].evidence
    podman = _INFO._replace(product="Podman Engine")
    assert "drops it" in _by_check(doctor_engine.engine_findings(podman))["engine kind"].evidence
    assert "engine kind" not in _by_check(doctor_engine.engine_findings(_INFO))


def test_what_the_engine_found_by_cdi_is_shown() -> None:
    """Runtimes alone mislead: the devices of CDI are named, and the default runtime."""
    facts = {**_INFO.details, "CDI folders": "/etc/cdi", "CDI devices": "nvidia.com/gpu=0", "default runtime": "runc"}
    found = _by_check(doctor_engine.engine_findings(_INFO._replace(details=facts)))
    assert found["CDI"].evidence == "folders /etc/cdi; devices nvidia.com/gpu=0"
    assert found["runtimes"].evidence == "nvidia, runc; default runc"


def test_a_real_engine_is_examined(dockerd: object) -> None:
    """Every finding of a real engine has evidence; it is well, or says what to do."""
    url = dockerd.url  # type: ignore[attr-defined]
    found = _by_check(doctor_engine.check_engine("docker", url))
    assert found["engine"].verdict is Verdict.OK
    assert url in found["endpoint"].evidence
    assert {"engine API", "engine host", "cgroup", "runtimes", "engine logs", "engine disk", "engine GPUs"} <= set(
        found
    )
    assert all(one.evidence and (one.cure or one.verdict in (Verdict.OK, Verdict.INFO)) for one in found.values())


def _machine(root: Path, *, loaded: str = "550.54.14", library: str = "550.54.14") -> Path:
    """Files of a machine with NVIDIA's driver."""
    for path, text in {
        "proc/driver/nvidia/version": f"NVRM version: NVIDIA UNIX x86_64 Kernel Module  {loaded}  Thu Feb 22\n",
        "sys/module/nvidia/version": f"{loaded}\n",
        "dev/nvidiactl": "",
        "dev/nvidia-uvm": "",
        f"usr/lib/x86_64-linux-gnu/libnvidia-ml.so.{library}": "",
    }.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)
    return root


def test_a_driver_that_was_upgraded_while_it_is_loaded(tmp_path: Path) -> None:
    """The kernel's version and the library's differ: the next program fails, and the doctor knows it before."""
    [well] = doctor_gpus.check_driver(_machine(tmp_path / "well"))
    assert well.verdict is Verdict.OK
    [found] = doctor_gpus.check_driver(_machine(tmp_path / "new", library="560.35.03"))
    assert found.verdict is Verdict.FAIL
    assert "550.54.14 is loaded, library 560.35.03" in found.evidence
    assert list(doctor_gpus.check_driver(tmp_path / "none")) == []


@pytest.mark.parametrize("folder", ["usr/local/nvidia/lib64", "usr/lib/x86_64-linux-gnu/nvidia/current", "opt/driver"])
def test_the_drivers_library_is_found_where_it_lies(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, folder: str
) -> None:
    """Also where a cluster or a distribution puts it, or ``LD_LIBRARY_PATH`` says."""
    monkeypatch.setenv("LD_LIBRARY_PATH", ":/opt/driver")
    root = _machine(tmp_path)
    (root / folder).mkdir(parents=True)
    (root / "usr/lib/x86_64-linux-gnu/libnvidia-ml.so.550.54.14").rename(root / folder / "libnvidia-ml.so.550.54.14")
    [found] = doctor_gpus.check_driver(root)
    assert "library 550.54.14" in found.evidence


def test_cudas_device_file_is_missed(tmp_path: Path) -> None:
    """Without it CUDA says only "unknown error"."""
    root = _machine(tmp_path)
    (root / "dev/nvidia-uvm").unlink()
    assert _by_check(doctor_gpus.check_driver(root))["CUDA device"].cure == "sudo modprobe nvidia_uvm"


def test_a_cdi_file_that_is_older_than_the_driver(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It names files that are gone; a newer one is well, none at all is a warning."""
    monkeypatch.setattr(doctor_gpus.shutil, "which", lambda name: None)
    root = _machine(tmp_path)
    [missing] = doctor_gpus.check_toolkit(root)
    assert "Install nvidia-container-toolkit" in missing.cure
    spec = root / "etc/cdi/nvidia.yaml"
    spec.parent.mkdir(parents=True)
    spec.write_text("cdiVersion: 0.5.0\n")
    os.utime(spec, (1, 1))
    [stale] = doctor_gpus.check_toolkit(root)
    assert stale.verdict is Verdict.WARN
    assert "nvidia-ctk cdi generate --output=/etc/cdi/nvidia.yaml" in stale.cure
    os.utime(spec, (4e9, 4e9))
    [well] = doctor_gpus.check_toolkit(root)
    assert well.verdict is Verdict.OK


def test_switches_want_the_fabric_manager(tmp_path: Path) -> None:
    """Where there are none it is not missed; it is known by its process."""
    root = _machine(tmp_path)
    assert list(doctor_gpus.check_fabric(root)) == []
    (root / "dev/nvidia-nvswitch0").touch()
    [missing] = doctor_gpus.check_fabric(root)
    assert missing.verdict is Verdict.FAIL
    assert "(550.54.14)" in missing.cure
    (root / "proc/77").mkdir()
    (root / "proc/77/comm").write_text("nv-fabricmanage\n")
    [well] = doctor_gpus.check_fabric(root)
    assert well.verdict is Verdict.OK


def test_long_logs_of_an_engine(tmp_path: Path) -> None:
    """A log without a limit is found by its size, on disk as sparse as it is."""
    for name, size in (("a" * 64, 1000), ("b" * 64, 3 << 30)):
        folder = tmp_path / "containers" / name
        folder.mkdir(parents=True)
        with (folder / f"{name}-json.log").open("wb") as log:
            log.truncate(size)
    [found] = doctor_engine.check_logs(tmp_path)
    assert found.verdict is Verdict.WARN
    assert "2 logs" in found.evidence
    assert "bbbbbbbbbbbb" in found.evidence
    assert "max-size" in found.cure
    assert list(doctor_engine.check_logs(tmp_path / "none")) == []


def test_zombies_are_counted_with_their_parent(tmp_path: Path) -> None:
    """Many children that nobody takes away point to a container without an init."""
    for pid in range(100, 130):
        (tmp_path / str(pid)).mkdir()
        (tmp_path / str(pid) / "stat").write_text(f"{pid} (py (x) 3) {'Z' if pid < 120 else 'S'} 42 1 1")
    [found] = doctor_engine.check_zombies(tmp_path)
    assert found.verdict is Verdict.WARN
    assert "20, of them 20 children of process 42" in found.evidence
    [well] = doctor_engine.check_zombies()
    assert well.evidence


def test_gpus_say_who_holds_them_and_which_are_free() -> None:
    """From the processes on each; a GPU that is lost is neither."""
    findings = list(doctor_gpus.gpu_findings(_Monitor()))
    assert findings[-1] == Finding("free GPUs", Verdict.OK, "1 of 1 are free: 0")


def test_gpus_of_a_driver_are_examined(driver: Path) -> None:
    """Real pynvml on the simulated driver: who computes there holds it, a board with nothing on it is free."""
    write(driver, board(0) | {"mem_used": 0, "util": 0}, board(1) | {"procs": f"{os.getpid()}:{9 << 30}"})
    found = list(doctor_gpus.gpu_findings(NvidiaMonitor()))
    assert [one.check for one in found] == ["gpu", "gpu", "free GPUs"]
    assert f"process {os.getpid()}" in found[1].evidence
    assert found[2].evidence == "1 of 2 are free: 0"


def test_a_monitor_without_a_driver_is_no_failure_on_a_machine_without_one() -> None:
    """Most machines have no GPU."""
    monitor = NvidiaMonitor()
    if monitor.probe() is None:
        pytest.skip("this machine has a GPU")
    [found] = doctor_gpus.gpu_findings(monitor)
    assert found.verdict in (Verdict.INFO, Verdict.FAIL)
    assert found.evidence


def _image_with_nvidia_smi(url: str, tag: str) -> None:
    """A shell, and a program that says what NVIDIA's says of the devices it was given."""
    script = b'#!/bin/sh\necho "GPU 0: stand-in (UUID: $NVIDIA_VISIBLE_DEVICES)"\n'
    busybox = shutil.which("busybox")
    assert busybox
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        archive.add(busybox, "bin/sh")
        program = tarfile.TarInfo("bin/nvidia-smi")
        program.mode, program.size = 0o755, len(script)
        archive.addfile(program, io.BytesIO(script))
    buffer.seek(0)
    images.import_image(url, tag, buffer, ["ENV PATH=/bin"])


def test_the_probe_runs_and_leaves_nothing(dockerd: object, private_dockerd: PrivateDockerd) -> None:
    """A container asks for all GPUs and lists them; what its image lacks and what the driver says is told."""
    with contextlib.closing(DockerEngine(private_dockerd.url)) as engine:
        [lacking] = probe(engine)
        assert lacking.verdict is Verdict.FAIL
        assert lacking.cure
        _image_with_nvidia_smi(private_dockerd.url, "mltui-test/cuda")
        [well] = probe(engine)
        assert well.verdict is Verdict.OK
        assert "sees 1: GPU 0: stand-in (UUID: all)" in well.evidence
        with private_dockerd.failing_gpus("nvidia-container-cli: initialization error: nvml error: driver not loaded"):
            [broken] = probe(engine)
        assert broken.verdict is Verdict.FAIL
        assert "driver" in broken.evidence
        assert not [one for one in engine.containers() if one.name.startswith("mltui-probe")]
        engine.remove_image("mltui-test/cuda")


def test_a_command_is_given_the_time_that_is_left() -> None:
    """Of three seconds since it was typed; a process that is old already has one."""
    assert checkup.time_left() >= 1.0
    assert checkup.time_left() <= checkup.DEADLINE_S
