"""From a container's point of view to this machine's: command, folder and variables of a process.

A container's paths are other names for places here. The target of a bind mount or volume stands for its source, and
the image's ``WORKDIR`` for the project's folder; wherever a command or a variable (secrets left alone) has such a path,
alone or in front of more path, the place here is put in. Mounts in memory (tmpfs) are left as they are.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from mltui.domain.errors import StartError
from mltui.domain.launch import LaunchSpec, MountType
from mltui.engines.local.dockerfile import ImageConfig, read_dockerfile
from mltui.engines.local.gpus import gpu_variables

#: What a process gets of the caller's variables: who and where it is, how to reach the network, nothing else.
PASSED_ON = (
    "PATH", "HOME", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "TMPDIR", "USER", "LOGNAME", "LD_LIBRARY_PATH",
    "CUDA_HOME", "CUDA_PATH", "CUDA_VISIBLE_DEVICES", "SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE",
    "CURL_CA_BUNDLE", "http_proxy", "https_proxy", "no_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY",
    "ALL_PROXY",
)  # fmt: skip
_DEFAULT_PATH = "/usr/local/bin:/usr/bin:/bin"


@dataclass(frozen=True)
class LocalCommand:
    """What is run, where and with which variables."""

    argv: tuple[str, ...]
    working_dir: str
    environment: Mapping[str, str]


def local_command(spec: LaunchSpec, environment: Path, volumes: Path) -> LocalCommand:
    """The process that stands for the container of ``spec``; raises ``StartError`` where there is no command.

    ``environment`` is the folder of the virtual environment, ``volumes`` where named volumes are kept.
    """
    image = image_config(spec)
    places = _places(spec, image, volumes)
    argv = tuple(translate(word, places) for word in command_of(spec, image))
    return LocalCommand(argv, _working_dir(spec, places), _variables(spec, image, environment, places))


def image_config(spec: LaunchSpec) -> ImageConfig:
    """What the Dockerfile of ``spec`` says; nothing where there is none."""
    if spec.build is None:
        return ImageConfig()
    path = Path(spec.build.context, spec.build.dockerfile)
    try:
        text = path.read_text(errors="replace")
    except FileNotFoundError:
        return ImageConfig()
    except OSError as error:
        raise StartError(f"{path}: {error.strerror}.") from error
    return read_dockerfile(text, spec.build.args, spec.build.target)


def command_of(spec: LaunchSpec, image: ImageConfig) -> tuple[str, ...]:
    """Entrypoint and command as Docker joins them: a new entrypoint drops the image's command."""
    entrypoint = image.entrypoint if spec.entrypoint is None else spec.entrypoint
    command = image.command if spec.entrypoint is None else ()
    argv = (*entrypoint, *(command if spec.command is None else spec.command))
    if not argv:
        raise StartError(
            f"Profile {spec.profile!r} says no command, and neither does a Dockerfile of its own.",
            "Add `command` to the profile: an image's own command cannot be known without a container engine.",
        )
    return argv


def _places(spec: LaunchSpec, image: ImageConfig, volumes: Path) -> dict[str, str]:
    """Path in the container → path here, the longest first."""
    places = {image.working_dir: spec.project} if image.working_dir.strip("/") else {}
    for mount in spec.mounts:
        if mount.type is MountType.BIND:
            places[mount.target] = mount.source
        elif mount.type is MountType.VOLUME and mount.source:
            places[mount.target] = str(volumes / mount.source)
    return {target: places[target] for target in sorted(places, key=len, reverse=True) if target.strip("/")}


def translate(text: str, places: Mapping[str, str]) -> str:
    """``text`` with each whole path, or whole beginning of a path, that is in ``places`` replaced."""
    if not places:
        return text
    targets = "|".join(re.escape(target.rstrip("/")) for target in places)
    known = {target.rstrip("/"): place for target, place in places.items()}
    return re.sub(rf"(?<![\w./~-])(?:{targets})(?![\w.-])", lambda match: known[match[0]], text)


def _working_dir(spec: LaunchSpec, places: Mapping[str, str]) -> str:
    """The profile's own working folder where it is one here, else the project's."""
    if not spec.working_dir:
        return spec.project
    path = os.path.join(spec.project, translate(spec.working_dir, places))
    return path if os.path.isdir(path) else spec.project


def _variables(spec: LaunchSpec, image: ImageConfig, environment: Path, places: Mapping[str, str]) -> dict[str, str]:
    asked = {name: value if name in spec.secrets else translate(value, places) for name, value in
             spec.environment.items()}  # fmt: skip
    of_image = {name: translate(value, places) for name, value in image.environment.items() if name != "PATH"}
    passed_on = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
    defaults = {"PATH": _DEFAULT_PATH, "PYTHONUNBUFFERED": "1"}
    variables = {**defaults, **passed_on, **of_image, **gpu_variables(spec.gpus), **asked}
    path = f"{environment / 'bin'}{os.pathsep}{variables['PATH']}"
    return {**variables, "PATH": path, "VIRTUAL_ENV": str(environment)}
