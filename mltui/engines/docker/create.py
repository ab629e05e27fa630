"""A launch as the Engine API takes it, and what its refusals mean.

Field names are those of the Docker Engine API, ``POST /containers/create``.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mltui.domain.errors import EngineError, GpuUnavailable, StartError
from mltui.domain.launch import GpuRequest, LaunchSpec, Mount, MountType, Port
from mltui.domain.run import LABEL_PROFILE, LABEL_RUN
from mltui.domain.text import one_line
from mltui.engines.docker.wire import Refused

#: Names, not values, of the run's secrets, so that ``details`` masks them too.
LABEL_SECRETS = "mltui.secrets"

#: Columns and rows of a TTY that nobody looks at; 0 by 0, the engine's default, makes progress bars misbehave.
TTY_SIZE = (120, 40)


def container_config(spec: LaunchSpec, image: str, *, podman: bool = False) -> dict[str, Any]:
    """The whole request body for a container of ``spec`` from ``image``, as Docker or as Podman takes it."""
    config: dict[str, Any] = {
        "Image": image,
        "Env": [f"{name}={value}" for name, value in spec.container_environment.items()],
        "Labels": _labels(spec),
        "User": spec.user,
        "WorkingDir": spec.working_dir,
        "Hostname": spec.hostname,
        "Tty": spec.tty,
        "StopTimeout": math.ceil(spec.stop_grace_period),
        "ExposedPorts": {_port_key(port): {} for port in spec.ports},
        "HostConfig": host_config(spec, podman=podman),
    }
    if spec.command is not None:
        config["Cmd"] = list(spec.command)
    if spec.entrypoint is not None:
        # An empty list would keep the image's; one empty word clears it, as `--entrypoint ""` does.
        config["Entrypoint"] = list(spec.entrypoint) or [""]
    if spec.stop_signal:
        config["StopSignal"] = spec.stop_signal
    return config


def gpu_trial(spec: LaunchSpec, image: str) -> dict[str, Any]:
    """A container that has the GPUs of ``spec`` and a command that no image has."""
    host = {"DeviceRequests": _device_requests(spec.gpus), "NetworkMode": "none"}
    if spec.runtime:
        host["Runtime"] = spec.runtime
    return {"Image": image, "Entrypoint": ["/mltui-gpu-trial"], "Cmd": [], "HostConfig": host}


def host_config(spec: LaunchSpec, *, podman: bool = False) -> dict[str, Any]:
    """What the host gives to the container: mounts, ports, limits, GPUs, rights."""
    mounts = spec.container_mounts
    config: dict[str, Any] = {
        "Init": spec.init,
        "Mounts": [_mount(mount) for mount in mounts if mount.type is not MountType.TMPFS],
        "Tmpfs": {mount.target: tmpfs_options(mount) for mount in mounts if mount.type is MountType.TMPFS},
        "PortBindings": _port_bindings(spec.ports),
        "Ulimits": [{"Name": u.name, "Soft": u.soft, "Hard": u.hard} for u in spec.ulimits],
        "Devices": [_device(device) for device in spec.devices],
        "DeviceRequests": _device_requests(spec.gpus),
        "LogConfig": {"Type": spec.log_driver, "Config": dict(spec.log_options)},
        "ReadonlyRootfs": spec.read_only,
        "Privileged": spec.privileged,
        "CapAdd": list(spec.cap_add),
        "CapDrop": list(spec.cap_drop),
        "SecurityOpt": [_security_option(spec, option, podman=podman) for option in spec.security_opt],
        "GroupAdd": list(spec.group_add),
        "ExtraHosts": list(spec.extra_hosts),
    }
    if spec.tty:
        config["ConsoleSize"] = [TTY_SIZE[1], TTY_SIZE[0]]
    return config | _limits(spec) | _namespaces(spec)


def _security_option(spec: LaunchSpec, option: str, *, podman: bool) -> str:
    """``option`` as the engine wants it: Docker takes a seccomp profile as its text, Podman as the name of its file."""
    name, _, value = option.partition("=" if "=" in option else ":")
    if name != "seccomp" or value in ("unconfined", "builtin") or value.startswith("{"):
        return option
    try:
        path = Path(spec.project, value)
        text = path.read_text(encoding="utf-8")
        return f"seccomp={path if podman else text}"
    except OSError as error:
        raise StartError(
            f"The seccomp profile {one_line(value)} cannot be read: {error.strerror}.", "Correct `security_opt`.", 125
        ) from error


def _limits(spec: LaunchSpec) -> dict[str, Any]:
    wanted, limits = spec.resources, {}
    if wanted.cpus is not None:
        limits["NanoCpus"] = round(wanted.cpus * 1e9)
    if wanted.memory is not None:
        # Swap is part of the limit: a training that swaps is stuck, one that is killed says why.
        limits |= {"Memory": wanted.memory, "MemorySwap": wanted.memory}
    if wanted.memory_request is not None:
        limits["MemoryReservation"] = wanted.memory_request
    if wanted.cpus_request is not None:
        limits["CpuShares"] = max(2, round(wanted.cpus_request * 1024))
    if wanted.pids is not None:
        limits["PidsLimit"] = wanted.pids
    return limits


def _namespaces(spec: LaunchSpec) -> dict[str, Any]:
    config: dict[str, Any] = {}
    if spec.shm_size is not None and spec.ipc in ("", "private", "shareable"):
        config["ShmSize"] = spec.shm_size
    for key, value in (("IpcMode", spec.ipc), ("PidMode", spec.pid), ("Runtime", spec.runtime)):
        if value:
            config[key] = value
    if spec.network_mode:
        config["NetworkMode"] = spec.network_mode
    return config


def _labels(spec: LaunchSpec) -> dict[str, str]:
    own = {LABEL_RUN: spec.run_id, LABEL_PROFILE: spec.profile}
    if spec.secrets:
        own[LABEL_SECRETS] = ",".join(sorted(spec.secrets))
    return {**own, **spec.labels}


def _mount(mount: Mount) -> dict[str, Any]:
    return {
        "Type": str(mount.type),
        "Source": mount.source,
        "Target": mount.target,
        "ReadOnly": mount.read_only,
    }


def tmpfs_options(mount: Mount) -> str:
    """Options of a memory mount: for everyone, and executable, since compiled kernels are loaded from there."""
    options = f"{'ro' if mount.read_only else 'rw'},exec,nosuid,nodev,mode=1777"
    return options if mount.size is None else f"{options},size={mount.size}"


def _port_key(port: Port) -> str:
    return f"{port.container}/{port.protocol}"


def _port_bindings(ports: tuple[Port, ...]) -> dict[str, list[dict[str, str]]]:
    bindings: dict[str, list[dict[str, str]]] = {}
    for port in ports:
        host = "" if port.host is None else str(port.host)
        bindings.setdefault(_port_key(port), []).append({"HostIp": port.host_ip, "HostPort": host})
    return bindings


def _device(text: str) -> dict[str, str]:
    """``HOST[:CONTAINER[:rwm]]`` as ``docker run --device`` takes it."""
    host, _, rest = text.partition(":")
    inner, _, rights = rest.partition(":")
    return {"PathOnHost": host, "PathInContainer": inner or host, "CgroupPermissions": rights or "rwm"}


def _device_requests(gpus: GpuRequest) -> list[dict[str, Any]]:
    if not gpus:
        return []
    request: dict[str, Any] = {"Driver": "", "Capabilities": [list(gpus.capabilities)], "Options": {}}
    if gpus.device_ids:
        return [request | {"DeviceIDs": list(gpus.device_ids)}]
    return [request | {"Count": -1 if gpus.all else gpus.count}]


def check_gpus_kept(spec: LaunchSpec, inspected: Mapping[str, Any], product: str) -> None:
    """Refuse a container whose GPU request was dropped without a word, as Podman's compatible API does."""
    kept = (inspected.get("HostConfig") or {}).get("DeviceRequests") or []
    if spec.gpus and not any(request.get("Capabilities") for request in kept):
        raise GpuUnavailable(
            f"{product} took the request for GPUs ({spec.gpus}) and dropped it: the run would have no GPU.",
            f"Use Docker Engine with the NVIDIA Container Toolkit, {CPU_INSTEAD}",
        )


