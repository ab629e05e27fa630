"""Gauges as lines: a row, two or three for each where they are many, cards with a graph where they have the screen."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import groupby

from mltui.domain.figures import UNKNOWN, format_percent
from mltui.ui.widgets.lines import Span, fit, line_length, spread

_EIGHTHS = " ▏▎▍▌▋▊▉█"
_SPARKS = "▁▂▃▄▅▆▇█"
#: Signs on a bar: what was promised, and the most there was.
REQUEST, PEAK = "┃", "╎"
#: Columns of figures on a line of their own, and the most letters of a label there.
_FIGURES, _LETTERS = 15, 10
#: Least columns of a card, and rows of its graph.
_CARD, _GRAPH = 44, 4
#: A number with decimals, which are rounded where there is no room; behind a zero they are all there is.
_DECIMALS = re.compile(r"(?<![\d.])[1-9]\d*\.\d+")
_IN_TWO_UNITS = re.compile(r"(\D*)([\d.]+) ([KMGT])iB/([\d.]+) ([KMGT])iB")
#: From this width on, so few rows are shared by two gauges each.
_PAIRED, _FEW = 46, 3


@dataclass(frozen=True, slots=True)
class Gauge:
    """What one gauge shows."""

    label: str
    """Short: at most ten letters."""
    use: str
    """With its unit, ``–`` where unknown."""
    limit: str
    """With its unit, empty where there is none."""
    ratio: float | None
    """use / limit."""
    role: str = "primary"
    """Colour by meaning: a full GPU is good, full memory is not."""
    history: tuple[float | None, ...] = field(default=())
    """Ratios of the past, oldest first; of the peak where there is no limit."""
    note: str = ""
    """Why there is no figure, or what to know about it."""
    title: str = ""
    """The label in full."""
    group: str = ""
    """What it belongs to: a run, the machine. Those of one group stand together."""
    also: str = ""
    """The use in another unit: ``180 %`` where the use is in cores."""
    request: float | None = None
    """What was promised, as a share of the limit."""
    peak: float | None = None
    """The largest ratio of the past; 1 where there is no limit."""
    peak_said: str = ""
    """The same with its unit."""
    main: bool = False
    """It gets more room than others."""

    @property
    def figures(self) -> str:
        """Use and limit: ``1.8 / 2 cores``; a unit that both have is said once."""
        if not self.limit:
            return self.use
        number, _, unit = self.use.rpartition(" ")
        return f"{number if number and self.limit.endswith(f' {unit}') else self.use} / {self.limit}"

    @property
    def unlimited(self) -> bool:
        """There is a figure and nothing to measure it by: its peak is shown instead."""
        return self.ratio is None and not self.limit and self.use != UNKNOWN


def draw_gauges(gauges: Sequence[Gauge], width: int, height: int) -> list[list[Span]]:
    """The lines of ``gauges`` in ``width`` columns, made for ``height`` rows; there are more where that is too few."""
    if not gauges or width < 8 or height < 1:
        return []
    if height <= _FEW and width >= _PAIRED and len(gauges) > height:
        # What matters most: the main ones, then what is measured by a limit.
        order = sorted(gauges, key=lambda gauge: (not gauge.main, gauge.ratio is None))
        return _paired(order[: 2 * height], width)
    rows, label = _shared_out(gauges, height), label_width(gauges)
    lines: list[list[Span]] = []
    at = 0
    for name, group in groupby(gauges, lambda gauge: gauge.group):
        members = list(group)
        if rows.headings and name:
            lines.append([(cut_end(name, width), "dim")])
        for gauge in members:
            lines.extend(_drawn(gauge, width, rows.each[at], label))
            at += 1
            if rows.apart and gauge.main:
                lines.append([])
    return lines


@dataclass(frozen=True)
class _Rows:
    """How the height is shared out."""

    each: list[int]
    headings: bool
    """Groups have their name above them."""
    apart: bool
    """The main gauges have an empty line below them."""


def _shared_out(gauges: Sequence[Gauge], height: int) -> _Rows:
    """A row for each; then the groups' names, a bar and a history for the main ones, and air, as far as it goes."""
    each = [1] * len(gauges)
    groups = len({gauge.group for gauge in gauges if gauge.group})
    mains = [index for index, gauge in enumerate(gauges) if gauge.main]
    left = height - len(gauges)
    headings = groups > 0 and left >= groups
    left -= groups if headings else 0
    for index in (mains * 2)[: max(0, left)]:
        each[index] += 1
        left -= 1
    return _Rows(each, headings, apart=0 < len(mains) <= left)


