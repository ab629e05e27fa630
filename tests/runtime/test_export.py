"""Series as files: what is written reads back, and nothing that was there is lost."""

from __future__ import annotations

import csv
import io
import json
import math
import resource
from array import array
from pathlib import Path
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mltui.domain.errors import StorageError
from mltui.domain.metric import MetricKind, MetricPoint, MetricStore, Series, SeriesKey
from mltui.domain.metric_name import Goal
from mltui.parsers.files.events import EventReader
from mltui.runtime.export import (
    ExportFormat,
    export_run,
    export_text,
    free_path,
    in_order,
    write_csv,
    write_jsonl,
)
from mltui.ui import palette
from mltui.ui.presentation.charts import group_series
from mltui.ui.widgets.chart_model import ChartModel, Curve, View
from mltui.ui.widgets.chart_svg import svg

NUMBER = st.one_of(st.floats(), st.sampled_from([math.nan, math.inf, -math.inf, 1.7e308, 5e-324, 0.0]))
POINT = st.builds(
    MetricPoint, st.text(max_size=20), st.sampled_from(["step", "epoch"]), st.floats(-1e6, 1e6), NUMBER,
    st.sampled_from(MetricKind),
)  # fmt: skip


def series_of(name: str = "loss", count: int = 5, kind: MetricKind = MetricKind.METRIC) -> Series:
    """A falling series, a point a second."""
    made = Series(SeriesKey(name, "step", kind))
    xs = array("d", range(count))
    made.extend(xs, array("d", (1 / (x + 1) for x in xs)), array("d", (1e9 + x for x in xs)))
    return made


def same(a: float, b: float) -> bool:
    """Equal, NaN to NaN too."""
    return a == b or (math.isnan(a) and math.isnan(b))


@given(st.lists(POINT, max_size=20))
def test_json_lines_read_back(points: list[MetricPoint]) -> None:
    """Every number comes back, those that are not finite as strings that ``float`` takes."""
    file = io.StringIO()
    write_jsonl(file, points, with_kind=True)
    read = [json.loads(line) for line in file.getvalue().split("\n") if line]
    assert len(read) == len(points)
    for found, point in zip(read, points, strict=True):
        assert (found["name"], found["axis"], found["kind"]) == (point.name, point.axis, point.kind)
        assert float(found["x"]) == point.x
        assert same(float(found["value"]), point.value)


@given(st.lists(POINT, max_size=20))
def test_csv_reads_back(points: list[MetricPoint]) -> None:
    """Names lose what would steer a terminal; numbers come back."""
    file = io.StringIO()
    write_csv(file, points)
    read = list(csv.DictReader(io.StringIO(file.getvalue(), newline="")))
    assert len(read) == len(points)
    for found, point in zip(read, points, strict=True):
        assert float(found["x"]) == point.x
        assert same(float(found["value"]), point.value)
        assert "\x1b" not in found["name"]


def test_points_of_several_series_come_as_they_were_read() -> None:
    """By time, then by x."""
    a, b = series_of("a", 2), series_of("b", 3)
    found = [(p.name, p.x) for p in in_order([(a, 0, 2), (b, 1, 3)])]
    assert found == [("a", 0), ("a", 1), ("b", 1), ("b", 2)]


@pytest.mark.parametrize("form", list(ExportFormat))
def test_an_export_leaves_what_is_there_alone(tmp_path: Path, form: ExportFormat) -> None:
    """A second one gets a number."""
    folder = tmp_path / "new" / "folder"
    first = export_run([series_of()], form, folder, "seg/../a b")
    second = export_run([series_of()], form, folder, "seg/../a b")
    assert first != second
    assert {first.parent, second.parent} == {folder}
    assert first.name.startswith("seg_.._a_b")
    assert second.name.endswith(("-2", "-2.csv", "-2.jsonl"))


def test_event_files_read_back(tmp_path: Path) -> None:
    """What is written for TensorBoard is read by the reader of such files."""
    path = export_run([series_of(), series_of("val_loss", 3)], ExportFormat.TENSORBOARD, tmp_path, "run")
    (file,) = path.glob("*tfevents*")
    scalars = EventReader().feed(file.read_bytes())
    assert len(scalars) == 8
    assert {scalar.tag for scalar in scalars} == {"loss", "val_loss"}


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    """One sentence with the path."""
    (tmp_path / "file").write_text("")
    for form in ExportFormat:
        with pytest.raises(StorageError, match="file"):
            export_run([series_of()], form, tmp_path / "file" / "x", "run")
    with pytest.raises(StorageError, match="file"):
        export_text("", tmp_path / "file" / "x", "run", ".svg")


