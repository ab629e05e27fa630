"""Profiles on disk: found by name in a few folders, read, checked, and listed without hiding the broken ones."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING

from mltui.domain.errors import Problem, ProfileError, UsageError
from mltui.domain.text import one_line
from mltui.storage.locations import config_home

if TYPE_CHECKING:
    from mltui.domain.profile import Profile
    from mltui.storage.yaml_source import Source

#: Names of a profile's file in a folder of its own.
FILE_NAMES = ("profile.yaml", "profile.yml")
_SUFFIXES = (".yaml", ".yml")


@dataclass(frozen=True, slots=True)
class ProfileEntry:
    """One row of the profiles list."""

    name: str
    path: Path
    """Its file."""
    description: str = ""
    tags: tuple[str, ...] = ()
    problem: Problem | None = None
    """Why it cannot be used: the first thing wrong with it."""


def load_profile(
    path: str | Path, environment: Mapping[str, str] | None = None, *, beside: str | Path | None = None
) -> Profile:
    """Read and check a profile's file, or the ``profile.yaml`` of a folder.

    ``beside`` is the file whose copy this is: name, relative paths and ``path`` are then the original's.
    ``environment`` fills in the variables that its structure depends on (default: this process's own).
    Raises ``ProfileError`` with every problem and its place.
    """
    from mltui.storage.yaml_source import read_source

    file = _file_of(Path(path))
    values = os.environ if environment is None else environment
    return _checked(read_source(file), _file_of(Path(beside)) if beside else file, values)


def _checked(source: Source, origin: Path, environment: Mapping[str, str]) -> Profile:
    """The profile that ``source`` says. Raises ``ProfileError``."""
    from mltui.domain.profile import problem_at
    from mltui.domain.profile_check import check, settle, unknown_parameters, written_defaults

    if not isinstance(source.data, dict):
        raise ProfileError(source.problems)
    defaults = written_defaults(source.data)
    settled, faults = settle(source.data, lambda name: defaults[name] if name in defaults else environment.get(name))
    profile, more = check(settled, source.data)
    problems = set(source.problems)
    for fault in (*faults, *more, *unknown_parameters(source.data)):
        problems.add(problem_at(source.file, source.place(fault.path, fault.key), fault.path, fault.message))
    if problems or profile is None:
        raise ProfileError(tuple(sorted(problems, key=lambda problem: (problem.line, problem.column))))
    return profile.read_from(origin, origin.parent, source.text, source.data, source.place)


def _file_of(path: Path) -> Path:
    """The profile's file: ``path`` itself, or the profile in that folder."""
    path = Path(os.path.abspath(path.expanduser()))
    if path.is_dir():
        return next((path / name for name in FILE_NAMES if (path / name).is_file()), path / FILE_NAMES[0])
    return path


class ProfileRepository:
    """The profiles that can be named: those of ``folders``, ``./profiles``, the user's own, and the examples.

    The first profile of a name is the one that the name means. What was read is kept until the file changes.
    """

    def __init__(
        self,
        folders: Sequence[Path | str] = (),
        *,
        cwd: Path | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self._environment = os.environ if environment is None else environment
        here = cwd or Path.cwd()
        wanted = [here / Path(folder).expanduser() for folder in folders]
        self.folders: tuple[Path, ...] = tuple(
            dict.fromkeys(
                Path(os.path.abspath(f)) for f in (*wanted, here / "profiles", user_folder(), examples_folder())
            )
        )
        self._cwd = here
        self._known: dict[Path, tuple[tuple[int, int], ProfileEntry]] = {}

    def files(self) -> Iterator[Path]:
        """Every profile's file, in the order of the search, unread."""
        seen: set[Path] = set()
        for folder in self.folders:
            for file in _files_in(folder):
                real = file.resolve()
                if real not in seen:
                    seen.add(real)
                    yield file

    def entries(self) -> Iterator[ProfileEntry]:
        """The profiles one by one, each read when it is asked for; of two with one name only the first."""
        names: set[str] = set()
        for file in self.files():
            entry = self._entry(file)
            if entry.name not in names:
                names.add(entry.name)
                yield entry

    def list(self) -> tuple[ProfileEntry, ...]:
        """All profiles, by name within each folder."""
        return tuple(self.entries())

    def load(self, name: str | Path) -> Profile:
        """The profile of a name, a folder or a file.

        Raises ``ProfileError`` for one that is broken, ``UsageError`` for one that is not there, with the nearest
        names and where they were looked for.
        """
        return load_profile(self.find(name), self._environment)

    def find(self, name: str | Path) -> Path:
        """The file of the profile of that name, folder or file. Raises ``UsageError``."""
        text = str(name)
        path = self._cwd / Path(text).expanduser()
        if path.is_file() or (path.is_dir() and any((path / n).is_file() for n in FILE_NAMES)):
            return _file_of(path)
        if "/" not in text and not text.endswith(_SUFFIXES):
            for file in self._likely(text):
                if self._entry(file).name == text:
                    return file
        raise self._unknown(text)

    def _likely(self, name: str) -> Iterator[Path]:
        """All files, those first whose own name is the profile's: most profiles have no ``name`` of another kind."""
        files = list(self.files())
        yield from sorted(files, key=lambda file: name not in (file.parent.name, file.stem))

    def _unknown(self, text: str) -> UsageError:
        names = [entry.name for entry in self.entries()]
        near = get_close_matches(Path(text).name, names, 3, 0.5)
        looked = ", ".join(str(folder) for folder in self.folders if folder.is_dir()) or "no folder that exists"
        hint = f"Did you mean {' or '.join(near)}?" if near else f"There are: {', '.join(names)}." if names else ""
        return UsageError(f"There is no profile {one_line(text, 80)!r}.", f"{hint} Looked in {looked}.".strip())

    def _entry(self, file: Path) -> ProfileEntry:
        stamp = _stamp(file)
        known = self._known.get(file)
        if known is None or known[0] != stamp:
            known = (stamp, _read_entry(file, self._environment))
            self._known[file] = known
        return known[1]


def _read_entry(file: Path, environment: Mapping[str, str]) -> ProfileEntry:
    """The row of one file; of a broken one as much as it says."""
    from mltui.domain.profile import default_name
    from mltui.storage.yaml_source import read_source

    source = read_source(file)
    data = source.data if isinstance(source.data, dict) else {}
    name = data.get("name") if isinstance(data.get("name"), str) else default_name(file)
    description = one_line(str(data.get("description") or ""), 200)
    try:
        profile = _checked(source, file, environment)
    except ProfileError as error:
        return ProfileEntry(one_line(str(name), 80), file, description, problem=error.problems[0])
    return ProfileEntry(profile.name, file, description, tuple(one_line(tag, 40) for tag in profile.tags))


def _stamp(file: Path) -> tuple[int, int]:
    try:
        status = file.stat()
    except OSError:
        return (0, -1)
    return status.st_mtime_ns, status.st_size


def _files_in(folder: Path) -> list[Path]:
    """Profiles of a folder: the folder itself, its sub-folders' ``profile.yaml``, and its own YAML files."""
    own = [folder / name for name in FILE_NAMES if (folder / name).is_file()]
    if own:
        return own[:1]
    try:
        with os.scandir(folder) as found:
            entries = sorted(found, key=lambda entry: entry.name)
    except OSError:
        return []
    return [file for entry in entries if not entry.name.startswith((".", "_")) and (file := _profile_at(entry))]


def _profile_at(entry: os.DirEntry[str]) -> Path | None:
    try:
        if entry.is_dir():
            return next((Path(entry.path, n) for n in FILE_NAMES if os.path.lexists(os.path.join(entry.path, n))), None)
    except OSError:
        return None
    return Path(entry.path) if entry.name.endswith(_SUFFIXES) else None


def user_folder() -> Path:
    """Where a person keeps profiles of their own."""
    return config_home() / "profiles"


def examples_folder() -> Path:
    """The example profiles: inside the installed package, or beside it in a checkout."""
    package = Path(__file__).resolve().parent.parent
    installed = package / "_profiles"
    return installed if installed.is_dir() else package.parent / "profiles"
