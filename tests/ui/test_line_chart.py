"""The line chart: what its picture says, and that nothing a log prints can break it."""

from __future__ import annotations

import asyncio
import math
import re
import subprocess
import sys
from array import array
from dataclasses import replace
from itertools import accumulate, chain, combinations
from operator import mul

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rich.segment import Segment
from rich.style import Style
from textual.app import App, ComposeResult
from textual.color import Color
from textual.events import MouseScrollDown, MouseScrollRight
from textual.strip import Strip

from mltui.domain.curve import Drawn, XAxis
from mltui.domain.metric import MetricKind, MetricPoint, MetricStore, Series, SeriesKey
from mltui.domain.metric_name import Goal, MetricName, Scope, goal_of, parse_name
from mltui.domain.scale import Scale
from mltui.ui import palette
from mltui.ui.presentation.charts import group_series, group_system
from mltui.ui.presentation.marks import ComparedRun
from mltui.ui.widgets import chart_cursor as cursor
from mltui.ui.widgets.chart_axes import full_y_limits, x_limits
from mltui.ui.widgets.chart_frame import MIN_HEIGHT, MIN_WIDTH, paint
from mltui.ui.widgets.chart_legend import width_of
from mltui.ui.widgets.chart_model import ChartModel, Curve, CurveStyle, Look, Vertex, View
from mltui.ui.widgets.chart_raster import Dots, dot, ink, turns
from mltui.ui.widgets.chart_svg import svg
from mltui.ui.widgets.line_chart import LineChart, PlotextCanvas, changed_part

LOOK = Look(background="#121212", text=Style(), muted=Style(), frame=Style(), grid=Style(), alarm=Style(color="red"))
WILD = [0.0, -0.0, 1.0, math.nan, math.inf, -math.inf, 1.7e308, -1.7e308, 5e-324, -5e-324, 1e16, 1e-300, float(2**63)]


# How a colour is seen, in linear RGB (Machado, Oliveira and Fernandes, 2009, severity 1).
COLOUR_VISION = {
    "common": ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
    "protanopia": ((0.1523, 1.0526, -0.2049), (0.1145, 0.7863, 0.0992), (-0.0039, -0.0481, 1.052)),
    "deuteranopia": ((0.3673, 0.8606, -0.228), (0.2801, 0.6725, 0.0474), (-0.0118, 0.0429, 0.9689)),
    "tritanopia": ((1.2555, -0.0767, -0.1788), (-0.0784, 0.9308, 0.1476), (0.0047, 0.6914, 0.3039)),
}


def lab(color, vision):
    """A colour as it is seen, in CIELAB under D65."""
    linear = [(c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4) for c in Color.parse(color).normalized]
    red, green, blue = (min(1.0, max(0.0, sum(map(mul, row, linear)))) for row in vision)
    xyz = (
        (0.4124 * red + 0.3576 * green + 0.1805 * blue) / 0.9505,
        0.2126 * red + 0.7152 * green + 0.0722 * blue,
        (0.0193 * red + 0.1192 * green + 0.9505 * blue) / 1.089,
    )
    x, y, z = (t ** (1 / 3) if t > 0.008856 else 7.787 * t + 16 / 116 for t in xyz)
    return 116 * y - 16, 500 * (x - y), 200 * (y - z)


def series_of(values, name="loss", axis="step", xs=None):
    made = Series(SeriesKey(name, axis))
    for i, value in enumerate(values):
        made.add(float(i if xs is None else xs[i]), value, 1.7e9 + 10 * i)
    return made


def model_of(*curves, view=None, title="loss"):
    model = ChartModel(title=title, view=view or View())
    model.set_curves(curves, palette.distinct_colors)
    return model


def picture(*curves, width=60, height=15, view=None, title="loss"):
    return paint(model_of(*curves, view=view, title=title), width, height, LOOK, PlotextCanvas())


def rows(*curves, **how):
    return picture(*curves, **how).text()


def dots_of(lines):
    """The set of dots of braille rows."""
    bits = [(0, 0), (0, 1), (0, 2), (1, 0), (1, 1), (1, 2), (0, 3), (1, 3)]
    return {
        (2 * x + dx, 4 * y + dy)
        for y, row in enumerate(lines)
        for x, char in enumerate(row)
        for bit, (dx, dy) in enumerate(bits)
        if 0x2800 < ord(char) <= 0x28FF and (ord(char) - 0x2800) >> bit & 1
    }


def drawn_of(dots):
    """The set of dots of a curve's columns."""
    return {(x, y) for x, column in enumerate(dots.columns) for y in range(4 * dots.height) if column >> y & 1}


def test_the_canvas_puts_every_dot_where_it_is_asked_to():
    canvas = PlotextCanvas()
    for x in range(0, 26, 3):
        for y in range(28):
            assert dots_of(canvas(13, 7, [[Vertex(x, y, False)]])[0]) == {(x, y)}


def test_the_canvas_joins_only_vertices_that_are_joined():
    (rows,) = PlotextCanvas()(10, 4, [[Vertex(0, 0, False), Vertex(3, 3, True), Vertex(9, 3, False)]])
    assert dots_of(rows) == {(0, 0), (1, 1), (2, 2), (3, 3), (9, 3)}


@settings(deadline=None)
@given(st.integers(1, 78), st.floats(-1, 1), st.data())
def test_a_line_has_the_dots_nearest_to_it_wherever_it_lies_and_whatever_is_drawn_beside_it(wide, slope, data):
    """Of two as near it has the lower one: a live curve that moves does not flicker."""
    high, canvas = round(slope * min(wide, 39)), PlotextCanvas()
    x, y = data.draw(st.integers(0, 79 - wide)), data.draw(st.integers(max(0, -high), 39 - max(0, high)))
    line = [Vertex(x, y, False), Vertex(x + wide, y + high, True)]
    wanted = {(x + i, y + math.floor(high * i / wide + 0.5 + 1e-9)) for i in range(wide + 1)}
    before, after = data.draw(st.integers(0, 5)), data.draw(st.integers(0, 2))
    found = canvas(40, 10, [*([[Vertex(3, 3, False)]] * before), line, [], *([line] * after)])
    assert dots_of(found[before]) == wanted
    assert found[before + 1] == []
    assert [dots_of(rows) for rows in found[before + 2 :]] == [wanted] * after


