"""What a viewer sees of a container that mltui did not start: its log, and the curves that its log holds."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

from mltui.domain.errors import EngineUnavailable, MltuiError
from mltui.domain.log import LogBuffer, LogLine
from mltui.domain.metric import MetricStore
from mltui.domain.text import one_line
from mltui.parsers.reader import MetricReader
from mltui.parsers.terminal.line_screen import LineScreen
from mltui.runtime.epoch_places import EpochPlaces

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mltui.domain.metric import MetricPoint
    from mltui.engines.base import Engine, LogStream

#: Lines of the past that are read; a container may have printed for months.
_TAIL_LINES = 5_000
#: A block as big as this is part of a flood, which waits in the engine: after each the thread rests so many times as
#: long as it worked, for it shares the interpreter with the one that draws.
_FLOOD = 1 << 16
_GIVE_WAY = 2.0
#: Stands in the log where the engine left lines out.
_LOST = "[mltui] Lines may be missing here, the engine's log does not have them or is too long."
#: Between two tries to read from an engine that went away.
_AGAIN_S = 1.0


class ContainerView:
    """Follows one container's log from the engine, in a thread of its own, without recording anything."""

    def __init__(self, engine: Engine, container_id: str) -> None:
        self.container_id = container_id
        self.metrics = MetricStore()
        self.log = LogBuffer()
        self.build = LogBuffer(1)
        self._engine = engine
        self._stream: LogStream | None = None
        self._closed = threading.Event()
        self._looked_at = threading.Event()
        self._thread = threading.Thread(target=self._follow, name="container", daemon=True)
        self._thread.start()

    @property
    def ended(self) -> bool:
        """Nothing is followed any more: the container is gone, or cannot be read."""
        return not self._thread.is_alive()

    def poll(self) -> bool:
        """Somebody looks at it; the thread keeps the stores up."""
        self._looked_at.set()
        return False

    def close(self) -> None:
        """Stop following; returns at once."""
        self._closed.set()
        self._looked_at.set()
        if self._stream:
            self._stream.close()

    def _follow(self) -> None:
        while not self._closed.is_set():
            try:
                self._read_log()
                self._wait_for_another_start()
            except EngineUnavailable as error:
                self._say(error)
            except MltuiError as error:
                self._say(error)
                return
            except Exception as error:
                self._say(MltuiError(f"The log cannot be followed: {type(error).__name__}: {error}.", "Trying again."))
            # The engine was away, or is: its log is read anew when it is back.
            self._closed.wait(_AGAIN_S)

    def _wait_for_another_start(self) -> None:
        """While the container has ended and somebody looks at it, ask now and then whether it was started again."""
        before = self._engine.inspect(self.container_id)
        while before.state != "running":
            self._looked_at.wait()
            self._looked_at.clear()
            if self._closed.wait(_AGAIN_S):
                return
            now = self._engine.inspect(self.container_id)
            if now.started != before.started:
                return

    def _say(self, error: MltuiError) -> None:
        text = one_line(str(error), 400)
        if not self.log.lines or self.log.lines[-1].text != text:
            self.log.extend([LogLine(text, 2, time.time())])

    def _read_log(self) -> None:
        self._stream = stream = self._engine.logs(self.container_id, follow=True, tail=_TAIL_LINES)
        if self._closed.is_set():
            stream.close()
        if self.log.lines or self.log.pending:
            self.log.clear()
            self.metrics.clear()
        self._read(stream)

    def _read(self, stream: LogStream) -> None:
        reader, places = MetricReader(), EpochPlaces()
        screens: dict[int, LineScreen] = {}
        now = time.time()

        def take(points: Iterable[MetricPoint]) -> None:
            for point in (*reader.epochs, *places.among(points)):
                self.metrics.add(point, now)

        for chunk in stream:
            now, began = chunk.time or time.time(), time.thread_time()
            if chunk.lost:
                self.log.extend([LogLine(_LOST, 2, now)])
            screen = screens.setdefault(chunk.stream, LineScreen())
            self.log.extend([LogLine(text, chunk.stream, now) for text in screen.feed(chunk.data)])
            self.log.draw(chunk.stream, screen.pending)
            take(reader.feed(chunk.data, chunk.stream))
            if len(chunk.data) >= _FLOOD:
                self._closed.wait(_GIVE_WAY * (time.thread_time() - began))
        take(reader.close())
