"""Starting supervisors: processes of their own, to which a run's lock and what it is to launch are handed over."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from mltui.domain.errors import StartError
from mltui.domain.text import one_line
from mltui.storage.run_folder import RunFolder

if TYPE_CHECKING:
    from mltui.domain.launch import LaunchSpec
    from mltui.parsers.config import MetricConfig

_TIMEOUT_S = 60.0


class Launch(NamedTuple):
    """A run whose supervisor is to be started."""

    run_id: str
    folder: RunFolder
    """It holds the run's lock, which is handed over."""
    spec: LaunchSpec | None = None
    """What to start, which may hold secrets; ``None``: the run is taken up."""
    metrics: MetricConfig | None = None


def start_supervisors(home: Path, launches: Sequence[Launch]) -> None:
    """Start a supervisor for each run, several as children of one process, so that they share most of their memory.

    What they are to launch goes through a pipe, not the disk. Raises ``StartError``.
    """
    # -P: the folder that the caller stands in, such as a training's with a queue.py, holds no modules of ours.
    module = ["-P", "-m", "mltui.runtime.supervisor_process"]
    names = [text for launch in launches for text in (launch.run_id, str(launch.folder.lock_fd))]
    environment = dict(os.environ)
    root = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    environment["PYTHONPATH"] = os.pathsep.join(filter(None, [root, environment.get("PYTHONPATH", "")]))
    try:
        done = subprocess.run(
            [sys.executable, *module, str(home), *names],
            input=pickle.dumps([pickle.dumps((launch.spec, launch.metrics)) for launch in launches]),
            pass_fds=[launch.folder.lock_fd for launch in launches],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            env=environment,
            start_new_session=True,
            check=False,
            timeout=_TIMEOUT_S,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise _not_started(launches, str(error)) from error
    finally:
        for launch in launches:
            launch.folder.release_lock()
    if done.returncode:
        why = one_line(done.stderr.decode(errors="replace").strip().rpartition("\n")[2], 300)
        raise _not_started(launches, why)


def _not_started(launches: Sequence[Launch], why: str) -> StartError:
    what = f"The supervisor of run {launches[0].run_id}"
    if len(launches) > 1:
        what = f"The supervisors of {len(launches)} runs"
    return StartError(f"{what} could not be started: {why or 'it gave no reason'}.")
