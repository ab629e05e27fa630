"""What a person does to runs: launch, stop, kill, remove, launch again; and taking up runs that nobody supervises."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from mltui.domain.errors import EngineError, MltuiError, NotFound, StartError, StorageError, UsageError
from mltui.domain.run import Run, RunState, new_run_id
from mltui.domain.text import one_line
from mltui.engines.base import Restarts, StatesLimits
from mltui.runtime.adoption import adopt, note_not_started
from mltui.runtime.discovery import discover
from mltui.runtime.gpu_choice import gpu_uses, with_gpus
from mltui.runtime.gpu_queue import GpuLook, GpuWatch, take_turn
from mltui.runtime.spawn import Launch, start_supervisors
from mltui.storage.history import RunDatabase
from mltui.storage.locations import make_file, make_folder
from mltui.storage.run_folder import RunFolder

if TYPE_CHECKING:
    from mltui.domain.container import Container, ContainerStatus, Limits, Usage
    from mltui.domain.profile import Profile
    from mltui.domain.run import LimitChange
    from mltui.engines.base import Engine, EngineChoice, EngineInfo
    from mltui.runtime.limits import LimitsNow
    from mltui.runtime.resolve import Resolution


#: How long after its container ended a run's record may take to say so.
_RECORD_S = 15.0


@dataclass(frozen=True)
class Wish:
    """What a launch changes in its profile."""

    params: Mapping[str, str] = field(default_factory=dict)
    gpus: str | None = None
    engine: str = ""
    """Empty: the profile's, else whichever answers."""
    limits: Mapping[str, str] = field(default_factory=dict)
    """Other limits than the profile's, as typed, by the profile's keys ``cpus``, ``mem_limit`` and ``shm_size``; an
    empty one takes the limit away."""


