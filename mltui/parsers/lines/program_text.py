"""Lines of other programs, and of people: they look like a training's and are none.

Program text as tracebacks, tests and editors print it; what compilers, builds, test runners and machines print in forms
of their own; settings; sentences for readers.
"""

from __future__ import annotations

import re

from mltui.parsers.front.prefix import SYSTEM
from mltui.parsers.words.vocabulary import COUNTING

_EXCEPTION = re.compile(r"[\w.]*(?:Error|Exception|Warning|Interrupt)\b\s*(?::|\()|.*\b\w*Warning: ")
# Program text, as tracebacks, tests and editors print it: keywords, comparisons, calls without arguments. And what
# programs that train nothing print in forms of their own.
_CODE = re.compile(
    rf"""\s*(?:
        >>>\s(?!(?:[\[(](?:\w+[ =])?|(?i:{COUNTING})\()\d+(?:/\d+)?[\])]\W)          # … but a count in brackets
        (?:[\w.]+(?:\(|\[|\.|\s=\s)|(?:from|import|for|with|print)\s|["'({{\[\d]) | \.\.\.\s(?!\w+\s\d)
      | E\s{{3,}}(?:assert|\+|\w*Error) | @\w | \#\s?\w+\s=\s
      | (?:if|elif|assert|return|while|def|import|raise|yield|lambda|del)\s | class\s\w+(?:\(.*\))?:\s*$
      | (?:not\s)?ok\s\d+\s | \#\sSubtest:\s | [✓✔✗✖﹣]\s.*\(\d[\d.]*\s?m?s\)              # verdicts on tests
      | (?:Step\s\d+/\d+\s:\s|\#\d+\s.*\]\s)?(?:FROM|RUN|ENV|ARG|LABEL|CMD|COPY|ENTRYPOINT)\s\S  # a Dockerfile
      | (?:\*\s)?(?=\d*[a-f])(?=[a-f]*\d)[0-9a-f]{{7,12}}\s(?![\d\s])                                # a commit
      | [-+]\ {{4,}}[A-Za-z_]\w*\s=\s                                                    # a changed line of a program
      | (?:[<>]{{3}}\s)?(?i:user|assistant|human):\s(?![-+.\d])                          # a talk with a language model
      | \d+\s\|\s.*[;{{}}]\s*$                                                            # what a compiler warns of
      | <(?:[?!]\w|[A-Za-z][\w:.-]*\s+[\w:-]+=") | (?:[\w:-]+="[^"]*"\s*)+>                # markup
      | (?:\S+\s+){{1,5}}{SYSTEM}
    )""",
    re.VERBOSE,
)
# The same anywhere in a line; it holds one of these signs.
_SIGNS_OF_CODE = ("==", "!=", "<=", ">=", ":=", "self.", "()", ".py::", "SELECT", "WHERE")
_NO_LIMIT = r"(?![A-Za-z_]\w*(?:\s[A-Za-z_]\w*)?(?:\s|\s?[=:]\s?)[-+]?\.?\d)"  # val_loss 0.85 >= min_loss 0.37
_CODE_INSIDE = re.compile(
    rf"""(?!.*\bimproved\ by\s).*(?:                           # … by 0.4 >= min_delta = 0.0
        [A-Za-z_)\]]\s?(?:[=!<>]=|:=)\s?(?!\[\d{{1,9}}\.\d+=\d)[\w(\[-] | \d\s?(?:[=!<>]=|:=)\s?{_NO_LIMIT}[A-Za-z_(\[]
      | \bself\. | \w\(\) | \.py:: | \bSELECT\s.{{1,200}}\bFROM\s | \bWHERE\s.{{1,200}}\s(?:=|IN)\s
    )""",
    re.VERBOSE,
)
# A title, whose frame compares nothing: ``== Epoch 3 == (loss 0.5)``.
_FRAMED = re.compile(r"\s*(={2,}) [^=]{1,60} \1(?=\s)")
_ANGLED = re.compile(r"(?<=\s)<[A-Za-z_]\w*>=")
# What is counted in a line of many flags.
_COUNTS = re.compile(rf"\b(?:(?:global_)?(?:{COUNTING})|trial|update)\b['\"]?\s*[=:]\s*\d", re.I)
# What two ends of a wire do to understand each other.
_TRAINS_A_WIRE = re.compile(r"\b(?:link|lane|ddr\d?|phy) (?:re)?train", re.I)
# A setting that was left as it is: ``kappa = 0.75 (Default)``.
_DEFAULT = re.compile(r"\(default\)\s*$", re.I)
# Values not taken: ``dropping {'lr': 0.0003}``, ``ignoring duplicate metric auc=0.8``, ``discarded: loss=0.5``.
_REFUSED = re.compile(
    r"\b(?:(?:(?:dropp|discard|ignor|reject|skipp)ing|(?:unable|failed) to log)"
    r"(?!\s(?:\w+\s){0,2}(?:lr|rates?|ratio|fraction|prob\w*)\b)(?:\s[\w.]{1,40}){0,3}(?::?(?=\s[\[({'\"]))?"
    r"|(?:dropped|discarded|ignored|rejected)(?:(?:\s\w{1,40}){0,2}:?(?=\s[\[({'\"])|:))"
    r"\s[\[({]?['\"]?[A-Za-z][\w./]{0,40}['\"]?\s?[=:]\s?[-+.]?\d",
    re.I,
)
_NOT_LOGGED = re.compile(r"\b(?:(?:not|already) (?:be )?logged|will be (?:dropped|discarded|ignored|rejected))\b", re.I)
# Words of sentences for readers: a log says what is, not what might be.
_TELLING = re.compile(r"\b(?:you|your|might|would|could|should|usually|typically|for example|because)\b", re.I)
_QUESTION = re.compile(r"[a-z][a-z']\?[\"']?\s*$")
_FLAGS = re.compile(r"[=:] ?(?:True|False|None|true|false|null)\b")


def is_program_text(text: str) -> bool:
    """Whether a line is another program's, or tells a reader something: what it counts and measures is no curve."""
    if _EXCEPTION.match(text) or _is_code(text) or _DEFAULT.search(text[-16:]) or _TRAINS_A_WIRE.search(text):
        return True
    if _REFUSED.search(text) or _NOT_LOGGED.search(text):
        return True
    if text.count("=") + text.count(":") > 5 and len(_FLAGS.findall(text)) > 2 and not _COUNTS.search(text):
        return True  # Settings: what is measured is no yes or no.
    return len(_TELLING.findall(text)) > 1 or _QUESTION.search(text[-16:]) is not None


def _is_code(text: str) -> bool:
    """Whether a line is program text, or what programs print that train nothing."""
    if _CODE.match(text):
        return True
    if not any(sign in text for sign in _SIGNS_OF_CODE):
        return False
    framed = _FRAMED.match(text)
    # A name in angles is no comparison: ``train loss <loss>=0.5``.
    return _CODE_INSIDE.match(_ANGLED.sub("=", text[framed.end() :] if framed else text)) is not None
