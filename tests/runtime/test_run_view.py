"""A viewer keeps up with a run's files: what it shows, and that it says something changed only when it did."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from mltui.domain.metric import MetricPoint
from mltui.domain.run import Run, RunState
from mltui.runtime.run_view import RunView
from mltui.storage.log_file import LogWriter
from mltui.storage.metric_writer import MetricWriter
from mltui.storage.run_folder import RunFolder
from mltui.ui.presentation.run import silent_text
from mltui.ui.screens.selected import Selected


@pytest.fixture
def folder(tmp_path: Path) -> RunFolder:
    """The folder of a run that has printed nothing yet."""
    folder = RunFolder(tmp_path, "abcd2345")
    folder.make()
    return folder


@pytest.fixture
def view(folder: RunFolder) -> Iterator[RunView]:
    """A view of it."""
    view = RunView(folder)
    yield view
    view.close()


def texts(view: RunView) -> list[str]:
    return [line.text for line in view.log.lines]


def versions(view: RunView) -> tuple[int, int, int]:
    return view.log.version, view.metrics.version, view.build.version


def test_nothing_there_yet(view: RunView) -> None:
    """A run whose files are not written yet is an empty view, asked as often as one likes."""
    before = versions(view)
    assert not view.read
    assert not view.log_read
    assert not view.poll()
    assert view.read
    assert not view.poll()
    assert versions(view) == before


def test_before_a_record_is_read_nothing_is_said_to_be_missing_from_it(view: RunView) -> None:
    """Neither that it printed nothing, nor are charts of what it used drawn alone, which metrics may still follow."""
    ended = Run(view.run_id, "tiny", "", "local", "", RunState.FINISHED, created=0.0)
    assert not silent_text(ended, read=view.log_read)
    assert Selected._system(ended, view) is None
    view.poll()
    assert silent_text(ended, read=view.log_read) == "it printed nothing"
    assert Selected._system(ended, view) is view.system


def test_versions_change_exactly_when_something_came(folder: RunFolder, view: RunView) -> None:
    """Each store for itself."""
    with LogWriter(folder.path) as log:
        log.append(1, b"one\n", 1.0)
        before = versions(view)
        assert view.poll()
        after = versions(view)
        assert after[0] > before[0]
        assert after[1:] == before[1:]
        assert not view.poll()
        assert versions(view) == after
    metrics = MetricWriter(folder.metrics)
    metrics.add(MetricPoint("loss", "step", 1, 0.5), 1.0)
    metrics.close()
    assert view.poll()
    assert versions(view)[0] == after[0]
    assert versions(view)[1] > after[1]
    folder.build_log.write_text("Step 1/2 : FROM busybox\n")
    assert view.poll()
    assert versions(view)[2] > after[2]
    assert not view.poll()


def test_lines_keep_their_stream_and_time(folder: RunFolder, view: RunView) -> None:
    """The line being drawn is shown for each stream, a bar is one line that changes."""
    with LogWriter(folder.path) as log:
        log.append(1, b"one\n10%\r20%", 1.0)
        log.append(2, b"warn", 2.0)
        view.poll()
        assert [(line.text, line.stream, line.time) for line in view.log.lines] == [("one", 1, 1.0)]
        assert view.log.pending == {1: "20%", 2: "warn"}
        log.append(1, b"\r100%\n", 3.0)
        log.append(2, b"ing\n", 4.0)
        view.poll()
    assert [(line.text.rstrip(), line.stream, line.time) for line in list(view.log.lines)[1:]] == [
        ("100%", 1, 3.0),
        ("warning", 2, 4.0),
    ]


def test_nothing_that_a_log_holds_steers_the_terminal(folder: RunFolder, view: RunView) -> None:
    """No control character is left in any line, finished or not."""
    with LogWriter(folder.path) as log:
        log.append(1, bytes(range(256)) + b"\x1b]52;c;aGk=\x07\x1b[2J\n" + bytes(range(128, 256)) + b"\x1b[31mred", 1.0)
    folder.build_log.write_bytes(b"\x1b]0;title\x07Step 1\n")
    view.poll()
    shown = [*texts(view), *view.log.pending.values(), *(line.text for line in view.build.lines)]
    assert shown
    assert not [c for text in shown for c in text if c != "\t" and (ord(c) < 32 or 127 <= ord(c) < 160)]


def test_a_long_log_is_opened_at_its_end(folder: RunFolder, view: RunView) -> None:
    """The last megabyte, from the beginning of a line, and how much is before it."""
    line = b"line %08d of a long log that is longer than what is read of it at first\n"
    with LogWriter(folder.path) as log:
        for i in range(30_000):
            log.append(1, line % i, i / 100)
    view.poll()
    assert texts(view)[-1].startswith("line 00029999")
    numbers = [int(text.split()[1]) for text in texts(view)]
    assert numbers == list(range(numbers[0], 30_000))
    assert len(view.log.lines) * len(line % 0) < 1 << 20
    assert view.log.skipped_bytes == numbers[0] * len(line % 0)
    assert view.log.lines[-1].time == pytest.approx(299.99, abs=0.11)


def test_a_flood_is_followed_at_its_end(folder: RunFolder, view: RunView) -> None:
    """However much comes between two looks, one look reads a bounded part of it, the newest."""
    with LogWriter(folder.path) as log:
        log.append(1, b"first\n", 1.0)
        view.poll()
        log.append(1, b"".join(b"line %08d\n" % i for i in range(500_000)), 2.0)
        view.poll()
    assert texts(view)[-1] == "line 00499999"
    assert len(texts(view)) < 30_000
    assert view.log.skipped_bytes > 6_000_000


def test_what_a_flood_left_out_is_there_when_it_is_over(folder: RunFolder, view: RunView) -> None:
    """While it goes on only its newest lines are read; then the last megabyte is, without a gap."""
    with LogWriter(folder.path) as log:
        log.append(1, b"first\n", 1.0)
        view.poll()
        for part in range(5):
            log.append(1, b"".join(b"line %08d\n" % (part * 50_000 + i) for i in range(50_000)), 2.0)
            for _ in range(3):
                view.poll()
            assert texts(view)[-1] == f"line {part * 50_000 + 49_999:08}"
            assert len(texts(view)) < 2_000
        log.append(1, b"the end\n", 3.0)
        while len(texts(view)) < 2_000:
            view.poll()
    numbers = [int(text.split()[1]) for text in texts(view)[:-1]]
    assert numbers == list(range(numbers[0], 250_000))
    assert texts(view)[-1] == "the end"
    assert view.log.skipped_bytes + view.log.first * len("line 00000000\n") == len(b"first\n") + numbers[0] * 14


def test_a_bar_that_never_ends_its_line(folder: RunFolder, view: RunView) -> None:
    """Megabytes without a line's end are one line that changes."""
    with LogWriter(folder.path) as log:
        for i in range(20):
            log.append(1, b"".join(b"\r%6d/2000000" % (i * 10_000 + j) for j in range(10_000)), float(i))
            view.poll()
    assert texts(view) == []
    assert view.log.pending == {1: "199999/2000000"}


def test_the_build_log_grows_line_by_line(folder: RunFolder, view: RunView) -> None:
    """Nothing is shown twice, also where a line or a character is written in two pieces."""
    whole = "Step 1/2 : FROM büsybox\n ---> abc\nStep 2/2 : RUN true\n".encode()
    with folder.build_log.open("ab", buffering=0) as file:
        for i in range(len(whole)):
            file.write(whole[i : i + 1])
            view.poll()
    assert [line.text for line in view.build.lines] == ["Step 1/2 : FROM büsybox", " ---> abc", "Step 2/2 : RUN true"]


def test_a_run_that_is_removed_while_it_is_looked_at(folder: RunFolder, view: RunView) -> None:
    """What was read stays, nothing fails."""
    with LogWriter(folder.path) as log:
        log.append(1, b"one\n", 1.0)
        metrics = MetricWriter(folder.metrics)
        metrics.add(MetricPoint("loss", "step", 1, 0.5), 1.0)
        metrics.close()
        view.poll()
        shutil.rmtree(folder.path)
        assert not view.poll()
        log.append(1, b"x" * 3_000_000, 2.0)
    view.poll()
    assert len(view.metrics.series) == 1
