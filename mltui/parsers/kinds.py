"""What kind of line a text is, by itself: a table's header or row, a heading, program text, names beside numbers."""

from __future__ import annotations

import re
from typing import Literal

from mltui.parsers.headings import heading_scope
from mltui.parsers.prefix import SYSTEM, split_prefix
from mltui.parsers.records import lists, tables
from mltui.parsers.records.cells import HAS_VALUE, box_row, is_number, is_rule, label_of, row_cells, without_remark
from mltui.parsers.records.metric_tables import read_metric_table
from mltui.parsers.tokens import text_of
from mltui.parsers.vocabulary import COUNTERS, JOINED_ENDS, METRIC_WORDS, SCHEDULE_WORDS, SCOPE_WORDS

#: What a line is: ``pairs`` may hold names beside numbers, a ``plan`` is known for those that do; those of the second
#: row stand in tables; those of the last one begin a block that says nothing of the training (a traceback, a model's
#: summary, a test session, metrics told again).
Kind = Literal[
    "nothing", "pairs", "plan", "object", "listed", "scope",
    "header", "groups", "rule", "row", "labelled", "remarked", "box", "metrics",
    "trace", "summary", "tests", "section", "recap",
]  # fmt: skip

_WORD = re.compile(rb"[A-Za-z]+")
_ANY_WORD = re.compile(r"[^\W\d_]+")
_JOINED_ENDS = tuple(end.encode() for end in JOINED_ENDS)
_CAMEL = re.compile(rb"[a-z][A-Z]|[A-Z]{2}[a-z]{2}")
_GATE = frozenset(
    word.encode()
    for word in {
        *METRIC_WORDS,
        *SCHEDULE_WORDS,
        *SCOPE_WORDS,
        *(COUNTERS.keys() - {"task"}),
        "learning",
        "episodic",
        "gradient",
        "metrics",
        "best",
        "rank",
        "steps",
        "batches",
        "class",
        "trace",
        "function",
        "dep",
        "baselines",
        "r",
    }
)
# Names that are one letter but for their digits: ``f1 = 0.8``.
_LETTERS = "|".join(sorted(word for word in METRIC_WORDS if len(word) == 2 and word[1].isdigit()))
_SHORT = re.compile(
    rf"(?<![a-z0-9])(?:{_LETTERS})(?:@[\d.:-]{{1,9}})?['\"]?\s{{0,3}}(?:[:=~]|[-=]>|→|➜|⇒|is\b|[-+]?\d+\.\d)".encode()
)
# Words of the field in scripts that put no blanks between words.
_UNSPACED = re.compile("|".join(sorted(w for w in METRIC_WORDS if "\u3040" <= w[0] <= "\u9fff")).encode())
# A task by its number: other programs have tasks, too.
_TASK = re.compile(rb"\btask[ _#:]{0,2}\d")
_NUMERIC_START = re.compile(rb"[\s|,;\xe2\x94\x82\x83]*(?:[-+.]?[0-9]|all\b)")
_EXCEPTION = re.compile(r"[\w.]*(?:Error|Exception|Warning|Interrupt)\b\s*(?::|\()|.*\b\w*Warning: ")
# Program text, as tracebacks, tests and editors print it: keywords, comparisons, calls without arguments. And what
# programs that train nothing print in forms of their own.
_CODE = re.compile(
    rf"""\s*(?:
        >>>\s(?!(?:[\[(](?:\w+[ =])?|(?i:epoch|step|iter)\()\d+(?:/\d+)?[\])]\W)          # … but a count in brackets
        (?:[\w.]+(?:\(|\[|\.|\s=\s)|(?:from|import|for|with|print)\s|["'({{\[\d]) | \.\.\.\s
      | E\s{{3,}}(?:assert|\+|\w*Error) | @\w | \#\s?\w+\s=\s
      | (?:if|elif|assert|return|while|def|import|raise|yield|lambda|del)\s | class\s\w+(?:\(.*\))?:\s*$
      | (?:not\s)?ok\s\d+\s | \#\sSubtest:\s | [✓✔✗✖﹣]\s.*\(\d[\d.]*\s?m?s\)              # verdicts on tests
      | (?:Step\s\d+/\d+\s:\s|\#\d+\s.*\]\s)?(?:FROM|RUN|ENV|ARG|LABEL|CMD|COPY|ENTRYPOINT)\s\S  # a Dockerfile
      | (?:\*\s)?(?=\d*[a-f])(?=[a-f]*\d)[0-9a-f]{{7,12}}\s(?![\d\s])                                # a commit
      | [-+]\ {{4,}}[A-Za-z_]\w*\s=\s                                                    # a changed line of a program
      | (?:[<>]{{3}}\s)?(?i:user|assistant|human):\s(?![-+.\d])                          # a talk with a language model
      | \d+\s\|\s.*[;{{}}]\s*$                                                            # what a compiler warns of
      | (?:\S+\s+){{1,5}}{SYSTEM}
    )""",
    re.VERBOSE,
)
# The same anywhere in a line; it holds one of these signs.
_SIGNS_OF_CODE = ("==", "!=", "<=", ">=", ":=", "self.", "()", ".py::", "SELECT", "WHERE")
_CODE_INSIDE = re.compile(
    r"""(?!.*\bimproved\ by\s).*(?:                           # … by 0.4 >= min_delta = 0.0
        [A-Za-z_)\]]\s?(?:[=!<>]=|:=)\s?(?!\[\d\.\d+=\d)[\w(\[-] | \d\s?(?:[=!<>]=|:=)\s?[A-Za-z_(\[]
      | \bself\. | \w\(\) | \.py:: | \bSELECT\s.*\bFROM\s | \bWHERE\s.*\s(?:=|IN)\s
    )""",
    re.VERBOSE,
)
_ANGLED = re.compile(r"(?<=\s)<[A-Za-z_]\w*>=")
# A whole curve: ``'accuracy': [(1, 0.86), (2, 0.87), (3, 0.89)]``.
_LISTED = re.compile(r"\[\(\d+, [^()]*\)(?:, *\(\d+, [^()]*\)){2,}\]")
# How blocks begin that say nothing of the training.
_BLOCKS: dict[Kind, re.Pattern[str]] = {
    "trace": re.compile(r"Traceback \(most recent call last\)"),
    "summary": re.compile(r"Dep\. Variable:"),  # statsmodels' ``summary()``
    "tests": re.compile(
        r"=+ test session starts =+|\[=+\] Running \d+ tests?\b|test\w+ \(\w+(?:\.\w+)+\)(?: \.\.\. |$)"
    ),
    "section": re.compile(r".*\*{3,}.*\bmetrics\b.*\*{3,}", re.I),
    # The best so far, told again in the lines under it, or what it is compared with.
    "recap": re.compile(r"\W*(?:best|baselines|previous (?:best|runs?|results?))\b[^:=]{0,60}:\s*$", re.I),
}
# A count and its share, with nothing but a value behind: ``(5000 5%) 2.31``.
_COUNTED_SHARE = re.compile(rb"\(\d+ [\d.]+%\) [\d.]+\s*$")
# A count beside what is set or measured there: ``[20, 0.0001]``, ``[3, 0.51, 0.62, '00:14']``.
_PLACE = re.compile(rb"(?:\(#\d+\) )?\[\d+, ?(?:-?nan|\d*\.?\d+(?:e-?\d+)?)(?:\]|,[-+.\d, enainf]*'\d+:[\d:]+'\])\s*")
_TURN = re.compile(lists.TURN.encode(), re.I)
# Between the columns of a header.
_APART = re.compile(rb"\S(?:  +|\t)\S|^\s*[|+]|^\w+(?:,\w+){2,}$")
_COUNTS = re.compile(
    r"\b(?:epoch|(?:global_)?step|iter|iteration|episode|round|trial|update)\b['\"]?\s*[=:]\s*\d", re.I
)
# What two ends of a wire do to understand each other.
_TRAINS_A_WIRE = re.compile(r"\b(?:link|lane|ddr\d?|phy) (?:re)?train", re.I)
# A setting that was left as it is: ``kappa = 0.75 (Default)``.
_DEFAULT = re.compile(r"\(default\)\s*$", re.I)
# Words of sentences for readers: a log says what is, not what might be.
_TELLING = re.compile(r"\b(?:you|your|might|would|could|should|usually|typically|for example|because)\b", re.I)
_QUESTION = re.compile(r"[a-z][a-z']\?[\"']?\s*$")
_FLAGS = re.compile(r"[=:] ?(?:True|False|None|true|false|null)\b")
# The number of a part, in a row of bars: ``| Layer 0 | Layer 1 |``.
_NUMBERED = re.compile(r"(?<=[A-Za-z] )\d+(?= *[|│┃║])")
# Digits that belong to a column's name, and such as belong to none.
_FIGURE = re.compile(r"(?<![\w@.:-])\d")
_NAME_DIGITS = re.compile(r"[A-Za-z_@-]\d+(?:-\d+)?|@\.?\d+(?:[-:]\.?\d+)?")


