"""How quick the screen is: first frame, the list of 250 containers, keys, and what 50 running containers cost.

    python -m tests.bench.bench_screen [--containers 250] [--running 50]

Needs root and dockerd (a private engine is started and removed). Prints medians and ratios to an empty Textual app.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import statistics
import sys
import tempfile
import time

import psutil

from tests.support.dockerd import PrivateDockerd
from tests.support.images import BUSYBOX, load_busybox
from tests.support.terminal import Terminal, cpu_seconds, resident_mib

EMPTY = (
    "from textual.app import App\nfrom textual.widgets import Static\n"
    "class Empty(App):\n    def compose(self):\n        yield Static('Profiles')\nEmpty().run()"
)
APP = [sys.executable, "-m", "mltui"]


def first_frames(rounds: int) -> None:
    """First frame of mltui beside that of an empty Textual app, taken in turn."""
    # An installed program is compiled once; a checkout at each start where Python is told to keep no bytecode.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    times: dict[str, list[float]] = {"empty": [], "mltui": []}
    for _ in range(rounds + 1):
        for name, command in (("empty", [sys.executable, "-c", EMPTY]), ("mltui", APP)):
            with Terminal(command) as terminal:
                times[name].append(terminal.until("Profiles"))
    empty, ours = (statistics.median(times[name][1:]) for name in ("empty", "mltui"))
    print(f"first frame: empty app {empty:.3f} s, mltui {ours:.3f} s, ratio {ours / empty:.2f} (goal 1.5)")


def listing(containers: int, rounds: int) -> None:
    """From the start of the program to the list on the screen."""
    with_list = []
    for _ in range(rounds):
        with Terminal(APP) as terminal:
            with_list.append(terminal.until(rf"Containers[^\n]*\b{containers}\b"))
    print(f"{containers} containers listed after {statistics.median(with_list):.3f} s (goal 0.8)")


def engine_processes(root: psutil.Process) -> list[psutil.Process]:
    """The engine and its containerd, without the containers' own processes and their shims."""
    return [p for p in (root, *root.children(recursive=True)) if p.name() in ("dockerd", "containerd")]


def idle_cost(dockerd: psutil.Process, seconds: float) -> None:
    """CPU, bytes and memory while nothing happens but figures."""
    with Terminal(APP) as terminal:
        terminal.until("Containers")
        terminal.press("3")
        terminal.pump(6)
        engine = engine_processes(dockerd)
        ours, theirs, wrote = cpu_seconds(terminal.processes()), cpu_seconds(engine), len(terminal.raw)
        began = time.perf_counter()
        terminal.pump(seconds)
        took = time.perf_counter() - began
        own = 100 * (cpu_seconds(terminal.processes()) - ours) / took
        other = 100 * (cpu_seconds(engine) - theirs) / took
        written = (len(terminal.raw) - wrote) / took / 1000
        memory = resident_mib(terminal.processes())
    print(f"idle: mltui {own:.1f} % + engine {other:.1f} % = {own + other:.1f} % of a core (goal 6)")
    print(f"      {written:.2f} KB/s to the terminal (goal 4), {memory:.0f} MiB (goal 90)")


def key_latency(presses: int) -> None:
    """From a key to the change on the screen, moving through a list of running containers."""
    with Terminal(APP) as terminal:
        terminal.until("Containers")
        terminal.press("3")
        terminal.pump(3)
        found = []
        for i in range(presses):
            taken = terminal.latency("j" if i % 20 < 10 else "k")
            if taken is not None:
                found.append(1000 * taken)
            terminal.pump(0.05)
    found.sort()
    late = found[int(len(found) * 0.95)]
    print(f"keys: median {statistics.median(found):.1f} ms, 95th percentile {late:.1f} ms (goal 30)")


def make_containers(engine: PrivateDockerd, count: int, running: int) -> None:
    """``count`` containers, ``running`` of them running."""
    import docker

    with contextlib.closing(docker.DockerClient(base_url=engine.url)) as client:
        for i in range(count):
            container = client.containers.create(BUSYBOX, ["sleep", "100000"], name=f"bench-{i:03}")
            if i < running:
                container.start()


def main() -> None:
    """Run all."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--containers", type=int, default=250)
    parser.add_argument("--running", type=int, default=50)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--idle", type=float, default=30)
    options = parser.parse_args()
    engine = PrivateDockerd()
    engine.start()
    try:
        load_busybox(engine.url)
        make_containers(engine, options.containers, options.running)
        assert engine.process is not None
        with tempfile.TemporaryDirectory() as home:
            os.environ |= {"DOCKER_HOST": engine.url, "MLTUI_HOME": home}
            first_frames(options.rounds)
            listing(options.containers, options.rounds)
            key_latency(100)
            idle_cost(psutil.Process(engine.process.pid), options.idle)
    finally:
        engine.stop()


if __name__ == "__main__":
    main()
