"""Tables: a line of column names, then rows of numbers under it.

The header is remembered until another one takes its place. Columns are told apart by bars, commas, tabs, gaps, or by
the rule of dashes under the header; a row belongs to a header if its cells can be assigned to the columns.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from mltui.parsers.records.cells import (
    BARS,
    CELL,
    GAPPED,
    HAS_VALUE,
    MAX_COLUMNS,
    NAME,
    RULE_GROUP,
    WORDS,
    Cell,
    is_rule,
    split_by,
)
from mltui.parsers.records.record import Record, new_field
from mltui.parsers.vocabulary import Role, counter_of, role_of, scope_of, words

# In front of what is counted, in the name of a column: ``n_gen``, ``number_of_trees``.
_HOW_MANY = re.compile(r"(?:n|num|number)[ _](?:of[ _])?", re.I)
# The length of a vector, ``||grad||``, is no bar.
_NORM = re.compile(r"\|\|(\w+)\|\|")
_COMMENT = re.compile(r"\s*# ?(?=([A-Za-z]\w*)\s)")
_NUMBERED = re.compile(r" \(\d+\)$")
# A name's second line, or what it is measured in.
_SECOND = re.compile(r"\s*(?:\(?[^\W\d_][\w :/%-]*\)?)?\s*")
_ROW_NAMES = frozenset(["metric", "metrics", "name", "measure", "quantity"])
_MISSING = frozenset(["", "n/a", "na", "none", "-", "--", "—"])


@dataclass(slots=True)
class Header:
    """Column names, as the ways in which the header line can be split, by number of columns."""

    text: str
    ways: dict[int, list[tuple[str, int, int]]] = field(default_factory=dict)
    spans: list[tuple[str, int, int]] | None = None
    """Columns by the rule under the header."""
    index: str = ""
    """What the number in front of each row counts, where pandas prints it in a line of its own."""
    supports: bool = False
    """A column counts what each row was measured on, so that a row's number is its class's."""

    @property
    def first(self) -> list[tuple[str, int, int]]:
        """The columns where nothing else says how many there are."""
        return self.spans or next(iter(self.ways.values()))

    def columns(self, count: int) -> list[tuple[str, int, int]] | None:
        """The columns if there are ``count`` of them."""
        if self.spans is not None and len(self.spans) == count:
            return self.spans
        return self.ways.get(count)


def header_text(text: str) -> str:
    """The header in ``text``, which may stand in front of a bar or behind the mark of a comment (``# epoch  loss``)."""
    text = _NORM.sub(lambda norm: f"  {norm[1]}  ", text.rstrip().removesuffix(":"))
    comment = _COMMENT.match(text)
    return " " * comment.end() + text[comment.end() :] if comment and counter_of(comment[1]) else text


def same_header(header: Header, text: str) -> bool:
    """Whether ``text`` is ``header`` again; its last name may be cut off at the terminal's edge."""
    text = header_text(text)
    if text == header.text:
        return True
    return text[-1:] == "…" == header.text[-1:] and text.rpartition(" ")[0].split() == header.text.split()[:-1]


def read_header(text: str) -> Header | None:
    """The header that ``text`` may be; its columns must count or measure something."""
    text = header_text(text)
    header = Header(text)
    if BARS.search(text):
        _add_way(header, split_by(text, BARS))
    elif "," in text or ";" in text or "\t" in text:
        _add_way(header, split_by(text.strip(",;\t"), re.compile("\t+" if "\t" in text else "[,;]")))
    else:
        _add_way(header, [(m.group(), m.start(), m.end()) for m in GAPPED.finditer(text)])
    if not BARS.search(text) and len(text.split()) > 2:
        _add_way(header, [(m.group().strip(",;"), m.start(), m.end()) for m in WORDS.finditer(text)])
    header.supports = any(words(name) == ("support",) for way in header.ways.values() for name, _, _ in way)
    return header if header.ways else None


def _add_way(header: Header, columns: list[tuple[str, int, int]]) -> None:
    if len(columns) > 2 and columns[-1][0][-1:] == "…" and columns[-2][0] == "mAP50":
        # Ultralytics' validator (yolo/detect/val.py, from 8.0 on) prints ``mAP50  mAP50-95)``, and its bars are
        # cut off at the terminal's edge; the rows beneath have both values.
        columns = [*columns[:-1], ("mAP50-95", *columns[-1][1:])]
    names = [name for name, _, _ in columns]
    if not 2 <= len(names) <= MAX_COLUMNS or not all(NAME.fullmatch(n) for n in names):
        return
    if any(len(n.split()) > 4 for n in names) or len(set(names)) == 1:
        return
    columns = [(_numbered(names, i), start, end) for i, (_, start, end) in enumerate(columns)]
    counts = any(counter_of(n) or n in ("#", "E") or _counted(n) for n in names)
    measured = sum(role_of(n) is Role.METRIC for n in names)
    if names[0] == "ID" and not counts:
        return  # Its rows are things, not the steps of a training.
    if measured >= 1 or (counts and any(role_of(n) in (Role.UNKNOWN, Role.SCOPE) for n in names)):
        header.ways[len(names)] = columns


def _counted(name: str) -> str:
    """What a column counts that says how many there are so far: it may serve where no other column counts."""
    found = _HOW_MANY.match(name)
    counter = name[found.end() :].rstrip("s") if found else ""
    return counter if counter_of(counter) else ""


def drawn_alike(header: Header, text: str) -> bool:
    """Whether a row has bars between its cells as its header has, or neither has."""
    return bool(BARS.search(header.text)) == bool(BARS.search(text))


def index_name(header: Header, text: str) -> str:
    """The counter that the line under ``header`` names the rows' index by, as pandas does."""
    word = text.strip()
    return word if header.text[:1] == " " and text[:1] != " " and word.isidentifier() and counter_of(word) else ""


def _numbered(names: list[str], i: int) -> str:
    """The name of column ``i``, told apart from an earlier column of the same name."""
    before = names[:i].count(names[i])
    return f"{names[i]} ({before + 1})" if before else names[i]


def read_groups(text: str) -> list[str]:
    """Names above groups of columns: ``|  Population Average  |   Best Individual  |``, or with gaps between them."""
    inner = text.strip()
    if HAS_VALUE.search(inner):
        return []
    if inner[:1] and inner[0] in "|│┃" and inner[-1] == inner[0]:
        names = [name for name, _, _ in split_by(text, BARS) if name]
    else:
        names = GAPPED.findall(text) if text[:1] == " " else []
    return names if 2 <= len(names) <= 8 and all(NAME.fullmatch(n) and len(n.split()) < 4 for n in names) else []


def apply_groups(header: Header, groups: list[str]) -> None:
    """Tell columns of one name apart by what stands above them: a group begins where a name comes again."""
    for columns in header.ways.values():
        names = [_NUMBERED.sub("", name) for name, _, _ in columns]
        begins = [0]
        for i, name in enumerate(names):
            if name in names[begins[-1] : i]:
                begins.append(i)
        if 1 < len(begins) == len(groups):
            of = [groups[sum(i >= begin for begin in begins) - 1] for i in range(len(names))]
            columns[:] = [
                (name if counter_of(name) else f"{group} {name}", start, end)
                for name, group, (_, start, end) in zip(names, of, columns, strict=True)
            ]


def stack(header: Header, text: str) -> Header | None:
    """``header`` with the second line of its names under it: ``Mini-batch`` over ``Accuracy``."""
    above, below = BARS.split(header.text), BARS.split(text)
    if len(above) != len(below) or len(above) < 4 or not all(_SECOND.fullmatch(cell) for cell in below):
        return None
    joined = "|".join(f"{a.strip()} {b.strip()}" for a, b in zip(above, below, strict=True))
    found = read_header(joined)
    return found if found is not None and not is_rule(text) else None


def read_splits(text: str) -> list[str]:
    """The columns of a table whose rows are metrics and whose columns are splits, ``Metric | Train | Val``."""
    cells = split_by(text, BARS) if BARS.search(text) else [(m.group(), 0, 0) for m in GAPPED.finditer(text)]
    names = [name for name, _, _ in cells]
    if names and names[0].lower() in _ROW_NAMES:
        names = names[1:]
    if not 2 <= len(names) <= 4 or len(set(names)) < len(names):
        return []
    return names if all(scope_of(name) and len(name.split()) <= 2 for name in names) else []


def split_values(text: str, splits: list[str]) -> tuple[str, list[str]] | None:
    """The metric and its values in a row under ``splits``; a value that is missing is an empty text."""
    cells = split_by(text, BARS) if BARS.search(text) else [(m.group(), 0, 0) for m in GAPPED.finditer(text)]
    if len(cells) != len(splits) + 1 or not NAME.fullmatch(cells[0][0]):
        return None
    values = [CELL.fullmatch(cell) for cell, _, _ in cells[1:]]
    if not any(values) or any(
        v is None and c.lower() not in _MISSING for v, (c, _, _) in zip(values, cells[1:], strict=True)
    ):
        return None
    return cells[0][0], ["" if v is None else v[1] for v in values]


def apply_rule(header: Header, rule: str) -> None:
    """Take the columns of ``header`` from the groups of dashes under it."""
    groups = [m.span() for m in RULE_GROUP.finditer(rule)]
    if len(groups) < 2 or BARS.search(header.text):
        return
    columns = [(header.text[a : max(b, a)].strip(), a, b) for a, b in groups]
    if all(name for name, _, _ in columns) and len({n for n, _, _ in columns}) == len(columns):
        header.spans = columns


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


def _by_place(header: Header, cells: list[Cell]) -> list[str] | None:
    """What stands above each cell."""
    count = sum(any(c.isalnum() for c in cell.text) for cell in cells)
    if not header.spans and len(GAPPED.findall(header.text)) < count < max(header.ways):
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
    _one_each, _before_comma, _beside_marks, _between_tabs, _behind_index, _cut_off_row, _under_cut_off_header,
    _by_place,
)  # fmt: skip


