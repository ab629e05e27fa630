"""Which GPUs of this machine are free, and why; and what a run asks of its engine for them.

A GPU is free when no active run of mltui has it, no process computes on it, hardly any of its time is in use, and of
its memory hardly more than what draws on screens there. Runs that want GPUs by number get free ones, by UUID, so that
two never land on one by accident; where none is free they wait (``gpu_queue``).
"""

from __future__ import annotations

import os
import pwd
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from mltui.domain.device import DeviceProcess, DeviceSample
from mltui.domain.errors import GpuUnavailable, UsageError
from mltui.domain.figures import format_bytes, format_percent
from mltui.domain.launch import GpuRequest, LaunchSpec
from mltui.domain.run import Run
from mltui.domain.text import one_line
from mltui.engines.base import EngineInfo

if TYPE_CHECKING:
    from mltui.domain.gpus import Gpus
    from mltui.domain.profile import Profile

#: Above this share of its time, or of its memory, somebody uses a GPU; a desktop stays below.
_IDLE = 0.1
_CPU = "Set gpus to none to run it on the CPU."
#: So many GPUs are spoken of one by one.
_NAMED = 4


@dataclass(frozen=True)
class GpuUse:
    """One GPU, and who is on it."""

    device: DeviceSample
    run: Run | None = None
    """The active run that has it."""
    processes: tuple[DeviceProcess, ...] = ()

    @property
    def free(self) -> bool:
        """Nobody is on it."""
        return self.run is None and not self._computing and not self._unseen

    @property
    def _computing(self) -> tuple[DeviceProcess, ...]:
        return tuple(one for one in self.processes if not one.draws_only)

    @property
    def _unseen(self) -> bool:
        """More of it is in use than what is seen there accounts for: a process of another namespace, or a desktop."""
        drawn = sum(one.memory_used or 0.0 for one in self.processes if one.draws_only)
        memory, total = self.device.memory_used, self.device.memory_total
        held = (memory - drawn) / total if memory is not None and total else 0.0
        return max(held, self.device.utilization or 0.0) > _IDLE

    @property
    def holder(self) -> str:
        """Who has it: a run, processes with their users, or what shows that somebody does; empty when it is free."""
        if self.run is not None:
            return f"run {self.run.id} ({one_line(self.run.profile, 40)})"
        found = self._computing
        if found:
            more = f" and {len(found) - 1} more" if len(found) > 1 else ""
            return f"{_process_text(found[0].pid)}{more}"
        return f"somebody who is not seen here ({self.figures})" if self._unseen else ""

    @property
    def figures(self) -> str:
        """``79.1 of 80.0 GiB free, 0 %``; what cannot be read is left out."""
        used, total = self.device.memory_used, self.device.memory_total
        parts = []
        if used is not None and total:
            free, unit = format_bytes(total - used).split()
            whole = format_bytes(total)
            parts.append(f"{free if whole.endswith(f' {unit}') else f'{free} {unit}'} of {whole} free")
        if self.device.utilization is not None:
            parts.append(format_percent(self.device.utilization))
        return ", ".join(parts)

    def __str__(self) -> str:
        """``GPU 1: 79.1 of 80.0 GiB free, 0 %, nobody on it``."""
        who = f"held by {self.holder}" if self.holder else "nobody on it"
        if not self.holder and self.processes:
            who = "only what draws on the screen on it"
        return f"GPU {self.device.number}: {', '.join(filter(None, (self.figures, who)))}"


def _process_text(pid: int) -> str:
    """``process 4242 (python) of alice``; the number alone for one that cannot be seen from here."""
    try:
        owner = os.stat(f"/proc/{pid}").st_uid
        with open(f"/proc/{pid}/comm", encoding="utf-8", errors="replace") as file:
            name = one_line(file.read().strip(), 20)
    except OSError:
        return f"process {pid}"
    return f"process {pid} ({name}) of {_user_name(owner)}"


def _user_name(number: int) -> str:
    try:
        return one_line(pwd.getpwuid(number).pw_name, 40)
    except KeyError:
        return f"user {number}"


def gpu_uses(
    devices: Iterable[DeviceSample], processes: Iterable[DeviceProcess], active: Iterable[Run]
) -> tuple[GpuUse, ...]:
    """The GPUs that can be read, the freest first, with the active run and the processes that are on each; of one that
    is given out in parts, its parts.
    """
    has = {uuid: run for run in active if run.goes_on for uuid in run.gpus}
    on: dict[str, list[DeviceProcess]] = {}
    for process in processes:
        on.setdefault(process.uuid, []).append(process)
    uses = (
        GpuUse(device, has.get(device.uuid), tuple(on.get(device.uuid, ())))
        for device in devices
        if device.uuid and not device.error and not device.partitioned
    )
    return tuple(sorted(uses, key=_rank))


def _number(use: GpuUse) -> tuple[int, int]:
    return use.device.index, -1 if use.device.part is None else use.device.part


def _rank(use: GpuUse) -> tuple[bool, float, tuple[int, int]]:
    memory, total = use.device.memory_used, use.device.memory_total
    share = memory / total if memory and total else 0.0
    return not use.free, max(share, use.device.utilization or 0.0), _number(use)


def held_text(uses: Iterable[GpuUse]) -> str:
    """``GPU 0 is held by run abcd2345 (mnist), GPU 1 by process 4242 of alice``; empty when all are free."""
    held = sorted((use for use in uses if not use.free), key=_number)
    parts = [
        f"GPU {use.device.number} {'is held ' * (number == 0)}by {use.holder}"
        for number, use in enumerate(held[:_NAMED])
    ]
    return ", ".join(parts) + (f" and {len(held) - _NAMED} more" if len(held) > _NAMED else "")


