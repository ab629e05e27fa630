"""The card of a failed run, and the change that cures it, by keys on real runs."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path

import pytest
from textual.pilot import Pilot

from mltui.domain.diagnosis import Diagnosis, Kind
from mltui.domain.profile_change import ProfileChange
from mltui.domain.run import WITHOUT_GPU, Run, RunState
from mltui.runtime import profile_fix
from mltui.runtime.diagnosis import Report
from mltui.runtime.profile_fix import Fix
from mltui.storage.profile_files import read_text
from mltui.ui.app import MltuiApp
from mltui.ui.presentation.diagnosis import card_lines
from tests.ui.conftest import said, wait_for
from tests.ui.test_app import app_for, choose, ready, text

PROFILE = """\
# The network of last week.
description: Wants more of the GPU than there is
image: none
engine: local
params:
  batch_size: 64   # images in one step
  epochs: {default: 3, help: "passes"}
environment:
  - SEED=1
command:
  - sh
  - -c
  - |
    [ ${batch_size} -le 32 ] && [ "$$PYTORCH_CUDA_ALLOC_CONF" ] && [ ${epochs} = 3 ] && exit 0
    echo 'torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.00 GiB.'
    exit 1
"""
FIXED = PROFILE.replace("batch_size: 64 ", "batch_size: 32 ").replace(
    "  - SEED=1\n", "  - SEED=1\n  - PYTORCH_CUDA_ALLOC_CONF=expandable_segments:True\n"
)


@pytest.fixture
def greedy(profiles: Path) -> Path:
    """The file of a profile that fails until it is changed."""
    (profiles / "greedy").mkdir()
    path = profiles / "greedy" / "profile.yaml"
    path.write_text(PROFILE)
    return path


def _drive(
    profiles: Path, name: str, steps: Callable[[MltuiApp, Pilot[None]], Awaitable[None]], **options: object
) -> None:
    """Launch a profile, wait for its card, go on with ``steps``."""

    async def drive() -> None:
        app = app_for(profiles, **options)
        async with app.run_test(notifications=True, size=(120, 36)) as pilot:
            await ready(app, pilot)
            choose(app, name)
            await pilot.press("L")
            await wait_for(pilot, lambda: app.main.card.display and "folds" in text(app))
            await steps(app, pilot)

    asyncio.run(drive())


def footer(app: MltuiApp) -> str:
    return "  ".join(f"{one.key} {one.title}" for one in app.main.keys._commands)


def _read(path: Path) -> str:
    return path.read_text()


def _write(path: Path, content: str) -> None:
    path.write_text(content)


def _newest(app: MltuiApp, count: int) -> Run | None:
    runs = app.cockpit.watcher.runs
    return runs[0] if len(runs) == count and not runs[0].state.active else None


def test_a_change_is_shown_written_and_launched(greedy: Path) -> None:
    """The card names cause, evidence and cure; F shows a diff; enter writes it, comments and all, and launches."""

    async def steps(app: MltuiApp, pilot: Pilot[None]) -> None:
        await wait_for(pilot, lambda: "change  " in text(app))
        shown = text(app)
        assert "F Fix" in footer(app)
        assert "s Stop" not in footer(app)
        assert "The GPU's memory is full." in shown
        assert "seen    torch.OutOfMemoryError: CUDA out of memory" in shown
        assert "cure    Smaller batches" in shown
        assert "F shows and launches it: params.batch_size: 32" in shown
        await pilot.press("F")
        await wait_for(pilot, lambda: "+  batch_size: 32   # images in one step" in text(app))
        assert "-  batch_size: 64   # images in one step" in text(app)
        assert _read(greedy) == PROFILE
        await pilot.press("enter")
        await wait_for(pilot, lambda: _newest(app, 2))
        assert app.cockpit.watcher.runs[0].state is RunState.FINISHED
        await wait_for(pilot, lambda: not app.main.card.display)

    _drive(greedy.parents[1], "greedy", steps)
    assert greedy.read_text() == FIXED


def test_a_change_is_launched_once_and_the_file_stays(greedy: Path) -> None:
    """The run's own copy has the change, the profile has not."""

    async def steps(app: MltuiApp, pilot: Pilot[None]) -> None:
        await pilot.press("F")
        await wait_for(pilot, lambda: "+  batch_size: 32" in text(app))
        await pilot.press("o")
        await wait_for(pilot, lambda: _newest(app, 2))
        run = app.cockpit.watcher.runs[0]
        assert run.state is RunState.FINISHED
        assert run.params["batch_size"] == 32
        assert app.cockpit.launcher.folder(run.id).profile.read_text() == FIXED
        assert run.profile_path == str(greedy)

    _drive(greedy.parents[1], "greedy", steps)
    assert greedy.read_text() == PROFILE


def test_a_file_that_changed_meanwhile_is_not_overwritten(greedy: Path) -> None:
    """Neither is anything launched; the person is told."""

    async def steps(app: MltuiApp, pilot: Pilot[None]) -> None:
        await pilot.press("F")
        await wait_for(pilot, lambda: "+  batch_size: 32" in text(app))
        _write(greedy, PROFILE + "tags: [mine]\n")
        await pilot.press("enter")
        await wait_for(pilot, lambda: "has changed on disk" in said(app))
        assert len(app.cockpit.watcher.runs) == 1

    _drive(greedy.parents[1], "greedy", steps)
    assert greedy.read_text() == PROFILE + "tags: [mine]\n"


