"""The settings screen: every change is in the file at once and holds at once; comments stay."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

import pytest

from mltui.storage.last_start import settings_path
from mltui.ui.command import use_keys
from mltui.ui.screens.settings import SettingsScreen
from tests.ui.conftest import rows, said, wait_for
from tests.ui.test_app import app_for, ready, text
from tests.ui.test_keymap import write_settings


@pytest.fixture(autouse=True)
def own_keys():
    """No keys of this test in the next one."""
    yield
    use_keys({})


BEFORE = "# mine\ntheme: mltui-dark   # at night\n\nkeymap:\n  # habits\n  log.follow: [W]\n"


@pytest.mark.parametrize("size", [(80, 24), (120, 36), (200, 50)])
def test_a_choice_and_a_pressed_key_are_written_and_hold(profiles: Path, size: tuple[int, int]) -> None:
    """The theme by an arrow; a command's key by pressing it; what is in conflict is said and not written."""
    write_settings(BEFORE)

    async def drive() -> None:
        app = app_for(profiles)
        async with app.run_test(notifications=True, size=size) as pilot:
            await ready(app, pilot)
            await pilot.press("1", "comma")
            await wait_for(pilot, lambda: isinstance(app.screen, SettingsScreen) and "mltui-dark" in text(app))
            await pilot.press("right")
            await wait_for(pilot, lambda: app.theme == "mltui-light")
            assert settings_path().read_text() == BEFORE.replace("mltui-dark", "mltui-light")
            await pilot.press("slash", *"runs.stop", "enter", "enter")
            await wait_for(pilot, lambda: "press a key" in text(app))
            assert "there is no key" not in text(app)
            await pilot.press("K")
            await wait_for(pilot, lambda: "K would be the key of both" in text(app) and "runs.kill (Kill)" in text(app))
            assert "runs.stop" not in settings_path().read_text()
            await pilot.press("enter", "x")
            await wait_for(pilot, lambda: "runs.stop: x" in settings_path().read_text())
            await wait_for(pilot, lambda: "default s" in text(app))
            await pilot.press("u")
            await wait_for(pilot, lambda: "runs.stop" not in settings_path().read_text())
            await pilot.press("escape", "escape")
            await wait_for(pilot, lambda: not isinstance(app.screen, SettingsScreen))
            assert settings_path().read_text() == BEFORE.replace("mltui-dark", "mltui-light")

    asyncio.run(drive())


def test_of_many_problems_it_is_said_how_many_more_there_are(profiles: Path) -> None:
    """Those of the file's first lines, and where the others are listed."""
    write_settings("".join(f"nothing{number}: 1\n" for number in range(20)))

    async def drive() -> None:
        app = app_for(profiles)
        async with app.run_test(size=(120, 36)) as pilot:
            await ready(app, pilot)
            await pilot.press("1", "comma")
            await wait_for(pilot, lambda: isinstance(app.screen, SettingsScreen) and "line 1:" in text(app))
            shown = len(re.findall(r"line \d+: nothing", text(app)))
            assert shown >= 3
            assert f"{20 - shown} more: mltui settings check lists all of them." in text(app)

    asyncio.run(drive())


def test_values_are_typed_and_checked_and_the_file_is_made(profiles: Path) -> None:
    """A first change makes the file; a wrong duration is said with its bounds; several keys are a list."""

    async def drive() -> None:
        app = app_for(profiles)
        async with app.run_test(size=(120, 36)) as pilot:
            await ready(app, pilot)
            await pilot.press("1", "f2")
            await wait_for(pilot, lambda: "The file is made with the first change" in text(app))
            await pilot.press("slash", *"figures", "enter", "9", "9", "enter")
            await wait_for(pilot, lambda: "expected 500ms to 60s, found 99 s" in text(app))
            assert not settings_path().exists()
            await pilot.press("5", "s", "enter")
            await wait_for(pilot, lambda: app.cockpit.sampler.period == 5.0)
            assert settings_path().read_text() == "refresh:\n  samples: 5s\n"
            await pilot.press("escape", "slash", *"curves.best", "enter", "e", "space", "B", "enter")
            await wait_for(pilot, lambda: app.cockpit.loaded.settings.keymap == {"curves.best": ("b", "B")})

    asyncio.run(drive())


def test_folders_of_profiles_that_are_not_there_are_said_once(profiles: Path) -> None:
    """In one sentence, when they are missed."""
    write_settings("profile_folders: [gone]\n")

    async def drive() -> None:
        app = app_for(profiles)
        async with app.run_test(notifications=True, size=(120, 36)) as pilot:
            await ready(app, pilot)
            gone = settings_path().parent / "gone"
            await wait_for(pilot, lambda: f"a folder that is not there: {gone}." in said(app))
            app.clear_notifications()
            write_settings("profile_folders: [gone]\ntheme: mltui-light\n")
            await wait_for(pilot, lambda: app.theme == "mltui-light")
            app.main.tick()
            assert "not there" not in said(app)

    asyncio.run(drive())


def test_a_broken_file_is_said_there_and_left_alone(profiles: Path) -> None:
    """What cannot be changed safely is not changed."""
    write_settings("theme: [mltui-dark\n")

    async def drive() -> None:
        app = app_for(profiles)
        async with app.run_test(notifications=True, size=(120, 36)) as pilot:
            await ready(app, pilot)
            await pilot.press("1", "comma")
            await wait_for(pilot, lambda: isinstance(app.screen, SettingsScreen))
            await wait_for(pilot, lambda: any("line 1: not YAML" in row for row in rows(app, app.screen.facts)))  # type: ignore[attr-defined]
            await pilot.press("right")
            await wait_for(pilot, lambda: "Correct the text first" in text(app))
            assert settings_path().read_text() == "theme: [mltui-dark\n"
            assert app.theme == "mltui-dark"

    asyncio.run(drive())
