"""Whether a container was killed for want of memory, which engines may not know when it has ended, or ever."""

from __future__ import annotations

import signal
import time
from collections import deque
from pathlib import Path
from typing import TYPE_CHECKING

from mltui.engines.base import Engine, TellsOutOfMemory

if TYPE_CHECKING:
    from mltui.domain.container import ContainerStatus

_KILLED = 128 + signal.SIGKILL
#: A container ends so many seconds after its command was killed, at most.
_LATE_S = 1.0


class MemoryKills:
    """How often the kernel of this machine has killed for want of memory, noted again and again.

    The count (``oom_kill`` in ``/proc/vmstat``) is one for all processes, whether a limit of theirs or the machine was
    at its end: when it grew in the second in which a command was killed by nobody else, it was that.
    """

    def __init__(self, path: Path = Path("/proc/vmstat")) -> None:
        self._path = path
        self._seen = (time.time(), self._count())
        self._growths: deque[tuple[float, float]] = deque(maxlen=100)
        """Between which two moments it grew."""

    def note(self) -> None:
        """Note the count as it is now; to be called before the container starts, and every second or so."""
        before, now = self._seen, (time.time(), self._count())
        if now[1] > before[1]:
            self._growths.append((before[0], now[0]))
        self._seen = now

    def _count(self) -> int:
        try:
            with self._path.open() as file:
                return next((int(line.split()[1]) for line in file if line.startswith("oom_kill ")), 0)
        except OSError:
            return 0

    def grew_at(self, moment: float) -> bool:
        """Whether it may have grown then, or up to a second before."""
        self.note()
        return any(before <= moment and after >= moment - _LATE_S for before, after in self._growths)

    def ended(self, status: ContainerStatus, engine: Engine) -> bool:
        """Whether the container of ``status``, which has ended, was killed for want of memory, or a part of it.

        Raises ``EngineError`` when the engine cannot be asked.
        """
        if status.oom_killed or not status.exit_code or not isinstance(engine, TellsOutOfMemory):
            return status.oom_killed
        known = engine.ran_out_of_memory(status)
        if known is not None or status.exit_code != _KILLED or status.finished is None:
            return bool(known)
        return self.grew_at(status.finished) and engine.info().local
