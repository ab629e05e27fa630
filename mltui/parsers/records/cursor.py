"""A place in the tokens of a line, and what lies around it."""

from __future__ import annotations

from mltui.parsers.tokens import Kind, Token


class Cursor:
    """Stands at token ``i``; gaps are passed over."""

    def __init__(self, tokens: list[Token]) -> None:
        self.tokens = tokens
        self.i = 0

    def _next(self, ahead: int = 1) -> Token | None:
        i = self.i + ahead
        while i < len(self.tokens) and self.tokens[i].kind == "gap":
            i += 1
        return self.tokens[i] if i < len(self.tokens) else None

    def _previous(self) -> Token | None:
        i = self.i - 1
        while i >= 0 and self.tokens[i].kind == "gap":
            i -= 1
        return self.tokens[i] if i >= 0 else None

    def _after_number(self) -> bool:
        previous = self._previous()
        return previous is not None and previous.kind == "number"

    def _touches_number(self, token: Token) -> bool:
        previous = self._previous()
        return previous is not None and previous.kind == "number" and previous.end == token.start

    def _next_kind(self) -> Kind | None:
        following = self._next()
        return None if following is None else following.kind

    def _previous_text(self) -> str:
        previous = self._previous()
        return "" if previous is None else previous.text
