"""The whole app, driven by keys, on the local engine: real processes, real records."""

from __future__ import annotations

import asyncio
import contextlib
import re
from pathlib import Path

import pytest

from mltui.domain.options import AppOptions
from mltui.domain.run import Run, RunState
from mltui.storage.history import RunDatabase
from mltui.ui.app import MltuiApp
from mltui.ui.screens.lists import worth_seeing
from tests.ui.conftest import rows, wait_for


def app_for(profiles: Path, **options: object) -> MltuiApp:
    """The app on ``profiles`` and the local engine."""
    return MltuiApp(AppOptions(engine="local", profile_folders=(profiles,), **options))  # type: ignore[arg-type]


async def ready(app: MltuiApp, pilot: object) -> None:
    """Wait until profiles and engine are there."""
    await wait_for(pilot, lambda: app._cockpit and app.cockpit.catalog and app.main.profiles.table.rows)  # type: ignore[arg-type]


def choose(app: MltuiApp, name: str) -> None:
    """Put the cursor on a profile."""
    table = app.main.profiles.table
    entry = next(p for p in app.cockpit.profiles if p.name == name)
    assert table.select(str(entry.path))


def text(app: MltuiApp) -> str:
    """The whole screen."""
    return "\n".join(strip.text for strip in app.screen._compositor.render_strips())


def test_a_profile_is_launched_and_its_curve_drawn_and_found_again(profiles: Path) -> None:
    """``L`` launches at once; the run's curve, log and end show; a second app finds all of it."""

    async def first() -> str:
        app = app_for(profiles)
        async with app.run_test(notifications=True, size=(120, 36)) as pilot:
            await ready(app, pilot)
            choose(app, "tiny")
            await pilot.press("L")
            await wait_for(pilot, lambda: app.cockpit.watcher.runs)
            run = app.cockpit.watcher.runs[0].id
            await wait_for(pilot, lambda: app.cockpit.watcher.runs[0].state is RunState.FINISHED)
            await wait_for(pilot, lambda: "loss" in text(app) and "0.125" in text(app))
            await wait_for(pilot, lambda: "done" in text(app))
            await wait_for(pilot, lambda: "✓ finished" in text(app))
            return run

    async def second(run: str) -> None:
        app = app_for(profiles, select_run=run)
        async with app.run_test(notifications=True, size=(80, 24)) as pilot:
            await ready(app, pilot)
            await wait_for(pilot, lambda: "0.125" in text(app))
            view = app.cockpit.watcher.view
            assert view is not None
            assert {len(series) for series in view.metrics.series.values()} == {8}

    asyncio.run(second(asyncio.run(first())))


def test_a_failed_run_says_why(profiles: Path) -> None:
    """State, exit code and what to do are on the screen."""

    async def drive() -> None:
        app = app_for(profiles)
        async with app.run_test(notifications=True, size=(120, 36)) as pilot:
            await ready(app, pilot)
            choose(app, "boom")
            await pilot.press("L")
            await wait_for(pilot, lambda: "✗ failed" in text(app))
            assert "exit 3" in text(app)
            await wait_for(pilot, lambda: "oh no" in text(app))

    asyncio.run(drive())


def test_stopping_asks_first_and_names_the_run(profiles: Path) -> None:
    """``s`` asks; ``n`` leaves the run alone; ``y`` stops it."""

    async def drive() -> None:
        app = app_for(profiles)
        async with app.run_test(notifications=True, size=(120, 36)) as pilot:
            await ready(app, pilot)
            choose(app, "long")
            await pilot.press("L")
            await wait_for(pilot, lambda: app.main.place == "runs" and "● running" in text(app))
            run = app.cockpit.watcher.runs[0]
            await pilot.press("s")
            await wait_for(pilot, lambda: f"Stop run {run.id}" in text(app))
            await pilot.press("n")
            await pilot.pause()
            assert app.cockpit.database.get(run.id).stop_requested is False  # type: ignore[union-attr]
            await pilot.press("s")
            await wait_for(pilot, lambda: f"Stop run {run.id}" in text(app))
            await pilot.press("y")
            await wait_for(pilot, lambda: "■ stopped" in text(app))

    asyncio.run(drive())


