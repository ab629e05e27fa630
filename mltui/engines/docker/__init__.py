"""The docker engine: Docker, Podman and whatever else answers the Docker Engine API.

``endpoint`` tells where the engine is, ``wire`` opens sockets and streams to it, ``client`` is docker-py on top of
them; ``create``, ``build``, ``streams``, ``events`` and ``usage`` each hold one part of ``engine.DockerEngine``.
Nothing here imports docker-py before an engine is asked for its first list, and where it is can be told without
loading the engine at all.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mltui.engines.docker.endpoint import Endpoint, find_endpoint

if TYPE_CHECKING:
    from mltui.engines.docker.engine import DockerEngine

__all__ = ["DockerEngine", "Endpoint", "find_endpoint"]


def __getattr__(name: str) -> object:
    if name != "DockerEngine":
        raise AttributeError(name)
    from mltui.engines.docker.engine import DockerEngine

    return DockerEngine
