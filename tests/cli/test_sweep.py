"""Sweeps from the command line: launched, followed, listed and stopped as one."""

from __future__ import annotations

import json
from pathlib import Path

import pyte
import pytest

from mltui.cli import follow_sweep
from mltui.domain.run import Run, RunState
from mltui.plugins import make_engine
from mltui.runtime.engine_choice import choose_engine
from mltui.runtime.launcher import Launcher
from mltui.storage.history import RunDatabase
from tests.cli.conftest import TRAIN, WAIT, Program

#: Its parameters: ``epochs`` is a number, ``note`` a text.
SWEPT = TRAIN.replace("  exit: 0\n", '  exit: 0\n  note: "x"\n')
HELD = WAIT.replace("gpus: none\n", "gpus: none\nparams: {lr: 0.5}\n")


def test_a_sweep_is_followed_in_lines(program: Program) -> None:
    """A line for each state of each run, told by what differs; in the end how many came to which end."""
    program.profile("train", SWEPT)
    out, err = program("run", "./train", "--engine", "local", "--set", "epochs=2,3", "--set", "exit=0,4", code=1)
    assert "4 runs of train" in err
    lines = out.splitlines()
    ends = [line for line in lines if "finished" in line or "failed" in line][:4]
    assert [line.split()[1:4] for line in ends] == [
        ["epochs=2", "exit=0", "finished"], ["epochs=2", "exit=4", "failed"],
        ["epochs=3", "exit=0", "finished"], ["epochs=3", "exit=4", "failed"],
    ]  # fmt: skip
    assert "loss 0.7000, best 0.7000 at epoch 2" in ends[0]
    assert "2 finished, 2 failed. Side by side: mltui runs --group " in lines[-1]
    assert any("pending  Waits for its turn in the sweep, one after another: place " in line for line in lines)
    table, _ = program("runs", "--group", "last")
    header, *rows = table.splitlines()
    assert header.split()[:3] == ["RUN", "epochs", "exit"]
    assert [row.split()[1:3] for row in rows] == [["2", "0"], ["2", "4"], ["3", "0"], ["3", "4"]]


def test_a_text_keeps_its_commas(program: Program) -> None:
    """Several of them are named one by one."""
    program.profile("train", SWEPT)
    (run,) = program.lines("run", "./train", "--engine", "local", "--set", "note=a, b,c", "-d", "--json")
    assert (run["params"]["note"], run["group_id"]) == ("a, b,c", "")  # type: ignore[index]
    runs = program.lines(
        "run", "./train", "--engine", "local", "--set", "note=a,b", "--set", "note=c", "-d", "--json", "--parallel", "2"
    )
    assert [run["params"]["note"] for run in runs] == ["a,b", "c"]  # type: ignore[index]
    assert len({run["group_id"] for run in runs}) == 1


def test_a_range_is_its_values(program: Program) -> None:
    """Parted from single ones by commas; what is no range of the parameter is one sentence, and nothing starts."""
    program.profile("wait", "image: none\nengine: local\nparams: {lr: 0.5}\ncommand: [echo, 'lr=${lr}']\n")
    plans = program.lines("run", "./wait", "--set", "lr=1e-3..0.1..x10, 5", "--dry-run", "--json")
    assert [plan["params"] for plan in plans] == [{"lr": lr} for lr in (0.001, 0.01, 0.1, 5.0)]
    _, err = program("run", "./wait", "--set", "lr=1..5", code=2)
    assert "lr: the range 1..5 needs a step: 1..5..0.1" in err


def test_each_point_of_a_sweep_names_its_run(program: Program) -> None:
    """As JSON: every run launched, its points, every run ended."""
    program.profile("train", SWEPT)
    events = program.lines("run", "./train", "--engine", "local", "--set", "epochs=1,2", "--json")
    first, second = (event["id"] for event in events[:2])
    points = [(e["run"], e["x"]) for e in events if e["event"] == "point" and e["name"] == "loss"]
    assert sorted(points, key=str) == sorted([(first, 1), (second, 1), (second, 2)], key=str)
    assert [(e["id"], e["state"]) for e in events if e["event"] == "ended"] == [
        (first, "finished"), (second, "finished"),
    ]  # fmt: skip


