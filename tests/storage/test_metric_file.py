"""The points on disk: they come back bit by bit, a torn end is waited for, a new file takes the old one's place."""

from __future__ import annotations

import contextlib
import errno
import itertools
import math
import os
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mltui.domain.metric import MetricKind, MetricPoint, MetricStore, SeriesKey
from mltui.storage import metric_writer
from mltui.storage.metric_reader import MetricReaderFile
from mltui.storage.metric_writer import MetricWriter

NAMES = st.sampled_from(["loss", "val_loss", "[rank0] ü/loss", "x" * 200])
KINDS = st.sampled_from([kind for kind in MetricKind if kind is not MetricKind.LEFT_OUT])
POINTS = st.lists(st.builds(MetricPoint, NAMES, st.sampled_from(["step", "epoch"]), st.floats(), st.floats(), KINDS))


_OPEN: list[MetricReaderFile] = []


@pytest.fixture(autouse=True)
def _closed_readers() -> Iterator[None]:
    """Readers are many here; what they hold open goes with the test."""
    yield
    while _OPEN:
        _OPEN.pop().close()


class Reader:
    """A reader that fills a store."""

    def __init__(self, path: Path) -> None:
        self.store = MetricStore()
        self.begun = 0
        self.file = MetricReaderFile(path, lambda key, c: self.store.extend(key, *c), self._begin)
        _OPEN.append(self.file)

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
        for key, series in (reader.store.series | reader.store.places).items()
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
    tail = path.with_name("metrics.tail")
    damage(tail)
    assert Reader(path).values() == {"loss": [0.0, 1.0]}
    writer.close()
    assert Reader(path).values() == {"loss": [0.0, 1.0, 2.0]}
    damage(path)
    assert Reader(path).values() == {}


def damage(path: Path) -> None:
    """Turn a bit round near the end."""
    data = bytearray(path.read_bytes())
    data[-5] ^= 1
    path.write_bytes(data)


