"""What one line can say of a run's curves: the metric that matters most, its last value and its best."""

from __future__ import annotations

from typing import NamedTuple

from mltui.domain.figures import format_value
from mltui.domain.metric import MetricKind, MetricStore, Series
from mltui.domain.metric_name import Goal, Scope, goal_of_series, is_learning_rate, parse_name
from mltui.domain.scale import format_x
from mltui.storage.metric_reader import MetricReaderFile
from mltui.storage.run_folder import RunFolder


class Best(NamedTuple):
    """The best value of a series, and where it was."""

    value: float
    x: float


def read_metrics(folder: RunFolder) -> MetricStore:
    """Everything that was read out of a run until now."""
    store = MetricStore()
    file = MetricReaderFile(folder.metrics, lambda key, columns: store.extend(key, *columns), store.clear)
    try:
        file.poll()
    finally:
        file.close()
    return store


def best(series: Series) -> Best | None:
    """The greatest or smallest finite value, whichever is good by the metric's name; ``None`` if it does not say."""
    goal = goal_of_series(series.key)
    if goal is None:
        return None
    at = series.argmax if goal is Goal.MAX else series.argmin
    return None if at is None else Best(series.value[at], series.x[at])


def of_kind(store: MetricStore, kind: str = MetricKind.METRIC) -> list[Series]:
    """The series of a kind (``all``: of any), in the order in which they first appeared."""
    return [series for key, series in store.series.items() if kind in ("all", key.kind) and len(series)]


def key_series(store: MetricStore) -> Series | None:
    """The series to look at first: a validation loss, else a loss, else whatever came first."""
    found = of_kind(store)
    return min(found, key=_rank, default=None)


def _rank(series: Series) -> tuple[bool, bool, bool, bool]:
    name = parse_name(series.name)
    loss = name.metric == "loss" or name.metric.endswith("_loss")
    return is_learning_rate(name.metric), not loss, name.scope is not Scope.VALIDATION, bool(name.source)


def x_text(axis: str, x: float) -> str:
    """``epoch 3``, ``step 1234567``: as it was logged, so that its checkpoint is found."""
    return f"{axis} {format_x(x)}"


def best_text(series: Series) -> str:
    """``0.31 at epoch 4``, or a dash."""
    found = best(series)
    return f"{format_value(found.value)} at {x_text(series.key.axis, found.x)}" if found else format_value(None)