def test_removing_deletes_the_record_after_asking(profiles: Path, mltui_home: Path) -> None:
    """``d`` names the folder that goes, and it goes."""

    async def drive() -> None:
        app = app_for(profiles)
        async with app.run_test(notifications=True, size=(120, 36)) as pilot:
            await ready(app, pilot)
            choose(app, "tiny")
            await pilot.press("L")
            await wait_for(pilot, lambda: "✓ finished" in text(app))
            run = app.cockpit.watcher.runs[0]
            folder = app.cockpit.launcher.folder(run.id)
            await wait_for(pilot, lambda: not folder.supervised)
            await pilot.press("d")
            await wait_for(pilot, lambda: f"Remove run {run.id}" in text(app))
            await pilot.press("y")
            await wait_for(pilot, lambda: not app.cockpit.watcher.runs)
            assert not folder.path.exists()

    asyncio.run(drive())


def test_a_broken_profile_is_listed_with_its_problem(profiles: Path) -> None:
    """It is marked, all that is wrong has its line, a key that mends it is named, and no key launches it."""
    (profiles / "wrong/profile.yaml").write_text("imge: none\nimage: x\nmem_limit: lots\n")

    async def drive() -> None:
        app = app_for(profiles)
        async with app.run_test(notifications=True, size=(160, 36)) as pilot:
            await ready(app, pilot)
            choose(app, "wrong")
            await wait_for(pilot, lambda: "line 3" in text(app))
            assert re.search(r"line 1 +imge  unknown key; did you mean image\?", text(app))
            assert "e opens it in the editor" in text(app)
            assert not app._notifications, "nothing was asked for that failed"
            await pilot.press("L")
            await wait_for(pilot, lambda: "profile.yaml:1:1" in text(app))
            assert not app.cockpit.watcher.runs

    asyncio.run(drive())


def test_read_only_neither_launches_nor_offers_to(profiles: Path) -> None:
    """With ``read_only`` the key says so, and the footer has no key that acts."""

    async def drive() -> None:
        app = app_for(profiles, read_only=True)
        async with app.run_test(notifications=True, size=(120, 36)) as pilot:
            await ready(app, pilot)
            choose(app, "tiny")
            await pilot.press("L")
            await wait_for(pilot, lambda: "This is read-only" in text(app))
            assert "Launch" not in rows(app, app.main.keys)[0]
            assert not app.cockpit.watcher.runs

    asyncio.run(drive())


@pytest.mark.parametrize("size", [(80, 24), (120, 36), (200, 50)])
def test_an_enlarged_pane_has_the_whole_height(profiles: Path, size: tuple[int, int]) -> None:
    """All rows but the top line, what is selected, and the keys."""

    async def drive() -> None:
        app = app_for(profiles)
        async with app.run_test(notifications=True, size=size) as pilot:
            await ready(app, pilot)
            # The gauges first: curves and log are there then.
            for key in "1234756":
                await pilot.press(key, "z")
                pane = app.main.pane(app.main.place)
                await wait_for(pilot, lambda shown=pane: shown.size.height >= size[1] - 4)  # type: ignore[misc]
                await pilot.press("z")

    asyncio.run(drive())


@pytest.mark.parametrize("size", [(80, 24), (120, 36), (200, 50)])
def test_every_pane_is_reached_enlarged_and_left(profiles: Path, size: tuple[int, int]) -> None:
    """Number keys, tab, enlarge and escape work at every size, and each pane keeps its title."""

    async def drive() -> None:
        app = app_for(profiles)
        async with app.run_test(notifications=True, size=size) as pilot:
            await ready(app, pilot)
            for title in ("Profiles", "Runs", "Containers", "Images"):
                assert title in text(app)
            for key, name in (("2", "runs"), ("3", "containers"), ("4", "images"), ("1", "profiles")):
                await pilot.press(key)
                assert app.main.place == name
            await pilot.press("z")
            await pilot.pause()
            assert app.main.profiles.size.width >= size[0] - 2
            assert rows(app, app.main.keys)[0].startswith(" esc Back  enter Launch")
            await pilot.press("escape")
            await wait_for(pilot, lambda: rows(app, app.main.keys)[0].startswith(" enter Launch"))
            await pilot.pause()
            assert app.main.profiles.size.width < size[0] // 2
            await pilot.press("question_mark")
            await wait_for(pilot, lambda: "Launch" in text(app))
            for _ in range(10):
                if "Everywhere" in text(app):
                    break
                await pilot.press("pagedown")
                await pilot.pause()
            assert "Everywhere" in text(app)

    asyncio.run(drive())


