"""``mltui doctor``: what of this machine works, and how to cure what does not."""

from __future__ import annotations

import textwrap
from argparse import Namespace

from mltui.cli.output import paint, print_json, terminal_columns
from mltui.cli.session import endpoint
from mltui.domain.text import one_line

_COLOURS = {"ok": "green", "warn": "yellow", "fail": "red", "info": "blue"}


def doctor(args: Namespace) -> int:
    """Print every check's verdict with its evidence and, where it is not well, the cure; 1 when a check failed."""
    from mltui.runtime.checkup import Verdict, time_left
    from mltui.runtime.doctor import examine

    findings = examine(getattr(args, "engine", ""), endpoint(args), time_left(), probe=args.probe)
    if args.json:
        for finding in findings:
            print_json(finding._asdict())
    else:
        wide = max(len(finding.check) for finding in findings)
        for finding in findings:
            verdict = paint(f"{finding.verdict.value:<4}", _COLOURS[finding.verdict.value])
            print(f"{verdict}  {finding.check:<{wide}}  {one_line(finding.evidence)}")
            for line in _wrapped(finding.cure, wide + 8):
                print(line)
    return 1 if any(finding.verdict is Verdict.FAIL for finding in findings) else 0


def _wrapped(cure: str, indent: int) -> list[str]:
    """The cure below its evidence, in lines that a person reads; commands in it are not broken at their hyphens."""
    columns = max(40, min(terminal_columns(), 120) - indent)
    return textwrap.wrap(
        one_line(cure), columns + indent, initial_indent=" " * indent, subsequent_indent=" " * indent,
        break_on_hyphens=False, break_long_words=False,
    )  # fmt: skip
