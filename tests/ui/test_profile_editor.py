"""The editor on the whole app: form and text are two views of one file, and nobody's work is lost."""

from __future__ import annotations

import asyncio
import contextlib
import os
import tempfile
import threading
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from mltui.domain.options import AppOptions
from mltui.storage import profile_files
from mltui.storage.launch_values import LaunchHabits, LaunchValues
from mltui.ui.app import MltuiApp
from mltui.ui.fatal import last_words
from mltui.ui.screens.dialogs import TextScreen
from mltui.ui.screens.profile_editor import ProfileEditor
from mltui.ui.screens.prompts import ChoiceScreen, DiffScreen, PromptScreen
from mltui.ui.theme import DARK
from tests.ui.conftest import said, wait_for

TEXT = """\
# What this is for
image: python:3.12 # the base
gpus: none
params:
  lr: 0.1   # how fast
command: [python3, train.py, "--lr=${lr}"]
environment:
  A: '1'
"""
Drive = Callable[[MltuiApp, Pilot[None], ProfileEditor], Awaitable[None]]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A profile to edit."""
    path = tmp_path / "profiles" / "mine" / "profile.yaml"
    path.parent.mkdir(parents=True)
    path.write_text(TEXT)
    return path


def screen_text(app: MltuiApp) -> str:
    """The whole screen."""
    return "\n".join(strip.text for strip in app.screen._compositor.render_strips())


def on_disk(file: Path) -> str:
    """What the file says now."""
    return file.read_text()


def write(file: Path, text: str) -> None:
    """Change the file as another program does."""
    file.write_text(text)


def edit(file: Path, drive: Drive, size: tuple[int, int] = (120, 36), **options: object) -> None:
    """Open the editor on ``file`` by its key, and drive it."""

    async def run() -> None:
        app = MltuiApp(AppOptions(engine="local", **({"profile_folders": (file.parent.parent,)} | options)))  # type: ignore[arg-type]
        async with app.run_test(notifications=True, size=size) as pilot:
            await wait_for(pilot, lambda: app._cockpit and app.cockpit.profiles and app.main.profiles.table.rows)
            assert app.main.profiles.table.select(str(file))
            app.jump("profiles")
            await pilot.press("e")
            await wait_for(pilot, lambda: isinstance(app.screen, ProfileEditor) and app.screen.profile.draft)
            editor = app.screen
            assert isinstance(editor, ProfileEditor)
            await drive(app, pilot, editor)

    asyncio.run(run())


def test_a_value_typed_in_the_form_is_in_the_text_at_once(file: Path) -> None:
    """Letter by letter; comments stay; one undo takes back what was typed, on both sides."""

    async def drive(app: MltuiApp, pilot: Pilot[None], editor: ProfileEditor) -> None:
        assert editor.form.select("image")
        await pilot.press("enter", *"-slim")
        await wait_for(pilot, lambda: "image: python:3.12-slim # the base\n" in editor.area.text)
        await pilot.press("enter")
        await pilot.pause(0.2)
        assert editor.area.text == TEXT.replace("3.12 ", "3.12-slim ")
        await wait_for(pilot, lambda: "● not saved" in screen_text(app))
        await pilot.press("u")
        await wait_for(pilot, lambda: editor.area.text == TEXT)
        await wait_for(pilot, lambda: editor.form.current and editor.form.current.value == "python:3.12")

    edit(file, drive)


def test_what_is_not_saved_outlives_a_failure_of_the_app(file: Path, tmp_path: Path) -> None:
    """It is kept where the last words say, for nobody else to read."""
    home = tmp_path / "home"

    async def drive(app: MltuiApp, pilot: Pilot[None], editor: ProfileEditor) -> None:
        assert "not saved" not in last_words(app.screen_stack)
        editor.area.insert("init: false\n", editor.area.document.end)
        await pilot.press("question_mark")
        words = last_words(app.screen_stack)
        (kept,) = home.glob("unsaved-*.yaml")
        assert f"What was not saved is in {kept}." in words
        assert kept.read_text() == TEXT + "init: false\n"
        assert kept.stat().st_mode & 0o077 == 0

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MLTUI_HOME", str(home))
        edit(file, drive)


def test_given_up_typing_leaves_no_trace(file: Path) -> None:
    """Escape brings the text back as it was."""

    async def drive(app: MltuiApp, pilot: Pilot[None], editor: ProfileEditor) -> None:
        editor.form.select("image")
        await pilot.press("enter", *"xyz")
        await wait_for(pilot, lambda: "3.12xyz" in editor.area.text)
        await pilot.press("escape")
        await wait_for(pilot, lambda: editor.area.text == TEXT)
        await pilot.press("enter", *"-a", "enter")
        await wait_for(pilot, lambda: "3.12-a " in editor.area.text)

    edit(file, drive)


def test_what_is_typed_in_the_text_shows_in_the_form(file: Path) -> None:
    """And what is wrong with it at its line, its row and in the title."""

    async def drive(app: MltuiApp, pilot: Pilot[None], editor: ProfileEditor) -> None:
        await pilot.press("tab")
        assert app.focused is editor.area
        editor.area.go_to(3, 11)
        await pilot.press("enter", *"cpus: lots")
        await wait_for(pilot, lambda: any(row.key == "cpus" and row.problem for row in editor.form.rows))
        assert "1 problem" in screen_text(app)
        assert 3 in editor.area._problems
        await pilot.press("backspace", "backspace", "backspace", "backspace", "2")
        await wait_for(pilot, lambda: any(row.key == "cpus" and row.value == "2" for row in editor.form.rows))
        await wait_for(pilot, lambda: "✓ valid" in screen_text(app))

    edit(file, drive)


def test_text_that_is_no_yaml_keeps_the_form_and_says_where(file: Path) -> None:
    """The form can change nothing until the text is mended, and says so."""

    async def drive(app: MltuiApp, pilot: Pilot[None], editor: ProfileEditor) -> None:
        await pilot.press("tab")
        editor.area.move_cursor(editor.area.document.end)
        await pilot.press(*"b: [")
        await wait_for(pilot, lambda: "1 problem" in screen_text(app))
        await wait_for(pilot, lambda: "line 9: not YAML" in screen_text(app))
        before = editor.area.text
        assert "the form shows what it said before" in screen_text(app)
        await pilot.press("tab")
        editor.form.select("gpus")
        await pilot.press("plus")
        await wait_for(pilot, lambda: "Correct it in the text" in said(app))
        assert editor.area.text == before

    edit(file, drive)


def test_steps_adding_and_removing(file: Path) -> None:
    """plus on a choice, a variable more, a key less, an entry more: each where it belongs; entries of lists moved."""
    write(file, TEXT + "labels:\n  # a\n  - a=b\n  # c\n  - c=d\n")

    async def drive(app: MltuiApp, pilot: Pilot[None], editor: ProfileEditor) -> None:
        editor.form.select("gpus")
        await pilot.press("plus")
        await wait_for(pilot, lambda: "gpus: auto\n" in editor.area.text)
        await wait_for(pilot, lambda: editor.form.select("environment.A"))
        await pilot.press("a")
        await wait_for(pilot, lambda: isinstance(app.screen, PromptScreen))
        await pilot.press(*"B=no", "enter")
        await wait_for(pilot, lambda: "  A: '1'\n  B: 'no'\n" in editor.area.text)
        await wait_for(pilot, lambda: editor.form.current and editor.form.current.key == "environment.B")
        editor.form.select("command.0")
        await pilot.press("alt+down", "alt+down")
        await wait_for(pilot, lambda: 'command: [train.py, "--lr=${lr}", python3]' in editor.area.text)
        await wait_for(pilot, lambda: editor.form.current and editor.form.current.key == "command.2")
        await pilot.press("alt+down", "alt+up", "alt+up")
        await wait_for(pilot, lambda: 'command: [python3, train.py, "--lr=${lr}"]' in editor.area.text)
        editor.form.select("labels.1")
        await pilot.press("alt+up")
        await wait_for(pilot, lambda: editor.area.text.endswith("labels:\n  # c\n  - c=d\n  # a\n  - a=b\n"))
        editor.form.select("environment.B")
        before = editor.area.text
        await pilot.press("alt+up")
        await wait_for(pilot, lambda: "Only the entries of a list have an order" in said(app))
        assert editor.area.text == before
        editor.form.select("command.1")
        await pilot.press("d")
        await wait_for(pilot, lambda: 'command: [python3, "--lr=${lr}"]' in editor.area.text)
        editor.form.select("params.lr")
        await pilot.press("r")
        await wait_for(pilot, lambda: isinstance(app.screen, PromptScreen))
        await pilot.press(*"_x", "enter")
        await wait_for(pilot, lambda: "  lr_x: 0.1   # how fast\n" in editor.area.text)

    edit(file, drive)


def test_paths_are_offered_as_they_are_typed(file: Path) -> None:
    """For mounts and files of variables, hidden ones where they are meant; one folder after the other."""
    (file.parent / "data" / "train").mkdir(parents=True)
    (file.parent / ".env").touch()

    async def drive(app: MltuiApp, pilot: Pilot[None], editor: ProfileEditor) -> None:
        def offers() -> list[str]:
            assert isinstance(app.screen, PromptScreen)
            return [offer.key for offer in app.screen.table.rows]

        await pilot.press("slash", *"volumes", "enter")
        await wait_for(pilot, lambda: "New entry of volumes" in screen_text(app))
        assert offers()[:2] == ["./data/", "./profile.yaml"]
        assert "such as ./data:/data:ro" in screen_text(app)
        await pilot.press(*"./data")
        assert offers() == ["./data/", "./data:/data"]
        await pilot.press("tab")
        assert offers() == ["./data/train/"]
        await pilot.press("tab", "backspace", *":/t", "enter")
        await wait_for(pilot, lambda: "volumes: [./data/train:/t]\n" in editor.area.text)
        await wait_for(pilot, lambda: "such as ./data:/data:ro" in screen_text(app))
        await pilot.press("slash", *"env_file", "enter")
        await wait_for(pilot, lambda: "env_file: Environment files" in screen_text(app))
        assert offers() == [".env", "data/", "profile.yaml"]
        await pilot.press(*"data/")
        assert offers() == ["data/train/"]
        await pilot.press("escape")
        await wait_for(pilot, lambda: editor.form.select("environment"))
        await pilot.press("a", *"mlt")
        await wait_for(pilot, lambda: offers()[0].startswith("MLTUI_"))
        best = offers()[0]
        await pilot.press("tab")
        await wait_for(pilot, lambda: f"› {best}▏" in screen_text(app))

    edit(file, drive)


def test_an_emptied_value_is_taken_out_when_it_is_taken(file: Path) -> None:
    """While it is typed anew the key stays; empty and taken, an optional key goes."""

    async def drive(app: MltuiApp, pilot: Pilot[None], editor: ProfileEditor) -> None:
        editor.form.select("gpus")
        await pilot.press("enter", "ctrl+u")
        await pilot.press(*"all")
        await wait_for(pilot, lambda: "gpus: all\n" in editor.area.text)
        await pilot.press("ctrl+u")
        await wait_for(pilot, lambda: editor.area.text == TEXT)
        await pilot.press("enter")
        await wait_for(pilot, lambda: editor.area.text == TEXT.replace("gpus: none\n", ""))
        await pilot.press("u")
        await wait_for(pilot, lambda: editor.area.text == TEXT)

    edit(file, drive)


def test_a_field_is_found_by_its_letters_and_added(file: Path) -> None:
    """``/`` offers all that a profile can say; what is chosen is asked for and goes into the file."""

    async def drive(app: MltuiApp, pilot: Pilot[None], editor: ProfileEditor) -> None:
        await pilot.press("slash")
        await wait_for(pilot, lambda: isinstance(app.screen, PromptScreen))
        await pilot.press(*"stop_grace")
        await wait_for(pilot, lambda: "stop_grace_period" in screen_text(app))
        await pilot.press("enter")
        await wait_for(pilot, lambda: "Stop time-out" in screen_text(app))
        await pilot.press(*"90s", "enter")
        await wait_for(pilot, lambda: editor.area.text.endswith("stop_grace_period: 90s\n"))
        await wait_for(pilot, lambda: editor.form.current and editor.form.current.key == "stop_grace_period")

    edit(file, drive)


def test_saving_shows_the_diff_first(file: Path) -> None:
    """Enter saves, escape does not."""

    async def drive(app: MltuiApp, pilot: Pilot[None], editor: ProfileEditor) -> None:
        editor.form.select("gpus")
        await pilot.press("plus")
        await wait_for(pilot, lambda: editor.profile.changed)
        await pilot.press("ctrl+s")
        await wait_for(pilot, lambda: isinstance(app.screen, DiffScreen) and "+gpus: auto" in screen_text(app))
        assert "-gpus: none" in screen_text(app)
        await pilot.press("escape")
        await wait_for(pilot, lambda: app.screen is editor)
        assert on_disk(file) == TEXT
        await pilot.press("ctrl+s")
        await wait_for(pilot, lambda: isinstance(app.screen, DiffScreen))
        await pilot.press("enter")
        await wait_for(pilot, lambda: on_disk(file) == TEXT.replace("none", "auto"))
        await wait_for(pilot, lambda: not editor.profile.changed)
        await pilot.press("escape")
        await wait_for(pilot, lambda: app.screen is app.main)

    edit(file, drive)


def test_the_palette_has_the_commands_of_the_editor(file: Path) -> None:
    """Of the view that has the focus, and none of the screen below; nor do the app's letters reach that."""

    async def drive(app: MltuiApp, pilot: Pilot[None], editor: ProfileEditor) -> None:
        titles = {command.title for command in app.get_system_commands(editor)}
        assert {"Save  (ctrl+s)", "Undo  (ctrl+z)", "Find field  (/)", "Rename  (r)"} <= titles
        assert not [title for title in titles if ":" in title or title.startswith(("Quit", "Delete", "Doctor", "Dark"))]
        place = app.main.place
        await pilot.press("D", "T", "2", "comma", "F")
        assert (app.screen, app.main.place, app.theme) == (editor, place, DARK.name)
        await pilot.press("ctrl+p", *"find field")
        await wait_for(pilot, lambda: "Type letters of a field" in screen_text(app))
        await pilot.press("enter")
        await wait_for(pilot, lambda: isinstance(app.screen, PromptScreen))
        await pilot.press("escape", "tab")
        await wait_for(pilot, lambda: editor.focused is editor.area)
        titles = {command.title for command in app.get_system_commands(editor)}
        assert "Save  (ctrl+s)" in titles
        assert "Find field  (/)" not in titles

    edit(file, drive)


