"""Volumes, memory mounts, files and ports of a Compose service, as a profile says them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mltui.domain.compose import TMPFS_DEFAULTS, VOLUME_MODES
from mltui.domain.import_remarks import Notes, Path
from mltui.domain.interpolation import split_parts
from mltui.domain.section import as_list, as_text

_LONG = ("type", "source", "target", "read_only", "tmpfs")
_MISSING_FOLDER = "a folder that is not there is an error; Docker makes it, empty and root's"
_FOLDER = (".", "/", "~")


def volumes(value: Any, top: Mapping[str, Any], notes: Notes) -> list[Any]:  # noqa: ANN401 - any YAML value
    """``volumes``, with the names that Compose gives to volumes."""
    if not isinstance(value, list):
        notes.left_out(("volumes",), "expected a list")
        return []
    known = top.get("volumes")
    names = known if isinstance(known, Mapping) else {}
    made = []
    for index, entry in enumerate(value):
        path = ("volumes", index)
        long = isinstance(entry, Mapping)
        one = _long_volume(dict(entry), path, names, notes) if long else _short_volume(str(entry), path, names, notes)
        if one is not None:
            made.append(one)
    return made


def _short_volume(text: str, path: Path, names: Mapping[str, Any], notes: Notes) -> str:
    parts = split_parts(text)
    if len(parts) == 3:
        modes = parts[2].split(",")
        kept = [mode for mode in modes if mode == "ro" or mode in VOLUME_MODES]
        for mode in modes:
            if mode not in kept:
                notes.left_out((*path, mode), "a mount of a run is ro or rw")
        parts = [*parts[:2], *([",".join(kept)] if kept else [])]
    if len(parts) > 1 and parts[0].startswith(_FOLDER):
        notes.differs(path, _MISSING_FOLDER)
    elif len(parts) > 1 and "$" not in parts[0]:
        parts[0] = _volume_name(parts[0], path, names, notes)
    return ":".join(parts)


def _volume_name(name: str, path: Path, names: Mapping[str, Any], notes: Notes) -> str:
    """The name that the volume has in the engine."""
    said = names.get(name)
    said = said if isinstance(said, Mapping) else {}
    for key in said:
        if key not in ("name", "external"):
            notes.left_out((*path, key), f"the volume {name} is made with the engine's own settings")
    if said.get("name"):
        notes.changed(path, f"the volume's name is {said['name']}")
        return str(said["name"])
    if str(said.get("external", "")).lower() not in ("true", "yes"):
        notes.differs(path, f"is the volume {name} itself; Compose's is PROJECT_{name}, another one")
    return name


def _long_volume(entry: dict[str, Any], path: Path, names: Mapping[str, Any], notes: Notes) -> dict[str, Any] | None:
    kind = str(entry.get("type") or "volume")
    if kind not in ("bind", "volume", "tmpfs"):
        notes.left_out(path, f"a mount of a run is bind, volume or tmpfs, not {kind}")
        return None
    for key in entry:
        if key not in _LONG and not key.startswith("x-"):
            _without_place(key, entry[key], path, notes)
    made = {key: entry[key] for key in entry if key in _LONG or key.startswith("x-")}
    options = made.get("tmpfs")
    if isinstance(options, Mapping) and "mode" in options:
        made["tmpfs"] = {key: inner for key, inner in options.items() if key != "mode"}
        notes.left_out((*path, "tmpfs", "mode"), "a memory mount is open to everybody")
    source = str(made.get("source", ""))
    if kind == "volume" and source and "$" not in source:
        made["source"] = _volume_name(source, path, names, notes)
    bind = entry.get("bind")
    if kind == "bind" and isinstance(bind, Mapping) and str(bind.get("create_host_path", "")).lower() == "true":
        notes.differs(path, _MISSING_FOLDER)
    return made


def _without_place(key: str, value: Any, path: Path, notes: Notes) -> None:  # noqa: ANN401
    """What a long form says and a profile's does not."""
    inner = value if isinstance(value, Mapping) else {}
    for name in inner:
        if (key, name) != ("bind", "create_host_path"):
            notes.left_out((*path, key, name), "a mount of a run is ro or rw")
        elif str(inner[name]).lower() != "true":
            notes.changed((*path, key, name), "is so anyway: a folder that is not there is an error")
    if not inner and value is not None:
        notes.left_out((*path, key), "a mount of a run is ro or rw")


