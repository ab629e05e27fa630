"""The profile: a YAML recipe of a run. Where Docker Compose has a key, the profile has the same key.

Every field is declared once, here: its type and bounds are the validation, its title and description are what forms,
the JSON Schema and the documentation show.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any, ClassVar, Literal

from pydantic import Field, PrivateAttr, field_validator, model_validator

from mltui.domain.compose import (
    Build,
    Deploy,
    DeviceEntry,
    EnvFile,
    Logging,
    PortEntry,
    TmpfsEntry,
    UlimitEntry,
    VolumeEntry,
)
from mltui.domain.engine_values import (
    HostName,
    IpcMode,
    Memory,
    NetworkMode,
    PidMode,
    StopSignal,
    WorkingFolder,
)
from mltui.domain.errors import Problem, UsageError
from mltui.domain.gpus import GpusValue
from mltui.domain.metric_pattern import pattern_fault
from mltui.domain.param import NAME, Param, ParamValue
from mltui.domain.paths import user_path
from mltui.domain.profile_name import default_name
from mltui.domain.schema import Kind
from mltui.domain.section import (
    ContainerPath,
    Cpus,
    Entries,
    HostPath,
    Hosts,
    ImageName,
    Pairs,
    ProfileName,
    Seconds,
    Section,
    ShortForm,
    Size,
    Text,
    Texts,
    VariableName,
    Variables,
    Whole,
    Words,
    describe,
    fault,
)
from mltui.domain.text import one_line

#: Gives file, line and column (from 1) of a path of the profile; ``key``: of the key rather than its value.
Place = Callable[[tuple[str | int, ...], bool], tuple[str, int, int]]

_PROFILE_NAME = r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,62}$"
#: What a launch can change besides parameters, under the same roof in a run's record.
_RESERVED = frozenset({"gpus", "engine", "limits"})
#: The key with which each part of a form begins, in order.
GROUPS = {
    "name": "What", "params": "Parameters", "gpus": "Resources", "volumes": "Data and outputs",
    "environment": "Environment", "ports": "Network", "user": "Security", "ipc": "Advanced",
}  # fmt: skip
_OUTPUT_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")


class Metrics(Section):
    """How the log's metrics are read, where the reader's own understanding is not enough."""

    patterns: Texts = Field(default=(), title="Patterns", description="Regular expressions with named groups.")
    keep: Texts = Field(
        default=(), title="Keep", description="Names of the only metrics to keep; * stands for any text."
    )
    drop: Texts = Field(default=(), title="Drop", description="Names of metrics to leave out; * stands for any text.")
    x: Text = Field(default="", title="x", description="Name of the counter that is x, such as step or epoch.")

    @field_validator("patterns")
    @classmethod
    def _compiles(cls, patterns: tuple[str, ...]) -> tuple[str, ...]:
        for index, pattern in enumerate(patterns):
            if said := pattern_fault(pattern):
                raise fault(said, index)
        return patterns


class Extends(Section):
    """What a profile is put over: a profile by its name or file, or a service of a Compose file."""

    short_forms: ClassVar[tuple[ShortForm, ...]] = (ShortForm(Kind.PROFILE, ("mnist-mlp", "../base/profile.yaml")),)

    file: ProfileName = Field(title="File", description="A profile's file or name, or a Compose file.")
    service: Text = Field(default="", title="Service", description="Service of a Compose file.")

    @model_validator(mode="before")
    @classmethod
    def _short(cls, data: object) -> object:
        return {"file": data} if isinstance(data, str) else data


class Profile(Section):
    """What to run, and how. Variables in its texts (``${NAME}``) are filled in when a run is launched.

    The order of the fields is that of a form; ``GROUPS`` says where each part of it begins.
    """

    name: Text = Field(default="", title="Name", description="Default: the folder's name.", pattern=_PROFILE_NAME)
    description: Text = Field(default="", title="Description", description="One line for the list of profiles.")
    tags: Texts = Field(default=(), title="Tags", description="Words to find it by.")
    extends: Extends | None = Field(
        default=None, title="Extends", description="A profile, or a Compose file's service, that this one is put over."
    )
    image: ImageName = Field(default="", title="Image", description="Image to run, or the name to build under.")
    build: Build | None = Field(default=None, title="Build", description="How the image is built.")
    pull_policy: Literal["missing", "if_not_present", "always", "never", "build"] = Field(
        default="missing", title="Pull policy", description="When the image is fetched, or built."
    )
    command: Words | None = Field(
        default=None, title="Command", description="Instead of the image's CMD: a list, or one line."
    )
    entrypoint: Words | None = Field(default=None, title="Entrypoint", description="Instead of the image's ENTRYPOINT.")
    working_dir: WorkingFolder = Field(
        default="", title="Working directory", description="Absolute path in the container; default: the image's."
    )
    engine: Text = Field(
        default="", title="Engine", description="docker or local; empty: the one that answers.",
        examples=["docker", "local"],
    )  # fmt: skip
    requirements: HostPath = Field(
        default="", title="Requirements",
        description="pip's requirements for the local engine; default: requirements.txt beside the profile.",
    )  # fmt: skip

    params: dict[str, Param] = Field(default={}, title="Parameters", description="Hyper-parameters, used as ${name}.")
    metrics: Metrics = Field(default=Metrics(), title="Metrics", description="How to read metrics out of the log.")

    gpus: GpusValue | None = Field(
        default=None, title="GPUs", description="auto, all, none, a number, or which; default: none.",
        examples=["auto", "all", "none", "1"],
    )  # fmt: skip
    cpus: Cpus | None = Field(default=None, title="CPU limit", description="Cores it may use.", examples=["4", "500m"])
    mem_limit: Memory | None = Field(
        default=None, title="Memory limit", description="Memory it may use, swap included.", examples=["16g", "512m"]
    )
    mem_reservation: Size | None = Field(
        default=None, title="Memory request", description="Memory it is promised.", examples=["8g", "512m"]
    )
    shm_size: Size | None = Field(
        default=None, title="Shared memory",
        description="Size of /dev/shm; default: 2g, at most half the machine's memory.", examples=["8g", "16g"],
    )  # fmt: skip
    pids_limit: Whole | None = Field(
        default=None, title="Process limit", description="Processes and threads it may have; -1: any number.", ge=-1
    )
    ulimits: dict[str, UlimitEntry] = Field(
        default={}, title="Ulimits", description="Limits of the process, such as memlock, nofile and stack."
    )
    deploy: Deploy = Field(default=Deploy(), title="Deploy", description="Compose's resources: requests and limits.")

    volumes: tuple[VolumeEntry, ...] = Field(default=(), title="Volumes", description="Folders and volumes to mount.")
    outputs: ContainerPath | dict[str, ContainerPath] = Field(
        default="/outputs", title="Outputs", union_mode="left_to_right",
        description="Folder of the container that is kept with the run, or several by name.",
    )  # fmt: skip
    tmpfs: Entries[TmpfsEntry] = Field(default=(), title="tmpfs", description="Paths held in memory.")
    read_only: bool = Field(default=False, title="Read only", description="The root file system may not be written.")

    environment: Variables = Field(
        default={}, title="Environment", description="Variables; a name alone takes the caller's value, as a secret."
    )
    env_file: Entries[EnvFile] = Field(default=(), title="Environment files", description="Files of variables.")
    secrets: Entries[VariableName] = Field(
        default=(), title="Secrets", description="Variables taken from the caller's environment."
    )

    ports: tuple[PortEntry, ...] = Field(
        default=(), title="Ports", description="Ports to publish, on 127.0.0.1 unless they say otherwise."
    )
    network_mode: NetworkMode = Field(
        default="", title="Network", description="bridge, host, none or a network's name.",
        examples=["bridge", "host", "none"],
    )  # fmt: skip
    hostname: HostName = Field(
        default="", title="Host name", description="Default: the profile's name and the run's id."
    )
    extra_hosts: Hosts = Field(default=(), title="Extra hosts", description="Lines NAME:ADDRESS for /etc/hosts.")

    user: Text | None = Field(
        default=None, title="User", description="uid:gid or name; default: the caller's; empty: the image's."
    )
    group_add: tuple[Text, ...] = Field(default=(), title="Groups", description="Further groups of the user.")
    cap_add: tuple[Text, ...] = Field(
        default=(), title="Capabilities added", description="Such as SYS_PTRACE.", examples=["SYS_PTRACE", "IPC_LOCK"]
    )
    cap_drop: tuple[Text, ...] = Field(default=("ALL",), title="Capabilities dropped", description="Default: ALL.")
    security_opt: tuple[Text, ...] = Field(
        default=(), title="Security options", description="Beside no-new-privileges, unless they say otherwise.",
        examples=["no-new-privileges:false", "seccomp=unconfined", "apparmor=unconfined"],
    )  # fmt: skip
    privileged: bool = Field(default=False, title="Privileged", description="All rights on the machine.")
    devices: tuple[DeviceEntry, ...] = Field(default=(), title="Devices", description="Device files of the host.")

    ipc: IpcMode = Field(
        default="", title="IPC", description="host, private or shareable.", examples=["host", "private", "shareable"]
    )
    pid: PidMode = Field(
        default="", title="PID namespace", description="host, or empty for its own.", examples=["host"]
    )
    runtime: Text = Field(default="", title="Runtime", description="OCI runtime of the engine.", examples=["nvidia"])
    init: bool = Field(
        default=True, title="Init", description="A small init process reaps children and passes signals."
    )
    tty: bool = Field(default=False, title="TTY", description="Give it a terminal.")
    stop_grace_period: Seconds = Field(
        default=30.0, title="Stop time-out", description="Between SIGTERM and SIGKILL: long enough for a checkpoint."
    )
    stop_signal: StopSignal = Field(
        default="", title="Stop signal", description="Default: the image's, else SIGTERM.",
        examples=["SIGINT", "SIGUSR1", "SIGTERM"],
    )  # fmt: skip
    labels: Pairs = Field(default={}, title="Labels", description="Labels of the container.")
    logging: Logging | None = Field(
        default=None, title="Logging", description="The engine's own copy of the log; default: json-file, bounded."
    )
    serve: dict[str, Any] | None = Field(default=None, title="Serve", description="How the trained model is served.")

    _path: Path = PrivateAttr(default=Path())
    _folder: Path = PrivateAttr(default=Path())
    _text: str = PrivateAttr(default="")
    _source: dict[str, Any] = PrivateAttr(default_factory=dict)
    _bases: tuple[Path, ...] = PrivateAttr(default=())
    _place: Place | None = PrivateAttr(default=None)

    @field_validator("params", mode="after")
    @classmethod
    def _param_names(cls, params: dict[str, Param]) -> dict[str, Param]:
        for name, param in params.items():
            if not NAME.fullmatch(name):
                raise fault("a parameter's name is letters, digits and _, and starts with no digit", name)
            if name in _RESERVED:
                raise fault(f"a launch has {name} of its own beside the parameters: choose another name", name)
            if why := param.secret_by_name(name):
                raise fault(why, name)
        return params

    @field_validator("environment", "secrets", mode="after")
    @classmethod
    def _variable_names(cls, names: Any) -> Any:  # noqa: ANN401 - a mapping or a tuple, both of names
        for index, name in enumerate(names):
            if not name or "=" in name or "\0" in name:
                raise fault(f"{describe(name)} is no name of a variable", index if isinstance(names, tuple) else name)
        return names

    @field_validator("outputs", mode="before")
    @classmethod
    def _one_or_named(cls, outputs: object) -> object:
        if isinstance(outputs, list):
            raise fault("expected one path in the container, or several by name, such as {model: /model}, found a list")
        return outputs

    @field_validator("outputs", mode="after")
    @classmethod
    def _absolute(cls, outputs: str | dict[str, str]) -> str | dict[str, str]:
        for name, path in outputs.items() if isinstance(outputs, dict) else [("", outputs)]:
            if name and not _OUTPUT_NAME.fullmatch(name):
                raise fault("a name of outputs is letters, digits, '.', '_' and '-': it becomes a folder", name)
            if not path.startswith("/") or path == "/":
                raise fault(
                    f"expected an absolute path in the container, found {describe(path)}", *([name] if name else [])
                )
        return outputs

    @property
    def path(self) -> Path:
        """The file it was read from."""
        return self._path

    @property
    def folder(self) -> Path:
        """Where its relative paths start."""
        return self._folder

    def path_to(self, text: str) -> Path:
        """The file or folder of this machine that a path of the profile means."""
        return Path(os.path.normpath(self._folder / user_path(text)))

    @property
    def text(self) -> str:
        """The file's text, as it was when it was read; of one that extends another, a text that says both."""
        return self._text

    @property
    def source(self) -> Mapping[str, Any]:
        """What the file says, before variables are filled in; what it extends included."""
        return self._source

    @property
    def bases(self) -> tuple[Path, ...]:
        """The files that it extends, the nearest first."""
        return self._bases

    def read_from(
        self, path: Path, text: str, source: dict[str, Any], place: Place, bases: tuple[Path, ...] = ()
    ) -> Profile:
        """This profile, told where it comes from; without a ``name`` of its own it has the folder's, or the file's."""
        profile = self if self.name else self.model_copy(update={"name": default_name(path)})
        profile._path, profile._folder, profile._text = path, path.parent, text
        profile._source, profile._place, profile._bases = source, place, bases
        return profile

    def like(self, other: Profile) -> Profile:
        """This profile with the name and the origin of ``other``."""
        profile = self.model_copy(update={"name": other.name})
        profile._path, profile._folder, profile._text = other._path, other._folder, other._text
        profile._source, profile._place, profile._bases = other._source, other._place, other._bases
        return profile

    def problem(self, path: tuple[str | int, ...], message: str, *, key: bool = False) -> Problem:
        """A problem at ``path`` of the file."""
        where = self._place(path, key) if self._place else (str(self._path), 1, 1)
        return problem_at(where, path, message)

    def param_values(self, given: Mapping[str, str]) -> dict[str, ParamValue]:
        """Every parameter's value: the given one, checked, else the default. Raises ``UsageError``."""
        for name in given:
            if name not in self.params:
                raise self._unknown_param(name)
        return {name: self._param_value(name, param, given.get(name)) for name, param in self.params.items()}

    def _param_value(self, name: str, param: Param, text: str | None) -> ParamValue:
        if text is not None:
            try:
                return param.parse(text.strip())
            except ValueError as error:
                raise UsageError(f"{name}: {one_line(str(error))}.", param.help) from error
        if param.value is None:
            raise UsageError(f"Parameter {name} of {self.name} has no value.", f"Give it one: --set {name}=…")
        return param.value

    def _unknown_param(self, name: str) -> UsageError:
        near = get_close_matches(name, self.params, 1)
        names = ", ".join(self.params) or "none"
        hint = f"Did you mean {near[0]}?" if near else f"It has: {names}."
        return UsageError(f"{self.name} has no parameter {one_line(name, 40)!r}.", hint)


def problem_at(where: tuple[str, int, int], path: tuple[str | int, ...], message: str) -> Problem:
    """A problem at a file, line and column, whose texts, which may come from the file, are safe to show."""
    return Problem(*where, one_line(".".join(map(str, path)), 200), one_line(message, 400))
