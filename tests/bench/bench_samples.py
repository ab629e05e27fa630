"""What the figures cost: the machine and 50 running containers, once a second.

    python -m tests.bench.bench_samples [--running 50] [--seconds 20]

Needs root and dockerd (a private engine is started and removed). Prints the CPU of the sampler alone, with its
histories, beside the floor: reading the three files that CPU and memory of a container come from, and nothing more.
"""

from __future__ import annotations

import argparse
import os
import time
from pathlib import Path

from mltui.engines.docker import DockerEngine
from mltui.engines.docker.cgroups import cgroup_mounts
from mltui.monitors.host import HostMonitor
from mltui.runtime.sampler import Sampler
from tests.bench.bench_screen import make_containers
from tests.support.dockerd import PrivateDockerd
from tests.support.images import load_busybox


def share_of_a_core(seconds: float) -> float:
    """CPU that this process takes while it waits, in percent of a core."""
    used, began = time.process_time(), time.perf_counter()
    time.sleep(seconds)
    return 100 * (time.process_time() - used) / (time.perf_counter() - began)


def floor(containers: tuple[str, ...], rounds: int = 20) -> float:
    """The least that can be done for CPU and memory of each, in percent of a core at one look a second."""
    cpu, memory = (cgroup_mounts().get(name, ("", ""))[0] for name in ("cpuacct", "memory"))
    if not (cpu and memory):
        return float("nan")
    used = time.process_time()
    for _ in range(rounds):
        for container in containers:
            Path(cpu, "docker", container, "cpuacct.usage").read_bytes()
            Path(memory, "docker", container, "memory.usage_in_bytes").read_bytes()
            Path(memory, "docker", container, "memory.stat").read_bytes()
    return 100 * (time.process_time() - used) / rounds


def main() -> None:
    """Run it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--running", type=int, default=50)
    parser.add_argument("--seconds", type=float, default=20)
    options = parser.parse_args()
    private = PrivateDockerd()
    private.start()
    try:
        load_busybox(private.url)
        make_containers(private, options.running, options.running)
        engine = DockerEngine(private.url)
        running = tuple(container.id for container in engine.containers())
        sampler = Sampler(lambda: [(engine, running)], HostMonitor(Path("/")).sample, lambda: ())
        sampler.start()
        time.sleep(5)
        assert len(sampler.usage) == options.running
        ours = share_of_a_core(options.seconds)
        sampler.close()
        least = floor(running)
        engine.close()
    finally:
        private.stop()
    print(f"{options.running} containers and the machine: {ours:.2f} % of a core (goal 1.5); ", end="")
    print(f"three plain reads each: {least:.2f} %; ratio {ours / least:.1f}; load {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    main()
