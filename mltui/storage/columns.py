"""Columns of floats in few bytes, and back to the same bits.

A block is the columns x, value and time of several series, packed one after the other and compressed (zlib) as a
whole. Each column begins with a byte that says how it is packed:

- ``=``: as the same column of the series before (metrics printed on one line share x and time);
- ``i``: decimals: every float is ``whole / 10**digits``. The whole numbers, or the steps between them where these are
  closer together, are kept as distances from the smallest, 0 to 8 bytes each;
- ``f``: floats of 4 bytes (what frameworks compute with); ``d``: floats of 8 bytes.

Numbers of several bytes are kept plane by plane (all the lowest bytes, then the next …), which compresses well. Floats
that do not come back from a packing bit by bit (NaN, -0.0, an odd one out) are listed behind it.
"""

from __future__ import annotations

import struct
import sys
import zlib
from array import array
from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate, chain, islice, repeat
from operator import add, mul, ne, sub
from typing import Any

Columns = tuple["array[float]", "array[float]", "array[float]"]

_BLOCK = struct.Struct("<H")
_SERIES = struct.Struct("<HI")
_WHOLES = struct.Struct("<cBBBqq")
_ODD = struct.Struct("<I")
_CODES = {1: "B", 2: "H", 4: "I", 8: "Q"}
_LEVEL = 6
#: Digits behind the point that are tried, and how many values a try is worth before all are looked at.
_DIGITS = range(16)
_PROBE = 24
#: Whole numbers beyond it are not floats of their own.
_EXACT = 1 << 53
#: Of more odd values than one in so many another packing takes less room.
_FEW = 20


def pack_block(series: Sequence[tuple[int, Columns]]) -> bytes:
    """The columns of each series, by its number, in one compressed block."""
    parts = [_BLOCK.pack(len(series))]
    before: Columns | None = None
    for number, columns in series:
        parts.append(_SERIES.pack(number, len(columns[0])))
        for i, column in enumerate(columns):
            same = before is not None and before[i].tobytes() == column.tobytes()
            parts.append(b"=" if same else _pack(column))
        before = columns
    return zlib.compress(b"".join(parts), _LEVEL)


def unpack_block(block: bytes) -> Iterator[tuple[int, Columns]]:
    """The numbers and columns that ``pack_block`` was given."""
    data = memoryview(zlib.decompress(block))
    (count,) = _BLOCK.unpack_from(data)
    at = _BLOCK.size
    columns: Columns = (array("d"), array("d"), array("d"))
    for _ in range(count):
        number, length = _SERIES.unpack_from(data, at)
        at += _SERIES.size
        x, at = _unpack(data, at, length, columns[0])
        value, at = _unpack(data, at, length, columns[1])
        time, at = _unpack(data, at, length, columns[2])
        columns = (x, value, time)
        yield number, columns


def _pack(column: array[float]) -> bytes:
    for packed in (_pack_wholes(column), _pack_short(column)):
        if packed is not None:
            return packed
    return b"d" + _planes(column) + _ODD.pack(0)


def _unpack(data: memoryview, at: int, length: int, before: array[float]) -> tuple[array[float], int]:
    """The column that begins at ``at``, and where the next one does."""
    way = bytes(data[at : at + 1])
    if way == b"=":
        return before, at + 1
    if way == b"i":
        column, at = _unpack_wholes(data, at, length)
    else:
        width = 4 if way == b"f" else 8
        found = _from_planes("f" if way == b"f" else "d", data[at + 1 : at + 1 + width * length])
        column, at = (array("d", found) if way == b"f" else found), at + 1 + width * length
    return _put_odd(column, data, at)


def _pack_short(column: array[float]) -> bytes | None:
    short = array("f", column)
    odd = _odd(column, array("d", short))
    return None if odd is None else b"f" + _planes(short) + odd