def test_a_terminal_that_is_too_small_says_so(profiles: Path) -> None:
    """Under the smallest size nothing is shown in pieces; with room again the focus is where it was."""

    async def drive() -> None:
        app = app_for(profiles)
        async with app.run_test(notifications=True, size=(40, 10)) as pilot:
            await ready(app, pilot)
            assert "mltui needs 70 x 20" in text(app)
            await pilot.resize_terminal(100, 30)
            await wait_for(pilot, lambda: "Profiles" in text(app))
            await pilot.press("2")
            await wait_for(pilot, lambda: app.main.place == "runs")
            await pilot.resize_terminal(30, 8)
            await wait_for(pilot, lambda: "mltui needs 70 x 20" in " ".join(text(app).split()))
            await pilot.resize_terminal(100, 30)
            await wait_for(pilot, lambda: app.main.place == "runs")

    asyncio.run(drive())


def test_a_filter_narrows_the_list_while_it_is_typed(profiles: Path) -> None:
    """Letters go to the filter, not to keys that act; escape gives all rows back."""

    async def drive() -> None:
        app = app_for(profiles)
        async with app.run_test(notifications=True, size=(120, 36)) as pilot:
            await ready(app, pilot)
            await pilot.press("slash", *"tiny")
            await pilot.pause()
            assert len(app.main.profiles.table.shown) == 1
            await pilot.press("escape")
            await pilot.pause()
            shown, total = app.main.profiles.counts()
            assert shown == total

    asyncio.run(drive())


def test_arrows_move_the_cursor_of_a_list_that_is_longer_than_its_pane(profiles: Path) -> None:
    """The list moves its cursor and keeps it in view; it does not scroll away from it."""
    for i in range(30):
        (profiles / f"more{i:02}").mkdir()
        (profiles / f"more{i:02}" / "profile.yaml").write_text("image: none\ncommand: ['true']\n")

    async def drive() -> None:
        app = app_for(profiles)
        async with app.run_test(size=(100, 24)) as pilot:
            await ready(app, pilot)
            await pilot.press("1", *["down"] * 20)
            await pilot.pause()
            table = app.main.profiles.table
            assert table.cursor == 20
            assert table.scroll_offset.y <= 20 < table.scroll_offset.y + table.size.height
            await pilot.press("end")
            assert table.cursor == len(app.cockpit.profiles) - 1
            await pilot.press("home", "up")
            assert table.cursor == 0

    asyncio.run(drive())


def test_the_palette_finds_commands_of_other_panes(profiles: Path) -> None:
    """A command is named with its pane, and giving it goes there; those of the place stand first, in their order."""

    async def drive() -> None:
        app = app_for(profiles)
        async with app.run_test(size=(100, 30)) as pilot:
            await ready(app, pilot)
            titles = {command.title: command for command in app.get_system_commands(app.screen)}
            assert "Launch …  (enter)" in titles
            assert "Runs: Kill  (K)" in titles
            await titles["Images: Remove  (d)"].callback()
            await pilot.pause()
            assert app.main.place == "images"
            await pilot.press("1", "ctrl+p")
            await wait_for(pilot, lambda: re.search(r"Launch …  \(enter\).*Launch at once  \(L\)", text(app), re.S))
            await pilot.press(*"pasting")
            # A word of its sentence finds a command whose title does not have it.
            await wait_for(pilot, lambda: "Import  (I)" in text(app) and "Launch at once" not in text(app))

    asyncio.run(drive())


