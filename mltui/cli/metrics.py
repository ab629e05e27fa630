"""``mltui metrics``: the series of a run, or of any training log, as a table, CSV or JSON lines."""

from __future__ import annotations

import csv
import os
import sys
import time
from argparse import Namespace
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from mltui.cli.output import json_text, json_value, print_table, say
from mltui.cli.session import open_launcher
from mltui.cli.summary import best_text, in_order, of_kind, read_metrics, x_text
from mltui.domain.errors import MltuiError, NotFound
from mltui.domain.figures import format_count, format_value
from mltui.domain.metric import MetricPoint, MetricStore
from mltui.domain.text import clean

if TYPE_CHECKING:
    from mltui.storage.run_folder import RunFolder

#: Bytes asked of a log at once; a pipe gives what it has.
_READ = 1 << 16


def metrics(args: Namespace) -> int:
    """Print the points or, as a table, a line for each series."""
    if args.source == "-":
        _print(args, _read_log(sys.stdin.fileno()))
    elif os.path.exists(args.source) and not os.path.isdir(args.source):
        with Path(args.source).open("rb") as file:
            _print(args, _read_log(file.fileno()))
    else:
        _print_run(args, _folder(args))
    return 0


def _folder(args: Namespace) -> RunFolder:
    if os.path.isdir(args.source) or os.sep in args.source:
        raise MltuiError(f"{args.source} is no file.", "Name a run, a log file, or - for standard input.")
    launcher = open_launcher(args)
    try:
        return launcher.folder(launcher.database.find(args.source).id)
    except NotFound as error:
        raise NotFound(f"{error.message.rstrip('.')}, and no such file.", error.hint) from error


def _print_run(args: Namespace, folder: RunFolder) -> None:
    store = read_metrics(folder)
    if args.format == "table":
        _print_table(args, store)
    else:
        _print_points(args, in_order((series, 0, len(series)) for series in of_kind(store, args.kind)))


def _print(args: Namespace, points: Iterator[MetricPoint]) -> None:
    if args.format != "table":
        _print_points(args, (point for point in points if args.kind in ("all", point.kind)))
        return
    store = MetricStore()
    for point in points:
        store.add(point, time.time())
    _print_table(args, store)


def _read_log(log: int) -> Iterator[MetricPoint]:
    """The points of an open file, given out as soon as they are complete."""
    from mltui.parsers.reader import MetricReader

    reader = MetricReader()
    while data := os.read(log, _READ):
        yield from reader.feed(data)
        # Whoever reads along has everything before the next wait for more.
        sys.stdout.flush()
    yield from reader.close()


def _print_points(args: Namespace, points: Iterable[MetricPoint]) -> None:
    with_kind = args.kind != "metric"
    if args.format == "csv":
        _print_csv(points, with_kind)
        return
    for point in points:
        print(json_text(point_value(point, with_kind=with_kind)))


def point_value(point: MetricPoint, *, with_kind: bool = False) -> dict[str, object]:
    """A point as JSON has it: whole x without a fraction."""
    x = int(point.x) if point.x.is_integer() else point.x
    value: dict[str, object] = {"name": point.name, "axis": point.axis, "x": x, "value": point.value}
    return value | {"kind": point.kind.value} if with_kind else value


def _print_csv(points: Iterable[MetricPoint], with_kind: bool) -> None:
    rows = csv.writer(sys.stdout, lineterminator="\n")
    rows.writerow(["name", "axis", "x", "value", *(["kind"] if with_kind else [])])
    for point in points:
        value = point_value(point._replace(name=clean(point.name)), with_kind=with_kind)
        rows.writerow([json_value(cell) for cell in value.values()])


def _print_table(args: Namespace, store: MetricStore) -> None:
    found = of_kind(store, args.kind)
    if not found:
        say("No metrics were found.")
        return
    rows = [
        (
            series.name,
            format_count(len(series)),
            x_text(series.key.axis, series.x[-1]),
            format_value(series.last),
            best_text(series),
            f"{len(series.nonfinite)} not finite" if series.nonfinite else "",
        )
        for series in found
    ]
    print_table(("METRIC", "POINTS", "AT", "LAST", "BEST", ""), rows, right="POINTS LAST")
