"""The characters of one change in a YAML text: where they go, and in which style.

Every method gives the whole new text. None of them proves that the result says what was meant: ``YamlDocument`` does.
"""

from __future__ import annotations

from typing import Any

from mltui.domain.errors import EditError
from mltui.domain.text import one_line
from mltui.storage import yaml_spelling as spelling
from mltui.storage.yaml_cuts import Splice, block_removal, comment_between, flow_removal
from mltui.storage.yaml_data import pair_text
from mltui.storage.yaml_habits import layout, newline, quotes_of
from mltui.storage.yaml_nodes import KeyPath
from mltui.storage.yaml_spans import (
    BLOCK_SCALARS,
    LINE_ENDS,
    Entry,
    Span,
    dash_of,
    find,
    item_range,
    line_end,
    line_start,
    next_line,
)


class Splicer:
    """Changes of one text, by the places of its nodes."""

    def __init__(self, text: str, root: Span | None) -> None:
        self._text = text
        self._root = root or Span("scalar", len(text), len(text), len(text), 0)
        self._newline = newline(text)
        self._layout = layout(root)

    # ── what can be done ─────────────────────────────────────────────────────────────────────────────────────────────

    def put(self, path: KeyPath, value: object, quotes: str = "") -> str:
        """``value`` at ``path``, in place of what is there or as a new entry."""
        chain, rest = self._walk(path)
        node = chain[-1]
        if not rest:
            return self._replace(chain, path, value, quotes)
        for key in reversed(rest[1:]):
            value = {str(key): value}
        if node.empty or (node.kind == "scalar" and node.plain and node.value in _NULLS):
            return self._replace(chain, path[: len(path) - len(rest)], {str(rest[0]): value}, quotes)
        if node.kind == "mapping":
            return self._add_pair(chain, str(rest[0]), value, quotes)
        if node.kind == "sequence" and isinstance(rest[0], str):
            return self._insert(chain, len(node.entries), pair_text(rest[0], value), quotes)
        raise EditError(f"{_name(path)} has no place: there is a single value where it would stand.")

    def insert(self, path: KeyPath, index: int, value: object, quotes: str = "") -> str:
        """``value`` as item ``index`` of the list with items at ``path``."""
        chain, rest = self._walk(path)
        if rest or chain[-1].kind != "sequence":
            raise _elsewhere(path)
        return self._insert(chain, index, value, quotes)

    def remove(self, path: KeyPath) -> str:
        """The text without the entry at ``path``."""
        parent, index = self._entry(path)
        container = parent[-1]
        if len(container.entries) == 1:
            return self._empty(parent)
        if container.style or container.inside_flow:
            return self._apply(flow_removal(self._text, container, index))
        return self._apply(block_removal(self._text, container, index))

    def swap(self, path: KeyPath) -> str:
        """The text with the list item at ``path`` and the one behind it in each other's place."""
        parent, index = self._entry(path)
        node = parent[-1]
        if node.kind != "sequence" or index + 1 >= len(node.entries):
            raise _elsewhere(path)
        first, second = (item_range(self._text, node, one) for one in (index, index + 1))
        if comment_between(self._text, node, index, first, second):
            raise EditError(
                f"A comment beside {_name(path)} or the next entry would not go with it.", "Move it in the text."
            )
        return self._apply([(*first, self._text[slice(*second)]), (*second, self._text[slice(*first)])])

    def rename(self, path: KeyPath, key: str, quotes: str = "") -> str:
        """The text with another key for the entry at ``path``."""
        parent, index = self._entry(path)
        container = parent[-1]
        entry = container.entries[index]
        if entry.key is None:
            value = entry.value.value.partition("=")
            written = spelling.scalar(
                key + "".join(value[1:]), quotes or entry.value.style, in_flow=container.style == "["
            )
            return self._apply([(entry.value.body, entry.value.end, written)])
        style = quotes or entry.key.style
        in_flow = container.inside_flow or bool(container.style)
        return self._apply([(entry.key.body, entry.key.end, spelling.scalar(key, style, in_flow=in_flow, as_key=True))])

    # ── finding ──────────────────────────────────────────────────────────────────────────────────────────────────────

    def _walk(self, path: KeyPath) -> tuple[list[Span], KeyPath]:
        """The nodes from the root along ``path`` as far as it goes, and what is left of it."""
        chain = [self._root]
        for done, part in enumerate(path):
            node = chain[-1]
            if node.kind == "alias":
                raise _elsewhere(path[:done])
            index = _index_of(node, part, path[: done + 1])
            if index is None:
                return chain, path[done:]
            if node.kind == "sequence" and isinstance(part, str):
                return [*chain, node.entries[index].value], path[done + 1 :]
            chain.append(node.entries[index].value)
        return chain, ()

    def _entry(self, path: KeyPath) -> tuple[list[Span], int]:
        chain, rest = self._walk(path[:-1])
        container = chain[-1]
        if rest or container.kind == "alias":
            raise _elsewhere(path[:-1])
        index = _index_of(container, path[-1], path)
        if index is None:
            raise _elsewhere(path)
        return chain, index

    @staticmethod
    def _entry_of(chain: list[Span]) -> Entry:
        """The entry whose value is the chain's last node, which has a parent."""
        return next(entry for entry in chain[-2].entries if entry.value is chain[-1])

    def _apply(self, splices: list[Splice]) -> str:
        text = self._text
        # From the back, so that places stay true; of two at one place, the first one's text comes first.
        for _, (start, end, new) in sorted(enumerate(splices), key=lambda one: (one[1][:2], one[0]), reverse=True):
            text = text[:start] + new + text[end:]
        return text

    def _lines(self, lines: list[str], column: int) -> str:
        """Lines at ``column``, each with a line end before it."""
        return "".join(self._newline + line for line in spelling.indented(lines, column))

    # ── replacing ────────────────────────────────────────────────────────────────────────────────────────────────────

    def _replace(self, chain: list[Span], path: KeyPath, value: object, quotes: str) -> str:
        node = chain[-1]
        if len(chain) == 1 and node.empty:
            return self._first_lines(value)
        parent = chain[-2] if len(chain) > 1 else None
        if parent is not None and parent.kind == "sequence" and path and isinstance(path[-1], str):
            value = pair_text(path[-1], value)
        if spelling.is_collection(value) and not node.inside_flow and not self._wants_flow(node, parent, value):
            return self._apply(self._as_block(chain, value, quotes))
        if isinstance(value, str) and not node.inside_flow and not quotes and (lines := self._as_literal(node, value)):
            column = self._literal_column(node, chain)
            return self._apply(self._in_line(chain, lines[0] + self._lines(lines[1:], column)))
        if spelling.is_collection(value) or isinstance(value, dict | list):
            return self._apply(self._in_line(chain, spelling.flow(value, quotes)))
        style = quotes or (node.style if node.style in ("'", '"') else "")
        return self._apply(self._in_line(chain, spelling.scalar(value, style, in_flow=node.inside_flow)))

    def _first_lines(self, value: object) -> str:
        """The text of a document that held nothing so far: what was there, then the value."""
        start = "" if not self._text or self._text[-1] in LINE_ENDS else self._newline
        lines = spelling.block(value, self._layout) or [spelling.flow(value)]
        return self._text + start + self._newline.join(lines) + self._newline

    def _wants_flow(self, node: Span, parent: Span | None, value: object) -> bool:
        """It is to stand on one line, as it did, or as its neighbours of the same kind do."""
        if not spelling.fits_flow(value):
            return False
        return (bool(node.style) and node.style in "[{") or self._flow_among(parent, value)

    @staticmethod
    def _flow_among(parent: Span | None, value: object) -> bool:
        """More of the neighbours of a value's kind stand on one line than in a block."""
        kind = "mapping" if isinstance(value, dict) else "sequence"
        neighbours = [e.value for e in parent.entries if e.value.kind == kind and e.value.entries] if parent else []
        return sum(1 if neighbour.style else -1 for neighbour in neighbours) > 0

    def _as_literal(self, node: Span, value: str) -> list[str]:
        """The lines of a block scalar for a text of several lines, or for one line where a block scalar stood."""
        lines = spelling.literal(value)
        if node.style == ">" and lines and len(lines) == 2:
            lines[0] = ">" + lines[0][1:]
        elif node.style in BLOCK_SCALARS and not lines and value.strip() == value and value and "\n" not in value:
            lines = [f"{node.style}-", value] if spelling.literal(value + "\n") else []
        if lines and node.style in BLOCK_SCALARS:
            lines[0] += self._header_comment(node)
        return lines

    def _header_comment(self, node: Span) -> str:
        """The comment behind the ``|`` of a block scalar."""
        header = self._text[node.body : line_end(self._text, node.body)]
        return header[len(header.split("#", 1)[0].rstrip()) :]

    def _literal_column(self, node: Span, chain: list[Span]) -> int:
        """Where the lines of a block scalar stand: where they stood, else one step in from their parent."""
        if node.style in BLOCK_SCALARS:
            start = next_line(self._text, node.body)
            while start < node.end:
                line = self._text[start : line_end(self._text, start)]
                if line.strip():
                    return len(line) - len(line.lstrip(" "))
                start = next_line(self._text, start)
        parent = chain[-2] if len(chain) > 1 else None
        return (parent.column if parent else 0) + (2 if parent and parent.kind == "sequence" else self._layout.step)

    def _in_line(self, chain: list[Span], written: str) -> list[Splice]:
        """``written`` where the node stands, behind its key or its dash."""
        node = chain[-1]
        if node.empty:
            return [self._behind_empty(chain, written)]
        if node.style in BLOCK_SCALARS and not written.startswith(BLOCK_SCALARS):
            return [(node.body, node.end, written + self._header_comment(node))]
        if node.style or node.kind in ("scalar", "alias"):
            return [(node.body, node.end, written)]
        head = self._head(chain)
        if line_start(self._text, node.body) <= head:
            return [(node.body, node.end, written)]
        start = line_start(self._text, node.body)
        return [(head, head, f" {written}"), (start, next_line(self._text, node.end), "")]

    def _head(self, chain: list[Span]) -> int:
        """Behind the key's colon, or the dash, or anchor and tag: where a value on the same line would begin."""
        node = chain[-1]
        if node.body > node.start:
            return node.start + len(self._text[node.start : node.body].split("#", 1)[0].rstrip())
        if len(chain) == 1:
            return 0
        parent = chain[-2]
        entry = self._entry_of(chain)
        if entry.key is not None:
            return find(self._text, ":", entry.key.end, len(self._text)) + 1
        return dash_of(self._text, parent, parent.entries.index(entry)) + 1

    def _behind_empty(self, chain: list[Span], written: str) -> Splice:
        node, entry = chain[-1], self._entry_of(chain)
        position, before = node.end, ""
        if entry.key is not None and find(self._text, ":", entry.key.end, position) < 0:
            position, before = entry.key.end, ": "
        elif self._text[position - 1] not in " \t":
            before = " "
        return position, position, before + written

    def _as_block(self, chain: list[Span], value: Any, quotes: str) -> list[Splice]:  # noqa: ANN401
        """A mapping or a list with lines of its own, in place of the node."""
        node, parent = chain[-1], chain[-2] if len(chain) > 1 else None
        lines = spelling.block(value, self._layout, quotes)
        block_node = node.kind in ("mapping", "sequence") and not node.style
        if block_node and line_start(self._text, node.body) > self._head(chain):
            column = self._child_column(parent, value)
            return [
                (line_start(self._text, node.body), node.end, self._lines(lines, column).removeprefix(self._newline))
            ]
        if parent is None or parent.kind == "sequence":
            return self._first_in_line(chain, lines, self._child_column(parent, value))
        column = self._child_column(parent, value)
        head = self._head(chain)
        if node.style in BLOCK_SCALARS:
            return [(head, node.end, self._lines(lines, column))]
        end = line_end(self._text, node.end)
        return [(head, max(node.end, head), ""), (end, end, self._lines(lines, column))]

    def _first_in_line(self, chain: list[Span], lines: list[str], column: int) -> list[Splice]:
        """Lines of which the first stands where the node stood: behind a dash, or at the document's start."""
        node = chain[-1]
        if node.style in BLOCK_SCALARS or (node.kind in ("mapping", "sequence") and not node.style):
            return [(node.body, node.end, lines[0] + self._lines(lines[1:], column))]
        end = line_end(self._text, node.end)
        first = self._behind_empty(chain, lines[0]) if node.empty else (node.body, node.end, lines[0])
        return [first, (end, end, self._lines(lines[1:], column))]

    def _child_column(self, parent: Span | None, value: object) -> int:
        if parent is None:
            return 0
        if parent.kind == "sequence":
            return parent.column + 2
        return parent.column + (self._layout.step if isinstance(value, dict) else self._layout.offset)

    # ── adding ───────────────────────────────────────────────────────────────────────────────────────────────────────

    def _add_pair(self, chain: list[Span], key: str, value: object, quotes: str) -> str:
        node = chain[-1]
        if node.style:
            style = quotes_of([entry.key for entry in node.entries if entry.key])
            name = spelling.scalar(key, style, in_flow=True, as_key=True)
            inner = (
                spelling.flow(value) if isinstance(value, dict | list) else spelling.scalar(value, quotes, in_flow=True)
            )
            return self._apply([self._flow_addition(node, len(node.entries), f"{name}: {inner}")])
        if node.bare or self._text[node.body] == "?":
            raise EditError(f"{one_line(key, 60)} cannot be added to a mapping that is written in this form.")
        style = quotes or quotes_of([entry.value for entry in node.entries])
        name = spelling.scalar(key, quotes_of([entry.key for entry in node.entries if entry.key]), as_key=True)
        flow = spelling.is_collection(value) and self._flow_among(node, value)
        lines = spelling.pair(name, value, self._layout, style, in_line=flow)
        return self._apply([self._after(node, self._outer_column(chain), lines)])

    def _outer_column(self, chain: list[Span]) -> int:
        """The column of the block around the chain's last node; -1 around the root."""
        return max((node.column for node in chain[:-1]), default=-1)

    def _after(self, node: Span, outer: int, lines: list[str]) -> Splice:
        """Lines behind the last entry of a block, and behind the comments that are still its own."""
        position = line_end(self._text, node.end)
        while (start := next_line(self._text, position)) > position:
            end = line_end(self._text, start)
            line = self._text[start:end]
            indent = len(line) - len(line.lstrip(" "))
            if not line.lstrip(" ").startswith("#") or indent < node.column or indent <= outer:
                break
            position = end
        return position, position, self._lines(lines, node.column)

    def _insert(self, chain: list[Span], index: int, value: object, quotes: str) -> str:
        node = chain[-1]
        style = quotes or quotes_of([entry.value for entry in node.entries])
        if node.style:
            inner = (
                spelling.flow(value) if isinstance(value, dict | list) else spelling.scalar(value, style, in_flow=True)
            )
            return self._apply([self._flow_addition(node, index, inner)])
        flow = spelling.is_collection(value) and self._flow_among(node, value)
        lines = spelling.item(value, self._layout, style, in_line=flow)
        if index == len(node.entries):
            return self._apply([self._after(node, self._outer_column(chain), lines)])
        if index:
            position = item_range(self._text, node, index - 1)[1]
            return self._apply([(position, position, self._lines(lines, node.column))])
        dash = dash_of(self._text, node, 0)
        first = self._lines(lines, node.column).removeprefix(self._newline)[node.column :]
        return self._apply([(dash, dash, first + self._newline + " " * node.column)])

    def _flow_addition(self, node: Span, index: int, written: str) -> Splice:
        """An entry of ``[…]`` or ``{…}``, on a line of its own where the others have theirs."""
        if not node.entries:
            return node.body + 1, node.body + 1, written
        entry = node.entries[min(index, len(node.entries) - 1)]
        before = self._text[line_start(self._text, entry.start) : entry.start]
        gap = (
            self._newline + before
            if not before.strip(" \t") and line_start(self._text, entry.start) > node.body
            else " "
        )
        if index == len(node.entries):
            return entry.end, entry.end, f",{gap}{written}"
        return entry.start, entry.start, f"{written},{gap}"

    # ── removing ─────────────────────────────────────────────────────────────────────────────────────────────────────

    def _empty(self, chain: list[Span]) -> str:
        """A collection without its only entry: ``{}`` or ``[]``; a document's last key leaves nothing."""
        node = chain[-1]
        if node.style:
            return self._apply([(node.body + 1, node.end - 1, "")])
        if len(chain) == 1:
            return self._apply([(line_start(self._text, node.body), next_line(self._text, node.end), "")])
        return self._apply(self._in_line(chain, "{}" if node.kind == "mapping" else "[]"))


_NULLS = ("null", "Null", "NULL", "~", "")


def _name(path: KeyPath) -> str:
    return one_line(".".join(map(str, path)), 80) or "The profile"


def _elsewhere(path: KeyPath) -> EditError:
    return EditError(
        f"{_name(path)} is written in another place of the file, which * or << refers to.", "Edit it there."
    )


def _index_of(node: Span, part: str | int, path: KeyPath) -> int | None:
    """Where the entry of a key, an index or a ``NAME=value`` stands in a collection."""
    if node.kind == "sequence":
        if isinstance(part, int):
            return part if 0 <= part < len(node.entries) else None
        names = [e.value.value.partition("=")[0] if e.value.kind == "scalar" else None for e in node.entries]
        return names.index(part) if part in names else None
    if node.kind != "mapping":
        return None
    found = [i for i, e in enumerate(node.entries) if e.key and e.key.kind == "scalar" and e.key.value == str(part)]
    if len(found) > 1:
        raise EditError(f"{_name(path)} is written twice.", "Remove one of them in the text.")
    return found[0] if found else None
