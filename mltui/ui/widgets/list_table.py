"""A list of rows with a cursor, made for lists that change all the time: only rows that changed are drawn again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, ClassVar, Generic, TypeVar

from textual import events
from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from mltui.ui.theme import roles
from mltui.ui.widgets.lines import Line, make_strip

T = TypeVar("T")


class ListTable(ScrollView, Generic[T], can_focus=True, inherit_bindings=False):
    """Rows of ``T``: ``key`` names a row, ``draw`` makes its line for a width, ``text`` is what a filter looks at."""

    DEFAULT_CSS = """
    ListTable { scrollbar-size-vertical: 1; overflow-x: hidden; }
    """
    ALLOW_SELECT: ClassVar[bool] = False

    class Highlighted(Message):
        """The cursor is on another row (or on none: ``key`` is empty)."""

        def __init__(self, table: ListTable[Any], key: str) -> None:
            super().__init__()
            self.table = table
            self.key = key

        @property
        def control(self) -> ListTable[Any]:
            """The table."""
            return self.table

    class Chosen(Highlighted):
        """A row was chosen with enter or a click on the cursor."""

    class FilterChanged(Message):
        """The filter's text changed or its editing ended."""

        def __init__(self, table: ListTable[Any]) -> None:
            super().__init__()
            self.table = table

    def __init__(
        self,
        key: Callable[[T], str],
        draw: Callable[[T, int], Line],
        text: Callable[[T], str],
        *,
        empty: str = "",
        id: str | None = None,
    ) -> None:
        super().__init__(id=id)
        self.key_of = key
        """Names a row."""
        self._draw = draw
        self._text = text
        self._all: Sequence[T] = ()
        self._rows: list[T] = []
        self._empty = empty
        self.cursor = 0
        self.filter = ""
        self.filtering = False
        """The filter is being typed."""

    @property
    def current(self) -> T | None:
        """The row under the cursor."""
        return self._rows[self.cursor] if 0 <= self.cursor < len(self._rows) else None

    @property
    def rows(self) -> Sequence[T]:
        """All rows, those too that a filter hides."""
        return self._all

    @property
    def shown(self) -> Sequence[T]:
        """The rows that a filter leaves."""
        return self._rows

    @property
    def empty(self) -> str:
        """What is said when there is no row."""
        return self._empty

    @empty.setter
    def empty(self, text: str) -> None:
        if text != self._empty:
            self._empty = text
            self.refresh()

    def update(self, rows: Sequence[T]) -> None:
        """Show ``rows``; the cursor stays on the row it was on, by its key."""
        self._all = rows
        self._apply()

    def _apply(self) -> None:
        before = self.current
        wanted = self.filter.casefold()
        new = [row for row in self._all if not wanted or wanted in self._text(row).casefold()]
        old, self._rows = self._rows, new
        if len(new) != len(old):
            self.virtual_size = Size(self.size.width, len(new))
        self._keep_cursor(before)
        for y in range(max(len(new), len(old), 1)):
            if y >= len(new) or y >= len(old) or (new[y] is not old[y] and new[y] != old[y]):
                self._refresh_row(y)
        after = self.current
        if (before and self.key_of(before)) != (after and self.key_of(after)):
            self._tell(self.Highlighted)

    def _keep_cursor(self, before: T | None) -> None:
        if before is None:
            self.cursor = 0
            return
        key = self.key_of(before)
        if self.cursor < len(self._rows) and self.key_of(self._rows[self.cursor]) == key:
            return
        at = next((i for i, row in enumerate(self._rows) if self.key_of(row) == key), None)
        old = self.cursor
        self.cursor = at if at is not None else max(0, min(self.cursor, len(self._rows) - 1))
        if self.cursor != old:
            self._refresh_row(old)
            self._refresh_row(self.cursor)
            self.scroll_to_cursor()

    def select(self, key: str) -> bool:
        """Put the cursor on the row with this key; ``False`` when there is none."""
        for i, row in enumerate(self._rows):
            if self.key_of(row) == key:
                self.move(i)
                return True
        return False

    def move(self, to: int) -> None:
        """Put the cursor on row ``to``, or the nearest there is."""
        to = max(0, min(to, len(self._rows) - 1))
        if to == self.cursor:
            return
        old, self.cursor = self.cursor, to
        self._refresh_row(old)
        self._refresh_row(to)
        self.scroll_to_cursor()
        self._tell(self.Highlighted)

    def scroll_to_cursor(self) -> None:
        """Make the cursor's row visible."""
        height = self.size.height
        if height and not self.scroll_offset.y <= self.cursor < self.scroll_offset.y + height:
            top = self.cursor if self.cursor < self.scroll_offset.y else self.cursor - height + 1
            self.scroll_to(y=top, animate=False, immediate=True, force=True)

    def _refresh_row(self, row: int) -> None:
        y = row - self.scroll_offset.y
        if 0 <= y < self.size.height:
            self.refresh(Region(0, y, self.size.width, 1))

    def _tell(self, message: type[Highlighted]) -> None:
        row = self.current
        self.post_message(message(self, self.key_of(row) if row is not None else ""))

    def render_line(self, y: int) -> Strip:
        """One row."""
        styles, width = roles(self.app), self.scrollable_content_region.width
        at = y + self.scroll_offset.y
        if at >= len(self._rows):
            lines = self._said(width) if not self._rows else []
            said = [(" " + lines[y], "dim")] if y < len(lines) else ()
            return make_strip(said, width, styles, self.visual_style.rich_style)
        over = None
        if at == self.cursor:
            over = styles.cursor if self.has_focus else styles.cursor_blurred
        return make_strip(self._draw(self._rows[at], width), width, styles, self.visual_style.rich_style, over)

    def _said(self, width: int) -> list[str]:
        """What stands in the place of rows, in as many lines as it takes."""
        from textwrap import wrap

        return wrap(self.empty if not self._all else f"nothing fits /{self.filter}", max(10, width - 1))

    def on_resize(self) -> None:
        """Keep the cursor in view."""
        self.virtual_size = Size(self.size.width, len(self._rows))
        self.scroll_to_cursor()

    def on_focus(self) -> None:
        """The cursor's line changes its colour."""
        self._refresh_row(self.cursor)

    def on_blur(self) -> None:
        """The cursor's line changes its colour; a filter that was being typed stays as it is."""
        self._refresh_row(self.cursor)
        if self.filtering:
            self.filtering = False
            self.post_message(self.FilterChanged(self))

    def on_click(self, event: events.Click) -> None:
        """Put the cursor where the click was; a click on the cursor's row chooses it."""
        row = event.y + self.scroll_offset.y
        if row >= len(self._rows):
            return
        if row == self.cursor and event.chain > 1:
            self._tell(self.Chosen)
        self.move(row)

    def action_cursor(self, steps: int) -> None:
        """Move the cursor by ``steps`` rows."""
        self.move(self.cursor + steps)

    def action_page(self, pages: int) -> None:
        """Move the cursor by ``pages`` screens."""
        self.move(self.cursor + pages * max(1, self.size.height - 1))

    def action_edge(self, last: bool) -> None:
        """Move the cursor to the first or the last row."""
        self.move(len(self._rows) - 1 if last else 0)

    def action_choose(self) -> None:
        """Choose the cursor's row."""
        if self.current is not None:
            self._tell(self.Chosen)

    def action_filter(self) -> None:
        """Begin to type a filter."""
        self.filtering = True
        self.post_message(self.FilterChanged(self))

    def clear_filter(self) -> bool:
        """Show all rows again; ``False`` when all were shown."""
        if not self.filter and not self.filtering:
            return False
        self.filtering = False
        self._set_filter("")
        return True

    def _set_filter(self, text: str) -> None:
        self.filter = text
        self._apply()
        self.refresh()
        self.post_message(self.FilterChanged(self))

    def on_key(self, event: events.Key) -> None:
        """While a filter is typed, keys are its text."""
        if not self.filtering:
            return
        if event.key in ("enter", "tab"):
            self.filtering = False
            self.post_message(self.FilterChanged(self))
        elif event.key == "escape":
            self.clear_filter()
        elif event.key == "backspace":
            self._set_filter(self.filter[:-1])
        elif event.key == "ctrl+u":
            self._set_filter("")
        elif event.is_printable and event.character:
            self._set_filter(self.filter + event.character)
        else:
            return
        event.stop()
        event.prevent_default()
