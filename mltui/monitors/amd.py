"""AMD GPUs through ``amdsmi``, the Python library of ROCm; there is nothing to watch where it is not installed.

Functions, fields and units: AMD SMI Python API reference. What a board does not tell is ``"N/A"`` or an error there,
and ``None`` here.
"""

from __future__ import annotations

import contextlib
import importlib
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from threading import Lock
from typing import Any

from mltui.domain.device import NO_DETAILS, DeviceDetails, DeviceProcess, DeviceSample
from mltui.domain.text import one_line

_NAME_LENGTH = 64
_MIB = 1024.0 * 1024
#: Above these a figure is in the smaller unit that other releases of the library give: thousandths of a degree,
#: millionths of a watt.
_HOTTEST, _STRONGEST = 500.0, 100_000.0


@dataclass(frozen=True)
class _Board:
    """What does not change of one GPU."""

    index: int
    handle: object
    uuid: str
    name: str
    hottest: float | None
    """Degrees Celsius at which it slows down."""


class AmdMonitor:
    """Watches this machine's AMD GPUs; without ``details`` nothing that only a person looks at is asked for."""

    name = "amd"

    def __init__(self, *, details: bool = True) -> None:
        self._with_details = details
        self._lock = Lock()
        self._library: Any = None
        self._boards: tuple[_Board, ...] = ()
        self._closed = False

    def probe(self) -> str | None:
        """``None`` with a GPU to watch, else why there is none."""
        with self._lock:
            problem = self._open()
        return f"No AMD GPU found: {problem}." if problem else None

    def sample(self) -> tuple[DeviceSample, ...]:
        """All GPUs at one time."""
        now = time.time()
        with self._lock:
            return tuple(self._sample(board, now) for board in self._boards)

    def processes(self) -> tuple[DeviceProcess, ...]:
        """Who holds memory on which GPU."""
        with self._lock:
            return tuple(process for board in self._boards for process in self._processes(board))

    def close(self) -> None:
        """Let go of the driver; a pass that is going on ends first."""
        with self._lock:
            self._closed, self._boards = True, ()
            if self._library is not None:
                with contextlib.suppress(Exception):
                    self._library.amdsmi_shut_down()
                self._library = None

    def _open(self) -> str:
        """Have the library open and the boards known; what keeps it from that."""
        if self._closed or self._boards:
            return "" if self._boards else "it is closed"
        try:
            library = importlib.import_module("amdsmi")
        except ImportError:
            return "the library amdsmi is not installed"
        except Exception as error:
            # It loads the driver's library while it is imported, and fails in ways of its own without that.
            return f"amdsmi cannot be loaded: {_said(error)}"
        try:
            library.amdsmi_init()
            self._library = library
            handles = library.amdsmi_get_processor_handles()
        except Exception as error:
            return _said(error)
        self._boards = tuple(self._board(index, handle) for index, handle in enumerate(handles))
        return "" if self._boards else "the driver finds none"

    def _board(self, index: int, handle: object) -> _Board:
        smi = self._library
        asic = self._ask(smi.amdsmi_get_gpu_asic_info, handle)
        return _Board(
            index, handle, one_line(str(self._ask(smi.amdsmi_get_gpu_device_uuid, handle) or ""), _NAME_LENGTH),
            one_line(str(_field(asic, "market_name") or "AMD GPU"), _NAME_LENGTH),
            self._temperature(handle, "CRITICAL"),
        )  # fmt: skip

    def _ask(self, call: Callable[..., Any], *arguments: object) -> Any:  # noqa: ANN401 - the library's own values
        """What the library answers; ``None`` for what this board or driver does not know."""
        try:
            return call(*arguments)
        except self._library.AmdSmiException:
            return None

    def _sample(self, board: _Board, now: float) -> DeviceSample:
        smi, handle = self._library, board.handle
        try:
            memory = smi.amdsmi_get_gpu_vram_usage(handle)
        except smi.AmdSmiException as error:
            return DeviceSample(now, board.index, board.uuid, board.name, error=_said(error))
        power = self._ask(smi.amdsmi_get_power_info, handle)
        drawn = next(filter(None, (_number(power, name) for name in _POWER)), None)
        limit = _number(power, "power_limit") or None
        return DeviceSample(
            now, board.index, board.uuid, board.name,
            utilization=_number(self._ask(smi.amdsmi_get_gpu_activity, handle), "gfx_activity", 0.01),
            memory_used=_number(memory, "vram_used", _MIB), memory_total=_number(memory, "vram_total", _MIB),
            temperature=self._temperature(handle, "CURRENT"), temperature_limit=board.hottest,
            power=drawn, power_limit=limit / 1e6 if limit and limit > _STRONGEST else limit,
            details=self._details(handle) if self._with_details else NO_DETAILS,
        )  # fmt: skip

    def _details(self, handle: object) -> DeviceDetails:
        smi = self._library
        core = self._ask(smi.amdsmi_get_clock_info, handle, smi.AmdSmiClkType.GFX)
        memory = self._ask(smi.amdsmi_get_clock_info, handle, smi.AmdSmiClkType.MEM)
        errors = self._ask(smi.amdsmi_get_gpu_total_ecc_count, handle)
        uncorrected = _number(errors, "uncorrectable_count")
        return DeviceDetails(
            clock=_clock(core), clock_max=_number(core, "max_clk"),
            memory_clock=_clock(memory), memory_clock_max=_number(memory, "max_clk"),
            ecc_volatile=None if uncorrected is None else int(uncorrected),
        )  # fmt: skip

    def _temperature(self, handle: object, metric: str) -> float | None:
        """Degrees Celsius of the hottest place, else of the edge: boards of a data centre tell only the first."""
        smi = self._library
        kinds = smi.AmdSmiTemperatureType
        for sensor in (kinds.HOTSPOT, kinds.EDGE):
            found = self._ask(smi.amdsmi_get_temp_metric, handle, sensor, getattr(smi.AmdSmiTemperatureMetric, metric))
            if isinstance(found, int | float) and found > 0:
                return found / 1000 if found > _HOTTEST else float(found)
        return None

    def _processes(self, board: _Board) -> tuple[DeviceProcess, ...]:
        smi, found = self._library, []
        for one in self._ask(smi.amdsmi_get_gpu_process_list, board.handle) or ():
            # Older releases give a handle, which is asked for in turn.
            facts = one if isinstance(one, Mapping) else self._ask(smi.amdsmi_get_gpu_process_info, board.handle, one)
            pid, memory = _number(facts, "pid"), _number(_field(facts, "memory_usage"), "vram_mem")
            if pid is not None and memory != 0:
                found.append(DeviceProcess(board.index, board.uuid, int(pid), memory))
        return tuple(sorted(found, key=lambda process: process.pid))


#: Where the power drawn stands: by series of boards and by release.
_POWER = ("current_socket_power", "average_socket_power", "socket_power")


def _field(answer: Any, name: str) -> Any:  # noqa: ANN401 - the library's own values
    return answer.get(name) if isinstance(answer, Mapping) else None


def _number(answer: object, name: str, unit: float = 1.0) -> float | None:
    """A figure of an answer; ``"N/A"`` is none."""
    value = _field(answer, name)
    return float(value) * unit if isinstance(value, int | float) and not isinstance(value, bool) else None


def _clock(answer: object) -> float | None:
    value = _number(answer, "clk")
    return value if value is not None else _number(answer, "cur_clk")


def _said(error: Exception) -> str:
    return one_line(str(getattr(error, "err_info", "") or error) or type(error).__name__, 120).rstrip(".")
