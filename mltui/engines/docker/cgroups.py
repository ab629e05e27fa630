"""What a container uses, read from its control groups (Linux, versions 1 and 2) without asking the engine.

Files and units: kernel documentation, ``admin-guide/cgroup-v1`` and ``admin-guide/cgroup-v2``.
"""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Iterable
from functools import cache
from typing import NamedTuple

from mltui.engines.docker.kept_file import KeptFile, read_file

#: Version 1 says "none" with a number near 2^63.
_NO_LIMIT = 1 << 60


class Reading(NamedTuple):
    """Counters at one moment."""

    clock: float
    """Seconds of a clock that only goes forward."""
    cpu: float
    """Seconds of CPU since the container started."""
    memory: float
    """Bytes, without inactive page cache, as the docker command counts it."""
    pids: int | None
    net_rx: float | None
    net_tx: float | None
    disk_read: float | None
    disk_write: float | None
    periods: int | None
    """Time slices in which it ran under a CPU limit."""
    throttled: int | None
    """Those in which it used that up and had to wait."""


class Bounds(NamedTuple):
    """What it may use; ``None`` where there is no limit."""

    cpu: float | None
    """Cores."""
    memory: float | None
    pids: int | None


class Cgroup:
    """The files of one container. ``OSError`` means that it is gone."""

    def __init__(self, folders: dict[str, str], net: str = "") -> None:
        """``folders`` by controller; version 2 has one, with the empty name.

        ``net`` is ``/proc/PID/net/dev``, or empty for a container that has no network of its own.
        """
        self.unified = "memory" not in folders
        own = folders.get("", "")
        self._cpu_folder, memory, pids = (folders.get(name, own) for name in ("cpu", "memory", "pids"))
        self._pids_limit = f"{pids}/pids.max"
        # Not kept open: that would keep the container's network alive.
        self._net = net
        if self.unified:
            disk, used, self._memory_limit = f"{own}/io.stat", f"{own}/memory.current", f"{own}/memory.max"
            self._inactive = b"\ninactive_file "
        else:
            disk = f"{folders.get('blkio', own)}/blkio.throttle.io_service_bytes_recursive"
            used, self._memory_limit = f"{memory}/memory.usage_in_bytes", f"{memory}/memory.limit_in_bytes"
            self._inactive = b"\ntotal_inactive_file "
        self._cpu = KeptFile(f"{folders.get('cpuacct', self._cpu_folder)}/cpuacct.usage")
        self._cpu_stat = KeptFile(f"{self._cpu_folder}/cpu.stat")
        self._memory, self._memory_stat = KeptFile(used), KeptFile(f"{memory}/memory.stat")
        self._pids, self._disk = KeptFile(f"{pids}/pids.current"), KeptFile(disk)

    def read(self) -> Reading:
        """All counters now."""
        clock = time.monotonic()
        cpu, periods, throttled = self._cpu_v2() if self.unified else self._cpu_v1()
        memory = self._used_memory()
        rx, tx = _network(self._net)
        disk_read, disk_write = self._disk_bytes()
        return Reading(clock, cpu, memory, self._count_pids(), rx, tx, disk_read, disk_write, periods, throttled)

    def bounds(self) -> Bounds:
        """The limits that hold now: they may be changed while it runs."""
        return Bounds(self._quota(), _limit(_text(self._memory_limit)), self._most_pids())

    def close(self) -> None:
        """Let go of its files."""
        for file in (self._cpu, self._cpu_stat, self._memory, self._memory_stat, self._pids, self._disk):
            file.close()

    def _cpu_v1(self) -> tuple[float, int | None, int | None]:
        used = self._cpu.number() / 1e9
        try:
            words = self._cpu_stat.read().split()
        except OSError:
            return used, None, None
        return used, _count(words, b"nr_periods"), _count(words, b"nr_throttled")

    def _cpu_v2(self) -> tuple[float, int | None, int | None]:
        words = self._cpu_stat.read().split()
        used = _count(words, b"usage_usec")
        if used is None:
            raise OSError("cpu.stat has no usage_usec")
        return used / 1e6, _count(words, b"nr_periods"), _count(words, b"nr_throttled")

    def _used_memory(self) -> float:
        used, stat = float(self._memory.number()), self._memory_stat.read()
        at = stat.find(self._inactive)
        end = at + len(self._inactive)
        inactive = float(stat[end : stat.index(b"\n", end)]) if at >= 0 else 0.0
        return used - inactive if inactive < used else used

    def _count_pids(self) -> int | None:
        with contextlib.suppress(OSError, ValueError):
            return self._pids.number()
        return None

    def _quota(self) -> float | None:
        if self.unified:
            quota, period = _text(f"{self._cpu_folder}/cpu.max").split()
        else:
            quota = _text(f"{self._cpu_folder}/cpu.cfs_quota_us").strip()
            period = _text(f"{self._cpu_folder}/cpu.cfs_period_us")
        return None if quota in ("max", "-1") else int(quota) / int(period)

    def _most_pids(self) -> int | None:
        with contextlib.suppress(OSError, ValueError):
            limit = _limit(_text(self._pids_limit))
            return None if limit is None else int(limit)
        return None

    def _disk_bytes(self) -> tuple[float | None, float | None]:
        try:
            text = self._disk.read().decode("ascii", "replace")
        except OSError:
            return None, None
        return _disk_v2(text) if self.unified else _disk_v1(text)


