"""The engine's events, as they happen."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from mltui.domain.text import one_line
from mltui.engines.base import EngineEvent
from mltui.engines.docker.wire import EngineStream

#: Kinds that change what the screen lists.
FILTERS = json.dumps({"type": ["container", "image"]})
_PODMAN = {"died": "die", "remove": "destroy"}


class DockerEventStream:
    """An open stream of events; see ``engines.base.EventStream``."""

    def __init__(self, source: EngineStream) -> None:
        self._source = source

    def __iter__(self) -> Iterator[EngineEvent]:
        for line in self._source.lines():
            event = parse_event(line)
            if event:
                yield event

    def close(self) -> None:
        """End the iteration, from any thread."""
        self._source.close()


def parse_event(line: bytes) -> EngineEvent | None:
    """One line of the stream; ``None`` for one that says nothing of a container or an image.

    Podman's own words come out as Docker's: ``died`` and ``remove`` of a container, ``containerExitCode``.
    """
    try:
        raw = json.loads(line)
    except ValueError:
        return None
    if not isinstance(raw, dict) or raw.get("Type") not in ("container", "image"):
        return None
    actor: dict[str, Any] = raw.get("Actor") or {}
    attributes = {str(k): str(v) for k, v in (actor.get("Attributes") or {}).items()}
    if "containerExitCode" in attributes:
        attributes.setdefault("exitCode", attributes["containerExitCode"])
    time = float(raw.get("timeNano") or 0) / 1e9 or float(raw.get("time") or 0)
    action = one_line(str(raw.get("Action") or raw.get("status") or ""))
    if raw["Type"] == "container":
        action = _PODMAN.get(action, action)
    return EngineEvent(time, str(raw["Type"]), action, str(actor.get("ID") or raw.get("id") or ""), attributes)
