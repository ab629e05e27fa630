"""The limits of a running container, changed from the keyboard on a real engine."""

from __future__ import annotations

import asyncio
from pathlib import Path

from mltui.domain.container import Limits, Usage
from mltui.domain.options import AppOptions
from mltui.domain.run import RunState
from mltui.runtime.limits import LimitsNow
from mltui.storage.profiles import load_profile
from mltui.ui.app import MltuiApp
from mltui.ui.presentation.limits_form import LimitsForm
from mltui.ui.screens.limits import LimitsScreen
from tests.support import images
from tests.ui.conftest import said, wait_for
from tests.ui.test_app import app_for, ready, text

GIB = 1 << 30


def test_the_form_tells_use_and_what_a_change_means() -> None:
    """Bounds are the machine's; a limit below use says what happens; a limit cannot be taken away."""
    usage = Usage(1.0, cpu=1.5, memory=3.0 * GIB, pids=40)
    form = LimitsForm(LimitsNow(Limits(2.0, 4 * GIB, None), usage, Limits(8, 64 * GIB)))
    cpus, memory, pids = form.fields
    assert [field.text for field in form.fields] == ["2", "4g", ""]
    assert memory.note == "3.00 GiB of 4.00 GiB in use (75 %)"
    assert pids.note == "40 in use"
    assert form.wanted() == Limits()
    memory.text, pids.text = "2g", "512"
    assert form.wanted() == Limits(None, 2 * GIB, 512)
    assert form.warnings()[0].startswith("Memory limit 2.00 GiB is below the 3.00 GiB in use now")
    cpus.text = "9"
    assert "expected 0.01 to 8 cores" in cpus.problem
    cpus.text = ""
    assert cpus.problem == "a limit cannot be taken away while it runs"
    assert pids.step("²", -1) == ""
    assert (cpus.step("2", 1), memory.step("2g", 1), pids.step("", 1), pids.step("256", -1)) == (
        "3",
        "4g",
        "256",
        "128",
    )


def test_limits_are_changed_from_the_runs(dockerd: object, tmp_path: Path) -> None:
    """Shown with their use, changed, recorded, and seen in the run's record; below use it asks."""
    folder = tmp_path / "profiles" / "held"
    folder.mkdir(parents=True)
    (folder / "profile.yaml").write_text(
        f"image: {images.BUSYBOX}\ngpus: none\nmem_limit: 256m\ncommand: [sh, -c, 'echo begun; sleep 600']\n"
    )
    options = AppOptions(engine="docker", endpoint=dockerd.url, profile_folders=(folder.parent,))  # type: ignore[attr-defined]

    async def drive() -> None:
        app = MltuiApp(options)
        async with app.run_test(notifications=True, size=(100, 30)) as pilot:
            await ready(app, pilot)
            launcher = app.cockpit.launcher
            run = await asyncio.to_thread(launcher.launch, load_profile(folder))
            try:
                runs = app.cockpit.watcher
                await wait_for(pilot, lambda: runs.runs and runs.runs[0].state is RunState.RUNNING, 40)
                await wait_for(pilot, app.main.runs.current)
                await pilot.press("2", "l")
                await wait_for(pilot, lambda: isinstance(app.screen, LimitsScreen) and "256m" in text(app))
                assert "of 256 MiB in use" in text(app)
                await pilot.press("j", "e", *("backspace",) * 4, *"128m", "enter", "j", "right", "enter")
                await wait_for(pilot, lambda: len(app.cockpit.database.get(run.id).changes) == 2)
                await wait_for(pilot, lambda: "256 MiB → 128 MiB; Processes: no limit → 256" in said(app))
                await wait_for(pilot, lambda: len(runs.runs[0].changes) == 2)
                await pilot.press("2", "i")
                await wait_for(pilot, lambda: "Processes: no limit → 256" in text(app) and "changed" in text(app))
                await pilot.press("escape", "l")
                await wait_for(pilot, lambda: isinstance(app.screen, LimitsScreen) and "128m" in text(app))
                await pilot.press("j", "j", "e", *("backspace",) * 3, "1", "enter")
                await wait_for(pilot, lambda: "it can start no new ones" in text(app))
                await pilot.press("enter")
                await wait_for(pilot, lambda: "Change the limits of run" in text(app))
                await pilot.press("n")
                assert len(app.cockpit.database.get(run.id).changes) == 2
            finally:
                await asyncio.to_thread(launcher.kill, app.cockpit.database.get(run.id))
                await wait_for(pilot, lambda: not app.cockpit.database.get(run.id).state.active, 40)
                await asyncio.to_thread(launcher.remove, app.cockpit.database.get(run.id), force=True)

    asyncio.run(drive())


def test_a_local_process_has_none(profiles: Path) -> None:
    """It is said, and nothing stays open."""

    async def drive() -> None:
        app = app_for(profiles)
        async with app.run_test(notifications=True, size=(100, 30)) as pilot:
            await ready(app, pilot)
            run = await asyncio.to_thread(app.cockpit.launcher.launch, load_profile(profiles / "long"))
            await wait_for(pilot, lambda: app.cockpit.database.get(run.id).state is RunState.RUNNING)
            await wait_for(pilot, lambda: app.cockpit.watcher.runs)
            await pilot.press("2", "l")
            await wait_for(pilot, lambda: "no limits that could be changed" in said(app))
            await wait_for(pilot, lambda: not isinstance(app.screen, LimitsScreen))
            await asyncio.to_thread(app.cockpit.launcher.kill, app.cockpit.database.get(run.id))

    asyncio.run(drive())
