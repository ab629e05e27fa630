"""Starts that fail, limits, terminals: what the engine refuses and what it gives."""

from __future__ import annotations

import contextlib
import json
from dataclasses import replace

import pytest

from mltui.domain.errors import EngineError, NotFound, StartError
from mltui.domain.launch import Mount, MountType, Port, Resources, Ulimit
from mltui.engines.base import ImageRef
from mltui.engines.docker.create import start_refusal
from mltui.engines.docker.wire import Refused
from tests.contracts.conftest import Rig, collect


def test_taken_port_names_who_has_it(rig: Rig) -> None:
    """A published port that another container has: its name is told, and nothing is left."""
    first = rig.spec("sleep 60", ports=(Port(8000, None),))
    holder = rig.create(first)
    rig.engine.start(holder)
    row = next(row for row in rig.engine.containers() if row.id == holder)
    taken = int(row.ports[0].partition("->")[0].rpartition(":")[2])
    assert row.ports == (f"127.0.0.1:{taken}->8000/tcp",)
    second = rig.spec("sleep 60", ports=(Port(8000, taken),))
    with pytest.raises(StartError) as refused:
        rig.engine.start(rig.create(second))
    assert f"port {taken} is taken by the container {first.name}" in refused.value.message
    assert rig.engine.find(second.run_id) is None


def test_taken_name(rig: Rig) -> None:
    """A name that another container has is told with the way out."""
    spec = rig.spec("true")
    rig.create(spec)
    with pytest.raises(StartError, match=f"there is a container named {spec.name} already") as refused:
        rig.create(spec)
    assert f"docker rm {spec.name}" in refused.value.hint


def test_missing_mount_source(rig: Rig) -> None:
    """A folder that is not there is named, and not made as root."""
    missing = rig.project / "no-data"
    for refuse in (rig.engine.check, rig.create):
        with pytest.raises(StartError, match="no-data"):
            refuse(rig.spec("true", mounts=(Mount("/data", str(missing)),)))
    assert not missing.exists()


def test_missing_image(rig: Rig) -> None:
    """An image that went after it was prepared."""
    with pytest.raises(EngineError, match="mltui-test/gone"):
        rig.engine.create(rig.spec("true"), ImageRef("mltui-test/gone", ""))


def test_more_cpus_than_there_are(rig: Rig) -> None:
    """Refused in our words, before anything is made, and by the engine itself too."""
    spec = rig.spec("true", resources=Resources(cpus=4096))
    for refuse in (rig.engine.check, rig.create):
        with pytest.raises(StartError) as refused:
            refuse(spec)
        assert "Ask for 0.01 to" in refused.value.hint


def test_limit_below_the_least(rig: Rig) -> None:
    """A memory limit that no process could live with."""
    with pytest.raises(StartError, match="memory limit is too small"):
        rig.create(rig.spec("true", resources=Resources(memory=1 << 20)))


def test_missing_command_under_init(rig: Rig) -> None:
    """With ``init`` the engine starts, and init ends with the shell's code; the log says why."""
    _, status, output = rig.run(rig.spec(command=("no-such-command",), init=True))
    assert status.exit_code == 127
    assert b"no-such-command" in output[2]


def test_missing_working_directory_and_user(rig: Rig) -> None:
    """A user that the image does not have."""
    with pytest.raises(StartError, match="user does not exist"):
        rig.engine.start(rig.create(rig.spec("true", user="nosuchuser")))


def test_out_of_memory(rig: Rig) -> None:
    """A command over its memory limit is killed with 137, and the status says that it was for memory."""
    script = "exec tail /dev/zero"
    _, status, _ = rig.run(rig.spec(script, resources=Resources(memory=16 << 20), init=False))
    assert status.exit_code == 137
    # The kernel's report may come after the end: then it is in the engine's events alone.
    for told in (status, replace(status, oom_killed=False)):
        assert rig.engine.ran_out_of_memory(told)


