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

    @property
    def ended(self) -> bool:
        """It ran and will not go on by itself."""
        return self.state in ("exited", "dead")


@dataclass(frozen=True, slots=True)
class Usage:
    """What one container (or the machine) uses at ``time`` (seconds since 1970), as ``docker stats`` counts it.

    Fields are ``None`` where they cannot be read.
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
    net_rx: float | None = None
    """Bytes received since it started."""
    net_tx: float | None = None
    disk_read: float | None = None
    """Bytes read from disk since it started."""
    disk_write: float | None = None
