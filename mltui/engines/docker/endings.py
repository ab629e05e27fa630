"""What the engine's events say of the end of a container beyond its status."""

from __future__ import annotations

import contextlib
import json
import signal
import time
from collections.abc import Iterator

from mltui.domain.container import ContainerStatus
from mltui.engines.base import EngineEvent
from mltui.engines.docker.client import DockerClient
from mltui.engines.docker.events import DockerEventStream

#: So long is waited for the engine's word of the signal that ended a container, which may come just after what the
#: signal brought about, and for the kernel's report that its memory had run out, which comes by a way of its own.
_SIGNAL_SAID_S, _MEMORY_SAID_S = 0.2, 1.0
#: The clocks of the two machines may differ: an engine is not taken to be further behind than this.
_BEHIND_S = 10.0
_KILLED = 128 + signal.SIGKILL


def told_to_end(client: DockerClient, ended: ContainerStatus) -> bool:
    """Whether the engine sent it a signal before it ended; Podman does not tell (4.3)."""
    return any(True for _ in _events(client, ended, ("kill",), _SIGNAL_SAID_S))


def ran_out_of_memory(client: DockerClient, ended: ContainerStatus) -> bool | None:
    """See ``engines.base.TellsOutOfMemory``.

    Docker (20.10) leaves the status as it is when the kernel's report comes after the end, and tells it as an event
    alone; containerd drops a report that it comes to when the control group has gone. Podman (4.3) does not tell.
    """
    if ended.oom_killed or client.podman or ended.finished is None:
        return ended.oom_killed or None
    killed = ended.exit_code == _KILLED
    # A busy engine is behind: what it is to say now still has to come.
    behind = min(max(0.0, time.time() - ended.finished), _BEHIND_S)
    late = behind + (_MEMORY_SAID_S if killed else _SIGNAL_SAID_S)
    for event in _events(client, ended, ("oom", "kill"), late):
        if event.action == "oom":
            return True
        if killed and event.attributes.get("signal") == str(int(signal.SIGKILL)):
            return False
    return None if killed else False


def _events(
    client: DockerClient, ended: ContainerStatus, actions: tuple[str, ...], late: float
) -> Iterator[EngineEvent]:
    """These events of an ended container, as they come, up to ``late`` seconds after its end."""
    if ended.started is None or ended.finished is None:
        return
    # By the engine's clock.
    params = {
        "since": f"{ended.started:.6f}",
        "until": f"{ended.finished + late:.6f}",
        "filters": json.dumps({"container": [ended.id], "event": actions}),
    }
    source = client.stream("GET", "/events", params, what="The events cannot be read", endless=False)
    with contextlib.closing(DockerEventStream(source)) as events:
        yield from (event for event in events if event.id == ended.id and event.action in actions)
