"""TensorBoard event files: scalars of every framework's way of writing them, as the file grows, whatever is in it."""

from __future__ import annotations

import struct
from array import array
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mltui.domain.metric import MetricKind, MetricPoint, Series, SeriesKey
from mltui.parsers.files.events import EventReader, Scalar, masked_crc, scalar_point, tags, write_events


def number(field: int, value: int) -> bytes:
    """A field with a whole number."""
    return bytes((field << 3,)) + varint(value)


def counted(field: int, data: bytes) -> bytes:
    """A field of bytes."""
    return bytes((field << 3 | 2,)) + varint(len(data)) + data


def varint(value: int) -> bytes:
    """A whole number of protobuf."""
    value &= (1 << 64) - 1
    out = b""
    while value > 0x7F:
        out += bytes((value & 0x7F | 0x80,))
        value >>= 7
    return out + bytes((value,))


def record(data: bytes) -> bytes:
    """A record with its checksums."""
    length = struct.pack("<Q", len(data))
    return length + struct.pack("<I", masked_crc(length)) + data + struct.pack("<I", masked_crc(data))


def event(step: int, *values: bytes, time: float = 1.7e9) -> bytes:
    """A record with a summary of ``values``."""
    summary = b"".join(counted(1, value) for value in values)
    return record(b"\x09" + struct.pack("<d", time) + number(2, step) + counted(5, summary))


def simple(tag: str, value: float) -> bytes:
    """A value as PyTorch writes it."""
    return counted(1, tag.encode()) + b"\x15" + struct.pack("<f", value)


def keras(tag: str, value: float, plugin: str = "scalars") -> bytes:
    """A value as Keras writes it: a tensor of type 1 with the number in its content."""
    tensor = number(1, 1) + counted(2, b"") + counted(4, struct.pack("<f", value))
    return counted(1, tag.encode()) + counted(8, tensor) + counted(9, counted(1, counted(1, plugin.encode())))


def tensor(tag: str, content: bytes) -> bytes:
    """A value with a tensor of these fields."""
    return counted(1, tag.encode()) + counted(8, content)


VERSION = record(b"\x09" + struct.pack("<d", 1.7e9) + counted(3, b"brain.Event:2"))


def read(data: bytes) -> list[tuple[str, int, float]]:
    """Tag, step and value of what is read."""
    return [(one.tag, one.step, one.value) for one in EventReader().feed(data)]


@pytest.mark.parametrize(
    "value",
    [
        simple("loss", 0.5),
        keras("loss", 0.5),
        tensor("loss", number(1, 1) + b"\x2d" + struct.pack("<f", 0.5)),
        tensor("loss", number(1, 1) + counted(5, struct.pack("<f", 0.5))),
        tensor("loss", number(1, 2) + counted(6, struct.pack("<d", 0.5))),
        tensor("loss", number(1, 2) + counted(4, struct.pack("<d", 0.5))),
        tensor("loss", number(1, 19) + counted(4, struct.pack("<e", 0.5))),
    ],
    ids=["simple value", "tensor content", "float", "packed float", "packed double", "double content", "half"],
)
def test_scalars_of_every_form(value: bytes) -> None:
    """What PyTorch, Keras and TensorFlow write for one number."""
    assert read(VERSION + event(7, value)) == [("loss", 7, 0.5)]


def test_what_is_no_scalar_is_passed_over() -> None:
    """Pictures, histograms, texts and settings leave no point, and what follows them is read."""
    others = [
        tensor("weights", number(1, 2) + counted(4, struct.pack("<6d", *range(6)))),
        tensor("text", number(1, 7) + counted(8, b"words")),
        keras("_hparams_/session", 1.0, "hparams"),
        counted(1, b"picture") + counted(4, b"\x89PNG" + b"x" * 100_000),
        counted(1, b"nothing"),
    ]
    assert read(VERSION + event(1, *others) + event(2, simple("loss", 0.5))) == [("loss", 2, 0.5)]


def test_a_step_may_be_negative_and_a_value_not_finite() -> None:
    """Both are told as they are."""
    assert read(event(-1, simple("loss", float("inf")))) == [("loss", -1, float("inf"))]


