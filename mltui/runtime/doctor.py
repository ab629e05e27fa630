"""Checks of this machine and its engine. They only read, and all of them end within a few seconds whatever hangs."""

from __future__ import annotations

import importlib.util
import locale
import os
import platform
import shutil
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from mltui import __version__
from mltui.domain.errors import EngineUnavailable, MltuiError
from mltui.domain.figures import format_bytes

if TYPE_CHECKING:
    from mltui.engines.base import EngineInfo
    from mltui.monitors.base import DeviceMonitor

#: Seconds for all checks together; an engine itself gives up after three.
DEADLINE_S = 2.9
#: Below these an image of a training framework, or a run's checkpoints, soon fill the disk.
_DISK_LOW, _DISK_EMPTY = 10 << 30, 1 << 30
#: PyTorch's loaders and NCCL pass tensors through /dev/shm; Docker gives 64 MiB where nobody asks for more.
_SHM_LOW = 1 << 30
_PYTHON = (3, 11)
_SCREEN = (80, 24)


class Verdict(StrEnum):
    """How a check came out; ``info`` is neither good nor bad."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"
    INFO = "info"


class Finding(NamedTuple):
    """What one check found."""

    check: str
    verdict: Verdict
    evidence: str
    cure: str = ""


class Check(NamedTuple):
    """Something to look at; it may give several findings."""

    name: str
    run: Callable[[], Iterable[Finding]]
    cure: str = ""
    """What to do when it does not come to an end."""


_HANGING = (
    "It takes connections and says nothing: see its log (journalctl -u docker), or choose another with DOCKER_HOST."
)


def examine(engine: str = "", endpoint: str = "", deadline: float = DEADLINE_S) -> tuple[Finding, ...]:
    """All checks, of the engine called ``engine`` (empty: docker, with the local one to fall back on)."""
    checks = [
        Check("mltui", check_versions),
        Check("home", check_home, "Its disk hangs: set MLTUI_HOME to a folder on another one."),
        Check("engine", lambda: check_engine(engine, endpoint), _HANGING),
        Check("gpu", check_gpus, "The driver hangs: see dmesg, and whether nvidia-smi answers."),
        Check("shared memory", check_shared_memory),
        Check("local engine", check_local),
        Check("terminal", check_terminal),
    ]
    return run_checks(checks, deadline)


def run_checks(checks: Sequence[Check], deadline: float = DEADLINE_S) -> tuple[Finding, ...]:
    """The findings in the order of ``checks``, which run side by side; one that is not done in time failed."""
    found: dict[str, tuple[Finding, ...]] = {}

    def run(check: Check) -> None:
        try:
            found[check.name] = tuple(check.run())
        except Exception as error:
            # A check that breaks is a finding, not the end of the others.
            what = f"The check broke: {type(error).__name__}: {error}"
            found[check.name] = (Finding(check.name, Verdict.FAIL, what),)

    threads = [threading.Thread(target=run, args=(each,), name=each.name, daemon=True) for each in checks]
    for thread in threads:
        thread.start()
    end = time.monotonic() + deadline
    for thread in threads:
        thread.join(max(0.0, end - time.monotonic()))
    late = f"no answer within {deadline:.0f} s"
    return tuple(
        finding for one in checks for finding in found.get(one.name, (Finding(one.name, Verdict.FAIL, late, one.cure),))
    )


def check_versions() -> Iterable[Finding]:
    """mltui's own version and Python's."""
    yield Finding("mltui", Verdict.OK, f"mltui {__version__}")
    good = sys.version_info >= _PYTHON
    cure = "" if good else "Install Python 3.11 or newer."
    evidence = f"Python {platform.python_version()}, {sys.executable}"
    yield Finding("python", Verdict.OK if good else Verdict.FAIL, evidence, cure)


def check_home() -> Iterable[Finding]:
    """The folder of the runs can be written to and has room."""
    from mltui.storage.locations import home, make_folder

    try:
        folder = make_folder(home())
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(b"mltui")
            file.flush()
    except (MltuiError, OSError) as error:
        hint = "Set MLTUI_HOME to a folder on a disk with room that you may write to."
        yield Finding("home", Verdict.FAIL, f"{home()} cannot be written to: {error}", hint)
        return
    yield Finding("home", Verdict.OK, f"{folder} can be written to")
    yield disk("home disk", folder, "Remove runs you no longer need (mltui rm), or set MLTUI_HOME to another disk.")


def disk(check: str, folder: Path, cure: str) -> Finding:
    """How much room the disk of ``folder`` has."""
    try:
        usage = shutil.disk_usage(folder)
    except OSError as error:
        return Finding(check, Verdict.INFO, f"{folder} cannot be measured: {error.strerror}")
    evidence = f"{format_bytes(usage.free)} free of {format_bytes(usage.total)} at {folder}"
    verdict = Verdict.FAIL if usage.free < _DISK_EMPTY else Verdict.WARN if usage.free < _DISK_LOW else Verdict.OK
    return Finding(check, verdict, evidence, "" if verdict is Verdict.OK else cure)


def check_engine(name: str = "", endpoint: str = "") -> Iterable[Finding]:
    """Whether a container engine answers, and what it can do."""
    from mltui.plugins import make_engine

    try:
        engine = make_engine(name or "docker", endpoint)
        info = engine.info()
    except EngineUnavailable as error:
        # Without a container engine everything still works as local processes, unless one was asked for.
        verdict, rest = (Verdict.FAIL, "") if name else (Verdict.WARN, " Runs are local processes until then.")
        yield Finding("engine", verdict, error.message, f"{error.hint}{rest}")
        return
    engine.close()
    where = f" at {info.endpoint}" if info.endpoint else ""
    context = f" ({info.context})" if info.context else ""
    yield Finding("engine", Verdict.OK, f"{info.product} {info.version} answers{where}{context}")
    if info.isolated:
        yield from engine_findings(info)


def engine_findings(info: EngineInfo) -> Iterable[Finding]:
    """What a container engine says of itself, judged."""
    facts = info.details
    system = ", ".join(filter(None, (facts.get("system"), facts.get("kernel"))))
    yield Finding("engine API", Verdict.OK, f"API {facts.get('API', '?')}")
    yield Finding("engine host", Verdict.OK, f"{info.host}: {info.cpus} CPUs, {format_bytes(info.memory)}, {system}")
    yield _cgroup(facts)
    yield _logging(facts)
    yield _storage(info)
    yield _engine_gpus(info)


def _cgroup(facts: Mapping[str, str]) -> Finding:
    version, driver = facts.get("cgroup version", ""), facts.get("cgroup driver", "")
    evidence = f"cgroup v{version or '?'}, driver {driver or '?'}, storage {facts.get('storage driver', '?')}"
    if driver == "none":
        cure = "Give this user control of its cgroups (systemd delegation); until then limits have no effect."
        return Finding("cgroup", Verdict.WARN, evidence, cure)
    return Finding("cgroup", Verdict.OK, evidence)


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
    if info.local and not _has_nvidia():
        return Finding("engine GPUs", Verdict.INFO, evidence)
    cure = (
        "With an NVIDIA GPU: install nvidia-container-toolkit, then "
        "`sudo nvidia-ctk runtime configure --runtime=docker && sudo systemctl restart docker`."
    )
    return Finding("engine GPUs", Verdict.WARN if info.local else Verdict.INFO, evidence, cure)


def _has_nvidia() -> bool:
    return os.path.exists("/proc/driver/nvidia/version") or os.path.exists("/dev/nvidiactl")


def check_gpus() -> Iterable[Finding]:
    """This machine's GPUs, and what containers need besides the driver."""
    from mltui.monitors.nvidia import NvidiaMonitor

    yield from gpu_findings(NvidiaMonitor())
    yield from _toolkit()


