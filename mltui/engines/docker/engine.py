"""The docker engine: containers of a Docker-compatible engine, behind ``engines.base.Engine``."""

from __future__ import annotations

import contextlib
import json
import math
import os
import platform
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import quote

from mltui.domain.container import Container, ContainerStatus, Limits, Usage
from mltui.domain.errors import EngineError, GpuUnavailable, NotFound, StartError
from mltui.domain.image import Image
from mltui.domain.launch import LaunchSpec, MountType
from mltui.domain.run import LABEL_RUN
from mltui.domain.text import one_line
from mltui.engines.base import EngineInfo, ImageRef, LogStream, ProgressCallback
from mltui.engines.docker.build import ImageBuilder
from mltui.engines.docker.client import PATIENT, QUICK, DockerClient
from mltui.engines.docker.create import (
    TTY_SIZE,
    check_gpus_kept,
    container_config,
    gpu_trial,
    start_refusal,
    taken_port,
)
from mltui.engines.docker.endings import ran_out_of_memory, told_to_end
from mltui.engines.docker.endpoint import Endpoint, find_endpoint
from mltui.engines.docker.events import FILTERS, DockerEventStream
from mltui.engines.docker.facts import engine_facts, has_gpus
from mltui.engines.docker.image_removal import removal_refusal
from mltui.engines.docker.masking import masked
from mltui.engines.docker.streams import DockerLogStream, open_log
from mltui.engines.docker.update import limits_of, limits_update, update_refusal
from mltui.engines.docker.usage import UsageReader
from mltui.engines.docker.values import container_row, container_status, image_row
from mltui.engines.docker.wire import Refused


