"""Logs of the local engine: whole, in order, per stream, at the process's own pace."""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable
from pathlib import Path
from threading import Thread

import pytest

from mltui.domain.launch import LaunchSpec
from mltui.engines.base import LogChunk
from mltui.engines.local import LocalEngine, log
from tests.engines.local.local_runs import Started, joined, until

Run = Callable[..., Started]
Spec = Callable[..., LaunchSpec]


def test_streams_are_told_apart_and_each_is_whole(engine: LocalEngine, run: Run) -> None:
    """Live, and again when it is over."""
    code = "import sys\nfor i in range(500):\n print('out', i)\n print('err', i, file=sys.stderr)"
    started = run("python", "-c", code)
    live = list(started.log)
    for stream, word in ((1, b"out"), (2, b"err")):
        whole = b"".join(b"%s %d\n" % (word, i) for i in range(500))
        assert b"".join(chunk.data for chunk in live if chunk.stream == stream) == whole
        assert joined(engine.logs(started.id), stream) == whole


def test_the_streams_are_merged_as_they_came(engine: LocalEngine, run: Run) -> None:
    """Lines that come a moment apart keep their order, also when the log is read later."""
    code = (
        "import sys, time\n"
        "for i in range(4):\n"
        " print(i, file=(sys.stdout, sys.stderr)[i % 2], flush=True)\n"
        " time.sleep(0.25)"
    )
    started = run("python", "-c", code)
    expected = "".join(f"{i}\n" for i in range(4)).encode()
    assert started.output() == expected
    assert joined(engine.logs(started.id)) == expected


def test_a_traceback_comes_after_the_last_line_it_followed(engine: LocalEngine, run: Run) -> None:
    """Of what both streams got in the same moment, the stream that was written to last is read last."""
    started = run("sh", "-c", "echo first; echo second >&2; sleep 0.02; echo third; sleep 0.02; echo fourth >&2")
    started.output()
    read = joined(engine.logs(started.id))
    assert read.index(b"third") < read.index(b"fourth")


def test_every_byte_passes_as_it_is(run: Run) -> None:
    """Unicode, bytes that are no text, zeros, carriage returns, a last line without an end."""
    data = "é漢\U0001f600\r\x08".encode() + bytes(range(256)) + b"\n\n" + b"end"
    code = f"import sys; sys.stdout.buffer.write({data!r})"
    assert run("python", "-c", code).output() == data


@pytest.mark.skipif(not Path("/dev/stderr").exists(), reason="this system has no /dev/stderr")
def test_opening_the_streams_by_name_empties_nothing(run: Run) -> None:
    """A shell's ``> /dev/stderr`` and ``tee /dev/stderr`` add to the log, as in a container."""
    started = run("sh", "-c", "echo one >&2; echo two > /dev/stderr; echo three | tee /dev/stderr; echo four >&2")
    output = list(started.log)
    assert b"".join(chunk.data for chunk in output if chunk.stream == 2) == b"one\ntwo\nthree\nfour\n"
    assert b"".join(chunk.data for chunk in output if chunk.stream == 1) == b"three\n"


def test_a_command_may_close_its_streams(engine: LocalEngine, run: Run) -> None:
    """It goes on in silence, and nothing spins."""
    started = run("sh", "-c", "echo one; exec >/dev/null 2>&1; sleep 0.2; exit 3")
    assert started.output() == b"one\n"
    assert engine.inspect(started.id).exit_code == 3


def test_a_process_that_writes_nothing_has_an_empty_log(run: Run) -> None:
    """And the stream ends with it."""
    assert run("true").output() == b""


def test_a_flood_of_a_million_lines_is_followed_whole(run: Run) -> None:
    """In chunks, never in lines."""
    code = "import sys\nfor i in range(1000): sys.stdout.write(''.join(f'{i * 1000 + j:079d}\\n' for j in range(1000)))"
    chunks = list(run("python", "-c", code).log)
    data = b"".join(chunk.data for chunk in chunks)
    assert len(data) == 80_000_000
    assert data.startswith(b"%079d\n" % 0)
    assert data.endswith(b"%079d\n" % 999_999)
    assert max(len(chunk.data) for chunk in chunks) <= 1 << 18


@pytest.mark.parametrize("tail", [0, 1, 2, 7, 500, 10_000])
def test_a_tail_is_the_last_lines(engine: LocalEngine, run: Run, tail: int) -> None:
    """As many as asked for, or all there are."""
    started = run("seq", "1", "1000")
    started.output()
    lines = joined(engine.logs(started.id, tail=tail)).decode().splitlines()
    assert lines == [str(i) for i in range(1, 1001)][max(0, 1000 - tail) :]


