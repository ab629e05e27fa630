"""The doctor's checks of this machine's GPUs: driver, toolkit, CDI, fabric manager, and who holds them."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from mltui.domain.figures import format_bytes, format_percent
from mltui.runtime.checkup import Finding, Verdict
from mltui.runtime.diagnosis import known_words

if TYPE_CHECKING:
    from mltui.domain.device import DeviceSample
    from mltui.monitors.base import DeviceMonitor
    from mltui.runtime.gpu_holders import GpuHolder

#: Folders of the specifications that say how containers get GPUs; the specification of CDI names them.
_CDI_FOLDERS = ("etc/cdi", "var/run/cdi")
#: Where drivers lie: as distributions have them, in virtual machines and clusters, in WSL, in NixOS.
_LIBRARY_FOLDERS = (
    *(f"usr/lib/{name}" for name in ("x86_64-linux-gnu", "aarch64-linux-gnu", "x86_64-linux-gnu/nvidia/current")),
    *("usr/lib64", "usr/local/nvidia/lib64", "usr/lib/wsl/lib", "run/opengl-driver/lib"),
)
_VERSION = re.compile(r"\b(\d{3}\.\d+(?:\.\d+)?)\b")
#: A GPU with less of its memory in use is free; a desktop takes as much.
_FREE_BELOW = 0.05


def has_nvidia(root: Path = Path("/")) -> bool:
    """The kernel has NVIDIA's driver, or had it when its device files were made."""
    return (root / "proc/driver/nvidia/version").exists() or (root / "dev/nvidiactl").exists()


def check_driver(root: Path = Path("/")) -> Iterable[Finding]:
    """The driver in the kernel and its library are of one version, and CUDA's device file is there."""
    if not has_nvidia(root):
        return
    loaded, installed = _loaded_version(root), _library_versions(root)
    tool = shutil.which("nvidia-smi") or "not found"
    evidence = f"driver {loaded or '?'} is loaded, library {', '.join(installed) or 'not found'}, nvidia-smi {tool}"
    if loaded and installed and loaded not in installed:
        cure = "The driver was upgraded while the old one is loaded: restart the machine, or reload the nvidia modules."
        yield Finding("driver", Verdict.FAIL, evidence, cure)
    else:
        yield Finding("driver", Verdict.OK, evidence)
    if not (root / "dev/nvidia-uvm").exists():
        yield Finding("CUDA device", Verdict.WARN, "/dev/nvidia-uvm is not there", "sudo modprobe nvidia_uvm")


def _loaded_version(root: Path) -> str:
    for path in ("sys/module/nvidia/version", "proc/driver/nvidia/version"):
        try:
            found = _VERSION.search((root / path).read_text(errors="replace"))
        except OSError:
            continue
        if found:
            return found[1]
    return ""


def _libraries(root: Path) -> Iterator[Path]:
    named = (folder.lstrip("/") for folder in os.environ.get("LD_LIBRARY_PATH", "").split(":") if folder)
    for folder in dict.fromkeys((*named, *_LIBRARY_FOLDERS)):
        yield from (root / folder).glob("libnvidia-ml.so.[0-9]*.*")


def _library_versions(root: Path) -> list[str]:
    return sorted({path.name.partition(".so.")[2] for path in _libraries(root)})


def check_gpus() -> Iterable[Finding]:
    """This machine's GPUs, those that are free, and who holds the others."""
    from mltui.monitors.nvidia import NvidiaMonitor

    yield from gpu_findings(NvidiaMonitor(details=False))


def gpu_findings(monitor: DeviceMonitor) -> Iterable[Finding]:
    """The devices of a monitor, those that do not answer as failures."""
    reason = monitor.probe()
    if reason:
        if has_nvidia():
            yield Finding("gpu", Verdict.FAIL, reason, _cure(reason, "Run nvidia-smi; after an update, restart."))
        else:
            yield Finding("gpu", Verdict.INFO, reason)
        return
    try:
        samples = monitor.sample()
        holders = _holders(monitor)
        for sample in samples:
            yield _device(sample, [one for one in holders if one.uuid == sample.uuid])
        yield from _free(samples, holders)
    finally:
        monitor.close()


def _holders(monitor: DeviceMonitor) -> tuple[GpuHolder, ...]:
    from mltui.monitors.base import ListsDeviceProcesses
    from mltui.runtime.gpu_holders import HolderReader

    if not isinstance(monitor, ListsDeviceProcesses):
        return ()
    return HolderReader(tuple, dict).name(monitor.processes())


