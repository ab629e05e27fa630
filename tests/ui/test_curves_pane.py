"""The curves pane: choosing charts, comparing runs, one chart and many, export, and logs of any content."""

from __future__ import annotations

import asyncio
import csv
import json
import math
import os
import re
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rich.style import Style
from textual.pilot import Pilot

from mltui.domain.curve import XAxis
from mltui.domain.metric import MetricKind, MetricPoint, MetricStore
from mltui.domain.options import AppOptions
from mltui.domain.run import Run, RunState
from mltui.storage.chart_choices import ChartChoice, ChartChoices
from mltui.storage.history import RunDatabase
from mltui.storage.metric_writer import MetricWriter
from mltui.storage.run_folder import RunFolder
from mltui.ui import palette
from mltui.ui.app import MltuiApp
from mltui.ui.commands import PANES
from mltui.ui.panes.curves import CurvesPane
from mltui.ui.presentation import fuzzy
from mltui.ui.presentation.charts import group_runs, group_series
from mltui.ui.presentation.marks import MOST, ComparedRun, RunMarks, run_labels
from mltui.ui.widgets.chart_legend import best_curve, header, index_at, width_of
from mltui.ui.widgets.chart_model import GLYPHS, HOLLOW, ChartModel, CurveStyle, Look, View
from mltui.ui.widgets.line_chart import LineChart
from tests.ui.conftest import rows, wait_for

Points = list[MetricPoint]


def points(*names: str, count: int = 20, axis: str = "step", start: float = 1.0) -> Points:
    """Falling curves, a point of each name after the other."""
    return [MetricPoint(name, axis, float(i), start / (i + 1)) for i in range(count) for name in names]


def store_of(found: Points, begin: float = 0.0) -> MetricStore:
    """A store that got a point a second."""
    store = MetricStore()
    for i, point in enumerate(found):
        store.add(point, begin + i)
    return store


def record(home: Path, run_id: str, found: Points, profile: str = "tiny", begin: float = 1e9) -> None:
    """A run that ended, as a supervisor leaves it."""
    folder = RunFolder(home, run_id)
    folder.make()
    writer = MetricWriter(folder.metrics)
    for i, point in enumerate(found):
        writer.add(point, begin + i)
    writer.close()
    database = RunDatabase(home / "runs.db")
    database.add(Run(run_id, profile, "", "local", "", RunState.FINISHED, created=begin, started=begin, finished=begin))
    database.close()


def drive(steps: Callable[[MltuiApp, Pilot[object]], Awaitable[None]], run: str, size: tuple[int, int]) -> None:
    """Look at a run in the whole app."""

    async def go() -> None:
        app = MltuiApp(AppOptions(engine="local", select_run=run))
        async with app.run_test(size=size) as pilot:
            await wait_for(pilot, lambda: app._cockpit and app.main.curves._selection.groups)
            await pilot.press("5")
            await wait_for(pilot, lambda: app.main.place == "curves")
            await steps(app, pilot)  # type: ignore[arg-type]

    asyncio.run(go())


def titles(pane: CurvesPane) -> list[str]:
    """The titles of the charts that are shown."""
    return [chart.model.title for chart in pane._charts if chart.display]


def screen(app: MltuiApp) -> str:
    """All text of the screen."""
    return "\n".join(strip.text for strip in app.screen._compositor.render_strips())


# -- filter, pin, hide ------------------------------------------------------------------------------------------------


@given(st.text(max_size=12), st.text(max_size=40))
def test_what_fits_has_the_letters_of_the_query_in_order(query: str, text: str) -> None:
    """The places point at those letters, and rise."""
    found = fuzzy.match(query, text)
    if found is None:
        rest = iter(text)
        assert not all(letter in rest for letter in query) or query.casefold() != query or text.casefold() != text
    else:
        assert list(found.places) == sorted(set(found.places))
        assert [text[at].casefold() for at in found.places] == list(query.casefold()) or len(text) != len(
            text.casefold()
        )


