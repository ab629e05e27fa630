"""Gauges as lines, in any room."""

from __future__ import annotations

from dataclasses import replace

import pytest

from mltui.ui.widgets.gauge_lines import Gauge, area, draw_cards, draw_gauges, marked_bar
from mltui.ui.widgets.gauges import Gauges
from mltui.ui.widgets.lines import Line, fit, line_length


def joined(line: Line) -> str:
    """The text of a line."""
    return "".join(text for text, _ in line)


def text(lines: list[list[tuple[str, str]]]) -> str:
    """The text of lines."""
    return "\n".join(joined(line).rstrip() for line in lines)


CPU = Gauge(
    "CPU", "1.8", "2 cores", 0.9, history=(0.1, 0.9), also="180 %", group="Run abc", request=0.5, peak=0.95,
    peak_said="1.9", main=True,
)  # fmt: skip
MEMORY = Gauge("Memory", "6.50 GiB", "8.00 GiB", 0.81, "warn", (0.8, 0.81), group="Run abc", main=True)
GPU = Gauge("GPU 0", "640 W", "", 0.93, "ok", note="slowed: power cap", group="Run abc")
DISK = Gauge(
    "Disk write", "1.20 MiB/s", "", None, history=(1.0, 0.5), peak=1.0, peak_said="2.40 MiB/s", group="Run abc"
)
NET = Gauge("Net", "–", "", None, note="it is on the machine's network", group="Run abc")
HOST = Gauge("Host mem", "12.3 GiB", "16.0 GiB", 0.77, "ok", group="This machine")
ALL = [CPU, MEMORY, GPU, DISK, NET, HOST]


@pytest.mark.parametrize("size", [(18, 1), (20, 2), (34, 8), (36, 21), (36, 40), (54, 2), (54, 6), (90, 5), (200, 50)])
def test_gauges_fit_any_width(size: tuple[int, int]) -> None:
    """No line is wider than the room; where there are more gauges than rows, each still has its line."""
    width, height = size
    lines = draw_gauges(ALL, width, height)
    assert all(line_length(fit(line, width)) <= width for line in lines)
    assert len(lines) <= max(height, len(ALL))
    for gauge in ALL if len(lines) >= len(ALL) else (CPU, MEMORY, GPU, HOST):
        assert gauge.label in text(lines)


@pytest.mark.parametrize("size", [(7, 3), (30, 0)])
def test_no_room_is_no_line(size: tuple[int, int]) -> None:
    """Nothing is drawn that could not be read."""
    assert draw_gauges(ALL, *size) == []


@pytest.mark.parametrize("height", [6, 12, 30])
def test_use_limit_and_ratio_are_there_in_any_height(height: int) -> None:
    """Never a bare percentage."""
    shown = text(draw_gauges(ALL, 40, height))
    for figure in ("1.8 / 2 cores", "90 %", "6.50 / 8.00 GiB", "81 %", "12.3 / 16.0 GiB", "77 %"):
        assert figure in shown


def test_cores_and_percent_of_a_core_are_told_apart() -> None:
    """180 % of a core are 1.8 cores, which are 90 % of the two that it may use."""
    (head, *_) = draw_gauges([replace(CPU, group="")], 40, 2)
    assert joined(head).split() == ["CPU", "180", "%", "=", "1.8", "/", "2", "cores", "90", "%"]


def test_a_narrow_cell_keeps_the_unit_of_a_limit() -> None:
    memory = Gauge("Memory", "310 MiB", "23.5 GiB", 0.013, "ok", main=True)
    others = [Gauge(f"g{i}", "1", "2", 0.5, "ok") for i in range(3)]
    shown = joined(draw_gauges([memory, *others], 53, 2)[0])
    assert "Mem 1.3 % 310 MiB/24 GiB" in shown


def test_a_use_that_has_no_room_for_its_own_unit_has_that_of_the_limit() -> None:
    """Use, limit and ratio stay whole beside each other in 80 columns."""
    memory = Gauge("Host mem", "677 MiB", "23.5 GiB", 0.028, "ok", main=True)
    little = replace(memory, use="9.22 MiB", ratio=0.0004)
    line = joined(draw_gauges([memory, little] * 2, 54, 2)[0])
    assert line == "Host mem 2.8 % 0.7/24 GiB   Host mem <0.1 % 9 MiB/24 …"
    line = joined(draw_gauges([replace(memory, label="Memory", use="ø 552 MiB"), little] * 2, 53, 2)[0])
    assert line.startswith("Mem 2.8 % ø 0.5/24 GiB ")
    line = joined(draw_gauges([replace(memory, use="1023 KiB"), little] * 2, 58, 2)[0])
    assert line.startswith("Host mem 2.8 % 1023 KiB/24 …")


