"""Searching in the log: found lines, going on from one to the next, and only those lines."""

from __future__ import annotations

import asyncio

import pytest
from textual import events
from textual.pilot import Pilot

from mltui.domain.log import LogBuffer, LogLine
from mltui.domain.log_search import REACH
from mltui.ui.panes.log import LogPane
from mltui.ui.widgets import log_view
from tests.ui.conftest import Host, rows


def log(count: int = 60) -> LogBuffer:
    """Of its lines every tenth has a warning."""
    buffer = LogBuffer(limit=count)
    buffer.extend([LogLine(f"line {i}" + (" Warning: hot" if i % 10 == 3 else "")) for i in range(count)])
    return buffer


async def shown(pane: LogPane, pilot: Pilot[object]) -> tuple[str, list[str]]:
    """The title, and the lines in view."""
    pane.view.sync()
    await pilot.pause()
    title, *lines = rows(pilot.app, pane)
    return title, [line.rstrip(" ▁▂▃▄▅▆▇█").strip() for line in lines]


def test_a_search_goes_to_the_newest_line_that_has_it_and_on_from_there() -> None:
    """Letters that are keys elsewhere are text while it is typed; the search ends where it began, at the end."""

    async def drive() -> None:
        pane, buffer = LogPane(), log()
        async with Host(pane).run_test(size=(90, 9)) as pilot:
            pane.show(buffer)
            pane.view.focus()
            await pilot.press("slash", *"hot f")
            title, lines = await shown(pane, pilot)
            assert "/hot f▏" in title
            assert "no line has it" in title
            await pilot.press("backspace", "backspace", "enter")
            title, lines = await shown(pane, pilot)
            assert "/hot " in title
            assert "6 of 6" in title
            assert any("line 53 Warning: hot" in line for line in lines)
            buffer.extend([LogLine("line 60 Warning: hot")])
            assert "6 of 6" in (await shown(pane, pilot))[0], "it stands still where a person reads"
            await pilot.press("N")
            title, lines = await shown(pane, pilot)
            assert "5 of 6" in title
            assert any("line 43 Warning: hot" in line for line in lines)
            await pilot.press("n", "n")
            title, lines = await shown(pane, pilot)
            assert "7 of 7" in title, "behind the last is what came meanwhile"
            assert any("line 60 Warning: hot" in line for line in lines)
            await pilot.press("n")
            assert "1 of 7" in (await shown(pane, pilot))[0], "then the first"
            await pilot.press("escape")
            title, lines = await shown(pane, pilot)
            assert "/" not in title
            assert pane.view.follow
            assert "line 60" in lines[-1]

    asyncio.run(drive())


def test_more_room_is_filled_with_the_lines_above() -> None:
    """Where the end is in view, and the view stands still, as while it is searched."""

    async def drive() -> None:
        pane = LogPane()
        async with Host(pane).run_test(size=(90, 9)) as pilot:
            pane.show(log())
            pane.view.focus()
            await pilot.press("slash", *"line", "enter")
            assert "line 59" in (await shown(pane, pilot))[1][-1]
            await pilot.resize_terminal(90, 30)
            lines = (await shown(pane, pilot))[1]
            assert (lines[0], lines[-1]) == ("line 31", "line 59")
            assert not pane.view.follow

    asyncio.run(drive())


