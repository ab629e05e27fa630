"""Headings: lines that say of what the lines under them speak, ``Validation:`` or ``Eval begin...``."""

from __future__ import annotations

import re
from dataclasses import dataclass

from mltui.domain.words import scope_of, word_set
from mltui.parsers.front.prefix import split_prefix
from mltui.parsers.words.roles import Role, is_evaluation, role_of

_HEADING = re.compile(
    r"(?:[-=*#>\s]*)(?:\w+\s+){0,2}\w+\s?:(?:\s*[-=*#]*)"
    r"|[-=*#>\s]*(?i:(?:start(?:ing)?|begin|running)?\s*(?:eval\w*|valid\w*|test\w*)(?: set)?\s*"
    r"(?:begin\w*|start\w*|results|metrics)?)"
    r"\s*(?:\.{2,}|…|:)?[-=*#<\s]*"
    r"|[-=*#>\s]*(?i:(?:metrics |results )?(?:reported |measured |evaluated )?on (?:the )?\w+ (?:data|set|split))\.?"
    r"[-=*#<\s]*"
)

# Where the training stands when it is evaluated: ``--- Validation, epoch 1/3 ---``, ``Evaluating at step 100...``.
_COUNTED = re.compile(
    r"[\s,(\[]*\b(?:(?:at|for|of|in|on|after) )?(?:epoch|step|iteration|iter|round)"
    r"\s?[#:=]?\s?\d+(?:\s?(?:/|of)\s?\d+)?[)\]]*",
    re.I,
)
# How long it took: ``Validation epoch 1 (12.3s)``.
_TOOK = re.compile(r"\s?[(\[]\d+(?:\.\d+)?\s?(?:m?s|secs?|seconds|min)[)\]]")
# On how much it is evaluated: ``Evaluate on 500 examples``.
_SIZED = re.compile(
    r"\s(?:on|over|with) \d[\d,]{0,15} (?:[a-z]+ )?(?:batches|samples|examples|images|sequences|steps)\b", re.I
)
# What is being done now, and not how large a data set is: ``Validation with 100 examples``.
_DOES = re.compile(r"[-=*#>[(\s]*(?:start(?:ing)?|begin(?:ning)?|running|evaluat(?:e|ing))\b", re.I)
# What such a heading counts is not the evaluation's own.
_AT_TRAINING = re.compile(r"\b(?:at|after) (?:step|iteration|iter|round)\b", re.I)
_EVALUATES = re.compile(
    r"[-=*#>[(\s]*(?:(?:start(?:ing)?|begin(?:ning)?|running) )?((?:eval|valid|test)\w*)((?: \w+){0,4})"
    r"[])\s]*(?:\.{2,}|…|:)?[-=*#<\s]*",
    re.I,
)
# Of what such a heading may speak, beside a metric.
_EVALUATED = word_set("model network data dataset set phase loop run results metrics the on")
_BLANKS = re.compile(r"\s{2,}")
# A line that is longer is no such heading.
_LONGEST = 120
# What a series is called by a heading that says what is being done.
_NOUNS = {"evaluate": "eval", "evaluating": "eval", "validate": "val", "validating": "val", "testing": "test"}
# Another title under it: ``------- IoU --------``.
_DRAWN = re.compile(rb"\s*[-=*#]{3,}\s*([A-Za-z][\w ]*?)\s*[-=*#]{3,}\s*")

# One word alone speaks of the lines that stand deeper.
_ALONE = re.compile(r"[-=*#>\[(\s]*([^\W\d_]+)(?: (?:set|phase|metrics|results))?[-=*#<\])\s]*")
# What is measured of each class, in the lines under it: ``IoU per class:``, ``Per-class AP:``.
_PER_CLASS = re.compile(r"[-=*#>\s]*(?:(\w+)[ _-]per[ _-]class|per[ _-]class[ _-](\w+))\s*:\s*", re.I)
# What is told under it is in brackets: ``History (loss, distributed):``.
_BRACKETED = re.compile(r"\s*[A-Za-z][\w ]{0,30}\(([A-Za-z][\w ,/-]{0,60})\):\s*")


