"""What every engine does alike, run on the real ones."""

from __future__ import annotations

import contextlib
import os
import threading
import time
from pathlib import Path

import pytest

from mltui.domain.container import Limits
from mltui.domain.errors import EngineError, EngineUnavailable, NotFound, StartError
from mltui.domain.launch import Resources
from mltui.engines.base import ChangesLimits, Engine, ListsContainers, ReportsUsage, TellsOutOfMemory
from mltui.runtime.memory_kills import MemoryKills
from tests.contracts.conftest import Rig, collect, until


def test_it_says_who_it_is(engine: Engine) -> None:
    """``info`` names the engine, the machine and its size."""
    info = engine.info()
    assert info.engine == engine.name
    assert info.product
    assert info.version
    assert info.host
    assert info.cpus == os.cpu_count()
    assert info.memory > 1 << 28
    assert info.local


def test_output_of_both_streams_comes_from_the_first_byte(rig: Rig) -> None:
    """What is attached before the start misses nothing and keeps the streams apart."""
    _, status, output = rig.run(rig.spec("echo one; echo two >&2; echo three"))
    assert output == {1: b"one\nthree\n", 2: b"two\n"}
    assert status.exit_code == 0
    assert status.started
    assert status.finished
    # Podman notes the start of a short container some milliseconds after its end.
    assert status.finished >= status.started - 0.1


def test_recorded_log_equals_what_attach_saw(rig: Rig) -> None:
    """The log of an ended container has the same bytes for each stream, each with the time it was written."""
    container, status, seen = rig.run(rig.spec("for i in $(seq 2000); do echo out $i; echo err $i >&2; done"))
    chunks = list(rig.engine.logs(container))
    assert collect(chunks) == seen
    assert seen[1].count(b"\n") == seen[2].count(b"\n") == 2000
    for chunk in chunks:
        assert chunk.time is not None
        assert status.started - 1 <= chunk.time <= status.finished + 1


def test_equal_lines_are_as_many_in_the_log(rig: Rig) -> None:
    """A line that is printed again and again is there as often, also from a log that is followed."""
    container, _, seen = rig.run(rig.spec("for i in $(seq 50); do echo same; done; printf end"))
    assert seen[1] == b"same\n" * 50 + b"end"
    for follow in (True, False):
        assert collect(rig.engine.logs(container, follow=follow)) == seen


def test_a_log_that_is_read_late_is_whole(rig: Rig) -> None:
    """Who follows a log and is slower than the command misses nothing of it: not what comes when that has ended."""
    wait = "while [ ! -e $OUTPUTS/go ]; do sleep 0.05; done"
    spec = rig.spec(f"echo begin; {wait}; seq 2000; printf pa; sleep 0.3; echo rt; seq 2000 >&2")
    container = rig.create(spec)
    rig.engine.start(container)
    stream = rig.engine.logs(container)
    chunks = iter(stream)
    assert next(chunks).data == b"begin\n"
    (Path(spec.outputs_host) / "go").touch()
    rig.ended(container)
    numbers = b"".join(b"%d\n" % number for number in range(1, 2_001))
    assert collect(rig.engine.logs(container)) == {1: b"begin\n" + numbers + b"part\n", 2: numbers}
    # Podman ends its follower a quarter of a second after the container, whether or not all has been read.
    time.sleep(0.5)
    assert collect(chunks) == {1: numbers + b"part\n", 2: numbers}


@pytest.mark.parametrize("code", [0, 1, 3, 42, 255])
def test_exit_code_is_the_commands_own(rig: Rig, code: int) -> None:
    """The status has the code that the command ended with."""
    _, status, _ = rig.run(rig.spec(f"exit {code}"))
    assert (status.state, status.exit_code) == ("exited", code)


def test_killed_by_a_signal_is_128_and_the_signal(rig: Rig) -> None:
    """A command that a signal ended has the code a shell gives it."""
    _, status, _ = rig.run(rig.spec("kill -9 $$"))
    assert status.exit_code == 137
    assert not status.oom_killed


