"""The folder of one process of the local engine: what a container is elsewhere.

``record.json`` says what was asked for and never changes; the other files are the shim's (see ``shim``). Variables are
recorded by name only: their values may be secret.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import secrets
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from mltui.domain.container import Container, ContainerStatus
from mltui.domain.errors import NotFound
from mltui.domain.run import LABEL_RUN
from mltui.engines.local import shim
from mltui.engines.local.shim import STREAMS, start_mark

# Seconds between two looks while waiting for a process to end.
_LOOK = 0.02


@dataclass(frozen=True)
class Record:
    """What a process was created with."""

    id: str
    name: str
    image: str
    image_id: str
    command: tuple[str, ...]
    working_dir: str
    created: float
    environment: tuple[str, ...] = ()
    """Names of its variables."""
    labels: dict[str, str] = field(default_factory=dict)
    stop_signal: str = "SIGTERM"
    stop_grace_period: float = 30.0
    tty: bool = False


class Process:
    """One process, running or not, as its folder tells."""

    def __init__(self, folder: Path, record: Record) -> None:
        self.folder = folder
        self.record = record
        self._last: ContainerStatus | None = None
        """Its status once it has ended; that does not change any more."""

    @property
    def pids(self) -> tuple[int, int]:
        """The pids of the command and of its shim, each 0 when that process no longer lives."""
        known = self._read("process")
        marks = ((int(known.get(who, 0)), known.get(mark)) for who, mark in (("pid", "mark"), ("shim", "shim_mark")))
        command, shim = (pid if pid and mark and start_mark(pid) == mark else 0 for pid, mark in marks)
        return command, shim

    @property
    def ended(self) -> bool:
        """It ran and has ended; all of its output is in the files."""
        return self.state in ("exited", "dead")

    @property
    def state(self) -> str:
        """created, running, exited; dead when it went without a witness: its shim killed, the machine restarted."""
        if self._last is not None:
            return self._last.state
        if (self.folder / "exit").exists():
            return "exited"
        if not (self.folder / "process").exists():
            return "created"
        if self.pids[0] or self.relayed:
            return "running"
        return "exited" if (self.folder / "exit").exists() else "dead"

    @property
    def relayed(self) -> bool:
        """Somebody passes its output on: its shim, or one that took over."""
        try:
            with open(self.folder / "relay") as file:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            return False
        except FileNotFoundError:
            return False
        except OSError:
            return True

    def take_over(self) -> None:
        """Let a new shim pass the output on, where the first was killed; nothing happens when there is one."""
        nothing = subprocess.DEVNULL
        command = shim_command("--relay", str(self.folder))
        subprocess.run(command, stdin=nothing, stdout=nothing, stderr=nothing, check=False)

    def status(self) -> ContainerStatus:
        """The state with times and exit code."""
        if self._last is not None:
            return self._last
        status = self._status(self.state)
        self._last = status if status.ended else None
        return status

    def _status(self, state: str) -> ContainerStatus:
        ended = self._read("exit")
        return ContainerStatus(
            id=self.record.id, name=self.record.name, state=state, exit_code=ended.get("exit_code"),
            oom_killed=bool(ended.get("oom_killed")), started=self._read("process").get("started"),
            finished=ended.get("finished"), image=self.record.image, image_id=self.record.image_id,
            labels=self.record.labels,
            error=_trouble(state, ended.get("lost", 0)),
        )  # fmt: skip

    def row(self) -> Container:
        """The row of the containers list."""
        status = self.status()
        return Container(
            id=self.record.id, name=self.record.name, image=self.record.image, state=status.state,
            status=_sentence(status), created=self.record.created, labels=self.record.labels,
            run_id=self.record.labels.get(LABEL_RUN, ""),
        )  # fmt: skip

    def details(self) -> dict[str, Any]:
        """Everything known of it."""
        told = {name: self._read(name) for name in ("process", "exit")}
        return {**asdict(self.record), "state": self.state, **told}

    def signal(self, number: int) -> None:
        """Send the command itself a signal, as ``docker stop`` does: what it started is its own to end."""
        command, _ = self.pids
        if command:
            with contextlib.suppress(ProcessLookupError):
                os.kill(command, number)

    def kill(self) -> None:
        """End the command and all it started, at once."""
        (self.folder / "killed").touch()
        command, shim = self.pids
        for pid in _tree(command) if command else ():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        if command and not shim:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(command, signal.SIGKILL)

    def wait(self, seconds: float) -> bool:
        """Whether it ends within so many seconds."""
        deadline = time.monotonic() + seconds
        while not self.ended:
            if time.monotonic() >= deadline:
                return False
            time.sleep(_LOOK)
        return True

    def _read(self, name: str) -> dict[str, Any]:
        try:
            content: dict[str, Any] = json.loads((self.folder / name).read_bytes())
            return content
        except (OSError, ValueError):
            return {}


class ProcessFolder:
    """The folder in which every process has its own."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._known: dict[str, Process] = {}

    def create(self, record: Record) -> Process:
        """Make the folder of a new process, whole or not at all."""
        self._root.mkdir(parents=True, exist_ok=True, mode=0o700)
        new, folder = self._root / f".{record.id}", self._root / record.id
        new.mkdir(mode=0o700)
        try:
            for name in (*STREAMS.values(), "order"):
                (new / name).touch(mode=0o600)
            for name in STREAMS.values():
                os.mkfifo(new / f"{name}.pipe", 0o600)
            (new / "record.json").write_text(json.dumps(asdict(record)))
            new.rename(folder)
        except BaseException:
            shutil.rmtree(new, ignore_errors=True)
            raise
        return Process(folder, record)

    def get(self, process_id: str) -> Process:
        """The process with that id; raises ``NotFound``."""
        process = self._load(process_id) if process_id.isalnum() else None
        if process is None:
            raise NotFound(f"There is no process {process_id!r} here.")
        return process

    def some(self, ids: Iterable[str]) -> Iterator[Process]:
        """Those of these ids that there are; no other folder is looked at, of which there may be thousands."""
        found = (self._load(one) for one in dict.fromkeys(ids) if one.isalnum())
        yield from (process for process in found if process is not None)

    def all(self) -> tuple[Process, ...]:
        """Every process, newest first."""
        return tuple(sorted(self._all(), key=lambda one: -one.record.created))

    def remove(self, process: Process) -> None:
        """Remove an ended process's folder, its log with it."""
        gone = self._root / f".{process.record.id}"
        with contextlib.suppress(FileNotFoundError):
            process.folder.rename(gone)
        shutil.rmtree(gone, ignore_errors=True)

    def _all(self) -> Iterator[Process]:
        with contextlib.suppress(FileNotFoundError):
            for name in os.listdir(self._root):
                process = None if name.startswith(".") else self._load(name)
                if process is not None:
                    yield process

    def _load(self, process_id: str) -> Process | None:
        folder = self._root / process_id
        if not folder.exists():
            self._known.pop(process_id, None)
        elif process_id not in self._known:
            with contextlib.suppress(OSError, ValueError, TypeError, KeyError):
                record = json.loads((folder / "record.json").read_bytes())
                words = {name: tuple(record[name]) for name in ("command", "environment")}
                self._known[process_id] = Process(folder, Record(**{**record, **words}))
        return self._known.get(process_id)


