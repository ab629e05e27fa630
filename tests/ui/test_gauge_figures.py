"""What samples mean as gauges: figures, limits, colours, reasons."""

from __future__ import annotations

from dataclasses import replace

import pytest

from mltui.domain.container import Usage
from mltui.domain.device import DeviceDetails, DeviceSample, HostSample
from mltui.runtime.gpu_holders import GpuHolder
from mltui.runtime.sample_history import SampleHistory
from mltui.runtime.sampler import DEVICE_FIGURES, HOST_FIGURES, USAGE_FIGURES
from mltui.ui.presentation.gauges import Window, host_gauges, traffic_gauges, usage_gauges
from mltui.ui.presentation.gpu_gauges import detail_lines, device_gauges, held_by_container, holder_lines
from mltui.ui.widgets.gauge_lines import Gauge
from mltui.ui.widgets.lines import Line

GIB = float(1 << 30)
NOW = 10_000.0
WINDOW = Window(300.0, 30, NOW)
FULL = Window(300.0, 30, NOW, full=True)
USAGE = Usage(
    NOW, cpu=1.8, cpu_limit=2.0, memory=4 * GIB, memory_limit=8 * GIB, pids=12, net_rx=5.0, net_tx=5.0, disk_read=5.0,
    disk_write=5.0, cpu_request=1.0, memory_request=2 * GIB, pids_limit=64, shm=GIB, shm_size=2 * GIB, throttled=0.0,
    net_rx_rate=1024.0, net_tx_rate=0.0, disk_read_rate=2048.0, disk_write_rate=0.0,
)  # fmt: skip
GPU = DeviceSample(
    NOW, 1, "GPU-12345678-aaaa", "H100", utilization=0.99, memory_used=79 * GIB, memory_total=80 * GIB,
    temperature=60.0, temperature_limit=87.0, power=650.0, power_limit=700.0,
)  # fmt: skip


def by_label(gauges: list[Gauge]) -> dict[str, Gauge]:
    """Gauges by their label."""
    return {gauge.label: gauge for gauge in gauges}


def past(figures: tuple[str, ...], *samples: object) -> SampleHistory:
    """A history of these."""
    history = SampleHistory(figures)
    for sample in samples:
        history.add(sample)
    return history


def text(lines: list[Line]) -> str:
    """The text of lines."""
    return "\n".join("".join(part for part, _ in line) for line in lines)


def test_a_run_against_its_limits() -> None:
    """Use, limit, ratio, what was promised, and the most there was."""
    history = past(USAGE_FIGURES, replace(USAGE, time=NOW - 60, cpu=1.95), USAGE)
    cpu, memory = usage_gauges(USAGE, history, WINDOW, "Run abc")
    assert (cpu.figures, cpu.also, cpu.ratio, cpu.request) == ("1.8 / 2 cores", "180 %", 0.9, 0.5)
    assert cpu.peak == pytest.approx(0.975)
    assert cpu.peak_said == "1.95"
    assert (memory.figures, memory.ratio, memory.request, memory.role) == ("4.00 / 8.00 GiB", 0.5, 0.25, "ok")
    assert (cpu.group, cpu.main, memory.main) == ("Run abc", True, True)


@pytest.mark.parametrize(("used", "role"), [(6.7, "ok"), (6.9, "warn"), (7.7, "error")])
def test_memory_that_runs_out_is_no_good(used: float, role: str) -> None:
    """A warning from 85 % on, red from 95 %."""
    assert usage_gauges(replace(USAGE, memory=used * GIB), None, WINDOW)[1].role == role


def test_a_limit_that_holds_the_run_back_is_said() -> None:
    """With how much of the time it did."""
    cpu = usage_gauges(replace(USAGE, throttled=0.8), None, WINDOW)[0]
    assert (cpu.role, cpu.note) == ("warn", "throttled 80 % of the time")


