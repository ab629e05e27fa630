"""``mltui metrics``: the series of a run, or of any training log, as a table, CSV or JSON lines."""

from __future__ import annotations

import io
import os
import sys
import time
from argparse import Namespace
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, redirect_stdout, suppress
from pathlib import Path

from mltui.cli.output import say
from mltui.cli.series import print_series
from mltui.cli.session import open_launcher
from mltui.domain.errors import MltuiError, NotFound, UsageError
from mltui.domain.metric import MetricPoint, MetricStore, left_out_text
from mltui.domain.text import clean, one_line
from mltui.runtime.export import cannot_write, counted_text, in_order, write_csv, write_jsonl, write_tensorboard
from mltui.runtime.metric_summary import of_kind, read_metrics
from mltui.storage.run_folder import RunFolder

#: Bytes asked of a log at once; a pipe gives what it has.
_READ = 1 << 16
_EXPORTS = ("tensorboard", "svg")


def metrics(args: Namespace) -> int:
    """Print the points or, as a table, a line for each series; write them where a file or an export is asked for."""
    source = _source(args)
    for path in filter(None, (args.output, args.export and args.export[1])):
        _refuse_to_overwrite(source, Path(path))
    if args.output == "-" or not args.output:
        with _in_blocks():
            _give(args, source)
        return 0
    path = Path(args.output)
    try:
        with path.open("w", encoding="utf-8", errors="replace", newline="") as file, redirect_stdout(file):
            _give(args, source)
    except OSError as error:
        raise cannot_write(path, error) from error
    say(f"Written: {path}")
    return 0


@contextmanager
def _in_blocks() -> Iterator[None]:
    """Let standard output take many points at once, also where ``PYTHONUNBUFFERED``, which every container of a
    training has, would make each of them a system call. It is flushed where more has to be waited for.
    """
    stream = sys.stdout
    raw = getattr(stream, "buffer", None)
    if not isinstance(raw, io.RawIOBase):
        yield
        return
    blocks = io.TextIOWrapper(io.BufferedWriter(raw, _READ), encoding=stream.encoding, errors=stream.errors)
    try:
        with redirect_stdout(blocks):
            yield
        blocks.flush()
    finally:
        # What could not be written must not be tried again by the interpreter's end, nor the stream be closed.
        with suppress(OSError, ValueError):
            blocks.detach().detach()


def _source(args: Namespace) -> Path | RunFolder | None:
    """What is read: a file or a folder of files, a run, or (``None``) standard input.

    Raises ``MltuiError`` and ``OSError`` for what cannot be, before anything is written.
    """
    if args.source == "-":
        return None
    if not os.path.exists(args.source):
        return _folder(args)
    path = Path(args.source)
    if path.is_file():
        path.open("rb").close()
    return path


def _refuse_to_overwrite(source: Path | RunFolder | None, path: Path) -> None:
    """Raises ``UsageError`` where ``path``, which is to be written anew, is the very file that is to be read."""
    read = sys.stdin.fileno() if source is None else source if isinstance(source, Path) else source.log
    with suppress(OSError):
        if path.is_file() and os.path.samestat(os.stat(read), path.stat()):
            raise UsageError(f"{path} is the log that is to be read, and would be overwritten.", "Name another file.")


def _give(args: Namespace, source: Path | RunFolder | None) -> None:
    if args.explain:
        _explain(source)
    elif source is None:
        _print(args, _read_log(sys.stdin.fileno()))
    elif isinstance(source, Path):
        _print_file(args, source)
    else:
        _print_run(args, source)


def _explain(source: Path | RunFolder | None) -> None:
    """Print what the reader makes of each line of a log; raises ``UsageError`` for what is not read by lines."""
    from mltui.parsers.explain import Explainer
    from mltui.runtime.outputs_reader import has_curves

    if isinstance(source, Path) and has_curves(source):
        raise UsageError(f"{source} is not read line by line.", "--explain is for logs, not for files of curves.")
    path = source if isinstance(source, Path) or source is None else source.log
    with path.open("rb") if path else sys.stdin.buffer as log:
        for line in Explainer().explain(log):
            print(clean(line))


