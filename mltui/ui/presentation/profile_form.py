"""A profile as the rows of a form: what it says, and what it usually says, each with what the schema knows of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, NamedTuple

from mltui.domain.schema import Kind, SchemaField, groups
from mltui.domain.text import one_line
from mltui.ui.widgets.lines import Line, Span, columns, cut

Path = tuple[str | int, ...]

#: Keys that are shown though the profile does not say them.
_USUAL = frozenset(
    [
        "description",
        "image",
        "build",
        "command",
        "params",
        "environment",
        "volumes",
        "gpus",
        "mem_limit",
        "cpus",
        "shm_size",
        "outputs",
    ]
)
_NAME, _WIDE_NAME = 18, 24
_WIDE = 56
#: A long value is shown up to here.
_MOST = 200
#: A list inside of another value is shown whole up to here, in a summary.
_MOST_SHORT = 24
#: Down to this depth rows are kept, of so many values.
_KEPT_DEPTH = 1
_MOST_KEPT = 50_000


@dataclass(frozen=True, slots=True)
class FormRow:
    """One row: a value, a collection of them, or the title of a group."""

    key: str
    path: Path = ()
    name: str = ""
    depth: int = 0
    value: str = ""
    """As it is shown, on one line and not too long; of a collection what is in it."""
    written: str = ""
    """The whole text of the value: what typing and steps go on from."""
    said: bool = True
    """The profile says it; else the row shows what holds without."""
    collection: bool = False
    folded: bool = False
    several_lines: bool = False
    """Of several lines, or with characters that cannot be shown: it is changed in the text alone."""
    problem: str = ""
    before: str | None = None
    """While the value is typed: the text before the place where typing goes on."""
    heading: bool = False
    origin: str = ""
    """The profile that it is inherited from: this one does not say it."""

    @property
    def begins_with(self) -> str:
        """What typing goes on from."""
        return self.written if self.said or self.origin else ""


@dataclass(frozen=True, slots=True)
class Inherited:
    """What a profile says put over what it extends, and where each part of that comes from."""

    data: Mapping[str, Any]
    origin: Callable[[Path], str]
    """The name of the profile that says what is at a path."""


_NOTHING = Inherited({}, lambda path: "")


@dataclass(slots=True)
class ProfileForm:
    """The rows, and the schema's field of each."""

    rows: list[FormRow] = field(default_factory=list)
    fields: dict[str, SchemaField | None] = field(default_factory=dict)


def key_of_path(path: Path) -> str:
    """The key of the row of a path; also how problems name a place."""
    return ".".join(map(str, path))


class _Made(NamedTuple):
    """Rows that were made, and from what."""

    value: object
    problems: Mapping[str, str]
    """At the place of the value, or below it."""
    unfolded: frozenset[Path]
    rows: list[FormRow]
    fields: dict[str, SchemaField | None]


class FormMaker:
    """Makes the form of one state of a profile after the other; rows of what is the same object stay the same."""

    def __init__(self) -> None:
        self._made: dict[Path, _Made] = {}

    def make(
        self,
        data: Mapping[str, Any],
        problems: Mapping[str, str],
        unfolded: frozenset[Path],
        inherited: Inherited = _NOTHING,
    ) -> ProfileForm:
        """The form of what a profile says. ``problems`` are by path; ``unfolded`` collections show what is in them."""
        if len(self._made) > _MOST_KEPT:
            self._made = {}
        form = ProfileForm()
        builder = _Builder(form, problems, unfolded, self._made, inherited)
        known: set[str] = set()
        for title, fields in groups():
            known |= {one.key for one in fields}
            builder.group(
                title,
                [one for one in fields if one.key in data or one.key in inherited.data or one.key in _USUAL],
                data,
            )
        strange = [key for key in data if key not in known and not key.startswith("x-")]
        builder.group("Not known", [SchemaField(key, (key,), Kind.ANYTHING) for key in strange], data)
        return form


