"""The end of a log: bounded, drawn line by line, following what comes or standing still where a person reads."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from itertools import islice
from typing import ClassVar

from textual.geometry import Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from mltui.domain.figures import format_bytes, format_count
from mltui.domain.log import LogBuffer, LogLine
from mltui.domain.text import clean
from mltui.ui.theme import roles
from mltui.ui.widgets.lines import Line, make_strip
from mltui.ui.widgets.scrolling import SIDEWAYS, ScrollsLines

_ERROR = re.compile(r"\b(?:[A-Z]\w*(?:Error|Exception)|ERROR|FATAL|CRITICAL|Traceback|error:)\b")
_WARNING = re.compile(r"\b(?:WARN(?:ING)?|\w*Warning)\b")
_STDERR = 2


class LogView(ScrollsLines, ScrollView, can_focus=True, inherit_bindings=False):
    """Shows a ``LogBuffer``; ``sync`` looks for news and is called by a clock."""

    DEFAULT_CSS = """
    LogView { scrollbar-size-vertical: 1; overflow-x: hidden; }
    """
    ALLOW_SELECT: ClassVar[bool] = False

    class FollowChanged(Message):
        """Following was switched, by key or by scrolling."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.follow = True
        """The newest line is kept in view."""
        self.sideways = 0
        """Columns hidden on the left."""
        self._buffer: LogBuffer | None = None
        self._seen = -1
        self._window: tuple[int, list[LogLine]] = (0, [])
        self._held: list[LogLine] | None = None
        """The lines that a person reads, while the view stands still: a flood clears them from the buffer."""
        self._held_note = ""
        self._placing = False
        """The view itself moves its lines now, and not a person."""
        self.message = ""
        """What is said while there is no line."""

    def show(self, buffer: LogBuffer, message: str = "") -> None:
        """Show ``buffer`` from now on, at its end."""
        self.message = message
        if buffer is not self._buffer:
            self._buffer, self._seen, self.follow, self.sideways = buffer, -1, True, 0
            self._held = None
        self.sync()

    def sync(self) -> None:
        """Draw what is new, if anything is."""
        buffer = self._buffer
        if buffer is None or buffer.version == self._seen or (self._held is not None and self._seen >= 0):
            return
        self._seen = buffer.version
        pending = self._drawn(buffer) if self._held is None else []
        count = len(self._lines(buffer)) + len(pending) + bool(self._note())
        self._placing = True
        if count != self.virtual_size.height:
            self._set_height(count)
        if self.follow:
            self.go_to(max(0, count - self.size.height))
        self._placing = False
        self.refresh()

    def _lines(self, buffer: LogBuffer) -> Sequence[LogLine]:
        return buffer.lines if self._held is None else self._held

    def _drawn(self, buffer: LogBuffer) -> list[LogLine]:
        """The lines that are not finished yet."""
        return [LogLine(text, stream) for stream, text in sorted(buffer.pending.copy().items()) if text]

    def _set_height(self, lines: int) -> None:
        """How far one can scroll. Set without the layout of the whole screen that Textual asks for: only the bar moves,
        and a bar that comes or goes asks for a layout of its own."""
        size = Size(self.size.width, lines)
        self.set_reactive(LogView.virtual_size, size)
        self._scroll_update(size)

    def _note(self) -> str:
        """What is not shown above the first line, said where it is missing."""
        buffer = self._buffer
        if self._held is not None:
            return self._held_note
        if buffer is None or not (buffer.first or buffer.skipped_bytes):
            return ""
        before = f"{format_bytes(buffer.skipped_bytes)} and " if buffer.skipped_bytes else ""
        return f"… {before}{format_count(buffer.first)} earlier lines are in the run's log (mltui logs)"

    def render_line(self, y: int) -> Strip:
        """One line."""
        styles = roles(self.app)
        if y == 0:
            self._take_window()
        at, window = self._window
        if at != self.scroll_offset.y:
            self._take_window()
            window = self._window[1]
        line: Line = self._line(window[y]) if y < len(window) else ()
        if not window and y == 0:
            line = [(" " + self.message, "dim")]
        return make_strip(line, self.scrollable_content_region.width, styles, self.visual_style.rich_style)

    def _take_window(self) -> None:
        """The lines in view, taken at once: the buffer is written to by another thread."""
        top, height = self.scroll_offset.y, self.size.height
        buffer = self._buffer
        if buffer is None:
            self._window = (top, [])
            return
        note = self._note()
        head = [LogLine(note, 0)] if note else []
        start = max(0, top - len(head))
        try:
            shown = list(islice(self._lines(buffer), start, start + height))
        except RuntimeError:
            # The deque grew between two of its lines; the next tick draws again.
            shown = self._window[1]
        pending = self._drawn(buffer) if self._held is None else []
        self._window = (top, [*(head if top == 0 else []), *shown, *pending][:height])

    def _line(self, line: LogLine) -> Line:
        text = clean(line.text).expandtabs(8)[self.sideways : self.sideways + self.size.width]
        if line.stream == 0:
            return [(" " + text, "dim")]
        mark = ("▏", "faint") if line.stream == _STDERR else (" ", "text")
        role = "error" if _ERROR.search(text) else "warn" if _WARNING.search(text) else "text"
        return [mark, (text, role)]

    def _set_follow(self, follow: bool) -> None:
        if follow != self.follow:
            self.follow = follow
            self._held_note = "" if follow else self._note()
            self._held = None if follow or self._buffer is None else [*self._buffer.lines, *self._drawn(self._buffer)]
            self._seen = -1
            self.post_message(self.FollowChanged())

    def on_resize(self) -> None:
        """Stay at the end while following."""
        self._seen = -1
        self.sync()

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Scrolling away from the end stops following; coming back to it starts again."""
        super().watch_scroll_y(old_value, new_value)
        if self.is_attached and new_value != old_value:
            if not self._placing:
                self._set_follow(new_value >= self.max_scroll_y - 0.5)
            self.refresh()

    def action_follow(self, said: Callable[[], None] = lambda: None) -> None:
        """Follow the end, or stand still; ``said`` is called before the lines are drawn, so as to be seen with them."""
        self._set_follow(not self.follow)
        said()
        self.sync()

    def action_sideways(self, steps: int) -> None:
        """Show what lines have further right, or left again."""
        self.sideways = max(0, self.sideways + steps * SIDEWAYS)
        self.refresh()
