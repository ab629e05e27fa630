"""Taking up runs that nobody supervises: a supervisor that was killed, or a machine that was started again."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

from mltui.domain.errors import MltuiError, StartError
from mltui.domain.run import Run, RunState
from mltui.runtime.spawn import Launch, start_supervisors
from mltui.storage.history import RunDatabase
from mltui.storage.run_folder import RunFolder

if TYPE_CHECKING:
    from mltui.parsers.config import MetricConfig


def adopt(home: Path, database: RunDatabase) -> int:
    """Start a supervisor for every active run that has none; tells how many. Cheap when there is nothing to do.

    Every run is tried; raises the first of the failures.
    """
    adopted, failures = 0, []
    for run in database.active():
        folder = RunFolder(home, run.id)
        try:
            adopted += not folder.supervised and _take_up(home, run.id, folder, database)
        except MltuiError as error:
            failures.append(error)
    if failures:
        raise failures[0]
    return adopted


def _take_up(home: Path, run_id: str, folder: RunFolder, database: RunDatabase) -> bool:
    folder.make()
    if not folder.take_lock():
        return False
    try:
        now = database.get(run_id)
        if now is None or not now.state.active:
            return False
        try:
            start_supervisors(home, [Launch(run_id, folder, metrics=_metric_config(folder))])
        except StartError as error:
            if not now.waits:
                note_not_started(database, now, error)
            raise
    finally:
        folder.release_lock()
    return True


def note_not_started(database: RunDatabase, run: Run, error: StartError) -> None:
    """End a run that has no container with why its supervisor could not be started."""
    if run.state is RunState.PENDING and not run.container_id:
        failed, now = RunState.FAILED, time.time()
        database.update(run.id, state=failed, reason="internal", detail=error.message, finished=now)


def _metric_config(folder: RunFolder) -> MetricConfig | None:
    """How the run's metrics are read, from the copy of its profile; the usual way where there is none."""
    from mltui.runtime.resolve import metric_config
    from mltui.storage.profiles import load_profile

    if not folder.profile.exists():
        return None
    try:
        return metric_config(load_profile(folder.profile))
    except MltuiError:
        return None
