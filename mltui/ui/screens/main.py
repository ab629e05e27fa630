"""The main screen: short lists on the left; on the right, what is selected."""

from __future__ import annotations

import time
from shutil import get_terminal_size
from typing import TYPE_CHECKING, cast

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.screen import Screen

from mltui.domain.options import AppOptions
from mltui.domain.run import LOCAL, Run, RunState
from mltui.domain.text import one_line
from mltui.ui.panes.base import Pane
from mltui.ui.panes.containers import ContainersPane
from mltui.ui.panes.curves import CurvesPane
from mltui.ui.panes.detail import DetailPane
from mltui.ui.panes.gauges import GaugesPane
from mltui.ui.panes.images import ImagesPane
from mltui.ui.panes.log import LogPane
from mltui.ui.panes.profiles import ProfilesPane
from mltui.ui.panes.runs import RunsPane
from mltui.ui.presentation.container import container_headline, container_row
from mltui.ui.presentation.gauge_board import gauge_board
from mltui.ui.presentation.gpu_gauges import held_by_container
from mltui.ui.presentation.image import image_lines
from mltui.ui.presentation.marks import SELECTED_COLOR, SELECTED_GLYPH, ComparedRun, Mark, run_labels
from mltui.ui.presentation.profile import launch_lines, problem_lines, profile_lines
from mltui.ui.presentation.run import headline, silent_text, waiting_text
from mltui.ui.presentation.sweep import sweep_headline
from mltui.ui.presentation.top import top_line
from mltui.ui.widgets.bars import KeyBar, TopBar
from mltui.ui.widgets.failure_card import FailureCard
from mltui.ui.widgets.lines import Line, LinesWidget
from mltui.ui.widgets.list_table import ListTable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mltui.domain.insights import Insight
    from mltui.domain.metric import MetricStore
    from mltui.runtime.cockpit import Cockpit, Explanation
    from mltui.runtime.insight_watch import InsightWatch
    from mltui.runtime.run_view import RunView
    from mltui.runtime.watcher import View
    from mltui.storage.profiles import ProfileEntry
    from mltui.ui.app import MltuiApp
    from mltui.ui.widgets.gauge_lines import Gauge

PANES = ("profiles", "runs", "containers", "images", "curves", "log", "gauges", "detail")
#: What is selected when no run is, and the machine's gauges are asked for.
MACHINE = "machine"
#: Under this size the screen says so instead of showing pieces.
SMALLEST = (70, 20)


class TooSmall(LinesWidget):
    """What stands in the place of everything when there is no room for it."""

    def on_resize(self) -> None:
        """Say how much is wanted, and how much there is."""
        if not self.display:
            return
        from textwrap import wrap

        width, height = self.app.size
        wanted = f"mltui needs {SMALLEST[0]} x {SMALLEST[1]} cells, this terminal has {width} x {height}."
        self.show_lines(
            [[(text, "warn")] for text in wrap(wanted, max(10, width))] + [[("q leaves; runs go on.", "dim")]]
        )


