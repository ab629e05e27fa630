"""Numbers with a decimal comma, ``loss: 0,812``, as programs print them that follow the locale of their machine.

``1,234`` may be a thousand and ``0,1`` a list. So commas are left alone until a value shows that is neither: behind the
name of what is measured or between semicolons, with a zero before the comma or with other than three digits behind it.
"""

from __future__ import annotations

import re

from mltui.parsers.words.keys import key_of
from mltui.parsers.words.roles import Role, role_of

_COMMA = re.compile(rb"(?<![\d.,])(\d+),(\d+)(?!\d|[.,]\d)")
# Behind a name, which is looked for from its first letter on alone: a line may be one long word.
_SHOWN = re.compile(
    rb"(?<![A-Za-z\x80-\xff])([A-Za-z\x80-\xff][\w\x80-\xff]*)['\"]?\s?[:=]?\s?[-+]?"
    rb"(?:0,\d{2,}|\d+,(?:\d\d|\d{4,}))(?!\d|[.,]\d)"
)
_CELL = re.compile(rb";\s*[-+]?0,\d+\s*(?:;|$)")


class Decimals:
    """Writes decimal commas as points, once the log has shown that it has them."""

    def __init__(self) -> None:
        self.commas = False
        """The log has decimal commas."""

    def plain(self, frame: bytes) -> bytes:
        """``frame`` with points in its numbers."""
        self.commas = self.commas or has_decimal_comma(frame)
        return _COMMA.sub(rb"\1.\2", frame) if self.commas else frame


def has_decimal_comma(line: bytes) -> bool:
    """Whether a comma in ``line`` can be nothing else."""
    if b"0,0" not in key_of(line) or not _COMMA.search(line):
        return False
    named = any(role_of(name.decode(errors="replace")) is Role.METRIC for name in _SHOWN.findall(line))
    return named or _CELL.search(line) is not None
