"""The doctor's checks of a container engine: whether it answers, what it is, and what it says of itself."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from mltui.domain.errors import EngineUnavailable
from mltui.domain.figures import format_bytes
from mltui.runtime.checkup import Finding, Verdict, disk
from mltui.runtime.diagnosis import known_figure, known_words
from mltui.runtime.doctor_gpus import has_nvidia

if TYPE_CHECKING:
    from mltui.engines.base import EngineInfo

HANGING = (
    "It takes connections and says nothing: see its log (journalctl -u docker), or choose another with DOCKER_HOST."
)


def check_engine(name: str = "", endpoint: str = "") -> Iterable[Finding]:
    """Whether a container engine answers, and what it can do."""
    from mltui.plugins import make_engine

    try:
        engine = make_engine(name or "docker", endpoint)
        info = engine.info()
    except EngineUnavailable as error:
        # Without a container engine everything still works as local processes, unless one was asked for or is slow.
        insisted = bool(name) or error.named or not error.absent
        known = known_words(error.message) if insisted else None
        cure = known.cure if known else f"{error.hint} {'' if insisted else 'Runs are local processes until then.'}"
        yield Finding("engine", Verdict.FAIL if insisted else Verdict.WARN, error.message, cure.strip())
        return
    engine.close()
    yield Finding("engine", Verdict.OK, f"{info.product} {info.version}: there, and may be used")
    if info.endpoint:
        chosen = f"{info.endpoint}, by {info.context}" if info.context else info.endpoint
        where = "on this machine" if info.local else f"on {info.host}, or in a virtual machine here"
        yield Finding("endpoint", Verdict.OK, f"{chosen}; {where}")
    if info.isolated:
        yield from engine_findings(info)


def engine_findings(info: EngineInfo) -> Iterator[Finding]:
    """What a container engine says of itself, judged."""
    facts = info.details
    system = ", ".join(filter(None, (facts.get("system"), facts.get("kernel"))))
    yield Finding("engine API", Verdict.OK, f"API {facts.get('API', '?')}")
    yield Finding("engine host", Verdict.OK, f"{info.host}: {info.cpus} CPUs, {format_bytes(info.memory)}, {system}")
    yield from _kind(info)
    yield _cgroup(info)
    yield _runtimes(facts)
    yield from _cdi(facts)
    yield _logging(facts)
    yield _storage(info)
    yield _engine_gpus(info)


def _kind(info: EngineInfo) -> Iterator[Finding]:
    """Engines that are Docker's in most things, and what is other there."""
    if "podman" in info.product.lower():
        evidence = "Podman: it takes a request for GPUs through this socket and drops it; it reports no kill for memory"
        cure = "For GPUs use Docker Engine; everything else works here."
        yield Finding("engine kind", Verdict.WARN if has_nvidia() else Verdict.INFO, evidence, cure)
    if info.details.get("rootless") == "yes":
        evidence = "rootless: it runs as you; limits need delegated cgroups, ports start at 1024"
        cure = "For GPUs: no-cgroups = true in nvidia-container-runtime's config.toml." if has_nvidia() else ""
        yield Finding("engine kind", Verdict.INFO, evidence, cure)


def _cgroup(info: EngineInfo) -> Finding:
    facts = info.details
    version, driver = facts.get("cgroup version", ""), facts.get("cgroup driver", "")
    evidence = f"cgroup v{version or '?'}, driver {driver or '?'}, storage {facts.get('storage driver', '?')}"
    if driver == "none":
        cure = "Give this user control of its cgroups (systemd delegation); until then limits have no effect."
        return Finding("cgroup", Verdict.WARN, evidence, cure)
    if driver == "systemd" and info.local and has_nvidia() and not facts.get("CDI devices"):
        # Reloading systemd's units takes the GPUs from running containers where they were given by the old hook.
        cure = "A systemctl daemon-reload may take GPUs from running containers: give them through CDI, or cgroupfs."
        return Finding("cgroup", Verdict.WARN, evidence, cure)
    return Finding("cgroup", Verdict.OK, evidence)


