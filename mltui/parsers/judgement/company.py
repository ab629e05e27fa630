"""Which fields of a line are values of a training: their words say what they may be, their company what they are."""

from __future__ import annotations

from collections.abc import Callable

from mltui.domain.words import LOSSES, REWARDS, scope_of, word_set, words
from mltui.parsers.judgement.beside import take_as_metrics
from mltui.parsers.records.record import Field, Record
from mltui.parsers.words.everyday import (
    are_of_others,
    is_everyday,
    is_of_business,
    is_of_model,
    is_of_service,
    may_be_code,
)
from mltui.parsers.words.roles import (
    Role,
    is_exploration,
    is_gradient_norm,
    is_learning_rate,
    is_learnt,
    is_lost,
    is_setting,
    is_whole,
    role_of,
)
from mltui.parsers.words.units import MONEY, TIME_UNITS, VALUE_UNITS
from mltui.parsers.words.vocabulary import (
    AIMS,
    NUMBERS,
    OBJECTIVES,
    PASSES,
    STATISTICS,
    TIME_WORDS,
    is_piece,
)

_SEARCHES = frozenset(["generation", "gen"])
# What a game, a film or a machine goes on in.
_TURNS = frozenset(["frame", "tick", "cycle"])
# What is done in a training, or in a search for the best.
_TRAINS = word_set("""
    training pretraining learning finetuning tuning fitting optimizing optimising searching evolving solving running
    iterating sampling
""")
# What an agent plays for.
_PLAYED_FOR = REWARDS | {"score"}
# What a step is made of beside its passes.
_OTHER_PARTS = word_set("opt optim optimizer sync comm reduce allreduce")

#: So many measured numbers beside each other are those of a training, whatever they are called. A line that is no bar
#: needs one more: mean, deviation and a third figure are told of each picture, or each column of a table.
_MANY = 3

#: Settles the values of a line that ``counts`` or does not, or gives ``None``; it may change what a field is taken for.
_Rule = Callable[[Record, bool], list[Field] | None]


def accepted(record: Record, counts: bool) -> list[Field]:
    """The fields that are values of the training; ``counts``: the line says where it stands, or its bar does."""
    return next((found for rule in _RULES if (found := rule(record, counts)) is not None), [])


def shown_by_bar(record: Record, found: list[Field]) -> list[Field]:
    """What was ``found`` in a bar that counts nothing else: nothing, where it shows the pace of any other work."""
    unknown = [f for f in found if f.role is Role.UNKNOWN]
    if len(unknown) >= _MANY or any(f.role not in (Role.UNKNOWN, Role.THROUGHPUT) for f in found):
        return found
    return take_as_metrics([f for f in _best(record) if f.explicit])  # All that a search shows of its trials.


# The rules, in their order: what one has changed the next ones find.


def _losses_have_names(record: Record, counts: bool) -> list[Field] | None:
    """``mel_loss=0.5 stop_loss=0.1``: how well a model says where speech ends; elsewhere it is an order to sell.

    Networks and radios tell of other losses beside, but count no steps, and have no part of the data and no total; a
    loss in percent is of packets, but not in epochs.
    """
    if _trains(record):
        take_as_metrics([f for f in record.fields if f.unit == "%" and f.decimal and words(f.name)[-1:] == ("loss",)])
    losses = [f.name for f in _metrics(record) if words(f.name)[-1] in LOSSES]
    trained = any(counts or scope_of(name) or words(name)[0] == "total" for name in losses)
    served = any(is_of_service(f.name) for f in record.fields)
    lost = [f for f in record.fields if is_lost(f.name) and f.decimal and not f.unit]
    if not ((trained and not served) or _is_evident(record)):
        lost = [f for f in lost if words(f.name)[0] == "stop" and any(map(is_of_model, losses))]
    take_as_metrics(lost)
    return None


def _codes_are_no_metrics(record: Record, counts: bool) -> list[Field] | None:
    metrics = _metrics(record)
    if counts and not _trains(record) and all(may_be_code(f.name) and not f.decimal for f in metrics):
        for each in metrics:
            each.role = Role.OTHER
    for each in metrics if not (counts or record.row) else ():
        if len(each.name) == 1 and not each.decimal:
            each.role = Role.OTHER  # "A:16 R:1" are counts.
    return None


