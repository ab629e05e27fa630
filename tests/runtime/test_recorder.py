"""What a run prints is in its record as it came, whatever it is."""

from __future__ import annotations

import os
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from mltui.domain.metric import SERIES_LIMIT
from mltui.domain.run import RunState
from mltui.engines.base import LogChunk
from mltui.runtime import recorder as recorder_module
from mltui.runtime.recorder import Recorder, rests_due
from mltui.runtime.replay import GAP
from mltui.runtime.run_view import RunView
from mltui.runtime.watcher import Watcher
from mltui.storage.run_folder import RunFolder
from tests.runtime.conftest import HOLD, Runs, until

#: Bytes that no decoder takes, an escape sequence, a bar drawn with returns and backspaces, a NUL, a lone surrogate.
ODD = r"printf 'bad \377\376 \342\202 end\n\033[2J\033]0;title\007red\n\r10%%\r 20%%\b\b\n nul \000 \355\240\200\n'"
ODD_BYTES = b"bad \xff\xfe \xe2\x82 end\n\x1b[2J\x1b]0;title\x07red\n\r10%\r 20%\b\b\n nul \0 \xed\xa0\x80\n"


def test_any_bytes_are_recorded_as_they_are(runs: Runs) -> None:
    """The record has the program's own bytes."""
    run = runs.run(ODD)
    assert runs.log(run)[1] == ODD_BYTES


def test_any_bytes_are_resumed_where_they_stopped(runs: Runs) -> None:
    """A log that the engine tells otherwise than it was printed is taken up at the right place."""
    run = runs.launch(f"{ODD}; printf 'begun \\377 here'; {HOLD}; printf ' goes on\\n'; echo last")
    runs.printed(run, b"here")
    runs.kill_supervisor(run)
    runs.launcher.adopt()
    runs.go(run)
    runs.ended(run)
    assert runs.log(run)[1] == ODD_BYTES + b"begun \xff here goes on\nlast\n"


def test_interleaved_streams_keep_their_own_order(runs: Runs) -> None:
    """Each stream's lines are whole and in order."""
    run = runs.run("i=0; while [ $i -lt 2000 ]; do i=$((i+1)); echo out $i; echo err $i >&2; done")
    log = runs.log(run)
    assert log[1] == b"".join(b"out %d\n" % i for i in range(1, 2001))
    assert log[2] == b"".join(b"err %d\n" % i for i in range(1, 2001))


def test_a_line_of_ten_megabytes(runs: Runs) -> None:
    """It is recorded whole, the supervisor's and the viewer's memory stay bounded, and it can be taken up within."""
    run = runs.launch(f"head -c 10000000 /dev/zero | tr '\\0' x; {HOLD}; head -c 1000000 /dev/zero | tr '\\0' y; echo")
    until(lambda: len(runs.raw(run)) == 10_000_000)
    runs.kill_supervisor(run)
    runs.launcher.adopt()
    until(lambda: runs.supervisor(run))
    runs.go(run)
    view = RunView(runs.launcher.folder(run.id))
    runs.ended(run)
    assert runs.raw(run) == b"x" * 10_000_000 + b"y" * 1_000_000 + b"\n"
    view.poll()
    assert sum(len(line.text) for line in view.log.lines) < 100_000
    view.close()


def test_a_terminal(docker_runs: Runs) -> None:
    """A profile with a terminal is recorded as the terminal sees it, and its bars are lines that change."""
    run = docker_runs.launch(
        f"[ -t 1 ] && echo tty; printf '1/2 - loss: 0.5\\r'; printf '2/2 - loss: 0.25\\n'; {HOLD}; echo end", tty=True
    )
    docker_runs.printed(run, b"0.25")
    docker_runs.kill_supervisor(run)
    docker_runs.launcher.adopt()
    docker_runs.go(run)
    docker_runs.ended(run)
    assert docker_runs.log(run) == {1: b"tty\r\n1/2 - loss: 0.5\r2/2 - loss: 0.25\r\nend\r\n", 2: b""}
    view = RunView(docker_runs.launcher.folder(run.id))
    view.poll()
    assert [line.text.rstrip() for line in view.log.lines] == ["tty", "2/2 - loss: 0.25", "end"]
    view.close()


