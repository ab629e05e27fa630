"""Values without a name, in a form that says what they are: ``1m 3s (5000 5%) 2.31``, ``[3, 0.51, 0.62, '00:14']``.

Where it only says that they are values of a training, they are called so: ``[#100][0.51][0.62]``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import count

from mltui.parsers.records.record import Field, new_field
from mltui.parsers.words.roles import Role
from mltui.parsers.words.tokens import NUMBER, Token

# The turn of a loop that heads the lines on what it came to: ``run [50]:``.
_TURN = re.compile(r"\s*(?:run|pass|sweep)(?: ?\[\d+\]| \d+):\s*", re.I)
_TURN_BYTES = re.compile(_TURN.pattern.encode(), re.I)
# The time that has passed, a count and its share, and the loss: ``1m 3s (5000 5%) 2.3012``.
_SHARE_AND_LOSS = re.compile(r"[\dhms. ]*\d[hms ]+(?:\(-[^()]*\)\s)?\(\d+ [\d.]+%\) [\d.]+(?:e-?\d+)?\s*")
# An iteration, the likelihood, and by how much it grew: what hmmlearn's ConvergenceMonitor (base.py) prints.
_GROWS = re.compile(r" *\d+ +-?\d+\.\d+ +(?:[+-]\d+\.\d+|[+-]?nan) *")
# An epoch, what it came to, and how long it took: what fastai's Recorder (learner.py, ``after_epoch``) prints where no
# bar is drawn. Losses come first, of training and validation, then the metrics, none with its name.
_EPOCH_LIST = re.compile(rf"(?:\(#\d+\) )?\[\d+((?:, ?(?:{NUMBER}|nan)){{2,}}), ?'\d+:\d\d(?::\d\d)?'\]\s*")
# A learning rate that is small enough to be none of any numbers that are listed.
_RATE = r"(?:0?\.00\d+|\d(?:\.\d+)?e-\d+)"
_VALUE = r"-?(?:\d+\.\d+(?:e[-+]?\d+)?|\d+m?s|nan)"
# A count that says that it is one, by its sign, with values and times in brackets, or by the rate beside it, and behind
# it nothing but values: ``[#000100][0221ms][5.1052][4.5144]``, ``[   100,  0.0000400]     0.1372,     0.4248, ``.
_COUNTED_VALUES = re.compile(
    rf"\[#\d+\](?:\[{_VALUE}\])+\s*|\[ *\d+,\s*(?P<rate>{_RATE})\](?:[\s,\[\]]+{_VALUE})+[\s,\[\]]*"
)
# The same behind the values: ``[2.5114, 40.1028, 200, 0.0002]``, as VITS logs losses, its step and its rate.
_VALUES_AND_COUNT = re.compile(rf"(?<!\S)\[(?:-?\d+\.\d+(?:e[-+]?\d+)?, ){{2,}}\d+, {_RATE}\]\s*$")
_VALUES_AND_COUNT_BYTES = re.compile(_VALUES_AND_COUNT.pattern.encode())
_COUNTED_VALUES_BYTES = re.compile(rb"(?:\[[\d:., -]+\]\s?)?(?:%b)" % _COUNTED_VALUES.pattern.encode())
# A count, a value and its running mean, as Darknet (detector.c) tells the loss of a batch:
# ``1: 632.431152, 630.212345 avg, 0.001000 rate, 3.688447 seconds, 64 images``.
_BESIDE_MEAN = re.compile(rf"\s*\d+: {_VALUE}, {_VALUE} avg, {_VALUE} rate, \d+\.\d+ seconds, \d+ images")
_BESIDE_MEAN_BYTES = re.compile(_BESIDE_MEAN.pattern.encode())
# For a first look: a count and its share, with nothing but a value behind: ``(5000 5%) 2.31``.
_COUNTED_SHARE = re.compile(rb"\(\d+ [\d.]+%\) [\d.]+\s*$")
# A count beside what is set or measured there: ``[20, 0.0001]``, ``[3, 0.51, 0.62, '00:14']``.
_PLACE = re.compile(rb"(?:\(#\d+\) )?\[\d+, ?(?:-?nan|\d*\.?\d+(?:e-?\d+)?)(?:\]|,[-+.\d, enainf]*'\d+:[\d:]+'\])\s*")

# Counts in front, and many values whose names may be any: ``[  0]      30 || B: 1.386 | C: 1.525 | M: 1.802 | T: 4.9``.
_COUNTED_NAMES = re.compile(
    rb"\[\s*\d+(?:\s*/\s*\d+)?\](?:\s*\d+)?[\s|:,-]*"
    rb"(?:[A-Za-z][\w-]{0,20}\s?[:=]\s?-?\d+\.\d+[\s|,;]+){4}"
)


def may_be_unnamed(line: bytes) -> bool:
    """Whether ``line`` may have one of these forms, or counts in a bracket what is set there, by a first look."""
    if line[:1] in b"[(" and (
        _PLACE.fullmatch(line) or _COUNTED_VALUES_BYTES.fullmatch(line) or _COUNTED_NAMES.match(line)
    ):
        return True
    if line[-1:] == b"]" and _VALUES_AND_COUNT_BYTES.search(line):
        return True
    if line[-7:] == b" images" and _BESIDE_MEAN_BYTES.fullmatch(line):
        return True
    if line[-1:] == b":" and _TURN_BYTES.fullmatch(line):
        return True
    return _COUNTED_SHARE.search(line) is not None


def grows(text: str) -> bool:
    """Whether a row of numbers without a header is an iteration, the likelihood, and by how much it grew."""
    return _GROWS.fullmatch(text) is not None


def unnamed(text: str, tokens: list[Token]) -> list[Field]:
    """The fields of a line of time, count, share and one value, which is the loss where nothing else is said.

    Also those of a list of an epoch, its losses and metrics, and the time that it took; and the count of a turn.
    """
    if _TURN.fullmatch(text):
        return [new_field("iteration", 0, decimal=False)]
    if grows(text):
        return [new_field("iteration", 0, decimal=False), new_field("log_prob", 1, decimal=True)]
    if found := _EPOCH_LIST.fullmatch(text):
        return _of_epoch([token for token in tokens if token.kind == "number"], found[1].count(","))
    if found := _COUNTED_VALUES.fullmatch(text):
        return _of_count([token for token in tokens if token.kind == "number"], bool(found["rate"]))
    if _BESIDE_MEAN.fullmatch(text):
        return [new_field(name, i, decimal=i > 0) for i, name in enumerate(("iteration", "loss", "avg loss", "rate"))]
    if _VALUES_AND_COUNT.match(text):
        numbers = [token for token in tokens if token.kind == "number"]
        last = len(numbers) - 1
        fields = [new_field("step", last - 1, decimal=False), new_field("lr", last, decimal=True)]
        return fields + _values(range(last - 1))
    if not _SHARE_AND_LOSS.fullmatch(text):
        return []
    last = sum(token.kind == "number" for token in tokens) - 1
    return [new_field("iteration", last - 2, decimal=False), new_field("loss", last, decimal=True)]


def _of_count(numbers: list[Token], rate: bool) -> list[Field]:
    """The fields of a count, a learning ``rate`` if one stands beside it, and the values behind them."""
    fields = [new_field("iteration", 0, decimal=False)]
    if rate:
        fields.append(new_field("lr", 1, decimal=True))
    values = _values(i for i, number in enumerate(numbers) if i >= len(fields) and not number.unit)
    return fields + values if values else []


def _values(places: Iterable[int]) -> list[Field]:
    """The fields of values whose names are not told, at these places among the numbers."""
    names = ("value" if which == 1 else f"value ({which})" for which in count(1))
    fields = [new_field(name, i, decimal=True) for name, i in zip(names, places, strict=False)]
    for each in fields:
        each.role = Role.METRIC
    return fields


def _of_epoch(numbers: list[Token], values: int) -> list[Field]:
    """The fields of an epoch and its ``values``, the last of the ``numbers``."""
    epoch = len(numbers) - values - 1
    if epoch < 0:
        return []  # The comma behind the epoch looks like one between thousands.
    names = ["train_loss", "valid_loss", "metric", *(f"metric ({i})" for i in range(2, values - 1))][:values]
    fields = [new_field("epoch", epoch, decimal=False)]
    return fields + [new_field(name, i, decimal=True) for i, name in enumerate(names, epoch + 1)]
