"""The cells of a table's lines: where they begin and end, and which of them are numbers."""

from __future__ import annotations

import re
from typing import NamedTuple

from mltui.domain.words import AVERAGED, word_set
from mltui.parsers.words import units
from mltui.parsers.words.tokens import NUMBER, WRAPPER

#: What is drawn between cells.
BAR_MARKS = "|│┃║┆"
BARS = re.compile(f"[{BAR_MARKS}]")
GAPPED = re.compile(r"\S+(?: \S+)*")
#: The same where bars stand between groups of cells.
GAPPED_OR_BARS = re.compile(rf"[^\s{BAR_MARKS}]+(?: [^\s{BAR_MARKS}]+)*")
#: Anything that may be a value.
HAS_VALUE = re.compile(r"\d|\b(?:nan|inf)\b", re.I)
# What stands in a cell whose value there is none of yet.
_ABSENT = r"(?i:no log|none|null|n/a)(?!\S)"
_MOMENT = r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d\S*"
_WORDS_OR_BARS = re.compile(rf"[^\s{BAR_MARKS}]+")
# Cells that stand between two bars together.
_SEVERAL = re.compile(rf"(?:{NUMBER})(?: {{2,}}(?:{NUMBER}))+")
_RULE = re.compile(r"[\s|+:\-=\u2500-\u257f]+")
RULE_GROUP = re.compile(r"[-=─━═]{2,}")
_VALUE = rf"{NUMBER}|[-+]?(?:nan|inf)"
# Arrows, stars and other signs.
_SIGNS = "[*~^≈\u2190-\u21ff\u25a0-\u27bf\u2b00-\u2bff\ufe0f\U0001f300-\U0001faff]{1,3}"
# A letter right behind an exponent is a unit or a mark: ``1.5e-03s``, ``4.22e-01h``.
_UNIT = rf"\s?%| ?(?:{units.OF_VALUES})(?!\w)|(?<=e[-+]\d\d)[a-z]"
# What is said of a value: by how much it varies, its mean, or anything in brackets.
_SPREAD = rf" ?(?:±|\+/-|\+-) ?(?:{NUMBER})%?"
_MEAN = rf" ?\(({NUMBER})\)%?"
_SAID = r" ?[(\[][^()\[\]|]{1,30}[)\]]"
#: A cell with a value, and the mean behind it: ``**0.5**``, ``0.5 ± 0.1``, ``tensor(0.5)``, ``0.5 (0.4) ↓``.
CELL = re.compile(
    rf"(?:{_SIGNS} ?)?(?:[\[('\"`]|{WRAPPER}\()?"
    rf"([-+]?\d{{1,3}}(?:,\d{{3}})+(?:\.\d+)?|{_VALUE})(?:/\d+)?(?:{_UNIT})?"
    rf"(?:(?:,[^()|]{{1,60}})?\)|[\]'\"`])?(?:{_SPREAD}|{_MEAN}|{_SAID})?(?:\s?{_SIGNS})?",
    re.I,
)
# A date with its time, a number with what is said of it and what says that there is none are one cell.
WORDS = re.compile(
    rf"{_MOMENT}|{_ABSENT}|\d[\d.]* {units.APART}\b"
    rf"|(?<!\S)(?:{_VALUE})%?(?:{_SPREAD}|{_UNIT}|{_MEAN}|{_SAID})(?!\S)|\S+"
)
_NUMBER = re.compile(_VALUE, re.I)
# A cell of several values, ``[4.15e+01, 1.10e-01]``; it may be empty.
_LIST = re.compile(rf"\[\s*(?:(?:{_VALUE})(?:,?\s+(?:{_VALUE}))+)?\s*\]", re.I)
_LIST_OR_WORD = re.compile(r"\[[^\[\]]*\]|\S+")
# What else may stand in a row: durations, sizes, addresses, marks such as a tick.
_DURATION = re.compile(
    rf"{_MOMENT}|\d{{1,3}}(?:\.\d{{1,3}}){{3}}(?::\d+)?|\d[\d.]* {units.APART}|\d+(?:\.\d+)?{units.TOUCHING}"
    rf"|{_ABSENT}"
    r"|[^\w\s]|\d+h(?:\d+m)?(?:\d+s)?|\d+m\d+s|\d+(?::\d\d)+(?:\.\d+)?|[-–—]+|\+"
)
#: Marks in front of a row that is to be seen: ``! Train   1   0.893``.
MARKS = "!*> "
NAME = re.compile(r"(?:# ?|_|\(?% ?)?[^\W\d_].{0,40}|#")
# A comma inside of a number.
_THOUSANDS = re.compile(r"(?<=\d),(?=\d{3}(?!\d))")
# What a row of numbers ends with: ``LS failed, Hessian reset``.
_REMARK = re.compile(r"(?<=\d) {2,}([A-Za-z][A-Za-z ,.'-]*)$")
# The same, and what is said of its last cell: ``0.4623 (best)``, ``89.17% | <- saved``.
_SAID_OF_ROW = re.compile(
    r"(?:(?<=[\d%])|(?<=\ds)|(?<=nan)|(?<=inf))(?:[\s|,;]+(?:-+>?\s?)?[A-Za-z]\D{0,40}"
    r"|[\s|,;]*(?:[(\[][A-Za-z][^()\[\]]{0,40}[)\]]|[^\w\s.,;|()\[\]%/:+-]\D{0,40}))[\s|]*$"
)
# A cell of a CSV table that may hold what stands between cells; behind a number a quote means inches.
_QUOTED = re.compile(r'(?<![^\s,;|])(?:"[^"]*")+')
#: What may stand between cells, and may stand in a text in quotes.
SEPARATOR = re.compile(r"[,;\t|]")
# A cell that is a word, ``train``, and one at the end that says more.
_WORD_CELL = re.compile(r"[^\W\d][\w.+-]{0,30}")
# Such a row whose cells are set apart by gaps: ``  3   train   0.52   0.80``.
_WORD_BETWEEN_GAPS = re.compile(rf"\s*\d+ {{2,}}[^\W\d][\w.+-]{{0,30}}(?: {{2,}}(?:{_VALUE})%?){{2,}}\s*", re.I)
_REMARK_CELL = re.compile(r"[^\W\d][^=:|]{0,60}")
_OVERALL = AVERAGED | word_set("all overall total")
#: A table of more columns is not read.
MAX_COLUMNS = 64