def tmpfs(value: Any, path: Path, notes: Notes) -> Any:  # noqa: ANN401
    """``tmpfs``, whose one option in a profile is the size."""
    entries = as_list(value)
    if not isinstance(entries, list):
        return value
    made = []
    for index, entry in enumerate(entries):
        target, _, options = str(as_text(entry)).partition(":")
        kept = []
        for option in filter(None, options.split(",")):
            if option.startswith("size=") or option in TMPFS_DEFAULTS:
                kept.append(option)
            else:
                notes.left_out((*path, index, option), "a memory mount is open to all; its option is its size")
        made.append(f"{target}:{','.join(kept)}" if kept else target)
    return made if isinstance(value, list) else made[0]


def ports(value: Any, path: Path, notes: Notes) -> Any:  # noqa: ANN401
    """``ports``, which a profile publishes on this machine alone where they do not say otherwise."""
    if not isinstance(value, list):
        return value
    made = [_port(entry, (*path, index), notes) for index, entry in enumerate(value)]
    for index, entry in enumerate(made):
        if not _has_address(entry):
            notes.differs((*path, index), "is published on 127.0.0.1; 0.0.0.0:HOST:CONTAINER opens it to the network")
    return made


def _port(entry: Any, path: Path, notes: Notes) -> Any:  # noqa: ANN401
    if isinstance(entry, Mapping):
        made = {key: inner for key, inner in entry.items() if key != "app_protocol"}
        if "app_protocol" in entry:
            notes.left_out((*path, "app_protocol"), "a port is tcp or udp")
        published, target = str(made.get("published", "")), str(made.get("target", ""))
        if "-" in published and "-" not in target:
            del made["published"]
            notes.changed((*path, "published"), f"the engine chooses a port, not one of {published}")
        return made
    parts = split_parts(str(as_text(entry)))
    if len(parts) > 1 and "-" in parts[-2] and "-" not in parts[-1] and "$" not in parts[-2]:
        notes.changed(path, f"the engine chooses a port, not one of {parts[-2]}")
        return ":".join([*parts[:-2], *([""] if len(parts) > 2 else []), parts[-1]])
    return entry


def _has_address(entry: Any) -> bool:  # noqa: ANN401
    return "host_ip" in entry if isinstance(entry, Mapping) else len(split_parts(str(as_text(entry)))) > 2


def files(key: str, value: Any, top: Mapping[str, Any], notes: Notes) -> tuple[list[Any], list[str]]:  # noqa: ANN401
    """Secrets and configs: files to mount, and names of variables that are secrets."""
    known = top.get(key)
    declared = known if isinstance(known, Mapping) else {}
    root = "/run/secrets/" if key == "secrets" else "/"
    mounted: list[Any] = []
    variables: list[str] = []
    for index, entry in enumerate(value if isinstance(value, list) else []):
        long = entry if isinstance(entry, Mapping) else {"source": entry}
        name = str(long.get("source", ""))
        target = str(long.get("target") or name)
        target = target if target.startswith("/") else f"{root}{target}"
        path = (key, index)
        said = declared.get(name)
        said = said if isinstance(said, Mapping) else {}
        if "file" in said:
            mounted.append(f"{_as_path(str(said['file']))}:{target}:ro")
            notes.changed(path, f"is the file {said['file']}, mounted at {target}")
        elif "environment" in said and key == "secrets":
            variables.append(str(said["environment"]))
            notes.changed(path, f"is the variable {said['environment']}, not the file {target}")
        else:
            what = "is said to be outside of the Compose file" if "external" in said else "has no file in it"
            notes.left_out(path, f"{name} {what}")
        for option in long:
            if option in ("uid", "gid", "mode"):
                notes.left_out((*path, option), "the file keeps its owner and its rights")
    return mounted, variables


def _as_path(text: str) -> str:
    return text if text.startswith((*_FOLDER, "$")) else f"./{text}"
