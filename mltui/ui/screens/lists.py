"""The left of the main screen: the lists are given what the cockpit knows."""

from __future__ import annotations

import time
from itertools import chain
from typing import TYPE_CHECKING

from mltui.domain.errors import UsageError
from mltui.domain.run import RunState
from mltui.domain.text import one_line
from mltui.ui.commands import key_of
from mltui.ui.news import News
from mltui.ui.presentation.container import container_row
from mltui.ui.presentation.gpu_gauges import held_by_container

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mltui.domain.run import Run
    from mltui.runtime.cockpit import Cockpit
    from mltui.ui.screens.main import MainScreen


def worth_seeing(runs: Sequence[Run]) -> Run | None:
    """Of runs, the newest first, what a person comes back for: one that runs, else one that will, else the newest."""
    running = (run for run in runs if run.state is RunState.RUNNING)
    active = (run for run in runs if run.state.active)
    return next(chain(running, active, runs), None)


def _no_profiles() -> str:
    new, pasted = key_of("profiles.new"), key_of("profiles.import")
    return f"none in ./profiles: {new} makes one, {pasted} one of a docker run line"


class Lists:
    """Fills the panes of profiles, runs, containers and images; goes to a run that is wanted once it is listed.

    With each list the footer is made anew: what can be done to a row hangs on what is known of it.
    """

    def __init__(self, screen: MainScreen, cockpit: Cockpit, wanted_run: str) -> None:
        self._screen = screen
        self._cockpit = cockpit
        self._news = News()
        self._wanted = wanted_run
        self._came_back = bool(wanted_run)

    def sync(self, now: float, second: int) -> None:
        """Show what is new at ``now``; ``second`` changes as often as times in the list of runs do."""
        cockpit, screen = self._cockpit, self._screen
        if self._news.has("profiles", cockpit.version):
            if cockpit.profiles_read:
                screen.profiles.table.empty = _no_profiles()
            screen.profiles.show(cockpit.profiles)
            screen.mltui.show_keys()
            if self._news.has("folders", cockpit.folders_absent) and cockpit.folders_absent:
                hint = "Make what is missing, or take it out of the settings."
                screen.mltui.say_error(UsageError(cockpit.folders_absent, hint))
        if self._news.has("runs", (cockpit.watcher.version, second)):
            if cockpit.watcher.version:
                # Where they cannot be read, that there is none yet would be a lie.
                screen.runs.table.empty = one_line(cockpit.watcher.error) or "none yet: enter on a profile starts one"
            screen.runs.show_runs(cockpit.watcher.runs, now)
            screen.runs.table.refresh()
            screen.mltui.show_keys()
            self._come_back()
            self._find_wanted()
        self._show_engine()

    def _show_engine(self) -> None:
        catalog, sampler = self._cockpit.catalog, self._cockpit.sampler
        containers, images = self._screen.containers, self._screen.images
        if catalog is None:
            if self._news.has("engine", self._cockpit.engine_error):
                containers.table.empty = one_line(self._cockpit.engine_error) or "looking for an engine …"
                images.table.empty = containers.table.empty
            return
        state = (id(catalog), catalog.version, sampler.version if catalog.containers else 0)
        if self._news.has("lists", state):
            other = one_line(catalog.error) or "reading …"
            containers.table.empty = "none: each run has one" if catalog.loaded else other
            images.table.empty = "none: a launch builds or pulls it" if catalog.loaded else other
            usage = sampler.usage
            gpus = held_by_container(sampler.holders, sampler.devices) if sampler.holders else {}
            containers.show([container_row(c, usage.get(c.id), gpus.get(c.id, "")) for c in catalog.containers])
            images.show(catalog.images)
            self._screen.mltui.show_keys()

    def _come_back(self) -> None:
        """At the start, go to a run, unless a key was pressed before it was known."""
        if self._came_back or not self._cockpit.watcher.version:
            return
        self._came_back = True
        screen, runs = self._screen, self._cockpit.watcher.runs
        run = worth_seeing(runs)
        if run and not self._wanted and not screen.mltui.typeahead.used:
            self._wanted = run.id
            screen.set_focus(screen.runs.table)

    def _find_wanted(self) -> None:
        runs = self._screen.runs
        if self._wanted and runs.table.select(self._wanted):
            self._screen.select_run(runs.first_run(self._wanted))
            self._wanted = ""

    def go_to(self, launched: Sequence[Run]) -> None:
        """Go to runs that were just launched together, before the database has been read again."""
        known, pane = self._cockpit.watcher.runs, self._screen.runs
        ids = {other.id for other in known}
        new = [run for run in reversed(launched) if run.id not in ids]
        if new:
            pane.show_runs((*new, *known), time.time())
        self._wanted = pane.place_of(launched[0])
        pane.table.clear_filter()
        self._screen.set_focus(pane.table)
        self._find_wanted()
