"""What figures mean: each rule on a history made for it, and on those that must stay silent."""

from __future__ import annotations

import math
from array import array
from collections.abc import Callable

import pytest

from mltui.domain.insights import Insight, InsightKind, InsightTracker, Loss, Observed, insights
from mltui.domain.samples import SampleRow, thinned

T = 1_700_000_000.0
GIB = float(1 << 30)


def history(seconds: int, **columns: Callable[[int], float]) -> tuple[list[str], list[SampleRow]]:
    """A sample a second, thinned as those on disk are; names have ``__`` for the dots."""
    names = [name.replace("__", ".") for name in columns]
    rows = []
    for at in range(seconds):
        values = array("f", (make(at) for make in columns.values()))
        rows.append(SampleRow(T + at, 1, values, values))
    return names, thinned(rows, T + seconds)


def observed(seconds: int, has_gpus: bool = False, **columns: Callable[[int], float]) -> Observed:
    names, rows = history(seconds, **columns)
    return Observed(T + seconds, T, names, rows, has_gpus=has_gpus)


def kinds(one: Observed) -> list[InsightKind]:
    return [found.kind for found in insights(one)]


def always(value: float) -> Callable[[int], float]:
    return lambda at: value


BUSY = {"run__cpu": always(7.9), "run__cpu_limit": always(8.0)}


def test_the_gpu_waits_for_the_cpu() -> None:
    """A GPU that idles while the CPU is at its limit; the figures are there, and throttling is not said as well."""
    one = observed(120, True, gpu__a__utilization=lambda at: 0.2, run__throttled=always(0.9), **BUSY)
    [found] = insights(one)
    assert found.kind is InsightKind.INPUT_BOUND
    assert found.figures == "last minute: GPU 20 %, CPU 7.9 / 8 cores = 99 %"


@pytest.mark.parametrize(
    "columns",
    [
        {"gpu__a__utilization": always(0.95), **BUSY},
        {"gpu__a__utilization": always(0.2), "run__cpu": always(2.0), "run__cpu_limit": always(8.0)},
        {**BUSY},
        {"gpu__a__utilization": always(math.nan), **BUSY},
        {"gpu__a__utilization": lambda at: float(at % 10 < 7), **BUSY},
    ],
    ids=["busy-gpu", "idle-cpu", "no-gpu", "gpu-not-read", "gpu-in-turns"],
)
def test_no_input_is_blamed(columns: dict[str, Callable[[int], float]]) -> None:
    """A busy GPU, an idle CPU, no GPU, or one that works most of the time."""
    assert InsightKind.INPUT_BOUND not in kinds(observed(120, True, **columns))


def test_too_few_samples_mean_nothing() -> None:
    """The first half minute of a run is no ground for anything."""
    assert kinds(observed(30, True, gpu__a__utilization=always(0.0), run__throttled=always(1.0), **BUSY)) == []


def test_throttling() -> None:
    """Held back for a quarter of the time slices or more."""
    limit = always(2.0)
    [found] = insights(observed(90, run__throttled=always(0.62), run__cpu=always(2.0), run__cpu_limit=limit))
    assert found.kind is InsightKind.THROTTLED
    assert found.figures == "in 62 % of the last minute's time slices, limit 2 cores"
    assert kinds(observed(90, run__throttled=always(0.05), run__cpu=always(1.0), run__cpu_limit=limit)) == []


def test_memory_that_reaches_its_limit() -> None:
    """With the time left at this rate."""
    grows = observed(300, run__memory=lambda at: 10 * GIB + at * GIB / 60, run__memory_limit=always(16 * GIB))
    [found] = insights(grows)
    assert found.kind is InsightKind.MEMORY_SOON
    assert found.text == "Memory is full in about 1m 00s at this rate"
    assert "= 94 %" in found.figures
    assert "a minute" in found.figures


@pytest.mark.parametrize(
    "memory",
    [
        always(15.5),
        lambda at: 1.0 + at / 60,
        lambda at: 14.0 + (at % 60) / 60,
        lambda at: 12.0 if at < 150 else 15.0,
        lambda at: 15.0 - 8 * math.exp(-at / 40),
        lambda at: 15.0 - at / 100,
    ],
    ids=["full-and-steady", "far-from-full", "saw", "one-step", "flattens", "falls"],
)
def test_memory_that_does_not(memory: Callable[[int], float]) -> None:
    """Nearly full is not filling: a cache, a saw, a step, a curve that flattens out."""
    assert kinds(observed(300, run__memory=lambda at: memory(at) * GIB, run__memory_limit=always(16 * GIB))) == []


