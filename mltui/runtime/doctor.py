"""Checks of this machine and its engine. They only read, and all of them end within a few seconds whatever hangs."""

from __future__ import annotations

import importlib.util
import locale
import os
import platform
import shutil
import sys
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path

from mltui import __version__
from mltui.domain.errors import MltuiError
from mltui.domain.figures import format_bytes
from mltui.plugins import AUTO, check_name
from mltui.runtime.checkup import DEADLINE_S, Check, Finding, Verdict, disk, run_checks
from mltui.runtime.doctor_engine import HANGING, check_engine, check_logs, check_zombies
from mltui.runtime.doctor_gpus import check_driver, check_fabric, check_gpus, check_toolkit
from mltui.runtime.doctor_probe import PROBE_S, check_probe

#: PyTorch's loaders and NCCL pass tensors through /dev/shm; Docker gives 64 MiB where nobody asks for more.
_SHM_LOW = 1 << 30
_PYTHON = (3, 11)
_SCREEN = (80, 24)


def examine(
    engine: str = "", endpoint: str = "", deadline: float = DEADLINE_S, *, probe: bool = False
) -> tuple[Finding, ...]:
    """All checks, of the engine called ``engine`` (empty: docker, with the local one to fall back on).

    ``probe`` starts a container that looks for its GPUs, and removes it: the one thing that is not only read. It is
    given time of its own. Raises ``UsageError`` for an engine that does not exist.
    """
    check_name(engine)
    engine = "" if engine == AUTO else engine
    driver_hangs = "The driver hangs: see dmesg, and whether nvidia-smi answers."
    checks = [
        Check("engine", lambda: check_engine(engine, endpoint), HANGING),
        Check("container logs", check_logs, "The engine's disk hangs."),
        Check("driver", check_driver, driver_hangs),
        Check("gpu", check_gpus, driver_hangs),
        Check("gpu toolkit", check_toolkit, "The disk hangs."),
        Check("fabric manager", check_fabric, driver_hangs),
        Check("shared memory", check_shared_memory),
        Check("zombies", check_zombies),
        Check("home", check_home, "Its disk hangs: set MLTUI_HOME to a folder on another one."),
        Check("local engine", check_local),
        Check("mltui", check_versions),
        Check("terminal", check_terminal),
    ]
    findings = run_checks(checks, deadline)
    if probe:
        probing = Check("probe", lambda: check_probe(engine, endpoint), "See what the engine does: docker ps.")
        findings += run_checks([probing], PROBE_S)
    return findings


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

    folder, reason = home(), ""
    try:
        make_folder(folder)
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(b"mltui")
            file.flush()
    except MltuiError as error:
        reason = error.message
    except OSError as error:
        reason = f"{folder} cannot be written to: {error.strerror}"
    hint = "Set MLTUI_HOME to a folder on a disk with room that you may write to."
    yield (
        Finding("home", Verdict.FAIL, reason, hint)
        if reason
        else Finding("home", Verdict.OK, f"{folder} can be written to")
    )
    yield from check_database(folder / "runs.db")
    if folder.is_dir():
        yield disk("home disk", folder, "Remove runs you no longer need (mltui rm), or set MLTUI_HOME to another disk.")


def check_database(path: Path) -> Iterable[Finding]:
    """Every page of the run database can be read."""
    from mltui.storage.database_file import damage

    if not os.access(path, os.R_OK):
        if path.exists():
            yield Finding("run database", Verdict.FAIL, f"{path} may not be read", "See who owns it: ls -l")
        return
    error = damage(path)
    if error:
        yield Finding("run database", Verdict.FAIL, error.message, error.hint)
    else:
        yield Finding("run database", Verdict.OK, f"{path} is whole")


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
