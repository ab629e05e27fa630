"""Why a run failed, as a card of a few lines; and the change that cures it, as a coloured diff."""

from __future__ import annotations

from collections.abc import Sequence
from textwrap import wrap
from typing import TYPE_CHECKING

from mltui.domain.run import WITHOUT_GPU, Run
from mltui.domain.text import one_line
from mltui.ui.commands import key_of
from mltui.ui.widgets.lines import Line, Span, line_length, spread

if TYPE_CHECKING:
    from mltui.runtime.diagnosis import Report

#: Columns of the names in front of evidence, cure and change.
_NAME = 8
_CAUSE, _SEEN, _CURE = 2, 2, 3


def card_lines(report: Report, run: Run, width: int, most: int, *, folded: bool, may_fix: bool) -> list[Line]:
    """The card in at most ``most`` lines of ``width`` columns; folded it is its first line.

    Where there is little room evidence and cure are cut, the cause and the key that cures it stay.
    """
    diagnosis = report.diagnosis
    if diagnosis is None:
        return []
    fold: Line = [(key_of("app.fold"), "key"), (" unfolds" if folded else " folds", "dim")]
    fix = may_fix and bool(report.changes)
    if folded:
        keys: list[Span] = [(key_of("app.fix"), "key"), (" fixes it  ", "dim")] if fix else []
        return [spread([("▎", "error"), (diagnosis.cause, "text")], [*keys, *fold], width)]
    cause = _fitting(diagnosis.cause, width - 2 - 10, _CAUSE)
    lines = [spread([("▎", "error"), (cause[0], "strong")], fold, width)]
    lines += [[("▎", "error"), (more, "strong")] for more in cause[1:]]
    change = [_change_line(report, width)] if fix else []
    change += [_cpu_line()] if may_fix and run.reason == WITHOUT_GPU else []
    room = most - len(lines) - len(change)
    cure = _part("cure", diagnosis.cure, width, "accent", min(_CURE, max(1, room - 1)))
    # Which container that is stands in the headline.
    evidence = [line.removeprefix(f"{run.container_name} was not started: ") for line in diagnosis.evidence]
    seen = _seen(evidence, width, min(_SEEN, room - len(cure)))
    return [*lines, *seen, *cure, *change][:most]


def _cpu_line() -> Line:
    name: Line = [("▎", "error"), (f"{'or':<{_NAME}}", "dim"), (key_of("runs.cpu"), "key")]
    return [*name, (" launches it on the CPU", "ok")]


def _fitting(text: str, width: int, most: int) -> list[str]:
    """``text`` in at most ``most`` lines, the last one cut with a mark where there is more."""
    pieces = wrap(one_line(text), max(20, width), break_on_hyphens=False) or [""]
    if len(pieces) > most:
        pieces = [*pieces[: most - 1], one_line(" ".join(pieces[most - 1 :]), max(20, width))]
    return pieces


def _seen(evidence: Sequence[str], width: int, most: int) -> list[Line]:
    """One line for each piece of evidence, cut at the edge: the log below has it whole."""
    return [
        [("▎", "error"), (f"{'seen' if at == 0 else '':<{_NAME}}", "dim"), (one_line(line, width), "text")]
        for at, line in enumerate(evidence[: max(0, most)])
    ]


def _part(name: str, text: str, width: int, role: str, most: int) -> list[Line]:
    pieces = _fitting(text, width - _NAME - 1, most) if text else []
    return [
        [("▎", "error"), (f"{name if at == 0 else '':<{_NAME}}", "dim"), (piece, role)]
        for at, piece in enumerate(pieces)
    ]


def _change_line(report: Report, width: int) -> Line:
    said = [one_line(str(change), 60) for change in report.changes]
    name: Line = [("▎", "error"), (f"{'change':<{_NAME}}", "dim"), (key_of("app.fix"), "key")]
    # What is changed counts more than what the key does, which the line of keys says, too.
    does = " shows and launches it: "
    does = does if line_length([*name, (does, "dim")]) + len(said[0]) <= width else ": "
    return [*name, (does, "dim"), (one_line("; ".join(said), 120), "ok")]


def advice_lines(report: Report) -> list[Line]:
    """What is worth knowing of a run besides, a paragraph each."""
    lines: list[Line] = []
    for diagnosis, changes in report.advice:
        lines.append([("worth knowing  ", "warn"), (diagnosis.cause, "text")])
        lines += [[("  seen  ", "dim"), (line, "text")] for line in diagnosis.evidence]
        lines.append([("  cure  ", "dim"), (diagnosis.cure, "accent")])
        lines += [[("  change  ", "dim"), (one_line(str(change), 200), "ok")] for change in changes]
        lines.append([])
    return lines


def diff_lines(diff: Sequence[str]) -> list[Line]:
    """A unified diff, coloured as one is."""
    return [[(one_line_kept(line), _diff_role(line))] for line in diff]


def one_line_kept(line: str) -> str:
    """A line of a file, cleaned, with its indentation."""
    from mltui.domain.text import clean

    return clean(line).expandtabs(4)


def _diff_role(line: str) -> str:
    if line.startswith(("+++", "---", "@@")):
        return "dim"
    return "ok" if line.startswith("+") else "error" if line.startswith("-") else "text"
