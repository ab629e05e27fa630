"""What a logger puts in front of lines changes nothing of what is read behind it."""

from __future__ import annotations

import pytest

from mltui.parsers import budget
from mltui.parsers.budget import Budget
from mltui.parsers.lines.outer import Outer
from mltui.parsers.reader import MetricReader
from tests.parsers.test_cases import table_of

PREFIXES = [
    # Python's logging: the formats of its tutorial, of basicConfig, of Hydra, Loguru, absl, Tornado, Lightning …
    "2026-11-22 13:40:00,123 - trainer - INFO - ", "2026-11-22 13:40:00,123 - my.trainer - INFO - ",
    "2026-11-22 13:40:00,123 - __main__ - INFO - ", "2026-11-22 13:40:00,123 - INFO - ", "__main__ - INFO - ",
    "2026-11-22 13:40:00,123 INFO trainer: ", "2026-11-22 13:40:00,123 INFO     trainer: ",
    "2026-11-22 13:40:00,123 | INFO    | train:24 | ", "2026-11-22 13:40:00,123 - INFO - train:24 - ",
    "2026-11-22 13:40:00.123 | INFO     | trainer:fit:12 - ", "2026-11-22 13:40:00 INFO [trainer] ",
    "2026-11-22 13:40:00,123 [INFO] trainer: ", "2026-11-22 13:40:00,123 [INFO] ",
    "[2026-11-22 13:40:00,123][trainer][INFO] - ", "[2026-11-22 13:40:00,123] [INFO] [trainer.py:87:fit] ",
    "[2026-11-22 13:40:00,123][INFO][trainer] ", "[2026-11-22:13:40:00:INFO:trainer:log] ",
    "INFO:trainer:", "INFO:root:", "INFO trainer: ", "trainer INFO ", "INFO - ", "INFO: ", "[INFO] ", "[INFO]: ",
    "info: ", "warning: ", "d2.utils.events: ", "[11/22 13:40:00 d2.utils.events]: ", "[I 2026-11-22 13:40:00,123] ",
    "I1122 13:40:00.123456 1400 train.py:87] ", "I20261122 13:40:00 1400 dinov2 helpers.py:103] ",
    "INFO 2026-11-22 13:40:00 trainer.py:12] ",
    "INFO 11-22 13:40:00 trainer.py:12] ", "[1126 13:40:00 @monitor.py:476] ", "(trainer.py:735) ",
    "trainer.py:735 - ", "[host] 2026-11-22 13:40:00 ",
    # Times alone, names alone, the system's log, a Kubernetes node's.
    "2026-11-22T13:40:00.123456Z ", "2026-11-22T13:40:00+0000 ", "[2026-11-22 13:40:00] ", "<2026-11-22 13:40:00> ",
    "2026-11-22 13:40:00: ", "2026/11/22 13:40:00 ", "22-Nov-26 13:40:00 - ", "Sun Nov 22 13:40:00 2026 ",
    "13:40:00 - INFO - ", "13:40:00,agent:11 INFO - ", "13:40:00 INFO ",
    "[13:40:00] ", "0:00:12 - ", "trainer: ", "[trainer] ",
    "Nov 22 13:40:00 host trainer[87]: ", "2026-11-22T13:40:00.123456789Z stdout F ",
    # Processes and threads, by their numbers.
    "[4711:MainThread] ", "[4711:MainThread](2026-11-22 13:40:00,123) INFO - ", "[pid=4711] ", "pid=4711 tid=4733 ",
    "[11/22/2026 13:40:00 INFO 140609638106944] ", "[140609638106944] ", "[140609638106944] INFO: ",
    "2026-11-22 13:40:00,123 140609638106944 ", "2026-11-22 13:40:00,123 4711:140609638106944 INFO ", "pid 4711: ",
    "2026-11-22 13:40:00,123 INFO 4711 --- [           main] a.b.Trainer   : ", "INFO:4711:trainer:",
    "11-22 13:40:00.123  4711  4733 I Trainer : ", "4711 INFO ", "4711 - INFO - ",
    "2026-11-22 13:40:00 - 4711 - INFO - ",
    "[2026-11-22 13:40:00,123: INFO/ForkPoolWorker-1] ", "2026-11-22 13:40:00 (Thread-7  ) ", "[PID 4711] ",
]  # fmt: skip
BOX = """\
--------------------------
| train/       |         |
|    loss      | 0.{}01   |
|    accuracy  | 0.4{}    |
--------------------------
"""
BODIES = {
    "line": "step=1 loss=0.5 acc=0.3125\nstep=2 loss=0.4 acc=0.4125\nstep=3 loss=0.3 acc=0.5125\n",
    "marks": "step 1 | loss 0.5 | acc 0.3125\nstep 2 | loss 0.4 | acc 0.4125\nstep 3 | loss 0.3 | acc 0.5125\n",
    "gaps": "epoch  train_loss  acc\n1      2.3012      0.3124\n2      2.1012      0.3524\n3      1.9012      0.4024\n",
    "bars": "| epoch | loss   | acc  |\n|-------|--------|------|\n| 1     | 2.3012 | 0.31 |\n| 2     | 2.1 | 0.35 |\n",
    "under": "Epoch 1:\nloss 0.5 acc 0.31\nEpoch 2:\nloss 0.4 acc 0.41\nEpoch 3:\nloss 0.3 acc 0.51\n",
    "box": BOX.format(5, 1) + BOX.format(4, 2) + BOX.format(3, 3),
}


