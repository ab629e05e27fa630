"""The local engine: the launch of a container, carried out as a plain process of this machine.

============  =================================================================================================
image         a virtual environment built from the profile's requirements, cached by content (``environment``)
container     a process in a session of its own with a folder that tells its story (``process``, ``shim``)
log           the files it writes (``log``)
============  =================================================================================================

There is no isolation, and no terminal: ``limits_not_enforced`` says what of a launch has no effect here. A process
cannot be started again: its variables, which may be secret, are kept nowhere. A new run is.
"""

from __future__ import annotations

import functools
import json
import os
import platform
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from mltui.domain.container import Container, ContainerStatus, Usage
from mltui.domain.errors import EngineError, NotFound, StartError
from mltui.domain.image import Image
from mltui.domain.launch import LaunchSpec, MountType
from mltui.domain.run import LABEL_RUN
from mltui.engines.base import EngineInfo, ImageRef, LogStream, ProgressCallback
from mltui.engines.local.command import LocalCommand, command_of, image_config, local_command
from mltui.engines.local.environment import EnvironmentCache
from mltui.engines.local.gpus import check_gpus, gpu_ids
from mltui.engines.local.limits import limits_not_enforced
from mltui.engines.local.log import ProcessLog
from mltui.engines.local.process import Process, ProcessFolder, Record, new_id, shim_command
from mltui.engines.local.usage import UsageMeter

# Seconds a killed process gets to be gone: one in a driver call dies late, and the shim waits for stragglers.
_KILL_TIME = 10.0
# Seconds for the shim to report that the command runs.
_START_TIME = 30.0


class LocalEngine:
    """Runs as processes of this machine, their files below ``root``; any number of engines may share a ``root``."""

    name = "local"

    def __init__(self, root: Path) -> None:
        self._root = Path(root)
        self._environments = EnvironmentCache(self._root / "environments")
        self._processes = ProcessFolder(self._root / "processes")
        self._meter = UsageMeter()
        self._created: dict[str, tuple[LaunchSpec, LocalCommand]] = {}

    def info(self) -> EngineInfo:
        """This machine; it always answers."""
        import psutil

        self._root.mkdir(parents=True, exist_ok=True, mode=0o700)
        details = {"root": str(self._root), "python": sys.executable, "system": platform.platform()}
        return EngineInfo(
            engine=self.name, product="processes of this machine", version=f"Python {platform.python_version()}",
            endpoint="", context="", host=socket.gethostname(), cpus=os.cpu_count() or 1,
            memory=psutil.virtual_memory().total, gpus=bool(gpu_ids()), isolated=False, local=True,
            details={**details, "disk_free": str(shutil.disk_usage(self._root).free)},
        )  # fmt: skip

    def limits_not_enforced(self, spec: LaunchSpec) -> tuple[str, ...]:
        """One sentence for each setting of ``spec`` that has no effect on a plain process."""
        return limits_not_enforced(spec)

    def check(self, spec: LaunchSpec) -> None:
        """Refuse GPUs that are not there, a project that is gone, a launch without a command."""
        if not os.path.isdir(spec.project):
            raise StartError(f"The project's folder {spec.project} is not there.")
        command_of(spec, image_config(spec))
        check_gpus(spec.gpus)

    def image_ready(self, spec: LaunchSpec) -> bool:
        """The environment of these requirements is built."""
        return self._environments.find(self._environments.digest(spec.requirements)) is not None

    def prepare(self, spec: LaunchSpec, progress: ProgressCallback) -> ImageRef:
        """Find or build the environment of the profile's requirements; none required: an empty one."""
        environment, built = self._environments.build(spec.requirements, spec.profile, progress)
        return ImageRef(environment.name, environment.digest, built)

    def create(self, spec: LaunchSpec, image: ImageRef) -> str:
        """Make the process's folder. Its variables stay in this engine's memory until ``start``."""
        environment = self._environments.find(image.id)
        if environment is None:
            raise NotFound(f"There is no environment {image.name}.", "Prepare the run again.")
        volumes = self._root / "volumes"
        command = local_command(spec, environment.path, volumes)
        for mount in spec.mounts:
            if mount.type is MountType.VOLUME and mount.source:
                (volumes / mount.source).mkdir(parents=True, exist_ok=True)
        process = self._processes.create(_record(spec, image, command))
        self._created[process.record.id] = (spec, command)
        return process.record.id

    def attach(self, container_id: str) -> LogStream:
        """The output from its first byte on; it waits in files, so that nothing can be missed."""
        return self.logs(container_id)

    def start(self, container_id: str) -> None:
        """Start it in the hands of a shim that outlives this program."""
        process = self._processes.get(container_id)
        spec, command = self._created.pop(container_id, (None, None))
        if spec is None or command is None:
            raise StartError(
                f"Process {container_id} cannot be started: it was started before, or another mltui created it.",
                "Start a new run.",
            )
        try:
            problem = _run_shim(_launch(spec, command, process.folder))
            if problem:
                raise _start_error(command, problem)
        except BaseException:
            process.kill()
            self._processes.remove(process)
            raise

    def logs(self, container_id: str, *, follow: bool = True, tail: int | None = None) -> LogStream:
        """Everything it has written, then what comes."""
        return ProcessLog(self._processes.get(container_id), follow=follow, tail=tail)

    def inspect(self, container_id: str) -> ContainerStatus:
        """Its state now."""
        return self._processes.get(container_id).status()

    def find(self, run_id: str) -> ContainerStatus | None:
        """The newest process that carries the run's label."""
        mine = (one for one in self._processes.all() if one.record.labels.get(LABEL_RUN) == run_id)
        return next((one.status() for one in mine), None)

    def stop(self, container_id: str, grace: float | None = None) -> None:
        """Send the stop signal to the command, kill everything after ``grace`` seconds, and wait."""
        process = self._processes.get(container_id)
        if process.state != "running":
            return
        process.signal(getattr(signal, process.record.stop_signal))
        if not process.wait(process.record.stop_grace_period if grace is None else grace):
            self._kill(process)

    def kill(self, container_id: str) -> None:
        """End the command and all it started."""
        process = self._processes.get(container_id)
        if process.state != "running":
            raise EngineError(f"Process {container_id} is not running.")
        self._kill(process)

    def remove(self, container_id: str, *, force: bool = False) -> None:
        """Remove an ended process and its log; with ``force`` a running one is killed first."""
        process = self._processes.get(container_id)
        if process.state == "running":
            if not force:
                raise EngineError(f"Process {container_id} is running.", "Stop it first, or remove it with force.")
            self._kill(process)
        self._processes.remove(process)
        self._created.pop(container_id, None)

    def containers(self) -> tuple[Container, ...]:
        """All processes, running or not, newest first."""
        return tuple(process.row() for process in self._processes.all())

    def details(self, container_id: str) -> dict[str, Any]:
        """Everything known of one; of its variables only the names."""
        return self._processes.get(container_id).details()

    def images(self) -> tuple[Image, ...]:
        """All environments, newest first."""
        used = [process.record.image_id for process in self._processes.all()]
        return tuple(
            Image(one.digest, (one.name,), one.size, one.created, used.count(one.digest))
            for one in self._environments.all()
        )

    def remove_image(self, image_id: str, *, force: bool = False) -> None:
        """Remove an environment; ``force`` one that ended processes were made from. A running one keeps it."""
        if self._environments.find(image_id) is None:
            raise NotFound(f"There is no environment {image_id}.")
        users = [one for one in self._processes.all() if one.record.image_id == image_id]
        running = [one for one in users if one.state == "running"]
        if running or (users and not force):
            name = (running or users)[0].record.name
            raise EngineError(f"The environment {image_id[:12]} is used by {name}.", "Remove that first.")
        self._environments.remove(image_id)

    def usage(self, container_ids: Iterable[str]) -> dict[str, Usage]:
        """What each running process and all it started use now."""
        return self._meter.measure(self._processes.some(container_ids))

    def first_processes(self) -> dict[int, str]:
        """The command and the shim of each running process: orphans of the command hang on its shim."""
        running = (one for one in self._processes.all() if one.state == "running")
        return {pid: one.record.id for one in running for pid in one.pids if pid}

    def close(self) -> None:
        """Nothing is held; processes go on."""

    def _kill(self, process: Process) -> None:
        process.kill()
        if not process.wait(_KILL_TIME):
            raise EngineError(f"Process {process.record.name} was killed and is still there.", "Look at it with `ps`.")


