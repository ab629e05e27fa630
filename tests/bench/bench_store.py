"""A run of many points on disk: bytes a point, how fast it is written and opened, and how soon its curve is seen.

    python -m tests.bench.bench_store [--steps 200000] [--rounds 5] [--no-app]

Five series of ``--steps`` points each, as a training prints them: one line a step, four digits. Floors are measured in
the same run: reading as many bytes without looking at them, arrays of 24 bytes a point read into memory, and the same
points as JSON lines. The app is timed on a terminal of 120 by 36, from its start to
the whole curve, beside a run of a hundredth of the points; the key of the runs pane is pressed at the first frame.
"""

from __future__ import annotations

import argparse
import json
import math
import random
import statistics
import sys
import tempfile
import time
from array import array
from collections.abc import Callable
from pathlib import Path

from mltui.domain.curve import Trace
from mltui.domain.metric import MetricPoint, MetricStore
from mltui.domain.run import Run, RunState
from mltui.storage.history import RunDatabase
from mltui.storage.metric_reader import MetricReaderFile
from mltui.storage.metric_writer import MetricWriter
from mltui.storage.run_folder import RunFolder
from tests.support.terminal import Terminal, resident_mib

NAMES = ("loss", "accuracy", "grad_norm", "lr", "val_loss")
RUN = "bench234"
BEGAN = 1_700_000_000.0


def rows(steps: int, digits: int) -> tuple[array[float], list[tuple[float, ...]]]:
    """The time and the values of each step."""
    chance, now, times, values = random.Random(1), BEGAN, array("d"), []
    for i in range(steps):
        now += chance.gauss(0.05, 0.003)
        times.append(now)
        loss = 2 * math.exp(-i / steps * 4) + chance.gauss(0.1, 0.02)
        lr = 0.0005 * (1 + math.cos(math.pi * i / steps))
        figures = (loss, 1 / (1 + loss), chance.lognormvariate(0, 0.3), lr, loss * 1.1 + chance.gauss(0, 0.03))
        values.append(tuple(float(f"{value:.{digits}g}") for value in figures))
    return times, values


def write(path: Path, times: array[float], values: list[tuple[float, ...]], every: int) -> float:
    """Write all, with a flush at each ``every`` steps; seconds of one core."""
    began = time.process_time()
    writer = MetricWriter(path)
    for step, (now, row) in enumerate(zip(times, values, strict=True)):
        for name, value in zip(NAMES, row, strict=True):
            writer.add(MetricPoint(name, "step", step, value), now)
        if step % every == 0:
            writer.flush()
    writer.close()
    return time.process_time() - began


def load(path: Path) -> MetricStore:
    """Everything of a file."""
    store = MetricStore()
    file = MetricReaderFile(path, lambda key, columns: store.extend(key, *columns), store.clear)
    file.poll()
    file.close()
    return store


def median(rounds: int, what: Callable[[], object]) -> float:
    """Milliseconds of one core."""
    took = []
    for _ in range(rounds):
        began = time.process_time()
        what()
        took.append(1000 * (time.process_time() - began))
    return statistics.median(took)


def read_arrays(path: Path) -> None:
    """The floor of what is ready for a chart: unpacked arrays from the disk."""
    numbers = array("d")
    numbers.frombytes(path.read_bytes())


def read_json(path: Path) -> None:
    """What opening costs with a line of JSON a step."""
    with path.open("rb") as file:
        for line in file:
            json.loads(line)


def bench_file(folder: Path, steps: int, rounds: int, digits: int) -> None:
    """Room, writing and opening, beside the floors."""
    times, values = rows(steps, digits)
    points = steps * len(NAMES)
    path, plain, lines = folder / "metrics", folder / "plain", folder / "lines"
    took = write(path, times, values, 4096)
    size = path.stat().st_size
    print(
        f"{digits} digits: {size / points:.2f} bytes a point ({size >> 10} KiB), {points / took:,.0f} points/s written"
    )
    plain.write_bytes(bytes(24 * points))
    with lines.open("w") as file:
        for step, (now, row) in enumerate(zip(times, values, strict=True)):
            file.write(json.dumps({"step": step, "time": now, **dict(zip(NAMES, row, strict=True))}) + "\n")
    opened = median(rounds, lambda: load(path))
    store = load(path)
    traces = median(rounds, lambda: [Trace(series).catch_up() for series in store.series.values()])
    print(f"  open {opened:.0f} ms (goal 500), traces for the chart {traces:.0f} ms more")
    raw, arrays = median(rounds, path.read_bytes), median(rounds, lambda: read_arrays(plain))
    print(
        f"  floors: its bytes {raw:.1f} ms, plain arrays {arrays:.1f} ms (24.00 bytes a point), "
        f"JSON lines {median(1, lambda: read_json(lines)):.0f} ms ({lines.stat().st_size / points:.2f} bytes a point)"
    )


def bench_slow(folder: Path, digits: int) -> None:
    """A run that prints rarely: each line is flushed on its own."""
    steps = 20_000
    times, values = rows(steps, digits)
    took = write(folder / "slow", times, values, 1)
    size = (folder / "slow").stat().st_size / steps / len(NAMES)
    cost = 1e6 * took / steps
    print(f"a flush a line: {size:.2f} bytes a point in the end, {cost:.0f} µs a flush of {len(NAMES)} points")


def bench_app(home: Path, steps: int, rounds: int) -> None:
    """From typing the command to the whole curve on the screen."""
    home.mkdir()
    database = RunDatabase(home / "runs.db")
    run = Run(RUN, "bench", str(home / "bench.yaml"), "local", "", RunState.FINISHED, created=BEGAN, started=BEGAN)
    database.add(run)
    folder = RunFolder(home, RUN)
    folder.make()
    times, values = rows(steps, 4)
    write(folder.metrics, times, values, 4096)
    (folder.path / "log").touch()
    (folder.path / "log.index").touch()
    environment = {"MLTUI_HOME": str(home), "DOCKER_HOST": f"unix://{home}/none.sock"}
    empty, seen, memory = [], [], []
    for _ in range(rounds):
        with Terminal([sys.executable, "-m", "mltui"], environment=environment) as terminal:
            empty.append(terminal.until("Profiles"))
            terminal.press("2")
            seen.append(terminal.until(rf"[⠁-⣿]{{8}}.*@ step \d{{{len(str(steps)) - 1}}}"))
            terminal.pump(2)
            memory.append(resident_mib(terminal.processes()))
    print(
        f"app, {steps} steps: first frame {statistics.median(empty):.2f} s, whole curve after "
        f"{statistics.median(seen):.2f} s ({max(seen):.2f} at most; goal 1.5), "
        f"{statistics.median(memory):.0f} MiB (goal 120)"
    )


def main() -> None:
    """Run all."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=200_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--no-app", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        for digits in (4, 17):
            bench_file(Path(folder), options.steps, options.rounds, digits)
        bench_slow(Path(folder), 4)
        if not options.no_app:
            for steps in (options.steps // 100, options.steps):
                bench_app(Path(folder, f"home{steps}"), steps, options.rounds)


if __name__ == "__main__":
    main()
