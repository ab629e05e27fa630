"""What Podman does in its own way behind Docker's API."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from mltui.domain.errors import GpuUnavailable
from mltui.domain.launch import GpuRequest
from mltui.engines.base import Engine
from tests.contracts.conftest import Rig
from tests.support import images

pytestmark = pytest.mark.docker


@pytest.fixture
def podman(podman_engine: Engine, tmp_path: Path) -> Iterator[Rig]:
    """Podman alone."""
    rig = Rig(podman_engine, tmp_path, images.BUSYBOX)
    yield rig
    rig.clear()


def test_a_request_for_gpus_that_podman_drops_is_refused(podman: Rig) -> None:
    """It takes the request without a word: the launch fails instead of training without a GPU."""
    spec = podman.spec("true", gpus=GpuRequest(count=1))
    with pytest.raises(GpuUnavailable, match="Podman Engine took the request"):
        podman.create(spec)
    assert podman.engine.find(spec.run_id) is None


def test_a_seccomp_profile_of_a_file_holds(podman: Rig) -> None:
    """Podman reads the file itself, where Docker is sent its text."""
    rules = {"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["mkdir"], "action": "SCMP_ACT_ERRNO"}]}
    (podman.project / "strict.json").write_text(json.dumps(rules))
    _, status, output = podman.run(podman.spec("mkdir /tmp/x", security_opt=("seccomp=strict.json",)))
    assert status.exit_code == 1
    assert b"not permitted" in output[2]


def test_a_home_in_memory_and_the_callers_rights_alone(podman: Rig) -> None:
    """What every run gets by default is there on Podman too."""
    spec = podman.spec(
        "echo $HOME; touch $HOME/kept && echo written; grep -E 'NoNewPrivs|CapEff' /proc/self/status | sort -r",
        home="/home/mltui",
        cap_drop=("ALL",),
        security_opt=("no-new-privileges:true",),
        user="1234:1234",
    )
    _, status, output = podman.run(spec)
    words = output[1].decode().split()
    assert words == ["/home/mltui", "written", "NoNewPrivs:", "1", "CapEff:", "0" * 16]
    assert status.exit_code == 0
