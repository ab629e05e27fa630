"""What an engine tells of itself, by its answer to ``GET /info``."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from typing import Any

from mltui.domain.text import one_line


def has_gpus(info: Mapping[str, Any], *, local: bool) -> bool:
    """The engine shows a way to GPUs: NVIDIA's runtime or its hook, or devices that it found through CDI."""
    devices = info.get("DiscoveredDevices") or ()
    return (
        "nvidia" in (info.get("Runtimes") or {})
        or any("gpu" in str(one.get("ID", "")) for one in devices)
        or (local and shutil.which("nvidia-container-runtime-hook") is not None)
    )


def engine_facts(info: Mapping[str, Any], api_version: str) -> dict[str, str]:
    """What a person asks of an engine when something is wrong."""
    wanted = {
        "OperatingSystem": "system",
        "KernelVersion": "kernel",
        "Architecture": "architecture",
        "Driver": "storage driver",
        "CgroupDriver": "cgroup driver",
        "CgroupVersion": "cgroup version",
        "LoggingDriver": "logging driver",
        "DefaultRuntime": "default runtime",
        "DockerRootDir": "root folder",
    }
    facts = {name: one_line(str(info[key])) for key, name in wanted.items() if info.get(key)}
    facts["runtimes"] = ", ".join(sorted(map(one_line, info.get("Runtimes") or {})))
    facts["rootless"] = "yes" if any("rootless" in str(one) for one in info.get("SecurityOptions") or ()) else "no"
    facts["CDI folders"] = ", ".join(one_line(str(one)) for one in info.get("CDISpecDirs") or ())
    facts["CDI devices"] = ", ".join(one_line(str(one.get("ID", ""))) for one in info.get("DiscoveredDevices") or ())
    return facts | {"API": api_version}
