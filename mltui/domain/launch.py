"""A launch: everything an engine needs to start one run, with nothing left to decide.

A profile is what a person writes; ``LaunchSpec`` is what comes out when its parameters, defaults and the caller's
environment are filled in. ``docker run`` lines, containers and local processes are all made from it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class BuildSpec:
    """How to build the image: as ``docker build`` takes it."""

    context: str
    """Absolute path of the folder that is sent to the engine."""
    dockerfile: str = "Dockerfile"
    """Relative to the context."""
    args: Mapping[str, str] = field(default_factory=dict)
    target: str = ""
    network: str = ""
    inherited: frozenset[str] = frozenset()
    """Names in ``args`` whose value is the caller's: lines to show have the name alone."""


class MountType(StrEnum):
    """Kinds of mount, as ``docker run --mount type=`` has them."""

    BIND = "bind"
    VOLUME = "volume"
    TMPFS = "tmpfs"


@dataclass(frozen=True, slots=True)
class Mount:
    """Something of the host (or a volume, or memory) seen in the container."""

    target: str
    source: str = ""
    type: MountType = MountType.BIND
    read_only: bool = False
    size: int | None = None
    """Bytes, for tmpfs."""


@dataclass(frozen=True, slots=True)
class Port:
    """A published port."""

    container: int
    host: int | None = None
    """``None``: the engine chooses."""
    host_ip: str = "127.0.0.1"
    protocol: str = "tcp"


@dataclass(frozen=True, slots=True)
class Ulimit:
    """A resource limit of the process, as ``--ulimit name=soft:hard``."""

    name: str
    soft: int
    hard: int


@dataclass(frozen=True, slots=True)
class GpuRequest:
    """Which GPUs the run wants: all of them, so many, or these by index or UUID. None of the three: no GPU."""

    all: bool = False
    count: int = 0
    device_ids: tuple[str, ...] = ()
    capabilities: tuple[str, ...] = ("gpu",)

    def __bool__(self) -> bool:
        return self.all or self.count > 0 or bool(self.device_ids)

    def __str__(self) -> str:
        if self.all:
            return "all"
        return ",".join(self.device_ids) if self.device_ids else str(self.count)

    @property
    def names(self) -> tuple[str, ...]:
        """Each GPU that is named, or ``all``; none where only their count is."""
        return ("all",) if self.all else self.device_ids


@dataclass(frozen=True, slots=True)
class Resources:
    """What the run is promised (request) and what it may use (limit). Memory in bytes, CPUs in cores."""

    cpus: float | None = None
    memory: int | None = None
    cpus_request: float | None = None
    memory_request: int | None = None
    pids: int | None = None


@dataclass(frozen=True, slots=True)
class LaunchSpec:
    """One run, fully resolved."""

    run_id: str
    profile: str
    name: str
    """Name of the container."""
    image: str
    project: str
    """Absolute path of the profile's folder."""
    build: BuildSpec | None = None
    pull_policy: str = "missing"
    """missing, always, never or build, as Compose has them."""
    requirements: str = ""
    """Absolute path of a requirements.txt that the local engine builds an environment from; empty: none."""
    command: tuple[str, ...] | None = None
    """``None``: the image's own; for the local engine, the ``CMD`` of the Dockerfile stands in."""
    entrypoint: tuple[str, ...] | None = None
    environment: Mapping[str, str] = field(default_factory=dict)
    """The profile's and mltui's variables with their values, secrets too: never stored, logged or shown as they are."""
    secrets: frozenset[str] = frozenset()
    """Names in ``environment`` whose value came from the caller's environment or a file and may not be shown."""
    mounts: tuple[Mount, ...] = ()
    ports: tuple[Port, ...] = ()
    user: str = ""
    """``uid:gid`` or a name; a process of the local engine is the caller's whatever it says."""
    home: str = ""
    """Path of a home to make in memory, that any user may write to; empty: the image's own. A process has its own."""
    working_dir: str = ""
    hostname: str = ""
    shm_size: int | None = None
    ipc: str = ""
    pid: str = ""
    network_mode: str = ""
    runtime: str = ""
    privileged: bool = False
    devices: tuple[str, ...] = ()
    ulimits: tuple[Ulimit, ...] = ()
    gpus: GpuRequest = field(default_factory=GpuRequest)
    resources: Resources = field(default_factory=Resources)
    read_only: bool = False
    cap_add: tuple[str, ...] = ()
    cap_drop: tuple[str, ...] = ()
    security_opt: tuple[str, ...] = ()
    group_add: tuple[str, ...] = ()
    extra_hosts: tuple[str, ...] = ()
    init: bool = True
    tty: bool = False
    stop_grace_period: float = 30.0
    """Seconds between SIGTERM and SIGKILL."""
    stop_signal: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)
    log_driver: str = "json-file"
    log_options: Mapping[str, str] = field(default_factory=dict)
    outputs: str = ""
    """Path in the container where the run leaves what it made; its mount is among ``mounts``."""
    outputs_host: str = ""
    """The same folder on the host."""

    @property
    def container_environment(self) -> dict[str, str]:
        """``environment`` with what a container of its own has besides."""
        # A uid that the image's passwd does not know has no name; getpass.getuser() and what uses it would fail.
        own = {"HOME": self.home, "USER": "mltui"} if self.home else {}
        return {**own, **self.environment}

    @property
    def container_mounts(self) -> tuple[Mount, ...]:
        """``mounts`` with the home, where they have none there."""
        if not self.home or any(mount.target.rstrip("/") == self.home for mount in self.mounts):
            return self.mounts
        return (*self.mounts, Mount(self.home, type=MountType.TMPFS))
