"""What the machine uses: CPU, memory, and the disk that holds the runs."""

from __future__ import annotations

import os
import time
from pathlib import Path

from mltui.domain.device import HostSample


class HostMonitor:
    """Samples this machine. CPU is the mean since the sample before; the first sample has none."""

    def __init__(self, path: Path) -> None:
        self._path = path
        """A place on the disk that is watched; it need not be there yet."""
        self._before: tuple[float, float] | None = None

    def sample(self) -> HostSample:
        """The machine now; a value that cannot be read is ``None``."""
        import psutil

        memory = psutil.virtual_memory()
        free, total = self._disk()
        return HostSample(
            time=time.time(), cpu=self._cpu(), cpu_count=os.cpu_count() or 1,
            memory=float(memory.total - memory.available), memory_total=float(memory.total),
            disk_free=free, disk_total=total,
        )  # fmt: skip

    def _cpu(self) -> float | None:
        """Cores in use since the call before, from the machine's busy seconds (``/proc/stat``)."""
        import psutil

        times = psutil.cpu_times()
        # A guest's time is in user and nice already; waiting for the disk is not use.
        busy = times.user + times.nice + times.system + getattr(times, "irq", 0.0) + getattr(times, "softirq", 0.0)
        before, now = self._before, time.monotonic()
        self._before = (now, busy)
        if before is None or now <= before[0]:
            return None
        return min(max(0.0, busy - before[1]) / (now - before[0]), float(os.cpu_count() or 1))

    def _disk(self) -> tuple[float | None, float | None]:
        """Bytes free to this user, and bytes that this user could fill in all: what is used and what is free.

        A file system may keep blocks back for root; ``df`` leaves them out of its share too.
        """
        path = next((place for place in (self._path, *self._path.parents) if place.exists()), Path("/"))
        try:
            disk = os.statvfs(path)
        except OSError:
            return None, None
        free, used = disk.f_bavail * disk.f_frsize, (disk.f_blocks - disk.f_bfree) * disk.f_frsize
        return float(free), float(used + free)