def test_a_long_log_is_searched_in_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keys act in between: the nearest line is shown as soon as it is found, the title says how far it has come, and
    what is found above the lines in view moves nothing."""
    monkeypatch.setattr(log_view, "_STEP_S", 0.0)
    # The title says with every line how far it has come.
    monkeypatch.setattr(log_view, "_SAY_S", -1.0)

    async def drive() -> None:
        pane, later = LogPane(), []
        async with Host(pane).run_test(size=(90, 9)) as pilot:

            def step(count: int) -> None:
                for _ in range(count):
                    later.pop(0)()

            pane.show(log(300))
            pane.view.focus()
            await pilot.pause()
            monkeypatch.setattr(pane.view, "set_timer", lambda _, act: later.append(act))
            await pilot.press("slash", *"hot")
            assert "searching …" in (await shown(pane, pilot))[0]
            while not pane.view.hits:
                step(1)
            title, lines = await shown(pane, pilot)
            assert "1 found, searching …" in title
            assert any("line 293 Warning: hot" in line for line in lines)
            while len(pane.view.hits) < 3:
                step(1)
            await pilot.press("enter", "N", "N", "N")
            title, lines = await shown(pane, pilot)
            assert "3 found, searching …" in title
            assert any("line 273 Warning: hot" in line for line in lines), "the first one is not known yet"
            while later:
                step(1)
            assert "28 of 30" in (await shown(pane, pilot))[0]
            await pilot.press("ampersand")
            step(100)
            await pilot.press("up", "up")
            top = (await shown(pane, pilot))[1]
            assert "line 273 Warning: hot" in top
            while later:
                step(1)
            assert (await shown(pane, pilot))[1] == top
            assert pane.view.virtual_size.height == 30
            await pilot.press("slash", "x")
            assert any("searching for hotx …" in line for line in (await shown(pane, pilot))[1])
            while later:
                step(1)
            assert any("no line has hotx" in line for line in (await shown(pane, pilot))[1])

    asyncio.run(drive())


def test_what_came_while_the_log_stands_still_is_found() -> None:
    """Where nothing was found until now, and where a search begins; the lines that are read stay in view."""

    async def drive() -> None:
        pane, buffer = LogPane(), log()
        async with Host(pane).run_test(size=(90, 9)) as pilot:
            pane.show(buffer)
            pane.view.focus()
            await pilot.press("slash", *"needle", "enter")
            assert "no line has it" in (await shown(pane, pilot))[0]
            buffer.extend([LogLine("a needle comes")])
            assert "no line has it" in (await shown(pane, pilot))[0]
            await pilot.press("n")
            title, lines = await shown(pane, pilot)
            assert "1 of 1" in title
            assert "a needle comes" in lines
            await pilot.press("escape", "f")
            before = (await shown(pane, pilot))[1]
            buffer.extend([LogLine(f"a thread {i}") for i in range(20)])
            await pilot.press("slash")
            assert (await shown(pane, pilot))[1] == before
            await pilot.press(*"thread", "enter")
            assert "of 20" in (await shown(pane, pilot))[0]
            buffer.clear()
            buffer.extend([LogLine("anew")])
            await pilot.press(*"n" * 20)
            assert "no line has it" in (await shown(pane, pilot))[0]

    asyncio.run(drive())


def test_a_pasted_text_is_searched() -> None:
    """While one is typed: the first line of it, without what would steer the terminal, behind what was typed."""

    async def drive() -> None:
        pane = LogPane()
        async with Host(pane).run_test(size=(90, 9)) as pilot:
            pane.show(log())
            pane.view.focus()
            pilot.app.post_message(events.Paste("not asked for"))
            await pilot.press("slash", *"53 w")
            pilot.app.post_message(events.Paste("\narning: \x1b[31mhot\x07\nline 54"))
            await pilot.press("enter")
            title, lines = await shown(pane, pilot)
            assert "/53 warning: hot" in title
            assert "1 of 1" in title
            assert any("line 53 Warning: hot" in line for line in lines)

    asyncio.run(drive())


def test_a_search_that_was_typed_away_again_leaves_the_log_as_it_was() -> None:
    """It follows where it did, however typing ends, and stands still where it did."""

    async def drive() -> None:
        pane, buffer = LogPane(), log()
        async with Host(pane).run_test(size=(90, 9)) as pilot:
            pane.show(buffer)
            for end in ("enter", "tab"):
                pane.view.focus()
                await pilot.press("slash", "h", "backspace")
                assert not pane.view.follow
                await pilot.press(end)
                assert pane.view.follow
                buffer.extend([LogLine(f"behind {end}")])
                title, lines = await shown(pane, pilot)
                assert "/" not in title
                assert lines[-1] == f"behind {end}"
            await pilot.press("slash", "h", "backspace")
            pilot.app.set_focus(None)
            await pilot.pause()
            assert pane.view.follow
            pane.view.focus()
            await pilot.press("f", "slash", "h", "backspace", "enter")
            assert "standing still" in (await shown(pane, pilot))[0]

    asyncio.run(drive())


def test_a_text_further_right_than_is_searched_is_said_to_be_nowhere_in_the_first_characters() -> None:
    async def drive() -> None:
        pane, buffer = LogPane(), LogBuffer()
        buffer.extend([LogLine("x" * REACH + "needle")])
        async with Host(pane).run_test(size=(90, 9)) as pilot:
            pane.show(buffer)
            pane.view.focus()
            await pilot.press("slash", *"needle")
            assert "no line has it in its first 4,000 characters" in (await shown(pane, pilot))[0]

    asyncio.run(drive())


def test_only_lines_that_have_it_are_shown_and_those_that_come() -> None:
    async def drive() -> None:
        pane, buffer = LogPane(), log()
        async with Host(pane).run_test(size=(90, 9)) as pilot:
            pane.show(buffer)
            pane.view.focus()
            await pilot.press("slash", *"warning", "enter", "ampersand")
            title, lines = await shown(pane, pilot)
            assert "these lines only" in title
            assert [line.split()[1] for line in lines if line.startswith("line")] == ["3", "13", "23", "33", "43", "53"]
            buffer.extend([LogLine("a warning comes"), LogLine("other")])
            _, lines = await shown(pane, pilot)
            assert "a warning comes" in lines
            assert "other" not in lines
            await pilot.press("ampersand")
            assert "other" in (await shown(pane, pilot))[1]
            # What is searched belongs to the log that it was searched in.
            pane.show(log(5))
            assert "/" not in (await shown(pane, pilot))[0]

    asyncio.run(drive())


def test_what_is_found_far_to_the_right_is_brought_into_view() -> None:
    async def drive() -> None:
        pane, buffer = LogPane(), LogBuffer()
        buffer.extend([LogLine("start " + "x" * 300 + " needle"), LogLine("after")])
        async with Host(pane).run_test(size=(60, 6)) as pilot:
            pane.show(buffer)
            pane.view.focus()
            await pilot.press("slash", *"needle")
            assert any("needle" in line for line in (await shown(pane, pilot))[1])
            await pilot.press("ctrl+u", *"start")
            assert any("start" in line for line in (await shown(pane, pilot))[1])

    asyncio.run(drive())
