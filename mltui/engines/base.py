"""What an engine is: a small protocol every engine meets, and capabilities that some have.

Engines are synchronous; callers run them in threads. Whatever an engine's library returns is turned into the frozen
values of ``mltui.domain`` here, at the edge, and its errors into ``mltui.domain.errors``. Every call ends in bounded
time, except reading a stream, which ends when the stream does or when ``close()`` is called on it from any thread.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol, runtime_checkable

from mltui.domain.container import Container, ContainerStatus, Limits, Usage
from mltui.domain.image import Image
from mltui.domain.launch import LaunchSpec


class LogChunk(NamedTuple):
    """Bytes of a log as they came, split anywhere."""

    stream: int
    """1 stdout (and everything of a TTY), 2 stderr."""
    data: bytes
    time: float | None = None
    """Seconds since 1970 at which the engine received it; ``None`` for live output (it is now)."""
    lost: bool = False
    """Lines before it may have been lost by the engine. Such a chunk has no bytes of its own."""


class LogStream(Protocol):
    """An open stream of log chunks. Iteration blocks; it ends with the container's output or with ``close()``."""

    def __iter__(self) -> Iterator[LogChunk]: ...

    def close(self) -> None:
        """End the iteration, from any thread; may be called more than once."""


class EngineInfo(NamedTuple):
    """Who answers."""

    engine: str
    """Name of the engine, ``docker`` or ``local``."""
    product: str
    """What it calls itself: ``Docker Engine``, ``Podman Engine``, ``processes of this machine``."""
    version: str
    endpoint: str
    context: str
    """Name of the Docker context, or why this endpoint was chosen (``DOCKER_HOST``); empty for local."""
    host: str
    """Name of the machine that runs the containers."""
    cpus: int
    memory: int
    """Bytes of the machine."""
    gpus: bool
    """The engine has a way to give GPUs to a container."""
    isolated: bool
    """Runs are kept apart from the machine's files and network."""
    local: bool
    """The engine runs on this machine, so that its processes' cgroups can be read here."""
    details: Mapping[str, str] = {}
    """Further facts for ``mltui doctor``: storage driver, cgroup version, root folder."""

    @property
    def where(self) -> str:
        """What runs things, and on which machine, in words."""
        if not self.isolated:
            return f"{self.product} ({', '.join(filter(None, (self.host, self.version)))})"
        return f"{self.product} {self.version} on {self.host}"


class ImageRef(NamedTuple):
    """An image that is ready to run."""

    name: str
    id: str
    built: bool = False
    """It was built or pulled just now."""


class Progress(NamedTuple):
    """One piece of news while an image is prepared."""

    text: str
    """A line of output for the build log (``Step 3/7 : RUN pip install …``), may be empty."""
    step: int = 0
    """Number of the step that is running, from 1; 0 where unknown."""
    steps: int = 0
    fraction: float | None = None
    """Share of the current step that is done, where known (a pull, a download)."""
    now: str = ""
    """What is under way, with figures, for a line that changes: ``Downloading torch 2.9: 120 of 888 MB``. Unlike
    ``text`` it is nothing that was printed."""


#: Called while an image is prepared; raising an exception from it cancels the preparation.
ProgressCallback = Callable[[Progress], None]


class EngineEvent(NamedTuple):
    """Something changed in the engine."""

    time: float
    kind: str
    """``container`` or ``image``."""
    action: str
    """The engine's word: create, start, die, destroy, oom, kill, rename, tag, untag, delete …"""
    id: str
    attributes: Mapping[str, str] = {}


class EventStream(Protocol):
    """An open stream of events; like a log stream, it blocks until ``close()`` or the engine's end."""

    def __iter__(self) -> Iterator[EngineEvent]: ...

    def close(self) -> None:
        """End the iteration, from any thread."""


