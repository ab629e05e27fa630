"""Samples of the machine, its GPUs and the running containers, at a period, with a short history of each."""

from __future__ import annotations

import contextlib
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from mltui.domain.container import Usage
from mltui.domain.device import DeviceSample, HostSample
from mltui.domain.errors import MltuiError
from mltui.domain.text import one_line
from mltui.engines.base import ReportsUsage

if TYPE_CHECKING:
    from mltui.engines.base import Engine
    from mltui.monitors.base import DeviceMonitor

#: Five minutes at one sample a second.
HISTORY = 300


class Sampler:
    """Polls in a thread of its own; ``version`` grows with every pass.

    ``sources`` gives the engines and their running containers, asked anew for each pass.
    """

    def __init__(
        self,
        sources: Callable[[], Iterable[tuple[Engine, tuple[str, ...]]]],
        host: Callable[[], HostSample],
        monitors: Callable[[], tuple[DeviceMonitor, ...]],
    ) -> None:
        self.usage: dict[str, Usage] = {}
        self.usage_history: dict[str, deque[Usage]] = {}
        self.devices: tuple[DeviceSample, ...] = ()
        self.device_history: dict[str, deque[DeviceSample]] = {}
        self.host: HostSample | None = None
        self.host_history: deque[HostSample] = deque(maxlen=HISTORY)
        self.version = 0
        self.period = 1.0
        """Seconds from one pass to the next."""
        self.error = ""
        """What could not be sampled in the last pass, and why; empty when all was."""
        self._sources = sources
        self._read_host = host
        self._make_monitors = monitors
        self._monitors: tuple[DeviceMonitor, ...] | None = None
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._run, name="sampler", daemon=True)

    def start(self) -> None:
        """Begin to sample."""
        self._thread.start()

    def close(self) -> None:
        """Stop; returns at once."""
        self._closed.set()

    def _run(self) -> None:
        while not self._closed.is_set():
            began = time.monotonic()
            errors = [self._trying(self._sample_host), self._trying(self._sample_containers)]
            errors.append(self._trying(self._sample_devices))
            self.error = next(filter(None, errors), "")
            self.version += 1
            self._closed.wait(max(0.05, self.period - (time.monotonic() - began)))
        for monitor in self._monitors or ():
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
        self.host_history.append(self.host)

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
            self.usage_history.setdefault(container, deque(maxlen=HISTORY)).append(now)

    def _sample_devices(self) -> None:
        if self._monitors is None:
            self._monitors = self._make_monitors()
        self.devices = tuple(sample for monitor in self._monitors for sample in monitor.sample())
        for sample in self.devices:
            self.device_history.setdefault(sample.uuid, deque(maxlen=HISTORY)).append(sample)
