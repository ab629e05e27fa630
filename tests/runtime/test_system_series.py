"""What a run used, on the x of its metrics."""

from __future__ import annotations

from pathlib import Path

import pytest

from mltui.domain.metric import MetricKind, MetricPoint, MetricStore, Series, SeriesKey
from mltui.runtime.system_series import SECONDS, SystemSeries, place
from mltui.storage.sample_file import SampleReader, SampleWriter

T = 1_700_000_000.0


def _series(points: list[tuple[float, float]], axis: str = "epoch") -> Series:
    series = Series(SeriesKey("loss", axis))
    for x, seconds in points:
        series.add(x, 1.0, T + seconds)
    return series


@pytest.mark.parametrize(
    ("seconds", "x"),
    [(0, 0.0), (50, 0.5), (100, 1.0), (150, 1.5), (200, 2.0), (250, 2.5), (300, 3.0), (1_000, 3.0)],
)
def test_a_moment_lies_between_the_points_around_it(seconds: float, x: float) -> None:
    """In proportion to the time; before the first point from zero on, behind the last one step at most."""
    assert place(_series([(1, 100), (2, 200)]), T + seconds, T) == pytest.approx(x)


def test_a_run_whose_counter_begins_at_zero(tmp_path: Path) -> None:
    """What came before step 0 is drawn at step 0."""
    assert place(_series([(0, 100), (10, 200)], "step"), T + 20, T) == 0


class _Rig:
    def __init__(self, folder: Path) -> None:
        self.writer, self.reader = SampleWriter(folder / "samples"), SampleReader(folder / "samples")
        self.metrics, self.system = MetricStore(), SystemSeries()

    def sample(self, seconds: float, **values: float) -> None:
        self.writer.add(T + seconds, {name.replace("_", ".", 1): value for name, value in values.items()})

    def update(self) -> dict[str, list[tuple[float, float]]]:
        self.reader.poll()
        self.system.update(self.reader, self.metrics)
        return {k.name: list(zip(s.x, s.value, strict=True)) for k, s in self.system.store.series.items()}

    def point(self, epoch: float, seconds: float) -> None:
        self.metrics.add(MetricPoint("loss", "epoch", epoch, 0.5), T + seconds)


def test_without_a_metric_x_is_the_time(tmp_path: Path) -> None:
    """Seconds since the first sample; the curve goes on to epochs once there is one."""
    rig = _Rig(tmp_path)
    for at in range(3):
        rig.sample(at, run_cpu=1.0 + at)
    assert rig.update() == {"CPU cores": [(0, 1.0), (1, 2.0), (2, 3.0)]}
    [key] = rig.system.store.series
    assert key == SeriesKey("CPU cores", SECONDS, MetricKind.SYSTEM)
    rig.point(1, 1)
    assert rig.update() == {"CPU cores": [(0, 1.0), (1, 2.0), (1, 3.0)]}
    rig.point(2, 2)
    rig.sample(2, run_cpu=4.0)
    assert rig.update()["CPU cores"][-1] == (2, 4.0)
    [key] = rig.system.store.series
    assert key.axis == "epoch"


def test_zero_stays_where_it_was_when_rows_are_joined(tmp_path: Path) -> None:
    """The last sample of a long run lies as many seconds from the start as it was taken after it."""
    rig = _Rig(tmp_path)
    for at in range(1_300):
        rig.sample(at, run_cpu=1.0)
    curve = rig.update()["CPU cores"]
    assert len(curve) < 1_000
    assert (curve[0], curve[-1]) == ((0, 1.0), (1_299, 1.0))


def test_one_sample_is_no_curve(tmp_path: Path) -> None:
    """A run that ended at once has nothing to see."""
    rig = _Rig(tmp_path)
    rig.sample(0, run_cpu=1.0)
    assert rig.update() == {}


def test_curves_grow_with_the_samples_and_never_go_back(tmp_path: Path) -> None:
    """Each sample once, x in order, whatever comes late."""
    rig = _Rig(tmp_path)
    rig.point(1, 1)
    rig.point(2, 2)
    for at in range(6):
        rig.sample(at, run_cpu=1.0, run_memory=float(1 << 30))
        rig.update()
    rig.point(3, 6)
    rig.sample(7, run_cpu=1.0, run_memory=float(1 << 30))
    found = rig.update()
    assert [len(points) for points in found.values()] == [7, 7]
    x = [x for x, _ in found["CPU cores"]]
    assert x == sorted(x)
    assert {value for _, value in found["memory GiB"]} == {1.0}


def test_figures_that_say_nothing_are_no_curves(tmp_path: Path) -> None:
    """No traffic, no chart of it; a value that is not known leaves a gap."""
    rig = _Rig(tmp_path)
    rig.sample(0, run_disk_read_rate=8.0, run_throttled=0.0, run_cpu=1.0)
    rig.writer.add(T + 1, {"run.cpu": None})
    assert rig.update() == {"CPU cores": [(0, 1.0)]}
    rig.sample(2, run_disk_read_rate=5.0 * 2**20, run_cpu=2.0)
    assert rig.update() == {"CPU cores": [(0, 1.0), (2, 2.0)], "disk MiB/s · read": [(0, 2.0**-17), (2, 5.0)]}


def test_gpus_have_a_curve_each(tmp_path: Path) -> None:
    """By their numbers, utilisation in percent."""
    rig = _Rig(tmp_path)
    for uuid, number in (("GPU-a", 0), ("GPU-b", 3)):
        rig.writer.add(T + number, {f"gpu.{uuid}.index": number, f"gpu.{uuid}.utilization": 0.25})
    found = rig.update()
    assert found == {"GPU % · 0": [(0, 25.0)], "GPU % · 3": [(3, 25.0)]}


def test_parts_of_one_gpu_have_curves_of_their_own(tmp_path: Path) -> None:
    """MIG instances have one GPU's number, and their own beside it."""
    writer, reader, system = SampleWriter(tmp_path / "samples"), SampleReader(tmp_path / "samples"), SystemSeries()
    for second in range(5):
        parts = {}
        for part in (0, 1):
            figures = {"index": 0.0, "part": float(part), "memory_used": (1 + 9 * part) * 2.0**30}
            parts |= {f"gpu.MIG-{part}.{name}": value for name, value in figures.items()}
        writer.add(T + second, parts)
    reader.poll()
    system.update(reader, MetricStore())
    found = {key.name: list(series.value) for key, series in system.store.series.items()}
    assert found == {"GPU memory GiB · 0:0": [1.0] * 5, "GPU memory GiB · 0:1": [10.0] * 5}
