"""The record that a run begins with."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mltui.domain.run import Run
from mltui.plugins import AUTO
from mltui.runtime.docker_command import docker_command

if TYPE_CHECKING:
    from mltui.domain.profile import Profile
    from mltui.engines.base import EngineChoice
    from mltui.runtime.resolve import Resolution
    from mltui.runtime.starting import Wish


def new_run(
    profile: Profile,
    wish: Wish,
    choice: EngineChoice,
    resolution: Resolution,
    *,
    created: float,
    group_id: str = "",
    parallel: int | None = None,
) -> Run:
    """The record of a run that is about to be launched; ``group_id`` and ``parallel`` are those of its sweep."""
    spec = resolution.spec
    # Of GPUs that it waits for the queue says which it got, and why.
    notes = [note for note in resolution.notes if not (resolution.gpus.awaits and note == resolution.gpus.note)]
    return Run(
        id=spec.run_id,
        profile=spec.profile,
        profile_path=str(profile.path),
        engine=choice.engine.name,
        endpoint=choice.info.endpoint,
        notes=" ".join(filter(None, (choice.reason, *notes))),
        params=dict(resolution.params),
        overrides=dict(resolution.overrides) | ({"engine": wish.engine} if wish.engine not in ("", AUTO) else {}),
        command=docker_command(spec),
        image=spec.image,
        container_name=spec.name,
        **_gpus_of(resolution),
        group_id=group_id,
        created=created,
        awaits=_awaits(resolution, group_id, parallel),
    )


def _awaits(resolution: Resolution, group_id: str, parallel: int | None) -> dict[str, int]:
    """What the run has to wait for: GPUs, and in a sweep its turn, where no GPU of its own is one already."""
    gpus = {"gpus": resolution.gpus.awaits} if resolution.gpus.awaits else {}
    most = parallel or (0 if gpus else 1)
    return gpus | ({"parallel": most} if group_id and most else {})


def _gpus_of(resolution: Resolution) -> dict[str, Any]:
    """The GPUs that the run has from its launch on; those that it waits for come with its turn."""
    choice = resolution.gpus
    if choice.awaits or not choice.request:
        return {}
    names = choice.held or choice.request.names
    return {"gpus": names, "unnamed_gpus": 0 if names else choice.request.count}
