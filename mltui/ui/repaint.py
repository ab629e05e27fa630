"""What is sent to the terminal where a part of the screen has changed: that part, in few words.

Textual ends a changed row behind the part, but begins it at the widget's left edge: a live chart would send most of its
cells again with every point. And it names both colours anew wherever one of them changes, in four times the bytes of
what stands there.
"""

from __future__ import annotations

import re

from rich.console import Console, RenderableType
from rich.control import Control
from textual._compositor import ChopsUpdate

_BEGIN, _NEXT = "\x1b[", "\x1b[0m\x1b["
"""In front of the colours of a piece of text, the first one and those behind another."""
_COLOURS = re.compile(r"(38;(?:2;\d+;\d+|5);\d+);(48;(?:2;\d+;\d+|5);\d+)")
"""Of the letters and of the ground behind them, and nothing else such as bold."""


class PartsUpdate(ChopsUpdate):
    """The parts of rows that have changed, each cut off at both ends."""

    def render_segments(self, console: Console) -> str:
        """What the terminal is sent."""
        sent: list[str] = []
        for y, left, right in self.spans:
            for end, (x, strip) in zip(self.chop_ends[y], self.chops[y].items(), strict=False):
                start, stop = max(x, left), min(end, right)
                if strip is not None and start < stop:
                    text = strip.crop(start - x, stop - x).render(console)
                    sent += Control.move_to(start, y).segment.text, in_brief(text)
        return "".join(sent)


def in_brief(text: str) -> str:
    """The same text for the terminal, with the letters' colour alone where the ground behind them stays."""
    first, *others = text.split(_NEXT)
    sent, ground = [first], _ground(first.removeprefix(_BEGIN))
    for piece in others:
        codes = piece[: piece.find("m")]
        found = _COLOURS.fullmatch(codes)
        if found and found[2] == ground:
            sent.append(f"{_BEGIN}{found[1]}{piece[len(codes) :]}")
        else:
            sent.append(_NEXT + piece)
        ground = _ground(piece)
    return "".join(sent)


def _ground(piece: str) -> str:
    """The ground that is set at the end of a piece that begins with its colours; empty where that is not sure."""
    codes, _, text = piece.partition("m")
    found = _COLOURS.fullmatch(codes)
    return found[2] if found and "\x1b" not in text else ""


def in_parts(update: RenderableType | None) -> RenderableType | None:
    """The same update of the screen, in parts of rows where it is one of rows."""
    return PartsUpdate(update.chops, update.spans, update.chop_ends) if type(update) is ChopsUpdate else update
