"""YAML read so that every value knows its line and column, in bounded time and memory.

The reader goes by YAML's 1.2 core schema, as Compose does: ``22:22`` and ``1_000`` are text, numbers keep their
spelling. ``yes``, ``no``, ``on`` and ``off`` without quotes, which YAML 1.1 and 1.2 read differently, are refused.
Tags build no objects. Everything wrong is collected, up to the first error of syntax.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from mltui.domain.errors import Problem
from mltui.domain.text import one_line
from mltui.storage.yaml_nodes import KeyPath, Node, Position, Source, plain
from mltui.storage.yaml_scalars import reads_as

#: No profile that a person writes comes near these; a file above them is refused before it costs time or memory.
MAX_BYTES = 1 << 20
MAX_VALUES = 20_000
MAX_DEPTH = 40

#: The C parser is ten times faster; PyYAML's wheels have it.
_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True, slots=True)
class FileKind:
    """What a file is meant to be, for the sentences about it."""

    name: str
    """Such as ``profile``, after "no"."""
    empty: str
    """What is wrong with one that says nothing; an empty text: nothing is."""
    keys: str
    """Two of its keys, as an example."""
    marks: bool = False
    """It may have Compose's tags ``!reset`` and ``!override``, for what it inherits."""
    lenient: bool = False
    """``yes``, ``no``, ``on`` and ``off`` without quotes are taken as texts: it is somebody else's file."""


PROFILE = FileKind("profile", "is empty: a profile needs at least image: or build:", "image: and command:", marks=True)

