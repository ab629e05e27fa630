"""Launches on the test engine, removed afterwards."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from mltui.engines.docker import DockerEngine
from tests.contracts.conftest import Rig
from tests.support import images


@pytest.fixture
def rig(docker_engine: DockerEngine, tmp_path: Path) -> Iterator[Rig]:
    """The docker engine and a project folder."""
    project = tmp_path / "project"
    project.mkdir()
    rig = Rig(docker_engine, project, images.BUSYBOX)
    yield rig
    rig.clear()
