"""Values whose names stand elsewhere: ``loss, acc = (0.5, 0.9)``, or nowhere: ``1m 3s (5000 5%) 2.3012``."""

from __future__ import annotations

import re

from mltui.parsers.records.names import known
from mltui.parsers.records.record import Field, new_field
from mltui.parsers.tokens import NUMBER, Token
from mltui.parsers.values import value_of

#: The turn of a loop that heads the lines on what it came to: ``run [50]:``.
TURN = r"\s*(?:run|pass|sweep) ?(?:\[\d+\]|\d+):\s*"
_TURN = re.compile(TURN, re.I)
_CURVE = re.compile(r"([A-Za-z][\w ./@-]{0,60})['\"]?\s*[:=]\s*\[(\(\d+, [^()\[\]]*\)(?:, *\(\d+, [^()\[\]]*\))*)\]")
_PAIR = re.compile(rf"\((\d+), *['\"]?({NUMBER})['\"]?\)")
_UNTOLD = re.compile(r"[\dhms. ]*\d[hms ]+(?:\(-[^()]*\)\s)?\(\d+ [\d.]+%\) [\d.]+(?:e-?\d+)?\s*")
# An iteration, the likelihood, and by how much it grew: what hmmlearn's ConvergenceMonitor (base.py) prints.
_GROWS = re.compile(r" *\d+ +-?\d+\.\d+ +(?:[+-]\d+\.\d+|[+-]?nan) *")
# An epoch, what it came to, and how long it took: what fastai's Recorder (learner.py, ``after_epoch``) prints where no
# bar is drawn. Losses come first, of training and validation, then the metrics, none with its name.
_EPOCH_LIST = re.compile(rf"(?:\(#\d+\) )?\[\d+((?:, ?(?:{NUMBER}|nan)){{2,}}), ?'\d+:\d\d(?::\d\d)?'\]\s*")

# Names and numbers in turn, with one mark between all of them: ``('epoch', 0, 'loss', 2.3)``, ``epoch;1;loss;0.9``.
_IN_TURN = re.compile(
    rf"\s*[(\[]?(?:(['\"]?)[^\W\d](?:[\w ./@-]{{0,40}}[\w./@-])?\1\s*[,;]\s*(?:{NUMBER}|nan|inf)(?:\s?%)?\s*"
    r"(?:[,;]\s*|(?:[)\]]\s*)?$)){2,}"
)
# Names in a bracket, and their values in another: ``(epoch, loss) = (1, 0.9)``.
_TUPLES = re.compile(r"\s*\([A-Za-z]\w*(?:, ?\w+)+\)\s*=\s*\([^()]*\)\s*")


def paired(text: str, tokens: list[Token]) -> list[Token]:
    """The ``tokens`` with a sign between each name and its number, where names and numbers come in turn."""
    if text.count(",") < 2 and text.count(";") < 2:
        return tokens
    if _TUPLES.fullmatch(text):
        return [token for token in tokens if token.text not in "()"]
    if ":" in text or "=" in text or _IN_TURN.fullmatch(text) is None:
        return tokens
    behind = [*tokens[1:], tokens[-1]]
    turns = [mark.text in ",;" and number.kind == "number" for mark, number in zip(tokens, behind, strict=True)]
    return [token._replace(text=":") if turn else token for token, turn in zip(tokens, turns, strict=True)]


def curves(text: str) -> list[tuple[str, list[tuple[float, float]]]]:
    """Whole curves in one line, each a name with its pairs of x and value: ``'acc': [(1, 0.86), (2, 0.87)]``."""
    return [
        (found[1], [(float(x), value_of(value)) for x, value in _PAIR.findall(found[2])])
        for found in _CURVE.finditer(text)
    ]


def grows(text: str) -> bool:
    """Whether a row of numbers without a header is an iteration, the likelihood, and by how much it grew."""
    return _GROWS.fullmatch(text) is not None


def untold(text: str, tokens: list[Token]) -> list[Field]:
    """The fields of a line of time, count, share and one value, which is the loss where nothing else is said.

    Also those of a list of an epoch, its losses and metrics, and the time that it took; and the count of a turn.
    """
    if _TURN.fullmatch(text):
        return [new_field("iteration", 0, decimal=False)]
    if grows(text):
        return [new_field("iteration", 0, decimal=False), new_field("log_prob", 1, decimal=True)]
    if found := _EPOCH_LIST.fullmatch(text):
        return _of_epoch([token for token in tokens if token.kind == "number"], found[1].count(","))
    if not _UNTOLD.fullmatch(text):
        return []
    last = sum(token.kind == "number" for token in tokens) - 1
    return [new_field("iteration", last - 2, decimal=False), new_field("loss", last, decimal=True)]


def _of_epoch(numbers: list[Token], values: int) -> list[Field]:
    """The fields of an epoch and its ``values``, the last of the ``numbers``."""
    epoch = len(numbers) - values - 1
    if epoch < 0:
        return []  # The comma behind the epoch looks like one between thousands.
    names = ["train_loss", "valid_loss", "metric", *(f"metric ({i})" for i in range(2, values - 1))][:values]
    fields = [new_field("epoch", epoch, decimal=False)]
    return fields + [new_field(name, i, decimal=True) for i, name in enumerate(names, epoch + 1)]


def names_before(tokens: list[Token], i: int) -> list[str]:
    """The names in front of the separator ``i``, if they are a list of names of the field."""
    names: list[str] = []
    phrase: list[str] = []
    for token in reversed(tokens[:i]):
        if token.kind == "word" and len(phrase) < 3:
            phrase.insert(0, token.text)
        elif token.text == "," and phrase:
            names.insert(0, " ".join(phrase))
            phrase = []
        elif token.text not in "()[]":
            break
    if phrase:
        names.insert(0, " ".join(phrase))
    return names if len(names) > 1 and all(known(name.split()[-1]) for name in names) else []


def numbers_behind(tokens: list[Token], i: int) -> list[Token]:
    """The numbers of the list behind the separator ``i``."""
    found: list[Token] = []
    comma = True
    for token in tokens[i + 1 :]:
        if token.kind == "number" and comma:
            found.append(token)
            comma = False
        elif token.text == "," and not comma:
            comma = True
        elif token.kind != "gap" and not (token.text in "([" and not found):
            break
    return found