def kind_of(text: str, frame: bytes) -> Kind:
    """The kind of the line ``frame``, which begins with ``text``; ``pairs`` if its form says nothing."""
    if not _may_matter(frame):
        return _table_kind(text, frame) or ("groups" if tables.read_groups(text) else "nothing")
    if block := next((kind for kind, begins in _BLOCKS.items() if begins.match(text)), None):
        return block
    if _EXCEPTION.match(text) or _is_code(text) or _DEFAULT.search(text[-16:]) or _TRAINS_A_WIRE.search(text):
        return "nothing"
    if text.count("=") + text.count(":") > 5 and len(_FLAGS.findall(text)) > 2 and not _COUNTS.search(text):
        return "nothing"  # Settings: what is measured is no yes or no.
    if len(_TELLING.findall(text)) > 1 or _QUESTION.search(text[-16:]):
        return "nothing"
    if _LISTED.search(text) or lists.history(text):
        return "listed"
    part = table_part(text)
    if not HAS_VALUE.search(_NUMBERED.sub("", part)) and read_metric_table(part):
        return "metrics"
    if kind := _table_kind(text, frame):
        return kind
    if not HAS_VALUE.search(text) and heading_scope(text):
        return "scope"
    if _names_alone(text) and tables.read_header(text) is not None:
        return "header"
    return "groups" if tables.read_groups(text) else "pairs"