def test_a_whole_word_fits_better_than_letters_apart() -> None:
    """Starts of words count too."""
    ranked = sorted(["total_bits", "box/tally", "box_loss", "tb"], key=lambda t: -(fuzzy.match("tb", t) or (-99,))[0])
    assert ranked[0] == "tb"
    assert ranked[1] == "total_bits"
    assert fuzzy.match("xyz", "box_loss") is None


def test_a_long_name_of_one_letter_takes_no_time_to_match() -> None:
    """Neither the name nor the query can make the match explode: trying every way would never end."""
    assert fuzzy.match("a" * 30 + "b", "a" * 400) is None
    assert fuzzy.match("a" * 30, "a" * 400) is not None


def test_typing_narrows_the_charts_and_escape_shows_all_again(mltui_home: Path) -> None:
    """Among forty metrics two letters find one; enter keeps the filter, escape clears it."""
    names = [f"{a}_{b}" for a in ("box", "mask", "cls", "rpn", "obj") for b in ("loss", "map", "iou", "ap")]
    record(mltui_home, "aaaa1111", points(*names, "loss"))

    async def steps(app: MltuiApp, pilot: Pilot[object]) -> None:
        pane = app.main.curves
        assert len(pane._selection.wanted) == 21
        await pilot.press("slash", "m", "a", "i", "o")
        await wait_for(pilot, lambda: titles(pane) == ["mask_iou"])
        assert "/maio" in screen(app)
        await pilot.press("enter")
        await wait_for(pilot, lambda: isinstance(app.focused, LineChart))
        assert titles(pane) == ["mask_iou"]
        await pilot.press("escape")
        await wait_for(pilot, lambda: len(pane._selection.wanted) == 21)
        assert app.main.place == "curves"
        await pilot.press("slash", "q", "q")
        await wait_for(pilot, lambda: "No chart fits /qq" in screen(app))
        await pilot.press("escape")
        await wait_for(pilot, lambda: isinstance(app.focused, LineChart))
        await pilot.press("escape")
        await wait_for(pilot, lambda: app.main.place == "runs")

    drive(steps, "aaaa1111", (120, 36))


def test_pinned_and_hidden_charts_are_remembered_for_the_profile(mltui_home: Path) -> None:
    """Space pins, hides and shows; another viewer and another run of the profile have it so."""
    record(mltui_home, "aaaa1111", points("loss", "lr", "f1"), "seg")
    record(mltui_home, "bbbb2222", points("loss", "lr", "f1"), "seg")

    async def choose(app: MltuiApp, pilot: Pilot[object]) -> None:
        pane = app.main.curves
        await pilot.press("slash", "f", "1", "space", "escape")
        await wait_for(pilot, lambda: titles(pane)[:1] == ["f1"])
        await pilot.press("slash", "l", "r", "space", "space", "escape")
        await wait_for(pilot, lambda: titles(pane) == ["f1", "loss"])
        assert "1 hidden" in screen(app)
        choices = ChartChoices(mltui_home)
        await wait_for(pilot, lambda: choices.load("seg") == ChartChoice(("metric/f1/step",), {"metric/lr/step"}))

    async def again(app: MltuiApp, pilot: Pilot[object]) -> None:
        await wait_for(pilot, lambda: titles(app.main.curves) == ["f1", "loss"])

    drive(choose, "aaaa1111", (120, 40))
    drive(again, "bbbb2222", (120, 40))


@pytest.mark.parametrize(
    "text", ["", "[1]", '{"profiles": 3}', '{"profiles": {"p": {"pinned": 3, "hidden": [1]}}}', "[" * 99999]
)
def test_a_file_of_choices_that_is_damaged_counts_as_empty(tmp_path: Path, text: str) -> None:
    """And is written anew."""
    (tmp_path / "charts.json").write_text(text)
    choices = ChartChoices(tmp_path)
    assert choices.load("p") == ChartChoice()
    choices.save("p", ChartChoice(("a",)))
    assert choices.load("p") == ChartChoice(("a",))
    assert json.loads((tmp_path / "charts.json").read_text())["profiles"] == {"p": {"pinned": ["a"], "hidden": []}}