def test_the_engine_forgot_a_part_in_between(docker_runs: Runs) -> None:
    """A bounded engine log that lost lines while nobody recorded leaves a mark, and the rest follows."""
    run = docker_runs.launch(
        f"echo first; {HOLD}; for i in $(seq 400); do echo step $i; done; sleep 1000",
        logging={"driver": "json-file", "options": {"max-size": "2k", "max-file": "2"}},
    )
    docker_runs.printed(run, b"first")
    docker_runs.kill_supervisor(run)
    docker_runs.go(run)
    container = docker_runs.now(run).container_id
    until(lambda: b"step 400\n" in b"".join(c.data for c in docker_runs.engine.logs(container, follow=False)))
    docker_runs.launcher.adopt()
    docker_runs.printed(run, b"step 400\n")
    before, after = docker_runs.log(run)[1].split(GAP)
    assert before == b"first\n"
    numbers = [int(line.split()[1]) for line in after.splitlines()]
    assert numbers == list(range(numbers[0], 401))
    assert numbers[0] > 1
    docker_runs.launcher.kill(docker_runs.now(run))
    docker_runs.ended(run)


def test_the_engines_log_goes_on_in_new_files_while_it_is_read(docker_runs: Runs) -> None:
    """A run that was taken up is read from a log that is rotated meanwhile: no line comes twice."""
    run = docker_runs.launch(
        f"{HOLD}; i=0; while [ $i -lt 5000 ]; do i=$((i+1)); echo step $i - loss: 0.5; "
        "[ $((i % 50)) = 0 ] && usleep 5000; done",
        logging={"driver": "json-file", "options": {"max-size": "50k", "max-file": "5"}},
    )
    until(lambda: docker_runs.now(run).state is RunState.RUNNING)
    docker_runs.kill_supervisor(run)
    docker_runs.launcher.adopt()
    docker_runs.go(run)
    docker_runs.ended(run)
    numbers = [int(line.split()[1]) for line in docker_runs.log(run)[1].splitlines() if line != GAP.rstrip()]
    assert numbers == sorted(set(numbers))
    assert numbers[-1] == 5000


@pytest.mark.slow
def test_a_flood_is_recorded_whole_in_bounded_memory(runs: Runs) -> None:
    """A million lines: none lost, and neither the supervisor nor the viewer grows with them."""
    text = "line %d of a flood that says nothing about anything, over and over"
    run = runs.launch(f"awk 'BEGIN {{ for (i = 1; i <= 1000000; i++) printf \"{text}\\n\", i }}'; {HOLD}")
    view = RunView(runs.launcher.folder(run.id))

    def come() -> int:
        view.poll()
        return runs.raw(run).count(b"\n") if len(runs.raw(run)) > 70_000_000 else 0

    until(come, lambda lines: lines == 1_000_000, period=0.1)
    assert _peak_memory(runs.supervisor(run)) < 100 << 20
    assert len(view.log.lines) <= 20_000
    view.close()
    runs.go(run)
    assert runs.ended(run).state is RunState.FINISHED
    lines = runs.log(run)[1].split(b"\n")
    assert lines[:-1] == [(text % i).encode() for i in range(1, 1_000_001)]


def _peak_memory(pid: int | None) -> int:
    text = Path(f"/proc/{pid}/status").read_text()
    return int(text.partition("VmHWM:")[2].split()[0]) << 10


@pytest.fixture
def small_disk(mltui_home: Path) -> Iterator[Path]:
    """The home on a disk of four megabytes."""
    mltui_home.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(mltui_home)]
    if os.geteuid() or subprocess.run(mount, check=False, capture_output=True).returncode:
        pytest.skip("mounting a small disk needs root")
    yield mltui_home
    subprocess.run(["umount", "-l", str(mltui_home)], check=True)


def fill(disk: Path) -> Path:
    """Write until nothing more can be written."""
    filler = disk / "filler"
    with filler.open("wb", buffering=0) as file:
        for size in (1 << 16, 1 << 10, 1):
            try:
                while True:
                    file.write(b"x" * size)
            except OSError:
                continue
    return filler


