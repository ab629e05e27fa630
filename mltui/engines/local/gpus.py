"""Which GPUs a process is let see. The driver is asked through NVML; nothing is imported before it is needed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from mltui.domain.errors import GpuUnavailable
from mltui.domain.launch import GpuRequest

_CPU = "Ask for no GPU to run it on the CPU."


def gpu_ids() -> tuple[str, ...]:
    """UUIDs of this machine's NVIDIA GPUs in the driver's order; empty without a driver or a GPU."""
    import pynvml

    try:
        with _driver():
            handles = map(pynvml.nvmlDeviceGetHandleByIndex, range(pynvml.nvmlDeviceGetCount()))
            return tuple(str(pynvml.nvmlDeviceGetUUID(handle)) for handle in handles)
    except pynvml.NVMLError:
        return ()


@contextmanager
def _driver() -> Iterator[None]:
    import pynvml

    pynvml.nvmlInit()
    try:
        yield
    finally:
        pynvml.nvmlShutdown()


def check_gpus(wanted: GpuRequest) -> None:
    """Raise ``GpuUnavailable`` with the cure where this machine cannot give what is asked for."""
    if not wanted:
        return
    known = gpu_ids()
    if not known:
        raise GpuUnavailable(
            f"GPUs were asked for ({wanted}), but no NVIDIA driver answers on this machine.",
            f"Install the driver (`nvidia-smi` must list the GPUs). {_CPU}",
        )
    if wanted.count > len(known):
        raise GpuUnavailable(f"{wanted.count} GPUs were asked for, this machine has {len(known)}.", _CPU)
    missing = [name for name in wanted.device_ids if not _is_known(name, known)]
    if missing:
        raise GpuUnavailable(f"This machine has no GPU {', '.join(missing)}; it has {len(known)}, from 0.", _CPU)


def _is_known(name: str, known: tuple[str, ...]) -> bool:
    return int(name) < len(known) if name.isdigit() else any(uuid.startswith(name) for uuid in known)


def gpu_variables(wanted: GpuRequest) -> dict[str, str]:
    """The variables that let CUDA see just these GPUs; none asked for: none seen, as in a container."""
    if wanted.all:
        return {"NVIDIA_VISIBLE_DEVICES": "all"}
    ids = ",".join(wanted.device_ids or map(str, range(wanted.count)))
    # By default CUDA counts the fastest GPU first; everything else counts as NVML does, by bus.
    return {"CUDA_VISIBLE_DEVICES": ids, "CUDA_DEVICE_ORDER": "PCI_BUS_ID", "NVIDIA_VISIBLE_DEVICES": ids or "void"}
