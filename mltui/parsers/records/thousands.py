"""Blanks between the thousands of a count: ``Step 12 000``, ``iter 1 250/100 000``."""

from __future__ import annotations

import re
from itertools import pairwise

from mltui.parsers.words.roles import counter_of
from mltui.parsers.words.tokens import Token

_FORM = re.compile(r"(?<![\d.])[1-9]\d{0,2} \d{3}(?!\d)")


class Thousands:
    """Takes such numbers as one, once the log has shown that it writes them so.

    ``iter 100 938`` may as well be where it is and of how many. But no number of its own begins with a zero, ``1 000``,
    and none has three groups or a total in the same form. Where the first number stays as the second goes on, they are
    one; where the second stays as the first goes on, it is the total, in all of the log.
    """

    def __init__(self) -> None:
        self.doubtful = False
        """The last line holds two numbers of which it is not known yet whether they are one."""
        self._proven: bool | None = None
        self._last: list[str] = []
        """The two numbers of the last line that was in doubt."""

    def joined(self, text: str, tokens: list[Token]) -> list[Token]:
        """The ``tokens`` of ``text``, with such numbers as one where that is known."""
        self.doubtful = False
        if self._proven is False or not _FORM.search(text):
            return tokens
        found = list[Token]()
        counts = list[Token]()
        for token in tokens:
            last = found[-1] if found else None
            if last is not None and _goes_on(last, token) and _counts(found[:-1]):
                counts = counts[:-1] if last in counts else counts
                found[-1] = last._replace(text=text[last.start : token.end], end=token.end, unit=token.unit)
                counts.append(found[-1])
            else:
                found.append(token)
        if counts and self._proven is None:
            ratio = any(text[a.end : b.start].strip() == "/" for a, b in pairwise(counts))
            self._prove([token.text.split(" ") for token in counts], ratio)
        return found if self._proven else tokens

    def _prove(self, counts: list[list[str]], ratio: bool) -> None:
        """Note what these ``counts`` show, two of which may be a ``ratio``."""
        first, last = counts[0], self._last
        stands = bool(last) and first[0] == last[0] and int(first[1]) > int(last[1])
        if ratio or stands or any(len(groups) > 2 or groups[1][0] == "0" for groups in counts):
            self._proven = True
        elif last and first[1] == last[1] and first[0] != last[0]:
            self._proven = False
        else:
            self.doubtful, self._last = True, first


def _goes_on(last: Token, token: Token) -> bool:
    """Whether ``token`` is three more digits of the number ``last``, behind a single blank."""
    if last.kind != "number" or last.unit or not 0 < len(last.text.split(" ")[0]) < 4 or last.text[0] == "0":
        return False
    digits = last.text.replace(" ", "").isdigit() and token.text.isdigit() and len(token.text) == 3
    return digits and token.kind == "number" and token.start == last.end + 1


def _counts(before: list[Token]) -> bool:
    """Whether ``before`` ends with the name of what is counted in thousands, or with a count and a slash."""
    tokens = before[:-1] if before and before[-1].text in ":=/" else before
    if before[-1:] and before[-1].text == "/":
        return bool(tokens) and tokens[-1].kind == "number" and _counts(tokens[:-1])
    counts = counter_of(tokens[-1].text) if tokens and tokens[-1].kind == "word" else None
    return counts is not None and counts[1] == "step"