def gpu_findings(monitor: DeviceMonitor) -> Iterable[Finding]:
    """The devices of a monitor, those that do not answer as failures."""
    reason = monitor.probe()
    if reason:
        if _has_nvidia():
            yield Finding("gpu", Verdict.FAIL, reason, "Run nvidia-smi; after an update of the driver, reboot.")
        else:
            yield Finding("gpu", Verdict.INFO, reason)
        return
    try:
        for sample in monitor.sample():
            name = f"GPU {sample.index} {sample.name} {sample.uuid}"
            if sample.error:
                cure = "See dmesg for Xid errors; reset or reboot."
                yield Finding("gpu", Verdict.FAIL, f"{name}: {sample.error}", cure)
                continue
            used = f"{format_bytes(sample.memory_used)} of {format_bytes(sample.memory_total)} in use"
            yield Finding("gpu", Verdict.OK, f"{name}: {used}")
    finally:
        monitor.close()


#: Files that say how containers get GPUs; the specification of CDI names its folders.
_CDI_FOLDERS = ("/etc/cdi", "/var/run/cdi")


def _toolkit() -> Iterable[Finding]:
    tool = shutil.which("nvidia-ctk") or shutil.which("nvidia-container-runtime-hook")
    specs = [str(path) for folder in _CDI_FOLDERS for path in sorted(Path(folder).glob("*.y*ml"))]
    if not tool and not specs and not _has_nvidia():
        return
    evidence = f"toolkit: {tool or 'not found'}; CDI: {', '.join(specs) or 'no specification'}"
    if not tool and not specs:
        cure = "Install nvidia-container-toolkit, so that containers can have the GPUs."
        yield Finding("gpu toolkit", Verdict.WARN, evidence, cure)
        return
    stale = [path for path in specs if _older_than_driver(path)]
    cure = f"Older than the driver: sudo nvidia-ctk cdi generate --output={stale[0]}" if stale else ""
    yield Finding("gpu toolkit", Verdict.WARN if stale else Verdict.OK, evidence, cure)


