"""Gauges: use, limit and their ratio, in the rows there are; with the whole screen their history, and a table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from textual.geometry import Region, Size
from textual.scroll_view import ScrollView
from textual.strip import Strip

from mltui.ui.theme import roles
from mltui.ui.widgets.lines import Line, make_strip
from mltui.ui.widgets.scrolling import ScrollsLines

if TYPE_CHECKING:
    from mltui.ui.widgets.gauge_lines import Gauge

#: Something that is drawn among the cards, of which only the caller knows what it is: its lines for a width.
Table = Sequence[Line]


class Gauges(ScrollsLines, ScrollView, can_focus=True, inherit_bindings=False):
    """Draws gauges into the room it has, and scrolls where that is too little; only what changed is drawn again."""

    DEFAULT_CSS = """
    Gauges { scrollbar-size-vertical: 1; overflow-x: hidden; height: 1fr; }
    """
    ALLOW_SELECT: ClassVar[bool] = False

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.full = False
        """They have the whole screen: cards with graphs, and the table."""
        self._gauges: Sequence[Gauge] = ()
        self._table: Table = ()
        self._after = 0
        self._drawn: Sequence[Line] = ()

    @property
    def slices(self) -> int:
        """In how many pieces a history is best given."""
        from mltui.ui.widgets.gauge_lines import card_width

        width = self.scrollable_content_region.width
        return max(20, card_width(width) if self.full else width)

    def show(self, gauges: Sequence[Gauge], table: Table = (), after: int = 0) -> None:
        """Show these; ``table`` stands behind the first ``after`` gauges where they have the whole screen."""
        self._gauges, self._table, self._after = gauges, table, after
        self._draw()

    def on_resize(self) -> None:
        """Draw for the new room."""
        self._draw()
        self.refresh()

    def _draw(self) -> None:
        width = self.scrollable_content_region.width
        old, self._drawn = self._drawn, self._lines(width)
        if len(self._drawn) != self.virtual_size.height:
            self.virtual_size = Size(width, len(self._drawn))
            self.refresh()
            # A scrollbar that comes or goes with it leaves another width.
            self.call_after_refresh(self._draw)
            return
        top = self.scroll_offset.y
        for y in range(top, min(len(self._drawn), top + self.size.height)):
            if y >= len(old) or old[y] != self._drawn[y]:
                self.refresh(Region(0, y - top, width, 1))

    def _lines(self, width: int) -> Sequence[Line]:
        if not self._gauges and not self._table:
            return ()
        from mltui.ui.widgets.gauge_lines import draw_cards, draw_gauges

        if not self.full:
            return draw_gauges(self._gauges, width, self.size.height)
        if not self._table:
            return draw_cards(self._gauges, width)
        return [
            *draw_cards(self._gauges[: self._after], width),
            *self._table,
            *draw_cards(self._gauges[self._after :], width),
        ]

    def render_line(self, y: int) -> Strip:
        """One line."""
        at = y + self.scroll_offset.y
        line: Line = self._drawn[at] if at < len(self._drawn) else ()
        return make_strip(line, self.scrollable_content_region.width, roles(self.app), self.visual_style.rich_style)
