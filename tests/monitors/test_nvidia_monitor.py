"""GPUs through pynvml against the simulated driver, faults included."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from threading import Event, Thread
from types import SimpleNamespace

import pytest

from mltui.domain.device import NO_DETAILS
from mltui.monitors import nvidia
from mltui.monitors.base import DeviceMonitor, ListsDeviceProcesses
from mltui.monitors.nvidia import NvidiaMonitor
from tests.support.nvml.simulated import board, part, write


@pytest.fixture
def monitor(driver: Path) -> Iterator[NvidiaMonitor]:
    monitor = NvidiaMonitor()
    yield monitor
    monitor.close()


def test_a_sample_carries_every_value_in_its_unit(monitor: NvidiaMonitor) -> None:
    """Shares from 0 to 1, bytes, degrees, watts; the driver's reserve is not counted as used."""
    assert monitor.probe() is None
    _, second = monitor.sample()
    assert (second.index, second.uuid, second.name) == (1, board(1)["uuid"], "NVIDIA H100 80GB HBM3")
    assert second.utilization == 0.1
    assert (second.memory_used, second.memory_total) == (2 << 30, 80 << 30)
    assert (second.temperature, second.temperature_limit) == (41, 87)
    assert (second.power, second.power_limit) == (101.0, 700.0)
    assert second.error == ""


def test_details_carry_their_units(monitor: NvidiaMonitor, driver: Path) -> None:
    """MHz, shares, bytes a second, words."""
    write(
        driver,
        {**board(0), "reasons": 0x1 | 0x4 | 0x20, "pcie_rx": 2048, "pcie_tx": 1024, "enc": 50, "compute_mode": 3},
    )
    now = monitor.sample()[0].details
    assert (now.clock, now.clock_max, now.memory_clock, now.memory_clock_max) == (1980, 1980, 2619, 2619)
    assert now.slowed_by == ("power cap", "thermal slowdown")
    assert (now.performance_state, now.fan, now.encoder, now.decoder) == (0, 0.3, 0.5, 0)
    assert (now.pcie_rx, now.pcie_tx) == (2 << 20, 1 << 20)
    assert (now.pcie_generation, now.pcie_width, now.pcie_width_max) == (5, 16, 16)
    assert (now.ecc_volatile, now.ecc_aggregate, now.compute_mode) == (0, 0, "exclusive process")


def test_a_board_that_tells_nothing_more_has_no_details(monitor: NvidiaMonitor, driver: Path) -> None:
    """Each is None, and what every board tells is there."""
    write(driver, {"name": "T4", "uuid": "GPU-t4", "mem_total": 16 << 30, "mem_used": 0, "util": 5})
    (sample,) = monitor.sample()
    assert sample.details == NO_DETAILS
    assert (sample.utilization, sample.partitioned, sample.error) == (0.05, None, "")


def test_those_who_need_no_details_do_not_ask_for_them(driver: Path) -> None:
    """A supervisor that samples its run pays for what it keeps alone."""
    monitor = NvidiaMonitor(details=False)
    assert [(one.power, one.details) for one in monitor.sample()] == [(100.0, NO_DETAILS), (101.0, NO_DETAILS)]
    monitor.close()


