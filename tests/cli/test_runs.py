"""Runs from launch to removal, with the local engine."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from mltui.cli import logs, main
from mltui.cli.diagnosis import print_report
from mltui.cli.runs import outputs_text
from mltui.domain.metric import MetricStore
from mltui.domain.run import WITHOUT_GPU, Run, RunState
from mltui.storage.history import RunDatabase
from mltui.storage.log_file import LogReader, LogWriter
from mltui.storage.run_folder import RunFolder
from mltui.storage.sample_file import SampleWriter
from tests.cli.conftest import PATIENCE, TRAIN, WAIT, Program

Trained = tuple[Program, str]


def test_follow_prints_points_as_they_come_and_how_it_ended(program: Program) -> None:
    """Off a terminal a run is followed in plain lines, without a control sequence."""
    folder = program.profile("train", TRAIN)
    out, err = program("run", str(folder), "--engine", "local")
    assert "epoch 3  loss 0.6000  accuracy 0.3000" in out
    assert "finished after" in out
    assert "Outputs: " in out
    assert "\x1b" not in out
    assert err == ""


def test_json_follow_is_launched_points_ended(trained: Trained) -> None:
    """With ``--json`` every line is an object; the points of ``metrics`` are among them."""
    program, run = trained
    events = program.lines("rerun", run, "--json", "--plain")
    kinds = [event["event"] for event in events]
    assert kinds == ["launched", *["point"] * 6, "ended"]
    assert events[1] == {"event": "point", "name": "loss", "axis": "epoch", "x": 1, "value": 0.8}
    assert events[-1]["state"] == "finished"
    assert events[0]["id"] != run


def test_failed_run_is_exit_code_1_and_shows_the_last_lines(program: Program) -> None:
    """A command that fails says so with its exit code and the end of its log."""
    folder = program.profile("train", TRAIN)
    out, _ = program("run", str(folder), "--engine", "local", "--set", "exit=3", code=1)
    assert "failed" in out
    assert "exit 3" in out
    assert "  - loss: 0.6 - accuracy: 0.3" in out


def test_show_tells_what_a_run_used(program: Program) -> None:
    """Average and peak of all its samples, beside the limits."""
    folder = program.profile("train", TRAIN)
    run = str(program.lines("run", str(folder), "--engine", "local", "--json")[0]["id"])
    samples = RunFolder(program.home, run).samples
    samples.unlink(missing_ok=True)
    with closing(SampleWriter(samples)) as writer:
        for at, cores in enumerate((1.0, 3.0)):
            usage = {"run.cpu": cores, "run.cpu_limit": 4.0, "gpu.GPU-a.index": 1, "gpu.GPU-a.utilization": cores / 4}
            writer.add(1_700_000_000.0 + at, usage)
    lines = [line.split() for line in program("show", run)[0].splitlines()]
    at = lines.index(["USED", "AVERAGE", "PEAK"])
    assert lines[at + 1] == ["CPU", "2", "50", "%", "3", "75", "%", "of", "4", "cores"]
    assert lines[at + 2] == ["GPU", "1", "50", "%", "75", "%"]
    assert program.lines("show", run, "--json")[0]["used"] == [
        {"what": "CPU", "unit": "cores", "average": 2.0, "peak": 3.0, "limit": 4.0},
        {"what": "GPU 1", "unit": "share", "average": 0.5, "peak": 0.75, "limit": 1.0},
    ]


def test_a_failed_run_says_why_and_what_cures_it(program: Program) -> None:
    """Cause, evidence, cure and the change of the profile, when it fails, in ``show`` and for programs."""
    folder = program.profile(
        "files",
        """\
