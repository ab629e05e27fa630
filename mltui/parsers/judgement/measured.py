"""Values that are measured, although in the line at hand they happen to be whole numbers."""

from __future__ import annotations

from mltui.parsers.records.record import Field, Record
from mltui.parsers.words.roles import Role

# What is a value once it is known not to be a whole number.
_MAY_BE_WHOLE = (Role.METRIC, Role.SCOPE, Role.UNKNOWN)
#: Values that are known, of the log and of each of those that print into it.
_LIMIT, _LIMIT_OF_ONE = 8192, 512

_Name = tuple[str, str]
"""Label and name of a value."""


class Measured:
    """Knows which values were written with a point once."""

    def __init__(self, who: str = "") -> None:
        """``who`` prints the lines, if one of several does."""
        self._most = _LIMIT_OF_ONE if who else _LIMIT
        self.version = 0
        """Grows when something is learnt by which lines that were judged before would be judged otherwise."""
        self._measured: set[_Name] = set()
        self._whole: set[_Name] = set()
        """Values that are no points, since they have been whole so far."""

    def recall(self, record: Record) -> list[Field]:
        """Take as measured what was; the fields that may be once they are. A table's columns were looked at before."""
        if record.row:
            return []
        for each in record.fields:
            each.decimal = each.decimal or (each.label, each.name) in self._measured
        return [f for f in record.fields if not f.decimal and f.role in _MAY_BE_WHOLE]

    def learn(self, values: list[Field], whole: list[Field]) -> None:
        """Of a line ``values`` are points; those left out of the ``whole`` ones may be so one day."""
        if len(self._measured) < self._most:
            found = {(f.label, f.name) for f in values if f.decimal and f.role is not Role.SCHEDULE}
            self._measured |= found
            if not found.isdisjoint(self._whole):
                self._whole -= found
                self.version += 1
        if len(self._whole) < self._most:
            self._whole.update((f.label, f.name) for f in whole if f not in values)
