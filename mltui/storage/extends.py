"""``extends``: a profile put over another one, or over a service of a Compose file."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from mltui.domain.errors import Problem, UsageError
from mltui.domain.paths import user_path
from mltui.domain.text import one_line
from mltui.storage.yaml_merge import merge, moved
from mltui.storage.yaml_nodes import Node, Source, plain
from mltui.storage.yaml_source import read_source

#: Gives the file of the profile of a name, seen from a folder; where there is none it raises ``UsageError``, whose hint
#: is the nearest.
Finder = Callable[[str, Path], Path]

#: Deep enough for any person, and a bound for a hostile one.
MAX_DEPTH = 8
_FILE_NAMES = ("profile.yaml", "profile.yml")


def extended(source: Source, origin: Path, find: Finder) -> Source:
    """``source`` put over all that it extends; as it is where it extends nothing.

    ``origin`` is the file that its relative paths count from. Whatever is wrong with the files it extends is among the
    problems, each with the file it stands in; a base that cannot be had leaves the profile without it.
    """
    if source.root is None:
        return source
    if "extends" not in source.root.value:
        return _unmarked(source)
    problems: list[Problem] = []
    bases: list[Path] = []
    root = _over_its_base(source.root, _Place(origin, (os.path.realpath(origin),)), find, problems, bases)
    return replace(
        source, root=root, data=plain(root), problems=(*source.problems, *problems), bases=tuple(bases)
    )  # fmt: skip


def extended_service(root: Node, name: str, file: Path) -> tuple[Node, tuple[Problem, ...]]:
    """The service ``name`` of a Compose file's tree, put over what it extends, and what is wrong with that."""
    services = root.value.get("services")
    problems: list[Problem] = []
    place = _Place(file, (f"{os.path.realpath(file)}#{name}",), services)
    node = _over_its_base(services.value[name], place, _no_profile, problems, [])
    return node, tuple(problems)


def _no_profile(name: str, _: Path) -> Path:
    """Services do not extend profiles."""
    raise UsageError(f"There is no profile {one_line(name, 80)!r}.")


def base_of(root: Node, file: Path, find: Finder) -> tuple[str, Path] | None:
    """What the profile of the tree ``root``, in ``file``, says that it extends, and the file that this means; ``None``
    where it extends nothing, nothing that is there, or a part of itself."""
    asked = root.value.get("extends")
    if asked is None:
        return None
    place = _Place(file, ())
    try:
        wanted, _ = _wanted(asked, place)
        return (wanted, _file(wanted, place, find)) if wanted else None
    except _Refused:
        return None


def _unmarked(source: Source) -> Source:
    """Tags that replace what is inherited are nothing where nothing is."""
    written = "!reset" in source.text or "!override" in source.text
    marked = _first_mark(source.root) if source.root and written else None
    if marked is None:
        return source
    message = f"the tag !{marked.mark} is for a profile that extends another"
    return replace(source, problems=(*source.problems, Problem(source.file, *marked.position, "", message)))


def _first_mark(node: Node) -> Node | None:
    if node.mark:
        return node
    inner = node.value.values() if isinstance(node.value, dict) else node.value if isinstance(node.value, list) else ()
    return next((found for found in map(_first_mark, inner) if found), None)


@dataclass(frozen=True)
class _Place:
    """Where a tree that extends another stands."""

    file: Path
    chain: tuple[str, ...]
    """Every tree on the way here, so that none extends itself."""
    services: Node | None = None
    """The services of a Compose file, when it is one of those."""


def _over_its_base(root: Node, place: _Place, find: Finder, problems: list[Problem], bases: list[Path]) -> Node:
    """``root`` without its ``extends``, put over what that names; as it is where that cannot be had."""
    asked = root.value.get("extends")
    if asked is None:
        return root
    try:
        base, at = _base(asked, place, find, problems)
    except _Refused as refused:
        line, column = asked.position
        message = f"{refused}" if str(refused).startswith("expected") else f"cannot extend {refused}"
        problems.append(Problem(asked.file, line, column, "extends", one_line(message, 400)))
        return root
    if at.file != place.file:
        bases.append(at.file)
    base = _over_its_base(base, at, find, problems, bases)
    own = {key: value for key, value in root.value.items() if key != "extends"}
    inherited = {key: value for key, value in base.value.items() if key not in ("name", "extends")}
    merged = merge(
        moved(replace(base, value=inherited), str(at.file.parent), str(place.file.parent)), replace(root, value=own)
    )
    return _with_requirements(merged, at.file.parent, place.file.parent)


