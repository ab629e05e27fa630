"""From a log stream to a run's record: the first half of the straight line.

::

    Engine.attach / logs ──▶ Recorder.take ──▶ LogWriter ──▶ log            (one thread: as fast as the engine sends)
                                                 log ──▶ MetricReader ──▶ MetricWriter ──▶ metrics   (another)

Two threads, with the file between them: reading metrics never holds up the stream (an engine stops a container whose
output nobody takes), and however far the reader falls behind, nothing waits in memory.
"""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

from mltui.engines.base import LogChunk
from mltui.parsers.reader import MetricReader
from mltui.storage.log_file import LogReader, LogWriter, StreamPosition
from mltui.storage.metric_file import MetricWriter
from mltui.storage.run_folder import RunFolder

if TYPE_CHECKING:
    from mltui.parsers.config import MetricConfig

#: How often points reach the file, and how long the reader rests when the log has nothing new.
_FLUSH_S = 0.2
_REST_S = 0.02
#: Bytes read between two looks at the clock; small enough for the reader to stay in step, large enough to be cheap.
_SLICE = 1 << 18


class Skip:
    """Leaves out of a replayed stream what is recorded already.

    An engine's log keeps every newline but may change other bytes (json-file replaces invalid UTF-8), so the place is
    found by counting lines; only within the last, unfinished line are bytes counted, in the form a replay gives them.
    """

    def __init__(self, positions: dict[int, StreamPosition]) -> None:
        self._lines = {stream: position.lines for stream, position in positions.items()}
        self._bytes = {
            stream: len(bytes(position.tail).decode("utf-8", "replace").encode())
            for stream, position in positions.items()
        }

    def rest(self, stream: int, data: bytes) -> bytes:
        """What of ``data`` is new."""
        left = self._lines.get(stream, 0)
        start = 0
        while left:
            found = data.find(b"\n", start)
            if found < 0:
                self._lines[stream] = left
                return b""
            start, left = found + 1, left - 1
        self._lines[stream] = 0
        tail = min(self._bytes.get(stream, 0), len(data) - start)
        self._bytes[stream] = self._bytes.get(stream, 0) - tail
        return data[start + tail :]


class Recorder:
    """Records what a run prints. ``take`` is called with each chunk; ``finish`` once at the end."""

    def __init__(self, folder: RunFolder, config: MetricConfig | None = None) -> None:
        self._folder = folder
        self._log = LogWriter(folder.path)
        self._reader = MetricReader(config)
        self._metrics = MetricWriter(folder.metrics)
        self._ended = threading.Event()
        self.error: OSError | None = None
        """Why points could not be written for a while (a full disk)."""
        self._thread = threading.Thread(target=self._read_metrics, name="metrics", daemon=True)
        self._thread.start()

    def replay(self) -> Skip:
        """A filter for a stream that starts again from the log's beginning."""
        return Skip(self._log.positions)

    def take(self, chunk: LogChunk) -> None:
        """Record one chunk; raises ``OSError`` when the disk is full, with nothing of the chunk recorded."""
        self._log.append(chunk.stream, chunk.data, chunk.time if chunk.time is not None else time.time())

    @property
    def empty(self) -> bool:
        """Nothing was recorded yet."""
        return self._log.size == 0

    def finish(self) -> None:
        """Read the rest of the log, write the last points, close the files."""
        self._ended.set()
        self._thread.join()
        self._metrics.close()
        self._log.close()

    def _read_metrics(self) -> None:
        last = 0.0
        with LogReader(self._folder.path) as log:
            while True:
                ended = self._ended.is_set()
                busy = False
                for piece in log.pieces(_SLICE):
                    busy = True
                    last = piece.time
                    for point in self._reader.feed(piece.data, piece.stream):
                        self._metrics.add(point, piece.time)
                self._flush_when_due()
                if not busy:
                    if ended:
                        break
                    self._ended.wait(_REST_S)
        for point in self._reader.close():
            self._metrics.add(point, last)

    _flushed = 0.0

    def _flush_when_due(self) -> None:
        now = time.monotonic()
        if now - self._flushed < _FLUSH_S:
            return
        self._flushed = now
        try:
            self._metrics.flush()
            self.error = None
        except OSError as error:
            self.error = error
