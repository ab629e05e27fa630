"""Commands are declared once, and everything they name is there."""

from __future__ import annotations

from collections import Counter

import pytest

from mltui.ui.app import MltuiApp
from mltui.ui.command import Command
from mltui.ui.commands import APP, PANES, places
from mltui.ui.panes.containers import ContainersPane
from mltui.ui.panes.curves import CurvesPane
from mltui.ui.panes.detail import DetailPane
from mltui.ui.panes.gauges import GaugesPane
from mltui.ui.panes.images import ImagesPane
from mltui.ui.panes.log import LogPane
from mltui.ui.panes.profiles import ProfilesPane
from mltui.ui.panes.runs import RunsPane
from mltui.ui.screen_commands import TOGETHER
from mltui.ui.widgets.line_chart import LineChart

CLASSES = {
    "profiles": ProfilesPane, "runs": RunsPane, "containers": ContainersPane, "images": ImagesPane,
    "curves": CurvesPane, "log": LogPane, "gauges": GaugesPane, "detail": DetailPane,
}  # fmt: skip

#: Titles of commands that end or delete something.
ENDING = ("Stop", "Kill", "Remove", "Restart", "Delete")


#: Keys of the whole app that a place has for the same thing, or because it is left or walked through by them there.
COVERED = {
    "escape": "goes back from where one is, one step",
    "q": "closes what is over the screen, before the app",
    "ctrl+q": "closes what is over the screen, before the app",
    "question_mark": "shows the keys of the place; again, closes them",
    "f1": "shows the keys of the place",
    "tab": "goes on inside of what is over the screen",
    "shift+tab": "goes back inside of what is over the screen",
}
#: Others, each where it is: nobody folds a failed run's card from inside the editor.
COVERED_THERE = {("form", "E"), ("editor", "ctrl+p"), ("editor", "ctrl+z")}


def keys_of(commands: tuple[Command, ...]) -> list[str]:
    return [key for command in commands for key in command.keys.split(",")]


@pytest.mark.parametrize("place", [place for place, _ in places()])
def test_no_key_means_two_things_in_one_place(place: str) -> None:
    """Within a place every key has one command."""
    commands = dict(places())
    counted = Counter(keys_of((*commands[place], *commands.get(TOGETHER.get(place, ""), ()))))
    assert not [key for key, count in counted.items() if count > 1]


@pytest.mark.parametrize("place", [place for place, _ in places() if place != "app"])
def test_a_place_takes_no_key_from_the_app(place: str) -> None:
    """What a key does everywhere it does in every place, but for leaving, help and going on."""
    taken = set(keys_of(dict(places())[place])) & set(keys_of(APP))
    assert {key for key in taken if key not in COVERED and (place, key) not in COVERED_THERE} == set()


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