def _pack_wholes(column: array[float]) -> bytes | None:
    """The column as decimals; ``None`` when they are none."""
    found = _wholes(column)
    if found is None:
        return None
    digits, wholes = found
    odd = _odd(column, _scaled(wholes, digits))
    if odd is None:
        return None
    low, reach = min(wholes), max(wholes) - min(wholes)
    first, order = 0, 0
    steps = list(map(sub, islice(wholes, 1, None), wholes))
    if steps and max(steps) - min(steps) < reach:
        first, order, wholes = wholes[0], 1, steps
        low, reach = min(steps), max(steps) - min(steps)
    width = next(w for w in (0, *_CODES) if reach < 1 << 8 * w)
    if low > 0 and low + reach < 1 << 8 * width:
        # As they are they take no more room, and are read back sooner.
        low = 0
    body = _planes(array(_CODES[width], map(sub, wholes, repeat(low)))) if width else b""
    return _WHOLES.pack(b"i", digits, order, width, low, first) + body + odd


def _unpack_wholes(data: memoryview, at: int, length: int) -> tuple[array[float], int]:
    _, digits, order, width, low, first = _WHOLES.unpack_from(data, at)
    at += _WHOLES.size
    count = length - order
    if not width and order and not digits:
        return array("d", range(first, first + low * length, low) if low else [first]) * (1 if low else length), at
    end = at + width * count
    distances: Iterable[int] = _from_planes(_CODES[width], data[at:end]) if width else repeat(0, count)
    wholes = map(add, distances, repeat(low)) if low else distances
    return _scaled(accumulate(chain((first,), wholes)) if order else wholes, digits), end


def _scaled(wholes: Iterable[int], digits: int) -> array[float]:
    scale = 10**digits
    return array("d", [whole / scale for whole in wholes] if digits else wholes)


def _wholes(column: array[float]) -> tuple[int, list[int]] | None:
    """How many digits the floats have behind the point, and the floats times ten to that power, rounded.

    What is not finite has the whole number of the value before it, and comes back as an odd one.
    """
    finite = column
    if (total := sum(column)) - total != 0:
        last, finite = 0.0, array("d")
        for value in column:
            last = value if value - value == 0 else last
            finite.append(last)
    probe = finite[:: max(1, len(finite) // _PROBE)]
    greatest = max(map(abs, finite))
    for digits in _DIGITS:
        scale = 10.0**digits
        if greatest * scale >= _EXACT:
            return None
        if all(round(value * scale) / scale == value for value in probe):
            wholes = list(map(round, map(mul, finite, repeat(scale))))
            if sum(map(ne, _scaled(wholes, digits), finite)) * _FEW <= len(finite):
                return digits, wholes
    return None


def _odd(column: array[float], packed: array[float]) -> bytes | None:
    """The list of the floats that ``packed`` does not tell; ``None`` when they are too many."""
    if column.tobytes() == packed.tobytes():
        return _ODD.pack(0)
    want, have = array("Q", column.tobytes()), array("Q", packed.tobytes())
    at = array("I", (i for i, (a, b) in enumerate(zip(want, have, strict=True)) if a != b))
    if len(at) * _FEW > len(column) and len(at) > 1:
        return None
    return _ODD.pack(len(at)) + _little(at) + _little(array("d", (column[i] for i in at)))


def _put_odd(column: array[float], data: memoryview, at: int) -> tuple[array[float], int]:
    (count,) = _ODD.unpack_from(data, at)
    at += _ODD.size
    if not count:
        return column, at
    middle, end = at + 4 * count, at + 12 * count
    places, values = array("I", bytes(data[at:middle])), array("d", bytes(data[middle:end]))
    if sys.byteorder == "big":
        places.byteswap()
        values.byteswap()
    for place, value in zip(places, values, strict=True):
        column[place] = value
    return column, end


def _little(numbers: array[float] | array[int]) -> bytes:
    """The bytes of an array of its own, which is changed."""
    if sys.byteorder == "big":
        numbers.byteswap()
    return numbers.tobytes()


def _planes(numbers: array[float] | array[int]) -> bytes:
    data = numbers.tobytes()
    width = numbers.itemsize
    order = range(width) if sys.byteorder == "little" else reversed(range(width))
    return b"".join(data[k::width] for k in order)


def _from_planes(code: str, planes: memoryview) -> array[Any]:
    numbers: array[Any] = array(code)
    width = numbers.itemsize
    count = len(planes) // width
    data = bytearray(len(planes))
    for i in range(width):
        data[i if sys.byteorder == "little" else width - 1 - i :: width] = planes[i * count : (i + 1) * count]
    numbers.frombytes(data)
    return numbers
