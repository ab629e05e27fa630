"""The supervisor: one small process a run, which launches it, records it and writes down how it ended.

It is a process of its own so that nothing a viewer does (quit, crash, kill -9) touches a run or its record, and so
that a flood of output never competes with a screen. Whoever finds an active run without a supervisor starts a new one
(``adopt``); it takes the run up by its container's label and continues the record where it stops.
"""

from __future__ import annotations

import contextlib
import os
import pickle
import re
import sys
import threading
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn, TypeVar

from mltui.domain.errors import (
    EngineError,
    EngineUnavailable,
    GpuUnavailable,
    ImageError,
    MltuiError,
    NotFound,
    StorageError,
)
from mltui.domain.last_words import last_words
from mltui.domain.outcome import outcome
from mltui.domain.run import Run, RunState
from mltui.domain.text import clean, one_line
from mltui.engines.base import Engine, LogChunk, LogStream, Progress, Restarts
from mltui.runtime.recorder import Recorder
from mltui.storage.history import RunDatabase
from mltui.storage.locations import make_file
from mltui.storage.run_folder import RunFolder

if TYPE_CHECKING:
    from mltui.domain.container import ContainerStatus
    from mltui.domain.launch import LaunchSpec
    from mltui.parsers.config import MetricConfig

T = TypeVar("T")

#: How builds count their steps in their own words, which is said once.
_STEP = re.compile(r"^Step \d+/\d+ ?: ?")
#: Bytes at the log's end in which the reason of a failure is looked for.
_LAST_WORDS = 1 << 15

#: Waits between two tries to reach an engine that went away: soon at first, then rarely, for ever.
_BACKOFF_S = (0.2, 0.5, 1.0, 2.0, 5.0)
#: Waits before a supervisor that failed takes its run up again.
_FAILED_S = (2.0, 10.0, 60.0)
#: An engine closes a container's output a moment before it calls the container ended.
_SETTLE_S = 3.0
#: A container that is restarted has ended for so long at most, on a busy machine.
_RESTART_S = 3.0
#: Exit codes from here on stand for a signal, which is how a restart ends most commands.
_SIGNALLED = 128
_UNREADABLE = "Its log cannot be read"
#: So often is the log of an ended container asked for before a refusal is taken for an answer.
_LOG_TRIES = 4
#: At most so often is the database told about the progress of a build.
_NEWS_S = 0.25
#: Wait before a full disk is tried again.
_FULL_DISK_S = 2.0
#: Bytes of the log still to be read for metrics when a run has ended, from which on that is worth a word.
_MUCH_UNREAD = 1 << 22


class _StoppedEarly(Exception):
    """A stop was asked for before the container started."""


