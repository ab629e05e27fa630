"""The points of a run on disk: a file that only grows, and a small one beside it for what has just come.

``metrics`` begins with the magic ``mltui-m2`` and 8 random bytes, its id. Frames follow, little-endian: u32 length,
u32 CRC-32 and ``length`` bytes of payload, whose first byte says what it is:

- ``S`` declares a series: JSON ``[number, name, axis, kind]``;
- ``D`` withdraws one: u16 number. Its points count no more, wherever they stand;
- ``B`` is a block: many points in few bytes, see ``columns``.

``metrics.tail`` holds the points that make no block yet, so that a run that prints a value a minute is on disk at once
and still takes little room. It begins with the magic ``mltui-t2``, the id of its ``metrics`` and the number of blocks
that it follows (u32); its frames are ``S`` and ``P``: for each series u16 number, u32 n and n floats each of x, value
and time. A block with the points of the tail is written first, and only then does the tail go: a tail is read only
where exactly so many blocks stand before it, so nobody ever sees a point twice or misses one. A frame cut off by a
crash fails its length or checksum; readers stop in front of it.

A run that is taken up again has its log read from the start. Its points go to a new file beside the old, which takes
the old one's place once it has everything that the old one had, so that no reader sees a curve shrink. Where that never
comes, the one with more points stays.

Times are kept to the millisecond, everything else bit by bit.
"""

from __future__ import annotations

import struct
from array import array
from collections.abc import Iterator, Mapping
from pathlib import Path

from mltui.storage.columns import Columns

MAGIC = b"mltui-m2"
TAIL_MAGIC = b"mltui-t2"
#: Bytes of a file's id.
ID = 8
TAIL_HEAD = struct.Struct(f"<{len(TAIL_MAGIC)}s{ID}sI")
#: A series' number.
NUMBER = struct.Struct("<H")
_TAIL_SERIES = struct.Struct("<HI")


def tail_path(path: Path) -> Path:
    """The tail of the file at ``path``."""
    return path.with_name(path.name + ".tail")


def loose_payload(held: Mapping[int, Columns]) -> bytes:
    """The payload of a ``P`` frame, without its first byte: points by the number of their series."""
    parts = []
    for number, columns in held.items():
        count = len(columns[0])
        parts.append(_TAIL_SERIES.pack(number, count))
        parts.extend(struct.pack(f"<{count}d", *column) for column in columns)
    return b"".join(parts)


def loose_points(payload: bytes) -> Iterator[tuple[int, Columns]]:
    """The points in the payload of a ``P`` frame."""
    at = 1
    while at < len(payload):
        number, count = _TAIL_SERIES.unpack_from(payload, at)
        numbers = array("d", struct.unpack_from(f"<{3 * count}d", payload, at + _TAIL_SERIES.size))
        yield number, (numbers[:count], numbers[count : 2 * count], numbers[2 * count :])
        at += _TAIL_SERIES.size + 24 * count


def sliced(columns: Columns, start: int, stop: int | None = None) -> Columns:
    """The points from ``start`` to ``stop``."""
    return columns[0][start:stop], columns[1][start:stop], columns[2][start:stop]