def test_killed_for_want_of_memory(rig: Rig) -> None:
    """That a command went over its memory limit is known: from the engine, else from the kernel."""
    if not isinstance(rig.engine, TellsOutOfMemory):
        assert rig.engine.name == "local"
        return
    kills = MemoryKills()
    _, status, _ = rig.run(rig.spec("exec tail /dev/zero", resources=Resources(memory=16 << 20), init=False))
    assert status.exit_code == 137

    def known() -> bool | None:
        # On a busy machine an engine may take more than the three seconds in which it has to answer.
        with contextlib.suppress(EngineUnavailable):
            return kills.ended(status, rig.engine)
        return None

    assert until(known, lambda said: said is not None)


def test_command_environment_and_working_directory(rig: Rig, tmp_path: Path) -> None:
    """Words of the command stay whole, variables arrive with any text, the working directory is where it runs."""
    odd = "ü 日本 $HOME 'quoted' \"twice\" \\ end"
    spec = rig.spec(
        command=("sh", "-c", 'printf "%s|" "$@" "$ODD"; pwd', "sh", "two words", "*", ""),
        environment={"ODD": odd, "OUTPUTS": "/outputs"},
        working_dir="/outputs",
    )
    _, status, output = rig.run(spec)
    words, _, folder = output[1].decode().rstrip("\n").rpartition("|")
    assert words == f"two words|*||{odd}"
    assert os.path.basename(folder).startswith("outputs")
    assert status.exit_code == 0


def test_outputs_are_on_the_host_and_the_callers_own(rig: Rig) -> None:
    """A file written to the run's outputs is there on the host, owned by the caller."""
    spec = rig.spec("cd $OUTPUTS && echo kept > model.bin && id -u")
    _, status, _ = rig.run(spec)
    made = Path(spec.outputs_host) / "model.bin"
    assert status.exit_code == 0
    assert made.read_text() == "kept\n"
    assert made.stat().st_uid == os.getuid()


def test_a_megabyte_without_a_newline(rig: Rig) -> None:
    """A line of any length comes whole, live and recorded."""
    container, _, output = rig.run(rig.spec("head -c 1000000 /dev/zero | tr '\\0' x; echo"))
    assert output[1] == b"x" * 1_000_000 + b"\n"
    assert collect(rig.engine.logs(container))[1] == output[1]


def test_any_text_passes_as_it_is(rig: Rig) -> None:
    """Escape sequences, carriage returns and letters of every script are the caller's to judge, not the engine's."""
    text = "\x1b[31mred\x1b[0m\r50%\r100%\x08\x08 é 日本 🚀"
    spec = rig.spec('printf %s "$TEXT"', environment={"TEXT": text})
    container, _, output = rig.run(spec)
    assert output[1].decode() == text
    assert collect(rig.engine.logs(container))[1].decode() == text


def test_follow_goes_on_until_the_end(rig: Rig) -> None:
    """A log opened while the container runs has what was, then what comes, and ends with it."""
    spec = rig.spec("echo before; while [ ! -e $OUTPUTS/go ]; do sleep 0.05; done; echo after")
    container = rig.create(spec)
    rig.engine.start(container)
    stream = rig.engine.logs(container)
    chunks = iter(stream)
    assert next(chunks).data == b"before\n"
    (Path(spec.outputs_host) / "go").touch()
    assert b"".join(chunk.data for chunk in chunks) == b"after\n"


def test_tail_is_the_last_lines(rig: Rig) -> None:
    """``tail`` gives the last lines only; without following it ends there."""
    container, _, _ = rig.run(rig.spec("for i in $(seq 100); do echo line $i; done"))
    assert collect(rig.engine.logs(container, follow=False, tail=3))[1] == b"line 98\nline 99\nline 100\n"