def test_leaving_asks_for_what_is_not_saved(file: Path) -> None:
    """Escape stays, ``d`` drops."""

    async def drive(app: MltuiApp, pilot: Pilot[None], editor: ProfileEditor) -> None:
        editor.form.select("gpus")
        await pilot.press("plus")
        await wait_for(pilot, lambda: editor.profile.changed)
        await pilot.press("escape")
        await wait_for(pilot, lambda: isinstance(app.screen, ChoiceScreen))
        await pilot.press("escape")
        await wait_for(pilot, lambda: app.screen is editor)
        await pilot.press("ctrl+q")
        await wait_for(pilot, lambda: isinstance(app.screen, ChoiceScreen))
        await pilot.press("escape", "q")
        await wait_for(pilot, lambda: isinstance(app.screen, ChoiceScreen))
        await pilot.press("d")
        await wait_for(pilot, lambda: app.screen is app.main)
        assert on_disk(file) == TEXT

    edit(file, drive)


def test_a_file_that_changed_meanwhile_is_not_overwritten_unasked(file: Path) -> None:
    """Reload it: then one's own text can be had back with undo; or overwrite it: what goes is shown first."""

    async def drive(app: MltuiApp, pilot: Pilot[None], editor: ProfileEditor) -> None:
        editor.form.select("gpus")
        await pilot.press("plus")
        await wait_for(pilot, lambda: editor.profile.changed)
        mine = editor.area.text
        write(file, TEXT + "hostname: theirs\n")
        await pilot.press("ctrl+s")
        await wait_for(pilot, lambda: isinstance(app.screen, DiffScreen | ChoiceScreen))
        await wait_for(pilot, lambda: editor.disk.state == "changed on disk")
        if isinstance(app.screen, DiffScreen):
            # It was asked for before the change was seen, and is refused when it is seen.
            await pilot.press("enter")
        await wait_for(pilot, lambda: isinstance(app.screen, ChoiceScreen))
        assert on_disk(file) == TEXT + "hostname: theirs\n"
        await pilot.press("r")
        await wait_for(pilot, lambda: app.screen is editor and not editor.profile.changed)
        assert editor.area.text == on_disk(file) == TEXT + "hostname: theirs\n"
        await pilot.press("u")
        await wait_for(pilot, lambda: editor.area.text == mine)
        write(file, TEXT + "user: theirs\n")
        await wait_for(pilot, lambda: editor.disk.state and "changed on disk" in screen_text(app))
        await pilot.press("ctrl+s")
        await wait_for(pilot, lambda: isinstance(app.screen, ChoiceScreen))
        await pilot.press("o")
        await wait_for(pilot, lambda: isinstance(app.screen, DiffScreen))
        await wait_for(pilot, lambda: "-user: theirs" in screen_text(app))
        assert on_disk(file) == TEXT + "user: theirs\n"
        await pilot.press("enter")
        await wait_for(pilot, lambda: app.screen is editor and not editor.profile.changed)
        assert on_disk(file) == mine
        assert editor.disk.state == ""

    edit(file, drive)


