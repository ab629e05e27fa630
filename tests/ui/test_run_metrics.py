"""What a run reached, as lines beside its record."""

from __future__ import annotations

import pytest

from mltui.domain.metric import MetricKind, MetricPoint, MetricStore
from mltui.domain.run import Run, RunState
from mltui.ui.panes.runs import record_lines
from mltui.ui.presentation.run import headline, waiting_text
from mltui.ui.presentation.run_metrics import metric_lines
from mltui.ui.widgets.lines import columns
from mltui.ui.widgets.text_view import folded


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


def test_a_name_and_an_axis_of_a_log_cannot_steer_the_terminal_nor_shift_the_columns() -> None:
    """Characters of two columns take two."""
    store = MetricStore()
    store.add(MetricPoint("val\x07_loss", "epoch (training vgg\x9b31m)", 1.0, 0.5), 0.0)
    store.add(MetricPoint("损失_loss", "epoch", 2.0, 0.25), 0.0)
    text = said(store)
    assert text[1] == "  val_loss   0.5000  best 0.5000 at epoch (training vgg) 1  1 point"
    ends = [columns(line[: line.index("  best")]) for line in text[1:3]]
    assert ends == [19, 19]


def test_many_metrics_are_counted_behind_the_first() -> None:
    store = MetricStore()
    for number in range(25):
        store.add(MetricPoint(f"m{number}", "step", 1.0, 1.0), 0.0)
    assert said(store)[-2:] == ["  and 5 more metrics: see the curves", ""]


def test_a_long_fact_of_a_record_goes_on_under_its_value() -> None:
    """And what there is nothing to say about has no line."""
    run = Run("abcd2345", "p", "", "local", "", RunState.FINISHED, notes="No engine answers. " * 8, command="echo 1")
    text = ["".join(part for part, _ in line) for line in folded(record_lines(run, "/runs/abcd2345"), 60)]
    at = next(i for i, line in enumerate(text) if line.startswith("decided    No engine"))
    assert text[at + 1].startswith(" " * 11 + "answers. No engine")
    assert not any(line.startswith("detail") for line in text)
    assert text[-1] == "echo 1"


def test_notes_without_parameters_begin_where_parameters_would() -> None:
    run = Run("abcd2345", "p", "", "docker", "", RunState.RUNNING, notes="It runs on the CPU.", started=1.0)
    _, second = headline(run, 2.0, 100)
    assert "".join(text for text, _ in second) == "It runs on the CPU."


def test_where_a_run_is_gives_way_to_what_it_is() -> None:
    """The line at the top has the engine; a run's name and id stand nowhere else."""
    run = Run("abcd2345", "a_profile", "", "local", "", RunState.FAILED, exit_code=143, started=1.0, finished=33.0)

    def first(width: int) -> str:
        return "".join(text for text, _ in headline(run, 40.0, width)[0])

    assert "abcd2345" in first(80)
    assert first(80).endswith("exit 143  local process, not isolated  32s")
    assert first(60).endswith("exit 143  local process  32s")
    assert first(50).split() == ["✗", "failed", "a_profile", "abcd2345", "exit", "143", "32s"]


@pytest.mark.parametrize(
    ("state", "started", "said"),
    [
        (RunState.BUILDING, None, "Curves begin with the first metric"),
        (RunState.FAILED, None, "It was never started."),
        (RunState.FAILED, 1.0, "It failed before a metric was read"),
        (RunState.STOPPED, 1.0, "It was stopped before a metric was read"),
        (RunState.FINISHED, 1.0, "mltui metrics abcd2345 --explain tells what became of each line"),
    ],
)
def test_what_stands_in_the_place_of_curves_fits_how_the_run_went(
    state: RunState, started: float | None, said: str
) -> None:
    """Only one that went well is told how metrics of its own are read."""
    assert said in waiting_text(Run("abcd2345", "tiny", "", "local", "", state, started=started))
