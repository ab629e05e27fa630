"""Checks that run side by side and end in time, whatever hangs."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from enum import StrEnum
from pathlib import Path
from typing import NamedTuple

from mltui.domain.figures import format_bytes

#: Seconds for all checks together; a command has taken some of the three that it may take when they begin.
DEADLINE_S = 2.3
_COMMAND_S = 2.7
#: Below these an image of a training framework, or a run's checkpoints, soon fill the disk.
_DISK_LOW, _DISK_EMPTY = 10 << 30, 1 << 30
#: File systems keep a twentieth back as a rule; a greater share is worth a word.
_KEPT_BACK = 0.06


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


def run_checks(checks: Sequence[Check], deadline: float = DEADLINE_S) -> tuple[Finding, ...]:
    """The findings in the order of ``checks``, which run side by side; one that is not done in time failed.

    What it found until then is kept.
    """
    found: dict[str, list[Finding]] = {check.name: [] for check in checks}
    done: set[str] = set()

    def run(check: Check) -> None:
        try:
            for finding in check.run():
                found[check.name].append(finding)
        except Exception as error:
            # A check that breaks is a finding, not the end of the others.
            what = f"The check broke: {type(error).__name__}: {error}"
            found[check.name].append(Finding(check.name, Verdict.FAIL, what))
        done.add(check.name)

    threads = [threading.Thread(target=run, args=(each,), name=each.name, daemon=True) for each in checks]
    for thread in threads:
        thread.start()
    end = time.monotonic() + deadline
    for thread in threads:
        thread.join(max(0.0, end - time.monotonic()))
    findings: list[Finding] = []
    for check in checks:
        ended = check.name in done
        findings += list(found[check.name])
        if not ended:
            late = f"no answer within {deadline:.1f} s"
            findings.append(Finding(check.name, Verdict.FAIL, late, check.cure))
    return tuple(findings)


def time_left() -> float:
    """Seconds for the checks of a command that is to end three seconds after it was typed."""
    try:
        with open("/proc/self/stat", encoding="utf-8", errors="replace") as file:
            ticks = int(file.read().rpartition(")")[2].split()[19])
        age = time.clock_gettime(time.CLOCK_BOOTTIME) - ticks / os.sysconf("SC_CLK_TCK")
    except (OSError, ValueError, IndexError, AttributeError):
        return DEADLINE_S
    return max(1.0, min(DEADLINE_S, _COMMAND_S - age))


def disk(check: str, folder: Path, cure: str) -> Finding:
    """How much room the disk of ``folder`` has, in the figures of the app's gauge."""
    from mltui.monitors.host import disk_room

    try:
        room = disk_room(folder)
    except OSError as error:
        return Finding(check, Verdict.INFO, f"{folder} cannot be measured: {error.strerror}")
    evidence = f"{format_bytes(room.free)} free of {format_bytes(room.total)} at {folder}"
    if room.kept_back > _KEPT_BACK * (room.total + room.kept_back):
        evidence += f"; {format_bytes(room.kept_back)} more are kept back for root"
    verdict = Verdict.FAIL if room.free < _DISK_EMPTY else Verdict.WARN if room.free < _DISK_LOW else Verdict.OK
    return Finding(check, verdict, evidence, "" if verdict is Verdict.OK else cure)
