"""The queue: runs that may not start yet, because no GPU is free or because others of their sweep go first.

Its state is the run database alone. A run waits while it is ``pending`` and ``awaits`` something; its supervisor asks
again and again whether its turn has come, and takes it in one transaction, in which the run leaves ``pending`` and
gets its GPUs. So no two of any number of mltui take one GPU, and a GPU is given back by whatever ends a run.

Who gets what, in the order of launching:

- A run gets its GPUs when so many are free. One that wants more than are free keeps those that are for itself, and
  everybody behind it waits, so that a run that wants four GPUs is not passed for ever by runs that want one.
- It keeps nothing that could not be enough: while processes that are no runs of mltui hold so many GPUs that the end
  of every run would not serve it, those behind it go on.
- A run of a sweep that may not start yet for the sake of its own sweep keeps nobody waiting.
- A waiting run whose supervisor was killed keeps its place and holds nobody up; the others that wait see to it that
  somebody supervises it again, and so with a run that holds GPUs.
"""

from __future__ import annotations

import contextlib
import time
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from mltui.domain.errors import MltuiError, StorageError
from mltui.domain.run import Run, RunState
from mltui.runtime.adoption import adopt
from mltui.runtime.gpu_choice import GpuUse, gpu_uses, held_text, taken_text
from mltui.storage.history import RunDatabase
from mltui.storage.run_folder import RunFolder

if TYPE_CHECKING:
    from mltui.domain.device import DeviceProcess, DeviceSample

#: How often the first in the queue looks whether it may start, and the last one; those between in between.
_FIRST_S, _LAST_S = 1.0, 15.0
#: How soon a person's stop is heard.
_TICK_S = 0.5
#: How often the first in the queue looks after runs that nobody supervises, and those behind it more rarely.
_ADOPT_S = 5.0


class GpuLook(NamedTuple):
    """This machine's GPUs at one time."""

    devices: tuple[DeviceSample, ...] = ()
    processes: tuple[DeviceProcess, ...] = ()


class GpuWatch:
    """Looks at this machine's GPUs; the driver stays open until ``close``."""

    def __init__(self) -> None:
        from mltui.monitors.nvidia import NvidiaMonitor

        self._monitor = NvidiaMonitor(details=False)

    def look(self) -> GpuLook:
        """The GPUs now. Never raises."""
        return GpuLook(self._monitor.sample(), self._monitor.processes())

    def close(self) -> None:
        """Let go of the driver."""
        self._monitor.close()


class Turn(NamedTuple):
    """Whether a run may start now."""

    go: bool
    text: str
    """Why it got these GPUs, or what it waits for; empty when it wants none."""
    gpus: tuple[str, ...] = ()
    """UUIDs of the GPUs that are its own from now on."""
    place: int = 0
    """In the queue, from 1, while it waits."""


def take_turn(database: RunDatabase, home: Path, run_id: str, look: GpuLook) -> Turn:
    """Let the run start if its turn has come: it leaves ``pending`` and has its GPUs, in one transaction. Else its
    record says what it waits for.

    Raises ``StorageError``.
    """
    turn = Turn(False, "")

    def decide(active: tuple[Run, ...]) -> dict[str, object]:
        nonlocal turn
        run = next((one for one in active if one.id == run_id and one.waits and not one.stop_requested), None)
        if run is None:
            return {}
        turn = turn_of(run, active, look, lambda other: RunFolder(home, other).supervised)
        if not turn.go:
            return {"detail": turn.text} if turn.text != run.detail else {}
        notes = " ".join(filter(None, (run.notes, turn.text)))
        return {"state": RunState.BUILDING, "detail": "Preparing the image", "gpus": turn.gpus, "notes": notes}

    database.decide(run_id, decide)
    return turn


def turn_of(run: Run, active: Sequence[Run], look: GpuLook, attended: Callable[[str], bool]) -> Turn:
    """Whether ``run``, which waits, may start, with ``active`` being all runs that have not ended, in the order of
    their launch; ``attended`` tells whether a run has a supervisor.
    """
    queue = [one for one in active if one.waits]
    line = _Line(gpu_uses(look.devices, look.processes, active), active)
    for other in queue:
        if other.id == run.id:
            return line.serve(run, queue)
        if attended(other.id):
            line.pass_by(other)
    return Turn(False, "")


