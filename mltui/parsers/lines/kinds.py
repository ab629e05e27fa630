"""What kind of line a text is, by itself: a table's header or row, a heading, program text, names beside numbers."""

from __future__ import annotations

import re
from typing import Literal

from mltui.parsers.front.prefix import split_prefix
from mltui.parsers.lines.gate import may_matter
from mltui.parsers.lines.headings import heading_scope
from mltui.parsers.lines.program_text import is_program_text
from mltui.parsers.lines.silent_blocks import Block, block_of
from mltui.parsers.records import tables
from mltui.parsers.records.cells import (
    BAR_MARKS,
    BARS,
    HAS_VALUE,
    box_row,
    is_number,
    is_rule,
    label_of,
    row_cells,
    without_remark,
    worded_cells,
)
from mltui.parsers.records.history import tells_curves
from mltui.parsers.records.metric_tables import read_metric_table
from mltui.parsers.words.tokens import text_of

#: What a line is: ``pairs`` may hold names beside numbers, a ``plan`` is known for those that do; those of the second
#: row stand in tables; the others begin a block that says nothing of the training.
LineKind = Literal[
    "nothing", "pairs", "plan", "object", "listed", "scope",
    "header", "groups", "rule", "row", "labelled", "remarked", "box", "metrics", "title",
    Block,
]  # fmt: skip

_NUMERIC_START = re.compile(rb"[\s|,;\"\xe2\x94\x95\x82\x83\x91]*(?:[-+.]?[0-9]|all\b)")
# Between the columns of a header.
_APART = re.compile(rb"\S(?:  +|\t)\S|^\s*[|+]|^\w+(?:,\w+){2,}$")
# The number of a part, in a row of bars: ``| Layer 0 | Layer 1 |``.
_NUMBERED = re.compile(rf"(?<=[A-Za-z] )\d+(?= *[{BAR_MARKS}])")
# Digits that belong to a column's name, and such as belong to none.
_FIGURE = re.compile(r"(?<![\w@.:-])\d")
_NAME_DIGITS = re.compile(r"[A-Za-z_@-]\d+(?:-\d+)?|@\.?\d+(?:[-:]\.?\d+)?")


def kind_of(text: str, frame: bytes) -> LineKind:
    """The kind of the line ``frame``, which begins with ``text``; ``pairs`` if its form says nothing."""
    if not may_matter(frame):
        return _table_kind(text, frame) or _above_table(text) or "nothing"
    if block := block_of(text):
        return block
    if is_program_text(text):
        return "nothing"
    if tells_curves(text):
        return "listed"
    part = table_part(text)
    if not HAS_VALUE.search(_NUMBERED.sub("", part)) and read_metric_table(part):
        return "metrics"
    if kind := _table_kind(text, frame):
        return kind
    if _says_heading(text):
        return "scope"
    if _names_alone(text) and tables.read_header(text) is not None:
        return "header"
    return _above_table(text) or "pairs"


def _says_heading(text: str) -> bool:
    """Whether a line is a heading, behind what a logger put in front of it: ``INFO - __main__ - Evaluating...``."""
    said = text[split_prefix(text) :]
    return not HAS_VALUE.search(said) and bool(heading_scope(said))


def _above_table(text: str) -> LineKind | None:
    """The kind of a line that says of what the table under it is, or its columns."""
    if tables.read_groups(text):
        return "groups"
    return "title" if tables.title_of(text) else None


def _names_alone(text: str) -> bool:
    """Whether a line holds no value, as a header does: its digits belong to names."""
    if text.count(",") < 2 and _FIGURE.search(text):
        return False  # In front of many names between commas may stand a remark, with any digits.
    return not HAS_VALUE.search(_NAME_DIGITS.sub("", tables.header_text(text)))


def begins_table(line: bytes) -> bool:
    """Whether a line is a table's header, its columns set apart by more than a blank or words, or the row of a box."""
    if b"=" in line or b": " in line or not _APART.search(line):
        return False
    return kind_of(text_of(line), line) in ("header", "box")


def _table_kind(text: str, frame: bytes) -> LineKind | None:
    """The kind of a line that stands in a table: a rule or a row."""
    if is_rule(text):
        return "rule"
    box = box_row(text)
    if box and (not box[1] or is_number(box[1])):
        return "box"
    if _NUMERIC_START.match(frame):
        if row_cells(text):
            return "row"
        if row_cells(without_remark(text)):
            return "remarked"
    if label_of(text):
        return "labelled"
    return "remarked" if worded_cells(text) else None


def in_table(text: str) -> bool:
    """Whether ``text`` is a rule or a row of numbers of a table, or its header."""
    if _table_kind(text, text.encode()) in ("rule", "row", "remarked", "box"):
        return True
    return not HAS_VALUE.search(text) and tables.read_header(text) is not None


def table_part(text: str) -> str:
    """``text`` without what a logger wrote in front of it; bars are the table's own."""
    return text if BARS.match(text.lstrip()) else text[split_prefix(text) :]
