"""The shape of a line and its form, by which lines are known again.

A line's *shape* is the line with every digit replaced by 0: lines of one shape hold their numbers in the same places.
Its *form* is the shape with every run of digits shortened to one: lines of one form hold the same numbers in other
widths.
"""

from __future__ import annotations

#: Makes a line its shape.
DIGITS = bytes.maketrans(b"123456789", b"000000000")


def key_of(frame: bytes) -> bytes:
    """The shape of ``frame`` as a key."""
    return frame.translate(DIGITS)


def form_of(key: bytes) -> bytes:
    """The form of a line whose shape is ``key``."""
    while b"00" in key:
        key = key.replace(b"00", b"0")
    return key
