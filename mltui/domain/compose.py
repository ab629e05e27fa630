"""The values of Compose's keys that have a short and a long form, each read into its long form.

Every class is the long form as Compose documents it; its ``before`` validator turns the short form into it.
"""

from __future__ import annotations

import re
from typing import ClassVar, Literal

from pydantic import Field, model_validator

from mltui.domain.engine_values import Memory
from mltui.domain.gpus import DeviceReservation
from mltui.domain.launch import MountType, Port
from mltui.domain.schema import Kind
from mltui.domain.section import (
    ContainerPath,
    Cpus,
    HostPath,
    Section,
    ShortForm,
    Size,
    Text,
    Variables,
    Whole,
    as_text,
    describe,
    fault,
)


class Build(Section):
    """How the image is built."""

    short_forms: ClassVar[tuple[ShortForm, ...]] = (ShortForm(Kind.PATH, (".",)),)

    context: HostPath = Field(
        default=".", title="Context", description="Folder sent to the engine, relative to the profile's folder."
    )
    dockerfile: Text = Field(
        default="Dockerfile", title="Dockerfile", description="Dockerfile, relative to the context."
    )
    args: Variables = Field(default={}, title="Arguments", description="Values of the Dockerfile's ARGs.")
    target: Text = Field(default="", title="Target", description="Stage of a multi-stage Dockerfile to stop at.")
    network: Text = Field(default="", title="Network", description="Network of the RUN steps, such as host or none.")

    @model_validator(mode="before")
    @classmethod
    def _short(cls, data: object) -> object:
        return {"context": data} if isinstance(data, str) else data


class TmpfsOptions(Section):
    """Options of a tmpfs mount."""

    size: Size | None = Field(default=None, title="Size", description="Most it may hold.")


#: What every tmpfs of a run is anyway.
TMPFS_DEFAULTS = frozenset({"rw", "exec", "nosuid", "nodev", "mode=1777"})


class TmpfsEntry(Section):
    """One entry of ``tmpfs``: a path held in memory, ``/path`` or ``/path:size=64m``."""

    short_forms: ClassVar[tuple[ShortForm, ...]] = (ShortForm(Kind.TEXT, ("/tmp", "/cache:size=4g")),)

    target: ContainerPath = Field(title="Target", description="Absolute path in the container.", pattern="^/.")
    size: Size | None = Field(default=None, title="Size", description="Most it may hold.")

    @model_validator(mode="before")
    @classmethod
    def _short(cls, data: object) -> object:
        if not isinstance(data, str):
            return data
        target, _, options = data.partition(":")
        entry = {"target": target}
        for option in filter(None, options.split(",")):
            if option.startswith("size="):
                entry["size"] = option.removeprefix("size=")
            elif option not in TMPFS_DEFAULTS:
                raise fault(
                    f"the only option of a tmpfs is its size, such as {target}:size=64m, found {describe(option)}"
                )
        return entry


#: Modes that mean nothing on Linux, as Docker documents, and are therefore read and left out.
VOLUME_MODES = frozenset({"rw", "cached", "delegated", "consistent"})


class VolumeEntry(Section):
    """One entry of ``volumes``."""

    short_forms: ClassVar[tuple[ShortForm, ...]] = (
        ShortForm(Kind.TEXT, ("./data:/data:ro", "~/.cache/huggingface:/cache", "models:/models")),
    )

    type: MountType = Field(default=MountType.VOLUME, title="Type", description="bind, volume or tmpfs.")
    source: HostPath = Field(default="", title="Source", description="Path of the host, or name of a volume.")
    target: ContainerPath = Field(title="Target", description="Absolute path in the container.")
    read_only: bool = Field(default=False, title="Read only", description="The container may not write there.")
    tmpfs: TmpfsOptions = Field(default=TmpfsOptions(size=None), title="tmpfs", description="Options of a tmpfs.")

    @model_validator(mode="before")
    @classmethod
    def _short(cls, data: object) -> object:
        return _volume_from(data) if isinstance(data, str) else data

    @model_validator(mode="after")
    def _consistent(self) -> VolumeEntry:
        if not self.target.startswith("/"):
            raise fault(f"the path in the container must be absolute, found {describe(self.target)}")
        if self.type is MountType.BIND and not self.source:
            raise fault("a bind mount needs a source")
        return self