def test_what_could_not_be_written_whole_is_not_left_behind(tmp_path: Path) -> None:
    """A file that ends in the middle would be taken for the run's points."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, hard))
    try:
        for form in ExportFormat:
            with pytest.raises(StorageError, match="cannot be written"):
                export_run([series_of(count=5000)], form, tmp_path, "run")
        with pytest.raises(StorageError, match="cannot be written"):
            export_text("x" * 20_000, tmp_path, "run", ".svg")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


@given(st.text(max_size=200))
def test_a_file_s_name_stays_in_its_folder(name: str) -> None:
    """Whatever a profile is called."""
    path = free_path(Path("/nowhere"), name, ".csv")
    assert path.parent == Path("/nowhere")
    assert path.name.endswith(".csv")
    assert not path.name.startswith(".")


def models_of(store: MetricStore, view: View | None = None) -> list[ChartModel]:
    """The charts of a store."""
    models = []
    for group in group_series(store):
        model = ChartModel(title=group.title, view=view or View())
        model.set_curves(group.curves, palette.distinct_colors)
        models.append(model)
    return models


def test_the_picture_has_title_legend_axis_and_every_curve() -> None:
    """A path a curve in its colour, inside the canvas; the texts of the chart; nothing from elsewhere."""
    store = MetricStore()
    for i in range(300):
        store.add(MetricPoint("loss", "step", float(i), 1 / (i + 1)), 1e9 + i)
        store.add(MetricPoint("val_loss", "step", float(i), math.nan if i == 7 else 2 / (i + 1)), 1e9 + i)
    picture = svg(models_of(store))
    root = ElementTree.fromstring(picture)
    texts = "".join(root.itertext())
    assert all(said in texts for said in ("loss", "train", "val", "step", "1 not finite", "best"))
    curves = [e.get("d") or "" for e in root.iter("{http://www.w3.org/2000/svg}path") if e.get("stroke-width") == "2.0"]
    assert len(curves) == 2
    assert sorted(curve.count("M") for curve in curves) == [1, 2]
    assert picture.count("http") == 1


@settings(max_examples=60)
@given(st.lists(POINT, max_size=30), st.booleans(), st.booleans(), st.sampled_from([0.0, 0.9]))
def test_any_series_make_a_picture_that_is_xml(
    points: list[MetricPoint], log_x: bool, log_y: bool, smooth: float
) -> None:
    """Names of any characters, values of any size."""
    store = MetricStore()
    for i, point in enumerate(points):
        store.add(point, 1e9 + i)
    picture = svg(models_of(store, View(log_x=log_x, log_y=log_y, smoothing=smooth)), 2, "a <run> & more\x1b[2J")
    ElementTree.fromstring(picture.encode("utf-8", "replace"))
    assert "nan" not in picture.replace("dominant", "").split("<text")[0]
    assert "inf" not in "".join(part for part in picture.split() if part.startswith('d="'))


def test_a_long_name_stays_in_its_part_of_the_picture() -> None:
    """It is cut, and says so; where nothing is a number there is no scale of invented values."""
    store = MetricStore()
    store.add(MetricPoint("損失" * 100, "step", 1.0, math.nan), 0.0)
    root = ElementTree.fromstring(svg(models_of(store)))
    texts = ["".join(part.itertext()) for part in root.iter() if part.tag.endswith("}text")]
    assert texts[0] == "損失" * 14 + "損…"
    assert not any(text.startswith(("0.", "1.")) for text in texts)


def test_the_legend_of_many_curves_names_them_all() -> None:
    """With less of each; of what a run used the greatest value is a peak, as on the screen."""
    curves = [Curve(f"learning_rate=0.0{i} val", series_of()) for i in range(16)]
    model = ChartModel(title="loss")
    model.set_curves(curves, palette.distinct_colors)
    used = ChartModel(title="CPU cores")
    used.set_curves([Curve("CPU cores", series_of(), goal=Goal.MAX, peak=True)], palette.distinct_colors)
    found = svg([model, used])
    assert all(f">{curve.label}<" in found for curve in curves)
    assert "more<" not in found
    assert "  peak 1" in found
