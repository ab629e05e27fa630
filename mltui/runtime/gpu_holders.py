"""Who is on a GPU, by name: from the driver's processes to containers, runs and users.

The driver tells process numbers of the machine. ``/proc/PID/cgroup`` tells the container of each (proc(5), cgroups(7)),
whatever made it; a run of the local engine is told by the tree of its processes.
"""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from mltui.domain.container import Container
from mltui.domain.device import DeviceProcess
from mltui.domain.run import LABEL_OWNER
from mltui.domain.text import one_line

#: A container's id in a path of control groups: ``/docker/ID``, ``docker-ID.scope``, ``libpod-ID.scope``,
#: ``cri-containerd-ID.scope``, ``/kubepods/…/ID``.
_CONTAINER = re.compile(r"(?<![0-9a-f])([0-9a-f]{64})(?![0-9a-f])")
#: The number of the machine's own namespace of processes (Linux, ``PROC_PID_INIT_INO``).
_MACHINE_PIDS = "pid:[4026531836]"
#: Facts of a process are read again after so many seconds: a number may have gone to another process.
_AGAIN_S = 30.0
_OTHER_PIDS = "mltui itself runs in a container, which shows it other process numbers than the driver's"
_HIDDEN = "its process is not visible to this user"


@dataclass(frozen=True, slots=True)
class ProcessFacts:
    """What the machine tells of one process."""

    uid: int | None = None
    command: str = ""
    cgroup: str = ""
    """The text of ``/proc/PID/cgroup``."""
    parents: tuple[int, ...] = ()
    """Its parent, that one's parent, and so on."""
    problem: str = ""
    """Why nothing is known of it."""


@dataclass(frozen=True, slots=True)
class GpuHolder:
    """One process on one GPU, with the names of what it belongs to."""

    uuid: str
    index: int
    pid: int
    memory: float | None = None
    """Bytes of GPU memory."""
    utilization: float | None = None
    """Share of the GPU's time, 0 to 1."""
    draws_only: bool = False
    container_id: str = ""
    container: str = ""
    """The container's name, or the beginning of its id where no engine of ours knows it."""
    run_id: str = ""
    user: str = ""
    command: str = ""
    problem: str = ""
    """Why it has no name."""

    @property
    def name(self) -> str:
        """The shortest thing that tells who it is."""
        return self.container or self.command or f"process {self.pid}"


def name_holders(
    processes: Iterable[DeviceProcess],
    facts: Mapping[int, ProcessFacts],
    containers: Mapping[str, Container],
    local: Mapping[int, str],
) -> tuple[GpuHolder, ...]:
    """``processes`` with names.

    ``containers`` are those that are known, by id; ``local`` gives, for the first processes of local runs, the id of
    their row in ``containers``.
    """
    return tuple(_named(process, facts.get(process.pid, ProcessFacts()), containers, local) for process in processes)


def _named(
    process: DeviceProcess, facts: ProcessFacts, containers: Mapping[str, Container], local: Mapping[int, str]
) -> GpuHolder:
    container_id = next((local[pid] for pid in (process.pid, *facts.parents) if pid in local), "")
    container_id = container_id or container_of(facts.cgroup, containers)
    container = containers.get(container_id)
    owner = container.labels.get(LABEL_OWNER, "") if container else ""
    uid = int(owner) if owner.isdecimal() else facts.uid
    return GpuHolder(
        uuid=process.uuid, index=process.index, pid=process.pid, memory=process.memory_used,
        utilization=process.utilization, draws_only=process.draws_only, container_id=container_id,
        container=one_line(container.name, 80) if container else container_id[:12],
        run_id=container.run_id if container else "", user=user_name(uid) if uid is not None else "",
        command=one_line(facts.command, 80), problem=facts.problem,
    )  # fmt: skip


def container_of(cgroup: str, known: Iterable[str] = ()) -> str:
    """The id of the container that ``/proc/PID/cgroup`` tells of; empty for a process in none.

    Of containers within containers it is the one among ``known``, else the innermost.
    """
    found = list(dict.fromkeys(_CONTAINER.findall(cgroup)))
    return next((one for one in found if one in known), found[-1] if found else "")


@cache
def user_name(uid: int) -> str:
    """The user's name, or its number where the machine knows none."""
    import pwd

    try:
        return one_line(pwd.getpwuid(uid).pw_name, 32)
    except KeyError:
        return str(uid)


class HolderReader:
    """Names the processes on the GPUs, again and again; what is known of a process is kept while it is there."""

    def __init__(
        self,
        containers: Callable[[], Iterable[Container]],
        local: Callable[[], Mapping[int, str]],
        facts: Callable[[int], ProcessFacts] | None = None,
    ) -> None:
        self._containers = containers
        self._local = local
        self._read_facts = facts or read_facts
        self._facts: dict[int, tuple[float, ProcessFacts]] = {}

    def name(self, processes: tuple[DeviceProcess, ...]) -> tuple[GpuHolder, ...]:
        """Who they are. Reads files of ``/proc`` for processes that are new."""
        if not processes:
            self._facts = {}
            return ()
        now = time.monotonic()
        before, self._facts = self._facts, {}
        for pid in {process.pid for process in processes}:
            when, facts = before.get(pid, (0.0, None))
            if facts is None or now - when > _AGAIN_S:
                when, facts = now, self._read_facts(pid)
            self._facts[pid] = (when, facts)
        known = {container.id: container for container in self._containers()}
        read = {pid: facts for pid, (_, facts) in self._facts.items()}
        # The local engine is asked only where a process is in no container: it has to look at its files for that.
        outside = any(not facts.problem and not container_of(facts.cgroup) for facts in read.values())
        return name_holders(processes, read, known, self._local() if outside else {})


def read_facts(pid: int) -> ProcessFacts:
    """What ``/proc`` tells of a process of the machine."""
    if not _sees_the_machines_processes():
        return ProcessFacts(problem=_OTHER_PIDS)
    folder = Path("/proc", str(pid))
    try:
        uid = folder.stat().st_uid
        cgroup = (folder / "cgroup").read_text(errors="replace")
    except OSError:
        return ProcessFacts(problem=_HIDDEN)
    return ProcessFacts(uid, _command(folder), cgroup, tuple(_parents(pid)))


@cache
def _sees_the_machines_processes() -> bool:
    try:
        return os.readlink("/proc/self/ns/pid") == _MACHINE_PIDS
    except OSError:
        return True


def _command(folder: Path) -> str:
    """Name of the program, with the script that an interpreter runs: ``python train.py``."""
    try:
        words = (folder / "cmdline").read_text(errors="replace").split("\0")
        short = (folder / "comm").read_text(errors="replace").strip()
    except OSError:
        return ""
    program = os.path.basename(words[0]) or short
    script = next((word for word in words[1:] if word and not word.startswith("-")), "")
    return f"{program} {os.path.basename(script)}" if script.endswith((".py", ".sh")) else program


def _parents(pid: int) -> Iterable[int]:
    """Its parent, and so on up; the second figure behind the name in ``/proc/PID/stat``."""
    for _ in range(64):
        try:
            pid = int(Path(f"/proc/{pid}/stat").read_text(errors="replace").rpartition(")")[2].split()[1])
        except (OSError, ValueError, IndexError):
            return
        if pid <= 1:
            return
        yield pid
