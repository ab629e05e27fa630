"""The containers pane: every container of the engine, those of runs among them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, ClassVar

from textual.binding import BindingType

from mltui.domain.container import Container
from mltui.domain.errors import MltuiError
from mltui.domain.text import one_line
from mltui.ui.command import Command, bindings, without
from mltui.ui.commands import PANES, key_of
from mltui.ui.panes.base import ListPane
from mltui.ui.presentation.container import ContainerRow, container_line, container_text
from mltui.ui.widgets.list_table import ListTable

if TYPE_CHECKING:
    from mltui.engines.base import Engine


class ContainersPane(ListPane[ContainerRow]):
    """Lists containers with what they use."""

    KEY = "3"
    TITLE = "Containers"
    BINDINGS: ClassVar[list[BindingType]] = [*bindings(PANES["containers"])]

    def __init__(self) -> None:
        super().__init__("containers", lambda row: row.container.id, container_line, container_text)

    @property
    def footer(self) -> tuple[Command, ...]:
        """What has ended cannot be stopped."""
        row: ContainerRow | None = self.current()
        ended = row is not None and not row.container.running
        return without(super().footer, "containers.stop") if ended else super().footer

    def on_list_table_chosen(self, message: ListTable.Chosen) -> None:
        """Go to its log."""
        message.stop()
        self.cockpit_app.jump("log")

    def _here(self) -> tuple[Engine, Container] | None:
        row: ContainerRow | None = self.current()
        catalog = self.cockpit_app.cockpit.catalog
        return (catalog.engine, row.container) if row and catalog else None

    def action_stop(self) -> None:
        """Stop the container, after asking."""
        if here := self._here():
            engine, container = here
            launcher = self.cockpit_app.cockpit.launcher
            self._ask("Stop", "Stopping", container, lambda: launcher.end_container(engine, container, "stop"))

    def action_kill(self) -> None:
        """Kill the container, after asking."""
        if here := self._here():
            engine, container = here
            launcher = self.cockpit_app.cockpit.launcher
            self._ask("Kill", "Killing", container, lambda: launcher.end_container(engine, container, "kill"))

    def action_restart(self) -> None:
        """Restart the container, after asking."""
        from mltui.engines.base import Restarts

        here = self._here()
        if not here:
            return
        engine, container = here
        if not isinstance(engine, Restarts):
            self.cockpit_app.say_error(
                MltuiError("This engine cannot restart.", f"Launch the run again: {key_of('runs.rerun')} in the runs.")
            )
            return
        launcher, restarts = self.cockpit_app.cockpit.launcher, engine
        self._ask("Restart", "Restarting", container, lambda: launcher.restart_container(restarts, container))

    def action_limits(self) -> None:
        """Show what the container may use, to change it; that of a run is recorded with the run."""
        from mltui.runtime.limits import change_limits, limits_now
        from mltui.ui.screens.limits import LimitsScreen

        here = self._here()
        if not here:
            return
        engine, container = here
        database, sampler = self.cockpit_app.cockpit.database, self.cockpit_app.cockpit.sampler
        self.cockpit_app.push_screen(
            LimitsScreen(
                f"container {one_line(container.name, 60)}",
                lambda: limits_now(engine, container.id, container.running, sampler.usage.get(container.id)),
                lambda wanted: change_limits(engine, container.id, wanted, database, container.run_id),
            )
        )

    def action_remove(self) -> None:
        """Remove the container, after asking."""
        if here := self._here():
            engine, container = here
            force = container.running
            launcher = self.cockpit_app.cockpit.launcher
            self._ask(
                "Remove", "Removing", container, lambda: launcher.remove_container(engine, container, force=force)
            )

    def _ask(self, verb: str, doing: str, container: Container, act: Callable[[], None]) -> None:
        name = one_line(container.name, 80)
        stays = " Its record, curves and outputs stay." if verb == "Remove" else ""
        owner = f"\n\nIt belongs to run {container.run_id}.{stays}" if container.run_id else ""
        running = " It is running." if container.running and verb == "Remove" else ""
        text = f"{verb} container {name} ({one_line(container.image, 80)})?{running}{owner}"
        self.cockpit_app.ask(text, verb, f"{doing} {name}", act)

    def action_inspect(self) -> None:
        """Show all that the engine knows."""
        import json

        from mltui.engines.base import ListsContainers

        here = self._here()
        if not here:
            return
        engine, container = here
        if isinstance(engine, ListsContainers):
            lister = engine
            self.cockpit_app.do(
                "",
                lambda: json.dumps(lister.details(container.id), indent=2, ensure_ascii=False),
                then=lambda text: self.cockpit_app.show_text(f"Container {one_line(container.name, 80)}", text),
            )