def _searches_come_to_a_best(record: Record, counts: bool) -> list[Field] | None:
    if counts and not _metrics(record) and not _scopes(record):
        searches = any(f.role is Role.COUNTER and f.name.lower() in _SEARCHES for f in record.fields)
        if searches and _best(record):
            take_as_metrics([f for f in record.fields if f.decimal and STATISTICS.issuperset(words(f.name))])
        # "best loss: 0.3" beside a generation; "Global best: 0.3", "best_value: 0.3" beside anything that counts.
        take_as_metrics([f for f in _best(record) if searches or (f.explicit and _is_best_value(f.name))])
    return None


def _folds_come_to_a_best(record: Record, counts: bool) -> list[Field] | None:
    """``Fold 1 best val auc: 0.99``: the fold's score."""
    if not counts and record.of_fold:
        best = [f for f in _best(record) if f.explicit and role_of(_but_best(f.name)) is Role.METRIC]
        of_task = any(f.counts == ("task", "fold") for f in record.fields)  # Other programs have those, too.
        take_as_metrics([f for f in best if not (of_task and is_everyday(_but_best(f.name)))])
    return None


def _trials_are_set(record: Record, counts: bool) -> list[Field] | None:
    """``trial 3 lr=0.01 val_loss=0.3``, ``run 3 done: lr=0.01 val_loss=0.3``: what was set for it is no curve.

    ``[3] {"lr": 0.01, "dropout": 0.1, "val_loss": 0.3}`` is one of a ranking.
    """
    counted = [f.counts[0] for f in record.fields if f.counts]
    if counted == ["trial"] or (record.ends and not counts):
        for each in record.fields:
            if each.role is Role.SCHEDULE and each.explicit:
                each.role = Role.OTHER
    ranked = not counted and any(n.place == "bracket" and n.first and n.total is None for n in record.nameless)
    settings = [f.index for f in record.fields if is_learning_rate(f.name) or is_setting(f.name)]
    measured = min((f.index for f in _metrics(record)), default=max(settings, default=0))
    led_to = len(settings) > 1 and max(settings) <= measured
    return [] if ranked and led_to and _sets(record) else None


def _settings_are_no_values(record: Record, counts: bool) -> list[Field] | None:
    counted = any(f.role is Role.COUNTER for f in record.fields)
    if not counted and sum(is_setting(f.name) for f in record.fields) >= _MANY:
        return []  # Among so many of them, ``c_kl`` is one too.
    if _metrics(record) or _scopes(record) or not _sets(record):
        return None
    tries = counted and all(f.counts == ("trial", "step") for f in record.fields if f.role is Role.COUNTER)
    return [] if tries or any(is_setting(f.name) for f in record.fields) else None


def _bests_are_found(record: Record, counts: bool) -> list[Field] | None:
    """``lr=0.01  best val loss 0.29 (epoch 3)``: to what a setting came, and perhaps when."""
    best = [f.index for f in _best(record) if role_of(_but_best(f.name)) is Role.METRIC]
    counted = [f.index for f in record.fields if f.role is Role.COUNTER]
    found = best and not record.nameless and (min(counted) > best[0] if counted else not counts)
    return [] if found and _sets(record) and not _metrics(record) else None


def _parts_stand_alone(record: Record, counts: bool) -> list[Field] | None:
    """``train: 0.53``, ``train 0.53, valid 0.56``: what was measured there, in a log that counts."""
    scopes = [f for f in record.fields if f.role is Role.SCOPE and f.decimal and not f.unit]
    if len({f.name for f in scopes}) < 2:
        scopes = [f for f in scopes if f.explicit]  # One word in front of a number may be prose.
    alone = len(scopes) == len(record.fields) and not record.nameless
    return scopes if scopes and alone and not counts else None


def _rates_and_norms_stand_alone(record: Record, counts: bool) -> list[Field] | None:
    if counts or _metrics(record):
        return None
    rates = [f for f in record.fields if f.explicit and f.decimal and is_learning_rate(f.name)]
    norms = [f for f in record.fields if f.decimal and (is_gradient_norm(f.name) or is_exploration(f.name))]
    timed = [f for f in record.fields if f.role is not Role.OTHER]
    return next((found for found in (rates, norms) if found and found == timed), [])


