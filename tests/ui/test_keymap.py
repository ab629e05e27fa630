"""The user's keymap: how keys may be written, what is a conflict, and what every place shows then."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

import pytest

from mltui.domain.options import AppOptions
from mltui.storage.last_start import read_last_start, settings_path
from mltui.ui.app import MltuiApp
from mltui.ui.command import use_keys
from mltui.ui.commands import PANES, command
from mltui.ui.keymap import check_keymap, keys_by_command, read_key
from tests.ui.conftest import rows, wait_for
from tests.ui.test_app import choose, ready, text


@pytest.fixture(autouse=True)
def own_keys():
    """No keys of this test in the next one."""
    yield
    use_keys({})


def write_settings(said: str) -> None:
    """Write the settings file."""
    settings_path().parent.mkdir(parents=True, exist_ok=True)
    settings_path().write_text(said)


@pytest.mark.parametrize(
    ("said", "key"),
    [
        ("?", "question_mark"), ("/", "slash"), ("Ctrl+X", "ctrl+x"), ("shift+a", "A"), ("esc", "escape"),
        ("+", "plus"), ("ctrl++", "ctrl+plus"), ("5", "5"), ("F5", "f5"), (" ", "space"), ("pgdn", "pagedown"),
        ("slash", "slash"), ("ctrl+shift+up", "ctrl+shift+up"), ("é", "é"),
    ],
)  # fmt: skip
def test_a_key_may_be_written_as_people_write_it(said: str, key: str) -> None:
    """A character, a name, a usual short name, with modifiers."""
    assert read_key(said) == key


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ("esccape", "did you mean escape?"), ("", "there is no key ''"), ("cmd+x", "'cmd' is no modifier"),
        ("ctrl+i", "cannot tell ctrl+i from tab"), ("s,x", "there is no key 's,x'"), ("\x01", "no key"),
    ],
)  # fmt: skip
def test_what_is_no_key_is_said(said: str, why: str) -> None:
    """With the nearest key, or why it cannot work."""
    with pytest.raises(ValueError, match=re.escape(why)):
        read_key(said)


@pytest.mark.parametrize(
    ("keymap", "found"),
    [
        ({"runs.stop": ("K",)}, "K would be the key of both runs.stop (Stop) and runs.kill (Kill)"),
        ({"runs.stop": ("q",)}, "q would be the key of both runs.stop (Stop) and app.quit (Quit)"),
        ({"app.quit": ("s",)}, "s would be the key of both runs.stop (Stop) and app.quit (Quit)"),
        ({"app.help": ("x",), "app.quit": ("x",)}, "x would be the key of both app.help (Help) and app.quit (Quit)"),
        ({"*.filter": ("j",)}, "j would be the key of both profiles.down (Down) and profiles.filter (Filter)"),
        ({"dialog.copy": ("q",)}, "q would be the key of both dialog.close (Close) and dialog.copy (Copy)"),
        ({"editor.undo": ("ctrl+s",)}, "ctrl+s would be the key of both editor.save (Save) and editor.undo (Undo)"),
        ({"form.add": ("ctrl+s",)}, "ctrl+s would be the key of both form.add (Add) and editor.save (Save)"),
        ({"editor.undo": ("a",)}, "a is typed where editor.undo (Undo) counts: give it one with ctrl, or f5"),
        ({"prompt.take": ("x",)}, "x is typed where prompt.take (Take it) counts"),
        ({"import.service": ("space",)}, "space is typed where import.service (Service) counts"),
        ({"runs.kil": ("x",)}, "there is no command 'runs.kil'; did you mean runs.kill?"),
        ({"*.dwn": ("x",)}, "there is no command '*.dwn'; did you mean *.down?"),
    ],
)  # fmt: skip
def test_a_conflict_names_both_commands(keymap: dict[str, tuple[str, ...]], found: str) -> None:
    """In one pane, with the app's keys, among the user's own, on a screen; and names that are not there."""
    assert any(message.startswith(found) for _, message in check_keymap(keymap))


def test_keys_that_change_places_are_no_conflict() -> None:
    """Neither is what the panes cover by themselves, such as escape on the curves."""
    assert check_keymap({"runs.stop": ("K",), "runs.kill": ("s",), "curves.clear": ("escape", "Q")}) == []


def test_arrows_stay_with_their_commands() -> None:
    """Whatever letters a person prefers, the list can be walked; no key at all is a wish too."""
    found = keys_by_command({"*.down": ("n",), "runs.down": ("ctrl+n",), "runs.kill": ()})
    assert found["runs.down"] == "ctrl+n,down"
    assert found["profiles.down"] == "n,down"
    assert found["runs.kill"] == ""


def test_the_way_out_of_a_screen_stays() -> None:
    """``esc`` leaves it, whatever other keys a person wants for that."""
    keymap: dict[str, tuple[str, ...]] = {"dialog.close": (), "prompt.close": ("f12",), "form.close": ()}
    assert check_keymap(keymap) == []
    found = keys_by_command(keymap)
    assert (found["dialog.close"], found["prompt.close"], found["form.close"]) == ("escape", "f12,escape", "")


def test_the_users_keys_act_and_show_and_are_taken_while_it_runs(profiles: Path) -> None:
    """Footer, help and palette have them; the old key does nothing; a change of the file counts at once."""
    write_settings("keymap:\n  profiles.inspect: [X]\n  app.help: [f5]\n  profiles.copy: []\n")

    async def drive() -> None:
        app = MltuiApp(AppOptions(engine="local", profile_folders=(profiles,)))
        async with app.run_test(size=(120, 36)) as pilot:
            await ready(app, pilot)
            choose(app, "tiny")
            await wait_for(pilot, lambda: "X Inspect" in rows(app, app.main.keys)[0])
            await pilot.press("i", "X")
            await wait_for(pilot, lambda: "tiny: what it stands for" in text(app))
            await pilot.press("escape", "f5")
            await wait_for(pilot, lambda: "Everywhere" in text(app))
            await pilot.press("escape")
            titles = [command.title for command in app.get_system_commands(app.screen)]
            assert "Inspect  (X)" in titles
            assert "Copy command" in titles
            write_settings("keymap:\n  profiles.inspect: [Y]\n")
            await wait_for(pilot, lambda: "Y Inspect" in rows(app, app.main.keys)[0])
            assert PANES["profiles"][0].key == "enter"

    asyncio.run(drive())


def test_broken_settings_are_said_with_their_place_and_stop_nothing(profiles: Path) -> None:
    """The screen names file and line; the sound part holds; correcting the file takes the remark away."""
    write_settings("theme: mltui-light\nkeymap: {runs.stop: K}\n")

    async def drive() -> None:
        app = MltuiApp(AppOptions(engine="local", profile_folders=(profiles,)))
        async with app.run_test(size=(200, 40)) as pilot:
            await ready(app, pilot)
            await wait_for(pilot, lambda: "settings.yaml:2: keymap.runs.stop: K would be" in text(app))
            assert app.theme == "mltui-light"
            write_settings("theme: mltui-dark\n")
            await wait_for(pilot, lambda: app.theme == "mltui-dark")
            await wait_for(pilot, lambda: "settings.yaml:2" not in rows(app, app.main.top)[0])
            await pilot.press("T")
            assert app.theme == "mltui-light"
            write_settings("theme: mltui-dark\nask: removing\n")
            await wait_for(pilot, lambda: app.cockpit.loaded.settings.ask == "removing")
            await pilot.pause(0.3)
            assert app.theme == "mltui-light", "a switch by key holds until the settings name another theme"

    asyncio.run(drive())


def test_the_next_start_has_theme_and_keys_from_its_first_frame_on(profiles: Path) -> None:
    """Before the settings file has been read: what the last start made of it."""
    write_settings("theme: mltui-light\nkeymap:\n  profiles.inspect: [X]\n")

    async def first() -> None:
        app = MltuiApp(AppOptions(engine="local", profile_folders=(profiles,)))
        async with app.run_test(size=(120, 36)) as pilot:
            await ready(app, pilot)
            await wait_for(pilot, lambda: read_last_start().keys == {"profiles.inspect": "X"})

    asyncio.run(first())
    use_keys({})
    again = MltuiApp(AppOptions(engine="local", profile_folders=(profiles,)))
    assert again.theme == "mltui-light"
    assert command("profiles.inspect").key == "X"
    assert MltuiApp(AppOptions(theme="mltui-dark")).theme == "mltui-dark"