@runtime_checkable
class Engine(Protocol):
    """Where runs execute."""

    name: str

    def info(self) -> EngineInfo:
        """Who answers; raises ``EngineUnavailable`` with the cure when nobody does, within 3 s."""

    def check(self, spec: LaunchSpec) -> None:
        """Refuse, before anything is made, what this engine cannot do (``GpuUnavailable``, ``StartError``)."""

    def image_ready(self, spec: LaunchSpec) -> bool:
        """The image of ``spec`` is there and not stale: ``prepare`` would build and pull nothing."""

    def prepare(self, spec: LaunchSpec, progress: ProgressCallback) -> ImageRef:
        """Make the image of ``spec`` ready: found, pulled, or built when missing or when its context changed.

        Raises ``ImageError`` with the last lines of the build.
        """

    def create(self, spec: LaunchSpec, image: ImageRef) -> str:
        """Create the container, not started, and return its id. A failure leaves nothing behind.

        What came out is read back and compared: an engine that silently drops the GPU request is caught here.
        """

    def attach(self, container_id: str) -> LogStream:
        """Open the live output of a created container, before ``start``, so that no byte is missed."""

    def start(self, container_id: str) -> None:
        """Start a created container. When that fails the container is removed and ``StartError`` says why."""

    def logs(self, container_id: str, *, follow: bool = True, tail: int | None = None) -> LogStream:
        """All of the log that the engine has (or its last ``tail`` lines), then, to follow, what comes."""

    def inspect(self, container_id: str) -> ContainerStatus:
        """The container's state now; raises ``NotFound``."""

    def find(self, run_id: str) -> ContainerStatus | None:
        """The container that carries the run's label, if there is one."""

    def stop(self, container_id: str, grace: float | None = None) -> None:
        """Ask the container to end (its stop signal), kill it after ``grace`` seconds (None: its own), and wait."""

    def kill(self, container_id: str) -> None:
        """End it at once."""

    def remove(self, container_id: str, *, force: bool = False) -> None:
        """Remove an ended container; with ``force`` a running one too. Raises ``NotFound``."""

    def close(self) -> None:
        """Let go of connections; running containers stay."""


@runtime_checkable
class ListsContainers(Protocol):
    """An engine that has a list of containers."""

    def containers(self) -> tuple[Container, ...]:
        """All containers, running or not, newest first."""

    def details(self, container_id: str) -> dict[str, Any]:
        """Everything the engine knows of one, JSON-ready, as ``docker inspect`` has it, secrets masked."""


@runtime_checkable
class ListsImages(Protocol):
    """An engine that has images."""

    def images(self) -> tuple[Image, ...]:
        """All images, newest first."""

    def remove_image(self, image_id: str, *, force: bool = False) -> None:
        """Remove an image that no container uses."""


@runtime_checkable
class SendsEvents(Protocol):
    """An engine that says by itself when something changes."""

    def events(self) -> EventStream:
        """Events from now on."""


@runtime_checkable
class Restarts(Protocol):
    """An engine that can start an ended container again."""

    def restart(self, container_id: str) -> None:
        """Stop it if it runs, then start it."""

    def told_to_end(self, ended: ContainerStatus) -> bool:
        """Whether somebody had the engine end it: a stop, a kill, or the first half of a restart.

        ``False`` also where the engine does not remember. Raises ``EngineError`` when it cannot be asked.
        """


@runtime_checkable
class TellsOutOfMemory(Protocol):
    """An engine that may know more of a container's end than its status says."""

    def ran_out_of_memory(self, ended: ContainerStatus) -> bool | None:
        """Whether the kernel killed in it for want of memory; ``None`` where the engine cannot tell.

        May wait for the kernel's report: for a second, and by as much more as the engine's clock is behind, up to ten.
        Raises ``EngineError`` when it cannot be asked.
        """


@runtime_checkable
class CarriesOutput(Protocol):
    """An engine that may itself take what containers print to their logs."""

    def carries_output(self) -> bool:
        """What a container prints while the engine is away, and until it ends, is lost with its end."""


@runtime_checkable
class ReportsUsage(Protocol):
    """An engine that tells what its containers use."""

    def usage(self, container_ids: Iterable[str]) -> dict[str, Usage]:
        """The newest usage of each, at once and without waiting for the engine; those unknown are left out.

        Meant to be called once a second with the running containers; the first call for a container may have no CPU
        figure yet. Containers that are no longer named are let go of.
        """


@runtime_checkable
class KnowsItsProcesses(Protocol):
    """An engine that can say which processes of this machine are its own, where control groups do not."""

    def first_processes(self) -> Mapping[int, str]:
        """The number of the first process of each that runs → its id; what they started is below them."""


@runtime_checkable
class ChangesLimits(Protocol):
    """An engine that can change what a running container may use."""

    def limits(self, container_id: str) -> Limits:
        """The limits that it has; raises ``NotFound``."""

    def change_limits(self, container_id: str, limits: Limits) -> None:
        """Change those of its limits that are not ``None``.

        Raises ``EngineError`` where it does not run or the engine refuses, ``NotFound``.
        """


@runtime_checkable
class StatesLimits(Protocol):
    """An engine that cannot hold a run to everything its profile asks for, and says so."""

    def limits_not_enforced(self, spec: LaunchSpec) -> tuple[str, ...]:
        """What of ``spec`` has no effect here, a sentence each."""


@dataclass(frozen=True)
class EngineChoice:
    """An engine and why it was taken, or why a wished one was not."""

    engine: Engine
    info: EngineInfo
    reason: str = ""
    warnings: tuple[str, ...] = field(default=())
