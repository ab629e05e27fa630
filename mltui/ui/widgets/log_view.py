"""The end of a log: bounded, drawn line by line, following what comes or standing still where a person reads."""

from __future__ import annotations

import re
import time
from bisect import bisect
from collections.abc import Callable, Sequence
from functools import partial
from itertools import islice
from typing import ClassVar

from textual.geometry import Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from mltui.domain.figures import format_bytes, format_count
from mltui.domain.log import LogBuffer, LogLine
from mltui.domain.log_search import REACH, Finding, FittingLines, LogSearch
from mltui.domain.text import clean
from mltui.ui.theme import roles
from mltui.ui.widgets.lines import Line, make_strip
from mltui.ui.widgets.scrolling import SIDEWAYS, ScrollsLines
from mltui.ui.widgets.typed_search import TypesSearch

_ERROR = re.compile(r"\b(?:[A-Z]\w*(?:Error|Exception)|ERROR|FATAL|CRITICAL|Traceback|error:)\b")
_WARNING = re.compile(r"\b(?:WARN(?:ING)?|\w*Warning)\b")
_STDERR = 2
#: So long at a time is a log searched, and so long it is left: a key that is pressed meanwhile acts in between.
_STEP_S, _PAUSE_S = 0.004, 0.001
#: So often the title says how far a search has come.
_SAY_S = 0.1


