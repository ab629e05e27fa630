"""What the command palette offers: what can be done where one is, and on the main screen in every other pane."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING, Any

from textual.app import SystemCommand
from textual.screen import Screen

from mltui.ui.command import Command
from mltui.ui.commands import APP, PANES, places

if TYPE_CHECKING:
    from mltui.ui.app import MltuiApp


def offered_on(app: MltuiApp, screen: Screen[Any]) -> Iterator[SystemCommand]:
    """The commands of the place, of the app and of other places; of a screen over the main one its own alone."""
    found = _of_panes(app) if screen is app.main else _of_screen(app, screen)
    for command, where, give in found:
        if command.palette and not (app.options.read_only and (command.acts or command.dangerous)):
            key = f"  ({command.key})" if command.key else ""
            yield SystemCommand(f"{where}{command.title}{key}", command.help, give)


def _of_panes(app: MltuiApp) -> Iterator[tuple[Command, str, Any]]:
    here = app.main.place
    for command in PANES.get(here, ()):
        yield command, "", partial(_give_in, app, command.action, here)
    for command in APP:
        yield command, "", partial(app.run_action, command.action)
    for place in (name for name in app.main.pane_names() if name != here):
        for command in PANES.get(place, ()):
            yield command, f"{place.capitalize()}: ", partial(_give_in, app, command.action, place)


async def _give_in(app: MltuiApp, action: str, place: str) -> None:
    """Do what the command's key does in its pane."""
    if place != app.main.place:
        app.jump(place)
    await app.run_action(action, app.main.pane(place))


def _of_screen(app: MltuiApp, screen: Screen[Any]) -> Iterator[tuple[Command, str, Any]]:
    """Those whose keys count on the screen, and in the view that has the focus there."""
    declared = {command.id: command for _, commands in places() for command in commands}
    active = {one.binding.id: one for one in screen.active_bindings.values() if one.binding.id in declared}
    for command_id, one in active.items():
        command = declared[command_id or ""]
        yield command, "", partial(app.run_action, command.action, one.node)
