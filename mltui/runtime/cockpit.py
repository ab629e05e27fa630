"""Everything a viewer looks at and acts through, wired together; it knows nothing of how it is shown."""

from __future__ import annotations

import threading
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from mltui.domain.container import Container
from mltui.domain.device import HostSample
from mltui.domain.errors import MltuiError
from mltui.domain.options import AppOptions
from mltui.domain.run import LOCAL
from mltui.domain.text import one_line
from mltui.engines.base import KnowsItsProcesses, ListsContainers
from mltui.plugins import make_engine
from mltui.runtime.catalog import Catalog
from mltui.runtime.engine_choice import choose_engine
from mltui.runtime.gpu_holders import HolderReader
from mltui.runtime.launcher import Launcher
from mltui.runtime.sampler import Sampler
from mltui.runtime.watcher import Watcher
from mltui.storage.history import RunDatabase
from mltui.storage.locations import home
from mltui.storage.settings import SettingsFile

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from mltui.domain.profile import Profile
    from mltui.engines.base import Engine, EngineChoice
    from mltui.monitors.base import DeviceMonitor
    from mltui.runtime.gpu_choice import GpuChoice
    from mltui.runtime.resolve import Resolution
    from mltui.runtime.starting import Wish
    from mltui.storage.extenders import Extender
    from mltui.storage.profiles import ProfileEntry, ProfileRepository
    from mltui.storage.settings import LoadedSettings

#: Profiles that were not read yet are read for so long before those that are known are shown.
_READ_S = 0.1
#: Waits between two tries to reach an engine that does not answer: soon at first, then rarely, for ever.
_ASK_AGAIN_S = (2.0, 5.0, 10.0)


@dataclass(frozen=True)
class Explanation:
    """What launching a profile would do."""

    profile: Profile
    resolution: Resolution | None = None
    where: str = ""
    command: str = ""
    notes: tuple[str, ...] = ()
    """What was decided, and why."""
    problem: str = ""
    """Why it cannot be launched as things are."""
    place: int = 0
    """Its place in the queue for GPUs if it were launched now; 0: it would not wait."""
    elsewhere: bool = False
    """It would run as a plain process: ``command`` is what would do the same in a container."""


