"""Virtual environments built from a ``requirements.txt``: what the local engine has for images.

An environment is known by the digest of the requirements (files they include with ``-r`` and ``-c`` too), the Python
that builds it and the kind of machine. It lies in ``<root>/<digest>``; a file ``environment.json`` in it, written last,
says that it is whole. It is built in place under a lock, because scripts that pip installs carry the folder's path; a
folder without that file is half built, is never used, and is built anew. Where nothing is required, the environment is
empty: what mltui itself is installed with must not leak into a run.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import platform
import re
import shutil
import signal
import subprocess
import sys
import time
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Thread

from mltui.domain.errors import ImageError
from mltui.domain.text import clean
from mltui.engines.base import Progress, ProgressCallback
from mltui.engines.local.pip_progress import PipProgress

_MARKER = "environment.json"
_INCLUDE = re.compile(r"^\s*(?:-r|-c|--requirement|--constraint)[\s=]*(\S+)", re.MULTILINE)
# The first pip that prints its progress for programs.
_RAW_PROGRESS = (24, 1)
# Lines of a failed build that are kept for the error.
_TAIL = 20
# Seconds between two calls of the progress callback while pip is silent, so that a cancellation is soon seen.
_PULSE = 0.25
# Seconds pip gets to remove its temporary files when it is cancelled.
_GRACE = 5.0

_CURES = (
    ("ensurepip is not available", "Install the venv module of this Python (on Debian and Ubuntu: python3-venv)."),
    ("No space left on device", "Free some disk space and start the run again."),
    ("No matching distribution", "Check the name and version in the requirements, and whether {python} has a build."),
    ("Could not find a version", "Check the name and version in the requirements, and whether {python} has a build."),
    ("Temporary failure in name resolution", "Check the network connection."),
    ("CERTIFICATE_VERIFY_FAILED", "Set PIP_CERT or SSL_CERT_FILE to the certificates of your network."),
    ("Invalid requirement", "Correct that line of the requirements."),
)


@dataclass(frozen=True)
class Environment:
    """One whole environment."""

    digest: str
    path: Path
    profile: str
    """The profile it was first built for."""
    python: str
    created: float
    """Seconds since 1970."""
    size: int
    """Bytes on disk when it was built."""

    @property
    def name(self) -> str:
        """Its name in the list of images."""
        return f"{self.profile}:{self.digest[:12]}"


class EnvironmentCache:
    """The environments below one folder, shared by every mltui of this person."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def digest(self, requirements: str) -> str:
        """What the environment of this requirements file (empty: none) is known by; raises ``ImageError``."""
        known = hashlib.sha256(f"{sys.version}\n{platform.machine()}\n{sys.base_prefix}\n".encode())
        for path in _with_included(Path(requirements)) if requirements else ():
            known.update(_content(path))
        return known.hexdigest()

    def find(self, digest: str) -> Environment | None:
        """The whole environment of that digest, if there is one."""
        path = self._root / digest
        try:
            record = json.loads((path / _MARKER).read_text())
            return Environment(**{**record, "path": path}) if (path / "bin" / "python").exists() else None
        except (OSError, ValueError, TypeError):
            return None

    def all(self) -> tuple[Environment, ...]:
        """Every whole environment, newest first."""
        with contextlib.suppress(OSError):
            found = (self.find(name) for name in os.listdir(self._root))
            return tuple(sorted(filter(None, found), key=lambda one: -one.created))
        return ()

    def build(self, requirements: str, profile: str, progress: ProgressCallback) -> tuple[Environment, bool]:
        """The environment of these requirements, and whether it was built just now.

        Of several builders one works and the others wait for it. Raises ``ImageError`` with the last lines of the
        build, and whatever ``progress`` raises, which cancels the build; both leave nothing behind.
        """
        digest = self.digest(requirements)
        found = self.find(digest)
        if found is not None:
            return found, False
        with self._locked(digest, progress) as lock:
            found = self.find(digest)  # another may have built it while this one waited
            if found is not None:
                return found, False
            build = _Build(progress, lock, steps=2 if requirements else 1)
            return self._build(digest, requirements, profile, build), True

    def _build(self, digest: str, requirements: str, profile: str, build: _Build) -> Environment:
        path = self._root / digest
        shutil.rmtree(path, ignore_errors=True)
        try:
            build.create(path, bare=not requirements)
            if requirements:
                build.install(path, Path(requirements))
            made = Environment(digest, path, profile, platform.python_version(), time.time(), _size(path))
            _write_marker(made)
        except BaseException:
            shutil.rmtree(path, ignore_errors=True)
            raise
        return made

    def remove(self, digest: str) -> None:
        """Remove one environment; one that is being built is waited for."""
        with self._locked(digest, lambda _: None):
            path = self._root / digest
            (path / _MARKER).unlink(missing_ok=True)
            shutil.rmtree(path, ignore_errors=True)
            self._lock_path(digest).unlink(missing_ok=True)

    def _lock_path(self, digest: str) -> Path:
        return self._root / f"{digest}.lock"

    @contextlib.contextmanager
    def _locked(self, digest: str, progress: ProgressCallback) -> Iterator[int]:
        """Hold the lock of one environment. pip inherits it: while an orphaned pip still writes, nobody else builds."""
        self._root.mkdir(parents=True, exist_ok=True, mode=0o700)
        lock = self._acquire(digest, progress)
        try:
            yield lock
        finally:
            os.close(lock)

    def _acquire(self, digest: str, progress: ProgressCallback) -> int:
        news = "Waiting for another mltui that builds the same environment"
        while (lock := self._try_lock(digest)) is None:
            progress(Progress(news))
            news = ""
            time.sleep(_PULSE / 2)
        return lock

    def _try_lock(self, digest: str) -> int | None:
        path = self._lock_path(digest)
        lock = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            # A lock whose file was removed meanwhile locks nothing.
            if os.path.samestat(os.fstat(lock), path.stat()):
                return lock
        except OSError:
            pass
        os.close(lock)
        return None


