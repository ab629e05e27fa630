"""The small process that stays with one run: it starts the command, keeps its output and notes how it ended.

It is run as a file by ``python -I -S`` and imports the standard library only, so that it starts in about 30 ms, weighs
about 10 MB and depends on nothing that may change while a run goes on for days. What it must know, secrets included,
comes as JSON on standard input and never touches the disk.

The command writes into two named pipes, as a container's does, and not into files: ``> /dev/stderr`` would empty a
file. The command itself holds the pipes open for reading too. So it does not end when this process is killed; it goes
on, and waits once a pipe is full, until a new shim takes the pipes over (``shim.py --relay FOLDER``).
Everything lives in the process's folder:

===========  ===============================================================================================
process      pid and start mark of the command and of this shim, written by the command itself before it begins
stdout.pipe  what the command writes to; ``stderr.pipe`` likewise
stdout       the command's standard output, as it came; ``stderr`` likewise
order        ``ORDER`` records ``(time, stream, size)``: how far each stream had grown when; merges the two again
relay        locked by whoever passes the output on
exit         exit code and time, written once everything that belongs to the run has ended
===========  ===============================================================================================
"""

from __future__ import annotations

import contextlib
import ctypes
import fcntl
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

# Bytes a pipe holds where the system lets it: how far a command gets while nobody takes its output.
_PIPE_SIZE = 1 << 20
_F_SETPIPE_SZ = 1031
# Bytes taken from a pipe at a time.
_BLOCK = 1 << 18
# A stream that grows alone needs no order, but its lines have a time, noted this often (seconds).
_STAMP = 0.1
# Seconds between two looks of a shim that took over whether the command, which is not its child, still lives.
_LOOK = 0.2
# Seconds until a lock that somebody looks at is tried again.
_LOCKED = 0.001
# Seconds to wait for killed stragglers: a process in a driver call can take long to die, the run's end must not.
_STRAGGLERS = 5.0
_PR_SET_CHILD_SUBREAPER = 36
_SPLICES = hasattr(os, "splice")
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


class Output:
    """Passes the output on from the pipes to the files and notes in ``order`` how the streams grow.

    On Linux the kernel moves the bytes (splice(2)): what has left a pipe is in its file, so that a shim killed at any
    moment neither loses nor doubles a byte; the files' sizes are all that its successor has to know. Elsewhere the
    bytes pass through this process, and a ``kill -9`` just then loses those it holds, ``_BLOCK`` at most.
    """

    def __init__(self, folder: str) -> None:
        # Opened for both, so that a pipe that the command closes does not read as ended for ever.
        self.pipes = {os.open(f"{folder}/{name}.pipe", os.O_RDWR | os.O_NONBLOCK): n for n, name in STREAMS.items()}
        self._files = {n: os.open(f"{folder}/{name}", os.O_WRONLY) for n, name in STREAMS.items()}
        self._order = os.open(f"{folder}/order", os.O_WRONLY)
        self._sizes = {n: os.fstat(file).st_size for n, file in self._files.items()}
        size = os.fstat(self._order).st_size
        # Whoever wrote the last note may have been killed over it.
        self._notes = size - size % ORDER.size
        self._last = (1, 0.0)
        self._noted = (1, self._sizes[1])
        self.lost = 0
        """Bytes that could not be written."""
        for pipe in self.pipes:
            with contextlib.suppress(OSError):
                fcntl.fcntl(pipe, _F_SETPIPE_SZ, _PIPE_SIZE)

    def pass_on(self, pipes: list[int]) -> int:
        """Take what is in these pipes, a block of each; the number of bytes."""
        return sum(self._take(pipe) for pipe in self.pipes if pipe in pipes)

    def drain(self) -> None:
        """Take all that is left, and note it."""
        while self.pass_on(list(self.pipes)):
            pass
        self._note()

    def _take(self, pipe: int) -> int:
        stream, now = self.pipes[pipe], time.time()
        if stream != self._last[0] or now - self._last[1] >= _STAMP:
            self._note()
            self._last = (stream, now)
        try:
            return self._move(pipe, stream)
        except BlockingIOError:
            return 0

    def _move(self, pipe: int, stream: int) -> int:
        """Move a block from the pipe to the stream's file; raises ``BlockingIOError`` when there is nothing."""
        file, size = self._files[stream], self._sizes[stream]
        if _SPLICES:
            try:
                moved = os.splice(pipe, file, _BLOCK, offset_dst=size, flags=os.SPLICE_F_NONBLOCK)
            except BlockingIOError:
                raise
            except OSError:
                # A full disk, or a file system that cannot do this.
                return self._carry(pipe, stream)
            self._sizes[stream] += moved
            return moved
        return self._carry(pipe, stream)

    def _carry(self, pipe: int, stream: int) -> int:
        """Read and write; what does not fit on the disk is counted and dropped, for the run must not be held up."""
        data = os.read(pipe, _BLOCK)
        left = memoryview(data)
        try:
            while left:
                written = os.pwrite(self._files[stream], left, self._sizes[stream])
                self._sizes[stream] += written
                left = left[written:]
        except OSError:
            self.lost += len(left)
        return len(data)

    def _note(self) -> None:
        """Note how far the stream that grew last has come."""
        stream, when = self._last
        if (stream, self._sizes[stream]) != self._noted and self._sizes[stream]:
            with contextlib.suppress(OSError):
                note = ORDER.pack(when, stream, self._sizes[stream])
                if os.pwrite(self._order, note, self._notes) == len(note):
                    self._notes += len(note)
                    self._noted = (stream, self._sizes[stream])


