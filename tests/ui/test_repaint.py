"""Of a row that has changed the part that did is sent, at its place."""

from __future__ import annotations

import io
import re

import pyte
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console
from rich.segment import Segment
from rich.style import Style
from textual._compositor import ChopsUpdate, LayoutUpdate
from textual.app import App
from textual.geometry import Region
from textual.strip import Strip

from mltui.ui.app import MltuiApp
from mltui.ui.repaint import PartsUpdate, in_brief, in_parts

CONSOLE = Console(file=io.StringIO())

STYLES = [
    Style.parse(text)
    for text in (
        "#010203 on #090909", "#040506 on #090909", "#040506 on #070707", "bold #010203 on #090909", "#010203",
        "reverse", "", "underline on #090909", "link https://x.y #010203 on #090909",
    )
]  # fmt: skip


def shown(text: str) -> list[object]:
    """What a terminal has on its first row, cell by cell, and the style that it ends with."""
    screen = pyte.Screen(40, 1)
    pyte.Stream(screen).feed(re.sub("\x1b\\]8;[^\\\\]*\x1b\\\\\\\\", "", text))
    return [*(screen.buffer[0][x] for x in range(40)), screen.cursor.attrs]


def update(*spans: tuple[int, int, int]) -> ChopsUpdate:
    """Two rows, of one widget and of two side by side."""
    rows = [{0: Strip([Segment("abc"), Segment("defgh")])}, {0: Strip([Segment("1234")]), 4: Strip([Segment("5678")])}]
    return ChopsUpdate(rows, list(spans), [[8], [4, 8]])


@pytest.mark.parametrize(
    ("span", "sent"),
    [
        ((0, 4, 6), "\x1b[1;5Hef"),
        ((0, 0, 8), "\x1b[1;1Habcdefgh"),
        ((1, 3, 5), "\x1b[2;4H4\x1b[2;5H5"),
        ((1, 4, 8), "\x1b[2;5H5678"),
        ((1, 0, 4), "\x1b[2;1H1234"),
    ],
)
def test_a_part_of_a_row_is_sent_alone(span: tuple[int, int, int], sent: str) -> None:
    """Not what stands before it in its widget."""
    found = in_parts(update(span))
    assert isinstance(found, PartsUpdate)
    assert found.render_segments(CONSOLE) == sent


def test_parts_of_several_rows_are_sent_one_after_the_other() -> None:
    """Each at its own place."""
    found = in_parts(update((0, 7, 8), (1, 7, 8)))
    assert isinstance(found, PartsUpdate)
    assert found.render_segments(CONSOLE) == "\x1b[1;8Hh\x1b[2;8H8"


def test_everything_else_is_sent_as_it_is() -> None:
    """A whole screen, or nothing."""
    whole = LayoutUpdate([], Region(0, 0, 8, 2))
    assert in_parts(whole) is whole
    assert in_parts(None) is None


def test_the_app_sends_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """It asks for that wherever a screen has something to send."""
    sent: list[object] = []
    monkeypatch.setattr(App, "_display", lambda *args: sent.append(args[-1]))
    app = MltuiApp()
    app._display(app.main, update((0, 4, 6)))
    assert [type(found) for found in sent] == [PartsUpdate]


@pytest.mark.parametrize("system", ["truecolor", "256", "standard"])
@given(st.lists(st.tuples(st.sampled_from(["a", "m[0", "⡇", ""]), st.sampled_from(STYLES)), max_size=8))
def test_colours_are_told_in_brief(system: str, pieces: list[tuple[str, Style]]) -> None:
    """A terminal shows the same, from no more bytes."""
    console = Console(file=io.StringIO(), force_terminal=True, color_system=system)
    long = Strip([Segment(text, style) for text, style in pieces]).render(console)
    brief = in_brief(long)
    assert len(brief) <= len(long)
    assert shown(brief) == shown(long)


def test_the_letters_colour_alone_is_sent_where_the_ground_stays() -> None:
    """As in a chart."""
    console = Console(file=io.StringIO(), force_terminal=True, color_system="truecolor")
    strip = Strip([Segment("a", STYLES[0]), Segment("b", STYLES[1]), Segment("c", STYLES[2])])
    assert in_brief(strip.render(console)) == (
        "\x1b[38;2;1;2;3;48;2;9;9;9ma\x1b[38;2;4;5;6mb\x1b[0m\x1b[38;2;4;5;6;48;2;7;7;7mc\x1b[0m"
    )