class Supervisor:
    """Brings one run from its record to its end. ``spec`` is there for a launch and absent for an adoption."""

    def __init__(
        self,
        run: Run,
        database: RunDatabase,
        folder: RunFolder,
        engine: Engine,
        spec: LaunchSpec | None = None,
        metrics: MetricConfig | None = None,
    ) -> None:
        self._run = run
        self._database = database
        self._folder = folder
        self._engine = engine
        self._spec = spec
        self._metrics = metrics
        self._told = 0.0
        self._news = ""
        self._trouble = ""
        self._since: float | None = None
        """When the container that is recorded started, as its engine says."""
        self._restarted = False
        self._begun: set[int] = set()
        """Streams whose record ends within a line."""
        self._unsaved: dict[str, object] = {}

    def supervise(self) -> None:
        """Do all of it; returns when the run has ended and its record is complete."""
        recorder = Recorder(self._folder, self._metrics)
        try:
            ending = self._bring_to_its_end(recorder)
            if recorder.unread > _MUCH_UNREAD:
                self._save(detail="It has ended; the rest of its log is being read.")
        finally:
            recorder.finish()
        # Last of all: a run is called ended when its record is whole.
        self._save_at_last(ending)

    def _bring_to_its_end(self, recorder: Recorder) -> dict[str, object]:
        """Launch or take up, record; returns what its record is to say in the end.

        Once the container has started only its end or its loss ends the run, never an engine's refusal.
        """
        try:
            try:
                container, stream = self._launch(self._spec) if self._spec else (self._find_container(), None)
            except (_StoppedEarly, NotFound):
                raise
            except MltuiError as error:
                return _failure(error)
            try:
                return self._conclusion(self._follow(recorder, container, stream))
            except NotFound as error:
                raise NotFound("Its container was removed while it ran.") from error
        except _StoppedEarly:
            return _ending(RunState.STOPPED, "stopped", "Stopped before it started.")
        except NotFound as error:
            if self._stop_requested():
                started = self._recorded().started
                return _ending(
                    RunState.STOPPED, "stopped", "Stopped on request." if started else "Stopped before it started."
                )
            return _ending(RunState.LOST, "lost", error.message, "What was recorded is kept; launch it again.")

    def _launch(self, spec: LaunchSpec) -> tuple[str, LogStream | None]:
        """Image, container, attach, start: the stream is open before the first byte can come."""
        self._engine.check(spec)
        self._save(state=RunState.BUILDING, detail="Preparing the image", hint="")
        with make_file(self._folder.build_log).open("a", encoding="utf-8") as build_log:

            def tell(progress: Progress) -> None:
                if progress.text:
                    # A full disk costs lines of this file, not the run.
                    with contextlib.suppress(OSError):
                        build_log.write(clean(progress.text).rstrip("\n") + "\n")
                        build_log.flush()
                self._stop_if_asked()
                self._tell(progress)

            image = self._engine.prepare(spec, tell)
        self._stop_if_asked()
        container = self._engine.create(spec, image)
        self._save(container_id=container, container_name=spec.name, image=image.name, image_id=image.id)
        stream = self._start(container)
        self._save(state=RunState.RUNNING, started=time.time(), detail="", hint="")
        if self._stop_requested():
            # Asked for while it was starting, when the engine had nothing to stop yet.
            threading.Thread(target=self._stop, args=(container,), name="stop", daemon=True).start()
        return container, stream

    def _start(self, container: str) -> LogStream | None:
        try:
            stream = self._engine.attach(container)
            self._stop_if_asked()
            self._engine.start(container)
        except BaseException as error:
            # An engine that went away or failed in this moment may have started it all the same.
            if isinstance(error, EngineError) and self._has_started(container, error):
                return None
            with contextlib.suppress(EngineError):
                self._engine.remove(container, force=True)
            raise
        return stream

    def _has_started(self, container: str, error: EngineError) -> bool:
        try:
            state = self._patiently(lambda: self._engine.inspect(container)).state
        except NotFound:
            return False
        return state != "created" if isinstance(error, EngineUnavailable) else state == "running"

    def _stop(self, container: str) -> None:
        with contextlib.suppress(EngineError):
            self._engine.stop(container)

    def _tell(self, progress: Progress) -> None:
        """Tell how the image gets on, not too often; a word that came too soon is told with the next heartbeat."""
        if progress.text.strip():
            where = f"{progress.step}/{progress.steps} " if progress.steps else ""
            self._news = where + one_line(_STEP.sub("", progress.text), 200)
        now = time.monotonic()
        if self._news and now - self._told >= _NEWS_S:
            self._save(detail=self._news)
            self._told, self._news = now, ""

    def _stop_if_asked(self) -> None:
        if self._stop_requested():
            raise _StoppedEarly

    def _stop_requested(self) -> bool:
        """A person wants it stopped, or has removed its record."""
        try:
            now = self._database.get(self._run.id)
        except StorageError:
            # A database that cannot be read now asks for nothing.
            return False
        return now is None or now.stop_requested

    def _follow(self, recorder: Recorder, container: str, stream: LogStream | None) -> ContainerStatus:
        """Record until the container has ended and its log is complete; raises ``NotFound`` if it vanished."""
        self._note_start(container)
        refusals, mark = 0, ""
        while True:
            complete = False
            try:
                complete = self._record(recorder, container, stream, mark)
                refusals, mark = 0, ""
            except EngineError as error:
                refusals += 1
                self._log_trouble(f"{_UNREADABLE}: {one_line(error.message, 200)}")
            # Something was cut off, by a restart of the engine or a full disk: the engine's own log fills the gap.
            stream = None
            status = self._settled(container)
            if status.ended and refusals > _LOG_TRIES:
                self._mark(recorder, "The rest of the log could not be read.")
                complete = True
            if status.ended and complete:
                status = self._after_restart(container, status)
                if status.ended:
                    return status
            if self._is_another_start(status):
                mark = "The container was started again."
            if refusals:
                time.sleep(_BACKOFF_S[min(refusals, len(_BACKOFF_S)) - 1])

    def _note_start(self, container: str) -> None:
        """Remember which start is recorded, to know another one; an engine that is away just now tells it later."""
        with contextlib.suppress(EngineError):
            self._since = self._engine.inspect(container).started

    def _is_another_start(self, status: ContainerStatus) -> bool:
        """The container runs and was started anew since this was last asked."""
        before = self._since
        if status.ended or status.started is None or status.started == before:
            return False
        self._since = status.started
        self._restarted = self._restarted or before is not None
        return before is not None

    def _after_restart(self, container: str, status: ContainerStatus) -> ContainerStatus:
        """``status``, or that of the next start: a container that somebody restarts is ended for a moment."""
        by_signal = (status.exit_code or 0) >= _SIGNALLED and not status.oom_killed
        end = time.monotonic() + (_RESTART_S if by_signal and not self._stop_requested() else 0)
        while isinstance(self._engine, Restarts):
            awaited = self._folder.being_restarted or time.monotonic() < end
            status = self._patiently(lambda: self._engine.inspect(container))
            if not status.ended or not awaited:
                break
            time.sleep(0.1)
        return status

    def _find_container(self) -> str:
        """The container of a run that is taken up, by its label."""
        found = self._patiently(lambda: self._engine.find(self._run.id))
        if found is None:
            was_there = self._run.state is RunState.RUNNING or _discovered(self._run)
            raise NotFound("Its container vanished." if was_there else "It was interrupted before it started.")
        if found.state == "created":
            with contextlib.suppress(EngineError):
                self._engine.remove(found.id, force=True)
            raise NotFound("It was interrupted before it started.")
        self._save(state=RunState.RUNNING, container_id=found.id, container_name=found.name, started=found.started)
        return found.id

    def _record(self, recorder: Recorder, container: str, live: LogStream | None, mark: str) -> bool:
        """Take the live output, else the engine's log, to its end; ``False`` when it may have been cut off.

        ``mark`` stands in the record before what is new. Raises ``EngineError`` when the engine refuses the log.
        """
        stream = live or self._patiently(lambda: self._engine.logs(container, follow=True), refusals=True)
        try:
            if live:
                for chunk in stream:
                    self._take(recorder, chunk)
            else:
                self._record_rest(recorder, stream, mark)
            return self._answers()
        except OSError as error:
            # Closed before the wait: an engine holds up a container whose output nobody takes.
            stream.close()
            self._log_trouble(f"The log cannot be recorded: {error.strerror or error}.")
            time.sleep(_FULL_DISK_S)
            return False
        except EngineUnavailable:
            return False
        finally:
            stream.close()

    def _record_rest(self, recorder: Recorder, stream: LogStream, mark: str) -> None:
        """Take from a log that is told from its start what is not recorded yet."""
        replay = recorder.replay()
        # Behind the replay's look at the record, which the mark is no part of.
        self._mark(recorder, mark)
        if self._trouble.startswith(_UNREADABLE):
            self._clear_trouble()
        for chunk in stream:
            new = replay.rest(chunk)
            if new.data:
                self._take(recorder, new)
                self._clear_trouble()
        if self._answers():
            for new in replay.finish():
                self._take(recorder, new)

    def _take(self, recorder: Recorder, chunk: LogChunk) -> None:
        recorder.take(chunk)
        (self._begun.discard if chunk.data.endswith(b"\n") else self._begun.add)(chunk.stream)

    def _mark(self, recorder: Recorder, text: str) -> None:
        """A line of ours in the log, without numbers that could be taken for a metric."""
        if text:
            begun = "\n" if 2 in self._begun else ""
            with contextlib.suppress(OSError):
                self._take(recorder, LogChunk(2, f"{begun}[mltui] {text}\n".encode()))

    def _log_trouble(self, what: str) -> None:
        if what != self._trouble:
            self._trouble = what
            self._save(detail=what, hint="It is tried again; the engine keeps what is printed meanwhile.")

    def _clear_trouble(self) -> None:
        if self._trouble:
            self._trouble = ""
            self._save(detail="", hint="")

    def _answers(self) -> bool:
        """The engine is there right after the stream's end, so that end was the container's, not the engine's."""
        try:
            self._engine.info()
        except EngineError:
            return False
        return True

    def _settled(self, container: str) -> ContainerStatus:
        end = time.monotonic() + _SETTLE_S
        while True:
            status = self._patiently(lambda: self._engine.inspect(container))
            if status.ended or time.monotonic() > end:
                return status
            time.sleep(0.05)

    def _patiently(self, ask: Callable[[], T], *, refusals: bool = False) -> T:
        """Ask an engine that may be away or fail for a while; an answer is waited for as long as it takes.

        Raises ``NotFound``, and other refusals where they are an answer (``refusals``).
        """
        tries = 0
        while True:
            try:
                answer = ask()
            except NotFound:
                raise
            except EngineError as error:
                away = isinstance(error, EngineUnavailable)
                if refusals and not away:
                    raise
                if not self._folder.path.exists():
                    raise NotFound("The run's record was removed.") from error
                what = "The engine does not answer" if away else "The engine refuses to answer"
                self._save(detail=f"{what}: {one_line(error.message, 160)}", hint="It is tried again.")
                time.sleep(_BACKOFF_S[min(tries, len(_BACKOFF_S) - 1)])
                tries += 1
            else:
                if tries:
                    self._save(detail=self._trouble, hint="It is tried again." if self._trouble else "")
                return answer

    def _conclusion(self, status: ContainerStatus) -> dict[str, object]:
        run = self._recorded()
        memory = self._spec.resources.memory if self._spec else None
        end = outcome(status, stop_requested=run.stop_requested, memory_limit=memory)
        if end.reason == "exit" and (words := last_words(self._folder.log_tail(_LAST_WORDS))):
            end = end._replace(detail=f"{end.detail.rstrip('.')}: {words}")
        started = (run.started if self._restarted else status.started) or run.started
        finished = status.finished or time.time()
        return {
            "exit_code": status.exit_code,
            "oom_killed": status.oom_killed,
            # Docker may note the start of a short container after its end.
            "started": started and min(started, finished),
            "finished": finished,
            **end._asdict(),
        }

    def _recorded(self) -> Run:
        """The run as its record has it; a database that cannot be read now is waited for."""
        while True:
            try:
                return self._database.get(self._run.id) or self._run
            except StorageError:
                if not self._folder.path.exists():
                    return self._run
            time.sleep(_FULL_DISK_S)

    def _save(self, **changes: object) -> None:
        """Write to the database; what a full disk refuses is kept, and written with the next change."""
        self._unsaved |= changes
        try:
            self._database.update(self._run.id, **self._unsaved)
        except StorageError as error:
            # The disk that the database is on has this file too.
            with contextlib.suppress(OSError):
                print(time.strftime("%F %T"), error.message, file=sys.stderr, flush=True)
        else:
            self._unsaved.clear()

    def _save_at_last(self, changes: dict[str, object]) -> None:
        """Write to the database; a full disk is waited out, for a run must not end without its record."""
        self._save(**changes)
        while self._unsaved and self._folder.path.exists():
            time.sleep(_FULL_DISK_S)
            self._save()