def dots_with(bars, width=12, height=4):
    """The dots of vertical strokes: column, top and bottom."""
    dots = Dots(width, height)
    for x, top, bottom in bars:
        dots.columns[x] |= (2 << bottom) - (1 << top)
    return dots


def test_the_cells_that_a_curve_takes_are_those_with_a_dot():
    assert dots_with([(1, 2, 13), (4, 5, 6), (5, 11, 11)], 3).taken() == [0x1111, 0, 0x110]
    assert Dots(2, 3).taken() == [0, 0]


def test_the_rows_of_a_canvas_are_a_curves_dots():
    dots = Dots(3, 2)
    dots.add_rows(["⣿ ⠁", " ⡀"])
    assert drawn_of(dots) == {(x, y) for x in (0, 1) for y in range(4)} | {(4, 0), (2, 7)}


def test_a_curve_that_others_cover_for_a_while_shows_through_in_turns():
    """And one that is covered where it only crosses does not; a cell that is free keeps a curve in view."""
    along = dots_with([(x, 4, 4) for x in range(24)]).taken()
    assert turns([along] * 3) == [None, 1, 0] * 4
    crossing = dots_with([(x, 4, 4) for x in range(8, 14)]).taken()  # three columns
    apart = dots_with([(x, 4, 8) for x in range(24)]).taken()
    assert turns([crossing, apart, along]) == [None] * 12
    assert turns([]) == []


@pytest.mark.parametrize("width", [20, 30, 38, 45, 60])
@pytest.mark.parametrize("height", [8, 15])
def test_a_long_name_is_cut_and_says_so_before_the_value_is(width, height):
    name = "validation/segmentation_head_dice_loss"
    head = "".join(rows(Curve(name, series_of([0.5, 0.4, 0.1629])), title=name, width=width, height=height)[:2])
    assert "● 0.16" in head
    assert "validat" in head
    assert ("…" in head) is (name not in head)


def test_a_name_that_has_room_is_whole_and_its_curve_is_not_named_again():
    name = "the_validation_intersection_over_union_of_all_classes_weighted_accuracy"
    (group,) = group_series(store_of((name, "epoch", MetricKind.METRIC)))
    head = "".join(rows(*group.curves, title=group.title, width=110, height=15)[:2])
    assert head.count("the_validation_intersection") == 1
    assert name in head


def test_no_two_curves_have_both_colour_and_mark_in_common():
    names = [f"[rank{i}] loss" for i in range(20)]
    (group,) = group_series(store_of(*((name, "step", MetricKind.METRIC) for name in names)))
    assert [curve.label for curve in group.curves] == [f"rank{i}" for i in range(20)]
    looks = [(p.color, p.glyph) for p in model_of(*group.curves).curves]
    assert len(set(looks)) == len(looks)


def test_training_keeps_its_mark_beside_what_its_bar_shows():
    metric, running = MetricKind.METRIC, MetricKind.RUNNING
    store = store_of(("loss", "epoch", running), ("loss", "epoch", metric), ("val_loss", "epoch", metric))
    (group,) = group_series(store)
    lines = [p for p in model_of(*group.curves).curves if p.curve.style is CurveStyle.LINE]
    assert [(p.curve.label, p.glyph) for p in lines] == [("train", "●"), ("val", "▲")]


def test_places_are_not_looked_for_by_times_that_are_all_the_same():
    by_step, by_epoch = series_of([3.0, 2.0, 1.0]), series_of([3.0, 1.0], axis="epoch")
    for made in (by_step, by_epoch):
        made.time[:] = array("d", [1.7e9] * len(made))
    source = model_of(Curve("loss", by_step), view=View(cursor=2.0))
    assert cursor.translate(source, model_of(Curve("val_loss", by_epoch))).cursor is None


def test_of_two_curves_that_run_together_both_are_seen():
    near = [1.0, *[0.5 - i / 1000 for i in range(40)]]
    curves = [Curve(name, series_of(near, name), color=color) for name, color in (("a", "#ff0000"), ("b", "#00ff00"))]
    found = picture(*curves, height=12)
    plot = found.rows[found.geometry.top : -2]
    columns = {color: 0 for color in ("#ff0000", "#00ff00")}
    for row in plot:
        for text, style in row:
            if style.color is not None and style.color.name in columns:
                columns[style.color.name] += len(text.strip())
    assert min(columns.values()) > 0.4 * max(columns.values())


@pytest.mark.parametrize("log_y", [False, True])
def test_a_zoomed_axis_has_the_lines_in_view_whole_also_towards_points_that_are_not(log_y):
    """Between 3.5 and 4.5 lies one point; the lines come from 100 and go on to 1."""
    series = series_of([1000.0, 100.0, 10.0, 1.0], xs=[1, 3, 4, 5])
    model = model_of(Curve("loss", series), view=View(log_y=log_y, x_window=(3.5, 4.5), follow=False))
    model.catch_up()
    y = full_y_limits(model, x_limits(model))
    assert (y.low, y.high) == pytest.approx((3.16, 31.6) if log_y else (5.5, 55), rel=0.2)


