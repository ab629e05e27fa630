"""A container that mltui did not start: its log and its curves, read from the engine alone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from mltui.domain.metric import MetricStore
from mltui.engines.base import LogChunk
from mltui.runtime.container_view import ContainerView
from tests.runtime.conftest import HOLD, Runs, until
from tests.runtime.test_engine_restart import own_engine
from tests.support.dockerd import PrivateDockerd


def texts(view: ContainerView) -> list[str]:
    return [line.text for line in list(view.log.lines)]


def values(store: MetricStore) -> dict[str, list[float]]:
    return {key.name: list(series.value) for key, series in list(store.series.items())}


def test_log_and_curves_of_a_container(runs: Runs) -> None:
    """The past and what comes, both streams, clean of control sequences."""
    run = runs.launch(
        f"echo step 1 - loss: 0.5; printf '\\033[31mred\\033[0m\\n' >&2; {HOLD}; echo step 2 - loss: 0.25"
    )
    runs.printed(run, b"red")
    view = ContainerView(runs.engine, runs.now(run).container_id)
    until(lambda: set(texts(view)) == {"step 1 - loss: 0.5", "red"})
    runs.go(run)
    until(lambda: texts(view)[-1] == "step 2 - loss: 0.25")
    until(lambda: values(view.metrics) == {"loss": [0.5, 0.25]})
    view.close()
    view._thread.join(30)
    assert not view._thread.is_alive()
    runs.ended(run)


def test_a_view_that_is_closed_lets_go(runs: Runs) -> None:
    """Its thread ends while the container goes on."""
    run = runs.launch(f"echo ready; {HOLD}")
    runs.printed(run, b"ready")
    view = ContainerView(runs.engine, runs.now(run).container_id)
    until(lambda: texts(view) == ["ready"])
    view.close()
    view._thread.join(30)
    assert not view._thread.is_alive()


def test_a_container_that_is_gone(runs: Runs) -> None:
    """The reason is shown where the log would be."""
    view = ContainerView(runs.engine, "0123456789ab")
    until(lambda: len(texts(view)) == 1)
    assert "0123456789ab" in texts(view)[0]
    view._thread.join(30)
    assert not view._thread.is_alive()


def test_lines_that_the_engine_left_out(runs: Runs, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where they may be missing the log says so."""
    told = _Told([LogChunk(1, b"one\n"), LogChunk(1, b"", lost=True), LogChunk(1, b"two\n")])
    monkeypatch.setattr(runs.engine, "logs", lambda *args, **named: told)
    view = ContainerView(runs.engine, "0123456789ab")
    until(lambda: "two" in texts(view))
    assert [text[:7] for text in texts(view)[:3]] == ["one", "[mltui]", "two"]
    view.close()


class _Told(list[LogChunk]):
    """A log that has been read before."""

    def close(self) -> None:
        """Nothing is open."""


@pytest.fixture
def lively(mltui_home: Path, tmp_path: Path) -> Iterator[tuple[PrivateDockerd, Runs]]:
    """An engine that leaves its containers running when it stops."""
    yield from own_engine(mltui_home, tmp_path, "--live-restore")


def test_the_engine_goes_away_and_comes_back(lively: tuple[PrivateDockerd, Runs]) -> None:
    """The view says so, and goes on by itself, without a line doubled."""
    engine, runs = lively
    run = runs.launch(f"echo one; {HOLD}; echo two; sleep 1000")
    runs.printed(run, b"one")
    view = ContainerView(runs.engine, runs.now(run).container_id)
    until(lambda: texts(view) == ["one"])
    engine.kill()
    until(lambda: any("No Docker engine answers" in text for text in texts(view)))
    engine.start()
    runs.go(run)
    until(lambda: texts(view) == ["one", "two"])
    view.close()


def test_a_container_that_is_started_again_is_followed_on(docker_runs: Runs) -> None:
    """While somebody looks at it: its log grows by itself."""
    runs = docker_runs
    done = runs.run("echo $(cat $MLTUI_OUTPUTS/n) here; echo again > $MLTUI_OUTPUTS/n")
    view = ContainerView(runs.engine, done.container_id)
    until(lambda: any("here" in text for text in texts(view)))
    runs.engine.restart(done.container_id)

    def looked_at() -> list[str]:
        view.poll()
        return texts(view)

    until(looked_at, lambda lines: any("again here" in text for text in lines))
    view.close()
    view._thread.join(30)
    assert not view._thread.is_alive()