def _volume_from(text: str) -> dict[str, object]:
    """``[SOURCE:]TARGET[:MODE]``; a source that starts with ``.``, ``/`` or ``~`` is a path, else a volume's name."""
    parts = text.split(":")
    if len(parts) > 3:
        raise fault(f"expected SOURCE:TARGET or SOURCE:TARGET:ro, found {describe(text)}")
    source, target, mode = ("", parts[0], "") if len(parts) == 1 else (*parts, "")[:3]
    modes = set(mode.split(",")) - {""}
    if unknown := modes - VOLUME_MODES - {"ro"}:
        raise fault(f"a mode of a volume is ro or rw, found {describe(min(unknown))}")
    bind = source.startswith((".", "/", "~"))
    return {"type": "bind" if bind else "volume", "source": source, "target": target, "read_only": "ro" in modes}


_PORTS = re.compile(
    r"(?:(?P<ip>\[[^]]+\]|[^:]*[^:\d-][^:]*):)?(?:(?P<host>[\d-]*):)?(?P<container>[\d-]+)(?:/(?P<protocol>\w+))?"
)


class PortEntry(Section):
    """One entry of ``ports``: a port or a range of the container, published on the host."""

    short_forms: ClassVar[tuple[ShortForm, ...]] = (
        ShortForm(Kind.TEXT, ("8888:8888", "0.0.0.0:6006:6006", "8000-8002:8000-8002/udp")),
    )

    target: Text = Field(title="Container port", description="Port or range such as 8000-8002.")
    published: Text = Field(default="", title="Host port", description="Port or range; empty: the engine chooses.")
    host_ip: Text = Field(
        default="127.0.0.1", title="Host address", description="Where it listens; 0.0.0.0 is everywhere."
    )
    protocol: Literal["tcp", "udp", "sctp"] = Field(default="tcp", title="Protocol", description="tcp, udp or sctp.")
    mode: Literal["host", "ingress"] = Field(
        default="host", title="Mode", description="The same for a single container."
    )
    name: Text = Field(default="", title="Name", description="For people.")

    @model_validator(mode="before")
    @classmethod
    def _short(cls, data: object) -> object:
        return _port_from(as_text(data)) if isinstance(data, str | int) else data

    @model_validator(mode="after")
    def _consistent(self) -> PortEntry:
        count = self.count
        if self.published and len(_port_range(self.published)) != count:
            raise fault(f"{self.published} and {self.target} are ranges of different lengths")
        return self

    @property
    def count(self) -> int:
        """How many ports it is."""
        return len(_port_range(self.target))

    def expand(self) -> tuple[Port, ...]:
        """One port for each of the range."""
        inside = _port_range(self.target)
        outside = _port_range(self.published) if self.published else [None] * len(inside)
        return tuple(
            Port(container, host, self.host_ip, self.protocol) for container, host in zip(inside, outside, strict=True)
        )


def _port_from(value: object) -> dict[str, object]:
    match = _PORTS.fullmatch(str(value))
    if match is None:
        raise fault(f"expected a port such as 8080, 8080:80 or 127.0.0.1:8080:80/udp, found {describe(value)}")
    entry: dict[str, object] = {"target": match["container"], "published": match["host"] or ""}
    if match["ip"]:
        entry["host_ip"] = match["ip"].strip("[]")
    return entry | ({"protocol": match["protocol"].lower()} if match["protocol"] else {})


