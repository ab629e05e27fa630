# ruff: noqa: ASYNC110 - it measures what it waits for, and so looks itself
"""A keystroke in the editor of a profile of 500 lines: until it shows, and until it shows checked, beside a bare area.

``python -m tests.bench.bench_editor [KEYS]``

The app runs without a terminal of its own (Textual's pilot). Measured is from the key's arrival until it is
drawn, and until the problems and the form of that text are drawn too. The floor is a plain ``TextArea`` of the
same size on the same text in the same run. The processor's time of a check, alone, is printed beside it: on a busy
machine that is the figure to compare.
"""

from __future__ import annotations

import asyncio
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from textual.app import App, ComposeResult
from textual.widgets import TextArea

from mltui.domain.options import AppOptions
from mltui.ui.app import MltuiApp

LINES = 500


def profile_text() -> str:
    """A sound profile of 500 lines: many parameters, many variables, comments."""
    lines = ["# A large profile", "image: python:3.12", "gpus: none", "command: [python3, train.py]", "params:"]
    lines += [f"  p{i}: {{default: {i}, min: 0, max: 1000, help: Number {i}}}" for i in range(200)]
    lines += ["environment:"]
    lines += [f"  VAR_{i}: value {i} # what it is for" for i in range(LINES - len(lines) - 1)]
    return "\n".join([*lines, "hostname: x"]) + "\n"


class Bare(App[None]):
    """The floor: a text area and nothing else."""

    def compose(self) -> ComposeResult:
        """The area."""
        yield TextArea(profile_text(), soft_wrap=False, show_line_numbers=True)


async def drawn(widget: TextArea) -> None:
    """Until what waits to be drawn has been."""
    done = asyncio.Event()
    widget.call_after_refresh(done.set)
    await done.wait()


async def keystrokes(app: App[None], area: TextArea, keys: int, checked: Callable[[], bool]) -> tuple[list, list]:
    """Milliseconds until each keystroke shows, and until it shows checked."""
    shown, sound = [], []
    area.focus()
    area.move_cursor((area.document.line_count - 2, 11))
    for number in range(keys):
        before = area.text
        start = time.perf_counter()
        app.simulate_key("a" if number % 2 == 0 else "backspace")
        while area.text == before:
            await asyncio.sleep(0)
        await drawn(area)
        shown.append((time.perf_counter() - start) * 1000)
        while not checked():
            await asyncio.sleep(0.0005)
        await drawn(area)
        sound.append((time.perf_counter() - start) * 1000)
        await asyncio.sleep(0.03)
    return shown, sound


async def bare(keys: int) -> list[float]:
    """The floor."""
    app = Bare()
    async with app.run_test(size=(120, 36)):
        shown, _ = await keystrokes(app, app.query_one(TextArea), keys, lambda: True)
    return shown


async def editor(folder: Path, keys: int) -> tuple[list[float], list[float]]:
    """mltui's editor."""
    from mltui.storage.profile_files import read_text
    from mltui.ui.screens.profile_editor import ProfileEditor

    path = folder / "large" / "profile.yaml"
    path.parent.mkdir(parents=True)
    path.write_text(profile_text())
    app = MltuiApp(AppOptions(engine="local", profile_folders=(folder,)))
    async with app.run_test(size=(120, 36)):
        while app._cockpit is None:
            await asyncio.sleep(0.05)
        screen = ProfileEditor(read_text(path))
        app.push_screen(screen)
        while screen._draft is None:
            await asyncio.sleep(0.05)
        await asyncio.sleep(2)
        area = screen.area
        return await keystrokes(app, area, keys, lambda: screen._draft.text == area.text)


def figures(name: str, values: list[float], floor: list[float]) -> None:
    """One line: p50, p95, and the ratio of the medians."""
    ordered = sorted(values)
    p95 = ordered[int(len(ordered) * 0.95) - 1]
    ratio = statistics.median(values) / statistics.median(floor)
    print(f"{name:<28} p50 {statistics.median(values):6.1f} ms   p95 {p95:6.1f} ms   {ratio:.2f} × the bare area")


def processor_time(folder: Path) -> float:
    """Milliseconds of the processor for the check and the form of one state of the text: the least of ten."""
    from mltui.runtime.profile_draft import check_draft
    from mltui.ui.presentation.profile_form import profile_form

    text, best = profile_text(), float("inf")
    for number in range(10):
        start = time.thread_time()
        draft = check_draft(text.replace("help: Number 7}", f"help: Number {number}}}"), folder / "profile.yaml")
        profile_form(draft.data, {}, frozenset())
        best = min(best, time.thread_time() - start)
    return best * 1000


def main() -> None:
    """Print the figures."""
    keys = int(sys.argv[1]) if len(sys.argv) > 1 else 100
    with tempfile.TemporaryDirectory() as folder:
        os.environ["MLTUI_HOME"], os.environ["MLTUI_CONFIG"] = f"{folder}/home", f"{folder}/config"
        sys.setswitchinterval(0.001)
        floor = asyncio.run(bare(keys))
        shown, sound = asyncio.run(editor(Path(folder) / "profiles", keys))
        processor = processor_time(Path(folder))
    print(f"{LINES} lines, {keys} keystrokes, load {os.getloadavg()[0]:.1f}")
    figures("bare TextArea, shown", floor, floor)
    figures("editor, shown", shown, floor)
    figures("editor, shown and checked", sound, floor)
    print(f"{'check and form, processor':<28} {processor:9.1f} ms")


if __name__ == "__main__":
    main()
