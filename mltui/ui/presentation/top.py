"""The line at the top: which engine, where, and what is wrong with it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mltui.domain.text import one_line
from mltui.ui.widgets.lines import Line, Span

if TYPE_CHECKING:
    from mltui.engines.base import EngineChoice
    from mltui.runtime.cockpit import Cockpit


def top_line(cockpit: Cockpit, *, read_only: bool) -> tuple[Line, Line]:
    """What stands at its left and at its right end."""
    left: list[Span] = [(" mltui ", "title"), *engine_spans(cockpit.choice, cockpit.engine_error)]
    if cockpit.catalog and cockpit.catalog.error:
        left.append(("  not answering, trying again", "error"))
    if cockpit.watcher.error:
        left.append((f"  {one_line(cockpit.watcher.error, 120)}", "error"))
    if cockpit.files_error:
        left.append((f"  {one_line(cockpit.files_error, 120)}", "error"))
    if problems := cockpit.loaded.problems:
        first = problems[0]
        said = f"{first.path}: {first.message}" if first.path else first.message
        left.append((f"  settings.yaml:{first.line}: {one_line(said, 120)}", "warn"))
    right: list[Span] = [(" ", "text"), *([("read-only  ", "accent")] if read_only else [])]
    gpus = len(cockpit.sampler.devices)
    here = cockpit.choice is None or cockpit.choice.info.local
    if here and (gpus or cockpit.no_gpu):
        right.append((f"{gpus} GPU{'s' if gpus > 1 else ''} " if gpus else "no GPU ", "ok" if gpus else "dim"))
    return left, right


def engine_spans(choice: EngineChoice | None, error: str) -> list[Span]:
    """Which engine it is, on which machine, and why this one."""
    if choice is None:
        return [(one_line(error) or "looking for an engine …", "error" if error else "dim")]
    info = choice.info
    if not info.isolated:
        # The reason before the rest: it is what a person asks when no container is there.
        reason = one_line(choice.reason, 120)
        host = (f"  {one_line(info.host, 40)}", "dim")
        return [(" local, no isolation", "warn"), *([(f"  {reason}", "dim")] if reason else []), host]
    spans: list[Span] = [(f" {one_line(info.product, 40)} {one_line(info.version, 20)}".rstrip(), "text")]
    if info.context:
        spans.append((f"  {one_line(info.context, 40)}", "alt"))
    spans.append((f"  {one_line(info.host, 40)}", "dim"))
    if choice.reason:
        spans.append((f"  {one_line(choice.reason, 120)}", "dim"))
    return spans