#: What stands between two separators: its text, and where it begins and ends.
Piece = tuple[str, int, int]


class Cell(NamedTuple):
    """One cell of a row: its text, its place, and where in the row its numbers stand.

    That is one, with its mean behind it, or those of a list.
    """

    text: str
    start: int
    end: int
    numbers: tuple[tuple[int, int], ...]


def is_number(text: str) -> str:
    """The number that ``text`` is, but for what is said of it; empty if it is none."""
    found = CELL.fullmatch(text)
    return "" if found is None else found[1]


def box_row(text: str) -> tuple[str, str] | None:
    """Name and value of a table row of two columns, ``| ep_rew_mean | 22.2 |`` or ``│ loss   1.35 │``.

    The value is empty in a box's title and in a heading inside of it.
    """
    parts = BARS.split(text, 4)
    if len(parts) == 3 and not parts[0].strip() and not parts[2].strip() and (cells := GAPPED.findall(parts[1])):
        named = len(cells) < 3 and NAME.fullmatch(cells[0])
        return (cells[0], cells[1] if len(cells) == 2 else "") if named and text.lstrip()[:1] != "|" else None
    if len(parts) != 4 or parts[0].strip() or parts[3].strip():
        return None
    name = parts[1].strip()
    return (name, parts[2].strip()) if any(c.isalpha() for c in name) else None


def is_rule(text: str) -> bool:
    """Whether ``text`` is a line that separates header and rows."""
    return _RULE.fullmatch(text) is not None and RULE_GROUP.search(text) is not None


def pieces_of(kind: re.Pattern[str], text: str, start: int = 0) -> list[Piece]:
    """All that ``kind`` finds in ``text`` from ``start`` on."""
    return [(found.group(), found.start(), found.end()) for found in kind.finditer(text, start)]


def split_by(text: str, separator: re.Pattern[str]) -> list[Piece]:
    """The cells between separators with their places; what is empty beyond bars at both ends is no cell."""
    cells: list[Piece] = []
    start = 0
    for end, after in [*(m.span() for m in separator.finditer(text)), (len(text), len(text))]:
        cell = text[start:end]
        cells.append((cell.strip(), start, end))
        start = after
    if separator is BARS:
        cells = cells[1:] if cells and not cells[0][0] else cells
        cells = cells[:-1] if cells and not cells[-1][0] else cells
    return [(name.strip("\"'"), a, b) for name, a, b in cells]


