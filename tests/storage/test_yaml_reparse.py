"""A text that changed in one entry, parsed again there alone, is what it is when it is parsed from its beginning."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mltui.storage.yaml_nodes import Node, Source
from mltui.storage.yaml_reparse import parse_again
from mltui.storage.yaml_source import parse_source

PROFILE = """\
# head
image: python:3.12 # the base
x-common: &common
  a: 1
  b: [1, 2]
params:
  lr: 0.1   # how fast
  long: {default: 1, min: 0,
    max: 3}
  "quoted key": 'it''s'

  # comment
  text: "multi
    line"
command:
- python3
- "--lr=${lr}"
environment:
  <<: *common
  A: '1'
  block: |
    line one
      two

  folded: >-
   x
   y
  keep: |+
    z

volumes:
  - ./a:/a
  - type: bind
    source: /x
deploy:
  resources:
    limits:
      memory: 4g
      cpus: 2
    reservations: {memory: 2g}
tags: [a, b]
"""
TEXTS = (
    PROFILE,
    "---\na:\n  b:\n    c:\n      d: 1\n      e: 2\n    f: 3\ng: plain\n  goes on\n  here\nh: ?\n",
    "%YAML 1.1\n---\na: 1\nb: {c: 1, d: 2}\n...\n",
    "a: 1\r\nb:\r\n  c: 2\r\n  d: 3\r\ne: x\r\n",
    "a: 1\nb:\n  c: 2\n  d: !reset 3\ne: !override\n  f: 1",
    "a: 1\nb:\n    c: 2\n    d:\n    - 1\n    - k: 2\n      l: 3\n    e: &e 4\nf: *e",
)
#: What typing and pasting put into a text, sound and broken.
SNIPPETS = [
    "a", "x: 1", "\n", "\n  ", "\n    ", "\n  z: 1", "\nz: 2", "\nimage: y", ": ", ":", "- ", "\n- ", "\n  - ", "'",
    '"', "{", "}", "[", "]", ",", "#", " #", " ", "  ", "&x ", "*x", "*common", "<<: *common", "\n<<: {q: 1}", "|",
    "|-\n    q\n", ">", "? ", "!reset ", "!t ", "---\n", "...\n", "%", "\t", "\r", "\r\n", "\x85", "\u2028", "\ufeff",
    "yes", "1", "0.50", "null", "~", "@", "`", "é", "\U0001f600", "\x07", "",
]  # fmt: skip
EDITS = st.lists(st.tuples(st.floats(0, 1), st.integers(0, 8), st.sampled_from(SNIPPETS)), min_size=1, max_size=12)


def edited(text: str, edit: tuple[float, int, str]) -> str:
    """The text with some characters at a place replaced."""
    where, gone, snippet = edit
    at = round(where * len(text))
    return text[:at] + snippet + text[at + gone :]


def whole(found: Any) -> Any:
    """Everything that a node or a value is, to be compared: kinds and spelling of scalars, places, order."""
    if isinstance(found, Node):
        rest = (found.position, list(found.keys.items()), found.size, found.file, found.mark, found.apart, found.tied)
        return whole(found.value), rest
    if isinstance(found, dict):
        return [(key, whole(inner)) for key, inner in found.items()]
    return [whole(inner) for inner in found] if isinstance(found, list) else (type(found), str(found))


def look(source: Source) -> tuple[Any, ...]:
    """The same of a source."""
    return source.file, whole(source.data), source.problems, whole(source.root), source.text, source.nothing


@settings(max_examples=80)
@given(st.sampled_from(TEXTS), EDITS)
def test_parsed_again_it_is_the_same_as_parsed_anew(text: str, edits: list[tuple[float, int, str]]) -> None:
    """Whatever is typed where: anchors and aliases, comments, tabs, block scalars, YAML that is broken."""
    before = parse_source(text)
    for edit in edits:
        text = edited(before.text, edit)
        anew = parse_source(text)
        again = parse_again(before, text)
        assert again is None or look(again) == look(anew)
        if anew.root is not None and not anew.problems:
            before = again or anew


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("lr: 0.1", "lr: 0.15"), ("lr: 0.1", "lrs: 0.1"), ("max: 3}", "max: 3,\n   }"), ("'it''s'", "x"),
        ("      two", "      two\n      three"), ("- python3\n", "- python3\n- -u\n"), ("a]", "c]"),
        ("    cpus: 2\n", "    cpus: 2\n      pids: 3\n"), ("./a:/a", "./b:/a"), ("  A: '1'", "  A: '1'\n  B: 2"),
    ],
)  # fmt: skip
def test_what_is_typed_in_an_entry_is_parsed_there(old: str, new: str) -> None:
    """All else is the very same object as before, by which others know that it has not changed."""
    text = PROFILE.replace("  <<: *common\n", "")
    before = parse_source(text)
    again = parse_again(before, text.replace(old, new))
    assert again is not None
    kept = [key for key in before.data if again.data[key] is before.data[key]]
    assert len(kept) == len(before.data) - 1
