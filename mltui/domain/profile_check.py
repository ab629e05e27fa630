"""Checks data against the schema of a profile and says every fault in plain words, with its path."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from difflib import get_close_matches
from typing import Any, NamedTuple

from mltui.domain.interpolation import InterpolationError, Lookup, UnsetVariable, interpolate
from mltui.domain.profile import Profile
from mltui.domain.profile_faults import Fault, Path
from mltui.domain.profile_recheck import Validated, validated
from mltui.domain.profile_sound import Indexes, Sound, as_written, unit_of, without
from mltui.domain.secret_text import has_shape
from mltui.domain.section import as_text
from mltui.domain.units import number_text, size_text

#: Keys whose texts stay as written until a launch: parameters are filled in there.
DEFERRED = frozenset({"command", "entrypoint", "environment", "labels"})
#: Keys that are never interpolated: nothing in them reaches the container as text.
LITERAL = frozenset({"name", "extends", "description", "tags", "params", "metrics", "serve"})


#: So many parameters are compared with a name that is none of them, and so many such names.
_MOST_COMPARED = 100


#: Each is a rule of the engine's firewall.
_MOST_PORTS = 1024


#: Gives the profile of data, each field looked at by itself, and every fault.
Validate = Callable[[Mapping[str, Any]], Validated]


class Checked(NamedTuple):
    """What was found out about data."""

    profile: Profile | None
    """Where nothing is wrong."""
    faults: list[Fault]
    sound: Sound
    """Its sound parts."""


def check(
    data: Mapping[str, Any],
    written: Mapping[str, Any] | None = None,
    validate: Validate = validated,
    indexes: Indexes | None = None,
) -> Checked:
    """The profile that ``data`` makes, and every fault; ``written`` is the data before ``settle`` left things out, and
    ``indexes`` are those that it gave.

    What fields say together is looked at wherever they are sound by themselves.
    """
    found, sound = validate(data)
    sound = replace(sound, left_out=indexes or {})
    alone = [fault._replace(path=as_written(fault.path, sound.left_out)) for fault in found]
    together = [fault._replace(path=sound.written(fault.path)) for fault in conflicts(sound.profile)]
    faults = [*alone, *_missing_image(data if written is None else written), *together]
    return Checked(None if faults else sound.profile, faults, sound)


def fill(data: Any, lookup: Lookup, path: tuple[str | int, ...] = ()) -> tuple[Any, list[Fault]]:  # noqa: ANN401
    """``data`` with the variables of all its texts filled in, and a fault for each that could not be."""
    if isinstance(data, str):
        try:
            return interpolate(data, lookup), []
        except InterpolationError as error:
            return data, [Fault(path, str(error))]
    if not isinstance(data, dict | list):
        return data, []
    items: Iterable[tuple[Any, Any]] = data.items() if isinstance(data, dict) else enumerate(data)
    done = [(key, *fill(value, lookup, (*path, key))) for key, value in items if path or not literal(key)]
    faults = [fault for _, _, more in done for fault in more]
    if isinstance(data, list):
        return [value for _, value, _ in done], faults
    return data | {key: value for key, value, _ in done}, faults


def _variable_faults(data: Any, lookup: Lookup, path: tuple[str | int, ...]) -> Iterator[Fault]:  # noqa: ANN401
    """A fault for each variable below ``path`` that could not be filled in."""
    items: Iterable[tuple[Any, Any]] = data.items() if isinstance(data, dict) else enumerate(data)
    for key, value in items:
        if isinstance(value, str):
            if "$" in value:
                yield from fill(value, lookup, (*path, key))[1]
        elif isinstance(value, dict | list):
            yield from _variable_faults(value, lookup, (*path, key))


def literal(key: str) -> bool:
    """A top-level key whose texts hold no variables: they are for people, for mltui, or Compose's extensions."""
    return key in LITERAL or key.startswith("x-")


class Settled(NamedTuple):
    """Data as far as it can be checked before a launch."""

    data: dict[str, Any]
    faults: list[Fault]
    indexes: Indexes
    """Of lists of which something is left out: where their entries stand in what is written."""