def test_a_tail_counts_a_line_without_an_end(engine: LocalEngine, run: Run) -> None:
    """What a progress bar shows is a line too."""
    started = run("printf", "one\ntwo\nthree")
    started.output()
    assert joined(engine.logs(started.id, tail=2)) == b"two\nthree"


def test_a_tail_counts_over_both_streams(engine: LocalEngine, run: Run) -> None:
    """In the merged order."""
    code = (
        "import sys, time\n"
        "for i in range(4):\n"
        " print(i, file=(sys.stdout, sys.stderr)[i % 2], flush=True)\n"
        " time.sleep(0.25)"
    )
    started = run("python", "-c", code)
    started.output()
    for tail in range(5):
        assert joined(engine.logs(started.id, tail=tail)).split() == [b"%d" % i for i in range(4 - tail, 4)]


def test_a_long_line_is_found_by_a_tail(engine: LocalEngine, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Longer than the blocks it is looked for in."""
    monkeypatch.setattr(log, "_BLOCK", 64)
    started = run("python", "-c", "print('a'); print('b' * 1000); print('c' * 1000, end='')")
    started.output()
    assert joined(engine.logs(started.id, tail=2)) == b"b" * 1000 + b"\n" + b"c" * 1000


def test_a_log_without_follow_ends_at_once(engine: LocalEngine, run: Run) -> None:
    """With what is there."""
    started = run("sh", "-c", "echo ready; sleep 1000")
    until(engine.logs(started.id), b"ready")
    assert joined(engine.logs(started.id, follow=False)) == b"ready\n"


def test_close_from_another_thread_ends_a_waiting_reader(engine: LocalEngine, run: Run) -> None:
    """And the process goes on."""
    started = run("sleep", "1000")
    stream = engine.logs(started.id)
    chunks: list[LogChunk] = []
    reader = Thread(target=lambda: chunks.extend(stream))
    reader.start()
    stream.close()
    reader.join(10)
    assert not reader.is_alive()
    assert engine.inspect(started.id).state == "running"
    stream.close()


def test_a_reader_ends_when_the_process_is_removed(engine: LocalEngine, spec: Callable[..., LaunchSpec]) -> None:
    """One that was never started too."""
    launch = spec("true")
    process = engine.create(launch, engine.prepare(launch, lambda _: None))
    stream = engine.attach(process)
    reader = Thread(target=lambda: list(stream))
    reader.start()
    engine.remove(process)
    reader.join(10)
    assert not reader.is_alive()


def test_chunks_of_the_past_carry_their_time(engine: LocalEngine, run: Run) -> None:
    """Within the seconds in which the process ran, never going back."""
    started = run("sh", "-c", "echo one; sleep 0.2; echo two >&2")
    started.output()
    status = engine.inspect(started.id)
    times = [chunk.time for chunk in engine.logs(started.id)]
    assert status.started is not None
    assert status.finished is not None
    known = [time for time in times if time is not None]
    assert len(known) == len(times) == 2
    assert status.started <= known[0] <= known[1] <= status.finished + 5


def test_open_files_are_closed_with_the_log(engine: LocalEngine, run: Run) -> None:
    """A viewer may follow thousands of logs in its life."""
    started = run("true")
    started.output()
    before = len(os.listdir("/proc/self/fd")) if Path("/proc/self/fd").exists() else 0
    for _ in range(20):
        assert joined(engine.logs(started.id)) == b""
    if before:
        assert len(os.listdir("/proc/self/fd")) <= before


def test_pieces_follow_the_notes_and_then_the_times_of_writing() -> None:
    """Each byte once, each stream in its own order; notes beyond a file's end are cut to it."""

    class State:
        def __init__(self, size: int, mtime: int) -> None:
            self.st_size, self.st_mtime_ns = size, mtime

    notes = [(1.0, 1, 10), (2.0, 2, 5), (3.0, 1, 12)]
    for later, order in ((1, [(2, 5, 9), (1, 12, 20)]), (2, [(1, 12, 20), (2, 5, 9)])):
        states = {1: State(20, 100 * (later == 1)), 2: State(9, 100 * (later == 2))}
        pieces = log._pieces(notes, states, {1: 0, 2: 0})  # type: ignore[arg-type]
        merged = [(piece.stream, piece.start, piece.end) for piece in pieces]
        assert merged == [(1, 0, 10), (2, 0, 5), (1, 10, 12), *order]
        for stream in (1, 2):
            own = [piece for piece in merged if piece[0] == stream]
            assert all(a[2] == b[1] for a, b in itertools.pairwise(own))
