"""Rows of the containers list. The ``local`` engine shows its processes with the same row."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Container:
    """One container of an engine."""

    id: str
    name: str
    image: str
    state: str
    """The engine's word: created, running, paused, restarting, exited, dead, removing."""
    status: str = ""
    """The engine's sentence, such as ``Exited (137) 3 minutes ago``."""
    created: float = 0.0
    ports: tuple[str, ...] = ()
    labels: Mapping[str, str] = field(default_factory=dict)
    run_id: str = ""
    """The run it belongs to, from its label; empty for a container that mltui did not start."""

    @property
    def running(self) -> bool:
        """It uses resources."""
        return self.state in ("running", "paused", "restarting")


@dataclass(frozen=True, slots=True)
class ContainerStatus:
    """What the engine says of one container when asked for it alone. Times are seconds since 1970."""

    id: str
    name: str
    state: str
    exit_code: int | None = None
    oom_killed: bool = False
    error: str = ""
    started: float | None = None
    finished: float | None = None
    image: str = ""
    image_id: str = ""
    tty: bool = False
    labels: Mapping[str, str] = field(default_factory=dict)
    outputs: str = ""
    """The folder of the engine's machine that is mounted where its run writes outputs; empty where none is."""

    @property
    def ended(self) -> bool:
        """It ran and will not go on by itself."""
        return self.state in ("exited", "dead")


@dataclass(frozen=True, slots=True)
class Limits:
    """What a container may use at most; ``None``: as much as the machine has, or in a change: as before."""

    cpus: float | None = None
    """Cores."""
    memory: int | None = None
    """Bytes."""
    pids: int | None = None
    """Processes and threads."""


@dataclass(frozen=True, slots=True)
class Usage:
    """What one container uses at ``time`` (seconds since 1970), as ``docker stats`` counts it.

    Fields are ``None`` where they cannot be read; ``unread`` says why. Rates are means since the sample before.
    """

    time: float
    cpu: float | None = None
    """Cores in use: 1.0 is one core fully busy (``docker stats`` shows 100 %)."""
    cpu_limit: float | None = None
    """Cores it may use: its own limit, else the machine's."""
    memory: float | None = None
    """Bytes, without page cache that can be given back (``inactive_file``)."""
    memory_limit: float | None = None
    """Bytes it may use: its own limit, else the machine's memory."""
    pids: int | None = None
    """Processes and threads."""
    net_rx: float | None = None
    """Bytes received since it started, the loopback left out."""
    net_tx: float | None = None
    disk_read: float | None = None
    """Bytes read from disk since it started."""
    disk_write: float | None = None
    cpu_request: float | None = None
    """Cores it is promised where cores are short (its shares / 1024); ``None`` where nothing was asked for."""
    memory_request: float | None = None
    """Bytes it is promised where memory is short (its reservation); ``None`` where nothing was asked for."""
    pids_limit: int | None = None
    """Processes and threads it may have; ``None`` where there is no limit."""
    shm: float | None = None
    """Bytes in its own ``/dev/shm``; they are part of ``memory`` too."""
    shm_size: float | None = None
    throttled: float | None = None
    """Share of the time slices in which it was held back at its CPU limit, 0 to 1; ``None`` without such a limit."""
    net_rx_rate: float | None = None
    """Bytes a second."""
    net_tx_rate: float | None = None
    disk_read_rate: float | None = None
    disk_write_rate: float | None = None
    unread: Mapping[str, str] = field(default_factory=dict)
    """Name of a field → why it cannot be read, for those of which that is known."""


def rate(before: float | None, now: float | None, seconds: float) -> float | None:
    """Growth of a counter in a second; ``None`` where it is not known or the counter began anew."""
    if before is None or now is None or seconds <= 0 or now < before:
        return None
    return (now - before) / seconds
