"""What a GPU and the machine report. A value that cannot be read is ``None`` and is shown as ``–``."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class DeviceSample:
    """One GPU at ``time`` (seconds since 1970)."""

    time: float
    index: int
    uuid: str
    name: str
    utilization: float | None = None
    """Share of the last period in which a kernel ran, 0 to 1."""
    memory_used: float | None = None
    """Bytes, reserved memory left out."""
    memory_total: float | None = None
    temperature: float | None = None
    """Degrees Celsius."""
    temperature_limit: float | None = None
    """Degrees Celsius at which it slows down."""
    power: float | None = None
    """Watts."""
    power_limit: float | None = None
    error: str = ""
    """Why it cannot be read, when it cannot (``GPU is lost``)."""


@dataclass(frozen=True, slots=True)
class DeviceProcess:
    """One process that holds memory on a GPU."""

    index: int
    """The GPU's number."""
    uuid: str
    pid: int
    memory_used: float | None = None
    """Bytes of GPU memory."""
    draws_only: bool = False
    """It draws on a screen and computes nothing there."""


@dataclass(frozen=True, slots=True)
class HostSample:
    """The machine at ``time`` (seconds since 1970)."""

    time: float
    cpu: float | None = None
    """Cores in use."""
    cpu_count: int = 1
    memory: float | None = None
    """Bytes in use: total less what is available."""
    memory_total: float | None = None
    disk_free: float | None = None
    """Bytes free where the runs are kept."""
    disk_total: float | None = None
    """Bytes that could be used there, without what is kept back for root."""