class Launcher:
    """Acts on the runs of one home. Calls may block for as long as the engine takes; make them from threads."""

    def __init__(
        self,
        home: Path,
        database: RunDatabase,
        choose: Callable[[str], EngineChoice],
        engine: Callable[[str, str], Engine],
    ) -> None:
        self.home = home
        self.database = database
        self._choose = choose
        self._engine = engine

    def folder(self, run_id: str) -> RunFolder:
        """The run's folder."""
        return RunFolder(self.home, run_id)

    @contextlib.contextmanager
    def plan(self, profile: Profile, wish: Wish, run_id: str = "") -> Iterator[tuple[Resolution, EngineChoice]]:
        """What launching ``profile`` would start, and where, with the engine open; nothing is made."""
        with self._chosen(wish.engine or profile.engine) as choice:
            yield self._resolve(profile, wish, choice, _gpus_seen(choice.info), run_id=run_id), choice

    def _resolve(
        self, profile: Profile, wish: Wish, choice: EngineChoice, seen: GpuLook, *, run_id: str = "", group_id: str = ""
    ) -> Resolution:
        from mltui.runtime.resolve import resolve_run

        run_id = run_id or new_run_id()
        resolution = resolve_run(
            profile,
            run_id=run_id,
            outputs_host=self.folder(run_id).outputs,
            engine=choice.info,
            params=wish.params,
            gpus=wish.gpus,
            limits=wish.limits,
            group_id=group_id,
            gpu_uses=gpu_uses(seen.devices, seen.processes, self.database.active()) if seen.devices else (),
        )
        if isinstance(choice.engine, StatesLimits):
            unmet = choice.engine.limits_not_enforced(resolution.spec)
            resolution = replace(resolution, notes=(*resolution.notes, *unmet))
        return resolution

    def launch(self, profile: Profile, wish: Wish | None = None) -> Run:
        """Start a run of ``profile``; returns at once, with the run's record written and its supervisor started."""
        (run,) = self._launch(profile, (wish or Wish(),))
        return run

    def launch_sweep(
        self, profile: Profile, wish: Wish, grid: Mapping[str, Sequence[str]], parallel: int | None = None
    ) -> tuple[Run, ...]:
        """Start a run of ``profile`` for each combination of the values in ``grid`` (names of parameters to values as
        typed, see ``sweep.grid_of``); ``wish`` holds for all of them. Returns them in order, the last name's values
        changing fastest; their records have one ``group_id``, unless there is only one.

        Each run that wants GPUs by number starts when so many are free; the others start one after another.
        ``parallel`` is how many of them may go on at once instead, for either.

        Everything is checked before the first is started: raises ``UsageError`` for a value that is none of its
        parameter or stands twice and for more than ``sweep.MOST_RUNS`` runs, and what ``launch`` raises. A
        ``StartError`` says how many were started when that failed in between; those go on.
        """
        from mltui.runtime.sweep import combinations

        if parallel is not None and parallel < 1:
            raise UsageError("A sweep needs at least one run at a time.", "For example: --parallel 2")
        wishes = combinations(profile, wish, grid)
        return self._launch(profile, wishes, new_run_id() if len(wishes) > 1 else "", parallel)

    def _launch(
        self, profile: Profile, wishes: Sequence[Wish], group_id: str = "", parallel: int | None = None
    ) -> tuple[Run, ...]:
        from mltui.runtime.new_run import new_run

        self.database.check_writable()
        with self._chosen(wishes[0].engine or profile.engine) as choice:
            seen = _gpus_seen(choice.info)
            plans = [self._resolve(profile, wish, choice, seen, group_id=group_id) for wish in wishes]
        now = time.time()
        runs: list[Run] = []
        launches: list[Launch] = []
        failure = None
        for wish, resolution in zip(wishes, plans, strict=True):
            # Apart by what a database keeps, so that the runs of a sweep keep their order.
            created = now + len(runs) * 1e-4
            run = new_run(profile, wish, choice, resolution, created=created, group_id=group_id, parallel=parallel)
            try:
                launches.append(self._prepare(profile, run, resolution, seen))
            except MltuiError as error:
                failure = error
                break
            except BaseException:
                # A lock that this viewer kept would keep every other from taking those runs up.
                for launch in launches:
                    launch.folder.release_lock()
                raise
            runs.append(run)
        if runs:
            self._spawn(runs, launches)
        if failure and runs:
            message = f"{len(runs)} of {len(plans)} runs were launched, then it failed: {failure.message}"
            hint = f"{failure.hint} Those go on; mltui stop --group {group_id} ends them.".lstrip()
            raise StartError(message, hint) from failure
        if failure:
            raise failure
        return tuple((self.database.get(run.id) or run) if run.waits else run for run in runs)

    def _prepare(self, profile: Profile, run: Run, resolution: Resolution, seen: GpuLook) -> Launch:
        """Write the run's record, and take its turn if that is there already."""
        from mltui.runtime.docker_command import docker_command
        from mltui.runtime.resolve import metric_config, output_folders

        spec = resolution.spec
        folder = self._record(run, profile.text, output_folders(spec))
        if run.waits:
            # The supervisor takes it as well, should the disk be full just now.
            with contextlib.suppress(StorageError):
                turn = take_turn(self.database, self.home, run.id, seen)
                spec = with_gpus(spec, turn.gpus, resolution.gpus.awaits)
                self.database.update(run.id, command=docker_command(spec))
        return Launch(run.id, folder, spec, metric_config(profile))

    def _spawn(self, runs: Sequence[Run], launches: Sequence[Launch]) -> None:
        """Start the supervisors; a run that was never started ends with why that failed."""
        try:
            start_supervisors(self.home, launches)
        except StartError as error:
            for run in runs:
                if not self.folder(run.id).supervised:
                    note_not_started(self.database, run, error)
            raise

    def _record(self, run: Run, profile: str, outputs: Iterable[Path]) -> RunFolder:
        """Write the record of a new run, all of it or nothing; returns its folder, locked."""
        folder = self.folder(run.id)
        try:
            folder.make()
            if not folder.take_lock():
                raise StartError(f"The folder {folder.path} is in use.")
            folder.keep_profile(profile)
            for path in outputs:
                make_folder(path)
            self.database.add(run, launched=True)
        except BaseException:
            folder.release_lock()
            with contextlib.suppress(StorageError):
                folder.remove()
            raise
        return folder

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
    def _chosen(self, wish: str | None) -> Iterator[EngineChoice]:
        choice = self._choose(wish or "")
        try:
            yield choice
        finally:
            choice.engine.close()

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


def _gpus_seen(info: EngineInfo) -> GpuLook:
    """The GPUs of the engine's machine as they are now, where that is this one."""
    if not info.local:
        return GpuLook()
    watch = GpuWatch()
    try:
        return watch.look()
    finally:
        watch.close()