class _Builder:
    def __init__(
        self,
        form: ProfileForm,
        problems: Mapping[str, str],
        unfolded: frozenset[Path],
        made: dict[Path, _Made],
        inherited: Inherited,
    ) -> None:
        self._inherited = inherited
        self._form = form
        self._problems = problems
        self._unfolded = unfolded
        self._made = made

    def group(self, title: str, fields: Sequence[SchemaField], data: Mapping[str, Any]) -> None:
        """A title and the rows under it."""
        if not fields:
            return
        self._form.rows.append(FormRow(f"\0{title}", name=title, heading=True))
        for one in fields:
            if one.key in data:
                self._value((one.key,), one, data[one.key], 0, self._problems)
                if isinstance(data[one.key], dict):
                    self._inherited_entries(one, data[one.key])
            elif one.key in self._inherited.data:
                self._inherited_row((one.key,), one, self._inherited.data[one.key])
                self._inherited_entries(one, {})
            else:
                default = shown_value(one.default) if one.default is not None else "–"
                written = "" if isinstance(one.default, list | tuple) else written_value(one.default)
                self._add(FormRow(one.key, (one.key,), one.key, value=default, written=written, said=False), one)

    def _inherited_entries(self, known: SchemaField, own: Mapping[str, Any]) -> None:
        """The entries of a mapping that come from what is extended."""
        whole = self._inherited.data.get(known.key)
        if isinstance(whole, dict) and (known.key,) not in self._unfolded:
            for name, value in whole.items():
                if name not in own:
                    self._inherited_row((known.key, name), known.at(name), value)

    def _inherited_row(self, path: Path, known: SchemaField | None, value: object) -> None:
        collection, depth = isinstance(value, dict | list), len(path) - 1
        text = summary(value) if isinstance(value, dict | list) else shown_value(value)
        written = "" if collection else written_value(value)
        opens = isinstance(value, dict) and not depth
        row = FormRow(
            key_of_path(path), path, str(path[-1]), depth, text, written, said=False, collection=opens,
            folded=opens and path in self._unfolded, several_lines=not written.isprintable(),
            origin=self._inherited.origin(path),
        )  # fmt: skip
        self._add(row, known)

    def _add(self, row: FormRow, known: SchemaField | None) -> None:
        self._form.rows.append(row)
        self._form.fields[row.key] = known

    def _value(
        self, path: Path, known: SchemaField | None, value: object, depth: int, problems: Mapping[str, str]
    ) -> None:
        """The rows of a value; near the top, where it is worth it, those that were made of it before.

        Below the top ``known`` is the field that the value is in.
        """
        problems = _below(path, problems)
        made = self._made.get(path) if depth <= _KEPT_DEPTH else None
        if made is None or made.value is not value or made.problems != problems or made.unfolded != self._unfolded:
            whole, self._form = self._form, ProfileForm()
            self._new_value(path, known.at(path[-1]) if depth and known else known, value, depth, problems)
            made = _Made(value, problems, self._unfolded, self._form.rows, self._form.fields)
            self._form = whole
            if depth <= _KEPT_DEPTH:
                self._made[path] = made
        self._form.rows += made.rows
        self._form.fields |= made.fields

    def _new_value(
        self, path: Path, known: SchemaField | None, value: object, depth: int, problems: Mapping[str, str]
    ) -> None:
        key, name = key_of_path(path), str(path[-1]) if isinstance(path[-1], str) else "-"
        if not isinstance(value, dict | list):
            text, written = shown_value(value), written_value(value)
            several = not written.isprintable()
            problem = problems.get(key, "")
            self._add(FormRow(key, path, name, depth, text, written, problem=problem, several_lines=several), known)
            return
        folded = path not in self._unfolded if depth else path in self._unfolded
        problem = problems.get(key, "") or (next(iter(problems.values()), "") if folded else "")
        self._add(
            FormRow(key, path, name, depth, summary(value), collection=True, folded=folded, problem=problem), known
        )
        if folded:
            return
        for part, inner in value.items() if isinstance(value, dict) else enumerate(value):
            self._value((*path, part), known, inner, depth + 1, problems)


def _below(path: Path, problems: Mapping[str, str]) -> Mapping[str, str]:
    """The problems of a place, and of all below it."""
    if not any(str(path[-1]) in place for place in problems):
        return {}
    start = f"{key_of_path(path)}."
    return {place: said for place, said in problems.items() if f"{place}.".startswith(start)}


def written_value(value: object) -> str:
    """The whole text of a scalar; of nothing the empty one."""
    return "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)