def settle(data: dict[str, Any], lookup: Lookup) -> Settled:
    """``data`` as far as it can be checked before a launch.

    Texts that need parameters or secrets (``DEFERRED``) stay as written and have their variables' spelling checked;
    elsewhere variables are filled in, and what depends on one that is not set is left out: an entry of a list, a key
    of ``deploy``, else a whole field.
    """
    result: dict[str, Any] = {}
    faults: list[Fault] = []
    unset: list[Path] = []
    for key, value in data.items():
        if key in DEFERRED or literal(key):
            result[key] = value
            faults += [] if literal(key) else _variable_faults({key: value}, lambda _: "x", ())
        else:
            result[key] = _settle(value, lookup, (key,), faults, unset)
    rest, indexes = without(result, [unit_of(path, data) for path in unset]) if unset else (result, {})
    return Settled(rest, faults, indexes)


def _settle(value: Any, lookup: Lookup, path: Path, faults: list[Fault], unset: list[Path]) -> Any:  # noqa: ANN401
    if isinstance(value, dict):
        filled = {k: _settle(v, lookup, (*path, k), faults, unset) for k, v in value.items()}
        return _unless_same(filled, value, filled.values(), value.values())
    if isinstance(value, list):
        items = [_settle(v, lookup, (*path, i), faults, unset) for i, v in enumerate(value)]
        return _unless_same(items, value, items, value)
    if not isinstance(value, str):
        return value
    try:
        return interpolate(value, lookup)
    except UnsetVariable:
        unset.append(path)
    except InterpolationError as error:
        faults.append(Fault(path, str(error)))
        unset.append(path)
    return value


def _unless_same(new: Any, old: Any, new_values: Iterable[Any], old_values: Iterable[Any]) -> Any:  # noqa: ANN401
    """``old`` itself where nothing in it is another object: by that one knows that it has not changed."""
    return old if all(map(operator.is_, new_values, old_values)) else new


def written_defaults(data: Mapping[str, Any]) -> dict[str, str | None]:
    """The parameters of ``data`` with their defaults as text, ``None`` for one without."""
    params = data.get("params")
    found: dict[str, str | None] = {}
    for name, value in params.items() if isinstance(params, dict) else ():
        default = value.get("default") if isinstance(value, dict) else value
        text = as_text(default)
        found[name] = text if isinstance(text, str) else None
    return found


def unknown_parameters(data: Mapping[str, Any]) -> list[Fault]:
    """Variables of ``data`` that are neither a parameter nor look like a variable of the environment.

    By custom, variables of the environment are written in capitals; ``${epoch}`` is a slip for ``${epochs}``.
    """
    known = data["params"] if isinstance(data.get("params"), dict) else {}
    nearest: dict[str, str] = {}
    faults: list[Fault] = []

    def lookup(name: str) -> str:
        if not name.islower() or name in known:
            return ""
        if name not in nearest:
            compared = list(known)[:_MOST_COMPARED] if len(nearest) < _MOST_COMPARED else []
            nearest[name] = next(iter(get_close_matches(name, compared, 1, 0.7)), "")
        if nearest[name]:
            raise InterpolationError(f"${{{name}}} is no parameter; did you mean ${{{nearest[name]}}}?")
        return ""

    for key in ("command", "entrypoint", "environment"):
        faults += _variable_faults({key: data.get(key)}, lookup, ())
    return [fault for fault in faults if "did you mean" in fault.message]


