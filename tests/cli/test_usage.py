"""Wrong usage, help, and what starting the program costs."""

from __future__ import annotations

import math
import os
import subprocess
import sys

import pytest

from mltui import __version__
from mltui.cli import main
from mltui.cli.commands import COMMANDS
from tests.cli.conftest import ROOT, Program

_HEAVY = (
    "docker",
    "textual",
    "rich",
    "plotext",
    "pydantic",
    "yaml",
    "psutil",
    "pynvml",
    "numpy",
    "sqlite3",
    "requests",
)


@pytest.mark.parametrize("option", ["--version", "--help"])
def test_version_and_help_import_nothing_heavy(option: str) -> None:
    """The two commands that everybody starts with load only argparse and mltui's own small modules."""
    code = f"import sys, mltui.cli\nmltui.cli.main([{option!r}])\nprint([m for m in {_HEAVY} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    """``--version`` prints name and version."""
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"mltui {__version__}\n"


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_explains_itself(
    name: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """``--help`` of each command names it, says what it does in the terminal's columns, and exits with 0."""
    monkeypatch.setenv("COLUMNS", "72")
    assert main([*name.split(), "--help"]) == 0
    out = capsys.readouterr().out
    assert [line for line in out.splitlines() if len(line) > 72 and not line.startswith("  mltui ")] == []
    assert out.startswith(f"usage: mltui {name} ")
    assert COMMANDS[name].title in out
    assert main(["help", *name.split()]) == 0


@pytest.mark.parametrize("name", COMMANDS)
def test_every_handler_exists(name: str) -> None:
    """What a command names as the place where it is carried out can be called."""
    import importlib

    module, _, function = COMMANDS[name].handler.partition(":")
    assert callable(getattr(importlib.import_module(module), function))


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["rnus"], "Did you mean runs?"),
        (["profile", "lst"], "Did you mean list?"),
        (["profile"], "list, show, check"),
        (["runs", "--jsno"], "Did you mean --json?"),
        (["--enigne", "local", "runs"], "Did you mean --engine?"),
        (["run"], "PROFILE"),
        (["run", "nosuch-profile"], "There is no profile 'nosuch-profile'"),
        (["run", "x", "--set", "epochs"], "NAME=VALUE"),
        (["runs", "-n", "0"], "1 or more"),
        (["logs", "last", "--tail", "-1"], "0 or more"),
        (["stop", "last", "--grace", "nan"], "0 or more"),
        (["container", "stop", "x", "--grace", "-1"], "0 or more"),
        (["metrics", "x", "--format", "xml"], "--format needs one of table, csv, jsonl, found 'xml'."),
        (["metrics", "x", "--export", "svg"], "--export needs KIND PATH: tensorboard DIR: an event file"),
        (["show"], "mltui show needs RUN: a run's id"),
        (["runs", "--host", "unix:///a"], "--host"),
        (["--read-only", "rm", "last"], "for the app"),
    ],
)
def test_wrong_usage_is_one_sentence_and_exit_code_2(
    words: list[str], expected: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """What was wrong goes to stderr with what to do; nothing goes to stdout."""
    if words == ["run", "x", "--set", "epochs"]:
        words = ["run", str(ROOT / "profiles" / "mnist-mlp"), "--set", "epochs"]
    assert main(words) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert expected in captured.err
    assert captured.err.startswith("mltui: ")


def test_numbers_beyond_all_bounds_are_the_greatest_that_can_be_counted() -> None:
    """Neither a database nor a clock refuses what an option was given."""
    many = "9" * 30
    assert COMMANDS["runs"].parser().read(["-n", many]).limit == sys.maxsize
    assert COMMANDS["logs"].parser().read(["last", "--tail", many]).tail == sys.maxsize
    assert math.isfinite(COMMANDS["stop"].parser().read(["last", "--grace", "inf"]).grace)


def test_without_a_terminal_the_app_names_what_works(program: Program) -> None:
    """On pipes ``mltui`` says what to use instead, in one sentence."""
    out, err = program(code=2)
    assert out == ""
    assert "mltui run" in err
    assert "mltui runs" in err


def test_on_a_dumb_terminal_the_app_names_what_works(program: Program) -> None:
    """A terminal without cursor movement is refused before anything is drawn."""
    terminal = program.terminal(TERM="dumb")
    assert terminal.end() == 2
    assert "TERM" in terminal.output
    assert "\x1b" not in terminal.output


def test_a_word_that_is_no_command_cannot_steer_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    """Control sequences in what was typed are not echoed."""
    assert main(["\x1b]0;owned\x07runz"]) == 2
    assert "\x1b" not in capsys.readouterr().err


def test_unusable_home_is_one_sentence(program: Program) -> None:
    """A home that cannot be made is named, with the cure."""
    (program.folder / "file").write_text("")
    _, err = program("runs", code=1, MLTUI_HOME=str(program.folder / "file" / "home"))
    assert "MLTUI_HOME" in err
    assert err.startswith("mltui: ")


def test_closed_pipe_is_quiet(trained: tuple[Program, str]) -> None:
    """A reader that stops early (``| head``) leaves no error message behind."""
    program, run = trained
    process = program.start("show", run)
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.close()
    assert process.stderr.read() == ""


def test_closed_streams_are_no_failure(trained: tuple[Program, str]) -> None:
    """What is closed is not written to, nor is another file in its place; what is not closed says the same."""
    program, run = trained
    command = f'{sys.executable} -m mltui "$@"'
    for closing, words, code in (
        ("2>&-", f"logs {run}", 0), ("2>&-", "logs nothing", 1), (">&-", f"logs {run}", 0), ("<&- >&- 2>&-", "runs", 0),
    ):  # fmt: skip
        done = subprocess.run(
            ["sh", "-c", f"{command} {closing}", "sh", *words.split()], env=program.environment, cwd=program.folder,
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert (done.returncode, "fault" in done.stdout + done.stderr) == (code, False), (closing, words, done)
        assert ("loss" in done.stdout) == (closing == "2>&-" and code == 0)
    done = subprocess.run(
        ["sh", "-c", f"{command} 2>&- >/dev/full", "sh", "logs", run], env=program.environment, cwd=program.folder,
        check=False,
    )  # fmt: skip
    assert done.returncode == 1


def test_a_home_that_cannot_be_written_is_looked_at(trained: tuple[Program, str]) -> None:
    """Its runs, their figures and logs are there, and it is said once; what would be kept is refused."""
    program, run = trained
    here = program.folder / "here"
    here.mkdir()
    bind = ["mount", "--bind", "-o", "ro", str(program.home), str(here)]
    if os.geteuid() or subprocess.run(bind, check=False, capture_output=True).returncode:
        pytest.skip("mounting needs root")
    try:
        out, err = program("runs", MLTUI_HOME=str(here))
        assert run in out
        assert "Read-only file system" in err
        assert len(err.splitlines()) == 1
        assert "loss" in program("show", run, MLTUI_HOME=str(here))[0]
        assert "accuracy" in program("logs", run, MLTUI_HOME=str(here))[0]
        for refused in (["rm", run, "--yes"], ["rerun", run], ["run", "train", "--engine", "local"]):
            _, err = program(*refused, code=1, MLTUI_HOME=str(here))
            assert "MLTUI_HOME" in err
    finally:
        subprocess.run(["umount", "-l", str(here)], check=True)
    assert run in program("runs")[0]