def _discovered(run: Run) -> bool:
    """Its record was written from its container, which had ended."""
    return run.state is RunState.PENDING and bool(run.container_id)


def _failure(error: MltuiError) -> dict[str, object]:
    reason = "gpu" if isinstance(error, GpuUnavailable) else "image" if isinstance(error, ImageError) else "start"
    code = getattr(error, "exit_code", None)
    return _ending(RunState.FAILED, reason, one_line(error.message, 400), error.hint) | {"exit_code": code}


def _ending(state: RunState, reason: str, detail: str, hint: str = "") -> dict[str, object]:
    return {"state": state, "reason": reason, "detail": detail, "hint": hint, "finished": time.time()}


def main(argv: list[str]) -> NoReturn:
    """``python -m mltui.runtime.supervisor HOME RUN_ID LOCK_FD``, with the pickled launch on stdin: what to start,
    or ``None`` to take the run up, and how its metrics are read.

    Started by ``launcher.spawn`` only, which holds the run's lock and hands it over as an open file.
    """
    home, run_id, lock = Path(argv[0]), argv[1], int(argv[2])
    os.set_inheritable(lock, False)
    payload = sys.stdin.buffer.read()
    if os.fork():
        # The launcher waits for this process only; its child belongs to nobody and outlives every viewer.
        os._exit(0)
    folder = RunFolder(home, run_id)
    _detach(folder)
    _run(home, run_id, folder, payload)
    os._exit(0)


