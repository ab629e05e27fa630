"""What a launch of a profile would miss on this machine: files that are not there, variables that are not set."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping

from mltui.domain.errors import Problem
from mltui.domain.launch import MountType
from mltui.domain.profile import Profile
from mltui.domain.profile_check import fill
from mltui.domain.profile_faults import Fault
from mltui.domain.profile_sound import Sound
from mltui.domain.secret_text import is_secret
from mltui.storage.profiles import Checked, in_order

_HINT = "make it, or correct the path"


def problems_and_warnings(checked: Checked) -> tuple[tuple[Problem, ...], tuple[Problem, ...]]:
    """Everything wrong with a profile, files that are not there included, and what a launch from this shell would miss
    or give away; both in the order of the file."""
    sound = checked.sound
    if sound is None:
        return checked.problems, ()
    problems = in_order((*checked.problems, *missing_files(sound)), checked.file)
    warnings = in_order((*unset_variables(sound), *written_secrets(sound)), checked.file)
    # Of what is wrong anyway no more is said.
    wrong = set(map(_place, problems))
    return problems, tuple(problem for problem in warnings if _place(problem) not in wrong)


def _place(problem: Problem) -> tuple[str, int, int, str]:
    return problem.file, problem.line, problem.column, problem.path


def missing_files(sound: Sound) -> tuple[Problem, ...]:
    """Files and folders that the sound parts of a profile name and that are not on this machine, each with its place in
    the file.

    Paths whose variables are not set are not looked at.
    """
    return _problems(sound, _missing(sound.profile))


def unset_variables(sound: Sound, environment: Mapping[str, str] | None = None) -> tuple[Problem, ...]:
    """Variables that a launch in ``environment`` (default: this process's own) would miss, each with its place.

    A parameter without a default is not among them: a launch asks for it.
    """
    profile = sound.profile
    caller = os.environ if environment is None else environment
    # Whatever a parameter's value is, it is set.
    params = profile.source.get("params")
    known = dict.fromkeys(params if isinstance(params, dict) else (), "x") | dict(caller)
    written = [profile.problem(one.path, one.message) for one in fill(dict(profile.source), known.get)[1]]
    taken = [
        Fault(path, f"{name} is taken from your environment and is not set there: export {name}")
        for path, name in _taken(profile)
        if name not in caller
    ]
    return (*written, *_problems(sound, taken))


def written_secrets(sound: Sound) -> tuple[Problem, ...]:
    """Variables that are secrets by their names and whose values stand in the profile itself, each with its place."""
    message = (
        "its value is written here, and every run keeps a copy of its profile: leave the name alone, and export it"
    )
    variables = sound.profile.environment.items()
    names = (name for name, value in variables if is_secret(name, value or ""))
    return _problems(sound, (Fault(("environment", name), message) for name in names))


def _problems(sound: Sound, faults: Iterable[Fault]) -> tuple[Problem, ...]:
    """Faults of the sound parts, each with its place in the file."""
    return tuple(sound.profile.problem(sound.written(fault.path), fault.message) for fault in faults)


def _taken(profile: Profile) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """Names whose value is the caller's, each with its place."""
    yield from ((("environment", name), name) for name, value in profile.environment.items() if value is None)
    for index, name in enumerate(profile.secrets):
        if name not in profile.environment:
            yield ("secrets", index), name


def _missing(profile: Profile) -> Iterator[Fault]:
    yield from _build(profile)
    if profile.requirements and not profile.path_to(profile.requirements).is_file():
        yield Fault(("requirements",), f"there is no file {profile.path_to(profile.requirements)}: {_HINT}")
    for index, entry in enumerate(profile.env_file):
        if entry.required and not profile.path_to(entry.path).is_file():
            yield Fault(("env_file", index), f"there is no file {profile.path_to(entry.path)}: {_HINT}")
    for index, volume in enumerate(profile.volumes):
        if volume.type is MountType.BIND and not profile.path_to(volume.source).exists():
            yield Fault(("volumes", index), f"there is no {profile.path_to(volume.source)} to mount: {_HINT}")


def _build(profile: Profile) -> Iterator[Fault]:
    build = profile.build
    if build is None:
        return
    context = profile.path_to(build.context)
    if "://" in build.context or build.context.startswith("git@"):
        yield Fault(("build", "context"), "expected a folder: clone the repository first")
    elif not context.is_dir():
        yield Fault(("build", "context"), f"there is no folder {context}: {_HINT}")
    elif not (context / build.dockerfile).is_file():
        yield Fault(("build",), f"there is no {build.dockerfile} in {context}: {_HINT}")
