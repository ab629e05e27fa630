"""A profile made of what is pasted: shown live, with all that is not in it as it was, then written and opened."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from textual import events
from textual.pilot import Pilot

from mltui.domain.options import AppOptions
from mltui.runtime.import_preview import Importer
from mltui.ui.app import MltuiApp
from mltui.ui.presentation.import_preview import profile_text_lines, report_lines
from mltui.ui.screens.dialogs import TextScreen
from mltui.ui.screens.import_profile import ImportScreen
from mltui.ui.screens.profile_editor import ProfileEditor
from mltui.ui.screens.prompts import PromptScreen
from tests.ui.conftest import rows, said, wait_for

LINE = """\
$ docker run --rm --gpus 2 --name mine \\
    -e HF_TOKEN=s3cr3t-V4lue -v $PWD/data:/data \\
    reg/image:1 python train.py
"""
COMPOSE = """\
services:
  train: {image: reg/train, volumes: ["./data:/data"]}
  board: {image: reg/board}
"""
Drive = Callable[[MltuiApp, Pilot[None], ImportScreen], Awaitable[None]]


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of the profiles of the folder one is in."""
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "profiles"
    folder.mkdir()
    return folder


def importing(drive: Drive, *, pasted: str = "", **options: bool) -> None:
    """Open the dialog by its key, or by pasting into the list, and drive it."""

    async def run() -> None:
        app = MltuiApp(AppOptions(engine="local", **options))
        async with app.run_test(notifications=True, size=(120, 36)) as pilot:
            await wait_for(pilot, lambda: app._cockpit and app.cockpit.profiles and app.main.profiles.table.rows)
            app.jump("profiles")
            if pasted:
                await paste(app, pilot, pasted)
            else:
                await pilot.press("I")
            await wait_for(pilot, lambda: isinstance(app.screen, ImportScreen) or app._notifications)
            screen = app.screen
            assert isinstance(screen, ImportScreen) or options
            await drive(app, pilot, screen)  # type: ignore[arg-type]

    asyncio.run(run())


async def paste(app: MltuiApp, pilot: Pilot[None], text: str) -> None:
    """As a terminal pastes: line ends are returns."""
    app.post_message(events.Paste(text.replace("\n", "\r")))
    await pilot.pause()


def shown(app: MltuiApp, screen: ImportScreen) -> str:
    """The dialog."""
    return "\n".join(rows(app, screen))


def test_a_pasted_line_becomes_a_profile_and_opens(place: Path) -> None:
    """Report and YAML show at once; enter asks for the name, enter writes it; no secret is written."""

    async def drive(app: MltuiApp, pilot: Pilot[None], screen: ImportScreen) -> None:
        await paste(app, pilot, LINE)
        await wait_for(pilot, lambda: "--rm" in shown(app, screen) and "Left out" in shown(app, screen))
        picture = shown(app, screen)
        assert "✓ a docker run line" in picture
        assert "export HF_TOKEN" in " ".join(picture.split())
        assert "../../data:/data" in picture
        await pilot.press("enter")
        await wait_for(pilot, lambda: isinstance(app.screen, PromptScreen))
        await pilot.press("backspace", "2", "enter")
        await wait_for(pilot, lambda: isinstance(app.screen, ProfileEditor))
        text = (place / "min2" / "profile.yaml").read_text()
        assert "image: reg/image:1" in text
        assert "s3cr3t" not in text
        await pilot.press("escape")
        await wait_for(pilot, lambda: app.screen is app.main and app.main.profiles.current())
        assert app.main.profiles.current().name == "min2"

    importing(drive)