def test_a_mean_is_measuring_until_there_are_two_readings() -> None:
    """It is no figure, and there is no other reason."""
    usage = replace(USAGE, cpu=None, disk_read_rate=None)
    assert usage_gauges(usage, None, WINDOW)[0].note == "measuring …"
    assert by_label(traffic_gauges(usage, None, WINDOW))["Disk read"].note == "measuring …"


def test_rates_have_a_peak_and_no_limit() -> None:
    """Shared memory and processes have their limits."""
    history = past(USAGE_FIGURES, replace(USAGE, time=NOW - 60, disk_read_rate=4096.0), USAGE)
    gauges = by_label(traffic_gauges(USAGE, history, WINDOW))
    disk = gauges["Disk read"]
    assert (disk.use, disk.limit, disk.ratio, disk.peak_said) == ("2.00 KiB/s", "", None, "4.00 KiB/s")
    assert max(value for value in disk.history if value is not None) == 1
    assert gauges["/dev/shm"].figures == "1.00 / 2.00 GiB"
    assert gauges["Processes"].figures == "12 / 64"


def test_what_a_container_shares_says_so_once() -> None:
    """Both directions of a network have one reason; an unknown one is said too."""
    why = {"net_rx": "it is on the machine's network", "net_tx": "it is on the machine's network", "shm": "secret"}
    shared = replace(
        USAGE, net_rx=None, net_tx=None, net_rx_rate=None, net_tx_rate=None, shm=None, shm_size=None,
        disk_write=None, disk_write_rate=None, unread=why,
    )  # fmt: skip
    gauges = by_label(traffic_gauges(shared, None, WINDOW))
    assert gauges["Net"].note == "it is on the machine's network"
    assert "Net in" not in gauges
    assert gauges["/dev/shm"].note == "secret"
    assert gauges["Disk write"].note == "the kernel does not tell it"


def test_a_machine() -> None:
    """Its processors, memory, and the disk that holds the runs; one that is nearly full is red."""
    host = HostSample(NOW, 0.5, 4, 12 * GIB, 16 * GIB, 2 * GIB, 100 * GIB)
    cpu, memory, disk = host_gauges(host, past(HOST_FIGURES, host), WINDOW, "This machine")
    assert (cpu.figures, cpu.ratio, cpu.also) == ("0.5 / 4 cores", 0.125, "50 %")
    assert (memory.figures, disk.figures, disk.role) == ("12.0 / 16.0 GiB", "98.0 / 100 GiB", "error")
    assert host_gauges(None, None, WINDOW) == []


def test_a_busy_gpu_is_good_and_a_full_one_is_not() -> None:
    """The same ratio, of time and of memory."""
    gauges = by_label(device_gauges(GPU, past(DEVICE_FIGURES, GPU), FULL, own=True))
    assert (gauges["GPU 1"].ratio, gauges["GPU 1"].role) == (0.99, "ok")
    assert (gauges["GPU1 mem"].figures, gauges["GPU1 mem"].role) == ("79.0 / 80.0 GiB", "warn")
    assert (gauges["GPU1 W"].figures, gauges["GPU1 °C"].figures) == ("650 / 700 W", "60 / 87 °C")
    hot = by_label(device_gauges(replace(GPU, temperature=88.0), None, FULL, own=True))
    assert hot["GPU1 °C"].role == "error"


def test_power_and_heat_are_said_once() -> None:
    """Beside the GPU's use where there is little room, by themselves with all the screen."""
    few = by_label(device_gauges(GPU, None, WINDOW, own=True))
    assert (list(few), few["GPU 1"].use) == (["GPU 1", "GPU1 mem"], "650 W 60 °C")
    all_of_them = by_label(device_gauges(GPU, None, FULL, own=True))
    assert all_of_them["GPU 1"].use == "busy"
    assert {"GPU1 W", "GPU1 °C"} <= set(all_of_them)


def idle(seconds: int) -> SampleHistory:
    """A GPU that did nothing for so long."""
    return past(DEVICE_FIGURES, *(replace(GPU, time=NOW - seconds + i, utilization=0.0) for i in range(seconds + 1)))


