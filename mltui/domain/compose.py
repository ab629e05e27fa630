"""The values of Compose's keys that have a short and a long form, each read into its long form.

Every class is the long form as Compose documents it; its ``before`` validator turns the short form into it.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Mapping
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator
from pydantic_core import ErrorDetails, PydanticCustomError

from mltui.domain.launch import GpuRequest, MountType, Port
from mltui.domain.units import parse_cpus, parse_duration, parse_size


def fault(message: str, *at: str | int) -> PydanticCustomError:
    """An error at ``at``, a path below the value that is being validated."""
    # Braces are doubled because pydantic formats the template.
    return PydanticCustomError("profile", message.replace("{", "{{").replace("}", "}}"), {"at": at})


def as_text(value: object) -> object:
    """A scalar as it was written; anything else unchanged, for pydantic to refuse."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, int | float) else value


def as_list(value: object) -> object:
    """One value where a list may stand, as a list of one."""
    return [value] if isinstance(value, str | int | float) else value


def as_words(value: object) -> object:
    """A command: a list, or one line split as a shell splits it (and run without a shell)."""
    if not isinstance(value, str):
        return value
    try:
        return shlex.split(value)
    except ValueError as error:
        raise fault(f"the command line cannot be split: {str(error).lower()}") from error


def as_map(value: object) -> object:
    """``[NAME=value, NAME]`` as the mapping it stands for; a name alone has the value ``None``."""
    if not isinstance(value, list):
        return value
    result: dict[str, str | None] = {}
    for index, item in enumerate(value):
        text = as_text(item)
        if not isinstance(text, str):
            raise fault(f"expected NAME=value, found {describe(item)}", index)
        name, equals, rest = text.partition("=")
        result[name] = rest if equals else None
    return result


def describe(value: object) -> str:
    """A value for an error message: short, and saying what it is."""
    if isinstance(value, Mapping):
        return "a mapping"
    if isinstance(value, list | tuple):
        return "a list"
    if value is None:
        return "nothing"
    text = str(as_text(value))
    return repr(text if len(text) <= 60 else text[:59] + "…")


def _parsed(parse: Callable[[str], Any]) -> BeforeValidator:
    def convert(value: object) -> object:
        text = as_text(value)
        if not isinstance(text, str) or isinstance(value, bool):
            raise fault(f"expected a value, found {describe(value)}")
        try:
            return parse(text)
        except ValueError as error:
            raise fault(str(error)) from error

    return BeforeValidator(convert)


Text = Annotated[str, BeforeValidator(as_text)]
Words = Annotated[tuple[Text, ...], BeforeValidator(as_words)]
Texts = Annotated[tuple[Text, ...], BeforeValidator(as_list)]
Pairs = Annotated[dict[str, Text | None], BeforeValidator(as_map)]
Size = Annotated[int, _parsed(parse_size)]
Cpus = Annotated[float, _parsed(parse_cpus)]
Seconds = Annotated[float, _parsed(parse_duration)]