@given(st.lists(st.tuples(st.integers(1, 9), st.floats(-5, 5)), min_size=2, max_size=30))
def test_a_curve_is_one_connected_line_that_ends_where_its_points_are(moves):
    """Dots of neighbouring points touch (also diagonally), and every point has its dot."""
    at, scale = [0, *accumulate(right for right, _ in moves)], Scale(-4, 4)
    values, end = [value for _, value in moves], at.pop()
    dots = Dots(end // 2 + 1, 10)
    curve = Drawn(at, values, values, values, values, len(at))
    (rows,) = PlotextCanvas()(end // 2 + 1, 10, [ink([curve], scale, dots)])
    dots.add_rows(rows)
    drawn, places = drawn_of(dots), [(x, dot(value, scale, 40)) for x, value in zip(at, values, strict=True)]
    assert {(x, y) for x, y in places if 0 <= y < 40} <= drawn
    if all(0 <= y < 40 for _, y in places):
        reached, border = set(), [places[0]]
        while border:
            x, y = border.pop()
            if (x, y) in drawn and (x, y) not in reached:
                reached.add((x, y))
                border += [(x + dx, y + dy) for dx in (-1, 0, 1) for dy in (-1, 0, 1)]
        assert reached == drawn


def test_a_chart_names_its_axis_and_each_curve_with_its_last_and_best_value():
    val = Curve("val_loss", series_of([0.5, 0.2811, 0.2913], "val_loss", "epoch", xs=[3, 4, 5]))
    text = rows(val)
    assert "val_loss 0.2913  best 0.2811 @ epoch 4" in text[0]
    assert "epoch" in text[-1]


def test_what_no_row_has_room_for_goes_on_in_the_next_one():
    """One curve with much to say takes the best value and its place from none."""
    train = series_of([1.0, math.nan, math.inf, 0.25, 0.5], axis="epoch")
    found = rows(Curve("train", train), Curve("val", series_of([1.0, 0.5, 0.75], axis="epoch")), height=24, width=52)
    assert [" ".join(row.split()) for row in found[:4]] == [
        "loss",
        "● train 0.5000 ✕ NaN at epoch 1, ∞ at epoch 2",
        "best 0.2500 @ epoch 3",
        "▲ val 0.7500 best 0.5000 @ epoch 1",
    ]


def test_the_best_of_an_accuracy_is_its_greatest():
    text = rows(Curve("accuracy", series_of([0.1, 0.9, 0.8]), goal=Goal.MAX), title="accuracy")
    assert "0.8000  best 0.9000 @ step 1" in text[0]


def test_what_a_run_used_has_a_peak_and_no_best():
    store = MetricStore()
    store.add(MetricPoint("memory GiB", "step", 0.0, 0.5, MetricKind.SYSTEM), 1.7e9)
    store.add(MetricPoint("memory GiB", "step", 1.0, 0.9, MetricKind.SYSTEM), 1.7e9)
    store.add(MetricPoint("memory GiB", "step", 2.0, 0.0, MetricKind.SYSTEM), 1.7e9)
    (group,) = group_system([ComparedRun("r", "r", "#56b4e9", "●", MetricStore(), "", store)])
    assert "0  peak 0.9000 " in rows(*group.curves, title=group.title)[0]


def test_a_falling_curve_starts_at_the_top_left_and_ends_at_the_bottom_right():
    found = picture(Curve("loss", series_of([10.0 - i for i in range(11)])), height=12)
    geometry = found.geometry
    plot = [row[geometry.left : geometry.left + geometry.width] for row in found.text()[geometry.top : -2]]
    assert plot[0].strip()[0] in "⠁⠂⠑⠢⠐⠠⠈⠒"
    assert plot[-1].rstrip()[-1] == "●"
    heights = [max(y for x, y in dots_of(plot) if x == at) for at in range(0, 2 * geometry.width - 4, 8)]
    assert heights == sorted(heights)


def test_one_point_is_a_mark_in_the_middle():
    text = rows(Curve("loss", series_of([0.5], xs=[7])), height=11)
    (row,) = [r for r in text[1:] if "●" in r]
    assert text.index(row) == 5
    assert abs(row.index("●") - 32) < 4


@pytest.mark.parametrize("view", [View(), View(x_axis=XAxis.RELATIVE)])
def test_an_axis_does_not_begin_before_the_first_step_or_second_for_the_sake_of_one_point(view):
    text = rows(Curve("loss", series_of([0.5])), height=11, view=view)
    assert "-1" not in text[-1]
    (row,) = [r for r in text[1:] if "●" in r]
    assert row.partition("●")[0].rstrip() == "0.50┤"


def test_a_curve_that_stays_zero_lies_on_the_floor():
    """Of a loss or a counter, which has nothing below."""
    labels = [row.partition("┤")[0].strip() for row in rows(Curve("loss", series_of([0.0] * 9))) if "┤" in row]
    assert labels == ["1.0", "0.8", "0.6", "0.4", "0.2", "0"]


def test_an_empty_chart_says_what_it_waits_for():
    model = model_of(Curve("loss", series_of([])))
    model.waiting = "waiting for the first epoch"
    assert any("waiting for the first epoch" in row for row in paint(model, 40, 10, LOOK, PlotextCanvas()).text())


@pytest.mark.parametrize("size", [(15, 10), (40, 4), (1, 1), (0, 0)])
def test_too_small_a_chart_says_so(size):
    text = rows(Curve("loss", series_of([1.0, 2.0])), width=size[0], height=size[1])
    assert len(text) == size[1]
    assert "too small"[: size[0]] in "".join(text) or size[0] == 0


def test_values_that_are_no_number_are_marked_where_they_happened_and_said():
    values = [3.0 - i / 100 for i in range(200)]
    values[120], values[180] = math.nan, math.inf
    found = picture(Curve("loss", series_of(values)), width=90)
    text = found.text()
    assert "✕ NaN at step 120, ∞ at step 180" in text[0]
    left = found.geometry.left
    marks = {(y, x - left) for y, row in enumerate(text[1:], 1) for x, c in enumerate(row) if c == "✕"}
    assert {x for _, x in marks} == {found.geometry.column_of(120), found.geometry.column_of(180)}
    assert (found.geometry.top, found.geometry.column_of(180)) in marks
    assert any(span.text == "✕" and span.style is LOOK.alarm for row in found.rows for span in row)


def test_a_chart_of_nothing_but_nan_still_shows_where():
    text = rows(Curve("loss", series_of([math.nan] * 5)))
    assert any("✕" in row for row in text[1:])
    assert "NaN at step 0 (×5)" in text[0]
    assert not any("┤" in row for row in text), "the height of the marks is no value"


def test_reduced_data_says_so_and_whole_data_does_not():
    many = series_of([i % 7 for i in range(5000)])
    assert any("5,000 points reduced" in row for row in rows(Curve("loss", many), width=90))
    assert any(" reduced " in row for row in rows(Curve("loss", many), width=40))
    assert not any("reduced" in row for row in rows(Curve("loss", series_of([1.0, 2.0]))))


def test_a_cell_has_the_colour_and_the_dots_of_its_topmost_curve():
    flat, wave = series_of([0.5] * 40), series_of([math.sin(i) for i in range(40)])
    below, above = Curve("a", wave, "#ff0000"), Curve("b", flat, "#00ff00")
    alone, both = picture(above, below, height=12), picture(below, above, height=12)
    assert alone.geometry == both.geometry

    def cells(found, color):
        at = {}
        for y, row in enumerate(found.rows[found.geometry.top : -2]):
            x = 0
            for span in row:
                if span.style.color and span.style.color.name == color:
                    at.update({(x + i, y): c for i, c in enumerate(span.text)})
                x += len(span.text)
        return at

    green = "".join(sorted(set(cells(both, "#00ff00").values()) - {"▲", "●"}))
    assert len(green) == 1  # a level line: nothing of the wave in its cells


def test_faint_companions_have_no_legend_and_lie_behind():
    running = Curve("loss", series_of([2.0] * 50, "running"), "#ffffff", CurveStyle.FAINT)
    text = rows(running, Curve("train", series_of([1.0, 2.0], xs=[0, 49]), "#00ff00"))
    assert text[0].count("●") == 1
    assert "train" in text[0]


def test_smoothing_shows_the_smooth_value_and_keeps_the_raw_line():
    series = series_of([float(i % 2) for i in range(100)])
    found = picture(Curve("loss", series, "#00ff00"), view=View(smoothing=0.9), height=20)
    assert "0.5" in found.text()[0]
    colors = {span.style.color.name for row in found.rows[1:] for span in row if span.style.color}
    assert {"#00ff00", palette.faint("#00ff00", LOOK.background)} <= colors


def test_a_smoothed_value_beside_one_that_is_not_is_called_so():
    series = series_of([1.0] * 50 + [0.0, 0.5])
    plain = rows(Curve("loss", series), width=90)[0]
    smooth = model_of(Curve("loss", series), view=View(smoothing=0.9))
    text = paint(smooth, 90, 15, LOOK, PlotextCanvas()).text()[0]
    assert text.split() == ["loss", "●", "0.8594", "smoothed", "raw", "0.5000", "best", "0", "@", "step", "50"]
    assert "smoothed" not in plain
    assert cursor.reading_text(smooth) == "loss 0.8594131119 smoothed"


def test_a_curve_that_is_no_number_any_more_is_marked_where_it_ended_however_long_ago():
    values = [math.nan, 1.0, 0.0, 0.9, *[math.nan] * 400, 0.0, math.nan]
    found = picture(Curve("loss", series_of(values)), height=15)
    text = found.text()
    (row,) = [row for row in text[1:] if row.count("✕") > 30]
    assert text.index(row) == found.geometry.top + found.geometry.row_of(0.9)
    crosses = [
        float(y)
        for y in re.findall(r"M[\d.]+ ([\d.]+)l6 6m0 -6l-6 6", svg([model_of(Curve("loss", series_of(values)))]))
    ]
    assert len(crosses) > 100
    assert len(set(crosses[1:-1])) == 1


def test_a_value_is_copied_as_it_was_logged():
    """Without zeros behind it, and with all digits that it has."""
    series = series_of([0.2835, 0.123456789, 1200000.0, math.nan])
    copied = [cursor.reading_text(model_of(Curve("loss", series), view=View(cursor=float(x)))) for x in range(4)]
    assert copied == ["step 0  loss 0.2835", "step 1  loss 0.123456789", "step 2  loss 1200000", "step 3  loss NaN"]


def test_outliers_are_cut_from_the_axis_when_asked():
    series = series_of([*[1.0 + i % 3 for i in range(200)], 1e6])
    assert picture(Curve("loss", series)).geometry.y.high > 1e5
    assert picture(Curve("loss", series), view=View(clip=True)).geometry.y.high < 10


def test_logarithmic_axes_take_what_is_not_above_zero():
    series = series_of([10.0**-i if i % 5 else -1.0 for i in range(20)])
    found = picture(Curve("loss", series), view=View(log_x=True, log_y=True), height=20)
    assert found.geometry.x.log
    assert found.geometry.y.low > 0


def test_what_a_logarithmic_axis_has_no_place_for_is_said():
    """And where nothing is left there is no scale of invented values."""
    view = View(log_y=True)
    assert rows(Curve("loss", series_of([1.0, 0.0, 2.0])), view=view)[0].startswith("loss log y, values ≤ 0 left out")
    assert "left out" not in rows(Curve("loss", series_of([1.0, 0.5, 2.0])), view=view)[0]
    assert not any("┤" in row for row in rows(Curve("loss", series_of([-1.0, 0.0])), view=view))


def test_points_that_a_logarithmic_x_axis_has_no_place_for_are_said():
    """Where no point is left the chart does not say that it waits for the first one."""
    epochs = Curve("loss", series_of([3.0, 2.0, 0.0], axis="epoch"))
    assert rows(epochs, view=View(log_x=True))[0].startswith("loss x ≤ 0 left out")
    both = rows(epochs, view=View(log_x=True, log_y=True))
    assert both[0].startswith("loss log y, values and x ≤ 0 left out")
    for shown in (View(), View(log_x=True, x_axis=XAxis.RELATIVE)):
        assert "left out" not in rows(epochs, view=shown)[0]
    assert "left out" not in rows(Curve("loss", series_of([3.0, 2.0], xs=[1, 2])), view=View(log_x=True))[0]
    first = rows(Curve("loss", series_of([3.0])), view=View(log_x=True))
    assert any("log x: no step above 0 yet" in row for row in first)
    assert not any("waiting" in row for row in first)
    model = model_of(Curve("loss", series_of([3.0])), view=View(log_x=True))
    assert "log x: no step above 0 yet" in svg([model], 1)
    assert any(
        "waiting for the first value" in row for row in rows(Curve("loss", series_of([])), view=View(log_x=True))
    )


@pytest.mark.parametrize("top", [1.05, 1.2, 1.9, 2.1, 4.9, 9.7])
def test_a_low_chart_has_two_ticks_to_read_its_values_by(top):
    labels = [row.partition("┤")[0] for row in rows(Curve("loss", series_of([0.06, top])), height=10) if "┤" in row]
    assert len(set(labels)) >= 2


def test_a_logarithmic_x_axis_has_ticks_below_one():
    """Where it begins with fractions of an epoch."""
    epochs = Curve("loss", series_of([1.0] * 200, axis="epoch", xs=[i / 50 for i in range(200)]))
    assert rows(epochs, view=View(log_x=True))[-1].split()[:3] == ["0.02", "0.05", "0.1"]
    steps = Curve("loss", series_of([1.0] * 200))
    assert rows(steps, view=View(log_x=True))[-1].split()[0] == "1"
    first = Curve("loss", series_of([1.0], xs=[1]))
    assert rows(first, view=View(log_x=True))[-1].split() == ["1", "step", "2"]


@pytest.mark.parametrize("width", range(40, 120, 4))
def test_the_axis_s_name_stands_at_its_end(width):
    for last, view in ((4000, View()), (99, View()), (60, View(x_axis=XAxis.WALL))):
        words = rows(Curve("loss", series_of([1.0, 2.0], xs=[0, last])), view=view, width=width)[-1].split()
        name = next(word for word in words if word.isalpha())
        assert name in words[-2:]
        assert len(words) > 2


def test_time_axes_are_labelled_as_times():
    series = series_of([1.0] * 60)
    relative = rows(Curve("l", series), view=View(x_axis=XAxis.RELATIVE))[-1]
    assert [word for word in relative.split() if word != "time"] == ["0s", "2m", "4m", "6m", "8m", "10m"]
    assert ":" in rows(Curve("l", series), view=View(x_axis=XAxis.WALL))[-1]


def test_every_row_is_exactly_as_wide_as_the_chart():
    curves = [Curve(f"run-{i}", series_of([i * j for j in range(30)])) for i in range(9)]
    for width, height in [(30, 6), (60, 15), (200, 50), (MIN_WIDTH, MIN_HEIGHT)]:
        found = picture(*curves, width=width, height=height, title="a rather long title of a chart")
        assert len(found.rows) == height
        assert {width_of(row) for row in found.rows} == {width}


def cursor_model(view=None):
    train = series_of([5.0, 4.0, 3.0, 2.0, math.nan, 2.5])
    val = series_of([5.5, 4.5, 3.2, 3.4, 3.6, 3.8], "val_loss")
    model = model_of(Curve("train", train), Curve("val", val), view=view)
    return model, paint(model, 60, 15, LOOK, PlotextCanvas()).geometry


def test_nothing_of_a_log_steers_the_terminal():
    series = series_of([1.0, 2.0], axis="st\x1b]52;c;eA==\x07ep\x9b2J")
    text = "".join(rows(Curve("lo\x1b[31mss\r\n", series)))
    assert not any(ord(char) < 32 or 0x7F <= ord(char) < 0xA0 for char in text)
    assert "step" in text


def test_the_crosshair_appears_at_the_end_and_walks_from_point_to_point():
    model, geometry = cursor_model()
    model.view = cursor.step(model, geometry, -1)
    assert model.view.cursor == 5
    model.view = cursor.step(model, geometry, -1)
    assert model.view.cursor == 4
    model.view = cursor.step(model, geometry, 1)
    model.view = cursor.step(model, geometry, 1)
    assert model.view.cursor == 5


def test_the_crosshair_reads_every_curve():
    model, geometry = cursor_model(View(cursor=2.0))
    found = cursor.reading(model)
    assert found.place == "step 2"
    assert [(v.label, v.value) for v in found.values] == [("train", 3.0), ("val", 3.2)]
    assert found.text() == "step 2  train 3  val 3.2"
    text = paint(model, 60, 15, LOOK, PlotextCanvas()).text()
    assert text[0].startswith("loss @ step 2   ● train 3  ✕ NaN at step 4   ▲ val 3.200")
    assert any(row[geometry.left + geometry.column_of(2.0)] == "│" for row in text[1:-2])


@pytest.mark.parametrize(("where", "x"), [("best", 2), ("min", 3), ("max", 0), ("nan", 4), ("first", 0), ("last", 5)])
def test_the_crosshair_jumps_to_notable_points(where, x):
    model, geometry = cursor_model()
    assert cursor.jump(model, geometry, where).cursor == x


def test_zooming_keeps_the_place_and_pans_to_the_ends_only():
    model = model_of(Curve("loss", series_of([float(i) for i in range(101)])))
    model.catch_up()
    model.view = cursor.zoom(model, 0.5, 0.5)
    assert model.view.x_window == (25, 75)
    model.view = cursor.pan(model, -9)
    assert model.view.x_window == (0, 50)
    model.view = cursor.pan(model, 9)
    assert model.view.x_window == (50, 100)
    assert model.view.follow
    model.view = cursor.zoom(model, 4)
    assert model.view.x_window is None


def spiked():
    return model_of(Curve("loss", series_of([2.0 - i / 1000 if i != 900 else 500.0 for i in range(1500)])))


def test_zooming_y_keeps_what_is_looked_at_in_sight():
    """The curve below a spike, not the empty middle of the axis; with the crosshair the value that it reads."""
    model = spiked()
    geometry = paint(model, 60, 15, LOOK, PlotextCanvas()).geometry
    for _ in range(8):
        model.view = cursor.zoom_y(model, 0.5)
    assert -1 < model.view.y_window[0] < 1.25 < model.view.y_window[1] < 3
    model.view = cursor.jump(model, geometry, "max")
    model.view = cursor.zoom_y(model, 0.5)
    assert model.view.y_window[0] < 500.0 < model.view.y_window[1]


def test_a_zoomed_y_axis_pans_to_its_ends_only():
    model = spiked()
    assert cursor.pan_y(model, 0.5) == model.view
    full = paint(model, 60, 15, LOOK, PlotextCanvas()).geometry.y
    for _ in range(4):
        model.view = cursor.zoom_y(model, 0.5)
    height = model.view.y_window[1] - model.view.y_window[0]
    model.view = cursor.pan_y(model, 99)
    assert model.view.y_window == pytest.approx((full.high - height, full.high))
    model.view = cursor.pan_y(model, -99)
    assert model.view.y_window == pytest.approx((full.low, full.low + height))


def test_a_zoomed_chart_follows_its_end():
    series = series_of([float(i) for i in range(101)])
    model = model_of(Curve("loss", series))
    model.catch_up()
    model.view = cursor.zoom(model, 0.1)
    series.add(120.0, 1.0, 0.0)
    geometry = paint(model, 60, 15, LOOK, PlotextCanvas()).geometry
    assert (geometry.x.low, geometry.x.high) == (110, 120)


def test_a_restart_draws_both_passes():
    found = picture(Curve("loss", series_of([1.0] * 10 + [0.0] * 10, xs=[*range(10), *range(10)])), height=12)
    plot = found.text()[found.geometry.top : -2]
    assert len({y for _, y in dots_of(plot)}) == 2


def test_the_same_place_is_found_in_a_chart_of_another_axis():
    steps, epochs = series_of([1.0] * 101), series_of([1.0] * 6, axis="epoch")
    for i in range(6):
        epochs.time[i] = steps.time[20 * i]
    by_step = model_of(Curve("loss", steps), view=View(cursor=50.0, x_window=(20.0, 60.0), follow=False))
    by_epoch = model_of(Curve("val_loss", epochs), view=View(log_y=True))
    found = cursor.translate(by_step, by_epoch)
    assert (found.cursor, found.x_window, found.log_y) == (2.5, (1.0, 3.0), True)
    assert cursor.translate(by_step, by_step) == by_step.view


class Host(App[None]):
    """One chart."""

    def __init__(self, *curves):
        super().__init__()
        self.chart, self._curves = LineChart(title="loss"), curves

    def compose(self) -> ComposeResult:
        yield self.chart

    def on_mount(self):
        self.chart.show(self._curves)


def screen_text(chart):
    return "\n".join(chart.render_line(y).text for y in range(chart.size.height))


def test_a_live_chart_draws_only_when_there_is_news():
    async def check():
        series = series_of([3.0, 2.0])
        app = Host(Curve("loss", series))
        async with app.run_test(size=(60, 15)) as pilot:
            chart = app.chart
            screen_text(chart)
            first = chart.picture
            assert not chart.poll()
            screen_text(chart)
            assert chart.picture is first
            series.add(2.0, 1.2345, 0.0)
            assert chart.poll()
            await pilot.pause()
            assert "1.234" in screen_text(chart)
            assert chart.picture is not first

    asyncio.run(check())


def test_rows_that_are_asked_for_between_two_frames_are_of_the_one_that_is_shown():
    """Else a part of the next frame would stand in this one, and what it left out would never be repainted."""

    async def check():
        series = series_of([1.0, 0.5, 0.4])
        app = Host(Curve("loss", series))
        async with app.run_test(size=(60, 15)):
            app.chart.poll()
            shown = screen_text(app.chart)
            series.add(30.0, 9.0, 1.8e9)
            assert screen_text(app.chart) == shown
            app.chart.poll()
            assert screen_text(app.chart) != shown

    asyncio.run(check())


def test_only_what_changed_of_a_row_is_sent():
    red, blue = Style(color="red"), Style(color="blue")
    old = Strip([Segment("loss ", red), Segment("0.5", blue), Segment(" end", red)])
    new = Strip([Segment("loss ", red), Segment("0.7", blue), Segment(" end", red)])
    assert changed_part(old, new, 3) == (5, 3, 3)
    assert changed_part(old, old, 3) is None


def test_a_chart_takes_the_colours_of_a_new_theme():
    async def check():
        app = Host(Curve("loss", series_of([3.0, 2.0])))
        async with app.run_test(size=(60, 15)) as pilot:
            screen_text(app.chart)
            dark = app.chart.picture
            app.theme = "textual-light"
            await pilot.pause()
            screen_text(app.chart)
            assert [r.text for r in dark.rows[0]] == [r.text for r in app.chart.picture.rows[0]]
            assert [r.style for r in dark.rows[0]] != [r.style for r in app.chart.picture.rows[0]]

    asyncio.run(check())


def test_keys_of_a_pane_reach_the_chart_through_its_actions():
    async def check():
        app = Host(Curve("loss", series_of([5.0, 4.0, 1.0, 2.0])))
        async with app.run_test(size=(60, 15)) as pilot:
            chart = app.chart
            chart.focus()
            await pilot.pause()
            chart.action_cursor_to("best")
            assert chart.reading.x == 2
            chart.action_cursor(1)
            assert chart.view.cursor == 3
            chart.action_zoom(0.5)
            assert chart.view.x_window is not None
            chart.action_whole()
            chart.action_hide_cursor()
            chart.action_log_y()
            chart.action_smooth(1)
            chart.action_next_x_axis()
            chart.action_clip_outliers()
            await pilot.pause()
            assert chart.reading is None
            assert "time" in screen_text(chart)

    asyncio.run(check())


def test_a_click_puts_the_crosshair_there_and_a_drag_pans():
    async def check():
        app = Host(Curve("loss", series_of([float(i) for i in range(101)])))
        async with app.run_test(size=(60, 15)) as pilot:
            chart = app.chart
            chart.focus()
            screen_text(chart)
            await pilot.click(chart, offset=(30, 6))
            assert 40 < chart.view.cursor < 60
            chart.action_zoom(0.5)
            await pilot.pause()
            screen_text(chart)
            before = chart.view.x_window
            await pilot.mouse_down(chart, offset=(30, 6))
            await pilot.hover(chart, offset=(40, 6))
            await pilot.mouse_up(chart, offset=(40, 6))
            assert chart.view.x_window[0] < before[0]
            chart.action_zoom_y(0.5)
            low = chart.view.y_window[0]
            await pilot.mouse_down(chart, offset=(30, 6))
            await pilot.hover(chart, offset=(30, 4))
            await pilot.mouse_up(chart, offset=(30, 4))
            assert chart.view.y_window[0] < low

    asyncio.run(check())


@pytest.mark.parametrize(("kind", "shift"), [(MouseScrollRight, False), (MouseScrollDown, True)])
def test_a_wheel_that_turns_sideways_pans(kind, shift):
    """As shift and the wheel do."""

    async def check():
        app = Host(Curve("loss", series_of([float(i) for i in range(101)])))
        async with app.run_test(size=(60, 15)) as pilot:
            chart = app.chart
            chart.focus()
            screen_text(chart)
            chart.action_cursor_to("first")
            chart.action_zoom(0.5)
            assert chart.view.x_window[0] == 0
            chart.post_message(kind(chart, 30, 6, 0, 0, 0, shift, False, False))
            await pilot.pause()
            assert chart.view.x_window[0] > 0

    asyncio.run(check())


def store_of(*keys):
    store = MetricStore()
    for name, axis, kind in keys:
        store.add(MetricPoint(name, axis, 1.0, 0.5, kind), 0.0)
    return store


def test_a_run_s_charts_put_the_parts_of_one_metric_together_and_loss_first():
    metric, running, speed = MetricKind.METRIC, MetricKind.RUNNING, MetricKind.THROUGHPUT
    groups = group_series(
        store_of(
            ("samples_per_s", "step", speed), ("lr", "epoch", metric), ("val_accuracy", "epoch", metric),
            ("accuracy", "epoch", metric), ("loss", "epoch", running), ("f1", "epoch", metric),
            ("loss", "epoch", metric), ("val_loss", "epoch", metric),
        )
    )  # fmt: skip
    assert [g.title for g in groups] == ["loss", "accuracy", "f1", "lr", "samples_per_s"]
    assert [(c.label, c.style) for c in groups[0].curves] == [
        ("loss", CurveStyle.FAINT), ("train", CurveStyle.LINE), ("val", CurveStyle.LINE),
    ]  # fmt: skip
    assert [c.color for c in groups[0].curves[1:]] == [c.color for c in groups[1].curves]
    assert [c.goal for c in groups[1].curves] == [Goal.MAX, Goal.MAX]


def test_ranks_share_a_chart_in_colours_of_their_own():
    (group,) = group_series(store_of(*((f"[rank{i}] loss", "step", MetricKind.METRIC) for i in range(4))))
    assert [c.label for c in group.curves] == ["rank0", "rank1", "rank2", "rank3"]
    assert len({c.color for c in group.curves}) == 4


def test_folds_share_a_chart_over_what_each_of_them_counts():
    axes = [f"epoch (fold {fold})" for fold in (1, 2, 3)]
    keys = [(name, axis, MetricKind.METRIC) for axis in axes for name in ("loss", "val_loss")]
    (group,) = group_series(store_of(*keys))
    labels = [f"fold {fold} {part}" for fold in (1, 2, 3) for part in ("train", "val")]
    assert (group.title, [c.label for c in group.curves]) == ("loss", labels)
    assert len({c.color for c in group.curves}) == 3
    assert model_of(*group.curves).axis_name == "epoch"


def test_a_metric_alone_is_titled_as_the_log_names_it():
    (group,) = group_series(store_of(("eval_loss", "epoch", MetricKind.METRIC)))
    assert (group.title, group.curves[0].label) == ("eval_loss", "eval_loss")


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("loss", MetricName("loss", None, "")),
        ("val_loss", MetricName("loss", Scope.VALIDATION, "")),
        ("eval/loss", MetricName("loss", Scope.VALIDATION, "")),
        ("train/acc", MetricName("accuracy", Scope.TRAIN, "")),
        ("Test accuracy", MetricName("accuracy", Scope.TEST, "")),
        ("auc.valid", MetricName("auc", Scope.VALIDATION, "")),
        ("valid_0 l2", MetricName("l2", Scope.VALIDATION, "")),
        ("[rank1] val_loss", MetricName("loss", Scope.VALIDATION, "rank1")),
        ("fold 2 loss", MetricName("fold_2_loss", None, "")),
        ("valid_0's l2", MetricName("l2", Scope.VALIDATION, "")),
        ("train_loss_epoch", MetricName("loss", Scope.TRAIN, "")),
        ("epoch loss", MetricName("loss", None, "")),
        ("train/epoch_loss", MetricName("loss", Scope.TRAIN, "")),
        ("Test Average loss", MetricName("loss", Scope.TEST, "")),
        ("val_mean_iou", MetricName("mean_iou", Scope.VALIDATION, "")),
        ("average loss", MetricName("average_loss", None, "")),
        ("val", MetricName("val", None, "")),
    ],
)
def test_a_name_is_taken_apart_into_metric_scope_and_source(name, parts):
    assert parse_name(name) == parts


