"""Changing the limits of a running container: what the Engine API takes, and what its refusals mean.

Field names are those of the Docker Engine API, ``POST /containers/{id}/update``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mltui.domain.container import Limits
from mltui.domain.errors import EngineError, NotFound
from mltui.domain.figures import format_bytes
from mltui.domain.text import one_line
from mltui.engines.docker.wire import Refused

#: Microseconds of the period that a quota is a share of, as the kernel has it by itself.
_PERIOD = 100_000
#: How runc says that memory is in use, in its newer words and in the kernel's.
_IN_USE = ("unable to set memory limit", "device or resource busy")


def limits_of(inspected: Mapping[str, Any]) -> Limits:
    """The limits of an inspected container."""
    host = inspected.get("HostConfig") or {}
    cpus = float(host.get("NanoCpus") or 0) / 1e9
    if not cpus and int(host.get("CpuQuota") or 0) > 0:
        cpus = host["CpuQuota"] / float(host.get("CpuPeriod") or _PERIOD)
    pids = int(host.get("PidsLimit") or 0)
    return Limits(cpus or None, int(host.get("Memory") or 0) or None, pids if pids > 0 else None)


def limits_update(inspected: Mapping[str, Any], limits: Limits) -> dict[str, Any]:
    """The request's body."""
    host = inspected.get("HostConfig") or {}
    body: dict[str, Any] = {}
    if limits.cpus is not None:
        if host.get("CpuQuota"):
            # The two ways to say it exclude each other, and this container has the other one.
            period = int(host.get("CpuPeriod") or _PERIOD)
            body |= {"CpuPeriod": period, "CpuQuota": round(limits.cpus * period)}
        else:
            body["NanoCpus"] = round(limits.cpus * 1e9)
    if limits.memory is not None:
        body |= {"Memory": limits.memory, "MemorySwap": _swap(host, limits.memory)}
        if int(host.get("MemoryReservation") or 0) > limits.memory:
            body["MemoryReservation"] = limits.memory
    if limits.pids is not None:
        body["PidsLimit"] = limits.pids
    return body


def _swap(host: Mapping[str, Any], memory: int) -> int:
    """Memory and swap together: as much swap as before, which for runs of mltui is none."""
    together, before = int(host.get("MemorySwap") or 0), int(host.get("Memory") or 0)
    return -1 if together == -1 else memory + max(0, together - before) if before else memory


def update_refusal(name: str, error: Refused, limits: Limits, product: str) -> EngineError:
    """Why the limits stay as they are."""
    if error.status == 404 and "no such container" in error.text.lower():
        return NotFound(f"There is no container {one_line(name, 80)}.")
    if error.status in (404, 405, 501):
        return EngineError(
            f"{one_line(product, 40)} cannot change the limits of a running container by Docker's API.",
            "Stop the run and launch it again with other limits.",
        )
    text = one_line(error.text, 300).rstrip(".")
    if limits.memory is not None and any(sign in text for sign in _IN_USE):
        return EngineError(
            f"The limits of {name} stay as they are: it uses more than {format_bytes(limits.memory)} of memory now, "
            "and the kernel cannot take that back.",
            "Give a limit above what it uses.",
        )
    return EngineError(f"The limits of {name} stay as they are: {text}.")
