"""Nobody answers, or not as an engine does: one sentence, with the cure."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from mltui.domain.errors import EngineError, EngineUnavailable, ImageError, NotFound
from mltui.domain.launch import BuildSpec, LaunchSpec
from mltui.domain.run import LABEL_CONTEXT
from mltui.engines.docker import DockerEngine, client
from mltui.engines.docker.client import DockerClient
from mltui.engines.docker.endpoint import Endpoint, Tls
from tests.conftest import TestEngine
from tests.support.require import unavailable


@contextlib.contextmanager
def server(path: Path, answer: Callable[[socket.socket], None]) -> Iterator[str]:
    """A socket at which each caller is given to ``answer``."""
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(path))
    listener.listen()

    def serve() -> None:
        with contextlib.suppress(OSError):
            while True:
                caller, _ = listener.accept()
                with caller, contextlib.suppress(OSError):
                    answer(caller)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield f"unix://{path}"
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join(5)


def refused(url: str) -> EngineUnavailable:
    engine = DockerEngine(url)
    with pytest.raises(EngineUnavailable) as caught:
        engine.info()
    assert "\n" not in str(caught.value)
    assert caught.value.hint
    return caught.value


def test_no_socket(tmp_path: Path) -> None:
    """A socket that is not there: named, with how to start the engine."""
    error = refused(f"unix://{tmp_path}/none.sock")
    assert "no such socket" in error.message
    assert str(tmp_path) in error.message
    assert "systemctl start docker" in error.hint


def test_nobody_listens(tmp_path: Path) -> None:
    """A socket left behind by an engine that is gone."""
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(tmp_path / "d.sock"))
        assert "connection refused" in refused(f"unix://{tmp_path}/d.sock").message


def test_tcp_refused() -> None:
    """A port that nobody has."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        assert "connection refused" in refused(f"tcp://127.0.0.1:{taken.getsockname()[1]}").message


@pytest.mark.parametrize(
    "url",
    ["tcp://host:port", "tcp://host:99999", "tcp://[::1:2375", "tcp://a..b:1", "ssh://me@host:port", "tpc://host:1"],
)
def test_what_is_no_address(url: str) -> None:
    """A slip in DOCKER_HOST is one of the person who typed it, who is told the forms that there are."""
    error = refused(url)
    assert error.message.startswith(f"There is no Docker engine at {url}: ")
    assert "tcp://HOST:PORT" in error.hint


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
def test_permission_denied(tmp_path: Path) -> None:
    """A socket of another user: how to be let in, and what that means."""
    with server(tmp_path / "d.sock", lambda caller: None) as url:
        (tmp_path / "d.sock").chmod(0o600)
        os.seteuid(65534)
        try:
            error = refused(url)
        finally:
            os.seteuid(0)
    assert "permission denied" in error.message
    assert "usermod -aG docker" in error.hint


def test_too_old(tmp_path: Path) -> None:
    """An engine from before GPUs could be asked for."""

    def answer(caller: socket.socket) -> None:
        caller.recv(4096)
        body = b'{"ApiVersion": "1.38", "Version": "18.06.0"}'
        caller.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))

    with server(tmp_path / "d.sock", answer) as url:
        error = refused(url)
    assert "1.38" in error.message
    assert "19.03" in error.hint


@pytest.mark.parametrize("reply", [b"SSH-2.0-OpenSSH_9.2\r\n", b"HTTP/1.1 200 OK\r\n\r\nhello", b""])
def test_something_else_answers(tmp_path: Path, reply: bytes) -> None:
    """What is no engine is refused, whatever it says."""

    def answer(caller: socket.socket) -> None:
        caller.recv(4096)
        caller.sendall(reply)

    with server(tmp_path / "d.sock", answer) as url:
        refused(url)


@pytest.mark.parametrize(
    ("reply", "said"),
    [
        (b"HTTP/1.1 403 Forbidden\r\n\r\n", "does not say which engine it is: status 403."),
        (b'HTTP/1.1 502 Bad\r\n\r\n{"message": "no way there."}', "does not say which engine it is: no way there."),
        (b"HTTP/1.0 400 Bad Request\r\n\r\nClient sent an HTTP request to an HTTPS server.\n", "wants TLS at unix:"),
    ],
)
def test_a_refusal_in_place_of_a_version(tmp_path: Path, reply: bytes, said: str) -> None:
    """A proxy on the way, or an engine that wants TLS: with its own word."""

    def answer(caller: socket.socket) -> None:
        caller.recv(4096)
        caller.sendall(reply)

    with server(tmp_path / "d.sock", answer) as url:
        assert said in refused(url).message