def test_a_file_that_changes_is_taken_in_where_nothing_is_lost_by_it(file: Path) -> None:
    """Undo shows what it was; one that is gone is said, and written again on request."""

    async def drive(app: MltuiApp, pilot: Pilot[None], editor: ProfileEditor) -> None:
        theirs = TEXT.replace("gpus: none", "gpus: all")
        write(file, theirs)
        await wait_for(pilot, lambda: editor.area.text == theirs)
        await wait_for(pilot, lambda: editor.form.select("gpus") and editor.form.current.value == "all")
        assert not editor.profile.changed
        await pilot.press("u")
        await wait_for(pilot, lambda: editor.area.text == TEXT and "● not saved" in screen_text(app))
        os.unlink(file)
        await wait_for(pilot, lambda: "gone from disk" in screen_text(app))
        await pilot.press("ctrl+s")
        await wait_for(pilot, lambda: isinstance(app.screen, ChoiceScreen))
        assert "Reload" not in screen_text(app)
        await pilot.press("o")
        await wait_for(pilot, lambda: app.screen is editor and not editor.profile.changed)
        assert on_disk(file) == TEXT

    edit(file, drive)


def test_the_preview_is_the_command_of_what_is_typed(file: Path) -> None:
    """Not that of the file."""

    async def drive(app: MltuiApp, pilot: Pilot[None], editor: ProfileEditor) -> None:
        editor.form.select("image")
        await wait_for(pilot, lambda: editor.under.explained and "docker run -d" in screen_text(app))
        await pilot.press("enter", *"-bookworm", "enter")
        await wait_for(
            pilot, lambda: "python:3.12-bookworm" in (editor.under.explained.command if editor.under.explained else "")
        )
        # What has changed is in sight, and marked.
        marked = [text for line in editor.panel.lines for text, role in line if role == "accent"]
        assert marked == ["python:3.12-bookworm"]
        assert screen_text(app).count("python:3.12-bookworm") == 3
        await pilot.press("p")
        await wait_for(pilot, lambda: "Nothing is wrong." in screen_text(app))

    edit(file, drive)


