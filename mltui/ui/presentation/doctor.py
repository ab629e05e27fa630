"""The doctor's findings as lines: those that need something done first."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from mltui.domain.text import one_line
from mltui.ui.widgets.lines import Line, cut

if TYPE_CHECKING:
    from mltui.runtime.checkup import Finding

#: Verdict → sign and role; signs differ in shape, so that verdicts are told apart without colour.
_SIGNS = {"ok": ("✓", "ok"), "warn": ("!", "warn"), "fail": ("✗", "error"), "info": ("·", "dim")}
_NAME = 16


def finding_lines(findings: Sequence[Finding]) -> list[Line]:
    """How many need something, those that do, and all others in the order of the checks."""
    bad = [one for one in findings if one.verdict in ("warn", "fail")]
    failed = sum(one.verdict == "fail" for one in bad)
    said = f"{failed} failed, {len(bad) - failed} to look at, {len(findings) - len(bad)} fine" if bad else "All is well"
    lines: list[Line] = [[(said, "strong")], []]
    for one in sorted(bad, key=lambda found: found.verdict):
        lines += _lines(one)
    if bad:
        lines.append([])
    for one in findings:
        if one not in bad:
            lines += _lines(one)
    return lines


def _lines(finding: Finding) -> list[Line]:
    sign, role = _SIGNS[finding.verdict]
    lines: list[Line] = [[(f"{sign} ", role), (cut(finding.check, _NAME), "text"), (one_line(finding.evidence), "dim")]]
    if finding.cure:
        lines.append([(" " * (_NAME + 2), "text"), ("→ ", "accent"), (one_line(finding.cure), "accent")])
    return lines