def _device(sample: DeviceSample, holders: Sequence[GpuHolder]) -> Finding:
    name = f"GPU {sample.number} {sample.name} {sample.uuid}"
    if sample.error:
        cure = _cure(sample.error, "See dmesg for Xid errors; reset or restart.")
        return Finding("gpu", Verdict.FAIL, f"{name}: {sample.error}", cure)
    used = f"{format_bytes(sample.memory_used)} of {format_bytes(sample.memory_total)} in use"
    busy = "" if sample.utilization is None else f", {format_percent(sample.utilization)} busy"
    by = ", ".join(dict.fromkeys(_who(one) for one in holders))
    return Finding("gpu", Verdict.OK, f"{name}: {used}{busy}" + (f"; held by {by}" if by else ""))


def _cure(words: str, otherwise: str) -> str:
    """What cures a driver's complaint."""
    known = known_words(words)
    return known.cure if known else otherwise


def _who(holder: GpuHolder) -> str:
    place = f"container {holder.container}" if holder.container else holder.command or "a process"
    user = f" of {holder.user}" if holder.user else ""
    return f"{place}{user} (process {holder.pid})"


def _free(samples: Sequence[DeviceSample], holders: Sequence[GpuHolder]) -> Iterator[Finding]:
    well = [sample for sample in samples if not sample.error]
    if not well:
        return
    computing = {one.uuid for one in holders if not one.draws_only}
    free = [sample.number for sample in well if sample.uuid not in computing and _is_empty(sample)]
    evidence = f"{len(free)} of {len(well)} are free" + (f": {', '.join(free)}" if free else "")
    yield Finding("free GPUs", Verdict.OK if free else Verdict.INFO, evidence)


def _is_empty(sample: DeviceSample) -> bool:
    return (
        sample.memory_used is None or not sample.memory_total or sample.memory_used / sample.memory_total < _FREE_BELOW
    )


def check_toolkit(root: Path = Path("/")) -> Iterable[Finding]:
    """What containers need besides the driver: the toolkit, or a CDI specification that is not older than it."""
    tool = shutil.which("nvidia-ctk") or shutil.which("nvidia-container-runtime-hook")
    specs = [path for folder in _CDI_FOLDERS for path in sorted((root / folder).glob("*.y*ml"))]
    if not tool and not specs and not has_nvidia(root):
        return
    named = ", ".join(f"/{path.relative_to(root)}" for path in specs)
    evidence = f"toolkit: {tool or 'not found'}; CDI: {named or 'no specification'}"
    if not tool and not specs:
        cure = "Install nvidia-container-toolkit, so that containers can have the GPUs."
        yield Finding("gpu toolkit", Verdict.WARN, evidence, cure)
        return
    hidden = [path for path in specs if not os.access(path, os.R_OK)]
    stale = [path for path in specs if _older_than_driver(path, root)]
    cure = ""
    if stale:
        cure = f"It is older than the driver: sudo nvidia-ctk cdi generate --output=/{stale[0].relative_to(root)}"
    elif hidden:
        cure = f"The engine may not be able to read it: sudo chmod a+r /{hidden[0].relative_to(root)}"
    yield Finding("gpu toolkit", Verdict.WARN if cure else Verdict.OK, evidence, cure)


def _older_than_driver(path: Path, root: Path) -> bool:
    """The driver's library was installed after the specification that names its files was written."""
    try:
        written = path.stat().st_mtime
        return any(written < library.lstat().st_ctime for library in _libraries(root))
    except OSError:
        return False


def check_fabric(root: Path = Path("/")) -> Iterable[Finding]:
    """GPUs that are joined by NVSwitch need the fabric manager, in the driver's own version."""
    switches = sorted(path.name for path in (root / "dev").glob("nvidia-nvswitch[0-9]*"))
    if not switches:
        return
    running = _runs("nv-fabricmanager", root)
    evidence = f"{len(switches)} NVSwitches; the fabric manager {'runs' if running else 'does not run'}"
    if running:
        yield Finding("fabric manager", Verdict.OK, evidence)
        return
    version = _loaded_version(root)
    cure = (
        f"Install nvidia-fabricmanager in the driver's version{f' ({version})' if version else ''} and start it: "
        "sudo systemctl enable --now nvidia-fabricmanager."
    )
    yield Finding("fabric manager", Verdict.FAIL, evidence, cure)


def _runs(command: str, root: Path) -> bool:
    # The kernel keeps 15 letters of a name.
    for path in (root / "proc").glob("[0-9]*/comm"):
        try:
            if path.read_text(errors="replace").strip() == command[:15]:
                return True
        except OSError:
            continue
    return False
