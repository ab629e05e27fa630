"""Keys that come in one packet, as from a slow line: each acts where the one before it has led."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from textual import events
from textual._xterm_parser import XTermParser
from textual.pilot import Pilot

from mltui.domain.options import AppOptions
from mltui.ui import typeahead
from mltui.ui.app import MltuiApp
from mltui.ui.screens.profile_editor import ProfileEditor
from mltui.ui.screens.prompts import DiffScreen, PromptScreen
from tests.ui.conftest import wait_for

TEXT = "image: python:3.12\ngpus: none\ncommand: [python3, train.py]\nparams:\n  lr: 0.1\n"
Drive = Callable[[MltuiApp, Pilot[None]], Awaitable[None]]


def type_at_once(app: MltuiApp, keys: str) -> None:
    """What a terminal sends, all of it there before anything acts."""
    for message in XTermParser(False).feed(keys):
        app.post_message(message)


def in_the_list(tmp_path: Path, drive: Drive) -> None:
    """Drive the app, with the cursor on a profile."""
    file = tmp_path / "profiles" / "mine" / "profile.yaml"
    file.parent.mkdir(parents=True)
    file.write_text(TEXT)

    async def run() -> None:
        app = MltuiApp(AppOptions(engine="local", profile_folders=(file.parent.parent,)))
        async with app.run_test(notifications=True, size=(120, 36)) as pilot:
            await wait_for(pilot, lambda: app._cockpit and app.cockpit.profiles and app.main.profiles.table.rows)
            assert app.main.profiles.table.select(str(file))
            app.jump("profiles")
            await pilot.pause()
            await drive(app, pilot)

    asyncio.run(run())


def test_text_goes_into_what_the_key_before_it_opens(tmp_path: Path) -> None:
    """The editor is read from a file first, its text gets the focus by a key, its search opens a dialog, saving too."""

    async def drive(app: MltuiApp, pilot: Pilot[None]) -> None:
        type_at_once(app, "e\t# \t/params.lr\r\r5\r\x13")
        await wait_for(pilot, lambda: isinstance(app.screen, DiffScreen))
        editor = app.screen_stack[-2]
        assert isinstance(editor, ProfileEditor)
        assert editor.area.text == "# " + TEXT.replace("lr: 0.1", "lr: 0.15")

    in_the_list(tmp_path, drive)


def test_a_filter_takes_the_letters_behind_it(tmp_path: Path) -> None:
    """No letter of it is a command of the list."""

    async def drive(app: MltuiApp, pilot: Pilot[None]) -> None:
        type_at_once(app, "/mined\rx")
        await wait_for(
            pilot, lambda: app.main.profiles.table.filter == "mined" and not app.main.profiles.table.filtering
        )
        assert app.screen is app.main

    in_the_list(tmp_path, drive)


def test_a_pasted_text_keeps_its_place_among_the_keys(tmp_path: Path) -> None:
    """It is the text of the dialog that a key before it opened."""

    async def drive(app: MltuiApp, pilot: Pilot[None]) -> None:
        type_at_once(app, "n\x1b[200~comm\x1b[201~and")
        await wait_for(pilot, lambda: isinstance(app.screen, PromptScreen) and app.screen._typed.text == "command")

    in_the_list(tmp_path, drive)


def test_keys_go_on_when_what_had_the_focus_is_gone(tmp_path: Path) -> None:
    """A dialog that its key closes, and a key that begins what never ends, hold up nothing for long."""

    async def drive(app: MltuiApp, pilot: Pilot[None]) -> None:
        for key in ("n", "escape", "n", "x", "escape"):
            app.post_message(events.Key(key, key if len(key) == 1 else None))
        await pilot.pause()
        await wait_for(pilot, lambda: app.screen is app.main)
        app.typeahead.hold()
        type_at_once(app, "z2")
        await wait_for(pilot, lambda: app.focused is app.main.runs.table)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(typeahead, "_LONGEST_HOLD_S", 0.2)
        in_the_list(tmp_path, drive)


def test_an_unused_key_reaches_the_app_as_ever(tmp_path: Path) -> None:
    """Keys of the app count, also when several come."""

    async def drive(app: MltuiApp, pilot: Pilot[None]) -> None:
        for number, pane in (("2", "runs"), ("3", "containers"), ("1", "profiles")):
            app.post_message(events.Key("z", "z"))
            app.post_message(events.Key(number, number))
            await wait_for(pilot, lambda pane=pane: app.main.pane(pane).target is app.focused)  # type: ignore[misc]

    in_the_list(tmp_path, drive)


def test_news_wait_for_what_a_key_has_changed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The clock passes over two ticks beside a key, and no more while a key is held down; none without a key."""

    async def drive(app: MltuiApp, pilot: Pilot[None]) -> None:
        looked: list[bool] = []
        monkeypatch.setattr(app.main, "tick", lambda: looked.append(True))
        assert app._clock
        app._clock.pause()
        shown = [False] + [True] * 6 + [False]
        monkeypatch.setattr(typeahead.Typeahead, "showing", property(lambda _: shown.pop(0)))
        counts = []
        for _ in range(8):
            app._tick()
            counts.append(len(looked))
        assert counts == [1, 1, 1, 2, 2, 2, 3, 4]

    in_the_list(tmp_path, drive)
