"""What runs use, once a second, with a short history."""

from __future__ import annotations

from mltui.domain.device import HostSample
from mltui.engines.base import Engine
from mltui.monitors.host import HostMonitor
from mltui.plugins import make_engine
from mltui.runtime.sampler import Sampler
from tests.runtime.conftest import HOLD, Runs, until


def test_a_run_is_measured_while_it_runs(runs: Runs, tmp_path) -> None:
    """Its usage is there with a history, and gone when it has ended; an engine that is away disturbs nothing."""
    run = runs.launch(f"echo ready; {HOLD}")
    runs.printed(run, b"ready")
    container = runs.now(run).container_id
    running = [container]
    away = make_engine("docker", f"unix://{tmp_path}/no.sock")
    host = HostMonitor(tmp_path)
    sampler = Sampler(lambda: [(away, ("x",)), (runs.engine, tuple(running))], host.sample, lambda: ())
    sampler.start()
    until(lambda: sampler.usage.get(container))
    until(lambda: len(sampler.usage_history.get(container, ())) >= 2)
    assert sampler.usage[container].memory
    assert sampler.usage[container].memory_limit
    assert isinstance(sampler.host, HostSample)
    assert len(sampler.host_history) >= 2
    assert sampler.version >= 2
    runs.go(run)
    runs.ended(run)
    running.clear()
    until(lambda: container not in sampler.usage and container not in sampler.usage_history)
    sampler.close()
    sampler._thread.join(30)
    assert not sampler._thread.is_alive()


def test_a_sample_that_fails_is_said_and_keeps_nothing_else(local_runs: Runs, tmp_path) -> None:
    """Neither the other samples nor the next pass."""
    host = HostMonitor(tmp_path)

    def sources() -> list[tuple[Engine, tuple[str, ...]]]:
        raise RuntimeError("a bug")

    sampler = Sampler(sources, host.sample, lambda: ())
    sampler.start()
    until(lambda: sampler.version >= 2)
    assert "a bug" in sampler.error
    assert len(sampler.host_history) >= 2
    sampler.close()
    sampler._thread.join(30)
    assert not sampler._thread.is_alive()