class _Line:
    """Goes along the queue and deals out what is free."""

    def __init__(self, uses: tuple[GpuUse, ...], active: Sequence[Run]) -> None:
        self._uses = uses
        self._free = [use for use in uses if use.free]
        self._going = Counter(one.group_id for one in active if one.group_id and one.goes_on)
        self._given: dict[str, Run] = {}
        """GPUs that are free and somebody else's who is before in the queue, by their number."""
        self._first: Run | None = None
        """The run that everything that becomes free is kept for."""

    def pass_by(self, run: Run) -> None:
        """Leave ``run``, which is before, what is its."""
        if not self._may_go_on(run):
            return
        self._going[run.group_id] += 1
        wanted = run.awaits.get("gpus", 0)
        if self._first is None and wanted > len(self._free) and self._can_be_served(wanted):
            self._first = run
        if wanted <= len(self._free) or self._first is run:
            self._given |= {use.device.number: run for use in self._free[:wanted]}
            del self._free[:wanted]

    def serve(self, run: Run, queue: Sequence[Run]) -> Turn:
        """What there is for ``run``."""
        wanted = run.awaits.get("gpus", 0)
        if not self._may_go_on(run):
            return self._wait(run, [one for one in queue if one.group_id == run.group_id], self._sweep_text(run))
        if wanted and (self._first or wanted > len(self._free)):
            what = "a GPU" if wanted == 1 else f"{wanted} GPUs"
            return self._wait(run, [one for one in queue if one.awaits.get("gpus")], what, self._held_text(wanted))
        taken = self._free[:wanted]
        return Turn(True, f"{taken_text(taken)}." if taken else "", tuple(use.device.uuid for use in taken))

    def _may_go_on(self, run: Run) -> bool:
        most = run.awaits.get("parallel")
        return not most or self._going[run.group_id] < most

    def _can_be_served(self, wanted: int) -> bool:
        """So many GPUs are free or had by runs of mltui."""
        return wanted <= sum(use.free or use.run is not None for use in self._uses)

    def _wait(self, run: Run, queue: Sequence[Run], what: str, why: str = "") -> Turn:
        place = 1 + [one.id for one in queue].index(run.id)
        return Turn(False, f"Waits for {what}: place {place} of {len(queue)}{f'; {why}' if why else ''}", (), place)

    def _sweep_text(self, run: Run) -> str:
        most = run.awaits["parallel"]
        return f"its turn in the sweep, {most} at a time" if most > 1 else "its turn in the sweep, one after another"

    def _held_text(self, wanted: int) -> str:
        if wanted > len(self._uses):
            return f"{len(self._uses) or 'none'} can be read now"
        kept = [f"GPU {number} is kept for run {run.id}" for number, run in sorted(self._given.items())[:2]]
        return ", ".join(filter(None, (held_text(self._uses), *kept)))


class Queue:
    """The queue as the supervisor of one run waits in it."""

    def __init__(self, database: RunDatabase, home: Path, run: Run) -> None:
        self._database = database
        self._home = home
        self._run = run
        self._adopts_at = 0.0

    def wait(self, stop_if_asked: Callable[[], None]) -> Turn:
        """The run's turn, once it has come. ``stop_if_asked`` is called often and may raise to leave the queue."""
        watch = GpuWatch() if self._run.awaits.get("gpus") else None
        try:
            while True:
                stop_if_asked()
                place = 1
                # A full disk, or a database that cannot be read just now, is waited out.
                with contextlib.suppress(StorageError):
                    turn = take_turn(self._database, self._home, self._run.id, watch.look() if watch else GpuLook())
                    if turn.go:
                        return turn
                    place = max(1, turn.place)
                    self._look_after_others(place)
                self._rest(min(_LAST_S, _FIRST_S * place), stop_if_asked)
        finally:
            if watch:
                watch.close()

    def _look_after_others(self, place: int) -> None:
        """See to it that runs which hold GPUs or come before this one have supervisors, in case theirs were killed."""
        now = time.monotonic()
        if now >= self._adopts_at:
            self._adopts_at = now + _ADOPT_S * place
            with contextlib.suppress(MltuiError):
                adopt(self._home, self._database)

    def _rest(self, seconds: float, stop_if_asked: Callable[[], None]) -> None:
        """Wait; the run's row is read only when some row has changed, which costs next to nothing to know."""
        end = time.monotonic() + seconds
        seen = self._version()
        # What was written before is no change any more.
        stop_if_asked()
        while time.monotonic() < end:
            time.sleep(_TICK_S)
            if (now := self._version()) != seen:
                seen = now
                stop_if_asked()

    def _version(self) -> object:
        try:
            return self._database.version()
        except StorageError:
            return None
