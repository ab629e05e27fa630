"""Where the usage of one container comes from: its control groups, or the engine's stream of stats."""

from __future__ import annotations

import contextlib
import json
import threading
import time
from collections.abc import Mapping
from typing import Any

from mltui.domain.container import Usage, rate
from mltui.engines.docker.allowance import Allowance
from mltui.engines.docker.cgroups import Bounds, Cgroup, Reading
from mltui.engines.docker.shm import SharedMemory
from mltui.engines.docker.values import seconds
from mltui.engines.docker.wire import EngineStream

#: Seconds between two samples that a rate needs; asked again sooner, the last figures stand.
SHORTEST = 0.2
#: Limits can be changed while a container runs, and seldom are.
_BOUNDS_PERIOD = 5.0


class CgroupSource:
    """Usage of one container of this machine."""

    def __init__(self, cgroup: Cgroup, allowed: Allowance, shm: SharedMemory) -> None:
        self._cgroup = cgroup
        self._allowed = allowed
        self._shm = shm
        self._unread = dict(allowed.unread)
        if shm.unread:
            self._unread |= {"shm": shm.unread, "shm_size": shm.unread}
        self._last: Reading | None = None
        self._rates: tuple[float | None, ...] = (None,) * 6
        self._bounds = Bounds(allowed.cpus, allowed.memory, allowed.pids)
        self._bounds_read = -_BOUNDS_PERIOD

    def read(self) -> Usage:
        """Usage now; rates are means since the last call."""
        now = self._cgroup.read()
        last = self._last
        if last is None or now.cpu < last.cpu:
            self._last, self._rates = now, (None,) * 6
        elif now.clock - last.clock >= SHORTEST:
            self._last, self._rates = now, _rates(last, now)
        if now.clock - self._bounds_read >= _BOUNDS_PERIOD:
            self._read_bounds(now.clock)
        cpu, throttled, net_rx, net_tx, disk_read, disk_write = self._rates
        shm, shm_size = self._shm.read()
        allowed, bounds = self._allowed, self._bounds
        return Usage(
            time=time.time(), cpu=cpu, cpu_limit=bounds.cpu, memory=now.memory, memory_limit=bounds.memory,
            pids=now.pids, net_rx=now.net_rx, net_tx=now.net_tx, disk_read=now.disk_read, disk_write=now.disk_write,
            cpu_request=allowed.cpu_request, memory_request=allowed.memory_request, pids_limit=bounds.pids,
            shm=shm, shm_size=shm_size, throttled=throttled, net_rx_rate=net_rx, net_tx_rate=net_tx,
            disk_read_rate=disk_read, disk_write_rate=disk_write, unread=self._unread,
        )  # fmt: skip

    def _read_bounds(self, clock: float) -> None:
        self._bounds_read = clock
        # What is not there to read (no quota in this kernel) leaves what the engine said.
        with contextlib.suppress(OSError, ValueError):
            cpu, memory, pids = self._cgroup.bounds()
            most = self._allowed.memory_here or float("inf")
            self._bounds = Bounds(
                min(cpu or self._allowed.cpus_here, self._allowed.cpus_here), min(memory or most, most), pids
            )

    def close(self) -> None:
        """Let go of the container's files."""
        self._cgroup.close()


def _rates(last: Reading, now: Reading) -> tuple[float | None, ...]:
    """Cores, share of throttled time slices, and bytes a second: received, sent, read, written."""
    span = now.clock - last.clock
    return (
        rate(last.cpu, now.cpu, span),
        _share(last.throttled, now.throttled, last.periods, now.periods),
        rate(last.net_rx, now.net_rx, span),
        rate(last.net_tx, now.net_tx, span),
        rate(last.disk_read, now.disk_read, span),
        rate(last.disk_write, now.disk_write, span),
    )


def _share(throttled_before: int | None, throttled: int | None, before: int | None, now: int | None) -> float | None:
    """Throttled time slices among those that passed; ``None`` where the kernel counts none: there is no limit."""
    if throttled_before is None or throttled is None or before is None or not now:
        return None
    return max(0, throttled - throttled_before) / (now - before) if now > before else 0.0