# -- comparing runs ---------------------------------------------------------------------------------------------------


def compared(*found: Points, begins: tuple[float, ...] = (0.0, 0.0, 0.0)) -> list[ComparedRun]:
    """Runs a, b, c with those points."""
    return [
        ComparedRun(name, name, palette.SERIES[i], "●▲■"[i], store_of(made, begins[i]))
        for i, (name, made) in enumerate(zip("abc", found, strict=False))
    ]


def test_curves_of_several_runs_share_the_charts_coloured_by_run() -> None:
    """Validation stands in front with a full mark, training is paler with a hollow one; bars' values are left out."""
    bar = [MetricPoint("loss", "step", 0.0, 1.0, MetricKind.RUNNING)]
    groups = group_runs(compared(points("loss", "val_loss", "lr") + bar, points("loss", "val_loss")))
    loss, lr = groups
    assert [(c.label, c.color, c.glyph, c.pale) for c in loss.curves] == [
        ("a train", palette.SERIES[0], HOLLOW["●"], True),
        ("a val", palette.SERIES[0], "●", False),
        ("b train", palette.SERIES[1], HOLLOW["▲"], True),
        ("b val", palette.SERIES[1], "▲", False),
    ]
    assert [(c.label, c.glyph) for c in lr.curves] == [("a", "●")]
    assert {c.style for c in loss.curves} == {CurveStyle.LINE}


def test_a_run_of_one_curve_keeps_its_name_beside_runs_of_two() -> None:
    """A brief legend leaves out ``val`` behind a run's name, and nothing of a name that has none."""
    (said,) = legend_of(compared(points("loss", "val_loss"), points("loss"), points("loss", "val_loss")), 60, 9)
    assert re.fullmatch(r"loss\s+● a [\d.]+\s+▲ b [\d.]+\s+■ c [\d.]+\s+◆ val  ◇ train", said)


def legend_of(compared_runs: list[ComparedRun], width: int, height: int, view: View | None = None) -> list[str]:
    """The rows above the first chart of these runs."""
    model = ChartModel(title="loss", view=view or View())
    model.set_curves(group_runs(compared_runs)[0].curves, palette.distinct_colors)
    model.catch_up()
    rows = header(model, width, height, Look("#121212", *[Style()] * 5))
    assert all(width_of(row) <= width for row in rows)
    return ["".join(span.text for span in row) for row in rows]


def falling(best: float, at: int, count: int = 50) -> Points:
    """A loss whose least value stands there."""
    return [MetricPoint("loss", "step", float(i), best if i == at else 1.0 + i) for i in range(count)]


def test_the_legend_of_compared_runs_says_where_each_is_best_where_that_fits() -> None:
    """First without the axis's word, which stands at the axis; then of the best run alone, the next best …"""
    three = compared(falling(0.5, 10), falling(0.25, 20), falling(0.75, 30))
    said = {width: legend_of(three, width, 9)[0] for width in (120, 90, 82, 60, 46, 40)}
    assert list(said.values()) == [
        "loss   ● a 50  best 0.5000 @ step 10   ▲ b 50  best 0.2500 @ step 20   ■ c 50  best 0.7500 @ step 30",
        "loss   ● a 50  best 0.5000 @ 10   ▲ b 50  best 0.2500 @ 20   ■ c 50  best 0.7500 @ 30",
        "loss   ● a 50  best 0.5000 @ 10   ▲ b 50  best 0.2500 @ 20   ■ c 50  best 0.7500",
        "loss   ● a 50   ▲ b 50  best 0.2500 @ 20   ■ c 50",
        "loss   ● a 50   ▲ b 50  best 0.2500   ■ c 50",
        "loss   ● a 50   ▲ b 50   ■ c 50",
    ]
    assert "best" not in legend_of(three, 60, 9, View(cursor=3.0))[0]
    rows = ["loss   ● a 50  best 0.5000 @ 10", "  ▲ b 50  best 0.2500   ■ c 50  best 0.7500"]
    assert legend_of(three, 44, 10) == rows