def test_less_loss_and_more_accuracy_are_better():
    assert goal_of("loss") is goal_of("perplexity") is goal_of("rmse") is Goal.MIN
    assert goal_of("accuracy") is goal_of("f1_score") is goal_of("auc") is Goal.MAX


@pytest.mark.parametrize("background", ["#121212", "#ffffff", "#e0e0e0", "#000000"])
def test_every_series_colour_is_readable_on_every_background(background):
    assert all(palette.contrast(palette.readable(c, background), background) >= 3 for c in palette.SERIES)


@pytest.mark.parametrize("background", ["#11151a", "#000000", "#fbfbf9", "#ffffff"])
@pytest.mark.parametrize("vision", COLOUR_VISION)
def test_colours_are_told_apart_with_every_colour_vision(background, vision):
    """In CIELAB, where a distance of 2.3 is just noticed side by side."""
    seen = [lab(palette.readable(color, background), COLOUR_VISION[vision]) for color in palette.SERIES]
    assert min(math.dist(a, b) for a, b in combinations(seen, 2)) > 8


@pytest.mark.parametrize("background", ["#11151a", "#000000", "#fbfbf9", "#ffffff"])
@pytest.mark.parametrize("vision", COLOUR_VISION)
@pytest.mark.parametrize("pale", [0.0, 0.4])
def test_the_run_under_the_cursor_is_told_from_marked_ones(background, vision, pale):
    """Its validation and, paler, its training."""

    def seen(color):
        return lab(palette.blend(palette.readable(color, background), background, pale), COLOUR_VISION[vision])

    apart = min(math.dist(seen(palette.NEUTRAL), seen(color)) for color in palette.SERIES)
    assert apart > (12 if pale else 18)


