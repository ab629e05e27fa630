"""The runs pane: what ran and what runs; stop it, remove it, launch it again."""

from __future__ import annotations

import contextlib
import time
from functools import partial
from typing import TYPE_CHECKING, ClassVar, NamedTuple

from textual.binding import BindingType
from textual.message import Message

from mltui.domain.errors import UsageError
from mltui.domain.figures import format_count
from mltui.domain.run import WITHOUT_GPU, Run, RunState
from mltui.ui.command import Command, bindings, without
from mltui.ui.commands import PANES, command, key_of
from mltui.ui.panes.base import ListPane
from mltui.ui.presentation.marks import MOST, Mark, RunMarks
from mltui.ui.presentation.run import insight_lines, run_line, run_text, time_text
from mltui.ui.presentation.run_record import record_lines
from mltui.ui.presentation.sweep import Listed, Sweep, listed, sweep_line
from mltui.ui.widgets.lines import Line, Span
from mltui.ui.widgets.list_table import ListTable

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mltui.domain.metric import Series


class RunRow(NamedTuple):
    """A run or a sweep, and the time shown beside it, so that a row that looks the same is the same."""

    listed: Listed
    time: str = ""
    mark: Mark | None = None
    """How it is marked for comparison."""
    marks: bool = False
    """Some run is marked, so that every row keeps room for a mark."""
    folded: bool = False
    """The runs of the sweep are not shown."""


