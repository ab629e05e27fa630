"""The end of a log in memory."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mltui.domain import log
from mltui.domain.log import LogBuffer, LogLine


@given(st.lists(st.integers(0, 12)), st.integers(1, 8))
def test_the_newest_lines_are_kept_and_all_are_counted(batches: list[int], limit: int) -> None:
    """However they come: the number of the first line held tells how many went before."""
    buffer = LogBuffer(limit)
    total = 0
    for size in batches:
        buffer.extend([LogLine(str(total + i)) for i in range(size)])
        total += size
    assert [int(line.text) for line in buffer.lines] == list(range(max(0, total - limit), total))
    assert buffer.first + len(buffer.lines) == total


@settings(max_examples=30)
@given(st.lists(st.lists(st.integers(0, 60))))
def test_of_long_lines_fewer_are_kept(batches: list[list[int]]) -> None:
    """As many of the newest as have so many characters together, but the newest in any case; all are counted."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(log, "_MOST_CHARACTERS", 50)
        buffer, total = LogBuffer(), 0
        for lengths in batches:
            buffer.extend([LogLine("x" * length) for length in lengths])
            total += len(lengths)
            held = sum(len(line.text) for line in buffer.lines)
            assert held <= 50 or len(buffer.lines) == 1
            assert buffer.first + len(buffer.lines) == total
            assert bool(buffer.lines) is bool(total)


def test_its_version_grows_with_every_change_and_only_then() -> None:
    """Nothing new is no change."""
    buffer = LogBuffer()
    seen = [buffer.version]
    buffer.extend([])
    buffer.draw(1, "")
    assert buffer.version == seen[0]
    for change in (
        lambda: buffer.extend([LogLine("one")]),
        lambda: buffer.draw(1, "10%"),
        lambda: buffer.draw(2, "warn"),
        lambda: buffer.draw(1, "20%"),
        lambda: buffer.clear(skipped_bytes=100),
    ):
        change()
        assert buffer.version > seen[-1]
        seen.append(buffer.version)
    buffer.draw(1, "")
    assert (buffer.version, buffer.skipped_bytes, list(buffer.lines), buffer.pending) == (seen[-1], 100, [], {})
