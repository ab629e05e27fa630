"""A run from what its record keeps: the profile as it was, its parameters, and what its launch changed."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, cast

from mltui.domain.errors import MltuiError, NotFound, StartError
from mltui.domain.launch import GpuRequest, LaunchSpec
from mltui.domain.run import Run
from mltui.domain.text import one_line
from mltui.storage.run_folder import RunFolder

if TYPE_CHECKING:
    from mltui.domain.param import ParamValue
    from mltui.domain.profile import Profile
    from mltui.engines.base import EngineInfo


def kept_profile(folder: RunFolder, run: Run) -> Profile:
    """The profile as it was at the run's launch. Raises ``NotFound``, ``ProfileError``."""
    from mltui.storage.profiles import load_profile

    if not folder.profile.exists():
        raise NotFound(f"Run {run.id} has no copy of its profile.", f"Launch it anew: mltui run {run.profile}")
    return load_profile(folder.profile, beside=run.profile_path or None)


def kept_params(run: Run) -> dict[str, str]:
    """The run's parameters as they would be typed."""
    from mltui.domain.param import param_text

    return {name: param_text(cast("ParamValue", value)) for name, value in run.params.items()}


def kept_gpus(run: Run) -> str | None:
    """The GPUs that the launch asked for instead of the profile's."""
    asked = run.overrides.get("gpus")
    return str(asked) if asked else None


def kept_limits(run: Run) -> dict[str, str]:
    """The limits that the launch set instead of the profile's."""
    limits = run.overrides.get("limits")
    return {str(key): str(value) for key, value in limits.items()} if isinstance(limits, Mapping) else {}


def spec_again(run: Run, folder: RunFolder, engine: EngineInfo) -> tuple[LaunchSpec, str]:
    """What a run of the queue is to start, made anew because the process that knew it is gone, and a sentence on what
    may differ: secrets are never stored, so whatever the caller's environment had at the launch is now this one's.

    Raises ``StartError`` where it cannot be made.
    """
    from mltui.runtime.resolve import resolve_run

    try:
        profile = kept_profile(folder, run)
        spec = resolve_run(
            profile,
            run_id=run.id,
            outputs_host=folder.outputs,
            engine=engine,
            params=kept_params(run),
            gpus=kept_gpus(run),
            limits=kept_limits(run),
            group_id=run.group_id,
        ).spec
    except MltuiError as error:
        message = f"It was taken up in the queue without the environment of its launch: {one_line(str(error), 300)}"
        raise StartError(message, f"Launch it again from where it has that: mltui rerun {run.id}") from error
    wanted = run.awaits.get("gpus", 0)
    if wanted:
        spec = replace(spec, gpus=GpuRequest(count=wanted, capabilities=spec.gpus.capabilities))
    names = sorted(_callers(profile, run.params))
    if not names:
        return spec, ""
    return spec, (
        f"It was taken up in the queue by another mltui, which gave its own {', '.join(names[:5])}"
        f"{f' and {len(names) - 5} more' if len(names) > 5 else ''} in place of those of the launch."
    )


def _callers(profile: Profile, params: Mapping[str, object]) -> set[str]:
    """Names of variables that the profile takes from the caller, and that are set here."""
    from mltui.runtime.environment import PUBLIC, variables_in

    named = {name for text in _texts(profile.source) for name in variables_in(text)}
    named |= {name for name, value in profile.environment.items() if value is None} | set(profile.secrets)
    return {name for name in named - set(params) - PUBLIC if name in os.environ}


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for item in value.values():
            yield from _texts(item)
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item)
