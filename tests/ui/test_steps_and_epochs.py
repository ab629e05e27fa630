"""Training by the step and validation by the epoch: when they share a chart, and where the epochs then stand."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from mltui.domain.curve import XAxis
from mltui.domain.metric import MetricKind, MetricPoint, MetricStore
from mltui.engines.base import LogChunk
from mltui.parsers.reader import MetricReader
from mltui.runtime.epoch_places import EpochPlaces
from mltui.runtime.recorder import Recorder
from mltui.runtime.run_view import RunView
from mltui.storage.run_folder import RunFolder
from mltui.ui import palette
from mltui.ui.panes.curves import CurvesPane
from mltui.ui.presentation.charts import axes_of, group_runs, group_series, group_system
from mltui.ui.presentation.marks import ComparedRun
from mltui.ui.presentation.places import ByEpochs, BySteps, OverSteps, OverTime
from tests.ui.conftest import Host, wait_for


def told(lines: str, batch: int = 1) -> MetricStore:
    """The store of a run that printed these lines, ``batch`` of them within the same moment, as its record tells it."""
    store, reader, places = MetricStore(), MetricReader(), EpochPlaces()
    for i, line in enumerate(lines.splitlines(keepends=True)):
        points = reader.feed(line.encode(), 1)
        for point in (*reader.epochs, *places.among(points)):
            store.add(point, 1e9 + i // batch)
    return store


def training(epochs: int = 3, last: str = "epoch {}: val_loss={}") -> str:
    """Three steps an epoch, then its validation."""
    return "".join(
        "".join(f"step={30 * e + 10 * s} loss={1 / (3 * e + s + 1):.4f}\n" for s in range(3))
        + last.format(e + 1, round(0.5 / (e + 1), 4)) + "\n"
        for e in range(epochs)
    )  # fmt: skip


@pytest.mark.parametrize("batch", [1, 1000])
def test_a_loss_by_the_step_and_its_validation_by_the_epoch_share_a_chart(batch: int) -> None:
    """Validation stands at the step behind which the log told it, however fast the lines came."""
    store = told(training(), batch)
    (group,) = group_series(store, BySteps())
    assert [(c.label, c.series.key.axis, list(c.series.x)) for c in group.curves] == [
        ("train", "step", [0, 10, 20, 30, 40, 50, 60, 70, 80]),
        ("val", "step", [20, 50, 80]),
    ]
    assert list(group.curves[1].series.value) == [0.5, 0.25, 0.1667]
    assert [g.key for g in group_series(store, OverTime())] == [group.key]


def test_an_epoch_without_a_place_in_the_steps_is_not_given_one() -> None:
    """Over time they share a chart nevertheless: steps that begin anew, a record that does not tell the order."""
    anew = "".join(f"step={10 * s} loss={1 / (e + s + 1):.4f}\n" if s < 3 else f"epoch {e + 1}: val_loss=0.{e}1\n"
                   for e in range(3) for s in range(4))  # fmt: skip
    unordered = told(training())
    unordered.places = {}
    for store in (told(anew), unordered):
        assert {g.title for g in group_series(store, BySteps())} == {"loss", "val_loss"}
        (group,) = group_series(store, OverTime())
        assert [c.label for c in group.curves] == ["train", "val"]


def test_a_training_told_by_the_step_and_by_the_epoch_has_two_charts() -> None:
    """Its validation stands beside the training of the same axis."""
    store = told(training(last="epoch {0}: loss=0.7{0} val_loss={1}"))
    for place in (BySteps(), OverTime()):
        assert sorted((g.title, len(g.curves)) for g in group_series(store, place)) == [
            ("loss by epoch", 2),
            ("loss by step", 1),
        ]


def test_validation_before_the_first_step_stands_at_that_step_and_new_epochs_follow() -> None:
    """The placed curve grows with its source."""
    by_steps = BySteps()
    store = told("epoch 0: val_loss=0.9\n" + training(2))
    (group,) = group_series(store, by_steps)
    assert list(group.curves[1].series.x) == [0, 20, 50]
    for point in (
        MetricPoint("val_loss", "step", 90.0, 3.0, MetricKind.PLACE),
        MetricPoint("val_loss", "epoch", 3, 0.1),
    ):
        store.add(point, 2e9)
        assert by_steps.catch_up() == (True,)
    assert list(group.curves[1].series.x) == [0, 20, 50, 90]


def test_runs_are_compared_over_steps_where_that_goes_for_all_of_them() -> None:
    """A run whose epochs have no place leaves the validation of all over epochs."""
    placed = [told(training()), told(training(4))]
    runs = [ComparedRun("ab"[i], "ab"[i], palette.SERIES[i], "●▲"[i], store) for i, store in enumerate(placed)]
    (group,) = group_runs(runs, BySteps())
    assert [c.label for c in group.curves] == ["a train", "a val", "b train", "b val"]
    placed[1].places = {}
    assert [len(g.curves) for g in group_runs(runs, BySteps())] == [2, 2]
    assert [len(g.curves) for g in group_runs(runs, OverTime())] == [4]


def test_runs_that_count_otherwise_share_a_chart_over_time_alone() -> None:
    """Over what they count they have two, which say so; over time a metric has one, unless a run has two of it."""
    epochs = MetricStore()
    for x in (1.0, 2.0):
        for name in ("loss", "val_loss"):
            epochs.add(MetricPoint(name, "epoch", x, 1 / x), 1e9 + x)
    stores = enumerate((epochs, told(training())))
    runs = [ComparedRun("ab"[i], "ab"[i], palette.SERIES[i], "●▲"[i], store) for i, store in stores]
    assert [(g.title, len(g.curves)) for g in group_runs(runs, BySteps())] == [
        ("loss by epoch", 3),
        ("loss by step", 1),
    ]
    (group,) = group_runs(runs, OverTime())
    assert [c.label for c in group.curves] == ["a train", "a val", "b train", "b val"]
    epochs.add(MetricPoint("loss", "step", 10.0, 1.0), 1e9)
    assert [g.title for g in group_runs(runs, OverTime())] == ["loss by epoch", "loss by step"]


def test_the_record_tells_where_epochs_stand_and_the_x_axis_decides_what_shares_a_chart(mltui_home: Path) -> None:
    """Through the recorder, the file and the view; a chart that has all the room stays where its metric is."""
    folder = RunFolder(mltui_home, "aaaa1111")
    folder.make()
    recorder = Recorder(folder)
    recorder.take(LogChunk(1, training().encode(), 1e9))
    recorder.finish()
    view = RunView(folder)
    view.poll()
    (group,) = group_series(view.metrics, BySteps())
    assert list(group.curves[1].series.x) == [20, 50, 80]
    assert {key.kind for key in view.metrics.series} == {MetricKind.METRIC}
    view.close()

    pane_runs = told(training())
    pane_runs.places = {}

    async def steps() -> None:
        async with Host(CurvesPane()).run_test(size=(120, 36)) as pilot:
            pane = pilot.app.query_one(CurvesPane)
            pane.show([ComparedRun("a", "a", palette.SERIES[0], "●", pane_runs)], "")
            await pilot.pause()
            assert [chart.model.title for chart in pane._shown()] == ["val_loss", "loss"]
            pane.screen.set_focus(pane._charts[0])
            pane.action_single()
            pane._charts[0].action_next_x_axis()
            await wait_for(pilot, lambda: len(pane._charts[0].model.curves) == 2)
            assert [chart.model.title for chart in pane._shown()] == ["loss"]

    asyncio.run(steps())


def compared(*stores: MetricStore) -> list[ComparedRun]:
    """Runs of these stores, called a, b …"""
    return [ComparedRun("ab"[i], "ab"[i], palette.SERIES[i], "●▲"[i], store) for i, store in enumerate(stores)]


def test_all_charts_are_drawn_over_epochs_or_over_steps_where_the_log_tells_both() -> None:
    """A chart is the same one over each, so that what was pinned stays; what has no place keeps its own axis."""
    lines = training(last="epoch {0}: val_loss={1} val_acc=0.{0}") + "trial 1 score 0.5\ntrial 2 score 0.6\n"
    store = told(lines)
    logged = group_series(store, BySteps())
    drawn = {place: group_series(store, place()) for place in (OverSteps, ByEpochs)}
    assert [g.key for g in drawn[OverSteps]] == [g.key for g in drawn[ByEpochs]] == [g.key for g in logged]
    found = {place: {c.series.name: (c.series.key.axis, list(c.series.x)) for g in groups for c in g.curves}
             for place, groups in drawn.items()}  # fmt: skip
    assert found[OverSteps] == {
        "loss": ("step", [0, 10, 20, 30, 40, 50, 60, 70, 80]),
        "val_loss": ("step", [20, 50, 80]),
        "val_acc": ("step", [20, 50, 80]),
        "score": ("trial", [1, 2]),
    }
    assert found[ByEpochs] == {
        "loss": ("epochs", pytest.approx([s / 3 for s in range(9)])),
        "val_loss": ("epochs", [1, 2, 3]),
        "val_acc": ("epochs", [1, 2, 3]),
        "score": ("trial", [1, 2]),
    }


@pytest.mark.parametrize(
    ("lines", "offered"),
    [
        (training(last="epoch {0}: val_loss={1} val_acc=0.{0}"), (XAxis.STEPS, XAxis.EPOCHS)),
        (training(), (XAxis.EPOCHS,)),
        ("".join(f"epoch {s // 3} step {s} loss 0.{s}1\n" for s in range(9)), (XAxis.EPOCHS,)),
        ("".join(f"epoch {e} loss 0.{e}1 val_loss 0.{e}2\n" for e in range(1, 5)), ()),
        ("".join(f"step {s} loss 0.{s}1\n" for s in range(1, 5)), ()),
    ],
)  # fmt: skip
def test_an_x_axis_is_offered_where_it_changes_a_chart(lines: str, offered: tuple[XAxis, ...]) -> None:
    """Steps and epochs where the log tells both and a chart is not over them already; time always."""
    assert axes_of(compared(told(lines))) == (XAxis.LOGGED, *offered, XAxis.RELATIVE, XAxis.WALL)


def test_runs_that_count_otherwise_share_a_chart_over_epochs() -> None:
    """A run that has no place there stands in a chart of its own."""
    epochs = told("".join(f"epoch {e} loss 0.{e}1\n" for e in range(1, 5)))
    both, steps = told(training()), told("".join(f"step {s} loss 0.{s}1\n" for s in range(1, 5)))
    (group,) = group_runs(compared(epochs, both), ByEpochs())
    assert [(c.label, c.series.key.axis) for c in group.curves] == [
        ("a", "epochs"),
        ("b train", "epochs"),
        ("b val", "epochs"),
    ]
    assert [[c.label for c in g.curves] for g in group_runs(compared(both, steps), ByEpochs())] == [
        ["a train", "a val"],
        ["b"],
    ]


def test_machine_curves_of_runs_are_over_epochs_together_or_not_at_all() -> None:
    """They stand on the axis of what their run measured; a run that has no place there leaves all as they are."""
    both, steps = told(training()), told("".join(f"step {s} loss 0.{s}1\n" for s in range(1, 5)))
    system = MetricStore()
    for x in (15.0, 45.0):
        system.add(MetricPoint("CPU cores", "step", x, 1.0, MetricKind.SYSTEM), 1e9)
    alone, *others = (run._replace(system=system) for run in compared(both, steps))
    (chart,) = group_system([alone], ByEpochs())
    assert [(c.series.key.axis, list(c.series.x)) for c in chart.curves] == [("epochs", [0.5, 1.5])]
    (chart,) = group_system([alone, *others], ByEpochs())
    assert [c.series.key.axis for c in chart.curves] == ["step", "step"]


def test_a_run_that_has_told_no_epoch_when_it_was_first_shown_offers_them_later() -> None:
    """The charts that are there already learn of it."""
    store = told(training(1).replace("epoch 1: val_loss=0.5\n", ""))

    async def grow() -> None:
        async with Host(CurvesPane()).run_test(size=(120, 36)) as pilot:
            pane = pilot.app.query_one(CurvesPane)
            pane.show(compared(store), "")
            await pilot.pause()
            (chart,) = pane._shown()
            assert XAxis.EPOCHS not in chart.model.axes
            for place in ((MetricKind.EPOCHS, 30.0, 1.0), (MetricKind.METRIC, 30.0, 0.2)):
                store.add(MetricPoint("loss", "step", *place[1:], place[0]), 2e9)
            await wait_for(pilot, lambda: pane.sync() or XAxis.EPOCHS in chart.model.axes)

    asyncio.run(grow())


def test_x_goes_through_steps_and_epochs_and_a_live_run_keeps_up(mltui_home: Path) -> None:
    """By the key, through recorder, file and view; the title says over what the charts are drawn."""
    lines = training(6, last="epoch {0}: val_loss={1} val_acc=0.{0}").splitlines(keepends=True)
    folder = RunFolder(mltui_home, "aaaa1111")
    folder.make()
    recorder, view = Recorder(folder), RunView(folder)

    def grow(to: int) -> int:
        recorder.take(LogChunk(1, "".join(lines[grow.at : to]).encode(), 1e9 + to))  # type: ignore[attr-defined]
        grow.at = to  # type: ignore[attr-defined]
        view.poll_metrics()
        return len(view.metrics.series)

    grow.at = 0  # type: ignore[attr-defined]

    async def press() -> None:
        async with Host(CurvesPane()).run_test(size=(120, 36)) as pilot:
            pane = pilot.app.query_one(CurvesPane)
            grow(8)
            await wait_for(pilot, lambda: grow(8) == 3)
            pane.show([ComparedRun("a", "a", palette.SERIES[0], "●", view.metrics)], "")
            await pilot.pause()
            pane.screen.set_focus(pane._charts[0])

            def shown() -> dict[str, list[float]]:
                return {c.curve.series.name: list(c.curve.series.x) for m in pane._shown() for c in m.model.curves}

            def said() -> str:
                return "".join(text for text, _ in pane.title_texts()[0])

            assert shown()["val_acc"] == [1, 2]
            await pilot.press("x")
            assert (shown()["val_acc"], said()) == ([20, 50], "over steps ")
            await pilot.press("x")
            assert (shown()["loss"], said()) == (pytest.approx([s / 3 for s in range(6)]), "over epochs ")

            def come() -> bool:
                grow(len(lines))
                pane.sync()
                return len(shown()["loss"]) == 18

            await wait_for(pilot, come)
            assert shown()["loss"][-1] == pytest.approx(17 / 3)
            assert shown()["val_loss"] == shown()["val_acc"] == [1, 2, 3, 4, 5, 6]
            for _ in range(3):
                await pilot.press("x")
            assert (shown()["val_acc"], said()) == ([1, 2, 3, 4, 5, 6], "")

    asyncio.run(press())
    recorder.finish()
    view.close()


def test_trainings_that_follow_each_other_share_a_chart_and_each_has_a_label() -> None:
    """The first is called so: its axis names nobody."""
    lines = "".join(
        f"=== Training {name} ===\n"
        + "".join(f"Epoch {e}/4 train_loss: {1 / e:.4f} val_loss: {1.3 / e:.4f}\n" for e in range(1, 5))
        for name in ("resnet18", "vit")
    )
    (group,) = group_series(told(lines))
    labels = {curve.label for curve in group.curves}
    assert labels == {"first train", "first val", "training vit train", "training vit val"}


@pytest.mark.parametrize(
    ("word", "labels"),
    [
        ("Run", ["run 1", "run 2", "run 3"]),
        ("Seed", ["seed 1", "seed 2", "seed 3"]),
        ("Stage", ["first", "stage 2", "stage 3"]),
    ],
)
def test_parts_of_a_log_that_count_anew_share_a_chart(word: str, labels: list[str]) -> None:
    """As folds do; of the first stage nobody knew that others would follow, so it is called so."""
    lines = "".join(f"{word} {n}, Epoch {e}, loss: {1 / (n + e):.4f}\n" for n in (1, 2, 3) for e in range(1, 5))
    (group,) = group_series(told(lines))
    assert [curve.label for curve in group.curves] == labels
