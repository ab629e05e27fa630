"""A short form: rows with a value each, changed in place, checked while they are typed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from textual import events
from textual.message import Message

from mltui.ui.command import written
from mltui.ui.presentation.fields import (
    Field,
    FieldRow,
    Heading,
    Item,
    columns_for,
    remark_of,
    row_line,
    row_of,
    row_text,
)
from mltui.ui.widgets.lines import Line
from mltui.ui.widgets.list_table import ListTable


class FieldTable(ListTable[FieldRow]):
    """The rows of a form. Arrows and vim keys go from field to field; a value is typed after ``begin``.

    While one is typed every key is its text: enter takes it, escape gives it up, arrows up and down and tab take it
    and go on.
    """

    class Changed(Message):
        """A value is another one, or is being typed."""

        def __init__(self, field: Field) -> None:
            super().__init__()
            self.field = field

    class Shown(Message):
        """The rows are others, or the cursor is on another one."""

    def __init__(self, *, names: int = 16, tall: bool = False, id: str | None = None, empty: str = "") -> None:
        """``names`` is the width of the fields' names on a narrow list; a ``tall`` list has the height of its style
        rather than that of its rows."""
        super().__init__(lambda row: row.key, self._line, row_text, id=id, empty=empty)
        self.items: Sequence[Item] = ()
        self._typed: str | None = None
        self._at = 0
        self._awaits_key = False
        """The next key is the value."""
        self._tall = tall
        self._names = names
        self._first: Sequence[FieldRow] = ()
        """The rows as they were when the form was opened: what is typed moves no column."""
        self.passive = False
        """Keys go past it: somebody types something else."""

    @property
    def typing(self) -> bool:
        """A value is being typed."""
        return self._typed is not None

    @property
    def awaits_key(self) -> bool:
        """The next key that is pressed is a value."""
        return self._awaits_key

    @property
    def field(self) -> Field | None:
        """The field under the cursor."""
        item = self.items[self.cursor] if self.cursor < len(self.items) else None
        return item if isinstance(item, Field) else None

    def show(self, items: Sequence[Item], *, stay: bool = False) -> None:
        """Show these fields; the cursor goes to the first, or stays on its own."""
        self.items = items
        self._first = [row_of(item) for item in items]
        if not self._tall:
            self.styles.height = len(items)
        self._typed = None
        self.show_again()
        if not stay:
            self.cursor = 0
        self._settle(1)

    def show_again(self) -> None:
        """Show what the fields have now."""
        rows = []
        for index, item in enumerate(self.items):
            here = index == self.cursor and self._typed is not None
            row = row_of(item, self._typed if here else None, self._at)
            # What stands there while a key is awaited is no value.
            rows.append(replace(row, problem="") if here and self._awaits_key else row)
        self.update(rows)
        self.post_message(self.Shown())

    def remark(self) -> Line:
        """What stands beside the value under the cursor, where its row has not room for all of it."""
        row = self.current
        width = self.scrollable_content_region.width
        return remark_of(row, width, columns_for(self._first, width, self._names)) if row else []

    def _line(self, row: FieldRow, width: int) -> Line:
        return row_line(row, columns_for(self._first, width, self._names))

    def go_to(self, field: Field) -> None:
        """Put the cursor on ``field``."""
        self.move(list(self.items).index(field))

    def move(self, to: int) -> None:
        """Put the cursor on row ``to``, or the next field in that direction."""
        direction = 1 if to >= self.cursor else -1
        super().move(to)
        self._settle(direction)

    def _settle(self, direction: int) -> None:
        """Headings are passed over; at an end the cursor stays on the field that is nearest."""
        at = max(0, min(self.cursor, len(self.items) - 1))
        for way in (direction, -direction):
            place = at
            while 0 <= place < len(self.items):
                if isinstance(self.items[place], Field):
                    super().move(place)
                    self.post_message(self.Shown())
                    return
                place += way

    # -- changing values ----------------------------------------------------------------------------------------------

    def begin(self, text: str | None = None) -> None:
        """Begin to type the field under the cursor: behind what is there, or anew with ``text``."""
        field = self.field
        if field is not None:
            self._type(field.text if text is None else text)

    def await_key(self) -> None:
        """The next key that is pressed is the value of the field under the cursor; escape gives it up."""
        self._awaits_key = True
        self._type("press a key …")

    def _take_key(self, key: str) -> None:
        self._awaits_key = False
        self._typed = None
        if key != "escape":
            self.set(written(key))
        self.show_again()

    def _type(self, text: str, at: int | None = None) -> None:
        self._typed, self._at = text, len(text) if at is None else max(0, min(at, len(text)))
        self.show_again()

    def action_take(self) -> None:
        """Take what was typed."""
        self.end(keep=True)

    def action_close(self) -> None:
        """Leave the value as it was."""
        self._awaits_key = False
        self.end(keep=False)

    def end(self, *, keep: bool) -> None:
        """Stop typing, and take what was typed or not."""
        typed, self._typed = self._typed, None
        if keep and typed is not None:
            self.set(typed.strip())
        self.show_again()

    def set(self, text: str) -> None:
        """Give the field under the cursor this value."""
        field = self.field
        if field is not None and field.text != text:
            field.text = text
            self.show_again()
            self.post_message(self.Changed(field))

    def step(self, by: int) -> None:
        """The next value of the field under the cursor."""
        field = self.field
        if field is not None:
            self.set(field.step(field.text, by))

    def reset(self, *, every: bool = False) -> None:
        """Go back to the default, here or everywhere."""
        chosen = [item for item in self.items if isinstance(item, Field)] if every else [self.field]
        for field in filter(None, chosen):
            if field.changed:
                field.reset()
                self.post_message(self.Changed(field))
        self.show_again()

    def on_key(self, event: events.Key) -> None:
        """What is typed is the value's text; elsewhere a digit begins a number."""
        if self._awaits_key:
            self._take_key(event.key)
            event.stop()
            event.prevent_default()
            return
        if self.passive:
            return
        if self._typed is None:
            field = self.field
            if field is not None and field.digits and event.character and event.character in "0123456789.":
                self.begin(event.character)
                event.stop()
                event.prevent_default()
            return
        if self._edit(event.key, event.character if event.is_printable else None):
            event.stop()
            event.prevent_default()

    def on_paste(self, event: events.Paste) -> None:
        """A pasted value is typed."""
        if self._typed is None:
            self.begin("")
        text, at = self._typed or "", self._at
        pasted = " ".join(event.text.split())
        self._type(text[:at] + pasted + text[at:], at + len(pasted))
        event.stop()

    def _edit(self, key: str, character: str | None) -> bool:
        text, at = self._typed or "", self._at
        match key:
            case "enter" | "escape":
                self.end(keep=key == "enter")
            case "down" | "tab" | "up" | "shift+tab":
                self.end(keep=True)
                self.move(self.cursor + (1 if key in ("down", "tab") else -1))
            case "left" | "right":
                self._type(text, at + (1 if key == "right" else -1))
            case "home" | "ctrl+a":
                self._type(text, 0)
            case "end" | "ctrl+e":
                self._type(text)
            case "backspace":
                self._type(text[: max(0, at - 1)] + text[at:], max(0, at - 1))
            case "delete":
                self._type(text[:at] + text[at + 1 :], at)
            case "ctrl+u":
                self._type(text[at:], 0)
            case "ctrl+w":
                kept = text[:at].rstrip().rpartition(" ")[0]
                self._type(kept + text[at:], len(kept))
            case _ if character:
                self._type(text[:at] + character + text[at:], at + len(character))
            case _:
                return False
        return True

    def on_blur(self) -> None:
        """What was being typed is taken."""
        super().on_blur()
        if self.typing:
            self.end(keep=not self._awaits_key)
            self._awaits_key = False

    def _heading_of(self, row: int) -> bool:
        return row < len(self.items) and isinstance(self.items[row], Heading)

    def scroll_to_cursor(self) -> None:
        """Make the cursor's row visible, and the heading above it with it."""
        super().scroll_to_cursor()
        if self.cursor and self.cursor == self.scroll_offset.y and self._heading_of(self.cursor - 1):
            self.scroll_to(y=self.cursor - 1, animate=False, immediate=True, force=True)
