"""Curves that a run writes into its outputs folder: TensorBoard event files, CSV logs, JSON lines; read as they grow.

::

    outputs/logs/train/events.out.tfevents.…   train/epoch_loss         (the folder says of what)
    outputs/fold2/metrics.csv                  [fold2] val_loss         (other names tell curves of one name apart)

What is in there was made by the container: links are not followed, nothing but plain files is opened, and depth,
number and size are bounded.
"""

from __future__ import annotations

import contextlib
import os
import re
import stat
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from mltui.domain.metric import SERIES_LIMIT, MetricPoint, SeriesKey
from mltui.domain.text import one_line
from mltui.domain.words import SCOPE_WORDS
from mltui.parsers.files.csvlog import CsvReader
from mltui.parsers.files.events import EventReader, scalar_point
from mltui.parsers.reader import MetricReader

_DEPTH = 8
_ENTRIES = 4000
_FILES = 256
#: Bytes read at one poll of all files together, and of one file at once.
_POLL = 1 << 23
_READ = 1 << 20
#: Bytes at a file's start by which one that was written anew is known.
_HEAD = 256
#: Characters of a series' name.
_NAME = 200
#: Looking through a large folder takes at most this share of the time.
_SHARE = 0.02
#: Names that only say that there are logs, or when the run began.
_PLAIN = re.compile(
    r"(?:(?:tensorboard|tb|csv|lightning|keras|training|train|event)?[_-]?(?:logs?|runs?|events?|summar(?:y|ies)|metrics)"
    r"|tensorboard|tb|outputs?|results?|checkpoints?|version_0|default|history|progress|training"
    r"|\d{4}-?\d\d-?\d\d([-_T ]?\d\d[-_:]?\d\d([-_:]?\d\d)?)?|\d\d-\d\d-\d\d|[A-Z][a-z]{2}\d\d_\d\d-\d\d-\d\d_.*)",
    re.IGNORECASE,
)


#: How often a series began again at a smaller x, as a second training does, and its x.
_Place = tuple[int, float]


class SourcePoint(NamedTuple):
    """A point and where it is from."""

    source: str
    """The file in the outputs; for event files, of which there may be several in turn, ``logs/train events``."""
    name: str
    """The series as the file itself calls it."""
    point: MetricPoint
    """Under the name that tells it from those of other folders."""
    time: float
    """Seconds since 1970."""


def scope_of_path(path: str) -> str:
    """What a path puts in front of the names of its series: ``[fold1] validation/`` for ``fold1/logs/validation``."""
    parts = [part for part in path.split("/") if part and not _PLAIN.fullmatch(part)]
    scope = f"{parts.pop()}/" if parts and parts[-1].lower() in SCOPE_WORDS else ""
    return (f"[{'/'.join(parts)}] " if parts else "") + scope


class OutputsReader:
    """Follows the files of one folder. ``poll`` is to be called about once a second."""

    def __init__(self, root: Path) -> None:
        self._root = os.path.realpath(root)
        self._files: dict[str, _File] = {}
        self._known: set[SeriesKey] = set()
        self.dropped = 0
        """Values that were not reported because the files have too many series."""
        self._next_look = 0.0
        self.behind = False
        """The last poll left something unread: there was too much of it."""

    def poll(self) -> list[SourcePoint]:
        """What has come since, in the order of the files' names."""
        now = time.monotonic()
        if now >= self._next_look:
            self._look()
            self._next_look = time.monotonic() + (time.monotonic() - now) / _SHARE
        left, found = _POLL, []
        for path in sorted(self._files):
            read, points = self._files[path].poll(left)
            left -= read
            found.extend(points)
        self.behind = left <= 0
        return [one for one in found if self._is_wanted(one.point)]

    def _is_wanted(self, point: MetricPoint) -> bool:
        key = SeriesKey(point.name, point.axis, point.kind)
        if key not in self._known and len(self._known) < SERIES_LIMIT:
            self._known.add(key)
        self.dropped += key not in self._known
        return key in self._known

    def _look(self) -> None:
        """Find files that are new."""
        for entry in _plain_files(self._root):
            path = os.path.relpath(entry.path, self._root)
            if path not in self._files and len(self._files) < _FILES:
                kind = _kind(entry.name)
                if kind:
                    self._files[path] = _File(self._root, path, kind)


def read_curves(path: Path) -> Iterator[MetricPoint]:
    """The points of an event file or a CSV log, or of all such files below a folder, as they are now."""
    if path.is_dir():
        reader = OutputsReader(path)
        yield from (one.point for one in reader.poll())
        while reader.behind:
            yield from (one.point for one in reader.poll())
        return
    file, read = _File(os.path.realpath(path.parent), path.name, _kind(path.name)), 1
    while read:
        read, found = file.poll(_READ)
        yield from (one.point._replace(name=one_line(one.name, _NAME)) for one in found)


def has_curves(path: Path) -> bool:
    """``read_curves`` reads it: any folder, and a file that is not a log like what a run prints."""
    if path.is_dir():
        return True
    kind = _kind(path.name)
    if kind != "csv":
        return kind == "events"
    reader = CsvReader()
    with path.open("rb") as file:
        rows = reader.feed(file.read(_READ))
    # What a run prints may begin with a table; a file named as a log is one only if rows follow.
    return reader.recognised and (bool(rows) or not path.name.lower().endswith(".log"))