def _counters_alone_measure_nothing(record: Record, counts: bool) -> list[Field] | None:
    scopes = _scopes(record)
    if len({f.name for f in scopes}) < 2:
        scopes = [f for f in scopes if f.explicit]  # One word in front of a number may be prose.
    may_measure = any(f.role in (Role.UNKNOWN, Role.SCHEDULE) for f in record.fields)
    return None if _metrics(record) or scopes or may_measure else []


def _unknown_work_is_no_training(record: Record, counts: bool) -> list[Field] | None:
    """``[2/24] size=3.1 hist=0.5``: what no word tells to be measured, in a line that counts what any program does."""
    statistics = [f for f in record.fields if f.role is Role.SCHEDULE and STATISTICS.issuperset(words(f.name))]
    if any(f.counts for f in record.fields):
        statistics.clear()  # A generation's mean and deviation.
    unknown = [f for f in record.fields if f.role is Role.UNKNOWN] + statistics
    told = (Role.METRIC, Role.SCHEDULE, Role.SCOPE, Role.THROUGHPUT)
    if not unknown or any(f.role in told and f not in statistics for f in record.fields):
        return None
    if (record.versions or are_of_others(f.name for f in unknown)) and not _trains(record):
        return []  # "update 1/6: openssl 3.0.1, curl 7.88", "step 100 temp 0.71 press -0.2"
    if any(map(is_piece, record.source.split())):
        return []  # "iteration 1: cleaned 315 rows, skew 1.852" is about data.
    counted = any(f.counts and f.counts[0] != "batch" for f in record.fields)
    measured = any(f.decimal and not STATISTICS.issuperset(words(f.name)) for f in unknown)
    if len(unknown) > _MANY and all(f.decimal for f in unknown):
        return None  # More than that, all measured, are a training's.
    return None if counted and measured else []  # "batch 1: min=0.0 max=16.0" is about data.


def _services_tick(record: Record, counts: bool) -> list[Field] | None:
    """``tick=4 error_rate=0.02``, ``batch=3 rows=4275 score=0.2``: what a service tells of itself and its work."""
    counted = {f.counts[0] for f in record.fields if f.counts}
    whole = [f for f in record.fields if not f.decimal and f.explicit]
    pieces = any(f.role is Role.UNKNOWN or any(map(is_piece, words(f.name))) for f in whole)
    serves = any(is_of_service(f.name) for f in record.fields) and not _trains(record)
    works = serves or counted == {"tick"} or (counted == {"batch"} and pieces)
    metrics = _metrics(record)
    # "n=64 gflops 52.3 max err 1e-7" is a measurement of the machine.
    works = works or (not counted and any("flops" in f.name.lower() for f in record.fields))
    return [] if works and metrics and all(is_everyday(f.name) for f in metrics) else None


def _frames_are_shown(record: Record, counts: bool) -> list[Field] | None:
    """``frame 16: psnr 38.2``, ``cycle 3: error 0.2``: what is told of each picture, or each turn of a machine."""
    counted = {f.name.lower() for f in record.fields if f.counts}
    if not counted or not counted <= _TURNS or any(f.role is Role.SCHEDULE for f in record.fields):
        return None
    metrics = _metrics(record)
    shown = bool(metrics) or counted == {"frame"}
    return [] if shown and not any(_is_of_training(f.name) for f in metrics) else None


def _trades_lose(record: Record, counts: bool) -> list[Field] | None:
    """``price=3021.5 profit=12.1 loss=3.0``: money is lost, unless the line counts as a training does.

    ``price_loss: 2.1 - price_mae: 1.2`` tell how well a model predicts, but not beside a price itself.
    """
    told = [f for f in record.fields if is_of_business(f.name) or f.unit in MONEY]
    trades = not (_is_evident(record) or all(is_of_model(f.name) for f in told))
    counted = any(f.counts and f.counts[1] != "fold" for f in record.fields if f.role is Role.COUNTER)
    return [] if trades and not counted else None


