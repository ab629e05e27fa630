"""Runs on the real engines, launched and recorded by real supervisor processes."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sqlite3
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import pytest

from mltui.domain.errors import MltuiError
from mltui.domain.metric import MetricStore
from mltui.domain.profile import Profile
from mltui.domain.run import Run
from mltui.engines.base import Engine, EngineChoice
from mltui.plugins import make_engine
from mltui.runtime.launcher import Launcher
from mltui.runtime.starting import Wish
from mltui.storage.history import RunDatabase
from mltui.storage.log_file import LogReader
from mltui.storage.metric_reader import MetricReaderFile
from mltui.storage.profiles import load_profile
from tests.support import images
from tests.support.dockerd import PrivateDockerd
from tests.support.nvml.simulated import board, driver, nvml_library, write

__all__ = ["driver", "nvml_library"]

T = TypeVar("T")
#: Put into a script: wait until the test says so (``Runs.go``).
HOLD = 'until [ -e "$MLTUI_OUTPUTS/go" ]; do sleep 0.02; done'


def until(ask: Callable[[], T], good: Callable[[T], object] = bool, period: float = 0.02) -> T:
    """The first answer that is good; fails when none comes."""
    pause = threading.Event()
    for _ in range(int(60 / period)):
        answer = ask()
        if good(answer):
            return answer
        pause.wait(period)
    pytest.fail(f"still {answer!r} after a minute")


@dataclass
class Runs:
    """A home with its database and launcher, on one engine."""

    home: Path
    folder: Path
    engine_name: str
    endpoint: str = ""
    image: str = "none"
    launched: list[Run] = field(default_factory=list)
    database: RunDatabase | None = None

    def __post_init__(self) -> None:
        self.engine = make_engine(self.engine_name, self.endpoint)
        self.open()

    def open(self) -> None:
        """Open the home, as another viewer does."""
        if self.database:
            self.database.close()
        self.database = RunDatabase(self.home / "runs.db")
        self.launcher = Launcher(self.home, self.database, self.choose, make_engine)

    def choose(self, wish: str) -> EngineChoice:
        return EngineChoice(self.engine, self.engine.info())

    def profile(self, script: str | None = None, name: str = "demo", **keys: object) -> Profile:
        """A profile whose command is a shell script; its variables are the shell's own."""
        folder = self.folder / name
        folder.mkdir(exist_ok=True)
        data: dict[str, object] = {"image": self.image, "gpus": "none"} | keys
        if script is not None:
            data["command"] = ["sh", "-c", script.replace("$", "$$")]
        (folder / "profile.yaml").write_text(json.dumps({k: v for k, v in data.items() if v is not None}))
        return load_profile(folder)

    def launch(self, script: str | None = None, wish: Wish | None = None, **keys: object) -> Run:
        """Launch a script."""
        run = self.launcher.launch(self.profile(script, **keys), wish)
        self.launched.append(run)
        return run

    def run(self, script: str | None = None, **keys: object) -> Run:
        """Launch a script and wait for its end."""
        return self.ended(self.launch(script, **keys))

    def go(self, run: Run) -> None:
        """Let a script that holds go on."""
        (self.launcher.folder(run.id).outputs / "go").touch()

    def now(self, run: Run) -> Run:
        found = self.database.get(run.id)
        assert found is not None
        return found

    def ended(self, run: Run) -> Run:
        """The run once its record is complete and its supervisor gone."""
        done = until(lambda: self.now(run), lambda now: not now.state.active)
        until(lambda: self.supervisor(run), lambda pid: pid is None)
        return done

    def printed(self, run: Run, text: bytes) -> None:
        """Wait until ``text`` is in the record of the log."""
        until(lambda: text in self.raw(run))

    def raw(self, run: Run) -> bytes:
        path = self.launcher.folder(run.id).log
        return path.read_bytes() if path.exists() else b""

    def log(self, run: Run) -> dict[int, bytes]:
        """The record of the log, by stream."""
        parts: dict[int, list[bytes]] = {1: [], 2: []}
        with LogReader(self.launcher.folder(run.id).path) as log:
            for piece in log.pieces():
                parts[piece.stream].append(piece.data)
        return {stream: b"".join(found) for stream, found in parts.items()}

    def points(self, run: Run) -> dict[str, list[tuple[float, float]]]:
        """The points recorded, by the name of their series."""
        store = MetricStore()
        path = self.launcher.folder(run.id).metrics
        file = MetricReaderFile(path, lambda key, columns: store.extend(key, *columns), store.clear)
        file.poll()
        file.close()
        return {key.name: list(zip(one.x, one.value, strict=True)) for key, one in store.series.items()}

    def supervisor(self, run: Run) -> int | None:
        """The pid of the run's supervisor."""
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit():
                with contextlib.suppress(OSError):
                    words = (entry / "cmdline").read_bytes().split(b"\0")
                    if b"mltui.runtime.supervisor_process" in words and self._holds_lock(entry, run):
                        return int(entry.name)
        return None

    def _holds_lock(self, process: Path, run: Run) -> bool:
        """Supervisors of a sweep have one command line: they are told apart by the lock that each has open."""
        lock = str(self.launcher.folder(run.id).path / "lock")
        for fd in (process / "fd").iterdir():
            # Others of its files may be closed meanwhile.
            with contextlib.suppress(FileNotFoundError):
                if os.readlink(fd) == lock:
                    return True
        return False

    def kill_supervisor(self, run: Run) -> None:
        """End the run's supervisor as a crash would, and wait until it is gone; a viewer may have started another."""
        pid = self.supervisor(run)
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        until(lambda: not self.launcher.folder(run.id).supervised or self.supervisor(run) not in (None, pid))

    def clear(self) -> None:
        """End what is left of every run."""
        for run in self.launched:
            while pid := self.supervisor(run):
                with contextlib.suppress(OSError):
                    os.kill(pid, signal.SIGKILL)
            with contextlib.suppress(MltuiError):
                found = self.engine.find(run.id)
                if found:
                    self.engine.remove(found.id, force=True)
        self.engine.close()
        self.database.close()


