"""The gauges of the whole app: real runs on the local engine, GPUs of the simulated driver."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

from textual.pilot import Pilot

from mltui.domain.options import AppOptions
from mltui.ui.app import MltuiApp
from mltui.ui.screens.launch import LaunchScreen
from tests.support.nvml.simulated import board, driver, nvml_library, part, write
from tests.ui.conftest import rows, wait_for

__all__ = ["driver", "nvml_library"]


def app_for(profiles: Path) -> MltuiApp:
    """The app on ``profiles`` and the local engine."""
    return MltuiApp(AppOptions(engine="local", profile_folders=(profiles,)))


def shown(app: MltuiApp) -> str:
    """What the gauges pane shows."""
    return "\n".join(rows(app, app.main.gauges.view))


def title(app: MltuiApp) -> str:
    """The line above it."""
    return rows(app, app.main.gauges.title_bar)[0]


async def at_gauges(app: MltuiApp, pilot: Pilot[object]) -> None:
    """Go there once the app has begun."""
    await wait_for(pilot, lambda: app._cockpit and app.cockpit.catalog)
    await pilot.press("7")
    await wait_for(pilot, lambda: app.main.place == "gauges" and app.main.gauges.view.size.width)


def test_gauges_of_the_machine_and_its_gpus(profiles: Path, driver: Path) -> None:
    """Without a run: use, limit and ratio of each; one key goes there, one changes the history, one enlarges."""

    async def drive() -> None:
        app = app_for(profiles)
        async with app.run_test(size=(120, 36)) as pilot:
            await at_gauges(app, pilot)
            await wait_for(pilot, lambda: "GPU1 mem" in shown(app) and "Host mem" in shown(app))
            assert "2.00 / 80.0 GiB" in shown(app)
            assert "101 W 41 °C" in shown(app)
            assert "5 min" in title(app)
            await pilot.press("w")
            assert "15 min" in title(app)
            await pilot.press("enter")
            await wait_for(pilot, lambda: "On the GPUs" in shown(app) and "nobody" in shown(app))
            await wait_for(pilot, lambda: "clock 1979/1980 MHz" in shown(app) or app.main.gauges.view.max_scroll_y)
            assert not app.main.curves.display
            await pilot.press("escape")
            await wait_for(pilot, lambda: app.main.curves.display and "On the GPUs" not in shown(app))
            await pilot.press("escape")
            assert app.main.place == "runs"

    asyncio.run(drive())


def test_who_is_on_a_gpu(profiles: Path, driver: Path) -> None:
    """A process in no container is told by user and command, with what it holds and takes."""
    write(driver, {**board(0), "procs": f"{os.getpid()}:{8 << 30}"}, board(1))

    async def drive() -> None:
        app = app_for(profiles)
        async with app.run_test(size=(120, 36)) as pilot:
            await at_gauges(app, pilot)
            await pilot.press("z")
            await wait_for(pilot, lambda: "no container" in shown(app))
            assert "8.00 GiB" in shown(app)
            assert str(os.getpid()) in shown(app)

    asyncio.run(drive())


def test_more_gpus_than_rows_are_scrolled_to(profiles: Path, driver: Path) -> None:
    """The last of eight is reached by the keys of a list, also on a small terminal, which stays whole."""
    write(driver, *map(board, range(8)))

    async def drive() -> None:
        app = app_for(profiles)
        async with app.run_test(size=(80, 24)) as pilot:
            await at_gauges(app, pilot)
            await pilot.press("6")
            await wait_for(pilot, lambda: len(shown(app).splitlines()) == 2 and "Host CPU" in shown(app))
            assert not app.main.gauges.title_bar.display
            await pilot.press("7")
            await wait_for(pilot, lambda: app.main.gauges.title_bar.display and app.main.gauges.view.max_scroll_y > 0)
            await pilot.press("G")
            await wait_for(pilot, lambda: "Disk" in shown(app))
            assert "GPU7 mem" in shown(app)

    asyncio.run(drive())


def test_faults_of_gpus_are_shown(profiles: Path, driver: Path) -> None:
    """A lost GPU beside one in parts; then the driver goes away: nothing ends."""
    whole = {**board(1), "mig": 1, "util": None}
    write(driver, {**board(0), "error": 15}, whole, parts={"1:0": part(1, 0)})

    async def drive() -> None:
        app = app_for(profiles)
        async with app.run_test(size=(120, 36)) as pilot:
            await at_gauges(app, pilot)
            await wait_for(pilot, lambda: "GPU is lost" in shown(app))
            assert "in parts (MIG)" in shown(app)
            assert "GPU1:0 m" in shown(app)
            write(driver, board(0), error=18)
            await wait_for(pilot, lambda: "the driver was updated" in shown(app))
            write(driver, board(0), board(1))

    asyncio.run(drive())


def test_a_machine_without_a_gpu_says_so_once(profiles: Path, driver: Path) -> None:
    """In the top line, and with no gauge."""
    write(driver)

    async def drive() -> None:
        app = app_for(profiles)
        async with app.run_test(size=(120, 36)) as pilot:
            await at_gauges(app, pilot)
            await wait_for(pilot, lambda: "Host CPU" in shown(app) and "no GPU" in rows(app, app.main.top)[0])
            assert "GPU" not in shown(app)

    asyncio.run(drive())


def test_the_selected_run_comes_first(profiles: Path, driver: Path) -> None:
    """Its own figures with its limits, then the machine's; of one that has ended, what it used."""

    async def drive() -> None:
        app = app_for(profiles)
        async with app.run_test(size=(120, 36)) as pilot:
            await wait_for(pilot, lambda: app._cockpit and app.cockpit.catalog and app.main.profiles.table.rows)
            entry = next(p for p in app.cockpit.profiles if p.name == "long")
            assert app.main.profiles.table.select(str(entry.path))
            await pilot.press("enter")
            await wait_for(pilot, lambda: isinstance(app.screen, LaunchScreen))
            await pilot.press("enter")
            await wait_for(pilot, lambda: app.screen is app.main)
            await wait_for(pilot, lambda: "Run " in shown(app) and "This machine" in shown(app))
            lines = shown(app).splitlines()
            assert lines[0].startswith("Run ")
            assert "CPU" in lines[1]
            await wait_for(pilot, lambda: "the machine's" in shown(app))
            run = app.cockpit.watcher.runs[0]
            app.cockpit.launcher.kill(run)
            await wait_for(pilot, lambda: "average and" in shown(app))

    asyncio.run(drive())
