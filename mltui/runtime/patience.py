"""Asking an engine that may be away or fail for a while; the run's row says so meanwhile."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

from mltui.domain.errors import EngineError, EngineUnavailable, NotFound
from mltui.domain.text import one_line
from mltui.runtime.run_row import RunRow

T = TypeVar("T")

#: Waits between two tries to reach an engine that went away: soon at first, then rarely, for ever.
_BACKOFF_S = (0.2, 0.5, 1.0, 2.0, 5.0)


def back_off(tries: int) -> None:
    """Wait before the next try, after so many (from 1 on)."""
    time.sleep(_BACKOFF_S[min(tries, len(_BACKOFF_S)) - 1])


class Patience:
    """Waits for answers, and keeps what troubles the run in its row."""

    def __init__(self, row: RunRow) -> None:
        self._row = row
        self.trouble = ""
        """What keeps the run's output from being recorded now; empty while nothing does."""
        self.gone: float | None = None
        """When the engine did not answer any more, the last time that it went away; seconds since 1970."""
        self.back: float | None = None
        """When it answered again; ``None`` while it is away."""

    def note_away(self) -> None:
        """The engine does not answer now."""
        if self.gone is None or self.back is not None:
            self.gone, self.back = time.time(), None

    def was_away_at(self, moment: float | None, before: float = 0.0) -> bool:
        """The engine did not answer then, or from ``before`` seconds later on."""
        if moment is None or self.gone is None:
            return False
        return self.gone - before <= moment <= (self.back or moment)

    def note(self, trouble: str) -> None:
        """Output cannot be recorded for now."""
        if trouble != self.trouble:
            self.trouble = trouble
            self._row.save(detail=trouble, hint="It is tried again; the engine keeps what is printed meanwhile.")

    def clear(self) -> None:
        """Output is recorded again."""
        if self.trouble:
            self.trouble = ""
            self._row.save(detail="", hint="")

    def ask_for(self, ask: Callable[[], T], *, refusals: bool = False) -> T:
        """Ask an engine that may be away or fail for a while; an answer is waited for as long as it takes.

        Raises ``NotFound``, and other refusals where they are an answer (``refusals``).
        """
        tries = 0
        while True:
            try:
                answer = ask()
            except NotFound:
                raise
            except EngineError as error:
                away = isinstance(error, EngineUnavailable)
                if away:
                    self.note_away()
                if refusals and not away:
                    raise
                if not self._row.wanted:
                    raise NotFound("The run's record was removed.") from error
                what = "The engine does not answer" if away else "The engine refuses to answer"
                self._row.save(detail=f"{what}: {one_line(error.message, 160)}", hint="It is tried again.")
                tries += 1
                back_off(tries)
            else:
                if self.gone is not None and self.back is None:
                    self.back = time.time()
                if tries:
                    self._row.save(detail=self.trouble, hint="It is tried again." if self.trouble else "")
                return answer
