"""Samples on disk: read as written, by name; old ones joined without losing a peak; torn ends cost little."""

from __future__ import annotations

import math
import os
from array import array
from pathlib import Path

import pytest

from mltui.domain.samples import MOST, SampleRow, summary, thinned
from mltui.storage import sample_file
from mltui.storage.sample_file import SampleReader, SampleWriter

T = 1_700_000_000.0


def _read(path: Path) -> SampleReader:
    reader = SampleReader(path)
    while reader.poll():
        pass
    reader.close()
    return reader


def _row(time: float, value: float) -> SampleRow:
    return SampleRow(time, 1, array("f", [value]), array("f", [value]))


def test_rows_are_read_as_they_come_and_new_names_come_along(tmp_path: Path) -> None:
    """A reader that follows sees each row once; a value that is missing is NaN."""
    path = tmp_path / "samples"
    reader = SampleReader(path)
    assert not reader.poll()
    writer = SampleWriter(path)
    writer.add(T, {"run.cpu": 1.5, "run.memory": None})
    assert reader.poll()
    assert not reader.poll()
    writer.add(T + 1, {"run.cpu": 2.0, "run.memory": 3e9, "gpu.x.utilization": 0.5})
    assert reader.poll()
    assert reader.names == ["run.cpu", "run.memory", "gpu.x.utilization"]
    first, second = reader.rows
    assert first[:2] == (T, 1)
    assert first.mean[0] == 1.5
    assert math.isnan(first.mean[1])
    assert list(second.mean) == [2.0, 3e9, 0.5]
    writer.close()
    reader.close()


def test_a_writer_goes_on_where_another_stopped(tmp_path: Path) -> None:
    """A supervisor that takes a run up keeps what is there, and its names."""
    path = tmp_path / "samples"
    for at in range(3):
        writer = SampleWriter(path)
        writer.add(T + at, {"a": float(at), f"only{at}": 1.0})
        writer.close()
    found = _read(path)
    assert found.names == ["a", "only0", "only1", "only2"]
    assert [row.mean[0] for row in found.rows] == [0.0, 1.0, 2.0]


@pytest.mark.parametrize("cut", [1, 5, 9, 20])
def test_a_torn_end_costs_only_itself(tmp_path: Path, cut: int) -> None:
    """What a crash cut off is gone, the rest is there, and the next writer goes on behind it."""
    path = tmp_path / "samples"
    writer = SampleWriter(path)
    for at in range(5):
        writer.add(T + at, {"a": float(at)})
    writer.close()
    os.truncate(path, path.stat().st_size - cut)
    assert [row.mean[0] for row in _read(path).rows] == [0.0, 1.0, 2.0, 3.0]
    writer = SampleWriter(path)
    writer.add(T + 9, {"a": 9.0})
    writer.close()
    assert [row.mean[0] for row in _read(path).rows] == [0.0, 1.0, 2.0, 3.0, 9.0]


def test_a_damaged_byte_stops_readers_in_front_of_it(tmp_path: Path) -> None:
    """A checksum that does not fit: what stands before it is read."""
    path = tmp_path / "samples"
    writer = SampleWriter(path)
    for at in range(3):
        writer.add(T + at, {"a": float(at)})
    writer.close()
    data = bytearray(path.read_bytes())
    data[-1] ^= 0xFF
    path.write_bytes(data)
    assert [row.mean[0] for row in _read(path).rows] == [0.0, 1.0]


def test_a_file_of_another_kind_is_begun_anew(tmp_path: Path) -> None:
    """It is not read, and a writer replaces what is no sample."""
    path = tmp_path / "samples"
    path.write_bytes(b"something else entirely")
    assert not _read(path).rows
    writer = SampleWriter(path)
    writer.add(T, {"a": 1.0})
    writer.close()
    assert [list(row.mean) for row in _read(path).rows] == [[1.0]]


