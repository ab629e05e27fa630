"""The profile: a YAML recipe of a run. Where Docker Compose has a key, the profile has the same key.

Every field is declared once, here: its type and bounds are the validation, its title and description are what forms,
the JSON Schema and the documentation show.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Literal

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
from mltui.domain.errors import Problem, UsageError
from mltui.domain.gpus import GpusValue
from mltui.domain.metric_pattern import pattern_fault
from mltui.domain.section import (
    Cpus,
    Pairs,
    Seconds,
    Section,
    Size,
    Text,
    Texts,
    Words,
    as_list,
    as_text,
    describe,
    fault,
)
from mltui.domain.text import one_line

#: A value of a parameter.
ParamValue = int | float | bool | str
#: Gives line and column (from 1) of a path in the profile's file; ``key``: of the key rather than its value.
Place = Callable[[tuple[str | int, ...], bool], tuple[int, int]]

NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_PROFILE_NAME = r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,62}$"
#: What a launch can change besides parameters, under the same roof in a run's record.
_RESERVED = frozenset({"gpus", "engine"})
#: What no program can be given, and bytes of a command line that are not UTF-8.
_NO_TEXT = re.compile("[\0\ud800-\udfff]")
_OUTPUT_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")
_TYPES: dict[str, type[ParamValue]] = {"int": int, "float": float, "bool": bool, "str": str}
_WHAT = {"int": "a whole number", "float": "a number", "bool": "true or false", "str": "text"}


class Param(Section):
    """One hyper-parameter. Short form: its default, from which its type follows."""

    type: Literal["int", "float", "bool", "str"] = Field(
        default="str", title="Type", description="int, float, bool or str."
    )
    default: ParamValue | None = Field(
        default=None, title="Default", description="Without one, a launch has to set it."
    )
    min: float | None = Field(default=None, title="Minimum", description="Smallest value allowed.")
    max: float | None = Field(default=None, title="Maximum", description="Largest value allowed.")
    choices: tuple[ParamValue, ...] = Field(default=(), title="Choices", description="The only values allowed.")
    help: Text = Field(default="", title="Help", description="One line for the person who launches.")

    @model_validator(mode="before")
    @classmethod
    def _typed(cls, data: object) -> object:
        if data is None or isinstance(data, list):
            raise fault(f"expected a default or a mapping with type and default, found {describe(data)}")
        entry = dict(data) if isinstance(data, Mapping) else {"default": data}
        choices = entry.get("choices")
        example = entry.get("default", choices[0] if isinstance(choices, list) and choices else None)
        if "type" not in entry and example is not None:
            entry["type"] = _type_of(example)
        return entry

    @field_validator("default", mode="before")
    @classmethod
    def _plain(cls, value: object) -> object:
        return _plain_scalar(value)

    @field_validator("choices", mode="before")
    @classmethod
    def _plain_choices(cls, value: object) -> object:
        return [_plain_scalar(item) for item in value] if isinstance(value, list) else value

    @model_validator(mode="after")
    def _consistent(self) -> Param:
        if self.min is not None and self.max is not None and self.min > self.max:
            raise fault(f"the minimum {self.min:g} is above the maximum {self.max:g}", "min")
        for index, choice in enumerate(self.choices):
            self._check_at(choice, "choices", index)
        if self.default is not None:
            self._check_at(self.default, "default")
        return self

    def _check_at(self, value: ParamValue, *at: str | int) -> None:
        try:
            self.parse(str(as_text(value)))
        except ValueError as error:
            raise fault(str(error), *at) from error

    def parse(self, text: str) -> ParamValue:
        """The value that ``text`` stands for. Raises ``ValueError`` with what was expected."""
        if _NO_TEXT.search(text):
            raise ValueError(f"expected text, found bytes that are none: {describe(text)}")
        value = self._convert(text)
        if self.choices and value not in [self._convert(str(as_text(choice))) for choice in self.choices]:
            raise ValueError(
                f"expected one of {', '.join(str(as_text(c)) for c in self.choices)}, found {describe(text)}"
            )
        if isinstance(value, int | float) and not isinstance(value, bool):
            self._check_bounds(value, text)
        return value

    def _convert(self, text: str) -> ParamValue:
        try:
            if self.type == "bool":
                return {"true": True, "false": False}[text.lower()]
            return _TYPES[self.type](text)
        except (ValueError, KeyError) as error:
            raise ValueError(f"expected {_WHAT[self.type]}, found {describe(text)}") from error

    def _check_bounds(self, value: float, text: str) -> None:
        low, high = self.min, self.max
        if value != value or (low is not None and value < low) or (high is not None and value > high):
            raise ValueError(f"expected {_WHAT[self.type]}{self._bounds()}, found {describe(text)}")

    def _bounds(self) -> str:
        if self.min is not None and self.max is not None:
            return f" from {self.min:g} to {self.max:g}"
        if self.min is not None:
            return f" of at least {self.min:g}"
        return "" if self.max is None else f" of at most {self.max:g}"

    @property
    def value(self) -> ParamValue | None:
        """The default in the parameter's own type."""
        return None if self.default is None else self._convert(str(as_text(self.default)))


