"""What a log that is told again adds to a record of it, however it was cut, changed or shortened on the way."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mltui.engines.base import LogChunk
from mltui.runtime.replay import GAP, Replay, as_told
from mltui.storage.log_file import LogReader, LogWriter

LINES = st.lists(
    st.sampled_from(
        [
            b"",
            b"a",
            b"step 1",
            b"1%\r2%\r",
            b"\r3%",
            b"end\r",
            b"loss \xe2\x82\xac",
            b"\xff\xfe",
            b"\xe2\x82",
            "ü".encode(),
        ]
    )
)
LOG = st.lists(
    st.tuples(
        st.sampled_from([1, 2]),
        st.binary(max_size=12) | st.just(b"\n") | st.sampled_from([b"same\n", b"\r", b"same\r", b"\r\n"]),
    )
)
CUTS = st.lists(st.integers(1, 9), min_size=1, max_size=6)


def record(folder: Path, chunks: list[tuple[int, bytes]]) -> None:
    folder.mkdir(exist_ok=True)
    for name in ("log", "log.index"):
        (folder / name).unlink(missing_ok=True)
    with LogWriter(folder) as writer:
        for stream, data in chunks:
            writer.append(stream, data, 1.0)


def recorded(folder: Path) -> dict[int, bytes]:
    found = {1: b"", 2: b""}
    with LogReader(folder) as reader:
        for piece in reader.pieces():
            found[piece.stream] += piece.data
    return found


def told(data: bytes) -> bytes:
    """As json-file tells it: line by line, with what is not UTF-8 replaced."""
    return b"\n".join(as_told(line) for line in data.split(b"\n"))


def resume(folder: Path, streams: dict[int, bytes], sizes: list[int]) -> dict[int, bytes]:
    """Record the rest of a log that is told again in pieces of these sizes; the whole record by stream."""
    replay = Replay(folder)
    with LogWriter(folder) as writer:
        for stream, data in streams.items():
            at = turn = 0
            while at < len(data):
                size = sizes[turn % len(sizes)]
                new = replay.rest(LogChunk(stream, data[at : at + size]))
                writer.append(stream, new.data, 2.0)
                at, turn = at + size, turn + 1
        for chunk in replay.finish():
            writer.append(chunk.stream, chunk.data, 3.0)
    return recorded(folder)


@given(LOG, st.integers(0, 40), CUTS)
def test_told_in_full_the_record_becomes_the_original(tmp_path_factory, log, cut, sizes) -> None:
    """Whatever was recorded before, at whichever byte it stopped: nothing is lost, nothing comes twice."""
    folder = tmp_path_factory.getbasetemp() / "replay"
    whole = {n: b"".join(data for stream, data in log if stream == n) for n in (1, 2)}
    record(folder, log[:cut])
    assert resume(folder, whole, sizes) == whole


@given(LINES, st.integers(0, 60), CUTS)
def test_bytes_that_the_engine_replaced_do_not_shift_the_place(tmp_path_factory, lines, cut, sizes) -> None:
    """A log that is not UTF-8 is told otherwise than it was recorded; the new part begins at the right place."""
    folder = tmp_path_factory.getbasetemp() / "replay"
    whole = b"\n".join(lines)
    cut = min(cut, len(whole))
    record(folder, [(1, whole[:cut])])
    result = resume(folder, {1: told(whole)}, sizes)[1]
    assert result.startswith(whole[:cut])
    assert told(result).translate(None, bytes(range(128, 256))) == whole.translate(None, bytes(range(128, 256)))
    assert result.count(b"\n") == whole.count(b"\n")


@given(st.integers(1, 30), st.integers(0, 30), st.integers(1, 20), CUTS)
def test_a_log_that_forgot_its_beginning(tmp_path_factory, kept, forgot, more, sizes) -> None:
    """Where what is left reaches back into the record it is joined without a seam, else the gap is marked."""
    folder = tmp_path_factory.getbasetemp() / "replay"
    lines = [b"step %d\n" % i for i in range(kept + more)]
    record(folder, [(1, b"".join(lines[:kept]))])
    forgot = min(forgot, len(lines))
    result = resume(folder, {1: b"".join(lines[forgot:])}, sizes)[1]
    if kept <= forgot < len(lines):
        assert result == b"".join(lines[:kept]) + GAP + b"".join(lines[forgot:])
    else:
        assert result == b"".join(lines)[: len(result)]
        assert result.count(b"\n") == (len(lines) if forgot < len(lines) else kept)


def test_a_gap_within_a_line_ends_that_line(tmp_path: Path) -> None:
    """The unfinished line before a gap stays as it is, the mark has a line of its own."""
    record(tmp_path / "run", [(1, b"one\nbegun but")])
    assert resume(tmp_path / "run", {1: b"later\nlast"}, [4])[1] == b"one\nbegun but\n" + GAP + b"later\nlast"


def test_a_second_gap_is_aligned_behind_the_first(tmp_path: Path) -> None:
    """The mark itself, which no engine tells, is stepped over."""
    record(tmp_path / "run", [(1, b"one\n")])
    resume(tmp_path / "run", {1: b"five\nsix\n"}, [100])
    assert resume(tmp_path / "run", {1: b"five\nsix\nseven\n"}, [3])[1] == b"one\n" + GAP + b"five\nsix\nseven\n"


def test_what_a_crashed_engine_did_not_keep_is_kept(tmp_path: Path) -> None:
    """Lines that only the record has stay in it, those that follow are new, and the seam is marked."""
    record(tmp_path / "run", [(1, b"one\ntwo\nthree\n")])
    result = resume(tmp_path / "run", {1: b"one\nfour\nfive\n"}, [100])[1]
    assert result == b"one\ntwo\nthree\n" + GAP + b"four\nfive\n"


def test_a_bar_that_is_drawn_over_goes_on_before_its_line_ends(tmp_path: Path) -> None:
    """A crashed engine did not keep its newest frames: those that follow are new, and none comes again."""
    frames = [b"\r%d%% loss 0.%d" % (i, i) for i in range(3000)]
    record(tmp_path / "run", [(1, b"begin\r\n" + b"".join(frames[:2000]))])
    told = b"begin\r\n" + b"".join(frames[:1500]) + b"".join(frames[2300:])
    later = b"".join(frames[2300:]).removeprefix(b"\r")
    assert resume(tmp_path / "run", {1: told}, [1000])[1] == (
        b"begin\r\n" + b"".join(frames[:2000]) + b"\n" + GAP + later
    )


@pytest.mark.parametrize("kept", [b"one\n20% lo", b"one\n20% loss 2\r30", b"one\n20% loss 2\r30% loss 3\r40% los"])
def test_a_line_of_which_the_engine_kept_the_beginning_alone(tmp_path: Path, kept: bytes) -> None:
    """What it has of it is no new line."""
    recorded = b"one\n20% loss 2\r30% loss 3\r40% loss 4"
    record(tmp_path / "run", [(1, recorded[:9]), (2, b"other"), (1, recorded[9:])])
    result = resume(tmp_path / "run", {1: kept + b"\r70% loss 7\r80% loss 8"}, [7])[1]
    assert result == recorded + b"\n" + GAP + b"70% loss 7\r80% loss 8"


def test_a_gap_behind_a_frame_of_a_bar_has_a_line_of_its_own(tmp_path: Path) -> None:
    """The mark draws over nothing."""
    record(tmp_path / "run", [(1, b"one\r\n10%\r20%\r")])
    assert resume(tmp_path / "run", {1: b"40%\r50%\r"}, [3])[1] == b"one\r\n10%\r20%\r\n" + GAP + b"40%\r50%\r"


def test_a_shorter_log_adds_nothing(tmp_path: Path) -> None:
    """An engine that lost the end of what was recorded, and then ended, does not double a line's beginning."""
    record(tmp_path / "run", [(1, b"one\ntwo\nthree begun")])
    assert resume(tmp_path / "run", {1: b"one\ntwo\nthr"}, [100])[1] == b"one\ntwo\nthree begun"
    assert resume(tmp_path / "run", {1: b"one\ntw"}, [100])[1] == b"one\ntwo\nthree begun"


def test_a_character_broken_where_the_engine_cuts_long_lines(tmp_path: Path) -> None:
    """json-file cuts at 16 KiB, also within a character; a record that ends behind it goes on at the right place."""
    line = b"x" * 16383 + "€".encode() + b"y" * 100
    broken = as_told(line[:16384]) + as_told(line[16384:])
    record(tmp_path / "run", [(1, line[:16400])])
    assert resume(tmp_path / "run", {1: broken + b"\nnext\n"}, [16384])[1] == line + b"\nnext\n"


def test_long_lines_take_linear_time(tmp_path: Path) -> None:
    """Ten megabytes without a line's end, told in small pieces, go on where the record stopped."""
    line = bytes(range(32, 127)) * 110_000
    record(tmp_path / "run", [(1, b"first\n" + line[:-5])])
    assert resume(tmp_path / "run", {1: b"first\n" + line + b"\n"}, [16384])[1] == b"first\n" + line + b"\n"