class Cockpit:
    """Made without waiting for an engine; ``start`` begins the threads that fill it; ``version`` grows with news."""

    def __init__(
        self,
        options: AppOptions,
        settings: SettingsFile | None = None,
        profiles: tuple[ProfileEntry, ...] = (),
        engine: str | None = None,
    ) -> None:
        """``profiles`` are those that are known already, by their names at least.

        ``engine`` is what the settings said of the engine when they were read last: with it that one is asked at
        once, while the settings are read.
        """
        self.options = options
        self.home: Path = home()
        self._settings_file = settings or SettingsFile()
        self._usual_engine = engine or ""
        self.database = RunDatabase(self.home / "runs.db", reading_will_do=True)
        self.launcher = Launcher(self.home, self.database, self.choose, make_engine)
        self.watcher = Watcher(self.launcher)
        holders = HolderReader(self._known_containers, self._local_processes)
        self.sampler = Sampler(self._sources, self._host, self._monitors, holders.name)
        self.catalog: Catalog | None = None
        self.choice: EngineChoice | None = None
        self.engine_error = ""
        """Why the engine that was asked for is not there."""
        self.profiles = profiles
        self.profiles_read = bool(profiles)
        """The profiles have been looked for once."""
        self.no_gpu = ""
        """Why there is no GPU to show; empty where there is one."""
        self.files_error = ""
        """Why profiles or settings on disk cannot be followed; empty while they are."""
        self.folders_absent = ""
        """Which folders of profiles that the settings name are not there; empty while all are."""
        self.version = 0
        self._local: Engine | None = None
        self._host_monitor: object = None
        self._connecting = threading.Lock()
        self._attempt = 0
        """The newest attempt to connect; those before it are given up."""
        self._repository: ProfileRepository | None = None
        self._reading_profiles = threading.Lock()
        self._reading_settings = threading.Lock()
        self._closed = threading.Event()
        if engine is not None:
            self.connect()
        self.loaded: LoadedSettings = self._settings_file.read()
        """The user's settings, read again when their file changes; then it is another object."""
        self._take_usual_engine()

    def start(self) -> None:
        """Begin; returns at once."""
        self.watcher.start()
        if not self._attempt:
            self.connect()
        threading.Thread(target=self._look_at_files, name="files", daemon=True).start()
        self.sampler.period = self.loaded.settings.refresh.samples
        self.sampler.start()

    def connect(self) -> None:
        """Look for the engine (again), in the background; one that does not answer is asked again until it does."""
        self._attempt += 1
        threading.Thread(target=self._connect_at_last, args=(self._attempt,), name="connect", daemon=True).start()

    def close(self) -> None:
        """Stop looking; runs go on."""
        self._closed.set()
        self.watcher.close()
        self.sampler.close()
        if self.catalog:
            self.catalog.close()

    def choose(self, wish: str) -> EngineChoice:
        """The engine for a launch: ``wish``, the one the viewer was started with, the user's, else what answers."""
        usual = "" if self.options.endpoint else self._usual_engine
        return choose_engine(wish or self.options.engine or usual, self.options.endpoint, stand_in=True)

    def _take_usual_engine(self) -> None:
        """Go by the engine that the settings name; look for it where another was asked."""
        before, self._usual_engine = self._usual_engine, self.loaded.settings.engine
        if before != self._usual_engine and self._attempt and not (self.options.engine or self.options.endpoint):
            self.connect()

    def _connect_at_last(self, attempt: int) -> None:
        """Connect, unless somebody else began to meanwhile."""
        tries = 0
        while attempt == self._attempt and not self._closed.is_set() and not self._connect(attempt):
            self._closed.wait(_ASK_AGAIN_S[min(tries, len(_ASK_AGAIN_S) - 1)])
            tries += 1

    def _connect(self, attempt: int) -> bool:
        """Take the engine that there is now; tells whether it is the one that is wanted."""
        with self._connecting:
            try:
                choice = self.choose("")
            except MltuiError as error:
                if attempt == self._attempt and str(error) != self.engine_error:
                    self.engine_error = str(error)
                    self.version += 1
                return False
            if attempt != self._attempt:
                # Another was asked for meanwhile.
                choice.engine.close()
                return False
            if choice.reason and self.choice and self.choice.reason:
                # This machine's own processes stand in for it as before.
                return False
            before, catalog = self.catalog, Catalog(choice.engine, choice.info)
            catalog.start()
            # The choice comes last: whoever reads it finds the lists of the engine that it names.
            self.catalog, self.engine_error = catalog, ""
            self.choice = choice
            self.watcher.engine = (choice.engine.name, choice.info.endpoint)
            self.watcher.containers = lambda: catalog.containers
            self.watcher.began_or_ended = catalog.hint
            self.version += 1
            if before:
                before.close()
            return not choice.reason

    def _look_at_files(self) -> None:
        """Keep profiles and settings as they are on disk, until the end."""
        while not self._closed.is_set():
            try:
                self._reload_settings()
                self.reload_profiles()
            except Exception as error:
                # A fault of ours in one pass must not end all that follow.
                self.files_error = one_line(f"Files cannot be read: {type(error).__name__}: {error}", 300)
            self._closed.wait(self.loaded.settings.refresh.files)

    def change_setting(self, path: tuple[str, ...], value: object) -> None:
        """Write one setting into the user's file, or take it out (``None``), and take what it says then.

        Raises ``EditError`` and ``StorageError``.
        """
        self._settings_file.change(path, value)
        self._reload_settings()

    @property
    def settings_path(self) -> Path:
        """The user's settings file."""
        return self._settings_file.path

    def _reload_settings(self) -> None:
        with self._reading_settings:
            if self._settings_file.changed():
                self._read_settings()

    def _read_settings(self) -> None:
        before, now = self.loaded, self._settings_file.read()
        if not now.whole:
            # Somebody is in the middle of writing it: what held goes on to hold.
            now = replace(now, settings=before.settings)
        self.loaded = now
        self.sampler.period = now.settings.refresh.samples
        if now.settings.profile_folders != before.settings.profile_folders:
            self._repository = None
        self._take_usual_engine()
        self.version += 1

    def reload_profiles(self) -> None:
        """Read the list of profiles again; the first time their names are there at once, the rest as it is read."""
        with self._reading_profiles:
            repository = self._profiles_on_disk()
            whole, seconds = False, _READ_S if self.profiles_read else 0.0
            while not whole and not self._closed.is_set():
                profiles, whole = repository.list_within(seconds)
                self._take_profiles(profiles, repository.absent)
                seconds = _READ_S

    def _profiles_on_disk(self) -> ProfileRepository:
        from mltui.storage.profiles import ProfileRepository

        if self._repository is None:
            further = self._settings_file.folders(self.loaded.settings)
            self._repository = ProfileRepository(self.options.profile_folders, further=further)
        return self._repository

    def read_profile(self, path: Path) -> Profile:
        """The profile at ``path``, put over what it extends; raises ``ProfileError``."""
        return self._profiles_on_disk().load(path)

    def named_profile(self, name: str, near: Path) -> Path:
        """The file of the profile of this name, near a folder or in any of the app's; raises ``UsageError``."""
        return self._profiles_on_disk().named(name, near)

    def extenders(self, path: Path) -> tuple[Extender, ...]:
        """The profiles that extend the one at ``path``, those first that name it themselves."""
        from mltui.storage.extenders import extenders

        repository = self._profiles_on_disk()
        return extenders(path, repository.files(), repository.named)

    def rename_profile(self, entry: ProfileEntry, name: str, others: Sequence[Extender] = ()) -> Path:
        """Give a profile another name, and say it in ``others``, which extend it; gives its file then.

        What was used and chosen for it goes with it. Raises what ``extenders.rename_everywhere`` raises.
        """
        from mltui.storage.chart_choices import ChartChoices
        from mltui.storage.extenders import rename_everywhere
        from mltui.storage.launch_values import LaunchHabits

        path = rename_everywhere(entry.path, name, others)
        LaunchHabits(self.home).move(entry.path, path)
        ChartChoices(self.home).move(entry.name, name)
        return path

    def _take_profiles(self, profiles: tuple[ProfileEntry, ...], absent: str) -> None:
        if (profiles, absent) != (self.profiles, self.folders_absent) or not self.profiles_read:
            self.profiles, self.folders_absent, self.profiles_read = profiles, absent, True
            self.version += 1

    def explain(self, path: Path, wish: Wish | None = None, run_id: str = "") -> Explanation:
        """What launching the profile at ``path`` would do, for a run of this id (empty: some id).

        Raises ``ProfileError``. Takes as long as an engine does.
        """
        return self.explain_profile(self.read_profile(path), wish, run_id)

    def explain_profile(self, profile: Profile, wish: Wish | None = None, run_id: str = "") -> Explanation:
        """The same for a profile that has been read, or is being written."""
        from mltui.runtime.docker_command import docker_command
        from mltui.runtime.starting import Wish

        try:
            with self.launcher.plan(profile, wish or Wish(), run_id) as planned:
                resolution, choice = planned
        except MltuiError as error:
            return Explanation(profile, problem=str(error))
        where = f"{choice.engine.name}: {choice.info.where}"
        notes = tuple(filter(None, (choice.reason, *choice.warnings, *resolution.warnings)))
        place = self._place_in_queue(resolution.gpus)
        command = docker_command(resolution.spec)
        elsewhere = not choice.info.isolated and bool(resolution.spec.image)
        return Explanation(profile, resolution, where, command, notes, place=place, elsewhere=elsewhere)

    def _place_in_queue(self, choice: GpuChoice) -> int:
        """Behind whoever waits for a GPU already."""
        waiting = sum(run.waits and bool(run.awaits.get("gpus")) for run in self.watcher.runs)
        return waiting + 1 if choice.awaits and (waiting or not choice.request.device_ids) else 0

    def _sources(self) -> Iterator[tuple[Engine, tuple[str, ...]]]:
        catalog = self.catalog
        if catalog:
            yield catalog.engine, tuple(c.id for c in catalog.containers if c.state == "running")
        running = tuple(
            r.container_id for r in self.watcher.runs if r.state.active and r.engine == LOCAL and r.container_id
        )
        if running and not (catalog and catalog.engine.name == LOCAL):
            if self._local is None:
                self._local = make_engine(LOCAL)
            yield self._local, running

    def _host(self) -> HostSample:
        from mltui.monitors.host import HostMonitor

        if not isinstance(self._host_monitor, HostMonitor):
            self._host_monitor = HostMonitor(self.home)
        return self._host_monitor.sample()

    def _monitors(self) -> tuple[DeviceMonitor, ...]:
        from mltui.monitors.amd import AmdMonitor
        from mltui.monitors.nvidia import NvidiaMonitor

        monitors: tuple[DeviceMonitor, ...] = (NvidiaMonitor(), AmdMonitor())
        reasons = {monitor: monitor.probe() for monitor in monitors}
        found = tuple(monitor for monitor, reason in reasons.items() if not reason)
        # That there is none of the rarer kind is no news.
        self.no_gpu = "" if found else reasons[monitors[0]] or ""
        return found

    def _known_containers(self) -> Iterator[Container]:
        """What runs on this machine by any engine of ours."""
        catalog = self.catalog
        if catalog:
            yield from catalog.containers
        if isinstance(self._local, ListsContainers):
            yield from self._local.containers()

    def _local_processes(self) -> Mapping[int, str]:
        found: dict[int, str] = {}
        for engine in (self.catalog.engine if self.catalog else None, self._local):
            if isinstance(engine, KnowsItsProcesses):
                found |= engine.first_processes()
        return found

    def container(self, container_id: str) -> Container | None:
        """The container with this id, from the list."""
        found = self.catalog.containers if self.catalog else ()
        return next((c for c in found if c.id == container_id), None)
