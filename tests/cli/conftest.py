"""The command line as a person meets it: real processes on pipes and on a terminal, with a home of their own."""

from __future__ import annotations

import fcntl
import json
import os
import pty
import select
import subprocess
import sys
import termios
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
#: Nothing here takes so long; a test that waits for it would fail anyway.
PATIENCE = 60.0

TRAIN = """\
description: Prints a falling loss
image: busybox
gpus: none
params:
  epochs: {type: int, default: 3, min: 1, help: how often}
  exit: 0
command:
  - sh
  - -c
  - >-
    i=0; while [ $$i -lt ${epochs} ]; do i=$$((i+1)); echo "Epoch $$i/${epochs}";
    echo "- loss: 0.$$((9-i)) - accuracy: 0.$$i"; done; echo kept > "$$MLTUI_OUTPUTS/model"; exit ${exit}
"""
#: Runs until it is told to end: by a file in its folder, so that a test decides and no clock does.
WAIT = """\
image: busybox
gpus: none
command: [sh, -c, 'echo "step 1 - loss: 0.5"; while [ ! -e "@FOLDER@/go" ]; do sleep 0.05; done; echo last words']
"""


@dataclass
class Terminal:
    """A command on a terminal of its own."""

    process: subprocess.Popen[bytes]
    fd: int
    output: str = field(default="")

    def wait_for(self, text: str) -> str:
        """Read until ``text`` was shown; returns all output until then."""
        end = time.monotonic() + PATIENCE
        while text not in self.output:
            assert time.monotonic() < end, f"{text!r} did not come: {self.output!r}"
            if not self._read() and text not in self.output:
                pytest.fail(f"it ended without {text!r}: {self.output!r}")
        return self.output

    def type(self, text: str) -> None:
        """Press keys."""
        os.write(self.fd, text.encode())

    def end(self) -> int:
        """Read to the end; returns the exit code."""
        while self._read():
            pass
        os.close(self.fd)
        return self.process.wait(PATIENCE)

    def _read(self) -> bool:
        ready, _, _ = select.select([self.fd], [], [], PATIENCE)
        try:
            data = os.read(self.fd, 1 << 16) if ready else b""
        except OSError:
            # Linux says EIO when the last process on the terminal has gone.
            data = b""
        self.output += data.decode(errors="replace")
        return bool(data)


class Program:
    """The ``mltui`` program with its files below ``folder``."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.home = folder / "home"
        self._started: list[subprocess.Popen[str]] = []
        self.environment = {
            **{k: v for k, v in os.environ.items() if not k.startswith(("DOCKER_", "MLTUI_", "NO_COLOR"))},
            "PYTHONPATH": str(ROOT),
            "MLTUI_HOME": str(self.home),
            "MLTUI_CONFIG": str(folder / "config"),
            "DOCKER_HOST": f"unix://{folder}/no-engine.sock",
            "TERM": "xterm",
        }

    def __call__(self, *words: str, code: int | None = 0, stdin: bytes = b"", **variables: str) -> tuple[str, str]:
        """Run a command on pipes; returns what it wrote to stdout and to stderr. ``code`` is the expected exit code."""
        done = subprocess.run(
            self._command(words), input=stdin, capture_output=True, env=self.environment | variables,
            cwd=self.folder, timeout=PATIENCE, check=False,
        )  # fmt: skip
        out, err = done.stdout.decode(), done.stderr.decode()
        assert "Traceback" not in err, err
        assert code is None or done.returncode == code, f"{words}: {done.returncode}\n{out}\n{err}"
        return out, err

    def lines(self, *words: str, **options: object) -> list[dict[str, object]]:
        """Run a command that prints JSON lines; returns the objects."""
        out, _ = self(*words, **options)  # type: ignore[arg-type]
        return [json.loads(line) for line in out.splitlines()]

    def start(self, *words: str) -> subprocess.Popen[str]:
        """Start a command on pipes; what is left of it when the test ends is cleared away."""
        process = subprocess.Popen(
            self._command(words), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            env=self.environment, cwd=self.folder,
        )  # fmt: skip
        self._started.append(process)
        return process

    def close(self) -> None:
        """End what was started and close its pipes."""
        for process in self._started:
            process.kill()
            process.wait()
            for pipe in (process.stdin, process.stdout, process.stderr):
                if pipe:
                    pipe.close()
        self._started.clear()

    def terminal(self, *words: str, **variables: str) -> Terminal:
        """Start a command on a terminal of 80 by 24."""
        main, side = pty.openpty()
        environment: Mapping[str, str] = self.environment | {"COLUMNS": "80", "LINES": "24"} | variables
        process = subprocess.Popen(
            self._command(words), stdin=side, stdout=side, stderr=side, env=environment, cwd=self.folder,
            # The terminal is its own, so that the keys that send signals work.
            start_new_session=True, preexec_fn=lambda: fcntl.ioctl(side, termios.TIOCSCTTY, 0),
        )  # fmt: skip
        os.close(side)
        return Terminal(process, main)

    def profile(self, name: str, text: str) -> Path:
        """Write a profile in a folder of its own; ``@FOLDER@`` in it stands for that folder."""
        folder = self.folder / name
        folder.mkdir(exist_ok=True)
        (folder / "profile.yaml").write_text(text.replace("@FOLDER@", str(folder)))
        return folder

    def _command(self, words: tuple[str, ...]) -> list[str]:
        return [sys.executable, "-m", "mltui", *words]


@pytest.fixture
def program(tmp_path: Path) -> Iterator[Program]:
    """The program with nothing recorded yet."""
    program = Program(tmp_path)
    yield program
    program.close()


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Program, str]]:
    """A program that has one finished run, and that run's id."""
    program = Program(tmp_path_factory.mktemp("trained"))
    folder = program.profile("train", TRAIN)
    events = program.lines("run", str(folder), "--engine", "local", "--json")
    yield program, str(events[0]["id"])
    program.close()
