"""Names beside numbers: ``loss: 0.5``, ``loss=0.5``, ``'loss': '0.5'``, ``loss 0.5``, ``Loss 0.5 (0.6)``, ``[10/80]``.

One walk over the tokens of a line. Words gather in a phrase until a number, a separator or a boundary ends it; what the
phrase says before a number is that number's name, what it says before a boundary may be the scope of what follows.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from mltui.domain.words import scope_of, word_set
from mltui.parsers.records import marks
from mltui.parsers.records.gains import read_gain
from mltui.parsers.records.lists import paired
from mltui.parsers.records.names import NO_TAGS, SETTINGS, identifies, known, measures
from mltui.parsers.records.numbers import take_number
from mltui.parsers.records.record import Record
from mltui.parsers.records.twins import tell_twins_apart
from mltui.parsers.records.unnamed import unnamed
from mltui.parsers.records.walk import Walk
from mltui.parsers.records.wording import take_word
from mltui.parsers.words.roles import Role, counter_of
from mltui.parsers.words.tokens import NUMBER, Token, TokenKind
from mltui.parsers.words.vocabulary import EXAMPLES, OVER, PIECES, REPEATS, SAVES, TEXTS

# Words at the beginning of a line on what was saved before, on what is planned, or on where it was broken off.
_RECALLS = word_set("""
    loading loaded restoring restored resuming resumed schedule
    sigterm sigint sigusr1 interrupted keyboardinterrupt preempted
""")
# The value of such a word, if it was not so.
_DENIED = re.compile(r"['\"]?\s?[:=]\s?['\"]?(?:false|no|none)\b", re.I)
# What an evaluation of TensorFlow's Estimator leaves: ``Saving dict for global step 500: loss = 0.42``.
_RESULTS = word_set("""
    dict results metrics
