"""The lists of an engine follow its events, and survive its absence."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from mltui.domain.container import Container
from mltui.runtime import catalog as catalog_module
from mltui.runtime.catalog import Catalog
from mltui.runtime.watcher import Watcher
from tests.runtime.conftest import HOLD, Runs, until
from tests.runtime.test_engine_restart import own_engine
from tests.support import images
from tests.support.dockerd import PrivateDockerd


@pytest.fixture
def catalog(runs: Runs) -> Iterator[Catalog]:
    """One that follows the engine of ``runs``."""
    catalog = Catalog(runs.engine, runs.engine.info())
    catalog.start()
    until(lambda: catalog.loaded)
    yield catalog
    catalog.close()


def state(catalog: Catalog, run_id: str) -> str:
    """What the list says of the run's container; empty when it is not in it."""
    return next((c.state for c in catalog.containers if c.run_id == run_id), "")


def test_a_container_comes_ends_and_goes(runs: Runs, catalog: Catalog) -> None:
    """The list follows without being asked."""
    run = runs.launch(HOLD)
    until(lambda: state(catalog, run.id) == "running")
    runs.go(run)
    done = runs.ended(run)
    until(lambda: state(catalog, run.id) == "exited")
    runs.launcher.remove(done)
    until(lambda: state(catalog, run.id) == "")
    assert catalog.error == ""


def test_a_list_without_events_follows_the_runs(local_runs: Runs, monkeypatch: pytest.MonkeyPatch) -> None:
    """A run's end shows among the processes with it, not when they are asked for next."""
    monkeypatch.setattr(catalog_module, "_POLL_S", 600.0)
    catalog, watcher = Catalog(local_runs.engine, local_runs.engine.info()), Watcher(local_runs.launcher)
    watcher.began_or_ended = catalog.hint
    catalog.start()
    watcher.start()
    run = local_runs.launch(HOLD)
    until(lambda: state(catalog, run.id) == "running")
    local_runs.go(run)
    until(lambda: state(catalog, run.id) == "exited")
    watcher.close()
    catalog.close()


def test_images_are_listed(docker_runs: Runs) -> None:
    """And a new tag shows by itself."""
    catalog = Catalog(docker_runs.engine, docker_runs.engine.info())
    catalog.start()
    until(lambda: any(images.BUSYBOX in image.name for image in catalog.images))
    images.load_busybox(docker_runs.endpoint, "mltui-test/another")
    until(lambda: any("mltui-test/another" in image.name for image in catalog.images))
    catalog.close()


def test_its_version_rests_while_nothing_changes(docker_runs: Runs) -> None:
    """Reading the lists again is no news."""
    catalog = Catalog(docker_runs.engine, docker_runs.engine.info())
    catalog.start()
    until(lambda: catalog.loaded and catalog._stream is not None)
    until(lambda: not catalog._wake.is_set())
    before = catalog.version
    catalog.refresh()
    until(lambda: not catalog._wake.is_set() and not catalog._changed["image"].is_set())
    assert catalog.version == before
    catalog.close()


@pytest.fixture
def own(mltui_home: Path, tmp_path: Path) -> Iterator[tuple[PrivateDockerd, Runs]]:
    """An engine of this test alone, and runs on it."""
    yield from own_engine(mltui_home, tmp_path)


def test_an_engine_that_goes_away_and_comes_back(own: tuple[PrivateDockerd, Runs]) -> None:
    """It is said in one sentence, the lists stay, and go on by themselves."""
    engine, runs = own
    catalog = Catalog(runs.engine, runs.engine.info())
    catalog.start()
    until(lambda: catalog.images)
    engine.kill()
    # A call that was under way says first how it was cut off.
    until(lambda: "No Docker engine answers" in catalog.error)
    assert catalog.images
    engine.start()
    until(lambda: not catalog.error)
    run = runs.run("true")
    until(lambda: state(catalog, run.id) == "exited")
    catalog.close()


def test_closing_ends_the_threads(docker_runs: Runs) -> None:
    """Also the one that waits for events."""
    before = set(threading.enumerate())
    catalog = Catalog(docker_runs.engine, docker_runs.engine.info())
    catalog.start()
    until(lambda: catalog.loaded and catalog._stream is not None)
    catalog.close()
    until(lambda: set(threading.enumerate()) - before, lambda left: not left)


def test_an_answer_that_cannot_be_understood(docker_runs: Runs, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is said, the lists stay, and go on when it is over."""

    def broken() -> tuple[Container, ...]:
        raise KeyError("Names")

    catalog = Catalog(docker_runs.engine, docker_runs.engine.info())
    catalog.start()
    until(lambda: catalog.images)
    with monkeypatch.context() as patch:
        patch.setattr(docker_runs.engine, "containers", broken)
        catalog.refresh()
        until(lambda: "KeyError" in catalog.error)
    until(lambda: not catalog.error)
    assert catalog.images
    catalog.close()