@dataclass(slots=True)
class Heading:
    """A line that says of what the lines under it speak: the ones indented deeper, else all up to a blank line."""

    scope: str = ""
    indent: int = 0
    spoken: bool = False
    """It is a sentence (``Eval begin...``): it holds until the training goes on."""
    x: float | None = None
    """Where the training stood: what counts on from there is no longer under the heading."""
    axis: str = ""
    """What counted the training there; another counter under the heading may be the evaluation's."""
    deeper: bool | None = None
    strict: bool = False
    """It speaks of deeper lines only."""
    counts: bool = False
    """It says itself where the training stands, so that a line which counts epochs is none of those under it."""
    answered: bool = False
    """A line without a counter stood under it: one that counts is the training's."""
    each: bool = False
    """Each line under it is of one class, and tells what the heading says of that."""

    @property
    def of_each(self) -> bool:
        """What stands under it is told of one class a line."""
        return self.each and bool(self.scope)

    @property
    def loose(self) -> bool:
        """Nothing but the training's going on shows its end."""
        return bool(self.scope) and (self.spoken or self.deeper is False)

    def follow(self, frame: bytes) -> None:
        """Forget the scope if ``frame`` no longer stands under the heading."""
        if self.counts and (title := _DRAWN.fullmatch(frame)) and not scope_of(title[1].decode()):
            self.scope = ""
        if self.spoken:
            return
        if not frame.strip():
            self.scope = ""
            return
        indent = indent_of(frame)
        if self.deeper is None:
            self.deeper = indent > self.indent
        if (self.deeper or self.strict) and indent <= self.indent:
            self.scope = ""


def indent_of(line: bytes) -> int:
    """How many columns of a terminal ``line`` is indented: a tab is as deep with blanks before it as without."""
    return len(line[: len(line) - len(line.lstrip())].expandtabs())


def heading_scope(text: str) -> str:
    """The scope that a heading such as ``Validation:`` or ``Eval begin...`` sets for the lines under it."""
    text = _plain(text)
    if text[-1:] == "{":
        text = text.rstrip("{ ").replace('"', "")
    if each := _per_class(text):
        return each
    if bracketed := _BRACKETED.fullmatch(text):
        said = bracketed[1].split(", ")
        if any(role_of(each) is Role.METRIC or each == "metrics" for each in said):
            return " ".join(each for each in said if each != "metrics")
        return ""
    text, sized = _SIZED.subn("", text, count=1) if len(text) < _LONGEST and _DOES.match(text) else (text, 0)
    if _HEADING.fullmatch(text):
        return _named(next((w for w in re.findall(r"[A-Za-z]+", text) if scope_of(w)), ""))
    if (alone := _ALONE.fullmatch(text)) and scope_of(alone[1]):
        return alone[1]
    scope, rest = _evaluated(text)
    return scope if sized or rest[-1:] in (["model"], ["network"]) or "on" in rest else ""


def counted_scope(text: str) -> str:
    """The scope that a heading sets which also says where the training stands: ``Validation at epoch 3:``."""
    text = _TOOK.sub("", _plain(text)[:_LONGEST], count=1)
    said, count = _COUNTED.subn("", text, count=2) if len(text) < _LONGEST else ("", 0)
    return _evaluated(said)[0] if count else ""


def _evaluated(text: str) -> tuple[str, list[str]]:
    """The scope that a heading sets which says that a model is evaluated, and its words behind that."""
    heading = _EVALUATES.fullmatch(text) if len(text) < _LONGEST else None
    if heading is None or not is_evaluation(heading[1]):
        return "", []
    rest = heading[2].lower().split()
    if not all(word in _EVALUATED or scope_of(word) or role_of(word) is Role.METRIC for word in rest):
        return "", []
    return next((word for word in rest if scope_of(word)), _named(heading[1])), rest


def counts_training(text: str) -> bool:
    """Whether such a heading counts the steps of the training, ``at step 100``, and not those of the evaluation."""
    return _AT_TRAINING.search(text) is not None


def heading_of(text: str, x: float | None, axis: str) -> Heading:
    """The heading that a line with a ``heading_scope`` is, where the training stands at ``x`` on ``axis``."""
    indent = indent_of(text.encode())
    text = text[split_prefix(text) :]
    if each := _per_class(text):
        return Heading(each, indent, x=x, axis=axis, strict=True, each=True)
    spoken = ":" not in text
    plain = _plain(text)
    strict = spoken and _ALONE.fullmatch(plain.rstrip("{ ")) is not None and not _HEADING.fullmatch(plain)
    return Heading(heading_scope(text), indent, spoken and not strict, x, axis, strict=strict)


def _plain(text: str) -> str:
    """``text`` with one blank for many, over which the expressions for headings would go back and forth."""
    return _BLANKS.sub(" ", text.strip())


def _named(scope: str) -> str:
    return _NOUNS.get(scope.lower(), scope)


def _per_class(text: str) -> str:
    """What a heading says is told of each class."""
    found = _PER_CLASS.fullmatch(text)
    name = (found[1] or found[2]) if found else ""
    return name if role_of(name) is Role.METRIC else ""
