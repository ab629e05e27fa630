"""From a log stream to a run's record: the first half of the straight line.

::

    Engine.attach / logs ──▶ Recorder.take ──▶ LogWriter ──▶ log            (one thread: as fast as the engine sends)
                               log ──▶ MetricReader ──▶ OnceEach ──▶ MetricWriter ──▶ metrics              (another)
                          outputs/ ──▶ OutputsReader ─────┘

Two threads, with the file between them: reading metrics never holds up the stream (an engine stops a container whose
output nobody takes), and however far the reader falls behind, nothing waits in memory.
"""

from __future__ import annotations

import math
import threading
import time
import traceback
from typing import TYPE_CHECKING

from mltui.domain.metric import MetricKind, MetricPoint
from mltui.parsers.reader import MetricReader
from mltui.runtime.epoch_places import EpochPlaces
from mltui.runtime.outputs_reader import OutputsReader
from mltui.runtime.replay import Replay
from mltui.runtime.same_series import OnceEach
from mltui.storage.log_file import LogReader, LogWriter
from mltui.storage.metric_writer import MetricWriter
from mltui.storage.run_folder import RunFolder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from mltui.engines.base import LogChunk
    from mltui.parsers.config import MetricConfig

#: How often points reach the file, and how long the reader rests so as to read more at once.
_FLUSH_S = 0.2
_REST_S = 0.02
_FULL_DISK_S = 2.0
#: Seconds between two questions whether the rest is wanted.
_GIVE_UP_S = 0.5
#: How often the outputs are looked at for curves, and how often while the log leaves no time for it.
_OUTPUTS_S, _BUSY_OUTPUTS_S = 1.0, 5.0
#: Polls of outputs that were not read to their end when the run ended; each takes some megabytes.
_LAST_POLLS = 100
#: Bytes read between two looks at the clock; small enough for the reader to stay in step, large enough to be cheap.
_SLICE = 1 << 18
#: A run that prints more bytes a second floods: reading it takes as much of the machine as printing it. While it does,
#: reading rests so many times as long as it works. The rests shrink as curves fall behind, and are gone at ``_LAG_S``:
#: of a flood that the reader can keep up with, curves lag by less.
_FLOOD = 4e6
_GIVE_WAY = 20.0
_LAG_S = 60.0
#: What a flood left unread is read with rests as long as the work, while the run goes on.
_CATCH_UP = 1.0
#: Seconds over which the speed of a run's output is taken.
_PACE_S = 0.25


class _Pace:
    """How fast a file grows."""

    def __init__(self, size: int) -> None:
        self._seen = (time.monotonic(), size)
        self._speed = 0.0

    def floods(self, size: int) -> bool:
        """Whether it grew by more than ``_FLOOD`` a second lately; ``size`` is what it has now."""
        before, then = self._seen
        now = time.monotonic()
        if now - before >= _PACE_S:
            self._speed = (size - then) / (now - before)
            self._seen = (now, size)
        return self._speed > _FLOOD


