"""Where mltui keeps its files."""

from __future__ import annotations

import contextlib
import errno
import os
from pathlib import Path

from mltui.domain.errors import StorageError
from mltui.domain.paths import user_path

#: The cure where a file cannot be written.
MAKE_ROOM = "Check that the disk is not full and that the folder is yours; MLTUI_HOME names another folder."
#: Bytes without which a disk is full: less than that no file can count on.
_ROOM = 1 << 16


def home() -> Path:
    """The folder of runs, their database and the local engine's environments.

    ``$MLTUI_HOME``, else the user's data folder (``~/.local/share/mltui`` on Linux).
    """
    given = os.environ.get("MLTUI_HOME")
    if given:
        return user_path(given).absolute()
    import platformdirs

    return Path(platformdirs.user_data_path("mltui"))


def config_home() -> Path:
    """The folder of the user's settings and profiles: ``$MLTUI_CONFIG``, else ``~/.config/mltui`` on Linux."""
    given = os.environ.get("MLTUI_CONFIG")
    if given:
        return user_path(given).absolute()
    import platformdirs

    return Path(platformdirs.user_config_path("mltui"))


def make_folder(path: Path) -> Path:
    """``path``, made with its parents and readable by its owner alone; raises ``StorageError``."""
    try:
        missing = [path, *path.parents]
        for folder in reversed([one for one in missing if not one.exists()]):
            folder.mkdir(mode=0o700, exist_ok=True)
        path.mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        raise StorageError(
            f"The folder {path} cannot be made: {error.strerror}.", "Set MLTUI_HOME to a folder you may write to."
        ) from error
    return path


def make_file(path: Path) -> Path:
    """``path``, made empty where it is not there, readable by its owner alone; raises ``StorageError``.

    One that is there is made private too: it may tell commands and parameters. It is not opened: closing a file again
    lets go of every lock that this process has on it (POSIX), such as those of a database that is in use. Asked are the
    rights that the process acts with, not those of the user who started it.
    """
    try:
        with contextlib.suppress(FileExistsError):
            os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o600))
        if not os.access(path, os.W_OK, effective_ids=os.access in os.supports_effective_ids):
            code = errno.EROFS if os.statvfs(path).f_flag & os.ST_RDONLY else errno.EACCES
            raise OSError(code, os.strerror(code))
        if path.stat().st_mode & 0o077 and path.stat().st_uid == os.getuid():
            path.chmod(0o600)
    except OSError as error:
        raise StorageError(f"{path} cannot be written: {error.strerror}.", MAKE_ROOM) from error
    return path


def full_disk(folder: Path) -> str:
    """A sentence when the disk of the runs' home is full, else the empty text.

    A viewer looks by itself: a supervisor, whose word stands in the database, cannot say it on the same disk.
    """
    try:
        disk = os.statvfs(folder)
    except OSError:
        return ""
    room = disk.f_bavail * disk.f_frsize >= _ROOM and (disk.f_favail > 0 or disk.f_files == 0)
    return (
        "" if room else f"Disk full: runs are not recorded until {folder} has room; what they print is filled in then."
    )
