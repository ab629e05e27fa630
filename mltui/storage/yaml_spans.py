"""Where everything of a YAML text stands, character by character: what an edit in place goes by.

PyYAML's marks say where a node begins. Where it ends they say for flow collections and scalars; the end of a block is
that of its last value, and a block scalar ends with its last line.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Literal

import yaml

from mltui.storage.yaml_nodes import KeyPath

_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

_PROPERTY = re.compile(r"[&!]\S*")
_SPACE = re.compile(r"(?:[ \t\r\n]|(?<=[ \t\r\n])#[^\r\n]*)*")
_COMMENT = re.compile(r"#[^\r\n]*")

#: What ends a line for YAML's parser; a text with others (NEL, LS, PS) outside quotes is not edited.
LINE_ENDS = "\r\n"

#: The styles of block scalars.
BLOCK_SCALARS = ("|", ">")

Kind = Literal["scalar", "mapping", "sequence", "alias"]


@dataclass(slots=True)
class Span:
    """A node and the characters it stands in: ``text[start:end]``."""

    kind: Kind
    start: int
    """Its first character, that of its anchor or tag where it has one."""
    body: int
    """Its first character behind anchor and tag."""
    end: int
    column: int
    """Where it stands in its line, from 0; of a block, where its entries stand."""
    style: str = ""
    """Of a scalar: ``'``, ``"``, ``|``, ``>`` or none. Of a collection: ``{``, ``[``; none in block style."""
    value: str = ""
    """A scalar's text, an alias's anchor, or a merge key's ``<<``."""
    anchor: str = ""
    tag: str = ""
    inside_flow: bool = False
    plain: bool = True
    """A scalar without quotes and without a tag: its text decides what it is."""
    entries: list[Entry] = field(default_factory=list)

    @property
    def empty(self) -> bool:
        """Nothing is written: the value of ``key:``."""
        return self.kind == "scalar" and self.body == self.end

    @property
    def bare(self) -> bool:
        """A mapping of one pair without braces inside a flow sequence: ``[a: 1]``."""
        return self.kind == "mapping" and self.inside_flow and not self.style


@dataclass(slots=True)
class Entry:
    """A pair of a mapping, or an item of a sequence (without a key)."""

    key: Span | None
    value: Span

    @property
    def start(self) -> int:
        """Its first character, the dash of an item left out."""
        return self.key.start if self.key else self.value.start

    @property
    def end(self) -> int:
        """One behind its last character."""
        return max(self.key.end if self.key else 0, self.value.end)


def compose(text: str) -> Span | None:
    """The root of a text that ``parse_source`` has found to be sound; ``None`` where the text holds no value."""
    events: Iterator[Any] = yaml.parse(text, Loader=_Loader)
    for event in events:
        if isinstance(event, yaml.DocumentStartEvent):
            return _Composer(text, events).node(next(events), False)
    return None


def span_at(root: Span | None, path: KeyPath) -> Span | None:
    """The node at ``path``, a name finding its ``NAME=value`` in a list; ``None`` where none is written there."""
    span = root
    for part in path:
        entries = span.entries if span else []
        if isinstance(part, int):
            span = entries[part].value if 0 <= part < len(entries) else None
        else:
            names = (entry.key.value if entry.key else entry.value.value.partition("=")[0] for entry in entries)
            span = next((entry.value for entry, name in zip(entries, names, strict=True) if name == part), None)
    return span


