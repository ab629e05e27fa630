"""A service of a Compose file as a profile, with a remark for everything that has no place in one.

Nothing of a service is dropped in silence: what a profile has no key for is left out with a remark, what it says in
another way is changed with a remark, and where mltui's defaults make the same keys behave otherwise, that is remarked
too.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from mltui.domain import compose_mounts as mounts
from mltui.domain import compose_resources as resources
from mltui.domain import compose_secrets as secrets
from mltui.domain.compose_keys import NO_PLACE
from mltui.domain.import_remarks import Imported, Notes, Path, without_secrets
from mltui.domain.profile import Profile
from mltui.domain.profile_check import check, fill, settle
from mltui.domain.profile_sound import without


def import_service(service: Mapping[str, Any], name: str, top: Mapping[str, Any] | None = None) -> Imported:
    """The profile that does what ``service`` does; ``top`` are the top-level keys of its Compose file.

    Variables stay as they are written. The result passes the check of profiles, except where it has no image.
    """
    notes = Notes()
    data = _Import(dict(service), top or {}, notes).run()
    data = _that_passes(data, notes)
    rest = secrets.elsewhere({key: value for key, value in data.items() if key != "environment"}, (), notes)
    data = {key: rest.get(key, value) for key, value in data.items()}
    _defaults_that_differ(data, service, notes)
    ordered = {key: data[key] for key in Profile.model_fields if key in data}
    ordered |= {key: value for key, value in data.items() if key not in ordered}
    return Imported(_name(name), ordered, without_secrets(notes.found))


def _name(text: str) -> str:
    return re.sub(r"[^A-Za-z0-9_.-]+", "-", text).strip("-._")[:63] or "imported"


class _Import:
    """Goes through the keys of a service, each by its own rule."""

    def __init__(self, service: dict[str, Any], top: Mapping[str, Any], notes: Notes) -> None:
        self.service = service
        self.top = top
        self.notes = notes
        self.data: dict[str, Any] = {}

    def run(self) -> dict[str, Any]:
        """The keys of the profile."""
        rules = self._rules()
        # cpu_shares goes into deploy, which has to be there first.
        for key, value in sorted(self.service.items(), key=lambda entry: entry[0] == "cpu_shares"):
            if value is None and key not in NO_PLACE:
                continue
            if key in rules:
                rules[key](key, value)
            elif key in NO_PLACE:
                self.notes.left_out((key,), NO_PLACE[key])
            elif (key in Profile.model_fields and key not in _OURS) or key.startswith("x-"):
                self.data[key] = value
            else:
                self.notes.left_out((key,), "a profile has no such key")
        self._top_level()
        return self.data

    def _rules(self) -> dict[str, Callable[[str, Any], None]]:
        notes, data = self.notes, self.data

        def kept(make: Callable[[Any, Path, Notes], Any]) -> Callable[[str, Any], None]:
            def rule(key: str, value: Any) -> None:  # noqa: ANN401 - any YAML value
                made = make(value, (key,), notes)
                if made is not None:
                    data[key] = made

            return rule

        return {
            "build": kept(_build),
            "cpu_period": lambda key, value: None if "cpu_quota" in self.service else self._left(key),
            "cpu_quota": self._cpu_quota,
            "cpu_shares": self._cpu_shares,
            "cpus": kept(resources.cpus),
            "deploy": kept(resources.deploy),
            "devices": self._devices,
            "gpus": kept(resources.gpus),
            "environment": kept(secrets.environment),
            "labels": kept(secrets.labels),
            "memswap_limit": self._swap,
            "network_mode": self._network_mode,
            "ipc": self._namespace,
            "pid": self._namespace,
            "networks": self._networks,
            "ports": kept(mounts.ports),
            "pull_policy": self._pull_policy,
            "tmpfs": kept(mounts.tmpfs),
            "volumes": lambda key, value: self._mounted(mounts.volumes(value, self.top, notes)),
            "secrets": lambda key, value: self._files(key, value),
            "configs": lambda key, value: self._files(key, value),
            "container_name": lambda key, value: notes.left_out((key,), f"{NO_PLACE[key]} ({value})"),
        }

    def _left(self, key: str) -> None:
        self.notes.left_out((key,), NO_PLACE[key])

    def _mounted(self, entries: list[Any]) -> None:
        if entries:
            self.data["volumes"] = [*self.data.get("volumes", []), *entries]

    def _files(self, key: str, value: Any) -> None:  # noqa: ANN401
        """Secrets and configs, which are files of the host, or a variable of the caller's."""
        entries, variables = mounts.files(key, value, self.top, self.notes)
        self._mounted(entries)
        if variables:
            self.data["secrets"] = [*self.data.get("secrets", []), *variables]

    def _cpu_quota(self, key: str, value: Any) -> None:  # noqa: ANN401
        cores = resources.cores_of_quota(value, self.service.get("cpu_period", 100_000))
        if cores is None or "cpus" in self.service:
            self._left(key)
            return
        self.data["cpus"] = cores
        for one in (key, "cpu_period"):
            if one in self.service:
                self.notes.changed((one,), f"is cpus: {cores}")

    def _cpu_shares(self, key: str, value: Any) -> None:  # noqa: ANN401
        cores = resources.cores_of_shares(value)
        said = resources.reserved_cpus(self.service)
        if cores is None or said:
            self._left(key)
            return
        place = self.data
        for name in ("deploy", "resources", "reservations"):
            inner = place.setdefault(name, {})
            if not isinstance(inner, dict):
                # What stands there instead is left out by itself.
                self._left(key)
                return
            place = inner
        place["cpus"] = cores
        self.notes.changed((key,), f"is deploy.resources.reservations.cpus: {cores}")

    def _devices(self, key: str, value: Any) -> None:  # noqa: ANN401
        devices, gpus = resources.devices(value, self.notes)
        if devices:
            self.data[key] = devices
        if gpus is not None:
            self.data["gpus"] = gpus

    def _swap(self, key: str, value: Any) -> None:  # noqa: ANN401
        limit = self.service.get("mem_limit")
        if limit is not None and str(limit) == str(value):
            self.notes.changed((key,), "is so anyway: mem_limit leaves no swap")
        else:
            self._left(key)

    def _namespace(self, key: str, value: Any) -> None:  # noqa: ANN401
        if str(value).startswith("service:"):
            self.notes.left_out((key,), f"a profile is one container, without {str(value).partition(':')[2]}")
        else:
            self.data[key] = value

    def _network_mode(self, key: str, value: Any) -> None:  # noqa: ANN401
        if str(value) == "default":
            self.notes.changed((key,), "is so without a word")
        else:
            self._namespace(key, value)

    def _networks(self, key: str, value: Any) -> None:  # noqa: ANN401
        """The one network that is there without Compose; others are made by Compose, and only by it."""
        names = list(value) if isinstance(value, Mapping | list) else []
        known = self.top.get("networks")
        external = [name for name in names if isinstance(known, Mapping) and _is_external(known.get(name))]
        details = isinstance(value, Mapping) and any(value.values())
        if len(names) == 1 and external and "network_mode" not in self.service and isinstance(known, Mapping):
            self.data["network_mode"] = str((known[names[0]] or {}).get("name") or names[0])
            self.notes.changed((key,), f"is network_mode: {self.data['network_mode']}")
            if details:
                self.notes.left_out((key, names[0]), "a run has no address or alias of its own there")
        elif names != ["default"] or details:
            self.notes.left_out(
                (key,), f"Compose makes {', '.join(map(str, names))}; a run is on the engine's own network"
            )
        else:
            self.notes.changed((key,), "is the engine's own network")

    def _pull_policy(self, key: str, value: Any) -> None:  # noqa: ANN401
        if re.fullmatch(r"daily|weekly|every_\w+|refresh", str(value)):
            self.notes.left_out((key,), "an image is pulled when it is missing, always, or never")
        else:
            self.data[key] = value

    def _top_level(self) -> None:
        """What the Compose file says beside the service."""
        services = self.top.get("services")
        others = [name for name, one in services.items() if one is not None] if isinstance(services, Mapping) else []
        others = [name for name in others if services and services[name] != self.service]
        if others:
            self.notes.left_out(("services",), f"other services, each a profile of its own: {', '.join(others)}")
        for key in ("include", "models"):
            if key in self.top:
                self.notes.left_out((key,), "it belongs to the Compose file")


