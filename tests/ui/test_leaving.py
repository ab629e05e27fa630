"""The terminal is as it was found, however the app is left."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

import psutil
import pytest

from tests.support.terminal import Terminal


@pytest.mark.parametrize("how", [signal.SIGTERM, "q"])
def test_the_terminal_is_left_as_it_was(how: int | str, tmp_path: Path, mltui_home: Path) -> None:
    """No other screen, a cursor, no mouse reports: also where another program ends it."""
    (tmp_path / "profiles").mkdir()
    command = [sys.executable, "-m", "mltui", "--engine", "local", "--theme", "light", str(tmp_path / "profiles")]
    with Terminal(command, environment={"MLTUI_CONFIG": str(tmp_path)}) as terminal:
        terminal.until("What a launch does")
        if isinstance(how, str):
            terminal.press(how)
        else:
            os.kill(terminal.pid, how)
        assert terminal.pump(20, lambda: not terminal.alive)
        for mode in (b"1049", b"1000", b"1003", b"1006", b"2004"):
            on, off = b"\x1b[?%sh" % mode, b"\x1b[?%sl" % mode
            assert terminal.raw.rfind(off) > terminal.raw.rfind(on) >= 0, mode
        assert terminal.raw.rfind(b"\x1b[?25h") > terminal.raw.rfind(b"\x1b[?25l")
        _, status = os.waitpid(terminal.pid, 0)
        assert os.waitstatus_to_exitcode(status) == (0 if how == "q" else 143)


def test_it_can_be_suspended(tmp_path: Path, mltui_home: Path) -> None:
    """The terminal is the shell's meanwhile; whole again, the screen is drawn anew."""
    (tmp_path / "profiles").mkdir()
    with Terminal([sys.executable, "-m", "mltui", "--engine", "local", str(tmp_path / "profiles")]) as terminal:
        terminal.until("What a launch does")
        terminal.press("\x1a")
        program = psutil.Process(terminal.pid)
        assert terminal.pump(20, lambda: program.status() == psutil.STATUS_STOPPED)
        assert terminal.pump(20, lambda: terminal.raw.rfind(b"\x1b[?1049l") > 0)
        at = len(terminal.raw)
        os.kill(terminal.pid, signal.SIGCONT)
        assert terminal.pump(20, lambda: b"What a launch does" in terminal.raw[at:])
