"""The supervisor: one small process a run, which launches it, records it and writes down how it ended.

::

    supervisor_process.main ──▶ Supervisor: image, container, attach, start; or find it again ──▶ how it ended
                                  Following: its output, through whatever happens, into a Recorder
                                  RunSampler: what it uses, once a second
                                  RunRow: the run's row in the database;  Patience: an engine that does not answer

It is a process of its own so that nothing a viewer does (quit, crash, kill -9) touches a run or its record, and so
that a flood of output never competes with a screen. Whoever finds an active run without a supervisor starts a new one
(``adopt``); it takes the run up by its container's label and continues the record where it stops.
"""

from __future__ import annotations

import contextlib
import re
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

from mltui.domain.errors import EngineError, EngineUnavailable, GpuUnavailable, ImageError, MltuiError, NotFound
from mltui.domain.last_words import last_words
from mltui.domain.outcome import outcome
from mltui.domain.run import STARTED_AGAIN, WITHOUT_GPU, Run, RunState
from mltui.domain.text import clean, one_line
from mltui.engines.base import Engine, LogStream, Progress
from mltui.runtime.following import Following
from mltui.runtime.memory_kills import MemoryKills
from mltui.runtime.patience import Patience
from mltui.runtime.recorder import Recorder
from mltui.runtime.run_row import RunRow
from mltui.runtime.run_samples import RunSampler
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
#: At most so often is the database told about the progress of a build.
_NEWS_S = 0.25
#: An engine that is shut down ends its containers first; it takes so long from the first to when it does not answer.
_SHUTDOWN_S = 5.0
#: Bytes of the log still to be read for metrics when a run has ended, from which on that is worth a word.
_MUCH_UNREAD = 1 << 22


class _StoppedEarly(Exception):
    """A stop was asked for before the container started."""


