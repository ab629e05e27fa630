"""What a cure changes in a profile, in each form in which the profile may say it."""

from __future__ import annotations

from typing import Any

import pytest

from mltui.domain.diagnosis import ChangeRule, Diagnosis, Kind
from mltui.domain.profile_change import ProfileChange, profile_changes


def _changes(rule: ChangeRule, data: dict[str, Any], **words: str) -> list[tuple[str, object]]:
    diagnosis = Diagnosis("x", Kind.FAILURE, "", (), "", (rule,), words)
    found = profile_changes(diagnosis, data, {"host_memory_total": float(16 << 30)}, lambda port: port + 1)
    return [(".".join(map(str, change.path)), change.value) for change in found]


MEMORY = ChangeRule("mem_limit|deploy.resources.limits.memory", "grow", cap="host_memory_total")
SHM = ChangeRule("shm_size", "grow", "8g", "host_memory_total")
BATCH = ChangeRule("params.batch_size|params.batch", "shrink", 2)
PORTS = ChangeRule("ports", "next_port")


@pytest.mark.parametrize(
    ("rule", "data", "changes"),
    [
        (MEMORY, {"mem_limit": "512m"}, [("mem_limit", "1g")]),
        (MEMORY, {"deploy": {"resources": {"limits": {"memory": "3Gi"}}}}, [("deploy.resources.limits.memory", "6g")]),
        (MEMORY, {"mem_limit": "12g"}, [("mem_limit", "16g")]),
        (MEMORY, {"mem_limit": "16g"}, []),
        (MEMORY, {}, []),
        (MEMORY, {"mem_limit": "${MEM}"}, []),
        (SHM, {}, [("shm_size", "8g")]),
        (SHM, {"shm_size": 67108864}, [("shm_size", "8g")]),
        (SHM, {"shm_size": "6g"}, [("shm_size", "12g")]),
        (BATCH, {"params": {"batch_size": 64}}, [("params.batch_size", 32)]),
        (BATCH, {"params": {"batch": {"default": 3, "min": 1}}}, [("params.batch.default", 1)]),
        (BATCH, {"params": {"batch": 1}}, []),
        (BATCH, {"params": {"epochs": 5}}, []),
        (ChangeRule("params.lr", "shrink", 10), {"params": {"lr": 0.003}}, [("params.lr", 0.0003)]),
        (ChangeRule("ulimits.nofile", "grow", 65536), {}, [("ulimits.nofile", 65536)]),
        (ChangeRule("ulimits.nofile", "grow", 65536), {"ulimits": {"nofile": {"soft": 1, "hard": 99999}}},
         [("ulimits.nofile", 199998)]),
        (ChangeRule("ulimits.nofile", "grow", 65536), {"ulimits": {"nofile": -1}}, []),
        (ChangeRule("stop_grace_period", "grow", "60s"), {"stop_grace_period": "45s"}, [("stop_grace_period", "90s")]),
        (ChangeRule("user", "remove"), {"user": "root"}, [("user", None)]),
        (ChangeRule("user", "remove"), {}, []),
        (ChangeRule("init", "remove", False), {"init": False}, [("init", None)]),
        (ChangeRule("init", "remove", False), {"init": True}, []),
        (ChangeRule("environment.A", "set", "1"), {"environment": {"A": "1"}}, []),
        (ChangeRule("environment.A", "set", "1"), {"environment": ["A=0", "B=1"]}, [("environment.A", "1")]),
        (ChangeRule("gpus", "set", "auto", only=("none", 0)), {"gpus": "all"}, []),
        (ChangeRule("gpus", "set", "auto", only=("none", 0)), {"gpus": "none"}, [("gpus", "auto")]),
        (ChangeRule("volumes", "add", "/a:/a"), {"volumes": ["/b:/b"]}, [("volumes", ["/b:/b", "/a:/a"])]),
        (ChangeRule("volumes", "add", "/a:/a"), {"volumes": ["/a:/a"]}, []),
        (ChangeRule("environment.MASTER_PORT", "next_port", 29500), {}, [("environment.MASTER_PORT", "29502")]),
    ],
)  # fmt: skip
def test_a_rule_makes_of_a_profile(rule: ChangeRule, data: dict[str, Any], changes: list[tuple[str, object]]) -> None:
    """Sizes keep their units and their cap, lists and mappings their form; what changes nothing is no change."""
    assert _changes(rule, data) == changes


@pytest.mark.parametrize(
    ("entry", "place", "moved"),
    [
        ("8888:80", "ports.0", "8890:80"),
        ("127.0.0.1:8888:80/tcp", "ports.0", "127.0.0.1:8890:80/tcp"),
        ({"target": 80, "published": "8888"}, "ports.0.published", "8890"),
        ({"target": 80, "published": 8888}, "ports.0.published", 8890),
    ],
)
def test_a_taken_port_moves_on(entry: object, place: str, moved: object) -> None:
    """In each form that Compose has; another port's entry stays."""
    assert _changes(PORTS, {"ports": [entry]}, port="8888") == [(place, moved)]
    assert _changes(PORTS, {"ports": [entry]}, port="9999") == []
    assert _changes(PORTS, {"ports": [entry]}) == []


def test_a_change_says_itself() -> None:
    """In one line, as the profile has it."""
    assert str(ProfileChange(("ulimits", "nofile"), 65536)) == "ulimits.nofile: 65536"
    assert str(ProfileChange(("user",), None, "root")) == "without user"
