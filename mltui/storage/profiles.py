"""Profiles on disk: found by name in a few folders, read, checked, and listed without hiding the broken ones."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import astuple, dataclass, replace
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING

from mltui.domain.errors import Problem, ProfileError, UsageError
from mltui.domain.paths import user_path
from mltui.domain.profile_name import default_name
from mltui.domain.text import one_line
from mltui.storage.locations import config_home

if TYPE_CHECKING:
    from mltui.domain.profile import Profile
    from mltui.domain.profile_check import Validate
    from mltui.domain.profile_sound import Sound
    from mltui.storage.extends import Finder
    from mltui.storage.yaml_nodes import Source

#: Names of a profile's file in a folder of its own.
FILE_NAMES = ("profile.yaml", "profile.yml")
_SUFFIXES = (".yaml", ".yml")
#: Time of the last change in ns, and size: by these a file is known to be another one.
Stamp = tuple[int, int]
_ABSENT: Stamp = (0, -1)


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
    stamp: Stamp = _ABSENT
    """Of the file as it was read, so that a file that changed is another entry."""
    read: bool = True
    """The file has been read; else all but its place is guessed from the file's name."""


@dataclass(frozen=True, slots=True)
class Checked:
    """A profile's text, looked at."""

    file: str
    """Its name."""
    profile: Profile | None
    """What it says, where nothing is wrong with that."""
    problems: tuple[Problem, ...]
    """Everything wrong with it, see ``in_order``."""
    sound: Sound | None = None
    """The sound parts of what it says; ``None`` where it says nothing that can be read."""
    source: Source | None = None
    """What it says, put over what it extends."""


def in_order(problems: Iterable[Problem], file: str) -> tuple[Problem, ...]:
    """Each once: first those of ``file`` itself, in its order, then those of the files that it extends."""
    return tuple(sorted(set(problems), key=lambda problem: (problem.file != file, astuple(problem))))


def load_profile(
    path: str | Path,
    environment: Mapping[str, str] | None = None,
    *,
    beside: str | Path | None = None,
    find: Finder | None = None,
) -> Profile:
    """Read and check a profile's file, or the ``profile.yaml`` of a folder, put over what it extends.

    ``beside`` is the file whose copy this is: name, relative paths and ``path`` are then the original's.
    ``environment`` fills in the variables that its structure depends on (default: this process's own).
    ``find`` gives the file of a profile that is extended by its name (default: those that can be named from here).
    Raises ``ProfileError`` with every problem and its place.
    """
    from mltui.storage.yaml_source import read_source

    file = _file_of(Path(path))
    checked = check_source(read_source(file), _file_of(Path(beside)) if beside else file, environment, find=find)
    if checked.profile is None or checked.problems:
        raise ProfileError(checked.problems)
    return checked.profile


def check_text(
    text: str, path: Path, environment: Mapping[str, str] | None = None, *, find: Finder | None = None
) -> Checked:
    """What ``text`` would be as the file ``path``, and every problem of it."""
    from mltui.storage.yaml_source import parse_source

    return check_source(parse_source(text, str(path)), path, environment, find=find)


def check_source(
    source: Source,
    origin: Path,
    environment: Mapping[str, str] | None = None,
    *,
    find: Finder | None = None,
    validate: Validate | None = None,
) -> Checked:
    """The same for a text that has been parsed; ``validate`` may know parts of it from before."""
    from mltui.domain.profile import problem_at
    from mltui.domain.profile_check import (
        check,
        settle,
        unknown_parameters,
        written_defaults,
        written_tokens,
    )
    from mltui.domain.profile_recheck import validated
    from mltui.storage.extends import extended, merged_text

    values = os.environ if environment is None else environment
    source = extended(source, origin, find or ProfileRepository(environment=environment).named)
    if not isinstance(source.data, dict):
        return Checked(source.file, None, source.problems)
    defaults = written_defaults(source.data)
    settled = settle(source.data, lambda name: defaults[name] if name in defaults else values.get(name))
    profile, more, sound = check(settled.data, source.data, validate or validated, settled.indexes)
    faults = [*settled.faults, *more, *unknown_parameters(source.data), *written_tokens(source.data)]
    found = [problem_at(source.where(fault.path, fault.key), fault.path, fault.message) for fault in faults]
    text = merged_text(source) if profile and source.bases else source.text
    origins = origin, text, source.data, source.where, source.bases
    sound = replace(sound, profile=sound.profile.read_from(*origins))
    problems = in_order((*source.problems, *found), source.file)
    return Checked(source.file, sound.profile if profile else None, problems, sound, source)


def _file_of(path: Path) -> Path:
    """The profile's file: ``path`` itself, or the profile in that folder."""
    path = Path(os.path.abspath(user_path(path)))
    if path.is_dir():
        return next((path / name for name in FILE_NAMES if (path / name).is_file()), path / FILE_NAMES[0])
    return path


