"""Lines of a terminal: spans of text with a role each, and the strips they become."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache

from rich.cells import cell_len, set_cell_size
from rich.segment import Segment
from rich.style import Style
from textual.scroll_view import ScrollView
from textual.strip import Strip
from textual.widget import Widget

from mltui.domain.text import clean
from mltui.ui.theme import Roles, roles

#: Text and the role that colours it (see ``mltui.ui.theme``).
Span = tuple[str, str]
Line = Sequence[Span]


# Text whose every character takes one column: Latin, the marks and arrows we use, box drawing, blocks, braille.
# Anything else is measured by Rich, whose tables of Unicode take longer to load than a frame to draw.
_NARROW = re.compile("[ -~\u00a0-\u02ff\u2010-\u2027\u2190-\u2193\u2260-\u2265\u2500-\u25d7\u2713\u2717\u2800-\u28ff]*")

_WEIGHT = (Style(bold=False), Style(bold=True))

# What is left of the controls in a cleaned text; in a row of the screen they are blanks.
_BLANKS = str.maketrans("\t\n", "  ")


def columns(text: str) -> int:
    """Columns that ``text`` takes."""
    return len(text) if text.isascii() or _NARROW.fullmatch(text) else cell_len(text)


def line_length(line: Line) -> int:
    """Columns that ``line`` takes."""
    return sum(columns(text) for text, _ in line)


def cut(text: str, width: int) -> str:
    """``text`` on exactly ``width`` columns, cut or padded."""
    if columns(text) == len(text):
        return text[:width].ljust(width)
    return set_cell_size(text, width)


def fit(line: Line, width: int) -> list[Span]:
    """``line`` cut to ``width`` columns, with an ellipsis where it was cut."""
    out: list[Span] = []
    left = width
    for text, role in line:
        length = columns(text)
        if length > left:
            if left > 0:
                out.append((cut(text, left - 1) + "…", role))
            return out
        out.append((text, role))
        left -= length
    return out


def spread(left: Line, right: Line, width: int) -> list[Span]:
    """``left`` and ``right`` at the two ends of ``width`` columns; where both do not fit the left is cut."""
    room = width - line_length(right) - 1
    if room < min(8, line_length(left)):
        return fit(left, width)
    kept = fit(left, room)
    return [*kept, (" " * (width - line_length(kept) - line_length(right)), "text"), *right]


def make_strip(line: Line, width: int, styles: Roles, base: Style, over: Style | None = None) -> Strip:
    """``line`` on ``width`` columns; ``base`` is the widget's own style, ``over`` a cursor's."""
    ground = base + over if over else base
    if not line:
        return _blank(width, ground)
    fitted = fit(_safe(line), width)
    if over is not None and over.reverse:
        # Reversed inks would be patches of as many grounds.
        segments = [Segment(text, ground + _WEIGHT[bool(styles[role].bold)]) for text, role in fitted if text]
    else:
        segments = [Segment(text, ground + styles[role]) for text, role in fitted if text]
    missing = width - line_length(fitted)
    if missing > 0:
        segments.append(Segment(" " * missing, ground))
    return Strip(segments, width)


def _safe(line: Line) -> Line:
    """``line`` without what would steer the terminal, wherever its texts come from; a tab or newline is a space."""
    # Almost every text is printable, which is told much sooner than what is in it.
    if all(text.isprintable() for text, _ in line):
        return line
    return [(clean(text).translate(_BLANKS), role) for text, role in line]


@lru_cache(64)
def _blank(width: int, style: Style) -> Strip:
    """A row with nothing on it; one for all such rows, since a strip keeps what was worked out for it."""
    return Strip.blank(width, style)


class LinesWidget(Widget):
    """A widget that is given its lines and redraws only those that changed."""

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self._lines: list[list[Span]] = []

    def show_lines(self, lines: Iterable[Line]) -> None:
        """Replace the lines."""
        new = [list(line) for line in lines]
        if len(new) != len(self._lines) and self.styles.height is not None and self.styles.height.is_auto:
            self._lines = new
            self.refresh(layout=True)
            return
        old, self._lines = self._lines, new
        refresh_changed(self, old, new, self.size.width)

    def render_line(self, y: int) -> Strip:
        """One line."""
        line = self._lines[y] if y < len(self._lines) else ()
        return make_strip(line, self.size.width, roles(self.app), self.visual_style.rich_style)

    def get_content_height(self, container: object, viewport: object, width: int) -> int:
        """As many rows as there are lines."""
        return len(self._lines)


def refresh_changed(widget: Widget | ScrollView, old: Sequence[object], new: Sequence[object], width: int) -> None:
    """Redraw the rows on which ``old`` and ``new`` differ."""
    from textual.geometry import Region

    longest = max(len(old), len(new))
    for y in range(longest):
        before = old[y] if y < len(old) else None
        after = new[y] if y < len(new) else None
        if before != after:
            widget.refresh(Region(0, y, width, 1))
