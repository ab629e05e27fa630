"""Runs outlive mltui, and their record outlives the shim."""

from __future__ import annotations

import fcntl
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path

import psutil
import pytest

from mltui.domain.launch import LaunchSpec
from mltui.engines.local import LocalEngine, shim
from mltui.engines.local.process import Process, Record
from tests.engines.local import under_fire
from tests.engines.local.local_runs import Started, joined, until

Run = Callable[..., Started]
Spec = Callable[..., LaunchSpec]

_LAUNCHER = """
import json, sys, time
from pathlib import Path
from mltui.domain.launch import LaunchSpec
from mltui.engines.local import LocalEngine
root, fields = json.loads(sys.argv[1])
spec = LaunchSpec(**{**fields, "command": tuple(fields["command"])})
engine = LocalEngine(Path(root))
process = engine.create(spec, engine.prepare(spec, lambda _: None))
engine.start(process)
print(process, flush=True)
time.sleep(1000)
"""


def _shim_of(engine: LocalEngine, process: str) -> int:
    known = json.loads((engine._processes.get(process).folder / "process").read_text())
    return int(known["shim"])


def test_a_run_survives_whoever_started_it(engine: LocalEngine, spec: Spec, root: Path) -> None:
    """Killed without warning, with its whole group, its terminal gone; it is found by its run and ends well."""
    launch = spec("sh", "-c", "echo one; read line < gate; echo two; exit 6", run_id="survivor")
    gate = Path(launch.project) / "gate"
    os.mkfifo(gate)
    fields = {name: asdict(launch)[name] for name in ("run_id", "profile", "name", "image", "project", "command")}
    argument = json.dumps([str(root), {**fields, "labels": dict(launch.labels)}])
    launcher = subprocess.Popen(
        [sys.executable, "-c", _LAUNCHER, argument], stdout=subprocess.PIPE, start_new_session=True, text=True
    )
    with launcher:
        assert launcher.stdout is not None
        process = launcher.stdout.readline().strip()
        os.killpg(launcher.pid, signal.SIGKILL)
    found = engine.find("survivor")
    assert found is not None
    assert (found.id, found.state) == (process, "running")
    log = engine.logs(process)
    until(log, b"one")
    gate.write_text("go\n")
    assert joined(engine.logs(process)) == b"one\ntwo\n"
    assert engine.inspect(process).exit_code == 6


def test_a_killed_shim_does_not_take_the_run_along(engine: LocalEngine, run: Run, spec: Spec) -> None:
    """The command writes on, is followed, can be stopped; only its exit code is lost, and that is said."""
    os.mkfifo(Path(spec("x").project) / "gate")
    started = run("sh", "-c", "echo one; read line < gate; echo two >&2; exec sleep 1000")
    log = iter(started.log)
    assert next(log).data == b"one\n"
    os.kill(_shim_of(engine, started.id), signal.SIGKILL)
    (Path(spec("x").project) / "gate").write_text("go\n")
    assert next(log).data == b"two\n"
    assert engine.inspect(started.id).state == "running"
    assert started.id in engine.usage([started.id])
    engine.stop(started.id, grace=20)
    status = engine.inspect(started.id)
    assert (status.state, status.exit_code, status.ended) == ("dead", None, True)
    assert "not known" in status.error
    assert list(log) == []
    assert engine.containers()[0].status == "Dead"


@pytest.mark.timeout(120)
def test_shims_killed_in_a_flood_lose_and_double_no_byte(engine: LocalEngine, spec: Spec, tmp_path: Path) -> None:
    """Each new one takes the output over where the last was killed, and the command never notices."""
    shot = under_fire.Shot(engine, spec, tmp_path)
    gun = threading.Thread(target=shot.fire, args=(10, random.Random(7)))
    gun.start()
    followed = under_fire.difference(chunk.data for chunk in shot.log)
    gun.join()
    assert followed == ""
    assert under_fire.difference(chunk.data for chunk in engine.logs(shot.id)) == ""
    assert engine.inspect(shot.id).state == "dead"


def test_whoever_looks_keeps_nobody_from_taking_over(engine: LocalEngine, run: Run) -> None:
    """A look shares the lock for an instant; a new shim waits for that, and is there when ``take_over`` returns."""
    started = run("sleep", "1000")
    process = engine._processes.get(started.id)
    os.kill(_shim_of(engine, started.id), signal.SIGKILL)
    while process.relayed:
        pass
    with (process.folder / "relay").open() as looked_at:
        fcntl.flock(looked_at, fcntl.LOCK_SH)
        taking = threading.Thread(target=process.take_over)
        taking.start()
        taking.join(0.2)
    taking.join()
    assert process.relayed
    assert len(under_fire.relays(process)) == 1


