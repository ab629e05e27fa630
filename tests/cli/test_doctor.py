"""``mltui doctor`` as a person and as a program runs it."""

from __future__ import annotations

import socket
import time

from tests.cli.conftest import Program

VERDICTS = {"ok", "warn", "fail", "info"}


def test_findings_for_people_and_programs(program: Program) -> None:
    """A line each with its cure below; the same as objects; an engine that was named and is away is a failure."""
    out, _ = program("doctor", code=None)
    assert "fail  engine" in out
    assert "no-engine.sock" in out
    found = program.lines("doctor", "--json", code=None)
    assert {"engine", "shared memory", "home", "local engine", "mltui", "zombies"} <= {one["check"] for one in found}
    assert all(set(one) == {"check", "verdict", "evidence", "cure"} and one["verdict"] in VERDICTS for one in found)
    assert all(one["cure"] for one in found if one["verdict"] in ("warn", "fail"))


def test_an_engine_that_does_not_exist_is_wrong_usage(program: Program) -> None:
    """It names the engines there are, and checks nothing."""
    out, err = program("doctor", "--engine", "bogus", code=2)
    assert (out, "There is no engine 'bogus'" in err, "docker, local" in err) == ("", True, True)


def test_an_engine_that_hangs_holds_nothing_up(program: Program) -> None:
    """A socket that takes connections and says nothing: the other checks are there, the exit code is 1."""
    path = program.folder / "s.sock"
    with socket.socket(socket.AF_UNIX) as silent:
        silent.bind(str(path))
        silent.listen()
        began = time.monotonic()
        out, _ = program("doctor", code=1, DOCKER_HOST=f"unix://{path}")
        took = time.monotonic() - began
    assert "fail  engine" in out
    assert "ok    mltui" in out
    # The engine itself would be waited for much longer; how long exactly is for a quiet machine to say.
    assert took < 20
