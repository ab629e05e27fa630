"""The points on disk: they come back bit by bit, a torn end is waited for, a new file takes the old one's place."""

from __future__ import annotations

import math
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mltui.domain.metric import MetricKind, MetricPoint, MetricStore
from mltui.storage.metric_file import MetricReaderFile, MetricWriter

NAMES = st.sampled_from(["loss", "val_loss", "[rank0] ü/loss", "x" * 200])
KINDS = st.sampled_from(list(MetricKind))
POINTS = st.lists(st.builds(MetricPoint, NAMES, st.sampled_from(["step", "epoch"]), st.floats(), st.floats(), KINDS))


class Reader:
    """A reader that fills a store."""

    def __init__(self, path: Path) -> None:
        self.store = MetricStore()
        self.begun = 0
        self.file = MetricReaderFile(path, lambda key, c: self.store.get(key).extend(*c), self._begin)

    def _begin(self) -> None:
        self.begun += 1
        self.store.clear()

    def values(self) -> dict[str, list[float]]:
        self.file.poll()
        return {key.name: list(series.value) for key, series in self.store.series.items()}


def point(x: float, value: float, name: str = "loss") -> MetricPoint:
    return MetricPoint(name, "step", x, value)


@given(POINTS, st.integers(1, 5))
def test_points_come_back_bit_by_bit(tmp_path_factory: pytest.TempPathFactory, points, flush: int) -> None:
    """Every float, NaN and infinities too, in order, under its name, axis and kind, however often it was flushed."""
    path = tmp_path_factory.mktemp("points") / "metrics"
    writer = MetricWriter(path)
    reader = Reader(path)
    for i, one in enumerate(points):
        writer.add(one, float(i))
        if i % flush == 0:
            writer.flush()
            reader.file.poll()
    writer.close()
    reader.file.poll()
    got = [
        (key.name, key.axis, key.kind, x.hex(), value.hex(), time)
        for key, series in reader.store.series.items()
        for x, value, time in zip(series.x, series.value, series.time, strict=True)
    ]
    want = [(p.name, p.axis, p.kind, p.x.hex(), p.value.hex(), float(i)) for i, p in enumerate(points)]
    assert sorted(got, key=lambda row: row[-1]) == want


def test_many_points_at_once(tmp_path: Path) -> None:
    """More points than one frame and one read hold."""
    writer = MetricWriter(tmp_path / "metrics")
    for i in range(300_000):
        writer.add(point(i, i / 7), i)
    writer.close()
    (values,) = Reader(tmp_path / "metrics").values().values()
    assert values == [i / 7 for i in range(300_000)]


def test_every_cut_is_survived(tmp_path: Path) -> None:
    """A file that ends anywhere yields the frames that are whole, and goes on when the rest is there."""
    path = tmp_path / "metrics"
    writer = MetricWriter(path)
    for i in range(3):
        writer.add(point(i, i), i)
        writer.flush()
    writer.close()
    whole = path.read_bytes()
    for cut in range(len(whole)):
        path.write_bytes(whole[:cut])
        reader = Reader(path)
        values = reader.values().get("loss", [])
        assert values == [float(i) for i in range(len(values))]
        with path.open("ab") as file:
            file.write(whole[cut:])
        assert reader.values() == {"loss": [0.0, 1.0, 2.0]}
        reader.file.close()


def test_a_damaged_frame_is_where_reading_ends(tmp_path: Path) -> None:
    """Nothing is made up from bytes whose checksum is wrong."""
    path = tmp_path / "metrics"
    writer = MetricWriter(path)
    for i in range(3):
        writer.add(point(i, i), i)
        writer.flush()
    writer.close()
    data = bytearray(path.read_bytes())
    data[-5] ^= 1
    path.write_bytes(data)
    assert Reader(path).values() == {"loss": [0.0, 1.0]}


def test_another_file_is_not_read(tmp_path: Path) -> None:
    """What does not begin as a metric file does is nobody's points."""
    (tmp_path / "metrics").write_bytes(b"something else entirely")
    assert Reader(tmp_path / "metrics").values() == {}
    assert Reader(tmp_path / "missing").values() == {}


def test_a_new_file_takes_the_old_ones_place_when_it_is_complete(tmp_path: Path) -> None:
    """A run taken up again: readers keep the old points until the new file has them all."""
    path = tmp_path / "metrics"
    first = MetricWriter(path)
    first.add(point(1, 1), 1)
    first.close()
    reader = Reader(path)
    assert reader.values() == {"loss": [1.0]}
    second = MetricWriter(path)
    second.flush()
    assert reader.values() == {"loss": [1.0]}
    second.add(point(1, 1), 1)
    second.add(point(2, 2), 2)
    second.publish()
    assert reader.values() == {"loss": [1.0, 2.0]}
    assert reader.begun == 1
    second.add(point(3, 3), 3)
    second.close()
    assert reader.values() == {"loss": [1.0, 2.0, 3.0]}
    assert os.listdir(tmp_path) == ["metrics"]


def test_a_writer_that_died_before_its_file_was_complete(tmp_path: Path) -> None:
    """The next one begins anew; the old points stay until then."""
    path = tmp_path / "metrics"
    first = MetricWriter(path)
    first.add(point(1, 1), 1)
    first.close()
    died = MetricWriter(path)
    died.add(point(1, math.nan), 1)
    died.flush()
    third = MetricWriter(path)
    assert Reader(path).values() == {"loss": [1.0]}
    third.add(point(1, 5), 1)
    third.close()
    assert Reader(path).values() == {"loss": [5.0]}


def test_a_removed_file_leaves_what_was_read(tmp_path: Path) -> None:
    """The viewer of a run that is removed does not fail."""
    path = tmp_path / "metrics"
    writer = MetricWriter(path)
    writer.add(point(1, 1), 1)
    writer.close()
    reader = Reader(path)
    reader.file.poll()
    path.unlink()
    assert reader.values() == {"loss": [1.0]}