image: busybox
gpus: none
ulimits: {nofile: 64}
command: [sh, -c, "echo 'OSError: [Errno 24] Too many open files: a.png'; exit 1"]
""",
    )
    out, _ = program("run", str(folder), "--engine", "local", code=1)
    shown, _ = program("show", "last")
    for text in (out, shown):
        assert "why        It may not open more files" in text
        assert "seen       OSError: [Errno 24] Too many open files: a.png" in text
        assert "cure       Raise the limit of open files" in text
        assert "change     ulimits.nofile: 65536" in text
    [record] = program.lines("show", "last", "--json")
    diagnosis = record["diagnosis"]
    assert isinstance(diagnosis, dict)
    assert diagnosis["id"] == "too-many-files"
    assert diagnosis["changes"] == [{"path": "ulimits.nofile", "was": 64, "value": 65536}]


def test_programs_are_told_why_when_it_ends(program: Program) -> None:
    """The last of the JSON lines has the diagnosis."""
    folder = program.profile("train", TRAIN)
    last = program.lines("run", str(folder), "--engine", "local", "--set", "exit=127", "--json", code=1)[-1]
    assert last["event"] == "ended"
    assert last["diagnosis"]["id"] == "command-not-found"  # type: ignore[index]


def test_a_run_that_went_well_has_no_diagnosis(trained: Trained) -> None:
    """Neither in words nor for programs."""
    program, run = trained
    assert "why  " not in program("show", run)[0]
    assert program.lines("show", run, "--json")[0]["diagnosis"] is None


def test_wrong_parameter_is_exit_code_2(trained: Trained) -> None:
    """A parameter that the profile does not have, or a value that does not fit, starts nothing."""
    program, _ = trained
    before = program("runs", "--json", "--all")
    _, err = program("run", "train", "--engine", "local", "--set", "epoch=4", code=2)
    assert "epochs" in err
    program("run", "./train", "--engine", "local", "--set", "epochs=many", code=2)
    assert program("runs", "--json", "--all") == before


def test_dry_run_prints_shell_words_and_starts_nothing(trained: Trained) -> None:
    """What ``--dry-run`` prints is valid for a shell and holds the command; there is no new run."""
    program, _ = trained
    before = program("runs", "--json", "--all")
    out, err = program("run", "./train", "--dry-run", "--set", "epochs=7")
    assert "no-engine.sock" in err
    assert "nothing is launched" in err
    program("run", "./train", "--dry-run", "--engine", "docker", code=1)
    subprocess.run(["sh", "-n"], input=out, text=True, check=True)
    assert "docker run -d" in out
    assert "$i -lt 7" in out
    plan = json.loads(program("run", "./train", "--dry-run", "--json")[0])
    assert plan["run"][:3] == ["docker", "run", "-d"]
    assert plan["params"] == {"epochs": 3, "exit": 0}
    assert program("runs", "--json", "--all") == before


def test_runs_table_and_json(trained: Trained) -> None:
    """The table names the metric that matters; JSON has the whole record on one line."""
    program, run = trained
    out, _ = program("runs", "--all")
    row = next(line for line in out.splitlines() if line.startswith(run))
    assert "finished" in row
    assert "0.6000 @ 3" in row
    record = next(r for r in program.lines("runs", "--all", "--json") if r["id"] == run)
    assert record["state"] == "finished"
    assert record["metric"] == {
        "name": "loss", "axis": "epoch", "points": 3, "x": 3.0, "last": 0.6, "best": 0.6, "best_x": 3.0
    }  # fmt: skip


def test_show_names_everything_and_takes_the_beginning_of_an_id(trained: Trained) -> None:
    """``show`` says how it went, with which parameters, and where its outputs are."""
    program, run = trained
    out, _ = program("show", run[:6])
    assert "epochs=3" in out
    assert "1 file, " in out
    assert "docker run" in out
    [record] = program.lines("show", run, "--json")
    assert (Path(str(record["outputs"])) / "model").read_text() == "kept\n"


def test_outputs_may_change_while_they_are_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A checkpoint that gets its final name in this moment is no failure of ``show``."""
    folder, lstat = RunFolder(tmp_path, "abcd2345"), os.lstat
    folder.make()
    for name in ("model", "model.tmp"):
        (folder.outputs / name).write_bytes(b"12345")

    def renamed_before(path: str) -> os.stat_result:
        (folder.outputs / "model.tmp").unlink(missing_ok=True)
        return lstat(path)

    monkeypatch.setattr(os, "lstat", renamed_before)
    assert outputs_text(folder) == "1 file, 5 B"


