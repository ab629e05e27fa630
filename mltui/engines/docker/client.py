"""docker-py's low-level client over our own sockets, and the engine's errors in our words.

The high-level client is not used: it inspects every container of a list (one to two seconds for 250 of them).
"""

from __future__ import annotations

import contextlib
import re
import socket
import ssl
import threading
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from mltui.domain.errors import EngineError, EngineUnavailable, NotFound
from mltui.domain.text import one_line
from mltui.engines.docker.endpoint import Endpoint
from mltui.engines.docker.wire import (
    CONNECT_TIMEOUT,
    Body,
    EngineStream,
    NoAddress,
    Refused,
    SshFailed,
    ask,
    message_of,
    open_stream,
)

if TYPE_CHECKING:
    from docker import APIClient

#: The oldest API that can ask for GPUs (Docker 19.03), and the newest whose answers are known here.
OLDEST_API = (1, 40)
NEWEST_API = (1, 47)
#: Seconds for a question, and for work such as starting a container on a cold GPU or removing a big image.
QUICK, PATIENT = 20.0, 300.0
#: Seconds in which an engine says that it is there.
_PING = 1.0


class DockerClient:
    """A connection to one engine that is made when it is first needed; safe to use from several threads."""

    def __init__(self, endpoint: Endpoint) -> None:
        self.endpoint = endpoint
        self._lock = threading.Lock()
        self._version: dict[str, Any] | None = None
        self._apis: dict[float, APIClient] = {}

    def version(self) -> dict[str, Any]:
        """The engine's version, asked for once; raises ``EngineUnavailable`` within 3 s where nobody answers."""
        if self._version is None:
            self._version = self.ask_version()
        return self._version

    def ask_version(self) -> dict[str, Any]:
        """The engine's version, asked for now."""
        with self.errors():
            try:
                version = _table(self._told("/version", over_ssh=CONNECT_TIMEOUT))
            except Refused as error:
                raise unavailable(self.endpoint, error) from error
        if _numbers(version.get("ApiVersion")) < OLDEST_API:
            raise EngineUnavailable(
                f"The engine at {self.endpoint} speaks API {one_line(str(version.get('ApiVersion')), 20)}, too old.",
                "mltui needs API 1.40: Docker 19.03 or newer, or Podman 4.",
            )
        self._version = version
        return version

    def _told(self, path: str, *, over_ssh: float) -> object:
        """An answer that may be long in coming from an engine that is there.

        ``over_ssh``: seconds for it where each question, also whether the engine is there, is a login.
        """
        if self.endpoint.scheme == "ssh":
            return ask(self.endpoint, path, over_ssh)
        try:
            return ask(self.endpoint, path, CONNECT_TIMEOUT - _PING)
        except TimeoutError:
            # Podman looks around for what it tells, for seconds on a busy machine; that it is there it says at once.
            ask(self.endpoint, "/_ping", _PING)
            return ask(self.endpoint, path, QUICK)

    def machine(self) -> dict[str, Any]:
        """What the engine tells of itself and its machine (``docker info``)."""
        with self.errors("The engine tells nothing of itself"):
            return _table(self._told(f"/v{self.api_version}/info", over_ssh=QUICK))

    @property
    def api_version(self) -> str:
        """The version both sides know."""
        version = self.version()
        oldest = _numbers(version.get("MinAPIVersion"))
        return ".".join(map(str, max(oldest, min(NEWEST_API, _numbers(version["ApiVersion"])))))

    @property
    def podman(self) -> bool:
        """It is Podman, whose answers differ in places."""
        return bool(self._podman_version)

    @property
    def _podman_version(self) -> str:
        """The version of Podman's own API; empty for another engine."""
        for part in self.version().get("Components") or ():
            if "podman" in str(part.get("Name", "")).lower():
                version = str((part.get("Details") or {}).get("APIVersion"))
                return version if re.fullmatch(r"[\d.]+", version) else "4.0.0"
        return ""

    @contextlib.contextmanager
    def call(self, what: str = "", timeout: float = QUICK) -> Iterator[Any]:
        """docker-py's client for one call; errors come out as ``EngineError``, ``what`` says what was tried.

        Refusals that mean more to the caller come out as ``Refused`` when ``what`` is empty.
        """
        with self.errors(what):
            yield self._api(timeout)

    def stream(
        self,
        method: str,
        path: str,
        params: Mapping[str, Any] | None = None,
        *,
        what: str = "",
        body: Body | None = None,
        headers: Mapping[str, str] | None = None,
        timeout: float | None = QUICK,
        endless: bool = True,
        silent: bool = False,
        own: bool = False,
    ) -> EngineStream:
        """Open a stream (see ``wire.open_stream``), of Podman's ``own`` API if need be; errors as for ``call``."""
        with self.errors(what):
            path = f"/v{self._podman_version}/libpod{path}" if own else f"/v{self.api_version}{path}"
            return open_stream(
                self.endpoint,
                method,
                path,
                params,
                body=body,
                headers=headers,
                timeout=timeout,
                endless=endless,
                silent=silent,
            )

    def get(self, path: str, *, what: str = "") -> dict[str, Any]:
        """What the engine knows of one thing; errors as for ``call``."""
        with self.errors(what):
            return _table(self._asked(path, {}))

    def rows(self, path: str, params: Mapping[str, Any] | None = None, *, what: str = "") -> list[dict[str, Any]]:
        """A list of the engine; errors as for ``call``."""
        with self.errors(what):
            rows = self._asked(path, params or {})
            if not isinstance(rows, list):
                raise ConnectionError(_NO_ENGINE)
            return rows

    def _asked(self, path: str, params: Mapping[str, Any]) -> object:
        path = f"/v{self.api_version}{path}"
        if self.endpoint.scheme == "unix":
            # Connecting costs less here than loading docker-py, for which the first lists would wait.
            return ask(self.endpoint, path, QUICK, params)
        # Elsewhere it costs round trips, or a login; docker-py keeps its connections.
        api = self._api(QUICK)
        answer = api.get(f"{api.base_url}{path}", params=params, timeout=QUICK)
        if answer.status_code >= 400:
            raise Refused(answer.status_code, message_of(answer.text))
        return answer.json()

    def post(self, path: str, body: Mapping[str, object], *, what: str = "", timeout: float = PATIENT) -> None:
        """Send JSON to what docker-py has no call for; errors as for ``call``."""
        with self.call(what, timeout) as api:
            answer = api.post(f"{api.base_url}/v{self.api_version}{path}", json=dict(body), timeout=timeout)
            if answer.status_code >= 400:
                raise Refused(answer.status_code, message_of(answer.text))

    def close(self) -> None:
        """Let go of all connections; the next call makes new ones."""
        with self._lock:
            apis, self._apis, self._version = self._apis, {}, None
        for api in apis.values():
            api.close()

    def _api(self, timeout: float) -> APIClient:
        version = self.api_version
        with self._lock:
            if timeout not in self._apis:
                from mltui.engines.docker.transport import make_api

                self._apis[timeout] = make_api(self.endpoint, version, timeout)
            return self._apis[timeout]

    @contextlib.contextmanager
    def errors(self, what: str = "") -> Iterator[None]:
        """Whatever fails inside comes out as one of ``mltui.domain.errors`` (or as ``Refused``, see ``call``)."""
        try:
            yield
        except (EngineError, Refused) as error:
            if isinstance(error, Refused) and what:
                raise refusal(error, what) from error
            raise
        except Exception as error:
            if refused := _as_refused(error):
                raise (refusal(refused, what) if what else refused) from error
            if not isinstance(error, OSError) and not type(error).__module__.startswith(_LIBRARIES):
                raise
            raise unavailable(self.endpoint, error) from error


