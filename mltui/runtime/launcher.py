"""What a person does to runs: launch, stop, kill, remove, launch again; and taking up runs that nobody supervises."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, cast

from mltui.domain.errors import EngineError, MltuiError, NotFound, StartError, StorageError, UsageError
from mltui.domain.run import LABEL_CREATED, LABEL_GROUP, LABEL_OWNER, LABEL_PROFILE, Run, RunState, new_run_id
from mltui.domain.text import one_line
from mltui.engines.base import Restarts, StatesLimits
from mltui.runtime.spawn import start_supervisor
from mltui.storage.history import RunDatabase
from mltui.storage.locations import make_file, make_folder
from mltui.storage.run_folder import RunFolder

if TYPE_CHECKING:
    from mltui.domain.container import Container
    from mltui.domain.device import DeviceSample
    from mltui.domain.launch import LaunchSpec
    from mltui.domain.param import ParamValue
    from mltui.domain.profile import Profile
    from mltui.engines.base import Engine, EngineChoice
    from mltui.parsers.config import MetricConfig
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

    def plan(self, profile: Profile, wish: Wish, run_id: str = "") -> tuple[Resolution, EngineChoice]:
        """What launching ``profile`` would start, and where; nothing is made."""
        choice = self._choose(wish.engine or profile.engine or "")
        return self._resolve(profile, wish, choice, run_id=run_id), choice

    def _resolve(
        self, profile: Profile, wish: Wish, choice: EngineChoice, *, run_id: str = "", group_id: str = ""
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
            devices=_devices() if choice.info.local else (),
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
        choice = self._choose(wishes[0].engine or profile.engine or "")
        plans = [self._resolve(profile, wish, choice, group_id=group_id) for wish in wishes]
        now = time.time()
        runs: list[Run] = []
        for wish, resolution in zip(wishes, plans, strict=True):
            # Apart by what a database keeps, so that the runs of a sweep keep their order.
            created = now + len(runs) * 1e-4
            try:
                runs.append(self._start(profile, wish, choice, resolution, group_id, created))
            except MltuiError as error:
                if not runs:
                    raise
                message = f"{len(runs)} of {len(plans)} runs were launched, then it failed: {error.message}"
                raise StartError(
                    message, f"{error.hint} Those go on; mltui stop --group {group_id} ends them."
                ) from error
        return tuple(runs)

    def _start(
        self, profile: Profile, wish: Wish, choice: EngineChoice, resolution: Resolution, group_id: str, created: float
    ) -> Run:
        from mltui.runtime.docker_command import docker_command
        from mltui.runtime.resolve import metric_config, output_folders

        spec = resolution.spec
        run = Run(
            id=spec.run_id,
            profile=spec.profile,
            profile_path=str(profile.path),
            engine=choice.engine.name,
            endpoint=choice.info.endpoint,
            notes=" ".join(filter(None, (choice.reason, *resolution.notes))),
            params=dict(resolution.params),
            overrides=dict(resolution.overrides) | ({"engine": wish.engine} if wish.engine else {}),
            command=docker_command(spec),
            image=spec.image,
            container_name=spec.name,
            gpus=tuple(str(spec.gpus).split(",")) if spec.gpus else (),
            group_id=group_id,
            created=created,
        )
        folder = self._record(run, profile.text, output_folders(spec))
        self._spawn(folder, run, (spec, metric_config(profile)))
        return run

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
            self.database.add(run)
        except BaseException:
            folder.release_lock()
            with contextlib.suppress(StorageError):
                folder.remove()
            raise
        return folder

    def _spawn(self, folder: RunFolder, run: Run, launch: tuple[LaunchSpec | None, MetricConfig | None]) -> None:
        """Start the run's supervisor; a run that was never started ends with why that failed."""
        try:
            start_supervisor(self.home, run.id, folder, launch)
        except StartError as error:
            if run.state is RunState.PENDING and not run.container_id:
                self.database.update(
                    run.id, state=RunState.FAILED, reason="internal", detail=error.message, finished=time.time()
                )
            raise

    def adopt(self) -> int:
        """Start a supervisor for every active run that has none; tells how many. Cheap when there is nothing to do.

        Every run is tried; raises the first of the failures.
        """
        adopted, failures = 0, []
        for run in self.database.active():
            try:
                adopted += not self.folder(run.id).supervised and self._take_up(run.id)
            except MltuiError as error:
                failures.append(error)
        if failures:
            raise failures[0]
        return adopted

    def _take_up(self, run_id: str) -> bool:
        folder = self.folder(run_id)
        folder.make()
        if not folder.take_lock():
            return False
        try:
            now = self.database.get(run_id)
            if now is None or not now.state.active:
                return False
            self._spawn(folder, now, (None, _metric_config(folder)))
        finally:
            folder.release_lock()
        return True

    def discover(self, containers: Iterable[Container], engine: str, endpoint: str) -> int:
        """Write records for labelled containers that this home has no record of, so that ``adopt`` takes them up.

        Containers that another user of the engine launched stay what they are.
        """
        found = 0
        for container in containers:
            run_id = container.run_id
            if not _plausible(run_id) or not _own(container) or container.state == "created":
                continue
            if self.database.get(run_id):
                continue
            if not self._exists(engine, endpoint, run_id):
                continue
            self.folder(run_id).make()
            self.database.add(
                Run(
                    id=run_id,
                    profile=one_line(container.labels.get(LABEL_PROFILE, "?"), 80),
                    profile_path="",
                    engine=engine,
                    endpoint=endpoint,
                    state=RunState.RUNNING if container.running else RunState.PENDING,
                    detail="" if container.running else "It has ended; its record is being taken up.",
                    image=container.image,
                    container_id=container.id,
                    container_name=container.name,
                    group_id=_group(container),
                    created=_time(container.labels.get(LABEL_CREATED)) or container.created,
                )
            )
            found += 1
        return found

    def _exists(self, engine: str, endpoint: str, run_id: str) -> bool:
        """The container is there now: a list may still show one that was removed with its run a moment ago."""
        with contextlib.closing(self._engine(engine, endpoint)) as connected:
            return connected.find(run_id) is not None

    def stop(self, run: Run, grace: float | None = None) -> None:
        """Ask the run to end; a run that is still being built is stopped before it starts."""
        self._end(run, lambda engine, container: engine.stop(container, grace))

    def kill(self, run: Run) -> None:
        """End the run at once."""
        self._end(run, lambda engine, container: engine.kill(container))

    def _end(self, run: Run, act: Callable[[Engine, str], None]) -> None:
        if not run.state.active:
            raise UsageError(f"Run {run.id} has ended already: {run.state}.")
        self.database.update(run.id, stop_requested=True)
        now = self.database.get(run.id) or run
        if not now.container_id:
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
        """Remove an ended run's record and outputs when its engine cannot be asked any more."""
        if run.state.active:
            raise UsageError(f"Run {run.id} is {run.state}.")
        self.folder(run.id).remove()
        self.database.remove(run.id)

    def rerun(self, run: Run, gpus: str | None = None) -> Run:
        """Launch the run's profile again as it was then, with the same changes; ``gpus`` instead of its own."""
        from mltui.domain.param import param_text
        from mltui.storage.profiles import load_profile

        kept = self.folder(run.id).profile
        if not kept.exists():
            raise NotFound(f"Run {run.id} has no copy of its profile.", "It was started by another mltui.")
        profile = load_profile(kept, beside=run.profile_path or None)
        params = {name: param_text(cast("ParamValue", value)) for name, value in run.params.items()}
        before, limits = run.overrides.get("gpus"), run.overrides.get("limits")
        kept_limits = {str(k): str(v) for k, v in limits.items()} if isinstance(limits, Mapping) else {}
        return self.launch(profile, Wish(params, gpus or (str(before) if before else None), run.engine, kept_limits))

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