def test_unknown_run_is_exit_code_1(trained: Trained) -> None:
    """A run that is not there is named, with what lists those that are."""
    program, _ = trained
    _, err = program("show", "zzzz", code=1)
    assert err == "mltui: There is no run 'zzzz'.\nList them with: mltui runs\n"


def test_logs_are_what_was_printed(trained: Trained) -> None:
    """All lines, the last ones, and the bytes."""
    program, run = trained
    lines = program("logs", run)[0].splitlines()
    assert lines[0] == "Epoch 1/3"
    assert len(lines) == 6
    assert program("logs", run, "--tail", "2")[0].splitlines() == lines[-2:]
    assert program("logs", run, "--raw")[0].splitlines() == lines
    assert program("logs", run, "--build")[0] != ""


@pytest.fixture
def recorded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[LogWriter]:
    """The log of the finished run ``abcd2345``, of this process's home."""
    monkeypatch.setenv("MLTUI_HOME", str(tmp_path))
    folder = RunFolder(tmp_path, "abcd2345")
    folder.make()
    with closing(RunDatabase(tmp_path / "runs.db")) as database:
        database.add(Run("abcd2345", "begun", "", "local", "", RunState.FINISHED))
    with LogWriter(folder.path) as log:
        yield log


def test_a_line_without_end_is_the_last_line(recorded: LogWriter, capsys: pytest.CaptureFixture[str]) -> None:
    """It counts as one of the last lines that are asked for."""
    recorded.append(1, b"one\ntwo\nbegun", 0.0)
    assert [main(["logs", "abcd2345", "--tail", count]) for count in ("0", "2")] == [0, 0]
    assert capsys.readouterr().out == "two\nbegun\n"


