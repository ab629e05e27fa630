"""NVIDIA GPUs through NVML, the library of the driver that ``nvidia-smi`` asks too.

A board answers what it can: each value that it does not give is ``None``. A GPU that fell off the bus is shown with
its error beside the others. When the driver goes away (an update, a reset) the known GPUs are shown with that error
and the driver is asked again, rarely.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, replace
from threading import Lock
from typing import Any, TypeAlias, TypeVar

from mltui.domain.device import DeviceProcess, DeviceSample
from mltui.domain.text import one_line

T = TypeVar("T")
#: A GPU's handle as the binding gives it: an opaque pointer.
Handle: TypeAlias = object

# Seconds between two tries to reach a driver that went away.
_BACKOFF = (1.0, 2.0, 5.0, 10.0, 30.0)
_NAME_LENGTH = 64


@dataclass(frozen=True)
class _Board:
    """What does not change of one GPU."""

    index: int
    handle: Handle | None = None
    uuid: str = ""
    name: str = ""
    slowdown: float | None = None
    """Degrees Celsius."""


class _DriverGone(Exception):
    """The driver no longer answers; everything has to be opened again."""


class NvidiaMonitor:
    """Watches this machine's NVIDIA GPUs."""

    name = "nvidia"

    def __init__(self) -> None:
        self._lock = Lock()
        self._open = False
        self._closed = False
        self._boards: tuple[_Board, ...] = ()
        self._problem = ""
        self._tries = 0
        self._next_try = 0.0

    def probe(self) -> str | None:
        """``None`` with a GPU to watch, else why there is none."""
        with self._lock:
            self._next_try = 0.0
            self._reach()
            return None if self._open and self._boards else f"No NVIDIA GPU found: {self._problem}."

    def sample(self) -> tuple[DeviceSample, ...]:
        """All GPUs at one time."""
        now = time.time()
        return self._with_driver(
            lambda board: _sample(board, now),
            lambda board, problem: DeviceSample(now, board.index, board.uuid, board.name, error=problem),
        )

    def processes(self) -> tuple[DeviceProcess, ...]:
        """Who holds memory on which GPU; a process that computes and draws is named once."""
        found = self._with_driver(_processes, lambda board, problem: ())
        return tuple(process for of_board in found for process in of_board)

    def close(self) -> None:
        """Let go of the driver; a pass that is going on in another thread ends first, without being waited for."""
        self._closed = True
        if self._lock.acquire(blocking=False):
            try:
                self._disconnect()
            finally:
                self._lock.release()

    def _with_driver(self, read: Callable[[_Board], T], failed: Callable[[_Board, str], T]) -> tuple[T, ...]:
        """``read`` of every board; ``failed`` of those that cannot be read, of all when the driver is gone."""
        with self._lock:
            try:
                self._reach()
                if self._open:
                    return tuple(_read(board, read, failed) for board in self._boards)
            except _DriverGone as gone:
                self._lose(str(gone))
            finally:
                if self._closed:
                    self._disconnect()
            return tuple(failed(board, self._problem) for board in self._boards)

    def _reach(self) -> None:
        """Have the driver open, and the boards it has now; what keeps it from that is left as the problem."""
        import pynvml

        if self._closed or time.monotonic() < self._next_try:
            return
        try:
            if not self._open:
                pynvml.nvmlInit()
                self._open = True
                self._take_stock(_count())
            elif (count := _count()) != len(self._boards):
                self._take_stock(count)
        except pynvml.NVMLError as error:
            self._lose(_said(error))
        except _DriverGone as gone:
            self._lose(str(gone))

    def _take_stock(self, count: int) -> None:
        self._boards = _boards(count, self._boards)
        self._problem = "" if self._boards else "the driver finds none"
        self._tries, self._next_try = 0, 0.0

    def _lose(self, problem: str) -> None:
        self._disconnect()
        self._problem = problem
        self._next_try = time.monotonic() + _BACKOFF[min(self._tries, len(_BACKOFF) - 1)]
        self._tries += 1

    def _disconnect(self) -> None:
        if self._closed:
            self._boards = ()
        if self._open:
            import pynvml

            self._open = False
            with suppress(pynvml.NVMLError):
                pynvml.nvmlShutdown()


def _said(error: Exception) -> str:
    """NVML's own words for an error, without its capitals: ``Driver Not Loaded`` → ``driver not loaded``."""
    return " ".join(word.lower() if word.istitle() else word for word in one_line(str(error), 80).split())


def _ask(call: Callable[..., T], *arguments: object) -> T | None:
    """What NVML answers; ``None`` for what this board or driver does not know.

    Raises NVML's error where the GPU is lost, ``_DriverGone`` where the driver is.
    """
    import pynvml

    try:
        return call(*arguments)
    except pynvml.NVMLLibraryMismatchError:
        return None
    except pynvml.NVMLError as error:
        gone = (
            pynvml.NVML_ERROR_UNINITIALIZED, pynvml.NVML_ERROR_DRIVER_NOT_LOADED,
            pynvml.NVML_ERROR_LIB_RM_VERSION_MISMATCH,
        )  # fmt: skip
        if error.value in gone:
            raise _DriverGone(_said(error)) from error
        if error.value in (pynvml.NVML_ERROR_GPU_IS_LOST, pynvml.NVML_ERROR_RESET_REQUIRED):
            raise
        return None