@pytest.mark.parametrize("body", [b"", b"{}", b'{"message": ""}', b'{"message": null, "cause": "", "response": 500}'])
def test_a_refusal_without_a_word(tmp_path: Path, body: bytes) -> None:
    """Its status stands for it."""

    def answer(caller: socket.socket) -> None:
        version = b"/version" in caller.recv(4096)
        found = b'{"ApiVersion": "1.41"}' if version else body
        status = b"200 OK" if version else b"500 Internal Server Error"
        caller.sendall(b"HTTP/1.0 %s\r\nContent-Length: %d\r\n\r\n%s" % (status, len(found), found))

    with server(tmp_path / "d.sock", answer) as url:
        for call in (lambda engine: engine.kill("abc"), lambda engine: engine.inspect("abc")):
            with pytest.raises(EngineError, match=r": status 500\.$"):
                call(DockerEngine(url))


def test_a_list_that_breaks_off(tmp_path: Path) -> None:
    """Half of a list is no list."""

    def answer(caller: socket.socket) -> None:
        version = b"/version" in caller.recv(4096)
        caller.sendall(b"HTTP/1.0 200 OK\r\n\r\n" + (b'{"ApiVersion": "1.41"}' if version else b'[{"Id": "a'))

    with server(tmp_path / "d.sock", answer) as url, pytest.raises(EngineUnavailable, match="broke off"):
        DockerEngine(url).containers()


