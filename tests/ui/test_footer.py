"""The line at the bottom: what the keys do now, where one is."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

from textual.pilot import Pilot

from mltui.ui.app import MltuiApp
from mltui.ui.commands import command
from mltui.ui.widgets.bars import KeyBar
from tests.ui.conftest import Host, rows, said, wait_for
from tests.ui.test_app import app_for, choose, ready, text


def footer(app: MltuiApp) -> str:
    """The line."""
    return rows(app, app.main.keys)[0].strip()


def _with_a_run(profiles: Path, steps: object) -> None:
    async def drive() -> None:
        app = app_for(profiles)
        async with app.run_test(notifications=True, size=(120, 36)) as pilot:
            await ready(app, pilot)
            choose(app, "tiny")
            await pilot.press("L")
            await wait_for(pilot, lambda: "✓ finished" in text(app) and "r Run again" in footer(app))
            await steps(app, pilot)  # type: ignore[operator]

    asyncio.run(drive())


def test_while_a_text_is_typed_the_keys_that_are_no_text_are_told(profiles: Path) -> None:
    """Of a list's filter, of the charts' and of a search in the log; the keys of the place come back behind it."""

    async def steps(app: MltuiApp, pilot: Pilot[None]) -> None:
        await pilot.press("slash")
        await wait_for(pilot, lambda: footer(app) == "enter Keep  esc All")
        await pilot.press("t", "enter")
        await wait_for(pilot, lambda: "r Run again" in footer(app))
        await pilot.press("5", "slash")
        await wait_for(pilot, lambda: footer(app) == "enter Keep  space Pin, hide  ↓ ↑ Another  esc All")
        await pilot.press("escape")
        await wait_for(pilot, lambda: "e Export" in footer(app))
        await pilot.press("6", "slash", "d")
        await wait_for(pilot, lambda: footer(app) == "enter Done  ↑ ↓ Another  esc Clear")
        assert "go on" not in rows(app, app.main.log_pane)[0]
        await pilot.press("enter")
        await wait_for(pilot, lambda: "/ Search" in footer(app))
        assert "n N go on" in rows(app, app.main.log_pane)[0]

    _with_a_run(profiles, steps)


def test_a_key_told_while_a_text_is_typed_can_be_clicked(profiles: Path) -> None:
    """The click is the key."""

    async def steps(app: MltuiApp, pilot: Pilot[None]) -> None:
        await pilot.press("slash", "t")
        await wait_for(pilot, lambda: footer(app) == "enter Keep  esc All")
        await pilot.click(app.main.keys, offset=(13, 0))
        await wait_for(pilot, lambda: not app.main.runs.table.filter)
        assert "r Run again" in footer(app)

    _with_a_run(profiles, steps)


def test_where_no_row_fits_nothing_is_offered_for_one(profiles: Path) -> None:
    """No run can be stopped then; profiles can be made all the same, and esc gives the list back."""

    async def steps(app: MltuiApp, pilot: Pilot[None]) -> None:
        await pilot.press("slash", *"zzz", "enter")
        await wait_for(pilot, lambda: footer(app).startswith("esc Back  ? Help"))
        assert "0 of 1" in rows(app, app.main.runs)[0]
        await pilot.press("1", "slash", *"zzz", "enter")
        await wait_for(pilot, lambda: footer(app).startswith("esc Back  n New  I Import  ? Help"))
        await pilot.press("escape")
        await wait_for(pilot, lambda: footer(app).startswith("enter Launch"))

    _with_a_run(profiles, steps)


def test_what_goes_on_can_be_stopped_and_what_has_ended_removed(profiles: Path) -> None:
    """Neither is offered of the other, for runs and for containers."""

    async def drive() -> None:
        app = app_for(profiles)
        async with app.run_test(notifications=True, size=(120, 36)) as pilot:
            await ready(app, pilot)
            choose(app, "long")
            await pilot.press("L")
            await wait_for(pilot, lambda: "● running" in text(app) and footer(app).startswith("s Stop  r Run again  i"))
            await pilot.press("3")
            await wait_for(pilot, lambda: footer(app).startswith("s Stop  d Remove"))
            await pilot.press("2", "K", "y")
            await wait_for(pilot, lambda: footer(app).startswith("r Run again  d Remove"))
            await pilot.press("3")
            await wait_for(pilot, lambda: footer(app).startswith("d Remove  i Inspect"))
            await pilot.press("d")
            await wait_for(pilot, lambda: "Its record, curves and outputs stay." in text(app))

    asyncio.run(drive())


def test_before_the_first_curve_nothing_is_offered_for_curves(profiles: Path, tmp_path: Path) -> None:
    """When one comes, it is."""
    (profiles / "late").mkdir()
    script = f"until [ -e {tmp_path}/go ]; do sleep 0.1; done; echo step=1 loss=2; echo step=2 loss=1; sleep 600"
    text_of_it = f"image: none\nengine: local\ncommand: [sh, -c, {json.dumps(script)}]\n"
    (profiles / "late" / "profile.yaml").write_text(text_of_it)

    async def drive() -> None:
        app = app_for(profiles)
        async with app.run_test(size=(120, 36)) as pilot:
            await ready(app, pilot)
            choose(app, "late")
            await pilot.press("L")
            await wait_for(pilot, lambda: "● running" in text(app) and "Waiting for the first metric" in text(app))
            await pilot.press("5")
            await wait_for(pilot, lambda: footer(app).startswith("? Help"))
            for key in ("slash", "e"):
                await pilot.press(key)
                await wait_for(pilot, lambda: said(app) == "There are no curves yet.")
                app.clear_notifications()
            (tmp_path / "go").touch()
            await wait_for(pilot, lambda: "e Export" in footer(app))
            await pilot.press("2", "K", "y")
            await wait_for(pilot, lambda: footer(app).startswith("r Run again"))

    asyncio.run(drive())


def test_a_broken_profile_is_not_offered_for_a_launch(profiles: Path) -> None:
    """It is to be edited first."""

    async def drive() -> None:
        app = app_for(profiles)
        async with app.run_test(size=(120, 36)) as pilot:
            await ready(app, pilot)
            choose(app, "tiny")
            await wait_for(pilot, lambda: footer(app).startswith("enter Launch …  i Inspect"))
            choose(app, "wrong")
            await wait_for(pilot, lambda: footer(app).startswith("e Edit  I Import"))

    asyncio.run(drive())


def test_the_keys_of_a_profile_follow_what_becomes_of_its_file(profiles: Path) -> None:
    """The cursor need not move for that."""

    async def drive() -> None:
        app = app_for(profiles)
        async with app.run_test(size=(120, 36)) as pilot:
            await ready(app, pilot)
            choose(app, "tiny")
            await wait_for(pilot, lambda: footer(app).startswith("enter Launch …  i Inspect"))
            (profiles / "tiny" / "profile.yaml").write_text("imge: x\n")
            await wait_for(pilot, lambda: footer(app).startswith("e Edit  I Import"))

    asyncio.run(drive())


def test_the_headline_takes_the_room_of_a_pane_that_fills_the_screen(profiles: Path) -> None:
    """What is said at its end stands at the edge, there and back."""

    async def steps(app: MltuiApp, pilot: Pilot[None]) -> None:
        def ends() -> int:
            return len(rows(app, app.main.headline)[0].rstrip())

        await wait_for(pilot, lambda: ends() == app.main.headline.size.width)
        before = ends()
        await pilot.press("5", "z")
        await wait_for(pilot, lambda: ends() == app.main.headline.size.width > before)
        await pilot.press("z")
        await wait_for(pilot, lambda: ends() == app.main.headline.size.width == before)

    _with_a_run(profiles, steps)


def test_what_is_said_in_place_of_rows_is_drawn_whole(profiles: Path) -> None:
    """Also where it is longer than what stood there before."""

    async def drive() -> None:
        app = app_for(profiles)
        async with app.run_test(notifications=True, size=(120, 36)) as pilot:
            await ready(app, pilot)
            await wait_for(pilot, lambda: "none: a launch builds or" in text(app))
            assert rows(app, app.main.images.table)[1].strip() == "pulls it"

    asyncio.run(drive())


def test_gauges_that_have_the_screen_offer_no_more_of_it(profiles: Path) -> None:
    """The way back is told instead."""

    async def drive() -> None:
        app = app_for(profiles)
        async with app.run_test(size=(120, 36)) as pilot:
            await ready(app, pilot)
            await pilot.press("7")
            await wait_for(pilot, lambda: footer(app).startswith("enter History  w Minutes"))
            await pilot.press("enter")
            await wait_for(pilot, lambda: footer(app).startswith("esc Back  w Minutes"))

    asyncio.run(drive())


def test_a_long_description_of_a_profile_is_whole_at_any_width(profiles: Path) -> None:
    """It is wrapped, and again when the terminal has another width."""
    (profiles / "wordy").mkdir()
    about = "What this experiment is about, said at some length, as people do who come back to it in a year or two."
    (profiles / "wordy" / "profile.yaml").write_text(f"image: none\ncommand: [ls]\ndescription: {about}\n")

    async def drive() -> None:
        app = app_for(profiles)
        async with app.run_test(size=(80, 24)) as pilot:
            await ready(app, pilot)
            choose(app, "wordy")

            def said() -> list[str]:
                return [row.strip() for row in rows(app, app.main.headline)]

            await wait_for(pilot, lambda: " ".join(said()) == f"wordy {about}")
            assert len(said()) == 3
            await pilot.resize_terminal(200, 50)
            await wait_for(pilot, lambda: said() == ["wordy", about])

    asyncio.run(drive())


def test_one_chart_alone_offers_the_way_back_and_not_itself(profiles: Path) -> None:
    """``enter`` and ``esc`` both lead back; one of them is told."""

    async def steps(app: MltuiApp, pilot: Pilot[None]) -> None:
        await pilot.press("5")
        await wait_for(pilot, lambda: footer(app).startswith("enter One chart"))
        await pilot.press("enter")
        await wait_for(pilot, lambda: footer(app).startswith("esc Back  / Filter"))

    _with_a_run(profiles, steps)


def test_keys_that_just_fit_the_line_are_whole() -> None:
    """The gap behind the last one is not told as something that was cut."""
    bar = KeyBar()
    commands = (command("runs.stop"), command("app.quit"))

    async def drive() -> None:
        host = Host(bar)
        async with host.run_test(size=(len(" s Stop  q Quit"), 3)) as pilot:
            bar.show(commands)
            await wait_for(pilot, lambda: rows(host, bar) == [" s Stop  q Quit"])

    asyncio.run(drive())
