"""The metric picker: a list of charts beside the charts, narrowed by what is typed."""

from __future__ import annotations

from typing import NamedTuple

from textual import events
from textual.message import Message

from mltui.ui.widgets.lines import Line, Span, line_length, spread
from mltui.ui.widgets.list_table import ListTable

_SIGNS = {"pinned": ("★ ", "accent"), "hidden": ("╌ ", "dim"), "": ("  ", "text")}


class MetricRow(NamedTuple):
    """One chart in the list."""

    key: str
    title: str
    value: str
    """The newest value of its first curve."""
    state: str = ""
    """``pinned``, ``hidden`` or neither."""
    places: tuple[int, ...] = ()
    """The letters of the title that fit the query."""


class MetricPicker(ListTable[MetricRow]):
    """Every key is typed into the query; the rows are those that the owner gives for it."""

    DEFAULT_CSS = """
    MetricPicker { display: none; width: 30; height: 1fr; margin: 0 1 0 0; }
    """

    class QueryChanged(Message):
        """Something was typed."""

        def __init__(self, query: str) -> None:
            super().__init__()
            self.query = query

    class Toggled(Message):
        """The chart under the cursor is to be pinned, hidden or neither."""

        def __init__(self, key: str) -> None:
            super().__init__()
            self.key = key

    class Closed(Message):
        """The query is typed: it stays (``kept``), or all charts are wanted again."""

        def __init__(self, kept: bool) -> None:
            super().__init__()
            self.kept = kept

    def __init__(self) -> None:
        super().__init__(lambda row: row.key, _row_line, lambda row: row.title)
        self.query_text = ""

    def open(self, query: str) -> None:
        """Begin to type, behind what was typed before."""
        self.query_text = query
        self.display = True
        self.focus()

    def _type(self, query: str) -> None:
        self.query_text = query
        self.post_message(self.QueryChanged(query))

    def on_key(self, event: events.Key) -> None:
        """Letters are the query's; space chooses for the row under the cursor, enter and escape end it."""
        if event.key in ("down", "up"):
            self.action_cursor(1 if event.key == "down" else -1)
        elif event.key in ("pagedown", "pageup"):
            self.action_page(1 if event.key == "pagedown" else -1)
        elif event.key == "space":
            if self.current is not None:
                self.post_message(self.Toggled(self.current.key))
        elif event.key in ("enter", "escape", "tab"):
            self.post_message(self.Closed(event.key != "escape"))
        elif event.key == "backspace":
            self._type(self.query_text[:-1])
        elif event.key == "ctrl+u":
            self._type("")
        elif event.is_printable and event.character:
            self._type(self.query_text + event.character)
        else:
            return
        event.stop()
        event.prevent_default()


def _row_line(row: MetricRow, width: int) -> Line:
    """The name, its end rather than its start where it is long, and the value where there is room for both."""
    role = "dim" if row.state == "hidden" else "text"
    room, fitting = width - 2, set(row.places)
    skipped = max(0, len(row.title) - room + 1) if len(row.title) > room else 0
    left: list[Span] = [_SIGNS[row.state], *([("…", "dim")] if skipped else [])]
    for at, letter in enumerate(row.title[skipped:], skipped):
        left.append((letter, "key" if at in fitting else role))
    if line_length(left) + len(row.value) + 1 > width:
        return left
    return spread(left, [(row.value, "dim")], width)
