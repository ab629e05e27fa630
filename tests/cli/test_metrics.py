"""``mltui metrics`` on runs, files and standard input."""

from __future__ import annotations

import csv
import io
import json
import re
import socket
import subprocess
import sys
from array import array

import pytest

from mltui.domain.metric import MetricKind, MetricPoint, Series, SeriesKey
from mltui.parsers.files.events import write_events
from mltui.runtime.export import in_order
from mltui.runtime.metric_summary import x_text
from tests.cli.conftest import Program

_LOG = b"Epoch 1/2\n- loss: 0.5 - accuracy: 0.25\nEpoch 2/2\n- loss: 0.25 - accuracy: 0.5\n"
_POINTS = [
    {"name": "loss", "axis": "epoch", "x": 1, "value": 0.5},
    {"name": "accuracy", "axis": "epoch", "x": 1, "value": 0.25},
    {"name": "loss", "axis": "epoch", "x": 2, "value": 0.25},
    {"name": "accuracy", "axis": "epoch", "x": 2, "value": 0.5},
]


def test_run_has_its_points_in_the_order_read(trained: tuple[Program, str]) -> None:
    """A run's points come out as they were printed, whole x without a fraction."""
    program, run = trained
    points = program.lines("metrics", run, "--format", "jsonl")
    assert [(p["name"], p["x"], p["value"]) for p in points] == [
        ("loss", 1, 0.8), ("accuracy", 1, 0.1),
        ("loss", 2, 0.7), ("accuracy", 2, 0.2),
        ("loss", 3, 0.6), ("accuracy", 3, 0.3),
    ]  # fmt: skip
    assert [list(point) for point in points] == [["name", "axis", "x", "value"]] * 6


def test_file_and_standard_input_give_the_same(program: Program) -> None:
    """Any training log is read, from a file or a pipe, without a home of runs being made."""
    (program.folder / "train.log").write_bytes(_LOG)
    assert program.lines("metrics", "train.log", "--format", "jsonl") == _POINTS
    assert program.lines("metrics", "-", "--format", "jsonl", stdin=_LOG) == _POINTS
    assert not program.home.exists()


def test_csv_reads_back(program: Program) -> None:
    """CSV has a header and the same points."""
    out, _ = program("metrics", "-", "--format", "csv", stdin=_LOG)
    rows = list(csv.DictReader(io.StringIO(out)))
    assert [(r["name"], r["axis"], float(r["x"]), float(r["value"])) for r in rows] == [
        (p["name"], p["axis"], p["x"], p["value"]) for p in _POINTS
    ]


def test_values_of_too_many_series_are_counted(program: Program) -> None:
    """What is left out is said beside the points, not among them."""
    log = b"".join(b"step %d loss_%d_x: 0.5\n" % (i, i) for i in range(2100))
    out, err = program("metrics", "-", "--format", "csv", "--kind", "all", stdin=log)
    assert len(out.splitlines()) == 2001
    assert "100 values left out: more than 2,000 series" in err


def test_what_the_reader_makes_of_each_line_is_shown(program: Program) -> None:
    """A line, beneath it what was taken off, the names it has, the plan, the points; control bytes are gone."""
    log = b"10:00:01 INFO step 10 loss=0.5 lr=0.1\nhello \x07\nepoch  loss\n1  0.25\n"
    log += b'{\n  "it": 20,\n  "loss": 0.4\n}\n50%|# | 1/2 [00:01<00:01, 1it/s]'
    out, _ = program("metrics", "-", "--explain", stdin=log)
    assert [" ".join(line.split()) for line in out.splitlines()] == [
        "10:00:01 INFO step 10 loss=0.5 lr=0.1",
        "prefix '10:00:01 INFO '",
        "kind pairs",
        "tokens word:step number:10 word:loss mark:= number:0.5 word:lr mark:= number:0.1",
        "fields step = 10 (counter); loss = 0.5 (metric); lr = 0.1 (schedule)",
        "plan x: step; values: loss, lr",
        "-> metric loss, step 10: 0.5",
        "-> metric lr, step 10: 0.1",
        "hello",
        "kind nothing",
        "epoch loss",
        "kind header",
        "1 0.25",
        "kind row",
        "-> metric epoch loss, epoch 1: 0.25",
        "{",
        "block waits for the lines that go on with it",
        '"it": 20,',
        "block waits for the lines that go on with it",
        '"loss": 0.4',
        "block waits for the lines that go on with it",
        "}",
        'block {"it": 20, "loss": 0.4 }',
        "kind object",
        "fields it = 20 (counter); loss = 0.4 (metric)",
        "plan x: iteration; values: loss",
        "-> metric loss, iteration 20: 0.4",
        "50%|# | 1/2 [00:01<00:01, 1it/s]",
        "bar yes: see bars.py",
    ]