def test_a_build_that_breaks_off(tmp_path: Path) -> None:
    """The image that was there before is not taken for what was to be built."""
    (tmp_path / "Dockerfile").write_text("FROM scratch\n")
    before = json.dumps({"Id": "sha256:old", "Config": {"Labels": {LABEL_CONTEXT: "before"}}}).encode()
    version = b'{"ApiVersion": "1.41"}'

    def answer(caller: socket.socket) -> None:
        asked = caller.recv(1 << 16)
        if b"/build" in asked:
            caller.settimeout(0.3)
            with contextlib.suppress(TimeoutError):
                while caller.recv(1 << 16):
                    pass
            caller.sendall(b'HTTP/1.0 200 OK\r\n\r\n{"stream": "Step 1/2 : FROM scratch"}\r\n')
            return
        body = version if b"/version" in asked else before
        caller.sendall(b"HTTP/1.0 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))

    spec = LaunchSpec(
        run_id="r",
        labels={},
        profile="p",
        name="n",
        image="demo",
        project=str(tmp_path),
        build=BuildSpec(str(tmp_path)),
    )
    with server(tmp_path / "d.sock", answer) as url, pytest.raises(ImageError, match="ended before it was done"):
        DockerEngine(url).prepare(spec, lambda news: None)


def test_answers_that_are_long_in_coming(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Podman looks around for them, which takes seconds on a busy machine; that it is there it says at once."""
    monkeypatch.setattr(client, "CONNECT_TIMEOUT", 1.2)
    asked: list[bytes] = []

    def answer(caller: socket.socket) -> None:
        asked.append(caller.recv(4096).split()[1])
        if asked[-1] != b"/_ping":
            time.sleep(0.5)
        caller.sendall(b'HTTP/1.0 200 OK\r\n\r\n{"ApiVersion": "1.41", "NCPU": 3}')

    with server(tmp_path / "d.sock", answer) as url:
        assert DockerEngine(url).info().cpus == 3
    info = b"/v1.41/info"
    assert asked == [b"/version", b"/_ping", b"/version", info, b"/_ping", info]


def test_over_ssh_an_engine_has_time_to_tell_of_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each question is a login there: it is asked once, and waited for."""
    asked: list[tuple[str, float]] = []

    def answer(endpoint: Endpoint, path: str, timeout: float) -> object:
        asked.append((path, timeout))
        return {"ApiVersion": "1.41", "NCPU": 3}

    monkeypatch.setattr(client, "ask", answer)
    assert DockerClient(Endpoint("ssh://gpu")).machine()["NCPU"] == 3
    assert asked == [("/version", client.CONNECT_TIMEOUT), ("/v1.41/info", client.QUICK)]


def test_an_engine_that_never_answers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A hung engine is given up."""
    monkeypatch.setattr(client, "CONNECT_TIMEOUT", 1.2)
    held: list[socket.socket] = []
    with server(tmp_path / "d.sock", lambda caller: held.append(caller.dup())) as url:
        assert "did not answer in time" in refused(url).message
    for caller in held:
        caller.close()


def test_unsupported_address() -> None:
    """An address of another system is refused by its form."""
    assert "npipe://" in refused("npipe:////./pipe/docker_engine").message


@pytest.fixture
def fake_ssh(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Puts a script in the place of the ssh client: it can do all but leave this machine."""

    def write(script: str) -> None:
        folder = tmp_path / "bin"
        folder.mkdir()
        (folder / "ssh").write_text(f"#!/bin/sh\n{script}\n")
        (folder / "ssh").chmod(0o755)
        monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")

    return write


def test_ssh_that_fails(fake_ssh: Callable[[str], None]) -> None:
    """The ssh client's own last words are the reason."""
    fake_ssh("echo 'me@gpu: Permission denied (publickey).' >&2; exit 255")
    error = refused("ssh://me@gpu")
    assert "Permission denied (publickey)" in error.message
    assert "without a password" in error.hint


def test_ssh(dockerd: TestEngine, fake_ssh: Callable[[str], None]) -> None:
    """Calls and streams pass through the ssh client; a stream is ended from outside, and no client stays."""
    if not shutil.which("docker"):
        unavailable("needs the docker command for `docker system dial-stdio`")
    fake_ssh(f'while [ "$1" != -- ]; do shift; done; shift 2; DOCKER_HOST={dockerd.url} exec "$@"')
    engine = DockerEngine("ssh://gpu")
    info = engine.info()
    assert info.version
    assert not info.local
    assert engine.images()
    events = engine.events()
    done = threading.Event()
    threading.Thread(target=lambda: (list(events), done.set()), daemon=True).start()
    events.close()
    assert done.wait(10)
    engine.close()


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for 127.0.0.1 that signs itself, and its key."""
    if not shutil.which("openssl"):
        unavailable("needs openssl")
    folder = tmp_path_factory.mktemp("tls")
    command = "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost -keyout key.pem -out cert.pem"
    command += " -addext subjectAltName=IP:127.0.0.1"
    subprocess.run(command.split(), cwd=folder, check=True, capture_output=True)
    return folder


@contextlib.contextmanager
def tls_front(socket_path: str, certificates: Path) -> Iterator[str]:
    """A TLS port in front of an engine's socket."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificates / "cert.pem", certificates / "key.pem")
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        with contextlib.suppress(OSError):
            while True:
                caller, _ = listener.accept()
                threading.Thread(target=carry, args=(caller,), daemon=True).start()

    def carry(caller: socket.socket) -> None:
        with (
            contextlib.suppress(OSError),
            context.wrap_socket(caller, server_side=True) as outer,
            socket.socket(socket.AF_UNIX) as inner,
        ):
            inner.connect(socket_path)
            back = threading.Thread(target=copy, args=(inner, outer), daemon=True)
            back.start()
            copy(outer, inner)
            back.join(5)

    def copy(source: socket.socket, target: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                target.sendall(data)
        for end in (source, target):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    threading.Thread(target=serve, daemon=True).start()
    yield f"tcp://127.0.0.1:{listener.getsockname()[1]}"
    listener.shutdown(socket.SHUT_RDWR)
    listener.close()


def test_tls(dockerd: TestEngine, certificates: Path) -> None:
    """Calls and streams pass through TLS when the certificate is the expected one, and only then."""
    trusted = Tls(ca=str(certificates / "cert.pem"))
    with tls_front(dockerd.url.removeprefix("unix://"), certificates) as url:
        client = DockerClient(Endpoint(url, "", trusted))
        with client.call("-") as api:
            assert api.images() == client.rows("/images/json")
        with pytest.raises(NotFound, match="No such container"):
            client.get("/containers/none/json", what="-")
        stream = client.stream("GET", "/events", what="-")
        stream.close()
        assert stream.read() == b""
        client.close()
        with pytest.raises(EngineUnavailable, match="does not accept TLS") as refused_tls:
            DockerClient(Endpoint(url, "", Tls())).version()
        assert "DOCKER_CERT_PATH" in refused_tls.value.hint