def label_width(gauges: Sequence[Gauge]) -> int:
    """Columns for the labels of ``gauges``, with a blank behind them."""
    return min(_LETTERS, max(8, *(len(gauge.label) for gauge in gauges))) + 1


def _drawn(gauge: Gauge, width: int, rows: int, label: int) -> list[list[Span]]:
    if gauge.use == UNKNOWN and gauge.note:
        if label + 2 + len(gauge.note) > width:
            label = min(label, len(gauge.label) + 1)
        why: list[Span] = [(f"{gauge.label[: label - 1]:<{label}}", "text"), (f"{UNKNOWN} {gauge.note}", "dim")]
        return [why, *([] for _ in range(rows - 1))]
    if rows == 1:
        return [_one_line(gauge, width, label)]
    lines = [_head(gauge, gauge.label, width), marked_bar(gauge, width)]
    if rows > 2:
        said = _remark(gauge)
        trace = sparkline(gauge.history, max(1, width - len(said) - 1))
        lines.append([(trace, "dim"), (f" {said}" if said else "", _remark_role(gauge))])
    return lines


def _head(gauge: Gauge, label: str, width: int) -> list[Span]:
    """Name on the left; on the right the figures, and what share of the limit they are."""
    also: list[Span] = [(f"{gauge.also} = ", "dim")] if gauge.also else []
    end: list[Span] = [(format_percent(gauge.ratio), gauge.role)] if gauge.ratio is not None else []
    use, slash, limit = gauge.figures.partition(" / ")
    figures: list[Span] = [(use, "strong"), (f"{slash}{limit}", "dim"), ("  " if end else "", "text"), *end]
    if line_length([*also, *figures]) + len(label) + 1 > width:
        also = []
    return spread([(label, "text")], [*also, *figures], width)


def _remark(gauge: Gauge) -> str:
    return gauge.note or (f"peak {gauge.peak_said}" if gauge.peak_said else "")


def _remark_role(gauge: Gauge) -> str:
    return gauge.role if gauge.note and gauge.role in ("warn", "error") else "dim"


def _one_line(gauge: Gauge, width: int, label_room: int) -> list[Span]:
    """Label, bar (or history), ratio (or peak), figures."""
    label: Span = (f"{gauge.label[: label_room - 1]:<{label_room}}", "text")
    if gauge.unlimited:
        peak = f"  peak {gauge.peak_said}" if gauge.peak_said else ""
        room = min(40, width - label_room - 1 - max(6 + _FIGURES, len(gauge.use) + len(peak)))
        # Where there is less room the peak has a sign in the place of its name.
        if room >= 2:
            trace = sparkline(gauge.history, room)
            return fit([label, (trace, "dim"), (f" {gauge.use}", "text"), (peak, "dim")], width)
        peak = f"  ▲{gauge.peak_said}" if gauge.peak_said else ""
        room = min(40, width - label_room - 1 - len(gauge.use) - len(peak))
        traced: list[Span] = [(sparkline(gauge.history, room), "dim"), (" ", "text")] if room >= 2 else []
        return fit([label, *traced, (gauge.use, "text"), (peak, "dim")], width)
    share = format_percent(gauge.ratio)
    figures = gauge.figures
    if len(figures) > _FIGURES:
        figures = figures.replace(" / ", "/")
    room = min(40, width - label_room - max(5, len(share)) - 2 - max(_FIGURES, len(figures)))
    line: list[Span] = [label]
    if room >= 3:
        line += _trace(gauge, room)
        line.append((" ", "text"))
    return fit([*line, (f"{share:>5}", gauge.role), (f" {figures}", "dim")], width)


