"""What a pasted text would become, as lines: which service, the profile's text, and what is not in it as it was."""

from __future__ import annotations

from collections import Counter
from itertools import groupby
from typing import TYPE_CHECKING

from mltui.domain.errors import ProfileError
from mltui.domain.figures import counted
from mltui.domain.import_remarks import Change
from mltui.domain.text import clean, one_line
from mltui.ui.commands import key_of
from mltui.ui.presentation.yaml_colours import block_lines, colours
from mltui.ui.widgets.lines import Line, Span

if TYPE_CHECKING:
    from mltui.runtime.import_preview import Preview

_SHORT = {Change.LEFT_OUT: "left out", Change.CHANGED: "changed", Change.DIFFERS: "differ"}
_ROLES = {Change.LEFT_OUT: "warn", Change.CHANGED: "accent", Change.DIFFERS: "strong"}
#: More lines of a profile, remarks on it and letters of a line are not shown, since each look would take seconds.
_MOST_LINES, _MOST_REMARKS, _MOST_LETTERS = 2_000, 200, 2_000
#: What is said of a longer name begins on a line of its own.
_LONG = 20
_NOTHING = "Paste a docker run line or a Compose file; or type the path of one."


def state_line(preview: Preview | None) -> Line:
    """What was understood, and what may be chosen."""
    if preview is None or not preview.text.strip():
        return [(_NOTHING, "dim")]
    if preview.typing:
        line: list[Span] = [("a path  ", "dim")]
        offers = "  ".join(one_line(offer, 60) for offer in preview.offers[:12])
        return [*line, ("tab ", "key"), (offers, "alt")] if offers else [*line, (_sentence(preview), "warn")]
    if preview.error and not preview.services:
        return [(_sentence(preview), "error")]
    if not preview.services:
        return [("✓ ", "ok"), ("a docker run line", "text")]
    where = f" of {one_line(preview.file.name, 40)}" if preview.file else ""
    line = [("✓ " if preview.draft else "! ", "ok" if preview.draft else "error"), ("the service ", "text")]
    line += [(one_line(preview.service, 40), "strong"), (where, "text")]
    others = [name for name in preview.services if name != preview.service]
    if others:
        at = preview.services.index(preview.service) + 1
        line += [(f"  {at} of {len(preview.services)}  ", "dim"), (key_of("import.service"), "key")]
        line.append((f" {', '.join(one_line(name, 30) for name in others)}", "dim"))
    return line


def _sentence(preview: Preview) -> str:
    error = preview.error
    if isinstance(error, ProfileError):
        first = error.problems[0]
        return one_line(f"Line {first.line}, column {first.column}: {first.message}.", 300)
    return one_line(str(error), 300) if error else ""


def profile_title(preview: Preview | None) -> Line:
    """The line over the profile's text."""
    title: list[Span] = [("─ ", "faint"), ("The profile it becomes", "title")]
    if preview and preview.problems:
        title.append((f"  {counted(len(preview.problems), 'problem')}, to be mended in the editor", "error"))
    elif preview and preview.draft:
        title.append(("  ✓ valid", "ok"))
    return title


def profile_text_lines(preview: Preview | None) -> list[Line]:
    """The profile's text, coloured; else why there is none."""
    if preview is None or preview.draft is None:
        return [[(_sentence(preview), "error")]] if preview and preview.error and not preview.typing else []
    rows = clean(preview.draft.text).split("\n")
    shown = rows[:_MOST_LINES]
    inside = block_lines(shown)
    lines = [_coloured(row, at in inside) for at, row in enumerate(shown)]
    return lines + _more(len(rows) - len(shown), "lines, written too")


def _more(count: int, what: str) -> list[Line]:
    """How many more there are than are shown."""
    return [[(f"… {count:,} more {what}", "dim")]] if count > 0 else []


def _coloured(row: str, in_block: bool) -> Line:
    row, rest = row[:_MOST_LETTERS].expandtabs(2), len(row) - _MOST_LETTERS
    role_of = ["text"] * len(row)
    for start, end, role in colours(row, in_block):
        role_of[start:end] = [role] * (end - start)
    line: Line = [
        ("".join(one for one, _ in part), role)
        for role, part in groupby(zip(row, role_of, strict=True), key=lambda pair: pair[1])
    ]
    return [*line, *(span for more in _more(rest, "letters, written too") for span in more)]


def report_title(preview: Preview | None) -> Line:
    """The line over the report: how much is not as it was."""
    title: list[Span] = [("─ ", "faint"), ("Not as it was", "title")]
    if preview and preview.draft:
        counted = Counter(remark.change for remark in preview.draft.remarks)
        said = [f"{counted[change]} {_SHORT[change]}" for change in Change if counted[change]]
        title.append((f"  {', '.join(said) or 'nothing: all of it is in the profile'}", "dim"))
    return title


def report_lines(preview: Preview | None) -> list[Line]:
    """What is wrong, left out, said otherwise, and does something else."""
    if preview is None or preview.draft is None:
        return []
    lines: list[Line] = []
    for problem in preview.problems[:_MOST_REMARKS]:
        lines.append([(f"line {problem.line}  ", "dim"), (f"{problem.path}  ", "strong"), (problem.message, "error")])
    lines += _more(len(preview.problems) - _MOST_REMARKS, "that are wrong, shown in the editor")
    for change in Change:
        found = [remark for remark in preview.draft.remarks if remark.change is change]
        if found:
            lines.append([(change.heading, _ROLES[change])])
        for remark in found[:_MOST_REMARKS]:
            path, said = one_line(".".join(map(str, remark.path)), 60), one_line(remark.message, 400)
            if len(path) > _LONG:
                lines += [[("  ", "text"), (path, "text")], [("    ", "text"), (said, "dim")]]
            else:
                lines.append([("  ", "text"), (f"{path}  ", "text"), (said, "dim")])
        lines += _more(len(found) - _MOST_REMARKS, "such")
    return lines
