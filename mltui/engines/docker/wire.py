"""Sockets to the engine, and the streams that are read from them.

docker-py's own streams cannot be used for logs: they make one Python call per line (per byte on a TTY) and those over
ssh cannot be ended from another thread. A stream here is one socket whose bytes are read in big blocks. It speaks
HTTP/1.0, so that the engine sends the bytes as they are, with no chunk around each line.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import select
import socket
import ssl
import subprocess
import tempfile
import threading
from collections.abc import Iterator, Mapping
from typing import IO, Any, Protocol
from urllib.parse import SplitResult, quote, urlencode, urlsplit

from mltui.domain.text import one_line
from mltui.engines.docker.endpoint import Endpoint, Tls

#: Bytes asked of the socket at once: big enough for a flood, small enough to stay in cache.
BLOCK = 1 << 18
#: Seconds to reach an engine on this machine or its network, and through ssh, which logs in first.
CONNECT_TIMEOUT = 3.0
SSH_TIMEOUT = 15.0
#: Seconds in which an engine that refuses to show a log says so.
SILENCE = 0.5
#: A link that went without a word is noticed after 15 quiet seconds and three questions, 15 seconds apart: streams
#: that may be silent for ever would wait for ever on it.
KEEPALIVE, PROBES = 15, 3


class SshFailed(OSError):
    """The ssh client ended before the engine answered; the text is its own last line."""


class NoAddress(OSError):
    """What is said to be an engine's address is none that could be connected to."""


class Refused(Exception):
    """The engine answered with an error: the HTTP status and its own sentence, for which the status may stand."""

    def __init__(self, status: int, text: str) -> None:
        self.status = status
        self.text = text or f"status {status}"
        super().__init__(self.text)


def open_socket(endpoint: Endpoint, timeout: float | None = CONNECT_TIMEOUT) -> socket.socket:
    """A connected socket to the engine; reads on it end after ``timeout`` seconds. Raises ``OSError``."""
    if endpoint.scheme == "unix":
        sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        return _connected(sock, endpoint.url.removeprefix("unix://"), timeout)
    if endpoint.scheme == "ssh":
        return _open_ssh(endpoint.url, timeout)
    if endpoint.scheme != "tcp":
        raise NoAddress(f"addresses of the form {one_line(endpoint.scheme, 20)}:// are not supported")
    return _open_tcp(endpoint, timeout)


def _connected(sock: socket.socket, address: str, timeout: float | None) -> socket.socket:
    try:
        sock.settimeout(CONNECT_TIMEOUT)
        sock.connect(address)
        sock.settimeout(timeout)
    except BaseException:
        sock.close()
        raise
    return sock


def _parts(url: str) -> SplitResult:
    """The parts of an address of tcp or ssh, whose port can be read; raises ``NoAddress``."""
    try:
        parts = urlsplit(url)
        # Both are read only when they are asked for; the resolver encodes names so, and fails as it pleases.
        _ = parts.port, (parts.hostname or "").encode("idna")
    except ValueError as error:
        raise NoAddress("that is no address") from error
    return parts


def _open_tcp(endpoint: Endpoint, timeout: float | None) -> socket.socket:
    parts = _parts(endpoint.url)
    port = parts.port or (2376 if endpoint.tls else 2375)
    sock = socket.create_connection((parts.hostname or "localhost", port), timeout=CONNECT_TIMEOUT)
    try:
        _keep_alive(sock)
        if endpoint.tls:
            sock = tls_context(endpoint.tls).wrap_socket(sock, server_hostname=parts.hostname or "localhost")
        sock.settimeout(timeout)
    except BaseException:
        sock.close()
        raise
    return sock


