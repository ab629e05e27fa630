"""Brackets in a line: values beside a value, conditions of a name, tags, groups of fields, settings."""

from __future__ import annotations

import re

from mltui.parsers.records.cursor import Cursor
from mltui.parsers.records.names import MEANS, measures
from mltui.parsers.records.record import Field, Nameless, Record
from mltui.parsers.tokens import NUMBER, TIME_UNITS, Token
from mltui.parsers.vocabulary import Role, counter_of, role_of, scope_of, word_set

_SETTINGS = word_set("""
    params parameters config args hparams hyperparameters settings kwargs options parameter
""")
# What a bracket holds of many values: ``(min: 0.0, avg: 2.1, max: 3.0)``.
STATISTICS = frozenset(["min", "max", "avg", "mean", "std", "median"])
_SINGLE_PAIR = re.compile(rf"\[\(\d+, *(['\"]?){NUMBER}\1\)\]")
#: Words in brackets, and in front of a colon, that tell no series apart.
NO_TAGS = word_set("""
    main trainer log logs logger info metrics metric progress status result results summary report system master
    root app model best new start end done ok stdout stderr pipeline worker
""")


class Brackets(Cursor):
    """What is known at one place of a line, and how brackets there are read."""

    def __init__(self, text: str, tokens: list[Token]) -> None:
        super().__init__(tokens)
        self.text = text
        self.record = Record()
        self.phrase: list[str] = []
        self.separator = ""
        self.label = ""
        self.inherited = ""
        """Scope word of a name before: ``train Loss: 0.6 Acc: 0.7`` means the training's accuracy too."""
        self.last: Field | Nameless | None = None
        self.waiting_name = ""
        self.cut_off: list[str] = []
        """The phrase that a bracket interrupted: ``Training loss (for 1 batch) at step 0: 2.3``."""
        self.brackets: list[str] = []
        self.outer = ""
        """What stands in front of the bracket at hand: ``tot_loss[loss=0.5, simple_loss=0.2]``."""
        self.number = -1
        self.listed = 1
        self.skip_next = False
        self.measured = False
        """What the phrase names is measured, whatever its last words are."""
        self._previous_comma = False
        """The last boundary was a comma behind a word, as in a list of names."""

    def _boundary(self) -> None:
        """The phrase ends here."""
        raise NotImplementedError

    def _named(self, token: Token) -> None:
        """Take a number as the value of what the phrase names."""
        raise NotImplementedError

    def _clear(self) -> None:
        """Forget the phrase."""
        raise NotImplementedError

    def _open(self, token: Token) -> None:
        following, previous = self._next(), self._previous()
        text = token.text
        if self._after_number() and following is not None and following.text in TIME_UNITS and self._unit_inside():
            return
        if text == "(" and self._after_number() and following and self._value_inside(following):
            self._inside_value()
            return
        numbers_follow = following is not None and following.kind == "number"
        if text == "(" and self.phrase and not self.separator:
            if self._value_in_brackets() or self._name_in_brackets():
                return
            touching = previous is not None and previous.end == token.start
            self.cut_off = list(self.phrase)
            self.brackets.append("call" if touching and role_of(self.phrase[-1]) is not Role.METRIC else "(")
            self._boundary()
            return
        if text == "[" and self.phrase and not self.separator and self._pass_index():
            return
        if text == "[" and self.separator and self._single_pair(token):
            return
        if text == "[" and self.phrase and numbers_follow:
            self.separator = self.separator or "["
            self.brackets.append("value")
            self.listed = 1
            return
        named = self._names_what_follows() if text == "{" else text == "[" and not self.separator
        if named and self.phrase and measures(self.phrase[-1]):
            self.outer = self.phrase[-1]
        settings = text in "{(" and bool(self.phrase) and self.phrase[-1].lower() in _SETTINGS
        if text == "(" and self.separator:
            if self._names_group(following):
                self.outer = " ".join(self.phrase)
                self.brackets.append("group")
                self._clear()
            else:
                self.brackets.append("wrap")
            return
        self.brackets.append("settings" if settings else text)
        self._boundary()

    def _value_inside(self, following: Token) -> bool:
        """Whether a bracket behind a number holds another one: ``0.81 (0.79)``, ``0.81 (avg 0.79)``."""
        if following.kind == "word" and following.text.lower() in MEANS:
            behind = self._next(2)
            behind = self._next(3) if behind is not None and behind.text in ":=" else behind
            return behind is not None and behind.kind == "number"
        return following.kind == "number"

    def _unit_inside(self) -> bool:
        """Take ``[sec]`` behind a number as its unit."""
        closing = self._next(2)
        if closing is None or closing.text not in ")]":
            return False
        if isinstance(self.last, Field):
            self.last.role = Role.OTHER
        self.i = self.tokens.index(closing, self.i)
        return True

    def _names_what_follows(self) -> bool:
        """Whether the names in a dictionary need what stands in front of it: ``Losses {'ner': 12.3}``."""
        first = next((token.text for token in self.tokens[self.i + 1 : self.i + 3] if token.kind == "word"), "")
        return bool(first) and not measures(first)

    def _names_group(self, following: Token | None) -> bool:
        """Whether the phrase names what a bracket holds by scope: ``accuracy: (train=0.92, test=0.85)``."""
        behind = self._next(2)
        if following is None or following.kind != "word" or behind is None or behind.text not in ":=":
            return False
        by_scope = bool(scope_of(following.text)) and measures(self.phrase[-1])
        return by_scope or following.text.lower() in STATISTICS

    def _value_in_brackets(self) -> bool:
        """Whether the bracket behind a name holds nothing but its value: ``Gen. (+0.95)``."""
        value, closing = self._next(), self._next(2)
        if value is None or closing is None or value.kind != "number" or closing.text != ")":
            return False
        if "." not in value.text or value.unit.strip(" %"):
            return False
        self.separator = ":"
        self.brackets.append("value")
        return True

    def _single_pair(self, opening: Token) -> bool:
        """Read the value of a list of one pair, ``[(0, '-1.667')]``: the index in front of it says nothing."""
        found = _SINGLE_PAIR.match(self.text, opening.start)
        if found is None:
            return False
        inside = [token for token in self.tokens[self.i :] if token.start < found.end()]
        index, value = (token for token in inside if token.kind == "number")
        self.record.literal.append((index.start, index.end))
        self.number += 2
        self.i += len(inside) - 1
        self._named(value)
        self._clear()
        return True

    def _pass_index(self) -> bool:
        """Pass over a bracket whose value stands behind it.

        ``[381-400]`` of ``avg. loss [381-400]: 75.2`` says nothing that the name has to say; what ``AP @[ IoU=0.50 ] =
        0.61`` holds belongs to the name.
        """
        near = range(self.i + 1, min(self.i + 40, len(self.tokens)))
        end = next((j for j in near if self.tokens[j].text in "[]"), 0)
        if not end or end + 1 >= len(self.tokens) or self.tokens[end + 1].text not in ":=":
            return False
        said = [token.text for token in self.tokens[self.i : end] if token.kind == "word"]
        if any(counter_of(word) for word in said):
            return False
        if said:
            start, stop = self.tokens[self.i].end, self.tokens[end].start
            self.phrase.append(" ".join(self.text[start:stop].replace("|", " ").split()).replace("= ", "="))
            self.record.literal.append((start, stop))
        self.number += sum(token.kind == "number" for token in self.tokens[self.i : end])
        self.i = end
        return True

    def _name_in_brackets(self) -> bool:
        """Take ``(ms)`` of ``time per iteration (ms): 5`` or ``(train)`` of ``Epoch(train)`` as part of the phrase."""
        inner: list[str] = []
        for j in range(self.i + 1, min(self.i + 5, len(self.tokens))):
            token = self.tokens[j]
            if token.text == ")" and inner:
                if len(inner) == 1 and scope_of(inner[0]) and counter_of(" ".join(self.phrase)):
                    self.label = inner[0]
                else:
                    self.phrase.extend(inner)
                self.i = j
                return True
            if token.kind not in ("word", "mark") or token.text in "=:([{":
                return False
            if token.kind == "word":
                inner.append(token.text)
        return False

    def _close(self, text: str) -> None:
        if text in "]}":
            self.outer = ""
        if text == "]":
            self._tag()
        if self.brackets:
            closed = self.brackets.pop()
            if closed in ("value", "wrap"):
                return
            if closed == "group":
                self.outer = ""
        self._boundary()

    def _tag(self) -> None:
        """Take the first ``[student]`` of a line as what it is about."""
        record = self.record
        if len(self.phrase) == 1 and not (record.tag or record.fields or record.nameless or self.separator):
            word = self.phrase[0]
            if word.isascii() and word.isalpha() and word.lower() not in NO_TAGS and role_of(word) is Role.UNKNOWN:
                record.tag = word

    def _inside_value(self) -> None:
        """Read ``(0.79)`` or ``(93%)`` behind a value; nothing else in such brackets is read."""
        last, first = self.last, True
        while self.i + 1 < len(self.tokens) and self.tokens[self.i].text != ")":
            self.i += 1
            token = self.tokens[self.i]
            if token.kind != "number":
                continue
            self.number += 1
            if not first or last is None:
                continue
            first = False
            if "%" in token.unit:
                last.percent = self.number
            elif (
                isinstance(last, Field)
                and last.decimal
                and not token.text.isdigit()
                and not token.unit
                and self._next_kind() != "word"  # "(2.1 s)" is another figure.
            ):
                last.mean = self.number
