"""What a search in a log finds."""

from __future__ import annotations

from mltui.domain.log import LogLine
from mltui.domain.log_search import REACH, FittingLines, LogSearch


def lines(*texts: str) -> list[LogLine]:
    return [LogLine(text) for text in texts]


def test_a_text_is_found_as_it_is_typed_in_either_case() -> None:
    search = LogSearch("loss (.")
    assert search.within("Loss (. and LOSS (.") == [(0, 7), (12, 19)]
    assert search.hits(lines("loss (x", "a loss (.", "LOSS (.")) == [1, 2]
    assert not LogSearch()
    assert LogSearch().within("anything") == []


def test_a_text_that_grows_is_looked_for_where_the_shorter_one_was() -> None:
    log = lines("lose", "loss", "LOSS", "other")
    before = LogSearch("lo")
    longer = LogSearch("LOs")
    assert longer.narrows(before)
    assert not before.narrows(longer)
    assert LogSearch("loss").hits(log, before.hits(log)) == LogSearch("loss").hits(log) == [1, 2]
    assert LogSearch("loss").hits(log, [0, 2]) == [2], "only there"


def test_of_a_long_line_the_beginning_is_searched() -> None:
    """A log of long lines would else be searched for seconds with each letter."""
    search = LogSearch("end")
    assert search.hits(lines("x" * (REACH - 3) + "end", "x" * (REACH - 2) + "end")) == [0]


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
