"""Why a run failed, in the command line's words."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

from mltui.cli.output import paint, terminal_columns
from mltui.domain.run import WITHOUT_GPU
from mltui.domain.text import one_line

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from mltui.domain.diagnosis import Diagnosis
    from mltui.domain.metric import MetricStore
    from mltui.domain.profile_change import ProfileChange
    from mltui.domain.run import Run
    from mltui.storage.run_folder import RunFolder

_INDENT = 11
_SEEN = "seen"


def print_report(run: Run, folder: RunFolder, metrics: MetricStore) -> None:
    """Cause, evidence, cure and change of a run that failed; what is worth knowing of any that has ended."""
    if run.state.active:
        return
    from mltui.runtime.diagnosis import report

    found = report(run, folder, metrics)
    if found.diagnosis:
        print()
        _print(found.diagnosis, found.changes, "why", "red", one_line(run.detail))
        if run.reason == WITHOUT_GPU:
            _say("or", f"on the CPU: mltui rerun {run.id} --gpus none", "green")
    for one, changes in found.advice:
        print()
        _print(one, changes, "besides", "yellow")


def _print(diagnosis: Diagnosis, changes: Sequence[ProfileChange], what: str, colour: str, told: str = "") -> None:
    """``told`` is what stands above already: it is not said again."""
    if diagnosis.cause != told:
        _say(what, diagnosis.cause, colour)
    for line in diagnosis.evidence:
        if told.startswith(line.removesuffix("…")):
            continue
        print(f"{paint(f'{_SEEN:<10}', 'bold')} {one_line(line)}")
    _say("cure", diagnosis.cure)
    for change in changes:
        _say("change", one_line(str(change), 200), "green")


def _say(name: str, text: str, colour: str = "") -> None:
    width = max(40, min(terminal_columns(), 120) - _INDENT)
    for at, line in enumerate(textwrap.wrap(one_line(text), width, break_on_hyphens=False, break_long_words=False)):
        said = name if at == 0 else ""
        print(f"{paint(f'{said:<10}', 'bold')} {paint(line, colour)}")


def report_value(run: Run, folder: RunFolder, metrics: MetricStore) -> dict[str, object]:
    """``diagnosis`` and ``advice`` as JSON has them; ``null`` and none for a run that goes on."""
    if run.state.active:
        return {"diagnosis": None, "advice": []}
    from mltui.runtime.diagnosis import report

    found = report(run, folder, metrics)
    return {
        "diagnosis": _value(found.diagnosis, found.changes) if found.diagnosis else None,
        "advice": [_value(one, changes) for one, changes in found.advice],
    }


def _value(diagnosis: Diagnosis, changes: Sequence[ProfileChange]) -> dict[str, object]:
    return {
        "id": diagnosis.id,
        "known": diagnosis.known,
        "cause": diagnosis.cause,
        "evidence": list(diagnosis.evidence),
        "cure": diagnosis.cure,
        "changes": list(_change_values(changes)),
    }


def _change_values(changes: Sequence[ProfileChange]) -> Iterator[dict[str, object]]:
    for change in changes:
        yield {"path": ".".join(map(str, change.path)), "was": change.was, "value": change.value}