def test_nvlink_traffic_is_a_rate_of_its_counters(
    monitor: NvidiaMonitor, driver: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Bytes a second since the pass before; the first pass has none."""
    clock = iter([100.0, 102.0])
    # That module's clock alone: other threads of the tests look at theirs.
    monkeypatch.setattr(nvidia, "time", SimpleNamespace(time=lambda: next(clock), monotonic=time.monotonic))
    write(driver, {**board(0), "nvlink_rx": 1000, "nvlink_tx": 500})
    assert monitor.sample()[0].details.nvlink_rx is None
    write(driver, {**board(0), "nvlink_rx": 3000, "nvlink_tx": 500})
    now = monitor.sample()[0].details
    assert (now.nvlink_rx, now.nvlink_tx) == (1000 * 1024, 0)


def test_what_seldom_changes_is_asked_for_seldom(monitor: NvidiaMonitor, driver: Path) -> None:
    """It stands in between, and is new again after a few passes."""
    monitor.sample()
    write(driver, {**board(0), "fan": 90, "sm_clock": 600}, board(1))
    second = monitor.sample()[0].details
    assert (second.fan, second.clock) == (0.3, 600)
    assert 0.9 in [monitor.sample()[0].details.fan for _ in range(6)]


def test_traffic_is_asked_of_one_board_at_a_time(monitor: NvidiaMonitor) -> None:
    """NVML measures for 40 ms; each board has its turn."""
    first = monitor.sample()
    assert [one.details.pcie_rx for one in first] == [0, None]
    monitor.sample()
    assert [one.details.pcie_tx for one in monitor.sample()] == [0, 2000 * 1024]


def test_parts_of_a_gpu_are_devices_of_their_own(monitor: NvidiaMonitor, driver: Path) -> None:
    """Each MIG instance has its UUID and its memory, and its processes are counted once."""
    parts = {"0:0": part(0, 0), "0:2": {**part(0, 2), "procs": "77:1000"}}
    write(driver, {**board(0), "mig": 1, "procs": "77:1000"}, board(1), parts=parts)
    whole, first, second, other = monitor.sample()
    assert [one.number for one in (whole, first, second, other)] == ["0", "0:0", "0:2", "1"]
    assert (whole.partitioned, other.partitioned) == (True, False)
    assert (second.uuid, second.parent) == (part(0, 2)["uuid"], board(0)["uuid"])
    assert (second.memory_used, second.memory_total, second.utilization) == (3 << 28, 10 << 30, None)
    assert [(one.uuid, one.pid) for one in monitor.processes()] == [(part(0, 2)["uuid"], 77)]


def test_parts_are_looked_for_again(monitor: NvidiaMonitor, driver: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """MIG may be set up while mltui runs."""
    monkeypatch.setattr(nvidia, "_STOCK", 0.0)
    assert len(monitor.sample()) == 2
    write(driver, {**board(0), "mig": 1}, board(1), parts={"0:0": part(0, 0)})
    assert [one.number for one in monitor.sample()] == ["0", "0:0", "1"]


def test_parts_of_a_lost_gpu_are_lost_with_it(monitor: NvidiaMonitor, driver: Path) -> None:
    """They are shown with the reason, as long as the driver says that it is lost."""
    parts = {"0:0": part(0, 0)}
    write(driver, {**board(0), "mig": 1}, parts=parts)
    assert len(monitor.sample()) == 2
    write(driver, {**board(0), "mig": 1, "error": 15}, parts={"0:0": {**part(0, 0), "error": 15}})
    assert [one.error for one in monitor.sample()] == ["GPU is lost"] * 2


def test_a_driver_that_was_updated_says_what_to_do(monitor: NvidiaMonitor, driver: Path) -> None:
    """NVML's own words are of no help there."""
    monitor.sample()
    write(driver, board(0), error=18)
    assert {one.error for one in monitor.sample()} == {
        "the driver was updated and the old one still runs: restart the machine, or load its module anew"
    }


def test_the_share_of_each_process(monitor: NvidiaMonitor, driver: Path) -> None:
    """Of the GPU's time, from the newest sample; nothing where there is no new one, or the board does not sample."""
    now = int(time.time() * 1e6)
    samples = f"41:10:{now},41:60:{now + 5},42:30:{now},43:90:{now - 60_000_000}"
    write(driver, {**board(0), "procs": "41:1000,42:500,43:500", "proc_util": samples})
    assert [one.utilization for one in monitor.processes()] == [0.6, 0.3, None]
    write(driver, {**board(0), "procs": "41:1000"})
    assert [one.utilization for one in monitor.processes()] == [None]


def test_samples_of_one_pass_share_one_time(monitor: NvidiaMonitor) -> None:
    """GPUs can be compared at an instant."""
    assert len({sample.time for sample in monitor.sample()}) == 1


@pytest.mark.parametrize(
    ("key", "field"),
    [("util", "utilization"), ("mem_used", "memory_used"), ("temp", "temperature"), ("slowdown", "temperature_limit"),
     ("power", "power"), ("limit", "power_limit")],
)  # fmt: skip
def test_a_value_the_board_does_not_give_is_none_and_the_rest_stays(
    monitor: NvidiaMonitor, driver: Path, key: str, field: str
) -> None:
    """One missing reading takes no other with it."""
    write(driver, {**board(0), key: None})
    (sample,) = monitor.sample()
    assert getattr(sample, field) is None
    assert sample.error == ""
    values = (sample.utilization, sample.memory_total, sample.power, sample.power_limit, sample.temperature)
    assert sum(value is not None for value in values) >= 3


def test_an_old_driver_is_asked_by_the_old_call(monitor: NvidiaMonitor, driver: Path) -> None:
    """Without the second version of the memory call, used memory contains the reserve."""
    write(driver, {**board(0), "v1": 1})
    (sample,) = monitor.sample()
    assert sample.memory_used == (1 << 30) + (512 << 20)


def test_the_slowdown_temperature_is_found_from_the_margin(monitor: NvidiaMonitor, driver: Path) -> None:
    """Newer boards say how many degrees are left instead of the threshold."""
    write(driver, {**board(0), "slowdown": None, "temp": 60, "margin": 27})
    assert monitor.sample()[0].temperature_limit == 87


def test_a_lost_gpu_is_shown_beside_the_others_and_comes_back(monitor: NvidiaMonitor, driver: Path) -> None:
    """It keeps its name and UUID, says why it is silent, and is read again when it answers."""
    assert all(sample.error == "" for sample in monitor.sample())
    write(driver, board(0), {**board(1), "error": 15})
    first, lost = monitor.sample()
    assert first.error == ""
    assert first.power == 100.0
    assert (lost.error, lost.uuid, lost.power) == ("GPU is lost", board(1)["uuid"], None)
    write(driver, board(0), board(1))
    assert monitor.sample()[1].power == 101.0


def test_a_gpu_lost_from_the_beginning_is_counted(monitor: NvidiaMonitor, driver: Path) -> None:
    """It has a place and an error, and its name as soon as it answers."""
    write(driver, {**board(0), "error": 15}, board(1))
    assert monitor.probe() is None
    assert [sample.error for sample in monitor.sample()] == ["GPU is lost", ""]
    write(driver, board(0), board(1))
    assert monitor.sample()[0].name == "NVIDIA H100 80GB HBM3"


def test_a_driver_that_goes_away_and_returns(
    monitor: NvidiaMonitor, driver: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Meanwhile every known GPU is shown with the reason; then all are read again."""
    monkeypatch.setattr(nvidia, "_BACKOFF", (0.0,))
    assert len(monitor.sample()) == 2
    driver.rename(driver.with_suffix(".away"))
    for _ in range(2):
        assert [sample.error for sample in monitor.sample()] == ["driver not loaded"] * 2
    driver.with_suffix(".away").rename(driver)
    assert [sample.error for sample in monitor.sample()] == ["", ""]


def test_a_driver_that_is_away_is_not_asked_all_the_time(
    monitor: NvidiaMonitor, driver: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Until the wait is over no second try is made, so the error stays."""
    monkeypatch.setattr(nvidia, "_BACKOFF", (1000.0,))
    monitor.sample()
    driver.rename(driver.with_suffix(".away"))
    monitor.sample()
    driver.with_suffix(".away").rename(driver)
    assert monitor.sample()[0].error != ""


def test_gpus_added_and_taken_away_are_followed(monitor: NvidiaMonitor, driver: Path) -> None:
    """The number of GPUs may change while mltui runs."""
    for count in (2, 3, 1):
        write(driver, *map(board, range(count)))
        assert [sample.index for sample in monitor.sample()] == list(range(count))


def test_no_gpu_is_said_once_in_one_sentence(monitor: NvidiaMonitor, driver: Path) -> None:
    """A driver without a GPU, and a driver that is not loaded, are reasons and no errors."""
    write(driver)
    assert monitor.probe() == "No NVIDIA GPU found: the driver finds none."
    assert monitor.sample() == ()
    write(driver, board(0), error=9)
    assert monitor.probe() == "No NVIDIA GPU found: driver not loaded."
    assert monitor.sample() == ()


def test_a_machine_without_the_library_has_no_gpu() -> None:
    """In a process of its own, where no library was loaded before."""
    code = (
        "from mltui.monitors.nvidia import NvidiaMonitor\n"
        "m = NvidiaMonitor(); print(m.probe()); print(m.sample(), m.processes())"
    )
    environment = {name: value for name, value in os.environ.items() if name != "LD_LIBRARY_PATH"}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    reason, nothing = done.stdout.splitlines()
    if reason == "None":
        pytest.skip("this machine has an NVIDIA driver")
    assert reason.startswith("No NVIDIA GPU found: ")
    assert nothing == "() ()"


def test_the_library_is_found_where_the_loader_looks(nvml_library: Path, driver: Path) -> None:
    """A fresh process finds the driver's library by its own name."""
    code = "from mltui.monitors.nvidia import NvidiaMonitor as M\nprint(len(M().sample()))"
    environment = {**os.environ, "LD_LIBRARY_PATH": str(nvml_library.parent), "SIMULATED_NVML": str(driver)}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout == "2\n"


def test_processes_are_named_once_with_their_memory(monitor: NvidiaMonitor, driver: Path) -> None:
    """A process that computes and draws is one; unknown memory is None."""
    write(driver, {**board(0), "procs": "41:1000,42:na", "graphics": "41:1000,43:500"}, board(1))
    found = [(one.index, one.uuid == board(0)["uuid"], one.pid, one.memory_used) for one in monitor.processes()]
    assert found == [(0, True, 41, 1000.0), (0, True, 42, None), (0, True, 43, 500.0)]
    assert [one.pid for one in monitor.processes() if one.draws_only] == [43]


def test_processes_of_a_lost_gpu_are_none(monitor: NvidiaMonitor, driver: Path) -> None:
    """Asking who uses the GPUs never fails."""
    write(driver, {**board(0), "error": 15, "procs": "41:1000"}, {**board(1), "procs": "42:7"})
    assert [one.pid for one in monitor.processes()] == [42]


def test_a_name_cannot_steer_the_terminal(monitor: NvidiaMonitor, driver: Path) -> None:
    """Names pass the same cleaning as every text from outside."""
    write(driver, {**board(0), "name": "H100\x1b]0;owned\x07 \x1b[31mred"})
    assert monitor.sample()[0].name == "H100 red"


def test_close_from_another_thread_ends_a_slow_pass(monitor: NvidiaMonitor, driver: Path) -> None:
    """Closing does not wait for a slow driver; the pass ends whole and later ones are empty."""
    write(driver, {**board(0), "sleep_us": 20_000}, {**board(1), "sleep_us": 20_000})
    assert len(monitor.sample()) == 2
    begun, passes = Event(), []

    def keep_sampling() -> None:
        while passes[-1:] != [0]:
            begun.set()
            passes.append(len(monitor.sample()))

    sampler = Thread(target=keep_sampling)
    sampler.start()
    begun.wait(10)
    monitor.close()
    sampler.join(10)
    assert not sampler.is_alive()
    assert set(passes) <= {2, 0}
    assert monitor.sample() == ()
    monitor.close()


def test_many_threads_may_ask_while_the_driver_changes(monitor: NvidiaMonitor, driver: Path) -> None:
    """Every pass is whole: as many samples as there are GPUs, no error in any thread."""
    wrong: list[object] = []

    def ask() -> None:
        try:
            for _ in range(100):
                if len(monitor.sample()) != 2:
                    wrong.append("half a pass")
        except Exception as error:
            wrong.append(error)

    threads = [Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for number in range(50):
        write(driver, {**board(0), "util": number}, board(1))
    for thread in threads:
        thread.join()
    assert wrong == []


def test_the_monitor_meets_its_protocols(monitor: NvidiaMonitor) -> None:
    """What the sampler relies on is there."""
    assert isinstance(monitor, DeviceMonitor)
    assert isinstance(monitor, ListsDeviceProcesses)