@given(st.lists(st.integers(0, 400)))
def test_it_may_come_in_any_pieces(cuts: list[int]) -> None:
    """A record that is not complete is waited for, wherever the file ends now."""
    data = VERSION + event(1, keras("loss", 0.5), simple("acc", 0.25)) + event(2, keras("loss", 0.125))
    reader, found, at = EventReader(), [], 0
    for cut in [*sorted(cuts), len(data)]:
        found += reader.feed(data[at:cut]) if cut > at else []
        at = max(at, cut)
    assert [(one.tag, one.step, one.value) for one in found] == [("loss", 1, 0.5), ("acc", 1, 0.25), ("loss", 2, 0.125)]


def test_a_large_record_is_not_kept(tmp_path: Path) -> None:
    """Pictures of megabytes pass by in pieces."""
    picture = event(1, counted(1, b"picture") + counted(4, b"x" * 3_000_000))
    reader, data = EventReader(), VERSION + picture + event(2, simple("loss", 0.5))
    found = [one for at in range(0, len(data), 4096) for one in reader.feed(data[at : at + 4096])]
    assert [(one.tag, one.step) for one in found] == [("loss", 2)]


@given(st.binary(max_size=300))
def test_any_bytes(data: bytes) -> None:
    """Nothing that a file holds raises: neither in the place of records nor in them."""
    EventReader().feed(data)
    good = record(data) + event(3, simple("loss", 0.5))
    assert read(good)[-1] == ("loss", 3, 0.5)


def test_a_damaged_length_ends_the_reading() -> None:
    """Without its length the next record is not found: nothing is made up."""
    reader = EventReader()
    data = bytearray(event(1, simple("loss", 0.5)) * 2)
    data[len(data) // 2] ^= 1
    assert len(reader.feed(bytes(data))) == 1
    assert reader.damaged
    assert reader.feed(event(3, simple("loss", 0.5))) == []


def test_which_scalars_are_curves() -> None:
    """Counters and times are none, speeds are told apart, and Keras counts epochs."""
    points = {
        tag: scalar_point(Scalar(tag, 3, 0.5, 0.0))
        for tag in ("train/loss", "epoch_loss", "epoch", "eval/runtime", "eval/steps_per_second", "hp_metric", "PR/x")
    }
    assert points["train/loss"] == MetricPoint("train/loss", "step", 3.0, 0.5)
    assert points["epoch_loss"] == MetricPoint("epoch_loss", "epoch", 3.0, 0.5)
    assert points["PR/x"] == MetricPoint("PR/x", "step", 3.0, 0.5)
    assert points["eval/steps_per_second"].kind is MetricKind.THROUGHPUT
    assert [points[tag] for tag in ("epoch", "eval/runtime", "hp_metric")] == [None] * 3


def test_checksums_are_those_of_the_format() -> None:
    """CRC-32C of the digits 1 to 9 is e3069283 (RFC 3720's polynomial), masked as TFRecord masks it."""
    crc = 0xE3069283
    assert masked_crc(b"123456789") == ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF


def test_what_is_written_reads_back(tmp_path: Path) -> None:
    """Values as floats of four bytes, whole steps as they are, others counted."""
    loss, lr = Series(SeriesKey("val/loss ü", "step")), Series(SeriesKey("lr", "epoch"))
    loss.extend(array("d", [-1, 5, 1e15]), array("d", [0.1, float("nan"), 1e300]), array("d", [1.5, 2.5, 3.5]))
    lr.extend(array("d", [0.5, 1.0]), array("d", [0.25, 0.5]), array("d", [1, 2]))
    write_events(tmp_path / "events.out.tfevents.1", [loss, lr])
    found = EventReader().feed((tmp_path / "events.out.tfevents.1").read_bytes())
    short = array("f", [0.1])[0]
    assert found[0] == Scalar("val/loss ü", -1, short, 1.5)
    assert (found[1].step, found[1].value != found[1].value) == (5, True)
    assert found[2] == Scalar("val/loss ü", 10**15, float("inf"), 3.5)
    assert found[3:] == [Scalar("lr", 0, 0.25, 1), Scalar("lr", 1, 0.5, 2)]


def test_series_of_one_name_have_tags_of_their_own():
    """Folds, what a bar shows on the way, and what is told by the epoch beside the step are not mixed up."""
    running = MetricKind.RUNNING
    keys = [SeriesKey("loss", "epoch"), SeriesKey("loss", "epoch (fold 2)"), SeriesKey("loss", "epoch", running)]
    keys += [SeriesKey("lr", "step"), SeriesKey("acc", "step"), SeriesKey("acc", "epoch")]
    found = ["loss", "loss (fold 2)", "loss (running)", "lr", "acc (step)", "acc (epoch)"]
    assert tags(keys) == found
