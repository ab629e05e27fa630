"""From a profile to a launch: parameters, defaults and the caller's environment filled in, nothing left to decide."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from mltui.domain.compose import VolumeEntry
from mltui.domain.errors import Problem, ProfileError, UsageError
from mltui.domain.json_text import json_text
from mltui.domain.launch import BuildSpec, GpuRequest, LaunchSpec, Mount, MountType, Resources, Ulimit
from mltui.domain.param import ParamValue, param_text
from mltui.domain.profile import Profile
from mltui.domain.profile_check import check, fill, literal
from mltui.domain.profile_faults import Fault
from mltui.domain.profile_sound import unit_of, without
from mltui.domain.run import (
    LABEL_CREATED,
    LABEL_GROUP,
    LABEL_OWNER,
    LABEL_PARAMS,
    LABEL_PROFILE,
    LABEL_RUN,
    OUTPUTS_VARIABLE,
)
from mltui.domain.secret_names import is_secret_name
from mltui.domain.text import one_line
from mltui.engines.base import EngineInfo
from mltui.parsers.config import MetricConfig
from mltui.runtime.environment import Variables, is_callers_secret, read_environment, variables_in
from mltui.runtime.gpu_choice import GpuChoice, GpuUse, choose_gpus, wished_gpus
from mltui.runtime.preflight import missing_files

#: Loaders and NCCL pass tensors through /dev/shm, for which Docker's 64 MB are too few. Memory is taken only as it is
#: used; half the machine's is what the kernel allows a tmpfs by itself.
_SHM_SIZE = 2 << 30
#: What the engine keeps of the log; the run's own record has all of it.
_LOG_OPTIONS = {"max-size": "50m", "max-file": "3"}
_NO_NEW_PRIVILEGES = "no-new-privileges:true"
_READ_IT_THERE = "name it under environment and read it there"
#: A home that any user may write: libraries put caches there. It is held in memory.
_HOME = "/home/mltui"


@dataclass(frozen=True)
class Resolution:
    """A launch, and how it came about."""

    spec: LaunchSpec
    params: Mapping[str, ParamValue]
    """Every parameter with its value."""
    overrides: Mapping[str, object]
    """What the caller changed: the parameters whose value is not the default, and ``gpus`` where it was given."""
    notes: tuple[str, ...] = ()
    """Sentences on what was decided for the caller, such as which GPU was taken and why."""
    gpus: GpuChoice = field(default_factory=lambda: GpuChoice(GpuRequest()))
    """What became of its wish for GPUs; the last word on those it waits for is the queue's."""
    gpu_uses: tuple[GpuUse, ...] = ()
    """The GPUs of the engine's machine and who was on them, where they could be seen."""

    @property
    def warnings(self) -> tuple[str, ...]:
        """``notes`` and what else is to be said before it is launched."""
        note, doubt = self.gpus.note, self.gpus.doubt
        return tuple(f"{one} {doubt}" if doubt and one == note else one for one in self.notes)


def resolve_run(
    profile: Profile,
    *,
    run_id: str,
    outputs_host: Path,
    engine: EngineInfo,
    params: Mapping[str, str] | None = None,
    gpus: str | None = None,
    limits: Mapping[str, str] | None = None,
    group_id: str = "",
    gpu_uses: Sequence[GpuUse] = (),
    environment: Mapping[str, str] | None = None,
    user: tuple[int, int] | None = None,
) -> Resolution:
    """The launch that ``profile`` stands for, with its parameters and the reasons of what was decided.

    ``outputs_host`` is the folder of the host that receives the run's outputs; ``params`` are values as typed
    (``--set name=value``); ``gpus`` and ``limits`` stand in for the profile's; ``group_id`` is that of the run's sweep;
    ``gpu_uses`` are the GPUs of the engine's machine and who is on them, where they can be seen; ``environment`` and
    ``user`` (uid and gid) are the caller's own by default.

    Raises ``UsageError`` for a wrong parameter or ``gpus``, ``GpuUnavailable``, and ``ProfileError`` for everything
    that shows only now, when variables have their values: one that is not set, a folder that is not there.
    """
    _refuse_unwritable(profile.path, outputs_host)
    caller = os.environ if environment is None else environment
    values = profile.param_values(params or {})
    texts = {name: param_text(value) for name, value in values.items()}
    filled = _filled(profile, texts, caller, limits or {}, engine)
    choice = choose_gpus(wished_gpus(filled, gpus), engine, gpu_uses)
    launch = _Launch(filled, run_id, outputs_host, engine, user or (os.getuid(), os.getgid()), group_id)
    variables = read_environment(profile, filled, texts, caller)
    spec = launch.spec(variables, values, choice.request, caller)
    faults = [*variables.faults, *launch.faults]
    if faults:
        raise _refusal(profile, faults)
    changed: dict[str, object] = {name: value for name, value in values.items() if value != profile.params[name].value}
    overrides = changed | _also_changed(gpus, limits)
    return Resolution(spec, values, overrides, (choice.note,) if choice.note else (), choice, tuple(gpu_uses))


