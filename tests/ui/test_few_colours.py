"""A terminal with 256 colours gets the nearest ones, greys for what is nearly grey."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from rich.color import ColorType
from rich.segment import Segment
from rich.style import Style
from textual import constants
from textual.theme import Theme

from mltui.ui.app import MltuiApp
from mltui.ui.few_colours import NearestColours, ReadableColours
from mltui.ui.palette import contrast
from mltui.ui.theme import DARK, LIGHT
from tests.ui.conftest import wait_for
from tests.ui.test_app import app_for, ready, text


def few(color: str) -> tuple[int, ...]:
    """Red, green and blue that a colour becomes, checked to be one that a terminal with 256 has."""
    [segment] = NearestColours().apply([Segment("x", Style.parse(f"bold {color} on {color}"))], None)  # type: ignore[arg-type]
    assert segment.text == "x"
    assert segment.style is not None
    assert segment.style.bold
    found = segment.style.color
    assert found is not None
    assert found == segment.style.bgcolor
    assert found.type is ColorType.EIGHT_BIT
    assert found.number is not None
    assert found.number >= 16, "the first 16 are what the user made of them"
    return tuple(found.get_truecolor())


@pytest.mark.parametrize("theme", [DARK, LIGHT], ids=["dark", "light"])
def test_surfaces_stay_greys_that_differ_and_text_stays_readable(theme: Theme) -> None:
    surfaces = [few(color) for color in (theme.background, theme.surface, theme.panel)]
    assert all(len(set(color)) == 1 for color in surfaces), f"{surfaces} are no greys"
    assert len(set(surfaces)) == 3
    assert abs(few(theme.foreground)[0] - surfaces[2][0]) > 150


def test_what_a_terminal_has_stays_as_it_is_and_what_is_no_colour_too() -> None:
    plain = [
        Segment("a"),
        Segment("b", Style(bold=True)),
        Segment("c", Style(color="color(17)")),
        Segment("d", Style(color="red")),
    ]
    assert NearestColours().apply(plain, None) == plain  # type: ignore[arg-type]
    assert few("#5fafaf") == (0x5F, 0xAF, 0xAF)


def test_the_whole_app_is_drawn_in_what_the_terminal_has(profiles: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(constants, "COLOR_SYSTEM", "256")

    def types(app: MltuiApp) -> set[ColorType]:
        styles = [segment.style for strip in app.screen._compositor.render_strips() for segment in strip]
        found = [color for style in styles if style is not None for color in (style.color, style.bgcolor)]
        return {color.type for color in found if color is not None}

    async def drive() -> None:
        app = app_for(profiles)
        async with app.run_test(size=(100, 30)) as pilot:
            await ready(app, pilot)
            assert types(app) == {ColorType.EIGHT_BIT}
            await pilot.press("question_mark")  # a dialog, over the screen that it makes darker
            await wait_for(pilot, lambda: "every key" in text(app))
            assert types(app) == {ColorType.EIGHT_BIT}

    asyncio.run(drive())


@pytest.mark.parametrize("theme", [DARK, LIGHT], ids=["dark", "light"])
def test_of_16_colours_none_is_pale_on_its_ground(theme: Theme) -> None:
    """By the palette that terminals of 16 colours had first, whose white is a grey."""
    for name in ("foreground", "primary", "secondary", "accent", "success", "warning", "error"):
        style = Style(color=getattr(theme, name), bgcolor=theme.background)
        [segment] = ReadableColours().apply([Segment("x", style)], None)  # type: ignore[arg-type]
        assert segment.style is not None
        assert segment.style.color is not None
        assert segment.style.bgcolor is not None
        ink, ground = segment.style.color.get_truecolor(), segment.style.bgcolor.get_truecolor()
        assert contrast(ink.hex, ground.hex) > 3, f"{name}: {segment.style}"


@pytest.mark.parametrize("lack", ["standard", "NO_COLOR"])
def test_the_cursor_shows_where_there_are_no_tints(profiles: Path, monkeypatch: pytest.MonkeyPatch, lack: str) -> None:
    """Its line is reversed in the pane that has the focus, and underlined in the others."""
    if lack == "NO_COLOR":
        monkeypatch.setenv("NO_COLOR", "1")
    else:
        monkeypatch.setattr(constants, "COLOR_SYSTEM", lack)

    async def drive() -> None:
        app = app_for(profiles)
        async with app.run_test(size=(100, 30)) as pilot:
            await ready(app, pilot)

            def told(row: int) -> list[tuple[bool | None, bool | None]]:
                styles = [segment.style for segment in app.main.profiles.table.render_line(row)]
                return [(style.reverse, style.underline) for style in styles if style]

            assert all(reverse and not underline for reverse, underline in told(0))
            assert not any(reverse or underline for reverse, underline in told(1))
            await pilot.press("2")
            assert all(underline and not reverse for reverse, underline in told(0))

    asyncio.run(drive())


def test_with_millions_of_colours_none_is_changed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(constants, "COLOR_SYSTEM", "truecolor")
    assert not any(isinstance(one, NearestColours) for one in MltuiApp().get_line_filters())
