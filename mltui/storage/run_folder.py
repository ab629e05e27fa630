"""The folder of one run: everything recorded of it but its row in the database.

::

    runs/<id>/log, log.index   what it printed            (log_file)
    runs/<id>/metrics(.tail)   the points read out of it  (metric_format)
    runs/<id>/samples          what it used over time      (sample_file)
    runs/<id>/build.log        how its image was made
    runs/<id>/profile.yaml     the profile as it was at the launch
    runs/<id>/outputs/         what the training left: models, checkpoints, event files
    runs/<id>/lock             held by the run's supervisor while it lives
    runs/<id>/restart          there while somebody restarts its container
    runs/<id>/supervisor.log   what went wrong with the supervisor itself, empty otherwise
"""

from __future__ import annotations

import fcntl
import os
import shutil
import time
from pathlib import Path

from mltui.domain.errors import StorageError
from mltui.storage.locations import MAKE_ROOM, make_file, make_folder

#: A restart takes no longer: the word of one that was cut off is old by then.
_RESTART_S = 300.0
#: Whoever asks ``supervised`` holds the lock for an instant, so one refusal does not mean that it is taken.
_LOCK_TRIES = 5


class RunFolder:
    """Paths of a run's files, and its lock."""

    def __init__(self, home: Path, run_id: str) -> None:
        self.home = home
        self.path = home / "runs" / run_id
        self.log = self.path / "log"
        self.metrics = self.path / "metrics"
        self.samples = self.path / "samples"
        self.build_log = self.path / "build.log"
        self.profile = self.path / "profile.yaml"
        self._outputs = self.path / "outputs"
        self.supervisor_log = self.path / "supervisor.log"
        self.restart = self.path / "restart"
        self._lock_path = self.path / "lock"
        self._lock = -1

    @classmethod
    def beside(cls, outputs: Path) -> RunFolder:
        """The folder that these outputs are in, which may be any folder."""
        return cls(outputs.parent.parent.parent, outputs.parent.name)

    def make(self, outputs: Path | None = None) -> None:
        """Make the folder and its outputs, which are at ``outputs`` where that is given; raises ``StorageError``."""
        make_folder(self.path)
        if self.outputs_elsewhere:
            return
        if outputs is None or outputs.resolve() == self._outputs.resolve() or self._outputs.exists():
            make_folder(self._outputs)
            return
        try:
            self._outputs.symlink_to(outputs)
        except OSError as error:
            raise StorageError(f"{self._outputs} cannot be made: {error.strerror}.", MAKE_ROOM) from error

    @property
    def outputs(self) -> Path:
        """The folder of what the training leaves."""
        return self._outputs.resolve() if self.outputs_elsewhere else self._outputs

    @property
    def outputs_elsewhere(self) -> bool:
        """They are not in the folder and stay when it is removed: the run was launched from another home."""
        return self._outputs.is_symlink()

    def take_lock(self) -> bool:
        """Become the run's supervisor; ``False`` when another process is. The lock goes with the process.

        Raises ``StorageError``.
        """
        try:
            fd = os.open(self._lock_path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise StorageError(f"{self._lock_path} cannot be written: {error.strerror}.", MAKE_ROOM) from error
        for _ in range(_LOCK_TRIES):
            try:
                fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                time.sleep(0.01)
            else:
                self._lock = fd
                return True
        os.close(fd)
        return False

    def keep_profile(self, text: str) -> None:
        """Keep the profile as it is at the launch; raises ``StorageError``."""
        make_file(self.profile)
        try:
            self.profile.write_text(text, encoding="utf-8")
        except OSError as error:
            raise StorageError(f"{self.profile} cannot be written: {error.strerror}.", MAKE_ROOM) from error

    @property
    def lock_fd(self) -> int:
        """The open file that holds the lock, to hand over to another process; -1 without the lock."""
        return self._lock

    def release_lock(self) -> None:
        """Stop being the run's supervisor."""
        if self._lock >= 0:
            os.close(self._lock)
            self._lock = -1

    @property
    def supervised(self) -> bool:
        """Some process is the run's supervisor now."""
        try:
            fd = os.open(self._lock_path, os.O_RDONLY | os.O_CLOEXEC)
        except OSError:
            return False
        try:
            fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except OSError:
            return True
        finally:
            os.close(fd)
        return False

    @property
    def being_restarted(self) -> bool:
        """Its container is about to run again, when it has ended."""
        try:
            return time.time() - self.restart.stat().st_mtime < _RESTART_S
        except OSError:
            return False

    def log_tail(self, size: int) -> bytes:
        """The last ``size`` bytes of what it printed; empty when nothing is there."""
        try:
            with self.log.open("rb") as file:
                file.seek(max(0, os.fstat(file.fileno()).st_size - size))
                return file.read(size)
        except OSError:
            return b""

    def remove(self) -> None:
        """Delete the folder with everything in it, outputs too; raises ``StorageError``."""
        try:
            shutil.rmtree(self.path)
        except FileNotFoundError:
            return
        except OSError as error:
            raise StorageError(
                f"{error.filename or self.path} cannot be removed: {error.strerror}.",
                "If a container wrote it as another user, remove it as that user.",
            ) from error
