"""Rows of a table: which column each of their cells belongs to, and the record of what they say."""

from __future__ import annotations

import re

from mltui.domain.words import AVERAGED, LOSSES, scope_of, words
from mltui.parsers.records.cells import BARS, CELL, GAPPED, WORDS, Cell
from mltui.parsers.records.names import SCOPE_KEYS, SOURCE_KEYS
from mltui.parsers.records.record import Record, new_field
from mltui.parsers.records.tables import Header, counted_by
from mltui.parsers.words import units
from mltui.parsers.words.roles import Role, counter_of, role_of
from mltui.parsers.words.values import value_of

# The name of a column and another one in brackets; a unit, a number or a sign there is none.
_TWO_NAMES = re.compile(rf"\w ?\((?!(?:{units.TOUCHING}|{units.OF_VALUES})\))[^\W\d]")


def assign(header: Header, cells: list[Cell]) -> list[str] | None:
    """The column name of every cell, empty for one that has none; ``None`` if the row does not fit under the header."""
    return next((names for find in _ASSIGNMENTS if (names := find(header, cells)) is not None), None)


def _one_each(header: Header, cells: list[Cell]) -> list[str] | None:
    """A cell for every column."""
    columns = header.columns(len(cells))
    return None if columns is None else [name for name, _, _ in columns]


def _beside_marks(header: Header, cells: list[Cell]) -> list[str] | None:
    """A cell for every column, and marks: a star behind the row for the best, an arrow for where a value goes."""
    return _filled(header, [any(c.isalnum() for c in cell.text) for cell in cells])


def _but_the_last(header: Header, cells: list[Cell]) -> list[str] | None:
    """Bars between the cells, and nothing behind the last one: only the best rows have a mark there."""
    columns = header.columns(len(cells) + 1) if BARS.search(header.text) else None
    return None if columns is None or cells[-1].end > columns[-1][1] else [name for name, _, _ in columns[:-1]]


def _between_tabs(header: Header, cells: list[Cell]) -> list[str] | None:
    """Several tabs between two columns, which look like empty cells."""
    return _filled(header, [bool(cell.text) for cell in cells]) if "\t" in header.text else None


def _filled(header: Header, holds: list[bool]) -> list[str] | None:
    """The columns for those cells that hold something."""
    columns = header.columns(sum(holds))
    if columns is None:
        return None
    rest = iter(columns)
    return [next(rest)[0] if held else "" for held in holds]


def _before_comma(header: Header, cells: list[Cell]) -> list[str] | None:
    """A comma behind the last cell."""
    found = assign(header, cells[:-1]) if len(cells) > 1 and not cells[-1].text else None
    return None if found is None else [*found, ""]


def _beneath_names(header: Header, cells: list[Cell]) -> list[str] | None:
    """Some columns are empty: each cell stands under one name, and the other names are set apart by gaps."""
    columns = header.columns(max(header.ways))
    if columns is None or len(cells) >= len(columns):
        return None
    above = [[at for at, (_, start, end) in enumerate(columns) if c.start < end and start < c.end] for c in cells]
    if any(len(near) != 1 for near in above):
        return None
    filled = [at for (at,) in above]
    apart = {place.span() for place in GAPPED.finditer(header.text)}
    empty = [columns[at][1:] for at in range(len(columns)) if at not in filled]
    return [columns[at][0] for at in filled] if filled == sorted({*filled}) and apart.issuperset(empty) else None


def _behind_index(header: Header, cells: list[Cell]) -> list[str] | None:
    """A row number in front of the first column, as pandas prints it."""
    columns = header.columns(len(cells) - 1)
    if columns is None or header.text[:1] != " " or not cells[0].text.isdigit():
        return None
    return [header.index, *(name for name, _, _ in columns)]


def _cut_off_row(header: Header, cells: list[Cell]) -> list[str] | None:
    """The terminal's edge has cut the row off behind whole cells."""
    columns = header.first
    if cells[-1].text != "…" or len(cells) > len(columns):
        return None
    return [*(name for name, _, _ in columns[: len(cells) - 1]), ""]


