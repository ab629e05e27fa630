"""One NVIDIA GPU, or one part of it (MIG), asked through NVML. Units: NVML's reference, "Device Queries"."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any

from mltui.domain.container import rate
from mltui.domain.device import NO_DETAILS, DeviceDetails, DeviceProcess, DeviceSample
from mltui.domain.text import one_line
from mltui.monitors.nvml import Handle, ask, number

_NAME_LENGTH = 64
#: What lowers the clocks, by NVML's bits. A GPU that is idle has low clocks too, and nothing is wrong with it.
_SLOWED_BY = {
    0x2: "application clocks",
    0x4: "power cap",
    0x8: "hardware slowdown",
    0x10: "sync boost",
    0x20: "thermal slowdown",
    0x40: "hardware thermal slowdown",
    0x80: "power brake",
    0x100: "display clocks",
    0x200: "board limit",
    0x400: "reliability limit",
}
_COMPUTE_MODES = {0: "default", 1: "exclusive thread", 2: "prohibited", 3: "exclusive process"}
#: The field's scope that means all links together.
_ALL_LINKS = 0xFFFFFFFF
_KIB = 1024.0
#: How old a sample of a process may be: the driver takes several a second of one that computes.
_SAMPLES_S = 3.0


@dataclass(frozen=True)
class Board:
    """What seldom changes of one GPU."""

    index: int
    handle: Handle | None = None
    uuid: str = ""
    name: str = ""
    slowdown: float | None = None
    """Degrees Celsius."""
    partitioned: bool | None = None
    parent: str = ""
    part: int | None = None
    maximum: DeviceDetails = NO_DETAILS
    """What the board could do at most, and its compute mode."""

    def unread(self, now: float, problem: str) -> DeviceSample:
        """What is shown of it while it cannot be read."""
        return DeviceSample(now, self.index, self.uuid, self.name, error=problem, parent=self.parent, part=self.part)


class SlowFigures:
    """Figures of one GPU that cost much or seldom change: asked for now and then, and kept meanwhile."""

    def __init__(self) -> None:
        self._details = NO_DETAILS
        self._links: tuple[float, float | None, float | None] | None = None

    def read(self, board: Board, now: float, *, rare: bool, pcie: bool) -> DeviceDetails:
        """All details; ``rare`` asks for what seldom changes, ``pcie`` for traffic, which takes NVML 40 ms."""
        import pynvml

        handle, known = board.handle, self._details
        if rare:
            known = _rare(handle, board.maximum, known)
        if pcie:
            # Measured by the driver for 20 ms in each direction, while the call waits.
            known = replace(
                known, pcie_rx=_pcie_traffic(handle, pynvml.NVML_PCIE_UTIL_RX_BYTES),
                pcie_tx=_pcie_traffic(handle, pynvml.NVML_PCIE_UTIL_TX_BYTES),
            )  # fmt: skip
        rx, tx = self._link_rates(handle, now)
        self._details = known = replace(
            known, nvlink_rx=rx, nvlink_tx=tx, slowed_by=_slowed_by(handle),
            clock=number(ask(pynvml.nvmlDeviceGetClockInfo, handle, pynvml.NVML_CLOCK_SM)),
            memory_clock=number(ask(pynvml.nvmlDeviceGetClockInfo, handle, pynvml.NVML_CLOCK_MEM)),
        )  # fmt: skip
        return known

    def _link_rates(self, handle: Handle, now: float) -> tuple[float | None, float | None]:
        """Bytes a second received and sent over NVLink, from counters in KiB; mean since the last call."""
        received, sent = _link_counters(handle)
        before, self._links = self._links, (now, received, sent)
        if before is None:
            return None, None
        return rate(before[1], received, now - before[0]), rate(before[2], sent, now - before[0])


def _rare(handle: Handle, maximum: DeviceDetails, known: DeviceDetails) -> DeviceDetails:
    import pynvml

    encoder = ask(pynvml.nvmlDeviceGetEncoderUtilization, handle)
    decoder = ask(pynvml.nvmlDeviceGetDecoderUtilization, handle)
    errors = [
        ask(pynvml.nvmlDeviceGetTotalEccErrors, handle, pynvml.NVML_MEMORY_ERROR_TYPE_UNCORRECTED, counter)
        for counter in (pynvml.NVML_VOLATILE_ECC, pynvml.NVML_AGGREGATE_ECC)
    ]
    state = ask(pynvml.nvmlDeviceGetPerformanceState, handle)
    return replace(
        maximum, pcie_rx=known.pcie_rx, pcie_tx=known.pcie_tx,
        performance_state=state if state != pynvml.NVML_PSTATE_UNKNOWN else None,
        fan=number(ask(pynvml.nvmlDeviceGetFanSpeed, handle), 0.01),
        encoder=number(encoder[0] if encoder else None, 0.01), decoder=number(decoder[0] if decoder else None, 0.01),
        pcie_generation=ask(pynvml.nvmlDeviceGetCurrPcieLinkGeneration, handle),
        pcie_width=ask(pynvml.nvmlDeviceGetCurrPcieLinkWidth, handle), ecc_volatile=errors[0], ecc_aggregate=errors[1],
    )  # fmt: skip


def _pcie_traffic(handle: Handle, direction: int) -> float | None:
    """Bytes a second."""
    import pynvml

    return number(ask(pynvml.nvmlDeviceGetPcieThroughput, handle, direction), _KIB)


def _link_counters(handle: Handle) -> tuple[float | None, float | None]:
    """Bytes received and sent over all links since some moment; ``None`` for a board without such links."""
    import pynvml

    fields = [(pynvml.NVML_FI_DEV_NVLINK_THROUGHPUT_DATA_RX, _ALL_LINKS),
              (pynvml.NVML_FI_DEV_NVLINK_THROUGHPUT_DATA_TX, _ALL_LINKS)]  # fmt: skip
    values = ask(pynvml.nvmlDeviceGetFieldValues, handle, fields) or ()
    counts = [v.value.ullVal * _KIB if v.nvmlReturn == pynvml.NVML_SUCCESS else None for v in values]
    return (counts[0], counts[1]) if len(counts) == 2 else (None, None)


def _slowed_by(handle: Handle) -> tuple[str, ...]:
    import pynvml

    newer = getattr(pynvml, "nvmlDeviceGetCurrentClocksEventReasons", None)
    bits = ask(newer, handle) if newer else None
    if bits is None:
        bits = ask(pynvml.nvmlDeviceGetCurrentClocksThrottleReasons, handle)
    return tuple(word for bit, word in _SLOWED_BY.items() if bits and bits & bit)


def read_board(known: Board) -> Board:
    """What seldom changes, asked for."""
    import pynvml

    handle = ask(pynvml.nvmlDeviceGetHandleByIndex, known.index)
    slowdown = ask(pynvml.nvmlDeviceGetTemperatureThreshold, handle, pynvml.NVML_TEMPERATURE_THRESHOLD_SLOWDOWN)
    mode, use = ask(pynvml.nvmlDeviceGetMigMode, handle), ask(pynvml.nvmlDeviceGetComputeMode, handle)
    maximum = DeviceDetails(
        clock_max=number(ask(pynvml.nvmlDeviceGetMaxClockInfo, handle, pynvml.NVML_CLOCK_SM)),
        memory_clock_max=number(ask(pynvml.nvmlDeviceGetMaxClockInfo, handle, pynvml.NVML_CLOCK_MEM)),
        pcie_width_max=ask(pynvml.nvmlDeviceGetMaxPcieLinkWidth, handle),
        compute_mode=_COMPUTE_MODES.get(use if use is not None else -1, ""),
    )
    return replace(
        known, handle=handle, uuid=_text(pynvml.nvmlDeviceGetUUID, handle),
        name=_text(pynvml.nvmlDeviceGetName, handle), slowdown=number(slowdown),
        partitioned=bool(mode[0]) if mode else None, maximum=maximum,
    )  # fmt: skip


def read_parts(board: Board) -> tuple[Board, ...]:
    """The MIG instances of a GPU, each a device of its own; none where MIG is off."""
    import pynvml

    if not board.partitioned:
        return ()
    parts: list[Board] = []
    for number_ in range(ask(pynvml.nvmlDeviceGetMaxMigDeviceCount, board.handle) or 0):
        handle = ask(pynvml.nvmlDeviceGetMigDeviceHandleByIndex, board.handle, number_)
        if handle is not None:
            uuid, name = _text(pynvml.nvmlDeviceGetUUID, handle), _text(pynvml.nvmlDeviceGetName, handle)
            parts.append(Board(board.index, handle, uuid, name or board.name, parent=board.uuid, part=number_))
    return tuple(parts)


def _text(call: Callable[..., object], handle: Handle) -> str:
    return one_line(str(ask(call, handle) or ""), _NAME_LENGTH)


def read_sample(board: Board, now: float, details: DeviceDetails) -> DeviceSample:
    """A whole GPU now."""
    import pynvml

    handle = board.handle
    rates = ask(pynvml.nvmlDeviceGetUtilizationRates, handle)
    used, total = _memory(handle)
    temperature = _temperature(handle)
    return DeviceSample(
        time=now, index=board.index, uuid=board.uuid, name=board.name,
        utilization=rates.gpu / 100 if rates is not None else None,
        memory_used=used, memory_total=total,
        temperature=temperature, temperature_limit=_slowdown(board, temperature),
        power=number(ask(pynvml.nvmlDeviceGetPowerUsage, handle), 1e-3),
        power_limit=number(ask(pynvml.nvmlDeviceGetEnforcedPowerLimit, handle), 1e-3),
        partitioned=board.partitioned, details=details,
    )  # fmt: skip


def read_part(board: Board, now: float) -> DeviceSample:
    """A MIG instance now: it has memory of its own; what the whole GPU does is not told by part."""
    used, total = _memory(board.handle)
    return DeviceSample(
        time=now, index=board.index, uuid=board.uuid, name=board.name, memory_used=used, memory_total=total,
        parent=board.parent, part=board.part,
    )  # fmt: skip


def _memory(handle: Handle) -> tuple[float | None, float | None]:
    """Bytes used and in all. The second version of the call leaves the driver's reserve out of what is used."""
    import pynvml

    memory = ask(pynvml.nvmlDeviceGetMemoryInfo, handle, pynvml.nvmlMemory_v2)
    memory = memory or ask(pynvml.nvmlDeviceGetMemoryInfo, handle)
    return (float(memory.used), float(memory.total)) if memory else (None, None)


