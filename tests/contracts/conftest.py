"""The engines that the contract is run on, and what it takes to launch something small on each."""

from __future__ import annotations

import contextlib
import itertools
import os
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import pytest

from mltui.domain.container import ContainerStatus
from mltui.domain.errors import EngineError
from mltui.domain.launch import LaunchSpec, Mount
from mltui.domain.run import LABEL_PROFILE, LABEL_RUN
from mltui.engines.base import Engine
from tests.support import images, podman

T = TypeVar("T")
_NUMBERS = itertools.count(1)


@dataclass
class Rig:
    """An engine under test. What is launched through it is removed afterwards."""

    engine: Engine
    project: Path
    image: str = ""
    made: list[str] = field(default_factory=list)

    def spec(self, script: str | None = None, **changes: object) -> LaunchSpec:
        """A launch of a shell ``script``, as the calling user, with an output folder at ``OUTPUTS``."""
        number = next(_NUMBERS)
        run_id = f"contract{os.getpid()}n{number}"
        labels = {LABEL_RUN: run_id, LABEL_PROFILE: "contract", **changes.pop("labels", {})}  # type: ignore[dict-item]
        outputs = self.project / f"outputs-{number}"
        outputs.mkdir()
        values: dict[str, object] = {
            "run_id": run_id,
            "labels": labels,
            "profile": "contract",
            "name": f"contract-{os.getpid()}-{number}",
            "image": self.image,
            "project": str(self.project),
            "command": ("sh", "-c", script) if script is not None else None,
            "environment": {"OUTPUTS": "/outputs"},
            "mounts": (Mount("/outputs", str(outputs)),),
            "outputs": "/outputs",
            "outputs_host": str(outputs),
            "user": f"{os.getuid()}:{os.getgid()}",
            "stop_grace_period": 20.0,
        }
        return LaunchSpec(**(values | changes))  # type: ignore[arg-type]

    def create(self, spec: LaunchSpec) -> str:
        """Prepare and create."""
        container = self.engine.create(spec, self.engine.prepare(spec, lambda news: None))
        self.made.append(container)
        return container

    def run(self, spec: LaunchSpec) -> tuple[str, ContainerStatus, dict[int, bytes]]:
        """Launch and follow to the end; the output by stream."""
        container = self.create(spec)
        stream = self.engine.attach(container)
        self.engine.start(container)
        output = collect(stream)
        return container, self.ended(container), output

    def ended(self, container: str) -> ContainerStatus:
        """Its state once it has ended."""
        return until(lambda: self.engine.inspect(container), lambda status: status.ended)

    def clear(self) -> None:
        """Remove what is left."""
        for container in self.made:
            with contextlib.suppress(EngineError):
                self.engine.remove(container, force=True)


def collect(stream: object) -> dict[int, bytes]:
    """All bytes of a log, by stream."""
    parts: dict[int, list[bytes]] = {1: [], 2: []}
    for chunk in stream:  # type: ignore[attr-defined]
        parts[chunk.stream].append(chunk.data)
    return {number: b"".join(found) for number, found in parts.items()}


def until(ask: Callable[[], T], good: Callable[[T], bool], period: float = 0.02) -> T:
    """The first answer that is good; fails when none comes."""
    pause = threading.Event()
    for _ in range(int(60 / period)):
        answer = ask()
        if good(answer):
            return answer
        pause.wait(period)
    pytest.fail(f"still {answer} after a minute")


@pytest.fixture(scope="session")
def podman_engine() -> Iterator[Engine]:
    """mltui's docker engine on a Podman of its own, which has the busybox image."""
    from mltui.engines.docker import DockerEngine

    with podman.running() as service:
        engine = DockerEngine(service.url)
        yield engine
        engine.close()


@pytest.fixture(
    params=[pytest.param("docker", marks=pytest.mark.docker), pytest.param("podman", marks=pytest.mark.docker), "local"]
)
def rig(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Rig]:
    """Each engine in turn."""
    project = tmp_path / "project"
    project.mkdir()
    if request.param != "local":
        rig = Rig(request.getfixturevalue(f"{request.param}_engine"), project, images.BUSYBOX)
    else:
        from mltui.engines.local import LocalEngine

        rig = Rig(LocalEngine(tmp_path / "local"), project)
    yield rig
    rig.clear()


@pytest.fixture
def engine(rig: Rig) -> Engine:
    """The engine under test alone."""
    return rig.engine
