"""What a search in a log finds."""

from __future__ import annotations

from mltui.domain.log import LogLine
from mltui.domain.log_search import FittingLines, LogSearch


def lines(*texts: str) -> list[LogLine]:
    return [LogLine(text) for text in texts]


def test_a_text_is_found_as_it_is_typed_in_either_case() -> None:
    search = LogSearch("loss (.")
    assert search.within("Loss (. and LOSS (.") == [(0, 7), (12, 19)]
    assert search.hits(lines("loss (x", "a loss (.", "LOSS (.")) == [1, 2]
    assert not LogSearch()
    assert LogSearch().within("anything") == []


def test_lines_that_come_are_looked_at_once_and_those_of_a_log_begun_anew_too() -> None:
    fitting = FittingLines(LogSearch("a"), limit=3)
    log = lines("a1", "b", "a2")
    fitting.take(log)
    log += lines("b", "a3", "a4")
    fitting.take(log[2:])  # the oldest lines are gone from the log meanwhile
    assert [line.text for line in fitting.lines] == ["a2", "a3", "a4"], "as many as the log keeps"
    fitting.take(lines("a1", "b"))
    assert [line.text for line in fitting.lines] == ["a1"]
    fitting.take([])
    assert not fitting.lines
