"""What Docker does in its own way."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest

from mltui.engines.base import Engine
from mltui.engines.docker import streams
from mltui.engines.docker.wire import EngineStream
from tests.contracts.conftest import Rig, collect
from tests.support import images

pytestmark = pytest.mark.docker


@pytest.fixture
def docker(docker_engine: Engine, tmp_path: Path) -> Iterator[Rig]:
    """Docker alone."""
    rig = Rig(docker_engine, tmp_path, images.BUSYBOX)
    yield rig
    rig.clear()


class _GivesUp:
    """A follower of a log that ends after some blocks, as Docker's may, without a word, at a line half written."""

    def __init__(self, source: EngineStream, blocks: int) -> None:
        self._source = source
        self._blocks = blocks

    def blocks(self) -> Iterator[bytes]:
        yield from itertools.islice(self._source.blocks(), self._blocks)

    def close(self) -> None:
        self._source.close()


@pytest.mark.parametrize("options", [{}, {"max-size": "50m"}], ids=["one file", "rotates"])
@pytest.mark.parametrize("blocks", [0, 1])
@pytest.mark.parametrize("tty", [False, True], ids=["pipe", "tty"])
def test_what_the_follower_leaves_out_at_the_end(
    docker: Rig, monkeypatch: pytest.MonkeyPatch, tty: bool, blocks: int, options: dict[str, str]
) -> None:
    """It is told all the same, each line once; a terminal's log that rotates cannot be counted and is as it comes."""
    spec = docker.spec("seq 100000; seq 50000 >&2", tty=tty, log_options=options)
    container, _, seen = docker.run(spec)
    opened = streams._log_source

    def open_it(*args: object, follow: bool, **named: object) -> object:
        source = opened(*args, follow=follow, **named)  # type: ignore[arg-type]
        return _GivesUp(source, blocks) if follow else source

    monkeypatch.setattr(streams, "_log_source", open_it)
    told = collect(docker.engine.logs(container))
    if tty and options:
        assert len(told[1]) < len(seen[1])
    else:
        assert told == seen
    if not (tty or blocks):
        last = collect(docker.engine.logs(container, tail=3))
        assert b"".join(last.values()).count(b"\n") == 3