def test_a_gpu_that_was_asked_for_and_idles_is_a_warning() -> None:
    """After a minute; of a GPU of somebody else it is none."""
    still = replace(GPU, utilization=0.0)
    assert device_gauges(still, idle(90), WINDOW, own=True)[0].role == "warn"
    assert device_gauges(still, idle(90), WINDOW, own=True)[0].note == "asked for, and idle for a minute"
    assert device_gauges(still, idle(20), WINDOW, own=True)[0].role == "dim"
    assert device_gauges(still, idle(90), WINDOW)[0].role == "dim"


def test_a_gpu_that_cannot_be_read_says_why() -> None:
    """Lost; given out in parts; silent on one figure."""
    (lost,) = device_gauges(replace(GPU, error="GPU is lost"), None, WINDOW)
    assert (lost.use, lost.note) == ("–", "GPU is lost")
    parted = device_gauges(replace(GPU, utilization=None, partitioned=True), None, WINDOW)
    assert parted[0].note == "given out in parts (MIG)"
    (part,) = device_gauges(replace(GPU, parent="GPU-x", part=0, utilization=None), None, WINDOW)
    assert part.label == "GPU1:0 mem"
    silent = by_label(device_gauges(replace(GPU, power=None), None, FULL, own=True))
    assert silent["GPU1 W"].note == "not told by this board"


def test_the_table_of_who_is_on_a_gpu() -> None:
    """The largest first; names, users, figures, and why a name is missing."""
    holders = [
        GpuHolder("GPU-12345678-aaaa", 1, 41, GIB, 0.2, user="bob", command="python"),
        GpuHolder("GPU-12345678-aaaa", 1, 42, 40 * GIB, 0.7, container="mltui-mnist", run_id="abc", user="ann",
                  command="python train.py"),
        GpuHolder("GPU-12345678-aaaa", 1, 43, None, problem="hidden"),
    ]  # fmt: skip
    lines = holder_lines(holders, [GPU], 120, "abc")
    shown = text(lines)
    rows = shown.splitlines()[3:6]
    assert rows[0].split() == [
        "1",
        "40.0",
        "GiB",
        "50",
        "%",
        "70",
        "%",
        "mltui-mnist",
        "ann",
        "python",
        "train.py",
        "42",
    ]
    assert "no container" in rows[1]
    assert "– hidden (process 43)" in rows[2]
    assert "nobody" in text(holder_lines([], [GPU], 120))
    assert holder_lines([], [], 120) == []


def test_what_a_container_holds_of_gpus() -> None:
    """All its processes on all its GPUs together; processes in no container are nobody's."""
    other = replace(GPU, index=0, uuid="GPU-other")
    holders = [
        GpuHolder(GPU.uuid, 1, 41, GIB, container_id="c1"), GpuHolder(other.uuid, 0, 42, 2 * GIB, container_id="c1"),
        GpuHolder(other.uuid, 0, 43, None, container_id="c2"), GpuHolder(other.uuid, 0, 44, GIB),
    ]  # fmt: skip
    assert held_by_container(holders, [other, GPU]) == {"c1": "GPU 0,1 3.00 GiB", "c2": "GPU 0 –"}


def test_the_details_of_a_gpu() -> None:
    """What it does not tell is left out; a link slower than it could be says so."""
    told = DeviceDetails(
        clock=1980, clock_max=1980, slowed_by=("power cap",), fan=0.3, pcie_generation=5, pcie_width=8,
        pcie_width_max=16, pcie_rx=1024.0, pcie_tx=0.0, ecc_volatile=0, ecc_aggregate=2, performance_state=0,
    )  # fmt: skip
    shown = text(detail_lines([replace(GPU, details=told)], 200))
    for said in ("clock 1980/1980 MHz", "slowed by power cap", "fan 30 %", "PCIe 5x8 of x16 ↓1.00 KiB/s ↑0 B/s", "P0",
                 "ECC errors 0 now, 2 ever"):  # fmt: skip
        assert said in shown
    assert "NVLink" not in shown
    assert detail_lines([GPU], 200) == []
