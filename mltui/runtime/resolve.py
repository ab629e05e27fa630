"""From a profile to a launch: parameters, defaults and the caller's environment filled in, nothing left to decide."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from mltui.domain.errors import Problem, ProfileError, UsageError
from mltui.domain.launch import GpuRequest, LaunchSpec, MountType
from mltui.domain.param import ParamValue, param_text
from mltui.domain.profile import Profile
from mltui.domain.profile_check import check, fill, literal
from mltui.domain.profile_faults import Fault
from mltui.domain.profile_sound import unit_of, without
from mltui.domain.secret_names import is_secret_name
from mltui.domain.text import one_line
from mltui.engines.base import EngineInfo
from mltui.parsers.config import MetricConfig
from mltui.runtime.environment import is_callers_secret, read_environment, variables_in
from mltui.runtime.gpu_choice import GpuChoice, GpuUse, choose_gpus, wished_gpus
from mltui.runtime.launch_spec import LaunchMaker
from mltui.runtime.preflight import missing_files

_READ_IT_THERE = "name it under environment and read it there"


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
    launch = LaunchMaker(filled, run_id, outputs_host, engine, user or (os.getuid(), os.getgid()), group_id)
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
