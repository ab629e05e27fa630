"""Fifty services of Compose files with GPUs, each made a profile and launched dry: nothing of them is lost unsaid."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from tests.support.service_parts import CALLER, Case

FILES = sorted((Path(__file__).parent / "compose_services").glob("*.yaml"))
SERVICES = [(file, name) for file in FILES for name in yaml.safe_load(file.read_text())["services"]]
IDS = [f"{file.stem}-{name}" for file, name in SERVICES]


@pytest.fixture
def case(request, tmp_path, monkeypatch) -> Case:
    """The service of this test; every folder of the host is there."""
    monkeypatch.setenv("HOME", CALLER["HOME"])
    monkeypatch.setattr(Path, "exists", lambda self: True)
    file, name = request.param
    return Case(file, name, tmp_path)


def test_there_are_fifty():
    """With GPUs, in at least four files."""
    asks = re.compile("gpu|nvidia|/dev/dri|kfd")
    services = [yaml.safe_load(file.read_text())["services"][name] for file, name in SERVICES]
    assert len([service for service in services if asks.search(str(service))]) >= 50
    assert len(FILES) >= 4


@pytest.mark.parametrize("case", SERVICES, indirect=True, ids=IDS)
def test_nothing_is_lost_in_silence(case: Case):
    """Every part of the service is in the docker lines, or a remark says what became of it."""
    assert case.lost() == []


@pytest.mark.parametrize("case", [(FILES[-1], "pytorch-ddp")], indirect=True)
def test_a_loss_would_be_seen(case: Case):
    """The comparison finds what is taken out of the line."""
    lost = {
        "host": ("ipc",),
        "memlock=-1:-1": ("ulimits", "memlock"),
        "256g": ("deploy", "resources", "limits", "memory"),
        "NCCL_DEBUG=INFO": ("environment", "NCCL_DEBUG"),
    }
    line = case.run
    for word, path in lost.items():
        at = line.index(word)
        case.run = [*line[: at - 1], *line[at + 1 :]]
        assert path in case.lost()
    case.run = line
    assert case.lost() == []


@pytest.mark.parametrize("case", [(FILES[-1], "graph-nn")], indirect=True)
def test_a_missing_remark_would_be_seen(case: Case):
    """The comparison finds what is not said."""
    case.remarks = ()
    assert set(case.lost()) >= {("cpuset",), ("mem_swappiness",), ("oom_score_adj",)}
