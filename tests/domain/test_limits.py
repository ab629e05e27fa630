"""Limits as people write and read them."""

from __future__ import annotations

import pytest

from mltui.domain.container import Limits, Usage
from mltui.domain.limits import change_text, limit_text, parse_limit, warnings
from mltui.domain.run import LimitChange

MACHINE = Limits(8, 64 << 30)


@pytest.mark.parametrize(
    ("what", "text", "value"),
    [("cpus", "1.5", 1.5), ("cpus", "500m", 0.5), ("memory", "8g", 8 << 30), ("memory", "512Mi", 512 << 20),
     ("pids", "512", 512)],
)  # fmt: skip
def test_as_compose_and_kubernetes_write_them(what: str, text: str, value: float) -> None:
    """Units are those of a profile."""
    assert parse_limit(what, text, MACHINE) == value


@pytest.mark.parametrize(
    ("what", "text", "sentence"),
    [
        ("cpus", "9", "expected 0.01 to 8 cores, found '9'"),
        ("cpus", "0.001", "expected 0.01 to 8 cores"),
        ("cpus", "many", "expected a number of CPUs such as 2"),
        ("memory", "65g", "the machine has 64.0 GiB, found '65g'"),
        ("memory", "1m", "expected at least 6.00 MiB"),
        ("memory", "-1", "expected a size such as 512m"),
        ("pids", "0", "expected a number of processes such as 512"),
        ("pids", "1.5", "expected a number of processes"),
        ("pids", "", "expected a number of processes"),
    ],
)
def test_what_no_engine_would_take(what: str, text: str, sentence: str) -> None:
    """Said with what would do."""
    with pytest.raises(ValueError, match=sentence):
        parse_limit(what, text, MACHINE)


def test_a_limit_below_use_says_what_happens() -> None:
    """For each of them; nothing where it is above, is not changed, or use is not known."""
    usage = Usage(1.0, cpu=1.5, memory=3.0 * (1 << 30), pids=40)
    assert list(warnings(Limits(1.0, 2 << 30, 20), usage)) == [
        "CPU limit 1 core is below the 1.5 cores in use now: it is slowed down.",
        "Memory limit 2.00 GiB is below the 3.00 GiB in use now: it is killed, or the kernel refuses the change.",
        "Processes 20 is below the 40 in use now: those it has go on, it can start no new ones.",
    ]
    assert list(warnings(Limits(2.0, 4 << 30), usage)) == []
    assert list(warnings(Limits(0.1, 1 << 30, 1), Usage(1.0))) == []
    assert list(warnings(Limits(0.1), None)) == []


def test_a_change_reads_from_before_to_after() -> None:
    """In the units of its kind."""
    assert change_text(LimitChange(1.0, "memory", 2 << 30, 8 << 30)) == "Memory limit: 2.00 GiB → 8.00 GiB"
    assert change_text(LimitChange(1.0, "cpus", None, 1.0)) == "CPU limit: no limit → 1 core"
    assert limit_text("cpus", 1.001) == "1 core"
    assert limit_text("pids", 5120) == "5,120"
