"""A text that is searched while it is typed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual import events
from textual.message import Message

from mltui.domain.log_search import LogSearch
from mltui.domain.text import clean

if TYPE_CHECKING:
    from textual.widget import Widget

    _View = Widget
else:
    _View = object


class TypesSearch(_View):
    """A view whose keys are the text of its search while that is typed."""

    search: LogSearch
    typing = False
    """The text to search is being typed."""

    class SearchChanged(Message):
        """Another text is searched, another line that has it is shown, or typing began or ended."""

    def _seek(self, text: str) -> None:
        """Search ``text`` from now on."""
        raise NotImplementedError

    def clear_search(self) -> bool:
        """Search nothing any more; ``False`` when nothing was searched."""
        raise NotImplementedError

    def action_hit(self, steps: int) -> None:
        """Go to the next line that has what is searched, or to one before."""
        raise NotImplementedError

    def on_blur(self) -> None:
        """What was being typed is searched."""
        if self.typing:
            self._end_typing()

    def _end_typing(self) -> None:
        if not self.search:
            self.clear_search()
            return
        self.typing = False
        self.post_message(self.SearchChanged())

    def on_paste(self, event: events.Paste) -> None:
        """While a search is typed, a pasted text is its text: the first line that is not empty, since lines are
        searched."""
        if self.typing:
            event.stop()
            lines = (clean(line) for line in event.text[:10_000].splitlines())
            self._seek(self.search.text + next((line for line in lines if line.strip()), ""))

    def on_key(self, event: events.Key) -> None:
        """While a search is typed, keys are its text."""
        if not self.typing:
            return
        if event.key in ("enter", "tab"):
            self._end_typing()
        elif event.key == "escape":
            self.clear_search()
        elif event.key in ("up", "down"):
            self.action_hit(-1 if event.key == "up" else 1)
        elif event.key in ("backspace", "ctrl+u"):
            self._seek(self.search.text[:-1] if event.key == "backspace" else "")
        elif event.is_printable and event.character:
            self._seek(self.search.text + event.character)
        else:
            return
        event.stop()
        event.prevent_default()