def _under_cut_off_header(header: Header, cells: list[Cell]) -> list[str] | None:
    """The terminal's edge has cut the header off: what stands behind its columns has no name."""
    more = len(cells) - len(header.first)
    return [*(name for name, _, _ in header.first), *[""] * more] if header.text[-1:] == "…" and more > 0 else None


def _beyond_edge(header: Header, cells: list[Cell]) -> list[str] | None:
    """The terminal's edge has cut the header off, and leaves no mark: the cells stand under its names and go on.

    The last name may be the beginning of one, unless its cell ends where it does.
    """
    columns, edge, beyond = header.first, len(header.text), len(cells) - len(header.first)
    if (
        BARS.search(header.text)
        or len(columns) < 3
        or beyond < 0
        or not (cells[-1].numbers and cells[-1].numbers[0][1] > edge)
    ):
        return None
    *whole, (begins, ends) = [
        (start == cell.start, end == cell.end) for (_, start, end), cell in zip(columns, cells, strict=False)
    ]
    goes_on = beyond > 0 and cells[-1].start >= edge and all(map(any, whole))
    if not goes_on and (beyond or begins or not all(end for _, end in whole)):
        return None
    names = [name for name, _, _ in columns]
    return [*names[:-1], names[-1] if ends else "", *[""] * beyond]


def _by_place(header: Header, cells: list[Cell]) -> list[str] | None:
    """What stands above each cell."""
    count = sum(any(c.isalnum() for c in cell.text) for cell in cells)
    drawn = header.spans or BARS.search(header.text)
    if not drawn and len(GAPPED.findall(header.text)) < count < max(header.ways):
        return _words_above(header.text, cells)
    names: list[str] = []
    for cell in cells:
        near = [name for name, start, end in header.first if cell.start < end and start < cell.end]
        if len(near) != 1 or near[0] in names:
            return None
        names.append(near[0])
    return names


def _words_above(text: str, cells: list[Cell]) -> list[str] | None:
    """The words of a header above each cell: ``Iterat #Fevals`` are two columns, ``function value`` is one."""
    above: list[list[str]] = [[] for _ in cells]
    for word in WORDS.finditer(text):
        shared = [min(cell.end, word.end()) - max(cell.start, word.start()) for cell in cells]
        above[shared.index(max(shared))].append(word.group())
    names = [" ".join(words) for words in above]
    named = all(name or not any(c.isalnum() for c in cell.text) for name, cell in zip(names, cells, strict=True))
    return names if named else None


# Tried one after the other: what counts the cells before what looks where they stand.
_ASSIGNMENTS = (
    _beyond_edge, _one_each, _before_comma, _beside_marks, _between_tabs, _cut_off_row, _under_cut_off_header,
    _but_the_last, _beneath_names, _behind_index, _by_place,
)  # fmt: skip


# How far a program has come with what a row tells of.
_STATES = frozenset(["status", "state"])


def said_in_words(names: list[str], cells: list[Cell]) -> tuple[str, str] | None:
    """On which data, and of which of several things, a row speaks by its words in columns that are called so.

    Words in the last column are a remark; ``None`` if there are others, which name what the numbers beside them are of.
    """
    said = [(name.lower(), cell.text) for name, cell in zip(names, cells, strict=True) if cell.text[:1].isalpha()]
    scope = next((text for name, text in said if name in SCOPE_KEYS and scope_of(text)), "")
    which = {name: text for name, text in said if SOURCE_KEYS.intersection(name.split()[-1:]) or counter_of(name)}
    others = [name for name, text in said if name not in SCOPE_KEYS | _STATES and name not in which]
    return None if others not in ([], [names[-1].lower()]) else (scope, " ".join(which.values()))


def numbers_classes(header: Header, cells: list[Cell]) -> bool:
    """Whether the row begins with the number of a class that has no name."""
    beside = header.supports and header.text[:1] == " " and header.columns(len(cells) - 1)
    return bool(beside) and cells[0].text.isdigit()


