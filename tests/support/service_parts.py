"""Every part of a Compose service beside what it has to be in the ``docker`` lines of its profile.

Written from the documentation of Compose and of ``docker run``, and not from mltui's own reading of them.
"""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import yaml

from mltui.domain.import_remarks import Change
from mltui.domain.interpolation import interpolate
from mltui.domain.units import parse_cpus, parse_duration, parse_size
from mltui.engines.base import EngineInfo
from mltui.runtime.docker_command import build_argv, run_argv
from mltui.runtime.resolve import resolve_run
from mltui.storage.profile_import import draft_from_text, write_draft
from mltui.storage.profiles import load_profile

DOCKER = EngineInfo("docker", "Docker Engine", "28", "unix://", "default", "box", 8, 16 << 30, True, True, True)
CALLER = {
    "HOME": "/home/me", "HF_TOKEN": "t1", "WANDB_API_KEY": "t2", "HUGGING_FACE_HUB_TOKEN": "t3", "SWEEP_ID": "s1",
    "CUDA_VISIBLE_DEVICES": "0", "IDE_PASSWORD": "pw", "PASSWORD": "pw2", "TORCH_CUDA_ARCH_LIST": "8.0",
    "PYTHONPATH": "/x",
}  # fmt: skip
#: Modes that mean nothing on Linux, and the one that is a field of the mount.
_NO_MODES = {"rw", "ro", "cached", "delegated", "consistent"}


class Case:
    """One service, imported, checked and launched dry."""

    def __init__(self, file: Path, name: str, folder: Path) -> None:
        self.folder = folder
        (folder / "compose.yaml").write_text(file.read_text())
        self.top = yaml.safe_load(file.read_text())
        self.service = self._service(name)
        target = folder / "profiles" / name
        draft = draft_from_text(file.read_text(), file=folder / "compose.yaml", target=target, service=name)
        self.remarks = draft.remarks
        self._make_what_it_names()
        profile = load_profile(write_draft(draft, target), CALLER)
        outputs = folder / "out"
        spec = resolve_run(profile, run_id="abcd2345", outputs_host=outputs, engine=DOCKER, environment=CALLER).spec
        self.run, self.build = run_argv(spec), build_argv(spec)

    def _service(self, name: str) -> dict:
        service = dict(self.top["services"][name])
        base = service.pop("extends", None)
        if base:
            inherited = self._service(base)
            for key, value in inherited.items():
                own = service.get(key, value)
                service[key] = value | own if isinstance(value, dict) else own
        return filled(service)

    def _make_what_it_names(self) -> None:
        """Files and folders that the service needs to be there."""
        for entry in self.service.get("env_file", []) if isinstance(self.service.get("env_file"), list) else ["x"]:
            path = entry["path"] if isinstance(entry, dict) else entry
            (self.folder / path).write_text("FROM_FILE=1\n")
        for name in (".env", "tuner.env", "hf_token.txt", "models.config"):
            (self.folder / name).write_text("FROM_FILE=1\n")
        build = self.service.get("build")
        build = {"context": build} if isinstance(build, str) else build
        if build:
            context = self.folder / build["context"]
            dockerfile = context / build.get("dockerfile", "Dockerfile")
            dockerfile.parent.mkdir(parents=True, exist_ok=True)
            dockerfile.write_text("FROM scratch\n")

    def has(self, *words: str) -> bool:
        """The run line has the words one after the other."""
        return words in [tuple(self.run[at : at + len(words)]) for at in range(len(self.run))]

    def values(self, name: str) -> list[str]:
        """What follows each time an option stands in the run line."""
        return [value for word, value in zip(self.run, self.run[1:], strict=False) if word == name]

    def remarked(self, path: tuple) -> bool:
        """Something is said of this part, or of what it is part of."""
        said = [one.path for one in self.remarks if one.change is not Change.DIFFERS]
        return any(path[: len(one)] == one for one in said)

    def lost(self) -> list[tuple]:
        """Parts of the service that are neither in the lines nor in the remarks."""
        found = []
        for path, there in parts(self):
            if not there and not self.remarked(path):
                found.append(path)
        return found


def filled(value):
    """Variables filled in as Compose does it."""
    if isinstance(value, str):
        return interpolate(value, CALLER.get)
    if isinstance(value, dict):
        return {key: filled(inner) for key, inner in value.items()}
    return [filled(inner) for inner in value] if isinstance(value, list) else value


