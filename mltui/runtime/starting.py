"""Launching: a run's record written, its supervisor started; one run, or all of a sweep."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from mltui.domain.errors import MltuiError, StartError, StorageError, UsageError
from mltui.domain.run import Run, new_run_id
from mltui.engines.base import StatesLimits
from mltui.runtime.adoption import note_not_started
from mltui.runtime.gpu_choice import gpu_uses, with_gpus
from mltui.runtime.gpu_queue import GpuLook, GpuWatch, take_turn
from mltui.runtime.spawn import Launch, start_supervisors
from mltui.storage.history import RunDatabase
from mltui.storage.locations import make_folder
from mltui.storage.run_folder import RunFolder

if TYPE_CHECKING:
    from mltui.domain.profile import Profile
    from mltui.engines.base import EngineChoice, EngineInfo
    from mltui.runtime.resolve import Resolution


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


class Starter:
    """Launches runs of one home. Calls may block for as long as the engine takes; make them from threads."""

    def __init__(self, home: Path, database: RunDatabase, choose: Callable[[str], EngineChoice]) -> None:
        self.home = home
        self.database = database
        self._choose = choose

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

    @contextlib.contextmanager
    def _chosen(self, wish: str | None) -> Iterator[EngineChoice]:
        choice = self._choose(wish or "")
        try:
            yield choice
        finally:
            choice.engine.close()


def _gpus_seen(info: EngineInfo) -> GpuLook:
    """The GPUs of the engine's machine as they are now, where that is this one."""
    if not info.local:
        return GpuLook()
    watch = GpuWatch()
    try:
        return watch.look()
    finally:
        watch.close()