@pytest.fixture
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Blocks of a few points, so that a short test makes many."""
    monkeypatch.setattr(metric_writer, "_BLOCK", 8)
    monkeypatch.setattr(metric_writer, "_MOST", 32)


ACTIONS = st.lists(st.tuples(st.sampled_from("abc"), st.integers(1, 40), st.booleans()), max_size=12)


@pytest.mark.usefixtures("small_blocks")
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(ACTIONS)
def test_a_follower_sees_each_point_once(tmp_path_factory: pytest.TempPathFactory, actions) -> None:
    """However tail and blocks take turns, who follows and who opens anew see the same, in order, and no point twice."""
    path = tmp_path_factory.mktemp("points") / "metrics"
    writer, want = MetricWriter(path), defaultdict(list)
    always, sometimes = Reader(path), Reader(path)
    for name, count, looks in actions:
        for _ in range(count):
            want[name].append(float(len(want[name])))
            writer.add(point(0, want[name][-1], name), 1.0)
        writer.flush()
        assert always.values() == Reader(path).values() == want
        assert not looks or sometimes.values() == want
    writer.close()
    assert always.values() == sometimes.values() == Reader(path).values() == want
    assert always.begun == sometimes.begun == 0
    assert os.listdir(path.parent) == ["metrics"]


@pytest.mark.usefixtures("small_blocks")
def test_a_crash_at_any_byte_leaves_the_beginning(tmp_path: Path) -> None:
    """Every cut of the file, its tail whole or cut too, gives the first points of each series and nothing else."""
    path, crashed = tmp_path / "metrics", tmp_path / "crashed"
    writer = MetricWriter(path)
    for i in range(27):
        writer.add(point(i, i, "ab"[i % 2]), i)
        if i % 3 == 0:
            writer.flush()
    whole, tail = path.read_bytes(), path.with_name("metrics.tail").read_bytes()
    seen = set()
    for data, rest in [(whole[:n], tail) for n in range(len(whole))] + [
        (whole, tail[:n]) for n in range(len(tail) + 1)
    ]:
        crashed.write_bytes(data)
        crashed.with_name("crashed.tail").write_bytes(rest)
        values = Reader(crashed).values()
        for k, name in enumerate("ab"):
            got = values.get(name, [])
            assert got == [float(2 * j + k) for j in range(len(got))]
        seen.add(sum(map(len, values.values())))
    assert max(seen) == 25
    assert 0 in seen


@pytest.mark.usefixtures("small_blocks")
def test_a_crash_between_block_and_tail(tmp_path: Path) -> None:
    """A tail whose points are in a block already, or that belongs to another file, counts for nothing."""
    path, tail = tmp_path / "metrics", tmp_path / "metrics.tail"
    writer = MetricWriter(path)
    writer.add(point(1, 1), 1)
    writer.flush()
    old = tail.read_bytes()
    for i in range(2, 11):
        writer.add(point(i, i), i)
    writer.flush()
    assert not tail.exists()
    tail.write_bytes(old)
    assert Reader(path).values() == {"loss": [float(i) for i in range(1, 11)]}
    again = MetricWriter(path)
    again.add(point(1, 1), 1)
    again.publish()
    again.add(point(2, 2), 2)
    again.flush()
    other = tail.read_bytes()
    assert Reader(path).values() == {"loss": [1.0, 2.0]}
    tail.write_bytes(old)
    assert Reader(path).values() == {"loss": [1.0]}
    tail.write_bytes(other)
    assert Reader(path).values() == {"loss": [1.0, 2.0]}


def test_who_opens_a_file_that_is_being_replaced_reads_the_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The old one's tail goes just when it would have been opened."""
    path = tmp_path / "metrics"
    old = MetricWriter(path)
    old.add(point(1, 1), 1)
    old.flush()
    again = MetricWriter(path)
    again.add(point(1, 1), 1)
    open_tail = MetricReaderFile._open_tail

    def replaced(reader: MetricReaderFile) -> bool:
        if again.anew:
            again.publish()
        return open_tail(reader)

    monkeypatch.setattr(MetricReaderFile, "_open_tail", replaced)
    assert Reader(path).values() == {"loss": [1.0]}
    assert not again.anew


@pytest.mark.usefixtures("small_blocks")
@pytest.mark.parametrize("before", [1, 20])
def test_a_series_is_withdrawn(tmp_path: Path, before: int) -> None:
    """It is gone for who follows and who opens anew, the others stay, and it may begin anew under its name."""
    path = tmp_path / "metrics"
    writer, follower = MetricWriter(path), Reader(path)
    for i in range(before):
        writer.add(point(i, i, "stays"), i)
        writer.add(point(i, i, "goes"), i)
    writer.flush()
    assert set(follower.values()) == {"stays", "goes"}
    writer.withdraw(SeriesKey("goes", "step"))
    writer.flush()
    kept = [float(i) for i in range(before)]
    assert follower.values() == Reader(path).values() == {"stays": kept}
    writer.add(point(9, 9, "goes"), 9)
    writer.close()
    assert follower.values() == Reader(path).values() == {"stays": kept, "goes": [9.0]}


