"""Recording one container from here to its end, through restarts of it and of its engine, refusals and full disks."""

from __future__ import annotations

import contextlib
import time
from typing import TYPE_CHECKING

from mltui.domain.errors import EngineError, EngineUnavailable
from mltui.domain.text import one_line
from mltui.engines.base import CarriesOutput, Engine, LogChunk, LogStream, Restarts
from mltui.runtime.patience import Patience, back_off
from mltui.runtime.recorder import Recorder
from mltui.runtime.replay import GAP
from mltui.runtime.run_row import FULL_DISK_S, RunRow
from mltui.storage.run_folder import RunFolder

if TYPE_CHECKING:
    from mltui.domain.container import ContainerStatus

#: An engine closes a container's output a moment before it calls the container ended.
_SETTLE_S = 3.0
#: A container that is restarted has ended for so long at most, on a busy machine.
_RESTART_S = 3.0
#: One that ended so soon after its engine went away ended with it, and had said all.
_NEAR_S = 1.0
#: Exit codes from here on stand for a signal, which is how a restart ends most commands; others answer the signal with
#: an exit code of their own, and only the engine knows of it.
_SIGNALLED = 128
_STARTED_AGAIN = "The container was started again."
#: An engine that carries the output takes it from the container first and writes it to its log then.
_BROKE_OFF = "The engine broke off here: if it was stopped, lines that it had taken but not yet written are missing."
_UNREADABLE = "Its log cannot be read"
#: So often is the log of an ended container asked for before a refusal is taken for an answer.
_LOG_TRIES = 4


