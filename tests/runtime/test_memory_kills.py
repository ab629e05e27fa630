"""The kernel's count of kills for want of memory, where an engine cannot tell what killed a container."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from mltui.runtime import memory_kills
from mltui.runtime.memory_kills import MemoryKills


class Kernel:
    """A kernel's counters, and its clock."""

    def __init__(self, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.path = path
        self.now = 100.0
        self.count(7)
        monkeypatch.setattr(memory_kills.time, "time", lambda: self.now)

    def count(self, kills: int) -> None:
        self.path.write_text(f"oom_kill_disabled 1\noom_kill {kills}\nnr_free 3\n")


@pytest.fixture
def kernel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Kernel:
    return Kernel(tmp_path / "vmstat", monkeypatch)


def test_a_kill_tells_of_an_end_in_its_second(kernel: Kernel) -> None:
    """Not of one that was before the kill, nor of one that came later."""
    kills = MemoryKills(kernel.path)
    for kernel.now in (101.0, 102.0):
        kills.note()
    kernel.count(8)
    for kernel.now in (103.0, 104.0, 105.0, 106.0):
        kills.note()
    ends = (101.5, 102.5, 103.5, 104.5, 105.5)
    assert [kills.grew_at(end) for end in ends] == [False, True, True, False, False]


def test_a_container_that_ended_before_it_was_noted_again(kernel: Kernel) -> None:
    """The count before its start is what it is compared with; what was killed before that does not count."""
    kills = MemoryKills(kernel.path)
    kernel.now = 100.3
    assert not kills.grew_at(100.2)
    kernel.count(9)
    kernel.now = 100.6
    assert kills.grew_at(100.5)
    assert not kills.grew_at(99.9)


def test_a_kernel_that_does_not_count(tmp_path: Path) -> None:
    """Nothing is said."""
    kills = MemoryKills(tmp_path / "none")
    assert not kills.grew_at(time.time())
