"""GPUs of AMD through a simulated amdsmi."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from mltui.domain.device import DeviceDetails
from mltui.monitors.amd import AmdMonitor
from mltui.monitors.base import DeviceMonitor, ListsDeviceProcesses

FOLDER = Path(__file__).parents[1] / "support" / "amd"
MI300 = {
    "uuid": "c1ff74a1-0000-1000-80a8-4f2b6d3e5a10", "name": "AMD Instinct MI300X", "gfx": 91, "vram_used": 2048,
    "vram_total": 196608, "power": 412, "power_limit": 750, "temp": 61, "temp_limit": 100, "clk": 2100,
    "clk_max": 2100, "ecc": 0, "processes": {"42": 1 << 30, "7": 5, "8": 0},
}  # fmt: skip

Write = Callable[..., None]


@pytest.fixture
def gpus(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Write]:
    """Says which GPUs there are from now on."""
    path = tmp_path / "gpus.json"
    monkeypatch.syspath_prepend(str(FOLDER))
    monkeypatch.setenv("SIMULATED_AMDSMI", str(path))

    def write(*boards: dict[str, object]) -> None:
        path.write_text(json.dumps({"gpus": boards}))

    yield write
    sys.modules.pop("amdsmi", None)


@pytest.fixture
def monitor(gpus: Write) -> Iterator[AmdMonitor]:
    """A monitor of one board."""
    gpus(MI300)
    monitor = AmdMonitor()
    assert monitor.probe() is None
    yield monitor
    monitor.close()


def test_a_sample_carries_every_value_in_its_unit(monitor: AmdMonitor) -> None:
    """Shares, bytes, degrees, watts, MHz."""
    (now,) = monitor.sample()
    assert (now.index, now.uuid, now.name) == (0, MI300["uuid"], "AMD Instinct MI300X")
    assert now.utilization == pytest.approx(0.91)
    assert (now.memory_used, now.memory_total) == (2 << 30, 192 << 30)
    assert (now.temperature, now.temperature_limit, now.power, now.power_limit) == (61, 100, 412, 750)
    assert now.details == DeviceDetails(
        clock=2100, clock_max=2100, memory_clock=2100, memory_clock_max=2100, ecc_volatile=0
    )


@pytest.mark.parametrize(
    ("key", "field"), [("gfx", "utilization"), ("power", "power"), ("power_limit", "power_limit"),
                       ("temp", "temperature")],
)  # fmt: skip
def test_a_value_the_board_does_not_give_is_none(monitor: AmdMonitor, gpus: Write, key: str, field: str) -> None:
    """One missing reading takes no other with it."""
    gpus({name: value for name, value in MI300.items() if name != key})
    (now,) = monitor.sample()
    assert getattr(now, field) is None
    assert (now.error, now.memory_total) == ("", 192 << 30)


def test_other_releases_have_smaller_units(monitor: AmdMonitor, gpus: Write) -> None:
    """Thousandths of a degree and millionths of a watt."""
    gpus({**MI300, "temp": 61000, "power_limit": 750_000_000})
    (now,) = monitor.sample()
    assert (now.temperature, now.power_limit) == (61, 750)


def test_a_lost_gpu_is_shown_and_comes_back(monitor: AmdMonitor, gpus: Write) -> None:
    """It keeps its name, and says why it is silent."""
    gpus({**MI300, "lost": True})
    (now,) = monitor.sample()
    assert (now.name, now.error) == ("AMD Instinct MI300X", "AMDSMI_STATUS_NOT_FOUND - Device Not found")
    assert monitor.processes() == ()
    gpus(MI300)
    assert monitor.sample()[0].error == ""


def test_processes_that_hold_memory(monitor: AmdMonitor) -> None:
    """One that holds none is no holder."""
    assert [(one.pid, one.memory_used) for one in monitor.processes()] == [(7, 5), (42, 1 << 30)]


def test_without_gpu_or_driver(gpus: Write, tmp_path: Path) -> None:
    """Each is a reason and no error."""
    monitor = AmdMonitor()
    assert monitor.probe() == "No AMD GPU found: AMDSMI_STATUS_DRIVER_NOT_LOADED - Driver not loaded."
    gpus()
    assert monitor.probe() == "No AMD GPU found: the driver finds none."
    assert (monitor.sample(), monitor.processes()) == ((), ())


def test_without_the_library_there_is_nothing_to_watch(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is no dependency; one that cannot load its driver is a reason too."""
    monkeypatch.setitem(sys.modules, "amdsmi", None)
    assert AmdMonitor().probe() == "No AMD GPU found: the library amdsmi is not installed."


def test_a_closed_monitor_is_silent(monitor: AmdMonitor) -> None:
    """Twice closed too."""
    monitor.close()
    monitor.close()
    assert (monitor.sample(), monitor.processes()) == ((), ())
    assert isinstance(monitor, DeviceMonitor)
    assert isinstance(monitor, ListsDeviceProcesses)
