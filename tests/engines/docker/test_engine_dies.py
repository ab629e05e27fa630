"""The engine goes away in the middle of things, and comes back."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from mltui.domain.errors import EngineUnavailable
from mltui.engines.docker import DockerEngine
from tests.contracts.conftest import Rig, collect
from tests.support import images
from tests.support.dockerd import PrivateDockerd, missing
from tests.support.require import unavailable


@pytest.fixture
def own_dockerd(dockerd: object) -> Iterator[PrivateDockerd]:
    """An engine of this test alone."""
    if missing():
        unavailable(missing())
    engine = PrivateDockerd()
    try:
        engine.start()
        images.load_busybox(engine.url)
        yield engine
    finally:
        engine.stop()


@pytest.mark.parametrize("how", ["kill", "interrupt"])
def test_streams_end_and_calls_say_why(own_dockerd: PrivateDockerd, tmp_path: Path, how: str) -> None:
    """Every open stream ends, later calls raise ``EngineUnavailable``; once it is back, all is found again."""
    engine = DockerEngine(own_dockerd.url)
    rig = Rig(engine, tmp_path, images.BUSYBOX)
    spec = rig.spec("echo before; exec sleep 300")
    container = rig.create(spec)
    streams = [engine.attach(container), engine.events()]
    engine.start(container)
    streams.append(engine.logs(container))
    first = [iter(stream) for stream in streams]
    assert next(first[0]).data == b"before\n"
    readers = [threading.Thread(target=lambda each=each: list(each), daemon=True) for each in first]
    for reader in readers:
        reader.start()
    getattr(own_dockerd, how)()
    for reader in readers:
        reader.join(30)
        assert not reader.is_alive()
    for ask in (engine.info, engine.containers, lambda: engine.find(spec.run_id), lambda: engine.logs(container)):
        with pytest.raises(EngineUnavailable) as refused:
            ask()
        assert own_dockerd.url in refused.value.message
    own_dockerd.start()
    found = engine.find(spec.run_id)
    assert found is not None
    assert found.id == container
    assert collect(engine.logs(container, follow=False))[1] == b"before\n"
    engine.close()


def test_a_flood_is_drained(rig: Rig) -> None:
    """A million lines come whole, in blocks: far fewer than there are lines."""
    container = rig.create(rig.spec("yes 0123456789012345678 | head -n 1000000"))
    stream = rig.engine.attach(container)
    rig.engine.start(container)
    sizes = [len(chunk.data) for chunk in stream]
    assert sum(sizes) == 20_000_000
    assert len(sizes) < 50_000
    assert rig.ended(container).exit_code == 0
