"""Runs found by their containers: a home that lost its database finds them again by their labels, and an ended run goes
on when somebody starts its container again.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from mltui.domain.container import Container, ContainerStatus
from mltui.domain.run import (
    LABEL_CREATED,
    LABEL_GROUP,
    LABEL_OWNER,
    LABEL_PARAMS,
    LABEL_PROFILE,
    STARTED_AGAIN,
    Run,
    RunState,
)
from mltui.domain.text import one_line
from mltui.storage.history import RunDatabase
from mltui.storage.run_folder import RunFolder

#: A run whose container was started again.
_OPEN_AGAIN = {
    "state": RunState.RUNNING, "reason": STARTED_AGAIN, "detail": "Its container was started again.", "hint": "",
    "finished": None, "exit_code": None, "oom_killed": False, "stop_requested": False,
}  # fmt: skip


def discover(
    home: Path,
    database: RunDatabase,
    containers: Iterable[Container],
    where: tuple[str, str],
    find: Callable[[str], ContainerStatus | None],
) -> int:
    """Write a record for each labelled container that has none, and open that of one that was started again; tells how
    many. ``where`` is their engine and its endpoint. ``find`` asks for a run's container: a list may still show one
    that was removed, or has ended, a moment ago.

    Containers that another user of the engine launched stay what they are.
    """
    found = 0
    for container in containers:
        run_id = container.run_id
        if not _plausible(run_id) or not _own(container) or container.state == "created":
            continue
        known = database.get(run_id)
        if known is None and (now := find(run_id)):
            _make_folder(home, run_id, Path(now.outputs))
            database.add(_record(container, *where))
            found += 1
        elif known is not None and container.running and _was_started_again(known, container, find):
            database.update(run_id, **_OPEN_AGAIN)
            found += 1
    return found


def _was_started_again(run: Run, container: Container, find: Callable[[str], ContainerStatus | None]) -> bool:
    """It runs, and began after its run's end."""
    if run.state.active or run.container_id != container.id or run.finished is None:
        return False
    now = find(run.id)
    return now is not None and not now.ended and (now.started or 0.0) > run.finished


def _make_folder(home: Path, run_id: str, outputs: Path) -> None:
    """The run's folder, with its outputs where its container has them, and the profile that lies beside those."""
    folder = RunFolder(home, run_id)
    folder.make(outputs if outputs.is_absolute() and outputs.is_dir() else None)
    elsewhere = RunFolder.beside(outputs)
    if elsewhere.path.name == run_id and not folder.profile.exists():
        with contextlib.suppress(OSError, ValueError):
            folder.keep_profile(elsewhere.profile.read_text(encoding="utf-8"))


def _record(container: Container, engine: str, endpoint: str) -> Run:
    return Run(
        id=container.run_id,
        profile=one_line(container.labels.get(LABEL_PROFILE, "?"), 80),
        profile_path="",
        engine=engine,
        endpoint=endpoint,
        state=RunState.RUNNING if container.running else RunState.PENDING,
        detail="" if container.running else "It has ended; its record is being taken up.",
        image=container.image,
        container_id=container.id,
        container_name=container.name,
        params=_params(container),
        group_id=_group(container),
        created=_time(container.labels.get(LABEL_CREATED)) or container.created,
    )


def _own(container: Container) -> bool:
    """This user launched it; a container that says nothing of its owner counts as one's own."""
    return container.labels.get(LABEL_OWNER, str(os.getuid())) == str(os.getuid())


def _plausible(run_id: str) -> bool:
    """The label is a run id of ours: it becomes the name of a folder."""
    return len(run_id) == 8 and run_id.isalnum() and run_id.isascii()


def _group(container: Container) -> str:
    """The sweep that the container says its run belongs to."""
    group_id = container.labels.get(LABEL_GROUP, "")
    return group_id if _plausible(group_id) else ""


def _params(container: Container) -> Mapping[str, object]:
    """The values of its parameters, which a label tells."""
    try:
        found = json.loads(container.labels.get(LABEL_PARAMS, "{}"))
    except ValueError:
        return {}
    plain = found.items() if isinstance(found, dict) else ()
    return {one_line(name, 80): value for name, value in plain if isinstance(value, str | int | float | bool)}


def _time(text: str | None) -> float | None:
    try:
        return float(text) if text else None
    except ValueError:
        return None
