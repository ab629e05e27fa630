"""What is measured of the processes of a run."""

from __future__ import annotations

import os
import subprocess
import sys
from types import SimpleNamespace

from mltui.engines.local.usage import UsageMeter


def test_processes_that_have_ended_are_not_measured_as_using_nothing() -> None:
    """Also while nobody has waited for them: a run's last sample would be zero."""
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as child:
        process = SimpleNamespace(record=SimpleNamespace(id="run"), pids=(child.pid, 0))
        meter = UsageMeter()
        assert meter.measure([process])["run"].memory  # type: ignore[list-item]
        assert child.stdin is not None
        child.stdin.close()
        os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
        assert meter.measure([process]) == {}  # type: ignore[list-item]