def test_the_app_comes_back_to_a_run_that_goes_on(profiles: Path) -> None:
    """Its curve is what a person comes back for; nobody who has begun to do something is taken away from it."""

    async def begin() -> str:
        app = app_for(profiles)
        async with app.run_test(size=(120, 36)) as pilot:
            await ready(app, pilot)
            choose(app, "long")
            await pilot.press("L")
            await wait_for(pilot, lambda: app.main.place == "runs" and "● running" in text(app))
            return app.cockpit.watcher.runs[0].id

    async def begin_with_a_key(run: str) -> None:
        app = app_for(profiles)
        async with app.run_test(size=(120, 36)) as pilot:
            await pilot.press("slash", "t")
            await wait_for(pilot, lambda: app._cockpit and app.cockpit.watcher.version and run in text(app))
            await pilot.press("i")
            await wait_for(pilot, lambda: app.main.profiles.table.filter == "ti")

    async def come_back(run: str) -> None:
        app = app_for(profiles)
        async with app.run_test(size=(120, 36)) as pilot:
            await ready(app, pilot)
            await wait_for(pilot, lambda: app.main.place == "runs" and run in text(app) and "begun" in text(app))
            # What is looked up is the record as it is, also where the list has not yet been drawn anew.
            tick, app.main.tick = app.main.tick, lambda: None  # type: ignore[method-assign]
            app.cockpit.database.update(run, notes="decided meanwhile")
            await pilot.press("i")
            await wait_for(pilot, lambda: "decided meanwhile" in text(app))
            await pilot.press("escape")
            app.main.tick = tick  # type: ignore[method-assign]
            app.cockpit.launcher.kill(app.cockpit.watcher.runs[0])
            await wait_for(pilot, lambda: "■ stopped" in text(app))

    run = asyncio.run(begin())
    asyncio.run(begin_with_a_key(run))
    asyncio.run(come_back(run))


def test_one_comes_back_to_a_curve_that_grows_rather_than_to_one_that_waits() -> None:
    ended, waits, runs = (
        Run(state.value, "p", "", "local", "", state) for state in (RunState.FAILED, RunState.PENDING, RunState.RUNNING)
    )
    assert worth_seeing([ended, waits, runs]) is runs
    assert worth_seeing([ended, waits]) is waits
    assert worth_seeing([ended]) is ended
    assert worth_seeing([]) is None


def test_a_profile_that_changes_on_disk_shows_at_once(profiles: Path) -> None:
    """Its details, its place in the list, its coming and its going; it is found by its tags and description too."""

    async def drive() -> None:
        app = app_for(profiles)
        async with app.run_test(size=(160, 36)) as pilot:
            await ready(app, pilot)
            await wait_for(pilot, lambda: all(p.read for p in app.cockpit.profiles))
            choose(app, "tiny")
            await wait_for(pilot, lambda: "docker run" in text(app))
            file = profiles / "tiny" / "profile.yaml"
            file.write_text("engine: local\nimage: none\nparams: {speed: 3}\ncommand: [echo, '${speed}']\n")
            await wait_for(pilot, lambda: '{"speed": 3}' in text(app))
            (profiles / "another.yaml").write_text("image: none\ntags: [vision]\ndescription: Looks at birds\n")
            await wait_for(pilot, lambda: any(p.name == "another" for p in app.cockpit.profiles))
            for words in ("#vision", "birds"):
                await pilot.press("slash", *words, "enter")
                await wait_for(pilot, lambda: len(app.main.profiles.table.shown) == 1)
                await pilot.press("escape")
            (profiles / "another.yaml").unlink()
            await wait_for(pilot, lambda: all(p.name != "another" for p in app.cockpit.profiles))

    asyncio.run(drive())


def test_runs_that_cannot_be_read_are_not_none(profiles: Path, mltui_home: Path) -> None:
    """The list of runs says what is wrong with the database, in as many lines as it takes, and a message the cure."""
    with contextlib.closing(RunDatabase(mltui_home / "runs.db")) as database:
        for i in range(60):
            database.add(Run(f"aaaa{i:04d}", "p", "", "local", "", command="x" * 500))
    content = database.path.read_bytes()
    database.path.write_bytes(content[:4096] + b"\x5a" * (len(content) - 4096))

    async def scenario() -> None:
        app = app_for(profiles)
        async with app.run_test(notifications=True, size=(80, 24)) as pilot:
            await ready(app, pilot)
            await wait_for(pilot, lambda: app.cockpit.watcher.error and app.screen.query("Toast"))
            await wait_for(pilot, lambda: "damaged" in " ".join(rows(app, app.main.runs)))
            assert "none yet" not in text(app)
            assert "mv " in app.cockpit.watcher.error
            assert len([row for row in rows(app, app.main.runs.table) if row.strip()]) > 1

    asyncio.run(scenario())
