"""What a log tells of steps and epochs, beside its points."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mltui.parsers.reader import MetricReader

STEPS = [(e, s) for e in range(3) for s in (10, 20, 30)]


def told(log: str, piece: int = 0) -> list[tuple[str, str, float, float | None]]:
    """Series, axis, step and epochs done of each place, of a log fed in pieces of so many bytes, or a line at a time.

    ``None``: no epoch was told yet.
    """
    reader, data = MetricReader(), log.encode()
    pieces = [data[i : i + piece] for i in range(0, len(data), piece)] if piece else data.splitlines(keepends=True)
    found = []
    for each in pieces:
        reader.feed(each)
        found += reader.epochs
    reader.close()
    found += reader.epochs
    return [(p.name, p.axis, p.x, None if math.isnan(p.value) else p.value) for p in found]


def of_loss(*places: tuple[float, float | None], axis: str = "step") -> list[tuple[str, str, float, float | None]]:
    """Places of the loss."""
    return [("loss", axis, step, done) for step, done in places]


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


IN_EPOCH = of_loss((10, 0), (40, 1), (70, 2))
BEHIND = of_loss((10, None), (40, 1), (70, 2))


@pytest.mark.parametrize(
    ("log", "places"),
    [
        pytest.param(lines("epoch {epoch} step {step} loss {loss:.4f}"), IN_EPOCH, id="in each line"),
        pytest.param(lines("epoch {epoch} step {step} loss {loss:.4f}", first=0), IN_EPOCH, id="counted from 0"),
        pytest.param(lines("step {step} loss {loss:.4f}", head="Epoch {epoch}/3"), IN_EPOCH, id="in a line above"),
        pytest.param(
            lines("step {step} loss {loss:.4f}", head="Epoch {epoch}/3", end="epoch {epoch}: val_loss={value}"),
            IN_EPOCH,
            id="above and behind",
        ),
        pytest.param(lines("step {step} loss {loss:.4f}", end="epoch {epoch}: val_loss={value}"), BEHIND, id="behind"),
        pytest.param(
            lines("step {step} loss {loss:.4f}", end="epoch {epoch}: val_loss={value}", first=0), BEHIND, id="behind, 0"
        ),
        pytest.param(
            lines("Epoch {epoch} [{inner}/30] loss: {loss:.4f}"),
            of_loss((10, 1 / 3), (40, 4 / 3), (70, 7 / 3)),
            id="steps of an epoch with their total",
        ),
        pytest.param(lines('{{"epoch": {epoch}, "step": {step}, "loss": {loss:.4f}}}'), IN_EPOCH, id="JSON"),
        pytest.param(
            "".join(f'{{"step": {s}, "epoch": {s / 40:g}, "loss": {1 / s:.4f}}}\n' for s in range(10, 100, 10)),
            of_loss((10, 0.25), (20, 0.5), (50, 1.25), (90, 2.25)),
            id="fractions",
        ),
        pytest.param(
            lines("step {inner} loss {loss:.4f}", head="Epoch {epoch}/3"),
            of_loss((10, 0), (10, 1), (10, 2)),
            id="steps that begin anew",
        ),
        pytest.param(
            "".join(f"Fold {f}\n" + lines("epoch {epoch} step {step} loss {loss:.4f}" + f"{f}") for f in (1, 2)),
            [(name, f"step (fold {f})", step, done) for f in (1, 2) for name, _, step, done in IN_EPOCH],
            id="each fold anew",
        ),
        pytest.param(lines("epoch {epoch} loss {loss:.4f}"), [], id="no steps"),
        pytest.param(lines("step {step} loss {loss:.4f}"), of_loss((10, None)), id="no epochs"),
        pytest.param(
            "".join(
                f"[rank{rank}]: epoch {e + 1} step {30 * e + s + rank} loss {1 / (e + s):.4f}\n"
                for e, s in STEPS for rank in (0, 1)
            ),
            [(f"[rank{rank}] loss", "step", 30.0 * e + 10 + rank, float(e)) for e in range(3) for rank in (0, 1)],
            id="each rank by itself",
        ),
    ],
)  # fmt: skip
def test_the_first_point_of_each_series_in_another_epoch_is_told(
    log: str, places: list[tuple[str, str, float, float | None]]
) -> None:
    """With the epochs that were done there, however the log is cut."""
    assert told(log) == [(name, axis, step, pytest.approx(done)) for name, axis, step, done in places]
    for piece in (1, 7, 1 << 16):
        assert told(log, piece) == told(log)


def test_an_attempt_that_goes_back_tells_where_it_stands() -> None:
    """Its epochs come again; lines that are told again are no points, and so no first ones."""
    attempt = [f"epoch {e + 1} step {30 * e + s} loss {1 / (e + s):.4f}\n" for e in range(4) for s in (10, 20, 30)]
    places = told("".join([*attempt[:8], "Resuming\n", *attempt[3:]]))
    assert places == [*IN_EPOCH, ("loss", "step", 100, 3)]


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
def test_places_are_those_of_points(drawn: list[tuple[str, int, int, float]]) -> None:
    """Of finite steps, each of a point, and in their order."""
    reader = MetricReader()
    reader_points, places = [], []
    for line, a, b, c in drawn:
        reader_points += reader.feed((line.format(a=a, b=b, c=c) + "\n").encode())
        places += reader.epochs
    reader_points += reader.close()
    places += reader.epochs
    stood = {
        (point.name, point.axis): iter([p.x for p in reader_points if p[:2] == point[:2]]) for point in reader_points
    }
    for place in places:
        assert not math.isinf(place.value)
        assert place.x in stood[place.name, place.axis], "which goes on behind the one before"
