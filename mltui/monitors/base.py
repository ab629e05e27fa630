"""What a monitor is: it says what the machine's devices are doing, one kind of device each."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from mltui.domain.device import DeviceProcess, DeviceSample


@runtime_checkable
class DeviceMonitor(Protocol):
    """Watches the GPUs of one vendor. Calls may come from any thread, one at a time."""

    name: str

    def probe(self) -> str | None:
        """Why there is nothing to watch, in one sentence; ``None`` when there is."""

    def sample(self) -> tuple[DeviceSample, ...]:
        """All devices, with one time for the whole pass. Never raises: a device that cannot be read says so."""

    def close(self) -> None:
        """Let go of the driver, from any thread; later samples are empty. May be called more than once."""


@runtime_checkable
class ListsDeviceProcesses(Protocol):
    """A monitor that knows who uses its devices."""

    def processes(self) -> tuple[DeviceProcess, ...]:
        """The processes on all devices now. Never raises."""