def test_runs_of_different_days_begin_together_on_the_relative_axis() -> None:
    """Time since the start counts from the first point of each run; the time of day stays what it was."""
    (group,) = group_runs(compared(points("loss"), points("loss"), begins=(1e9, 1.7e9)))
    model = ChartModel(view=View(x_axis=XAxis.RELATIVE))
    model.set_curves(group.curves, palette.distinct_colors)
    model.catch_up()
    first, second = (list(p.trace.x(XAxis.RELATIVE)) for p in model.curves)
    assert first == second == [1e9 + i for i in range(20)]
    assert model.start == 1e9
    assert model.curves[1].trace.x(XAxis.WALL)[0] == 1.7e9


def test_the_best_of_several_runs_is_that_of_their_validation() -> None:
    """Not the last run's, and not that of training, which is lower."""
    first = [MetricPoint(n, "epoch", x, v) for x in (1.0, 2.0) for n, v in (("loss", 0.1 / x), ("val_loss", 0.5 / x))]
    second = [MetricPoint(n, "epoch", x, v) for x in (1.0, 2.0) for n, v in (("loss", 0.1 / x), ("val_loss", 0.9 / x))]
    (group,) = group_runs(compared(first, second))
    model = ChartModel()
    model.set_curves(group.curves, palette.distinct_colors)
    best = best_curve(model)
    assert best is not None
    assert best.curve.label == "a val"


def test_a_run_that_ended_has_no_value_behind_its_end() -> None:
    """The crosshair far behind a shorter run's last point reads a dash, not that point."""
    (group,) = group_runs(compared(points("loss", count=100), points("loss", count=10)))
    model = ChartModel(view=View(cursor=50.0))
    model.set_curves(group.curves, palette.distinct_colors)
    model.catch_up()
    assert [index_at(p, model) for p in model.curves] == [50, None]


def test_few_compared_runs_have_colours_told_apart_at_a_glance() -> None:
    """Yellow, which is near orange, serves where four others are taken."""
    for first in range(40):
        marks = RunMarks()
        assert all(marks.toggle(f"run{first + i}") for i in range(4))
        assert {marks.of(run_id).color for run_id in marks} == set(palette.SERIES[:4])


def test_marks_keep_their_colours_and_never_share_them() -> None:
    """Taking one away changes no other; where all colours are taken no further run is marked."""
    marks = RunMarks()
    ids = [f"run{i}" for i in range(MOST)]
    assert all(marks.toggle(run_id) for run_id in ids)
    before = {run_id: marks.of(run_id) for run_id in ids}
    assert {mark.color for mark in before.values() if mark} == set(palette.SERIES)
    assert {mark.glyph for mark in before.values() if mark} == set(GLYPHS)
    assert not marks.toggle("one more")
    assert marks.toggle(ids[3])
    assert {run_id: marks.of(run_id) for run_id in ids} == before | {ids[3]: None}
    assert marks.keep(ids[:2])
    assert marks.ids == tuple(ids[:2])


def test_runs_are_named_as_short_as_tells_them_apart() -> None:
    """By profile; where one ran twice by what differs, or by the id where nothing does or that is long."""
    made = [Run(run_id, profile, "", "", "") for run_id, profile in (("abcdxx", "p"), ("abcdyy", "p"), ("e", "q"))]
    assert run_labels(made) == ["abcdx", "abcdy", "q"]
    other = made[2]

    def labels(*params: dict[str, object]) -> list[str]:
        return run_labels([*(replace(run, params=p) for run, p in zip(made[:2], params, strict=True)), other])

    assert labels({"lr": 0.1, "seed": 1}, {"lr": 0.01, "seed": 1}) == ["lr=0.1", "lr=0.01", "q"]
    assert labels({"learning_rate": 0.1}, {"learning_rate": 0.01}) == ["abcdx", "abcdy", "q"]


