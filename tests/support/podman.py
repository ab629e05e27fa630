"""A private Podman for tests: its Docker-compatible service, with storage and a network namespace of its own."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.support import images
from tests.support.dockerd import await_ping, remove_tree
from tests.support.require import unavailable

#: Podman's own defaults want limits that a container with fewer rights than root may not set, and an init program in
#: one place alone.
CONFIG = """[containers]
default_ulimits = ["nofile=4096:4096", "nproc=4096:4096"]
init_path = "{init}"
[engine]
cgroup_manager = "cgroupfs"
events_logger = "file"
{runtime}
"""


def missing() -> str:
    """Why a private Podman cannot be started here; empty when it can."""
    if os.geteuid():
        return "starting a Podman of one's own needs root"
    absent = [name for name in ("podman", "unshare", "ip") if not shutil.which(name)]
    if not (shutil.which("catatonit") or shutil.which("tini")):
        absent.append("catatonit")
    return f"{', '.join(absent)} not installed" if absent else ""


class PrivatePodman:
    """One service; ``start`` it, ``stop`` it."""

    def __init__(self) -> None:
        self.root = Path(tempfile.mkdtemp(prefix="mltui-p."))
        self.socket = self.root / "p.sock"
        self.url = f"unix://{self.socket}"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it and wait until it answers; raises ``RuntimeError`` with its last words when it does not."""
        config = self.root / "containers.conf"
        # crun, Podman's first choice, refuses machines that have both versions of control groups.
        runtime = 'runtime = "runc"' if shutil.which("runc") else ""
        config.write_text(CONFIG.format(init=shutil.which("catatonit") or shutil.which("tini"), runtime=runtime))
        command = ["unshare", "--net", "--", "sh", "-c", 'ip link set lo up; exec podman "$@"', "sh"]
        command += ["--root", f"{self.root}/root", "--runroot", f"{self.root}/run", "--tmpdir", f"{self.root}/tmp"]
        command += ["--storage-driver", "vfs", "system", "service", "--time=0", self.url]
        environment = os.environ | {"CONTAINERS_CONF": str(config)}
        with (self.root / "log").open("ab") as log:
            self.process = subprocess.Popen(
                command, env=environment, stdout=log, stderr=log, start_new_session=True, cwd=self.root
            )
        await_ping(self.process, self.socket, self.root / "log")

    def kill(self) -> None:
        """End it at once, as a crash would; its containers go on."""
        assert self.process is not None
        os.kill(self.process.pid, signal.SIGKILL)
        self.process.wait(60)

    def stop(self) -> None:
        """End it and remove all it wrote; its containers have to be gone."""
        if self.process is not None and self.process.poll() is None:
            os.kill(self.process.pid, signal.SIGTERM)
            self.process.wait(60)
        remove_tree(self.root)


@contextmanager
def running() -> Iterator[PrivatePodman]:
    """A service that answers and has the busybox image; where there can be none the test is told so."""
    if reason := missing():
        unavailable(reason)
    service = PrivatePodman()
    try:
        service.start()
        images.load_busybox(service.url)
        yield service
    finally:
        service.stop()
