"""What the processes of a run use, added up over everything the run has started."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mltui.domain.container import Usage
from mltui.engines.local.process import Process

if TYPE_CHECKING:
    import psutil


@dataclass(frozen=True)
class _CpuTime:
    """Seconds of CPU used until ``time`` (monotonic)."""

    time: float
    seconds: float


class UsageMeter:
    """Usage of processes from one call to the next; the first call for a process has no CPU figure."""

    def __init__(self) -> None:
        self._before: dict[str, _CpuTime] = {}

    def measure(self, processes: Iterable[Process]) -> dict[str, Usage]:
        """Usage of each running process, by id; the others are left out and forgotten."""
        import psutil

        children = _children()
        trees = {process.record.id: tuple(_tree(process.pids, children)) for process in processes}
        limits = float(psutil.cpu_count() or 1), float(psutil.virtual_memory().total)
        usages = {name: self._usage(name, tree, limits) for name, tree in trees.items() if tree}
        self._before = {name: before for name, before in self._before.items() if name in usages}
        return usages

    def _usage(self, name: str, tree: tuple[psutil.Process, ...], limits: tuple[float, float]) -> Usage:
        cpu = self._cpu(name, _CpuTime(time.monotonic(), sum(map(_cpu_seconds, tree))))
        disk = [counters for counters in map(_disk, tree) if counters is not None]
        return Usage(
            time=time.time(), cpu=cpu, cpu_limit=limits[0], memory=_memory(tree), memory_limit=limits[1],
            pids=sum(map(_threads, tree)),
            disk_read=float(sum(read for read, _ in disk)) if disk else None,
            disk_write=float(sum(written for _, written in disk)) if disk else None,
        )  # fmt: skip

    def _cpu(self, name: str, now: _CpuTime) -> float | None:
        before = self._before.get(name)
        self._before[name] = now
        if before is None or now.time <= before.time:
            return None
        # A process that ends without being waited for takes its share with it; the sum may then shrink.
        return max(0.0, now.seconds - before.seconds) / (now.time - before.time)


def _children() -> dict[int, list[psutil.Process]]:
    """Every process of the machine under its parent, in one pass."""
    import psutil

    found: dict[int, list[psutil.Process]] = {}
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            found.setdefault(process.ppid(), []).append(process)
    return found


def _tree(pids: tuple[int, int], children: dict[int, list[psutil.Process]]) -> Iterator[psutil.Process]:
    """The command and all below it. Orphans of the command hang on the shim; without a shim they are not found."""
    import psutil

    command, shim = pids
    with contextlib.suppress(psutil.NoSuchProcess):
        waiting = list(children.get(shim, ())) if shim else [psutil.Process(command)] if command else []
        while waiting:
            process = waiting.pop()
            yield process
            waiting.extend(children.get(process.pid, ()))


def _cpu_seconds(process: psutil.Process) -> float:
    """Seconds it used, with those of ended children it waited for."""
    import psutil

    try:
        times = process.cpu_times()
    except psutil.Error:
        return 0.0
    waited_for = getattr(times, "children_user", 0.0) + getattr(times, "children_system", 0.0)
    return float(times.user + times.system + waited_for)


def _memory(tree: tuple[psutil.Process, ...]) -> float:
    """Resident bytes. Workers forked from one program share pages: of several processes each counts its share (PSS)."""
    return float(sum(map(_resident if len(tree) == 1 else _share, tree)))


def _resident(process: psutil.Process) -> int:
    import psutil

    with contextlib.suppress(psutil.Error):
        return int(process.memory_info().rss)
    return 0


def _share(process: psutil.Process) -> int:
    import psutil

    with contextlib.suppress(psutil.Error, AttributeError):
        return int(process.memory_full_info().pss)
    return _resident(process)


def _threads(process: psutil.Process) -> int:
    import psutil

    with contextlib.suppress(psutil.Error):
        return int(process.num_threads())
    return 0


def _disk(process: psutil.Process) -> tuple[int, int] | None:
    import psutil

    with contextlib.suppress(psutil.Error, AttributeError):
        counters = process.io_counters()
        return int(counters.read_bytes), int(counters.write_bytes)
    return None