def _type_of(value: object) -> str:
    if isinstance(value, bool):
        return "bool"
    return "int" if isinstance(value, int) else "float" if isinstance(value, float) else "str"


def _plain_scalar(value: object) -> object:
    """Numbers stay numbers and keep their spelling; what is no scalar is refused."""
    if value is not None and not isinstance(value, str | int | float):
        raise fault(f"expected one value, found {describe(value)}")
    return value


def param_text(value: ParamValue) -> str:
    """A parameter's value as it goes into a command."""
    return str(as_text(value))


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


class Profile(Section):
    """What to run, and how. Variables in its texts (``${NAME}``) are filled in when a run is launched."""

    name: str = Field(default="", title="Name", description="Default: the folder's name.", pattern=_PROFILE_NAME)
    description: Text = Field(default="", title="Description", description="One line for the list of profiles.")
    tags: Texts = Field(default=(), title="Tags", description="Words to find it by.")
    engine: Text = Field(default="", title="Engine", description="docker or local; empty: the one that answers.")
    params: dict[str, Param] = Field(default={}, title="Parameters", description="Hyper-parameters, used as ${name}.")
    metrics: Metrics = Field(default=Metrics(), title="Metrics", description="How to read metrics out of the log.")
    outputs: Text | dict[str, Text] = Field(
        default="/outputs", title="Outputs", union_mode="left_to_right",
        description="Folder of the container that is kept with the run, or several by name.",
    )  # fmt: skip
    requirements: Text = Field(
        default="", title="Requirements",
        description="pip's requirements for the local engine; default: requirements.txt beside the profile.",
    )  # fmt: skip
    secrets: Texts = Field(default=(), title="Secrets", description="Variables taken from the caller's environment.")
    serve: dict[str, Any] | None = Field(default=None, title="Serve", description="How the trained model is served.")

    image: Text = Field(default="", title="Image", description="Image to run, or the name to build under.")
    build: Build | None = Field(default=None, title="Build", description="How the image is built.")
    pull_policy: Literal["missing", "if_not_present", "always", "never", "build"] = Field(
        default="missing", title="Pull policy", description="When the image is fetched, or built."
    )
    command: Words | None = Field(default=None, title="Command", description="Instead of the image's CMD.")
    entrypoint: Words | None = Field(default=None, title="Entrypoint", description="Instead of the image's ENTRYPOINT.")
    environment: Pairs = Field(
        default={}, title="Environment", description="Variables; a name alone takes the caller's value, as a secret."
    )
    env_file: tuple[EnvFile, ...] = Field(default=(), title="Environment files", description="Files of variables.")
    working_dir: Text = Field(default="", title="Working directory", description="Absolute path in the container.")
    user: Text | None = Field(default=None, title="User", description="uid:gid or name; default: the caller's.")
    volumes: tuple[VolumeEntry, ...] = Field(default=(), title="Volumes", description="Folders and volumes to mount.")
    tmpfs: tuple[TmpfsEntry, ...] = Field(default=(), title="tmpfs", description="Paths held in memory.")
    ports: tuple[PortEntry, ...] = Field(default=(), title="Ports", description="Ports to publish, on 127.0.0.1.")
    hostname: Text = Field(default="", title="Host name", description="Default: the profile's name and the run's id.")
    extra_hosts: tuple[Text, ...] = Field(
        default=(), title="Extra hosts", description="Lines NAME:ADDRESS for /etc/hosts."
    )
    network_mode: Text = Field(default="", title="Network", description="bridge, host, none or a network's name.")
    shm_size: Size | None = Field(default=None, title="Shared memory", description="Size of /dev/shm.")
    ipc: Text = Field(default="", title="IPC", description="host, private or shareable.")
    pid: Text = Field(default="", title="PID namespace", description="host, or empty for its own.")
    ulimits: dict[str, UlimitEntry] = Field(default={}, title="Ulimits", description="Limits of the process.")
    gpus: GpusValue | None = Field(default=None, title="GPUs", description="auto, all, none, a number, or which.")
    runtime: Text = Field(default="", title="Runtime", description="OCI runtime of the engine.")
    mem_limit: Size | None = Field(default=None, title="Memory limit", description="Memory it may use.")
    mem_reservation: Size | None = Field(default=None, title="Memory request", description="Memory it is promised.")
    cpus: Cpus | None = Field(default=None, title="CPU limit", description="Cores it may use.")
    pids_limit: int | None = Field(default=None, title="Process limit", description="Processes it may have.", ge=-1)
    deploy: Deploy = Field(default=Deploy(), title="Deploy", description="Compose's resources: requests and limits.")
    read_only: bool = Field(default=False, title="Read only", description="The root file system may not be written.")
    cap_add: tuple[Text, ...] = Field(default=(), title="Capabilities added", description="Such as SYS_PTRACE.")
    cap_drop: tuple[Text, ...] = Field(default=("ALL",), title="Capabilities dropped", description="Default: ALL.")
    security_opt: tuple[Text, ...] = Field(
        default=(), title="Security options", description="Beside no-new-privileges, unless they say otherwise."
    )
    privileged: bool = Field(default=False, title="Privileged", description="All rights on the machine.")
    devices: tuple[DeviceEntry, ...] = Field(default=(), title="Devices", description="Device files of the host.")
    group_add: tuple[Text, ...] = Field(default=(), title="Groups", description="Further groups of the user.")
    init: bool = Field(
        default=True, title="Init", description="A small init process reaps children and passes signals."
    )
    tty: bool = Field(default=False, title="TTY", description="Give it a terminal.")
    stop_grace_period: Seconds = Field(
        default=30.0, title="Stop time-out", description="Between SIGTERM and SIGKILL: long enough for a checkpoint."
    )
    stop_signal: Text = Field(default="", title="Stop signal", description="Default: the image's, else SIGTERM.")
    labels: Pairs = Field(default={}, title="Labels", description="Labels of the container.")
    logging: Logging | None = Field(default=None, title="Logging", description="Default: json-file, bounded.")

    _path: Path = PrivateAttr(default=Path())
    _folder: Path = PrivateAttr(default=Path())
    _text: str = PrivateAttr(default="")
    _source: dict[str, Any] = PrivateAttr(default_factory=dict)
    _place: Place | None = PrivateAttr(default=None)

    @field_validator("env_file", "tmpfs", mode="before")
    @classmethod
    def _one_or_many(cls, value: object) -> object:
        return [value] if isinstance(value, Mapping) else as_list(value)

    @field_validator("extra_hosts", mode="before")
    @classmethod
    def _hosts(cls, value: object) -> object:
        """``NAME: ADDRESS`` or ``- NAME=ADDRESS`` as Docker's ``NAME:ADDRESS``."""
        if isinstance(value, Mapping):
            return [f"{name}:{address}" for name, address in value.items()]
        return [str(item).replace("=", ":", 1) for item in value] if isinstance(value, list) else value

    @field_validator("params", mode="after")
    @classmethod
    def _param_names(cls, params: dict[str, Param]) -> dict[str, Param]:
        for name in params:
            if not NAME.fullmatch(name):
                raise fault("a parameter's name is letters, digits and _, and starts with no digit", name)
            if name in _RESERVED:
                raise fault(f"a launch has {name} of its own beside the parameters: choose another name", name)
        return params

    @field_validator("environment", "secrets", mode="after")
    @classmethod
    def _variable_names(cls, names: Any) -> Any:  # noqa: ANN401 - a mapping or a tuple, both of names
        for index, name in enumerate(names):
            if not name or "=" in name or "\0" in name:
                raise fault(f"{describe(name)} is no name of a variable", index if isinstance(names, tuple) else name)
        return names

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

    @property
    def text(self) -> str:
        """The file's text, as it was when it was read."""
        return self._text

    @property
    def source(self) -> Mapping[str, Any]:
        """What the file says, before variables are filled in."""
        return self._source

    def read_from(self, path: Path, folder: Path, text: str, source: dict[str, Any], place: Place) -> Profile:
        """This profile, told where it comes from; without a ``name`` of its own it has the folder's, or the file's."""
        profile = self if self.name else self.model_copy(update={"name": default_name(path)})
        profile._path, profile._folder, profile._text = path, folder, text
        profile._source, profile._place = source, place
        return profile

    def like(self, other: Profile) -> Profile:
        """This profile with the name and the origin of ``other``."""
        profile = self.model_copy(update={"name": other.name})
        profile._path, profile._folder, profile._text = other._path, other._folder, other._text
        profile._source, profile._place = other._source, other._place
        return profile

    def problem(self, path: tuple[str | int, ...], message: str, *, key: bool = False) -> Problem:
        """A problem at ``path`` of the file."""
        line, column = self._place(path, key) if self._place else (1, 1)
        return problem_at(str(self._path), (line, column), path, message)

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


def problem_at(file: str, position: tuple[int, int], path: tuple[str | int, ...], message: str) -> Problem:
    """A problem whose texts, which may come from the file, are safe to show."""
    return Problem(file, *position, one_line(".".join(map(str, path)), 200), one_line(message, 400))


def default_name(path: Path) -> str:
    """The name of a profile that says none: its folder's for ``profile.yaml``, else the file's own."""
    name = path.parent.name if path.stem == "profile" else path.stem
    return re.sub(r"[^A-Za-z0-9_.-]+", "-", name).strip("-._")[:63] or "profile"