class MainScreen(Screen[None]):
    """Wires panes to the cockpit; ``tick`` is called by the app's clock and draws only what changed."""

    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (110, "-normal"), (170, "-wide")]  # noqa: RUF012 - Textual's own type
    VERTICAL_BREAKPOINTS = [(0, "-short"), (30, "-tall")]  # noqa: RUF012
    AUTO_FOCUS = ""

    def __init__(self, options: AppOptions) -> None:
        super().__init__(classes=_size_classes())
        self._options = options
        self._attached: Cockpit | None = None
        self.top = TopBar(id="top")
        self.keys = KeyBar(id="keys")
        self.profiles = ProfilesPane()
        self.runs = RunsPane()
        self.containers = ContainersPane()
        self.images = ImagesPane()
        self.curves = CurvesPane()
        self.gauges = GaugesPane()
        self.log_pane = LogPane()
        self.detail = DetailPane()
        self.headline = LinesWidget(id="headline")
        self.card = FailureCard()
        self._ended: Sequence[Gauge] = ()
        self._insight_watch: InsightWatch | None = None
        self._selected: tuple[str, str] = ("", "")
        """Kind (run, container, profile, image, machine) and key of what is shown on the right."""
        self._shown_profile: ProfileEntry | None = None
        self._seen: dict[str, object] = {}
        self._wanted_run = options.select_run
        self._came_back = bool(options.select_run)

    def compose(self) -> ComposeResult:
        """All panes."""
        yield self.top
        with Horizontal(id="body"):
            with Vertical(id="left"):
                yield self.profiles
                yield self.runs
                yield self.containers
                yield self.images
            with Vertical(id="right"):
                yield self.headline
                with Horizontal(id="middle"):
                    yield self.curves
                    yield self.gauges
                yield self.card
                yield self.log_pane
                yield self.detail
        yield self.keys
        yield TooSmall(id="too-small")

    def begin(self, cockpit: Cockpit) -> None:
        """Show what ``cockpit`` has, from now on."""
        self._attached = cockpit
        self.on_descendant_focus()

    @property
    def _cockpit(self) -> Cockpit:
        assert self._attached is not None
        return self._attached

    @property
    def mltui(self) -> MltuiApp:
        """The app, by its own type."""
        return cast("MltuiApp", self.app)

    def on_mount(self) -> None:
        """Begin at the profiles, or at the run that was asked for."""
        self.set_focus((self.runs if self._wanted_run else self.profiles).table)
        self._show_selection()
        self._show_top()

    def pane(self, name: str) -> Pane:
        """The pane called ``name``; the details stand in the place of the curves and the log."""
        if name in ("curves", "log") and self.has_class("-detail"):
            return self.detail
        panes = (self.profiles, self.runs, self.containers, self.images, self.curves, self.log_pane, self.gauges,
                 self.detail)  # fmt: skip
        return panes[PANES.index(name)]

    def pane_names(self) -> tuple[str, ...]:
        """The panes that are shown, in the order of the tab key."""
        lists = PANES[:4]
        return (*lists, "detail") if self.has_class("-detail") else (*lists, "curves", "gauges", "log")

    @property
    def place(self) -> str:
        """Name of the pane that has the focus."""
        node = self.focused
        while node is not None:
            if node.id in PANES:
                return node.id
            node = cast("None", node.parent)
        return ""

    # -- news ---------------------------------------------------------------------------------------------------------

    def tick(self) -> None:
        """Show what changed since the last tick."""
        cockpit, now = self._cockpit, time.time()
        if self._new("cockpit", (cockpit.version, cockpit.no_gpu)):
            if cockpit.profiles_read:
                self.profiles.table.empty = "no profile in ./profiles"
            self.profiles.show(cockpit.profiles)
            if self._selected[0] == "profile":
                self._show_profile(self._selected[1])
        second = int(now)
        if self._new("runs", (cockpit.watcher.version, second if self._any_active() else 0)):
            self.runs.show_runs(cockpit.watcher.runs, now)
            self._come_back()
            self._find_wanted()
        self._show_lists()
        if self._new("selection", (self._run(), self._selected, second if self._any_active() else 0)):
            self._show_selection()
        if self._new("samples", (cockpit.sampler.version, self._selected)):
            self._show_gauges()
        engine = (cockpit.version, cockpit.catalog and cockpit.catalog.version, cockpit.watcher.error)
        if self._new("top", (engine, len(cockpit.sampler.devices), cockpit.no_gpu)):
            self._show_top()
        self.curves.sync()
        self.log_pane.view.sync()

    def _new(self, name: str, state: object) -> bool:
        if self._seen.get(name, self) == state:
            return False
        self._seen[name] = state
        return True

    def _any_active(self) -> bool:
        return any(run.state.active for run in self._cockpit.watcher.runs)

    def _show_lists(self) -> None:
        catalog, sampler = self._cockpit.catalog, self._cockpit.sampler
        if catalog is None:
            if self._new("engine", self._cockpit.engine_error):
                said = one_line(self._cockpit.engine_error) or "looking for an engine …"
                self.containers.table.empty = self.images.table.empty = said
                self.containers.table.refresh()
                self.images.table.refresh()
            return
        if self._new("lists", (id(catalog), catalog.version, sampler.version if catalog.containers else 0)):
            said = "none" if catalog.loaded else one_line(catalog.error) or "reading …"
            self.containers.table.empty = self.images.table.empty = said
            usage = sampler.usage
            gpus = held_by_container(sampler.holders, sampler.devices) if sampler.holders else {}
            self.containers.show([container_row(c, usage.get(c.id), gpus.get(c.id, "")) for c in catalog.containers])
            self.images.show(catalog.images)

    def _come_back(self) -> None:
        """At the start, go to the newest run, one that goes on first, unless a key was pressed before it was known."""
        if self._came_back or not self._cockpit.watcher.version:
            return
        self._came_back = True
        runs = self._cockpit.watcher.runs
        newest = next((run for run in runs if run.state.active), runs[0] if runs else None)
        if newest and not self._wanted_run and self.place == "profiles" and not self.profiles.table.cursor:
            self._wanted_run = newest.id
            self.set_focus(self.runs.table)

    def _find_wanted(self) -> None:
        if self._wanted_run and self.runs.table.select(self._wanted_run):
            self._select("run", self.runs.first_run(self._wanted_run))
            self._wanted_run = ""

    # -- selection ----------------------------------------------------------------------------------------------------

    def show_run(self, run: Run) -> None:
        """Go to a run that was just launched, before the database has been read again."""
        self.show_runs((run,))

    def show_runs(self, runs: Sequence[Run]) -> None:
        """Go to runs that were just launched together."""
        known = self._cockpit.watcher.runs
        ids = {other.id for other in known}
        new = [run for run in reversed(runs) if run.id not in ids]
        if new:
            self.runs.show_runs((*new, *known), time.time())
        self._wanted_run = self.runs.place_of(runs[0])
        self.runs.table.clear_filter()
        self.set_focus(self.runs.table)
        self._find_wanted()

    def on_list_table_highlighted(self, message: ListTable.Highlighted) -> None:
        """What the cursor is on is shown on the right."""
        if message.table.has_focus or not self._selected[1]:
            self._follow(message.table, message.key)
            self.mltui.show_keys()

    def on_descendant_focus(self) -> None:
        """The keys of the place, and what its cursor is on."""
        self.mltui.show_keys()
        focused = self.focused
        if isinstance(focused, ListTable) and focused.current is not None:
            self._follow(focused, focused._key(focused.current))

    def _follow(self, table: ListTable[object], key: str) -> None:
        if not key or self._attached is None:
            return
        if table is cast("object", self.profiles.table):
            self._show_profile(key)
        elif table is cast("object", self.images.table):
            self._show_image(key)
        elif table is cast("object", self.runs.table):
            self._select("run", self.runs.first_run(key))
        elif table is cast("object", self.containers.table):
            container = self._cockpit.container(key)
            run = container.run_id if container else ""
            if run and any(r.id == run for r in self._cockpit.watcher.runs):
                self._select("run", run)
            else:
                self._select("container", key)

    def _show_profile(self, path: str) -> None:
        entry = next((p for p in self._cockpit.profiles if str(p.path) == path), None)
        # A file that changed is another entry: what it stands for is worked out again.
        if entry is None or (not self._select_detail("profile", path) and entry == self._shown_profile):
            return
        self._shown_profile = entry
        self.headline.show_lines(
            [[(one_line(entry.name, 60), "strong")], [(one_line(entry.description, 300) or str(entry.path), "dim")]]
        )
        if entry.problem:
            self.detail.show(problem_lines(str(entry.problem)))
            return
        self.mltui.do("", lambda: self._cockpit.explain(entry.path), then=lambda e: self._explained(path, e))

    def _explained(self, path: str, explanation: Explanation) -> None:
        if self._selected != ("profile", path):
            return
        lines = profile_lines(explanation.profile)
        if explanation.resolution:
            spec = explanation.resolution.spec
            lines += launch_lines(spec, explanation.command, explanation.where, explanation.notes)
        if explanation.problem:
            lines += problem_lines(explanation.problem)
        self.detail.show(lines, explanation.command)

    def _show_image(self, key: str) -> None:
        catalog = self._cockpit.catalog
        image = next((i for i in (catalog.images if catalog else ()) if i.id == key), None)
        if image is None or not self._select_detail("image", key):
            return
        self.headline.show_lines([[(one_line(image.name, 120), "strong")], [(one_line(image.id, 80), "dim")]])
        self.detail.show(image_lines(image))

    def _select_detail(self, kind: str, key: str) -> bool:
        """Show the detail pane for this; ``False`` when it is shown already."""
        if (kind, key) == self._selected:
            return False
        self._selected = (kind, key)
        self.add_class("-detail")
        return True

    def _select(self, kind: str, key: str) -> None:
        self.remove_class("-detail")
        if (kind, key) == self._selected:
            return
        self._selected = (kind, key)
        watcher, catalog = self._cockpit.watcher, self._cockpit.catalog
        if kind == "run":
            watcher.look_at_run(key)
        elif catalog:
            watcher.look_at_container(catalog.engine, key)
        self._show_selection()
        self._show_gauges()

    def leave_details(self) -> None:
        """Curves, gauges and log again: of the run that the runs' cursor is on, where there is one."""
        if self._selected[1] and not self.has_class("-detail"):
            return
        # Nothing that a list says in passing takes the place of what was asked for.
        self._selected = (MACHINE, MACHINE)
        self.remove_class("-detail")
        table = self.runs.table
        if table.current is not None:
            self._select("run", self.runs.first_run(table._key(table.current)))
        self._show_selection()
        self.refresh_gauges()

    def _run(self) -> Run | None:
        kind, key = self._selected
        if kind != "run":
            return None
        return next((r for r in self._cockpit.watcher.runs if r.id == key), None)

    @property
    def selected_run(self) -> Run | None:
        """The run that is shown on the right."""
        return self._run()

    def report_came(self, run_id: str) -> None:
        """Show why the run failed, where it is the one that is looked at."""
        run = self._run()
        if run and run.id == run_id:
            self._show_selection()

    def _show_selection(self) -> None:
        self.mltui.show_keys()
        if self.has_class("-detail"):
            return
        view = self._attached.watcher.view if self._attached else None
        run = self._run()
        self.headline.show_lines(self._headline(run))
        self.card.show(run, self.mltui.failures.report(run) if run and self._attached else None)
        if view is None or self._selected[0] in ("", MACHINE):
            self.curves.show((), "The curves of the selected run are drawn here.")
            return
        building = run is not None and run.started is None and bool(view.build.lines) and not view.log.lines
        self.curves.show(self._compared(run, view), waiting_text(run))
        buffer = view.build if building else view.log
        self.log_pane.show(buffer, "image build" if building else "", silent_text(run))

    def _compared(self, run: Run | None, view: View) -> list[ComparedRun]:
        """What is looked at, and behind it the marked runs."""
        key, marks = self._selected[1], self.runs.marks_now
        views = self._cockpit.watcher.compare(marks.ids)
        known = {r.id: r for r in self._cockpit.watcher.runs}
        others = [known[i] for i in views if i != key and i in known]
        labels = run_labels([run, *others]) if run else [one_line(key, 12), *run_labels(others)]
        first = marks.of(key) or Mark(SELECTED_COLOR, SELECTED_GLYPH)
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
        return getattr(view, "system", None) if view.metrics.series or not run.state.active else None

    def on_runs_pane_marks_changed(self) -> None:
        """Draw the curves of the runs that are marked now."""
        self._show_selection()

    def _headline(self, run: Run | None) -> Sequence[Line]:
        width = self.headline.size.width or 60
        sweep = self.runs.sweep_here
        if run and sweep and run in sweep.runs:
            return sweep_headline(sweep, width)
        if run:
            numbers = {device.uuid: device.number for device in self._cockpit.sampler.devices}
            return headline(run, time.time(), width, self._insights(run), numbers)
        kind, key = self._selected
        container = self._cockpit.container(key) if kind == "container" else None
        if container:
            return container_headline(container, width)
        return [[("mltui", "title"), ("  pick a profile and press enter: it trains in a container", "dim")], []]

    def _insights(self, run: Run) -> tuple[Insight, ...]:
        """What the run's figures mean, while it runs."""
        view = self._attached.watcher.view if self._attached else None
        if run.state is not RunState.RUNNING or view is None or getattr(view, "run_id", "") != run.id:
            return ()
        if self._insight_watch is None:
            from mltui.runtime.insight_watch import InsightWatch

            self._insight_watch = InsightWatch()
        return self._insight_watch.update(run, cast("RunView", view), time.time())

    @property
    def all_insights(self) -> tuple[Insight, ...]:
        """All that holds of the selected run, also what is not shown."""
        return self._insight_watch.all if self._insight_watch else ()

    @property
    def _engine_is_here(self) -> bool:
        """What is measured on this machine says something about the runs; a remote engine's machine is not seen."""
        choice, run = self._cockpit.choice, self._run()
        return choice is None or choice.info.local or (run is not None and run.engine == LOCAL)

    def _show_gauges(self) -> None:
        kind, key = self._selected
        run = self._run()
        container_id = run.container_id if run else key if kind == "container" else ""
        container = self._cockpit.container(container_id)
        pane, name = self.gauges, container.name if container else container_id[:12]
        board = gauge_board(
            self._cockpit.sampler, run, container_id, name, pane.window(time.time()), pane.table_width,
            here=self._engine_is_here, ended=self._ended_gauges(run),
        )  # fmt: skip
        pane.show(board)

    def _ended_gauges(self, run: Run | None) -> Sequence[Gauge]:
        """What a run that has ended had used; counted once for as long as it is looked at."""
        view = self._cockpit.watcher.view
        samples = getattr(view, "samples", None)
        if run is None or run.state.active or samples is None or getattr(view, "run_id", "") != run.id:
            return ()
        if self._new("ended", (run.id, samples.version)):
            from mltui.ui.presentation.ended_gauges import ended_gauges

            self._ended = ended_gauges(run, samples)
        return self._ended

    def refresh_gauges(self) -> None:
        """Draw them anew, as another part of the past is asked for or there is other room."""
        if self._attached:
            self._show_gauges()

    # -- bars ---------------------------------------------------------------------------------------------------------

    def _show_top(self) -> None:
        if self._attached is None:
            self.top.show([(" mltui ", "title")], [])
        else:
            self.top.show(*top_line(self._attached, read_only=self._options.read_only))

    def on_resize(self) -> None:
        """A terminal that is too small says so."""
        self.set_class(self.app.size.width < SMALLEST[0] or self.app.size.height < SMALLEST[1], "-too-small")
        self._seen.pop("selection", None)


def _size_classes() -> str:
    """The classes of the breakpoints for the terminal as it is, so that the first layout is the right one."""
    width, height = get_terminal_size()
    across = [name for least, name in MainScreen.HORIZONTAL_BREAKPOINTS if width >= least][-1]
    down = [name for least, name in MainScreen.VERTICAL_BREAKPOINTS if height >= least][-1]
    return f"{across} {down}"