def explained(program: Program, log: bytes) -> list[str]:
    """What is said beneath the lines of a log, without the lines."""
    out, _ = program("metrics", "-", "--explain", stdin=log)
    return [" ".join(line.split()) for line in out.splitlines() if line.startswith("    ")]


def test_objects_are_explained_as_they_are_read(program: Program) -> None:
    """By their keys, whatever stands around these; the line that one carries by itself."""
    log = b'{"step": 1, "train": {"loss": 0.5, "note": "a"}}\n{"log": "step 2 loss 0.25\\n", "stream": "stdout"}\n'
    log += b'{"level": "info", "msg": "| 1 | 0.5 | 0.4 |"}\n'
    assert explained(program, log) == [
        "kind object",
        "fields step = 1 (counter); train.loss = 0.5 (metric)",
        "plan x: step; values: train.loss",
        "-> metric train.loss, step 1: 0.5",
        "message step 2 loss 0.25",
        "kind pairs",
        "tokens word:step number:2 word:loss number:0.25",
        "fields step = 2 (counter); loss = 0.25 (metric)",
        "plan x: step; values: loss",
        "-> metric loss, step 2: 0.25",
        "message | 1 | 0.5 | 0.4 |",
        "kind nothing",
    ]


def test_what_of_a_line_is_not_read_is_said(program: Program) -> None:
    """A text is read to its 4,096th byte, an object whole, a table to 64 columns."""
    many = " ".join(f"a{chr(97 + i // 26)}{chr(97 + i % 26)}_loss 0.5" for i in range(400))
    said = explained(program, f"step 1 {many}\n".encode())
    assert said[0] == "unread what stands behind its first 4,096 bytes"
    said = explained(program, b"step 1 ids [" + b"7, " * 2000 + b"7] loss 0.5\n")
    assert said[0] == "unread long lists and texts"
    assert said[-1] == "-> metric loss, step 1: 0.5"
    pad = ", ".join(f'"note{chr(97 + i % 26)}{i}": "{"x" * 50}"' for i in range(200))
    said = explained(program, f'{{"step": 1, {pad}, "loss": 0.5}}\n'.encode())
    assert said[0] == "kind object"
    assert said[-1] == "-> metric loss, step 1: 0.5"
    table = "epoch," + ",".join(f"loss_{chr(97 + i // 26)}{chr(97 + i % 26)}" for i in range(64))
    for line in (table, "1" + ",0.5" * 64, "1" + "  0.5" * 64, "| 1 " + "| 0.5 " * 64 + "|"):
        assert "unread more columns than the 64 of a table" in explained(program, line.encode() + b"\n")
    assert not any("unread" in line for line in explained(program, f"step 1 {many[:1400]}\n".encode()))


def test_table_has_a_line_a_series(program: Program) -> None:
    """The default is a summary."""
    out, _ = program("metrics", "-", stdin=_LOG)
    header, loss, accuracy = out.splitlines()
    assert header.split() == ["METRIC", "POINTS", "AT", "LAST", "BEST"]
    assert loss.split() == ["loss", "2", "epoch", "2", "0.2500", "0.2500", "at", "epoch", "2"]
    assert accuracy.split()[-4:] == ["0.5000", "at", "epoch", "2"]