class DockerEngine:
    """Runs as containers. ``endpoint`` is an address, ``context`` the name of a Docker context; neither: the usual one.

    Nothing is connected before the first call. Safe to use from several threads.
    """

    name = "docker"

    def __init__(self, endpoint: str | None = None, context: str | None = None) -> None:
        self._wanted = (endpoint, context)
        self._found: DockerClient | None = None
        self._usage: UsageReader | None = None
        self._images: ImageBuilder | None = None

    @property
    def endpoint(self) -> Endpoint:
        """The endpoint in use; raises ``EngineUnavailable`` for a context that does not exist."""
        return self._client.endpoint

    @property
    def _client(self) -> DockerClient:
        if self._found is None:
            self._found = DockerClient(find_endpoint(*self._wanted))
        return self._found

    @property
    def _builder(self) -> ImageBuilder:
        if self._images is None:
            self._images = ImageBuilder(self._client)
        return self._images

    def close(self) -> None:
        """Let go of connections; running containers stay."""
        if self._usage is not None:
            self._usage.close()
        if self._found is not None:
            self._found.close()

    # -- who answers

    def info(self) -> EngineInfo:
        """Who answers; raises ``EngineUnavailable`` with the cure. Asks the engine anew each time."""
        version = self._client.ask_version()
        info = self._client.machine()
        return EngineInfo(
            engine=self.name,
            product=self._product(version),
            version=one_line(str(version.get("Version", ""))),
            endpoint=self.endpoint.url,
            context=self.endpoint.context,
            host=one_line(str(info.get("Name") or "")),
            cpus=int(info.get("NCPU") or 0),
            memory=int(info.get("MemTotal") or 0),
            gpus=has_gpus(info, local=self._is_local(info)),
            isolated=True,
            local=self._is_local(info),
            details=engine_facts(info, self._client.api_version),
        )

    def _product(self, version: Mapping[str, Any]) -> str:
        named = (version.get("Platform") or {}).get("Name") or ""
        return "Podman Engine" if self._client.podman else one_line(str(named)) or "Docker Engine"

    def _is_local(self, info: Mapping[str, Any]) -> bool:
        """A socket of this machine may still lead into a virtual machine; that one has a name of its own."""
        return self.endpoint.scheme == "unix" and info.get("Name") == platform.node()

    def check(self, spec: LaunchSpec) -> None:
        """Refuse what this engine cannot do: a runtime it does not have, more CPUs than there are, mounts, GPUs.

        An engine that shows no way to GPUs is tried with a container that is made for it and has nothing to run, so
        that nobody waits for an image first. That needs some image; where there is none, ``start`` will tell.
        """
        info = self._client.machine()
        cpus, most = spec.resources.cpus, int(info.get("NCPU") or 0)
        if cpus is not None and most and cpus > most:
            raise StartError(
                f"{spec.name} asks for {cpus:g} CPUs, the engine's machine has {most}.", f"Ask for 0.01 to {most}.", 125
            )
        runtimes = info.get("Runtimes") or {}
        if spec.runtime and runtimes and spec.runtime not in runtimes:
            raise start_refusal(spec.name, Refused(400, f"unknown or invalid runtime name: {spec.runtime}"))
        if self._is_local(info):
            _check_mounts(spec)
        if spec.gpus and not has_gpus(info, local=self._is_local(info)):
            self._try_gpus(spec)

    def _try_gpus(self, spec: LaunchSpec) -> None:
        with self._client.call("The images cannot be listed") as api:
            images = api.images(quiet=True)
        if not images:
            return
        container_id = ""
        try:
            with self._client.call(timeout=PATIENT) as api:
                container_id = str(api.create_container_from_config(gpu_trial(spec, images[0]))["Id"])
                check_gpus_kept(spec, self._inspect(container_id), self._product(self._client.version()))
                api.start(container_id)
        except Refused as error:
            # With GPUs at hand it is refused too, at last: its command does not exist.
            refusal = start_refusal(spec.name, error, gpus=str(spec.gpus))
            if isinstance(refusal, GpuUnavailable):
                raise refusal from error
        finally:
            if container_id:
                self._discard(container_id)

    # -- images

    def image_ready(self, spec: LaunchSpec) -> bool:
        """The image of ``spec`` is there and not stale: ``prepare`` would build and pull nothing."""
        return self._builder.ready(spec)

    def prepare(self, spec: LaunchSpec, progress: ProgressCallback) -> ImageRef:
        """The image of ``spec``: found, pulled, or built when it is missing or its context changed."""
        return self._builder.prepare(spec, progress)

    def images(self) -> tuple[Image, ...]:
        """All images, newest first, with the number of containers that use each."""
        what = "The images cannot be listed"
        raw = self._client.rows("/images/json", what=what)
        used = Counter(row.get("ImageID") for row in self._client.rows("/containers/json", {"all": 1}, what=what))
        rows = [image_row(one, used[one["Id"]]) for one in raw]
        return tuple(sorted(rows, key=lambda row: -row.created))

    def remove_image(self, image_id: str, *, force: bool = False) -> None:
        """Remove an image that no container uses."""
        try:
            with self._client.call(timeout=PATIENT) as api:
                api.remove_image(image_id, force=force)
        except Refused as error:
            raise removal_refusal(self._image_name(image_id), error) from error

    def _image_name(self, image_id: str) -> str:
        """What a person calls the image; the beginning of its id where it has no name."""
        try:
            with self._client.call(timeout=PATIENT) as api:
                tags = api.inspect_image(image_id).get("RepoTags") or ()
        except (EngineError, Refused):
            tags = ()
        return next(map(str, tags), image_id.removeprefix("sha256:")[:12])

    # -- a container's life

    def create(self, spec: LaunchSpec, image: ImageRef) -> str:
        """Create the container, not started, and return its id; one whose GPU request was dropped is not kept."""
        config = container_config(spec, image.name or image.id, podman=self._client.podman)
        try:
            with self._client.call(timeout=PATIENT) as api:
                answer = api.create_container_from_config(config, spec.name)
        except Refused as error:
            raise start_refusal(spec.name, error, gpus=str(spec.gpus or "")) from error
        container_id = str(answer["Id"])
        try:
            check_gpus_kept(spec, self._inspect(container_id), self._product(self._client.version()))
        except BaseException:
            self._discard(container_id)
            raise
        return container_id

    def attach(self, container_id: str) -> DockerLogStream:
        """The live output of a created container, from its first byte."""
        tty = self.inspect(container_id).tty
        params = {"stream": 1, "stdout": 1, "stderr": 1}
        try:
            source = self._client.stream("POST", f"/containers/{container_id}/attach", params, timeout=PATIENT)
        except Refused as error:
            # Podman sets the container up here already, and fails here if that cannot be done.
            raise self._failed_start(container_id, error) from error
        return DockerLogStream(source, tty=tty)

    def start(self, container_id: str) -> None:
        """Start a created container; when that fails it is removed, and the error says why."""
        try:
            with self._client.call(timeout=PATIENT) as api:
                api.start(container_id)
        except Refused as error:
            raise self._failed_start(container_id, error) from error
        self._size_terminal(container_id)

    def _failed_start(self, container_id: str, error: Refused) -> EngineError:
        try:
            raw = self._inspect(container_id)
        except EngineError as gone:
            return gone
        port = taken_port(error.text)
        owner = self._port_owner(port) if port is not None else ""
        if (raw.get("State") or {}).get("Status") == "created":
            self._discard(container_id)
        gpus = "asked" if (raw.get("HostConfig") or {}).get("DeviceRequests") else ""
        return start_refusal(str(raw.get("Name") or container_id[:12]).lstrip("/"), error, owner, gpus)

    def _port_owner(self, port: int) -> str:
        with contextlib.suppress(EngineError), self._client.call("-") as api:
            for row in api.containers():
                if any(one.get("PublicPort") == port for one in row.get("Ports") or ()):
                    return f"the container {container_row(row).name}"
        return ""

    def _discard(self, container_id: str) -> None:
        """Remove a container that is of no use; that it cannot be done hides nothing of the failure before it."""
        with contextlib.suppress(EngineError):
            self.remove(container_id, force=True)

    def _size_terminal(self, container_id: str) -> None:
        with contextlib.suppress(EngineError):
            if self.inspect(container_id).tty:
                with self._client.call("-") as api:
                    api.resize(container_id, height=TTY_SIZE[1], width=TTY_SIZE[0])

    def logs(self, container_id: str, *, follow: bool = True, tail: int | None = None) -> LogStream:
        """The recorded log (all of it, or its last ``tail`` lines), then, to follow, what comes."""
        return open_log(self._client, self._inspect(container_id), follow=follow, tail=tail)

    def inspect(self, container_id: str) -> ContainerStatus:
        """The container's state now; raises ``NotFound``."""
        return container_status(self._inspect(container_id))

    def _inspect(self, container_id: str) -> dict[str, Any]:
        what = f"The container {one_line(container_id, 80)[:12]} cannot be inspected"
        return self._client.get(f"/containers/{quote(container_id, safe='')}/json", what=what)

    def find(self, run_id: str) -> ContainerStatus | None:
        """The container that carries the run's label, the newest if there are several."""
        query = {"all": 1, "filters": json.dumps({"label": [f"{LABEL_RUN}={run_id}"]})}
        rows = self._client.rows("/containers/json", query, what="The containers cannot be listed")
        try:
            return self.inspect(max(rows, key=lambda row: row.get("Created") or 0)["Id"]) if rows else None
        except NotFound:
            return None

    def stop(self, container_id: str, grace: float | None = None) -> None:
        """Ask the container to end, kill it after ``grace`` seconds (None: its own), and wait for it."""
        if grace is None:
            grace = float((self._inspect(container_id).get("Config") or {}).get("StopTimeout") or 10)
        # docker-py adds the grace to the time-out of the call.
        with self._client.call(f"The container {container_id[:12]} was not stopped", timeout=QUICK) as api:
            api.stop(container_id, timeout=math.ceil(grace))

    def kill(self, container_id: str) -> None:
        """End it at once; raises ``EngineError`` when it does not run."""
        try:
            with self._client.call() as api:
                api.kill(container_id)
        except Refused as error:
            raise self._refusal(container_id, "was not killed", error) from error

    def restart(self, container_id: str) -> None:
        """Stop it if it runs, then start it."""
        grace = float((self._inspect(container_id).get("Config") or {}).get("StopTimeout") or 10)
        try:
            with self._client.call(timeout=PATIENT) as api:
                api.restart(container_id, timeout=math.ceil(grace))
        except Refused as error:
            raise start_refusal(container_id[:12], error) from error

    def told_to_end(self, ended: ContainerStatus) -> bool:
        """Whether the engine sent it a signal before it ended; Podman does not tell (4.3)."""
        return told_to_end(self._client, ended)

    def ran_out_of_memory(self, ended: ContainerStatus) -> bool | None:
        """Whether the kernel killed in it for want of memory: by its status, else by its events."""
        return ran_out_of_memory(self._client, ended)

    def carries_output(self) -> bool:
        """Docker does; Podman leaves it to a process beside each container."""
        return not self._client.podman

    def limits(self, container_id: str) -> Limits:
        """The limits that the container has."""
        return limits_of(self._inspect(container_id))

    def change_limits(self, container_id: str, limits: Limits) -> None:
        """Change limits of a running container; Docker can, Podman's Docker-compatible API cannot."""
        raw = self._inspect(container_id)
        if not (raw.get("State") or {}).get("Running"):
            raise EngineError(f"The container {container_id[:12]} does not run: it has no limits to change.")
        try:
            self._client.post(f"/containers/{raw['Id']}/update", limits_update(raw, limits))
        except Refused as error:
            product = self._product(self._client.version())
            raise update_refusal(container_id[:12], error, limits, product) from error

    def remove(self, container_id: str, *, force: bool = False) -> None:
        """Remove an ended container with its anonymous volumes; with ``force`` a running one too."""
        if force and self._client.podman:
            # Docker kills it; Podman asks it to end and waits for its grace period first.
            with contextlib.suppress(EngineError):
                self.kill(container_id)
        try:
            with self._client.call(timeout=PATIENT) as api:
                api.remove_container(container_id, v=True, force=force)
        except Refused as error:
            if error.status != 409 or "already in progress" not in error.text:
                raise self._refusal(container_id, "was not removed", error) from error

    def _refusal(self, container_id: str, what: str, error: Refused) -> EngineError:
        if error.status == 404:
            return NotFound(f"There is no container {one_line(container_id, 80)[:12]}.")
        hint = "Stop it first, or force it." if "is running" in error.text or "running container" in error.text else ""
        return EngineError(f"The container {container_id[:12]} {what}: {error.text.rstrip('.')}.", hint)

    # -- what there is

    def containers(self) -> tuple[Container, ...]:
        """All containers, running or not, newest first."""
        rows = self._client.rows("/containers/json", {"all": 1}, what="The containers cannot be listed")
        return tuple(sorted(map(container_row, rows), key=lambda row: -row.created))

    def details(self, container_id: str) -> dict[str, Any]:
        """All that inspecting tells, values of secrets masked."""
        return masked(self._inspect(container_id))

    def events(self) -> DockerEventStream:
        """Events of containers and images from now on."""
        source = self._client.stream("GET", "/events", {"filters": FILTERS}, what="The events cannot be followed")
        return DockerEventStream(source)

    def usage(self, container_ids: Iterable[str]) -> dict[str, Usage]:
        """The newest usage of each, see ``engines.base.ReportsUsage``."""
        if self._usage is None:
            self._usage = UsageReader(self._client)
        return self._usage.read(container_ids)


def _check_mounts(spec: LaunchSpec) -> None:
    """Refuse a mount of what is not there; Podman would make an empty folder of it, owned by root."""
    for mount in spec.mounts:
        if mount.type is MountType.BIND and mount.source != spec.outputs_host and _surely_missing(mount.source):
            raise StartError(
                f"{spec.name} mounts {one_line(mount.source)}, which does not exist.",
                "Make it, or correct `volumes` of the profile.",
                125,
            )


def _surely_missing(path: str) -> bool:
    try:
        os.stat(path)
    except FileNotFoundError:
        return True
    except OSError:
        # It may not be looked at by this user; the engine may.
        return False
    return False