#: Keys of a profile that mean something else in Compose, or nothing.
_OURS = frozenset({
    "name", "description", "tags", "engine", "params", "metrics", "outputs", "requirements", "serve", "extends"
})  # fmt: skip


def _is_external(network: object) -> bool:
    return isinstance(network, Mapping) and str(network.get("external", "")).lower() in ("true", "yes")


_BUILD_NO_PLACE = {
    "additional_contexts": "one context is sent to the engine",
    "cache_from": "the engine's own cache is used",
    "cache_to": "the engine's own cache is used",
    "dockerfile_inline": "write it to a file and name that under dockerfile",
    "entitlements": "the engine's own rights are used",
    "extra_hosts": "the build knows the engine's hosts",
    "isolation": "it is for Windows",
    "labels": "write LABEL into the Dockerfile",
    "no_cache": "the engine's own cache is used",
    "platforms": "the image is built for the engine's machine",
    "privileged": "the build has no rights on the machine",
    "provenance": "the image is for this machine",
    "pull": "use pull_policy",
    "sbom": "the image is for this machine",
    "secrets": "the build has no secrets",
    "shm_size": "the build has the engine's own shared memory",
    "ssh": "the build has no keys of yours",
    "tags": "the image has one name, under image",
    "ulimits": "the build has the engine's own limits",
}


