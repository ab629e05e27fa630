"""NVIDIA GPUs through NVML, the library of the driver that ``nvidia-smi`` asks too.

A board answers what it can: each value that it does not give is ``None``. A GPU that fell off the bus is shown with
its error beside the others. When the driver goes away (an update, a reset) the known GPUs are shown with that error
and the driver is asked again, rarely.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from threading import Lock
from typing import TypeVar

from mltui.domain.device import NO_DETAILS, DeviceProcess, DeviceSample
from mltui.monitors.nvidia_board import (
    Board,
    SlowFigures,
    read_board,
    read_part,
    read_parts,
    read_processes,
    read_sample,
)  # fmt: skip
from mltui.monitors.nvml import DriverGone, said

T = TypeVar("T")

# Seconds between two tries to reach a driver that went away.
_BACKOFF = (1.0, 2.0, 5.0, 10.0, 30.0)
#: Seconds after which the boards themselves are looked at again: MIG may be set up anew, a mode changed.
_STOCK = 30.0
#: Every so many passes a board is asked for what seldom changes, and one board for its traffic.
_RARE, _PCIE = 5, 2


class NvidiaMonitor:
    """Watches this machine's NVIDIA GPUs, and the parts of those that are given out in parts."""

    name = "nvidia"

    def __init__(self, *, details: bool = True) -> None:
        """Without ``details`` it asks for what is measured alone, for those who look at nothing else."""
        self._with_details = details
        self._lock = Lock()
        self._open = False
        self._closed = False
        self._boards: tuple[Board, ...] = ()
        self._parts: tuple[Board, ...] = ()
        self._slow: dict[int, SlowFigures] = {}
        self._passes = 0
        self._problem = ""
        self._tries = 0
        self._next_try = 0.0
        self._next_stock = 0.0

    def probe(self) -> str | None:
        """``None`` with a GPU to watch, else why there is none."""
        with self._lock:
            self._next_try = 0.0
            self._reach()
            return None if self._open and self._boards else f"No NVIDIA GPU found: {self._problem}."

    def sample(self) -> tuple[DeviceSample, ...]:
        """All GPUs at one time, each followed by its parts."""
        now = time.time()
        found = self._with_driver(
            lambda board: (self._sample(board, now),) if board.part is None else (read_part(board, now),),
            lambda board, problem: (board.unread(now, problem),),
        )
        self._passes += 1
        return tuple(sample for of_board in found for sample in of_board)

    def processes(self) -> tuple[DeviceProcess, ...]:
        """Who holds memory on which GPU, or on which part of one."""
        now = time.time()
        found = self._with_driver(lambda board: self._processes(board, now), lambda board, problem: ())
        return tuple(process for of_board in found for process in of_board)

    def close(self) -> None:
        """Let go of the driver; a pass that is going on in another thread ends first, without being waited for."""
        self._closed = True
        if self._lock.acquire(blocking=False):
            try:
                self._disconnect()
            finally:
                self._lock.release()

    def _sample(self, board: Board, now: float) -> DeviceSample:
        # A handle that could not be had when the boards were counted is asked for again.
        board = board if board.handle is not None else read_board(board)
        if not self._with_details:
            return read_sample(board, now, NO_DETAILS)
        turn = self._passes + board.index
        pcie = self._passes % _PCIE == 0 and (self._passes // _PCIE) % len(self._boards) == board.index
        slow = self._slow.setdefault(board.index, SlowFigures())
        details = slow.read(board, now, rare=turn % _RARE == 0 or self._passes == 0, pcie=pcie)
        return read_sample(board, now, details)

    def _processes(self, board: Board, now: float) -> tuple[DeviceProcess, ...]:
        # The processes of a GPU in parts are those of its parts.
        if any(part.index == board.index for part in self._parts) and board.part is None:
            return ()
        return read_processes(board, now)

    def _with_driver(self, read: Callable[[Board], T], failed: Callable[[Board, str], T]) -> tuple[T, ...]:
        """``read`` of every board and part; ``failed`` of those that cannot be read, of all when the driver is gone."""
        with self._lock:
            try:
                self._reach()
                if self._open:
                    return tuple(_read(board, read, failed) for board in self._devices())
            except DriverGone as gone:
                self._lose(str(gone))
            finally:
                if self._closed:
                    self._disconnect()
            return tuple(failed(board, self._problem) for board in self._devices())

    def _devices(self) -> tuple[Board, ...]:
        return tuple(sorted((*self._boards, *self._parts), key=lambda b: (b.index, -1 if b.part is None else b.part)))

    def _reach(self) -> None:
        """Have the driver open, and the boards it has now; what keeps it from that is left as the problem."""
        import pynvml

        now = time.monotonic()
        if self._closed or now < self._next_try:
            return
        try:
            if not self._open:
                pynvml.nvmlInit()
                self._open = True
                self._take_stock(_count())
            elif (count := _count()) != len(self._boards) or now >= self._next_stock:
                self._take_stock(count)
        except pynvml.NVMLError as error:
            self._lose(said(error))
        except DriverGone as gone:
            self._lose(str(gone))

    def _take_stock(self, count: int) -> None:
        """Every GPU the driver counts; one that is lost keeps what was known of it."""
        before = {board.index: board for board in self._boards}
        parts = {board.index: tuple(p for p in self._parts if p.index == board.index) for board in self._boards}
        self._boards = tuple(_read(before.get(i, Board(i)), read_board, _keep) for i in range(count))
        self._parts = tuple(
            part for board in self._boards for part in _read(board, read_parts, lambda b, _: parts.get(b.index, ()))
        )
        self._problem = "" if self._boards else "the driver finds none"
        self._tries, self._next_try = 0, 0.0
        self._next_stock = time.monotonic() + _STOCK

    def _lose(self, problem: str) -> None:
        self._disconnect()
        self._problem = problem
        self._next_try = time.monotonic() + _BACKOFF[min(self._tries, len(_BACKOFF) - 1)]
        self._tries += 1

    def _disconnect(self) -> None:
        if self._closed:
            self._boards = self._parts = ()
        if self._open:
            import pynvml

            self._open = False
            with suppress(pynvml.NVMLError):
                pynvml.nvmlShutdown()


def _read(board: Board, read: Callable[[Board], T], failed: Callable[[Board, str], T]) -> T:
    import pynvml

    try:
        return read(board)
    except pynvml.NVMLError as error:
        return failed(board, said(error))


def _count() -> int:
    """How many GPUs the driver has. A driver that cannot even say that is gone: NVML's error is passed on."""
    import pynvml

    return int(pynvml.nvmlDeviceGetCount())


def _keep(board: Board, _problem: str) -> Board:
    return board