class _Build:
    """The commands that make one environment, their output passed on line by line."""

    def __init__(self, progress: ProgressCallback, lock: int, steps: int) -> None:
        self._progress = progress
        self._lock = lock
        self._tail: deque[str] = deque(maxlen=_TAIL)
        self._step, self._steps = 0, steps
        self._pip: PipProgress | None = None

    def create(self, path: Path, bare: bool) -> None:
        without_pip = ["--without-pip"] if bare else []
        self._run("python -m venv", [sys.executable, "-P", "-m", "venv", *without_pip, str(path)], path.parent)

    def install(self, path: Path, requirements: Path) -> None:
        options = ["--disable-pip-version-check", "--no-input", "--progress-bar", _progress_bar()]
        command = [str(path / "bin" / "python"), "-m", "pip", "install", *options, "-r", str(requirements)]
        # A temporary folder of its own, in which downloads are seen to grow; what a killed build leaves in it goes with
        # the folder that the next one begins anew.
        scratch = path / "scratch"
        scratch.mkdir()
        self._pip = PipProgress(scratch, path)
        self._run(f"pip install -r {requirements.name}", command, requirements.parent, TMPDIR=str(scratch))
        shutil.rmtree(scratch, ignore_errors=True)

    def _run(self, title: str, command: list[str], folder: Path, **variables: str) -> None:
        self._step += 1
        self._say(f"Step {self._step}/{self._steps} : {title}")
        process = self._popen(command, folder, variables)
        try:
            for line in _lines(process):
                self._pass_on(line)
            code = process.wait()
        except BaseException:
            _end(process)
            raise
        if code:
            raise self._error(title, code)

    def _popen(self, command: list[str], folder: Path, variables: Mapping[str, str]) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            command, cwd=folder, env={**build_environment(os.environ), **variables}, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True, pass_fds=(self._lock,),
        )  # fmt: skip

    def _pass_on(self, line: str) -> None:
        """A line of output, or an empty one while there is none, which tells what is under way."""
        if line and not (self._pip and self._pip.takes(line)):
            self._say(line)
            return
        now, share = self._pip.now() if self._pip else ("", None)
        self._progress(Progress("", self._step, self._steps, share, now))

    def _say(self, line: str) -> None:
        text = clean(line).rstrip()
        if text:
            self._tail.append(text)
        self._progress(Progress(text, self._step, self._steps))

    def _error(self, title: str, code: int) -> ImageError:
        lines = [line for line in self._tail if line.startswith("ERROR:")] or list(self._tail)[-1:]
        why = lines[0].removeprefix("ERROR:").strip() if lines else f"exit code {code}"
        seen = "\n".join(self._tail)
        cure = next((cure for sign, cure in _CURES if sign in seen), "The build's last lines say more.")
        message = f"The environment could not be built: {title}: {why.rstrip('.')}."
        return ImageError(message, cure.format(python=f"Python {platform.python_version()}"), tuple(self._tail))


