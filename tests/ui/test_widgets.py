"""Widgets alone: rows in, characters out."""

from __future__ import annotations

import asyncio

import pytest
from rich.style import Style
from textual.strip import Strip
from textual.widgets import Static, TextArea

from mltui.domain.log import LogBuffer, LogLine
from mltui.ui.screens.dialogs import TextScreen
from mltui.ui.theme import Roles
from mltui.ui.widgets.gauge_lines import bar, sparkline
from mltui.ui.widgets.lines import columns, cut, fit, line_length, make_strip, spread
from mltui.ui.widgets.list_table import ListTable
from mltui.ui.widgets.log_view import LogView
from mltui.ui.widgets.yaml_area import YamlArea
from tests.ui.conftest import Host, rows


def joined(line: object) -> str:
    """The text of a line."""
    return "".join(text for text, _ in line)  # type: ignore[attr-defined]


def test_a_line_is_cut_with_an_ellipsis() -> None:
    """It never takes more columns than it may, wide characters counted twice."""
    assert joined(fit([("hello", "text"), ("world", "dim")], 8)) == "hellowo…"
    assert columns("日本") == 4
    assert line_length(fit([("日本語テキスト", "text")], 6)) <= 6
    assert cut("ab", 4) == "ab  "


def test_two_ends_share_a_line() -> None:
    """The right end stays whole, the left one gives way; where both cannot be, the left is shown."""
    assert joined(spread([("left", "text")], [("right", "dim")], 12)) == "left   right"
    assert joined(spread([("a long left end", "text")], [("right", "dim")], 14)) == "a long … right"
    assert joined(spread([("a long left end", "text")], [("right", "dim")], 9)) == "a long l…"


def test_no_text_of_a_row_steers_the_terminal() -> None:
    """Whatever its source forgot to clean; what is left out takes no column."""
    line = [("vgg\x9b31m\x07 \x1b]0;title\x07loss\u202e", "text"), ("\ta\nb", "dim"), ("日本", "text")]
    strip = make_strip(line, 20, Roles({}), Style())
    assert strip.text == "vgg loss a b日本    "
    assert strip.cell_length == 20


@pytest.mark.parametrize(
    ("ratio", "text"),
    [
        (0.0, "────────"),
        (0.5, "████────"),
        (1.0, "████████"),
        (7.0, "████████"),
        (None, "────────"),
        (0.0001, "▏───────"),
    ],
)
def test_a_bar_is_filled_to_its_ratio(ratio: float | None, text: str) -> None:
    """In eighths of a cell; a little is not nothing, too much is full, unknown is empty."""
    assert joined(bar(ratio, 8, "primary")) == text


def test_a_sparkline_ends_at_the_right() -> None:
    """The newest is last; what is unknown is blank."""
    assert sparkline([0.0, None, 1.0], 5) == "  ▁ █"


def test_a_list_keeps_its_cursor_on_the_row_when_rows_come_and_go() -> None:
    """By the row's key, not by its number."""

    async def drive() -> None:
        table: ListTable[str] = ListTable(lambda row: row, lambda row, width: [(row, "text")], lambda row: row)
        app = Host(table)
        async with app.run_test(size=(20, 5)) as pilot:
            table.update(["b", "c", "d"])
            table.move(1)
            table.update(["a", "b", "c", "d"])
            assert table.current == "c"
            table.update(["a", "b", "d"])
            assert table.current == "d"
            table.update([])
            assert table.current is None
            table.update([f"row {i}" for i in range(100)])
            table.action_edge(True)
            await pilot.pause()
            assert table.current == "row 99"
            assert any("row 99" in row for row in rows(app, table))

    asyncio.run(drive())


def test_a_log_follows_its_end_until_it_is_scrolled_away() -> None:
    """New lines are in view while following; where a person reads, the lines stand still."""

    async def drive() -> None:
        view, buffer = LogView(), LogBuffer(limit=50)
        app = Host(view)
        async with app.run_test(size=(30, 6)) as pilot:
            view.show(buffer)
            buffer.extend([LogLine(f"line {i}") for i in range(40)])
            view.sync()
            await pilot.pause()
            assert rows(app, view)[-1].strip() == "line 39"
            view.action_page(-1)
            await pilot.pause()
            assert view.follow is False
            before = [row[:-1] for row in rows(app, view)]
            buffer.extend([LogLine(f"more {i}") for i in range(8)])
            view.sync()
            await pilot.pause()
            assert [row[:-1] for row in rows(app, view)] == before
            # As a flood does: the view that stands still keeps what is read.
            buffer.clear(skipped_bytes=1000)
            buffer.extend([LogLine(f"more {i}") for i in range(8)])
            view.sync()
            await pilot.pause()
            assert view.follow is False
            assert [row[:-1] for row in rows(app, view)] == before
            view.action_follow()
            await pilot.pause()
            assert rows(app, view)[-1].strip() == "more 7"

    asyncio.run(drive())


