"""Sweeps in the list of runs: together, foldable, drawn whole."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import replace
from pathlib import Path

from mltui.domain.container import Usage
from mltui.domain.device import HostSample
from mltui.domain.metric import Series, SeriesKey
from mltui.domain.run import Run, RunState
from mltui.runtime.sampler import Sampler
from mltui.storage.history import RunDatabase
from mltui.storage.profiles import load_profile
from mltui.ui.presentation.gauge_board import SweepPart, sweep_board
from mltui.ui.presentation.gauges import Window
from mltui.ui.presentation.marks import run_labels
from mltui.ui.presentation.run import run_line
from mltui.ui.presentation.sweep import Sweep, listed
from mltui.ui.presentation.sweep_table import sweep_lines
from mltui.ui.widgets.gauge_lines import Gauge
from mltui.ui.widgets.lines import columns
from tests.ui.conftest import rows, wait_for
from tests.ui.test_app import app_for, choose, ready, text
from tests.ui.test_launch import SWEPT


def run(run_id: str, created: float, group: str = "", **params: object) -> Run:
    """A finished run."""
    state = RunState.FINISHED
    return Run(run_id, "p", "", "local", "", state, params=params, group_id=group, created=created)


def test_the_runs_of_a_sweep_stand_together_in_the_order_of_their_launch() -> None:
    """Where the newest of them is; a fold hides them; one that is left alone is a run like others."""
    newest, third, second, first, lone = (
        run("e", 5.0), run("d", 4.0, "g", lr=3, epochs=1), run("c", 3.0, "g", lr=2, epochs=1),
        run("b", 2.0, "g", lr=1, epochs=1), run("a", 1.0, "gone", lr=1),
    )  # fmt: skip
    runs = [newest, third, second, first, lone]
    assert [one.key for one in listed(runs, set())] == ["e", "sweep g", "b", "c", "d", "a"]
    assert [one.key for one in listed(runs, {"g"})] == ["e", "sweep g", "a"]
    sweep = listed(runs, set())[1].sweep
    assert sweep is not None
    assert sweep.differing == ("lr",)
    assert sweep.values(second) == "lr=2"
    assert run_labels([first, second, third]) == ["1", "2", "3"]
    assert run_labels([first, lone])[0] != "1"


def test_a_run_of_a_sweep_says_a_parameter_once_however_wide_its_line_is() -> None:
    """What tells it from the others in front, what they have in common behind."""
    second = run("b", 2.0, "g", lr=0.1, epochs=3, batch=64)
    shown = "".join(text for text, _ in run_line(second, 9.0, 100, "lr=0.1 epochs=3"))
    assert " ".join(shown.split()) == "✓ lr=0.1 epochs=3 batch=64 finished local b 0s"
    shown = "".join(text for text, _ in run_line(second, 9.0, 100))
    assert " ".join(shown.split()) == "✓ p lr=0.1 epochs=3 batch=64 finished local b 0s"


def test_runs_of_a_sweep_are_told_apart_in_a_narrow_list() -> None:
    """By the values alone, as in the legends, where their names have no room."""
    runs = [run(key, at, "g", epochs=3, learning_rate=rate) for key, at, rate in (("a", 1.0, 0.01), ("b", 2.0, 0.05))]
    sweep = listed([replace(runs[0], params={"epochs": 4, "learning_rate": 0.01}), runs[1]], set())[0].sweep
    assert sweep is not None
    for width, said in ((20, "✓ 3,0.05"), (33, "✓ epochs=3 learning_rate=0.05")):
        line = run_line(runs[1], 9.0, width, sweep.values(runs[1]), sweep.values(runs[1], brief=True))
        assert "".join(text for text, _ in line).removesuffix("0s").rstrip() == said


def series(name: str, *values: float, axis: str = "epoch") -> Series:
    """One value an epoch."""
    made = Series(SeriesKey(name, axis))
    for epoch, value in enumerate(values, 1):
        made.add(float(epoch), value, 0.0)
    return made


def table_of(sweep: Sweep, metrics: dict[str, Series]) -> list[str]:
    """The lines that say what the runs of a sweep reached."""
    return ["".join(text for text, _ in line).rstrip() for line in sweep_lines(sweep, metrics, 9.0)]


def test_a_sweep_says_what_each_of_its_runs_reached_and_marks_the_best() -> None:
    """By the key metric of each; nothing is best where they measure different things."""
    runs = [run("b", 2.0, "g", lr=2), run("a", 1.0, "g", lr=1), run("c", 3.0, "g", lr=3)]
    sweep = listed(runs, set())[0].sweep
    assert sweep is not None

    def said(metrics: dict[str, Series]) -> list[str]:
        return table_of(sweep, metrics)

    table = said({"a": series("val_loss", 0.5, 0.4), "b": series("val_loss", 0.3, 0.6)})
    assert table[4].split() == ["run", "lr", "state", "took", "metric", "last", "best"]
    assert table[5].split() == ["a", "1", "finished", "0s", "val_loss", "0.4000", "0.4000", "at", "epoch", "2"]
    assert table[6].split() == ["★", "b", "2", "finished", "0s", "val_loss", "0.6000", "0.3000", "at", "epoch", "1"]
    assert table[7].split() == ["c", "3", "finished", "0s", "–", "–", "–"]
    assert table[-1] == "★ the best val_loss of these runs"
    best_accuracy = said({"a": series("accuracy", 0.9), "b": series("accuracy", 0.8)})
    assert [line[:3] for line in best_accuracy[5:7]] == ["★ a", "  b"]
    alike = said({"a": series("loss", 0.5), "b": series("loss", 0.5), "c": series("loss", 0.6)})
    assert [line[:3] for line in alike[5:8]] == ["★ a", "★ b", "  c"]
    for odd in ({"a": series("val_loss", 1.0), "b": series("loss", 2.0)}, {"a": series("val_loss", 1.0)}, {}):
        assert "★" not in "".join(said(odd))


def test_nothing_in_the_table_of_a_sweep_steers_the_terminal_or_shifts_the_columns() -> None:
    """Names of metrics, axes, parameters and profiles come from outside, and may have characters of two columns."""
    runs = [run("a", 1.0, "g", **{"l\x07r": "学习率"}), run("b", 2.0, "g", **{"l\x07r": "0.1"})]
    sweep = listed([replace(one, profile="p\x9b31m") for one in runs], set())[0].sweep
    assert sweep is not None
    name, axis = "val\x9b31m_loss\x07", "epoch (training vgg\x9b31m)"
    table = table_of(sweep, {"a": series(name, 0.5, axis=axis), "b": series(name, 0.4, axis=axis)})
    assert all(line.isprintable() for line in table)
    assert "0.4000 at epoch (training vgg) 1" in table[6]
    assert table[-1] == "★ the best val_loss of these runs"
    assert columns(table[5][: table[5].index("finished")]) == columns(table[6][: table[6].index("finished")])


def test_the_gauges_of_a_sweep_are_those_of_each_of_its_runs() -> None:
    """Those that run first, each told by what differs; then the machine's."""
    sampler = Sampler(tuple, HostSample, tuple)
    sampler.usage = {"c": Usage(1.0, cpu=1.0, cpu_limit=2.0, memory=5.0, memory_limit=9.0)}
    sampler.host = HostSample(1.0, cpu=1.0)
    ended, going = run("b", 2.0, "g", lr=2), replace(run("a", 1.0, "g", lr=1), container_id="c", state=RunState.RUNNING)
    parts = [SweepPart(ended, "lr=2", [Gauge("CPU", "ø 1", "2", 0.5, main=True)]), SweepPart(going, "lr=1")]
    board = sweep_board(sampler, parts, Window(60.0, 10, 2.0, False), 40, here=True)
    shown = [(gauge.group, gauge.label) for gauge in board.gauges]
    assert shown[:3] == [("lr=1 a", "1 CPU"), ("lr=1 a", "1 mem"), ("lr=2: average and peak", "2 CPU")]
    assert shown[3] == ("This machine", "Host CPU")