def _read(board: _Board, read: Callable[[_Board], T], failed: Callable[[_Board, str], T]) -> T:
    import pynvml

    try:
        return read(board)
    except pynvml.NVMLError as error:
        return failed(board, _said(error))


def _count() -> int:
    """How many GPUs the driver has. A driver that cannot even say that is gone: NVML's error is passed on."""
    import pynvml

    return int(pynvml.nvmlDeviceGetCount())


def _boards(count: int, known: tuple[_Board, ...]) -> tuple[_Board, ...]:
    """Every GPU the driver counts; one that is lost keeps what was known of it."""
    before = {board.index: board for board in known}
    return tuple(_read(before.get(index, _Board(index)), _board, _keep) for index in range(count))


def _keep(board: _Board, _problem: str) -> _Board:
    return board


def _board(known: _Board) -> _Board:
    import pynvml

    handle = _ask(pynvml.nvmlDeviceGetHandleByIndex, known.index)
    uuid = one_line(str(_ask(pynvml.nvmlDeviceGetUUID, handle) or ""), _NAME_LENGTH)
    name = one_line(str(_ask(pynvml.nvmlDeviceGetName, handle) or ""), _NAME_LENGTH)
    slowdown = _ask(pynvml.nvmlDeviceGetTemperatureThreshold, handle, pynvml.NVML_TEMPERATURE_THRESHOLD_SLOWDOWN)
    return replace(known, handle=handle, uuid=uuid, name=name, slowdown=_number(slowdown))


def _sample(board: _Board, now: float) -> DeviceSample:
    import pynvml

    # A handle that could not be had when the boards were counted is asked for again.
    board = board if board.handle is not None else _board(board)
    handle = board.handle
    rates = _ask(pynvml.nvmlDeviceGetUtilizationRates, handle)
    used, total = _memory(handle)
    temperature = _temperature(handle)
    return DeviceSample(
        time=now, index=board.index, uuid=board.uuid, name=board.name,
        utilization=rates.gpu / 100 if rates is not None else None,
        memory_used=used, memory_total=total,
        temperature=temperature, temperature_limit=_slowdown(board, temperature),
        power=_number(_ask(pynvml.nvmlDeviceGetPowerUsage, handle), 1e-3),
        power_limit=_number(_ask(pynvml.nvmlDeviceGetEnforcedPowerLimit, handle), 1e-3),
    )  # fmt: skip


def _number(value: float | None, unit: float = 1.0) -> float | None:
    return None if value is None else value * unit


def _memory(handle: Handle) -> tuple[float | None, float | None]:
    """Bytes used and in all. The second version of the call leaves the driver's reserve out of what is used."""
    import pynvml

    memory = _ask(pynvml.nvmlDeviceGetMemoryInfo, handle, pynvml.nvmlMemory_v2)
    memory = memory or _ask(pynvml.nvmlDeviceGetMemoryInfo, handle)
    return (float(memory.used), float(memory.total)) if memory else (None, None)


def _temperature(handle: Handle) -> float | None:
    """Degrees Celsius; by the newer call where binding and driver have it."""
    import pynvml

    newer = getattr(pynvml, "nvmlDeviceGetTemperatureV", None)
    value = _ask(newer, handle, pynvml.NVML_TEMPERATURE_GPU) if newer else None
    return _number(value if value is not None else _ask(pynvml.nvmlDeviceGetTemperature, handle, 0))


def _slowdown(board: _Board, temperature: float | None) -> float | None:
    """Degrees at which the board slows down; newer boards say only how far away that is."""
    import pynvml

    margin_call = getattr(pynvml, "nvmlDeviceGetMarginTemperature", None)
    if board.slowdown is not None or temperature is None or margin_call is None:
        return board.slowdown
    margin = _ask(margin_call, board.handle)
    return None if margin is None else temperature + margin


def _processes(board: _Board) -> tuple[DeviceProcess, ...]:
    import pynvml

    computing = _memory_by_pid(pynvml.nvmlDeviceGetComputeRunningProcesses, board)
    drawing = _memory_by_pid(pynvml.nvmlDeviceGetGraphicsRunningProcesses, board)
    return tuple(
        DeviceProcess(board.index, board.uuid, pid, memory, draws_only=pid not in computing)
        for pid, memory in sorted({**drawing, **computing}.items())
    )


def _memory_by_pid(call: Callable[..., Iterable[Any]], board: _Board) -> dict[int, float | None]:
    return {one.pid: _number(one.usedGpuMemory) for one in _ask(call, board.handle) or ()}
