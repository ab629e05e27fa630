"""Colours for a terminal that has 256 of them, as most have over SSH and in tmux, which do not pass ``COLORTERM`` on;
and for one that has 16.

Rich takes each channel by itself and calls dark blues that are nearly grey blue: a bar of ``#222932`` turns navy and a
background black. Here a colour becomes the one that looks nearest, of the cube and the greys that every such terminal
has alike (the first 16 are the user's own, and differ).

Of 16 colours Rich takes the nearest, which yellow and cyan on white are too: whatever is pale on its ground becomes one
that is not.
"""

from __future__ import annotations

from abc import abstractmethod
from functools import lru_cache

from rich.color import Color as RichColor
from rich.color import ColorSystem, ColorType
from rich.palette import Palette
from rich.segment import Segment
from rich.style import Style
from textual.color import Color
from textual.filter import LineFilter

_FIRST, _LAST = 16, 255
_LEVELS = (0, 95, 135, 175, 215, 255)
#: Red, green and blue of the colours from ``_FIRST`` on: a cube of six levels, then 24 greys.
_FIXED = Palette(
    [(red, green, blue) for red in _LEVELS for green in _LEVELS for blue in _LEVELS]
    + [(grey, grey, grey) for grey in range(8, 239, 10)]
)


class _FewColours(LineFilter):
    """Gives what is drawn other colours, style by style."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """The same text in colours that the terminal has."""
        return [
            Segment(text, self.restyled(style), control) if style is not None else Segment(text, None, control)
            for text, style, control in segments
        ]

    @abstractmethod
    def restyled(self, style: Style) -> Style:
        """``style`` in colours that the terminal has."""


class NearestColours(_FewColours):
    """Gives what is drawn the nearest of 256 colours."""

    def restyled(self, style: Style) -> Style:
        """``style`` in the nearest colours."""
        return _in_few(style)


@lru_cache(4096)
def _in_few(style: Style) -> Style:
    ink, ground = _nearest(style.color), _nearest(style.bgcolor)
    return style if ink is style.color and ground is style.bgcolor else style + Style(color=ink, bgcolor=ground)


@lru_cache(4096)
def _nearest(color: RichColor | None) -> RichColor | None:
    if color is None or color.type is not ColorType.TRUECOLOR or color.triplet is None:
        return color
    # Rich's distance weighs the channels by the mean of red, which is close to what the eye sees.
    number = _FIRST + _FIXED.match(color.triplet)
    return RichColor(f"color({number})", ColorType.EIGHT_BIT, number=number)


#: Colours that are pale on a bright ground, and those on a dark one → what can be read there. Their names: 0 to 7 are
#: black, red, green, yellow, blue, magenta, cyan and white, and 8 more are the same, bright.
_ON_BRIGHT = {3: 5, 6: 4, 7: 8, 9: 1, 10: 2, 11: 5, 12: 4, 13: 5, 14: 4, 15: 0}
_ON_DARK = {0: 8, 4: 12}
_BRIGHT_GROUNDS = (7, 15)


class ReadableColours(_FewColours):
    """Gives what is drawn those of 16 colours that can be read on their ground."""

    def restyled(self, style: Style) -> Style:
        """``style`` with an ink that is not pale on its ground."""
        return _readable(style)


@lru_cache(4096)
def _readable(style: Style) -> Style:
    if style.color is None or style.bgcolor is None:
        return style
    ink, ground = (color.downgrade(ColorSystem.STANDARD) for color in (style.color, style.bgcolor))
    pale = _ON_BRIGHT if ground.number in _BRIGHT_GROUNDS else _ON_DARK
    number = pale.get(-1 if ink.number is None else ink.number)
    if number is not None:
        ink = RichColor(f"color({number})", ColorType.STANDARD, number=number)
    return style + Style(color=ink, bgcolor=ground)
