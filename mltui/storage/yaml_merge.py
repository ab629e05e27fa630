"""One YAML tree put over another as Compose does it, every value keeping the file and line it stands in.

The rules are those of the Compose specification, "Merge and override": mappings are merged, lists are appended,
commands are replaced, volumes with one target and ports with one place replace each other, ``!reset`` takes away and
``!override`` replaces. Where a short and a long form meet, the short one is read as the long one it stands for.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

from pydantic import ValidationError

from mltui.domain.compose import PortEntry, TmpfsEntry, VolumeEntry
from mltui.domain.interpolation import InterpolationError, interpolate, split_parts
from mltui.domain.schema import Kind, SchemaField, profile_schema
from mltui.domain.section import as_text
from mltui.storage.yaml_nodes import KeyPath, Node, plain

#: Lists that say one thing together: a command, and the one request for GPUs that a container makes.
_WHOLE = frozenset({
    ("command",), ("entrypoint",), ("gpus",), ("deploy", "resources", "reservations", "devices")
})  # fmt: skip
#: A variable at the beginning whose default is a relative path.
_DEFAULT = re.compile(r"(\$\{\w+:?-)(\.[^${}]*)")
_EXTENSION = re.compile(r"x-")


def merge(base: Node, over: Node, path: KeyPath = ()) -> Node:
    """``over`` put over ``base``, both at ``path`` of a profile."""
    field = profile_schema().at(*path)
    if over.mark or path in _WHOLE or (path and _EXTENSION.match(str(path[0]))):
        return without_marks(over)
    base, over = _alike(base, over, path, field)
    if isinstance(base.value, dict) and isinstance(over.value, dict):
        return _merged_mappings(base, over, path)
    if isinstance(base.value, list) and isinstance(over.value, list):
        return replace(over, value=_appended(base.value, over.value, path))
    return without_marks(over)


def without_marks(node: Node) -> Node:
    """``node`` without the values that are reset in it: there is nothing below them."""
    if isinstance(node.value, dict):
        kept = {key: without_marks(value) for key, value in node.value.items() if value.mark != "reset"}
        return replace(node, value=kept, mark="")
    if isinstance(node.value, list):
        return replace(node, value=[without_marks(item) for item in node.value if item.mark != "reset"], mark="")
    return replace(node, mark="") if node.mark else node


def _merged_mappings(base: Node, over: Node, path: KeyPath) -> Node:
    if path == ("logging",) and _text(over, "driver") and _text(over, "driver") != _text(base, "driver"):
        # Options of one driver are nothing to another.
        return without_marks(over)
    value = dict(base.value)
    for key, node in over.value.items():
        if node.mark == "reset":
            value.pop(key, None)
        elif key in base.value and node.value is not None:
            value[key] = merge(base.value[key], node, (*path, key))
        elif key not in base.value or _means_nothing(path):
            value[key] = without_marks(node)
    return replace(over, value=value, keys=base.keys | over.keys)


def _means_nothing(path: KeyPath) -> bool:
    """A name without a value says something there: the caller's value. Elsewhere it is as good as absent."""
    field = profile_schema().at(*path)
    return bool(field and field.item and field.item.nullable)


def _text(node: Node, key: str) -> str:
    return str(node.value[key].value) if key in node.value else ""


def _alike(base: Node, over: Node, path: KeyPath, field: SchemaField | None) -> tuple[Node, Node]:
    """Both in the form in which they can be put together."""
    # The long form's key that the short form is the value of.
    long = "context" if path == ("build",) else "default" if len(path) == 2 and path[0] == "params" else ""
    if long and isinstance(base.value, dict) != isinstance(over.value, dict):
        return _long(base, long), _long(over, long)
    if field is None:
        return base, over
    if field.kind is Kind.MAP and field.forms:
        return _as_map(base), _as_map(over)
    if field.kind is Kind.LIST and field.forms:
        return _as_list(base, field), _as_list(over, field)
    return base, over


def _long(node: Node, key: str) -> Node:
    if isinstance(node.value, dict):
        return node
    return replace(node, value={key: node}, keys={key: node.position})


