"""What is sent to the terminal where a part of the screen has changed: that part.

Textual ends a changed row behind the part, but begins it at the widget's left edge: a live chart would send most of its
cells again with every point.
"""

from __future__ import annotations

from rich.console import Console, RenderableType
from rich.control import Control
from textual._compositor import ChopsUpdate


class PartsUpdate(ChopsUpdate):
    """The parts of rows that have changed, each cut off at both ends."""

    def render_segments(self, console: Console) -> str:
        """What the terminal is sent."""
        sent: list[str] = []
        for y, left, right in self.spans:
            for end, (x, strip) in zip(self.chop_ends[y], self.chops[y].items(), strict=False):
                start, stop = max(x, left), min(end, right)
                if strip is not None and start < stop:
                    sent += Control.move_to(start, y).segment.text, strip.crop(start - x, stop - x).render(console)
        return "".join(sent)


def in_parts(update: RenderableType | None) -> RenderableType | None:
    """The same update of the screen, in parts of rows where it is one of rows."""
    return PartsUpdate(update.chops, update.spans, update.chop_ends) if type(update) is ChopsUpdate else update