def _print_file(args: Namespace, path: Path) -> None:
    from mltui.runtime.outputs_reader import has_curves, read_curves

    if has_curves(path):
        _print(args, read_curves(path))
        return
    with path.open("rb") as file:
        _print(args, _read_log(file.fileno()))


def _folder(args: Namespace) -> RunFolder:
    if os.sep in args.source:
        raise MltuiError(f"{args.source} is no file.", "Name a run, a log file, or - for standard input.")
    launcher = open_launcher(args)
    try:
        return launcher.folder(launcher.database.find(args.source).id)
    except NotFound as error:
        raise NotFound(f"{error.message.rstrip('.')}, and no such file.", error.hint) from error


def _print_run(args: Namespace, folder: RunFolder) -> None:
    store = read_metrics(folder)
    if store.left_out:
        say(f"{left_out_text(store.left_out)}.")
    if args.export:
        _export(args, store, folder.path.name)
    elif args.format == "table":
        _print_table(args, store)
    else:
        _print_points(args, in_order((series, 0, len(series)) for series in of_kind(store, args.kind)))


def _print(args: Namespace, points: Iterator[MetricPoint]) -> None:
    if args.format != "table" and not args.export:
        _print_points(args, (point for point in points if args.kind in ("all", point.kind)))
        return
    from mltui.runtime.epoch_places import EpochPlaces

    store, places = MetricStore(), EpochPlaces()
    for point in points:
        now = time.time()
        for read in places.among((point,)):
            store.add(read, now)
    if args.export:
        _export(args, store, "" if args.source == "-" else Path(args.source).name)
    else:
        _print_table(args, store)


def _export(args: Namespace, store: MetricStore, name: str) -> None:
    """Write what ``--export`` asks for; raises ``UsageError`` and ``StorageError``."""
    kind, place = args.export
    if kind not in _EXPORTS:
        raise UsageError(f"--export knows no {one_line(kind, 40)!r}.", f"Known: {', '.join(_EXPORTS)}.")
    found = of_kind(store, args.kind)
    if not found:
        raise MltuiError("No metrics were found, so nothing is written.")
    if kind == "tensorboard":
        say(f"Written: {write_tensorboard(Path(place), found)}")
        if counted := counted_text(found):
            say(counted)
        return
    path = Path(place)
    try:
        path.write_text(_picture(store, name), encoding="utf-8", errors="replace")
    except OSError as error:
        raise cannot_write(path, error) from error
    say(f"Written: {path}")


def _picture(store: MetricStore, name: str) -> str:
    """All charts of the run, two in a row where there are several."""
    from mltui.ui import palette
    from mltui.ui.presentation.charts import group_series
    from mltui.ui.presentation.places import BySteps
    from mltui.ui.widgets.chart_model import ChartModel
    from mltui.ui.widgets.chart_svg import svg

    models = []
    for group in group_series(store, BySteps()):
        model = ChartModel(title=group.title)
        model.set_curves(group.curves, palette.distinct_colors)
        models.append(model)
    return svg(models, min(2, len(models)), name)


def _read_log(log: int) -> Iterator[MetricPoint]:
    """The points of an open file, given out as soon as they are complete."""
    from mltui.parsers.garbage import look_rarely
    from mltui.parsers.reader import MetricReader

    look_rarely()
    reader = MetricReader()
    while data := os.read(log, _READ):
        yield from reader.feed(data)
        # Whoever reads along has everything before the next wait for more.
        sys.stdout.flush()
    yield from reader.close()
    if reader.dropped:
        say(f"{left_out_text(reader.dropped)}.")


def _print_points(args: Namespace, points: Iterable[MetricPoint]) -> None:
    write = write_csv if args.format == "csv" else write_jsonl
    write(sys.stdout, points, with_kind=args.kind != "metric")


def _print_table(args: Namespace, store: MetricStore) -> None:
    if found := of_kind(store, args.kind):
        print_series(found)
    else:
        say("No metrics were found. For a log, --explain tells what became of each line.")
