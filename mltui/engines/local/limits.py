"""What a profile asks for and a plain process cannot be held to."""

from __future__ import annotations

import os
import resource
from collections.abc import Iterator

from mltui.domain.launch import LaunchSpec, Ulimit


def limits_not_enforced(spec: LaunchSpec) -> tuple[str, ...]:
    """One sentence for each setting of ``spec`` that has no effect on a plain process."""
    return tuple(_unmet(spec))


def _unmet(spec: LaunchSpec) -> Iterator[str]:
    if spec.resources.memory:
        yield "The memory limit is not enforced."
    if spec.resources.cpus:
        yield "The CPU limit is not enforced."
    if spec.resources.cpus_request or spec.resources.memory_request:
        yield "Nothing sets aside the CPUs and the memory that are requested."
    if spec.resources.pids:
        yield "The limit of processes is not enforced."
    if spec.network_mode == "none":
        yield "The network is not switched off."
    if spec.read_only or any(mount.read_only for mount in spec.mounts):
        yield "Files that are read-only in a container can be written."
    if spec.user and spec.user.partition(":")[0] not in (str(os.getuid()), os.environ.get("USER", "")):
        yield f"It runs as you, not as user {spec.user}."
    if spec.tty:
        yield "Its output does not go to a terminal."
    yield from (_port_unmet(port.container, port.host) for port in spec.ports if port.host != port.container)
    yield from (f"The limit {limit.name} stays below what is asked for." for limit in spec.ulimits if _above(limit))


def _port_unmet(container: int, host: int | None) -> str:
    return f"Port {container} is not published as {host or 'another'}: it is open as it is."


def _above(limit: Ulimit) -> bool:
    """It asks for more than this machine's hard limit."""
    kind = getattr(resource, f"RLIMIT_{limit.name.upper()}", None)
    if kind is None:
        return True
    most = resource.getrlimit(kind)[1]
    return most != resource.RLIM_INFINITY and (limit.hard < 0 or limit.hard > most)
