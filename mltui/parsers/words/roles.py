"""What a name says of its number: whether that is measured, counts, is set, or is none of the training's at all.

The words of the name say so, whichever framework prints it; they stand in ``vocabulary.py`` and ``domain/words.py``.
"""

from __future__ import annotations

import re
from enum import Enum
from functools import lru_cache

from mltui.domain.metric import MetricKind
from mltui.domain.words import (
    ERRORS,
    METRIC_WORDS,
    MIDDLES,
    SCOPE_WORDS,
    says_first_so_many,
    says_learning_rate,
    scope_of,
    without_digits,
    word_set,
    words,
)
from mltui.parsers.words.units import MONEY_SIGNS
from mltui.parsers.words.vocabulary import (
    ABOUT,
    COUNTERS,
    HOW_OFTEN,
    HYPERPARAMETERS,
    LEARNT_SETTINGS,
    NUMBERS,
    PASSES,
    PERCENTILES,
    QUALIFIERS,
    SCHEDULE_WORDS,
    SETTING_WORDS,
    SETTING_WORDS_ANYWHERE,
    SIZE_WORDS,
    THROUGHPUT_WORDS,
    TIME_WORDS,
    WHOLE_SETTINGS,
    Way,
)


class Role(Enum):
    """What a number is, by its name."""

    METRIC = "metric"
    """Measured by the training: a curve by itself."""
    SCHEDULE = "schedule"
    """Set by a schedule (learning rate, momentum): a curve beside others, never alone."""
    SCOPE = "scope"
    """Only says of what (``train``, ``test``): a metric in a line that counts."""
    COUNTER = "counter"
    """Says where in the training the line stands."""
    THROUGHPUT = "throughput"
    """Work per second."""
    UNKNOWN = "unknown"
    """May be a metric, if it stands among metrics."""
    OTHER = "other"
    """Time, size, setting: no curve."""

    @property
    def kind(self) -> MetricKind:
        """The kind of points that such numbers make, where they make any."""
        return MetricKind.THROUGHPUT if self is Role.THROUGHPUT else MetricKind.METRIC


#: Letters that are a name where they stand alone.
_LETTERS = frozenset(["r"])
_SAMPLING = word_set("top min typical dropout")
# How long a code is, and of what.
_CODE_LENGTHS = word_set("bits nats nll")
_CODED = word_set("dim dims dimension pixel subpixel char character byte token word symbol residue")
_WORK = word_set("batch reader data loader iter step")
# How good a model is, whatever it predicts: ``duration_loss``, ``count_mae``, ``age_acc``.
_JUDGES = word_set("""
    loss losses mse mae rmse nrmse mape smape msle rmsle nll ce bce xent kld acc accuracy auc auroc f1 iou miou dice
    precision recall r2 corr ssim psnr wer cer
""")
# What else than a number beside a training is predicted, where such a word judges it: ``loss_dur``, ``acc_class``.
_PREDICTED = word_set("""
    dur duration age speed size length depth height width dim dims offset class classes label labels points features
    node nodes layer embed words rank pred predict predicted prediction predictions init
""")
# Of these settings and counts, too: ``count_mae``. Others stand in front of what is to be reached, ``target_acc``.
_COUNTED = word_set("num number count counts seed weight leaf interval period packet")
# How sure a statistic is, and how often packets get lost.
_OF_NO_MODEL = frozenset([("standard", "error"), ("loss", "rate")])
# What a house, a line, a radio and a network lose.
_LOST = word_set("heat power path packet packets")
_NO_CURVES = TIME_WORDS | SIZE_WORDS | SETTING_WORDS | THROUGHPUT_WORDS
_PLURAL = word_set("epochs iterations iters episodes steps")
# Whose steps and episodes are the training's, in reinforcement learning over several processes.
_RUNNERS = word_set("actor learner evaluator")
_COUNTER_QUALIFIERS = SCOPE_WORDS.keys() | word_set("""
    global total current cur new num number of at after in for the end opt optimizer env boosting communication comm
    federated
""")
_GRADIENT_NORM = QUALIFIERS - {"max", "min", "set"} | {"grad", "gradient", "norm", "l2", "optim", "optimizer"}
# Means over classes, and what they are the means of, which a class has too.
_OF_CLASSES = {"miou": "IoU", "map": "AP", "mdice": "Dice", "macc": "Acc"}
_OF_ONE_CLASS = word_set("iou ap dice acc accuracy f1 precision recall auc jaccard")
#: What counters and metrics are filed under without a meaning of its own.
FOLDER = re.compile(
    r"^(?:(?:time|charts|trainer|progress|counters|global|info|misc|perf|rollout)/"
    r"|(?:data|metrics?|values|payload|results?|info|stats|logs?|extra|fields|record|message|progress)\.)+"
)
_RATE = re.compile(
    r"/(?:s|sec|second)\b|\b(?:it|iters?|steps|samples|examples|images|tokens|words|episodes|games)/min\b"
    r"|_?per_?(?:s|sec|second)s?\b|\b(?:samples|tokens|steps|images)[_ ]per[_ ]|PerSec",
    re.I,
)
# By which class it is set: ``lr(CosineAnnealingDecay)``.
_SET_BY = re.compile(r"\([A-Z][A-Za-z]{3,}\)$")
_SPENT = re.compile(
    r"\b(?:m?s|us|sec|seconds|time)[_/ ](?:per[_ ])?(?:it|iter|iteration|step|batch|epoch|sample)\b|^sec/[a-z]+$", re.I
)


