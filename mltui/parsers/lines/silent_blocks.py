"""Blocks of several lines that say nothing of the training, whatever stands in them.

They are a traceback and what its exception says, the summary of a statistical model, a test session, metrics told again
under a heading of stars, the best so far told again, and trainings ranked by what they came to.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Literal, NamedTuple, get_args

Block = Literal["trace", "message", "summary", "tests", "section", "recap", "ranking"]

# What is ranked; the "top 10 results" may be those of a search in data.
_RANKED = r"(?:runs?|trials?|config\w*|settings?|combinations?|candidates?|models?|checkpoints?|experiments?)"


class _Form(NamedTuple):
    """How a block looks."""

    begins: re.Pattern[str]
    goes_on: Callable[[bytes], object]
    has_end: bool
    """The first line that does not go on with it is its last one, and says nothing either."""


_FORMS: dict[str, _Form] = {
    "trace": _Form(re.compile(r"Traceback \(most recent call last\)"), re.compile(rb"\s|$").match, True),
    # The lines beneath an exception whose own one ends with a colon: ``RuntimeError: Error(s) in loading state_dict:``.
    "message": _Form(re.compile(r"(?!)"), re.compile(rb"[ \t]+\S").match, False),
    # What statsmodels' ``summary()`` prints: a table up to a blank line.
    "summary": _Form(re.compile(r"Dep\. Variable:"), re.compile(rb"\s*\S").match, True),
    "tests": _Form(
        re.compile(r"=+ test session starts =+|\[=+\] Running \d+ tests?\b|test\w+ \(\w+(?:\.\w+)+\)(?: \.\.\. |$)"),
        re.compile(
            rb"(?!=+ .*\b(?:passed|failed|errors?|skipped|ran)\b.* in \d|\[=+\] \d+ tests?\b|Ran \d+ tests? in \d)"
        ).match,
        True,
    ),
    "section": _Form(
        re.compile(r"[^*]*\*{3,}[^*]{0,80}\bmetrics\b[^*]{0,80}\*{3}", re.I), re.compile(rb"\s+\S+\s+=\s").match, False
    ),
    # The best so far, or what it is compared with; its lines are indented, or say when: ``val_loss: 0.31 at epoch 12``.
    "recap": _Form(
        re.compile(r"\W*(?:best|baselines|previous (?:best|runs?|results?))\b[^:=]{0,60}:\s*$", re.I),
        re.compile(rb"[ \t]+\S|[^:=\d]{1,60}[:=]\s?[\d.]+%?\s[(@]?(?:at |in )?(?:epoch|step|iter)").match,
        False,
    ),
    # Its rows are indented, or begin with their place: ``1. lr=3  val loss 0.29``, ``#1  lr=3  val loss 0.29``.
    "ranking": _Form(
        re.compile(
            rf"\W*(?:(?:final|overall|sweep|{_RANKED}) ranking|ranking (?:by|of (?:the )?{_RANKED})"
            rf"|(?:\w+ )?leaderboard|(?:{_RANKED}|results) (?:ranked|sorted) by"
            rf"|(?:best|top)[ -]\d+ (?:(?:of|/) \d+ )?(?:\w+ )?{_RANKED})\b[^:=\d]{{0,60}}:?[-=*#\s]*$",
            re.I,
        ),
        re.compile(rb"[ \t]+\S|[-=#]{3,}\s*$|\W{0,5}\d+(?:[.):]|st|nd|rd|th|\s)|\xf0\x9f\xa5[\x87-\x89]").match,
        False,
    ),
}
#: All of them.
BLOCKS: tuple[Block, ...] = get_args(Block)


def block_of(text: str) -> Block | None:
    """The block that a line begins, if it begins one."""
    return next((block for block in BLOCKS if _FORMS[block].begins.match(text)), None)


def goes_on(block: str, line: bytes) -> bool:
    """Whether ``line`` goes on with a block."""
    return bool(_FORMS[block].goes_on(line))


def behind(block: str, line: bytes) -> Block | None:
    """The block that begins behind ``line``, the first one that did not go on with ``block``."""
    return "message" if block == "trace" and line.rstrip().endswith(b":") else None


def has_end(block: str) -> bool:
    """Whether the first line that does not go on with a block is its last one, and says nothing either."""
    return _FORMS[block].has_end
