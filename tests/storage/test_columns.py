"""Packed columns come back bit by bit, and take the room that they should."""

from __future__ import annotations

import math
import random
import struct
from array import array

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mltui.storage.columns import pack_block, unpack_block

DECIMALS = st.builds(lambda whole, digits: whole / 10**digits, st.integers(-(10**12), 10**12), st.integers(0, 12))
SHORT = st.floats(width=32)
BITS = st.integers(0, 2**64 - 1).map(lambda bits: struct.unpack("<d", struct.pack("<Q", bits))[0])
KINDS = [st.floats(), DECIMALS, SHORT, BITS, st.integers(-(2**60), 2**60).map(float), st.just(-0.0), st.just(math.nan)]
COLUMN = st.one_of([st.lists(kind, min_size=1) for kind in KINDS] + [st.lists(st.one_of(KINDS), min_size=1)])
ODD_AMONG_MANY = st.builds(
    lambda base, at, odd: [base] * at + [odd] + [base] * (100 - at), DECIMALS, st.integers(0, 100), st.one_of(KINDS)
)


@given(st.lists(st.tuples(st.integers(0, 65535), st.one_of(COLUMN, ODD_AMONG_MANY)), max_size=4), st.randoms())
def test_any_floats_come_back_bit_by_bit(columns: list[tuple[int, list[float]]], chance: random.Random) -> None:
    """Whatever the floats are, alone or next to a series with the same columns."""
    block = []
    for number, values in columns:
        other = values[:]
        chance.shuffle(other)
        block.append((number, (array("d", values), array("d", other), array("d", values))))
    got = [(number, [column.tobytes() for column in found]) for number, found in unpack_block(pack_block(block))]
    assert got == [(number, [column.tobytes() for column in put]) for number, put in block]


def _series(values: list[float]) -> tuple[array[float], array[float], array[float]]:
    chance = random.Random(1)
    times, now = array("d"), 1_700_000_000.0
    for _ in values:
        now += chance.gauss(0.2, 0.01)
        times.append(round(now, 3))
    return array("d", range(len(values))), array("d", values), times


LOSSES = [2 * math.exp(-i / 1000) + random.Random(i).gauss(0, 0.05) for i in range(4000)]


@pytest.mark.parametrize(
    ("values", "room"),
    [
        ([round(loss, 4) for loss in LOSSES], 3.5),
        ([math.nan if i % 100 == 7 else round(loss, 4) for i, loss in enumerate(LOSSES)], 3.8),
        (list(array("f", LOSSES)), 5.5),
        (LOSSES, 9.5),
        ([0.001] * len(LOSSES), 1.5),
    ],
    ids=["decimals", "decimals with NaN", "floats", "doubles", "constant"],
)
def test_a_point_takes_few_bytes(values: list[float], room: float) -> None:
    """Bytes per point with its step and its time, of which there are 24 unpacked."""
    assert len(pack_block([(0, _series(values))])) / len(values) < room


def test_what_is_on_one_line_shares_step_and_time() -> None:
    """Each further series of the same lines costs its values only."""
    series = _series([round(loss, 4) for loss in LOSSES])
    one, five = (len(pack_block([(i, series) for i in range(count)])) for count in (1, 5))
    assert five - one < 40