def test_colours_are_stable_and_distinct():
    names = [f"run-{i}" for i in range(len(palette.SERIES))]
    chosen = palette.distinct_colors(names)
    assert len(set(chosen.values())) == len(names)
    assert palette.distinct_colors(names[:1])[names[0]] == palette.series_colors(names[0])[0]


wild = st.one_of(st.sampled_from(WILD), st.floats(width=64))
views = st.builds(
    View,
    x_axis=st.sampled_from(list(XAxis)),
    log_x=st.booleans(),
    log_y=st.booleans(),
    smoothing=st.sampled_from([0.0, 0.9]),
    clip=st.booleans(),
    follow=st.booleans(),
    cursor=st.none() | wild,
    x_window=st.none() | st.tuples(st.floats(-1e308, 1e308), st.floats(-1e308, 1e308)),
    y_window=st.none() | st.tuples(st.floats(-1e308, 1e308), st.floats(-1e308, 1e308)),
)


@st.composite
def wild_models(draw):
    curves = []
    for _ in range(draw(st.integers(0, 4))):
        values = draw(st.lists(wild, max_size=60)) * draw(st.sampled_from([1, 1, 20]))
        xs = draw(st.none() | st.lists(wild, min_size=len(values), max_size=len(values)))
        style = draw(st.sampled_from(list(CurveStyle)))
        series = series_of(values, axis=draw(st.text(max_size=8)), xs=xs)
        curves.append(Curve(draw(st.text(max_size=8)), series, style=style))
    return model_of(*curves, view=draw(views), title=draw(st.sampled_from(["", "loss", "精度" * 20])))