def _keep_alive(sock: socket.socket) -> None:
    """Let the kernel ask whether the other side is still there; what a system cannot set keeps its own default."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    # macOS has its own name for the first.
    wanted = {"TCP_KEEPIDLE": KEEPALIVE, "TCP_KEEPALIVE": KEEPALIVE, "TCP_KEEPINTVL": KEEPALIVE, "TCP_KEEPCNT": PROBES}
    for name, value in wanted.items():
        if option := getattr(socket, name, 0):
            sock.setsockopt(socket.IPPROTO_TCP, option, value)


def tls_context(tls: Tls) -> ssl.SSLContext:
    """What the client shows and what it asks of the engine's certificate."""
    context = ssl.create_default_context(cafile=tls.ca or None)
    if not tls.verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    if tls.cert and tls.key:
        context.load_cert_chain(tls.cert, tls.key)
    return context


def ssh_command(url: str) -> list[str]:
    """The ssh client's command line that carries the engine's API, as the docker command runs it.

    It never asks for a password (the terminal belongs to the screen): keys and the agent must do.
    """
    parts = _parts(url)
    command = ["ssh", "-T", "-o", "BatchMode=yes", "-o", f"ConnectTimeout={int(SSH_TIMEOUT) - 5}"]
    command += ["-o", f"ServerAliveInterval={KEEPALIVE}", "-o", f"ServerAliveCountMax={PROBES}"]
    if parts.username:
        command += ["-l", parts.username]
    if parts.port:
        command += ["-p", str(parts.port)]
    remote = [
        "docker",
        *(["-H", f"unix://{quote(parts.path)}"] if parts.path.strip("/") else []),
        "system",
        "dial-stdio",
    ]
    return [*command, "--", parts.hostname or "", *remote]


class _SshSocket(socket.socket):
    """Our end of the pair whose other end is the ssh client's input and output."""

    _watch: threading.Thread
    _last_words = ""

    def start(self, command: list[str], theirs: socket.socket) -> None:
        """Run the client on ``theirs``; it ends by itself when our end is closed."""
        errors = tempfile.TemporaryFile()  # noqa: SIM115  closed when the client has ended
        try:
            end = theirs.fileno()
            process = subprocess.Popen(command, stdin=end, stdout=end, stderr=errors, start_new_session=True)
        except BaseException:
            errors.close()
            raise
        self._watch = threading.Thread(target=self._wait, args=(process, errors), name="ssh", daemon=True)
        self._watch.start()

    def _wait(self, process: subprocess.Popen[bytes], errors: IO[bytes]) -> None:
        with errors:
            process.wait()
            errors.seek(0)
            lines = errors.read().decode(errors="replace").strip().splitlines()
        self._last_words = one_line(lines[-1], 200) if lines else ""

    def failure(self) -> str:
        """The last line that the client wrote to its error output."""
        self._watch.join(1)
        return self._last_words or "the ssh client ended"


def _open_ssh(url: str, timeout: float | None) -> socket.socket:
    command = ssh_command(url)
    ours, theirs = socket.socketpair()
    sock = _SshSocket(fileno=ours.detach())
    try:
        sock.start(command, theirs)
        sock.settimeout(timeout if timeout is None else max(timeout, SSH_TIMEOUT))
    except FileNotFoundError:
        sock.close()
        raise SshFailed("the ssh client is not installed") from None
    finally:
        theirs.close()
    return sock


class _Connection(http.client.HTTPConnection):
    _http_vsn = 10
    _http_vsn_str = "HTTP/1.0"

    def __init__(self, endpoint: Endpoint, timeout: float | None) -> None:
        super().__init__("docker", timeout=timeout, blocksize=BLOCK)
        self.endpoint = endpoint

    def connect(self) -> None:
        self.sock = open_socket(self.endpoint, self.timeout)


