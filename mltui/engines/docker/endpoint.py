"""Where the engine is: the same answer that the docker command gives, and Podman's sockets after that.

Only files and the environment are read; nothing is connected and docker-py is not imported.
"""

from __future__ import annotations

import hashlib
import json
import os
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mltui.domain.errors import EngineUnavailable
from mltui.domain.paths import user_path
from mltui.domain.text import one_line

DEFAULT_SOCKET = "/var/run/docker.sock"


@dataclass(frozen=True, slots=True)
class Tls:
    """Paths of PEM files; an empty one is not used."""

    ca: str = ""
    cert: str = ""
    key: str = ""
    verify: bool = True


@dataclass(frozen=True, slots=True)
class Endpoint:
    """An address of an engine and why it was chosen."""

    url: str
    """``unix:///path``, ``tcp://host:port`` or ``ssh://user@host``."""
    context: str = "default"
    """Name of the Docker context, ``DOCKER_HOST``, or which socket it is (``rootless``, ``podman``)."""
    tls: Tls | None = None
    usual: bool = False
    """It is one of the places where engines usually are; nobody named it."""

    @property
    def scheme(self) -> str:
        """``unix``, ``tcp`` or ``ssh``."""
        return self.url.partition("://")[0]

    def __str__(self) -> str:
        return f"{one_line(self.url)} ({one_line(self.context)})" if self.context else one_line(self.url)


def find_endpoint(
    url: str | None = None, context: str | None = None, environ: Mapping[str, str] | None = None
) -> Endpoint:
    """The endpoint to use: ``url``, else ``context``, else what the environment and Docker's own files say.

    The order is the docker command's: ``DOCKER_HOST``, ``DOCKER_CONTEXT``, the current context of its configuration,
    the default socket; then the rootless socket and Podman's. Where no socket exists the default one is named, so that
    connecting says what is missing. Raises ``EngineUnavailable`` for a context that does not exist.
    """
    env = os.environ if environ is None else environ
    if url:
        return Endpoint(_normal(url), "", _environment_tls(env, url) or _context_tls(env, _normal(url)))
    name = context or ("" if env.get("DOCKER_HOST") else env.get("DOCKER_CONTEXT") or _current_context(env))
    if name and name != "default":
        return _from_context(name, env)
    if host := env.get("DOCKER_HOST"):
        return Endpoint(_normal(host), "DOCKER_HOST", _environment_tls(env, host))
    return _from_sockets(env)


def _normal(url: str) -> str:
    """``url`` with a scheme: a path alone is a unix socket, an address alone is TCP."""
    if url.startswith("/"):
        return f"unix://{url}"
    scheme, found, rest = url.partition("://")
    if not found:
        return f"tcp://{url}"
    return f"tcp://{rest}" if scheme in ("http", "https") else url


def _environment_tls(env: Mapping[str, str], url: str) -> Tls | None:
    """The client's certificates of ``DOCKER_CERT_PATH``, used with TCP when ``DOCKER_TLS_VERIFY`` or a path is set."""
    verify, folder = env.get("DOCKER_TLS_VERIFY", ""), env.get("DOCKER_CERT_PATH", "")
    if url.startswith(("unix:", "ssh:", "/")) or not (verify or folder or url.startswith("https:")):
        return None
    return _tls_files(Path(folder) if folder else _config_folder(env), verify=bool(verify))


def _tls_files(folder: Path, *, verify: bool) -> Tls:
    paths = {name: folder / f"{name}.pem" for name in ("ca", "cert", "key")}
    return Tls(**{name: str(path) if path.is_file() else "" for name, path in paths.items()}, verify=verify)


def _config_folder(env: Mapping[str, str]) -> Path:
    return Path(env.get("DOCKER_CONFIG") or user_path(env.get("HOME") or "~") / ".docker")


def _read_json(path: Path) -> dict[str, Any]:
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return data if isinstance(data, dict) else {}


def _current_context(env: Mapping[str, str]) -> str:
    return str(_read_json(_config_folder(env) / "config.json").get("currentContext") or "")


def _from_context(name: str, env: Mapping[str, str]) -> Endpoint:
    """A named context: the docker command keeps each under the SHA-256 of its name."""
    contexts, digest = _config_folder(env) / "contexts", hashlib.sha256(os.fsencode(name)).hexdigest()
    docker = (_read_json(contexts / "meta" / digest / "meta.json").get("Endpoints") or {}).get("docker") or {}
    host = docker.get("Host")
    if not host:
        raise EngineUnavailable(
            f"There is no Docker context named {one_line(name)!r}.",
            "`docker context ls` shows those there are.",
            named=True,
        )
    folder = contexts / "tls" / digest / "docker"
    tls = _tls_files(folder, verify=not docker.get("SkipTLSVerify")) if folder.is_dir() else None
    return Endpoint(_normal(str(host)), name, tls)


def _context_tls(env: Mapping[str, str], url: str) -> Tls | None:
    """The certificates of the context whose address ``url`` is: a run remembers its engine by the address alone."""
    if not url.startswith("tcp://"):
        return None
    contexts = _config_folder(env) / "contexts"
    for meta in sorted(contexts.glob("meta/*/meta.json")):
        docker = (_read_json(meta).get("Endpoints") or {}).get("docker") or {}
        folder = contexts / "tls" / meta.parent.name / "docker"
        if _normal(str(docker.get("Host") or "")) == url and folder.is_dir():
            return _tls_files(folder, verify=not docker.get("SkipTLSVerify"))
    return None


def _from_sockets(env: Mapping[str, str]) -> Endpoint:
    found = [(path, why) for path, why in _sockets(env) if _is_socket(path)]
    usable = [(path, why) for path, why in found if os.access(path, os.W_OK)]
    path, why = (usable or found or [(DEFAULT_SOCKET, "default")])[0]
    return Endpoint(f"unix://{path}", why, usual=True)


def _sockets(env: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    yield DEFAULT_SOCKET, "default"
    runtime = env.get("XDG_RUNTIME_DIR")
    if runtime:
        yield f"{runtime}/docker.sock", "rootless"
    if home := env.get("HOME"):
        yield f"{home}/.docker/run/docker.sock", "desktop"
    if runtime:
        yield f"{runtime}/podman/podman.sock", "podman"
    yield "/run/podman/podman.sock", "podman"


def _is_socket(path: str) -> bool:
    try:
        return stat.S_ISSOCK(os.stat(path).st_mode)
    except OSError:
        return False