sizes = st.tuples(st.integers(0, 70), st.integers(0, 25))
relaxed = settings(deadline=None, suppress_health_check=list(HealthCheck))


@settings(relaxed, max_examples=100)
@given(wild_models(), sizes)
def test_nothing_but_dots_inside_the_canvas_reaches_the_drawing_library(model, size):
    def canvas(width, height, curves):
        for v in chain.from_iterable(curves):
            assert type(v.x) is int
            assert type(v.y) is int
            assert 0 <= v.x < 2 * width
            assert 0 <= v.y < 4 * height
        return [[] for _ in curves]

    found = paint(model, *size, LOOK, canvas)
    assert {width_of(row) for row in found.rows} <= {size[0]}
    assert len(found.rows) == size[1]


def fuzz() -> None:
    """Draw wild curves for real and look at them in every way; an abort ends this process."""
    canvas = PlotextCanvas()

    @settings(relaxed, max_examples=100, database=None)
    @given(wild_models(), wild_models(), sizes)
    def look(model, other, size):
        paint(other, *size, LOOK, canvas)
        geometry = paint(model, *size, LOOK, canvas).geometry
        if geometry is None:
            return
        for view in (
            cursor.step(model, geometry, -1), cursor.jump(model, geometry, "best"), cursor.zoom(model, 0.3),
            cursor.pan(model, 0.5), cursor.zoom_y(model, 0.5), cursor.pan_y(model, -0.5),
            cursor.translate(other, model), cursor.jump(model, geometry, "nan"), cursor.place(model, geometry, 3),
            replace(model.view, log_y=True),
        ):  # fmt: skip
            model.view = view
            paint(model, *size, LOOK, canvas)
            cursor.reading(model)

    look()


def test_the_drawing_library_is_not_loaded_before_something_is_drawn():
    code = "import sys, mltui.ui.widgets.line_chart, mltui.ui.presentation.charts; print('plotext' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_no_curve_can_end_the_process():
    done = subprocess.run([sys.executable, __file__], capture_output=True, text=True, timeout=170, check=False)
    assert done.returncode == 0, done.stderr[-3000:]


if __name__ == "__main__":
    fuzz()