def _record(spec: LaunchSpec, image: ImageRef, command: LocalCommand) -> Record:
    return Record(
        id=new_id(), name=spec.name, image=image.name, image_id=image.id, command=_shown(command.argv, spec),
        working_dir=command.working_dir, created=time.time(), environment=tuple(sorted(command.environment)),
        labels=dict(spec.labels), stop_signal=_signal_name(spec.stop_signal), stop_grace_period=spec.stop_grace_period,
    )  # fmt: skip


def _shown(argv: tuple[str, ...], spec: LaunchSpec) -> tuple[str, ...]:
    """The command with every secret's value replaced by its reference."""
    secrets = {spec.environment[name]: f"${{{name}}}" for name in spec.secrets if spec.environment.get(name)}
    return tuple(functools.reduce(lambda word, secret: word.replace(*secret), secrets.items(), word) for word in argv)


def _signal_name(asked: str) -> str:
    """``SIGINT`` for any of the forms that Docker takes: ``SIGINT``, ``INT``, ``2``; SIGTERM where none is asked."""
    try:
        if asked.isdigit():
            return signal.Signals(int(asked)).name
        return signal.Signals["SIG" + asked.upper().removeprefix("SIG")].name if asked else "SIGTERM"
    except (ValueError, KeyError):
        raise StartError(f"There is no signal {asked!r}.", "Correct `stop_signal` in the profile.") from None


def _launch(spec: LaunchSpec, command: LocalCommand, folder: Path) -> dict[str, Any]:
    """What the shim is told."""
    return {
        "folder": str(folder), "argv": command.argv, "env": dict(command.environment), "cwd": command.working_dir,
        "ulimits": [(limit.name, limit.soft, limit.hard) for limit in spec.ulimits],
    }  # fmt: skip


def _run_shim(launch: Mapping[str, Any]) -> dict[str, Any]:
    """Hand the launch over; empty when the command runs, else what the system said."""
    try:
        done = subprocess.run(
            shim_command(launch["folder"]), input=json.dumps(launch).encode(), capture_output=True, check=True,
            timeout=_START_TIME, start_new_session=True,
        )  # fmt: skip
        problem: dict[str, Any] = json.loads(done.stdout)
        return problem
    except (subprocess.SubprocessError, ValueError) as error:
        said = getattr(error, "stderr", None) or b""
        reason = said.decode(errors="replace").strip().rpartition("\n")[2] or type(error).__name__
        raise StartError(f"The process could not be started: {reason}.") from error


def _start_error(command: LocalCommand, problem: Mapping[str, Any]) -> StartError:
    """What kept the command from running, with the exit code a shell gives for it."""
    missing = problem["errno"] == 2
    name = problem["path"] if missing and problem["path"] == command.working_dir else command.argv[0]
    message = f"{name!r} cannot be started: {os.strerror(problem['errno'])}."
    return StartError(message, "Check the profile's command.", 127 if missing else 126)
