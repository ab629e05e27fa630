"""A service of a Compose file, or a pasted ``docker run`` line, as the text of a profile."""

from __future__ import annotations

import os
import re
import textwrap
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mltui.domain.errors import ProfileError, StorageError, UsageError
from mltui.domain.import_remarks import Change, Imported, Remark
from mltui.domain.paths import user_path
from mltui.domain.text import one_line
from mltui.storage.yaml_nodes import plain
from mltui.storage.yaml_source import FileKind, parse_source

if TYPE_CHECKING:
    from mltui.storage.yaml_nodes import Node

COMPOSE = FileKind("Compose file", "is empty", "services: and volumes:", marks=True, lenient=True)
_COMMAND = re.compile(
    r"(?:[$#%>]\s+)?(?:(?:sudo|env|time)\s+|\w+=\S*\s+)*(?:\S*/)?(?:docker|podman|nerdctl|nvidia-docker)\s+[^\s:]"
)
#: What only a YAML text has on a line of its own.
_YAML = re.compile(r":(\s|$)|^[{\[#-]")
#: How Docker calls Compose files, in the order in which it looks for them.
_COMPOSE_NAMES = ("compose.yaml", "compose.yml", "docker-compose.yaml", "docker-compose.yml")
#: No such file is larger.
MOST_BYTES = 1 << 20
#: Of letters that are pasted, and of those of one line: more would make each key wait while it is laid out anew.
MOST_PASTED, MOST_IN_LINE = 32 << 10, 8 << 10
_WHAT = "Give a Compose file, or a docker run line."
_WIDTH = 118
#: Lists that people read and change line by line.
_TALL = frozenset({"volumes", "environment", "ports", "params", "labels"})


@dataclass(frozen=True, slots=True)
class ProfileDraft:
    """A profile that is not on disk yet."""

    name: str
    """What its folder, or its file, is to be called."""
    text: str
    data: Mapping[str, Any]
    remarks: tuple[Remark, ...] = ()
    """What is not in it as it was, in the order of what it was made from."""


def is_command(text: str) -> bool:
    """It is a ``docker run`` line, not YAML."""
    said = (line.strip() for line in text.splitlines())
    first = next((line for line in said if line and not line.startswith("#")), "")
    return _COMMAND.match(first[:500]) is not None


@dataclass(frozen=True, slots=True)
class Importable:
    """What can become a profile: a ``docker run`` line, or the services of a Compose file, one a profile."""

    file: Path
    """Where it stands, or would stand: its relative paths count from there, and problems name it."""
    line: str = ""
    """The line, where it is one."""
    root: Node | None = None
    """Else the tree of the Compose file."""

    @property
    def services(self) -> tuple[str, ...]:
        """The names of the services, in the order of the file; none of a line."""
        return tuple(self.root.value["services"].value) if self.root else ()

    @property
    def usual(self) -> str:
        """The service that is meant where none is named: the only one, or the only one that asks for a GPU."""
        services = plain(self.root.value["services"]) if self.root else {}
        with_gpus = [name for name, service in services.items() if _asks_for_gpus(service)]
        return next((names[0] for names in (list(services), with_gpus) if len(names) == 1), "")

    def draft(self, target: Path, service: str = "") -> ProfileDraft:
        """The profile of the line, or of a service, as it would stand in the folder ``target``.

        Raises ``UsageError`` for a line that cannot be read, a service that is not there, and where there are several
        and none is named; ``ProfileError`` for a service whose base cannot be had.
        """
        if self.root is None:
            return _of_command(self.line, self.file.parent, target)
        return _of_service(self.root, self.file, target, self._chosen(service))

    def _chosen(self, wanted: str) -> str:
        file, known = one_line(self.file.name, 80), self.services
        if wanted and wanted not in known:
            raise UsageError(f"{file} has no service {one_line(wanted, 60)!r}.", f"It has: {', '.join(known)}.")
        if name := wanted or self.usual:
            return name
        raise UsageError(f"{file} has several services.", f"Name one: --service {' | '.join(known)}")


