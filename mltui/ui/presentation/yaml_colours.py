"""Colours of YAML, line by line: keys, texts, numbers, comments, and what is filled in at the launch.

A few regular expressions rather than a parser: a line that is being typed is broken most of the time, and a grammar
for one file format would be the app's largest dependency.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

#: From, to, role.
Coloured = tuple[int, int, str]

_TOKEN = re.compile(
    r"""(?P<comment>(?:^|(?<=\s))\#.*)"""
    r"""|(?P<quoted>"(?:[^"\\]|\\.)*"?|'(?:[^']|'')*'?)(?P<colon>\s*:(?=\s|$))?"""
    r"""|(?P<anchor>[&*](?=\S)[^\s,\]}]+)|(?P<tag>![^\s,\]}]*)"""
    r"""|(?P<key>[^\s,\[\]{}#&*!|>'"%@`:?-][^,\[\]{}#:]*?|-[^\s,\[\]{}#:][^,\[\]{}#:]*?)(?=\s*:(?:\s|$))"""
    r"""|(?P<block>[|>][+-]?\d?(?=\s*(?:\#|$)))"""
    r"""|(?P<sign>[\[\]{},:?]|-(?=\s|$))"""
    r"""|(?P<plain>(?:\$\{[^}]*\}|[^\s,\[\]{}])(?:\$\{[^}]*\}|[^,\[\]{}])*?(?=\s+\#|:(?:\s|$)|[,\[\]{}]|\s*$))"""
)
_INSERTED = re.compile(r"\$\$|\$\{[^}]*\}?|\$[A-Za-z_]\w*")
_ROLES = {
    "comment": "dim", "quoted": "ok", "anchor": "alt", "tag": "alt", "key": "primary", "block": "alt", "sign": "dim",
}  # fmt: skip
_WORDS = re.compile(r"[-+]?(\.?\d[\d.]*([eE][-+]?\d+)?|\.inf|\.nan)|true|false|null|~|True|False")
_BLOCK_HEAD = re.compile(r"(?:^|[\s:-])[|>][+-]?\d?[+-]?\s*(?:#.*)?$")


def colours(line: str, in_block: bool = False) -> list[Coloured]:
    """The coloured parts of a line; ``in_block``: it is text of a block scalar."""
    if in_block:
        return [(0, len(line), "ok"), *_inserted(line, 0)]
    found: list[Coloured] = []
    for token in _TOKEN.finditer(line):
        kind = token.lastgroup or ""
        start, end = token.span()
        if token["quoted"] is not None:
            role = "primary" if token["colon"] else "ok"
            found.append((start, token.end("quoted"), role))
        elif kind == "plain":
            found.append((start, end, "accent" if _WORDS.fullmatch(token[0].strip()) else "text"))
        else:
            found.append((start, end, _ROLES[kind]))
        if kind != "comment":
            found += _inserted(token[0], start)
    return found


def _inserted(text: str, at: int) -> list[Coloured]:
    return [(at + found.start(), at + found.end(), "alt") for found in _INSERTED.finditer(text)]


def block_lines(lines: Sequence[str]) -> frozenset[int]:
    """The lines (from 0) that are text of a block scalar."""
    found: set[int] = set()
    inside, indent = False, 0
    for number, line in enumerate(lines):
        own = len(line) - len(line.lstrip(" "))
        if inside and (not line.strip() or own > indent):
            found.add(number)
            continue
        head = ("|" in line or ">" in line) and _BLOCK_HEAD.search(line)
        inside = bool(head) and not line.lstrip().startswith("#")
        indent = own
    return frozenset(found)