def _older_than_driver(path: str) -> bool:
    """The driver's library was installed after the specification that names its files was written."""
    libraries = [found for folder in ("/usr/lib/x86_64-linux-gnu", "/usr/lib64", "/usr/lib/aarch64-linux-gnu")
                 for found in Path(folder).glob("libnvidia-ml.so.[0-9]*.*")]  # fmt: skip
    try:
        return any(os.stat(path).st_mtime < os.lstat(library).st_ctime for library in libraries)
    except OSError:
        return False


def check_shared_memory() -> Iterable[Finding]:
    """Room in /dev/shm, which loaders of local runs use; containers get their own."""
    try:
        usage = shutil.disk_usage("/dev/shm")
    except OSError as error:
        yield Finding("shared memory", Verdict.WARN, f"/dev/shm: {error.strerror}", "Mount a tmpfs at /dev/shm.")
        return
    evidence = f"/dev/shm has {format_bytes(usage.free)} free of {format_bytes(usage.total)}; containers get shm_size"
    low = usage.total < _SHM_LOW
    cure = "Local runs with several loader processes need more: sudo mount -o remount,size=8g /dev/shm" if low else ""
    yield Finding("shared memory", Verdict.WARN if low else Verdict.OK, evidence, cure)


def check_local() -> Iterable[Finding]:
    """The local engine can make virtual environments."""
    missing = [name for name in ("venv", "ensurepip", "pip") if importlib.util.find_spec(name) is None]
    if "venv" in missing or {"ensurepip", "pip"} <= set(missing):
        cure = "Install them (Debian, Ubuntu: sudo apt install python3-venv python3-pip)."
        yield Finding("local engine", Verdict.WARN, f"Python has no {', '.join(missing)}", cure)
        return
    yield Finding("local engine", Verdict.OK, "virtual environments can be made; its runs are not isolated")


def check_terminal(environ: Mapping[str, str] | None = None) -> Iterable[Finding]:
    """The terminal can show the app."""
    env = os.environ if environ is None else environ
    term = env.get("TERM", "")
    encoding = locale.getpreferredencoding(False)
    if not sys.stdout.isatty():
        evidence = f"none here (TERM={term or 'not set'}); mltui run, runs and logs need none"
        yield Finding("terminal", Verdict.INFO, evidence)
        return
    size = shutil.get_terminal_size()
    evidence = f"TERM={term or 'not set'}, {size.columns}x{size.lines}, {colours(env)}, {encoding}"
    cures = [
        "Set TERM, for example to xterm-256color." if term in ("", "dumb") else "",
        f"Make it {_SCREEN[0]}x{_SCREEN[1]} or larger." if size.columns < _SCREEN[0] or size.lines < _SCREEN[1] else "",
        "Use a UTF-8 locale (export LANG=C.UTF-8)." if "utf" not in encoding.lower() else "",
    ]
    cure = " ".join(filter(None, cures))
    yield Finding("terminal", Verdict.WARN if cure else Verdict.OK, evidence, cure)


def colours(environ: Mapping[str, str]) -> str:
    """How many colours the terminal says it has."""
    if environ.get("NO_COLOR"):
        return "no colours (NO_COLOR)"
    if environ.get("COLORTERM", "").lower() in ("truecolor", "24bit"):
        return "16 million colours"
    return "256 colours" if "256" in environ.get("TERM", "") else "16 colours"