def states(home: Path) -> Callable[[Run], list[str]]:
    """From now on every state that any process writes is kept; the result tells those of a run."""
    with contextlib.closing(sqlite3.connect(home / "runs.db")) as db:
        db.executescript(
            "CREATE TABLE seen (id TEXT, state TEXT);"
            "CREATE TRIGGER see AFTER UPDATE OF state ON runs BEGIN INSERT INTO seen VALUES (new.id, new.state); END;"
        )

    def seen(run: Run) -> list[str]:
        with contextlib.closing(sqlite3.connect(home / "runs.db")) as db:
            found = [state for (state,) in db.execute("SELECT state FROM seen WHERE id = ?", [run.id])]
        return [state for i, state in enumerate(found) if i == 0 or found[i - 1] != state]

    return seen


@pytest.fixture(params=["local", "docker"])
def runs(request: pytest.FixtureRequest, mltui_home: Path, tmp_path: Path) -> Iterator[Runs]:
    """Runs on each engine in turn."""
    if request.param == "docker":
        url = request.getfixturevalue("dockerd").url
        runs = Runs(mltui_home, tmp_path, "docker", url, images.BUSYBOX)
    else:
        runs = Runs(mltui_home, tmp_path, "local")
    yield runs
    runs.clear()


@pytest.fixture
def docker_runs(dockerd: object, mltui_home: Path, tmp_path: Path) -> Iterator[Runs]:
    """Runs on Docker."""
    runs = Runs(mltui_home, tmp_path, "docker", dockerd.url, images.BUSYBOX)  # type: ignore[attr-defined]
    yield runs
    runs.clear()


@pytest.fixture
def local_runs(mltui_home: Path, tmp_path: Path) -> Iterator[Runs]:
    """Runs as plain processes."""
    runs = Runs(mltui_home, tmp_path, "local")
    yield runs
    runs.clear()


@pytest.fixture
def engine(runs: Runs) -> Engine:
    """The engine of ``runs``."""
    return runs.engine


@pytest.fixture
def gpus(driver: Path, nvml_library: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file that the driver answers from, for supervisors too; two idle GPUs."""
    monkeypatch.setenv("LD_LIBRARY_PATH", str(nvml_library.parent))
    write(driver, *(board(index) | {"mem_used": 0, "util": 0} for index in range(2)))
    return driver


@pytest.fixture
def gpu_runs(
    private_dockerd: PrivateDockerd, gpus: Path, mltui_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Runs]:
    """Runs on an engine that has GPUs."""
    monkeypatch.setenv("PATH", f"{private_dockerd.root}/bin:{os.environ['PATH']}")
    runs = Runs(mltui_home, tmp_path, "docker", private_dockerd.url, images.BUSYBOX)
    yield runs
    runs.clear()
