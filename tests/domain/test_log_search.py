"""What a search in a log finds."""

from __future__ import annotations

from mltui.domain.log import LogLine
from mltui.domain.log_search import REACH, Finding, FittingLines, LogSearch


def lines(*texts: str) -> list[LogLine]:
    return [LogLine(text) for text in texts]


def hits(search: LogSearch, log: list[LogLine], among: list[int] | None = None) -> list[int]:
    """What is found in the end."""
    finding = Finding(search, log, len(log), among)
    while not finding.done:
        finding.step(0)
    return finding.hits


def test_a_text_is_found_as_it_is_typed_in_either_case() -> None:
    search = LogSearch("loss (.")
    assert search.within("Loss (. and LOSS (.") == [(0, 7), (12, 19)]
    assert hits(search, lines("loss (x", "a loss (.", "LOSS (.")) == [1, 2]
    assert not LogSearch()
    assert LogSearch().within("anything") == []


def test_a_text_that_grows_is_looked_for_where_the_shorter_one_was() -> None:
    log = lines("lose", "loss", "LOSS", "other")
    before = LogSearch("lo")
    longer = LogSearch("LOs")
    assert longer.narrows(before)
    assert not before.narrows(longer)
    assert hits(LogSearch("loss"), log, hits(before, log)) == hits(LogSearch("loss"), log) == [1, 2]
    assert hits(LogSearch("loss"), log, [0, 2]) == [2], "only there"


def test_it_is_looked_for_upwards_from_a_line_first_then_below() -> None:
    """So the nearest is known at once; with each step the hits are those of the lines looked at, in order."""
    finding = Finding(LogSearch("x"), lines("x0", "x1", "-", "x3", "-", "x5", "x6"), 5, known=[])
    seen = []
    while not finding.done:
        finding.step(0)
        seen.append((finding.hits, finding.hits[finding.nearest] if finding.hits else None))
    assert seen[:2] == [([], None), ([3], 3)]
    assert seen[4] == ([0, 1, 3], 3)
    assert seen[-1] == ([0, 1, 3, 5, 6], 3)


def test_what_is_known_of_older_lines_need_not_be_looked_for() -> None:
    finding = Finding(LogSearch("x"), lines("x", "x", "-", "x"), 2, range(2, 4), known=[1])
    finding.step(1)
    assert (finding.hits, finding.nearest) == ([1, 3], 0)


def test_of_a_long_log_the_newest_lines_come_first() -> None:
    """In steps; what comes meanwhile is behind them, and no more is looked at than the log keeps."""
    fitting = FittingLines(LogSearch("a"), limit=4)
    log = lines("a0", "a1", "b", "a3", "a4")
    fitting.take(log)
    assert [fitting.step(0), fitting.step(0)] == [1, 1]
    assert [line.text for line in fitting.lines] == ["a3", "a4"]
    fitting.take([*log, *lines("a5")])
    assert not fitting.done
    while not fitting.done:
        fitting.step(0)
    assert [line.text for line in fitting.lines] == ["a1", "a3", "a4", "a5"]


def test_of_a_long_line_the_beginning_is_searched() -> None:
    """A log of long lines would else be searched for seconds with each letter."""
    search = LogSearch("end")
    assert hits(search, lines("x" * (REACH - 3) + "end", "x" * (REACH - 2) + "end")) == [0]


def test_lines_that_come_are_looked_at_once_and_those_of_a_log_begun_anew_too() -> None:
    fitting = FittingLines(LogSearch("a"), limit=3)
    log = lines("a1", "b", "a2")
    fitting.take(log)
    fitting.step(1)
    log += lines("b", "a3", "a4")
    fitting.take(log[2:])  # the oldest lines are gone from the log meanwhile
    assert [line.text for line in fitting.lines] == ["a2", "a3", "a4"], "as many as the log keeps"
    fitting.take(lines("a1", "b"))
    fitting.step(1)
    assert [line.text for line in fitting.lines] == ["a1"]
    fitting.take([])
    assert not fitting.lines
