"""How full a container's ``/dev/shm`` is: that is where worker processes hand batches to the training."""

from __future__ import annotations

import os


class SharedMemory:
    """``/dev/shm`` of one container of this machine, seen through ``/proc/PID/root`` of its first process."""

    def __init__(self, pid: int, unread: str = "") -> None:
        """``unread`` says why there is nothing to read, where that is known."""
        self._path = f"/proc/{pid}/root/dev/shm"
        self.unread = unread or self._problem()
        """Why it cannot be read; empty where it can."""

    def _problem(self) -> str:
        try:
            # A folder of the image in its place is as large as the disk and says nothing of shared memory.
            mounted = os.stat(self._path).st_dev != os.stat(f"{self._path}/../..").st_dev
        except PermissionError:
            return "only root may look into its /dev/shm"
        except OSError:
            return "it has no /dev/shm"
        return "" if mounted else "it has no /dev/shm of its own"

    def read(self) -> tuple[float | None, float | None]:
        """Bytes in use and in all; ``None`` where that cannot be read."""
        if self.unread:
            return None, None
        try:
            disk = os.statvfs(self._path)
        except OSError:
            return None, None
        return float((disk.f_blocks - disk.f_bfree) * disk.f_frsize), float(disk.f_blocks * disk.f_frsize)
