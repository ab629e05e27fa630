"""Images and containers of both engines, and a run in a real container."""

from __future__ import annotations

import pytest

from tests.cli.conftest import TRAIN, Program
from tests.conftest import TestEngine
from tests.support import images


def test_local_environments_are_the_images(trained: tuple[Program, str]) -> None:
    """The local engine lists its environments as images and its processes as containers."""
    program, run = trained
    assert program.lines("image", "list", "--engine", "local", "--json")
    assert program.lines("container", "list", "--engine", "local", "--json") == []
    ended = program.lines("container", "list", "--all", "--engine", "local", "--json")
    assert [row["run_id"] for row in ended] == [run]
    out, _ = program("image", "build", "./train", "--engine", "local")
    assert "is ready" in out


def test_engine_that_does_not_answer_is_one_sentence(program: Program) -> None:
    """Asked for docker where there is none: what is missing and what to do, exit code 1."""
    _, err = program("container", "list", "--engine", "docker", code=1)
    assert "no-engine.sock" in err
    assert "--engine local" in err


def test_without_an_engine_the_local_one_is_used_and_said(program: Program) -> None:
    """Lists go to the engine that there is, and a remark on stderr names it."""
    out, err = program("container", "list", "--all", "--json")
    assert out == ""
    assert "No container engine" in err


@pytest.mark.docker
def test_run_in_a_container(program: Program, dockerd: TestEngine) -> None:
    """A run in a container of a given engine: its points, its log, its container, and its removal."""
    folder = program.profile("train", TRAIN.replace("image: busybox", f"image: {images.BUSYBOX}"))
    events = program.lines("run", str(folder), "--host", dockerd.url, "--json")
    assert events[-1]["state"] == "finished"
    assert [e["value"] for e in events if e.get("name") == "loss"] == [0.8, 0.7, 0.6]
    run = str(events[0]["id"])
    assert len(program("logs", run)[0].splitlines()) == 6
    [row] = program.lines("container", "list", "--all", "--host", dockerd.url, "--json")
    assert row["run_id"] == run
    listed = program.lines("image", "list", "--host", dockerd.url, "--json")
    assert any(images.BUSYBOX in str(image["tags"]) for image in listed)
    program("rm", run, "--yes")
    assert program.lines("container", "list", "--all", "--host", dockerd.url, "--json") == []