def test_series_of_one_name_are_told_apart_by_their_kind(program: Program) -> None:
    """Where several kinds are asked for: what a bar shows on the way, and what the epoch ended with."""
    log = b"Epoch 1/1\n1/2 [==>...] - ETA: 0s - loss: 0.9\r2/2 [=====] - 0s - loss: 0.7 - val_loss: 0.6\n"
    out, _ = program("metrics", "-", "--kind", "all", stdin=log)
    header, *lines = out.splitlines()
    assert header.split() == ["METRIC", "KIND", "POINTS", "AT", "LAST", "BEST"]
    assert {tuple(line.split()[:2]) for line in lines} >= {("loss", "running"), ("loss", "metric")}
    assert "KIND" not in program("metrics", "-", stdin=log)[0]


def test_only_logs_are_explained(program: Program) -> None:
    """What becomes of each line can be told of what is read by lines."""
    (program.folder / "log.csv").write_text("epoch,loss\n1,0.5\n")
    for source in ("log.csv", "."):
        _, err = program("metrics", source, "--explain", code=2)
        assert "is not read line by line" in err


def test_a_place_is_told_as_it_was_logged() -> None:
    """However far a training has come: its checkpoints have that number in their names."""
    assert [x_text("step", x) for x in (0.0, 1_234_567.0, 2.5)] == ["step 0", "step 1234567", "step 2.5"]


def test_points_come_while_the_log_still_grows(program: Program) -> None:
    """On a pipe that stays open, points are printed before its end."""
    process = program.start("metrics", "-", "--format", "jsonl")
    assert process.stdin is not None
    assert process.stdout is not None
    for epoch in range(1, 6):
        process.stdin.write(f"Epoch {epoch}/9\n- loss: 0.{9 - epoch} - accuracy: 0.{epoch}\n")
    process.stdin.flush()
    assert json.loads(process.stdout.readline()) == {"name": "loss", "axis": "epoch", "x": 1, "value": 0.8}


def test_points_are_written_many_at_once(program: Program) -> None:
    """Also where Python's output is unbuffered, as it is in containers: here each system call is a packet."""
    (program.folder / "log").write_text("".join(f"step={i} loss=0.5\n" for i in range(3000)))
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with ours, theirs:
        process = subprocess.Popen(
            [sys.executable, "-m", "mltui", "metrics", "log", "--format", "csv"], stdout=theirs, cwd=program.folder,
            env=program.environment | {"PYTHONUNBUFFERED": "1"},
        )  # fmt: skip
        theirs.close()
        packets = list(iter(lambda: ours.recv(1 << 20), b""))
        assert process.wait() == 0
    assert b"".join(packets).count(b"\n") == 3001
    assert len(packets) < 30


def test_event_files_csv_logs_and_folders_of_them(program: Program) -> None:
    """Files that a training writes beside its log are read like it, alone or all below a folder."""
    series = Series(SeriesKey("epoch_loss", "epoch"))
    series.extend(array("d", [0, 1]), array("d", [0.5, 0.25]), array("d", [1, 2]))
    logs = program.folder / "logs"
    (logs / "train").mkdir(parents=True)
    write_events(logs / "train/events.out.tfevents.1", [series])
    (logs / "metrics.csv").write_text("epoch,step,acc,val_acc\n0,4,0.5,\n0,4,,0.75\n")
    events = [{"name": "epoch_loss", "axis": "epoch", "x": x, "value": 0.5 / (x + 1)} for x in (0, 1)]
    rows = [{"name": name, "axis": "step", "x": 4, "value": v} for name, v in (("acc", 0.5), ("val_acc", 0.75))]
    command = ("--format", "jsonl")
    assert program.lines("metrics", "logs/train/events.out.tfevents.1", *command) == events
    assert program.lines("metrics", "logs/metrics.csv", *command) == rows
    of_folder = [*rows, *(point | {"name": "train/epoch_loss"} for point in events)]
    assert program.lines("metrics", "logs", *command) == of_folder


def test_what_is_neither_run_nor_file_is_said(program: Program) -> None:
    """A path that is not there is called a file, another word a run or a file."""
    assert "is no file" in program("metrics", "logs/none.log", code=1)[1]
    assert "no such file" in program("metrics", "nothing", code=1)[1]


