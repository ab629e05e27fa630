"""A terminal for tests: a program on a real pty, its screen kept by an emulator, its costs measured from outside."""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import re
import select
import signal
import struct
import termios
import time
from collections.abc import Callable, Mapping, Sequence

import psutil
import pyte

KEYS = {
    "enter": "\r", "escape": "\x1b", "tab": "\t", "shift+tab": "\x1b[Z", "up": "\x1b[A", "down": "\x1b[B",
    "right": "\x1b[C", "left": "\x1b[D", "backspace": "\x7f", "pageup": "\x1b[5~", "pagedown": "\x1b[6~",
    "home": "\x1b[H", "end": "\x1b[F", "ctrl+p": "\x10", "ctrl+c": "\x03",
}  # fmt: skip
#: What a terminal answers when it is asked; programs would otherwise wait for it.
_ANSWERS = {
    b"\x1b[6n": b"\x1b[1;1R",
    b"\x1b[c": b"\x1b[?62;22c",
    b"\x1b[?2026$p": b"\x1b[?2026;2$y",
    b"\x1b[?2048$p": b"\x1b[?2048;0$y",
}
#: Sequences that pyte does not know and would print as text.
_UNKNOWN = re.compile(
    rb"\x1b\[[<>=?][0-9;:]*[a-zA-Z$]?[a-zA-Z]|\x1b\[[0-9;]*\$[a-z]|\x1bP.*?\x1b\\|\x1b_.*?\x1b\\", re.S
)
_MODES = re.compile(rb"\x1b\[\?[0-9;]*[hl]$")


class Terminal:
    """Runs ``command`` on a pty of ``rows`` by ``columns`` cells. ``raw`` keeps every byte it wrote."""

    def __init__(
        self, command: Sequence[str], rows: int = 36, columns: int = 120, environment: Mapping[str, str] | None = None
    ) -> None:
        self.screen = pyte.Screen(columns, rows)
        self._stream = pyte.ByteStream(self.screen)
        self.raw = bytearray()
        self.changes = 0
        self.emulated = True
        """Whether what is written also goes to the emulator, which takes a hundred times as long as reading it."""
        self.beside: Sequence[Terminal] = ()
        """Other terminals that are read meanwhile: a program whose output nobody reads stands still."""
        self.alive = True
        self.began = time.perf_counter()
        self.pid, self._fd = pty.fork()
        if self.pid == 0:
            terminal = {"TERM": "xterm-256color", "COLORTERM": "truecolor", "LINES": str(rows), "COLUMNS": str(columns)}
            os.execvpe(command[0], list(command), {**os.environ, **terminal, **(environment or {})})
        fcntl.ioctl(self._fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def pump(self, seconds: float, stop: Callable[[], bool] | None = None) -> bool:
        """Read for ``seconds`` or until ``stop`` holds; tells whether it held."""
        end = time.perf_counter() + seconds
        # What was read before may be all there is: looking first keeps a wait for more out of what is measured.
        if stop and stop():
            return True
        while self.alive and (left := end - time.perf_counter()) > 0:
            beside = [one for one in self.beside if one.alive]
            ready = select.select([one._fd for one in (self, *beside)], [], [], min(left, 0.05))[0]
            for one in (self, *beside):
                if one._fd in ready:
                    one._read()
            if stop and stop():
                return True
        return bool(stop and stop())

    def _read(self) -> None:
        try:
            data = os.read(self._fd, 1 << 16)
        except OSError:
            data = b""
        if not data:
            self.alive = False
            return
        self.raw += data
        for question, answer in _ANSWERS.items():
            if question in data:
                os.write(self._fd, answer)
        if not self.emulated:
            return
        with contextlib.suppress(Exception):  # the emulator's own bugs are not what is tested
            self._stream.feed(_UNKNOWN.sub(lambda m: m[0] if _MODES.match(m[0]) else b"", data))
        self.changes += bool(self.screen.dirty)
        self.screen.dirty.clear()

    @property
    def text(self) -> str:
        """The screen's text."""
        return "\n".join(self.screen.display)

    def until(self, pattern: str, timeout: float = 30) -> float:
        """Wait until the screen matches; seconds since the start. Fails with the screen when it never does."""
        wanted = re.compile(pattern, re.S)
        assert self.pump(timeout, lambda: bool(wanted.search(self.text))), f"never saw {pattern!r}:\n{self.text}"
        return time.perf_counter() - self.began

    def press(self, *keys: str) -> None:
        """Press keys, by name or as text."""
        for key in keys:
            os.write(self._fd, KEYS.get(key, key).encode())
            self.pump(0.15)

    def answered(self, key: str, word: bytes, timeout: float = 5.0) -> float:
        """Seconds from the key until ``word`` is written, seen in the bytes alone."""
        at, began = len(self.raw), time.perf_counter()
        os.write(self._fd, KEYS.get(key, key).encode())
        assert self.pump(timeout, lambda: word in self.raw[at:]), f"{key} did not lead to {word!r}"
        return time.perf_counter() - began

    def latency(self, key: str, timeout: float = 2.0) -> float | None:
        """Seconds from the key to the first change of the screen."""
        seen, began = self.changes, time.perf_counter()
        os.write(self._fd, KEYS.get(key, key).encode())
        return time.perf_counter() - began if self.pump(timeout, lambda: self.changes > seen) else None

    def processes(self) -> list[psutil.Process]:
        """The program and its children."""
        try:
            process = psutil.Process(self.pid)
            return [process, *process.children(recursive=True)]
        except psutil.Error:
            return []

    def close(self) -> None:
        """End the program, and leave no zombie of it."""
        for wanted, seconds in ((signal.SIGTERM, 3.0), (signal.SIGKILL, 60.0)):
            with contextlib.suppress(OSError):
                os.kill(self.pid, wanted)
            end = time.perf_counter() + seconds
            while not (gone := self._is_gone()) and time.perf_counter() < end:
                # One whose output nobody reads would not end; one that has closed its terminal may need a moment.
                self.pump(0.05)
                time.sleep(0 if self.alive else 0.01)
            if gone:
                break
        with contextlib.suppress(OSError):
            os.close(self._fd)

    def _is_gone(self) -> bool:
        try:
            return os.waitpid(self.pid, os.WNOHANG)[0] != 0
        except ChildProcessError:
            return True

    def __enter__(self) -> Terminal:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def cpu_seconds(processes: Sequence[psutil.Process]) -> float:
    """User and system time of the processes so far."""
    total = 0.0
    for process in processes:
        with contextlib.suppress(psutil.Error):
            times = process.cpu_times()
            total += times.user + times.system
    return total


def resident_mib(processes: Sequence[psutil.Process]) -> float:
    """Memory of the processes in MiB."""
    total = 0
    for process in processes:
        with contextlib.suppress(psutil.Error):
            total += process.memory_info().rss
    return total / 2**20