class Section(BaseModel):
    """A mapping with known keys; unknown ones are refused, Compose's ``x-`` extensions are left alone."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    @model_validator(mode="before")
    @classmethod
    def _without_extensions(cls, data: object) -> object:
        if isinstance(data, dict):
            return {key: value for key, value in data.items() if not str(key).startswith("x-")}
        return data


class Build(Section):
    """How the image is built."""

    context: Text = Field(
        default=".", title="Context", description="Folder sent to the engine, relative to the profile's folder."
    )
    dockerfile: Text = Field(
        default="Dockerfile", title="Dockerfile", description="Dockerfile, relative to the context."
    )
    args: Pairs = Field(default={}, title="Arguments", description="Values of the Dockerfile's ARGs.")
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
_TMPFS_DEFAULTS = frozenset({"rw", "exec", "nosuid", "nodev", "mode=1777"})


class TmpfsEntry(Section):
    """One entry of ``tmpfs``: a path held in memory, ``/path`` or ``/path:size=64m``."""

    target: Text = Field(title="Target", description="Absolute path in the container.", pattern="^/.")
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
            elif option not in _TMPFS_DEFAULTS:
                raise fault(
                    f"the only option of a tmpfs is its size, such as {target}:size=64m, found {describe(option)}"
                )
        return entry


#: Modes that mean nothing on Linux, as Docker documents, and are therefore read and left out.
_MODES_WITHOUT_EFFECT = frozenset({"rw", "cached", "delegated", "consistent"})


class VolumeEntry(Section):
    """One entry of ``volumes``."""

    type: MountType = Field(default=MountType.VOLUME, title="Type", description="bind, volume or tmpfs.")
    source: Text = Field(default="", title="Source", description="Path of the host, or name of a volume.")
    target: Text = Field(title="Target", description="Absolute path in the container.")
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
    if unknown := modes - _MODES_WITHOUT_EFFECT - {"ro"}:
        raise fault(f"a mode of a volume is ro or rw, found {describe(min(unknown))}")
    bind = source.startswith((".", "/", "~"))
    return {"type": "bind" if bind else "volume", "source": source, "target": target, "read_only": "ro" in modes}


_PORTS = re.compile(
    r"(?:(?P<ip>\[[^]]+\]|[^:]*[^:\d-][^:]*):)?(?:(?P<host>[\d-]*):)?(?P<container>[\d-]+)(?:/(?P<protocol>\w+))?"
)


class PortEntry(Section):
    """One entry of ``ports``: a port or a range of the container, published on the host."""

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
        self.expand()
        return self

    def expand(self) -> tuple[Port, ...]:
        """One port for each of the range."""
        inside = _port_range(self.target)
        outside = _port_range(self.published) if self.published else [None] * len(inside)
        if len(inside) != len(outside):
            raise fault(f"{self.published} and {self.target} are ranges of different lengths")
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


def _port_range(text: str) -> list[int]:
    match = re.fullmatch(r"(\d{1,5})(?:-(\d{1,5}))?", text)
    first, last = (int(match[1]), int(match[2] or match[1])) if match else (0, 0)
    if not 1 <= first <= last <= 65535:
        raise fault(f"expected a port from 1 to 65535 or a range such as 8000-8002, found {describe(text)}")
    return list(range(first, last + 1))


class UlimitEntry(Section):
    """A limit of the process; one number is both."""

    soft: int = Field(title="Soft limit", description="What the process starts with; -1 is none.", ge=-1)
    hard: int = Field(title="Hard limit", description="What it may raise it to; -1 is none.", ge=-1)

    @model_validator(mode="before")
    @classmethod
    def _short(cls, data: object) -> object:
        return {"soft": data, "hard": data} if isinstance(data, str | int) else data


class DeviceEntry(Section):
    """One entry of ``devices``: a device file of the host."""

    source: Text = Field(title="Source", description="Device of the host.")
    target: Text = Field(default="", title="Target", description="Path in the container; empty: the same.")
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

    path: Text = Field(title="Path", description="File of NAME=value lines, relative to the profile's folder.")
    required: bool = Field(default=True, title="Required", description="A missing file is an error.")
    format: Literal["", "raw"] = Field(default="", title="Format", description="raw: values are taken as they are.")

    @model_validator(mode="before")
    @classmethod
    def _short(cls, data: object) -> object:
        return {"path": data} if isinstance(data, str) else data


class Logging(Section):
    """The engine's own keeping of the log."""

    driver: Text = Field(default="json-file", title="Driver", description="Docker's log driver.")
    options: dict[str, Text] = Field(default={}, title="Options", description="Options of the driver.")


