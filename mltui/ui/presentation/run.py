"""Runs as lines and sentences."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from mltui.domain.figures import format_duration
from mltui.domain.run import LOCAL, Run, RunState
from mltui.domain.text import one_line
from mltui.ui.widgets.lines import Line, Span, line_length, spread

if TYPE_CHECKING:
    from mltui.domain.insights import Insight

#: state → (sign, role). Signs differ in shape, so that states are told apart without colour.
SIGNS: dict[RunState, tuple[str, str]] = {
    RunState.PENDING: ("○", "warn"),
    RunState.BUILDING: ("◐", "warn"),
    RunState.RUNNING: ("●", "primary"),
    RunState.FINISHED: ("✓", "ok"),
    RunState.FAILED: ("✗", "error"),
    RunState.STOPPED: ("■", "dim"),
    RunState.LOST: ("?", "error"),
}
_WIDE = 60


def elapsed(run: Run, now: float) -> float | None:
    """Seconds it has run, or ran."""
    if run.started is None:
        return None
    return (run.finished or now) - run.started


def time_text(run: Run, now: float) -> str:
    """How long it runs or ran; for one that never started, how long it waited for that."""
    seconds = elapsed(run, now)
    if seconds is None:
        seconds = (now if run.state.active else run.finished or run.created) - run.created
    return format_duration(seconds)


def run_line(run: Run, now: float, width: int, values: str = "", brief: str = "") -> Line:
    """A row of the runs list; ``values`` tells it from the others of its sweep, below whose name it stands, and
    ``brief`` does where there is no room for that."""
    sign, role = SIGNS[run.state]
    changed = " ".join(f"{k}={v}" for k, v in run.overrides.items() if k in run.params)
    left: list[Span] = [(f"{sign} ", role), (one_line(run.profile, 80), "text"), (f"  {one_line(changed, 80)}", "dim")]
    if values:
        left[1:] = [(values, "text"), ("", "dim")]
    right: list[Span] = [(time_text(run, now), "dim")]
    if width >= 34:
        right = [(f"{run.id[:8]} ", "dim"), (f"{time_text(run, now):>7}", "text")]
    if width >= _WIDE:
        told = values.split()
        left[-1] = (f"  {' '.join(one for one in params_text(run).split() if one not in told)}", "dim")
        right = [(f"{run.state.value:<9}", role), (f"{run.engine:<7}", "dim"), *right]
    elif brief and line_length([*left, *right]) >= width:
        left[1] = (brief, "text")
    return spread(left, right, width)


def run_text(run: Run) -> str:
    """What a filter looks at."""
    return f"{run.id} {run.profile} {run.state} {run.engine} {params_text(run)}"


def params_text(run: Run) -> str:
    """``epochs=5 learning_rate=0.001``."""
    return one_line(" ".join(f"{name}={value}" for name, value in run.params.items()), 200)


def differing_params(runs: Sequence[Run]) -> tuple[str, ...]:
    """Names of the parameters in which runs differ."""
    names = dict.fromkeys(name for run in runs for name in run.params)
    return tuple(name for name in names if len({str(run.params.get(name)) for run in runs}) > 1)


def headline(
    run: Run, now: float, width: int, insights: Sequence[Insight] = (), numbers: Mapping[str, str] | None = None
) -> list[Line]:
    """The lines above a run's curves: what it is, and what there is to know about it.

    ``numbers`` are those of the machine's GPUs by UUID.

    What its figures mean stands in the place of its parameters, so that nothing moves when it comes and goes.
    """
    sign, role = SIGNS[run.state]
    first: list[Span] = [
        (f"{sign} {run.state.value}", role),
        (f"  {one_line(run.profile, 80)}", "strong"),
        (f"  {run.id}", "dim"),
    ]
    code = f"exit {run.exit_code}  " if run.exit_code not in (None, 0) else ""
    gpus = f"{gpus_text(run, numbers or {})}  " if run.has_gpus else ""
    right: list[Span] = [(code, "error"), (gpus, "accent"), (time_text(run, now), "strong")]
    # On a small screen the run's name comes first; the line at the top says the rest.
    room = width - line_length(first) - line_length(right) - 1
    where = ("local process, not isolated", "local process") if run.engine == LOCAL else (run.engine,)
    right.insert(2, (next((f"{text}  " for text in where if len(text) + 2 <= room), ""), "dim"))
    if insights and run.state is RunState.RUNNING:
        return [spread(first, right, width), insight_line(insights, width)]
    return [spread(first, right, width), *_explanation(run)]


def insight_line(insights: Sequence[Insight], width: int) -> Line:
    """What the figures of a running run mean, in one line: the first whole, others by a word each."""
    first, *others = insights
    more: Line = [("  also: " + ", ".join(other.kind for other in others), "warn")] if others else []
    return spread([("▸ ", "warn"), (first.text, "warn"), (f"  {first.figures}", "dim")], more, width)


def insight_lines(insights: Sequence[Insight]) -> list[Line]:
    """All of it, to be read at leisure."""
    if not insights:
        return []
    lines: list[Line] = [[("what it means", "strong")]]
    lines += [[("  ▸ ", "warn"), (f"{one.text}: ", "text"), (one.figures, "dim")] for one in insights]
    return [*lines, []]


def _explanation(run: Run) -> list[Line]:
    """What is going on, or its parameters."""
    if run.state in (RunState.FAILED, RunState.LOST):
        # Why, and what to do, is on the card.
        return [[(params_text(run), "dim")]]
    if run.state in (RunState.PENDING, RunState.BUILDING):
        return [[(one_line(run.detail) or one_line(run.notes), "warn")]]
    params = params_text(run)
    gap = "  " if params else ""
    detail = f"{gap}{one_line(run.detail)}" if run.detail else ""
    notes = f"{gap}{one_line(run.notes)}" if run.notes and not detail else ""
    return [[(params, "text"), (detail, "warn" if run.state.active else "dim"), (notes, "dim")]]


def gpus_text(run: Run, numbers: Mapping[str, str]) -> str:
    """``GPU 0, 1``: by their numbers where these are known, else by the beginning of their UUIDs; ``2 GPUs``."""
    if run.gpus == ("all",) or not run.gpus:
        return "all GPUs" if run.gpus else run.gpus_title
    return "GPU " + ", ".join(numbers.get(gpu) or one_line(gpu.removeprefix("GPU-"), 8) for gpu in run.gpus)


_CUT_SHORT = {RunState.FAILED: "It failed", RunState.STOPPED: "It was stopped", RunState.LOST: "It was lost"}


def waiting_text(run: Run | None, *, read: bool = True) -> str:
    """What stands in the place of curves while there is none; ``None`` is a container that is no run. ``read``: what
    is recorded of it has been."""
    if not read:
        return "Reading …"
    if run is None:
        return "No metric in its log yet."
    if run.state in (RunState.PENDING, RunState.BUILDING):
        return "Curves begin with the first metric it prints."
    if run.state is RunState.RUNNING:
        return "Waiting for the first metric in its log."
    if run.started is None:
        return "It was never started."
    if run.state in _CUT_SHORT:
        return f"{_CUT_SHORT[run.state]} before a metric was read in its log."
    return (
        f"Its log holds no metric that is known: mltui metrics {run.id} --explain tells what became of each line. "
        "Under metrics: in the profile a pattern tells how to read others."
    )


def silent_text(run: Run | None, *, read: bool = True) -> str:
    """What stands in the place of a log without a line, once it has been ``read``."""
    if not read:
        return ""
    return "nothing printed yet" if run is None or run.state.active else "it printed nothing"
