"""Lines that stand in tables, and what the lines before them said of their columns."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable

from mltui.parsers.judgement.judge import Judge
from mltui.parsers.lines.kinds import table_part
from mltui.parsers.lines.shapes import Shape, byte_span
from mltui.parsers.plans.plan import Plan
from mltui.parsers.records import rows, tables
from mltui.parsers.records.cells import (
    MARKS,
    Cell,
    box_row,
    is_number,
    is_rule,
    label_of,
    row_cells,
    without_remark,
    worded_cells,
)
from mltui.parsers.records.metric_tables import MetricTable, read_metric_table
from mltui.parsers.records.record import Record, is_decimal, new_field
from mltui.parsers.words.roles import Role, counter_of
from mltui.parsers.words.tokens import text_of
from mltui.parsers.words.values import Cut, Numbers, cut_at, value_of, values_of

# A word that tells one of many from the others.
_IDENTIFIER = re.compile(r"(?=.*\d)[A-Za-z]\w*[_-]\w+")

#: Kinds of rows of one table that are kept, by the names of their values.
_ROWS = 1024

Apply = Callable[[Plan, Numbers], None]


class Tabular:
    """Remembers headers, and reads the rows under them.

    Four sorts of tables: rows of numbers under column names; rows that begin with a name (``road 56.7 61.2``), whose
    values are the columns' for that name; boxes of a name and a value a row; and rows that are metrics, by split or
    one by one.
    """

    def __init__(self, judge: Judge, apply: Apply) -> None:
        self._judge = judge
        self._apply = apply
        self.header: tables.Header | None = None
        self._headers: deque[tables.Header] = deque(maxlen=4)
        """The last ones: they come again every epoch."""
        self._above: tables.Header | None = None
        """The last header on a line of its own. Rows in front of bars stand under it, not under another bar's."""
        self._interrupted: tables.Header | None = None
        """The header of the rows above the last one, which may be a remark between them."""
        self._rows: dict[tuple[tuple[str, ...], bool, tuple[str, str]], Plan | None] = {}
        self._version = 0
        """The judge's version when these were judged."""
        self.box: list[tuple[str, str]] = []
        """Names and values of the box that is being read."""
        self._box_prefix = ""
        self._box_about = ""
        """What the box's title says it is about: ``Trial fit_97974_00001 result``."""
        self.metrics: MetricTable | None = None
        """The table of metrics that is being read."""
        self.groups: list[str] = []
        """The names above groups of columns that the next header may stand under."""
        self.header_goes_on = False
        """The line before was a header whose names may go on in the next line."""
        self.under_header = False
        """Nothing but rows, rules and blank lines has come since the header."""
        self.title_above = ""
        """Of what the table is whose header may come next."""
        self._title = ""
        """The same of the line at hand, if it is that header."""

    @property
    def open(self) -> bool:
        """A header, a box or a table of metrics may go on in the line that comes."""
        return bool(self.header_goes_on or self.box or self.metrics or self.title_above or self._title)

    def follow_title(self, frame: bytes) -> None:
        """A title speaks of the line under it, rules and blank lines left out."""
        if frame.strip() and not is_rule(text_of(frame)):
            self._title, self.title_above = self.title_above, ""

    # Rows under a header.

    def read_header(self, text: str, bar: bool = False) -> bool:
        """Take ``text`` as a table's header if it is one; ``bar``: it stands in front of a bar."""
        self.under_header = True
        if self.header is not None and self.header.rows and tables.is_remark(text):
            return False
        title = self._title
        header = next((h for h in self._headers if h.title == title and tables.same_header(h, text)), None)
        if header is None and (header := tables.read_header(text)) is not None:
            header.title = title
            self._rows.clear()
            self._headers.append(header)
            if self.header is not None and self.header.rows:
                self._interrupted = self.header
            tables.apply_groups(header, self.groups)
            self.groups = []
        self.header = header or self.header
        self.header_goes_on = header is not None
        if not bar:
            self._above = header or self._above
        return header is not None

    def stack(self, text: str) -> bool:
        """Take ``text`` as the second line of the header that was read just now, if it is one."""
        self.header_goes_on = False
        if self.header is not None and (index := tables.index_name(self.header, text)):
            self.header.index = index
            return True
        stacked = None if self.header is None else tables.stack(self.header, text)
        if stacked is None:
            return False
        self.header = self._above = stacked
        self._headers.append(stacked)
        return True

    def read_rule(self, text: str) -> None:
        """Take the columns from the rule under the header."""
        if self.header is not None:
            tables.apply_rule(self.header, text)

    def row_plan(self, text: str, bar: bool = False) -> tuple[Plan, Cut] | None:
        """How to read a row of numbers under the current header: its plan and what cuts its numbers out."""
        header = (bar and self._above) or self.header
        if header is not None and not header.rows and not bar:
            self.header = header = self._resumed(header, text)
        if header is None or not tables.drawn_alike(header, text):
            return None
        cells = row_cells(text)
        if cells is None:
            return None
        if not bar and self.under_header and rows.numbers_classes(header, cells):
            columns = header.columns(len(cells) - 1) or []
            named = rows.under_label(f"class {cells[0].text}", [name for name, _, _ in columns])
            return self._plan_of(text, header.titled(named), cells[1:])
        names = rows.assign(header, cells)
        row = None if names is None else self._plan_of(text, header.titled(names), cells)
        if names is not None and row is not None and rows.tell_training(names, cells):
            row[0].group.standing.needs_count = False
        return row

    def worded_plan(self, text: str) -> tuple[Plan, Cut] | None:
        """How to read a row of which some cells are words: on which data, or of what, its numbers were measured."""
        header, cells = self.header, worded_cells(text)
        if header is None or cells is None or not tables.set_apart_alike(header, text):
            return None
        columns = header.columns(len(cells))
        if columns is None:
            return None
        names = [name for name, _, _ in columns]
        said = rows.said_in_words(names, cells)
        if said is None:
            return None
        if _IDENTIFIER.fullmatch(said[1]):
            header.numbered = True
            names = [name if counter_of(name) else f"{said[1]} {name}" for name in names]
        return self._plan_of(text, names, cells, said)

    def _resumed(self, header: tables.Header, text: str) -> tables.Header:
        """The header that a row goes on under: the one above ``header`` if only there is a place for it."""
        above, cells = self._interrupted, row_cells(text)
        if above is None or cells is None or not tables.set_apart_alike(above, text):
            return header
        fits = tables.set_apart_alike(header, text) and rows.assign(header, cells)
        return header if fits or rows.assign(above, cells) is None else above

    def labelled_plan(self, text: str) -> tuple[Plan, Cut] | None:
        """How to read a row that begins with a name."""
        if self.header is None or not self.under_header:
            return None
        if self.repeats_name(text):
            name = self.header.first[0][0]
            return self.row_plan(text.replace(name, " " * len(name), 1))
        if (label := label_of(text)) is None or rows.is_of_data(self.header, label):
            return None
        cells = row_cells(text, label)
        names = None if cells is None else rows.assign_labelled(self.header, cells)
        if cells is None or names is None:
            return None
        return self._plan_of(text, self.header.titled(rows.under_label(label.lstrip(MARKS), names)), cells[1:])

    def repeats_name(self, text: str) -> bool:
        """Whether a row begins with the name of the first column: ``epoch 3 0.51 0.83`` under ``epoch loss acc``."""
        if self.header is None or not self.under_header:
            return False
        name = self.header.first[0][0]
        return counter_of(name) is not None and re.match(rf"\s*{re.escape(name)}[ :#]+\d+[ ,|]", text) is not None

    def _plan_of(
        self, text: str, names: list[str], cells: list[Cell], said: tuple[str, str] = ("", "")
    ) -> tuple[Plan, Cut] | None:
        """The plan of a row with ``cells`` of these ``names``; ``said``: its words say on which data, and of what."""
        if any(map(rows.holds_two, names, cells)):
            return None
        present = [
            (f"{name} ({i + 1 if cell.text[:1] == '[' else 'avg'})" if i else name, place)
            for name, cell in zip(names, cells, strict=True)
            for i, place in enumerate(cell.numbers[:1] if counter_of(name) else cell.numbers)
            if name
        ]
        key = tuple(name for name, _ in present)
        # What is measured may be whole in the first row: such rows are judged by themselves.
        whole = not any("." in text[a:b] for _, (a, b) in present)
        if len(self._rows) >= _ROWS or self._version != self._judge.version:
            self._rows.clear()
            self._version = self._judge.version
        kind = key, whole, said
        if kind not in self._rows:
            numbers = [text[a:b] for _, (a, b) in present]
            record = rows.table_record(list(key), numbers)
            record.scope, record.source = said
            record.numbers = tuple(numbers) if record.source else ()
            self._rows[kind] = self._judge.plan(record)
        plan = self._rows[kind]
        if plan is None or not plan.entries:
            return None
        plan.group.standing.needs_count = True  # Its words alone may have been judged since the first such row.
        return plan, cut_at([byte_span(text, *place) for _, place in present])

    def read_row(self, shape: Shape, frame: bytes) -> bool:
        """Read a row, one of data as such; ``False`` if the current header has no place for it."""
        known = shape.header is self.header and (shape.kind != "labelled" or self.under_header)
        if not known or (self.header is not None and (self.header.supports or self.header.numbered)):
            text = text_of(frame)
            if shape.kind == "labelled":
                row = self.labelled_plan(text)
            else:
                row = self.row_plan(text) or self.row_plan(without_remark(text)) or self.worded_plan(text)
            shape.stand_under(self.header, row)
        if shape.row is None:
            label = label_of(text_of(frame)) if shape.kind == "labelled" and self.under_header else None
            return self.header is not None and label is not None and rows.is_of_data(self.header, label)
        plan, cut = shape.row
        if self.header is not None:
            self.header.rows = True
        self._apply(plan, values_of(frame, cut))
        return True

    # Rows that are metrics.

    def read_metrics_header(self, text: str) -> None:
        """A table of metrics begins: ``Metric | Train | Val``."""
        self.metrics = read_metric_table(table_part(text))

    def read_metrics(self, text: str) -> bool:
        """Read a row of such a table; the first other line ends it."""
        text, table = table_part(text), self.metrics
        if table is None or not text.strip() or is_rule(text):
            return True
        found = table.values(text)
        if found is None:
            self.metrics = None
            return False
        record = Record(row=not table.splits)
        for i, (name, value) in enumerate(found):
            value_field = new_field(name, i, decimal=is_decimal(value))
            if value_field.decimal and (not table.splits or table.splits[i][-1:].isdigit()):
                value_field.role = Role.METRIC  # A table of metrics says so.
            record.fields.append(value_field)
        if plan := self._judge.plan(record):
            self._apply(plan, tuple(value_of(value) for _, value in found))
        return True

    # Boxes.

    def read_box(self, text: str) -> None:
        """Keep a row of a name and a value; the box is read when it is complete."""
        box = box_row(text)
        if box is None or len(self.box) >= 256:
            return
        name, value = box
        if not value:
            self._box_prefix = name if name.endswith("/") else ""
            if not self.box:
                self._box_about = next((f"{w} " for w in name.split() if _IDENTIFIER.fullmatch(w)), "")
            self.box.append(("", ""))
        else:
            self.box.append((self._box_prefix + name, value))

    def flush_box(self) -> None:
        """Read the box that was being kept."""
        box, self.box, self._box_prefix = [r for r in self.box if r[0]], [], ""
        column = rows.labelled_column(self.header) if self.under_header and self.header is not None else ""
        about, self._box_about = self._box_about, ""
        record = Record()
        values: list[float] = []
        for name, value in box:
            if number := is_number(value):
                found = new_field(f"{name} {column}".rstrip(), len(values), decimal=is_decimal(number))
                found.name = found.name if found.counts else about + found.name
                record.fields.append(found)
                values.append(value_of(number))
        if plan := self._judge.plan(record):
            # A table that does not count is a summary, until another one like it comes.
            plan.group.hold.wait_to_recur()
            self._apply(plan, tuple(values))
