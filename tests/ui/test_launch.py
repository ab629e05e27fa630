"""The launch form, driven by keys on real runs of the local engine."""

from __future__ import annotations

import asyncio
import json
import sys
import threading
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, cast

import pytest
from textual.pilot import Pilot

from mltui.domain.launch import GpuRequest, LaunchSpec
from mltui.domain.run import Run, RunState
from mltui.runtime.gpu_choice import GpuChoice
from mltui.runtime.launcher import Launcher
from mltui.storage.launch_values import LaunchHabits, LaunchValues
from mltui.storage.profiles import load_profile
from mltui.ui.app import MltuiApp
from mltui.ui.presentation.fields import FieldRow, columns_for, row_line
from mltui.ui.presentation.launch_facts import fact_lines
from mltui.ui.presentation.launch_form import LaunchForm
from mltui.ui.screens.launch import LaunchScreen, within
from mltui.ui.screens.main import MainScreen
from tests.support.nvml.simulated import board, write
from tests.support.terminal import Terminal
from tests.ui.conftest import wait_for
from tests.ui.test_app import app_for, choose, ready, text

if TYPE_CHECKING:
    from mltui.runtime.cockpit import Explanation

PRINTS = "import sys; print(f'step=1 loss={sys.argv[1]}')"
SWEPT = f"""\
engine: local
image: none
params:
  epochs: {{default: 5, min: 1, max: 100, help: Passes}}
  lr: {{default: 0.1, max: 1}}
  optimizer: {{default: adam, choices: [adam, sgd]}}
  note: none
command: [python3, -c, {json.dumps(PRINTS)}, "${{lr}}"]
mem_limit: 2g
"""


@pytest.fixture
def swept(profiles: Path) -> Path:
    """The folder of profiles, with one that has parameters."""
    (profiles / "swept").mkdir()
    (profiles / "swept" / "profile.yaml").write_text(SWEPT)
    return profiles


def form_of(swept: Path, last: LaunchValues | None = None) -> LaunchForm:
    """The form of that profile."""
    return LaunchForm(load_profile(swept / "swept"), last or LaunchValues(), ("docker", "local"), 2)


def field(form: LaunchForm, key: str):
    """One field of a form."""
    return next(one for one in form.fields if one.key == key)