def tell_training(names: list[str], cells: list[Cell]) -> bool:
    """Whether rows are of a training although they count nothing: all is measured, a loss and something beside it."""
    measured = all("." in cell.text for cell in cells) and len(names) > 1
    return measured and any(not LOSSES.isdisjoint(words(name)) for name in names)


def under_label(label: str, names: list[str]) -> list[str]:
    """The names of a row's values; what it was measured on is no value.

    A row that is called by what it measures has one value, whatever column that stands in (``accuracy  0.91  64``).
    """
    kept = ["" if words(name) == ("support",) else name for name in names]
    if role_of(label) is Role.METRIC and len(kept) - kept.count("") == 1:
        return [label if name else "" for name in kept]
    return [f"{label} {name}" if name else "" for name in kept]


def is_of_data(header: Header, label: str) -> bool:
    """Whether a row that is called ``label`` tells of data: of how columns are spread, or how they go together.

    A table of the former kind begins with how many values there are; in the latter rows are called as the columns are
    that stand to the right of all these names.
    """
    header.describes = header.describes or label == "count"
    return header.describes or any(name == label and start >= len(label) for name, start, _ in header.first)


def labelled_column(header: Header) -> str:
    """The measured column of a table of two columns whose first holds names (``Class | IoU``), else nothing."""
    columns = header.columns(2)
    if columns is None or not _may_name(columns[0][0]) or scope_of(columns[0][0]):
        return ""
    return columns[1][0] if role_of(columns[1][0]) is Role.METRIC else ""


def _may_name(column: str) -> bool:
    """Whether a column may hold names: it neither measures nor counts; a fold or a task may have a name."""
    counted = counter_of(column)
    return role_of(column) is not Role.METRIC and (counted is None or counted[1] == "fold")


def holds_two(name: str, cell: Cell) -> bool:
    """Whether a cell has one number for the column's name and one for that in brackets: ``loss (val)``, ``0.9 (1.0)``.

    The second is then no mean of the first.
    """
    found = CELL.fullmatch(cell.text) if _TWO_NAMES.search(name) else None
    return found is not None and found[2] is not None


def assign_labelled(header: Header, cells: list[Cell]) -> list[str] | None:
    """The column name of every cell behind the name that a row begins with; ``None`` if the row does not fit."""
    if (names := _beyond_edge(header, cells)) is not None:
        return names[1:] if _may_name(names[0]) else None
    columns = header.columns(len(cells))
    if columns is not None:
        if not _may_name(columns[0][0]):
            return None
        return [name for name, _, _ in columns[1:]]
    if header.text[:1] != " ":
        return None
    columns = header.columns(len(cells) - 1)
    if columns is not None:
        return [name for name, _, _ in columns]
    return assign(header, cells[1:])


def table_record(names: list[str], cells: list[str]) -> Record:
    """The record of a table with these columns; number ``i`` is cell ``i``."""
    record = Record(row=True)
    counting = sum(counter_of(n) is not None for n in names)
    counts, alone = counting > 0, counting == 1
    instead = "" if counts else next((n for n in names if counted_by(n)), "")
    for i, (name, cell) in enumerate(zip(names, cells, strict=True)):
        if not CELL.fullmatch(cell):
            continue
        if name.count("(") != name.count(")"):
            name = name.replace("(", " ").replace(")", "")
        name = {"#": "step", "E": "epoch"}.get(name, name) if "#" in names or not counts else name
        if name == instead:
            name, cell = counted_by(name), cell.removesuffix(".0")
        whole = cell.split("/")[0].lstrip("[+-").rstrip("]").isdigit()
        mean = not AVERAGED.isdisjoint(words(name))  # One that came out whole is measured, too.
        found = new_field(name, i, decimal=mean or not whole)
        if found.role is Role.COUNTER and not (whole or (alone and _is_whole(cell))):
            found.role = Role.OTHER
        record.fields.append(found)
    return record


def _is_whole(cell: str) -> bool:
    """Whether an exponent makes a count of the number, ``8.00e+03``, and not how large a step was, ``1.0e+00``."""
    value = value_of(cell) if "e" in cell.lower() else 0.0
    return value > 1 and value.is_integer()