class Supervisor:
    """Brings one run from its record to its end. ``spec`` is there for a launch and absent for an adoption, which makes
    it anew for a run that is still in the queue.
    """

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
        self._folder = folder
        self._engine = engine
        self._spec = spec
        self._metrics = metrics
        self._database = database
        self._row = RunRow(run, database, folder)
        self._patience = Patience(self._row)
        self._kills = MemoryKills()
        self._told = 0.0
        self._news = ""

    def supervise(self) -> None:
        """Do all of it; returns when the run has ended and its record is complete."""
        recorder, given_up = Recorder(self._folder, self._metrics), _never
        try:
            ending = self._bring_to_its_end(recorder)
            if recorder.unread > _MUCH_UNREAD:
                self._say_that_it_has_ended(ending)
                given_up = self._row.stop_requested
        finally:
            whole = recorder.finish(given_up)
        if not whole:
            self._row.add_note("The rest of its log was not read for metrics, as it was asked to stop.")
        if recorder.fault:
            self._row.add_note(
                f"Its metrics were not read to the end, by a fault of mltui ({type(recorder.fault).__name__}): "
                f"please report it with {self._folder.supervisor_log}. Its log is whole."
            )
        # Last of all: a run is called ended when its record is whole.
        self._row.save_at_last(ending)

    def _say_that_it_has_ended(self, ending: dict[str, object]) -> None:
        """While the rest of its log is read; a stop that is asked for from now on is one of that."""
        ending["stop_requested"] = self._row.recorded().stop_requested
        said = "It has ended; the rest of its log is being read, which a stop cuts short."
        now = {"finished": ending["finished"], "exit_code": ending.get("exit_code"), "stop_requested": False}
        self._row.save(detail=said, **now)

    def _bring_to_its_end(self, recorder: Recorder) -> dict[str, object]:
        """Launch or take up, record; returns what its record is to say in the end.

        Once the container has started only its end or its loss ends the run, never an engine's refusal.
        """
        try:
            try:
                container, stream = self._launch() if self._spec or self._run.waits else (self._find_container(), None)
            except (_StoppedEarly, NotFound):
                raise
            except MltuiError as error:
                return _failure(error)
            try:
                following = Following(container, self._engine, recorder, self._row, self._patience, self._folder)
                gpus = self._row.recorded().gpus
                with RunSampler(self._engine, container, gpus, self._folder, self._kills.note):
                    status = following.follow(stream, again=self._run.reason == STARTED_AGAIN)
                return self._conclusion(status, following)
            except NotFound as error:
                raise NotFound("Its container was removed while it ran.") from error
        except _StoppedEarly:
            return _ending(RunState.STOPPED, "stopped", "Stopped before it started.")
        except NotFound as error:
            if self._row.stop_requested():
                started = self._row.recorded().started
                return _ending(
                    RunState.STOPPED, "stopped", "Stopped on request." if started else "Stopped before it started."
                )
            return _ending(RunState.LOST, "lost", error.message, "What was recorded is kept; launch it again.")

    def _launch(self) -> tuple[str, LogStream | None]:
        """Image, container, attach, start: the stream is open before the first byte can come."""
        spec = self._spec = self._in_turn(self._spec or self._spec_again())
        self._row.save(state=RunState.BUILDING, detail="Preparing the image", hint="")
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
        self._row.save(container_id=container, container_name=spec.name, image=image.name, image_id=image.id)
        stream = self._start(container)
        self._row.save(state=RunState.RUNNING, started=time.time(), detail="", hint="")
        if self._row.stop_requested():
            # Asked for while it was starting, when the engine had nothing to stop yet.
            threading.Thread(target=self._stop, args=(container,), name="stop", daemon=True).start()
        return container, stream

    def _spec_again(self) -> LaunchSpec:
        """What a run that was taken up in the queue is to start."""
        from mltui.runtime.relaunch import spec_again

        info = self._patience.ask_for(self._asking(self._engine.info))
        spec, note = spec_again(self._run, self._folder, info)
        if note:
            self._row.add_note(note)
        return spec

    def _in_turn(self, spec: LaunchSpec) -> LaunchSpec:
        """``spec`` with its GPUs, once its turn in the queue has come and the engine has nothing against it."""
        if not self._run.waits:
            self._engine.check(spec)
            return spec
        from mltui.runtime.docker_command import docker_command
        from mltui.runtime.gpu_choice import with_gpus
        from mltui.runtime.gpu_queue import Queue

        # It may wait for hours, over a restart of its engine: that is no reason to fail.
        check = self._asking(lambda: self._engine.check(spec))
        self._patience.ask_for(check, refusals=True)
        turn = Queue(self._database, self._folder.home, self._run).wait(self._stop_if_asked)
        spec = with_gpus(spec, turn.gpus, 0)
        self._row.save(command=docker_command(spec))
        self._patience.ask_for(check, refusals=True)
        return spec

    def _asking(self, ask: Callable[[], T]) -> Callable[[], T]:
        """``ask``, unless a stop was asked for."""

        def unless_stopped() -> T:
            self._stop_if_asked()
            return ask()

        return unless_stopped

    def _start(self, container: str) -> LogStream | None:
        try:
            stream = self._engine.attach(container)
            self._stop_if_asked()
            self._kills.note()
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
            state = self._patience.ask_for(lambda: self._engine.inspect(container)).state
        except NotFound:
            return False
        return state != "created" if isinstance(error, EngineUnavailable) else state == "running"

    def _stop(self, container: str) -> None:
        with contextlib.suppress(EngineError):
            self._engine.stop(container)

    def _tell(self, progress: Progress) -> None:
        """Tell how the image gets on, not too often; a word that came too soon is told with the next heartbeat."""
        if news := progress.text.strip() or progress.now:
            where = f"{progress.step}/{progress.steps} " if progress.steps else ""
            self._news = where + one_line(_STEP.sub("", news), 200)
        now = time.monotonic()
        if self._news and now - self._told >= _NEWS_S:
            self._row.save(detail=self._news)
            self._told, self._news = now, ""

    def _stop_if_asked(self) -> None:
        if self._row.stop_requested():
            raise _StoppedEarly

    def _find_container(self) -> str:
        """The container of a run that is taken up, by its label."""
        found = self._patience.ask_for(lambda: self._engine.find(self._run.id))
        if found is None:
            was_there = self._run.state is RunState.RUNNING or _discovered(self._run)
            raise NotFound("Its container vanished." if was_there else "It was interrupted before it started.")
        if found.state == "created":
            with contextlib.suppress(EngineError):
                self._engine.remove(found.id, force=True)
            raise NotFound("It was interrupted before it started.")
        started = self._run.started if self._run.reason == STARTED_AGAIN else found.started
        self._row.save(state=RunState.RUNNING, container_id=found.id, container_name=found.name, started=started)
        return found.id

    def _conclusion(self, status: ContainerStatus, following: Following) -> dict[str, object]:
        run = self._row.recorded()
        changed = [one.after for one in run.changes if one.what == "memory" and one.after is not None]
        memory = int(changed[-1]) if changed else self._spec.resources.memory if self._spec else None
        if not run.stop_requested:
            status = replace(status, oom_killed=self._ran_out_of_memory(status))
        end = outcome(
            status,
            stop_requested=run.stop_requested,
            memory_limit=memory,
            with_engine=self._patience.was_away_at(status.finished, _SHUTDOWN_S),
        )
        if end.reason == "exit" and (words := self._last_words()):
            end = end._replace(detail=f"{end.detail.rstrip('.')}: {words}")
        started = (run.started if following.restarted else status.started) or run.started
        finished = status.finished or time.time()
        return {
            "exit_code": status.exit_code,
            "oom_killed": status.oom_killed,
            # Docker may note the start of a short container after its end.
            "started": started and min(started, finished),
            "finished": finished,
            **end._asdict(),
        }

    def _ran_out_of_memory(self, status: ContainerStatus) -> bool:
        try:
            return self._patience.ask_for(lambda: self._kills.ended(status, self._engine), refusals=True)
        except EngineError:
            return status.oom_killed

    def _last_words(self) -> str:
        from mltui.runtime.diagnosis import harmless

        return last_words(self._folder.log_tail(_LAST_WORDS), harmless)


def _never() -> bool:
    return False


def _discovered(run: Run) -> bool:
    """Its record was written from its container, which had ended."""
    return run.state is RunState.PENDING and bool(run.container_id)


def _failure(error: MltuiError) -> dict[str, object]:
    reason = WITHOUT_GPU if isinstance(error, GpuUnavailable) else "image" if isinstance(error, ImageError) else "start"
    code = getattr(error, "exit_code", None)
    return _ending(RunState.FAILED, reason, one_line(error.message, 400), error.hint) | {"exit_code": code}


def _ending(state: RunState, reason: str, detail: str, hint: str = "") -> dict[str, object]:
    return {"state": state, "reason": reason, "detail": detail, "hint": hint, "finished": time.time()}