def test_a_log_stands_still_when_its_buffer_has_shrunk_meanwhile() -> None:
    """The key holds what is there now, although it has fewer lines than were shown, and takes it up again."""

    async def drive() -> None:
        view, buffer = LogView(), LogBuffer()
        app = Host(view)
        async with app.run_test(size=(30, 6)) as pilot:
            view.show(buffer)
            buffer.extend([LogLine(f"line {i}") for i in range(40)])
            view.sync()
            await pilot.pause()
            buffer.clear(skipped_bytes=1000)
            buffer.extend([LogLine(f"more {i}") for i in range(20)])
            view.action_follow()
            await pilot.pause()
            assert view.follow is False
            view.action_follow()
            await pilot.pause()
            assert view.follow is True
            assert rows(app, view)[-1].strip() == "more 19"

    asyncio.run(drive())


def test_a_log_says_what_it_left_out_and_draws_a_pending_line() -> None:
    """Lines that fell out of the buffer are counted; the line being drawn is the last one."""

    async def drive() -> None:
        view, buffer = LogView(), LogBuffer(limit=10)
        app = Host(view)
        async with app.run_test(size=(70, 20)) as pilot:
            buffer.extend([LogLine(f"line {i}") for i in range(25)])
            buffer.draw(2, "50% ████")
            view.show(buffer)
            await pilot.pause()
            shown = [row.strip() for row in rows(app, view)]
            assert "15 earlier lines" in shown[0]
            assert shown[1] == "line 15"
            assert shown[11].endswith("50% ████")

    asyncio.run(drive())


def test_nothing_of_a_log_steers_the_terminal() -> None:
    """Escape sequences and controls are gone by the time a line is drawn."""

    async def drive() -> None:
        view, buffer = LogView(), LogBuffer()
        app = Host(view)
        async with app.run_test(size=(60, 5)) as pilot:
            buffer.extend([LogLine("a\x1b]52;c;AAAA\x07b\x1b[2Jc\x9b31md\x00\x08e [bold]x[/bold]")])
            view.show(buffer)
            await pilot.pause()
            shown = "".join(rows(app, view))
            assert "abcde [bold]x[/bold]" in shown
            assert not any(ord(char) < 32 or 127 <= ord(char) < 160 for char in shown)

    asyncio.run(drive())


@pytest.mark.parametrize("size", [(40, 8), (120, 30)])
def test_lines_that_are_kept_as_drawn_look_as_the_text_area_draws_them(size: tuple[int, int]) -> None:
    """Tabs, wide characters, block scalars, lines longer than the view, scrolled sideways or not."""
    text = "# c\nimage: x # the\n\nparams:\n\tlr: 0.1\n  a: |\n    block é漢字 x\n  b: 'q'  \n" + "l: " + "y" * 200

    async def run() -> None:
        area = YamlArea()
        async with Host(area).run_test(size=size) as pilot:
            area.show(text)
            for left in (0, 30):
                area.scroll_to(x=left, animate=False, force=True)
                await pilot.pause()
                for y in range(1, area.size.height):
                    kept, drawn = area.render_line(y), TextArea.render_line(area, y)
                    assert cells(kept.crop(0, area.size.width)) == cells(drawn.crop(0, area.size.width))

    def cells(strip: Strip) -> list[tuple[str, str]]:
        return [(character, str(segment.style)) for segment in strip for character in segment.text]

    asyncio.run(run())


def test_what_made_the_text_longer_than_the_view_can_be_taken_back() -> None:
    """Step by step, with the cursor at its end, and made again."""

    async def run() -> None:
        area = YamlArea()
        async with Host(area).run_test(size=(40, 8)) as pilot:
            area.show("a: 1\n" * 5)
            area.focus()
            texts = [area.text]
            await pilot.press("ctrl+end")
            for number in range(8):
                area.history.checkpoint()
                area.insert(f"x{number}: 1\n")
                texts.append(area.text)
                await pilot.pause()
            assert area.show_vertical_scrollbar
            for step, wanted in ((area.undo, texts[-2::-1]), (area.redo, texts[1:])):
                for text in wanted:
                    step()
                    await pilot.pause()
                    assert area.text == text
                    assert area.scroll_offset.y <= area.cursor_location[0] < area.scroll_offset.y + area.size.height
            assert area.show_vertical_scrollbar

    asyncio.run(run())


def test_a_text_is_folded_beside_its_scrollbar() -> None:
    """What just fits without the bar goes on below when there is one."""

    async def run() -> None:
        host = Host(Static())
        async with host.run_test(size=(60, 12)) as pilot:
            screen = TextScreen("Text", [[(f"{'word ' * width}end", "text")] for width in range(4, 24)])
            await host.push_screen(screen)
            for _ in range(4):
                await pilot.pause()
            assert screen.view.show_vertical_scrollbar
            width = screen.view.scrollable_content_region.width
            assert max(map(line_length, screen.view.lines)) <= width

    asyncio.run(run())
