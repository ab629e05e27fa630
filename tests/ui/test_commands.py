"""Commands are declared once, and everything they name is there."""

from __future__ import annotations

from collections import Counter

import pytest

from mltui.ui.app import MltuiApp
from mltui.ui.commands import APP, PANES, Command
from mltui.ui.panes.containers import ContainersPane
from mltui.ui.panes.curves import CurvesPane
from mltui.ui.panes.detail import DetailPane
from mltui.ui.panes.gauges import GaugesPane
from mltui.ui.panes.images import ImagesPane
from mltui.ui.panes.log import LogPane
from mltui.ui.panes.profiles import ProfilesPane
from mltui.ui.panes.runs import RunsPane
from mltui.ui.widgets.line_chart import LineChart

CLASSES = {
    "profiles": ProfilesPane, "runs": RunsPane, "containers": ContainersPane, "images": ImagesPane,
    "curves": CurvesPane, "log": LogPane, "gauges": GaugesPane, "detail": DetailPane,
}  # fmt: skip

#: Titles of commands that end or delete something.
ENDING = ("Stop", "Kill", "Remove", "Restart", "Delete")


@pytest.mark.parametrize("place", [*PANES, "app"])
def test_no_key_means_two_things_in_one_place(place: str) -> None:
    """Within a pane every key has one command; the pane's own may cover the app's."""
    commands = APP if place == "app" else PANES[place]
    counted = Counter(key for command in commands for key in command.keys.split(","))
    assert not [key for key, count in counted.items() if count > 1]


@pytest.mark.parametrize(
    ("owner", "command"),
    [(MltuiApp, c) for c in APP] + [(CLASSES[place], c) for place, cs in PANES.items() for c in cs],
    ids=lambda value: value.id if isinstance(value, Command) else value.__name__,
)
def test_every_command_has_its_action(owner: type, command: Command) -> None:
    """The action a command names exists where its key is bound."""
    name, _, arguments = command.action.partition("(")
    if owner is CurvesPane and name == "chart":
        owner, name = LineChart, arguments.split("'")[1]
    assert callable(getattr(owner, f"action_{name}"))
    assert command.help.endswith(".")


def test_what_ends_or_deletes_is_marked_dangerous() -> None:
    """Such commands vanish in read-only mode."""
    ending = {c.id for cs in PANES.values() for c in cs if c.title in ENDING}
    assert ending == {c.id for cs in PANES.values() for c in cs if c.dangerous}
