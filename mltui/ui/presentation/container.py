"""Containers as lines."""

from __future__ import annotations

from typing import NamedTuple

from mltui.domain.container import Container, Usage
from mltui.domain.figures import format_bytes, format_percent
from mltui.domain.text import one_line
from mltui.ui.widgets.lines import Line, Span, spread

_SIGNS = {
    "running": ("●", "primary"),
    "paused": ("◫", "warn"),
    "restarting": ("◐", "warn"),
    "created": ("○", "dim"),
    "exited": ("◌", "dim"),
    "dead": ("✗", "error"),
    "removing": ("◌", "dim"),
}
_WIDE = 70


class ContainerRow(NamedTuple):
    """A container with what it uses now."""

    container: Container
    cpu: str
    memory: str
    gpu: str = ""
    """What it holds of GPUs."""


def container_row(container: Container, usage: Usage | None, gpu: str = "") -> ContainerRow:
    """A row of the list; figures are rounded here, so that a row that looks the same is the same."""
    if usage is None or not container.running:
        return ContainerRow(container, "", "")
    cpu = format_percent(usage.cpu) if usage.cpu is not None else "–"
    return ContainerRow(container, cpu, format_bytes(usage.memory), gpu)


def container_line(row: ContainerRow, width: int) -> Line:
    """A row of the containers list."""
    container = row.container
    sign, role = _SIGNS.get(container.state, ("·", "dim"))
    name_role = "text" if container.running else "dim"
    left: list[Span] = [(f"{sign} ", role), (one_line(container.name, 80), name_role)]
    right: list[Span] = [(row.cpu, "primary")] if row.cpu else []
    if width >= 34 and row.cpu:
        right = [(f"{row.cpu:>6} ", "primary"), (f"{row.memory:>9}", "dim")]
        gpu = row.gpu if width >= _WIDE else " ".join(row.gpu.split()[:2])
        right = [(f"{gpu} ", "ok"), *right] if gpu else right
    if width >= _WIDE:
        left.append((f"  {one_line(container.image, 60)}", "dim"))
        said = container.state if container.running else container.status
        right = [(f"{one_line(said, 30)}  ", "dim"), *right]
    return spread(left, right, width)


def container_text(row: ContainerRow) -> str:
    """What a filter looks at."""
    container = row.container
    return f"{container.name} {container.image} {container.state} {container.id[:12]} {container.run_id}"


def container_headline(container: Container, width: int) -> list[Line]:
    """The lines above the log of a container that is no run."""
    left: list[Span] = [
        (container.state, "primary" if container.running else "dim"),
        (f"  {one_line(container.name, 80)}", "strong"),
        (f"  {container.id[:12]}", "dim"),
    ]
    ports: list[Span] = [("  " + ", ".join(container.ports), "alt")] if container.ports else []
    # What the engine says of a running one ("Up 2 seconds") is as old as the list.
    image, status = one_line(container.image, 80), "" if container.running else one_line(container.status, 60)
    second: list[Span] = [(image, "dim"), (f"  {status}", "dim"), *ports]
    return [spread(left, [("not started by mltui", "dim")], width), second]