CPU_INSTEAD = "or set gpus to none to run it on the CPU."
_TOOLKIT = (
    "Install nvidia-container-toolkit and run `sudo nvidia-ctk runtime configure --runtime=docker && "
    f"sudo systemctl restart docker` (Docker from snap cannot do it), {CPU_INSTEAD}"
)

#: What refusals about GPUs look like, what they mean and the cure; the first that is found counts.
_GPU = (
    (r"could not select device driver", "the engine has no driver for GPUs", _TOOLKIT),
    (r"unknown or invalid runtime name: nvidia|Unknown runtime specified nvidia",
     "the engine has no runtime named nvidia", _TOOLKIT),
    (r"driver not loaded|libnvidia-ml\.so\.1: cannot open",
     "the NVIDIA driver is not loaded on the engine's machine",
     f"Check `nvidia-smi` there and install or load the driver, {CPU_INSTEAD}"),
    (r"[Dd]river/library version mismatch", "the NVIDIA driver was upgraded while the old one is loaded",
     f"Restart the machine or reload the nvidia modules, {CPU_INSTEAD}"),
    (r"unsatisfied condition: cuda", "the image needs a newer NVIDIA driver than the machine has",
     f"Use an image with an older CUDA or update the driver, {CPU_INSTEAD}"),
    (r"unknown device|device not found|no such device|invalid device",
     "there is no such GPU", f"`nvidia-smi -L` lists those there are; choose one of them, {CPU_INSTEAD}"),
    (r"unresolvable CDI devices|device driver \"cdi\"", "the engine has no CDI description of its GPUs",
     f"Run `sudo nvidia-ctk cdi generate --output=/etc/cdi/nvidia.yaml`, {CPU_INSTEAD}"),
    (r"subsystem devices not found", "the NVIDIA Container Toolkit is too old for cgroup v2",
     f"Update nvidia-container-toolkit, {CPU_INSTEAD}"),
    (r"nvidia-container-cli|nvidia-container-runtime|nvml error|nvidia\.com/gpu", "the engine cannot give its GPUs",
     f"Check `nvidia-smi` on the engine's machine, {CPU_INSTEAD}"),
)  # fmt: skip