def test_programs_are_told_why_each_run_of_a_sweep_failed(program: Program) -> None:
    """As of a single run: what ``ended`` says of it holds its diagnosis, ``null`` where it went well."""
    program.profile("train", TRAIN)
    words = ("run", "./train", "--engine", "local", "--set", "exit=0,127", "--json")
    ended = [event for event in program.lines(*words, code=1) if event["event"] == "ended"]
    causes = {event["exit_code"]: event["diagnosis"] and event["diagnosis"]["id"] for event in ended}  # type: ignore[index]
    assert causes == {0: None, 127: "command-not-found"}


def test_each_run_ends_though_its_supervisor_hangs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """It is waited for, but not for ever; then what is recorded is told."""
    monkeypatch.setattr(follow_sweep, "COMPLETE_S", 0.3)
    database = RunDatabase(tmp_path / "runs.db")
    launcher = Launcher(tmp_path, database, choose_engine, make_engine)
    runs = [Run(name * 8, "train", "", "local", "", state=RunState.FINISHED, group_id="abcdefgh") for name in "ab"]
    folders = [launcher.folder(run.id) for run in runs]
    for run, folder in zip(runs, folders, strict=True):
        folder.make()
        database.add(run)
    assert folders[0].take_lock()
    try:
        assert follow_sweep.follow_sweep(launcher, runs, as_json=True) == 0
    finally:
        folders[0].release_lock()
    events = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [(one["event"], one["id"][0]) for one in events] == [
        ("launched", "a"), ("launched", "b"), ("ended", "b"), ("ended", "a"),
    ]  # fmt: skip


def test_a_sweep_is_stopped_as_one(program: Program) -> None:
    """Those that wait end before they start; stopped again it says that all have ended."""
    program.profile("wait", HELD)
    out, err = program("run", "./wait", "--engine", "local", "--set", "lr=1,2,3", "-d")
    ids = out.split()
    assert len(ids) == 3
    group = err.split("mltui stop --group ")[1].strip()
    out, _ = program("stop", "--group", group, "--grace", "0")
    assert sorted(out.split()) == sorted(" ".join(f"Run {run} stopped." for run in ids).split())
    started = [run["started"] for run in program.lines("runs", "--group", group[:4], "--json")]
    assert started[1:] == [None, None]
    assert "ended already" in program("stop", "--group", group, code=1)[1]


def test_what_is_wrong_is_said_before_anything_is_launched(program: Program) -> None:
    """With the exit code of a wrong call."""
    program.profile("train", SWEPT)
    run = ("run", "./train", "--engine", "local")
    for words, sentence in (
        (("--set", "epochs=1,2,x"), "epochs: expected a whole number, found 'x'"),
        (("--set", "epochs=1", "--set", "epochs=1"), "epochs: 1 stands there twice"),
        (("--set", "epochs=1,2", "--parallel", "0"), "at least one run at a time"),
    ):
        assert sentence in program(*run, *words, code=2)[1]
    build = ("image", "build", "./train", "--set", "exit=1", "--set", "exit=2")
    assert "Several values are for mltui run" in program(*build, code=2)[1]
    assert "needs a RUN or --group" in program("stop", code=2)[1]
    assert "There is no sweep yet" in program("stop", "--group", "last", code=1)[1]
    assert program.lines("runs", "--all", "--json") == []


def test_a_dry_run_prints_every_command(program: Program) -> None:
    """And starts nothing."""
    program.profile("train", SWEPT)
    out, _ = program("run", "./train", "--engine", "local", "--set", "epochs=1,2", "--dry-run")
    assert out.count("docker run -d") == 2
    assert program.lines("runs", "--all", "--json") == []


def test_a_sweep_on_a_terminal_changes_in_place(program: Program) -> None:
    """A line a run is left, with how it ended."""
    program.profile("train", SWEPT)
    terminal = program.terminal("run", "./train", "--engine", "local", "--set", "epochs=1,2")
    assert terminal.end() == 0
    screen = pyte.Screen(80, 24)
    pyte.Stream(screen).feed(terminal.output)
    shown = [line.rstrip() for line in screen.display if line.strip()]
    assert [line.split()[1:3] for line in shown[1:3]] == [["epochs=1", "finished"], ["epochs=2", "finished"]]
    assert "2 finished" in shown[3]
    assert not any("Ctrl-C" in line for line in shown)