def _lock(folder: str, wait: bool) -> bool:
    """Become the one who passes the output on, until this process ends; ``False`` when there is one.

    Whoever looks at the lock shares it for an instant, which is waited for.
    """
    file = os.open(f"{folder}/relay", os.O_RDWR | os.O_CREAT, 0o600)
    while True:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
            return True
        except OSError:
            pass
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except OSError:
            return False
        fcntl.flock(file, fcntl.LOCK_UN)
        time.sleep(_LOCKED)


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
        os.dup2(os.open(f"{folder}/{name}.pipe", os.O_RDWR), fd)
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


def _wait(pid: int, output: Output) -> int:
    """Pass the output on until the command ends; its wait status. Orphans that end on the way are reaped."""
    ended_children = _wake_on_children()
    while True:
        ended, status = os.waitpid(-1, os.WNOHANG)
        if ended == pid:
            return status
        if not ended:
            ready = select.select([ended_children, *output.pipes], [], [])[0]
            if ended_children in ready:
                os.read(ended_children, 4096)
            output.pass_on(ready)


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


def _watch(folder: str, pid: int, output: Output) -> None:
    kills, exit_file = _out_of_memory_kills(), ExitFile(folder)
    code = os.waitstatus_to_exitcode(_wait(pid, output))
    finished = time.time()
    _end_stragglers(pid)
    output.drain()
    starved = code == -signal.SIGKILL and not os.path.exists(f"{folder}/killed") and _out_of_memory_kills() > kills
    record = {"exit_code": code if code >= 0 else 128 - code, "finished": finished, "oom_killed": starved}
    exit_file.write({**record, "lost": output.lost})


def _take_over(folder: str) -> None:
    """Pass on the output of a command whose own shim is gone, until the command has ended too."""
    with open(f"{folder}/process") as file:
        known = json.load(file)
    output = Output(folder)
    if os.fork():
        # The pipes are open by now: what is in them stays, even if the command and the caller let go of them.
        return
    _detach()
    while start_mark(known["pid"]) == known["mark"]:
        output.pass_on(select.select(list(output.pipes), [], [], _LOOK)[0])
    output.drain()


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


def _launch() -> bytes:
    """Start the launch given on standard input; in the shim itself returns when all is over, elsewhere the answer."""
    launch = json.load(sys.stdin.buffer)
    read, write = os.pipe()
    if os.fork():
        os.close(write)
        with open(read, "rb") as answer:
            return answer.read()
    _detach()
    _lock(launch["folder"], wait=True)
    output = Output(launch["folder"])
    pid, problem = _start(launch)
    os.write(write, problem or b"{}")
    os.close(write)
    if not problem:
        _watch(launch["folder"], pid, output)
    os._exit(0)


def main() -> None:
    """Start a launch and print ``{}`` when it runs, else ``{"errno": …, "path": …}``; or take one over."""
    if sys.argv[1] != "--relay":
        sys.stdout.buffer.write(_launch())
        sys.stdout.buffer.flush()
    elif _lock(sys.argv[2], wait=False):
        _take_over(sys.argv[2])
    os._exit(0)


if __name__ == "__main__":
    main()
