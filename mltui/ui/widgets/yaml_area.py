"""YAML to type in: coloured, what is wrong marked at its line, and changed from outside with its undo kept."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from rich.text import Text
from textual import events
from textual.binding import Binding, BindingType
from textual.document._document import EditResult, Location
from textual.document._edit import Edit
from textual.geometry import Offset, Region, Size
from textual.strip import Strip
from textual.widgets import TextArea
from textual.widgets.text_area import Selection

from mltui.domain.errors import Problem
from mltui.domain.text import splice_between
from mltui.ui.presentation.yaml_colours import block_lines, colours
from mltui.ui.theme import roles

#: Characters that would steer the terminal or reorder its text, each shown as one that does nothing.
_UNSHOWN = (
    (0x00, 0x08), (0x0B, 0x1F), (0x7F, 0x9F), (0x61C, 0x61C), (0x200E, 0x200F), (0x2028, 0x202E), (0x2066, 0x2069),
    (0xD800, 0xDFFF),
)  # fmt: skip
_SHOWN = {character: "�" for first, last in _UNSHOWN for character in range(first, last + 1)}
_STEP = "  "
#: What ends a line for Python, and so for the text area, but not for YAML's writers.
_BREAKS = frozenset("\v\f\x1c\x1d\x1e\x85\u2028\u2029")


#: What a line's looks hang on: text, in a block scalar, selection, cursor, bracket, problem.
_Look = tuple[str, bool, tuple[Location, Location] | None, Location | None, Location | None, Problem | None]
#: The width of the text grows in steps of so many columns.
_WIDTHS = 16
#: Lines that are kept as they were drawn.
_MOST_DRAWN = 2_000


class YamlArea(TextArea):
    """A text area for YAML."""

    DEFAULT_CSS = """
    YamlArea { border: none; padding: 0; background: $background; scrollbar-size-vertical: 1;
        scrollbar-size-horizontal: 1; scrollbar-color: $foreground 25%; scrollbar-background: $background; }
    YamlArea:focus { border: none; }
    YamlArea .text-area--cursor-line { background: $primary 8%; }
    YamlArea .text-area--gutter { color: $foreground 40%; background: $background; }
    YamlArea .text-area--cursor-gutter { color: $foreground 75%; background: $primary 8%; }
    """
    ALLOW_SELECT: ClassVar[bool] = False
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+home", "edge(False)", "Go to the beginning", show=False),
        Binding("ctrl+end", "edge(True)", "Go to the end", show=False),
        Binding("ctrl+shift+home", "edge(False, True)", "Select to the beginning", show=False),
        Binding("ctrl+shift+end", "edge(True, True)", "Select to the end", show=False),
    ]

    def __init__(self, edited: Callable[[], None] = lambda: None, *, id: str | None = None) -> None:
        """``edited`` is called with every change of the text, before anything of it is drawn."""
        self._edited = edited
        self._looks: dict[int, _Look] | None = None
        """While the text or the cursor changes: how the lines in view looked before."""
        self._blocks: tuple[str, frozenset[int]] = ("", frozenset())
        self._problems: Mapping[int, Problem] = {}
        self._drawn: dict[tuple[object, ...], Strip] = {}
        """Texts of lines as they were drawn."""
        super().__init__("", id=id, soft_wrap=False, show_line_numbers=True, tab_behavior="focus", max_checkpoints=500)

    def show(self, text: str) -> bool:
        """Show a text, with nothing to undo; ``False`` where the area would not give it back as it is."""
        self.load_text(text)
        self.move_cursor((0, 0))
        return self.text == text

    def change_to(self, text: str, *, whole_step: bool) -> None:
        """Make the text ``text`` by the smallest change, to be undone as one step or with what was typed before it."""
        old, new = self.text.replace("\r\n", "\n"), text.replace("\r\n", "\n")
        if old == new:
            return
        start, end, written = splice_between(old, new)
        if whole_step:
            self.history.checkpoint()
        self.replace(written, _location(old, start), _location(old, end))
        if whole_step:
            self.history.checkpoint()

    def mark(self, problems: Sequence[Problem]) -> None:
        """Mark these problems at their lines, of several in one line the first."""
        found: dict[int, Problem] = {}
        for problem in problems:
            found.setdefault(problem.line - 1, problem)
        with self._changing():
            self._problems = found

    def go_to(self, line: int, column: int = 1) -> None:
        """Put the cursor on a line and column, both from 1."""
        line = max(1, min(line, self.document.line_count))
        self.move_cursor((line - 1, max(0, column - 1)), center=True)

    def follow(self, line: int, column: int = 1) -> None:
        """The same for what is looked at elsewhere: nothing that is typed is parted by it."""
        line = max(1, min(line, self.document.line_count))
        with self._changing():
            self.selection = Selection.cursor((line - 1, max(0, column - 1)))

    def action_edge(self, last: bool, select: bool = False) -> None:
        """Put the cursor at the end of the text, or at its beginning."""
        self.move_cursor(self.document.end if last else (0, 0), select=select)

    # -- changes, and what they have drawn again ----------------------------------------------------------------------

    def edit(self, edit: Edit) -> EditResult:
        """Change the text."""
        with self._changing():
            result = super().edit(edit)
            self._edited()
        return result

    def undo(self) -> None:
        """Take the last change back."""
        with self._changing():
            super().undo()
            self._edited()

    def redo(self) -> None:
        """Make it again."""
        with self._changing():
            super().redo()
            self._edited()

    def move_cursor(
        self, location: Location, select: bool = False, center: bool = False, record_width: bool = True
    ) -> None:
        """Put the cursor elsewhere."""
        with self._changing():
            super().move_cursor(location, select, center, record_width)

    def scroll_cursor_visible(self, center: bool = False, animate: bool = False) -> Offset:
        """Show the line of the cursor. While a change is taken back the text may be too short for it already: the
        scroll bar that goes away then asks for a line that is no more."""
        if self.selection.end[0] >= self.document.line_count:
            return Offset()
        return super().scroll_cursor_visible(center, animate)

    @contextmanager
    def _changing(self) -> Iterator[None]:
        """Draw again, of all lines in view, only those that look another way afterwards.

        The text area itself draws all of them with every letter and every step of the cursor.
        """
        if self._looks is not None:
            yield
            return
        self._looks = self._looks_now()
        place = (self.scroll_offset, self.size, self.gutter_width)
        try:
            yield
        finally:
            before, self._looks = self._looks, None
        if (self.scroll_offset, self.size, self.gutter_width) != place:
            self.refresh()
            return
        now = self._looks_now()
        for y in before.keys() | now.keys():
            if before.get(y) != now.get(y):
                self.refresh(Region(0, y, self.size.width, 1))

    def _looks_now(self) -> dict[int, _Look]:
        """What the looks of each line in view hang on, by its place from the top."""
        (start, end), top, block = self.selection, self.scroll_offset.y, self._block_lines()
        first, last = sorted((start, end))
        bracket = self._matching_bracket_location
        found: dict[int, _Look] = {}
        for row in range(top, min(top + self.size.height, self.document.line_count)):
            chosen = (first, last) if first[0] <= row <= last[0] else None
            here = end if row == end[0] else None
            matched = bracket if bracket and row in (bracket[0], end[0]) else None
            found[row - top] = (
                self.document.get_line(row),
                row in block,
                chosen,
                here,
                matched,
                self._problems.get(row),
            )
        return found

    def refresh(
        self, *regions: Region, repaint: bool = True, layout: bool = False, recompose: bool = False
    ) -> YamlArea:
        """Draw again: all, or some of it."""
        if self._looks is None or regions or layout or recompose:
            super().refresh(*regions, repaint=repaint, layout=layout, recompose=recompose)
        return self

    def validate_virtual_size(self, size: Size) -> Size:
        """The room that the lines take, in steps: with every letter of a long line the whole screen was laid out."""
        room = self.scrollable_content_region.width
        width = room if size.width <= room else -(-size.width // _WIDTHS) * _WIDTHS
        return Size(width, size.height)

    # -- drawing ------------------------------------------------------------------------------------------------------

    def get_component_rich_style(self, *names: str, partial: bool = False, default: Style | None = None) -> Style:
        """A style of a part: of the cursor's line the ground alone, so that its text keeps its colours."""
        style = super().get_component_rich_style(*names, partial=partial, default=default)
        return Style(bgcolor=style.bgcolor) if "text-area--cursor-line" in names else style

    def get_line(self, line_index: int) -> Text:
        """The line in its colours."""
        line = self.document.get_line(line_index).translate(_SHOWN)
        text, styles = Text(line, end="", no_wrap=True), roles(self.app)
        for start, end, role in colours(line[:2000], line_index in self._block_lines()):
            text.stylize(styles[role], start, end)
        return text

    def _block_lines(self) -> frozenset[int]:
        text = self.text
        if self._blocks[0] != text:
            self._blocks = (text, block_lines(self.document.lines))
        return self._blocks[1]

    def render_line(self, y: int) -> Strip:
        """A line; where something is wrong, its number and the place are marked."""
        row, gutter = y + self.scroll_offset.y, self.gutter_width
        strip = self._quiet_line(row) if self._is_quiet(row) else super().render_line(y)
        problem = self._problems.get(row)
        if problem is None or not gutter:
            return strip
        error = roles(self.app)["error-strong"]
        number = strip.crop(0, gutter)
        marked = Strip([Segment(segment.text, (segment.style or Style()) + error) for segment in number], gutter)
        at = gutter + max(0, problem.column - 1 - self.scroll_offset.x)
        end = at + self._length_at(problem)
        under = Style(underline=True, color=error.color)
        place = Strip([Segment(s.text, (s.style or Style()) + under) for s in strip.crop(at, end)])
        return Strip.join([marked, strip.crop(gutter, at), place, strip.crop(end)])

    def _is_quiet(self, row: int) -> bool:
        """There is nothing in a line but its text: no cursor, nothing selected, no bracket that is pointed at."""
        first, last = sorted(self.selection)
        bracket = self._matching_bracket_location
        in_use = first[0] <= row <= last[0] or (bracket is not None and bracket[0] == row)
        return row < self.document.line_count and not in_use

    def _quiet_line(self, row: int) -> Strip:
        """Such a line, its text drawn once: it is the same when it moves, and when others change."""
        theme, gutter = self._theme, self.gutter_width
        base = theme.base_style or self.rich_style
        left, room = self.scroll_offset.x, self.size.width - gutter
        key = (self.document.get_line(row), row in self._block_lines(), left, room, base, self.app.theme)
        drawn = self._drawn.get(key)
        if drawn is None:
            line = self.get_line(row)
            line.expand_tabs(self.indent_width)
            strip = Strip(line.render(self.app.console), line.cell_len).crop(left, left + room)
            drawn = strip.extend_cell_length(room, base).apply_style(base)
            if len(self._drawn) > _MOST_DRAWN:
                self._drawn.clear()
            self._drawn[key] = drawn
        number = f"{row + self.line_number_start:>{gutter - 2}}  "
        return Strip.join([Strip([Segment(number, base + (theme.gutter_style or Style()))], gutter), drawn])

    def _length_at(self, problem: Problem) -> int:
        """Columns of the word that a problem begins at."""
        if problem.line > self.document.line_count:
            return 1
        line = self.document.get_line(problem.line - 1)
        rest = line[problem.column - 1 :].partition(" #")[0].rstrip()
        word = rest.partition(":")[0] if ":" in rest else rest
        return max(1, min(len(word), 60))

    # -- typing -------------------------------------------------------------------------------------------------------

    def on_key(self, event: events.Key) -> None:
        """A new line begins where the line before does, one step further behind a colon."""
        if event.key != "enter" or self.read_only:
            return
        event.stop()
        event.prevent_default()
        row, column = self.selection.end
        before = self.document.get_line(row)[:column]
        indent = before[: len(before) - len(before.lstrip(" "))]
        more = _STEP if before.split(" #")[0].rstrip().endswith(":") else ""
        start, end = self.selection
        self._replace_via_keyboard("\n" + indent + more, start, end)


def why_not_kept(text: str) -> str:
    """What a text has that a text area would not give back as it is, to be said behind the file's name."""
    for number, line in enumerate(text.split("\n"), 1):
        odd = next((character for character in line if character in _BREAKS), "")
        if odd:
            return f"has the character U+{ord(odd):04X} in line {number}, which this editor would make a line end."
    return "has line ends of several kinds, which this editor would make alike."


def _location(text: str, index: int) -> tuple[int, int]:
    row = text.count("\n", 0, index)
    return row, index - (text.rfind("\n", 0, index) + 1)