def test_killed_with_memory_left(rig: Rig) -> None:
    """A command that was killed did not run out of memory, nor did one that ends by itself with an exit code."""
    container = rig.create(rig.spec("trap : USR1; while :; do sleep 0.02; done"))
    rig.engine.start(container)
    with rig.engine._client.call("-") as api:
        api.kill(container, "USR1")
    rig.engine.kill(container)
    assert rig.engine.ran_out_of_memory(rig.ended(container)) is False
    _, by_itself, _ = rig.run(rig.spec("exit 3"))
    assert rig.engine.ran_out_of_memory(by_itself) is False
    # A child killed itself: the engine knows nothing of that.
    _, by_signal, _ = rig.run(rig.spec("kill -9 $$"))
    assert rig.engine.ran_out_of_memory(by_signal) is None


def test_everything_arrives(rig: Rig) -> None:
    """Limits, mounts, rights and the rest of a launch are what the engine has of the container."""
    spec = rig.spec(
        "id -u; id -G; cat /proc/sys/kernel/hostname; ulimit -n; df -k /dev/shm | tail -1; touch /root 2>&1; "
        "echo '#!/bin/sh' > /scratch/x && chmod +x /scratch/x && /scratch/x && echo ran; "
        "grep -c ' /in [a-z0-9]* ro' /proc/mounts; getent hosts box || grep box /etc/hosts",
        user="1234:1235",
        group_add=("4321",),
        hostname="trainer",
        ulimits=(Ulimit("nofile", 1024, 2048),),
        shm_size=32 << 20,
        read_only=True,
        cap_drop=("ALL",),
        security_opt=("no-new-privileges",),
        extra_hosts=("box:10.1.2.3",),
        resources=Resources(cpus=0.5, memory=256 << 20, memory_request=64 << 20, pids=64),
        mounts=(
            Mount("/scratch", type=MountType.TMPFS, size=1 << 20),
            Mount("/in", str(rig.project), read_only=True),
            Mount("/cache", "mltui-test-volume", MountType.VOLUME),
        ),
        log_options={"max-size": "5m", "max-file": "2"},
        stop_signal="SIGINT",
    )
    container, _, output = rig.run(spec)
    lines = output[1].decode().splitlines()
    assert lines[:4] == ["1234", "1235 4321", "trainer", "1024"]
    assert lines[4].split()[1] == "32768"
    assert "Read-only" in lines[5] or "denied" in lines[5]
    assert lines[6:8] == ["ran", "1"]
    assert lines[8].split()[0] == "10.1.2.3"
    details = rig.engine.details(container)
    host, config = details["HostConfig"], details["Config"]
    assert (host["NanoCpus"], host["Memory"], host["MemorySwap"]) == (500_000_000, 256 << 20, 256 << 20)
    assert (host["PidsLimit"], host["MemoryReservation"], host["Init"]) == (64, 64 << 20, True)
    assert host["CapDrop"] == ["ALL"]
    assert host["LogConfig"] == {"Type": "json-file", "Config": {"max-size": "5m", "max-file": "2"}}
    assert (config["StopSignal"], config["StopTimeout"]) == ("SIGINT", 20)