@pytest.mark.parametrize(
    ("value", "text"),
    [(float("nan"), '"NaN"'), (float("inf"), '"Infinity"'), (float("-inf"), '"-Infinity"'), (0.5, "0.5")],
)
def test_values_that_are_not_finite_are_strings(value: float, text: str) -> None:
    """JSON has no NaN: such a value is a string."""
    from mltui.cli.output import json_text
    from mltui.runtime.export import point_value

    point = MetricPoint("val_loss", "epoch", 3.0, value)
    assert json_text(point_value(point)) == f'{{"name": "val_loss", "axis": "epoch", "x": 3, "value": {text}}}'


def test_order_follows_time_then_x_and_never_reorders_a_series() -> None:
    """Points of one moment are told apart by x; an x that starts again keeps its place in the series."""
    loss, accuracy = (Series(SeriesKey(name, "epoch", MetricKind.METRIC)) for name in ("loss", "acc"))
    loss.extend(array("d", [1, 2, 1]), array("d", [0.1, 0.2, 0.3]), array("d", [5, 5, 5]))
    accuracy.extend(array("d", [1, 2, 1]), array("d", [0.7, 0.8, 0.9]), array("d", [5, 5, 6]))
    ordered = [(p.name, p.value) for p in in_order([(loss, 0, 3), (accuracy, 0, 3)])]
    assert ordered == [("loss", 0.1), ("acc", 0.7), ("loss", 0.2), ("loss", 0.3), ("acc", 0.8), ("acc", 0.9)]


def test_points_go_to_a_file_that_is_named(program: Program) -> None:
    """The file has what standard output would have had; a folder that is not there is one sentence."""
    out, said = program("metrics", "-", "--format", "csv", "--output", "points.csv", stdin=_LOG)
    assert out == ""
    assert "points.csv" in said
    printed, _ = program("metrics", "-", "--format", "csv", stdin=_LOG)
    assert (program.folder / "points.csv").read_text() == printed
    _, said = program("metrics", "-", "--output", "no/such/file", stdin=_LOG, code=1)
    assert "no/such/file cannot be written" in said


def test_what_is_read_is_not_overwritten(program: Program) -> None:
    """Neither the log itself, by whatever name, nor what another file has for the sake of a run that is not there."""
    log = program.folder / "train.log"
    log.write_bytes(_LOG)
    (program.folder / "link").symlink_to(log)
    for options in (("--output", "link"), ("--export", "svg", "link")):
        assert "would be overwritten" in program("metrics", "train.log", *options, code=2)[1]
    program("metrics", "nosuch", "--output", "train.log", code=1)
    assert log.read_bytes() == _LOG


def test_a_long_name_leaves_the_other_columns_their_room(program: Program) -> None:
    """On a terminal; elsewhere it is whole."""
    (program.folder / "long.log").write_text("".join(f"step {i} {'deep/' * 20}loss=0.{9 - i}\n" for i in range(1, 4)))
    terminal = program.terminal("metrics", "long.log")
    assert terminal.end() == 0
    assert re.search(r"deep/[^ ]*…  +3  step 3  0\.6000  0\.6000 at step 3", terminal.output)
    shown, _ = program("metrics", "long.log")
    assert "deep/" * 20 + "loss" in shown


def test_curves_are_exported_for_tensorboard_and_as_a_picture(program: Program) -> None:
    """Event files and SVG, of a log as of a run; a kind that is not known is wrong usage."""
    program("metrics", "-", "--export", "tensorboard", "events", stdin=_LOG)
    assert list((program.folder / "events").glob("*tfevents*"))
    _, said = program(
        "metrics", "-", "--export", "tensorboard", "parts", stdin=b"epoch 0.5 loss 1\nepoch 0.75 loss 0.8\n"
    )
    assert "The points of loss are counted: event files have whole steps only." in said
    program("metrics", "-", "--export", "svg", "curves.svg", stdin=_LOG)
    picture = (program.folder / "curves.svg").read_text()
    assert picture.startswith("<svg")
    assert "accuracy" in picture
    log = b"step=0 loss=1\nstep=10 loss=0.8\nepoch 1: val_loss=0.9\nstep=20 loss=0.7\nepoch 2: val_loss=0.8\n"
    program("metrics", "-", "--export", "svg", "shared.svg", stdin=log)
    assert "val_loss" not in (program.folder / "shared.svg").read_text()
    _, said = program("metrics", "-", "--export", "png", "x", stdin=_LOG, code=2)
    assert "tensorboard, svg" in said