def _trace(gauge: Gauge, width: int) -> list[Span]:
    """The bar; where there is no limit, the history."""
    if gauge.unlimited:
        return [(sparkline(gauge.history, width), "dim")]
    return marked_bar(gauge, width)


def _paired(gauges: Sequence[Gauge], width: int) -> list[list[Span]]:
    """Two gauges a line."""
    half = (width - 2) // 2
    cells = [_cell(gauge, half) for gauge in gauges]
    empty: list[Span] = []
    pairs = zip(cells[::2], [*cells[1::2], empty], strict=False)
    return [[*left, ("  ", "text"), *right] for left, right in pairs]


def _cell(gauge: Gauge, width: int) -> list[Span]:
    """Everything of one gauge, close together, on exactly ``width`` columns."""
    figures = gauge.figures.replace(" / ", "/")
    share = f"▲{gauge.peak_said}" if gauge.unlimited else format_percent(gauge.ratio)
    if gauge.use == UNKNOWN and gauge.note:
        line: list[Span] = [(f"{gauge.label} ", "text"), (f"{UNKNOWN} {gauge.note}", "dim")]
    else:
        label = f"{gauge.label} "
        room = width - len(label) - len(share) - len(figures) - 2
        # The limit's decimals go first: what is used changes.
        for of_use, of_limit in ((1, 1), (1, 0), (0, 0)):
            if width - len(label) - len(share) - len(figures) - 2 < -1:
                use, slash, limit = figures.partition("/")
                figures = f"{_rounded(use, of_use)}{slash}{_rounded(limit, of_limit)}"
        if len(label) + len(share) + 1 + len(figures) > width:
            # Rather a shorter name than a figure without its unit.
            label = label.replace("Memory", "Mem")
        if len(label) + len(share) + 1 + len(figures) > width:
            figures = _in_one_unit(figures)
        trace = [*_trace(gauge, room), (" ", "text")] if room >= 2 else []
        line = [(label, "text"), *trace, (share, gauge.role), (f" {figures}", "dim")]
    line = fit(line, width)
    return [*line, (" " * (width - line_length(line)), "text")]


def _in_one_unit(figures: str) -> str:
    """``677 MiB/24 GiB`` in the limit's unit, ``0.7/24 GiB``, unless too little would be left of it."""
    found = _IN_TWO_UNITS.fullmatch(figures)
    if found is None:
        return figures
    before, use, unit, limit, larger = found.groups()
    share = float(use) / 1024 ** ("KMGT".index(larger) - "KMGT".index(unit))
    return f"{before}{share:.1f}/{limit} {larger}iB" if share >= 0.1 else figures


def _rounded(figures: str, decimals: int) -> str:
    """The numbers in ``figures`` with at most so many decimals."""
    return _DECIMALS.sub(lambda found: f"{float(found[0]):.{min(decimals, len(found[0].partition('.')[2]))}f}", figures)


def draw_cards(gauges: Sequence[Gauge], width: int) -> list[list[Span]]:
    """Every gauge with its bar, its history as a graph and all there is to say, beside each other by groups."""
    columns, card = _columns(width)
    lines: list[list[Span]] = []
    for name, group in groupby(gauges, lambda gauge: gauge.group):
        if name:
            lines += [[(cut_end(name, width), "title")], []]
        drawn = [_card(gauge, card) for gauge in group]
        for start in range(0, len(drawn), columns):
            lines += _beside(drawn[start : start + columns], card)
            lines.append([])
    return lines


