"""The record of a run, to be read at leisure."""

from __future__ import annotations

import time

from mltui.domain.limits import change_text
from mltui.domain.run import Run
from mltui.domain.text import clean, one_line
from mltui.ui.widgets.lines import Line
from mltui.ui.widgets.text_view import plain


def record_lines(run: Run, folder: object) -> list[Line]:
    """The record of a run, and the command that it stands for."""

    def when(seconds: float | None) -> str:
        return time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(seconds)) if seconds else "–"

    said = ("detail", f"{run.detail} {run.hint}".strip()), ("decided", run.notes)
    rows = [
        ("state", run.state.value),
        *((name, text) for name, text in said if text),
        ("profile", run.profile),
        ("file", run.profile_path or "–"), ("engine", f"{run.engine} {run.endpoint}".strip()),
        ("image", run.image or "–"),
        ("image id", run.image_id or "–"),
        ("container", f"{run.container_name} {run.container_id[:12]}" if run.container_id else "none"),
        ("gpus", run.gpus_title), ("created", when(run.created)), ("started", when(run.started)),
        ("finished", when(run.finished)), ("exit code", "–" if run.exit_code is None else str(run.exit_code)),
        ("params", "  ".join(f"{k}={v}" for k, v in run.params.items()) or "–"), ("record", str(folder)),
        *(("changed", f"{when(change.time)}  {change_text(change)}") for change in run.changes),
    ]  # fmt: skip
    facts: list[Line] = [[(f"{name:<10} ", "dim"), (one_line(value), "text")] for name, value in rows]
    return [*facts, [], [(f"{run.command_title}:", "strong")], *plain(clean(run.command))]
