"""The main screen: short lists on the left; on the right, what is selected."""

from __future__ import annotations

import time
from shutil import get_terminal_size
from typing import TYPE_CHECKING, Any, ClassVar, cast

from textual.app import ComposeResult
from textual.screen import Screen
from textual.widget import Widget

from mltui.domain.errors import MltuiError
from mltui.domain.options import AppOptions
from mltui.ui.news import News
from mltui.ui.panes.base import Pane
from mltui.ui.panes.containers import ContainersPane
from mltui.ui.panes.curves import CurvesPane
from mltui.ui.panes.detail import DetailPane
from mltui.ui.panes.gauges import GaugesPane
from mltui.ui.panes.images import ImagesPane
from mltui.ui.panes.log import LogPane
from mltui.ui.panes.profiles import ProfilesPane
from mltui.ui.panes.runs import RunsPane
from mltui.ui.widgets.bars import KeyBar, TopBar
from mltui.ui.widgets.blank import Column, Row
from mltui.ui.widgets.failure_card import FailureCard
from mltui.ui.widgets.lines import Line, LinesWidget
from mltui.ui.widgets.list_table import ListTable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mltui.domain.insights import Insight
    from mltui.domain.run import Run
    from mltui.runtime.cockpit import Cockpit
    from mltui.ui.app import MltuiApp
    from mltui.ui.screens.lists import Lists
    from mltui.ui.screens.selected import Selected

