"""A text of coloured lines to read and scroll."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.geometry import Size
from textual.scroll_view import ScrollView
from textual.strip import Strip

from mltui.ui.theme import roles
from mltui.ui.widgets.lines import Line, Span, line_length, make_strip
from mltui.ui.widgets.scrolling import SIDEWAYS, ScrollsLines


class TextView(ScrollsLines, ScrollView, can_focus=True, inherit_bindings=False):
    """Shows lines; what is longer than the view is reached sideways."""

    DEFAULT_CSS = """
    TextView { scrollbar-size-vertical: 1; overflow-x: hidden; height: 1fr; }
    """
    ALLOW_SELECT: ClassVar[bool] = False

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.lines: Sequence[Line] = ()
        self._sideways = 0

    def show(self, lines: Sequence[Line], *, top: bool = True) -> None:
        """Show ``lines``, from the first on or where it stands."""
        if lines is self.lines or lines == self.lines:
            return
        self.lines = lines
        self.virtual_size = Size(self.size.width, len(lines))
        if top:
            self._sideways = 0
            self.action_edge(False)
        self.refresh()

    def render_line(self, y: int) -> Strip:
        """One line."""
        at = y + self.scroll_offset.y
        line = self.lines[at] if at < len(self.lines) else ()
        width = self.scrollable_content_region.width
        return make_strip(_shifted(line, self._sideways), width, roles(self.app), self.visual_style.rich_style)

    def action_sideways(self, steps: int) -> None:
        """Show what is further right, or left again."""
        longest = max((line_length(line) for line in self.lines), default=0)
        self._sideways = max(0, min(self._sideways + steps * SIDEWAYS, longest - self.size.width + 1))
        self.refresh()


def _shifted(line: Line, columns: int) -> Line:
    """``line`` without its first ``columns`` columns."""
    if not columns:
        return line
    out: list[Span] = []
    for text, role in line:
        taken = min(len(text), columns)
        columns -= taken
        if taken < len(text):
            out.append((text[taken:], role))
    return out


def folded(lines: Sequence[Line], width: int) -> list[Line]:
    """``lines`` in ``width`` columns: a longer one goes on below, under where its last span began."""
    return [piece for line in lines for piece in _fold(list(line), width)]


def _fold(line: list[Span], width: int) -> list[Line]:
    if line_length(line) <= width or not line:
        return [line]
    *head, (text, role) = line
    indent = line_length(head)
    if width - indent < 20:
        return [line]
    from textwrap import wrap

    rest = wrap(text.strip(), width - indent - 1) or [""]
    first: Line = [*head, (rest[0], role)]
    return [first, *([(" " * indent, "text"), (more, role)] for more in rest[1:])]


def plain(text: str, role: str = "text") -> list[Line]:
    """The lines of ``text`` in one role."""
    return [[(line.expandtabs(4), role)] for line in text.split("\n")]
