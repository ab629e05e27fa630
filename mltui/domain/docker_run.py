"""A pasted ``docker run …`` line as a profile: its options as Compose's keys, and a remark for what has no place.

The options are those of ``docker run``; ``podman run`` and ``nvidia-docker run`` take the same.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from mltui.domain.compose_import import import_service
from mltui.domain.import_remarks import Change, Imported, Remark, without_secrets
from mltui.domain.shell_words import split_line

#: One value, and the key of Compose that says the same.
_VALUE = {
    "--annotation": "", "--blkio-weight": "blkio_config", "--cgroup-parent": "cgroup_parent",
    "--cgroupns": "cgroup", "--cpu-period": "cpu_period", "--cpu-quota": "cpu_quota",
    "--cpu-rt-period": "cpu_rt_period", "--cpu-rt-runtime": "cpu_rt_runtime", "--cpu-shares": "cpu_shares",
    "--cpus": "cpus", "--cpuset-cpus": "cpuset",
    "--cpuset-mems": "", "--domainname": "domainname", "--entrypoint": "entrypoint",
    "--hostname": "hostname", "--ipc": "ipc", "--isolation": "isolation", "--log-driver": "log_driver",
    "--mac-address": "mac_address", "--memory": "mem_limit", "--memory-reservation": "mem_reservation",
    "--memory-swap": "memswap_limit", "--memory-swappiness": "mem_swappiness", "--name": "container_name",
    "--oom-score-adj": "oom_score_adj", "--pid": "pid", "--pids-limit": "pids_limit",
    "--platform": "platform", "--pull": "pull_policy", "--restart": "restart", "--runtime": "runtime",
    "--shm-size": "shm_size", "--stop-signal": "stop_signal", "--stop-timeout": "stop_grace_period",
    "--user": "user", "--userns": "userns_mode", "--uts": "uts", "--workdir": "working_dir",
}  # fmt: skip
#: Values that add up to a list.
_LIST = {
    "--add-host": "extra_hosts", "--cap-add": "cap_add", "--cap-drop": "cap_drop", "--device": "devices",
    "--device-cgroup-rule": "device_cgroup_rules", "--dns": "dns", "--dns-option": "dns_opt",
    "--dns-search": "dns_search", "--env": "environment", "--env-file": "env_file", "--expose": "expose",
    "--group-add": "group_add", "--label": "labels", "--label-file": "label_file", "--link": "links",
    "--publish": "ports", "--security-opt": "security_opt", "--storage-opt": "storage_opt", "--sysctl": "sysctls",
    "--tmpfs": "tmpfs", "--volume": "volumes", "--volumes-from": "volumes_from",
}  # fmt: skip
_SWITCH = {
    "--init": "init", "--interactive": "stdin_open", "--oom-kill-disable": "oom_kill_disable",
    "--privileged": "privileged", "--read-only": "read_only", "--tty": "tty",
}  # fmt: skip
#: Options with a value that are read here, and those that no key of Compose says.
_OWN = ("--gpus", "--mount", "--network", "--ulimit", "--log-opt")
_NO_PLACE_VALUE = {
    "--attach": "the log is always recorded", "--cidfile": "the run's record has the container's id",
    "--detach-keys": "nothing is attached", "--blkio-weight-device": "a run has no limits of disk traffic",
    "--device-read-bps": "a run has no limits of disk traffic",
    "--device-write-bps": "a run has no limits of disk traffic",
    "--device-read-iops": "a run has no limits of disk traffic",
    "--device-write-iops": "a run has no limits of disk traffic", "--health-cmd": "a training ends by itself",
    "--health-interval": "a training ends by itself", "--health-retries": "a training ends by itself",
    "--health-start-period": "a training ends by itself", "--health-timeout": "a training ends by itself",
    "--health-start-interval": "a training ends by itself", "--ip": "the engine chooses it",
    "--ip6": "the engine chooses it", "--kernel-memory": "use mem_limit", "--link-local-ip": "the engine chooses it",
    "--network-alias": "a profile is one container", "--volume-driver": "the engine's own volumes are used",
}  # fmt: skip
_NO_PLACE_SWITCH = {
    "--detach": "a run is always in the background", "--disable-content-trust": "the engine's own setting is used",
    "--no-healthcheck": "a training ends by itself", "--publish-all": "name the ports under ports",
    "--quiet": "the progress of a pull is shown", "--rm": "a run keeps its container until it is removed",
    "--sig-proxy": "nothing is attached", "--use-api-socket": "a run does not speak to the engine",
}  # fmt: skip
_SHORT = {
    "a": "--attach", "c": "--cpu-shares", "d": "--detach", "e": "--env", "h": "--hostname", "i": "--interactive",
    "l": "--label", "m": "--memory", "p": "--publish", "P": "--publish-all", "q": "--quiet", "t": "--tty",
    "u": "--user", "v": "--volume", "w": "--workdir",
}  # fmt: skip
_ALIASES = {"--net": "--network", "--dns-opt": "--dns-option", "--net-alias": "--network-alias"}
#: Options of ``docker`` itself that are followed by their value.
_GLOBAL_VALUE = frozenset({
    "-H", "--host", "-c", "--context", "--config", "-l", "--log-level", "--tlscacert", "--tlscert", "--tlskey", "--url",
})  # fmt: skip
#: What a shell prints before the line, and people copy.
_PROMPT = re.compile(r"^\s*[$#%>]\s+(?=(?:sudo\s+)?(?:\S*/)?(?:docker|podman|nvidia-docker|nerdctl)\b)")
_RUN = re.compile(r"(?:\S*/)?(docker|podman|nvidia-docker|nerdctl)")


def import_line(text: str) -> Imported:
    """The profile that a pasted ``docker run`` line stands for.

    ``$PWD`` is the folder that paths count from. Raises ``ValueError`` with what is wrong.
    """
    line = split_line(_PROMPT.sub("", text))
    done = import_words(line.words, line.unknown)
    said = " ".join(str(part) for remark in done.remarks for part in remark.path)
    kept = [one for one in line.unknown if one not in said]
    remarks = [Remark(Change.DIFFERS, (one,), "only a shell can run it: write what it prints") for one in kept]
    if line.rest:
        remarks.append(Remark(Change.LEFT_OUT, (line.rest[:60],), "it is another command, or where the output goes"))
    return replace(done, remarks=without_secrets((*remarks, *done.remarks)))


def import_words(words: Sequence[str], commands: Sequence[str] = ()) -> Imported:
    """The profile of the words of a line, whose variables are written as Compose writes them.

    ``commands`` are the ``$(…)`` in them, which only a shell can run: an option with one is left out.
    """
    before, options = _after_run(list(words))
    reader = _Options(options, commands)
    service = reader.service()
    program = next((match[1] for word in words if (match := _RUN.fullmatch(word))), "")
    if program == "nvidia-docker" and "gpus" not in service:
        # It is docker run with NVIDIA's runtime, which gives what the image asks for: CUDA's images ask for all.
        service["gpus"] = "all"
        reader.remarks.append(Remark(Change.CHANGED, (program,), "is gpus: all"))
    name = str(reader.single.get("container_name") or _image_name(str(service.get("image", ""))))
    # Volumes have the names that stand there: none is Compose's own.
    named = {str(one).partition(":")[0]: {"external": True} for one in service.get("volumes", [])}
    named |= {str(one.get("source")): {"external": True} for one in service.get("volumes", []) if isinstance(one, dict)}
    done = import_service(service, name, {"volumes": named})
    remarks = [Remark(Change.LEFT_OUT, (word,), "it is no option of docker run") for word in before if word != "sudo"]
    return replace(done, remarks=without_secrets((*remarks, *reader.remarks, *map(reader.as_option, done.remarks))))


def _after_run(words: list[str]) -> tuple[list[str], list[str]]:
    """What stands before ``docker run``, and the words behind it."""
    for at, word in enumerate(words):
        if _RUN.fullmatch(word):
            verb = at + 1
            while verb < len(words) and words[verb].startswith("-"):
                verb += 1 + (words[verb] in _GLOBAL_VALUE)
            general, rest = words[at + 1 : verb], words[verb:]
            rest = rest[1:] if rest[:1] == ["container"] else rest
            if rest[:1] in (["run"], ["create"]):
                return [*words[:at], *([" ".join(general)] if general else [])], rest[1:]
            break
    raise ValueError("expected a line such as: docker run --gpus all IMAGE COMMAND")


def _image_name(image: str) -> str:
    return image.rpartition("/")[2].partition("@")[0].partition(":")[0]


class _Options:
    """Reads the options of ``docker run`` into the keys of a Compose service."""

    def __init__(self, words: list[str], commands: Sequence[str] = ()) -> None:
        self._words = words
        self._commands = tuple(command.replace("$", "$$") for command in commands)
        self._at = 0
        self.single: dict[str, Any] = {}
        self.lists: dict[str, list[Any]] = {}
        self.remarks: list[Remark] = []
        self.options: dict[str, str] = {}
        """The option that a key was read from."""

    def service(self) -> dict[str, Any]:
        """The service that the line stands for."""
        while self._at < len(self._words) and self._words[self._at].startswith("-") and self._words[self._at] != "-":
            word = self._words[self._at]
            self._at += 1
            if word == "--":
                break
            self._long(word) if word.startswith("--") else self._cluster(word)
        rest = self._words[self._at :]
        if not rest or not rest[0]:
            raise ValueError("the line names no image")
        logging = {"driver": self.single.pop("log_driver", "json-file"), "options": self.single.pop("log_options", {})}
        service: dict[str, Any] = {"image": rest[0], **self.single, **self.lists}
        if "log_driver" in self.options or "log_options" in self.options:
            service["logging"] = {key: value for key, value in logging.items() if value}
        if rest[1:]:
            service["command"] = rest[1:]
        if "entrypoint" in service:
            service["entrypoint"] = [service["entrypoint"]] if service["entrypoint"] else []
        return service

    def as_option(self, remark: Remark) -> Remark:
        """A remark on a key as one on the option it was read from."""
        option = self.options.get(str(remark.path[0])) if remark.path and remark.change is not Change.DIFFERS else None
        return replace(remark, path=(option, *remark.path[1:])) if option else remark

    def _cluster(self, word: str) -> None:
        """``-it``, ``-p80:80``, ``-itv /a:/a``."""
        for at, letter in enumerate(word[1:], 1):
            option = _SHORT.get(letter)
            if option is None:
                raise ValueError(f"docker run has no option -{letter} (in {word})")
            if option in _SWITCH or option in _NO_PLACE_SWITCH:
                self._switch(option, "true")
                continue
            rest = word[at + 1 :]
            self._value(option, rest.removeprefix("=") if rest else self._next(option))
            return

    def _long(self, word: str) -> None:
        option, equals, value = word.partition("=")
        option = _ALIASES.get(option, option)
        if option in _SWITCH or option in _NO_PLACE_SWITCH:
            self._switch(option, value if equals else "true")
        elif option in _VALUE or option in _LIST or option in _OWN or option in _NO_PLACE_VALUE:
            self._value(option, value if equals else self._next(option))
        elif equals:
            self.remarks.append(Remark(Change.LEFT_OUT, (word,), "docker run has no such option that is known here"))
        else:
            # Whether a value follows cannot be known, and so not which word is the image.
            raise ValueError(f"docker run has no option {option} that is known here")

    def _next(self, option: str) -> str:
        if self._at >= len(self._words):
            raise ValueError(f"{option} needs a value")
        self._at += 1
        return self._words[self._at - 1]

    def _switch(self, option: str, value: str) -> None:
        on = value.lower() in ("true", "1", "t")
        if option in _SWITCH:
            key = _SWITCH[option]
            self.options[key] = option
            if on or key == "init":
                self.single[key] = on
        elif on:
            self.remarks.append(Remark(Change.LEFT_OUT, (option,), _NO_PLACE_SWITCH[option]))

    def _value(self, option: str, value: str) -> None:
        if any(command in value for command in self._commands):
            written = f"{option} {value.replace('$$', '$')}"
            if option == "--user":
                self.remarks.append(Remark(Change.CHANGED, (written,), "a run is the caller's anyway"))
            else:
                self.remarks.append(
                    Remark(Change.LEFT_OUT, (written,), "only a shell can run it: write what it prints")
                )
        elif option in _LIST:
            self.lists.setdefault(_LIST[option], []).append(value)
            self.options[_LIST[option]] = option
        elif option in _OWN:
            getattr(self, f"_take_{option[2:].replace('-', '_')}")(value)
        elif key := _VALUE.get(option):
            self.single[key] = _as_value(option, value)
            self.options[key] = option
        else:
            why = _NO_PLACE_VALUE.get(option, "a run has no such setting")
            self.remarks.append(Remark(Change.LEFT_OUT, (f"{option} {value}",), why))

    def _take_gpus(self, value: str) -> None:
        """``all``, ``2``, ``device=0,1``, ``"device=0,1",capabilities=compute`` (CSV, quotes around a field)."""
        self.options["gpus"] = "--gpus"
        fields = next(csv.reader([value]), [])
        if len(fields) == 1 and "=" not in fields[0]:
            self.single["gpus"] = fields[0]
            return
        request: dict[str, Any] = {}
        for field in fields:
            name, equals, text = field.partition("=")
            if not equals and "device_ids" in request:
                # A list of devices that was not quoted falls apart at its commas.
                request["device_ids"].append(name)
            elif name == "device":
                request["device_ids"] = text.split(",")
            elif name == "capabilities":
                request["capabilities"] = ["gpu", *(one for one in text.split(",") if one != "gpu")]
            else:
                request[name if equals else "count"] = text if equals else name
        if not {"count", "device_ids"} & set(request):
            # The docker command line's own rule: a request that says neither is for one GPU.
            request["count"] = 1
        self.single["gpus"] = request["device_ids"] if set(request) == {"device_ids"} else [request]

    def _take_mount(self, value: str) -> None:
        """``type=bind,source=…,target=…,readonly`` (CSV)."""
        self.options["volumes"] = "--mount"
        entry: dict[str, Any] = {"type": "volume"}
        for field in next(csv.reader([value]), []):
            name, equals, text = field.partition("=")
            name = {"src": "source", "dst": "target", "destination": "target", "ro": "readonly"}.get(name, name)
            if name == "readonly":
                entry["read_only"] = not equals or text.lower() in ("true", "1")
            elif name == "tmpfs-size":
                entry.setdefault("tmpfs", {})["size"] = text
            elif name in ("type", "source", "target"):
                entry[name] = text
            else:
                self.remarks.append(Remark(Change.LEFT_OUT, (f"--mount {field}",), "a mount of a run is ro or rw"))
        source = str(entry.get("source", ""))
        if entry["type"] == "bind" and not source.startswith((".", "/", "~", "$")):
            entry["source"] = f"./{source}"
        self.lists.setdefault("volumes", []).append(entry)

    def _take_network(self, value: str) -> None:
        self.options["network_mode"] = "--network"
        name = value
        if "=" in value:
            fields = dict(field.partition("=")[::2] for field in value.split(","))
            name = fields.pop("name", "")
            for option, text in fields.items():
                path = (f"--network {option}={text}",)
                self.remarks.append(Remark(Change.LEFT_OUT, path, "a run has no address or alias of its own there"))
        if "network_mode" in self.single:
            self.remarks.append(Remark(Change.LEFT_OUT, (f"--network {name}",), "a run is on one network"))
        else:
            self.single["network_mode"] = name

    def _take_ulimit(self, value: str) -> None:
        name, _, limits = value.partition("=")
        soft, colon, hard = limits.partition(":")
        self.options["ulimits"] = "--ulimit"
        self.single.setdefault("ulimits", {})[name] = {"soft": soft, "hard": hard} if colon else soft

    def _take_log_opt(self, value: str) -> None:
        name, _, text = value.partition("=")
        self.options["log_options"] = self.options["logging"] = "--log-opt"
        self.single.setdefault("log_options", {})[name] = text


def _as_value(option: str, value: str) -> object:
    if option == "--stop-timeout":
        return f"{value}s"
    return value
