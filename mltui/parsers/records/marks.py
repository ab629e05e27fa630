"""Marks between numbers and names: slashes, dashes, arrows, commas."""

from __future__ import annotations

from mltui.parsers.records.brackets import Brackets
from mltui.parsers.records.lists import names_before, numbers_behind
from mltui.parsers.records.names import measures
from mltui.parsers.records.record import Field, Nameless
from mltui.parsers.tokens import Token
from mltui.parsers.vocabulary import Role


class Marks(Brackets):
    """How marks are read."""

    def _add(self, name: str, token: Token, explicit: bool) -> None:
        """Take a number as the value of ``name``."""
        raise NotImplementedError

    def _listed(self) -> bool:
        """Read a list of values behind a list of their names."""
        names, numbers = names_before(self.tokens, self.i), numbers_behind(self.tokens, self.i)
        if not names or len(names) != len(numbers):
            return False
        self._clear()
        for name, token in zip(names, numbers, strict=True):
            self.number += 1
            self._add(name, token, True)
        self.i = self.tokens.index(numbers[-1], self.i)
        return True

    def _slash(self) -> None:
        following = self._next()
        if following is None or following.kind != "number":
            return
        while self.tokens[self.i] is not following:
            self.i += 1
        self.number += 1
        last = self.last
        if isinstance(last, Nameless):
            last.total = self.number
        elif (
            isinstance(last, Field) and last.role is not Role.COUNTER and last.decimal and not following.text.isdigit()
        ):
            last.more.append(self.number)
        elif isinstance(last, Field):
            last.total = self.number
            self._quotient(last)

    def _quotient(self, last: Field) -> None:
        """Take the value that a count comes to: ``accuracy: 21/100=0.21``."""
        sign, value = self._next(), self._next(2)
        if sign is not None and sign.text == "=" and value is not None and "." in value.text and value.kind == "number":
            self.i = self.tokens.index(value, self.i)
            self.number += 1
            last.index, last.total, last.decimal = self.number, None, True

    def _below(self) -> None:
        """Pass over what a value is compared with: ``|gradient| <= tol: 0.65 <= 1e-06`` is about the gradient."""
        if self._after_number():
            self.skip_next = True
        elif self.phrase and not self.separator:
            behind = [token.text for token in self.tokens[self.i + 1 : self.i + 4]]
            limit = behind[1:] if behind[:1] == ["="] else behind  # What it is compared with, and a colon.
            if limit[1:2] == [":"]:
                self.i += behind.index(":") + 1
                self.separator = ":"

    def _dash(self, token: Token) -> None:
        previous, following = self._previous(), self._next()
        apart = previous is None or following is None or previous.end < token.start < token.end < following.start
        named = bool(self.phrase) and not self.separator and measures(self.phrase[-1])
        if apart and named and following is not None and following.kind == "number" and "." in following.text:
            self.separator = ":"  # "dice_loss - 0.31"
            return
        if apart or previous is None or following is None:
            self._boundary()
        elif self._after_number() and following.kind == "number" and isinstance(self.last, Field) and self.last.counts:
            self.i = self.tokens.index(following, self.i)
            self.number += 1
            self.last.index = self.number

    def _arrow(self, token: Token) -> None:
        following = self._next()
        if following is not None and following.kind == "number":
            if self.phrase and not self.separator:
                self.separator = ":"
                return
            self.skip_next = self._after_number()
        self._boundary()

    def _plusminus(self, token: Token) -> None:
        self.skip_next = self._after_number()
