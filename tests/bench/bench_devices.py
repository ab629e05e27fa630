"""What a look at the GPUs costs, beside the raw calls that it cannot do without.

    python -m tests.bench.bench_devices [--gpus 8] [--passes 200]

Needs gcc: NVML is the simulated library of the tests, so this is the cost of Python and ctypes; a real driver adds its
own. Prints CPU time a pass (samples and processes, with every kind of figure in its turn), and the ratio to the floor:
utilisation, memory, temperature, power and its limit through pynvml alone.
"""

from __future__ import annotations

import argparse
import ctypes
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import pynvml

from mltui.monitors.nvidia import NvidiaMonitor
from tests.support.nvml.simulated import board, build, write


def raw_pass(count: int) -> None:
    """The five figures that every gauge of a GPU shows."""
    for index in range(count):
        handle = pynvml.nvmlDeviceGetHandleByIndex(index)
        pynvml.nvmlDeviceGetUtilizationRates(handle)
        pynvml.nvmlDeviceGetMemoryInfo(handle, pynvml.nvmlMemory_v2)
        pynvml.nvmlDeviceGetTemperatureV(handle, pynvml.NVML_TEMPERATURE_GPU)
        pynvml.nvmlDeviceGetPowerUsage(handle)
        pynvml.nvmlDeviceGetEnforcedPowerLimit(handle)


def milliseconds(act: Callable[[], object], passes: int) -> tuple[float, float]:
    """Median and largest CPU time of a pass."""
    times = []
    for _ in range(passes):
        began = time.process_time()
        act()
        times.append(1000 * (time.process_time() - began))
    return statistics.median(times), max(times)


def main() -> None:
    """Run it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--gpus", type=int, default=8)
    parser.add_argument("--passes", type=int, default=200)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        answers = Path(folder, "gpus.ini")
        os.environ["SIMULATED_NVML"] = str(answers)
        held = {"procs": "101:1000,102:2000", "proc_util": f"101:50:{int(2e9 * 1e6)}"}
        write(answers, *({**board(index), **held} for index in range(options.gpus)))
        pynvml.nvmlLib = ctypes.CDLL(str(build(Path(folder))))
        monitor = NvidiaMonitor()
        monitor.probe()
        assert len(monitor.sample()) == options.gpus
        floor, _ = milliseconds(lambda: raw_pass(options.gpus), options.passes)
        ours, worst = milliseconds(lambda: (monitor.sample(), monitor.processes()), options.passes)
        monitor.close()
    load = os.getloadavg()[0]
    print(f"{options.gpus} GPUs: {ours:.2f} ms a pass, at most {worst:.2f} (goal 5); load {load:.1f}")
    print(f"five raw calls each: {floor:.2f} ms; ratio {ours / floor:.1f}")


if __name__ == "__main__":
    main()