def points(lines: list[str]) -> dict[tuple[str, str, str], list[str]]:
    reader = MetricReader()
    return table_of(reader.feed("".join(f"{line}\n" for line in lines).encode()) + reader.close())


@pytest.mark.parametrize("prefix", PREFIXES)
@pytest.mark.parametrize("body", BODIES)
def test_lines_tables_and_boxes_are_read_behind_it(prefix: str, body: str) -> None:
    """The same points as without it, under the same names."""
    lines = ["start of training", *BODIES[body].splitlines()]
    assert points([prefix + line for line in lines]) == points(lines) != {}


@pytest.mark.parametrize("name", ["student: ", "[teacher] ", "Validation: ", "loss: ", "[test] "])
def test_a_name_that_tells_what_is_measured_is_no_loggers(name: str) -> None:
    """A part of the model, of the data, or a metric stays in front of its line, even of a table's."""
    assert Outer(Budget()).peel(f"{name}epoch  loss  acc".encode()) == f"{name}epoch  loss  acc".encode()


def test_a_prefix_is_known_for_good(monkeypatch: pytest.MonkeyPatch) -> None:
    """Numbers behind it are rows also if they came before all words, and after more other lines than are remembered."""
    monkeypatch.setattr(budget, "LIMIT", 100_000)
    rows = [f"INFO:root:  {i}      2.{i}0      0.3{i}" for i in (1, 2, 3)]
    other = ["x" + "".join("pqrstuvw"[i >> shift & 7] for shift in (9, 6, 3, 0)) + " said a thing" for i in range(256)]
    read = points([rows[0], "INFO:root:epoch   loss      acc", rows[0], *other, *rows[1:]])
    assert read == {
        ("metric", "loss", "epoch"): ["1:2.1", "2:2.2", "3:2.3"],
        ("metric", "acc", "epoch"): ["1:0.31", "2:0.32", "3:0.33"],
    }


def test_a_level_may_be_what_is_measured() -> None:
    """``Test ERROR: 0.15`` is no line of a logger called Test."""
    assert points([f"Test ERROR: 0.{i}5 step {i}" for i in (1, 2)]) == {
        ("metric", "Test ERROR", "step"): ["1:0.15", "2:0.25"]
    }
    assert points([f"train - INFO - step {i} loss 0.{i}5" for i in (1, 2)]) == {
        ("metric", "train loss", "step"): ["1:0.15", "2:0.25"]
    }


def test_a_word_in_front_of_values_is_taken_off_once_a_table_stood_behind_it() -> None:
    """Until then it may be what the values are about; a second such word may be another table's."""
    outer = Outer(Budget())
    assert outer.peel(b"trainer: 1  0.5") == b"trainer: 1  0.5"
    assert outer.peel(b"trainer: epoch  loss") == b"epoch  loss"
    assert outer.peel(b"trainer: 1  0.5") == b"1  0.5"
    assert outer.peel(b"other: epoch  loss") == b"other: epoch  loss"
