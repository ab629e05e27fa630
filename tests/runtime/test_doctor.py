"""The doctor: every check ends, whatever hangs, and says what to do."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterable
from pathlib import Path

import pytest

from mltui.domain.device import DeviceSample
from mltui.engines.base import EngineInfo
from mltui.runtime import doctor
from mltui.runtime.doctor import Check, Finding, Verdict

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
    found = doctor.run_checks([Check("hangs", hang, "wake it"), Check("good", lambda: [good])], deadline=0.2)
    never.set()
    assert found == (Finding("hangs", Verdict.FAIL, "no answer within 0 s", "wake it"), good)


def test_a_check_that_breaks_is_a_finding() -> None:
    """An error in a check is reported as that check's failure."""

    def broken() -> Iterable[Finding]:
        raise RuntimeError("boom")

    [found] = doctor.run_checks([Check("broken", broken)])
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
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/none.sock")
    [found] = doctor.check_engine()
    assert found.verdict is Verdict.WARN
    assert "none.sock" in found.evidence
    assert found.cure
    [asked] = doctor.check_engine("docker")
    assert asked.verdict is Verdict.FAIL


def test_home_that_cannot_be_written_to(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A home below a file fails, with the variable that names another."""
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("MLTUI_HOME", str(tmp_path / "file" / "home"))
    [found] = doctor.check_home()
    assert found.verdict is Verdict.FAIL
    assert "MLTUI_HOME" in found.cure


def test_engine_facts_are_judged() -> None:
    """A remote engine's facts are shown; its disk cannot be seen from here; no control of cgroups is a warning."""
    found = _by_check(doctor.engine_findings(_INFO))
    assert found["cgroup"] == Finding("cgroup", Verdict.OK, "cgroup v2, driver systemd, storage ?")
    assert found["engine disk"].verdict is Verdict.INFO
    assert found["engine GPUs"].verdict is Verdict.OK
    rootless = _INFO._replace(details={**_INFO.details, "cgroup driver": "none"})
    assert _by_check(doctor.engine_findings(rootless))["cgroup"].verdict is Verdict.WARN


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
    fine, lost = doctor.gpu_findings(_Monitor())
    assert fine.verdict is Verdict.OK
    assert "1.00 GiB of 80.0 GiB" in fine.evidence
    assert lost.verdict is Verdict.FAIL
    assert "GPU is lost" in lost.evidence


def test_a_full_disk_fails_and_a_filling_one_warns(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The verdict follows the free space."""
    verdicts = []
    for free in (500 << 20, 5 << 30, 50 << 30):
        usage = type("usage", (), {"free": free, "total": 100 << 30})
        monkeypatch.setattr(doctor.shutil, "disk_usage", lambda _, usage=usage: usage)
        verdicts.append(doctor.disk("disk", tmp_path, "clean up").verdict)
    assert verdicts == [Verdict.FAIL, Verdict.WARN, Verdict.OK]