def shown_value(value: object) -> str:
    """A scalar as it is written, on one line; of several lines the first."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list | tuple):
        return ", ".join(map(shown_value, value))
    return _shown_text(str(value))


@lru_cache(maxsize=8192)
def _shown_text(text: str) -> str:
    # Most rows are the same from one keystroke to the next.
    first, newline, _ = text.partition("\n")
    return one_line(first, _MOST) + (" …" if newline else "")


def summary(value: Mapping[str, Any] | Sequence[Any]) -> str:
    """What is in a collection, on one line."""
    if not value:
        return "none"
    if isinstance(value, Mapping):
        parts = [f"{key}: {_short(inner)}" for key, inner in value.items()]
    else:
        parts = [_short(inner) for inner in value]
    return one_line("  ".join(parts), _MOST)


def _short(value: object) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(value) + "}"
    if not isinstance(value, list):
        return shown_value(value)
    text = "" if any(isinstance(one, dict | list) for one in value) else f"[{shown_value(value)}]"
    return text if 0 < len(text) <= _MOST_SHORT else f"{len(value)} entries"


def row_line(row: FormRow, width: int) -> Line:
    """Name, value, and what is wrong with it."""
    if row.heading:
        return [(row.name, "title")]
    name = (_WIDE_NAME if width >= _WIDE else _NAME) - 2 * row.depth
    mark = ("▸ " if row.folded else "▾ ") if row.collection else "  "
    shown_name = one_line(row.name, name)
    line: list[Span] = [
        ("  " * row.depth + mark, "dim"),
        (cut(shown_name, max(name, 1)), "text" if row.said else "dim"),
    ]
    line.append((" ", "text"))
    if row.before is not None:
        after = row.value[len(row.before) :]
        room = width - sum(columns(text) for text, _ in line) - 2
        before = row.before
        while before and columns(before) > room:
            before = before[1:]
        return [*line, (before, "strong"), ("▏", "key"), (after, "strong")]
    role = "error" if row.problem else "dim" if row.collection or not row.said else "strong"
    line.append((row.value, role))
    if row.origin:
        line.append((f"  from {one_line(row.origin, 40)}", "alt"))
    if row.problem:
        line.append((f"  ! {row.problem}" if row.value else f"! {row.problem}", "error"))
    return line


def row_text(row: FormRow) -> str:
    """What a search looks at."""
    return f"{row.key} {row.value}"


def short_form(known: SchemaField | None) -> SchemaField | None:
    """The field of a value that stands alone where keys of its own, entries or names could stand."""
    if known is None or known.kind not in (Kind.SECTION, Kind.MAP, Kind.LIST):
        return known
    return next((form for form in known.forms if form.kind not in (Kind.SECTION, Kind.MAP, Kind.LIST)), known)


def about_lines(row: FormRow | None, known: SchemaField | None) -> list[Line]:
    """What the field under the cursor is, in two lines: its title and help; its default and what it may be."""
    if row is None or row.heading:
        return [[], []]
    if known is None or not (known.title or row.path[:-1]):
        return [
            [(one_line(row.name, 60), "strong"), ("  no field that a profile has", "dim")],
            [(row.problem, "error")],
        ]
    title = known.title or f"An entry of {one_line(key_of_path(row.path[:-1]), 60)}"
    first: list[Span] = [(one_line(title, 60), "strong"), ("  ", "dim"), (known.help, "dim")]
    if row.problem:
        return [first, [(f"! {row.problem}", "error")]]
    shape = known if row.collection or not row.said else short_form(known) or known
    return [first, [(" · ".join(_facts(shape)), "dim")]]


def _facts(known: SchemaField) -> Iterator[str]:
    kinds = {
        Kind.BOOL: "true or false", Kind.INT: "a whole number", Kind.NUMBER: "a number", Kind.SIZE: "a size: 512m, 2Gi",
        Kind.CPUS: "cores: 1.5, 500m", Kind.DURATION: "a time: 90s, 1m30s", Kind.LIST: "a list: a adds an entry",
        Kind.MAP: "names with values: a adds one", Kind.SECTION: "keys of its own: a adds one",
        Kind.COMMAND: "a line, or a list of words", Kind.PATH: "a path, from the profile's folder",
        Kind.INSIDE: "an absolute path in the container", Kind.GPUS: "auto, none, all, how many, or which",
    }  # fmt: skip
    if known.choices and known.kind is Kind.CHOICE:
        yield "one of " + ", ".join(known.choices)
    elif known.kind in kinds:
        yield kinds[known.kind]
    if known.minimum is not None or known.maximum is not None:
        low = "" if known.minimum is None else f"{known.minimum:g}"
        yield f"{low}…{'' if known.maximum is None else f'{known.maximum:g}'}"
    if known.default is not None:
        yield f"default {shown_value(known.default)}"
    if known.examples:
        yield f"such as {one_line(', '.join(known.examples[:3]), 80)}"