@pytest.mark.parametrize(
    ("key", "typed", "problem"),
    [
        ("epochs", "101", "expected a whole number from 1 to 100, found '101'"),
        ("epochs", "", "expected a value, such as 5"),
        ("lr", "0.1, x", "expected a number, found 'x'"),
        ("lr", "0.1, 0.2, 0.10", "0.1 stands there twice"),
        ("optimizer", "rmsprop", "expected one of adam, sgd, found 'rmsprop'"),
        ("gpus", "many", "expected auto, none, all, a number, indexes or UUIDs, found 'many'"),
        ("cpus", "0", "expected a number of CPUs such as 2, 1.5 or 500m, found '0'"),
        ("mem_limit", "2x", "expected a size such as 512m, 2g or 2Gi, found '2x'"),
        ("engine", "dokcer", "expected one of docker, local, found 'dokcer'"),
        ("mem_limit", "none", ""), ("lr", "1e-3", ""), ("optimizer", "adam, sgd", ""),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_value_is_said(swept: Path, key: str, typed: str, problem: str) -> None:
    """In the words of the profile's own checks."""
    form = form_of(swept)
    field(form, key).text = typed
    assert field(form, key).problem.startswith(problem)
    assert bool(form.wrong) is bool(problem)


def test_steps_go_from_value_to_value(swept: Path) -> None:
    """Whole numbers by one within their bounds, rates as 1, 2, 5, sizes twofold, choices around."""
    form = form_of(swept)

    def steps(key: str, count: int) -> list[str]:
        one, seen = field(form, key), []
        for _ in range(abs(count)):
            one.text = one.step(one.text, 1 if count > 0 else -1)
            seen.append(one.text)
        return seen

    assert steps("lr", 3) == ["0.2", "0.5", "1"]
    assert steps("lr", -4) == ["0.5", "0.2", "0.1", "0.05"]
    assert steps("epochs", -6)[-2:] == ["1", "1"]
    assert steps("optimizer", 2) == ["sgd", "adam"]
    assert steps("mem_limit", 1) == ["4g"]
    assert steps("mem_limit", -3) == ["2g", "1g", "512m"]
    assert steps("gpus", 4) == ["auto", "1", "2", "device=0"]
    assert steps("cpus", 2) == ["1", "2"]


@pytest.mark.parametrize(
    ("key", "typed", "stepped"),
    [("lr", "inf", "inf"), ("lr", "nan", "nan"), ("lr", "1e400", "1e400"), ("epochs", "9007199254740993", "100")],
)
def test_a_step_from_a_number_that_has_none_leaves_it(swept: Path, key: str, typed: str, stepped: str) -> None:
    """Infinities stay as they were typed; a number out of bounds goes into them."""
    assert field(form_of(swept), key).step(typed, 1) == stepped


def test_a_form_stands_for_what_was_changed_alone(swept: Path) -> None:
    """Unchanged values are the profile's; several make a grid; the same limits are no change."""
    form = form_of(swept, LaunchValues({"epochs": "7", "gone": "1"}, {"mem_limit": "none", "gpus": "1"}))
    field(form, "lr").text = "0.1, 0.01"
    wish, grid = form.wish()
    assert (wish.params, wish.gpus, wish.engine, wish.limits) == ({"epochs": "7"}, "1", "", {"mem_limit": ""})
    assert grid == {"lr": ("0.1", "0.01")}
    assert form.sweep_text() == ("2 runs: lr = 0.1, 0.01, in one group", True)
    field(form, "epochs").text = ",".join(map(str, range(1, 101)))
    field(form, "optimizer").text = "adam,sgd"
    said, sound = form.sweep_text()
    assert not sound
    assert said.startswith("The sweep has 400 runs (100 × 2 × 2), the most is 200.")


def test_the_usual_shared_memory_is_said_as_a_size(swept: Path) -> None:
    """As soon as it is known; a plain process has the machine's."""
    form = form_of(swept)
    usual = field(form, "shm_size")
    spec = LaunchSpec("id", "swept", "name", "busybox", "/project", shm_size=2 << 30)
    form.resolved(spec)
    assert usual.none == "2.00 GiB"
    form.resolved(replace(spec, image="", shm_size=None))
    assert usual.none == "the machine's"


def test_a_gpu_that_was_found_is_said_without_alarm() -> None:
    """That none is free is what to look up at."""

    def roles(awaits: int) -> set[str]:
        choice = GpuChoice(GpuRequest(), awaits=awaits, note="GPU 0: nobody on it.")
        resolution = SimpleNamespace(gpus=choice, gpu_uses=(), spec=SimpleNamespace(gpus=choice.request))
        found = SimpleNamespace(where="here", notes=(choice.note,), place=0, resolution=resolution)
        return {role for line in fact_lines(cast("Explanation", found), gpus=True) for _, role in line}

    assert roles(awaits=0) == {"dim", "text"}
    assert "accent" in roles(awaits=1)


def test_facts_that_have_no_room_end_in_dots() -> None:
    """What is cut off is not taken for the end of the sentence."""
    lines = [[(f"line {i}", "text")] for i in range(5)]
    assert within(lines, 5) == lines
    assert within(lines, 2) == [[("line 0", "text")], [("line 1", "text"), (" …", "dim")]]


def test_secrets_are_not_kept_with_the_values(tmp_path: Path) -> None:
    """What a secret is called has no place in the file."""
    habits = LaunchHabits(tmp_path)
    habits.save(Path("/p.yaml"), LaunchValues({"api_key": "hunter2", "lr": "1"}, {"gpus": "1"}))
    assert habits.load(Path("/p.yaml")) == LaunchValues({"lr": "1"}, {"gpus": "1"})
    assert "hunter2" not in (tmp_path / "launches.json").read_text()


def drive(profiles: Path, keys: Callable[[MltuiApp, Pilot[None]], Awaitable[None]], size: tuple[int, int]) -> None:
    """Run the app with the cursor on the profile ``swept``, and let ``keys`` press."""

    async def run() -> None:
        app = app_for(profiles)
        async with app.run_test(notifications=True, size=size) as pilot:
            await ready(app, pilot)
            await wait_for(pilot, lambda: any(p.name == "swept" and p.read for p in app.cockpit.profiles))
            choose(app, "swept")
            await keys(app, pilot)

    asyncio.run(run())


@pytest.mark.parametrize("size", [(80, 24), (120, 36), (200, 50)])
def test_two_enters_launch_and_a_changed_value_is_used_and_remembered(swept: Path, size: tuple[int, int]) -> None:
    """A digit begins to type; a wrong value is said in its row; the default stands beside; reset takes it back."""

    async def keys(app: MltuiApp, pilot: Pilot[None]) -> None:
        await pilot.press("enter")
        await wait_for(pilot, lambda: isinstance(app.screen, LaunchScreen) and "docker run" in text(app))
        await pilot.press("j", "2")
        await wait_for(pilot, lambda: "expected a number of at most 1, found '2'" in text(app))
        # What enter does then is take the value.
        assert "enter Take it  esc Back" in text(app)
        await pilot.press("backspace", "0", ".", "5", "enter")
        await wait_for(pilot, lambda: "● lr" in text(app) and "default 0.1" in text(app))
        await wait_for(pilot, lambda: "enter Take it" not in text(app))
        await pilot.press("j", "right")
        await wait_for(pilot, lambda: "● optimizer" in text(app))
        await pilot.press("u")
        await wait_for(pilot, lambda: "● optimizer" not in text(app))
        await pilot.press("enter")
        await wait_for(pilot, lambda: app.cockpit.watcher.runs and "✓ finished" in text(app))
        (run,) = app.cockpit.watcher.runs
        assert (run.overrides, run.params["lr"]) == ({"lr": 0.5}, 0.5)
        await pilot.press("1", "enter")
        await wait_for(pilot, lambda: "● lr" in text(app))
        await pilot.press("enter")
        await wait_for(pilot, lambda: len(app.cockpit.watcher.runs) == 2)
        assert {run.params["lr"] for run in app.cockpit.watcher.runs} == {0.5}

    drive(swept, keys, size)


def test_what_is_wrong_with_a_value_is_readable_in_80_columns(swept: Path) -> None:
    """To its end, where the word that may be meant stands."""

    async def keys(app: MltuiApp, pilot: Pilot[None]) -> None:
        await pilot.press("enter")
        await wait_for(pilot, lambda: isinstance(app.screen, LaunchScreen) and "docker run" in text(app))
        screen = app.screen
        assert isinstance(screen, LaunchScreen)
        assert screen.form is not None
        screen.table.go_to(field(screen.form, "gpus"))
        await pilot.press("e", *["backspace"] * 9, *"outo")
        await wait_for(
            pilot, lambda: "found 'outo': did you mean auto?" in " ".join(text(app).replace("│", "").split())
        )

    drive(swept, keys, (80, 24))


def test_enter_before_the_profile_is_read_launches_when_it_is(swept: Path) -> None:
    """Two presses in a row are enough, however slow the disk."""

    async def keys(app: MltuiApp, pilot: Pilot[None]) -> None:
        await pilot.press("enter", "enter")
        await wait_for(pilot, lambda: app.cockpit.watcher.runs and not isinstance(app.screen, LaunchScreen))
        assert len(app.cockpit.watcher.runs) == 1

    drive(swept, keys, (100, 30))


@pytest.mark.parametrize("key", ["escape", "f1"])
def test_a_form_that_is_left_or_covered_while_it_launches_ends_with_it(
    swept: Path, key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The run is shown in either case."""
    go, launch = threading.Event(), Launcher.launch_sweep
    monkeypatch.setattr(Launcher, "launch_sweep", lambda *about: go.wait(20) and launch(*about))
    shown, show = list[Run](), MainScreen.show_runs
    monkeypatch.setattr(MainScreen, "show_runs", lambda main, runs: (show(main, runs), shown.extend(runs)))

    async def keys(app: MltuiApp, pilot: Pilot[None]) -> None:
        await pilot.press("enter", "enter")
        await wait_for(pilot, lambda: isinstance(app.screen, LaunchScreen) and app.screen._launching)
        await pilot.press(key)
        await wait_for(pilot, lambda: not isinstance(app.screen, LaunchScreen))
        go.set()
        await wait_for(pilot, lambda: shown)
        assert app.screen_stack == [app.main]

    drive(swept, keys, (100, 30))


def test_a_wrong_value_is_not_launched_and_escape_launches_nothing(swept: Path) -> None:
    """Enter goes to the wrong value instead."""

    async def keys(app: MltuiApp, pilot: Pilot[None]) -> None:
        await pilot.press("enter")
        await wait_for(pilot, lambda: "docker run" in text(app))
        await pilot.press("9", "9", "9", "down", "enter")
        screen = app.screen
        assert isinstance(screen, LaunchScreen)
        assert screen.table.field is not None
        assert screen.table.field.key == "epochs"
        await pilot.press("escape")
        await wait_for(pilot, lambda: not isinstance(app.screen, LaunchScreen))
        assert not app.cockpit.watcher.runs

    drive(swept, keys, (100, 30))


def test_several_values_launch_a_run_each_in_one_group(swept: Path) -> None:
    """How many is said before; the limits that were changed hold for all; each has its own value."""

    async def keys(app: MltuiApp, pilot: Pilot[None]) -> None:
        await pilot.press("enter")
        await wait_for(pilot, lambda: "docker run" in text(app))
        await pilot.press("j", "e", *", 0.2, 0.4", "enter")
        await wait_for(pilot, lambda: "3 runs: lr = 0.1, 0.2, 0.4" in text(app) and "# the first of 3" in text(app))
        await pilot.press("enter")
        runs = app.cockpit.watcher
        await wait_for(pilot, lambda: [r.state for r in runs.runs] == [RunState.FINISHED] * 3, 40)
        assert {run.params["lr"] for run in runs.runs} == {0.1, 0.2, 0.4}
        assert len({run.group_id for run in runs.runs}) == 1

    drive(swept, keys, (120, 36))


def test_the_gpu_is_chosen_with_its_reason_and_who_has_the_others(
    swept: Path, driver: Path, nvml_library: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The free one is marked; when somebody takes it while the form is open, the place in the queue is said."""
    monkeypatch.setenv("LD_LIBRARY_PATH", str(nvml_library.parent))
    idle = {"mem_used": 900 << 20, "util": 0}
    write(driver, board(0) | {"mem_used": 70 << 30, "util": 97}, board(1) | idle)
    (swept / "swept" / "profile.yaml").write_text(f"{SWEPT}gpus: 1\n")

    async def keys(app: MltuiApp, pilot: Pilot[None]) -> None:
        await pilot.press("enter")
        await wait_for(pilot, lambda: "→ GPU 1: 79.1 of 80.0 GiB free, 0 %, nobody on it" in text(app))
        assert "● GPU 0: 10.0 of 80.0 GiB free, 97 %" in text(app)
        write(driver, board(0) | {"mem_used": 70 << 30, "util": 97}, board(1) | {"mem_used": 70 << 30, "util": 50})
        await wait_for(pilot, lambda: "it waits at place 1 of the queue" in text(app))
        assert "No GPU is free" in text(app)

    drive(swept, keys, (120, 40))


def test_keys_that_come_all_at_once_are_taken_in_their_order(swept: Path) -> None:
    """In a real terminal: what is typed fast, or into a busy app, is text where text is typed, never commands."""
    with Terminal([sys.executable, "-m", "mltui", "--engine", "local", str(swept)], rows=36, columns=120) as terminal:
        terminal.until(r"tiny +Prints.*! ?wrong")
        terminal.press("1/swept\r\r")
        terminal.until("Launch swept.*docker run")
        terminal.press("je, 0.2, 0.4\r")
        terminal.until("3 runs: lr = 0.1, 0.2, 0.4")
        terminal.press("ug7\r\r")
        terminal.until("finished +swept.*epochs=7")
        terminal.press("1\r\r")
        terminal.until("Runs[^\n]* 2 .*epochs=7.*epochs=7")


def test_where_a_plain_process_runs_the_docker_command_is_said_to_be_another_way(profiles: Path) -> None:
    """In the details and in the form."""
    (profiles / "boxed").mkdir()
    (profiles / "boxed" / "profile.yaml").write_text("image: python:3.12\nengine: local\ncommand: [ls]\n")

    async def drive() -> None:
        app = app_for(profiles)
        async with app.run_test(size=(120, 36)) as pilot:
            await ready(app, pilot)
            choose(app, "boxed")
            await wait_for(pilot, lambda: "The same in a container" in text(app))
            await pilot.press("enter")
            await wait_for(pilot, lambda: "# in a container it would be" in text(app))

    asyncio.run(drive())


def test_a_long_name_has_room_on_a_wide_form_and_says_where_it_was_cut() -> None:
    """A quarter of the form at most, beside which value and help stand."""
    row = FieldRow("x", "number_of_passes_over_all_of_the_training_data", "5")

    def shown(width: int) -> str:
        return "".join(text for text, _ in row_line(row, columns_for([row], width)))

    assert row.title in shown(200)
    assert "number_of_passes_over_all_of_… 5" in shown(120)
    assert "… 5" in shown(80)
