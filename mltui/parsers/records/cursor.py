"""A place in the tokens of a line, and what lies around it."""

from __future__ import annotations

from mltui.parsers.words.tokens import Token, TokenKind


class Cursor:
    """Stands at token ``i``; gaps are passed over."""

    def __init__(self, tokens: list[Token], i: int = 0) -> None:
        self.tokens = tokens
        self.i = i

    def next(self, ahead: int = 1) -> Token | None:
        """The token ``ahead`` places behind the one at hand, or the first behind it that is no gap."""
        i = self.i + ahead
        while i < len(self.tokens) and self.tokens[i].kind == "gap":
            i += 1
        return self.tokens[i] if i < len(self.tokens) else None

    def previous(self) -> Token | None:
        """The token in front of the one at hand."""
        i = self.i - 1
        while i >= 0 and self.tokens[i].kind == "gap":
            i -= 1
        return self.tokens[i] if i >= 0 else None

    def first_of_row(self) -> Cursor:
        """Where the row of marks begins that the one at hand is the last of: ``--``."""
        i = self.i
        while i and self.tokens[i - 1].text == self.tokens[i].text and self.tokens[i - 1].end == self.tokens[i].start:
            i -= 1
        return Cursor(self.tokens, i)

    def go_to(self, token: Token) -> None:
        """Go on to a token that stands here or behind."""
        self.i = self.tokens.index(token, self.i)

    def after_number(self) -> bool:
        """Whether a number stands in front."""
        previous = self.previous()
        return previous is not None and previous.kind == "number"

    def touches_number(self, token: Token) -> bool:
        """Whether a number stands right in front of ``token``, the one at hand, with no blank between them."""
        previous = self.previous()
        return previous is not None and previous.kind == "number" and previous.end == token.start

    def touches_gap(self) -> bool:
        """Whether blanks stand around the mark at hand."""
        token, previous, following = self.tokens[self.i], self.previous(), self.next()
        return previous is not None and following is not None and previous.end < token.start < following.start - 1

    def next_kind(self) -> TokenKind | None:
        """The kind of the token behind."""
        following = self.next()
        return None if following is None else following.kind

    def next_text(self) -> str:
        """The text of the token behind."""
        following = self.next()
        return "" if following is None else following.text

    def previous_text(self) -> str:
        """The text of the token in front."""
        previous = self.previous()
        return "" if previous is None else previous.text