#: The same for everything else: pattern, sentence, cure, exit code as a shell has it.
_START = (
    (r'"docker-init": executable file not found|container-init binary not found',
     "the engine has no init program, which `init: true` needs",
     "Install tini (for Podman catatonit) on the engine's machine, or set `init: false`.", 125),
    (r"(?:bind source path does not exist: *|statfs )(?P<what>[^\s:]+)",
     "there is no {what} on the engine's machine to mount",
     "Make it, or correct `volumes` of the profile.", 125),
    (r"error mounting (?:\S+ )?\"(?P<what>[^\"]+)",
     "{what} cannot be mounted where the profile says",
     "A folder goes on a folder, a file on a file: correct `volumes`.", 125),
    (r'chdir to cwd \("(?P<what>[^"]+)"\)', "its working directory {what} cannot be entered",
     "Choose another `working_dir`, or a `user` who may enter it.", 126),
    (r"executable file not found in \$PATH|: no such file or directory.*starting container process"
     r"|starting container process caused.*no such file or directory|stat [^ ]+: no such file or directory.*unknown",
     "its command does not exist in the image",
     "Check `command`, `entrypoint` and `working_dir` of the profile against the image.", 127),
    (r"exec format error", "the image was made for another kind of processor",
     "Build or pull it for this machine's architecture.", 126),
    (r"exec: [^ ]+: permission denied|permission denied.*starting container process|starting container process "
     r"caused.*permission denied", "its command may not be executed",
     "Make it executable (`chmod +x`) or start it through its interpreter, such as `python train.py`.", 126),
    (r"Range of CPUs is from (?P<what>[\d.]+ to [\d.]+)", "the engine's machine cannot give so many CPUs",
     "Ask for {what}.", 125),
    (r"Minimum memory limit allowed is (?P<what>\w+)", "the memory limit is too small", "Give at least {what}.", 125),
    (r"invalid mount|mount path must be absolute|Duplicate mount point|mount config",
     "one of its mounts is not valid", "Correct `volumes` of the profile.", 125),
    (r"setrlimit|error setting rlimit", "the engine may not set one of its ulimits",
     "Lower `ulimits` of the profile.", 125),
    (r"unable to apply caps|operation not permitted.*caps", "the engine may not give it these rights",
     "Take back `privileged` and `cap_add` in the profile.", 125),
    (r"unable to find user|no matching entries in passwd", "its user does not exist in the image",
     "Give `user` as numbers.", 125),
    (r"no space left on device", "the engine's disk is full",
     "`docker system df` shows what fills it; `docker image prune` removes unused images.", 125),
    (r"unknown or invalid runtime name|[Uu]nknown runtime", "the engine has no such runtime",
     "Take `runtime` out of the profile.", 125),
    (r"network (?P<what>\S+) not found", "the engine has no network {what}",
     "`docker network ls` shows those there are.", 125),
    (r"you cannot start and attach|cgroup", "the engine could not set its limits", "", 125),
)  # fmt: skip

