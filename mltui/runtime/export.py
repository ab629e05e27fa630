"""The series of runs as files for other programs: CSV, JSON lines, TensorBoard event files.

Points keep their order within a series. Between series the time at which they were read decides, and for those of one
moment their x. A value that is no finite number is written as ``NaN``, ``Infinity`` or ``-Infinity``, in JSON as text.
"""

from __future__ import annotations

import csv
import heapq
import os
import re
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from enum import StrEnum
from pathlib import Path
from typing import TextIO

from mltui.domain.errors import StorageError
from mltui.domain.json_text import json_text, json_value
from mltui.domain.metric import MetricPoint, Series
from mltui.domain.text import clean, one_line

_NAME_LENGTH = 80


class ExportFormat(StrEnum):
    """What a run's series are written as."""

    CSV = "csv"
    JSONL = "jsonl"
    TENSORBOARD = "tensorboard"
    """A folder with an event file, to be given to ``tensorboard --logdir``."""


def in_order(parts: Iterable[tuple[Series, int, int]]) -> Iterator[MetricPoint]:
    """The points ``start`` to ``stop`` of several series as they were read."""
    return (point for _, _, point in heapq.merge(*(_points(*part) for part in parts), key=lambda entry: entry[:2]))


def _points(series: Series, start: int, stop: int) -> Iterator[tuple[float, float, MetricPoint]]:
    name, axis, kind = series.key
    for i in range(start, stop):
        yield series.time[i], series.x[i], MetricPoint(name, axis, series.x[i], series.value[i], kind)


def point_value(point: MetricPoint, *, with_kind: bool = False) -> dict[str, object]:
    """A point as JSON has it: whole x without a fraction."""
    x = int(point.x) if point.x.is_integer() else point.x
    value: dict[str, object] = {"name": point.name, "axis": point.axis, "x": x, "value": point.value}
    return value | {"kind": point.kind.value} if with_kind else value


def write_csv(file: TextIO, points: Iterable[MetricPoint], *, with_kind: bool = False) -> None:
    """A header and a row a point: name, axis, x, value, and the kind of number where that is asked for."""
    rows = csv.writer(file, lineterminator="\n")
    rows.writerow(["name", "axis", "x", "value", *(["kind"] if with_kind else [])])
    for point in points:
        value = point_value(point._replace(name=clean(point.name)), with_kind=with_kind)
        rows.writerow([json_value(cell) for cell in value.values()])


def write_jsonl(file: TextIO, points: Iterable[MetricPoint], *, with_kind: bool = False) -> None:
    """A JSON object a point, each on a line of its own."""
    for point in points:
        file.write(json_text(point_value(point, with_kind=with_kind)) + "\n")


def write_tensorboard(folder: Path, series: Sequence[Series]) -> Path:
    """An event file in ``folder``, which is made; raises ``StorageError``."""
    from mltui.parsers.files.events import write_events

    path = folder / f"events.out.tfevents.{int(time.time())}.{os.uname().nodename}.{os.getpid()}.mltui"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        write_events(path, series)
    except OSError as error:
        with suppress(OSError):
            path.unlink(missing_ok=True)
        raise cannot_write(path, error) from error
    return path


def counted_text(series: Iterable[Series]) -> str:
    """What is to be said of series whose x an event file cannot have; empty where there are none."""
    from mltui.parsers.files.events import has_whole_steps

    names = [one_line(one.name, 40) for one in series if not has_whole_steps(one)]
    if not names:
        return ""
    more = f" and {len(names) - 1} more" if len(names) > 1 else ""
    return f"The points of {names[0]}{more} are counted: event files have whole steps only."


def cannot_write(path: Path, error: OSError) -> StorageError:
    """What is said where a file could not be written."""
    return StorageError(f"{path} cannot be written: {error.strerror or error}.", "Choose another place.")


def export_run(series: Sequence[Series], form: ExportFormat, folder: Path, name: str) -> Path:
    """Write the series of a run into ``folder``, which is made, and give the path of the new file or folder.

    What is there already under ``name`` is left alone: the new one gets a number. Raises ``StorageError``.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise cannot_write(folder, error) from error
    if form is ExportFormat.TENSORBOARD:
        path = free_path(folder, f"{name}-tensorboard", "")
        write_tensorboard(path, series)
        return path
    path = free_path(folder, name, f".{form}")
    write = write_csv if form is ExportFormat.CSV else write_jsonl
    with _whole_file(path) as file:
        write(file, in_order((one, 0, len(one)) for one in series), with_kind=True)
    return path


def export_text(text: str, folder: Path, name: str, suffix: str) -> Path:
    """Write a text the same way; raises ``StorageError``."""
    path = free_path(folder, name, suffix)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise cannot_write(path, error) from error
    with _whole_file(path) as file:
        file.write(text)
    return path


@contextmanager
def _whole_file(path: Path) -> Iterator[TextIO]:
    """A new file for a text, which is there whole or not at all; raises ``StorageError``."""
    try:
        with path.open("x", encoding="utf-8", errors="replace", newline="") as file:
            try:
                yield file
                file.flush()
            except OSError:
                path.unlink(missing_ok=True)
                raise
    except OSError as error:
        raise cannot_write(path, error) from error


def free_path(folder: Path, name: str, suffix: str) -> Path:
    """A path in ``folder`` that nothing has yet: ``name``, made fit for a file, else with a number behind."""
    stem = re.sub(r"[^\w.-]+", "_", one_line(name, _NAME_LENGTH)).strip("._") or "run"
    path, number = folder / f"{stem}{suffix}", 2
    while path.exists():
        path, number = folder / f"{stem}-{number}{suffix}", number + 1
    return path
