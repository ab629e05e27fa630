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


def test_an_engine_that_is_named_is_insisted_on(program: Program) -> None:
    """``DOCKER_HOST`` meant that one: nothing is launched or listed in its place, unless that is said."""
    program.profile("train", TRAIN)
    for words in (("run", "./train", "-d"), ("container", "list", "--json"), ("image", "list", "--json")):
        out, err = program(*words, code=1)
        assert out == ""
        assert "There is no Docker engine" in err
        assert "--engine local" in err
    assert "no run yet" in program("runs")[1]
    out, err = program("container", "list", "--all", "--json", "--engine", "auto")
    assert out == ""
    assert "There is no Docker engine" in err


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


def test_demo_without_an_engine_trains_locally_and_says_why(program: Program) -> None:
    """Off a terminal the demo is followed in lines, as a local process where no engine answers."""
    program.profile("profiles", "")
    (program.folder / "profiles" / "profile.yaml").unlink()
    program.profile("profiles/mnist-mlp", TRAIN)
    out, _ = program("demo")
    assert "without isolation" in out
    assert "no-engine.sock" in out
    assert "finished" in out


@pytest.mark.docker
def test_demo_falls_back_where_its_image_cannot_be_had(program: Program, dockerd: TestEngine) -> None:
    """An engine that answers but cannot get the image: the reason is said and the training is done all the same."""
    program.profile("profiles", "")
    (program.folder / "profiles" / "profile.yaml").unlink()
    program.profile(
        "profiles/mnist-mlp", TRAIN.replace("image: busybox", "image: mltui-test/not-there\npull_policy: never")
    )
    out, err = program("demo", DOCKER_HOST=dockerd.url)
    assert "mltui-test/not-there" in err
    assert "as a local process instead" in err
    assert "finished" in out
    assert [run["engine"] for run in program.lines("runs", "--json")] == ["local", "docker"]


def test_doctor_prints_checks_with_verdicts(program: Program) -> None:
    """Each finding is an object with its cure; an engine that was named and does not answer is a failure."""
    findings = {str(finding["check"]): finding for finding in program.lines("doctor", "--json", code=1)}
    assert findings["home"]["verdict"] == "ok"
    assert findings["engine"]["verdict"] == "fail"
    assert findings["engine"]["cure"]
    assert findings["terminal"]["verdict"] == "info"
    assert "no-engine.sock" in program("doctor", "--engine", "docker", code=1)[0]