def conflicts(profile: Profile) -> list[Fault]:
    """Fields that are right by themselves and wrong together."""
    limits, promised = profile.deploy.resources.limits, profile.deploy.resources.reservations
    pairs: list[tuple[str, str, float | None, float | None]] = [
        ("deploy.resources.reservations.cpus", "CPUs", promised.cpus, limits.cpus or profile.cpus),
        ("deploy.resources.reservations.memory", "memory", promised.memory, limits.memory or profile.mem_limit),
        ("mem_reservation", "memory", profile.mem_reservation, profile.mem_limit or limits.memory),
    ]
    found = [
        Fault(tuple(path.split(".")), f"the request for {what}, {_amount(want)}, is above its limit, {_amount(limit)}")
        for path, what, want, limit in pairs if want and limit and want > limit
    ]  # fmt: skip
    if profile.mem_reservation and promised.memory and profile.mem_reservation != promised.memory:
        message = "deploy.resources.reservations.memory says something else: write it once"
        found.append(Fault(("mem_reservation",), message))
    for key, what, other in (
        ("mem_limit", "memory", "memory"),
        ("cpus", "cpus", "cpus"),
        ("pids_limit", "pids", "pids"),
    ):
        mine, theirs = getattr(profile, key), getattr(limits, other)
        if mine is not None and theirs is not None and mine != theirs:
            found.append(Fault((key,), f"deploy.resources.limits.{what} says something else: write it once"))
    if profile.gpus is not None and promised.devices:
        found.append(Fault(("gpus",), "deploy.resources.reservations.devices asks for GPUs too: write it once"))
    if sum(entry.count for entry in profile.ports) > _MOST_PORTS:
        found.append(Fault(("ports",), f"these are more than {_MOST_PORTS} ports: use network_mode: host"))
    return found + _device_faults(profile) + _mount_faults(profile)


def _amount(amount: float) -> str:
    """Cores or bytes as one writes them."""
    return size_text(amount) if isinstance(amount, int) else number_text(amount)


def _mount_faults(profile: Profile) -> list[Fault]:
    """Two mounts at one place of the container."""
    places = [(("volumes", i), entry.target) for i, entry in enumerate(profile.volumes)]
    places += [(("tmpfs", i), entry.target) for i, entry in enumerate(profile.tmpfs)]
    seen: set[str] = set()
    found = []
    for path, target in places:
        if target.rstrip("/") in seen:
            found.append(Fault(path, f"{target} is mounted twice"))
        seen.add(target.rstrip("/"))
    return found


def _device_faults(profile: Profile) -> list[Fault]:
    path = ("deploy", "resources", "reservations", "devices")
    return [
        Fault((*path, index), "expected GPUs: capabilities: [gpu]")
        for index, device in enumerate(profile.deploy.resources.reservations.devices)
        if not {"gpu", "nvidia"} & set(device.capabilities)
    ]


def _missing_image(data: Mapping[str, Any]) -> list[Fault]:
    if any(data.get(key) for key in ("image", "build", "extends")) or data.get("engine") == "local":
        return []
    return [Fault((), "image or build is missing: say which image to run, or how to build it")]


def written_tokens(data: Mapping[str, Any]) -> list[Fault]:
    """Texts and names of ``data`` in which a token stands that can be told by its beginning: every run keeps a copy of
    its profile, and so of what is written there. Of a parameter's values its own check says it; what an image is called
    is no secret."""
    rest = {key: value for key, value in data.items() if key not in ("params", "image")}
    params = data.get("params")
    if isinstance(params, Mapping):
        helps = {name: {"help": one.get("help")} for name, one in params.items() if isinstance(one, Mapping)}
        rest["params"] = {**dict.fromkeys(params), **helps}
    return [Fault(path, _of_token(path, text)) for path, text in _texts(rest, ()) if has_shape(text)]


def _of_token(path: tuple[str | int, ...], text: str) -> str:
    cure = "name it under secrets, export it, and read it from the environment"
    if path[0] == "environment" and len(path) == 2:
        name = path[1] if isinstance(path[1], str) else text.partition("=")[0]
        cure = f"leave {name} without a value, and export it"
    return f"a token is written here, and every run keeps a copy of its profile: {cure}"


def _texts(value: object, path: tuple[str | int, ...]) -> Iterator[tuple[tuple[str | int, ...], str]]:
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, dict | list):
        for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
            if path and isinstance(key, str):
                # Its own path would repeat it.
                yield path, key
            yield from _texts(inner, (*path, key))