""")
# What is counted is over: "Sampling after epoch 3", "Epoch 3 done", "Epoch 3 took 12.3 s".
_ENDS = OVER | word_set("after end ended took taken")
# Of what class the line speaks: ``class ceiling   weight: 0.123, IoU: 0.742``, ``class 3: IoU 0.91``.
_PART = re.compile(
    r"\s*((?:class|category)\s+\d{1,4}(?![\d.,%/]))?(?(1)[:)\s-]{0,3}|(?:class|category)\s+)"
    r"(?:['\"]?([A-Za-z_-]{2,40})['\"]?(?=[\s:,|]))?",
    re.I,
)
_ITEM = re.compile(r"[ \t]{1,20}(?:- )?([A-Za-z][\w.-]{1,30}(?: \d{1,4})?):\s+(?=[A-Za-z]\w*(?: \w+)? ?[:=])")
# The same without a colon: ``  depth         train 1.0344  val 0.7760``, ``  depth       R²=0.91  MAE=0.22``.
_ITEM_APART = re.compile(
    rf"[ \t]{{1,20}}([A-Za-z][\w-]{{1,30}})(?=  |\t)\s+"
    rf"(?:[A-Za-z]\w*(?: +| ?[:=] ?){NUMBER}%?(?:[,;|]?\s+|$)){{2,}}"
)
# A name and its number, as the columns of a table stand.
_TWO_COLUMNS = re.compile(rf"\s*[^\W\d]\S*(?: {{2,}}|\t+){NUMBER}\s*")
# A piece of data that a line speaks of: ``segment 8/24``, or one of several texts: ``prompt 3:``.
_PIECE = re.compile(
    rf"[\W\d]*(?:(?:{'|'.join(sorted(PIECES | EXAMPLES))}) \d+ ?/ ?\d+\b|(?:{'|'.join(sorted(TEXTS))}) #?\d+:)", re.I
)
# A name and its value, which is no plain number.
_NAMED_TEXT = re.compile(r"([A-Za-z][\w.]{0,40})['\"]?\s?[=:]\s?['\"]?([\w-]{1,80})")
# A piece of work by its own name: ``Task tasks.rescore[5244b937] succeeded``.
_WORK = re.compile(r"\w\[(?=[a-f-]*\d)[0-9a-f-]{8,36}\]")
# What stands behind it was set: ``[Hyperparameters] {…}``, ``train config: lr=0.1``, ``Hyper-parameters - lr: 0.1``.
_SET = re.compile(
    rf"\W{{0,8}}(?:[A-Za-z]{{2,20}}[ _-])?(?:hyper[ -])?(?:{'|'.join(sorted(SETTINGS))})(?=\s?[^\w\s=#/])", re.I
)
# What is tried, in front of its settings: ``=== run 2/6: lr=0.1 batch=8``.
_TRIED = re.compile(r"\W{0,8}(?:run|config|configuration|setting|combination|candidate) ?#?\d{1,4}\b", re.I)
# The same where no epochs or steps of it are told.
_ONE_OF = re.compile(
    r"\W{0,8}(?:run ?#?\d{1,4} ?/ ?\d|(?:config|configuration|setting|combination|candidate) ?#?\d{1,4}\b)", re.I
)
# For how long it is planned: ``lr=0.003, 6 epochs``.
_PLANNED = re.compile(r"\d (?:epochs|steps|iterations|iters)\b", re.I)
# A model that was trained before, and how it came out: ``model: effnet (epoch 17, auc 0.97)``.
_TRAINED = re.compile(r"\W*(?:model|checkpoint|weights): [^()]{1,60}\((?:epoch|step)[ =]\d+, [^()]*\)", re.I)
_KERAS = re.compile(r"/(?:step|sample|epoch)\b|[━═]{5}|\[[=>.\-]{5}| - ETA: | - \d+s\b")


def read_pairs(text: str, tokens: list[Token]) -> Record:
    """The record that a line of text holds; its numbers count the number ``tokens`` of the text."""
    record = _walk(text, tokens)
    if not any(f.counts for f in record.fields) and (fields := unnamed(text, tokens)):
        return Record(fields)
    if not any(f.role is Role.METRIC for f in record.fields):
        record.fields = [f for f in record.fields if not (f.counts and _counts_anything(f.name.lower()))]
    first = record.nameless[0] if record.nameless else None
    if first is not None and first.first and first.place == "start" and _KERAS.search(text):
        record.running_mean = True
    said = [t.text.lower() for t in tokens if t.kind == "word"]
    recalls = not _RECALLS.isdisjoint(said) and _recalls(text, tokens)
    record.recalls = recalls or _TRAINED.match(text) is not None or _plans(text, record)
    if record.lead.lower() in SETTINGS or _SET.match(text):  # "hyperparameters: lr=0.3, batch=100"
        record.sets = any(f.counts for f in record.fields) and any(f.role is Role.METRIC for f in record.fields)
        record.recalls = record.recalls or not record.sets
    if len(said) > 1 and said[0] in SAVES and said[1] in _RESULTS:
        record.heading = "eval"
    if found := _PART.match(text):
        _tell_class(found, record)
    _take_who(tokens, record)
    tell_twins_apart(record)
    read_gain(tokens, said, record)
    record.asked = record.asked or _PIECE.match(text) is not None
    record.identified = any(identifies(*pair) for pair in _NAMED_TEXT.findall(text)) or _WORK.search(text) is not None
    record.tried = _ONE_OF.match(text) is not None
    record.closes = "final" in said[:3]
    record.ends = not _ENDS.isdisjoint(said) or said[:2] == ["time", "for"]
    record.ends_run = record.ends and said[0] in REPEATS and tokens[1].kind == "number"
    record.starred = text.lstrip().startswith("* ") and text.rstrip()[-1:] != "*"
    record.row = _TWO_COLUMNS.fullmatch(text) is not None
    return record


def _recalls(text: str, tokens: list[Token]) -> bool:
    """Whether a line begins with a word that recalls, and does not deny it: ``interrupted: false``."""
    found = next((t for t in tokens[:5] if t.kind == "word" and t.text.lower() in _RECALLS), None)
    return found is not None and _DENIED.match(text, found.end) is None


def _counts_anything(name: str) -> bool:
    """Whether a counter says of nothing that a training goes on in: ``EarlyStopping counter: 1 out of 5``."""
    return name.endswith("counter") and counter_of(name.removesuffix("counter")) is None


def _take_who(tokens: list[Token], record: Record) -> None:
    """Take a short number in brackets in front of a counter's name as who may speak: ``[0] step 10 loss 2.1``.

    A long one is that of the process.
    """
    if len(tokens) < 5 or [token.text for token in tokens[:3:2]] != ["[", "]"] or not counter_of(tokens[3].text):
        return
    number = tokens[1]
    digits = len(number.text)
    if number.text.isdigit() and digits != 3 and not number.unit and record.nameless:
        del record.nameless[0]
        if digits > 3:
            return
        record.source = f"[{number.text}] {record.source}".rstrip()
        record.literal.append((number.start, number.end))


def _plans(text: str, record: Record) -> bool:
    """Whether a line measures nothing, and says with what settings, and for how long, it is trained.

    In brackets that the line begins with many steps are so many, ``{'lr': 0.1, 'steps': 480}``, and behind the number
    of what is tried so large is a batch: ``config 1/4: lr=0.1 batch=8``.
    """
    counters = [f for f in record.fields if f.role is Role.COUNTER]
    if any(f.role is Role.METRIC for f in record.fields):
        return False
    if counters:
        tried = _TRIED.match(text) is not None and any(f.role is Role.SCHEDULE for f in record.fields)
        sized = [f for f in counters if tried and f.counts == ("batch", "batch") and f.total is None]
        many = all(f.explicit and (f in sized or f.name.lower().endswith("s")) for f in counters)
        return many and (tried or text.lstrip()[:1] in ("{", "("))
    return _PLANNED.search(text) is not None


def _tell_class(said: re.Match[str], record: Record) -> None:
    """Put the class that a line speaks of in front of its names: what it is called, or else its number."""
    part = said[2] if said[2] and not known(said[2]) else said[1]
    if not part:
        return
    if part == said[1]:
        record.literal.append(said.span(1))
    for found in record.fields:
        if found.role is not Role.COUNTER and part not in found.name:
            found.name = f"{part} {found.name}"


#: How each kind of token is read.
_READ: dict[TokenKind, Callable[[Walk, Token], None]] = {
    "word": take_word,
    "number": take_number,
    "mark": marks.take_mark,
    "gap": marks.take_gap,
    "bar": marks.take_bar,
    "noise": marks.take_noise,
    "arrow": marks.take_arrow,
    "plusminus": marks.take_plusminus,
}


def _walk(text: str, tokens: list[Token]) -> Record:
    tokens = paired(text, tokens)
    walk = Walk(text, tokens)
    while walk.i < len(tokens):
        token = tokens[walk.i]
        _READ[token.kind](walk, token)
        walk.i += 1
    walk.boundary()
    walk.record.ends_with = walk.label
    return walk.record


def item_of(text: str, record: Record) -> tuple[str, int]:
    """What an indented line is about, and where it says so: ``  depth: train_loss=0.31``, ``  Client 0: loss=0.61``."""
    item = _ITEM.match(text) or _ITEM_APART.fullmatch(text)
    if item is None or any(f.counts for f in record.fields):
        return "", 0
    word = item[1].split()[0]
    of_field = measures(word) or scope_of(word) or counter_of(word) or word.lower() in NO_TAGS
    return ("", 0) if of_field else (item[1], item.start(1))
