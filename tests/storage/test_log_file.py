"""The log on disk: bytes, streams and times come back as they were written, whatever broke in between."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mltui.storage.log_file import LogPiece, LogReader, LogWriter

ENTRY = struct.Struct("<QdI")
CHUNKS = st.lists(st.tuples(st.sampled_from([1, 2]), st.binary(max_size=20), st.floats(0, 0.3)))


def write(folder: Path, *chunks: tuple[int, bytes, float]) -> None:
    with LogWriter(folder) as writer:
        for chunk in chunks:
            writer.append(*chunk)


def pieces(folder: Path) -> list[LogPiece]:
    with LogReader(folder) as reader:
        return list(reader.pieces())


def by_stream(found: list[LogPiece]) -> dict[int, bytes]:
    return {n: b"".join(piece.data for piece in found if piece.stream == n) for n in (1, 2)}


@given(CHUNKS, st.integers(1, 50))
def test_what_is_written_comes_back(tmp_path_factory: pytest.TempPathFactory, chunks, limit: int) -> None:
    """Each stream's bytes are whole, times never run back and are at most a tenth of a second off."""
    folder = tmp_path_factory.mktemp("log")
    now, written = 1000.0, []
    for stream, data, pause in chunks:
        now += pause
        written.append((stream, data, now))
    write(folder, *written)
    with LogReader(folder) as reader:
        found = []
        while some := list(reader.pieces(limit)):
            found += some
    assert by_stream(found) == {n: b"".join(d for s, d, _ in written if s == n) for n in (1, 2)}
    assert (folder / "log").read_bytes() == b"".join(data for _, data, _ in written)
    times = [piece.time for piece in found]
    assert times == sorted(times)
    for stream, data, time in written:
        if data:
            assert any(p.stream == stream and p.time <= time < p.time + 0.11 for p in found)


def test_a_clock_that_is_set_back(tmp_path: Path) -> None:
    """What comes after that has the time that the clock shows then."""
    write(tmp_path, (1, b"one\n", 5000.0), (1, b"two\n", 1400.0), (1, b"three\n", 1400.05))
    assert pieces(tmp_path) == [LogPiece(1, b"one\n", 5000.0), LogPiece(1, b"two\nthree\n", 1400.0)]


def test_a_reader_follows_a_log_that_grows(tmp_path: Path) -> None:
    """Each look yields what has come since the last one."""
    with LogWriter(tmp_path) as writer, LogReader(tmp_path) as reader:
        assert list(reader.pieces()) == []
        writer.append(1, b"one", 1.0)
        assert list(reader.pieces()) == [LogPiece(1, b"one", 1.0)]
        writer.append(2, b"two", 2.0)
        writer.append(1, b"three", 3.0)
        assert list(reader.pieces()) == [LogPiece(2, b"two", 2.0), LogPiece(1, b"three", 3.0)]
        assert list(reader.pieces()) == []


def test_a_jump_keeps_stream_and_time(tmp_path: Path) -> None:
    """Whoever begins near the end is told the stream and the time that hold there."""
    write(tmp_path, *((1 + i % 2, b"%05d\n" % i, float(i)) for i in range(2000)))
    with LogReader(tmp_path) as reader:
        reader.skip_to(6 * 1500 + 3)
        reader.skip_line()
        first = next(reader.pieces())
    assert first == LogPiece(2, b"01501\n", 1501.0)


@given(st.lists(st.tuples(st.sampled_from([1, 2]), st.binary(max_size=4)), max_size=60), st.data())
def test_jumps_lead_where_reading_on_does(tmp_path_factory: pytest.TempPathFactory, chunks, data) -> None:
    """Every byte has the same stream and time, whatever was read or jumped over before; several records of one place
    count as their last."""
    folder = tmp_path_factory.mktemp("log")
    write(folder, *((stream, text, float(i)) for i, (stream, text) in enumerate(chunks)))
    told = [(piece.stream, piece.time, byte) for piece in pieces(folder) for byte in piece.data]
    with LogReader(folder) as reader:
        while reader.offset < reader.size:
            reader.skip_to(reader.offset + data.draw(st.integers(0, reader.size - reader.offset)))
            at = reader.offset
            found = list(reader.pieces(data.draw(st.integers(1, 5))))
            assert [(p.stream, p.time, byte) for p in found for byte in p.data] == told[at : reader.offset]


def test_a_jump_into_a_line_without_end_stays_there(tmp_path: Path) -> None:
    """Where no line's end is near there is nothing to skip to."""
    write(tmp_path, (1, b"x" * 200_000, 1.0))
    with LogReader(tmp_path) as reader:
        reader.skip_to(100_000)
        reader.skip_line()
        assert reader.offset == 100_000


@pytest.mark.parametrize("cut", range(1, 20))
def test_an_index_cut_in_the_middle(tmp_path: Path, cut: int) -> None:
    """Readers stop in front of the broken record; the next writer cuts it away and goes on."""
    write(tmp_path, (1, b"one\n", 1.0), (2, b"two\n", 2.0))
    index = tmp_path / "log.index"
    index.write_bytes(index.read_bytes()[: -ENTRY.size] + index.read_bytes()[-ENTRY.size :][:cut])
    assert b"".join(piece.data for piece in pieces(tmp_path)) == b"one\ntwo\n"
    write(tmp_path, (2, b"three\n", 3.0))
    assert pieces(tmp_path) == [LogPiece(1, b"one\ntwo\n", 1.0), LogPiece(2, b"three\n", 3.0)]


def test_an_index_ahead_of_its_log(tmp_path: Path) -> None:
    """After a power failure the log may be shorter than its index says; what comes next has its own stream."""
    write(tmp_path, (1, b"one\n", 1.0), (2, b"two\n", 2.0), (1, b"three\n", 3.0))
    with (tmp_path / "log").open("r+b") as file:
        file.truncate(2)
    write(tmp_path, (2, b"later\n", 9.0))
    assert pieces(tmp_path) == [LogPiece(1, b"on", 1.0), LogPiece(2, b"later\n", 9.0)]


def test_a_log_without_an_index(tmp_path: Path) -> None:
    """The bytes are still shown, as stdout."""
    write(tmp_path, (2, b"one\n", 1.0))
    (tmp_path / "log.index").write_bytes(b"")
    assert [(piece.stream, piece.data) for piece in pieces(tmp_path)] == [(1, b"one\n")]


def test_only_the_owner_may_read_it(tmp_path: Path) -> None:
    """A log may hold what is nobody else's business."""
    write(tmp_path, (1, b"one\n", 1.0))
    assert {(tmp_path / name).stat().st_mode & 0o777 for name in ("log", "log.index")} == {0o600}