PANES = ("profiles", "runs", "containers", "images", "curves", "log", "gauges", "detail")
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
    WELCOME: ClassVar[Sequence[Line]] = (
        [("mltui", "title"), ("  pick a profile and press enter to train it", "dim")],
        [],
    )
    """The headline while nothing is selected."""
    NO_CURVES: ClassVar[str] = "The curves of the selected run are drawn here."

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
        self._focused_before: Widget | None = None
        """What had the focus when the terminal became too small."""
        self._news = News()
        self._lists: Lists | None = None
        """What fills the left, once there is a cockpit."""
        self._selected: Selected | None = None
        """What fills the right."""

    def compose(self) -> ComposeResult:
        """All panes."""
        yield self.top
        with Row(id="body"):
            with Column(id="left"):
                yield self.profiles
                yield self.runs
                yield self.containers
                yield self.images
            with Column(id="right"):
                yield self.headline
                with Row(id="middle"):
                    yield self.curves
                    yield self.gauges
                yield self.card
                yield self.log_pane
                yield self.detail
        yield self.keys
        yield TooSmall(id="too-small")

    @staticmethod
    def load() -> None:
        """Load all that turns figures into texts: the first frame has none, and the screen does not wait for it."""
        import mltui.ui.screens.lists
        import mltui.ui.screens.selected  # noqa: F401

    def begin(self, cockpit: Cockpit) -> None:
        """Show what ``cockpit`` has, from now on; ``load`` comes before."""
        from mltui.ui.screens.lists import Lists
        from mltui.ui.screens.selected import Selected

        self._attached = cockpit
        self._lists = Lists(self, cockpit, self._options.select_run)
        self._selected = Selected(self, cockpit)
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
        self.set_focus((self.runs if self._options.select_run else self.profiles).table)
        self.headline.show_lines(self.WELCOME)
        self.curves.show((), self.NO_CURVES)
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
        second = int(now) if any(run.state.active for run in cockpit.watcher.runs) else 0
        if self._lists and self._selected:
            self._lists.sync(now, second)
            self._selected.sync(second)
        trouble = cockpit.watcher.error
        if self._news.has("trouble", trouble) and trouble:
            # The line at the top has no room for all of it.
            self.mltui.say_error(MltuiError(trouble))
        engine = (cockpit.version, cockpit.catalog and cockpit.catalog.version, cockpit.watcher.error)
        if self._news.has("top", (engine, len(cockpit.sampler.devices), cockpit.no_gpu)):
            self._show_top()

    def on_resize(self) -> None:
        """A terminal that is too small says so."""
        small = self.app.size.width < SMALLEST[0] or self.app.size.height < SMALLEST[1]
        if small and not self.has_class("-too-small"):
            # What is hidden loses the focus.
            self._focused_before = self.focused
        self.set_class(small, "-too-small")
        if not small and self._focused_before is not None:
            before, self._focused_before = self._focused_before, None
            self.call_after_refresh(self.set_focus, before)
        if self._selected:
            self.call_after_refresh(self._selected.wrap_again)

    # -- selection ----------------------------------------------------------------------------------------------------

    def show_run(self, run: Run) -> None:
        """Go to a run that was just launched."""
        self.show_runs((run,))

    def show_runs(self, runs: Sequence[Run]) -> None:
        """Go to runs that were just launched together."""
        if self._lists:
            self._lists.go_to(runs)

    def select_run(self, run_id: str) -> None:
        """Show a run on the right."""
        if self._selected:
            self._selected.select("run", run_id)

    def on_list_table_highlighted(self, message: ListTable.Highlighted) -> None:
        """What the cursor is on is shown on the right."""
        if message.table.has_focus or self._selected is None or self._selected.nothing:
            self._follow(message.table, message.key)
            self.mltui.show_keys()

    def on_descendant_focus(self) -> None:
        """The keys of the place, and what its cursor is on."""
        self.mltui.show_keys()
        focused = self.focused
        if isinstance(focused, ListTable) and focused.current is not None:
            self._follow(focused, focused.key_of(focused.current))

    def _follow(self, table: ListTable[Any], key: str) -> None:
        selected = self._selected
        if not key or selected is None:
            return
        if table is self.profiles.table:
            selected.show_profile(key)
        elif table is self.images.table:
            selected.show_image(key)
        elif table is self.runs.table:
            selected.select("run", self.runs.first_run(key))
        elif table is self.containers.table:
            selected.select_container(key)

    def leave_details(self) -> None:
        """Curves, gauges and log again."""
        if self._selected:
            self._selected.leave_details()

    @property
    def selected_run(self) -> Run | None:
        """The run that is shown on the right."""
        return self._selected.run if self._selected else None

    @property
    def all_insights(self) -> tuple[Insight, ...]:
        """All that holds of the selected run, also what is not shown."""
        return self._selected.insights if self._selected else ()

    def report_came(self, run_id: str) -> None:
        """Show why the run failed, where it is the one that is looked at."""
        run = self.selected_run
        if self._selected and run and run.id == run_id:
            self._selected.show()

    def on_list_table_filter_changed(self) -> None:
        """While a filter is typed, keys are its text."""
        self.mltui.show_keys()

    def on_types_search_search_changed(self) -> None:
        """So are they while a log is searched."""
        self.mltui.show_keys()

    def on_curves_pane_offer_changed(self) -> None:
        """The way back from one chart is told or no longer, and so is what can be done with charts."""
        self.mltui.show_keys()

    def on_runs_pane_marks_changed(self) -> None:
        """Draw the curves of the runs that are marked now."""
        if self._selected:
            self._selected.show()

    def refresh_gauges(self) -> None:
        """Draw them anew, as another part of the past is asked for or there is other room."""
        if self._selected:
            self._selected.show_gauges()

    def _show_top(self) -> None:
        if self._attached is None:
            self.top.show([(" mltui ", "title")], [])
            return
        from mltui.ui.presentation.top import top_line

        self.top.show(*top_line(self._attached, read_only=self._options.read_only))


def _size_classes() -> str:
    """The classes of the breakpoints for the terminal as it is, so that the first layout is the right one."""
    width, height = get_terminal_size()
    across = [name for least, name in MainScreen.HORIZONTAL_BREAKPOINTS if width >= least][-1]
    down = [name for least, name in MainScreen.VERTICAL_BREAKPOINTS if height >= least][-1]
    return f"{across} {down}"
