"""Which GPUs a run gets: decided before the launch, by UUID, so that two runs never land on one by accident."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from mltui.domain.device import DeviceSample
from mltui.domain.errors import GpuUnavailable, UsageError
from mltui.domain.gpus import Gpus, parse_gpus
from mltui.domain.launch import GpuRequest
from mltui.domain.profile import Profile
from mltui.domain.text import one_line
from mltui.engines.base import EngineInfo

#: Above this share of its memory or of its time, a GPU is in use: a desktop or an idle CUDA context stays below.
_BUSY = 0.1
_CPU = "Run it on the CPU: --gpus none."


@dataclass(frozen=True)
class GpuChoice:
    """What is asked of the engine, and a sentence on why where it was decided here."""

    request: GpuRequest
    note: str = ""


def choose_gpus(wish: Gpus, engine: EngineInfo, devices: Sequence[DeviceSample] = ()) -> GpuChoice:
    """The GPUs for ``wish``: the freest ones, by UUID, where the machine's GPUs can be seen (``devices``).

    ``auto`` takes one if the engine has any, else none. A number takes that many; raises ``GpuUnavailable`` where the
    machine has fewer. Engines give GPUs 0 to n-1 for a number n, in use or not: hence the choice here.
    """
    usable = sorted((device for device in devices if not device.error and not device.partitioned), key=_load)
    if wish.auto:
        return _automatic(engine, usable)
    request = wish.request
    if request.count and usable:
        if request.count > len(usable):
            raise GpuUnavailable(f"{request.count} GPUs were asked for and the machine has {len(usable)}.", _CPU)
        return _taken(usable[: request.count], request)
    if request.device_ids and usable:
        uuids = {device.number: device.uuid for device in usable}
        return GpuChoice(replace(request, device_ids=tuple(uuids.get(one, one) for one in request.device_ids)))
    return GpuChoice(request)


def _automatic(engine: EngineInfo, usable: Sequence[DeviceSample]) -> GpuChoice:
    if not engine.gpus:
        return GpuChoice(GpuRequest(), _without_gpu(engine, usable))
    if not usable:
        return GpuChoice(GpuRequest(count=1))
    return _taken(usable[:1], GpuRequest(count=1))


def _without_gpu(engine: EngineInfo, usable: Sequence[DeviceSample]) -> str:
    where = f"{engine.product} on {engine.host}" if engine.isolated and engine.host else "This machine"
    if not usable:
        return f"{where} has no GPU: it runs on the CPU."
    return (
        f"{where} shows no way to give this machine's {len(usable)} GPU to a container: it runs on the CPU. "
        "Install nvidia-container-toolkit, or insist with --gpus 1."
    )


def _taken(devices: Sequence[DeviceSample], request: GpuRequest) -> GpuChoice:
    names = ", ".join(f"{device.number} ({one_line(device.name)})" for device in devices)
    busy = any(_share(device) > _BUSY for device in devices)
    note = f"GPU {names}: {'in use, but no freer one is there' if busy else 'free'}."
    return GpuChoice(replace(request, all=False, count=0, device_ids=tuple(d.uuid for d in devices)), note)


def _load(device: DeviceSample) -> tuple[float, int]:
    return _share(device), device.index


def _share(device: DeviceSample) -> float:
    """How much of a GPU is in use: the larger of memory and time."""
    memory = device.memory_used / device.memory_total if device.memory_used and device.memory_total else 0.0
    return max(memory, device.utilization or 0.0)


def wished_gpus(profile: Profile, given: str | None) -> Gpus:
    """What the launch or else the profile asks for. Raises ``UsageError``."""
    if given is not None:
        try:
            return parse_gpus(given)
        except ValueError as error:
            raise UsageError(f"--gpus: {one_line(str(error))}.", "Such as auto, none, all, 2, or 0,1.") from error
    reserved = profile.deploy.resources.reservations.devices
    if profile.gpus is None and reserved:
        return Gpus(request=reserved[0].request())
    return profile.gpus or Gpus()