def read_import(text: str, file: Path) -> Importable:
    """A pasted text, understood: a Compose file, a service of one, or a ``docker run`` line; ``file``: see
    ``Importable``.

    Raises ``ProfileError`` for what is no YAML, ``UsageError`` for what is no service and no such line.
    """
    if is_command(text):
        return Importable(file, line=text)
    source = parse_source(textwrap.dedent(text), str(file), COMPOSE)
    if source.root is None or source.problems:
        raise ProfileError(source.problems)
    return Importable(file, root=_with_services(source.root, file))


def draft_from_text(text: str, *, file: Path, target: Path, service: str = "") -> ProfileDraft:
    """The profile of a pasted text, in one step: ``target`` is the folder in which it is going to be, ``service``
    chooses one of several. Raises what ``read_import`` and ``Importable.draft`` raise.
    """
    return read_import(text, file).draft(target, service)


def names_a_file(text: str) -> bool:
    """It is the path of a file or a folder, rather than a text to import itself."""
    text = text.strip()
    return bool(text) and "\n" not in text and not is_command(text) and not _YAML.search(text)


def read_named(path: str, folder: Path) -> tuple[Path, str]:
    """The Compose file that ``path`` names, from ``folder``, or that the folder of that name holds; and its text.

    Raises ``StorageError`` for one that cannot be read, ``UsageError`` for one that is too large or no text.
    """
    file = Path(os.path.abspath(folder / user_path(path.strip())))
    try:
        if file.is_dir():
            file = next((file / name for name in _COMPOSE_NAMES if (file / name).is_file()), file / _COMPOSE_NAMES[0])
        with file.open("rb") as stream:
            return file, decoded(stream.read(MOST_BYTES + 1), one_line(str(file), 300))
    except (OSError, ValueError) as error:
        reason = (getattr(error, "strerror", None) or str(error)).lower()
        raise StorageError(f"{one_line(str(file), 100)} cannot be read: {reason}.", _WHAT) from error


def decoded(data: bytes, what: str) -> str:
    """``data`` as text; raises ``UsageError``, which calls it ``what``, where that is too large or none."""
    if len(data) > MOST_BYTES:
        raise too_large(what)
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UsageError(f"{what} is not text in UTF-8.", _WHAT) from error


def too_large(what: str) -> UsageError:
    """Why ``what`` is not imported."""
    return UsageError(f"{what} is larger than {MOST_BYTES >> 20} MiB.", _WHAT)


def refuse_long(text: str) -> None:
    """Raises ``UsageError`` for a text that is too long to be pasted, with what to do."""
    what, most = "What is pasted", MOST_PASTED
    if len(text) <= most:
        what, most = "A line of what is pasted", MOST_IN_LINE
        if max(map(len, text.split("\n"))) <= most:
            return
    raise UsageError(f"{what} is longer than {most >> 10} KiB.", "Save it to a file, and import that by its path.")


def _of_command(text: str, folder: Path, target: Path) -> ProfileDraft:
    from mltui.domain.docker_run import import_line

    try:
        done = import_line(text)
    except ValueError as error:
        hint = "Take it out, or write --option=value." if "has no option" in str(error) else "Paste the whole of it."
        raise UsageError(f"The line cannot be read: {one_line(str(error), 300)}.", hint) from error
    return _draft(_moved(done, folder, target), "a docker run line")


def _moved(done: Imported, folder: Path, target: Path) -> Imported:
    """Its relative paths as they are from ``target``."""
    from mltui.storage.yaml_merge import moved

    return replace(done, data=plain(moved(_tree(done.data), str(folder), str(target))))


def _tree(value: Any) -> Node:  # noqa: ANN401 - any YAML value
    """Plain data as nodes without a place."""
    from mltui.storage.yaml_nodes import Node

    if isinstance(value, Mapping):
        value = {key: _tree(inner) for key, inner in value.items()}
    return Node((1, 1), [_tree(item) for item in value] if isinstance(value, list) else value)


