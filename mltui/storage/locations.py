"""Where mltui keeps its files."""

from __future__ import annotations

import os
from pathlib import Path

from mltui.domain.errors import StorageError

#: The cure where a file cannot be written.
MAKE_ROOM = "Check that the disk is not full and that the folder is yours; MLTUI_HOME names another folder."


def home() -> Path:
    """The folder of runs, their database and the local engine's environments.

    ``$MLTUI_HOME``, else the user's data folder (``~/.local/share/mltui`` on Linux).
    """
    given = os.environ.get("MLTUI_HOME")
    if given:
        return Path(given).expanduser().absolute()
    import platformdirs

    return Path(platformdirs.user_data_path("mltui"))


def config_home() -> Path:
    """The folder of the user's settings and profiles: ``$MLTUI_CONFIG``, else ``~/.config/mltui`` on Linux."""
    given = os.environ.get("MLTUI_CONFIG")
    if given:
        return Path(given).expanduser().absolute()
    import platformdirs

    return Path(platformdirs.user_config_path("mltui"))


def make_folder(path: Path) -> Path:
    """``path``, made with its parents and readable by its owner alone; raises ``StorageError``."""
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise StorageError(
            f"The folder {path} cannot be made: {error.strerror}.", "Set MLTUI_HOME to a folder you may write to."
        ) from error
    return path