def is_evaluation(name: str) -> bool:
    """Whether ``name`` says that it is of validation or test data."""
    return scope_of(name) in ("val", "test")


def is_of_epoch(name: str) -> bool:
    """Whether ``name`` says that its values are of a whole epoch."""
    return is_evaluation(name) or words(name)[-1:] == ("epoch",)


def is_scoped(name: str) -> bool:
    """Whether a folder in ``name`` says of what it is: ``Forgetting/eval_phase/test_stream``, ``train/foo``."""
    return "/" in name and any(scope_of(folder) for folder in name.split("/"))


@lru_cache(maxsize=8192)
def counter_of(name: str) -> tuple[str, Way] | None:
    """What the counter ``name`` counts and how (see ``COUNTERS``), or ``None`` if it is no counter."""
    parts = words(FOLDER.sub("", name))
    if (
        not parts
        or len(parts) > 4
        or _SPENT.search(name)
        or _RATE.search(name)
        or parts in (("n", "updates"), ("mean", "episode"), ("total", "steps"))
    ):
        return None
    if parts in (("total", "t"), ("t", "env")):
        return "timestep", "step"
    if len(parts) == 2 and parts[0] in _RUNNERS and parts[1] in ("steps", "episodes"):
        return parts[1].removesuffix("s"), "step"
    found = COUNTERS.get(parts[-1]) or COUNTERS.get("".join(parts))
    numbered = parts[-1] in NUMBERS if found is None else parts[-1] == "counter"  # "Iteration counter: 100"
    if numbered and len(parts) > 1 and (of := COUNTERS.get(parts[-2])):
        found, parts = of, parts[:-1]
    if found is None:
        return ("step", "step") if parts in (("steps",), ("env", "steps"), ("train", "steps")) else None
    before = set(parts[:-1]) - set(COUNTERS)
    if before - _COUNTER_QUALIFIERS or (found[0] == "epoch" and "total" in before):
        return None
    if parts[-1] in _PLURAL and len(parts) > 1:
        return None
    return None if parts == ("epochs",) else found


@lru_cache(maxsize=8192)
def role_of(name: str) -> Role:
    """What a number of this ``name`` is."""
    if counter_of(name):
        return Role.COUNTER
    found = _role_of_value(name)
    return Role.METRIC if found in (Role.OTHER, Role.THROUGHPUT) and thing_measured(name) else found