def _columns(width: int) -> tuple[int, int]:
    """How many cards stand beside each other, and how wide each is."""
    columns = max(1, (width + 3) // (_CARD + 3))
    return columns, (width - 3 * (columns - 1)) // columns


def card_width(width: int) -> int:
    """Columns of a card."""
    return _columns(width)[1]


def _card(gauge: Gauge, width: int) -> list[list[Span]]:
    title = gauge.title or gauge.label
    if gauge.use == UNKNOWN and gauge.note:
        return [[(title, "text"), (f"  {UNKNOWN} ", "strong")], [(gauge.note, "dim")]]
    head = _head(gauge, title, width)
    lines = [head] if gauge.unlimited else [head, marked_bar(gauge, width)]
    lines += [[(row, gauge.role)] for row in area(gauge.history, width, _GRAPH)]
    peak = f"peak {gauge.peak_said}" if gauge.peak_said else ""
    return [*lines, spread([(gauge.note, _remark_role(gauge))], [(peak, "dim")], width)]


def _beside(cards: Sequence[list[list[Span]]], width: int) -> list[list[Span]]:
    """Cards next to each other, each line on the card's width."""
    height = max(len(card) for card in cards)
    rows: list[list[Span]] = []
    for y in range(height):
        row: list[Span] = []
        for number, card in enumerate(cards):
            line = fit(card[y], width) if y < len(card) else []
            last = number == len(cards) - 1
            row += [*line, ("" if last else " " * (width - line_length(line) + 3), "text")]
        rows.append(row)
    return rows


def marked_bar(gauge: Gauge, width: int) -> list[Span]:
    """The bar with signs where the request and the peak are."""
    cells = [(sign, role) for text, role in bar(gauge.ratio, width, gauge.role) for sign in text]
    _mark(cells, gauge.peak, (PEAK, "dim"))
    _mark(cells, gauge.request, (REQUEST, "accent"))
    return [("".join(sign for sign, _ in same), role) for role, same in groupby(cells, lambda cell: cell[1])]


def _mark(cells: list[Span], share: float | None, mark: Span) -> None:
    """Put a sign at its share of the bar; one that would stand on the bar's own end or beyond is left out."""
    if share is None or not 0 < share <= 1:
        return
    at = min(len(cells) - 1, int(share * len(cells)))
    if mark[0] != PEAK or cells[at][1] == "faint":
        cells[at] = mark


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
    """The ratios as blocks of eight heights on the right of ``width`` columns; unknown ones are blank."""
    shown = fitted(history, width)
    blocks = [" " if r is None else _SPARKS[min(7, max(0, int(r * 8)))] for r in shown]
    return " " * (width - len(blocks)) + "".join(blocks)


def area(history: Sequence[float | None], width: int, height: int) -> list[str]:
    """The ratios as a filled graph of ``height`` rows, the top one first; 1 fills all of them."""
    shown = fitted(history, width)
    heights = [-1 if r is None else max(1, round(min(1.0, max(0.0, r)) * height * 8)) for r in shown]
    pad = " " * (width - len(shown))
    return [pad + "".join(_block(eighths - 8 * (height - 1 - row)) for eighths in heights) for row in range(height)]


def fitted(history: Sequence[float | None], width: int) -> list[float | None]:
    """All of ``history`` in at most ``width`` values: where it is longer, the largest of each piece."""
    if len(history) <= width:
        return list(history)
    if width < 1:
        return []  # A pane that is not laid out yet.
    pieces: list[float | None] = [None] * width
    for index, value in enumerate(history):
        at = index * width // len(history)
        known = pieces[at]
        pieces[at] = value if known is None else known if value is None else max(known, value)
    return pieces


def _block(eighths: int) -> str:
    return " " if eighths <= 0 else _SPARKS[min(8, eighths) - 1]


def cut_end(text: str, width: int) -> str:
    """``text`` in at most ``width`` columns."""
    return "".join(part for part, _ in fit([(text, "text")], width))
