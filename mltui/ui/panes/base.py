"""What every pane of the main screen shares: a title line that tells where the focus is, and the keys of the place."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypeVar, cast

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.widget import Widget

from mltui.domain.figures import format_count
from mltui.ui.command import Command
from mltui.ui.commands import PANES, TYPING, command
from mltui.ui.widgets.bars import PaneTitle
from mltui.ui.widgets.blank import Column
from mltui.ui.widgets.lines import Line, Span
from mltui.ui.widgets.list_table import ListTable
from mltui.ui.widgets.scrolling import HoldsTable

if TYPE_CHECKING:
    from mltui.ui.app import MltuiApp

T = TypeVar("T")


class Pane(Column):
    """A region with a title; ``target`` is the widget that takes the focus for it."""

    KEY: ClassVar[str] = ""
    TITLE: ClassVar[str] = ""
    BINDINGS: ClassVar[list[BindingType]] = []

    def __init__(self, id: str) -> None:
        super().__init__(id=id, classes="pane")
        self.title_bar = PaneTitle(self.KEY, self.TITLE)

    @property
    def cockpit_app(self) -> MltuiApp:
        """The app, by its own type."""
        return cast("MltuiApp", self.app)

    @property
    def target(self) -> Widget:
        """What takes the focus."""
        raise NotImplementedError

    def on_descendant_focus(self) -> None:
        """The title shows that the focus is here."""
        self.title_bar.show(*self.title_texts(), focused=True)

    def on_descendant_blur(self) -> None:
        """The title shows that the focus went, unless it went to another widget of the pane."""
        focused = self.screen.focused
        self.title_bar.show(*self.title_texts(), focused=focused is not None and self in focused.ancestors)

    def title_texts(self) -> tuple[Line, Line]:
        """What the title says behind the name, and at its end."""
        return (), ()

    @property
    def footer(self) -> tuple[Command, ...]:
        """Its commands that are of use now, for the line at the bottom."""
        return tuple(one for one in PANES[self.id or ""] if one.footer)

    @property
    def typing(self) -> tuple[Command, ...]:
        """What is not text while a text is typed here; empty while none is."""
        return ()

    def retitle(self) -> None:
        """Say in the title what holds now."""
        self.title_bar.show(*self.title_texts())


class ListPane(HoldsTable, Pane, Generic[T]):
    """A pane with one list in it."""

    EMPTY: ClassVar[str] = "looking for an engine …"
    """What is said before anything is known."""
    ROWLESS: ClassVar[tuple[str, ...]] = ()
    """Ids of the commands that are offered where there is no row."""

    def __init__(
        self, id: str, key: Callable[[T], str], draw: Callable[[T, int], Line], text: Callable[[T], str]
    ) -> None:
        super().__init__(id)
        self.table: ListTable[T] = ListTable(key, draw, text, empty=self.EMPTY)

    def compose(self) -> ComposeResult:
        """Title and list."""
        yield self.title_bar
        yield self.table

    @property
    def target(self) -> Widget:
        """The list."""
        return self.table

    def show(self, rows: Sequence[T]) -> None:
        """Show ``rows``."""
        self.table.update(rows)
        self.retitle()

    def title_texts(self) -> tuple[Line, Line]:
        """How many rows there are, and the filter."""
        shown, total = self.counts()
        table = self.table
        if table.filtering or table.filter:
            mark = "▏" if table.filtering else ""
            return [(f"/{table.filter}{mark}", "accent")], [(f"{format_count(shown)} of {format_count(total)}", "dim")]
        right: list[Span] = [(format_count(total), "dim")] if total else []
        return (), right

    def counts(self) -> tuple[int, int]:
        """How many a filter leaves, and how many there are."""
        return len(self.table.shown), len(self.table.rows)

    @property
    def footer(self) -> tuple[Command, ...]:
        """Where there is no row, only what needs none, and the way back from a filter that nothing fits."""
        if self.table.current is not None:
            return super().footer
        back = (command("app.back"),) if self.table.filter else ()
        return (*back, *map(command, self.ROWLESS))

    @property
    def typing(self) -> tuple[Command, ...]:
        """While the filter is typed."""
        return TYPING["list"] if self.table.filtering else ()

    def on_list_table_filter_changed(self, message: ListTable.FilterChanged) -> None:
        """The title shows the filter."""
        self.retitle()

    def action_filter(self) -> None:
        """Type a filter."""
        self.table.action_filter()

    def action_choose(self) -> None:
        """Choose the row."""
        self.table.action_choose()

    def current(self) -> Any:  # noqa: ANN401 - the row's type is the subclass's
        """The row under the cursor."""
        return self.table.current
