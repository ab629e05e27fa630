"""CPUs, memory, GPUs and devices of a Compose service, as a profile says them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from mltui.domain.import_remarks import Notes, Path
from mltui.domain.units import number_text

_DEPLOY_NO_PLACE = {
    "endpoint_mode": "a run is one container",
    "labels": "a run's labels stand under labels",
    "mode": "a run is one container",
    "placement": "a run is on the engine's machine",
    "replicas": "a run is one container",
    "restart_policy": "a run is one execution; run it again with `mltui rerun`",
    "rollback_config": "a run is one container",
    "update_config": "a run is one container",
}
_CDI_GPU = re.compile(r"nvidia\.com/gpu=(.+)")
_ONE_REQUEST = "a container makes one request for GPUs"


def cpus(value: Any, path: Path, notes: Notes) -> Any:  # noqa: ANN401 - any YAML value
    """``cpus``, which may be 0 in Compose."""
    if re.fullmatch(r"0*(\.0*)?", str(value)):
        notes.changed(path, "0 is no limit, as is no cpus")
        return None
    return value


def cores_of_quota(quota: Any, period: Any) -> str | None:  # noqa: ANN401
    """Cores that microseconds of CPU time in a period are; ``None`` where it is no limit or cannot be said."""
    try:
        cores = float(quota) / float(period)
    except (ValueError, TypeError, ZeroDivisionError):
        return None
    return number_text(round(cores, 6)) if cores > 0 else None


def cores_of_shares(shares: Any) -> str | None:  # noqa: ANN401
    """Cores that a weight stands for, 1024 a core, as Kubernetes counts them; ``None`` where it is none."""
    text = str(shares)
    return number_text(int(text) / 1024) if re.fullmatch(r"[1-9]\d*", text) else None


def reserved_cpus(service: Mapping[str, Any]) -> object:
    """``deploy.resources.reservations.cpus``."""
    return _inside(service, "deploy", "resources", "reservations", "cpus")


def limited_memory(data: Mapping[str, Any]) -> object:
    """``deploy.resources.limits.memory``."""
    return _inside(data, "deploy", "resources", "limits", "memory")


def reserved_devices(data: Mapping[str, Any]) -> object:
    """``deploy.resources.reservations.devices``."""
    return _inside(data, "deploy", "resources", "reservations", "devices")


def _inside(data: Any, *path: str) -> object:  # noqa: ANN401
    for part in path:
        data = data.get(part) if isinstance(data, Mapping) else None
    return data


def deploy(value: Any, path: Path, notes: Notes) -> Any:  # noqa: ANN401
    """``deploy``, of which one container has the resources."""
    if not isinstance(value, Mapping):
        return value
    for key in value:
        if key != "resources" and not key.startswith("x-"):
            notes.left_out((*path, key), _DEPLOY_NO_PLACE.get(key, "a profile's deploy has resources alone"))
    found = value.get("resources")
    if not isinstance(found, Mapping):
        return None if found is None else {"resources": found}
    made = {}
    for key, inner in found.items():
        below = (*path, "resources", key)
        if key not in ("limits", "reservations"):
            notes.left_out(below, "resources are limits and reservations")
        elif isinstance(inner, Mapping):
            made[key] = _amounts(inner, below, notes)
        elif inner is not None:
            made[key] = inner
    made = {key: inner for key, inner in made.items() if inner}
    return {"resources": made} if made else None


def _amounts(value: Mapping[str, Any], path: Path, notes: Notes) -> dict[str, Any]:
    made = {}
    for key, inner in value.items():
        if key == "generic_resources":
            notes.left_out((*path, key), "a run is on the engine's machine")
        elif key == "devices":
            requests = _requests(inner, (*path, key), notes)
            if requests:
                made[key] = requests
        elif key == "cpus":
            if (amount := cpus(inner, (*path, key), notes)) is not None:
                made[key] = amount
        else:
            made[key] = inner
    return made


def gpus(value: Any, path: Path, notes: Notes) -> Any:  # noqa: ANN401
    """``gpus``: a word, or a list of requests."""
    return _requests(value, path, notes) or None if isinstance(value, list) else value


def _requests(value: Any, path: Path, notes: Notes) -> Any:  # noqa: ANN401
    """Requests for devices as the one that a container makes."""
    if not isinstance(value, list) or not all(isinstance(item, Mapping) for item in value):
        return value
    found = []
    for index, entry in enumerate(value):
        request = _request(dict(entry), (*path, index), notes, implicit=path == ("gpus",))
        if request is not None:
            found.append((index, request))
    if len(found) < 2:
        return [request for _, request in found]
    return [_joined(found, path, notes)]


def _request(entry: dict[str, Any], path: Path, notes: Notes, *, implicit: bool) -> dict[str, Any] | None:
    words = entry.get("capabilities", [])
    names = {str(word) for word in (words if isinstance(words, list) else [words])}
    if not implicit and not names & {"gpu", "nvidia"}:
        notes.left_out(path, f"a run has GPUs alone, not {', '.join(sorted(names)) or 'devices without a capability'}")
        return None
    driver = str(entry.get("driver") or "")
    if driver == "cdi":
        entry = _from_cdi(entry)
        for key in ("driver", "device_ids"):
            notes.changed((*path, key), "GPUs are asked for by index or UUID")
    elif driver not in ("", "nvidia"):
        notes.left_out(path, f"a run has GPUs of the driver nvidia, not of {driver}")
        return None
    if entry.pop("options", None):
        notes.left_out((*path, "options"), "the engine's own options are used")
    if entry.get("count") is not None and str(entry["count"]) == "-1":
        entry["count"] = "all"
        notes.changed((*path, "count"), "is all")
    return entry


def _from_cdi(entry: dict[str, Any]) -> dict[str, Any]:
    """Names of CDI, ``nvidia.com/gpu=0``, as indexes; ``nvidia.com/gpu=all`` as all."""
    ids = entry.get("device_ids")
    names = [match[1] for one in (ids if isinstance(ids, list) else [ids]) if (match := _CDI_GPU.fullmatch(str(one)))]
    kept = {key: inner for key, inner in entry.items() if key not in ("driver", "device_ids")}
    return kept | ({"count": "all"} if "all" in names or not names else {"device_ids": names})


def _joined(found: list[tuple[int, dict[str, Any]]], path: Path, notes: Notes) -> dict[str, Any]:
    """Several requests as one, where they can be one."""
    first = found[0][1]
    same = all(_rest(request) == _rest(first) for _, request in found)
    ids = [request.get("device_ids") for _, request in found]
    counts = [str(request.get("count", "")) for _, request in found]
    if same and all(isinstance(one, list) for one in ids):
        first = first | {"device_ids": [one for several in ids if several for one in several]}
    elif same and all(count.isdigit() for count in counts):
        first = first | {"count": sum(map(int, counts))}
    else:
        for index, _ in found[1:]:
            notes.left_out((*path, index), _ONE_REQUEST)
        return first
    for index, _ in found:
        notes.changed((*path, index), f"is one with the others: {_ONE_REQUEST}")
    return first


def _rest(request: Mapping[str, Any]) -> dict[str, Any]:
    return {key: inner for key, inner in request.items() if key not in ("device_ids", "count")}


def devices(value: Any, notes: Notes) -> tuple[Any, Any]:  # noqa: ANN401
    """Device files, and the GPUs that are named among them as CDI names them."""
    if not isinstance(value, list):
        return value, None
    kept, ids = [], []
    for index, entry in enumerate(value):
        text = str(entry.get("source", "")) if isinstance(entry, Mapping) else str(entry)
        if match := _CDI_GPU.fullmatch(text):
            ids.append(match[1])
            notes.changed(("devices", index), "is gpus")
        elif "=" in text and "/" in text.partition("=")[0] and not text.startswith("/"):
            notes.left_out(("devices", index), "a run has GPUs and device files of the host")
        else:
            kept.append(entry)
    return kept, ("all" if "all" in ids else ids) if ids else None
