"""YAML changed in place: one value set, added, removed or renamed, and every other byte as it was.

::

    document = YamlDocument(path.read_text())
    document.set(("params", "epochs", "default"), 20).remove(("tags", 0)).text

An edit replaces the characters of what it changes and nothing else: comments, order, quotes, indentation, blank lines,
line ends, flow style and anchors stay. Its result is parsed and compared with the same change made to the data, so an
edit that would touch a second place (through an alias or a merge) or come out differently is refused, never written.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cached_property
from typing import Any, Literal

from mltui.domain.errors import EditError
from mltui.domain.text import one_line
from mltui.storage import yaml_data
from mltui.storage.yaml_data import MISSING
from mltui.storage.yaml_nodes import KeyPath, Source
from mltui.storage.yaml_reparse import parse_again
from mltui.storage.yaml_source import PROFILE, FileKind, parse_source
from mltui.storage.yaml_spans import Span, compose, span_at
from mltui.storage.yaml_splice import Splicer

#: One change of a text: gets the text's places and the quotes to prefer, gives the new text.
_Step = Callable[[Splicer, str], str]


class YamlDocument:
    """A text and the data it holds. Documents do not change: every edit gives a new one.

    A path is of keys and indices. In a list of ``NAME=value``, as Compose writes variables, a name finds its item, and
    the value is what stands behind the ``=``.
    """

    def __init__(self, text: str, file: str = "profile.yaml", kind: FileKind = PROFILE) -> None:
        """Parse ``text``. Raises ``EditError`` where it is no YAML, or no mapping."""
        self.text = text
        self._kind = kind
        self.source: Source = parse_source(text, file, kind)
        """The parsed text; what is wrong in it, short of its syntax, is among its ``problems``."""
        if not is_document(self.source):
            raise EditError(f"{self.source.problems[-1]}.", "Correct the text first.")

    @classmethod
    def of(cls, text: str, source: Source, kind: FileKind = PROFILE) -> YamlDocument:
        """The document of a text that has been parsed, for which ``is_document`` holds."""
        document = cls.__new__(cls)
        document.text, document.source, document._kind = text, source, kind
        return document

    @property
    def data(self) -> dict[str, Any]:
        """What the text says."""
        return self.source.data or {}

    def get(self, path: KeyPath, default: object = None) -> Any:  # noqa: ANN401 - any YAML value
        """The value at ``path``."""
        found = yaml_data.at(self.data, path)
        return default if found is MISSING else found

    def quoted(self, path: KeyPath) -> bool:
        """The value at ``path`` is a text by the way it is written: in quotes, or in a block of its own lines."""
        span = span_at(self._spans, path)
        return span is not None and span.kind == "scalar" and bool(span.style)

    def set(self, path: KeyPath, value: object) -> YamlDocument:
        """With ``value`` at ``path``, its parents made where they are missing.

        A scalar keeps its quotes where the value allows them; of a mapping or a list only what differs is touched.
        Raises ``EditError``.
        """
        wanted = yaml_data.plain(value)
        expected = yaml_data.with_value(self.data, path, wanted)
        steps = list(_steps(yaml_data.at(self.data, path), wanted, path))
        return self._edited(path, expected, steps)

    def remove(self, path: KeyPath) -> YamlDocument:
        """Without the key or the item at ``path``; what it was the last one of stays, empty. Raises ``EditError``."""
        expected = yaml_data.without(self.data, path)
        return self._edited(path, expected, [_removal(path)])

    def insert(self, path: KeyPath, index: int, value: object) -> YamlDocument:
        """With ``value`` as item ``index`` of the list at ``path``, made if there is none. Raises ``EditError``."""
        items = self.get(path)
        if items is not None and not isinstance(items, list):
            raise EditError(f"{_name(path)} is no list.")
        if not 0 <= index <= len(items or ()):
            raise EditError(f"{_name(path)} has {len(items or ())} items: there is no place {index} in it.")
        wanted = yaml_data.plain(value)
        if not items:
            return self.set(path, [wanted])
        expected = yaml_data.with_value(self.data, path, [*items[:index], wanted, *items[index:]])
        return self._edited(path, expected, [_insertion(path, index, wanted)])

    def append(self, path: KeyPath, value: object) -> YamlDocument:
        """With ``value`` at the end of the list at ``path``, which is made if there is none. Raises ``EditError``."""
        items = self.get(path)
        return self.insert(path, len(items) if isinstance(items, list) else 0, value)

    def move(self, path: KeyPath, by: Literal[-1, 1]) -> YamlDocument:
        """With the item at ``path`` behind the next one of its list, or before the one before it.

        Its own comments go with it: right above it, at its line's end, and below it where they stand further in.
        Raises ``EditError``, also where there is no such place, or where a comment would not go with it.
        """
        items, part = self.get(path[:-1]), path[-1]
        index = yaml_data.pair_index(items, part) if isinstance(items, list) and isinstance(part, str) else part
        if not isinstance(items, list) or not isinstance(index, int) or not 0 <= index + by < len(items):
            raise EditError(f"{_name(path)} has no place to go to.")
        first = min(index, index + by)
        swapped = [*items[:first], items[first + 1], items[first], *items[first + 2 :]]
        expected = yaml_data.with_value(self.data, path[:-1], swapped)
        return self._edited(path, expected, [lambda splicer, quotes: splicer.swap((*path[:-1], first))])

    def rename_key(self, path: KeyPath, key: str) -> YamlDocument:
        """With the key at the end of ``path`` called ``key``, where it stands. Raises ``EditError``."""
        expected = yaml_data.renamed(self.data, path, key)
        return self._edited(path, expected, [lambda splicer, quotes: splicer.rename(path, key, quotes)])

    @cached_property
    def _spans(self) -> Span | None:
        """Where everything stands: while a value is typed, each letter of it changes this document anew."""
        return compose(self.text)

    def _edited(self, path: KeyPath, expected: dict[str, Any], steps: list[_Step]) -> YamlDocument:
        """The document after ``steps``, if it says what is ``expected``."""
        for quotes in ("", '"'):
            text = self.text
            for step in steps:
                text = step(Splicer(text, self._spans if text is self.text else compose(text)), quotes)
            if text == self.text and yaml_data.same(self.data, expected):
                return self
            source = parse_again(self.source, text, self._kind) or parse_source(text, self.source.file, self._kind)
            if is_document(source) and yaml_data.same(source.data or {}, expected):
                return YamlDocument.of(text, source, self._kind)
        raise EditError(f"{_name(path)} cannot be changed without changing something else in the file.", _BY_HAND)


def is_document(source: Source) -> bool:
    """It has been understood as YAML: there is data to change, or none yet."""
    return source.root is not None or source.nothing


_BY_HAND = "Edit the text."


def _name(path: KeyPath) -> str:
    return one_line(".".join(map(str, path)), 80) or "The profile"


def _steps(old: object, new: object, path: KeyPath) -> Iterator[_Step]:
    """The smallest changes that make ``old``, which stands at ``path``, into ``new``."""
    if isinstance(old, dict) and isinstance(new, dict) and old and new:
        yield from _mapping_steps(old, new, path)
    elif isinstance(old, list) and isinstance(new, list) and old and new:
        yield from _list_steps(old, new, path)
    elif not yaml_data.same(old, new):
        yield lambda splicer, quotes: splicer.put(path, new, quotes)


def _mapping_steps(old: dict[str, Any], new: dict[str, Any], path: KeyPath) -> Iterator[_Step]:
    for key, value in new.items():
        yield from _steps(old.get(key, MISSING), value, (*path, key))
    for key in old.keys() - new.keys():
        yield _removal((*path, key))


def _list_steps(old: list[Any], new: list[Any], path: KeyPath) -> Iterator[_Step]:
    """Beginning and end that both have stay; between them items are set, then added or removed."""
    start = yaml_data.common(old, new)
    end = yaml_data.common(old[start:][::-1], new[start:][::-1])
    middle, wanted = old[start : len(old) - end], new[start : len(new) - end]
    for index, (was, value) in enumerate(zip(middle, wanted, strict=False), start):
        yield from _steps(was, value, (*path, index))
    for index in range(start + len(middle), start + len(wanted)):
        yield _insertion(path, index, new[index])
    for index in range(start + len(middle) - 1, start + len(wanted) - 1, -1):
        yield _removal((*path, index))


def _removal(path: KeyPath) -> _Step:
    return lambda splicer, quotes: splicer.remove(path)


def _insertion(path: KeyPath, index: int, value: object) -> _Step:
    return lambda splicer, quotes: splicer.insert(path, index, value, quotes)