def test_a_leak() -> None:
    """Steady growth over a long time, below the ups and downs of an epoch."""
    leak = observed(
        7_200, run__memory=lambda at: (4 + at / 7_200 + (at % 300) / 600) * GIB, run__memory_limit=always(64 * GIB)
    )
    [found] = insights(leak)
    assert found.kind is InsightKind.LEAK
    assert found.figures.startswith("+")


@pytest.mark.parametrize(
    "memory",
    [
        lambda at: 4 + (at % 1_200) / 600,
        lambda at: 6 - 4 * math.exp(-at / 900),
        lambda at: 4.0 + (at > 3_600),
        lambda at: 4 + at / 72_000,
    ],
    ids=["epochs", "warm-up", "one-step", "too-little"],
)
def test_no_leak(memory: Callable[[int], float]) -> None:
    """Epochs that give back what they took, a warm-up, one step, a growth that is not worth a word."""
    assert kinds(observed(7_200, run__memory=lambda at: memory(at) * GIB, run__memory_limit=always(64 * GIB))) == []


def test_a_gpu_that_is_never_used() -> None:
    """After a fair time, and only where it was seen from the start."""
    idle = {"gpu__a__utilization": always(0.0)}
    [found] = insights(observed(400, True, **idle))
    assert found.kind is InsightKind.GPU_UNUSED
    assert found.figures == "0 % at most in 6m 40s"
    assert kinds(observed(200, True, **idle)) == []
    assert kinds(observed(400, False, **idle)) == []
    assert kinds(observed(400, True, gpu__a__utilization=lambda at: float(at == 20))) == []
    names, rows = history(400, **idle)
    assert kinds(Observed(T + 2_000, T - 1_000, names, rows, has_gpus=True)) == []


def test_a_run_that_stops_printing() -> None:
    """Measured by its own rhythm: a minute of silence is nothing for a run that prints once in five."""
    steps = [T + 4.0 * at for at in range(50)]
    silent = Observed(steps[-1] + 720, T, activity=steps)
    [found] = insights(silent)
    assert found.kind is InsightKind.STALLED
    assert found.text == "It has printed nothing for 12m 00s"
    assert found.figures.startswith("before, every 4 s")
    assert kinds(Observed(steps[-1] + 50, T, activity=steps)) == []
    epochs = [T + 300.0 * at for at in range(8)]
    assert kinds(Observed(epochs[-1] + 700, T, activity=epochs)) == []
    validates = sorted([*steps, *(T + 200 + 400 + 4.0 * at for at in range(50))])
    assert kinds(Observed(validates[-1] + 500, T, activity=validates)) == []
    assert kinds(Observed(T + 9_000, T, activity=[T, T + 1])) == []


def test_a_training_that_diverged() -> None:
    """A loss that is no number any more, and goes on so; one that was for a moment is not."""
    [found] = insights(Observed(T + 10, T, losses=[Loss("loss", "step", 1_234_567.0, 5)]))
    assert found.kind is InsightKind.DIVERGED
    assert found.figures == "since step 1234567, 5 values"
    assert insights(Observed(T + 10, T, losses=[Loss("loss", "step", 7, 1), Loss("val_loss", "epoch", 0, 0)])) == ()


def _insight(kind: InsightKind, figures: str = "") -> Insight:
    return Insight(kind, kind.value, figures)


def test_what_holds_for_a_while_is_shown_and_stays_for_a_while() -> None:
    """No flicker: what comes and goes is never shown, what is shown bridges gaps."""
    tracker = InsightTracker(settle_s=10, linger_s=30)
    leak = _insight(InsightKind.LEAK)
    shown = [tracker.update(at, [leak] if at % 2 else []) for at in range(40)]
    assert not any(shown)
    tracker = InsightTracker(settle_s=10, linger_s=30)
    shown = [tracker.update(at, [leak] if at < 20 or at == 40 else []) for at in range(80)]
    assert [bool(one) for one in shown] == [10 <= at <= 70 for at in range(80)]


def test_no_more_than_two_are_shown_and_the_urgent_ones_first() -> None:
    """Whatever holds."""
    tracker = InsightTracker(settle_s=0)
    found = [_insight(kind) for kind in reversed(InsightKind)]
    tracker.update(0, found)
    assert [one.kind for one in tracker.update(1, found)] == [InsightKind.DIVERGED, InsightKind.MEMORY_SOON]


def test_figures_do_not_change_with_every_second() -> None:
    """What is shown can be read."""
    tracker = InsightTracker(settle_s=0, refresh_s=5)
    texts = [tracker.update(at, [_insight(InsightKind.LEAK, str(at))]) for at in range(12)]
    assert len({one[0].figures for one in texts if one}) <= 4
