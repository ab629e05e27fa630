"""What Podman does in its own way behind Docker's API."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest

from mltui.domain.errors import GpuUnavailable
from mltui.domain.launch import GpuRequest
from mltui.engines.base import Engine, LogStream
from mltui.engines.docker import wire
from tests.contracts.conftest import Rig, collect, until
from tests.support import images

pytestmark = pytest.mark.docker


@pytest.fixture
def podman(podman_engine: Engine, tmp_path: Path) -> Iterator[Rig]:
    """Podman alone."""
    rig = Rig(podman_engine, tmp_path, images.BUSYBOX)
    yield rig
    rig.clear()


def test_a_request_for_gpus_that_podman_drops_is_refused(podman: Rig) -> None:
    """It takes the request without a word: the launch fails instead of training without a GPU."""
    spec = podman.spec("true", gpus=GpuRequest(count=1))
    with pytest.raises(GpuUnavailable, match="Podman Engine took the request"):
        podman.create(spec)
    assert podman.engine.find(spec.run_id) is None


def test_a_seccomp_profile_of_a_file_holds(podman: Rig) -> None:
    """Podman reads the file itself, where Docker is sent its text."""
    rules = {"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["mkdir"], "action": "SCMP_ACT_ERRNO"}]}
    (podman.project / "strict.json").write_text(json.dumps(rules))
    _, status, output = podman.run(podman.spec("mkdir /tmp/x", security_opt=("seccomp=strict.json",)))
    assert status.exit_code == 1
    assert b"not permitted" in output[2]


def test_a_home_in_memory_and_the_callers_rights_alone(podman: Rig) -> None:
    """What every run gets by default is there on Podman too."""
    spec = podman.spec(
        "echo $HOME; touch $HOME/kept && echo written; grep -E 'NoNewPrivs|CapEff' /proc/self/status | sort -r",
        home="/home/mltui",
        cap_drop=("ALL",),
        security_opt=("no-new-privileges:true",),
        user="1234:1234",
    )
    _, status, output = podman.run(spec)
    words = output[1].decode().split()
    assert words == ["/home/mltui", "written", "NoNewPrivs:", "1", "CapEff:", "0" * 16]
    assert status.exit_code == 0


class Follower:
    """Follows a log in a thread, and notes what comes and when."""

    def __init__(self, stream: LogStream) -> None:
        self._stream = stream
        self.data = b""
        self.lost = 0
        self._when: list[tuple[int, float]] = []
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self) -> None:
        for chunk in self._stream:
            self.data += chunk.data
            self.lost += chunk.lost
            self._when.append((len(self.data), time.monotonic()))

    def join(self) -> bytes:
        """All of it, once it has ended."""
        self._thread.join(120)
        assert not self._thread.is_alive()
        return self.data

    def arrived(self, text: bytes) -> float:
        """When the first ``text`` was all there."""
        end = self.data.index(text) + len(text)
        return next(when for size, when in self._when if size >= end)


BAR = "printf 'start\\n'; for k in $(seq 40); do printf \"\\r$k%%\"; sleep 0.1; done; echo; "
DRAWN = b"start\r\n" + b"".join(b"\r%d%%" % k for k in range(1, 41)) + b"\r\n"


def test_what_is_drawn_on_a_terminal_comes_as_it_is_drawn(podman: Rig) -> None:
    """A bar that is drawn over, and the beginning of a line, are there long before their line ends."""
    container = podman.create(podman.spec(BAR + "printf 'loading... '; sleep 4; echo done", tty=True))
    podman.engine.start(container)
    log = Follower(podman.engine.logs(container))
    assert log.join() == DRAWN + b"loading... done\r\n"
    assert log.arrived(b"\r20%") < log.arrived(b"\r40%") - 0.5
    assert log.arrived(b"loading") < log.arrived(b"done") - 1
    assert collect(podman.engine.logs(container, follow=False))[1] == log.data


def test_equal_lines_on_a_terminal(podman: Rig) -> None:
    """A line that is printed thousands of times in a second is there as often, and so is a piece of one."""
    once = "for k in $(seq 2000); do echo same; done; for k in $(seq 2000); do printf '\\r50%%'; done; "
    container = podman.create(podman.spec(f"{once} sleep 1; {once} sleep 3; {once}", tty=True))
    podman.engine.start(container)
    want = (b"same\r\n" * 2000 + b"\r50%" * 2000) * 3
    log = Follower(podman.engine.logs(container))
    assert log.join() == want
    assert not log.lost


def test_a_long_log_of_a_terminal_is_not_read_again_and_again(podman: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was printed seconds ago is not sent again, though it is a line that still goes on."""
    size, sent, read = 4_000_000, [0], wire.EngineStream.read

    def count(stream: wire.EngineStream) -> bytes:
        data = read(stream)
        sent.append(sent[-1] + len(data))
        return data

    monkeypatch.setattr(wire.EngineStream, "read", count)
    wait = "until [ -e $OUTPUTS/go ]; do sleep 0.05; done; "
    spec = podman.spec(f"yes 50% | tr '\\n' '\\r' | head -c {size}; sleep 4; {BAR}{wait}{BAR}", tty=True)
    container = podman.create(spec)
    podman.engine.start(container)
    log = Follower(podman.engine.logs(container))
    until(lambda: log.data, lambda data: data.endswith(DRAWN))
    before = sent[-1]
    assert before >= size
    (Path(spec.outputs_host) / "go").touch()
    assert log.join() == b"50%\r" * (size // 4) + DRAWN * 2
    assert sent[-1] - before < size


def test_a_log_of_a_terminal_that_grows_too_big(podman: Rig) -> None:
    """Its file is begun anew then: what is lost so is marked, and nothing else is lost, and nothing comes twice."""
    lines = "for k in $(seq 9000); do echo line $k; [ $((k % 100)) = 0 ] && sleep 0.05; done; printf end"
    container = podman.create(podman.spec(lines, tty=True, log_options={"max-size": "100kb"}))
    podman.engine.start(container)
    log = Follower(podman.engine.logs(container))
    found = log.join().split(b"\r\n")
    assert found.pop() == b"end"
    numbers = [int(line.split()[1]) for line in found]
    assert numbers == sorted(set(numbers))
    gaps = sum(later != earlier + 1 for earlier, later in pairwise(numbers))
    assert log.lost
    assert gaps <= log.lost
    assert numbers[0] == 1
    assert numbers[-1] == 9000


def test_the_last_lines_of_a_terminal(podman: Rig) -> None:
    """They are whole, in order, and what comes then follows."""
    spec = podman.spec(f"seq 500; {BAR} until [ -e $OUTPUTS/go ]; do sleep 0.05; done; {BAR}", tty=True)
    container = podman.create(spec)
    podman.engine.start(container)
    until(lambda: collect(podman.engine.logs(container, follow=False))[1], lambda data: data.endswith(DRAWN), 0.2)
    log = Follower(podman.engine.logs(container, tail=3))
    until(lambda: log.data, lambda data: data == b"500\r\n" + DRAWN)
    (Path(spec.outputs_host) / "go").touch()
    assert log.join() == b"500\r\n" + DRAWN * 2
    assert collect(podman.engine.logs(container, follow=False, tail=1))[1] == DRAWN.removeprefix(b"start\r\n")


def test_a_terminals_container_that_is_started_again(podman: Rig) -> None:
    """Its log goes on: all of it comes once."""
    container = podman.create(podman.spec(f"{BAR} sleep 60", tty=True, stop_grace_period=0.1))
    podman.engine.start(container)
    log = Follower(podman.engine.logs(container))
    until(lambda: log.data, lambda data: data == DRAWN)
    podman.engine.restart(container)
    until(lambda: log.data, lambda data: data == DRAWN * 2)
    podman.engine.kill(container)
    assert log.join() == DRAWN * 2
    assert not log.lost
