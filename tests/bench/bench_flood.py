"""A container that floods its log, with nobody attached and recorded by a supervisor.

    python -m tests.bench.bench_flood [--lines 1000000] [--rounds 3] [--metrics]

Needs root and dockerd (a private engine is started and removed). The container's own time is what the engine says
between its start and its end. Prints medians, the goal for the ratio is 1.15.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from mltui.domain.run import Run
from mltui.engines.base import EngineChoice
from mltui.engines.docker import DockerEngine
from mltui.plugins import make_engine
from mltui.runtime.launcher import Launcher
from mltui.runtime.run_view import RunView
from mltui.runtime.starting import Wish
from mltui.storage.history import RunDatabase
from mltui.storage.profiles import load_profile
from tests.support.dockerd import PrivateDockerd
from tests.support.images import BUSYBOX, load_busybox

PLAIN = "%07d words of a log that have nothing to say about any figure of the training \\n"
METRICS = "step %07d - loss: 0.1234 - accuracy: 0.9876 - lr: 0.001 and some words to fill \\n"


@dataclass
class Round:
    """What one recorded flood took; seconds and MiB. CPU times are those until the container's end."""

    container: float = 0.0
    metrics: float = 0.0
    memory: float = 0.0
    recording: float = 0.0
    reading: float = 0.0
    viewing: float = 0.0
    polls: list[float] = field(default_factory=list)


class Bench:
    """One home on a private engine."""

    def __init__(self, url: str, folder: Path, lines: int, text: str) -> None:
        self.engine = DockerEngine(url)
        self.folder = folder
        self.database = RunDatabase(folder / "home/runs.db")
        choice = EngineChoice(self.engine, self.engine.info())
        self.launcher = Launcher(folder / "home", self.database, lambda wish: choice, make_engine)
        script = f"awk 'BEGIN {{ for (i = 1; i <= {lines}; i++) printf \"{text}\", i }}'"
        profile = {"image": BUSYBOX, "gpus": "none", "command": ["sh", "-c", script]}
        (folder / "profile.yaml").write_text(json.dumps(profile))
        self.profile = load_profile(folder)

    def alone(self) -> float:
        """The container with nobody attached."""
        with self.launcher.plan(self.profile, Wish()) as (resolution, _):
            spec = resolution.spec
        os.makedirs(spec.outputs_host, exist_ok=True)
        container = self.engine.create(spec, self.engine.prepare(spec, lambda news: None))
        self.engine.start(container)
        while not (status := self.engine.inspect(container)).ended:
            time.sleep(0.1)
        self.engine.remove(container)
        assert status.started
        assert status.finished
        return status.finished - status.started

    def recorded(self, *, watched: bool) -> Round:
        """The same, recorded; ``watched``: a viewer follows it too."""
        result = Round()
        run = self.launcher.launch(self.profile)
        supervisor = _supervisor(run)
        view = RunView(self.launcher.folder(run.id)) if watched else None
        spent: list[tuple[float, float, float, float]] = []
        while (now := self.database.get(run.id)) and now.state.active:
            time.sleep(0.1)
            if view:
                began = time.perf_counter()
                view.poll()
                result.polls.append(time.perf_counter() - began)
            try:
                result.memory = max(result.memory, supervisor.memory_info().rss / 2**20)
                spent.append((time.time(), *_threads(supervisor), time.thread_time() if view else 0.0))
            except psutil.NoSuchProcess:
                break
        ended = time.time()
        now = self.database.get(run.id)
        if not now or not now.started or not now.finished:
            raise RuntimeError(f"the run did not run: {now}")
        result.container, result.metrics = now.finished - now.started, ended - now.finished
        before = next(row for row in spent if row[0] >= now.started)
        after = next((row for row in spent if row[0] >= now.finished), spent[-1])
        _, result.recording, result.reading, result.viewing = (b - a for a, b in zip(before, after, strict=True))
        if view:
            view.close()
        while self.launcher.folder(run.id).supervised:
            time.sleep(0.01)
        self.launcher.remove(now)
        return result


def _threads(supervisor: psutil.Process) -> tuple[float, float]:
    """Seconds of CPU of the thread that records, which is the process's first, and of the others."""
    times = {thread.id: thread.user_time + thread.system_time for thread in supervisor.threads()}
    first = times.pop(supervisor.pid, 0.0)
    return first, sum(times.values())


def _supervisor(run: Run) -> psutil.Process:
    for process in psutil.process_iter(["cmdline"]):
        words = process.info["cmdline"] or []
        if "mltui.runtime.supervisor_process" in words and run.id in words:
            return process
    raise RuntimeError(f"no supervisor of {run.id}")


def main() -> None:
    """Run it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lines", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--metrics", action="store_true", help="every line has metrics")
    options = parser.parse_args()
    dockerd = PrivateDockerd()
    with tempfile.TemporaryDirectory() as folder:
        try:
            dockerd.start()
            load_busybox(dockerd.url)
            text = METRICS if options.metrics else PLAIN
            measure(Bench(dockerd.url, Path(folder), options.lines, text), options.rounds)
        finally:
            dockerd.stop()


def measure(bench: Bench, rounds: int) -> None:
    """Both ways in turn, so that whatever else the machine does meets both."""
    alone, recorded, watched = [], [], []
    for _ in range(rounds):
        alone.append(bench.alone())
        recorded.append(bench.recorded(watched=False))
        watched.append(bench.recorded(watched=True))
    base = statistics.median(alone)
    print(f"nobody attached: {base:.2f} s ({', '.join(f'{one:.2f}' for one in alone)})")
    for name, found in (("recorded", recorded), ("recorded and watched", watched)):
        container = statistics.median(one.container for one in found)
        print(f"{name}: {container:.2f} s, ratio {container / base:.2f} (goal 1.15)")
        print(f"  all metrics read {statistics.median(one.metrics for one in found):.2f} s after the container's end")
        recording, reading = (
            statistics.median(getattr(one, what) for one in found) for what in ("recording", "reading")
        )
        print(
            f"  supervisor: {max(one.memory for one in found):.0f} MiB; CPU until the container's end: "
            f"recording {recording:.2f} s, reading metrics {reading:.2f} s"
        )
    polls = [one for found in watched for one in found.polls]
    print(
        f"viewer: {1000 * statistics.median(polls):.1f} ms a poll in the median, {1000 * max(polls):.0f} ms at most; "
        f"CPU until the container's end: {statistics.median(one.viewing for one in watched):.2f} s"
    )


if __name__ == "__main__":
    main()