def test_the_text_follows_the_form_and_the_form_the_text(file: Path) -> None:
    """The row's place is in sight, while it is typed too; one undo still takes back what was typed."""
    more = "".join(f"  V{number}: v{number}\n" for number in range(60))
    file.write_text(TEXT + more)

    async def drive(app: MltuiApp, pilot: Pilot[None], editor: ProfileEditor) -> None:
        await wait_for(pilot, lambda: editor.form.select("environment.V59"))
        await wait_for(pilot, lambda: " 68    V59: v59" in screen_text(app))
        assert editor.focused is editor.form
        await pilot.press("enter", *"abc")
        await wait_for(pilot, lambda: "V59: v59abc" in screen_text(app))
        await pilot.press("enter", "u")
        await wait_for(pilot, lambda: editor.area.text == TEXT + more)
        await pilot.press("slash", *"hostname", "enter")
        await wait_for(pilot, lambda: isinstance(app.screen, PromptScreen) and "Host name" in screen_text(app))
        await pilot.press("x", "enter")
        await wait_for(pilot, lambda: "hostname: x" in screen_text(app))
        await pilot.press("tab", "ctrl+home", "down", "down", "down", "down")
        await wait_for(pilot, lambda: editor.form.current and editor.form.current.key == "params.lr")
        assert editor.focused is editor.area
        assert editor.area.cursor_location == (4, 0)

    edit(file, drive)


def test_what_is_inherited_is_shown_with_its_origin_and_overridden(file: Path) -> None:
    """Faint; enter goes on from its value, and writes one of the profile's own."""
    base = "image: busybox\nparams: {a: 1, b: 0.5}\ncommand: [train]\nlabels: {x: y}\nhostname: box\n"
    file.parent.with_name("base1.yaml").write_text(base)
    own = "extends: base1\nparams: {a: 7}\n"
    file.write_text(own)

    async def drive(app: MltuiApp, pilot: Pilot[None], editor: ProfileEditor) -> None:
        rows = {row.key: row for row in editor.form.rows}
        said = {key: (row.value, row.origin) for key, row in rows.items() if row.origin}
        assert said == {
            "image": ("busybox", "base1"), "command": ("train", "base1"), "params.b": ("0.5", "base1"),
            "labels": ("x: y", "base1"), "labels.x": ("y", "base1"), "hostname": ("box", "base1"),
        }  # fmt: skip
        assert rows["params.a"].said
        assert "busybox  from base1" in screen_text(app)
        assert editor.form.select("image")
        await pilot.press("enter", "enter", "enter", *":1", "enter")
        await wait_for(pilot, lambda: editor.area.text == own + "image: busybox:1\n")
        await wait_for(pilot, lambda: editor.form.select("params.b"))
        await pilot.press("plus")
        await wait_for(pilot, lambda: "params: {a: 7, b: 1.0}" in editor.area.text)

    edit(file, drive)


