"""Records of runs from their containers: a home that lost its database finds its runs again by their labels."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from pathlib import Path

from mltui.domain.container import Container
from mltui.domain.run import LABEL_CREATED, LABEL_GROUP, LABEL_OWNER, LABEL_PROFILE, Run, RunState
from mltui.domain.text import one_line
from mltui.storage.history import RunDatabase
from mltui.storage.run_folder import RunFolder


def discover(
    home: Path,
    database: RunDatabase,
    containers: Iterable[Container],
    where: tuple[str, str],
    is_there: Callable[[str], bool],
) -> int:
    """Write a record for each labelled container that has none; tells how many. ``where`` is their engine and its
    endpoint. ``is_there`` asks for a run's container: a list may still show one that was removed with its run a moment
    ago.

    Containers that another user of the engine launched stay what they are.
    """
    found = 0
    for container in containers:
        run_id = container.run_id
        if not _plausible(run_id) or not _own(container) or container.state == "created":
            continue
        if database.get(run_id) or not is_there(run_id):
            continue
        RunFolder(home, run_id).make()
        database.add(_record(container, *where))
        found += 1
    return found


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


def _time(text: str | None) -> float | None:
    try:
        return float(text) if text else None
    except ValueError:
        return None
