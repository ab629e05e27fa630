"""What the keys of every screen around a form do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mltui.ui.widgets.scrolling import HoldsTable

if TYPE_CHECKING:
    from mltui.ui.widgets.field_table import FieldTable


class FormKeys(HoldsTable):
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