def test_marked_runs_are_drawn_beside_the_one_under_the_cursor(mltui_home: Path) -> None:
    """Space marks in the list; the legend names the runs; the charts follow the cursor; u takes the marks away."""
    for i, run_id in enumerate(("aaaa1111", "bbbb2222", "cccc3333")):
        record(mltui_home, run_id, points("loss", start=i + 1.0), begin=1e9 + i)

    async def steps(app: MltuiApp, pilot: Pilot[object]) -> None:
        pane = app.main.curves
        await pilot.press("2", "space")
        await wait_for(pilot, lambda: len(app.main.runs.marks) == 1)
        await pilot.press("down", "space", "down")
        await wait_for(pilot, lambda: len(pane._runs) == 3 and len(pane._charts[0].model.curves) == 3)
        labels = [p.curve.label for p in pane._charts[0].model.curves]
        assert sorted(labels) == ["aaaa", "bbbb", "cccc"]
        await wait_for(pilot, lambda: "3 runs" in screen(app) and all(label in screen(app) for label in labels))
        marks = app.main.runs.marks
        shown = {p.curve.label: (p.curve.color, p.curve.glyph) for p in pane._charts[0].model.curves}
        assert all(shown[run_id[:4]] == marks.of(run_id) for run_id in marks.ids)
        await pilot.press("u")
        await wait_for(pilot, lambda: len(pane._charts[0].model.curves) == 1)

    drive(steps, "cccc3333", (120, 36))


def test_marked_runs_stay_drawn_beside_one_without_curves(mltui_home: Path) -> None:
    """The charts are the same as before then, and nothing but the run that is looked at is another."""
    for i, run_id in enumerate(("aaaa1111", "bbbb2222")):
        record(mltui_home, run_id, points("loss", start=i + 1.0), begin=1e9 + i)
    record(mltui_home, "cccc3333", [], begin=1e9 + 2)

    async def steps(app: MltuiApp, pilot: Pilot[object]) -> None:
        pane = app.main.curves
        await pilot.press("2", "space", "down", "space")
        await wait_for(pilot, lambda: len(pane._runs) == 2 and len(pane._charts[0].model.curves) == 2)
        await pilot.press("up")
        await wait_for(pilot, lambda: pane._runs[0].id == "bbbb2222" and len(pane._charts[0].model.curves) == 2)
        await pilot.press("up")
        await wait_for(pilot, lambda: len(pane._runs) == 3)
        await wait_for(pilot, lambda: len(pane._charts[0].model.curves) == 2, 3)

    drive(steps, "bbbb2222", (120, 36))


# -- one chart, many charts -------------------------------------------------------------------------------------------


def test_one_chart_takes_all_the_room_and_the_next_one_follows(mltui_home: Path) -> None:
    """Enter enlarges the chart with the focus, ] goes on, escape gives the grid back with the focus where it was."""
    record(mltui_home, "aaaa1111", points("loss", "f1", "map", "iou"))

    async def steps(app: MltuiApp, pilot: Pilot[object]) -> None:
        pane = app.main.curves
        await wait_for(pilot, lambda: len(titles(pane)) >= 2)
        order = pane._selection.order
        assert "esc Back" not in rows(app, app.main.keys)[0]
        await pilot.press("c", "enter")
        await wait_for(pilot, lambda: [g.key for g in pane._page(9)] == [order[1]])
        # The way back to all of them is told, and once where the pane is enlarged besides.
        await wait_for(pilot, lambda: rows(app, app.main.keys)[0].startswith(" esc Back  / Filter"))
        await pilot.press("z")
        await wait_for(pilot, lambda: app.main.has_class("-enlarged"))
        assert rows(app, app.main.keys)[0].count("esc Back") == 1
        await pilot.press("z")
        await pilot.press("right_square_bracket")
        await wait_for(pilot, lambda: [g.key for g in pane._page(9)] == [order[2]])
        await pilot.press("escape")
        await wait_for(pilot, lambda: len(titles(pane)) >= 2)
        assert pane._group_with_focus() is pane._selection.wanted[2]
        assert app.main.place == "curves"

    drive(steps, "aaaa1111", (120, 36))