def thing_measured(name: str) -> str:
    """Of what ``name`` is a measure, where folders say that: ``time`` of ``loss/time``; ``loss/sec`` is a rate."""
    if _RATE.search(name):
        return ""
    folders = [folder for folder in name.split("/") if not scope_of(folder)]
    return folders[1] if len(folders) == 2 and not _JUDGES.isdisjoint(words(folders[0])[-1:]) else ""


def _role_of_value(name: str) -> Role:
    """The role of a ``name`` that is no counter's."""
    if _SPENT.search(name):
        return Role.OTHER
    if not MONEY_SIGNS.isdisjoint(name):
        return Role.OTHER
    name = _SET_BY.sub("", FOLDER.sub("", name))
    if name.endswith("_ms"):
        return Role.OTHER
    if name.endswith("_s") and METRIC_WORDS.isdisjoint(words(name)):
        return Role.OTHER
    if _RATE.search(name):
        return Role.THROUGHPUT
    if says_first_so_many(name):
        return Role.METRIC
    parts = words(name)
    if parts[1:] == ("p",) and name.endswith(" p"):
        return Role.UNKNOWN  # "cat p=0.99" is a probability, "ents_p" a precision.
    found = _role_of_words(parts, without_digits(parts)) if parts else Role.OTHER
    if found is Role.OTHER and (end := next((i for i, word in enumerate(parts) if word in ABOUT), 0)):
        # "Cost on training data" is a cost, whatever it is of.
        head = parts[:end]
        return Role.METRIC if _role_of_words(head, without_digits(head)) is Role.METRIC else found
    if found is Role.OTHER and name.count("/") > 1:
        # Folders name the place (``layers.3.weight/grad_norm``), the last part says what is measured.
        last = role_of(name.rpartition("/")[2])
        return last if last in (Role.METRIC, Role.SCHEDULE) else found
    return found


def _role_of_words(parts: tuple[str, ...], own: set[str]) -> Role:
    """The role by words alone; ``own`` holds the words with and without digits at their end."""
    if found := _role_of_phrase(parts, own):
        return found
    if _judges(parts, own):
        return Role.METRIC
    if own & THROUGHPUT_WORDS:
        return Role.THROUGHPUT
    times = own & TIME_WORDS
    if times == {"t"} and own & METRIC_WORDS:
        times = set()  # "loss_i2t" is no time.
    if times or (own & SIZE_WORDS and "norm" not in own):
        return Role.OTHER
    alone = own - QUALIFIERS - SCOPE_WORDS.keys() <= _LETTERS and bool(own & _LETTERS)
    if own & METRIC_WORDS or "".join(parts) in METRIC_WORDS or alone:
        # "data loss" is a loss, "loss weight" and "target loss" are settings.
        return Role.OTHER if own & SETTING_WORDS_ANYWHERE or parts[-1] in SETTING_WORDS else Role.METRIC
    if own & SETTING_WORDS:
        return Role.METRIC if own & {"len", "length"} and own & {"ep", "episode", "episodic"} else Role.OTHER
    if own & SCHEDULE_WORDS:
        return Role.SCHEDULE
    return Role.SCOPE if all(p in SCOPE_WORDS for p in parts) else Role.UNKNOWN


def _role_of_phrase(parts: tuple[str, ...], own: set[str]) -> Role | None:
    """The role of words that say another thing together than each of them."""
    if parts in (("target",), ("f", "x"), ("f", "x", "k"), ("topic", "diff"), ("c", "index")):
        return Role.METRIC
    if len(parts) == 1 and parts[0] in PERCENTILES | PASSES:
        return Role.OTHER
    if parts == ("sample",):
        return Role.OTHER  # How long sampling took, or which one it is.
    if parts[0] in ("max", "min") and own & (SCHEDULE_WORDS | {"delta"}):
        return Role.OTHER
    if "best" in own and not own & {"fitness", "cost", "reward"}:
        return Role.OTHER
    if _is_learning_rate(parts) or own >= {"step", "size"} or "stepsize" in own:
        return Role.SCHEDULE
    if _is_lost(parts) or parts[-2:] in _OF_NO_MODEL:
        return Role.OTHER
    if parts[-1] == "rate" and not (HOW_OFTEN | ERRORS).isdisjoint(parts[-2:]):
        return Role.METRIC
    if parts[-1] == "cost" and own & _WORK:
        return Role.OTHER  # The time that it cost.
    if len(parts) == 2 and parts[1] == "p" and parts[0] not in _SAMPLING:
        return Role.METRIC  # Precision of boxes, entities …
    if parts[-1] == "rank" and own & MIDDLES:
        return Role.METRIC  # Where the right answer comes on average.
    told = own >= {"function", "value", "obtained"} or own >= {"explained", "var"}
    return Role.METRIC if told or _is_per_piece(parts) else None


