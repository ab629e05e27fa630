"""What a run reached, as lines beside its record."""

from __future__ import annotations

from mltui.domain.metric import MetricKind, MetricPoint, MetricStore
from mltui.ui.presentation.run_metrics import metric_lines


def said(store: MetricStore) -> list[str]:
    return ["".join(text for text, _ in line).rstrip() for line in metric_lines(store)]


def test_each_metric_has_its_last_and_its_best_value() -> None:
    """What is none, such as throughput, is left out; so is a best one where the name says nothing."""
    store = MetricStore()
    for epoch, loss in enumerate((0.5, 0.25, 0.375), 1):
        store.add(MetricPoint("val_loss", "epoch", float(epoch), loss), 0.0)
    store.add(MetricPoint("grad_norm", "epoch", 1.0, 12.0), 0.0)
    store.add(MetricPoint("tok/s", "epoch", 1.0, 9000.0, MetricKind.THROUGHPUT), 0.0)
    assert said(store) == [
        "what it reached",
        "  val_loss   0.3750  best 0.2500 at epoch 2  3 points",
        "  grad_norm      12                          1 point",
        "",
    ]
    assert said(MetricStore()) == []


def test_many_metrics_are_counted_behind_the_first() -> None:
    store = MetricStore()
    for number in range(25):
        store.add(MetricPoint(f"m{number}", "step", 1.0, 1.0), 0.0)
    assert said(store)[-2:] == ["  and 5 more metrics: see the curves", ""]
