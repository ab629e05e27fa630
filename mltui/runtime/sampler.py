"""Samples of the machine, its GPUs and the running containers, at a period, with a short history of each."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from mltui.domain.container import Usage
from mltui.domain.device import DeviceProcess, DeviceSample, HostSample
from mltui.domain.errors import MltuiError
from mltui.domain.text import one_line
from mltui.engines.base import ReportsUsage
from mltui.monitors.base import ListsDeviceProcesses
from mltui.runtime.sample_history import SampleHistory

if TYPE_CHECKING:
    from mltui.engines.base import Engine
    from mltui.monitors.base import DeviceMonitor
    from mltui.runtime.gpu_holders import GpuHolder

#: Seconds after which a machine without a GPU is looked at again: a driver may have been loaded.
_LOOK_FOR_GPUS = 60.0
USAGE_FIGURES = (
    "cpu", "memory", "pids", "shm", "throttled", "net_rx_rate", "net_tx_rate", "disk_read_rate", "disk_write_rate",
)  # fmt: skip
DEVICE_FIGURES = ("utilization", "memory_used", "temperature", "power", "details.clock")
HOST_FIGURES = ("cpu", "memory", "disk_free")


class Sampler:
    """Polls in a thread of its own; ``version`` grows with every pass.

    ``sources`` gives the engines and their running containers, asked anew for each pass.
    """

    def __init__(
        self,
        sources: Callable[[], Iterable[tuple[Engine, tuple[str, ...]]]],
        host: Callable[[], HostSample],
        monitors: Callable[[], tuple[DeviceMonitor, ...]],
        holders: Callable[[tuple[DeviceProcess, ...]], tuple[GpuHolder, ...]] | None = None,
    ) -> None:
        """``monitors`` are made in the sampler's thread, ``holders`` names the processes on their devices."""
        self.usage: dict[str, Usage] = {}
        self.usage_history: dict[str, SampleHistory] = {}
        self.devices: tuple[DeviceSample, ...] = ()
        self.device_history: dict[str, SampleHistory] = {}
        self.holders: tuple[GpuHolder, ...] = ()
        """Who is on the GPUs."""
        self.host: HostSample | None = None
        self.host_history = SampleHistory(HOST_FIGURES)
        self.version = 0
        self.period = 1.0
        """Seconds from one pass to the next."""
        self.error = ""
        """What could not be sampled in the last pass, and why; empty when all was."""
        self._sources = sources
        self._read_host = host
        self._make_monitors = monitors
        self._name_holders = holders
        self._monitors: tuple[DeviceMonitor, ...] = ()
        self._look_for_gpus = 0.0
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._run, name="sampler", daemon=True)

    def start(self) -> None:
        """Begin to sample."""
        self._thread.start()

    def close(self) -> None:
        """Stop; returns at once."""
        self._closed.set()

    def device_past(self, device: DeviceSample) -> SampleHistory | None:
        """What is known of the past of a GPU."""
        return self.device_history.get(_key(device))

    def _run(self) -> None:
        while not self._closed.is_set():
            began = time.monotonic()
            errors = [self._trying(self._sample_host), self._trying(self._sample_containers)]
            errors.append(self._trying(self._sample_devices))
            self.error = next(filter(None, errors), "")
            self.version += 1
            self._closed.wait(max(0.05, self.period - (time.monotonic() - began)))
        for monitor in self._monitors:
            monitor.close()

    def _trying(self, sample: Callable[[], None]) -> str:
        """Take one kind of sample; one that fails disturbs neither the others nor the next pass."""
        try:
            sample()
        except Exception as error:
            return one_line(f"The machine cannot be sampled: {type(error).__name__}: {error}", 300)
        return ""

    def _sample_host(self) -> None:
        self.host = self._read_host()
        self.host_history.add(self.host)

    def _sample_containers(self) -> None:
        usage: dict[str, Usage] = {}
        for engine, running in self._sources():
            if isinstance(engine, ReportsUsage):
                with contextlib.suppress(MltuiError):
                    usage |= engine.usage(running)
        self.usage = usage
        for gone in self.usage_history.keys() - usage.keys():
            del self.usage_history[gone]
        for container, now in usage.items():
            history = self.usage_history.get(container)
            if history is None:
                history = self.usage_history[container] = SampleHistory(USAGE_FIGURES)
            history.add(now)

    def _sample_devices(self) -> None:
        now = time.monotonic()
        if not self._monitors and now >= self._look_for_gpus:
            self._monitors = self._make_monitors()
            self._look_for_gpus = now + _LOOK_FOR_GPUS
        self.devices = tuple(sample for monitor in self._monitors for sample in monitor.sample())
        for sample in self.devices:
            if _key(sample) not in self.device_history:
                self.device_history[_key(sample)] = SampleHistory(DEVICE_FIGURES)
            self.device_history[_key(sample)].add(sample)
        if self._name_holders:
            lists = (monitor for monitor in self._monitors if isinstance(monitor, ListsDeviceProcesses))
            self.holders = self._name_holders(tuple(process for one in lists for process in one.processes()))


def _key(device: DeviceSample) -> str:
    return device.uuid or device.number