class Following:
    """Takes the output of one container into a recorder, until the container has ended and its log is complete."""

    def __init__(
        self, container: str, engine: Engine, recorder: Recorder, row: RunRow, patience: Patience, folder: RunFolder
    ) -> None:
        self._container = container
        self._engine = engine
        self._recorder = recorder
        self._row = row
        self._patience = patience
        self._folder = folder
        self._since: float | None = None
        """When the container that is recorded started, as its engine says."""
        self.restarted = False
        """It was started again while it was followed."""
        self._begun: set[int] = set()
        """Streams whose record ends within a line."""
        self._newest = 0.0
        """When the newest line was printed; seconds since 1970."""
        self._read_until: float | None = None
        """When the stream that was taken last came to its end."""
        self._broke_off: float | None = None
        """When the output broke off though the container went on, as long as that is not marked in the log."""

    def follow(self, stream: LogStream | None, *, again: bool = False) -> ContainerStatus:
        """Record ``stream``, or the engine's log, to the container's end; raises ``NotFound`` if it vanished.

        ``again``: it was started again after the end of what is recorded.
        """
        self._note_start()
        self.restarted = again
        refusals, mark = 0, _STARTED_AGAIN if again else ""
        self._broke_off = self._patience.gone if stream is None else None
        while True:
            complete, self._read_until = False, None
            try:
                complete = self._record(stream, mark)
                refusals, mark = 0, ""
            except EngineError as error:
                refusals += 1
                self._patience.note(f"{_UNREADABLE}: {one_line(error.message, 200)}")
            # Something was cut off, by a restart of the engine or a full disk: the engine's own log fills the gap.
            stream = None
            status = self._settled()
            if status.ended and refusals > _LOG_TRIES:
                self._mark("The rest of the log could not be read.")
                complete = True
            if status.ended and complete:
                status = self._after_restart(status)
                if status.ended:
                    self._say_what_is_lost(status)
                    return status
            if self._is_another_start(status):
                mark = _STARTED_AGAIN
            elif self._broke_off is None and not status.ended:
                self._broke_off = self._read_until
            if refusals:
                back_off(refusals)

    def _note_start(self) -> None:
        """Remember which start is recorded, to know another one; an engine that is away just now tells it later."""
        with contextlib.suppress(EngineError):
            self._since = self._engine.inspect(self._container).started

    def _is_another_start(self, status: ContainerStatus) -> bool:
        """The container runs and was started anew since this was last asked."""
        before = self._since
        if status.ended or status.started is None or status.started == before:
            return False
        self._since = status.started
        self.restarted = self.restarted or before is not None
        return before is not None

    def _after_restart(self, status: ContainerStatus) -> ContainerStatus:
        """``status``, or that of the next start: a container that somebody restarts is ended for a moment."""
        end = time.monotonic() + (_RESTART_S if self._may_be_restarted(status) else 0)
        while isinstance(self._engine, Restarts):
            awaited = self._folder.being_restarted or time.monotonic() < end
            status = self._patience.ask_for(lambda: self._engine.inspect(self._container))
            if not status.ended or not awaited:
                break
            time.sleep(0.1)
        return status

    def _may_be_restarted(self, status: ContainerStatus) -> bool:
        """Somebody ended it who did not ask mltui: that may be the first half of a restart."""
        if not isinstance(self._engine, Restarts) or self._row.stop_requested() or status.oom_killed:
            return False
        if (status.exit_code or 0) >= _SIGNALLED:
            return True
        with contextlib.suppress(EngineError):
            return self._engine.told_to_end(status)
        return False

    def _say_what_is_lost(self, status: ContainerStatus) -> None:
        """Note what no log may have: the last words of a container that ended while its engine was away.

        An engine that is shut down in order takes them still, after it has ceased to answer: then some are there.
        """
        gone, back = self._patience.gone, self._patience.back
        if gone is None or back is None or not self._engine_carries():
            return
        if not self._patience.was_away_at(status.finished, -_NEAR_S):
            self._mark(_BROKE_OFF if self._broke_off is not None else "")
        elif self._newest < gone + _NEAR_S:
            self._mark("Its engine was away from here on: what was printed after this may be lost.")
            clock = (time.strftime("%H:%M:%S", time.localtime(moment)) for moment in (gone, back))
            self._row.add_note(
                f"Its engine did not answer from {' to '.join(clock)}: what it printed then may be lost."
            )

    def _engine_carries(self) -> bool:
        return isinstance(self._engine, CarriesOutput) and self._engine.carries_output()

    def _record(self, live: LogStream | None, mark: str) -> bool:
        """Take the live output, else the engine's log, to its end; ``False`` when it may have been cut off.

        ``mark`` stands in the record before what is new. Raises ``EngineError`` when the engine refuses the log.
        """
        stream = live or self._patience.ask_for(lambda: self._engine.logs(self._container, follow=True), refusals=True)
        try:
            if live:
                for chunk in stream:
                    self._take(chunk)
            else:
                self._record_rest(stream, mark)
            self._read_until = time.time()
            return self._answers()
        except OSError as error:
            # Closed before the wait: an engine holds up a container whose output nobody takes.
            stream.close()
            self._patience.note(f"The log cannot be recorded: {error.strerror or error}.")
            time.sleep(FULL_DISK_S)
            return False
        except EngineUnavailable:
            self._patience.note_away()
            return False
        finally:
            stream.close()

    def _record_rest(self, stream: LogStream, mark: str) -> None:
        """Take from a log that is told from its start what is not recorded yet."""
        replay = self._recorder.replay()
        # Behind the replay's look at the record, which the mark is no part of.
        self._mark(mark)
        if self._patience.trouble.startswith(_UNREADABLE):
            self._patience.clear()
        lost = False
        for chunk in stream:
            lost = lost or chunk.lost
            new = replay.rest(chunk)
            if new.data:
                self._mark_where_it_broke_off(new)
                self._take(self._with_gap(new) if lost else new)
                lost = False
                self._patience.clear()
        if self._answers():
            for new in replay.finish():
                self._take(new)

    def _mark_where_it_broke_off(self, chunk: LogChunk) -> None:
        """Behind all that the engine took before its output broke off: what it held then is in no log.

        An engine that is stopped in order writes that still, unless it is stopped alone (Docker's live-restore).
        """
        if self._broke_off is not None and (chunk.time is None or chunk.time > self._broke_off):
            self._broke_off = None
            if self._engine_carries() and not _begins_with_gap(chunk):
                self._mark(_BROKE_OFF)

    def _with_gap(self, chunk: LogChunk) -> LogChunk:
        """``chunk`` with the mark of a gap before it, unless the replay has put one there."""
        if _begins_with_gap(chunk):
            return chunk
        return chunk._replace(data=(b"\n" if chunk.stream in self._begun else b"") + GAP + chunk.data)

    def _take(self, chunk: LogChunk) -> None:
        self._recorder.take(chunk)
        self._newest = max(self._newest, chunk.time or time.time())
        (self._begun.discard if chunk.data.endswith(b"\n") else self._begun.add)(chunk.stream)

    def _mark(self, text: str) -> None:
        """A line of ours in the log, without numbers that could be taken for a metric."""
        if text:
            begun = "\n" if 2 in self._begun else ""
            with contextlib.suppress(OSError):
                self._take(LogChunk(2, f"{begun}[mltui] {text}\n".encode()))

    def _answers(self) -> bool:
        """The engine is there right after the stream's end, so that end was the container's, not the engine's."""
        try:
            self._engine.info()
        except EngineError:
            self._patience.note_away()
            return False
        return True

    def _settled(self) -> ContainerStatus:
        end = time.monotonic() + _SETTLE_S
        while True:
            status = self._patience.ask_for(lambda: self._engine.inspect(self._container))
            if status.ended or time.monotonic() > end:
                return status
            time.sleep(0.05)


def _begins_with_gap(chunk: LogChunk) -> bool:
    return GAP in chunk.data[: len(GAP) + 1]
