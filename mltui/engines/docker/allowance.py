"""What a container was promised and may use, from what the engine says of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

#: Shares of CPU time that stand for one core: what an engine gives where nothing is asked for.
_SHARES_OF_A_CORE = 1024


@dataclass(frozen=True)
class Allowance:
    """Cores, bytes and processes; a limit is the container's own, else the machine's."""

    cpus: float
    memory: float
    cpus_here: float
    """Cores it could use without a quota: those of its set, else the machine's."""
    memory_here: float
    """The machine's memory."""
    cpu_request: float | None = None
    memory_request: float | None = None
    pids: int | None = None
    unread: Mapping[str, str] = field(default_factory=dict)
    """Name of a field of ``Usage`` → why this container has no such figure."""


def allowance(inspected: Mapping[str, Any], cpus: float, memory: float) -> Allowance:
    """Of an inspected container on a machine with ``cpus`` and ``memory``."""
    host = inspected.get("HostConfig") or {}
    cpuset = str(host.get("CpusetCpus") or "")
    here = min(cpus, float(count_cpus(cpuset))) if cpuset else cpus
    limit = here
    if host.get("NanoCpus"):
        limit = host["NanoCpus"] / 1e9
    elif int(host.get("CpuQuota") or 0) > 0:
        limit = host["CpuQuota"] / float(host.get("CpuPeriod") or 100_000)
    pids = int(host.get("PidsLimit") or 0)
    return Allowance(
        limit, float(host.get("Memory") or memory), here, memory,
        cpu_request=host["CpuShares"] / _SHARES_OF_A_CORE if host.get("CpuShares") else None,
        memory_request=float(host.get("MemoryReservation") or 0) or None,
        pids=pids if pids > 0 else None, unread=_not_its_own(host),
    )  # fmt: skip


def _not_its_own(host: Mapping[str, Any]) -> dict[str, str]:
    """What it shares with others, so that it is not counted as its own."""
    network, ipc = str(host.get("NetworkMode") or ""), str(host.get("IpcMode") or "")
    why: dict[str, str] = {}
    if network == "host":
        why["net_rx"] = why["net_tx"] = "the machine's"
    elif network.startswith("container:"):
        why["net_rx"] = why["net_tx"] = "another container's"
    if ipc == "host":
        why["shm"] = why["shm_size"] = "the machine's"
    elif ipc.startswith("container:"):
        why["shm"] = why["shm_size"] = "another container's"
    return why


def count_cpus(cpuset: str) -> int:
    """How many CPUs a list such as ``0-2,5`` names."""
    spans = [part.split("-") for part in cpuset.split(",") if part]
    return sum(int(span[-1]) - int(span[0]) + 1 for span in spans)