def test_what_the_launch_had_changed_is_kept(greedy: Path) -> None:
    """Another parameter and limit of that launch are there again; the one that the cure decides is not."""
    run = Run(
        "r", "greedy", str(greedy), "local", "", params={"batch_size": 256, "epochs": 7},
        overrides={"batch_size": 256, "epochs": 7, "limits": {"cpus": "2", "mem_limit": "1g"}},
    )  # fmt: skip
    changes = (ProfileChange(("params", "batch_size"), 32), ProfileChange(("mem_limit",), "2g"))
    wish = profile_fix._wish(run, Fix(read_text(greedy), "", changes, True))
    assert wish.params == {"epochs": "7"}
    assert wish.limits == {"cpus": "2"}


def test_the_card_folds_and_leaving_the_change_changes_nothing(greedy: Path) -> None:
    """E leaves one line; escape leaves the diff."""

    async def steps(app: MltuiApp, pilot: Pilot[None]) -> None:
        await wait_for(pilot, lambda: "seen    " in text(app))
        await pilot.press("E")
        await wait_for(pilot, lambda: "seen    " not in text(app))
        assert app.main.card.size.height == 1
        assert "The GPU's memory is full." in text(app)
        await pilot.press("E")
        await wait_for(pilot, lambda: "seen    " in text(app))
        await pilot.press("F")
        await wait_for(pilot, lambda: "+  batch_size: 32" in text(app))
        await pilot.press("escape")
        await wait_for(pilot, lambda: "+  batch_size: 32" not in text(app))
        assert len(app.cockpit.watcher.runs) == 1

    _drive(greedy.parents[1], "greedy", steps)
    assert greedy.read_text() == PROFILE


def test_an_unknown_failure_says_so_and_offers_nothing(profiles: Path) -> None:
    """Its exit code is there, and F says that no change of the profile cures it."""

    async def steps(app: MltuiApp, pilot: Pilot[None]) -> None:
        assert "Why it failed is not known." in text(app)
        assert "exit code 3" in text(app)
        assert "r Run again" in footer(app)
        assert "F Fix" not in footer(app)
        await pilot.press("F")
        await wait_for(pilot, lambda: "No change of the profile cures this" in text(app))

    _drive(profiles, "boom", steps)


def test_a_training_that_diverged_says_so_and_offers_a_lower_rate(profiles: Path) -> None:
    """The card looks at the curves, as ``mltui show`` does."""
    (profiles / "steep").mkdir()
    script = "for i in 1 2 3 4; do echo epoch=$$i loss=nan; done; exit 3"
    (profiles / "steep" / "profile.yaml").write_text(
        f"image: none\nengine: local\nparams: {{lr: 10.0}}\ncommand: [sh, -c, '{script}']\n"
    )

    async def steps(app: MltuiApp, pilot: Pilot[None]) -> None:
        shown = text(app)
        assert "The training diverged: values are not finite." in shown
        assert "4 values of its curves are NaN or infinite." in shown
        assert "F shows and launches it: params.lr: 1.0" in shown
        assert "F Fix" in footer(app)

    _drive(profiles, "steep", steps)


def test_the_cpu_is_offered_where_the_engine_gave_no_gpu() -> None:
    """In a line of its own, which no cure is too long for."""
    diagnosis = Diagnosis(
        "x", Kind.FAILURE, "No driver is loaded.", ("box was not started: " + "seen " * 60,), "A long cure. " * 40
    )
    refused = Run("abcd2345", "p", "", "docker", "", RunState.FAILED, WITHOUT_GPU)

    def shown(run: Run, may_fix: bool = True) -> list[str]:
        lines = card_lines(Report(diagnosis), run, 60, 6, folded=False, may_fix=may_fix)
        return ["".join(text for text, _ in line) for line in lines]

    assert len(shown(refused)) == 6
    assert "seen    seen seen" in shown(replace(refused, container_name="box"))[1]
    assert "c launches it on the CPU" in shown(refused)[-1]
    assert not any("CPU" in line for line in [*shown(replace(refused, reason="start")), *shown(refused, False)])


def test_what_is_changed_comes_before_what_the_key_does_where_there_is_little_room() -> None:
    """The line of keys says that, too."""
    change = ProfileChange(("environment", "PYTORCH_CUDA_ALLOC_CONF"), "expandable_segments:True")
    report = Report(Diagnosis("x", Kind.FAILURE, "It is full.", (), "A cure."), (change,))
    run = Run("abcd2345", "p", "", "docker", "", RunState.FAILED)
    shown = [
        "".join(text for text, _ in card_lines(report, run, width, 6, folded=False, may_fix=True)[-1])
        for width in (100, 54)
    ]
    assert shown[0].startswith("▎change  F shows and launches it: environment.PYTORCH_CUDA_ALLOC_CONF: expandable")
    assert shown[1].startswith("▎change  F: environment.PYTORCH_CUDA_ALLOC_CONF: expand")