def find_cgroup(pid: int, container_id: str, *, own_network: bool = True) -> Cgroup | None:
    """The control groups of process ``pid``, if it is on this machine and in container ``container_id``."""
    try:
        lines = _text(f"/proc/{pid}/cgroup").splitlines()
    except OSError:
        return None
    # A line without it is of another process with that number here (the engine is on another machine or in another
    # namespace), or of a process that ends: the kernel moves it to the root, which is the whole machine's.
    folders = _folders(line for line in lines if container_id in line)
    net = f"/proc/{pid}/net/dev" if own_network else ""
    if "memory" in folders and "cpuacct" in folders:
        return Cgroup(folders, net)
    if "" not in folders or not os.path.exists(f"{folders['']}/memory.current"):
        return None
    return Cgroup({"": folders[""]}, net)


def _folders(lines: Iterable[str]) -> dict[str, str]:
    """Folder by controller, from the lines of ``/proc/PID/cgroup``; the unified hierarchy is the empty name."""
    mounts, folders = cgroup_mounts(), {}
    for line in lines:
        _, names, path = line.split(":", 2)
        for name in names.split(","):
            if mount := mounts.get(name):
                point, root = mount
                inner = path.removeprefix(root) if root != "/" else path
                folders[name] = f"{point}/{inner.strip('/')}"
    return folders


@cache
def cgroup_mounts() -> dict[str, tuple[str, str]]:
    """Mount point and root by controller, from ``/proc/self/mountinfo`` (see proc(5))."""
    mounts: dict[str, tuple[str, str]] = {}
    with contextlib.suppress(OSError):
        for line in _text("/proc/self/mountinfo").splitlines():
            front, _, back = line.partition(" - ")
            root, point = front.split()[3:5]
            kind, _, options = back.split()[:3]
            names = [""] if kind == "cgroup2" else options.split(",") if kind == "cgroup" else []
            for name in names:
                mounts.setdefault(name, (point, root))
    return mounts


def _text(path: str) -> str:
    return read_file(path).decode("ascii", "replace")


def _limit(text: str) -> float | None:
    text = text.strip()
    return None if text == "max" or int(text) >= _NO_LIMIT else float(text)


def _count(words: list[bytes], name: bytes) -> int | None:
    """The number behind ``name``, in a file of ``name number`` lines."""
    return int(words[words.index(name) + 1]) if name in words else None


def _network(path: str) -> tuple[float | None, float | None]:
    """Bytes received and sent by all interfaces but the loopback, as ``docker stats`` counts them."""
    if not path:
        return None, None
    try:
        lines = _text(path).splitlines()[2:]
    except OSError:
        return None, None
    received = sent = 0
    for line in lines:
        name, _, numbers = line.partition(":")
        if name.strip() != "lo":
            fields = numbers.split()
            received, sent = received + int(fields[0]), sent + int(fields[8])
    return float(received), float(sent)


def _disk_v1(text: str) -> tuple[float, float]:
    read = write = 0
    for line in text.splitlines():
        fields = line.split()
        if len(fields) == 3 and fields[1] == "Read":
            read += int(fields[2])
        elif len(fields) == 3 and fields[1] == "Write":
            write += int(fields[2])
    return float(read), float(write)


def _disk_v2(text: str) -> tuple[float, float]:
    pairs = [word.partition("=") for line in text.splitlines() for word in line.split()[1:]]
    read = sum(int(value) for name, _, value in pairs if name == "rbytes")
    return float(read), float(sum(int(value) for name, _, value in pairs if name == "wbytes"))
