"""The keys of a text that scrolls, for the view itself and for a pane or a screen around it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from textual.scroll_view import ScrollView

    from mltui.ui.widgets.list_table import ListTable

    _View = ScrollView
else:
    _View = object

#: Columns of one step to the side.
SIDEWAYS = 16


class ScrollsLines(_View):
    """Actions of a view of lines."""

    def go_to(self, line: float) -> None:
        """Make ``line`` the first that is shown, as far as there are lines."""
        # Forced: the view may know of more lines than its last layout did.
        self.scroll_to(y=line, animate=False, immediate=True, force=True)

    def action_cursor(self, steps: int) -> None:
        """Scroll by lines."""
        self.go_to(self.scroll_offset.y + steps)

    def action_page(self, pages: int) -> None:
        """Scroll by screens."""
        self.action_cursor(pages * max(1, self.size.height - 1))

    def action_edge(self, last: bool) -> None:
        """Scroll to the start or to the end."""
        self.go_to(self.max_scroll_y if last else 0)

    def action_sideways(self, steps: int) -> None:
        """Show what is further right, or left again."""
        raise NotImplementedError


class HoldsLines:
    """The same actions for what stands around a view and has its keys."""

    view: ScrollsLines

    def action_cursor(self, steps: int) -> None:
        """Scroll by lines."""
        self.view.action_cursor(steps)

    def action_page(self, pages: int) -> None:
        """Scroll by screens."""
        self.view.action_page(pages)

    def action_edge(self, last: bool) -> None:
        """Scroll to an end."""
        self.view.action_edge(last)

    def action_sideways(self, steps: int) -> None:
        """Scroll to the side."""
        self.view.action_sideways(steps)


class HoldsTable:
    """The keys of a list of rows, for what stands around it and has them."""

    table: ListTable[Any]

    def action_cursor(self, steps: int) -> None:
        """Move the cursor."""
        self.table.action_cursor(steps)

    def action_page(self, pages: int) -> None:
        """Move by screens."""
        self.table.action_page(pages)

    def action_edge(self, last: bool) -> None:
        """Move to an end."""
        self.table.action_edge(last)
