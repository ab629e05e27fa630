"""A private Docker engine for tests, which takes GPU requests on a machine that has no GPU.

It runs in a network namespace of its own, so that its bridge and its firewall rules cannot touch another engine's, and
everything it writes lies in one temporary folder. A stand-in for NVIDIA's prestart hook is on its path: with that the
engine really sets up ``--gpus`` (device requests, ``NVIDIA_VISIBLE_DEVICES``) and reports the hook's failures.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path

#: The hook notes what was asked for, and fails with the text of the file ``hook.fail`` when there is one.
HOOK = """#!/bin/sh
state=$(cat)
bundle=$(printf %s "$state" | sed -n 's/.*"bundle":"\\([^"]*\\)".*/\\1/p')
grep -o 'NVIDIA_[A-Z_]*=[^"]*' "$bundle/config.json" | tr '\\n' ' ' >> @ROOT@/hook.log
echo >> @ROOT@/hook.log
[ -f @ROOT@/hook.fail ] && { cat @ROOT@/hook.fail >&2; exit 1; }
exit 0
"""
#: Seconds in which an engine must answer; it takes less than one on an idle machine.
READY = 60.0


def missing() -> str:
    """Why a private engine cannot be started here; empty when it can."""
    if os.geteuid():
        return "starting a Docker engine of one's own needs root"
    absent = [name for name in ("dockerd", "unshare", "ip", "iptables") if not shutil.which(name)]
    return f"{', '.join(absent)} not installed" if absent else ""


class PrivateDockerd:
    """One engine; ``start`` it, ``stop`` it. It may be stopped hard and started again on the same data."""

    def __init__(self, *, hook: bool = True, options: tuple[str, ...] = ()) -> None:
        # The path is kept short: that of a unix socket has at most 107 bytes.
        self.root = Path(tempfile.mkdtemp(prefix="mltui-d."))
        self.socket = self.root / "d.sock"
        self.url = f"unix://{self.socket}"
        self.process: subprocess.Popen[bytes] | None = None
        self._hook = hook
        self._options = options
        self._crashed = False

    def start(self) -> None:
        """Start it and wait until it answers; raises ``RuntimeError`` with its last words when it does not."""
        environment = dict(os.environ)
        if self._hook:
            environment["PATH"] = f"{self._write_hook()}:{environment['PATH']}"
        command = ["unshare", "--net", "--", "sh", "-c", 'ip link set lo up; exec dockerd "$@"', "sh"]
        command += ["--data-root", f"{self.root}/data", "--exec-root", f"{self.root}/exec"]
        command += ["--pidfile", f"{self.root}/pid", "-H", self.url, *self._options]
        with (self.root / "log").open("ab") as log:
            # containerd leaves files where it was started, such as an empty ``oom``.
            self.process = subprocess.Popen(
                command, env=environment, stdout=log, stderr=log, start_new_session=True, cwd=self.root
            )
        await_ping(self.process, self.socket, self.root / "log")
        self._crashed = False

    def _write_hook(self) -> Path:
        folder = self.root / "bin"
        folder.mkdir(exist_ok=True)
        hook = folder / "nvidia-container-runtime-hook"
        hook.write_text(HOOK.replace("@ROOT@", str(self.root)))
        hook.chmod(0o755)
        return folder

    def asked_gpus(self) -> list[str]:
        """What each container that asked for GPUs was given, in the hook's words."""
        log = self.root / "hook.log"
        return log.read_text().splitlines() if log.exists() else []

    @contextlib.contextmanager
    def failing_gpus(self, text: str):
        """Within it every container that asks for GPUs fails to start with ``text`` from the driver."""
        fault = self.root / "hook.fail"
        fault.write_text(text)
        try:
            yield
        finally:
            fault.unlink()

    def kill(self) -> None:
        """End it at once, as a crash would, and the containerd it started; the next start takes its containers up."""
        assert self.process is not None
        containerd = self.root / "exec/containerd/containerd.pid"
        pid = int(containerd.read_text())
        for victim in (self.process.pid, pid):
            os.kill(victim, signal.SIGKILL)
        self.process.wait(60)
        while _alive(pid):
            time.sleep(0.01)
        containerd.unlink()
        self._crashed = True

    def interrupt(self) -> None:
        """End it in order; its containers are stopped."""
        if self.process is not None and self.process.poll() is None:
            os.kill(self.process.pid, signal.SIGTERM)
            self.process.wait(60)

    def stop(self) -> None:
        """End it and remove all it wrote."""
        if self._crashed:
            # Only an engine that knows them ends what a crash left running.
            self.start()
        self.interrupt()
        remove_tree(self.root)


def await_ping(process: subprocess.Popen[bytes], address: Path, log: Path) -> None:
    """Wait until the engine ``process`` answers; raises ``RuntimeError`` with its last words when it does not."""
    end = time.monotonic() + READY
    while time.monotonic() < end and process.poll() is None:
        if _answers(address):
            return
        time.sleep(0.02)
    raise RuntimeError(log.read_text(errors="replace")[-2000:])


def _answers(address: Path) -> bool:
    with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX) as sock:
        sock.settimeout(5)
        sock.connect(str(address))
        sock.sendall(b"GET /_ping HTTP/1.0\r\nHost: d\r\n\r\n")
        return sock.recv(64).split(b" ")[1:2] == [b"200"]
    return False


def remove_tree(root: Path) -> None:
    """Remove an engine's folder with what is still mounted in it."""
    points = [line.split()[1] for line in Path("/proc/self/mounts").read_text().splitlines()]
    for point in sorted((point for point in points if point.startswith(f"{root}/")), reverse=True):
        subprocess.run(["umount", "-l", point], check=False, capture_output=True)
    shutil.rmtree(root, ignore_errors=True)


def _alive(pid: int) -> bool:
    """The process runs; a dead one that nobody has waited for does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