class StatsSource:
    """Usage of one container as the engine streams it, once a second, read by a thread of its own."""

    def __init__(self, stream: EngineStream, allowed: Allowance) -> None:
        self._stream = stream
        self._allowed = allowed
        self._newest: Usage | None = None
        self._ended = False
        self._last: Mapping[str, Any] | None = None
        threading.Thread(target=self._follow, name="stats", daemon=True).start()

    def read(self) -> Usage | None:
        """The newest sample there is; raises ``OSError`` when the stream has ended."""
        if self._ended:
            raise OSError("the stats stream ended")
        return self._newest

    def close(self) -> None:
        """End the stream and its thread."""
        self._stream.close()

    def _follow(self) -> None:
        for line in self._stream.lines():
            with contextlib.suppress(ValueError, KeyError, TypeError):
                sample = json.loads(line)
                # After the container's end the stream goes on with empty samples.
                if not (sample.get("memory_stats") or {}).get("usage"):
                    break
                self._newest = stats_usage(sample, self._last, self._allowed)
                self._last = sample
        self._ended = True
        self._stream.close()


def stats_usage(sample: Mapping[str, Any], last: Mapping[str, Any] | None, allowed: Allowance) -> Usage:
    """A sample of the stats API; rates are means since ``last``, by the samples' own times."""
    memory = sample.get("memory_stats") or {}
    pids = sample.get("pids_stats") or {}
    then = _reading(last) if last is not None else None
    now = _reading(sample)
    cpu, throttled, net_rx, net_tx, disk_read, disk_write = _rates(then, now) if then else (None,) * 6
    unread = {"shm": "the engine's figures do not tell it", **allowed.unread}
    return Usage(
        time=now.clock, cpu=cpu, cpu_limit=allowed.cpus, memory=now.memory,
        memory_limit=float(memory.get("limit") or allowed.memory), pids=now.pids,
        net_rx=now.net_rx, net_tx=now.net_tx, disk_read=now.disk_read, disk_write=now.disk_write,
        cpu_request=allowed.cpu_request, memory_request=allowed.memory_request,
        pids_limit=_few(pids.get("limit")) or allowed.pids, throttled=throttled,
        net_rx_rate=net_rx, net_tx_rate=net_tx, disk_read_rate=disk_read, disk_write_rate=disk_write, unread=unread,
    )  # fmt: skip


def _reading(sample: Mapping[str, Any]) -> Reading:
    """The counters of one sample; its clock is the sample's own time."""
    memory = sample.get("memory_stats") or {}
    stats = memory.get("stats") or {}
    used = float(memory.get("usage") or 0)
    inactive = float(stats.get("total_inactive_file", stats.get("inactive_file", 0)) or 0)
    cpu = sample["cpu_stats"]
    slices = cpu.get("throttling_data") or {}
    # Absent for a container that has no network of its own.
    networks = sample.get("networks")
    rx, tx = (_sum(networks, key) if networks else None for key in ("rx_bytes", "tx_bytes"))
    return Reading(
        seconds(sample.get("read")) or time.time(), cpu["cpu_usage"]["total_usage"] / 1e9,
        used - inactive if inactive < used else used, (sample.get("pids_stats") or {}).get("current"),
        rx, tx, _disk(sample, "read"), _disk(sample, "write"), slices.get("periods"), slices.get("throttled_periods"),
    )  # fmt: skip


def _sum(networks: Mapping[str, Mapping[str, Any]], key: str) -> float:
    return float(sum(one.get(key, 0) for one in networks.values()))


def _few(limit: object) -> int | None:
    """A limit of processes; the engine says "none" with the greatest number of 64 bits."""
    return limit if isinstance(limit, int) and 0 < limit < 1 << 60 else None


def _disk(sample: Mapping[str, Any], operation: str) -> float:
    entries = (sample.get("blkio_stats") or {}).get("io_service_bytes_recursive") or ()
    return float(sum(one.get("value", 0) for one in entries if str(one.get("op", "")).lower() == operation))
