"""CSV logs of a run's metrics, as Keras' and Lightning's CSVLogger write them, read while they grow.

The first line names the columns. Cells may be empty: Lightning writes training and validation in rows of their own.
It also writes the whole file anew when a metric appears that it had no column for; what was reported is not reported
again.
"""

from __future__ import annotations

import csv
import math
from pathlib import Path

from mltui.domain.metric import MetricPoint
from mltui.parsers.tokens import value_of
from mltui.parsers.vocabulary import Role, counter_of, role_of

_SIZE_LIMIT = 1 << 30


class CsvLog:
    """One CSV file that another process may still be writing."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._rows = 0
        self._offset = 0
        self._head = ""
        self._columns: list[str] = []

    def poll(self) -> list[MetricPoint]:
        """The points of the whole lines that were written since the last call; none if the file cannot be read."""
        try:
            with self.path.open("rb") as file:
                head = file.readline(65536).decode("utf-8-sig", "replace")
                if not head.endswith("\n"):
                    return []
                skip = self._begin(head) if head != self._head else 0
                file.seek(self._offset)
                data = file.read(_SIZE_LIMIT)
        except OSError:
            return []
        whole = data[: data.rfind(b"\n") + 1]
        self._offset += len(whole)
        points: list[MetricPoint] = []
        for i, row in enumerate(csv.reader(whole.decode("utf-8", "replace").replace("\0", "").splitlines())):
            if i >= skip:
                points += self._points(row)
                self._rows += 1
        return points

    def _begin(self, head: str) -> int:
        """Take a new header; returns how many rows under it are known already."""
        self._head = head
        self._columns = [cell.strip() for cell in next(csv.reader([head]), [])]
        self._offset = len(head.encode())
        return self._rows

    def _points(self, row: list[str]) -> list[MetricPoint]:
        cells = {name: value_of(cell) for name, cell in zip(self._columns, row, strict=False) if cell.strip()}
        counters = {name: counter_of(name) for name in cells}
        place = next((n for n, c in counters.items() if c and c[1] == "step"), None)
        place = place or next((n for n, c in counters.items() if c), None)
        axis, x = "count", float(self._rows + 1)
        if place is not None and math.isfinite(cells[place]):
            axis, x = (counters[place] or ("count", ""))[0], cells[place]
        return [
            MetricPoint(name, axis, x, value)
            for name, value in cells.items()
            if counters[name] is None and role_of(name) is not Role.OTHER
        ]