def _also_changed(gpus: str | None, limits: Mapping[str, str] | None) -> dict[str, object]:
    """What the caller changed besides parameters, as it stands in the record."""
    return ({"gpus": gpus} if gpus else {}) | ({"limits": dict(limits)} if limits else {})


def _refuse_unwritable(*paths: Path) -> None:
    """Engines and the run database take text only: a path whose bytes are no UTF-8 cannot be told to them."""
    for path in paths:
        try:
            str(path).encode()
        except UnicodeEncodeError:
            shown = one_line(str(path).encode(errors="surrogateescape").decode(errors="replace"), 300)
            raise UsageError(f"The path {shown} is not UTF-8 text.", "Rename the folder, or the file.") from None


def output_folders(spec: LaunchSpec) -> tuple[Path, ...]:
    """Folders of the host that have to be there before the run starts, since engines make none to mount."""
    root = Path(spec.outputs_host) if spec.outputs_host else None
    sources = [Path(mount.source) for mount in spec.mounts if mount.type is MountType.BIND]
    return tuple(source for source in sources if root and source.is_relative_to(root))


def metric_config(profile: Profile) -> MetricConfig | None:
    """What the profile says about its metrics; ``None`` when it leaves them to the reader."""
    metrics = profile.metrics
    config = MetricConfig(metrics.patterns, metrics.keep, metrics.drop, metrics.x)
    return None if config == MetricConfig() else config


def _filled(
    profile: Profile,
    params: Mapping[str, str],
    caller: Mapping[str, str],
    limits: Mapping[str, str],
    engine: EngineInfo,
) -> Profile:
    """``profile`` with the variables of all its texts filled in: parameters first, then the caller's environment."""
    source = with_limits(profile.source, limits)
    hidden = (set(profile.secrets) | {k for k, v in profile.environment.items() if v is None}) - set(params)
    data, faults = fill(source, lambda name: params.get(name, caller.get(name)))

    def secret(name: str) -> bool:
        return name in hidden or (name not in params and is_callers_secret(name, caller))

    shown = list(_shown_secrets({k: v for k, v in source.items() if k != "environment"}, secret))
    shown += _secret_arguments(profile, hidden)
    rest, indexes = without(data, [unit_of(fault.path, data) for fault in faults]) if faults else (data, {})
    checked, more, sound = check(rest, source, indexes=indexes)
    faults += [*shown, *more]
    if faults or checked is None:
        found = missing_files(replace(sound, profile=sound.profile.like(profile))) if engine.local else ()
        raise _refusal(profile, faults, [one for one in found if engine.isolated or not one.path.startswith("build")])
    return checked.like(profile)


def with_limits(source: Mapping[str, Any], limits: Mapping[str, str]) -> dict[str, Any]:
    """What a profile says, with other limits; what ``deploy`` says of the same gives way, an empty one is none."""
    result = {key: value for key, value in source.items() if key not in limits}
    deploy = result.get("deploy")
    resources = deploy.get("resources") if isinstance(deploy, dict) else None
    before = resources.get("limits") if isinstance(resources, dict) else None
    if limits and isinstance(deploy, dict) and isinstance(resources, dict) and isinstance(before, dict):
        away = {name for key, name in (("cpus", "cpus"), ("mem_limit", "memory")) if key in limits}
        kept = {name: value for name, value in before.items() if name not in away}
        result["deploy"] = {**deploy, "resources": {**resources, "limits": kept}}
    return {**result, **{key: text for key, text in limits.items() if text}}


def _refusal(profile: Profile, faults: Iterable[Fault], more: Iterable[Problem] = ()) -> ProfileError:
    """The faults as problems of the profile's file, and ``more`` of them, in its order."""
    problems = {*more, *(profile.problem(fault.path, fault.message, key=fault.key) for fault in faults)}
    return ProfileError(tuple(sorted(problems, key=lambda problem: (problem.line, problem.column, problem.path))))


def _shown_secrets(value: object, secret: Callable[[str], bool], path: tuple[str | int, ...] = ()) -> Iterator[Fault]:
    """Places outside ``environment`` that would write a secret where everybody sees it."""
    if isinstance(value, str):
        for name in sorted(variables_in(value)):
            if secret(name):
                yield Fault(path, f"the secret {name} would be seen here: {_READ_IT_THERE}")
    elif isinstance(value, dict | list):
        for key, item in value.items() if isinstance(value, dict) else enumerate(value):
            if path or not literal(str(key)):
                yield from _shown_secrets(item, secret, (*path, key))


