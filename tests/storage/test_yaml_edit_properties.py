"""Whatever is edited, in whatever style a file is written: the data is as meant, and all else is as it was."""

from __future__ import annotations

import copy
import re
from dataclasses import dataclass, field
from random import Random
from typing import Any

import yaml
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from mltui.domain.errors import EditError
from mltui.storage.yaml_data import same
from mltui.storage.yaml_edit import YamlDocument
from mltui.storage.yaml_source import parse_source

KEYS = st.one_of(
    st.sampled_from(["a", "b", "lr", "no", "1", "x y", "key: x", "- d", "'q'", "#c", "é", "<<", "wide 漢字", "{f}"]),
    st.text(alphabet="abc:#- '\"[]{},&*\\é\t", min_size=1, max_size=6),
)
#: What the writer's comments are like; no value is.
COMMENT = re.compile(r"# comment \d+ - x: \[y\]")
#: Texts that some reader of YAML takes for something else when they are written as they are.
AWKWARD = """
x no 1:20 007 5 1e3 null ~ true a#b -x *x ${A:-b} x,y [x] {x} it's back\\slash %x @x `x` > | !x --- ... 2024-01-01 0x1F
= << .inf a: :a ?a http://x:1/y --epochs=${epochs} 😀 漢字 "x" 'x' {} [] y N 1_000 0o7 +1 1. .5
""".split()  # noqa: SIM905 - a list of words reads better as words
AWKWARD += ["", " lead", "trail ", "a: b", "a #b", "- x", "? x", "tab\tx", 'say "x"', "a\r\nb\n", "a\n \nb", "\n"]
AWKWARD += ["a\nb", "a\nb\n", "a\n\nb\n\n", "  a\nb\n", "\x07bell", "\x85nel", "\u2028ls", "\ufeffbom"]
TEXTS = st.sampled_from(AWKWARD) | st.text(max_size=12).filter(lambda text: "\0" not in text)
SCALARS = st.one_of(
    TEXTS, st.integers(-(10**9), 10**9), st.booleans(), st.none(), st.floats(allow_nan=True, allow_infinity=True)
)
VALUES: st.SearchStrategy[Any] = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=8,
)
DATA = st.dictionaries(KEYS, VALUES, max_size=4)