def new_id() -> str:
    """An id as long as Docker's short one, and of the same letters."""
    return secrets.token_hex(6)


def shim_command(*arguments: str) -> list[str]:
    """How the shim is run."""
    return [sys.executable, "-I", "-S", os.path.abspath(shim.__file__), *arguments]


def _trouble(state: str, lost: int) -> str:
    if state == "dead":
        return "It ended unseen: its exit code is not known, and the last of its output may be missing."
    return f"{lost} bytes of its output were lost: the disk was full." if lost else ""


def _tree(pid: int) -> list[int]:
    """A process and all below it, from the root down."""
    import psutil

    with contextlib.suppress(psutil.NoSuchProcess):
        return [pid, *(child.pid for child in psutil.Process(pid).children(recursive=True))]
    return []


def _sentence(status: ContainerStatus) -> str:
    now = time.time()
    if status.state == "running":
        return f"Up {_ago(now - status.started)}" if status.started else "Up"
    if status.state == "exited" and status.finished is not None:
        return f"Exited ({status.exit_code}) {_ago(now - status.finished)} ago"
    return status.state.capitalize()


def _ago(seconds: float) -> str:
    """A span as ``docker ps`` words it."""
    for size, unit in ((86400, "day"), (3600, "hour"), (60, "minute")):
        if seconds >= size:
            count = int(seconds // size)
            return f"{count} {unit}{'s' if count > 1 else ''}"
    return f"{max(0, int(seconds))} seconds"