def _with_requirements(root: Node, base: Path, own: Path) -> Node:
    """The requirements.txt beside the base goes on serving the local engine, where there is no nearer one."""
    name = "requirements.txt"
    if base == own or "requirements" in root.value or (own / name).is_file() or not (base / name).is_file():
        return root
    node = replace(root, value=os.path.relpath(base / name, own), keys={}, size=1)
    return replace(root, value={**root.value, "requirements": node})


class _Refused(Exception):
    """What is extended cannot be had, and why."""


def _base(asked: Node, place: _Place, find: Finder, problems: list[Problem]) -> tuple[Node, _Place]:
    """The tree that ``extends`` names, and where it stands."""
    wanted, service = _wanted(asked, place)
    file = _file(wanted, place, find) if wanted else place.file
    key = f"{os.path.realpath(file)}#{service}" if service else os.path.realpath(file)
    if key in place.chain:
        raise _Refused(f"{wanted or service}: in the end it extends itself")
    if len(place.chain) > MAX_DEPTH:
        raise _Refused(f"{wanted or service}: more than {MAX_DEPTH} profiles extend each other")
    if not wanted:
        return _service(file, place.services, service), replace(place, chain=(*place.chain, key))
    found = read_source(file)
    problems += found.problems
    if found.root is None:
        raise _Refused(f"{wanted}: it cannot be read")
    services = found.root.value.get("services") if service else None
    root = _service(file, services, service) if service else found.root
    return root, _Place(file, (*place.chain, key), services)


def _wanted(asked: Node, place: _Place) -> tuple[str, str]:
    """The file or name, and the service, that ``extends`` names."""
    value = plain(asked)
    if isinstance(value, str) and value:
        return ("", value) if place.services else (value, "")
    if (
        isinstance(value, dict)
        and set(value) <= {"file", "service"}
        and all(isinstance(v, str) for v in value.values())
    ):
        file, service = value.get("file", ""), value.get("service", "")
        if file or (service and place.services):
            return file, service
    raise _Refused("expected the name or the file of a profile, or a mapping with file, and service for a Compose file")


def _service(file: Path, services: Node | None, name: str) -> Node:
    known: dict[str, Node] = services.value if services and isinstance(services.value, dict) else {}
    node = known.get(name)
    if node is None or not isinstance(node.value, dict):
        names = f"; it has {', '.join(known)}" if known else ""
        raise _Refused(f"the service {name}: {file.name} has no such service{names}")
    return node


def _file(wanted: str, place: _Place, find: Finder) -> Path:
    """The file of a path, or of a profile's name."""
    path = Path(os.path.normpath(place.file.parent / user_path(wanted)))
    if path.is_dir():
        path = next((path / name for name in _FILE_NAMES if (path / name).is_file()), path)
    if path.is_file():
        return path
    named = "/" not in wanted and not wanted.endswith((".yaml", ".yml"))
    if not named:
        raise _Refused(f"{wanted}: there is no file {path}")
    try:
        return find(wanted, place.file.parent)
    except UsageError as error:
        raise _Refused(f"{wanted}: there is no profile of that name. {error.hint}".strip()) from error


def merged_text(source: Source) -> str:
    """A profile's text with everything that it inherits, which stays the same when its bases change."""
    from mltui.storage.yaml_spelling import Layout, block

    names = ", ".join(path.name if path.stem != "profile" else path.parent.name for path in source.bases)
    data = {key: value for key, value in source.data.items() if key != "extends"}
    head = f"# {Path(source.file).name} with what it extends: {one_line(names, 200)}"
    return "\n".join([head, *block(data, Layout(small_in_line=True)), ""])
