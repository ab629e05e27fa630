"""Curves in a run's outputs folder: found, followed, and read once, whatever the container does there."""

from __future__ import annotations

import os
from array import array
from pathlib import Path

import pytest

from mltui.domain.metric import Series, SeriesKey
from mltui.domain.run import RunState
from mltui.parsers.files.events import write_events
from mltui.runtime.outputs_reader import OutputsReader, has_curves, scope_of_path
from tests.runtime.conftest import HOLD, Runs, until


@pytest.fixture(autouse=True)
def eager(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every poll looks for new files."""
    monkeypatch.setattr("mltui.runtime.outputs_reader._SHARE", float("inf"))


def event_file(path: Path, tag: str, values: list[float]) -> bytes:
    """Write an event file; its bytes."""
    series = Series(SeriesKey(tag, "step"))
    series.extend(array("d", range(len(values))), array("d", values), array("d", [1.5] * len(values)))
    path.parent.mkdir(parents=True, exist_ok=True)
    write_events(path, [series])
    return path.read_bytes()


def read(reader: OutputsReader) -> list[tuple[str, float, float]]:
    """Name, x and value of what has come."""
    return [(one.point.name, one.point.x, one.point.value) for one in reader.poll()]


@pytest.mark.parametrize(
    ("folder", "scope"),
    [
        ("", ""),
        ("logs", ""),
        ("logs/20261123-181433/train", "train/"),
        ("tensorboard/validation", "validation/"),
        ("runs/Nov23_18-14-33_box", ""),
        ("lightning_logs/version_0", ""),
        ("lightning_logs/version_1", "[version_1] "),
        ("fold2/logs", "[fold2] "),
        ("sweep/lr0.1/train", "[sweep/lr0.1] train/"),
        ("train/logs", "train/"),
        ("training", ""),
    ],
)
def test_what_a_folder_says(folder: str, scope: str) -> None:
    """The part of the data, and what tells several runs apart; not that there are logs in it."""
    assert scope_of_path(folder) == scope


def test_all_kinds_of_files(tmp_path: Path) -> None:
    """Event files, CSV logs and JSON lines, in any folder; other files have no curves."""
    event_file(tmp_path / "logs/train/events.out.tfevents.1.host", "epoch_loss", [0.5])
    (tmp_path / "training.log").write_text("epoch,acc\n0,0.25\n")
    (tmp_path / "fold1").mkdir()
    (tmp_path / "fold1/metrics.jsonl").write_text('{"step": 1, "loss": 0.5}\n{"step": 2, "loss": 0.25}\n')
    (tmp_path / "fold1/train.log").write_text("step 1 - loss: 0.125\n" * 3)
    (tmp_path / "predictions.csv").write_text("id,score\n1,0.5\n")
    (tmp_path / "model.keras").write_bytes(bytes(1000))
    assert sorted(read(OutputsReader(tmp_path))) == [
        ("[fold1] loss", 1, 0.5),
        ("[fold1] loss", 2, 0.25),
        ("acc", 0, 0.25),
        ("train/epoch_loss", 0, 0.5),
    ]


def test_files_are_followed(tmp_path: Path) -> None:
    """Each poll gives what is new and whole, from files that grow and files that are new."""
    reader = OutputsReader(tmp_path)
    assert reader.poll() == []
    event_path, csv_path = tmp_path / "tb/events.out.tfevents.1", tmp_path / "log.csv"
    data = event_file(event_path, "loss", [3.0, 2.0, 1.0])
    event_path.write_bytes(data[: len(data) - 70])
    csv_path.write_text("step,acc\n1,0.5\n2,0.")
    assert read(reader) == [("acc", 1, 0.5), ("loss", 0, 3.0)]
    assert read(reader) == []
    event_path.write_bytes(data)
    with csv_path.open("a") as file:
        file.write("75\n")
    assert read(reader) == [("acc", 2, 0.75), ("loss", 1, 2.0), ("loss", 2, 1.0)]


def test_tables_of_one_folder_keep_apart(tmp_path: Path) -> None:
    """Their names say of what they are."""
    for name, value in (("train.csv", 0.5), ("val.csv", 0.25), ("teacher.csv", 0.75)):
        (tmp_path / name).write_text(f"step,loss\n1,{value}\n")
    assert sorted(read(OutputsReader(tmp_path))) == [
        ("[teacher] loss", 1, 0.75),
        ("train/loss", 1, 0.5),
        ("val/loss", 1, 0.25),
    ]


def test_times_are_those_of_the_points(tmp_path: Path) -> None:
    """An event has its own time, a row of a table that of the file's last change."""
    event_file(tmp_path / "events.out.tfevents.1", "loss", [3.0])
    (tmp_path / "log.csv").write_text("step,acc\n1,0.5\n")
    os.utime(tmp_path / "log.csv", (7, 7))
    assert {one.name: one.time for one in OutputsReader(tmp_path).poll()} == {"loss": 1.5, "acc": 7}


@pytest.mark.parametrize("renamed", [False, True])
def test_a_table_that_is_written_anew_with_a_column_more(tmp_path: Path, renamed: bool) -> None:
    """Lightning does so; the rows that were there before are not read again, the new column is."""
    path, reader = tmp_path / "metrics.csv", OutputsReader(tmp_path)
    path.write_text("step,loss\n1,0.5\n2,0.25\n")
    assert len(read(reader)) == 2
    target = tmp_path / "new" if renamed else path
    target.write_text("step,loss,val_loss\n1,0.5,\n2,0.25,\n2,,0.75\n3,0.125,\n")
    target.replace(path)
    assert read(reader) == [("val_loss", 2, 0.75), ("loss", 3, 0.125)]


def test_a_table_that_begins_again(tmp_path: Path) -> None:
    """A second training into the same file is read from its first row."""
    path, reader = tmp_path / "metrics.csv", OutputsReader(tmp_path)
    path.write_text("step,loss\n1,0.5\n2,0.25\n")
    assert len(read(reader)) == 2
    path.write_text("step,loss\n1,0.4\n")
    assert read(reader) == [("loss", 1, 0.4)]


def test_a_table_of_two_trainings_is_written_anew(tmp_path: Path) -> None:
    """The second has not come as far as the first: what is known of both is not read again."""
    path, reader = tmp_path / "metrics.csv", OutputsReader(tmp_path)
    rows = ["0,.9", "1,.8", "2,.7", "0,.6"]
    path.write_text("\n".join(["epoch,loss", *rows, ""]))
    assert read(reader) == [("loss", 0, 0.9), ("loss", 1, 0.8), ("loss", 2, 0.7), ("loss", 0, 0.6)]
    path.write_text("\n".join(["epoch,loss,acc", *(f"{row}," for row in rows), "1,.5,.1", ""]))
    assert read(reader) == [("loss", 1, 0.5), ("acc", 1, 0.1)]


def test_links_and_other_odd_things_are_left_alone(tmp_path: Path) -> None:
    """A container's links lead to the host's files; a pipe would keep the reader waiting for ever."""
    outside, outputs = tmp_path / "outside", tmp_path / "outputs"
    event_file(outside / "events.out.tfevents.1", "loss", [3.0])
    outputs.mkdir()
    (outputs / "events.out.tfevents.2").symlink_to(outside / "events.out.tfevents.1")
    (outputs / "folder").symlink_to(outside)
    os.mkfifo(outputs / "pipe.csv")
    (outputs / "b\udcff\x1b[2J.csv").write_text("step,loss,\x9b31mred loss\n1,0.5,0.25\n")
    assert read(OutputsReader(outputs)) == [("[b\ufffd] loss", 1, 0.5), ("[b\ufffd] red loss", 1, 0.25)]


def test_a_file_that_becomes_a_link(tmp_path: Path) -> None:
    """Neither the file nor a folder above it may become one afterwards."""
    outside, outputs = tmp_path / "outside", tmp_path / "outputs"
    for folder in (outside, outputs / "a", outputs / "b"):
        folder.mkdir(parents=True)
        (folder / "log.csv").write_text("step,loss\n1,0.5\n")
    reader = OutputsReader(outputs)
    assert len(read(reader)) == 2
    (outside / "log.csv").write_text("step,loss\n1,0.5\n2,0.25\n")
    (outputs / "a/log.csv").unlink()
    (outputs / "a/log.csv").symlink_to(outside / "log.csv")
    (outputs / "b").rename(outputs / "c")
    (outputs / "b").symlink_to(outside)
    assert read(reader) == [("[c] loss", 1, 0.5)]


def test_much_at_once_is_read_bit_by_bit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A poll takes so much and says that there is more."""
    monkeypatch.setattr("mltui.runtime.outputs_reader._POLL", 1000)
    monkeypatch.setattr("mltui.runtime.outputs_reader._READ", 100)
    (tmp_path / "log.csv").write_text("step,loss\n" + "".join(f"{i},0.5\n" for i in range(1000)))
    reader, found, polls = OutputsReader(tmp_path), 0, 0
    while not polls or reader.behind:
        found, polls = found + len(reader.poll()), polls + 1
    assert found == 1000
    assert polls > 5


def test_a_missing_folder(tmp_path: Path) -> None:
    """A run whose outputs are elsewhere has no curves there."""
    assert OutputsReader(tmp_path / "none").poll() == []


_TRAINING = (
    'cd "$MLTUI_OUTPUTS"; echo "step,loss,lr" > log.csv;'
    'for i in 1 2 3; do echo "step $i - loss: 0.$i"; echo "$i,0.$i,0.0$i" >> log.csv; done;'
    f"{HOLD};"
    'for i in 4 5; do echo "step $i - loss: 0.$i"; echo "$i,0.$i,0.0$i" >> log.csv; done'
)


def test_a_run_records_its_outputs(runs: Runs) -> None:
    """While it runs, and to the last row when it ends; what its log tells too is recorded once."""
    run = runs.launch(_TRAINING)
    until(lambda: runs.points(run), lambda points: len(points.get("lr", ())) == 3)
    runs.go(run)
    assert runs.ended(run).state is RunState.FINISHED
    assert runs.points(run) == {
        "loss": [(i, i / 10) for i in range(1, 6)],
        "lr": [(i, i / 100) for i in range(1, 6)],
    }


def test_a_run_taken_up_reads_its_outputs_again(runs: Runs) -> None:
    """No point of a file is lost or doubled, and no viewer sees a curve shrink."""
    run = runs.launch(_TRAINING)
    until(lambda: runs.points(run), lambda points: len(points.get("lr", ())) == 3)
    runs.kill_supervisor(run)
    runs.launcher.adopt()
    lengths = []
    until(lambda: runs.supervisor(run))
    runs.go(run)
    until(lambda: lengths.append(len(runs.points(run).get("lr", ()))) or lengths[-1] == 5, period=0.01)
    assert lengths == sorted(lengths)
    runs.ended(run)
    assert {name: len(points) for name, points in runs.points(run).items()} == {"loss": 5, "lr": 5}


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("run.log", "\nepoch 1 loss: 1.4\n", False),
        ("run.log", "epoch, loss and what else\nepoch 1 loss: 1.4\n", False),
        ("run.log", "Epoch 1/3", False),
        ("run.log", "epoch,loss\n1,0.5\n", True),
        ("metrics.csv", "epoch,loss\n", True),
    ],
)
def test_a_log_is_told_from_a_table(tmp_path: Path, name: str, text: str, expected: bool) -> None:
    """A file named as a log is a table only if rows follow its header; an empty first line says nothing."""
    path = tmp_path / name
    path.write_text(text)
    assert has_curves(path) is expected
