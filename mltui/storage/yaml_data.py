"""Changes of plain data by key path: what an edit of a text has to come out as."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from mltui.domain.errors import EditError
from mltui.domain.section import as_text
from mltui.domain.text import one_line
from mltui.storage.yaml_nodes import KeyPath


class _Missing:
    def __repr__(self) -> str:
        return "MISSING"


#: Stands for a value that is not there.
MISSING = _Missing()


def plain(value: object) -> Any:  # noqa: ANN401 - any YAML value
    """A value as dictionaries, lists and scalars, owned by nobody else."""
    if isinstance(value, Mapping):
        return {str(key): plain(inner) for key, inner in value.items()}
    return [plain(inner) for inner in value] if isinstance(value, list | tuple) else value


def same(one: object, other: object) -> bool:
    """Both are the same value of one kind: 1 is neither ``True`` nor 1.0; a NaN is a NaN; order of keys is free."""
    if one is other:
        return True
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(same(value, other[key]) for key, value in one.items())
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same, one, other))
    if _kind(one) is not _kind(other):
        return False
    return one == other or (one != one and other != other)


def _kind(value: object) -> type:
    kinds: tuple[type, ...] = (bool, int, float, str)
    return next((kind for kind in kinds if isinstance(value, kind)), type(value))


def common(one: list[Any], other: list[Any]) -> int:
    """Of how many values at their beginning two lists agree."""
    count = 0
    for left, right in zip(one, other, strict=False):
        if not same(left, right):
            break
        count += 1
    return count


def pair_index(items: list[Any], name: str) -> int | None:
    """Where ``NAME=value`` or ``NAME`` stands in a list."""
    return next((i for i, item in enumerate(items) if str(as_text(item)).partition("=")[0] == name), None)


def pair_text(name: str, value: object) -> str:
    """A variable as an item of a list: ``NAME=value``, or the name alone. Raises ``EditError`` where that cannot be."""
    if isinstance(value, dict | list):
        raise EditError(f"{one_line(name, 60)} stands in a list of NAME=value, which holds no lists or mappings.")
    return name if value is None else f"{name}={as_text(value)}"


def at(data: object, path: KeyPath) -> Any:  # noqa: ANN401 - any YAML value
    """The value at ``path``, or ``MISSING``."""
    for part in path:
        data = _child(data, part)
    return data


def _child(data: object, part: str | int) -> object:
    if isinstance(data, dict):
        return data.get(str(part), MISSING)
    if not isinstance(data, list):
        return MISSING
    if isinstance(part, int):
        return data[part] if 0 <= part < len(data) else MISSING
    index = pair_index(data, part)
    if index is None or not isinstance(data[index], str):
        return MISSING
    _, equals, value = data[index].partition("=")
    return value if equals else None


def with_value(data: Any, path: KeyPath, value: object) -> Any:  # noqa: ANN401
    """``data`` with ``value`` at ``path``, parents made where there are none. Raises ``EditError``."""
    if not path:
        return value
    return _changed(data, path[0], lambda inner: with_value(inner, path[1:], value), path)


def without(data: Any, path: KeyPath) -> Any:  # noqa: ANN401
    """``data`` without what is at ``path``. Raises ``EditError``."""
    if not path or at(data, path) is MISSING:
        raise EditError(f"There is no {_name(path)} to remove.")
    if len(path) > 1:
        return _changed(data, path[0], lambda inner: without(inner, path[1:]), path)
    if isinstance(data, dict):
        return {key: value for key, value in data.items() if key != str(path[0])}
    index = _index(data, path[0])
    return [*data[:index], *data[index + 1 :]]


def renamed(data: Any, path: KeyPath, key: str) -> Any:  # noqa: ANN401
    """``data`` with the key at the end of ``path`` called ``key``. Raises ``EditError``."""
    if not path or at(data, path) is MISSING:
        raise EditError(f"There is no {_name(path)} to rename.")
    parent, old = at(data, path[:-1]), path[-1]
    if isinstance(parent, list) and isinstance(old, int):
        raise EditError(f"{_name(path)} is an item of a list, which has no key.")
    if str(old) != key and _child(parent, key) is not MISSING:
        raise EditError(f"There is a {one_line(key, 60)} already.", "Choose another name.")
    if isinstance(parent, list):
        items = list(parent)
        items[_index(parent, old)] = pair_text(key, at(parent, (old,)))
        return with_value(data, path[:-1], items)
    mapping = {key if name == str(old) else name: value for name, value in parent.items()}
    return with_value(data, path[:-1], mapping)


def _index(items: list[Any], part: str | int) -> int:
    index = part if isinstance(part, int) else pair_index(items, part)
    return len(items) if index is None else index


def _changed(data: Any, part: str | int, change: Callable[[Any], Any], path: KeyPath) -> Any:  # noqa: ANN401
    """``data`` with the child ``part`` changed; nothing is as good as an empty mapping."""
    if data is None or data is MISSING:
        data = {}
    if isinstance(data, dict):
        return data | {str(part): change(data.get(str(part), MISSING))}
    if not isinstance(data, list):
        raise EditError(f"{_name(path)} has no place: there is a single value where it would stand.")
    index = _index(data, part)
    if isinstance(part, int):
        if not 0 <= index < len(data):
            raise EditError(f"There is no item {index} to change.")
        new = change(data[index])
    else:
        if len(path) > 1:
            raise EditError(f"{_name(path)} has no place: its parent is one of a list of NAME=value.")
        new = pair_text(part, change(MISSING))
    return [*data[:index], new, *data[index + 1 :]]


def _name(path: KeyPath) -> str:
    return one_line(".".join(map(str, path)), 80) or "profile"
