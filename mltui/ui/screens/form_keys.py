"""What the keys of every screen around a form do."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from mltui.ui.command import Command
from mltui.ui.screen_commands import TYPED
from mltui.ui.widgets.scrolling import HoldsTable

if TYPE_CHECKING:
    from mltui.ui.widgets.bars import KeyBar
    from mltui.ui.widgets.field_table import FieldTable


class FormKeys(HoldsTable):
    """Commands of a screen that has its fields in ``table``."""

    SHOWN: ClassVar[tuple[Command, ...]] = ()
    """Commands of the screen."""
    table: FieldTable
    keys: KeyBar

    def show_keys(self) -> None:
        """The keys that count now: others while a value is typed, and all but one are values while a key is awaited."""
        typed = TYPED[1:] if self.table.awaits_key else TYPED
        self.keys.show(typed if self.table.typing else tuple(one for one in self.SHOWN if one.footer))

    def action_edit(self) -> None:
        """Type the value."""
        self.table.begin()

    def action_step(self, by: int) -> None:
        """The next value."""
        self.table.step(by)

    def action_reset(self) -> None:
        """Back to the default."""
        self.table.reset()
