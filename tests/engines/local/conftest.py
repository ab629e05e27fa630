"""A local engine on a folder of its own, and launches for it."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from mltui.domain.errors import NotFound
from mltui.domain.launch import LaunchSpec
from mltui.engines.local import LocalEngine
from tests.engines.local.local_runs import Started
from tests.support.nvml.simulated import driver, nvml_library

__all__ = ["driver", "nvml_library"]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Where the engine keeps its files."""
    return tmp_path / "local"


@pytest.fixture
def engine(root: Path) -> Iterator[LocalEngine]:
    """The engine; whatever still runs at the end is killed."""
    engine = LocalEngine(root)
    yield engine
    for row in engine.containers():
        with contextlib.suppress(NotFound):
            engine.remove(row.id, force=True)


@pytest.fixture
def spec(tmp_path: Path) -> Callable[..., LaunchSpec]:
    """Makes launches of a command in an empty project."""
    project = tmp_path / "project"
    project.mkdir()

    def make(*command: str, **fields: Any) -> LaunchSpec:
        defaults = {"run_id": "r1", "profile": "tiny", "name": "tiny-r1", "image": "", "project": str(project)}
        labels = {"mltui.run": fields.get("run_id", "r1")}
        return LaunchSpec(**{**defaults, "command": command or None, "labels": labels, **fields})

    return make


@pytest.fixture
def run(engine: LocalEngine, spec: Callable[..., LaunchSpec]) -> Callable[..., Started]:
    """Launches a command."""

    def start(*command: str, **fields: Any) -> Started:
        launch = spec(*command, **fields)
        process = engine.create(launch, engine.prepare(launch, lambda _: None))
        log = engine.attach(process)
        engine.start(process)
        return Started(process, log)

    return start