class _Composer:
    def __init__(self, text: str, events: Iterator[Any]) -> None:
        self._text = text
        self._events = events

    def node(self, event: Any, inside_flow: bool) -> Span:  # noqa: ANN401 - PyYAML's events are not typed
        start = event.start_mark.index
        span = Span("scalar", start, start, event.end_mark.index, event.start_mark.column, inside_flow=inside_flow)
        span.anchor = event.anchor or ""
        if isinstance(event, yaml.AliasEvent):
            span.kind, span.value = "alias", span.anchor
            return span
        span.tag = event.tag or ""
        span.body = self._behind_properties(start, span)
        if isinstance(event, yaml.ScalarEvent):
            self._scalar(event, span)
            return span
        span.kind = "sequence" if isinstance(event, yaml.SequenceStartEvent) else "mapping"
        span.column = span.body - line_start(self._text, span.body)
        if event.flow_style and self._text[span.body] in "[{":
            span.style = self._text[span.body]
        if span.kind == "sequence":
            self._sequence(span)
        else:
            self._mapping(span)
        return span

    def _behind_properties(self, position: int, span: Span) -> int:
        for present in (span.anchor, span.tag):
            if present and (found := _PROPERTY.match(self._text, position)):
                position = found.end()
                if behind := _SPACE.match(self._text, position):
                    position = behind.end()
        return position

    def _scalar(self, event: Any, span: Span) -> None:  # noqa: ANN401
        span.value = event.value
        span.style = (event.style or "").replace("\0", "")
        span.plain = bool(event.implicit[0])
        if span.start == event.end_mark.index or (not span.style and not span.value):
            span.body = span.end = event.end_mark.index
        if span.style in BLOCK_SCALARS:
            span.end = self._end_of_block_scalar(span)

    def _end_of_block_scalar(self, span: Span) -> int:
        """Its last line, without the line's end; blank lines behind it belong to it under ``+`` alone."""
        written = self._text[span.body : span.end]
        header = written.split("\n", 1)[0].split("#", 1)[0]
        if "+" in header:
            return span.end - (2 if written.endswith("\r\n") else 1 if written.endswith(("\n", "\r")) else 0)
        return span.body + len(written.rstrip())

    def _sequence(self, span: Span) -> None:
        while not isinstance(event := next(self._events), yaml.SequenceEndEvent):
            span.entries.append(Entry(None, self.node(event, bool(span.style))))
        self._close(span, event)

    def _mapping(self, span: Span) -> None:
        inside = span.inside_flow or bool(span.style)
        while not isinstance(event := next(self._events), yaml.MappingEndEvent):
            key = self.node(event, inside)
            span.entries.append(Entry(key, self.node(next(self._events), inside)))
        self._close(span, event)

    def _close(self, span: Span, event: Any) -> None:  # noqa: ANN401
        if span.style:
            span.end = event.end_mark.index
        elif span.entries:
            span.end = span.entries[-1].end


def line_start(text: str, position: int) -> int:
    """The first character of the line that ``position`` is in."""
    while position > 0 and text[position - 1] not in LINE_ENDS:
        position -= 1
    return position


def line_end(text: str, position: int) -> int:
    """The end of the line that ``position`` is in: where its line break stands, or the text's end."""
    while position < len(text) and text[position] not in LINE_ENDS:
        position += 1
    return position


def next_line(text: str, position: int) -> int:
    """The first character behind the line that ``position`` is in."""
    end = line_end(text, position)
    return end + (2 if text.startswith("\r\n", end) else 1 if end < len(text) else 0)


def previous_line(text: str, line: int) -> int:
    """The first character of the line before the one that begins at ``line``, which is not the first."""
    return line_start(text, line - line_break_before(text, line))


def line_break_before(text: str, line: int) -> int:
    """How many characters end the line before the one that begins at ``line``, which is not the first."""
    return 2 if text.endswith("\r\n", 0, line) else 1


def find(text: str, sought: str, start: int, end: int) -> int:
    """The first of the characters ``sought`` in ``text[start:end]`` outside comments; -1 where there is none."""
    position = start
    while position < end:
        if text[position] == "#" and (position == 0 or text[position - 1] in " \t\r\n"):
            comment = _COMMENT.match(text, position)
            position = comment.end() if comment else end
        elif text[position] in sought:
            return position
        else:
            position += 1
    return -1


def dash_of(text: str, node: Span, index: int) -> int:
    """Where the dash of an item of a block sequence stands."""
    if index == 0:
        return node.body
    found = find(text, "-", node.entries[index - 1].end, node.entries[index].start)
    return found if found >= 0 else node.entries[index].start


def item_range(text: str, node: Span, index: int) -> tuple[int, int]:
    """From where to where an item of a sequence reaches; in a block with its own comments.

    These are the comments right above it, from the first one that stands where its dash does, one at its last line's
    end, and lines of them below it that stand further in than its dash.
    """
    entry = node.entries[index]
    if node.style:
        return entry.start, entry.end
    start = dash_of(text, node, index)
    line, before = line_start(text, start), node.entries[index - 1].end if index else 0
    if not text[line:start].strip(" "):
        while line > before and (indent := _comment_indent(text, line := previous_line(text, line))) >= node.column:
            start = line + indent if indent == node.column else start
    return start, _behind_deeper_comments(text, line_end(text, entry.end), node.column)


def _behind_deeper_comments(text: str, position: int, column: int) -> int:
    """The end of the last line of comments further in than ``column``, with nothing but blank lines before them."""
    end = position
    while (line := next_line(text, position)) > position:
        position = line_end(text, line)
        if _comment_indent(text, line) > column:
            end = position
        elif text[line:position].strip(" "):
            break
    return end


def _comment_indent(text: str, line: int) -> int:
    """In which column the comment begins that the line at ``line`` holds alone; -1 where it is no such line."""
    position = line
    while text.startswith(" ", position):
        position += 1
    return position - line if text.startswith("#", position) else -1
