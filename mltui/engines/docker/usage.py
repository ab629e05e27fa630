"""Live use of containers: from control groups where the engine is on this machine, else from its stats streams.

Control groups cost the engine nothing; a stream costs it and a thread here, so one is open only while its container is
asked for.
"""

from __future__ import annotations

import contextlib
import json
import os
import threading
import time
from collections.abc import Iterable, Mapping
from typing import Any, Protocol

from mltui.domain.container import Usage
from mltui.domain.errors import EngineError
from mltui.engines.docker.cgroups import Cgroup, Reading, find_cgroup
from mltui.engines.docker.client import DockerClient
from mltui.engines.docker.values import seconds
from mltui.engines.docker.wire import EngineStream

#: Seconds between two samples that a CPU figure needs; asked again sooner, the last figure stands.
SHORTEST = 0.2


class _Source(Protocol):
    def read(self) -> Usage | None: ...

    def close(self) -> None: ...


class UsageReader:
    """What containers of one engine use; see ``engines.base.ReportsUsage``."""

    def __init__(self, client: DockerClient) -> None:
        self._client = client
        self._lock = threading.Lock()
        self._sources: dict[str, _Source] = {}
        self._machine: tuple[float, float] | None = None

    def read(self, container_ids: Iterable[str]) -> dict[str, Usage]:
        """The newest usage of each; those that are gone or unknown are left out."""
        with self._lock:
            wanted = dict.fromkeys(container_ids)
            for gone in self._sources.keys() - wanted.keys():
                self._sources.pop(gone).close()
            found = {container_id: self._usage(container_id) for container_id in wanted}
        return {container_id: usage for container_id, usage in found.items() if usage is not None}

    def close(self) -> None:
        """Let go of all containers."""
        self.read(())

    def _usage(self, container_id: str) -> Usage | None:
        try:
            source = self._sources.get(container_id) or self._open(container_id)
            return source.read() if source else None
        except (OSError, ValueError, EngineError):
            # It ended, or was started anew and has another process: found again when it is next asked for.
            if source := self._sources.pop(container_id, None):
                source.close()
            return None

    def _open(self, container_id: str) -> _Source | None:
        with self._client.call("The container cannot be inspected") as api:
            raw: dict[str, Any] = api.inspect_container(container_id)
        state = raw.get("State") or {}
        if not state.get("Running"):
            return None
        cpus, memory = limits(raw, *self._totals())
        host_network = str((raw.get("HostConfig") or {}).get("NetworkMode")) == "host"
        cgroup = None
        if self._client.endpoint.scheme == "unix":
            cgroup = find_cgroup(int(state.get("Pid") or 0), str(raw["Id"]), own_network=not host_network)
        path = f"/containers/{raw['Id']}/stats"
        source: _Source = (
            CgroupSource(cgroup, cpus, memory)
            if cgroup
            else StatsSource(self._client.stream("GET", path, {"stream": 1}, what="No stats"), cpus, memory)
        )
        self._sources[container_id] = source
        return source

    def _totals(self) -> tuple[float, float]:
        """CPUs and bytes of memory of the engine's machine."""
        if self._machine is None:
            info = self._client.machine()
            self._machine = float(info.get("NCPU") or os.cpu_count() or 1), float(info.get("MemTotal") or 0)
        return self._machine


def limits(inspected: Mapping[str, Any], cpus: float, memory: float) -> tuple[float, float]:
    """CPUs and memory that a container may use: its own limits, else the machine's."""
    host = inspected.get("HostConfig") or {}
    if host.get("NanoCpus"):
        cpus = host["NanoCpus"] / 1e9
    elif int(host.get("CpuQuota") or 0) > 0:
        cpus = host["CpuQuota"] / float(host.get("CpuPeriod") or 100_000)
    elif host.get("CpusetCpus"):
        cpus = float(count_cpus(str(host["CpusetCpus"])))
    return cpus, float(host.get("Memory") or memory)


def count_cpus(cpuset: str) -> int:
    """How many CPUs a list such as ``0-2,5`` names."""
    spans = [part.split("-") for part in cpuset.split(",") if part]
    return sum(int(span[-1]) - int(span[0]) + 1 for span in spans)


class CgroupSource:
    """Usage of one container of this machine."""

    def __init__(self, cgroup: Cgroup, cpus: float, memory_limit: float) -> None:
        self._cgroup = cgroup
        self._cpus = cpus
        self._memory_limit = memory_limit
        self._last: Reading | None = None
        self._cpu: float | None = None

    def read(self) -> Usage:
        """Usage now; the CPU figure is the mean since the last call."""
        now = self._cgroup.read()
        last = self._last
        if last is None or now.cpu < last.cpu:
            self._last, self._cpu = now, None
        elif now.clock - last.clock >= SHORTEST:
            self._last, self._cpu = now, (now.cpu - last.cpu) / (now.clock - last.clock)
        return Usage(
            time=time.time(),
            cpu=self._cpu,
            cpu_limit=self._cpus,
            memory=now.memory,
            memory_limit=min(now.memory_limit or self._memory_limit, self._memory_limit or float("inf")),
            pids=now.pids,
            net_rx=now.net_rx,
            net_tx=now.net_tx,
            disk_read=now.disk_read,
            disk_write=now.disk_write,
        )

    def close(self) -> None:
        """Nothing is kept open."""


class StatsSource:
    """Usage of one container as the engine streams it, once a second, read by a thread of its own."""

    def __init__(self, stream: EngineStream, cpus: float, memory_limit: float) -> None:
        self._stream = stream
        self._cpus = cpus
        self._memory_limit = memory_limit
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
                self._newest = stats_usage(sample, self._last, self._cpus, self._memory_limit)
                self._last = sample
        self._ended = True
        self._stream.close()


def stats_usage(sample: Mapping[str, Any], last: Mapping[str, Any] | None, cpus: float, memory_limit: float) -> Usage:
    """A sample of the stats API; the CPU figure is the mean since ``last``, by the samples' own times."""
    memory = sample.get("memory_stats") or {}
    stats = memory.get("stats") or {}
    used = float(memory.get("usage") or 0)
    inactive = float(stats.get("total_inactive_file", stats.get("inactive_file", 0)) or 0)
    networks = (sample.get("networks") or {}).values()
    return Usage(
        time=seconds(sample.get("read")) or time.time(),
        cpu=_cores(sample, last),
        cpu_limit=cpus,
        memory=used - inactive if inactive < used else used,
        memory_limit=float(memory.get("limit") or memory_limit),
        pids=(sample.get("pids_stats") or {}).get("current"),
        net_rx=float(sum(one.get("rx_bytes", 0) for one in networks)),
        net_tx=float(sum(one.get("tx_bytes", 0) for one in networks)),
        disk_read=_disk(sample, "read"),
        disk_write=_disk(sample, "write"),
    )


def _cores(sample: Mapping[str, Any], last: Mapping[str, Any] | None) -> float | None:
    if last is None:
        return None
    then, now = seconds(last.get("read")), seconds(sample.get("read"))
    before, after = (one["cpu_stats"]["cpu_usage"]["total_usage"] for one in (last, sample))
    if then is None or now is None or now <= then or after < before:
        return None
    return float((after - before) / 1e9 / (now - then))


def _disk(sample: Mapping[str, Any], operation: str) -> float:
    entries = (sample.get("blkio_stats") or {}).get("io_service_bytes_recursive") or ()
    return float(sum(one.get("value", 0) for one in entries if str(one.get("op", "")).lower() == operation))