@pytest.mark.parametrize("source", ["attach", "logs"])
def test_close_ends_a_stream_from_another_thread(rig: Rig, source: str) -> None:
    """A reader that waits for output wakes up when its stream is closed; the container goes on."""
    container = rig.create(rig.spec("echo ready; sleep 60"))
    attached = rig.engine.attach(container)
    rig.engine.start(container)
    stream = attached if source == "attach" else rig.engine.logs(container)
    ready, done = threading.Event(), threading.Event()

    def read() -> None:
        for _ in stream:
            ready.set()
        done.set()

    reader = threading.Thread(target=read, daemon=True)
    reader.start()
    assert ready.wait(30)
    stream.close()
    stream.close()
    assert done.wait(10)
    assert rig.engine.inspect(container).state == "running"
    attached.close()


def test_found_by_the_runs_label(rig: Rig) -> None:
    """A run's container is found by the run alone, with its labels; another run has none."""
    spec = rig.spec("sleep 60", labels={"mltui.params": '{"lr": 0.1}'})
    container = rig.create(spec)
    rig.engine.start(container)
    found = rig.engine.find(spec.run_id)
    assert found is not None
    assert (found.id, found.name, found.state) == (container, spec.name, "running")
    assert found.labels["mltui.params"] == '{"lr": 0.1}'
    assert found.exit_code is None
    assert rig.engine.find("nosuchrun") is None


def test_stop_asks_first(rig: Rig) -> None:
    """``stop`` sends the stop signal and waits: a command that handles it ends in its own way."""
    spec = rig.spec("trap 'echo saved; exit 7' TERM; echo ready; while :; do sleep 0.05; done")
    container = rig.create(spec)
    stream = rig.engine.attach(container)
    rig.engine.start(container)
    chunks = iter(stream)
    assert next(chunks).data == b"ready\n"
    rig.engine.stop(container)
    assert b"".join(chunk.data for chunk in chunks) == b"saved\n"
    assert rig.engine.inspect(container).exit_code == 7


def test_stop_kills_after_the_grace(rig: Rig) -> None:
    """A command that ignores the stop signal is killed when its time is over."""
    container = rig.create(rig.spec("trap '' TERM; echo ready; while :; do sleep 0.05; done"))
    stream = rig.engine.attach(container)
    rig.engine.start(container)
    next(iter(stream))
    rig.engine.stop(container, 1)
    assert rig.ended(container).exit_code == 137


def test_kill_ends_it_at_once(rig: Rig) -> None:
    """``kill`` gives no time to a command that would want some; one that has ended cannot be killed."""
    container = rig.create(rig.spec("trap '' TERM; echo ready; while :; do sleep 0.05; done"))
    stream = rig.engine.attach(container)
    rig.engine.start(container)
    next(iter(stream))
    rig.engine.kill(container)
    assert rig.ended(container).exit_code == 137
    with pytest.raises(EngineError):
        rig.engine.kill(container)


def test_remove(rig: Rig) -> None:
    """An ended container can be removed, a running one only by force, unasked, and then it is gone."""
    spec = rig.spec("trap 'touch $OUTPUTS/asked' TERM; echo ready; while :; do sleep 0.05; done", init=False)
    container = rig.create(spec)
    stream = rig.engine.attach(container)
    rig.engine.start(container)
    next(iter(stream))
    with pytest.raises(EngineError) as refused:
        rig.engine.remove(container)
    assert refused.value.hint
    rig.engine.remove(container, force=True)
    assert rig.engine.find(spec.run_id) is None
    assert not list(Path(spec.outputs_host).iterdir())
    for ask in (rig.engine.inspect, rig.engine.remove, rig.engine.stop, rig.engine.kill):
        with pytest.raises(NotFound):
            ask(container)  # type: ignore[operator]


def test_missing_command_leaves_nothing_behind(rig: Rig) -> None:
    """A start that fails says why in one sentence and leaves no container."""
    spec = rig.spec(command=("no-such-command", "--flag"), init=False)
    container = rig.create(spec)
    with pytest.raises(StartError) as refused:
        rig.engine.start(container)
    assert refused.value.exit_code == 127
    assert "no-such-command" in refused.value.message
    assert "\n" not in str(refused.value)
    assert rig.engine.find(spec.run_id) is None


