"""What a viewer sees of one run: its series and the end of its log, kept up with the files while they grow.

The second half of the straight line::

    metrics ──▶ MetricReaderFile ──▶ MetricStore ──▶ (a clock sees the version) ──▶ chart
    log     ──▶ LogReader ──▶ LineScreen ──▶ LogBuffer ──▶ (the same clock) ──▶ log pane
"""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

from mltui.domain.log import LogBuffer, LogLine
from mltui.domain.metric import MetricStore, SeriesKey
from mltui.domain.text import clean
from mltui.parsers.terminal import LineScreen
from mltui.storage.columns import Columns
from mltui.storage.log_file import LogReader
from mltui.storage.metric_file import MetricReaderFile
from mltui.storage.run_folder import RunFolder

#: Of a log that is opened only so much is turned into lines, and of one that floods so much at each poll: the thread
#: that draws the screen shares the interpreter with this work.
_TAIL = 1 << 20
_FLOOD = 1 << 18
_BUILD_TAIL = 1 << 18


class RunView:
    """Follows one run's files. ``poll`` is called from one thread; the stores may be read from another."""

    def __init__(self, folder: RunFolder) -> None:
        self.run_id = folder.path.name
        self.metrics = MetricStore()
        self.log = LogBuffer()
        self.build = LogBuffer(2_000)
        self._folder = folder
        self._points = MetricReaderFile(folder.metrics, self._take, self.metrics.clear)
        self._log: LogReader | None = None
        self._screens: dict[int, LineScreen] = {}
        self._build_at = 0
        self._build_screen = LineScreen()

    def _take(self, key: SeriesKey, columns: Columns) -> None:
        self.metrics.get(key).extend(*columns)
        self.metrics.version += 1

    @property
    def ended(self) -> bool:
        """Never: a record may always grow."""
        return False

    def poll(self) -> bool:
        """Read what has come since; tells whether anything did."""
        came = self.poll_metrics()
        came |= self._poll_log()
        return self._poll_build() or came

    def poll_metrics(self) -> bool:
        """Read what has come of the series alone."""
        return self._points.poll()

    def _poll_log(self) -> bool:
        if self._log is None:
            try:
                self._log = LogReader(self._folder.path)
            except OSError:
                return False
        size = self._log.size
        if size <= self._log.offset:
            return False
        most = _FLOOD if self._log.offset else _TAIL
        if size - self._log.offset > most:
            self._log.skip_to(size - most)
            self._log.skip_line()
            self._screens.clear()
            self.log.clear(skipped_bytes=self._log.offset)
        for piece in self._log.pieces():
            screen = self._screens.setdefault(piece.stream, LineScreen())
            done = screen.feed(piece.data)
            self.log.extend([LogLine(text, piece.stream, piece.time) for text in done])
            self.log.draw(piece.stream, screen.pending)
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
        if self._log:
            self._log.close()
            self._log = None
