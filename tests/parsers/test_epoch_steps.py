"""What a log tells of steps and epochs, beside its points."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mltui.parsers.reader import MetricReader

STEPS = [(e, s) for e in range(3) for s in (10, 20, 30)]


def told(log: str, piece: int = 0) -> list[tuple[str, float, float]]:
    """Axis, step and epochs of each place, of a log that is fed in pieces of so many bytes, or a line at a time."""
    reader, data = MetricReader(), log.encode()
    pieces = [data[i : i + piece] for i in range(0, len(data), piece)] if piece else data.splitlines(keepends=True)
    found = []
    for each in pieces:
        reader.feed(each)
        found += reader.epochs
    reader.close()
    return [(place.axis, place.x, place.value) for place in [*found, *reader.epochs]]


def lines(each: str, end: str = "", head: str = "", first: int = 1) -> str:
    """Three epochs of three steps, with what stands in front of and behind the steps of each."""
    parts = []
    for epoch in range(3):
        names = {"epoch": epoch + first, "value": round(0.9 / (epoch + 1), 4)}
        parts += [f"{head.format(**names)}\n"] if head else []
        parts += [
            each.format(step=30 * epoch + s, inner=s, loss=1 / (3 * epoch + s), **names) + "\n" for s in (10, 20, 30)
        ]
        parts += [f"{end.format(**names)}\n"] if end else []
    return "".join(parts)


STARTS = [("step", 0.0, 0.0), ("step", 30.0, 1.0), ("step", 60.0, 2.0)]
ENDS = [*STARTS, ("step", 90.0, 3.0)]


@pytest.mark.parametrize(
    ("log", "places"),
    [
        pytest.param(lines("epoch {epoch} step {step} loss {loss:.4f}"), STARTS, id="in each line"),
        pytest.param(lines("epoch {epoch} step {step} loss {loss:.4f}", first=0), STARTS, id="counted from 0"),
        pytest.param(lines("step {step} loss {loss:.4f}", head="Epoch {epoch}/3"), STARTS, id="in a line above"),
        pytest.param(
            lines("step {step} loss {loss:.4f}", head="Epoch {epoch}/3", end="epoch {epoch}: val_loss={value}"),
            STARTS,
            id="above and behind",
        ),
        pytest.param(lines("step {step} loss {loss:.4f}", end="epoch {epoch}: val_loss={value}"), ENDS, id="behind"),
        pytest.param(
            lines("step {step} loss {loss:.4f}", end="epoch {epoch}: val_loss={value}", first=0), ENDS, id="and from 0"
        ),
        pytest.param(lines("Epoch {epoch} [{inner}/30] loss: {loss:.4f}"), STARTS, id="an epoch's own steps"),
        pytest.param(
            lines("Epoch {epoch} [{inner}/40] loss: {loss:.4f}"),
            [("step", 0.0, 0.0), ("step", 40.0, 1.0), ("step", 80.0, 2.0)],
            id="the last line is not of the last step",
        ),
        pytest.param(lines("{{\"epoch\": {epoch}, \"step\": {step}, \"loss\": {loss:.4f}}}"), STARTS, id="JSON"),
        pytest.param(
            "".join(f'{{"step": {s}, "epoch": {s / 40:g}, "loss": {1 / s:.4f}}}\n' for s in range(10, 60, 10)),
            [("step", float(s), s / 40) for s in range(10, 60, 10)],
            id="fractions",
        ),
        pytest.param(
            lines("step {inner} loss {loss:.4f}", head="Epoch {epoch}/3"),
            [("step", 0.0, 0.0), ("step", 30.0, 1.0), ("step", 30.0, 2.0)],
            id="steps that begin anew",
        ),
        pytest.param(
            "".join(f"Fold {f}\n" + lines("epoch {epoch} step {step} loss {loss:.4f}") for f in (1, 2)),
            [(f"step (fold {f})", step, done) for f in (1, 2) for _, step, done in STARTS],
            id="each fold anew",
        ),
        pytest.param(lines("epoch {epoch} loss {loss:.4f}"), [], id="no steps"),
        pytest.param(lines("step {step} loss {loss:.4f}"), [], id="no epochs"),
        pytest.param("Epoch 1/1\n" + lines("step {step} loss {loss:.4f}"), [], id="one epoch"),
    ],
)  # fmt: skip
def test_places_at_which_steps_and_epochs_are_known(log: str, places: list[tuple[str, float, float]]) -> None:
    """So many epochs were done when the next began, or when one was told behind its steps; however the log is cut."""
    assert told(log) == places
    for piece in (1, 7, 1 << 16):
        assert told(log, piece) == places


def test_an_attempt_that_goes_back_tells_nothing_new() -> None:
    """Epochs that come again behind a crash are known already; those after them are not."""
    attempt = [f"epoch {e + 1} step {30 * e + s} loss {1 / (e + s):.4f}\n" for e in range(4) for s in (10, 20, 30)]
    log = "".join([*attempt[:8], *attempt[3:]])
    assert told(log) == [*STARTS, ("step", 90.0, 3.0)]


def test_of_several_that_print_one_tells_it() -> None:
    """Two ranks at different steps would tell of two paces."""
    log = "".join(
        f"[rank{rank}]: epoch {e + 1} step {30 * e + s + rank} loss {1 / (e + s):.4f}\n"
        for e, s in STEPS for rank in (0, 1)
    )  # fmt: skip
    assert told(log) == STARTS


def test_what_was_told_is_given_once() -> None:
    """A caller that never asks holds no more than what one piece of the log told."""
    reader = MetricReader()
    for line in lines("epoch {epoch} step {step} loss {loss:.4f}").splitlines(keepends=True):
        reader.feed(line.encode())
    assert reader.epochs == []


LINE = st.sampled_from([
    "epoch {a} step {b} loss 0.5", "Epoch {a}/{b}", "step {b} loss 0.25", "epoch {a}: val_loss 0.5", "fold {a}",
    "epoch {c}", "epoch nan step {b} loss 1", "step inf epoch {a} loss 2", "Epoch {a} [{b}/40] loss: 0.75",
    "iter {b} epoch {c} loss 1.5", "step {a} epoch 1e308 loss 3", "step -1e308 epoch {b} loss 3",
])  # fmt: skip


@given(st.lists(st.tuples(LINE, st.integers(-2, 50), st.integers(-2, 50), st.floats(-2, 60)), max_size=40))
def test_places_are_finite_and_ascend(drawn: list[tuple[str, int, int, float]]) -> None:
    """On each axis epochs only ever get more."""
    last: dict[str, float] = {}
    for axis, step, epochs in told("".join(line.format(a=a, b=b, c=c) + "\n" for line, a, b, c in drawn)):
        assert math.isfinite(step)
        assert last.get(axis, -math.inf) < epochs < math.inf
        last[axis] = epochs