class ProfileRepository:
    """The profiles that can be named: those of ``folders``, ``./profiles``, the user's own and ``further`` folders, and
    the examples.

    The first profile of a name is the one that the name means. What was read is kept until the file changes.
    """

    def __init__(
        self,
        folders: Sequence[Path | str] = (),
        *,
        further: Sequence[Path] = (),
        cwd: Path | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self._environment = os.environ if environment is None else environment
        here = cwd or Path.cwd()
        wanted = [here / user_path(folder) for folder in folders]
        self.folders: tuple[Path, ...] = tuple(
            dict.fromkeys(
                Path(os.path.abspath(f))
                for f in (*wanted, here / "profiles", user_folder(), *further, examples_folder())
            )
        )
        self._further = tuple(further)
        self._cwd = here
        self._known: dict[str, _Known] = {}

    @property
    def absent(self) -> str:
        """Which of the ``further`` folders, that the settings name, are not there, in a sentence; empty: all are."""
        gone = [one_line(str(folder), 200) for folder in self._further if not folder.is_dir()]
        what = (
            f"a folder that is not there: {gone[0]}"
            if len(gone) == 1
            else f"folders that are not there: {', '.join(gone)}"
        )
        return f"The settings' profile_folders name {what}." if gone else ""

    def files(self) -> Iterator[Path]:
        """Every profile's file, in the order of the search, unread."""
        return (Path(file) for file, _ in self._scan())

    def _scan(self) -> Iterator[tuple[str, Stamp]]:
        """Every profile's file as it is now; one that is reached by two ways only once."""
        seen: set[tuple[int, int]] = set()
        for folder in self.folders:
            for file, status in _files_in(str(folder)):
                if status is None:
                    yield file, _ABSENT
                elif (status.st_dev, status.st_ino) not in seen:
                    seen.add((status.st_dev, status.st_ino))
                    yield file, _stamp(status)

    def entries(self) -> Iterator[ProfileEntry]:
        """The profiles one by one, each read when it is asked for; of two with one name only the first."""
        return _first_of_each_name(self._entry(file, stamp) for file, stamp in self._scan())

    def list(self) -> tuple[ProfileEntry, ...]:
        """All profiles, by name within each folder."""
        return tuple(self.entries())

    def list_within(self, seconds: float) -> tuple[tuple[ProfileEntry, ...], bool]:
        """All profiles, those that changed read for about ``seconds``, the rest by the name of their file alone.

        The second value tells that all have been read.
        """
        until, whole, found = time.perf_counter() + seconds, True, []
        for file, stamp in self._scan():
            known = self._known.get(file)
            if known is None and time.perf_counter() >= until:
                whole = False
                found.append(ProfileEntry(default_name(Path(file)), Path(file), stamp=stamp, read=False))
            else:
                found.append(self._entry(file, stamp))
        return tuple(_first_of_each_name(found)), whole

    def load(self, name: str | Path, *, beside: Path | None = None) -> Profile:
        """The profile of a name, a folder or a file; ``beside``: see ``load_profile``.

        Raises ``ProfileError`` for one that is broken, ``UsageError`` for one that is not there, with the nearest
        names and where they were looked for.
        """
        return load_profile(self.find(name), self._environment, beside=beside, find=self.named)

    def check(self, file: Path) -> Checked:
        """A profile's file, with everything wrong in it."""
        from mltui.storage.yaml_source import read_source

        return check_source(read_source(file), file, self._environment, find=self.named)

    def find(self, name: str | Path) -> Path:
        """The file of the profile of that name, folder or file. Raises ``UsageError``."""
        text = str(name)
        if not text:
            # As a path it would be the folder one is in: a variable that is not set must not launch what is there.
            raise self._unknown(text)
        path = self._cwd / user_path(text)
        if path.is_file() or (path.is_dir() and any((path / n).is_file() for n in FILE_NAMES)):
            return _file_of(path)
        if "/" in text or text.endswith(_SUFFIXES):
            raise self._unknown(text)
        try:
            return self.named(text)
        except UsageError as error:
            raise self._unknown(text) from error

    def named(self, name: str, near: Path | None = None) -> Path:
        """The file of the profile of that name, those in the folder ``near`` and beside it first.

        Raises ``UsageError`` where there is none, with the nearest name as files tell it.
        """
        beside = [file for folder in ((near, near.parent) if near else ()) for file, _ in _files_in(str(folder))]
        files = [file for file, _ in self._scan()]
        # Those first whose own name is the profile's: most profiles have no ``name`` of another kind.
        likely = sorted(files, key=lambda file: f"/{name}/" not in file and f"/{name}." not in file)
        for file in map(Path, (*beside, *likely)):
            if _own_name(file) == name:
                return file
        others = [file for file in map(Path, (*beside, *files)) if file.parent != near or file.name not in FILE_NAMES]
        close = get_close_matches(name, map(default_name, others), 1, 0.5)
        hint = f"Did you mean {one_line(close[0], 80)}?" if close else ""
        raise UsageError(f"There is no profile {one_line(name, 80)!r}.", hint)

    def _unknown(self, text: str) -> UsageError:
        names = [entry.name for entry in self.entries()]
        near = get_close_matches(Path(text).name, names, 3, 0.5)
        looked = ", ".join(str(folder) for folder in self.folders if folder.is_dir()) or "no folder that exists"
        hint = f"Did you mean {' or '.join(near)}?" if near else f"There are: {', '.join(names)}." if names else ""
        return UsageError(f"There is no profile {one_line(text, 80)!r}.", f"{hint} Looked in {looked}.".strip())

    def _entry(self, file: str, stamp: Stamp) -> ProfileEntry:
        known = self._known.get(file)
        if known is None or known.files != _stamps(stamp, known.bases):
            known = self._known[file] = _read_entry(Path(file), stamp, self._environment, self.named)
        return known.entry


@dataclass(frozen=True, slots=True)
class _Known:
    """An entry, and what it was read from."""

    entry: ProfileEntry
    files: tuple[Stamp, ...]
    """Of the file and of all that it extends, as they were."""
    bases: tuple[Path, ...]


def _stamps(stamp: Stamp, bases: tuple[Path, ...]) -> tuple[Stamp, ...]:
    return (stamp, *(_stamp(_status(str(base))) for base in bases))


def _stamp(status: os.stat_result | None) -> Stamp:
    return (status.st_mtime_ns, status.st_size) if status else _ABSENT


def _first_of_each_name(entries: Iterable[ProfileEntry]) -> Iterator[ProfileEntry]:
    names: set[str] = set()
    for entry in entries:
        if entry.name not in names:
            names.add(entry.name)
            yield entry


def _read_entry(file: Path, stamp: Stamp, environment: Mapping[str, str], find: Finder) -> _Known:
    """The row of one file; of a broken one as much as it says."""
    from mltui.storage.yaml_source import read_source

    source = read_source(file)
    checked = check_source(source, file, environment, find=find)
    profile, problems = checked.profile, checked.problems
    bases = profile.bases if profile else ()
    stamps = _stamps(stamp, bases)
    newest = max(stamps)
    if profile is None or problems:
        data = source.data if isinstance(source.data, dict) else {}
        name = data.get("name") if isinstance(data.get("name"), str) else default_name(file)
        about = one_line(str(data.get("description") or ""), 200)
        entry = ProfileEntry(one_line(str(name), 80), file, about, problem=problems[0], stamp=newest)
        return _Known(entry, stamps, bases)
    tags = tuple(one_line(tag, 40) for tag in profile.tags)
    entry = ProfileEntry(profile.name, file, one_line(profile.description, 200), tags, stamp=newest)
    return _Known(entry, stamps, bases)


def _own_name(file: Path) -> str:
    """The name that a file gives its profile; what else it says is not looked at."""
    from mltui.storage.yaml_source import read_source

    data = read_source(file).data
    name = data.get("name") if isinstance(data, dict) else None
    return name if isinstance(name, str) else default_name(file)


#: A file, and what the system knows of it; ``None`` for a link that leads nowhere.
_Found = tuple[str, os.stat_result | None]


def _files_in(folder: str) -> list[_Found]:
    """Profiles of a folder: the folder itself, its sub-folders' ``profile.yaml``, and its own YAML files.

    Plain texts and one call a file: it is asked twice a second.
    """
    own = _profile_in(folder)
    if own:
        return [own]
    try:
        with os.scandir(folder) as found:
            entries = sorted(found, key=lambda entry: entry.name)
    except OSError:
        return []
    return [file for entry in entries if entry.name[0] not in "._" and (file := _profile_at(entry))]


def _profile_at(entry: os.DirEntry[str]) -> _Found | None:
    try:
        if entry.is_dir():
            return _profile_in(entry.path)
        return (entry.path, _status(entry.path)) if entry.name.endswith(_SUFFIXES) else None
    except OSError:
        return None


def _profile_in(folder: str) -> _Found | None:
    """The ``profile.yaml`` of a folder."""
    for name in FILE_NAMES:
        path = f"{folder}/{name}"
        status = _status(path)
        if status is not None or os.path.islink(path):
            return path, status
    return None


def _status(path: str) -> os.stat_result | None:
    try:
        return os.stat(path)
    except OSError:
        return None


def user_folder() -> Path:
    """Where a person keeps profiles of their own."""
    return config_home() / "profiles"


def examples_folder() -> Path:
    """The example profiles: inside the installed package, or beside it in a checkout."""
    package = Path(__file__).resolve().parent.parent
    installed = package / "_profiles"
    return installed if installed.is_dir() else package.parent / "profiles"