def _build(value: Any, path: Path, notes: Notes) -> Any:  # noqa: ANN401
    if not isinstance(value, Mapping):
        return value
    kept = {}
    for key, inner in value.items():
        if key == "args":
            kept[key] = secrets.build_arguments(inner, (*path, key), notes)
        elif key in ("context", "dockerfile", "target", "network") or key.startswith("x-"):
            kept[key] = inner
        else:
            notes.left_out((*path, key), _BUILD_NO_PLACE.get(key, "a profile's build has no such key"))
    return kept


def _that_passes(data: dict[str, Any], notes: Notes) -> dict[str, Any]:
    """``data`` without what the check of profiles refuses, each with the reason."""
    for _ in range(10):
        settled = settle(data, _no_value)
        more = check({"image": "x", **settled.data}, {"image": "x", **data}, indexes=settled.indexes).faults
        wrong = {fault.path: fault.message for fault in (*settled.faults, *more) if fault.path}
        for path, message in wrong.items():
            notes.left_out(path, f"a profile cannot say it: {message}")
        if not wrong:
            return data
        data = without(data, wrong)[0]
    return {}


def _no_value(name: str) -> None:
    """No variable is set: what depends on one is looked at when it is."""


def _defaults_that_differ(data: Mapping[str, Any], service: Mapping[str, Any], notes: Notes) -> None:
    """Where mltui's defaults make a run of the same keys something else than a service."""
    for key, message, says in _DEFAULTS:
        if not any(one in data for one in says):
            notes.differs((key,), message)
    limited = "mem_limit" in data or resources.limited_memory(data)
    if limited and "memswap_limit" not in service:
        notes.differs(("mem_limit",), "counts swap too; Docker allows as much swap again")
    if data.get("runtime") == "nvidia" and "gpus" not in data and not resources.reserved_devices(data):
        notes.differs(("runtime",), "its GPUs are neither chosen nor counted by mltui: gpus: all asks for them")
    if names := sorted(_unset_names(data) - _ALWAYS_SET):
        notes.differs(("variables",), f"have to be set at a launch, else it is refused: {', '.join(names)}")


def _unset_names(data: Mapping[str, Any]) -> set[str]:
    """Variables that have no default."""
    found: dict[str, str] = {}
    for _ in range(20):
        faults = fill(dict(data), found.get)[1]
        new = {match[1] for fault in faults if (match := re.match(r"\$\{(\w+)\} is not set", fault.message))}
        if not new - set(found):
            break
        found |= dict.fromkeys(new, "x")
    return set(found)


#: Variables of every login.
_ALWAYS_SET = frozenset({"HOME", "USER", "LOGNAME", "PWD"})
#: A key, how its default differs from Compose's, and the keys that say it.
_DEFAULTS = (
    ("user", "it runs as you, not as the image's user; user: '' is the image's", ("user",)),
    ("cap_drop", "all capabilities are dropped; cap_drop: [] keeps Docker's own", ("cap_drop", "privileged")),
    ("security_opt", "a program cannot gain rights; security_opt: ['no-new-privileges:false'] lets it",
     ("security_opt", "privileged")),
    ("init", "an init process reaps children; init: false is without", ("init",)),
    ("shm_size", "/dev/shm has 2 GiB, not 64 MiB", ("shm_size", "ipc")),
    ("stop_grace_period", "it has 30 s to end, not 10", ("stop_grace_period",)),
    ("logging", "the engine keeps 3 x 50 MB of the log; the run's record has all of it", ("logging",)),
)  # fmt: skip
