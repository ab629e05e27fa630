"""The line at the top."""

from __future__ import annotations

from pathlib import Path

from mltui.domain.errors import EngineUnavailable
from mltui.engines.base import EngineChoice
from mltui.engines.docker import DockerEngine
from mltui.engines.docker.client import unavailable
from mltui.engines.docker.endpoint import DEFAULT_SOCKET, Endpoint
from mltui.engines.local import LocalEngine
from mltui.ui.presentation.top import engine_spans
from mltui.ui.widgets.lines import spread


def test_without_a_container_engine_it_says_once_what_that_means_and_why(tmp_path: Path) -> None:
    """All of the reason has room in 120 columns, beside the name before it and the GPUs behind."""
    local = LocalEngine(tmp_path)
    try:
        DockerEngine("unix:///var/run/no.sock").info()
    except EngineUnavailable as error:
        reason = error.message
    said = "".join(text for text, _ in engine_spans(EngineChoice(local, local.info(), reason), ""))
    assert said.count("isolation") == 1
    assert reason in said
    assert len(" mltui ") + said.index(reason) + len(reason) < 120 - len(" no GPU ")


def test_in_80_columns_it_says_why_there_is_no_container_engine(tmp_path: Path) -> None:
    """The address, which is seldom another one, may be cut."""
    local = LocalEngine(tmp_path)
    absent = unavailable(Endpoint(f"unix://{DEFAULT_SOCKET}"), FileNotFoundError())
    choice = EngineChoice(local, local.info(), absent.message)
    left = [(" mltui ", "title"), *engine_spans(choice, "")]
    said = "".join(text for text, _ in spread(left, [(" no GPU ", "dim")], 80))
    assert "There is no Docker engine: no such socket" in said