class LogView(TypesSearch, ScrollsLines, ScrollView, can_focus=True, inherit_bindings=False):
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
        self._held_from = (-1, 0, 0)
        """Version of the buffer, number of the oldest line, and how many were finished, when they were taken."""
        self.search = LogSearch()
        self.only = False
        """Only lines that have it are shown."""
        self.hits: list[int] = []
        """Which of the lines that are held have it."""
        self.hit = 0
        """Which of these is shown."""
        self._finding: Finding | None = None
        """What finds ``hits``, or has."""
        self._said = 0.0
        """When the title was told last how far the search has come."""
        self._fitting = FittingLines(self.search, None)
        self._followed = False
        """The end was followed when the search began."""
        self._placing = False
        """The view itself moves its lines now, and not a person."""
        self._rows = 0
        """The room it knows of."""
        self.message = ""
        """What is said while there is no line."""

    def show(self, buffer: LogBuffer, message: str = "") -> None:
        """Show ``buffer`` from now on, at its end."""
        self.message = message
        if buffer is not self._buffer:
            self._buffer, self._seen, self.follow, self.sideways = buffer, -1, True, 0
            self._held = None
            if self.search or self.typing:
                self._end_search()
        self.sync()

    def sync(self) -> None:
        """Draw what is new, if anything is."""
        buffer = self._buffer
        if buffer is None or buffer.version == self._seen or (self._held is not None and self._seen >= 0):
            return
        self._seen = buffer.version
        above = 0
        if self.only:
            self._fitting.take(list(buffer.lines) if self._held is None else self._held)
            above = self._go_on_fitting()
        pending = self._drawn(buffer) if self._held is None else []
        count = len(self._lines(buffer)) + len(pending) + bool(self._note())
        self._placing = True
        if count != self.virtual_size.height:
            self._set_height(count)
        if self.follow:
            self.go_to(max(0, count - self.size.height))
        elif above:
            self.go_to(self.scroll_offset.y + above)
        self._placing = False
        self.refresh()

    def _lines(self, buffer: LogBuffer) -> Sequence[LogLine]:
        if self.only:
            return self._fitting.lines
        return buffer.lines if self._held is None else self._held

    def _drawn(self, buffer: LogBuffer) -> list[LogLine]:
        """The lines that are not finished yet."""
        drawn = [LogLine(text, stream) for stream, text in sorted(buffer.pending.copy().items()) if text]
        return [line for line in drawn if self.search.fits(line)] if self.only else drawn

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
            line = [(" " + (self._nothing_fits() if self.only else self.message), "dim")]
        over = styles.cursor if self.hits and y + self.scroll_offset.y == self._row_of_hit() else None
        return make_strip(line, self.scrollable_content_region.width, styles, self.visual_style.rich_style, over)

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
        spans, end = [mark], 0
        for start, stop in self.search.within(text):
            spans += [(text[end:start], role), (text[start:stop], "found")]
            end = stop
        return [*spans, (text[end:], role)]

    def _set_follow(self, follow: bool) -> None:
        if follow != self.follow:
            self.follow = follow
            self._hold(None if follow else self._buffer)
            self.hits = []
            self.post_message(self.FollowChanged())

    def _hold(self, buffer: LogBuffer | None) -> None:
        """Show the lines that ``buffer`` has now, whatever comes; ``None``: those that it has at any time."""
        self._seen, self._held, self._held_note, self._finding = -1, None, "", None
        if buffer is not None:
            version, first, note, lines = buffer.version, buffer.first, self._note(), list(buffer.lines)
            self._held_from, self._held_note = (version, first, len(lines)), note
            self._held = [*lines, *self._drawn(buffer)]

    def _take_news(self) -> None:
        """Hold what came while the view stood still, too: the lines in view stay in view, the hits are those that are
        still there and those of the new lines."""
        buffer, (version, first, finished) = self._buffer, self._held_from
        if buffer is None or self._held is None or buffer.version == version:
            return
        top, known = self.scroll_offset.y - bool(self._note()), self.hits
        self._hold(buffer)
        moved = self._held_from[1] - first
        self.sync()
        self._placing = True
        self.go_to(max(0, top - moved + bool(self._note())))
        self._placing = False
        # Nothing is known of a log that was begun anew, nor of lines that had no end yet.
        new = max(0, finished - moved) if moved >= 0 else 0
        known = [hit - moved for hit in known if 0 <= hit - moved < new]
        self._look_for(new, range(new, len(self._held)), known)

    def on_resize(self) -> None:
        """Stay at the end while following, and leave no room below it."""
        self._seen = -1
        self.sync()
        last = max(0, self.virtual_size.height - self.size.height)
        if self.scroll_offset.y > last:
            self._placing = True
            self.go_to(last)
            self._placing = False
        self._rows = self.size.height

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Scrolling away from the end stops following; coming back to it starts again."""
        super().watch_scroll_y(old_value, new_value)
        if self.is_attached and new_value != old_value:
            # In another room the lines are moved before that is told: no person did.
            if not self._placing and self._rows == self.size.height:
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

    # -- the search ---------------------------------------------------------------------------------------------------

    def action_search(self) -> None:
        """Begin to type what is searched."""
        if not self.search:
            self._followed = self.follow
            self._take_news()
        self.typing = True
        self.post_message(self.SearchChanged())

    def action_hit(self, steps: int) -> None:
        """Go to the next line that has what is searched, or to one before; the last is followed by those that came
        meanwhile, then by the first."""
        if not self.search:
            return
        if self.only:
            self.action_cursor(steps)
        elif self.follow or not self.hits:
            self._take_news()
            self._find()
        else:
            if self.hit + steps >= len(self.hits) and not self.searching:
                self._take_news()
            # The first and the last are not known before all lines have been looked at.
            if not self.searching or 0 <= self.hit + steps < len(self.hits):
                self.hit = (self.hit + steps) % max(1, len(self.hits))
                self._go_to_hit()

    def action_only(self) -> None:
        """Show only the lines that have what is searched, or all."""
        if self.search:
            self.only = not self.only
            if self.only and self._followed:
                self._set_follow(True)
            self._find(anywhere=True)

    def clear_search(self) -> bool:
        """Search nothing any more, and follow again if that was so before; ``False`` when nothing was searched."""
        if not self.search and not self.typing:
            return False
        self._end_search()
        if self._followed:
            self._set_follow(True)
        self._seen = -1
        self.sync()
        return True

    def _end_search(self) -> None:
        self.typing = self.only = False
        self.search, self.hits, self._finding = LogSearch(), [], None
        self.post_message(self.SearchChanged())

    def _seek(self, text: str) -> None:
        """Search ``text`` from now on."""
        before, self.search = self.search, LogSearch(text)
        self.only = self.only and bool(text)
        found = self._finding
        whole = found is not None and found.done and found.lines is self._held
        self._find(among=self.hits if whole and self.search.narrows(before) else None)

    def _find(self, *, anywhere: bool = False, among: Sequence[int] | None = None) -> None:
        """Find the lines, ``among`` some or all, and show the newest down to where one was, or of all."""
        buffer = self._buffer
        if buffer is None:
            return
        self._fitting = FittingLines(self.search, buffer.limit)
        below = self.scroll_offset.y + self.size.height
        if not self.only and self.search:
            self._set_follow(False)
        self._seen = -1
        self.sync()
        self._look_for(len(self._held or ()) if anywhere else max(0, below - bool(self._note())), among)
        self._go_to_hit()

    def _look_for(self, below: int, among: Sequence[int] | None = None, known: Sequence[int] = ()) -> None:
        """Look for the lines that are held and have what is searched; for none where only such lines are shown.

        The next one from the line ``below`` on upwards is shown as soon as it is found.
        """
        self.hits, self.hit, self._finding = [], 0, None
        if self._held is not None and self.search and not self.only:
            self._finding = Finding(self.search, self._held, below, among, known)
            self._go_on_finding(self._finding)

    def _go_on_finding(self, finding: Finding) -> None:
        """Look on for a moment, and again later, until all lines have been looked at."""
        if finding is not self._finding or not self.is_attached:
            return
        shown = self.hits[self.hit] if self.hits else None
        finding.step(_STEP_S)
        self.hits = finding.hits
        self.hit = finding.nearest if shown is None else bisect(self.hits, shown) - 1
        if not finding.done:
            self.set_timer(_PAUSE_S, partial(self._go_on_finding, finding))
        if shown is None and self.hits:
            self._go_to_hit()
        elif finding.done or time.monotonic() - self._said > _SAY_S:
            self._said = time.monotonic()
            self.post_message(self.SearchChanged())

    def _go_on_fitting(self) -> int:
        """Look on for a moment for the lines that are shown alone, and again later; how many came above the others."""
        came = self._fitting.step(_STEP_S)
        if not self._fitting.done:
            self.set_timer(_PAUSE_S, partial(self._sync_fitting, self._fitting))
        return came

    def _sync_fitting(self, fitting: FittingLines) -> None:
        if fitting is self._fitting and self.only and self.is_attached:
            self._seen = -1
            self.sync()

    def _nothing_fits(self) -> str:
        return f"no line has {self.search.text}" if self._fitting.done else f"searching for {self.search.text} …"

    @property
    def searching(self) -> bool:
        """Not all lines have been looked at."""
        return self._finding is not None and not self._finding.done

    @property
    def cut_short(self) -> bool:
        """Some of the lines that are held are longer than what is searched of them."""
        return any(len(line.text) > REACH for line in self._held or ())

    def _row_of_hit(self) -> int:
        return self.hits[self.hit] + bool(self._note())

    def _go_to_hit(self) -> None:
        """Put the line in view, and of a long one the part that has it."""
        if self.hits and self._held is not None:
            row, height = self._row_of_hit(), self.size.height
            self._placing = True
            if not self.scroll_offset.y <= row < self.scroll_offset.y + height:
                self.go_to(max(0, row - height // 2))
            self._placing = False
            places = self.search.within(clean(self._held[self.hits[self.hit]].text[:REACH]).expandtabs(8))
            start, end = places[0] if places else (self.sideways, self.sideways)
            if not self.sideways <= start <= end < self.sideways + self.size.width - 1:
                self.sideways = 0 if end < self.size.width - 1 else max(0, start // SIDEWAYS - 1) * SIDEWAYS
        self.refresh()
        self.post_message(self.SearchChanged())
