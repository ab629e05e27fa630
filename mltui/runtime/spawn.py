"""Starting supervisors: processes of their own, to which a run's lock and what it is to launch are handed over."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from mltui.domain.errors import StartError
from mltui.domain.text import one_line
from mltui.storage.run_folder import RunFolder

if TYPE_CHECKING:
    from mltui.domain.launch import LaunchSpec
    from mltui.parsers.config import MetricConfig

_TIMEOUT_S = 60.0


def start_supervisor(
    home: Path, run_id: str, folder: RunFolder, launch: tuple[LaunchSpec | None, MetricConfig | None]
) -> None:
    """Start the run's supervisor and hand it the folder's lock; ``launch``, which may hold secrets, goes through a
    pipe, not the disk. Raises ``StartError``.
    """
    # -P: the folder that the caller stands in, such as a training's with a queue.py, holds no modules of ours.
    module = ["-P", "-m", "mltui.runtime.supervisor_process"]
    command = [sys.executable, *module, str(home), run_id, str(folder.lock_fd)]
    environment = dict(os.environ)
    root = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    environment["PYTHONPATH"] = os.pathsep.join(filter(None, [root, environment.get("PYTHONPATH", "")]))
    try:
        done = subprocess.run(
            command,
            input=pickle.dumps(launch),
            pass_fds=[folder.lock_fd],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            env=environment,
            start_new_session=True,
            check=False,
            timeout=_TIMEOUT_S,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise _not_started(run_id, str(error)) from error
    finally:
        folder.release_lock()
    if done.returncode:
        raise _not_started(run_id, one_line(done.stderr.decode(errors="replace").strip().rpartition("\n")[2], 300))


def _not_started(run_id: str, why: str) -> StartError:
    return StartError(f"The supervisor of run {run_id} could not be started: {why or 'it gave no reason'}.")
