"""Of a row that has changed the part that did is sent, at its place."""

from __future__ import annotations

import io

import pytest
from rich.console import Console
from rich.segment import Segment
from textual._compositor import ChopsUpdate, LayoutUpdate
from textual.app import App
from textual.geometry import Region
from textual.strip import Strip

from mltui.ui.app import MltuiApp
from mltui.ui.repaint import PartsUpdate, in_parts

CONSOLE = Console(file=io.StringIO())


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