def _secret_arguments(profile: Profile, hidden: set[str]) -> Iterator[Fault]:
    """Arguments of the build that are secrets by name: the engine keeps all of them in the image's history."""
    for name, value in (profile.build.args if profile.build else {}).items():
        if name in hidden or (value != "" and is_secret_name(name)):
            yield Fault(("build", "args", name), f"the secret {name} would be kept in the image: {_READ_IT_THERE}")


class _Launch:
    """Turns a profile whose variables are filled in into a launch, noting what cannot be."""

    def __init__(
        self, profile: Profile, run_id: str, outputs: Path, engine: EngineInfo, user: tuple[int, int], group_id: str
    ) -> None:
        self.profile = profile
        self.run_id = run_id
        self.outputs = outputs
        self.engine = engine
        self.faults: list[Fault] = []
        self._process = engine.engine == "local"
        self._own_user = profile.user is None and engine.local
        self._user = user
        self._group_id = group_id

    def spec(
        self, variables: Variables, params: Mapping[str, ParamValue], gpus: GpuRequest, caller: Mapping[str, str]
    ) -> LaunchSpec:
        """The launch."""
        profile = self.profile
        logging = profile.logging
        bounded = logging is None or (logging.driver == "json-file" and not logging.options)
        if not (profile.image or profile.build or self._process):
            self.faults.append(Fault((), "image or build is missing: this engine runs images"))
        return LaunchSpec(
            run_id=self.run_id,
            profile=profile.name,
            name=f"mltui-{profile.name}-{self.run_id}",
            image=profile.image or (f"mltui/{_slug(profile.name)}" if profile.build else ""),
            project=str(profile.folder),
            build=self._build(caller),
            pull_policy="missing" if profile.pull_policy == "if_not_present" else profile.pull_policy,
            requirements=self._requirements(),
            command=profile.command,
            entrypoint=profile.entrypoint,
            environment={**self._own_variables(params), **variables.values},
            secrets=variables.secrets,
            mounts=self._all_mounts(),
            ports=tuple(port for entry in profile.ports for port in entry.expand()),
            user=self._run_as(),
            home=_HOME if self._own_user and "HOME" not in variables.values else "",
            working_dir=profile.working_dir,
            hostname=self._hostname(),
            shm_size=self._shm_size(),
            ipc=profile.ipc,
            pid=profile.pid,
            network_mode=profile.network_mode,
            runtime=profile.runtime,
            privileged=profile.privileged,
            devices=tuple(map(str, profile.devices)),
            ulimits=tuple(Ulimit(name, limit.soft, limit.hard) for name, limit in profile.ulimits.items()),
            gpus=gpus,
            resources=self._resources(),
            read_only=profile.read_only,
            cap_add=profile.cap_add,
            cap_drop=profile.cap_drop,
            security_opt=self._security(),
            group_add=profile.group_add,
            extra_hosts=profile.extra_hosts,
            init=profile.init,
            tty=profile.tty,
            stop_grace_period=profile.stop_grace_period,
            stop_signal=profile.stop_signal,
            labels=self._labels(params),
            log_driver=logging.driver if logging else "json-file",
            log_options=_LOG_OPTIONS if bounded or logging is None else logging.options,
            outputs=self._outputs_path(),
            outputs_host=self._outputs_host(),
        )

    def _build(self, caller: Mapping[str, str]) -> BuildSpec | None:
        build = self.profile.build
        if build is None:
            return None
        context = self.profile.path_to(build.context)
        if "://" in build.context or build.context.startswith("git@"):
            self.faults.append(Fault(("build", "context"), "expected a folder: clone the repository first"))
        elif not self._process and not (context / build.dockerfile).is_file():
            self.faults.append(Fault(("build",), f"there is no {build.dockerfile} in {context}"))
        # As in Compose, an argument without a value is the caller's, and left out where the caller has none.
        args = {name: caller.get(name) if value is None else value for name, value in build.args.items()}
        known = {name: value for name, value in args.items() if value is not None}
        inherited = frozenset(name for name in known if build.args[name] is None)
        return BuildSpec(str(context), build.dockerfile, known, build.target, build.network, inherited)

    def _requirements(self) -> str:
        asked = self.profile.requirements
        file = self.profile.path_to(asked or "requirements.txt")
        if file.is_file():
            return str(file)
        if asked:
            self.faults.append(Fault(("requirements",), f"there is no file {file}"))
        return ""

    def _own_variables(self, params: Mapping[str, ParamValue]) -> dict[str, str]:
        own = {"PYTHONUNBUFFERED": "1", "MLTUI_RUN_ID": self.run_id, OUTPUTS_VARIABLE: self._outputs_path()}
        if params:
            own["MLTUI_PARAMS"] = json_text(params)
        return own

    def _run_as(self) -> str:
        if self.profile.user is not None:
            return self.profile.user
        if not self._own_user:
            return ""
        # Under a rootless engine root in the container is the caller outside, and any other user is a stranger.
        return "0:0" if self.engine.details.get("rootless") == "yes" else f"{self._user[0]}:{self._user[1]}"

    def _outputs_path(self) -> str:
        return self.profile.outputs if isinstance(self.profile.outputs, str) else "/outputs"

    def _output_mounts(self) -> Iterator[Mount]:
        """Where the run leaves what it makes: a folder of the host, else a volume of the engine."""
        named = self.profile.outputs if isinstance(self.profile.outputs, dict) else {}
        if not self.engine.local:
            yield Mount(self._outputs_path(), f"mltui-{self.run_id}", MountType.VOLUME)
            return
        yield Mount(self._outputs_path(), str(self.outputs))
        for name, target in named.items():
            yield Mount(target, str(self.outputs / name))

    def _all_mounts(self) -> tuple[Mount, ...]:
        """The profile's own mounts, and ours where it has none."""
        asked = list(self._mounts())
        taken = {mount.target.rstrip("/") for mount in asked}
        return (*(mount for mount in self._output_mounts() if mount.target.rstrip("/") not in taken), *asked)

    def _outputs_host(self) -> str:
        """The folder of the host that is the outputs: the run's, or the one that the profile mounts there."""
        if not self.engine.local:
            return ""
        asked = [v for v in self.profile.volumes if v.target.rstrip("/") == self._outputs_path().rstrip("/")]
        if not asked:
            return str(self.outputs)
        return str(self.profile.path_to(asked[0].source)) if asked[0].type is MountType.BIND else ""

    def _mounts(self) -> Iterator[Mount]:
        for index, volume in enumerate(self.profile.volumes):
            yield self._mount(volume, index)
        for entry in self.profile.tmpfs:
            yield Mount(entry.target, type=MountType.TMPFS, size=entry.size)

    def _mount(self, volume: VolumeEntry, index: int) -> Mount:
        source = volume.source
        if volume.type is MountType.BIND:
            path = self.profile.path_to(source)
            # Docker would make an empty folder, as root, and the training would find no data in it.
            if self.engine.local and not path.exists():
                self.faults.append(
                    Fault(("volumes", index), f"there is no {path} to mount: make it, or correct the path")
                )
            if not self.engine.local and not source.startswith("/"):
                message = f"{self.engine.host or 'the engine'} is another machine: give a path of its own, from /"
                self.faults.append(Fault(("volumes", index), message))
            source = str(path) if self.engine.local else source
        return Mount(volume.target, source, volume.type, volume.read_only, volume.tmpfs.size)

    def _hostname(self) -> str:
        """A name of letters, digits and dashes, at most 63 of them (RFC 1123)."""
        if self.profile.hostname or self.profile.network_mode.startswith("container:"):
            return self.profile.hostname
        return f"{_slug(self.profile.name)[:50]}-{self.run_id}"

    def _shm_size(self) -> int | None:
        if self.profile.shm_size is not None or self.profile.ipc not in ("", "private", "shareable"):
            return self.profile.shm_size
        return min(_SHM_SIZE, self.engine.memory // 2) if self.engine.memory else _SHM_SIZE

    def _security(self) -> tuple[str, ...]:
        """The profile's options, and no new privileges where they do not speak of it."""
        asked = self.profile.security_opt
        return asked if any(one.startswith("no-new-privileges") for one in asked) else (_NO_NEW_PRIVILEGES, *asked)

    def _resources(self) -> Resources:
        profile = self.profile
        limits, promised = profile.deploy.resources.limits, profile.deploy.resources.reservations
        pids = profile.pids_limit if profile.pids_limit is not None else limits.pids
        return Resources(
            cpus=profile.cpus or limits.cpus,
            memory=profile.mem_limit or limits.memory,
            cpus_request=promised.cpus,
            memory_request=profile.mem_reservation or promised.memory,
            pids=pids,
        )

    def _labels(self, params: Mapping[str, ParamValue]) -> dict[str, str]:
        own = {
            LABEL_RUN: self.run_id,
            LABEL_PROFILE: self.profile.name,
            LABEL_PARAMS: json_text(params),
            LABEL_CREATED: f"{time.time():.3f}",
            LABEL_OWNER: str(self._user[0]),
        }
        if self._group_id:
            own[LABEL_GROUP] = self._group_id
        return {name: value or "" for name, value in self.profile.labels.items()} | own


def _slug(name: str) -> str:
    """A profile's name as images and hosts may be called: small letters, digits and single dashes."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")
