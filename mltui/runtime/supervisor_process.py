"""The process of a run's supervisor: started by the launcher, it belongs to nobody and outlives every viewer."""

from __future__ import annotations

import contextlib
import gc
import os
import pickle
import sys
import time
import traceback
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from mltui.domain.run import Run, RunState
from mltui.domain.text import one_line
from mltui.parsers.garbage import look_rarely
from mltui.runtime.supervisor import Supervisor
from mltui.storage.history import RunDatabase
from mltui.storage.run_folder import RunFolder

if TYPE_CHECKING:
    from mltui.domain.launch import LaunchSpec
    from mltui.parsers.config import MetricConfig

#: Waits before a supervisor that failed takes its run up again.
_FAILED_S = (2.0, 10.0, 60.0)


def main(argv: list[str]) -> NoReturn:
    """``python -m mltui.runtime.supervisor_process HOME RUN_ID LOCK_FD [RUN_ID LOCK_FD]…``, with a pickled list on
    stdin: for each run, pickled again, what to start, or ``None`` to take it up, and how its metrics are read.

    Started by the launcher only, which holds the runs' locks and hands them over as open files.
    """
    home, ids, locks = Path(argv[0]), argv[1::2], [int(text) for text in argv[2::2]]
    for lock in locks:
        os.set_inheritable(lock, False)
    payloads: list[bytes] = pickle.loads(sys.stdin.buffer.read())
    if len(ids) > 1:
        _share(home, ids[0])
    for run_id, lock, payload in zip(ids, locks, payloads, strict=True):
        # The launcher waits for this process only; its children belong to nobody and outlive every viewer.
        if os.fork() == 0:
            for other in set(locks) - {lock}:
                os.close(other)
            folder = RunFolder(home, run_id)
            _detach(folder)
            _run(home, run_id, folder, payload)
            os._exit(0)
    os._exit(0)


def _share(home: Path, run_id: str) -> None:
    """Load before the supervisors part what each of them needs, so that they have it in memory once."""
    from mltui.plugins import make_engine

    gc.disable()
    with contextlib.suppress(Exception), contextlib.closing(RunDatabase(home / "runs.db")) as database:
        run = database.get(run_id)
        if run:
            with contextlib.closing(make_engine(run.engine, run.endpoint)) as engine:
                engine.info()
    gc.collect()
    # What is there now is looked at by no collection any more, and so not copied by it.
    gc.freeze()
    gc.enable()


def _detach(folder: RunFolder) -> None:
    os.setsid()
    os.chdir("/")
    nothing = os.open(os.devnull, os.O_RDONLY)
    log = os.open(folder.supervisor_log, os.O_CREAT | os.O_WRONLY | os.O_APPEND, 0o600)
    for source, target in ((nothing, 0), (log, 1), (log, 2)):
        os.dup2(source, target)
    os.close(nothing)
    os.close(log)


def _run(home: Path, run_id: str, folder: RunFolder, payload: bytes) -> None:
    # The stream's thread needs the interpreter only for an instant at a time: it must not wait 5 ms for each.
    sys.setswitchinterval(0.0005)
    look_rarely()
    spec, metrics = pickle.loads(payload)
    database = RunDatabase(home / "runs.db")
    failures = 0
    while (run := database.get(run_id)) is not None:
        try:
            _supervise_once(run, database, folder, spec, metrics)
            return
        except Exception as error:
            traceback.print_exc()
            if not _goes_on(run, error, database):
                _save_failure(run_id, error, database, folder)
                raise
        # A fault of ours ends no training: the container runs, and is taken up again, ever more rarely.
        spec = None
        time.sleep(_FAILED_S[min(failures, len(_FAILED_S) - 1)])
        failures += 1


def _supervise_once(
    run: Run, database: RunDatabase, folder: RunFolder, spec: LaunchSpec | None, metrics: MetricConfig | None
) -> None:
    from mltui.plugins import make_engine

    with contextlib.closing(make_engine(run.engine, run.endpoint)) as engine:
        Supervisor(run, database, folder, engine, spec, metrics).supervise()


def _goes_on(run: Run, error: Exception, database: RunDatabase) -> bool:
    """The run's container has not ended, for all that is known; its record says what happened here."""
    from mltui.plugins import make_engine

    try:
        with contextlib.closing(make_engine(run.engine, run.endpoint)) as engine:
            found = engine.find(run.id)
        goes_on = found is not None and found.state != "created" and not found.ended
    except Exception:
        now = database.get(run.id)
        goes_on = now is not None and now.state is RunState.RUNNING
    if goes_on:
        database.update(run.id, detail=_failed(error), hint="The run goes on; it is taken up again soon.")
    return goes_on


def _failed(error: Exception) -> str:
    return f"mltui's supervisor failed: {one_line(str(error) or type(error).__name__, 200)}"


def _save_failure(run_id: str, error: Exception, database: RunDatabase, folder: RunFolder) -> None:
    hint = f"Please report it with {folder.supervisor_log}."
    state, now = RunState.FAILED, time.time()
    database.update(run_id, state=state, reason="internal", detail=_failed(error), hint=hint, finished=now)


if __name__ == "__main__":
    main(sys.argv[1:])