def numbers_classes(header: Header, cells: list[Cell]) -> bool:
    """Whether the row begins with the number of a class that has no name."""
    beside = header.supports and header.text[:1] == " " and header.columns(len(cells) - 1)
    return bool(beside) and cells[0].text.isdigit()


def under_label(label: str, names: list[str]) -> list[str]:
    """The names of a row's values; what it was measured on is no value.

    A row that is called by what it measures has one value, whatever column that stands in (``accuracy  0.91  64``).
    """
    kept = ["" if words(name) == ("support",) else name for name in names]
    if role_of(label) is Role.METRIC and len(kept) - kept.count("") == 1:
        return [label if name else "" for name in kept]
    return [f"{label} {name}" if name else "" for name in kept]


def labelled_column(header: Header) -> str:
    """The measured column of a table of two columns whose first holds names (``Class | IoU``), else nothing."""
    columns = header.columns(2)
    if columns is None or role_of(columns[0][0]) in (Role.METRIC, Role.COUNTER) or scope_of(columns[0][0]):
        return ""
    return columns[1][0] if role_of(columns[1][0]) is Role.METRIC else ""


def assign_labelled(header: Header, cells: list[Cell]) -> list[str] | None:
    """The column name of every cell behind the name that a row begins with; ``None`` if the row does not fit."""
    columns = header.columns(len(cells))
    if columns is not None:
        if role_of(columns[0][0]) in (Role.METRIC, Role.COUNTER):
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
    counts = any(counter_of(n) for n in names)
    instead = "" if counts else next((n for n in names if _counted(n)), "")
    for i, (name, cell) in enumerate(zip(names, cells, strict=True)):
        if not CELL.fullmatch(cell):
            continue
        if name.count("(") != name.count(")"):
            name = name.replace("(", " ").replace(")", "")
        name = {"#": "step", "E": "epoch"}.get(name, name) if "#" in names or not counts else name
        if name == instead:
            name, cell = _counted(name), cell.removesuffix(".0")
        whole = cell.split("/")[0].lstrip("[+-").rstrip("]").isdigit()
        found = new_field(name, i, decimal=not whole)
        if found.role is Role.COUNTER and not whole:
            found.role = Role.OTHER
        record.fields.append(found)
    return record