_PORT = re.compile(
    r"(?:Bind for|listen (?:tcp|udp)\w*) (?:\S*:)?(?P<port>\d+):? ?(?:failed|bind)|port (?P<p2>\d+)/?\w* is already"
)
#: What engine and runtimes put before their reason, which says nothing to a person.
_AROUND = re.compile(
    r"^(?:failed to create (?:shim )?task[^:]*: |(?:OCI runtime|runc|crun) create failed: |unable to start container "
    r"process: |error during container init: |container create: |preparing container \w+ for attach: |(?:runc|crun): "
    r"|error running (?:prestart )?hook(?: #\d+)?: |exit status \d+, stdout: [^,]*, stderr: "
    r"|Auto-detected mode as '\w+'\s*)+"
)
_NAME = re.compile(r'container name "/?(?P<name>[^"]+)" is already in use')


def taken_port(text: str) -> int | None:
    """The host's port that a refusal says is taken."""
    found = _PORT.search(text)
    return int(found["port"] or found["p2"]) if found else None


def start_refusal(spec_name: str, error: Refused, port_owner: str = "", gpus: str = "") -> EngineError:
    """Why a container was not created or started, from the engine's text."""
    text = error.text.rstrip(". ")
    who = f"{one_line(spec_name)} was not started"
    shown = one_line(_AROUND.sub("", text).removesuffix(": unknown"), 400)
    for pattern, meaning, cure in _GPU:
        if re.search(pattern, text) and (gpus or "nvidia" in text.lower() or "device driver" in text):
            return GpuUnavailable(f"{who}: {meaning} ({shown}).", cure)
    if (port := taken_port(text)) is not None:
        owner = f" by {port_owner}" if port_owner else ""
        return StartError(f"{who}: port {port} is taken{owner}.", "Choose another port, or stop what has it.", 125)
    if found := _NAME.search(text):
        name = one_line(found["name"])
        return StartError(f"{who}: there is a container named {name} already.", f"Remove it: `docker rm {name}`.", 125)
    for pattern, meaning, cure, code in _START:
        if found := re.search(pattern, text, re.DOTALL):
            words = {k: one_line(v or "") for k, v in found.groupdict().items()}
            return StartError(f"{who}: {meaning.format(**words)} ({shown}).", cure.format(**words), code)
    return StartError(f"{who}: {shown}.", "", 125)
