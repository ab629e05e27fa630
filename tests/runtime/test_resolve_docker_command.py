"""The docker lines of a launch: everything in it is there, and an engine makes the same container from them."""

import json
import os
import shlex
import shutil
import subprocess
from dataclasses import replace

import pytest

from mltui.domain.launch import BuildSpec, GpuRequest, LaunchSpec, Mount, MountType, Port, Resources, Ulimit
from mltui.domain.text import clean
from mltui.engines.base import ImageRef
from mltui.runtime.docker_command import build_argv, docker_command, run_argv
from tests.support.images import BUSYBOX

PLAIN = LaunchSpec(
    run_id="abcd2345",
    profile="p",
    name="mltui-p-abcd2345",
    image=BUSYBOX,
    project="/p",
    labels={"mltui.run": "abcd2345", "mltui.profile": "p"},
)


def full(tmp_path) -> LaunchSpec:
    """A launch that uses every field that an engine without a GPU and without full rights can give."""
    source = tmp_path / "a, b"
    source.mkdir()
    return LaunchSpec(
        run_id="abcd2345",
        profile="p",
        name="mltui-p-abcd2345",
        image=BUSYBOX,
        project=str(tmp_path),
        command=("sh", "-c", "echo \"$HOME\" '\n' && exit"),
        entrypoint=("env", "-i"),
        environment={"A": "1 2", "EMPTY": "", "TOKEN": "very-secret"},
        secrets=frozenset({"TOKEN"}),
        mounts=(
            Mount("/data", str(source), read_only=True),
            Mount("/cache", "some-volume", MountType.VOLUME),
            Mount("/t", type=MountType.TMPFS, size=1 << 20),
            Mount("/u", type=MountType.TMPFS),
        ),
        ports=(Port(80, 8080), Port(53, None, "127.0.0.1", "udp"), Port(81, 8081, "0.0.0.0")),
        user="1000:1000",
        home="/home/mltui",
        working_dir="/data",
        hostname="host",
        shm_size=64 << 20,
        ipc="private",
        pid="host",
        network_mode="bridge",
        runtime="runc",
        devices=("/dev/null:/dev/nothing:rw",),
        ulimits=(Ulimit("nofile", 1024, 2048),),
        resources=Resources(cpus=1.5, memory=512 << 20, cpus_request=0.5, memory_request=256 << 20, pids=99),
        read_only=True,
        cap_add=("SYS_PTRACE",),
        cap_drop=("ALL",),
        security_opt=("no-new-privileges:true",),
        group_add=("44",),
        extra_hosts=("db:10.0.0.1",),
        init=True,
        tty=True,
        stop_grace_period=12.5,
        stop_signal="SIGINT",
        labels={"mltui.run": "abcd2345", "mltui.profile": "p", "with": 'a "quote" and $x'},
        log_driver="json-file",
        log_options={"max-size": "5m"},
    )


def test_the_line_of_a_small_launch():
    """One option a line, quoted for a shell, no word more than needed."""
    assert docker_command(PLAIN) == (
        "docker run -d \\\n  --name mltui-p-abcd2345 \\\n"
        "  --init \\\n  --stop-timeout 30 \\\n  --log-driver json-file \\\n"
        "  --label mltui.run=abcd2345 \\\n  --label mltui.profile=p \\\n  mltui-test/busybox"
    )


def test_without_an_image_it_is_the_command_of_the_plain_process():
    """No docker line starts the same thing, so none is shown; a secret is in no line."""
    spec = replace(
        PLAIN, image="", project="/p q", command=("python3", "a.py"), entrypoint=None,
        environment={"A": "1 2", "TOKEN": "very-secret"}, secrets=frozenset({"TOKEN"}),
    )  # fmt: skip
    assert docker_command(spec) == "cd '/p q' && env \\\n  'A=1 2' \\\n  python3 a.py"


def test_a_build_comes_first():
    """With its Dockerfile's path as the command line takes it."""
    build = BuildSpec("/p/ctx", "docker/Dockerfile", {"A": "1 2"}, "stage", "host")
    spec = replace(PLAIN, build=build)
    first, second = docker_command(spec).split("\ndocker run")
    assert shlex.split(first.replace("\\\n", "")) == build_argv(spec) == [
        "docker", "build", "-t", BUSYBOX, "-f", "/p/ctx/docker/Dockerfile", "--build-arg", "A=1 2",
        "--target", "stage", "--network", "host", "/p/ctx",
    ]  # fmt: skip
    assert second.endswith(BUSYBOX)
    assert build_argv(PLAIN) == []