class EngineStream:
    """An answer that is read as it comes, until the engine ends it or ``close()`` does, from any thread."""

    def __init__(self, connection: _Connection) -> None:
        self._connection = connection
        self._socket: socket.socket = connection.sock
        self._response: http.client.HTTPResponse | None = None
        self._reading = threading.Lock()
        self._closed = False

    def begin(self) -> http.client.HTTPResponse:
        """Wait for the beginning of the answer; raises ``Refused`` for an error answer and ``OSError``."""
        if self._response is None:
            self._response = _answer(self._connection, self._socket)
        return self._response

    def read(self) -> bytes:
        """The next bytes there are, waiting for some; empty at the end."""
        with self._reading:
            try:
                return b"" if self._closed else self.begin().read1(BLOCK)
            except (OSError, ValueError, http.client.HTTPException, Refused):
                return b""

    def blocks(self) -> Iterator[bytes]:
        """Block after block, up to the end; then the socket is let go of."""
        try:
            while data := self.read():
                yield data
        finally:
            self.close()

    def lines(self) -> Iterator[bytes]:
        """Line after line, without their ends."""
        rest = b""
        for block in self.blocks():
            *complete, rest = (rest + block).split(b"\n")
            yield from complete
        if rest:
            yield rest

    def wait_for_ever(self) -> None:
        """From now on silence does not end the stream."""
        self._socket.settimeout(None)

    def close(self) -> None:
        """End the stream; a thread that waits in ``read`` wakes up."""
        self._closed = True
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        with self._reading, contextlib.suppress(OSError, ValueError):
            self._connection.close()
            self._socket.close()
            if self._response is not None:
                self._response.close()


class Body(Protocol):
    """What is sent with a request: it is read piece by piece."""

    def read(self, size: int = -1, /) -> bytes:
        """The next piece; empty at the end."""


def open_stream(
    endpoint: Endpoint,
    method: str,
    path: str,
    params: Mapping[str, Any] | None = None,
    *,
    body: Body | None = None,
    headers: Mapping[str, str] | None = None,
    timeout: float | None = 30.0,
    endless: bool = True,
    silent: bool = False,
) -> EngineStream:
    """Ask and return as soon as the engine begins to answer, at most ``timeout`` seconds later.

    An ``endless`` stream may then be silent for any time; another ends after ``timeout`` seconds of silence. A
    ``silent`` one need not even begin: Podman begins to answer with the first line of a log. What it then says late,
    an error too, is the end of the stream. Raises ``OSError`` when the engine cannot be reached and ``Refused`` when
    it answers with an error.
    """
    connection = _Connection(endpoint, timeout)
    target = f"{path}?{urlencode(params)}" if params else path
    connection.connect()
    stream = EngineStream(connection)
    try:
        _send(connection, method, target, body, dict(headers or {}))
        if not silent or select.select([connection.sock], [], [], SILENCE)[0]:
            stream.begin()
        if endless:
            stream.wait_for_ever()
    except BaseException:
        stream.close()
        raise
    return stream


def _send(connection: _Connection, method: str, target: str, body: Body | None, headers: Mapping[str, str]) -> None:
    sock = connection.sock
    try:
        connection.request(method, target, body=body, headers=headers)
    except OSError as error:
        raise _told(sock, error) from error


def _answer(connection: _Connection, sock: socket.socket) -> http.client.HTTPResponse:
    try:
        response = connection.getresponse()
    except (OSError, http.client.HTTPException) as error:
        raise _told(sock, error) from error
    if response.status >= 400:
        with response:
            text = response.read(1 << 16).decode(errors="replace")
        raise Refused(response.status, message_of(text))
    return response


def _told(sock: socket.socket, error: Exception) -> OSError:
    """The error, or what the ssh client said of it."""
    if isinstance(sock, _SshSocket) and not isinstance(error, TimeoutError):
        return SshFailed(sock.failure())
    return error if isinstance(error, OSError) else ConnectionError(str(error))


def ask(
    endpoint: Endpoint, path: str, timeout: float = CONNECT_TIMEOUT, params: Mapping[str, Any] | None = None
) -> object:
    """The answer to one GET, as JSON; ``None`` where it is none, or broke off."""
    stream = open_stream(endpoint, "GET", path, params, timeout=timeout, endless=False)
    try:
        answer: object = json.loads(b"".join(stream.blocks()))
    except ValueError:
        return None
    return answer


def message_of(text: str) -> str:
    """The engine's sentence in the body of an error answer."""
    try:
        answer = json.loads(text)
    except ValueError:
        return one_line(text, 500)
    return one_line(str(answer.get("message") or "") if isinstance(answer, dict) else text, 2000)
