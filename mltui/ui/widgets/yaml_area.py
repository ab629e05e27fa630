"""YAML to type in: coloured, what is wrong marked at its line, and changed from outside with its undo kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from rich.text import Text
from textual import events
from textual.strip import Strip
from textual.widgets import TextArea

from mltui.domain.errors import Problem
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


class YamlArea(TextArea):
    """A text area for YAML."""

    DEFAULT_CSS = """
    YamlArea { border: none; padding: 0; background: $background; scrollbar-size-vertical: 1;
        scrollbar-size-horizontal: 1; scrollbar-color: $panel-lighten-2; scrollbar-background: $background; }
    YamlArea:focus { border: none; }
    YamlArea .text-area--cursor-line { background: $primary 8%; }
    YamlArea .text-area--gutter { color: $foreground 40%; background: $background; }
    YamlArea .text-area--cursor-gutter { color: $foreground 75%; background: $primary 8%; }
    """
    ALLOW_SELECT: ClassVar[bool] = False

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__("", id=id, soft_wrap=False, show_line_numbers=True, tab_behavior="focus", max_checkpoints=500)
        self._blocks: tuple[str, frozenset[int]] = ("", frozenset())
        self._problems: Mapping[int, Problem] = {}

    def show(self, text: str) -> bool:
        """Show a text, with nothing to undo; ``False`` where the area would not give it back as it is."""
        self.load_text(text)
        self.move_cursor((0, 0))
        return self.text == text

    def change_to(self, text: str, *, whole_step: bool) -> None:
        """Make the text ``text`` by the smallest change, to be undone as one step or with what was typed before it."""
        from mltui.runtime.profile_draft import splice_between

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
        if found != self._problems:
            self._problems = found
            self.refresh()

    def go_to(self, line: int, column: int = 1) -> None:
        """Put the cursor on a line and column, both from 1."""
        line = max(1, min(line, self.document.line_count))
        self.move_cursor((line - 1, max(0, column - 1)), center=True)

    def problem_here(self) -> Problem | None:
        """What is wrong in the cursor's line."""
        return self._problems.get(self.cursor_location[0])

    # -- drawing ------------------------------------------------------------------------------------------------------

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
        strip = super().render_line(y)
        problem = self._problems.get(y + self.scroll_offset.y)
        gutter = self.gutter_width
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
