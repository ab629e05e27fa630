"""The line of a log that says why a program failed."""

from __future__ import annotations

import re
from collections.abc import Callable

from mltui.domain.text import clean, one_line

# "RuntimeError: …", "torch.OutOfMemoryError: …", "KeyboardInterrupt": how Python ends a traceback.
_EXCEPTION = re.compile(r"(?:[A-Za-z_]\w*\.)*[A-Z]\w*(?:Error|Exception|Interrupt|Exit|Warning)\b(?:: .*)?$")
_COMPLAINT = re.compile(r"\b(?:error|fatal|failed|cannot|can't|no such|denied|not found|abort|killed)\b", re.IGNORECASE)
_LIMIT = 200


def log_lines(tail: bytes) -> list[str]:
    """The lines of a log's end as a terminal leaves them, cleaned: of a line drawn several times the last state."""
    text = tail.decode("utf-8", "replace")
    return [clean(line.rpartition("\r")[2] or line).strip() for line in text.split("\n") if line]


def last_words(tail: bytes, harmless: Callable[[str], bool] | None = None) -> str:
    """The line near the end of ``tail`` (the end of a log) that names the failure; empty when none does.

    The last exception of a traceback goes before any other complaint: what follows it are notices of launchers.
    Lines that are ``harmless`` complain of nothing.
    """
    lines = log_lines(tail)
    for pattern in (_EXCEPTION, _COMPLAINT):
        for line in reversed(lines[-200:]):
            found = pattern.match(line) if pattern is _EXCEPTION else pattern.search(line)
            if found and not (harmless and harmless(line)):
                return one_line(line, _LIMIT)
    return ""