def _plain_files(root: str) -> Iterator[os.DirEntry[str]]:
    """The files below a folder, the nearest first; bounded, and without what links point to."""
    folders, seen = [(root, 0)], 0
    for folder, depth in folders:
        with contextlib.suppress(OSError), os.scandir(folder) as entries:
            for entry in entries:
                seen += 1
                if seen > _ENTRIES:
                    return
                if entry.is_dir(follow_symlinks=False):
                    if depth < _DEPTH:
                        folders.append((entry.path, depth + 1))
                elif entry.is_file(follow_symlinks=False):
                    yield entry


def _kind(name: str) -> str:
    """``events``, ``csv`` or ``jsonl``; nothing for other files."""
    if "tfevents" in name:
        return "events"
    ending = name.rpartition(".")[2].lower()
    if ending in ("csv", "tsv", "log"):
        return "csv"
    return "jsonl" if ending in ("jsonl", "ndjson") else ""


class _Events:
    """An event file; each scalar has its own time."""

    def __init__(self) -> None:
        self._reader = EventReader()

    def feed(self, data: bytes) -> Iterator[tuple[MetricPoint, float]]:
        for scalar in self._reader.feed(data):
            point = scalar_point(scalar)
            if point is not None:
                yield point, scalar.time

    @property
    def refused(self) -> bool:
        return self._reader.damaged


class _Csv:
    """A CSV log; a row's time is when the file was written."""

    def __init__(self) -> None:
        self._reader = CsvReader()

    def feed(self, data: bytes) -> Iterator[tuple[MetricPoint, float]]:
        return ((point, 0.0) for point in self._reader.feed(data))

    @property
    def refused(self) -> bool:
        return self._reader.refused


class _JsonLines:
    """Lines of JSON, read as those of a log are."""

    refused = False

    def __init__(self) -> None:
        self._reader = MetricReader()

    def feed(self, data: bytes) -> Iterator[tuple[MetricPoint, float]]:
        return ((point, 0.0) for point in self._reader.feed(data))


_READERS: dict[str, type[_Events] | type[_Csv] | type[_JsonLines]] = {
    "events": _Events,
    "csv": _Csv,
    "jsonl": _JsonLines,
}


class _File:
    """One file that grows."""

    def __init__(self, root: str, path: str, kind: str) -> None:
        self._path = os.path.join(root, path)
        self._kind = kind
        folder = os.path.dirname(path)
        events = kind == "events"
        self._before = scope_of_path(folder if events else os.path.splitext(path)[0])
        self._source = f"{folder} {kind}".strip() if events else path
        self._reader = _READERS[kind]()
        self._seen = (0, 0, 0)
        self._head = b""
        self._offset = 0
        self._first: dict[SeriesKey, str] = {}
        self._place: dict[SeriesKey, _Place] = {}
        """Where each series is, since the file began or was written anew."""
        self._last: dict[SeriesKey, _Place] = {}
        self._again: dict[SeriesKey, _Place] = {}
        """Series of a file that was written anew, with the place up to which their points are known."""
        self._begun: set[SeriesKey] = set()

    def poll(self, limit: int) -> tuple[int, list[SourcePoint]]:
        """How many bytes were read, at most ``limit`` and a little, and the points in them."""
        try:
            now = os.stat(self._path, follow_symlinks=False)
            seen = (now.st_ino, now.st_size, now.st_mtime_ns)
            if limit <= 0 or (seen == self._seen and self._offset >= now.st_size) or not self._is_inside():
                return 0, []
            file = os.open(self._path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        except OSError:
            return 0, []
        try:
            if stat.S_ISREG(os.fstat(file).st_mode):
                if self._is_new(file, now):
                    self._begin_again()
                self._seen = seen
                return self._take(file, limit, now)
        except OSError:
            pass
        finally:
            os.close(file)
        return 0, []

    def _is_inside(self) -> bool:
        """No folder on the way to it has become a link."""
        return os.path.realpath(self._path) == self._path

    def _take(self, file: int, limit: int, now: os.stat_result) -> tuple[int, list[SourcePoint]]:
        begin, found = self._offset, list[SourcePoint]()
        while self._offset - begin < limit and not self._reader.refused:
            data = os.pread(file, _READ, self._offset)
            if not data:
                break
            self._head = self._head or data[:_HEAD]
            self._offset += len(data)
            found.extend(self._named(data, now.st_mtime))
        read = self._offset - begin
        if self._reader.refused:
            self._offset = now.st_size
        return read, found

    def _is_new(self, file: int, now: os.stat_result) -> bool:
        """The file was written anew: Lightning does so when a column is added."""
        if not self._offset or self._kind == "events":
            return False
        if now.st_ino == self._seen[0] and now.st_size >= self._offset:
            return os.pread(file, len(self._head), 0) != self._head
        return True

    def _begin_again(self) -> None:
        self._reader = _READERS[self._kind]()
        self._offset, self._head = 0, b""
        self._again = dict(self._last)
        self._place.clear()
        self._begun.clear()

    def _named(self, data: bytes, changed: float) -> Iterator[SourcePoint]:
        for point, when in self._reader.feed(data):
            if not self._repeats(point):
                full = point._replace(name=one_line(self._before + point.name, _NAME))
                yield SourcePoint(self._source, point.name, full, when or changed)

    def _repeats(self, point: MetricPoint) -> bool:
        """The file had the point before it was written anew; not so if the series begins with another point now."""
        key, first = SeriesKey(point.name, point.axis, point.kind), f"{point.x} {point.value}"
        times, x = self._place.get(key, (0, point.x))
        place = self._place[key] = (times + (point.x < x), point.x)
        upto = self._again.get(key)
        if upto is not None:
            begins_as_before = key in self._begun or self._first[key] == first
            self._begun.add(key)
            if begins_as_before and place <= upto:
                return True
            del self._again[key]
        self._first.setdefault(key, first)
        self._last[key] = place
        return False
