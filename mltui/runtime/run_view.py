"""What a viewer sees of one run: its series and the end of its log, kept up with the files while they grow.

The second half of the straight line::

    metrics ──▶ MetricReaderFile ──▶ MetricStore ──▶ (a clock sees the version) ──▶ chart
    samples ──▶ SampleReader ──▶ SystemSeries ──▶ (the same clock) ──▶ chart
    log     ──▶ LogReader ──▶ LineScreen ──▶ LogBuffer ──▶ (the same clock) ──▶ log pane
"""

from __future__ import annotations

import contextlib
import os
import time
from pathlib import Path

from mltui.domain.log import LogBuffer, LogLine
from mltui.domain.metric import MetricStore, SeriesKey
from mltui.domain.text import clean
from mltui.parsers.terminal.line_screen import LineScreen
from mltui.runtime.system_series import SystemSeries
from mltui.storage.columns import Columns
from mltui.storage.log_file import LogReader
from mltui.storage.metric_reader import MetricReaderFile
from mltui.storage.run_folder import RunFolder
from mltui.storage.sample_file import SampleReader

#: Of a log that is opened so much is turned into lines. One that grows by more than ``_FLOOD`` between two polls
#: floods: of that only what a screen holds is shown, for the thread that draws shares the interpreter with this work.
_TAIL = 1 << 20
_FLOOD = 1 << 17
_GLANCE = 1 << 14
#: A flood is looked at with every third poll: nobody reads faster, and each look has the screen drawn.
_EVERY = 3
#: Polls without a flood after which the end of the log is read once more, with all that went by.
_CALM = 5
_BUILD_TAIL = 1 << 18
#: Samples come once a second.
_SAMPLES_S = 1.0


class RunView:
    """Follows one run's files. ``poll`` is called from one thread; the stores may be read from another."""

    def __init__(self, folder: RunFolder) -> None:
        self.run_id = folder.path.name
        self.metrics = MetricStore()
        self.log = LogBuffer()
        self.build = LogBuffer(2_000)
        self._folder = folder
        self.samples = SampleReader(folder.samples)
        """What it used over time."""
        self.read = False
        """Its series have been read as far as they were recorded."""
        self.log_read = False
        """So has its log."""
        self.last_output = 0.0
        """When it printed last, seconds since 1970, as far as the log was read."""
        self._system = SystemSeries()
        self._sampled = -_SAMPLES_S
        self._points = MetricReaderFile(folder.metrics, self._take, self.metrics.clear)
        self._log: LogReader | None = None
        self._screens: dict[int, LineScreen] = {}
        self._calm = 0
        """Polls without a flood that are still to come until what a flood left out is read; 0: nothing is left out."""
        self._pause = 0
        """Polls in a flood that are still to pass without a look."""
        self._build_at = 0
        self._build_screen = LineScreen()

    def _take(self, key: SeriesKey, columns: Columns) -> None:
        self.metrics.extend(key, *columns)

    @property
    def system(self) -> MetricStore:
        """What it used, as curves on the x of its metrics."""
        return self._system.store

    @property
    def ended(self) -> bool:
        """Never: a record may always grow."""
        return False

    def poll(self) -> bool:
        """Read what has come since; tells whether anything did."""
        came = self.poll_metrics()
        came |= self._poll_log()
        self.log_read = True
        return self._poll_build() or came

    def poll_metrics(self) -> bool:
        """Read what has come of the series alone, and of what the run used."""
        came = self._points.poll()
        self.read = True
        now = time.monotonic()
        if now - self._sampled >= _SAMPLES_S:
            self._sampled = now
            self.samples.poll()
            self._system.update(self.samples, self.metrics)
        return came

    def _poll_log(self) -> bool:
        if self._log is None:
            try:
                self._log = LogReader(self._folder.path)
            except OSError:
                return False
        if self._calm == _CALM and self._pause:
            self._pause -= 1
            return False
        size = self._log.size
        anew = self._begin_elsewhere(self._log, size)
        if size <= self._log.offset:
            return False
        skipped, lines = self._log.offset, []
        for piece in self._log.pieces():
            screen = self._screens.setdefault(piece.stream, LineScreen())
            lines += [LogLine(text, piece.stream, piece.time) for text in screen.feed(piece.data)]
        if anew:
            self.log.clear(skipped_bytes=skipped)
        self.log.extend(lines)
        for stream, screen in self._screens.items():
            self.log.draw(stream, screen.pending)
        return True

    def _begin_elsewhere(self, log: LogReader, size: int) -> bool:
        """Go near the end when too much has come, and back when it comes no more; tells whether lines begin anew."""
        first = log.offset == 0
        if size - log.offset > (_TAIL if first else _FLOOD):
            self._calm, self._pause = (0, 0) if first else (_CALM, _EVERY - 1)
            log.skip_to(size - (_TAIL if first else _GLANCE))
        else:
            if self._calm == 0:
                return False
            self._calm -= 1
            if self._calm:
                return False
            log.rewind()
            log.skip_to(size - _TAIL)
        if log.offset:
            log.skip_line()
        self._screens.clear()
        return True

    def _poll_build(self) -> bool:
        path: Path = self._folder.build_log
        with contextlib.suppress(OSError):
            size = os.stat(path).st_size
            if size <= self._build_at:
                return False
            start = max(self._build_at, size - _BUILD_TAIL)
            with path.open("rb") as file:
                file.seek(start)
                data = file.read(size - start)
            self._build_at = size
            self.build.extend([LogLine(clean(text)) for text in self._build_screen.feed(data)])
            return True
        return False

    def close(self) -> None:
        """Close the files."""
        self._points.close()
        self.samples.close()
        if self._log:
            self._log.close()
            self._log = None
