"""The ``docker`` lines that a launch stands for: what one would type to start the same container by hand.

Secrets are written as a bare ``-e NAME``, and arguments of the build that are the caller's as a bare
``--build-arg NAME``: both take the value from the shell's environment.
"""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterator
from math import ceil

from mltui.domain.launch import BuildSpec, LaunchSpec, Mount, MountType, Port
from mltui.domain.units import number_text, size_text

#: A line of the command: an option and its value, or a value alone.
Line = tuple[str, ...]


def docker_command(spec: LaunchSpec) -> str:
    """The lines for a shell: ``docker build`` where there is something to build, then ``docker run``.

    Without an image no docker line starts the same thing: then it is the command of the plain process.
    """
    if not spec.image:
        return _joined(_plain_process(spec))
    lines = [_joined(_run(spec))]
    if spec.build is not None:
        lines.insert(0, _joined(_build(spec.build, spec.image)))
    return "\n".join(lines)


def run_argv(spec: LaunchSpec) -> list[str]:
    """The words of the ``docker run`` line."""
    return [word for line in _run(spec) for word in line]


def build_argv(spec: LaunchSpec) -> list[str]:
    """The words of the ``docker build`` line; none where nothing is built."""
    return [word for line in _build(spec.build, spec.image) for word in line] if spec.build else []


def _joined(lines: Iterator[Line]) -> str:
    return " \\\n  ".join(" ".join(map(quoted, line)) for line in lines)


#: How a byte is written within ``$'…'``.
_ESCAPED = {ord("\\"): "\\\\", ord("'"): "\\'", ord("\n"): "\\n", ord("\t"): "\\t"}


def quoted(word: str) -> str:
    """A word for a shell. What would steer a terminal, or break the line, is written as bash's and zsh's ``$'…'``."""
    if word == "&&":
        return word
    if word.isprintable():
        return shlex.quote(word)
    data = word.encode(errors="surrogateescape")
    safe = (_ESCAPED.get(byte) or (chr(byte) if 32 <= byte < 127 else f"\\x{byte:02x}") for byte in data)
    return f"$'{''.join(safe)}'"


def _build(build: BuildSpec, image: str) -> Iterator[Line]:
    yield "docker", "build"
    yield "-t", image
    # The command line takes a Dockerfile's path as its own, not the context's.
    yield "-f", os.path.join(build.context, build.dockerfile)
    for name, value in build.args.items():
        yield "--build-arg", name if name in build.inherited else f"{name}={value}"
    if build.target:
        yield "--target", build.target
    if build.network:
        yield "--network", build.network
    yield (build.context,)


def _run(spec: LaunchSpec) -> Iterator[Line]:
    yield "docker", "run", "-d"
    yield "--name", spec.name
    if spec.pull_policy in ("always", "never"):
        yield "--pull", spec.pull_policy
    yield from _process(spec)
    yield from _environment(spec)
    yield from _storage(spec)
    yield from _network(spec)
    yield from _resources(spec)
    yield from _rights(spec)
    yield from _logging(spec)
    yield from _labels(spec)
    # The command line takes one word as entrypoint; the others stand before the command.
    entrypoint = spec.entrypoint or ()
    if spec.entrypoint is not None:
        yield "--entrypoint", entrypoint[0] if entrypoint else ""
    yield (spec.image,)
    if words := (*entrypoint[1:], *(spec.command or ())):
        yield words


def _plain_process(spec: LaunchSpec) -> Iterator[Line]:
    yield "cd", spec.working_dir or spec.project, "&&", "env"
    yield from ((f"{name}={value}",) for name, value in spec.environment.items() if name not in spec.secrets)
    yield (*(spec.entrypoint or ()), *(spec.command or ()))


def _labels(spec: LaunchSpec) -> Iterator[Line]:
    for name, value in spec.labels.items():
        yield "--label", f"{name}={value}"


def _process(spec: LaunchSpec) -> Iterator[Line]:
    if spec.init:
        yield ("--init",)
    if spec.tty:
        yield ("--tty",)
    options = (
        ("--user", spec.user), ("--workdir", spec.working_dir), ("--hostname", spec.hostname), ("--ipc", spec.ipc),
        ("--pid", spec.pid), ("--runtime", spec.runtime), ("--stop-signal", spec.stop_signal),
    )  # fmt: skip
    yield from ((option, value) for option, value in options if value)
    yield "--stop-timeout", str(ceil(spec.stop_grace_period))