#: Tags of Compose for what an extending file takes away or puts in the place of what it inherits.
_MARKS = ("!reset", "!override")
_UNPRINTABLE = re.compile("[^\x09\x0a\x0d\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_AMBIGUOUS = {"yes": "true", "no": "false", "on": "true", "off": "false"}


def read_source(path: Path, kind: FileKind = PROFILE) -> Source:
    """Read and parse a file; whatever is wrong with it is in ``problems``. Never raises for the file's sake."""
    file = str(path)
    try:
        text = _read_text(path, kind)
    except OSError as error:
        reason = "there is no such file" if isinstance(error, FileNotFoundError) else (error.strerror or str(error))
        return _failed(file, f"cannot be read: {reason[:1].lower()}{reason[1:]}")
    except ValueError as error:
        return _failed(file, str(error))
    return parse_source(text, file, kind)


def _failed(file: str, message: str, position: Position = (1, 1)) -> Source:
    return Source(file, problems=(Problem(file, *position, "", message),))


def _read_text(path: Path, kind: FileKind) -> str:
    """The file's text; not more than ``MAX_BYTES`` are read, and a pipe or a device does not block."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    with os.fdopen(descriptor, "rb") as stream:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise ValueError(f"is not a file that can be read as a {kind.name}")
        data = stream.read(MAX_BYTES + 1)
    if len(data) > MAX_BYTES:
        raise ValueError(f"is larger than {MAX_BYTES >> 20} MiB: this is no {kind.name}")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ValueError(f"is not text in UTF-8: byte {error.start} is 0x{data[error.start]:02x}") from error


def parse_source(text: str, file: str = "profile.yaml", kind: FileKind = PROFILE) -> Source:
    """Parse a text; whatever is wrong with it is in ``problems``."""
    if bad := _UNPRINTABLE.search(text):
        line = text.count("\n", 0, bad.start()) + 1
        column = bad.start() - text.rfind("\n", 0, bad.start())
        return _failed(file, f"a character that is no text: U+{ord(bad[0]):04X}", (line, column))
    composer = Composer(text, file, kind)
    try:
        root = composer.document()
    except Refused as refused:
        return Source(file, problems=(*composer.problems, refused.problem))
    except yaml.YAMLError as error:
        return Source(file, problems=(*composer.problems, _syntax_problem(error, text, file)))
    if root is None or (root.value is None and not composer.problems):
        problems = (Problem(file, 1, 1, "", kind.empty),) if kind.empty else ()
        return Source(file, None if problems else {}, problems, text=text, nothing=True)
    if not isinstance(root.value, dict):
        return _failed(file, f"expected a mapping of keys, such as {kind.keys}", root.position)
    return Source(file, plain(root), tuple(composer.problems), root, text)


class Refused(Exception):
    """The file goes beyond a bound, or has something that a profile cannot have."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.message)
        self.problem = problem


class Composer:
    """Builds nodes out of the parser's events. (PyYAML's own composer recurses without a bound.)"""

    def __init__(self, text: str, file: str, kind: FileKind, lines_before: int = 0) -> None:
        """``lines_before``: so many lines of the file stand before ``text``."""
        self._events: Iterator[Any] = yaml.parse(text, Loader=_Loader)
        self._file = file
        self._kind = kind
        self._lines_before = lines_before
        self._anchors: dict[str, Node] = {}
        self._values = 0
        self.problems: list[Problem] = []
        self.explicit = False
        """The document's beginning or its end is written (``---``, ``...``)."""

    def document(self, path: KeyPath = ()) -> Node | None:
        """The only document of the stream, which stands at ``path`` of the file."""
        root: Node | None = None
        for event in self._events:
            if isinstance(event, yaml.DocumentStartEvent):
                if root is not None:
                    raise self._refused(event, "a second document starts here: it has to be one")
                self.explicit |= bool(event.explicit)
                root = self._node(next(self._events), len(path), path)
                root.apart &= not (event.version or event.tags)
            elif isinstance(event, yaml.DocumentEndEvent):
                self.explicit |= bool(event.explicit)
        return root

    def _position(self, event: Any) -> Position:  # noqa: ANN401 - PyYAML's events are not typed
        return event.start_mark.line + 1 + self._lines_before, event.start_mark.column + 1

    def _problem(self, position: Position, path: KeyPath, message: str) -> Problem:
        return Problem(self._file, *position, one_line(".".join(map(str, path)), 200), message)

    def _refused(self, event: Any, message: str, path: KeyPath = ()) -> Refused:  # noqa: ANN401
        return Refused(self._problem(self._position(event), path, message))

    def _note(self, position: Position, path: KeyPath, message: str) -> None:
        self.problems.append(self._problem(position, path, message))

    def _node(self, event: Any, depth: int, path: KeyPath) -> Node:  # noqa: ANN401
        if depth > MAX_DEPTH:
            raise self._refused(event, f"nested more than {MAX_DEPTH} deep")
        if isinstance(event, yaml.AliasEvent):
            return self._alias(event, path)
        self._count(event, 1)
        mark = event.tag[1:] if self._kind.marks and event.tag in _MARKS else ""
        tagged = not mark and event.tag not in (None, "!", "tag:yaml.org,2002:str")
        if tagged:
            self._note(self._position(event), path, f"the tag {one_line(event.tag, 40)} has no place here")
        if isinstance(event, yaml.ScalarEvent):
            node = Node(self._position(event), None if tagged else self._scalar(event, path))
        elif isinstance(event, yaml.SequenceStartEvent):
            node = self._sequence(event, depth, path)
        else:
            node = self._mapping(event, depth, path)
        node.file, node.mark = self._file, mark
        if event.anchor:
            self._anchors[event.anchor] = node
            node.apart, node.tied = False, True
        return node

    def _count(self, event: Any, values: int) -> None:  # noqa: ANN401
        self._values += values
        if self._values > MAX_VALUES:
            raise self._refused(
                event, f"holds more than {MAX_VALUES} values, aliases expanded: this is no {self._kind.name}"
            )

    def _alias(self, event: Any, path: KeyPath) -> Node:  # noqa: ANN401
        target = self._anchors.get(event.anchor)
        if target is None:
            raise self._refused(
                event, f"the alias *{one_line(event.anchor, 40)} stands before or inside its anchor", path
            )
        self._count(event, target.size)
        return Node(self._position(event), target.value, target.keys, target.size, self._file, tied=True)

    def _scalar(self, event: Any, path: KeyPath) -> object:  # noqa: ANN401
        if "\0" in event.value:
            self._note(self._position(event), path, "a NUL character, which no program can be given")
        if not (event.implicit[0] or (event.tag in _MARKS and event.style is None)):
            return event.value
        if event.value.lower() in _AMBIGUOUS and not self._kind.lenient:
            meaning = _AMBIGUOUS[event.value.lower()]
            message = f"{event.value} can be read as text or as {meaning}: write '{event.value}' or {meaning}"
            self._note(self._position(event), path, message)
        return reads_as(event.value)

    def _sequence(self, start: Any, depth: int, path: KeyPath) -> Node:  # noqa: ANN401
        node = Node(self._position(start), [])
        while not isinstance(event := next(self._events), yaml.SequenceEndEvent):
            child = self._node(event, depth + 1, (*path, len(node.value)))
            node.value.append(child)
            node.size += child.size
            node.tied |= child.tied
        return node

    def _mapping(self, start: Any, depth: int, path: KeyPath) -> Node:  # noqa: ANN401
        node = Node(self._position(start), {}, apart=not start.flow_style)
        merged: dict[str, Node] = {}
        while not isinstance(event := next(self._events), yaml.MappingEndEvent):
            key = self._key(event, path)
            child = self._node(next(self._events), depth + 1, (*path, key))
            node.size += child.size
            node.tied |= child.tied
            if key == "<<" and event.implicit[0]:
                merged = self._merged(child, (*path, key)) | merged
                node.apart = False
            elif key in node.value:
                first = node.keys[key][0]
                self._note(self._position(event), (*path, key), f"is written twice; the first is in line {first}")
                node.apart = False
            else:
                node.value[key], node.keys[key] = child, self._position(event)
        for key, child in merged.items():
            node.value.setdefault(key, child)
            node.keys.setdefault(key, child.position)
        return node

    def _key(self, event: Any, path: KeyPath) -> str:  # noqa: ANN401
        if not isinstance(event, yaml.ScalarEvent):
            raise self._refused(event, "a key must be text", path)
        if "\0" in event.value:
            raise self._refused(event, "a key with a NUL character", path)
        return str(event.value)

    def _merged(self, node: Node, path: KeyPath) -> dict[str, Node]:
        """The pairs that ``<<`` brings in: from one mapping, or from several, the first one winning."""
        result: dict[str, Node] = {}
        for part in node.value if isinstance(node.value, list) else [node]:
            if not isinstance(part.value, dict):
                self._note(part.position, path, "expected a mapping, or a list of mappings, to merge")
                return result
            result = part.value | result
        return result


#: Errors of syntax by a part of libyaml's words, in ours; ``True``: it is where what is not finished begins.
_SYNTAX = (
    ("could not find expected ':'", "expected key: value", True),
    ("while scanning a quoted scalar", "the quote that begins here is not closed", True),
    ("while parsing a flow sequence", "the [ that begins here is not closed, or a comma is missing in it", True),
    ("while parsing a flow mapping", "the { that begins here is not closed, or a comma is missing in it", True),
    ("while parsing a flow node", "a value is missing here, or a bracket is not closed", False),
    ("mapping values are not allowed", "a colon here would begin another value: put the text in quotes", False),
    ("did not find expected '-' indicator", "expected another entry of the list, beginning with -", False),
    ("while parsing a block mapping", "expected another key: value, as far in as the one before", False),
)


def _syntax_problem(error: yaml.YAMLError, text: str, file: str) -> Problem:
    problem, context = getattr(error, "problem_mark", None), getattr(error, "context_mark", None)
    words = ", ".join(filter(None, (getattr(error, "context", None), getattr(error, "problem", None)))) or str(error)
    said, begins = next(((said, begins) for part, said, begins in _SYNTAX if part in words), ("", False))
    mark = (context if begins else problem) or problem or context
    line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
    lines = text.splitlines()
    if lines and line > len(lines):
        # Behind the text there is nothing to look at.
        line, column = len(lines), len(lines[-1]) + 1
    where = problem or mark
    if where and lines[where.line : where.line + 1] and lines[where.line][where.column : where.column + 1] == "\t":
        return Problem(file, where.line + 1, where.column + 1, "", "a tab, where YAML wants spaces")
    if "maximum nesting" in words:
        # Newer parsers have a bound of their own, far above ours, which they meet while they read ahead.
        return Problem(file, line, column, "", f"nested more than {MAX_DEPTH} deep")
    return Problem(file, line, column, "", f"not YAML: {said or one_line(words, 240)}")
