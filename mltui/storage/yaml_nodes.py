"""What a YAML text says, each value with its place."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mltui.domain.errors import Problem

KeyPath = tuple[str | int, ...]
Position = tuple[int, int]


@dataclass(eq=False, slots=True)
class Node:
    """A value with its place."""

    position: Position
    value: Any
    """A scalar, a list of nodes, or a mapping of keys to nodes."""
    keys: dict[str, Position] = field(default_factory=dict)
    size: int = 1
    """Values in it, itself included, aliases expanded."""
    file: str = ""
    """The file it stands in; empty: the source's own."""
    mark: str = ""
    """``reset`` or ``override``, Compose's tags for a value that replaces an inherited one."""
    apart: bool = False
    """A mapping whose entries are lines of their own and stand for themselves: in block style, without an anchor,
    without ``<<``, without a key written twice, in a text without directives."""
    tied: bool = False
    """It, or something in it, has an anchor or is an alias: it says something in another place too."""


@dataclass(frozen=True, slots=True)
class Source:
    """What a YAML file says: plain data, where each value stands, and what is wrong with the file as YAML."""

    file: str
    data: Any = None
    problems: tuple[Problem, ...] = ()
    root: Node | None = None
    text: str = ""
    nothing: bool = False
    """The text is sound and holds no value: it is empty, or comments only."""
    bases: tuple[Path, ...] = ()
    """The files that it extends, the nearest first."""

    def place(self, path: KeyPath, key: bool = False) -> Position:
        """Line and column (from 1) of the value at ``path``, or of its key; of the nearest parent where it has none."""
        return self.where(path, key)[1:]

    def where(self, path: KeyPath, key: bool = False) -> tuple[str, int, int]:
        """File, line and column of the value at ``path``, or of its key; of the nearest parent where it has none."""
        node, position = self.root, self.root.position if self.root else (1, 1)
        file = node.file if node else ""
        for part in path:
            if node is None:
                break
            position = node.keys.get(str(part), node.position) if key else position
            node = _child(node, part)
            position = node.position if node and not (key and part == path[-1]) else position
            file = node.file if node else file
        return (file or self.file, *position)


def _child(node: Node, part: str | int) -> Node | None:
    """The node of a key or an index; a name finds its ``NAME=value`` in a list."""
    value = node.value
    if isinstance(value, dict):
        return value.get(str(part))
    if not isinstance(value, list):
        return None
    if isinstance(part, str):
        return next((item for item in value if str(item.value).partition("=")[0] == part), None)
    return value[part] if part < len(value) else None


def plain(node: Node) -> Any:  # noqa: ANN401 - any YAML value
    """The value of ``node`` without places."""
    if isinstance(node.value, dict):
        return {key: plain(value) for key, value in node.value.items()}
    return [plain(value) for value in node.value] if isinstance(node.value, list) else node.value