def _is_per_piece(parts: tuple[str, ...]) -> bool:
    """Whether these words say how much a piece of data takes: ``bits/dim``, ``nats per pixel``, ``bits_per_char``."""
    return parts[-1] in _CODED and not _CODE_LENGTHS.isdisjoint(parts[:-1])


def _judges(parts: tuple[str, ...], own: set[str]) -> bool:
    """Whether these words say how well times, sizes, settings … are predicted: they need not be any themselves."""
    if parts[-1] in _JUDGES:
        return "to" not in own and own.isdisjoint(SETTING_WORDS_ANYWHERE - _COUNTED)  # "time to accuracy"
    return not _JUDGES.isdisjoint(parts) and _NO_CURVES & own <= _PREDICTED


def is_lost(name: str) -> bool:
    """Whether ``name`` says what gets lost, or is an order to sell: ``packet_loss``; some models have such a loss."""
    return _is_lost(words(name))


def _is_lost(parts: tuple[str, ...]) -> bool:
    return parts == ("stop", "loss") or (parts[-1:] == ("loss",) and not _LOST.isdisjoint(parts[-2:]))


def mean_of_classes(name: str) -> str:
    """What the metric ``name`` is the mean of over classes: ``IoU`` for ``val mIoU``, nothing if it is none."""
    parts = words(name)
    if parts and (found := _OF_CLASSES.get(parts[-1])):
        return found
    return name.split()[-1] if len(parts) > 1 and parts[-1] in _OF_ONE_CLASS and not MIDDLES.isdisjoint(parts) else ""


def is_learning_rate(name: str) -> bool:
    """Whether ``name`` says learning rate."""
    return _is_learning_rate(words(name))


def _is_learning_rate(parts: tuple[str, ...]) -> bool:
    return SETTING_WORDS.isdisjoint(parts) and says_learning_rate(parts)


def is_setting(name: str) -> bool:
    """Whether ``name`` is a hyperparameter that no schedule changes."""
    return role_of(name) is Role.OTHER and not HYPERPARAMETERS.isdisjoint(words(name))


def is_learnt(name: str) -> bool:
    """Whether ``name`` is a setting that may change in the course of a training."""
    parts = [part.rstrip("0123456789") for part in words(name)]
    rest = " ".join(part for part in parts if part and part not in LEARNT_SETTINGS)
    return not LEARNT_SETTINGS.isdisjoint(parts) and (not rest or role_of(rest) is not Role.OTHER)


def is_whole(name: str) -> bool:
    """Whether ``name`` is a setting that is a whole number, or no setting."""
    return not WHOLE_SETTINGS.isdisjoint(words(name))


def is_exploration(name: str) -> bool:
    """Whether ``name`` says how far a policy's actions are spread, which is learnt: ``Mean action noise std``."""
    own = set(words(name))
    return "std" in own and bool(own & {"noise", "action", "actions"})


def is_gradient_norm(name: str) -> bool:
    """Whether ``name`` says how large the gradient was, which is measured, and not where it is clipped."""
    own = set(words(name))
    if "|" in name and own & {"grad", "gradient"}:
        return True
    return own == {"gradnorm"} or ("norm" in own and bool(own & {"grad", "gradient"}) and own <= _GRADIENT_NORM)
