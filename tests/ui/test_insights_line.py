"""What a running run's figures mean, on the screen: from real samples of a real run."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from mltui.domain.insights import InsightTracker
from mltui.domain.launch import GpuRequest
from mltui.domain.run import Run
from mltui.runtime import insight_watch
from mltui.ui.presentation.run import gpus_text
from tests.ui.conftest import wait_for
from tests.ui.test_app import app_for, choose, ready, text

DIVERGES = """\
image: none
engine: local
command: [python3, -c, "import time\\nfor step in range(1, 500):\\n    \
print(f'step {step} loss {float(\\"nan\\") if step > 5 else 1 / step}', flush=True)\\n    time.sleep(0.05)"]
"""


def test_a_diverged_training_says_so_while_it_runs(profiles: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One line in the headline, in the place of the parameters; inspecting shows it with its figures."""
    monkeypatch.setattr(insight_watch, "InsightTracker", partial(InsightTracker, settle_s=0.0))
    (profiles / "wild").mkdir()
    (profiles / "wild" / "profile.yaml").write_text(DIVERGES)

    async def drive() -> None:
        app = app_for(profiles)
        async with app.run_test(notifications=True, size=(120, 36)) as pilot:
            await ready(app, pilot)
            choose(app, "wild")
            await pilot.press("L")
            await wait_for(pilot, lambda: "loss is not finite" in text(app))
            assert "since step 6" in text(app)
            await pilot.press("i")
            await wait_for(pilot, lambda: "what it means" in text(app))
            run = app.cockpit.watcher.runs[0]
            await pilot.press("escape")
            app.cockpit.launcher.kill(run)
            await wait_for(pilot, lambda: "loss is not finite" not in text(app))

    asyncio.run(drive())


def test_the_gpus_of_a_run_are_named_or_counted() -> None:
    """By number or UUID; where an engine's GPUs cannot be seen, so many of them are not the GPU of that number."""
    run = Run("abcd2345", "p", "", "docker", "")
    assert gpus_text(replace(run, unnamed_gpus=2), {}) == "2 GPUs"
    assert gpus_text(replace(run, unnamed_gpus=1), {}) == "1 GPU"
    for request, said in ((GpuRequest(all=True), "all GPUs"), (GpuRequest(device_ids=("2",)), "GPU 2")):
        assert gpus_text(replace(run, gpus=request.names), {}) == said
    assert gpus_text(replace(run, gpus=("GPU-01234567-89", "GPU-ab")), {"GPU-ab": "1"}) == "GPU 0123456…, 1"
    assert gpus_text(replace(run, gpus=("one GPU",)), {}) == "GPU one GPU", "it is a name"
