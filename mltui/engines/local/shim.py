"""The small process that stays with one run: it starts the command, notes how its output grows and how it ended.

It is run as a file by ``python -I -S`` and imports the standard library only, so that it starts in about 30 ms, weighs
about 10 MB and depends on nothing that may change while a run goes on for days. What it must know, secrets included,
comes as JSON on standard input and never touches the disk.

The command writes straight into the files ``stdout`` and ``stderr``: no pipe stands between, so it runs at its own
pace and goes on undisturbed when this process is killed. Everything lives in the process's folder:

========  ==================================================================================================
process   pid and start mark of the command and of this shim, written by the command itself before it begins
stdout    the command's standard output, as it came
stderr    its standard error
order     ``ORDER`` records ``(time, stream, size)``: how far each stream had grown when; merges the two again
exit      exit code and time, written once everything that belongs to the run has ended
========  ==================================================================================================
"""

from __future__ import annotations

import contextlib
import ctypes
import functools
import json
import os
import select
import signal
import struct
import sys
import time
from typing import Any

#: One record of ``order``: seconds since 1970, stream (1 or 2), size of that stream in bytes.
ORDER = struct.Struct("<dBQ")
STREAMS = {1: "stdout", 2: "stderr"}

# Seconds between two looks at the files: fine enough while they grow to merge the streams in the order a person saw
# (0.2 % of a core), less and less often in a silence.
_LOOK, _IDLE_LOOK = 0.04, 0.25
# A stream that grows alone needs no order; a record a second still tells when its lines came.
_STAMP = 1.0
# Seconds to wait for killed stragglers: a process in a driver call can take long to die, the run's end must not.
_STRAGGLERS = 5.0
_PR_SET_CHILD_SUBREAPER = 36
_IGNORED = (signal.SIGHUP, signal.SIGINT, signal.SIGTERM, signal.SIGQUIT, signal.SIGPIPE)


def start_mark(pid: int) -> str:
    """What tells this process from a later one with the same number; empty when there is no such living process.

    On Linux the boot's id and the start time in clock ticks since boot (field 22 of ``/proc/PID/stat``, proc(5));
    elsewhere the start time as ``ps`` prints it. A zombie has ended.
    """
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            fields = file.read().rpartition(b")")[2].split()
        return "" if fields[0] in (b"Z", b"X") else f"{_boot_id()}/{int(fields[19])}"
    except OSError:
        return "" if os.path.exists("/proc/self/stat") else _ps_start(pid)


@functools.cache
def _boot_id() -> str:
    try:
        with open("/proc/sys/kernel/random/boot_id") as file:
            return file.read().strip()
    except OSError:
        return ""


def _ps_start(pid: int) -> str:
    import subprocess

    command = ["ps", "-o", "stat=,lstart=", "-p", str(pid)]
    state, _, start = subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip().partition(" ")
    return "" if state.startswith("Z") else start.strip()


def write_whole(path: str, record: dict[str, Any]) -> None:
    """Write a JSON file so that a reader sees all of it or nothing."""
    new = f"{path}.{os.getpid()}"
    with open(new, "w") as file:
        json.dump(record, file)
    os.replace(new, path)


