"""Text from outside, made safe: no byte of a log, a name or an error may steer the user's terminal."""

from __future__ import annotations

import re
from bisect import bisect

# Whole sequences go first (CSI, OSC, DCS/SOS/PM/APC, two-byte escapes), in 7-bit and 8-bit form, so that their
# parameters do not stay behind as text; an unterminated string sequence ends at the line's end.
_SEQUENCE = re.compile(
    r"(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]?"
    r"|(?:\x1b\]|\x9d)[^\x07\x1b\x9c\n]*(?:\x07|\x1b\\|\x9c)?"
    r"|(?:\x1b[PX^_]|[\x90\x98\x9e\x9f])[^\x1b\x9c\n]*(?:\x1b\\|\x9c)?"
    r"|\x1b[ -/]*[0-~]?"
)
_SUSPECT = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2028\u2029\u2066-\u2069\ud800-\udfff]"
)
# Controls, and the marks that reorder text (they can make a name read as another).
_DROP: dict[int, str | None] = dict.fromkeys(
    [*range(0x00, 0x09), 0x0B, 0x0C, *range(0x0E, 0x20), 0x7F, *range(0x80, 0xA0), 0x0D,
     0x061C, 0x200E, 0x200F, *range(0x202A, 0x202F), 0x2028, 0x2029, *range(0x2066, 0x206A)]
)  # fmt: skip
# Halves of characters, as Python reads file names that are not UTF-8: they can neither be written nor stored.
_DROP |= dict.fromkeys(range(0xD800, 0xE000), "\ufffd")


def clean(text: str) -> str:
    """``text`` without escape sequences, control characters (tab and newline stay) and bidirectional overrides.

    What comes out can be written as UTF-8.
    """
    if not _SUSPECT.search(text):
        return text
    return _SEQUENCE.sub("", text).translate(_DROP)


def one_line(text: str, limit: int = 0) -> str:
    """``text`` cleaned and on one line; longer than ``limit`` characters (0: any) it ends in an ellipsis."""
    flat = " ".join(clean(text[: 8 * limit] if limit else text).split())
    return flat if not limit or len(flat) <= limit else flat[: limit - 1] + "…"


def natural(text: str) -> list[str | int]:
    """Sorts names as a person does: ``rank2`` before ``rank10``."""
    return [int(part) if at % 2 else part for at, part in enumerate(re.split(r"([0-9]{1,18})", text))]


def splice_between(old: str, new: str) -> tuple[int, int, str]:
    """The smallest replacement that makes ``old`` into ``new``: from, to, by what."""
    shorter = min(len(old), len(new))
    start = bisect(range(1, shorter + 1), False, key=lambda length: old[:length] != new[:length])
    rest = shorter - start
    end = bisect(range(1, rest + 1), False, key=lambda length: old[-length:] != new[-length:])
    return start, len(old) - end, new[start : len(new) - end]
