"""Fields of a short form: a value as typed, what it would be else, and what is wrong with it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from mltui.domain.text import one_line
from mltui.ui.widgets.lines import Line, Span, cut, line_length

_NAME, _VALUE = 16, 12
#: A wide list gives names and values more room.
_WIDE = 100


def _as_it_is(text: str, _: int) -> str:
    return text


@dataclass
class Field:
    """One value of a form. ``text`` is what is typed; the empty text is no value."""

    key: str
    title: str
    text: str = ""
    default: str = ""
    """What holds where nothing else is said."""
    none: str = "–"
    """What the empty text means."""
    help: str = ""
    allowed: str = ""
    """Bounds or choices, for a person."""
    check: Callable[[str], str] = lambda _: ""
    """What is wrong with a text; empty: nothing."""
    step: Callable[[str, int], str] = _as_it_is
    """The next value in a direction (1 or -1)."""
    digits: bool = False
    """A digit begins to type a value."""
    is_key: bool = False
    """It is a key, which is pressed rather than typed."""
    note: str = ""
    """What is known of the value now, such as which GPU it is."""

    @property
    def changed(self) -> bool:
        """It is not the default."""
        return self.text.strip() != self.default

    @property
    def problem(self) -> str:
        """What is wrong with the text."""
        return self.check(self.text)

    def reset(self) -> None:
        """Go back to the default."""
        self.text = self.default


@dataclass(frozen=True)
class Heading:
    """A title between fields."""

    title: str


Item = Field | Heading


@dataclass(frozen=True)
class FieldRow:
    """What one row shows, so that a row that looks the same is the same."""

    key: str
    title: str
    value: str = ""
    before: str | None = None
    """Text before the place where typing goes on; ``None`` when nothing is typed here."""
    changed: bool = False
    problem: str = ""
    default: str = ""
    remarks: tuple[str, ...] = ()
    heading: bool = False


def row_of(item: Item, typed: str | None = None, at: int = 0) -> FieldRow:
    """The row of an item, with ``typed`` instead of its text while that is being typed, up to ``at``."""
    if isinstance(item, Heading):
        return FieldRow(f"heading {item.title}", item.title, heading=True)
    text = item.text if typed is None else typed
    return FieldRow(
        item.key,
        item.title,
        text if typed is not None else text or item.none,
        None if typed is None else text[:at],
        text.strip() != item.default,
        item.check(text),
        item.default or item.none,
        tuple(filter(None, (item.note, item.allowed, item.help))),
    )


class Columns(NamedTuple):
    """Widths of a form's names and values."""

    names: int = _NAME
    values: int = _VALUE


def columns_for(rows: Iterable[FieldRow], width: int, names: int = _NAME) -> Columns:
    """Room for the longest name and value on a wide list, within bounds: what is beside them is longer."""
    if width < _WIDE:
        return Columns(names)
    fields = [row for row in rows if not row.heading]
    name = max((len(row.title) + 2 for row in fields), default=0)
    value = max((len(row.value) + 2 for row in fields), default=0)
    return Columns(max(names, min(name, max(_NAME + 8, width // 4))), max(_VALUE, min(value, _VALUE + 12)))


def row_line(row: FieldRow, columns: Columns) -> Line:
    """Name, value, and beside them what is wrong, else the default where it was changed, bounds and help."""
    if row.heading:
        return [(row.title, "title")]
    name, room = columns
    mark = "●" if row.changed else " "
    role = "error" if row.problem else "accent" if row.changed else "strong"
    line: list[Span] = [(f"{mark} ", "accent"), (cut(one_line(row.title, name), name), "text"), (" ", "text")]
    line += _value_spans(row, role, room)
    if row.problem:
        return [*line, (f" {row.problem}", "error")]
    return [*line, (" " + " · ".join(_remarks(row)), "dim")]


def remark_of(row: FieldRow, width: int, columns: Columns) -> Line:
    """What stands beside a value, alone, where its row has not room for all of it; else nothing."""
    if line_length(row_line(row, columns)) <= width:
        return []
    return [(row.problem, "error")] if row.problem else [(" · ".join(_remarks(row)), "dim")]


def _remarks(row: FieldRow) -> tuple[str, ...]:
    return (f"default {row.default}", *row.remarks) if row.changed else row.remarks


def _value_spans(row: FieldRow, role: str, room: int) -> list[Span]:
    """The value on ``room`` columns, more where it is longer; while it is typed with a mark where letters go."""
    if row.before is None:
        return [(row.value.ljust(room), role)]
    after = row.value[len(row.before) :]
    return [(row.before, "strong"), ("▏", "key"), (after.ljust(max(0, room - len(row.before) - 1)), "strong")]


def row_text(row: FieldRow) -> str:
    """What a filter looks at."""
    return f"{row.title} {row.value}"


def step_choice(choices: Sequence[str]) -> Callable[[str, int], str]:
    """From one choice to the next, around."""

    def step(text: str, by: int) -> str:
        if text not in choices:
            return choices[0 if by > 0 else -1]
        return choices[(choices.index(text) + by) % len(choices)]

    return step