def test_the_crosshair_is_marked_in_all_charts_and_in_those_turned_to(mltui_home: Path) -> None:
    """A place chosen in one chart holds in the others, whatever their axis; a zoomed height stays with its chart."""
    record(mltui_home, "aaaa1111", points("loss", "f1", "map", count=40) + points("val_loss", axis="epoch", count=4))

    async def steps(app: MltuiApp, pilot: Pilot[object]) -> None:
        pane = app.main.curves
        await pilot.press("enter", "home", "right", "right", "up")
        chart = pane._charts[0]
        await wait_for(pilot, lambda: chart.model.view.cursor is not None and chart.model.view.y_window)
        place = chart.model.view.cursor
        for _ in range(len(pane._selection.wanted) - 1):
            await pilot.press("right_square_bracket")
        await wait_for(pilot, lambda: pane._single == pane._selection.order[-1])
        model = pane._charts[0].model
        assert model.view.y_window is None
        same = model.axis_name == pane._models.of(pane._selection.wanted[0]).axis_name
        assert (model.view.cursor == place) is same
        assert model.view.cursor is not None
        await pilot.press("y")
        await wait_for(pilot, lambda: app.clipboard)
        assert "map" in app.clipboard or "loss" in app.clipboard

    drive(steps, "aaaa1111", (120, 36))


# -- export -----------------------------------------------------------------------------------------------------------