def _of_service(root: Node, file: Path, target: Path, name: str) -> ProfileDraft:
    from mltui.domain.compose_import import import_service
    from mltui.storage.extends import extended_service

    node, problems = extended_service(root, name, file)
    if problems:
        raise ProfileError(problems)
    top = plain(root)
    top["services"] = {one: inner for one, inner in top["services"].items() if one != name}
    done = _moved(import_service(plain(node), name, top), file.parent, target)
    return _draft(done, f"the service {name} of {file.name}")


def _with_services(root: Node, file: Path) -> Node:
    """The tree of a Compose file; what was pasted without ``services`` around it gets that."""
    services = root.value.get("services")
    if services is not None and isinstance(services.value, dict) and services.value:
        return root
    if services is None and {"image", "build"} & set(root.value):
        return _around(root, {_folder_name(file): root})
    if services is None and root.value and all(_is_service(node) for node in root.value.values()):
        return _around(root, root.value)
    raise UsageError(
        f"{one_line(str(file), 200)} has no services.", "Give a Compose file, one service of it, or a docker run line."
    )


def _around(root: Node, services: dict[str, Node]) -> Node:
    return replace(root, value={"services": replace(root, value=services)})


def _is_service(node: Node) -> bool:
    return isinstance(node.value, dict) and bool({"image", "build", "extends"} & set(node.value))


def _folder_name(file: Path) -> str:
    return file.parent.name or "imported"


def _asks_for_gpus(service: Any) -> bool:  # noqa: ANN401
    if not isinstance(service, Mapping):
        return False
    text = repr(service.get("deploy", ""))
    asked = str(service.get("gpus", "none")) not in ("none", "0") or service.get("runtime") == "nvidia"
    return asked or "'gpu'" in text or "nvidia" in text


def _draft(done: Imported, origin: str) -> ProfileDraft:
    return ProfileDraft(done.name, profile_text(done.data, _head(done.remarks, origin)), done.data, done.remarks)


def _head(remarks: Iterable[Remark], origin: str) -> list[str]:
    """The comment at the top: where it came from, and what is not in it."""
    lines = [f"# From {one_line(origin, 200)}."]
    for change, title in ((Change.LEFT_OUT, "Left out"), (Change.CHANGED, "Said otherwise")):
        said = [str(remark) for remark in remarks if remark.change is change]
        if said:
            lines.append(f"# {title}:")
            lines += [f"#   {line}" for text in said for line in textwrap.wrap(one_line(text, 400), _WIDTH - 4)]
    return lines


def profile_text(data: Mapping[str, Any], head: Iterable[str] = ()) -> str:
    """A profile's keys as YAML in the order and the groups of a form, below the comment ``head``."""
    from mltui.domain.schema import groups
    from mltui.storage.yaml_spelling import Layout, pair, scalar

    small, tall = Layout(small_in_line=True), Layout()
    known = {field.key: title for title, fields in groups() for field in fields}
    blocks: dict[str, list[str]] = {}
    for key, value in data.items():
        layout = tall if key in _TALL and len(value) > 1 else small
        blocks.setdefault(known.get(key, ""), []).extend(pair(scalar(key, as_key=True), value, layout))
    parts = [list(head), *blocks.values()]
    return "\n\n".join("\n".join(lines) for lines in parts if lines) + "\n"


def write_draft(draft: ProfileDraft, target: Path) -> Path:
    """Write the profile to ``target``, a YAML file or the folder to put it in; returns the file.

    Raises ``UsageError`` where there is one already: nothing is overwritten; ``StorageError`` where that fails.
    """
    file = target if target.suffix in (".yaml", ".yml") else target / "profile.yaml"
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with open(file, "x", encoding="utf-8") as stream:
            stream.write(draft.text)
    except FileExistsError:
        raise UsageError(f"{one_line(str(file), 300)} is there already.", "Choose another place: -o FOLDER") from None
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise StorageError(
            f"{one_line(str(file), 300)} cannot be written: {reason}.", "Choose another place."
        ) from error
    return file
