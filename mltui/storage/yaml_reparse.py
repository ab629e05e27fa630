"""A text that was changed in one place, parsed again there alone: the rest is taken from what was known before.

The entries of a block mapping stand for themselves: from the line of a key to the line of the next one, YAML reads the
same wherever they stand, as long as no anchor, alias, directive or error is involved. So the smallest such entry that
holds a change is parsed, and put among its neighbours; the objects of all others stay the very same ones, by which
those who look at them know that nothing changed. Whatever is in doubt is not parsed here.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any, NamedTuple

import yaml

from mltui.domain.text import splice_between
from mltui.storage.yaml_nodes import Node, Position, Source, plain
from mltui.storage.yaml_source import MAX_VALUES, PROFILE, Composer, FileKind, Refused

#: An entry of more lines or characters is not tried: the whole text would hardly take longer.
_MOST_LINES = 100
_MOST_CHARACTERS = 4096
#: What YAML takes for a line's end besides ``\n`` and ``\r\n``, and a mark that is one at a text's beginning alone.
_ODD = ("\x85", "\u2028", "\u2029", "\ufeff")
#: Not what people write, or text at all; and keys written with ``?``, whose places depend on what follows.
_DOUBTFUL = re.compile(
    "[^\x09\x0a\x0d\x20-\x7e\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]|(?:^|[\\s,\\[{-])\\?(?:\\s|$)"
)


class _Entry(NamedTuple):
    """An entry of a block mapping and the lines (from 0) it stands in."""

    path: tuple[str, ...]
    mapping: Node
    first: int
    behind: int
    column: int


def parse_again(before: Source, text: str, kind: FileKind = PROFILE) -> Source | None:
    """What ``parse_source(text)`` gives, made of ``before``, the sound source of a text that differs in one place.

    ``None`` where it cannot be had so, which says nothing about the text.
    """
    if before.root is None or before.problems or before.bases or not (_plain(text) and _plain(before.text)):
        return None
    old, new = before.text.split("\n"), text.split("\n")
    first, behind = _changed_lines(before.text, text)
    for entry in reversed(_entries(before.root, old, first, behind)):
        long = entry.behind - entry.first > _MOST_LINES
        if long or sum(map(len, old[entry.first : entry.behind])) > _MOST_CHARACTERS:
            return None
        found = _parsed_entry(before, entry, new, len(new) - len(old), kind)
        if found is not None:
            return replace(before, root=found[0], data=found[1], text=text)
    return None


def _plain(text: str) -> bool:
    """Its lines are the same for YAML as for us."""
    return text.count("\r") == text.count("\r\n") and not any(odd in text for odd in _ODD)


def _changed_lines(old: str, new: str) -> tuple[int, int]:
    """The lines of ``old`` (from 0) that are not in ``new``: from, to; of an insertion the line it stands behind."""
    start, end, written = splice_between(old, new)
    first = old.count("\n", 0, start)
    # Where what is the same begins with a line, that line is not one of those that changed.
    whole = old[:end].endswith("\n") and new[: start + len(written)].endswith("\n")
    behind = old.count("\n", 0, end) + (not whole)
    return (first, behind) if behind > first else (first - 1, first)


def _entries(root: Node, lines: list[str], first: int, behind: int) -> list[_Entry]:
    """The entries that hold the lines, from the outermost to the innermost."""
    found: list[_Entry] = []
    path: tuple[str, ...] = ()
    node, end = root, len(lines)
    while node.apart and node.value:
        places = [(line - 1, column - 1, key) for key, (line, column) in node.keys.items()]
        at = next((i for i in range(len(places) - 1, -1, -1) if places[i][0] <= first), None)
        if at is None:
            break
        start, column, key = places[at]
        end = places[at + 1][0] if at + 1 < len(places) else end
        if end < behind or not all(_begins(lines, line, column) for line, column, _ in places[at : at + 2]):
            break
        path = (*path, key)
        found.append(_Entry(path, node, start, end, column))
        node = node.value[key]
    return found


def _begins(lines: list[str], line: int, column: int) -> bool:
    """Nothing stands before a key in its line."""
    return not lines[line][:column].strip(" ")


def _parsed_entry(
    before: Source, entry: _Entry, lines: list[str], more: int, kind: FileKind
) -> tuple[Node, dict[str, Any]] | None:
    """Root and data with the entry as it is in ``lines`` now, ``more`` lines of them than before."""
    *path, key = entry.path
    old = entry.mapping.value[key]
    part = lines[entry.first : entry.behind + more]
    text = "\n".join(part) + ("\n" if entry.behind + more < len(lines) else "")
    if old.tied or _DOUBTFUL.search(text):
        return None
    composer = Composer(text, before.file, kind, entry.first)
    try:
        found = composer.document(tuple(path))
    except (Refused, yaml.YAMLError):
        return None
    if found is None or composer.problems or composer.explicit or not _fits(found, entry, part):
        return None
    if any(name != key and name in entry.mapping.value for name in found.value):
        return None
    assert before.root is not None
    growth = sum(node.size for node in found.value.values()) - old.size
    if before.root.size + growth > MAX_VALUES:
        return None
    root = _node_with(before.root, entry.path, found, growth, more)
    return None if root is None else (root, _data_with(before.data, entry.path, plain(found)))


def _fits(found: Node, entry: _Entry, part: list[str]) -> bool:
    """What was parsed is entries like the one before: of a block mapping in the same column, from the first line on."""
    if not isinstance(found.value, dict) or not found.apart or found.tied or found.mark:
        return False
    places = [(line - 1 - entry.first, column - 1) for line, column in found.keys.values()]
    return bool(places) and places[0][0] == 0 and all(
        column == entry.column and _begins(part, line, column) for line, column in places
    )  # fmt: skip


def _node_with(node: Node, path: tuple[str, ...], found: Node, growth: int, more: int) -> Node | None:
    """``node`` with the entries of ``found`` in the place of the one at ``path``, and ``growth`` more values.

    What stands behind it is ``more`` lines further down; ``None`` where that cannot be said of all of it.
    """
    key, *rest = path
    inner = _node_with(node.value[key], tuple(rest), found, growth, more) if rest else found
    if inner is None:
        return None
    value: dict[str, Node] = {}
    keys: dict[str, Position] = {}
    behind = False
    for name, old in node.value.items():
        line, column = node.keys[name]
        if name == key:
            value |= {key: inner} if rest else found.value
            keys |= {key: (line, column)} if rest else found.keys
            behind = True
        elif not behind or not more:
            value[name], keys[name] = old, (line, column)
        elif old.tied:
            return None
        else:
            value[name], keys[name] = _moved(old, more), (line + more, column)
    return replace(node, value=value, keys=keys, size=node.size + growth)


def _moved(node: Node, lines: int) -> Node:
    """``node`` and all in it, so many lines further down."""
    value = node.value
    if isinstance(value, dict):
        value = {key: _moved(inner, lines) for key, inner in value.items()}
    elif isinstance(value, list):
        value = [_moved(inner, lines) for inner in value]
    keys = {key: (line + lines, column) for key, (line, column) in node.keys.items()} if node.keys else node.keys
    line, column = node.position
    return Node((line + lines, column), value, keys, node.size, node.file, node.mark, node.apart, node.tied)


def _data_with(data: dict[str, Any], path: tuple[str, ...], values: dict[str, Any]) -> dict[str, Any]:
    """The data with ``values`` in the place of what is at ``path``; all else is the same object as before."""
    key, *rest = path
    if rest:
        return data | {key: _data_with(data[key], tuple(rest), values)}
    whole: dict[str, Any] = {}
    for name, old in data.items():
        if name == key:
            whole |= values
        else:
            whole[name] = old
    return whole
