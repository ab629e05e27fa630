"""Which endpoint is chosen, and why."""

from __future__ import annotations

import hashlib
import json
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from mltui.domain.errors import EngineUnavailable
from mltui.engines.docker import endpoint as module
from mltui.engines.docker.endpoint import Endpoint, find_endpoint
from mltui.engines.docker.wire import open_socket, ssh_command
from tests.conftest import TestEngine


@pytest.fixture(autouse=True)
def no_default_socket(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The machine's own socket, if it has one, is not seen."""
    monkeypatch.setattr(module, "DEFAULT_SOCKET", str(tmp_path / "default.sock"))


def listen(path: Path) -> socket.socket:
    path.parent.mkdir(parents=True, exist_ok=True)
    sock = socket.socket(socket.AF_UNIX)
    sock.bind(str(path))
    return sock


def write_context(home: Path, name: str, host: str, *, tls: bool = False) -> None:
    digest = hashlib.sha256(name.encode()).hexdigest()
    meta = home / ".docker/contexts/meta" / digest
    meta.mkdir(parents=True)
    meta.joinpath("meta.json").write_text(json.dumps({"Name": name, "Endpoints": {"docker": {"Host": host}}}))
    if tls:
        folder = home / ".docker/contexts/tls" / digest / "docker"
        folder.mkdir(parents=True)
        for file in ("ca.pem", "cert.pem", "key.pem"):
            (folder / file).write_text("PEM")


def test_docker_host_comes_first(tmp_path: Path) -> None:
    """``DOCKER_HOST`` wins over the context, and says so."""
    write_context(tmp_path, "gpu-box", "ssh://gpu")
    env = {"HOME": str(tmp_path), "DOCKER_HOST": "tcp://10.0.0.5:2375", "DOCKER_CONTEXT": "gpu-box"}
    found = find_endpoint(environ=env)
    assert (found.url, found.context, found.tls) == ("tcp://10.0.0.5:2375", "DOCKER_HOST", None)


def test_context_of_the_environment_then_of_the_configuration(tmp_path: Path) -> None:
    """``DOCKER_CONTEXT`` wins over the current context of Docker's configuration."""
    write_context(tmp_path, "one", "unix:///one.sock")
    write_context(tmp_path, "two", "ssh://me@two:2222")
    (tmp_path / ".docker/config.json").write_text('{"currentContext": "one"}')
    env = {"HOME": str(tmp_path)}
    assert str(find_endpoint(environ=env)) == "unix:///one.sock (one)"
    assert str(find_endpoint(environ={**env, "DOCKER_CONTEXT": "two"})) == "ssh://me@two:2222 (two)"
    assert str(find_endpoint(context="two", environ={**env, "DOCKER_HOST": "tcp://x:1"})) == "ssh://me@two:2222 (two)"


def test_an_address_alone_finds_the_certificates_of_its_context(tmp_path: Path) -> None:
    """A run remembers its engine by the address; taking it up again needs the context's certificates."""
    write_context(tmp_path, "near", "tcp://near:2376", tls=True)
    write_context(tmp_path, "far", "tcp://far:2376", tls=True)
    environ = {"HOME": str(tmp_path)}
    assert find_endpoint("tcp://far:2376", environ=environ).tls == find_endpoint(context="far", environ=environ).tls
    assert find_endpoint("tcp://other:2376", environ=environ).tls is None


def test_tls_of_a_context(tmp_path: Path) -> None:
    """A context's certificates come with it and are verified."""
    write_context(tmp_path, "far", "tcp://far:2376", tls=True)
    tls = find_endpoint(context="far", environ={"HOME": str(tmp_path)}).tls
    assert tls is not None
    assert tls.verify
    assert Path(tls.cert).name == "cert.pem"
    assert Path(tls.key).exists()


def test_tls_of_the_environment(tmp_path: Path) -> None:
    """``DOCKER_TLS_VERIFY`` and ``DOCKER_CERT_PATH`` count for TCP and not for a socket."""
    for name in ("ca.pem", "cert.pem", "key.pem"):
        (tmp_path / name).write_text("PEM")
    env = {"HOME": str(tmp_path), "DOCKER_TLS_VERIFY": "1", "DOCKER_CERT_PATH": str(tmp_path)}
    far = find_endpoint(environ={**env, "DOCKER_HOST": "tcp://far:2376"})
    assert far.tls is not None
    assert far.tls.ca == str(tmp_path / "ca.pem")
    assert find_endpoint(environ={**env, "DOCKER_HOST": "unix:///x.sock"}).tls is None


def test_unknown_context(tmp_path: Path) -> None:
    """A context that does not exist is refused with its name."""
    with pytest.raises(EngineUnavailable, match="no Docker context named 'nowhere'") as refused:
        find_endpoint(context="nowhere", environ={"HOME": str(tmp_path)})
    assert "docker context ls" in refused.value.hint


def test_sockets_in_their_order(tmp_path: Path) -> None:
    """The default socket, then the rootless one, then Podman's; none at all names the default."""
    runtime = tmp_path / "run"
    env = {"HOME": str(tmp_path), "XDG_RUNTIME_DIR": str(runtime)}
    assert find_endpoint(environ=env).url == f"unix://{module.DEFAULT_SOCKET}"
    with listen(runtime / "podman/podman.sock"):
        assert find_endpoint(environ=env).context == "podman"
        with listen(runtime / "docker.sock"):
            assert find_endpoint(environ=env).context == "rootless"
            with listen(Path(module.DEFAULT_SOCKET)):
                assert find_endpoint(environ=env).context == "default"


@pytest.mark.parametrize(
    ("given", "url"),
    [
        ("/run/x.sock", "unix:///run/x.sock"),
        ("host:2375", "tcp://host:2375"),
        ("http://host:2375", "tcp://host:2375"),
        ("ssh://me@gpu", "ssh://me@gpu"),
    ],
)
def test_an_address_given(given: str, url: str) -> None:
    """An address may be given in the short forms that the docker command takes."""
    assert find_endpoint(given, environ={}).url == url


def test_ssh_never_asks() -> None:
    """The ssh client runs Docker's own bridge and may not ask for a password."""
    command = ssh_command("ssh://me@gpu:2222")
    assert command[-4:] == ["gpu", "docker", "system", "dial-stdio"]
    assert "BatchMode=yes" in command
    assert command[command.index("-l") + 1] == "me"
    assert command[command.index("-p") + 1] == "2222"
    assert ssh_command("ssh://gpu/run/d.sock")[-4:] == ["-H", "unix:///run/d.sock", "system", "dial-stdio"]


def test_a_link_that_dies_without_a_word_is_noticed() -> None:
    """Streams wait for ever on a silent engine, so the link itself is asked: by the kernel, and by the ssh client."""
    server = socket.create_server(("127.0.0.1", 0))
    with server, open_socket(Endpoint(f"tcp://127.0.0.1:{server.getsockname()[1]}")) as sock:
        assert sock.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
        names = ("TCP_KEEPIDLE" if hasattr(socket, "TCP_KEEPIDLE") else "TCP_KEEPALIVE", "TCP_KEEPINTVL")
        quiet, between = (sock.getsockopt(socket.IPPROTO_TCP, getattr(socket, name)) for name in names)
        assert quiet + between * sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPCNT) == 60
    command = ssh_command("ssh://gpu")
    assert command[command.index("ServerAliveInterval=15") - 1] == "-o"
    assert command[command.index("ServerAliveCountMax=3") - 1] == "-o"


def test_choosing_an_endpoint_and_listing_import_no_docker(dockerd: TestEngine) -> None:
    """The screen's first frame and its first lists and figures do not wait for docker-py."""
    code = (
        "import sys; from mltui.engines.docker import DockerEngine, find_endpoint; "
        f"engine = DockerEngine({dockerd.url!r}); find_endpoint(environ={{}}); engine.info(); assert engine.images(); "
        "engine.usage([one.id for one in engine.containers()]); engine.find('none'); "
        "sys.exit(sum(name in sys.modules for name in ('docker', 'requests', 'urllib3')))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