@dataclass
class Writer:
    """Writes data as a person might: any style where it is allowed, comments and blank lines between."""

    chance: Random
    comments: list[str] = field(default_factory=list)
    anchors: int = 0

    def pick(self, *choices: Any) -> Any:
        """One of ``choices``."""
        return self.chance.choice(choices)

    def comment(self) -> str:
        """A comment that no other is like."""
        self.comments.append(f"# comment {len(self.comments)} - x: [y]")
        return self.comments[-1]

    def filler(self, column: int) -> list[str]:
        """Nothing, a blank line, or a comment."""
        kind = self.pick("", "", "", "blank", "comment")
        return [""] if kind == "blank" else [" " * column + self.comment()] if kind else []

    def behind(self) -> str:
        """A comment behind a value, or none."""
        return self.pick("", "", f"  {self.comment()}" if self.pick(0, 0, 1) else "")

    def scalar(self, value: Any, key: bool = False) -> str:
        """A scalar on one line."""
        if isinstance(value, str):
            plain = re.fullmatch(r"[A-Za-z_][A-Za-z_0-9]*", value) and isinstance(parse_scalar(value), str)
            plain = plain and value.lower() not in ("yes", "no", "on", "off", "y", "n")
            styles = (
                ['"']
                + (["'"] if re.fullmatch(r"[ -~]*", value) else [])
                + ([""] * 2 if plain or (key and plain) else [])
            )
            style = self.pick(*styles)
            return value if not style else f"'{value.replace(chr(39), chr(39) * 2)}'" if style == "'" else double(value)
        if value is None:
            return self.pick("null", "~")
        if isinstance(value, bool):
            return self.pick("true", "True") if value else self.pick("false", "FALSE")
        if isinstance(value, float):
            return (
                ".nan"
                if value != value
                else ".inf"
                if value == float("inf")
                else "-.inf"
                if value == -float("inf")
                else repr(value)
            )
        return str(value)

    def flow(self, value: Any) -> str:
        """A value in flow style, now and then over several lines."""
        if not isinstance(value, dict | list):
            return self.scalar(value)
        comma, inside = self.pick((", ", ""), (",", " "), (",\n        ", "\n        "))
        last = self.pick("", ",") if value else ""
        if isinstance(value, dict):
            parts = [f"{self.scalar(k, True)}: {self.flow(v)}" for k, v in value.items()]
            return "{" + inside + comma.join(parts) + last + inside + "}"
        parts = [self.flow(one) for one in value]
        if "\n" in comma:
            behind = [self.behind() for _ in parts]
            ends = [*(f",{one}" for one in behind[:-1]), last + behind[-1]] if parts else []
            parts = [part + end for part, end in zip(parts, ends, strict=True)]
            return "[" + inside + "\n        ".join(parts) + inside + "]"
        return "[" + inside + comma.join(parts) + last + inside + "]"

    def block(self, value: Any, column: int) -> list[str]:
        """The lines of a collection with something in it."""
        lines: list[str] = []
        for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
            lines += self.filler(column)
            head = " " * column + (f"{self.scalar(key, True)}:" if isinstance(value, dict) else "-")
            lines += self.entry(head, inner, column, isinstance(value, dict))
            if isinstance(value, list) and self.pick(0, 0, 0, 1):
                lines.append(" " * (column + self.pick(1, 2)) + self.comment())
        return lines

    def entry(self, head: str, inner: Any, column: int, in_mapping: bool) -> list[str]:
        """One pair or item."""
        if isinstance(inner, str) and re.fullmatch(r"([a-z#:]+[a-z #:]*\n)+", inner) and self.pick(0, 1):
            return [head + " |" + self.behind(), *(f"{' ' * column}   {line}" for line in inner.splitlines())]
        if inner is None and self.pick(0, 1):
            return [head + self.behind()]
        if not isinstance(inner, dict | list) or not inner or self.pick(0, 0, 1):
            return [head + " " + self.flow(inner) + self.behind()]
        deeper = column + self.pick(*((0, 2, 4) if isinstance(inner, list) and in_mapping else (1, 2, 4)))
        if not in_mapping and self.pick(0, 1):
            lines = self.block(inner, column + 2)
            if not lines[0].strip().startswith("#") and lines[0].strip():
                return [head + " " + lines[0].lstrip(" "), *lines[1:]]
            return [head, *lines]
        self.anchors += 1
        anchor = self.pick("", "", f" &a{self.anchors}")
        return [head + anchor + self.behind(), *self.block(inner, deeper)]

    def document(self, data: dict[str, Any]) -> str:
        """The whole file."""
        lines = self.filler(0) + self.block(data, 0) + self.filler(0)
        text = self.pick("\n", "\n", "\r\n").join(lines)
        # A block scalar that the file ends in has its line end only where the file has one.
        ends = ["\n"] if " |" in text else ["\n", "\n", ""]
        return text + self.pick(*ends)


def parse_scalar(text: str) -> object:
    """What a plain scalar reads as."""
    return parse_source(f"k: {text}").data["k"]


def double(text: str) -> str:
    """A text in double quotes."""
    return '"' + "".join(c if c.isalnum() and c.isascii() else f"\\U{ord(c):08X}" for c in text) + '"'


