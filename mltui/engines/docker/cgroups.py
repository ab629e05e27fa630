"""What a container uses, read from its control groups (Linux, versions 1 and 2) without asking the engine.

Files and units: kernel documentation, ``admin-guide/cgroup-v1`` and ``admin-guide/cgroup-v2``.
"""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import NamedTuple


class Reading(NamedTuple):
    """Counters at one moment."""

    clock: float
    """Seconds of a clock that only goes forward."""
    cpu: float
    """Seconds of CPU since the container started."""
    memory: float
    """Bytes, without inactive page cache, as the docker command counts it."""
    memory_limit: float | None
    """Bytes; ``None`` where there is none."""
    pids: int | None
    net_rx: float | None
    net_tx: float | None
    disk_read: float | None
    disk_write: float | None


@dataclass(frozen=True)
class Cgroup:
    """The files of one container. ``OSError`` from ``read`` means that it is gone."""

    unified: bool
    cpu: str
    memory: str
    memory_stat: str
    memory_limit: str
    pids: str
    disk: str
    net: str
    """``/proc/PID/net/dev``, or empty for a container on the host's network."""

    def read(self) -> Reading:
        """All counters now."""
        clock = time.monotonic()
        cpu = _cpu_v2(_text(self.cpu)) if self.unified else int(_text(self.cpu)) / 1e9
        memory = self._memory()
        rx, tx = _network(self.net)
        disk_read, disk_write = self._disk()
        return Reading(clock, cpu, memory, self._limit(), self._count(), rx, tx, disk_read, disk_write)

    def _memory(self) -> float:
        used = float(_text(self.memory))
        name = b"\ninactive_file " if self.unified else b"\ntotal_inactive_file "
        stat = _bytes(self.memory_stat)
        at = stat.find(name)
        inactive = float(stat[at + len(name) : stat.index(b"\n", at + 1)]) if at >= 0 else 0.0
        return used - inactive if inactive < used else used

    def _limit(self) -> float | None:
        text = _text(self.memory_limit).strip()
        # Version 1 says "none" with a number near 2^63.
        return None if text == "max" or int(text) >= 1 << 60 else float(text)

    def _count(self) -> int | None:
        with contextlib.suppress(OSError, ValueError):
            return int(_text(self.pids))
        return None

    def _disk(self) -> tuple[float | None, float | None]:
        try:
            text = _text(self.disk)
        except OSError:
            return None, None
        return _disk_v2(text) if self.unified else _disk_v1(text)


def find_cgroup(pid: int, container_id: str, *, own_network: bool = True) -> Cgroup | None:
    """The control groups of process ``pid``, if it is on this machine and in container ``container_id``."""
    try:
        lines = _text(f"/proc/{pid}/cgroup").splitlines()
    except OSError:
        return None
    if container_id not in "".join(lines):
        # The number belongs to another process here: the engine is on another machine or in another namespace.
        return None
    folders = _folders(lines)
    net = f"/proc/{pid}/net/dev" if own_network else ""
    if "memory" in folders and "cpuacct" in folders:
        cpu, memory = folders["cpuacct"], folders["memory"]
        return Cgroup(
            False,
            f"{cpu}/cpuacct.usage",
            f"{memory}/memory.usage_in_bytes",
            f"{memory}/memory.stat",
            f"{memory}/memory.limit_in_bytes",
            f"{folders.get('pids', '')}/pids.current",
            f"{folders.get('blkio', '')}/blkio.throttle.io_service_bytes_recursive",
            net,
        )
    if "" not in folders or not os.path.exists(f"{folders['']}/memory.current"):
        return None
    own = folders[""]
    return Cgroup(
        True,
        f"{own}/cpu.stat",
        f"{own}/memory.current",
        f"{own}/memory.stat",
        f"{own}/memory.max",
        f"{own}/pids.current",
        f"{own}/io.stat",
        net,
    )


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


def _bytes(path: str) -> bytes:
    """The whole file: the kernel gives those it writes on the fly in pieces of about a page."""
    file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        return b"".join(iter(lambda: os.read(file, 1 << 16), b""))
    finally:
        os.close(file)


def _text(path: str) -> str:
    return _bytes(path).decode("ascii", "replace")


def _cpu_v2(text: str) -> float:
    for line in text.splitlines():
        if line.startswith("usage_usec "):
            return int(line[11:]) / 1e6
    raise OSError("cpu.stat has no usage_usec")


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
