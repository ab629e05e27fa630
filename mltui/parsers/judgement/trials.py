"""Trials of a search, a line each: which of the counts in it were set, and do not say how far the training is.

Or of where a line is drawn between what is and what is not.
"""

from __future__ import annotations

from mltui.domain.words import word_set, words
from mltui.parsers.records.record import Record
from mltui.parsers.words.roles import Role, is_evaluation, is_learning_rate, is_setting

_THRESHOLDS = word_set("threshold thresh thr cutoff")


def tries_threshold(record: Record) -> bool:
    """Whether a line tells what a model comes to by where a line is drawn: ``threshold 0.3: precision 0.76``."""
    first = record.fields[0] if record.fields else None
    return first is not None and first.decimal and not (record.row or _THRESHOLDS.isdisjoint(words(first.name)))


def take_set(record: Record) -> None:
    """Take counts in front of what a trial came to as set for it: ``trial 3/20 lr=0.1 batch=8 steps=87 -> loss=0.5``.

    A count of many is, ``steps``, and so is how large a batch is: beside it, or in front of an arrow, or of what was
    validated.
    """
    tried = record.tried or (record.fields[:1] and words(record.fields[0].name)[-1:] == ("trial",))
    measured = next((i for i, f in enumerate(record.fields) if f.role is Role.METRIC), 0)
    front = [f for f in record.fields[: record.before_arrow or measured] if f.explicit]
    sets = any(is_learning_rate(f.name) or is_setting(f.name) for f in front)
    if not sets or not measured or not (tried or record.before_arrow):
        return
    many = [f for f in front if f.counts and f.counts[1] == "step" and f.name.lower().endswith("s")]
    told = tried and (record.tried or record.before_arrow or is_evaluation(record.fields[measured].name))
    alone = all(f in many or f.counts in (None, ("trial", "step"), ("batch", "batch")) for f in record.fields)
    batch = [f for f in front if f.counts == ("batch", "batch") and f.total is None and alone and (many or told)]
    for each in many + batch:
        each.role = Role.OTHER
    if many or (record.tried and alone):
        for each in front:
            each.role = Role.OTHER if each.role is Role.SCHEDULE else each.role
