"""The machine's own gauges, against what the system says."""

from __future__ import annotations

import os
import shutil
import time
from pathlib import Path

import psutil

from mltui.monitors.host import HostMonitor


def test_memory_in_use_is_what_is_not_available(tmp_path: Path) -> None:
    """Cache that can be given back is not in use."""
    sample, memory = HostMonitor(tmp_path).sample(), psutil.virtual_memory()
    assert sample.memory_total == memory.total
    assert sample.memory is not None
    assert abs(sample.memory - (memory.total - memory.available)) < 1 << 30


def test_cpu_is_cores_in_use_since_the_sample_before(tmp_path: Path) -> None:
    """One busy thread counts as about one core; the first sample knows nothing yet."""
    monitor = HostMonitor(tmp_path)
    assert monitor.sample().cpu is None
    end = time.process_time() + 0.5
    while time.process_time() < end:
        pass
    sample = monitor.sample()
    assert sample.cpu is not None
    assert sample.cpu_count == os.cpu_count()
    assert 0.25 < sample.cpu <= sample.cpu_count


def test_the_disk_is_the_one_that_holds_the_path(tmp_path: Path) -> None:
    """A folder that is still to be made counts to the disk it will be on."""
    sample, disk = HostMonitor(tmp_path / "not" / "yet").sample(), shutil.disk_usage(tmp_path)
    assert sample.disk_total is not None
    assert abs(sample.disk_total - (disk.used + disk.free)) < 1 << 30
    assert sample.disk_free is not None
    assert abs(sample.disk_free - disk.free) < 1 << 30
