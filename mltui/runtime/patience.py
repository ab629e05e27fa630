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
                if refusals and not away:
                    raise
                if not self._row.wanted:
                    raise NotFound("The run's record was removed.") from error
                what = "The engine does not answer" if away else "The engine refuses to answer"
                self._row.save(detail=f"{what}: {one_line(error.message, 160)}", hint="It is tried again.")
                tries += 1
                back_off(tries)
            else:
                if tries:
                    self._row.save(detail=self.trouble, hint="It is tried again." if self.trouble else "")
                return answer
