"""What tests that really train have: TensorFlow, built once a machine by mltui itself, and mltui as a program."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from mltui.domain.errors import EngineUnavailable, NotFound
from mltui.domain.metric import MetricKind
from mltui.domain.run import Run
from mltui.engines.docker import DockerEngine
from mltui.runtime.run_view import RunView
from mltui.storage.history import RunDatabase
from mltui.storage.run_folder import RunFolder
from tests.support import images
from tests.support.require import unavailable

T = TypeVar("T")
ROOT = Path(__file__).resolve().parents[2]
PROFILES = ROOT / "profiles"
#: Somebody who is not root; the number needs no name.
STRANGER = 4321
#: Seconds in which a training of a few epochs has ended, on a machine with much else to do.
PATIENCE = 240.0

Points = dict[str, list[tuple[float, float]]]


def until(ask: Callable[[], T], good: Callable[[T], object] = bool, seconds: float = PATIENCE) -> T:
    """The first answer that is good; fails when none comes."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        answer = ask()
        if good(answer):
            return answer
        time.sleep(0.02)
    raise AssertionError(f"still {answer!r} after {seconds:.0f} s")


def share_environments(home: Path) -> Path:
    """Let a home use the environments that earlier test runs have built; returns their folder."""
    folder = images.cache_folder() / "environments"
    folder.mkdir(exist_ok=True)
    home.mkdir(parents=True, exist_ok=True)
    (home / "environments").symlink_to(folder)
    return folder


class Program:
    """The program ``mltui`` with a home of its own; ``docker`` is an engine's address, empty where there is none.

    ``user`` runs it as somebody else than root, who may read what root's own folders hide (the Python of the tests
    may lie there) and can do nothing else that a person without rights could not.
    """

    def __init__(self, folder: Path, docker: str = "", user: int = 0, **variables: str) -> None:
        self.folder = folder
        self.home = folder / "home"
        folder.mkdir(exist_ok=True)
        share_environments(self.home)
        self.prefix = _as_user(user) if user else []
        self.where = () if docker else ("--engine", "local")
        for path in (folder, self.home) if user else ():
            os.chown(path, user, user)
        foreign = ("DOCKER_", "MLTUI_", "PYTEST", "NO_COLOR")
        self.environment = {k: v for k, v in os.environ.items() if not k.startswith(foreign)} | {
            "HOME": str(folder),
            "PYTHONPATH": str(ROOT),
            "MLTUI_HOME": str(self.home),
            "MLTUI_CONFIG": str(folder / "config"),
            "DOCKER_HOST": docker or "unix:///nonexistent",
            **variables,
        }

    def command(self, *words: str) -> list[str]:
        """What is executed."""
        return [*self.prefix, sys.executable, "-m", "mltui", *words]

    def __call__(self, *words: str, seconds: float = PATIENCE) -> subprocess.CompletedProcess[str]:
        """Run a command on pipes."""
        return subprocess.run(
            self.command(*words), stdin=subprocess.DEVNULL, capture_output=True, text=True, env=self.environment,
            cwd=ROOT, timeout=seconds, check=False,
        )  # fmt: skip

    def launch(self, profile: Path, **params: object) -> Run:
        """Launch a profile and do not follow it."""
        changes = [word for name, value in params.items() for word in ("--set", f"{name}={value}")]
        done = self("run", str(profile), *self.where, *changes, "-d", "--json")
        assert done.returncode == 0, done.stderr
        return self.run(json.loads(done.stdout)["id"])

    def run(self, run_id: str) -> Run:
        """The record of a run as it is now."""
        with closing(RunDatabase(self.home / "runs.db")) as database:
            found = database.get(run_id)
        assert found is not None
        return found

    def runs(self) -> tuple[Run, ...]:
        """All runs, newest first."""
        with closing(RunDatabase(self.home / "runs.db")) as database:
            return database.runs()

    def run_folder(self, run: Run) -> RunFolder:
        """Where a run is recorded."""
        return RunFolder(self.home, run.id)

    def ended(self, run: Run) -> Run:
        """The run once it has ended and its record is complete."""
        return until(lambda: self.run(run.id), lambda now: not now.state.active)

    def told(self, run: Run) -> str:
        """All that is known of a run, for the message of a failed test."""
        folder = self.run_folder(run)
        texts = [path.read_text(errors="replace")[-3000:] for path in (folder.build_log, folder.log) if path.exists()]
        return "\n".join([str(self.run(run.id)), *texts])

    @contextmanager
    def viewer(self, run: Run) -> Iterator[RunView]:
        """A viewer of one run."""
        with closing(RunView(self.run_folder(run))) as view:
            yield view

    def curve(self, run: Run) -> Points:
        """The points of a run that a viewer sees who comes now."""
        with self.viewer(run) as view:
            view.poll()
            return points(view)

    def close(self) -> None:
        """End the runs that are still going on, and remove the containers; what was recorded stays for a look."""
        runs = self.runs() if (self.home / "runs.db").exists() else ()
        for run in runs:
            if run.state.active:
                self("kill", run.id)
        with closing(DockerEngine(self.environment["DOCKER_HOST"])) as engine, suppress(EngineUnavailable):
            for run in runs:
                with suppress(NotFound):
                    engine.remove(run.container_id, force=True)


