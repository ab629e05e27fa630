"""What the machine uses: CPU, memory, and the disk that holds the runs."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import NamedTuple

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
        try:
            room = disk_room(self._path)
        except OSError:
            return None, None
        return room.free, room.total


class DiskRoom(NamedTuple):
    """Bytes of a file system as its user has them."""

    free: float
    total: float
    """What this user could fill in all: what is used and what is free. ``df`` takes its share of this too."""
    kept_back: float
    """What the file system keeps back for root."""


def disk_room(path: Path) -> DiskRoom:
    """The disk on which ``path`` is, or will be when it is made. Raises ``OSError``."""
    disk = os.statvfs(next((place for place in (path, *path.parents) if place.exists()), Path("/")))
    free, used = disk.f_bavail * disk.f_frsize, (disk.f_blocks - disk.f_bfree) * disk.f_frsize
    return DiskRoom(float(free), float(used + free), float((disk.f_bfree - disk.f_bavail) * disk.f_frsize))