def test_seccomp_profile_of_a_file(rig: Rig) -> None:
    """A seccomp profile named as a file of the project holds; one that cannot be read is named."""
    refuse_mkdir = {"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["mkdir"], "action": "SCMP_ACT_ERRNO"}]}
    (rig.project / "strict.json").write_text(json.dumps(refuse_mkdir))
    _, status, output = rig.run(rig.spec("mkdir /tmp/x", security_opt=("seccomp=strict.json",)))
    assert status.exit_code == 1
    assert b"not permitted" in output[2]
    with pytest.raises(StartError, match=r"gone\.json cannot be read"):
        rig.create(rig.spec("true", security_opt=("seccomp=gone.json",)))


def test_entrypoint_and_images_own_command(rig: Rig) -> None:
    """An entrypoint is put in front of the command; with neither the image's own command runs."""
    _, _, output = rig.run(rig.spec(entrypoint=("echo", "in front"), command=("of it",)))
    assert output[1] == b"in front of it\n"
    _, status, _ = rig.run(rig.spec(None))
    assert status.exit_code == 0


def test_terminal(rig: Rig) -> None:
    """With a TTY the bytes come as a terminal would get them, live and recorded, and it has a size."""
    spec = rig.spec("printf '\\rstep 1\\rstep 2\\n'; sleep 0.5; stty size; echo err >&2", tty=True)
    container, status, output = rig.run(spec)
    assert status.tty
    assert output[1] == b"\rstep 1\rstep 2\r\n40 120\r\nerr\r\n"
    assert collect(rig.engine.logs(container)) == output


def test_terminal_at_full_speed(rig: Rig) -> None:
    """A TTY container's flood comes in blocks, not byte by byte."""
    container = rig.create(rig.spec("yes 0123456789 | head -n 100000", tty=True))
    stream = rig.engine.attach(container)
    rig.engine.start(container)
    sizes = [len(chunk.data) for chunk in stream]
    assert sum(sizes) == 100_000 * 12
    assert len(sizes) < 20_000


def test_log_that_cannot_be_read(rig: Rig) -> None:
    """A container with no recorded log says so when it is asked for it; its live output still comes."""
    container, _, output = rig.run(rig.spec("echo live", log_driver="none"))
    assert output[1] == b"live\n"
    with pytest.raises(EngineError, match="logging driver"):
        collect(rig.engine.logs(container))


def test_restart(rig: Rig) -> None:
    """An ended container is started again and keeps its log."""
    container, _, _ = rig.run(rig.spec("echo again"))
    rig.engine.restart(container)
    rig.ended(container)
    assert collect(rig.engine.logs(container))[1] == b"again\nagain\n"


def test_who_ended_it(rig: Rig) -> None:
    """A container that was told to end is known from one that ended by itself, whatever their exit codes."""
    _, by_itself, _ = rig.run(rig.spec("true"))
    assert not rig.engine.told_to_end(by_itself)
    container = rig.create(rig.spec('trap "exit 0" TERM; echo ready; while :; do sleep 0.02; done'))
    stream = rig.engine.attach(container)
    rig.engine.start(container)
    assert next(iter(stream)).data == b"ready\n"
    rig.engine.stop(container)
    told = rig.ended(container)
    assert told.exit_code == 0
    assert rig.engine.told_to_end(told)


def test_unknown_container(rig: Rig) -> None:
    """Everything asked of a container that is not there is ``NotFound``."""
    asks = (rig.engine.attach, rig.engine.start, rig.engine.logs, rig.engine.details, rig.engine.restart)
    for ask in asks:
        with pytest.raises(NotFound):
            ask("0123456789ab")


@pytest.mark.parametrize(
    ("text", "code", "meaning"),
    [
        ('exec: "docker-init": executable file not found in $PATH: unknown', 125, "no init program"),
        ('runc create failed: exec: "/bin/x": stat /bin/x: no such file or directory: unknown', 127, "not exist"),
        ("standard_init_linux.go:228: exec user process caused: exec format error", 126, "another kind of processor"),
        ("error setting rlimit type 8: operation not permitted: unknown", 125, "ulimits"),
        ("write /var/lib/docker/x: no space left on device", 125, "disk is full"),
        ("driver failed programming external connectivity on endpoint x (ab): Error starting userland proxy: listen "
         "tcp4 127.0.0.1:8888: bind: address already in use", 125, "port 8888 is taken"),
        ("driver failed programming external connectivity on endpoint x (ab): Bind for 0.0.0.0:8888 failed: port is "
         "already allocated", 125, "port 8888 is taken"),
        ("statfs /no/data: no such file or directory", 125, "no /no/data on the engine's machine"),
        ('runc create failed: unable to start container process: error mounting "/home/data" to rootfs at "/x": not a '
         "directory: unknown: Are you trying to mount a directory onto a file?", 125, "/home/data cannot"),
        ('chdir to cwd ("/root/work") set in config.json failed: permission denied: unknown', 126, "/root/work cannot"),
        ("network lab not found", 125, "no network lab"),
        ("something new\nand odd \x1b[31m", 125, "something new and odd"),
    ],
)  # fmt: skip
def test_known_refusals(text: str, code: int, meaning: str) -> None:
    """The engine's text is turned into what it means; what is unknown is passed on in one clean line."""
    error = start_refusal("run", Refused(500, text))
    assert isinstance(error, StartError)
    assert error.exit_code == code
    assert meaning in error.message
    assert "\x1b" not in str(error)
    assert "\n" not in str(error)


@pytest.fixture(autouse=True)
def volumes_removed(rig: Rig) -> object:
    """The named volume of these tests does not stay."""
    yield
    rig.clear()
    rig.made.clear()
    with contextlib.suppress(EngineError), rig.engine._client.call("-") as api:
        api.remove_volume("mltui-test-volume", force=True)
