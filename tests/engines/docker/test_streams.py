"""The frames of a log, wherever the blocks are cut."""

from __future__ import annotations

import socket
import threading
from collections.abc import Generator, Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mltui.engines.base import LogChunk
from mltui.engines.docker import skipped, wire
from mltui.engines.docker.endpoint import Endpoint
from mltui.engines.docker.skipped import Part, SkipWatch
from mltui.engines.docker.streams import chunks, stamped_chunks
from mltui.engines.docker.values import seconds

FRAMES = st.lists(st.tuples(st.sampled_from([1, 2]), st.binary(max_size=60)), max_size=12)
CUTS = st.lists(st.integers(1, 40), min_size=1, max_size=8)
STAMP = b"2026-03-01T12:00:%02d.250000000Z "


def frame(stream: int, data: bytes) -> bytes:
    return bytes([stream, 0, 0, 0]) + len(data).to_bytes(4, "big") + data


def cut(data: bytes, sizes: list[int]) -> list[bytes]:
    """``data`` in blocks of these sizes, over and over."""
    blocks, at, turn = [], 0, 0
    while at < len(data):
        size = sizes[turn % len(sizes)]
        blocks.append(data[at : at + size])
        at, turn = at + size, turn + 1
    return blocks


def joined(found: list[LogChunk]) -> list[tuple[int, bytes]]:
    """Neighbours of one stream made one."""
    result: list[tuple[int, bytes]] = []
    for chunk in found:
        if result and result[-1][0] == chunk.stream:
            result[-1] = (chunk.stream, result[-1][1] + chunk.data)
        elif chunk.data:
            result.append((chunk.stream, chunk.data))
    return result


@given(FRAMES, CUTS)
def test_live_frames(frames: list[tuple[int, bytes]], sizes: list[int]) -> None:
    """Every byte comes once, in order, on its own stream, wherever a block ends."""
    blocks = cut(b"".join(frame(*one) for one in frames), sizes)
    want = joined([LogChunk(stream, data) for stream, data in frames if data])
    assert joined(list(chunks(iter(blocks)))) == want


@given(FRAMES, CUTS)
def test_stamped_frames(frames: list[tuple[int, bytes]], sizes: list[int]) -> None:
    """The time stamp is taken off each frame and nothing else."""
    stamped = [frame(stream, STAMP % (i % 60) + data) for i, (stream, data) in enumerate(frames)]
    found = list(stamped_chunks(iter(cut(b"".join(stamped), sizes))))
    assert joined(found) == joined([LogChunk(stream, data) for stream, data in frames if data])
    assert all(chunk.time is not None for chunk in found)


def test_a_cut_off_frame_keeps_what_came() -> None:
    """When the engine dies within a frame, its bytes so far are not lost."""
    assert list(chunks(iter([frame(1, b"all of it")[:-3]]))) == [LogChunk(1, b"all of")]


def test_frames_of_one_moment_are_one_chunk() -> None:
    """Frames of one tenth of a second are merged; the chunk has the time of its first."""
    data = b"".join(frame(1, b"2026-03-01T12:00:00.%03d000000Z line\n" % ms) for ms in (100, 150, 199, 200))
    first, second = stamped_chunks(iter([data]))
    assert (first.data, second.data) == (b"line\n" * 3, b"line\n")
    assert first.time == 1772366400.1
    assert second.time == 1772366400.2


