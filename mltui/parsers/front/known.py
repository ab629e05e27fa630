"""What is known of lines by their shape, which is the line with every digit replaced by 0 (``keys.key_of``).

Such a memory is for speed: whoever keeps one finds out the same by looking at the line. It also tells what lines the
log has, which the last one is compared with where it breaks off (``torn.py``).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Generic, TypeVar

from mltui.parsers.budget import Budget
from mltui.parsers.terminal.decimals import has_decimal_comma

#: Of lines of what length something is kept, in bytes.
_LONGEST = 512
#: Bytes that an entry takes beside its key and what is known.
_ENTRY = 150
#: ``3: step 10``: srun's number of the task that prints the line, or behind a tab that of the process.
TASK = re.compile(rb" {0,3}(?:(\d{1,4}): |(\d{1,8}\t)(?=[A-Za-z]))")

T = TypeVar("T")


class Known(Generic[T]):
    """What is known by shape, within a ``budget``: when that is spent, all is forgotten and learnt anew."""

    def __init__(self, budget: Budget, size: int) -> None:
        """``size``: how many bytes what is known of a shape takes."""
        self._known: dict[bytes, T] = {}
        self._share = budget.share(self._known.clear)
        self._size = size + _ENTRY
        self.get = self._known.get
        """What is known of lines of a shape, if anything."""
        self.forget = self._share.clear
        """Let go of all."""

    def __iter__(self) -> Iterator[bytes]:
        """The shapes of which something is known."""
        return iter(self._known)

    def keep(self, key: bytes, what: T) -> None:
        """Keep what holds for all lines of the shape ``key``.

        It is not kept where other digits may change it: a number in front may be a task's, and a zero before a comma
        tells that decimals have commas.
        """
        if len(key) >= _LONGEST or TASK.match(key) or has_decimal_comma(key):
            return
        self._share.take(len(key) + self._size)
        self._known[key] = what