@dataclass(frozen=True)
class GpuChoice:
    """What is asked of the engine, and a sentence on why where it was decided here."""

    request: GpuRequest
    note: str = ""
    awaits: int = 0
    """So many GPUs have to be free before the run starts. ``request`` names those that are free now, or says how
    many."""
    held: tuple[str, ...] = field(default=())
    """UUIDs of the GPUs that it takes whoever is on them."""
    missing: bool = False
    """As far as can be seen the engine has not got them: ``note`` says so."""

    @property
    def doubt(self) -> str:
        """What is to be said before a launch, and no more once it has started; empty: nothing."""
        return f"It will hardly start. {_CPU}" if self.missing else ""


def choose_gpus(wish: Gpus, engine: EngineInfo, uses: Sequence[GpuUse] = ()) -> GpuChoice:
    """What to ask for ``wish``, with this machine's GPUs in ``uses`` where they can be seen.

    ``auto`` is one if the engine has any, else none. A number is so many free ones; raises ``GpuUnavailable`` where
    the machine has fewer. Engines give GPUs 0 to n-1 for a number n, in use or not: hence the choice here. Who names
    GPUs gets them whoever is on them.
    """
    if wish.auto:
        if not engine.gpus:
            return GpuChoice(GpuRequest(), _without_gpu(engine, uses))
        return _free_ones(1, GpuRequest(count=1), uses)
    request = wish.request
    if request.count:
        choice = _free_ones(request.count, request, uses)
    else:
        choice = _named_ones(request, uses) if request and uses else GpuChoice(request)
    if request and not engine.gpus:
        # Not every engine tells that it has some: who insists may be right.
        note = f"{_where(engine)} shows no GPU, and it asks for {request}."
        return replace(choice, note=note, missing=True)
    return choice


def _where(engine: EngineInfo) -> str:
    return f"{engine.product} on {engine.host}" if engine.isolated and engine.host else "This machine"


def _without_gpu(engine: EngineInfo, uses: Sequence[GpuUse]) -> str:
    where = _where(engine)
    if not uses:
        return f"{where} has no GPU: it runs on the CPU."
    return (
        f"{where} shows no way to give this machine's {len(uses)} GPU to a container: it runs on the CPU. "
        "Install nvidia-container-toolkit, or insist: set gpus to 1."
    )


def _free_ones(count: int, request: GpuRequest, uses: Sequence[GpuUse]) -> GpuChoice:
    if not uses:
        return GpuChoice(request)
    if count > len(uses):
        raise GpuUnavailable(f"{count} GPUs were asked for and the machine has {len(uses)}.", _CPU)
    free = [use for use in uses if use.free][:count]
    if len(free) < count:
        enough = "No GPU is free" if count == 1 else f"{count} GPUs are wanted and {len(free) or 'none'} free"
        return GpuChoice(request, f"{enough}: {held_text(uses)}. It waits in the queue.", count)
    return GpuChoice(of_uuids(request, [use.device.uuid for use in free]), f"{taken_text(free)}.", count)


def taken_text(uses: Iterable[GpuUse]) -> str:
    """Why these GPUs: ``GPU 1: 79.1 of 80.0 GiB free, 0 %, nobody on it``, one after another."""
    return "; ".join(map(str, uses))


def of_uuids(request: GpuRequest, uuids: Sequence[str]) -> GpuRequest:
    """``request`` for these GPUs."""
    return replace(request, all=False, count=0, device_ids=tuple(uuids))


def with_gpus(spec: LaunchSpec, uuids: Sequence[str], wanted: int) -> LaunchSpec:
    """``spec`` for these GPUs; without any, for as many as it wants."""
    if uuids:
        return replace(spec, gpus=of_uuids(spec.gpus, uuids))
    return replace(spec, gpus=replace(spec.gpus, all=False, count=wanted, device_ids=())) if wanted else spec


def _named_ones(request: GpuRequest, uses: Sequence[GpuUse]) -> GpuChoice:
    by_name = {use.device.number: use for use in uses} | {use.device.uuid: use for use in uses}
    asked = tuple(use.device.uuid for use in sorted(uses, key=_number))
    if not request.all:
        asked = tuple(by_name[one].device.uuid if one in by_name else one for one in request.device_ids)
        request = of_uuids(request, asked)
    strange = [one for one in request.device_ids if not any(uuid.startswith(one) for uuid in by_name)]
    if strange:
        note = f"This machine has no GPU {', '.join(strange)}; it has {len(uses)}."
        return GpuChoice(request, note, 0, asked, missing=True)
    taken = held_text(by_name[uuid] for uuid in asked if uuid in by_name)
    return GpuChoice(request, f"It insists on its GPUs: {taken}." if taken else "", 0, asked)


def wished_gpus(profile: Profile, given: str | None) -> Gpus:
    """What the launch or else the profile asks for. Raises ``UsageError``."""
    from mltui.domain.gpus import Gpus, parse_gpus

    if given is not None:
        try:
            return parse_gpus(given)
        except ValueError as error:
            said = one_line(str(error))
            raise UsageError(
                f"--gpus: {said}{'' if said.endswith('?') else '.'}", "Such as auto, none, all, 2, or 0,1."
            ) from error
    reserved = profile.deploy.resources.reservations.devices
    if profile.gpus is None and reserved:
        return Gpus(request=reserved[0].request())
    return profile.gpus or Gpus()
