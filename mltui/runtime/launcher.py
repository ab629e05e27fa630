"""What a person does to runs: launch (see ``starting``), stop, kill, remove, launch again; and taking up runs that
nobody supervises."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from mltui.domain.errors import EngineError, MltuiError, NotFound, UsageError
from mltui.domain.run import Run, RunState
from mltui.domain.text import one_line
from mltui.engines.base import Restarts
from mltui.runtime.adoption import adopt
from mltui.runtime.discovery import discover
from mltui.runtime.starting import Starter, Wish
from mltui.storage.history import RunDatabase
from mltui.storage.locations import make_file

if TYPE_CHECKING:
    from mltui.domain.container import Container, ContainerStatus, Limits, Usage
    from mltui.domain.run import LimitChange
    from mltui.engines.base import Engine, EngineChoice
    from mltui.runtime.limits import LimitsNow


#: How long after its container ended a run's record may take to say so.
_RECORD_S = 15.0


class Launcher(Starter):
    """Acts on the runs of one home. Calls may block for as long as the engine takes; make them from threads."""

    def __init__(
        self,
        home: Path,
        database: RunDatabase,
        choose: Callable[[str], EngineChoice],
        engine: Callable[[str, str], Engine],
    ) -> None:
        super().__init__(home, database, choose)
        self._engine = engine

    def adopt(self) -> int:
        """Start a supervisor for every active run that has none; tells how many. Cheap when there is nothing to do.

        Every run is tried; raises the first of the failures.
        """
        return 0 if self.database.read_only else adopt(self.home, self.database)

    def discover(self, containers: Iterable[Container], engine: str, endpoint: str) -> int:
        """Write records for labelled containers that this home has no record of, and open those of ended runs whose
        container was started again, so that ``adopt`` takes them up."""
        if self.database.read_only:
            return 0

        def find(run_id: str) -> ContainerStatus | None:
            with contextlib.closing(self._engine(engine, endpoint)) as connected:
                return connected.find(run_id)

        return discover(self.home, self.database, containers, (engine, endpoint), find)

    def stop(self, run: Run, grace: float | None = None) -> None:
        """Ask the run to end; a run that is still being built is stopped before it starts."""
        self._end(run, lambda engine, container: engine.stop(container, grace))

    def end_all(self, runs: Iterable[Run], how: str = "stop", grace: float | None = None) -> tuple[MltuiError, ...]:
        """``stop`` or ``kill`` several runs at once, those that wait first, so that none starts in place of another;
        returns what went wrong.
        """
        from concurrent.futures import ThreadPoolExecutor

        def end(run: Run) -> MltuiError | None:
            try:
                self.stop(run, grace) if how == "stop" else self.kill(run)
            except MltuiError as error:
                return error
            return None

        ordered = sorted(runs, key=lambda run: not run.waits)
        waiting = [end(run) for run in ordered if run.waits]
        with ThreadPoolExecutor(8) as pool:
            others = list(pool.map(end, (run for run in ordered if not run.waits)))
        return tuple(filter(None, (*waiting, *others)))

    def kill(self, run: Run) -> None:
        """End the run at once."""
        self._end(run, lambda engine, container: engine.kill(container))

    def _end(self, run: Run, act: Callable[[Engine, str], None]) -> None:
        if not run.state.active:
            raise UsageError(f"Run {run.id} has ended already: {run.state}.")
        self.database.update(run.id, stop_requested=True)
        now = self.database.get(run.id) or run
        if not now.container_id or now.finished is not None:
            # Nothing runs; what is left is to complete its record, which a stop cuts short.
            return
        with self._connected(now) as engine:
            try:
                act(engine, now.container_id)
            except NotFound:
                return
            except MltuiError:
                self.database.update(run.id, stop_requested=False)
                if not _ended(engine, now.container_id):
                    raise

    def limits_now(self, run: Run, sampled: Usage | None = None) -> LimitsNow:
        """What the run may use and uses now; ``sampled`` is as in ``limits.limits_now``.

        Raises ``EngineError`` where its engine cannot change that.
        """
        from mltui.runtime.limits import limits_now

        # A viewer's ``run`` may be of the moment before its container was there.
        now = self.database.get(run.id) or run
        with self._connected(now) as engine:
            return limits_now(engine, now.container_id, now.state is RunState.RUNNING, sampled)

    def change_limits(self, run: Run, wanted: Limits) -> tuple[LimitChange, ...]:
        """Change what the run may use while it goes on, and record that; limits that are ``None`` stay.

        Returns what was changed. Raises ``EngineError`` where the engine cannot or the run does not run.
        """
        from mltui.runtime.limits import change_limits

        self.database.check_writable()
        now = self.database.get(run.id) or run
        with self._connected(now) as engine:
            return change_limits(engine, now.container_id, wanted, self.database, run.id)

    def end_container(
        self, engine: Engine, container: Container, how: str = "stop", grace: float | None = None
    ) -> None:
        """``stop`` or ``kill`` a container; one of a run ends as that run, so that its record says who ended it."""
        run = self._active_run(container)
        if run:
            self.stop(run, grace) if how == "stop" else self.kill(run)
        elif how == "stop":
            engine.stop(container.id, grace)
        else:
            engine.kill(container.id)

    def remove_container(self, engine: Engine, container: Container, *, force: bool = False) -> None:
        """Remove a container, a running one only with ``force``; the record of its run stays, and says who ended it."""
        now = engine.inspect(container.id)
        if _uses_resources(now.state):
            if not force:
                hint = f"Stop it first: mltui container stop {container.name}, or remove it with --force."
                raise EngineError(f"The container {one_line(container.name, 80)} is {now.state}.", hint)
            if self._active_run(container):
                self.end_container(engine, container, "kill")
        self._await_record(container)
        engine.remove(container.id, force=force)

    def restart_container(self, engine: Restarts, container: Container) -> None:
        """Stop a container if it runs, and start it; its run goes on, however its command answers the stop."""
        word = self.folder(container.run_id).restart if self._active_run(container) else None
        if word:
            make_file(word)
        try:
            engine.restart(container.id)
        finally:
            if word:
                word.unlink(missing_ok=True)

    def _active_run(self, container: Container) -> Run | None:
        run = self.database.get(container.run_id) if container.run_id else None
        return run if run and run.state.active else None

    def _await_record(self, container: Container) -> None:
        """Let the run's record come to its end: its supervisor still reads from the container that is to go."""
        end = time.monotonic() + _RECORD_S
        while self._active_run(container) and time.monotonic() < end:
            if not self.folder(container.run_id).supervised and not self.adopt():
                return
            time.sleep(0.05)

    def remove(self, run: Run, *, force: bool = False) -> None:
        """Remove an ended run: its container, its record and its outputs.

        Its container may run all the same, when somebody started it again: only ``force`` removes that one.
        """
        self.database.check_writable()
        if run.state.active:
            raise UsageError(f"Run {run.id} is {run.state}.", f"Stop it first: mltui stop {run.id}")
        if run.container_id:
            with self._connected(run) as engine, contextlib.suppress(NotFound):
                state = engine.inspect(run.container_id).state
                if _uses_resources(state) and not force:
                    raise UsageError(
                        f"The container {run.container_name} of run {run.id} is {state}.",
                        f"Stop it first: mltui container stop {run.container_name}",
                    )
                engine.remove(run.container_id, force=force)
        self.folder(run.id).remove()
        self.database.remove(run.id)

    def forget(self, run: Run) -> None:
        """Remove a run's record and outputs where its engine cannot be asked, whatever became of its container.

        One that is active is left by its supervisor; should its engine come back with its container, so does the run.
        """
        self.database.check_writable()
        self.folder(run.id).remove()
        self.database.remove(run.id)

    def rerun(self, run: Run, gpus: str | None = None) -> Run:
        """Launch the run's profile again as it was then, with the same changes; ``gpus`` instead of its own."""
        from mltui.runtime.relaunch import kept_gpus, kept_limits, kept_params, kept_profile

        profile = kept_profile(self.folder(run.id), run)
        return self.launch(profile, Wish(kept_params(run), gpus or kept_gpus(run), run.engine, kept_limits(run)))

    @contextlib.contextmanager
    def _connected(self, run: Run) -> Iterator[Engine]:
        engine = self._engine(run.engine, run.endpoint)
        try:
            yield engine
        finally:
            engine.close()


def _ended(engine: Engine, container_id: str) -> bool:
    """The container ended by itself, just before it was told to."""
    try:
        return engine.inspect(container_id).ended
    except MltuiError:
        return False


def _uses_resources(state: str) -> bool:
    return state in ("running", "paused", "restarting")
