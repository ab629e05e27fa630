"""Fields of a line that are measured, or none, by what stands beside them, before it is asked what the line tells."""

from __future__ import annotations

from mltui.domain.words import scope_of, words
from mltui.parsers.records.record import Field, Record
from mltui.parsers.words.roles import Role, is_learning_rate

_MAY_BE_MEASURED = (Role.METRIC, Role.SCHEDULE, Role.UNKNOWN)


def take_as_metrics(fields: list[Field]) -> list[Field]:
    """Take ``fields`` as measured."""
    for each in fields:
        each.role = Role.METRIC
    return fields


def take_joined(record: Record) -> None:
    """Take the figures of a line as measured, if all look so: the line above it in the block is."""
    figures = [f for f in record.fields if f.role in _MAY_BE_MEASURED and f.explicit and _looks_measured(f)]
    if len(figures) == len(record.fields) and not record.nameless:
        for each in take_as_metrics(figures):
            each.joined = True


def _looks_measured(found: Field) -> bool:
    """Whether a figure is no count: a measure may come to a whole number, ``Perplexity=71,616``."""
    return (found.decimal or found.role is Role.METRIC) and not found.unit


def take_all_joined(record: Record) -> None:
    """Take all figures of a line as measured: it goes on with a line that measures, and tells nothing else."""
    if all(f.decimal and f.role in (Role.UNKNOWN, Role.METRIC) for f in record.fields):
        take_as_metrics(record.fields)


def take_compared(record: Record) -> None:
    """Take what is told of two sets of data as measured, whatever it is: ``train-result=0.53, valid-result=0.56``."""
    told: dict[tuple[str, ...], dict[str, Field]] = {}
    for each in record.fields:
        scope = scope_of(each.name) or scope_of(each.label)
        if scope and each.role is Role.UNKNOWN and each.explicit and each.decimal and not each.unit:
            told.setdefault(tuple(word for word in words(each.name) if not scope_of(word)), {})[scope] = each
    for by_scope in told.values():
        if len(by_scope) > 1:
            take_as_metrics(list(by_scope.values()))


def take_target(record: Record) -> None:
    """Take what is told of a target domain beside its source as measured: ``source_acc=0.9 target_acc=0.6``."""
    measured = {words(f.name) for f in record.fields if f.role is Role.METRIC}
    targets = [f for f in record.fields if "target" in words(f.name) and f.decimal]
    take_as_metrics([f for f in targets if not measured.isdisjoint(_of_source(words(f.name)))])


def _of_source(name: tuple[str, ...]) -> list[tuple[str, ...]]:
    return [tuple(source if word == "target" else word for word in name) for source in ("source", "src")]


def take_sized(record: Record) -> None:
    """Take a step that is no whole number, beside a counter that is one, as how large the step was.

    In a table, batches in a column behind the learning rates are as large as that.
    """
    counters = [f for f in record.fields if f.role is Role.COUNTER]
    rate = next((f.index for f in record.fields if is_learning_rate(f.name)), None)
    if record.row and rate is not None and [f.counts for f in counters if f.index > rate] == [("batch", "batch")]:
        counters[-1].role = Role.OTHER
    steps = [f for f in counters if f.decimal and f.counts == ("step", "step")]
    if len(counters) == 2 and len(steps) == 1:
        steps[0].role = Role.SCHEDULE
