"""The right of the main screen: what is selected, and the panes that show it."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING, cast

from mltui.domain.errors import ProfileError
from mltui.domain.run import LOCAL, Run, RunState
from mltui.domain.text import one_line
from mltui.ui.news import News
from mltui.ui.presentation.container import container_headline
from mltui.ui.presentation.gauge_board import SweepPart, gauge_board, sweep_board
from mltui.ui.presentation.image import image_lines
from mltui.ui.presentation.marks import SELECTED_GLYPH, ComparedRun, Mark, run_labels
from mltui.ui.presentation.profile import hindrance_lines, launch_lines, problem_lines, profile_lines
from mltui.ui.presentation.run import headline, silent_text, waiting_text
from mltui.ui.presentation.sweep import sweep_headline
from mltui.ui.widgets.text_view import folded

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mltui.domain.insights import Insight
    from mltui.domain.metric import MetricStore
    from mltui.runtime.cockpit import Cockpit, Explanation
    from mltui.runtime.insight_watch import InsightWatch
    from mltui.runtime.run_view import RunView
    from mltui.runtime.watcher import View
    from mltui.storage.profiles import ProfileEntry
    from mltui.ui.presentation.sweep import Sweep
    from mltui.ui.screens.main import MainScreen
    from mltui.ui.widgets.gauge_lines import Gauge
    from mltui.ui.widgets.lines import Line

#: What is selected when no run is, and the machine's gauges are asked for.
MACHINE = "machine"
#: So many runs' gauges are kept for as long as others are looked at.
_KEPT = 32
#: Lines of a profile's description.
_DESCRIPTION = 4


class Selected:
    """A run, container, profile or image; curves, gauges, log and details are given what belongs to it."""

    def __init__(self, screen: MainScreen, cockpit: Cockpit) -> None:
        self._screen = screen
        self._cockpit = cockpit
        self._news = News()
        self._at: tuple[str, str] = ("", "")
        """Kind (run, container, profile, image, machine) and key."""
        self._shown_profile: ProfileEntry | None = None
        self._ended: dict[str, tuple[int, Sequence[Gauge]]] = {}
        """Version of the samples and gauges of runs that have ended."""
        self._insight_watch: InsightWatch | None = None

    @property
    def nothing(self) -> bool:
        """Nothing has been selected yet."""
        return not self._at[1]

    @property
    def run(self) -> Run | None:
        """The run that is selected."""
        kind, key = self._at
        if kind != "run":
            return None
        return next((r for r in self._cockpit.watcher.runs if r.id == key), None)

    @property
    def _read(self) -> bool:
        """What is recorded of the selected run has been read."""
        return getattr(self._cockpit.watcher.view, "read", True)

    @property
    def _log_read(self) -> bool:
        """So has what it printed."""
        return getattr(self._cockpit.watcher.view, "log_read", True)

    # -- news ---------------------------------------------------------------------------------------------------------

    def sync(self, second: int) -> None:
        """Show what is new; ``second`` changes as often as the times that are shown do."""
        cockpit = self._cockpit
        if self._news.has("profiles", cockpit.version) and self._at[0] == "profile":
            self.show_profile(self._at[1])
        width = self._screen.headline.size.width
        if self._news.has("selection", (self.run, self._at, second, self._read, self._log_read, width)):
            self.show()
        if self._news.has("samples", (cockpit.sampler.version, self._at)):
            self.show_gauges()
        self._screen.curves.sync()
        self._screen.log_pane.view.sync()

    # -- selecting ----------------------------------------------------------------------------------------------------

    def select(self, kind: str, key: str) -> None:
        """Show a run or a container, with curves, gauges and log."""
        self._screen.remove_class("-detail")
        if (kind, key) == self._at:
            return
        self._at = (kind, key)
        watcher, catalog = self._cockpit.watcher, self._cockpit.catalog
        if kind == "run":
            watcher.look_at_run(key)
        elif catalog:
            watcher.look_at_container(catalog.engine, key)
        self.show()
        self.show_gauges()

    def select_container(self, key: str) -> None:
        """Show a container, as its run where it is known as one."""
        container = self._cockpit.container(key)
        run = container.run_id if container else ""
        if run and any(r.id == run for r in self._cockpit.watcher.runs):
            self.select("run", run)
        else:
            self.select("container", key)

    def show_profile(self, path: str) -> None:
        """Show what a profile says, and what launching it would do."""
        entry = next((p for p in self._cockpit.profiles if str(p.path) == path), None)
        # A file that changed is another entry: what it stands for is worked out again.
        if entry is None or (not self._select_detail("profile", path) and entry == self._shown_profile):
            return
        self._shown_profile = entry
        self._describe(entry)
        if entry.problem:
            self._screen.detail.show(problem_lines([entry.problem], path))

        def explain() -> Explanation | ProfileError:
            try:
                return self._cockpit.explain(entry.path)
            except ProfileError as error:
                return error

        self._screen.mltui.do("", explain, then=lambda explanation: self._explained(path, explanation))

    def _describe(self, entry: ProfileEntry) -> None:
        """The profile's name, and what it says of itself in a few lines."""
        said = one_line(entry.description, 300) or str(entry.path)
        width = self._screen.headline.size.width or self._screen.size.width
        about = folded([[(said, "dim")]], width)[:_DESCRIPTION]
        self._screen.headline.show_lines([[(one_line(entry.name, 80), "strong")], *about])

    def wrap_again(self) -> None:
        """The terminal has another width."""
        if self._at[0] == "profile" and self._shown_profile:
            self._describe(self._shown_profile)

    def _explained(self, path: str, explanation: Explanation | ProfileError) -> None:
        if self._at != ("profile", path):
            return
        if isinstance(explanation, ProfileError):
            self._screen.detail.show(problem_lines(explanation.problems, path))
            return
        lines = profile_lines(explanation.profile)
        if explanation.resolution:
            spec = explanation.resolution.spec
            where, notes, elsewhere = explanation.where, explanation.notes, explanation.elsewhere
            lines += launch_lines(spec, explanation.command, where, notes, elsewhere=elsewhere)
        if explanation.problem:
            lines += hindrance_lines(explanation.problem)
        self._screen.detail.show(lines, explanation.command)

    def show_image(self, key: str) -> None:
        """Show what is known of an image."""
        catalog = self._cockpit.catalog
        image = next((i for i in (catalog.images if catalog else ()) if i.id == key), None)
        if image is None or not self._select_detail("image", key):
            return
        lines: list[Line] = [[(one_line(image.name, 120), "strong")], [(one_line(image.id, 80), "dim")]]
        self._screen.headline.show_lines(lines)
        self._screen.detail.show(image_lines(image))

    def _select_detail(self, kind: str, key: str) -> bool:
        """Show the detail pane for this; ``False`` when it is shown already."""
        if (kind, key) == self._at:
            return False
        self._at = (kind, key)
        self._screen.add_class("-detail")
        return True

    def leave_details(self) -> None:
        """Curves, gauges and log again: of the run that the runs' cursor is on, where there is one."""
        screen = self._screen
        if self._at[1] and not screen.has_class("-detail"):
            return
        # Nothing that a list says in passing takes the place of what was asked for.
        self._at = (MACHINE, MACHINE)
        screen.remove_class("-detail")
        runs = screen.runs
        if runs.table.current is not None:
            self.select("run", runs.first_run(runs.table.key_of(runs.table.current)))
        self.show()
        self.show_gauges()

    # -- runs and containers ------------------------------------------------------------------------------------------

    def show(self) -> None:
        """Give headline, card, curves and log what belongs to the selection."""
        screen, run, view = self._screen, self.run, self._cockpit.watcher.view
        screen.mltui.show_keys()
        screen.card.show(run, screen.mltui.failures.report(run) if run else None)
        if screen.has_class("-detail"):
            return
        screen.headline.show_lines(self._headline(run))
        if view is None or self._at[0] in ("", MACHINE):
            screen.curves.show((), screen.NO_CURVES)
            return
        building = run is not None and run.started is None and bool(view.build.lines) and not view.log.lines
        screen.curves.show(self._compared(run, view), waiting_text(run, read=self._read))
        buffer = view.build if building else view.log
        screen.log_pane.show(buffer, "image build" if building else "", silent_text(run, read=self._log_read))

    def _compared(self, run: Run | None, view: View) -> list[ComparedRun]:
        """What is looked at, and behind it the marked runs."""
        from mltui.ui import palette

        key, marks = self._at[1], self._screen.runs.marks_now
        views = self._cockpit.watcher.compare(marks.ids)
        known = {r.id: r for r in self._cockpit.watcher.runs}
        others = [known[i] for i in views if i != key and i in known]
        labels = run_labels([run, *others]) if run else [one_line(key, 12), *run_labels(others)]
        first = marks.of(key) or Mark(palette.NEUTRAL, SELECTED_GLYPH)
        profile, system = (run.profile, self._system(run, view)) if run else ("", None)
        shown = [ComparedRun(key, labels[0], first.color, first.glyph, view.metrics, profile, system)]
        for other, label in zip(others, labels[1:], strict=True):
            mark = marks.of(other.id) or first
            looked = views[other.id]
            system = self._system(other, looked)
            shown.append(ComparedRun(other.id, label, mark.color, mark.glyph, looked.metrics, other.profile, system))
        return shown

    @staticmethod
    def _system(run: Run, view: View) -> MetricStore | None:
        """What the run used; not before there are curves to see it beside, unless there will be none."""
        none_will_be = not run.state.active and getattr(view, "read", True)
        return getattr(view, "system", None) if view.metrics.series or none_will_be else None

    def _headline(self, run: Run | None) -> Sequence[Line]:
        screen = self._screen
        width = screen.headline.size.width or 60
        sweep = screen.runs.sweep_here
        if run and sweep and run in sweep.runs:
            return sweep_headline(sweep, width)
        if run:
            container = self._cockpit.container(run.container_id)
            if container and container.state == "paused":
                run = replace(run, detail=f"Its container is paused: docker unpause {container.name}")
            numbers = {device.uuid: device.number for device in self._cockpit.sampler.devices}
            return headline(run, time.time(), width, self._insights(run), numbers)
        kind, key = self._at
        container = self._cockpit.container(key) if kind == "container" else None
        return container_headline(container, width) if container else screen.WELCOME

    def _insights(self, run: Run) -> tuple[Insight, ...]:
        """What the run's figures mean, while it runs."""
        view = self._cockpit.watcher.view
        if run.state is not RunState.RUNNING or view is None or getattr(view, "run_id", "") != run.id:
            return ()
        if self._insight_watch is None:
            from mltui.runtime.insight_watch import InsightWatch

            self._insight_watch = InsightWatch()
        return self._insight_watch.update(run, cast("RunView", view), time.time())

    @property
    def insights(self) -> tuple[Insight, ...]:
        """All that holds of the selected run, also what is not shown."""
        return self._insight_watch.all if self._insight_watch else ()

    # -- gauges -------------------------------------------------------------------------------------------------------

    @property
    def _engine_is_here(self) -> bool:
        """What is measured on this machine says something about the runs; a remote engine's machine is not seen."""
        choice, run = self._cockpit.choice, self.run
        return choice is None or choice.info.local or (run is not None and run.engine == LOCAL)

    def show_gauges(self) -> None:
        """Draw the gauges of the selection and of the machine."""
        (kind, key), run, pane = self._at, self.run, self._screen.gauges
        container_id = run.container_id if run else key if kind == "container" else ""
        sweep = self._screen.runs.sweep_here
        if run and sweep and run in sweep.runs:
            window, parts = pane.window(time.time()), self._parts(sweep)
            here = self._engine_is_here
            pane.show(sweep_board(self._cockpit.sampler, parts, window, pane.table_width, here=here))
            return
        container = self._cockpit.container(container_id)
        name = container.name if container else container_id[:12]
        pane.show(
            gauge_board(
                self._cockpit.sampler, run, container_id, name, pane.window(time.time()), pane.table_width,
                here=self._engine_is_here, ended=self._ended_gauges(run, self._cockpit.watcher.view),
            )
        )  # fmt: skip

    def _parts(self, sweep: Sweep) -> list[SweepPart]:
        """The runs of a sweep whose curves are drawn."""
        views = self._cockpit.watcher.compare(self._screen.runs.marks_now.ids)
        runs = [run for run in sweep.runs if run.id in views]
        return [SweepPart(run, sweep.values(run), self._ended_gauges(run, views[run.id])) for run in runs]

    def _ended_gauges(self, run: Run | None, view: View | None) -> Sequence[Gauge]:
        """What a run that has ended had used; counted once for as long as it is looked at."""
        samples = getattr(view, "samples", None)
        if run is None or run.state.active or samples is None or getattr(view, "run_id", "") != run.id:
            return ()
        kept = self._ended.get(run.id)
        if kept is None or kept[0] != samples.version:
            from mltui.ui.presentation.ended_gauges import ended_gauges

            if len(self._ended) >= _KEPT:
                self._ended.clear()
            kept = self._ended[run.id] = (samples.version, ended_gauges(run, samples))
        return kept[1]
