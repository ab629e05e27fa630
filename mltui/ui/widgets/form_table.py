"""The form of a profile: a row a field, in which values are typed where they stand."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from textual import events
from textual.message import Message

from mltui.ui.presentation.profile_form import FormRow, row_line, row_text
from mltui.ui.widgets.list_table import ListTable
from mltui.ui.widgets.typed_text import TypedText


class FormTable(ListTable[FormRow]):
    """Rows with a cursor. While a value is typed every key is its text; ``Typed`` tells each state of it.

    enter takes it, escape gives it up, up and down take it and go on, tab completes it.
    """

    class Typed(Message):
        """A value is being typed, or was: ``done`` tells that it is taken, ``given_up`` that it is not."""

        def __init__(self, row: FormRow, text: str, *, done: bool = False, given_up: bool = False) -> None:
            super().__init__()
            self.row = row
            self.text = text
            self.done = done
            self.given_up = given_up

    class Told(Message):
        """Everything that was typed before has been told; ``then`` can go on."""

        def __init__(self, then: Callable[[], None]) -> None:
            super().__init__()
            self.then = then

    def __init__(self, complete: Callable[[FormRow, str], Sequence[str]], *, id: str | None = None) -> None:
        super().__init__(lambda row: row.key, row_line, row_text, id=id, empty="reading …")
        self._complete = complete
        self._plain: Sequence[FormRow] = ()
        self._row: FormRow | None = None
        self._typed: TypedText | None = None
        self.candidates: Sequence[str] = ()
        """What the typed text may go on to be."""
        self._offered: Sequence[str] = ()

    @property
    def typing(self) -> bool:
        """A value is being typed."""
        return self._typed is not None

    def show(self, rows: Sequence[FormRow]) -> None:
        """Show these rows; a value that is being typed stays so."""
        self._plain = rows
        self._draw_rows()
        self._settle(1)

    def _draw_rows(self) -> None:
        if self._typed is None or self._row is None:
            self.update(self._plain)
            return
        key, typed = self._row.key, self._typed
        self.update(
            [
                replace(row, value=typed.text, before=typed.text[: typed.at], said=True) if row.key == key else row
                for row in self._plain
            ]
        )

    def move(self, to: int) -> None:
        """Put the cursor on row ``to``; titles are passed over."""
        direction = 1 if to >= self.cursor else -1
        super().move(to)
        self._settle(direction)

    def _settle(self, direction: int) -> None:
        for way in (direction, -direction):
            place = self.cursor
            while 0 <= place < len(self._rows):
                if not self._rows[place].heading:
                    super().move(place)
                    return
                place += way

    def scroll_to_cursor(self) -> None:
        """Make the cursor's row visible, and the title above the first one."""
        super().scroll_to_cursor()
        if self.cursor == 1 and self.scroll_offset.y:
            self.scroll_to(y=0, animate=False, immediate=True, force=True)

    # -- typing -------------------------------------------------------------------------------------------------------

    def begin(self, text: str | None = None) -> None:
        """Type the value under the cursor: behind what is there, or anew with ``text``."""
        row = self.current
        if row is None or row.heading:
            return
        self._row = row
        self._typed = TypedText.of(row.begins_with if text is None else text)
        self._tell_typed(changed=text is not None)

    def _tell_typed(self, *, changed: bool = True) -> None:
        assert self._typed is not None
        assert self._row is not None
        self.candidates = self._offered = self._complete(self._row, self._typed.text)
        self._draw_rows()
        self.refresh()
        if changed:
            self.post_message(self.Typed(self._row, self._typed.text))
        self._tell(self.Highlighted)

    def end(self, *, keep: bool) -> None:
        """Stop typing, and take what was typed or not."""
        row, typed = self._row, self._typed
        self._row = self._typed = None
        self.candidates = self._offered = ()
        if row is not None and typed is not None:
            # White space around a value is a slip of the hand, unless it was there before.
            text = typed.text.strip() if row.written == row.written.strip() else typed.text
            self.post_message(self.Typed(row, text, done=keep, given_up=not keep))
            if keep and text:
                # Until the rows are made anew: whoever goes on from the value goes on from this one.
                new = replace(row, value=text, written=text, said=True)
                self._plain = [new if one.key == row.key else one for one in self._plain]
        self._draw_rows()
        self._tell(self.Highlighted)

    def _next_candidate(self, by: int) -> None:
        """Put in what is offered, one after the other."""
        if not self._offered or self._typed is None:
            return
        offered = list(self._offered)
        at = offered.index(self._typed.text) + by if self._typed.text in offered else (0 if by > 0 else -1)
        self._typed = TypedText.of(offered[at % len(offered)])
        self._tell_typed()
        self.candidates = self._offered = offered

    def on_key(self, event: events.Key) -> None:
        """What is typed is the value's text."""
        if self._typed is None:
            return
        if self._press(event.key, event.character if event.is_printable else None):
            event.stop()
            event.prevent_default()

    def _press(self, key: str, character: str | None) -> bool:
        assert self._typed is not None
        match key:
            case "enter" | "escape":
                self.end(keep=key == "enter")
            case "down" | "up":
                self.end(keep=True)
                self.move(self.cursor + (1 if key == "down" else -1))
            case "tab" | "shift+tab":
                self._next_candidate(1 if key == "tab" else -1)
            case _:
                before = self._typed.text
                if not self._typed.press(key, character):
                    return False
                self._tell_typed(changed=self._typed.text != before)
        return True

    def on_paste(self, event: events.Paste) -> None:
        """A pasted text is typed, on one line."""
        event.stop()
        if self._typed is None:
            self.begin("")
        if self._typed is not None:
            self._typed.insert(" ".join(event.text[:10_000].split()))
            self._tell_typed()

    def on_blur(self) -> None:
        """What was being typed is taken."""
        super().on_blur()
        if self.typing:
            self.end(keep=True)