def _is_code(text: str) -> bool:
    """Whether a line is program text, or what programs print that train nothing."""
    if _CODE.match(text):
        return True
    # A name in angles is no comparison: ``train loss <loss>=0.5``.
    return any(sign in text for sign in _SIGNS_OF_CODE) and _CODE_INSIDE.match(_ANGLED.sub("=", text)) is not None


def _names_alone(text: str) -> bool:
    """Whether a line holds no value, as a header does: its digits belong to names."""
    if text.count(",") < 2 and _FIGURE.search(text):
        return False  # In front of many names between commas may stand a remark, with any digits.
    return not HAS_VALUE.search(_NAME_DIGITS.sub("", tables.header_text(text)))


def begins_table(line: bytes) -> bool:
    """Whether a line is a table's header, its columns set apart by more than a blank or words, or the row of a box."""
    if b"=" in line or b": " in line or not _APART.search(line):
        return False
    return kind_of(text_of(line), line) in ("header", "box")


def _table_kind(text: str, frame: bytes) -> Kind | None:
    """The kind of a line that stands in a table: a rule or a row."""
    if is_rule(text):
        return "rule"
    box = box_row(text)
    if box and (not box[1] or is_number(box[1])):
        return "box"
    if _NUMERIC_START.match(frame):
        if row_cells(text):
            return "row"
        if row_cells(without_remark(text)):
            return "remarked"
    return "labelled" if label_of(text) else None


def table_part(text: str) -> str:
    """``text`` without what a logger wrote in front of it; bars are the table's own."""
    return text if text.lstrip()[:1] in ("|", "│", "┃") else text[split_prefix(text) :]


def _may_matter(frame: bytes) -> bool:
    """Whether the line holds a word of the field at all; most lines of most logs do not."""
    lower = frame.lower()
    found = _WORD.findall(lower)
    if not _GATE.isdisjoint(found) or any(word.endswith(_JOINED_ENDS) for word in found) or _SHORT.search(lower):
        return True
    if not frame.isascii():
        if not _GATE.isdisjoint(w.encode() for w in _ANY_WORD.findall(text_of(frame).lower())):
            return True
        if _UNSPACED.search(frame):
            return True
    if _TASK.search(lower):
        return True
    if frame[:1] in b"[(" and _PLACE.fullmatch(frame):
        return True
    if frame[-1:] == b":" and _TURN.fullmatch(frame):
        return True
    return _CAMEL.search(frame) is not None or _COUNTED_SHARE.search(frame) is not None