def _environment(spec: LaunchSpec) -> Iterator[Line]:
    for name, value in spec.container_environment.items():
        yield "-e", name if name in spec.secrets else f"{name}={value}"


def _storage(spec: LaunchSpec) -> Iterator[Line]:
    for mount in spec.container_mounts:
        yield _tmpfs(mount) if mount.type is MountType.TMPFS else ("--mount", _mount(mount))
    if spec.shm_size is not None:
        yield "--shm-size", size_text(spec.shm_size)
    if spec.read_only:
        yield ("--read-only",)


def _mount(mount: Mount) -> str:
    """A mount in the comma-separated form, whose fields are quoted as in CSV where they hold a comma or a quote."""
    fields = [f"type={mount.type}"]
    fields += [f"source={mount.source}"] if mount.source else []
    fields += [f"target={mount.target}"] + (["readonly"] if mount.read_only else [])
    return ",".join('"{}"'.format(f.replace('"', '""')) if set(f) & set(',"\n') else f for f in fields)


def _tmpfs(mount: Mount) -> Line:
    options = f"{'ro' if mount.read_only else 'rw'},exec,nosuid,nodev,mode=1777"
    return "--tmpfs", f"{mount.target}:{options}" + (f",size={mount.size}" if mount.size is not None else "")


def _network(spec: LaunchSpec) -> Iterator[Line]:
    if spec.network_mode:
        yield "--network", spec.network_mode
    for port in spec.ports:
        yield "-p", _port(port)
    for host in spec.extra_hosts:
        yield "--add-host", host


def _port(port: Port) -> str:
    address = f"[{port.host_ip}]" if ":" in port.host_ip else port.host_ip
    host = "" if port.host is None else str(port.host)
    protocol = "" if port.protocol == "tcp" else f"/{port.protocol}"
    return f"{address}:{host}:{port.container}{protocol}"


def _resources(spec: LaunchSpec) -> Iterator[Line]:
    wanted = spec.resources
    if spec.gpus:
        yield "--gpus", _gpus(spec)
    if wanted.cpus is not None:
        yield "--cpus", number_text(wanted.cpus)
    if wanted.cpus_request is not None:
        # Shares are a weight of 1024 a core, as Kubernetes turns a request into them.
        yield "--cpu-shares", str(max(2, round(wanted.cpus_request * 1024)))
    if wanted.memory is not None:
        # Swap counts in it: a training that swaps is stuck, one that is killed says why.
        yield "--memory", size_text(wanted.memory)
        yield "--memory-swap", size_text(wanted.memory)
    if wanted.memory_request is not None:
        yield "--memory-reservation", size_text(wanted.memory_request)
    if wanted.pids is not None:
        yield "--pids-limit", str(wanted.pids)
    for limit in spec.ulimits:
        yield "--ulimit", f"{limit.name}={limit.soft}:{limit.hard}"


def _gpus(spec: LaunchSpec) -> str:
    """``--gpus`` is CSV: a list inside a field is quoted."""
    gpus = spec.gpus
    what = "all" if gpus.all else f"device={','.join(gpus.device_ids)}" if gpus.device_ids else str(gpus.count)
    extra = [one for one in gpus.capabilities if one != "gpu"]
    if not extra:
        return f'"{what}"' if "," in what else what
    count = what if gpus.device_ids else f"count={what}"
    fields = [count, f"capabilities={','.join(extra)}"]
    return ",".join(f'"{field}"' if "," in field else field for field in fields)


def _rights(spec: LaunchSpec) -> Iterator[Line]:
    if spec.privileged:
        yield ("--privileged",)
    options = (
        ("--cap-add", spec.cap_add), ("--cap-drop", spec.cap_drop), ("--security-opt", spec.security_opt),
        ("--group-add", spec.group_add), ("--device", spec.devices),
    )  # fmt: skip
    yield from ((option, value) for option, values in options for value in values)


def _logging(spec: LaunchSpec) -> Iterator[Line]:
    yield "--log-driver", spec.log_driver
    for name, value in spec.log_options.items():
        yield "--log-opt", f"{name}={value}"
