"""What tests of every part share: a home of their own, and one Docker engine for the whole session.

The engine is a private one where that can be started (root, dockerd), else the one that answers at the usual place;
``MLTUI_TEST_ENGINE`` names another (``unix:///run/podman/podman.sock``).
Where there is none, the tests that need it are skipped and the summary says so; with ``MLTUI_REQUIRE_ENGINE=1`` they
fail instead.
"""

from __future__ import annotations

import os
import signal
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tests.support import images
from tests.support.dockerd import PrivateDockerd, missing
from tests.support.require import unavailable

#: By these words the summary knows that everything in containers was left out.
NO_ENGINE = "no Docker engine answers at the usual place"

# A busy machine is slow; that is no failure.
settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("untimed")


@dataclass(frozen=True)
class TestEngine:
    """The engine that tests use."""

    __test__ = False

    url: str
    private: PrivateDockerd | None = None
    """Set when it is ours to break and has the GPU stand-in."""


@pytest.fixture(autouse=True)
def mltui_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """mltui's files of this test, away from the developer's own; settings and profiles too."""
    home = tmp_path / "mltui-home"
    monkeypatch.setenv("MLTUI_HOME", str(home))
    monkeypatch.setenv("MLTUI_CONFIG", str(tmp_path / "mltui-config"))
    return home


@pytest.fixture(scope="session")
def dockerd() -> Iterator[TestEngine]:
    """A Docker engine that has the busybox image."""
    given = os.environ.get("MLTUI_TEST_ENGINE")
    reason = missing()
    if not reason and not given:
        engine = PrivateDockerd()
        try:
            engine.start()
            images.load_busybox(engine.url)
            yield TestEngine(engine.url, engine)
        finally:
            engine.stop()
        return
    url = given or _answering()
    if url is None:
        unavailable(f"{reason}, and {NO_ENGINE}")
    images.load_busybox(url)
    yield TestEngine(url)


@pytest.fixture
def private_dockerd(dockerd: TestEngine) -> PrivateDockerd:
    """The same engine where it is a private one: it may be asked for GPUs."""
    if dockerd.private is None:
        unavailable("a private Docker engine with the GPU stand-in")
    return dockerd.private


@pytest.fixture(scope="session")
def docker_engine(dockerd: TestEngine) -> Iterator[object]:
    """mltui's docker engine on ``dockerd``."""
    from mltui.engines.docker import DockerEngine

    engine = DockerEngine(dockerd.url)
    yield engine
    engine.close()


def _answering() -> str | None:
    from mltui.domain.errors import EngineError
    from mltui.engines.docker import DockerEngine

    engine = DockerEngine()
    try:
        return engine.info().endpoint
    except EngineError:
        return None
    finally:
        engine.close()


def pytest_configure() -> None:
    """Programs under test start as a person's do, whatever started the tests.

    Ctrl-C works in them also where a shell started the tests in its background. Each of these hundreds of programs
    starts from compiled code, as an installed one does. Their terminal has its own size: processes that readline has
    been loaded in, such as pytest-xdist's, pass one on.
    """
    for name in ("PYTHONDONTWRITEBYTECODE", "COLUMNS", "LINES"):
        os.environ.pop(name, None)
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """The whole suite runs in two processes a processor, since tests wait half of their time; in four at most.

    Files that were asked for run in one process, and so does all that shares an engine with its user.
    """
    shared = os.environ.get("MLTUI_TEST_ENGINE") or missing()
    return 0 if shared or config.option.file_or_dir else min(4, 2 * (os.cpu_count() or 1))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Whatever asks for an engine has the mark ``docker``; the file that takes longest begins.

    Else it could be begun last, when no other process has anything left to do.
    """
    items.sort(key=lambda item: item.get_closest_marker("training") is None)
    for item in items:
        if "dockerd" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.docker)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say loudly what could not be run, above all when that is everything in containers."""
    skipped = terminalreporter.stats.get("skipped", [])
    reasons = Counter(report.longrepr[2].removeprefix("Skipped: ") for report in skipped)
    if reasons:
        terminalreporter.section("NOT RUN: what this machine lacks something for", red=True, bold=True)
    for reason, count in reasons.most_common():
        terminalreporter.line(f"{count} {'test' if count == 1 else 'tests'}: {reason}")
    if any(NO_ENGINE in reason for reason in reasons):
        terminalreporter.section("NOT RUN: everything that needs a Docker engine", red=True, bold=True)
        terminalreporter.line("Install docker.io, iptables, iproute2 and busybox-static and run the tests as root,")
        terminalreporter.line("or start a Docker engine that this user may use.")
