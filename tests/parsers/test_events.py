"""TensorBoard event files and CSV logs, whole and while they grow."""

from __future__ import annotations

import math
import struct
import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from mltui.parsers.csvlog import CsvLog
from mltui.parsers.events import EventFile, EventFolder, encode_head, encode_record, encode_scalar, masked_crc


def message(number: int, data: bytes) -> bytes:
    return bytes([number << 3 | 2, len(data)]) + data


def tensor_event(tag: str, step: int, tensor: bytes, plugin: str = "scalars") -> bytes:
    """An event as TensorFlow 2 and Keras write it: the value as a tensor, the plugin named beside it."""
    value = message(1, tag.encode()) + message(8, tensor) + message(9, message(1, message(1, plugin.encode())))
    event = b"\x09" + struct.pack("<d", 1.5e9) + b"\x10" + bytes([step]) + message(5, message(1, value))
    return encode_record(event)


def test_the_checksum_is_that_of_the_format() -> None:
    """CRC-32C of the digits 1 to 9 is E3069283 (RFC 3720's check value), masked as TensorFlow does."""
    crc = 0xE3069283
    assert masked_crc(b"123456789") == ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF


def test_scalars_are_read_in_every_form(tmp_path: Path) -> None:
    """Simple values, tensors with content, and tensors with listed values are scalars; other plugins are not."""
    path = tmp_path / "events.out.tfevents.1"
    listed = b"\x08\x01" + message(5, struct.pack("<f", 0.25))
    double = b"\x08\x02" + message(4, struct.pack("<d", 0.125))
    path.write_bytes(
        encode_head(1.0)
        + encode_scalar("loss", 7, 2.0, 0.5)
        + tensor_event("epoch_loss", 1, listed)
        + tensor_event("epoch_acc", 2, double)
        + tensor_event("weights", 2, listed, "histograms")
    )
    scalars = EventFile(path).poll()
    assert [(s.tag, s.step, s.value) for s in scalars] == [
        ("loss", 7, 0.5),
        ("epoch_loss", 1, 0.25),
        ("epoch_acc", 2, 0.125),
    ]
    assert scalars[0].wall_time == 2.0


def test_a_growing_file_is_read_to_its_last_whole_record(tmp_path: Path) -> None:
    """Each call gives what was added; half a record waits."""
    path = tmp_path / "events.out.tfevents.1"
    first, second = encode_scalar("loss", 1, 0.0, 0.5), encode_scalar("loss", 2, 0.0, math.nan)
    path.write_bytes(encode_head(0.0) + first + second[:9])
    file = EventFile(path)
    assert [s.step for s in file.poll()] == [1]
    assert file.poll() == []
    with path.open("ab") as more:
        more.write(second[9:])
    (scalar,) = file.poll()
    assert scalar.step == 2
    assert math.isnan(scalar.value)


def test_runs_are_named_by_their_folders_and_found_when_they_appear(tmp_path: Path) -> None:
    """Files in ``train/`` and ``validation/`` are told apart; a file that comes later is found."""
    folder = EventFolder(tmp_path)
    assert folder.poll() == []
    (tmp_path / "train").mkdir()
    (tmp_path / "train" / "events.out.tfevents.1").write_bytes(encode_scalar("loss", 1, 0.0, 0.5))
    (point,) = [s.point for s in folder.poll()]
    assert (point.name, point.axis, point.x, point.value) == ("train/loss", "step", 1.0, 0.5)


def test_a_file_that_is_no_event_file_is_said_to_be_damaged(tmp_path: Path) -> None:
    """Wrong bytes end the reading of that file without an error."""
    path = tmp_path / "events.out.tfevents.1"
    path.write_bytes(encode_scalar("loss", 1, 0.0, 0.5) + b"not a record at all")
    file = EventFile(path)
    assert len(file.poll()) == 1
    assert file.damaged


@given(st.binary(max_size=200))
@settings(deadline=None, max_examples=150)
def test_any_record_is_read_without_an_error(data: bytes) -> None:
    """A record of arbitrary bytes is a scalar, nothing, or damage."""
    with tempfile.NamedTemporaryFile(suffix=".tfevents") as file:
        file.write(encode_record(data) + data)
        file.flush()
        EventFile(Path(file.name)).poll()


def test_a_csv_log_of_keras_is_read_while_it_grows(tmp_path: Path) -> None:
    """Rows are points at their epoch; half a row waits for its end."""
    path = tmp_path / "log.csv"
    path.write_text("epoch,accuracy,loss\n0,0.5,1.25\n1,0.7")
    log = CsvLog(path)
    assert [tuple(p)[:4] for p in log.poll()] == [("accuracy", "epoch", 0, 0.5), ("loss", "epoch", 0, 1.25)]
    path.write_text("epoch,accuracy,loss\n0,0.5,1.25\n1,0.75,1.0\n")
    assert [tuple(p)[:4] for p in log.poll()] == [("accuracy", "epoch", 1, 0.75), ("loss", "epoch", 1, 1.0)]


def test_a_csv_log_of_lightning_may_get_new_columns(tmp_path: Path) -> None:
    """Empty cells are no points, and a file written anew with more columns repeats nothing."""
    path = tmp_path / "metrics.csv"
    path.write_text("epoch,step,train_loss\n0,9,2.5\n")
    log = CsvLog(path)
    assert [tuple(p)[:4] for p in log.poll()] == [("train_loss", "step", 9, 2.5)]
    path.write_text("epoch,step,train_loss,val_loss\n0,9,2.5,\n0,9,,2.25\n")
    assert [tuple(p)[:4] for p in log.poll()] == [("val_loss", "step", 9, 2.25)]
    assert CsvLog(tmp_path / "missing.csv").poll() == []
