"""The user's settings file: read and checked like a profile, looked at for changes, and changed in place.

::

    $MLTUI_CONFIG/settings.yaml     what the user writes

See ``last_start`` for what is known of them before they are read.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from mltui.domain.errors import Problem
from mltui.domain.paths import user_path
from mltui.storage.last_start import settings_path
from mltui.storage.locations import make_folder

if TYPE_CHECKING:
    from mltui.domain.settings import FurtherCheck, Settings
    from mltui.storage.yaml_source import FileKind


@dataclass(frozen=True)
class LoadedSettings:
    """What was read: the settings that hold, and what is wrong with the file."""

    settings: Settings
    problems: tuple[Problem, ...] = ()
    text: str = ""
    """The file as it was."""
    whole: bool = True
    """The file could be read as YAML; else ``settings`` are all defaults."""


class SettingsFile:
    """One settings file. ``further`` finds what the schema cannot, such as unknown names of commands."""

    def __init__(self, path: Path | None = None, further: FurtherCheck | None = None) -> None:
        self.path = path or settings_path()
        self._further = further
        self._seen: tuple[int, int] | None = None

    def changed(self) -> bool:
        """The file is another one than when it was read last; cheap."""
        return _stamp(self.path) != self._seen

    def read(self) -> LoadedSettings:
        """Read it and check it; an absent file is one that says nothing. Never raises for the file's sake."""
        from mltui.domain.settings import Settings

        self._seen = _stamp(self.path)
        if self._seen == (0, -1):
            return LoadedSettings(Settings())
        from mltui.storage.yaml_source import read_source

        source = read_source(self.path, _kind())
        if not isinstance(source.data, dict):
            return LoadedSettings(Settings(), source.problems, source.text, whole=False)
        from mltui.domain.profile import problem_at
        from mltui.domain.settings import check_settings

        settings, faults = check_settings(source.data, self._further)
        found = {problem_at(source.where(f.path, f.key), f.path, f.message) for f in faults}
        problems = sorted(found | set(source.problems), key=lambda problem: (problem.line, problem.column))
        return LoadedSettings(settings, tuple(problems), source.text)

    def change(self, path: tuple[str, ...], value: object) -> None:
        """Write one setting into the file, or take it out (``None``); everything else of the file stays as it is.

        Raises ``EditError`` where the file is no YAML, ``StorageError`` where it cannot be read or written, or is
        changed by somebody else in the same moment.
        """
        from mltui.storage.profile_files import FileText, read_text, save_text
        from mltui.storage.yaml_edit import YamlDocument

        read = read_text(self.path) if self.path.exists() else FileText(self.path, "")
        document = YamlDocument(read.text, str(self.path), _kind())
        if value is not None:
            document = document.set(path, value)
        elif document.get(path) is not None:
            document = document.remove(path)
        if document.text != read.text:
            make_folder(self.path.parent)
            save_text(read, document.text)

    def folders(self, settings: Settings) -> tuple[Path, ...]:
        """The folders of profiles that the settings name; relative ones are beside the file."""
        return tuple(self.path.parent / user_path(folder) for folder in settings.profile_folders)


def _kind() -> FileKind:
    from mltui.storage.yaml_source import FileKind

    return FileKind("file of settings", "", "theme: and keymap:")


def _stamp(path: Path) -> tuple[int, int]:
    try:
        status = path.stat()
    except OSError:
        return (0, -1)
    return status.st_mtime_ns, status.st_size
