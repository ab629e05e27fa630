"""Which engine is used when none is asked for: a container engine is never stood in for where somebody meant it."""

from __future__ import annotations

import socket
from collections.abc import Callable

import pytest

from mltui.domain.errors import EngineUnavailable
from mltui.domain.options import AppOptions
from mltui.engines.docker import DockerEngine
from mltui.engines.docker.client import unavailable
from mltui.engines.docker.endpoint import Endpoint
from mltui.runtime.cockpit import Cockpit
from mltui.runtime.engine_choice import choose_engine
from mltui.storage.last_start import settings_path
from mltui.storage.locations import make_folder
from tests.conftest import TestEngine
from tests.runtime.conftest import until

Fail = Callable[[BaseException, bool], None]


@pytest.fixture
def fail(monkeypatch: pytest.MonkeyPatch) -> Fail:
    """Let the container engine fail like that, at the usual place or at one that was named."""

    def set_up(error: BaseException, usual: bool) -> None:
        def info(engine: DockerEngine) -> None:
            raise unavailable(Endpoint("unix:///x.sock", usual=usual), error)

        monkeypatch.setattr(DockerEngine, "info", info)

    return set_up


ABSENT = [FileNotFoundError(), ConnectionRefusedError(), PermissionError()]


@pytest.mark.parametrize("error", ABSENT)
def test_local_where_there_is_no_engine(fail: Fail, error: OSError) -> None:
    """With the reason and what to do."""
    fail(error, True)
    choice = choose_engine()
    assert choice.engine.name == "local"
    assert "x.sock" in choice.reason
    assert choice.warnings


@pytest.mark.parametrize("stand_in", [False, True])
def test_an_engine_that_is_slow_is_not_taken_for_none(fail: Fail, stand_in: bool) -> None:
    """Nothing runs on the machine itself because an engine was busy; who wants that says so."""
    fail(TimeoutError(), True)
    with pytest.raises(EngineUnavailable, match="in time") as caught:
        choose_engine(stand_in=stand_in)
    assert "--engine local" in caught.value.hint
    assert choose_engine("local").engine.name == choose_engine("auto").engine.name == "local"


@pytest.mark.parametrize("error", [*ABSENT, socket.gaierror(-2, "Name or service not known")])
def test_an_engine_that_was_named_is_insisted_on(fail: Fail, error: OSError) -> None:
    """``DOCKER_HOST`` and contexts mean that engine; a viewer that shows the difference may have another meanwhile."""
    fail(error, False)
    with pytest.raises(EngineUnavailable) as caught:
        choose_engine()
    assert "Errno" not in caught.value.message
    assert "--engine local" in caught.value.hint
    assert choose_engine(stand_in=True).engine.name == "local"
    assert choose_engine("auto").engine.name == "local"
    with pytest.raises(EngineUnavailable):
        choose_engine("docker", stand_in=True)


def test_the_engine_of_the_last_start_is_asked_at_once(dockerd: TestEngine) -> None:
    """It is there before anything else begins, unless the settings name another one now."""
    viewer = Cockpit(AppOptions(endpoint=dockerd.url), engine="")
    try:
        until(lambda: viewer.choice)
        assert viewer.choice.engine.name == "docker"
    finally:
        viewer.close()
    make_folder(settings_path().parent)
    settings_path().write_text("engine: local\n")
    viewer = Cockpit(AppOptions(), engine="docker")
    try:
        until(lambda: viewer.choice and viewer.choice.engine.name == "local")
        assert viewer.choose("").engine.name == "local"
    finally:
        viewer.close()