def _data_are_worked_on(record: Record, counts: bool) -> list[Field] | None:
    """``Scoring:  57%|#####     | 57/100, score=0.66``: what is done says that it is no training."""
    doing = record.about.split()[:1] and record.about.split()[0].lower()
    if not doing or not doing.endswith("ing") or doing in _TRAINS or any(f.counts for f in record.fields):
        return None
    return [] if all(is_everyday(f.name) for f in _metrics(record)) else None


def _things_have_numbers(record: Record, counts: bool) -> list[Field] | None:
    """``id=40 score=0.36``, ``id=2e219e batch=3 score=0.5``, ``[1/6] query='who is it' score=0.36``: of one thing."""
    if record.asked and not any(f.role is Role.COUNTER for f in record.fields):
        return []
    tests = any(n.place == "scope" for n in record.nameless) and not any(f.counts for f in record.fields)
    if tests and all(is_everyday(f.name) for f in _metrics(record)):
        return []  # "Test 3: similarity 0.81 PASSED"
    numbered = any(not NUMBERS.isdisjoint(words(f.name)[-1:]) and not (f.counts or f.decimal) for f in record.fields)
    counted = counts and any(f.counts != ("batch", "batch") or f.total is not None for f in record.fields if f.counts)
    everyday = all(is_everyday(f.name) or not f.decimal for f in _metrics(record))
    numbered = numbered or record.identified
    return [] if numbered and not counted and everyday else None


def _letters_are_alike(record: Record, counts: bool) -> list[Field] | None:
    """``B: 1.386 | C: 1.525 | M: 1.802 | T: 4.991``: among so many letters T is no time."""
    letters = [f for f in record.fields if len(f.name) == 1 and f.explicit and f.decimal and not f.unit]
    if sum(f.role is Role.UNKNOWN for f in letters) >= _MANY:
        for each in letters:
            each.role = Role.UNKNOWN if each.role is Role.OTHER else each.role
    return None


def _passes_take_time(record: Record, counts: bool) -> list[Field] | None:
    """``fwd 1.2 bwd 2.3 sync 0.3 opt 0.8``: the other parts of a step take time, too."""
    if any(PASSES.issuperset(words(f.name)) for f in record.fields):
        for each in record.fields:
            if each.role is Role.UNKNOWN and each.name.lower() in _OTHER_PARTS:
                each.role = Role.OTHER
    return None


def _data_are_fitted(record: Record, counts: bool) -> list[Field] | None:
    """``it 100  data 1.76  pde 0.17``: how well the data are met, where nothing tells how long they took to load."""
    data = next(
        (f for f in record.fields if f.name.lower() == "data" and f.explicit and f.decimal and not f.unit), None
    )
    timed = any(not (TIME_WORDS | PASSES).isdisjoint(words(f.name)) or f.unit in TIME_UNITS for f in record.fields)
    others = sum(f.role is Role.UNKNOWN and f.explicit and f.decimal for f in record.fields)
    if data is not None and counts and others and not timed:
        data.role = Role.UNKNOWN
    return None


def _aims_may_change(record: Record, counts: bool) -> list[Field] | None:
    """``acc 0.81 (target 0.9)``: what should be reached is a curve only once it changes, beside what is measured."""
    aims = [f for f in record.fields if AIMS.issuperset(words(f.name))]
    for each in aims if len(_metrics(record)) > sum(f.role is Role.METRIC for f in aims) else ():
        each.role, each.learnt = Role.SCHEDULE, True
    return None


def _settings_may_be_learnt(record: Record, counts: bool) -> list[Field] | None:
    placed = counts or record.item  # What an indented line is about belongs to the line above.
    for each in record.fields if not record.row and _metrics(record) else ():
        if each.role is Role.OTHER and each.explicit and each.decimal and not each.unit:
            if placed and is_learnt(each.name):
                each.role, each.learnt = Role.SCHEDULE, True
            elif is_whole(each.name):
                each.role = Role.UNKNOWN
    return None