def _runtimes(facts: Mapping[str, str]) -> Finding:
    default = facts.get("default runtime", "?")
    return Finding("runtimes", Verdict.OK, f"{facts.get('runtimes', '') or 'none named'}; default {default}")


def _cdi(facts: Mapping[str, str]) -> Iterator[Finding]:
    folders, devices = facts.get("CDI folders", ""), facts.get("CDI devices", "")
    if folders or devices:
        yield Finding("CDI", Verdict.OK, f"folders {folders or 'none'}; devices {devices or 'none found'}")


def _logging(facts: Mapping[str, str]) -> Finding:
    driver = facts.get("logging driver", "")
    evidence = f"default log driver {driver or '?'}; mltui's runs use json-file, bounded"
    return Finding("engine logs", Verdict.OK, evidence)


def _storage(info: EngineInfo) -> Finding:
    root = Path(info.details.get("root folder", "/var/lib/docker"))
    if not info.local:
        return Finding("engine disk", Verdict.INFO, f"{root} is on {info.host}, which cannot be seen from here")
    # A user may not look into the folder; the disk is that of the nearest parent that can be seen.
    seen = next((folder for folder in (root, *root.parents) if os.access(folder, os.X_OK)), Path("/"))
    cure = "See what takes room: docker system df. Then: docker image prune, docker builder prune."
    finding = disk("engine disk", seen, cure)
    return finding._replace(evidence=finding.evidence.replace(str(seen), str(root)))


def _engine_gpus(info: EngineInfo) -> Finding:
    runtimes = info.details.get("runtimes", "") or "none named"
    if info.gpus:
        return Finding("engine GPUs", Verdict.OK, f"the engine can give GPUs to containers (runtimes: {runtimes})")
    evidence = f"the engine shows no way to give GPUs (runtimes: {runtimes}, no CDI device)"
    if info.local and not has_nvidia():
        return Finding("engine GPUs", Verdict.INFO, evidence)
    cure = (
        "With an NVIDIA GPU: install nvidia-container-toolkit, then "
        "`sudo nvidia-ctk runtime configure --runtime=docker && sudo systemctl restart docker`."
    )
    return Finding("engine GPUs", Verdict.WARN if info.local else Verdict.INFO, evidence, cure)


def check_logs(root: Path = Path("/var/lib/docker")) -> Iterable[Finding]:
    """Logs that an engine of this machine keeps of its containers; they have no limit unless somebody sets one."""
    sizes: list[tuple[int, str]] = []
    try:
        for folder in (root / "containers").iterdir():
            log = folder / f"{folder.name}-json.log"
            if log.exists():
                sizes.append((log.stat().st_size, folder.name))
    except OSError:
        # The folder is root's alone, or there is no such engine: nothing can be said of it.
        return
    if not sizes:
        return
    size, name = max(sizes)
    evidence = f"{len(sizes)} logs with {format_bytes(sum(one for one, _ in sizes))}; the longest {format_bytes(size)}"
    known = known_figure("engine_log", size)
    if known is None:
        yield Finding("container logs", Verdict.OK, evidence)
        return
    yield Finding("container logs", Verdict.WARN, f"{evidence}, of container {name[:12]}", known.cure)


def check_zombies(proc: Path = Path("/proc")) -> Iterable[Finding]:
    """Ended processes that nobody takes away; those of a training may hold memory of a GPU."""
    parents: dict[str, int] = {}
    for folder in proc.iterdir():
        if not folder.name.isdigit():
            continue
        try:
            state, parent = (folder / "stat").read_text(errors="replace").rpartition(")")[2].split()[:2]
        except (OSError, ValueError):
            continue
        if state == "Z":
            parents[parent] = parents.get(parent, 0) + 1
    total = sum(parents.values())
    known = known_figure("zombie_count", total)
    said = f"ended processes that wait to be taken away: {total}"
    if known is None:
        yield Finding("zombies", Verdict.OK, said)
        return
    parent, count = max(parents.items(), key=lambda one: one[1])
    yield Finding("zombies", Verdict.WARN, f"{said}, of them {count} children of process {parent}", known.cure)
