"""The doctor in the app."""

from __future__ import annotations

import asyncio
from pathlib import Path

from mltui.runtime.checkup import Finding, Verdict
from mltui.ui.presentation.doctor import finding_lines
from tests.ui.conftest import wait_for
from tests.ui.test_app import app_for, ready, text


def test_a_key_shows_the_findings(profiles: Path) -> None:
    """D checks in the background; the findings can be read, and left."""

    async def drive() -> None:
        app = app_for(profiles)
        async with app.run_test(notifications=True, size=(120, 36)) as pilot:
            await ready(app, pilot)
            await pilot.press("D")
            await wait_for(pilot, lambda: "local engine" in text(app) and "fine" in text(app).replace("well", "fine"))
            await pilot.press("escape")
            await wait_for(pilot, lambda: "local engine" not in text(app))

    asyncio.run(drive())


def test_what_needs_something_stands_first() -> None:
    """Failures, then warnings with their cures, then the rest."""
    lines = finding_lines(
        [
            Finding("a", Verdict.OK, "fine"),
            Finding("b", Verdict.WARN, "low", "make room"),
            Finding("c", Verdict.FAIL, "gone", "restart"),
        ]
    )
    said = ["".join(part for part, _ in line) for line in lines]
    assert said[0] == "1 failed, 1 to look at, 1 fine"
    order = [line.split()[1] for line in said[2:] if line and not line.startswith(" ")]
    assert order == ["c", "b", "a"]
    assert any("→ restart" in line for line in said)