def test_files_that_are_not_there_are_listed_beside_what_is_wrong(file: Path) -> None:
    """Whether the rest is sound or not, in the order of the file."""
    file.write_text(TEXT + "volumes: [./nope:/d]\nvolume: [x]\nmem_reservation: 4g\nmem_limit: 1g\n")

    async def drive(app: MltuiApp, pilot: Pilot[None], editor: ProfileEditor) -> None:
        await pilot.press("p")
        await wait_for(pilot, lambda: "3 problems" in screen_text(app) and "volumes.0  there is no" in screen_text(app))
        said = "\n".join("".join(text for text, _ in line) for line in editor.panel.lines)
        assert said.index("there is no") < said.index("did you mean volumes?") < said.index("is above its limit")
        # The header counts what is wrong with the text itself.
        assert "2 problems" in screen_text(app)

    edit(file, drive)


def test_small_screens_show_one_view_at_a_time(file: Path) -> None:
    """At 80x24 the form, or the text; a resize while it is open changes nothing but the room."""

    async def drive(app: MltuiApp, pilot: Pilot[None], editor: ProfileEditor) -> None:
        assert "# What this is for" not in screen_text(app)
        await pilot.press("tab")
        await wait_for(pilot, lambda: "# What this is for" in screen_text(app))
        assert not editor.form.is_on_screen or "Environment" not in screen_text(app)
        await pilot.resize_terminal(140, 40)
        await wait_for(pilot, lambda: "python3 train.py" in screen_text(app))
        await pilot.resize_terminal(60, 12)
        await pilot.pause(0.2)
        assert editor.area.text == TEXT

    edit(file, drive, size=(80, 24))


@pytest.mark.parametrize(
    "more",
    [
        "\tx: 1\n",
        "é漢字😀: '\\u202e'\n",
        "a: &a [*a]\n",
        "b: !!python/object:os.system x\n",
        "x" * 200_000,
        "- " * 5000,
    ],
    ids=["tab", "wide", "alias", "tag", "long line", "deep"],
)
def test_whatever_is_pasted_is_checked_and_kept(file: Path, more: str) -> None:
    """Odd text is shown, said to be wrong, and can be taken back."""

    async def drive(app: MltuiApp, pilot: Pilot[None], editor: ProfileEditor) -> None:
        await pilot.press("tab")
        editor.area.move_cursor(editor.area.document.end)
        editor.area.insert(more)
        await wait_for(pilot, lambda: editor.profile.draft and editor.profile.draft.text == editor.area.text)
        assert "problem" in screen_text(app)
        await pilot.press("ctrl+z")
        await wait_for(pilot, lambda: editor.area.text == TEXT)
        await wait_for(pilot, lambda: "✓ valid" in screen_text(app))

    edit(file, drive)


def test_nothing_from_the_file_steers_the_terminal(file: Path) -> None:
    """Controls and marks that reorder text are shown as what they are: nothing."""
    file.write_bytes(TEXT.encode() + "z: \x1b[31m\u202eabc\n".encode())

    async def drive(app: MltuiApp, pilot: Pilot[None], editor: ProfileEditor) -> None:
        await wait_for(pilot, lambda: "problem" in screen_text(app))
        shown = screen_text(app)
        assert "\x1b" not in shown
        assert "\u202e" not in shown
        assert "abc" in shown

    edit(file, drive)


def test_line_ends_stay(file: Path) -> None:
    """CRLF files stay CRLF; a file with both is not edited here, but said."""
    file.write_bytes(TEXT.replace("\n", "\r\n").encode())

    async def drive(app: MltuiApp, pilot: Pilot[None], editor: ProfileEditor) -> None:
        editor.form.select("gpus")
        await pilot.press("plus")
        await wait_for(pilot, lambda: editor.profile.changed)
        assert editor.area.text == TEXT.replace("none", "auto").replace("\n", "\r\n")

    edit(file, drive)
    file.write_bytes(TEXT.replace("\n", "\r\n", 3).encode())

    async def refused(app: MltuiApp, pilot: Pilot[None], editor: ProfileEditor) -> None:
        await wait_for(pilot, lambda: "line ends of several kinds" in said(app))
        editor.form.select("gpus")
        await pilot.press("plus")
        await pilot.pause(0.2)
        assert "gpus: none" in editor.area.text

    edit(file, refused)