class Recorder:
    """Records what a run prints. ``take`` is called with each chunk; ``finish`` once at the end."""

    def __init__(self, folder: RunFolder, config: MetricConfig | None = None) -> None:
        self._folder = folder
        self._log = LogWriter(folder.path)
        self._reader = MetricReader(config)
        self._metrics = MetricWriter(folder.metrics)
        self._points = OnceEach(self._metrics)
        self._places = EpochPlaces()
        self._outputs = OutputsReader(folder.outputs)
        self._left_out = 0
        """Values of the log and of files that were said to be left out."""
        self._polled = -math.inf
        self._grown = threading.Event()
        self._ended = threading.Event()
        self._read = 0
        self._flushed = 0.0
        self._pace = _Pace(self._log.size)
        self._left = False
        """What is still unread stays so."""
        self.error: OSError | None = None
        """Why points could not be written for a while (a full disk)."""
        self.fault: Exception | None = None
        """Why no more metrics are read, by a fault of ours; the log is recorded all the same."""
        self._thread = threading.Thread(target=self._try_to_read_metrics, name="metrics", daemon=True)
        self._thread.start()

    def replay(self) -> Replay:
        """A filter for a stream that starts again from the log's beginning."""
        return Replay(self._folder.path)

    def take(self, chunk: LogChunk) -> None:
        """Record one chunk; raises ``OSError`` when the disk is full, with a part of the chunk recorded, or nothing."""
        self._log.append(chunk.stream, chunk.data, chunk.time if chunk.time is not None else time.time())
        self._grown.set()

    @property
    def unread(self) -> int:
        """Bytes of the log whose metrics have not been read yet."""
        return self._log.size - self._read

    def finish(self, given_up: Callable[[], bool] = lambda: False) -> bool:
        """Read the rest of the log, write the last points, close the files. A full disk is waited out.

        ``given_up`` is asked now and then whether somebody will not wait for the rest; ``False``: it was left unread.
        """
        self._ended.set()
        self._grown.set()
        self._thread.join(_GIVE_UP_S)
        while self._thread.is_alive():
            self._left = self._left or given_up()
            self._thread.join(_GIVE_UP_S)
        whole = not (self._left or self.fault)
        while not self._write(lambda: self._metrics.close(whole=whole)) and self._folder.path.exists():
            time.sleep(_FULL_DISK_S)
        self._log.close()
        return not self._left

    def _try_to_read_metrics(self) -> None:
        try:
            self._read_metrics()
        except Exception as error:
            traceback.print_exc()
            self.fault = error

    def _read_metrics(self) -> None:
        last = 0.0
        with LogReader(self._folder.path) as log:
            while True:
                self._grown.clear()
                ended = self._ended.is_set()
                began, busy = time.thread_time(), False
                self._pace.floods(self._log.size)
                for piece in log.pieces(_SLICE):
                    busy = True
                    last = piece.time
                    self._record(self._reader.feed(piece.data, piece.stream), piece.time)
                self._read = log.offset
                self._note_left_out(time.time())
                if time.monotonic() - self._polled >= (_BUSY_OUTPUTS_S if busy else _OUTPUTS_S):
                    self._poll_outputs(time.time())
                if self._until_flush() == 0:
                    self._flushed = time.monotonic()
                    self._write(self._metrics.flush if busy or self._outputs.behind else self._metrics.publish)
                if self._left or (ended and not busy):
                    break
                if busy:
                    self._give_way(time.thread_time() - began, time.time() - last)
                else:
                    self._rest()
        self._record(self._reader.close(), last)
        for _ in range(_LAST_POLLS):
            self._poll_outputs(math.inf)
            if not self._outputs.behind:
                break
        self._note_left_out(last)

    def _note_left_out(self, time: float) -> None:
        """Note how many values are in no series, since there are too many of them."""
        count = self._reader.dropped + self._outputs.dropped
        if count > self._left_out:
            self._left_out = count
            self._metrics.add(MetricPoint("", "", 0.0, count, MetricKind.LEFT_OUT), time)

    def _record(self, points: Iterable[MetricPoint], time: float) -> None:
        """Take what the log says, in which epochs that was, and where the steps stood meanwhile."""
        for point in self._reader.epochs:
            self._metrics.add(point, time)
        for point in self._places.among(points):
            if point.kind is MetricKind.PLACE:
                self._metrics.add(point, time)
            else:
                self._points.from_log(point, time)

    def _poll_outputs(self, now: float) -> None:
        """Take what the run has written into its outputs."""
        for source, name, point, when in self._outputs.poll():
            self._points.from_file(source, name, point, when)
        # A file of points that is to take an old one's place has to have what that one had: nothing waits then.
        self._points.settle(now, wait=not self._metrics.anew)
        self._polled = -math.inf if self._outputs.behind else time.monotonic()

    def _rest(self) -> None:
        """Wait for more of the log, or until there is something to do; what comes in quick succession is one piece."""
        look = max(0.0, self._polled + _OUTPUTS_S - time.monotonic())
        flush = self._until_flush()
        self._grown.wait(look if flush is None else min(look, flush))
        self._ended.wait(_REST_S)

    def _give_way(self, worked: float, lag: float) -> None:
        """Leave the machine to a flood while it lasts; ``lag``: seconds since what was just read was printed."""
        if self.unread > _SLICE and not self._ended.is_set():
            times = _GIVE_WAY if self._pace.floods(self._log.size) else _CATCH_UP
            self._ended.wait(times * worked * rests_due(lag))

    def _until_flush(self) -> float | None:
        """Seconds until points have to be written; ``None`` while there are none."""
        if not self._metrics.holds:
            return None
        return max(0.0, self._flushed + _FLUSH_S - time.monotonic())

    def _write(self, how: Callable[[], None]) -> bool:
        """Write the points that are held; a full disk keeps them waiting."""
        try:
            how()
        except OSError as error:
            self.error = error
            return False
        self.error = None
        return True


def rests_due(lag: float) -> float:
    """The share of its rests that reading takes ``lag`` seconds behind: all of them at once, none from ``_LAG_S`` on.

    A lag below zero, of an engine whose clock is ahead or after one that was set back, is none.
    """
    return min(1.0, max(0.0, 1 - lag / _LAG_S))
