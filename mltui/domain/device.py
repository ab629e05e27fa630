"""What a GPU and the machine report. A value that cannot be read is ``None`` and is shown as ``–``."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

#: A GPU may be named by the beginning of its UUID from so many characters on: ``GPU-`` and four more.
_NAME = 8


@dataclass(frozen=True, slots=True)
class DeviceDetails:
    """What more one GPU tells. Some of it is asked for less often than once a second, and then stands."""

    clock: float | None = None
    """MHz of the multiprocessors."""
    clock_max: float | None = None
    memory_clock: float | None = None
    """MHz of the memory."""
    memory_clock_max: float | None = None
    slowed_by: tuple[str, ...] = ()
    """Why its clocks are lower than they could be (``power cap``); being idle is none."""
    performance_state: int | None = None
    """0 is the fastest, 15 the slowest."""
    fan: float | None = None
    """Share of its full speed."""
    encoder: float | None = None
    """Share of the time in which the video encoder was at work."""
    decoder: float | None = None
    pcie_rx: float | None = None
    """Bytes a second that it received over PCIe."""
    pcie_tx: float | None = None
    pcie_generation: int | None = None
    pcie_width: int | None = None
    """Lanes."""
    pcie_width_max: int | None = None
    nvlink_rx: float | None = None
    """Bytes a second that it received over all its links to other GPUs."""
    nvlink_tx: float | None = None
    ecc_volatile: int | None = None
    """Memory errors that could not be corrected, since the driver was loaded."""
    ecc_aggregate: int | None = None
    """The same in the board's life."""
    compute_mode: str = ""
    """Who may compute on it: ``default``, ``exclusive process``, ``prohibited``; empty where not told."""


NO_DETAILS = DeviceDetails()


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
    parent: str = ""
    """UUID of the GPU of which this is a part (a MIG instance); empty for a whole GPU."""
    part: int | None = None
    """The part's number on its GPU."""
    partitioned: bool | None = None
    """The GPU is given out in parts (MIG is on): a program gets one of them, never the whole."""
    details: DeviceDetails = NO_DETAILS

    @property
    def number(self) -> str:
        """What it is called beside others: ``0``, and ``0:1`` for part 1 of GPU 0."""
        return str(self.index) if self.part is None else f"{self.index}:{self.part}"

    def is_among(self, gpus: Iterable[str]) -> bool:
        """It is one of ``gpus``: numbers, UUIDs or the beginning of one (``GPU-8932``), or ``all``."""
        return any(
            one in ("all", self.number, self.uuid) or (len(one) >= _NAME and self.uuid.startswith(one)) for one in gpus
        )


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
    utilization: float | None = None
    """Share of the GPU's time that it took lately, 0 to 1."""


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