def split_row(text: str) -> list[Piece]:
    """The cells of a row."""
    if '"' in text:
        text = _QUOTED.sub(lambda quoted: SEPARATOR.sub(" ", quoted[0]), text)
    if BARS.search(text):
        cells = split_by(text, BARS)
        return pieces_of(_WORDS_OR_BARS, text) if any(_SEVERAL.fullmatch(cell) for cell, _, _ in cells) else cells
    if remark := _REMARK.search(text):
        return [*split_row(text[: remark.start()]), (remark[1], *remark.span(1))]
    if _LIST.search(text):
        return pieces_of(_LIST_OR_WORD, text)
    if "," in (_THOUSANDS.sub("", text) if "  " in text.strip() else text):
        return split_by(text, re.compile(","))
    if ";" in text:
        return split_by(text, re.compile(";"))
    if "\t" in text.strip():
        return split_by(text.lstrip("\t"), re.compile("\t"))
    return pieces_of(WORDS, text)


def without_remark(text: str) -> str:
    """A row without what is said of it behind its last number."""
    found = _SAID_OF_ROW.search(text)
    return text[: found.start()] if found else text


def label_of(text: str) -> str | None:
    """The name in front of a row of numbers (``| road | 56.7 | 61.2 |``); ``None`` if ``text`` is no such row."""
    parts = split_by(text, BARS) if BARS.search(text) else pieces_of(GAPPED, text)
    if not 3 <= len(parts) <= MAX_COLUMNS or not NAME.fullmatch(parts[0][0].lstrip(MARKS)) or "=" in parts[0][0]:
        return None
    return parts[0][0] if row_cells(text, parts[0][0]) else None


def worded_cells(text: str) -> list[Cell] | None:
    """The cells of a row of which some are words, ``100,train,0.52``; ``None`` if ``text`` is no such row.

    Between them stand commas, semicolons, tabs or bars, or gaps behind a number and one word.
    """
    if max(map(text.count, f",;\t{BAR_MARKS}")) < 2 and not _WORD_BETWEEN_GAPS.fullmatch(text):
        return None
    cells = [Cell(cell, start, end, ()) for cell, start, end in split_row(text)]
    for i, (cell, start, end, _) in enumerate(cells):
        if found := CELL.fullmatch(cell):
            cells[i] = Cell(cell, start, end, _numbers_in(found, text.find(cell, start)))
        elif (
            cell
            and not (_WORD_CELL.fullmatch(cell) or _DURATION.fullmatch(cell))
            and (i < len(cells) - 1 or not _REMARK_CELL.fullmatch(cell))
        ):
            return None
    decimal = any("." in cell.text for cell in cells if cell.numbers)
    return cells if decimal and len(cells) <= MAX_COLUMNS and any(c.text[:1].isalpha() for c in cells) else None


def row_cells(text: str, label: str = "") -> list[Cell] | None:
    """The cells of a row of numbers; ``None`` if ``text`` is no such row. Its first cell may be the name ``label``."""
    if label and not BARS.search(text):
        begin = text.find(label)
        end = begin + len(label)
        parts = [(label, begin, end), *pieces_of(WORDS, text, end)]
    else:
        parts = split_row(text)
    if not 2 <= len(parts) <= MAX_COLUMNS:
        return None
    cells: list[Cell] = []
    for i, (cell, start, end) in enumerate(parts):
        found = CELL.fullmatch(cell)
        if found is None and not (
            _LIST.fullmatch(cell)
            or _DURATION.fullmatch(cell)
            or not cell
            or (i == 0 and (label or cell.lower() in _OVERALL))
            or (i == len(parts) - 1 and i > 3 and cell[0].isalpha())
        ):
            return None
        at = text.find(cell, start)
        if found is not None:
            inside = _numbers_in(found, at)
        else:
            several = _NUMBER.finditer(cell) if cell[:1] == "[" else ()
            inside = tuple((at + number.start(), at + number.end()) for number in several)
        cells.append(Cell(cell, start, end, inside))
    return cells if any(cell.numbers for cell in cells) else None


def _numbers_in(cell: re.Match[str], at: int) -> tuple[tuple[int, int], ...]:
    """Where the value of a cell that begins ``at`` stands, and its mean, if both were measured."""
    with_mean = cell[2] and "." in cell[1] and "." in cell[2] and cell[2][0] not in "+-"
    return tuple((at + cell.start(i), at + cell.end(i)) for i in ((1, 2) if with_mean else (1,)))
