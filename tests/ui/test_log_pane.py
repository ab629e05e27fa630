"""Searching in the log: found lines, going on from one to the next, and only those lines."""

from __future__ import annotations

import asyncio

from textual.pilot import Pilot

from mltui.domain.log import LogBuffer, LogLine
from mltui.ui.panes.log import LogPane
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
            assert "1 of 6" in (await shown(pane, pilot))[0], "behind the last is the first"
            await pilot.press("escape")
            title, lines = await shown(pane, pilot)
            assert "/" not in title
            assert pane.view.follow
            assert "line 60" in lines[-1]

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
