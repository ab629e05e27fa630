"""Live use of containers: from control groups where the engine is on this machine, else from its stats streams.

Control groups cost the engine nothing; a stream costs it and a thread here, so one is open only while its container is
asked for.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterable, Mapping
from typing import Any, Protocol

from mltui.domain.container import Usage
from mltui.domain.errors import EngineError
from mltui.engines.docker.allowance import Allowance, allowance
from mltui.engines.docker.cgroups import find_cgroup
from mltui.engines.docker.client import DockerClient
from mltui.engines.docker.shm import SharedMemory
from mltui.engines.docker.usage_sources import CgroupSource, StatsSource


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
        what = "The container cannot be inspected"
        raw = self._client.get(f"/containers/{container_id}/json", what=what)
        if not (raw.get("State") or {}).get("Running"):
            return None
        allowed = allowance(raw, *self._totals())
        source = self._of_this_machine(raw, allowed) or self._streamed(str(raw["Id"]), allowed)
        self._sources[container_id] = source
        return source

    def _of_this_machine(self, raw: Mapping[str, Any], allowed: Allowance) -> _Source | None:
        if self._client.endpoint.scheme != "unix":
            return None
        pid = int(raw["State"].get("Pid") or 0)
        cgroup = find_cgroup(pid, str(raw["Id"]), own_network="net_rx" not in allowed.unread)
        return CgroupSource(cgroup, allowed, SharedMemory(pid, allowed.unread.get("shm", ""))) if cgroup else None

    def _streamed(self, container_id: str, allowed: Allowance) -> _Source:
        path = f"/containers/{container_id}/stats"
        return StatsSource(self._client.stream("GET", path, {"stream": 1}, what="No stats"), allowed)

    def _totals(self) -> tuple[float, float]:
        """CPUs and bytes of memory of the engine's machine."""
        if self._machine is None:
            info = self._client.machine()
            self._machine = float(info.get("NCPU") or os.cpu_count() or 1), float(info.get("MemTotal") or 0)
        return self._machine
