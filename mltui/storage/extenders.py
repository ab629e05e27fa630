"""Which profiles extend another one, and what they say of it when it gets another name."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from mltui.domain.errors import EditError, StorageError
from mltui.domain.paths import user_path
from mltui.domain.profile_name import default_name
from mltui.domain.text import one_line
from mltui.storage.extends import Finder, base_of
from mltui.storage.profile_files import FileText, holder, read_text, rename, save_text
from mltui.storage.yaml_nodes import KeyPath
from mltui.storage.yaml_source import read_source


@dataclass(frozen=True, slots=True)
class Extender:
    """A profile that extends another one."""

    name: str
    path: Path
    """Its file."""
    wanted: str
    """What it says of the other: a name or a path."""
    key: KeyPath
    """Where it says so."""
    base: Path
    """The file that this means."""
    direct: bool = True
    """It names the other itself, not a third one that does."""


def extenders(path: Path, files: Iterable[Path], find: Finder) -> tuple[Extender, ...]:
    """Those of ``files`` that extend the profile of the file ``path``, or something in its folder; themselves first.

    ``find`` gives the file of a profile's name, as everywhere.
    """
    found = [one for file in files if (one := _extender(file, find)) is not None]
    places = {os.path.realpath(holder(path))}
    chosen: dict[Path, Extender] = {}
    direct = True
    while True:
        new = [one for one in found if one.path not in chosen and one.path != path and _within(one.base, places)]
        if not new:
            return tuple(chosen.values())
        for one in new:
            chosen[one.path] = one if direct else Extender(one.name, one.path, one.wanted, one.key, one.base, False)
        places = {os.path.realpath(one.path) for one in new}
        direct = False


def _extender(file: Path, find: Finder) -> Extender | None:
    """What a file extends; only one that says the word is parsed."""
    try:
        with file.open("rb") as stream:
            if b"extends" not in stream.read(1 << 20):
                return None
    except OSError:
        return None
    root = read_source(file).root
    base = base_of(root, file, find) if root else None
    if root is None or base is None:
        return None
    key: KeyPath = ("extends", "file") if isinstance(root.value["extends"].value, dict) else ("extends",)
    name = root.value["name"].value if "name" in root.value else default_name(file)
    return Extender(one_line(str(name), 80), file, base[0], key, base[1])


def _within(base: Path, places: set[str]) -> bool:
    real = os.path.realpath(base)
    return any(real == place or real.startswith(f"{place}/") for place in places)


def rename_everywhere(path: Path, name: str, others: Sequence[Extender]) -> Path:
    """Give a profile another name, and say it in ``others``, which name it; gives its file then.

    All that is going to be said is worked out before anything is renamed: raises ``EditError`` for a file that cannot
    be changed in place, what ``profile_files.rename`` raises, and ``StorageError`` where another was not written.
    """
    edits = [_edited(one, path, name) for one in others if one.direct]
    new = rename(path, name)
    failed = []
    for read, text in edits:
        try:
            save_text(read, text)
        except StorageError as error:
            failed.append(error.message)
    if failed:
        raise StorageError(f"It is called {name} now, but not all say so: {' '.join(failed)}", "Change it there.")
    return new


def _edited(one: Extender, path: Path, name: str) -> tuple[FileText, str]:
    from mltui.storage.yaml_edit import YamlDocument

    read = read_text(one.path)
    try:
        return read, YamlDocument(read.text, str(one.path)).set(one.key, _renamed(one, path, name)).text
    except EditError as error:
        file = one_line(str(one.path), 200)
        raise EditError(f"{file} cannot say the new name: {error.message}", error.hint) from error


def _renamed(one: Extender, path: Path, name: str) -> str:
    """What it says of the other when that has the new name, written as before."""
    old = holder(path)
    here, parts = one.path.parent, one.wanted.split("/")
    new = name if old != path else f"{name}{path.suffix}"
    if len(parts) == 1 and not (here / one.wanted).exists():
        return name
    for at in range(len(parts), 0, -1):
        if os.path.realpath(here / user_path("/".join(parts[:at]))) == os.path.realpath(old):
            return "/".join([*parts[: at - 1], new, *parts[at:]])
    return os.path.relpath(old.parent / new / os.path.relpath(one.base, old), here)
