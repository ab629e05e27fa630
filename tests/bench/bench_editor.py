"""A keystroke in the editor of a profile of 500 lines: until it shows, and until it shows checked, beside a bare area.

``python -m tests.bench.bench_editor [KEYS]``

Both programs run on real terminals, and their keys are pressed in turn, so that what else the machine does meets both.
Each key makes a value wrong or right again, at the end of the profile and inside the two hundred parameters. The floor
is a plain ``TextArea`` with the same text. The processor's time a key, of all threads of the program until it is drawn,
is printed beside the waiting: on a busy machine that is the figure to compare. (The command that a profile stands for
is worked out later, when no more is typed.)
"""

from __future__ import annotations

import contextlib
import os
import re
import statistics
import sys
import tempfile
import time
from pathlib import Path

from tests.support.terminal import Terminal

LINES = 500
BARE = """
import sys
from textual.app import App
from textual.widgets import TextArea
class Bare(App):
    def compose(self):
        yield TextArea(open(sys.argv[1]).read(), soft_wrap=False, show_line_numbers=True)
Bare().run()
"""
_LAST = "pids_limit: 100"


def profile_text() -> str:
    """A sound profile of 500 lines: many parameters, many variables, comments."""
    lines = ["# A large profile", "image: python:3.12", "gpus: none", "command: [python3, train.py]", "params:"]
    lines += [f"  p{i}: {{default: {i}, help: Number {i}, min: 0, max: {1000 + i}}}" for i in range(200)]
    lines += ["environment:"]
    lines += [f"  VAR_{i}: value {i} # what it is for" for i in range(LINES - len(lines) - 1)]
    return "\n".join([*lines, _LAST]) + "\n"


class RawTerminal(Terminal):
    """A terminal that keeps what is written to it, and emulates it only while it is told to."""

    emulates = True

    def _read(self) -> None:
        if self.emulates or not self.alive:
            super()._read()
            return
        with contextlib.suppress(OSError):
            self.raw += os.read(self._fd, 1 << 16)


class Typist:
    """Types in one program, and measures."""

    def __init__(self, terminal: RawTerminal, *, checks: bool) -> None:
        self._terminal = terminal
        self._checks = checks
        self.shown: list[float] = []
        self.checked: list[float] = []
        self.used: list[float] = []

    def begin(self) -> None:
        """Forget what was measured; from now on no emulator is in the way."""
        self._terminal.emulates = False
        self.shown, self.checked, self.used = [], [], []

    def go(self, lines: int, before_end: int) -> None:
        """Put the cursor so many lines further, so many columns before the line's end."""
        self._send("\x1b[B" * lines)
        self._send("\x1b[F" + "\x1b[D" * before_end)

    def _send(self, keys: str) -> None:
        """Press keys, and wait until nothing is drawn any more but the cursor's blinking."""
        os.write(self._terminal._fd, keys.encode())
        length = -1
        while len(self._terminal.raw) != length:
            length = len(self._terminal.raw)
            self._terminal.pump(0.4)

    def press(self, *, wrong: bool) -> None:
        """Type a letter that makes the value wrong, or take it away again."""
        self._terminal.pump(0.02)
        at, used, began = len(self._terminal.raw), self._processor(), time.perf_counter()
        os.write(self._terminal._fd, b"x" if wrong else b"\x7f")
        # What is drawn is looked for in the bytes alone: an emulator would cost more than the drawing.
        if wrong:
            self._until(at, rb"\dx")
            self.shown.append(1000 * (time.perf_counter() - began))
        elif not self._checks:
            self._until(at, rb"(?:max|pids_limit): \d+[^\dx]")
        if self._checks:
            self._until(at, rb"1 wrong" if wrong else rb"sound")
            self.checked.append(1000 * (time.perf_counter() - began))
        self._terminal.pump(0.05)
        self.used.append((self._processor() - used) / 1e6)
        # Longer than the cursor takes to blink, so that the next key does not meet that.
        self._terminal.pump(0.65)

    def _until(self, at: int, pattern: bytes) -> None:
        wanted, terminal = re.compile(pattern), self._terminal
        if not terminal.pump(5, lambda: bool(wanted.search(terminal.raw, at))):
            raise RuntimeError(f"never saw {pattern!r} in {bytes(terminal.raw[at:])[-300:]!r}")

    def _processor(self) -> int:
        """Nanoseconds of the processor that all threads of the program have used."""
        tasks = Path(f"/proc/{self._terminal.pid}/task")
        return sum(int((task / "schedstat").read_text().split()[0]) for task in tasks.iterdir())


def figures(name: str, values: list[float], floor: list[float]) -> None:
    """One line: p50, p95, and the ratio of the medians."""
    ordered = sorted(values)
    p95 = ordered[int(len(ordered) * 0.95) - 1]
    ratio = statistics.median(values) / statistics.median(floor)
    print(f"  {name:<30} p50 {statistics.median(values):6.1f}   p95 {p95:6.1f} ms   {ratio:.2f} × the bare area")


def measure(bare: Typist, editor: Typist, where: str, keys: int) -> None:
    """Press the keys in both programs in turn, and print the figures."""
    for typist in (bare, editor):
        typist.begin()
    for number in range(2 * keys):
        for typist in (bare, editor):
            typist.press(wrong=number % 2 == 0)
    print(f"{where}: {2 * keys} keys, load {os.getloadavg()[0]:.1f}")
    figures("bare TextArea, shown", bare.shown, bare.shown)
    figures("editor, shown", editor.shown, bare.shown)
    figures("editor, shown and checked", editor.checked, bare.shown)
    figures("bare TextArea, processor", bare.used, bare.used)
    figures("editor, processor", editor.used, bare.used)


def main() -> None:
    """Print the figures."""
    keys = int(sys.argv[1]) if len(sys.argv) > 1 else 50
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "profiles" / "large" / "profile.yaml"
        path.parent.mkdir(parents=True)
        path.write_text(profile_text())
        os.environ |= {"MLTUI_HOME": f"{name}/home", "MLTUI_CONFIG": f"{name}/config"}
        command = [sys.executable, "-m", "mltui", "--engine", "local", str(path.parent.parent)]
        with (
            RawTerminal([sys.executable, "-c", BARE, str(path)]) as floor,
            RawTerminal(command) as editor,
        ):
            floor.until("A large profile")
            editor.until("large")
            editor.pump(2)
            editor.press("1", "e")
            editor.until("sound")
            editor.press("tab")
            editor.pump(1)
            typists = Typist(floor, checks=False), Typist(editor, checks=True)
            text, here = profile_text().split("\n"), 0
            for where, line in (("inside the parameters", 105), ("at the end", LINES - 1)):
                for typist in typists:
                    typist.go(line - here, text[line].count("}"))
                measure(*typists, where, keys)
                here = line


if __name__ == "__main__":
    main()