def test_keys_pressed_while_it_is_written_wait_for_it(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Escape and enter do nothing then, and an opened help goes when the editor opens."""
    go, write = threading.Event(), Importer.write
    monkeypatch.setattr(Importer, "write", lambda *about: go.wait(20) and write(*about))

    async def drive(app: MltuiApp, pilot: Pilot[None], screen: ImportScreen) -> None:
        await wait_for(pilot, lambda: screen._now and screen._now.draft)
        await pilot.press("enter")
        await wait_for(pilot, lambda: isinstance(app.screen, PromptScreen))
        await pilot.press("enter")
        await wait_for(pilot, lambda: app.screen is screen)
        await pilot.press("escape", "enter", "f1")
        await wait_for(pilot, lambda: isinstance(app.screen, TextScreen))
        go.set()
        await wait_for(pilot, lambda: isinstance(app.screen, ProfileEditor))
        assert app.screen_stack == [app.main, app.screen]

    importing(drive, pasted=LINE)


def test_a_service_is_chosen_and_a_name_that_is_taken_is_refused(place: Path) -> None:
    """Of several services the next one with a key; what is there already is never overwritten."""
    (place / "board").mkdir()

    async def drive(app: MltuiApp, pilot: Pilot[None], screen: ImportScreen) -> None:
        await wait_for(pilot, lambda: "1 of 2" in shown(app, screen))
        assert "reg/train" in shown(app, screen)
        await pilot.press("ctrl+n")
        await wait_for(pilot, lambda: "2 of 2" in shown(app, screen))
        assert "image: reg/board" in shown(app, screen)
        await pilot.press("enter")
        await wait_for(pilot, lambda: isinstance(app.screen, PromptScreen))
        await wait_for(
            pilot, lambda: "there is a folder board already, without a profile" in "\n".join(rows(app, app.screen))
        )
        await pilot.press("enter")
        await paste(app, pilot, "y" * 300)
        await pilot.press("enter")
        assert "a name is letters, digits" in "\n".join(rows(app, app.screen))
        assert isinstance(app.screen, PromptScreen)
        await pilot.press("escape", "escape")
        await wait_for(pilot, lambda: app.screen is app.main)

    importing(drive, pasted=COMPOSE)
    assert not list((place / "board").iterdir())


def test_what_is_typed_or_pasted_is_understood_cleaned_or_refused(place: Path) -> None:
    """One start of the app for all that is typed: paths, lines, what is wrong, and what is hostile."""
    (place.parent / "stack").mkdir()
    (place.parent / "stack" / "compose.yaml").write_text(COMPOSE)
    os.mkfifo(place.parent / "pipe")

    async def drive(app: MltuiApp, pilot: Pilot[None], screen: ImportScreen) -> None:
        for part in (a_path, lines, what_is_wrong, hostile):
            screen.area.clear()
            await part(app, pilot, screen)
            assert app.screen is screen

    importing(drive)
    assert not list(place.iterdir())


async def a_path(app: MltuiApp, pilot: Pilot[None], screen: ImportScreen) -> None:
    """Tab completes it; a folder stands for the Compose file in it; what is no file is not waited for."""
    await pilot.press(*"pipe")
    await wait_for(pilot, lambda: screen._now and "pipe is no file" in str(screen._now.error))
    screen.area.clear()
    await paste(app, pilot, "prose that was pasted by accident " * 40)
    await wait_for(pilot, lambda: screen._now and "cannot be read: file name too long" in str(screen._now.error))
    assert "own fault" not in said(app)
    screen.area.clear()
    await pilot.press("s", "t")
    await wait_for(pilot, lambda: "stack/" in shown(app, screen))
    await pilot.press("tab")
    await wait_for(pilot, lambda: "the service train of compose.yaml" in shown(app, screen))
    assert screen.area.text == "stack/"
    assert "../../stack/data:/data" in shown(app, screen)
    for name in ("c2.yaml", "cards.yaml"):
        (screen._importer.here / name).write_text("services: {a: {image: x}}\n")
    screen.area.clear()
    await pilot.press("c")
    await wait_for(pilot, lambda: screen._now and screen._now.offers)
    for path in ("c2.yaml", "cards.yaml"):
        await pilot.press("tab")
        assert screen.area.text == path
    await pilot.press("tab")
    assert screen.focused is not screen.area
    await pilot.press("shift+tab")


async def lines(app: MltuiApp, pilot: Pilot[None], screen: ImportScreen) -> None:
    """Enter begins a line where one goes on, in the order of the keys: so a terminal without bracketed paste pastes."""
    for text in ("services:\n a:\n  image: x\n", "docker run \\\n"):
        screen.area.clear()
        await pilot.press(*("enter" if one == "\n" else one for one in text))
        assert screen.area.text == text
        assert app.screen is screen
        if "services" in text:
            await pilot.press("ctrl+s")
            await wait_for(pilot, lambda: isinstance(app.screen, PromptScreen))
            await pilot.press("escape")


async def what_is_wrong(app: MltuiApp, pilot: Pilot[None], screen: ImportScreen) -> None:
    """It is said, where it stands; enter writes nothing."""
    await paste(app, pilot, "docker run --epochs 3 img")
    await wait_for(pilot, lambda: "no option --epochs" in shown(app, screen))
    await pilot.press("enter")
    screen.area.clear()
    await paste(app, pilot, "services: {a: [}")
    await wait_for(pilot, lambda: "Line 1, column" in shown(app, screen))


async def hostile(app: MltuiApp, pilot: Pilot[None], screen: ImportScreen) -> None:
    """Escape sequences go; what would hold up the keys is not taken, with one sentence."""
    await paste(app, pilot, "docker run \x1b]52;c;aGk=\x07\x1b[2Jimg\x9b31m:1 \u202ex")
    await wait_for(pilot, lambda: "img:1" in shown(app, screen))
    assert screen.area.text == "docker run img:1 x"
    for text, why in (
        ("docker run \\\n" * (3 << 10), "pasted is longer than 32 KiB"),
        ("a" * (9 << 10), "A line"),
        ("\t" * 2_000, "A line"),
    ):
        app.clear_notifications()
        await paste(app, pilot, text)
        await wait_for(pilot, lambda why=why: why in said(app) and "KiB" in said(app))
    assert screen.area.text == "docker run img:1 x"


def test_long_profiles_and_reports_are_shown_by_their_beginning(place: Path) -> None:
    """How much more there is, is said; so no look at it takes long."""
    names = [f"T{at}_TOKEN" for at in range(250)] + [f"V{at}" for at in range(1_600)]
    text = "image: x\ncommand: [" + "a" * 3_000 + "]\nenvironment:\n" + "".join(f"  {name}: abc\n" for name in names)
    preview = Importer(place, place, lambda *_: None).preview(text)
    lines = profile_text_lines(preview)
    assert preview.draft
    assert len(lines) == 2_001
    assert lines[-1][0][0] == f"… {preview.draft.text.count(chr(10)) + 1 - 2_000:,} more lines, written too"
    assert "… 1,0" in " ".join(span for line in lines for span, _ in line if "letters, written too" in span)
    assert [line for line in report_lines(preview) if line[0][0] == "… 50 more such"]


def test_read_only_imports_nothing(place: Path) -> None:
    """It says so."""

    async def drive(app: MltuiApp, pilot: Pilot[None], screen: ImportScreen) -> None:
        assert "read-only" in said(app)
        assert app.screen is app.main

    importing(drive, read_only=True)