def _detach(folder: RunFolder) -> None:
    os.setsid()
    os.chdir("/")
    nothing = os.open(os.devnull, os.O_RDONLY)
    log = os.open(folder.supervisor_log, os.O_CREAT | os.O_WRONLY | os.O_APPEND, 0o600)
    for source, target in ((nothing, 0), (log, 1), (log, 2)):
        os.dup2(source, target)
    os.close(nothing)
    os.close(log)


def _run(home: Path, run_id: str, folder: RunFolder, payload: bytes) -> None:
    # The stream's thread needs the interpreter only for an instant at a time: it must not wait 5 ms for each.
    sys.setswitchinterval(0.0005)
    spec, metrics = pickle.loads(payload)
    database = RunDatabase(home / "runs.db")
    failures = 0
    while (run := database.get(run_id)) is not None:
        try:
            _supervise_once(run, database, folder, spec, metrics)
            return
        except Exception as error:
            traceback.print_exc()
            if not _goes_on(run, error, database):
                _save_failure(run_id, error, database, folder)
                raise
        # A fault of ours ends no training: the container runs, and is taken up again, ever more rarely.
        spec = None
        time.sleep(_FAILED_S[min(failures, len(_FAILED_S) - 1)])
        failures += 1


def _supervise_once(
    run: Run, database: RunDatabase, folder: RunFolder, spec: LaunchSpec | None, metrics: MetricConfig | None
) -> None:
    from mltui.plugins import make_engine

    with contextlib.closing(make_engine(run.engine, run.endpoint)) as engine:
        Supervisor(run, database, folder, engine, spec, metrics).supervise()


def _goes_on(run: Run, error: Exception, database: RunDatabase) -> bool:
    """The run's container has not ended, for all that is known; its record says what happened here."""
    from mltui.plugins import make_engine

    try:
        with contextlib.closing(make_engine(run.engine, run.endpoint)) as engine:
            found = engine.find(run.id)
        goes_on = found is not None and found.state != "created" and not found.ended
    except Exception:
        now = database.get(run.id)
        goes_on = now is not None and now.state is RunState.RUNNING
    if goes_on:
        database.update(run.id, detail=_failed(error), hint="The run goes on; it is taken up again soon.")
    return goes_on


def _failed(error: Exception) -> str:
    return f"mltui's supervisor failed: {one_line(str(error) or type(error).__name__, 200)}"


def _save_failure(run_id: str, error: Exception, database: RunDatabase, folder: RunFolder) -> None:
    hint = f"Please report it with {folder.supervisor_log}."
    state, now = RunState.FAILED, time.time()
    database.update(run_id, state=state, reason="internal", detail=_failed(error), hint=hint, finished=now)


if __name__ == "__main__":
    main(sys.argv[1:])