def _own(container: Container) -> bool:
    """This user launched it; a container that says nothing of its owner counts as one's own."""
    return container.labels.get(LABEL_OWNER, str(os.getuid())) == str(os.getuid())


def _uses_resources(state: str) -> bool:
    return state in ("running", "paused", "restarting")


def _plausible(run_id: str) -> bool:
    """The label is a run id of ours: it becomes the name of a folder."""
    return len(run_id) == 8 and run_id.isalnum() and run_id.isascii()


def _group(container: Container) -> str:
    """The sweep that the container says its run belongs to."""
    group_id = container.labels.get(LABEL_GROUP, "")
    return group_id if _plausible(group_id) else ""


def _metric_config(folder: RunFolder) -> MetricConfig | None:
    """How the run's metrics are read, from the copy of its profile; the usual way where there is none."""
    from mltui.runtime.resolve import metric_config
    from mltui.storage.profiles import load_profile

    if not folder.profile.exists():
        return None
    try:
        return metric_config(load_profile(folder.profile))
    except MltuiError:
        return None


def _time(text: str | None) -> float | None:
    try:
        return float(text) if text else None
    except ValueError:
        return None


def _devices() -> tuple[DeviceSample, ...]:
    """The GPUs of this machine as they are now, for the choice of a free one."""
    from mltui.monitors.nvidia import NvidiaMonitor

    monitor = NvidiaMonitor()
    try:
        return monitor.sample()
    finally:
        monitor.close()