def test_command_that_may_not_be_executed(rig: Rig) -> None:
    """A file without the right to execute is 126, as in a shell."""
    spec = rig.spec(command=("/outputs/train.sh",), init=False)
    script = Path(spec.outputs_host) / "train.sh"
    script.write_text("#!/bin/sh\n")
    container = rig.create(spec)
    with pytest.raises(StartError) as refused:
        rig.engine.start(container)
    assert refused.value.exit_code == 126
    assert rig.engine.find(spec.run_id) is None


def test_listed_and_described_without_secrets(rig: Rig) -> None:
    """The list has the container with its run; its details never show a secret's value."""
    assert isinstance(rig.engine, ListsContainers)
    spec = rig.spec(
        "sleep 60",
        environment={"WANDB_API_KEY": "named-secret-1", "HARMLESS": "declared-secret-2", "EPOCHS": "5"},
        secrets=frozenset({"HARMLESS"}),
    )
    container = rig.create(spec)
    rig.engine.start(container)
    row = next(row for row in rig.engine.containers() if row.id == container)
    assert (row.name, row.run_id, row.state, row.running) == (spec.name, spec.run_id, "running", True)
    shown = repr(rig.engine.details(container))
    assert "named-secret-1" not in shown
    assert "declared-secret-2" not in shown


def test_usage_of_a_busy_container(rig: Rig) -> None:
    """A loop keeps one core busy; an unknown container is left out."""
    assert isinstance(rig.engine, ReportsUsage)
    reports = rig.engine
    container = rig.create(rig.spec("while :; do :; done"))
    rig.engine.start(container)
    reports.usage([container])
    threading.Event().wait(1)  # a CPU figure is the mean of a time, so some must pass
    usage = until(
        lambda: reports.usage([container, "0" * 64]),
        lambda now: container in now and bool(now[container].cpu),
        period=0.5,
    )
    assert list(usage) == [container]
    now = usage[container]
    assert 0.1 < now.cpu < 1.5
    assert now.cpu_limit == os.cpu_count()
    assert 0 < now.memory < now.memory_limit
    assert now.pids
    assert now.pids >= 1
    rig.engine.kill(container)
    rig.ended(container)
    assert reports.usage([container]) == {}


def test_limits_of_a_running_container_are_changed_or_refused(rig: Rig) -> None:
    """All that were asked for and no other, or none with a sentence; an engine without limits does not offer it."""
    before = Resources(cpus=0.5, memory=256 << 20, pids=100)
    container = rig.create(rig.spec("sleep 300", resources=before, init=False))
    rig.engine.start(container)
    if not isinstance(rig.engine, ChangesLimits):
        assert rig.engine.name == "local"
        return
    assert rig.engine.limits(container) == Limits(0.5, 256 << 20, 100)
    wanted = Limits(memory=128 << 20, pids=50)
    if "Podman" in rig.engine.info().product:
        with pytest.raises(EngineError, match="cannot change the limits of a running container"):
            rig.engine.change_limits(container, wanted)
        assert rig.engine.limits(container) == Limits(0.5, 256 << 20, 100)
        return
    rig.engine.change_limits(container, wanted)
    assert rig.engine.limits(container) == Limits(0.5, 128 << 20, 50)
    rig.engine.change_limits(container, Limits(cpus=1.5))
    assert rig.engine.limits(container) == Limits(1.5, 128 << 20, 50)
    with pytest.raises(EngineError, match="stay as they are"):
        rig.engine.change_limits(container, Limits(cpus=1000.0, pids=10))
    assert rig.engine.limits(container) == Limits(1.5, 128 << 20, 50)
    rig.engine.kill(container)
    rig.ended(container)
    with pytest.raises(EngineError, match="does not run"):
        rig.engine.change_limits(container, wanted)
    with pytest.raises(NotFound):
        rig.engine.change_limits("no-such-container", wanted)