def text(value) -> str:
    """A scalar as YAML writes it."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def pairs_of(value) -> dict[str, str | None]:
    """A mapping, or a list of NAME=value."""
    if isinstance(value, dict):
        return {name: None if inner is None else text(inner) for name, inner in value.items()}
    return {name: rest if equals else None for name, equals, rest in (text(one).partition("=") for one in value)}


def entries(value) -> list:
    """One or many."""
    return value if isinstance(value, list) else [value]


def parts(case: Case) -> Iterator[tuple[tuple, bool]]:
    """Every part of a service with whether the lines say it."""
    for key, value in case.service.items():
        if value is None:
            continue
        if key in SIMPLE:
            yield (key,), SIMPLE[key](case, value)
        elif key in RULES:
            yield from RULES[key](case, value)
        else:
            yield (key,), False


def option(name: str, convert=text):
    """An option with one value."""
    return lambda case, value: case.has(name, convert(value))


def size(name: str):
    """An option whose value is so many bytes."""

    def there(case: Case, value) -> bool:
        return parse_size(text(value)) in map(parse_size, case.values(name))

    return there


def cores(name: str, factor: float = 1):
    """An option whose value is so many cores."""

    def there(case: Case, value) -> bool:
        wanted = parse_cpus(text(value)) * factor if float(value) else None
        return wanted in map(float, case.values(name))

    return there


def switch(name: str):
    """An option without a value."""
    return lambda case, value: case.has(name) == bool(value)


def each(name: str, convert=text):
    """An option for each entry of a list."""

    def rule(case: Case, value) -> Iterator[tuple[tuple, bool]]:
        key = next(key for key, made in RULES.items() if made is rule)
        for index, one in enumerate(entries(value)):
            yield (key, index), case.has(name, convert(one))

    return rule


def words_of(value) -> list[str]:
    """A command as words."""
    return shlex.split(value) if isinstance(value, str) else [text(word) for word in value]


def environment(case: Case, value) -> Iterator[tuple[tuple, bool]]:
    """``-e NAME=value``; ``-e NAME`` for what is secret."""
    for name, inner in pairs_of(value).items():
        secret = inner is None or re.search("TOKEN$|KEY$|PASSWORD$", name) is not None
        yield ("environment", name), case.has("-e", name) if secret else case.has("-e", f"{name}={inner}")


def env_file(case: Case, value) -> Iterator[tuple[tuple, bool]]:
    """The variables of the file."""
    for index, _ in enumerate(entries(value)):
        yield ("env_file", index), case.has("-e", "FROM_FILE")


def host_path(case: Case, source: str) -> str:
    """A path of the service on the host."""
    return os.path.normpath(case.folder / source.replace("~", CALLER["HOME"], 1))


def mount(case: Case, kind: str, source: str, target: str, read_only: bool) -> bool:
    """``--mount`` with these fields."""
    fields = [f"type={kind}", *([f"source={source}"] if source else []), f"target={target}"]
    return case.has("--mount", ",".join(fields + ["readonly"] * read_only))


def volumes(case: Case, value) -> Iterator[tuple[tuple, bool]]:
    """Short and long forms, and every mode and option of them."""
    declared = case.top.get("volumes") or {}
    for index, one in enumerate(value):
        path = ("volumes", index)
        if isinstance(one, str):
            source, target, *modes = one.split(":")
            modes = modes[0].split(",") if modes else []
            one = {"type": "bind" if source[0] in "./~" else "volume", "source": source, "target": target,
                   "read_only": "ro" in modes}  # fmt: skip
            yield from (((*path, mode), False) for mode in modes if mode not in _NO_MODES)
        if one["type"] == "tmpfs":
            wanted = f"{one['target']}:"
            limit = (one.get("tmpfs") or {}).get("size")
            found = [word for word in case.values("--tmpfs") if word.startswith(wanted)]
            yield path, bool(found) and (limit is None or f"size={limit}" in found[0])
        else:
            source = one.get("source", "")
            if one["type"] == "bind":
                source = host_path(case, source)
            elif source in declared and (declared[source] or {}).get("name"):
                source = declared[source]["name"]
            yield path, mount(case, one["type"], source, one["target"], bool(one.get("read_only")))
        for key in ("bind", "volume", "tmpfs"):
            options = [name for name in one.get(key) or {} if name != "create_host_path"]
            yield from (((*path, key, name), name == "size") for name in options)
        if "consistency" in one:
            yield (*path, "consistency"), False


def tmpfs(case: Case, value) -> Iterator[tuple[tuple, bool]]:
    """``--tmpfs`` with the path, and every option."""
    for index, one in enumerate(entries(value)):
        target, _, options = one.partition(":")
        found = [word for word in case.values("--tmpfs") if word.startswith(f"{target}:")]
        yield ("tmpfs", index), bool(found)
        for word in filter(None, options.split(",")):
            amount = word.removeprefix("size=")
            there = word == "mode=1777" or (amount != word and f"size={parse_size(amount)}" in (found or [""])[0])
            yield ("tmpfs", index, word), there


def ports(case: Case, value) -> Iterator[tuple[tuple, bool]]:
    """``-p`` for each port, on 127.0.0.1 where no address is given."""
    for index, one in enumerate(value):
        path = ("ports", index)
        if isinstance(one, dict):
            yield from (((*path, key), False) for key in ("app_protocol",) if key in one)
            address, host, inside = one.get("host_ip", "127.0.0.1"), text(one.get("published", "")), text(one["target"])
            protocol = one.get("protocol", "tcp")
        else:
            inside, _, protocol = text(one).partition("/")
            protocol = protocol or "tcp"
            address, host, inside = split_port(inside)
        tail = "" if protocol == "tcp" else f"/{protocol}"
        for left, right in zip(spread(host, inside), spread(inside, inside), strict=False):
            yield path, case.has("-p", f"{address}:{left}:{right}{tail}")


def split_port(word: str) -> tuple[str, str, str]:
    """Address, host's and container's port."""
    found = re.fullmatch(r"(?:(\[.*\]|\d+\.[\d.]+):)?(?:([\d-]*):)?([\d-]+)", word)
    assert found
    return found[1] or "127.0.0.1", found[2] or "", found[3]


def spread(word: str, like: str) -> list[str]:
    """Every port of a range."""
    first, _, last = word.partition("-")
    if not word:
        return [""] * len(spread(like, like))
    return [str(port) for port in range(int(first), int(last or first) + 1)]


def gpu_requests(case: Case, path: tuple, value) -> Iterator[tuple[tuple, bool]]:
    """``--gpus`` with the count, the devices and the capabilities."""
    option_value = case.run[case.run.index("--gpus") + 1] if "--gpus" in case.run else ""
    if value == "all":
        yield path, option_value.strip('"') == "all"
        return
    for index, one in enumerate(value):
        here = (*path, index)
        ids = one.get("device_ids")
        count = one.get("count")
        if ids:
            yield (*here, "device_ids"), all(device in option_value for device in ids)
        else:
            wanted = "all" if count in (None, "all") else text(count)
            yield (*here, "count"), re.search(rf"(^|count=|\")({wanted})(\"|,|$)", option_value) is not None
        for capability in one.get("capabilities", []):
            yield here, (capability == "gpu" and bool(option_value)) or capability in option_value
        if one.get("driver", "nvidia") != "nvidia":
            yield (*here, "driver"), False
        if one.get("options"):
            yield (*here, "options"), False


def gpus(case: Case, value) -> Iterator[tuple[tuple, bool]]:
    """The key."""
    return gpu_requests(case, ("gpus",), value)


def deploy(case: Case, value) -> Iterator[tuple[tuple, bool]]:
    """Resources; the rest belongs to a swarm."""
    rules = {
        ("limits", "cpus"): cores("--cpus"), ("limits", "memory"): size("--memory"),
        ("limits", "pids"): option("--pids-limit"), ("reservations", "cpus"): cores("--cpu-shares", 1024),
        ("reservations", "memory"): size("--memory-reservation"),
    }  # fmt: skip
    yield from ((("deploy", key), False) for key in value if key != "resources")
    for part, amounts in value.get("resources", {}).items():
        for key, inner in amounts.items():
            path = ("deploy", "resources", part, key)
            if key == "devices":
                yield from gpu_requests(case, path, inner)
            else:
                yield path, (part, key) in rules and rules[part, key](case, inner)


def ulimits(case: Case, value) -> Iterator[tuple[tuple, bool]]:
    """``--ulimit name=soft:hard``."""
    for name, limit in value.items():
        soft, hard = (limit["soft"], limit["hard"]) if isinstance(limit, dict) else (limit, limit)
        yield ("ulimits", name), case.has("--ulimit", f"{name}={soft}:{hard}")


def labels(case: Case, value) -> Iterator[tuple[tuple, bool]]:
    """``--label``."""
    for name, inner in pairs_of(value).items():
        yield ("labels", name), case.has("--label", f"{name}={inner or ''}")


def logging(case: Case, value) -> Iterator[tuple[tuple, bool]]:
    """``--log-driver`` and ``--log-opt``."""
    yield ("logging", "driver"), case.has("--log-driver", value["driver"])
    for name, inner in value.get("options", {}).items():
        yield ("logging", "options", name), case.has("--log-opt", f"{name}={inner}")


def hosts(case: Case, value) -> Iterator[tuple[tuple, bool]]:
    """``--add-host``."""
    lines = [one.replace("=", ":", 1) for one in value] if isinstance(value, list) else [
        f"{name}:{one}" for name, inner in value.items() for one in entries(inner)
    ]  # fmt: skip
    for index, line in enumerate(lines):
        yield ("extra_hosts", index), case.has("--add-host", line)


def devices(case: Case, value) -> Iterator[tuple[tuple, bool]]:
    """``--device HOST:CONTAINER:RIGHTS``."""
    for index, one in enumerate(value):
        if isinstance(one, str):
            source, target, rights = (*one.split(":"), "", "")[:3]
            one = {"source": source, "target": target or source, "permissions": rights or "rwm"}
        word = f"{one['source']}:{one['target']}:{one.get('permissions', 'rwm')}"
        yield ("devices", index), case.has("--device", word)


def build(case: Case, value) -> Iterator[tuple[tuple, bool]]:
    """The ``docker build`` line."""
    value = {"context": value} if isinstance(value, str) else value
    line = list(zip(case.build, case.build[1:], strict=False))
    context = str((case.folder / value["context"]).resolve())
    for key, inner in value.items():
        path = ("build", key)
        if key == "context":
            yield path, case.build[-1] == context
        elif key == "dockerfile":
            yield path, ("-f", f"{context}/{inner}") in line
        elif key == "args":
            for name, arg in pairs_of(inner).items():
                yield path, ("--build-arg", name if arg is None else f"{name}={arg}") in line
        else:
            yield path, key in ("target", "network") and (f"--{key}", inner) in line


def mounted_file(kind: str, root: str):
    """A secret or a config that is a file."""

    def rule(case: Case, value) -> Iterator[tuple[tuple, bool]]:
        for index, one in enumerate(value):
            source = one["source"] if isinstance(one, dict) else one
            target = one.get("target") if isinstance(one, dict) else None
            file = host_path(case, case.top[kind][source]["file"])
            there = mount(case, "bind", file, target or f"{root}{source}", True)
            yield (kind, index, "mounted"), there
            yield (kind, index, "said"), case.remarked((kind, index))

    return rule


def command(case: Case, value) -> bool:
    """The last words of the line."""
    words = words_of(value)
    return case.run[-len(words) :] == words


def entrypoint(case: Case, value) -> bool:
    """The first word as the option, the others before the command."""
    words = words_of(value)
    after = case.run[case.run.index(case.service["image"]) + 1 :]
    return case.has("--entrypoint", words[0]) and after[: len(words) - 1] == words[1:]


SIMPLE = {
    "image": lambda case, value: case.has(value),
    "command": command,
    "entrypoint": entrypoint,
    "working_dir": option("--workdir"),
    "user": option("--user"),
    "hostname": option("--hostname"),
    "ipc": option("--ipc"),
    "pid": option("--pid"),
    "runtime": option("--runtime"),
    "network_mode": option("--network"),
    "stop_signal": option("--stop-signal"),
    "stop_grace_period": option("--stop-timeout", lambda value: str(int(parse_duration(text(value))))),
    "pull_policy": option("--pull"),
    "pids_limit": option("--pids-limit"),
    "shm_size": size("--shm-size"),
    "mem_limit": size("--memory"),
    "mem_reservation": size("--memory-reservation"),
    "cpus": cores("--cpus"),
    "cpu_shares": option("--cpu-shares"),
    "init": switch("--init"),
    "tty": switch("--tty"),
    "read_only": switch("--read-only"),
    "privileged": switch("--privileged"),
}
RULES = {
    "environment": environment,
    "env_file": env_file,
    "volumes": volumes,
    "tmpfs": tmpfs,
    "ports": ports,
    "gpus": gpus,
    "deploy": deploy,
    "ulimits": ulimits,
    "labels": labels,
    "logging": logging,
    "extra_hosts": hosts,
    "devices": devices,
    "build": build,
    "secrets": mounted_file("secrets", "/run/secrets/"),
    "configs": mounted_file("configs", "/"),
    "cap_add": each("--cap-add"),
    "cap_drop": each("--cap-drop"),
    "security_opt": each("--security-opt"),
    "group_add": each("--group-add"),
}
