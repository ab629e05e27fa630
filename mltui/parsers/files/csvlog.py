"""CSV logs of a training, as Keras' and Lightning's ``CSVLogger`` or YOLO write them: bytes in, points out.

The first line names the columns. The file is a training log if one of them counts (epoch, step …) and one of them
measures; any other table (predictions, data sets) has no points.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from math import isfinite

from mltui.domain.metric import MetricKind, MetricPoint
from mltui.parsers.words.roles import Role, counter_of, role_of

_DELIMITERS = ",;\t"
_LONGEST = 1 << 20
#: Which of several counters is x: one that runs on through the epochs, if there is one.
_WAYS = ("step", "epoch", "batch")


@dataclass(frozen=True, slots=True)
class _Header:
    cells: list[str]
    delimiter: str
    axis: str
    x: int
    values: tuple[tuple[int, str, MetricKind], ...]


class CsvReader:
    """Reads one CSV file from its first byte on; a line without its end is waited for."""

    def __init__(self) -> None:
        self._rest = b""
        self._header: _Header | None = None
        self.refused = False
        """It is no training log."""

    @property
    def recognised(self) -> bool:
        """Its first line names the columns of a training log."""
        return self._header is not None

    def feed(self, data: bytes) -> list[MetricPoint]:
        """The points of the lines that ``data`` completes."""
        if self.refused:
            return []
        *lines, self._rest = (self._rest + data).split(b"\n")
        self.refused = len(self._rest) > _LONGEST
        found: list[MetricPoint] = []
        for line in lines:
            self._read(line.decode("utf-8-sig", "replace").strip(), found)
            if self.refused:
                break
        return found

    def _read(self, line: str, found: list[MetricPoint]) -> None:
        if not line:
            return
        header = self._header
        if header is None:
            self._header = _read_header(line)
            self.refused = self._header is None
            return
        cells = _cells(line, header.delimiter)
        x = _number(cells, header.x)
        if x is None or not isfinite(x):
            return
        for at, name, kind in header.values:
            value = _number(cells, at)
            if value is not None:
                found.append(MetricPoint(name, header.axis, x, value, kind))


def _read_header(line: str) -> _Header | None:
    delimiter = max(_DELIMITERS, key=line.count)
    cells = _cells(line, delimiter)
    if len(cells) < 2 or any(_number(cells, i) is not None for i in range(len(cells))):
        return None
    counters = [(way, axis, i) for i, name in enumerate(cells) for axis, way in [counter_of(name) or ("", "")] if axis]
    counters = [entry for entry in counters if entry[0] in _WAYS]
    roles = [role_of(name) for name in cells]
    if not counters or Role.METRIC not in roles:
        return None
    _, axis, x = min(counters, key=lambda entry: _WAYS.index(entry[0]))
    first = {name: i for i, name in reversed(list(enumerate(cells)))}
    values = tuple(
        (i, name, role.kind)
        for i, (name, role) in enumerate(zip(cells, roles, strict=True))
        if role not in (Role.COUNTER, Role.OTHER) and first[name] == i
    )
    return _Header(cells, delimiter, axis, x, values)


def _cells(line: str, delimiter: str) -> list[str]:
    try:
        return [cell.strip() for cell in next(csv.reader([line], delimiter=delimiter), [])]
    except csv.Error:
        return []


def _number(cells: list[str], at: int) -> float | None:
    if at >= len(cells) or not cells[at]:
        return None
    try:
        return float(cells[at])
    except ValueError:
        return None