@pytest.mark.parametrize(
    ("gpus", "words"),
    [
        (GpuRequest(all=True), ["--gpus", "all"]),
        (GpuRequest(count=2), ["--gpus", "2"]),
        (GpuRequest(device_ids=("GPU-1",)), ["--gpus", "device=GPU-1"]),
        (GpuRequest(device_ids=("0", "1")), ["--gpus", '"device=0,1"']),
        (GpuRequest(count=1, capabilities=("gpu", "utility")), ["--gpus", "count=1,capabilities=utility"]),
        (GpuRequest(), []),
    ],
)
def test_gpus_as_the_command_line_takes_them(gpus, words):
    """A list of devices is quoted inside the word, as CSV."""
    spec = replace(PLAIN, gpus=gpus)
    argv = run_argv(spec)
    found = argv[argv.index("--gpus") :][:2] if "--gpus" in argv else []
    assert found == words


def test_a_secret_is_a_name_only(tmp_path):
    """Its value is in no line; a shell reads the line back word by word."""
    spec = full(tmp_path)
    line = docker_command(spec)
    assert "very-secret" not in line
    assert "-e TOKEN \\" in line
    assert words_of(line) == run_argv(spec)


def test_no_byte_of_a_launch_steers_the_terminal():
    """Control characters and marks that reorder text are spelled out, and still arrive."""
    spec = replace(PLAIN, command=("\x1b]0;x\x07", "a\u202eb", "é'\\n\n"))
    line = docker_command(spec)
    assert clean(line) == line
    assert words_of(line) == run_argv(spec)
    # What is usual in a script is written as a person would.
    assert r"$'print(\'a\')\n\tb\\'" in docker_command(replace(PLAIN, command=("print('a')\n\tb\\",)))


def words_of(line: str) -> list[str]:
    """What a shell makes of a line."""
    script = 'docker() { printf "%s\\0" docker "$@"; }\n' + line
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=True)
    return done.stdout.split("\0")[:-1]


@pytest.mark.docker
@pytest.mark.skipif(shutil.which("docker") is None, reason="the docker command line is not installed")
@pytest.mark.parametrize("which", ["plain", "full"])
def test_the_line_makes_the_same_container(dockerd, docker_engine, tmp_path, which):
    """What the docker command line makes of it and what the engine makes of the launch cannot be told apart."""
    spec = full(tmp_path) if which == "full" else PLAIN
    argv = run_argv(spec)
    assert argv[:3] == ["docker", "run", "-d"]
    by_hand = subprocess.run(
        ["docker", "-H", dockerd.url, "create", *argv[3:]],
        env={"PATH": os.environ["PATH"], "HOME": str(tmp_path), "TOKEN": "very-secret"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert by_hand.returncode == 0, by_hand.stderr
    first = by_hand.stdout.strip()
    try:
        expected = inspect(dockerd.url, first)
    finally:
        docker_engine.remove(first, force=True)
    second = docker_engine.create(spec, ImageRef(BUSYBOX, BUSYBOX))
    try:
        assert inspect(dockerd.url, second) == expected
    finally:
        docker_engine.remove(second, force=True)


def inspect(url: str, container_id: str) -> dict[str, object]:
    """What defines a container, without what differs between any two, and with one spelling for nothing."""
    done = subprocess.run(
        ["docker", "-H", url, "inspect", container_id], capture_output=True, text=True, check=True,
        env={"PATH": os.environ["PATH"]},
    )  # fmt: skip
    (found,) = json.loads(done.stdout)
    config, host = found["Config"], found["HostConfig"]
    config["Labels"] = {name: value for name, value in config["Labels"].items() if name != "mltui.secrets"}
    config["Env"] = sorted(config["Env"])
    # The command line says that it will not attach, and how large the terminal is that it was typed in.
    for name in ("AttachStdout", "AttachStderr", "OpenStdin", "StdinOnce"):
        config.pop(name)
    host.pop("ConsoleSize", None)
    for mount in host.get("Mounts") or []:
        mount.pop("ReadOnly", None) if not mount.get("ReadOnly") else None
    if host["RestartPolicy"]["Name"] == "no":
        host["RestartPolicy"]["Name"] = ""
    host["CapAdd"] = [name.removeprefix("CAP_") for name in host["CapAdd"] or ()]
    if found["Id"].startswith(config["Hostname"]):
        config["Hostname"] = ""
    # The command line takes one word as entrypoint; what runs is both, one after the other.
    words = [*(config.pop("Entrypoint") or ()), *(config.pop("Cmd") or ())]
    return {
        "name": found["Name"],
        "words": words,
        **{f"config.{name}": value or None for name, value in config.items()},
        **{f"host.{name}": value or None for name, value in host.items()},
    }