def test_the_last_lines_of_a_long_log_are_found_from_its_end(
    recorded: LogWriter, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """They are those that come when all of it is read, also where bars and tables are drawn over one another."""
    monkeypatch.setattr(logs, "_NEAR", 1 << 10)
    monkeypatch.setattr(logs, "_USUAL", 1)
    for step in range(400):
        recorded.append(1, b"step %d\r50%%\rstep %d: loss\n" % (step, step), 0.0)
        recorded.append(2, b"rank 0: %d\nrank 1: %d\n\x1b[2A" % (step, step) if step % 50 else b"\n\n\n", 0.0)
    with LogReader(RunFolder(Path(os.environ["MLTUI_HOME"]), "abcd2345").path) as log:
        logs._go_near_end(log, 10)
        assert log.size / 2 < log.offset < log.size
    main(["logs", "abcd2345"])
    lines = capsys.readouterr().out.splitlines()
    for count in (1, 10, 100, 1000):
        main(["logs", "abcd2345", "--tail", str(count)])
        assert capsys.readouterr().out.splitlines() == lines[-count:]


def test_raw_bytes_do_not_go_to_a_terminal_unasked(trained: Trained) -> None:
    """``--raw`` on a terminal is refused, unless the person insists."""
    program, run = trained
    refused = program.terminal("logs", run, "--raw")
    assert refused.end() == 2
    assert "--force" in refused.output
    insisted = program.terminal("logs", run, "--raw", "--force")
    assert insisted.end() == 0
    assert "Epoch 1/3" in insisted.output


def test_control_sequences_do_not_reach_the_output(program: Program) -> None:
    """Titles, colours and clipboard writes are taken out, also of where a run is kept; the raw bytes keep them."""
    program.environment |= {"MLTUI_HOME": f"{program.home}\x1b[31m", "MLTUI_CONFIG": f"{program.folder}/\x1b[32m"}
    folder = program.profile(
        "evil",
        "image: busybox\ngpus: none\ncommand: [sh, -c, 'touch $$MLTUI_OUTPUTS/kept; "
        'printf "\\033]0;owned\\007\\033[31mred\\033[0m \\302\\233A\\n"\']\n',
    )
    run = ("run", str(folder), "--engine", "local")
    commands = (run, (*run, "--dry-run"), ("logs", "last"), ("settings", "show"))
    outputs = ["".join(program(*words)) for words in commands]
    assert outputs[2].startswith("red ")
    assert "\x1b]0;owned\x07" in program("logs", "last", "--raw")[0]
    outputs.append("".join(program("rm", "last", "--yes")))
    assert not any("\x1b" in output or "\x9b" in output for output in outputs)


@pytest.fixture
def waiting(program: Program) -> tuple[Program, str, Path]:
    """A program with a run that goes on until its ``go`` file is made."""
    folder = program.profile("wait", WAIT)
    out, _ = program("run", str(folder), "--engine", "local", "-d")
    return program, out.strip(), folder / "go"


def test_ctrl_c_detaches_and_the_run_goes_on(program: Program) -> None:
    """Ctrl-C on the terminal ends the follower with 130 and a word on how to stop; the run finishes by itself."""
    folder = program.profile("wait", WAIT)
    terminal = program.terminal("run", str(folder), "--engine", "local")
    terminal.wait_for("running")
    terminal.type("\x03")
    assert terminal.end() == 130
    [record] = program.lines("runs", "--json")
    assert f"Stop: mltui stop {record['id']}" in terminal.output
    assert record["state"] == "running"
    (folder / "go").touch()
    assert program("logs", str(record["id"]), "-f")[0].splitlines() == ["step 1 - loss: 0.5", "last words"]
    assert program.lines("show", "last", "--json")[0]["state"] == "finished"


def test_logs_follow_ends_with_the_run(waiting: tuple[Program, str, Path]) -> None:
    """``logs -f`` prints what comes, as it comes, and returns when the run ends."""
    program, run, go = waiting
    follower = program.start("logs", run, "-f")
    assert follower.stdout is not None
    assert follower.stdout.readline() == "step 1 - loss: 0.5\n"
    go.touch()
    out, err = follower.communicate(timeout=PATIENCE)
    assert (out, err, follower.returncode) == ("last words\n", "", 0)


@pytest.mark.parametrize("options", [(), ("--tail", "1")])
def test_the_log_of_a_build_is_followed(waiting: tuple[Program, str, Path], options: tuple[str, ...]) -> None:
    """On a pipe its lines come while it goes on, also when only the last ones are wanted of the past."""
    program, run, go = waiting
    while program.lines("show", run, "--json")[0]["state"] != "running":
        pass
    log = program.home / "runs" / run / "build.log"
    log.write_text("Step 1\nStep 2\n")
    follower = program.start("logs", run, "--build", "-f", *options)
    assert follower.stdout is not None
    seen = [follower.stdout.readline() for _ in range(1 if options else 2)]
    with log.open("a") as file:
        file.write("Step 3\n")
    assert [*seen, follower.stdout.readline()][-2:] == ["Step 2\n", "Step 3\n"]
    go.touch()
    assert follower.communicate(timeout=PATIENCE) == ("", "")


def test_the_empty_text_removes_nothing(trained: Trained) -> None:
    """Neither a run, nor a container, nor an image, though it begins every id; one letter neither."""
    program, run = trained
    for command in (("rm",), ("container", "rm", "--engine", "local"), ("image", "rm", "--engine", "local")):
        _, err = program(*command, "", "--yes", code=2)
        assert "empty name" in err
    _, err = program("rm", run[0], "--yes", code=2)
    assert "too short" in err
    assert any(one["id"] == run for one in program.lines("runs", "--all", "--json"))


def test_stop_waits_and_a_stopped_run_can_be_removed(waiting: tuple[Program, str, Path]) -> None:
    """A running run is not removed; once stopped it is, with its folder."""
    program, run, _ = waiting
    _, err = program("rm", run, code=1)
    assert f"mltui stop {run}" in err
    assert program("stop", run, "--grace", "1")[0] == f"Run {run} stopped.\n"
    for command in ("stop", "kill", "limits"):
        assert program(command, run, code=1)[1].startswith(f"mltui: Run {run} has ended already")
    assert program("rm", run, "--yes")[0].startswith(f"Removed run {run} ")
    assert program.lines("runs", "--json") == []
    assert not (program.home / "runs" / run).exists()


def test_force_ends_and_removes(waiting: tuple[Program, str, Path]) -> None:
    """``rm --force`` takes a run that is active."""
    program, run, _ = waiting
    program("rm", run, "--force")
    assert program.lines("runs", "--json") == []


def test_force_forgets_what_no_engine_can_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A run of an engine that does not answer any more goes too, though its record calls it active."""
    monkeypatch.setenv("MLTUI_HOME", str(tmp_path))
    folder = RunFolder(tmp_path, "abcd2345")
    folder.make()
    assert folder.take_lock()
    with closing(RunDatabase(tmp_path / "runs.db")) as database:
        where = {"engine": "docker", "endpoint": f"unix://{tmp_path}/gone.sock", "container_id": "a" * 64}
        database.add(Run("abcd2345", "p", "", state=RunState.RUNNING, container_name="mltui-p-abcd2345", **where))
        assert main(["rm", "abcd2345", "--force", "--yes"]) == 0
        assert database.runs() == ()
    folder.release_lock()
    assert not folder.path.exists()
    assert "container mltui-p-abcd2345 may still be there: There is no Docker engine" in capsys.readouterr().err


def test_rm_asks_on_a_terminal(trained: Trained) -> None:
    """It names what goes, with the size of the outputs; without a yes nothing goes, with one it does. Bytes that are no
    text are no yes."""
    program, _ = trained
    run = program("run", "./train", "--engine", "local", "-d")[0].strip()
    program("logs", run, "-f")
    for answer, kept in ((b"\xff", True), (b"y", False)):
        terminal = program.terminal("rm", run, PYTHONIOENCODING="utf-8:strict")
        question = terminal.wait_for("[y/N]")
        assert "1 file, 5 B" in question
        os.write(terminal.fd, answer + b"\n")
        assert terminal.end() == (1 if kept else 0)
        assert ("Nothing was removed" in terminal.output) is kept
        assert any(r["id"] == run for r in program.lines("runs", "--all", "--json")) is kept


def test_live_follow_draws_in_place(program: Program) -> None:
    """On a terminal one line a metric is left at the end, however often it was drawn; below it how it ended."""
    import pyte

    folder = program.profile("train", TRAIN)
    terminal = program.terminal("run", str(folder), "--engine", "local")
    assert terminal.end() == 0
    screen = pyte.Screen(80, 24)
    pyte.Stream(screen).feed(terminal.output)
    shown = [line.rstrip() for line in screen.display if line.strip()]
    assert [line.split()[0] for line in shown[:4]] == ["Run", "loss", "accuracy", "Run"]
    assert "without isolation" in shown[0]
    assert "best 0.6000 at epoch 3" in shown[1]
    assert "finished" in shown[3]


def test_without_colour_there_is_none(trained: Trained) -> None:
    """``NO_COLOR`` is obeyed on a terminal, and colours are there without it."""
    program, _ = trained
    plain = program.terminal("runs", NO_COLOR="1")
    coloured = program.terminal("runs")
    assert (plain.end(), coloured.end()) == (0, 0)
    assert "\x1b[" not in plain.output
    assert "\x1b[" in coloured.output


def test_the_cpu_is_offered_where_the_engine_gave_no_gpu(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """With the command for it; what the engine said stands above already and is not told twice."""
    said = "x was not started: the NVIDIA driver is not loaded on the engine's machine (nvml error: driver not loaded)."
    run = Run("abcd2345", "p", "", "docker", "", RunState.FAILED, WITHOUT_GPU, said, exit_code=125)
    print_report(run, RunFolder(tmp_path, run.id), MetricStore())
    out = capsys.readouterr().out
    assert "No NVIDIA driver is loaded" in out
    assert "mltui rerun abcd2345 --gpus none" in out
    assert said not in out
    print_report(replace(run, reason="start"), RunFolder(tmp_path, run.id), MetricStore())
    assert "--gpus none" not in capsys.readouterr().out