def test_a_rate_has_its_peak_in_the_place_of_a_ratio() -> None:
    """There is no limit to measure it by; what it is now stands before what it was at most."""
    (line,) = draw_gauges([DISK], 40, 1)
    assert joined(line).split() == ["Disk", "write", "█▅", "1.20", "MiB/s", "▲2.40", "MiB/s"]
    (line,) = draw_gauges([replace(DISK, use="3 B/s", peak_said="4.02 KiB/s")], 36, 1)
    assert joined(line).split() == ["Disk", "write", "█▅", "3", "B/s", "peak", "4.02", "KiB/s"]
    (line,) = draw_gauges([DISK], 60, 1)
    assert joined(line).split() == ["Disk", "write", "█▅", "1.20", "MiB/s", "peak", "2.40", "MiB/s"]


def test_what_cannot_be_read_says_why() -> None:
    """A dash and the reason, in any form."""
    for lines in (draw_gauges([NET], 60, 1), draw_gauges([NET], 60, 9), draw_cards([NET], 60)):
        assert "–" in text(lines)
        assert "it is on the machine's network" in text(lines)


def test_few_rows_are_shared_by_two_gauges_each() -> None:
    """As on a small terminal, where the gauges have two rows."""
    lines = draw_gauges([CPU, MEMORY, GPU, HOST], 54, 2)
    assert [line_length(line) for line in lines] == [54, 54]
    assert "90 % 1.8/2 cores" in joined(lines[0])
    assert "81 % 6.50/8.00 GiB" in joined(lines[0])


def test_figures_that_do_not_fit_lose_their_decimals() -> None:
    """Rather than their unit, and rounded; a value below one is not made none."""
    gpu = Gauge("GPU1 mem", "2.00 GiB", "80.0 GiB", 0.025)
    assert "2.5 % 2.0/80 GiB" in joined(draw_gauges([gpu] * 4, 54, 2)[0])
    whole = Gauge("Host CPU", "1.96", "2 cores", 0.98)
    memory = Gauge("Host mem", "1.62 GiB", "23.5 GiB", 0.069)
    assert "98 % 2/2 cor" in joined(draw_gauges([whole, memory] * 2, 46, 2)[0])
    assert "6.9 % 2/24 G" in joined(draw_gauges([whole, memory] * 2, 46, 2)[0])
    assert "6.9 % 1.6/23.5 GiB" in joined(draw_gauges([whole, memory] * 2, 56, 2)[0])
    assert "6.9 % 1.6/24 GiB" in joined(draw_gauges([whole, memory] * 2, 53, 2)[0])
    cpu = Gauge("0.01 CPU", "0.19", "20.0 cores", 0.0095)
    assert "0.9 % 0.19/20" in joined(draw_gauges([cpu] * 4, 54, 2)[0])


def test_groups_have_their_name_above_them_where_there_is_room() -> None:
    """The selected run is told from the machine."""
    assert "This machine" not in text(draw_gauges(ALL, 36, 6))
    shown = text(draw_gauges(ALL, 36, 8)).splitlines()
    assert (shown[0], shown[6]) == ("Run abc", "This machine")


def test_request_and_peak_are_marked_on_the_bar() -> None:
    """The request where it is promised, through the bar; the peak beyond what is used now."""
    assert joined(marked_bar(Gauge("", "", "", 0.75, request=0.5, peak=0.9), 10)) == "█████┃█▌─╎"
    assert joined(marked_bar(Gauge("", "", "", 0.75, peak=0.75), 10)) == "███████▌──"
    assert joined(marked_bar(Gauge("", "", "", None, request=1.0, peak=None), 4)) == "───┃"


def test_a_card_has_the_history_as_a_graph_and_the_peak() -> None:
    """One beside another where the width allows."""
    narrow, wide = draw_cards([CPU, MEMORY], 60), draw_cards([CPU, MEMORY], 100)
    assert len(narrow) > len(wide)
    assert "peak 1.9" in text(narrow)
    assert "slowed: power cap" in text(draw_cards([GPU], 60))
    assert all(line_length(line) <= 100 for line in wide)


def test_a_group_that_no_table_parts_is_named_once() -> None:
    """Where there is none of who is on the GPUs."""
    view = Gauges()
    view.full = True
    for table, times in (((), 1), ([[("On the GPUs", "title")]], 2)):
        view._gauges, view._table, view._after = [CPU, MEMORY, DISK], table, 2
        assert text(view._lines(80)).count("Run abc") == times


def test_a_graph_fills_its_rows_to_the_ratio() -> None:
    """The newest on the right; unknown is blank, a little is not nothing, too much is full."""
    assert area((None, 0.0, 0.5, 0.75, 3.0), 6, 2) == ["    ▄█", "  ▁███"]


def test_a_long_history_is_shown_whole() -> None:
    """Where it has more values than columns, the largest of each piece: no peak is lost, none is cut off."""
    history = (1.0, 0.0, 0.0, None, None, None, 0.5, 0.0)
    assert area(history, 4, 1) == ["█▁ ▄"]
    assert area(history, 8, 1) == ["█▁▁   ▄▁"]


def test_a_pane_that_is_not_laid_out_yet_draws_nothing_of_the_past() -> None:
    """A graph without a column has no part of a history in it, however long that is."""
    past = [0.1, None, 0.9]
    assert area(past, 0, 2) == ["", ""]
    assert draw_cards([replace(CPU, history=past)], 0)
