"""What a metric's name says: its scope, however it is written, and which end of it is better."""

from __future__ import annotations

import pytest

from mltui.domain.metric import MetricKind, SeriesKey
from mltui.domain.metric_name import Goal, Scope, goal_of, goal_of_series, is_learning_rate, parse_name
from mltui.domain.words import LESS_IS_BETTER, METRIC_WORDS, MORE_IS_BETTER

TRAIN, VALIDATION, TEST = Scope.TRAIN, Scope.VALIDATION, Scope.TEST


@pytest.mark.parametrize(
    ("name", "metric", "scope"),
    [
        ("trainloss", "loss", TRAIN), ("testloss", "loss", TEST), ("valLoss", "loss", VALIDATION),
        ("lossVal", "loss", VALIDATION), ("accTrain", "accuracy", TRAIN), ("vali_loss", "loss", VALIDATION),
        ("holdout_loss", "loss", VALIDATION), ("oof rmse", "rmse", VALIDATION), ("learn: Logloss", "logloss", TRAIN),
        ("训练损失", "损失", TRAIN), ("验证集的损失值", "损失", VALIDATION), ("检测损失", "检测损失", None),
        ("trainable_params", "trainable_params", None), ("evaluate", "evaluate", None),
    ],
)  # fmt: skip
def test_a_scope_is_found_where_the_reader_finds_it(name, metric, scope):
    """So that losses of one training share a chart, set off from the metric or written as one word with it."""
    assert parse_name(name)[:2] == (metric, scope)


@pytest.mark.parametrize("name", [
    "accuracy", "mAP50", "mAP50-95", "metrics/mAP50(B)", "AP", "APs", "AP75", "CIDEr", "val CIDEr", "specificity",
    "sensitivity", "spearman", "Pearson", "correlation", "R²", "r2", "silhouette", "hits@10", "pass@1", "ents_f",
    "F1Score", "rollout/ep_rew_mean", "win_rate", "log_likelihood", "neg_mean_squared_error", "val_mean_iou", "top5",
])  # fmt: skip
def test_more_is_better(name):
    assert goal_of(name) is goal_of(parse_name(name).metric) is Goal.MAX


@pytest.mark.parametrize("name", [
    "loss", "box_loss", "celoss", "valLoss", "test-mlogloss", "perplexity", "rmse", "l2", "error rate", "accuracy_loss",
    "mean rank", "negative_log_likelihood", "nll", "brier score", "FID", "训练损失", "Verlust", "WER",
])  # fmt: skip
def test_less_is_better(name):
    assert goal_of(name) is goal_of(parse_name(name).metric) is Goal.MIN


@pytest.mark.parametrize("name", ["entropy", "approx_kl", "grad_norm", "lr", "beta", "weird", "val", "objective"])
def test_a_name_that_says_nothing_has_no_better_end(name):
    assert goal_of(name) is None


def test_more_throughput_is_better_whatever_its_name():
    assert goal_of_series(SeriesKey("samples/s", "step", MetricKind.THROUGHPUT)) is Goal.MAX
    assert goal_of_series(SeriesKey("samples/s", "step")) is None


def test_words_of_metrics_have_one_better_end():
    """No word stands on both sides."""
    assert LESS_IS_BETTER.isdisjoint(MORE_IS_BETTER)
    assert LESS_IS_BETTER | MORE_IS_BETTER < METRIC_WORDS


def test_a_learning_rate_is_known_by_its_words():
    assert all(is_learning_rate(name) for name in ("lr", "learning_rate", "encoder_lr", "lr-AdamW/pg1"))
    assert not any(is_learning_rate(name) for name in ("lr_loss", "loss", "error rate"))