def test_a_full_disk_is_waited_out(small_disk: Path, docker_runs: Runs) -> None:
    """The run goes on; when there is room again its log and its points are whole and its end is recorded."""
    run = docker_runs.launch(
        f"echo step 0 - loss: 0.0; {HOLD}; for i in $(seq 3000); do echo step $i - loss: 0.$i; done; exit 5"
    )
    docker_runs.printed(run, b"step 0")
    until(lambda: docker_runs.points(run))
    filler = fill(small_disk)
    docker_runs.go(run)
    until(lambda: docker_runs.engine.find(run.id).ended)
    assert docker_runs.supervisor(run)
    assert b"step 3000" not in docker_runs.raw(run)
    watcher = Watcher(docker_runs.launcher)
    watcher.start()
    until(lambda: watcher.error, lambda error: error.startswith("Disk full: "))
    filler.unlink()
    until(lambda: watcher.error, lambda error: not error, period=0.1)
    watcher.close()
    done = docker_runs.ended(run)
    assert (done.state, done.exit_code, done.reason) == (RunState.FAILED, 5, "exit")
    assert docker_runs.log(run)[1] == b"".join(b"step %d - loss: 0.%d\n" % (i, i) for i in range(3001))
    assert [x for x, _ in docker_runs.points(run)["loss"]] == list(range(3001))


def test_points_wait_for_room_on_the_disk(small_disk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Points that cannot be written are held, and the record is ended only when they are there."""
    full, read = threading.Event(), Recorder._read_metrics
    # The disk is full after the log is written and before the first point is.
    monkeypatch.setattr(Recorder, "_read_metrics", lambda recorder: full.wait(60) and read(recorder))
    folder = RunFolder(small_disk, "abcd2345")
    folder.make()
    recorder = Recorder(folder)
    recorder.take(LogChunk(1, b"".join(b"step %d - loss: 0.5\n" % i for i in range(5000))))
    filler = fill(small_disk)
    full.set()
    until(lambda: recorder.error)
    filler.unlink()
    recorder.finish()
    view = RunView(folder)
    view.poll()
    (series,) = view.metrics.series.values()
    assert len(series) == 5000
    view.close()


def test_a_clock_that_is_ahead_holds_up_no_curve() -> None:
    """Reading rests no longer for lines that seem to be of the future, as after a clock was set back, than for new."""
    assert [rests_due(lag) for lag in (-3600.0, 0.0, 30.0, 60.0, 3600.0)] == [1.0, 1.0, 0.5, 0.0, 0.0]


def test_how_many_values_are_left_out_is_recorded(tmp_path: Path) -> None:
    """Series beyond the limit are in no chart; how many of their values there were reaches whoever looks at the run."""
    folder = RunFolder(tmp_path, "abcd2345")
    folder.make()
    recorder = Recorder(folder)
    recorder.take(LogChunk(1, b"".join(b"step %d loss_%d_x: 0.5\n" % (i, i) for i in range(SERIES_LIMIT + 300))))
    recorder.finish()
    view = RunView(folder)
    view.poll()
    assert (len(view.metrics.series), view.metrics.left_out) == (SERIES_LIMIT, 300)
    view.close()


def test_giving_up_the_rest_takes_no_point_away(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A run that was taken up, and is not read to its end then, keeps the points that it had."""
    read = Recorder._read_metrics
    monkeypatch.setattr(recorder_module, "_SLICE", 1 << 10)
    monkeypatch.setattr(recorder_module, "_GIVE_UP_S", 0.01)
    folder = RunFolder(tmp_path, "abcd2345")
    folder.make()
    recorder = Recorder(folder)
    recorder.take(LogChunk(1, b"".join(b"step %d - loss: 0.5\n" % i for i in range(1_000))))
    assert recorder.finish()
    # It has read a part of the log when it hears that nobody waits for the rest.
    monkeypatch.setattr(Recorder, "_read_metrics", lambda again: until(lambda: again._left) and read(again))
    assert not Recorder(folder).finish(lambda: True)
    view = RunView(folder)
    view.poll()
    assert [len(series) for series in view.metrics.series.values()] == [1_000]
    view.close()


def test_reading_the_rest_can_be_given_up(local_runs: Runs) -> None:
    """A run that has ended with much of its log unread holds nothing any more, and can be ended and removed at once."""
    line = "step %d - loss: 0.5 " + "x" * 200
    run = local_runs.launch(f"awk 'BEGIN {{ for (i = 1; i <= 600000; i++) printf \"{line}\\n\", i }}'; exit 3")
    reading = until(lambda: local_runs.now(run), lambda now: now.finished is not None, period=0.005)
    assert reading.state is RunState.RUNNING
    assert not reading.goes_on
    local_runs.launcher.kill(reading)
    done = local_runs.ended(run)
    assert (done.state, done.exit_code) == (RunState.FAILED, 3)
    assert "not read for metrics" in done.notes
    assert 0 < len(local_runs.points(run)["loss"]) < 600_000
    local_runs.launcher.remove(done)