def _table(answer: object) -> dict[str, Any]:
    if not isinstance(answer, dict):
        raise ConnectionError(_NO_ENGINE)
    return answer


def _numbers(version: object) -> tuple[int, int]:
    major, _, minor = str(version or "0.0").partition(".")
    return (int(major), int(minor)) if major.isdigit() and minor.isdigit() else (0, 0)


def _as_refused(error: Exception) -> Refused | None:
    """The error answer that docker-py made an exception of; over one without a message it stumbles."""
    answered = error.__context__ if isinstance(error, KeyError) else error
    response = getattr(answered, "response", None)
    return None if response is None else Refused(int(response.status_code), message_of(response.text))


def refusal(error: Refused, what: str) -> EngineError:
    """An error answer as a sentence that says what was tried."""
    text = error.text.rstrip(".")
    return NotFound(f"{what}: {text}.") if error.status == 404 else EngineError(f"{what}: {text}.")


def unavailable(endpoint: Endpoint, error: BaseException) -> EngineUnavailable:
    """Why the engine cannot be reached, and the cure."""
    message, hint, absent = _reason(f"at {endpoint}", error)
    return EngineUnavailable(message, hint, absent=absent, named=not endpoint.usual)


def _reason(where: str, error: BaseException) -> tuple[str, str, bool]:
    """The sentence, the cure, and whether there is no engine at all for this user.

    The address stands behind what is wrong, which a narrow screen then shows; in front where it is what is wrong.
    """
    causes = list(_causes(error))
    for cause in causes:
        if isinstance(cause, FileNotFoundError):
            return f"There is no Docker engine: no such socket {where}.", _START, True
        if isinstance(cause, PermissionError):
            return f"You may not use the Docker engine: permission denied {where}.", _PERMISSION, True
        if isinstance(cause, ConnectionRefusedError):
            return f"No Docker engine answers: connection refused {where}.", _START, True
        if isinstance(cause, socket.gaierror):
            return f"There is no Docker engine {where}: no machine of that name is known.", _ADDRESS, True
        if isinstance(cause, NoAddress):
            return f"There is no Docker engine {where}: {cause}.", _ADDRESS, True
        if isinstance(cause, SshFailed):
            return f"The Docker engine cannot be reached {where}: {one_line(str(cause), 200)}.", _SSH, False
        if isinstance(cause, ssl.SSLError):
            return f"The Docker engine does not accept TLS {where}: {_tls_reason(cause)}.", _TLS, False
        if isinstance(cause, TimeoutError):
            return f"The Docker engine did not answer in time {where}.", _BUSY, False
        if isinstance(cause, Refused) and "HTTPS" in cause.text:
            return f"The Docker engine wants TLS {where}.", _TLS, False
        if isinstance(cause, Refused):
            return f"What answers {where} does not say which engine it is: {cause.text.rstrip('.')}.", _ADDRESS, False
    reason = one_line(str(causes[-1]) or type(error).__name__, 200)
    return f"The Docker engine cannot be reached {where}: {reason}.", _START, False