def _as_map(node: Node) -> Node:
    """``[NAME=value, NAME]`` as the mapping it stands for."""
    if not isinstance(node.value, list):
        return node
    value: dict[str, Node] = {}
    for item in node.value:
        name, equals, text = str(as_text(item.value)).partition("=")
        value[name] = replace(item, value=text if equals else None)
    return replace(node, value=value, keys={name: item.position for name, item in value.items()})


def _as_list(node: Node, field: SchemaField) -> Node:
    """One entry as a list of one; ``NAME: ADDRESS`` as lines of a list."""
    if isinstance(node.value, list) or node.value is None:
        return node
    if isinstance(node.value, dict) and any(form.kind is Kind.MAP for form in field.forms):
        pairs = [(k, one) for k, v in node.value.items() for one in (v.value if isinstance(v.value, list) else [v])]
        return replace(node, value=[replace(one, value=f"{k}:{as_text(one.value)}") for k, one in pairs])
    return replace(node, value=[node])


def _appended(base: Iterable[Node], over: Iterable[Node], path: KeyPath) -> list[Node]:
    """Both lists, the second behind the first; an entry whose place in the container is taken replaces what has it."""
    found: dict[object, Node] = {}
    for index, node in enumerate((*base, *over)):
        key = _unique(plain(node), path)
        found[index if key is None else key] = without_marks(node)
    return list(found.values())


def _unique(value: Any, path: KeyPath) -> object:  # noqa: ANN401 - any YAML value
    """What an entry is the only one with in its list; ``None`` where it may stand there as often as it likes."""
    identify = _IDENTITIES.get(path[0] if len(path) == 1 else "")
    if identify is None:
        return as_text(value) if isinstance(value, str | int | float) else None
    try:
        return identify(_filled(value))
    except (ValidationError, InterpolationError):
        return None


def _filled(value: Any) -> Any:  # noqa: ANN401
    """A value with its variables replaced by their names, which hold none of the signs that split a short form."""
    return interpolate(value, lambda name: f"/{name}") if isinstance(value, str) else value


def _port(value: object) -> object:
    entry = PortEntry.model_validate(value)
    return entry.host_ip, entry.published, entry.target, entry.protocol


_IDENTITIES: dict[str | int, Callable[[Any], object]] = {
    "volumes": lambda value: VolumeEntry.model_validate(value).target.rstrip("/"),
    "tmpfs": lambda value: TmpfsEntry.model_validate(value).target.rstrip("/"),
    "ports": _port,
}


def moved(node: Node, source: str, target: str, path: KeyPath = ()) -> Node:
    """``node`` of a file in the folder ``source`` with its relative paths as they are from the folder ``target``.

    The value of a variable at the beginning of a path stays as it is; its default is moved.
    """
    if isinstance(node.value, dict):
        return replace(node, value={k: moved(v, source, target, (*path, k)) for k, v in node.value.items()})
    if isinstance(node.value, list):
        items = [moved(item, source, target, (*path, i)) for i, item in enumerate(node.value)]
        return replace(node, value=items)
    if not isinstance(node.value, str):
        return node
    return replace(node, value=_moved_text(node.value, path, lambda text: _relative(text, source, target)))


def _moved_text(text: str, path: KeyPath, move: Callable[[str], str]) -> str:
    field = profile_schema().at(*path)
    if path[:1] == ("volumes",):
        start, *rest = split_parts(text) if len(path) == 2 else [text]
        is_source = len(path) == 2 or path[2:] == ("source",)
        # What starts with no dot is a volume's name.
        is_path = start.startswith(".") or _DEFAULT.match(start)
        return ":".join([move(start), *rest]) if is_source and is_path else text
    if path[:1] == ("security_opt",):
        name, sign, value = re.fullmatch(r"(seccomp)([=:])(.*)|.*", text, re.DOTALL).groups("")  # type: ignore[union-attr]  # it matches any text
        return name + sign + move(value) if value and value not in ("unconfined", "builtin") else text
    kinds = {shape.kind for shape in (field, *field.forms)} if field else set()
    return move(text) if Kind.PATH in kinds and "://" not in text and not text.startswith("git@") else text


def _relative(text: str, source: str, target: str) -> str:
    if found := _DEFAULT.match(text):
        return found[1] + _relative(found[2], source, target) + text[found.end() :]
    if not text or text.startswith(("/", "~", "$", "{")):
        return text
    path = os.path.relpath(os.path.join(source, text), target)
    return path if path.startswith(".") else f"./{path}"