def _as_user(user: int) -> list[str]:
    if os.geteuid() or not shutil.which("setpriv"):
        unavailable("being somebody else than root needs root and setpriv")
    ids = [f"--reuid={user}", f"--regid={user}", "--clear-groups", "--no-new-privs"]
    return ["setpriv", *ids, "--inh-caps=+dac_read_search", "--ambient-caps=+dac_read_search", "--"]


def points(view: RunView) -> Points:
    """The points of the curves by the epoch, by name."""
    series = (one for one in view.metrics.series.values() if one.key.kind is MetricKind.METRIC)
    return {one.name: list(zip(one.x, one.value, strict=True)) for one in series if one.key.axis == "epoch"}


def history(outputs: Path) -> Points:
    """What the training itself says of its epochs, in the form of ``points``."""
    kept = json.loads((outputs / "metrics.json").read_text())["history"]
    return {name: [(float(n), value) for n, value in enumerate(curve, 1)] for name, curve in kept.items()}


@dataclass(frozen=True)
class Tensorflow:
    """The environment of the MNIST profiles, and the demo that needed it first."""

    program: Program
    output: str
    """What the demo printed."""
    code: int
    was_there: bool
    """An earlier test run had built the environment."""
    path: Path

    @property
    def python(self) -> Path:
        """Its interpreter."""
        return self.path / "bin/python"

    @property
    def site_packages(self) -> Path:
        """Its packages, for an image that has Python 3.11; fetched for that Python where this one is another."""
        if sys.version_info[:2] == (3, 11):
            return self.path / "lib/python3.11/site-packages"
        return _fetched_packages()


def first_demo(folder: Path) -> Tensorflow:
    """Run the demo where no container engine is; skips the test where TensorFlow cannot be had."""
    program = Program(folder)
    environments = share = program.home / "environments"
    before = set(_whole(share))
    done = program("demo", "--plain", seconds=900)
    [run] = program.runs()
    if run.reason == "image":
        unavailable(f"TensorFlow cannot be fetched: {run.detail}")
    name = run.image_id or next(iter(set(_whole(environments)) - before), "")
    return Tensorflow(program, done.stdout + done.stderr, done.returncode, name in before, environments / name)


def _whole(environments: Path) -> list[str]:
    return [path.parent.name for path in environments.glob("*/environment.json")]


def _fetched_packages() -> Path:
    """TensorFlow for Python 3.11, and what a pip of that Python needs to know of it."""
    folder = images.cache_folder() / "site-packages-3.11"
    if not folder.exists():
        made = images.cache_folder() / "site-packages-3.11.new"
        shutil.rmtree(made, ignore_errors=True)
        options = ["--python-version", "3.11", "--only-binary=:all:", "--target", str(made), "-q"]
        requirements = ["-r", str(PROFILES / "mnist-mlp/requirements.txt"), "pip"]
        done = subprocess.run(
            [sys.executable, "-m", "pip", "install", *options, *requirements],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        if done.returncode:
            unavailable(f"TensorFlow for Python 3.11 cannot be fetched: {done.stderr.strip()[-300:]}")
        made.rename(folder)
    return folder


def interrupt(process: subprocess.Popen[str]) -> int:
    """Ctrl-C; returns the exit code."""
    process.send_signal(signal.SIGINT)
    return process.wait(60)