def _causes(error: BaseException) -> Iterator[BaseException]:
    """The error and what it was made from, innermost last; requests and urllib3 wrap the socket's own error."""
    seen: list[BaseException] = []
    waiting: list[BaseException] = [error]
    while waiting and len(seen) < 20:
        one = waiting.pop(0)
        if one in seen:
            continue
        seen.append(one)
        inner = [one.__cause__, one.__context__, getattr(one, "reason", None), *one.args]
        waiting += [each for each in inner if isinstance(each, BaseException)]
    return iter(seen)


def _tls_reason(error: ssl.SSLError) -> str:
    return one_line(str(getattr(error, "verify_message", "") or error.reason or error), 200)


_LIBRARIES = ("docker.", "urllib3.", "http.")
_NO_ENGINE = "what answers there is no Docker engine, or its answer broke off"
_START = "Start it (`sudo systemctl start docker`), or choose another with DOCKER_HOST or `docker context use`."
_ADDRESS = "Correct DOCKER_HOST (unix:///PATH, tcp://HOST:PORT, ssh://USER@HOST), or choose with `docker context use`."
_BUSY = "It may be busy or hang: try again, and see whether `docker version` answers."
_PERMISSION = (
    "Join its group (`sudo usermod -aG docker $USER`) and log in again; members of that group are as powerful as root."
)
_SSH = "Check that `ssh HOST docker version` works without a password."
_TLS = "Set DOCKER_TLS_VERIFY=1 and DOCKER_CERT_PATH to the folder with ca.pem, cert.pem and key.pem."
