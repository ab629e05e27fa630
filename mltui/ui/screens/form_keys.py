"""What the keys of every screen around a form do."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mltui.ui.widgets.field_table import FieldTable


class FormKeys:
    """Commands of a screen that has its fields in ``table``."""

    table: FieldTable

    def action_edit(self) -> None:
        """Type the value."""
        self.table.begin()

    def action_step(self, by: int) -> None:
        """The next value."""
        self.table.step(by)

    def action_reset(self) -> None:
        """Back to the default."""
        self.table.reset()

    def action_cursor(self, steps: int) -> None:
        """Another field."""
        self.table.action_cursor(steps)

    def action_page(self, pages: int) -> None:
        """A screen further."""
        self.table.action_page(pages)

    def action_edge(self, last: bool) -> None:
        """The first or the last field."""
        self.table.action_edge(last)