def _progress_bar() -> str:
    """How the pip that comes with this Python is asked to tell how far a download is."""
    import ensurepip

    version = tuple(int(part) for part in ensurepip.version().split(".")[:2])
    return "raw" if version >= _RAW_PROGRESS else "off"


def build_environment(caller: Mapping[str, str]) -> dict[str, str]:
    """The variables pip needs: the caller's without those that point into another Python's packages."""
    foreign = ("PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV", "PIP_TARGET", "PIP_PREFIX", "PIP_USER")
    kept = {name: value for name, value in caller.items() if name not in foreign}
    return {**kept, "PYTHONUNBUFFERED": "1", "PYTHONIOENCODING": "utf-8:replace", "PIP_NO_COLOR": "1"}


def _lines(process: subprocess.Popen[bytes]) -> Iterator[str]:
    """The command's lines as they come; an empty one now and then while it is silent."""
    lines: SimpleQueue[str | None] = SimpleQueue()
    Thread(target=_read_lines, args=(process, lines), name="environment-build", daemon=True).start()
    while True:
        try:
            line = lines.get(timeout=_PULSE)
        except Empty:
            line = ""
        if line is None:
            return
        yield line


def _read_lines(process: subprocess.Popen[bytes], lines: SimpleQueue[str | None]) -> None:
    assert process.stdout is not None
    with process.stdout as output:
        for line in output:
            lines.put(line.decode(errors="replace").rstrip("\r\n"))
    lines.put(None)


def _end(process: subprocess.Popen[bytes]) -> None:
    """Cancel a command: as Ctrl-C does, so that pip tidies up, and for good after ``_GRACE`` seconds."""
    for number, wait in ((signal.SIGINT, _GRACE), (signal.SIGKILL, None)):
        with contextlib.suppress(OSError):
            os.killpg(process.pid, number)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(wait)
            return


def _with_included(path: Path, seen: frozenset[Path] = frozenset()) -> Iterator[Path]:
    """A requirements file and every local file it includes."""
    yield path
    text = _content(path).decode(errors="replace")
    for name in _INCLUDE.findall(text):
        included = path.parent / name
        if "://" not in name and included not in seen | {path}:
            yield from _with_included(included, seen | {path})


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ImageError(f"{path}: {error.strerror}.", "Check the profile's requirements.") from error


def _write_marker(made: Environment) -> None:
    record = {name: value for name, value in asdict(made).items() if name != "path"}
    new = made.path / f"{_MARKER}.new"
    new.write_text(json.dumps(record))
    new.replace(made.path / _MARKER)


def _size(path: Path) -> int:
    """Bytes the folder takes on disk."""
    total = 0
    for folder, _, files in os.walk(path):
        for name in files:
            with contextlib.suppress(OSError):
                total += os.lstat(os.path.join(folder, name)).st_blocks * 512
    return total