def test_a_file_that_cannot_be_written_is_said(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The text stays in the editor."""

    async def drive(app: MltuiApp, pilot: Pilot[None], editor: ProfileEditor) -> None:
        editor.form.select("gpus")
        await pilot.press("plus")
        await wait_for(pilot, lambda: editor.profile.changed)

        def full(descriptor: int) -> None:
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(os, "fsync", full)
        await pilot.press("ctrl+s")
        await wait_for(pilot, lambda: isinstance(app.screen, DiffScreen))
        await pilot.press("enter")
        await wait_for(pilot, lambda: "no space left on device" in said(app))
        assert editor.profile.changed
        assert on_disk(file) == TEXT

    edit(file, drive)


def test_reading_only_saves_nothing(file: Path) -> None:
    """The editor shows, and says why it does not save."""

    async def drive(app: MltuiApp, pilot: Pilot[None], editor: ProfileEditor) -> None:
        editor.form.select("gpus")
        await pilot.press("plus")
        await wait_for(pilot, lambda: editor.profile.changed)
        await pilot.press("ctrl+s")
        await wait_for(pilot, lambda: "This is read-only" in said(app))
        assert on_disk(file) == TEXT

    edit(file, drive, read_only=True)


def test_profiles_are_made_copied_renamed_and_deleted(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """n, C, R and d; what is deleted is named first, and who extends what is renamed or deleted."""
    monkeypatch.chdir(file.parent.parent.parent)
    folder = file.parent.parent

    async def run() -> None:
        app = MltuiApp(AppOptions(engine="local", profile_folders=(folder,)))
        async with app.run_test(notifications=True, size=(120, 36)) as pilot:
            await wait_for(pilot, lambda: app._cockpit and app.cockpit.profiles and app.main.profiles.table.rows)
            app.jump("profiles")
            app.main.profiles.table.select(str(file))
            await pilot.press("C")
            await wait_for(pilot, lambda: isinstance(app.screen, PromptScreen))
            await pilot.press("enter")
            copy = folder / "mine-2" / "profile.yaml"
            await wait_for(pilot, lambda: app.screen is app.main and app.main.profiles.current().path == copy)
            used = LaunchValues({"lr": "1"})
            LaunchHabits(app.cockpit.home).save(copy, used)
            heir = folder / "heir.yaml"
            write(heir, "extends: mine-2 # as it was\ncommand: [a]\n")
            await pilot.press("R")
            await wait_for(pilot, lambda: isinstance(app.screen, PromptScreen))
            await pilot.press("ctrl+u", *"other", "enter")
            await wait_for(pilot, lambda: "heir extends mine-2" in screen_text(app))
            await pilot.press("y")
            other = folder / "other" / "profile.yaml"
            await wait_for(pilot, lambda: app.screen is app.main and app.main.profiles.current().path == other)
            assert LaunchHabits(app.cockpit.home).load(other) == used
            assert on_disk(heir) == "extends: other # as it was\ncommand: [a]\n"
            await pilot.press("d")
            await wait_for(pilot, lambda: str(other) in screen_text(app).replace("\n", ""))
            assert "heir extends it" in screen_text(app)
            await pilot.press("y")
            await wait_for(pilot, lambda: not other.exists())
            await pilot.press("n")
            await wait_for(pilot, lambda: isinstance(app.screen, PromptScreen) and "JAX" in screen_text(app))
            await pilot.press(*"comm", "enter")
            await wait_for(pilot, lambda: "Name of the new profile (command)" in screen_text(app))
            await pilot.press(*"fresh", "enter")
            await wait_for(pilot, lambda: isinstance(app.screen, ProfileEditor) and app.screen.form.rows)
            assert (folder / "fresh" / "train.py").exists()

    asyncio.run(run())


@pytest.fixture
def held(monkeypatch: pytest.MonkeyPatch) -> threading.Event:
    """Changes of a profile are checked only after this is set: as on a machine that is busy."""
    from mltui.runtime import profile_draft

    go, check = threading.Event(), profile_draft.check_source
    go.set()

    def waiting(*arguments: Any, **more: Any) -> Any:
        assert go.wait(20)
        return check(*arguments, **more)

    monkeypatch.setattr(profile_draft, "check_source", waiting)
    return go


def test_a_value_is_typed_from_what_the_key_before_made_of_it(file: Path, held: threading.Event) -> None:
    """+ and enter in one breath: the typing goes on from the new value."""
    write(file, "image: x\nmem_limit: 8g\n")

    async def drive(app: MltuiApp, pilot: Pilot[None], editor: ProfileEditor) -> None:
        assert editor.form.select("mem_limit")
        held.clear()
        for key in ("plus", "enter", "backspace", "m", "enter"):
            app.simulate_key(key)
        await pilot.pause()
        held.set()
        await wait_for(pilot, lambda: editor.area.text == "image: x\nmem_limit: 16m\n")

    edit(file, drive)


def test_leaving_waits_for_a_change_that_is_under_way(file: Path, held: threading.Event) -> None:
    """+ and q in one breath: what + changed is asked for, not lost."""

    async def drive(app: MltuiApp, pilot: Pilot[None], editor: ProfileEditor) -> None:
        editor.form.select("gpus")
        held.clear()
        await pilot.press("plus", "q")
        await pilot.pause()
        held.set()
        await wait_for(pilot, lambda: app.screen is not editor)
        assert isinstance(app.screen, ChoiceScreen)
        assert "gpus: auto" in editor.area.text

    edit(file, drive)


def test_leaving_while_it_is_saved_waits_for_it(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also with the help open; what was typed meanwhile is asked about, not lost."""
    go, save = threading.Event(), profile_files.save_text
    monkeypatch.setattr(profile_files, "save_text", lambda *about, **more: go.wait(20) and save(*about, **more))

    async def drive(app: MltuiApp, pilot: Pilot[None], editor: ProfileEditor) -> None:
        async def saving(name: str) -> None:
            """Change a field, and have it saved on the way out."""
            go.clear()
            editor.form.select(name)
            await pilot.press("plus", "escape")
            await wait_for(pilot, lambda: isinstance(app.screen, ChoiceScreen))
            await pilot.press("s")
            await wait_for(pilot, lambda: isinstance(app.screen, DiffScreen))
            await pilot.press("enter", "escape")
            await wait_for(pilot, lambda: app.screen is editor)

        await saving("gpus")
        await pilot.press("plus")
        await wait_for(pilot, lambda: "gpus: none" not in editor.area.text and "gpus: auto" not in editor.area.text)
        go.set()
        await wait_for(pilot, lambda: isinstance(app.screen, ChoiceScreen))
        assert "gpus: auto" in on_disk(file)
        await pilot.press("escape")
        await wait_for(pilot, lambda: app.screen is editor)
        await saving("gpus")
        await pilot.press("question_mark")
        await wait_for(pilot, lambda: isinstance(app.screen, TextScreen))
        go.set()
        await wait_for(pilot, lambda: app.screen is app.main)
        assert on_disk(file) == editor.profile.text

    edit(file, drive)


def test_saving_takes_the_letter_before_it_along(file: Path, held: threading.Event) -> None:
    """ctrl+s right behind a letter shows and saves it."""

    async def drive(app: MltuiApp, pilot: Pilot[None], editor: ProfileEditor) -> None:
        editor.form.select("image")
        await pilot.press("enter", "3")
        await wait_for(pilot, lambda: "3.123 #" in editor.area.text)
        held.clear()
        await pilot.press("4", "ctrl+s")
        await pilot.pause()
        held.set()
        await wait_for(pilot, lambda: isinstance(app.screen, DiffScreen))
        await pilot.press("enter")
        await wait_for(pilot, lambda: "python:3.1234 #" in on_disk(file))

    edit(file, drive)


def test_a_check_that_fails_is_said_and_the_next_one_is_made(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also a change that fails: the editor goes on."""
    from mltui.runtime import profile_draft

    async def drive(app: MltuiApp, pilot: Pilot[None], editor: ProfileEditor) -> None:
        def broken(*arguments: object, **more: object) -> None:
            raise RuntimeError("odd")

        with monkeypatch.context() as patch:
            patch.setattr(profile_draft, "check_source", broken)
            editor.form.select("gpus")
            await pilot.press("plus")
            await wait_for(pilot, lambda: "by its own fault: RuntimeError: odd" in said(app))
            editor.area.insert("# x\n", (0, 0))
            await wait_for(pilot, lambda: "by its own fault: RuntimeError: odd" in screen_text(app))
        editor.area.insert("# y\n", (0, 0))
        await wait_for(pilot, lambda: "✓ valid" in screen_text(app))

    edit(file, drive)


def test_typing_goes_on_from_the_value_as_it_is_written(file: Path) -> None:
    """Not from what fits on a line: nothing behind character 200 is lost, and no white space."""
    long = "python3 train.py " + " ".join(f"--option-{index}=value{index}" for index in range(20))
    write(file, f'image: x\nhostname: "  two  spaces "\ncommand: {long}\n')

    async def drive(app: MltuiApp, pilot: Pilot[None], editor: ProfileEditor) -> None:
        editor.form.select("command")
        await pilot.press("enter", "x", "enter")
        await wait_for(pilot, lambda: f"command: {long}x\n" in editor.area.text)
        editor.form.select("hostname")
        await pilot.press("enter", "y", "enter")
        await wait_for(pilot, lambda: 'hostname: "  two  spaces y"\n' in editor.area.text)

    edit(file, drive)


def test_plus_counts_on_a_parameter_within_its_bounds(file: Path) -> None:
    """In its short form, and in its long one no further than it says itself."""
    write(file, "image: x\nparams:\n  lr: 0.1 # fast\n  on: true\n  deep: {default: 3, max: 3}\nulimits: {nofile: 5}\n")

    async def drive(app: MltuiApp, pilot: Pilot[None], editor: ProfileEditor) -> None:
        editor.profile.fold(("params", "deep"))
        for key, changed in (
            ("params.lr", "lr: 0.2 # fast"),
            ("params.on", "on: false"),
            ("ulimits.nofile", "{nofile: 6}"),
        ):
            assert editor.form.select(key)
            await pilot.press("plus")
            await wait_for(pilot, lambda changed=changed: changed in editor.area.text)
        assert editor.form.select("params.deep.default")
        await pilot.press("plus", "minus")
        await wait_for(pilot, lambda: "deep: {default: 2, max: 3}" in editor.area.text)

    edit(file, drive)


@pytest.mark.parametrize("odd", ["\u2028", "\x85", "\f"])
def test_a_file_that_the_text_area_cannot_hold_is_only_shown(file: Path, odd: str) -> None:
    """It is not changed, not saved, and asks nothing on leaving; why is said in a sentence."""
    text = f"image: x # a{odd} b\n"
    file.write_bytes(text.encode())

    async def drive(app: MltuiApp, pilot: Pilot[None], editor: ProfileEditor) -> None:
        await wait_for(pilot, lambda: f"U+{ord(odd):04X} in line 1" in said(app))
        assert not editor.profile.changed
        await pilot.press("ctrl+s", "q")
        await wait_for(pilot, lambda: app.screen is app.main)
        assert await asyncio.to_thread(file.read_bytes) == text.encode()

    edit(file, drive)


def test_saved_as_another_profile_it_is_that_one_that_is_edited(file: Path) -> None:
    """In a folder of its own, which the list shows; what is wrong is marked in it; a name that is taken is said."""
    mine = file.parent.parent / "two" / "profile.yaml"

    async def drive(app: MltuiApp, pilot: Pilot[None], editor: ProfileEditor) -> None:
        await pilot.press("tab")
        editor.area.insert("cpus: lots\n", editor.area.document.end)
        await wait_for(pilot, lambda: editor.profile.draft and editor.profile.draft.problems)
        theirs = TEXT + "hostname: theirs\n"
        write(file, theirs)
        editor.saving._save_as(editor.profile.text)
        await wait_for(pilot, lambda: isinstance(app.screen, PromptScreen))
        await pilot.press(*"mine", "enter")
        await wait_for(pilot, lambda: "already" in said(app))
        editor.saving._save_as(editor.profile.text)
        await wait_for(pilot, lambda: isinstance(app.screen, PromptScreen))
        await pilot.press(*"two", "enter")
        await wait_for(
            pilot, lambda: editor.profile.read.path == mine and editor.profile.draft and editor.area._problems
        )
        assert on_disk(mine) == TEXT + "cpus: lots\n"
        assert on_disk(file) == theirs
        assert not editor.profile.changed
        await pilot.press("escape")
        await wait_for(pilot, lambda: any(entry.path == mine for entry in app.cockpit.profiles))

    edit(file, drive)


def test_a_profile_is_extended_by_its_name_from_the_apps_folders(file: Path) -> None:
    """Those of the command line too: the editor calls sound what can be launched."""
    base = file.parent.parent.parent / "shared" / "base.yaml"
    base.parent.mkdir()
    base.write_text("image: busybox\ncommand: [echo]\n")
    file.write_text("extends: base\n")

    async def drive(app: MltuiApp, pilot: Pilot[None], editor: ProfileEditor) -> None:
        assert editor.profile.draft
        assert editor.profile.draft.problems == ()

    edit(file, drive, profile_folders=(base.parent, file.parent.parent))


def test_keys_that_come_together_act_in_turn(file: Path) -> None:
    """Each step goes on from the one before; undo takes back the step before it, not an older one."""
    write(file, "image: x\ncpus: 2\nmem_limit: 1g\n")

    async def drive(app: MltuiApp, pilot: Pilot[None], editor: ProfileEditor) -> None:
        def at_once(*keys: str) -> None:
            for key in keys:
                app.simulate_key(key)

        assert editor.form.select("cpus")
        at_once("plus", "plus", "down", "plus", "plus", "u")
        await wait_for(pilot, lambda: editor.area.text == "image: x\ncpus: 4\nmem_limit: 2g\n")
        at_once("u", "u", "u")
        await wait_for(pilot, lambda: not editor.profile.changed)
        field = editor.form.current
        at_once("plus", "plus", "u", "u", "up")
        await wait_for(pilot, lambda: editor.form.current != field)
        await wait_for(pilot, lambda: not editor.profile.changed)
        at_once("down", "enter", "ctrl+u", "8", "g", "down", "up", "enter", "backspace", "m", "enter")
        await wait_for(pilot, lambda: editor.area.text == "image: x\ncpus: 2\nmem_limit: 8m\n")

    edit(file, drive)


def test_a_text_in_quotes_stays_one_whatever_is_typed_over_it(file: Path) -> None:
    """A number, too, goes into the quotes; without quotes it is the number that it looks like."""
    write(file, "image: x\nenvironment:\n  A: 'abc'\n  B: abc\nparams:\n  opt: \"adam\"\nlabels: ['c=d']\n")

    async def drive(app: MltuiApp, pilot: Pilot[None], editor: ProfileEditor) -> None:
        for key, changed in (
            ("environment.A", "  A: '5'\n"),
            ("environment.B", "  B: 5\n"),
            ("params.opt", '  opt: "5"\n'),
            ("labels.0", "labels: ['5']\n"),
        ):
            assert editor.form.select(key)
            await pilot.press("enter", "ctrl+u", "5", "enter")
            await wait_for(pilot, lambda changed=changed: changed in editor.area.text)

    edit(file, drive)


def test_the_ends_of_the_text_have_keys(file: Path) -> None:
    """And what is between can be selected with them."""

    async def drive(app: MltuiApp, pilot: Pilot[None], editor: ProfileEditor) -> None:
        await pilot.press("tab", "ctrl+end")
        assert editor.area.cursor_location == editor.area.document.end
        await pilot.press("ctrl+shift+home")
        assert editor.area.selected_text == TEXT
        await pilot.press("ctrl+home")
        assert editor.area.cursor_location == (0, 0)

    edit(file, drive)


def test_text_that_is_no_yaml_is_saved_when_it_is_asked_for_again(file: Path) -> None:
    """The question says that it is none, where, and what that means; escape goes on editing."""

    async def drive(app: MltuiApp, pilot: Pilot[None], editor: ProfileEditor) -> None:
        await pilot.press("tab", "ctrl+end", "a", ":", "[", "ctrl+s")
        await wait_for(pilot, lambda: isinstance(app.screen, DiffScreen))
        await wait_for(pilot, lambda: "This is no YAML: saved all the same, it cannot be launched." in screen_text(app))
        assert "! line 9: " in screen_text(app)
        await pilot.press("escape")
        assert on_disk(file) == TEXT
        await pilot.press("ctrl+s")
        await wait_for(pilot, lambda: isinstance(app.screen, DiffScreen))
        await pilot.press("ctrl+s")
        await wait_for(pilot, lambda: not editor.profile.changed)
        assert on_disk(file) == TEXT + "a:["

    edit(file, drive)


@pytest.mark.parametrize(
    ("script", "kept"),
    [
        ("sed -i s/none/all/ $1; exit 3", "exit code 3"),
        ("printf 'image: a\\014b' > $1", "U+000C"),
        ("printf '\\377' > $1", "not text in UTF-8"),
        ("sed -i s/none/all/ $1", ""),
    ],
)
def test_what_was_written_in_ones_own_editor_is_never_lost(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str, kept: str
) -> None:
    """It is taken in; where that cannot be, it stays in the copy, whose place is said."""
    program, copies = tmp_path / "own-editor", tmp_path / "copies"
    copies.mkdir()
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    monkeypatch.setenv("VISUAL", str(program))
    monkeypatch.setattr(tempfile, "tempdir", str(copies))
    monkeypatch.setattr(MltuiApp, "suspend", lambda app: contextlib.nullcontext())

    async def drive(app: MltuiApp, pilot: Pilot[None], editor: ProfileEditor) -> None:
        await pilot.press("ctrl+o")
        if not kept:
            await wait_for(pilot, lambda: "gpus: all" in editor.area.text)
            assert not list(copies.iterdir())
            return
        await wait_for(pilot, lambda: kept in said(app))
        (copy,) = copies.iterdir()
        assert f"What you wrote is in {copy}." in said(app)
        assert editor.area.text == TEXT

    edit(file, drive)