def _port_range(text: str) -> range:
    match = re.fullmatch(r"(\d{1,5})(?:-(\d{1,5}))?", text)
    first, last = (int(match[1]), int(match[2] or match[1])) if match else (0, 0)
    if not 1 <= first <= last <= 65535:
        raise fault(f"expected a port from 1 to 65535 or a range such as 8000-8002, found {describe(text)}")
    return range(first, last + 1)


class UlimitEntry(Section):
    """A limit of the process; one number is both."""

    short_forms: ClassVar[tuple[ShortForm, ...]] = (ShortForm(Kind.INT, ("-1", "65536")),)

    soft: Whole = Field(title="Soft limit", description="What the process starts with; -1 is none.", ge=-1)
    hard: Whole = Field(title="Hard limit", description="What it may raise it to; -1 is none.", ge=-1)

    @model_validator(mode="before")
    @classmethod
    def _short(cls, data: object) -> object:
        return {"soft": data, "hard": data} if isinstance(data, str | int) else data


class DeviceEntry(Section):
    """One entry of ``devices``: a device file of the host."""

    short_forms: ClassVar[tuple[ShortForm, ...]] = (
        ShortForm(Kind.TEXT, ("/dev/fuse", "/dev/infiniband:/dev/infiniband:rw")),
    )

    source: HostPath = Field(title="Source", description="Device of the host.")
    target: ContainerPath = Field(default="", title="Target", description="Path in the container; empty: the same.")
    permissions: Text = Field(
        default="rwm", title="Permissions", description="Any of r, w and m.", pattern="^[rwm]{1,3}$"
    )

    @model_validator(mode="before")
    @classmethod
    def _short(cls, data: object) -> object:
        if not isinstance(data, str):
            return data
        source, _, rest = data.partition(":")
        target, _, permissions = rest.partition(":")
        return {"source": source, "target": target, "permissions": permissions or "rwm"}

    def __str__(self) -> str:
        return f"{self.source}:{self.target or self.source}:{self.permissions}"


class EnvFile(Section):
    """One entry of ``env_file``."""

    short_forms: ClassVar[tuple[ShortForm, ...]] = (ShortForm(Kind.PATH, (".env",)),)

    path: HostPath = Field(title="Path", description="File of NAME=value lines, relative to the profile's folder.")
    required: bool = Field(default=True, title="Required", description="A missing file is an error.")
    format: Literal["", "raw"] = Field(default="", title="Format", description="raw: values are taken as they are.")

    @model_validator(mode="before")
    @classmethod
    def _short(cls, data: object) -> object:
        return {"path": data} if isinstance(data, str) else data


class Logging(Section):
    """The engine's own keeping of the log."""

    driver: Text = Field(
        default="json-file", title="Driver", description="Docker's log driver.", examples=["json-file", "local", "none"]
    )
    options: dict[str, Text] = Field(default={}, title="Options", description="Options of the driver.")


class Limits(Section):
    """``deploy.resources.limits``: what the run may use."""

    cpus: Cpus | None = Field(default=None, title="CPUs", description="Cores it may use.")
    memory: Memory | None = Field(default=None, title="Memory", description="Memory it may use.")
    pids: Whole | None = Field(default=None, title="Processes", description="Processes and threads it may have.", ge=-1)


class Reservations(Section):
    """``deploy.resources.reservations``: what the run is promised."""

    cpus: Cpus | None = Field(default=None, title="CPUs", description="Cores it is promised.")
    memory: Size | None = Field(default=None, title="Memory", description="Memory it is promised.")
    devices: tuple[DeviceReservation, ...] = Field(default=(), title="Devices", description="GPUs.", max_length=1)


class DeployResources(Section):
    """``deploy.resources``."""

    limits: Limits = Field(default=Limits(), title="Limits", description="What the run may use.")
    reservations: Reservations = Field(
        default=Reservations(), title="Reservations", description="What the run is promised."
    )


class Deploy(Section):
    """``deploy``, of which one container needs the resources alone."""

    resources: DeployResources = Field(default=DeployResources(), title="Resources", description="Requests and limits.")