class DeviceReservation(Section):
    """GPUs as Compose reserves them. Without ``count`` and ``device_ids`` it is all of them."""

    driver: Literal["", "nvidia"] = Field(
        default="", title="Driver", description="nvidia, or empty for the engine's own."
    )
    count: int | Literal["all"] | None = Field(default=None, title="Count", description="How many, or all.")
    device_ids: Texts = Field(default=(), title="Devices", description="Indexes or UUIDs.")
    capabilities: Texts = Field(
        default=(), title="Capabilities", description="gpu, and more such as compute or utility."
    )
    options: dict[str, Text] = Field(default={}, title="Options", description="Not used.", max_length=0)

    @model_validator(mode="after")
    def _consistent(self) -> DeviceReservation:
        if self.count is not None and self.device_ids:
            raise fault("count and device_ids exclude each other")
        if isinstance(self.count, int) and self.count < 0:
            raise fault(f"a number of GPUs is 0 or more, found {self.count}", "count")
        return self

    def request(self) -> GpuRequest:
        """The request for an engine."""
        extra = tuple(c for c in self.capabilities if c != "gpu")
        count = self.count if isinstance(self.count, int) else 0
        everything = self.count == "all" or (self.count is None and not self.device_ids)
        return GpuRequest(everything, count, self.device_ids, ("gpu", *extra))


class Gpus(Section):
    """Which GPUs: ``auto`` takes the freest one if there is any, a request insists."""

    auto: bool = Field(default=False, title="Automatic", description="One GPU if there is one, else the CPU.")
    request: GpuRequest = Field(default=GpuRequest(), title="Request", description="All, so many, or these.")

    @model_validator(mode="before")
    @classmethod
    def _forms(cls, data: object) -> object:
        if data == "auto":
            return {"auto": True}
        return {"request": _gpu_request(data)}


def _gpu_request(data: object) -> GpuRequest:
    """``all``, ``none``, a number, indexes or UUIDs (a list, or with commas), or Compose's list of mappings."""
    if isinstance(data, bool) or data is None or isinstance(data, Mapping):
        raise fault(f"expected auto, none, all, a number or a list of GPUs, found {describe(data)}")
    if isinstance(data, list | tuple):
        return _gpu_list(data)
    text = str(data)
    if text in ("all", "none"):
        return GpuRequest(all=text == "all")
    if re.fullmatch(r"-1|\d+", text):
        return GpuRequest(all=text == "-1", count=max(int(text), 0))
    return GpuRequest(device_ids=_device_ids(text.removeprefix("device=").split(",")))


def _gpu_list(data: list[object] | tuple[object, ...]) -> GpuRequest:
    if not any(isinstance(item, Mapping) for item in data):
        return GpuRequest(device_ids=_device_ids([str(as_text(item)) for item in data]))
    if len(data) > 1:
        raise fault("expected one entry: name several GPUs in its device_ids", 1)
    try:
        return DeviceReservation.model_validate(data[0]).request()
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        raise fault(_plain(first), 0, *first["loc"], *first.get("ctx", {}).get("at", ())) from error


def _plain(error: ErrorDetails) -> str:
    """What is wrong in one entry of ``gpus``."""
    if error["type"] == "extra_forbidden":
        return f"unknown key; known here: {', '.join(sorted(DeviceReservation.model_fields))}"
    return f"{error['msg'][:1].lower()}{error['msg'][1:]}, found {describe(error['input'])}"


_DEVICE_ID = re.compile(r"\d{1,3}|(GPU|MIG)-[\w/-]+")


def _device_ids(ids: list[str]) -> tuple[str, ...]:
    for index, device_id in enumerate(ids):
        if not _DEVICE_ID.fullmatch(device_id):
            raise fault(
                f"expected the index or the UUID of a GPU, found {describe(device_id)}", *([index] * (len(ids) > 1))
            )
    return tuple(ids)


def parse_gpus(text: str) -> Gpus:
    """``--gpus`` of the command line: the forms of the profile's key, and ``docker run``'s ``device=0,1``.

    Raises ``pydantic.ValidationError``.
    """
    return Gpus.model_validate(text)


class Limits(Section):
    """``deploy.resources.limits``: what the run may use."""

    cpus: Cpus | None = Field(default=None, title="CPUs", description="Cores it may use.")
    memory: Size | None = Field(default=None, title="Memory", description="Memory it may use.")
    pids: int | None = Field(default=None, title="Processes", description="Processes and threads it may have.", ge=-1)


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
