"""A log that is looked at again and again, whatever its end looks like when it is looked at."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mltui.engines.base import LogChunk
from mltui.engines.docker import polled
from mltui.engines.docker.polled import PolledLog
from mltui.engines.docker.skipped import Frame, Part
from mltui.engines.docker.values import seconds


def frame(second: int, data: bytes, stream: int = 1) -> Frame:
    return Frame(stream, b"2026-03-01T12:00:%02dZ" % second, data)


class Looks:
    """A log at one look after the other; the container ends before the last, which goes on for ever."""

    def __init__(self, *looks: list[Frame]) -> None:
        self._looks = list(looks)
        self.asked: list[Part] = []

    def read(self, part: Part) -> Iterator[Frame]:
        self.asked.append(part)
        whole = self._looks[0] if len(self._looks) == 1 else self._looks.pop(0)
        return iter([one for one in whole if part.since is None or (seconds(one.stamp.decode()) or 0) >= part.since])

    def ended(self) -> bool:
        return len(self._looks) == 1

    def close(self) -> None:
        self._looks = [[]]


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """No look waits for the next."""
    monkeypatch.setattr(polled, "_OFTEN_S", 0.0)
    monkeypatch.setattr(polled, "_SHARE", 0.0)


def told(source: Looks, tail: int | None = None) -> list[bytes | None]:
    """What is given, by stream one after the other; ``None`` is a gap."""
    return [None if chunk.lost else chunk.data for chunk in PolledLog(source, follow=True, tail=tail)]


A, B, C, D, E = (frame(second, b"%d\n" % second) for second in (1, 5, 9, 13, 10))
TORN = frame(9, b"")


@pytest.mark.parametrize(
    ("looks", "want"),
    [
        ([[A, B, C]], [b"1\n", b"5\n", b"9\n"]),
        ([[A], [A, B], [A, B, C]], [b"1\n", b"5\n", b"9\n"]),
        ([[A, B, TORN], [A, B, C]], [b"1\n", b"5\n", b"9\n"]),
        ([[A, B, C], [A, B, C], [], [A, B, C, D]], [b"1\n", b"5\n", b"9\n", b"13\n"]),
        ([[A, B, C], [A, B, C], [A], [A], [A, B, C, D]], [b"1\n", b"5\n", b"9\n", b"13\n"]),
        ([[C, C, E], [C, C, E], [C, E], [C, E, D]], [b"9\n", b"9\n", b"10\n", None, b"9\n", b"10\n", b"13\n"]),
        ([[A, B], [A, B], [C], [C, D]], [b"1\n", b"5\n", None, b"9\n", b"13\n"]),
        ([[A, B], [A, B], []], [b"1\n", b"5\n", None]),
        ([[A, A, A], [A, A, A, A, A]], [b"1\n" * 5]),
        ([[]], []),
    ],
    ids=["ended", "grows", "torn", "broken off", "twice", "equal anew", "begun anew", "emptied", "equal", "empty"],
)
def test_each_line_comes_once(looks: list[list[Frame]], want: list[bytes | None]) -> None:
    """What is torn at one look is not taken, what a look lacks is no gap; a log that was begun anew is one."""
    whole = b"".join(part for part in told(Looks(*looks)) if part is not None)
    assert whole == b"".join(part for part in want if part is not None)
    assert told(Looks(*looks)).count(None) == want.count(None)


@given(
    st.lists(
        st.tuples(st.integers(0, 3), st.sampled_from([1, 2]), st.sampled_from([b"x\n", b"y", b"z\n"])), max_size=40
    ),
    st.lists(st.tuples(st.integers(0, 9), st.booleans(), st.integers(0, 9)), max_size=12),
)
def test_any_log_at_any_looks(steps: list[tuple[int, int, bytes]], looks: list[tuple[int, bool, int]]) -> None:
    """However it grows between looks, which may break off or find its end torn, it comes whole and in order."""
    second, log = 0, []
    for pause, stream, data in steps:
        second = min(second + pause, 59)
        log.append(frame(second, data, stream))
    seen, size = [], 0
    for turn, (grown, torn, broken) in enumerate(looks):
        size = min(size + grown, len(log))
        seen.append(log[:size] + [one._replace(data=b"torn %d" % turn) for one in log[size : size + torn]])
        if broken < 5:
            seen.append(log[: max(0, size - broken)])
    chunks = list(PolledLog(Looks(*seen, log), follow=True))
    assert [c.data for c in merged(chunks)] == [c.data for c in merged([LogChunk(f.stream, f.data) for f in log])]


def merged(chunks: list[LogChunk]) -> list[LogChunk]:
    """Neighbours of one stream made one."""
    result: list[LogChunk] = []
    for chunk in chunks:
        if result and result[-1].stream == chunk.stream:
            result[-1] = chunk._replace(data=result[-1].data + chunk.data)
        else:
            result.append(chunk)
    return result


def test_looks_do_not_go_back_to_the_beginning() -> None:
    """What is older than two seconds is not asked for again."""
    source = Looks([A, B, C], [A, B, C, D], [A, B, C, D])
    assert b"".join(filter(None, told(source))) == b"1\n5\n9\n13\n"
    noon = seconds("2026-03-01T12:00:00Z") or 0
    assert [part.since and part.since - noon for part in source.asked] == [None, 3, 7]
    source = Looks([A, B], [A, B, C], [A, B, C], [A, B, C, D])
    assert b"".join(filter(None, told(source))) == b"1\n5\n9\n13\n"
    assert [part.since and part.since - noon for part in source.asked] == [None, -1, 3, 7, 7]


def test_a_look_is_passed_on_as_it_comes() -> None:
    """Of a log that is read from its beginning little is kept, however long it is."""
    taken = 0

    class Long(Looks):
        def read(self, part: Part) -> Iterator[Frame]:
            nonlocal taken
            for _ in range(1000):
                taken += 1
                yield frame(5, b"x" * 10_000)

    for count, chunk in enumerate(PolledLog(Long([]), follow=False)):
        assert len(chunk.data) < 300_000
        assert taken * 10_000 < (count + 2) * 300_000
    assert taken == 1000


def test_a_clock_that_is_set_back() -> None:
    """Lines whose time runs back by a little come once, as the others do."""
    early = frame(8, b"early\n")
    assert b"".join(filter(None, told(Looks([A, C, early], [A, C, early, D])))) == b"1\n9\nearly\n13\n"


def test_a_last_line_that_is_long_is_cut() -> None:
    """A bar that was drawn over for hours has no beginning among the last lines."""
    pieces = [frame(5, b"x" * 1_000_000) for _ in range(50)]
    parts = told(Looks([A, *pieces, B], [A, *pieces, B]), tail=3)
    assert parts[0] is None
    assert None not in parts[1:]
    assert b"".join(filter(None, parts)) == b"x" * 16_000_000 + b"5\n"
    assert None not in told(Looks([A, *pieces, B, C], [A, *pieces, B, C]), tail=1)


def test_the_last_lines_alone() -> None:
    """A tail counts lines, not the pieces that a long one comes in, and goes on with what comes."""
    pieces = [frame(5, b"a"), frame(5, b"b"), frame(6, b"c\n")]
    assert told(Looks([A, *pieces, C], [A, *pieces, C], [A, *pieces, C, D]), tail=2) == [b"ab", b"c\n", b"9\n", b"13\n"]
    assert told(Looks([A, *pieces]), tail=9) == [b"1\n", b"ab", b"c\n"]
    found = list(PolledLog(Looks([A, *pieces, C]), follow=False, tail=1))
    assert [(chunk.data, chunk.time) for chunk in found] == [(b"9\n", seconds("2026-03-01T12:00:09Z"))]


def test_closed_it_ends() -> None:
    """Whoever closes it gets no more of it."""
    log = PolledLog(Looks([A], [A, B]), follow=True)
    chunks = iter(log)
    assert next(chunks).data == b"1\n"
    log.close()
    assert list(chunks) == []