class RunsPane(ListPane[RunRow]):
    """Lists runs, those of a sweep together; the one under the cursor is shown on the right, of a sweep all."""

    KEY = "2"
    TITLE = "Runs"
    EMPTY = "reading …"
    BINDINGS: ClassVar[list[BindingType]] = [*bindings(PANES["runs"])]

    class MarksChanged(Message):
        """Other runs are marked than before."""

    def __init__(self) -> None:
        super().__init__("runs", lambda row: row.listed.key, _line, _searched)
        self.marks = RunMarks()
        """The runs that the person marked."""
        self._runs: Sequence[Run] = ()
        self._folded: set[str] = set()
        self._sweep_marks = RunMarks()
        """The runs of the sweep under the cursor."""

    @property
    def marks_now(self) -> RunMarks:
        """The runs whose curves are drawn together: those that are marked, else those of the sweep under the cursor."""
        return self.marks or self._sweep_marks

    def show_runs(self, runs: Sequence[Run], now: float) -> None:
        """Show ``runs`` as they are at ``now``."""
        self._runs = runs
        if self.marks.keep(run.id for run in runs):
            self.post_message(self.MarksChanged())
        some = len(self.marks_now) > 0
        self.show([self._row(one, now, some) for one in listed(runs, self._folded)])
        self._mark_sweep_here()

    def _row(self, one: Listed, now: float, some: bool) -> RunRow:
        if one.run is None:
            return RunRow(one, marks=some, folded=bool(one.sweep and one.sweep.id in self._folded))
        return RunRow(one, time_text(one.run, now), self.marks_now.of(one.run.id), some)

    def on_list_table_highlighted(self) -> None:
        """Another line is under the cursor."""
        self._mark_sweep_here()

    def _mark_sweep_here(self) -> None:
        """A sweep under the cursor is drawn whole, its newest runs too."""
        sweep = self.sweep_here
        before = self._sweep_marks.ids
        wanted = tuple(run.id for run in sweep.runs[:MOST]) if sweep else ()
        if wanted != before:
            self._sweep_marks = RunMarks()
            for run_id in wanted:
                self._sweep_marks.toggle(run_id)
            if not self.marks:
                self._marked()

    def title_texts(self) -> tuple[Line, Line]:
        """How many run, of how many; how many of a large sweep are drawn."""
        left, right = super().title_texts()
        sweep = self.sweep_here
        if sweep and len(sweep.runs) > MOST and not left and not self.marks:
            return [(f"{MOST} of {len(sweep.runs)} drawn", "dim")], right
        active = sum(run.state.active for run in self._runs)
        if self._runs and not left:
            total: Line = [(format_count(len(self._runs)), "dim")]
            return left, [(f"● {active}", "primary"), (" of ", "dim"), *total] if active else total
        return left, right

    def on_list_table_chosen(self, message: ListTable.Chosen) -> None:
        """Go to the run's curves; fold or unfold a sweep."""
        message.stop()
        row: RunRow | None = self.current()
        if row is not None and row.listed.run is None and row.listed.sweep:
            self._folded ^= {row.listed.sweep.id}
            self.show_runs(self._runs, time.time())
        else:
            self.cockpit_app.jump("curves")

    def first_run(self, key: str) -> str:
        """The id of the run that a row stands for: its own, or that of a sweep's first run."""
        found = next((one.sweep for one in self._listed() if one.key == key and one.run is None), None)
        return found.runs[0].id if found else key

    def place_of(self, run: Run) -> str:
        """The key of the row to go to for a run that was just launched: that of its sweep, where it has one."""
        return next((one.key for one in self._listed() if one.sweep and one.sweep.id == run.group_id), run.id)

    def _listed(self) -> list[Listed]:
        return [row.listed for row in self.table.rows]

    def _run(self) -> Run | None:
        """The run under the cursor; for a sweep it is said that one is to be chosen."""
        row: RunRow | None = self.current()
        if row is not None and row.listed.run is None:
            self.cockpit_app.say_error(
                UsageError("This is a sweep, and that is for one run.", "Choose one of its runs.")
            )
        return row.listed.run if row else None

    @property
    def sweep_here(self) -> Sweep | None:
        """The sweep whose own line the cursor is on."""
        row: RunRow | None = self.current()
        return row.listed.sweep if row is not None and row.listed.run is None else None

    def _these(self) -> list[Run]:
        """The run under the cursor, or all of the sweep there."""
        sweep, row = self.sweep_here, self.current()
        return list(sweep.runs) if sweep else [row.listed.run] if row else []

    def counts(self) -> tuple[int, int]:
        """Runs, of which the line of a folded sweep stands for several."""
        rows = self.table.shown
        folded = sum(len(row.listed.sweep.runs) for row in rows if row.folded and row.listed.sweep)
        return folded + sum(row.listed.run is not None for row in rows), len(self._runs)

    @property
    def footer(self) -> tuple[Command, ...]:
        """What has ended cannot be stopped, nor what goes on be removed; a failure that is understood may be fixed."""
        runs, commands = self._these(), super().footer
        if not runs or any(run.state.active for run in runs):
            return without(commands, "runs.remove")
        report = self.cockpit_app.failures.report(runs[0]) if not self.sweep_here else None
        fix = (command("app.fix"),) if report and report.changes else ()
        cpu = (command("runs.cpu"),) if len(runs) == 1 and runs[0].reason == WITHOUT_GPU else ()
        return (*fix, *cpu, *without(commands, "runs.stop"))

    def action_mark(self) -> None:
        """Mark the run for comparison, or take its mark away; on a sweep all its runs."""
        runs = self._these()
        if len(runs) > 1:
            self._mark_all(runs)
        elif runs and self._mark(runs[0]):
            self._marked()

    def action_mark_sweep(self) -> None:
        """Mark all runs of the sweep that the run is of."""
        row: RunRow | None = self.current()
        if row is None or row.listed.sweep is None:
            self.cockpit_app.say_error(UsageError("This run is of no sweep.", f"Mark runs with {key_of('runs.mark')}."))
            return
        self._mark_all(row.listed.sweep.runs)

    def _mark_all(self, runs: Sequence[Run]) -> None:
        """Mark these; where all are marked, none of them any more."""
        there = [run for run in runs if self.marks.of(run.id)]
        wanted = there if len(there) == len(runs) else [run for run in runs if run not in there]
        for run in wanted:
            if not self._mark(run):
                break
        self._marked()

    def _mark(self, run: Run) -> bool:
        if self.marks.toggle(run.id):
            return True
        hint = f"Take a mark away first: {key_of('runs.mark')}, or {key_of('runs.unmark')}."
        self.cockpit_app.say_error(UsageError(f"{MOST} runs are marked.", hint))
        return False

    def action_unmark(self) -> None:
        """Take all marks away."""
        if self.marks.clear():
            self._marked()

    def _marked(self) -> None:
        self.show_runs(self._runs, time.time())
        self.post_message(self.MarksChanged())

    def action_stop(self) -> None:
        """Stop the run, or all of the sweep, after asking."""
        text = "It is asked to end and may write a checkpoint."
        self._end("Stop", "Stopping", text)

    def action_kill(self) -> None:
        """Kill the run, or all of the sweep, after asking."""
        text = "It ends at once and cannot write a checkpoint."
        self._end("Kill", "Killing", text)

    def _end(self, verb: str, doing: str, means: str) -> None:
        runs = self._these()
        active = [run for run in runs if run.state.active]
        if not active:
            if runs:
                said = f"Run {runs[0].id} has ended already: {runs[0].state}." if len(runs) == 1 else "All have ended."
                self.cockpit_app.say_error(UsageError(said))
            return
        what, means = (
            _named(active),
            means if len(active) == 1 else means.replace("It is", "Each is").replace("It ", "Each "),
        )

        def all_of_them() -> None:
            failures = self.cockpit_app.cockpit.launcher.end_all(active, verb.lower())
            if failures:
                raise failures[0]

        self.cockpit_app.ask(f"{verb} {what}? {means}", verb, f"{doing} {what}", all_of_them)

    def action_limits(self) -> None:
        """Show what the run may use, to change it."""
        from mltui.ui.screens.limits import LimitsScreen

        run = self._run()
        if run is None:
            return
        if not run.state.active:
            self.cockpit_app.say_error(UsageError(f"Run {run.id} has ended already: {run.state}."))
            return
        launcher, sampler = self.cockpit_app.cockpit.launcher, self.cockpit_app.cockpit.sampler
        self.cockpit_app.push_screen(
            LimitsScreen(
                f"run {run.id} ({run.profile})",
                lambda: launcher.limits_now(run, sampler.usage.get(run.container_id)),
                lambda wanted: launcher.change_limits(run, wanted),
            )
        )

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
        """Remove the run, or all of the sweep, after asking."""
        runs = self._these()
        active = [run for run in runs if run.state.active]
        if active:
            hint = f"Stop it first: {key_of('runs.stop')}."
            self.cockpit_app.say_error(UsageError(f"Run {active[0].id} is {active[0].state}.", hint))
        elif runs:
            launcher = self.cockpit_app.cockpit.launcher
            folder = launcher.folder(runs[0].id)
            where = folder.outputs if len(runs) == 1 else folder.path.parent
            owner = "its" if len(runs) == 1 else "their"
            text = f"Remove {_named(runs)}?\n\nThis deletes {owner} container{'s' if len(runs) > 1 else ''}, {owner} "
            also = "not" if len(runs) == 1 and folder.outputs_elsewhere else "and"
            text += f"curves and log{'s' if len(runs) > 1 else ''}, {also} {owner} outputs in\n{where}"
            self.cockpit_app.ask(text, "Remove", f"Removing {_named(runs)}", partial(self._remove_all, runs))

    def _remove_all(self, runs: Sequence[Run]) -> None:
        cockpit = self.cockpit_app.cockpit
        for run in runs:
            (cockpit.launcher.forget if run.state is RunState.LOST else cockpit.launcher.remove)(run)
            cockpit.watcher.drop(run.id)

    def action_inspect(self) -> None:
        """Show the record, with what its figures mean and what is worth knowing; or what the runs of the sweep are."""
        sweep = self.sweep_here
        run = None if sweep else self._run()
        app = self.cockpit_app
        if sweep:
            read = partial(self._metrics_of, sweep)
            app.do("", read, then=lambda found: self._show_sweep(sweep, found), keys_wait=True)
        elif run:
            app.do("", lambda: self._known_of(run), then=lambda known: self._show_record(*known), keys_wait=True)

    def _metrics_of(self, sweep: Sweep) -> dict[str, Series]:
        """By run, the metric that matters most, of those that have one."""
        from mltui.runtime.metric_summary import key_series, read_metrics

        launcher = self.cockpit_app.cockpit.launcher
        found = ((run.id, key_series(read_metrics(launcher.folder(run.id)))) for run in sweep.runs)
        return {run: series for run, series in found if series}

    def _show_sweep(self, sweep: Sweep, metrics: Mapping[str, Series]) -> None:
        from mltui.ui.presentation.sweep_table import sweep_lines

        self.cockpit_app.show_text(f"Sweep {sweep.id}", sweep_lines(sweep, metrics, time.time()))

    def _known_of(self, listed: Run) -> tuple[Run, list[Line]]:
        """The run as it is now, which the list shows a moment later, and what is worth knowing of it."""
        run = self.cockpit_app.cockpit.database.get(listed.id) or listed
        return run, self._worth_knowing(run)

    def _worth_knowing(self, run: Run) -> list[Line]:
        from mltui.runtime.diagnosis import report
        from mltui.runtime.metric_summary import read_metrics
        from mltui.storage.sample_file import SampleReader
        from mltui.ui.presentation.diagnosis import advice_lines
        from mltui.ui.presentation.ended_gauges import usage_lines
        from mltui.ui.presentation.run_metrics import metric_lines

        cockpit = self.cockpit_app.cockpit
        folder, view = cockpit.launcher.folder(run.id), cockpit.watcher.view
        shown = view.metrics if view and getattr(view, "run_id", "") == run.id else None
        reached = metric_lines(shown or read_metrics(folder))
        if run.state.active:
            return reached
        samples = SampleReader(folder.samples)
        with contextlib.closing(samples):
            samples.poll()
        return [*advice_lines(report(run, folder, shown)), *reached, *usage_lines(samples)]

    def _show_record(self, run: Run, worth_knowing: list[Line]) -> None:
        app = self.cockpit_app
        selected = app.main.selected_run
        insights = app.main.all_insights if selected and selected.id == run.id else ()
        record = record_lines(run, app.cockpit.launcher.folder(run.id).path)
        app.show_text(f"Run {run.id}", [*insight_lines(insights), *worth_knowing, *record])


def _named(runs: Sequence[Run]) -> str:
    """One run by its id and profile, several by their number and sweep."""
    if len(runs) == 1:
        return f"run {runs[0].id} ({runs[0].profile})"
    return f"{len(runs)} runs of {runs[0].profile} (sweep {runs[0].group_id})"


def _searched(row: RunRow) -> str:
    """What a filter looks at; a sweep is found by what its runs are found by."""
    if row.listed.run:
        return run_text(row.listed.run)
    return " ".join(run_text(run) for run in row.listed.sweep.runs) if row.listed.sweep else ""


def _line(row: RunRow, width: int) -> Line:
    room = width - 2 if row.marks else width
    sign: list[Span] = []
    if row.marks:
        sign = [(f"{row.mark.glyph} ", row.mark.color) if row.mark else ("  ", "text")]
    run, sweep = row.listed.run, row.listed.sweep
    if run is None:
        return [*sign, *sweep_line(sweep, room, folded=row.folded)] if sweep else sign
    if sweep is None:
        return [*sign, *run_line(run, time.time(), room)]
    values = sweep.values(run), sweep.values(run, brief=True)
    return [*sign, ("  ", "text"), *run_line(run, time.time(), room - 2, *values)]
