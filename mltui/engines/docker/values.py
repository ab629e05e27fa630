"""The engine's answers as domain values."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from mltui.domain.container import Container, ContainerStatus
from mltui.domain.image import Image
from mltui.domain.run import LABEL_RUN, OUTPUTS_VARIABLE
from mltui.domain.text import one_line


def seconds(text: object) -> float | None:
    """A time of the engine (RFC 3339, up to nanoseconds) as seconds since 1970; ``None`` for its zero, year 1."""
    try:
        time = datetime.fromisoformat(str(text))
        return time.timestamp() if time.year > 1 else None
    except (ValueError, OverflowError):
        return None


def container_row(raw: Mapping[str, Any]) -> Container:
    """One entry of the list of containers."""
    labels = {str(k): str(v) for k, v in (raw.get("Labels") or {}).items()}
    names = raw.get("Names") or [""]
    return Container(
        id=str(raw["Id"]),
        name=one_line(str(names[0]).lstrip("/")),
        image=one_line(str(raw.get("Image") or "")),
        state=one_line(str(raw.get("State") or "")).lower(),
        status=one_line(str(raw.get("Status") or "")),
        created=float(raw.get("Created") or 0),
        ports=ports(raw.get("Ports") or ()),
        labels=labels,
        run_id=labels.get(LABEL_RUN, ""),
    )


def ports(raw: Iterable[Mapping[str, Any]]) -> tuple[str, ...]:
    """Published ports as ``docker ps`` shows them, ``127.0.0.1:8888->8888/tcp``, the inner ones without an arrow."""
    shown: dict[str, None] = {}
    for port in raw:
        inner = f"{port.get('PrivatePort')}/{port.get('Type', 'tcp')}"
        outer = port.get("PublicPort")
        host = str(port.get("IP") or "")
        shown[f"{f'[{host}]' if ':' in host else host}:{outer}->{inner}" if outer else inner] = None
    return tuple(map(one_line, shown))


def container_status(raw: Mapping[str, Any]) -> ContainerStatus:
    """What inspecting one container told."""
    state, config = raw.get("State") or {}, raw.get("Config") or {}
    name = str(state.get("Status") or "").lower()
    ended = name in ("exited", "dead", "stopped")
    return ContainerStatus(
        id=str(raw["Id"]),
        name=one_line(str(raw.get("Name") or "").lstrip("/")),
        state="exited" if name == "stopped" else name,
        exit_code=int(state.get("ExitCode") or 0) if ended else None,
        oom_killed=bool(state.get("OOMKilled")),
        error=one_line(str(state.get("Error") or ""), 1000),
        started=seconds(state.get("StartedAt")),
        finished=seconds(state.get("FinishedAt")) if ended else None,
        image=one_line(str(config.get("Image") or "")),
        image_id=str(raw.get("Image") or ""),
        tty=bool(config.get("Tty")),
        labels={str(k): str(v) for k, v in (config.get("Labels") or {}).items()},
        outputs=_outputs(raw),
    )


def _outputs(raw: Mapping[str, Any]) -> str:
    """Where the outputs of an inspected container are, outside of it."""
    variables = dict(str(one).split("=", 1) for one in (raw.get("Config") or {}).get("Env") or () if "=" in str(one))
    for mount in raw.get("Mounts") or ():
        if mount.get("Destination") == variables.get(OUTPUTS_VARIABLE):
            return str(mount.get("Source") or "")
    return ""


def log_rotates(raw: Mapping[str, Any]) -> bool:
    """The log of an inspected container forgets its oldest lines when it grows."""
    config = (raw.get("HostConfig") or {}).get("LogConfig") or {}
    return config.get("Type") == "local" or "max-size" in (config.get("Config") or {})


def image_row(raw: Mapping[str, Any], containers: int | None) -> Image:
    """One entry of the list of images."""
    tags = [tag for tag in raw.get("RepoTags") or () if tag != "<none>:<none>"]
    return Image(
        id=str(raw["Id"]),
        tags=tuple(map(one_line, tags)),
        size=int(raw.get("Size") or 0),
        created=float(raw.get("Created") or 0),
        containers=containers,
    )