def test_a_log_that_has_not_begun(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An engine that answers only with the first line keeps nobody waiting for the stream; it can be closed too."""
    monkeypatch.setattr(wire, "SILENCE", 0.05)
    endpoint = Endpoint(f"unix://{tmp_path}/d.sock")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(f"{tmp_path}/d.sock")
        listener.listen()
        stream = wire.open_stream(endpoint, "GET", "/logs", silent=True)
        caller, _ = listener.accept()
        with caller:
            caller.sendall(b"HTTP/1.1 200 OK\r\n\r\nline")
            assert stream.read() == b"line"
        assert stream.read() == b""
        closed = wire.open_stream(endpoint, "GET", "/logs", silent=True)
        found: list[bytes] = []
        reader = threading.Thread(target=lambda: found.extend(closed.blocks()), daemon=True)
        reader.start()
        closed.close()
        reader.join(10)
        assert not reader.is_alive()
        assert found == []
        stream.close()


def test_lines_that_the_engine_tells_again_are_left_out() -> None:
    """A log that goes on in a new file is told again from a little earlier; pieces of one long line are not."""
    lines = [b"2026-03-01T12:00:00.%09dZ " % ns + text for ns, text in ((1, b"a\n"), (2, b"b\n"), (3, b"c\n"))]
    long = [b"2026-03-01T12:00:00.000000004Z " + text for text in (b"x" * 16384, b"x" * 16384, b"x\n")]
    told = [*lines, *lines[1:], *long, lines[2], *long, long[2]]
    found = stamped_chunks(cut(b"".join(frame(1, one) for one in told), [1000]))
    assert b"".join(chunk.data for chunk in found) == b"a\nb\nc\n" + b"x" * 32769 + b"\n"


def stamp(second: float) -> bytes:
    return b"2026-03-01T12:00:%012.9fZ" % second


def stamped(lines: list[tuple[float, bytes]]) -> bytes:
    return b"".join(frame(1, stamp(at) + b" " + text) for at, text in lines)


def watched(
    told: list[tuple[float, bytes]], end: list[tuple[float, bytes]], log: list[tuple[float, bytes]] | None = None
) -> list[LogChunk]:
    """What a watched follower gives that tells ``told``, falling behind. The last lines of the log are ``end``, all of
    it is ``log``, or no more than that."""

    def read(part: Part) -> Generator[bytes, None, None]:
        yield stamped(end if part.tail is not None or log is None else log)

    watch = SkipWatch(read)
    # Each line is older when it comes than the one before.
    watch._least, watch._age = 0.0, 9.0
    return list(stamped_chunks(iter([stamped(told)]), watch))


A, B, C, D = (0.0, b"a\n"), (1.0, b"b\n"), (2.0, b"c\n"), (2.01, b"d\n")


@pytest.mark.parametrize(
    ("told", "end", "want"),
    [
        ([A, B, C], [A, B, C], [b"a\n", b"b\n", b"c\n"]),
        ([A, C], [A, B, C], [b"a\n", b"b\n", b"c\n"]),
        ([A, C], [B, C], [b"a\n", None, b"b\n", b"c\n"]),
        ([A, C], [C], [b"a\n", None, b"c\n"]),
        ([A, C], [], [b"a\n", None, b"c\n"]),
        ([A], [A, B], [b"a\n", b"b\n"]),
        ([A], [C, D], [b"a\n", None, b"c\nd\n"]),
        ([C, D], [D], [b"c\nd\n"]),
        ([], [A], [b"a\n"]),
        ([], [], []),
    ],
    ids=["all", "found", "in part", "gone", "unreadable", "end found", "end in part", "no pause", "none", "nothing"],
)
def test_what_a_follower_leaves_out(
    told: list[tuple[float, bytes]], end: list[tuple[float, bytes]], want: list[bytes | None]
) -> None:
    """It is taken from the end of the log; where that does not reach back far enough a mark stands."""
    assert [None if chunk.lost else chunk.data for chunk in watched(told, end)] == want


def test_a_log_that_reaches_back_further_than_its_last_lines() -> None:
    """A pause in which nothing is missing gets no mark, and what is missing is found."""
    assert [chunk.data for chunk in watched([A, C], [C], [A, C])] == [b"a\n", b"c\n"]
    assert [chunk.data for chunk in watched([A, C], [C], [A, B, C])] == [b"a\n", b"b\n", b"c\n"]
    assert [chunk.lost for chunk in watched([A, C], [C], [B, C])] == [False, True, False]


def test_streams_that_are_not_in_step() -> None:
    """A line whose time is before that of the other stream's line in front of it comes once, and no mark stands."""
    lines = [(1, 1.0, b"a\n"), (1, 2.4, b"c\n"), (2, 2.0, b"b\n"), (1, 3.0, b"e\n"), (2, 2.6, b"d\n"), (2, 2.7, b"f\n")]
    log = b"".join(frame(stream, stamp(at) + b" " + text) for stream, at, text in lines)
    watch = SkipWatch(lambda part: (block for block in [log]))
    watch._least, watch._age = 0.0, 9.0
    found = list(stamped_chunks(iter(cut(log, [30])), watch))
    assert not any(chunk.lost for chunk in found)
    assert {s: b"".join(c.data for c in found if c.stream == s) for s in (1, 2)} == {1: b"a\nc\ne\n", 2: b"b\nd\nf\n"}


def ended_early(told: list[bytes], log: list[bytes], tail: int | None = None) -> dict[int, bytes]:
    """By stream, what a follower gives that told so much of a log; ``tail`` lines were wanted."""

    def read(part: Part) -> Generator[bytes, None, None]:
        yield b"".join(log if part.tail is None else log[-part.tail :])

    found = list(stamped_chunks(iter([b"".join(told)]), SkipWatch(read, Part(tail=tail), rotates=False)))
    assert not any(chunk.lost for chunk in found)
    return {stream: b"".join(chunk.data for chunk in found if chunk.stream == stream) for stream in (1, 2)}


def test_pieces_of_a_long_line_that_a_follower_leaves_out() -> None:
    """They have one time; those that came are not told again, those that did not come are told."""
    pieces = [frame(1, stamp(2.0) + b" " + text) for text in (b"x" * 99, b"x" * 99, b"x\n")]
    log = [frame(1, stamp(1.0) + b" a\n"), *pieces, frame(2, stamp(2.5) + b" b\n")]
    for end in range(len(log) + 1):
        assert ended_early(log[:end], log) == {1: b"a\n" + b"x" * 199 + b"\n", 2: b"b\n"}


def test_what_is_before_the_last_lines_is_not_missed() -> None:
    """A stream of which no line is among them has none before the first of them; with none at all they are told."""
    log = [frame(2, stamp(1.0) + b" old\n"), *(frame(1, stamp(at) + b" %d\n" % at) for at in (2, 3, 4, 5))]
    assert ended_early(log[-2:-1], log, tail=2) == {1: b"4\n5\n", 2: b""}
    assert ended_early([], log, tail=2) == {1: b"4\n5\n", 2: b""}


def test_who_has_missed_nothing_is_not_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither by what came late before, nor by what asking took; by more than that it is."""
    clock = [2000.0]
    monkeypatch.setattr(skipped.time, "time", lambda: clock[0])
    asked: list[Part] = []

    def read(part: Part) -> Generator[bytes, None, None]:
        asked.append(part)
        clock[0] += 3.0
        yield stamped([A])

    watch = SkipWatch(read)
    counts = []
    for at, late in enumerate((0.0, 9.0, 9.0, 12.0, 12.0, 12.2, 12.2)):
        clock[0] = (seconds(stamp(at).decode()) or 0.0) + late
        list(watch.missed({1: stamp(max(at - 1, 0)), 2: b""}, stamp(at)))
        counts.append(len(asked))
    assert counts == [0, 0, 1, 1, 1, 1, 2]


def test_a_pause_of_one_who_is_not_behind_is_a_pause() -> None:
    """The log is not asked for: each line comes as old as the others."""

    def ask() -> Iterator[bytes]:
        raise AssertionError

    watch = SkipWatch(ask)
    watch.closed = True
    lines = b"".join(frame(1, stamp(at) + b" x\n") for at in (5.0, 3.0, 9.0))
    assert b"".join(chunk.data for chunk in stamped_chunks(iter([lines]), watch)) == b"x\nx\n"
