"""The runs pane: what ran and what runs; stop it, remove it, launch it again."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, ClassVar, NamedTuple

from textual.binding import BindingType
from textual.message import Message

from mltui.domain.errors import UsageError
from mltui.domain.run import Run, RunState
from mltui.ui.commands import PANES, bindings, key_of
from mltui.ui.panes.base import ListPane
from mltui.ui.presentation.marks import MOST, Mark, RunMarks
from mltui.ui.presentation.run import run_line, run_text, time_text
from mltui.ui.widgets.lines import Line, Span
from mltui.ui.widgets.list_table import ListTable

if TYPE_CHECKING:
    from collections.abc import Sequence


class RunRow(NamedTuple):
    """A run, and the time shown beside it, so that a row that looks the same is the same."""

    run: Run
    time: str
    mark: Mark | None = None
    """How it is marked for comparison."""
    marks: bool = False
    """Some run is marked, so that every row keeps room for a mark."""


class RunsPane(ListPane[RunRow]):
    """Lists runs; the one under the cursor is shown on the right."""

    KEY = "2"
    TITLE = "Runs"
    EMPTY = "none yet: enter on a profile starts one"
    BINDINGS: ClassVar[list[BindingType]] = [*bindings(PANES["runs"])]

    class MarksChanged(Message):
        """Other runs are marked than before."""

    def __init__(self) -> None:
        super().__init__("runs", lambda row: row.run.id, _line, lambda row: run_text(row.run))
        self.marks = RunMarks()
        """The runs whose curves are drawn together."""

    def show_runs(self, runs: Sequence[Run], now: float) -> None:
        """Show ``runs`` as they are at ``now``."""
        if self.marks.keep(run.id for run in runs):
            self.post_message(self.MarksChanged())
        some = len(self.marks) > 0
        self.show([RunRow(run, time_text(run, now), self.marks.of(run.id), some) for run in runs])

    def title_texts(self) -> tuple[Line, Line]:
        """How many run, of how many."""
        left, right = super().title_texts()
        active = sum(1 for row in self.table._all if row.run.state.active)
        if active and not left:
            said: list[Span] = [(f"● {active}", "primary"), *right]
            return left, [said[0], (" of ", "dim"), *right] if right else said[:1]
        return left, right

    def on_list_table_chosen(self, message: ListTable.Chosen) -> None:
        """Go to the run's curves."""
        message.stop()
        self.cockpit_app.jump("curves")

    def _run(self) -> Run | None:
        row: RunRow | None = self.current()
        return row.run if row else None

    def action_mark(self) -> None:
        """Mark the run for comparison, or take its mark away."""
        run = self._run()
        if run is None:
            return
        if not self.marks.toggle(run.id):
            hint = f"Take a mark away first: {key_of('runs.mark')}, or {key_of('runs.unmark')}."
            self.cockpit_app.say_error(UsageError(f"{MOST} runs are marked.", hint))
            return
        self._marked()

    def action_unmark(self) -> None:
        """Take all marks away."""
        if self.marks.clear():
            self._marked()

    def _marked(self) -> None:
        self.show_runs([row.run for row in self.table._all], time.time())
        self.post_message(self.MarksChanged())

    def action_stop(self) -> None:
        """Stop the run, after asking."""
        run = self._run()
        if run and self._must_be_active(run):
            launcher = self.cockpit_app.cockpit.launcher
            text = f"Stop run {run.id} ({run.profile})? It is asked to end and may write a checkpoint."
            self.cockpit_app.ask(text, "Stop", f"Stopping {run.id}", lambda: launcher.stop(run))

    def action_kill(self) -> None:
        """Kill the run, after asking."""
        run = self._run()
        if run and self._must_be_active(run):
            launcher = self.cockpit_app.cockpit.launcher
            text = f"Kill run {run.id} ({run.profile})? It ends at once and cannot write a checkpoint."
            self.cockpit_app.ask(text, "Kill", f"Killing {run.id}", lambda: launcher.kill(run))

    def _must_be_active(self, run: Run) -> bool:
        if not run.state.active:
            self.cockpit_app.say_error(UsageError(f"Run {run.id} has ended already: {run.state}."))
        return run.state.active

    def action_rerun(self) -> None:
        """Launch it again as it was."""
        run = self._run()
        if run and self.cockpit_app.may_act("launch"):
            launcher = self.cockpit_app.cockpit.launcher
            self.cockpit_app.do(
                f"Launching {run.profile}", lambda: launcher.rerun(run), then=self.cockpit_app.show_new_run
            )

    def action_launch_cpu(self) -> None:
        """Launch it again without a GPU."""
        run = self._run()
        if run and self.cockpit_app.may_act("launch"):
            launcher = self.cockpit_app.cockpit.launcher
            self.cockpit_app.do(
                f"Launching {run.profile} on the CPU",
                lambda: launcher.rerun(run, gpus="none"),
                then=self.cockpit_app.show_new_run,
            )

    def action_remove(self) -> None:
        """Remove the run, after asking."""
        run = self._run()
        if run is None:
            return
        if run.state.active:
            self.cockpit_app.say_error(
                UsageError(f"Run {run.id} is {run.state}.", f"Stop it first: {key_of('runs.stop')}.")
            )
            return
        launcher = self.cockpit_app.cockpit.launcher
        outputs = launcher.folder(run.id).outputs
        text = (
            f"Remove run {run.id} ({run.profile})?\n\n"
            f"This deletes its container, its curves and log, and its outputs in\n{outputs}"
        )
        forget = run.state is RunState.LOST

        def remove() -> None:
            (launcher.forget if forget else launcher.remove)(run)
            self.cockpit_app.cockpit.watcher.drop(run.id)

        self.cockpit_app.ask(text, "Remove", f"Removing {run.id}", remove)

    def action_inspect(self) -> None:
        """Show the record."""
        run = self._run()
        if run is None:
            return
        self.cockpit_app.show_text(
            f"Run {run.id}", record_text(run, self.cockpit_app.cockpit.launcher.folder(run.id).path)
        )


def _line(row: RunRow, width: int) -> Line:
    if not row.marks:
        return run_line(row.run, time.time(), width)
    sign = (f"{row.mark.glyph} ", row.mark.color) if row.mark else ("  ", "text")
    return [sign, *run_line(row.run, time.time(), width - 2)]


def record_text(run: Run, folder: object) -> str:
    """The record of a run as text."""

    def when(seconds: float | None) -> str:
        return time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(seconds)) if seconds else "–"

    rows = [
        ("state", run.state.value), ("detail", f"{run.detail} {run.hint}".strip() or "–"),
        ("decided", run.notes or "–"),
        ("profile", run.profile),
        ("file", run.profile_path or "–"), ("engine", f"{run.engine} {run.endpoint}".strip()),
        ("image", run.image or "–"),
        ("image id", run.image_id or "–"),
        ("container", f"{run.container_name} {run.container_id[:12]}".strip() or "–"),
        ("gpus", ", ".join(run.gpus) or "none"), ("created", when(run.created)), ("started", when(run.started)),
        ("finished", when(run.finished)), ("exit code", "–" if run.exit_code is None else str(run.exit_code)),
        ("params", "  ".join(f"{k}={v}" for k, v in run.params.items()) or "–"), ("record", str(folder)),
    ]  # fmt: skip
    return "\n".join(f"{name:<10} {value}" for name, value in rows) + f"\n\n{run.command}"