def test_the_app_writes_series_and_picture_and_says_where(
    mltui_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A key a format; into the current folder or the run's own; the path is copied."""
    monkeypatch.chdir(tmp_path)
    record(mltui_home, "aaaa1111", points("loss", "val_loss"), "my seg")

    async def steps(app: MltuiApp, pilot: Pilot[object]) -> None:
        for key, name in (("c", "my_seg-aaaa1111.csv"), ("s", "my_seg-aaaa1111.svg"), ("c", "my_seg-aaaa1111-2.csv")):
            await pilot.press("e", key)
            await wait_for(pilot, lambda name=name: app.clipboard == str(tmp_path / name))
        await pilot.press("e", "o", "t")
        own = RunFolder(mltui_home, "aaaa1111").path / "exports" / "my_seg-aaaa1111-tensorboard"
        await wait_for(pilot, lambda: app.clipboard == str(own))
        assert list(own.glob("*tfevents*"))

    drive(steps, "aaaa1111", (120, 36))
    with (tmp_path / "my_seg-aaaa1111.csv").open() as file:
        assert len(list(csv.DictReader(file))) == 40
    drawn = ElementTree.parse(tmp_path / "my_seg-aaaa1111.svg").getroot()
    assert "loss" in "".join(drawn.itertext())


# -- logs of any content ----------------------------------------------------------------------------------------------

WILD = st.one_of(
    st.floats(), st.sampled_from([0.0, math.nan, math.inf, -math.inf, 1.7e308, -1.7e308, 5e-324, 1e-5, 1e9])
)
#: So many stores, each with some eighty commands; more where one wants to be surer.
FUZZ = int(os.environ.get("MLTUI_FUZZ", "8"))
NAMES = st.one_of(st.sampled_from(["loss", "val_loss", "[rank0] loss", "[rank1] val_loss", "lr"]), st.text(max_size=70))
POINT = st.builds(
    MetricPoint, NAMES, st.sampled_from(["step", "epoch", "\x1b[2J"]), WILD, WILD, st.sampled_from(MetricKind)
)
#: What needs no app around the pane, each twice: most of it goes on from the state that the others left.
GIVEN = [c.action for c in PANES["curves"] if c.id not in ("curves.export", "curves.clear", "curves.filter")] * 2


def test_nothing_that_a_log_prints_breaks_the_pane() -> None:
    """Stores of any names, x and values, alone and compared, under every command, at several sizes."""
    from tests.ui.conftest import Host

    async def check(first: Points, second: Points, size: tuple[int, int]) -> None:
        pane = CurvesPane()
        app = Host(pane)
        async with app.run_test(size=size) as pilot:
            runs = compared(first, second)
            pane.show(runs[:1], "nothing")
            await pilot.pause()
            pane.screen.set_focus(pane.target)
            for i, action in enumerate(GIVEN):
                if i == len(GIVEN) // 2:
                    await pilot.pause()
                    pane.show(runs, "nothing")
                    runs[0].store.add(MetricPoint("loss", "step", math.nan, math.inf), math.nan)
                    pane._seen = None
                    pane.sync()
                await pane.run_action(action)
            await pilot.press("slash", "l", "space", "escape")
            assert all(strip.cell_length == size[0] for strip in app.screen._compositor.render_strips())

    @settings(max_examples=FUZZ, deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.lists(POINT, max_size=40), st.lists(POINT, max_size=20), st.sampled_from([(54, 12), (90, 30), (160, 40)]))
    def fuzz(first: Points, second: Points, size: tuple[int, int]) -> None:
        asyncio.run(check(first, second, size))

    fuzz()


def test_a_line_is_seen_from_the_second_point_on() -> None:
    """Two points are joined; more come as they are printed, at most a few times a second."""
    from tests.ui.conftest import Host, rows

    async def check() -> None:
        pane, store = CurvesPane(), store_of(points("loss", count=2))
        app = Host(pane)
        async with app.run_test(size=(60, 16)) as pilot:
            pane.show([ComparedRun("a", "a", "#ffffff", "●", store)], "nothing")
            await pilot.pause()
            shown = "\n".join(rows(app, pane))
            assert sum(0x2800 < ord(char) <= 0x28FF for char in shown) > 20
            pane._drawn = drawn = time.monotonic()
            store.add(MetricPoint("loss", "step", 2.0, 0.1), 3.0)
            pane.sync()
            assert pane._drawn == drawn
            await wait_for(pilot, lambda: (pane.sync(), pane._drawn != drawn)[1])
            assert "0.1000" in "\n".join(rows(app, pane))
            store.add(MetricPoint("", "", 0.0, 1234, MetricKind.LEFT_OUT), 3.0)
            await wait_for(pilot, lambda: (pane.sync(), "1,234 values left out" in "\n".join(rows(app, pane)))[1])

    asyncio.run(check())


def test_the_title_says_how_the_charts_are_looked_at(mltui_home: Path) -> None:
    """A logarithmic, smoothed, clipped or zoomed chart is never taken for a plain one."""
    record(mltui_home, "aaaa1111", points("loss"))

    async def steps(app: MltuiApp, pilot: Pilot[object]) -> None:
        await pilot.press("L", "s", "o", "plus")
        await wait_for(pilot, lambda: "smoothed 0.5, outliers left out, part of x" in screen(app))
        assert "loss log y" in screen(app)
        await pilot.press("L", "S", "o", "w")
        await wait_for(pilot, lambda: "smoothed" not in screen(app) and "log y" not in screen(app))
        await pilot.press("slash")
        await wait_for(pilot, lambda: app.main.curves._picker.has_focus)
        assert app.main.curves.title_bar._focused

    drive(steps, "aaaa1111", (140, 36))


def test_what_is_one_chart_s_alone_is_said_at_that_chart(mltui_home: Path) -> None:
    """Whichever chart has the focus, the one with a logarithmic or zoomed y axis says so; the pane's title does not."""
    record(mltui_home, "aaaa1111", points("loss", "accuracy"))

    async def steps(app: MltuiApp, pilot: Pilot[object]) -> None:
        pane = app.main.curves
        await pilot.press("L", "k", "X", "c")
        await wait_for(pilot, lambda: screen(app).count("log x") == 1)
        heads = ["".join(span.text for span in chart.picture.rows[0]) for chart in pane._shown() if chart.picture]
        assert heads[0].startswith("loss log y, x ≤ 0 left out, part of y")
        assert heads[1].startswith("▸accuracy")
        assert screen(app).count("log y") == 1

    drive(steps, "aaaa1111", (140, 36))


def test_two_charts_of_one_metric_say_their_axis() -> None:
    """A loss by step and a loss by epoch are told apart by their titles."""
    groups = group_series(store_of(points("loss", axis="iteration") + points("loss", "val_loss", axis="epoch")))
    assert sorted(group.title for group in groups) == ["loss by epoch", "loss by iteration"]