def _company_makes_values(record: Record, counts: bool) -> list[Field] | None:
    metrics = _metrics(record)
    if any(not REWARDS.isdisjoint(words(f.name)) for f in metrics):
        take_as_metrics([f for f in record.fields if _is_length(f)])  # Beside a reward it is an episode's length.
    unknown = sum(f.role is Role.UNKNOWN and f.explicit and f.decimal for f in record.fields)
    found = [f for f in record.fields if _is_value(f, counts or bool(metrics), bool(metrics) or unknown > 1)]
    measured = sum(f.role is Role.METRIC for f in found)
    return found if counts or (record.row and measured > 2) or any(_weighs(f) for f in found) else []


_RULES: tuple[_Rule, ...] = (
    _losses_have_names,
    _codes_are_no_metrics,
    _searches_come_to_a_best,
    _folds_come_to_a_best,
    _trials_are_set,
    _settings_are_no_values,
    _bests_are_found,
    _parts_stand_alone,
    _rates_and_norms_stand_alone,
    _counters_alone_measure_nothing,
    _unknown_work_is_no_training,
    _services_tick,
    _frames_are_shown,
    _trades_lose,
    _data_are_worked_on,
    _things_have_numbers,
    _letters_are_alike,
    _passes_take_time,
    _data_are_fitted,
    _aims_may_change,
    _settings_may_be_learnt,
    _company_makes_values,
)


# What they ask.


def _metrics(record: Record) -> list[Field]:
    return [f for f in record.fields if f.role is Role.METRIC]


def _scopes(record: Record) -> list[Field]:
    """Scope words that name a measured number: ``train 0.31 val 0.35``."""
    return [f for f in record.fields if f.role is Role.SCOPE and f.decimal]


def _best(record: Record) -> list[Field]:
    return [f for f in record.fields if "best" in words(f.name) and f.decimal]


def _is_best_value(name: str) -> bool:
    """Whether a name says no more than that it is the best value, and of whom."""
    parts = words(name)
    return parts[-1] == "best" or parts[:2] == ("best", "value")


def _but_best(name: str) -> str:
    return " ".join(word for word in words(name) if word != "best")


def _sets(record: Record) -> bool:
    """Whether a learning rate stands in the line: beside settings it is one."""
    return any(is_learning_rate(f.name) for f in record.fields)


def _trains(record: Record) -> bool:
    """Whether the line counts what only a training counts."""
    return any(f.counts and f.counts[0] in ("epoch", "episode") for f in record.fields)


def _is_evident(record: Record) -> bool:
    """Whether only a training tells such a line: it counts epochs, or tells the same of validation data."""
    names = {words(f.name) for f in record.fields if f.decimal}
    return _trains(record) or any(name[:1] == ("val",) and name[1:] in names for name in names)


def _is_of_training(name: str) -> bool:
    """Whether a measure is what a training makes small or great."""
    return not (OBJECTIVES | _PLAYED_FOR).isdisjoint(words(name)) and not is_everyday(name)


def _is_length(found: Field) -> bool:
    """Whether a number may be how long an episode was."""
    said = set(words(found.name))
    may_be = found.role in (Role.OTHER, Role.UNKNOWN)
    return may_be and (bool({"len", "length"} & said) or said >= {"step", "count"})


def _weighs(found: Field) -> bool:
    """Whether a metric may stand in a line that does not say where: it looks measured, not set or counted."""
    if found.role is not Role.METRIC:
        return False
    shared = found.percent is not None or found.total is not None or "%" in found.unit
    measured = found.decimal or found.joined or shared
    played = not _PLAYED_FOR.isdisjoint(words(found.name)) and not may_be_code(found.name)
    return measured or (found.explicit and played)


def _is_value(found: Field, company: bool, letters: bool) -> bool:
    """Whether a field is a value in the ``company`` that it keeps; ``letters`` may be names there."""
    role = found.role
    if role is Role.METRIC:
        return True
    if not company:
        return False
    if role is Role.SCHEDULE or role is Role.THROUGHPUT:
        return True
    if role is Role.SCOPE:
        return found.decimal
    if role is not Role.UNKNOWN or not found.explicit or found.unit.strip() not in VALUE_UNITS:
        return False
    if not found.decimal and not STATISTICS.issuperset(words(found.name)):
        return False
    return letters or len(found.name) > 1
