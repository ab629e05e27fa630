"""CSV logs of frameworks have curves, other tables none."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mltui.parsers.files.csvlog import CsvReader

KERAS = "epoch,accuracy,learning_rate,loss,val_loss\n0,0.5,0.001,1.25,1.5\n1,0.75,0.001,nan,1.125\n"
LIGHTNING = "epoch,step,train_loss,val_loss\r\n0,4,2.5,\r\n0,4,,2.25\r\n1,9,2.0,\r\n"
YOLO = (
    "                  epoch,                   time,         train/box_loss,   metrics/mAP50(B)\n"
    "                      1,                33.9212,                 1.2158,            0.64321\n"
)


def read(text: str | bytes) -> list[tuple[str, str, float, str]]:
    """Name, axis, x and value, as text for the sake of NaN."""
    data = text if isinstance(text, bytes) else text.encode()
    return [(p.name, p.axis, p.x, str(p.value)) for p in CsvReader().feed(data)]


def test_keras() -> None:
    """A row an epoch."""
    assert read(KERAS) == [
        ("accuracy", "epoch", 0, "0.5"), ("learning_rate", "epoch", 0, "0.001"),
        ("loss", "epoch", 0, "1.25"), ("val_loss", "epoch", 0, "1.5"),
        ("accuracy", "epoch", 1, "0.75"), ("learning_rate", "epoch", 1, "0.001"),
        ("loss", "epoch", 1, "nan"), ("val_loss", "epoch", 1, "1.125"),
    ]  # fmt: skip


def test_lightning() -> None:
    """Steps are x, and an empty cell is no value."""
    assert read(LIGHTNING) == [
        ("train_loss", "step", 4, "2.5"),
        ("val_loss", "step", 4, "2.25"),
        ("train_loss", "step", 9, "2.0"),
    ]


def test_padded_columns() -> None:
    """Blanks around names and numbers, a time that is no curve."""
    assert read(YOLO) == [("train/box_loss", "epoch", 1, "1.2158"), ("metrics/mAP50(B)", "epoch", 1, "0.64321")]


def test_very_many_columns() -> None:
    """A metric for each of many layers; of two columns of one name the first counts."""
    names = [f"loss_{i}" for i in range(2000)]
    found = read(f"step,{','.join([*names, 'loss_7'])}\n1,{','.join(['0.5'] * 2001)}\n")
    assert [name for name, *_ in found] == names


@pytest.mark.parametrize(
    "text",
    [
        "id,label,score\n1,0,0.5\n2,1,0.25\n",
        "1,2,3\n4,5,6\n",
        "epoch,note\n1,2\n",
        "step 1 - loss: 0.5, accuracy: 0.25\nstep 2 - loss: 0.25, accuracy: 0.5\n",
        "\x00\xff,\n,\n",
    ],
    ids=["predictions", "numbers", "no metric", "a log", "odd bytes"],
)
def test_other_tables_have_no_curves(text: str) -> None:
    """Without a column that counts and one that measures it is no training log."""
    assert read(text + "3,4,5\n") == []


def test_rows_that_are_not_whole() -> None:
    """Missing cells, text in the place of numbers, the header once more, a mark of the encoding."""
    assert read(b"\xef\xbb\xbfstep;loss;acc\n1;0.5\nstep;loss;acc\nx;1;2\n2;'a';\"0.25\"\n;1;1\n") == [
        ("loss", "step", 1, "0.5"),
        ("acc", "step", 2, "0.25"),
    ]


@given(st.lists(st.integers(0, len(KERAS))))
def test_it_may_come_in_any_pieces(cuts: list[int]) -> None:
    """A line without its end is waited for."""
    reader, found, at, data = CsvReader(), [], 0, KERAS.encode()
    for cut in [*sorted(cuts), len(data)]:
        found += reader.feed(data[at:cut])
        at = cut
    assert [(p.name, p.axis, p.x, str(p.value)) for p in found] == read(KERAS)


@given(st.binary())
def test_any_bytes(data: bytes) -> None:
    """Nothing raises, behind a header or in its place."""
    CsvReader().feed(data + b"\n")
    CsvReader().feed(b"step,loss\n" + data + b"\n1,2\n")


def test_a_line_without_end() -> None:
    """Is not kept in memory for ever."""
    reader = CsvReader()
    for _ in range(3):
        reader.feed(b"x" * (1 << 20))
    assert reader.refused
