"""What the processes of a run use, added up over everything the run has started."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mltui.domain.container import Usage, rate
from mltui.engines.local.process import Process

if TYPE_CHECKING:
    import psutil


#: What processes of this machine share with all others on it.
_UNREAD = {
    "net_rx": "the machine's",
    "net_tx": "the machine's",
    "shm": "the machine's",
    "shm_size": "the machine's",
}


@dataclass(frozen=True)
class _Counters:
    """What a run had used until ``time`` (monotonic): seconds of CPU, bytes of disk."""

    time: float
    cpu: float
    disk_read: float | None
    disk_write: float | None


@dataclass
class _Reading:
    """What one process uses."""

    cpu_seconds: float = 0.0
    memory: int = 0
    threads: int = 0
    disk: tuple[int, int] | None = None
    """Bytes read and written."""


class UsageMeter:
    """Usage of processes from one call to the next; the first call for a process has no CPU figure."""

    def __init__(self) -> None:
        self._before: dict[str, _Counters] = {}

    def measure(self, processes: Iterable[Process]) -> dict[str, Usage]:
        """Usage of each running process, by id; the others are left out and forgotten."""
        import psutil

        children = _lister()
        trees = {process.record.id: tuple(_tree(process.pids, children)) for process in processes}
        limits = float(psutil.cpu_count() or 1), float(psutil.virtual_memory().total)
        measured = {name: self._usage(name, tree, limits) for name, tree in trees.items() if tree}
        # What has ended and is not waited for yet has no memory left, which is no measurement.
        usages = {name: usage for name, usage in measured.items() if usage.memory}
        self._before = {name: before for name, before in self._before.items() if name in usages}
        return usages

    def _usage(self, name: str, tree: tuple[psutil.Process, ...], limits: tuple[float, float]) -> Usage:
        parts = [_read(process, shared=len(tree) > 1) for process in tree]
        read, written = ([part.disk[n] for part in parts if part.disk] for n in (0, 1))
        now = _Counters(
            time.monotonic(), sum(part.cpu_seconds for part in parts),
            float(sum(read)) if read else None, float(sum(written)) if written else None,
        )  # fmt: skip
        last = self._before.get(name, now)
        self._before[name] = now
        span = now.time - last.time
        return Usage(
            time=time.time(), cpu=_cores(last, now), cpu_limit=limits[0],
            memory=float(sum(part.memory for part in parts)), memory_limit=limits[1],
            pids=sum(part.threads for part in parts), disk_read=now.disk_read, disk_write=now.disk_write,
            disk_read_rate=rate(last.disk_read, now.disk_read, span),
            disk_write_rate=rate(last.disk_write, now.disk_write, span), unread=_UNREAD,
        )  # fmt: skip


def _cores(last: _Counters, now: _Counters) -> float | None:
    if now.time <= last.time:
        return None
    # A process that ends without being waited for takes its share with it; the sum may then shrink.
    return max(0.0, now.cpu - last.cpu) / (now.time - last.time)


def _lister() -> Callable[[int], Iterable[int]]:
    """What gives the children of a process: of it alone where the system tells them, else out of one look at all."""
    if os.path.exists(f"/proc/{os.getpid()}/task/{os.getpid()}/children"):
        return _children_of
    found = _all_children()
    return lambda pid: found.get(pid, ())


def _children_of(pid: int) -> Iterator[int]:
    """The children of one process, which each of its threads has its own of (``/proc/PID/task/TID/children``).

    A machine that trains has thousands of processes; those of one run are few.
    """
    with contextlib.suppress(OSError):
        for thread in os.listdir(f"/proc/{pid}/task"):
            with contextlib.suppress(OSError), open(f"/proc/{pid}/task/{thread}/children", "rb") as file:
                yield from map(int, file.read().split())


def _all_children() -> dict[int, list[int]]:
    """Every process of the machine under its parent, in one pass."""
    import psutil

    found: dict[int, list[int]] = {}
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            found.setdefault(process.ppid(), []).append(process.pid)
    return found


def _tree(pids: tuple[int, int], children: Callable[[int], Iterable[int]]) -> Iterator[psutil.Process]:
    """The command and all below it. Orphans of the command hang on the shim; without a shim they are not found."""
    import psutil

    command, shim = pids
    waiting = list(children(shim)) if shim else [command] if command else []
    while waiting:
        pid = waiting.pop()
        with contextlib.suppress(psutil.NoSuchProcess):
            yield psutil.Process(pid)
        waiting.extend(children(pid))


def _read(process: psutil.Process, shared: bool) -> _Reading:
    """What one process uses now; nothing when it has just ended."""
    import psutil

    reading = _Reading()
    with contextlib.suppress(psutil.Error), process.oneshot():
        reading.cpu_seconds = _cpu_seconds(process)
        reading.threads = process.num_threads()
        reading.memory = _share(process) if shared else int(process.memory_info().rss)
        reading.disk = _disk(process)
    return reading


def _cpu_seconds(process: psutil.Process) -> float:
    """Seconds it used, with those of ended children it waited for."""
    times = process.cpu_times()
    waited_for = getattr(times, "children_user", 0.0) + getattr(times, "children_system", 0.0)
    return float(times.user + times.system + waited_for)


def _share(process: psutil.Process) -> int:
    """Its share of resident memory: workers forked from one program share most of their pages (PSS, Linux only)."""
    import psutil

    with contextlib.suppress(psutil.AccessDenied, AttributeError):
        return int(process.memory_full_info().pss)
    return int(process.memory_info().rss)


def _disk(process: psutil.Process) -> tuple[int, int] | None:
    import psutil

    with contextlib.suppress(psutil.AccessDenied, AttributeError):
        counters = process.io_counters()
        return int(counters.read_bytes), int(counters.write_bytes)
    return None