def test_old_rows_are_joined_and_keep_mean_and_peak() -> None:
    """One second for ten minutes, then 10 s, 60 s and 600 s; the mean is that of all samples, no peak is lost."""
    end = T + 3 * 86_400
    rows = [_row(T + at, float(at % 100 == 7)) for at in range(3 * 86_400)]
    found = thinned(rows, end)
    assert len(found) <= 600 + 661 + 1_321 + 2 * 145
    assert sum(row.samples for row in found) == len(rows)
    recent = [row for row in found if end - row.time <= 600]
    assert all(row.samples == 1 for row in recent)
    total = sum(row.samples * row.mean[0] for row in found)
    assert total == pytest.approx(len(rows) / 100, rel=1e-5)
    assert max(row.peak[0] for row in found) == 1.0
    assert all(row.peak[0] == 1.0 for row in found if row.samples >= 100)
    assert [row.time for row in found] == sorted(row.time for row in found)


def test_thinning_again_changes_only_what_got_older() -> None:
    """Joined rows are joined again as they age, with their weights."""
    rows = [_row(T + at, float(at)) for at in range(4_000)]
    once = thinned(rows, T + 4_000)
    twice = thinned(thinned(rows[:2_000], T + 2_000) + rows[2_000:], T + 4_000)
    assert [(row.time, row.samples) for row in once] == [(row.time, row.samples) for row in twice]
    assert [row.mean[0] for row in once] == pytest.approx([row.mean[0] for row in twice])


def test_the_number_of_rows_is_bounded() -> None:
    """However long a run goes on: the steps double."""
    rows = [SampleRow(T + 600.0 * at, 600, array("f", [1.0]), array("f", [2.0])) for at in range(4 * MOST)]
    found = thinned(rows, rows[-1].time)
    assert len(found) <= MOST
    assert sum(row.samples for row in found) == 600 * len(rows)


def test_a_clock_that_was_set_back_bounds_them_too() -> None:
    """Rows that were written before that, and are of the future now, are joined like old ones."""
    rows = [_row(T + at, float(at)) for at in range(2 * MOST)]
    found = thinned(rows, T - 86_400)
    assert len(found) < 600
    assert sum(row.samples for row in found) == len(rows)


def test_a_missing_value_does_not_count_in_a_mean() -> None:
    """NaN has no weight; where nothing was read the joined row has nothing."""
    nothing, some = array("f", [math.nan, math.nan]), array("f", [4.0, math.nan])
    rows = [SampleRow(T, 1, nothing, nothing), SampleRow(T + 1, 1, some, some)]
    _, found = thinned([rows[0], *(row._replace(time=row.time - row.time % 10) for row in rows)], T + 1_000)
    assert found.mean[0] == found.peak[0] == 4.0
    assert math.isnan(found.mean[1])


def test_a_reader_follows_a_file_that_is_thinned(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It sees that the rows begin anew, and has what the file has."""
    monkeypatch.setattr(sample_file, "THIN_EVERY", 50)
    path = tmp_path / "samples"
    writer, reader = SampleWriter(path), SampleReader(path)
    for at in range(2_000):
        writer.add(T + at, {"a": float(at)})
        if at % 10 == 0:
            reader.poll()
    reader.poll()
    assert reader.renewed > 1
    assert sum(row.samples for row in reader.rows) == 2_000
    assert len(reader.rows) < 900
    assert reader.rows == _read(path).rows
    assert not path.with_name("samples.new").exists()
    writer.close()
    reader.close()


def test_a_figure_over_a_whole_run() -> None:
    """Its average counts every sample alike, joined or not; what was never read has none."""
    rows = [SampleRow(T, 9, array("f", [1.0]), array("f", [5.0])), _row(T + 10, 3.0), _row(T + 11, math.nan)]
    assert summary(["a", "b"], rows, "a") == (1.2, 5.0, 3.0)
    assert summary(["a", "b"], rows, "b") is None
    assert summary(["a"], rows, "c") is None