def test_a_sweep_that_grows_is_drawn_whole(profiles: Path, mltui_home: Path) -> None:
    """A run that comes while the cursor stands on its sweep is drawn with the others."""

    async def drive() -> None:
        app = app_for(profiles)
        async with app.run_test(notifications=True, size=(120, 36)) as pilot:
            await ready(app, pilot)
            pane = app.main.runs
            await pilot.press("2")
            with contextlib.closing(RunDatabase(mltui_home / "runs.db")) as database:
                database.add(run("aaaaaaaa", 1.0, "g", lr=1))
                database.add(run("bbbbbbbb", 2.0, "g", lr=2))
                await wait_for(pilot, lambda: pane.table.select("sweep g"))
                await wait_for(pilot, lambda: pane.marks_now.ids == ("aaaaaaaa", "bbbbbbbb"))
                database.add(run("cccccccc", 3.0, "g", lr=3))
                await wait_for(pilot, lambda: pane.marks_now.ids == ("aaaaaaaa", "bbbbbbbb", "cccccccc"))
                await wait_for(pilot, lambda: len(app.main.curves._runs) == 3)

    asyncio.run(drive())


def test_a_sweep_is_launched_drawn_whole_folded_marked_and_removed(profiles: Path) -> None:
    """Its own line: all curves at once, one key marks them, one removes them after asking."""
    (profiles / "swept").mkdir()
    (profiles / "swept" / "profile.yaml").write_text(SWEPT)

    async def drive() -> None:
        app = app_for(profiles)
        async with app.run_test(notifications=True, size=(120, 36)) as pilot:
            await ready(app, pilot)
            await wait_for(pilot, lambda: any(p.name == "swept" and p.read for p in app.cockpit.profiles))
            choose(app, "swept")
            await pilot.press("enter")
            await wait_for(pilot, lambda: "docker run" in text(app))
            await pilot.press("j", "e", *", 0.2, 0.4", "enter", "enter")
            pane = app.main.runs
            await wait_for(pilot, lambda: "3 runs by lr" in text(app))
            await wait_for(pilot, lambda: all(r.state is RunState.FINISHED for r in app.cockpit.watcher.runs), 40)
            assert pane.sweep_here is not None
            await wait_for(pilot, lambda: "✓3" in text(app) and "lr = 0.1, 0.2, 0.4" in text(app))
            await wait_for(pilot, lambda: len(app.main.curves._runs) == 3)
            assert not pane.marks
            shown = [row.strip() for row in rows(app, pane.table)]
            assert any("lr=0.2" in row for row in shown)
            await pilot.press("space")
            assert len(pane.marks) == 3
            await pilot.press("j", "m")
            assert len(pane.marks) == 0
            await pilot.press("k", "enter")
            await wait_for(pilot, lambda: not any("lr=0.2" in row for row in rows(app, pane.table)))
            launcher = app.cockpit.launcher
            await wait_for(pilot, lambda: not any(launcher.folder(r.id).supervised for r in app.cockpit.watcher.runs))
            await pilot.press("d")
            await wait_for(pilot, lambda: "Remove 3 runs of swept (sweep " in text(app))
            await pilot.press("y")
            await wait_for(pilot, lambda: not app.cockpit.watcher.runs)

    asyncio.run(drive())
    assert load_profile(profiles / "swept").params["lr"].value == 0.1