@pytest.mark.usefixtures("small_blocks")
def test_a_full_disk_loses_and_doubles_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What could not be written, or only in part, is written by the next flush that can."""
    path = tmp_path / "metrics"
    writer, follower, write = MetricWriter(path), Reader(path), os.write
    refusals = itertools.cycle([None, 3, 0, None, 40, None, None, 1])

    def full(file: int, data: memoryview) -> int:
        room = next(refusals)
        if room is None:
            return write(file, data)
        write(file, data[:room])
        raise OSError(errno.ENOSPC, "full")

    for i in range(100):
        writer.add(point(i, i), i)
        monkeypatch.setattr(os, "write", full)
        with contextlib.suppress(OSError):
            writer.flush()
        monkeypatch.setattr(os, "write", write)
        values = follower.values().get("loss", [])
        assert values == [float(k) for k in range(len(values))]
    writer.close()
    assert follower.values() == Reader(path).values() == {"loss": [float(k) for k in range(100)]}


@pytest.mark.usefixtures("small_blocks")
def test_a_disk_that_refuses_late_loses_and_doubles_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Over a network a disk may take a block and say that it is full, or over its quota, when that is to be durable."""
    path = tmp_path / "metrics"
    writer, follower, fsync, calls = MetricWriter(path), Reader(path), os.fsync, itertools.count()

    def full(file: int) -> None:
        follower.values()
        if next(calls) % 3:
            raise OSError(errno.EDQUOT, "over quota")
        fsync(file)

    monkeypatch.setattr(os, "fsync", full)
    for i in range(100):
        writer.add(point(i, i), i)
        with contextlib.suppress(OSError):
            writer.flush()
        values = follower.values().get("loss", [])
        assert values == [float(k) for k in range(len(values))]
    monkeypatch.setattr(os, "fsync", fsync)
    writer.close()
    assert follower.values() == Reader(path).values() == {"loss": [float(k) for k in range(100)]}


def test_times_are_kept_to_the_millisecond(tmp_path: Path) -> None:
    """A time is the nearest millisecond."""
    writer = MetricWriter(tmp_path / "metrics")
    writer.add(point(1, 1), 1_700_000_000.123_456)
    writer.close()
    reader = Reader(tmp_path / "metrics")
    reader.file.poll()
    (series,) = reader.store.series.values()
    assert list(series.time) == [1_700_000_000.123]


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


@pytest.mark.parametrize("count", [2, 4, 50])
def test_a_new_file_that_never_gets_complete(tmp_path: Path, count: int) -> None:
    """Of a run whose log was not read again to its end the file with more points stays, and no other."""
    path = tmp_path / "metrics"
    for points in (4, count):
        writer = MetricWriter(path)
        for i in range(points):
            writer.add(point(i, i), i)
        writer.close(whole=points == 4)
    assert Reader(path).values() == {"loss": [float(i) for i in range(max(4, count))]}
    assert list(tmp_path.iterdir()) == [path]


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


class Died(Exception):
    """The writer's process ended here."""


@pytest.mark.usefixtures("small_blocks")
@pytest.mark.parametrize("again", [False, True], ids=["first", "taken up again"])
def test_a_writer_that_dies_at_any_call(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, again: bool) -> None:
    """Whichever system call is its last: what was flushed is there, once; who follows never sees a curve shrink."""
    for last in itertools.count():
        path = tmp_path / str(last) / "metrics"
        path.parent.mkdir()
        before = list(write_and_flush(path, 14))[-1] if again else 0
        follower, flushed, ended, calls = Reader(path), before, False, itertools.count()
        with monkeypatch.context() as patch, contextlib.suppress(Died):
            for name in ("write", "unlink", "replace", "fsync"):
                patch.setattr(os, name, mortal(getattr(os, name), calls, last))
            for count in write_and_flush(path, 40):
                flushed = max(flushed, count)
                assert len(follower.values().get("loss", [])) >= flushed
            ended = True
        for reader in (follower, Reader(path)):
            values = reader.values().get("loss", [])
            assert values == [float(i) for i in range(len(values))]
            assert len(values) >= flushed
        if ended:
            assert last > 20
            return


def mortal(call: Callable[..., object], calls: Iterator[int], last: int) -> Callable[..., object]:
    """A system call that ends the process when ``last`` calls were made before."""

    def perhaps(*arguments: object) -> object:
        if next(calls) >= last:
            raise Died
        return call(*arguments)

    return perhaps


def write_and_flush(path: Path, count: int) -> Iterator[int]:
    """Write so many points as a recorder does; after each flush, how many everybody has to see."""
    writer = MetricWriter(path)
    for i in range(count):
        writer.add(point(i, i), i)
        if i == count // 2:
            writer.publish()
        if i % 3 == 2:
            writer.flush()
            yield 0 if writer.anew else i + 1
    writer.close()
    yield count
