"""The viewer's one thread for files: the run database and the record of the run that is looked at."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Union

from mltui.domain.container import Container
from mltui.domain.errors import MltuiError
from mltui.domain.run import Run
from mltui.domain.text import one_line
from mltui.runtime.run_view import RunView
from mltui.storage.locations import full_disk

if TYPE_CHECKING:
    from mltui.engines.base import Engine
    from mltui.runtime.container_view import ContainerView
    from mltui.runtime.launcher import Launcher

_TICK_S = 0.1
#: How often active runs without a supervisor are looked for: a person notices nothing sooner.
_ADOPT_S = 2.0
#: Views of runs looked at before are kept for a quick return.
_KEPT_VIEWS = 4

View = Union["RunView", "ContainerView"]


class Watcher:
    """Keeps the list of runs and the selected view right; ``version`` grows when the list changed."""

    def __init__(self, launcher: Launcher) -> None:
        self.runs: tuple[Run, ...] = ()
        self.version = 0
        self.error = ""
        """Why the database cannot be read now; empty while it can."""
        self.view: View | None = None
        """What is looked at; its stores have versions of their own."""
        self.containers: Callable[[], Iterable[Container]] = tuple
        """Containers of the engine now, to find runs that this home has no record of."""
        self.began_or_ended: Callable[[], None] = lambda: None
        """Called when a run came, went, or has another state."""
        self.engine: tuple[str, str] = ("", "")
        """Name and endpoint of the engine that ``containers`` come from."""
        self._launcher = launcher
        self._views: OrderedDict[str, View] = OrderedDict()
        self._compared: dict[str, RunView] = {}
        """Views whose metrics are kept up beside the one that is looked at."""
        self._retired: list[View] = []
        """Views to be closed by the thread that polls them."""
        self._lock = threading.Lock()
        self._wake = threading.Event()
        self._closed = False
        self._seen: tuple[int, int] | None = None
        self._adopted = -_ADOPT_S
        self._trouble = ""
        """Why runs could not be taken up."""
        self._unreadable = ""
        """Why a run is not listed."""
        self._full = ""
        """That nothing can be recorded now."""
        self._thread = threading.Thread(target=self._run, name="watcher", daemon=True)

    def start(self) -> None:
        """Begin to watch."""
        self._thread.start()

    def close(self) -> None:
        """Stop watching; returns at once."""
        self._closed = True
        self._wake.set()

    def look_at_run(self, run_id: str) -> View:
        """Make the run's view the one that is kept up."""
        return self._look(run_id, lambda: RunView(self._launcher.folder(run_id)))

    def look_at_container(self, engine: Engine, container_id: str) -> View:
        """Make the container's view the one that is kept up."""
        from mltui.runtime.container_view import ContainerView

        return self._look(container_id, lambda: ContainerView(engine, container_id))

    def _look(self, key: str, make: Callable[[], View]) -> View:
        with self._lock:
            view = self._compared.get(key) or self._views.pop(key, None) or make()
            if view.ended:
                self._retired.append(view)
                view = make()
            if key not in self._compared:
                self._views[key] = view
            self.view = view
            self._trim()
        self._wake.set()
        return view

    def _trim(self) -> None:
        """Retire the views that were looked at longest ago."""
        for key in [key for key, view in self._views.items() if view is not self.view]:
            if len(self._views) <= _KEPT_VIEWS:
                return
            self._retired.append(self._views.pop(key))

    def compare(self, run_ids: Iterable[str]) -> dict[str, RunView]:
        """Keep up the metrics of these runs too, whatever else is looked at; their views by id."""
        with self._lock:
            kept = {run_id: self._compared.get(run_id) or self._run_view(run_id) for run_id in run_ids}
            for run_id in self._compared.keys() - kept.keys():
                self._views[run_id] = self._compared[run_id]
            self._compared = kept
            self._trim()
        return dict(kept)

    def _run_view(self, run_id: str) -> RunView:
        """The view of a run that is there already, taken out of those kept for a return, or a new one."""
        view = self._views.pop(run_id, None)
        return view if isinstance(view, RunView) else RunView(self._launcher.folder(run_id))

    def drop(self, key: str) -> None:
        """Let go of a view whose run or container was removed."""
        with self._lock:
            view = self._views.pop(key, None) or self._compared.pop(key, None)
            if view:
                self._retired.append(view)
                self.view = None if self.view is view else self.view

    def _run(self) -> None:
        while not self._closed:
            try:
                self._look_at_database()
                self._poll_view()
                self._say(self._full or self._trouble or self._unreadable or self._launcher.database.read_only)
            except MltuiError as error:
                self._say(self._full or str(error))
            except OSError as error:
                self._say(f"The run's record cannot be read: {error.strerror or error}.")
            except Exception as error:
                # A fault of ours in one pass must not end all that follow.
                self._say(one_line(f"The runs cannot be watched: {type(error).__name__}: {error}", 300))
            self._wake.wait(_TICK_S)
            self._wake.clear()
        self._close_views([*self._views.values(), *self._compared.values(), *self._retired])

    def _look_at_database(self) -> None:
        now = self._launcher.database.version()
        if now != self._seen:
            before, self.runs = self.runs, self._launcher.database.runs()
            self._unreadable = self._launcher.database.unreadable
            self.version += 1
            self._seen = now
            if _states(before) != _states(self.runs):
                self.began_or_ended()
        if time.monotonic() - self._adopted > _ADOPT_S:
            self._adopted = time.monotonic()
            goes_on = any(run.state.active for run in self.runs)
            self._full = full_disk(self._launcher.home) if goes_on else ""
            try:
                self._take_up()
                self._trouble = ""
            except MltuiError as error:
                self._trouble = str(error)

    def _poll_view(self) -> None:
        """Bring the view and those compared with it up to date; nobody who selects another one has to wait for that."""
        with self._lock:
            view, retired, self._retired = self.view, self._retired, []
            compared = [other for other in self._compared.values() if other is not view]
        self._close_views(retired)
        if view:
            view.poll()
        for other in compared:
            other.poll_metrics()

    def _close_views(self, views: Iterable[View]) -> None:
        for view in views:
            view.close()

    def _take_up(self) -> None:
        name, endpoint = self.engine
        if name:
            self._launcher.discover(self.containers(), name, endpoint)
        self._launcher.adopt()

    def _say(self, error: str) -> None:
        if error != self.error:
            self.error = error
            self.version += 1


def _states(runs: Iterable[Run]) -> list[tuple[str, str]]:
    return [(run.id, run.state) for run in runs]