class OrderFile:
    """Notes in ``order`` how the two streams grow."""

    def __init__(self, folder: str) -> None:
        self._streams = {n: os.open(f"{folder}/{name}", os.O_RDONLY) for n, name in STREAMS.items()}
        self._file = os.open(f"{folder}/order", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        self._sizes = dict.fromkeys(STREAMS, 0)
        self._noted = dict.fromkeys(STREAMS, 0)
        self._last = 0.0

    def look(self, final: bool = False) -> bool:
        """Append a record for each stream whose growth has to be told apart or is a second old; whether one grew."""
        now = time.time()
        grown = [(state.st_mtime_ns, n, state.st_size) for n, state in self._states() if state.st_size > self._sizes[n]]
        # Of two that grew since the last look, the one written to last goes last.
        for _, stream, size in sorted(grown):
            self._switch(stream)
            self._sizes[stream] = size
            if len(grown) > 1 or now - self._last >= _STAMP:
                self._note(stream, now)
        if final:
            self._switch(0)
        return bool(grown)

    def _states(self) -> list[tuple[int, os.stat_result]]:
        return [(n, os.fstat(fd)) for n, fd in self._streams.items()]

    def _switch(self, stream: int) -> None:
        """Note what any stream but this one has grown by."""
        for other in STREAMS:
            if other != stream and self._sizes[other] > self._noted[other]:
                self._note(other, time.time())

    def _note(self, stream: int, now: float) -> None:
        with contextlib.suppress(OSError):
            os.write(self._file, ORDER.pack(now, stream, self._sizes[stream]))
            self._noted[stream] = self._sizes[stream]
            self._last = now


def _become_reaper() -> None:
    """Orphans of the command come to this process, as they come to the first process of a container (prctl(2))."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def _descendants() -> set[int]:
    """Pids below this process, from ``/proc`` in one pass; empty where there is none."""
    parents: dict[int, int] = {}
    for name in filter(str.isdigit, os.listdir("/proc") if os.path.isdir("/proc") else []):
        with contextlib.suppress(OSError), open(f"/proc/{name}/stat", "rb") as file:
            parents[int(name)] = int(file.read().rpartition(b")")[2].split()[1])
    found = {os.getpid()}
    while more := {pid for pid, parent in parents.items() if parent in found} - found:
        found |= more
    return found - {os.getpid()}


def _end_stragglers(group: int) -> None:
    """Kill what the command left running: a run ends as a container does, with everything in it."""
    deadline = time.monotonic() + _STRAGGLERS
    while time.monotonic() < deadline:
        with contextlib.suppress(OSError):
            os.killpg(group, signal.SIGKILL)
        for pid in _descendants():
            with contextlib.suppress(OSError):
                os.kill(pid, signal.SIGKILL)
        try:
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        except ChildProcessError:
            return
        time.sleep(0.01)


def _out_of_memory_kills() -> int:
    """How often the kernel killed for want of memory since boot (``oom_kill`` in ``/proc/vmstat``); 0 if unknown."""
    try:
        with open("/proc/vmstat") as file:
            return next((int(line.split()[1]) for line in file if line.startswith("oom_kill ")), 0)
    except OSError:
        return 0


def _limit(name: str, soft: int, hard: int) -> None:
    """Set one resource limit, as far as the machine's own hard limit allows (setrlimit(2))."""
    import resource

    kind = getattr(resource, f"RLIMIT_{name.upper()}", None)
    if kind is None:
        return
    most = resource.getrlimit(kind)[1]
    infinity = resource.RLIM_INFINITY

    def fit(value: int) -> int:
        value = infinity if value < 0 else value
        return value if most == infinity or 0 <= value <= most else most

    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(kind, (fit(soft), fit(hard)))


def _become(launch: dict[str, Any]) -> None:
    """Turn this process into the command, in a session and group of its own; returns only by raising."""
    folder, shim = launch["folder"], os.getppid()
    os.setsid()
    for number in _IGNORED:
        signal.signal(number, signal.SIG_DFL)
    for fd, name in STREAMS.items():
        os.dup2(os.open(f"{folder}/{name}", os.O_WRONLY | os.O_APPEND), fd)
    write_whole(
        f"{folder}/process",
        {
            "pid": os.getpid(), "mark": start_mark(os.getpid()), "started": time.time(),
            "shim": shim, "shim_mark": start_mark(shim),
        },
    )  # fmt: skip
    for name, soft, hard in launch["ulimits"]:
        _limit(name, soft, hard)
    os.chdir(launch["cwd"])
    os.execvpe(launch["argv"][0], launch["argv"], launch["env"])


def _start(launch: dict[str, Any]) -> tuple[int, bytes]:
    """Fork the command; its pid, and what went wrong as JSON, empty when it runs."""
    read, write = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            _become(launch)
        except OSError as error:
            path = os.fsdecode(error.filename) if error.filename else launch["argv"][0]
            os.write(write, json.dumps({"errno": error.errno, "path": path}).encode())
        finally:
            os._exit(127)
    os.close(write)
    with open(read, "rb") as answer:
        return pid, answer.read()


def _wait(pid: int, order: OrderFile) -> int:
    """Until the command ends, note how its output grows; its wait status. Orphans that end on the way are reaped."""
    ended_children, pause = _wake_on_children(), _LOOK
    while True:
        ended, status = os.waitpid(-1, os.WNOHANG)
        if ended == pid:
            return status
        if not ended:
            if select.select([ended_children], [], [], pause)[0]:
                os.read(ended_children, 4096)
            pause = _LOOK if order.look() else min(pause * 1.2, _IDLE_LOOK)


def _wake_on_children() -> int:
    """A descriptor that becomes readable when a child has ended."""
    read, write = os.pipe()
    os.set_blocking(write, False)
    signal.set_wakeup_fd(write, warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    return read


class ExitFile:
    """The room for ``exit``, taken at the start, so that a run that fills the disk can still say how it ended."""

    _ROOM = 256

    def __init__(self, folder: str) -> None:
        self._path = f"{folder}/exit"
        self._file = os.open(f"{self._path}.room", os.O_WRONLY | os.O_CREAT, 0o600)
        os.write(self._file, b" " * self._ROOM)

    def write(self, record: dict[str, Any]) -> None:
        os.pwrite(self._file, json.dumps(record).encode().ljust(self._ROOM), 0)
        os.rename(f"{self._path}.room", self._path)


def _watch(folder: str, pid: int) -> None:
    kills = _out_of_memory_kills()
    exit_file, order = ExitFile(folder), OrderFile(folder)
    code = os.waitstatus_to_exitcode(_wait(pid, order))
    finished = time.time()
    _end_stragglers(pid)
    order.look(final=True)
    starved = code == -signal.SIGKILL and not os.path.exists(f"{folder}/killed") and _out_of_memory_kills() > kills
    record = {"exit_code": code if code >= 0 else 128 - code, "finished": finished, "oom_killed": starved}
    exit_file.write(record)


def _detach() -> None:
    """Leave the caller's session, terminal and signals behind."""
    os.setsid()
    for number in _IGNORED:
        signal.signal(number, signal.SIG_IGN)
    _become_reaper()
    null = os.open(os.devnull, os.O_RDWR)
    for fd in (0, 1, 2):
        os.dup2(null, fd)
    os.chdir("/")


def main() -> None:
    """Start the launch given on standard input; print ``{}`` when it runs, else ``{"errno": …, "path": …}``."""
    launch = json.load(sys.stdin.buffer)
    read, write = os.pipe()
    if os.fork():
        os.close(write)
        with open(read, "rb") as answer:
            sys.stdout.buffer.write(answer.read())
        sys.stdout.buffer.flush()
        os._exit(0)
    _detach()
    pid, problem = _start(launch)
    os.write(write, problem or b"{}")
    os.close(write)
    if not problem:
        _watch(launch["folder"], pid)
    os._exit(0)


if __name__ == "__main__":
    main()
