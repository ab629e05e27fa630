"""Gauges: use, limit and their ratio, as a bar with a short history, in as many rows as there is room for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from textual.strip import Strip
from textual.widget import Widget

from mltui.domain.figures import format_percent
from mltui.ui.theme import roles
from mltui.ui.widgets.lines import Line, Span, line_length, make_strip, refresh_changed

_EIGHTHS = " ▏▎▍▌▋▊▉█"
_SPARKS = "▁▂▃▄▅▆▇█"
#: Rows that one gauge takes: name and figures on one line with the bar, or the bar (and the history) beneath.
_ONE, _TWO, _THREE = 1, 2, 3
_ONE_LINE_WIDTH = 60


@dataclass(frozen=True, slots=True)
class Gauge:
    """What one gauge shows."""

    label: str
    use: str
    """With its unit, ``–`` where unknown."""
    limit: str
    """With its unit, empty where there is none."""
    ratio: float | None
    """use / limit."""
    role: str = "primary"
    """Colour by meaning: a full GPU is good, full memory is not."""
    history: tuple[float | None, ...] = field(default=())
    """Ratios of the past, oldest first."""
    note: str = ""
    """Why there is no figure, or what to know about it."""


class Gauges(Widget):
    """Draws gauges into the room it has; only lines that changed are drawn again."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._gauges: Sequence[Gauge] = ()
        self._drawn: list[list[Span]] = []

    def show(self, gauges: Sequence[Gauge]) -> None:
        """Show these."""
        self._gauges = gauges
        old, self._drawn = self._drawn, draw_gauges(gauges, self.size.width, self.size.height)
        refresh_changed(self, old, self._drawn, self.size.width)

    def on_resize(self) -> None:
        """Draw for the new room."""
        self._drawn = draw_gauges(self._gauges, self.size.width, self.size.height)
        self.refresh()

    def render_line(self, y: int) -> Strip:
        """One line."""
        line: Line = self._drawn[y] if y < len(self._drawn) else ()
        return make_strip(line, self.size.width, roles(self.app), self.rich_style)


def draw_gauges(gauges: Sequence[Gauge], width: int, height: int) -> list[list[Span]]:
    """The lines of ``gauges`` on ``width`` by ``height`` cells."""
    if not gauges or width < 8 or height < 1:
        return []
    rows = _ONE
    if width < _ONE_LINE_WIDTH:
        rows = _THREE if height >= 4 * len(gauges) - 1 else _TWO if height >= 2 * len(gauges) else _ONE
    lines: list[list[Span]] = []
    for gauge in gauges:
        lines.extend(_draw(gauge, width, rows))
        if rows == _THREE:
            lines.append([])
    return lines[:height]


def _draw(gauge: Gauge, width: int, rows: int) -> list[list[Span]]:
    if gauge.ratio is None and gauge.note:
        said: list[Span] = [(f"{gauge.label:<9}", "text"), (gauge.note, "dim")]
        return [said, *([[]] * (rows - 1))]
    if rows == _ONE:
        return [_one_line(gauge, width)]
    figures: list[Span] = [
        (gauge.use, "strong"),
        *_limit(gauge),
        ("  ", "text"),
        (format_percent(gauge.ratio), gauge.role),
    ]
    pad = max(1, width - len(gauge.label) - line_length(figures))
    head: list[Span] = [(gauge.label, "text"), (" " * pad, "text"), *figures]
    lines = [head, bar(gauge.ratio, width, gauge.role)]
    if rows == _THREE:
        lines.append([(sparkline(gauge.history, width), "dim")])
    return lines


def _limit(gauge: Gauge) -> list[Span]:
    return [(f" / {gauge.limit}", "dim")] if gauge.limit else []


def _one_line(gauge: Gauge, width: int) -> list[Span]:
    figures = gauge.use + (f" / {gauge.limit}" if gauge.limit else "")
    percent = format_percent(gauge.ratio)
    room = max(4, min(40, width - 9 - 24 - 8))
    line: list[Span] = [(f"{gauge.label[:8]:<9}", "text")]
    if width >= 9 + 24 + 8 + 4:
        line += [*bar(gauge.ratio, room, gauge.role), (" ", "text")]
    return [*line, (f"{percent:>6} ", gauge.role), (figures, "dim")]


def bar(ratio: float | None, width: int, role: str) -> list[Span]:
    """A bar of ``width`` cells filled to ``ratio``, in eighths of a cell; unknown is an empty bar."""
    share = 0.0 if ratio is None else min(1.0, max(0.0, ratio))
    eighths = round(share * width * 8)
    full, part = divmod(eighths, 8)
    head = "█" * full + (_EIGHTHS[part] if part else "")
    if not head and share > 0:
        head = _EIGHTHS[1]
    return [(head, role), ("─" * (width - len(head)), "faint")]


def sparkline(history: Sequence[float | None], width: int) -> str:
    """The last ``width`` ratios as blocks of eight heights; unknown ones are blank."""
    shown = history[-width:]
    blocks = [" " if r is None else _SPARKS[min(7, max(0, int(r * 8)))] for r in shown]
    return " " * (width - len(blocks)) + "".join(blocks)
