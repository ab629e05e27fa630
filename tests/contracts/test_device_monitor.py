"""What a monitor of NVIDIA GPUs promises, on the simulated driver and on the real one.

On a machine with an NVIDIA GPU the second half runs against its driver, and the figures are compared with those of
``nvidia-smi``; elsewhere it is skipped, since a GPU cannot be installed.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

import pytest

from mltui.domain.device import DeviceProcess, DeviceSample
from mltui.monitors.nvidia import NvidiaMonitor
from tests.support.nvml.simulated import board, driver, nvml_library, write

__all__ = ["driver", "nvml_library"]

GIB = 1 << 30
#: Takes a GiB of the first GPU through the driver's own library and keeps it until its input ends.
HOLDER = f"""
import ctypes, sys
cuda = ctypes.CDLL("libcuda.so.1")
device, context, memory = ctypes.c_int(), ctypes.c_void_p(), ctypes.c_uint64()
assert cuda.cuInit(0) == 0
assert cuda.cuDeviceGet(ctypes.byref(device), 0) == 0
assert cuda.cuCtxCreate_v2(ctypes.byref(context), 0, device) == 0
assert cuda.cuMemAlloc_v2(ctypes.byref(memory), ctypes.c_size_t({GIB})) == 0
print("holds", flush=True)
sys.stdin.read()
"""


@dataclass
class Rig:
    """A monitor, and a way to have a process that holds a GiB of the first GPU's memory."""

    monitor: NvidiaMonitor
    holder: Callable[[], AbstractContextManager[int]]


@pytest.fixture(params=["simulated", "real"])
def rig(request: pytest.FixtureRequest) -> Iterator[Rig]:
    if request.param == "real":
        monitor, holder = NvidiaMonitor(), real_holder
        if shutil.which("nvidia-smi") is None or monitor.probe() is not None:
            pytest.skip("no NVIDIA GPU here")
    else:
        answers = request.getfixturevalue("driver")
        monitor, holder = NvidiaMonitor(), lambda: simulated_holder(answers)
    yield Rig(monitor, holder)
    monitor.close()


@contextlib.contextmanager
def real_holder() -> Iterator[int]:
    with subprocess.Popen([sys.executable, "-c", HOLDER], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stdout.readline() == b"holds\n"
        yield process.pid
        process.stdin.close()


@contextlib.contextmanager
def simulated_holder(answers: Path) -> Iterator[int]:
    used = (1 << 30) + GIB
    write(answers, {**board(0), "mem_used": used, "procs": f"{os.getpid()}:{GIB}"}, board(1))
    yield os.getpid()
    write(answers, board(0), board(1))


def until(look: Callable[[], bool]) -> None:
    """Wait for what the driver tells a moment later."""
    end = time.monotonic() + 20
    while not look():
        assert time.monotonic() < end
        time.sleep(0.05)


def test_every_gpu_is_told_in_its_units(rig: Rig) -> None:
    """Shares from 0 to 1, bytes, degrees, watts, megahertz, as any data centre's board answers them."""
    assert rig.monitor.probe() is None
    samples = [sample for sample in rig.monitor.sample() if sample.part is None]
    assert [sample.index for sample in samples] == list(range(len(samples)))
    assert len({sample.uuid for sample in samples}) == len(samples)
    for sample in samples:
        check(sample)


def check(sample: DeviceSample) -> None:
    assert sample.error == ""
    assert sample.name
    assert sample.uuid.startswith("GPU-")
    assert sample.utilization is not None
    assert 0 <= sample.utilization <= 1
    assert sample.memory_used is not None
    assert sample.memory_total is not None
    assert 0 <= sample.memory_used < sample.memory_total
    assert GIB <= sample.memory_total <= 4096 * GIB
    assert sample.temperature is not None
    assert sample.temperature_limit is not None
    assert 10 <= sample.temperature <= sample.temperature_limit <= 120
    assert sample.power is not None
    assert sample.power_limit is not None
    assert 1 <= sample.power <= 1.5 * sample.power_limit <= 3000
    assert sample.details.clock is not None
    assert sample.details.clock_max is not None
    assert 100 <= sample.details.clock <= sample.details.clock_max <= 5000


def test_a_process_is_seen_with_its_memory_while_it_holds_it(rig: Rig) -> None:
    """Its pid, its GPU and its bytes; the GPU's use rises with it and falls again."""

    def used() -> float:
        return rig.monitor.sample()[0].memory_used or 0.0

    def found(pid: int) -> list[DeviceProcess]:
        return [one for one in rig.monitor.processes() if one.pid == pid]

    before = used()
    with rig.holder() as pid:
        until(lambda: bool(found(pid)))
        (process,) = found(pid)
        assert process.uuid == rig.monitor.sample()[0].uuid
        assert process.index == 0
        assert not process.draws_only
        assert process.memory_used is not None
        assert GIB <= process.memory_used < 3 * GIB
        assert used() >= before + GIB
    until(lambda: not found(pid))
    until(lambda: used() < before + GIB)


def test_the_figures_are_those_of_nvidia_smi() -> None:
    """Number, UUID, name, limits and memory as the vendor's own tool prints them."""
    monitor = NvidiaMonitor()
    if shutil.which("nvidia-smi") is None or monitor.probe() is not None:
        pytest.skip("no NVIDIA GPU here")
    fields = "index,uuid,name,memory.total,power.limit,clocks.max.sm,memory.used"
    command = ["nvidia-smi", f"--query-gpu={fields}", "--format=csv,noheader,nounits"]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
    samples = [sample for sample in monitor.sample() if sample.part is None]
    monitor.close()
    assert len(said) == len(samples)
    for line, sample in zip(said, samples, strict=True):
        index, uuid, name, total, limit, clock, used = line.split(", ")
        assert (str(sample.index), sample.uuid, sample.name) == (index, uuid, name)
        assert sample.memory_total == int(total) << 20
        assert sample.power_limit == float(limit)
        assert sample.details.clock_max == float(clock)
        assert abs((sample.memory_used or 0.0) - (int(used) << 20)) < 256 << 20