def test_a_note_that_was_cut_off_spoils_none_that_follow(engine: LocalEngine, run: Run, spec: Spec) -> None:
    """A shim killed over its note of how the streams grew leaves a part of it; the next one writes over that."""
    gate = Path(spec("x").project) / "gate"
    os.mkfifo(gate)
    started = run("sh", "-c", "echo one; echo two >&2; read line < gate; echo three; sleep 0.2; echo four >&2")
    process = engine._processes.get(started.id)
    chunks = iter(started.log)
    assert {next(chunks).data, next(chunks).data} == {b"one\n", b"two\n"}
    os.kill(_shim_of(engine, started.id), signal.SIGKILL)
    while process.relayed:
        pass
    with (process.folder / "order").open("ab") as order:
        order.write(b"\xff" * (shim.ORDER.size // 2))
    gate.write_text("go\n")
    assert b"".join(chunk.data for chunk in chunks) == b"three\nfour\n"
    notes = list(shim.ORDER.iter_unpack((process.folder / "order").read_bytes()))
    assert {stream for _, stream, _ in notes} == {1, 2}
    assert joined(engine.logs(started.id), 1) == b"one\nthree\n"


def test_the_last_words_of_a_run_without_a_shim_are_kept(engine: LocalEngine, run: Run, spec: Spec) -> None:
    """What waited in the pipes when the command ended is fetched by whoever follows the log."""
    gate = Path(spec("x").project) / "gate"
    os.mkfifo(gate)
    started = run("sh", "-c", "echo one; read line < gate; echo two; echo three >&2")
    chunks = iter(started.log)
    assert next(chunks).data == b"one\n"
    command, shim_pid = engine._processes.get(started.id).pids
    os.kill(shim_pid, signal.SIGKILL)
    gate.write_text("go\n")
    psutil.wait_procs([psutil.Process(command)] if psutil.pid_exists(command) else [], timeout=30)
    assert b"".join(chunk.data for chunk in chunks) in (b"two\nthree\n", b"three\ntwo\n")


def test_kill_without_a_shim_reaches_the_whole_tree(engine: LocalEngine, run: Run) -> None:
    """Children too."""
    started = run("sh", "-c", "sleep 1001 & echo ready; sleep 1002; true")
    until(engine.logs(started.id), b"ready")
    os.kill(_shim_of(engine, started.id), signal.SIGKILL)
    command, _ = engine._processes.get(started.id).pids
    while len(tree := psutil.Process(command).children(recursive=True)) < 2:
        pass
    engine.kill(started.id)
    assert engine.inspect(started.id).state == "dead"
    _, alive = psutil.wait_procs(tree, timeout=10)
    assert alive == []


def _process(folder: Path, **known: object) -> Process:
    (folder / "process").write_text(json.dumps(known))
    return Process(folder, Record("x", "x", "", "", (), "", 0.0))


def test_a_pid_that_belongs_to_another_process_now_is_not_the_run(tmp_path: Path) -> None:
    """The start of the process has to be the recorded one."""
    mine = {"pid": os.getpid(), "mark": shim.start_mark(os.getpid()), "shim": 0, "shim_mark": ""}
    assert _process(tmp_path, **mine).state == "running"
    assert _process(tmp_path, **{**mine, "mark": mine["mark"] + "1"}).state == "dead"


def test_a_process_of_before_the_machines_restart_is_dead(tmp_path: Path) -> None:
    """Even when pid and start time in clock ticks happen to be the same."""
    boot, _, ticks = shim.start_mark(os.getpid()).partition("/")
    assert boot
    assert _process(tmp_path, pid=os.getpid(), mark=f"{boot[::-1]}/{ticks}").state == "dead"


def test_start_marks_tell_processes_apart_and_end_with_them() -> None:
    """A zombie has ended; so has a pid that no process has."""
    child = subprocess.Popen(["sleep", "1000"])
    mark = shim.start_mark(child.pid)
    assert mark
    assert mark != shim.start_mark(os.getpid())
    child.kill()
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
    assert shim.start_mark(child.pid) == ""
    child.wait()
    assert shim.start_mark(child.pid) == ""
    assert shim.start_mark(2**22 + 1) == ""


@pytest.mark.skipif(sys.platform != "linux", reason="the shim's tidiness is read from /proc")
def test_the_shim_holds_nothing_of_whoever_started_it(engine: LocalEngine, run: Run) -> None:
    """No open file, no folder, no terminal, no session: what was there before can be unmounted and closed."""
    read, write = os.pipe()
    os.set_inheritable(write, True)
    try:
        started = run("sleep", "1000")
    finally:
        os.close(write)
    os.set_blocking(read, False)
    assert os.read(read, 1) == b""  # the end of the pipe: nobody else holds its other side
    os.close(read)
    shim_process = psutil.Process(_shim_of(engine, started.id))
    assert shim_process.cwd() == "/"
    assert os.getsid(shim_process.pid) == shim_process.pid != os.getsid(0)
    command, _ = engine._processes.get(started.id).pids
    assert os.getsid(command) == os.getpgid(command) == command


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of one megabyte."""
    disk = tmp_path / "disk"
    disk.mkdir()
    options = ["-t", "tmpfs", "-o", "size=1m", "tmpfs", str(disk)]
    if os.getuid() or shutil.which("mount") is None or subprocess.run(["mount", *options], check=False).returncode:
        pytest.skip("a small file system cannot be mounted here")
    yield disk
    subprocess.run(["umount", "--lazy", str(disk)], check=True)


def test_a_full_disk_does_not_hide_the_exit_code(small_disk: Path, spec: Spec) -> None:
    """The run goes on with what it can, its log has what fitted, and its end is recorded."""
    engine = LocalEngine(small_disk / "local")
    launch = spec("sh", "-c", "head -c 2000000 /dev/zero; exit 9")
    process = engine.create(launch, engine.prepare(launch, lambda _: None))
    engine.start(process)
    assert len(joined(engine.logs(process), 1)) > 100_000
    assert os.statvfs(small_disk).f_bavail == 0
    status = engine.inspect(process)
    assert status.exit_code == 9
    assert "bytes of its output were lost: the disk was full" in status.error