def places(data: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every path of some data, the root's included."""
    found = [path]
    items = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    for key, inner in items:
        found += places(inner, (*path, key))
    return found


def at(data: Any, path: tuple[Any, ...]) -> Any:
    """The value at a path."""
    for part in path:
        data = data[part]
    return data


@st.composite
def documents(draw: Any) -> tuple[str, dict[str, Any]]:
    """A text, and the data it holds."""
    data = draw(DATA.filter(bool))
    text = Writer(Random(draw(st.integers(0, 10_000)))).document(data)
    source = parse_source(text)
    assert source.root is not None, (text, source.problems)
    assert same(source.data, data), text
    return text, data


def agreement(one: str, other: str) -> tuple[int, int]:
    """How many characters two texts have in common at their beginning, and behind that at their end."""
    shorter = min(len(one), len(other))
    start = next((i for i in range(shorter) if one[i] != other[i]), shorter)
    end = next((i for i in range(shorter - start) if one[-1 - i] != other[-1 - i]), shorter - start)
    return start, end


def offset(text: str, position: tuple[int, int]) -> int:
    """The index of a line and column."""
    return len("".join(text.splitlines(keepends=True)[: position[0] - 1])) + position[1] - 1


def comments(text: str) -> set[str]:
    """The comments of a text."""
    return set(COMMENT.findall(text))


def own_comments(text: str, data: Any, path: tuple[Any, ...]) -> list[list[str]]:
    """Of each item of the list at ``path`` its own comments, by PyYAML's marks.

    Those inside it and at its end; in a block also one right above it, and below it those further in than its dash.
    """
    node = yaml.compose(text, Loader=yaml.SafeLoader)
    for part in path:
        node = node.value[list(data).index(part)][1] if isinstance(data, dict) else node.value[part]
        data = data[part]
    if node.flow_style:
        stops = [*(item.start_mark.index for item in node.value[1:]), node.end_mark.index - 1]
        return [
            COMMENT.findall(text[item.start_mark.index : item.end_mark.index])
            + COMMENT.findall(re.split("\r?\n", text[item.end_mark.index : stop])[0])
            for item, stop in zip(node.value, stops, strict=True)
        ]
    lines, column, first = re.split("\r?\n", text), node.start_mark.column, node.start_mark.line
    if text[node.start_mark.index] == "&":
        first = next(i for i in range(first + 1, len(lines)) if lines[i].lstrip(" ").startswith("-"))
        column = lines[first].index("-")
    found = []
    for item in node.value:
        while lines[first][: column + 1] != " " * column + "-" and item is not node.value[0]:
            first += 1
        behind = last_line(item) + 1
        while behind < len(lines) and further_in(lines[behind], column + 1):
            behind += 1
        above = not lines[first][:column].strip() and further_in(lines[first - 1], column, column)
        found.append(COMMENT.findall("\n".join(lines[first - above : behind])))
        first = behind
    return found


def further_in(line: str, column: int, most: int = 1000) -> bool:
    """A line that holds a comment alone, at ``column`` or behind it."""
    comment = COMMENT.match(line.lstrip(" "))
    return comment is not None and column <= len(line) - len(line.lstrip(" ")) <= most


def last_line(node: yaml.Node) -> int:
    """The line that a value ends in, from 0; blank lines below a block scalar count as its own."""
    if isinstance(node, yaml.ScalarNode):
        return node.end_mark.line - (node.style in ("|", ">"))
    if node.flow_style:
        return node.end_mark.line
    return last_line(node.value[-1] if isinstance(node, yaml.SequenceNode) else node.value[-1][1])


def kept(text: str, path: tuple[Any, ...], before: dict[str, Any]) -> set[str]:
    """The comments before the entry at ``path`` and from the next entry on: those that are not its own."""
    source = parse_source(text)
    parent = at(before, path[:-1])
    names = list(parent) if isinstance(parent, dict) else list(range(len(parent)))
    place = names.index(path[-1])
    start = offset(text, source.place(path, isinstance(parent, dict)))
    # An item's place is its value; comments between its dash and its value are its own.
    own = None if isinstance(parent, dict) else re.search(r"-(?: &\w+)?(?:[ \t]*(?:#[^\n]*)?\r?\n)*[ ]*$", text[:start])
    start = own.start() if own else start
    found = comments(text[:start])
    if place + 1 < len(names):
        following = (*path[:-1], names[place + 1])
        found |= comments(text[offset(text, source.place(following, isinstance(parent, dict))) :])
    return found


def one_of_its_own(value: object) -> bool:
    """A collection with something in it."""
    return isinstance(value, dict | list) and bool(value)


def half(value: object) -> bool:
    """It has half a character in it, which no file can hold."""
    texts = [value] if isinstance(value, str) else []
    if isinstance(value, dict | list):
        return any(map(half, value)) or (isinstance(value, dict) and any(map(half, value.values())))
    return any("\ud800" <= character <= "\udfff" for character in "".join(texts))


CASES = settings(max_examples=80)


@given(documents(), st.data())
@CASES
def test_a_value_is_set(document, data):
    """Any value in place of any other: the data is as meant, and what stands around it is as it was."""
    text, before = document
    path = data.draw(st.sampled_from(places(before)[1:]))
    value = data.draw(VALUES.filter(lambda value: not half(value)))
    expected = copy.deepcopy(before)
    old = at(expected, path)
    at(expected, path[:-1])[path[-1]] = value
    edited = YamlDocument(text).set(path, value).text
    assert same(parse_source(edited).data, expected)
    if same(old, value):
        assert edited == text
    assert kept(text, path, before) <= comments(edited)
    if not one_of_its_own(old) and not one_of_its_own(value):
        assert comments(edited) == comments(text)
        start, _ = agreement(text, edited)
        assert start >= min(offset(text, parse_source(text).place(path)), len(edited)) - 1


@given(documents(), st.data())
@CASES
def test_an_item_is_moved(document, data):
    """It and the next one change places, each with its own comments, and moving it back gives the text that was."""
    text, before = document
    lists = [path for path in places(before) if isinstance(at(before, path), list) and len(at(before, path)) > 1]
    assume(lists)
    path = data.draw(st.sampled_from(lists))
    index = data.draw(st.integers(0, len(at(before, path)) - 2))
    expected = copy.deepcopy(before)
    items = at(expected, path)
    items[index : index + 2] = items[index + 1], items[index]
    owned = own_comments(text, before, path)
    refused, edited = "", YamlDocument(text)
    try:
        edited = edited.move((*path, index), 1)
    except EditError as error:
        refused = error.message
    if refused:
        assert "A comment beside" in refused
        assert any(owned[index : index + 2])
        return
    assert same(parse_source(edited.text).data, expected)
    assert comments(edited.text) == comments(text)
    owned[index : index + 2] = owned[index + 1], owned[index]
    assert own_comments(edited.text, expected, path) == owned
    assert edited.move((*path, index + 1), -1).text == text


@given(documents(), st.data())
@CASES
def test_a_key_is_added(document, data):
    """Text is added in one place; nothing of what was there is touched."""
    text, before = document
    path = data.draw(st.sampled_from([p for p in places(before) if isinstance(at(before, p), dict) and at(before, p)]))
    key = data.draw(KEYS.filter(lambda key: key not in at(before, path)))
    value = data.draw(VALUES.filter(lambda value: not half(value)))
    expected = copy.deepcopy(before)
    at(expected, path)[key] = value
    edited = YamlDocument(text).set((*path, key), value).text
    assert same(parse_source(edited).data, expected)
    assert sum(agreement(text, edited)) == len(text)
    assert list(at(parse_source(edited).data, path)) == [*at(before, path), key]


@given(documents(), st.data())
@CASES
def test_parents_are_made(document, data):
    """A path of which nothing is there yet."""
    text, before = document
    keys = data.draw(st.lists(KEYS, min_size=2, max_size=4).filter(lambda keys: keys[0] not in before))
    edited = YamlDocument(text).set(tuple(keys), 5).text
    expected = copy.deepcopy(before)
    inner = expected
    for key in keys[:-1]:
        inner = inner.setdefault(key, {})
    inner[keys[-1]] = 5
    assert same(parse_source(edited).data, expected)
    assert sum(agreement(text, edited)) == len(text)


@given(documents(), st.data())
@CASES
def test_an_entry_is_removed(document, data):
    """Text goes in one place; comments before it and behind it stay."""
    text, before = document
    path = data.draw(st.sampled_from(places(before)[1:]))
    expected = copy.deepcopy(before)
    del at(expected, path[:-1])[path[-1]]
    edited = YamlDocument(text).remove(path).text
    assert same(parse_source(edited).data or {}, expected)
    assert kept(text, path, before) <= comments(edited)
    if at(expected, path[:-1]) and "#" not in text:
        assert sum(agreement(text, edited)) == len(edited)


@given(documents(), st.data())
@CASES
def test_an_item_is_inserted(document, data):
    """At any place of a list: text is added in one place."""
    text, before = document
    lists = [p for p in places(before) if isinstance(at(before, p), list)]
    assume(lists)
    path = data.draw(st.sampled_from(lists))
    index = data.draw(st.integers(0, len(at(before, path))))
    value = data.draw(VALUES.filter(lambda value: not half(value)))
    expected = copy.deepcopy(before)
    at(expected, path).insert(index, value)
    edited = YamlDocument(text).insert(path, index, value).text
    assert same(parse_source(edited).data, expected)
    assert comments(edited) == comments(text)
    if at(before, path):
        assert sum(agreement(text, edited)) == len(text)


@given(documents(), st.data())
@CASES
def test_a_key_is_renamed(document, data):
    """The key has another name, in the same place; its value and all comments stay."""
    text, before = document
    path = data.draw(st.sampled_from([p for p in places(before)[1:] if isinstance(p[-1], str)]))
    key = data.draw(KEYS.filter(lambda key: key not in at(before, path[:-1])))
    edited = YamlDocument(text).rename_key(path, key).text
    after = parse_source(edited).data
    parent = at(before, path[:-1])
    assert same(at(after, path[:-1]), {key if name == path[-1] else name: value for name, value in parent.items()})
    assert list(at(after, path[:-1])) == [key if name == path[-1] else name for name in parent]
    assert comments(edited) == comments(text)
    start, end = agreement(text, edited)
    assert start >= offset(text, parse_source(text).place(path, True))
    assert "\n" not in text[start : len(text) - end]


@given(documents(), st.lists(st.tuples(KEYS, SCALARS.filter(lambda value: not half(value))), max_size=6))
@CASES
def test_edits_follow_on_one_another(document, pairs):
    """Many edits in a row end where the data ends."""
    text, before = document
    edited, expected = YamlDocument(text), copy.deepcopy(before)
    for key, value in pairs:
        edited = edited.set((key,), value)
        expected[key] = value
    for key in list(expected):
        edited = edited.remove((key,))
    assert edited.data == {}
    assert parse_source(edited.text).nothing