def _temperature(handle: Handle) -> float | None:
    """Degrees Celsius; by the newer call where binding and driver have it."""
    import pynvml

    newer = getattr(pynvml, "nvmlDeviceGetTemperatureV", None)
    value = ask(newer, handle, pynvml.NVML_TEMPERATURE_GPU) if newer else None
    return number(value if value is not None else ask(pynvml.nvmlDeviceGetTemperature, handle, 0))


def _slowdown(board: Board, temperature: float | None) -> float | None:
    """Degrees at which the board slows down; newer boards say only how far away that is."""
    import pynvml

    margin_call = getattr(pynvml, "nvmlDeviceGetMarginTemperature", None)
    if board.slowdown is not None or temperature is None or margin_call is None:
        return board.slowdown
    margin = ask(margin_call, board.handle)
    return None if margin is None else temperature + margin


def read_processes(board: Board, now: float) -> tuple[DeviceProcess, ...]:
    """Who holds memory on it; a process that computes and draws is named once."""
    import pynvml

    computing = _memory_by_pid(pynvml.nvmlDeviceGetComputeRunningProcesses, board)
    drawing = _memory_by_pid(pynvml.nvmlDeviceGetGraphicsRunningProcesses, board)
    used = {**drawing, **computing}
    shares = _shares(board, now) if used and board.part is None else {}
    return tuple(
        DeviceProcess(board.index, board.uuid, pid, memory, pid not in computing, shares.get(pid))
        for pid, memory in sorted(used.items())
    )


def _memory_by_pid(call: Callable[..., Iterable[Any]], board: Board) -> dict[int, float | None]:
    return {one.pid: number(one.usedGpuMemory) for one in ask(call, board.handle) or ()}


def _shares(board: Board, now: float) -> dict[int, float]:
    """Share of the GPU's time by process: the newest of the samples that the driver keeps of each."""
    import pynvml

    since = int((now - _SAMPLES_S) * 1e6)
    samples = ask(pynvml.nvmlDeviceGetProcessUtilization, board.handle, since) or ()
    newest = sorted(samples, key=lambda sample: int(sample.timeStamp))
    return {int(sample.pid): min(1.0, sample.smUtil / 100) for sample in newest}
