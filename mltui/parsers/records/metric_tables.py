"""Tables whose rows are metrics: with a column for each split, or with the metric's name and its value in two columns.

::

    Metric | Train | Val              Tasks    |Version|Metric|Value |
    loss   | 0.51  | 0.62             arc_easy |      1|acc   |0.3712|
"""

from __future__ import annotations

from dataclasses import dataclass, field

from mltui.domain.words import scope_of
from mltui.parsers.records.cells import BARS, CELL, GAPPED, NAME, Piece, pieces_of, split_by
from mltui.parsers.records.names import measures
from mltui.parsers.words.roles import counter_of

_ROW_NAMES = frozenset(["metric", "metrics", "name", "measure", "quantity"])
_VALUE_NAMES = frozenset(["value", "score", "result"])
_MAX_PARTS = 16
_MISSING = frozenset(["", "n/a", "na", "none", "-", "--", "—"])


@dataclass(slots=True)
class MetricTable:
    """What the header of such a table says; it remembers of what the last row was."""

    splits: list[str] = field(default_factory=list)
    """The columns of values, where each is a split's."""
    title: str = ""
    """What stands above the metrics' names: of what all of them are."""
    columns: int = 0
    """How many there are, where each row has a metric's name in column ``metric`` and one ``value``."""
    metric: int = 0
    value: int = 0
    about: str = ""
    """What the last row began with: rows beneath it that begin with nothing are of the same."""

    def values(self, text: str) -> list[tuple[str, str]] | None:
        """The names and values in the row ``text``; ``None`` if it is no row of this table."""
        cells = _cells(text)
        return self._by_split(cells) if self.splits else self._single(cells)

    def _by_split(self, cells: list[str]) -> list[tuple[str, str]] | None:
        if len(cells) != len(self.splits) + 1 or not NAME.fullmatch(cells[0]):
            return None
        if self.title and not self.about and not measures(cells[0]):
            return None  # Its rows are things.
        self.about = cells[0]
        values = [CELL.fullmatch(cell) for cell in cells[1:]]
        if not any(values) or any(
            v is None and cell.lower() not in _MISSING for v, cell in zip(values, cells[1:], strict=True)
        ):
            return None
        title = f"{self.title} " if self.title else ""
        shown = [(split, value[1]) for split, value in zip(self.splits, values, strict=True) if value is not None]
        return [(f"{title}{split} {cells[0]}", value) for split, value in shown]

    def _single(self, cells: list[str]) -> list[tuple[str, str]] | None:
        if len(cells) != self.columns or not NAME.fullmatch(cells[self.metric]):
            return None
        value = CELL.fullmatch(cells[self.value])
        if value is None:
            return None
        self.about = cells[0].lstrip("- ") or self.about if self.metric else ""
        said = [cell for cell in cells[1 : self.metric] if NAME.fullmatch(cell) and cell.lower() not in _MISSING]
        return [(" ".join([*filter(None, [self.about]), *said, cells[self.metric]]), value[1])]


def read_metric_table(text: str) -> MetricTable | None:
    """The table whose header is ``text``, if it is that of one whose rows are metrics."""
    names = _cells(text)
    lower = [name.lower() for name in names]
    barred = BARS.search(text) is not None
    headed = bool(names) and lower[0] in _ROW_NAMES
    columns = names[1:] if headed or (barred and names[:1] == [""]) else names
    if _are_splits(columns, may_measure=headed) or (headed and barred and _are_parts(columns)):
        return MetricTable(columns)
    if barred and len(names) > 2 and _is_title(names[0]) and _are_splits(names[1:]):
        return MetricTable(names[1:], title=names[0])
    metric = next((i for i, name in enumerate(lower) if name in ("metric", "metrics")), -1)
    values = [i for i, name in enumerate(lower) if name in _VALUE_NAMES]
    if metric == 0:  # Between outer bars it is a box.
        listed = len(values) == 1 and all(map(NAME.fullmatch, names)) and not BARS.match(text.strip())
    else:
        listed = barred and bool(values) and 0 < metric < values[0]
    return MetricTable(columns=len(names), metric=metric, value=values[0]) if listed else None


def _cells(text: str) -> list[str]:
    cells: list[Piece] = split_by(text, BARS) if BARS.search(text) else pieces_of(GAPPED, text)
    return [cell for cell, _, _ in cells]


def _are_splits(names: list[str], *, may_measure: bool = False) -> bool:
    if not 2 <= len(names) <= 4 or len(set(names)) < len(names):
        return False
    short = all(scope_of(name) and len(name.split()) <= 2 and "," not in name for name in names)
    return short and (may_measure or not any(map(measures, names)))


def _is_title(name: str) -> bool:
    """Whether a column's name says of what its table is: it neither counts nor measures."""
    return bool(NAME.fullmatch(name)) and not (scope_of(name) or counter_of(name) or measures(name))


def _are_parts(names: list[str]) -> bool:
    """Whether columns are parts of one thing: the same words with other numbers, ``Layer 0 | Layer 1``."""
    said = {name.rstrip("0123456789") for name in names}
    return 1 < len(names) <= _MAX_PARTS and len(said) == 1 and len(set(names)) == len(names) and said != {""}
