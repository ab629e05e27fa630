"""Hosts for widgets, and the whole app on real parts."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from textual.app import App, ComposeResult
from textual.pilot import Pilot
from textual.widget import Widget

from mltui.ui.theme import DARK
from tests.support.nvml.simulated import driver, nvml_library

__all__ = ["driver", "nvml_library"]

TRAINING = r"""
import time
for step in range(1, 9):
    print(f"step={step} loss={1 / step:.4f} accuracy={1 - 0.5 / step:.4f}", flush=True)
    time.sleep(0.02)
print("done", flush=True)
"""


class Host(App[None]):
    """An app with one widget in it."""

    def __init__(self, widget: Widget) -> None:
        super().__init__()
        self.register_theme(DARK)
        self.theme = DARK.name
        self.widget = widget

    def compose(self) -> ComposeResult:
        """The widget."""
        yield self.widget


def rows(app: App[object], widget: Widget) -> list[str]:
    """What a widget shows, a text a row."""
    region = widget.content_region
    return [
        strip.text[region.x : region.right]
        for strip in app.screen._compositor.render_strips()[region.y : region.bottom]
    ]


def said(app: App[object]) -> str:
    """What was notified and may still be seen; whole, wherever a notice has to be folded."""
    return "\n".join(notice.message for notice in app._notifications)


async def wait_for(pilot: Pilot[object], holds: Callable[[], object], seconds: float = 20) -> None:
    """Let the app go on until ``holds``."""
    for _ in range(int(seconds / 0.05)):
        if holds():
            return
        await pilot.pause(0.05)
    screen = "\n".join(strip.text for strip in pilot.app.screen._compositor.render_strips())
    raise AssertionError(f"it never came to hold:\n{screen}")


@pytest.fixture
def profiles(tmp_path: Path) -> Path:
    """A folder with three profiles: one that trains, one that fails, one that is broken."""
    folder = tmp_path / "profiles"
    local = "image: none\nengine: local\n"
    for name, text in {
        "tiny": f"description: Prints a few steps\n{local}command: [python3, -c, {json.dumps(TRAINING)}]\n",
        "boom": f"description: Ends with an error\n{local}command: [sh, -c, 'echo oh no; exit 3']\n",
        "wrong": "imge: none\n",
        "long": f"{local}command: [sh, -c, 'echo begun; sleep 600']\n",
    }.items():
        (folder / name).mkdir(parents=True)
        (folder / name / "profile.yaml").write_text(text)
    return folder
