"""A docker command as one reads it in little room: several options a line, those that are new marked."""

from __future__ import annotations

from collections.abc import Collection

from mltui.domain.text import clean
from mltui.ui.widgets.lines import Line, columns

_MORE = " \\"
_INDENT = "  "
#: What is another one each time.
_BY_ITSELF = "--label mltui.created="


def parts_of(command: str) -> list[str]:
    """What a command is made of: an option with its value each, or a value."""
    return [line.removesuffix(_MORE).strip() for line in command.split("\n")] if command else []


def command_lines(command: str, width: int, role: str = "text", known: Collection[str] | None = None) -> list[Line]:
    """The lines of ``command`` for ``width`` columns, as a shell takes them too.

    What is not among the parts ``known`` is marked; ``None``: nothing is.
    """
    lines: list[Line] = []
    row: list[tuple[str, str]] = []
    used = 0
    for written in command.split("\n") if command else []:
        text = clean(written.removesuffix(_MORE).strip())
        begins = not written.startswith(_INDENT)
        if row and (begins or used + 1 + columns(text) + len(_MORE) > width):
            # A command that ends begins no line after it.
            lines.append(row if begins else _to_be_continued(row))
            row, used = [], 0
        new = known is not None and text not in known and not text.startswith(_BY_ITSELF)
        marked = "accent" if new else role
        lead = " " if row else "" if begins else _INDENT
        row += [(lead, "dim"), (text, marked)] if lead else [(text, marked)]
        used += len(lead) + columns(text)
    return [*lines, row] if row else lines


def _to_be_continued(row: Line) -> Line:
    """A row with the sign that the command goes on; a single part has it in itself, to be folded with it."""
    if len(row) <= 2:
        *lead, (text, role) = row
        return [*lead, (text + _MORE, role)]
    return [*row, (_MORE, "dim")]


def first_marked(lines: list[Line]) -> int | None:
    """The line of the first part that is marked."""
    return next((at for at, line in enumerate(lines) if any(role == "accent" for _, role in line)), None)
